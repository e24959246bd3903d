package ram

import (
	"math/rand/v2"
	"testing"

	"github.com/svscript/svscript/savevm/internal/wire"
	"github.com/svscript/svscript/savevm/memory"
)

// TestLastRecordCounts adds records in every order and compares the index with a table of pages, at each seed another one.
func TestLastRecordCounts(t *testing.T) {
	const pages = 64
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		b, err := NewBlock("b", pages<<12, 4096, &wire.Source{})
		if err != nil {
			t.Fatal(err)
		}
		var want [pages]ref
		base := map[int64]ref{} // of a difference: what it changes
		next := uint32(0)
		for n := range 1 + r.IntN(200) {
			page := next
			if r.IntN(4) == 0 {
				page = r.Uint32N(pages)
			}
			count := 1 + r.Uint32N(min(pages-page, 9))
			off := int64(n+1) << 20
			switch r.IntN(4) {
			case 0:
				b.AddFill(uint64(page)<<12, uint64(count), byte(n), 0)
				for i := range count {
					want[page+i] = makeRef(EncodingFill, byte(n), 0)
				}
			case 1:
				b.AddFlat(uint64(page)<<12, uint64(count), off)
				for i := range count {
					want[page+i] = makeRef(EncodingFlat, 0, off+int64(i)<<12)
				}
			case 2:
				count = 1
				index := int64(len(b.deltas))
				b.AddXBZRLE(uint64(page)<<12, off, 5)
				base[index] = want[page]
				want[page] = makeRef(EncodingXBZRLE, 0, index)
			default:
				count = 1
				b.AddPages(uint64(page)<<12, 1, off)
				want[page] = makeRef(EncodingPage, 0, off)
			}
			if next = page + count; next >= pages {
				next = 0
			}
		}
		b.Seal()
		for page, w := range want {
			got, ok := b.lookup(uint32(page))
			if ok != (w != 0) || got != w {
				t.Fatalf("seed %d: page %d is at %#x, want %#x", seed, page, got, w)
			}
			for got.encoding() == EncodingXBZRLE {
				below := b.deltas[got.offset()].base
				if below != base[got.offset()] {
					t.Fatalf("seed %d: page %d: the difference changes %#x, want %#x", seed, page, below, base[got.offset()])
				}
				got = below
			}
		}
		for i := 1; i < len(b.runs); i++ {
			if b.runs[i].page < b.runs[i-1].end() {
				t.Fatalf("seed %d: the runs overlap: %v", seed, b.runs)
			}
		}
		checkExtents(t, b, want[:])
	}
}

func checkExtents(t *testing.T, b *Block, want []ref) {
	t.Helper()
	at := uint64(0)
	for e := range b.Extents(0, ^uint64(0)) {
		if e.Base != at {
			t.Fatalf("an extent starts at %#x, the last one ended at %#x", e.Base, at)
		}
		for ; at < e.Base+e.Size; at += 4096 {
			kind := memory.Data
			switch want[at>>12].encoding() {
			case notStored:
				kind = memory.Absent
			case EncodingFill:
				kind = memory.Fill
			}
			if kind != e.Kind || kind == memory.Fill && e.Fill != want[at>>12].fill() {
				t.Fatalf("%#x is %v, want %v", at, e.Kind, kind)
			}
		}
	}
	if at != b.Size {
		t.Fatalf("the extents end at %#x", at)
	}
}

// TestXBZRLE applies differences by hand (docs/devel/migration/xbzrle in QEMU's source: runs of unchanged and of new bytes).
func TestXBZRLE(t *testing.T) {
	for _, c := range []struct {
		enc  string
		want string // "" : damaged
	}{
		{"", "0123456789"},
		{"\x02\x02AB", "01AB456789"},
		{"\x00\x01A\x03\x02BC", "A123BC6789"},
		{"\x0a", "0123456789"},
		{"\x02\x02A", ""},
		{"\x0b", ""},
		{"\x80", ""},
		{"\x80\x80\x01", ""},
		{"\x05\x06ABCDEF", ""},
	} {
		page := []byte("0123456789")
		err := applyXBZRLE(page, []byte(c.enc))
		if (err != nil) != (c.want == "") || err == nil && string(page) != c.want {
			t.Errorf("%q gives %q, %v, want %q", c.enc, page, err, c.want)
		}
	}
}

func FuzzXBZRLE(f *testing.F) {
	f.Add([]byte("\x02\x02AB"))
	f.Add([]byte("\x80\x01\x02AB"))
	f.Fuzz(func(_ *testing.T, enc []byte) { applyXBZRLE(make([]byte, 4096), enc) })
}
