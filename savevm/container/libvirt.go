package container

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Libvirt is the header of an image that virsh save or managedsave wrote.
// Source: libvirt, src/qemu/qemu_saveimage.h (virQEMUSaveHeader) and qemu_saveimage.c.
type Libvirt struct {
	Version     uint32 // 1 or 2
	XML         string // the domain's
	Cookie      string // XML with what libvirt itself needs to restore the domain; empty before libvirt 3
	WasRunning  bool   // whether the domain ran, and is to run again, when it was saved
	Compression string // as the header says: "raw", "gzip", "bzip2", "xz", "lzop", "zstd", "sparse"
	Partial     bool   // saving was interrupted: the magic is still "LibvirtQemudPart"
	ByteOrder   binary.ByteOrder
}

const (
	libvirtMagic      = "LibvirtQemudSave" // QEMU_SAVE_MAGIC
	libvirtPartial    = "LibvirtQemudPart" // QEMU_SAVE_PARTIAL
	libvirtHeaderSize = 92
	libvirtMaxXML     = 16 << 20 // bytes of XML and cookie that are read; libvirt writes 64 KiB more than it needs
)

// libvirtFormats are the values of the header's field `format` (virQEMUSaveFormat); version 1 has no such field.
var libvirtFormats = []string{"raw", "gzip", "bzip2", "xz", "lzop", "zstd", "sparse"}

func isLibvirt(head []byte) bool {
	return bytes.HasPrefix(head, []byte(libvirtMagic)) || bytes.HasPrefix(head, []byte(libvirtPartial))
}

func (op *opener) openLibvirt(p part) (part, error) {
	fail := func(offset int64, text string, value any) (part, error) {
		return part{}, &FormatError{Layer: "libvirt", Offset: p.base + offset, Text: text, Value: value}
	}
	header := p.readAt(make([]byte, libvirtHeaderSize), p.base)
	if len(header) < libvirtHeaderSize {
		return fail(int64(len(header)), "the file ends inside the header", nil)
	}
	l := &Libvirt{Partial: bytes.HasPrefix(header, []byte(libvirtPartial)), ByteOrder: binary.LittleEndian}
	if l.Version = l.ByteOrder.Uint32(header[16:]); l.Version > 2 { // libvirt too tells the byte order by the version
		l.ByteOrder = binary.BigEndian
		l.Version = l.ByteOrder.Uint32(header[16:])
	}
	if l.Version != 1 && l.Version != 2 {
		return fail(16, "a version of the header that is not known", fmt.Sprintf("% x", header[16:20]))
	}
	dataLen := int64(l.ByteOrder.Uint32(header[20:])) // of the XML, the cookie and padding
	l.WasRunning = l.ByteOrder.Uint32(header[24:]) != 0
	cookieOffset := int64(0) // counts from the end of the header; 0 without a cookie
	l.Compression = "raw"
	if l.Version == 2 {
		f := l.ByteOrder.Uint32(header[28:])
		l.Compression = fmt.Sprintf("format %d", f)
		if int64(f) < int64(len(libvirtFormats)) {
			l.Compression = libvirtFormats[f]
		}
		cookieOffset = int64(l.ByteOrder.Uint32(header[32:]))
	}
	payload := p.base + libvirtHeaderSize + dataLen
	if dataLen == 0 {
		return fail(20, "no domain XML behind the header", nil)
	}
	if payload > p.end {
		return fail(20, "the file ends inside the domain XML", fmt.Sprintf("%d bytes of XML, %d in the file", dataLen, p.size()-libvirtHeaderSize))
	}
	if l.Partial {
		op.warn(p.base, "libvirt marked this image as incomplete: saving it was interrupted")
	}
	op.readLibvirtXML(l, p, dataLen, cookieOffset)

	op.c.Libvirt = l
	order := "little-endian"
	if l.ByteOrder == binary.BigEndian {
		order = "big-endian"
	}
	op.c.Layers = append(op.c.Layers, Layer{
		Name:    "libvirt",
		Version: fmt.Sprint(l.Version),
		Detail:  l.Compression + ", " + order,
		Offset:  payload,
	})
	return part{p.r, payload, p.end}, nil
}

// readLibvirtXML reads the two strings between the header and the stream. Without them the stream is there all the same.
func (op *opener) readLibvirtXML(l *Libvirt, p part, dataLen, cookieOffset int64) {
	start := p.base + libvirtHeaderSize
	if cookieOffset >= dataLen {
		op.warn(p.base+32, fmt.Sprintf("libvirt's cookie is said to be at %d, but only %d bytes of XML are there: it is left out", cookieOffset, dataLen))
		cookieOffset = 0
	}
	if dataLen > libvirtMaxXML {
		op.warn(p.base+20, fmt.Sprintf("libvirt's header tells of %s of domain XML: read as far as %s", formatSize(dataLen), formatSize(libvirtMaxXML)))
	}
	data := p.readAt(make([]byte, min(dataLen, libvirtMaxXML)), start)
	xml := data
	if cookieOffset > 0 && cookieOffset < int64(len(data)) {
		xml = data[:cookieOffset]
		l.Cookie = cString(data[cookieOffset:])
	}
	l.XML = cString(xml)
}

// cString is b up to its first NUL.
func cString(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}

// checkCompression compares what libvirt's header says of the compression with what was found. The bytes decide.
func (op *opener) checkCompression() {
	for i, layer := range op.c.Layers {
		if layer.Name != "libvirt" || op.c.Libvirt.Version == 1 {
			continue
		}
		said, found := op.c.Libvirt.Compression, "raw"
		if i+1 < len(op.c.Layers) {
			found = op.c.Layers[i+1].Name
		}
		if said == found || said == "sparse" && found == "raw" {
			continue
		}
		if found == "raw" {
			found = "no compression that is known"
		}
		op.warn(layer.Offset, fmt.Sprintf("libvirt's header says %s, but there is %s", said, found))
	}
}
