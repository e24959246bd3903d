package paging

import (
	"errors"
	"fmt"

	"github.com/svscript/svscript/savevm/memory"
)

// FaultKind tells why a virtual address leads nowhere.
type FaultKind uint8

const (
	FaultNotPresent   FaultKind = iota + 1 // an entry is not valid: nothing is mapped
	FaultReserved                          // a valid entry has a reserved bit set or a reserved encoding: the CPU would not use it
	FaultNonCanonical                      // the address is outside what the mode can translate
	FaultAddressSize                       // arm64: an entry leads beyond the physical address size
	FaultDisabled                          // arm64: TCR switches walks for this half of the address space off
	FaultUnreadable                        // a table cannot be read: nobody can tell what is mapped
)

// String returns the kind as JavaScript names it.
func (k FaultKind) String() string {
	switch k {
	case FaultNotPresent:
		return "not-present"
	case FaultReserved:
		return "reserved"
	case FaultNonCanonical:
		return "non-canonical"
	case FaultAddressSize:
		return "address-size"
	case FaultDisabled:
		return "disabled"
	case FaultUnreadable:
		return "unreadable"
	}
	return fmt.Sprintf("FaultKind(%d)", uint8(k))
}

// A Fault is where a walk ended without a page.
type Fault struct {
	Kind         FaultKind
	Level        int    // as in Step; 0 and Table "" when no table was looked at
	Table        string // "PML4", "PT", "L2" …
	EntryAddress uint64 // physical
	Entry        uint64 // 0 when Kind is FaultUnreadable
	Bits         uint64 // FaultReserved: the bits that must be zero; 0 when it is the encoding that is reserved
	Err          error  // FaultUnreadable: what the memory said

	detail string // the whole text, where there is no entry to tell about
}

func (f *Fault) Error() string {
	if f.detail != "" {
		return f.detail
	}
	entry := fmt.Sprintf("%s entry at %#x is %#x", f.Table, f.EntryAddress, f.Entry)
	switch f.Kind {
	case FaultNotPresent:
		return "not present: " + entry
	case FaultReserved:
		if f.Bits == 0 {
			return "reserved encoding: " + entry
		}
		return fmt.Sprintf("reserved bits %#x set: %s", f.Bits, entry)
	case FaultAddressSize:
		return "physical address too large: " + entry
	case FaultUnreadable:
		return fmt.Sprintf("%s entry at %#x: %v", f.Table, f.EntryAddress, f.Err)
	}
	return f.Kind.String()
}

func (f *Fault) Unwrap() error { return f.Err }

// reason is why bytes behind f cannot be read. A table that the image does not hold leaves open whether anything is mapped:
// that is absent, not unmapped.
func (f *Fault) reason() memory.Reason {
	var e *memory.Error
	if f.Kind == FaultUnreadable && errors.As(f.Err, &e) {
		return e.Reason
	}
	return memory.ReasonUnmapped
}

// physicalError is a page that is mapped but whose bytes the memory beneath cannot give.
type physicalError struct {
	address uint64
	err     error
}

func (e *physicalError) Error() string {
	s := fmt.Sprintf("physical address %#x", e.address)
	var m *memory.Error
	if !errors.As(e.err, &m) {
		return s + ": " + e.err.Error()
	}
	if m.Err != nil { // the reason itself is said once, by the error around this one
		s += ": " + m.Err.Error()
	}
	return s
}

func (e *physicalError) Unwrap() error { return e.err }
