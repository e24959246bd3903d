package paging_test

import (
	"math/rand/v2"
	"testing"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
)

const benchBase = 0xffff_8000_0000_0000

// benchSpace maps 256 MiB by 4 KiB pages in pairs that follow on each other, and 1 GiB by 2 MiB pages behind them.
func benchSpace(b *testing.B) *paging.Space {
	const tables = 256 / 2
	m := make(memory.Bytes, 0x4000+tables*4096)
	put := func(address, entry uint64) {
		for i := range 8 {
			m[address+uint64(i)] = byte(entry >> (8 * i))
		}
	}
	put(0x1000+256*8, 0x2003)
	put(0x2000, 0x3003)
	put(0x2008, 0x0003)
	for t := uint64(0); t < tables; t++ {
		put(0x3000+t*8, 0x4000+t*4096|3)
		for i := uint64(0); i < 512; i++ {
			put(0x4000+t*4096+i*8, (t*512+i^2)<<12|0x63)
		}
	}
	for i := uint64(0); i < 512; i++ {
		put(i*8, i<<21|0xe3)
	}
	s, err := paging.New(m, paging.Config{Mode: "x86-4level", Root: 0x1000})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func BenchmarkTranslate(b *testing.B) {
	s := benchSpace(b)
	random := make([]uint64, 1<<16)
	for i := range random {
		random[i] = benchBase + rand.Uint64N(256<<20)
	}
	large := make([]uint64, 1<<16)
	for i := range large {
		large[i] = benchBase + 1<<30 + rand.Uint64N(1<<30)
	}
	for _, bench := range []struct {
		name string
		va   func(i int) uint64
	}{
		{"sequential", func(i int) uint64 { return benchBase + uint64(i)<<12&(256<<20-1) }},
		{"random", func(i int) uint64 { return random[i&(1<<16-1)] }},
		{"large", func(i int) uint64 { return large[i&(1<<16-1)] }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := s.Translate(bench.va(i)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("unmapped", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Translate(0x1000); err == nil {
				b.Fatal("mapped")
			}
		}
	})
}

func BenchmarkWalk(b *testing.B) {
	s := benchSpace(b)
	for b.Loop() {
		s.Walk(benchBase)
	}
}

// BenchmarkMappings lists 65536 pages of 4 KiB, which are 32768 mappings, and 512 of 2 MiB.
func BenchmarkMappings(b *testing.B) {
	s := benchSpace(b)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for range s.Mappings(0, ^uint64(0), 0).All() {
			n++
		}
		if n < 32768 {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/66048, "ns/page")
}

func BenchmarkMappingsLinux(b *testing.B) {
	s := openReal(b, "linux/x64-q35-256M-smp2")
	b.ReportAllocs()
	for b.Loop() {
		for range s.Mappings(0, ^uint64(0), 0).All() {
		}
	}
}

func BenchmarkReadMemory(b *testing.B) {
	m := newSparse()
	m.put64(0x1000, 0x2003)
	m.put64(0x2000, 0x3003)
	m.put64(0x3000, 0x4003)
	for i := uint64(0); i < 512; i++ {
		m.put64(0x4000+i*8, (0x10+i%16)<<12|3)
		m.page((0x10 + i%16) << 12)
	}
	s, err := paging.New(m, paging.Config{Mode: "x86-4level", Root: 0x1000})
	if err != nil {
		b.Fatal(err)
	}
	p := make([]byte, 2<<20)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		if _, err := s.ReadMemory(p, 0); err != nil {
			b.Fatal(err)
		}
	}
}
