package scan

import (
	"encoding/binary"
	"slices"
)

const (
	gramSize = 4
	maxPairs = 4096 // the most pairs of bytes that one pattern may stand for
)

// A filter finds many patterns in one pass. From each pattern it takes a few bytes (a gram) that every match must hold, and a table
// of bits tells whether the bytes at a place may be the gram of some pattern; nearly all are not. Only then the patterns with that
// entry are compared.
//
// Where every pattern is long enough to give stride grams in a row, only one place in stride is looked at: one of the grams is there.
// (Wu, Manber: A fast algorithm for multi-pattern searching, 1994, for the idea.)
type filter struct {
	align    uint64
	mask     uint32 // of the bytes at a place that are the gram
	factor   uint32 // the entry of a gram is its product's upper half
	stride   int
	low      int // the least and greatest offset of a gram in its pattern
	high     int
	bits     [1 << 16 / 64]uint64
	begin    []uint32 // by entry: where its candidates begin; they end where the next entry's begin
	patterns []candidate
}

// A candidate is a pattern that has a gram of an entry at an offset.
type candidate struct {
	fixedPattern
	offset int
}

func (f *filter) entry(gram uint32) uint32 { return (gram & f.mask) * f.factor >> 16 }

// newGrams filters by four bytes that are fully known; every pattern has that many in a row.
func newGrams(patterns []fixedPattern, align uint64) *filter {
	f := &filter{align: align, mask: 1<<32 - 1, stride: 4}
	for _, p := range patterns {
		from, to := p.longestRun()
		for f.stride > 1 && to-from < gramSize+f.stride-1 {
			f.stride /= 2
		}
	}
	var grams []uint32
	var owners []candidate
	for _, p := range patterns {
		offset := rarest(p, f.stride)
		for o := offset; o < offset+f.stride; o++ {
			grams = append(grams, binary.LittleEndian.Uint32(p.value[o:]))
			owners = append(owners, candidate{p, o})
		}
	}
	f.factor = goodFactor(grams)
	f.fill(grams, owners)
	return f
}

// rarest is where stride grams in a row begin that are the least to be expected.
func rarest(p fixedPattern, stride int) int {
	from, to := p.longestRun()
	best, least := from, 1<<30
	for o := from; o+gramSize+stride-1 <= min(to, from+256); o++ {
		sum := 0
		for s := range stride {
			g := 0
			for _, b := range p.value[o+s : o+s+gramSize] {
				g += int(frequent[b])
			}
			sum = max(sum, g)
		}
		if sum < least {
			best, least = o, sum
		}
	}
	return best
}

// goodFactor chooses a multiplier under which what memory is full of shares no entry with a gram, if there is one.
func goodFactor(grams []uint32) uint32 {
	common := []uint32{0, 1<<32 - 1, 0x20202020, 0xcccccccc, 1, 1 << 8, 1 << 16, 1 << 24, 0xffff, 0xffff0000, 0xff000000, 0xff}
	factor, best, least := uint32(0x9e3779b1), uint32(0), 1<<30
	for range 64 {
		clashes := 0
		for _, g := range grams {
			for _, c := range common {
				if g != c && g*factor>>16 == c*factor>>16 {
					clashes++
				}
			}
		}
		if clashes < least {
			best, least = factor, clashes
		}
		if least == 0 {
			break
		}
		factor = factor*0x01000193 + 2
	}
	return best
}

// newPairs filters by two bytes, of which some bits may be unknown.
func newPairs(patterns []fixedPattern, align uint64) *filter {
	f := &filter{align: align, mask: 1<<16 - 1, factor: 1 << 16, stride: 1}
	var grams []uint32
	var owners []candidate
	for _, p := range patterns {
		pair := bestPair(p)
		for g := range uint32(1 << 16) {
			if g&pair.mask == pair.value {
				grams = append(grams, g)
				owners = append(owners, candidate{p, pair.offset})
			}
		}
	}
	f.fill(grams, owners)
	return f
}

// A pair is two bytes of a pattern (the second of which may lie beyond it: any), as a little-endian number.
type pair struct {
	offset      int
	value, mask uint32
	width       int // how many numbers it stands for
}

// bestPair is the pair of the pattern that is least to be expected.
func bestPair(p fixedPattern) (best pair) {
	least := 2.0
	for o := range min(max(len(p.value)-1, 1), 256) {
		next := pair{offset: o, value: uint32(p.value[o]), mask: uint32(p.bits(o)), width: 1}
		expected := share(p.value[o], p.bits(o))
		if o+1 < len(p.value) {
			next.value |= uint32(p.value[o+1]) << 8
			next.mask |= uint32(p.bits(o+1)) << 8
			expected *= share(p.value[o+1], p.bits(o+1))
		}
		for b := range 16 {
			if next.mask>>b&1 == 0 {
				next.width *= 2
			}
		}
		if expected < least {
			best, least = next, expected
		}
	}
	return best
}

// fill builds the tables of grams and the candidates that have them.
func (f *filter) fill(grams []uint32, owners []candidate) {
	f.low = owners[0].offset
	f.begin = make([]uint32, 1<<16+1)
	f.patterns = make([]candidate, len(owners))
	for i, g := range grams {
		f.low, f.high = min(f.low, owners[i].offset), max(f.high, owners[i].offset)
		e := f.entry(g)
		f.bits[e/64] |= 1 << (e % 64)
		f.begin[e+1]++
	}
	for e := range 1 << 16 {
		f.begin[e+1] += f.begin[e]
	}
	free := slices.Clone(f.begin)
	for i, g := range grams {
		e := f.entry(g)
		f.patterns[free[e]] = owners[i]
		free[e]++
	}
}

func (f *filter) find(text []byte, from, to int, address uint64, hits []hit) []hit {
	at, end := from+f.low, min(to+f.high, len(text))
	at += (f.stride - at%f.stride) % f.stride
	if fast := min(end, len(text)-7); f.stride == 1 {
		at, hits = f.everywhere(text, at, fast, from, to, address, hits)
	}
	bits, mask, factor, stride := &f.bits, f.mask, f.factor, f.stride
	for fast := min(end, len(text)-3); at < fast; at += stride {
		e := (binary.LittleEndian.Uint32(text[at:]) & mask) * factor >> 16
		if bits[e/64]>>(e%64)&1 != 0 {
			hits = f.compare(text, at, from, to, address, e, hits)
		}
	}
	for ; at < end; at += f.stride {
		var gram [4]byte
		copy(gram[:], text[at:])
		e := f.entry(binary.LittleEndian.Uint32(gram[:]))
		hits = f.compare(text, at, from, to, address, e, hits)
	}
	return hits
}

// everywhere is find for a stride of 1, four places at a time. It returns where it stopped, short of end.
func (f *filter) everywhere(text []byte, at, end, from, to int, address uint64, hits []hit) (int, []hit) {
	bits, mask, factor := &f.bits, f.mask, f.factor
	for ; at+4 <= end; at += 4 {
		x := binary.LittleEndian.Uint64(text[at:])
		e0 := (uint32(x) & mask) * factor >> 16
		e1 := (uint32(x>>8) & mask) * factor >> 16
		e2 := (uint32(x>>16) & mask) * factor >> 16
		e3 := (uint32(x>>24) & mask) * factor >> 16
		if (bits[e0/64]>>(e0%64)|bits[e1/64]>>(e1%64)|bits[e2/64]>>(e2%64)|bits[e3/64]>>(e3%64))&1 == 0 {
			continue
		}
		for i, e := range [...]uint32{e0, e1, e2, e3} {
			hits = f.compare(text, at+i, from, to, address, e, hits)
		}
	}
	return at, hits
}

// compare looks for the patterns that may have their gram at text[at:].
func (f *filter) compare(text []byte, at, from, to int, address uint64, entry uint32, hits []hit) []hit {
	for i := f.begin[entry]; i < f.begin[entry+1]; i++ {
		p := &f.patterns[i]
		if s := at - p.offset; s >= from && s < to && p.at(text, s) && aligned(address+uint64(s), f.align) {
			hits = append(hits, p.hit(s))
		}
	}
	return hits
}
