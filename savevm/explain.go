package savevm

import (
	"fmt"
	"strings"

	"github.com/svscript/svscript/savevm/container"
	"github.com/svscript/svscript/savevm/ram"
)

// A Provenance says where a byte of guest-physical memory comes from, through every layer.
type Provenance struct {
	Address uint64
	Range   *Range // of the guest-physical map; nil where nothing is mapped
	Offset  uint64 // in the RAM block
	Stored  bool   // the image holds the byte
	ram.Location
	Layers []container.Location // of the byte, or of the encoded page that holds it: the file first; nil without bytes in the file
}

// Explain says where the byte at a guest-physical address comes from.
func (img *Image) Explain(address uint64) Provenance {
	p := Provenance{Address: address, Range: img.physical.lookup(address), Location: ram.Location{FileOffset: -1}}
	if p.Range == nil || p.Range.Block == nil {
		return p
	}
	p.Offset = p.Range.Offset + address - p.Range.Base
	p.Location, p.Stored = p.Range.Block.Locate(p.Offset)
	if p.FileOffset >= 0 && img.contents != nil {
		p.Layers = img.contents.Locate(p.FileOffset)
	}
	return p
}

// String is the provenance in one line.
func (p Provenance) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%#x: ", p.Address)
	switch {
	case p.Range == nil:
		return s.String() + "nothing is mapped there"
	case p.Range.Block == nil:
		return s.String() + p.Range.Name + ", no RAM"
	}
	fmt.Fprintf(&s, "%s, block %s at %#x", p.Range.Name, p.Range.BlockName(), p.Offset)
	switch {
	case !p.Stored:
		return s.String() + ", which the image does not hold"
	case p.Encoding == ram.EncodingFill:
		fmt.Fprintf(&s, ", a page of bytes %#02x", p.Fill)
	default:
		fmt.Fprintf(&s, ", %s", p.Encoding)
	}
	for i, l := range p.Layers {
		sep := ", in the "
		if i == 0 {
			sep = " at "
		}
		fmt.Fprintf(&s, "%s%s offset %#x", sep, l.Layer, l.Offset)
		if l.Detail != "" {
			fmt.Fprintf(&s, " (%s)", l.Detail)
		}
	}
	return s.String()
}
