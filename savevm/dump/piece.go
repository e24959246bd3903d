package dump

import "slices"

// A piece is an interval of addresses, and where in the file its bytes are one after the other.
type piece struct {
	base, size uint64 // base+size does not overflow
	offset     int64  // in the file, or absent
}

// absent is the offset of memory that the dumped machine has and the file does not hold.
const absent = -1

func (p piece) end() uint64 { return p.base + p.size }

// from is the piece without what lies below address.
func (p piece) from(address uint64) piece {
	skip := address - p.base
	p.base, p.size = address, p.size-skip
	if p.offset != absent {
		p.offset += int64(skip)
	}
	return p
}

// upTo is the piece without what lies at address and above.
func (p piece) upTo(address uint64) piece {
	p.size = address - p.base
	return p
}

// settle returns the pieces in address order without overlaps: of several with one address the last counts.
func settle(pieces []piece) []piece {
	pieces = slices.DeleteFunc(pieces, func(p piece) bool { return p.size == 0 })
	for i := 1; i < len(pieces); i++ {
		if pieces[i].base < pieces[i-1].end() {
			mid := len(pieces) / 2
			return overlay(settle(slices.Clone(pieces[:mid])), settle(slices.Clone(pieces[mid:])))
		}
	}
	return overlay(nil, pieces)
}

// overlay puts the pieces of above over those below; both are in order and without overlaps.
func overlay(below, above []piece) []piece {
	out := make([]piece, 0, len(below)+len(above))
	for _, a := range above {
		for len(below) > 0 && below[0].base < a.base {
			b := below[0]
			if b.end() > a.base {
				out = put(out, b.upTo(a.base))
				below[0] = b.from(a.base)
				break
			}
			out = put(out, b)
			below = below[1:]
		}
		for len(below) > 0 && below[0].end() <= a.end() {
			below = below[1:]
		}
		if len(below) > 0 && below[0].base < a.end() {
			below[0] = below[0].from(a.end())
		}
		out = put(out, a)
	}
	for _, b := range below {
		out = put(out, b)
	}
	return out
}

// put appends a piece, to the last one where it goes on there.
func put(out []piece, p piece) []piece {
	if n := len(out); n > 0 {
		last := &out[n-1]
		follows := last.offset == absent && p.offset == absent ||
			last.offset != absent && p.offset == last.offset+int64(last.size)
		if last.end() == p.base && follows {
			last.size += p.size
			return out
		}
	}
	return append(out, p)
}
