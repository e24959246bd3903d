// Package dump reads memory dumps that are no QEMU streams: ELF cores (dump-guest-memory, virsh dump --memory-only,
// /proc/vmcore), kdump-compressed files (makedumpfile, dump-guest-memory -z -l -s), LiME, AVML, and plain memory.
//
// These formats state guest-physical addresses themselves, so a [Dump] has the map, not only blocks. What a dump holds of the
// CPUs is in its ELF notes; package savevm makes its CPUs of these.
package dump

import (
	"fmt"
	"io"

	"github.com/svscript/svscript/savevm/internal/wire"
	"github.com/svscript/svscript/savevm/ram"
)

// A Dump is the memory of a guest, or of a machine, as a file holds it.
type Dump struct {
	Format     string // "elf-core", "kdump", "lime", "avml", "raw"
	Version    string // of the format, in its own terms: "ELF64", "header version 6"
	Arch       string // "x86_64", "i386", "aarch64", "riscv64"; "" where the file does not say
	PageSize   uint64 // bytes: the unit in which the file holds memory
	Complete   bool   // nothing was cut off
	Regions    []Region
	CPUs       []CPU
	VMCoreInfo []byte // the Linux kernel's note about itself, KEY=VALUE lines; nil where there is none
	Warnings   []Warning
}

// A Region is an interval of guest-physical addresses and the block that holds its bytes. Regions are in address order and do
// not overlap.
type Region struct {
	Base, Size uint64 // bytes
	Block      *ram.Block
	Offset     uint64 // of Base in the block
}

// A CPU is what a dump holds of a processor.
type CPU struct {
	Index     int
	Registers []Register
}

// A Register is one register's value, under the name that package savevm gives it.
type Register struct {
	Name  string
	Bits  int
	Value uint64 // the low 64 bits
	High  []uint64
}

// A Warning says what could not be read, or was inferred.
type Warning struct {
	Offset int64 // in the file; -1 where it is of no one place
	Text   string
}

func (d *Dump) warn(offset int64, format string, args ...any) {
	d.Warnings = append(d.Warnings, Warning{offset, fmt.Sprintf(format, args...)})
}

// maxRegions bounds what a file full of scattered segments can make of itself; real dumps have tens. From there on memory that
// lies apart shares the last region, in which what lies between is absent.
const maxRegions = 1 << 10

// scattered tells whether the next region is the last.
func (d *Dump) scattered() bool { return len(d.Regions) == maxRegions-1 }

func (d *Dump) addRegion(r Region) {
	d.Regions = append(d.Regions, r)
	if len(d.Regions) == maxRegions {
		d.warn(-1, "the dump has more than %d separate regions of memory, so it may be damaged; those from %#x on are shown as one, what "+
			"lies between them as absent", maxRegions, r.Base)
	}
}

// full tells, and says, that there is no region for the memory from an address on.
func (d *Dump) full(base uint64) bool {
	if len(d.Regions) < maxRegions {
		return false
	}
	d.warn(-1, "the memory from %#x on is left out: the dump has too many separate regions", base)
	d.Complete = false
	return true
}

// maxPhysical is the end of what any architecture can address: 56 bits (RISC-V; x86 and Arm have 52).
const maxPhysical = 1 << 56

const pageSize = 4096 // of formats that hold bytes, not pages

// addPieces makes regions of pieces, which are in order and do not overlap. Neighbours share a region, unless they meet inside
// a page of it, for a block's index counts in pages. What is still apart when there are too many regions, and cannot share the
// last one, is left out.
func (d *Dump) addPieces(src *wire.Source, pieces []piece) {
	for len(pieces) > 0 {
		first := pieces[0]
		n := 1
		for n < len(pieces) && (pieces[n].base == pieces[n-1].end() || d.scattered() && (pieces[n-1].end()-first.base)%pageSize == 0) &&
			(pieces[n].base-first.base)%pageSize == 0 && pieces[n].end()-first.base <= ram.MaxBlockSize {
			n++
		}
		size := pieces[n-1].end() - first.base
		b, err := ram.NewBlock(fmt.Sprintf("ram@%#x", first.base), size, pageSize, src)
		if err != nil {
			d.warn(first.offset, "the memory from %#x on is left out: %v", first.base, err)
			d.Complete = false
		} else {
			for _, p := range pieces[:n] {
				if p.offset != absent {
					b.AddFlat(p.base-first.base, (p.size+pageSize-1)/pageSize, p.offset)
				}
			}
			b.Seal()
			d.addRegion(Region{Base: first.base, Size: size, Block: b})
		}
		if pieces = pieces[n:]; len(pieces) > 0 && d.full(pieces[0].base) {
			return
		}
	}
}

// within cuts a piece where the file ends: the second is what is missing.
func within(src *wire.Source, p piece) (there, missing piece) {
	have := uint64(max(0, min(int64(p.size), src.Size()-p.offset)))
	there, missing = p, p
	there.size = have
	missing.base, missing.size, missing.offset = p.base+have, p.size-have, absent
	return there, missing
}

// ReadRaw takes everything from base on for memory from guest-physical address 0 on.
func ReadRaw(src *wire.Source, base int64) (*Dump, error) {
	size := src.Size() - base
	if size <= 0 {
		return nil, fmt.Errorf("the file is empty")
	}
	d := &Dump{Format: "raw", PageSize: pageSize, Complete: true}
	if size%pageSize != 0 {
		d.warn(src.Size(), "the file ends inside a page: it may be cut off, or be no plain memory")
	}
	d.addPieces(src, []piece{{0, uint64(size), base}})
	return d, nil
}

// readFull reads len(p) bytes at off, or says what was being read.
func readFull(src *wire.Source, p []byte, off int64, what string) error {
	if n, err := src.ReadAt(p, off); n < len(p) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("%s at offset %#x cannot be read: %w", what, off, err)
	}
	return nil
}
