package wire

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// TestCursorsAgree reads the same fields from a mapped file, through a window and from a byte slice: the values, offsets and
// failures are the same.
func TestCursorsAgree(t *testing.T) {
	data := make([]byte, 3*windowSize+17)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	mapped := NewSource(f, int64(len(data)))
	defer mapped.Close()
	for round := range 200 {
		end := int64(len(data) - r.IntN(100))
		start := r.Int64N(end)
		mapped.Passed(start, end) // must not show
		cursors := []*Cursor{
			NewCursor(mapped, start, end),
			NewCursor(NewSource(bytes.NewReader(data), int64(len(data))), start, end),
			NewBytesCursor(data[:end], 0),
		}
		cursors[2].Goto(start)
		for step := range 100 {
			op, n := r.IntN(9), r.Int64N(1<<uint(r.IntN(19)))
			var first any
			for i, c := range cursors {
				got := apply(c, op, n)
				state := [3]any{got, c.Offset(), c.Err() != nil}
				if i == 0 {
					first = state
				} else if first != any(state) {
					t.Fatalf("round %d, step %d: operation %d of %d: cursor %d gives %v, the mapped one %v", round, step, op, n, i, state, first)
				}
				if c.Err() != nil && !errors.Is(c.Err(), io.ErrUnexpectedEOF) {
					t.Fatalf("%v", c.Err())
				}
			}
			if cursors[0].Err() != nil {
				off := r.Int64N(end)
				for _, c := range cursors {
					c.Recover(off)
				}
			}
		}
	}
}

func apply(c *Cursor, op int, n int64) any {
	switch op {
	case 0:
		return c.U8()
	case 1:
		return c.U16()
	case 2:
		return c.U32()
	case 3:
		return c.U64()
	case 4:
		return string(c.Bytes(n))
	case 5:
		return c.String8()
	case 6:
		return string(c.Peek(int(n)))
	case 7:
		c.Goto(max(c.Offset()-n, 0))
	default:
		c.Skip(n)
	}
	return c.Left()
}

// TestReadAt reads at the borders of a source.
func TestReadAt(t *testing.T) {
	s := NewSource(bytes.NewReader([]byte("0123456789")), 10)
	for _, c := range []struct {
		off  int64
		n    int
		want int
	}{{0, 10, 10}, {8, 4, 2}, {10, 1, 0}, {-1, 1, 0}, {1 << 62, 1, 0}} {
		if n, err := s.ReadAt(make([]byte, c.n), c.off); n != c.want || (err == nil) != (n == c.n) {
			t.Errorf("%d bytes at %d: %d, %v", c.n, c.off, n, err)
		}
	}
}
