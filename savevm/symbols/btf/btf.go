// Package btf reads the kernel's own type information, BTF, as it lies in the kernel's memory, into package ctype.
//
// A type costs nothing until it is asked for: loading only notes where each one begins. Type information out of a damaged image is
// used as far as it goes: where records are gone, the types in them are incomplete, and those after them are still found.
// (Package cilium/ebpf/btf, which tests compare this one with, resolves a type with all that it leads to, or not at all.)
//
// Source: the kernel's Documentation/bpf/btf.rst and include/uapi/linux/btf.h.
package btf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/svscript/svscript/savevm/ctype"
)

// Magic is what BTF begins with: BTF_MAGIC, and version 1 in the byte after it.
var Magic = []byte{0x9f, 0xeb, 1}

const (
	headerSize = 24       // struct btf_header without what later versions add
	maxTypes   = 1 << 20  // BTF_MAX_TYPE
	maxSize    = 64 << 20 // bytes of all; BTF_MAX_SIZE is 16 MiB for what programs load, and kernels have 5
	maxName    = 512
)

// The kinds of records (BTF_KIND_*).
const (
	kindInt = iota + 1
	kindPtr
	kindArray
	kindStruct
	kindUnion
	kindEnum
	kindFwd
	kindTypedef
	kindVolatile
	kindConst
	kindRestrict
	kindFunc
	kindFuncProto
	kindVar
	kindDatasec
	kindFloat
	kindDeclTag
	kindTypeTag
	kindEnum64
	numKinds
)

// tail is what follows a record's twelve bytes: so many, and so many for each of its vlen.
var tail = [numKinds]struct{ fixed, each int }{
	kindInt: {4, 0}, kindArray: {12, 0}, kindStruct: {0, 12}, kindUnion: {0, 12}, kindEnum: {0, 8}, kindFuncProto: {0, 8},
	kindVar: {4, 0}, kindDatasec: {0, 12}, kindDeclTag: {4, 0}, kindEnum64: {0, 12},
}

// A Spec is the types of a kernel, or of a module on top of its kernel's. It is safe for parallel use.
type Spec struct {
	abi     *ctype.ABI
	base    *Spec
	types   []byte
	strings string

	first       uint32   // the ID of the first type here: 1, or after those of base
	firstString uint32   // the offset of the first string here
	offsets     []uint32 // in types, by ID from first on; lost for those that are gone
	made        []atomic.Pointer[ctype.Type]
	index       sync.Once
	names       map[nameKey]uint32
	references  sync.Once
	vars, funcs map[string]uint32

	lostBytes int
	lostTypes int
}

// lost is the offset of a type whose record is gone.
const lost = math.MaxUint32

type nameKey struct {
	space byte // of names in C: 's'truct, 'u'nion, 'e'num, 't'ypedefs and base types
	name  string
}

// Header returns how many bytes the BTF takes whose first bytes are b, or false when it is none.
func Header(b []byte) (size int, ok bool) {
	if len(b) < headerSize || !bytes.HasPrefix(b, Magic) {
		return 0, false
	}
	u32 := func(at int) uint64 { return uint64(binary.LittleEndian.Uint32(b[at:])) }
	hdr, typeOff, typeLen, strOff, strLen := u32(4), u32(8), u32(12), u32(16), u32(20)
	end := hdr + max(typeOff+typeLen, strOff+strLen)
	ok = hdr >= headerSize && hdr < 4096 && typeOff%4 == 0 && typeLen > 0 && strLen > 0 && end <= maxSize
	return int(end), ok
}

// Load reads BTF; base is the kernel's when data is a module's. Data is kept. It is an error when data is no BTF; damage within is
// not, see [Spec.Damage].
func Load(data []byte, abi *ctype.ABI, base *Spec) (*Spec, error) {
	size, ok := Header(data)
	if !ok {
		return nil, fmt.Errorf("no BTF: the header is not one")
	}
	if size > len(data) {
		return nil, fmt.Errorf("BTF of %d bytes, of which %d are there", size, len(data))
	}
	u32 := func(at int) int { return int(binary.LittleEndian.Uint32(data[at:])) }
	hdr := u32(4)
	s := &Spec{abi: abi, base: base, first: 1}
	s.types = data[hdr+u32(8):][:u32(12)]
	s.strings = string(data[hdr+u32(16):][:u32(20)])
	if base != nil {
		s.first = base.first + uint32(len(base.offsets))
		s.firstString = base.firstString + uint32(len(base.strings))
	}
	s.split()
	s.lostBytes += lostText(s.strings)
	if len(s.offsets) == 0 {
		return nil, fmt.Errorf("BTF without a type that can be read")
	}
	s.made = make([]atomic.Pointer[ctype.Type], len(s.offsets))
	return s, nil
}

// Len is the number of types, without those of the base.
func (s *Spec) Len() int { return len(s.offsets) }

// lostText counts the bytes of names that are zeros: but for the first, which is empty, each has one zero behind it.
func lostText(names string) (n int) {
	for at := 1; at < len(names); {
		next := strings.Index(names[at:], "\x00\x00")
		if next < 0 {
			break
		}
		at += next + 1
		start := at
		for at < len(names) && names[at] == 0 {
			at++
		}
		n += at - start
	}
	return n
}

// Damage tells how many types are gone, and how many bytes of types and their names; both 0 when all is whole.
func (s *Spec) Damage() (types, bytes int) { return s.lostTypes, s.lostBytes }

// A record is a type as it is stored.
type record struct {
	name uint32
	info uint32
	size uint32 // or the ID of another type
	tail []byte
}

func (r record) kind() int  { return int(r.info >> 24 & 31) }
func (r record) vlen() int  { return int(r.info & 0xffff) }
func (r record) flag() bool { return r.info>>31 != 0 }

// recordAt reads the record at an offset of types; size is 0 where there is none.
func (s *Spec) recordAt(at int) (r record, size int) {
	if at < 0 || at+12 > len(s.types) {
		return r, 0
	}
	b := s.types[at:]
	r = record{name: binary.LittleEndian.Uint32(b), info: binary.LittleEndian.Uint32(b[4:]), size: binary.LittleEndian.Uint32(b[8:])}
	kind := r.kind()
	if kind == 0 || kind >= numKinds || r.info&0x60ff0000 != 0 {
		return r, 0
	}
	size = 12 + tail[kind].fixed + tail[kind].each*r.vlen()
	if kind == kindFunc { // vlen is its linkage
		size = 12
	}
	if at+size > len(s.types) {
		return r, 0
	}
	r.tail = b[12:size]
	return r, size
}

// record reads the record of a type of this Spec or its base.
func (s *Spec) record(id uint32) (record, bool) {
	if id < s.first {
		if s.base == nil {
			return record{}, false
		}
		return s.base.record(id)
	}
	if uint64(id-s.first) >= uint64(len(s.offsets)) || s.offsets[id-s.first] == lost {
		return record{}, false
	}
	r, size := s.recordAt(int(s.offsets[id-s.first]))
	return r, size != 0
}

// text is the string at an offset; "" where there is none.
func (s *Spec) text(offset uint32) string {
	if offset < s.firstString {
		return s.base.text(offset)
	}
	if offset -= s.firstString; uint64(offset) >= uint64(len(s.strings)) {
		return ""
	}
	b := s.strings[offset:]
	b = b[:min(len(b), maxName)]
	if n := strings.IndexByte(b, 0); n >= 0 {
		b = b[:n]
	}
	return b
}

// nameSpaces tells in which of C's name spaces a kind's names are.
var nameSpaces = [numKinds]byte{
	kindInt: 't', kindFloat: 't', kindTypedef: 't', kindStruct: 's', kindUnion: 'u', kindEnum: 'e', kindEnum64: 'e',
}

// makeIndex notes the names of types. Of those that share one the first counts.
func (s *Spec) makeIndex() {
	s.names = make(map[nameKey]uint32, len(s.offsets)/4)
	for id, r := range s.records() {
		if key := (nameKey{nameSpaces[r.kind()], s.text(r.name)}); key.space != 0 && key.name != "" {
			addFirst(s.names, key, id)
		}
	}
}

// makeReferences notes the names of variables and functions.
func (s *Spec) makeReferences() {
	s.vars, s.funcs = map[string]uint32{}, make(map[string]uint32, len(s.offsets)/2)
	for id, r := range s.records() {
		switch r.kind() {
		case kindVar:
			addFirst(s.vars, s.text(r.name), id)
		case kindFunc:
			addFirst(s.funcs, s.text(r.name), id)
		}
	}
}

// records yields the records that are there, without those of the base, by ID.
func (s *Spec) records() iter.Seq2[uint32, record] {
	return func(yield func(uint32, record) bool) {
		for i, at := range s.offsets {
			if at == lost {
				continue
			}
			if r, size := s.recordAt(int(at)); size != 0 && !yield(s.first+uint32(i), r) {
				return
			}
		}
	}
}

func addFirst[K comparable](m map[K]uint32, key K, id uint32) {
	if _, ok := m[key]; !ok {
		m[key] = id
	}
}

// spacePrefixes are how names ask for one of C's name spaces.
var spacePrefixes = []struct {
	prefix string
	space  byte
}{{"struct ", 's'}, {"union ", 'u'}, {"enum ", 'e'}}

// Type finds a type by name: "struct foo", "union foo", "enum foo", or "foo" for a typedef or base type, else for a struct, union or
// enum of that tag. It returns nil when there is none.
func (s *Spec) Type(name string) *ctype.Type {
	for _, p := range spacePrefixes {
		if len(name) > len(p.prefix) && name[:len(p.prefix)] == p.prefix {
			return s.named(nameKey{p.space, name[len(p.prefix):]})
		}
	}
	for _, space := range []byte("tsue") {
		if t := s.named(nameKey{space, name}); t != nil {
			return t
		}
	}
	return nil
}

func (s *Spec) named(key nameKey) *ctype.Type {
	for ; s != nil; s = s.base {
		s.index.Do(s.makeIndex)
		if id, ok := s.names[key]; ok {
			return s.ByID(id)
		}
	}
	return nil
}

// Var is the type of a variable; kernels describe the per-CPU ones, newer ones all that are global. Nil when there is none.
func (s *Spec) Var(name string) *ctype.Type {
	return s.refers(name, func(s *Spec) map[string]uint32 { return s.vars })
}

// PerCPU yields the per-CPU variables, each by its name with its offset in their section.
func (s *Spec) PerCPU() iter.Seq2[string, uint64] {
	return func(yield func(string, uint64) bool) {
		for _, section := range s.records() {
			if section.kind() != kindDatasec || s.text(section.name) != ".data..percpu" {
				continue
			}
			for b := section.tail; len(b) >= 12; b = b[12:] { // struct btf_var_secinfo
				v, ok := s.record(binary.LittleEndian.Uint32(b))
				if ok && v.kind() == kindVar && !yield(s.text(v.name), uint64(binary.LittleEndian.Uint32(b[4:]))) {
					return
				}
			}
		}
	}
}

// Func is the type of a function of a name, nil when there is none.
func (s *Spec) Func(name string) *ctype.Type {
	return s.refers(name, func(s *Spec) map[string]uint32 { return s.funcs })
}

func (s *Spec) refers(name string, in func(*Spec) map[string]uint32) *ctype.Type {
	for ; s != nil; s = s.base {
		s.references.Do(s.makeReferences)
		if r, ok := s.record(in(s)[name]); ok {
			return s.ByID(r.size)
		}
	}
	return nil
}

// Names yields the names of the types here, without those of the base, in the order of their IDs: "struct foo", "u32".
func (s *Spec) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		s.index.Do(s.makeIndex)
		for id, r := range s.records() {
			key := nameKey{nameSpaces[r.kind()], s.text(r.name)}
			if key.space == 0 || key.name == "" || s.names[key] != id {
				continue
			}
			name := key.name
			for _, p := range spacePrefixes {
				if p.space == key.space {
					name = p.prefix + name
				}
			}
			if !yield(name) {
				return
			}
		}
	}
}
