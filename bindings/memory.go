package bindings

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm/memory"
)

// Sizes of what a script can ask for in one call.
const (
	maxRead        = 1 << 30 // bytes; an ArrayBuffer is not larger in browsers either
	maxCString     = 1 << 20 // bytes
	defaultCString = 4096    // bytes, or code units of UTF-16
	maxHexdump     = 1 << 20 // bytes
	defaultHexdump = 256
)

var memoryClass = Class{
	Name: "Memory",
	Help: "Bytes at 64-bit addresses: guest-physical memory (vm), a RAM block, or a virtual address space. " +
		"Values are little-endian. A read that meets a byte that cannot be read throws a MemoryError.",
	Members: append([]*Member{
		{Name: "read", Args: []Arg{addressArg, {Name: "length", Type: "Size", Help: "bytes, at most 2^30"}}, Type: "Uint8Array",
			Help: "The bytes, as a copy.", native: onMemory((*memoryObject).read)},
		{Name: "tryRead", Args: []Arg{addressArg, {Name: "length", Type: "Size", Help: "bytes, at most 2^30"}}, Type: "Uint8Array | null",
			Help: "As read, but null when a byte cannot be read.", native: onMemory((*memoryObject).tryRead)},
	}, append(scalarMembers(), []*Member{
		{Name: "readPointer", Args: []Arg{addressArg}, Type: "bigint", native: onMemory((*memoryObject).readPointer),
			Help: "A pointer: 4 or 8 bytes, as the pointerSize of this memory is.", Pure: true},
		{Name: "tryReadPointer", Args: []Arg{addressArg}, Type: "bigint | null", native: onMemory((*memoryObject).tryReadPointer),
			Help: "As readPointer, but null when it cannot be read."},
		{Name: "readCString", Args: []Arg{addressArg, {Name: "max", Type: "Size", Default: "4096", Help: "bytes"}}, Type: "string",
			Help:   "The text up to the first NUL, or max bytes of it, from UTF-8; bytes that are none become U+FFFD.",
			native: onMemory((*memoryObject).readCString)},
		{Name: "tryReadCString", Args: []Arg{addressArg, {Name: "max", Type: "Size", Default: "4096", Help: "bytes"}}, Type: "string | null",
			Help: "As readCString, but null when it cannot be read.", native: onMemory((*memoryObject).tryReadCString)},
		{Name: "readUtf16String", Args: []Arg{addressArg, {Name: "max", Type: "Size", Default: "4096", Help: "16-bit units"}}, Type: "string",
			Help:   "The text up to the first 16-bit NUL, or max units of it, from UTF-16 (little-endian).",
			native: onMemory((*memoryObject).readUtf16String)},
		{Name: "tryReadUtf16String", Args: []Arg{addressArg, {Name: "max", Type: "Size", Default: "4096", Help: "16-bit units"}},
			Type: "string | null", Help: "As readUtf16String, but null when it cannot be read.",
			native: onMemory((*memoryObject).tryReadUtf16String)},
		{Name: "readArray", TypeParams: "<K extends keyof ElementTypes>", Args: []Arg{addressArg,
			{Name: "type", Type: "K", Help: `"u8" … "u64", "s8" … "s64", "f32", "f64" or "pointer"`},
			{Name: "count", Type: "Size", Help: "elements; at most 2^30 bytes"}}, Type: "ElementTypes[K]",
			Help:   `A typed array of count elements: a BigUint64Array for "u64" and "pointer", a Uint32Array for "u32", …`,
			native: onMemory((*memoryObject).readArray)},
		{Name: "tryReadArray", TypeParams: "<K extends keyof ElementTypes>", Args: []Arg{addressArg,
			{Name: "type", Type: "K", Help: "as for readArray"}, {Name: "count", Type: "Size", Help: "elements"}}, Type: "ElementTypes[K] | null",
			Help: "As readArray, but null when a byte cannot be read.", native: onMemory((*memoryObject).tryReadArray)},
		{Name: "isReadable", Args: []Arg{addressArg, {Name: "length", Type: "Size", Default: "1", Help: "bytes"}}, Type: "boolean",
			Help: "Whether the image holds all these bytes.", native: onMemory((*memoryObject).isReadable), Pure: true},
		{Name: "hexdump", Args: []Arg{addressArg, {Name: "length", Type: "Size", Default: "256", Help: "bytes, at most 2^20"}}, Type: "string",
			Help:   "The bytes as people read them: 16 a line, with addresses and text. A line says where they end early.",
			native: onMemory((*memoryObject).hexdump)},
		{Name: "extents", Args: []Arg{{Name: "options", Type: "RangeOptions", Optional: true}}, Type: "Sequence<Extent>",
			Help:   "What there is from start to end: intervals that the image holds, fills, lacks, or that are devices, in address order.",
			native: onMemory((*memoryObject).extents)},
		{Name: "pointerSize", Kind: Property, Type: "4 | 8", Help: "Bytes of a pointer: 4 where the guest's code is 32-bit, else 8.",
			native: onMemory(func(m *memoryObject, c call) goja.Value { return c.b.rt.ToValue(m.pointer) })},
	}...)...),
}

var addressArg = Arg{Name: "address", Type: "Address"}

// A memoryObject is the Go side of a Memory.
type memoryObject struct {
	b       *Bindings
	mem     memory.Memory
	name    string // for people: "guest-physical memory"
	pointer int    // bytes of a pointer
	vm      *vm    // whose memory it is
	object  *goja.Object
}

func (m *memoryObject) memoryOf() *memoryObject { return m }

type memoryHolder interface{ memoryOf() *memoryObject }

// onMemory makes a native for this and the classes below.
func onMemory(fn func(*memoryObject, call) goja.Value) native {
	return on(func(h memoryHolder, c call) goja.Value { return fn(h.memoryOf(), c) })
}

// An elementType is a kind of value as it lies in memory.
type elementType struct {
	name    string // "u32", also of readArray
	method  string // "U32", of readU32; "" where there is none
	array   string // the typed array's class
	size    int    // bytes
	js      string // the TypeScript type of one
	help    string
	convert func(b *Bindings, p []byte) goja.Value
}

var elementTypes = []elementType{
	{"u8", "U8", "Uint8Array", 1, "number", "An unsigned byte", func(b *Bindings, p []byte) goja.Value { return b.rt.ToValue(int64(p[0])) }},
	{"u16", "U16", "Uint16Array", 2, "number", "An unsigned 16-bit integer",
		func(b *Bindings, p []byte) goja.Value { return b.rt.ToValue(int64(binary.LittleEndian.Uint16(p))) }},
	{"u32", "U32", "Uint32Array", 4, "number", "An unsigned 32-bit integer",
		func(b *Bindings, p []byte) goja.Value { return b.rt.ToValue(int64(binary.LittleEndian.Uint32(p))) }},
	{"u64", "U64", "BigUint64Array", 8, "bigint", "An unsigned 64-bit integer",
		func(b *Bindings, p []byte) goja.Value { return b.u64(binary.LittleEndian.Uint64(p)) }},
	{"s8", "S8", "Int8Array", 1, "number", "A signed byte", func(b *Bindings, p []byte) goja.Value { return b.rt.ToValue(int64(int8(p[0]))) }},
	{"s16", "S16", "Int16Array", 2, "number", "A signed 16-bit integer",
		func(b *Bindings, p []byte) goja.Value {
			return b.rt.ToValue(int64(int16(binary.LittleEndian.Uint16(p))))
		}},
	{"s32", "S32", "Int32Array", 4, "number", "A signed 32-bit integer",
		func(b *Bindings, p []byte) goja.Value {
			return b.rt.ToValue(int64(int32(binary.LittleEndian.Uint32(p))))
		}},
	{"s64", "S64", "BigInt64Array", 8, "bigint", "A signed 64-bit integer",
		func(b *Bindings, p []byte) goja.Value { return b.s64(int64(binary.LittleEndian.Uint64(p))) }},
	{"f32", "F32", "Float32Array", 4, "number", "A 32-bit floating-point number", func(b *Bindings, p []byte) goja.Value {
		return b.rt.ToValue(float64(math.Float32frombits(binary.LittleEndian.Uint32(p))))
	}},
	{"f64", "F64", "Float64Array", 8, "number", "A 64-bit floating-point number", func(b *Bindings, p []byte) goja.Value {
		return b.rt.ToValue(math.Float64frombits(binary.LittleEndian.Uint64(p)))
	}},
	{"pointer", "", "BigUint64Array", 8, "bigint", "A pointer", nil}, // 4 bytes in a 32-bit guest, widened
}

// scalarMembers are readU8 … readF64 and tryReadU8 … tryReadF64.
func scalarMembers() []*Member {
	var members []*Member
	for i := range elementTypes {
		e := &elementTypes[i]
		if e.method == "" {
			continue
		}
		members = append(members,
			&Member{Name: "read" + e.method, Args: []Arg{addressArg}, Type: e.js, Help: e.help + ".", Pure: true,
				native: onMemory(func(m *memoryObject, c call) goja.Value {
					p := c.b.scratch.bytes[:e.size]
					if _, err := m.mem.ReadMemory(p, c.address(0)); err != nil {
						c.b.throw(err)
					}
					return e.convert(c.b, p)
				})},
			&Member{Name: "tryRead" + e.method, Args: []Arg{addressArg}, Type: e.js + " | null",
				Help: "As read" + e.method + ", but null when it cannot be read.",
				native: onMemory(func(m *memoryObject, c call) goja.Value {
					p := c.b.scratch.bytes[:e.size]
					if _, err := m.mem.ReadMemory(p, c.address(0)); err != nil {
						return goja.Null()
					}
					return e.convert(c.b, p)
				})})
	}
	return members
}

// orThrow and orNull are the two ways to end a read.
func (c call) orThrow(v goja.Value, err error) goja.Value {
	if err != nil {
		c.b.throw(err)
	}
	return v
}

func orNull(v goja.Value, err error) goja.Value {
	if err != nil {
		return goja.Null()
	}
	return v
}

func (m *memoryObject) read(c call) goja.Value    { return c.orThrow(m.readBytes(c)) }
func (m *memoryObject) tryRead(c call) goja.Value { return orNull(m.readBytes(c)) }

func (m *memoryObject) readBytes(c call) (goja.Value, error) {
	p, err := m.fetch(c.address(0), int(c.integer(1, 0, maxRead)))
	if err != nil {
		return nil, err
	}
	return m.b.bytes(p), nil
}

// fetch reads n bytes into memory of their own. Of a large read it tries the first page before it allocates.
func (m *memoryObject) fetch(address uint64, n int) ([]byte, error) {
	const probe = 4096
	if n > 16*probe {
		var first [probe]byte
		if _, err := m.mem.ReadMemory(first[:], address); err != nil {
			return nil, withLength(err, n)
		}
	}
	p := make([]byte, n)
	_, err := m.mem.ReadMemory(p, address)
	return p, err
}

// withLength corrects the length in an error of a part of a read.
func withLength(err error, n int) error {
	if e, ok := err.(*memory.Error); ok {
		whole := *e
		whole.Length = uint64(n)
		return &whole
	}
	return err
}

func (m *memoryObject) readPointer(c call) goja.Value    { return c.orThrow(m.pointerAt(c)) }
func (m *memoryObject) tryReadPointer(c call) goja.Value { return orNull(m.pointerAt(c)) }

func (m *memoryObject) pointerAt(c call) (goja.Value, error) {
	p, err := m.readPointerAt(c.address(0))
	if err != nil {
		return nil, err
	}
	return m.b.u64(p), nil
}

func (m *memoryObject) readPointerAt(address uint64) (uint64, error) {
	p := m.b.scratch.bytes[:8]
	clear(p)
	_, err := m.mem.ReadMemory(p[:m.pointer], address)
	return binary.LittleEndian.Uint64(p), err
}

func (m *memoryObject) readCString(c call) goja.Value    { return c.orThrow(m.cString(c)) }
func (m *memoryObject) tryReadCString(c call) goja.Value { return orNull(m.cString(c)) }

func (m *memoryObject) cString(c call) (goja.Value, error) {
	p, err := m.readUntil(c.address(0), int(c.integerOr(1, 0, maxCString, defaultCString)), func(chunk []byte) int {
		return bytes.IndexByte(chunk, 0)
	})
	if err != nil {
		return nil, err
	}
	return m.b.str(strings.ToValidUTF8(string(p), "\ufffd")), nil
}

func (m *memoryObject) readUtf16String(c call) goja.Value    { return c.orThrow(m.utf16String(c)) }
func (m *memoryObject) tryReadUtf16String(c call) goja.Value { return orNull(m.utf16String(c)) }

func (m *memoryObject) utf16String(c call) (goja.Value, error) {
	p, err := m.readUntil(c.address(0), 2*int(c.integerOr(1, 0, maxCString, defaultCString)), func(chunk []byte) int {
		for i := 0; i+1 < len(chunk); i += 2 {
			if chunk[i] == 0 && chunk[i+1] == 0 {
				return i
			}
		}
		return -1
	})
	if err != nil {
		return nil, err
	}
	units := make([]uint16, len(p)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(p[2*i:])
	}
	return goja.StringFromUTF16(units), nil
}

// readUntil reads up to most bytes, until end finds one; it reads in pieces, so that what lies behind the end need not be readable.
func (m *memoryObject) readUntil(address uint64, most int, end func([]byte) int) ([]byte, error) {
	const piece = 256 // divides pages: a piece from its own boundary on lies in one page
	var out []byte
	for len(out) < most {
		at := address + uint64(len(out))
		n := min(most-len(out), piece-int(at%piece))
		if n%2 == 1 && most%2 == 0 && at%2 == 1 { // UTF-16 at an odd address: units straddle the pieces
			n = min(n+1, most-len(out))
		}
		chunk := make([]byte, n)
		got, err := m.mem.ReadMemory(chunk, at)
		if i := end(chunk[:got]); i >= 0 {
			return append(out, chunk[:i]...), nil
		}
		if err != nil {
			return nil, withLength(err, most)
		}
		out = append(out, chunk...)
	}
	return out, nil
}

func (m *memoryObject) readArray(c call) goja.Value    { return c.orThrow(m.elements(c)) }
func (m *memoryObject) tryReadArray(c call) goja.Value { return orNull(m.elements(c)) }

func (m *memoryObject) elements(c call) (goja.Value, error) {
	address, name := c.address(0), c.text(1)
	for i := range elementTypes {
		e := &elementTypes[i]
		if e.name != name {
			continue
		}
		size := e.size
		if e.convert == nil {
			size = m.pointer
		}
		n := int(c.integer(2, 0, maxRead/8))
		p, err := m.fetch(address, n*size)
		if err != nil {
			return nil, err
		}
		if size != e.size {
			p = widen(p)
		}
		return m.b.typedArray(e.array, p), nil
	}
	c.badArgument(1, "must be "+elementNames(), false)
	return nil, nil
}

// widen makes 64-bit elements of 32-bit ones.
func widen(p []byte) []byte {
	out := make([]byte, 2*len(p))
	for i := 0; i+4 <= len(p); i += 4 {
		copy(out[2*i:], p[i:i+4])
	}
	return out
}

func elementNames() string {
	names := make([]string, len(elementTypes))
	for i := range elementTypes {
		names[i] = `"` + elementTypes[i].name + `"`
	}
	return strings.Join(names, ", ")
}

func (m *memoryObject) isReadable(c call) goja.Value {
	first, length := c.address(0), c.integerOr(1, 0, math.MaxUint64, 1)
	return m.b.boolean(m.readable(first, length))
}

func (m *memoryObject) readable(first, length uint64) bool {
	if length == 0 {
		return true
	}
	last := first + length - 1
	if last < first {
		return false
	}
	next := first
	for e := range m.mem.Extents(first, last) {
		if e.Base != next || e.Kind != memory.Data && e.Kind != memory.Fill {
			return false
		}
		if e.Last() >= last {
			return true
		}
		next = e.Last() + 1
		m.b.host.CheckInterrupt()
	}
	return false
}

func (m *memoryObject) hexdump(c call) goja.Value {
	address, length := c.address(0), c.integerOr(1, 0, maxHexdump, defaultHexdump)
	p := make([]byte, length)
	n, err := m.mem.ReadMemory(p, address)
	if err != nil && n == 0 {
		m.b.throw(err)
	}
	text := runtime.Hexdump(p[:n], runtime.HexdumpOptions{Address: address})
	if err != nil {
		text += "\n… " + err.Error()
	}
	return m.b.str(text)
}

func (m *memoryObject) extents(c call) goja.Value {
	first, last, empty := c.options(0).interval()
	open := func() source { return noSource{} }
	if !empty {
		open = func() source {
			m.vm.mustBeOpen()
			return pull(m.b, m.mem.Extents(first, last), nil, func(e memory.Extent) goja.Value {
				o := m.b.record("Extent")
				m.b.set(o, "base", m.b.u64(e.Base))
				m.b.set(o, "size", m.b.number(e.Size))
				m.b.set(o, "kind", m.b.str(e.Kind.String()))
				m.b.set(o, "fill", goja.Null())
				if e.Kind == memory.Fill {
					m.b.set(o, "fill", m.b.rt.ToValue(int64(e.Fill)))
				}
				m.b.set(o, "beneath", m.b.u64(e.Beneath))
				return o
			})
		}
	}
	return m.b.sequence(open, nil)
}
