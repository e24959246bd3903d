// Package synth makes up guests: memory with what a test needs in it, page tables that lead there, CPUs that point to them. What
// comes out is a [savevm.Image] like any other, or a migration stream in a file, so that code over saved machines can be tested
// without one.
//
//	g := synth.New(synth.Config{})
//	g.RAM(0, 16<<20)
//	g.Write(0x5000, []byte("hello"))
//	g.Map(0, 0xffffffff80000000, 0x5000, 4096, paging.FlagRead)
//	g.CPU(nil)
//	img, err := g.Build()
//
// The methods that make a guest return nothing: after the first one that fails the others do nothing, and [Guest.Build] and
// [Guest.WriteStream] return its error. Memory is sparse: pages that nobody wrote read as zeros and take no space.
package synth

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/internal/wire"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/ram"
)

// pageSize is the unit of RAM. Page tables have their own.
const pageSize = 4096

// MaxPages is how many pages of 4 KiB can be written, page tables included: 256 MiB.
const MaxPages = 1 << 16

// Config says what kind of guest to make. The zero value is an x86-64 one with four-level page tables.
type Config struct {
	Arch string // "x86_64", which "" means, "i386", "aarch64", "riscv64"

	// Mode is how the guest's page tables are: one of [Modes] of the architecture. "" means "x86-4level", "x86-32", "arm64-4k",
	// "sv39".
	Mode string

	Machine string // for savevm.Info; "" names none
}

// A Guest is a guest in the making. It is for one goroutine.
type Guest struct {
	arch    *architecture
	mode    *mode
	machine string

	ram     []interval // in address order, apart
	absent  []interval
	devices []savevm.Range
	pages   map[uint64]*[pageSize]byte // by address / pageSize
	tables  map[uint64]bool            // the pages of them that page tables are in
	roots   [2]uint64                  // of page tables for lower and upper addresses, which differ on arm64 only; 0: none yet
	bottom  uint64                     // tables are allocated below it
	cpus    [][]savevm.Register

	err error
}

// interval is a range of physical addresses, to last inclusive.
type interval struct{ base, last uint64 }

func (i interval) size() uint64                 { return i.last - i.base + 1 }
func (i interval) holds(address uint64) bool    { return i.base <= address && address <= i.last }
func (i interval) overlaps(other interval) bool { return i.base <= other.last && other.base <= i.last }
func (i interval) String() string               { return fmt.Sprintf("%#x-%#x", i.base, i.last) }

// New starts a guest without RAM and CPUs.
func New(cfg Config) *Guest {
	g := &Guest{machine: cfg.Machine, pages: map[uint64]*[pageSize]byte{}, tables: map[uint64]bool{}, bottom: ^uint64(0)}
	g.arch, g.mode, g.err = findMode(cfg.Arch, cfg.Mode)
	return g
}

// Err is the error of the first method that failed, or nil.
func (g *Guest) Err() error { return g.err }

func (g *Guest) fail(format string, args ...any) {
	if g.err == nil {
		g.err = fmt.Errorf(format, args...)
	}
}

// part checks a range of addresses, which must be whole pages.
func (g *Guest) part(what string, base, size uint64) (interval, bool) {
	i := interval{base, base + size - 1}
	switch {
	case g.err != nil:
	case size == 0:
		g.fail("%s at %#x: its size is 0", what, base)
	case i.last < base:
		g.fail("%s at %#x: %#x bytes from there go beyond 2^64", what, base, size)
	case base%pageSize != 0 || size%pageSize != 0:
		g.fail("%s at %#x of %#x bytes: both must be multiples of the page size, %#x", what, base, size, pageSize)
	}
	return i, g.err == nil
}

// RAM gives the guest size bytes of memory at a physical address. All RAM together is one RAM block, in the order of addresses.
func (g *Guest) RAM(base, size uint64) {
	i, ok := g.part("RAM", base, size)
	if !ok {
		return
	}
	total := size
	for _, have := range g.ram {
		if have.overlaps(i) {
			g.fail("RAM at %v: there is RAM at %v already", i, have)
			return
		}
		total += have.size()
	}
	if size > ram.MaxBlockSize || total > ram.MaxBlockSize {
		g.fail("RAM at %v: a guest has %#x bytes at most", i, uint64(ram.MaxBlockSize))
		return
	}
	g.ram = append(g.ram, i)
	slices.SortFunc(g.ram, func(a, b interval) int { return cmp.Compare(a.base, b.base) })
}

// Absent declares RAM that the image will not hold, whatever is in it: reading it fails with the reason "absent".
func (g *Guest) Absent(base, size uint64) {
	i, ok := g.part("absent memory", base, size)
	if !ok {
		return
	}
	if !slices.ContainsFunc(g.ram, func(r interval) bool { return r.holds(i.base) && r.holds(i.last) }) {
		g.fail("absent memory at %v: that is not in RAM; %s", i, g.ramIs())
		return
	}
	g.absent = append(g.absent, i)
	slices.SortFunc(g.absent, func(a, b interval) int { return cmp.Compare(a.base, b.base) })
}

// Device declares device memory, which may lie over RAM: reading it fails with the reason "not-ram". name is for people, as
// "local APIC".
func (g *Guest) Device(base, size uint64, name string) {
	if i, ok := g.part("device memory", base, size); ok {
		g.devices = append(g.devices, savevm.Range{Base: i.base, Size: size, Kind: savevm.KindDevice, Name: cmp.Or(name, "device")})
	}
}

// Write puts bytes into RAM at a physical address. It refuses to write over page tables that Map made: see [Guest.Overwrite].
func (g *Guest) Write(address uint64, p []byte) { g.write(address, p, false) }

// Overwrite is Write that writes over page tables too, to damage them.
func (g *Guest) Overwrite(address uint64, p []byte) { g.write(address, p, true) }

func (g *Guest) write(address uint64, p []byte, tables bool) {
	if len(p) == 0 || g.err != nil {
		return
	}
	if len(p) > MaxPages*pageSize {
		g.tooMuch()
		return
	}
	whole := interval{address, address + uint64(len(p)) - 1}
	if i := slices.IndexFunc(g.absent, whole.overlaps); i >= 0 {
		g.fail("write of %d bytes at %#x: %v is declared absent", len(p), address, g.absent[i])
		return
	}
	for at := address; len(p) > 0; {
		if !g.inRAM(at) {
			g.fail("write of %d bytes at %#x: there is no RAM at %#x; %s", whole.size(), address, at, g.ramIs())
			return
		}
		if g.tables[at/pageSize] && !tables {
			g.fail("write of %d bytes at %#x: a page table is at %#x; write before mapping, so that tables are put elsewhere",
				whole.size(), address, at&^(pageSize-1))
			return
		}
		page := g.page(at)
		if page == nil {
			return
		}
		n := copy(page[at%pageSize:], p)
		p, at = p[n:], at+uint64(n)
	}
}

// page returns the page that holds an address in RAM, made when it is not there; nil when there are too many.
func (g *Guest) page(address uint64) *[pageSize]byte {
	p := g.pages[address/pageSize]
	if p == nil {
		if len(g.pages) >= MaxPages {
			g.tooMuch()
			return nil
		}
		p = new([pageSize]byte)
		g.pages[address/pageSize] = p
	}
	return p
}

func (g *Guest) tooMuch() {
	g.fail("more than %d MiB were written, page tables included, and no more is supported", MaxPages*pageSize>>20)
}

func (g *Guest) inRAM(address uint64) bool {
	return slices.ContainsFunc(g.ram, func(r interval) bool { return r.holds(address) })
}

// ramIs says for an error where RAM is.
func (g *Guest) ramIs() string {
	const most = 8
	if len(g.ram) == 0 {
		return "the guest has no RAM yet"
	}
	var list []string
	for i, r := range g.ram {
		if i == most {
			list = append(list, "…")
			break
		}
		list = append(list, r.String())
	}
	return "RAM is at " + strings.Join(list, ", ")
}

// A piece is a part of RAM all of whose bytes are of one kind.
type piece struct {
	interval
	kind memory.Kind // Data: one page that was written, Fill: zeros, Absent
}

// pieces splits RAM.
func (g *Guest) pieces() []piece {
	var out []piece
	written := slices.Sorted(maps.Keys(g.pages))
	for _, r := range g.ram {
		for at := r.base; ; {
			p := piece{interval{at, r.last}, memory.Fill}
			if i := slices.IndexFunc(g.absent, func(a interval) bool { return a.last >= at }); i >= 0 {
				if a := g.absent[i]; a.base <= at {
					p.kind, p.last = memory.Absent, a.last
				} else {
					p.last = min(p.last, a.base-1)
				}
			}
			if p.kind == memory.Fill {
				if i, here := slices.BinarySearch(written, at/pageSize); here {
					p.last = at + pageSize - 1
					if *g.pages[at/pageSize] != [pageSize]byte{} { // else QEMU would call it a zero page, too
						p.kind = memory.Data
					}
				} else if i < len(written) {
					p.last = min(p.last, written[i]*pageSize-1)
				}
			}
			out = append(out, p)
			if p.last >= r.last {
				break
			}
			at = p.last + 1
		}
	}
	return out
}

// Build makes the image of the guest as it is now; the guest can be changed afterwards, and built again. The image's places in
// the file are those of a file that has the written pages one after the other.
func (g *Guest) Build() (*savevm.Image, error) {
	if g.err != nil {
		return nil, g.err
	}
	if len(g.ram) == 0 {
		return nil, fmt.Errorf("the guest has no RAM")
	}
	ranges, size, err := g.block()
	if err != nil {
		return nil, err
	}
	parts := savevm.Parts{
		Info: savevm.Info{
			FileSize: size, Format: "synthetic", Machine: g.machine, Arch: g.arch.name, PageSize: pageSize, Complete: true,
			MapSource: "what was declared",
		},
		Ranges: append(ranges, g.devices...),
	}
	for i, registers := range g.cpus {
		parts.CPUs = append(parts.CPUs, savevm.NewCPU(i, g.arch.name, slices.Clone(registers)))
	}
	return savevm.Assemble(parts)
}

// block makes the RAM block, and returns the ranges that show it and how many bytes it holds.
func (g *Guest) block() (ranges []savevm.Range, size int64, err error) {
	pieces := g.pieces()
	var data []byte
	for _, p := range pieces {
		if p.kind == memory.Data {
			data = append(data, g.pages[p.base/pageSize][:]...)
		}
	}
	total := uint64(0)
	for _, r := range g.ram {
		total += r.size()
	}
	block, err := ram.NewBlock(g.arch.block, total, pageSize, wire.NewSource(bytes.NewReader(data), int64(len(data))))
	if err != nil {
		return nil, 0, err
	}
	at, offset := int64(0), uint64(0)
	for _, p := range pieces {
		switch p.kind {
		case memory.Data:
			block.AddFlat(offset, 1, at)
			at += pageSize
		case memory.Fill:
			block.AddFill(offset, p.size()/pageSize, 0, 0)
		}
		offset += p.size()
	}
	block.Seal()
	offset = 0
	for _, r := range g.ram {
		ranges = append(ranges, savevm.Range{Base: r.base, Size: r.size(), Kind: savevm.KindRAM, Block: block, Offset: offset, Name: "RAM"})
		offset += r.size()
	}
	return ranges, at, nil
}
