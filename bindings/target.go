package bindings

import (
	"context"
	"io"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/symbols"
)

// Target is a virtual machine as scripts see it. *savevm.Image is one. Methods may be called from several goroutines at once when
// several hosts share a target.
type Target interface {
	memory.Memory // guest-physical
	Info() savevm.Info
	Warnings() []savevm.Warning
	CPUs() []*savevm.CPU
	Ranges() []savevm.Range
	Blocks() []*savevm.Block
	Devices() []*savevm.Device
	Explain(address uint64) savevm.Provenance
	Space(paging.Config) (*paging.Space, error)
}

// Options say what a script is given besides the target. The zero value gives nothing.
type Options struct {
	// Emit takes the rows that a script emits, as they come. Nil prints each on a line of the host's output.
	Emit func(row goja.Value) error
	// Progress is told how far long work has come: the script's own, and scans. It may be called from several goroutines, never
	// two at a time for one piece of work. Nil ignores it.
	Progress func(Progress)
	// Open opens the image that open(path, options) names. Nil refuses. What it returns is closed when the
	// script closes its VM and it is an io.Closer; what a script leaves open is its opener's to close.
	Open func(ctx context.Context, path string, o savevm.Options) (Target, error)
	// Symbol names the address that a guest's code or data has in its kernel: the symbol and where that begins; "" where there is
	// none. Nil: no symbols.
	Symbol func(t Target, address uint64) (name string, base uint64)
	// Type finds a type of the guest's own, by typedef name or with its tag ("struct task_struct"), for struct(). Nil, or a nil
	// result: there is none.
	Type func(t Target, name string) *ctype.Type
	// Linux overrides what is inferred of the guest's Linux kernel, vm.linux.
	Linux symbols.Options
	// Args are the script's own arguments, the global args. Nil leaves what the host has.
	Args []string
}

// Progress is how far a piece of work has come.
type Progress struct {
	ID          uint64 // of the piece of work
	Label       string
	Done, Total float64 // in units of its own, bytes for scans; Total is 0 where it is not known
	Finished    bool    // the last report
}

// OpenFile is an Opener for the files that the process can read.
func OpenFile(ctx context.Context, path string, o savevm.Options) (Target, error) {
	img, err := savevm.OpenContext(ctx, path, o)
	if err != nil {
		return nil, err
	}
	return img, nil
}

// Install gives a host the API over a target. A nil target leaves vm undefined.
func Install(host *runtime.Host, target Target) error {
	_, err := New(host, target, Options{})
	return err
}

// Bindings are the API as installed on one host. Like the host, they belong to one goroutine at a time.
type Bindings struct {
	host    *runtime.Host
	rt      *goja.Runtime
	options Options

	handle  *goja.Symbol // of the hidden property that holds an object's Go value
	recent  [recentSize]recentHandle
	protos  map[string]*goja.Object
	members map[*goja.Object]memberOf // native functions to their rows
	setters map[string]*goja.Object   // of what cannot be set, by class and name
	vms     map[Target]*vm
	main    *vm // the global vm; nil when there is none
	attrs   map[paging.Flags]goja.Value

	structTypes map[*ctype.Type]*structType
	declared    map[typeKey]*ctype.Type // by struct()

	errors   errorClasses
	builtins builtins
	scratch  scratch

	loops     int         // over sequences that are under way
	closed    int         // VMs that the script closed
	toClose   []io.Closer // of those, what waits for loops to end
	progressN uint64
}

// memberOf is a row and the class it is in.
type memberOf struct {
	class  *Class
	member *Member
}

// New installs the API over a target on a host, with options.
func New(host *runtime.Host, target Target, o Options) (*Bindings, error) {
	b := &Bindings{
		host: host, rt: host.Runtime(), options: o,
		handle:  goja.NewSymbol("svscript.handle"),
		protos:  make(map[string]*goja.Object),
		members: make(map[*goja.Object]memberOf),
		setters: make(map[string]*goja.Object),
		vms:     make(map[Target]*vm),
		attrs:   make(map[paging.Flags]goja.Value),

		structTypes: make(map[*ctype.Type]*structType),
		declared:    make(map[typeKey]*ctype.Type),
	}
	err := host.Call(context.Background(), func(*goja.Runtime) error {
		b.builtins.load(b.rt)
		b.installClasses()
		if target != nil {
			b.main = b.vmOf(target)
			b.global("vm", b.main.object)
		}
		if o.Args != nil {
			b.global("args", b.stringArray(o.Args))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// VM is the JavaScript object over a target: for one that an embedder hands to a function of the script. The same target gives the
// same object.
func (b *Bindings) VM(target Target) *goja.Object { return b.vmOf(target).object }

func (b *Bindings) global(name string, v goja.Value) {
	if err := b.rt.GlobalObject().DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
		panic(err) // someone froze the global object: host.Call reports it
	}
}
