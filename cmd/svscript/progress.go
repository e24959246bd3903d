package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/svscript/svscript/bindings"
)

// progress is the line on stderr that shows how far long work has come. It is guarded by output.mu.
type progress struct {
	enabled bool
	width   func() int
	work    []*work
	shown   bool
	drawn   time.Time
}

// work is one piece of work under way.
type work struct {
	id          uint64
	label       string
	started     time.Time
	done, total float64
}

const (
	progressAfter = 500 * time.Millisecond
	progressEvery = 100 * time.Millisecond
)

// report takes what the bindings say of a piece of work.
func (out *output) report(r bindings.Progress) {
	if !out.progress.enabled {
		return
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	out.progress.update(out.stderr, r, time.Now())
}

func (p *progress) update(w io.Writer, r bindings.Progress, now time.Time) {
	i := slices.IndexFunc(p.work, func(x *work) bool { return x.id == r.ID })
	if r.Finished {
		if i >= 0 {
			p.work = slices.Delete(p.work, i, i+1)
		}
		if len(p.work) == 0 {
			p.clear(w)
		}
		return
	}
	if i < 0 {
		p.work = append(p.work, &work{id: r.ID, started: now})
		i = len(p.work) - 1
	}
	x := p.work[i]
	x.label, x.done, x.total = r.Label, r.Done, r.Total
	if now.Sub(x.started) >= progressAfter && now.Sub(p.drawn) >= progressEvery {
		p.drawn = now
		p.shown = true
		line := x.line(now)
		if most := p.width() - 1; runewidth.StringWidth(line) > most {
			line = runewidth.Truncate(line, most, "")
		}
		_, _ = io.WriteString(w, "\r\x1b[K"+line)
	}
}

// clear takes the line away, before something else is printed and at the end.
func (p *progress) clear(w io.Writer) {
	if p.shown {
		_, _ = io.WriteString(w, "\r\x1b[K")
		p.shown = false
	}
}

// forget drops work that its script left unfinished.
func (out *output) forgetProgress() {
	out.mu.Lock()
	defer out.mu.Unlock()
	out.progress.clear(out.stderr)
	out.progress.work = nil
}

// line is "label  42%  1.2 GB/s  3 s left".
func (x *work) line(now time.Time) string {
	parts := []string{cmp.Or(oneLine(x.label), "working")}
	elapsed := now.Sub(x.started).Seconds()
	if x.total > 0 {
		parts = append(parts, fmt.Sprintf("%3.0f%%", 100*min(x.done/x.total, 1)))
	}
	if x.done > 0 && elapsed > 0 {
		rate := x.done / elapsed
		parts = append(parts, amount(rate)+"/s")
		if left := (x.total - x.done) / rate; x.total > 0 && left >= 0 {
			parts = append(parts, duration(left)+" left")
		}
	}
	return strings.Join(parts, "  ")
}

// amount is a number with three digits and a decimal prefix. Work counts in units of its own.
func amount(x float64) string {
	for _, unit := range []string{"", " k", " M", " G"} {
		if x < 1000 {
			if x < 10 {
				return fmt.Sprintf("%.1f%s", x, unit)
			}
			return fmt.Sprintf("%.0f%s", x, unit)
		}
		x /= 1000
	}
	return fmt.Sprintf("%.1f T", x)
}

func duration(seconds float64) string {
	d := time.Duration(min(seconds, 1e6) * float64(time.Second))
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return d.Round(time.Second).String()
}
