package infer

import (
	"errors"
	"slices"
)

// include/linux/sched.h
const (
	taskCommLen = 16
	pidMax      = 4 << 20 // PID_MAX_LIMIT, include/linux/threads.h
	pfKthread   = 0x200000
	sigchld     = 17
)

const (
	taskReach  = 12 << 10 // how far into a struct task_struct members are looked for
	maxTasks   = 1 << 16
	maxSamples = 128
)

var (
	errNoInit  = errors.New("the first task (init_task) has no symbol")
	errNoName  = errors.New("init_task has no name")
	errNoTasks = errors.New("no list of tasks leads from init_task")
	errNoPID   = errors.New("where tasks have their process ID does not show")
)

// tasks infers struct task_struct, and what is about a task alone.
func (in *inference) tasks() error {
	init, ok := in.Symbol("init_task")
	if !ok {
		return errNoInit
	}
	first := in.window(init, taskReach)
	comm, ok := span{0, taskReach - taskCommLen, in.word}.find(func(off uint64) bool {
		name := first.text(off, taskCommLen)
		return name == "swapper" || name == "swapper/0"
	})
	if !ok {
		return errNoName
	}
	t := in.layout("struct task_struct")
	t.place(comm, "char [16]", "comm")
	if !in.taskList(t, first, comm) {
		return errNoTasks
	}
	if !in.taskIDs(t, comm) {
		return errNoPID
	}
	in.relations(t)
	in.threads(t)
	in.memoryOf(t)
	in.state(t)
	in.exit(t)
	in.startTimes(t)
	in.credentials(t)
	in.cpu(t)
	in.schedulingClass(t)
	in.kthreads(t)
	in.sleep(t)
	return nil
}

// taskList finds the list of all thread groups: each of its nodes lies as far from a name as init_task's.
func (in *inference) taskList(t *layout, first window, comm uint64) bool {
	var list uint64
	for off := uint64(0); off+2*in.word <= comm; off += in.word {
		next := first.ptr(off)
		if next == first.at+off || !in.kernelPointer(next) || in.window(next-off+comm, taskCommLen).text(0, taskCommLen) == "" {
			continue
		}
		var tasks []uint64
		nodes := in.List(first.at+off, maxTasks)
		for _, node := range nodes {
			if in.window(node-off+comm, taskCommLen).text(0, taskCommLen) != "" {
				tasks = append(tasks, node-off)
			}
		}
		if len(tasks)*10 >= len(nodes)*9 && len(tasks)+1 > len(in.all) {
			list, in.all = off, append([]uint64{first.at}, tasks...)
		}
	}
	if len(in.all) < 3 { // init and kthreadd are there before anything else is
		return false
	}
	t.place(list, "struct list_head", "tasks")
	in.task = in.windows(sample(in.all, maxSamples), taskReach)
	return true
}

// sample takes so many of the addresses at the most: the first, the last, and some between them.
func sample(all []uint64, most int) []uint64 {
	if len(all) <= most {
		return all
	}
	quarter := most / 4
	some := slices.Clone(all[:quarter])
	middle := all[quarter : len(all)-2*quarter]
	for i := range quarter {
		some = append(some, middle[i*len(middle)/quarter])
	}
	return append(some, all[len(all)-2*quarter:]...)
}

// others are the sampled tasks but init_task, which is unlike all others in much.
func (in *inference) others() []window { return in.task[1:] }

// taskIDs finds pid and tgid: equal numbers, as leaders of their thread groups have, other ones in each task, and 1 in the first.
func (in *inference) taskIDs(t *layout, comm uint64) bool {
	pid, ok := span{0, comm, 4}.only(func(off uint64) bool {
		id := func(w window) uint64 { return uint64(w.u32(off)) }
		return in.task[0].u64(off) == 0 && id(in.task[1]) == 1 && most(in.others(), func(w window) bool {
			return w.u32(off) == w.u32(off+4) && w.u32(off)-1 < pidMax
		}) && distinct(in.others(), id)*10 >= len(in.others())*9
	})
	if !ok {
		return false
	}
	t.place(pid, "pid_t", "pid")
	t.place(pid+4, "pid_t", "tgid")
	return true
}

// relations finds the pointers to other tasks, which follow the IDs: real_parent, parent, two lists, and the group's leader, which is
// the task itself.
func (in *inference) relations(t *layout) {
	pid, _ := t.off("pid")
	tasks := map[uint64]bool{}
	for _, at := range in.all {
		tasks[at] = true
	}
	start := alignUp(pid+8, in.word)
	at, ok := span{start, start + 4*in.word, in.word}.find(func(off uint64) bool {
		return most(in.others(), func(w window) bool { return tasks[w.ptr(off)] && w.ptr(off+6*in.word) == w.at })
	})
	if !ok {
		return
	}
	w := in.word
	t.place(at, "struct task_struct *", "real_parent")
	t.place(at+w, "struct task_struct *", "parent")
	t.place(at+2*w, "struct list_head", "children")
	t.place(at+4*w, "struct list_head", "sibling")
	t.place(at+6*w, "struct task_struct *", "group_leader")
	in.pids(t, at+7*w)
}

// threads finds the list of a process's threads: that of one with a single thread has its head, in the struct signal_struct, and that
// alone.
func (in *inference) threads(t *layout) {
	w := in.word
	leader, ok := t.off("group_leader")
	if !ok {
		return
	}
	single := func(v window, off uint64) bool {
		head := v.ptr(off)
		return head != v.at+off && v.ptr(off+w) == head && in.kernelPointer(head) && in.window(head, w).ptr(0) == v.at+off
	}
	var node uint64
	var alone []window
	if _, ok = (span{leader + w, leader + 24*w, w}).find(func(off uint64) bool {
		node, alone = off, nil
		for _, v := range in.others() {
			if single(v, off) {
				alone = append(alone, v)
			}
		}
		return len(alone)*2 > len(in.others())
	}); !ok {
		return
	}
	// The pointer behind which, equally far in each, the head lies: three counts are before it (include/linux/sched/signal.h).
	comm, _ := t.off("comm")
	signal, ok := span{comm + taskCommLen, comm + 64*w, w}.find(func(off uint64) bool {
		before := alone[0].ptr(node) - alone[0].ptr(off)
		return before >= 12 && before <= 32 && most(alone, func(v window) bool { return v.ptr(node)-v.ptr(off) == before })
	})
	if !ok {
		return
	}
	t.place(node, "struct list_head", "thread_node")
	t.place(signal-w, "struct nsproxy *", "nsproxy")
	t.place(signal, "struct signal_struct *", "signal")
	t.place(signal+w, "struct sighand_struct *", "sighand")
	s := in.layout("struct signal_struct")
	s.place(0, "refcount_t", "sigcnt")
	s.place(4, "atomic_t", "live")
	s.place(8, "int", "nr_threads")
	s.place(alone[0].ptr(node)-alone[0].ptr(signal), "struct list_head", "thread_head")
}

// memoryOf finds mm and active_mm: the same in a process, the first null in a kernel thread. It leads to a page table that maps the
// kernel.
func (in *inference) memoryOf(t *layout) {
	tasks, _ := t.off("tasks")
	pid, _ := t.off("pid")
	w := in.word
	var pgd uint64
	off, ok := span{tasks + 2*w, pid, w}.find(func(off uint64) bool {
		own := 0
		if !most(in.others(), func(v window) bool {
			mm := v.ptr(off)
			if mm != 0 {
				own++
			}
			return mm == 0 || mm == v.ptr(off+w) && in.kernelPointer(mm)
		}) || own == 0 || own == len(in.others()) {
			return false
		}
		var ok bool
		pgd, ok = in.pageTable(off)
		return ok
	})
	if !ok {
		return
	}
	t.place(off, "struct mm_struct *", "mm")
	t.place(off+w, "struct mm_struct *", "active_mm")
	in.layout("struct mm_struct").place(pgd, "unsigned long *", "pgd")
	for _, v := range in.others() {
		if v.ptr(off) != 0 {
			in.users = append(in.users, v)
		}
	}
}

// pageTable finds where the structs that a member of tasks leads to have a page table.
func (in *inference) pageTable(mm uint64) (off uint64, ok bool) {
	const reach, few = 512, 4
	var some []window
	for _, v := range in.others() {
		if at := v.ptr(mm); at != 0 && len(some) < few {
			some = append(some, in.window(at, reach))
		}
	}
	return span{0, reach, in.word}.find(func(off uint64) bool {
		return most(some, func(v window) bool { return in.kernelPointer(v.ptr(off)) && in.Maps(v.ptr(off)) })
	})
}

func alignUp(n, to uint64) uint64 { return (n + to - 1) / to * to }
