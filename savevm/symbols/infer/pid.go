package infer

// pids finds the links from a task to its struct pid, and that. A struct pid's first list leads back to the task's link.
func (in *inference) pids(t *layout, from uint64) {
	const reach, maxPIDUsers, maxPIDLevel = 256, 1 << 20, 32 // MAX_PID_NS_LEVEL
	w := in.word
	for _, form := range []struct {
		pid   int64 // from the link to the pointer to the struct pid
		place func(off uint64)
	}{
		{-int64(w), func(off uint64) { // since Linux 4.19
			t.place(off-w, "struct pid *", "thread_pid")
			t.place(off, "struct hlist_node [4]", "pid_links")
		}},
		{2 * int64(w), func(off uint64) {
			link := in.layout("struct pid_link")
			link.place(0, "struct hlist_node", "node")
			link.place(2*w, "struct pid *", "pid")
			t.place(off, "struct pid_link [3]", "pids")
		}},
	} {
		pointer := func(v window, off uint64) uint64 { return v.ptr(off + uint64(form.pid)) }
		var lists uint64 // where a struct pid has them
		off, ok := span{from, from + 12*w, w}.find(func(off uint64) bool {
			lists = in.task[1].ptr(off+w) - pointer(in.task[1], off)
			return lists < 96 && most(in.others(), func(v window) bool {
				at := pointer(v, off)
				if !in.kernelPointer(at) || at-v.at < taskReach || v.ptr(off+w) != at+lists {
					return false
				}
				pid := in.window(at, 128)
				return pid.u32(0)-1 < maxPIDUsers && pid.u32(4) <= maxPIDLevel && pid.ptr(lists) == v.at+off
			})
		})
		if !ok {
			continue
		}
		form.place(off)
		pid := in.layout("struct pid")
		pid.place(4, "unsigned int", "level")
		pid.place(lists, "struct hlist_head [4]", "tasks")
		own, _ := t.off("pid")
		of := map[uint64]uint32{}
		var at []uint64
		for _, v := range in.others() {
			at = append(at, pointer(v, off))
			of[pointer(v, off)] = v.u32(own)
		}
		structs := in.windows(at, reach)
		if numbers, ok := (span{lists, reach - 2*w, w}).find(func(off uint64) bool {
			return most(structs, func(v window) bool { return v.u32(off) == of[v.at] && in.kernelPointer(v.ptr(off+w)) })
		}); ok {
			pid.place(numbers, "struct upid [1]", "numbers")
			in.pidNamespace(structs[0].ptr(numbers + w))
		}
		return
	}
}

// pidNamespace finds the IDR of a struct pid_namespace: an XArray that says it is one, whose first node leads back to it.
func (in *inference) pidNamespace(at uint64) {
	const reach, rootIsIDR, internal = 256, 4, 2
	if !in.AtLeast(4, 20) {
		return
	}
	ns := in.window(at, reach)
	head, back := alignUp(in.lock+4, in.word), 2*in.word // xarray.xa_head, xa_node.array
	if off, ok := (span{0, reach - 16, in.word}).find(func(off uint64) bool {
		node := ns.ptr(off + head)
		return ns.u32(off+in.lock)&rootIsIDR != 0 && node&3 == internal && in.kernelPointer(node-internal) && in.window(node-internal+back, in.word).ptr(0) == at+off
	}); ok {
		in.layout("struct pid_namespace").place(off, "struct idr", "idr")
	}
}
