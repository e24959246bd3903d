package stream

import (
	"bytes"
	"encoding/binary"
)

// resync looks for the next place from off on where the stream goes on, after something that cannot be read, and continues
// there. It says what it stepped over; false means that there is no such place.
func (p *parser) resync(off int64) bool {
	at := p.nextHeader(off)
	if at < 0 {
		p.warn(nil, off, "no further section was found; %d bytes to the end of the image are not read", p.c.End()-off)
		return false
	}
	if at > off {
		p.warn(nil, off, "%d bytes are stepped over, up to the next section", at-off)
	}
	p.c.Recover(at)
	return true
}

// maxHeader is the length of the longest section header, with the footer before it.
const maxHeader = 5 + 1 + 4 + 1 + 255 + 4 + 4

// nextHeader finds the first offset from off on at which a section starts, or -1.
func (p *parser) nextHeader(off int64) int64 {
	const step = 64 << 10
	for ; off < p.c.End(); off += step {
		p.c.Recover(off)
		b := p.c.Peek(step + maxHeader)
		for i := 0; i < min(step, len(b)); i++ {
			switch b[i] {
			case vmSectionFull, vmSectionFooter, vmSectionPart, vmSectionEnd, vmSectionStart:
				if n, ok := p.plausible(b[i:]); ok {
					return off + int64(i) + int64(n)
				}
			}
		}
	}
	return -1
}

// plausible tells whether bytes look like a place where the stream goes on: a FULL section whose id is greater than the last
// one's (ids rise through the file), a part of a live section, or the footer of the section that was being read. n is how
// many bytes lie before the next section (5 behind a footer).
func (p *parser) plausible(b []byte) (n int, ok bool) {
	if len(b) < 5 {
		return 0, false
	}
	id := binary.BigEndian.Uint32(b[1:])
	switch b[0] {
	case vmSectionFull:
		return 0, int64(id) > p.lastFull && int64(id) < p.lastFull+1<<16 && plausibleName(b[5:])
	case vmSectionStart:
		return 0, id < 1<<16 && p.live[id] == nil && plausibleName(b[5:])
	case vmSectionPart, vmSectionEnd:
		return 0, p.plausiblePart(id, b[5:])
	case vmSectionFooter:
		if p.footers == footersNone || len(b) < 6 || (int64(id) != p.lastFull && p.live[id] == nil) {
			return 0, false
		}
		if b[5] == vmEOF {
			return 5, len(b) == 6 || b[6] == vmDescription
		}
		_, ok := p.plausible(b[5:])
		return 5, ok && b[5] != vmSectionFooter
	}
	return 0, false
}

// plausibleName looks at what follows a section's id: a printable name, a small instance and a small version.
func plausibleName(b []byte) bool {
	if len(b) == 0 || b[0] < 2 || len(b) < int(b[0])+9 {
		return false
	}
	name, rest := b[1:1+int(b[0])], b[1+int(b[0]):]
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return binary.BigEndian.Uint32(rest) < 0x100000 && binary.BigEndian.Uint32(rest[4:]) < 256
}

// plausiblePart looks at what follows the id of a PART or END section: for RAM, a record.
func (p *parser) plausiblePart(id uint32, b []byte) bool {
	s := p.live[id]
	if s == nil || s.name != "ram" || len(b) < 9 {
		return false
	}
	v := binary.BigEndian.Uint64(b)
	flags := v & (p.PageSize - 1)
	if v == ramFlagEOS {
		return true
	}
	if flags&^(ramFlagZero|ramFlagPage|ramFlagContinue|ramFlagXBZRLE|ramFlagCompressPage) != 0 || flags&^ramFlagContinue == 0 {
		return false
	}
	if flags&ramFlagContinue == 0 && p.RAMVersion >= 4 {
		n := int(b[8])
		return len(b) >= 9+n && p.ram.byName[string(b[9:9+n])] != nil
	}
	for _, block := range p.Blocks {
		if block.Holds(v &^ (p.PageSize - 1)) {
			return true
		}
	}
	return false
}

// proves tells whether a device section that ends at off is followed by what must follow one: its footer, where the stream
// has footers, else a section header or the end of the stream.
func (p *parser) proves(s *section, off int64) bool {
	if off > p.c.End() {
		return false
	}
	defer p.c.Goto(p.c.Offset())
	p.c.Goto(off)
	b := bytes.Clone(p.c.Peek(maxHeader))
	if p.footers == footersPresent {
		return len(b) >= 5 && b[0] == vmSectionFooter && binary.BigEndian.Uint32(b[1:]) == s.id
	}
	if len(b) == 0 {
		return false
	}
	if b[0] == vmEOF { // the end marker; then nothing, the description, or padding
		return len(b) == 1 || b[1] == vmDescription || p.schema == nil && bytes.Count(b, []byte{0}) == len(b)
	}
	_, ok := p.plausible(b)
	return ok && b[0] == vmSectionFull
}
