package infer

import (
	"errors"
	"slices"
	"strings"
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
			return lists < 64 && most(in.others(), func(v window) bool {
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
	head, back := uint64(8), 4+in.word+4 // xarray.xa_head, xa_node.array
	if in.word == 4 {
		back = 8
	} else {
		back = 16
	}
	if off, ok := (span{0, reach - 16, in.word}).find(func(off uint64) bool {
		node := ns.ptr(off + head)
		return ns.u32(off+4)&rootIsIDR != 0 && node&3 == internal && in.kernelPointer(node-internal) && in.window(node-internal+back, in.word).ptr(0) == at+off
	}); ok {
		in.layout("struct pid_namespace").place(off, "struct idr", "idr")
	}
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
		_, ok := in.pageTable(off)
		return ok
	})
	if !ok {
		return
	}
	t.place(off, "struct mm_struct *", "mm")
	t.place(off+w, "struct mm_struct *", "active_mm")
	pgd, _ := in.pageTable(off)
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

// state finds the stack, each task its own, and what lies about it: the state before, the flags behind, which tell kernel threads.
func (in *inference) state(t *layout) {
	w := in.word
	mm, ok := t.off("mm")
	if !ok {
		return
	}
	stack, ok := span{0, 64 * w, w}.find(func(off uint64) bool {
		return most(in.others(), func(v window) bool {
			at, usage := v.ptr(off), v.u32(off+w)
			kernel := v.u32(off+w+4)&pfKthread != 0
			return in.kernelPointer(at) && at%page == 0 && usage-1 < 1<<20 && (v.ptr(mm) != 0) != kernel
		})
	})
	if !ok {
		return
	}
	t.place(stack, "void *", "stack")
	t.place(stack+w, "refcount_t", "usage")
	t.place(stack+w+4, "unsigned int", "flags")
	if !in.AtLeast(5, 14) {
		t.place(stack-w, "long", "state")
		return
	}
	// Of 32-bit kernels since 6.6, saved_state is in between.
	at := stack - w
	if w == 4 && !some(in.others(), func(v window) bool { return v.u32(at) != 0 }) {
		at -= w
	}
	t.place(at, "unsigned int", "__state")
}

// exit finds exit_state, exit_code and exit_signal, in a row: what began with a program sends SIGCHLD when it ends, init as well.
func (in *inference) exit(t *layout) {
	mm, ok := t.off("active_mm")
	if !ok {
		return
	}
	const zombie, dead = 0x20, 0x10 // EXIT_ZOMBIE, EXIT_DEAD
	pid, _ := t.off("pid")
	if signal, ok := (span{mm + in.word + 8, pid, 4}).find(func(off uint64) bool {
		return in.task[0].u32(off) == 0 && most(in.others(), func(v window) bool {
			state := v.u32(off - 8)
			return (v.u32(off) == sigchld || v.u32(off) == 0) && (state == 0 || state == zombie || state == dead)
		}) && in.task[1].u32(off) == sigchld && distinct(in.others(), func(v window) uint64 { return uint64(v.u32(off)) }) <= 2
	}); ok {
		t.place(signal-8, "int", "exit_state")
		t.place(signal-4, "int", "exit_code")
		t.place(signal, "int", "exit_signal")
	}
}

// startTimes finds when tasks began, by two clocks: they differ by the time that the machine slept, and that between their readings.
// Later tasks began later.
func (in *inference) startTimes(t *layout) {
	const apart, longest = 20e6, 1 << 55 // nanoseconds; a year
	pid, _ := t.off("pid")
	comm, _ := t.off("comm")
	at, ok := span{pid + 8, comm, 4}.find(func(off uint64) bool {
		slept := in.task[1].u64(off+8) - in.task[1].u64(off)
		last, sorted := uint64(0), 0
		for _, v := range in.others() {
			if v.u64(off) >= last {
				sorted++
			}
			last = v.u64(off)
		}
		return sorted*10 >= len(in.others())*9 && slept < longest && most(in.others(), func(v window) bool {
			first, second := v.u64(off), v.u64(off+8)
			return first-1 < longest && second-first-slept+apart < 2*apart
		}) && distinct(in.others(), func(v window) uint64 { return v.u64(off) })*2 > len(in.others())
	})
	if !ok {
		return
	}
	t.place(at, "u64", "start_time")
	name := "real_start_time"
	if in.AtLeast(5, 5) {
		name = "start_boottime"
	}
	t.place(at+8, "u64", name)
}

// credentials finds real_cred and cred, right before the name, and what a struct cred has: init_task's has all capabilities.
func (in *inference) credentials(t *layout) {
	w := in.word
	comm, _ := t.off("comm")
	off, ok := span{comm - 4*w, comm - w, w}.find(func(off uint64) bool {
		return most(in.task, func(v window) bool { return v.ptr(off) == v.ptr(off+w) && in.kernelPointer(v.ptr(off)) })
	})
	if !ok {
		return
	}
	const reach, ids = 128, 8 // uid, gid, suid, sgid, euid, egid, fsuid, fsgid
	cred := in.window(in.task[0].ptr(off), reach)
	// cap_inheritable is empty, cap_permitted, cap_effective and cap_bset are full.
	full := func(caps uint64) bool { return caps&0xffff_ffff == 0xffff_ffff && caps&(caps+1) == 0 }
	caps, ok := span{4 * (ids + 2), reach - 32, 4}.find(func(off uint64) bool {
		return cred.u64(off) == 0 && full(cred.u64(off+8)) && full(cred.u64(off+16)) && full(cred.u64(off+24))
	})
	if !ok {
		return
	}
	t.place(off, "struct cred *", "real_cred")
	t.place(off+w, "struct cred *", "cred")
	c := in.layout("struct cred")
	uid := caps - 4*(ids+1) // securebits is between them
	if w == 8 {
		uid = (caps - 4*(ids+1)) &^ 7 // and padding, where the count before is an int
		if uid == 0 || uid != 8 {
			uid = 4
		}
	}
	for i, name := range []string{"uid", "gid", "suid", "sgid", "euid", "egid", "fsuid", "fsgid"} {
		typ := "kuid_t"
		if i%2 == 1 {
			typ = "kgid_t"
		}
		c.place(uid+4*uint64(i), typ, name)
	}
	for i, name := range []string{"cap_inheritable", "cap_permitted", "cap_effective", "cap_bset", "cap_ambient"} {
		c.place(caps+8*uint64(i), "u64", name)
	}
}

// boundThreads begin the names of kernel threads that stay on the CPU whose number follows.
var boundThreads = []string{"ksoftirqd/", "migration/", "cpuhp/"}

// cpu finds where a task's CPU is: that of threads which are bound to one is in their name. With one CPU all are 0, and nothing shows.
func (in *inference) cpu(t *layout) {
	comm, _ := t.off("comm")
	var bound []window
	want := map[uint64]uint32{}
	for _, v := range in.others() {
		name := v.text(comm, taskCommLen)
		for _, prefix := range boundThreads {
			var cpu uint32
			if number, ok := strings.CutPrefix(name, prefix); ok && parse(number, &cpu) {
				bound = append(bound, v)
				want[v.at] = cpu
			}
		}
	}
	if distinct(bound, func(v window) uint64 { return uint64(want[v.at]) }) < 2 {
		return
	}
	// recent_used_cpu and wake_cpu may hold the same, and come later.
	off, ok := span{0, comm, 4}.find(func(off uint64) bool {
		return !some(bound, func(v window) bool { return v.u32(off) != want[v.at] })
	})
	stack, known := t.off("stack")
	switch {
	case !ok || !known:
	case off < stack:
		in.layout("struct thread_info").place(off, "u32", "cpu")
		t.place(0, "struct thread_info", "thread_info")
	default:
		t.place(off, "unsigned int", "cpu")
	}
}

// schedulingClass finds the pointer to one, where the kernel names them.
func (in *inference) schedulingClass(t *layout) {
	classes := map[uint64]bool{}
	for _, name := range []string{"fair", "rt", "dl", "stop", "idle", "ext"} {
		if at, ok := in.Symbol(name + "_sched_class"); ok {
			classes[at] = true
		}
	}
	if off, ok := (span{0, taskReach, in.word}).find(func(off uint64) bool { return most(in.others(), func(v window) bool { return classes[v.ptr(off)] }) }); ok {
		t.place(off, "const struct sched_class *", "sched_class")
	}
}

func parse(s string, to *uint32) bool {
	n := uint32(0)
	for _, c := range []byte(s) {
		if c < '0' || c > '9' || n > 1<<20 {
			return false
		}
		n = n*10 + uint32(c-'0')
	}
	*to = n
	return s != ""
}

// kthreads finds what kernel threads have of their own, and of the workers among them what they work on: a struct kthread has a pointer
// to the struct worker, which has one back to the task.
func (in *inference) kthreads(t *layout) {
	const kthreadReach, workerReach, descLen = 256, 512, 24 // WORKER_DESC_LEN, include/linux/workqueue.h
	w := in.word
	comm, _ := t.off("comm")
	flags, ok1 := t.off("flags")
	threads, ok2 := t.off("thread_node")
	if !ok1 || !ok2 {
		return
	}
	var workers []window
	for _, v := range in.others() {
		if v.u32(flags)&pfKthread != 0 && isWorker(v.text(comm, taskCommLen)) {
			workers = append(workers, v)
		}
	}
	// describes tells whether these are the structs of the workers: with a pointer to the task, and later what they work on.
	var task, desc uint64
	describes := func(structs []window) bool {
		var ok bool
		task, ok = span{0, workerReach, w}.find(func(off uint64) bool {
			for i, v := range structs {
				if v.ptr(off) != workers[i].at {
					return false
				}
			}
			return true
		})
		if !ok {
			return false
		}
		desc, ok = span{task + 2*w, workerReach - descLen, 4}.find(func(off uint64) bool {
			texts := 0
			return most(structs, func(v window) bool {
				text := v.text(off, descLen)
				if len(text) > 1 {
					texts++
				}
				return v.b[off] == 0 || len(text) > 1
			}) && texts*2 > len(structs)
		})
		return ok
	}
	var data uint64 // where a struct kthread has it
	pointer, ok := span{threads + 2*w, threads + 8*w, w}.find(func(off uint64) bool {
		if len(workers) == 0 || !in.kernelPointer(workers[0].ptr(off)) {
			return false
		}
		var ok bool
		data, ok = span{0, kthreadReach, w}.find(func(at uint64) bool {
			structs := make([]window, 0, len(workers))
			for _, v := range workers {
				data := in.window(v.ptr(off)+at, w).ptr(0)
				if !in.kernelPointer(data) {
					return false
				}
				structs = append(structs, in.window(data, workerReach))
			}
			return describes(structs)
		})
		return ok
	})
	if !ok {
		return
	}
	name := "set_child_tid"
	if in.AtLeast(5, 17) {
		name = "worker_private"
	}
	t.place(pointer, "void *", name)
	kthread := in.layout("struct kthread")
	kthread.place(data, "void *", "data")
	in.fullNames(kthread, comm, flags, pointer)
	worker := in.layout("struct worker")
	worker.place(2*w, "struct work_struct *", "current_work")
	worker.place(task, "struct task_struct *", "task")
	worker.place(task+w, "struct worker_pool *", "pool")
	worker.place(desc, "char [24]", "desc")
}

// isWorker tells whether a kernel thread of this name works on queues; one that rescues a queue, "kworker/R-…", does not.
func isWorker(name string) bool {
	return strings.HasPrefix(name, "kworker/") && !strings.HasPrefix(name, "kworker/R")
}

// fullNames finds the whole names of kernel threads of which comm has but the beginning.
func (in *inference) fullNames(kthread *layout, comm, flags, pointer uint64) {
	const reach = 256
	var cut []window
	begins := map[uint64]string{}
	for _, v := range in.others() {
		if name := v.text(comm, taskCommLen); v.u32(flags)&pfKthread != 0 && len(name) == taskCommLen-1 {
			if k := in.window(v.ptr(pointer), reach); k.at != 0 {
				cut = append(cut, k)
				begins[k.at] = name
			}
		}
	}
	if off, ok := (span{0, reach, in.word}).find(func(off uint64) bool {
		long := 0
		return most(cut, func(k window) bool {
			if k.ptr(off) == 0 {
				return true
			}
			if !in.kernelPointer(k.ptr(off)&^3) || !strings.HasPrefix(in.window(k.ptr(off), 64).text(0, 64), begins[k.at]) {
				return false
			}
			long++
			return true
		}) && long > 0
	}); ok {
		kthread.place(off, "char *", "full_name")
	}
}

func alignUp(n, to uint64) uint64 { return (n + to - 1) / to * to }
