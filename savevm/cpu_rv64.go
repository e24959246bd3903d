package savevm

import (
	"fmt"
	"slices"

	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/stream"
)

// riscv64 is the CPUs of qemu-system-riscv64. Source: QEMU's target/riscv/machine.c (vmstate_riscv_cpu); the CSRs have the
// names of the privileged architecture there, so no table is needed for them. fflags, and so fcsr, are not in a stream.
var riscv64 = architecture{
	names: []string{"riscv64"},
	match: func(s *stream.Struct) bool { return findField(s, "env.gpr") != nil },

	decode: decodeRISCV64, alias: aliasRISCV64, mode: modeRISCV64,
	privilege: func(c *CPU) int { return int(c.Value("priv")) },
	space:     func(c *CPU) paging.Config { return paging.RISCV64(c.Value("satp")) },
	paging:    []string{"satp"},
	caveat: func(c *CPU) string {
		virt := c.Value("virt") | c.Value("virt_enabled") // its name from QEMU 8.0 on
		if virt&1 == 0 || c.Value("hgatp")>>60 == 0 {
			return ""
		}
		// While V is 1 QEMU keeps vsatp's value in satp (riscv_cpu_swap_hypervisor_regs in target/riscv/cpu_helper.c).
		return fmt.Sprintf("CPU %d runs a guest of its own hypervisor (V is 1, hgatp = %#x): its page tables lead to guest-physical "+
			"addresses of that guest, which are taken as physical ones; the second stage is not walked", c.Index, c.Value("hgatp"))
	},
}

// riscvABI names x0 to x31 as the psABI does.
var riscvABI = []string{
	"zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
	"a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
}

func decodeRISCV64(d *decoder) string {
	for i := range 32 {
		d.rows([]registerRow{{fmt.Sprintf("x%d", i), "env.gpr", i, 0}})
	}
	d.rows([]registerRow{{"pc", "env.pc", scalar, 0}})
	d.computedBits()
	for i := range 32 {
		d.rows([]registerRow{{fmt.Sprintf("f%d", i), "env.fpr", i, 0}})
	}
	return "riscv64"
}

// computedBits adds the CSRs of which QEMU makes some bits only when they are read (target/riscv/csr.c): mstatus.SD, which
// sums up the dirty states of FS, XS and VS, and hstatus.VSXL, which is 2 for RV64.
func (d *decoder) computedBits() {
	if mstatus, _, ok := element(d.lookup("env.mstatus"), scalar); ok {
		const dirty = 3
		if mstatus>>13&3 == dirty || mstatus>>15&3 == dirty || mstatus>>9&3 == dirty {
			mstatus |= 1 << 63
		}
		d.add("mstatus", 64, mstatus)
		d.add("sstatus", 64, mstatus&sstatusMask)
	}
	if hstatus, _, ok := element(d.lookup("env.hstatus"), scalar); ok {
		d.add("hstatus", 64, hstatus&^(3<<32)|2<<32)
	}
	d.supervisorViews()
}

// sstatusMask are the bits of mstatus that sstatus shows: SIE, SPIE, UBE, SPP, VS, FS, XS, SUM, MXR, UXL and SD. Source: RISC-V
// Privileged Architecture, section "Supervisor Status (sstatus) Register".
const sstatusMask = 1<<63 | 3<<32 | 1<<19 | 1<<18 | 3<<15 | 3<<13 | 3<<9 | 1<<8 | 1<<6 | 1<<5 | 1<<1

// supervisorViews adds the CSRs that are no state of their own: sip and sie, which show of mip and mie what mideleg delegates, and
// misa, which the stream holds in two fields. Source: rmw_sie64, rmw_sip64 and read_misa of target/riscv/csr.c.
func (d *decoder) supervisorViews() {
	const supervisor = 1<<1 | 1<<5 | 1<<9 | 1<<13 // SSI, STI, SEI, LCOFI
	delegated, _ := d.Uint("env.mideleg")
	own, _ := d.Uint("env.mvien") // since QEMU 8.2: bits that S-mode has for itself
	for _, v := range []struct{ name, of string }{{"sie", "env.mie"}, {"sip", "env.mip"}} {
		value, _, ok := element(findField(d.Struct, v.of), scalar)
		if !ok {
			continue
		}
		value &= delegated & supervisor
		if extra, _, ok := element(d.lookup("env."+v.name), scalar); ok {
			value |= extra & own &^ delegated
		}
		d.add(v.name, 64, value)
	}
	mxl, _, ok := element(findField(d.Struct, "env.misa_mxl"), scalar)
	if extensions, _, known := element(findField(d.Struct, "env.misa_ext"), scalar); ok && known {
		d.add("misa", 64, mxl<<62|extensions)
	}
}

func aliasRISCV64(_ *CPU, name string) (string, int) {
	if name == "fp" {
		name = "s0"
	}
	if i := slices.Index(riscvABI, name); i >= 0 {
		return fmt.Sprintf("x%d", i), 0
	}
	return name, 0
}

func modeRISCV64(c *CPU) string {
	priv, ok := c.Register("priv")
	if !ok {
		return ""
	}
	switch priv.Value {
	case 0:
		return "user"
	case 1:
		return "supervisor"
	case 3:
		return "machine"
	}
	return ""
}
