package bindings

import (
	"context"
	"iter"
	goruntime "runtime"
	"runtime/debug"

	"github.com/dop251/goja"
)

const iteratorMember = "[Symbol.iterator]"

var sequenceClass = Class{
	Name: "Sequence", TypeParams: "<T>",
	Help: "Results that are found as they are asked for. Each loop over it begins anew, and leaving a loop ends the work.",
	Members: []*Member{
		{Name: iteratorMember, Type: "IterableIterator<T>", Help: "For for…of and the spread operator.", native: on((*sequence).iterator)},
		{Name: "map", TypeParams: "<U>", Args: []Arg{{Name: "callback", Type: "(value: T, index: number) => U"}}, Type: "Sequence<U>",
			Help: "A sequence of what the callback makes of each value.", native: on((*sequence).mapped)},
		{Name: "filter", Args: []Arg{{Name: "callback", Type: "(value: T, index: number) => unknown"}}, Type: "Sequence<T>",
			Help: "A sequence of the values for which the callback is true.", native: on((*sequence).filtered)},
		{Name: "take", Args: []Arg{{Name: "count", Type: "number"}}, Type: "Sequence<T>",
			Help: "A sequence of the first values; the work ends after them.", native: on((*sequence).take)},
		{Name: "drop", Args: []Arg{{Name: "count", Type: "number"}}, Type: "Sequence<T>", Help: "A sequence without the first values.",
			native: on((*sequence).drop)},
		{Name: "toArray", Type: "T[]", Help: "All values.", native: on((*sequence).toArray)},
		{Name: "forEach", Args: []Arg{{Name: "callback", Type: "(value: T, index: number) => void"}}, Type: "void",
			Help: "Calls the callback with each value.", native: on((*sequence).forEach)},
		{Name: "first", Type: "T | undefined", Help: "The first value; undefined when there is none.", native: on((*sequence).first)},
		{Name: "find", Args: []Arg{{Name: "callback", Type: "(value: T, index: number) => unknown"}}, Type: "T | undefined",
			Help: "The first value for which the callback is true; undefined when there is none.", native: on((*sequence).find)},
		{Name: "some", Args: []Arg{{Name: "callback", Type: "(value: T, index: number) => unknown"}}, Type: "boolean",
			Help: "Whether the callback is true for a value.", native: on((*sequence).some)},
		{Name: "every", Args: []Arg{{Name: "callback", Type: "(value: T, index: number) => unknown"}}, Type: "boolean",
			Help: "Whether the callback is true for all values.", native: on((*sequence).every)},
		{Name: "count", Type: "number", Help: "The number of values.", native: on((*sequence).count)},
		{Name: "reduce", TypeParams: "<U>",
			Args: []Arg{{Name: "callback", Type: "(result: U, value: T, index: number) => U"}, {Name: "initial", Type: "U", Optional: true}},
			Type: "U", Help: "The callback's result, called with the last result and each value. Without initial, the first value is it.",
			native: on((*sequence).reduce),
			Overloads: []Overload{
				{Args: []Arg{{Name: "callback", Type: "(result: T, value: T, index: number) => T"}}, Type: "T"},
				{TypeParams: "<U>", Args: []Arg{{Name: "callback", Type: "(result: U, value: T, index: number) => U"}, {Name: "initial", Type: "U"}}, Type: "U"},
			}},
		{Name: "skipped", Kind: Property, Type: "Skip[]", Help: "What the last loop wanted to see and could not, in address order.",
			native: on((*sequence).skipped)},
		{Name: "complete", Kind: Property, Type: "boolean",
			Help:   "Whether the last loop came to the end and skipped nothing. It is false before a loop, and after one that was left early.",
			native: on((*sequence).complete)},
	},
}

// A source gives the values of one loop. After next reported the end, or stop, it is used no more.
type source interface {
	next() (v goja.Value, ok bool)
	stop()
}

// A sequence is the Go side of a Sequence.
type sequence struct {
	b    *Bindings
	open func() source
	root *coverage
}

// coverage tells about the last loop over a sequence, and those made of it.
type coverage struct {
	skipped  func() []goja.Value // nil: nothing can be skipped
	complete func() bool         // nil: to be at the end is enough
	ended    bool
}

// sequence makes a Sequence. cover may be nil.
func (b *Bindings) sequence(open func() source, cover *coverage) *goja.Object {
	if cover == nil {
		cover = &coverage{}
	}
	return b.hold("Sequence", &sequence{b, func() source {
		cover.ended = false
		src := open()
		b.loops++
		return &coverSource{src, cover, b, false}
	}, cover})
}

// coverSource notes that its source came to the end.
type coverSource struct {
	source
	cover *coverage
	b     *Bindings
	over  bool
}

func (s *coverSource) next() (goja.Value, bool) {
	v, ok := s.source.next()
	if !ok {
		s.cover.ended = true
		s.leave()
	}
	return v, ok
}

func (s *coverSource) stop() {
	s.source.stop()
	s.leave()
}

// leave counts the loop out.
func (s *coverSource) leave() {
	if s.over {
		return
	}
	s.over = true
	s.b.loops--
	s.b.closeIdle()
}

// derived makes a Sequence whose values come out of this one's.
func (s *sequence) derived(wrap func(source) source) goja.Value {
	return s.b.hold("Sequence", &sequence{s.b, func() source { return wrap(s.open()) }, s.root})
}

func (s *sequence) skipped(call) goja.Value {
	if s.root.skipped == nil {
		return s.b.rt.NewArray()
	}
	return s.b.array(s.root.skipped())
}

func (s *sequence) complete(c call) goja.Value {
	return c.b.boolean(s.root.ended && (s.root.complete == nil || s.root.complete()))
}

// each loops until fn returns false. The source is stopped whatever happens.
func (s *sequence) each(fn func(v goja.Value, i int) bool) {
	src := s.open()
	defer src.stop()
	for i := 0; ; i++ {
		v, ok := src.next()
		if !ok || !fn(v, i) {
			return
		}
	}
}

// invoke calls a script's function; what it throws goes on.
func (b *Bindings) invoke(fn goja.Callable, args ...goja.Value) goja.Value {
	v, err := fn(goja.Undefined(), args...)
	if err != nil {
		b.must(err)
	}
	return v
}

func (s *sequence) mapped(c call) goja.Value {
	fn := c.callback(0)
	return s.derived(func(src source) source { return &mapSource{src, s.b, fn, 0} })
}

type mapSource struct {
	source
	b  *Bindings
	fn goja.Callable
	i  int
}

func (m *mapSource) next() (goja.Value, bool) {
	v, ok := m.source.next()
	if !ok {
		return nil, false
	}
	m.i++
	return m.b.invoke(m.fn, v, m.b.rt.ToValue(m.i-1)), true
}

func (s *sequence) filtered(c call) goja.Value {
	fn := c.callback(0)
	return s.derived(func(src source) source { return &filterSource{mapSource{src, s.b, fn, 0}} })
}

type filterSource struct{ mapSource }

func (f *filterSource) next() (goja.Value, bool) {
	for {
		v, ok := f.source.next()
		if !ok {
			return nil, false
		}
		f.i++
		if f.b.invoke(f.fn, v, f.b.rt.ToValue(f.i-1)).ToBoolean() {
			return v, true
		}
	}
}

func (s *sequence) take(c call) goja.Value {
	n := c.integer(0, 0, maxSafeInteger)
	return s.derived(func(src source) source { return &takeSource{src, n} })
}

// takeSource stops the work as soon as the last value is out, not when one more is asked for.
type takeSource struct {
	source
	left uint64
}

func (t *takeSource) next() (goja.Value, bool) {
	if t.left == 0 {
		return nil, false
	}
	t.left--
	v, ok := t.source.next()
	if t.left == 0 {
		t.stop()
	}
	return v, ok
}

func (s *sequence) drop(c call) goja.Value {
	n := c.integer(0, 0, maxSafeInteger)
	return s.derived(func(src source) source { return &dropSource{src, n} })
}

type dropSource struct {
	source
	left uint64
}

func (d *dropSource) next() (goja.Value, bool) {
	for ; d.left > 0; d.left-- {
		if _, ok := d.source.next(); !ok {
			d.left = 0
			return nil, false
		}
	}
	return d.source.next()
}

func (s *sequence) toArray(c call) goja.Value {
	var items []goja.Value
	s.each(func(v goja.Value, _ int) bool { items = append(items, v); return true })
	return c.b.array(items)
}

func (s *sequence) forEach(c call) goja.Value {
	fn := c.callback(0)
	s.each(func(v goja.Value, i int) bool { c.b.invoke(fn, v, c.b.rt.ToValue(i)); return true })
	return goja.Undefined()
}

func (s *sequence) first(call) goja.Value {
	first := goja.Undefined()
	s.each(func(v goja.Value, _ int) bool { first = v; return false })
	return first
}

// search loops until the callback's truth is as wanted, and returns that value.
func (s *sequence) search(c call, wanted bool) (found goja.Value) {
	fn := c.callback(0)
	s.each(func(v goja.Value, i int) bool {
		if c.b.invoke(fn, v, c.b.rt.ToValue(i)).ToBoolean() == wanted {
			found = v
		}
		return found == nil
	})
	return found
}

func (s *sequence) find(c call) goja.Value {
	if v := s.search(c, true); v != nil {
		return v
	}
	return goja.Undefined()
}

func (s *sequence) some(c call) goja.Value  { return c.b.boolean(s.search(c, true) != nil) }
func (s *sequence) every(c call) goja.Value { return c.b.boolean(s.search(c, false) == nil) }

func (s *sequence) count(c call) goja.Value {
	n := 0
	s.each(func(goja.Value, int) bool { n++; return true })
	return c.b.rt.ToValue(n)
}

func (s *sequence) reduce(c call) goja.Value {
	fn := c.callback(0)
	var result goja.Value
	if len(c.Arguments) > 1 {
		result = c.Arguments[1]
	}
	s.each(func(v goja.Value, i int) bool {
		if result == nil {
			result = v
		} else {
			result = c.b.invoke(fn, result, v, c.b.rt.ToValue(i))
		}
		return true
	})
	if result == nil {
		c.throwType("Sequence.reduce: there are no values, and no initial one was given")
	}
	return result
}

// sequenceIteratorClass is what a sequence gives to for…of.
var sequenceIteratorClass = Class{
	Name: "SequenceIterator", TypeParams: "<T>", Kind: KindRecord,
	Help: "An iterator over a Sequence, as for…of uses it.",
	Members: []*Member{
		{Name: "next", Type: "IteratorResult<T, undefined>", Help: "The next value, as {value, done}.", native: on((*seqIterator).next)},
		{Name: "return", Args: []Arg{{Name: "value", Type: "unknown", Optional: true}}, Type: "IteratorResult<T, undefined>",
			Help: "Ends the work.", native: on((*seqIterator).finish)},
		{Name: iteratorMember, Type: "SequenceIterator<T>", Help: "Itself.", native: on(func(_ *seqIterator, c call) goja.Value { return c.This })},
	},
}

type seqIterator struct {
	b   *Bindings
	src source // nil when done
}

func (s *sequence) iterator(c call) goja.Value {
	return c.b.hold("SequenceIterator", &seqIterator{c.b, s.open()})
}

func (it *seqIterator) next(c call) goja.Value {
	if it.src == nil {
		return it.result(goja.Undefined(), true)
	}
	ended := true // also when next throws
	defer func() {
		if ended && it.src != nil {
			it.src.stop()
			it.src = nil
		}
	}()
	v, ok := it.src.next()
	if !ok {
		return it.result(goja.Undefined(), true)
	}
	ended = false
	return it.result(v, false)
}

func (it *seqIterator) finish(c call) goja.Value {
	if it.src != nil {
		it.src.stop()
		it.src = nil
	}
	return it.result(c.Argument(0), true)
}

func (it *seqIterator) result(v goja.Value, done bool) goja.Value {
	o := it.b.rt.NewObject()
	it.b.set(o, "value", v)
	it.b.set(o, "done", it.b.boolean(done))
	return o
}

// noSource is empty.
type noSource struct{}

func (noSource) next() (goja.Value, bool) { return nil, false }
func (noSource) stop()                    {}

// A pullSource takes values from a Go sequence, which runs as a coroutine: only Go code, never the script.
type pullSource[T any] struct {
	b       *Bindings
	pull    func() (T, bool)
	halt    func()
	cancel  context.CancelFunc // of the work's context; nil when it has none
	convert func(T) goja.Value
}

// pull makes a source of a Go sequence. w, which may be nil, is the work that the sequence does.
func pull[T any](b *Bindings, seq iter.Seq[T], w *work, convert func(T) goja.Value) source {
	next, stop := iter.Pull(func(yield func(T) bool) {
		// The host's guard against truncated files is the goroutine's; this one is another.
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		seq(yield)
	})
	s := &pullSource[T]{b: b, pull: next, halt: stop, convert: convert}
	if w != nil {
		s.cancel = w.cancel
		s.halt = func() {
			w.cancel()
			stop()
			w.finish()
		}
	}
	goruntime.AddCleanup(s, func(halt func()) { halt() }, s.halt) // for an iterator that a script forgot halfway
	return s
}

func (s *pullSource[T]) next() (goja.Value, bool) {
	x, ok := s.pullInRun()
	s.b.host.CheckInterrupt()
	if !ok {
		return nil, false
	}
	return s.convert(x), true
}

// pullInRun lets the end of the run end the work. An iterator may outlive the run that made it, so the two are tied for one step.
func (s *pullSource[T]) pullInRun() (T, bool) {
	if run := s.b.host.Context(); s.cancel != nil && run.Done() != nil {
		untie := context.AfterFunc(run, s.cancel)
		defer untie()
	}
	return s.pull()
}

func (s *pullSource[T]) stop() { s.halt() }
