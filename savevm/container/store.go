package container

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
)

// store takes decompressed bytes: in memory while there are few, else in a file without a name.
type store struct {
	ctx   context.Context
	dir   string
	limit int64 // bytes that may stay in memory

	mu     sync.Mutex
	mem    []byte
	file   *os.File
	remove string // the file's name, where the system could not take it away from an open file
	size   int64  // the end of what was written
	spare  int64  // bytes that the file may still grow by before the space is looked at again
}

// Space is looked at every spaceStep bytes, and so much is left to others, so that a small file that decompresses to an
// endless one does not fill the disk.
const (
	spaceStep    = 64 << 20
	spaceReserve = 64 << 20
)

// diskFree is freeSpace; tests have disks of their own.
var diskFree = freeSpace

// newStore prepares for size bytes, or for any number of them when size is negative.
func newStore(ctx context.Context, o Options, size int64) (*store, error) {
	s := &store{ctx: ctx, dir: o.TempDir, limit: o.memoryLimit()}
	if s.dir == "" {
		s.dir = defaultTempDir()
	}
	if size < 0 {
		return s, nil
	}
	if size <= s.limit {
		s.mem = make([]byte, 0, size)
		return s, nil
	}
	if err := s.spill(); err != nil {
		return nil, err
	}
	if free, ok := diskFree(s.dir); ok && free-spaceReserve < size {
		s.Close()
		return nil, &SpaceError{Dir: s.dir, Need: size, Free: max(free-spaceReserve, 0)}
	}
	return s, nil
}

func defaultTempDir() string {
	if info, err := os.Stat("/var/tmp"); err == nil && info.IsDir() && os.Getenv("TMPDIR") == "" {
		return "/var/tmp"
	}
	return os.TempDir()
}

// WriteAt implements io.WriterAt. It is safe for parallel use on ranges that do not overlap. Its errors are [*SpaceError] or
// the context's: never the fault of the data.
func (s *store) WriteAt(p []byte, off int64) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	end := off + int64(len(p))
	if s.file == nil && end <= s.limit {
		defer s.mu.Unlock()
		if end > int64(len(s.mem)) {
			if end > int64(cap(s.mem)) { // twice as large each time, so that all buffers together are as large as the last one again
				s.mem = append(make([]byte, 0, min(s.limit, max(2*int64(cap(s.mem)), end, copySize))), s.mem...)
			}
			s.mem = s.mem[:end]
			s.size = end
		}
		return copy(s.mem[off:], p), nil
	}
	hole := isZero(p) // memory that was never used takes no room, however much of it a small file says there is
	err := s.grow(end, hole)
	s.mu.Unlock()
	switch {
	case err != nil:
		return 0, err
	case hole:
		return len(p), nil
	}
	n, err := s.file.WriteAt(p, off)
	if err != nil {
		err = &SpaceError{Dir: s.dir, Need: int64(len(p) - n), Free: -1, Err: err}
	}
	return n, err
}

// isZero tells whether all of p is zero.
func isZero(p []byte) bool {
	for n := 0; len(p) > 0; p = p[n:] {
		if n = min(len(p), len(zeroPage)); !bytes.Equal(p[:n], zeroPage[:n]) {
			return false
		}
	}
	return true
}

var zeroPage [4096]byte

// grow makes the file ready to end at end, with a hole for its last bytes or with data. s.mu is held.
func (s *store) grow(end int64, hole bool) error {
	if s.file == nil {
		if err := s.spill(); err != nil {
			return err
		}
	}
	if end <= s.size {
		return nil
	}
	if !hole {
		s.spare -= end - s.size
	}
	if s.spare < 0 {
		if free, ok := diskFree(s.dir); ok && free-spaceReserve < end-s.size+spaceStep {
			return &SpaceError{Dir: s.dir, Need: end - s.size + spaceStep, Free: max(free-spaceReserve, 0)}
		}
		s.spare = spaceStep
	}
	s.size = end
	return nil
}

// spill moves what is in memory into a temporary file.
func (s *store) spill() error {
	f, err := os.CreateTemp(s.dir, "svscript-*")
	if err != nil {
		return &SpaceError{Dir: s.dir, Need: int64(len(s.mem)), Free: -1, Err: err}
	}
	s.file = f
	if os.Remove(f.Name()) != nil {
		s.remove = f.Name()
	}
	if _, err := f.Write(s.mem); err != nil {
		return &SpaceError{Dir: s.dir, Need: int64(len(s.mem)), Free: -1, Err: err}
	}
	s.mem = nil
	return nil
}

// finish cuts the bytes at size and hands them out.
func (s *store) finish(size int64) (io.ReaderAt, error) {
	if s.file == nil {
		return bytes.NewReader(s.mem[:size:size]), nil
	}
	if err := s.file.Truncate(size); err != nil {
		return nil, &SpaceError{Dir: s.dir, Free: -1, Err: err}
	}
	return s.file, nil
}

// Close frees the file.
func (s *store) Close() error {
	s.mem = nil
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if s.remove != "" {
		err = os.Remove(s.remove)
	}
	s.file = nil
	return err
}

// storeWriter writes a store from off on, and counts.
type storeWriter struct {
	store *store
	off   int64
	limit int64 // bytes that may come; negative for any number
	n     int64
	err   error // of the store
}

func (w *storeWriter) Write(p []byte) (int, error) {
	long := w.limit >= 0 && w.n+int64(len(p)) > w.limit
	if long {
		p = p[:w.limit-w.n]
	}
	n, err := w.store.WriteAt(p, w.off+w.n)
	w.n += int64(n)
	if err != nil {
		w.err = err
		return n, err
	}
	if long {
		return n, errTooLong
	}
	return n, nil
}
