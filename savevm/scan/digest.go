package scan

import (
	"bytes"
	"context"
	"crypto/sha256"
	"hash"
	"hash/crc32"
	"iter"
	"math"

	"github.com/svscript/svscript/savevm/memory"
)

// Digest writes the bytes from first to last (inclusive; a last of 0 stands for the end of the space) to h, in order. A digest is of all
// the bytes or of none: at the first that cannot be read it fails with a [*memory.Error], also where nothing is mapped.
func Digest(ctx context.Context, mem memory.Memory, first, last uint64, h hash.Hash) error {
	first, last = bounds(first, last)
	buf := make([]byte, min(256<<10, last-first|1023))
	next := first
	for e := range mem.Extents(first, last) {
		if e.Base != next || e.Kind != memory.Data && e.Kind != memory.Fill {
			break
		}
		if err := digestExtent(ctx, mem, e, buf, h); err != nil {
			return err
		}
		if e.Last() == last {
			return nil
		}
		next = e.Last() + 1
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// Reading tells why in the memory's own words.
	_, err := mem.ReadMemory(buf[:1], next)
	if err == nil {
		err = &memory.Error{Address: next, Length: last - first + 1, Reason: memory.ReasonUnmapped}
	}
	return err
}

func digestExtent(ctx context.Context, mem memory.Memory, e memory.Extent, buf []byte, h hash.Hash) error {
	if e.Kind == memory.Fill {
		for i := range buf[:min(uint64(len(buf)), e.Size)] {
			buf[i] = e.Fill
		}
	}
	for done := uint64(0); done < e.Size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := buf[:min(uint64(len(buf)), e.Size-done)]
		if e.Kind == memory.Data {
			if _, err := mem.ReadMemory(p, e.Base+done); err != nil {
				return err
			}
		}
		h.Write(p)
		done += uint64(len(p))
	}
	return nil
}

// CRC32 is the IEEE CRC-32 of a range, as [Digest] reads it.
func CRC32(ctx context.Context, mem memory.Memory, first, last uint64) (uint32, error) {
	h := crc32.NewIEEE()
	err := Digest(ctx, mem, first, last, h)
	return h.Sum32(), err
}

// SHA256 is the SHA-256 of a range, as [Digest] reads it.
func SHA256(ctx context.Context, mem memory.Memory, first, last uint64) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	err = Digest(ctx, mem, first, last, h)
	return [sha256.Size]byte(h.Sum(nil)), err
}

// Counts is a histogram: how often each byte value occurs.
type Counts [256]uint64

// Total is the number of bytes counted.
func (c *Counts) Total() (n uint64) {
	for _, k := range c {
		n += k
	}
	return n
}

// Entropy is Shannon's, in bits a byte: 0 where all bytes are equal, 8 where all values are equally frequent; 0 for no bytes.
func (c *Counts) Entropy() float64 {
	n := float64(c.Total())
	e := 0.0
	for _, k := range c {
		if k > 0 {
			p := float64(k) / n
			e -= p * math.Log2(p)
		}
	}
	return max(e, 0) // -0
}

// add counts the bytes of p. Four tables, so that equal neighbours do not wait for one another.
func (c *Counts) add(p []byte) {
	if len(p) > 0 && bytes.Count(p, p[:1]) == len(p) {
		c[p[0]] += uint64(len(p))
		return
	}
	var t [4][256]uint32
	for len(p) > 0 {
		part := p[:min(len(p), 1<<30)]
		p = p[len(part):]
		for ; len(part) >= 4; part = part[4:] {
			t[0][part[0]]++
			t[1][part[1]]++
			t[2][part[2]]++
			t[3][part[3]]++
		}
		for _, b := range part {
			t[0][b]++
		}
		for i := range t {
			for b, k := range t[i] {
				c[b] += uint64(k)
			}
			clear(t[i][:])
		}
	}
}

// A HistogramResult is the histogram of a range, as far as it could be read.
type HistogramResult struct {
	Coverage
	Counts Counts
}

type counted struct {
	window
	counts Counts
}

// Histogram counts the byte values from first to last (inclusive; a last of 0 stands for the end of the space), on all cores. Runs
// of one value cost nothing.
func Histogram(ctx context.Context, mem memory.Memory, first, last uint64) *HistogramResult {
	first, last = bounds(first, last)
	var r HistogramResult
	count := func(c chunk, out *counted) {
		out.load(mem, c)
		out.counts = Counts{}
		for _, g := range out.segments {
			out.counts.add(out.buf[g.from:g.to])
		}
	}
	chunks := planner{first: first, last: last, idle: func(byte) bool { return true }}.chunks(mem)
	for o := range ordered(ctx, 0, chunks, func(context.Context) func(chunk, *counted) { return count }) {
		r.cover(&o.window)
		if o.kind == idle {
			r.Counts[o.fill] += o.size
		}
		for b, k := range o.counts {
			r.Counts[b] += k
		}
	}
	r.end(ctx, ctx.Err() == nil)
	return &r
}

// An EntropyWindow is the entropy of the readable bytes in one window.
type EntropyWindow struct {
	Base    uint64  // a multiple of the window's size, but for the first
	Size    uint64  // in bytes, as asked for; less for the first and the last
	Read    uint64  // how many of them were counted
	Entropy float64 // bits a byte, 0 to 8
}

// An EntropyResult is the entropy of a range by windows. It is for one goroutine at a time.
type EntropyResult struct {
	Coverage
	ctx                 context.Context
	mem                 memory.Memory
	first, last, window uint64
}

// Entropy measures the entropy from first to last (inclusive; a last of 0 stands for the end of the space) in windows of so many
// bytes, which begin at the
// multiples of that; 0 stands for 4096. Windows without a readable byte do not appear.
func Entropy(ctx context.Context, mem memory.Memory, first, last, window uint64) *EntropyResult {
	first, last = bounds(first, last)
	if window == 0 {
		window = 4096
	}
	return &EntropyResult{ctx: ctx, mem: mem, first: first, last: last, window: window}
}

// Windows yields the windows by address. Each loop measures anew.
func (r *EntropyResult) Windows() iter.Seq[EntropyWindow] {
	return func(yield func(EntropyWindow) bool) {
		r.begin()
		r.end(r.ctx, r.measure(yield))
	}
}

func (r *EntropyResult) measure(yield func(EntropyWindow) bool) (finished bool) {
	read := func(c chunk, out *window) { out.load(r.mem, c) }
	chunks := planner{first: r.first, last: r.last, idle: func(byte) bool { return true }}.chunks(r.mem)
	var counts Counts
	index := uint64(0)
	emit := func() bool {
		w := EntropyWindow{Read: counts.Total(), Entropy: counts.Entropy()}
		if w.Read == 0 {
			return true
		}
		counts = Counts{}
		w.Base = max(index*r.window, r.first)
		w.Size = min(index*r.window+(r.window-1)-w.Base, r.last-w.Base) + 1
		return r.ctx.Err() == nil && yield(w)
	}
	// count takes in n bytes from address on: buf, or where that is nil fill bytes.
	count := func(address, n uint64, buf []byte, fill byte) bool {
		for n > 0 {
			if i := address / r.window; i != index {
				if !emit() {
					return false
				}
				index = i
			}
			k := min(n, r.window-address%r.window)
			if buf != nil {
				counts.add(buf[:k])
				buf = buf[k:]
			} else {
				counts[fill] += k
			}
			address += k
			n -= k
		}
		return true
	}
	for w := range ordered(r.ctx, 0, chunks, func(context.Context) func(chunk, *window) { return read }) {
		r.cover(w)
		if w.kind == idle && !count(w.base, w.size, nil, w.fill) {
			return false
		}
		for _, g := range w.segments {
			if !count(w.start+uint64(g.from), uint64(g.to-g.from), w.buf[g.from:g.to], 0) {
				return false
			}
		}
	}
	return r.ctx.Err() == nil && emit()
}
