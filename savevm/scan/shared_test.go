package scan

import (
	"context"
	"iter"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/svscript/svscript/savevm/memory"
)

// A space shows pieces of its data at several addresses.
type space struct {
	*fake
	read atomic.Int64 // bytes
}

func (s *space) Beneath() memory.Memory { return memory.Bytes(s.data) }

func (s *space) ReadMemory(p []byte, address uint64) (int, error) {
	n, err := s.fake.ReadMemory(p, address)
	s.read.Add(int64(n))
	return n, err
}

// randomSpace maps pages of 64 bytes, most of them in rows and more than once.
func randomSpace(r *rand.Rand, alphabet []byte) *space {
	const page = 64
	s := &space{fake: &fake{data: make([]byte, 16*page)}}
	for i := range s.data {
		s.data[i] = alphabet[r.IntN(len(alphabet))]
	}
	base := uint64(r.IntN(4)) * page
	for range 2 + r.IntN(6) {
		n := uint64(1 + r.IntN(12))
		s.extents = append(s.extents, memory.Extent{Base: base, Size: n * page, Beneath: page * uint64(r.IntN(16-int(n)))})
		base += n * page
		if r.IntN(3) == 0 {
			base += uint64(1+r.IntN(4)) * page
		}
	}
	return s
}

func TestScanOfSharedMemoryFindsWhatBruteForceFinds(t *testing.T) {
	saved := int64(0)
	for seed := range uint64(1500) {
		t.Run("", func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			shrink(t, r)
			alphabet := [][]byte{{0, 'a', 'b'}, {0, 1, 2, 0xff, 'a', 'b', 'c', '\n'}}[r.IntN(2)]
			s := randomSpace(r, alphabet)
			var patterns []Pattern
			for len(patterns) < 1+r.IntN(4) {
				if p := randomPattern(r, alphabet); p.regexp == nil {
					patterns = append(patterns, p)
				}
			}
			o := Options{Workers: 1 + r.IntN(3), Align: []uint64{0, 2, 8, 3}[r.IntN(4)]}
			want := brute(s.fake, patterns, o)
			got := collect(Scan(context.Background(), s, patterns, o), s.fake, t)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: %d hits, want %d:\n%v\n%v", seed, len(got), len(want), got, want)
			}
			with := s.read.Swap(0)
			collect(Scan(context.Background(), struct{ memory.Memory }{s}, patterns, o), s.fake, t)
			saved += s.read.Load() - with
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d bytes were not read again", saved)
	if saved <= 0 {
		t.Error("everything was read every time")
	}
}

// TestScanReadsSharedMemoryOnce maps the same memory at ten places in a row, and once more.
func TestScanReadsSharedMemoryOnce(t *testing.T) {
	data := make([]byte, 4<<20)
	places := []int{0, 12345, 1<<20 - 3, 3 << 20, 4<<20 - 6}
	for _, at := range places {
		copy(data[at:], "needle")
	}
	s := &tenfold{data: data}
	hits, last := 0, uint64(0)
	for h := range Scan(context.Background(), s, []Pattern{Must(Text("needle"))}, Options{Workers: 1}).Hits() {
		if h.Address%uint64(len(data)) != uint64(places[hits%len(places)]) || h.Address < last || string(h.Bytes) != "needle" {
			t.Errorf("hit %d: %q at %#x", hits, h.Bytes, h.Address)
		}
		hits, last = hits+1, h.Address
	}
	if hits != 10*len(places) {
		t.Errorf("%d hits, want %d", hits, 10*len(places))
	}
	if most := int64(len(data) + 4<<20); s.read.Load() > most {
		t.Errorf("%d bytes were read, want %d at most", s.read.Load(), most)
	}
}

// tenfold shows its data at ten places.
type tenfold struct {
	data []byte
	read atomic.Int64
}

func (s *tenfold) Beneath() memory.Memory { return memory.Bytes(s.data) }

func (s *tenfold) Extents(first, last uint64) iter.Seq[memory.Extent] {
	return func(yield func(memory.Extent) bool) {
		size := uint64(len(s.data))
		for i := range uint64(10) {
			e := memory.Extent{Base: i * 2 * size, Size: size}
			if e.Last() >= first && e.Base <= last && !yield(e) {
				return
			}
		}
	}
}

func (s *tenfold) ReadMemory(p []byte, address uint64) (int, error) {
	n := copy(p, s.data[address%uint64(len(s.data)):])
	s.read.Add(int64(n))
	return n, nil
}
