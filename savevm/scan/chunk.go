package scan

import (
	"iter"
	"slices"

	"github.com/svscript/svscript/savevm/memory"
)

// Variables, so that tests can shrink them and meet their borders often.
var (
	chunkSize uint64 = 1 << 20   // the unit of work and of reading; a power of two
	idleFill  uint64 = 128 << 10 // a run of one byte value shorter than this is cheaper to read than to step around
	granule   uint64 = 4096      // what is given up around a byte that a read fails at; a power of two
)

// A chunk is one unit of work: the results that start in [base, base+size) are its own. before and after count the bytes of
// context around it, which adjoin and are read with it.
type chunk struct {
	base, size    uint64
	before, after int
	kind          chunkKind
	fill          byte          // of an idle chunk
	reason        memory.Reason // of a lost chunk
	pieces        []piece       // what is known of it by what was searched before; see shared
	parts         []segment     // what is to be read; nil: all
}

type chunkKind uint8

const (
	work chunkKind = iota
	idle           // a run of one byte value in which no result can start; may be larger than chunkSize, and is not read
	lost           // the image does not hold the bytes
)

// A planner cuts a Memory into chunks: adjoining readable extents are one run, whose chunks end at multiples of chunkSize.
type planner struct {
	first, last   uint64
	before, after int             // the context a result's discovery may depend on
	idle          func(byte) bool // no result starts where all bytes in its context have this value; nil: never
	shared        *shared         // nil: nothing is
}

func (p planner) chunks(mem memory.Memory) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		r := run{planner: p, yield: yield}
		for e := range mem.Extents(p.first, p.last) {
			if !r.add(e) {
				return
			}
		}
		r.close()
	}
}

// A run is what a planner knows of the adjoining readable extents it is in.
type run struct {
	planner
	yield       func(chunk) bool
	open        bool
	first, last uint64 // of the run so far
	pending     bool   // [from, last] is in no chunk yet
	from        uint64
	rows        []row // that [from, last] lies in; kept for what is shared
}

// add takes in the next extent; it is false once the consumer wants no more.
func (r *run) add(e memory.Extent) bool {
	if e.Size == 0 {
		return true
	}
	if e.Kind != memory.Data && e.Kind != memory.Fill {
		reason := memory.ReasonAbsent
		if e.Kind == memory.NotRAM {
			reason = memory.ReasonNotRAM
		}
		return r.close() && r.yield(chunk{base: e.Base, size: e.Size, kind: lost, reason: reason})
	}
	if r.open && r.last+1 != e.Base && !r.close() {
		return false
	}
	if !r.open {
		r.open, r.first, r.rows = true, e.Base, r.rows[:0]
	}
	if delta := e.Beneath - e.Base; r.shared != nil && (len(r.rows) == 0 || delta != r.rows[len(r.rows)-1].delta) {
		r.rows = append(r.rows, row{e.Base, delta})
	}
	if !r.pending {
		r.pending, r.from = true, e.Base
	}
	r.last = e.Last()
	if e.Kind == memory.Fill && r.idle != nil && e.Size > idleFill+uint64(r.before)+uint64(r.after) && r.idle(e.Fill) {
		return r.stepAround(e)
	}
	for r.pending {
		end := r.from | (chunkSize - 1)
		if end > r.last || r.last-end < uint64(r.after) {
			break // more of the run may come
		}
		if !r.cut(end) {
			return false
		}
	}
	return true
}

// stepAround makes a chunk of what is before the fill e, and an idle one of the part of e that no context reaches out of.
func (r *run) stepAround(e memory.Extent) bool {
	lo, hi := e.Base+uint64(r.before), e.Last()-uint64(r.after)
	for r.from < lo {
		if !r.cut(min(lo-1, r.from|(chunkSize-1))) {
			return false
		}
	}
	r.pending, r.from = hi < r.last, hi+1
	return r.yield(chunk{base: lo, size: hi - lo + 1, kind: idle, fill: e.Fill})
}

// cut yields [from, end] as a chunk.
func (r *run) cut(end uint64) bool {
	c := chunk{base: r.from, size: end - r.from + 1}
	c.before = int(min(uint64(r.before), r.from-r.first))
	c.after = int(min(uint64(r.after), r.last-end))
	if r.shared != nil {
		r.shared.divide(&c, r.rows, r.last)
		r.leave(end)
	}
	r.pending, r.from = end < r.last, end+1
	return r.yield(c)
}

// leave drops the rows that end at end or before.
func (r *run) leave(end uint64) {
	n := 0
	for n+1 < len(r.rows) && r.rows[n+1].first-1 <= end {
		n++
	}
	r.rows = slices.Delete(r.rows, 0, n)
}

// close ends the run.
func (r *run) close() bool {
	for r.pending {
		if !r.cut(min(r.last, r.from|(chunkSize-1))) {
			return false
		}
	}
	r.open = false
	return true
}

// A window holds a chunk's bytes with their context, and is reused from chunk to chunk.
type window struct {
	chunk
	start    uint64 // the address of buf[0]
	buf      []byte
	segments []segment
	skips    []Skip
}

// A segment is a part of a window's buffer that could be read.
type segment struct{ from, to int }

// read fills the window with c. Where a read fails, the rest of that granule is given up.
func (w *window) read(mem memory.Memory, c chunk) {
	w.chunk, w.start = c, c.base-uint64(c.before)
	n := c.before + int(c.size) + c.after
	w.buf = slices.Grow(w.buf[:0], n)[:n]
	w.segments, w.skips = w.segments[:0], w.skips[:0]
	if c.parts == nil {
		w.readPart(mem, 0, n)
	}
	for _, p := range c.parts {
		w.readPart(mem, p.from, p.to)
	}
}

func (w *window) readPart(mem memory.Memory, at, n int) {
	for at < n {
		got, err := mem.ReadMemory(w.buf[at:n], w.start+uint64(at))
		if got > 0 {
			w.segments = append(w.segments, segment{at, at + got})
		}
		at += got
		if err == nil || at >= n {
			return
		}
		bad := w.start + uint64(at)
		gap := int(min(granule-bad&(granule-1), uint64(n-at)))
		w.lose(at, at+gap, err)
		at += gap
	}
}

// lose notes that buf[from:to] could not be read, as far as the chunk owns it: the context is another chunk's to report.
func (w *window) lose(from, to int, err error) {
	lo, hi := w.owned()
	if from, to = max(from, lo), min(to, hi); from < to {
		w.skips = append(w.skips, skipOf(w.start+uint64(from), uint64(to-from), err))
	}
}

// owned is the part of buf that the chunk itself is.
func (w *window) owned() (from, to int) { return w.before, w.before + int(w.size) }

// cover notes what a chunk could not see.
func (c *Coverage) cover(w *window) {
	if w.kind == lost {
		c.skip(Skip{Base: w.base, Size: w.size, Reason: w.reason})
	}
	for _, s := range w.skips {
		c.skip(s)
	}
}

// load makes the window that of c; only chunks with work are read.
func (w *window) load(mem memory.Memory, c chunk) {
	if c.kind == work {
		w.read(mem, c)
		return
	}
	w.chunk, w.start = c, c.base
	w.buf, w.segments, w.skips = w.buf[:0], w.segments[:0], w.skips[:0]
}
