package symbols

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/symbols/btf"
	"github.com/svscript/svscript/savevm/symbols/debugfile"
	"github.com/svscript/svscript/savevm/symbols/infer"
	"github.com/svscript/svscript/savevm/symbols/kallsyms"
)

// A Kernel is the Linux kernel of a guest. It does not change, and is safe for parallel use.
type Kernel struct {
	Arch string // "x86_64", "i386", "aarch64", "riscv64"
	ABI  *ctype.ABI

	VirtualBase  uint64 // of _text
	PhysicalBase uint64 // of _text
	End          uint64 // of the image (_end), virtual; 0 when not known
	KASLR        uint64 // how far _text is from where it was linked; negative ones wrap
	KASLRKnown   bool

	Root  paging.Config // of the kernel's own page table; Mode "" when there is none
	Space *paging.Space // nil when no page table was found that maps the kernel

	Banner  string // "Linux version 6.1.0 (…) …", without the newline
	Version Version

	Symbols *Symbols
	Layout  kallsyms.Form // how kallsyms stores addresses; "" without it

	// PerCPUOffsets are what to add to a per-CPU symbol, by CPU number: one 0 on kernels without CONFIG_SMP.
	PerCPUOffsets []uint64

	Evidence []string // what every inference rests on, a line each
	Missing  []string // what could not be had, and why, a line each; see Gaps

	arch       *architecture
	target     Target
	options    Options
	delta      uint64 // of the image: virtual minus physical
	tokenTable uint64 // physical address of kallsyms' token table; 0: none
	lost       int    // symbols of kallsyms whose bytes are gone
	bannerAt   uint64 // virtual

	vmcoreinfo once[map[string]string]
	config     once[string]
	types      once[*btf.Spec]
	inferred   once[*infer.Types] // where there is no BTF
	modules    once[[]*Module]
	file       *debugfile.File // Options.SymbolFile, opened
}

// Version is a kernel's release.
type Version struct {
	Release             string // "6.1.0-56-cloud-amd64"
	Major, Minor, Patch int
}

// AtLeast reports whether the version is this one or newer.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// once is a value that is made when it is first asked for.
type once[T any] struct {
	do    sync.Once
	done  atomic.Bool
	value T
	err   error
}

func (o *once[T]) get(make func() (T, error)) (T, error) {
	o.do.Do(func() {
		o.value, o.err = make()
		o.done.Store(true)
	})
	return o.value, o.err
}

// made is the value if it was asked for before, and there is one.
func (o *once[T]) made() (value T, ok bool) {
	if !o.done.Load() || o.err != nil {
		return value, false
	}
	return o.value, true
}

func (k *Kernel) evidence(format string, args ...any) {
	k.Evidence = append(k.Evidence, fmt.Sprintf(format, args...))
}

func (k *Kernel) missing(format string, args ...any) {
	k.Missing = append(k.Missing, fmt.Sprintf(format, args...))
}

// setTable takes decoded symbols over, at a distance between virtual and physical addresses.
func (k *Kernel) setTable(r *kallsyms.Result, delta uint64) {
	table := r.Table
	if r.InPlace {
		table = table.Shift(delta, 0)
	}
	k.delta, k.Symbols = delta, newSymbols(table)
	k.VirtualBase = k.Symbols.first("_text", "_stext")
	k.PhysicalBase = k.VirtualBase - delta
	k.End, _ = table.Address("_end")
	k.bannerAt, _ = table.Address("linux_banner")
	k.Symbols.start, k.Symbols.end = k.VirtualBase, k.End
	if n := table.Len(); k.End == 0 && n > 0 { // functions only: the last ones are of .init.text
		k.Symbols.end = table.At(n-1).Address + 4096
	}
}

// modes lists the translations that the kernel's page tables may have: those of the CPUs, or all of the architecture.
func (k *Kernel) modes(f *finder) []paging.Config {
	var modes []paging.Config
	for _, c := range f.target.CPUs {
		cfg := c.SpaceConfig()
		if architectureOfCPU(f.target.Arch, cfg) == k.arch && len(modes) < 4 {
			modes = append(modes, cfg)
		}
	}
	return append(modes, k.arch.modes...)
}

// findRoot finds a page table that maps the kernel where its symbols say it is: the one that was asked for, the kernel's own,
// or a CPU's.
func (k *Kernel) findRoot(f *finder) bool {
	if root := f.options.KernelRoot; root != 0 {
		for _, mode := range k.modes(f) {
			if k.setRoot(f, rooted(mode, root), "as given") {
				return true
			}
		}
		k.missing("the page table at %#x that was given does not map the kernel", root)
	}
	for _, name := range k.arch.roots {
		at, ok := k.Symbols.kernel.Address(name)
		if !ok {
			continue
		}
		for _, mode := range k.modes(f) {
			if k.setRoot(f, rooted(mode, at-k.delta), name) {
				return true
			}
		}
	}
	for i, c := range f.target.CPUs {
		for _, cfg := range rootsOf(c.SpaceConfig()) {
			if k.setRoot(f, cfg, fmt.Sprintf("the page table of CPU %d", i)) {
				return true
			}
		}
	}
	return false
}

// setRoot takes a page table if it maps the kernel.
func (k *Kernel) setRoot(f *finder, cfg paging.Config, source string) bool {
	space, err := f.target.space(cfg)
	if err != nil {
		return false
	}
	for _, at := range []uint64{k.VirtualBase, k.bannerAt} {
		if at == 0 {
			continue
		}
		// The first page of the image may be unmapped (arm64: the header before _stext); the banner may not.
		if physical, err := space.Translate(at); (err != nil && k.bannerAt != 0 && at != k.bannerAt) || err == nil && physical == at-k.delta {
			continue
		}
		return false
	}
	k.Root, k.Space = cfg, space
	k.evidence("page table %#x, %s: %s, maps the kernel", max(cfg.Root, cfg.TTBR1), space.Mode(), source)
	return true
}

func executable(space *paging.Space, address uint64) bool {
	w := space.Walk(address)
	return w.Fault == nil && w.Flags&paging.FlagExec != 0 && w.Flags&paging.FlagPXN == 0
}

// finish reads what the found kernel tells about itself.
func (f *finder) finish(k *Kernel) (*Kernel, error) {
	k.options = f.options
	if k.Space == nil {
		k.findRoot(f)
	}
	if k.bannerAt == 0 {
		k.bannerFromHits(f)
	}
	if k.bannerAt != 0 {
		k.Banner = bannerText(imageMemory{k}, k.bannerAt)
	}
	k.Version = parseVersion(k.Banner)
	if k.Version.Release == "" {
		k.missing("the banner, and with it the version")
	}
	if f.options.SymbolFile != "" {
		if err := k.useFile(f.options.SymbolFile); err != nil {
			return nil, &SymbolFileError{err}
		}
		if k.Space == nil {
			k.findRoot(f)
		}
	}
	lacking := k.lost > 0 || !k.Symbols.hasData() // functions only, or not even those
	if lacking {
		k.addData()
	}
	k.mendTables(f)
	if k.Space == nil {
		k.missing("the kernel's page table: neither its own nor a CPU's maps it, so only its image can be read")
	}
	k.findKASLR()
	k.findPerCPU(f)
	if lacking {
		k.recoverData()
	}
	k.Symbols.modules = func() []*Module { m, _ := k.Modules(); return m }
	return k, nil
}

// buildNumber is in the banner of a finished kernel. The build leaves another one, without it, in the image (init/version.c).
var buildNumber = regexp.MustCompile(` #\d`)

// context is for searches that a method of the Kernel makes.
func (k *Kernel) context() context.Context { return context.Background() }

// bannerFromHits takes the first banner in the image, for kernels whose kallsyms has no data symbols (no CONFIG_KALLSYMS_ALL).
func (k *Kernel) bannerFromHits(f *finder) {
	end := k.PhysicalBase + 64<<20
	if k.End != 0 {
		end = k.End - k.delta
	}
	for _, b := range f.likelyBanners() {
		if b >= k.PhysicalBase && b < end {
			k.bannerAt = b + k.delta
			k.evidence("banner: the first in the image, at %#x", k.bannerAt)
			return
		}
	}
}

// maxBanner bounds a banner: it has the release, who built it and with which compiler, and when.
const maxBanner = 1024

func bannerText(mem memory.Memory, at uint64) string {
	b := make([]byte, maxBanner)
	n, _ := mem.ReadMemory(b, at)
	line, _, ok := bytes.Cut(b[:n], []byte("\n"))
	if !ok || !bytes.HasPrefix(line, bannerPrefix) || parseVersion(string(line)).Release == "" {
		return ""
	}
	return string(line)
}

func parseVersion(banner string) Version {
	fields := strings.Fields(strings.TrimPrefix(banner, string(bannerPrefix)))
	if len(fields) == 0 || fields[0] == "" || fields[0][0] < '0' || fields[0][0] > '9' {
		return Version{}
	}
	v := Version{Release: fields[0]}
	rest := fields[0]
	for _, n := range []*int{&v.Major, &v.Minor, &v.Patch} {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		*n, _ = strconv.Atoi(rest[:digits])
		rest, _ = strings.CutPrefix(rest[digits:], ".")
		if digits == 0 {
			break
		}
	}
	return v
}

// findKASLR tells how far the kernel was moved.
func (k *Kernel) findKASLR() {
	if o := k.options.KASLR; o != nil {
		k.KASLR, k.KASLRKnown = *o, true
		k.evidence("KASLR offset %#x: as given", *o)
		return
	}
	if text := k.VMCoreInfo()["KERNELOFFSET"]; text != "" {
		if v, err := strconv.ParseUint(text, 16, 64); err == nil {
			k.KASLR, k.KASLRKnown = v, true
			k.evidence("KASLR offset %#x: KERNELOFFSET of VMCOREINFO", v)
			return
		}
	}
	if k.arch.link != 0 && k.VirtualBase != 0 {
		name, start := "_text", k.VirtualBase
		if at := k.Symbols.first("_start"); at != 0 && k.arch.name == "riscv64" { // its image begins with .head.text, before _text
			name, start = "_start", at
		}
		k.KASLR, k.KASLRKnown = start-k.arch.link, true
		k.evidence("KASLR offset %#x: %s is at %#x, and is linked at %#x unless configured otherwise", k.KASLR, name, start, k.arch.link)
		return
	}
	k.missing("the KASLR offset: VMCOREINFO does not tell, and kernels of this architecture differ in where they are linked")
}

// Memory is the kernel's virtual memory: Space, or just the image where no page table was found.
func (k *Kernel) Memory() memory.Memory {
	if k.Space != nil {
		return k.Space
	}
	return imageMemory{k}
}

// Close closes the symbol file, if there is one.
func (k *Kernel) Close() error { return k.file.Close() }

// SpaceAt is the address space of another page table of this kernel, a process's: root is its physical address.
func (k *Kernel) SpaceAt(root uint64) (*paging.Space, error) {
	cfg := k.Root
	if cfg.Mode == "" {
		return nil, fmt.Errorf("no page table of the kernel was found, so its paging mode is not known")
	}
	if k.arch.name == "aarch64" {
		cfg.TTBR0 = root
		cfg.TCR &^= tcrEPD0
	} else {
		cfg.Root = root
	}
	return k.target.space(cfg)
}

// PerCPU is where a CPU's instance of a per-CPU variable is: the variable's symbol, or a __percpu pointer, plus the CPU's offset.
func (k *Kernel) PerCPU(pointer uint64, cpu int) (uint64, error) {
	if cpu < 0 || cpu >= len(k.PerCPUOffsets) {
		return 0, fmt.Errorf("CPU %d: the kernel has per-CPU data of %d CPUs", cpu, len(k.PerCPUOffsets))
	}
	return k.mask(pointer + k.PerCPUOffsets[cpu]), nil
}

func (k *Kernel) mask(a uint64) uint64 {
	if k.arch.bits == 32 {
		return uint64(uint32(a))
	}
	return a
}

// ReadPointer reads a pointer or unsigned long of the kernel.
func (k *Kernel) ReadPointer(address uint64) (uint64, error) {
	if k.arch.bits == 32 {
		v, err := memory.ReadU32(k.Memory(), address)
		return uint64(v), err
	}
	return memory.ReadU64(k.Memory(), address)
}

// maxCPUs is CONFIG_NR_CPUS at most (x86: MAXSMP).
const maxCPUs = 8192

// findPerCPU reads __per_cpu_offset.
func (k *Kernel) findPerCPU(f *finder) {
	at, ok := k.Symbols.kernel.Address("__per_cpu_offset")
	if !ok {
		k.perCPUFromRegisters(f)
		return
	}
	n := max(len(f.target.CPUs), 1)
	source := "the image's CPUs"
	if ids, ok := k.Symbols.kernel.Address("nr_cpu_ids"); ok {
		if v, err := memory.ReadU32(k.Memory(), ids); err == nil && v > 0 && v <= maxCPUs {
			n, source = int(v), "nr_cpu_ids"
		}
	}
	for cpu := range n {
		v, err := k.ReadPointer(at + uint64(cpu*k.arch.bits/8))
		if err != nil {
			k.missing("the per-CPU offset of CPU %d: %v", cpu, err)
			return
		}
		k.PerCPUOffsets = append(k.PerCPUOffsets, v)
	}
	k.evidence("%d per-CPU offsets: __per_cpu_offset, as many as %s", n, source)
	k.confirmPerCPU(f)
}

// confirmPerCPU notes whether the CPUs' registers hold the same offsets.
func (k *Kernel) confirmPerCPU(f *finder) {
	var agree []string
	for i, c := range f.target.CPUs {
		for _, name := range k.arch.perCPU {
			if i < len(k.PerCPUOffsets) && c.Value(name) == k.PerCPUOffsets[i] {
				agree = append(agree, fmt.Sprintf("CPU %d %s", i, name))
				break
			}
		}
	}
	if len(agree) > 0 {
		k.evidence("the per-CPU offsets are also in %s", strings.Join(agree, ", "))
	}
}

// perCPUFromRegisters takes the offsets from the CPUs, where no symbol tells them.
func (k *Kernel) perCPUFromRegisters(f *finder) {
	if hasSymbol(k.Symbols.kernel, "init_task") && !hasSymbol(k.Symbols.kernel, "__per_cpu_offset") {
		k.PerCPUOffsets = []uint64{0}
		k.evidence("per-CPU offset 0: there is no __per_cpu_offset, so the kernel is for one CPU")
		return
	}
	for i, c := range f.target.CPUs {
		v, source := k.perCPUOf(c)
		if source == "" {
			break
		}
		k.PerCPUOffsets = append(k.PerCPUOffsets, v)
		k.evidence("per-CPU offset %#x of CPU %d: %s", v, i, source)
	}
	if len(k.PerCPUOffsets) == 0 {
		k.missing("the per-CPU offsets: kallsyms has no __per_cpu_offset, and no CPU register tells them")
	}
}

// perCPUOf is a CPU's per-CPU offset as its registers tell it, and which one does.
func (k *Kernel) perCPUOf(c CPU) (offset uint64, source string) {
	if k.arch.name == "i386" {
		// In user mode fs is the user's; the descriptor stays (GDT_ENTRY_PERCPU, arch/x86/include/asm/segment.h).
		const entry = 27
		if d, err := memory.ReadU64(k.Memory(), c.Value("gdt.base")+8*entry); err == nil && d>>47&1 != 0 {
			return d>>16&0xffffff | d>>56<<24, "GDT_ENTRY_PERCPU"
		}
	}
	for _, name := range k.arch.perCPU {
		if v := c.Value(name); v >= k.arch.lowest {
			return v, name
		}
	}
	return 0, ""
}

// imageMemory is the kernel's image alone, as it lies in physical memory.
type imageMemory struct{ k *Kernel }

func (m imageMemory) bounds() (first, last uint64) {
	last = m.k.VirtualBase + 128<<20
	if m.k.End > m.k.VirtualBase {
		last = m.k.End
	}
	return m.k.VirtualBase, last - 1
}

func (m imageMemory) ReadMemory(p []byte, address uint64) (int, error) {
	first, last := m.bounds()
	if address < first || address > last {
		return 0, &memory.Error{Address: address, Length: uint64(len(p)), Reason: memory.ReasonUnmapped, Space: "the kernel's image"}
	}
	n, err := m.k.target.Memory.ReadMemory(p[:min(uint64(len(p)), last-address+1)], address-m.k.delta)
	if err != nil || n < len(p) {
		err = &memory.Error{Address: address + uint64(n), Length: uint64(len(p)), Reason: memory.ReasonUnmapped, Space: "the kernel's image", Err: err}
	}
	return n, err
}

func (m imageMemory) Extents(first, last uint64) iter.Seq[memory.Extent] {
	low, high := m.bounds()
	return func(yield func(memory.Extent) bool) {
		first, last := max(first, low), min(last, high)
		if first > last {
			return
		}
		for e := range m.k.target.Memory.Extents(first-m.k.delta, last-m.k.delta) {
			e.Beneath, e.Base = e.Base, e.Base+m.k.delta
			if !yield(e) {
				return
			}
		}
	}
}
