//go:build e2e

// Package e2e checks the whole path on guests that are really booted. linux.sh makes what this test needs and runs it.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"crypto/sha256"
	"encoding/hex"

	"github.com/svscript/svscript/e2e/qemu"
	"github.com/svscript/svscript/savevm"
)

// machines says how a kernel of an architecture is run.
var machines = map[string]struct{ binary, args, console string }{
	"amd64": {"qemu-system-x86_64", "-M q35 -cpu max,la57=off -m 256 -smp 2", "ttyS0"},
	"i386":  {"qemu-system-i386", "-M pc -cpu max -m 256 -smp 2", "ttyS0"},
	"arm64": {"qemu-system-aarch64", "-M virt -cpu cortex-a57 -m 256 -smp 2", "ttyAMA0"},
}

// guest is a saved Linux guest and what is known of it.
type guest struct {
	image     string
	console   map[string][]string // the sections that init.sh printed
	registers string
	tlb       string
	physical  []qemu.Range
}

func TestLinux(t *testing.T) {
	g := boot(t)
	img, err := savevm.Open(g.image)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	for _, w := range img.Warnings() {
		t.Errorf("warning: %v", w)
	}
	t.Run("physical", func(t *testing.T) { checkPhysical(t, img, g) })
	t.Run("registers", func(t *testing.T) { checkRegisters(t, img, g) })
	t.Run("translations", func(t *testing.T) { checkTLB(t, img, g) })
	t.Run("banner", func(t *testing.T) { checkBanner(t, img, g) })
	t.Run("command", func(t *testing.T) { checkCommand(t, g) })
}

// boot runs the guest until it is ready, stops it, asks the monitor, and saves it.
func boot(t *testing.T) *guest {
	t.Helper()
	m, ok := machines[os.Getenv("E2E_ARCH")]
	dir := os.Getenv("E2E_DIR")
	if !ok || dir == "" {
		t.Fatal("run e2e/linux.sh: it sets E2E_ARCH, E2E_KERNEL, E2E_INITRD and E2E_DIR")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	serial := filepath.Join(dir, "console.txt")
	os.Remove(serial)
	args := append(strings.Fields(m.args), "-serial", "file:"+serial, "-kernel", os.Getenv("E2E_KERNEL"), "-initrd", os.Getenv("E2E_INITRD"),
		"-append", "console="+m.console+" quiet panic=-1 "+os.Getenv("E2E_APPEND"), "-no-reboot")
	vm, err := qemu.Start(ctx, m.binary, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer vm.Close()
	var console []byte
	if err := vm.WaitFor(ctx, func(string) bool {
		console, _ = os.ReadFile(serial)
		return bytes.Contains(console, []byte("E2E-READY"))
	}); err != nil {
		t.Fatalf("%v\nconsole:\n%s", err, console)
	}
	g := &guest{image: filepath.Join(dir, "linux.sav"), console: sections(string(console))}
	if err := vm.Record(dir, "", nil); err != nil {
		t.Fatal(err)
	}
	if err := vm.Migrate(ctx, qemu.Migration{URI: "exec:cat > " + g.image}); err != nil {
		t.Fatal(err)
	}
	g.registers = read(t, filepath.Join(dir, "registers.txt"))
	if m.binary != "qemu-system-aarch64" {
		g.tlb = read(t, filepath.Join(dir, "tlb.txt"))
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(dir, "physical.json"))), &g.physical); err != nil {
		t.Fatal(err)
	}
	return g
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// sections splits the console's text at its "=== NAME" lines.
func sections(console string) map[string][]string {
	out := map[string][]string{}
	name := ""
	for line := range strings.Lines(console) {
		line = strings.TrimRight(line, "\r\n")
		if s, ok := strings.CutPrefix(line, "=== "); ok {
			name = s
		} else if name != "" && line != "" {
			out[name] = append(out[name], line)
		}
	}
	return out
}

func checkPhysical(t *testing.T, img *savevm.Image, g *guest) {
	for _, r := range g.physical {
		h := sha256.New()
		_, err := io.Copy(h, io.NewSectionReader(physical{img, r.GPA}, 0, int64(r.Size)))
		if err != nil {
			t.Errorf("%#x +%#x %s: %v", r.GPA, r.Size, r.Block, err)
		} else if hex.EncodeToString(h.Sum(nil)) != r.SHA256 {
			t.Errorf("%#x +%#x %s: the bytes differ from the monitor's", r.GPA, r.Size, r.Block)
		}
	}
}

// physical is guest-physical memory from base on, as a reader.
type physical struct {
	img  *savevm.Image
	base uint64
}

func (p physical) ReadAt(b []byte, off int64) (int, error) {
	return p.img.ReadMemory(b, p.base+uint64(off))
}

var registerPair = regexp.MustCompile(`\b(R[A-DSI0-9][A-Z0-9]?|RIP|RFL|E[A-DS][XIP]|EIP|EFL|CR[0234]|DR[0-367]|EFER|PC|SP|X[0-9]{2}) *=([0-9a-f]+)`)

func checkRegisters(t *testing.T, img *savevm.Image, g *guest) {
	names := map[string]string{"rfl": "rflags", "efl": "eflags"}
	for i, block := range strings.Split(g.registers, "CPU#")[1:] {
		cpu := img.CPU(i)
		if cpu == nil {
			t.Fatalf("no CPU %d", i)
		}
		n := 0
		for _, f := range registerPair.FindAllStringSubmatch(block, -1) {
			name := strings.ToLower(f[1])
			if v, ok := names[name]; ok {
				name = v
			}
			if s, ok := strings.CutPrefix(name, "x0"); ok {
				name = "x" + s
			}
			want, _ := strconv.ParseUint(f[2], 16, 64)
			got, ok := cpu.Register(name)
			if !ok || got.Value != want {
				t.Errorf("CPU %d: %s is %#x (known: %v), the monitor says %#x", i, name, got.Value, ok, want)
			}
			n++
		}
		if n < 16 {
			t.Errorf("CPU %d: only %d registers in the monitor's answer:\n%s", i, n, block)
		}
	}
}

// checkTLB compares CPU 0's page tables with `info tlb`, page by page and in number.
func checkTLB(t *testing.T, img *savevm.Image, g *guest) {
	if g.tlb == "" {
		checkText(t, img, g)
		return
	}
	space, err := img.CPU(0).Space()
	if err != nil {
		t.Fatal(err)
	}
	const mask = 1<<48 - 1
	want, bad := map[uint64]uint64{}, 0
	for line := range strings.Lines(g.tlb) {
		f := strings.Fields(strings.ReplaceAll(line, ":", " "))
		if len(f) != 3 {
			continue
		}
		va, err1 := strconv.ParseUint(f[0], 16, 64)
		pa, err2 := strconv.ParseUint(f[1], 16, 64)
		if err1 != nil || err2 != nil {
			t.Fatalf("info tlb: %q", line)
		}
		want[va&mask] = pa & (1<<52 - 1) // of PAE tables it prints the NX bit too
	}
	n := 0
	for p := range space.Pages(0, ^uint64(0)) {
		n++
		if pa, ok := want[p.Base&mask]; !ok || pa != p.Physical {
			if bad++; bad < 10 {
				t.Errorf("%#x maps to %#x, the monitor says %#x (known: %v)", p.Base, p.Physical, pa, ok)
			}
		}
	}
	if n != len(want) || n < 1000 {
		t.Errorf("%d pages, the monitor has %d", n, len(want))
	}
}

// checkText is for architectures without `info tlb`: the kernel's text must be mapped by CPU 0's tables from _stext to _etext.
func checkText(t *testing.T, img *savevm.Image, g *guest) {
	space, err := img.CPU(0).Space()
	if err != nil {
		t.Fatal(err)
	}
	first, end := g.symbol(t, "_stext"), g.symbol(t, "_etext")
	if first == 0 || end <= first {
		t.Fatalf("the guest's symbols: %q", g.console["symbols"])
	}
	for va := first; va < end; va += 4096 {
		if _, err := space.Translate(va); err != nil {
			t.Fatalf("%#x in the kernel's text: %v", va, err)
		}
	}
}

// symbol is an address in the guest's kallsyms, or 0: kernels without CONFIG_KALLSYMS_ALL name functions only.
func (g *guest) symbol(t *testing.T, name string) uint64 {
	t.Helper()
	for _, line := range g.console["symbols"] {
		if f := strings.Fields(line); len(f) == 3 && f[2] == name {
			v, err := strconv.ParseUint(f[0], 16, 64)
			if err == nil && v != 0 {
				return v
			}
		}
	}
	return 0
}

// checkBanner looks for the kernel's banner, which is /proc/version: through CPU 0's page tables where the guest named its
// address, else anywhere in RAM.
func checkBanner(t *testing.T, img *savevm.Image, g *guest) {
	want := g.console["version"][0]
	b := make([]byte, len(want))
	if va := g.symbol(t, "linux_banner"); va != 0 {
		space, err := img.CPU(0).Space()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := space.ReadMemory(b, va); err != nil || string(b) != want {
			t.Errorf("linux_banner: %q, %v; the guest says %q", b, err, want)
		}
		return
	}
	for _, r := range g.physical {
		b := make([]byte, r.Size)
		if _, err := img.ReadMemory(b, r.GPA); err == nil && bytes.Contains(b, []byte(want)) {
			return
		}
	}
	t.Errorf("%q is nowhere in RAM", want)
}

// checkCommand runs the command itself: every script must do, and where the guest has said the same, agree with it.
func checkCommand(t *testing.T, g *guest) {
	bin := filepath.Join(t.TempDir(), "svscript")
	if out, err := exec.Command("go", "build", "-o", bin, "../cmd/svscript").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rows := func(t *testing.T, args ...string) []map[string]any {
		t.Helper()
		cmd := exec.Command(bin, append([]string{"--json"}, args...)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("svscript %q: %v\n%s", args, err, stderr.Bytes())
		}
		var all []map[string]any
		for d := json.NewDecoder(bytes.NewReader(out)); ; {
			var row any
			if err := d.Decode(&row); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("svscript %q: %v\n%s", args, err, out)
			}
			switch row := row.(type) {
			case map[string]any:
				all = append(all, row)
			case []any:
				for _, r := range row {
					all = append(all, r.(map[string]any))
				}
			}
		}
		return all
	}
	list, err := exec.Command(bin, "--list").CombinedOutput()
	if err != nil {
		t.Fatalf("svscript --list: %v\n%s", err, list)
	}
	for name, check := range map[string]func(*testing.T, []map[string]any){
		"info": func(t *testing.T, got []map[string]any) {
			if len(got) == 0 {
				t.Error("says nothing")
			}
		},
		"regs": func(t *testing.T, got []map[string]any) {
			if len(got) != 2 {
				t.Errorf("%d rows, the guest has 2 CPUs", len(got))
			}
		},
		"ps":      func(t *testing.T, got []map[string]any) { comparePS(t, got, g.console["ps"]) },
		"modules": func(t *testing.T, got []map[string]any) { compareModules(t, got, g.console["modules"]) },
	} {
		t.Run(name, func(t *testing.T) {
			if !regexp.MustCompile(`(?m)\b` + name + `\b`).Match(list) {
				t.Skipf("NOT TESTED: there is no script %s yet", name)
			}
			check(t, rows(t, name, g.image))
		})
	}
}

// comparePS wants the same processes, but for those that were there only while the guest listed them.
func comparePS(t *testing.T, got []map[string]any, lines []string) {
	var have, want []string
	for _, r := range got {
		have = append(have, fmt.Sprintf("%v %v %v", r["pid"], r["ppid"], r["comm"]))
	}
	for _, line := range lines {
		f := strings.SplitN(line, " ", 4)
		if len(f) == 4 && f[3] != "cat" {
			want = append(want, fmt.Sprintf("%s %s %s", f[0], f[1], f[3]))
		}
	}
	compare(t, have, want, func(row string) bool { return strings.HasPrefix(row, "0 ") || strings.Contains(row, "kworker") })
}

func compareModules(t *testing.T, got []map[string]any, lines []string) {
	var have, want []string
	for _, r := range got {
		have = append(have, fmt.Sprintf("%v %v", r["name"], r["base"]))
	}
	for _, line := range lines {
		f := strings.Fields(line)
		want = append(want, f[0]+" "+f[5])
	}
	compare(t, have, want, nil)
}

// compare wants every row of the guest, and no others but those that may come and go.
func compare(t *testing.T, have, want []string, loose func(string) bool) {
	t.Helper()
	if len(want) < 2 {
		t.Fatalf("the guest said too little: %q", want)
	}
	for _, w := range want {
		if !slices.Contains(have, w) && (loose == nil || !loose(w)) {
			t.Errorf("missing: %s", w)
		}
	}
	for _, h := range have {
		if !slices.Contains(want, h) && (loose == nil || !loose(h)) {
			t.Errorf("not in the guest: %s", h)
		}
	}
}
