package container

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

func compressGzip(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func compressZstd(t testing.TB, b []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(b, nil)
}

// seekableZstd is b in the seekable format, in frames of the given size.
func seekableZstd(t testing.TB, b []byte, frame int) []byte {
	t.Helper()
	var out, table []byte
	count := uint32(0)
	for ; len(b) > 0; count++ {
		n := min(frame, len(b))
		z := compressZstd(t, b[:n])
		out = append(out, z...)
		table = binary.LittleEndian.AppendUint32(table, uint32(len(z)))
		table = binary.LittleEndian.AppendUint32(table, uint32(n))
		b = b[n:]
	}
	out = binary.LittleEndian.AppendUint32(out, 0x184d2a5e)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(table)+seekFooterSize))
	out = append(out, table...)
	out = binary.LittleEndian.AppendUint32(out, count)
	out = append(out, 0)
	return binary.LittleEndian.AppendUint32(out, seekMagic)
}

// largePayload does not fit into one piece: about 5 MiB.
func largePayload(t testing.TB) []byte {
	payload, _ := samples(t)
	return bytes.Repeat(payload, 206)
}

// largeFiles are compressed in many units, so that they are decompressed in parallel where the format allows it.
func largeFiles(t testing.TB) map[string][]byte {
	_, paths := samples(t)
	files := map[string][]byte{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if name := filepath.Base(path); strings.HasPrefix(name, "plain.") || name == "blocks.xz" {
			files[name] = bytes.Repeat(b, 206)
		}
	}
	var one bytes.Buffer
	w, err := xz.WriterConfig{BlockSize: 300000}.NewWriter(&one)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(largePayload(t)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files["one.xz"] = one.Bytes()
	files["one.zst"] = compressZstd(t, largePayload(t))
	files["seekable.zst"] = seekableZstd(t, largePayload(t), 100000)
	return files
}

func TestLargeFiles(t *testing.T) {
	want := largePayload(t)
	for name, b := range largeFiles(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var done, total int64
			c, err := openBytes(b, Options{MemoryLimit: -1, TempDir: dir, Progress: func(label string, d, n int64) {
				if d < done || d > n || !strings.HasPrefix(label, "decompressing ") {
					t.Errorf("progress %q %d of %d after %d", label, d, n, done)
				}
				done, total = d, n
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if got := content(t, c); !bytes.Equal(got, want) {
				t.Errorf("%d bytes, want %d (%s)", len(got), len(want), warningTexts(c))
			}
			if entries, _ := os.ReadDir(dir); len(entries) > 0 {
				t.Errorf("%s stays in the directory", entries[0].Name())
			}
			if _, ok := c.Reader.(*os.File); ok == (name == "seekable.zst") {
				t.Errorf("the content is a %T", c.Reader)
			}
			if name != "seekable.zst" && (done != total || total != int64(len(b))) {
				t.Errorf("progress ended at %d of %d", done, total)
			}
		})
	}
}

// Damage in the middle leaves what is in front of it.
func TestDamage(t *testing.T) {
	want := largePayload(t)
	for name, b := range largeFiles(t) {
		if name == "seekable.zst" {
			continue // it is read where it lies
		}
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(b)
			for i := range 64 {
				b[len(b)/2+i] ^= 0x55
			}
			c, err := openBytes(b, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			got := content(t, c)
			if len(c.Warnings) == 0 {
				t.Error("no warning")
			}
			if name == "one.zst" {
				return // its only checksum is at its end
			}
			if len(got) < len(want)/8 || len(got) >= len(want) {
				t.Errorf("%d bytes of %d", len(got), len(want))
			}
			if n := len(got) - 900<<10; n > 0 && !bytes.HasPrefix(want, got[:n]) { // bzip2 checks after a block of 900 kB
				t.Errorf("the bytes in front of the damage are wrong")
			}
		})
	}
}

func TestSeekableReads(t *testing.T) {
	want := largePayload(t)
	c, err := openBytes(seekableZstd(t, want, 100000), Options{MemoryLimit: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if l := c.Layers[0]; !strings.HasPrefix(l.Detail, "seekable") {
		t.Errorf("layer %+v", l)
	}
	var wg sync.WaitGroup
	for seed := range uint64(4) {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(1, seed))
			for range 200 {
				off := rnd.IntN(len(want))
				p := make([]byte, rnd.IntN(300000))
				n, err := c.Reader.ReadAt(p, int64(off))
				if !bytes.Equal(p[:n], want[off:min(off+len(p), len(want))]) || (err == io.EOF) != (n < len(p)) || err != nil && err != io.EOF {
					t.Errorf("%d bytes at %d: %d, %v", len(p), off, n, err)
				}
			}
		})
	}
	wg.Wait()
	if n, err := c.Reader.ReadAt(make([]byte, 1), int64(len(want))); n != 0 || err != io.EOF {
		t.Errorf("behind the end: %d, %v", n, err)
	}
	if n, err := c.Reader.ReadAt(make([]byte, 1), -1); n != 0 || err != io.EOF {
		t.Errorf("before the start: %d, %v", n, err)
	}
}

// A wrong table is not used: the frames tell their sizes themselves.
func TestSeekTableIsChecked(t *testing.T) {
	want := largePayload(t)
	whole := seekableZstd(t, want, 100000)
	frames := (len(want) + 99999) / 100000
	for i := range frames {
		b := bytes.Clone(whole)
		b[len(b)-seekFooterSize-(frames-i)*8+4]++ // a decompressed size
		c, err := openBytes(b, Options{MemoryLimit: -1, TempDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(content(t, c), want) {
			t.Errorf("entry %d: other bytes", i)
		}
		c.Close()
	}
}

func TestCancel(t *testing.T) {
	for name, b := range largeFiles(t) {
		ctx, cancel := context.WithCancel(context.Background())
		r := &cancelReader{bytes.NewReader(b), cancel, int64(len(b) / 3)}
		c, err := Open(ctx, r, int64(len(b)), Options{MemoryLimit: -1, TempDir: t.TempDir()})
		if name == "seekable.zst" && err == nil {
			c.Close() // nothing is decompressed while it is opened
		} else if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// cancelReader cancels when bytes from at on are read in bulk.
type cancelReader struct {
	r      io.ReaderAt
	cancel func()
	at     int64
}

func (r *cancelReader) ReadAt(p []byte, off int64) (int, error) {
	if len(p) > 4096 && off+int64(len(p)) > r.at {
		r.cancel()
	}
	return r.r.ReadAt(p, off)
}

func TestNoRoom(t *testing.T) {
	_, err := openBytes(compressGzip(t, make([]byte, 1<<20)), Options{MemoryLimit: -1, TempDir: filepath.Join(t.TempDir(), "absent")})
	var space *SpaceError
	if !errors.As(err, &space) || !strings.Contains(err.Error(), "absent") || !strings.Contains(err.Error(), "TMPDIR") {
		t.Errorf("an absent directory: %v", err)
	}

	free := int64(spaceReserve + 3*spaceStep)
	defer func(f func(string) (int64, bool)) { diskFree = f }(diskFree)
	diskFree = func(string) (int64, bool) { return free, true }
	s, err := newStore(context.Background(), Options{MemoryLimit: -1, TempDir: t.TempDir()}, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 10 { // an endless file stops before the disk is full
		if _, err = s.WriteAt([]byte{1}, s.size+spaceStep); err != nil {
			break
		}
		free -= spaceStep
	}
	if !errors.As(err, &space) || s.size < spaceStep {
		t.Errorf("a disk that fills up: %v at %d", err, s.size)
	}
	if _, err := newStore(context.Background(), Options{MemoryLimit: -1, TempDir: t.TempDir()}, 1<<40); !errors.As(err, &space) || space.Need != 1<<40 {
		t.Errorf("a size that is known beforehand: %v", err)
	}
}

func TestDictionaryLimit(t *testing.T) {
	b := make([]byte, 0, 64)
	b = append(b, "\x28\xb5\x2f\xfd\x00"...) // a frame with a window of
	b = append(b, 21<<3)                     // 2 GiB
	b = append(b, 1, 0, 0)
	var format *FormatError
	if _, err := openBytes(b, Options{}); !errors.As(err, &format) {
		t.Errorf("zstd: %v", err)
	}
}

func BenchmarkDecompress(b *testing.B) {
	for name, data := range largeFiles(b) {
		b.Run(name, func(b *testing.B) {
			size := int64(0)
			for b.Loop() {
				c, err := openBytes(data, Options{})
				if err != nil {
					b.Fatal(err)
				}
				size = c.Size
				c.Close()
			}
			b.SetBytes(size)
		})
	}
}
