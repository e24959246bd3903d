package infer

import "strings"

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
