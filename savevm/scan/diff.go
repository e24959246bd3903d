package scan

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"

	"github.com/svscript/svscript/savevm/memory"
)

// A State is what a Memory has at an address.
type State uint8

const (
	Unmapped State = iota // nothing
	Readable              // bytes
	Absent                // memory whose bytes the image does not hold
	NotRAM                // device memory
)

// String returns the state as messages name it.
func (s State) String() string {
	switch s {
	case Unmapped:
		return "unmapped"
	case Readable:
		return "readable"
	case Absent:
		return "absent"
	case NotRAM:
		return "not-ram"
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// DiffOptions say what to compare, and how finely. The zero value compares everything by pages of 4096 bytes.
type DiffOptions struct {
	First, Last uint64 // the range, inclusive; a Last of 0 stands for the end of the space
	// Granule is the size in bytes of what is reported as changed when one byte in it is: a power of two up to 2^20; 0 stands for
	// 4096, 1 for the exact bytes.
	// A granule is cut where a state changes, and may be where a long run begins in which both are filled with one byte.
	Granule  uint64
	Workers  int                      // goroutines; 0: GOMAXPROCS
	Progress func(done, total uint64) // bytes dealt with, of those that are readable in the first memory
}

// A Change is an interval in which two memories differ. Where both are Readable their bytes do; else the states themselves.
type Change struct {
	Base, Size uint64
	A, B       State
}

// A DiffResult is a comparison. It is for one goroutine at a time. Its [Coverage] tells where bytes could not be compared:
// where neither memory holds them, or a read failed.
type DiffResult struct {
	Coverage
	ctx   context.Context
	a, b  memory.Memory
	opts  DiffOptions
	fault error
}

// Diff compares two memories. The work is done while [DiffResult.Changes] is ranged over. Where both are filled with the same byte,
// nothing is read.
func Diff(ctx context.Context, a, b memory.Memory, opts DiffOptions) *DiffResult {
	opts.First, opts.Last = bounds(opts.First, opts.Last)
	if opts.Granule == 0 {
		opts.Granule = 4096
	}
	r := &DiffResult{ctx: ctx, a: a, b: b, opts: opts}
	if bits.OnesCount64(opts.Granule) != 1 || opts.Granule > 1<<20 {
		r.fault = fmt.Errorf("diff: a granule of %d bytes: it is a power of two up to 2^20", opts.Granule)
		r.err = r.fault
	}
	return r
}

// Changes yields the differences by address, adjoining ones joined. Each loop compares anew.
func (r *DiffResult) Changes() iter.Seq[Change] {
	return func(yield func(Change) bool) {
		r.begin()
		if r.err = r.fault; r.err != nil {
			return
		}
		r.end(r.ctx, r.compare(yield))
	}
}

func (r *DiffResult) compare(yield func(Change) bool) (finished bool) {
	var done, total uint64
	if r.opts.Progress != nil {
		total = size(r.a, r.opts.First, r.opts.Last)
	}
	worker := func(context.Context) func(span, *compared) { return r.examine }
	open := Change{} // may still grow; none when its Size is 0
	for o := range ordered(r.ctx, r.opts.Workers, r.spans(), worker) {
		for _, s := range o.skips {
			r.skip(s)
		}
		for _, c := range o.changes {
			if open.Size > 0 && open.Base+open.Size == c.Base && open.A == c.A && open.B == c.B {
				open.Size += c.Size
				continue
			}
			if open.Size > 0 && !yield(open) {
				return false
			}
			open = c
		}
		if r.opts.Progress != nil && o.a == Readable {
			done += o.size
			r.opts.Progress(done, total)
		}
	}
	return r.ctx.Err() == nil && (open.Size == 0 || yield(open))
}

// A span is an interval over which neither memory changes its state; where both are Readable, no larger than chunkSize unless same.
type span struct {
	base, size uint64
	a, b       State
	same       bool // both are filled with one byte
}

// spans cuts the range where a state changes, and what is to be read at multiples of chunkSize.
func (r *DiffResult) spans() iter.Seq[span] {
	return func(yield func(span) bool) {
		var open span // both Readable, to be read; may still grow
		// flush yields the whole chunks of open, and at the end of a run the rest.
		flush := func(end bool) bool {
			for open.size > 0 && (end || open.base&(chunkSize-1)+open.size >= chunkSize) {
				s := open
				s.size = min(open.size, chunkSize-open.base&(chunkSize-1))
				open.base, open.size = open.base+s.size, open.size-s.size
				if !yield(s) {
					return false
				}
			}
			return true
		}
		for s := range r.zip() {
			if s.same && s.size < idleFill {
				s.same = false // cheaper to read than to step around
			}
			if s.a != Readable || s.b != Readable || s.same {
				if !flush(true) || !yield(s) {
					return
				}
				continue
			}
			if open.size > 0 && open.base+open.size != s.base && !flush(true) {
				return
			}
			if open.size == 0 {
				open = s
			} else {
				open.size += s.size
			}
			if !flush(false) {
				return
			}
		}
		flush(true)
	}
}

// zip walks both memories' extents together. Where both are Unmapped there is no span.
func (r *DiffResult) zip() iter.Seq[span] {
	return func(yield func(span) bool) {
		nextA, stopA := iter.Pull(r.a.Extents(r.opts.First, r.opts.Last))
		defer stopA()
		nextB, stopB := iter.Pull(r.b.Extents(r.opts.First, r.opts.Last))
		defer stopB()
		a, okA := nextA()
		b, okB := nextB()
		for okA || okB {
			s := span{}
			switch {
			case !okB || okA && a.Last() < b.Base:
				s = span{base: a.Base, size: a.Size, a: stateOf(a)}
				a, okA = nextA()
			case !okA || b.Last() < a.Base:
				s = span{base: b.Base, size: b.Size, b: stateOf(b)}
				b, okB = nextB()
			case a.Base < b.Base:
				s = span{base: a.Base, size: b.Base - a.Base, a: stateOf(a)}
				a = from(a, b.Base)
			case b.Base < a.Base:
				s = span{base: b.Base, size: a.Base - b.Base, b: stateOf(b)}
				b = from(b, a.Base)
			default:
				last := min(a.Last(), b.Last())
				s = span{base: a.Base, size: last - a.Base + 1, a: stateOf(a), b: stateOf(b)}
				s.same = a.Kind == memory.Fill && b.Kind == memory.Fill && a.Fill == b.Fill
				// Advance both before either, as the one may end where the other goes on.
				endA, endB := a.Last() == last, b.Last() == last
				if endA {
					a, okA = nextA()
				} else {
					a = from(a, last+1)
				}
				if endB {
					b, okB = nextB()
				} else {
					b = from(b, last+1)
				}
			}
			if !yield(s) {
				return
			}
		}
	}
}

// from is the part of e from base on.
func from(e memory.Extent, base uint64) memory.Extent {
	e.Size -= base - e.Base
	e.Base = base
	return e
}

func stateOf(e memory.Extent) State {
	switch e.Kind {
	case memory.Data, memory.Fill:
		return Readable
	case memory.NotRAM:
		return NotRAM
	}
	return Absent
}

// A compared is a span with what was found in it.
type compared struct {
	span
	left    window
	right   window
	changes []Change
	skips   []Skip
}

func (r *DiffResult) examine(s span, out *compared) {
	out.span = s
	out.changes, out.skips = out.changes[:0], out.skips[:0]
	switch {
	case s.a != s.b:
		out.changes = append(out.changes, Change{s.base, s.size, s.a, s.b})
	case s.a == Absent:
		out.skips = append(out.skips, Skip{Base: s.base, Size: s.size, Reason: memory.ReasonAbsent})
	case s.a == NotRAM:
		out.skips = append(out.skips, Skip{Base: s.base, Size: s.size, Reason: memory.ReasonNotRAM})
	case !s.same:
		c := chunk{base: s.base, size: s.size}
		out.left.read(r.a, c)
		out.right.read(r.b, c)
		out.differ(r.opts.Granule)
	}
}

// differ compares what could be read of both.
func (o *compared) differ(granule uint64) {
	o.skips = mergeSkips(o.left.skips, o.right.skips)
	for i, j := 0, 0; i < len(o.left.segments) && j < len(o.right.segments); {
		a, b := o.left.segments[i], o.right.segments[j]
		if from, to := max(a.from, b.from), min(a.to, b.to); from < to {
			o.differIn(from, to, granule)
		}
		if a.to <= b.to {
			i++
		}
		if b.to <= a.to {
			j++
		}
	}
}

// differIn compares buf[from:to], in steps so small that the library's comparison is not run over much again.
func (o *compared) differIn(from, to int, granule uint64) {
	a, b := o.left.buf, o.right.buf
	for from < to {
		step := min(to, from+4096-int((o.base+uint64(from))%4096))
		if bytes.Equal(a[from:step], b[from:step]) {
			from = step
			continue
		}
		for at := from; at < step; {
			n := equal(a[at:step], b[at:step])
			if at += n; at == step {
				break
			}
			n = unequal(a[at:step], b[at:step])
			o.change(at, at+n, granule)
			at += n
		}
		from = step
	}
}

// change notes that buf[from:to] differs, widened to whole granules within the span.
func (o *compared) change(from, to int, granule uint64) {
	mask := granule - 1
	base := max((o.base+uint64(from))&^mask, o.base)
	last := min((o.base+uint64(to)-1)|mask, o.base+(o.size-1))
	if n := len(o.changes); n > 0 {
		if p := &o.changes[n-1]; base <= p.Base+(p.Size-1)+1 {
			p.Size = last - p.Base + 1
			return
		}
	}
	o.changes = append(o.changes, Change{base, last - base + 1, Readable, Readable})
}

// equal counts the equal bytes that a and b, of one length, begin with.
func equal(a, b []byte) int {
	i := 0
	for ; i+8 <= len(a); i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i
}

// unequal counts the bytes that differ at the beginning of a and b.
func unequal(a, b []byte) int {
	i := 0
	for i < len(a) && a[i] != b[i] {
		i++
	}
	return i
}

// mergeSkips joins two lists by address. Where both memories fail, the first one's reason is told.
func mergeSkips(a, b []Skip) []Skip {
	var all []Skip
	for len(a) > 0 || len(b) > 0 {
		var s Skip
		if len(b) == 0 || len(a) > 0 && a[0].Base <= b[0].Base {
			s, a = a[0], a[1:]
		} else {
			s, b = b[0], b[1:]
		}
		if n := len(all); n > 0 {
			end := all[n-1].Base + all[n-1].Size
			if s.Base < end {
				if s.Size <= end-s.Base {
					continue
				}
				s.Base, s.Size = end, s.Size-(end-s.Base)
			}
		}
		all = append(all, s)
	}
	return all
}
