package bindings

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// The Go types behind goja's values. Comparing them is how a value's kind is told without copying it out.
var (
	bigIntValue = reflect.TypeOf(goja.New().ToValue(new(big.Int)))
	intValue    = reflect.TypeOf(goja.New().ToValue(1))
	floatValue  = reflect.TypeOf(goja.New().ToValue(1.5))
	boolValue   = reflect.TypeOf(goja.New().ToValue(true))

	// bigIntInPlace tells that goja's BigInt is a big.Int by another name, so that it can be read where it is: Export copies it,
	// which costs five times as much, and every read of memory has an address.
	bigIntInPlace = bigIntValue.ConvertibleTo(reflect.TypeFor[*big.Int]())
)

// bigOf returns a BigInt's value, which must not be changed, or nil.
func bigOf(v goja.Value) *big.Int {
	if v == nil || reflect.TypeOf(v) != bigIntValue {
		return nil
	}
	if bigIntInPlace {
		return (*big.Int)(reflect.ValueOf(v).UnsafePointer())
	}
	x, _ := v.Export().(*big.Int)
	return x
}

func isNumber(v goja.Value) bool {
	t := reflect.TypeOf(v)
	return t == intValue || t == floatValue
}

// scratch is memory that natives use between entry and return, so that reads do not allocate. A native that calls the script while
// it uses it copies first.
type scratch struct {
	integer big.Int
	bytes   [16]byte
}

// u64 makes a BigInt.
func (b *Bindings) u64(x uint64) goja.Value {
	return b.rt.ToValue(b.scratch.integer.SetUint64(x)) // ToValue copies
}

func (b *Bindings) s64(x int64) goja.Value {
	return b.rt.ToValue(b.scratch.integer.SetInt64(x))
}

// wide makes a BigInt of 64-bit words, the least significant first.
func (b *Bindings) wide(low uint64, high []uint64) goja.Value {
	x := new(big.Int)
	for i := len(high) - 1; i >= 0; i-- {
		x.Or(x.Lsh(x, 64), new(big.Int).SetUint64(high[i]))
	}
	return b.rt.ToValue(x.Or(x.Lsh(x, 64), new(big.Int).SetUint64(low)))
}

// number makes a Number of an unsigned length. From 2^53 on it is rounded: only a length of nearly the whole address space is.
func (b *Bindings) number(x uint64) goja.Value {
	if x <= math.MaxInt64 {
		return b.rt.ToValue(int64(x))
	}
	return b.rt.ToValue(float64(x))
}

func (b *Bindings) str(s string) goja.Value { return b.rt.ToValue(s) }

func (b *Bindings) boolean(x bool) goja.Value { return b.rt.ToValue(x) }

// strOrNull makes a string, or null of an empty one.
func (b *Bindings) strOrNull(s string) goja.Value {
	if s == "" {
		return goja.Null()
	}
	return b.rt.ToValue(s)
}

// bytes makes a Uint8Array that owns p.
func (b *Bindings) bytes(p []byte) goja.Value { return b.typedArray("Uint8Array", p) }

// typedArray makes a typed array that owns p, whose length is a multiple of the element's size.
func (b *Bindings) typedArray(class string, p []byte) goja.Value {
	o, err := b.rt.New(b.builtins.typedArrays[class], b.rt.ToValue(b.rt.NewArrayBuffer(p)))
	b.must(err)
	return o
}

func (b *Bindings) array(items []goja.Value) *goja.Object {
	list := make([]any, len(items))
	for i, v := range items {
		list[i] = v
	}
	return b.rt.NewArray(list...)
}

func (b *Bindings) stringArray(items []string) *goja.Object {
	list := make([]any, len(items))
	for i, v := range items {
		list[i] = v
	}
	return b.rt.NewArray(list...)
}

// frozen makes an object immutable, so that it can be shared.
func (b *Bindings) frozen(o *goja.Object) *goja.Object {
	_, err := b.builtins.freeze(goja.Undefined(), o)
	b.must(err)
	return o
}

// builtins are the language's own objects, taken before a script could replace them.
type builtins struct {
	freeze            goja.Callable
	typedArrays       map[string]*goja.Object
	rangeError        *goja.Object
	syntaxError       *goja.Object
	errorClass        *goja.Object
	iteratorPrototype *goja.Object
	regexpSource      goja.Callable
	regexpFlags       goja.Callable
	viewBytes         goja.Callable
	parseJSON         goja.Callable
	dispose           *goja.Symbol
}

// helperCode gives what goja's Go API has no call for.
const helperCode = `({
	freeze: Object.freeze,
	parseJSON: JSON.parse,
	dispose: Symbol.dispose,
	iteratorPrototype: Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
	regexpSource: Function.prototype.call.bind(Object.getOwnPropertyDescriptor(RegExp.prototype, "source").get),
	regexpFlags: Function.prototype.call.bind(Object.getOwnPropertyDescriptor(RegExp.prototype, "flags").get),
	viewBytes: ((isView, Bytes) => v => isView(v) ? new Bytes(v.buffer, v.byteOffset, v.byteLength).slice().buffer : undefined)(ArrayBuffer.isView, Uint8Array),
})`

var helperProgram = goja.MustCompile("svscript:bindings", helperCode, true)

func (x *builtins) load(rt *goja.Runtime) {
	v, err := rt.RunProgram(helperProgram)
	if err != nil {
		panic(err) // only if the language's own objects are damaged
	}
	o := v.(*goja.Object)
	fn := func(name string) goja.Callable { f, _ := goja.AssertFunction(o.Get(name)); return f }
	x.freeze, x.regexpSource, x.regexpFlags, x.viewBytes = fn("freeze"), fn("regexpSource"), fn("regexpFlags"), fn("viewBytes")
	x.parseJSON = fn("parseJSON")
	x.dispose = o.Get("dispose").(*goja.Symbol)
	x.iteratorPrototype = o.Get("iteratorPrototype").(*goja.Object)
	global := rt.GlobalObject()
	x.rangeError, x.syntaxError, x.errorClass = object(global.Get("RangeError")), object(global.Get("SyntaxError")), object(global.Get("Error"))
	x.typedArrays = map[string]*goja.Object{}
	for _, e := range elementTypes {
		x.typedArrays[e.array] = object(global.Get(e.array))
	}
}

func object(v goja.Value) *goja.Object {
	o, _ := v.(*goja.Object)
	return o
}

// maxSafeInteger is the greatest integer up to which a Number holds all.
const maxSafeInteger = 1<<53 - 1

// parseAddress makes an address of a value. problem is empty, or what is wrong; typ tells that the type is.
func parseAddress(v goja.Value) (address uint64, problem string, typ bool) {
	const want = `must be a BigInt, a safe integer or a "0x…" string`
	if x := bigOf(v); x != nil {
		switch {
		case x.Sign() < 0:
			return 0, "must not be negative", false
		case !x.IsUint64():
			return 0, "must be less than 2^64", false
		}
		return x.Uint64(), "", false
	}
	switch t := reflect.TypeOf(v); {
	case t == intValue:
		if n := v.ToInteger(); n >= 0 && n <= maxSafeInteger {
			return uint64(n), "", false
		} else if n < 0 {
			return 0, "must not be negative", false
		}
		return 0, "is a Number beyond 2^53, which may have been rounded: write it as a BigInt, with an n", false
	case t == floatValue:
		f := v.ToFloat()
		switch {
		case f == 0: // -0
			return 0, "", false
		case f < 0:
			return 0, "must not be negative", false
		case f != math.Trunc(f) || math.IsInf(f, 0):
			return 0, "must be an integer", false
		case f > maxSafeInteger:
			return 0, "is a Number beyond 2^53, which may have been rounded: write it as a BigInt, with an n", false
		}
		return uint64(f), "", false
	}
	if s, ok := v.(goja.String); ok {
		digits, prefixed := cutHexPrefix(s.String())
		if x, err := strconv.ParseUint(digits, 16, 64); prefixed && err == nil {
			return x, "", false
		}
		return 0, want, false
	}
	return 0, want, true
}

func cutHexPrefix(s string) (string, bool) {
	if d, ok := strings.CutPrefix(s, "0x"); ok {
		return d, true
	}
	return strings.CutPrefix(s, "0X")
}

// given describes a value in an error message, without running code of the script.
func given(v goja.Value) string {
	switch {
	case v == nil || goja.IsUndefined(v):
		return "undefined"
	case goja.IsNull(v):
		return "null"
	}
	switch t := reflect.TypeOf(v); {
	case t == bigIntValue:
		s := bigOf(v).Text(16)
		if len(s) > 40 {
			return "a BigInt of " + strconv.Itoa(bigOf(v).BitLen()) + " bits"
		}
		if strings.HasPrefix(s, "-") {
			return "-0x" + s[1:] + "n"
		}
		return "0x" + s + "n"
	case t == intValue, t == floatValue, t == boolValue:
		return v.String()
	}
	switch v := v.(type) {
	case goja.String:
		s := []rune(v.String())
		if len(s) > 40 {
			return strconv.Quote(string(s[:40])) + "…"
		}
		return strconv.Quote(string(s))
	case *goja.Symbol:
		return "a symbol"
	case *goja.Object:
		if _, ok := goja.AssertFunction(v); ok {
			return "a function"
		}
		switch class := v.ClassName(); class {
		case "Array":
			return "an array"
		case "Object":
			return "an object"
		default:
			return "an object (" + class + ")"
		}
	}
	return fmt.Sprintf("%T", v)
}
