// Package stream reads QEMU's migration stream, version 3: what `migrate`, `savevm` and libvirt write. It finds the sections,
// indexes the RAM blocks without touching their pages, and cuts the device sections out by the stream's own description
// (vmdescription), by what is known of a section, or by looking for the next section's header.
//
// Source of the format: QEMU's migration/savevm.c, migration/ram.c, migration/vmstate.c and scripts/analyze-migration.py.
package stream

import (
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/svscript/svscript/savevm/internal/wire"
	"github.com/svscript/svscript/savevm/ram"
)

// Magic starts a stream; a u32 version follows.
const Magic = "QEVM"

// Section types (migration/savevm.c).
const (
	vmEOF           = 0x00
	vmSectionStart  = 0x01
	vmSectionPart   = 0x02
	vmSectionEnd    = 0x03
	vmSectionFull   = 0x04
	vmSubsection    = 0x05
	vmDescription   = 0x06
	vmConfiguration = 0x07
	vmCommand       = 0x08
	vmSectionFooter = 0x7e
)

// A Stream is what a migration stream holds.
type Stream struct {
	Machine      string   // of the configuration section: "pc-q35-7.2"; "" where there is none
	Capabilities []string // of the configuration section
	PageSize     uint64   // of the target, in bytes
	RAMVersion   int      // of the ram section: 3 or 4; 0 where there was none
	Blocks       []*ram.Block
	Devices      []*Device // in file order
	Description  []byte    // the vmdescription's JSON, as it is in the file; nil where there is none
	End          int64     // the offset behind the last byte that belongs to the stream
	Complete     bool      // the end-of-file marker was reached
	Warnings     []Warning
}

// A Warning says what could not be read, or was read in another way than the format promises.
type Warning struct {
	Section string // the section's name and instance, or ""
	Offset  int64  // in the file; -1 where there is none
	Text    string
}

func (w Warning) String() string {
	s := w.Text
	if w.Section != "" {
		s = "section " + w.Section + ": " + s
	}
	if w.Offset >= 0 {
		s += fmt.Sprintf(" (at offset %#x)", w.Offset)
	}
	return s
}

// A FormatError says that the bytes are no stream that can be read.
type FormatError struct {
	Section string
	Offset  int64
	Text    string
	Err     error
}

func (e *FormatError) Error() string {
	s := e.Text
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return Warning{e.Section, e.Offset, s}.String()
}

func (e *FormatError) Unwrap() error { return e.Err }

// IsStream tells whether the bytes start a migration stream.
func IsStream(head []byte) bool {
	return len(head) >= 8 && string(head[:4]) == Magic
}

// Read parses the stream that starts at offset base of src. A stream that is damaged or cut off gives what stands before
// the damage, and Warnings; only one that is no version-3 stream at all is an error, a *FormatError.
func Read(src *wire.Source, base int64) (s *Stream, err error) {
	defer wire.Guard(&err, debug.SetPanicOnFault(true))
	p := &parser{
		Stream:   &Stream{PageSize: 4096},
		c:        wire.NewCursor(src, base, src.Size()),
		src:      src,
		live:     map[uint32]*section{},
		lastFull: -1,
	}
	head := p.c.Peek(8)
	if !IsStream(head) {
		return nil, &FormatError{Offset: base, Text: "this is no QEMU migration stream: it does not start with QEVM"}
	}
	if v := binary.BigEndian.Uint32(head[4:]); v != 3 {
		return nil, &FormatError{Offset: base + 4, Text: fmt.Sprintf(
			"the migration stream has version %d; only version 3 (QEMU 0.10 and later) can be read", v)}
	}
	p.c.Skip(8)
	p.sections()
	if n := len(p.searchedFor); n > 0 {
		p.warn(nil, -1, "%d device sections are not described; their ends were found by looking for the next section: %s",
			n, strings.Join(p.searchedFor[:min(n, 40)], ", "))
	}
	for _, b := range p.Blocks {
		b.Seal()
	}
	return p.Stream, nil
}

// A section is the header of a START or FULL section.
type section struct {
	kind     byte
	id       uint32
	name     string
	instance uint32
	version  uint32
	offset   int64 // of the header
}

func (s *section) String() string { return fmt.Sprintf("%s/%d", s.name, s.instance) }

type parser struct {
	*Stream
	c        *wire.Cursor
	src      *wire.Source
	live     map[uint32]*section // the START sections, by id
	lastFull int64               // the id of the last FULL section, -1 before the first
	schema   *schema             // the vmdescription; nil before it was looked for, or where there is none
	searched bool
	footers  footerState
	ram      ramReader

	searchedFor []string // the sections whose end was found by a search
}

// footerState tells whether sections end with a footer; the stream does not say, its first section shows.
type footerState int

const (
	footersUnknown footerState = iota
	footersPresent
	footersNone
)

func (p *parser) warn(s *section, off int64, format string, args ...any) {
	w := Warning{Offset: off, Text: fmt.Sprintf(format, args...)}
	if s != nil {
		w.Section = s.String()
	}
	if len(p.Warnings) < maxWarnings {
		p.Warnings = append(p.Warnings, w)
	}
}

// maxWarnings bounds what a damaged file can make us say.
const maxWarnings = 100

// sections reads section after section to the end-of-file marker, or to the first place where that is impossible.
func (p *parser) sections() {
	for {
		off := p.c.Offset()
		kind := p.c.U8()
		if p.c.Err() != nil {
			p.warn(nil, off, "the image was cut off: the stream has no end marker")
			p.End = p.c.End()
			return
		}
		ok := true
		switch kind {
		case vmEOF:
			p.Complete, p.End = true, p.c.Offset()
			p.trailer()
			return
		case vmConfiguration:
			ok = p.configuration()
		case vmSectionStart, vmSectionFull:
			ok = p.startOrFull(kind, off)
		case vmSectionPart, vmSectionEnd:
			ok = p.partOrEnd(off)
		case vmCommand:
			p.c.U16()
			p.c.Skip(int64(p.c.U16()))
			ok = p.c.Err() == nil
		default:
			p.warn(nil, off, "%#02x is no section type", kind)
			ok = p.resync(off)
		}
		if !ok {
			p.End = p.c.End()
			return
		}
	}
}

func (p *parser) configuration() bool {
	off := p.c.Offset()
	n := int64(p.c.U32())
	if n > 256 {
		p.warn(nil, off, "the machine's name has %d bytes", n)
		return p.resync(off)
	}
	p.Machine = string(p.c.Bytes(n))
	for {
		if b := p.c.Peek(1); len(b) == 0 || b[0] != vmSubsection {
			break
		}
		p.c.U8()
		at := p.c.Offset()
		switch name := p.c.String8(); name {
		case "configuration/target-page-bits":
			p.c.U32()
			bits := p.c.U32()
			if bits < 9 || bits > 24 {
				p.warn(nil, at, "the target's pages would have 2^%d bytes", bits)
				return p.resync(at)
			}
			p.PageSize = 1 << bits
		case "configuration/capabilities":
			p.c.U32()
			for n := p.c.U32(); n > 0 && p.c.Err() == nil; n-- {
				p.Capabilities = append(p.Capabilities, p.c.String8())
			}
		case "configuration/uuid":
			p.c.U32()
			p.c.Skip(16)
		default:
			p.warn(nil, at, "the configuration holds %q, which is not known", name)
			return p.resync(at)
		}
	}
	return p.checkCut(nil)
}

// checkCut warns when the image ended in what was just read.
func (p *parser) checkCut(s *section) bool {
	if err := p.c.Err(); err != nil {
		p.warn(s, -1, "%v", err)
		return false
	}
	return true
}

func (p *parser) header(kind byte, off int64) *section {
	s := &section{kind: kind, offset: off}
	s.id = p.c.U32()
	s.name = p.c.String8()
	s.instance = p.c.U32()
	s.version = p.c.U32()
	return s
}

func (p *parser) startOrFull(kind byte, off int64) bool {
	s := p.header(kind, off)
	if !p.checkCut(nil) {
		return false
	}
	if kind == vmSectionStart {
		p.live[s.id] = s
		return p.liveBody(s)
	}
	p.lastFull = int64(s.id)
	return p.device(s)
}

func (p *parser) partOrEnd(off int64) bool {
	id := p.c.U32()
	s := p.live[id]
	if s == nil {
		if p.checkCut(nil) {
			p.warn(nil, off, "a section continues number %d, which never started", id)
			return p.resync(p.c.Offset())
		}
		return false
	}
	return p.liveBody(s)
}

// liveReaders are the sections that come in parts, each with records of its own.
var liveReaders = map[string]func(p *parser, s *section) error{
	"ram":   (*parser).ramBody,
	"block": (*parser).blockBody,
}

func (p *parser) liveBody(s *section) bool {
	off := p.c.Offset()
	read := liveReaders[s.name]
	if read == nil {
		p.warn(s, s.offset, "what a live section of this name holds is not known; it is stepped over")
		return p.resync(off)
	}
	if err := read(p, s); err != nil {
		p.warn(s, -1, "%v", err)
		return p.c.Err() == nil && p.resync(p.c.Offset())
	}
	if !p.checkCut(s) {
		return false
	}
	return p.footer(s)
}

// footer steps over a section's footer, and learns from the first section whether there are any.
func (p *parser) footer(s *section) bool {
	b := p.c.Peek(5)
	has := len(b) == 5 && b[0] == vmSectionFooter && binary.BigEndian.Uint32(b[1:]) == s.id
	if p.footers == footersUnknown {
		p.footers = footersNone
		if has {
			p.footers = footersPresent
		}
	}
	switch {
	case has:
		p.c.Skip(5)
	case p.footers == footersPresent && len(b) < 5:
		p.warn(s, p.c.Offset(), "the image was cut off before the section's footer")
		return false
	case p.footers == footersPresent:
		p.warn(s, p.c.Offset(), "the section does not end with its footer")
		return p.resync(p.c.Offset())
	}
	return true
}

// blockBody steps over disk blocks that were migrated along (QEMU's migration/block.c): u64 sector<<9 | flags.
func (p *parser) blockBody(*section) error {
	const (
		flagDeviceBlock = 0x01
		flagEOS         = 0x02
		flagProgress    = 0x04
		flagZeroBlock   = 0x08
		blockSize       = 1 << 20
	)
	for p.c.Err() == nil {
		off := p.c.Offset()
		flags := p.c.U64() & 0x1ff
		switch {
		case flags&flagDeviceBlock != 0:
			p.c.String8()
			if flags&flagZeroBlock == 0 {
				p.c.Skip(blockSize)
			}
		case flags&flagProgress != 0:
		case flags&flagEOS != 0:
			return nil
		case p.c.Err() == nil:
			return fmt.Errorf("a block migration record has flags %#x (at offset %#x)", flags, off)
		}
	}
	return nil
}

// trailer reads what may follow the end marker: the vmdescription, and bytes of others.
func (p *parser) trailer() {
	p.findSchema(p.End - 1)
	if p.schema == nil {
		if left := p.c.Left(); left > 0 {
			p.c.Skip(left)
		}
		return
	}
	p.End = max(p.End, p.schema.end)
}
