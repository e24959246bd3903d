package infer

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/memory"
)

// A Kernel is what is known of a kernel without its types. All functions must be there.
type Kernel struct {
	Memory  memory.Memory // the kernel's virtual memory
	ABI     *ctype.ABI
	Lowest  uint64                               // address of the kernel's half
	AtLeast func(major, minor int) bool          // its version
	Symbol  func(name string) (uint64, bool)     // address of a symbol
	Maps    func(pageTable uint64) bool          // whether the page table at a virtual address maps the kernel
	Heads   func() iter.Seq2[uint64, uint64]     // the list heads in the kernel's variables, and their first nodes
	Info    map[string]string                    // VMCOREINFO; may be nil
	List    func(head uint64, most int) []uint64 // the nodes of a list whose links agree
}

// Types are the layouts that were inferred. They do not change.
type Types struct {
	made     map[string]*ctype.Type // "struct task_struct"
	fixed    *ctype.Set             // what is given as C
	inferred []string               // the names of what is not given
	modules  uint64
}

// Infer finds out the layouts of tasks, their memory, files and mounts, and of modules. The error says at what it failed: nothing
// stands without tasks.
func Infer(k Kernel) (*Types, error) {
	in := &inference{Kernel: k, word: k.ABI.PointerSize, lock: 4, layouts: map[string]*layout{}}
	if _, ok := k.Symbol("rt_spin_lock"); ok { // CONFIG_PREEMPT_RT: a lock is a mutex
		in.lock = 4 * in.word
	}
	if err := in.tasks(); err != nil {
		return nil, err
	}
	in.files()
	in.memories()
	in.pageCache()
	in.mounts()
	in.told()
	in.names()
	modules := in.modules()
	t, err := in.types()
	if err == nil {
		t.modules = modules
	}
	return t, err
}

// Type finds a type by its name, as [ctype.Set.Type] does; nil when there is none.
func (t *Types) Type(name string) *ctype.Type {
	for _, prefix := range []string{"", "struct "} {
		if made := t.made[prefix+name]; made != nil {
			return made
		}
	}
	found := t.fixed.Type(name)
	if found != nil {
		if _, incomplete := found.Incomplete(); incomplete { // only pointers to it are known
			return nil
		}
	}
	return found
}

// Names yields the names of all types.
func (t *Types) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range t.made {
			if !yield(name) {
				return
			}
		}
		for _, d := range t.fixed.Decls {
			if (d.Kind == ctype.DeclType || d.Kind == ctype.DeclTypedef) && !yield(d.Name) {
				return
			}
		}
	}
}

// Inferred are the names of the structs whose layout was found in memory, sorted.
func (t *Types) Inferred() []string { return t.inferred }

// Modules is where the list of modules is, 0 when it was not found.
func (t *Types) Modules() uint64 { return t.modules }

// An inference is the work on one kernel.
type inference struct {
	Kernel
	word    uint64 // bytes of a pointer
	lock    uint64 // bytes of a spinlock_t
	layouts map[string]*layout

	all   []uint64 // the leaders of thread groups, init_task first
	task  []window // samples of them: init_task first, then init
	users []window // those that have memory of their own
	open  []window // files that are open or mapped
	roots []window // the dentries that are roots of file systems
}

// A layout is what is known of a struct: where members are, and of which type.
type layout struct {
	members []placed
	offsets map[string]uint64
	size    uint64 // bytes, where that shows
}

type placed struct {
	name, typ string
	offset    uint64
}

// layout is that of a struct, made when it is first asked for.
func (in *inference) layout(name string) *layout {
	l := in.layouts[name]
	if l == nil {
		l = &layout{offsets: map[string]uint64{}}
		in.layouts[name] = l
	}
	return l
}

// place says that a member is at an offset.
func (l *layout) place(offset uint64, typ, name string) {
	l.members = append(l.members, placed{name, typ, offset})
	l.offsets[name] = offset
}

// off is where a member is; ok is false when that was not found.
func (l *layout) off(name string) (offset uint64, ok bool) {
	offset, ok = l.offsets[name]
	return offset, ok
}

// kernelPointer tells whether a value can be the address of something in the kernel.
func (in *inference) kernelPointer(p uint64) bool { return p >= in.Lowest && p%4 == 0 }

// types makes the types of the layouts.
func (in *inference) types() (*Types, error) {
	t := &Types{made: map[string]*ctype.Type{}}
	for name, l := range in.layouts {
		if len(l.members) == 0 {
			continue
		}
		t.made[name] = ctype.Lazy(ctype.Struct, strings.TrimPrefix(name, "struct "), in.ABI, func() ctype.Def {
			return l.definition(in.ABI, t.Type)
		})
	}
	fixed, err := ctype.ParseC(in.fixedSource(), in.ABI, func(name string) *ctype.Type { return t.made[name] })
	if err != nil {
		return nil, fmt.Errorf("layouts that are given: %w", err)
	}
	t.fixed = fixed
	t.inferred = slices.Sorted(maps.Keys(t.made))
	return t, nil
}

// definition makes a struct of what is known of it: nothing is between its members.
func (l *layout) definition(abi *ctype.ABI, known func(string) *ctype.Type) ctype.Def {
	def := ctype.Def{Size: l.size, Partial: true}
	for _, p := range l.members {
		t, err := ctype.ParseType(p.typ, abi, known)
		if err != nil {
			panic(fmt.Sprintf("infer: %s %s: %v", p.typ, p.name, err)) // the tests make all that there are
		}
		def.Members = append(def.Members, ctype.Member{Name: p.name, Type: t, BitOffset: p.offset * 8})
		def.Size = max(def.Size, p.offset+t.Size())
	}
	slices.SortStableFunc(def.Members, func(a, b ctype.Member) int { return int(a.BitOffset) - int(b.BitOffset) })
	return def
}
