package paging

import (
	"context"
	"fmt"
	"iter"
)

// A Mapping is a run of virtual addresses that lead to as many physical ones in a row, through pages of one size and kind.
type Mapping struct {
	Base     uint64
	Size     uint64 // bytes; never 0
	Physical uint64 // of Base
	PageSize uint64 // bytes
	Flags    Flags  // effective
}

// Last is the address of the mapping's last byte.
func (m Mapping) Last() uint64 { return m.Base + m.Size - 1 }

// A Page is a mapping of one page, with the entry that maps it. It is cut where the interval that was asked for cuts the page.
type Page struct {
	Mapping
	EntryAddress uint64 // physical
	Entry        uint64 // 0 in physical mode
	EntryFlags   Flags  // the entry's own, not combined with the levels above
}

// A Skip is a part of the address space that could not be examined.
type Skip struct {
	Base   uint64
	Size   uint64 // bytes; 0 stands for 2^64
	Reason string
	Fault  *Fault // what is wrong with a table or an entry; nil when it is not that
}

// What bounds the listing of page tables that lead back to themselves or share tables on end. Every table is listed on its
// first visit; only repetition is bounded, so no honest guest, however large, comes near it. One that does is a Linux kernel
// with KASAN, whose shadow maps the same table millions of times.
const (
	maxVisits  = 64      // of one table at one level
	maxRepeats = 1 << 22 // entries looked at in second and later visits, all tables together
	maxSkips   = 1 << 16 // parts in Skipped; what comes after is summed up in the last one

	tooManySkips = "some of it, in too many parts to tell"
)

// Mappings is a listing of what an address space maps. It holds no more than the parts that were skipped.
type Mappings struct {
	space       *Space
	ctx         context.Context
	first, last uint64
	filter      Flags

	skipped  []Skip
	complete bool
}

// Mappings lists what is mapped from first to last, inclusive. With a filter, only mappings that have all of its flags.
func (s *Space) Mappings(first, last uint64, filter Flags) *Mappings {
	return s.MappingsContext(context.Background(), first, last, filter)
}

// MappingsContext is Mappings that ends early when ctx does. The rest is then in Skipped.
func (s *Space) MappingsContext(ctx context.Context, first, last uint64, filter Flags) *Mappings {
	return &Mappings{space: s, ctx: ctx, first: first, last: last, filter: filter}
}

// All yields the mappings in address order while it walks the tables: leaving the loop ends the work. Neighbours whose physical
// addresses follow on each other come as one, if their page size and all their flags are the same. Each call walks anew.
func (m *Mappings) All() iter.Seq[Mapping] {
	return func(yield func(Mapping) bool) {
		m.skipped, m.complete = nil, false
		var run Mapping
		w := m.space.walker(m.ctx, m.first, m.last, m.filter)
		w.skip = m.addSkip
		w.page = func(p *Page) bool {
			if run.Size != 0 {
				if run.PageSize == p.PageSize && run.Flags == p.Flags && run.Base+run.Size == p.Base && run.Physical+run.Size == p.Physical {
					run.Size += p.Size
					return true
				}
				if !yield(run) {
					return false
				}
			}
			run = p.Mapping
			return true
		}
		if !w.run() {
			return
		}
		if run.Size != 0 && !yield(run) {
			return
		}
		m.complete = len(m.skipped) == 0
	}
}

// Skipped returns the parts that the last loop over All could not examine, in address order.
func (m *Mappings) Skipped() []Skip { return m.skipped }

// Complete reports whether a loop over All has come to its end and had to skip nothing.
func (m *Mappings) Complete() bool { return m.complete }

func (m *Mappings) addSkip(s Skip) bool {
	if n := len(m.skipped); n > 0 {
		prev := &m.skipped[n-1]
		if prev.Fault == nil && s.Fault == nil && prev.Reason == s.Reason && prev.Base+prev.Size == s.Base {
			prev.Size += s.Size
			return true
		}
		if n == maxSkips {
			prev.Size = s.Base + s.Size - prev.Base
			prev.Reason, prev.Fault = tooManySkips, nil
			return true
		}
	}
	if s.Fault != nil {
		s.Reason = s.Fault.Error()
	}
	m.skipped = append(m.skipped, s)
	return true
}

// Pages yields every page that is mapped from first to last, inclusive, one by one, in address order. What cannot be examined
// is left out; [Space.Mappings] tells what that is.
func (s *Space) Pages(first, last uint64) iter.Seq[Page] {
	return func(yield func(Page) bool) {
		w := s.walker(context.Background(), first, last, 0)
		w.page = func(p *Page) bool { return yield(*p) }
		w.skip = func(Skip) bool { return true }
		w.run()
	}
}

// walker goes through the tables in address order and tells the pages and what it had to skip.
type walker struct {
	space       *Space
	ctx         context.Context
	first, last uint64
	filter      Flags
	page        func(*Page) bool // false ends the walk
	skip        func(Skip) bool  // its Reason is not set where there is a Fault

	visits  map[visit]int
	repeats int
	refused visit // the last one, and why
	reason  string
	buffers map[*level]*tableData // one table of each level, where the cache is not used
	current Page
}

type visit struct {
	address uint64
	level   *level
}

func (s *Space) walker(ctx context.Context, first, last uint64, filter Flags) *walker {
	return &walker{
		space: s, ctx: ctx, first: first, last: last, filter: filter,
		visits: map[visit]int{}, buffers: map[*level]*tableData{},
	}
}

// run reports whether the walk came to its end, and was not ended by a callback.
func (w *walker) run() bool {
	if w.space.mode == nil {
		return w.identity()
	}
	for i := range w.space.halves {
		h := &w.space.halves[i]
		lo, hi := max(h.first, w.first), min(h.last, w.last)
		if lo <= hi && h.off == "" && !w.table(h.levels, h.root, lo, hi, 0, 0) {
			return false
		}
	}
	return true
}

// table lists what the table of levels[0] maps from lo to hi.
func (w *walker) table(levels []level, address, lo, hi uint64, deny, add Flags) bool {
	l := &levels[0]
	address &= w.space.a20
	i, end := l.index(lo), l.index(hi)
	if reason := w.enter(l, address, int(end-i+1)); reason != "" {
		return w.skip(Skip{Base: lo, Size: hi - lo + 1, Reason: reason})
	}
	t := w.read(l, address)
	for base := lo &^ (l.size() - 1); i <= end; i, base = i+1, base+l.size() {
		from, to := max(base, lo), min(base+l.size()-1, hi)
		if t.entries[i] == 0 && t.err(i) == nil {
			continue
		}
		r := w.space.mode.decode(l, t.entries[i], i)
		switch {
		case t.err(i) != nil || r.kind == reserved || r.kind == addressSize:
			if !w.fault(l, t, i, end, r, from, hi) {
				return false
			}
			if t.err(i) != nil { // those of like cause went with it
				for i < end && t.err(i+1) == t.err(i) {
					i, base = i+1, base+l.size()
				}
			}
		case r.kind == page:
			if !w.leaf(l, t, i, r, from, to, deny, add) {
				return false
			}
		case r.kind == table:
			if w.filter&(deny|r.deny) != 0 {
				continue // nothing beneath can have the flags that are wanted
			}
			if !w.table(levels[1:], r.address, from, to, deny|r.deny, add|r.add) {
				return false
			}
		}
	}
	return true
}

// enter counts a visit to a table, and gives the reason if there shall be none.
func (w *walker) enter(l *level, address uint64, entries int) string {
	if err := context.Cause(w.ctx); err != nil {
		return err.Error()
	}
	v := visit{address, l}
	n := w.visits[v]
	if n == 0 || n < maxVisits && w.repeats < maxRepeats {
		w.visits[v]++
		if n > 0 {
			w.repeats += entries
		}
		return ""
	}
	if w.refused != v { // the same table is refused many times in a row
		w.refused = v
		w.reason = fmt.Sprintf("the %s at %#x has been listed %d times at other addresses", l.table, address, n)
	}
	return w.reason
}

// read gets a table. Those of the last level are many and seen once: they do not go into the cache.
func (w *walker) read(l *level, address uint64) *tableData {
	if !l.last {
		return w.space.table(l, address)
	}
	if t := w.space.cached(l, address); t != nil {
		return t
	}
	t := w.buffers[l]
	if t == nil {
		t = new(tableData)
		w.buffers[l] = t
	}
	w.space.readTable(t, l, address)
	return t
}

// fault skips what the entry i maps; when it cannot be read, also what the next ones do that fail for the same reason.
func (w *walker) fault(l *level, t *tableData, i, end uint64, r result, from, hi uint64) bool {
	f := w.space.fault(l, t, i, r)
	n := uint64(1)
	if f.Kind == FaultUnreadable {
		for i+n <= end && t.err(i+n) == t.err(i) {
			n++
		}
	}
	to := min(from&^(l.size()-1)+n*l.size()-1, hi)
	return w.skip(Skip{Base: from, Size: to - from + 1, Fault: f})
}

// leaf tells a page, or what from and to cut out of it.
func (w *walker) leaf(l *level, t *tableData, i uint64, r result, from, to uint64, deny, add Flags) bool {
	p := &w.current
	p.Flags = effective(l, r.flags, deny, add)
	if p.Flags&w.filter != w.filter {
		return true
	}
	p.PageSize, p.EntryFlags = l.size(), r.flags
	p.Entry, p.EntryAddress = t.entries[i], w.space.entryAddress(t, i)
	return w.pieces(from, to, r.address|from&(l.size()-1))
}

// pieces tells the current page from its address on, in one piece, or in MiBs when A20 is off.
func (w *walker) pieces(from, to, pa uint64) bool {
	p := &w.current
	for {
		left := to - from + 1
		p.Base = from
		p.Physical, p.Size, _ = w.space.physical(pa, left)
		if !w.page(p) {
			return false
		}
		if p.Size == left {
			return true
		}
		from, pa = from+p.Size, pa+p.Size
	}
}

// What the physical mode calls a page.
const (
	identityPage  = 4096
	identityFlags = FlagPresent | FlagRead | FlagWrite | FlagExec | FlagUser
)

// identity lists where the memory beneath has something. With A20 off that is a matter of the first 4 GiB.
func (w *walker) identity() bool {
	if identityFlags&w.filter != w.filter {
		return true
	}
	w.current = Page{Mapping: Mapping{PageSize: identityPage, Flags: identityFlags}, EntryFlags: identityFlags}
	step := w.last - w.first // one less than the size
	if w.space.a20 != ^uint64(0) {
		w.last, step = min(w.last, 1<<32-1), 0
	}
	for at := w.first; at <= w.last; {
		end := w.last
		if step == 0 {
			end = min(at|(a20Bit-1), w.last)
		}
		for e := range w.space.mem.Extents(at&w.space.a20, end&w.space.a20) {
			p := &w.current
			p.Base, p.Size, p.Physical = at+(e.Base-at&w.space.a20), e.Size, e.Base
			if !w.page(p) {
				return false
			}
		}
		if end == w.last {
			return true
		}
		at = end + 1
	}
	return true
}
