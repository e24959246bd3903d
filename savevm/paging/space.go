// Package paging translates virtual addresses through the page tables of a guest: x86 from 32-bit paging to five levels, arm64
// with its three granules, and RISC-V. It reads the tables from any [memory.Memory] of guest-physical addresses, and a [Space]
// is a memory.Memory of virtual addresses again.
//
// The modes are rows of one table that one loop walks. A walk follows what the entries say, not who asks: an address that only
// the kernel may read translates, and the [Flags] tell so.
package paging

import (
	"fmt"
	"sync/atomic"

	"github.com/svscript/svscript/savevm/memory"
)

// Physical is the mode of a CPU that has paging off: every virtual address is the physical one. "" and "none" mean it too.
const Physical = "physical"

// Config says how addresses are translated. [X86], [ARM64] and [RISCV64] make one from a CPU's registers.
type Config struct {
	Mode string // one of [Modes]; "" and "none" mean "physical"

	// Root is the physical address of the first table. Bits of CR3, TTBR or satp that are not address may be left in.
	// arm64: Root takes the place of TTBR0 when it is not 0.
	Root uint64

	// PhysBits is the width of a physical address (x86: MAXPHYADDR; arm64: ID_AA64MMFR0_EL1.PARange). Address bits above it are
	// reserved, and a fault where set. 0 means unknown: all that the mode has are taken.
	PhysBits uint

	NXE bool // x86: EFER.NXE. When false, bit 63 of an entry is reserved.
	LAM bool // x86: CR4.LAM_SUP. When true, pointers of the upper half carry tags; LAM_U48 and LAM_U57, in Root, are of the lower.
	PSE bool // x86-32: CR4.PSE. When false, there are no 4 MiB pages.

	// A20Mask is what the CPU masks physical addresses with, as QEMU's env.a20_mask: with bit 20 clear, odd MiBs show the even
	// ones before them. Only that bit counts. 0 means that A20 is on.
	A20Mask uint64

	// arm64, all of EL1. A TCR of 0 means that nothing but the root is known: both halves have 48 bits of the granule that Mode
	// names, and the upper one goes through TTBR0's tables too when TTBR1 is 0.
	TTBR0, TTBR1, TCR, SCTLR uint64

	// NoCache reads the tables anew for every address, for a guest that runs. A saved guest does not change.
	NoCache bool
}

// A Space is a virtual address space of the guest. It is a [memory.Memory], and safe for parallel use.
type Space struct {
	mem       memory.Memory
	name      string
	mode      *mode // nil: physical
	cfg       Config
	halves    []half
	a20       uint64    // and-mask of every physical address
	tags      [2]uint64 // bits of an address that are ignored in the lower, the upper half
	bigEndian bool
	noCache   bool

	tables [cacheTables]atomic.Pointer[tableData]

	// places remembers how far down the tables every 2 MiB of addresses lead (what one last-level table maps, in modes other
	// than x86's and arm64's 4 KiB), so that an address costs one entry. Direct-mapped, keyed by va >> placeShift.
	places     []atomic.Pointer[place]
	placeShift uint
}

// placeBytes bounds what the tables behind a Space's places take.
const placeBytes = 4 << 20

// New makes the address space that cfg describes, over the guest-physical memory mem. It reads nothing yet.
func New(mem memory.Memory, cfg Config) (*Space, error) {
	s := &Space{mem: mem, cfg: cfg, a20: ^uint64(0), noCache: cfg.NoCache}
	if cfg.A20Mask != 0 && cfg.A20Mask&a20Bit == 0 {
		s.a20 = ^uint64(a20Bit)
	}
	if cfg.Mode == "" || cfg.Mode == "none" || cfg.Mode == Physical {
		s.cfg.Mode, s.name = Physical, "physical space"
		return s, nil
	}
	var err error
	if s.mode, err = findMode(cfg.Mode); err != nil {
		return nil, err
	}
	if s.halves, err = s.mode.halves(s.mode, &s.cfg); err != nil {
		return nil, err
	}
	s.bigEndian = s.mode.granule != 0 && cfg.SCTLR&sctlrEE != 0
	s.placeShift = 63
	largest := 1
	for i, h := range s.halves {
		s.tags[i] = h.tag
		if h.off == "" {
			l := h.levels[len(h.levels)-1]
			s.placeShift = min(s.placeShift, l.shift+l.bits)
			largest = max(largest, 8<<l.bits)
		}
	}
	s.places = make([]atomic.Pointer[place], min(max(placeBytes/largest, 64), 1024))
	s.name = fmt.Sprintf("%s space %#x", s.Mode(), s.Root())
	return s, nil
}

const a20Bit = 1 << 20

// Mode is the name of the translation in use: one of [Modes].
func (s *Space) Mode() string { return s.cfg.Mode }

// Root is the physical address of the first table, or 0 in physical mode. arm64: TTBR0's, or TTBR1's where walks through TTBR0
// are off.
func (s *Space) Root() uint64 {
	for _, h := range s.halves {
		if h.off == "" {
			return h.root
		}
	}
	return 0
}

// AddressBits is the width of a virtual address: 32, 48 … 57. arm64: of the larger half. Physical: 64.
func (s *Space) AddressBits() uint {
	switch {
	case s.mode == nil:
		return 64
	case s.mode.bits != 0:
		return s.mode.bits
	}
	return max(64-uint(s.cfg.TCR&63), 64-uint(s.cfg.TCR>>16&63))
}

// Beneath is the guest-physical memory that the space maps: what the Beneath of its extents are addresses in.
func (s *Space) Beneath() memory.Memory { return s.mem }

// String is how errors name the space: "x86-4level space 0x1000".
func (s *Space) String() string { return s.name }

// Translate gives the physical address behind a virtual one. The error is a *memory.Error whose Err is a *[Fault]. Its reason
// is unmapped, unless a table could not be read: then it is why, absent or not-ram.
func (s *Space) Translate(va uint64) (uint64, error) {
	if pa, _, ok := s.resolve(va); ok {
		return pa, nil
	}
	return 0, s.failure(va, 1)
}

func (s *Space) failure(va uint64, length int) error {
	f := s.Walk(va).Fault
	if f == nil { // a running guest has changed its tables in between
		f = &Fault{Kind: FaultNotPresent, detail: "not present"}
	}
	return &memory.Error{Address: va, Length: uint64(length), Reason: f.reason(), Space: s.String(), Err: f}
}

// place is the deepest table on the way to an address.
type place struct {
	tag   uint64 // va >> placeShift
	level *level
	table *tableData
}

// resolve translates va without allocating, once the tables are known. left counts the bytes from va to the end of its page.
func (s *Space) resolve(va uint64) (pa, left uint64, ok bool) {
	if s.mode == nil {
		return s.identity(va)
	}
	tag := va >> s.placeShift
	slot := &s.places[(tag^tag>>18)&uint64(len(s.places)-1)] // a power of two
	p := slot.Load()
	if p == nil || p.tag != tag || s.noCache {
		if p = s.descend(va); p == nil {
			return 0, 0, false
		}
		p.tag = tag
		slot.Store(p)
	}
	l := p.level
	index := l.index(va)
	if p.table.err(index) != nil {
		return 0, 0, false
	}
	r := s.mode.decode(l, p.table.entries[index], index)
	if r.kind != page {
		return 0, 0, false
	}
	offset := va & (l.size() - 1)
	return s.physical(r.address|offset, l.size()-offset)
}

func (s *Space) identity(va uint64) (pa, left uint64, ok bool) {
	if va == 0 {
		return s.physical(va, ^uint64(0))
	}
	return s.physical(va, -va)
}

// physical applies A20 to the rest of a page.
func (s *Space) physical(pa, left uint64) (uint64, uint64, bool) {
	if s.a20 != ^uint64(0) {
		left = min(left, a20Bit-pa&(a20Bit-1))
	}
	return pa & s.a20, left, true
}

// descend finds the deepest table for va, or nil where no walk starts.
func (s *Space) descend(va uint64) *place {
	va = s.untag(va)
	h := s.half(va)
	if h == nil || h.off != "" {
		return nil
	}
	p := &place{}
	address := h.root
	for i := range h.levels {
		p.level = &h.levels[i]
		p.table = s.table(p.level, address&s.a20)
		if p.level.last {
			break
		}
		index := p.level.index(va)
		if p.table.err(index) != nil {
			break
		}
		r := s.mode.decode(p.level, p.table.entries[index], index)
		if r.kind != table {
			break
		}
		address = r.address
	}
	return p
}

// half returns the range that va is in, or nil when va is not canonical.
func (s *Space) half(va uint64) *half {
	for i := range s.halves {
		if h := &s.halves[i]; h.first <= va && va <= h.last {
			return h
		}
	}
	return nil
}

// untag removes what arm64's top-byte-ignore (Arm ARM, section D8.8) and x86's linear-address masking let a pointer carry. The bit
// that tells the half is not among it: bit 55 of the one, 63 of the other.
func (s *Space) untag(va uint64) uint64 {
	sign := 63
	if s.mode.granule != 0 {
		sign = 55
	}
	upper := va >> sign & 1
	if upper == 1 {
		return va | s.tags[upper]
	}
	return va &^ s.tags[upper]
}

// effective combines a page's own flags with what the tables above it said.
func effective(l *level, own, deny, add Flags) Flags {
	f := own&^deny | add
	if l.arm != nil {
		f = l.arm.effective(f)
	}
	return f
}
