package ctype

import (
	"encoding/binary"
	"strings"
	"sync"
)

// An ABI is what C leaves to the machine: sizes, alignments and the order of bytes. Use it by pointer; do not change it once types
// were made with it.
type ABI struct {
	Name            string
	ByteOrder       binary.ByteOrder // nil: little-endian
	PointerSize     uint64           // bytes: 4 or 8
	LongSize        uint64           // bytes: 4 or 8
	Int64Align      uint64           // of 64-bit integers in structs; 0: 8
	DoubleAlign     uint64           // of double in structs; 0: 8
	LongDoubleSize  uint64           // bytes; 0: 16
	LongDoubleAlign uint64           // 0: 16
	X87             bool             // long double is the x87's 80-bit format, not IEEE binary128
	UnsignedChar    bool             // plain char is unsigned
	WCharUnsigned   bool             // wchar_t is unsigned
	MaxAlign        uint64           // of __attribute__((aligned)) without a number; 0: 16
	AnonBitsAlign   bool             // unnamed bit-fields, also of no width, raise the alignment of their struct (AAPCS64 8.1.8)
}

// The ABIs of Linux guests. Sources: System V ABI, AMD64 supplement table 3.1; i386 supplement table 2.1; AAPCS64 sections 5.9 and
// 8.1; RISC-V psABI "Type sizes and alignments".
var (
	AMD64   = &ABI{Name: "amd64", PointerSize: 8, LongSize: 8, X87: true}
	I386    = &ABI{Name: "i386", PointerSize: 4, LongSize: 4, Int64Align: 4, DoubleAlign: 4, LongDoubleSize: 12, LongDoubleAlign: 4, X87: true}
	ARM64   = &ABI{Name: "arm64", PointerSize: 8, LongSize: 8, UnsignedChar: true, WCharUnsigned: true, AnonBitsAlign: true}
	RISCV64 = &ABI{Name: "riscv64", PointerSize: 8, LongSize: 8, UnsignedChar: true}
	S390X   = &ABI{Name: "s390x", ByteOrder: binary.BigEndian, PointerSize: 8, LongSize: 8, UnsignedChar: true, LongDoubleAlign: 8, MaxAlign: 8}
)

// WithOrder returns the same ABI for another byte order.
func (a *ABI) WithOrder(order binary.ByteOrder) *ABI {
	b := *a
	b.ByteOrder = order
	return &b
}

func (a *ABI) bigEndian() bool { return a.ByteOrder == binary.BigEndian }

func (a *ABI) longDoubleSize() uint64 { return orDefault(a.LongDoubleSize, 16) }

func (a *ABI) intAlign(size uint64) uint64 {
	switch {
	case size == 8:
		return orDefault(a.Int64Align, 8)
	case size > 8:
		return 16
	}
	return max(size&-size, 1)
}

func (a *ABI) floatAlign(size uint64) uint64 {
	switch {
	case size == 8:
		return orDefault(a.DoubleAlign, 8)
	case size > 8:
		return orDefault(a.LongDoubleAlign, 16)
	}
	return max(size&-size, 1)
}

func orDefault(v, d uint64) uint64 {
	if v == 0 {
		return d
	}
	return v
}

// Sizes in the table of base types that the ABI decides.
const (
	sizeLong       = 100
	sizePointer    = 101
	sizeLongDouble = 102
)

// baseTypes are the types that need no declaration: C's own, <stdint.h>'s, <stddef.h>'s and the Linux kernel's.
var baseTypes = []struct {
	kind  Kind
	size  uint64
	names string
}{
	{Void, 0, "void"},
	{Bool, 1, "_Bool, bool"},
	{Char, 1, "char"},
	{Int, 1, "signed char, s8, __s8, int8_t, i8"},
	{Int, 2, "short, s16, __s16, int16_t, i16"},
	{Int, 4, "int, s32, __s32, int32_t, i32, wchar_t"},
	{Int, 8, "long long, s64, __s64, int64_t, i64"},
	{Int, 16, "__int128, s128, __s128"},
	{Int, sizeLong, "long"},
	{Int, sizePointer, "ssize_t, ptrdiff_t, intptr_t"},
	{UInt, 1, "unsigned char, u8, __u8, uint8_t, uchar"},
	{UInt, 2, "unsigned short, u16, __u16, uint16_t, ushort, char16_t"},
	{UInt, 4, "unsigned int, u32, __u32, uint32_t, uint, char32_t"},
	{UInt, 8, "unsigned long long, u64, __u64, uint64_t"},
	{UInt, 16, "unsigned __int128, u128, __u128"},
	{UInt, sizeLong, "unsigned long, ulong"},
	{UInt, sizePointer, "size_t, uintptr_t"},
	{Float, 4, "float, f32"},
	{Float, 8, "double, f64"},
	{Float, sizeLongDouble, "long double"},
}

// orderedTypes have a byte order of their own, whatever the machine's. The kernel's __be32 and __le32 are meant to.
var orderedTypes = []struct {
	kind        Kind
	size        uint64
	big, little string
}{
	{UInt, 2, "u16be, __be16", "u16le, __le16"},
	{UInt, 4, "u32be, __be32", "u32le, __le32"},
	{UInt, 8, "u64be, __be64", "u64le, __le64"},
	{Int, 2, "s16be, i16be", "s16le, i16le"},
	{Int, 4, "s32be, i32be", "s32le, i32le"},
	{Int, 8, "s64be, i64be", "s64le, i64le"},
	{Float, 4, "f32be", "f32le"},
	{Float, 8, "f64be", "f64le"},
}

// Base returns a type that needs no declaration by its C name, its words in the usual order ("unsigned long", "u32", "size_t", "u16be");
// nil for any other name.
func (a *ABI) Base(name string) *Type { return a.baseTypes()[name] }

var baseCache sync.Map // ABI → map[string]*Type

func (a *ABI) baseTypes() map[string]*Type {
	if m, ok := baseCache.Load(*a); ok {
		return m.(map[string]*Type)
	}
	m, _ := baseCache.LoadOrStore(*a, a.makeBase())
	return m.(map[string]*Type)
}

func (a *ABI) makeBase() map[string]*Type {
	base := map[string]*Type{}
	add := func(names string, kind Kind, size uint64, abi *ABI) {
		for name := range strings.SplitSeq(names, ", ") {
			base[name] = New(kind, name, abi, Def{Size: size, Signed: kind == Char && !a.UnsignedChar})
		}
	}
	for _, b := range baseTypes {
		size := b.size
		switch size {
		case sizeLong:
			size = a.LongSize
		case sizePointer:
			size = a.PointerSize
		case sizeLongDouble:
			size = a.longDoubleSize()
		}
		add(b.names, b.kind, size, a)
	}
	if a.WCharUnsigned {
		add("wchar_t", UInt, 4, a)
	}
	big, little := a, a.WithOrder(binary.LittleEndian)
	if !a.bigEndian() {
		big, little = a.WithOrder(binary.BigEndian), a
	}
	for _, b := range orderedTypes {
		add(b.big, b.kind, b.size, big)
		add(b.little, b.kind, b.size, little)
	}
	return base
}
