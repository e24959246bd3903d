package dump

import "fmt"

// statusLayout is a struct elf_prstatus: its size and where its registers are.
type statusLayout struct {
	arch string
	size int // bytes
	rows []row
}

// statusLayouts is the NT_PRSTATUS of every architecture. Sources: Linux's arch/*/include/asm/{elf,user,ptrace}.h, and the same
// structures in QEMU's target/*/arch_dump.c.
var statusLayouts = []statusLayout{
	{"x86_64", 336, slots(112, 8, []string{
		"r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi", "",
		"rip", "cs.selector", "rflags", "rsp", "ss.selector", "fs.base", "gs.base", "ds.selector", "es.selector", "fs.selector", "gs.selector",
	}, x86Order)},
	{"i386", 144, slots(72, 4, []string{
		"ebx", "ecx", "edx", "esi", "edi", "ebp", "eax", "ds.selector", "es.selector", "fs.selector", "gs.selector", "",
		"eip", "cs.selector", "eflags", "esp", "ss.selector",
	}, i386Order)},
	{"aarch64", 392, slots(112, 8, append(numbered("x", 0, 31), "sp", "pc", "pstate"), nil)},
	{"riscv64", 376, slots(112, 8, append([]string{"pc"}, numbered("x", 1, 32)...), nil)},
}

// The order in which people read registers.
var (
	x86Order = append([]string{"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"},
		append(numbered("r", 8, 16), "rip", "rflags", "es.selector", "cs.selector", "ss.selector", "ds.selector", "fs.selector", "fs.base",
			"gs.selector", "gs.base")...)
	i386Order = []string{"eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp", "eip", "eflags",
		"es.selector", "cs.selector", "ss.selector", "ds.selector", "fs.selector", "gs.selector"}
)

// statusLayout finds the layout of a note: by the architecture, where that is known, else by its size, which tells those that
// are known apart. An x86-64 emulator writes the notes of a 32-bit guest as i386's.
func (n *notes) statusLayout(size int) *statusLayout {
	for i := range statusLayouts {
		l := &statusLayouts[i]
		if size == l.size && (l.arch == n.arch || n.arch == "" && n.anyArch || l.arch == "i386" && n.arch == "x86_64") {
			return l
		}
	}
	return nil
}

// slots makes rows of registers that lie one after the other; "" is a slot that is no register. order, when not nil, is the
// order of the rows. A selector is what the low half of its slot holds (16 bits of 4 bytes, 32 of 8).
func slots(at, width int, names, order []string) []row {
	place := map[string]row{}
	for i, name := range names {
		bits := 8 * width
		if len(name) > 9 && name[len(name)-9:] == ".selector" {
			bits /= 2
		}
		if name == "pstate" {
			bits = 32
		}
		place[name] = row{name, at + i*width, bits}
	}
	if order == nil {
		order = names
	}
	var rows []row
	for _, name := range order {
		rows = append(rows, place[name])
	}
	return rows
}

func numbered(prefix string, from, to int) []string {
	var names []string
	for i := from; i < to; i++ {
		names = append(names, fmt.Sprintf("%s%d", prefix, i))
	}
	return names
}

// fpsimdARM64 is aarch64's NT_FPREGSET (struct user_fpsimd_state).
var fpsimdARM64 = func() []row {
	var rows []row
	for i, name := range numbered("v", 0, 32) {
		rows = append(rows, row{name, 16 * i, 128})
	}
	return append(rows, row{"fpsr", 512, 32}, row{"fpcr", 516, 32})
}()

const qemuStateVersion = 1 // QEMUCPUSTATE_VERSION

// qemuState is the note "QEMU" of an x86 CPU (QEMU's target/i386/arch_dump.c, struct QEMUCPUState): u32 version and size, the
// general registers, ten segments of 24 bytes, CR0 to CR4, and from 4.2 on KERNEL_GS_BASE.
var qemuState = func() []row {
	var rows []row
	for i, name := range append([]string{"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp"}, append(numbered("r", 8, 16), "rip", "rflags")...) {
		rows = append(rows, row{name, 8 + 8*i, 64})
	}
	rows[6], rows[7] = rows[7], rows[6] // rbp, rsp
	for i, name := range []string{"cs", "ds", "es", "fs", "gs", "ss", "ldt", "tr", "gdt", "idt"} {
		at := 152 + 24*i
		if name != "gdt" && name != "idt" {
			rows = append(rows, row{name + ".selector", at, 32}, row{name + ".flags", at + 8, 32})
		}
		rows = append(rows, row{name + ".base", at + 16, 64}, row{name + ".limit", at + 4, 32})
	}
	for _, i := range []int{0, 2, 3, 4} {
		rows = append(rows, row{fmt.Sprintf("cr%d", i), 392 + 8*i, 64})
	}
	return append(rows, row{"kernel_gs_base", 432, 64})
}()
