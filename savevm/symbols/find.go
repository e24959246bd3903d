package symbols

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/scan"
	"github.com/svscript/svscript/savevm/symbols/kallsyms"
	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// Options override what Find infers. The zero value infers everything.
type Options struct {
	KernelRoot uint64  // physical address of the kernel's page table (arm64: of the upper half's); 0: found
	KASLR      *uint64 // how far _text is from where it was linked; nil: found

	// SymbolFile is a vmlinux or debug file, a System.map, or a volatility3 ISF, for what the kernel does not carry itself.
	SymbolFile string
}

// NoKernelError says why there is no Linux kernel, in one line.
type NoKernelError struct{ Reason string }

func (e *NoKernelError) Error() string { return "no Linux kernel: " + e.Reason }

// Find finds the kernel that a guest runs. The error is a *NoKernelError when there is none. A kernel that can be found but
// lacks something (its symbols, its page table) is returned: Kernel.Missing tells what.
//
// With CPU registers that lead into the kernel, this takes milliseconds. Without, all memory is searched until ctx ends.
func Find(ctx context.Context, t Target, o Options) (*Kernel, error) {
	f := &finder{ctx: ctx, target: t, options: o}
	f.followCPUs()
	for _, w := range f.windows() {
		if k := f.search(w.first, w.last); k != nil {
			return f.finish(k)
		}
	}
	if k := f.withoutSymbols(); k != nil {
		return f.finish(k)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("the search for a kernel was ended: %w", err)
	}
	return nil, &NoKernelError{f.whyNone()}
}

// A finder collects what speaks for a kernel.
type finder struct {
	ctx     context.Context
	target  Target
	options Options

	traces   []trace  // from the CPUs
	banners  []uint64 // physical addresses of "Linux version "
	seen     map[uint64]bool
	examined int // token tables
	problems []string
	running  bool // some CPU has paging on
	unmapped string
}

// A trace is an address of kernel text that a CPU tells, and where it lies.
type trace struct {
	cpu      int
	register string
	arch     *architecture
	cfg      paging.Config // of the space that translates it
	virtual  uint64
	physical uint64
}

func (t *trace) delta() uint64 { return t.virtual - t.physical }

func (t *trace) String() string {
	return fmt.Sprintf("CPU %d %s = %#x, physical %#x", t.cpu, t.register, t.virtual, t.physical)
}

// followCPUs translates the entry points that the CPUs' registers tell, through each CPU's own tables.
func (f *finder) followCPUs() {
	for i, cpu := range f.target.CPUs {
		cfg := cpu.SpaceConfig()
		arch := architectureOfCPU(f.target.Arch, cfg)
		if arch == nil {
			continue
		}
		f.running = true
		for _, root := range rootsOf(cfg) {
			space, err := f.target.space(root)
			if err != nil {
				continue
			}
			for _, p := range arch.entryPoints(cpu, space) {
				if physical, err := space.Translate(p.address); err == nil {
					f.traces = append(f.traces, trace{i, p.register, arch, root, p.address, physical})
				} else if f.unmapped == "" {
					f.unmapped = fmt.Sprintf("%s = %#x of CPU %d is not mapped", p.register, p.address, i)
				}
			}
		}
	}
}

type window struct{ first, last uint64 }

// windows lists where to search: beside the text that the CPUs tell, then everywhere.
func (f *finder) windows() []window {
	const before, after = 8 << 20, 56 << 20 // .text is up to 30 MiB, and .rodata follows it
	var all []window
	for _, t := range f.traces {
		w := window{t.physical - min(before, t.physical), t.physical + after}
		covered := func(v window) bool { return t.physical >= v.first+before && t.physical < v.last-after/2 }
		if !slices.ContainsFunc(all, covered) {
			all = append(all, w)
		}
	}
	return append(all, window{0, math.MaxUint64})
}

var (
	bannerPrefix = []byte("Linux version ")
	wanted       = []scan.Pattern{scan.Must(scan.Bytes(kallsyms.Signature)), scan.Must(scan.Bytes(bannerPrefix))}
)

// search looks for a kernel's tables from first to last, and for banners.
func (f *finder) search(first, last uint64) *Kernel {
	const limit = 1 << 16
	for hit := range scan.Scan(f.ctx, f.target.Memory, wanted, scan.Options{First: first, Last: last, Limit: limit}).Hits() {
		if hit.Pattern == 1 {
			if !slices.Contains(f.banners, hit.Address) && len(f.banners) < 1024 {
				f.banners = append(f.banners, hit.Address)
			}
			continue
		}
		if k := f.tables(hit.Address); k != nil {
			return k
		}
	}
	return nil
}

// tables decodes the tables around a token table and finds out to where they belong.
func (f *finder) tables(digits uint64) *Kernel {
	const maxTables = 64 // of one guest: a kernel's, copies of it, and guests within
	if f.seen[digits] || f.examined >= maxTables || f.ctx.Err() != nil {
		return nil
	}
	if f.seen == nil {
		f.seen = map[uint64]bool{}
	}
	f.seen[digits] = true
	c, err := kallsyms.Examine(f.target.Memory, digits)
	if err != nil {
		f.problem("%v", err)
	}
	if c == nil && err == nil {
		return nil
	}
	f.examined++
	if c == nil {
		return nil
	}
	r, err := c.Decode()
	if err != nil {
		f.problem("%v", err)
		return nil
	}
	arch := f.architecture(r)
	if arch == nil {
		f.problem("kallsyms at physical %#x is of no architecture that is known here", c.TokenTable)
		return nil
	}
	k := &Kernel{Arch: arch.name, ABI: arch.abi, arch: arch, target: f.target, Layout: r.Form, tokenTable: c.TokenTable}
	if !f.place(k, r) {
		f.problem("kallsyms at physical %#x belongs to no kernel that is mapped", c.TokenTable)
		return nil
	}
	k.evidence("%d symbols: kallsyms at physical %#x, %s", r.Table.Len(), c.TokenTable, r.Form)
	if r.Missing > 0 {
		k.lost = r.Missing
		k.missing("%d of %d symbols: pages of kallsyms are gone", r.Missing, r.Count)
	}
	return k
}

func (f *finder) problem(format string, args ...any) {
	if len(f.problems) < 16 {
		f.problems = append(f.problems, fmt.Sprintf(format, args...))
	}
}

// architecture tells what a table's kernel runs on: what its own symbols say.
func (f *finder) architecture(r *kallsyms.Result) *architecture {
	for _, a := range architectures {
		if _, ok := r.Table.Address(a.abiSymbol); ok && a.bits == r.Bits {
			return a
		}
	}
	for _, t := range f.traces {
		if t.arch.bits == r.Bits {
			return t.arch
		}
	}
	if a := architectureOf(f.target.Arch); a != nil && a.bits == r.Bits {
		return a
	}
	return nil
}

// place finds how far the kernel's virtual addresses are from the physical ones, and what tells so.
func (f *finder) place(k *Kernel, r *kallsyms.Result) bool {
	for _, t := range f.traces {
		if t.arch != k.arch {
			continue
		}
		table := r.Table
		at := t.virtual
		if r.InPlace {
			at = t.physical
		}
		// An entry point has a symbol of its own; a program counter may be anywhere.
		l, ok := table.Symbolize(at)
		exact := ok && l.Offset == 0 || k.arch.name == "aarch64" && ok && l.Offset%0x800 == 0
		if !exact && !f.hasBanner(table, r.InPlace, t.delta()) {
			continue
		}
		if !f.hasBanner(table, r.InPlace, t.delta()) && hasSymbol(table, "linux_banner") {
			continue
		}
		k.setTable(r, t.delta())
		k.evidence("%s is %s", t.String(), l)
		return true
	}
	return f.placeByRoots(k, r) || f.placeByBanner(k, r) || f.placeWithoutTables(k, r)
}

// placeByRoots places a kernel whose text no CPU's registers lead to, as all are in user mode on tables of their own (KPTI): a page
// table beside a CPU's maps the kernel's text where kallsyms says that it is, and kallsyms itself as far from there.
func (f *finder) placeByRoots(k *Kernel, r *kallsyms.Result) bool {
	if r.InPlace {
		return false
	}
	for i, cpu := range f.target.CPUs {
		cfg := cpu.SpaceConfig()
		if architectureOfCPU(f.target.Arch, cfg) != k.arch {
			continue
		}
		for _, root := range rootsOf(cfg) {
			space, err := f.target.space(root)
			text, ok := r.Table.Address("_stext")
			if err != nil || !ok {
				continue
			}
			physical, err := space.Translate(text)
			if err != nil {
				continue
			}
			delta := text - physical
			if at, err := space.Translate(k.mask(k.tokenTable + delta)); err != nil || at != k.tokenTable {
				continue
			}
			k.setTable(r, delta)
			if k.findRoot(f) {
				k.evidence("the page table %#x, beside that of CPU %d, maps _stext and kallsyms where they lie", max(root.Root, root.TTBR1), i)
				return true
			}
		}
	}
	return false
}

func hasSymbol(t *symtab.Table, name string) bool {
	_, ok := t.Address(name)
	return ok
}

// hasBanner checks that linux_banner is where it would be with this distance between virtual and physical addresses.
func (f *finder) hasBanner(t *symtab.Table, inPlace bool, delta uint64) bool {
	at, ok := t.Address("linux_banner")
	if !ok || delta&0xfff != 0 {
		return false
	}
	if !inPlace {
		at -= delta
	}
	return isBanner(f.target.Memory, at)
}

func isBanner(mem memory.Memory, physical uint64) bool {
	b := make([]byte, len(bannerPrefix))
	_, err := mem.ReadMemory(b, physical)
	return err == nil && string(b) == string(bannerPrefix)
}

// placeByBanner places a kernel that no CPU leads to: a banner in memory that can be linux_banner gives the distance, and the
// kernel's page table, which is then known too, must confirm it.
func (f *finder) placeByBanner(k *Kernel, r *kallsyms.Result) bool {
	banner, ok := r.Table.Address("linux_banner")
	if r.InPlace {
		return ok && isBanner(f.target.Memory, banner) && f.placeByTable(k, r, banner)
	}
	var deltas []uint64
	for _, b := range f.banners {
		if ok && (banner-b)&0xfff == 0 {
			deltas = append(deltas, banner-b)
		}
	}
	if k.arch.bits == 32 { // lowmem: CONFIG_PAGE_OFFSET, arch/x86/Kconfig
		deltas = append(deltas, 0xc0000000, 0xb0000000, 0x80000000, 0x78000000, 0x40000000)
	}
	for _, delta := range deltas {
		k.setTable(r, delta)
		if k.findRoot(f) {
			k.evidence("linux_banner, or a page table that maps it, at the physical address that kallsyms implies")
			return true
		}
	}
	return k.arch.bits == 32 && !hasSymbol(r.Table, "linux_banner") && f.assumeLowmem(k, r)
}

// assumeLowmem places a 32-bit kernel that has neither variables by name nor a CPU that leads to it where nearly all are: at
// CONFIG_PAGE_OFFSET 0xc0000000, if its kallsyms and a banner then lie in the image.
func (f *finder) assumeLowmem(k *Kernel, r *kallsyms.Result) bool {
	const size = 64 << 20
	k.setTable(r, 0xc0000000)
	inImage := func(physical uint64) bool { return physical >= k.PhysicalBase && physical-k.PhysicalBase < size }
	if !inImage(k.tokenTable) || !slices.ContainsFunc(f.banners, inImage) {
		return false
	}
	k.evidence("assumed: the kernel is mapped at 0xc0000000 (CONFIG_PAGE_OFFSET), where nearly all of 32 bits are")
	return true
}

// systemCallEntry is the register that holds the address of a symbol.
var systemCallEntry = map[string]struct{ register, symbol string }{
	"x86_64": {"lstar", "entry_SYSCALL_64"}, "aarch64": {"vbar_el1", "vectors"}, "riscv64": {"stvec", "handle_exception"},
}

// placeWithoutTables places a kernel that no page table maps any more: by a banner and kallsyms, which both must be where its symbols
// imply, or, where these say only how far they are from each other, by the CPU's register that leads to one of them.
func (f *finder) placeWithoutTables(k *Kernel, r *kallsyms.Result) bool {
	fits := func(delta uint64) bool {
		if delta&0xfff != 0 || !f.hasBanner(r.Table, r.InPlace, delta) {
			return false
		}
		k.setTable(r, delta)
		at := k.mask(k.tokenTable + delta)
		return k.VirtualBase != 0 && at > k.VirtualBase && at < k.End
	}
	if !r.InPlace {
		banner, _ := r.Table.Address("linux_banner")
		for _, b := range f.likelyBanners() {
			if fits(banner - b) {
				k.evidence("the banner and kallsyms lie in memory as far from each other as in the kernel")
				return true
			}
		}
		return f.placeByVMCoreInfo(k, r)
	}
	e := systemCallEntry[k.arch.name]
	at, ok := r.Table.Address(e.symbol)
	for i, cpu := range f.target.CPUs {
		if v := cpu.Value(e.register); ok && v >= k.arch.lowest && fits(v-at) {
			k.evidence("CPU %d %s = %#x is %s, and the banner is as far from there as in the kernel", i, e.register, v, e.symbol)
			return true
		}
	}
	return f.placeByVMCoreInfo(k, r)
}

// placeByVMCoreInfo places a kernel as its note about itself says: how far its image is from physical addresses. kallsyms must lie in it.
func (f *finder) placeByVMCoreInfo(k *Kernel, r *kallsyms.Result) bool {
	first, ok := r.Table.Address("_stext")
	for _, info := range f.vmcoreinfos() {
		delta, ok2 := imageOffset(info)
		if !ok || !ok2 || delta&0xfff != 0 {
			continue
		}
		const reach = 64 << 20
		text := first
		if !r.InPlace {
			text -= delta
		}
		if text < k.tokenTable && k.tokenTable-text < reach {
			k.setTable(r, delta)
			k.evidence("VMCOREINFO says that the kernel's image is %#x from its physical addresses, and kallsyms lies there", delta)
			return true
		}
	}
	return false
}

// imageOffset is how far virtual addresses of the kernel's image are from physical ones (arch/*/kernel/vmcore_info.c).
func imageOffset(info map[string]string) (delta uint64, ok bool) {
	for _, name := range []string{"kimage_voffset", "va_kernel_pa_offset"} { // arm64, riscv64
		if text, found := info["NUMBER("+name+")"]; found {
			v, err := strconv.ParseUint(strings.TrimPrefix(text, "0x"), 16, 64)
			return v, err == nil
		}
	}
	const startKernelMap = 0xffffffff80000000 // __START_KERNEL_map, arch/x86/include/asm/page_64_types.h
	v, err := strconv.ParseInt(info["NUMBER(phys_base)"], 10, 64)
	return startKernelMap - uint64(v), err == nil
}

// vmcoreinfos are the notes of kernels about themselves: the image's, or those that fill a page of memory from its start.
func (f *finder) vmcoreinfos() (all []map[string]string) {
	if len(f.target.VMCoreInfo) > 0 {
		return []map[string]string{parseVMCoreInfo(f.target.VMCoreInfo)}
	}
	options := scan.Options{Align: 4096, Limit: 16}
	for hit := range scan.Scan(f.ctx, f.target.Memory, []scan.Pattern{scan.Must(scan.Bytes(vmcoreinfoStart))}, options).Hits() {
		all = append(all, parseVMCoreInfo(readText(f.target.Memory, hit.Address, maxVMCoreInfo)))
	}
	return all
}

// placeByTable places a kernel whose symbols say only how far they are from each other: its page table tells where it is mapped.
func (f *finder) placeByTable(k *Kernel, r *kallsyms.Result, banner uint64) bool {
	for _, name := range k.arch.roots {
		root, ok := r.Table.Address(name)
		if !ok {
			continue
		}
		for _, mode := range k.modes(f) {
			space, err := f.target.space(rooted(mode, root))
			if err != nil {
				continue
			}
			for m := range space.MappingsContext(f.ctx, k.arch.lowest, math.MaxUint64, 0).All() {
				// The direct map comes first; the kernel's image is mapped above it, executable.
				if banner < m.Physical || banner-m.Physical >= m.Size || m.Base>>47 != 0x1ffff {
					continue
				}
				k.setTable(r, m.Base-m.Physical)
				if text, ok := r.Table.Address("_stext"); ok && executable(space, text+k.delta) && k.findRoot(f) {
					k.evidence("%s maps the kernel's image", name)
					return true
				}
			}
		}
	}
	return false
}

// withoutSymbols makes a kernel of a CPU's registers and a banner beside its text: for kernels without kallsyms.
func (f *finder) withoutSymbols() *Kernel {
	banners := f.likelyBanners()
	for _, t := range f.traces {
		for _, b := range banners {
			const reach = 64 << 20
			if b-t.physical > reach && t.physical-b > reach {
				continue
			}
			space, err := f.target.space(t.cfg)
			if err != nil {
				continue
			}
			if physical, err := space.Translate(b + t.delta()); err != nil || physical != b {
				continue
			}
			k := &Kernel{Arch: t.arch.name, ABI: t.arch.abi, arch: t.arch, target: f.target, delta: t.delta(), bannerAt: b + t.delta()}
			k.Symbols = newSymbols(nil)
			k.VirtualBase = imageStart(space, t.virtual)
			k.PhysicalBase = k.VirtualBase - k.delta
			k.evidence("%s, and a banner at physical %#x beside it", t.String(), b)
			k.missing("kallsyms: %s", f.whyNoTables())
			k.setRoot(f, t.cfg, fmt.Sprintf("the page table of CPU %d", t.cpu))
			return k
		}
	}
	return nil
}

// likelyBanners are those that may be linux_banner and no copy of it in a log: the compiler aligns long strings to 8 bytes at least.
func (f *finder) likelyBanners() []uint64 {
	var likely []uint64
	for _, b := range f.banners {
		if b%8 == 0 && buildNumber.MatchString(bannerText(f.target.Memory, b)) {
			likely = append(likely, b)
		}
	}
	slices.Sort(likely)
	return likely
}

// imageStart is where the run of pages around an address begins that lie in memory as they are mapped.
func imageStart(space *paging.Space, address uint64) uint64 {
	const reach = 64 << 20
	start, delta := address&^0xfff, uint64(0)
	for m := range space.Mappings(address-min(reach, address), address, 0).All() {
		if d := m.Base - m.Physical; d != delta || start == address&^0xfff {
			start, delta = m.Base, d
		}
	}
	return start
}

func (f *finder) whyNoTables() string {
	if len(f.problems) > 0 {
		return f.problems[0]
	}
	return "no token table in memory (built without CONFIG_KALLSYMS, or the pages are gone)"
}

// whyNone is the reason of a NoKernelError.
func (f *finder) whyNone() string {
	for _, c := range f.target.CPUs {
		if lstar := c.Value("lstar"); lstar>>40 == 0xfffff8 {
			return fmt.Sprintf("the CPUs enter their kernel at %#x, as Windows does, and memory holds no kallsyms", lstar)
		}
	}
	switch {
	case len(f.problems) > 0:
		return f.problems[0]
	case len(f.banners) > 0:
		return fmt.Sprintf("a banner at physical %#x, but neither kallsyms nor a CPU that runs a kernel beside it", f.banners[0])
	case len(f.target.CPUs) > 0 && !f.running:
		return "no CPU has paging on, and memory holds neither a banner (\"Linux version …\") nor kallsyms"
	case f.unmapped != "":
		return "memory holds neither a banner (\"Linux version …\") nor kallsyms, and " + f.unmapped
	}
	return "memory holds neither a banner (\"Linux version …\") nor kallsyms"
}
