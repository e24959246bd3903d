package savevm

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The guest-physical map is not in a migration stream. It is inferred here, from the most certain source that there is, and
// the image says which one that was.

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// physicalLayout is a guest-physical map: ranges of which later ones lie over earlier ones.
type physicalLayout struct {
	ranges   []Range
	size     uint64 // of the guest's RAM in bytes, what firmware lies over included; 0: that of the ranges
	source   string
	warnings []Warning
}

func (l *physicalLayout) warn(format string, args ...any) {
	l.warnings = append(l.warnings, Warning{Section: "", Offset: -1, Text: fmt.Sprintf(format, args...)})
}

func (l *physicalLayout) add(base, size uint64, kind RangeKind, b *Block, offset uint64, name string) {
	l.ranges = append(l.ranges, Range{Base: base, Size: size, Kind: kind, Block: b, Offset: offset, Name: name})
}

func layoutMap(img *Image, f *found, o Options) *physicalLayout {
	switch {
	case o.Map != nil:
		return &physicalLayout{ranges: o.Map, source: "the map that was given"}
	case f.ranges != nil:
		return &physicalLayout{ranges: f.ranges, source: f.mapSource}
	case len(f.blocks) == 0:
		return &physicalLayout{source: "nothing: the image holds no RAM"}
	}
	for _, board := range boards {
		if b := img.Block(board.ram); b != nil {
			return board.layout(img)
		}
	}
	return layoutPC(img, o)
}

// A board has its RAM at one place, and flash at others.
type board struct {
	ram   string
	base  uint64
	flash []Range // Block by Name
}

// boards is every machine other than PCs, by the name of its RAM block. Sources: QEMU's hw/arm/virt.c and hw/riscv/virt.c,
// their memory maps.
var boards = []board{
	{"mach-virt.ram", 0x40000000, []Range{{Name: "virt.flash0"}, {Name: "virt.flash1", Base: 0x04000000}}},
	{"riscv_virt_board.ram", 0x80000000, []Range{
		{Name: "riscv_virt_board.mrom", Base: 0x1000}, {Name: "virt.flash0", Base: 0x20000000}, {Name: "virt.flash1", Base: 0x22000000},
		{Name: "riscv.virt.flash0", Base: 0x20000000}, {Name: "riscv.virt.flash1", Base: 0x22000000}}},
}

func (b board) layout(img *Image) *physicalLayout {
	l := &physicalLayout{source: "the block " + b.ram + ", of QEMU's virt machine"}
	for _, f := range b.flash {
		if block := img.Block(f.Name); block != nil {
			l.add(f.Base, block.Size, KindROM, block, 0, "flash")
		}
	}
	ram := img.Block(b.ram)
	l.add(b.base, ram.Size, KindRAM, ram, 0, "RAM")
	return l
}

// layoutPC maps pc, q35 and microvm.
func layoutPC(img *Image, o Options) *physicalLayout {
	l := &physicalLayout{}
	main, extra := img.mainBlocks()
	total := uint64(0)
	for _, b := range main {
		total += b.Size
	}
	legacy := len(main) == 1 && main[0].Name == "ram" && isLegacy(img)
	below, above := l.split(img, o, total, legacy)
	nodes := ""
	if len(main) > 1 {
		nodes = "which is inferred from their names"
		if kept, rest, ok := byNode(main, img.nodeSizes(), below+above); ok {
			main, extra, total = kept, append(rest, extra...), below+above
			nodes = "as the guest's ACPI table SRAT has their sizes"
		}
	}
	if below+above > total { // less RAM than the CMOS says: take what is there
		l.warn("%s says %d MiB of RAM, the RAM blocks hold %d MiB", l.source, (below+above)/mib, total/mib)
		below = min(below, total)
		above = total - below
	} else if below+above < total && !legacy {
		main, extra = l.moveExtra(main, extra, below+above)
	}
	if len(main) < 2 {
		nodes = ""
	}
	l.size = below + above
	for _, b := range extra {
		l.size += b.Size
	}
	if nodes != "" && total > 0 {
		names := make([]string, len(main))
		for i, b := range main {
			names[i] = b.Name
		}
		l.warn("the guest's RAM is in several blocks; they are mapped in the order %s, %s", strings.Join(names, ", "), nodes)
	}
	l.place(main, 0, below, 0, "RAM below 4 GiB")
	l.place(main, 4*gib, above, below, "RAM above 4 GiB")
	extra = l.placeStated(img, extra, o.Place)
	l.placeDIMMs(extra, below, above, img.nvdimms())
	if legacy && below+above < total {
		l.source += fmt.Sprintf("; the last %d KiB of the stream's RAM are video memory and ROMs", (total-below-above)/kib)
	}
	l.firmware(img, below)
	return l
}

// isLegacy tells whether the stream has one address space for RAM, video memory and ROMs (RAM section version 3).
func isLegacy(img *Image) bool { return strings.HasSuffix(img.info.Version, "RAM section 3") }

// split is how much RAM lies below the PCI hole, and how much at 4 GiB.
func (l *physicalLayout) split(img *Image, o Options, total uint64, legacy bool) (below, above uint64) {
	if o.Below4G != 0 {
		l.source = "the size below 4 GiB that was given"
		below = min(total, o.Below4G)
		return below, total - below
	}
	if below, above, ok := img.cmosRAM(); ok {
		l.source = "CMOS of mc146818rtc"
		return below, above
	}
	machine := img.info.Machine
	below, rule := belowByMachine(machine, total)
	l.source = rule
	if machine == "" && total > belowDefault {
		l.warn("the guest-physical map rests on %s; if it is wrong, give the size of RAM below 4 GiB", rule)
	}
	if legacy {
		l.warn("the size of the guest's RAM is not known, as the stream has no CMOS: video memory and ROMs show as its end")
	}
	return below, total - below
}

// cmosRAM reads the sizes of RAM as the firmware does, from the RTC's CMOS: 0x30/0x31 KiB from 1 MiB on (up to 64 MiB),
// 0x34/0x35 64-KiB units from 16 MiB to 4 GiB, 0x5b to 0x5d 64-KiB units from 4 GiB on (QEMU's hw/i386/x86.c,
// x86_cmos_init; pc.c in older versions).
func (img *Image) cmosRAM() (below, above uint64, ok bool) {
	d := img.Device("mc146818rtc", 0)
	if d == nil {
		if d = img.Device("mc146818rtc", 112); d == nil { // up to 0.12 the instance was the I/O port
			return 0, 0, false
		}
	}
	raw, err := d.Head(128)
	if err != nil || len(raw) < 128 {
		return 0, 0, false
	}
	word := func(i int) uint64 { return uint64(raw[i]) | uint64(raw[i+1])<<8 }
	if high := word(0x34); high != 0 {
		below = 16*mib + high*64*kib
	} else if ext := word(0x30); ext != 0 {
		below = mib + ext*kib
	} else {
		return 0, 0, false // the machine does not fill it (microvm)
	}
	return below, (word(0x5b) | uint64(raw[0x5d])<<16) * 64 * kib, true
}

const belowDefault = 0x80000000 // up to here every PC has all its RAM below the hole

// machineSplits is how much RAM QEMU's machine types put below the PCI hole: limit bytes, or all when there are fewer than
// whole bytes. Sources: QEMU's hw/i386/pc_piix.c, pc_q35.c, microvm.c.
var machineSplits = []struct {
	match       *regexp.Regexp
	upTo        string // the newest version of the row; "" for all
	limit, when uint64
}{

	{regexp.MustCompile(`^pc-0\.`), "", 0xe0000000, 0xe0000000},
	{regexp.MustCompile(`^pc-(i440fx-)?(\d+\.\d+)`), "1.7", 0xe0000000, 0xe0000000},
	{regexp.MustCompile(`^pc-i440fx-(rhel|)?(\d+\.\d+)`), "", 0xc0000000, 0xe0000000},
	{regexp.MustCompile(`^pc-q35-`), "", 0x80000000, 0xb0000000},
	{regexp.MustCompile(`^microvm`), "", 0xc0000000, 0xc0000000},
}

// belowByMachine is how much of total bytes lies below the hole by the machine's type, and the rule in words.
func belowByMachine(machine string, total uint64) (uint64, string) {
	for _, s := range machineSplits {
		m := s.match.FindStringSubmatch(machine)
		if m == nil || s.upTo != "" && !versionUpTo(m[len(m)-1], s.upTo) {
			continue
		}
		if total < s.when {
			return total, "machine type " + machine
		}
		return s.limit, "machine type " + machine
	}
	// Machines of a distribution's own (pc-i440fx-focal) and streams without a name: the newer PC's rule.
	if machine != "" {
		machine = " " + machine
	}
	if total >= 0xe0000000 {
		return 0xc0000000, "the rule of pc-i440fx, as the machine type" + machine + " is not known"
	}
	return total, "the rule of pc-i440fx, as the machine type" + machine + " is not known"
}

// versionUpTo compares two versions of the form 1.7.
func versionUpTo(v, limit string) bool {
	part := func(s string) [2]int {
		major, minor, _ := strings.Cut(s, ".")
		a, _ := strconv.Atoi(major)
		b, _ := strconv.Atoi(minor)
		return [2]int{a, b}
	}
	a, b := part(v), part(limit)
	return a[0] < b[0] || a[0] == b[0] && a[1] <= b[1]
}

// notRAM are the blocks that are not the guest's main memory, by the end of their name.
var notRAM = regexp.MustCompile(`(^|/)rom@|\.(rom|bios|bin|flash\d?|mrom)$|vram|^system\.flash|^pc\.(bios|rom)$|^isa-bios$|^[0-9a-f]{4}:[0-9a-f]{2}:|` +
	`(^|/)(vga|vmsvga|qxl|vmware|ramfb|ivshmem|nvdimm|virtio)[.\-_]`)

// mainBlocks are the blocks of the guest's main memory in address order, and those that may be memory devices (DIMMs).
func (img *Image) mainBlocks() (main, extra []*Block) {
	for _, name := range []string{"pc.ram", "ram", "microvm.ram"} {
		if b := img.Block(name); b != nil {
			main = []*Block{b}
			break
		}
	}
	for _, b := range img.blocks {
		if (!notRAM.MatchString(b.Name) || img.isVirtioMem(b)) && !slices.Contains(main, b) {
			extra = append(extra, b)
		}
	}
	byName(extra)
	if main != nil {
		return main, extra
	}
	return extra, nil // NUMA nodes with a memory backend each
}

// byName puts blocks into the order in which a person would have made them, by their names (m0, m1; ram-node0, ram-node1). The
// stream has the larger blocks first, and those of one size in the order of their making (QEMU's ram_block_add), which is
// better evidence than names, so they stay in that order.
func byName(blocks []*Block) {
	bySize := map[uint64][]*Block{}
	for _, b := range blocks {
		bySize[b.Size] = append(bySize[b.Size], b)
	}
	slices.SortStableFunc(blocks, func(a, b *Block) int { return cmp.Compare(naturalKey(a.Name), naturalKey(b.Name)) })
	for i, b := range blocks {
		same := bySize[b.Size]
		blocks[i], bySize[b.Size] = same[0], same[1:]
	}
}

// byNode finds the blocks of NUMA nodes by the nodes' sizes, which must be size together, in the nodes' order; rest is the other
// blocks. It gives false where the sizes do not tell.
func byNode(blocks []*Block, sizes []uint64, size uint64) (nodes, rest []*Block, ok bool) {
	rest = slices.Clone(blocks)
	for _, n := range sizes { // of equal ones, the first made
		i := slices.IndexFunc(rest, func(b *Block) bool { return b.Size == n })
		if i < 0 {
			return nil, nil, false
		}
		nodes = append(nodes, rest[i])
		rest = slices.Delete(rest, i, i+1)
		size -= n
	}
	return nodes, rest, size == 0 && len(nodes) > 0
}

// naturalKey makes numbers in a name sort by value.
func naturalKey(name string) string {
	return digits.ReplaceAllStringFunc(name, func(d string) string { return fmt.Sprintf("%020s", d) })
}

var digits = regexp.MustCompile(`\d+`)

// place maps size bytes of the concatenated blocks from skip on at base.
func (l *physicalLayout) place(blocks []*Block, base, size, skip uint64, name string) {
	for _, b := range blocks {
		if skip >= b.Size {
			skip -= b.Size
			continue
		}
		n := min(b.Size-skip, size)
		if n > 0 {
			l.add(base, n, KindRAM, b, skip, name)
		}
		base, size, skip = base+n, size-n, 0
	}
}

// baseName is a device's or block's name without the bus path before it.
func baseName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }
