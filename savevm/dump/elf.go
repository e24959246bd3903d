package dump

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/svscript/svscript/savevm/internal/wire"
)

// IsELF tells whether a file starts as an ELF file does.
func IsELF(head []byte) bool { return bytes.HasPrefix(head, []byte(elf.ELFMAG)) }

// elfLayout is where the fields are that a core needs (System V ABI, chapters 4 and 5; <elf.h>). The word is the size of an
// address, an offset and a size.
type elfLayout struct {
	name                               string
	word                               int
	header, phoff, shoff               int
	phentsize, phnum, shnum            int // u16
	minPhdr, minShdr                   int // sizes of a program header and of a section header
	shInfo, shOffset                   int // in a section header
	offset, vaddr, paddr, fsize, msize int // in a program header
}

var elfLayouts = map[elf.Class]*elfLayout{
	elf.ELFCLASS32: {"ELF32", 4, 52, 28, 32, 42, 44, 48, 32, 40, 28, 16, 4, 8, 12, 16, 20},
	elf.ELFCLASS64: {"ELF64", 8, 64, 32, 40, 54, 56, 60, 56, 64, 44, 24, 8, 16, 24, 32, 40},
}

// pnXnum in e_phnum says that the number of program headers is in the first section header (PN_XNUM).
const pnXnum = 0xffff

type elfFile struct {
	src   *wire.Source
	base  int64 // of the core in src
	order binary.ByteOrder
	*elfLayout
	header []byte

	dataStart int64 // the end of the notes: there QEMU's memory starts
}

// word reads an address, offset or size.
func (f *elfFile) word(b []byte, at int) uint64 {
	if f.elfLayout.word == 4 {
		return uint64(f.order.Uint32(b[at:]))
	}
	return f.order.Uint64(b[at:])
}

// segment is a program header.
type segment struct {
	kind                               elf.ProgType
	offset, vaddr, paddr, fsize, msize uint64
}

// ReadELF reads an ELF core of a machine's memory: PT_LOAD segments by their physical addresses, and the CPUs that its notes
// describe.
func ReadELF(src *wire.Source, base int64) (*Dump, error) {
	f, err := openELF(src, base)
	if err != nil {
		return nil, err
	}
	d := &Dump{Format: "elf-core", Version: f.name, PageSize: pageSize, Complete: true}
	machine := elf.Machine(f.order.Uint16(f.header[18:]))
	loads, noteSegments, err := f.segments(d)
	if err != nil {
		return nil, err
	}
	notes := &notes{d: d, order: f.order, arch: archOfELF(machine, 8*f.elfLayout.word)}
	for _, s := range noteSegments {
		notes.read(src, base+int64(s.offset), int64(s.fsize))
		f.dataStart = base + int64(s.offset+s.fsize)
	}
	if notes.process || sameAddress(loads) {
		return nil, fmt.Errorf("this is the ELF core of a process, not of a machine: its segments have no physical addresses")
	}
	notes.finish()
	if d.Arch == "" {
		d.warn(base+18, "cores of %s %v are read for their memory alone", f.name, machine)
	}
	f.memory(d, loads, notes.qemu)
	f.checkEnd(d)
	if len(d.Regions) == 0 {
		return nil, fmt.Errorf("the ELF core holds no memory: it has no PT_LOAD segment with a physical address")
	}
	return d, nil
}

func openELF(src *wire.Source, base int64) (*elfFile, error) {
	f := &elfFile{src: src, base: base, header: make([]byte, 64)}
	n, _ := src.ReadAt(f.header, base)
	f.header = f.header[:n]
	if n < elf.EI_NIDENT {
		return nil, fmt.Errorf("the file ends in its ELF header")
	}
	f.elfLayout = elfLayouts[elf.Class(f.header[elf.EI_CLASS])]
	switch elf.Data(f.header[elf.EI_DATA]) {
	case elf.ELFDATA2LSB:
		f.order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		f.order = binary.BigEndian
	}
	switch {
	case f.elfLayout == nil || f.order == nil:
		return nil, fmt.Errorf("the ELF header is damaged: class %d, data encoding %d", f.header[elf.EI_CLASS], f.header[elf.EI_DATA])
	case n < f.elfLayout.header:
		return nil, fmt.Errorf("the file ends in its ELF header")
	}
	if t := elf.Type(f.order.Uint16(f.header[16:])); t != elf.ET_CORE {
		return nil, fmt.Errorf("this ELF file is no core but of type %v; a dump of memory is an ET_CORE", t)
	}
	return f, nil
}

// segments reads the program headers in pieces, so that their announced number allocates nothing.
func (f *elfFile) segments(d *Dump) (loads, notes []segment, err error) {
	count, err := f.count()
	if err != nil {
		return nil, nil, err
	}
	at, size := f.word(f.header, f.phoff), uint64(f.order.Uint16(f.header[f.phentsize:]))
	if size < uint64(f.minPhdr) {
		return nil, nil, fmt.Errorf("the ELF header is damaged: a program header of %d bytes", size)
	}
	left := f.src.Size() - f.base
	if at > uint64(left) {
		return nil, nil, fmt.Errorf("the file is cut off: its program headers are at offset %#x, it has %d bytes", at, left)
	}
	if fit := (uint64(left) - at) / size; count > fit {
		d.warn(f.base+left, "the file is cut off, or its header damaged: of %d program headers %d are there", count, fit)
		d.Complete = false
		count = fit
	}
	buf := make([]byte, min(count, max(1, 64<<10/size))*size)
	for count > 0 {
		b := buf[:min(uint64(len(buf)), count*size)]
		if err := readFull(f.src, b, f.base+int64(at), "the program headers"); err != nil {
			return nil, nil, err
		}
		at, count = at+uint64(len(b)), count-uint64(len(b))/size
		for ; len(b) > 0; b = b[size:] {
			s := segment{
				kind: elf.ProgType(f.order.Uint32(b)), offset: f.word(b, f.offset), vaddr: f.word(b, f.vaddr),
				paddr: f.word(b, f.paddr), fsize: f.word(b, f.fsize), msize: f.word(b, f.msize),
			}
			switch {
			case s.kind == elf.PT_LOAD:
				loads = append(loads, s)
			case s.kind == elf.PT_NOTE && s.offset <= uint64(left):
				if fit := uint64(left) - s.offset; s.fsize > fit {
					d.warn(f.base+left, "the file is cut off: its notes have %d bytes, of which %d are there", s.fsize, fit)
					s.fsize, d.Complete = fit, false
				}
				notes = append(notes, s)
			case s.kind == elf.PT_NOTE:
				d.warn(-1, "the file is cut off: its notes are at offset %#x", s.offset)
				d.Complete = false
			}
		}
	}
	return loads, notes, nil
}

// count is the number of program headers.
func (f *elfFile) count() (uint64, error) {
	n := uint64(f.order.Uint16(f.header[f.phnum:]))
	if n != pnXnum {
		return n, nil
	}
	section := make([]byte, f.minShdr)
	at := f.word(f.header, f.shoff)
	if at == 0 || at > uint64(f.src.Size()) {
		return n, nil // exactly so many
	}
	if err := readFull(f.src, section, f.base+int64(at), "the section header with the number of program headers"); err != nil {
		return 0, err
	}
	return uint64(f.order.Uint32(section[f.shInfo:])), nil
}

// sameAddress tells a process's core: all its segments have the physical address 0.
func sameAddress(loads []segment) bool {
	for _, s := range loads {
		if s.paddr != 0 || s.vaddr == 0 {
			return false
		}
	}
	return len(loads) > 1
}

// memory makes regions of the PT_LOAD segments. Where p_memsz is more than p_filesz, memory was left out (makedumpfile -E): it is
// not zero, and not in the file; but QEMU's dump with paging means addresses that are mapped, be they RAM or not.
func (f *elfFile) memory(d *Dump, loads []segment, qemu bool) {
	var missing, there, mapped []piece
	var outside, lost, left uint64
	views := qemu && f.areViews(loads)
	for _, s := range loads {
		size := max(s.fsize, s.msize)
		if s.paddr >= maxPhysical || size > maxPhysical-s.paddr || s.fsize > 0 && s.offset > 1<<62 {
			if size > 0 {
				outside++
			}
			continue
		}
		mapped = append(mapped, piece{s.paddr, s.msize, absent})
		if s.fsize > 0 {
			p, cut := within(f.src, piece{s.paddr, s.fsize, f.base + int64(s.offset)})
			there, missing = append(there, p), append(missing, cut)
			lost += cut.size
		}
		if s.msize > s.fsize && !views {
			left += s.msize - s.fsize
			missing = append(missing, piece{s.paddr + s.fsize, s.msize - s.fsize, absent})
		}
	}
	if outside > 0 {
		d.warn(-1, "%d segments have no physical address (or one above 2^56) and are left out", outside)
	}
	if lost > 0 {
		d.warn(f.src.Size(), "the file is cut off: %d bytes of memory that its segments announce are not there", lost)
		d.Complete = false
	}
	if left > 0 {
		d.warn(-1, "%d bytes of memory were left out when the dump was made (p_memsz is more than p_filesz); they are absent, not zero", left)
	}
	there = settle(there)
	if views {
		there = f.fill(d, there, settle(mapped))
	}
	d.addPieces(f.src, overlay(settle(missing), there))
}

// areViews tells a dump with paging (dump-guest-memory -p): its segments are views of the memory in the file, with overlaps and
// gaps, while those of every other core lie one behind the other.
func (f *elfFile) areViews(loads []segment) bool {
	inFile := slices.DeleteFunc(slices.Clone(loads), func(s segment) bool { return s.fsize == 0 })
	slices.SortFunc(inFile, func(a, b segment) int { return cmp.Compare(a.offset, b.offset) })
	next := uint64(f.dataStart - f.base)
	for _, s := range append(inFile, segment{offset: uint64(f.dataEnd() - f.base)}) {
		if s.fsize > 0 && s.offset < next || s.offset > next && s.offset-next >= pageSize {
			return true
		}
		next = s.offset + s.fsize
	}
	return false
}

// fill adds what of QEMU's dump is in no segment.
func (f *elfFile) fill(d *Dump, there, mapped []piece) []piece {
	start, end := f.dataStart, f.dataEnd()
	x86 := d.Arch == "x86_64" || d.Arch == "i386"
	filled, guessed, unknown := fillGaps(there, mapped, start, end, x86)
	if guessed {
		d.warn(-1, "the dump (made with paging) has no segments for all its memory: where RAM ends, and the firmware below 4 GiB, "+
			"are inferred from the order of the file")
	}
	if unknown > 0 {
		d.warn(-1, "%d bytes of memory are left out: they are in the file, but nothing in it says at which addresses", unknown)
	}
	return overlay(settle(filled), there)
}

// dataEnd is where the memory ends in the file: at the section names, which QEMU writes last since 7.1.
func (f *elfFile) dataEnd() int64 {
	end := f.src.Size()
	shoff, shnum := f.word(f.header, f.shoff), f.order.Uint16(f.header[f.shnum:])
	section := make([]byte, f.minShdr)
	for i := range uint64(min(shnum, 2)) {
		if shoff == 0 || shoff > uint64(end) || readFull(f.src, section, f.base+int64(shoff+i*uint64(f.minShdr)), "a section header") != nil {
			break
		}
		at := f.word(section, f.shOffset)
		if elf.SectionType(f.order.Uint32(section[4:])) == elf.SHT_STRTAB && at < uint64(end-f.base) && at > shoff {
			end = f.base + int64(at)
		}
	}
	return end
}

// checkEnd looks for sections that are not in the file: QEMU's section names stand behind all memory, so they are the first thing
// that is lost.
func (f *elfFile) checkEnd(d *Dump) {
	left := uint64(f.src.Size() - f.base)
	shoff, size := f.word(f.header, f.shoff), uint64(f.order.Uint16(f.header[f.shnum-2:])) // e_shentsize
	if shoff == 0 || size < uint64(f.minShdr) {
		return
	}
	section := make([]byte, f.minShdr)
	const most = 64 // cores have two
	for i := range uint64(min(f.order.Uint16(f.header[f.shnum:]), most)) {
		at, length := shoff+i*size, size
		if at <= left && left-at >= size && readFull(f.src, section, f.base+int64(at), "a section header") == nil {
			kind := elf.SectionType(f.order.Uint32(section[4:]))
			if kind == elf.SHT_NULL || kind == elf.SHT_NOBITS {
				continue // these have no bytes in the file
			}
			at, length = f.word(section, f.shOffset), f.word(section, f.shOffset+f.elfLayout.word)
		}
		if at > left || length > left-at {
			if d.Complete { // else it is told already
				d.warn(f.src.Size(), "the file is cut off, or its section headers are damaged: section %d is not there as a whole", i)
			}
			d.Complete = false
			return
		}
	}
}
