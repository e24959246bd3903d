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
	weak       int                // of those in timers, how many a run does not wait for
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
	delay     time.Duration
	repeat    bool
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
			t := l.timers[0]
			l.remove(t)
			if err := h.fire(t); err != nil {
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
	if !t.repeat {
		delete(h.loop.byID, t.id)
	}
	_, err := t.fn(goja.Undefined(), t.args...)
	if err == nil && t.repeat && !t.cancelled && !h.loop.holds(t) { // its callback may have started it anew
		h.loop.start(t)
	}
	if err == nil {
		err = h.unhandled()
	}
	return err
}

// start lets a timer wait for its delay from now on.
func (l *loop) start(t *timer) {
	l.remove(t)
	l.know(t)
	l.seq++
	t.seq, t.when = l.seq, time.Now().Add(t.delay)
	heap.Push(&l.timers, t)
	if t.weak {
		l.weak++
	}
}

// know lets a timer be found by its ID.
func (l *loop) know(t *timer) {
	if l.byID == nil {
		l.byID = make(map[int64]*timer)
	}
	l.byID[t.id] = t
}

func (l *loop) holds(t *timer) bool { return t.index < len(l.timers) && l.timers[t.index] == t }

func (l *loop) remove(t *timer) {
	if !l.holds(t) {
		return
	}
	heap.Remove(&l.timers, t.index)
	if t.weak {
		l.weak--
	}
}

// cancel stops a timer for good.
func (l *loop) cancel(t *timer) {
	t.cancelled = true
	l.remove(t)
	delete(l.byID, t.id)
}

// setWeak says whether a run may end before a timer is due.
func (l *loop) setWeak(t *timer, weak bool) {
	if t.weak == weak {
		return
	}
	t.weak = weak
	switch {
	case !l.holds(t):
	case weak:
		l.weak++
	default:
		l.weak--
	}
}

// firstWeak is the first to come of the timers that a run does not wait for and that end by themselves; nil when there is none.
func (l *loop) firstWeak() *timer {
	var first *timer
	for _, t := range l.timers {
		if t.weak && !t.repeat && (first == nil || t.when.Before(first.when)) {
			first = t
		}
	}
	return first
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

// await gives a settled promise's value once everything is done, weak timers too if nothing else is to settle it. One that is still
// pending then will stay so for ever.
func (h *Host) await(ctx context.Context, v goja.Value) (goja.Value, error) {
	if err := h.drain(ctx); err != nil {
		return nil, err
	}
	p, ok := promiseOf(v)
	for ok && p.State() == goja.PromiseStatePending {
		t := h.loop.firstWeak()
		if t == nil {
			break
		}
		h.loop.setWeak(t, false)
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
