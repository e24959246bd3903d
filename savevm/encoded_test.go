package savevm_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/compress/zlib"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/ram"
)

// BenchmarkEncoded compares, for images with zlib and XBZRLE pages, opening the image ("open"), opening it and reading all such
// pages ("read"), and the same pages decoded by the plainest program: their bytes at hand, one buffer, no index, no file ("plain").
// A stream of compressed pages cannot be opened by decoding in less than "plain"; "open" is to be below twice that.
func BenchmarkEncoded(b *testing.B) {
	for _, c := range []struct {
		name     string
		whole    []byte
		encoding ram.Encoding
		plain    func(whole, page []byte, l ram.Location) error
	}{
		{"pc-m64-compress", nil, ram.EncodingZlib, plainZlib()},
		{"pc-m64-xbzrle", nil, ram.EncodingXBZRLE, plainXBZRLE},
		{"32M-compress", encodedStream(b, ram.EncodingZlib), ram.EncodingZlib, plainZlib()},
		{"32M-xbzrle", encodedStream(b, ram.EncodingXBZRLE), ram.EncodingXBZRLE, plainXBZRLE},
	} {
		b.Run(c.name, func(b *testing.B) {
			whole, path := c.whole, filepath.Join(b.TempDir(), "image")
			var err error
			if whole == nil {
				path = testimage.Path(b, c.name)
				whole, err = os.ReadFile(path)
			} else {
				err = os.WriteFile(path, whole, 0o600)
			}
			if err != nil {
				b.Fatal(err)
			}
			open := func() *savevm.Image {
				img, err := savevm.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				return img
			}
			b.Run("open", func(b *testing.B) {
				for b.Loop() {
					open().Close()
				}
			})
			page := make([]byte, 4096)
			b.Run("read", func(b *testing.B) {
				for b.Loop() {
					img, n := open(), 0
					eachEncoded(img, c.encoding, func(block *savevm.Block, at uint64, _ ram.Location) {
						if _, err := block.ReadMemory(page, at); err != nil {
							b.Fatal(err)
						}
						n++
					})
					b.ReportMetric(float64(n), "pages")
					img.Close()
				}
			})
			var locations []ram.Location
			eachEncoded(open(), c.encoding, func(_ *savevm.Block, _ uint64, l ram.Location) { locations = append(locations, l) })
			b.Run("plain", func(b *testing.B) {
				for b.Loop() {
					for _, l := range locations {
						if err := c.plain(whole, page, l); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		})
	}
}

func eachEncoded(img *savevm.Image, e ram.Encoding, f func(b *savevm.Block, at uint64, l ram.Location)) {
	for _, b := range img.Blocks() {
		for at := uint64(0); at < b.Size; at += b.PageSize {
			if l, ok := b.Locate(at); ok && l.Encoding == e {
				f(b, at, l)
			}
		}
	}
}

// plainZlib decodes a page with one reader for all.
func plainZlib() func(whole, page []byte, l ram.Location) error {
	var z io.ReadCloser
	var in bytes.Reader
	return func(whole, page []byte, l ram.Location) (err error) {
		b := whole[l.FileOffset:]
		in.Reset(b[4 : 4+binary.BigEndian.Uint32(b)])
		if z == nil {
			z, err = zlib.NewReader(&in)
		} else {
			err = z.(zlib.Resetter).Reset(&in, nil)
		}
		if err == nil {
			_, err = io.ReadFull(z, page)
		}
		return err
	}
}

// plainXBZRLE applies the differences of a page, one after the other, to what they change.
func plainXBZRLE(whole, page []byte, l ram.Location) error {
	chain := append([]ram.Location{l}, l.Base...)
	if base := chain[len(chain)-1]; base.Encoding == ram.EncodingPage {
		copy(page, whole[base.FileOffset:])
		chain = chain[:len(chain)-1]
	} else {
		clear(page)
	}
	for _, l := range slices.Backward(chain) {
		if l.Encoding != ram.EncodingXBZRLE {
			continue
		}
		enc := whole[l.FileOffset:][:binary.BigEndian.Uint16(whole[l.FileOffset-2:])]
		at := 0
		for same := true; len(enc) > 0; same = !same {
			n, used := binary.Uvarint(enc)
			enc = enc[used:]
			if !same {
				enc = enc[copy(page[at:], enc[:n]):]
			}
			at += int(n)
		}
	}
	return nil
}

// encodedStream is a stream of 32 MiB of RAM: every page as text, then once more with a tenth of it changed; or compressed.
func encodedStream(tb testing.TB, e ram.Encoding) []byte {
	tb.Helper()
	const pages, pageSize, section, blockName = 8192, 4096, 2, "\x06pc.ram"
	be := binary.BigEndian
	b := []byte("QEVM\x00\x00\x00\x03")
	b = append(b, "\x01\x00\x00\x00\x02\x03ram\x00\x00\x00\x00\x00\x00\x00\x04"...)
	b = be.AppendUint64(b, pages*pageSize|0x04) // RAM_SAVE_FLAG_MEM_SIZE
	b = append(b, blockName...)
	b = be.AppendUint64(b, pages*pageSize)
	b = be.AppendUint64(b, 0x10)             // RAM_SAVE_FLAG_EOS
	b = append(b, 3, 0, 0, 0, section)       // QEMU_VM_SECTION_END
	header := func(page int, flags uint64) { // the first record names its block, the others go on (0x20)
		if page > 0 {
			flags |= 0x20
		}
		b = be.AppendUint64(b, uint64(page)*pageSize|flags)
		if page == 0 {
			b = append(b, blockName...)
		}
	}
	var packed bytes.Buffer
	z, _ := zlib.NewWriterLevel(&packed, 1)
	text := make([]byte, pageSize)
	for page := range pages {
		for i := range text {
			text[i] = "kernel memory\x00\x00\x00"[(i*i>>7+page*i)&15]
		}
		if e != ram.EncodingZlib {
			header(page, 0x08)
			b = append(b, text...)
			continue
		}
		packed.Reset()
		z.Reset(&packed)
		z.Write(text)
		z.Close()
		header(page, 0x100)
		b = be.AppendUint32(b, uint32(packed.Len()))
		b = append(b, packed.Bytes()...)
	}
	for page := range pages {
		if e != ram.EncodingXBZRLE {
			break
		}
		var changes []byte
		for range 16 { // 230 bytes as they were, 26 new ones
			changes = append(append(changes, 0xe6, 0x01, 26), "abcdefghijklmnopqrstuvwxyz"...)
		}
		header(page, 0x40)
		b = append(b, 1)
		b = be.AppendUint16(b, uint16(len(changes)))
		b = append(b, changes...)
	}
	b = be.AppendUint64(b, 0x10)
	return append(b, 0)
}

// mappedStream writes a mapped-ram file of 4 GiB of RAM, every other page of which is there, as a sparse file.
func mappedStream(tb testing.TB) string {
	tb.Helper()
	const size, bitmap, pages, blockName = 4 << 30, 0x100, 1 << 20, "\x06pc.ram"
	be := binary.BigEndian
	b := []byte("QEVM\x00\x00\x00\x03")
	b = append(b, "\x01\x00\x00\x00\x02\x03ram\x00\x00\x00\x00\x00\x00\x00\x04"...)
	b = be.AppendUint64(b, size|0x04) // RAM_SAVE_FLAG_MEM_SIZE
	b = append(b, blockName...)
	b = be.AppendUint64(b, size)
	b = be.AppendUint32(b, 1) // struct MappedRamHeader: version, page size, bitmap offset, pages offset
	b = be.AppendUint64(b, 4096)
	b = be.AppendUint64(b, bitmap)
	b = be.AppendUint64(b, pages)
	end := be.AppendUint64(nil, 0x10) // RAM_SAVE_FLAG_EOS
	end = append(end, 3, 0, 0, 0, 2)  // QEMU_VM_SECTION_END
	end = be.AppendUint64(end, 0x10)
	end = append(end, 0)
	f, err := os.Create(filepath.Join(tb.TempDir(), "mapped"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	for _, piece := range []struct {
		at int64
		b  []byte
	}{{0, b}, {bitmap, bytes.Repeat([]byte{0x55}, size/4096/8)}, {pages + size, end}} {
		if _, err := f.WriteAt(piece.b, piece.at); err != nil {
			tb.Skipf("NOT TESTED: no sparse file of 4 GiB: %v", err)
		}
	}
	return f.Name()
}

// countingReader hides the file, so that it is not mapped, and counts what is read of it.
type countingReader struct {
	f    *os.File
	read int64
}

func (r *countingReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.f.ReadAt(p, off)
	r.read += int64(n)
	return n, err
}

// TestMappedReadsNoPages opens 4 GiB of RAM by their bitmap: of the pages no more is read than lies in the windows through
// which the rest is.
func TestMappedReadsNoPages(t *testing.T) {
	f, err := os.Open(mappedStream(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r := &countingReader{f: f}
	img, err := savevm.New(r, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	b := img.Block("pc.ram")
	if !img.Info().Complete || b.Runs() != 1<<20 || b.Stored() != 4<<30 {
		t.Errorf("complete %v, %d runs, %d bytes", img.Info().Complete, b.Runs(), b.Stored())
	}
	if r.read > 2<<20 {
		t.Errorf("%d bytes were read", r.read)
	}
}

// BenchmarkOpenMapped opens the same: the worst case, as neighbouring pages are one entry of the index.
func BenchmarkOpenMapped(b *testing.B) {
	path := mappedStream(b)
	b.ReportAllocs()
	for b.Loop() {
		img, err := savevm.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		img.Close()
	}
}
