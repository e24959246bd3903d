package bindings

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
)

var physicalMembers = []*Member{
	{Name: "pages", Args: []Arg{{Name: "options", Type: "PagesOptions", Optional: true}}, Type: "Sequence<PhysicalPage>",
		Help: "The pages of guest-physical memory that the image holds, in address order.", native: on((*vm).pages)},
	{Name: "refs", Args: []Arg{addressArg, {Name: "options", Type: "RefsOptions", Optional: true}}, Type: "Reference[]",
		Help: "The virtual addresses that lead to a physical one, in the address spaces of all CPUs or those given. The first call for a set " +
			"of spaces makes an index.",
		native: on((*vm).refs)},
}

var physicalRecords = []*Class{
	{Name: "PhysicalPage", Kind: KindRecord, Help: "A page of guest-physical memory.", Members: []*Member{
		prop("address", "bigint", "Physical address."),
		prop("size", "number", "Bytes."),
		prop("fill", "number | null", "The value of every byte, where the image says that they are equal."),
	}},
	{Name: "Reference", Kind: KindRecord, Help: "A virtual address that leads to a physical one.", Members: []*Member{
		prop("address", "bigint", "Virtual address."),
		prop("space", "AddressSpace", "Where it is one."),
		prop("pageSize", "number", "Bytes of the page."),
		prop("flags", "string", flagsHelp),
	}},
}

var physicalOptions = []*Class{
	{Name: "PagesOptions", Kind: KindOptions, Help: "Which pages.", Members: []*Member{startOption, endOption,
		opt("nonzero", "boolean", "Only pages with a byte that is not 0.")}},
	{Name: "RefsOptions", Kind: KindOptions, Help: "Where to look.", Members: []*Member{
		opt("spaces", "readonly AddressSpace[]", "The address spaces; those of the CPUs when left out.")}},
}

// A physicalPage is a page as pages yields it.
type physicalPage struct {
	address, size uint64
	fill          int // -1: data
}

func (v *vm) pages(c call) goja.Value {
	o := c.options(0)
	first, last, empty := o.interval()
	nonzero := o.boolean("nonzero", false)
	if empty {
		return v.b.emptySequence()
	}
	b := v.b
	return b.sequence(func() source {
		v.mustBeOpen()
		w := b.begin("pages")
		return pull(b, v.eachPage(w, first, last, nonzero), w, func(p physicalPage) goja.Value {
			o := b.record("PhysicalPage")
			b.set(o, "address", b.u64(p.address))
			b.set(o, "size", b.number(p.size))
			b.set(o, "fill", goja.Null())
			if p.fill >= 0 {
				b.set(o, "fill", b.rt.ToValue(p.fill))
			}
			return o
		})
	}, nil)
}

// eachPage yields the pages that the image holds, cut where the interval or a range of the map cuts them.
func (v *vm) eachPage(w *work, first, last uint64, nonzero bool) func(yield func(physicalPage) bool) {
	size := v.target.Info().PageSize
	if size == 0 || size&(size-1) != 0 {
		size = 4096
	}
	return func(yield func(physicalPage) bool) {
		buffer := make([]byte, size)
		for e := range v.target.Extents(first, last) {
			zero := e.Kind == memory.Fill && e.Fill == 0
			if e.Kind != memory.Data && e.Kind != memory.Fill || nonzero && zero {
				continue
			}
			for at, end := e.Base, uint64(0); ; at = end + 1 {
				end = min(at|(size-1), e.Last())
				if w.ctx.Err() != nil {
					return
				}
				p := physicalPage{at, end - at + 1, -1}
				if e.Kind == memory.Fill {
					p.fill = int(e.Fill)
				}
				if (!nonzero || p.fill > 0 || v.hasNonzero(buffer[:p.size], at)) && !yield(p) {
					return
				}
				if end == e.Last() {
					break
				}
			}
		}
	}
}

func (v *vm) hasNonzero(buffer []byte, address uint64) bool {
	n, _ := v.target.ReadMemory(buffer, address)
	return slices.ContainsFunc(buffer[:n], func(c byte) bool { return c != 0 })
}

// A reverseMap finds the mappings that lead to a physical address: sorted by it, with the greatest end of those up to each.
type reverseMap struct {
	entries []reverseEntry
	reach   []uint64
}

type reverseEntry struct {
	paging.Mapping
	space *spaceObject
}

func (r reverseEntry) lastPhysical() uint64 { return r.Physical + r.Size - 1 }

// find calls fn with each entry that holds the physical address, by virtual address.
func (r *reverseMap) find(pa uint64) []reverseEntry {
	var found []reverseEntry
	i := sort.Search(len(r.entries), func(i int) bool { return r.entries[i].Physical > pa })
	for i--; i >= 0 && r.reach[i] >= pa; i-- {
		if r.entries[i].lastPhysical() >= pa {
			found = append(found, r.entries[i])
		}
	}
	slices.SortFunc(found, func(a, b reverseEntry) int { return cmp.Compare(a.Base, b.Base) })
	return found
}

func (v *vm) refs(c call) goja.Value {
	b, pa := v.b, c.address(0)
	spaces := v.refSpaces(c)
	index := v.reverseMap(spaces)
	items := []goja.Value{}
	for _, e := range index.find(pa) {
		o := b.record("Reference")
		b.set(o, "address", b.u64(e.Base+(pa-e.Physical)))
		b.set(o, "space", e.space.object)
		b.set(o, "pageSize", b.number(e.PageSize))
		b.set(o, "flags", b.str(e.Flags.String()))
		items = append(items, o)
	}
	return b.array(items)
}

// refSpaces returns the option spaces, or the spaces of the CPUs, each once.
func (v *vm) refSpaces(c call) []*spaceObject {
	var spaces []*spaceObject
	if given := c.options(1).get("spaces"); given != nil {
		list, ok := given.(*goja.Object)
		if !ok || list.ClassName() != "Array" {
			c.bad("spaces", given, "must be an array of AddressSpaces", true)
		}
		n := int(min(list.Get("length").ToInteger(), maxIndex))
		for i := range n {
			o, _ := list.Get(decimal(uint64(i))).(*goja.Object)
			var s *spaceObject
			if o != nil {
				s, _ = v.b.unwrap(o).(*spaceObject)
			}
			if s == nil {
				c.bad("spaces["+decimal(uint64(i))+"]", list.Get(decimal(uint64(i))), "must be an AddressSpace", true)
			}
			spaces = append(spaces, s)
		}
		return spaces
	}
	v.cpus(c)
	seen := map[*paging.Space]bool{}
	for _, o := range v.cpuItems {
		cpu := v.b.unwrap(o).(*cpuObject)
		s := v.b.unwrap(cpu.space(c).(*goja.Object)).(*spaceObject)
		if !seen[s.space] {
			seen[s.space] = true
			spaces = append(spaces, s)
		}
	}
	return spaces
}

// reverseMap makes the index over address spaces, or finds the last one made if it is over the same.
func (v *vm) reverseMap(spaces []*spaceObject) *reverseMap {
	var key strings.Builder
	for _, s := range spaces {
		fmt.Fprintf(&key, "%p ", s.space)
	}
	if v.reverse != nil && v.reverseKey == key.String() {
		return v.reverse
	}
	r := &reverseMap{}
	for _, s := range spaces {
		for m := range s.space.MappingsContext(v.b.host.Context(), 0, math.MaxUint64, 0).All() {
			r.entries = append(r.entries, reverseEntry{m, s})
		}
		v.b.host.CheckInterrupt()
	}
	slices.SortFunc(r.entries, func(a, b reverseEntry) int { return cmp.Compare(a.Physical, b.Physical) })
	r.reach = make([]uint64, len(r.entries))
	reach := uint64(0)
	for i, e := range r.entries {
		reach = max(reach, e.lastPhysical())
		r.reach[i] = reach
	}
	v.reverse, v.reverseKey = r, key.String()
	return r
}
