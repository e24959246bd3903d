package savevm

import (
	"fmt"

	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/stream"
)

// arm64 is the CPUs of qemu-system-aarch64. Source: QEMU's target/arm/machine.c (vmstate_arm_cpu).
var arm64 = architecture{
	names: []string{"aarch64"},
	match: func(s *stream.Struct) bool { return findField(s, "env.xregs") != nil },

	decode: decodeARM64, alias: aliasARM64,
	mode:      func(c *CPU) string { return fmt.Sprintf("el%d", privilegeARM64(c)) },
	privilege: privilegeARM64,
	space:     spaceARM64,
	paging:    []string{"ttbr0_el1", "ttbr1_el1", "tcr_el1", "sctlr_el1"},
	caveat:    caveatARM64,
}

// Bits of HCR_EL2 (Arm ARM, D19.2): stage 2 is on; EL2 traps what EL0 does; EL2 has both halves, as EL1 has.
const hcrVM, hcrTGE, hcrE2H = 1 << 0, 1 << 27, 1 << 34

// spaceARM64 is the stage 1 translation of the regime that the CPU is in (Arm ARM, D8.1.2). Kernels that run in EL2 (VHE) have its
// registers, in EL0 too.
func spaceARM64(c *CPU) paging.Config {
	el, hcr := privilegeARM64(c), c.Value("hcr_el2")
	switch {
	case el == 3 && c.Value("pstate")&pstateAArch32 == 0:
		return paging.ARM64(c.Value("ttbr0_el3"), 0, oneHalf(c.Value("tcr_el3")), c.Value("sctlr_el3"))
	case hcr&hcrE2H != 0 && (el == 2 || el == 0 && hcr&hcrTGE != 0):
		return paging.ARM64(c.Value("ttbr0_el2"), c.Value("ttbr1_el2"), c.Value("tcr_el2"), c.Value("sctlr_el2"))
	case el == 2:
		return paging.ARM64(c.Value("ttbr0_el2"), 0, oneHalf(c.Value("tcr_el2")), c.Value("sctlr_el2"))
	}
	return paging.ARM64(c.Value("ttbr0_el1"), c.Value("ttbr1_el1"), c.Value("tcr_el1"), c.Value("sctlr_el1"))
}

// pstateAArch32 is set in AArch32, where the bits of the exception level are those of a mode.
const pstateAArch32 = 1 << 4

// oneHalf makes a TCR_EL1 that says the same as a TCR_EL2 or TCR_EL3 of a regime that has no upper half.
func oneHalf(tcr uint64) uint64 {
	const epd1 = 1 << 23
	out := tcr&0xffff | epd1
	for from, to := range map[uint]uint{16: 32, 17: 33, 18: 34, 20: 37, 21: 39, 22: 40, 24: 41, 32: 59} { // PS, TBI, HA, HD, HPD, DS
		out |= tcr >> from & 1 << to
	}
	return out
}

func caveatARM64(c *CPU) string {
	if hcr := c.Value("hcr_el2"); hcr&hcrVM != 0 && privilegeARM64(c) < 2 && (hcr&hcrE2H == 0 || hcr&hcrTGE == 0) {
		return fmt.Sprintf("CPU %d runs a guest of its own hypervisor (HCR_EL2.VM, VTTBR_EL2 = %#x): the page tables of its EL1 lead to "+
			"intermediate addresses, which are taken as physical ones; stage 2 is not walked", c.Index, c.Value("vttbr_el2"))
	}
	return ""
}

func privilegeARM64(c *CPU) int { return int(c.Value("pstate") >> 2 & 3) }

// A system register's number in the stream is that of KVM's interface (Linux, Documentation/virt/kvm/api.rst, 4.68):
// 0x6030000000130000 | op0<<14 | op1<<11 | CRn<<7 | CRm<<3 | op2.
const armSysReg = 0x6030000000130000

func sysReg(op0, op1, crn, crm, op2 uint64) uint64 {
	return armSysReg | op0<<14 | op1<<11 | crn<<7 | crm<<3 | op2
}

// armSystemRegisters names system registers by their encoding (Arm ARM, D23.1 and C5.3).
var armSystemRegisters = map[uint64]string{
	sysReg(3, 0, 0, 0, 0): "midr_el1", sysReg(3, 0, 0, 0, 5): "mpidr_el1", sysReg(3, 0, 0, 4, 0): "id_aa64pfr0_el1",
	sysReg(3, 0, 0, 6, 0): "id_aa64isar0_el1", sysReg(3, 0, 0, 6, 1): "id_aa64isar1_el1",
	sysReg(3, 0, 0, 7, 0): "id_aa64mmfr0_el1", sysReg(3, 0, 0, 7, 1): "id_aa64mmfr1_el1", sysReg(3, 0, 0, 7, 2): "id_aa64mmfr2_el1",
	sysReg(3, 0, 1, 0, 0): "sctlr_el1", sysReg(3, 0, 1, 0, 1): "actlr_el1", sysReg(3, 0, 1, 0, 2): "cpacr_el1",
	sysReg(3, 0, 2, 0, 0): "ttbr0_el1", sysReg(3, 0, 2, 0, 1): "ttbr1_el1", sysReg(3, 0, 2, 0, 2): "tcr_el1",
	sysReg(3, 0, 5, 1, 0): "afsr0_el1", sysReg(3, 0, 5, 1, 1): "afsr1_el1", sysReg(3, 0, 5, 2, 0): "esr_el1",
	sysReg(3, 0, 6, 0, 0): "far_el1", sysReg(3, 0, 7, 4, 0): "par_el1", sysReg(3, 0, 10, 2, 0): "mair_el1", sysReg(3, 0, 10, 3, 0): "amair_el1",
	sysReg(3, 0, 12, 0, 0): "vbar_el1", sysReg(3, 0, 13, 0, 1): "contextidr_el1", sysReg(3, 0, 13, 0, 4): "tpidr_el1",
	sysReg(3, 0, 14, 1, 0): "cntkctl_el1", sysReg(3, 2, 0, 0, 0): "csselr_el1",
	sysReg(3, 3, 13, 0, 2): "tpidr_el0", sysReg(3, 3, 13, 0, 3): "tpidrro_el0", sysReg(3, 3, 14, 0, 0): "cntfrq_el0",
	sysReg(3, 3, 14, 3, 1): "cntv_ctl_el0", sysReg(3, 3, 14, 3, 2): "cntv_cval_el0", sysReg(3, 3, 14, 3, 0): "cntv_tval_el0",
	sysReg(3, 3, 14, 2, 1): "cntp_ctl_el0", sysReg(3, 3, 14, 2, 2): "cntp_cval_el0",
	sysReg(3, 4, 1, 0, 0): "sctlr_el2", sysReg(3, 4, 1, 1, 0): "hcr_el2", sysReg(3, 4, 2, 0, 0): "ttbr0_el2", sysReg(3, 4, 2, 0, 1): "ttbr1_el2",
	sysReg(3, 4, 2, 0, 2): "tcr_el2", sysReg(3, 4, 2, 1, 0): "vttbr_el2", sysReg(3, 4, 2, 1, 2): "vtcr_el2", sysReg(3, 4, 5, 2, 0): "esr_el2",
	sysReg(3, 4, 6, 0, 0): "far_el2", sysReg(3, 4, 10, 2, 0): "mair_el2", sysReg(3, 4, 12, 0, 0): "vbar_el2", sysReg(3, 4, 13, 0, 2): "tpidr_el2",
	sysReg(3, 6, 1, 0, 0): "sctlr_el3", sysReg(3, 6, 1, 1, 0): "scr_el3", sysReg(3, 6, 2, 0, 0): "ttbr0_el3", sysReg(3, 6, 2, 0, 2): "tcr_el3",
	sysReg(3, 6, 12, 0, 0): "vbar_el3",
}

func decodeARM64(d *decoder) string {
	for i := range 31 {
		d.rows([]registerRow{{fmt.Sprintf("x%d", i), "env.xregs", i, 0}})
	}
	d.rows([]registerRow{{"sp", "env.xregs", 31, 0}, {"pc", "env.pc", scalar, 0}, {"pstate", "cpsr", scalar, 32}})
	pstate, _ := d.Uint("cpsr")
	for el := range 4 {
		d.stackPointer(el, pstate)
	}
	for el := 1; el < 4; el++ {
		d.rows([]registerRow{{fmt.Sprintf("elr_el%d", el), "env.elr_el", el, 0}})
	}
	// The bank of the mode that stands for each level (target/arm/internals.h, aarch64_banked_spsr_index).
	d.rows([]registerRow{{"spsr_el1", "env.banked_spsr", 1, 0}, {"spsr_el2", "env.banked_spsr", 6, 0}, {"spsr_el3", "env.banked_spsr", 7, 0}})
	indexes, _ := d.lookup("cpreg_vmstate_indexes"), d.lookup("cpreg_vmstate_array_len")
	values := d.lookup("cpreg_vmstate_values")
	d.systemRegisters(indexes, values)
	for i := range 32 {
		name := fmt.Sprintf("env.vfp.zregs[%d].d", i)
		f := d.lookup(name)
		low, _, ok := element(f, 0)
		high, _, _ := element(f, 1)
		if ok {
			d.add(fmt.Sprintf("v%d", i), 128, low, high)
		}
	}
	if _, ok := d.Uint("env.vfp.fpcr"); !ok {
		// Up to QEMU 9.0 both are in one word, as AArch32 has them (target/arm/vfp_helper.c, FPSR_MASK and FPCR_MASK).
		if fpscr, ok := d.Uint("fpscr"); ok {
			d.add("fpcr", 32, fpscr&0x07f79f00)
			d.add("fpsr", 32, fpscr&0xf800009f)
		}
	}
	return "aarch64"
}

// stackPointer adds sp_elN. The one in use is in xregs[31]: QEMU keeps it in its bank only while it is not.
func (d *decoder) stackPointer(el int, pstate uint64) {
	current, inUse := int(pstate>>2&3), 0
	if pstate&1 != 0 {
		inUse = current
	}
	row := registerRow{fmt.Sprintf("sp_el%d", el), "env.sp_el", el, 0}
	if el == inUse {
		row.field, row.index = "env.xregs", 31
	}
	d.rows([]registerRow{row})
}

// systemRegisters adds the system registers: by their name, or by the assembler's S<op0>_<op1>_C<n>_C<m>_<op2>.
func (d *decoder) systemRegisters(indexes, values *stream.Field) {
	if indexes == nil || values == nil {
		return
	}
	ids, _ := indexes.Value.([]uint64)
	vals, _ := values.Value.([]uint64)
	for i, id := range ids {
		if i >= len(vals) || id&^0xffff != armSysReg {
			continue
		}
		name := armSystemRegisters[id]
		if name == "" {
			name = fmt.Sprintf("s%d_%d_c%d_c%d_%d", id>>14&3, id>>11&7, id>>7&15, id>>3&15, id&7)
		}
		d.add(name, 64, vals[i])
	}
}

// aliasARM64 knows lr, fp, cpsr, w0 to w30 and q0 to q31.
func aliasARM64(_ *CPU, name string) (string, int) {
	switch {
	case name == "lr":
		return "x30", 0
	case name == "fp":
		return "x29", 0
	case name == "cpsr":
		return "pstate", 0
	case len(name) > 1 && name[0] == 'w':
		return "x" + name[1:], 32
	case len(name) > 1 && name[0] == 'q':
		return "v" + name[1:], 0
	}
	return name, 0
}
