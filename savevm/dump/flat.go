package dump

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"sort"

	"github.com/svscript/svscript/savevm/internal/wire"
)

// The flattened format (makedumpfile -F, and what dump-guest-memory -z -l -s writes): a dump as a list of its pieces in the
// order in which they were written, for outputs that cannot seek. Everything is big-endian. Source: makedumpfile(8), -R, and
// makedumpfile.h, struct makedumpfile_header and makedumpfile_data_header.
var flatMagic = []byte("makedumpfile\x00\x00\x00\x00")

const (
	flatHeader = 4096 // MAX_SIZE_MDF_HEADER: the header with its padding

	// maxFlatHoles bounds how far a piece may lie behind all that the file can fill: a dump in order has no holes to speak of, but
	// of one that is cut off the pages are there before all of their descriptors.
	maxFlatHoles = 16 << 20
)

// IsFlattened tells whether a file starts as a flattened dump does.
func IsFlattened(head []byte) bool { return bytes.HasPrefix(head, flatMagic) }

// flatReader is the dump in order: base is the place in it.
type flatReader struct {
	src    *wire.Source
	pieces []piece
}

// ReadFlattened reads a kdump-compressed file or an ELF core in the flattened format.
func ReadFlattened(src *wire.Source, base int64) (*Dump, error) {
	var head [32]byte
	if err := readFull(src, head[:], base, "the header of the flattened dump"); err != nil {
		return nil, err
	}
	if kind, version := binary.BigEndian.Uint64(head[16:]), binary.BigEndian.Uint64(head[24:]); kind != 1 || version != 1 {
		return nil, fmt.Errorf("the flattened dump is of type %d, version %d; only 1, 1 is known", kind, version)
	}
	r := &flatReader{src: src}
	damage, at := r.list(base + flatHeader)
	if len(r.pieces) == 0 {
		return nil, fmt.Errorf("the flattened dump holds nothing: %s at offset %#x", damage, at)
	}
	inner := wire.NewSource(r, int64(r.pieces[len(r.pieces)-1].end()))
	start := make([]byte, 64)
	n, _ := inner.ReadAt(start, 0)
	var d *Dump
	var err error
	switch start = start[:n]; {
	case IsKdump(start):
		d, err = ReadKdump(inner, 0)
	case IsELF(start):
		d, err = ReadELF(inner, 0)
	default:
		err = fmt.Errorf("it holds neither a kdump-compressed dump nor an ELF core")
	}
	if err != nil {
		if damage != "" {
			err = fmt.Errorf("%w; %s at offset %#x of the flattened dump", err, damage, at)
		}
		return nil, err
	}
	d.Version += ", flattened"
	for i := range d.Warnings {
		d.Warnings[i].Offset = -1 // it counts in the dump that the flattened one holds
	}
	if damage != "" {
		d.warn(at, "the flattened dump is not whole: %s; what follows is left out, its pages read as damaged", damage)
		d.Complete = false
	}
	return d, nil
}

// list finds the pieces from an offset on. damage is "" where the list has its end.
func (r *flatReader) list(at int64) (damage string, off int64) {
	var head [16]byte
	limit := maxFlatHoles + 64*r.src.Size()
	for {
		if n, _ := r.src.ReadAt(head[:], at); n < len(head) {
			damage = "the file is cut off"
			break
		}
		offset, size := int64(binary.BigEndian.Uint64(head[:])), int64(binary.BigEndian.Uint64(head[8:]))
		if offset == -1 && size == -1 { // END_FLAG_FLAT_HEADER
			break
		}
		if offset < 0 || size < 0 || size > limit || offset > limit-size {
			damage = fmt.Sprintf("a piece of %d bytes for offset %#x", size, offset)
			break
		}
		there, missing := within(r.src, piece{uint64(offset), uint64(size), at + 16})
		r.pieces = append(r.pieces, there)
		if at += 16 + size; missing.size > 0 {
			damage = "the file is cut off"
			break
		}
	}
	r.pieces = settle(r.pieces)
	return damage, at
}

// ReadAt implements [io.ReaderAt] over the dump in order. What no piece gave is zero, as in the file that makedumpfile -R makes.
func (r *flatReader) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	i := sort.Search(len(r.pieces), func(i int) bool { return r.pieces[i].end() > uint64(off) })
	for ; n < len(p) && i < len(r.pieces); i++ {
		c, at := r.pieces[i], uint64(off)+uint64(n)
		if c.base > at {
			gap := int(min(c.base-at, uint64(len(p)-n)))
			clear(p[n : n+gap])
			n += gap
			at += uint64(gap)
			if n == len(p) {
				break
			}
		}
		want := int(min(c.end()-at, uint64(len(p)-n)))
		got, err := r.src.ReadAt(p[n:n+want], c.offset+int64(at-c.base))
		n += got
		if got < want {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
