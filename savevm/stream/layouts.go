package stream

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
)

// Built-in layouts: what is known of sections whose stream does not describe them (QEMU 2.2 and older, or suppress-vmdesc).
// The field names are those of QEMU's own descriptions, so whoever reads the fields need not know where the layout is from.

// A row is one field of a built-in layout: count elements of a type, in the section versions since to until.
type row struct {
	name  string
	typ   string // "uint8" … "uint64", "int32", "int64", "buffer"; "tl": target_ulong; "seg", "fpreg", "xmm", "mtrr": structs
	count int64  // 0: no array; perRegister: 8 or 16, by the target
	since uint32
	until uint32 // 0: no end
	when  variant
	valid []uint64 // the values that the field can have; nil: all
}

// perRegister is the count of an array with one element a general register.
const perRegister = -1

// A variant is what a section's version does not tell.
type variant uint

const (
	only64       variant = 1 << iota // x86_64 targets only
	kvmTail                          // written with KVM active, versions up to 8
	mce                              // the machine-check registers behind mcg_cap (always there from version 11 on)
	xsave                            // xcr0 and the upper halves of ymm (absent in qemu-kvm 0.12)
	rhel5                            // RHEL 5's kvm-83, whose versions 8 and 9 are version 7 with other additions
	notRHEL5                         // all others
	longDouble                       // x87 registers as the host's long double has them: 10 bytes
	noLongDouble                     // as doubles, of hosts without: 8 bytes
)

// layoutTable is keyed by a section's name and version. Sources: QEMU's cpus.c, hw/apic.c, hw/mc146818rtc.c and kvm's
// hw/tpr-opt code of 0.10 to 2.2.
var layoutTable = map[string][]row{
	"timer": {
		{name: "cpu_ticks_offset", typ: "int64"}, {name: "dummy", typ: "int64", since: 2}, {name: "cpu_clock_offset", typ: "int64"},
	},
	"cpu_common": {{name: "halted", typ: "uint32"}, {name: "interrupt_request", typ: "uint32"}},
	"kvmclock":   {{name: "clock", typ: "uint64"}},
	"__rhel5":    {},
	"kvm-tpr-opt": {
		{name: "tpr", typ: "uint32", count: 31}, {name: "bios_enabled", typ: "uint32"}, {name: "real_tpr", typ: "uint32"},
		{name: "bios_addr", typ: "uint32"}, {name: "vapic_phys", typ: "uint32"}, {name: "vbios_desc_phys", typ: "uint32"},
	},
	"apic": {
		{name: "apicbase", typ: "uint32"}, {name: "id", typ: "uint8"}, {name: "arb_id", typ: "uint8"}, {name: "tpr", typ: "uint8"},
		{name: "spurious_vec", typ: "uint32"}, {name: "log_dest", typ: "uint8"}, {name: "dest_mode", typ: "uint8"},
		{name: "isr", typ: "uint32", count: 8}, {name: "tmr", typ: "uint32", count: 8}, {name: "irr", typ: "uint32", count: 8},
		{name: "lvt", typ: "uint32", count: 6}, {name: "esr", typ: "uint32"}, {name: "icr", typ: "uint32", count: 2},
		{name: "divide_conf", typ: "uint32"}, {name: "count_shift", typ: "int32"}, {name: "initial_count", typ: "uint32"},
		{name: "initial_count_load_time", typ: "int64"}, {name: "next_time", typ: "int64"}, {name: "timer_expiry", typ: "int64", since: 2},
	},
	"mc146818rtc": {
		{name: "cmos_data", typ: "buffer", count: 128}, {name: "cmos_index", typ: "uint8"}, {name: "current_tm", typ: "int32", count: 7},
		{name: "periodic_timer", typ: "int64"}, {name: "next_periodic_time", typ: "int64"},
		{name: "next_second_time", typ: "int64"}, {name: "second_timer", typ: "int64"}, {name: "second_timer2", typ: "int64"},
		{name: "irq_coalesced", typ: "uint32", since: 2}, {name: "period", typ: "uint32", since: 2},
		{name: "base_rtc", typ: "uint64", since: 3}, {name: "last_update", typ: "uint64", since: 3}, {name: "offset", typ: "int64", since: 3},
		{name: "update_timer", typ: "int64", since: 3}, {name: "next_alarm_time", typ: "uint64", since: 3},
	},
	"cpu": cpuRows,
}

// cpuRows is the x86 cpu section, versions 3 to 12 (target-i386/machine.c; measured offsets in QEMU 0.10 to 11).
var cpuRows = []row{
	{name: "env.regs", typ: "tl", count: perRegister}, {name: "env.eip", typ: "tl"}, {name: "env.eflags", typ: "tl"},
	{name: "env.hflags", typ: "uint32"}, {name: "env.fpuc", typ: "uint16"}, {name: "env.fpus_vmstate", typ: "uint16"},
	{name: "env.fptag_vmstate", typ: "uint16"}, {name: "env.fpregs_format_vmstate", typ: "uint16", valid: []uint64{0}, when: longDouble},
	{name: "env.fpregs_format_vmstate", typ: "uint16", valid: []uint64{1}, when: noLongDouble},
	{name: "env.fpregs", typ: "fpreg", count: 8}, {name: "env.segs", typ: "seg", count: 6},
	{name: "env.ldt", typ: "seg"}, {name: "env.tr", typ: "seg"}, {name: "env.gdt", typ: "seg"}, {name: "env.idt", typ: "seg"},
	{name: "env.sysenter_cs", typ: "uint32"},
	{name: "env.sysenter_esp", typ: "uint32", until: 6}, {name: "env.sysenter_eip", typ: "uint32", until: 6},
	{name: "env.sysenter_esp", typ: "tl", since: 7}, {name: "env.sysenter_eip", typ: "tl", since: 7},
	{name: "env.cr[0]", typ: "tl"}, {name: "env.cr[2]", typ: "tl"}, {name: "env.cr[3]", typ: "tl"}, {name: "env.cr[4]", typ: "tl"},
	{name: "env.dr", typ: "tl", count: 8}, {name: "env.a20_mask", typ: "int32", valid: []uint64{0xffffffff, 0xffefffff}}, {name: "env.mxcsr", typ: "uint32"},
	{name: "env.xmm_regs[0]", typ: "xmm", count: perRegister},
	{name: "env.efer", typ: "uint64", when: only64}, {name: "env.star", typ: "uint64", when: only64},
	{name: "env.lstar", typ: "uint64", when: only64}, {name: "env.cstar", typ: "uint64", when: only64},
	{name: "env.fmask", typ: "uint64", when: only64}, {name: "env.kernelgsbase", typ: "uint64", when: only64},
	{name: "env.smbase", typ: "uint32", since: 4},
	{name: "env.pat", typ: "uint64", since: 5}, {name: "env.hflags2", typ: "uint32", since: 5},
	{name: "halted", typ: "uint32", since: 5, until: 5},
	{name: "env.vm_hsave", typ: "uint64", since: 5}, {name: "env.vm_vmcb", typ: "uint64", since: 5},
	{name: "env.tsc_offset", typ: "uint64", since: 5}, {name: "env.intercept", typ: "uint64", since: 5},
	{name: "env.intercept_cr_read", typ: "uint16", since: 5}, {name: "env.intercept_cr_write", typ: "uint16", since: 5},
	{name: "env.intercept_dr_read", typ: "uint16", since: 5}, {name: "env.intercept_dr_write", typ: "uint16", since: 5},
	{name: "env.intercept_exceptions", typ: "uint32", since: 5}, {name: "env.v_tpr", typ: "uint8", since: 5},
	{name: "env.mtrr_fixed", typ: "uint64", count: 11, since: 8, when: notRHEL5}, {name: "env.mtrr_deftype", typ: "uint64", since: 8, when: notRHEL5},
	{name: "env.mtrr_var", typ: "mtrr", count: 8, since: 8, when: notRHEL5},
	{name: "kvm.interrupt_bitmap", typ: "buffer", count: 32, when: kvmTail}, {name: "env.tsc", typ: "uint64", when: kvmTail},
	{name: "env.mp_state", typ: "uint32", since: 5, when: kvmTail},
	{name: "env.system_time_msr", typ: "uint64", since: 8, when: rhel5}, {name: "env.wall_clock_msr", typ: "uint64", since: 8, when: rhel5},
	{name: "env.soft_interrupt", typ: "uint8", since: 9, when: rhel5}, {name: "env.nmi_injected", typ: "uint8", since: 9, when: rhel5},
	{name: "env.nmi_pending", typ: "uint8", since: 9, when: rhel5}, {name: "env.has_error_code", typ: "uint8", since: 9, when: rhel5},
	{name: "env.sipi_vector", typ: "uint32", since: 9, when: rhel5},
	{name: "env.interrupt_injected", typ: "int32", since: 9, when: notRHEL5}, {name: "env.mp_state", typ: "uint32", since: 9, when: notRHEL5},
	{name: "env.tsc", typ: "uint64", since: 9, when: notRHEL5},
	{name: "env.exception_nr", typ: "int32", since: 11}, {name: "env.soft_interrupt", typ: "uint8", since: 11},
	{name: "env.nmi_injected", typ: "uint8", since: 11}, {name: "env.nmi_pending", typ: "uint8", since: 11},
	{name: "env.has_error_code", typ: "uint8", since: 11}, {name: "env.sipi_vector", typ: "uint32", since: 11},
	{name: "env.mcg_cap", typ: "uint64", since: 10}, {name: "env.mcg_status", typ: "uint64", since: 10, when: mce},
	{name: "env.mcg_ctl", typ: "uint64", since: 10, when: mce}, {name: "env.mce_banks", typ: "uint64", count: perBank, since: 10, when: mce},
	{name: "env.tsc_aux", typ: "uint64", since: 11}, {name: "env.system_time_msr", typ: "uint64", since: 11},
	{name: "env.wall_clock_msr", typ: "uint64", since: 11},
	{name: "env.xcr0", typ: "uint64", since: 12, when: xsave}, {name: "env.xstate_bv", typ: "uint64", since: 12, when: xsave},
	{name: "env.xmm_regs[1]", typ: "ymmh", count: perRegister, since: 12, when: xsave},
}

// perBank is the count of env.mce_banks: four registers a bank.
const perBank = -2

// A target is what the rows of one try are sized by.
type target struct {
	ulong    int64 // bytes of target_ulong
	banks    int64 // of machine-check registers
	variants variant
}

// layouts yields the layouts that a section may have, the likeliest first.
func (p *parser) layouts(s *section) iter.Seq[*Description] {
	return func(yield func(*Description) bool) {
		rows, ok := layoutTable[s.name]
		if !ok {
			return
		}
		if s.name != "cpu" {
			yield(layout(s, rows, target{ulong: 8, variants: notRHEL5}))
			return
		}
		for t := range cpuTargets(s.version) {
			if !yield(layout(s, rows, t)) {
				return
			}
		}
	}
}

// cpuTargets yields every form that a cpu section of that version may have.
func cpuTargets(version uint32) iter.Seq[target] {
	return func(yield func(target) bool) {
		if version < 3 || version > 12 {
			return
		}
		for _, ulong := range []int64{8, 4} {
			for _, fpreg := range []variant{longDouble, noLongDouble} {
				for _, v := range cpuVariants(version) {
					t := target{ulong: ulong, banks: 10, variants: v | fpreg}
					if ulong == 8 {
						t.variants |= only64
					}
					if !yield(t) {
						return
					}
					// Version 10 has as many banks as the low byte of mcg_cap says; what fits is told by what follows.
					for t.banks = 1; version == 10 && v&mce != 0 && t.banks <= 32; t.banks++ {
						if !yield(t) {
							return
						}
					}
				}
			}
		}
	}
}

func cpuVariants(version uint32) []variant {
	switch {
	case version >= 12:
		return []variant{notRHEL5 | mce | xsave, notRHEL5 | mce}
	case version == 11:
		return []variant{notRHEL5 | mce}
	case version == 10:
		return []variant{notRHEL5, notRHEL5 | mce}
	case version == 9:
		return []variant{notRHEL5, rhel5 | kvmTail, rhel5}
	}
	return []variant{notRHEL5, notRHEL5 | kvmTail, rhel5 | kvmTail, rhel5}
}

// layout makes a description of the rows that apply.
func layout(s *section, rows []row, t target) *Description {
	d := &Description{Name: s.name, Instance: s.instance, VMSD: s.name, Version: s.version}
	for _, r := range rows {
		if s.version < r.since || r.until != 0 && s.version > r.until || r.when&^t.variants != 0 {
			continue
		}
		f := FieldDescription{Name: r.name, Type: r.typ, Size: 1, valid: r.valid}
		n := r.count
		switch n {
		case perRegister:
			n = 2 * t.ulong // 8 or 16 registers
		case perBank:
			n = 4 * t.banks
		}
		switch r.typ {
		case "tl":
			f.Type, f.Size = fmt.Sprintf("uint%d", 8*t.ulong), t.ulong
		case "buffer":
			f.Size, n = n, 0
		case "fpreg", "seg", "xmm", "ymmh", "mtrr":
			f.Struct = structLayout(r.typ, t)
			f.Type, f.Size = "struct", fieldsSize(f.Struct.Fields, 1<<10)
		default:
			f.Size = integerSizes[r.typ]
		}
		if n > 0 {
			f.ArrayLen = &n
		}
		d.Fields = append(d.Fields, f)
	}
	return d
}

var integerSizes = map[string]int64{"uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8, "int32": 4, "int64": 8}

// structLayout is the layout of a cpu section's structs.
func structLayout(typ string, t target) *Description {
	base := FieldDescription{Name: "base", Type: fmt.Sprintf("uint%d", 8*t.ulong), Size: t.ulong}
	u64 := func(name string) FieldDescription { return FieldDescription{Name: name, Type: "uint64", Size: 8} }
	u32 := func(name string) FieldDescription { return FieldDescription{Name: name, Type: "uint32", Size: 4} }
	d := &Description{VMSD: typ, Version: 1}
	switch typ {
	case "seg":
		d.VMSD, d.Fields = "segment", []FieldDescription{u32("selector"), base, u32("limit"), u32("flags")}
	case "fpreg":
		d.Fields = []FieldDescription{u64("tmp_mant")}
		if t.variants&longDouble != 0 {
			d.Fields = append(d.Fields, FieldDescription{Name: "tmp_exp", Type: "uint16", Size: 2})
		}
	case "xmm":
		d.VMSD, d.Fields = "xmm_reg", []FieldDescription{u64("_q_ZMMReg[0]"), u64("_q_ZMMReg[1]")}
	case "ymmh":
		d.VMSD, d.Fields = "ymmh_reg", []FieldDescription{u64("_q_ZMMReg[2]"), u64("_q_ZMMReg[3]")}
	case "mtrr":
		d.VMSD, d.Fields = "mtrr_var", []FieldDescription{u64("base"), u64("mask")}
	}
	return d
}

// subsectionTable is what is known of subsections, by name: their fields (target/i386/machine.c).
var subsectionTable = map[string][]row{
	"cpu/async_pf_msr":             {{name: "env.async_pf_en_msr", typ: "uint64"}},
	"cpu/async_pf_int_msr":         {{name: "env.async_pf_int_msr", typ: "uint64"}},
	"cpu/async_pv_eoi_msr":         {{name: "env.pv_eoi_en_msr", typ: "uint64"}},
	"cpu/steal_time_msr":           {{name: "env.steal_time_msr", typ: "uint64"}},
	"cpu/poll_control_msr":         {{name: "env.poll_control_msr", typ: "uint64"}},
	"cpu/msr_tsc_adjust":           {{name: "env.tsc_adjust", typ: "uint64"}},
	"cpu/msr_tscdeadline":          {{name: "env.tsc_deadline", typ: "uint64"}},
	"cpu/msr_ia32_misc_enable":     {{name: "env.msr_ia32_misc_enable", typ: "uint64"}},
	"cpu/msr_ia32_feature_control": {{name: "env.msr_ia32_feature_control", typ: "uint64"}},
	"cpu/msr_smi_count":            {{name: "env.msr_smi_count", typ: "uint64"}},
	"cpu/msr_hyperv_hypercall":     {{name: "env.msr_hv_guest_os_id", typ: "uint64"}, {name: "env.msr_hv_hypercall", typ: "uint64"}},
	"cpu/msr_hyperv_vapic":         {{name: "env.msr_hv_vapic", typ: "uint64"}},
	"cpu/msr_hyperv_time":          {{name: "env.msr_hv_tsc", typ: "uint64"}},
	"cpu/msr_hyperv_runtime":       {{name: "env.msr_hv_runtime", typ: "uint64"}},
	"cpu/fpop_ip_dp":               {{name: "env.fpop", typ: "uint16"}, {name: "env.fpip", typ: "uint64"}, {name: "env.fpdp", typ: "uint64"}},
	"cpu/efer32":                   {{name: "env.efer", typ: "uint64"}},
	"cpu/xss":                      {{name: "env.xss", typ: "uint64"}},
	"cpu/umwait":                   {{name: "env.umwait", typ: "uint32"}},
	"cpu/pkru":                     {{name: "env.pkru", typ: "uint32"}},
	"cpu/pkrs":                     {{name: "env.pkrs", typ: "uint32"}},
	"cpu/tsc_khz":                  {{name: "env.tsc_khz", typ: "int64"}},
	"cpu/mcg_ext_ctl":              {{name: "env.mcg_ext_ctl", typ: "uint64"}},
	"cpu/spec_ctrl":                {{name: "env.spec_ctrl", typ: "uint64"}},
	"cpu/amd_tsc_scale_msr":        {{name: "env.amd_tsc_scale_msr", typ: "uint64"}},
	"cpu/virt_ssbd":                {{name: "env.virt_ssbd", typ: "uint64"}},
	"cpu/svn_npt":                  {{name: "env.nested_cr3", typ: "uint64"}, {name: "env.nested_pg_mode", typ: "uint32"}},
	"cpu/svm_guest":                {{name: "env.int_ctl", typ: "uint32"}},
	"cpu/msr_tsx_ctrl":             {{name: "env.tsx_ctrl", typ: "uint32"}},
	"cpu/pdptrs":                   {{name: "env.pdptrs", typ: "uint64", count: 4}},
	"cpu/triple_fault":             {{name: "env.triple_fault_pending", typ: "uint8"}},
}

// knownSubsections steps over the subsections that may follow the fields of a section which is not described. One that is
// not known goes on to the next subsection, or to the next section's header.
func (p *parser) knownSubsections(s *section, off int64) (subs []Description, end int64, ok bool) {
	defer p.c.Recover(p.c.Offset())
	p.c.Goto(off)
	for {
		b := p.c.Peek(2 + 255)
		if len(b) < 2 || b[0] != vmSubsection || len(b) < 2+int(b[1]) || !strings.HasPrefix(string(b[2:2+int(b[1])]), s.name+"/") {
			return subs, p.c.Offset(), true
		}
		p.c.U8()
		d := Description{VMSD: p.c.String8(), Version: p.c.U32()}
		body := p.c.Offset()
		rows, known := subsectionTable[d.VMSD]
		if known {
			l := layout(&section{name: d.VMSD, version: d.Version}, rows, target{ulong: 8})
			d.Fields = l.Fields
		} else {
			at := p.subsectionEnd(s, body)
			if at < body {
				return nil, 0, false
			}
			d.Fields = []FieldDescription{{Name: "data", Type: "buffer", Size: at - body}}
		}
		subs = append(subs, d)
		p.c.Recover(body + fieldsSize(d.Fields, 1<<40))
	}
}

// subsectionEnd looks for the end of a subsection whose fields are not known, or -1.
func (p *parser) subsectionEnd(s *section, body int64) int64 {
	at := p.nextHeader(body)
	if at < 0 {
		return -1
	}
	if p.footers == footersPresent {
		at -= 5
	}
	p.c.Recover(body)
	prefix := []byte(s.name + "/")
	b := p.c.Peek(int(min(max(at-body, 0), maxSubsection)))
	for i := 0; i+2 < len(b); i++ {
		if b[i] == vmSubsection && int(b[i+1]) > len(prefix) && bytes.HasPrefix(b[i+2:], prefix) {
			return body + int64(i)
		}
	}
	return at
}

// maxSubsection bounds the search for the next subsection; AMX's has 8 KiB.
const maxSubsection = 64 << 10
