//go:build unix

package wire

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func mapFile(f *os.File, size int64) ([]byte, func() error, error) {
	if size <= 0 || int64(int(size)) != size {
		return nil, nil, errors.ErrUnsupported
	}
	m, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, err
	}
	return m, func() error { return unix.Munmap(m) }, nil
}

// dropPages takes the pages of a mapping out of the process. They stay in the page cache, and come back when they are read.
func dropPages(m []byte) { _ = unix.Madvise(m, unix.MADV_DONTNEED) }
