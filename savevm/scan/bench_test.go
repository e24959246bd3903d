package scan

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/svscript/svscript/savevm/memory"
)

// guest is 256 MB that resembles a guest's RAM: code-like bytes, small integers and pointers, text, random pages and empty ones.
var guest = sync.OnceValue(func() memory.Bytes {
	if name := os.Getenv("SCAN_BENCH_FILE"); name != "" {
		b, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		return b
	}
	const page = 4096
	b := make([]byte, 256<<20)
	r := rand.New(rand.NewPCG(1, 2))
	code := []byte{0x48, 0x8b, 0x89, 0xe8, 0x00, 0xff, 0x0f, 0x85, 0xc0, 0x74, 0x24, 0x08, 0x83, 0xcc, 0x41, 0x5d}
	words := []string{"the ", "kernel ", "of ", "memory ", "Linux\n", "page=", "%s: ", "driver/", "error ", "usb_"}
	for at := 0; at < len(b); at += page {
		p := b[at : at+page]
		switch r.IntN(10) {
		case 0, 1, 2: // empty
		case 3, 4, 5:
			for i := range p {
				p[i] = code[r.IntN(16)]
				if r.IntN(3) == 0 {
					p[i] = byte(r.Uint32())
				}
			}
		case 6, 7:
			for i := 0; i < page; i += 8 {
				v := uint64(r.IntN(1000))
				if r.IntN(2) == 0 {
					v = 0xffff888000000000 + uint64(r.IntN(1<<30))&^7
				}
				binary.LittleEndian.PutUint64(p[i:], v)
			}
		case 8:
			for i := 0; i < page; {
				i += copy(p[i:], words[r.IntN(len(words))])
			}
		default:
			for i := 0; i < page; i += 8 {
				binary.LittleEndian.PutUint64(p[i:], r.Uint64())
			}
		}
	}
	copy(b[200<<20:], "SvScriptNeedle")
	return b
})

func BenchmarkScan(b *testing.B) {
	hundred := make([]Pattern, 0, 100)
	short := make([]Pattern, 0, 100)
	r := rand.New(rand.NewPCG(3, 4))
	syllables := []string{"ker", "nel", "mo", "dule", "_init", "sys", "call", "vm", "alloc", "page", "net", "dev"}
	for i := range 100 {
		s := ""
		for len(s) < 10 {
			s += syllables[r.IntN(len(syllables))]
		}
		hundred = append(hundred, Must(Text(fmt.Sprintf("%s%d", s, i))))
		short = append(short, Must(Int(uint64(r.Uint32()), 4, binary.LittleEndian, 0)))
	}
	le := binary.LittleEndian
	for _, bench := range []struct {
		name     string
		patterns []Pattern
		opts     Options
	}{
		{"text", []Pattern{Must(Text("SvScriptNeedle"))}, Options{}},
		{"common", []Pattern{Must(Text("the kernel error of"))}, Options{}},
		{"wildcards", []Pattern{Must(Hex("48 8b ?? ?? 0f 85 ?? 00 74 4? e8"))}, Options{}},
		{"hundred", hundred, Options{}},
		{"hundredU32", short, Options{}},
		{"tenPairs", []Pattern{Must(Hex("12 34")), Must(Hex("56 78")), Must(Hex("9a bc ?? 1?")), Must(Hex("de f? 11")), Must(Hex("7f 45 4c"))}, Options{}},
		{"u64", []Pattern{Must(Int(0x1234567890abcdef, 8, le, 0))}, Options{}},
		{"u64Aligned", []Pattern{Must(Int(0xffff888012345678, 8, le, 0))}, Options{Align: 8}},
		{"u64MaskAligned", []Pattern{Must(Int(0xffff999000000000, 8, le, 0xffffffff00000000))}, Options{Align: 8}},
		{"u32Aligned", []Pattern{Must(Int(0x12345678, 4, le, 0))}, Options{Align: 4}},
		{"regexpLiteral", []Pattern{Must(Regexp(`SvScript[A-Z]\w+`))}, Options{}},
		{"regexpEmail", []Pattern{Must(Regexp(`[\w.]{3,30}@[\w.]{3,30}`))}, Options{}},
		{"regexpClass", []Pattern{Must(Regexp(`(?i)linux version [0-9.]+`))}, Options{}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			mem := guest()
			b.SetBytes(int64(len(mem)))
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for range Scan(context.Background(), mem, bench.patterns, bench.opts).Hits() {
					n++
				}
				b.ReportMetric(float64(n), "hits")
			}
		})
	}
}

// BenchmarkScanShared is of a space that maps the same 4 MiB ten times.
func BenchmarkScanShared(b *testing.B) {
	mem := &tenfold{data: guest()[:4<<20]}
	p := []Pattern{Must(Text("SvScriptNeedle"))}
	b.SetBytes(10 * int64(len(mem.data)))
	for b.Loop() {
		for range Scan(context.Background(), mem, p, Options{}).Hits() {
		}
	}
}

// BenchmarkScanShuffled is of a space that maps 16 MiB in a row, and twice again in other orders.
func BenchmarkScanShuffled(b *testing.B) {
	mem := shuffled(16<<20, 3)
	hundred := make([]Pattern, 100)
	for i := range hundred {
		hundred[i] = Must(Text(fmt.Sprintf("kernel_module%d", i)))
	}
	for name, p := range map[string][]Pattern{"text": {Must(Text("SvScriptNeedle"))}, "hundred": hundred} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(mem.size()))
			for b.Loop() {
				mem.read.Store(0)
				for range Scan(context.Background(), mem, p, Options{}).Hits() {
				}
			}
			b.ReportMetric(float64(mem.read.Load())/float64(len(mem.data)), "reads/byte")
		})
	}
}

func BenchmarkScanOnePage(b *testing.B) {
	p := []Pattern{Must(Text("SvScriptNeedle"))}
	for b.Loop() {
		for range Scan(context.Background(), guest(), p, Options{First: 1 << 20, Last: 1<<20 + 4095}).Hits() {
		}
	}
}

func BenchmarkStrings(b *testing.B) {
	for _, e := range []string{"ascii", "utf8", "utf16le", "both"} {
		b.Run(e, func(b *testing.B) {
			b.SetBytes(int64(len(guest())))
			for b.Loop() {
				n := 0
				for range Strings(context.Background(), guest(), StringsOptions{Encoding: e}).All() {
					n++
				}
				b.ReportMetric(float64(n), "strings")
			}
		})
	}
}

func BenchmarkDiff(b *testing.B) {
	other := append(memory.Bytes(nil), guest()...)
	r := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		other[r.IntN(len(other))]++
	}
	for _, granule := range []uint64{1, 4096} {
		b.Run(fmt.Sprint(granule), func(b *testing.B) {
			b.SetBytes(int64(len(other)))
			for b.Loop() {
				for range Diff(context.Background(), guest(), other, DiffOptions{Granule: granule}).Changes() {
				}
			}
		})
	}
}

func BenchmarkDigest(b *testing.B) {
	for name, f := range map[string]func(memory.Memory){
		"crc32":     func(m memory.Memory) { CRC32(context.Background(), m, 0, uint64(len(guest())-1)) },
		"sha256":    func(m memory.Memory) { Digest(context.Background(), m, 0, uint64(len(guest())-1), sha256.New()) },
		"histogram": func(m memory.Memory) { Histogram(context.Background(), m, 0, 0) },
		"entropy": func(m memory.Memory) {
			for range Entropy(context.Background(), m, 0, 0, 4096).Windows() {
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(guest())))
			for b.Loop() {
				f(guest())
			}
		})
	}
}

// paged is a Memory whose extents are pages, as those of a virtual space or of an image with many empty pages may be.
type paged struct{ memory.Bytes }

func (p paged) Extents(first, last uint64) iter.Seq[memory.Extent] {
	return func(yield func(memory.Extent) bool) {
		last := min(last, uint64(len(p.Bytes)-1))
		for base := first; base <= last; base += 4096 {
			e := memory.Extent{Base: base, Size: 4096}
			if base>>12%3 == 0 {
				e.Kind = memory.Fill
			}
			if !yield(e) {
				return
			}
		}
	}
}

func BenchmarkScanPages(b *testing.B) {
	b.SetBytes(int64(len(guest())))
	for b.Loop() {
		for range Scan(context.Background(), paged{guest()}, []Pattern{Must(Text("SvScriptNeedle"))}, Options{}).Hits() {
		}
	}
}
