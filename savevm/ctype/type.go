package ctype

import (
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
)

// Kind is what a type is made of.
type Kind uint8

const (
	Void      Kind = iota
	Bool           // _Bool
	Char           // plain char: text when it comes in arrays. signed char and unsigned char are Int and UInt.
	Int            // signed integer
	UInt           // unsigned integer
	Float          // float, double, long double
	Enum           //
	Pointer        //
	Array          //
	Struct         //
	Union          //
	Func           //
	Typedef        // another name for Elem
	Qualified      // Elem with the qualifiers in Name: "const", "volatile", "const volatile"
)

var kindNames = [...]string{
	Void: "void", Bool: "bool", Char: "char", Int: "int", UInt: "uint", Float: "float", Enum: "enum", Pointer: "pointer", Array: "array",
	Struct: "struct", Union: "union", Func: "func", Typedef: "typedef", Qualified: "qualified",
}

// String returns the kind in lower case: "struct", "pointer", "uint".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind?"
}

// A Type is one C type under one ABI.
type Type struct {
	kind Kind
	name string
	abi  *ABI

	once sync.Once
	fill func() Def // gives def at first need; nil when def is there already
	def  Def

	alignment atomic.Uint64 // of a struct whose definition does not say it, once computed
	shape     atomic.Pointer[shape]
	plan      atomic.Pointer[plan]
}

// A Def is what a type is beyond its kind and name. Which fields matter depends on the kind.
type Def struct {
	Size  uint64 // bytes; scalars, enums, structs and unions. The others' size follows from Elem or from the ABI.
	Align uint64 // bytes, a power of two; 0: the ABI's for scalars, what the members suggest for structs

	Elem *Type // what a pointer points to (nil: void), an array's element, a function's result, the type behind a typedef or a qualifier
	Len  int64 // of an array; [FlexibleLen] for `x[]`

	Members     []Member     // of a struct or union, in order; the parameters of a function
	Variadic    bool         // function whose parameters end in "..."
	Enumerators []Enumerator // in order
	Signed      bool         // an enum or char whose values may be negative

	// Incomplete says that a struct, union or enum is declared and not defined. Reason tells why, when there is more to say.
	Incomplete bool
	Reason     string

	// Partial says that not all members of a struct are known, and its size only as far as they reach: its layout was inferred.
	Partial bool
}

// FlexibleLen is the Len of a flexible array member, `x[]`. `x[0]` has length 0 and is treated alike: BTF does not tell them apart.
const FlexibleLen = -1

// A Member is a member of a struct or union, a parameter of a function, or any part of a type that [Type.Lookup] finds.
type Member struct {
	Name string // empty for an anonymous struct or union (and for an unnamed bit-field, which only padding has)
	Type *Type
	// BitOffset is where the member starts, in bits from the start of the type that it was asked of. As in DWARF's
	// DW_AT_data_bit_offset and in BTF, bits count from the least significant of a byte on little-endian machines and from
	// the most significant on big-endian ones.
	BitOffset uint64
	BitSize   uint64 // bits of a bit-field; 0 when it is none
}

// Offset is where the member starts in bytes; for a bit-field, the byte that holds its first bit.
func (m Member) Offset() uint64 { return m.BitOffset / 8 }

// Size is the member's size in bytes; for a bit-field, that of its declared type.
func (m Member) Size() uint64 { return m.Type.Size() }

// Anonymous reports whether the member is an anonymous struct or union, whose own members count as those of the outer one.
func (m Member) Anonymous() bool { return m.Name == "" && m.BitSize == 0 && m.Type.Strip().composite() }

// An Enumerator is a named value of an enum. Value holds the bits of values above the int64 range, which only unsigned enums have.
type Enumerator struct {
	Name  string
	Value int64
}

// maxChain bounds how many typedefs, qualifiers and arrays are followed: a damaged description may go in circles.
const maxChain = 128

// New returns a type with a known definition. A definition that nobody can hold (an offset beyond the size) is kept as it is: such
// members decode to invalid values.
func New(kind Kind, name string, abi *ABI, def Def) *Type {
	return &Type{kind: kind, name: name, abi: abi, def: def}
}

// Lazy returns a type whose definition fill gives when it is first needed, once. Fill may make and name other types, lazy ones too; it
// must not ask this type anything. It may be called from any goroutine.
func Lazy(kind Kind, name string, abi *ABI, fill func() Def) *Type {
	return &Type{kind: kind, name: name, abi: abi, fill: fill}
}

// PointerTo returns the type "pointer to elem".
func PointerTo(abi *ABI, elem *Type) *Type { return New(Pointer, "", abi, Def{Elem: elem}) }

// ArrayOf returns the type "array of n elem".
func ArrayOf(elem *Type, n int64) *Type { return New(Array, "", elem.abi, Def{Elem: elem, Len: n}) }

// definition returns what the type is, which a lazy type fetches now.
func (t *Type) definition() *Def {
	t.once.Do(t.resolve)
	return &t.def
}

func (t *Type) resolve() {
	if t.fill != nil {
		t.def = t.fill()
		t.fill = nil
	}
}

// Kind returns the type's kind. [Type.Strip] looks through typedefs and qualifiers.
func (t *Type) Kind() Kind { return t.kind }

// Name is the tag of a struct, union or enum ("" when it has none), the name of a typedef or of a scalar type; "" for the rest.
func (t *Type) Name() string { return t.name }

// ABI is what the type was laid out for; its ByteOrder is the type's.
func (t *Type) ABI() *ABI { return t.abi }

// Members are the members of a struct or union as they were declared, the parameters of a function; nil for other types.
func (t *Type) Members() []Member { return t.definition().Members }

// Enumerators are an enum's, as they were declared.
func (t *Type) Enumerators() []Enumerator { return t.definition().Enumerators }

// Len is an array's length: [FlexibleLen] or 0 for a flexible one.
func (t *Type) Len() int64 { return t.definition().Len }

// Variadic reports whether a function takes more arguments than it names.
func (t *Type) Variadic() bool { return t.definition().Variadic }

// Incomplete reports whether a struct, union or enum is only declared, and why.
func (t *Type) Incomplete() (reason string, incomplete bool) {
	d := t.definition()
	return d.Reason, d.Incomplete
}

// Partial reports whether a struct has members that are not known, and may be larger than its size says.
func (t *Type) Partial() bool { return t.definition().Partial }

// Elem is what a pointer points to, an array is made of, a function returns, or a typedef stands for; never nil for these kinds
// ([Void] stands for nothing), nil for others.
func (t *Type) Elem() *Type {
	switch t.kind {
	case Pointer, Array, Func, Typedef, Qualified:
		if e := t.definition().Elem; e != nil {
			return e
		}
		return voidType
	}
	return nil
}

var voidType = New(Void, "void", AMD64, Def{Align: 1})

// Strip returns the type behind all typedefs and qualifiers.
func (t *Type) Strip() *Type {
	for range maxChain {
		if t.kind != Typedef && t.kind != Qualified {
			return t
		}
		t = t.Elem()
	}
	return voidType // a typedef of itself
}

// Signed reports whether values of a scalar type may be negative.
func (t *Type) Signed() bool {
	t = t.Strip()
	switch t.kind {
	case Int, Float:
		return true
	case Char, Enum:
		return t.definition().Signed
	}
	return false
}

// Size is the type's size in bytes: 0 for void, functions, incomplete types and flexible arrays, math.MaxUint64 for an array that
// no memory can hold.
func (t *Type) Size() uint64 {
	n := uint64(1)
	for range maxChain {
		switch t.kind {
		case Typedef, Qualified:
			t = t.Elem()
		case Array:
			if n = mulSat(n, uint64(max(t.Len(), 0))); n == 0 {
				return 0
			}
			t = t.Elem()
		case Pointer:
			return mulSat(n, t.abi.PointerSize)
		case Func, Void:
			return 0
		default:
			return mulSat(n, t.definition().Size)
		}
	}
	return 0 // a typedef or array of itself
}

func mulSat(a, b uint64) uint64 {
	if hi, lo := bits.Mul64(a, b); hi == 0 {
		return lo
	}
	return math.MaxUint64
}

// Align is the type's alignment in bytes as a member of a struct, at least 1. (On i386 a variable may be aligned better.)
func (t *Type) Align() uint64 {
	budget := 1 << 14
	return max(t.align(&budget), 1)
}

// align spends the budget on each type it looks at, since a damaged description may contain itself.
func (t *Type) align(budget *int) uint64 {
	for *budget > 0 {
		*budget--
		if a := t.definition().Align; a != 0 {
			return a
		}
		switch t.kind {
		case Typedef, Qualified, Array:
			t = t.Elem()
		case Struct, Union:
			return t.memberAlign(budget)
		case Pointer:
			return t.abi.PointerSize
		case Func, Void:
			return 1
		case Float:
			return t.abi.floatAlign(t.Size())
		default:
			return t.abi.intAlign(t.Size())
		}
	}
	return 1
}

// memberAlign is the alignment that a struct's members suggest: the largest of theirs that their offsets and the struct's size
// agree with. BTF records no alignment, and this is how pahole finds that a struct is packed.
func (t *Type) memberAlign(budget *int) uint64 {
	if a := t.alignment.Load(); a != 0 {
		return a
	}
	align := uint64(1)
	for _, m := range t.Members() {
		a := m.Type.align(budget)
		if m.BitSize != 0 {
			a = min(a, t.Size())
		} else if m.Offset() != 0 {
			a = min(a, m.Offset()&-m.Offset())
		}
		align = max(align, a)
	}
	if s := t.Size(); s != 0 {
		align = min(align, s&-s)
	}
	t.alignment.Store(align)
	return align
}

func (t *Type) composite() bool { return t.kind == Struct || t.kind == Union }

// scalar reports whether the (stripped) type is one number.
func (t *Type) scalar() bool { return t.kind >= Bool && t.kind <= Pointer }
