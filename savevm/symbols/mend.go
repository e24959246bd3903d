package symbols

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/scan"
)

// Of page tables that memory has lost, two parts are known without them: the kernel's image and its map of all RAM are each as far from
// their physical addresses everywhere. Tables that say so are made and laid over what is left of the kernel's own.

const (
	tableSize = 4096
	largePage = 2 << 20 // what an entry of the last table but one maps
	pageShift = 12
	entryBits = 9
	leafShift = pageShift + entryBits
)

// A coding is how entries of page tables of 4 KiB are written.
type coding struct {
	levels        int
	present, leaf func(entry uint64) bool // leaf: of a present one that is not in the last table
	address       func(entry uint64) uint64
	table         func(physical uint64) uint64
	large         func(physical uint64, executable bool) uint64
}

// codingOf is that of a mode; ok is false for modes whose tables are not mended here.
func codingOf(cfg paging.Config) (c coding, ok bool) {
	const physical = 1<<52 - tableSize
	present := func(e uint64) bool { return e&1 != 0 }
	switch cfg.Mode {
	case "x86-4level", "x86-5level": // Intel SDM 3A, 4.5
		c = coding{levels: 4, present: present, leaf: func(e uint64) bool { return e&0x80 != 0 },
			address: func(e uint64) uint64 { return e & physical },
			table:   func(p uint64) uint64 { return p | 0x63 },
			large: func(p uint64, executable bool) uint64 {
				if e := p | 0xe3; executable || !cfg.NXE {
					return e
				}
				return p | 0xe3 | 1<<63
			}}
		if cfg.Mode == "x86-5level" {
			c.levels = 5
		}
	case "arm64-4k": // Arm ARM, D8.3
		bits := 64 - cfg.TCR>>16&63
		if bits < 31 || bits > 48 {
			return c, false
		}
		c = coding{levels: int(bits-pageShift+entryBits-1) / entryBits, present: present, leaf: func(e uint64) bool { return e&2 == 0 },
			address: func(e uint64) uint64 { return e & (1<<48 - tableSize) },
			table:   func(p uint64) uint64 { return p | 3 },
			large: func(p uint64, executable bool) uint64 {
				const never = 3 << 53 // UXN, PXN
				if e := p | 0x701; executable {
					return e
				}
				return p | 0x701 | never
			}}
	case "sv39", "sv48", "sv57": // RISC-V Privileged, 12.4
		c = coding{levels: map[string]int{"sv39": 3, "sv48": 4, "sv57": 5}[cfg.Mode], present: present, leaf: func(e uint64) bool { return e&0xe != 0 },
			address: func(e uint64) uint64 { return e >> 10 & (1<<44 - 1) << pageShift },
			table:   func(p uint64) uint64 { return p>>pageShift<<10 | 1 },
			large: func(p uint64, executable bool) uint64 {
				if executable {
					return p>>pageShift<<10 | 0xef
				}
				return p>>pageShift<<10 | 0xe7
			}}
	default:
		return c, false
	}
	return c, true
}

// A linear part of the kernel's space is as far from its physical addresses everywhere.
type linear struct {
	name       string
	delta      uint64 // virtual minus physical
	ram        []memory.Extent
	executable bool
}

// chunks yields the physical addresses of large pages that hold RAM of it.
func (l *linear) chunks() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		next := uint64(0)
		for _, e := range l.ram {
			for at := max(next, e.Base&^(largePage-1)); at < e.Base+e.Size; at += largePage {
				if !yield(at) {
					return
				}
				next = at + largePage
			}
		}
	}
}

// ram lists the guest's memory, neighbours as one: on arm64 and riscv64, what lies below the kernel's is flash memory.
func (k *Kernel) ram(f *finder) []memory.Extent {
	var all []memory.Extent
	for e := range f.target.Memory.Extents(0, math.MaxUint64) {
		if e.Kind != memory.Data && e.Kind != memory.Fill {
			continue
		}
		if n := len(all); n > 0 && all[n-1].Base+all[n-1].Size == e.Base {
			all[n-1].Size += e.Size
		} else {
			all = append(all, e)
		}
	}
	if i := slices.IndexFunc(all, func(e memory.Extent) bool { return k.PhysicalBase-e.Base < e.Size }); i > 0 && k.arch.name != "x86_64" {
		all = all[i:]
	}
	return all
}

// mendTables looks for what the kernel's page tables have lost, and gives the kernel a space that has it.
func (k *Kernel) mendTables(f *finder) {
	var tables []paging.Config // the kernel's own, or what may be its
	if k.Space != nil {
		tables = []paging.Config{k.Root}
	} else {
		tables = k.possibleRoots(f)
	}
	if len(tables) == 0 || k.VirtualBase == 0 {
		return
	}
	c, ok := codingOf(tables[0])
	if !ok {
		return
	}
	ram := k.ram(f)
	m := &mender{k: k, c: c, tables: &madeTables{Memory: f.target.Memory}}
	if n := len(ram); n > 0 {
		m.tables.base = (ram[n-1].Base + ram[n-1].Size + largePage - 1) &^ (largePage - 1)
	}
	var broken []*linear
	for _, l := range k.linearParts(tables[0], ram) {
		if m.brokenOf(l) {
			broken = append(broken, l)
		}
	}
	if len(broken) == 0 {
		return
	}
	m.root = m.copyRoot(tables)
	for _, l := range broken {
		n := 0
		for at := range l.chunks() {
			if m.link(at+l.delta, at, l.executable) {
				n++
			}
		}
		k.missing("page tables of %s: %d MiB of it are taken to be where the rest is, %#x from their physical addresses", l.name, n*largePage>>20, l.delta)
	}
	cfg := tables[0]
	made := rooted(cfg, m.root)
	made.PhysBits, made.NoCache = 0, false
	space, err := paging.New(m.tables, made)
	if err != nil {
		return
	}
	if k.Space == nil {
		k.Root = cfg
	}
	k.Space = space
	k.evidence("page table %#x, %s: made of what is left of the kernel's own", max(cfg.Root, cfg.TTBR1), space.Mode())
}

// possibleRoots are the page tables that may be the kernel's, its own first.
func (k *Kernel) possibleRoots(f *finder) []paging.Config {
	var all []paging.Config
	mode := k.modes(f)[0] // a CPU's, or else x86-64's, which has hardly another
	if k.arch.name != "x86_64" && !slices.ContainsFunc(f.target.CPUs, func(c CPU) bool { return architectureOfCPU(f.target.Arch, c.SpaceConfig()) == k.arch }) {
		return nil
	}
	for _, name := range k.arch.roots {
		if at, ok := k.Symbols.kernel.Address(name); ok {
			all = append(all, rooted(mode, at-k.delta))
		}
	}
	for _, cpu := range f.target.CPUs {
		if cfg := cpu.SpaceConfig(); architectureOfCPU(f.target.Arch, cfg) == k.arch {
			all = append(all, rootsOf(cfg)...)
		}
	}
	return all
}

// linearParts are the kernel's image, and its map of all RAM where lists tell how far that is from physical addresses.
func (k *Kernel) linearParts(cfg paging.Config, ram []memory.Extent) (parts []*linear) {
	if k.delta%largePage == 0 {
		parts = append(parts, &linear{name: "the kernel's image", delta: k.delta, ram: k.imageParts(), executable: true})
	}
	if delta, ok := k.directMap(cfg); ok {
		parts = append(parts, &linear{name: "the kernel's map of all RAM", delta: delta, ram: ram})
	}
	return parts
}

// imageParts is what of the kernel's image must be mapped: what only starts it is given back.
func (k *Kernel) imageParts() []memory.Extent {
	const likely = 32 << 20
	last := k.PhysicalBase + likely
	if k.End > k.VirtualBase {
		last = k.End - k.delta
	}
	first, ok1 := k.Symbols.kernel.Address("__init_begin")
	next, ok2 := k.Symbols.kernel.Address("__init_end")
	text, ok3 := k.Symbols.kernel.Address("_etext")
	from, to := (first-k.delta+largePage-1)&^(largePage-1), (next-k.delta)&^(largePage-1)
	switch {
	case ok1 && ok2 && k.PhysicalBase < from && from < to && to < last:
		return []memory.Extent{{Base: k.PhysicalBase, Size: from - k.PhysicalBase}, {Base: to, Size: last - to}}
	case !(ok1 && ok2) && ok3 && text > k.VirtualBase && k.Space != nil:
		last = text - k.delta
	}
	return []memory.Extent{{Base: k.PhysicalBase, Size: last - k.PhysicalBase}}
}

// directMap finds how far the kernel's map of all RAM is from physical addresses: variables in the image lead to structs in it, which lead back.
func (k *Kernel) directMap(cfg paging.Config) (delta uint64, ok bool) {
	word := uint64(k.arch.bits / 8)
	for _, name := range []string{"slab_caches", "super_blocks"} { // list heads; the first nodes are allocated by kmalloc
		head, ok := k.Symbols.kernel.Address(name)
		if !ok {
			continue
		}
		next, err := memory.ReadU64(k.target.Memory, head-k.delta)
		if err != nil || word != 8 || next < k.arch.lowest || next == head {
			continue
		}
		if k.Space != nil {
			if physical, err := k.Space.Translate(next); err == nil {
				if back, err := memory.ReadU64(k.target.Memory, physical+word); err == nil && back == head {
					return next - physical, true
				}
			}
		}
		var want [8]byte
		binary.LittleEndian.PutUint64(want[:], head)
		found := 0
		for hit := range scan.Scan(k.context(), k.target.Memory, []scan.Pattern{scan.Must(scan.Bytes(want[:]))}, scan.Options{Align: word, Limit: 256}).Hits() {
			if d := next - (hit.Address - word); d%largePage == 0 {
				delta = d
				found++
			}
		}
		if found == 1 {
			return delta, true
		}
	}
	return k.directMapARM64(cfg)
}

// directMapARM64 computes it: PAGE_OFFSET is the lowest address of the upper half, since Linux 5.4 (arch/arm64/include/asm/memory.h).
func (k *Kernel) directMapARM64(cfg paging.Config) (delta uint64, ok bool) {
	if k.arch.name != "aarch64" || !k.Version.AtLeast(5, 4) {
		return 0, false
	}
	start, err := uint64(0), error(nil)
	if at, ok := k.Symbols.kernel.Address("memstart_addr"); ok {
		start, err = memory.ReadU64(k.target.Memory, at-k.delta)
	} else {
		start, err = strconv.ParseUint(strings.TrimPrefix(k.VMCoreInfo()["NUMBER(PHYS_OFFSET)"], "0x"), 16, 64)
	}
	if err != nil || start%largePage != 0 {
		return 0, false
	}
	return -(uint64(1) << (64 - cfg.TCR>>16&63)) - start, true
}

// A mender makes page tables.
type mender struct {
	k      *Kernel
	c      coding
	tables *madeTables
	root   uint64
}

// brokenOf tells whether tables of a part are gone. What tables that are there do not map is not.
func (m *mender) brokenOf(l *linear) bool {
	if m.k.Space == nil {
		return true
	}
	for at := range l.chunks() {
		va := at + l.delta
		if physical, err := m.k.Space.Translate(va); err == nil && physical == at {
			continue
		}
		w := m.k.Space.Walk(va)
		if len(w.Steps) == 0 {
			continue
		}
		if w.Fault == nil || w.Fault.Kind != paging.FaultNotPresent || m.isDamaged(w.Steps[len(w.Steps)-1].TableAddress, len(w.Steps), at) {
			return true
		}
	}
	return false
}

// isDamaged tells whether a table that maps nothing at a physical address holds nothing at all, or what no such table does.
func (m *mender) isDamaged(table uint64, depth int, physical uint64) bool {
	b := m.tables.page(table)
	if b == nil {
		return true
	}
	if depth < m.c.levels {
		return bytes.Equal(m.tablePage(table), zeroPage[:])
	}
	elsewhere := 0
	for i := 0; i < len(b); i += 8 {
		if e := binary.LittleEndian.Uint64(b[i:]); m.c.present(e) && m.c.address(e) != physical+uint64(i/8)*tableSize {
			elsewhere++
		}
	}
	return elsewhere > 16
}

// madeTables is a memory with pages above all others.
type madeTables struct {
	memory.Memory
	base uint64
	made []byte
}

func (t *madeTables) ReadMemory(p []byte, address uint64) (int, error) {
	if address < t.base || address-t.base >= uint64(len(t.made)) {
		return t.Memory.ReadMemory(p, address)
	}
	n := copy(p, t.made[address-t.base:])
	if n < len(p) {
		return n, &memory.Error{Address: address + uint64(n), Length: uint64(len(p)), Reason: memory.ReasonUnmapped, Space: "page tables"}
	}
	return n, nil
}

// page reads a page; nil where it cannot be read or holds nothing.
func (t *madeTables) page(address uint64) []byte {
	b := make([]byte, tableSize)
	if _, err := t.ReadMemory(b, address&^(tableSize-1)); err != nil || bytes.Equal(b, zeroPage[:]) {
		return nil
	}
	return b
}

var zeroPage [tableSize]byte

// add makes a table with such contents.
func (t *madeTables) add(contents []byte) uint64 {
	at := t.base + uint64(len(t.made))
	t.made = append(t.made, contents...)
	return at
}

func (t *madeTables) isMade(address uint64) bool { return address-t.base < uint64(len(t.made)) }

// entry is that of a table that was made.
func (t *madeTables) entry(table, index uint64) uint64 {
	return binary.LittleEndian.Uint64(t.made[table-t.base+8*index:])
}

func (t *madeTables) set(table, index, entry uint64) {
	binary.LittleEndian.PutUint64(t.made[table-t.base+8*index:], entry)
}

// tablePage is what is left of a table: zeros where it is gone. One that leads out of memory is damage.
func (m *mender) tablePage(address uint64) []byte {
	b := m.tables.page(address)
	if b == nil {
		return make([]byte, tableSize)
	}
	strange := 0
	for i := 0; i < len(b); i += 8 {
		e := binary.LittleEndian.Uint64(b[i:])
		var probe [1]byte
		if !m.c.present(e) || m.c.leaf(e) {
			continue
		}
		if _, err := m.tables.Memory.ReadMemory(probe[:], m.c.address(e)); err != nil {
			strange++
		}
	}
	if strange > 4 {
		return make([]byte, tableSize)
	}
	return b
}

// copyRoot makes the root: that of the first of the tables of which something is left.
func (m *mender) copyRoot(tables []paging.Config) uint64 {
	for _, cfg := range tables {
		if b := m.tablePage(max(cfg.Root, cfg.TTBR1) &^ (tableSize - 1) & (1<<48 - 1)); !bytes.Equal(b[tableSize/2:], zeroPage[tableSize/2:]) {
			return m.tables.add(b)
		}
	}
	return m.tables.add(zeroPage[:])
}

// link maps a large page, and tells whether it had to.
func (m *mender) link(virtual, physical uint64, executable bool) bool {
	table := m.root
	for level := m.c.levels; level > 2; level-- {
		shift := uint(pageShift + entryBits*(level-1))
		index := virtual >> shift & (1<<entryBits - 1)
		e := m.tables.entry(table, index)
		switch {
		case m.c.present(e) && m.c.leaf(e):
			return false
		case m.c.present(e) && m.tables.isMade(m.c.address(e)):
			table = m.c.address(e)
		default:
			contents := zeroPage[:]
			if m.c.present(e) {
				contents = m.tablePage(m.c.address(e))
			}
			next := m.tables.add(contents)
			m.tables.set(table, index, m.c.table(next))
			table = next
		}
	}
	index := virtual >> leafShift & (1<<entryBits - 1)
	if e := m.tables.entry(table, index); m.c.present(e) && (m.c.leaf(e) || m.mapsSome(m.c.address(e), physical)) {
		return false
	}
	m.tables.set(table, index, m.c.large(physical, executable))
	return true
}

// mapsSome tells whether a last table maps some page of a large one.
func (m *mender) mapsSome(table, physical uint64) bool {
	b := m.tables.page(table)
	for i := 0; i < len(b); i += 8 {
		if e := binary.LittleEndian.Uint64(b[i:]); m.c.present(e) && m.c.address(e) == physical+uint64(i/8)*tableSize {
			return true
		}
	}
	return false
}
