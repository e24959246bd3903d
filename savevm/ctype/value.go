package ctype

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
)

// A Value is bytes seen as a type: a number, or a struct or array of values. The zero Value is invalid; so is the value of a member
// that lies outside of its struct, which only a damaged description has.
//
// What to make of it follows from its Kind: Bool → [Value.Bool]; Float → [Value.Float]; Int, UInt, Char, Enum and Pointer → [Value.Int] or
// [Value.Uint] as [Value.Signed] says, and [Value.Big] beyond 64 bits; Struct and Union → [Value.Index] along Type().Fields(); Array → [Value.Text]
// for chars, [Value.Bytes] or [Value.Index] for others.
type Value struct {
	typ   *Type
	bits  uint64  // of a scalar, sign-extended
	data  []byte  // of a struct, an array or a number of more than 64 bits
	elems []Value // fields of a struct, if they are decoded
	width uint8   // bits of a scalar: those of a bit-field, or of the whole type
}

// Valid reports whether there is a value.
func (v Value) Valid() bool { return v.typ != nil }

// Type is the value's type without typedefs and qualifiers; nil for an invalid value.
func (v Value) Type() *Type { return v.typ }

// Kind is the kind of Type: never Typedef nor Qualified; Void for an invalid value.
func (v Value) Kind() Kind {
	if v.typ == nil {
		return Void
	}
	return v.typ.kind
}

// Signed reports whether a number may be negative.
func (v Value) Signed() bool { return v.typ != nil && v.typ.Signed() }

// Wide reports whether an integer is a 64-bit quantity, which JavaScript holds in a BigInt: pointers always, others when they are of
// more than 32 bits. It depends on the type (and a bit-field's width) alone.
func (v Value) Wide() bool {
	switch v.Kind() {
	case Pointer:
		return true
	case Int, UInt, Char, Enum, Bool:
		return v.width > 32 || v.width == 0
	}
	return false
}

// Bits is the width of a number: a bit-field's own, or that of its type.
func (v Value) Bits() int {
	if v.width == 0 {
		return len(v.data) * 8
	}
	return int(v.width)
}

// Uint gives an integer's, an enum's or a pointer's bits, extended to 64 as its type says; of wider integers, the low 64.
func (v Value) Uint() uint64 {
	if v.width == 0 && len(v.data) >= 8 {
		_, lo := v.halves()
		return lo
	}
	return v.bits
}

// Int is [Value.Uint] as a signed number.
func (v Value) Int() int64 { return int64(v.Uint()) }

// Bool reports whether a number is not 0.
func (v Value) Bool() bool { return v.Uint() != 0 }

// Float gives a number as a float64; long double loses what float64 has no room for.
func (v Value) Float() float64 {
	switch {
	case v.Kind() == Float && v.width == 32:
		return float64(math.Float32frombits(uint32(v.bits)))
	case v.Kind() == Float && v.width == 64:
		return math.Float64frombits(v.bits)
	case v.Kind() == Float && v.typ.abi.X87 && len(v.data) >= 10:
		return float64FromX87(v.data)
	case v.Kind() == Float && len(v.data) == 16:
		return float64FromQuad(v.halves())
	case v.Kind() == Float:
		return math.NaN()
	case v.Signed():
		return float64(v.Int())
	}
	return float64(v.Uint())
}

// Big gives an integer of any width.
func (v Value) Big() *big.Int {
	if v.width != 0 || len(v.data) != 16 {
		if v.Signed() {
			return big.NewInt(v.Int())
		}
		return new(big.Int).SetUint64(v.Uint())
	}
	hi, lo := v.halves()
	n := new(big.Int).SetUint64(hi)
	if v.Signed() {
		n.SetInt64(int64(hi))
	}
	return n.Lsh(n, 64).Add(n, new(big.Int).SetUint64(lo))
}

// halves splits a 128-bit number.
func (v Value) halves() (hi, lo uint64) {
	if len(v.data) < 16 {
		return 0, v.bits
	}
	if v.typ.abi.bigEndian() {
		return binary.BigEndian.Uint64(v.data), binary.BigEndian.Uint64(v.data[8:])
	}
	return binary.LittleEndian.Uint64(v.data[8:]), binary.LittleEndian.Uint64(v.data)
}

// Enumerator is the name of an enum's value, if it has one.
func (v Value) Enumerator() (string, bool) {
	if v.Kind() != Enum {
		return "", false
	}
	return v.typ.EnumName(v.Int())
}

// Bytes are those of a struct, an array or a number of more than 64 bits: a part of what was decoded, not a copy. Nil for other values.
func (v Value) Bytes() []byte { return v.data }

// IsText reports whether the value is an array of plain char.
func (v Value) IsText() bool { return v.Kind() == Array && v.typ.Elem().Strip().kind == Char }

// Text is an array's bytes up to the first NUL.
func (v Value) Text() string {
	if i := bytes.IndexByte(v.data, 0); i >= 0 {
		return string(v.data[:i])
	}
	return string(v.data)
}

// Len is the number of a struct's fields (as in Type().Fields()) or of an array's elements: for a flexible array, as many as the
// data holds. 0 for other values.
func (v Value) Len() int {
	switch v.Kind() {
	case Struct, Union:
		return len(v.typ.Fields())
	case Array:
		if size := v.typ.Elem().Size(); size != 0 {
			return int(uint64(len(v.data)) / size)
		}
	}
	return 0
}

// Index is the i-th field or element, 0 ≤ i < Len; beyond, an invalid value.
func (v Value) Index(i int) Value {
	if uint(i) < uint(len(v.elems)) {
		return v.elems[i]
	}
	if i < 0 || i >= v.Len() {
		return Value{}
	}
	if v.Kind() == Array {
		elem := v.typ.Elem()
		size := elem.Size()
		return one(Member{Type: elem}, v.data[uint64(i)*size:][:size:size])
	}
	return one(v.typ.Fields()[i], v.data)
}

// Field is a struct's field by name, also inside anonymous members; invalid when there is none.
func (v Value) Field(name string) Value {
	if k := v.Kind(); k != Struct && k != Union {
		return Value{}
	}
	return v.Index(v.typ.FieldIndex(name))
}

// one decodes a member of a struct by itself. The fields of a struct in it are decoded when they are asked for.
func one(m Member, data []byte) Value {
	o := memberOp(m, uint64(len(data)))
	var v Value
	o.decode(&v, nil, data, uint64(len(data)))
	return v
}
