// Package runtime is the script host: JavaScript and TypeScript over goja, with modules, timers, promises, a console, values
// that print well and errors that say where. It knows no virtual machine; package bindings brings that in.
//
// # Running a script
//
//	host, err := runtime.New(runtime.Config{Stdout: os.Stdout, Files: runtime.OSFiles()})
//	v, err := host.RunFile(ctx, "walk.ts")
//
// A [Config] is useful when zero: such a host computes, prints nowhere, and reaches no file. What a script may touch is handed to
// it: [OSFiles] or [FSFiles] for modules, Define for globals, Module for native modules.
//
// RunFile runs a module (CommonJS, an ES module or TypeScript). Its value is what an exported function main returns, or else the
// value of the module's last expression statement; a promise is awaited. RunString runs a text in the global scope, RunProgram a
// [Program] compiled once by [Compile] and shared by any number of hosts. Eval is for a REPL: let, const and class may be declared
// again, await works at the top level. All of them return when nothing is left to do: no timer, no promise job, no [Host.Go] work.
//
// # Stopping a script
//
// Every run takes a context. When it ends, the script stops at its next instruction and the error satisfies
// errors.Is(err, context.Canceled) or context.DeadlineExceeded; the host can be used again. Native functions that take long check
// [Host.Context]. Limits: the depth of calls is bounded (Config.MaxCallStack), memory is not (goja cannot), and a few single
// operations (a regular expression that backtracks, a huge allocation) cannot be interrupted. A script that is not trusted needs a
// process of its own, with a memory limit set by the operating system.
//
// # Native functions
//
// Bind Go functions of type func(goja.FunctionCall) goja.Value and wrap them with [Host.Native]: a panic that is no JavaScript
// exception, and a fault in a mapped file, become an Error that the script can catch. A Go error thrown by [Throw] is found again
// with errors.As behind the [ScriptError] that the run returns.
//
// A Host belongs to one goroutine at a time; a call while another is running, which includes a call from within a native function,
// returns [ErrBusy]. Many hosts run in parallel, each in its own goroutine.
package runtime
