// Package ram is the guest's RAM as an image holds it: blocks (QEMU's RAMBlock), each with an index of where in the file its
// pages are. Neighbouring pages that lie evenly in the file are one entry of the index, so a regular image has a small one.
package ram

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/klauspost/compress/zlib"

	"github.com/svscript/svscript/savevm/internal/wire"
	"github.com/svscript/svscript/savevm/memory"
)

// A Block is one RAMBlock: a [memory.Memory] over its own offsets from 0 to Size-1. It is built by one goroutine with the
// Add methods and Seal, and is then safe for parallel use.
type Block struct {
	Name     string
	Size     uint64 // bytes
	PageSize uint64 // bytes, a power of two: the unit of the index

	// Address is the guest-physical address that the stream states for the block, where HasAddress is set (x-ignore-shared).
	Address    uint64
	HasAddress bool

	src       *wire.Source
	runs      []run
	segments  []int // where the sorted parts of runs start, but for the last
	start     int   // where the last one does
	deltas    []delta
	directory []uint32
	shift     uint
	custom    PageSource   // of the pages of EncodingCustom
	cache     *[64]decoded // nil where no page needs decoding
}

// decoded is a slot of the cache of pages that had to be decompressed.
type decoded struct {
	mu   sync.Mutex
	page uint32
	good bool   // data is what page holds
	data []byte // nil before the first use
}

// MaxBlockSize is the largest block in bytes that the index can hold: 2^32-1 pages of 4 KiB, 16 TiB.
const MaxBlockSize = math.MaxUint32 << 12

// NewBlock starts an empty block whose pages will be read from src.
func NewBlock(name string, size, pageSize uint64, src *wire.Source) (*Block, error) {
	switch {
	case pageSize == 0 || pageSize&(pageSize-1) != 0 || pageSize > 1<<24:
		return nil, fmt.Errorf("RAM block %q has a page size of %d bytes, which is no power of two up to 16 MiB", name, pageSize)
	case size > MaxBlockSize || size/pageSize >= math.MaxUint32:
		return nil, fmt.Errorf("RAM block %q has %d bytes; at most %d are supported", name, size, uint64(MaxBlockSize))
	}
	return &Block{Name: name, Size: size, PageSize: pageSize, src: src}, nil
}

// Reserve makes room for n more entries of the index, whose number must be bounded by what the file has of them.
func (b *Block) Reserve(n int) { b.runs = slices.Grow(b.runs, n) }

// Holds tells whether a page at that offset lies in the block.
func (b *Block) Holds(offset uint64) bool {
	return offset < b.Size && offset%b.PageSize == 0
}

// AddFill records count pages from offset on whose bytes all are fill. record is the file offset of the first page's record,
// or 0 where the pages have none of their own.
func (b *Block) AddFill(offset, count uint64, fill byte, record int64) {
	b.add(uint32(offset/b.PageSize), uint32(count), makeRef(EncodingFill, fill, record))
}

// AddPages records count pages, each behind a record header, the bytes of the first at the file offset data.
func (b *Block) AddPages(offset, count uint64, data int64) {
	b.add(uint32(offset/b.PageSize), uint32(count), makeRef(EncodingPage, 0, data))
}

// AddFlat records count pages that lie one after the other at the file offset data.
func (b *Block) AddFlat(offset, count uint64, data int64) {
	b.add(uint32(offset/b.PageSize), uint32(count), makeRef(EncodingFlat, 0, data))
}

// AddZlib records a page as a zlib stream that starts with its u32 length at the file offset data.
func (b *Block) AddZlib(offset uint64, data int64) {
	b.add(uint32(offset/b.PageSize), 1, makeRef(EncodingZlib, 0, data))
}

// AddXBZRLE records a page as size bytes of XBZRLE at the file offset data: a difference to what the page held before.
func (b *Block) AddXBZRLE(offset uint64, data int64, size int) {
	b.add(uint32(offset/b.PageSize), 1, makeRef(EncodingXBZRLE, 0, int64(len(b.deltas))))
	b.deltas = append(b.deltas, delta{off: data, size: uint32(size)})
}

// A PageSource reads pages that a container stores in a way of its own, by number.
type PageSource interface {
	ReadPage(p []byte, number int64) error
	// PageOffset is where in the file the encoded page begins, or -1 where that cannot be told.
	PageOffset(number int64) int64
}

// SetCustom gives what reads the pages added by AddCustom.
func (b *Block) SetCustom(pages PageSource) { b.custom = pages }

// AddCustom records count pages that the block's own function reads, by number, from number on.
func (b *Block) AddCustom(offset, count uint64, index int64) {
	b.add(uint32(offset/b.PageSize), uint32(count), makeRef(EncodingCustom, 0, index))
}

// Seal ends the building: later records replace earlier ones, and lookups become possible.
func (b *Block) Seal() {
	b.seal()
	for _, r := range b.runs {
		if e := r.ref.encoding(); e == EncodingZlib || e == EncodingXBZRLE || e == EncodingCustom {
			b.cache = new([64]decoded)
			return
		}
	}
}

// Stored is how many bytes of the block the image holds, pages of one byte value included.
func (b *Block) Stored() uint64 {
	pages := uint64(0)
	for _, r := range b.runs {
		pages += uint64(r.count)
	}
	return min(pages*b.PageSize, b.Size)
}

// Runs is the number of entries of the index, each of 16 bytes.
func (b *Block) Runs() int { return len(b.runs) }

// ReadMemory implements [memory.Memory] over the block's offsets.
func (b *Block) ReadMemory(p []byte, offset uint64) (int, error) {
	n := 0
	for n < len(p) {
		got, err := b.readRun(p[n:], offset+uint64(n))
		n += got
		if err != nil {
			return n, b.fail(offset, n, len(p), err)
		}
	}
	return n, nil
}

// errAbsent and errOutside become a memory.Error's reason.
var (
	errAbsent  = fmt.Errorf("absent")
	errOutside = fmt.Errorf("outside")
)

func (b *Block) fail(offset uint64, n, want int, err error) error {
	e := &memory.Error{Address: offset + uint64(n), Length: uint64(want), Reason: memory.ReasonAbsent, Space: "block " + b.Name}
	switch err {
	case errAbsent:
	case errOutside:
		e.Reason = memory.ReasonUnmapped
	default:
		e.Err = err
	}
	return e
}

// readRun reads from offset to the end of p or of the page (of the run, where it lies in one piece), whichever is first.
func (b *Block) readRun(p []byte, offset uint64) (int, error) {
	if offset >= b.Size {
		return 0, errOutside
	}
	page, in := uint32(offset/b.PageSize), offset%b.PageSize
	i := b.find(page)
	if i == len(b.runs) || b.runs[i].page > page {
		return 0, errAbsent
	}
	r, at := b.runs[i], b.at(b.runs[i], page)
	size := b.PageSize
	if e := at.encoding(); e == EncodingFlat || e == EncodingFill {
		size *= uint64(r.end() - page)
	}
	want := int(min(uint64(len(p)), size-in, b.Size-offset))
	p = p[:want]
	switch at.encoding() {
	case EncodingFill:
		fill(p, at.fill())
		return want, nil
	case EncodingPage, EncodingFlat:
		n, err := b.src.ReadAt(p, at.offset()+int64(in))
		switch {
		case n == want:
			return n, nil
		case err == io.EOF:
			return n, errAbsent // the file ends in this page
		}
		return n, err
	}
	if in == 0 && uint64(want) == b.PageSize { // a scan: no use of the cache
		return want, b.decode(p, at)
	}
	slot := &b.cache[page%uint32(len(b.cache))]
	slot.mu.Lock()
	defer slot.mu.Unlock()
	if !slot.good || slot.page != page {
		if slot.data == nil {
			slot.data = make([]byte, b.PageSize)
		}
		err := b.decode(slot.data, at)
		slot.page, slot.good = page, err == nil
		if err != nil {
			return 0, err
		}
	}
	return copy(p, slot.data[in:]), nil
}

// decode makes a whole page from its encoding.
func (b *Block) decode(p []byte, at ref) error {
	switch at.encoding() {
	case EncodingFill:
		fill(p, at.fill())
		return nil
	case EncodingZlib:
		return b.inflate(p, at.offset())
	case EncodingXBZRLE:
		return b.applyDeltas(p, at)
	case EncodingCustom:
		return b.custom.ReadPage(p, at.offset())
	case notStored:
		return errAbsent
	}
	if n, err := b.src.ReadAt(p, at.offset()); n < len(p) {
		return fmt.Errorf("the page at file offset %#x: %w", at.offset(), err)
	}
	return nil
}

func fill(p []byte, v byte) {
	if v == 0 {
		clear(p)
		return
	}
	for i := range p {
		p[i] = v
	}
}

// A decoder is what decoding a page needs; they are kept, as a zlib reader's tables are many times larger than a page.
type decoder struct {
	encoded []byte
	chain   []*delta
	reader  bytes.Reader
	zlib    io.ReadCloser
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// read gets size encoded bytes of the file; they are valid until the next call.
func (d *decoder) read(src *wire.Source, off int64, size int) ([]byte, error) {
	d.encoded = slices.Grow(d.encoded[:0], size)[:size]
	if n, err := src.ReadAt(d.encoded, off); n < size {
		return nil, err
	}
	return d.encoded, nil
}

func (b *Block) inflate(p []byte, off int64) error {
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	if err := d.inflate(p, b, off); err != nil {
		return fmt.Errorf("the compressed page at file offset %#x is damaged: %w", off, err)
	}
	return nil
}

func (d *decoder) inflate(p []byte, b *Block, off int64) error {
	head, err := d.read(b.src, off, 4)
	if err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(head)
	if uint64(size) > 2*b.PageSize {
		return fmt.Errorf("it has %d bytes", size)
	}
	data, err := d.read(b.src, off+4, int(size))
	if err != nil {
		return err
	}
	d.reader.Reset(data)
	if d.zlib != nil {
		err = d.zlib.(zlib.Resetter).Reset(&d.reader, nil)
	} else {
		d.zlib, err = zlib.NewReader(&d.reader)
	}
	if err != nil {
		d.zlib = nil
		return err
	}
	_, err = io.ReadFull(d.zlib, p)
	return err
}

// applyDeltas takes the full page at the bottom of the chain and applies the differences, oldest first.
func (b *Block) applyDeltas(p []byte, at ref) error {
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	chain := d.chain[:0]
	for at.encoding() == EncodingXBZRLE {
		change := &b.deltas[at.offset()]
		chain = append(chain, change)
		at = change.base
	}
	d.chain = chain
	if at.encoding() == notStored {
		return errAbsent
	}
	if err := b.decode(p, at); err != nil {
		return err
	}
	for _, change := range slices.Backward(chain) {
		encoded, err := d.read(b.src, change.off, int(change.size))
		if err == nil {
			err = applyXBZRLE(p, encoded)
		}
		if err != nil {
			return fmt.Errorf("the XBZRLE page at file offset %#x is damaged: %w", change.off, err)
		}
	}
	return nil
}

// applyXBZRLE changes a page: runs of unchanged bytes and of new ones in turn, each length a ULEB128 (migration/xbzrle.c).
func applyXBZRLE(page, enc []byte) error {
	at := 0
	for same := true; len(enc) > 0; same = !same {
		n, used := uleb128(enc)
		if used == 0 || n > len(page)-at {
			return fmt.Errorf("a run of %d bytes at byte %d of the page", n, at)
		}
		enc = enc[used:]
		if !same {
			if n > len(enc) {
				return fmt.Errorf("%d new bytes were announced, %d are there", n, len(enc))
			}
			copy(page[at:], enc[:n])
			enc = enc[n:]
		}
		at += n
	}
	return nil
}

// uleb128 decodes a length of one or two bytes (util/cutils.c, uleb128_decode_small); used is 0 where it is longer.
func uleb128(b []byte) (n, used int) {
	if b[0]&0x80 == 0 {
		return int(b[0]), 1
	}
	if len(b) < 2 || b[1]&0x80 != 0 {
		return 0, 0
	}
	return int(b[0]&0x7f) | int(b[1])<<7, 2
}

// Extents implements [memory.Memory]: every offset of the block is in an extent, pages that no record gave as Absent.
func (b *Block) Extents(first, last uint64) iter.Seq[memory.Extent] {
	return func(yield func(memory.Extent) bool) {
		if b.Size == 0 || first > last || first >= b.Size {
			return
		}
		last = min(last, b.Size-1)
		at := first
		var pending memory.Extent // neighbours of one kind are put together
		put := func(end uint64, kind memory.Kind, fill byte) bool {
			if end <= at {
				return true
			}
			if pending.Size > 0 && pending.Kind == kind && pending.Fill == fill {
				pending.Size += end - at
				at = end
				return true
			}
			if pending.Size > 0 && !yield(pending) {
				return false
			}
			pending = memory.Extent{Base: at, Beneath: at, Size: end - at, Kind: kind, Fill: fill}
			at = end
			return true
		}
		for i := b.find(uint32(first / b.PageSize)); i < len(b.runs) && at <= last; i++ {
			r := b.runs[i]
			if !put(min(uint64(r.page)*b.PageSize, last+1), memory.Absent, 0) {
				return
			}
			if at > last {
				break
			}
			kind, fill := memory.Data, byte(0)
			if r.ref.encoding() == EncodingFill {
				kind, fill = memory.Fill, r.ref.fill()
			}
			if !put(min(uint64(r.end())*b.PageSize, last+1), kind, fill) {
				return
			}
		}
		if put(last+1, memory.Absent, 0) && pending.Size > 0 {
			yield(pending)
		}
	}
}

// A Location is where the bytes of a page are stored.
type Location struct {
	Encoding   Encoding
	Fill       byte  // for EncodingFill
	FileOffset int64 // of the byte asked for, or of the encoded page that holds it; -1 where the page has no bytes in the file
	Exact      bool  // FileOffset is the byte's own
	Base       []Location
}

// Locate says where in the file the byte at an offset of the block is stored. ok is false where the image does not hold it.
func (b *Block) Locate(offset uint64) (l Location, ok bool) {
	at, ok := b.lookup(uint32(offset / b.PageSize))
	if !ok || offset >= b.Size {
		return Location{FileOffset: -1}, false
	}
	return b.locate(at, offset%b.PageSize), true
}

func (b *Block) locate(at ref, in uint64) Location {
	l := Location{Encoding: at.encoding(), Fill: at.fill(), FileOffset: at.offset()}
	switch l.Encoding {
	case EncodingPage, EncodingFlat:
		l.FileOffset, l.Exact = l.FileOffset+int64(in), true
	case EncodingFill:
		if l.FileOffset == 0 {
			l.FileOffset = -1
		}
	case EncodingCustom:
		l.FileOffset = b.custom.PageOffset(at.offset())
	case EncodingXBZRLE:
		d := &b.deltas[at.offset()]
		l.FileOffset = d.off
		for base := d.base; ; base = b.deltas[base.offset()].base {
			if base.encoding() == EncodingXBZRLE {
				l.Base = append(l.Base, Location{Encoding: EncodingXBZRLE, FileOffset: b.deltas[base.offset()].off})
				continue
			}
			if base.encoding() != notStored {
				l.Base = append(l.Base, b.locate(base, in))
			}
			break
		}
	}
	return l
}
