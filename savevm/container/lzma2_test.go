package container

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/ulikunitz/xz/lzma"

	"github.com/svscript/svscript/internal/testimage"
)

// unlzma2 decompresses chunks with a dictionary of 1 MiB, and returns what there was before an error too.
func unlzma2(b []byte) ([]byte, error) {
	var out bytes.Buffer
	r := bytes.NewReader(b)
	in := newInput(&opener{ctx: context.Background()}, part{r, 0, r.Size()}, &progress{})
	err := new(lzma2).decompress(in, &out, 1<<20)
	return out.Bytes(), err
}

func lzma2Of(t testing.TB, payload []byte, c lzma.Writer2Config) []byte {
	t.Helper()
	var b bytes.Buffer
	c.DictCap = 1 << 20
	w, err := c.NewWriter2(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(payload); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lzma2Payload is bytes in which everything occurs: text, noise, zeros and repetitions from near and far.
func lzma2Payload(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var out []byte
	for len(out) < size {
		n := r.IntN(5000)
		switch r.IntN(4) {
		case 0:
			out = append(out, make([]byte, n)...)
		case 1:
			for range n {
				out = append(out, byte(r.Uint32()))
			}
		case 2:
			for range n {
				out = append(out, "etaoin shrdlu\n"[r.IntN(14)])
			}
		default:
			if len(out) > 0 {
				from := len(out) - 1 - r.IntN(min(len(out), 1<<20-5000))
				out = append(out, out[from:min(from+n, len(out))]...)
			}
		}
	}
	return out
}

// TestLZMA2 decompresses what another implementation made, with all kinds of properties, whole and cut off.
func TestLZMA2(t *testing.T) {
	payload := lzma2Payload(300e3)
	for _, p := range []lzma.Properties{{LC: 3, LP: 0, PB: 2}, {LC: 0, LP: 4, PB: 0}, {LC: 1, LP: 2, PB: 4}, {LC: 4, LP: 0, PB: 3}} {
		b := lzma2Of(t, payload, lzma.Writer2Config{Properties: &p})
		got, err := unlzma2(b)
		if err != nil || !bytes.Equal(got, payload) {
			t.Fatalf("%v: %d bytes of %d, %v", p, len(got), len(payload), err)
		}
	}
	large := lzma2Payload(3e6) // more than the window
	if got, err := unlzma2(lzma2Of(t, large, lzma.Writer2Config{})); err != nil || !bytes.Equal(got, large) {
		t.Fatalf("%d bytes of %d, %v", len(got), len(large), err)
	}
	b := lzma2Of(t, payload, lzma.Writer2Config{})
	before := 0
	for n := 0; n < len(b); n += 1 + len(b)/200 {
		got, err := unlzma2(b[:n])
		if err == nil || !bytes.HasPrefix(payload, got) || len(got) < before {
			t.Fatalf("cut at %d: %d bytes, %v", n, len(got), err)
		}
		if before = len(got); len(got) < n*9/10-100 { // noise has no more bytes than it is packed to
			t.Errorf("cut at %d: %d bytes only", n, len(got))
		}
	}
}

// FuzzLZMA2 compares with another implementation: what one can decompress the other can.
func FuzzLZMA2(f *testing.F) {
	text := bytes.Repeat([]byte("what is repeated, and what is not: 0123456789 "), 30)
	f.Add(lzma2Of(f, text, lzma.Writer2Config{}))
	f.Add(lzma2Of(f, append(text, lzma2Payload(3000)[:3000]...), lzma.Writer2Config{Properties: &lzma.Properties{LC: 1, LP: 3, PB: 1}}))
	f.Add([]byte("\x01\x00\x04hello\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := unlzma2(b)
		if err != nil {
			return
		}
		z, err := lzma.Reader2Config{DictCap: 1 << 20}.NewReader2(bytes.NewReader(b))
		if err != nil {
			t.Skip() // it wants a chunk
		}
		want, err := io.ReadAll(z)
		if err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, want %d", len(got), len(want))
		}
	})
}

func BenchmarkXZ(b *testing.B) {
	file, err := os.ReadFile(filepath.Join(testimage.Root(), "testdata", "images", "q35-m64-2816m", "image.sav.xz"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c, err := openBytes(file, Options{TempDir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(c.Size)
		c.Close()
	}
}
