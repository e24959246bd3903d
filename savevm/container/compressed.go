package container

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
)

// A codec is one compressed format.
type codec struct {
	name string
	// plan finds pieces that can be decompressed on their own, without decompressing. It returns nil where the format or this
	// file has none, or where their sizes are not all known: stream does it then. A nil plan function is the same.
	plan func(op *opener, p part) *plan
	// stream decompresses from one end to the other.
	stream func(in *input, w io.Writer) error
}

// A plan is the layout of compressed data: pieces that follow each other without gaps in the output.
type plan struct {
	pieces  []piece
	unit    string                                    // what a piece is made of, for explain
	detail  string                                    // for Layer.Detail
	worker  func() func(in *input, w io.Writer) error // makes the decompressor that one goroutine uses for many pieces
	damage  *Warning                                  // what ended the layout before the end of the data
	maxUnit int64                                     // decompressed size of the largest unit
	// seek, where it is not nil, reads data that is too large for memory in place.
	seek func(op *opener, l *plan) (part, error)
}

// piece is a run of units. Each is about a MiB large, so that their number is bounded by that of the bytes.
type piece struct {
	in, inLen   int64 // in the reader around
	out, outLen int64
}

const pieceSize = 1 << 20

// size is the decompressed one.
func (l *plan) size() int64 {
	if len(l.pieces) == 0 {
		return 0
	}
	last := l.pieces[len(l.pieces)-1]
	return last.out + last.outLen
}

// add appends a unit that follows the one before it. It fails when the sizes together are no size of a file.
func (l *plan) add(in, inLen, outLen int64) bool {
	size := l.size()
	if inLen < 0 || outLen < 0 || size+outLen < size {
		return false
	}
	l.maxUnit = max(l.maxUnit, outLen)
	if n := len(l.pieces); n > 0 {
		last := &l.pieces[n-1]
		if last.in+last.inLen == in && last.outLen+outLen <= pieceSize {
			last.inLen += inLen
			last.outLen += outLen
			return true
		}
	}
	l.pieces = append(l.pieces, piece{in, inLen, size, outLen})
	return true
}

// maxWindow bounds the memory that a stream may ask for to be decompressed: bytes of LZ window or dictionary. `xz -9` needs
// 64 MiB, `zstd --ultra -22` 128 MiB.
const maxWindow = 512 << 20

var (
	errTooLong  = errors.New("more data than its size says")
	errTooShort = errors.New("less data than its size says")
)

// trailingError is bytes behind compressed data that are neither more of it nor padding.
type trailingError struct{ offset int64 }

func (e *trailingError) Error() string { return "bytes that do not belong to it" }

func (k *codec) open(op *opener, p part) (part, error) {
	var l *plan
	if k.plan != nil {
		l = k.plan(op, p)
	}
	layer := Layer{Name: k.name, Offset: p.base}
	if l != nil {
		layer.Detail = l.detail
	}
	op.c.Layers = append(op.c.Layers, layer)
	progress := &progress{report: op.o.Progress, label: "decompressing " + k.name, total: p.size()}
	if l == nil {
		return k.openStream(op, p, progress)
	}
	if l.damage != nil {
		if l.size() == 0 {
			return part{}, &FormatError{Layer: k.name, Offset: l.damage.Offset, Text: "nothing could be decompressed: " + l.damage.Text}
		}
		op.c.Warnings = append(op.c.Warnings, *l.damage)
	}
	op.c.steps = append(op.c.steps, step{k.name, l.around})
	if l.seek != nil && l.size() > op.o.memoryLimit() {
		return l.seek(op, l)
	}
	return k.openPieces(op, p, l, progress)
}

// around implements step: a byte of compressed data has no place of its own, so it is the start of its piece.
func (l *plan) around(off int64) (int64, string) {
	lo, hi := 0, len(l.pieces) // the first piece behind off is pieces[hi]
	for lo < hi {
		if m := (lo + hi) / 2; l.pieces[m].out <= off {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if hi == 0 {
		return 0, ""
	}
	c := l.pieces[hi-1]
	return c.in, fmt.Sprintf("%s of %d bytes, which decompress to %d from %#x on", l.unit, c.inLen, c.outLen, c.out)
}

func (k *codec) openStream(op *opener, p part, progress *progress) (part, error) {
	s, err := newStore(op.ctx, op.o, -1)
	if err != nil {
		return part{}, err
	}
	op.c.closers = append(op.c.closers, s)
	w := &storeWriter{store: s, limit: -1}
	in := newInput(op, p, progress)
	err = guard(func() error { return k.stream(in, w) })
	op.c.steps = append(op.c.steps, step{k.name, func(int64) (int64, string) {
		return p.base, fmt.Sprintf("the %s data of %d bytes begins there", k.name, p.size())
	}})
	progress.finish()
	return k.finish(op, p, s, w.n, w.err, in.offset(), err)
}

// openPieces decompresses in parallel. The output ends where the first damaged piece does.
func (k *codec) openPieces(op *opener, p part, l *plan, progress *progress) (part, error) {
	s, err := newStore(op.ctx, op.o, l.size())
	if err != nil {
		return part{}, err
	}
	op.c.closers = append(op.c.closers, s)
	var (
		next    atomic.Int64
		mu      sync.Mutex
		failed  = int64(len(l.pieces)) // the first piece that failed, and how
		size    = l.size()
		offset  int64
		failure error
		fatal   error
		wg      sync.WaitGroup
	)
	worker := func() {
		decode := l.worker()
		for {
			i := next.Add(1) - 1
			mu.Lock()
			done := i >= failed
			mu.Unlock()
			if done {
				return
			}
			c := l.pieces[i]
			in := newInput(op, part{p.r, c.in, c.in + c.inLen}, progress)
			w := &storeWriter{store: s, off: c.out, limit: c.outLen}
			err := guard(func() error { return decode(in, w) })
			if err == nil && w.n < c.outLen {
				err = errTooShort
			}
			if err != nil {
				mu.Lock()
				if i < failed {
					failed, size, offset, failure, fatal = i, c.out+w.n, in.offset(), err, w.err
				}
				mu.Unlock()
				return
			}
		}
	}
	for range min(runtime.GOMAXPROCS(0), len(l.pieces)) {
		wg.Go(worker)
	}
	wg.Wait()
	progress.finish()
	return k.finish(op, p, s, size, fatal, offset, failure)
}

// finish hands out what a store holds. err is the fault of the data, fatal that of the store.
func (k *codec) finish(op *opener, p part, s *store, size int64, fatal error, offset int64, err error) (part, error) {
	if fatal == nil {
		fatal = op.ctx.Err()
	}
	if fatal != nil {
		return part{}, fatal
	}
	var trailing *trailingError
	switch {
	case err == nil && size == 0:
		op.warn(p.base, k.name+": there is nothing inside")
	case err == nil:
	case errors.As(err, &trailing):
		op.warn(trailing.offset, trailingText(k.name, p.end-trailing.offset))
	case size == 0:
		return part{}, &FormatError{Layer: k.name, Offset: offset, Text: "nothing could be decompressed", Err: plain(err)}
	default:
		op.c.Cut = true
		op.warn(offset, fmt.Sprintf("%s: the data is damaged or cut off here (%v): the %d bytes that could be decompressed are kept", k.name, plain(err), size))
	}
	r, err := s.finish(size)
	return part{r: r, end: size}, err
}

func trailingText(name string, n int64) string {
	return fmt.Sprintf("%s: %d bytes behind the end of the data do not belong to it and are left out", name, n)
}

// plain says in words what a decompressor means by the end of its input.
func plain(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errors.New("unexpected end")
	}
	return err
}

// guard turns the panic of a decompressor that met what its author did not expect into an error.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the decompressor failed: %v", r)
		}
	}()
	return f()
}

// input is the compressed bytes: buffered, with the offset of the next one, and an end when the context ends.
type input struct {
	*bufio.Reader
	op       *opener
	src      *io.SectionReader
	base     int64
	read     int64 // bytes taken from src
	end      int64
	progress *progress
}

func newInput(op *opener, p part, progress *progress) *input {
	in := &input{op: op, src: p.section(), base: p.base, end: p.end, progress: progress}
	in.Reader = bufio.NewReaderSize(inputSource{in}, 128<<10)
	return in
}

// offset is that of the next byte, in the reader around.
func (in *input) offset() int64 { return in.base + in.read - int64(in.Buffered()) }

// more tells whether another member of the same format follows. Zeros in front of it, or up to the end, are padding; anything
// else is a trailingError.
func (in *input) more(isMember func(head []byte) bool) (bool, error) {
	for {
		head, err := in.Peek(headSize)
		switch {
		case len(head) == 0 && err == io.EOF:
			return false, nil
		case len(head) == 0:
			return false, err
		case isMember(head):
			return true, nil
		case head[0] != 0:
			return false, &trailingError{in.offset()}
		}
		b, _ := in.Peek(in.Buffered())
		in.Discard(len(b) - len(bytes.TrimLeft(b, "\x00")))
	}
}

// inputSource is what the buffer of an input reads from.
type inputSource struct{ *input }

func (s inputSource) Read(p []byte) (int, error) {
	if err := s.op.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.src.Read(p)
	s.read += int64(n)
	s.progress.add(int64(n))
	return n, err
}

// progress adds up what parallel workers read.
type progress struct {
	report func(label string, done, total int64)
	label  string
	total  int64

	mu         sync.Mutex
	done, told int64
}

func (p *progress) add(n int64) {
	if p.report == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done += n; p.done-p.told >= progressStep {
		p.told = p.done
		p.report(p.label, min(p.done, p.total), p.total)
	}
}

// progressStep is how many compressed bytes lie between two reports.
const progressStep = 1 << 20

func (p *progress) finish() {
	if p.report != nil {
		p.report(p.label, p.total, p.total)
	}
}
