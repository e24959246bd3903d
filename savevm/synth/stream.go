package synth

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/memory"
)

// Flags of a RAM record (QEMU, migration/ram.c).
const (
	ramSaveFlagZero     = 0x02
	ramSaveFlagMemSize  = 0x04
	ramSaveFlagPage     = 0x08
	ramSaveFlagEOS      = 0x10
	ramSaveFlagContinue = 0x20
)

// Section types (QEMU, migration/savevm.h).
const (
	vmEOF           = 0x00
	vmSectionStart  = 0x01
	vmSectionPart   = 0x02
	vmSectionEnd    = 0x03
	vmSectionFull   = 0x04
	vmDescription   = 0x06
	vmConfiguration = 0x07
	vmSectionFooter = 0x7e
)

const (
	pagesPerPart   = 4096 // QEMU ends a part after some 50 ms of work
	defaultMachine = "pc-i440fx-7.2"
	mib            = 1 << 20
	gib            = 1 << 30
	ramID          = 2 // the section's
)

// WriteStream writes the guest as QEMU's migrate does: a stream of version 3 with a RAM section of version 4, a cpu section for
// each CPU, and the description of these. It is for x86-64 guests whose RAM is as a PC's: at 0, and what does not fit below the
// PCI hole at 4 GiB. A stream cannot say what device memory is where, so there must be none. Absent pages are left out.
func (g *Guest) WriteStream(w io.Writer) error { return g.WriteStreamOf(w, nil) }

// WriteStreamOf is WriteStream with contents for the pages that were not written, for images larger than memory: contents is
// called once for each of them, in the order of addresses, and returns its 4096 bytes, or nil for zeros.
func (g *Guest) WriteStreamOf(w io.Writer, contents func(address uint64) []byte) error {
	if g.err != nil {
		return g.err
	}
	below, above, err := g.layoutPC()
	if err != nil {
		return err
	}
	s := &streamWriter{w: bufio.NewWriterSize(w, 1<<20)}
	machine := g.machine
	if machine == "" {
		machine = defaultMachine
	}
	s.text("QEVM")
	s.u32(3)
	s.u8(vmConfiguration)
	s.u32(uint32(len(machine)))
	s.text(machine)
	s.ramSetup(g.arch.block, below+above)
	s.ramPages(g, contents)
	s.rtc(below, above)
	for i, registers := range g.cpus {
		s.cpu(uint32(i), savevm.NewCPU(i, g.arch.name, registers))
	}
	s.trailer()
	if s.err == nil {
		s.err = s.w.Flush()
	}
	return s.err
}

// layoutPC is how much RAM there is below the PCI hole and at 4 GiB.
func (g *Guest) layoutPC() (below, above uint64, err error) {
	switch {
	case g.arch.name != "x86_64":
		return 0, 0, fmt.Errorf("streams are written of x86_64 guests only, and this one is %s", g.arch.name)
	case len(g.ram) == 0:
		return 0, 0, fmt.Errorf("the guest has no RAM")
	case len(g.devices) > 0:
		return 0, 0, fmt.Errorf("a stream does not say where device memory is: leave out %s at %#x", g.devices[0].Name, g.devices[0].Base)
	}
	for _, r := range g.ram { // which may be declared in parts
		switch {
		case r.base == below && r.last < 4*gib:
			below += r.size()
		case r.base == 4*gib+above:
			above += r.size()
		default:
			return 0, 0, fmt.Errorf("RAM at %v: a PC has its RAM from 0 on, and what does not fit there from 4 GiB on", r)
		}
	}
	if _, ok := cmosRAM(below, above); !ok && (above > 0 || below > 2*gib) {
		return 0, 0, fmt.Errorf("%#x bytes of RAM below 4 GiB and %#x above: a PC can only tell whole multiples of 64 KiB", below, above)
	}
	return below, above, nil
}

// cmosRAM is the RTC's CMOS, which says how much RAM there is (QEMU's hw/i386/x86.c, x86_cmos_init).
func cmosRAM(below, above uint64) (cmos []byte, ok bool) {
	const unit = 64 << 10
	cmos = make([]byte, 128)
	if below <= mib || below > 16*mib && (below-16*mib)%unit != 0 || above%unit != 0 {
		return nil, false
	}
	if below > 16*mib {
		binary.LittleEndian.PutUint16(cmos[0x34:], uint16((below-16*mib)/unit))
	} else {
		binary.LittleEndian.PutUint16(cmos[0x30:], uint16((below-mib)>>10))
	}
	high := above / unit
	cmos[0x5b], cmos[0x5c], cmos[0x5d] = byte(high), byte(high>>8), byte(high>>16)
	return cmos, true
}

// streamWriter writes big-endian values, and keeps the first error and the description of the devices.
type streamWriter struct {
	w       *bufio.Writer
	err     error
	devices []device
}

func (s *streamWriter) bytes(b []byte) {
	if s.err == nil {
		_, s.err = s.w.Write(b)
	}
}

func (s *streamWriter) text(t string) {
	if s.err == nil {
		_, s.err = io.WriteString(s.w, t)
	}
}

func (s *streamWriter) u8(v uint8) { s.bytes([]byte{v}) }
func (s *streamWriter) u32(v uint32) {
	s.bytes(binary.BigEndian.AppendUint32(s.w.AvailableBuffer(), v))
}
func (s *streamWriter) u64(v uint64) {
	s.bytes(binary.BigEndian.AppendUint64(s.w.AvailableBuffer(), v))
}
func (s *streamWriter) name(n string) {
	s.u8(uint8(len(n)))
	s.text(n)
}

func (s *streamWriter) header(kind uint8, id uint32, name string, instance, version uint32) {
	s.u8(kind)
	s.u32(id)
	s.name(name)
	s.u32(instance)
	s.u32(version)
}

func (s *streamWriter) footer(id uint32) {
	s.u8(vmSectionFooter)
	s.u32(id)
}

func (s *streamWriter) ramSetup(block string, size uint64) {
	s.header(vmSectionStart, ramID, "ram", 0, 4)
	s.u64(size | ramSaveFlagMemSize)
	s.name(block)
	s.u64(size)
	s.ramEnd()
}

func (s *streamWriter) ramEnd() {
	s.u64(ramSaveFlagEOS)
	s.footer(ramID)
}

// ramPages writes every page once, in parts.
func (s *streamWriter) ramPages(g *Guest, contents func(uint64) []byte) {
	offset, written := uint64(0), 0
	page := func(data []byte) {
		if written%pagesPerPart == 0 {
			if written > 0 {
				s.ramEnd()
			}
			s.u8(vmSectionPart)
			s.u32(ramID)
		}
		flags := uint64(ramSaveFlagPage)
		if data == nil {
			flags = ramSaveFlagZero
		}
		if written > 0 {
			flags |= ramSaveFlagContinue
		}
		s.u64(offset | flags)
		if written == 0 {
			s.name(g.arch.block)
		}
		if data == nil {
			s.u8(0)
		}
		s.bytes(data)
		written++
	}
	for _, p := range g.pieces() {
		for at, left := p.base, p.size(); left > 0 && s.err == nil; at, left, offset = at+pageSize, left-pageSize, offset+pageSize {
			switch _, given := g.pages[at/pageSize]; {
			case p.kind == memory.Absent:
			case p.kind == memory.Data:
				page(g.pages[at/pageSize][:])
			case contents != nil && !given:
				data := contents(at)
				if data != nil && len(data) != pageSize {
					s.err = fmt.Errorf("the contents of the page at %#x have %d bytes", at, len(data))
					return
				}
				page(data)
			default:
				page(nil)
			}
		}
	}
	if written > 0 {
		s.ramEnd()
	}
	s.u8(vmSectionEnd)
	s.u32(ramID)
	s.ramEnd()
}

// device is an entry of the vmdescription.
type device struct {
	Name     string  `json:"name"`
	Instance uint32  `json:"instance_id"`
	VMSD     string  `json:"vmsd_name"`
	Version  uint32  `json:"version"`
	Fields   []field `json:"fields"`
}

type field struct {
	Name     string  `json:"name"`
	Type     string  `json:"type"`
	Size     int     `json:"size"`
	ArrayLen int     `json:"array_len,omitempty"`
	Struct   *layout `json:"struct,omitempty"`
}

// layout describes a struct.
type layout struct {
	VMSD    string  `json:"vmsd_name"`
	Version uint32  `json:"version"`
	Fields  []field `json:"fields"`
}

// full writes a device section and enters it into the description.
func (s *streamWriter) full(d device, body []byte) {
	id := uint32(10 + len(s.devices))
	s.header(vmSectionFull, id, d.Name, d.Instance, d.Version)
	s.bytes(body)
	s.footer(id)
	s.devices = append(s.devices, d)
}

func (s *streamWriter) trailer() {
	s.u8(vmEOF)
	b, err := json.Marshal(map[string]any{"page_size": pageSize, "devices": s.devices})
	if err != nil && s.err == nil {
		s.err = err
	}
	s.u8(vmDescription)
	s.u32(uint32(len(b)))
	s.bytes(b)
}

// rtc writes the clock's section, unless the CMOS cannot tell the size: then it follows from the machine's type.
func (s *streamWriter) rtc(below, above uint64) {
	if cmos, ok := cmosRAM(below, above); ok {
		s.full(device{"mc146818rtc", 0, "mc146818rtc", 3, []field{
			{Name: "cmos_data", Type: "buffer", Size: 128}, {Name: "cmos_index", Type: "uint8", Size: 1},
		}}, append(cmos, 0))
	}
}

// segment is vmstate_segment (QEMU, target/i386/machine.c).
var segment = &layout{"segment", 1, []field{
	{Name: "selector", Type: "uint32", Size: 4}, {Name: "base", Type: "uint64", Size: 8},
	{Name: "limit", Type: "uint32", Size: 4}, {Name: "flags", Type: "uint32", Size: 4},
}}

// cpuFields are the fields of vmstate_x86_cpu, as far as registers are in them (QEMU, target/i386/machine.c). An empty register
// is one that the field has and nobody can give.
var cpuFields = []struct {
	name, typ string
	size      int
	registers []string
}{
	{"env.regs", "uint64", 8, names("rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15")},
	{"env.eip", "uint64", 8, names("rip")},
	{"env.eflags", "uint64", 8, names("rflags")},
	{"env.hflags", "uint32", 4, names("hflags")},
	{"env.fpuc", "uint16", 2, names("fcw")},
	{"env.fpus_vmstate", "uint16", 2, names("fsw")},
	{"env.segs", "struct", 20, names("es cs ss ds fs gs")},
	{"env.ldt", "struct", 20, names("ldt")},
	{"env.tr", "struct", 20, names("tr")},
	{"env.gdt", "struct", 20, names("gdt")},
	{"env.idt", "struct", 20, names("idt")},
	{"env.sysenter_cs", "uint32", 4, names("sysenter_cs")},
	{"env.sysenter_esp", "uint64", 8, names("sysenter_esp")},
	{"env.sysenter_eip", "uint64", 8, names("sysenter_eip")},
	{"env.cr[0]", "uint64", 8, names("cr0")},
	{"env.cr[2]", "uint64", 8, names("cr2")},
	{"env.cr[3]", "uint64", 8, names("cr3")},
	{"env.cr[4]", "uint64", 8, names("cr4")},
	{"env.dr", "uint64", 8, []string{"dr0", "dr1", "dr2", "dr3", "", "", "dr6", "dr7"}},
	{"env.a20_mask", "int32", 4, names("a20_mask")},
	{"env.mxcsr", "uint32", 4, names("mxcsr")},
	{"env.efer", "uint64", 8, names("efer")},
	{"env.star", "uint64", 8, names("star")},
	{"env.lstar", "uint64", 8, names("lstar")},
	{"env.cstar", "uint64", 8, names("cstar")},
	{"env.fmask", "uint64", 8, names("sfmask")},
	{"env.kernelgsbase", "uint64", 8, names("kernel_gs_base")},
	{"env.smbase", "uint32", 4, names("smbase")},
	{"env.tsc", "uint64", 8, names("tsc")},
	{"env.tsc_aux", "uint64", 8, names("tsc_aux")},
	{"env.pat", "uint64", 8, names("pat")},
	{"env.hflags2", "uint32", 4, names("hflags2")},
	{"env.mtrr_deftype", "uint64", 8, names("mtrr_deftype")},
	{"env.xcr0", "uint64", 8, names("xcr0")},
}

// cpu writes a CPU: each field of whose registers it has one.
func (s *streamWriter) cpu(index uint32, c *savevm.CPU) {
	d := device{Name: "cpu", Instance: index, VMSD: "cpu", Version: 12}
	var body []byte
	put := func(register string, size int) {
		body = append(body, binary.BigEndian.AppendUint64(nil, c.Value(register))[8-size:]...)
	}
	for _, f := range cpuFields {
		has := func(register string) bool {
			_, ok := c.Register(register)
			return ok && register != "" || f.typ == "struct"
		}
		if !slices.ContainsFunc(f.registers, has) {
			continue
		}
		described := field{Name: f.name, Type: f.typ, Size: f.size}
		if n := len(f.registers); n > 1 {
			described.ArrayLen = n
		}
		if f.typ == "struct" {
			described.Struct = segment
		}
		d.Fields = append(d.Fields, described)
		for _, r := range f.registers {
			if f.typ != "struct" {
				put(r, f.size)
				continue
			}
			for _, part := range segment.Fields {
				put(r+"."+part.Name, part.Size)
			}
		}
	}
	s.full(d, body)
}
