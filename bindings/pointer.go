package bindings

import (
	"fmt"
	"strings"

	"github.com/dop251/goja"
)

var pointerClass = Class{
	Name: "Pointer",
	Help: "An address in a memory, with the names that Frida's NativePointer has. Arithmetic makes new ones and wraps at 2^64; " +
		"in BigInt expressions it is its address.",
	Members: []*Member{
		{Name: "address", Kind: Property, Type: "bigint", Help: "Where it points.",
			native: on(func(p *pointer, c call) goja.Value { return c.b.u64(p.at) })},
		{Name: "memory", Kind: Property, Type: "Memory", Help: "What it points into.",
			native: on(func(p *pointer, c call) goja.Value { return p.memory.object })},
		{Name: "add", Args: []Arg{distanceArg}, Type: "Pointer", Help: "The pointer so many bytes further.",
			native: on(func(p *pointer, c call) goja.Value { return p.moved(p.at + c.distance(0)) })},
		{Name: "sub", Args: []Arg{distanceArg}, Type: "Pointer", Help: "The pointer so many bytes before.",
			native: on(func(p *pointer, c call) goja.Value { return p.moved(p.at - c.distance(0)) })},
		{Name: "and", Args: []Arg{{Name: "mask", Type: "Address"}}, Type: "Pointer", Help: "The pointer with the mask's bits only.",
			native: on(func(p *pointer, c call) goja.Value { return p.moved(p.at & c.address(0)) })},
		{Name: "isNull", Type: "boolean", Help: "Whether the address is 0.", native: on(func(p *pointer, c call) goja.Value { return c.b.boolean(p.at == 0) })},
		{Name: "equals", Args: []Arg{{Name: "other", Type: "Pointer | Address"}}, Type: "boolean", Help: "Whether the addresses are equal.",
			native: on((*pointer).equals)},
		{Name: "readPointer", Type: "Pointer", Help: "The pointer that is stored there.", native: on((*pointer).readPointer)},
		{Name: "toString", Type: "string", Help: `The address as "0x…".`, native: on((*pointer).text)},
		{Name: "toJSON", Type: "string", Help: `The address as "0x…".`, native: on((*pointer).text)},
		{Name: "valueOf", Type: "bigint", Help: "The address.", native: on(func(p *pointer, c call) goja.Value { return c.b.u64(p.at) })},
	},
}

var distanceArg = Arg{Name: "bytes", Type: "Address", Help: "also negative"}

type pointer struct {
	memory *memoryObject
	at     uint64
}

func makePointer(c call) goja.Value {
	m, at := c.memoryArg(0), c.pointerArg(1)
	return (&pointer{m, at}).moved(at)
}

// pointerArg takes a Pointer or an address.
func (c call) pointerArg(i int) uint64 {
	if o, ok := c.Argument(i).(*goja.Object); ok {
		if p, ok := c.b.unwrap(o).(*pointer); ok {
			return p.at
		}
	}
	return c.address(i)
}

// distance is an address that may be negative.
func (c call) distance(i int) uint64 {
	v := c.Argument(i)
	if x := bigOf(v); x != nil && x.Sign() < 0 && x.IsInt64() {
		return uint64(x.Int64())
	}
	if v != nil && isNumber(v) && v.ToFloat() < 0 && v.ToFloat() >= -maxSafeInteger && v.ToFloat() == float64(v.ToInteger()) {
		return uint64(v.ToInteger())
	}
	return c.pointerArg(i)
}

func (p *pointer) moved(at uint64) goja.Value {
	return p.memory.b.hold("Pointer", &pointer{p.memory, at})
}

func (p *pointer) equals(c call) goja.Value { return c.b.boolean(c.pointerArg(0) == p.at) }

func (p *pointer) text(c call) goja.Value { return c.b.str(fmt.Sprintf("%#x", p.at)) }

func (p *pointer) readPointer(c call) goja.Value {
	at, err := p.memory.readPointerAt(p.at)
	if err != nil {
		c.b.throw(err)
	}
	return p.moved(at)
}

// forwarded are Memory's reads, with the pointer in the place of their address.
func forwarded() []*Member {
	var members []*Member
	for _, m := range memoryClass.Members {
		if len(m.Args) == 0 || m.Args[0].Name != addressArg.Name || strings.Contains(strings.ToLower(m.Name), "pointer") {
			continue
		}
		row := *m
		row.Args = m.Args[1:]
		row.Pure = false
		row.native = on(func(p *pointer, c call) goja.Value {
			c.self, c.class, c.member = p.memory, &memoryClass, m
			c.Arguments = append([]goja.Value{c.b.u64(p.at)}, c.Arguments...)
			return m.native(c)
		})
		members = append(members, &row)
	}
	return members
}
