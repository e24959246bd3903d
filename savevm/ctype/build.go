package ctype

import (
	"fmt"
	"math/bits"
)

// A StructBuilder lays out a struct or union from members that a program lists, as C would. Errors wait for [StructBuilder.Type].
type StructBuilder struct {
	name     string
	rec      record
	minAlign uint64
	seen     names
	err      error
}

// NewStruct starts a struct; the name may be empty.
func NewStruct(name string, abi *ABI) *StructBuilder {
	return &StructBuilder{name: name, rec: record{abi: abi}, seen: names{}}
}

// NewUnion starts a union; the name may be empty.
func NewUnion(name string, abi *ABI) *StructBuilder {
	b := NewStruct(name, abi)
	b.rec.union = true
	return b
}

// Packed places the members that follow without padding, as __attribute__((packed)) does.
func (b *StructBuilder) Packed() *StructBuilder {
	b.rec.packed = true
	return b
}

// Align aligns the whole to n bytes at least, a power of two.
func (b *StructBuilder) Align(n uint64) *StructBuilder {
	if b.err == nil {
		b.err = checkAlign(n)
	}
	b.minAlign = max(b.minAlign, n)
	return b
}

// Field adds a member. An empty name with a struct or union adds an anonymous one.
func (b *StructBuilder) Field(name string, t *Type) *StructBuilder {
	return b.add(field{name: name, typ: t, bits: -1})
}

// Bits adds a bit-field. An empty name adds padding; without a name and with width 0, padding to the next unit of t.
func (b *StructBuilder) Bits(name string, t *Type, width int) *StructBuilder {
	return b.add(field{name: name, typ: t, bits: max(width, 0)})
}

// FieldAt adds a member at an offset in bytes that is not before the end of the last one; in a union offset must be 0.
func (b *StructBuilder) FieldAt(offset uint64, name string, t *Type) *StructBuilder {
	if b.err != nil {
		return b
	}
	switch {
	case offset > maxSize:
		b.err = fmt.Errorf("%s: member %q: offset %#x: %w", b.what(), name, offset, errTooLarge)
	case b.rec.union && offset != 0 || offset*8 < b.rec.bits && !b.rec.union:
		b.err = fmt.Errorf("%s: member %q cannot be at offset %d: the one before it ends at %d", b.what(), name, offset, roundUp(b.rec.bits, 8)/8)
	default:
		b.rec.bits = max(b.rec.bits, offset*8)
		return b.add(field{name: name, typ: t, bits: -1, packed: true})
	}
	return b
}

func (b *StructBuilder) add(f field) *StructBuilder {
	if b.err != nil {
		return b
	}
	if f.typ == nil {
		b.err = fmt.Errorf("%s: member %q has no type", b.what(), f.name)
		return b
	}
	err := checkField(f)
	if err == nil {
		err = b.seen.add(f)
	}
	if err == nil {
		err = b.rec.add(f)
	}
	if err != nil {
		b.err = fmt.Errorf("%s: member %q: %w", b.what(), f.name, err)
	}
	return b
}

func (b *StructBuilder) what() string {
	word := "struct"
	if b.rec.union {
		word = "union"
	}
	if b.name == "" {
		return word
	}
	return word + " " + b.name
}

// Type returns the finished type, or the first thing that was wrong.
func (b *StructBuilder) Type() (*Type, error) {
	if b.err != nil {
		return nil, b.err
	}
	return b.rec.makeType(b.name, b.minAlign)
}

// MustType is [StructBuilder.Type] for layouts that a program fixes; it panics where that gives an error.
func (b *StructBuilder) MustType() *Type {
	t, err := b.Type()
	if err != nil {
		panic(err)
	}
	return t
}

func (r *record) makeType(name string, align uint64) (*Type, error) {
	def, err := r.def(align)
	if err != nil {
		return nil, err
	}
	kind := Struct
	if r.union {
		kind = Union
	}
	return New(kind, name, r.abi, def), nil
}

func (r *record) def(align uint64) (Def, error) {
	size, align, err := r.finish(align)
	return Def{Size: size, Align: align, Members: r.members}, err
}

func checkAlign(n uint64) error {
	if bits.OnesCount64(n) != 1 || n > 1<<28 {
		return fmt.Errorf("an alignment is a power of two up to 2^28, not %d", n)
	}
	return nil
}

// names are the members that a struct has so far, those of its anonymous members included.
type names map[string]bool

func (n names) add(f field) error {
	if f.name == "" {
		if f.bits >= 0 || !f.typ.Strip().composite() {
			return nil
		}
		for _, m := range f.typ.Fields() {
			if err := n.add(field{name: m.Name}); err != nil {
				return err
			}
		}
		return nil
	}
	if n[f.name] {
		return fmt.Errorf("there is already a member named %q", f.name)
	}
	n[f.name] = true
	return nil
}
