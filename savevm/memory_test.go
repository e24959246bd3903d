package savevm_test

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/svscript/svscript/savevm"
)

// alternating is a stream whose index cannot be small: zero pages and pages with data in turn, over rounds.
func alternating(pages, rounds int) []byte {
	var b bytes.Buffer
	u64 := func(v uint64) { b.Write(binary.BigEndian.AppendUint64(nil, v)) }
	b.WriteString("QEVM\x00\x00\x00\x03")
	b.WriteString("\x01\x00\x00\x00\x02\x03ram\x00\x00\x00\x00\x00\x00\x00\x04")
	u64(uint64(pages)<<12 | 4)
	b.WriteString("\x06pc.ram")
	u64(uint64(pages) << 12)
	for round := range rounds {
		u64(0x02) // names the block
		b.WriteString("\x06pc.ram\x00")
		for i := 1; i < pages; i++ {
			if i&1 == 0 {
				u64(uint64(i)<<12 | 0x22)
				b.WriteByte(0)
				continue
			}
			u64(uint64(i)<<12 | 0x22) // a fill of another byte is as irregular as data, and smaller
			b.WriteByte(byte(1 + round + i>>1&1))
		}
	}
	u64(0x10)
	b.WriteByte(0)
	return b.Bytes()
}

func BenchmarkOpenIrregular(b *testing.B) {
	for _, c := range []struct {
		name          string
		pages, rounds int
	}{{"1.3M-runs", 1300000, 1}, {"5-rounds", 260000, 5}} {
		b.Run(c.name, func(b *testing.B) {
			image := alternating(c.pages, c.rounds)
			b.SetBytes(int64(len(image)))
			b.ReportAllocs()
			for b.Loop() {
				img, err := savevm.New(bytes.NewReader(image), int64(len(image)))
				if err != nil {
					b.Fatal(err)
				}
				img.Close()
			}
			img, _ := savevm.New(bytes.NewReader(image), int64(len(image)))
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapAlloc-uint64(cap(image)))/1e6, "MB-kept")
			b.ReportMetric(float64(img.Blocks()[0].Runs()), "runs")
		})
	}
}
