package kallsyms_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/symbols/kallsyms"
	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// A layout is what scripts/kallsyms.c of some versions writes.
type layout struct {
	name        string
	word        int  // bytes of a long
	longMarkers bool // before 4.20
	seqsEarly   bool // 6.2, 6.3 and stable kernels: seqs_of_names between markers and token_table
	late        bool // from 6.4: addresses after token_index
	form        kallsyms.Form
	bigNames    bool // from 6.1
}

var layouts = []layout{
	{name: "4.4 amd64, absolute", word: 8, longMarkers: true, form: kallsyms.Absolute},
	{name: "4.4 i386, absolute", word: 4, longMarkers: true, form: kallsyms.Absolute},
	{name: "4.19 amd64", word: 8, longMarkers: true, form: kallsyms.AbsolutePerCPU},
	{name: "4.19 arm64", word: 8, longMarkers: true, form: kallsyms.Relative},
	{name: "5.10 amd64", word: 8, form: kallsyms.AbsolutePerCPU},
	{name: "5.10 arm64", word: 8, form: kallsyms.Relative},
	{name: "5.10 i386", word: 4, form: kallsyms.Relative},
	{name: "5.10 ia64, absolute", word: 8, form: kallsyms.Absolute},
	{name: "6.3 amd64", word: 8, seqsEarly: true, form: kallsyms.AbsolutePerCPU, bigNames: true},
	{name: "6.3 i386", word: 4, seqsEarly: true, form: kallsyms.Relative, bigNames: true},
	{name: "6.4 amd64", word: 8, late: true, form: kallsyms.AbsolutePerCPU, bigNames: true},
	{name: "6.4 amd64, absolute", word: 8, late: true, form: kallsyms.Absolute, bigNames: true},
	{name: "6.15 amd64", word: 8, late: true, form: kallsyms.Relative, bigNames: true},
	{name: "6.15 i386", word: 4, late: true, form: kallsyms.Relative, bigNames: true},
	{name: "7.0 amd64", word: 8, late: true, form: kallsyms.SelfRelative, bigNames: true},
	{name: "7.0 i386", word: 4, late: true, form: kallsyms.Absolute, bigNames: true},
}

// image is a kernel's memory: its tables, and where they are mapped.
type image struct {
	data      []byte
	delta     uint64 // virtual minus physical
	addresses int    // where in the data their table begins
}

// write makes the memory of a kernel with these symbols.
func (l layout) write(symbols []symtab.Symbol, base uint64) image {
	const text = 1 << 20 // physical address of _text
	img := image{data: make([]byte, 2<<20), delta: base - text}
	align := func() {
		for len(img.data)%l.word != 0 {
			img.data = append(img.data, 0)
		}
	}
	u32 := func(v uint32) { img.data = binary.LittleEndian.AppendUint32(img.data, v) }
	long := func(v uint64) {
		if l.word == 4 {
			u32(uint32(v))
			return
		}
		img.data = binary.LittleEndian.AppendUint64(img.data, v)
	}
	addresses := func() {
		align()
		img.addresses = len(img.data)
		for _, s := range symbols {
			switch l.form {
			case kallsyms.Absolute:
				long(s.Address)
			case kallsyms.Relative:
				u32(uint32(s.Address - base))
			case kallsyms.AbsolutePerCPU:
				if s.Address < base {
					u32(uint32(s.Address))
				} else {
					u32(uint32(base - s.Address - 1))
				}
			case kallsyms.SelfRelative:
				u32(uint32(s.Address - img.delta - uint64(len(img.data))))
			}
		}
		if l.form == kallsyms.Relative || l.form == kallsyms.AbsolutePerCPU {
			align()
			long(base)
		}
	}
	seqs := func() {
		align()
		for i := range symbols {
			img.data = append(img.data, byte(i>>16), byte(i>>8), byte(i))
		}
	}
	if !l.late {
		addresses()
	}
	align()
	u32(uint32(len(symbols)))
	align()
	tokens := tokenTable()
	markers := l.names(&img, symbols, tokens)
	align()
	for _, m := range markers {
		u32(uint32(m))
		if l.longMarkers && l.word == 8 {
			u32(0)
		}
	}
	if l.seqsEarly {
		seqs()
	}
	align()
	table := len(img.data)
	var index []byte
	for _, t := range tokens {
		index = binary.LittleEndian.AppendUint16(index, uint16(len(img.data)-table))
		img.data = append(append(img.data, t...), 0)
	}
	align()
	img.data = append(img.data, index...)
	if l.late {
		addresses()
		seqs()
	}
	img.data = append(img.data, make([]byte, 1<<16)...)
	return img
}

// names writes the compressed names and returns the markers.
func (l layout) names(img *image, symbols []symtab.Symbol, tokens [256]string) (markers []int) {
	start, codes := len(img.data), map[string]byte{}
	for i, t := range slices.Backward(tokens[:]) {
		codes[t] = byte(i)
	}
	for i, s := range symbols {
		if i%256 == 0 {
			markers = append(markers, len(img.data)-start)
		}
		compressed := compress(string(s.Type)+s.Name, codes)
		n := len(compressed)
		if n > 0x7f {
			img.data = append(img.data, byte(n&0x7f|0x80), byte(n>>7))
		} else {
			img.data = append(img.data, byte(n))
		}
		img.data = append(img.data, compressed...)
	}
	return markers
}

// tokenTable has the characters of names for themselves, and pairs for the rest.
func tokenTable() (tokens [256]string) {
	pairs := strings.Fields("__ re in er st t_ _s _p de co ti on al te ed")
	for i := range tokens {
		c := byte(i)
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '.' {
			tokens[i] = string(c)
		} else {
			tokens[i] = pairs[i%len(pairs)]
		}
	}
	return tokens
}

// compress takes pairs where there is a token for one. Several have the same one; the first is taken.
func compress(name string, codes map[string]byte) (out []byte) {
	for len(name) > 0 {
		n := min(2, len(name))
		if _, ok := codes[name[:n]]; !ok {
			n = 1
		}
		out = append(out, codes[name[:n]])
		name = name[n:]
	}
	return out
}

func randomSymbols(l layout, n int, base uint64) []symtab.Symbol {
	random := rand.New(rand.NewPCG(uint64(n), 1))
	var all []symtab.Symbol
	address := uint64(0)
	for i := range n {
		name := fmt.Sprintf("sys_%x_interrupted_%d", random.Uint32(), i)
		if l.bigNames && i%97 == 5 {
			name += strings.Repeat("Rust7core", 30)
		}
		switch perCPU := l.form == kallsyms.AbsolutePerCPU && i < 40; {
		case perCPU:
			address = uint64(i) * 64
			all = append(all, symtab.Symbol{Name: name, Type: 'A', Address: address})
			continue
		case address < base:
			address = base
			name = "_text"
		default:
			address += uint64(random.IntN(200))
		}
		all = append(all, symtab.Symbol{Name: name, Type: "TtDdRr"[i%6], Address: address})
	}
	return all
}

func TestLayouts(t *testing.T) {
	for _, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			for _, n := range []int{1100, 5000, 5120, 20001} {
				base := uint64(0xffffffff81000000)
				if l.word == 4 {
					base = 0xc1000000
				}
				want := randomSymbols(l, n, base)
				img := l.write(want, base)
				found := 0
				for c := range kallsyms.Locate(t.Context(), memory.Bytes(img.data), 0, 0) {
					found++
					r, err := c.Decode()
					if err != nil {
						t.Fatal(err)
					}
					check(t, l, r, img, want)
				}
				if found != 1 {
					t.Errorf("%d symbols: %d tables were found, want 1", n, found)
				}
			}
		})
	}
}

func check(t *testing.T, l layout, r *kallsyms.Result, img image, want []symtab.Symbol) {
	t.Helper()
	table := r.Table
	if r.InPlace {
		table = table.Shift(img.delta, 0)
	}
	if r.Form != l.form || r.Bits != 8*l.word || r.Late != l.late || r.Missing != 0 || table.Len() != len(want) {
		t.Fatalf("%s, %d bits, late %v: %d symbols, %d missing; want %s, %d symbols", r.Form, r.Bits, r.Late, table.Len(), r.Missing, l.form, len(want))
	}
	for i, w := range want {
		if have := table.At(i); have != w {
			t.Fatalf("symbol %d is %v, want %v", i, have, w)
		}
	}
}

// A page of addresses that is lost, to zeros or to noise, costs its symbols; no symbol is where it was not.
func TestLostAddresses(t *testing.T) {
	const pageSize, n = 4096, 20001
	for _, l := range layouts {
		size := 4
		if l.form == kallsyms.Absolute {
			size = l.word
		}
		base := uint64(0xffffffff81000000)
		if l.word == 4 {
			base = 0xc1000000
		}
		want := randomSymbols(l, n, base)
		for _, noise := range []bool{false, true} {
			for _, nth := range []int{1, 7} {
				t.Run(fmt.Sprintf("%s, page %d, noise %v", l.name, nth, noise), func(t *testing.T) {
					img, random := l.write(want, base), rand.New(rand.NewPCG(uint64(nth), 2))
					page := (img.addresses/pageSize + nth) * pageSize
					for i := range pageSize {
						img.data[page+i] = 0
						if noise {
							img.data[page+i] = byte(random.Uint32())
						}
					}
					first, end := (page-img.addresses)/size, (page+pageSize-img.addresses+size-1)/size
					rest := slices.Concat(want[:first], want[end:])
					for c := range kallsyms.Locate(t.Context(), memory.Bytes(img.data), 0, 0) {
						r, err := c.Decode()
						if err != nil {
							t.Fatal(err)
						}
						if r.Missing != end-first || r.Table.Len() != len(rest) {
							t.Fatalf("%d symbols, %d missing; want %d, %d", r.Table.Len(), r.Missing, len(rest), end-first)
						}
						table := r.Table
						if r.InPlace {
							table = table.Shift(img.delta, 0)
						}
						for i, w := range rest {
							if have := table.At(i); have != w {
								t.Fatalf("symbol %d is %v, want %v", i, have, w)
							}
						}
					}
				})
			}
		}
	}
}

// FuzzDecode decodes damaged tables.
func FuzzDecode(f *testing.F) {
	for i := range layouts {
		f.Add(uint8(i), uint32(3), []byte{0xff, 0})
	}
	f.Fuzz(func(t *testing.T, which uint8, at uint32, change []byte) {
		l := layouts[int(which)%len(layouts)]
		base := uint64(0xffffffff81000000)
		if l.word == 4 {
			base = 0xc1000000
		}
		img := l.write(randomSymbols(l, 1200, base), base)
		tables := img.data[2<<20:]
		copy(tables[int(at)%len(tables):], change)
		for c := range kallsyms.Locate(t.Context(), memory.Bytes(img.data), 0, 0) {
			r, err := c.Decode()
			if err != nil {
				continue
			}
			if r.Table.Len()+r.Missing > r.Count {
				t.Errorf("%d symbols and %d missing of %d", r.Table.Len(), r.Missing, r.Count)
			}
			for s := range r.Table.All() {
				if l, ok := r.Table.Symbolize(s.Address); !ok || l.Address != s.Address {
					t.Fatalf("%v is symbolized as %v", s, l)
				}
			}
		}
	})
}
