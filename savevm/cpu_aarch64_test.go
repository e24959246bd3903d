package savevm

import (
	"strings"
	"testing"

	"github.com/svscript/svscript/savevm/paging"
)

// TestRegimeARM64 goes by registers of real CPUs: Linux 6.1 on QEMU's virt with virtualization=on runs in EL2 with HCR_EL2.E2H, and
// leaves EL1's as they were set to bring it up.
func TestRegimeARM64(t *testing.T) {
	vhe := map[string]uint64{
		"pstate": 0x404000c9, "hcr_el2": 0x488000000,
		"ttbr0_el1": 0x41640000, "ttbr1_el1": 0x41c8d000, "tcr_el1": 0x5000f5b5503510, "sctlr_el1": 0x30500800,
		"ttbr0_el2": 0x43388001, "ttbr1_el2": 0xc200004157b001, "tcr_el2": 0x15001f5b5503510, "sctlr_el2": 0x2000018b474591d,
	}
	with := func(changes map[string]uint64) map[string]uint64 {
		m := map[string]uint64{}
		for k, v := range vhe {
			m[k] = v
		}
		for k, v := range changes {
			m[k] = v
		}
		return m
	}
	for _, c := range []struct {
		name      string
		registers map[string]uint64
		want      paging.Config
		caveat    string
	}{
		{"a kernel in EL2", vhe, paging.Config{Mode: "arm64-4k", TTBR0: 0x43388001, TTBR1: 0xc200004157b001, TCR: 0x15001f5b5503510, SCTLR: 0x2000018b474591d}, ""},
		{"its processes", with(map[string]uint64{"pstate": 0}),
			paging.Config{Mode: "arm64-4k", TTBR0: 0x43388001, TTBR1: 0xc200004157b001, TCR: 0x15001f5b5503510, SCTLR: 0x2000018b474591d}, ""},
		{"its guest", with(map[string]uint64{"pstate": 5, "hcr_el2": 0x480000001, "sctlr_el1": 0x30500801}),
			paging.Config{Mode: "arm64-4k", TTBR0: 0x41640000, TTBR1: 0x41c8d000, TCR: 0x5000f5b5503510, SCTLR: 0x30500801}, "stage 2 is not walked"},
		// Firmware in EL3 with a table of its own, beside a kernel's: TCR_EL3 is as TCR_EL2 without E2H (Arm ARM, D24.2.187).
		{"firmware", map[string]uint64{"pstate": 0x3cd, "ttbr0_el3": 0xe0a0000, "tcr_el3": 0x80823510, "sctlr_el3": 0x30c5183f, "ttbr0_el1": 0x40001000,
			"tcr_el1": 0x3510, "sctlr_el1": 1}, paging.Config{Mode: "arm64-4k", TTBR0: 0xe0a0000, TCR: 0x200803510, SCTLR: 0x30c5183f}, ""},
		// TCR_EL2 without E2H: T0SZ 16, TG0 4 KiB, PS 40 bits.
		{"a hypervisor without an upper half", map[string]uint64{"pstate": 9, "ttbr0_el2": 0x41000000, "tcr_el2": 0x80823510, "sctlr_el2": 0x30c51835},
			paging.Config{Mode: "arm64-4k", TTBR0: 0x41000000, TCR: 0x3510 | 1<<23 | 2<<32, SCTLR: 0x30c51835}, ""},
	} {
		var registers []Register
		for name, v := range c.registers {
			registers = append(registers, Register{Name: name, Bits: 64, Value: v})
		}
		cpu := NewCPU(0, "aarch64", registers)
		if got := cpu.SpaceConfig(); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if got := caveatARM64(cpu); got == "" != (c.caveat == "") || !strings.Contains(got, c.caveat) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// TestSecondStageRISCV64 expects a word about a hart that runs a guest of its own.
func TestSecondStageRISCV64(t *testing.T) {
	hart := func(virt, hgatp uint64) *CPU {
		return NewCPU(1, "riscv64", []Register{{Name: "satp", Bits: 64, Value: 9<<60 | 0x80200}, {Name: "virt_enabled", Bits: 8, Value: virt}, {Name: "hgatp", Bits: 64, Value: hgatp}})
	}
	if got := riscv64.caveat(hart(1, 8<<60|0x90000)); !strings.Contains(got, "the second stage is not walked") {
		t.Errorf("%q", got)
	}
	if got := riscv64.caveat(hart(0, 8<<60|0x90000)) + riscv64.caveat(hart(1, 0)); got != "" {
		t.Errorf("%q", got)
	}
}
