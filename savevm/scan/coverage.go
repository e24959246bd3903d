package scan

import (
	"context"
	"errors"
	"math"

	"github.com/svscript/svscript/savevm/memory"
)

// A Skip is an interval whose bytes were wanted and could not be read. Addresses where nothing is mapped are not skips.
type Skip struct {
	Base, Size uint64 // Size in bytes
	Reason     memory.Reason
	Err        error // the cause where a read failed; nil where the image is known not to hold the bytes
}

// Coverage tells how much of what was asked for has been seen. It describes the most recent loop over the result's sequence.
type Coverage struct {
	skipped []Skip
	ended   bool
	err     error
}

// Skipped returns what could not be read, in address order. The slice is the caller's to keep.
func (c *Coverage) Skipped() []Skip { return c.skipped }

// Complete reports whether everything in the range has been seen: the sequence came to its own end (no break, no limit reached,
// no cancellation) and nothing was skipped.
func (c *Coverage) Complete() bool { return c.ended && c.err == nil && len(c.skipped) == 0 }

// Err returns why the work stopped: the context's error, a fault in the arguments, or nil.
func (c *Coverage) Err() error { return c.err }

func (c *Coverage) begin() { *c = Coverage{} }

// end is called once the sequence is over; finished tells whether all of it was consumed.
func (c *Coverage) end(ctx context.Context, finished bool) {
	if c.err == nil && !finished {
		c.err = ctx.Err()
	}
	c.ended = finished
}

// skip notes an interval, joined with the one before it where they adjoin for the same reason.
func (c *Coverage) skip(s Skip) {
	if n := len(c.skipped); n > 0 {
		p := &c.skipped[n-1]
		if p.Base+p.Size == s.Base && p.Reason == s.Reason && (p.Err == nil) == (s.Err == nil) {
			p.Size += s.Size
			return
		}
	}
	c.skipped = append(c.skipped, s)
}

// skipOf says why the bytes from base on, which err tells about, are missing.
func skipOf(base, size uint64, err error) Skip {
	s := Skip{Base: base, Size: size, Reason: memory.ReasonAbsent, Err: err}
	if e, ok := errors.AsType[*memory.Error](err); ok && e.Reason != "" {
		s.Reason = e.Reason
	}
	return s
}

// bounds gives a range its meaning: a Last of 0 is the end of the space.
func bounds(first, last uint64) (uint64, uint64) {
	if last == 0 {
		last = math.MaxUint64
	}
	return first, last
}

// size counts the readable bytes from first to last, for progress.
func size(mem memory.Memory, first, last uint64) uint64 {
	var total uint64
	for e := range mem.Extents(first, last) {
		if e.Kind == memory.Data || e.Kind == memory.Fill {
			total += min(e.Size, math.MaxUint64-total)
		}
	}
	return total
}
