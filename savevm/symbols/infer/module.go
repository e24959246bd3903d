package infer

import "strings"

// modules infers struct module from the list of them: state, list and name come first (include/linux/module.h), and mkobj.mod leads
// back to the struct. It returns the head of the list.
func (in *inference) modules() (head uint64) {
	const reach, maxModules = 2048, 1 << 14
	w := in.word
	list, nameLen := w, 64-w // MODULE_NAME_LEN
	isModule := func(node uint64) bool {
		v := in.window(node-list, reach)
		name := v.text(3*w, nameLen)
		return name != "" && !strings.ContainsAny(name, " /") && v.u32(0) < 4
	}
	head, named := in.Symbol("modules")
	if !named {
		for at, next := range in.Heads() {
			v := in.window(next-list, reach)
			if _, ok := (span{3*w + nameLen, reach, w}).find(func(off uint64) bool { return v.ptr(off) == v.at }); ok && isModule(next) {
				if head != 0 {
					return 0 // which of them it is does not show
				}
				head = at
			}
		}
	}
	if head == 0 {
		return 0
	}
	var all []window
	for _, node := range in.List(head, maxModules) {
		if isModule(node) {
			all = append(all, in.window(node-list, reach))
		}
	}
	m := in.layout("struct module")
	m.place(0, "int", "state")
	m.place(list, "struct list_head", "list")
	m.place(3*w, "char ["+map[bool]string{true: "56", false: "60"}[w == 8]+"]", "name")
	in.moduleMemory(m, all, 3*w+nameLen)
	in.moduleUsers(m, all, 3*w+nameLen)
	in.moduleSymbols(m, all, 3*w+nameLen)
	return head
}

// moduleSymbols finds where a module's own symbols are: a table of ELF's, how many, and their names, of which the first is empty.
func (in *inference) moduleSymbols(m *layout, all []window, from uint64) {
	const reach, maxSymbols = 2048, 1 << 20
	w := in.word
	symbol := 3 * w // bytes of an Elf64_Sym
	if w == 4 {
		symbol = 16
	}
	if off, ok := (span{from, reach, w}).find(func(off uint64) bool {
		return most(all, func(v window) bool {
			table := in.window(v.ptr(off), 3*w)
			at, count, names := table.ptr(0), table.u32(w), table.ptr(2*w)
			if !in.kernelPointer(v.ptr(off)) || !in.kernelPointer(at) || names < in.Lowest || count < 2 || count > maxSymbols {
				return false
			}
			second := uint64(in.window(at+symbol, 4).u32(0))
			return in.window(names, 1).b[0] == 0 && in.window(names+second, 256).text(0, 256) != "" && in.window(at, symbol).u64(0) == 0
		})
	}); ok {
		m.place(off, "struct mod_kallsyms *", "kallsyms")
	}
}

// moduleUsers finds how often a module is used (CONFIG_MODULE_UNLOAD): two lists, of its users and of what it uses, its exit function,
// and a count that each user adds to.
func (in *inference) moduleUsers(m *layout, all []window, from uint64) {
	const reach, maxUsers, maxCount = 2048, 1 << 12, 1 << 16
	w := in.word
	head := func(v window, off uint64) bool {
		next := v.ptr(off)
		return next == v.at+off && v.ptr(off+w) == next || in.kernelPointer(next) && in.window(next+w, w).ptr(0) == v.at+off
	}
	used := false
	off, ok := span{from, reach - 6*w, w}.only(func(off uint64) bool {
		return most(all, func(v window) bool {
			count := uint64(v.u32(off + 5*w))
			if !head(v, off) || !head(v, off+2*w) || count == 0 || count > maxCount || v.ptr(off+4*w) != 0 && !in.kernelPointer(v.ptr(off+4*w)&^3) {
				return false
			}
			users := in.List(v.at+off, maxUsers)
			for _, use := range users { // struct module_use: two links, then the user and what it uses
				if in.window(use+5*w, w).ptr(0) != v.at {
					return false
				}
			}
			used = used || len(users) > 0
			return count > uint64(len(users))
		})
	})
	if !ok || !used { // lists that are empty look all alike
		return
	}
	m.place(off, "struct list_head", "source_list")
	m.place(off+2*w, "struct list_head", "target_list")
	m.place(off+4*w, "void (*)(void)", "exit")
	m.place(off+5*w, "atomic_t", "refcnt")
}

// moduleMemory finds where a module says that it lies: whole pages, the struct itself among them.
func (in *inference) moduleMemory(m *layout, all []window, from uint64) {
	const reach = 1024
	w := in.word
	around := func(v window, off, size uint64) bool {
		base, bytes := v.ptr(off), uint64(v.u32(off+size))
		return base%page == 0 && in.kernelPointer(base) && bytes%page == 0 && v.at-base < bytes
	}
	// The size follows the address. Since Linux 6.13 a flag is between them, and in that version a pointer before the flag.
	for _, size := range []uint64{w, w + 4, 2*w + 4} {
		base, ok := span{from, reach, w}.find(func(off uint64) bool { return most(all, func(v window) bool { return around(v, off, size) }) })
		switch {
		case !ok:
		case !in.AtLeast(6, 4):
			layout := in.layout("struct module_layout")
			layout.place(0, "void *", "base")
			layout.place(size, "unsigned int", "size")
			m.place(base, "struct module_layout", "core_layout")
			return
		default:
			in.moduleParts(m, all, base, size)
			return
		}
	}
}

// moduleParts finds the parts that modules have since Linux 6.4 (enum mod_mem_type): data is the second of them, and the code before it.
func (in *inference) moduleParts(m *layout, all []window, data, size uint64) {
	w := in.word
	part := func(v window, off uint64) bool {
		return v.ptr(off)%page == 0 && in.kernelPointer(v.ptr(off)) && v.u32(off+size)%page == 0 && v.u32(off+size) != 0
	}
	stride, ok := span{3 * w, 24 * w, w}.find(func(stride uint64) bool {
		return most(all, func(v window) bool { return part(v, data-stride) && part(v, data+stride) })
	})
	if !ok {
		return
	}
	memory := in.layout("struct module_memory")
	memory.place(0, "void *", "base")
	memory.place(size, "unsigned int", "size")
	memory.size = stride
	m.place(data-stride, "struct module_memory [7]", "mem")
}
