package paging

import "fmt"

// A Walk is how one address was translated.
type Walk struct {
	Address  uint64 // the virtual address
	Steps    []Step // one for every entry that was read; the last one is the page's, or where the fault is
	Physical uint64
	PageSize uint64 // bytes
	Flags    Flags  // effective
	Fault    *Fault // nil when the walk found a page; else Physical, PageSize and Flags are 0
}

// A Step is one entry on the way.
type Step struct {
	Level        int    // the manuals' number: x86 PML5 is 5 and PT is 1; arm64 -1 to 3; RISC-V 4 down to 0
	Table        string // "PML5", "PML4", "PDPT", "PD", "PT"; "L0" …
	TableAddress uint64 // physical
	Index        int
	EntryAddress uint64 // physical
	Entry        uint64
	Flags        Flags // the entry's own; 0 when it is not present or not valid
}

// Walk translates va and tells every step.
func (s *Space) Walk(va uint64) Walk {
	w := Walk{Address: va}
	if s.mode == nil {
		w.Physical, _, _ = s.identity(va)
		w.PageSize, w.Flags = identityPage, identityFlags
		return w
	}
	untagged := s.untag(va)
	h := s.half(untagged)
	if h == nil {
		w.Fault = &Fault{Kind: FaultNonCanonical, detail: s.notCanonical()}
		return w
	}
	if h.off != "" {
		w.Fault = &Fault{Kind: FaultDisabled, detail: h.off}
		return w
	}
	w.Steps = make([]Step, 0, len(h.levels))
	address := h.root & s.a20
	var deny, add Flags
	for i := range h.levels {
		l := &h.levels[i]
		t := s.table(l, address)
		index := l.index(untagged)
		if t.err(index) != nil {
			w.Fault = s.fault(l, t, index, result{})
			return w
		}
		r := s.mode.decode(l, t.entries[index], index)
		w.Steps = append(w.Steps, Step{
			Level: l.number, Table: l.table, TableAddress: address, Index: int(index),
			EntryAddress: s.entryAddress(t, index), Entry: t.entries[index], Flags: r.flags,
		})
		switch r.kind {
		case table:
			deny |= r.deny
			add |= r.add
			address = r.address & s.a20
		case page:
			w.Physical, _, _ = s.physical(r.address|untagged&(l.size()-1), 0)
			w.PageSize, w.Flags = l.size(), effective(l, r.flags, deny, add)
			return w
		default:
			w.Fault = s.fault(l, t, index, r)
			return w
		}
	}
	return w // not reached: at the last level every entry is a page or a fault
}

func (s *Space) entryAddress(t *tableData, index uint64) uint64 {
	return t.address + index*uint64(s.mode.entry)
}

// fault describes the entry that ends a walk.
func (s *Space) fault(l *level, t *tableData, index uint64, r result) *Fault {
	f := &Fault{Level: l.number, Table: l.table, EntryAddress: s.entryAddress(t, index)}
	if bad := t.err(index); bad != nil {
		f.Kind, f.Err = FaultUnreadable, bad.err
		return f
	}
	f.Entry = t.entries[index]
	switch r.kind {
	case reserved:
		f.Kind, f.Bits = FaultReserved, r.address
	case addressSize:
		f.Kind = FaultAddressSize
	default:
		f.Kind = FaultNotPresent
	}
	return f
}

func (s *Space) notCanonical() string {
	switch {
	case s.mode.bits == 0:
		return "in the range of neither TTBR0 nor TTBR1"
	case s.mode.signed:
		return fmt.Sprintf("not a canonical address of %d bits", s.mode.bits)
	}
	return fmt.Sprintf("an address has %d bits", s.mode.bits)
}
