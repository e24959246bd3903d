package savevm

import (
	"cmp"
	"iter"
	"slices"
	"sort"

	"github.com/svscript/svscript/savevm/memory"
)

// RangeKind tells what a range of guest-physical addresses is to the guest.
type RangeKind string

const (
	KindRAM    RangeKind = "ram"
	KindROM    RangeKind = "rom"    // firmware, also where it runs from shadow RAM
	KindDevice RangeKind = "device" // device memory or a window onto it; what no block holds cannot be read
)

// A Range is an interval of guest-physical addresses and the RAM block that answers there.
type Range struct {
	Base   uint64    `json:"base"`
	Size   uint64    `json:"size"` // bytes
	Kind   RangeKind `json:"kind"`
	Block  *Block    `json:"-"`      // nil for device memory that the image does not hold
	Offset uint64    `json:"offset"` // of Base in the block
	Name   string    `json:"name"`   // what it is: "RAM below 4 GiB", "VGA window", …
}

// Last is the address of the range's last byte.
func (r Range) Last() uint64 { return r.Base + r.Size - 1 }

// BlockName is the name of the range's block, "" where it has none.
func (r Range) BlockName() string {
	if r.Block == nil {
		return ""
	}
	return r.Block.Name
}

// physicalMemory is the guest-physical address space: ranges in address order that do not overlap.
type physicalMemory struct {
	ranges []Range
}

// newPhysicalMemory takes ranges of which later ones lie over earlier ones.
func newPhysicalMemory(layers []Range) *physicalMemory {
	m := &physicalMemory{}
	top := uint64(0) // the last address of all so far
	for _, r := range layers {
		if r.Size == 0 || r.Base+r.Size-1 < r.Base {
			continue
		}
		if r.Base <= top { // it may lie over others; a dump's thousands of ranges come in order, and do not
			m.ranges = cutOut(m.ranges, r.Base, r.Last())
		}
		m.ranges = append(m.ranges, r)
		top = max(top, r.Last())
	}
	slices.SortFunc(m.ranges, func(a, b Range) int { return cmp.Compare(a.Base, b.Base) })
	m.ranges = joined(m.ranges)
	return m
}

// joined puts neighbours together that continue each other in one block.
func joined(ranges []Range) []Range {
	var out []Range
	for _, r := range ranges {
		if n := len(out); n > 0 {
			last := &out[n-1]
			if last.Last()+1 == r.Base && last.Block == r.Block && last.Offset+last.Size == r.Offset && last.Kind == r.Kind && last.Name == r.Name {
				last.Size += r.Size
				continue
			}
		}
		out = append(out, r)
	}
	return out
}

// cutOut removes first to last from ranges.
func cutOut(ranges []Range, first, last uint64) []Range {
	var out []Range
	for _, r := range ranges {
		if r.Last() < first || r.Base > last {
			out = append(out, r)
			continue
		}
		if r.Base < first {
			left := r
			left.Size = first - r.Base
			out = append(out, left)
		}
		if r.Last() > last {
			right := r
			skip := last + 1 - r.Base
			right.Base, right.Offset, right.Size = last+1, r.Offset+skip, r.Size-skip
			out = append(out, right)
		}
	}
	return out
}

// find returns the number of the first range that ends at or behind the address.
func (m *physicalMemory) find(address uint64) int {
	return sort.Search(len(m.ranges), func(i int) bool { return m.ranges[i].Last() >= address })
}

// lookup returns the range that holds an address, or nil.
func (m *physicalMemory) lookup(address uint64) *Range {
	if i := m.find(address); i < len(m.ranges) && m.ranges[i].Base <= address {
		return &m.ranges[i]
	}
	return nil
}

const physicalSpace = "guest-physical memory"

// ReadMemory implements [memory.Memory].
func (m *physicalMemory) ReadMemory(p []byte, address uint64) (int, error) {
	n := 0
	for n < len(p) {
		at := address + uint64(n)
		r := m.lookup(at)
		if r == nil || at < address { // nothing is mapped, or the read went behind 2^64
			return n, &memory.Error{Address: at, Length: uint64(len(p)), Reason: memory.ReasonUnmapped, Space: physicalSpace}
		}
		if r.Block == nil {
			return n, &memory.Error{Address: at, Length: uint64(len(p)), Reason: memory.ReasonNotRAM, Space: physicalSpace}
		}
		in := at - r.Base
		want := int(min(uint64(len(p)-n), r.Size-in))
		got, err := r.Block.ReadMemory(p[n:n+want], r.Offset+in)
		n += got
		if err != nil {
			return n, m.inBlock(err, address+uint64(n), len(p))
		}
	}
	return n, nil
}

// inBlock is the error of a RAM block in terms of guest-physical memory.
func (m *physicalMemory) inBlock(err error, address uint64, length int) error {
	e := &memory.Error{Address: address, Length: uint64(length), Reason: memory.ReasonAbsent, Space: physicalSpace, Err: err}
	if b, ok := err.(*memory.Error); ok {
		e.Reason, e.Err = b.Reason, b.Err
	}
	return e
}

// Extents implements [memory.Memory].
func (m *physicalMemory) Extents(first, last uint64) iter.Seq[memory.Extent] {
	return func(yield func(memory.Extent) bool) {
		for i := m.find(first); i < len(m.ranges) && m.ranges[i].Base <= last; i++ {
			r := m.ranges[i]
			from, to := max(r.Base, first), min(r.Last(), last)
			if r.Block == nil {
				if !yield(memory.Extent{Base: from, Size: to - from + 1, Kind: memory.NotRAM, Beneath: from}) {
					return
				}
				continue
			}
			shift := r.Base - r.Offset // modulo 2^64
			for e := range r.Block.Extents(from-shift, to-shift) {
				e.Beneath = e.Base
				e.Base += shift
				if !yield(e) {
					return
				}
			}
		}
	}
}
