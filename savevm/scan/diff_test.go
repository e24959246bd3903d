package scan

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/svscript/svscript/savevm/memory"
)

func (f *fake) state(a uint64) State {
	for _, e := range f.extents {
		if a >= e.Base && a <= e.Last() {
			return stateOf(e)
		}
	}
	return Unmapped
}

func TestDiffFindsWhatBruteForceFinds(t *testing.T) {
	total := 0
	for seed := range uint64(3000) {
		t.Run("", func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 9))
			shrink(t, r)
			alphabet := []byte{0, 0, 0, 0, 1}
			a := randomFake(r, alphabet)
			b := randomFake(r, alphabet)
			if r.IntN(2) == 0 {
				b = &fake{extents: a.extents, data: slices.Clone(a.data), bad: a.bad}
				for range r.IntN(5) {
					b.data[r.IntN(len(b.data))]++
				}
			}
			var want []Change
			skipped := uint64(0)
			base := min(a.extents[0].Base, b.extents[0].Base)
			end := max(a.extents[len(a.extents)-1].Last(), b.extents[len(b.extents)-1].Last())
			if end-base > 1<<20 {
				return // one is at the end of the space, the other is not
			}
			for n := range end - base + 1 {
				at := base + n
				sa, sb := a.state(at), b.state(at)
				va, ra := a.at(at)
				vb, rb := b.at(at)
				switch {
				case sa == sb && (ra != "" || rb != ""):
					if sa != Unmapped {
						skipped++
					}
					continue
				case sa == sb && va == vb:
					continue
				}
				if k := len(want); k > 0 && want[k-1].Base+want[k-1].Size == at && want[k-1].A == sa && want[k-1].B == sb {
					want[k-1].Size++
				} else {
					want = append(want, Change{at, 1, sa, sb})
				}
			}
			res := Diff(context.Background(), a, b, DiffOptions{Granule: 1, Workers: 1 + r.IntN(3)})
			got := slices.Collect(res.Changes())
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d\na %+v\nb %+v\n got %+v\nwant %+v", seed, a.extents, b.extents, got, want)
			}
			if n := skippedBytes(&res.Coverage); n != skipped || res.Complete() != (n == 0) {
				t.Errorf("seed %d: %d bytes skipped, want %d: %+v", seed, n, skipped, res.Skipped())
			}
			total += len(want)
		})
	}
	if total < 3000 {
		t.Errorf("only %d changes", total)
	}
}

func TestDiffByPages(t *testing.T) {
	a := make(memory.Bytes, 5<<20)
	b := slices.Clone(a)
	b[5000], b[8191], b[8192], b[3<<20] = 1, 1, 1, 1
	got := slices.Collect(Diff(context.Background(), a, b[:5<<20-4096], DiffOptions{}).Changes())
	want := []Change{{4096, 8192, Readable, Readable}, {3 << 20, 4096, Readable, Readable}, {5<<20 - 4096, 4096, Readable, Unmapped}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	res := Diff(context.Background(), a, b, DiffOptions{Granule: 3})
	for range res.Changes() {
		t.Error("a change")
	}
	if res.Err() == nil {
		t.Error("a granule of 3 bytes is accepted")
	}
}

func TestDiffDoesNotReadEqualFill(t *testing.T) {
	var reads atomic.Int64
	m := &counting{Memory: &fake{extents: []memory.Extent{{Base: 0, Size: 1 << 50, Kind: memory.Fill}}}, reads: &reads}
	res := Diff(context.Background(), m, m, DiffOptions{})
	for range res.Changes() {
		t.Fatal("a change")
	}
	if !res.Complete() || reads.Load() > 0 {
		t.Errorf("complete %v, %d reads", res.Complete(), reads.Load())
	}
}
