package infer

import (
	"strconv"
	"strings"
)

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
			number, ok := strings.CutPrefix(name, prefix)
			if cpu, err := strconv.ParseUint(number, 10, 20); ok && err == nil {
				bound = append(bound, v)
				want[v.at] = uint32(cpu)
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
