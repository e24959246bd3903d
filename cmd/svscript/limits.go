package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"runtime/metrics"
	"syscall"
	"time"
)

// Why a run was ended, as context.Cause tells.
var (
	errInterrupted = errors.New("interrupted")
	errPipe        = errors.New("nobody reads the output any more")
)

// limited is a context that ends with Ctrl-C or SIGTERM (a second one ends the program), when stdout breaks, after --timeout, and
// when memory grows beyond --max-memory.
func limited(f *flags, out *output) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	stopSignals := onInterrupt(func(again bool) {
		if again {
			os.Exit(exitInterrupted)
		}
		cancel(errInterrupted)
	})
	out.setBroken(func(error) { cancel(errPipe) })
	stopWatch := func() {}
	if f.maxMemory > 0 {
		stopWatch = watchMemory(f.maxMemory, cancel)
	}
	stop := func() { stopSignals(); stopWatch(); out.setBroken(nil); cancel(nil) }
	if f.timeout > 0 {
		timed, release := context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("--timeout %v", f.timeout))
		return timed, func() { release(); stop() }
	}
	return ctx, stop
}

func (out *output) setBroken(fn func(error)) {
	out.mu.Lock()
	defer out.mu.Unlock()
	out.broken = fn
}

// onInterrupt calls fn at SIGINT and SIGTERM; again is true from the second on. It also keeps SIGPIPE from ending the program, so
// that temporary files go; what was written to the pipe fails instead.
func onInterrupt(fn func(again bool)) (stop func()) {
	signals := make(chan os.Signal, 2)
	pipe := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	signal.Notify(pipe, syscall.SIGPIPE)
	done := make(chan struct{})
	go func() {
		var last time.Time // programs such as timeout send the signal twice for one request
		for again := false; ; {
			select {
			case <-signals:
				if now := time.Now(); now.Sub(last) > repeatAfter {
					fn(again)
					again, last = true, now
				}
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}

// repeatAfter is how far two signals are apart at least that mean two requests.
const repeatAfter = 100 * time.Millisecond

const memoryInterval = 20 * time.Millisecond

// watchMemory makes the collector keep the program's own memory below a limit, and stops the script when that is not enough. A single
// operation that cannot be stopped ends the program at twice the limit.
func watchMemory(limit int64, cancel context.CancelCauseFunc) (stop func()) {
	before := debug.SetMemoryLimit(limit)
	done := make(chan struct{})
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		tick := time.NewTicker(memoryInterval)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			metrics.Read(sample)
			switch used := int64(sample[0].Value.Uint64()); {
			case used > 2*limit:
				fmt.Fprintf(os.Stderr, "svscript: the script was ended: %v\n", memoryError(limit))
				os.Exit(exitScript)
			case used > limit:
				cancel(memoryError(limit))
			}
		}
	}()
	return func() { close(done); debug.SetMemoryLimit(before) }
}

func memoryError(limit int64) error {
	return fmt.Errorf("it needs more memory than --max-memory %s", sizeText(limit))
}

// sizeText is a size as --max-memory takes it, in the largest unit that divides it.
func sizeText(n int64) string {
	units := []string{"", "K", "M", "G", "T"}
	u := 0
	for n != 0 && n%1024 == 0 && u+1 < len(units) {
		n /= 1024
		u++
	}
	return fmt.Sprintf("%d%s", n, units[u])
}
