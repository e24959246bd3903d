package symbols

import (
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/scan"
	"github.com/svscript/svscript/savevm/symbols/btf"
	"github.com/svscript/svscript/savevm/symbols/infer"
)

// TypeSource is where types come from: BTF, or a symbol file.
type TypeSource interface {
	// Type finds a type by name: "struct foo", "union foo", "enum foo", or "foo" for a typedef or base type, else for a struct,
	// union or enum of that tag. Nil when there is none.
	Type(name string) *ctype.Type
	// Names yields the names of all types.
	Names() iter.Seq[string]
}

// ErrNoTypes is wrapped by the error of whoever needs types when the kernel carries none.
var ErrNoTypes = errors.New("the kernel carries no type information (BTF), and no symbol file with types was given")

// lostTypes is the error where the kernel has BTF that cannot be read. It wraps ErrNoTypes.
type lostTypes struct {
	address uint64
	err     error
}

func (e lostTypes) Error() string {
	return fmt.Sprintf("the kernel's type information (BTF) at %#x is lost (%v)", e.address, e.err)
}

func (e lostTypes) Unwrap() []error { return []error{ErrNoTypes, e.err} }

// UnknownTypeError says that a kernel has no type of a name, or that it is none of those that were inferred.
type UnknownTypeError struct {
	Name     string
	Inferred bool
}

func (e *UnknownTypeError) Error() string {
	if e.Inferred {
		return fmt.Sprintf("type %q is none of those that could be inferred: a symbol file tells (--symbols)", e.Name)
	}
	return fmt.Sprintf("the kernel has no type %q", e.Name)
}

// BTF is the kernel's own type information.
func (k *Kernel) BTF() (*btf.Spec, error) {
	return k.types.get(k.loadBTF)
}

// Gaps is Missing, and what is gone of the types if they have been asked for.
func (k *Kernel) Gaps() []string {
	if types, ok := k.inferred.made(); ok {
		why := "no BTF"
		if _, err := k.statedTypes(); errors.As(err, new(lostTypes)) {
			why = err.Error()
		}
		return append(slices.Clip(k.Missing), fmt.Sprintf("types (%s): %d structs are inferred from memory, a symbol file tells more (--symbols)", why, len(types.Inferred())))
	}
	spec, ok := k.types.made()
	if !ok {
		return k.Missing
	}
	types, bytes := spec.Damage()
	if bytes == 0 {
		return k.Missing
	}
	return append(slices.Clip(k.Missing), fmt.Sprintf("%d of %d types, %d bytes of their descriptions and names: pages of the kernel's BTF are gone", types, spec.Len(), bytes))
}

// Types is what [Kernel.Type] looks into first: the symbol file's types when one was given and has some, else BTF. Where the kernel
// has none, or it is lost, they are the few that its memory shows (package infer).
func (k *Kernel) Types() (TypeSource, error) {
	types, err := k.statedTypes()
	if err == nil {
		return types, nil
	}
	if inferred, inferErr := k.inferred.get(k.inferTypes); inferErr == nil {
		return inferred, nil
	}
	return nil, err
}

// TypesFrom says where Types come from: "btf", "file", "memory" for those that were inferred, "" where there are none.
func (k *Kernel) TypesFrom() string {
	types, err := k.Types()
	if err != nil {
		return ""
	}
	switch types.(type) {
	case *btf.Spec:
		return "btf"
	case *infer.Types:
		return "memory"
	}
	return "file"
}

// statedTypes are the types that a file or the kernel itself states.
func (k *Kernel) statedTypes() (TypeSource, error) {
	if k.file != nil && k.file.Types != nil {
		return k.file.Types, nil
	}
	spec, err := k.BTF()
	if err != nil {
		return nil, err
	}
	return spec, nil
}

// Type finds a type of the kernel, or else of one of its modules: "struct list_head", "task_struct", "enum pid_type", "u32", or any
// other that C can name with them, "struct task_struct *". The error is an *UnknownTypeError, or wraps ErrNoTypes.
func (k *Kernel) Type(name string) (*ctype.Type, error) {
	types, err := k.Types()
	if err != nil {
		return nil, err
	}
	if t := types.Type(name); t != nil {
		return t, nil
	}
	if t := k.moduleType(name); t != nil {
		return t, nil
	}
	if t, err := ctype.ParseType(name, k.ABI, types.Type); err == nil {
		if _, incomplete := t.Incomplete(); !incomplete || t.Name() == "" {
			return t, nil
		}
	}
	_, inferred := k.inferred.made()
	return nil, &UnknownTypeError{name, inferred}
}

func (k *Kernel) moduleType(name string) *ctype.Type {
	modules, _ := k.Modules()
	for _, m := range modules {
		if spec, err := m.BTF(); err == nil && spec != nil {
			if t := spec.Type(name); t != nil {
				return t
			}
		}
	}
	return nil
}

// TypeNames lists the types whose name ("struct foo", "u32") an expression matches, sorted; nil matches all. Those of modules are
// among them.
func (k *Kernel) TypeNames(re *regexp.Regexp) ([]string, error) {
	types, err := k.Types()
	if err != nil {
		return nil, err
	}
	var names []string
	collect := func(source TypeSource) {
		for name := range source.Names() {
			if re == nil || re.MatchString(name) {
				names = append(names, name)
			}
		}
	}
	collect(types)
	modules, _ := k.Modules()
	for _, m := range modules {
		if spec, err := m.BTF(); err == nil && spec != nil {
			collect(spec)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// loadBTF reads the BTF between the linker's marks, or where its header is found in the image.
func (k *Kernel) loadBTF() (*btf.Spec, error) {
	if start, ok := k.Symbols.kernel.Address("__start_BTF"); ok {
		spec, err := k.btfAt(k.Memory(), start, nil)
		if err == nil {
			return spec, nil
		}
		return nil, lostTypes{start, err}
	}
	// .BTF is aligned, and comes after .rodata (include/asm-generic/vmlinux.lds.h).
	header := scan.Must(scan.Bytes([]byte{0x9f, 0xeb, 1, 0}))
	first := k.PhysicalBase
	last := first + 128<<20
	for hit := range scan.Scan(k.context(), k.target.Memory, []scan.Pattern{header}, scan.Options{First: first, Last: last, Align: 4}).Hits() {
		spec, err := k.btfAt(k.target.Memory, hit.Address, nil)
		if err == nil && spec.Type("struct task_struct") != nil {
			return spec, nil
		}
	}
	return nil, ErrNoTypes
}

// btfAt reads BTF at an address. What cannot be read is damage.
func (k *Kernel) btfAt(mem memory.Memory, address uint64, base *btf.Spec) (*btf.Spec, error) {
	var header [32]byte
	if _, err := mem.ReadMemory(header[:], address); err != nil {
		return nil, err
	}
	size, ok := btf.Header(header[:])
	if !ok {
		return nil, errors.New("no BTF header is there")
	}
	return btf.Load(memory.ReadSparse(mem, address, uint64(size)), k.ABI, base)
}
