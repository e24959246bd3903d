package scan

import (
	"slices"

	"github.com/svscript/svscript/savevm/memory"
)

// A mapper is a Memory that shows another one at other addresses, perhaps in several places: a virtual address space. The Beneath of its
// extents are addresses there.
type mapper interface{ Beneath() memory.Memory }

// Variables, so that tests can shrink them.
var (
	pageSize uint64 = 4096    // what is shared of the memory beneath; a power of two
	maxKept         = 2 << 20 // hits that are remembered, a page of them counted as four more
	maxTaken        = 1 << 14 // regions that are known, of 4096 pages each
)

// shared remembers what was found in the pages of the memory beneath, so that a page that is mapped again is not read and searched
// again: of it, only the bytes about its ends are, where other bytes may follow on it than before.
//
// The planner, which sees the chunks in order, tells who is the first to see a page and searches it; whoever sees it later is told
// what was found there when its turn has come to be yielded, which is after the first. All this is done in the consumer's
// goroutine.
//
// A match of a regular expression depends on those before it, so scans for one remember nothing.
type shared struct {
	after   int
	align   uint64
	regions map[uint64]*region
	hits    map[uint64][]hit // by the page's address beneath; counted from there
	kept    int
	full    bool // too much to remember; nothing is any more
}

// A region is what is known of pages that lie side by side in the memory beneath.
type region struct{ taken, inRow, known pageSet }

type pageSet [64]uint64

func (s *pageSet) has(page uint64) bool { return s[page>>6&63]>>(page&63)&1 != 0 }
func (s *pageSet) add(page uint64)      { s[page>>6&63] |= 1 << (page & 63) }

// A row is where addresses follow on each other in the memory beneath too: from first on, delta from their addresses.
type row struct{ first, delta uint64 }

// A piece is a part of a chunk, of pages that one thing is known of.
type piece struct {
	from, to int    // of the chunk's buffer
	beneath  uint64 // where it starts in the memory beneath
	role     role
}

type role uint8

const (
	searched role = iota // no whole page, or one that is not aligned as it is beneath: always searched
	first                // seen for the first time
	again                // seen again: what lies inside is known
	againRow             // seen again: what begins inside is known, as the same bytes follow
)

func (r role) repeats() bool { return r >= again }

// newShared returns nil where there is nothing to be gained.
func newShared(r *Result) *shared {
	if _, ok := r.mem.(mapper); !ok || r.before > 0 {
		return nil
	}
	return &shared{after: r.after, align: max(r.opts.Align, 1), regions: map[uint64]*region{}, hits: map[uint64][]hit{}}
}

// region returns what is known about a page, or nil where nothing can be.
func (s *shared) region(page uint64) *region {
	g := s.regions[page>>12]
	if g == nil && len(s.regions) < maxTaken && !s.full {
		g = &region{}
		s.regions[page>>12] = g
	}
	return g
}

func (s *shared) knows(page uint64) bool {
	g := s.regions[page>>12]
	return g != nil && g.known.has(page)
}

// divide makes out which pages of a chunk were seen before and what is to be read therefore. rows are those that the chunk
// lies in; the last one ends at last.
func (s *shared) divide(c *chunk, rows []row, last uint64) {
	if s.full {
		return
	}
	end, repeats := c.base+c.size-1, false
	for i, r := range rows {
		rowLast := last
		if i+1 < len(rows) {
			rowLast = rows[i+1].first - 1
		}
		at := max(r.first, c.base)
		for left := min(rowLast, end) - at + 1; at <= end && left > 0; {
			beneath := at + r.delta
			n := min(left, pageSize-beneath&(pageSize-1))
			p := piece{int(at - c.base), int(at - c.base + n), beneath, searched}
			if n == pageSize && at%s.align == beneath%s.align {
				p.role = s.take(beneath/pageSize, rowLast-(at+n-1) >= uint64(s.after))
			}
			repeats = repeats || p.role.repeats()
			c.pieces = appendPiece(c.pieces, p)
			at, left = at+n, left-n
		}
	}
	if repeats {
		c.parts = s.parts(c)
	}
}

// take tells a page's role and notes that it was seen. inRow: what may be looked at after it follows in the same row.
func (s *shared) take(page uint64, inRow bool) role {
	g := s.region(page)
	switch {
	case g == nil:
		return searched
	case !g.taken.has(page):
		g.taken.add(page)
		if inRow {
			g.inRow.add(page)
		}
		return first
	case inRow && g.inRow.has(page):
		return againRow
	}
	return again
}

func appendPiece(pieces []piece, p piece) []piece {
	if n := len(pieces); n > 0 {
		q := &pieces[n-1]
		if q.role == p.role && q.to == p.from && q.beneath+uint64(q.to-q.from) == p.beneath {
			q.to = p.to
			return pieces
		}
	}
	return append(pieces, p)
}

// parts are those of the chunk's buffer in which every match lies that is not known.
func (s *shared) parts(c *chunk) []segment {
	n := int(c.size) + c.after
	parts := []segment{}
	add := func(from, to int) {
		from, to = max(from, 0), min(to, n)
		if k := len(parts); k > 0 && parts[k-1].to >= from {
			parts[k-1] = segment{min(parts[k-1].from, from), max(parts[k-1].to, to)}
		} else if from < to {
			parts = append(parts, segment{from, to})
		}
	}
	for _, p := range c.pieces {
		switch p.role {
		case searched, first:
			add(p.from, p.to+s.after)
		case again: // what crosses a page's end
			for at := p.from + int(pageSize); at <= p.to; at += int(pageSize) {
				if s.after > 0 && at < n {
					add(at-s.after, at+s.after)
				}
			}
		}
	}
	return parts
}

// each calls f for the pages of a chunk's pieces that are in buf[from:to], with where they begin in buf, until it returns false.
func (c *chunk) each(from, to int, f func(r role, page uint64, at int) bool) bool {
	for _, p := range c.pieces {
		if p.role == searched || p.to <= from || p.from >= to {
			continue
		}
		skip := max(0, from-p.from) / int(pageSize)
		for at := p.from + skip*int(pageSize); at < min(p.to, to); at += int(pageSize) {
			if !f(p.role, (p.beneath+uint64(at-p.from))/pageSize, at) {
				return false
			}
		}
	}
	return true
}

// settle makes sure, before a chunk is yielded, that what it has not read is known.
func (s *searcher) settle(w *scanned) {
	if len(w.pieces) == 0 {
		return
	}
	ok := w.each(0, len(w.buf), func(r role, page uint64, at int) bool {
		if r != first {
			return s.shared.knows(page)
		}
		if g := s.shared.regions[page>>12]; g != nil {
			end := at + int(pageSize)
			if g.inRow.has(page) {
				end += s.shared.after
			}
			if w.has(at, end) {
				g.known.add(page)
			}
		}
		return true
	})
	if !ok {
		s.again(w, 0)
	}
}

// has reports whether buf[from:to] was read.
func (w *window) has(from, to int) bool {
	i, found := slices.BinarySearchFunc(w.segments, from, func(g segment, from int) int { return g.from - from })
	if !found {
		i--
	}
	return i >= 0 && w.segments[i].to >= to
}

// again searches all of a chunk, from buf[from:] on.
func (s *searcher) again(w *scanned, from int) {
	c := w.chunk
	c.parts = nil
	for i := range c.pieces {
		if c.pieces[i].role.repeats() {
			c.pieces[i].role = searched
		}
	}
	w.read(s.mem, c)
	w.hits, w.next = w.hits[:0], from
	s.advance(w)
}

// share remembers the hits in the pages that were seen for the first time, and adds those of the pages seen again. The hits are of
// buf[from:next].
func (s *searcher) share(w *scanned, from int) {
	if len(w.pieces) == 0 {
		return
	}
	s.shared.remember(w, from)
	if n := len(w.hits); w.parts != nil && !s.recall(w, from) {
		s.again(w, from)
	} else if len(w.hits) > n {
		arrange(w.hits)
		w.hits = slices.Compact(w.hits)
	}
}

func (s *shared) remember(w *scanned, from int) {
	hits := w.hits
	if len(hits) == 0 || s.full {
		return
	}
	w.each(from, w.next, func(r role, page uint64, at int) bool {
		i, _ := slices.BinarySearchFunc(hits, at, func(h hit, at int) int { return int(h.at) - at })
		if hits = hits[i:]; r != first || len(hits) == 0 || int(hits[0].at) >= at+int(pageSize) || !s.knows(page) {
			return len(hits) > 0
		}
		inRow, list := s.regions[page>>12].inRow.has(page), s.hits[page]
		if list == nil {
			s.kept += 4
		}
		for _, h := range hits {
			if h.at -= int32(at); uint64(h.at) >= pageSize {
				break
			}
			if inRow || uint64(h.at+h.length) <= pageSize {
				list = append(list, h)
				s.kept++
			}
		}
		if s.hits[page] = list; s.kept > maxKept {
			s.full, s.regions, s.hits = true, nil, nil
		}
		return !s.full
	})
}

// recall is false where something is not known.
func (s *searcher) recall(w *scanned, from int) bool {
	return w.each(from, w.next, func(r role, page uint64, at int) bool {
		if !r.repeats() {
			return true
		}
		if !s.shared.knows(page) {
			return false
		}
		for _, h := range s.shared.hits[page] {
			if r == again && uint64(h.at+h.length) > pageSize {
				continue
			}
			if h.at += int32(at); int(h.at) < from || int(h.at) >= w.next {
				continue
			}
			b := w.buf[h.at:][:h.length]
			if p := &s.patterns[h.pattern]; p.mask == nil {
				copy(b, p.value)
			} else if _, err := s.mem.ReadMemory(b, w.start+uint64(h.at)); err != nil {
				return false
			}
			w.hits = append(w.hits, h)
		}
		return true
	})
}
