package stream_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm/internal/wire"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/ram"
	"github.com/svscript/svscript/savevm/stream"
)

func load(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(testimage.Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(t testing.TB, b []byte) *stream.Stream {
	t.Helper()
	s, err := stream.Read(wire.NewSource(bytes.NewReader(b), int64(len(b))), 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// smallImages are of each kind of stream.
var smallImages = []string{
	"pg64", "pc-m64-compress", "pc-m64-xbzrle", "pc-m64-rounds", "pc14-m64-novmdesc", "i386-m32-smp2-novmdesc", "pc-m64-bare",
	"pc-m64-ignore-shared", "pc-m64-background", "q10-mapped-m64",
}

// compareBlocks compares what got holds with want, and returns how many bytes that is.
func compareBlocks(t testing.TB, want, got []*ram.Block) (size uint64) {
	t.Helper()
	a, b := make([]byte, 1<<20), make([]byte, 1<<20)
	for i, block := range got {
		for e := range block.Extents(0, block.Size-1) {
			if e.Kind == memory.Absent {
				continue
			}
			size += e.Size
			n := min(e.Size, uint64(len(a))) // of a fill, the first MiB
			for at := e.Base; at-e.Base < e.Size && (at == e.Base || e.Kind == memory.Data); at += n {
				n := min(n, e.Size-(at-e.Base))
				if _, err := block.ReadMemory(a[:n], at); err != nil {
					t.Fatal(err)
				}
				if _, err := want[i].ReadMemory(b[:n], at); err != nil || !bytes.Equal(a[:n], b[:n]) {
					t.Fatalf("block %s at %#x +%#x differs (%v)", block.Name, at, n, err)
				}
			}
		}
	}
	return size
}

// TestCutAnywhere cuts streams at every kind of place: what is read before the cut is what the whole stream has there
// (where no later record replaces it), each device before the cut is complete, and the cut is told.
func TestCutAnywhere(t *testing.T) {
	for _, name := range smallImages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := load(t, name)
			full := read(t, whole)
			repeats := name == "pc-m64-rounds" || name == "pc-m64-xbzrle"
			r := rand.New(rand.NewPCG(1, 2))
			last := uint64(0)
			for cut := 8; cut < len(whole); cut += 1 + r.IntN(len(whole)/30) {
				s, err := stream.Read(wire.NewSource(bytes.NewReader(whole[:cut]), int64(cut)), 0)
				if err != nil {
					t.Fatalf("cut at %d: %v", cut, err)
				}
				if len(s.Warnings) == 0 && cut < int(full.End)-len(full.Description)-6 {
					t.Errorf("cut at %d of %d: no warning", cut, len(whole))
				}
				if !repeats {
					size := compareBlocks(t, full.Blocks, s.Blocks)
					if size < last {
						t.Errorf("cut at %d: %d bytes, fewer than at an earlier cut (%d)", cut, size, last)
					}
					last = size
				}
				compareDevices(t, cut, full, s)
			}
		})
	}
}

func compareDevices(t *testing.T, cut int, full, s *stream.Stream) {
	t.Helper()
	n := 0
	for _, d := range full.Devices {
		if d.Offset+d.Size > int64(cut)-5 {
			break
		}
		n++
	}
	if len(s.Devices) < n {
		t.Fatalf("cut at %d: %d devices, %d are before the cut", cut, len(s.Devices), n)
	}
	for i, d := range s.Devices[:max(n-1, 0)] { // the last one's end may be known by the cut only
		want := full.Devices[i]
		if d.Name != want.Name || d.Offset != want.Offset || d.Size != want.Size {
			t.Fatalf("cut at %d: device %s at %#x +%d, want %s at %#x +%d", cut, d.Name, d.Offset, d.Size, want.Name, want.Offset, want.Size)
		}
	}
}

// TestCorruption changes bytes at random: nothing but a warning may follow.
func TestCorruption(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	for _, name := range smallImages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := load(t, name)
			r := rand.New(rand.NewPCG(3, 4))
			for range rounds {
				b := bytes.Clone(whole)
				for range 1 + r.IntN(8) {
					b[r.IntN(len(b))] = byte(r.Uint32())
				}
				exercise(b)
			}
		})
	}
}

// exercise reads all that a stream gives.
func exercise(b []byte) {
	s, err := stream.Read(wire.NewSource(bytes.NewReader(b), int64(len(b))), 0)
	if err != nil {
		return
	}
	for _, d := range s.Devices {
		d.Decode()
	}
	page := make([]byte, 1<<16)
	for _, b := range s.Blocks {
		n := 0
		for e := range b.Extents(0, b.Size-1) {
			b.ReadMemory(page[:min(e.Size, b.PageSize)], e.Base)
			b.Locate(e.Base)
			if n++; n > 2000 {
				break
			}
		}
	}
}

// TestUnmapped reads each stream through a reader that is no file, with the same result.
func TestUnmapped(t *testing.T) {
	for _, name := range smallImages {
		f, err := os.Open(testimage.Path(t, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		info, _ := f.Stat()
		mapped, err := stream.Read(wire.NewSource(f, info.Size()), 0)
		if err != nil {
			t.Fatal(err)
		}
		plain := read(t, load(t, name))
		if compareBlocks(t, mapped.Blocks, plain.Blocks) != compareBlocks(t, plain.Blocks, mapped.Blocks) {
			t.Errorf("%s: the blocks differ", name)
		}
		if len(mapped.Devices) != len(plain.Devices) || mapped.End != plain.End {
			t.Errorf("%s: %d devices to %#x, %d to %#x from a mapped file", name, len(plain.Devices), plain.End, len(mapped.Devices), mapped.End)
		}
	}
}

// TestNoDescription reads a stream without its description: every device is found all the same, at the same place.
func TestNoDescription(t *testing.T) {
	for _, name := range []string{"pg64", "pc23-m64", "q35-m64-max-pam", "i386-m36", "pc-m64-smp4-pam"} {
		whole := load(t, name)
		full := read(t, whole)
		end := int(full.End) - len(full.Description) - 5
		s := read(t, whole[:end])
		if len(s.Devices) != len(full.Devices) {
			t.Errorf("%s: %d devices, with the description %d", name, len(s.Devices), len(full.Devices))
			continue
		}
		for i, d := range s.Devices {
			want := full.Devices[i]
			if d.Name != want.Name || d.Offset != want.Offset || d.Size != want.Size && i < len(s.Devices)-1 {
				t.Errorf("%s: device %s/%d at %#x +%d by %s, with the description %s at %#x +%d",
					name, d.Name, d.Instance, d.Offset, d.Size, d.Found, want.Name, want.Offset, want.Size)
			}
		}
	}
}

// TestCutInDescription cuts a stream inside the description behind its end marker, and in the length in front of that.
func TestCutInDescription(t *testing.T) {
	whole := load(t, "pg64")
	full := read(t, whole)
	end := int(full.End)
	start := end - len(full.Description)
	for _, cut := range []int{start - 4, start - 1, start + 1, start + 100, end - 1} {
		if s := read(t, whole[:cut]); s.Complete || len(s.Warnings) == 0 {
			t.Errorf("cut at %d of %d: complete %v, warnings %v", cut, end, s.Complete, s.Warnings)
		}
	}
	for _, n := range []int{start - 5, end, len(whole)} { // streams of old versions have no description
		if s := read(t, whole[:n]); !s.Complete {
			t.Errorf("%d bytes: not complete", n)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range smallImages {
		b := load(f, name)
		f.Add(b[:min(len(b), 4096)])
		f.Add(b[max(0, len(b)-40000):]) // the devices
		s := read(f, b)
		if len(s.Devices) > 0 { // the header, and then the devices
			f.Add(append(bytes.Clone(b[:min(256, len(b))]), b[s.Devices[0].Offset-20:]...))
		}
	}
	f.Fuzz(func(_ *testing.T, b []byte) { exercise(b) })
}

func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"linux/x64-q35-256M-smp2", "pg64", "linux/q10-q35-mapped"} {
		b.Run(name, func(b *testing.B) {
			f, err := os.Open(testimage.Path(b, name))
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			info, _ := f.Stat()
			b.SetBytes(info.Size())
			for b.Loop() {
				src := wire.NewSource(f, info.Size())
				if _, err := stream.Read(src, 0); err != nil {
					b.Fatal(err)
				}
				src.Close()
			}
		})
	}
}
