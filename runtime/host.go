package runtime

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"sync"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja_nodejs/require"
)

// Host runs scripts. Make one with New.
type Host struct {
	cfg     Config
	rt      *goja.Runtime
	running sync.Mutex
	ctx     context.Context // of the current run
	started time.Time

	loop     loop
	timerKey *goja.Symbol // under which a script's timer object holds its timer
	console  console
	help     *helpers // built-ins as they were before any script ran

	registry *require.Registry
	natives  *require.RequireModule
	native   map[string]bool    // names of native modules
	modules  map[string]*module // by canonical path, or name in Builtins
	sources  map[string]source  // by the name goja reports, for messages
	mainArgs []goja.Value       // of an exported main; nil: Config.Args
	entry    *Program           // the module that was run last, rather than required
}

// New makes a host. It is cheap: what a script does not use is not built.
func New(cfg Config) (*Host, error) {
	cfg = cfg.withDefaults()
	h := &Host{
		cfg:     cfg,
		rt:      goja.New(),
		ctx:     context.Background(),
		started: cfg.Clock(),
		native:  make(map[string]bool),
		modules: make(map[string]*module),
		sources: make(map[string]source),
	}
	h.loop.done = make(chan func() error)
	h.rt.SetMaxCallStackSize(cfg.MaxCallStack)
	h.rt.SetTimeSource(cfg.Clock)
	h.rt.SetPromiseRejectionTracker(h.trackRejection)
	if err := h.install(); err != nil {
		return nil, err
	}
	return h, nil
}

// Runtime is the goja runtime beneath, for bindings. It must not be used while the host runs, except by native functions.
func (h *Host) Runtime() *goja.Runtime { return h.rt }

// Context is the context of the run that is under way; context.Background() between runs. Native functions that take long check it.
func (h *Host) Context() context.Context { return h.ctx }

// Config is the host's configuration, with the defaults filled in.
func (h *Host) Config() Config { return h.cfg }

// Define makes a global variable. Go functions should be of type func(goja.FunctionCall) goja.Value and wrapped by Native.
func (h *Host) Define(name string, value any) error {
	return h.rt.GlobalObject().DefineDataProperty(name, h.rt.ToValue(value), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
}

// Module adds a native module for require and import. The loader fills the property exports of the object it gets; it runs when the
// module is first asked for.
func (h *Host) Module(name string, loader func(*goja.Runtime, *goja.Object)) {
	h.native[name] = true
	h.registry.RegisterNativeModule(name, loader)
}

// SetMainArguments says what an exported main function is called with. Without it, main gets the array of Config.Args.
func (h *Host) SetMainArguments(values ...any) {
	h.mainArgs = make([]goja.Value, len(values))
	for i, v := range values {
		h.mainArgs[i] = h.rt.ToValue(v)
	}
}

// global defines a global that scripts may replace and that for…in does not show, as built-ins are.
func (h *Host) global(name string, v any) {
	err := h.rt.GlobalObject().DefineDataProperty(name, h.rt.ToValue(v), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	if err != nil {
		panic(err) // the global object is extensible while the host is being built
	}
}

// Call runs Go code on the host as if it were a script: the context interrupts it, promise jobs and timers it leaves behind run until
// done, and its error becomes a ScriptError where it came from JavaScript.
func (h *Host) Call(ctx context.Context, fn func(*goja.Runtime) error) error {
	return h.run(ctx, func(ctx context.Context) error {
		if err := fn(h.rt); err != nil {
			return err
		}
		return h.drain(ctx)
	})
}

// run is the one way into JavaScript. It holds the host, ties the context to goja's interrupt, keeps panics in, and leaves the host
// clean: no pending callbacks, no interrupt flag.
func (h *Host) run(ctx context.Context, fn func(context.Context) error) (err error) {
	if !h.running.TryLock() {
		return ErrBusy
	}
	defer h.running.Unlock()
	if ctx == nil {
		ctx = context.Background()
	}
	h.ctx = ctx
	defer func() { h.ctx = context.Background() }()
	// A read beyond the end of a file that was truncated while mapped faults; as a panic it can be reported.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))

	if ctx.Err() != nil {
		return h.stopped(ctx)
	}
	finished := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		h.rt.Interrupt(ctx.Err())
		close(finished)
	})
	err = h.protect(func() error { return fn(ctx) })
	h.loop.drop()
	if !unhook() {
		<-finished // else the interrupt could hit the next run
	}
	h.rt.ClearInterrupt()
	if failed := h.protect(func() error { err = h.scriptError(ctx, err); return nil }); failed != nil {
		return failed
	}
	return err
}

// protect turns a panic into an error. goja's state is sound after one: its frames were unwound on the way; only promise jobs may be
// left over, and an interrupted run is what drops those.
func (h *Host) protect(fn func() error) (err error) {
	defer func() {
		x := recover()
		if x == nil {
			return
		}
		if isScriptPanic(x) {
			err = asError(h.rt, x)
			return
		}
		err = panicError(x, "")
		h.rt.Interrupt(errDropJobs)
		_, _ = h.rt.RunProgram(emptyProgram)
	}()
	return fn()
}

var (
	errDropJobs  = errors.New("dropping jobs")
	emptyProgram = goja.MustCompile(internalPrefix+"empty", "", false)
)

// asError is the error of a JavaScript exception that unwound Go code, as it does from Throw outside a script.
func asError(rt *goja.Runtime, x any) error {
	if err, ok := x.(error); ok {
		return err
	}
	if ex := rt.Try(func() { panic(x) }); ex != nil {
		return ex
	}
	return fmt.Errorf("%v", x)
}

// internalPrefix starts the names of the host's own scripts, whose calls no stack shows.
const internalPrefix = "svscript:"

// RunString runs a text in the global scope and returns the value of its last expression; a promise that settles is awaited. What is
// no plain script (TypeScript, import and export, top-level await) runs as a module. The name stands in messages; its extension tells
// the language.
func (h *Host) RunString(ctx context.Context, name, code string) (goja.Value, error) {
	p, err := Compile(name, code)
	if err != nil {
		return nil, err
	}
	return h.RunProgram(ctx, p)
}

// RunProgram is RunString for a program compiled before.
func (h *Host) RunProgram(ctx context.Context, p *Program) (v goja.Value, err error) {
	err = h.run(ctx, func(ctx context.Context) error {
		h.remember(p)
		if p.module {
			v, err = h.runEntry(ctx, p, p.name, ".")
			return err
		}
		if v, err = h.rt.RunProgram(p.prog); err != nil {
			return err
		}
		settled, err := h.await(ctx, v)
		if errors.Is(err, errPending) { // the script made a promise and did not wait for it: that is its value
			return nil
		}
		v = settled
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// RunFile runs a file as a module and returns what its exported main returns, called with the values of SetMainArguments, or, where
// there is no main, the value of the module's last expression statement. Promises are awaited. The module runs anew each time; what it
// requires stays loaded until ForgetModules.
func (h *Host) RunFile(ctx context.Context, path string) (v goja.Value, err error) {
	err = h.run(ctx, func(ctx context.Context) error {
		p, canonical, err := h.compileFile(path, true)
		if err != nil {
			return err
		}
		v, err = h.runEntry(ctx, p, canonical, dirOf(canonical))
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// RunBuiltin is RunFile for a script of Config.Builtins, by its path there.
func (h *Host) RunBuiltin(ctx context.Context, name string) (v goja.Value, err error) {
	err = h.run(ctx, func(ctx context.Context) error {
		p, err := h.compileBuiltin(name, true)
		if err != nil {
			return err
		}
		v, err = h.runEntry(ctx, p, builtinPrefix+name, builtinDir(name))
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Load runs a file's top-level code and returns its exports, without calling main. Run main with CallMain.
func (h *Host) Load(ctx context.Context, path string) (exports *goja.Object, err error) {
	err = h.run(ctx, func(ctx context.Context) error {
		p, canonical, err := h.compileFile(path, true)
		if err != nil {
			return err
		}
		exports, err = h.loadEntry(ctx, p, canonical, dirOf(canonical))
		return err
	})
	return exports, err
}

// LoadBuiltin is Load for a script of Config.Builtins, by its path there.
func (h *Host) LoadBuiltin(ctx context.Context, name string) (exports *goja.Object, err error) {
	err = h.run(ctx, func(ctx context.Context) error {
		p, err := h.compileBuiltin(name, true)
		if err != nil {
			return err
		}
		exports, err = h.loadEntry(ctx, p, builtinPrefix+name, builtinDir(name))
		return err
	})
	return exports, err
}

// CallMain calls the function main of a module that Load returned, with the values of SetMainArguments, and awaits its result. A module
// without main gives undefined.
func (h *Host) CallMain(ctx context.Context, exports *goja.Object) (v goja.Value, err error) {
	err = h.run(ctx, func(ctx context.Context) error {
		v = goja.Undefined()
		if main, ok := h.mainOf(exports); ok {
			v, err = h.callMain(ctx, main, exports)
		} else {
			h.warnMain()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// loadEntry runs the top level of a module that was asked for by the embedder, not by require.
func (h *Host) loadEntry(ctx context.Context, p *Program, id, dir string) (*goja.Object, error) {
	m, v, err := h.execute(p, id, dir, true)
	if err != nil {
		return nil, err
	}
	if p.async {
		if v, err = h.await(ctx, v); err != nil {
			return nil, err
		}
	} else if err := h.drain(ctx); err != nil {
		return nil, err
	}
	m.value = v
	// What a module exports may be still to come, such as the report of async tests: `module.exports = report()`.
	if v, err = h.await(ctx, m.exports()); err != nil {
		return nil, err
	}
	exports, _ := v.(*goja.Object)
	if exports == nil {
		exports = h.rt.NewObject()
	}
	return exports, nil
}

func (h *Host) runEntry(ctx context.Context, p *Program, id, dir string) (goja.Value, error) {
	m, v, err := h.execute(p, id, dir, true)
	if err != nil {
		return nil, err
	}
	// The exports of an async module are there when its body is done.
	settled, err := h.await(ctx, v)
	switch {
	case err == nil:
		v = settled
	case !errors.Is(err, errPending) || p.async:
		return nil, err
	}
	exports, _ := m.exports().(*goja.Object)
	if main, ok := h.mainOf(exports); ok {
		return h.callMain(ctx, main, exports)
	}
	h.warnMain()
	return v, nil
}

// warnMain is for a module without an export to run whose author wrote a function main and nothing that calls it.
func (h *Host) warnMain() {
	if h.entry != nil && h.entry.idleMain {
		h.cfg.Warn(h.entry.name + ": the function main is not exported, so it does not run (write `export function main`, or `exports.main = main`)")
	}
}

// classText is how the text of a class begins; that of an arrow function may begin with "classes".
var classText = regexp.MustCompile(`^class[\s{/]`)

// mainOf is the function that a script is run by: its export main, else a function that is its default export or all that it exports.
// A class is none.
func (h *Host) mainOf(exports *goja.Object) (goja.Callable, bool) {
	if exports == nil {
		return nil, false
	}
	if main, ok := goja.AssertFunction(exports.Get("main")); ok {
		return main, true
	}
	candidate := goja.Value(exports)
	if _, ok := goja.AssertFunction(exports); !ok {
		candidate = exports.Get("default")
	}
	main, ok := goja.AssertFunction(candidate)
	return main, ok && !classText.MatchString(candidate.String())
}

func (h *Host) callMain(ctx context.Context, main goja.Callable, exports *goja.Object) (goja.Value, error) {
	args := h.mainArgs
	if args == nil {
		args = []goja.Value{h.stringArray(h.cfg.Args)}
	}
	v, err := main(exports, args...)
	if err != nil {
		return nil, err
	}
	return h.await(ctx, v)
}

func (h *Host) stringArray(list []string) *goja.Object {
	items := make([]any, len(list))
	for i, s := range list {
		items[i] = s
	}
	return h.rt.NewArray(items...)
}
