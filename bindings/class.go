package bindings

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/runtime"
)

// call is a call of a row's native function.
type call struct {
	goja.FunctionCall
	b      *Bindings
	class  *Class
	member *Member
	self   any // the Go value behind this; nil for globals
}

// on makes a row's native of a function that wants a receiver of type T, and refuses others as JavaScript's built-ins do.
func on[T any](fn func(T, call) goja.Value) native {
	return func(c call) goja.Value {
		self, ok := c.self.(T)
		if !ok {
			c.throwType("%s called on an incompatible receiver", c.path())
		}
		if c.b.closed > 0 {
			c.mustBeOpen(c.self)
		}
		return fn(self, c)
	}
}

// path names the row as errors of the language do: "Memory.prototype.read", "open".
func (c call) path() string {
	if c.class.Name == "" {
		return c.member.Name
	}
	return c.class.Name + ".prototype." + c.member.Name
}

// installClasses makes the prototypes, constructors and globals of the table.
func (b *Bindings) installClasses() {
	b.errors.install(b)
	for _, class := range api {
		switch class.Kind {
		case KindClass, KindRecord:
			b.installClass(class)
		case KindGlobals:
			for _, m := range class.Members {
				if m.native != nil {
					b.global(m.Name, b.function(class, m))
				}
			}
		}
	}
	b.link()
}

func (b *Bindings) installClass(class *Class) {
	proto := b.protos[class.Name]
	if proto == nil { // error classes have made theirs
		proto = b.rt.NewObject()
		b.protos[class.Name] = proto
		b.setHidden(proto, "constructor", b.illegalConstructor(class))
	}
	if class.Kind == KindClass {
		b.global(class.Name, proto.Get("constructor"))
	}
	for _, m := range class.Members {
		if m.native == nil {
			continue
		}
		f := b.function(class, m)
		switch {
		case m.Kind == Property:
			b.must(proto.DefineAccessorProperty(m.Name, f, b.readOnly(class.Name, m.Name), goja.FLAG_TRUE, goja.FLAG_FALSE))
		case m.Name == iteratorMember:
			b.must(proto.DefineDataPropertySymbol(goja.SymIterator, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		case m.Name == disposeMember:
			b.must(proto.DefineDataPropertySymbol(b.builtins.dispose, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		case m.Kind == Method:
			b.setHidden(proto, m.Name, f)
		}
	}
	if print := printers[class.Name]; print != nil {
		f := b.host.Function("inspect", 2, func(fc goja.FunctionCall) goja.Value {
			o, ok := fc.This.(*goja.Object)
			if !ok {
				return goja.Undefined()
			}
			return print(b, o, b.inspectOptions(fc))
		})
		b.must(proto.DefineDataPropertySymbol(b.host.InspectSymbol(), f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		if !slices.ContainsFunc(class.Members, func(m *Member) bool { return m.Name == "toString" }) {
			b.setHidden(proto, "toString", b.toString(class, print))
		}
	}
}

// toString makes `${x}` what the console prints.
func (b *Bindings) toString(class *Class, print func(*Bindings, *goja.Object, printOptions) goja.Value) *goja.Object {
	return b.host.Function("toString", 0, func(c goja.FunctionCall) goja.Value {
		if o, ok := c.This.(*goja.Object); ok {
			if text, ok := print(b, o, b.inspectOptions(goja.FunctionCall{})).(goja.String); ok {
				return text
			}
		}
		return b.str("[object " + class.Name + "]")
	})
}

// link makes the prototype chains, once all prototypes are there.
func (b *Bindings) link() {
	b.must(b.protos["SequenceIterator"].SetPrototype(b.builtins.iteratorPrototype))
	for _, class := range api {
		proto, above := b.protos[class.Name], b.protos[class.Extends]
		if proto == nil || above == nil {
			continue
		}
		b.must(proto.SetPrototype(above))
		b.must(proto.Get("constructor").(*goja.Object).SetPrototype(above.Get("constructor").(*goja.Object)))
	}
}

// illegalConstructor is the constructor of a class whose objects only the API makes.
func (b *Bindings) illegalConstructor(class *Class) *goja.Object {
	f := b.rt.ToValue(b.host.NativeConstructor(func(goja.ConstructorCall) *goja.Object {
		panic(b.typeError("%s is not made with new: the API returns it", class.Name))
	})).(*goja.Object)
	b.define(f, "name", b.rt.ToValue(class.Name))
	b.define(f, "length", b.rt.ToValue(0))
	_ = f.DefineDataProperty("prototype", b.protos[class.Name], goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE)
	b.members[f] = memberOf{class: class}
	return f
}

// function makes the JavaScript function of a row.
func (b *Bindings) function(class *Class, m *Member) *goja.Object {
	length := 0
	for length < len(m.Args) && !m.Args[length].optional() && !m.Args[length].Rest {
		length++
	}
	name := m.Name
	if m.Kind == Property {
		name = "get " + name
	}
	f := b.host.Function(name, length, func(fc goja.FunctionCall) goja.Value {
		c := call{FunctionCall: fc, b: b, class: class, member: m}
		if o, ok := fc.This.(*goja.Object); ok {
			c.self = b.unwrap(o)
		}
		return m.native(c)
	})
	if m.Pure {
		b.must(f.DefineDataPropertySymbol(b.host.PureSymbol(), b.rt.ToValue(true), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE))
	}
	b.members[f] = memberOf{class, m}
	return f
}

// readOnly is the setter of a property: it throws, also where the language itself would let an assignment pass in silence.
func (b *Bindings) readOnly(class, name string) *goja.Object {
	path := class + "." + name
	if b.setters[path] == nil { // CPUs have theirs in common
		b.setters[path] = b.host.Function("set "+name, 1, func(goja.FunctionCall) goja.Value {
			panic(b.typeError("%s cannot be set: the state of a saved machine is read only", path))
		})
	}
	return b.setters[path]
}

// must is for definitions on objects of our own, which cannot fail.
func (b *Bindings) must(err error) {
	if err != nil {
		runtime.Throw(b.rt, err)
	}
}

func (b *Bindings) setHidden(o *goja.Object, name string, v goja.Value) {
	b.must(o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// define makes a property as that of a function's name: configurable only.
func (b *Bindings) define(o *goja.Object, name string, v goja.Value) {
	b.must(o.DefineDataProperty(name, v, goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// hold makes a JavaScript object of a class over a Go value.
func (b *Bindings) hold(class string, value any) *goja.Object {
	return b.holdWith(b.protos[class], value)
}

func (b *Bindings) holdWith(proto *goja.Object, value any) *goja.Object {
	o := b.rt.CreateObject(proto)
	b.must(o.DefineDataPropertySymbol(b.handle, b.rt.NewDynamicObject(&held{value}), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE))
	return o
}

// held hides a Go value in a property, as an object without properties: scripts can do nothing with it. A dynamic object is the
// cheapest that goja has for a Go value.
type held struct{ value any }

func (*held) Get(string) goja.Value       { return nil }
func (*held) Set(string, goja.Value) bool { return false }
func (*held) Has(string) bool             { return false }
func (*held) Delete(string) bool          { return false }
func (*held) Keys() []string              { return nil }

// recentHandle remembers what an object held. A loop reads through one or two objects, and the lookup of the hidden property costs
// as much as a read.
type recentHandle struct {
	object *goja.Object
	value  any
}

const recentSize = 8

// unwrap returns the Go value behind an object; nil when it is none of the API's.
func (b *Bindings) unwrap(o *goja.Object) any {
	slot := &b.recent[uintptr(unsafe.Pointer(o))>>5%recentSize]
	if slot.object == o {
		return slot.value
	}
	if o.ExportType() == structFieldsType {
		return o.Export().(*structFields).structValue
	}
	v := o.GetSymbol(b.handle)
	if v == nil {
		return nil
	}
	h, ok := v.Export().(*held)
	if !ok {
		return nil
	}
	*slot = recentHandle{o, h.value}
	return h.value
}

// record makes a plain object of a record class. Names and values alternate.
func (b *Bindings) record(class string) *goja.Object {
	proto := b.protos[class]
	if proto == nil {
		panic(fmt.Errorf("no class %s", class))
	}
	return b.rt.CreateObject(proto)
}

func (b *Bindings) set(o *goja.Object, name string, v goja.Value) { b.must(o.Set(name, v)) }
