package main

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/bindings"
	"github.com/svscript/svscript/runtime"
)

// jsonEncoder writes values of a script as JSON: what JSON.stringify does, and besides BigInts as "0x…" strings, byte data as a
// string of hexadecimal digits, other typed arrays, sets and sequences as arrays, maps as objects or lists of pairs, errors by name
// and message. It throws as scripts do, so it is called from within a run.
type jsonEncoder struct {
	rt   *goja.Runtime
	buf  []byte
	path []*goja.Object // being written, outermost first
}

// maxJSONDepth bounds the recursion.
const maxJSONDepth = 1000

// encode returns a value as JSON; nil for what JSON has nothing for: undefined, functions and symbols.
func (e *jsonEncoder) encode(v goja.Value) []byte {
	e.buf, e.path = e.buf[:0], e.path[:0]
	if !e.value("", v) {
		return nil
	}
	return bytes.Clone(e.buf)
}

var (
	bigIntType      = reflect.TypeFor[*big.Int]()
	arrayBufferType = reflect.TypeFor[goja.ArrayBuffer]()
	mapType         = reflect.TypeFor[[][2]any]()
)

// value appends v; it tells false, and appends nothing, where JSON has nothing for it.
func (e *jsonEncoder) value(key string, v goja.Value) bool {
	switch v := v.(type) {
	case nil, *goja.Symbol:
		return false
	case goja.String:
		e.text(v.String())
		return true
	case *goja.Object:
		return e.object(key, v)
	}
	if goja.IsUndefined(v) {
		return false
	}
	if goja.IsNull(v) {
		e.buf = append(e.buf, "null"...)
		return true
	}
	switch t := v.ExportType(); {
	case t == bigIntType:
		e.buf = appendHex(append(e.buf, '"'), v.Export().(*big.Int))
		e.buf = append(e.buf, '"')
	case t.Kind() == reflect.Float64:
		if f := v.ToFloat(); math.IsNaN(f) || math.IsInf(f, 0) {
			e.buf = append(e.buf, "null"...)
		} else if f == 0 {
			e.buf = append(e.buf, '0') // also -0
		} else {
			e.buf = append(e.buf, v.String()...)
		}
	default: // integers and booleans
		e.buf = append(e.buf, v.String()...)
	}
	return true
}

// appendHex writes a BigInt as people read it.
func appendHex(b []byte, x *big.Int) []byte {
	if x.Sign() < 0 {
		b = append(b, '-')
		x = new(big.Int).Neg(x)
	}
	b = append(b, "0x"...)
	return x.Append(b, 16)
}

func (e *jsonEncoder) object(key string, o *goja.Object) bool {
	if fn, ok := goja.AssertFunction(o.Get("toJSON")); ok {
		v, err := fn(o, e.rt.ToValue(key))
		if err != nil {
			runtime.Throw(e.rt, err)
		}
		inner, ok := v.(*goja.Object)
		if !ok {
			return e.value(key, v)
		}
		o = inner
	}
	if _, ok := goja.AssertFunction(o); ok {
		return false
	}
	if len(e.path) >= maxJSONDepth {
		panic(e.rt.NewTypeError("cannot print this as JSON: it is nested more than %d deep", maxJSONDepth))
	}
	for _, outer := range e.path {
		if outer == o {
			panic(e.rt.NewTypeError("cannot print this as JSON: it holds itself, in property %q", key))
		}
	}
	e.path = append(e.path, o)
	defer func() { e.path = e.path[:len(e.path)-1] }()

	switch o.ClassName() {
	case "Array":
		n := int(o.Get("length").ToInteger())
		e.list(func(add func(goja.Value)) {
			for i := range n {
				add(o.Get(strconv.Itoa(i)))
			}
		})
	case "Number", "String", "Boolean", "BigInt":
		if fn, ok := goja.AssertFunction(o.Get("valueOf")); ok {
			if v, err := fn(o); err == nil {
				if _, same := v.(*goja.Object); !same {
					return e.value(key, v)
				}
			}
		}
		e.plain(o, o.Keys())
	case "Error":
		e.error(o)
	case "RegExp":
		e.text(o.String())
	default:
		e.other(o)
	}
	return true
}

// other writes what is no array, error or boxed primitive.
func (e *jsonEncoder) other(o *goja.Object) {
	switch t := o.ExportType(); {
	case t == arrayBufferType:
		buffer, _ := o.Export().(goja.ArrayBuffer)
		e.hex(buffer.Bytes())
	case t == mapType:
		e.mapping(o)
	case t.Kind() == reflect.Slice && isTyped(t.Elem().Kind()):
		e.typedArray(o, t)
	default:
		if keys := o.Keys(); len(keys) > 0 {
			e.plain(o, keys)
		} else {
			e.withoutKeys(o)
		}
	}
}

// withoutKeys writes an object without properties of its own: a sequence, an object of the API, or {}.
func (e *jsonEncoder) withoutKeys(o *goja.Object) {
	if isIterable(o) {
		e.list(func(add func(goja.Value)) {
			e.rt.ForOf(o, func(v goja.Value) bool { add(v); return true })
		})
	} else if class := apiClass(o); class != nil {
		e.apiObject(o, class)
	} else {
		e.buf = append(e.buf, "{}"...)
	}
}

func isTyped(k reflect.Kind) bool {
	return k >= reflect.Int8 && k <= reflect.Uint64 || k == reflect.Float32 || k == reflect.Float64
}

func isIterable(o *goja.Object) bool {
	_, ok := goja.AssertFunction(o.GetSymbol(goja.SymIterator))
	return ok
}

func (e *jsonEncoder) plain(o *goja.Object, keys []string) {
	e.buf = append(e.buf, '{')
	first := true
	for _, k := range keys {
		e.member(&first, k, o.Get(k))
	}
	e.buf = append(e.buf, '}')
}

// member appends "key":value, unless JSON has nothing for the value.
func (e *jsonEncoder) member(first *bool, key string, v goja.Value) {
	before := len(e.buf)
	if !*first {
		e.buf = append(e.buf, ',')
	}
	e.text(key)
	e.buf = append(e.buf, ':')
	if !e.value(key, v) {
		e.buf = e.buf[:before]
		return
	}
	*first = false
}

func (e *jsonEncoder) list(each func(add func(goja.Value))) {
	e.buf = append(e.buf, '[')
	first := true
	each(func(v goja.Value) {
		if !first {
			e.buf = append(e.buf, ',')
		}
		first = false
		if !e.value("", v) {
			e.buf = append(e.buf, "null"...)
		}
	})
	e.buf = append(e.buf, ']')
}

func (e *jsonEncoder) error(o *goja.Object) {
	e.buf = append(e.buf, '{')
	first := true
	for _, k := range []string{"name", "message"} {
		e.member(&first, k, o.Get(k))
	}
	for _, k := range o.Keys() {
		if k != "name" && k != "message" && k != "stack" {
			e.member(&first, k, o.Get(k))
		}
	}
	e.buf = append(e.buf, '}')
}

// mapping writes a Map: an object where all keys are strings, else a list of [key, value].
func (e *jsonEncoder) mapping(o *goja.Object) {
	var pairs []*goja.Object
	named := true
	e.rt.ForOf(o, func(v goja.Value) bool {
		pair := v.ToObject(e.rt)
		if _, ok := pair.Get("0").(goja.String); !ok {
			named = false
		}
		pairs = append(pairs, pair)
		return true
	})
	if !named {
		e.list(func(add func(goja.Value)) {
			for _, p := range pairs {
				add(p)
			}
		})
		return
	}
	e.buf = append(e.buf, '{')
	first := true
	for _, p := range pairs {
		e.member(&first, p.Get("0").String(), p.Get("1"))
	}
	e.buf = append(e.buf, '}')
}

func (e *jsonEncoder) typedArray(o *goja.Object, t reflect.Type) {
	exported := reflect.ValueOf(o.Export())
	if t.Elem().Kind() == reflect.Uint8 {
		e.hex(exported.Bytes())
		return
	}
	wide := t.Elem().Kind() == reflect.Uint64 || t.Elem().Kind() == reflect.Int64
	e.buf = append(e.buf, '[')
	for i := range exported.Len() {
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		switch x := exported.Index(i); {
		case wide && x.CanUint():
			e.buf = append(strconv.AppendUint(append(e.buf, `"0x`...), x.Uint(), 16), '"')
		case wide:
			e.buf = append(appendHex(append(e.buf, '"'), big.NewInt(x.Int())), '"')
		case x.CanUint():
			e.buf = strconv.AppendUint(e.buf, x.Uint(), 10)
		case x.CanInt():
			e.buf = strconv.AppendInt(e.buf, x.Int(), 10)
		default:
			e.value("", e.rt.ToValue(x.Float()))
		}
	}
	e.buf = append(e.buf, ']')
}

func (e *jsonEncoder) hex(p []byte) {
	e.buf = append(hex.AppendEncode(append(e.buf, '"'), p), '"')
}

// text appends a string in quotes.
func (e *jsonEncoder) text(s string) {
	const digits = "0123456789abcdef"
	b := append(e.buf, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
		i++
		start = i
	}
	e.buf = append(append(b, s[start:]...), '"')
}

// apiClasses are the classes whose objects have no properties of their own: they are getters on the class.
var apiClasses = sync.OnceValue(func() map[string]*bindings.Class {
	classes := map[string]*bindings.Class{}
	for _, c := range bindings.API() {
		if c.Kind == bindings.KindClass {
			classes[c.Name] = c
		}
	}
	return classes
})

// apiClass is the class of an object of the API, or nil.
func apiClass(o *goja.Object) *bindings.Class {
	if o.Prototype() == nil {
		return nil
	}
	ctor, ok := o.Prototype().Get("constructor").(*goja.Object)
	if !ok {
		return nil
	}
	return apiClasses()[ctor.Get("name").String()]
}

// apiObject writes what an object of the API says of itself, without the objects that belong to it.
func (e *jsonEncoder) apiObject(o *goja.Object, class *bindings.Class) {
	e.buf = append(e.buf, '{')
	first := true
	for ; class != nil; class = apiClasses()[class.Extends] {
		for _, m := range class.Members {
			element := strings.TrimSuffix(strings.TrimPrefix(m.Type, "readonly "), "[]")
			if m.Kind == bindings.Property && apiClasses()[element] == nil && element != "any" {
				e.member(&first, m.Name, o.Get(m.Name))
			}
		}
	}
	e.buf = append(e.buf, '}')
}
