package dump

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

// TestSettle compares with an address-by-address painting.
func TestSettle(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var pieces []piece
		var painted [40]int64 // the offset of each address, or -2
		for i := range painted {
			painted[i] = -2
		}
		for range r.IntN(8) {
			p := piece{base: r.Uint64N(30), size: r.Uint64N(10), offset: absent}
			if r.IntN(4) > 0 {
				p.offset = r.Int64N(50)
			}
			pieces = append(pieces, p)
			for i := range p.size {
				painted[p.base+i] = absent
				if p.offset != absent {
					painted[p.base+i] = p.offset + int64(i)
				}
			}
		}
		var got [40]int64
		for i := range got {
			got[i] = -2
		}
		next := uint64(0)
		for _, p := range settle(pieces) {
			if p.size == 0 || p.base < next {
				t.Fatalf("%v gives %v", pieces, settle(pieces))
			}
			next = p.end()
			for i := range p.size {
				got[p.base+i] = p.from(p.base + i).offset
			}
		}
		if got != painted {
			t.Fatalf("%v gives\n%v, want\n%v", pieces, got, painted)
		}
	}
}

func TestFillGaps(t *testing.T) {
	const mib, top = 1 << 20, 1 << 32
	ram := func(base, size uint64) piece { return piece{base, size, int64(base) + 0x1000} } // one block from offset 0x1000 on
	for _, c := range []struct {
		name    string
		there   []piece
		mapped  []piece
		end     int64
		want    []piece
		guessed bool
		unknown int64
	}{
		{"inside a block", []piece{ram(0, mib), ram(2*mib, mib)}, nil, 0x1000 + 3*mib, []piece{ram(mib, mib)}, false, 0},
		{"at the start", []piece{ram(mib, mib)}, nil, 0x1000 + 2*mib, []piece{ram(0, mib)}, false, 0},
		{"VGA window", []piece{ram(0, 0x90000), {mib, mib, 0x1000 + mib - 0x20000}}, nil, 0x1000 + 2*mib - 0x20000,
			[]piece{ram(0x90000, 0x10000), {0xc0000, 0x40000, 0x1000 + 0xa0000}}, false, 0},
		{"end of RAM, firmware", []piece{ram(0, 2*mib)}, []piece{{0, 3 * mib, absent}}, 0x1000 + 3*mib + 0x40000,
			[]piece{ram(2*mib, mib), {top - 0x40000, 0x40000, 0x1000 + 3*mib}, {top, 0, 0x1000 + 3*mib + 0x40000}}, true, 0},
		{"firmware, then RAM above 4 GiB", []piece{ram(0, 2*mib), {top + mib, mib, 0x1000 + 2*mib + 0x40000 + mib}}, nil,
			0x1000 + 2*mib + 0x40000 + 2*mib,
			[]piece{{2 * mib, 0, 0x1000 + 2*mib}, {top - 0x40000, 0x40000, 0x1000 + 2*mib}, {top, mib, 0x1000 + 2*mib + 0x40000}}, true, 0},
		{"video memory before the firmware", []piece{ram(0, 2*mib)}, nil, 0x1000 + 18*mib + 0x40000, nil, false, 16*mib + 0x40000},
		{"more bytes than room", []piece{ram(0, mib), {2 * mib, mib, 0x1000 + 4*mib}}, nil, 0x1000 + 5*mib, nil, false, 3 * mib},
		{"nothing", []piece{ram(0, mib)}, nil, 0x1000 + mib, nil, false, 0},
	} {
		got, guessed, unknown := fillGaps(c.there, c.mapped, 0x1000, c.end, true)
		if !reflect.DeepEqual(got, c.want) || guessed != c.guessed || unknown != c.unknown {
			t.Errorf("%s: %x, %v, %#x; want %x, %v, %#x", c.name, got, guessed, unknown, c.want, c.guessed, c.unknown)
		}
	}
}
