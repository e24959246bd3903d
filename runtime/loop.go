package runtime

import (
	"container/heap"
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/dop251/goja"
)

// loop holds what a script has yet to do. It runs on the caller's goroutine, unlike goja_nodejs's eventloop, which has its own: a run
// is then a plain call that a context stops, nothing outlives it, and native functions need no hand-over between goroutines.
type loop struct {
	timers     timerHeap
	byID       map[int64]*timer
	immediates []*timer
	lastID     int64
	seq        int64
	weak       int                // of timers, those that a run does not wait for
	async      int                // Go work under way that will send to done
	done       chan func() error  // its results, run here
	stopAsync  context.CancelFunc // of the context that Go work gets
	asyncCtx   context.Context

	rejected []*goja.Promise // rejections that nobody handles so far
}

// timer is a callback to come: of setTimeout, setInterval or setImmediate.
type timer struct {
	id        int64
	when      time.Time
	seq       int64 // timers of one instant run in the order they were set
	every     time.Duration
	fn        goja.Callable
	args      []goja.Value
	cancelled bool
	weak      bool // a run does not wait for it
	index     int
}

type timerHeap []*timer

func (t timerHeap) Len() int { return len(t) }
func (t timerHeap) Less(i, j int) bool {
	if t[i].when.Equal(t[j].when) {
		return t[i].seq < t[j].seq
	}
	return t[i].when.Before(t[j].when)
}
func (t timerHeap) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].index, t[j].index = i, j
}
func (t *timerHeap) Push(x any) { x.(*timer).index = len(*t); *t = append(*t, x.(*timer)) }
func (t *timerHeap) Pop() any {
	old := *t
	last := old[len(old)-1]
	*t = old[:len(old)-1]
	return last
}

// drop forgets everything that was to come.
func (l *loop) drop() {
	l.timers, l.weak, l.immediates, l.byID, l.rejected = nil, 0, nil, nil, nil
	if l.stopAsync != nil {
		l.stopAsync()
	}
	for l.async > 0 { // the work sees its context end; waiting here is what keeps goroutines from outliving the run
		<-l.done
		l.async--
	}
	l.stopAsync, l.asyncCtx = nil, nil
}

// drain runs what is to come until nothing is left, the context ends, or a callback fails.
func (h *Host) drain(ctx context.Context) error {
	l := &h.loop
	for {
		if err := h.unhandled(); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return h.stopped(ctx)
		}
		switch {
		case len(l.immediates) > 0:
			batch := l.immediates
			l.immediates = nil
			for _, t := range batch {
				if err := h.fire(t); err != nil {
					return err
				}
			}
		case len(l.timers) > 0 && !l.timers[0].when.After(time.Now()):
			if err := h.fire(heap.Pop(&l.timers).(*timer)); err != nil {
				return err
			}
		case len(l.timers) == l.weak && l.async == 0:
			return nil
		default:
			if err := h.wait(ctx); err != nil {
				return err
			}
		}
	}
}

// wait sleeps until the next timer is due or Go work is done.
func (h *Host) wait(ctx context.Context) error {
	l := &h.loop
	var due <-chan time.Time
	if len(l.timers) > 0 {
		t := time.NewTimer(time.Until(l.timers[0].when))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-due:
	case fn := <-l.done:
		l.async--
		return fn()
	case <-ctx.Done():
	}
	return nil
}

// stopped is the error of a run whose context ended while it waited: an interrupt without a stack.
func (h *Host) stopped(ctx context.Context) error {
	return h.interruptError(ctx, &goja.InterruptedError{})
}

// fire calls a timer's callback. Promise jobs run before it returns.
func (h *Host) fire(t *timer) error {
	if t.cancelled {
		return nil
	}
	if t.every == 0 {
		delete(h.loop.byID, t.id)
	}
	h.strengthen(t)
	_, err := t.fn(goja.Undefined(), t.args...)
	if err == nil && t.every > 0 && !t.cancelled {
		t.when = time.Now().Add(t.every)
		h.push(t)
	}
	if err == nil {
		err = h.unhandled()
	}
	return err
}

// weaken lets a run end before a timer is due.
func (h *Host) weaken(id int64) {
	if t := h.loop.byID[id]; t != nil && !t.weak {
		t.weak = true
		h.loop.weak++
	}
}

func (h *Host) strengthen(t *timer) {
	if t.weak {
		t.weak = false
		h.loop.weak--
	}
}

func (h *Host) push(t *timer) {
	h.loop.seq++
	t.seq = h.loop.seq
	heap.Push(&h.loop.timers, t)
}

// trackRejection is goja's callback for promises rejected without a handler, and for those that get one later.
func (h *Host) trackRejection(p *goja.Promise, op goja.PromiseRejectionOperation) {
	l := &h.loop
	if op == goja.PromiseRejectionReject {
		l.rejected = append(l.rejected, p)
		return
	}
	for i, q := range l.rejected {
		if q == p {
			l.rejected = append(l.rejected[:i], l.rejected[i+1:]...)
			return
		}
	}
}

// unhandled makes the first rejection that is still without a handler when the promise jobs are done into an error.
func (h *Host) unhandled() error {
	if len(h.loop.rejected) == 0 {
		return nil
	}
	reason := h.loop.rejected[0].Result()
	h.loop.rejected = nil
	return h.exceptionError(h.asException(reason), 0)
}

// Go runs work in a goroutine of its own and returns a promise of its result; the run that started it does not return before the work
// has. The work's context ends with the run, and the work must then return; it must not touch the JavaScript runtime.
func (h *Host) Go(work func(context.Context) (any, error)) goja.Value {
	l := &h.loop
	promise, resolve, reject := h.rt.NewPromise()
	if l.asyncCtx == nil {
		l.asyncCtx, l.stopAsync = context.WithCancel(h.Context())
	}
	ctx := l.asyncCtx
	l.async++
	go func() {
		v, err := guard(ctx, work)
		l.done <- func() error {
			if err != nil {
				return reject(newError(h.rt, err))
			}
			return resolve(v)
		}
	}()
	return h.rt.ToValue(promise)
}

func guard(ctx context.Context, work func(context.Context) (any, error)) (v any, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = panicError(x, "")
		}
	}()
	return work(ctx)
}

// installTimers defines the timer functions of browsers and Node.
func (h *Host) installTimers() {
	set := func(name string, length int, fn func(goja.FunctionCall) goja.Value) {
		h.global(name, h.Function(name, length, fn))
	}
	set("setTimeout", 2, func(c goja.FunctionCall) goja.Value { return h.schedule("setTimeout", c, false) })
	set("setInterval", 2, func(c goja.FunctionCall) goja.Value { return h.schedule("setInterval", c, true) })
	set("setImmediate", 1, func(c goja.FunctionCall) goja.Value {
		t := h.newTimer("setImmediate", c, 1)
		h.loop.immediates = append(h.loop.immediates, t)
		return h.rt.ToValue(t.id)
	})
	for _, name := range []string{"clearTimeout", "clearInterval", "clearImmediate"} {
		set(name, 1, h.clearTimer)
	}
}

func (h *Host) newTimer(name string, c goja.FunctionCall, firstArg int) *timer {
	fn, ok := goja.AssertFunction(c.Argument(0))
	if !ok {
		panic(h.rt.NewTypeError("%s: the callback must be a function, not %s", name,
			h.Inspect(c.Argument(0), InspectOptions{Depth: DepthTop})))
	}
	l := &h.loop
	l.lastID++
	t := &timer{id: l.lastID, fn: fn}
	if len(c.Arguments) > firstArg {
		t.args = append(t.args, c.Arguments[firstArg:]...)
	}
	if l.byID == nil {
		l.byID = make(map[int64]*timer)
	}
	l.byID[t.id] = t
	return t
}

func (h *Host) schedule(name string, c goja.FunctionCall, repeat bool) goja.Value {
	t := h.newTimer(name, c, 2)
	// As in Node, a delay below one millisecond or above 2^31-1 is one millisecond.
	ms := c.Argument(1).ToFloat()
	if !(ms >= 1 && ms <= 1<<31-1) {
		ms = 1
	}
	delay := time.Duration(ms * float64(time.Millisecond))
	if repeat {
		t.every = delay
	}
	t.when = time.Now().Add(delay)
	h.push(t)
	return h.rt.ToValue(t.id)
}

func (h *Host) clearTimer(c goja.FunctionCall) goja.Value {
	l := &h.loop
	v := c.Argument(0)
	if _, isObject := v.(*goja.Object); isObject {
		return goja.Undefined()
	}
	id := v.ToInteger()
	t := l.byID[id]
	if t == nil {
		return goja.Undefined()
	}
	t.cancelled = true
	h.strengthen(t)
	delete(l.byID, id)
	if t.index < len(l.timers) && l.timers[t.index] == t {
		heap.Remove(&l.timers, t.index)
	}
	return goja.Undefined()
}

// await gives a settled promise's value once everything is done, weak timers too if nothing else is to settle it. One that is still
// pending then will stay so for ever.
func (h *Host) await(ctx context.Context, v goja.Value) (goja.Value, error) {
	if err := h.drain(ctx); err != nil {
		return nil, err
	}
	p, ok := promiseOf(v)
	for ok && p.State() == goja.PromiseStatePending && h.loop.weak > 0 {
		h.strengthen(h.loop.timers[0])
		if err := h.drain(ctx); err != nil {
			return nil, err
		}
	}
	if !ok {
		return v, nil
	}
	switch p.State() {
	case goja.PromiseStateFulfilled:
		return p.Result(), nil
	case goja.PromiseStateRejected:
		return nil, h.exceptionError(h.asException(p.Result()), 0)
	}
	return nil, errPending
}

var errPending = fmt.Errorf("the script awaits a promise that nothing will ever settle")

var promiseType = reflect.TypeFor[*goja.Promise]()

func promiseOf(v goja.Value) (*goja.Promise, bool) {
	o, ok := v.(*goja.Object)
	if !ok || o.ExportType() != promiseType {
		return nil, false
	}
	p, ok := o.Export().(*goja.Promise)
	return p, ok
}
