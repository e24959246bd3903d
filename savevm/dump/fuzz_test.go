package dump

import (
	"testing"

	"github.com/svscript/svscript/savevm/memory"
)

// use reads of every region its ends, and walks its extents.
func use(t *testing.T, b []byte) {
	d, err := read(b)
	if err != nil {
		return
	}
	p := make([]byte, 4096)
	last := uint64(0)
	for i, r := range d.Regions {
		if r.Size == 0 || r.Base < last || r.Base+r.Size > maxPhysical {
			t.Fatalf("region %d: %#x +%#x behind %#x", i, r.Base, r.Size, last)
		}
		last = r.Base + r.Size
		if i > 64 {
			continue
		}
		r.Block.ReadMemory(p, r.Offset)
		r.Block.ReadMemory(p[:min(4096, r.Size)], r.Offset+r.Size-min(4096, r.Size))
		extents := 0
		for e := range r.Block.Extents(r.Offset, r.Offset+r.Size-1) {
			if e.Kind == memory.Data {
				r.Block.ReadMemory(p[:min(4096, e.Size)], e.Base)
			}
			if extents++; extents > 64 {
				break
			}
		}
	}
	for _, c := range d.CPUs {
		for _, r := range c.Registers {
			if r.Name == "" || r.Bits < 64 && r.Value>>r.Bits != 0 {
				t.Fatalf("CPU %d: register %+v", c.Index, r)
			}
		}
	}
}

func FuzzELF(f *testing.F) {
	for _, name := range []string{"elf-m64", "elf-paging-m64", "elf-i386-m32-smp2", "elf-arm64-4k"} {
		f.Add(image(f, name)[:20<<10])
	}
	e := parts(f, image(f, "elf-i386-m32-smp2"))
	for i := range e.segments {
		e.segments[i].data = e.segments[i].data[:0x1800]
		e.segments[i].msize = 0x3000
	}
	f.Add(e.bytes())
	e.bits, e.xnum = 32, true
	f.Add(e.bytes())
	f.Fuzz(use)
}

func FuzzKdump(f *testing.F) {
	for _, encoding := range []uint32{0, 1, 2, 4, 0x20} {
		k := smallKdump()
		k.encoding = encoding
		f.Add(k.bytes())
		k.layout, k.split, k.status = &kdumpLayouts[1], [2]uint64{1, 200}, dumpIncomplete
		f.Add(k.bytes())
	}
	f.Add(image(f, "q10-kdump-raw-m64")[:64<<10])
	f.Fuzz(use)
}

func FuzzFlattened(f *testing.F) {
	f.Add(flatten(smallKdump().bytes()))
	f.Add(image(f, "kdump-zlib-m64")[:32<<10])
	f.Add(image(f, "kdump-zlib-arm64-4k")[:32<<10])
	f.Fuzz(use)
}

func FuzzLiME(f *testing.F) {
	f.Add(limeRange(limeRange(nil, 0x1000, make([]byte, 5000), false), 0x10000, make([]byte, 3000), false))
	f.Add(limeRange(limeRange(nil, 0x1000, make([]byte, 0x10000), true), 0x11000, make([]byte, 3000), true))
	f.Fuzz(use)
}

// FuzzPage gives the decoders of pages what no compressor wrote.
func FuzzPage(f *testing.F) {
	d := smallKdump()
	for i, c := range pageFlags {
		d.encoding = c.flag
		packed, _ := d.pack(d.pages[0])
		f.Add(i, packed)
	}
	f.Add(1, []byte{0x12, 0, 1, 2, 3, 0x11, 0, 0})
	f.Fuzz(func(t *testing.T, kind int, packed []byte) {
		if kind < 0 || kind >= len(pageFlags) {
			return
		}
		p := make([]byte, 4096, 4200)
		pageFlags[kind].decode(p, packed)
		for _, b := range p[4096:4200] {
			if b != 0 {
				t.Fatal("bytes behind the page were written")
			}
		}
	})
}
