package savevm

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/stream"
)

// x86 is the CPUs of qemu-system-x86_64 and qemu-system-i386. Source: QEMU's target/i386/machine.c (vmstate_x86_cpu).
var x86 = architecture{
	names: []string{"x86_64", "i386"},
	match: func(s *stream.Struct) bool { return findField(s, "env.segs") != nil },

	decode: decodeX86, alias: aliasX86, mode: modeX86, privilege: privilegeX86, space: spaceX86, paging: []string{"cr0", "cr3", "cr4"},
}

// Bits of hflags (target/i386/cpu.h, HF_…_SHIFT).
const (
	hfCPL = 3
	hfSMM = 1 << 19
)

// Bits of control registers and of a descriptor (Intel SDM volume 3, 2.5 and 3.4.5).
const (
	cr0PE    = 1 << 0
	rflagsVM = 1 << 17
	eferLMA  = 1 << 10
	eferNXE  = 1 << 11
	segmentL = 1 << 21 // in the second doubleword of a code segment's descriptor
)

var x86Registers = func() []registerRow {
	var rows []registerRow
	for i, name := range []string{"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"} {
		rows = append(rows, registerRow{name, "env.regs", i, 0})
	}
	// In the order in which people read them, not in that of the encoding.
	rows = []registerRow{rows[0], rows[3], rows[1], rows[2], rows[6], rows[7], rows[5], rows[4]}
	for i := 8; i < 16; i++ {
		rows = append(rows, registerRow{fmt.Sprintf("r%d", i), "env.regs", i, 0})
	}
	return append(rows, registerRow{"rip", "env.eip", scalar, 0}, registerRow{"rflags", "env.eflags", scalar, 0})
}()

var x86System = []registerRow{
	{"cr0", "env.cr[0]", scalar, 0}, {"cr2", "env.cr[2]", scalar, 0}, {"cr3", "env.cr[3]", scalar, 0}, {"cr4", "env.cr[4]", scalar, 0},
	{"dr0", "env.dr", 0, 0}, {"dr1", "env.dr", 1, 0}, {"dr2", "env.dr", 2, 0}, {"dr3", "env.dr", 3, 0},
	{"dr6", "env.dr", 6, 0}, {"dr7", "env.dr", 7, 0},
	{"efer", "env.efer", scalar, 0}, {"star", "env.star", scalar, 0}, {"lstar", "env.lstar", scalar, 0}, {"cstar", "env.cstar", scalar, 0},
	{"sfmask", "env.fmask", scalar, 0}, {"kernel_gs_base", "env.kernelgsbase", scalar, 0},
	{"sysenter_cs", "env.sysenter_cs", scalar, 0}, {"sysenter_esp", "env.sysenter_esp", scalar, 0}, {"sysenter_eip", "env.sysenter_eip", scalar, 0},
	{"tsc", "env.tsc", scalar, 0}, {"tsc_aux", "env.tsc_aux", scalar, 0}, {"pat", "env.pat", scalar, 0}, {"xcr0", "env.xcr0", scalar, 0},
	{"smbase", "env.smbase", scalar, 0}, {"a20_mask", "env.a20_mask", scalar, 32},
	{"hflags", "env.hflags", scalar, 0}, {"hflags2", "env.hflags2", scalar, 0},
	{"mxcsr", "env.mxcsr", scalar, 0}, {"fcw", "env.fpuc", scalar, 0}, {"fsw", "env.fpus_vmstate", scalar, 0}, {"ftw", "env.fptag_vmstate", scalar, 8},
	{"mtrr_deftype", "env.mtrr_deftype", scalar, 0},
}

func decodeX86(d *decoder) string {
	arch := "x86_64"
	rows := x86Registers
	if f := d.lookup("env.regs"); f != nil && f.Size == 4 {
		arch = "i386"
		rows = make([]registerRow, len(x86Registers))
		for i, r := range x86Registers {
			r.name = "e" + strings.TrimPrefix(r.name, "r")
			rows[i] = r
		}
	}
	d.rows(rows)
	segs := structs(d.lookup("env.segs"))
	for i, name := range []string{"es", "cs", "ss", "ds", "fs", "gs"} {
		if i < len(segs) {
			d.segment(name, segs[i])
		}
	}
	for _, name := range []string{"ldt", "tr", "gdt", "idt"} {
		for _, s := range structs(d.lookup("env." + name)) {
			d.segment(name, s)
		}
	}
	d.rows(x86System)
	d.lookup("env.dr") // dr4 and dr5 are dr6 and dr7
	d.apic()
	d.x87()
	d.vectors()
	for i, s := range structs(d.lookup("env.mtrr_var")) {
		base, _ := s.Uint("base")
		mask, _ := s.Uint("mask")
		d.add(fmt.Sprintf("mtrr_physbase%d", i), 64, base)
		d.add(fmt.Sprintf("mtrr_physmask%d", i), 64, mask)
	}
	return arch
}

// segment adds a segment register with its hidden part; a descriptor table has a base and a limit only.
func (d *decoder) segment(name string, s stream.Struct) {
	fields := []string{"selector", "base", "limit", "flags"}
	if name == "gdt" || name == "idt" {
		fields = []string{"base", "limit"}
	}
	for _, f := range fields {
		if v, bits, ok := element(findField(&s, f), scalar); ok {
			d.add(name+"."+f, bits, v)
		}
	}
}

// apic adds what the local APIC's section holds of the CPU: its base register, and the task priority that is CR8.
func (d *decoder) apic() {
	s := d.img.decodedDevice("apic", d.instance)
	if s == nil {
		return
	}
	if base, ok := s.Uint("apicbase"); ok {
		d.add("apicbase", 64, base)
	}
	if tpr, ok := s.Uint("tpr"); ok {
		d.add("cr8", 64, tpr>>4)
	}
}

// x87 adds the x87 registers as the stack has them: st0 is the top, which FSW names.
func (d *decoder) x87() {
	f := d.lookup("env.fpregs")
	d.lookup("env.fpregs_format_vmstate")
	if f == nil {
		return
	}
	regs, _ := f.Value.([]any)
	fsw, _ := d.Uint("env.fpus_vmstate")
	top := int(fsw>>11) & 7
	for i := range regs {
		mantissa, exponent := x87Parts(regs[(top+i)%len(regs)])
		d.add(fmt.Sprintf("st%d", i), 80, mantissa, exponent)
	}
}

// x87Parts finds the two parts of a register: ten bytes that the description does not divide (put_fpreg of target-i386/machine.c
// up to QEMU 2.8), a struct, or a struct "tmp" within it.
func x87Parts(v any) (mantissa, exponent uint64) {
	switch x := v.(type) {
	case []byte:
		if len(x) == 10 {
			return binary.BigEndian.Uint64(x), uint64(binary.BigEndian.Uint16(x[8:]))
		}
	case stream.Struct:
		if inner := structs(findField(&x, "tmp")); len(inner) > 0 {
			x = inner[0]
		}
		mantissa, _ = x.Uint("tmp_mant")
		exponent, _ = x.Uint("tmp_exp")
	}
	return mantissa, exponent
}

// vectors adds xmm, and ymm and zmm where the upper parts were saved.
func (d *decoder) vectors() {
	low := structs(d.lookup("env.xmm_regs[0]"))
	if low == nil {
		low = structs(d.lookup("env.xmm_regs"))
	}
	words := func(s *stream.Struct) []uint64 {
		var w []uint64
		for i := range s.Fields {
			if v, _, ok := element(&s.Fields[i], scalar); ok {
				w = append(w, v)
			}
		}
		return w
	}
	var wide [][]uint64
	for i := range low {
		w := words(&low[i])
		if len(w) < 2 {
			return
		}
		d.add(fmt.Sprintf("xmm%d", i), 128, w[0], w[1])
		wide = append(wide, w[:2:2])
	}
	for _, part := range []struct {
		name  string
		field string
		bits  int
	}{{"ymm", "env.xmm_regs[1]", 256}, {"zmm", "env.xmm_regs[2]", 512}} {
		high := structs(d.lookup(part.field))
		for i := range high {
			w := words(&high[i])
			if i < len(wide) && 64*(len(wide[i])+len(w)) == part.bits {
				wide[i] = append(wide[i], w...)
				d.add(part.name+strconv.Itoa(i), part.bits, wide[i][0], wide[i][1:]...)
			}
		}
	}
}

// aliasX86 knows eax for rax, rax for a 32-bit CPU's eax, and the physical x87 registers fpr0 to fpr7.
func aliasX86(c *CPU, name string) (string, int) {
	if n, ok := strings.CutPrefix(name, "fpr"); ok && len(n) == 1 {
		fsw := c.Value("fsw")
		return fmt.Sprintf("st%d", (int(n[0]-'0')-int(fsw>>11))&7), 0
	}
	if len(name) < 2 {
		return name, 0
	}
	switch name[0] {
	case 'e':
		return "r" + name[1:], 32
	case 'r':
		if name[len(name)-1] == 'd' {
			return name[:len(name)-1], 32 // r8d
		}
		return "e" + name[1:], 0
	}
	return name, 0
}

func modeX86(c *CPU) string {
	if _, ok := c.Register("cr0"); !ok {
		return ""
	}
	switch {
	case c.Value("cr0")&cr0PE == 0:
		return "real"
	case c.Value("efer")&eferLMA != 0 && c.Value("cs.flags")&segmentL != 0:
		return "long"
	case c.Value("efer")&eferLMA != 0:
		return "compatibility"
	case c.Value("rflags")&rflagsVM != 0:
		return "vm86"
	}
	return "protected"
}

func privilegeX86(c *CPU) int {
	if h, ok := c.Register("hflags"); ok {
		return int(h.Value & hfCPL)
	}
	switch c.Mode() {
	case "real":
		return 0
	case "vm86":
		return 3
	}
	return int(c.Value("cs.selector") & 3)
}

// SMM tells whether an x86 CPU was in system management mode.
func (c *CPU) SMM() bool { return c.Value("hflags")&hfSMM != 0 }

func spaceX86(c *CPU) paging.Config {
	efer, known := c.Register("efer")
	if !known { // a 32-bit emulator does not save it: take a set bit 63 for what it means with EFER.NXE
		efer.Value = eferNXE
	}
	cfg := paging.X86(c.Value("cr0"), c.Value("cr3"), c.Value("cr4"), efer.Value)
	if a20, ok := c.Register("a20_mask"); ok {
		cfg.A20Mask = uint64(int64(int32(a20.Value)))
	}
	return cfg
}
