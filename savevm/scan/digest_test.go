package scan

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/svscript/svscript/savevm/memory"
)

func TestDigestsOfARange(t *testing.T) {
	ctx := context.Background()
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	f := &fake{data: data, extents: []memory.Extent{
		{Base: 100, Size: 5000}, {Base: 5100, Size: 3000, Kind: memory.Fill, Fill: 7}, {Base: 8100, Size: 9000, Beneath: 5000}, {Base: 20000, Size: 10}}}
	_, flat := f.flat()
	want := make([]byte, 0, len(flat))
	for _, b := range flat[50 : 17000-10] {
		want = append(want, byte(b))
	}
	if sum, err := CRC32(ctx, f, 150, 17089); err != nil || sum != crc32.ChecksumIEEE(want) {
		t.Errorf("CRC32 %#x, %v; want %#x", sum, err, crc32.ChecksumIEEE(want))
	}
	if sum, err := SHA256(ctx, f, 150, 17089); err != nil || sum != sha256.Sum256(want) {
		t.Errorf("SHA256 %x, %v", sum, err)
	}
	var e *memory.Error
	if _, err := CRC32(ctx, f, 150, 20001); !errors.As(err, &e) || e.Address != 17100 || e.Reason != memory.ReasonUnmapped {
		t.Errorf("over a hole: %v", err)
	}
	if _, err := CRC32(ctx, f, 150, 0); !errors.As(err, &e) || e.Address != 17100 {
		t.Errorf("to the end: %v", err)
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := CRC32(done, f, 150, 17089); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

func TestHistogramAndEntropyCountEveryReadableByte(t *testing.T) {
	for seed := range uint64(500) {
		t.Run("", func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 11))
			shrink(t, r)
			f := randomFake(r, []byte{0, 1, 2, 3, 0xff})
			base, flat := f.flat()
			var want Counts
			for _, b := range flat {
				if b >= 0 {
					want[b]++
				}
			}
			h := Histogram(context.Background(), f, 0, 0)
			if h.Counts != want {
				t.Errorf("seed %d: counts differ", seed)
			}
			if skippedBytes(&h.Coverage) != f.holes(0, ^uint64(0)) {
				t.Errorf("seed %d: skipped %v", seed, h.Skipped())
			}
			window := uint64(1 + r.IntN(100))
			read, before := uint64(0), uint64(0)
			for w := range Entropy(context.Background(), f, 0, 0, window).Windows() {
				var c Counts
				for a := w.Base; a-w.Base < w.Size; a++ {
					if i := a - base; a >= base && i < uint64(len(flat)) && flat[i] >= 0 {
						c[flat[i]]++
					}
				}
				if c.Total() != w.Read || math.Abs(c.Entropy()-w.Entropy) > 1e-9 || read > 0 && w.Base <= before || w.Base%window != 0 {
					t.Fatalf("seed %d: %+v, want %d bytes, %v", seed, w, c.Total(), c.Entropy())
				}
				read += w.Read
				before = w.Base
			}
			if read != want.Total() {
				t.Errorf("seed %d: windows hold %d bytes, want %d", seed, read, want.Total())
			}
		})
	}
}

func TestEntropyOfKnownDistributions(t *testing.T) {
	uniform := make([]byte, 256)
	for i := range uniform {
		uniform[i] = byte(i)
	}
	for _, tc := range []struct {
		data []byte
		want float64
	}{{uniform, 8}, {make([]byte, 256), 0}, {[]byte("abababab"), 1}, {[]byte("aabbccdd"), 2}} {
		for w := range Entropy(context.Background(), memory.Bytes(tc.data), 0, 0, 0).Windows() {
			if math.Abs(w.Entropy-tc.want) > 1e-12 {
				t.Errorf("%q: %v bits, want %v", tc.data[:4], w.Entropy, tc.want)
			}
		}
	}
}
