package bindings

import (
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// has tells whether an argument was given; undefined counts as absent.
func (c call) has(i int) bool { return i < len(c.Arguments) && !goja.IsUndefined(c.Arguments[i]) }

// badArgument throws for argument i: "Memory.read: length must be …, not …".
func (c call) badArgument(i int, problem string, wrongType bool) {
	c.bad(c.member.Args[min(i, len(c.member.Args)-1)].Name, c.Argument(i), problem, wrongType)
}

func (c call) bad(name string, v goja.Value, problem string, wrongType bool) {
	where := c.member.Name
	if c.class.Name != "" {
		where = c.class.Name + "." + where
	}
	text := where + ": " + name + " " + problem
	if strings.HasPrefix(problem, "must be ") {
		text += ", not " + given(v)
	} else {
		text += " (" + given(v) + " was given)"
	}
	if wrongType {
		panic(c.b.typeError("%s", text))
	}
	panic(c.b.rangeError("%s", text))
}

func (c call) throwType(format string, args ...any)  { panic(c.b.typeError(format, args...)) }
func (c call) throwRange(format string, args ...any) { panic(c.b.rangeError(format, args...)) }

// address returns argument i as an address.
func (c call) address(i int) uint64 {
	a, problem, wrongType := parseAddress(c.Argument(i))
	if problem != "" {
		c.badArgument(i, problem, wrongType)
	}
	return a
}

// integer returns argument i as an integer from low to high.
func (c call) integer(i int, low, high uint64) uint64 {
	n, problem, wrongType := parseInteger(c.Argument(i), low, high)
	if problem != "" {
		c.badArgument(i, problem, wrongType)
	}
	return n
}

// integerOr is integer for an optional argument.
func (c call) integerOr(i int, low, high, absent uint64) uint64 {
	if !c.has(i) {
		return absent
	}
	return c.integer(i, low, high)
}

// parseInteger takes Numbers, and BigInts too: a difference of two addresses is one.
func parseInteger(v goja.Value, low, high uint64) (n uint64, problem string, wrongType bool) {
	ok := false
	if x := bigOf(v); x != nil {
		n, ok = x.Uint64(), x.IsUint64()
	} else {
		switch t := reflect.TypeOf(v); {
		case t == intValue:
			i := v.ToInteger()
			n, ok = uint64(i), i >= 0
		case t == floatValue:
			f := v.ToFloat()
			n, ok = uint64(max(f, 0)), f >= 0 && f == math.Trunc(f) && f <= maxSafeInteger
		default:
			return 0, "must be an integer", true
		}
	}
	if !ok || n < low || n > high {
		return 0, "must be an integer from " + decimal(low) + " to " + decimal(high), false
	}
	return n, "", false
}

// text returns argument i, which must be a string.
func (c call) text(i int) string {
	s, ok := c.Argument(i).(goja.String)
	if !ok {
		c.badArgument(i, "must be a string", true)
	}
	return s.String()
}

func (c call) callback(i int) goja.Callable {
	f, ok := goja.AssertFunction(c.Argument(i))
	if !ok {
		c.badArgument(i, "must be a function", true)
	}
	return f
}

// options returns argument i, an object of optional members; an absent one is as an empty one.
func (c call) options(i int) opts {
	if !c.has(i) {
		return opts{c: c}
	}
	o, ok := c.Arguments[i].(*goja.Object)
	if !ok {
		c.badArgument(i, "must be an object", true)
	}
	if _, isFunction := goja.AssertFunction(o); isFunction || o.ClassName() == "Array" {
		c.badArgument(i, "must be an object", true)
	}
	class := classNamed(strings.TrimSuffix(c.member.Args[i].Type, " | null"))
	for _, name := range o.Keys() {
		if class != nil && !slices.ContainsFunc(class.Members, func(m *Member) bool { return m.Name == name }) {
			c.throwType("%s: there is no option %q; there are %s", c.shortPath(), name, optionNames(class))
		}
	}
	return opts{c, o}
}

func (c call) shortPath() string { return strings.Replace(c.path(), ".prototype", "", 1) }

func optionNames(class *Class) string {
	names := make([]string, len(class.Members))
	for i, m := range class.Members {
		names[i] = m.Name
	}
	return strings.Join(names, ", ")
}

// opts are the members of an options object.
type opts struct {
	c call
	o *goja.Object
}

func (o opts) get(name string) goja.Value {
	if o.o == nil {
		return nil
	}
	if v := o.o.Get(name); v != nil && !goja.IsUndefined(v) {
		return v
	}
	return nil
}

func (o opts) address(name string, absent uint64) uint64 {
	v := o.get(name)
	if v == nil {
		return absent
	}
	a, problem, wrongType := parseAddress(v)
	if problem != "" {
		o.c.bad(name, v, problem, wrongType)
	}
	return a
}

func (o opts) integer(name string, low, high, absent uint64) uint64 {
	v := o.get(name)
	if v == nil {
		return absent
	}
	n, problem, wrongType := parseInteger(v, low, high)
	if problem != "" {
		o.c.bad(name, v, problem, wrongType)
	}
	return n
}

func (o opts) text(name, absent string) string {
	v := o.get(name)
	if v == nil {
		return absent
	}
	s, ok := v.(goja.String)
	if !ok {
		o.c.bad(name, v, "must be a string", true)
	}
	return s.String()
}

func (o opts) boolean(name string, absent bool) bool {
	v := o.get(name)
	if v == nil {
		return absent
	}
	if reflect.TypeOf(v) != boolValue {
		o.c.bad(name, v, "must be true or false", true)
	}
	return v.ToBoolean()
}

// interval returns the options start and end, end exclusive, as first and last address. empty tells that it holds nothing.
func (o opts) interval() (first, last uint64, empty bool) {
	first, last = o.address("start", 0), math.MaxUint64
	if v := o.get("end"); v != nil {
		end := endAddress(o, v)
		if end == 0 && !isZero64(v) {
			return 0, 0, true
		}
		last = end - 1 // 2^64 is 0, and its last address 2^64-1
	}
	return first, last, first > last
}

// endAddress takes an exclusive end, so that 2^64 is one; it comes as 0.
func endAddress(o opts, v goja.Value) uint64 {
	if isZero64(v) {
		return 0
	}
	a, problem, wrongType := parseAddress(v)
	if problem != "" {
		o.c.bad("end", v, problem, wrongType)
	}
	return a
}

// isZero64 tells a BigInt of 2^64, or a Number of it.
func isZero64(v goja.Value) bool {
	if x := bigOf(v); x != nil {
		return x.BitLen() == 65 && x.TrailingZeroBits() == 64
	}
	return isNumber(v) && v.ToFloat() == 1<<64
}
