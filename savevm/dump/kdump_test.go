package dump

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// A testKdump is written as makedumpfile writes, to have the forms of which there is no real file.
type testKdump struct {
	layout   *kdumpLayout
	version  uint32
	machine  string
	status   uint32
	split    [2]uint64 // the frames of this part; {0, 0}: all
	pages    map[uint64][]byte
	left     []uint64 // frames that were left out
	notes    []byte
	encoding uint32 // 0, 1, 4, 0x20
}

func (k *testKdump) frames() (all []uint64) {
	for f := range k.pages {
		all = append(all, f)
	}
	slices.Sort(all)
	return all
}

func (k *testKdump) bytes() []byte {
	const size = 4096
	le := binary.LittleEndian
	frames := k.frames()
	count := max(frames[len(frames)-1], slices.Max(append(k.left, 0))) + 1
	half := (count/8 + size) / size * size
	b := make([]byte, 3*size+2*half)
	copy(b, kdumpMagic)
	le.PutUint32(b[8:], k.version)
	copy(b[utsMachine:], k.machine)
	for i, v := range []uint32{k.status, size, 2, uint32(2 * half / size), uint32(count)} {
		le.PutUint32(b[k.layout.status+4*i:], v)
	}
	sub := b[size:]
	word := func(at int, v uint64) {
		if k.layout.long == 4 {
			le.PutUint32(sub[at:], uint32(v))
		} else {
			le.PutUint64(sub[at:], v)
		}
	}
	le.PutUint32(sub[k.layout.dumpLevel:], 31)
	if k.split != [2]uint64{} {
		le.PutUint32(sub[k.layout.split:], 1)
		word(k.layout.startPFN, k.split[0])
		word(k.layout.startPFN+k.layout.long, k.split[1])
	}
	le.PutUint64(sub[k.layout.note:], size+256)
	word(k.layout.note+8, uint64(len(k.notes)))
	copy(sub[256:], k.notes)
	if k.version >= 6 {
		for i, v := range []uint64{k.split[0], k.split[1], count} {
			le.PutUint64(sub[k.layout.startPFN64+8*i:], v)
		}
	}
	bitmaps := b[3*size:]
	for _, f := range k.left {
		bitmaps[f/8] |= 1 << (f % 8)
	}
	var descs, data []byte
	part := frames
	if k.split != [2]uint64{} {
		part = slices.DeleteFunc(slices.Clone(frames), func(f uint64) bool { return f < k.split[0] || f >= k.split[1] })
	}
	at := len(b) + descSize*len(part)
	for _, f := range frames {
		bitmaps[f/8] |= 1 << (f % 8)
		bitmaps[half+f/8] |= 1 << (f % 8)
	}
	for _, f := range part {
		page, flags := k.pack(k.pages[f])
		var desc [descSize]byte
		le.PutUint64(desc[:], uint64(at+len(data)))
		le.PutUint32(desc[8:], uint32(len(page)))
		le.PutUint32(desc[12:], flags)
		descs, data = append(descs, desc[:]...), append(data, page...)
	}
	return append(append(b, descs...), data...)
}

func (k *testKdump) pack(p []byte) (packed []byte, flags uint32) {
	switch k.encoding {
	case 1:
		var buf bytes.Buffer
		w := zlib.NewWriter(&buf)
		w.Write(p)
		w.Close()
		packed = buf.Bytes()
	case 4:
		packed = snappy.Encode(nil, p)
	case 0x20:
		w, _ := zstd.NewWriter(nil)
		packed = w.EncodeAll(p, nil)
	}
	if packed == nil || len(packed) >= len(p) {
		return p, 0
	}
	return packed, k.encoding
}

// smallKdump has pages of each sort: compressible, not compressible, zero; with holes and pages that were left out.
func smallKdump() *testKdump {
	k := &testKdump{layout: &kdumpLayouts[0], version: 6, machine: "x86_64", pages: map[uint64][]byte{}, left: []uint64{8, 9, 10, 300}}
	random := rand.NewChaCha8([32]byte{1})
	for i, f := range []uint64{0, 1, 2, 3, 7, 63, 64, 65, 127, 128, 200, 301} {
		p := make([]byte, 4096)
		switch i % 3 {
		case 0:
			copy(p, bytes.Repeat(fmt.Appendf(nil, "page frame %d. ", f), 200))
		case 1:
			random.Read(p)
		}
		k.pages[f] = p
	}
	return k
}

func TestKdumpForms(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(k *testKdump)
		version string
	}{
		{"stored", func(*testKdump) {}, "header version 6, 64-bit"},
		{"zlib", func(k *testKdump) { k.encoding = 1 }, "header version 6, 64-bit"},
		{"snappy", func(k *testKdump) { k.encoding = 4 }, "header version 6, 64-bit"},
		{"zstd", func(k *testKdump) { k.encoding = 0x20 }, "header version 6, 64-bit"},
		{"32-bit", func(k *testKdump) { k.layout, k.machine = &kdumpLayouts[1], "i686" }, "header version 6, 32-bit"},
		{"version 4", func(k *testKdump) { k.version = 4 }, "header version 4, 64-bit"},
		{"version 3, 32-bit", func(k *testKdump) { k.layout, k.version = &kdumpLayouts[1], 3 }, "header version 3, 32-bit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := smallKdump()
			c.change(k)
			d := mustRead(t, k.bytes())
			if d.Version != c.version || !d.Complete || d.PageSize != 4096 {
				t.Errorf("%+v", d)
			}
			for f, want := range k.pages {
				if got, err := d.page(f << 12); err != nil || !bytes.Equal(got, want) {
					t.Errorf("frame %d: %v", f, err)
				}
			}
			for f, want := range map[uint64]string{8: "does not hold", 300: "does not hold", 4: "nothing is mapped", 302: "nothing is mapped"} {
				if _, err := d.page(f << 12); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("frame %d: %v, want %q", f, err, want)
				}
			}
			if !strings.Contains(d.warnings(), "4 pages were left out") {
				t.Error(d.warnings())
			}
		})
	}
}

func TestKdumpSplit(t *testing.T) {
	k := smallKdump()
	for _, split := range [][2]uint64{{0, 64}, {64, 128}, {128, 302}} {
		k.split = split
		d := mustRead(t, k.bytes())
		for f, want := range k.pages {
			got, err := d.page(f << 12)
			switch inside := f >= split[0] && f < split[1]; {
			case inside && (err != nil || !bytes.Equal(got, want)):
				t.Errorf("part %v, frame %d: %v", split, f, err)
			case !inside && (err == nil || !strings.Contains(err.Error(), "does not hold")):
				t.Errorf("part %v, frame %d: %v", split, f, err)
			}
		}
		if d.Complete || !strings.Contains(d.warnings(), "one part of a split dump") {
			t.Errorf("part %v: complete %v, %s", split, d.Complete, d.warnings())
		}
	}
}

// TestKdumpIncomplete has a dump for which the disk was too small: the last descriptors are zero.
func TestKdumpIncomplete(t *testing.T) {
	k := smallKdump()
	k.status = dumpIncomplete
	b := k.bytes()
	frames := k.frames()
	clear(b[5*4096+descSize*(len(frames)-3):][:3*descSize])
	d := mustRead(t, b)
	for i, f := range frames {
		got, err := d.page(f << 12)
		if i < len(frames)-3 != (err == nil) || err == nil && !bytes.Equal(got, k.pages[f]) {
			t.Errorf("frame %d: %v", f, err)
		}
	}
	if d.Complete {
		t.Error("it is said to be complete")
	}
}

// TestKdumpDamagedPage has descriptors that cannot be right: only their pages are lost.
func TestKdumpDamagedPage(t *testing.T) {
	k := smallKdump()
	k.encoding = 1
	clean := k.bytes()
	const descs = 5 * 4096
	for _, c := range []struct {
		name   string
		change func(desc []byte)
	}{
		{"size", func(d []byte) { d[11] = 0xff }},
		{"size 0", func(d []byte) { clear(d[8:12]) }},
		{"offset", func(d []byte) { d[6] = 0xff }},
		{"other compression", func(d []byte) { d[12] = 2 }},
		{"none", func(d []byte) { d[12] = 0 }},
		{"wrong data", func(d []byte) { d[0] += 3 }},
	} {
		b := slices.Clone(clean)
		c.change(b[descs:])
		d := mustRead(t, b)
		for f, want := range k.pages {
			got, err := d.page(f << 12)
			if f == 0 {
				if err == nil || !strings.Contains(err.Error(), "is damaged") {
					t.Errorf("%s: %v", c.name, err)
				}
			} else if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: frame %d: %v", c.name, f, err)
			}
		}
	}
}

// TestKdumpCutOrDamaged: only a file that ends before its page descriptors do is known to be cut off.
func TestKdumpCutOrDamaged(t *testing.T) {
	k := smallKdump()
	clean := k.bytes()
	const descs = 5 * 4096
	n := len(k.frames())
	damaged := slices.Clone(clean)
	damaged[descs+descSize*(n-1)+6] = 0xff
	for _, c := range []struct {
		name, want string
		b          []byte
	}{
		{"damaged", "the file is cut off or damaged: 1 of its", damaged},
		{"cut in the pages", "the file is cut off or damaged: 1 of its", clean[:len(clean)-1]},
		{"cut in the descriptors", "the file is cut off: ", clean[:descs+descSize*(n-1)]},
	} {
		if d := mustRead(t, c.b); !strings.Contains(d.warnings(), c.want) || d.Complete {
			t.Errorf("%s: complete %v, %s", c.name, d.Complete, d.warnings())
		}
	}
}

func TestKdumpRefused(t *testing.T) {
	clean := smallKdump().bytes()
	for _, c := range []struct {
		name, want string
		change     func(b []byte) []byte
	}{
		{"cut in the header", "ends in the header", func(b []byte) []byte { return b[:300] }},
		{"cut in the bitmaps", "cut off", func(b []byte) []byte { return b[:4*4096] }},
		{"block size", "damaged", func(b []byte) []byte { b[428] = 1; return b }},
		{"frames", "damaged", func(b []byte) []byte { b[4096+96+3] = 1; return b }},
		{"diskdump", "diskdump", func(b []byte) []byte { copy(b, diskdumpMagic); return b }},
		{"no pages", "holds no memory", func(b []byte) []byte { clear(b[3*4096 : 5*4096]); return b }},
	} {
		if _, err := read(c.change(slices.Clone(clean))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestKdumpPrefixes(t *testing.T) {
	k := smallKdump()
	k.encoding = 1
	k.left = nil
	b := k.bytes()
	checkPrefixes(t, b, cuts(len(b), 1000, 64))
}

// flatten writes a dump in the flattened format: in pieces, of which later ones change what earlier ones wrote.
func flatten(b []byte) []byte {
	out := make([]byte, flatHeader)
	copy(out, flatMagic)
	out[23], out[31] = 1, 1
	piece := func(at, end int, data []byte) {
		out = binary.BigEndian.AppendUint64(out, uint64(at))
		out = binary.BigEndian.AppendUint64(out, uint64(end-at))
		out = append(out, data[at:end]...)
	}
	piece(0, 64, make([]byte, 64))
	for at := 4000; at < len(b); at += 3000 {
		piece(at, min(at+3000, len(b)), b)
	}
	piece(0, 4000, b)
	return append(out, bytes.Repeat([]byte{0xff}, 16)...)
}

func TestFlattened(t *testing.T) {
	k := smallKdump()
	k.encoding = 1
	k.left = nil
	plain := k.bytes()
	flat := flatten(plain)
	d := mustRead(t, flat)
	sameMemory(t, d, mustRead(t, plain))
	if !d.Complete || d.Version != "header version 6, 64-bit, flattened" {
		t.Errorf("%+v", d)
	}
	checkPrefixes(t, flat, cuts(len(flat), 0, 64))

	core := image(t, "elf-i386-m32-smp2")
	d = mustRead(t, flatten(core))
	sameMemory(t, d, mustRead(t, core))
	for _, c := range []struct {
		want   string
		change func(b []byte)
	}{
		{"version 2", func(b []byte) { b[31] = 2 }},
		{"holds nothing", func(b []byte) { b[flatHeader] = 0x80 }},
		{"neither", func(b []byte) { i := bytes.LastIndex(b, kdumpMagic); b[i] = 0 }},
	} {
		b := slices.Clone(flat)
		c.change(b)
		if _, err := read(b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// TestQEMUKdump compares QEMU's own kdump with itself in order, and with its registers.
func TestQEMUKdump(t *testing.T) {
	d := mustRead(t, image(t, "kdump-zlib-m64"))
	checkPattern(t, d)
	if !d.Complete || d.CPUs[0].value("efer")>>10&1 != 1 {
		t.Errorf("%+v", d)
	}
}

func BenchmarkKdumpPage(b *testing.B) {
	for _, name := range []string{"makedumpfile-lzo.kdump", "makedumpfile-lzo.flat"} {
		b.Run(name, func(b *testing.B) {
			d := mustRead(b, fixture(b, name))
			p := make([]byte, 4096)
			b.SetBytes(4096)
			for i := range b.N {
				if err := d.readAt(p, 0x200000+uint64(i%256)<<12); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpenKdump(b *testing.B) {
	raw := fixture(b, "makedumpfile-lzo.kdump")
	for range b.N {
		mustRead(b, raw)
	}
}

// TestKdumpUnknownMachine has the notes of an aarch64 guest: QEMU calls every machine but PCs "Unknown".
func TestKdumpUnknownMachine(t *testing.T) {
	k := smallKdump()
	k.machine, k.notes = "Unknown", parts(t, image(t, "elf-arm64-4k")).notes
	d := mustRead(t, k.bytes())
	want := mustRead(t, image(t, "elf-arm64-4k")).CPUs[0]
	if d.Arch != "aarch64" || len(d.CPUs) != 1 || d.CPUs[0].value("pc") != want.value("pc") || want.value("pc") == 0 {
		t.Errorf("%s: %v", d.Arch, d.CPUs)
	}
	if !strings.Contains(d.warnings(), "aarch64 is inferred") {
		t.Error(d.warnings())
	}
}
