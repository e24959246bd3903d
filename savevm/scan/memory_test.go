package scan

import (
	"iter"
	"math/rand/v2"
	"testing"

	"github.com/svscript/svscript/savevm/memory"
)

// A fake is a Memory of given extents. Bytes of Data extents lie in data at the extent's Beneath; bad addresses cannot be read although their extent
// says so.
type fake struct {
	extents []memory.Extent
	data    []byte
	bad     map[uint64]bool // by granule
}

func (f *fake) Extents(first, last uint64) iter.Seq[memory.Extent] {
	return func(yield func(memory.Extent) bool) {
		for _, e := range f.extents {
			if e.Last() < first || e.Base > last {
				continue
			}
			lo, hi := max(e.Base, first), min(e.Last(), last)
			e.Beneath += lo - e.Base
			e.Base, e.Size = lo, hi-lo+1
			if !yield(e) {
				return
			}
		}
	}
}

func (f *fake) at(address uint64) (byte, memory.Reason) {
	for _, e := range f.extents {
		if address < e.Base || address > e.Last() {
			continue
		}
		switch {
		case e.Kind == memory.Absent:
			return 0, memory.ReasonAbsent
		case e.Kind == memory.NotRAM:
			return 0, memory.ReasonNotRAM
		case f.bad[address&^(granule-1)]:
			return 0, memory.ReasonAbsent
		case e.Kind == memory.Fill:
			return e.Fill, ""
		}
		return f.data[e.Beneath+(address-e.Base)], ""
	}
	return 0, memory.ReasonUnmapped
}

func (f *fake) ReadMemory(p []byte, address uint64) (int, error) {
	for i := range p {
		b, reason := f.at(address + uint64(i))
		if reason != "" || i > 0 && address+uint64(i) == 0 {
			return i, &memory.Error{Address: address + uint64(i), Length: uint64(len(p)), Reason: reason}
		}
		p[i] = b
	}
	return len(p), nil
}

// flat is every address of a fake with its byte, or -1 where it cannot be read, from base on.
func (f *fake) flat() (base uint64, bytes []int) {
	if len(f.extents) == 0 {
		return 0, nil
	}
	base = f.extents[0].Base
	n := f.extents[len(f.extents)-1].Last() - base + 1
	bytes = make([]int, n)
	for i := range bytes {
		b, reason := f.at(base + uint64(i))
		if bytes[i] = int(b); reason != "" {
			bytes[i] = -1
		}
	}
	return base, bytes
}

// randomFake makes a small memory of all kinds of extents, over few distinct byte values so that much matches.
func randomFake(r *rand.Rand, alphabet []byte) *fake {
	f := &fake{bad: map[uint64]bool{}}
	f.data = make([]byte, 600)
	for i := range f.data {
		f.data[i] = alphabet[r.IntN(len(alphabet))]
	}
	base := uint64(r.IntN(64))
	if r.IntN(4) == 0 {
		base = ^uint64(0) - 2047 // may end at 2^64
	}
	used := uint64(0)
	for i := range 1 + r.IntN(8) {
		if r.IntN(4) == 0 && i > 0 {
			base += uint64(1 + r.IntN(20))
		}
		e := memory.Extent{Base: base, Size: uint64(1 + r.IntN(60)), Kind: memory.Data, Beneath: used}
		switch r.IntN(8) {
		case 0, 1:
			e.Kind, e.Fill, e.Size = memory.Fill, alphabet[r.IntN(len(alphabet))], uint64(1+r.IntN(200))
		case 2:
			e.Kind = memory.Absent
		case 3:
			e.Kind = memory.NotRAM
		default:
			used += e.Size
		}
		if base > ^uint64(0)-300 { // the last one
			e.Kind, e.Size, e.Beneath = memory.Data, -base, 0
			f.extents = append(f.extents, e)
			break
		}
		f.extents = append(f.extents, e)
		base += e.Size
	}
	// Reading gives up a whole granule, so one that is bad holds nothing else that could be read.
	for _, e := range f.extents {
		if g := (e.Base + granule - 1) &^ (granule - 1); e.Kind == memory.Data && e.Size > 2*granule && r.IntN(8) == 0 {
			f.bad[g] = true
		}
	}
	return f
}

// shrink makes chunks, blocks and whatever else has borders small for a test.
func shrink(t testing.TB, r *rand.Rand) {
	a, b, c, d, e := chunkSize, idleFill, granule, blockSize, maxHits
	t.Cleanup(func() { chunkSize, idleFill, granule, blockSize, maxHits = a, b, c, d, e })
	chunkSize = 16 << r.IntN(4)
	granule = 8
	idleFill = uint64(r.IntN(20))
	blockSize = 5 + r.IntN(40)
	maxHits = 1 + r.IntN(8)
}

// holes are the intervals that a complete coverage must name.
func (f *fake) holes(first, last uint64) (n uint64) {
	base, flat := f.flat()
	for i, b := range flat {
		a := base + uint64(i)
		if b >= 0 || a < first || a > last {
			continue
		}
		for _, e := range f.extents {
			if a >= e.Base && a <= e.Last() {
				n++
			}
		}
	}
	return n
}

func skippedBytes(c *Coverage) (n uint64) {
	for _, s := range c.Skipped() {
		n += s.Size
	}
	return n
}
