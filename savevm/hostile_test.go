package savevm_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// hostile builds a stream by hand, big-endian.
type hostile struct{ b []byte }

func (h *hostile) u8(v uint8)      { h.b = append(h.b, v) }
func (h *hostile) u32(v uint32)    { h.b = binary.BigEndian.AppendUint32(h.b, v) }
func (h *hostile) u64(v uint64)    { h.b = binary.BigEndian.AppendUint64(h.b, v) }
func (h *hostile) name(s string)   { h.b = append(append(h.b, byte(len(s))), s...) }
func (h *hostile) footer(i uint32) { h.u8(0x7e); h.u32(i) }

func (h *hostile) section(kind byte, id uint32, name string, version uint32) {
	h.u8(kind)
	h.u32(id)
	h.name(name)
	h.u32(0)
	h.u32(version)
}

// hostileStream is one with a section of RAM that fill writes, and a device of 64 bytes that the JSON describes.
func hostileStream(fill func(h *hostile), description string) []byte {
	h := &hostile{b: []byte("QEVM\x00\x00\x00\x03\x07\x00\x00\x00\x04test")}
	h.section(1, 2, "ram", 4)
	if fill == nil {
		fill = func(h *hostile) { h.table(4) }
	}
	fill(h)
	h.u64(0x10)
	h.footer(2)
	h.section(4, 3, "x", 1)
	h.b = append(h.b, make([]byte, 64)...)
	h.footer(3)
	h.u8(0)
	if description != "" {
		h.u8(6)
		h.u32(uint32(len(description)))
		h.b = append(h.b, description...)
	}
	return h.b
}

// table announces one block of so many pages, and a first page, so that records can go on.
func (h *hostile) table(pages uint64) {
	h.u64(pages<<12 | 4)
	h.name("pc.ram")
	h.u64(pages << 12)
	h.u64(2)
	h.name("pc.ram")
	h.u8(0)
}

func describe(fields string) string {
	return `{"devices": [{"name": "x", "instance_id": 0, "vmsd_name": "x", "version": 1, "fields": [` + fields + `]}]}`
}

// TestHostile opens files that are made to cost as much as they can, and uses what they open to. They may not open, but must
// take memory in proportion to their size and what they decompress to, and no time to speak of.
func TestHostile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	nested := func(open, end string, n int) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }
	structs := func(size, array string, n int) string {
		return nested(fmt.Sprintf(`{"name": "s", "type": "struct", "size": %s%s, "struct": {"vmsd_name": "s", "version": 1, "fields": [`, size, array), "]}}", n)
	}
	for _, c := range []struct {
		name string
		b    []byte
	}{
		{"description: arrays in arrays", hostileStream(nil, describe(nested("[", "]", 300000)))},
		{"description: structs in structs", hostileStream(nil, describe(structs("64", "", 20000)))},
		{"description: arrays of arrays of structs", hostileStream(nil, describe(structs("2", `, "array_len": 32`, 30)))},
		{"description: arrays of nothing", hostileStream(nil, describe(structs("0", `, "array_len": 4611686018427387904`, 20)))},
		{"description: sizes that overflow", hostileStream(nil, describe(
			`{"name": "a", "type": "uint8", "array_len": 9223372036854775807, "size": 2}, {"name": "b", "type": "buffer", "size": 9223372036854775807}`))},
		{"description: a name of 4 MB", hostileStream(nil, describe(`{"name": "`+strings.Repeat("n", 4<<20)+`", "type": "buffer", "size": 64}`))},
		{"description: fields without end", hostileStream(nil, describe(strings.TrimSuffix(strings.Repeat(
			`{"name": "a", "type": "uint8", "size": 0},`, 100000), ",")))},
		{"description: devices without end", hostileStream(nil, `{"devices": [`+strings.Repeat(`{"name": "x", "instance_id": 1, "fields": []},`, 100000))},
		{"description: many of them", bytes.Repeat(hostileStream(nil, describe("")), 3000)},

		{"RAM: blocks without end", hostileStream(func(h *hostile) {
			h.u64(1<<40 | 4)
			for i := range 30000 {
				h.name(fmt.Sprintf("block%d", i))
				h.u64(4096)
			}
		}, "")},
		{"RAM: a block of 2^63 bytes", hostileStream(func(h *hostile) { h.u64(1<<63 | 4); h.name("pc.ram"); h.u64(1 << 63) }, "")},
		{"RAM: the largest block, a page here and there", hostileStream(func(h *hostile) {
			h.table(1<<32 - 2)
			for range 100000 {
				h.u64(r.Uint64N(1<<32-2)<<12 | 0x22)
				h.u8(byte(r.Uint32()))
			}
		}, "")},
		{"RAM: pages from the last to the first", hostileStream(func(h *hostile) {
			const n = 200000
			h.table(n)
			for i := range uint64(n) {
				h.u64((n-1-i)<<12 | 0x22)
				h.u8(byte(i))
			}
		}, "")},
		{"RAM: one page, changed over and over", hostileStream(func(h *hostile) {
			h.table(4)
			for range 100000 {
				h.u64(0x60)
				h.b = append(h.b, 1, 0, 3, 0, 1, 'x')
			}
		}, "")},
		{"RAM: a zlib page of 2 MB", hostileStream(func(h *hostile) {
			h.table(4)
			h.u64(0x120)
			h.u32(8000)
			h.b = append(h.b, make([]byte, 8000)...)
		}, "")},
		{"sections: parts without end", hostileStream(func(h *hostile) {
			h.table(4)
			for range 100000 {
				h.u64(0x10)
				h.footer(2)
				h.u8(2)
				h.u32(2)
			}
		}, "")},
		{"sections: devices without end", hostileStream(func(h *hostile) {
			h.table(4)
			h.u64(0x10)
			h.footer(2)
			for i := range uint32(30000) {
				h.section(4, 100+i, "unknown", 1)
				h.u64(0)
				h.footer(100 + i)
			}
			h.u8(2)
			h.u32(2)
		}, "")},
		{"sections: headers that lead nowhere", bytes.Repeat([]byte("\x04\x00\x00\x00\x09\x03abc\x00\x00\x00\x00\x00\x00\x00\x01\x7e\x00\x00\x00\x09"), 100000)},
		{"sections: the same after a header", append(hostileStream(nil, ""), bytes.Repeat([]byte("\x01\x00\x00\x00\x02\x03ram"), 100000)...)},
		{"configuration: capabilities without end", append([]byte("QEVM\x00\x00\x00\x03\x07\x00\x00\x00\x04test"),
			"\x05\x1aconfiguration/capabilities\x00\x00\x00\x01\xff\xff\xff\xff"+strings.Repeat("\x01a", 1000000)...)},

		{"gzip of zeros", gzipOf(make([]byte, 256<<20))},
		{"gzip of gzip", gzipOf(gzipOf(gzipOf(gzipOf(gzipOf(gzipOf(gzipOf(gzipOf(gzipOf([]byte("QEVM"))))))))))},
		{"zstd of zeros", zstdOf(t, make([]byte, 256<<20))},
		{"ELF: segments that overlap", hostileELF(60000, func(i uint64) (offset, base, size uint64) { return i * 7, r.Uint64N(1 << 20), 1 << 19 })},
		{"ELF: segments apart", hostileELF(60000, func(i uint64) (offset, base, size uint64) { return i, i << 13, 4096 })},
		{"ELF: segments up to 2^56", hostileELF(60000, func(i uint64) (offset, base, size uint64) { return i, i << 40, 4000 })},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			_, heap := measure(t, c.b, c.name)
			elapsed := time.Since(start)
			t.Logf("%d KiB, %v, %d KiB of heap", len(c.b)>>10, elapsed, heap>>10)
			// The race detector, under which -short is run, empties pools, so that what they keep is allocated again and again.
			if limit := uint64(64<<20 + 100*len(c.b)); heap > limit && !testing.Short() || elapsed > 60*time.Second {
				t.Errorf("%d bytes took %v and %d KiB", len(c.b), elapsed, heap>>10)
			}
		})
	}
}

func gzipOf(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func zstdOf(t *testing.T, b []byte) []byte {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(b, nil)
}

// hostileELF is a core of n segments, with PN_XNUM, and 1 MiB of memory.
func hostileELF(n uint64, segment func(i uint64) (offset, base, size uint64)) []byte {
	le := binary.LittleEndian
	b := make([]byte, 64+64+56*n+1<<20)
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[16:], 4)      // ET_CORE
	le.PutUint16(b[18:], 62)     // EM_X86_64
	le.PutUint64(b[32:], 128)    // e_phoff
	le.PutUint64(b[40:], 64)     // e_shoff
	le.PutUint16(b[54:], 56)     // e_phentsize
	le.PutUint16(b[56:], 0xffff) // e_phnum: PN_XNUM
	le.PutUint16(b[58:], 64)
	le.PutUint16(b[60:], 1)
	le.PutUint32(b[64+44:], uint32(n)) // sh_info
	for i := range n {
		p := b[128+56*i:]
		offset, base, size := segment(i)
		le.PutUint32(p, 1) // PT_LOAD
		le.PutUint64(p[8:], 128+56*n+offset)
		le.PutUint64(p[16:], base)
		le.PutUint64(p[24:], base)
		le.PutUint64(p[32:], size)
		le.PutUint64(p[40:], size)
	}
	return b
}
