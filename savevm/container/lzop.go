package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"io"

	"github.com/anchore/go-lzo"
)

// lzop: a header, then blocks with their sizes in front, which are found without decompressing.
// Source: the file format that lzop 1.04 writes; its flags and limits are those of lzop's conf.h.
var lzopCodec = &codec{name: "lzop", plan: planLzop}

var lzopMagic = []byte{0x89, 'L', 'Z', 'O', 0, '\r', '\n', 0x1a, '\n'}

func isLzop(head []byte) bool { return bytes.HasPrefix(head, lzopMagic) }

// Flags of the header.
const (
	lzopAdler32D   = 0x0001 // F_ADLER32_D: checksums of the decompressed data
	lzopAdler32C   = 0x0002 // F_ADLER32_C: checksums of the compressed data
	lzopExtraField = 0x0040 // F_H_EXTRA_FIELD
	lzopCRC32D     = 0x0100 // F_CRC32_D
	lzopCRC32C     = 0x0200 // F_CRC32_C
	lzopFilter     = 0x0800 // F_H_FILTER
	lzopHeaderCRC  = 0x1000 // F_H_CRC32: the header's checksum is a CRC-32, not an Adler-32
)

const (
	lzopMaxBlock  = 64 << 20 // MAX_BLOCK_SIZE
	lzopMaxRatio  = 256      // LZO1X: 255:1
	lzopMaxHeader = 512      // magic to checksum, with the longest name, is 303
)

// lzopBlock is what stands before a block's data.
type lzopBlock struct {
	headerLen    int64
	outLen, len  int64  // len == outLen: stored
	adler32, crc uint32 // of the decompressed data, where the flags say so
}

// planLzop lists the blocks of all members. It never returns nil.
func planLzop(op *opener, p part) *plan {
	l := &plan{unit: "blocks"}
	off, members := p.base, 0
	damaged := func(off int64, err error) *plan {
		op.c.Cut = true
		l.damage = &Warning{off, fmt.Sprintf("lzop: damaged or cut off here (%v): the %d bytes in front are kept", plain(err), l.size())}
		return l
	}
	flags := uint32(0)
	l.worker = func() func(*input, io.Writer) error { return (&lzopDecoder{flags: flags}).decode }
	for off < p.end {
		head := p.readAt(make([]byte, lzopMaxHeader), off)
		if members > 0 && !isLzop(head) {
			if !allZero(p, off) {
				l.damage = &Warning{off, trailingText("lzop", p.end-off)}
			}
			break
		}
		n, f, version, err := lzopHeader(head)
		if err == nil && members > 0 && f&lzopBlockFlags != flags {
			err = errors.New("its parts have different kinds of checksums")
		}
		if err != nil {
			return damaged(off, err)
		}
		if members++; members == 1 {
			flags = f & lzopBlockFlags
			l.detail = fmt.Sprintf("version %#x", version)
		}
		for off += n; ; {
			if op.ctx.Err() != nil {
				return l
			}
			b, err := readLzopBlock(p.readAt(make([]byte, 24), off), flags)
			if err != nil {
				return damaged(off, err)
			}
			if b.outLen == 0 {
				off += b.headerLen
				break
			}
			if !l.add(off, min(b.headerLen+b.len, p.end-off), b.outLen) {
				return damaged(off, errors.New("the sizes of its blocks make no sense"))
			}
			off += b.headerLen + b.len
			if off > p.end { // the last block will tell
				return l
			}
		}
	}
	return l
}

const lzopBlockFlags = lzopAdler32D | lzopAdler32C | lzopCRC32D | lzopCRC32C

// lzopHeader returns the length of the header at the start of b, its flags and the version of lzop that wrote it.
func lzopHeader(b []byte) (n int64, flags uint32, version uint16, err error) {
	in := byteReader{b: b, off: len(lzopMagic)}
	version = in.u16()
	in.u16() // of the library
	method := uint8(0)
	if version >= 0x0940 {
		in.u16() // version needed to extract
		method = in.u8()
		in.u8() // level
	} else {
		method = in.u8()
	}
	flags = in.u32()
	if flags&lzopFilter != 0 {
		in.u32()
	}
	in.u32() // mode
	in.u32() // time
	if version >= 0x0940 {
		in.u32() // time, upper half
	}
	in.skip(int(in.u8())) // name
	end := in.off
	sum := in.u32()
	if in.short {
		return 0, 0, 0, io.ErrUnexpectedEOF
	}
	if got := lzopSum(b[len(lzopMagic):end], flags); got != sum {
		return 0, 0, 0, fmt.Errorf("the header's checksum is %#x, not %#x", got, sum)
	}
	if flags&lzopExtraField != 0 {
		size := in.u32()
		if size > lzopMaxHeader {
			return 0, 0, 0, fmt.Errorf("an extra field of %d bytes", size)
		}
		in.skip(int(size))
		in.u32()
		if in.short {
			return 0, 0, 0, io.ErrUnexpectedEOF
		}
	}
	if method < 1 || method > 3 { // M_LZO1X_1, M_LZO1X_1_15, M_LZO1X_999
		return 0, 0, 0, fmt.Errorf("compression method %d is not supported", method)
	}
	if flags&lzopFilter != 0 {
		return 0, 0, 0, errors.New("filters are not supported")
	}
	return int64(in.off), flags, version, nil
}

func lzopSum(b []byte, flags uint32) uint32 {
	if flags&lzopHeaderCRC != 0 {
		return crc32.ChecksumIEEE(b)
	}
	return adler32.Checksum(b)
}

// readLzopBlock reads a block's header. An end mark is a block with outLen 0.
func readLzopBlock(b []byte, flags uint32) (lzopBlock, error) {
	in := byteReader{b: b}
	block := lzopBlock{outLen: int64(in.u32())}
	if !in.short && block.outLen == 0 {
		block.headerLen = int64(in.off)
		return block, nil
	}
	block.len = int64(in.u32())
	if flags&lzopAdler32D != 0 {
		block.adler32 = in.u32()
	}
	if flags&lzopCRC32D != 0 {
		block.crc = in.u32()
	}
	if block.len < block.outLen {
		for _, f := range []uint32{lzopAdler32C, lzopCRC32C} {
			if flags&f != 0 {
				in.u32()
			}
		}
	}
	block.headerLen = int64(in.off)
	switch {
	case in.short:
		return block, io.ErrUnexpectedEOF
	case block.outLen > lzopMaxBlock || block.len > block.outLen || block.len == 0 || block.outLen/lzopMaxRatio > block.len:
		return block, fmt.Errorf("a block of %d bytes that decompresses to %d", block.len, block.outLen)
	}
	return block, nil
}

// lzopDecoder decompresses runs of blocks.
type lzopDecoder struct {
	flags   uint32
	in, out []byte
}

func (d *lzopDecoder) decode(in *input, w io.Writer) error {
	for {
		head, err := in.Peek(24)
		if len(head) == 0 {
			if err == io.EOF {
				return nil
			}
			return err
		}
		block, err := readLzopBlock(head, d.flags)
		if err != nil {
			return err
		}
		in.Discard(int(block.headerLen))
		if err := d.block(block, in, w); err != nil {
			return err
		}
	}
}

// block decompresses one, and writes what there is of it even when it is cut off.
func (d *lzopDecoder) block(block lzopBlock, in *input, w io.Writer) error {
	d.in = grown(d.in, min(block.len, in.end-in.offset()))
	if _, err := io.ReadFull(in, d.in); err != nil {
		return err
	}
	out := d.in
	var err error
	if block.len < block.outLen {
		d.out = grown(d.out, min(block.outLen, lzopMaxRatio*int64(len(d.in)))) // less than it says where the block is cut off
		n := 0
		n, err = lzo.Decompress(d.in, d.out)
		out = d.out[:n]
	}
	switch {
	case int64(len(d.in)) < block.len:
		err = io.ErrUnexpectedEOF
	case err != nil:
	case int64(len(out)) != block.outLen:
		err = errTooShort
	case d.flags&lzopAdler32D != 0 && adler32.Checksum(out) != block.adler32,
		d.flags&lzopCRC32D != 0 && crc32.ChecksumIEEE(out) != block.crc:
		return errors.New("a block's checksum is wrong")
	}
	if _, werr := w.Write(out); werr != nil {
		return werr
	}
	return err
}

// grown is b with a length of n; its contents are lost.
func grown(b []byte, n int64) []byte {
	if int64(cap(b)) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// allZero tells whether the part is nothing but zeros from off on.
func allZero(p part, off int64) bool {
	buf := make([]byte, 64<<10)
	for off < p.end {
		b := p.readAt(buf, off)
		if len(b) == 0 || len(bytes.Trim(b, "\x00")) > 0 {
			return false
		}
		off += int64(len(b))
	}
	return true
}

// byteReader reads big-endian numbers off b. Behind its end they are 0, and short is set.
type byteReader struct {
	b     []byte
	off   int
	short bool
}

func (r *byteReader) skip(n int) []byte {
	if n < 0 || n > len(r.b)-r.off {
		r.short = true
		r.off = len(r.b)
		return make([]byte, min(max(n, 0), 8))
	}
	b := r.b[r.off : r.off+n]
	r.off += n
	return b
}

func (r *byteReader) u8() uint8   { return r.skip(1)[0] }
func (r *byteReader) u16() uint16 { return binary.BigEndian.Uint16(r.skip(2)) }
func (r *byteReader) u32() uint32 { return binary.BigEndian.Uint32(r.skip(4)) }
func (r *byteReader) u64() uint64 { return binary.BigEndian.Uint64(r.skip(8)) }
