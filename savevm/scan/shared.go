package scan

import (
	"slices"
	"sync"

	"github.com/svscript/svscript/savevm/memory"
)

// A mapper is a Memory that shows another one at other addresses, perhaps in several places: a virtual address space. The Beneath of its
// extents are addresses there.
type mapper interface{ Beneath() memory.Memory }

// shared remembers what was found in the memory beneath, so that what is mapped again (a kernel's image, in its direct map too) is not
// read and searched again. What it knows are whole chunks that lie in a row beneath, with their context: about them, the same bytes at
// other addresses tell the same. Smaller pieces, pages mapped one by one in another order, are read again.
//
// A match of a regular expression depends on those before it, so scans for one remember nothing.
type shared struct {
	mu   sync.Mutex
	hits map[place][]hit
	kept int
}

// A place is a chunk as the memory beneath knows it.
type place struct {
	beneath, size uint64
	before, after int
	phase         uint64 // of its address, among those that a match may start at
}

const maxKept = 1 << 20 // places and hits, together

// newShared returns nil where there is nothing to be gained.
func newShared(r *Result) *shared {
	if _, ok := r.mem.(mapper); !ok {
		return nil
	}
	for i := range r.patterns {
		if r.patterns[i].regexp != nil {
			return nil
		}
	}
	return &shared{hits: map[place][]hit{}}
}

func (s *searcher) placeOf(c chunk) place {
	return place{c.beneath, c.size, c.before, c.after, c.base % max(s.opts.Align, 1)}
}

// recall makes out what it was when the same chunk was searched before, and reads just its hits. It reports false where it was not.
func (s *searcher) recall(c chunk, out *scanned) bool {
	if !c.inRow {
		return false
	}
	s.shared.mu.Lock()
	hits, ok := s.shared.hits[s.placeOf(c)]
	s.shared.mu.Unlock()
	if !ok {
		return false
	}
	out.chunk, out.start = c, c.base-uint64(c.before)
	n := c.before + int(c.size) + c.after
	out.buf = slices.Grow(out.buf[:0], n)[:n]
	out.segments, out.skips, out.ahead = out.segments[:0], out.skips[:0], out.ahead[:0]
	for _, h := range hits {
		if _, err := s.mem.ReadMemory(out.buf[h.at:][:h.length], out.start+uint64(h.at)); err != nil {
			return false
		}
	}
	out.hits = append(out.hits[:0], hits...)
	_, out.next = out.owned()
	return true
}

// remember keeps what a chunk was found to hold, if all of it was read and searched.
func (s *searcher) remember(w *scanned) {
	if !w.inRow || !w.finished() || len(w.segments) != 1 || w.segments[0] != (segment{0, len(w.buf)}) {
		return
	}
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	if s.shared.kept+1+len(w.hits) <= maxKept {
		s.shared.kept += 1 + len(w.hits)
		s.shared.hits[s.placeOf(w.chunk)] = slices.Clone(w.hits)
	}
}
