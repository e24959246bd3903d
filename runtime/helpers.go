package runtime

import (
	"github.com/dop251/goja"
)

// helpers are questions about values that goja's Go API has no call for, answered by built-ins taken before any script ran.
type helpers struct {
	own, has, names, keys, mapEntries, setEntries, typedArray, functionText, date, regexp, primitive goja.Callable

	inspectSymbol, pureSymbol *goja.Symbol
}

func (h *Host) loadHelpers() error {
	v, err := h.rt.RunProgram(helpersProgram())
	if err != nil {
		return err
	}
	o := v.ToObject(h.rt)
	help := &helpers{}
	for name, fn := range map[string]*goja.Callable{
		"own": &help.own, "has": &help.has, "names": &help.names, "keys": &help.keys, "mapEntries": &help.mapEntries, "setEntries": &help.setEntries,
		"typedArray": &help.typedArray, "functionText": &help.functionText, "date": &help.date, "regexp": &help.regexp,
		"primitive": &help.primitive,
	} {
		*fn, _ = goja.AssertFunction(o.Get(name))
	}
	help.inspectSymbol = o.Get("inspectSymbol").(*goja.Symbol)
	help.pureSymbol = o.Get("pureSymbol").(*goja.Symbol)
	h.help = help
	return nil
}

// call asks; what throws (a revoked proxy, a getter of a host object) has no answer. An interrupt goes on.
func (*helpers) call(fn goja.Callable, args ...goja.Value) goja.Value {
	v, err := fn(goja.Undefined(), args...)
	if err != nil {
		if _, ok := err.(*goja.Exception); !ok {
			panic(err)
		}
		return goja.Undefined()
	}
	return v
}

func (k *helpers) text(fn goja.Callable, o *goja.Object) string { return k.call(fn, o).String() }

func (k *helpers) list(fn goja.Callable, args ...goja.Value) []goja.Value {
	o, ok := k.call(fn, args...).(*goja.Object)
	if !ok {
		return []goja.Value{goja.Undefined()}[:0]
	}
	n := int(o.Get("length").ToInteger())
	list := make([]goja.Value, n)
	for i := range list {
		list[i] = o.Get(itoa(i))
	}
	return list
}

// property is an own property: its value, or that it has accessors.
type property struct {
	value          goja.Value
	get            goja.Value
	getter, setter bool
}

// ownProperty describes an own property; nil when there is none.
func (k *helpers) ownProperty(o *goja.Object, key goja.Value) *property {
	d, ok := k.call(k.own, o, key).(*goja.Object)
	if !ok {
		return nil
	}
	if d.Get("length").ToInteger() == 1 {
		return &property{value: d.Get("0")}
	}
	p := &property{value: goja.Undefined(), get: d.Get("1")}
	p.getter, p.setter = !goja.IsUndefined(d.Get("1")), !goja.IsUndefined(d.Get("2"))
	return p
}

// ownData is the value of an own property that is no accessor; nil otherwise.
func (h *Host) ownData(o *goja.Object, name string) goja.Value {
	if _, ok := proxyOf(o); ok {
		return nil
	}
	if d := h.help.ownProperty(o, h.rt.ToValue(name)); d != nil && !d.getter && !d.setter {
		return d.value
	}
	return nil
}

// maxChain bounds a walk along prototypes.
const maxChain = 64

// data is the value of an own or inherited property that is no accessor; nil otherwise.
func (h *Host) data(o *goja.Object, name string) goja.Value {
	return h.dataKey(o, h.rt.ToValue(name))
}

func (h *Host) dataKey(o *goja.Object, key goja.Value) goja.Value {
	for n := 0; o != nil && n < maxChain; n++ {
		if _, ok := proxyOf(o); ok {
			return nil
		}
		if d := h.help.ownProperty(o, key); d != nil {
			if d.getter || d.setter {
				return nil
			}
			return d.value
		}
		o = o.Prototype()
	}
	return nil
}

// className is the name of an object's constructor; empty when it has none.
func (h *Host) className(o *goja.Object) string {
	if _, ok := proxyOf(o); ok {
		return "Proxy"
	}
	for proto, n := o, 0; proto != nil && n < maxChain; proto, n = proto.Prototype(), n+1 {
		if _, ok := proxyOf(proto); ok {
			return ""
		}
		ctor, ok := h.ownData(proto, "constructor").(*goja.Object)
		if !ok {
			continue
		}
		if name, ok := h.ownData(ctor, "name").(goja.String); ok && name.String() != "" {
			return name.String()
		}
	}
	return ""
}

// typedArray is "Uint8Array", …; empty for what is no typed array.
func (h *Host) typedArray(o *goja.Object) string {
	if _, ok := proxyOf(o); ok {
		return ""
	}
	if s, ok := h.help.call(h.help.typedArray, o).(goja.String); ok {
		return s.String()
	}
	return ""
}
