package bindings

import (
	"fmt"
	"strings"
)

// registerRecords name the registers that a CPU has as properties, for declarations and documents; the CPU object itself gets
// whatever registers the image holds.
var registerRecords = []*Class{
	{Name: "X86Registers", Kind: KindRecord, Help: "Registers of an x86 CPU.", Members: registerRows(
		rows("bigint", "General registers; of a 32-bit guest the narrower names.",
			"rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags", strings.Join(aliases["x86_64"], " ")),
		rows("Segment", "Segment registers, with what the CPU has loaded of their descriptors.", "es cs ss ds fs gs ldt tr"),
		rows("DescriptorTable", "Descriptor tables.", "gdt idt"),
		rows("bigint", "Control and debug registers.", "cr0 cr2 cr3 cr4 cr8 dr0 dr1 dr2 dr3 dr6 dr7 xcr0"),
		rows("bigint", "Model-specific registers.", "efer star lstar cstar sfmask kernel_gs_base sysenter_cs sysenter_esp sysenter_eip "+
			"tsc tsc_aux pat apicbase mtrr_deftype"),
		rows("bigint", "What QEMU keeps besides.", "smbase a20_mask hflags hflags2"),
		rows("bigint", "Floating-point control.", "mxcsr fcw fsw ftw"),
		rows("readonly bigint[]", "Vector and x87 registers: xmm[0] of 128 bits, ymm[0] of 256, st[0] of 80.", "xmm ymm st"),
		rows("bigint", "The same by name.", numbered("xmm", 16), numbered("ymm", 16), numbered("st", 8)),
	)},
	{Name: "ARM64Registers", Kind: KindRecord, Help: "Registers of an arm64 CPU. System registers without a usual name are called by their encoding, s3_0_c0_c0_6.",
		Members: registerRows(
			rows("bigint", "General registers; lr is x30, fp is x29, w0 the lower half of x0.", numbered("x", 31), "sp pc pstate", strings.Join(aliases["aarch64"], " ")),
			rows("bigint", "Exception registers.", "sp_el0 sp_el1 sp_el2 sp_el3 elr_el1 elr_el2 elr_el3 spsr_el1 spsr_el2 spsr_el3 esr_el1 far_el1 vbar_el1"),
			rows("bigint", "Translation.", "ttbr0_el1 ttbr1_el1 tcr_el1 sctlr_el1 mair_el1 contextidr_el1"),
			rows("bigint", "Thread pointers.", "tpidr_el0 tpidrro_el0 tpidr_el1"),
			rows("readonly bigint[]", "Vector registers, of 128 bits.", "v"),
			rows("bigint", "The same by name, and floating-point control.", numbered("v", 32), "fpcr fpsr"),
		)},
	{Name: "RISCV64Registers", Kind: KindRecord, Help: "Registers of a riscv64 CPU.", Members: registerRows(
		rows("bigint", "General registers, by number and by the ABI's names.", numbered("x", 32), "pc", strings.Join(aliases["riscv64"], " ")),
		rows("bigint", "Supervisor registers.", "satp stvec sepc scause stval sscratch scounteren stimecmp"),
		rows("bigint", "Machine registers.", "mstatus mip mie mideleg medeleg mtvec mepc mcause mtval mscratch mhartid priv"),
		rows("readonly bigint[]", "Floating-point registers, as their bits.", "f"),
		rows("bigint", "The same by name.", numbered("f", 32)),
	)},
	{Name: "Segment", Kind: KindRecord, Help: "A segment register.", Members: []*Member{
		prop("selector", "bigint", "What the program sees of it."), prop("base", "bigint", "Linear address of its start."),
		prop("limit", "bigint", "Its last offset, in bytes."), prop("flags", "bigint", "The descriptor's second word.")}},
	{Name: "DescriptorTable", Kind: KindRecord, Help: "GDTR or IDTR.", Members: []*Member{
		prop("base", "bigint", "Linear address of the table."), prop("limit", "bigint", "Its last offset, in bytes.")}},
}

func registerRows(groups ...[]*Member) []*Member {
	var all []*Member
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// rows makes a row of each name. The group's help stands at its first.
func rows(typ, help string, names ...string) []*Member {
	var members []*Member
	for _, name := range strings.Fields(strings.Join(names, " ")) {
		members = append(members, prop(name, typ, help))
		help = ""
	}
	return members
}

func numbered(prefix string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s%d ", prefix, i)
	}
	return b.String()
}
