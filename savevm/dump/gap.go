package dump

import (
	"cmp"
	"slices"
	"sort"
)

// dump-guest-memory -p writes all the guest's RAM, block after block in the order of the addresses, but has segments for what
// the page tables map only, and of a mapping that goes over several blocks it gives the place of the first (QEMU's dump/dump.c,
// get_offset_range). So most of the file may be in no segment. fillGaps finds the addresses of such bytes from the segments
// around them.

// A gap is bytes of the file, between two segments, that are in none.
type gap struct {
	address, limit uint64 // the bytes lie in between: from the end of the segment before, to the start of that behind
	mapped         uint64 // the end of what the guest maps from address on; address itself where it maps nothing there
	offset, size   int64
}

// fillGaps returns pieces for the bytes of the file from start to end that no piece of there covers; mapped is what the
// segments map, in the file or not. guessed says that not all is certain, unknown counts the bytes whose addresses cannot be
// told: the memory of a display adapter, for one.
func fillGaps(there, mapped []piece, start, end int64, x86 bool) (filled []piece, guessed bool, unknown int64) {
	for _, g := range findGaps(there, mapped, start, end) {
		room := g.limit - g.address
		hole := room - uint64(g.size)
		firmware := g.aroundFirmware()
		switch {
		case g.size < pageSize: // padding
		case uint64(g.size) > room:
			unknown += g.size
		case hole == 0: // the blocks before and behind are neighbours, or one
			filled = append(filled, piece{g.address, uint64(g.size), g.offset})
		case x86 && hole == vgaSize && g.address <= vgaBase && g.limit >= vgaBase+vgaSize:
			low := vgaBase - g.address
			filled = append(filled, piece{g.address, low, g.offset},
				piece{vgaBase + vgaSize, uint64(g.size) - low, g.offset + int64(low)})
		case x86 && firmware != nil:
			filled, guessed = append(filled, firmware...), true
		default:
			unknown += g.size
		}
	}
	return filled, guessed, unknown
}

// The VGA window, which is no RAM.
const (
	vgaBase = 0xa0000
	vgaSize = 0x20000
)

func findGaps(there, mapped []piece, start, end int64) []gap {
	inFile := slices.Clone(there)
	slices.SortFunc(inFile, func(a, b piece) int { return cmp.Compare(a.offset, b.offset) })
	var gaps []gap
	address, offset := uint64(0), start
	for _, p := range append(inFile, piece{maxPhysical, 0, end}) {
		if p.offset > offset && p.base >= address {
			g := gap{address: address, limit: p.base, mapped: address, offset: offset, size: p.offset - offset}
			i := sort.Search(len(mapped), func(i int) bool { return mapped[i].end() > address })
			if i < len(mapped) && mapped[i].base <= address {
				g.mapped = mapped[i].end()
			}
			gaps = append(gaps, g)
		}
		if e := p.offset + int64(p.size); e > offset {
			address, offset = p.end(), e
		}
	}
	return gaps
}

// aroundFirmware takes the bytes for the rest of the RAM that the guest maps, and the firmware, which ends at 4 GiB; then RAM
// from there on. It returns nil where what is left for the firmware cannot be one.
func (g gap) aroundFirmware() []piece {
	const top = 1 << 32
	if g.address >= top || g.limit < top || g.mapped > top {
		return nil
	}
	above := int64(0)
	if g.limit != maxPhysical {
		above = int64(g.limit - top)
	}
	low := int64(g.mapped - g.address)
	firmware := g.size - low - above
	if firmware < 64<<10 || firmware > 16<<20 || firmware&(firmware-1) != 0 {
		return nil
	}
	return []piece{
		{g.address, uint64(low), g.offset},
		{top - uint64(firmware), uint64(firmware), g.offset + low},
		{top, uint64(above), g.offset + low + firmware},
	}
}
