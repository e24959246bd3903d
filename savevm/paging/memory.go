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
// told what is mapped: that range is one extent of the table's own kind, Absent or NotRAM, with a Beneath of 0. So is, as
// Absent, what [Space.Mappings] skips because it repeats.
func (s *Space) Extents(first, last uint64) iter.Seq[memory.Extent] {
	return func(yield func(memory.Extent) bool) {
		var run Mapping // of any page size and flags
		flush := func() bool {
			if run.Size == 0 {
				return true
			}
			from := run
			run.Size = 0
			for e := range s.mem.Extents(from.Physical, from.Physical+from.Size-1) {
				e.Beneath = e.Base
				e.Base = from.Base + (e.Base - from.Physical)
				if !yield(e) {
					return false
				}
			}
			return true
		}
		w := s.walker(context.Background(), first, last, 0)
		w.page = func(p *Page) bool {
			if run.Size != 0 && run.Base+run.Size == p.Base && run.Physical+run.Size == p.Physical {
				run.Size += p.Size
				return true
			}
			if !flush() {
				return false
			}
			run = p.Mapping
			return true
		}
		w.skip = func(skip Skip) bool {
			e := memory.Extent{Base: skip.Base, Size: skip.Size, Kind: memory.Absent}
			if skip.Fault != nil {
				switch skip.Fault.reason() {
				case memory.ReasonUnmapped:
					return true
				case memory.ReasonNotRAM:
					e.Kind = memory.NotRAM
				}
			}
			return flush() && yield(e)
		}
		if w.run() {
			flush()
		}
	}
}
