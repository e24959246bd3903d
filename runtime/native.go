package runtime

import (
	"errors"
	"fmt"
	"runtime/debug"

	goruntime "runtime"

	"github.com/dop251/goja"
)

// InternalError is a Go panic in a native function, made an error. It is a fault of the program, never of the script.
type InternalError struct {
	Function string // the native function's JavaScript name
	Value    any    // what it panicked with
	Stack    []byte // the Go stack, for a report
}

func (e *InternalError) Error() string {
	where := ""
	if e.Function != "" {
		where = " in " + e.Function
	}
	return fmt.Sprintf("internal error%s: %v (this is a bug, please report it)", where, e.Value)
}

// Unwrap returns the panic's value where that is an error.
func (e *InternalError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// ErrFault is thrown when a native function touches a page of a mapped file that is no longer there.
var ErrFault = errors.New("a page of a mapped file cannot be read: the file was truncated while open, or its disk failed")

// Native guards a function that is to be called from JavaScript: a Go panic in it, or a fault in mapped memory, is thrown as a
// JavaScript Error instead of unwinding the whole script. JavaScript exceptions and interrupts pass.
func (h *Host) Native(fn func(goja.FunctionCall) goja.Value) func(goja.FunctionCall) goja.Value {
	return func(call goja.FunctionCall) goja.Value {
		defer h.rethrow()
		return fn(call)
	}
}

// NativeConstructor is Native for a constructor.
func (h *Host) NativeConstructor(fn func(goja.ConstructorCall) *goja.Object) func(goja.ConstructorCall) *goja.Object {
	return func(call goja.ConstructorCall) *goja.Object {
		defer h.rethrow()
		return fn(call)
	}
}

// rethrow is deferred around native code.
func (h *Host) rethrow() {
	x := recover()
	if x == nil {
		return
	}
	if isScriptPanic(x) {
		panic(x)
	}
	panic(newError(h.rt, panicError(x, h.nativeName())))
}

// isScriptPanic tells the panics that are goja's own control flow from those that are a fault of Go code.
func isScriptPanic(x any) bool {
	switch x := x.(type) {
	case goja.Value, *goja.Exception, *goja.InterruptedError, *goja.StackOverflowError, *goja.CompilerSyntaxError:
		return true
	case goruntime.Error:
		return false
	default:
		// goja throws its own TypeErrors, RangeErrors, … as values of unexported types; they have the package's name.
		switch fmt.Sprintf("%T", x) {
		case "goja.typeError", "goja.rangeError", "goja.referenceError", "goja.syntaxError":
			return true
		}
		return false
	}
}

func panicError(x any, function string) error {
	if fault, ok := x.(interface {
		goruntime.Error
		Addr() uintptr
	}); ok && fault.Addr() != 0 {
		return ErrFault
	}
	return &InternalError{Function: function, Value: x, Stack: debug.Stack()}
}

// nativeName is the name of the native function that is running.
func (h *Host) nativeName() string {
	var buf [1]goja.StackFrame
	if frames := h.rt.CaptureCallStack(1, buf[:0]); len(frames) > 0 && frames[0].SrcName() == "<native>" {
		if name := frames[0].FuncName(); name != "<native>" {
			return name
		}
	}
	return ""
}

// Throw throws a Go error as a JavaScript Error from within a native function. It does not return. The error is found again with
// errors.As and errors.Is behind the ScriptError of the run. An error that came out of JavaScript is thrown on as the value it was.
func Throw(rt *goja.Runtime, err error) {
	var ex *goja.Exception
	if errors.As(err, &ex) {
		panic(ex)
	}
	var interrupted *goja.InterruptedError
	if errors.As(err, &interrupted) {
		panic(interrupted)
	}
	panic(newError(rt, err))
}

// newError makes a JavaScript Error that carries a Go error. Scripts know it as an Error: what goja adds is not listed.
func newError(rt *goja.Runtime, err error) *goja.Object {
	o := rt.NewGoError(err)
	setHidden(rt, o, "value", o.Get("value"))
	return o
}

// CheckInterrupt stops the script when the run's context has ended. Native functions that loop for long call it now and then.
func (h *Host) CheckInterrupt() {
	if err := h.Context().Err(); err != nil {
		h.rt.Interrupt(err)
		_, stopped := h.rt.RunProgram(emptyProgram) // stops before its first instruction, with the script's stack
		panic(stopped)
	}
}

// Function makes a named JavaScript function of a native one, guarded by Native. length is the number of its parameters.
func (h *Host) Function(name string, length int, fn func(goja.FunctionCall) goja.Value) *goja.Object {
	o := h.rt.ToValue(h.Native(fn)).(*goja.Object)
	setHidden(h.rt, o, "name", name)
	setHidden(h.rt, o, "length", length)
	return o
}

// setHidden defines what a function's name and length are: configurable, neither writable nor enumerable.
func setHidden(rt *goja.Runtime, o *goja.Object, name string, value any) {
	if err := o.DefineDataProperty(name, rt.ToValue(value), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
		panic(err) // a fresh function's name and length are configurable
	}
}
