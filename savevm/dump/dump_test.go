package dump

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm/internal/wire"
	"github.com/svscript/svscript/savevm/memory"
)

// read opens bytes as package savevm does.
func read(b []byte) (*Dump, error) {
	return readSource(wire.NewSource(bytes.NewReader(b), int64(len(b))))
}

func readSource(src *wire.Source) (*Dump, error) {
	head := make([]byte, 64)
	n, _ := src.ReadAt(head, 0)
	head = head[:n]
	switch {
	case IsELF(head):
		return ReadELF(src, 0)
	case IsKdump(head):
		return ReadKdump(src, 0)
	case IsFlattened(head):
		return ReadFlattened(src, 0)
	case IsLiME(head):
		return ReadLiME(src, 0)
	}
	return nil, fmt.Errorf("unknown format")
}

func mustRead(t testing.TB, b []byte) *Dump {
	t.Helper()
	d, err := read(b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// image is the bytes of a real image.
func image(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(testimage.Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fixture unpacks a file of testdata.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join("testdata", name+".zst"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// readAt reads guest-physical memory, which may span regions.
func (d *Dump) readAt(p []byte, address uint64) error {
	for _, r := range d.Regions {
		if len(p) > 0 && r.Base <= address && address-r.Base < r.Size {
			n := min(uint64(len(p)), r.Size-(address-r.Base))
			if _, err := r.Block.ReadMemory(p[:n], r.Offset+address-r.Base); err != nil {
				return err
			}
			p, address = p[n:], address+n
		}
	}
	if len(p) > 0 {
		return &memory.Error{Address: address, Reason: memory.ReasonUnmapped}
	}
	return nil
}

func (d *Dump) page(address uint64) ([]byte, error) {
	p := make([]byte, 4096)
	return p, d.readAt(p, address)
}

func (d *Dump) warnings() string {
	var s strings.Builder
	for _, w := range d.Warnings {
		fmt.Fprintf(&s, "%#x: %s\n", w.Offset, w.Text)
	}
	return s.String()
}

// sameMemory fails where a page of want is not in got, or differs.
func sameMemory(t testing.TB, got, want *Dump) {
	t.Helper()
	bad := 0
	for _, r := range want.Regions {
		for at := r.Base; at < r.Base+r.Size && bad < 5; at += 4096 {
			n := min(4096, r.Base+r.Size-at)
			a, b := make([]byte, n), make([]byte, n)
			if want.readAt(b, at) != nil {
				continue
			}
			if err := got.readAt(a, at); err != nil {
				t.Errorf("page %#x: %v", at, err)
				bad++
			} else if !bytes.Equal(a, b) {
				t.Errorf("page %#x differs", at)
				bad++
			}
		}
	}
}

// checkPattern compares with what the guest pgguest writes, as the head of ../../testdata/guest/pgguest.asm says: every eighth page i
// from 2 MiB on has the word 0xA5000000 | i<<12 | n&^15 at n.
func checkPattern(t *testing.T, d *Dump) {
	t.Helper()
	for i := uint32(0); i < 256; i += 8 {
		p, err := d.page(0x200000 + uint64(i)<<12)
		if err != nil {
			t.Fatal(err)
		}
		for n := range uint32(1024) {
			if got, want := binary.LittleEndian.Uint32(p[4*n:]), 0xA5000000|i<<12|n&^15; got != want {
				t.Fatalf("page %d, word %d: %#x, want %#x", i, n, got, want)
			}
		}
	}
}

// TestMakedumpfile reads what makedumpfile 1.7.2 made of a core of pgguest: -l -d 0, and -F -l -d 1.
func TestMakedumpfile(t *testing.T) {
	for _, name := range []string{"makedumpfile-lzo.kdump", "makedumpfile-lzo.flat"} {
		t.Run(name, func(t *testing.T) {
			d := mustRead(t, fixture(t, name))
			checkPattern(t, d)
			if d.Format != "kdump" || d.Arch != "x86_64" || !d.Complete || len(d.CPUs) != 1 || d.CPUs[0].value("r15") != 0x0123456789abcdef {
				t.Errorf("%+v", d)
			}
			if !bytes.HasPrefix(d.VMCoreInfo, []byte("OSRELEASE=6.1.0")) || !bytes.HasSuffix(d.VMCoreInfo, []byte("\n")) {
				t.Errorf("VMCOREINFO: %q", d.VMCoreInfo)
			}
			if len(d.Regions) != 2 || d.Regions[0].Size != 16<<20 || d.Regions[1].Base != 0xffff0000 {
				t.Errorf("regions: %+v", d.Regions)
			}
		})
	}
}

func TestRaw(t *testing.T) {
	b := bytes.Repeat([]byte("0123456789abcdef"), 300) // 4800 bytes
	src := wire.NewSource(bytes.NewReader(b), int64(len(b)))
	d, err := ReadRaw(src, 16)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(b)-16)
	if err := d.readAt(got, 0); err != nil || !bytes.Equal(got, b[16:]) {
		t.Errorf("%v, %q", err, got)
	}
	if !strings.Contains(d.warnings(), "ends inside a page") {
		t.Errorf("warnings: %s", d.warnings())
	}
	if _, err := ReadRaw(src, src.Size()); err == nil {
		t.Error("an empty file was read")
	}
}

// checkPrefixes opens a file cut off at every offset in cuts: it must be refused, or every page that reads must be right and
// Complete say that something is missing.
func checkPrefixes(t *testing.T, b []byte, cuts []int) {
	t.Helper()
	whole := mustRead(t, b)
	opened := 0
	for _, n := range cuts {
		d, err := read(b[:n:n])
		if err != nil {
			continue
		}
		opened++
		missing := false
		for _, r := range whole.Regions {
			for at := r.Base; at < r.Base+r.Size; at += 4096 {
				want, err := whole.page(at)
				if err != nil {
					continue
				}
				got, err := d.page(at)
				if err != nil {
					missing = true
				} else if !bytes.Equal(got, want) {
					t.Fatalf("cut off at %d: page %#x differs", n, at)
				}
			}
		}
		if missing && d.Complete {
			t.Fatalf("cut off at %d of %d: pages are missing, but the dump says it is complete", n, len(b))
		}
	}
	if opened == 0 {
		t.Error("no prefix was opened")
	}
	t.Logf("%d of %d prefixes were opened", opened, len(cuts))
}

// cuts is every length in the first dense bytes, and those around every step behind.
func cuts(size, dense, step int) []int {
	var out []int
	for n := 0; n < size; n++ {
		if n < dense || n%step <= 1 || n%step == step-1 || size-n < 20 {
			out = append(out, n)
		}
	}
	return out
}

func sourceOf(b []byte) *wire.Source { return wire.NewSource(bytes.NewReader(b), int64(len(b))) }
