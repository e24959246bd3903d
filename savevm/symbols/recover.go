package symbols

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/scan"
	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// Variables that neither kallsyms nor __ksymtab nor VMCOREINFO names are found by what they must hold, as the kernel's types tell: the
// head of a list by the structs in it, the run queues by the idle tasks that they lead to. Only what can be one thing alone is taken.

// recoverData adds the variables that are found so to a kernel's symbols.
func (k *Kernel) recoverData() {
	if k.Space == nil {
		return
	}
	types, err := k.statedTypes()
	if err != nil {
		return
	}
	r := k.recovery(types)
	r.lists()
	r.trees()
	r.runqueues()
	r.perCPU()
	r.timekeeper()
	r.systemCalls()
	if len(r.found)+len(r.placed) == 0 {
		return
	}
	var b symtab.Builder
	for s := range k.Symbols.kernel.All() {
		b.Add(s.Address, s.Type, s.Name)
	}
	var names []string
	for name, address := range r.placed {
		b.Add(address, 'd', name)
	}
	if len(r.placed) > 0 {
		k.evidence("%d more symbols: per-CPU variables, where the kernel's types (BTF) place them", len(r.placed))
	}
	for name, address := range r.found {
		b.Add(address, 'd', name)
		names = append(names, name)
	}
	if len(names) > 0 {
		slices.Sort(names)
		k.evidence("%d more symbols: inferred from what they hold: %s", len(names), strings.Join(names, ", "))
	}
	start, end := k.Symbols.start, k.Symbols.end
	k.Symbols = newSymbols(b.Table(""))
	k.Symbols.start, k.Symbols.end = start, end
}

func (k *Kernel) recovery(types TypeSource) *recovery {
	return &recovery{
		k: k, types: types, word: uint64(k.arch.bits / 8), segments: k.imageSegments(), found: map[string]uint64{}, placed: map[string]uint64{},
	}
}

type recovery struct {
	k        *Kernel
	types    TypeSource
	word     uint64
	segments []segment
	found    map[string]uint64
	placed   map[string]uint64 // per-CPU variables
	looked   int               // nodes of lists and trees
}

// A segment is mapped memory of the kernel's image.
type segment struct {
	base     uint64
	data     []byte
	writable bool
}

// imageReach is how far the image can go from _text on, and beyondSymbols how far behind the last symbol: where _end is not known, those
// of variables that are exported tell, and on 32-bit kernels all of memory follows the image without a gap.
const imageReach, beyondSymbols = 128 << 20, 16 << 20

// imageSegments reads the kernel's image but its text: what is mapped, after _text, as far from its physical address as _text is.
func (k *Kernel) imageSegments() []segment {
	var segments []segment
	first := k.VirtualBase
	last := min(first+imageReach-1, math.MaxUint64-1)
	if end := k.End; end > first {
		last = min(last, end-1)
	} else {
		symbol := first
		for s := range k.Symbols.kernel.All() {
			if s.Address <= last {
				symbol = max(symbol, s.Address)
			}
		}
		last = min(last, symbol+beyondSymbols)
	}
	for m := range k.Space.Mappings(first, last, 0).All() {
		writable := m.Flags&paging.FlagWrite != 0
		if m.Base-m.Physical != k.delta || m.Flags&paging.FlagExec != 0 && !writable {
			continue
		}
		segments = append(segments, segment{m.Base, memory.ReadSparse(k.target.Memory, m.Physical, m.Size), writable})
	}
	return segments
}

func (r *recovery) pointer(b []byte) uint64 {
	if r.word == 4 {
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}

func (r *recovery) inImage(address uint64) bool {
	i, found := slices.BinarySearchFunc(r.segments, address, func(s segment, a uint64) int { return cmp.Compare(s.base, a) })
	if !found {
		i--
	}
	return i >= 0 && address-r.segments[i].base < uint64(len(r.segments[i].data))
}

// member reads a member, 0 where it cannot.
func (r *recovery) member(t *ctype.Type, address uint64, path string) uint64 {
	v, _ := r.k.member(t, address, path)
	return v
}

// name reads an identifier through a pointer.
func (r *recovery) name(at uint64) string {
	if at < r.k.arch.lowest {
		return ""
	}
	return identifierOf(memory.ReadSparse(r.k.Memory(), at, 64))
}

// identifierOf is the text in b if it is a name, such as a module or a slab cache has.
func identifierOf(b []byte) string {
	s := cString(b, 0)
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return ""
		}
	}
	return s
}

// A knownList is a list whose head is recognised by its nodes.
type knownList struct {
	symbol, node, link string
	least              int // nodes
	// is tells whether a struct can be such a node.
	is func(r *recovery, t *ctype.Type, at uint64) bool
}

var knownLists = []knownList{
	{"modules", "struct module", "list", 1, func(r *recovery, t *ctype.Type, at uint64) bool {
		return r.member(t, at, "mkobj.mod") == at
	}},
	{"slab_caches", "struct kmem_cache", "list", 16, func(r *recovery, t *ctype.Type, at uint64) bool {
		size, object := r.member(t, at, "size"), r.member(t, at, "object_size")
		return object > 0 && size >= object && size <= 64<<20 && r.name(r.member(t, at, "name")) != ""
	}},
	{"super_blocks", "struct super_block", "s_list", 4, func(r *recovery, t *ctype.Type, at uint64) bool {
		fs := r.types.Type("struct file_system_type")
		size := r.member(t, at, "s_blocksize")
		return fs != nil && size == 1<<r.member(t, at, "s_blocksize_bits") && r.name(r.member(fs, r.member(t, at, "s_type"), "name")) != ""
	}},
	{"btf_modules", "struct btf_module", "list", 1, func(r *recovery, t *ctype.Type, at uint64) bool {
		const magic = 0xeb9f // BTF_MAGIC, include/uapi/linux/btf.h
		module, spec := r.types.Type("struct module"), r.types.Type("struct btf")
		if module == nil || spec == nil {
			return false
		}
		m := r.member(t, at, "module")
		data, err := memory.ReadU32(r.k.Memory(), r.member(spec, r.member(t, at, "btf"), "data"))
		return err == nil && data&0xffff == magic && r.member(module, m, "mkobj.mod") == m
	}},
}

// lists finds the heads of lists: two pointers in the image to structs that point back.
func (r *recovery) lists() {
	type wanted struct {
		knownList
		t      *ctype.Type
		offset uint64
		heads  []uint64
	}
	var all []*wanted
	for _, l := range knownLists {
		t := r.types.Type(l.node)
		if _, named := r.k.Symbols.kernel.Address(l.symbol); named || t == nil {
			continue
		}
		if link, err := t.Lookup(l.link); err == nil {
			all = append(all, &wanted{knownList: l, t: t, offset: link.Offset()})
		}
	}
	for head, next := range r.heads() {
		for _, w := range all {
			if w.is(r, w.t, next-w.offset) && r.listOf(head, w.least, func(node uint64) bool { return w.is(r, w.t, node-w.offset) }) {
				w.heads = append(w.heads, head)
			}
		}
	}
	for _, w := range all {
		r.only(w.symbol, w.heads)
	}
}

// only takes a place for a variable if it is the only one.
func (r *recovery) only(symbol string, places []uint64) {
	switch len(places) {
	case 0:
	case 1:
		r.found[symbol] = places[0]
	default:
		r.k.missing("%s: %d places in memory could be it", symbol, len(places))
	}
}

// heads gives the heads of lists in the image's variables, with their first nodes, which are not in the image.
func (r *recovery) heads() map[uint64]uint64 {
	heads := map[uint64]uint64{}
	const maxHeads = 1 << 16
	for _, s := range r.segments {
		for i := uint64(0); s.writable && i+2*r.word <= uint64(len(s.data)); i += r.word {
			next, previous, at := r.pointer(s.data[i:]), r.pointer(s.data[i+r.word:]), s.base+i
			if next < r.k.arch.lowest || previous < r.k.arch.lowest || next%r.word != 0 || previous%r.word != 0 || r.inImage(next) || r.inImage(previous) {
				continue
			}
			if back, err := r.k.ReadPointer(next + r.word); err != nil || back != at {
				continue
			}
			if back, err := r.k.ReadPointer(previous); err != nil || back != at {
				continue
			}
			if len(heads) == maxHeads {
				r.k.missing("the variables from %#x on were not searched for lists: there are more than %d", at, maxHeads)
				return heads
			}
			heads[at] = next
		}
	}
	return heads
}

// maxLooked bounds the nodes of all lists and trees together: an image can hold many heads of one long list.
const maxLooked = 1 << 20

// look counts nodes; it is false once they are too many, which it says.
func (r *recovery) look(at uint64, nodes int) bool {
	before := r.looked
	r.looked += nodes
	if before < maxLooked && r.looked >= maxLooked {
		r.k.missing("variables that lead to lists and trees were not looked for from %#x on: there are more than %d nodes before", at, maxLooked)
	}
	return r.looked < maxLooked
}

// listOf checks that a list has so many nodes at least, and that all but a few that memory has lost are of its kind.
func (r *recovery) listOf(head uint64, least int, is func(node uint64) bool) bool {
	if !r.look(head, 1) {
		return false
	}
	nodes, _ := r.k.walkList(head, maxModules)
	r.look(head, len(nodes))
	good := 0
	for _, node := range nodes {
		if is(node) {
			good++
		}
	}
	return good >= least && good*10 >= len(nodes)*9
}

// A knownTree is an xarray, or the one that a struct idr begins with, that is recognised by its entries.
type knownTree struct {
	symbol, entry string
	// is tells whether a struct can be the entry of an index.
	is func(r *recovery, t *ctype.Type, at, index uint64) bool
}

var knownTrees = []knownTree{
	{"irq_desc_tree", "struct irq_desc", func(r *recovery, t *ctype.Type, at, index uint64) bool {
		return r.member(t, at, "irq_data.irq") == index && r.member(t, at, "handle_irq") >= r.k.arch.lowest
	}},
	{"prog_idr", "struct bpf_prog", func(r *recovery, t *ctype.Type, at, index uint64) bool {
		aux, of := r.types.Type("struct bpf_prog_aux"), r.member(t, at, "aux")
		return aux != nil && r.member(aux, of, "prog") == at && r.member(aux, of, "id") == index
	}},
	{"map_idr", "struct bpf_map", func(r *recovery, t *ctype.Type, at, index uint64) bool {
		return r.member(t, at, "id") == index && r.inImage(r.member(t, at, "ops"))
	}},
	{"link_idr", "struct bpf_link", func(r *recovery, t *ctype.Type, at, index uint64) bool {
		return r.member(t, at, "id") == index && r.inImage(r.member(t, at, "ops"))
	}},
}

// trees finds xarrays: a node in which the variable that leads to it is named, with entries of one kind.
func (r *recovery) trees() {
	root, node := r.types.Type("struct xarray"), r.types.Type("struct xa_node") // since Linux 4.20
	if root == nil || node == nil {
		return
	}
	head, err1 := root.Lookup("xa_head")
	slots, err2 := node.Lookup("slots")
	if err1 != nil || err2 != nil {
		return
	}
	const internal = 2 // xa_is_internal: the low bits of a pointer to a node
	found := map[string][]uint64{}
	for _, s := range r.segments {
		for i := head.Offset(); s.writable && i+r.word <= uint64(len(s.data)); i += r.word {
			p, at := r.pointer(s.data[i:]), s.base+i-head.Offset()
			if p&3 != internal || p < r.k.arch.lowest || r.member(node, p-internal, "array") != at || r.member(node, p-internal, "parent") != 0 {
				continue
			}
			entries := map[uint64]uint64{}
			r.entries(node, slots, p-internal, 0, entries)
			for _, tree := range knownTrees {
				if r.treeOf(tree, entries) {
					found[tree.symbol] = append(found[tree.symbol], at)
				}
			}
		}
	}
	for _, tree := range knownTrees {
		r.only(tree.symbol, found[tree.symbol])
	}
}

// entries collects the first entries of an xarray by their indexes.
func (r *recovery) entries(node *ctype.Type, slots ctype.Member, at, index uint64, to map[uint64]uint64) {
	const maxEntries, maxShift = 64, 18 // indexes below 2²⁴
	shift := r.member(node, at, "shift")
	if shift > maxShift || !r.look(at, 1) {
		return
	}
	for i := uint64(0); i < slots.Type.Size()/r.word && len(to) < maxEntries; i++ {
		p, err := r.k.ReadPointer(at + slots.Offset() + i*r.word)
		switch here := index + i<<shift; {
		case err != nil:
			return
		case p&3 == 2 && p >= r.k.arch.lowest && shift > 0:
			below := p - 2
			if r.member(node, below, "shift") < shift {
				r.entries(node, slots, below, here, to)
			}
		case p&3 == 0 && p >= r.k.arch.lowest && shift == 0:
			to[here] = p
		}
	}
}

// treeOf checks that a tree has entries, and that each is of its kind.
func (r *recovery) treeOf(tree knownTree, entries map[uint64]uint64) bool {
	t := r.types.Type(tree.entry)
	if _, named := r.k.Symbols.kernel.Address(tree.symbol); named || t == nil {
		return false
	}
	for index, at := range entries {
		if !tree.is(r, t, at, index) {
			return false
		}
	}
	return len(entries) > 0
}

// runqueues finds the per-CPU struct rq: that of a CPU leads to its idle task.
func (r *recovery) runqueues() {
	rq, task := r.types.Type("struct rq"), r.types.Type("struct task_struct")
	first, ok := r.k.Symbols.kernel.Address("init_task")
	if _, named := r.k.Symbols.kernel.Address("runqueues"); named || !ok || rq == nil || task == nil || len(r.k.PerCPUOffsets) == 0 {
		return
	}
	idle, err := rq.Lookup("idle")
	if err != nil {
		return
	}
	is := func(at uint64) bool {
		for cpu := range r.k.PerCPUOffsets {
			here, _ := r.k.PerCPU(at, cpu)
			t := r.member(rq, here, "idle")
			if t < r.k.arch.lowest || r.member(rq, here, "cpu") != uint64(cpu) || r.comm(task, t) != fmt.Sprintf("swapper/%d", cpu) {
				return false
			}
			// Other per-CPU variables lead to idle tasks as well. This alone leads to the task that stops the CPU, too.
			if stop := r.member(rq, here, "stop"); r.comm(task, stop) != fmt.Sprintf("migration/%d", cpu) || r.comm(task, r.member(rq, here, "curr")) == "" {
				return false
			}
		}
		return true
	}
	// The variables' own addresses are in the image, or count from 0 (x86_64 up to 6.14). Those of CPU 0 are as far away from there as
	// its offset says.
	bytes := make([]byte, r.word)
	binary.LittleEndian.PutUint32(bytes, uint32(first))
	if r.word == 8 {
		binary.LittleEndian.PutUint64(bytes, first)
	}
	want := []scan.Pattern{scan.Must(scan.Bytes(bytes))}
	var found []uint64
	for _, low := range []uint64{r.k.VirtualBase, 0} {
		from := r.k.mask(low + r.k.PerCPUOffsets[0])
		options := scan.Options{First: from, Last: max(from, from+imageReach-1), Align: r.word, Limit: 1 << 10}
		for hit := range scan.Scan(r.k.context(), r.k.Space, want, options).Hits() {
			if at := r.k.mask(hit.Address - idle.Offset() - r.k.PerCPUOffsets[0]); !slices.Contains(found, at) && is(at) {
				found = append(found, at)
			}
		}
	}
	r.only("runqueues", found)
}

// comm is the name of a task.
func (r *recovery) comm(task *ctype.Type, at uint64) string {
	m, err := task.Lookup("comm")
	if err != nil {
		return ""
	}
	b := make([]byte, 16)
	if _, err := r.k.Memory().ReadMemory(b, at+m.Offset()); err != nil {
		return ""
	}
	return cString(b, 0)
}

// perCPU names the per-CPU variables that the kernel's types place in their section: where that begins, those show whose addresses are
// known.
func (r *recovery) perCPU() {
	spec, err := r.k.BTF()
	if err != nil {
		return
	}
	offsets, times, starts := map[string]uint64{}, map[string]int{}, map[uint64]int{}
	for name, offset := range spec.PerCPU() {
		offsets[name] = offset
		times[name]++
	}
	known := 0
	for name, offset := range offsets {
		address, ok := r.found[name]
		if !ok {
			address, ok = r.k.Symbols.kernel.Address(name)
		}
		if ok && times[name] == 1 {
			starts[r.k.mask(address-offset)]++
			known++
		}
	}
	for start, n := range starts {
		if n < 2 || n*10 < known*9 {
			continue
		}
		for name, offset := range offsets {
			_, named := r.k.Symbols.kernel.Address(name)
			if r.found[name] == 0 && !named && times[name] == 1 { // else it is not known which of them has the name
				r.placed[name] = r.k.mask(start + offset)
			}
		}
	}
}

// timekeeper finds tk_core: a sequence counter, then the struct timekeeper, whose clocks are one that has a name. There is a copy of it
// (shadow_timekeeper) that says the same, without a counter before it.
func (r *recovery) timekeeper() {
	t, clock := r.types.Type("struct timekeeper"), r.types.Type("struct clocksource")
	if t == nil || clock == nil || r.types.Type("struct tk_data") != nil {
		return
	}
	if _, named := r.k.Symbols.kernel.Address("tk_core"); named {
		return
	}
	mono, err1 := t.Lookup("tkr_mono.clock")
	raw, err2 := t.Lookup("tkr_raw.clock")
	if err1 != nil || err2 != nil || max(mono.Offset(), raw.Offset())+r.word > t.Size() {
		return
	}
	counter := r.word // seqcount_raw_spinlock_t, padded to the alignment of struct timekeeper
	var found []uint64
	for _, s := range r.segments {
		size := uint64(len(s.data))
		for i := counter; s.writable && i+t.Size() <= size; i += r.word {
			p := r.pointer(s.data[i+mono.Offset():])
			if p < r.k.arch.lowest || p != r.pointer(s.data[i+raw.Offset():]) || r.name(r.member(clock, p, "name")) == "" {
				continue
			}
			sequence := binary.LittleEndian.Uint32(s.data[i-counter:])
			if at := s.base + i; sequence != 0 && sequence < 1<<31 && r.member(t, at, "xtime_sec")-1 < 1<<40 && r.member(t, at, "tkr_mono.mult") != 0 {
				found = append(found, at-counter)
			}
		}
	}
	r.only("tk_core", found)
}

// systemCalls finds the table of system calls: the functions of the first two, one after the other. Their names tell that they are
// (arch/*/include/asm/syscall_wrapper.h).
func (r *recovery) systemCalls() {
	names := map[string]struct{ prefix, first, second string }{
		"aarch64": {"__arm64_sys_", "io_setup", "io_destroy"},
		"riscv64": {"__riscv_sys_", "io_setup", "io_destroy"},
		"x86_64":  {"__x64_sys_", "read", "write"},
		"i386":    {"__ia32_sys_", "restart_syscall", "exit"},
	}[r.k.Arch]
	first, ok1 := r.k.Symbols.kernel.Address(names.prefix + names.first)
	second, ok2 := r.k.Symbols.kernel.Address(names.prefix + names.second)
	if _, named := r.k.Symbols.kernel.Address("sys_call_table"); named || !ok1 || !ok2 {
		return
	}
	for _, s := range r.segments {
		for i := uint64(0); i+2*r.word <= uint64(len(s.data)); i += r.word {
			if r.pointer(s.data[i:]) == first && r.pointer(s.data[i+r.word:]) == second {
				r.found["sys_call_table"] = s.base + i
				return
			}
		}
	}
}
