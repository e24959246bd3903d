package container

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
)

// xz: streams of blocks, each of which stands alone, with an index of the blocks' sizes at the end of each stream. The
// layers around LZMA2 are read here, as the index lets blocks be decompressed in parallel (xz -T writes many).
// Source: the .xz file format, version 1.2.1 (section numbers below).
var xzCodec = &codec{name: "xz", plan: planXZ, stream: unxz}

var (
	xzMagic       = []byte{0xfd, '7', 'z', 'X', 'Z', 0}
	xzFooterMagic = []byte("YZ")
)

const (
	xzHeaderSize  = 12 // 2.1.1, and of the footer (2.1.2)
	xzFilterLZMA2 = 0x21
)

func isXZ(head []byte) bool { return bytes.HasPrefix(head, xzMagic) }

// xzCheck is the kind of check behind each block's data (2.1.1.2).
type xzCheck uint8

var xzCRC64 = crc64.MakeTable(crc64.ECMA)

// size is the check's; kinds that are not known have one too.
func (c xzCheck) size() int {
	return [16]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}[c&15]
}

// hash returns nil for a kind that cannot be verified.
func (c xzCheck) hash() hash.Hash {
	switch c {
	case 0x01:
		return crc32.NewIEEE()
	case 0x04:
		return crc64.New(xzCRC64)
	case 0x0a:
		return sha256.New()
	}
	return nil
}

// sum is what the file holds for h: the CRCs are little-endian.
func (c xzCheck) sum(h hash.Hash) []byte {
	b := h.Sum(nil)
	if c != 0x0a {
		for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
	return b
}

// xzHeader reads the 12 bytes at the start of a stream.
func xzHeader(b []byte) (xzCheck, error) {
	if len(b) < xzHeaderSize {
		return 0, io.ErrUnexpectedEOF
	}
	if crc32.ChecksumIEEE(b[6:8]) != binary.LittleEndian.Uint32(b[8:]) {
		return 0, errors.New("the stream header's checksum is wrong")
	}
	if !isXZ(b) || b[6] != 0 || b[7] > 15 {
		return 0, errors.New("a kind of stream that is not known")
	}
	return xzCheck(b[7]), nil
}

// unxz decompresses streams from the first to the last, for files whose index is damaged or missing.
func unxz(in *input, w io.Writer) error {
	z := new(lzma2)
	for {
		head, _ := in.Peek(xzHeaderSize)
		check, err := xzHeader(head)
		if err != nil {
			return err
		}
		in.Discard(xzHeaderSize)
		if err := xzBlocks(in, w, check, z); err != nil {
			return err
		}
		if err := skipXZIndex(in); err != nil {
			return err
		}
		if more, err := in.more(isXZ); more {
			continue
		} else if err != nil || in.offset() == in.end {
			return err
		}
	}
}

// xzBlocks decompresses blocks up to the index, or up to the end of in.
func xzBlocks(in *input, w io.Writer, check xzCheck, z *lzma2) error {
	for {
		head, err := in.Peek(1)
		if len(head) == 0 && err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if head[0] == 0 { // the index's first byte (4.1)
			return nil
		}
		if err := xzBlock(in, w, check, z); err != nil {
			return err
		}
	}
}

// xzBlock decompresses one block (3).
func xzBlock(in *input, w io.Writer, check xzCheck, z *lzma2) error {
	start := in.offset()
	dictionary, err := xzBlockHeader(in)
	if err != nil {
		return err
	}
	h := check.hash()
	if h != nil {
		w = io.MultiWriter(w, h)
	}
	if err := z.decompress(in, w, dictionary); err != nil {
		return err
	}
	padding := -(in.offset() - start) & 3
	tail := make([]byte, int(padding)+check.size())
	if _, err := io.ReadFull(in, tail); err != nil {
		return err
	}
	if h != nil && !bytes.Equal(tail[padding:], check.sum(h)) {
		return errors.New("a block's check is wrong")
	}
	return nil
}

// xzBlockHeader returns how large the block's dictionary must be (3.1).
func xzBlockHeader(in *input) (int64, error) {
	first, err := in.Peek(1)
	if err != nil {
		return 0, err
	}
	head := make([]byte, (int(first[0])+1)*4)
	if _, err := io.ReadFull(in, head); err != nil {
		return 0, err
	}
	body := head[:len(head)-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(head[len(body):]) {
		return 0, errors.New("a block header's checksum is wrong")
	}
	r := bytes.NewReader(body[2:])
	flags := body[1]
	size := int64(maxWindow)                   // no more than a block decompresses to
	for _, field := range []byte{0x40, 0x80} { // the compressed size, the uncompressed size
		if flags&field == 0 {
			continue
		}
		v, err := xzInt(r)
		if err != nil {
			return 0, err
		}
		if field == 0x80 {
			size = v
		}
	}
	filter, err := xzInt(r)
	if err != nil {
		return 0, err
	}
	if flags&0x3c != 0 || flags&3 != 0 || filter != xzFilterLZMA2 {
		return 0, fmt.Errorf("a block with filters other than LZMA2 (the first is %#x)", filter)
	}
	length, _ := r.ReadByte()
	property, err := r.ReadByte()
	if err != nil || length != 1 || property > 40 {
		return 0, errors.New("the LZMA2 filter's properties make no sense")
	}
	dictionary := int64(2|property&1) << (property/2 + 11) // 5.3.1
	if dictionary > maxWindow {
		return 0, fmt.Errorf("a dictionary of %s is needed; the limit is %s", formatSize(dictionary), formatSize(maxWindow))
	}
	return max(min(dictionary, size), 4096), nil
}

// xzInt reads a multibyte integer (1.2).
func xzInt(r io.ByteReader) (int64, error) {
	var v int64
	for shift := 0; shift < 63; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			return 0, io.ErrUnexpectedEOF
		}
		v |= int64(b&0x7f) << shift
		if b < 0x80 {
			return v, nil
		}
	}
	return 0, errors.New("a number of more than 63 bits")
}

// skipXZIndex steps over an index and the stream's footer.
func skipXZIndex(in *input) error {
	if _, err := readXZIndex(in.Reader, func(int64, int64) error { return nil }); err != nil {
		return err
	}
	footer := make([]byte, xzHeaderSize)
	if _, err := io.ReadFull(in, footer); err != nil {
		return err
	}
	if !bytes.HasSuffix(footer, xzFooterMagic) {
		return errors.New("the stream has no footer")
	}
	return nil
}

// readXZIndex gives the sizes of every block in an index (4), and returns its length.
func readXZIndex(br *bufio.Reader, block func(unpadded, size int64) error) (int64, error) {
	r := &sumReader{r: br}
	if b, err := r.ReadByte(); err != nil || b != 0 {
		return 0, errors.New("the index is not where it should be")
	}
	count, err := xzInt(r)
	if err != nil {
		return 0, err
	}
	for range count {
		unpadded, err := xzInt(r)
		if err != nil {
			return 0, err
		}
		size, err := xzInt(r)
		if err != nil {
			return 0, err
		}
		if err := block(unpadded, size); err != nil {
			return 0, err
		}
	}
	for r.n%4 != 0 {
		if b, err := r.ReadByte(); err != nil || b != 0 {
			return 0, errors.New("the index's padding is not zero")
		}
	}
	sum := make([]byte, 4)
	if _, err := io.ReadFull(br, sum); err != nil {
		return 0, err
	}
	if binary.LittleEndian.Uint32(sum) != r.sum {
		return 0, errors.New("the index's checksum is wrong")
	}
	return r.n + 4, nil
}

// sumReader keeps the CRC-32 and the number of the bytes read.
type sumReader struct {
	r   *bufio.Reader
	n   int64
	sum uint32
	one [1]byte
}

func (r *sumReader) ReadByte() (byte, error) {
	b, err := r.r.ReadByte()
	if err == nil {
		r.one[0] = b
		r.n++
		r.sum = crc32.Update(r.sum, crc32.IEEETable, r.one[:])
	}
	return b, err
}

// xzStream is where a stream and its index are.
type xzStream struct {
	start, index int64
	check        xzCheck
}

// planXZ lists the blocks by the indexes, from the last stream to the first. It returns nil when one of them is damaged,
// or when something else lies behind the last.
func planXZ(op *opener, p part) *plan {
	var streams []xzStream // last first
	for end := p.end; end > p.base; {
		end = trimZeros(p, end)
		s, ok := findXZStream(p, end)
		if !ok || len(streams) > 0 && s.check != streams[0].check || op.ctx.Err() != nil {
			return nil
		}
		streams = append(streams, s)
		end = s.start
	}
	if len(streams) == 0 {
		return nil
	}
	check, blocks := streams[0].check, 0
	l := &plan{unit: "blocks"}
	l.worker = func() func(*input, io.Writer) error {
		z := new(lzma2)
		return func(in *input, w io.Writer) error { return xzBlocks(in, w, check, z) }
	}
	for i := len(streams) - 1; i >= 0; i-- {
		off := streams[i].start + xzHeaderSize
		r := bufio.NewReader(io.NewSectionReader(p.r, streams[i].index, p.end-streams[i].index))
		_, err := readXZIndex(r, func(unpadded, size int64) error {
			n := (unpadded + 3) &^ 3
			if blocks++; !l.add(off, n, size) {
				return errTooLong
			}
			off += n
			return nil
		})
		if err != nil {
			return nil
		}
	}
	l.detail = fmt.Sprintf("%d bytes in %d blocks", l.size(), blocks)
	return l
}

// findXZStream finds the stream that ends at end, by its footer (2.1.2).
func findXZStream(p part, end int64) (s xzStream, ok bool) {
	footer := p.readAt(make([]byte, xzHeaderSize), end-xzHeaderSize)
	if len(footer) < xzHeaderSize || !bytes.HasSuffix(footer, xzFooterMagic) ||
		crc32.ChecksumIEEE(footer[4:10]) != binary.LittleEndian.Uint32(footer) {
		return s, false
	}
	indexSize := (int64(binary.LittleEndian.Uint32(footer[4:])) + 1) * 4
	s.index = end - xzHeaderSize - indexSize
	if s.index < p.base+xzHeaderSize {
		return s, false
	}
	blocks, room := int64(0), s.index-p.base-xzHeaderSize
	r := bufio.NewReader(io.NewSectionReader(p.r, s.index, indexSize))
	n, err := readXZIndex(r, func(unpadded, _ int64) error {
		if unpadded < 5 || unpadded > room {
			return errTooLong
		}
		if blocks += (unpadded + 3) &^ 3; blocks > room {
			return errTooLong
		}
		return nil
	})
	if err != nil || n != indexSize {
		return s, false
	}
	s.start = s.index - blocks - xzHeaderSize
	s.check, err = xzHeader(p.readAt(make([]byte, xzHeaderSize), s.start))
	return s, err == nil && footer[9] == byte(s.check)
}

// trimZeros is the end of the part's bytes without the zeros before end: the padding between and behind streams.
func trimZeros(p part, end int64) int64 {
	buf := make([]byte, 64<<10)
	for end > p.base {
		n := min(int64(len(buf)), end-p.base)
		b := p.readAt(buf[:n], end-n)
		if int64(len(b)) < n {
			return end
		}
		if b = bytes.TrimRight(b, "\x00"); len(b) > 0 {
			return end - n + int64(len(b))
		}
		end -= n
	}
	return end
}
