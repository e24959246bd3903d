package bindings

import (
	"encoding/json"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/savevm/stream"
)

var deviceClass = Class{
	Name: "Device",
	Help: "A device's section of the image: its state, as the device's own description of itself (vmstate) lays it out.",
	Members: []*Member{
		{Name: "name", Kind: Property, Type: "string", Help: `The section's name, with the bus path before it: "0000:00:02.0/vga".`,
			native: on(func(o *deviceObject, c call) goja.Value { return c.b.str(o.device.Name) })},
		{Name: "instance", Kind: Property, Type: "number", Help: "Its number among those of one name.",
			native: on(func(o *deviceObject, c call) goja.Value { return c.b.rt.ToValue(int64(o.device.Instance)) })},
		{Name: "version", Kind: Property, Type: "number", Help: "Version of its layout.",
			native: on(func(o *deviceObject, c call) goja.Value { return c.b.rt.ToValue(int64(o.device.Version)) })},
		{Name: "size", Kind: Property, Type: "number", Help: "Bytes of the section's body.",
			native: on(func(o *deviceObject, c call) goja.Value { return c.b.rt.ToValue(o.device.Size) })},
		{Name: "offset", Kind: Property, Type: "number", Help: "Where the body starts, in bytes from the start of the innermost file.",
			native: on(func(o *deviceObject, c call) goja.Value { return c.b.rt.ToValue(o.device.Offset) })},
		{Name: "found", Kind: Property, Type: `"description" | "known" | "search"`,
			Help:   `What the layout rests on: the image's description; a built-in layout; or only the next section's header, and the fields are not known.`,
			native: on(func(o *deviceObject, c call) goja.Value { return c.b.str(string(o.device.Found)) })},
		{Name: "complete", Kind: Property, Type: "boolean", Help: "Whether the whole body is in the image.",
			native: on(func(o *deviceObject, c call) goja.Value { return c.b.boolean(o.device.Complete) })},
		{Name: "fields", Kind: Property, Type: "Record<string, any>",
			Help: "The fields, decoded when first asked for: 64-bit ones BigInt, narrower ones Number, buffers Uint8Array; arrays and structs " +
				"nest. Throws a FormatError where they do not fit the section.",
			native: on((*deviceObject).fields)},
		{Name: "subsections", Kind: Property, Type: "Subsection[]", Help: "The optional parts that are there.", native: on((*deviceObject).subsections)},
		{Name: "schema", Kind: Property, Type: "any", Help: "The description of the layout, as a plain object; null where it is not known.",
			native: on((*deviceObject).schema)},
		{Name: "raw", Type: "Uint8Array", Help: "The section's body.", native: on((*deviceObject).raw)},
	},
}

type deviceObject struct {
	vm      *vm
	device  *stream.Device
	object  *goja.Object
	decoded *stream.Struct
	values  *goja.Object
	subs    *goja.Object
}

func (v *vm) deviceOf(d *stream.Device) *goja.Object {
	o := &deviceObject{vm: v, device: d}
	o.object = v.b.hold("Device", o)
	return o.object
}

func (o *deviceObject) decode() {
	if o.decoded != nil {
		return
	}
	s, err := o.device.Decode()
	b := o.vm.b
	if s == nil || err != nil && len(s.Fields) == 0 {
		if err != nil {
			panic(b.formatError(err, o.device.Offset, o.device.Name+"/"+decimal(uint64(o.device.Instance))))
		}
		s = &stream.Struct{}
	}
	o.decoded = s
	o.values = b.fields(s)
	subs := make([]goja.Value, len(s.Subsections))
	for i := range s.Subsections {
		sub := &s.Subsections[i]
		e := b.record("Subsection")
		b.set(e, "name", b.str(sub.Name))
		b.set(e, "version", b.rt.ToValue(int64(sub.Version)))
		b.set(e, "fields", b.fields(&sub.Struct))
		subs[i] = e
	}
	o.subs = b.array(subs)
}

func (o *deviceObject) fields(call) goja.Value {
	o.decode()
	return o.values
}

func (o *deviceObject) subsections(call) goja.Value {
	o.decode()
	return o.subs
}

func (o *deviceObject) raw(c call) goja.Value {
	p, err := o.device.Raw()
	if err != nil {
		c.b.throw(err)
	}
	return c.b.bytes(p)
}

func (o *deviceObject) schema(c call) goja.Value {
	if o.device.Schema == nil {
		return goja.Null()
	}
	text, err := json.Marshal(o.device.Schema)
	c.b.must(err)
	v, err := c.b.builtins.parseJSON(goja.Undefined(), c.b.str(string(text)))
	c.b.must(err)
	return v
}

// fields makes a plain object. Of fields with one name the later ones get a number: name, name#1.
func (b *Bindings) fields(s *stream.Struct) *goja.Object {
	o := b.rt.NewObject()
	seen := make(map[string]int, len(s.Fields))
	for i := range s.Fields {
		f := &s.Fields[i]
		name := f.Name
		if n := seen[f.Name]; n > 0 {
			name += "#" + decimal(uint64(n))
		}
		seen[f.Name]++
		b.own(o, name, b.fieldValue(f.Value, f.Size))
	}
	for i := range s.Subsections { // of a nested struct
		sub := &s.Subsections[i]
		if _, taken := seen[sub.Name]; !taken {
			b.own(o, sub.Name, b.fields(&sub.Struct))
		}
	}
	return o
}

// own defines a property whatever its name ("__proto__" too).
func (b *Bindings) own(o *goja.Object, name string, v goja.Value) {
	b.must(o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
}

func (b *Bindings) fieldValue(x any, size int64) goja.Value {
	switch x := x.(type) {
	case uint64:
		if size > 4 {
			return b.u64(x)
		}
		return b.rt.ToValue(int64(x))
	case int64:
		if size > 4 {
			return b.s64(x)
		}
		return b.rt.ToValue(x)
	case bool:
		return b.boolean(x)
	case []byte:
		return b.bytes(append([]byte(nil), x...))
	case stream.Struct:
		return b.fields(&x)
	case []uint64:
		items := make([]goja.Value, len(x))
		for i, e := range x {
			items[i] = b.fieldValue(e, size)
		}
		return b.array(items)
	case []int64:
		items := make([]goja.Value, len(x))
		for i, e := range x {
			items[i] = b.fieldValue(e, size)
		}
		return b.array(items)
	case []any:
		items := make([]goja.Value, len(x))
		for i, e := range x {
			items[i] = b.fieldValue(e, size)
		}
		return b.array(items)
	}
	return goja.Null()
}
