// Package symbols finds the Linux kernel that a guest runs, in nothing but the guest's memory and its CPUs' registers, and reads out
// of it what debuggers otherwise want files for: every symbol (kallsyms, package kallsyms) and every type (BTF, package btf). Where there is
// no BTF, the types that most depends on are inferred (package infer).
//
//	kernel, err := symbols.Find(ctx, symbols.Of(img), symbols.Options{})
//	task, err := kernel.Type("task_struct")
//	init, _ := kernel.Symbols.Address("init_task")
//	value, err := ctype.DecodeAt(kernel.Memory(), init, task)
//
// What is inferred says what it rests on (Kernel.Evidence), and what could not be had says why (Kernel.Missing).
package symbols
