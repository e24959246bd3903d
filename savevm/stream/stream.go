// Package stream reads QEMU's migration stream, version 3: what `migrate`, `savevm` and libvirt write. It finds the sections,
// indexes the RAM blocks without touching their pages, and cuts the device sections out by the stream's own description
// (vmdescription), by what is known of a section, or by looking for the next section's header.
//
// Source of the format: QEMU's migration/savevm.c, migration/ram.c, migration/vmstate.c and scripts/analyze-migration.py.
package stream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"unicode/utf8"

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
		seen:     map[uint32]bool{},
		warned:   map[string]int{},
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
	p.summary()
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

	steppedOver bool // a warning said so
}

func (s *section) String() string { return fmt.Sprintf("%s/%d", s.name, s.instance) }

type parser struct {
	*Stream
	c        *wire.Cursor
	src      *wire.Source
	live     map[uint32]*section // the START sections, by id
	seen     map[uint32]bool     // the ids of all sections so far
	lastFull int64               // the id of the last FULL section, -1 before the first
	schema   *schema             // the vmdescription; nil before it was looked for, or where there is none
	searched bool
	footers  footerState
	ram      ramReader

	searchedFor []string       // the sections whose end was found by a search
	warned      map[string]int // how many warnings of one kind there were
}

// footerState tells whether sections end with a footer; the stream does not say, its first section shows.
type footerState int

const (
	footersUnknown footerState = iota
	footersPresent
	footersNone
)

// maxAlike is how many warnings of one kind are given in full; the rest are counted.
const maxAlike = 3

// warn adds a warning; its format is its kind.
func (p *parser) warn(s *section, off int64, format string, args ...any) {
	if p.warned[format]++; p.warned[format] > maxAlike {
		return
	}
	w := Warning{Offset: off, Text: fmt.Sprintf(format, args...)}
	if s != nil {
		w.Section = s.String()
	}
	p.Warnings = append(p.Warnings, w)
}

// summary adds what is told once, at the end.
func (p *parser) summary() {
	more := 0
	for _, n := range p.warned {
		more += max(n-maxAlike, 0)
	}
	if more > 0 {
		p.warn(nil, -1, "there are %d more warnings like these", more)
	}
	if n := len(p.searchedFor); n > 0 {
		list := strings.Join(p.searchedFor[:min(n, 10)], ", ")
		if n > 10 {
			list += ", …"
		}
		p.warn(nil, -1, "%d device sections are not described, so their fields are not known; their ends were found by looking for the "+
			"next section: %s", n, list)
	}
	if n := p.ram.orphans; n > 0 {
		p.warn(nil, -1, "%d pages are not used: which RAM block they belong to was lost in the damage before them", n)
	}
}

// sections reads section after section to the end-of-file marker, or to the first place where that is impossible.
func (p *parser) sections() {
	for {
		off := p.c.Offset()
		kind := p.c.U8()
		if p.c.Err() != nil {
			p.warn(nil, off, "the image is cut off: the stream has no end marker, so what came behind is missing")
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
			ok = p.command()
		default:
			ok = p.resync(nil, off, fmt.Errorf("%#02x is no section type", kind))
		}
		if !ok {
			p.End = p.c.End()
			return
		}
	}
}

// command steps over a command to the receiving QEMU. The package of a postcopy migration (MIG_CMD_PACKAGED) has its own
// length for payload; the sections in it follow like all others.
func (p *parser) command() bool {
	p.c.U16()
	p.c.Skip(int64(p.c.U16()))
	return p.checkCut(nil)
}

// maxMachineName bounds the name of a machine type; QEMU's have some 20 characters.
const maxMachineName = 256

func (p *parser) configuration() bool {
	off := p.c.Offset()
	n := int64(p.c.U32())
	if n > maxMachineName {
		return p.resync(nil, off, fmt.Errorf("the configuration section is damaged: the machine's name would have %d bytes", n))
	}
	p.Machine = printable(string(p.c.Bytes(n)))
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
			if bits < 10 || bits > 24 { // a record's flags need ten
				return p.resync(nil, at, fmt.Errorf("the configuration section is damaged: pages would have 2^%d bytes", bits))
			}
			p.PageSize = 1 << bits
		case "configuration/capabilities":
			p.c.U32()
			for n := p.c.U32(); n > 0 && p.c.Err() == nil && len(p.Capabilities) < 256; n-- {
				p.Capabilities = append(p.Capabilities, p.c.String8())
			}
		case "configuration/uuid":
			p.c.U32()
			p.c.Skip(16)
		default:
			if p.c.Err() == nil && !p.nextConfiguration() {
				return p.resync(nil, at, fmt.Errorf("the configuration section holds %q, which is not known", name))
			}
		}
	}
	return p.checkCut(nil)
}

// nextConfiguration goes to the next subsection of the configuration, over one that is not known; false where none is near.
func (p *parser) nextConfiguration() bool {
	const near, prefix = 1024, "configuration/"
	b := p.c.Peek(near)
	for i := range b {
		if _, ok := p.plausible(b[i:]); ok {
			return false // the next section is nearer
		}
		if b[i] == vmSubsection && i+2 < len(b) && bytes.HasPrefix(b[i+2:], []byte(prefix)) && int(b[i+1]) > len(prefix) {
			p.c.Skip(int64(i))
			return true
		}
	}
	return false
}

// printable is a name of the file as it can be shown: one line, no control characters, not long.
func printable(s string) string {
	const most = 40
	for _, c := range s {
		if c < ' ' || c == 0x7f || c == utf8.RuneError {
			if len(s) > most {
				s = s[:most]
			}
			return strings.Trim(strconv.QuoteToASCII(s), `"`)
		}
	}
	return s
}

// checkCut warns when the image ended in what was just read.
func (p *parser) checkCut(s *section) bool {
	err := p.c.Err()
	if err == nil {
		return true
	}
	if cut := (*wire.TruncatedError)(nil); errors.As(err, &cut) {
		p.warn(s, cut.Offset, "the image is cut off here: it ends at offset %#x, and what came behind is missing", cut.End)
	} else {
		p.warn(s, -1, "%v; what comes behind is not read", err)
	}
	return false
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
	if shown := printable(s.name); s.name == "" || s.name != shown {
		return p.resync(nil, off, fmt.Errorf("the header of a section is damaged: the section's name would be %q", shown))
	}
	p.seen[s.id] = true
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
		return p.checkCut(nil) && p.resync(nil, off, fmt.Errorf("a section continues number %d, which never started", id))
	}
	return p.liveBody(s)
}

// An outcome is where the reading of a live section's body ended.
type outcome int

const (
	bodyRead     outcome = iota // behind the body, or where the image is cut off (the cursor says so)
	recordFound                 // behind damage, at the body's next record
	sectionFound                // behind damage, at another section's header
	nothingFound                // the rest of the image cannot be read
)

// liveReaders are the sections that come in parts, each with records of its own.
var liveReaders = map[string]func(p *parser, s *section) outcome{
	"ram":   (*parser).ramBody,
	"block": (*parser).blockBody,
}

func (p *parser) liveBody(s *section) bool {
	off := p.c.Offset()
	read := liveReaders[s.name]
	if read == nil {
		return p.stepOver(s, off)
	}
	switch read(p, s) {
	case bodyRead:
		return p.checkCut(s) && p.footer(s)
	case sectionFound:
		return true
	}
	return false
}

// lose steps over what cannot be read of a live section.
func (p *parser) lose(s *section, off int64, why error) outcome {
	if p.resync(s, off, why) {
		return sectionFound
	}
	return nothingFound
}

// stepOver goes to the end of a live section whose records are not known: dirty-bitmap, a vfio device, s390's cmma, ppc's
// htab. That is told once a section, not once a part.
func (p *parser) stepOver(s *section, off int64) bool {
	at := p.nextHeader(off)
	if at < 0 {
		return p.nothingMore(s, off, fmt.Errorf("what a live section of this name holds is not known"))
	}
	if !s.steppedOver {
		s.steppedOver = true
		p.warn(s, s.offset, "what a live section of this name holds is not known, and it is stepped over")
	}
	p.c.Recover(at)
	return true
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
		p.warn(s, p.c.Offset(), "the image is cut off before the section's footer; what came behind is missing")
		return false
	case p.footers == footersPresent:
		return p.resync(s, p.c.Offset(), fmt.Errorf("the section does not end with its footer"))
	}
	return true
}

// blockBody steps over disk blocks that were migrated along (QEMU's migration/block.c): u64 sector<<9 | flags.
func (p *parser) blockBody(s *section) outcome {
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
			return bodyRead
		case p.c.Err() == nil:
			return p.lose(s, off, fmt.Errorf("a block migration record has flags %#x", flags))
		}
	}
	return bodyRead
}

// trailer reads what may follow the end marker: the vmdescription, and bytes of others.
func (p *parser) trailer() {
	p.findSchema(p.End - 1)
	if p.schema == nil {
		left := p.c.Left()
		if b := p.c.Peek(1); left < 6 && len(b) == 1 && b[0] == vmDescription { // its type and length have 5 bytes
			p.warn(nil, p.End, "the image is cut off in front of the stream's own description of its devices")
			p.Complete = false
		}
		if left > 0 {
			p.c.Skip(left)
		}
		return
	}
	p.End = max(p.End, p.schema.end)
	p.Complete = !p.schema.cut
}
