package ctype

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A plan is a type compiled for decoding: ops[i] makes slots[i], the value itself first, then its fields, then theirs, so that one
// loop without recursion decodes all. Nested structs beyond maxSlots are decoded when they are asked for.
type plan struct {
	size uint64
	ops  []op
}

const maxSlots = 1 << 12

// An op loads one value: a scalar (load, then cut out its bits), or the place of a struct or array.
type op struct {
	typ         *Type // stripped
	off         uint64
	code        opcode
	left, right uint8  // shifts that cut a scalar out of the 64 bits loaded
	width       uint8  // bits of a scalar
	signed      bool   //
	first, n    uint32 // slots of a struct's fields
	size        uint64 // bytes of a struct, array or wide scalar
}

type opcode uint8

const (
	opInvalid opcode = iota // lies outside of the type that holds it
	op8
	op16le
	op32le
	op64le
	op16be
	op32be
	op64be
	opBytesLE // a bit-field that no load of 1, 2, 4 or 8 bytes inside the type covers
	opBytesBE
	opWide   // a number of more than 64 bits
	opStruct // struct or union
	opArray
	opFlexible // the rest of the data
)

func (t *Type) planOf() *plan {
	if p := t.plan.Load(); p != nil {
		return p
	}
	t.plan.CompareAndSwap(nil, compile(t))
	return t.plan.Load()
}

func compile(t *Type) *plan {
	p := &plan{size: t.Size()}
	p.ops = append(p.ops, memberOp(Member{Type: t}, p.size))
	for i := 0; i < len(p.ops); i++ { // breadth first: a struct's fields are neighbours
		o := &p.ops[i]
		if o.code != opStruct {
			continue
		}
		fields := o.typ.Fields()
		if len(p.ops)+len(fields) > maxSlots && i > 0 {
			continue
		}
		base := o.off * 8
		first := len(p.ops)
		o.first, o.n = uint32(first), uint32(len(fields))
		for _, m := range fields {
			m.BitOffset += base
			p.ops = append(p.ops, memberOp(m, p.size))
		}
	}
	p.openTail()
	return p
}

// openTail makes flexible arrays of `x[0]` that end the type. Elsewhere they are marks in the middle of a struct, and empty.
func (p *plan) openTail() {
	root := &p.ops[0]
	fields := p.ops[root.first : root.first+root.n]
	end := uint64(0)
	for i := range fields {
		end = max(end, fields[i].off+fields[i].size)
	}
	for i := range fields {
		o := &fields[i]
		if o.code == opArray && o.typ.Len() == 0 && o.off >= end {
			o.code = opFlexible
		}
	}
}

// memberOp compiles a member of a type of size bytes.
func memberOp(m Member, size uint64) op {
	t := m.Type.Strip()
	o := op{typ: t, off: m.Offset(), size: t.Size()}
	if o.off > size {
		return o
	}
	room := size - o.off
	switch {
	case t.kind == Array && t.Len() == FlexibleLen && m.BitSize == 0:
		o.code = opFlexible
		return o
	case m.BitSize != 0:
		if t.scalar() && m.BitSize <= 64 {
			o.bitField(m, size)
		}
		return o
	case o.size > room:
		return o
	}
	switch {
	case t.composite():
		o.code = opStruct
	case t.kind == Array:
		o.code = opArray
	case t.scalar() && (o.size == 3 || o.size > 4 && o.size < 8):
		m.BitSize = o.size * 8
		o.bitField(m, size)
	case t.scalar():
		o.load(t, o.size)
		o.cut(o.size*8, 0, t)
	}
	return o
}

// load chooses how to read size bytes.
func (o *op) load(t *Type, size uint64) {
	big := t.abi.bigEndian()
	pick := func(little, be opcode) {
		if o.code = little; big {
			o.code = be
		}
	}
	switch size {
	case 1:
		o.code = op8
	case 2:
		pick(op16le, op16be)
	case 4:
		pick(op32le, op32be)
	case 8:
		pick(op64le, op64be)
	default:
		o.code = opWide
	}
}

// cut sets the shifts for width bits that start at bit shift of what is loaded.
func (o *op) cut(width, shift uint64, t *Type) {
	if o.code == opWide {
		return
	}
	o.width = uint8(width)
	o.left, o.right = uint8(64-shift-width), uint8(64-width)
	o.signed = t.Signed()
}

// bitField finds the smallest load that covers the bits and stays inside the type.
func (o *op) bitField(m Member, size uint64) {
	t := o.typ
	big := t.abi.bigEndian()
	end := (m.BitOffset%8 + m.BitSize + 7) / 8 // bytes from off that the bits touch
	if end > size-o.off {
		return
	}
	for _, n := range []uint64{1, 2, 4, 8} {
		if n < end || n > size {
			continue
		}
		start := min(o.off, size-n)
		bit := m.BitOffset - start*8
		if big {
			bit = n*8 - bit - m.BitSize
		}
		o.off = start
		o.load(t, n)
		o.cut(m.BitSize, bit, t)
		return
	}
	if o.code = opBytesLE; big {
		o.code = opBytesBE
	}
	o.size = end
	o.width, o.signed = uint8(m.BitSize), t.Signed()
	o.left, o.right = uint8(m.BitOffset%8), uint8(64-m.BitSize) // left: the first bit, here
}

// run decodes data, which holds size bytes at least, into as many slots as there are ops.
func (p *plan) run(slots []Value, data []byte) {
	slots = slots[:len(p.ops)]
	for i := range p.ops {
		p.ops[i].decode(&slots[i], slots, data, p.size)
	}
}

// decode makes one value. It does not allocate.
func (o *op) decode(v *Value, slots []Value, data []byte, size uint64) {
	*v = Value{typ: o.typ, width: o.width}
	var x uint64
	switch o.code {
	case op8:
		x = uint64(data[o.off])
	case op16le:
		x = uint64(binary.LittleEndian.Uint16(data[o.off:]))
	case op32le:
		x = uint64(binary.LittleEndian.Uint32(data[o.off:]))
	case op64le:
		x = binary.LittleEndian.Uint64(data[o.off:])
	case op16be:
		x = uint64(binary.BigEndian.Uint16(data[o.off:]))
	case op32be:
		x = uint64(binary.BigEndian.Uint32(data[o.off:]))
	case op64be:
		x = binary.BigEndian.Uint64(data[o.off:])
	default:
		o.place(v, slots, data, size)
		return
	}
	x <<= o.left
	if o.signed {
		x = uint64(int64(x) >> o.right)
	} else {
		x >>= o.right
	}
	v.bits = x
}

// place makes the values that refer to data, and the odd bit-field.
func (o *op) place(v *Value, slots []Value, data []byte, size uint64) {
	switch o.code {
	case opInvalid:
		v.typ = nil
	case opStruct:
		v.data = data[o.off : o.off+o.size : o.off+o.size]
		if o.n != 0 {
			v.elems = slots[o.first : o.first+o.n : o.first+o.n]
		}
	case opFlexible: // nothing, unless there is data after the type: what padding holds is no element
		if uint64(len(data)) > size {
			v.data = data[o.off:]
		}
	case opArray, opWide:
		v.data = data[o.off : o.off+o.size : o.off+o.size]
	case opBytesLE, opBytesBE:
		v.bits = oddBits(data[o.off:o.off+o.size], uint64(o.left), uint64(o.width), o.code == opBytesBE)
		if o.signed {
			v.bits = uint64(int64(v.bits<<o.right) >> o.right)
		}
	}
}

// oddBits cuts width bits from up to nine bytes, one bit at a time: it is rare.
func oddBits(data []byte, first, width uint64, big bool) uint64 {
	var v uint64
	for i := range width {
		bit := first + i
		b := data[bit/8]
		if big {
			v = v<<1 | uint64(b>>(7-bit%8)&1)
		} else {
			v |= uint64(b>>(bit%8)&1) << i
		}
	}
	return v
}

// A SizeError says that there are too few bytes to decode a type.
type SizeError struct {
	Type       *Type
	Have, Need uint64 // bytes
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("%s needs %d bytes, there are %d", e.Type, e.Need, e.Have)
}

// Decode makes a value of the bytes at the start of data, with everything in it: for a struct, one allocation for all its fields. The
// value refers to data (arrays do), which must not change while it is in use. Where data goes on after a struct, its flexible array
// gets the rest. The error is a [*SizeError], or says that the type is only declared.
func Decode(t *Type, data []byte) (Value, error) {
	p, err := planFor(t, data)
	if err != nil {
		return Value{}, err
	}
	slots := make([]Value, len(p.ops))
	p.run(slots, data)
	return slots[0], nil
}

// DecodeInto is [Decode] that allocates nothing when slots are enough: it returns them, to be passed again, and the value, which lives in
// them.
func DecodeInto(slots []Value, t *Type, data []byte) ([]Value, Value, error) {
	p, err := planFor(t, data)
	if err != nil {
		return slots, Value{}, err
	}
	if len(slots) < len(p.ops) {
		slots = make([]Value, len(p.ops))
	}
	p.run(slots, data)
	return slots, slots[0], nil
}

// decodePrefix decodes a type of which only the first bytes are there: fields beyond them are invalid, arrays are cut short.
func decodePrefix(t *Type, data []byte) Value {
	p := t.planOf()
	slots := make([]Value, len(p.ops))
	full := make([]byte, p.size)
	have := uint64(copy(full, data))
	p.run(slots, full)
	for i := range slots {
		o, v := &p.ops[i], &slots[i]
		end := o.off + max(o.size, uint64(v.width)/8)
		switch {
		case end <= have:
		case v.data != nil && (o.code == opArray || o.code == opStruct) && o.off < have:
			v.data = v.data[:have-o.off]
		default:
			*v = Value{}
		}
	}
	return slots[0]
}

func planFor(t *Type, data []byte) (*plan, error) {
	p := t.planOf()
	if uint64(len(data)) < p.size {
		return nil, &SizeError{Type: t, Have: uint64(len(data)), Need: p.size}
	}
	if p.size == 0 {
		return p, checkComplete(t)
	}
	return p, nil
}

// float64FromX87 converts the 80-bit extended format (Intel SDM volume 1, 4.2.2), little-endian; precision beyond float64 is lost.
func float64FromX87(b []byte) float64 {
	mantissa := binary.LittleEndian.Uint64(b)
	head := binary.LittleEndian.Uint16(b[8:])
	exponent := int(head & 0x7fff)
	var f float64
	switch {
	case exponent == 0x7fff && mantissa<<1 == 0:
		f = math.Inf(1)
	case exponent == 0x7fff:
		return math.NaN()
	default:
		f = math.Ldexp(float64(mantissa), exponent-16383-63)
	}
	if head&0x8000 != 0 {
		f = -f
	}
	return f
}

// float64FromQuad converts IEEE 754 binary128 given as its high and low halves.
func float64FromQuad(hi, lo uint64) float64 {
	exponent := int(hi >> 48 & 0x7fff)
	fraction := hi & (1<<48 - 1)
	var f float64
	switch {
	case exponent == 0x7fff && fraction|lo == 0:
		f = math.Inf(1)
	case exponent == 0x7fff:
		return math.NaN()
	case exponent == 0:
		f = 0 // smaller than any float64
	default:
		f = math.Ldexp(float64(1<<48|fraction), exponent-16383-48) + math.Ldexp(float64(lo), exponent-16383-112)
	}
	if hi>>63 != 0 {
		f = -f
	}
	return f
}
