package dump

import (
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"
)

// A testELF is the parts of a core, to be written anew in another form.
type testELF struct {
	order    binary.ByteOrder
	bits     int
	xnum     bool // PN_XNUM
	machine  uint16
	notes    []byte
	segments []testSegment
}

type testSegment struct {
	paddr uint64
	data  []byte
	msize uint64 // more than len(data), or 0
}

// parts takes a core apart.
func parts(t testing.TB, b []byte) *testELF {
	f, err := openELF(sourceOf(b), 0)
	if err != nil {
		t.Fatal(err)
	}
	loads, notes, err := f.segments(&Dump{})
	if err != nil {
		t.Fatal(err)
	}
	e := &testELF{order: f.order, bits: 8 * f.elfLayout.word, machine: f.order.Uint16(b[18:])}
	e.notes = b[notes[0].offset:][:notes[0].fsize]
	for _, s := range loads {
		e.segments = append(e.segments, testSegment{paddr: s.paddr, data: b[s.offset:][:s.fsize]})
	}
	return e
}

// bytes writes the core: header, a section header where it is needed, program headers, notes, memory.
func (e *testELF) bytes() []byte {
	l := elfLayouts[elf.Class(e.bits/32)]
	word := func(b []byte, at int, v uint64) {
		if e.bits == 32 {
			e.order.PutUint32(b[at:], uint32(v))
		} else {
			e.order.PutUint64(b[at:], v)
		}
	}
	h := make([]byte, l.header)
	copy(h, "\x7fELF")
	h[4], h[5], h[6] = byte(e.bits/32), 1, 1
	if e.order == binary.ByteOrder(binary.BigEndian) {
		h[5] = 2
	}
	e.order.PutUint16(h[16:], 4)
	e.order.PutUint16(h[18:], e.machine)
	count := len(e.segments) + 1
	e.order.PutUint16(h[l.phentsize:], uint16(l.minPhdr))
	e.order.PutUint16(h[l.phnum:], uint16(count))
	if e.xnum {
		section := make([]byte, l.minShdr)
		e.order.PutUint32(section[l.shInfo:], uint32(count))
		e.order.PutUint16(h[l.phnum:], pnXnum)
		word(h, l.shoff, uint64(len(h)))
		h = append(h, section...)
	}
	word(h, l.phoff, uint64(len(h)))
	at := len(h) + count*l.minPhdr
	data := append([]byte(nil), e.notes...)
	phdr := func(kind uint32, paddr, fsize, msize uint64) {
		p := make([]byte, l.minPhdr)
		e.order.PutUint32(p, kind)
		word(p, l.offset, uint64(at))
		word(p, l.paddr, paddr)
		word(p, l.fsize, fsize)
		word(p, l.msize, msize)
		h = append(h, p...)
		at += int(fsize)
	}
	phdr(4, 0, uint64(len(e.notes)), uint64(len(e.notes)))
	for _, s := range e.segments {
		phdr(1, s.paddr, uint64(len(s.data)), max(s.msize, uint64(len(s.data))))
		data = append(data, s.data...)
	}
	return append(h, data...)
}

func TestELFForms(t *testing.T) {
	real := image(t, "elf-i386-m32-smp2")
	want := mustRead(t, real)
	for _, c := range []struct {
		name   string
		change func(e *testELF)
	}{
		{"as it is", func(*testELF) {}},
		{"ELF32", func(e *testELF) { e.bits = 32 }},
		{"PN_XNUM", func(e *testELF) { e.xnum = true }},
		{"ELF32, PN_XNUM", func(e *testELF) { e.bits, e.xnum = 32, true }},
		{"segments out of order", func(e *testELF) { e.segments[0], e.segments[4] = e.segments[4], e.segments[0] }},
		{"the same memory twice", func(e *testELF) { e.segments = append(e.segments, e.segments[2:4]...) }},
		{"memory inside other memory", func(e *testELF) {
			e.segments = append([]testSegment{{paddr: 0x3000, data: make([]byte, 0x5000)}}, e.segments...)
			copy(e.segments[0].data, e.segments[1].data[0x3000:])
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := parts(t, real)
			c.change(e)
			d := mustRead(t, e.bytes())
			sameMemory(t, d, want)
			if !d.Complete || d.Arch != "i386" || len(d.CPUs) != 2 || d.CPUs[1].value("ebp") != 0xaaaaaaaa || d.CPUs[0].value("cr3") != 0x100000 {
				t.Errorf("complete %v, %s, CPUs %v", d.Complete, d.Arch, d.CPUs)
			}
		})
	}
}

// TestELFUnaligned has segments that begin and end inside pages, as old kernels' do.
func TestELFUnaligned(t *testing.T) {
	e := parts(t, image(t, "elf-i386-m32-smp2"))
	ram := e.segments[4] // from 1 MiB
	e.segments = []testSegment{
		{paddr: 0x10, data: e.segments[0].data[0x10:0x9fc00]}, {paddr: 0x9fc00, data: e.segments[0].data[0x9fc00:0xa0000]},
		{paddr: ram.paddr, data: ram.data[:0x1800], msize: 0x3000}, {paddr: ram.paddr + 0x3000, data: ram.data[0x3000:0x200000]},
	}
	e.notes = nil
	d := mustRead(t, e.bytes())
	want := mustRead(t, image(t, "elf-i386-m32-smp2"))
	for _, r := range [][2]uint64{{0x10, 0x9fff0}, {0x100000, 0x1800}, {0x103000, 0x1000}} {
		got, exp := make([]byte, r[1]), make([]byte, r[1])
		if err := d.readAt(got, r[0]); err != nil {
			t.Fatal(err)
		}
		if err := want.readAt(exp, r[0]); err != nil || string(got) != string(exp) {
			t.Errorf("%#x: differs (%v)", r[0], err)
		}
	}
	if _, err := d.page(0x101000); err == nil || !strings.Contains(err.Error(), "does not hold") {
		t.Errorf("memory that was left out: %v", err)
	}
	if !strings.Contains(d.warnings(), "6144 bytes of memory were left out") || !strings.Contains(d.warnings(), "no CPU registers") {
		t.Error(d.warnings())
	}
}

func TestELFNotes(t *testing.T) {
	e := parts(t, image(t, "elf-m64"))
	general := e.notes[:len(e.notes)-(12+8+440)] // without QEMU's
	info := "OSRELEASE=6.1.0\nPAGESIZE=4096\n"
	general = append(append(general[:len(general):len(general)], 11, 0, 0, 0, byte(len(info)), 0, 0, 0, 0, 0, 0, 0), "VMCOREINFO\x00\x00"+info...)
	e.notes = general
	d := mustRead(t, e.bytes())
	if string(d.VMCoreInfo) != info {
		t.Errorf("VMCOREINFO: %q", d.VMCoreInfo)
	}
	if len(d.CPUs) != 1 || d.CPUs[0].value("rsp") != 0xffffffff8000aff0 || d.CPUs[0].value("cs.selector") != 0x18 || d.CPUs[0].value("fs.base") != 0xffff800000123000 {
		t.Errorf("CPUs: %v", d.CPUs)
	}
	if !strings.Contains(d.warnings(), "general registers only") {
		t.Error(d.warnings())
	}
}

func TestELFRefused(t *testing.T) {
	real := image(t, "elf-m64")[:0x10000]
	for _, c := range []struct {
		name, want string
		change     func(b []byte) []byte
	}{
		{"empty", "ends in its ELF header", func(b []byte) []byte { return b[:5] }},
		{"header cut", "ends in its ELF header", func(b []byte) []byte { return b[:60] }},
		{"an executable", "ET_EXEC", func(b []byte) []byte { b[16] = 2; return b }},
		{"class", "damaged", func(b []byte) []byte { b[4] = 9; return b }},
		{"program headers outside", "cut off", func(b []byte) []byte { b[36] = 1; return b }},
		{"program header size", "damaged", func(b []byte) []byte { b[54] = 8; return b }},
		{"no segments", "holds no memory", func(b []byte) []byte { b[56] = 1; return b }},
		{"a process", "of a process", func(b []byte) []byte { b[0x280+8] = ntAuxv; return b }},
	} {
		b := c.change(append([]byte(nil), real...))
		if _, err := read(b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestELFCutAtItsEnd cuts what stands behind the memory: QEMU's names of sections.
func TestELFCutAtItsEnd(t *testing.T) {
	for _, name := range []string{"elf-m64", "elf-i386-m32-smp2", "elf-arm64-4k"} {
		b := image(t, name)
		if d := mustRead(t, b); !d.Complete {
			t.Errorf("%s is not complete: %s", name, d.warnings())
		}
		for _, less := range []int{1, 10, 5000} {
			if d := mustRead(t, b[:len(b)-less]); d.Complete || !strings.Contains(d.warnings(), "cut off") {
				t.Errorf("%s without %d bytes: complete %v, %s", name, less, d.Complete, d.warnings())
			}
		}
	}
}

func TestELFPrefixes(t *testing.T) {
	e := parts(t, image(t, "elf-m64"))
	e.segments = []testSegment{
		{paddr: 0, data: e.segments[0].data[:0x3000]}, {paddr: 0x200000, data: e.segments[4].data[0x100000:0x103000]},
		{paddr: 0x203000, data: e.segments[4].data[0x103000:0x104800]},
	}
	b := e.bytes()
	checkPrefixes(t, b, cuts(len(b), 2000, 512))
}
