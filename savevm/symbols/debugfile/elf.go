package debugfile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"slices"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// readELF reads the symbol table of a vmlinux or its debug file. Types are read out of its DWARF when they are asked for.
func readELF(f *os.File, abi *ctype.ABI) (*File, error) {
	e, err := elf.NewFile(f)
	if err != nil {
		return nil, err
	}
	if e.Data != elf.ELFDATA2LSB || uint64(4*e.Class) != abi.PointerSize { // ELFCLASS32 is 1, ELFCLASS64 2
		return nil, fmt.Errorf("it is for another machine (%v, %v) than the image's kernel (%s)", e.Machine, e.Class, abi.Name)
	}
	all, err := e.Symbols()
	if err != nil {
		return nil, fmt.Errorf("its symbol table: %w (a stripped file has none)", err)
	}
	var b symtab.Builder
	b.Grow(len(all), 24*len(all))
	for _, s := range all {
		if t := elf.ST_TYPE(s.Info); s.Name != "" && s.Section != elf.SHN_UNDEF && t != elf.STT_FILE && t != elf.STT_SECTION {
			b.Add(s.Value, symbolType(e, s), s.Name)
		}
	}
	file := &File{Format: "ELF", Symbols: b.Table(""), BuildID: elfBuildID(e), closer: f}
	file.Banner = elfBanner(e, file.Symbols)
	if s := e.Section(".debug_info"); s != nil && s.Type != elf.SHT_NOBITS {
		file.Types = &dwarfTypes{elf: e, abi: abi}
	}
	return file, nil
}

// symbolType is the letter that nm prints for a symbol.
func symbolType(e *elf.File, s elf.Symbol) byte {
	c := byte('D')
	switch {
	case s.Section == elf.SHN_ABS:
		c = 'A'
	case int(s.Section) < len(e.Sections):
		switch sec := e.Sections[s.Section]; {
		case sec.Flags&elf.SHF_EXECINSTR != 0:
			c = 'T'
		case sec.Flags&elf.SHF_WRITE == 0:
			c = 'R'
		case sec.Type == elf.SHT_NOBITS:
			c = 'B'
		}
	}
	if elf.ST_BIND(s.Info) == elf.STB_LOCAL {
		c |= 0x20
	}
	return c
}

// elfBuildID finds the build ID in the notes.
func elfBuildID(e *elf.File) []byte {
	for _, s := range e.Sections {
		if s.Type == elf.SHT_NOTE && s.Size < 1<<20 {
			if data, err := s.Data(); err == nil {
				if id := BuildID(data); id != nil {
					return id
				}
			}
		}
	}
	return nil
}

// BuildID finds the build ID in ELF notes (NT_GNU_BUILD_ID; elf.h, "Note section contents"); nil when there is none.
func BuildID(notes []byte) []byte {
	const ntBuildID = 3
	for len(notes) >= 12 {
		nameSize, descSize := uint64(binary.LittleEndian.Uint32(notes)), uint64(binary.LittleEndian.Uint32(notes[4:]))
		kind := binary.LittleEndian.Uint32(notes[8:])
		name, desc := uint64(12), 12+(nameSize+3)&^3
		end := desc + (descSize+3)&^3
		if end > uint64(len(notes)) {
			return nil
		}
		if kind == ntBuildID && bytes.HasPrefix(notes[name:], []byte("GNU\x00")) && descSize >= 8 && descSize <= 64 {
			return slices.Clone(notes[desc : desc+descSize])
		}
		notes = notes[end:]
	}
	return nil
}

// elfBanner reads linux_banner; a debug file does not have its bytes.
func elfBanner(e *elf.File, symbols *symtab.Table) string {
	at, ok := symbols.Address("linux_banner")
	if !ok {
		return ""
	}
	for _, s := range e.Sections {
		if s.Type == elf.SHT_PROGBITS && s.Flags&elf.SHF_ALLOC != 0 && at >= s.Addr && at-s.Addr < s.Size {
			b := make([]byte, min(1024, s.Size-(at-s.Addr)))
			n, _ := s.ReadAt(b, int64(at-s.Addr))
			line, _, _ := bytes.Cut(b[:n], []byte("\n"))
			return string(line)
		}
	}
	return ""
}
