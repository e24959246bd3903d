package infer

// A saved is how an architecture keeps where a task went to sleep, in a struct thread_struct that begins with it.
type saved struct {
	declared string // of struct thread_struct, as C
	sp, pc   uint64 // offsets in it; pc 0: it is on the stack
}

// arch/*/include/asm/processor.h; of riscv64 and arm64 cpu_context or what stands for it comes first.
var savedBy = map[string]saved{
	"amd64": {"struct thread_struct { u64 tls_array[3]; unsigned long sp; };", 24, 0},
	"i386":  {"struct thread_struct { u64 tls_array[3]; unsigned long sp0, sp; };", 28, 0},
	"arm64": {`struct cpu_context { unsigned long x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, fp, sp, pc; };
		struct thread_struct { struct cpu_context cpu_context; };`, 88, 96},
	"riscv64": {"struct thread_struct { unsigned long ra, sp, s[12]; };", 8, 0},
}

// sleep finds where tasks that do not run have their stack pointer: it lies in their stack, and what they return to is the scheduler.
func (in *inference) sleep(t *layout) {
	const threadSize, functionReach, frameReach = 64 << 10, 1 << 14, 16
	stack, ok1 := t.off("stack")
	arch, ok2 := savedBy[in.ABI.Name]
	if !ok1 || !ok2 {
		return
	}
	within := func(pc uint64) bool {
		for _, name := range []string{"__schedule", "__switch_to", "ret_from_fork", "ret_from_fork_asm"} {
			if at, ok := in.Symbol(name); ok && pc-at < functionReach {
				return true
			}
		}
		return false
	}
	inStack := func(v window, off uint64) bool {
		return v.ptr(off)-v.ptr(stack) < threadSize && v.ptr(off) != v.ptr(stack)
	}
	x86 := in.ABI.Name == "amd64" || in.ABI.Name == "i386"
	var ret uint64 // where what __switch_to_asm pushes has the address
	off, ok := span{stack + in.word, taskReach - 128, in.word}.find(func(off uint64) bool {
		sp := off + arch.sp
		if !most(in.others(), func(v window) bool { return inStack(v, sp) }) {
			return false
		}
		if !x86 {
			pc := off + arch.pc
			return most(in.others(), func(v window) bool { return within(v.ptr(pc)) })
		}
		var ok bool
		ret, ok = span{2 * in.word, frameReach * in.word, in.word}.find(func(at uint64) bool {
			return most(in.others(), func(v window) bool { return within(in.window(v.ptr(sp)+at, in.word).ptr(0)) })
		})
		return ok
	})
	if !ok {
		return
	}
	t.place(off, "struct thread_struct", "thread")
	if x86 {
		frame := in.layout("struct inactive_task_frame")
		frame.place(ret-in.word, "unsigned long", "bp")
		frame.place(ret, "unsigned long", "ret_addr")
	}
}
