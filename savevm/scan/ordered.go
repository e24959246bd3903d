package scan

import (
	"context"
	"iter"
	"runtime"
	"sync"
)

// ordered does jobs on several goroutines and yields their outcomes in the order of the jobs. worker makes the function that a
// goroutine does its jobs with, and which may end a long one when its context is done; an outcome is reused and belongs to the
// consumer until the next one is asked for. At most
// two outcomes a worker exist at a time. When the consumer stops, the goroutines end before the sequence returns; when ctx is done,
// the sequence ends early.
//
// The jobs themselves are drawn in the consumer's goroutine, and a sole job is done there.
func ordered[J, O any](ctx context.Context, workers int, jobs iter.Seq[J], worker func(context.Context) func(J, *O)) iter.Seq[*O] {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return func(yield func(*O) bool) {
		next, stop := iter.Pull(jobs)
		defer stop()
		job, ok := next()
		if !ok || ctx.Err() != nil {
			return
		}
		second, more := next()
		if !more {
			var out O
			worker(ctx)(job, &out)
			yield(&out)
			return
		}
		ring := newRing(ctx, workers, worker)
		defer ring.close()
		ring.start(job)
		ring.start(second)
		for {
			for more && ring.free() {
				if job, more = next(); more {
					ring.start(job)
				}
			}
			out := ring.oldest()
			if out == nil || ctx.Err() != nil || !yield(out) {
				return
			}
			ring.release()
		}
	}
}

// A ring is the jobs under way, oldest first.
type ring[J, O any] struct {
	slots    []*slot[J, O]
	head, n  int
	todo     chan *slot[J, O]
	stopping context.Context
	stop     context.CancelFunc
	done     sync.WaitGroup
}

type slot[J, O any] struct {
	job   J
	out   O
	ready chan any // the value of a panic, or nil
}

func newRing[J, O any](ctx context.Context, workers int, worker func(context.Context) func(J, *O)) *ring[J, O] {
	r := &ring[J, O]{slots: make([]*slot[J, O], 2*workers), todo: make(chan *slot[J, O], 2*workers)}
	r.stopping, r.stop = context.WithCancel(ctx)
	for i := range r.slots {
		r.slots[i] = &slot[J, O]{ready: make(chan any, 1)}
	}
	for range workers {
		r.done.Go(func() {
			var do func(J, *O)
			for s := range r.todo {
				s.ready <- r.attempt(func() {
					if do == nil {
						do = worker(r.stopping)
					}
					do(s.job, &s.out)
				})
			}
		})
	}
	return r
}

// attempt runs f unless the ring is stopping, and returns what f panicked with.
func (r *ring[J, O]) attempt(f func()) (panicked any) {
	defer func() { panicked = recover() }()
	if r.stopping.Err() == nil {
		f()
	}
	return nil
}

func (r *ring[J, O]) free() bool { return r.n < len(r.slots) }

func (r *ring[J, O]) start(job J) {
	s := r.slots[(r.head+r.n)%len(r.slots)]
	s.job = job
	r.n++
	r.todo <- s
}

// oldest waits for the outcome of the oldest job; nil when there is none. A worker's panic goes on here, where the caller of
// the sequence can recover it.
func (r *ring[J, O]) oldest() *O {
	if r.n == 0 {
		return nil
	}
	s := r.slots[r.head]
	if p := <-s.ready; p != nil {
		panic(p)
	}
	return &s.out
}

func (r *ring[J, O]) release() {
	r.head = (r.head + 1) % len(r.slots)
	r.n--
}

func (r *ring[J, O]) close() {
	r.stop()
	close(r.todo)
	r.done.Wait()
}
