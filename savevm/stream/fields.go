package stream

import (
	"fmt"
	"slices"
	"strings"

	"github.com/svscript/svscript/savevm/internal/wire"
)

// A Field is one decoded field of a device's section.
type Field struct {
	Name   string
	Type   string // as the description has it: "uint32", "struct", "buffer", "timer", …
	Offset int64  // in the section's body
	Size   int64  // bytes of one element
	// Value is a uint64, int64 or bool; []byte for buffers and for what has no simple type; a Struct; nil for a null pointer;
	// or for arrays a []uint64, []int64 or []any of the above.
	Value any
}

// A Struct is a struct's fields in file order, those of its subsections behind them.
type Struct struct {
	Fields      []Field
	Subsections []Subsection
}

// A Subsection is an optional part of a section.
type Subsection struct {
	Name    string // "cpu/msr_tscdeadline"
	Version uint32
	Struct
}

// Field returns the value of the field of that name, also one inside of a subsection; nil where there is none.
func (s *Struct) Field(name string) any {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return s.Fields[i].Value
		}
	}
	for i := range s.Subsections {
		if v := s.Subsections[i].Field(name); v != nil {
			return v
		}
	}
	return nil
}

// Uint returns the value of the unsigned (or signed, as its bits) field of that name.
func (s *Struct) Uint(name string) (uint64, bool) {
	switch v := s.Field(name).(type) {
	case uint64:
		return v, true
	case int64:
		return uint64(v), true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// Decode decodes the section by its Schema. A section without one has no fields.
func (d *Device) Decode() (*Struct, error) {
	if d.Schema == nil {
		return &Struct{}, nil
	}
	raw, err := d.Raw()
	if err != nil {
		return nil, err
	}
	f := &fieldReader{c: wire.NewBytesCursor(raw, 0)}
	s := f.description(d.Schema)
	if err := f.c.Err(); err != nil {
		return &s, fmt.Errorf("section %s/%d: the fields do not fit the section: %w", d.Name, d.Instance, err)
	}
	return &s, nil
}

type fieldReader struct {
	c     *wire.Cursor
	count int
}

// maxFields bounds what one section can decode to; a description can nest arrays of fields without bytes.
const maxFields = 1 << 21

func (r *fieldReader) description(d *Description) Struct {
	return r.structure(d.Fields, d.Subsections)
}

func (r *fieldReader) structure(fields []FieldDescription, subsections []Description) Struct {
	s := Struct{Fields: r.fields(fields)}
	for i := range subsections {
		sub := &subsections[i]
		r.c.U8() // 05
		name, version := r.c.String8(), r.c.U32()
		if r.c.Err() == nil && name != sub.VMSD {
			r.c.Fail(fmt.Errorf("subsection %q was described, %q is there", sub.VMSD, name))
		}
		if r.c.Err() != nil {
			break
		}
		s.Subsections = append(s.Subsections, Subsection{Name: name, Version: version, Struct: r.description(sub)})
	}
	return s
}

func (r *fieldReader) fields(descs []FieldDescription) []Field {
	fields := make([]Field, 0, len(descs))
	for i := range descs {
		d := &descs[i]
		if r.count++; r.count > maxFields {
			r.c.Fail(fmt.Errorf("there are more than %d fields", maxFields))
		}
		if r.c.Err() != nil {
			break
		}
		f := Field{Name: d.Name, Type: d.Type, Offset: r.c.Offset(), Size: d.Size}
		if d.ArrayLen != nil {
			f.Value = r.array(d)
		} else {
			f.Value = r.value(d)
		}
		if n := len(fields); n > 0 && fields[n-1].Name == d.Name && d.Name != "" {
			// One more piece of an array whose elements differ in size, or of which some are null: names are unique else.
			fields[n-1].Value = append(elements(fields[n-1].Value), elements(f.Value)...)
			continue
		}
		if d.Index != nil {
			f.Value = []any{f.Value}
		}
		fields = append(fields, f)
	}
	return fields
}

// elements makes a list of what may be one.
func elements(v any) []any {
	switch x := v.(type) {
	case []any:
		return x
	case []uint64:
		return anyOf(x)
	case []int64:
		return anyOf(x)
	}
	return []any{v}
}

func anyOf[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}

// array decodes an array; one whose elements have no bytes is empty, whatever length it claims.
func (r *fieldReader) array(d *FieldDescription) any {
	n := *d.ArrayLen
	if d.Size <= 0 || n < 0 || n > r.c.Left()/d.Size {
		if d.Size > 0 {
			r.c.Fail(fmt.Errorf("field %s has %d elements of %d bytes, %d bytes are left", d.Name, n, d.Size, r.c.Left()))
		}
		return []any{}
	}
	switch kindOf(d) {
	case kindUnsigned:
		a := make([]uint64, n)
		for i := range a {
			a[i] = r.unsigned(d.Size)
		}
		return a
	case kindSigned:
		a := make([]int64, n)
		for i := range a {
			a[i] = signed(r.unsigned(d.Size), d.Size)
		}
		return a
	}
	a := make([]any, n)
	for i := range a {
		a[i] = r.value(d)
	}
	return a
}

func (r *fieldReader) value(d *FieldDescription) any {
	switch kindOf(d) {
	case kindUnsigned:
		return r.unsigned(d.Size)
	case kindSigned:
		return signed(r.unsigned(d.Size), d.Size)
	case kindBool:
		return r.c.U8() != 0
	case kindNull:
		r.c.Skip(d.Size)
		return nil
	case kindStruct:
		// A struct takes Size bytes, whatever its fields say: QEMU measured it.
		start := r.c.Offset()
		var s Struct
		if d.Struct != nil {
			s = r.description(d.Struct)
		} else {
			s = r.structure(d.Fields, d.Subsections)
		}
		if used := r.c.Offset() - start; r.c.Err() == nil && used != d.Size {
			if used > d.Size {
				r.c.Fail(fmt.Errorf("struct %s has %d bytes, its fields %d", d.Name, d.Size, used))
			} else {
				r.c.Skip(d.Size - used)
			}
		}
		return s
	}
	return r.c.Bytes(d.Size)
}

func (r *fieldReader) unsigned(size int64) uint64 {
	switch size {
	case 1:
		return uint64(r.c.U8())
	case 2:
		return uint64(r.c.U16())
	case 4:
		return uint64(r.c.U32())
	}
	return r.c.U64()
}

func signed(v uint64, size int64) int64 {
	shift := uint(64 - 8*size)
	return int64(v<<shift) >> shift
}

// listTypes are the types whose elements are described one over the other.
var listTypes = []string{"qtailq", "qlist", "gtree"}

type fieldKind int

const (
	kindBytes fieldKind = iota
	kindUnsigned
	kindSigned
	kindBool
	kindStruct
	kindNull
)

// kindOf tells how a field's bytes are read, from the type's name. Types of QEMU's own making (cpsr, fpscr, powered_off) are
// integers where they have the size of one.
func kindOf(d *FieldDescription) fieldKind {
	integer := d.Size == 1 || d.Size == 2 || d.Size == 4 || d.Size == 8
	switch {
	case slices.Contains(listTypes, d.Type):
		return kindBytes
	case d.Type == typeNull:
		return kindNull
	case d.Struct != nil || len(d.Fields) > 0:
		return kindStruct
	case strings.Contains(d.Type, "buffer") || strings.HasPrefix(d.Type, "bitmap"):
		return kindBytes
	case d.Type == "bool" && d.Size == 1:
		return kindBool
	case integer && (strings.HasPrefix(d.Type, "int") || d.Type == "timer"):
		return kindSigned
	case integer && d.Type != "struct":
		return kindUnsigned
	}
	return kindBytes
}
