package stream

import (
	"bytes"
	"encoding/binary"
)

// resync looks for the next place from off on where the stream goes on, after something that cannot be read, and continues
// there. It says what it stepped over; false means that there is no such place.
func (p *parser) resync(s *section, off int64, why error) bool {
	at := p.nextHeader(off)
	if at < 0 {
		return p.nothingMore(s, off, why)
	}
	p.warn(s, off, "%v; %d bytes are stepped over, up to the next section", why, at-off)
	p.ram.lose(at - off)
	p.c.Recover(at)
	return true
}

// nothingMore ends the reading where no further section is found.
func (p *parser) nothingMore(s *section, off int64, why error) bool {
	p.warn(s, off, "%v; no further section was found, and the %d bytes up to the end of the image are not read", why, p.c.End()-off)
	return false
}

// maxHeader is the length of the longest section header, with the footer before it.
const maxHeader = 5 + 1 + 4 + 1 + 255 + 4 + 4

// nextHeader finds the first offset from off on at which a section starts, or -1.
func (p *parser) nextHeader(off int64) int64 {
	at, _ := p.search(off, maxHeader, nil)
	return at
}

// search finds the first offset from off on at which a section starts, or (record is true) at which isRecord finds RAM
// records; -1 where there is none. window is how many bytes a decision needs.
func (p *parser) search(off int64, window int, isRecord func(b []byte, last bool) bool) (at int64, record bool) {
	const step = 64 << 10
	for ; off < p.c.End(); off += step {
		p.c.Recover(off)
		b := p.c.Peek(step + window)
		last := off+int64(len(b)) == p.c.End()
		for i := 0; i < min(step, len(b)); i++ {
			switch b[i] {
			case 0:
				if n := zeros(b[i:]); n > 8 {
					i += n - 8 // neither a section nor a record starts with so many zeros
				}
				if isRecord != nil && i < step && isRecord(b[i:], last) {
					return off + int64(i), true
				}
			case vmSectionFull, vmSectionFooter, vmSectionPart, vmSectionEnd, vmSectionStart:
				if n, ok := p.plausible(b[i:]); ok {
					return off + int64(i) + int64(n), false
				}
			}
		}
	}
	return -1, false
}

// nextEntry finds, near damage in the table of RAM blocks, the first offset from off on at which an entry begins that is followed
// by others up to the table's end, and what these have in bytes together; -1 where there is none.
func (p *parser) nextEntry(off int64) (at int64, rest uint64) {
	const near = 1024
	p.c.Recover(off)
	b := p.c.Peek(near + maxBlocksLength)
	for i := 0; i < min(near, len(b)); i++ {
		if sum, ok := p.entries(b[i:]); ok {
			return off + int64(i), sum
		}
	}
	return -1, 0
}

// maxBlocksLength is more than the entries of all blocks of a real machine take.
const maxBlocksLength = 64 << 10

// entries tells whether entries of RAM blocks follow up to the table's end, at least one, and their sizes together.
func (p *parser) entries(b []byte) (sum uint64, ok bool) {
	for ; len(b) >= 8 && !p.tableEnds(b); ok = true {
		n := int(b[0])
		if len(b) < 1+n+8 {
			return 0, false
		}
		size := binary.BigEndian.Uint64(b[1+n:])
		if !p.possibleEntry(b[1:1+n], size) {
			return 0, false
		}
		sum += size
		for b = b[1+n+8:]; len(b) >= 8 && b[0] == 0 && binary.BigEndian.Uint64(b)&(p.PageSize-1) == 0; b = b[8:] { // see blockExtras
		}
	}
	return sum, ok && len(b) >= 8
}

// tableEnds tells whether the record that ends a section of RAM is there; no entry begins with a zero byte.
func (p *parser) tableEnds(b []byte) bool {
	return len(b) >= 8 && binary.BigEndian.Uint64(b) == ramFlagEOS
}

func (p *parser) possibleEntry(name []byte, size uint64) bool {
	const most = 1 << 50
	return len(name) > 1 && printable(string(name)) == string(name) && size > 0 && size <= most && size&(p.PageSize-1) == 0
}

// zeros is how many zero bytes b starts with.
func zeros(b []byte) int {
	n := 0
	for len(b)-n >= 8 && binary.LittleEndian.Uint64(b[n:]) == 0 {
		n += 8
	}
	for n < len(b) && b[n] == 0 {
		n++
	}
	return n
}

// maxID bounds the ids of sections: QEMU counts its registrations.
const maxID = 1 << 16

// plausible tells whether bytes look like a place where the stream goes on: a section with an id that was not there yet (ids
// rise through the file, but for devices of a higher priority, which come first), a part of a live section, or the footer of
// the section that was being read. n is how many bytes lie before the next section (5 behind a footer).
func (p *parser) plausible(b []byte) (n int, ok bool) {
	if len(b) < 5 {
		return 0, false
	}
	id := binary.BigEndian.Uint32(b[1:])
	switch b[0] {
	case vmSectionFull, vmSectionStart:
		return 0, id < maxID && !p.seen[id] && plausibleName(b[5:])
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
		return 5, ok && b[5] != vmSectionFooter || b[5] == vmCommand
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
	_, _, ok := p.plausibleRecord(b)
	return ok
}

// nextRecord finds the first offset from off on at which RAM records go on, or a section does (record is false), or -1.
func (p *parser) nextRecord(off int64) (at int64, record bool) {
	return p.search(off, chainLength*(8+1+255+2*int(p.PageSize))+maxHeader, p.plausibleChain)
}

// chainLength is how many records in a row prove that RAM records go on.
const chainLength = 4

// plausibleChain tells whether bytes look like RAM records: several in a row, or fewer up to the end of the section.
func (p *parser) plausibleChain(b []byte, last bool) bool {
	for n := range chainLength {
		size, eos, ok := p.plausibleRecord(b)
		switch {
		case !ok:
			return last && n > 0 && len(b) < 8
		case eos && n == 0: // ten bytes of zeros and a 16 are anywhere
			return false
		case eos:
			_, ok := p.plausible(b[size:])
			return ok
		case size >= len(b):
			return last
		}
		b = b[size:]
	}
	return true
}

// plausibleRecord tells whether bytes look like a RAM record, and how long it is.
func (p *parser) plausibleRecord(b []byte) (size int, eos, ok bool) {
	if len(b) < 9 {
		return 0, false, false
	}
	v := binary.BigEndian.Uint64(b)
	flags, offset := v&(p.PageSize-1), v&^(p.PageSize-1)
	if v == ramFlagEOS {
		return 8, true, true
	}
	if flags&^ramFlagContinue == 0 || offset >= p.ram.largest {
		return 0, false, false
	}
	size = 8
	if flags&ramFlagContinue == 0 && p.RAMVersion >= 4 {
		n := int(b[8])
		if size += 1 + n; len(b) < size+4 || p.ram.byName[string(b[9:9+n])] == nil {
			return 0, false, false
		}
	}
	switch flags &^ ramFlagContinue {
	case ramFlagZero:
		size++
	case ramFlagPage:
		size += int(p.PageSize)
	case ramFlagXBZRLE:
		if len(b) < size+3 || b[size] != 1 {
			return 0, false, false
		}
		size += 3 + int(binary.BigEndian.Uint16(b[size+1:]))
	case ramFlagCompressPage:
		if len(b) < size+4 {
			return 0, false, false
		}
		n := binary.BigEndian.Uint32(b[size:])
		if uint64(n) > 2*p.PageSize {
			return 0, false, false
		}
		size += 4 + int(n)
	default:
		return 0, false, false
	}
	for _, block := range p.Blocks {
		if block.Holds(offset) {
			return size, false, true
		}
	}
	return 0, false, false
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
	footer := len(b) >= 5 && b[0] == vmSectionFooter && binary.BigEndian.Uint32(b[1:]) == s.id
	if p.footers == footersPresent || p.footers == footersUnknown && footer {
		return footer
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
