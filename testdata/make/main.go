// Command make makes the images of testdata/images and their oracles: it assembles the guests of testdata/guest, runs each
// under QEMU with TCG until it has halted, records what the monitor knows of it, and saves it.
//
//	go run ./testdata/make [-only REGEXP] [-qemu VERSION=DIR ...]
//
// It needs nasm, zstd, qemu-system-{x86,arm,misc}, qemu-utils, makedumpfile (with snappy and zstd) and the binutils of aarch64 and
// riscv64. Rows that need a certain QEMU (2.5 to 11) are made when -qemu names the folder of its binaries; without it they are left
// as they are. A binary may be a script that runs QEMU in a chroot which has the folder for temporary files at the same place, and
// that says -machine accel=tcg to QEMU 2.5 instead of -accel tcg.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/svscript/svscript/e2e/qemu"
)

func main() {
	log.SetFlags(0)
	only := flag.String("only", "", "make only the images whose names match")
	folders := map[string]string{}
	flag.Func("qemu", "VERSION=DIR: the folder with the binaries of that QEMU: 2.5, 2.11, 4.2, 5.2, 10 or 11", func(s string) error {
		version, dir, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("want VERSION=DIR")
		}
		folders[version] = dir
		return nil
	})
	root := flag.String("testdata", "testdata", "the testdata folder")
	flag.Parse()
	match := regexp.MustCompile(*only)
	failed := false
	for _, im := range images {
		if !match.MatchString(im.name) || im.qemu != "" && folders[im.qemu] == "" {
			continue
		}
		b := &builder{image: im, root: *root}
		if im.qemu != "" {
			b.binary = filepath.Join(folders[im.qemu], im.binary)
		}
		if err := b.build(); err != nil {
			failed = true
			log.Printf("%s: %v", im.name, err)
			continue
		}
		log.Printf("%s: %d bytes, stored %d", im.name, b.size, b.stored)
	}
	if err := writeTable(*root); err != nil {
		log.Fatal(err)
	}
	if failed {
		os.Exit(1)
	}
}

// builder makes one image.
type builder struct {
	image
	root    string // testdata
	dir     string // testdata/images/NAME
	tmp     string
	machine *qemu.Machine
	ctx     context.Context

	size, stored int64
}

// file is the image while it is being made.
func (b *builder) file() string { return filepath.Join(b.tmp, "image") }

func (b *builder) build() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	b.ctx = ctx
	if b.ext == "" {
		b.ext = "sav"
	}
	if b.save == nil {
		b.save = saveStream
	}
	b.dir = filepath.Join(b.root, "images", b.name)
	var err error
	if b.tmp, err = os.MkdirTemp("", "image-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.tmp)
	if err := os.RemoveAll(b.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return err
	}
	program, err := b.assemble()
	if err != nil {
		return err
	}
	args := strings.NewReplacer("GUEST", program, "RAMFILE", filepath.Join(b.tmp, "ram"), "DISK", b.file()).Replace(b.args)
	if strings.Contains(b.args, "DISK") {
		compat := "1.1"
		if strings.HasPrefix(b.name, "qcow2v2") {
			compat = "0.10"
		}
		if err := run("qemu-img", "create", "-q", "-f", "qcow2", "-o", "compat="+compat, b.file(), "1M"); err != nil {
			return err
		}
	}
	if b.machine, err = qemu.Start(ctx, b.binary, strings.Fields(args)...); err != nil {
		return err
	}
	defer b.machine.Close()
	b.machine.Map = b.memory
	if err := b.save(b); err != nil {
		return err
	}
	version, err := b.version()
	if err != nil {
		return err
	}
	b.machine.Close()
	return b.store(version)
}

// halted runs the guest to its end and records what the monitor says.
func (b *builder) halted() error {
	if err := b.machine.WaitFor(b.ctx, func(s string) bool {
		return strings.Contains(s, b.guest.done) && (b.guest.running || !strings.Contains(s, "HLT=0"))
	}); err != nil {
		return err
	}
	return b.machine.Record(b.dir, "", b.guest.probes)
}

func (b *builder) assemble() (string, error) {
	source := filepath.Join(b.root, "guest", b.guest.source)
	program := filepath.Join(b.tmp, "program")
	if strings.HasSuffix(source, ".asm") {
		args := []string{"-f", "bin", source, "-o", program}
		for _, d := range b.guest.defines {
			args = append(args, "-D"+d)
		}
		return program, run("nasm", args...)
	}
	tools, flags := "aarch64-linux-gnu-", []string{}
	if strings.Contains(source, "riscv") {
		tools, flags = "riscv64-linux-gnu-", []string{"-march=rv64gc"}
	}
	object, linked := filepath.Join(b.tmp, "o"), filepath.Join(b.tmp, "elf")
	for _, d := range b.guest.defines {
		flags = append(flags, "--defsym", d)
	}
	if err := run(tools+"as", append(flags, source, "-o", object)...); err != nil {
		return "", err
	}
	if err := run(tools+"ld", "-Ttext", "0x80000000", "-e", "0x80000000", object, "-o", linked); err != nil {
		return "", err
	}
	return program, run(tools+"objcopy", "-O", "binary", "-j", ".text", linked, program)
}

func (b *builder) version() (string, error) {
	var v struct {
		QEMU struct{ Major, Minor, Micro int }
	}
	err := b.machine.QMP("query-version", nil, &v)
	return fmt.Sprintf("%d.%d.%d", v.QEMU.Major, v.QEMU.Minor, v.QEMU.Micro), err
}

// store compresses the image and the larger oracles into the image's folder and writes meta.json.
func (b *builder) store(version string) error {
	content, err := os.ReadFile(b.file())
	if err != nil {
		return err
	}
	b.size = int64(len(content))
	sum := sha256.Sum256(content)
	target := filepath.Join(b.dir, "image."+b.ext)
	if b.plain != "" {
		if err := os.WriteFile(filepath.Join(b.root, b.plain), content, 0o644); err != nil {
			return err
		}
		if err := os.Symlink(filepath.Join("..", "..", b.plain), target); err != nil {
			return err
		}
		b.stored = b.size
	} else if strings.Contains(b.ext, ".") { // compressed already
		if err := os.WriteFile(target, content, 0o644); err != nil {
			return err
		}
		b.stored = b.size
	} else {
		if err := run("zstd", "-q", "--ultra", "-22", "--long=24", b.file(), "-o", target+".zst"); err != nil {
			return err
		}
		fi, err := os.Stat(target + ".zst")
		if err != nil {
			return err
		}
		b.stored = fi.Size()
	}
	tlbs, _ := filepath.Glob(filepath.Join(b.dir, "tlb*.txt"))
	for _, f := range tlbs {
		if err := run("zstd", "-q", "-19", "--rm", f); err != nil {
			return err
		}
	}
	meta, err := json.MarshalIndent(struct {
		What     string            `json:"what"`
		Guest    string            `json:"guest"`
		Command  string            `json:"command"`
		QEMU     string            `json:"qemu"`
		Caps     []string          `json:"capabilities,omitempty"`
		Params   map[string]any    `json:"parameters,omitempty"`
		Expect   map[string]string `json:"expect,omitempty"`
		Size     int64             `json:"image_size"`
		SHA256   string            `json:"image_sha256"`
		Recorded string            `json:"recorded"`
	}{
		b.what, strings.Join(append([]string{b.guest.source}, b.guest.defines...), " "), filepath.Base(b.binary) + " -accel tcg -nodefaults " + b.args, version,
		b.caps, b.params, b.guest.expect, b.size, hex.EncodeToString(sum[:]), time.Now().UTC().Format(time.DateOnly),
	}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.dir, "meta.json"), append(meta, '\n'), 0o644)
}

// run executes a tool and puts what it complained about into the error.
func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
