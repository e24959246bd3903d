package paging

import (
	"context"
	"errors"
	"iter"

	"github.com/svscript/svscript/savevm/memory"
)

var _ memory.Memory = (*Space)(nil)

// ReadMemory implements [memory.Memory]. A *memory.Error of it wraps a *[Fault] when the address is not mapped.
func (s *Space) ReadMemory(p []byte, address uint64) (n int, err error) {
	for n < len(p) {
		va := address + uint64(n)
		if va < address {
			return n, &memory.Error{Address: va, Length: uint64(len(p)), Reason: memory.ReasonUnmapped, Space: s.String()}
		}
		pa, left, ok := s.resolve(va)
		if !ok {
			return n, s.failure(va, len(p))
		}
		rest := uint64(len(p) - n)
		for left < rest { // pages that follow on each other are read as one
			next, more, ok := s.resolve(va + left)
			if !ok || va+left < va || next != pa+left {
				break
			}
			left += min(more, rest)
		}
		want := int(min(left, rest))
		got, err := s.mem.ReadMemory(p[n:n+want], pa)
		n += got
		if err != nil {
			return n, s.beneath(err, address+uint64(n), pa+uint64(got), len(p))
		}
	}
	return n, nil
}

// beneath says an error of the physical memory in terms of this space.
func (s *Space) beneath(err error, va, pa uint64, length int) error {
	e := &memory.Error{Address: va, Length: uint64(length), Reason: memory.ReasonUnmapped, Space: s.String(), Err: &physicalError{pa, err}}
	var m *memory.Error
	if errors.As(err, &m) {
		e.Reason = m.Reason
	}
	return e
}

// Extents implements [memory.Memory]: what is mapped, as the memory beneath has it. Where a table cannot be read it cannot be
// told what is mapped: that range is an extent of the table's own kind, Absent or NotRAM, with a Beneath of 0. So is, as
// Absent, what [Space.Mappings] skips because it repeats.
func (s *Space) Extents(first, last uint64) iter.Seq[memory.Extent] {
	return func(yield func(memory.Extent) bool) {
		x := extents{beneath: s.mem, yield: yield}
		w := s.walker(context.Background(), first, last, 0)
		w.page, w.skip = x.page, x.skip
		if w.run() {
			x.flush()
		}
	}
}

// extents joins pages, of any size and flags, and parts that are skipped, before it yields them.
type extents struct {
	beneath memory.Memory
	yield   func(memory.Extent) bool
	run     Mapping       // mapped, if its Size is not 0
	gap     memory.Extent // skipped, if its Size is not 0
}

func (x *extents) page(p *Page) bool {
	if x.run.Size != 0 && x.run.Base+x.run.Size == p.Base && x.run.Physical+x.run.Size == p.Physical {
		x.run.Size += p.Size
		return true
	}
	ok := x.flush()
	x.run = p.Mapping
	return ok
}

func (x *extents) skip(skip Skip) bool {
	kind := memory.Absent
	if skip.Fault != nil {
		switch skip.Fault.reason() {
		case memory.ReasonUnmapped:
			return true
		case memory.ReasonNotRAM:
			kind = memory.NotRAM
		}
	}
	if x.gap.Size != 0 && x.gap.Kind == kind && x.gap.Base+x.gap.Size == skip.Base {
		x.gap.Size += skip.Size
		return true
	}
	ok := x.flush()
	x.gap = memory.Extent{Base: skip.Base, Size: skip.Size, Kind: kind}
	return ok
}

// flush yields what is pending: a run, as the memory beneath has it, or a gap.
func (x *extents) flush() bool {
	run, gap := x.run, x.gap
	x.run.Size, x.gap.Size = 0, 0
	if gap.Size != 0 {
		return x.yield(gap)
	}
	if run.Size == 0 {
		return true
	}
	for e := range x.beneath.Extents(run.Physical, run.Physical+run.Size-1) {
		e.Beneath = e.Base
		e.Base = run.Base + (e.Base - run.Physical)
		if !x.yield(e) {
			return false
		}
	}
	return true
}
