package dump

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"

	"github.com/svscript/svscript/savevm/internal/wire"
)

// Types of notes of the owner "CORE" (<linux/elf.h>), and of "QEMU".
const (
	ntPRStatus = 1
	ntFPRegSet = 2
	ntAuxv     = 6          // NT_AUXV: only a process has one
	ntFile     = 0x46494c45 // NT_FILE: likewise
	ntSigInfo  = 0x53494749 // NT_SIGINFO: likewise
)

const (
	maxNote  = 1 << 20 // bytes of a note that is kept; VMCOREINFO has a page or two
	maxCPUs  = 1 << 13 // more than QEMU or Linux can have
	maxNotes = 1 << 16 // a CPU has up to three
)

// archOfELF is the architecture as package savevm names it.
func archOfELF(m elf.Machine, bits int) string {
	switch {
	case m == elf.EM_X86_64:
		return "x86_64"
	case m == elf.EM_386:
		return "i386"
	case m == elf.EM_AARCH64:
		return "aarch64"
	case m == elf.EM_RISCV && bits == 64:
		return "riscv64"
	}
	return ""
}

// notes gathers what a core's notes say.
type notes struct {
	d     *Dump
	order binary.ByteOrder
	arch  string // "": not known

	anyArch bool // the file does not say the architecture, so the notes may

	status  []CPU // of NT_PRSTATUS, one for each CPU
	states  []CPU // of QEMU's own notes, one for each CPU
	form    string
	qemu    bool
	process bool
}

// read goes through the notes in size bytes of the file.
func (n *notes) read(src *wire.Source, off, size int64) {
	end := min(off+size, src.Size())
	damaged := func(what string) {
		n.d.warn(off, "the notes are damaged here (%s): what follows of them, CPUs perhaps, is left out", what)
	}
	var head [12]byte
	for i := 0; off+12 <= end; i++ {
		if err := readFull(src, head[:], off, "a note"); err != nil {
			damaged(err.Error())
			return
		}
		if head == [12]byte{} { // padding
			return
		}
		if i == maxNotes {
			damaged("too many")
			return
		}
		nameSize, descSize := int64(n.order.Uint32(head[:])), int64(n.order.Uint32(head[4:]))
		desc := off + 12 + align4(nameSize)
		if desc+descSize > end {
			damaged(fmt.Sprintf("a note of %d bytes where %d are left", align4(nameSize)+descSize, end-off-12))
			return
		}
		if nameSize <= 16 && descSize <= maxNote {
			b := make([]byte, desc+descSize-off-12)
			if err := readFull(src, b, off+12, "a note"); err != nil {
				damaged(err.Error())
				return
			}
			name, _, _ := bytes.Cut(b[:nameSize], []byte{0})
			n.note(string(name), n.order.Uint32(head[8:]), b[desc-off-12:])
		}
		off = desc + align4(descSize)
	}
}

func align4(n int64) int64 { return (n + 3) &^ 3 }

func (n *notes) note(name string, kind uint32, desc []byte) {
	switch {
	case name == "CORE" && kind == ntPRStatus:
		l := n.statusLayout(len(desc))
		if l == nil || len(n.status) == maxCPUs {
			return
		}
		n.form = l.arch
		if n.arch == "" {
			n.arch = l.arch
			n.d.warn(-1, "the dump does not say its architecture: %s is inferred from the size of its CPU notes", l.arch)
		}
		n.status = append(n.status, CPU{len(n.status), decode(l.rows, desc, n.order)})
	case name == "CORE" && kind == ntFPRegSet:
		if n.arch == "aarch64" && len(desc) >= 528 && len(n.status) > 0 {
			c := &n.status[len(n.status)-1]
			c.Registers = append(c.Registers, decode(fpsimdARM64, desc, n.order)...)
		}
	case name == "CORE" && (kind == ntAuxv || kind == ntFile || kind == ntSigInfo):
		n.process = true
	case name == "QEMU" && kind == 0:
		n.qemu = true
		if len(desc) >= 432 && n.order.Uint32(desc) == qemuStateVersion && len(n.states) < maxCPUs {
			n.states = append(n.states, CPU{len(n.states), decode(qemuState, desc, n.order)})
		}
	case name == "VMCOREINFO":
		n.d.VMCoreInfo = bytes.TrimRight(desc, "\x00")
	}
}

// finish makes the dump's CPUs of the notes: QEMU's own where there are any, as these are the whole CPU.
func (n *notes) finish() {
	d := n.d
	d.Arch = n.arch
	switch {
	case n.states != nil:
		d.CPUs = n.states
		n.finishX86()
	case n.status != nil:
		d.CPUs = n.status
		d.Arch = n.form
		d.warn(-1, "the dump holds general registers only, none that say where page tables are: address spaces must be given by their root")
	default:
		d.warn(-1, "the dump holds no CPU registers that svscript knows")
	}
}

// Bits that tell the mode (Intel SDM volume 3A, 2.2.1, 2.3, 2.5 and 3.4.5).
const (
	cr0PG    = 1 << 31
	cr4PAE   = 1 << 5
	rflagsVM = 1 << 17
	codeL    = 1 << 21
	eferLong = 1<<0 | 1<<8 | 1<<10 | 1<<11 // SCE, LME, LMA, NXE
)

// finishX86 infers EFER, which QEMU's note lacks, and the width of the emulator's CPUs.
//
// QEMU writes NT_PRSTATUS in x86-64's form if, and only if, its first CPU is in long mode (target/i386/arch_dump.c).
func (n *notes) finishX86() {
	d := n.d
	long := n.form == "x86_64" || n.form == "" && n.arch == "x86_64"
	inferred := false
	for i := range d.CPUs {
		c := &d.CPUs[i]
		v := func(name string) uint64 { return c.value(name) }
		if v("cr0")&cr0PG != 0 && v("cr4")&cr4PAE != 0 {
			inferred = true
			if v("rflags")&rflagsVM == 0 && (long || v("cs.flags")&codeL != 0) {
				c.Registers = append(c.Registers, Register{Name: "efer", Bits: 64, Value: eferLong})
				d.Arch = "x86_64"
			}
		}
	}
	if inferred {
		d.warn(-1, "the dump does not hold EFER. Its bits LME and LMA are inferred from CR0.PG, CR4.PAE and either CS.L or the form of the "+
			"dump's notes, which is that of CPU 0's mode; NXE and SCE are taken to be set")
	}
	if d.Arch == "i386" {
		for i := range d.CPUs {
			d.CPUs[i].Registers = narrow(d.CPUs[i].Registers)
		}
	}
}

func (c *CPU) value(name string) uint64 {
	for _, r := range c.Registers {
		if r.Name == name {
			return r.Value
		}
	}
	return 0
}

// narrow gives a 32-bit CPU's registers their names and widths.
func narrow(registers []Register) []Register {
	var out []Register
	for _, r := range registers {
		if r.Name[0] == 'r' {
			if r.Name[1] >= '0' && r.Name[1] <= '9' {
				continue
			}
			r.Name = "e" + r.Name[1:]
		}
		if r.Name == "kernel_gs_base" {
			continue
		}
		r.Bits = min(r.Bits, 32)
		r.Value &= 1<<32 - 1
		out = append(out, r)
	}
	return out
}

// A row says where in a note a register is.
type row struct {
	name string
	at   int // bytes from the descriptor's start
	bits int
}

// decode reads the registers that lie inside the descriptor: later versions added some at its end.
func decode(rows []row, desc []byte, order binary.ByteOrder) []Register {
	out := make([]Register, 0, len(rows))
	for _, w := range rows {
		r := Register{Name: w.name, Bits: w.bits}
		switch {
		case w.at+w.bits/8 > len(desc):
			continue
		case w.bits == 16:
			r.Value = uint64(order.Uint16(desc[w.at:]))
		case w.bits == 32:
			r.Value = uint64(order.Uint32(desc[w.at:]))
		default:
			r.Value = order.Uint64(desc[w.at:])
			if w.bits == 128 {
				r.High = []uint64{order.Uint64(desc[w.at+8:])}
			}
		}
		out = append(out, r)
	}
	return out
}
