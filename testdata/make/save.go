package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/svscript/svscript/e2e/qemu"
)

func (b *builder) migration() qemu.Migration {
	return qemu.Migration{URI: "exec:cat > " + b.file(), Capabilities: b.caps, Parameters: b.params}
}

// saveStream migrates the halted guest into a file through a pipe.
func saveStream(b *builder) error {
	if err := b.halted(); err != nil {
		return err
	}
	return b.machine.Migrate(b.ctx, b.migration())
}

// compressed passes the stream through a compressor; the image is stored as that wrote it.
func compressed(tool string, flags ...string) func(*builder) error {
	return func(b *builder) error {
		if err := b.halted(); err != nil {
			return err
		}
		mig := b.migration()
		mig.URI = "exec:" + tool + " " + strings.Join(flags, " ") + " -c > " + b.file()
		return b.machine.Migrate(b.ctx, mig)
	}
}

// saveFile uses the file: URI, which mapped-ram needs.
func saveFile(options string) func(*builder) error {
	return func(b *builder) error {
		if err := b.halted(); err != nil {
			return err
		}
		mig := b.migration()
		mig.URI = "file:" + b.file() + options
		if options != "" {
			if err := os.WriteFile(b.file(), make([]byte, 4660), 0o600); err != nil {
				return err
			}
		}
		return b.machine.Migrate(b.ctx, mig)
	}
}

// saveChanging changes memory of the stopped guest through the gdb stub while it is being saved, slowly, so that pages are
// sent more than once. The oracle is taken at the end.
func saveChanging(b *builder) error {
	if err := b.halted(); err != nil {
		return err
	}
	gdb, err := attach(b)
	if err != nil {
		return err
	}
	defer gdb.close()
	// Known content first, so that XBZRLE has something to be a difference to.
	for page := range uint64(64) {
		for at := range uint64(16) {
			if err := gdb.write(0x600000+page*4096+at*256, fmt.Appendf(nil, "page %02d before ", page)); err != nil {
				return err
			}
		}
	}
	mig := b.migration()
	mig.Parameters = map[string]any{"max-bandwidth": 200 << 10, "downtime-limit": 1}
	mig.During = func() error {
		for round := range uint64(5) {
			if err := b.sent(250<<10 + round*200<<10); err != nil {
				return err
			}
			for page := range uint64(32) { // ballast, so that no pass is over before the next change
				filler := bytes.Repeat([]byte{byte(round*41 + page*3 + 1)}, 4096)
				if err := gdb.write(0x700000+page*4096, filler); err != nil {
					return err
				}
			}
			for page := range uint64(64) {
				text := fmt.Appendf(nil, "round %d", round)
				switch {
				case round == 4 && page < 8: // back to zero
					text = make([]byte, 256*16)
					if err := gdb.write(0x600000+page*4096, text); err != nil {
						return err
					}
					continue
				case page%7 == 3: // a page changed all over: XBZRLE overflows and the page is sent as it is
					text = make([]byte, 2048)
					for i := range text {
						text[i] = byte(uint64(i)*7 + round + page)
					}
				}
				if err := gdb.write(0x600000+page*4096+round*32, text); err != nil {
					return err
				}
			}
		}
		return b.machine.QMP("migrate-set-parameters", map[string]any{"max-bandwidth": 1 << 30, "downtime-limit": 1000}, nil)
	}
	if err := b.machine.Migrate(b.ctx, mig); err != nil {
		return err
	}
	return b.machine.Record(b.dir, "", b.guest.probes)
}

// sent waits until the migration has sent n bytes of RAM, or is over.
func (b *builder) sent(n uint64) error {
	for {
		var info struct {
			Status string
			RAM    struct{ Transferred uint64 }
		}
		if err := b.machine.QMP("query-migrate", nil, &info); err != nil {
			return err
		}
		if info.RAM.Transferred >= n || info.Status == "completed" {
			return nil
		}
		select {
		case <-b.ctx.Done():
			return b.ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// saveIgnoreShared keeps the RAM file beside the image.
func saveIgnoreShared(b *builder) error {
	if err := saveStream(b); err != nil {
		return err
	}
	return run("zstd", "-q", "-19", filepath.Join(b.tmp, "ram"), "-o", filepath.Join(b.dir, "ram.bin.zst"))
}

// saveSnapshots makes two internal snapshots: before the first instruction and at the end.
func saveSnapshots(b *builder) error {
	if err := b.machine.Record(b.dir, "-reset", nil); err != nil {
		return err
	}
	savevm := func(name string) error {
		s, err := b.machine.HMP("savevm " + name)
		if err == nil && s != "" {
			err = fmt.Errorf("savevm %s: %s", name, s)
		}
		return err
	}
	if err := savevm("reset"); err != nil {
		return err
	}
	if err := b.machine.QMP("cont", nil, nil); err != nil {
		return err
	}
	if err := b.halted(); err != nil {
		return err
	}
	return savevm("running")
}

// saveDump uses dump-guest-memory.
func saveDump(format string, paging bool) func(*builder) error {
	return func(b *builder) error {
		if err := b.halted(); err != nil {
			return err
		}
		args := map[string]any{"paging": paging, "protocol": "file:" + b.file()}
		if format != "elf" {
			args["format"] = format
		}
		if err := b.machine.QMP("dump-guest-memory", args, nil); err != nil {
			return err
		}
		return b.withoutFlash()
	}
}

// saveMakedumpfile makes an ELF core and has makedumpfile write it again. That reads only cores whose program headers follow the
// ELF header directly, as QEMU wrote them up to 7.0.
func saveMakedumpfile(compression string) func(*builder) error {
	return func(b *builder) error {
		if err := saveDump("elf", false)(b); err != nil {
			return err
		}
		if err := os.Rename(b.file(), b.file()+".core"); err != nil {
			return err
		}
		return run("makedumpfile", compression, "-d", "0", b.file()+".core", b.file())
	}
}

// withoutFlash marks flash in physical.json as not captured: dump-guest-memory leaves it out.
func (b *builder) withoutFlash() error {
	name := filepath.Join(b.dir, "physical.json")
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var ranges []qemu.Range
	if err := json.Unmarshal(old, &ranges); err != nil {
		return err
	}
	for i, r := range ranges {
		if r.Kind == "romd" {
			ranges[i].Kind, ranges[i].SHA256 = "not_captured", ""
		}
	}
	out, err := json.MarshalIndent(ranges, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(out, '\n'), 0o644)
}

// writeTable puts the table of images into testdata/README.md, behind its marker.
func writeTable(root string) error {
	name := filepath.Join(root, "README.md")
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	return os.WriteFile(name, table(root, old), 0o644)
}
