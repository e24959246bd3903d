package scan

import (
	"context"
	"iter"
	"slices"

	"github.com/svscript/svscript/savevm/memory"
)

// Variables, so that tests can shrink them.
var (
	blockSize = 64 << 10 // what is searched for all patterns before going on, to stay in the cache
	maxHits   = 1 << 14  // hits that are kept of a chunk ahead of the consumer, give or take a block
)

// Options say where and how to search. The zero value searches everything at every address.
type Options struct {
	First, Last uint64 // the range, inclusive; a Last of 0 stands for the end of the space
	Align       uint64 // matches start at multiples of it only; 0 and 1: anywhere
	Limit       int    // stop after so many hits; 0: none
	Workers     int    // goroutines; 0: GOMAXPROCS
	// Progress, when not nil, is called now and then from the goroutine that ranges over the hits: bytes seen so far, and in all.
	Progress func(done, total uint64)
}

// A Hit is a match.
type Hit struct {
	Address uint64
	Pattern int    // its index in the list given to Scan
	Length  int    // in bytes
	Bytes   []byte // what matched; valid until the next hit is asked for
}

// A Result is a search. It is for one goroutine at a time.
type Result struct {
	Coverage
	ctx      context.Context
	mem      memory.Memory
	patterns []Pattern
	opts     Options
	matchers []matcher
	before   int
	after    int
	shared   *shared // nil: nothing is
}

// Scan searches for all patterns at once. The work is done while [Result.Hits] is ranged over. Faults of the
// arguments show in [Coverage.Err].
func Scan(ctx context.Context, mem memory.Memory, patterns []Pattern, opts Options) *Result {
	opts.First, opts.Last = bounds(opts.First, opts.Last)
	r := &Result{ctx: ctx, mem: mem, patterns: patterns, opts: opts}
	if r.err = check(patterns); r.err != nil {
		return r
	}
	r.matchers = matchers(patterns, opts.Align)
	for i := range patterns {
		before, after := patterns[i].context()
		r.before, r.after = max(r.before, before), max(r.after, after)
	}
	return r
}

// Hits yields the matches in the order of address, and of the patterns where several match at one. Each loop searches anew.
func (r *Result) Hits() iter.Seq[Hit] {
	return func(yield func(Hit) bool) {
		r.begin()
		if r.err = check(r.patterns); r.err != nil {
			return
		}
		finished := r.search(yield)
		r.end(r.ctx, finished)
	}
}

// search reports whether it got to the end.
func (r *Result) search(yield func(Hit) bool) (finished bool) {
	var done, total uint64
	if r.opts.Progress != nil {
		total = size(r.mem, r.opts.First, r.opts.Last)
	}
	r.shared = newShared(r)
	chunks := planner{first: r.opts.First, last: r.opts.Last, before: r.before, after: r.after, idle: r.idleOver(), shared: r.shared}.chunks(r.mem)
	late := newSearcher(r.ctx, r) // does what the workers leave
	ends := make([]uint64, len(r.patterns))
	count := 0
	worker := func(ctx context.Context) func(chunk, *scanned) { return newSearcher(ctx, r).search }
	for s := range ordered(r.ctx, r.opts.Workers, chunks, worker) {
		late.settle(s)
		r.cover(&s.window)
		late.join(s, ends)
		for from := s.before; ; {
			late.share(s, from)
			for _, h := range s.hits {
				if !yield(s.hit(h)) {
					return false
				}
				if count++; count == r.opts.Limit {
					return false
				}
			}
			if s.kind != work || s.finished() || r.ctx.Err() != nil {
				break
			}
			from = s.next
			s.hits = s.hits[:0]
			late.advance(s)
		}
		late.leave(s, ends)
		if r.opts.Progress != nil && s.kind != lost {
			done += s.size
			r.opts.Progress(done, total)
		}
	}
	return r.ctx.Err() == nil
}

// idleOver tells for which byte values no pattern matches in a run of them.
func (r *Result) idleOver() func(byte) bool {
	var known, matches [256]bool
	return func(b byte) bool {
		if !known[b] {
			known[b] = true
			matches[b] = slices.ContainsFunc(r.patterns, func(p Pattern) bool { return p.ofByte(b) })
		}
		return !matches[b]
	}
}

// A scanned is a chunk with hits in it: those that start in buf[before:next].
type scanned struct {
	window
	next  int
	hits  []hit
	ahead []int // by regular expression: where its last match ends
}

func (s *scanned) finished() bool {
	_, end := s.owned()
	return s.next >= end
}

func (s *scanned) hit(h hit) Hit {
	return Hit{s.start + uint64(h.at), int(h.pattern), int(h.length), s.buf[h.at : h.at+h.length : h.at+h.length]}
}

// A searcher searches chunks in one goroutine.
type searcher struct {
	*Result
	stopping context.Context
	regexps  []*regexpMatcher
}

func newSearcher(ctx context.Context, r *Result) *searcher {
	s := &searcher{Result: r, stopping: ctx}
	for i := range r.patterns {
		if r.patterns[i].regexp != nil {
			s.regexps = append(s.regexps, newRegexpMatcher(&r.patterns[i], i, r.opts.Align))
		}
	}
	return s
}

// search begins a chunk.
func (s *searcher) search(c chunk, out *scanned) {
	out.load(s.mem, c)
	out.hits = out.hits[:0]
	out.next = out.before
	out.ahead = slices.Grow(out.ahead[:0], len(s.regexps))[:len(s.regexps)]
	clear(out.ahead)
	if c.kind == work {
		s.advance(out)
	}
}

// advance searches on, until the end of the chunk or until there are many hits.
func (s *searcher) advance(w *scanned) {
	_, end := w.owned()
	for w.next < end && len(w.hits) < maxHits && s.stopping.Err() == nil {
		to := min(w.next+blockSize, end)
		for _, g := range w.segments {
			if from, to := max(w.next, g.from), min(to, g.to); from < to {
				s.block(w, g, from, to)
			}
		}
		w.next = to
	}
}

// block searches for what starts in buf[from:to], which lies in segment g.
func (s *searcher) block(w *scanned, g segment, from, to int) {
	text, address, n := w.buf[g.from:g.to], w.start+uint64(g.from), len(w.hits)
	for _, m := range s.matchers {
		k := len(w.hits)
		w.hits = m.find(text, from-g.from, to-g.from, address, w.hits)
		for i := k; g.from > 0 && i < len(w.hits); i++ {
			w.hits[i].at += int32(g.from)
		}
	}
	for i, m := range s.regexps {
		for at := max(from, w.ahead[i]); at < to; at = w.ahead[i] {
			h, ok := m.in(w, g, at, to)
			if !ok {
				break
			}
			w.hits = append(w.hits, h)
			w.ahead[i] = int(h.at + h.length)
		}
	}
	arrange(w.hits[n:])
}

// in finds the first match that starts in buf[from:to], which lies in segment g.
func (m *regexpMatcher) in(w *scanned, g segment, from, to int) (hit, bool) {
	start, end := m.next(w.buf[g.from:g.to], from-g.from, to-g.from, w.start+uint64(g.from))
	return hit{int32(g.from + start), int32(end - start), m.index}, start >= 0
}

// join makes a chunk's matches of regular expressions follow on those of the chunks before, of which one may reach into this
// one: the worker did not know. ends holds, by regular expression, the address after its last match; 0: none.
func (s *searcher) join(w *scanned, ends []uint64) {
	if w.kind != work {
		return
	}
	changed := false
	for i, m := range s.regexps {
		if ends[i] > w.base {
			w.ahead[i] = s.rejoin(w, m, w.before+int(min(ends[i]-w.base, w.size+MaxMatch)))
			changed = true
		}
	}
	if changed {
		arrange(w.hits)
	}
}

// rejoin searches anew from buf[from:] on, until it comes upon a match that the worker has found: from there on they agree. It returns
// the end of the last match, or from.
func (s *searcher) rejoin(w *scanned, m *regexpMatcher, from int) (end int) {
	var kept []hit
	known := 0 // the worker's matches before it are dealt with
	mine := w.hits[:0:0]
	rest := w.hits[:0]
	for _, h := range w.hits {
		if h.pattern == m.index {
			mine = append(mine, h)
		} else {
			rest = append(rest, h)
		}
	}
	for _, g := range w.segments {
		at := max(from, g.from)
		for to := min(w.next, g.to); at < to; {
			h, ok := m.in(w, g, at, to)
			if !ok {
				break
			}
			for known < len(mine) && mine[known].at < h.at {
				known++
			}
			if known < len(mine) && mine[known].at == h.at {
				kept = append(kept, mine[known:]...)
				w.hits = append(rest, kept...)
				last := mine[len(mine)-1]
				return int(last.at + last.length)
			}
			kept = append(kept, h)
			at = int(h.at + h.length)
			from = at
		}
	}
	w.hits = append(rest, kept...)
	return from
}

// leave notes where the chunk's last matches of regular expressions end.
func (s *searcher) leave(w *scanned, ends []uint64) {
	if w.kind != work {
		return
	}
	for i := range s.regexps {
		if w.ahead[i] > w.before {
			ends[i] = w.start + uint64(w.ahead[i])
		}
	}
}
