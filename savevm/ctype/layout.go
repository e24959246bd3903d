package ctype

import (
	"errors"
	"fmt"
)

// maxSize bounds the size of any declared type, in bytes: more than a guest's memory, and far from overflow when counted in bits.
const maxSize = 1 << 48

// A field is a member before it has a place.
type field struct {
	name   string
	typ    *Type
	bits   int    // width of a bit-field; -1 for other members
	align  uint64 // of an aligned attribute or _Alignas; 0: none
	packed bool
}

// A record places the members of one struct or union as GCC's stor-layout.c does for targets with PCC_BITFIELD_TYPE_MATTERS, which
// all SysV ABIs are (update_alignment_for_field, place_field, excess_unit_span, finish_record_layout), and Clang after it.
type record struct {
	abi     *ABI
	union   bool
	packed  bool
	pack    uint64 // #pragma pack, in bytes; 0: none
	align   uint64 // of the whole so far
	bits    uint64 // where the next member may start; for a union, the largest member
	members []Member
}

var errTooLarge = errors.New("the type is larger than any memory (2^48 bytes)")
var errFlexible = errors.New("an array without a length must be the last member")

// add places the next member.
func (r *record) add(f field) error {
	r.align = max(r.align, 1)
	start := r.bits
	if r.union {
		start = 0
	}
	var size uint64 // bits
	if f.bits >= 0 {
		start, size = r.placeBits(f, start), uint64(f.bits)
	} else {
		align := r.fieldAlign(f)
		r.align = max(r.align, align)
		bytes := f.typ.Size()
		if bytes > maxSize {
			return errTooLarge
		}
		start, size = roundUp(start, align*8), bytes*8
	}
	if start+size > maxSize*8 {
		return errTooLarge
	}
	r.bits = max(r.bits, start+size)
	if f.bits == 0 || f.bits > 0 && f.name == "" {
		return nil // padding
	}
	r.members = append(r.members, Member{Name: f.name, Type: f.typ, BitOffset: start, BitSize: uint64(max(f.bits, 0))})
	return nil
}

// fieldAlign is the alignment of a member that is no bit-field.
func (r *record) fieldAlign(f field) uint64 {
	var align uint64
	switch packed := f.packed || r.packed; {
	case packed && f.align != 0:
		align = f.align
	case packed:
		align = 1
	default:
		align = max(f.typ.Align(), f.align)
	}
	if r.pack != 0 {
		align = min(align, r.pack)
	}
	return align
}

// placeBits finds the first bit of a bit-field and lets it raise the alignment of the whole.
func (r *record) placeBits(f field, start uint64) uint64 {
	typeAlign := f.typ.Align()
	if f.bits == 0 { // `int : 0` ends the unit, packed or not
		if r.abi.AnonBitsAlign {
			r.align = max(r.align, typeAlign)
		}
		return roundUp(start, max(typeAlign, f.align)*8)
	}
	if f.align != 0 {
		align := f.align
		if r.pack != 0 {
			align = min(align, r.pack)
		}
		start = roundUp(start, align*8)
		r.align = max(r.align, align)
	}
	packed := f.packed || r.packed
	if !packed && r.pack == 0 && spansUnits(start, uint64(f.bits), typeAlign*8, f.typ.Size()*8) {
		start = roundUp(start, typeAlign*8)
	}
	if f.name != "" || r.abi.AnonBitsAlign {
		switch {
		case r.pack != 0:
			typeAlign = min(typeAlign, r.pack)
		case packed:
			typeAlign = 1
		}
		r.align = max(r.align, typeAlign)
	}
	return start
}

// spansUnits tells whether a bit-field would touch more units of its type's alignment than its type itself has. All in bits.
func spansUnits(start, width, align, typeSize uint64) bool {
	return (start%align+width+align-1)/align > typeSize/align
}

// finish gives the size and the alignment of the whole. align is that of an aligned attribute, or 0.
func (r *record) finish(align uint64) (size, alignment uint64, err error) {
	alignment = max(r.align, align, 1)
	size = roundUp(roundUp(r.bits, 8)/8, alignment)
	if size > maxSize {
		return 0, 0, errTooLarge
	}
	return size, alignment, nil
}

func roundUp(n, align uint64) uint64 { return (n + align - 1) / align * align }

// checkField says why a member cannot be placed.
func checkField(f field) error {
	t := f.typ.Strip()
	switch {
	case t.kind == Void:
		return errors.New("a member cannot be void")
	case t.kind == Func:
		return errors.New("a member cannot be a function; a pointer to one is written (*name)(…)")
	}
	if err := checkComplete(t); err != nil {
		return err
	}
	if f.bits >= 0 {
		switch {
		case t.kind < Bool || t.kind > Enum || t.kind == Float || t.Size() > 8:
			return fmt.Errorf("a bit-field cannot be of type %s", f.typ)
		case uint64(f.bits) > t.Size()*8 || t.kind == Bool && f.bits > 1:
			return fmt.Errorf("a bit-field of %d bits is wider than its type %s", f.bits, f.typ)
		case f.bits == 0 && f.name != "":
			return errors.New("a bit-field of no width cannot have a name")
		}
	}
	return nil
}

// checkComplete says that a type has no size because it is only declared.
func checkComplete(t *Type) error {
	t = t.Strip()
	for range maxChain {
		if t.kind != Array {
			break
		}
		t = t.Elem().Strip()
	}
	reason, incomplete := t.Incomplete()
	if !incomplete {
		return nil
	}
	if reason != "" {
		reason = " (" + reason + ")"
	}
	return fmt.Errorf("%s is declared but not defined, so its size is not known%s", t, reason)
}
