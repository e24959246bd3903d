package synth

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/paging"
)

// A mode is how page tables of one kind are written: the counterpart of a row of package paging's table, with the same sources.
type mode struct {
	name     string
	entry    int  // bytes of an entry
	bits     uint // of a virtual address
	signed   bool // upper addresses are sign-extended
	physical uint // bits of a physical address
	levels   []level
	encoding *encoding
}

// A level is one level of tables, from the root on.
type level struct {
	shift uint // log2 of the bytes that one entry maps
	bits  uint // of the index
	large bool // an entry may map a page; always so at the last level
	bare  bool // x86-pae's PDPTE: an entry has no permissions
}

// An encoding is what the entries of an architecture look like.
type encoding struct {
	implied paging.Flags // what every page has
	known   paging.Flags // what a page can have
	table   func(address uint64, bare bool) uint64
	page    func(address uint64, f paging.Flags, large bool) uint64
	next    func(entry uint64) (address uint64, ok bool) // of a table's entry
}

const always = paging.FlagPresent | paging.FlagRead | paging.FlagLarge // every encoding knows these

var modes = []mode{
	{name: paging.Physical},
	{"x86-32", 4, 32, false, 32, []level{{22, 10, true, false}, {12, 10, true, false}}, &x86NoXD},
	{"x86-pae", 8, 32, false, 52, []level{{30, 2, false, true}, {21, 9, true, false}, {12, 9, true, false}}, &x86},
	{"x86-4level", 8, 48, true, 52, x86Levels[1:], &x86},
	{"x86-5level", 8, 57, true, 52, x86Levels, &x86},
	{"arm64-4k", 8, 48, true, 48, []level{{39, 9, false, false}, {30, 9, true, false}, {21, 9, true, false}, {12, 9, true, false}}, &arm64},
	{"arm64-16k", 8, 48, true, 48, []level{{47, 1, false, false}, {36, 11, false, false}, {25, 11, true, false}, {14, 11, true, false}}, &arm64},
	{"arm64-64k", 8, 48, true, 48, []level{{42, 6, false, false}, {29, 13, true, false}, {16, 13, true, false}}, &arm64},
	{"sv39", 8, 39, true, 56, riscvLevels[2:], &riscv},
	{"sv48", 8, 48, true, 56, riscvLevels[1:], &riscv},
	{"sv57", 8, 57, true, 56, riscvLevels, &riscv},
}

var (
	x86Levels   = []level{{48, 9, false, false}, {39, 9, false, false}, {30, 9, true, false}, {21, 9, true, false}, {12, 9, true, false}}
	riscvLevels = []level{{48, 9, true, false}, {39, 9, true, false}, {30, 9, true, false}, {21, 9, true, false}, {12, 9, true, false}}
)

// Intel SDM volume 3A, section 4.5.5.
const (
	x86P  = 1 << 0
	x86PS = 1 << 7
	x86XD = 1 << 63
)

type flagBit struct {
	flag paging.Flags
	bit  uint64
}

var x86Bits = []flagBit{
	{paging.FlagWrite, 1 << 1}, {paging.FlagUser, 1 << 2}, {paging.FlagWriteThrough, 1 << 3}, {paging.FlagNoCache, 1 << 4},
	{paging.FlagAccessed, 1 << 5}, {paging.FlagDirty, 1 << 6}, {paging.FlagGlobal, 1 << 8},
}

var x86 = encoding{
	implied: paging.FlagRead, known: knownOf(x86Bits) | paging.FlagExec,
	table: func(address uint64, bare bool) uint64 {
		if bare {
			return address | x86P
		}
		return address | 1<<2 | 1<<1 | x86P
	},
	page: func(address uint64, f paging.Flags, large bool) uint64 {
		e := address | x86P | bitsOf(x86Bits, f)
		if f&paging.FlagExec == 0 {
			e |= x86XD
		}
		if large {
			e |= x86PS
		}
		return e
	},
	next: func(e uint64) (uint64, bool) { return e & (1<<52 - 1<<12), e&(x86P|x86PS) == x86P },
}

// x86NoXD is for 32-bit paging: entries of 4 bytes, in which nothing forbids execution.
var x86NoXD = encoding{
	implied: paging.FlagRead | paging.FlagExec, known: x86.known, table: x86.table, page: x86.page, next: x86.next,
}

// Arm ARM DDI 0487, section D8.3.
const (
	armValid = 1 << 0
	armTable = 1 << 1 // at the last level: page
	armRead  = 1 << 7 // AP[2]: read-only
	armInner = 3 << 8 // SH: inner shareable, as kernels have it
	armNG    = 1 << 11
	armPXN   = 1 << 53
	armUXN   = 1 << 54
)

var armBits = []flagBit{
	{paging.FlagUser, 1 << 6}, {paging.FlagAccessed, 1 << 10}, {paging.FlagUXN, armUXN}, {paging.FlagPXN, armPXN},
}

var arm64 = encoding{
	implied: paging.FlagRead, known: knownOf(armBits) | paging.FlagWrite | paging.FlagExec | paging.FlagGlobal,
	table: func(address uint64, _ bool) uint64 { return address | armTable | armValid },
	page: func(address uint64, f paging.Flags, large bool) uint64 {
		e := address | armInner | armValid | bitsOf(armBits, f)
		if !large {
			e |= armTable
		}
		if f&paging.FlagWrite == 0 {
			e |= armRead
		}
		if f&paging.FlagGlobal == 0 {
			e |= armNG
		}
		switch { // who may execute what the flags call executable: the side whose page it is
		case f&paging.FlagExec == 0:
			e |= armUXN | armPXN
		case f&paging.FlagUser != 0:
			e |= armPXN
		default:
			e |= armUXN
		}
		return e
	},
	next: func(e uint64) (uint64, bool) { return e & (1<<48 - 1<<12), e&(armTable|armValid) == armTable|armValid },
}

// RISC-V privileged architecture, section "Sv39".
const riscvV = 1 << 0

var riscvBits = []flagBit{
	{paging.FlagRead, 1 << 1}, {paging.FlagWrite, 1 << 2}, {paging.FlagExec, 1 << 3}, {paging.FlagUser, 1 << 4},
	{paging.FlagGlobal, 1 << 5}, {paging.FlagAccessed, 1 << 6}, {paging.FlagDirty, 1 << 7},
}

var riscv = encoding{
	known: knownOf(riscvBits),
	table: func(address uint64, _ bool) uint64 { return address>>2 | riscvV },
	page:  func(address uint64, f paging.Flags, _ bool) uint64 { return address>>2 | riscvV | bitsOf(riscvBits, f) },
	next:  func(e uint64) (uint64, bool) { return e & (1<<54 - 1<<10) << 2, e&(7<<1|riscvV) == riscvV },
}

func knownOf(list []flagBit) (f paging.Flags) {
	for _, b := range list {
		f |= b.flag
	}
	return f
}

func bitsOf(list []flagBit, f paging.Flags) (bits uint64) {
	for _, b := range list {
		if f&b.flag != 0 {
			bits |= b.bit
		}
	}
	return bits
}

// Modes returns the modes that a guest of an architecture can have, the one that "" means first.
func Modes(arch string) []string {
	if a := findArch(arch); a != nil {
		return slices.Clone(a.modes)
	}
	return nil
}

func findMode(arch, name string) (*architecture, *mode, error) {
	a := findArch(arch)
	if a == nil {
		names := make([]string, len(architectures))
		for i := range architectures {
			names[i] = architectures[i].name
		}
		return nil, nil, fmt.Errorf("unknown architecture %q: known are %s", arch, strings.Join(names, ", "))
	}
	if name == "" {
		name = a.modes[0]
	}
	if !slices.Contains(a.modes, name) {
		return nil, nil, fmt.Errorf("paging mode %q is none of %s: known are %s", name, a.name, strings.Join(a.modes, ", "))
	}
	i := slices.IndexFunc(modes, func(m mode) bool { return m.name == name })
	return a, &modes[i], nil
}

// PageSize is the smallest size of a page that Map maps, in bytes: 4096, but for arm64's larger granules.
func (g *Guest) PageSize() uint64 {
	if g.mode == nil || len(g.mode.levels) == 0 {
		return pageSize
	}
	return 1 << g.mode.levels[len(g.mode.levels)-1].shift
}

// tableSize is how many bytes a table at a level has.
func (m *mode) tableSize(l *level) uint64 { return uint64(m.entry) << l.bits }

// Map maps size bytes of virtual addresses from va on to the physical ones from pa on, in the page tables whose first table is at
// root; 0 means those of the CPUs, see [Guest.Root]. Missing tables are made at the end of RAM, from the last free page on
// downwards. Mapping what is mapped already replaces it.
//
// flags hold for each page, and no more than they say: a page is accessed or dirty only with those flags. FlagPresent need not be
// given. With FlagLarge pages are as large as the addresses, which must be aligned to them, and the size allow. pa need not be in RAM.
func (g *Guest) Map(root, va, pa, size uint64, flags paging.Flags) {
	if g.err != nil {
		return
	}
	if problem := g.checkMap(va, pa, size, flags); problem != "" {
		g.fail("mapping %#x to %#x: %s", va, pa, problem)
		return
	}
	if root == 0 {
		root = g.Root(va)
	}
	if g.err == nil && g.isTable(root, &g.mode.levels[0]) {
		for size > 0 && g.err == nil {
			n := g.mapEntries(root, va, pa, size, flags)
			va, pa, size = va+n, pa+n, size-n
		}
	}
}

// checkMap returns what is wrong with a mapping, or "".
func (g *Guest) checkMap(va, pa, size uint64, flags paging.Flags) string {
	m := g.mode
	if len(m.levels) == 0 {
		return fmt.Sprintf("the guest has no page tables, as its mode is %q", m.name)
	}
	page := g.PageSize()
	lastVA, lastPA := va+size-1, pa+size-1
	switch {
	case size == 0:
		return "the size is 0"
	case (va|pa|size)%page != 0:
		return fmt.Sprintf("the addresses and the size of %#x must be multiples of the page size, %#x", size, page)
	case lastVA < va || !m.canonical(va) || !m.canonical(lastVA) || (va^lastVA)>>63 != 0:
		return fmt.Sprintf("%#x-%#x are no virtual addresses of %s, which have %d bits%s", va, lastVA, m.name, m.bits,
			map[bool]string{true: " and a sign"}[m.signed])
	case lastPA < pa || lastPA>>m.physical != 0:
		return fmt.Sprintf("a physical address of %s has %d bits", m.name, m.physical)
	}
	if missing := m.encoding.implied &^ flags; missing != 0 {
		return fmt.Sprintf("flags %q: every page of %s has %q", flags, m.name, strings.Join(missing.Names(), " and "))
	}
	if unknown := flags &^ (m.encoding.known | always); unknown != 0 {
		return fmt.Sprintf("a page of %s cannot have %q", m.name, strings.Join(unknown.Names(), " and "))
	}
	if m.encoding == &riscv && (flags&(paging.FlagRead|paging.FlagExec) == 0 || flags&(paging.FlagRead|paging.FlagWrite) == paging.FlagWrite) {
		return fmt.Sprintf("flags %q: a page of %s is readable or executable, and readable when it is writable", flags, m.name)
	}
	return ""
}

func (m *mode) canonical(va uint64) bool {
	if !m.signed {
		return va>>m.bits == 0
	}
	low := m.bits - 1
	if m.encoding == &arm64 { // both halves have all their bits
		low = m.bits
	}
	top := va >> low
	return top == 0 || top == ^uint64(0)>>low
}

// mapEntries writes the entries of one table from va on, and returns how many bytes they map.
func (g *Guest) mapEntries(root, va, pa, size uint64, flags paging.Flags) (n uint64) {
	m, last := g.mode, len(g.mode.levels)-1
	table := root
	for i := range m.levels {
		l := &m.levels[i]
		span := uint64(1) << l.shift
		if i == last || flags&paging.FlagLarge != 0 && l.large && (va|pa)&(span-1) == 0 && size >= span {
			for index := va >> l.shift & (1<<l.bits - 1); index < 1<<l.bits && size-n >= span; index++ {
				entry := table + index*uint64(m.entry)
				if _, ok := m.encoding.next(g.entry(entry)); ok && i != last {
					g.fail("mapping %#x as a page of %#x bytes: smaller pages are mapped there already", va+n, span)
					return n
				}
				g.setEntry(entry, m.encoding.page(pa+n, flags, i != last))
				n += span
			}
			return n
		}
		at := table + va>>l.shift&(1<<l.bits-1)*uint64(m.entry)
		old := g.entry(at)
		next, ok := m.encoding.next(old)
		if !ok {
			if old != 0 {
				g.fail("mapping %#x: it is in a page of %#x bytes that is mapped already (or the entry at %#x, %#x, is no table's)", va, span, at, old)
				return n
			}
			next = g.allocate(&m.levels[i+1])
			if g.err != nil {
				return n
			}
			g.setEntry(at, m.encoding.table(next, l.bare))
		}
		if !g.isTable(next, &m.levels[i+1]) {
			return n
		}
		table = next
	}
	return n
}

// entry reads an entry of a table, which is in RAM.
func (g *Guest) entry(address uint64) uint64 {
	p := g.pages[address/pageSize]
	switch {
	case p == nil:
		return 0
	case g.mode.entry == 4:
		return uint64(binary.LittleEndian.Uint32(p[address%pageSize:]))
	}
	return binary.LittleEndian.Uint64(p[address%pageSize:])
}

func (g *Guest) setEntry(address, value uint64) {
	p := g.page(address)
	switch {
	case p == nil:
	case g.mode.entry == 4:
		binary.LittleEndian.PutUint32(p[address%pageSize:], uint32(value))
	default:
		binary.LittleEndian.PutUint64(p[address%pageSize:], value)
	}
}

// isTable makes sure that a table can be at an address, and notes that one is.
func (g *Guest) isTable(address uint64, l *level) bool {
	size := g.mode.tableSize(l)
	if address%size != 0 {
		g.fail("the page table at %#x: the address must be a multiple of %#x", address, size)
		return false
	}
	for at := address &^ (pageSize - 1); at < address+size; at += pageSize {
		if !g.inRAM(at) {
			g.fail("the page table at %#x: there is no RAM at %#x; %s", address, at, g.ramIs())
			return false
		}
		g.tables[at/pageSize] = true
	}
	return true
}

// Root is where the first page table for a virtual address is, of those that the CPUs use and that Map means by 0: what the first
// CPU's CR3, TTBR or satp was given as, or else a page that is allocated now. Only on arm64 does it depend on the address.
func (g *Guest) Root(va uint64) uint64 {
	half := 0
	if g.mode.encoding == &arm64 {
		half = int(va >> 63)
	}
	if g.roots[half] == 0 && g.err == nil && len(g.mode.levels) > 0 {
		l := &g.mode.levels[0]
		if root := g.allocate(l); g.err == nil && g.isTable(root, l) {
			g.roots[half] = root
		}
	}
	return g.roots[half]
}

// allocate finds room for a table: the last pages of RAM that are free.
func (g *Guest) allocate(l *level) uint64 {
	size := max(pageSize, g.mode.tableSize(l))
	for i := len(g.ram) - 1; i >= 0; i-- {
		r := g.ram[i]
		end := min(r.last, g.bottom-1) // the last byte that may be used
		if g.mode.bits == 32 {         // CR3 reaches no further
			end = min(end, 1<<32-1)
		}
		for at := (end + 1) &^ (size - 1); at >= size && at-size >= r.base; {
			at -= size
			if at != 0 && g.free(interval{at, at + size - 1}) {
				g.bottom = at
				return at
			}
		}
	}
	g.fail("there is no free page for a page table; %s", g.ramIs())
	return 0
}

func (g *Guest) free(i interval) bool {
	for at := i.base; at < i.last; at += pageSize {
		if _, written := g.pages[at/pageSize]; written || g.tables[at/pageSize] || at == g.roots[0]&^(pageSize-1) || at == g.roots[1]&^(pageSize-1) {
			return false
		}
	}
	return !slices.ContainsFunc(g.absent, i.overlaps) &&
		!slices.ContainsFunc(g.devices, func(d savevm.Range) bool { return i.overlaps(interval{d.Base, d.Last()}) })
}
