package symbols

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/symbols/btf"
	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// A Module is a loaded kernel module.
type Module struct {
	Name    string
	Address uint64   // of its struct module
	State   string   // "live", "coming", "going", "unformed"
	Base    uint64   // of its text
	Size    uint64   // bytes of all its memory, as /proc/modules tells
	Regions []Region // its memory, in the kernel's order
	Missing []string // what of it could not be had

	kernel  *Kernel
	symbols once[*symtab.Table]
	types   once[*btf.Spec]
	btf     uint64 // address of its BTF, 0 when it has none
	btfSize uint64
}

// A Region is a part of a module's memory.
type Region struct {
	Kind string // "text", "data", "rodata", "ro_after_init", "init_text", …; "core", "init" before 6.4
	Base uint64
	Size uint64 // bytes
}

const (
	maxModules       = 1 << 14
	maxModuleSymbols = 1 << 20
	maxModuleStrings = 64 << 20
)

// Modules returns the loaded modules in the kernel's order, newest first. It needs types. The error tells that there are none to be
// had, or where the list ends early: then the modules before that are returned too.
func (k *Kernel) Modules() ([]*Module, error) {
	return k.modules.get(k.loadModules)
}

func (k *Kernel) loadModules() ([]*Module, error) {
	types, err := k.Types()
	if err != nil {
		return nil, fmt.Errorf("the modules: %w", err)
	}
	head, ok := k.Symbols.kernel.Address("modules")
	if inferred, made := k.inferred.made(); made && !ok {
		if head = inferred.Modules(); head == 0 {
			return []*Module{}, errors.New("the list of modules was not found: none is loaded, or it is lost")
		}
		ok = true
	}
	t := types.Type("struct module")
	if !ok || t == nil {
		return nil, errors.New("the modules: the kernel has no list of them (no CONFIG_MODULES, or no symbol `modules`)")
	}
	link, err := t.Lookup("list")
	if err != nil {
		return nil, fmt.Errorf("the modules: %w", err)
	}
	nodes, err := k.walkList(head, maxModules)
	if err != nil {
		err = fmt.Errorf("the list of modules is damaged: %w", err)
	}
	var modules []*Module
	for _, node := range nodes {
		modules = append(modules, k.module(t, node-link.Offset()))
	}
	k.findModuleBTF(types, modules)
	return modules, err
}

// walkList follows a struct list_head. Where it is broken it is followed backwards from its head as well, so that one gap costs one node.
// A link is good where the node that it leads to has the link back: a damaged one may lead into any other list.
func (k *Kernel) walkList(head uint64, limit int) ([]uint64, error) {
	word := uint64(k.arch.bits / 8)
	seen := map[uint64]bool{head: true}
	follow := func(link uint64) (nodes []uint64, err error) {
		for at := head; len(seen) <= limit; {
			next, err := k.ReadPointer(at + link)
			switch {
			case err != nil:
				return nodes, err
			case next == 0 || seen[next] && next != head:
				return nodes, fmt.Errorf("the link at %#x leads to %#x", at+link, next)
			}
			back, err := k.ReadPointer(next + word - link)
			switch {
			case err != nil:
				return nodes, err
			case back != at:
				return nodes, fmt.Errorf("the link at %#x leads to %#x, from where none leads back", at+link, next)
			case next == head:
				return nodes, nil
			}
			seen[next] = true
			nodes = append(nodes, next)
			at = next
		}
		return nodes, fmt.Errorf("more than %d nodes", limit)
	}
	nodes, err := follow(0)
	if err != nil {
		rest, _ := follow(word)
		slices.Reverse(rest)
		nodes = append(nodes, rest...)
	}
	return nodes, err
}

// member reads a member of a struct as a number; ok is false when there is no such member or it cannot be read.
func (k *Kernel) member(t *ctype.Type, address uint64, path string) (value uint64, ok bool) {
	m, err := t.Lookup(path)
	if err != nil {
		return 0, false
	}
	v, err := ctype.ReadMember(k.Memory(), address, m)
	if err != nil || !v.Valid() {
		return 0, false
	}
	return v.Uint(), true
}

func (k *Kernel) module(t *ctype.Type, address uint64) *Module {
	m := &Module{Address: address, kernel: k}
	if f, ok := t.Field("name"); ok {
		if v, err := ctype.ReadMember(k.Memory(), address, f); err == nil {
			m.Name = v.Text()
		} else {
			m.Missing = append(m.Missing, fmt.Sprintf("its name: %v", err))
		}
	}
	if state, ok := k.member(t, address, "state"); ok && state < 4 {
		// enum module_state, include/linux/module.h
		m.State = [...]string{"live", "coming", "going", "unformed"}[state]
	}
	m.Regions = k.moduleRegions(t, address)
	for _, r := range m.Regions {
		m.Size += r.Size
	}
	if len(m.Regions) > 0 {
		m.Base = m.Regions[0].Base
	}
	m.btf, _ = k.member(t, address, "btf_data")
	m.btfSize, _ = k.member(t, address, "btf_data_size")
	return m
}

// moduleMemory names the entries of struct module's mem (enum mod_mem_type, include/linux/module.h).
var moduleMemory = []string{"text", "data", "rodata", "ro_after_init", "init_text", "init_data", "init_rodata"}

// moduleRegions reads where a module is: mem[] from 6.4 on, core_layout and init_layout from 4.5, before that module_core.
func (k *Kernel) moduleRegions(t *ctype.Type, address uint64) []Region {
	var regions []Region
	add := func(kind, base, size string) {
		b, ok1 := k.member(t, address, base)
		s, ok2 := k.member(t, address, size)
		if ok1 && ok2 && b != 0 && s != 0 && s < 1<<31 {
			regions = append(regions, Region{kind, b, s})
		}
	}
	for i, kind := range moduleMemory {
		add(kind, fmt.Sprintf("mem[%d].base", i), fmt.Sprintf("mem[%d].size", i))
	}
	add("core", "core_layout.base", "core_layout.size")
	add("init", "init_layout.base", "init_layout.size")
	add("core", "module_core", "core_size")
	add("init", "module_init", "init_size")
	return regions
}

// Symbols are the module's own, empty when it has none that can be read.
func (m *Module) Symbols() *symtab.Table {
	table, _ := m.symbols.get(func() (*symtab.Table, error) { return m.loadSymbols() })
	return table
}

func (m *Module) loadSymbols() (*symtab.Table, error) {
	var b symtab.Builder
	k := m.kernel
	types, err := k.Types()
	if err != nil {
		return b.Table(m.Name), err
	}
	t, at := types.Type("struct module"), m.Address
	if p, ok := k.member(t, at, "kallsyms"); ok && types.Type("struct mod_kallsyms") != nil {
		t, at = types.Type("struct mod_kallsyms"), p
	}
	symtabAt, _ := k.member(t, at, "symtab")
	count, _ := k.member(t, at, "num_symtab")
	strtab, _ := k.member(t, at, "strtab")
	typetab, _ := k.member(t, at, "typetab")
	if count == 0 || count > maxModuleSymbols || symtabAt == 0 || strtab == 0 {
		return b.Table(m.Name), errors.New("no symbol table")
	}
	entries := elfSymbols(memory.ReadSparse(k.Memory(), symtabAt, count*elfSymbolSize(k.arch.bits)), k.arch.bits)
	if typetab != 0 { // from 5.2 on; before, the type took the place of st_info
		for i, c := range memory.ReadSparse(k.Memory(), typetab, count) {
			entries[i].kind = c
		}
	}
	longest := uint32(0)
	for _, e := range entries {
		longest = max(longest, e.name)
	}
	names := memory.ReadSparse(k.Memory(), strtab, min(uint64(longest)+512, maxModuleStrings))
	exported := m.exports(types)
	for _, e := range entries {
		name := cString(names, e.name)
		if name == "" || e.value == 0 {
			continue
		}
		if e.kind >= 'a' && e.kind <= 'z' && m.kernel.isNamed(name, exported[e.value]) {
			e.kind -= 'a' - 'A' // as s_show in kernel/kallsyms.c
		}
		b.Add(e.value, e.kind, name)
	}
	return b.Table(m.Name), nil
}

// exports are the addresses of what a module exports to others, each with where its names are: the tables of struct kernel_symbol hold
// offsets from themselves, or before 4.19 and on some architectures the values.
func (m *Module) exports(types TypeSource) map[uint64][]uint64 {
	k, exported := m.kernel, map[uint64][]uint64{}
	module, symbol := types.Type("struct module"), types.Type("struct kernel_symbol")
	if symbol == nil || symbol.Size() == 0 {
		return exported
	}
	size := symbol.Size()
	_, relative := symbol.Field("value_offset")
	if size < 8 || size < 16 && !relative && m.kernel.arch.bits == 64 {
		return exported
	}
	for _, table := range [][2]string{{"syms", "num_syms"}, {"gpl_syms", "num_gpl_syms"}} { // one table since 7.0
		at, ok1 := k.member(module, m.Address, table[0])
		count, ok2 := k.member(module, m.Address, table[1])
		if !ok1 || !ok2 || at == 0 || count > maxModuleSymbols {
			continue
		}
		data := memory.ReadSparse(k.Memory(), at, count*size)
		for i := uint64(0); i+size <= uint64(len(data)); i += size {
			value, name := kernelSymbol(data[i:], k.mask(at+i), relative, k.arch.bits)
			exported[k.mask(value)] = append(exported[k.mask(value)], k.mask(name))
		}
	}
	return exported
}

// kernelSymbol gives the address that a struct kernel_symbol holds, and that of its name.
func kernelSymbol(b []byte, at uint64, relative bool, bits int) (value, name uint64) {
	switch {
	case relative:
		offset := func(i uint64) uint64 { return at + i + uint64(int64(int32(binary.LittleEndian.Uint32(b[i:])))) }
		return offset(0), offset(4)
	case bits == 32:
		return uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:]))
	default:
		return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	}
}

// isNamed tells whether one of the texts at these addresses is a name.
func (k *Kernel) isNamed(name string, texts []uint64) bool {
	return slices.ContainsFunc(texts, func(at uint64) bool {
		return cString(memory.ReadSparse(k.Memory(), at, uint64(len(name)+1)), 0) == name
	})
}

// elfSymbol is what is needed of an Elf32_Sym or Elf64_Sym.
type elfSymbol struct {
	name  uint32
	kind  byte
	value uint64
}

func elfSymbolSize(bits int) uint64 {
	if bits == 32 {
		return 16
	}
	return 24
}

func elfSymbols(b []byte, bits int) []elfSymbol {
	size := int(elfSymbolSize(bits))
	all := make([]elfSymbol, len(b)/size)
	for i := range all {
		e := b[i*size:]
		all[i] = elfSymbol{name: binary.LittleEndian.Uint32(e), kind: e[4]}
		if bits == 32 {
			all[i].kind, all[i].value = e[12], uint64(binary.LittleEndian.Uint32(e[4:]))
		} else {
			all[i].value = binary.LittleEndian.Uint64(e[8:])
		}
	}
	return all
}

func cString(b []byte, at uint32) string {
	if uint64(at) >= uint64(len(b)) {
		return ""
	}
	b = b[at:]
	for i, c := range b[:min(len(b), 512)] {
		if c == 0 {
			return string(b[:i])
		}
	}
	return ""
}

// BTF is the module's type information, on top of the kernel's; nil without an error when it has none.
func (m *Module) BTF() (*btf.Spec, error) {
	return m.types.get(func() (*btf.Spec, error) {
		if m.btf == 0 || m.btfSize == 0 {
			return nil, nil
		}
		base, err := m.kernel.BTF()
		if err != nil {
			return nil, err
		}
		spec, err := m.kernel.btfAt(m.kernel.Memory(), m.btf, base)
		if err != nil {
			err = fmt.Errorf("the types of module %s: %w", m.Name, err)
		}
		return spec, err
	})
}

// findModuleBTF reads the list of the modules' BTF (struct btf_module, kernel/bpf/btf.c): struct module's own pointer to it is gone
// once the module runs.
func (k *Kernel) findModuleBTF(types TypeSource, modules []*Module) {
	head, ok := k.Symbols.kernel.Address("btf_modules")
	entry, spec := types.Type("struct btf_module"), types.Type("struct btf")
	if !ok || entry == nil || spec == nil {
		return
	}
	link, err := entry.Lookup("list")
	if err != nil {
		return
	}
	byAddress := map[uint64]*Module{}
	for _, m := range modules {
		byAddress[m.Address] = m
	}
	nodes, _ := k.walkList(head, maxModules)
	for _, node := range nodes {
		at := node - link.Offset()
		module, _ := k.member(entry, at, "module")
		m := byAddress[module]
		if p, ok := k.member(entry, at, "btf"); ok && m != nil {
			m.btf, _ = k.member(spec, p, "data")
			m.btfSize, _ = k.member(spec, p, "data_size")
		}
	}
}
