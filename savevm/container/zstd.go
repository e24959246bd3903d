package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/klauspost/compress/zstd"
)

// zstd (RFC 8878): frames, which are walked by their block headers without decompressing. Frames that say their size are
// decompressed in parallel (pzstd, zstd of a regular file and the seekable format write such).
var zstdCodec = &codec{name: "zstd", plan: planZstd, stream: unzstd}

const (
	zstdMagic     = 0xfd2fb528
	zstdSkippable = 0x184d2a50 // up to …5f
	zstdBlockMax  = 128 << 10  // Block_Maximum_Size
)

func isZstdMagic(head []byte) bool {
	return len(head) >= 4 && binary.LittleEndian.Uint32(head) == zstdMagic
}

func isZstdSkippable(head []byte) bool {
	return len(head) >= 8 && binary.LittleEndian.Uint32(head)&^0xf == zstdSkippable
}

// isZstd also takes a skippable frame, as pzstd writes one in front of each frame: its size must look like one.
func isZstd(head []byte) bool {
	return isZstdMagic(head) || isZstdSkippable(head) && binary.LittleEndian.Uint32(head[4:]) < 1<<24
}

// zstdFrame is what a frame's headers tell.
type zstdFrame struct {
	end    int64 // of the frame, in the reader around
	size   int64 // Frame_Content_Size; -1 when it is not said
	atMost int64 // that its blocks can decompress to
}

// walkZstd reads the frame at off: its header and the header of each block. io.ErrUnexpectedEOF: the part ends inside.
func walkZstd(p part, off int64) (zstdFrame, error) {
	f := zstdFrame{size: -1}
	head := p.readAt(make([]byte, 18), off)
	if isZstdSkippable(head) {
		f.end, f.size = off+8+int64(binary.LittleEndian.Uint32(head[4:])), 0
		if f.end > p.end {
			return f, io.ErrUnexpectedEOF
		}
		return f, nil
	}
	if len(head) < 6 {
		return f, io.ErrUnexpectedEOF
	}
	if !isZstdMagic(head) {
		return f, errors.New("no frame begins here")
	}
	d := head[4] // Frame_Header_Descriptor (3.1.1.1.1)
	single := d>>5&1 == 1
	n := 5
	if !single {
		n++ // Window_Descriptor
	}
	n += [4]int{0, 1, 2, 4}[d&3] // Dictionary_ID
	if len(head) < n+8 {
		head = append(head, make([]byte, 8)...) // reading the size below cannot go wrong; the blocks will be missing
	}
	switch field := head[n:]; {
	case d>>6 == 0 && single:
		f.size = int64(field[0])
		n++
	case d>>6 == 1:
		f.size = int64(binary.LittleEndian.Uint16(field)) + 256
		n += 2
	case d>>6 == 2:
		f.size = int64(binary.LittleEndian.Uint32(field))
		n += 4
	case d>>6 == 3:
		f.size = int64(binary.LittleEndian.Uint64(field))
		n += 8
	}
	f.end = off + int64(n)
	for last := false; !last; {
		b := p.readAt(make([]byte, 3), f.end) // Block_Header (3.1.1.2)
		if len(b) < 3 {
			return f, io.ErrUnexpectedEOF
		}
		header := int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16
		last = header&1 == 1
		size := header >> 3
		f.end += 3
		switch header >> 1 & 3 {
		case 0: // Raw_Block
			f.end += size
			f.atMost += size
		case 1: // RLE_Block
			f.end++
			f.atMost += size
		case 2: // Compressed_Block
			f.end += size
			f.atMost += zstdBlockMax
		default:
			return f, errors.New("a block of the reserved type")
		}
	}
	if d>>2&1 == 1 {
		f.end += 4 // Content_Checksum
	}
	if f.end > p.end {
		return f, io.ErrUnexpectedEOF
	}
	return f, nil
}

// planZstd lists the frames. It returns nil where one does not say its size, or is damaged.
func planZstd(op *opener, p part) *plan {
	if l := planSeekable(op, p); l != nil {
		return l
	}
	l := &plan{unit: "frames", worker: newZstdWorker}
	frames := 0
	for off := p.base; off < p.end; {
		head := p.readAt(make([]byte, 8), off)
		if !isZstdMagic(head) && !isZstdSkippable(head) {
			if !allZero(p, off) {
				l.damage = &Warning{off, trailingText("zstd", p.end-off)}
			}
			break
		}
		f, err := walkZstd(p, off)
		if err != nil || f.size < 0 || f.size > f.atMost || op.ctx.Err() != nil {
			return nil
		}
		if isZstdMagic(head) {
			frames++
			if !l.add(off, f.end-off, f.size) {
				return nil
			}
		}
		off = f.end
	}
	l.detail = fmt.Sprintf("%d bytes in %d frames", l.size(), frames)
	return l
}

var zstdOptions = []zstd.DOption{zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(1 << 62), zstd.WithDecoderLowmem(true)}

func newZstdWorker() func(in *input, w io.Writer) error {
	z, err := zstd.NewReader(nil, append(zstdOptions[:3:3], zstd.WithDecoderConcurrency(1))...) // 1: without goroutines, so needs no Close
	return func(in *input, w io.Writer) error {
		if err != nil {
			return err
		}
		if err := z.Reset(onlyReader{in.Reader}); err != nil {
			return err
		}
		_, err := z.WriteTo(onlyWriter{w})
		return err
	}
}

// unzstd decompresses the frames one after the other; the library decodes the blocks of one in parallel.
func unzstd(in *input, w io.Writer) error {
	p := part{in.src, 0, in.src.Size()}
	end := int64(0)
	for end < p.end {
		head := p.readAt(make([]byte, 8), end)
		if !isZstdMagic(head) && !isZstdSkippable(head) {
			break
		}
		f, err := walkZstd(p, end)
		if err != nil {
			end = p.end // the decoder will come to it
			break
		}
		end = f.end
	}
	if err := unzstdFrames(io.LimitReader(in, end), w); err != nil {
		return err
	}
	_, err := in.more(func([]byte) bool { return false })
	return err
}

// unzstdFrames returns when nothing reads r any longer.
func unzstdFrames(r io.Reader, w io.Writer) error {
	z, err := zstd.NewReader(r, append(zstdOptions[:3:3], zstd.WithDecoderConcurrency(0))...)
	if err != nil {
		return err
	}
	defer z.Close()
	_, err = z.WriteTo(onlyWriter{w})
	return err
}

// The seekable format: a table of the frames' sizes in a skippable frame at the end.
// Source: facebook/zstd, contrib/seekable_format/zstd_seekable_compression_format.md.
const (
	seekFooterSize = 9
	seekMagic      = 0x8f92eab1
	seekMaxFrame   = 16 << 20 // larger frames make a page too dear to read
)

// planSeekable is nil unless the data is large, and in the seekable format with a table that is right.
func planSeekable(op *opener, p part) *plan {
	footer := p.readAt(make([]byte, seekFooterSize), p.end-seekFooterSize)
	if len(footer) < seekFooterSize || binary.LittleEndian.Uint32(footer[5:]) != seekMagic || footer[4]&0x7c != 0 {
		return nil
	}
	entrySize := int64(8)
	if footer[4]&0x80 != 0 { // Checksum_Flag
		entrySize = 12
	}
	count := int64(binary.LittleEndian.Uint32(footer))
	table := p.end - seekFooterSize - count*entrySize
	head := p.readAt(make([]byte, 8), table-8)
	if !isZstdSkippable(head) || int64(binary.LittleEndian.Uint32(head[4:])) != count*entrySize+seekFooterSize {
		return nil
	}
	s := &seekable{p: p, frames: make([]seekFrame, 0, count+1)} // count is bounded by the table, which is in the file
	in, out := p.base, int64(0)
	l := &plan{unit: "frame", worker: newZstdWorker}
	r := io.NewSectionReader(p.r, table, count*entrySize)
	for entry := make([]byte, entrySize); ; {
		if _, err := io.ReadFull(r, entry); err != nil {
			break
		}
		inLen, outLen := int64(binary.LittleEndian.Uint32(entry)), int64(binary.LittleEndian.Uint32(entry[4:]))
		if outLen > seekMaxFrame || !seekFrameFits(p, in, inLen, outLen) || op.ctx.Err() != nil {
			return nil
		}
		s.frames = append(s.frames, seekFrame{in, out})
		l.pieces = append(l.pieces, piece{in, inLen, out, outLen})
		in, out = in+inLen, out+outLen
		l.maxUnit = max(l.maxUnit, outLen)
	}
	if in != table-8 || int64(len(s.frames)) != count || out <= op.o.memoryLimit() {
		return nil
	}
	s.frames = append(s.frames, seekFrame{in, out})
	s.cache = newCache(max(4*l.maxUnit, op.o.memoryLimit()/2))
	l.detail = fmt.Sprintf("seekable, %d bytes in %d frames", out, count)
	l.seek = s.open
	return l
}

// seekFrameFits checks what a frame's first bytes tell against its entry in the table.
func seekFrameFits(p part, in, inLen, outLen int64) bool {
	if in+inLen > p.end || inLen < 8 {
		return false
	}
	head := p.readAt(make([]byte, 18), in)
	if outLen == 0 && isZstdSkippable(head) {
		return true
	}
	var h zstd.Header
	return isZstdMagic(head) && h.Decode(head) == nil && (!h.HasFCS || h.FrameContentSize == uint64(outLen)) &&
		outLen/zstdBlockMax <= inLen/4 // a block takes four bytes
}

// seekable is data in the seekable format, decompressed as it is read.
type seekable struct {
	p      part
	frames []seekFrame // and the end of the last
	z      *zstd.Decoder
	cache  *cache
}

type seekFrame struct{ in, out int64 }

func (s *seekable) open(op *opener, l *plan) (part, error) {
	z, err := zstd.NewReader(nil, append(zstdOptions[:3:3], zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true))...)
	if err != nil {
		return part{}, err
	}
	s.z = z
	op.c.closers = append(op.c.closers, z.IOReadCloser())
	return part{r: s, end: l.size()}, nil
}

// ReadAt implements io.ReaderAt.
func (s *seekable) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	i := sort.Search(len(s.frames), func(i int) bool { return s.frames[i].out > off }) - 1
	for ; n < len(p) && i >= 0 && i < len(s.frames)-1; i++ {
		data, err := s.frame(i)
		if err != nil {
			return n, err
		}
		if at := off + int64(n) - s.frames[i].out; at < int64(len(data)) {
			n += copy(p[n:], data[at:])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (s *seekable) frame(i int) ([]byte, error) {
	return s.cache.get(int64(i), func() (data []byte, err error) {
		f, next := s.frames[i], s.frames[i+1]
		in := s.p.readAt(make([]byte, next.in-f.in), f.in)
		err = guard(func() error {
			data, err = s.z.DecodeAll(in, make([]byte, 0, next.out-f.out))
			return err
		})
		if err == nil && int64(len(data)) != next.out-f.out {
			err = errTooShort
		}
		if err != nil {
			return nil, &FormatError{Layer: "zstd", Offset: f.in, Text: "a frame cannot be decompressed", Err: plain(err)}
		}
		return data, nil
	})
}

// unzstdExact decompresses the one frame at the start of b to exactly size bytes; what follows it is padding.
func unzstdExact(z *zstd.Decoder, b []byte, size int64) ([]byte, error) {
	r := bytes.NewReader(b)
	f, err := walkZstd(part{r, 0, int64(len(b))}, 0)
	if err != nil {
		return nil, err
	}
	data, err := z.DecodeAll(b[:f.end], make([]byte, 0, size))
	if err == nil && int64(len(data)) != size {
		err = errTooShort
	}
	return data, err
}
