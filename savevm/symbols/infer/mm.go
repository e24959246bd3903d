package infer

// include/linux/mm.h, maple_tree.h
const (
	vmMayRead       = 0x10
	mtFlagsAlloc    = 0x1   // MT_FLAGS_ALLOC_RANGE
	mtFlagsExternal = 0x300 // MT_FLAGS_LOCK_EXTERN
)

// memories infers struct mm_struct and vm_area_struct.
func (in *inference) memories() {
	mm, ok := in.layout("struct task_struct").off("mm")
	if !ok {
		return
	}
	const reach, maxProcesses = 2048, 32
	seen := map[uint64]bool{}
	var all []window
	for _, v := range in.users {
		if at := v.ptr(mm); !seen[at] && len(all) < maxProcesses {
			seen[at] = true
			all = append(all, in.window(at, reach))
		}
	}
	areas := in.areas(all)
	if len(areas) == 0 {
		return
	}
	in.area(areas)
	in.parts(all, areas)
}

// areas finds the memory areas of each process: in a maple tree since Linux 6.1, in a list before.
func (in *inference) areas(all []window) map[uint64][]window {
	l := in.layout("struct mm_struct")
	areas := map[uint64][]window{}
	if !in.AtLeast(6, 1) {
		l.place(0, "struct vm_area_struct *", "mmap")
		for _, v := range all {
			areas[v.at] = in.listed(v.ptr(0))
		}
		return areas
	}
	// Behind the lock the root came before the flags until Linux 6.2.
	w := in.word
	for _, form := range []struct{ flags, root uint64 }{{in.lock, alignUp(in.lock+4, w)}, {alignUp(in.lock, w) + w, alignUp(in.lock, w)}} {
		tree, ok := span{0, 256, w}.find(func(off uint64) bool {
			return most(all, func(v window) bool {
				flags := v.u32(off + form.flags)
				return flags&mtFlagsAlloc != 0 && flags&mtFlagsExternal == mtFlagsExternal && len(in.mapped(v.ptr(off+form.root))) > 0
			})
		})
		if !ok {
			continue
		}
		l.place(tree, "struct maple_tree", "mm_mt")
		m := in.layout("struct maple_tree")
		m.place(form.flags, "unsigned int", "ma_flags")
		m.place(form.root, "void *", "ma_root")
		for _, v := range all {
			areas[v.at] = in.mapped(v.ptr(tree + form.root))
		}
		return areas
	}
	return nil
}

const (
	areaReach = 256
	maxAreas  = 1 << 12
)

// listed follows vm_next from the first area: each begins where the one before ends, or later.
func (in *inference) listed(at uint64) (areas []window) {
	last := uint64(0)
	for in.kernelPointer(at) && len(areas) < maxAreas {
		v := in.window(at, areaReach)
		if v.ptr(0) < last || v.ptr(in.word) <= v.ptr(0) {
			break
		}
		last = v.ptr(in.word)
		areas = append(areas, v)
		at = v.ptr(2 * in.word)
	}
	return areas
}

// mapped collects the areas in a maple tree, of which each node is of a kind that the pointer to it tells.
func (in *inference) mapped(root uint64) (areas []window) {
	const rangeLeaf, rangeNode, arangeNode = 1, 2, 3
	const pointer, kindShift, kindMask = ^uint64(0xff), 3, 15
	seen := map[uint64]bool{}
	var walk func(node uint64)
	walk = func(node uint64) {
		at, kind := node&pointer, node>>kindShift&kindMask
		if !in.kernelPointer(at) || kind < rangeLeaf || kind > arangeNode || seen[at] || len(seen) > maxAreas || len(areas) > maxAreas {
			return
		}
		seen[at] = true
		slots := in.mapleSlots(kind == arangeNode)
		v := in.window(at, 2*slots*in.word)
		for i := range slots {
			slot := v.ptr((slots + i) * in.word)
			switch {
			case kind != rangeLeaf:
				walk(slot)
			case in.kernelPointer(slot):
				if a := in.window(slot, areaReach); a.ptr(0) < a.ptr(in.word) {
					areas = append(areas, a)
				}
			}
			if i > 0 && i+1 < slots && v.ptr((1+i)*in.word) == 0 {
				return // no pivot: the rest is unused
			}
		}
	}
	walk(root)
	return areas
}

// mapleSlots is how many slots a node has: MAPLE_RANGE64_SLOTS, MAPLE_ARANGE64_SLOTS.
func (in *inference) mapleSlots(gaps bool) uint64 {
	switch {
	case in.word == 8 && gaps:
		return 10
	case in.word == 8:
		return 16
	case gaps:
		return 21
	}
	return 32
}

// area infers struct vm_area_struct.
func (in *inference) area(areas map[uint64][]window) {
	w := in.word
	var all []window
	of := map[uint64]uint64{}
	for mm, list := range areas {
		for _, v := range list {
			all = append(all, v)
			of[v.at] = mm
		}
	}
	mm, ok := span{2 * w, areaReach, w}.find(func(off uint64) bool { return most(all, func(v window) bool { return v.ptr(off) == of[v.at] }) })
	if !ok {
		return
	}
	l := in.layout("struct vm_area_struct")
	l.place(0, "unsigned long", "vm_start")
	l.place(w, "unsigned long", "vm_end")
	if !in.AtLeast(6, 1) {
		l.place(2*w, "struct vm_area_struct *", "vm_next")
		l.place(3*w, "struct vm_area_struct *", "vm_prev")
	}
	l.place(mm, "struct mm_struct *", "vm_mm")
	// vm_page_prot, one word or (PAE) two, then vm_flags: what is private may be made readable.
	flags, ok := span{mm + 2*w, mm + 4*w, w}.find(func(off uint64) bool {
		return most(all, func(v window) bool { return v.ptr(off)&vmMayRead != 0 && v.ptr(off) < 1<<44 && v.ptr(off)&7 != 0 })
	})
	if ok {
		l.place(flags, "unsigned long", "vm_flags")
	}
	path, ok := in.layout("struct file").off("f_path")
	if !ok {
		return
	}
	file, ok := span{mm + 4*w, areaReach, w}.find(func(off uint64) bool {
		isFile := func(v window) bool {
			return in.kernelPointer(v.ptr(off)) && in.isPath(in.window(v.ptr(off), path+2*w), path)
		}
		return some(all, isFile) && most(all, func(v window) bool { return v.ptr(off) == 0 || isFile(v) })
	})
	if !ok {
		return
	}
	l.place(file-2*w, "struct vm_operations_struct *", "vm_ops")
	l.place(file-w, "unsigned long", "vm_pgoff")
	l.place(file, "struct file *", "vm_file")
	for _, v := range all {
		in.addFile(v.ptr(file))
	}
	in.specialAreas(l, all, file)
}

// specialAreas finds vm_private_data: what the kernel maps of its own leads to its name, "[vdso]", by functions that give it.
func (in *inference) specialAreas(l *layout, all []window, file uint64) {
	const reach = 128
	w := in.word
	private, ok := span{file + w, file + 4*w, w}.find(func(off uint64) bool {
		return some(all, func(v window) bool {
			name := in.window(v.ptr(off), w).ptr(0)
			return in.kernelPointer(v.ptr(off)) && name > in.Lowest && in.window(name, 16).text(0, 16) == "[vdso]"
		})
	})
	if !ok {
		return
	}
	l.place(private, "void *", "vm_private_data")
	function, ok := in.Symbol("special_mapping_name")
	if !ok {
		return
	}
	for _, v := range all {
		if at := v.ptr(file - 2*w); in.kernelPointer(at) {
			ops := in.window(at, reach)
			if name, ok := (span{0, reach, w}).find(func(off uint64) bool { return ops.ptr(off) == function }); ok {
				in.layout("struct vm_operations_struct").place(name, "const char *(*)(struct vm_area_struct *)", "name")
				return
			}
		}
	}
}

// layoutOfMemory are the words of a struct mm_struct in which a process's parts begin and end, in a row.
var layoutOfMemory = []string{
	"start_code", "end_code", "start_data", "end_data", "start_brk", "brk", "start_stack", "arg_start", "arg_end", "env_start", "env_end",
}

// parts finds where a process's parts are, how much memory it has, and which program it runs.
func (in *inference) parts(all []window, areas map[uint64][]window) {
	const reach = 2048
	w := in.word
	l := in.layout("struct mm_struct")
	stackOf := func(v window, address uint64) (area window, ok bool) {
		for _, a := range areas[v.at] {
			if address >= a.ptr(0) && address < a.ptr(w) {
				return a, true
			}
		}
		return window{}, false
	}
	start, ok := span{0, reach - uint64(len(layoutOfMemory))*w, w}.find(func(off uint64) bool {
		return most(all, func(v window) bool {
			at := func(i uint64) uint64 { return v.ptr(off + i*w) }
			stack, ok := stackOf(v, at(6))
			return ok && at(0) < at(1) && at(2) <= at(3) && at(4) <= at(5) && at(6) <= at(7) && at(7) < at(8) && at(8) == at(9) && at(9) <= at(10) && at(10) <= stack.ptr(w)
		})
	})
	if ok {
		for i, name := range layoutOfMemory {
			l.place(start+uint64(i)*w, "unsigned long", name)
		}
		in.counters(l, all, start+uint64(len(layoutOfMemory))*w)
	}
	pages := map[uint64]uint64{}
	for mm, list := range areas {
		for _, a := range list {
			pages[mm] += (a.ptr(w) - a.ptr(0)) / page
		}
	}
	has := func(off uint64) bool { return most(all, func(v window) bool { return v.ptr(off) == pages[v.at] }) }
	if at, ok := (span{0, reach, w}).find(has); ok {
		if has(at + w) { // the first is hiwater_vm, which can be the same
			at += w
		}
		l.place(at, "unsigned long", "total_vm")
	}
	path, ok := in.layout("struct file").off("f_path")
	if !ok {
		return
	}
	if exe, ok := (span{0, reach, w}).find(func(off uint64) bool {
		return most(all, func(v window) bool {
			return in.kernelPointer(v.ptr(off)) && in.isPath(in.window(v.ptr(off), path+2*w), path)
		})
	}); ok {
		l.place(exe, "struct file *", "exe_file")
	}
}

// counters finds rss_stat behind the auxiliary vector, which ends with AT_NULL: every process has pages of files.
func (in *inference) counters(l *layout, all []window, vector uint64) {
	const reach, maxVector, counters = 2048, 96, 4 // NR_MM_COUNTERS
	w := in.word
	behind, first := vector, uint64(reach)
	for _, v := range all {
		end, ok := span{vector, vector + maxVector*w, 2 * w}.find(func(off uint64) bool { return v.ptr(off) == 0 && v.ptr(off+w) == 0 })
		if !ok {
			return
		}
		behind = max(behind, end+2*w)
		if at, ok := (span{end, reach, w}).find(func(off uint64) bool { return v.ptr(off) != 0 }); ok {
			first = min(first, at)
		}
	}
	if !in.AtLeast(6, 2) {
		if first < reach {
			l.place(first, "struct mm_rss_stat", "rss_stat")
		}
		return
	}
	// A struct percpu_counter each: a lock, a count, a link of the list of all counters, and a pointer.
	link, pointer := w+8, 8+3*w
	size := pointer + w
	if at, ok := (span{behind, reach - counters*size, w}).find(func(off uint64) bool {
		return most(all, func(v window) bool {
			for at := off; at < off+counters*size; at += size {
				next := v.ptr(at + link)
				if !in.kernelPointer(next) || in.window(next+w, w).ptr(0) != v.at+at+link || v.ptr(at+pointer) == 0 {
					return false
				}
			}
			return true
		})
	}); ok {
		l.place(at, "struct percpu_counter [4]", "rss_stat")
	}
}
