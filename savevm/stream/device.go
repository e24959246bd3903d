package stream

import (
	"fmt"
	"slices"

	"github.com/svscript/svscript/savevm/internal/wire"
)

// Found says by what a device section's end was found, and with it how far its fields can be trusted.
type Found string

const (
	FoundDescription Found = "description" // the stream describes the section
	FoundKnown       Found = "known"       // a built-in layout fits, and the next section follows it
	FoundSearch      Found = "search"      // only the next section's header was found; the fields are not known
)

// A Device is a FULL section: the state of one device, CPUs included.
type Device struct {
	Name     string // with the device's bus path before it: "0000:00:02.0/vga"
	Instance uint32
	Version  uint32
	ID       uint32       // of the section
	Offset   int64        // of the section's body in the file
	Size     int64        // of the body in bytes
	Found    Found        // what the section's end rests on
	Schema   *Description // the layout of the body; nil where it is not known
	Complete bool         // the whole body is in the image

	src *wire.Source
}

// Raw returns a copy of the section's body.
func (d *Device) Raw() ([]byte, error) { return d.Head(d.Size) }

// Head returns a copy of the first n bytes of the section's body, or of all where there are fewer.
func (d *Device) Head(n int64) ([]byte, error) {
	b := make([]byte, min(n, d.Size))
	if n, err := d.src.ReadAt(b, d.Offset); n < len(b) {
		return b[:n], fmt.Errorf("section %s/%d: %w", d.Name, d.Instance, err)
	}
	return b, nil
}

// device finds where a FULL section ends and steps over it.
func (p *parser) device(s *section) bool {
	p.findSchema(p.c.Offset())
	d := &Device{Name: s.name, Instance: s.instance, Version: s.version, ID: s.id, Offset: p.c.Offset(), Complete: true, src: p.src}
	if !p.described(s, d) && !p.known(s, d) {
		return p.searchEnd(s, d)
	}
	p.Devices = append(p.Devices, d)
	p.c.Goto(d.Offset + d.Size)
	return p.footer(s)
}

// described takes the length from the stream's description, and proves it by what follows.
func (p *parser) described(s *section, d *Device) bool {
	if p.schema == nil {
		return false
	}
	desc := p.schema.devices[s.String()]
	if desc == nil {
		return false
	}
	size := desc.size(p.c.Left())
	if size < 0 || !p.proves(s, d.Offset+size) {
		p.warn(s, d.Offset, "the stream's own description does not fit the section")
		return false
	}
	d.Size, d.Found, d.Schema = size, FoundDescription, desc
	return true
}

// known tries the built-in layouts of the section; the one behind which the stream goes on is right.
func (p *parser) known(s *section, d *Device) bool {
	for desc := range p.layouts(s) {
		size := desc.size(p.c.Left())
		if size < 0 || !p.valid(desc, d.Offset) {
			continue
		}
		subs, end, ok := p.knownSubsections(s, d.Offset+size)
		if !ok || !p.proves(s, end) {
			continue
		}
		desc.Subsections = subs
		d.Size, d.Found, d.Schema = end-d.Offset, FoundKnown, desc
		return true
	}
	return false
}

// valid tells whether a built-in layout finds possible values in the fields of which few are.
func (p *parser) valid(desc *Description, off int64) bool {
	defer p.c.Recover(p.c.Offset())
	for i := range desc.Fields {
		f := &desc.Fields[i]
		if f.valid != nil {
			p.c.Goto(off)
			r := fieldReader{c: p.c}
			if v := r.unsigned(f.Size); p.c.Err() != nil || !slices.Contains(f.valid, v) {
				return false
			}
		}
		off += f.count() * f.Size
	}
	return true
}

// searchEnd takes everything up to the next section's header as the section's body.
func (p *parser) searchEnd(s *section, d *Device) bool {
	d.Found = FoundSearch
	at := p.nextHeader(d.Offset)
	if at < 0 {
		return p.lastDevice(s, d)
	}
	d.Size = at - d.Offset
	if p.footers == footersPresent {
		d.Size = max(d.Size-5, 0)
	}
	p.searchedFor = append(p.searchedFor, s.String())
	p.Devices = append(p.Devices, d)
	p.c.Recover(at)
	return true
}

// lastDevice handles a section behind which no other was found: it is the last one, or it is cut off. Without footers the end
// marker behind it is a zero byte, as many of the section's own are, so which of the two cannot be told for certain.
func (p *parser) lastDevice(s *section, d *Device) bool {
	d.Size = p.c.End() - d.Offset
	p.c.Recover(p.c.End() - 1)
	_, known := layoutTable[s.name]
	if !known && p.footers != footersPresent && p.c.U8() == vmEOF && p.c.Err() == nil && d.Size > 0 {
		d.Size--
		p.Complete, p.End = true, p.c.End()
		p.warn(s, d.Offset, "the section is not described, and no other follows; it is taken to be the last one, complete")
	} else {
		d.Complete = false
		p.warn(s, d.Offset, "the image is cut off in this section, or behind it; what came behind is missing")
	}
	p.Devices = append(p.Devices, d)
	return false
}
