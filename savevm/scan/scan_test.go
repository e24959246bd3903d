package scan

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/svscript/svscript/savevm/memory"
)

// A plain is a hit without its bytes.
type plain struct {
	Address         uint64
	Pattern, Length int
}

// brute searches byte by byte, with package regexp for the expressions.
func brute(f *fake, patterns []Pattern, o Options) []plain {
	base, flat := f.flat()
	first, last := bounds(o.First, o.Last)
	readable := func(i int) bool {
		return flat[i] >= 0 && base+uint64(i) >= first && base+uint64(i) <= last
	}
	var found []plain
	for n, p := range patterns {
		if p.regexp != nil {
			continue
		}
	places:
		for i := range flat {
			if o.Align > 1 && (base+uint64(i))%o.Align != 0 {
				continue
			}
			for j, v := range p.value {
				if i+j >= len(flat) || !readable(i+j) || byte(flat[i+j])&p.bits(j) != v {
					continue places
				}
			}
			found = append(found, plain{base + uint64(i), n, len(p.value)})
		}
	}
	for i := 0; i < len(flat); {
		if !readable(i) {
			i++
			continue
		}
		j := i
		for j < len(flat) && readable(j) {
			j++
		}
		run := make([]byte, 0, j-i)
		for _, b := range flat[i:j] {
			run = append(run, byte(b))
		}
		for n, p := range patterns {
			if p.regexp != nil {
				found = append(found, bruteRegexp(p.source, n, run, base+uint64(i), o.Align)...)
			}
		}
		i = j
	}
	sort.Slice(found, func(i, j int) bool {
		a, b := found[i], found[j]
		return a.Address < b.Address || a.Address == b.Address && a.Pattern < b.Pattern
	})
	return found
}

// bruteRegexp writes bytes as the characters U+0000 to U+00FF and leaves the rest to package regexp.
func bruteRegexp(expr string, n int, run []byte, base, align uint64) (found []plain) {
	var text []byte
	place := map[int]int{}
	for i, b := range run {
		place[len(text)] = i
		text = append(text, string(rune(b))...)
	}
	place[len(text)] = len(run)
	if align <= 1 {
		for _, m := range regexp.MustCompile(expr).FindAllIndex(text, -1) {
			found = append(found, plain{base + uint64(place[m[0]]), n, place[m[1]] - place[m[0]]})
		}
		return found
	}
	// At aligned starts only, each tried for itself: what precedes a start is skipped by a group that must match it exactly.
	for s := 0; s < len(run); {
		if (base+uint64(s))%align == 0 {
			re := regexp.MustCompile(fmt.Sprintf(`\A(?s:.{%d})(%s)`, s, expr))
			if m := re.FindSubmatchIndex(text); m != nil {
				found = append(found, plain{base + uint64(s), n, place[m[3]] - s})
				s = place[m[3]]
				continue
			}
		}
		s++
	}
	return found
}

var expressions = []string{
	`a+`, `ab|a`, `a|ab`, `a.*?b`, `(?s)a.b`, `\bab?`, `b\b`, `[^a]b`, `(?m)^a`, `(?m)b$`, `(?i)A\xffb`, `\xff+`, `(a|b)*c`,
	`a{2,4}`, `\x00{3}`, `(?:ab)+a?`, `\Bb`, `[\x00-\xff]a`, `(?s).{5}`, `a*b`, `(a+?b+?|ab)c?`, `[a-c]{1,5}\n`,
}

func randomPattern(r *rand.Rand, alphabet []byte) Pattern {
	b := make([]byte, 1+r.IntN(10))
	if r.IntN(8) == 0 {
		b = make([]byte, 10+r.IntN(30))
	}
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	switch r.IntN(6) {
	case 0:
		mask := make([]byte, len(b))
		for i := range mask {
			mask[i] = []byte{0xff, 0xff, 0, 0xf0, 0x0f, 0x81}[r.IntN(6)]
		}
		mask[r.IntN(len(mask))] = 0xff
		return Must(Masked(b, mask))
	case 1:
		size := 1 << r.IntN(4)
		return Must(Int(uint64(b[0])|uint64(b[len(b)-1])<<(8*(size-1)), size, []binary.ByteOrder{binary.LittleEndian, binary.BigEndian}[r.IntN(2)], 0))
	case 2:
		return Must(Regexp(expressions[r.IntN(len(expressions))]))
	case 3:
		mask := make([]byte, len(b))
		mask[r.IntN(len(mask))] = byte(1 << r.IntN(8))
		return Must(Masked(b, mask))
	}
	return Must(Bytes(b))
}

func collect(res *Result, f *fake, t testing.TB) (got []plain) {
	for h := range res.Hits() {
		if len(h.Bytes) != h.Length {
			t.Fatalf("%d bytes in a hit of %d", len(h.Bytes), h.Length)
		}
		for i, b := range h.Bytes {
			if want, _ := f.at(h.Address + uint64(i)); want != b {
				t.Fatalf("hit at %#x: byte %d is %#x, memory has %#x", h.Address, i, b, want)
			}
		}
		got = append(got, plain{h.Address, h.Pattern, h.Length})
	}
	return got
}

func TestScanFindsWhatBruteForceFinds(t *testing.T) {
	rounds := 6000
	if testing.Short() {
		rounds = 500
	}
	total := 0
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 1))
		total += compareWithBrute(t, r, seed)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d hits compared", total)
	if total < rounds {
		t.Error("too few hits to mean anything")
	}
}

func compareWithBrute(t *testing.T, r *rand.Rand, seed uint64) int {
	hits := 0
	t.Run("", func(t *testing.T) {
		shrink(t, r)
		alphabet := [][]byte{{0, 'a', 'b'}, {0, 0xff, 'a', 'b', 'c', '\n', ' '}, {'a'}, {0, 1, 2, 3, 0x80, 0xff, 'a', 'A', 'b', 'c', 'd', '_', '\n'}}[r.IntN(4)]
		f := randomFake(r, alphabet)
		var patterns []Pattern
		for range 1 + r.IntN([]int{1, 3, 20}[r.IntN(3)]) {
			patterns = append(patterns, randomPattern(r, alphabet))
		}
		o := Options{Workers: 1 + r.IntN(3), Align: []uint64{0, 1, 2, 4, 8, 3}[r.IntN(6)]}
		if base, flat := f.flat(); r.IntN(3) == 0 {
			o.First = base + uint64(r.IntN(len(flat)))
			o.Last = o.First + uint64(r.IntN(100))
			if o.Last < o.First {
				o.Last = 0
			}
		}
		want := brute(f, patterns, o)
		res := Scan(context.Background(), f, patterns, o)
		got := collect(res, f, t)
		if !slices.Equal(got, want) {
			i := 0
			for i < len(got) && i < len(want) && got[i] == want[i] {
				i++
			}
			t.Errorf("seed %d: %+v, patterns %v\nchunk %d block %d extents %+v bad %v\n%d hits, want %d; from %d on\n got %v\nwant %v", seed, o, patterns,
				chunkSize, blockSize, f.extents, f.bad, len(got), len(want), i, got[i:min(i+5, len(got))], want[i:min(i+5, len(want))])
		}
		first, last := bounds(o.First, o.Last)
		if n, want := skippedBytes(&res.Coverage), f.holes(first, last); n != want {
			t.Errorf("seed %d: %d bytes skipped, want %d: %v", seed, n, want, res.Skipped())
		} else if res.Complete() != (want == 0) || res.Err() != nil {
			t.Errorf("seed %d: complete %v, err %v, %d skipped", seed, res.Complete(), res.Err(), want)
		}
		hits = len(want)
	})
	return hits
}

func TestHitsCrossPagesAndExtents(t *testing.T) {
	data := make([]byte, 3<<20)
	needle := "straddles a border"
	places := []int{4096 - 5, 1<<20 - 1, 2<<20 - 17, 3<<20 - len(needle)}
	for _, p := range places {
		copy(data[p:], needle)
	}
	f := &fake{data: data, extents: []memory.Extent{{Base: 0, Size: 1<<20 - 3, Beneath: 0}, {Base: 1<<20 - 3, Size: 2<<20 + 3, Beneath: 1<<20 - 3}}}
	for _, p := range []Pattern{Must(Text(needle)), Must(Regexp(`s[a-z]+ a [bord]+er`)), Must(Hex("73 74 72 ?? 64 64"))} {
		var got []int
		res := Scan(context.Background(), memory.Bytes(f.data), []Pattern{p}, Options{})
		for h := range res.Hits() {
			got = append(got, int(h.Address))
		}
		if !slices.Equal(got, places) || !res.Complete() {
			t.Errorf("%v: at %d, want %d", p, got, places)
		}
	}
}

func TestFillIsNotRead(t *testing.T) {
	var reads atomic.Int64
	m := &counting{Memory: &fake{extents: []memory.Extent{{Base: 0, Size: 1 << 50, Kind: memory.Fill}}}, reads: &reads}
	res := Scan(context.Background(), m, []Pattern{Must(Text("x")), Must(Regexp("[a-z]+"))}, Options{})
	for range res.Hits() {
		t.Fatal("a hit")
	}
	if !res.Complete() || reads.Load() > 2 {
		t.Errorf("complete %v, %d reads", res.Complete(), reads.Load())
	}
	// Where the fill itself matches, hits come at once.
	n := 0
	res = Scan(context.Background(), m, []Pattern{Must(Hex("00 00"))}, Options{Limit: 10})
	for range res.Hits() {
		n++
	}
	if n != 10 || res.Complete() || res.Err() != nil {
		t.Errorf("%d hits, complete %v, err %v", n, res.Complete(), res.Err())
	}
}

type counting struct {
	memory.Memory
	reads *atomic.Int64
}

func (c *counting) ReadMemory(p []byte, a uint64) (int, error) {
	c.reads.Add(1)
	if len(p) > 64<<10 {
		clear(p)
		return len(p), nil
	}
	return c.Memory.ReadMemory(p, a)
}

func TestLongestMatchIsBounded(t *testing.T) {
	data := []byte(strings.Repeat("a", 3*MaxMatch+10) + "b")
	var got []int
	for h := range Scan(context.Background(), memory.Bytes(data), []Pattern{Must(Regexp("a+"))}, Options{}).Hits() {
		got = append(got, h.Length)
	}
	if want := []int{MaxMatch, MaxMatch, MaxMatch, 10}; !slices.Equal(got, want) {
		t.Errorf("lengths %d, want %d", got, want)
	}
	// The leftmost start from where the end is near enough.
	for h := range Scan(context.Background(), memory.Bytes(data), []Pattern{Must(Regexp("a+b"))}, Options{}).Hits() {
		if h.Length != MaxMatch || int(h.Address)+h.Length != len(data) {
			t.Errorf("at %d, %d bytes", h.Address, h.Length)
		}
	}
}

func TestBreakLimitAndCancel(t *testing.T) {
	before := runtime.NumGoroutine()
	data := memory.Bytes(make([]byte, 40<<20))
	for i := 0; i < len(data); i += 1 << 20 {
		copy(data[i+1000:], "needle")
	}
	needle := []Pattern{Must(Text("needle"))}
	res := Scan(context.Background(), data, needle, Options{Workers: 4})
	n := 0
	for range res.Hits() {
		if n++; n == 3 {
			break
		}
	}
	if res.Complete() || res.Err() != nil {
		t.Errorf("after break: complete %v, err %v", res.Complete(), res.Err())
	}
	n = 0
	for range res.Hits() {
		n++
	}
	if n != 40 || !res.Complete() {
		t.Errorf("second loop: %d hits, complete %v", n, res.Complete())
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	res = Scan(ctx, data, needle, Options{Workers: 4})
	n = 0
	for range res.Hits() {
		if n++; n == 5 {
			cancel()
		}
	}
	if n > 8 || res.Err() != context.Canceled || res.Complete() {
		t.Errorf("after cancel: %d hits, err %v, complete %v", n, res.Err(), res.Complete())
	}
	var done, total uint64
	res = Scan(context.Background(), data, needle, Options{Progress: func(d, t uint64) { done, total = d, t }})
	for range res.Hits() {
	}
	if done != 40<<20 || total != 40<<20 {
		t.Errorf("progress ended at %d of %d", done, total)
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

type explosive struct{ memory.Bytes }

func (explosive) ReadMemory([]byte, uint64) (int, error) { panic("boom") }

func TestPanicOfAMemoryReachesTheLoop(t *testing.T) {
	defer func() {
		if p := recover(); p != "boom" {
			t.Errorf("recovered %v", p)
		}
	}()
	for range Scan(context.Background(), explosive{make([]byte, 10<<20)}, []Pattern{Must(Text("x"))}, Options{}).Hits() {
	}
	t.Error("no panic")
}

func TestFaultyArguments(t *testing.T) {
	for _, patterns := range [][]Pattern{nil, {{}}} {
		res := Scan(context.Background(), memory.Bytes("abc"), patterns, Options{})
		for range res.Hits() {
			t.Error("a hit")
		}
		if res.Err() == nil || res.Complete() {
			t.Errorf("%v: no error", patterns)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("abab\x00\x00ab"), []byte("ab"), []byte{0xff, 0x0f}, uint8(3))
	f.Add([]byte("aaaaaaaaaaaaaaaa"), []byte("aa"), []byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, data, value, mask []byte, knobs uint8) {
		if len(data) == 0 || len(data) > 4096 || len(value) == 0 || len(value) > 64 {
			return
		}
		p, err := Bytes(value)
		if len(mask) > 0 {
			m := make([]byte, len(value))
			copy(m, mask)
			p, err = Masked(value, m)
		}
		if err != nil {
			return
		}
		shrink(t, rand.New(rand.NewPCG(uint64(knobs), 2)))
		mem := &fake{data: data, extents: []memory.Extent{{Base: uint64(knobs) % 7, Size: uint64(len(data))}}}
		patterns := []Pattern{p}
		for i := range int(knobs % 5) {
			patterns = append(patterns, Must(Bytes(data[i%len(data):min(len(data), i%len(data)+1+i)])))
		}
		o := Options{Align: uint64(knobs >> 5)}
		if got, want := collect(Scan(context.Background(), mem, patterns, o), mem, t), brute(mem, patterns, o); !slices.Equal(got, want) {
			t.Errorf("got %v\nwant %v", got, want)
		}
	})
}

func FuzzRegexp(f *testing.F) {
	for i, e := range expressions {
		f.Add(e, []byte("abc\x00\xff aab\nbA\xffb"), uint8(i))
	}
	f.Fuzz(func(t *testing.T, expr string, data []byte, knobs uint8) {
		p, err := Regexp(expr)
		if err != nil || len(expr) > 60 || len(data) == 0 || len(data) > 500 {
			return
		}
		for _, r := range expr {
			if r > 0x7f {
				return
			}
		}
		shrink(t, rand.New(rand.NewPCG(uint64(knobs), 3)))
		mem := &fake{data: data, extents: []memory.Extent{{Base: 0, Size: uint64(len(data))}}}
		if got, want := collect(Scan(context.Background(), mem, []Pattern{p}, Options{}), mem, t), brute(mem, []Pattern{p}, Options{}); !slices.Equal(got, want) {
			t.Errorf("%q in %q: got %v\nwant %v", expr, data, got, want)
		}
	})
}
