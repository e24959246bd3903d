package savevm_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm"
)

// lime writes ranges of memory as LiME does.
func lime(ranges map[uint64][]byte, order []uint64) []byte {
	var b []byte
	for _, base := range order {
		b = binary.LittleEndian.AppendUint32(b, 0x4c694d45)
		b = binary.LittleEndian.AppendUint32(b, 1)
		b = binary.LittleEndian.AppendUint64(b, base)
		b = binary.LittleEndian.AppendUint64(b, base+uint64(len(ranges[base]))-1)
		b = append(append(b, make([]byte, 8)...), ranges[base]...)
	}
	return b
}

// TestPlainMemory opens one machine's memory as LiME and as plain memory, and compares both with its core.
func TestPlainMemory(t *testing.T) {
	core := open(t, "elf-i386-m32-smp2")
	low := make([]byte, 16<<20)
	if _, err := core.ReadMemory(low, 0); err != nil {
		t.Fatal(err)
	}
	top := make([]byte, 64<<10)
	if _, err := core.ReadMemory(top, 0xffff0000); err != nil {
		t.Fatal(err)
	}
	packed := lime(map[uint64][]byte{0: low, 0xffff0000: top}, []uint64{0, 0xffff0000})
	for _, c := range []struct {
		format string
		file   []byte
		o      savevm.Options
	}{
		{"lime", packed, savevm.Options{Arch: "i386"}},
		{"raw", low, savevm.Options{Raw: true, Arch: "i386"}},
	} {
		img, err := savevm.NewContext(t.Context(), bytes.NewReader(c.file), int64(len(c.file)), c.o)
		if err != nil {
			t.Fatal(err)
		}
		defer img.Close()
		if got := img.Info(); got.Format != c.format || got.Arch != "i386" || !got.Complete || len(img.CPUs()) != 0 || img.VMCoreInfo() != nil {
			t.Errorf("%+v", got)
		}
		// The page tables are in memory; only where they start must be said.
		want, err := core.CPU(0).Space()
		if err != nil {
			t.Fatal(err)
		}
		space, err := img.Space(core.CPU(0).SpaceConfig())
		if err != nil {
			t.Fatal(err)
		}
		for _, va := range []uint64{0xc0000000, 0xc0001000, 0xc0400123, 0x7c00} {
			a, errA := want.Translate(va)
			b, errB := space.Translate(va)
			if a != b || (errA == nil) != (errB == nil) {
				t.Errorf("%s: %#x: %#x (%v), want %#x (%v)", c.format, va, b, errB, a, errA)
			}
		}
	}
}

func TestPlainMemoryNeedsOption(t *testing.T) {
	if _, err := savevm.New(bytes.NewReader(make([]byte, 8192)), 8192); err == nil || !strings.Contains(err.Error(), "--raw") {
		t.Errorf("%v", err)
	}
}

// TestManyRanges opens a file of nothing but small ranges: hostile, or of a very scattered machine.
func TestManyRanges(t *testing.T) {
	ranges, order := map[uint64][]byte{}, []uint64(nil)
	for i := range uint64(3000) {
		order = append(order, i*8192)
		ranges[i*8192] = bytes.Repeat([]byte{byte(i)}, 4096)
	}
	file := lime(ranges, order)
	start := time.Now()
	img, err := savevm.New(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if took := time.Since(start); took > 60*time.Second {
		t.Errorf("opening took %v", took)
	}
	var b [1]byte
	for _, i := range []uint64{0, 1000, 1023, 1024, 2999} {
		if _, err := img.ReadMemory(b[:], i*8192); err != nil || b[0] != byte(i) {
			t.Errorf("range %d: %v, %x", i, err, b)
		}
		if _, err := img.ReadMemory(b[:], i*8192+4096); err == nil {
			t.Errorf("behind range %d there is no memory, but a byte %x is read", i, b)
		}
	}
	if len(img.Ranges()) > 1<<10 || len(img.Warnings()) == 0 {
		t.Errorf("%d ranges, warnings %v", len(img.Ranges()), img.Warnings())
	}
}

// TestPartOfMemory has a core without the memory in which the page tables are, as dump-guest-memory writes it for begin and length.
func TestPartOfMemory(t *testing.T) {
	b, err := os.ReadFile(testimage.Path(t, "elf-m64"))
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	for i := range uint64(le.Uint16(b[56:])) { // e_phnum
		if header := b[le.Uint64(b[32:])+56*i:]; le.Uint64(header[24:]) == 0x100000 { // e_phoff, p_paddr
			le.PutUint32(header, 0) // PT_NULL
		}
	}
	img, err := savevm.New(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if w := fmt.Sprint(img.Warnings()); !strings.Contains(w, "a part of memory only: page tables are not in it, CPU 0's at 0x100000") {
		t.Error(w)
	}
	if w := fmt.Sprint(open(t, "elf-m64").Warnings()); strings.Contains(w, "part of memory") {
		t.Error(w)
	}
}

// TestGeneralRegistersOnly has a core whose notes do not say where page tables are.
func TestGeneralRegistersOnly(t *testing.T) {
	img := open(t, "elf-arm64-4k")
	c := img.CPU(0)
	if c == nil || c.Arch != "aarch64" || c.Value("x30") == 0 && c.Value("sp") == 0 {
		t.Fatalf("%+v", c)
	}
	if _, ok := c.Register("ttbr1_el1"); ok {
		t.Error("the dump has no TTBR1_EL1")
	}
}
