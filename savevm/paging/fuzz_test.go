package paging_test

import (
	"encoding/binary"
	"testing"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
)

// FuzzSpace takes any bytes as the memory and as the registers: no mode may panic, hang, or contradict itself.
func FuzzSpace(f *testing.F) {
	entries := func(e ...uint64) (b []byte) {
		for _, e := range e {
			b = binary.LittleEndian.AppendUint64(b, e)
		}
		return b
	}
	for choice := range paging.Modes() {
		f.Add(entries(0x1007, 0x2067, 0x200087, 1<<63|0x3003, 0xdead0000), uint64(0x1000), uint64(16|16<<16|2<<30|5<<32), uint64(0x1123), uint8(choice))
		f.Add(entries(0x403, 0x20000401, 0x80f), uint64(0x1000), uint64(22|12<<16|1<<14|3<<30|6<<32|3<<37), ^uint64(0xffffff), uint8(choice))
		f.Add([]byte{0x67}, uint64(0), uint64(0), uint64(0), uint8(choice))
	}
	f.Fuzz(func(t *testing.T, b []byte, root, tcr, va uint64, choice uint8) {
		names := paging.Modes()
		cfg := paging.Config{
			Mode: names[int(choice)%len(names)], Root: root, TTBR1: root + 4096, TCR: tcr, SCTLR: tcr, PhysBits: uint(tcr >> 58),
			NXE: choice&0x80 != 0, PSE: choice&0x40 != 0, A20Mask: uint64(choice&0x20) << 15 &^ va,
		}
		m := repeated(b)
		s, err := paging.New(m, cfg)
		if err != nil {
			return
		}
		w := s.Walk(va)
		pa, err := s.Translate(va)
		if (err == nil) != (w.Fault == nil) || pa != w.Physical {
			t.Fatalf("Translate %#x, %v; Walk %+v", pa, err, w)
		}
		s.ReadMemory(make([]byte, 10000), va)
		count, end := 0, uint64(0)
		for p := range s.Pages(va, ^uint64(0)) {
			if p.Size == 0 || p.Base < va || count > 0 && p.Base <= end {
				t.Fatalf("page %+v after %#x", p, end)
			}
			if w := s.Walk(p.Base); w.Fault != nil || w.Physical != p.Physical || w.Flags != p.Flags {
				t.Fatalf("page %+v, walk %+v", p, w)
			}
			end = p.Last()
			if count++; count > 2000 {
				break
			}
		}
		l := s.Mappings(va, va|0xfff_ffff_ffff, paging.Flags(choice))
		count = 0
		for range l.All() {
			if count++; count > 100_000 {
				break
			}
		}
		count = 0
		for range s.Extents(va, ^uint64(0)) {
			if count++; count > 2000 {
				break
			}
		}
	})
}

// repeated is a few bytes on and on, so that small inputs make tables that lead somewhere.
func repeated(b []byte) memory.Memory {
	m := make(memory.Bytes, 64<<10)
	for i := 0; len(b) > 0 && i < len(m); i += len(b) {
		copy(m[i:], b)
	}
	return m
}
