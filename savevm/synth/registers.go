package synth

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/paging"
)

// An architecture is what CPUs of a kind have.
type architecture struct {
	name      string
	block     string   // QEMU's name of the RAM block
	modes     []string // the default first
	bits      int      // of a register
	registers []string // in the manuals' order
	optional  []string // that a CPU has only when they are given
	start     func(m *mode, roots [2]uint64) map[string]uint64
	roots     func(c paging.Config) [2]uint64
}

var architectures = []architecture{
	{
		name: "x86_64", block: "pc.ram", modes: []string{"x86-4level", "x86-5level", "x86-pae", "x86-32", paging.Physical}, bits: 64,
		registers: slices.Concat(names("rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags"), x86Segments,
			names("cr0 cr2 cr3 cr4"), names("dr0 dr1 dr2 dr3 dr6 dr7"),
			names("efer star lstar cstar sfmask kernel_gs_base sysenter_cs sysenter_esp sysenter_eip")),
		optional: names("tsc tsc_aux pat xcr0 smbase a20_mask hflags hflags2 mxcsr fcw fsw mtrr_deftype"),
		start:    startX86, roots: rootsOf,
	},
	{
		name: "i386", block: "pc.ram", modes: []string{"x86-32", "x86-pae", paging.Physical}, bits: 32,
		registers: slices.Concat(names("eax ebx ecx edx esi edi ebp esp eip eflags"), x86Segments,
			names("cr0 cr2 cr3 cr4"), names("dr0 dr1 dr2 dr3 dr6 dr7"), names("sysenter_cs sysenter_esp sysenter_eip")),
		optional: names("tsc pat smbase a20_mask hflags hflags2 mxcsr fcw fsw mtrr_deftype"),
		start:    startX86, roots: rootsOf,
	},
	{
		name: "aarch64", block: "mach-virt.ram", modes: []string{"arm64-4k", "arm64-16k", "arm64-64k", paging.Physical}, bits: 64,
		registers: slices.Concat(numbered("x", 31), names("sp pc pstate sp_el0 sp_el1 elr_el1 spsr_el1 "+
			"sctlr_el1 ttbr0_el1 ttbr1_el1 tcr_el1 mair_el1 vbar_el1 esr_el1 far_el1 tpidr_el0 tpidrro_el0 tpidr_el1 contextidr_el1")),
		optional: names("midr_el1 mpidr_el1 id_aa64pfr0_el1 id_aa64isar0_el1 id_aa64mmfr0_el1 id_aa64mmfr1_el1 id_aa64mmfr2_el1 " +
			"cpacr_el1 par_el1 cntkctl_el1 cntfrq_el0 sp_el2 sp_el3 elr_el2 elr_el3 spsr_el2 spsr_el3 hcr_el2 fpcr fpsr"),
		start: startARM64, roots: func(c paging.Config) [2]uint64 { return [2]uint64{c.TTBR0, c.TTBR1} },
	},
	{
		name: "riscv64", block: "riscv_virt_board.ram", modes: []string{"sv39", "sv48", "sv57", paging.Physical}, bits: 64,
		registers: slices.Concat(numbered("x", 32), names("pc priv satp stvec sepc scause stval sscratch")),
		optional: slices.Concat(numbered("f", 32),
			names("mstatus mip mie mideleg medeleg mtvec mepc mcause mtval mscratch mhartid scounteren mcounteren misa")),
		start: startRISCV64, roots: rootsOf,
	},
}

func names(s string) []string { return strings.Fields(s) }

func numbered(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(prefix, i)
	}
	return list
}

var x86Segments = func() (list []string) {
	for _, s := range names("es cs ss ds fs gs ldt tr") {
		list = append(list, s+".selector", s+".base", s+".limit", s+".flags")
	}
	return append(list, "gdt.base", "gdt.limit", "idt.base", "idt.limit")
}()

// widths are of the registers that are narrower than the others on every CPU.
var widths = map[string]int{
	"pstate": 32, "hflags": 32, "hflags2": 32, "mxcsr": 32, "a20_mask": 32, "smbase": 32, "sysenter_cs": 32, "fcw": 16, "fsw": 16,
}

func (a *architecture) width(register string) int {
	if _, part, segment := strings.Cut(register, "."); segment && part != "base" {
		return 32
	}
	if bits, ok := widths[register]; ok {
		return bits
	}
	return a.bits
}

func findArch(name string) *architecture {
	if name == "" {
		name = "x86_64"
	}
	if i := slices.IndexFunc(architectures, func(a architecture) bool { return a.name == name }); i >= 0 {
		return &architectures[i]
	}
	return nil
}

func rootsOf(c paging.Config) [2]uint64 { return [2]uint64{c.Root, c.Root} }

// startX86 is a kernel's CPU with flat segments.
func startX86(m *mode, roots [2]uint64) map[string]uint64 {
	r := map[string]uint64{
		"cr0": 0x80050033, "cr3": roots[0], "rflags": 2, "eflags": 2, // CR0: PG, AM, WP, NE, ET, MP, PE
		"cs.selector": 0x10, "cs.limit": 0xffffffff, "cs.flags": 0x00c09b00,
		"dr6": 0xffff0ff0, "dr7": 0x400,
	}
	for _, s := range names("ss ds es") {
		r[s+".selector"], r[s+".limit"], r[s+".flags"] = 0x18, 0xffffffff, 0x00c09300
	}
	switch m.name {
	case paging.Physical:
		r["cr0"], r["cr3"] = 0x00050033, 0
	case "x86-32":
		r["cr4"] = 0x10 // PSE
	case "x86-pae":
		r["cr4"], r["efer"] = 0x20, 0x800 // PAE; NXE
	default:
		r["cr4"], r["efer"], r["cs.flags"] = 0x6b0, 0xd01, 0x00a09b00 // OSXMMEXCPT, OSFXSR, PGE, PAE, PSE; NXE, LMA, LME, SCE; L
		if m.name == "x86-5level" {
			r["cr4"] |= 1 << 12 // LA57
		}
	}
	return r
}

// startARM64 is at EL1, with 48 bits of addresses in each half.
func startARM64(m *mode, roots [2]uint64) map[string]uint64 {
	r := map[string]uint64{"pstate": 0x3c5, "ttbr0_el1": roots[0], "ttbr1_el1": roots[1]} // DAIF, EL1h
	if m.name != paging.Physical {
		r["sctlr_el1"] = 1
		granule := map[string]uint64{"arm64-4k": 2 << 30, "arm64-16k": 1<<30 | 2<<14, "arm64-64k": 3<<30 | 1<<14}[m.name] // TG1, TG0
		r["tcr_el1"] = granule | 5<<32 | 16<<16 | 16                                                                      // IPS, T1SZ, T0SZ
	}
	return r
}

// startRISCV64 is in supervisor mode.
func startRISCV64(m *mode, roots [2]uint64) map[string]uint64 {
	r := map[string]uint64{"priv": 1}
	if mode, ok := map[string]uint64{"sv39": 8, "sv48": 9, "sv57": 10}[m.name]; ok {
		r["satp"] = mode<<60 | roots[0]>>12
	}
	return r
}

// CPU gives the guest one more CPU. Registers have the names of savevm.CPU.Register, narrower and other names included; one that
// is left out is as a kernel has it whose paging is on in the guest's mode: on x86-64 CR0, CR4 and EFER, flat segments, and the
// address of [Guest.Root] in CR3. A root that is given becomes that of [Guest.Root] where there is none yet: so CPUs come before
// mappings.
func (g *Guest) CPU(registers map[string]uint64) {
	if g.err != nil {
		return
	}
	index := len(g.cpus)
	given, err := g.arch.canonical(registers)
	if err != nil {
		g.fail("CPU %d: %w", index, err)
		return
	}
	if len(g.mode.levels) > 0 {
		g.takeRoots(given)
	}
	values := g.arch.start(g.mode, g.roots)
	maps.Copy(values, given)
	var list []savevm.Register
	for i, name := range slices.Concat(g.arch.registers, g.arch.optional) {
		if v, ok := values[name]; ok || i < len(g.arch.registers) {
			list = append(list, savevm.Register{Name: name, Bits: g.arch.width(name), Value: v})
		}
	}
	g.cpus = append(g.cpus, list)
}

// takeRoots makes the given roots those of the guest where it has none, and allocates those that nobody gave.
func (g *Guest) takeRoots(given map[string]uint64) {
	// Which register says what is known to package savevm: a CPU with a root that is not there tells which half was not given.
	values := g.arch.start(g.mode, [2]uint64{})
	maps.Copy(values, given)
	var list []savevm.Register
	for name, v := range values {
		list = append(list, savevm.Register{Name: name, Bits: 64, Value: v})
	}
	aligned := -g.mode.tableSize(&g.mode.levels[0])
	for half, root := range g.arch.roots(savevm.NewCPU(0, g.arch.name, list).SpaceConfig()) {
		if root &= aligned & (1<<g.mode.physical - 1); root != 0 && g.roots[half] == 0 {
			g.roots[half] = root
		}
	}
	g.Root(0)
	if g.roots[1] == 0 {
		g.Root(1 << 63)
	}
}

// canonical gives registers the names that the architecture's list has.
func (a *architecture) canonical(given map[string]uint64) (map[string]uint64, error) {
	all := slices.Concat(a.registers, a.optional)
	numbers := make([]savevm.Register, len(all)) // registers that hold their own number, to see which one an alias means
	for i, name := range all {
		numbers[i] = savevm.Register{Name: name, Bits: 64, Value: uint64(i)}
	}
	template := savevm.NewCPU(0, a.name, numbers)
	out := map[string]uint64{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		r, ok := template.Register(name)
		if !ok {
			return nil, fmt.Errorf("%s has no register %q", a.name, name)
		}
		full, value := all[r.Value], given[name]
		if bits := min(r.Bits, a.width(full)); bits < 64 && value>>bits != 0 {
			return nil, fmt.Errorf("register %s has %d bits; %#x is too large", name, bits, value)
		}
		if other, twice := out[full]; twice && other != value {
			return nil, fmt.Errorf("register %s is given twice, as %#x and as %#x", full, other, value)
		}
		out[full] = value
	}
	return out, nil
}
