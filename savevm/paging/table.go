package paging

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/svscript/svscript/savevm/memory"
)

// tableData is one table as it was read: its entries, and why some of them could not be.
type tableData struct {
	address uint64
	entries []uint64
	bad     []*badEntry // nil, or for each entry nil or why it cannot be read; then the entry means nothing
}

// badEntry is the one cause for which any number of entries cannot be read.
type badEntry struct{ err error }

func (t *tableData) err(index uint64) *badEntry {
	if t.bad == nil {
		return nil
	}
	return t.bad[index]
}

// cacheTables is how many tables a Space keeps by their address, besides the last-level ones that its places refer to.
const cacheTables = 256

// table returns a table of level l. What it returns is shared and never changed.
func (s *Space) table(l *level, address uint64) *tableData {
	if s.noCache {
		t := new(tableData)
		s.readTable(t, l, address)
		return t
	}
	if t := s.cached(l, address); t != nil {
		return t
	}
	t := new(tableData)
	s.readTable(t, l, address)
	s.tableSlot(address).Store(t)
	return t
}

// cached returns the table if the cache has it, or nil.
func (s *Space) cached(l *level, address uint64) *tableData {
	if s.noCache {
		return nil
	}
	t := s.tableSlot(address).Load()
	if t == nil || t.address != address || len(t.entries) != 1<<l.bits {
		return nil
	}
	return t
}

func (s *Space) tableSlot(address uint64) *atomic.Pointer[tableData] {
	return &s.tables[(address>>12^address>>20)%cacheTables]
}

var tableBuffers = sync.Pool{New: func() any { return new([8 << 13]byte) }} // 64 KiB: the largest table there is

// readTable fills t with the table at address, in one read if all of it can be read.
func (s *Space) readTable(t *tableData, l *level, address uint64) {
	buffer := tableBuffers.Get().(*[8 << 13]byte)
	defer tableBuffers.Put(buffer)
	count := 1 << l.bits
	raw := buffer[:count*s.mode.entry]
	t.address, t.bad = address, nil
	if cap(t.entries) < count {
		t.entries = make([]uint64, count)
	}
	t.entries = t.entries[:count]
	if _, err := s.mem.ReadMemory(raw, address); err != nil {
		t.bad = make([]*badEntry, count)
		s.readParts(t, raw, err)
	}
	s.decodeEntries(t.entries, raw)
}

// readParts reads what can be read of a table whose single read failed: the extents that have bytes, and in those everything
// but the entries that fail on their own. The others get a cause in t.bad.
func (s *Space) readParts(t *tableData, raw []byte, err error) {
	whole := &badEntry{err}
	for i := range t.bad {
		t.bad[i] = whole
	}
	last := t.address + uint64(len(raw)) - 1
	if last < t.address {
		return
	}
	size := s.mode.entry
	for e := range s.mem.Extents(t.address, last) {
		// Entries are aligned; one that lies in two extents counts to the first.
		from := (int(e.Base-t.address) + size - 1) / size
		to := (int(e.Last()-t.address) + size) / size
		for i := from; i < to; i++ {
			n, err := s.mem.ReadMemory(raw[i*size:to*size], t.address+uint64(i*size))
			for ; n >= size; n, i = n-size, i+1 {
				t.bad[i] = nil
			}
			if i == to {
				break
			}
			t.bad[i] = &badEntry{err}
			if e.Kind != memory.Data && e.Kind != memory.Fill {
				for ; i+1 < to; i++ { // all of it fails for this reason
					t.bad[i+1] = t.bad[i]
				}
			}
		}
	}
}

func (s *Space) decodeEntries(to []uint64, raw []byte) {
	switch {
	case s.mode.entry == 4:
		for i := range to {
			to[i] = uint64(binary.LittleEndian.Uint32(raw[i*4:]))
		}
	case s.bigEndian:
		for i := range to {
			to[i] = binary.BigEndian.Uint64(raw[i*8:])
		}
	default:
		for i := range to {
			to[i] = binary.LittleEndian.Uint64(raw[i*8:])
		}
	}
}
