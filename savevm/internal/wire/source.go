// Package wire reads the bytes of an image: a Source is the file, mapped where that is possible, and a Cursor parses it in
// straight lines, with one latched error instead of a check after every field.
package wire

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync/atomic"
)

// A Source is an image's bytes. It is safe for parallel use. The zero Source is empty.
type Source struct {
	r      io.ReaderAt
	size   int64
	mapped []byte // the whole file, read-only, or nil
	close  func() error
	copied atomic.Int64 // bytes of whole pages read since the mapping's pages were last let go
}

// maxResident bounds how many bytes of a mapped file the process holds, roughly: reading through a large one would make the whole file
// part of it otherwise.
const maxResident = 32 << 20

// NewSource reads r. A regular file is mapped, where the system can: its pages then are the page cache's, not the process's.
func NewSource(r io.ReaderAt, size int64) *Source {
	s := &Source{r: r, size: size, close: func() error { return nil }}
	if f, ok := r.(*os.File); ok {
		if m, unmap, err := mapFile(f, size); err == nil {
			s.mapped, s.close = m, unmap
		}
	}
	return s
}

// Size is the length of the file in bytes.
func (s *Source) Size() int64 { return s.size }

// Mapped is the whole file where it is mapped, else nil. A file that shrinks afterwards faults on access: see [Guard].
func (s *Source) Mapped() []byte { return s.mapped }

// Passed says that the bytes from one offset to another have been read and are not needed soon, so that the process does not hold them.
func (s *Source) Passed(from, to int64) {
	page := int64(os.Getpagesize())
	from, to = from&^(page-1), min(to, s.size)&^(page-1)
	if s.mapped != nil && from < to {
		dropPages(s.mapped[from:to])
	}
}

// Close unmaps the file; nothing may read the Source afterwards.
func (s *Source) Close() error {
	s.mapped, s.size = nil, 0
	return s.close()
}

// ReadAt implements [io.ReaderAt]. A mapped file that another process has cut short gives an error, not a crash.
func (s *Source) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 || off >= s.size {
		return 0, io.EOF
	}
	if s.mapped == nil {
		return s.r.ReadAt(p, off)
	}
	defer Guard(&err, debug.SetPanicOnFault(true))
	n = copy(p, s.mapped[off:])
	const bulk = 4096 // smaller reads come back to the same places
	if n >= bulk && s.copied.Add(int64(n)) > maxResident {
		s.copied.Store(0)
		dropPages(s.mapped)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Guard makes a fault on a mapped file (it was cut short after it was opened, or its disk failed) an error of the calling
// function: defer Guard(&err, debug.SetPanicOnFault(true)). Only a memory fault is caught; every other panic goes on.
func Guard(err *error, old bool) {
	debug.SetPanicOnFault(old)
	switch p := recover().(type) {
	case nil:
	case interface{ Addr() uintptr }: // the runtime.Error of a fault, and of nothing else
		*err = fmt.Errorf("the image file could not be read: it was cut short or its disk failed after it was opened (%v)", p)
	default:
		panic(p)
	}
}
