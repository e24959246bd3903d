package scan

import (
	"bytes"
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

// randomSpace maps pages in rows, in other orders, and more than once; some cannot be read, wherever they are mapped.
func randomSpace(r *rand.Rand, alphabet []byte) *space {
	const pages = 24
	page := pageSize
	s := &space{fake: &fake{data: make([]byte, pages*page), bad: map[uint64]bool{}}}
	for i := range s.data {
		s.data[i] = alphabet[r.IntN(len(alphabet))]
	}
	bad := map[uint64]bool{}
	for range max(0, r.IntN(8)-4) {
		bad[uint64(r.IntN(pages))*page+uint64(r.IntN(int(page)))&^(granule-1)] = true
	}
	base := uint64(r.IntN(4)) * page
	if r.IntN(6) == 0 {
		base += granule // not as aligned as beneath
	}
	for range 2 + r.IntN(20) {
		n := uint64(1)
		if r.IntN(2) == 0 {
			n += uint64(r.IntN(12))
		}
		e := memory.Extent{Base: base, Size: n * page, Beneath: page * uint64(r.IntN(pages-int(n)+1))}
		for at := uint64(0); at < e.Size; at += granule {
			if bad[e.Beneath+at] {
				s.bad[base+at] = true
			}
		}
		s.extents = append(s.extents, e)
		base += n * page
		if r.IntN(4) == 0 {
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
			a, b, c := pageSize, maxKept, maxTaken
			t.Cleanup(func() { pageSize, maxKept, maxTaken = a, b, c })
			pageSize = 16 << r.IntN(3)
			if r.IntN(3) == 0 {
				maxKept, maxTaken = r.IntN(40), r.IntN(2)
			}
			alphabet := [][]byte{{0, 'a', 'b'}, {0, 1, 2, 0xff, 'a', 'b', 'c', '\n'}}[r.IntN(2)]
			s := randomSpace(r, alphabet)
			var patterns []Pattern
			for len(patterns) < 1+r.IntN(4) {
				if p := randomPattern(r, alphabet); p.regexp == nil {
					patterns = append(patterns, p)
				}
			}
			o := Options{Workers: 1 + r.IntN(3), Align: []uint64{0, 2, 8, 3}[r.IntN(4)]}
			if r.IntN(3) == 0 {
				first, last := s.extents[0].Base, s.extents[len(s.extents)-1].Last()
				o.First = first + uint64(r.IntN(int(last-first)))
				o.Last = o.First + uint64(r.IntN(int(last-o.First)+1))
			}
			want := brute(s.fake, patterns, o)
			if o.Limit = r.IntN(len(want)+1) * r.IntN(2); o.Limit > 0 {
				want = want[:o.Limit]
			}
			result := Scan(context.Background(), s, patterns, o)
			got := collect(result, s.fake, t)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: %d hits, want %d:\n%v\n%v", seed, len(got), len(want), got, want)
			}
			with := s.read.Swap(0)
			plain := Scan(context.Background(), struct{ memory.Memory }{s}, patterns, o)
			collect(plain, s.fake, t)
			saved += s.read.Load() - with
			first, last := bounds(o.First, o.Last)
			if n := s.holes(first, last); o.Limit == 0 && (skippedBytes(&result.Coverage) != n || result.Complete() != (n == 0)) {
				t.Fatalf("seed %d: skipped %v, which are not the %d bytes there are: %v", seed, result.Skipped(), n, plain.Skipped())
			}
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

// TestScanReadsEachPageOnce maps pages in a row and then, with many of them twice, in other orders.
func TestScanReadsEachPageOnce(t *testing.T) {
	s := shuffled(8<<20, 3)
	needle := []byte("needle")
	r := rand.New(rand.NewPCG(5, 6))
	for range 3000 { // some across the ends of pages
		copy(s.data[r.IntN(len(s.data)-len(needle)):], needle)
	}
	flat := make([]byte, s.size())
	if _, err := s.ReadMemory(flat, 0); err != nil {
		t.Fatal(err)
	}
	var want []uint64
	for at := 0; ; at++ {
		i := bytes.Index(flat[at:], needle)
		if i < 0 {
			break
		}
		at += i
		want = append(want, uint64(at))
	}
	for _, workers := range []int{1, 4} {
		s.read.Store(0)
		var got []uint64
		for h := range Scan(context.Background(), s, []Pattern{Must(Bytes(needle))}, Options{Workers: workers}).Hits() {
			if string(h.Bytes) != "needle" {
				t.Fatalf("%q at %#x", h.Bytes, h.Address)
			}
			got = append(got, h.Address)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d workers: %d hits, want %d", workers, len(got), len(want))
		}
		borders := int64(len(s.frames)) * 2 * int64(len(needle)-1)
		if most := int64(len(s.data)) + borders; s.read.Load() > most {
			t.Errorf("%d workers: %d bytes were read, want %d at most", workers, s.read.Load(), most)
		}
	}
}

// A pageTable shows the pages of its data in any order: frames are their numbers.
type pageTable struct {
	data   []byte
	frames []int
	read   atomic.Int64
}

// shuffled maps data of a size in a row, and then in other orders so many times in all.
func shuffled(size, times int) *pageTable {
	s := &pageTable{data: make([]byte, size)}
	r := rand.New(rand.NewPCG(1, 2))
	copy(s.data, guest())
	for i := range times {
		frames := make([]int, size/4096)
		for j := range frames {
			if frames[j] = j; i == times-1 {
				frames[j] = r.IntN(len(frames))
			}
		}
		if i > 0 {
			r.Shuffle(len(frames), func(a, b int) { frames[a], frames[b] = frames[b], frames[a] })
		}
		s.frames = append(s.frames, frames...)
	}
	return s
}

func (s *pageTable) size() int { return 4096 * len(s.frames) }

func (s *pageTable) Beneath() memory.Memory { return memory.Bytes(s.data) }

func (s *pageTable) Extents(first, last uint64) iter.Seq[memory.Extent] {
	return func(yield func(memory.Extent) bool) {
		for at := first; at < uint64(s.size()) && at <= last; at = at&^4095 + 4096 {
			e := memory.Extent{Base: at, Size: min(at|4095, last) - at + 1, Beneath: uint64(s.frames[at/4096])*4096 + at%4096}
			if !yield(e) {
				return
			}
		}
	}
}

func (s *pageTable) ReadMemory(p []byte, address uint64) (int, error) {
	n := 0
	for n < len(p) {
		at := address + uint64(n)
		if at >= uint64(s.size()) {
			return n, &memory.Error{Address: at, Length: uint64(len(p)), Reason: memory.ReasonUnmapped}
		}
		page := s.data[s.frames[at/4096]*4096:][:4096]
		n += copy(p[n:], page[at%4096:])
	}
	s.read.Add(int64(n))
	return n, nil
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
