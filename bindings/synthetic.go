package bindings

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/synth"
)

// syntheticRecords are what synthetic() takes.
var syntheticRecords = []*Class{
	{Name: "SyntheticGuest", Kind: KindOptions,
		Help: "What a made-up guest consists of. It is made in this order: ram, devices, absent, write, cpus, map.", Members: []*Member{
			opt("arch", "string", `"x86_64", when left out, "i386", "aarch64" or "riscv64".`),
			opt("mode", "PagingMode", `How its page tables are: "x86-4level", "x86-32", "arm64-4k" or "sv39" when left out, by arch; "physical": it has none.`),
			opt("machine", "string", "The name of its machine type; none when left out."),
			prop("ram", "SyntheticRange[]", "Where there is RAM. It holds zeros, and takes space only where something is written."),
			opt("devices", "SyntheticRange[]", `Where there is device memory, over RAM too: it reads as "not-ram".`),
			opt("absent", "SyntheticRange[]", `RAM that the image does not hold: it reads as "absent".`),
			opt("write", "SyntheticWrite[]", "What is in RAM, the later over the earlier."),
			opt("cpus", "Record<string, Address | Record<string, Address>>[]", "The CPUs: registers by name, { rip: 0x1000n, cs: { selector: 0x33n } }. "+
				"Those left out are as a kernel has them whose paging is on, with a root of the page tables in CR3, TTBR or satp."),
			opt("map", "SyntheticMapping[]", "What page tables map. Missing tables are made in the last pages of RAM that nothing is written to."),
		}},
	{Name: "SyntheticRange", Kind: KindOptions, Help: "A range of physical addresses; both are multiples of 4096.", Members: []*Member{
		opt("base", "Address", "Where it begins; 0 when left out."),
		prop("size", "Size", "Bytes."),
		opt("name", "string", "Of device memory, for people."),
	}},
	{Name: "SyntheticWrite", Kind: KindOptions, Help: "Something in RAM: an address and one of the others. Numbers are little-endian; an array is one after the other.",
		Members: []*Member{
			prop("address", "Address", "Physical."),
			opt("bytes", "ArrayBufferView | ArrayBuffer | number[]", "Bytes as they are."),
			opt("text", "string", "Its UTF-8, without a terminator."),
			opt("u8", "number | bigint | readonly (number | bigint)[]", "Numbers of 8 bits."),
			opt("u16", "number | bigint | readonly (number | bigint)[]", "Numbers of 16 bits."),
			opt("u32", "number | bigint | readonly (number | bigint)[]", "Numbers of 32 bits."),
			opt("u64", "Address | readonly Address[]", "Numbers of 64 bits, addresses among them."),
		}},
	{Name: "SyntheticMapping", Kind: KindOptions, Help: "Virtual addresses and the physical ones to which they lead.", Members: []*Member{
		opt("root", "Address", "Physical address of the first page table; that of the first CPU when left out, and 0 means that too."),
		prop("virtual", "Address", "The first address. All three are multiples of the page size."),
		prop("physical", "Address", "Where that leads, in RAM or not."),
		opt("size", "Size", "Bytes; one page when left out."),
		opt("flags", "string", `What pages permit and are, as letters: r, w, x, u(ser), g(lobal), a(ccessed), d(irty), l(arge: as large as fits); "rwx" when left out.`),
	}},
}

func makeSynthetic(c call) goja.Value {
	o := c.options(0)
	s := &synthetic{c: c, g: synth.New(synth.Config{Arch: o.text("arch", ""), Mode: o.text("mode", ""), Machine: o.text("machine", "")})}
	s.check("guest")
	for _, part := range []struct {
		name  string
		class string
		add   func(row)
	}{
		{"ram", "SyntheticRange", func(r row) { base, size, _ := r.interval(); s.g.RAM(base, size) }},
		{"devices", "SyntheticRange", func(r row) { s.g.Device(r.interval()) }},
		{"absent", "SyntheticRange", func(r row) { base, size, _ := r.interval(); s.g.Absent(base, size) }},
		{"write", "SyntheticWrite", func(r row) { s.g.Write(r.contents()) }},
		{"cpus", "", func(r row) { s.g.CPU(r.registers()) }},
		{"map", "SyntheticMapping", s.mapping},
	} {
		for i, v := range s.elements(part.name, o.get(part.name)) {
			r := s.row(fmt.Sprintf("%s[%d]", part.name, i), v, part.class)
			part.add(r)
			s.check(r.path)
		}
	}
	img, err := s.g.Build()
	if err != nil {
		c.throwRange("synthetic: %v", err)
	}
	v := c.b.vmOf(img)
	v.opened = true
	return v.object
}

// synthetic is a guest in the making.
type synthetic struct {
	c call
	g *synth.Guest
}

// check throws what went wrong, and says of which part.
func (s *synthetic) check(path string) {
	if err := s.g.Err(); err != nil {
		s.c.throwRange("synthetic: %s: %v", path, err)
	}
}

// elements returns the elements of an array, none of nil.
func (s *synthetic) elements(path string, v goja.Value) []goja.Value {
	if v == nil {
		return nil
	}
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Array" {
		s.c.bad(path, v, "must be an array", true)
	}
	var items []goja.Value
	n := o.Get("length").ToInteger()
	for i := range n {
		e := o.Get(strconv.FormatInt(i, 10))
		if e == nil || goja.IsUndefined(e) { // an array may have a length that is no measure of what is in it
			s.c.throwType("synthetic: %s[%d] is missing", path, i)
		}
		items = append(items, e)
	}
	return items
}

// row is an object of a list, with where it stands for errors.
type row struct {
	s    *synthetic
	path string
	o    *goja.Object
}

// row checks that a value is an object, with the members of a class, if there is one, and no others.
func (s *synthetic) row(path string, v goja.Value, class string) row {
	o, ok := v.(*goja.Object)
	if _, isFunction := goja.AssertFunction(v); !ok || isFunction || o.ClassName() == "Array" {
		s.c.bad(path, v, "must be an object", true)
	}
	if known := classNamed(class); class != "" {
		for _, name := range o.Keys() {
			if !slices.ContainsFunc(known.Members, func(m *Member) bool { return m.Name == name }) {
				s.c.throwType("synthetic: %s has no member %q; there are %s", path, name, optionNames(known))
			}
		}
	}
	return row{s, path, o}
}

// get returns a member, or nil.
func (r row) get(name string) goja.Value { return opts{r.s.c, r.o}.get(name) }

// need returns a member that must be there.
func (r row) need(name string) goja.Value {
	v := r.get(name)
	if v == nil {
		r.s.c.throwType("synthetic: %s.%s is missing", r.path, name)
	}
	return v
}

func (r row) address(name string, v goja.Value) uint64 {
	a, problem, wrongType := parseAddress(v)
	if problem != "" {
		r.s.c.bad(r.path+"."+name, v, problem, wrongType)
	}
	return a
}

func (r row) integer(name string, v goja.Value, low, high uint64) uint64 {
	n, problem, wrongType := parseInteger(v, low, high)
	if problem != "" {
		r.s.c.bad(r.path+"."+name, v, problem, wrongType)
	}
	return n
}

func (r row) text(name string) string {
	v := r.get(name)
	if v == nil {
		return ""
	}
	s, ok := v.(goja.String)
	if !ok {
		r.s.c.bad(r.path+"."+name, v, "must be a string", true)
	}
	return s.String()
}

func (r row) interval() (base, size uint64, name string) {
	if v := r.get("base"); v != nil {
		base = r.address("base", v)
	}
	return base, r.integer("size", r.need("size"), 1, math.MaxUint64), r.text("name")
}

// contents are the bytes of a write.
func (r row) contents() (address uint64, p []byte) {
	address = r.address("address", r.need("address"))
	given := ""
	for _, name := range r.o.Keys() {
		v := r.get(name)
		if name == "address" || v == nil {
			continue
		}
		if given != "" {
			r.s.c.throwType("synthetic: %s has both %s and %s; write them in two rows", r.path, given, name)
		}
		given = name
		switch name {
		case "text":
			p = []byte(r.text(name))
		case "bytes":
			p = r.bytes(v)
		default:
			bits, _ := strconv.Atoi(name[1:])
			p = r.numbers(name, v, bits)
		}
	}
	if given == "" {
		r.s.c.throwType("synthetic: %s says not what to write: give bytes, text, u8, u16, u32 or u64", r.path)
	}
	return address, p
}

func (r row) bytes(v goja.Value) []byte {
	if o, ok := v.(*goja.Object); ok && o.ClassName() == "Array" {
		return r.numbers("bytes", v, 8)
	}
	p, ok := r.s.c.b.bytesIn(v)
	if !ok {
		r.s.c.bad(r.path+".bytes", v, "must be a Uint8Array, another typed array, a DataView, an ArrayBuffer or an array of numbers", true)
	}
	return p
}

// numbers are one or several numbers of a width.
func (r row) numbers(name string, v goja.Value, bits int) (p []byte) {
	values := []goja.Value{v}
	if o, ok := v.(*goja.Object); ok && o.ClassName() == "Array" {
		values = r.s.elements(r.path+"."+name, v)
	}
	for i, v := range values {
		at := name
		if len(values) > 1 {
			at = fmt.Sprintf("%s[%d]", name, i)
		}
		var n uint64
		if bits == 64 {
			n = r.address(at, v)
		} else {
			n = r.integer(at, v, 0, 1<<bits-1)
		}
		p = append(p, binary.LittleEndian.AppendUint64(nil, n)[:bits/8]...)
	}
	return p
}

// registers are those of a CPU. cs: {base} is cs.base.
func (r row) registers() map[string]uint64 {
	all := map[string]uint64{}
	for _, name := range r.o.Keys() {
		v := r.get(name)
		if v == nil {
			continue
		}
		if o, ok := v.(*goja.Object); ok && o.ClassName() == "Object" {
			for _, part := range o.Keys() {
				all[name+"."+part] = r.address(name+"."+part, o.Get(part))
			}
			continue
		}
		all[name] = r.address(name, v)
	}
	return all
}

func (s *synthetic) mapping(r row) {
	var root uint64
	if v := r.get("root"); v != nil {
		root = r.address("root", v)
	}
	virtual, physical := r.address("virtual", r.need("virtual")), r.address("physical", r.need("physical"))
	size := s.g.PageSize()
	if v := r.get("size"); v != nil {
		size = r.integer("size", v, 1, math.MaxUint64)
	}
	letters := "rwx"
	if r.get("flags") != nil {
		letters = r.text("flags")
	}
	flags, err := paging.ParseFlags(letters)
	if err != nil {
		s.c.throwRange("synthetic: %s: %s", r.path, strings.TrimSpace(err.Error()))
	}
	s.g.Map(root, virtual, physical, size, flags)
}
