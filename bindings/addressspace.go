package bindings

import (
	"math"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/savevm/paging"
)

var addressSpaceClass = Class{
	Name: "AddressSpace", Extends: "Memory",
	Help: "A virtual address space: the memory that a page-table root maps.",
	Members: []*Member{
		{Name: "root", Kind: Property, Type: "bigint", native: on(func(s *spaceObject, c call) goja.Value { return c.b.u64(s.space.Root()) }),
			Help: "Physical address of the first page table (arm64: that of TTBR0_EL1); 0 without paging."},
		{Name: "mode", Kind: Property, Type: "PagingMode", native: on(func(s *spaceObject, c call) goja.Value { return c.b.str(s.space.Mode()) }),
			Help: `How addresses are translated: "x86-4level", "arm64-4k", "sv39", …; "physical" without paging.`},
		{Name: "translate", Args: []Arg{{Name: "va", Type: "Address", Help: "virtual"}}, Type: "bigint | null",
			Help: "The physical address; null where nothing is mapped. Throws a MemoryError where a page table cannot be read.",
			Pure: true, native: on((*spaceObject).translate)},
		{Name: "walk", Args: []Arg{{Name: "va", Type: "Address", Help: "virtual"}}, Type: "Walk",
			Help: "The page walk: every entry that was read, then where it leads, or the fault.", Pure: true, native: on((*spaceObject).walk)},
		{Name: "mappings", Args: []Arg{{Name: "options", Type: "MappingsOptions", Optional: true}}, Type: "Sequence<Mapping>",
			Help:   "What is mapped, in address order; neighbours that continue each other in both spaces, with equal flags and page size, are one.",
			native: on((*spaceObject).mappings)},
		{Name: "pages", Args: []Arg{{Name: "options", Type: "RangeOptions", Optional: true}}, Type: "Sequence<Page>",
			Help: "Every mapped page with its page-table entry, in address order.", native: on((*spaceObject).pages)},
		{Name: "explain", Args: []Arg{{Name: "va", Type: "Address", Help: "virtual"}}, Type: "VirtualExplanation",
			Help:   "Where the byte at an address comes from: the page walk, then the RAM block, the offset and the place in the file.",
			native: on((*spaceObject).explain)},
	},
}

type spaceObject struct {
	memoryObject
	space *paging.Space
}

func (v *vm) spaceOf(s *paging.Space) *goja.Object {
	o := &spaceObject{memoryObject{b: v.b, mem: s, name: s.String(), pointer: v.pointer, vm: v}, s}
	switch s.Mode() {
	case "x86-32", "x86-pae", "sv32":
		o.pointer = 4
	case paging.Physical:
	default:
		o.pointer = 8
	}
	o.object = v.b.hold("AddressSpace", o)
	return o.object
}

// translate gives null only where the tables say that nothing is mapped.
func (s *spaceObject) translate(c call) goja.Value {
	pa, err := s.space.Translate(c.address(0))
	if err == nil {
		return s.b.u64(pa)
	}
	if isUnmapped(err) {
		return goja.Null()
	}
	s.b.throw(err)
	return nil
}

func (s *spaceObject) walk(c call) goja.Value { return s.b.walk(s.space.Walk(c.address(0))) }

func (b *Bindings) walk(w paging.Walk) *goja.Object {
	o := b.record("Walk")
	b.set(o, "address", b.u64(w.Address))
	steps := make([]goja.Value, len(w.Steps))
	for i, s := range w.Steps {
		steps[i] = b.walkStep(s)
	}
	b.set(o, "steps", b.array(steps))
	if w.Fault != nil {
		b.set(o, "physical", goja.Null())
		b.set(o, "pageSize", goja.Null())
		b.set(o, "flags", b.str(""))
		b.set(o, "attributes", b.attributes(0))
		b.set(o, "fault", b.fault(w.Fault))
		return o
	}
	b.set(o, "physical", b.u64(w.Physical))
	b.set(o, "pageSize", b.number(w.PageSize))
	b.set(o, "flags", b.str(w.Flags.String()))
	b.set(o, "attributes", b.attributes(w.Flags))
	b.set(o, "fault", goja.Null())
	return o
}

func (b *Bindings) walkStep(s paging.Step) *goja.Object {
	o := b.record("WalkStep")
	b.set(o, "level", b.rt.ToValue(s.Level))
	b.set(o, "table", b.str(s.Table))
	b.set(o, "tableAddress", b.u64(s.TableAddress))
	b.set(o, "index", b.rt.ToValue(s.Index))
	b.set(o, "entryAddress", b.u64(s.EntryAddress))
	b.set(o, "entry", b.u64(s.Entry))
	b.set(o, "flags", b.str(s.Flags.String()))
	b.set(o, "attributes", b.attributes(s.Flags))
	return o
}

func (b *Bindings) fault(f *paging.Fault) *goja.Object {
	o := b.record("Fault")
	b.set(o, "kind", b.str(f.Kind.String()))
	b.set(o, "level", b.rt.ToValue(f.Level))
	b.set(o, "table", b.str(f.Table))
	b.set(o, "entryAddress", b.u64(f.EntryAddress))
	b.set(o, "entry", b.u64(f.Entry))
	b.set(o, "bits", b.u64(f.Bits))
	b.set(o, "message", b.str(f.Error()))
	return o
}

// attributes is the frozen array of the flags' names. Few sets of flags occur, so each has one array.
func (b *Bindings) attributes(f paging.Flags) goja.Value {
	v, ok := b.attrs[f]
	if !ok {
		v = b.frozen(b.stringArray(f.Names()))
		b.attrs[f] = v
	}
	return v
}

func (s *spaceObject) mappings(c call) goja.Value {
	o := c.options(0)
	first, last, empty := o.interval()
	filter, err := paging.ParseFlags(o.text("filter", ""))
	if err != nil {
		c.bad("filter", o.get("filter"), "must be letters of r, w, x, u and the others that Mapping names", false)
	}
	if empty {
		return s.b.sequence(func() source { return noSource{} }, nil)
	}
	b := s.b
	var list *paging.Mappings
	cover := &coverage{
		skipped: func() []goja.Value {
			if list == nil {
				return nil
			}
			var out []goja.Value
			for _, skip := range list.Skipped() {
				out = append(out, b.skip(skip.Base, skip.Size, skip.Reason, faultText(skip.Fault)))
			}
			return out
		},
		complete: func() bool { return list != nil && list.Complete() },
	}
	return b.sequence(func() source {
		s.vm.mustBeOpen()
		w := b.begin("mappings")
		list = s.space.MappingsContext(w.ctx, first, last, filter)
		return pull(b, list.All(), w, func(m paging.Mapping) goja.Value { return b.mapping("Mapping", m) })
	}, cover)
}

func faultText(f *paging.Fault) string {
	if f == nil {
		return ""
	}
	return f.Error()
}

func (b *Bindings) mapping(class string, m paging.Mapping) *goja.Object {
	o := b.record(class)
	b.set(o, "base", b.u64(m.Base))
	b.set(o, "size", b.number(m.Size))
	b.set(o, "physical", b.u64(m.Physical))
	b.set(o, "pageSize", b.number(m.PageSize))
	b.set(o, "flags", b.str(m.Flags.String()))
	b.set(o, "attributes", b.attributes(m.Flags))
	return o
}

// skip makes a Skip. A size of 0 stands for 2^64.
func (b *Bindings) skip(address, size uint64, reason, message string) goja.Value {
	o := b.record("Skip")
	b.set(o, "address", b.u64(address))
	if size == 0 {
		b.set(o, "size", b.rt.ToValue(math.Ldexp(1, 64)))
	} else {
		b.set(o, "size", b.number(size))
	}
	b.set(o, "reason", b.str(reason))
	b.set(o, "message", b.strOrNull(message))
	return o
}

func (s *spaceObject) pages(c call) goja.Value {
	first, last, empty := c.options(0).interval()
	b := s.b
	return b.sequence(func() source {
		if empty {
			return noSource{}
		}
		s.vm.mustBeOpen()
		return pull(b, s.space.Pages(first, last), nil, func(p paging.Page) goja.Value {
			o := b.mapping("Page", p.Mapping)
			b.set(o, "entryAddress", b.u64(p.EntryAddress))
			b.set(o, "entry", b.u64(p.Entry))
			return o
		})
	}, nil)
}

func (s *spaceObject) explain(c call) goja.Value {
	w := s.space.Walk(c.address(0))
	o := s.b.record("VirtualExplanation")
	s.b.set(o, "address", s.b.u64(w.Address))
	s.b.set(o, "walk", s.b.walk(w))
	if w.Fault != nil {
		s.b.set(o, "physical", goja.Null())
	} else {
		s.b.set(o, "physical", s.vm.explanation(s.vm.target.Explain(w.Physical)))
	}
	return o
}
