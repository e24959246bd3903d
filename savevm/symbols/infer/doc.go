// Package infer finds out how a Linux kernel lays out its structs where nothing says so: the kernel carries no BTF, and there is no
// debug file. It takes them from what memory holds. The list of tasks, say, is the one list of init_task each of whose nodes lies as
// far from a name as init_task's own; a task's mm is a pointer that leads to a page table which maps the kernel.
//
// Only what can be one thing alone is taken: a member of which nothing in memory tells where it is does not exist. What does not
// depend on how a kernel was configured (struct list_head, the nodes of an XArray) is given as C.
//
// Every rule is held, in the tests, against the BTF of kernels that have it.
package infer
