package paging_test

import (
	"encoding/binary"
	"errors"
	"iter"
	"sort"
	"sync/atomic"

	"github.com/svscript/svscript/savevm/memory"
)

// sparse is a memory of 4 KiB pages. A page that is nil is there, but absent from the image.
type sparse struct {
	pages map[uint64][]byte // by address / 4096
	order []uint64          // sorted keys, made on demand
	reads atomic.Int64
}

func newSparse() *sparse { return &sparse{pages: map[uint64][]byte{}} }

func (m *sparse) ReadMemory(p []byte, address uint64) (n int, err error) {
	m.reads.Add(1)
	for n < len(p) {
		at := address + uint64(n)
		page, ok := m.pages[at/4096]
		switch {
		case !ok || at < address:
			return n, &memory.Error{Address: at, Length: uint64(len(p)), Reason: memory.ReasonUnmapped, Space: "test memory"}
		case page == nil:
			return n, &memory.Error{Address: at, Length: uint64(len(p)), Reason: memory.ReasonAbsent, Space: "test memory"}
		}
		n += copy(p[n:], page[at%4096:])
	}
	return n, nil
}

func (m *sparse) Extents(first, last uint64) iter.Seq[memory.Extent] {
	if len(m.order) != len(m.pages) {
		m.order = m.order[:0]
		for p := range m.pages {
			m.order = append(m.order, p)
		}
		sort.Slice(m.order, func(i, j int) bool { return m.order[i] < m.order[j] })
	}
	return func(yield func(memory.Extent) bool) {
		i := sort.Search(len(m.order), func(i int) bool { return m.order[i]*4096+4095 >= first })
		for ; i < len(m.order) && m.order[i]*4096 <= last; i++ {
			base := max(m.order[i]*4096, first)
			end := min(m.order[i]*4096+4095, last)
			e := memory.Extent{Base: base, Size: end - base + 1, Beneath: base, Kind: m.kind(i)}
			for i+1 < len(m.order) && m.order[i+1] == m.order[i]+1 && m.order[i+1]*4096 <= last && m.kind(i+1) == e.Kind {
				i++
				e.Size = min(m.order[i]*4096+4095, last) - e.Base + 1
			}
			if !yield(e) {
				return
			}
		}
	}
}

func (m *sparse) kind(i int) memory.Kind {
	if m.pages[m.order[i]] == nil {
		return memory.Absent
	}
	return memory.Data
}

func (m *sparse) put64(address, value uint64) {
	binary.LittleEndian.PutUint64(m.page(address)[address%4096:], value)
}

func (m *sparse) put32(address uint64, value uint32) {
	binary.LittleEndian.PutUint32(m.page(address)[address%4096:], value)
}

func (m *sparse) page(address uint64) []byte {
	if m.pages[address/4096] == nil {
		m.pages[address/4096] = make([]byte, 4096)
	}
	return m.pages[address/4096]
}

func (m *sparse) absent(address uint64) { m.pages[address/4096] = nil }

func reasonOf(err error) memory.Reason {
	var e *memory.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}
