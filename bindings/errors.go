package bindings

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/container"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/scan"
	"github.com/svscript/svscript/savevm/stream"
)

var memoryErrorClass = Class{
	Name: "MemoryError", Extends: "Error",
	Help: "Memory that cannot be read.",
	Members: []*Member{
		{Name: "MemoryError", Kind: Constructor, Help: "Makes one, for scripts with memories of their own.", Args: []Arg{
			{Name: "message", Type: "string"}, {Name: "details", Type: "MemoryErrorDetails", Optional: true}}},
		{Name: "address", Kind: Property, Type: "bigint", Help: "The first byte that cannot be read."},
		{Name: "length", Kind: Property, Type: "number", Help: "Bytes of the whole read, as asked for."},
		{Name: "reason", Kind: Property, Type: `"unmapped" | "absent" | "not-ram"`,
			Help: `"unmapped": nothing is mapped there; "absent": the guest has memory there that the image does not hold; "not-ram": device memory.`},
		{Name: "fault", Kind: Property, Type: "Fault | null", Help: "Where the page walk ended, for a virtual address; else null."},
	},
}

var formatErrorClass = Class{
	Name: "FormatError", Extends: "Error",
	Help: "A part of an image that is damaged, or of a kind that cannot be read.",
	Members: []*Member{
		{Name: "FormatError", Kind: Constructor, Help: "Makes one, for scripts that read formats of their own.", Args: []Arg{
			{Name: "message", Type: "string"}, {Name: "details", Type: "FormatErrorDetails", Optional: true}}},
		{Name: "offset", Kind: Property, Type: "number", Help: "Where, in bytes from the start of the file; -1 where that is not known."},
		{Name: "section", Kind: Property, Type: "string", Help: "The section's name and instance, or the layer of the container; may be empty."},
	},
}

// errorClasses are the prototypes of the API's errors. They come after GoError's, goja's class for an error that carries a Go
// error, so that errors.As finds it behind the ScriptError.
type errorClasses struct {
	memory, format *goja.Object
}

func (e *errorClasses) install(b *Bindings) {
	carrier := b.rt.NewGoError(errors.New("")).Prototype()
	e.memory = b.errorClass(&memoryErrorClass, carrier)
	e.format = b.errorClass(&formatErrorClass, carrier)
}

func (b *Bindings) errorClass(class *Class, above *goja.Object) *goja.Object {
	proto := b.rt.CreateObject(above)
	b.protos[class.Name] = proto
	ctor := b.rt.ToValue(b.host.NativeConstructor(func(c goja.ConstructorCall) *goja.Object {
		return b.constructError(class, c, proto)
	})).(*goja.Object)
	b.define(ctor, "name", b.str(class.Name))
	b.define(ctor, "length", b.rt.ToValue(1))
	b.must(ctor.DefineDataProperty("prototype", proto, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE))
	b.must(ctor.SetPrototype(b.builtins.errorClass))
	b.setHidden(proto, "constructor", ctor)
	b.setHidden(proto, "name", b.str(class.Name))
	b.setHidden(proto, "message", b.str(""))
	b.members[ctor] = memberOf{class: class}
	return proto
}

// constructError is new MemoryError(message, {address, …, cause}), also by way of super().
func (b *Bindings) constructError(class *Class, c goja.ConstructorCall, proto *goja.Object) *goja.Object {
	var args []goja.Value
	if m := c.Argument(0); !goja.IsUndefined(m) {
		args = append(args, b.str(m.String()))
	} else {
		args = append(args, b.str(""))
	}
	details, _ := c.Argument(1).(*goja.Object)
	if details != nil {
		args = append(args, details) // the option cause
	}
	e, err := b.rt.New(b.builtins.errorClass, args...)
	b.must(err)
	if c.NewTarget != nil {
		if p, ok := c.NewTarget.Get("prototype").(*goja.Object); ok {
			proto = p
		}
	}
	b.must(e.SetPrototype(proto))
	for _, m := range class.Members {
		if m.Kind != Property {
			continue
		}
		if details != nil {
			if v := details.Get(m.Name); v != nil {
				b.must(e.Set(m.Name, v))
			}
		}
	}
	return e
}

// goError makes an error object of a class that carries a Go error.
func (b *Bindings) goError(err error, proto *goja.Object) *goja.Object {
	e := b.rt.NewGoError(err)
	b.setHidden(e, "value", e.Get("value"))
	b.must(e.SetPrototype(proto))
	return e
}

// throw throws a Go error as the JavaScript class that it belongs to.
func (b *Bindings) throw(err error) {
	b.host.CheckInterrupt()
	var memoryError *memory.Error
	var streamError *stream.FormatError
	var containerError *container.FormatError
	var patternError *scan.PatternError
	switch {
	case errors.As(err, &memoryError):
		e := b.goError(err, b.errors.memory)
		b.set(e, "address", b.u64(memoryError.Address))
		b.set(e, "length", b.number(memoryError.Length))
		b.set(e, "reason", b.str(string(memoryError.Reason)))
		var fault *paging.Fault
		if errors.As(err, &fault) {
			b.set(e, "fault", b.fault(fault))
		} else {
			b.set(e, "fault", goja.Null())
		}
		panic(e)
	case errors.As(err, &streamError):
		panic(b.formatError(err, streamError.Offset, streamError.Section))
	case errors.As(err, &containerError):
		panic(b.formatError(err, containerError.Offset, containerError.Layer))
	case errors.Is(err, savevm.ErrUnknownFormat):
		panic(b.formatError(err, 0, ""))
	case errors.As(err, &patternError):
		e, failed := b.rt.New(b.builtins.syntaxError, b.str(err.Error()))
		b.must(failed)
		panic(e)
	}
	runtime.Throw(b.rt, err)
}

func (b *Bindings) formatError(err error, offset int64, section string) *goja.Object {
	e := b.goError(err, b.errors.format)
	b.set(e, "offset", b.rt.ToValue(offset))
	b.set(e, "section", b.str(section))
	return e
}

func (b *Bindings) typeError(format string, args ...any) *goja.Object {
	return b.rt.NewTypeError("%s", fmt.Sprintf(format, args...))
}

func (b *Bindings) rangeError(format string, args ...any) *goja.Object {
	e, err := b.rt.New(b.builtins.rangeError, b.str(fmt.Sprintf(format, args...)))
	b.must(err)
	return e
}

// isUnmapped tells that nothing is mapped at an address, from that it cannot be told.
func isUnmapped(err error) bool {
	var e *memory.Error
	return errors.As(err, &e) && e.Reason == memory.ReasonUnmapped
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
