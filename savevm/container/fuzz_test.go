package container

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// fuzzOpen opens what the fuzzer made, and uses every part of what it finds.
func fuzzOpen(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		defer func(free func(string) (int64, bool)) { diskFree = free }(diskFree)
		diskFree = func(string) (int64, bool) { return spaceReserve + 2*spaceStep, true } // bombs end early
		c, err := Open(ctx, readerOf(b), int64(len(b)), Options{MemoryLimit: 1 << 20})
		if errors.Is(err, context.DeadlineExceeded) {
			t.Fatal("it takes too long")
		}
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			return
		}
		defer c.Close()
		if c.Base < 0 || c.Base > c.Size {
			t.Fatalf("%d bytes from %d on", c.Size, c.Base)
		}
		n, err := io.Copy(io.Discard, io.NewSectionReader(c.Reader, c.Base, min(c.Size-c.Base, 8<<20)))
		var format *FormatError
		if err != nil && !errors.As(err, &format) || err == nil && n < min(c.Size-c.Base, 8<<20) {
			t.Fatalf("reading: %d bytes of %d, %v", n, c.Size-c.Base, err)
		}
		for _, off := range []int64{0, c.Base, (c.Base + c.Size) / 2, c.Size - 1, c.Size, -1} {
			if len(c.Locate(off)) == 0 {
				t.Fatal("a byte that is nowhere")
			}
			if m, ok := c.Reader.(HostMapper); ok {
				m.HostRange(off)
			}
		}
	})
}

func seed(f *testing.F, pattern string) {
	paths, _ := filepath.Glob(filepath.Join("testdata", pattern))
	if len(paths) == 0 {
		f.Fatalf("no seeds %s", pattern)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

func FuzzLibvirt(f *testing.F) {
	f.Add(plainSave.bytes())
	s := plainSave
	s.payload = string(compressGzip(f, []byte("QEVM")))
	f.Add(s.bytes())
	fuzzOpen(f)
}

func FuzzQcow2(f *testing.F) {
	for _, name := range []string{"v2", "v3", "deflate", "zstd", "extended"} {
		f.Add(qcow2Sample(f, name))
	}
	fuzzOpen(f)
}

func FuzzGzip(f *testing.F) { seed(f, "*.gz"); fuzzOpen(f) }

func FuzzBzip2(f *testing.F) { seed(f, "*.bz2"); fuzzOpen(f) }

func FuzzXZ(f *testing.F) { seed(f, "*.xz"); fuzzOpen(f) }

func FuzzLzop(f *testing.F) { seed(f, "*.lzo"); fuzzOpen(f) }

func FuzzZstd(f *testing.F) {
	seed(f, "*.zst")
	f.Add(seekableZstd(f, make([]byte, 2<<20), 1<<20))
	fuzzOpen(f)
}

func readerOf(b []byte) io.ReaderAt { return bytesReaderAt(b) }

// bytesReaderAt is a reader without the shortcuts of bytes.Reader.
type bytesReaderAt []byte

func (b bytesReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= int64(len(b)) {
		return 0, io.EOF
	}
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
