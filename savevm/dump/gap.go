package dump

import (
	"cmp"
	"slices"
)

// dump-guest-memory -p writes all the guest's RAM, block after block in the order of the addresses, but has segments for what
// the page tables map only, and of a mapping that goes over several blocks it gives the place of the first (QEMU's dump/dump.c,
// get_offset_range). So most of the file may be in no segment. fillGaps finds the addresses of such bytes from the segments
// around them.

// A gap is bytes of the file, between two segments, that are in none.
type gap struct {
	address, limit uint64 // the bytes lie in between: from the end of the segment before, to the start of that behind
	offset, size   int64
}

// fillGaps returns pieces for the bytes of the file from start to end that no piece of there covers. unknown counts the bytes
// whose addresses cannot be told; guessed says that the firmware's place was inferred.
func fillGaps(there []piece, start, end int64, x86 bool) (filled []piece, guessed bool, unknown int64) {
	for _, g := range findGaps(there, start, end) {
		room := g.limit - g.address
		switch hole := room - uint64(g.size); {
		case uint64(g.size) > room:
			unknown += g.size
		case hole == 0: // the blocks before and behind are neighbours, or one
			filled = append(filled, piece{g.address, uint64(g.size), g.offset})
		case x86 && hole == vgaSize && g.address <= vgaBase && g.limit >= vgaBase+vgaSize:
			low := vgaBase - g.address
			filled = append(filled, piece{g.address, low, g.offset},
				piece{vgaBase + vgaSize, uint64(g.size) - low, g.offset + int64(low)})
		default:
			p := g.aroundFirmware()
			if !x86 || p == nil {
				unknown += g.size
				break
			}
			filled, guessed = append(filled, p...), true
		}
	}
	return filled, guessed, unknown
}

// The VGA window, which is no RAM.
const (
	vgaBase = 0xa0000
	vgaSize = 0x20000
)

func findGaps(there []piece, start, end int64) []gap {
	inFile := slices.Clone(there)
	slices.SortFunc(inFile, func(a, b piece) int { return cmp.Compare(a.offset, b.offset) })
	var gaps []gap
	address, offset := uint64(0), start
	for _, p := range append(inFile, piece{maxPhysical, 0, end}) {
		if p.offset > offset && p.base >= address {
			gaps = append(gaps, gap{address, p.base, offset, p.offset - offset})
		}
		if e := p.offset + int64(p.size); e > offset {
			address, offset = p.end(), e
		}
	}
	return gaps
}

// aroundFirmware takes the bytes for the end of the RAM below 4 GiB, the firmware, which ends at 4 GiB, and the start of the
// RAM there. The firmware's size is the power of two with which the RAM ends at a whole MiB.
func (g gap) aroundFirmware() []piece {
	const top = 1 << 32
	if g.address >= top || g.limit < top {
		return nil
	}
	above := int64(0)
	if g.limit != maxPhysical {
		above = int64(g.limit - top)
	}
	for firmware := int64(64 << 10); firmware <= 16<<20; firmware *= 2 {
		low := g.size - above - firmware
		if low < 0 {
			break
		}
		if ramEnd := g.address + uint64(low); ramEnd%(1<<20) == 0 && ramEnd <= top-uint64(firmware) {
			return []piece{
				{g.address, uint64(low), g.offset},
				{top - uint64(firmware), uint64(firmware), g.offset + low},
				{top, uint64(above), g.offset + low + firmware},
			}
		}
	}
	return nil
}
