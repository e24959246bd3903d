package dump

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/svscript/svscript/savevm/internal/wire"
	"github.com/svscript/svscript/savevm/ram"
)

// LiME (its source, lime.h) and AVML (its README and image.rs) write a header before each range of memory, little-endian:
// u32 magic, u32 version, u64 first and last address, 8 bytes unused. LiME's bytes follow as they are; AVML's (version 2)
// follow in Snappy's framing format, and behind them the u64 length of that.
const (
	limeMagic  = 0x4c694d45
	avmlMagic  = 0x4c4d5641
	limeHeader = 32
)

// IsLiME tells whether a file starts as one of LiME or AVML does.
func IsLiME(head []byte) bool {
	if len(head) < limeHeader {
		return false
	}
	magic, version := binary.LittleEndian.Uint32(head), binary.LittleEndian.Uint32(head[4:])
	return magic == limeMagic && version == 1 || magic == avmlMagic && version == 2
}

// ReadLiME reads the ranges of a LiME or AVML file. Nothing in it is about CPUs.
func ReadLiME(src *wire.Source, base int64) (*Dump, error) {
	d := &Dump{Format: "lime", Version: "1", PageSize: pageSize, Complete: true}
	d.warn(-1, "the dump holds no CPU registers: address spaces must be given by their root")
	var flat []piece
	packed := &avml{d: d, src: src}
	for at := base; at < src.Size(); {
		var head [limeHeader]byte
		n, _ := src.ReadAt(head[:], at)
		first, last := binary.LittleEndian.Uint64(head[8:]), binary.LittleEndian.Uint64(head[16:])
		if n < limeHeader || !IsLiME(head[:]) || last < first || last >= maxPhysical {
			d.warn(at, "the dump is damaged or cut off here, where the header of a range of memory should be: the rest is left out")
			d.Complete = false
			break
		}
		p := piece{first, last - first + 1, at + limeHeader}
		if binary.LittleEndian.Uint32(head[:]) == avmlMagic {
			end, ok := packed.add(p)
			if !ok {
				d.Complete = false
				break
			}
			at = end
			continue
		}
		there, missing := within(src, p)
		flat = append(flat, there, missing)
		if missing.size > 0 {
			d.warn(src.Size(), "the file is cut off: the last %d bytes of the memory from %#x on are not there", missing.size, first)
			d.Complete = false
			break
		}
		at += limeHeader + int64(p.size)
	}
	packed.finish()
	if len(packed.frames) > 0 {
		d.Format, d.Version, d.PageSize = "avml", "2", snappyFrame
	}
	d.addPieces(src, settle(flat))
	if len(d.Regions) == 0 {
		return nil, fmt.Errorf("the dump holds no memory")
	}
	return d, nil
}

// Chunks of Snappy's framing format (framing_format.txt): a byte of type, u24 length, data. Data starts with a checksum.
const (
	snappyFrame        = 64 << 10 // bytes of memory in a chunk; the last of a range has fewer
	snappyCompressed   = 0x00
	snappyUncompressed = 0x01
)

// avml builds regions of chunks: a chunk is a page of the index.
type avml struct {
	d      *Dump
	src    *wire.Source
	frames []int64 // the offsets of all chunks in the file

	base, size uint64 // the region being built: ranges that follow one another
	start      int    // of its chunks in frames
}

// add reads the chunk headers of a range and returns the offset behind it.
func (a *avml) add(p piece) (end int64, ok bool) {
	if p.base != a.base+a.size || a.size%snappyFrame != 0 || a.size+p.size > ram.MaxBlockSize {
		a.finish()
		a.base = p.base
		if a.d.full(p.base) {
			return 0, false
		}
	}
	at := p.offset
	for left := p.size; left > 0; {
		kind, length, have, err := a.chunk(at)
		switch {
		case err != nil:
		case kind != snappyCompressed && kind != snappyUncompressed:
			if kind < 0x80 {
				err = fmt.Errorf("a chunk of the unknown type %#x", kind)
			}
		case have != min(left, snappyFrame):
			err = fmt.Errorf("a chunk of %d bytes where one of %d is expected", have, min(left, snappyFrame))
		default:
			a.frames = append(a.frames, at)
			a.size += have
			left -= have
		}
		if err != nil {
			a.d.warn(at, "the dump is damaged or cut off here (%v): what follows is left out", err)
			return 0, false
		}
		at += 4 + length
	}
	return at + 8, true
}

// chunk reads a chunk's header: have is the bytes of memory in it.
func (a *avml) chunk(at int64) (kind byte, length int64, have uint64, err error) {
	var head [13]byte // up to the length that Snappy's data starts with
	n, _ := a.src.ReadAt(head[:], at)
	length = int64(head[1]) | int64(head[2])<<8 | int64(head[3])<<16
	if n < 8 || length > a.src.Size()-at-4 {
		return 0, 0, 0, fmt.Errorf("the file ends in a chunk")
	}
	switch kind = head[0]; kind {
	case snappyCompressed:
		var used int
		if have, used = binary.Uvarint(head[8:n]); used <= 0 {
			err = fmt.Errorf("a chunk without its length")
		}
	case snappyUncompressed:
		have = uint64(max(0, length-4))
	}
	return kind, length, have, err
}

// finish makes the region of the chunks since the last.
func (a *avml) finish() {
	base, size, frames := a.base, a.size, a.frames[a.start:]
	a.base, a.size, a.start = 0, 0, len(a.frames)
	if size == 0 {
		return
	}
	b, err := ram.NewBlock(fmt.Sprintf("ram@%#x", base), size, snappyFrame, a.src)
	if err != nil {
		a.d.warn(-1, "the memory from %#x on is left out: %v", base, err)
		return
	}
	b.SetCustom(&frameReader{src: a.src, frames: frames, size: size})
	b.AddCustom(0, uint64(len(frames)), 0)
	b.Seal()
	a.d.addRegion(Region{Base: base, Size: size, Block: b})
}

// frameReader reads the chunks of a snappy stream, each as a page.
type frameReader struct {
	src    *wire.Source
	frames []int64 // their offsets in the file
	size   uint64  // of all that they hold
}

// ReadPage implements [ram.PageSource].
func (r *frameReader) ReadPage(p []byte, i int64) error {
	size := min(uint64(len(p)), r.size-uint64(i)*snappyFrame)
	return unframe(r.src, p[:size], r.frames[i])
}

// PageOffset implements [ram.PageSource].
func (r *frameReader) PageOffset(i int64) int64 { return r.frames[i] }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// unframe decodes a chunk.
func unframe(src *wire.Source, p []byte, at int64) error {
	damaged := func(err error) error {
		return fmt.Errorf("the compressed memory at offset %#x is damaged: %w", at, err)
	}
	var head [8]byte
	if err := readFull(src, head[:], at, "a chunk"); err != nil {
		return err
	}
	length := (int(head[1]) | int(head[2])<<8 | int(head[3])<<16) - 4
	buf := pageBuffers.Get().(*[]byte)
	defer pageBuffers.Put(buf)
	if length < 0 || length > 2*snappyFrame {
		return damaged(errPageSize)
	}
	if cap(*buf) < length {
		*buf = make([]byte, length)
	}
	data := (*buf)[:length]
	if err := readFull(src, data, at+8, "a chunk"); err != nil {
		return err
	}
	if head[0] == snappyUncompressed {
		if copy(p, data) < len(p) {
			return damaged(errPageSize)
		}
	} else if err := unsnappy(p, data); err != nil {
		return damaged(err)
	}
	sum := crc32.Checksum(p, castagnoli)
	if sum = (sum>>15 | sum<<17) + 0xa282ead8; sum != binary.LittleEndian.Uint32(head[4:]) { // masked, as the format says
		return damaged(fmt.Errorf("its checksum is wrong"))
	}
	return nil
}
