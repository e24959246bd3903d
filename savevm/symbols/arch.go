package symbols

import (
	"encoding/binary"
	"strings"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
)

// An architecture is how a kernel of it is found: which registers lead to its text, and what its page tables are called.
type architecture struct {
	name      string // as savevm names it
	abi       *ctype.ABI
	abiSymbol string // a symbol that kernels of this architecture alone have
	bits      int
	lowest    uint64 // address of the kernel's half

	// registers lead into kernel text: the addresses of entry points, and the program counter.
	registers []string
	// interrupts says that idt.base leads to gates, which lead to entry points.
	interrupts bool
	// perCPU are the registers that may hold a CPU's per-CPU offset.
	perCPU []string

	// roots are the symbols of the kernel's own page table, newest name first.
	roots []string
	// modes are tried when no CPU tells the mode.
	modes []paging.Config
	// link is where _text is linked when there is no KASLR; 0 where kernels differ.
	link uint64
}

var architectures = []*architecture{
	{
		name: "x86_64", abi: ctype.AMD64, abiSymbol: "entry_SYSCALL_64", bits: 64, lowest: 0xff00000000000000,
		registers: []string{"lstar", "rip"}, interrupts: true, perCPU: []string{"gs.base", "kernel_gs_base"},
		roots: []string{"init_top_pgt", "init_level4_pgt"},
		modes: []paging.Config{{Mode: "x86-4level", NXE: true}, {Mode: "x86-5level", NXE: true}},
		link:  0xffffffff81000000, // __START_KERNEL_map + CONFIG_PHYSICAL_START, arch/x86/include/asm/page_64_types.h
	},
	{
		name: "i386", abi: ctype.I386, abiSymbol: "startup_32_smp", bits: 32, lowest: 0x40000000,
		registers: []string{"sysenter_eip", "rip"}, interrupts: true, perCPU: []string{"fs.base"},
		roots: []string{"swapper_pg_dir"},
		modes: []paging.Config{{Mode: "x86-pae", NXE: true}, {Mode: "x86-32", PSE: true}},
		link:  0xc1000000,
	},
	{
		name: "aarch64", abi: ctype.ARM64, abiSymbol: "cpu_do_switch_mm", bits: 64, lowest: 0xfff0000000000000,
		registers: []string{"vbar_el1", "pc", "vbar_el2"}, perCPU: []string{"tpidr_el1", "tpidr_el2"},
		roots: []string{"swapper_pg_dir"},
		modes: arm64Modes(),
	},
	{
		name: "riscv64", abi: ctype.RISCV64, abiSymbol: "riscv_fill_hwcap", bits: 64, lowest: 0xff00000000000000,
		registers: []string{"stvec", "pc"},
		roots:     []string{"swapper_pg_dir"},
		modes:     []paging.Config{{Mode: "sv39"}, {Mode: "sv48"}, {Mode: "sv57"}},
		link:      0xffffffff80000000, // KERNEL_LINK_ADDR, arch/riscv/include/asm/pgtable.h
	},
}

// arm64Modes are the translations that kernels are built for: the granule, and VA_BITS by TCR_EL1.T1SZ.
func arm64Modes() []paging.Config {
	var modes []paging.Config
	for _, g := range []struct {
		mode string
		tg1  uint64 // TCR_EL1.TG1, bits 31:30
		bits []uint64
	}{{"arm64-4k", 2, []uint64{48, 39, 52}}, {"arm64-64k", 3, []uint64{48, 42, 52}}, {"arm64-16k", 1, []uint64{48, 47, 36, 52}}} {
		for _, bits := range g.bits {
			modes = append(modes, paging.Config{Mode: g.mode, TCR: (64-bits)<<16 | (64 - bits) | g.tg1<<30})
		}
	}
	return modes
}

func architectureOf(name string) *architecture {
	for _, a := range architectures {
		if a.name == name {
			return a
		}
	}
	return nil
}

// architectureOfCPU tells what kernel a CPU runs: an x86-64 CPU may run one of 32 bits.
func architectureOfCPU(arch string, cfg paging.Config) *architecture {
	switch {
	case strings.HasPrefix(cfg.Mode, "arm64"):
		return architectureOf("aarch64")
	case strings.HasPrefix(cfg.Mode, "sv"):
		return architectureOf("riscv64")
	case cfg.Mode == "x86-32" || cfg.Mode == "x86-pae":
		return architectureOf("i386")
	case strings.HasPrefix(cfg.Mode, "x86"):
		return architectureOf("x86_64")
	}
	return nil
}

// tcrEPD0 is TCR_EL1.EPD0: no walks for the lower half.
const tcrEPD0 = 1 << 7

// rooted is the space of a page table of the kernel: cfg with another root. On arm64 that is the upper half's.
func rooted(cfg paging.Config, root uint64) paging.Config {
	cfg.NoCache = false
	if strings.HasPrefix(cfg.Mode, "arm64") {
		cfg.Root, cfg.TTBR0, cfg.TTBR1 = 0, 0, root
		if cfg.TCR == 0 {
			cfg.TCR = 16<<16 | 16
		}
		cfg.TCR |= tcrEPD0
		return cfg
	}
	cfg.Root = root
	return cfg
}

// rootsOf lists the spaces to try for a CPU, likeliest first. A CPU in user mode may run on tables that hold little of the kernel.
func rootsOf(cfg paging.Config) []paging.Config {
	switch {
	case cfg.Mode == "" || cfg.Mode == "none" || cfg.Mode == paging.Physical:
		return nil
	case strings.HasPrefix(cfg.Mode, "arm64"):
		// With KPTI a CPU in user mode has tramp_pg_dir, without it may have reserved_pg_dir; swapper_pg_dir comes a page or two
		// after them (arch/arm64/kernel/vmlinux.lds.S). CnP and the ASID are not part of the address.
		page := uint64(4096)
		switch cfg.Mode {
		case "arm64-16k":
			page = 16384
		case "arm64-64k":
			page = 65536
		}
		root := cfg.TTBR1 & (1<<48 - 1) &^ (page - 1)
		return []paging.Config{rooted(cfg, root), rooted(cfg, root+page), rooted(cfg, root+2*page)}
	case strings.HasPrefix(cfg.Mode, "x86") && cfg.Root&0x1000 != 0:
		// PTI: the kernel's tables are the page before those of user mode (PTI_USER_PGTABLE_BIT, arch/x86/include/asm/pgtable.h).
		kernel := cfg
		kernel.Root &^= 0x1000
		return []paging.Config{kernel, cfg}
	}
	return []paging.Config{cfg}
}

// entryPoints lists addresses of kernel text that a CPU's registers tell, by register.
func (a *architecture) entryPoints(cpu CPU, mem memory.Memory) []entryPoint {
	var points []entryPoint
	for _, name := range a.registers {
		v := cpu.Value(name)
		if a.bits == 32 {
			v = uint64(uint32(v))
		}
		if v >= a.lowest {
			points = append(points, entryPoint{name, v})
		}
	}
	if a.interrupts {
		points = append(points, a.gates(cpu, mem)...)
	}
	return points
}

type entryPoint struct {
	register string
	address  uint64
}

// gates reads some handlers out of the interrupt descriptor table (Intel SDM 3A, 6.11 and 6.14.1).
func (a *architecture) gates(cpu CPU, mem memory.Memory) []entryPoint {
	size := uint64(8)
	if a.bits == 64 {
		size = 16
	}
	var points []entryPoint
	for _, vector := range []uint64{14, 13, 3} { // #PF, #GP, #BP
		var b [16]byte
		if _, err := mem.ReadMemory(b[:size], cpu.Value("idt.base")+vector*size); err != nil {
			continue
		}
		offset := uint64(binary.LittleEndian.Uint16(b[0:])) | uint64(binary.LittleEndian.Uint16(b[6:]))<<16
		if a.bits == 64 {
			offset |= uint64(binary.LittleEndian.Uint32(b[8:])) << 32
		}
		if offset >= a.lowest {
			points = append(points, entryPoint{"idt", offset})
		}
	}
	return points
}
