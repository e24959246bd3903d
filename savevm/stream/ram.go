package stream

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/svscript/svscript/savevm/ram"
)

// Flags in the low bits of a RAM record's u64 (migration/ram.c, RAM_SAVE_FLAG_…).
const (
	ramFlagFull         = 0x01 // obsolete
	ramFlagZero         = 0x02 // u8: the byte that fills the page
	ramFlagMemSize      = 0x04
	ramFlagPage         = 0x08
	ramFlagEOS          = 0x10
	ramFlagContinue     = 0x20 // the block is that of the last record that named one
	ramFlagXBZRLE       = 0x40
	ramFlagHook         = 0x80
	ramFlagCompressPage = 0x100
	ramFlagMultifdFlush = 0x200
)

// ramReader is what lasts from one section of RAM to the next.
type ramReader struct {
	current *ram.Block
	byName  map[string]*ram.Block
	largest uint64 // the size of the largest block
	passed  int64  // bytes before this offset were let go

	// After damage the block of the records that follow is in doubt, until one names its block or is where the last left off.
	last    uint64     // the offset of the last page
	lost    int64      // bytes that were stepped over since
	orphans int        // pages whose block is not known
	nowhere *ram.Block // takes them
}

// passStep is how much of the image is read before it is let go.
const passStep = 8 << 20

// lose notes that n bytes were stepped over.
func (r *ramReader) lose(n int64) { r.lost += n }

// block is the block of a record at offset that does not name it; nil where it was lost in damage.
func (r *ramReader) block(offset uint64) *ram.Block {
	b := r.current
	if r.lost == 0 || b == nil || len(r.byName) < 2 {
		return b
	}
	const smallest, slack = 9, 64 // bytes of a record; pages that may be gone without a trace
	if offset <= r.last || (offset-r.last)/b.PageSize > uint64(r.lost)/smallest+slack {
		return nil
	}
	r.lost = 0
	return b
}

// ramBody reads the records of one START, PART or END section up to its EOS record.
func (p *parser) ramBody(s *section) outcome {
	if s.kind == vmSectionStart && p.RAMVersion == 0 {
		if s.version != 3 && s.version != 4 {
			return p.lose(s, p.c.Offset(), fmt.Errorf("RAM section version %d is not known; versions 3 and 4 are", s.version))
		}
		p.RAMVersion = int(s.version)
		p.ram.byName = map[string]*ram.Block{}
	}
	mask := p.PageSize - 1
	for {
		off := p.c.Offset()
		if off-p.ram.passed > passStep {
			p.src.Passed(p.ram.passed, off)
			p.ram.passed = off
		}
		record := p.c.U64()
		if p.c.Err() != nil {
			return bodyRead
		}
		flags, offset := record&mask, record&^mask
		var err error
		switch flags &^ ramFlagContinue {
		case ramFlagPage, ramFlagZero, ramFlagXBZRLE, ramFlagCompressPage:
			err = p.page(flags, offset)
		case ramFlagEOS:
			return bodyRead
		case ramFlagMemSize:
			err = p.memSize(offset)
		case ramFlagMultifdFlush:
		case ramFlagHook:
			if offset == 0 {
				return p.lose(s, off, fmt.Errorf("the RAM was sent over RDMA, so it is not in the image"))
			}
			fallthrough
		default:
			err = fmt.Errorf("%#x is no RAM record", record)
		}
		if err != nil {
			if o := p.nextRAM(s, off, err); o != recordFound {
				return o
			}
		}
	}
}

// nextRAM goes on behind damage at off: at the next RAM record, or at the next section.
func (p *parser) nextRAM(s *section, off int64, why error) outcome {
	at, record := p.nextRecord(off + 1)
	if at < 0 {
		p.nothingMore(s, off, why)
		return nothingFound
	}
	p.warn(s, off, "the RAM is damaged here: %v; %d bytes are stepped over, and the pages in them are absent or what they were earlier", why, at-off)
	p.ram.lose(at - off)
	p.c.Recover(at)
	if record {
		return recordFound
	}
	return sectionFound
}

// page indexes the record of one page.
func (p *parser) page(flags, offset uint64) error {
	off := p.c.Offset() - 8
	if flags&ramFlagContinue == 0 && p.RAMVersion >= 4 {
		name := p.c.String8()
		if p.c.Err() != nil {
			return nil
		}
		b := p.ram.byName[name]
		if b == nil {
			return fmt.Errorf("a page belongs to RAM block %q, which was not announced", printable(name))
		}
		p.ram.current, p.ram.lost = b, 0
	}
	b := p.ram.block(offset)
	switch {
	case b == nil && p.ram.lost > 0:
		p.ram.orphans++
		if p.ram.nowhere == nil {
			p.ram.nowhere, _ = ram.NewBlock("", 0, p.PageSize, p.src)
		}
		b, offset = p.ram.nowhere, 0
	case b == nil || !b.Holds(offset):
		return fmt.Errorf("a page at %#x lies outside of its RAM block", offset)
	default:
		p.ram.last = offset
	}
	switch flags &^ ramFlagContinue {
	case ramFlagZero:
		fill := p.c.U8()
		if p.c.Err() == nil {
			b.AddFill(offset, 1+p.even(b, flags, offset, 1, fill), fill, off)
		}
	case ramFlagPage:
		data := p.c.Offset()
		if p.c.Skip(int64(p.PageSize)); p.c.Err() == nil {
			b.AddPages(offset, 1+p.even(b, flags, offset, p.PageSize, 0), data)
		}
	case ramFlagXBZRLE:
		encoding, size := p.c.U8(), int(p.c.U16())
		data := p.c.Offset()
		if p.c.Err() == nil && (encoding != 1 || size > int(p.PageSize)) {
			return fmt.Errorf("an XBZRLE page has encoding %d and %d bytes", encoding, size)
		}
		if p.c.Skip(int64(size)); p.c.Err() == nil {
			b.AddXBZRLE(offset, data, size)
		}
	default:
		data := p.c.Offset()
		size := int64(p.c.U32())
		if p.c.Err() == nil && size > 2*int64(p.PageSize) {
			return fmt.Errorf("a compressed page has %d bytes", size)
		}
		if p.c.Skip(size); p.c.Err() == nil {
			b.AddZlib(offset, data)
		}
	}
	return nil
}

// even steps over the records that follow one of a page at offset and are of the same form: for the next pages, with payload
// bytes each, and the same fill byte where that is all. It returns how many there are. Most of an image is such rows. A record
// with a name is longer, and stands alone.
func (p *parser) even(b *ram.Block, flags, offset, payload uint64, fill byte) (n uint64) {
	if flags&ramFlagContinue == 0 || b == p.ram.nowhere {
		return 0
	}
	rest := p.c.Buffered()
	want, size := offset|flags, 8+int(payload)
	most := min((b.Size-offset-1)/p.PageSize, passStep/uint64(size))
	for ; n < most && len(rest) >= size; n++ {
		want += p.PageSize
		if binary.BigEndian.Uint64(rest) != want || payload == 1 && rest[8] != fill {
			break
		}
		rest = rest[size:]
	}
	p.c.Skip(int64(n) * int64(size))
	p.ram.last = offset + n*p.PageSize
	return n
}

// maxBlocks bounds the table of RAM blocks; real ones have some tens.
const maxBlocks = 1 << 14

// memSize reads the block table that a MEM_SIZE record announces: total is the sum of the blocks' sizes.
func (p *parser) memSize(total uint64) error {
	if p.RAMVersion < 4 {
		return p.newBlock("ram", total)
	}
	for sum := uint64(0); sum < total; {
		if p.tableEnds(p.c.Peek(8)) {
			p.warn(nil, p.c.Offset(), "the table of RAM blocks is damaged: the blocks have %#x bytes together, and should have %#x", sum, total)
			return nil
		}
		off := p.c.Offset()
		name, size := p.c.String8(), p.c.U64()
		if p.c.Err() != nil {
			return nil
		}
		if name == "" || printable(name) != name || size > total-sum || len(p.Blocks) == maxBlocks {
			behind, last := p.c.Offset(), p.tableEnds(p.c.Peek(8))
			next, rest := p.nextEntry(off)
			if next < 0 && last {
				next, rest = behind, 0
			}
			if next < 0 || len(p.Blocks) == maxBlocks {
				return fmt.Errorf("the table of RAM blocks does not add up: block %q has %#x bytes, %#x are left", printable(name), size, total-sum)
			}
			// Of one entry with a size that cannot be, the size is what the others leave.
			if lost := total - sum - rest; next == behind && lost <= total && p.possibleEntry([]byte(name), lost) {
				p.c.Goto(next)
				p.warn(nil, off, "the size of RAM block %q is damaged; it is inferred from the other blocks' to be %#x", name, lost)
				size = lost
			} else {
				p.warn(nil, off, "the table of RAM blocks is damaged here: block %q has %#x bytes, %#x are left; it goes on at offset %#x",
					printable(name), size, total-sum, next)
				p.c.Goto(next)
				total = math.MaxUint64 // the sum is no help any more
				continue
			}
		}
		sum += size
		if err := p.newBlock(name, size); err != nil {
			return err
		}
		b := p.ram.current
		if !p.hasMappedHeader() {
			p.blockExtras(b)
		}
		if p.hasMappedHeader() || slices.Contains(p.Capabilities, "mapped-ram") {
			if err := p.mappedRAM(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// newBlock makes the current block; one that is announced again (COLO) is the one it was.
func (p *parser) newBlock(name string, size uint64) error {
	if b := p.ram.byName[name]; b != nil {
		if b.Size != size {
			return fmt.Errorf("RAM block %q is announced twice, with %#x bytes and with %#x", name, b.Size, size)
		}
		p.ram.current = b
		return nil
	}
	b, err := ram.NewBlock(name, size, p.PageSize, p.src)
	if err != nil {
		return err
	}
	p.Blocks = append(p.Blocks, b)
	p.ram.byName[name] = b
	p.ram.current = b
	p.ram.largest = max(p.ram.largest, size)
	return nil
}

// hasMappedHeader tells whether a mapped-ram header follows: version 1 and the page size. The configuration section says
// so too, where there is one.
func (p *parser) hasMappedHeader() bool {
	b := p.c.Peek(12)
	return len(b) == 12 && binary.BigEndian.Uint32(b) == 1 && binary.BigEndian.Uint64(b[4:]) == p.PageSize
}

// blockExtras reads the u64 values that may follow a block's size: its page size (postcopy, where it is not the target's)
// and its guest-physical address (x-ignore-shared, always last). Nothing announces them, but each is a multiple of the page
// size, so none of the flag bits is set that every record has, and none starts with the length byte of a name.
func (p *parser) blockExtras(b *ram.Block) {
	ignoreShared := slices.Contains(p.Capabilities, "x-ignore-shared")
	for range 2 {
		head := p.c.Peek(8)
		if len(head) < 8 || head[0] != 0 {
			return
		}
		v := binary.BigEndian.Uint64(head)
		if v&(p.PageSize-1) != 0 {
			return
		}
		p.c.Skip(8)
		b.Address, b.HasAddress = v, ignoreShared
	}
}

// mappedRAM reads the header that follows a block's size when the capability mapped-ram is set, and the bitmap of its
// pages; the pages themselves are at fixed places (docs/devel/migration/mapped-ram.rst).
func (p *parser) mappedRAM(b *ram.Block) error {
	off := p.c.Offset()
	version, pageSize := p.c.U32(), p.c.U64()
	bitmap, pages := p.c.U64(), p.c.U64()
	if p.c.Err() != nil {
		return nil
	}
	end := uint64(p.c.End())
	words := (b.Size/p.PageSize + 63) / 64
	switch {
	case version != 1 || pageSize != p.PageSize:
		return fmt.Errorf("the mapped-ram header of block %q has version %d and pages of %d bytes", b.Name, version, pageSize)
	case pages < bitmap || bitmap < uint64(off) || bitmap > end:
		return fmt.Errorf("the mapped-ram header of block %q puts its bitmap at %#x and its pages at %#x", b.Name, bitmap, pages)
	case words*8 > end-bitmap || words*8 > pages-bitmap:
		p.c.Goto(int64(end))
		p.c.U8() // latches that the image is cut off
		return nil
	}
	p.c.Goto(int64(bitmap))
	p.mappedPages(b, words, pages, end)
	if pages+b.Size > end { // the pages at the end are all zero, or the image is cut off
		p.c.Goto(int64(end))
		p.c.U8()
		return nil
	}
	p.c.Goto(int64(pages + b.Size))
	return p.c.Err()
}

// bitmapRuns is how many runs of equal bits the bitmap that follows has.
func (p *parser) bitmapRuns(words uint64) int {
	c := *p.c
	c.DropWindow()
	n, before := 1, uint64(0)
	for range words {
		raw := c.Peek(8)
		if len(raw) < 8 {
			break
		}
		word := binary.LittleEndian.Uint64(raw)
		n += bits.OnesCount64(word ^ (word<<1 | before>>63))
		before = word
		c.Skip(8)
	}
	return n
}

// mappedPages turns the bitmap's runs of set and clear bits into runs of the index. A page with a clear bit is zero,
// whatever bytes the file has in its place.
func (p *parser) mappedPages(b *ram.Block, words, pages, end uint64) {
	total := b.Size / p.PageSize
	b.Reserve(p.bitmapRuns(words))
	start, set := uint64(0), false
	flush := func(upTo uint64) {
		upTo = min(upTo, total)
		if upTo <= start {
			return
		}
		offset, count := start*p.PageSize, upTo-start
		if set {
			if fit := (end - min(end, pages+offset)) / p.PageSize; count > fit {
				count = fit // the rest is cut off, and absent
			}
			if count > 0 {
				b.AddFlat(offset, count, int64(pages+offset))
			}
		} else {
			b.AddFill(offset, count, 0, 0)
		}
		start = upTo
	}
	for i := uint64(0); i < words; i++ {
		raw := p.c.Peek(8)
		if len(raw) < 8 {
			break
		}
		word := binary.LittleEndian.Uint64(raw)
		p.c.Skip(8)
		for bit := uint64(0); bit < 64; {
			rest := word >> bit
			if set {
				rest = ^rest
			}
			same := uint64(bits.TrailingZeros64(rest)) // bits that are as the ones before
			if bit+same >= 64 {
				break
			}
			bit += same
			flush(i*64 + bit)
			set = !set
		}
	}
	flush(total)
}
