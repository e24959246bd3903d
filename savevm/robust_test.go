package savevm_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/ram"
)

// robustImages is one small image of each kind.
var robustImages = []string{
	"pg64", "i386-m36", "i386-m32-smp2-novmdesc", "pc14-m64-novmdesc", "pc-m64-bare", "pc-m64-smp4-pam", "q35-m64-dimm", "microvm-m64",
	"pc-m64-compress", "pc-m64-xbzrle", "pc-m64-rounds", "pc-m64-ignore-shared", "pc-m64-background", "q10-pc-m64", "q10-mapped-m64",
	"pc-m64-gzip", "pc-m64-bzip2", "pc-m64-lzop", "pc-m64-xz", "pc-m64-zstd", "qcow2-m64", "qcow2v2-m36",
	"elf-m64", "elf-paging-m64", "elf-arm64-4k", "kdump-zlib-m64", "q10-kdump-raw-m64", "arm64-4k", "riscv64-sv39",
	"q25-pc-m64", "kdump-lzo-m64", "kdump-snappy-m64", "kdump-zstd-m64-smp2",
}

// moreImages are tested too when every cut is asked for.
var moreImages = []string{
	"q10-mapped-offset-m57", "q10-mapped-numa-m64", "q10-nodetect-m64", "elf-i386-m32-smp2", "kdump-zlib-arm64-4k", "kdump-zlib-i386-m32-smp2",
	"legacy/qemu-0.10.6-i386-pg36-smp2-live", "legacy/qemu-0.12.3-i386-pg32", "legacy/qemu-0.15.0-x86_64-pg64-smp2",
	"tiny/lv90-raw-m64", "tiny/lv90-gzip-m64", "tiny/lv90-bzip2-m64", "tiny/lv90-lzop-m64", "tiny/lv90-xz-m64", "tiny/lv113-zstd-m64",
	"tiny/lv113-sparse-m64", "tiny/q72-compress-m64", "tiny/q72-xbzrle-m64", "tiny/q10-qcow2-m64", "tiny/lv90-memory-only-m64",
}

// exhaustive asks for every cut and ten thousand corruptions of each image: SVSCRIPT_EXHAUSTIVE=1 and a long -timeout. "all" cuts
// also those images at every byte that have more than 2 MiB; SVSCRIPT_BELOW=N begins at byte N.
var exhaustive = os.Getenv("SVSCRIPT_EXHAUSTIVE")

func robustNames() []string {
	if exhaustive == "" {
		return robustImages
	}
	return append(slices.Clone(robustImages), moreImages...)
}

// TestCutAnywhere opens each image cut off at many lengths, or at all: it opens or fails with a one-line error that a person can
// act on, it holds every page whose record lies before the cut, and what it holds of each page whose last record is before the
// cut is what the whole image holds (which is what the monitor's pmemsave gave, as TestPhysicalMemory proves).
func TestCutAnywhere(t *testing.T) {
	for _, name := range robustNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole, err := os.ReadFile(testimage.Path(t, name))
			if err != nil {
				t.Fatal(err)
			}
			full := open(t, name)
			lengths := cuts(len(whole))
			ends := recordEnds(whole, full)
			stored := ^uint64(0)
			for i, cut := range lengths {
				img, err := openCut(t, whole, cut, i)
				if err != nil {
					if s := err.Error(); strings.Contains(s, "\n") || len(s) > 500 {
						t.Fatalf("cut at %d: %q", cut, s)
					}
					continue
				}
				if img.Info().Complete && len(img.Warnings()) == 0 && cut < len(whole)*9/10 {
					t.Errorf("cut at %d of %d: nothing says so", cut, len(whole))
				}
				checkWarnings(t, cut, img)
				now := storedBytes(img)
				least, _ := slices.BinarySearch(ends, int64(cut)+1)
				if least := uint64(least) * full.Info().PageSize; now > stored || now < least {
					t.Errorf("cut at %d: %d bytes of RAM are there, a longer image has %d, whole in front of the cut are %d", cut, now, stored, least)
				}
				stored = now
				if exhaustive == "" || i%61 == 0 { // what lies before the cut is the same for its neighbours
					compareCut(t, cut, full, img)
				}
				img.Close()
				if t.Failed() {
					return
				}
				if d, ok := t.Deadline(); ok && i%100 == 0 && time.Until(d) < 20*time.Second {
					t.Skipf("NOT TESTED: cuts below %d of %d, for the time is over", cut, len(whole))
				}
			}
		})
	}
}

// openCut opens the first bytes of an image: now and then as a file, which is mapped.
func openCut(t *testing.T, whole []byte, cut, i int) (*savevm.Image, error) {
	if exhaustive != "" && i%127 != 0 {
		return savevm.New(bytes.NewReader(whole[:cut]), int64(cut))
	}
	path := filepath.Join(t.TempDir(), "cut")
	if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(path)
	img, err := savevm.Open(path)
	if err != nil && !strings.Contains(err.Error(), path) {
		t.Errorf("cut at %d: %q does not name the file", cut, err)
	}
	return img, err
}

// recordEnds is where each page's record ends in the file, in order; none for an image whose bytes lie elsewhere.
func recordEnds(whole []byte, img *savevm.Image) []int64 {
	var ends []int64
	if len(img.Info().Layers) > 0 || img.Info().Format != "qemu-stream" {
		return nil
	}
	for _, b := range img.Blocks() {
		for at := uint64(0); at < b.Size && !b.HasAddress; at += b.PageSize { // with one, its pages may be in another file
			l, ok := b.Locate(at)
			switch {
			case !ok || l.FileOffset < 0:
			case l.Encoding == ram.EncodingPage || l.Encoding == ram.EncodingFlat:
				ends = append(ends, l.FileOffset+int64(b.PageSize))
			case l.Encoding == ram.EncodingFill:
				end := l.FileOffset + 9
				if name := append([]byte{byte(len(b.Name))}, b.Name...); bytes.HasPrefix(whole[end-1:], name) {
					end += int64(len(name))
				}
				ends = append(ends, end)
			}
		}
	}
	slices.Sort(ends)
	return ends
}

func storedBytes(img *savevm.Image) uint64 {
	n := uint64(0)
	for _, b := range img.Blocks() {
		n += b.Stored()
	}
	return n
}

// cuts are the lengths to cut at, the longest first.
func cuts(size int) []int {
	var lengths []int
	r := rand.New(rand.NewPCG(uint64(size), 1))
	const edge = 300 << 10
	first := size - 1
	if n, err := strconv.Atoi(os.Getenv("SVSCRIPT_BELOW")); err == nil {
		first = min(first, n)
	}
	for n := first; n > 0; {
		lengths = append(lengths, n)
		switch {
		case exhaustive == "all", exhaustive != "" && (size < 2<<20 || n > size-edge || n < edge):
			n--
		case exhaustive != "":
			n -= 1 + r.IntN(size/20000)
		case testing.Short():
			n -= 1 + r.IntN(size/5)
		case n > size-1000 || n < 1000: // trailers and headers are dense
			n -= 1 + r.IntN(60)
		default:
			n -= 1 + r.IntN(size/10)
		}
	}
	return lengths
}

// checkWarnings reads the warnings as a user does.
func checkWarnings(t *testing.T, where any, img *savevm.Image) {
	t.Helper()
	seen := map[string]bool{}
	for _, w := range img.Warnings() {
		s := w.String()
		if s == "" || strings.Contains(s, "\n") || seen[s] || strings.Contains(s, "%!") {
			t.Errorf("%v: warning %q is empty, twice there, or no line", where, s)
		}
		seen[s] = true
	}
	if len(seen) > 20 {
		t.Errorf("%v: %d warnings, as %q", where, len(seen), img.Warnings()[:5])
	}
}

// compareCut compares the blocks of an image that was cut off with those of the whole one; of a dump, whose blocks differ
// with its length, the guest-physical memory.
func compareCut(t *testing.T, cut int, full, img *savevm.Image) {
	t.Helper()
	if img.Info().Format != "qemu-stream" {
		compareMemory(t, cut, full, img)
		return
	}
	layered := len(img.Info().Layers) > 0
	for i, b := range img.Blocks() {
		if i >= len(full.Blocks()) || b.Name != full.Blocks()[i].Name {
			t.Errorf("cut at %d: block %q is not in the whole image", cut, b.Name)
			return
		}
		want := full.Blocks()[i]
		got, expect := make([]byte, b.PageSize), make([]byte, b.PageSize)
		for e := range b.Extents(0, b.Size-1) {
			if e.Kind == memory.Absent {
				continue
			}
			for at := e.Base; at-e.Base < e.Size; at += b.PageSize {
				l, _ := b.Locate(at)
				w, ok := want.Locate(at)
				same := ok && sameLocation(l, w)
				if layered && !same || !layered && (same || w.FileOffset+int64(b.PageSize) > int64(cut)) {
					continue // the same bytes of the file, or an earlier record of a page that comes again behind the cut
				}
				n, err := b.ReadMemory(got, at)
				m, werr := want.ReadMemory(expect, at)
				if err == nil && (werr != nil || n != m || !bytes.Equal(got, expect)) {
					t.Errorf("cut at %d: block %s at %#x differs: %v, whole %v", cut, b.Name, at, l, w)
					return
				}
			}
		}
	}
}

// compareMemory compares all that the image says it has, the large extents at both ends.
func compareMemory(t *testing.T, cut int, full, img *savevm.Image) {
	t.Helper()
	const most = 64 << 10
	got, want := make([]byte, most), make([]byte, most)
	for e := range img.Extents(0, ^uint64(0)) {
		if e.Kind == memory.Absent {
			continue
		}
		n := min(e.Size, most)
		for _, at := range []uint64{e.Base, e.Base + e.Size - n} {
			_, err := img.ReadMemory(got[:n], at)
			_, werr := full.ReadMemory(want[:n], at)
			if err == nil && (werr != nil || !bytes.Equal(got[:n], want[:n])) {
				t.Errorf("cut at %d: %#x +%#x differs: %v, whole %v", cut, at, n, err, werr)
				return
			}
		}
	}
}

func sameLocation(a, b ram.Location) bool {
	return a.Encoding == b.Encoding && a.FileOffset == b.FileOffset && a.Fill == b.Fill && len(a.Base) == len(b.Base)
}

// TestCorruption damages each image at random, forty ways by default and ten thousand when asked: no panic, no more
// than ten times the clean time, no more than four times the clean memory.
func TestCorruption(t *testing.T) {
	rounds := 40
	switch {
	case exhaustive != "":
		rounds = 10000
	case testing.Short():
		rounds = 5
	}
	for _, name := range robustNames() {
		t.Run(name, func(t *testing.T) { // not parallel: it measures
			whole, err := os.ReadFile(testimage.Path(t, name))
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(uint64(len(whole)), 2))
			var time, heap uint64
			for range 5 {
				tm, h := measure(t, whole, "clean")
				time, heap = max(time, tm), max(heap, h)
			}
			maxTime, maxHeap := 10*time+uint64(500e6), 4*heap+8<<20
			rounds := rounds
			if len(whole) > 4<<20 {
				rounds /= 5
			}
			buf := make([]byte, 0, len(whole)+1<<16)
			for i := range rounds {
				seed := r.Uint64()
				damaged := damage(buf, whole, rand.New(rand.NewPCG(seed, 3)))
				where := fmt.Sprintf("round %d, seed %#x", i, seed)
				tm, h := measure(t, damaged, where)
				for retry := 0; retry < 3 && tm > maxTime; retry++ { // the machine may have been busy
					tm, _ = measure(t, damaged, where)
				}
				if tm > maxTime || h > maxHeap {
					t.Errorf("%s: %d ms and %d KiB, clean %d ms and %d KiB", where, tm/1e6, h>>10, time/1e6, heap>>10)
				}
				if t.Failed() {
					if dir := os.Getenv("SVSCRIPT_KEEP"); dir != "" {
						os.WriteFile(filepath.Join(dir, strings.ReplaceAll(name, "/", "_")), damaged, 0o600)
					}
					return
				}
			}
		})
	}
}

// damage changes a copy of an image: bytes, whole fields, and pieces that are left out, doubled or inserted.
func damage(buf, whole []byte, r *rand.Rand) []byte {
	b := append(buf[:0], whole...)
	place := func() int {
		switch r.IntN(4) {
		case 0:
			return r.IntN(min(len(b), 4096)) // headers
		case 1:
			return len(b) - 1 - r.IntN(min(len(b), 128<<10)) // devices and the description
		}
		return r.IntN(len(b))
	}
	for range 1 + r.IntN(8) {
		at := place()
		switch r.IntN(12) {
		case 0, 1, 2, 3:
			b[at] = byte(r.Uint32())
		case 4, 5:
			b[at] ^= 1 << r.IntN(8)
		case 6:
			b[at] = []byte{0, 0xff, 0x7f, 0x80, '"', '{'}[r.IntN(6)]
		case 7, 8: // a number of 4 or 8 bytes
			n := min([]int{2, 4, 8}[r.IntN(3)], len(b)-at)
			fill := []byte{0, 0xff, 0x7f}[r.IntN(3)]
			for i := range n {
				b[at+i] = fill
			}
		case 9: // a piece is left out
			n := min(1+r.IntN(64), len(b)-at)
			b = append(b[:at], b[at+n:]...)
		case 10: // a piece comes twice
			n := min(1+r.IntN(64), len(b)-at)
			b = append(b[:at+n], b[at:]...)
		case 11: // a piece of another place
			from, n := r.IntN(len(b)), 1+r.IntN(4096)
			copy(b[at:], b[from:min(len(b), from+n)])
		}
		if len(b) == 0 {
			return append(b, 0)
		}
	}
	return b
}

// measure opens an image and reads of all that it offers, and returns nanoseconds and bytes of heap that were allocated.
func measure(t *testing.T, b []byte, where string) (elapsed, heap uint64) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s: panic: %v\n%s", where, p, debug.Stack())
		}
	}()
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	start, before := time.Now(), sample[0].Value.Uint64()
	img, err := savevm.New(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		if s := err.Error(); strings.Contains(s, "\n") || len(s) > 500 {
			t.Errorf("%s: error %q", where, s)
		}
	} else {
		useAll(img)
		checkWarnings(t, where, img)
		img.Close()
	}
	metrics.Read(sample)
	return uint64(time.Since(start)), sample[0].Value.Uint64() - before
}

// useAll reads a part of everything that an image offers.
func useAll(img *savevm.Image) {
	page := make([]byte, 4096)
	for _, b := range img.Blocks() {
		readExtents(b, page, 200)
	}
	readExtents(img, page, 200)
	for a := uint64(0); a < 1<<20; a += 0x11000 {
		_ = img.Explain(a).String()
	}
	for _, c := range img.CPUs() {
		_, _ = c.Mode(), c.Privilege()
		if s, err := c.Space(); err == nil {
			for _, va := range []uint64{0, 0x400000, 0xffffffff80000000, 0xffff800000000000, ^uint64(0)} {
				s.Translate(va)
			}
		}
	}
	for _, d := range img.Devices() {
		d.Decode()
	}
}

func readExtents(m memory.Memory, page []byte, limit int) {
	for e := range m.Extents(0, ^uint64(0)) {
		for at := e.Base; at-e.Base < e.Size && limit > 0; at += uint64(len(page)) {
			m.ReadMemory(page[:min(uint64(len(page)), e.Size-(at-e.Base))], at)
			limit--
			if e.Kind != memory.Data {
				break
			}
		}
	}
}

// TestKeptFile runs again what SVSCRIPT_KEEP kept: SVSCRIPT_FILE names the file.
func TestKeptFile(t *testing.T) {
	path := os.Getenv("SVSCRIPT_FILE")
	if path == "" {
		t.Skip("SVSCRIPT_FILE names no file")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		tm, heap := measure(t, b, path)
		t.Logf("%d ms, %d KiB", tm/1e6, heap>>10)
	}
	img, err := savevm.New(struct{ io.ReaderAt }{bytes.NewReader(b)}, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	for _, w := range img.Warnings() {
		t.Log(w)
	}
	runtime.KeepAlive(b)
}
