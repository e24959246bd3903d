package bindings

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/symbols"
)

var linuxClass = Class{
	Name: "Linux",
	Help: "The Linux kernel that the guest runs, found in its memory and registers alone. Its symbols come from kallsyms, its types from BTF.",
	Members: []*Member{
		{Name: "arch", Kind: Property, Type: `"x86_64" | "i386" | "aarch64" | "riscv64"`, Help: "The kernel's architecture.",
			native: onKernel(func(l *linux, c call) goja.Value { return c.b.str(l.Arch) })},
		{Name: "release", Kind: Property, Type: "string", Help: `As uname -r prints it, "6.1.0-56-cloud-amd64"; empty where the banner is gone.`,
			native: onKernel(func(l *linux, c call) goja.Value { return c.b.str(l.Version.Release) })},
		{Name: "version", Kind: Property, Type: "LinuxVersion", Help: "The release's numbers; zeros where it is not known.", native: onKernel((*linux).version)},
		{Name: "banner", Kind: Property, Type: "string", Help: `"Linux version 6.1.0 …"; empty where it is gone.`,
			native: onKernel(func(l *linux, c call) goja.Value { return c.b.str(l.Banner) })},
		{Name: "base", Kind: Property, Type: "bigint", Help: "Virtual address of _text, the start of the kernel's image.",
			native: onKernel(func(l *linux, c call) goja.Value { return c.b.u64(l.VirtualBase) })},
		{Name: "physicalBase", Kind: Property, Type: "bigint", Help: "Physical address of _text.",
			native: onKernel(func(l *linux, c call) goja.Value { return c.b.u64(l.PhysicalBase) })},
		{Name: "kaslr", Kind: Property, Type: "bigint | null", Help: "How far _text is from where it was linked, modulo 2^64; null where that is not known.",
			native: onKernel((*linux).kaslr)},
		{Name: "root", Kind: Property, Type: "bigint | null", Help: "Physical address of the kernel's page table (arm64: of the upper half's); null where none was found.",
			native: onKernel((*linux).root)},
		{Name: "space", Kind: Property, Type: "AddressSpace",
			Help:   "The kernel's virtual memory. Where no page table was found it is a Memory of the kernel's image alone.",
			native: onKernel(func(l *linux, c call) goja.Value { return l.memory.object })},
		{Name: "perCpuOffsets", Kind: Property, Type: "bigint[]", Help: "What to add to a per-CPU symbol, by CPU number.", native: onKernel((*linux).perCPUOffsets)},
		{Name: "pointerSize", Kind: Property, Type: "4 | 8", Help: "Bytes of a pointer and of an unsigned long.",
			native: onKernel(func(l *linux, c call) goja.Value { return c.b.number(l.ABI.PointerSize) })},
		{Name: "evidence", Kind: Property, Type: "string[]", Help: "What each inference rests on, a line each.",
			native: onKernel(func(l *linux, c call) goja.Value { return c.b.stringArray(l.Evidence) })},
		{Name: "missing", Kind: Property, Type: "string[]", Help: "What could not be had and why, a line each; of types, when one has been asked for.",
			native: onKernel(func(l *linux, c call) goja.Value { return c.b.stringArray(l.Gaps()) })},
		{Name: "symbol", Args: []Arg{{Name: "name", Type: "string"}}, Type: "bigint | null", Help: "The address of a symbol, the kernel's before those of modules.",
			Pure: true, native: onKernel((*linux).symbol)},
		{Name: "symbols", Args: []Arg{{Name: "name", Type: "string | RegExp", Optional: true, Help: "all when left out"}}, Type: "Sequence<LinuxSymbol>",
			Help: "The symbols of a name, or whose name matches: the kernel's by address, then those of modules.", native: onKernel((*linux).symbols)},
		{Name: "kallsyms", Args: []Arg{{Name: "name", Type: "string | RegExp", Optional: true, Help: "all when left out"}}, Type: "string",
			Help: "The same symbols as /proc/kallsyms prints them, a line each.", native: onKernel((*linux).kallsyms)},
		{Name: "symbolize", Args: []Arg{addressArg}, Type: "string | null",
			Help: `An address as the kernel prints it, "schedule+0x1a" or "f+0x8 [module]"; null outside of the kernel and its modules.`,
			Pure: true, native: onKernel((*linux).symbolize)},
		{Name: "type", Args: []Arg{{Name: "name", Type: "string", Help: `"task_struct", "struct foo", "enum pid_type", "pid_t", "struct foo *"`}}, Type: "StructType",
			Help: "A type of the kernel or a module. at() and the like take an address alone: they know the kernel's memory. Throws where there is no such type.",
			Pure: true, native: onKernel((*linux).typeNamed)},
		{Name: "hasType", Args: []Arg{{Name: "name", Type: "string"}}, Type: "boolean", Help: "Whether the kernel has a type.", Pure: true,
			native: onKernel((*linux).hasType)},
		{Name: "types", Args: []Arg{{Name: "pattern", Type: "RegExp", Optional: true, Help: "all when left out"}}, Type: "string[]",
			Help: `The names of types that match, "struct foo" or "u32", sorted.`, native: onKernel((*linux).typeNames)},
		{Name: "typesFrom", Kind: Property, Type: `"btf" | "file" | "memory" | null`,
			Help:   "Where types come from: the kernel's own BTF, a symbol file, or what memory holds: then they are few, and partial. null when none are known.",
			native: onKernel(func(l *linux, c call) goja.Value { return c.b.strOrNull(l.TypesFrom()) })},
		{Name: "typesError", Kind: Property, Type: "string | null", Help: "Why no types are known; null when they are.", native: onKernel((*linux).typesError)},
		{Name: "perCpu", Args: []Arg{{Name: "variable", Type: "string | Address", Help: "a symbol's name, or a __percpu pointer"}, {Name: "cpu", Type: "number"}},
			Type: "bigint", Help: "Where a CPU's instance of a per-CPU variable is.", Pure: true, native: onKernel((*linux).perCPU)},
		{Name: "spaceAt", Args: []Arg{{Name: "root", Type: "Address", Help: "physical address of a process's page table"}}, Type: "AddressSpace",
			Help: "The address space of another page table of this kernel.", Pure: true, native: onKernel((*linux).spaceAt)},
		{Name: "modules", Kind: Property, Type: "LinuxModule[]", Help: "The loaded modules, newest first. Throws where the kernel's types are not known.",
			native: onKernel((*linux).moduleList)},
		{Name: "modulesError", Kind: Property, Type: "string | null", Help: "What is wrong with the list of modules; null when it is whole.",
			native: onKernel((*linux).modulesError)},
		{Name: "vmcoreinfo", Kind: Property, Type: "Record<string, string>", Help: "The kernel's note about itself for crash dumps, by key.",
			native: onKernel((*linux).vmcoreinfo)},
	},
}

var linuxMembers = []*Member{
	{Name: "linux", Kind: Property, Type: "Linux | null", Help: "The Linux kernel that the guest runs; null when it runs none, and linuxError says why.",
		native: on(func(v *vm, c call) goja.Value {
			if l := v.kernel(); l != nil {
				return l.object
			}
			return goja.Null()
		})},
	{Name: "linuxError", Kind: Property, Type: "string | null", Help: "Why linux is null, in a line; null when it is not.",
		native: on(func(v *vm, c call) goja.Value { v.kernel(); return c.b.strOrNull(v.linuxError) })},
}

var linuxRecords = []*Class{
	{Name: "LinuxVersion", Kind: KindRecord, Help: "The numbers of a kernel's release.", Members: []*Member{
		prop("major", "number", "6 of 6.1.55."), prop("minor", "number", "1 of 6.1.55."), prop("patch", "number", "55 of 6.1.55."),
	}},
	{Name: "LinuxSymbol", Kind: KindRecord, Help: "A symbol of the kernel or of a module.", Members: []*Member{
		prop("name", "string", "Its name."),
		prop("address", "bigint", "Virtual; of a per-CPU variable, what perCpu() takes."),
		prop("type", "string", `As nm prints it: "T" for text, "D" for data, lower case for local symbols; empty where it is not known.`),
		prop("module", "string | null", "The module that has it; null for the kernel itself."),
	}},
	{Name: "LinuxModule", Kind: KindRecord, Help: "A loaded kernel module.", Members: []*Member{
		prop("name", "string", "Its name."),
		prop("address", "bigint", "Of its struct module."),
		prop("state", "string", `"live", "coming", "going" or "unformed"; empty where it cannot be read.`),
		prop("base", "bigint", "Of its text, as /proc/modules prints it."),
		prop("size", "number", "Bytes of all its memory, as /proc/modules prints it."),
		prop("regions", "LinuxModuleRegion[]", "Its memory."),
		prop("missing", "string[]", "What of it could not be read, a line each."),
	}},
	{Name: "LinuxModuleRegion", Kind: KindRecord, Help: "A part of a module's memory.", Members: []*Member{
		prop("kind", "string", `"text", "data", "rodata", "ro_after_init", "init_text", …; before Linux 6.4 "core" and "init".`),
		prop("base", "bigint", "Virtual address."),
		prop("size", "number", "Bytes."),
	}},
}

// A linux is the Go side of a Linux.
type linux struct {
	*symbols.Kernel
	b      *Bindings
	vm     *vm
	object *goja.Object
	memory *memoryObject // of the kernel: its space, or its image
	types  map[string]*structType
}

func onKernel(fn func(*linux, call) goja.Value) native { return on(fn) }

// kernel finds the guest's kernel, once. A search that ends early, as the run does, leaves nothing behind.
func (v *vm) kernel() *linux {
	if v.linux != nil || v.linuxError != "" {
		return v.linux
	}
	t := symbols.Target{Memory: v.target, Arch: v.target.Info().Arch, Space: v.target.Space}
	for _, cpu := range v.target.CPUs() {
		t.CPUs = append(t.CPUs, cpu)
	}
	if notes, ok := v.target.(interface{ VMCoreInfo() []byte }); ok {
		t.VMCoreInfo = notes.VMCoreInfo()
	}
	k, err := symbols.Find(v.b.host.Context(), t, v.b.options.Linux)
	var none *symbols.NoKernelError
	switch {
	case errors.As(err, &none):
		v.linuxError = none.Error()
		return nil
	case err != nil:
		v.b.throw(err)
	}
	l := &linux{Kernel: k, b: v.b, vm: v, types: map[string]*structType{}}
	if k.Space != nil {
		l.memory = v.b.unwrap(v.spaceOf(k.Space)).(memoryHolder).memoryOf()
	} else {
		l.memory = &memoryObject{b: v.b, mem: k.Memory(), name: "the kernel's image", vm: v}
		l.memory.object = v.b.hold("Memory", l.memory)
	}
	l.memory.pointer = int(k.ABI.PointerSize)
	l.object = v.b.hold("Linux", l)
	v.linux = l
	return l
}

func (l *linux) version(c call) goja.Value {
	o := c.b.record("LinuxVersion")
	c.b.set(o, "major", c.b.rt.ToValue(l.Version.Major))
	c.b.set(o, "minor", c.b.rt.ToValue(l.Version.Minor))
	c.b.set(o, "patch", c.b.rt.ToValue(l.Version.Patch))
	return o
}

func (l *linux) kaslr(c call) goja.Value {
	if !l.KASLRKnown {
		return goja.Null()
	}
	return c.b.u64(l.KASLR)
}

func (l *linux) root(c call) goja.Value {
	if l.Space == nil {
		return goja.Null()
	}
	if l.Root.TTBR1 != 0 {
		return c.b.u64(l.Root.TTBR1)
	}
	return c.b.u64(l.Root.Root)
}

func (l *linux) perCPUOffsets(c call) goja.Value {
	items := make([]goja.Value, len(l.PerCPUOffsets))
	for i, x := range l.PerCPUOffsets {
		items[i] = c.b.u64(x)
	}
	return c.b.array(items)
}

func (l *linux) symbol(c call) goja.Value {
	if a, ok := l.Symbols.Address(c.text(0)); ok {
		return c.b.u64(a)
	}
	return goja.Null()
}

// symbolsAsked are those that argument 0 is about.
func (l *linux) symbolsAsked(c call) iter.Seq[symbols.Symbol] {
	if !c.has(0) {
		return l.Symbols.All()
	}
	if name, ok := c.Argument(0).(goja.String); ok {
		return slices.Values(l.Symbols.Lookup(name.String()))
	}
	return l.Symbols.Match(c.goRegexp(0, "must be a string or a RegExp"))
}

func (l *linux) kallsyms(c call) goja.Value {
	var b strings.Builder
	digits := 2 * int(l.ABI.PointerSize)
	for s := range l.symbolsAsked(c) {
		kind := s.Type
		if kind == 0 {
			kind = '?'
		}
		fmt.Fprintf(&b, "%0*x %c %s", digits, s.Address, kind, s.Name)
		if s.Module != "" {
			b.WriteString("\t[" + s.Module + "]")
		}
		b.WriteByte('\n')
	}
	return c.b.str(b.String())
}

func (l *linux) symbols(c call) goja.Value {
	all := l.symbolsAsked(c)
	b := c.b
	return b.sequence(func() source { return pull(b, all, nil, b.linuxSymbol) }, nil)
}

func (b *Bindings) linuxSymbol(s symbols.Symbol) goja.Value {
	o := b.record("LinuxSymbol")
	kind := ""
	if s.Type != 0 {
		kind = string(rune(s.Type))
	}
	b.set(o, "name", b.str(s.Name))
	b.set(o, "address", b.u64(s.Address))
	b.set(o, "type", b.str(kind))
	b.set(o, "module", b.strOrNull(s.Module))
	return o
}

// goRegexp takes a RegExp to Go's syntax.
func (c call) goRegexp(i int, problem string) *regexp.Regexp {
	o, ok := c.Argument(i).(*goja.Object)
	if !ok || o.ClassName() != "RegExp" {
		c.badArgument(i, problem, true)
	}
	re, err := regexp.Compile(c.regexpText(o))
	if err != nil {
		c.badArgument(i, fmt.Sprintf("cannot be used here: %v", err), false)
	}
	return re
}

func (l *linux) symbolize(c call) goja.Value {
	at, ok := l.Symbols.Symbolize(c.address(0))
	if !ok {
		return goja.Null()
	}
	return c.b.str(at.String())
}

// symbolAt is the symbol that an address belongs to, and where it begins.
func (l *linux) symbolAt(address uint64) (name string, base uint64) {
	at, ok := l.Symbols.Symbolize(address)
	if !ok {
		return "", 0
	}
	return at.Name, address - at.Offset
}

// find is the type of a name. Names that are looked up often cost a map access.
func (l *linux) find(name string) (*structType, error) {
	if s := l.types[name]; s != nil {
		return s, nil
	}
	t, err := l.Type(name)
	if err != nil {
		return nil, err
	}
	s := l.b.structTypeOf(t, nil)
	s.home = l.memory
	l.types[name] = s
	return s, nil
}

// known is a type of the kernel for C source that uses it; nil where there is none. l may be nil.
func (l *linux) known(abi *ctype.ABI, name string) *ctype.Type {
	if l == nil || l.ABI.Name != abi.Name {
		return nil
	}
	types, err := l.Types()
	if err != nil {
		return nil
	}
	return types.Type(name)
}

func (l *linux) typeNamed(c call) goja.Value {
	s, err := l.find(c.text(0))
	if err != nil {
		c.throwRange("Linux.type: %v", err)
	}
	return s.object
}

func (l *linux) hasType(c call) goja.Value {
	_, err := l.find(c.text(0))
	return c.b.boolean(err == nil)
}

func (l *linux) typeNames(c call) goja.Value {
	var re *regexp.Regexp
	if c.has(0) {
		re = c.goRegexp(0, "must be a RegExp")
	}
	names, err := l.TypeNames(re)
	if err != nil {
		c.throwRange("Linux.types: %v", err)
	}
	return c.b.stringArray(names)
}

func (l *linux) perCPU(c call) goja.Value {
	var at uint64
	if name, ok := c.Argument(0).(goja.String); ok && !isHex(name.String()) {
		if at, ok = l.Symbols.Address(name.String()); !ok {
			c.throwRange("Linux.perCpu: the kernel has no symbol %q", name.String())
		}
	} else {
		at = c.address(0)
	}
	at, err := l.PerCPU(at, int(c.integer(1, 0, maxIndex)))
	if err != nil {
		c.throwRange("Linux.perCpu: %v", err)
	}
	return c.b.u64(at)
}

func isHex(s string) bool { _, prefixed := cutHexPrefix(s); return prefixed }

func (l *linux) spaceAt(c call) goja.Value {
	s, err := l.SpaceAt(c.address(0))
	if err != nil {
		c.throwRange("Linux.spaceAt: %v", err)
	}
	return l.vm.spaceOf(s)
}

func (l *linux) moduleList(c call) goja.Value {
	list, err := l.Modules()
	if err != nil && list == nil {
		c.throwRange("Linux.modules: %v", err)
	}
	items := make([]goja.Value, len(list))
	for i, m := range list {
		o := c.b.record("LinuxModule")
		c.b.set(o, "name", c.b.str(m.Name))
		c.b.set(o, "address", c.b.u64(m.Address))
		c.b.set(o, "state", c.b.str(m.State))
		c.b.set(o, "base", c.b.u64(m.Base))
		c.b.set(o, "size", c.b.number(m.Size))
		regions := make([]goja.Value, len(m.Regions))
		for j, r := range m.Regions {
			x := c.b.record("LinuxModuleRegion")
			c.b.set(x, "kind", c.b.str(r.Kind))
			c.b.set(x, "base", c.b.u64(r.Base))
			c.b.set(x, "size", c.b.number(r.Size))
			regions[j] = x
		}
		c.b.set(o, "regions", c.b.array(regions))
		c.b.set(o, "missing", c.b.stringArray(m.Missing))
		items[i] = o
	}
	return c.b.array(items)
}

func (l *linux) typesError(c call) goja.Value {
	if _, err := l.Types(); err != nil {
		return c.b.str(err.Error())
	}
	return goja.Null()
}

func (l *linux) modulesError(c call) goja.Value {
	if _, err := l.Modules(); err != nil {
		return c.b.str(err.Error())
	}
	return goja.Null()
}

func (l *linux) vmcoreinfo(c call) goja.Value {
	o, info := c.b.rt.NewObject(), l.VMCoreInfo()
	for _, key := range slices.Sorted(maps.Keys(info)) {
		c.b.own(o, key, c.b.str(info[key]))
	}
	return o
}

func (l *linux) print() string {
	lines := []string{fmt.Sprintf("Linux %s, %s, at %#x (physical %#x), %d symbols", l.Version.Release, l.Arch, l.VirtualBase, l.PhysicalBase, l.Symbols.Count())}
	for _, s := range l.Evidence {
		lines = append(lines, "  "+s)
	}
	for _, s := range l.Gaps() {
		lines = append(lines, "  missing: "+s)
	}
	return strings.Join(lines, "\n")
}
