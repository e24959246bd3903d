package scripts

import (
	"context"
	"errors"
	"strings"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/runtime"
)

// ImageError is the class of a [Failure].
const ImageError = "ImageError"

// Failure is the error of a bundled script for its user. What the image lacks (a symbol, a type, memory, a CPU) is told in one line, of class
// ImageError: a stack would lead into code that is not the user's. Other errors, and those of the script's own making, stay as they are.
func Failure(host *runtime.Host, name string, err error) error {
	var script *runtime.ScriptError
	if !errors.As(err, &script) {
		return err
	}
	switch script.Name {
	case "RangeError", "MemoryError":
	case "TypeError": // types that are damaged lack members
		if !damagedKernel(host) {
			return err
		}
	default:
		return err
	}
	message, _, _ := strings.Cut(script.Message, "\n")
	return &runtime.ScriptError{Name: ImageError, Message: name + ": " + message, Err: err}
}

// damagedKernel tells whether some of the guest's kernel could not be had.
func damagedKernel(host *runtime.Host) (damaged bool) {
	_ = host.Call(context.Background(), func(rt *goja.Runtime) error {
		v, err := rt.RunString(`typeof vm === "object" && vm.linux !== null && vm.linux.missing.length > 0`)
		damaged = err == nil && v.ToBoolean()
		return err
	})
	return damaged
}
