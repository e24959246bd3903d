package runtime

import (
	"time"

	"github.com/dop251/goja"
)

// installTimers defines the timer functions of browsers and Node. What they return is an object as in Node, whose primitive value is the
// number that browsers return.
func (h *Host) installTimers() {
	set := func(name string, length int, fn func(goja.FunctionCall) goja.Value) {
		h.global(name, h.Function(name, length, fn))
	}
	h.timerKey = goja.NewSymbol("timer")
	timeout, immediate := h.timerPrototype("Timeout"), h.timerPrototype("Immediate")
	_ = timeout.DefineDataProperty("refresh", h.Function("refresh", 0, func(c goja.FunctionCall) goja.Value {
		if t := h.timerOf(c.This); t != nil && !t.cancelled {
			h.loop.start(t)
		}
		return c.This
	}), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	start := func(name string, repeat bool) {
		set(name, 2, func(c goja.FunctionCall) goja.Value {
			t := h.newTimer(name, c, 2)
			t.delay, t.repeat = delayOf(c.Argument(1)), repeat
			h.loop.start(t)
			return h.timerObject(t, timeout)
		})
	}
	start("setTimeout", false)
	start("setInterval", true)
	set("setImmediate", 1, func(c goja.FunctionCall) goja.Value {
		t := h.newTimer("setImmediate", c, 1)
		h.loop.know(t)
		h.loop.immediates = append(h.loop.immediates, t)
		return h.timerObject(t, immediate)
	})
	for _, name := range []string{"clearTimeout", "clearInterval", "clearImmediate"} {
		set(name, 1, func(c goja.FunctionCall) goja.Value {
			if t := h.timerOf(c.Argument(0)); t != nil {
				h.loop.cancel(t)
			}
			return goja.Undefined()
		})
	}
}

func (h *Host) newTimer(name string, c goja.FunctionCall, firstArg int) *timer {
	fn, ok := goja.AssertFunction(c.Argument(0))
	if !ok {
		panic(h.rt.NewTypeError("%s: the callback must be a function, not %s", name,
			h.Inspect(c.Argument(0), InspectOptions{Depth: DepthTop})))
	}
	h.loop.lastID++
	t := &timer{id: h.loop.lastID, fn: fn}
	if len(c.Arguments) > firstArg {
		t.args = append(t.args, c.Arguments[firstArg:]...)
	}
	return t
}

// delayOf is a delay in milliseconds. As in Node, one below 1 or above 2^31-1 is 1.
func delayOf(v goja.Value) time.Duration {
	ms := v.ToFloat()
	if !(ms >= 1 && ms <= 1<<31-1) {
		ms = 1
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// timerPrototype has the methods of both kinds of timers (nodejs.org/api/timers.html).
func (h *Host) timerPrototype(class string) *goja.Object {
	proto := h.rt.NewObject()
	method := func(name string, fn func(this goja.Value, t *timer) goja.Value) *goja.Object {
		return h.Function(name, 0, func(c goja.FunctionCall) goja.Value {
			t := h.timerOf(c.This)
			if t == nil {
				panic(h.rt.NewTypeError("%s: this is no %s", name, class))
			}
			return fn(c.This, t)
		})
	}
	hidden := func(name string, fn func(this goja.Value, t *timer) goja.Value) {
		_ = proto.DefineDataProperty(name, method(name, fn), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	}
	hidden("ref", func(this goja.Value, t *timer) goja.Value { h.loop.setWeak(t, false); return this })
	hidden("unref", func(this goja.Value, t *timer) goja.Value { h.loop.setWeak(t, true); return this })
	hidden("hasRef", func(_ goja.Value, t *timer) goja.Value { return h.rt.ToValue(!t.weak) })
	_ = proto.DefineDataPropertySymbol(goja.SymToPrimitive, method("[Symbol.toPrimitive]", func(_ goja.Value, t *timer) goja.Value {
		return h.rt.ToValue(t.id)
	}), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	constructor := h.Function(class, 0, func(goja.FunctionCall) goja.Value {
		panic(h.rt.NewTypeError("%s is made by set%s", class, class))
	})
	_ = proto.DefineDataProperty("constructor", constructor, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	return proto
}

// timerObject is what a script holds of a timer.
func (h *Host) timerObject(t *timer, proto *goja.Object) *goja.Object {
	o := h.rt.CreateObject(proto)
	_ = o.DefineDataPropertySymbol(h.timerKey, h.rt.ToValue(t), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE)
	return o
}

// timerOf is the timer of an object or of a number; nil when there is none.
func (h *Host) timerOf(v goja.Value) *timer {
	o, ok := v.(*goja.Object)
	if !ok {
		return h.loop.byID[v.ToInteger()]
	}
	if held := o.GetSymbol(h.timerKey); held != nil {
		t, _ := held.Export().(*timer)
		return t
	}
	return nil
}
