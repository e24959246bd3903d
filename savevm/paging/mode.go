package paging

import (
	"fmt"
	"strings"
)

// A mode is one way of translating: a row of the table below.
type mode struct {
	name    string
	bits    uint                                              // of a virtual address
	signed  bool                                              // addresses are sign-extended from bit bits-1: two halves
	entry   int                                               // bytes of an entry
	root    uint64                                            // the bits of Config.Root that are the table's address
	levels  []level                                           // from the root on; arm64 computes its own
	granule uint                                              // arm64: log2 of the page size
	halves  func(m *mode, cfg *Config) ([]half, error)        // what of the address space is walked from where
	decode  func(l *level, entry uint64, index uint64) result // of one entry
}

// A level is what the entries of one level of tables look like.
type level struct {
	table  string
	number int
	shift  uint // log2 of the bytes that one entry maps
	bits   uint // of the index: a table has 1<<bits entries
	last   bool

	// x86: which bits are what. RISC-V uses address alone.
	address       uint64 // of the next table, or of the page at the last level
	large         uint64 // the bit that makes an entry map a page above the last level; 0: no such pages
	largeAddress  uint64
	reserved      uint64 // must be zero in a valid entry
	largeReserved uint64 // and these when it maps a large page
	upper         uint64 // those of them at and above Config.PhysBits must be zero, too
	pse36         bool   // a large page's address has bits 32–39 in bits 13–20 of its entry
	noAccess      bool   // the entry has no R/W, U/S and XD bits: all is permitted

	arm *arm64 // arm64: what TCR and SCTLR say
}

func (l *level) index(va uint64) uint64 { return va >> l.shift & (1<<l.bits - 1) }

// size of the page or of the range of one table that an entry stands for.
func (l *level) size() uint64 { return 1 << l.shift }

// A half is a range of virtual addresses that is translated from one root. Most modes have two.
type half struct {
	first, last uint64
	root        uint64
	levels      []level
	off         string // why walks are switched off, if they are
	tag         uint64 // bits of an address that are ignored
}

// result is what one entry says.
type result struct {
	kind    resultKind
	address uint64 // physical: of the next table, or of the page. reserved: the offending bits
	flags   Flags  // the entry's own
	deny    Flags  // table: what it takes from everything beneath
	add     Flags  // table: what it adds to everything beneath
}

type resultKind uint8

const (
	notPresent resultKind = iota
	table
	page
	reserved
	addressSize
)

// bits returns a mask of the bits from low to high, inclusive, as the manuals count them.
func bits(high, low uint) uint64 { return 1<<high<<1 - 1<<low }

// modes. Sources: Intel SDM volume 3A chapter 4 (tables 4-4 to 4-20 of the entry formats), Arm ARM DDI 0487 chapter D8,
// RISC-V privileged architecture chapter "Supervisor-Level ISA". Level numbers are the manuals': QEMU and Intel count PT as 1,
// RISC-V counts down to 0, Arm up to 3.
var modes = []mode{
	{name: "x86-32", bits: 32, entry: 4, root: bits(31, 12), halves: x86Halves, decode: decodeX86, levels: []level{
		{table: "PD", number: 2, shift: 22, bits: 10, address: bits(31, 12),
			large: x86PS, largeAddress: bits(31, 22), largeReserved: bits(21, 21), pse36: true},
		{table: "PT", number: 1, shift: 12, bits: 10, address: bits(31, 12), last: true},
	}},
	{name: "x86-pae", bits: 32, entry: 8, root: bits(31, 5), halves: x86Halves, decode: decodeX86, levels: []level{
		// Bits 1–2 and 5–8 are reserved too, but a CPU checks them only when CR3 is loaded (SDM 4.4.1). A table that is in use
		// may have them: QEMU's TCG takes any, and sets bit 5 (A) itself.
		{table: "PDPT", number: 3, shift: 30, bits: 2, address: bits(51, 12), noAccess: true, reserved: x86XD, upper: bits(62, 0)},
		{table: "PD", number: 2, shift: 21, bits: 9, address: bits(51, 12),
			large: x86PS, largeAddress: bits(51, 21), largeReserved: bits(20, 13), upper: bits(62, 0)},
		{table: "PT", number: 1, shift: 12, bits: 9, address: bits(51, 12), upper: bits(62, 0), last: true},
	}},
	{name: "x86-4level", bits: 48, signed: true, entry: 8, root: bits(51, 12), halves: x86Halves, decode: decodeX86, levels: x86Long[1:]},
	{name: "x86-5level", bits: 57, signed: true, entry: 8, root: bits(51, 12), halves: x86Halves, decode: decodeX86, levels: x86Long},

	{name: "arm64-4k", entry: 8, granule: 12, halves: arm64Halves, decode: decodeARM64},
	{name: "arm64-16k", entry: 8, granule: 14, halves: arm64Halves, decode: decodeARM64},
	{name: "arm64-64k", entry: 8, granule: 16, halves: arm64Halves, decode: decodeARM64},

	{name: "sv32", bits: 32, entry: 4, root: bits(33, 12), halves: rowHalves, decode: decodeRISCV, levels: []level{
		{table: "L1", number: 1, shift: 22, bits: 10, address: bits(31, 10)},
		{table: "L0", number: 0, shift: 12, bits: 10, address: bits(31, 10), last: true},
	}},
	{name: "sv39", bits: 39, signed: true, entry: 8, root: bits(55, 12), halves: rowHalves, decode: decodeRISCV, levels: riscvLevels[2:]},
	{name: "sv48", bits: 48, signed: true, entry: 8, root: bits(55, 12), halves: rowHalves, decode: decodeRISCV, levels: riscvLevels[1:]},
	{name: "sv57", bits: 57, signed: true, entry: 8, root: bits(55, 12), halves: rowHalves, decode: decodeRISCV, levels: riscvLevels},
}

var x86Long = []level{
	{table: "PML5", number: 5, shift: 48, bits: 9, address: bits(51, 12), reserved: x86PS, upper: bits(51, 0)},
	{table: "PML4", number: 4, shift: 39, bits: 9, address: bits(51, 12), reserved: x86PS, upper: bits(51, 0)},
	{table: "PDPT", number: 3, shift: 30, bits: 9, address: bits(51, 12),
		large: x86PS, largeAddress: bits(51, 30), largeReserved: bits(29, 13), upper: bits(51, 0)},
	{table: "PD", number: 2, shift: 21, bits: 9, address: bits(51, 12),
		large: x86PS, largeAddress: bits(51, 21), largeReserved: bits(20, 13), upper: bits(51, 0)},
	{table: "PT", number: 1, shift: 12, bits: 9, address: bits(51, 12), upper: bits(51, 0), last: true},
}

var riscvLevels = []level{
	{table: "L4", number: 4, shift: 48, bits: 9, address: bits(53, 10), reserved: bits(60, 54)},
	{table: "L3", number: 3, shift: 39, bits: 9, address: bits(53, 10), reserved: bits(60, 54)},
	{table: "L2", number: 2, shift: 30, bits: 9, address: bits(53, 10), reserved: bits(60, 54)},
	{table: "L1", number: 1, shift: 21, bits: 9, address: bits(53, 10), reserved: bits(60, 54)},
	{table: "L0", number: 0, shift: 12, bits: 9, address: bits(53, 10), reserved: bits(60, 54), last: true},
}

// rowHalves makes the ranges of a mode whose levels stand in its row.
func rowHalves(m *mode, cfg *Config) ([]half, error) {
	root := cfg.Root & m.root
	if !m.signed {
		return []half{{first: 0, last: 1<<m.bits - 1, root: root, levels: m.levels}}, nil
	}
	low := uint64(1)<<(m.bits-1) - 1
	return []half{
		{first: 0, last: low, root: root, levels: m.levels},
		{first: ^low, last: ^uint64(0), root: root, levels: m.levels},
	}, nil
}

func findMode(name string) (*mode, error) {
	names := make([]string, 0, len(modes)+1)
	for i := range modes {
		if modes[i].name == name {
			return &modes[i], nil
		}
		names = append(names, modes[i].name)
	}
	return nil, fmt.Errorf("unknown paging mode %q: known are physical, %s", name, strings.Join(names, ", "))
}

// Modes returns the names that Config.Mode can have.
func Modes() []string {
	names := []string{Physical}
	for i := range modes {
		names = append(names, modes[i].name)
	}
	return names
}
