package wire

import (
	"encoding/binary"
	"fmt"
	"io"
)

// windowSize is what a Cursor over an unmapped source reads at a time.
const windowSize = 256 << 10

// A Cursor parses big-endian fields from a Source. The first failure is latched: from then on every read gives zero and
// Err says where it happened, so a caller reads a whole record and checks once.
type Cursor struct {
	src  *Source
	win  []byte // a piece of the source: all of it where it is mapped
	base int64  // offset of win in the source
	pos  int    // in win; base+pos is the offset of the next byte
	end  int64  // reads stop here
	buf  []byte // the window's storage when the source is not mapped
	err  error
}

// NewCursor starts at offset start and ends before end.
func NewCursor(src *Source, start, end int64) *Cursor {
	c := &Cursor{src: src, end: min(end, src.Size())}
	if m := src.Mapped(); m != nil {
		c.win = m[:c.end]
	}
	c.Goto(start)
	return c
}

// NewBytesCursor parses b; its offsets count from base.
func NewBytesCursor(b []byte, base int64) *Cursor {
	return &Cursor{src: &Source{}, win: b, base: base, end: base + int64(len(b))}
}

// Offset is where the next byte is read, in the source.
func (c *Cursor) Offset() int64 { return c.base + int64(c.pos) }

// End is the offset behind the last byte that may be read.
func (c *Cursor) End() int64 { return c.end }

// Left is how many bytes may still be read.
func (c *Cursor) Left() int64 { return c.end - c.Offset() }

// Err is the first failure, or nil.
func (c *Cursor) Err() error { return c.err }

// Fail latches err unless there is one already.
func (c *Cursor) Fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// Recover forgets the latched error and goes on at offset off.
func (c *Cursor) Recover(off int64) {
	c.err = nil
	c.Goto(off)
}

// Goto moves to an offset; one outside the source fails.
func (c *Cursor) Goto(off int64) {
	switch {
	case off < 0 || off > c.end:
		c.Fail(&TruncatedError{Offset: off, Want: 0, Left: 0, End: c.end})
	case off >= c.base && off <= c.base+int64(len(c.win)):
		c.pos = int(off - c.base)
	default:
		c.base, c.pos, c.win = off, 0, nil
	}
}

// Skip moves n bytes on.
func (c *Cursor) Skip(n int64) {
	if c.err != nil {
		return
	}
	if n < 0 || n > c.Left() {
		c.Fail(&TruncatedError{Offset: c.Offset(), Want: n, Left: c.Left(), End: c.end})
		return
	}
	c.Goto(c.Offset() + n)
}

// Peek gives the next n bytes without moving, or fewer at the end of the source. The slice is valid until the next call.
func (c *Cursor) Peek(n int) []byte {
	if c.err != nil {
		return nil
	}
	if c.pos+n > len(c.win) {
		c.fill(n)
	}
	return c.win[c.pos:min(c.pos+n, len(c.win))]
}

// Buffered is the bytes that follow and are at hand: all of a mapped source, a window of another, perhaps none. The slice is
// valid until the next call.
func (c *Cursor) Buffered() []byte { return c.win[c.pos:] }

// fill makes the window start at the next byte and hold n bytes, or what is left. Only an unmapped source comes here.
func (c *Cursor) fill(n int) {
	off := c.Offset()
	if left := c.end - off; int64(len(c.win)-c.pos) == left { // the window already holds all there is
		return
	}
	size := int(min(int64(max(n, windowSize)), c.end-off))
	if cap(c.buf) < size {
		c.buf = make([]byte, size)
	}
	got, err := c.src.ReadAt(c.buf[:size], off)
	if got < size && err != nil && err != io.EOF {
		c.Fail(fmt.Errorf("reading the image at offset %#x: %w", off, err))
	}
	c.win, c.base, c.pos = c.buf[:got], off, 0
}

// take is the next n bytes, or nil with the error latched.
func (c *Cursor) take(n int) []byte {
	if c.err != nil {
		return nil
	}
	if c.pos+n > len(c.win) {
		if int64(n) <= c.Left() {
			c.fill(n)
		}
		if c.pos+n > len(c.win) {
			c.Fail(&TruncatedError{Offset: c.Offset(), Want: int64(n), Left: c.Left(), End: c.end})
			return nil
		}
	}
	b := c.win[c.pos : c.pos+n : c.pos+n]
	c.pos += n
	return b
}

// U8 reads one byte.
func (c *Cursor) U8() uint8 {
	if c.err == nil && c.pos < len(c.win) {
		b := c.win[c.pos]
		c.pos++
		return b
	}
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 reads a big-endian 16-bit value.
func (c *Cursor) U16() uint16 {
	if b := c.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// U32 reads a big-endian 32-bit value.
func (c *Cursor) U32() uint32 {
	if b := c.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// U64 reads a big-endian 64-bit value.
func (c *Cursor) U64() uint64 {
	if b := c.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Bytes copies the next n bytes. A count larger than what is left fails before anything is allocated.
func (c *Cursor) Bytes(n int64) []byte {
	if c.err != nil {
		return nil
	}
	if n < 0 || n > c.Left() {
		c.Fail(&TruncatedError{Offset: c.Offset(), Want: n, Left: c.Left(), End: c.end})
		return nil
	}
	b := make([]byte, n)
	got, err := c.src.readAtOrWindow(c, b)
	if got < len(b) {
		c.Fail(fmt.Errorf("reading %d bytes of the image at offset %#x: %w", n, c.Offset(), err))
		return nil
	}
	c.Goto(c.Offset() + n)
	return b
}

func (s *Source) readAtOrWindow(c *Cursor, b []byte) (int, error) {
	if s.r == nil || s.mapped != nil { // a bytes cursor, or a mapped source: the window is everything
		return copy(b, c.win[c.pos:]), io.ErrUnexpectedEOF
	}
	n, err := s.ReadAt(b, c.Offset())
	if n < len(b) && err == nil {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// String8 reads a length byte and that many bytes: the stream's counted string.
func (c *Cursor) String8() string { return string(c.take(int(c.U8()))) }

// A TruncatedError says that the image ends inside of what was being read.
type TruncatedError struct {
	Offset int64 // where the read began
	Want   int64 // bytes it wanted
	Left   int64 // bytes there were
	End    int64 // where the image ends
}

func (e *TruncatedError) Error() string {
	return fmt.Sprintf("the image ends at offset %#x: %d bytes were wanted at %#x", e.End, e.Want, e.Offset)
}

// Is makes a TruncatedError an io.ErrUnexpectedEOF.
func (e *TruncatedError) Is(target error) bool { return target == io.ErrUnexpectedEOF }

// DropWindow makes a copied Cursor independent of the one it was copied from.
func (c *Cursor) DropWindow() {
	if c.src.Mapped() == nil && c.src.r != nil {
		c.base, c.pos, c.win, c.buf = c.Offset(), 0, nil, nil
	}
}
