package savevm_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/memory"
)

// The README's image, whose guest's source says what is where (testdata/guest/pgguest.asm).
const example = "pg64"

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		path string
		want string
		is   error
	}{
		{filepath.Join(dir, "absent"), "no such file", fs.ErrNotExist},
		{dir, "this is a directory", nil},
		{write("empty", ""), "the file is empty", nil},
		{write("text", "hello, world\n"), "no saved virtual machine", savevm.ErrUnknownFormat},
		{write("win.dmp", "PAGEDU64"+strings.Repeat("\x00", 8192)), "crash dump in the format of Windows", savevm.ErrUnknownFormat},
		{write("vm.vmss", "\xd2\xbe\xd2\xbe\x08\x00\x00\x00"), ".vmem, opens with --raw", savevm.ErrUnknownFormat},
		{write("old", "QEVM\x00\x00\x00\x02........................"), "version 2", nil},
	} {
		img, err := savevm.Open(c.path)
		if err == nil {
			img.Close()
			t.Errorf("%s opens", c.path)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q, want one line with %q and the path", err, c.want)
		}
		if c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%v is no %v", err, c.is)
		}
	}
}

// TestCutCompressed cuts a compressed save: the stream inside may be there as a whole, but the file is not complete.
func TestCutCompressed(t *testing.T) {
	for _, name := range []string{"pc-m64-gzip", "pc-m64-lzop", "pc-m64-xz", "pc-m64-zstd"} {
		whole, err := os.ReadFile(testimage.Path(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, less := range []int{0, 1, 10, 4000} {
			n := len(whole) - less
			img, err := savevm.New(bytes.NewReader(whole[:n]), int64(n))
			if err != nil {
				t.Fatalf("%s without %d bytes: %v", name, less, err)
			}
			if img.Info().Complete != (less == 0) {
				t.Errorf("%s without %d bytes: complete %v, warnings %v", name, less, img.Info().Complete, img.Warnings())
			}
			img.Close()
		}
	}
}

// TestReaderAt opens an image through a reader that is no file.
func TestReaderAt(t *testing.T) {
	b, err := os.ReadFile(testimage.Path(t, example))
	if err != nil {
		t.Fatal(err)
	}
	img, err := savevm.New(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	got := make([]byte, 7)
	if _, err := img.ReadMemory(got, 0x400000); err != nil || string(got) != "PGGUEST" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestParallelReaders reads one image from many goroutines, compressed and repeated pages too.
func TestParallelReaders(t *testing.T) {
	for _, name := range []string{example, "pc-m64-compress", "pc-m64-xbzrle", "qcow2-m64", "kdump-zlib-m64"} {
		img := open(t, name)
		want, err := hashRange(img, 0x100000, 0xf00000)
		if err != nil {
			t.Fatal(name, err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if got, err := hashRange(img, 0x100000, 0xf00000); got != want {
					t.Errorf("%s: %s, %v", name, got, err)
				}
				space, err := img.CPU(0).Space()
				if err != nil {
					t.Error(err)
					return
				}
				for va := uint64(0xffffffff80000000); va < 0xffffffff80100000; va += 4096 {
					space.Translate(va)
					memory.ReadU64(space, va+8)
				}
			})
		}
		wg.Wait()
	}
}

// TestReasons tells why bytes cannot be read: a hole, device memory, and RAM that the image does not hold.
func TestReasons(t *testing.T) {
	img := open(t, example)
	shared, err := savevm.Open(testimage.Path(t, "pc-m64-ignore-shared"))
	if err != nil {
		t.Fatal(err)
	}
	defer shared.Close()
	for _, c := range []struct {
		m       savevm.Memory
		address uint64
		length  int
		at      uint64
		reason  memory.Reason
	}{
		{img, 0xc0000000, 8, 0xc0000000, memory.ReasonUnmapped},
		{img, 0xfffffc, 8, 0x1000000, memory.ReasonUnmapped}, // the end of 16 MiB
		{img, ^uint64(0), 8, ^uint64(0), memory.ReasonUnmapped},
		{shared, 0x200000, 8, 0x200000, memory.ReasonAbsent},
	} {
		_, err := c.m.ReadMemory(make([]byte, c.length), c.address)
		var e *savevm.MemoryError
		if !errors.As(err, &e) || e.Address != c.at || e.Reason != c.reason || e.Length != uint64(c.length) {
			t.Errorf("reading %d bytes at %#x: %v", c.length, c.address, err)
		}
	}
}

// TestExplain follows a byte through every layer to the file, and finds it there.
func TestExplain(t *testing.T) {
	for _, name := range []string{example, "q10-mapped-m64", "tiny/lv90-raw-m64", "tiny/lv113-sparse-m64", "elf-m64"} {
		t.Run(name, func(t *testing.T) {
			img := open(t, name)
			p := img.Explain(0x400000)
			if !p.Stored || !p.Exact || len(p.Layers) == 0 {
				t.Fatalf("%v", p)
			}
			f, err := os.Open(testimage.Path(t, name))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			got := make([]byte, 7)
			if _, err := f.ReadAt(got, p.Layers[0].Offset); err != nil || string(got) != "PGGUEST" {
				t.Errorf("%v: %q, %v", p, got, err)
			}
		})
	}
	img := open(t, example)
	if p := img.Explain(0xc0000000); p.Range != nil || p.Stored || !strings.Contains(p.String(), "nothing is mapped") {
		t.Error(p)
	}
}

// TestOverrides gives the map and its split by hand.
func TestOverrides(t *testing.T) {
	path := testimage.Path(t, "pc-m64-split") // 64 MiB, 32 of them below 4 GiB
	img, err := savevm.OpenContext(t.Context(), path, savevm.Options{Below4G: 48 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	last := uint64(0)
	for _, r := range img.Ranges() {
		if r.Kind == savevm.KindRAM && r.Base < 4<<30 {
			last = max(last, r.Last())
		}
	}
	if last != 48<<20-1 || !strings.Contains(img.Info().MapSource, "given") {
		t.Errorf("RAM below 4 GiB ends at %#x, from %s", last, img.Info().MapSource)
	}
}

// TestDevices decodes every field of every device of every image that describes them.
func TestDevices(t *testing.T) {
	eachImage(t, func(t *testing.T, name string) {
		img := open(t, name)
		for _, d := range img.Devices() {
			s, err := d.Decode()
			if err != nil {
				t.Error(err)
			}
			if d.Schema != nil && d.Size > 0 && len(s.Fields) == 0 {
				t.Errorf("%s/%d has %d bytes and no fields", d.Name, d.Instance, d.Size)
			}
		}
	})
	img := open(t, example)
	rtc, err := img.Device("mc146818rtc", 0).Decode()
	if err != nil {
		t.Fatal(err)
	}
	cmos, _ := rtc.Field("cmos_data").([]byte)
	if len(cmos) != 128 || cmos[0x30] != 0 || cmos[0x31] != 0x3c { // 15 MiB from 1 MiB on, in KiB
		t.Errorf("CMOS %x", cmos)
	}
}

// TestPrivateMemory opens the largest images: they are mapped, not read into the heap.
func TestPrivateMemory(t *testing.T) {
	for _, name := range []string{"linux/q10-q35-mapped", "linux/x64-q35-256M-smp2", "legacy/qemu-0.10.6-x86_64-pg64hi-3840M"} {
		t.Run(name, func(t *testing.T) {
			path := testimage.Path(t, name)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			img, err := savevm.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer img.Close()
			runtime.GC()
			runtime.ReadMemStats(&after)
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
				t.Errorf("the open image keeps %d bytes of heap", grown)
			}
		})
	}
}

func FuzzOpen(f *testing.F) {
	for _, name := range []string{example, "kdump-zlib-m64", "elf-m64", "qcow2-m64", "pc-m64-gzip", "pc-m64-xz", "pc-m64-zstd", "q10-mapped-m64", "pc-m64-xbzrle"} {
		b, err := os.ReadFile(testimage.Path(f, name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[:min(len(b), 64<<10)])
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		img, err := savevm.New(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		defer img.Close()
		buf := make([]byte, 4096)
		n := 0
		for e := range img.Extents(0, ^uint64(0)) {
			img.ReadMemory(buf, e.Base)
			_ = img.Explain(e.Base).String()
			if n++; n > 100 {
				break
			}
		}
		for _, c := range img.CPUs() {
			c.Mode()
			c.Privilege()
			if s, err := c.Space(); err == nil {
				s.Translate(0xffffffff80000000)
			}
		}
		for _, d := range img.Devices() {
			d.Decode()
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	for _, name := range []string{example, "linux/x64-q35-256M-smp2", "linux/q10-q35-mapped"} {
		b.Run(name, func(b *testing.B) {
			path := testimage.Path(b, name)
			info, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(info.Size())
			for b.Loop() {
				img, err := savevm.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				img.Close()
			}
		})
	}
}

func BenchmarkReadU64(b *testing.B) {
	img := open(b, example)
	address := uint64(0)
	for b.Loop() {
		if _, err := memory.ReadU64(img, 0x200000+address); err != nil {
			b.Fatal(err)
		}
		address = (address + 4104) & 0xfffff &^ 7
	}
}

// BenchmarkReadAll reads all memory in pieces of 1 MiB, and of 16 bytes from page to page, in each encoding.
func BenchmarkReadAll(b *testing.B) {
	for _, name := range []string{"linux/x64-q35-256M-smp2", "pc-m64-rounds", "pc-m64-xbzrle", "pc-m64-compress", "q10-mapped-m64", "kdump-zlib-m64"} {
		img := open(b, name)
		for _, piece := range []int{1 << 20, 16} {
			b.Run(fmt.Sprintf("%s/%d", name, piece), func(b *testing.B) {
				buf := make([]byte, piece)
				b.ReportAllocs()
				if piece == 1<<20 {
					b.SetBytes(int64(img.Info().Size))
				}
				for b.Loop() {
					readAll(b, img, buf)
				}
			})
		}
	}
}

func readAll(b *testing.B, img *savevm.Image, buf []byte) {
	step := max(uint64(len(buf)), 4096)
	for e := range img.Extents(0, ^uint64(0)) {
		if e.Kind != memory.Data && e.Kind != memory.Fill {
			continue
		}
		for at := e.Base; at-e.Base < e.Size; at += step {
			if _, err := img.ReadMemory(buf[:min(uint64(len(buf)), e.Size-(at-e.Base))], at); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func ExampleOpen() {
	img, err := savevm.Open("../testdata/pg64.sav")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()
	cpu := img.CPU(0)
	fmt.Printf("%s, %d MiB, CPU 0 in %s mode at %#x\n", img.Info().Machine, img.Info().Size>>20, cpu.Mode(), cpu.Value("rip"))

	space, err := cpu.Space()
	if err != nil {
		fmt.Println(err)
		return
	}
	pa, err := space.Translate(0xffffffff80000000)
	fmt.Printf("%#x %v\n", pa, err)
	_, err = space.Translate(0xffffffff8000f000)
	fmt.Println(err)
	// Output:
	// pc-i440fx-7.2, 16 MiB, CPU 0 in long mode at 0x7f6d
	// 0x20b000 <nil>
	// cannot read x86-4level space 0x100000 at 0xffffffff8000f000: nothing is mapped there (not present: PT entry at 0x106078 is 0xdead0000)
}

func ExampleNew() {
	data, err := os.ReadFile("../testdata/pg64.sav")
	if err != nil {
		fmt.Println(err)
		return
	}
	img, err := savevm.New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()
	text := make([]byte, 15)
	_, err = img.ReadMemory(text, 0x400000)
	fmt.Printf("%s %v\n", text, err)
	_, err = img.ReadMemory(text, 0xc0000000)
	var e *savevm.MemoryError
	fmt.Println(errors.As(err, &e), e.Reason)
	// Output:
	// PGGUEST MODE=64 <nil>
	// true unmapped
}

// TestFileCutShortWhileOpen cuts the file after it was opened: reads behind the cut are errors, not a crash.
func TestFileCutShortWhileOpen(t *testing.T) {
	b, err := os.ReadFile(testimage.Path(t, example))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "image.sav")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	img, err := savevm.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	if _, err := img.ReadMemory(make([]byte, 1<<20), 0x200000); err == nil {
		t.Error("reading what is no longer there gives no error")
	}
}
