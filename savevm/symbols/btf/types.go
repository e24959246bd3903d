package btf

import (
	"encoding/binary"

	"github.com/svscript/svscript/savevm/ctype"
)

// voidID is the type ID that stands for void.
const voidID = 0

// maxTags bounds how many type tags are passed over on the way to the type that they tag.
const maxTags = 64

// ByID is the type of an ID. IDs that lead nowhere give an incomplete struct that says so.
func (s *Spec) ByID(id uint32) *ctype.Type {
	for range maxTags {
		if id == voidID {
			return s.abi.Base("void")
		}
		if id < s.first {
			if s.base == nil {
				break
			}
			return s.base.ByID(id)
		}
		r, ok := s.record(id)
		if !ok {
			break
		}
		if r.kind() == kindTypeTag {
			id = r.size
			continue
		}
		slot := &s.made[id-s.first]
		if t := slot.Load(); t != nil {
			return t
		}
		slot.CompareAndSwap(nil, s.make(r))
		return slot.Load()
	}
	return ctype.New(ctype.Struct, "", s.abi, ctype.Def{Incomplete: true, Reason: "its BTF record is gone"})
}

// make makes the type of a record. What it refers to is looked up when the type is first used.
func (s *Spec) make(r record) *ctype.Type {
	lazy := func(kind ctype.Kind, name string, fill func() ctype.Def) *ctype.Type {
		return ctype.Lazy(kind, name, s.abi, fill)
	}
	refers := func(kind ctype.Kind, name string) *ctype.Type {
		return lazy(kind, name, func() ctype.Def { return ctype.Def{Elem: s.ByID(r.size)} })
	}
	switch r.kind() {
	case kindInt:
		return s.makeInt(r)
	case kindFloat:
		return ctype.New(ctype.Float, s.text(r.name), s.abi, ctype.Def{Size: uint64(r.size)})
	case kindPtr:
		return refers(ctype.Pointer, "")
	case kindTypedef:
		return refers(ctype.Typedef, s.text(r.name))
	case kindVolatile:
		return refers(ctype.Qualified, "volatile")
	case kindConst:
		return refers(ctype.Qualified, "const")
	case kindRestrict:
		return refers(ctype.Qualified, "restrict")
	case kindArray:
		return lazy(ctype.Array, "", func() ctype.Def { return s.array(r) })
	case kindStruct:
		return lazy(ctype.Struct, s.text(r.name), func() ctype.Def { return s.composite(r) })
	case kindUnion:
		return lazy(ctype.Union, s.text(r.name), func() ctype.Def { return s.composite(r) })
	case kindEnum, kindEnum64:
		return lazy(ctype.Enum, s.text(r.name), func() ctype.Def { return s.enum(r) })
	case kindFwd:
		return s.forward(r)
	case kindFuncProto:
		return lazy(ctype.Func, "", func() ctype.Def { return s.function(r) })
	case kindFunc, kindVar:
		return s.referred(r.size)
	}
	return ctype.New(ctype.Struct, "", s.abi, ctype.Def{Incomplete: true, Reason: "BTF has a section or a tag there, no type"})
}

// referred is ByID for what a function or variable refers to, which must not be another one: records may go in circles.
func (s *Spec) referred(id uint32) *ctype.Type {
	if r, ok := s.record(id); ok && (r.kind() == kindFunc || r.kind() == kindVar) {
		return s.abi.Base("void")
	}
	return s.ByID(id)
}

// The encodings of BTF_KIND_INT.
const (
	intSigned = 1 << iota
	intChar
	intBool
)

func (s *Spec) makeInt(r record) *ctype.Type {
	name, encoding := s.text(r.name), binary.LittleEndian.Uint32(r.tail)>>24&15
	def, kind := ctype.Def{Size: uint64(r.size)}, ctype.UInt
	switch {
	case encoding&intBool != 0:
		kind = ctype.Bool
	case r.size == 1 && (name == "char" || encoding&intChar != 0):
		// pahole marks no character; the name tells.
		kind, def.Signed = ctype.Char, encoding&intSigned != 0
	case encoding&intSigned != 0:
		kind = ctype.Int
	}
	return ctype.New(kind, name, s.abi, def)
}

func (s *Spec) array(r record) ctype.Def {
	n := int64(binary.LittleEndian.Uint32(r.tail[8:]))
	if n == 0 {
		n = ctype.FlexibleLen
	}
	return ctype.Def{Elem: s.ByID(binary.LittleEndian.Uint32(r.tail)), Len: n}
}

func (s *Spec) composite(r record) ctype.Def {
	def := ctype.Def{Size: uint64(r.size), Members: make([]ctype.Member, 0, r.vlen())}
	for i := range r.vlen() {
		b := r.tail[12*i:]
		id, offset := binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
		if id == voidID {
			continue // no member is void: these bytes are gone
		}
		m := ctype.Member{Name: s.text(binary.LittleEndian.Uint32(b)), Type: s.ByID(id), BitOffset: uint64(offset)}
		if r.flag() {
			m.BitOffset, m.BitSize = uint64(offset&0xffffff), uint64(offset>>24)
		} else if bitOffset, bits := s.oldBitField(id); bits != 0 {
			m.BitOffset, m.BitSize = m.BitOffset+bitOffset, bits
		}
		def.Members = append(def.Members, m)
	}
	return def
}

// oldBitField is what an integer type tells of a bit-field, as was done before struct members told it themselves (4.20 or older
// pahole): its bits, when they are fewer than its bytes have, and where they start.
func (s *Spec) oldBitField(id uint32) (offset, bits uint64) {
	r, ok := s.record(id)
	for range maxTags {
		if ok && (r.kind() == kindTypedef || r.kind() == kindConst || r.kind() == kindVolatile) {
			r, ok = s.record(r.size)
		}
	}
	if !ok || r.kind() != kindInt {
		return 0, 0
	}
	data := binary.LittleEndian.Uint32(r.tail)
	offset, bits = uint64(data>>16&0xff), uint64(data&0xff)
	if bits == uint64(r.size)*8 && offset == 0 || bits > 128 {
		return 0, 0
	}
	return offset, bits
}

func (s *Spec) enum(r record) ctype.Def {
	def := ctype.Def{Size: uint64(r.size), Signed: r.flag(), Enumerators: make([]ctype.Enumerator, r.vlen())}
	if r.vlen() == 0 {
		// A declaration: `enum foo;` has no kind of its own.
		def.Incomplete = true
	}
	negative := false
	for i := range def.Enumerators {
		e := &def.Enumerators[i]
		if r.kind() == kindEnum64 {
			b := r.tail[12*i:]
			e.Name = s.text(binary.LittleEndian.Uint32(b))
			e.Value = int64(uint64(binary.LittleEndian.Uint32(b[4:])) | uint64(binary.LittleEndian.Uint32(b[8:]))<<32)
			continue
		}
		b := r.tail[8*i:]
		value := binary.LittleEndian.Uint32(b[4:])
		e.Name, e.Value = s.text(binary.LittleEndian.Uint32(b)), int64(int32(value))
		negative = negative || int32(value) < 0
	}
	if r.kind() == kindEnum && !def.Signed && negative {
		// The flag for signed enums came with 6.0. Before, no value tells; 0xffffffff was -1 nearly always, and values from 2^31 on
		// were rare, so that a small negative one decides.
		def.Signed = s.smallNegative(def.Enumerators)
		if !def.Signed {
			for i := range def.Enumerators {
				def.Enumerators[i].Value = int64(uint32(def.Enumerators[i].Value))
			}
		}
	}
	return def
}

func (s *Spec) smallNegative(all []ctype.Enumerator) bool {
	for _, e := range all {
		if e.Value < 0 && e.Value >= -4096 {
			return true
		}
	}
	return false
}

// forward is a declared struct or union. Modules are compiled with declarations of what the kernel, or another part of it, defines.
func (s *Spec) forward(r record) *ctype.Type {
	name, kind, space := s.text(r.name), ctype.Struct, byte('s')
	if r.flag() {
		kind, space = ctype.Union, 'u'
	}
	return ctype.Lazy(kind, name, s.abi, func() ctype.Def {
		if t := s.named(nameKey{space, name}); t != nil {
			return ctype.Def{Size: t.Size(), Members: t.Members()}
		}
		return ctype.Def{Incomplete: true, Reason: "BTF only declares it"}
	})
}

func (s *Spec) function(r record) ctype.Def {
	def := ctype.Def{Elem: s.ByID(r.size), Members: make([]ctype.Member, 0, r.vlen())}
	for i := range r.vlen() {
		b := r.tail[8*i:]
		name, id := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
		if name == 0 && id == voidID && i == r.vlen()-1 {
			def.Variadic = true
			break
		}
		def.Members = append(def.Members, ctype.Member{Name: s.text(name), Type: s.ByID(id)})
	}
	return def
}
