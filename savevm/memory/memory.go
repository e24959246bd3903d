// Package memory says what a guest's memory is to the rest of svscript: bytes at 64-bit addresses, in extents, some of which
// cannot be read. A RAM block, the guest-physical address space and a virtual address space are all a [Memory].
package memory

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// Memory is a byte-addressed space of the guest. Implementations are safe for parallel use.
type Memory interface {
	// ReadMemory fills p with the bytes from address on. n counts the bytes before the first one that cannot be read;
	// err is nil exactly when n == len(p), and else an *Error whose Address is address+n. A read does not wrap at 2^64.
	ReadMemory(p []byte, address uint64) (n int, err error)

	// Extents yields what there is from first to last (inclusive, so that a space may end at 2^64), in address order, cut
	// to that interval, never overlapping. Addresses where nothing is mapped are in no extent. Neighbouring bytes of one
	// kind may come as several extents.
	Extents(first, last uint64) iter.Seq[Extent]
}

// Kind tells what is known of an extent's bytes.
type Kind uint8

const (
	Data   Kind = iota // the bytes are in the image and can be read
	Fill               // every byte has the value Extent.Fill; reading costs nothing
	Absent             // memory is there in the guest, but the image does not hold its bytes
	NotRAM             // a device's registers or a window onto one: no bytes were saved
)

// String returns the kind as JavaScript and error messages name it.
func (k Kind) String() string {
	switch k {
	case Data:
		return "data"
	case Fill:
		return "fill"
	case Absent:
		return "absent"
	case NotRAM:
		return "not-ram"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// An Extent is an interval of a Memory whose bytes are of one Kind.
type Extent struct {
	Base uint64
	Size uint64 // bytes; never 0. An extent that ends at 2^64 has Base+Size == 0.
	Kind Kind
	Fill byte // the value of every byte when Kind is Fill
	// Beneath is where the extent starts in the memory beneath: the offset in its RAM block for guest-physical memory,
	// the physical address for a virtual address space, Base where there is nothing beneath.
	Beneath uint64
}

// Last is the address of the extent's last byte.
func (e Extent) Last() uint64 { return e.Base + e.Size - 1 }

// Reason tells why bytes cannot be read. Its values are the `reason` of JavaScript's MemoryError.
type Reason string

const (
	ReasonUnmapped Reason = "unmapped" // nothing is mapped at the address (a hole, or a page that is not present)
	ReasonAbsent   Reason = "absent"   // the guest has memory there that the image does not hold
	ReasonNotRAM   Reason = "not-ram"  // device memory, whose contents no image holds
)

// Error is a read that could not be done in full.
type Error struct {
	Address uint64 // of the first byte that cannot be read
	Length  uint64 // of the whole read, as asked for
	Reason  Reason
	Space   string // what was read: "guest-physical memory", "block pc.ram", "x86-4level space 0x1000"
	Err     error  // the cause, if there is one: a page fault, a damaged page in the file
}

func (e *Error) Error() string {
	s := fmt.Sprintf("cannot read %s at %#x", orElse(e.Space, "memory"), e.Address)
	switch e.Reason {
	case ReasonUnmapped:
		s += ": nothing is mapped there"
	case ReasonAbsent:
		s += ": the image does not hold these bytes"
	case ReasonNotRAM:
		s += ": device memory, not RAM"
	}
	if e.Err != nil {
		s += " (" + e.Err.Error() + ")"
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

func orElse(s, t string) string {
	if s == "" {
		return t
	}
	return s
}

// ReadU64 reads a little-endian 64-bit value.
func ReadU64(m Memory, address uint64) (uint64, error) {
	var b [8]byte
	if _, err := m.ReadMemory(b[:], address); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

// ReadU32 reads a little-endian 32-bit value.
func ReadU32(m Memory, address uint64) (uint32, error) {
	var b [4]byte
	if _, err := m.ReadMemory(b[:], address); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b[:]), nil
}

// ReadSparse reads so many bytes, which the caller bounds; those that cannot be read are zero.
func ReadSparse(m Memory, address, size uint64) []byte {
	const page = 4096
	data := make([]byte, size)
	for done := uint64(0); done < size; {
		n, err := m.ReadMemory(data[done:], address+done)
		done += uint64(n)
		if err == nil {
			break
		}
		next := (address+done)&^(page-1) + page - address
		clear(data[done:min(next, size)])
		done = next
	}
	return data
}

// Bytes is a Memory over a byte slice that starts at address 0: for tests, and for synthetic guests.
type Bytes []byte

// ReadMemory implements [Memory].
func (b Bytes) ReadMemory(p []byte, address uint64) (int, error) {
	n := 0
	if address < uint64(len(b)) {
		n = copy(p, b[address:])
	}
	if n == len(p) {
		return n, nil
	}
	return n, &Error{Address: address + uint64(n), Length: uint64(len(p)), Reason: ReasonUnmapped}
}

// Extents implements [Memory].
func (b Bytes) Extents(first, last uint64) iter.Seq[Extent] {
	return func(yield func(Extent) bool) {
		if first >= uint64(len(b)) || first > last {
			return
		}
		last = min(last, uint64(len(b))-1)
		yield(Extent{Base: first, Size: last - first + 1, Beneath: first})
	}
}
