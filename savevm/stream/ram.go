package stream

import (
	"encoding/binary"
	"fmt"
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
}

// ramBody reads the records of one START, PART or END section up to its EOS record.
func (p *parser) ramBody(s *section) error {
	if s.kind == vmSectionStart && p.RAMVersion == 0 {
		if s.version != 3 && s.version != 4 {
			return fmt.Errorf("RAM section version %d is not known; versions 3 and 4 are", s.version)
		}
		p.RAMVersion = int(s.version)
		p.ram.byName = map[string]*ram.Block{}
	}
	mask := p.PageSize - 1
	for {
		off := p.c.Offset()
		record := p.c.U64()
		if p.c.Err() != nil {
			return nil
		}
		flags, offset := record&mask, record&^mask
		switch {
		case flags&ramFlagMemSize != 0:
			if err := p.memSize(offset); err != nil {
				return err
			}
		case flags&(ramFlagZero|ramFlagPage|ramFlagXBZRLE|ramFlagCompressPage) != 0:
			if err := p.page(flags, offset, off); err != nil {
				p.c.Fail(p.c.Err())
				return err
			}
		case flags == ramFlagEOS:
			return nil
		case flags&ramFlagHook != 0:
			return fmt.Errorf("the RAM was sent over RDMA, so it is not in the stream (record %#x at offset %#x)", record, off)
		case flags&ramFlagMultifdFlush != 0:
		default:
			return fmt.Errorf("%#x is no RAM record (at offset %#x)", record, off)
		}
	}
}

// page indexes the record of one page; off is the record's offset.
func (p *parser) page(flags, offset uint64, off int64) error {
	if flags&ramFlagContinue == 0 && p.RAMVersion >= 4 {
		name := p.c.String8()
		if p.c.Err() != nil {
			return nil
		}
		if p.ram.current = p.ram.byName[name]; p.ram.current == nil {
			return fmt.Errorf("a page belongs to RAM block %q, which was not announced (at offset %#x)", name, off)
		}
	}
	b := p.ram.current
	if b == nil || !b.Holds(offset) {
		return fmt.Errorf("a page at %#x lies outside of its RAM block (at offset %#x)", offset, off)
	}
	switch {
	case flags&ramFlagZero != 0:
		fill := p.c.U8()
		if p.c.Err() == nil {
			// Pages whose records all are of the same form lie evenly; a record with a name is longer, and stands alone.
			b.AddFill(offset, 1, fill, off)
		}
	case flags&ramFlagPage != 0:
		data := p.c.Offset()
		if p.c.Skip(int64(p.PageSize)); p.c.Err() == nil {
			b.AddPage(offset, data)
		}
	case flags&ramFlagXBZRLE != 0:
		encoding, size := p.c.U8(), int(p.c.U16())
		data := p.c.Offset()
		if p.c.Err() == nil && (encoding != 1 || size > int(p.PageSize)) {
			return fmt.Errorf("an XBZRLE page has encoding %d and %d bytes (at offset %#x)", encoding, size, off)
		}
		if p.c.Skip(int64(size)); p.c.Err() == nil {
			b.AddXBZRLE(offset, data, size)
		}
	default:
		data := p.c.Offset()
		size := int64(p.c.U32())
		if p.c.Err() == nil && size > 2*int64(p.PageSize) {
			return fmt.Errorf("a compressed page has %d bytes (at offset %#x)", size, off)
		}
		if p.c.Skip(size); p.c.Err() == nil {
			b.AddZlib(offset, data)
		}
	}
	return nil
}

// memSize reads the block table that a MEM_SIZE record announces: total is the sum of the blocks' sizes.
func (p *parser) memSize(total uint64) error {
	if p.RAMVersion < 4 {
		return p.newBlock("ram", total)
	}
	for sum := uint64(0); sum < total; {
		off := p.c.Offset()
		name, size := p.c.String8(), p.c.U64()
		if p.c.Err() != nil {
			return nil
		}
		if name == "" || size > total-sum {
			return fmt.Errorf("the table of RAM blocks is damaged: block %q has %#x bytes, %#x are left (at offset %#x)",
				name, size, total-sum, off)
		}
		sum += size
		if err := p.newBlock(name, size); err != nil {
			return err
		}
		b := p.Blocks[len(p.Blocks)-1]
		if slices.Contains(p.Capabilities, "mapped-ram") {
			if err := p.mappedRAM(b); err != nil {
				return err
			}
			continue
		}
		p.blockExtras(b)
	}
	return nil
}

func (p *parser) newBlock(name string, size uint64) error {
	b, err := ram.NewBlock(name, size, p.PageSize, p.src)
	if err != nil {
		return err
	}
	if p.ram.byName[name] != nil {
		return fmt.Errorf("RAM block %q is announced twice", name)
	}
	p.Blocks = append(p.Blocks, b)
	p.ram.byName[name] = b
	p.ram.current = b
	return nil
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
		return fmt.Errorf("the mapped-ram header of block %q has version %d and pages of %d bytes (at offset %#x)", b.Name, version, pageSize, off)
	case pages < bitmap || bitmap < uint64(off) || bitmap > end:
		return fmt.Errorf("the mapped-ram header of block %q puts its bitmap at %#x and its pages at %#x (at offset %#x)", b.Name, bitmap, pages, off)
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

// mappedPages turns the bitmap's runs of set and clear bits into runs of the index. A page with a clear bit is zero,
// whatever bytes the file has in its place.
func (p *parser) mappedPages(b *ram.Block, words, pages, end uint64) {
	total := b.Size / p.PageSize
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
