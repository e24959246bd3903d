package savevm

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/stream"
)

// A Register is one register's value.
type Register struct {
	Name  string // "rax", "cs.base", "xmm0", "ttbr1_el1"
	Bits  int    // its width: 8 to 512
	Value uint64 // its low 64 bits
	High  []uint64
}

// A CPU is one of the guest's processors as it was when the guest was saved.
type CPU struct {
	Index     int
	Arch      string     // "x86_64", "i386", "aarch64", "riscv64": of the emulator, whatever mode the CPU was in
	Registers []Register // in the order in which manuals list them; the names are unique
	Halted    bool       // it waited for an interrupt (HLT, WFI)

	img    *Image
	byName map[string]int
}

// NewCPU makes a CPU of its registers; of two with one name the first counts. arch is as in [CPU]: it decides which other names
// registers have, and what [CPU.Mode] and [CPU.SpaceConfig] make of them. [CPU.Space] works once the CPU is in an [Image].
func NewCPU(index int, arch string, registers []Register) *CPU {
	c := &CPU{Index: index, Arch: arch, Registers: make([]Register, 0, len(registers)), byName: make(map[string]int, len(registers))}
	for _, r := range registers {
		if _, ok := c.byName[r.Name]; !ok {
			c.byName[r.Name] = len(c.Registers)
			c.Registers = append(c.Registers, r)
		}
	}
	return c
}

// Register returns a register by its name. Besides those in Registers, it knows the narrower names of wider ones (eax,
// eip, w0) and other usual names (fpr0, lr, a0).
func (c *CPU) Register(name string) (Register, bool) {
	name = strings.ToLower(name)
	if i, ok := c.byName[name]; ok {
		return c.Registers[i], true
	}
	a := archOf(c.Arch)
	if a == nil || a.alias == nil {
		return Register{}, false
	}
	full, bits := a.alias(c, name)
	i, ok := c.byName[full]
	if !ok {
		return Register{}, false
	}
	r := c.Registers[i]
	r.Name = name
	if bits != 0 && bits < r.Bits {
		r.Bits, r.High = bits, nil
		r.Value &= 1<<bits - 1
	}
	return r, true
}

// Value returns the low 64 bits of a register, or 0 where the CPU has none of that name.
func (c *CPU) Value(name string) uint64 {
	r, _ := c.Register(name)
	return r.Value
}

// Mode names what the CPU executed: x86 "real", "vm86", "protected", "compatibility", "long"; aarch64 "el0" to "el3";
// riscv64 "user", "supervisor", "machine". "" where that is not known.
func (c *CPU) Mode() string {
	if a := archOf(c.Arch); a != nil {
		return a.mode(c)
	}
	return ""
}

// Privilege is the CPU's privilege level as its architecture counts: x86's CPL (0 is the kernel), aarch64's exception
// level, riscv64's mode (3 is machine).
func (c *CPU) Privilege() int {
	if a := archOf(c.Arch); a != nil {
		return a.privilege(c)
	}
	return 0
}

// SpaceConfig is the address space that the CPU's registers select, for [paging.New].
func (c *CPU) SpaceConfig() paging.Config {
	if a := archOf(c.Arch); a != nil {
		return a.space(c)
	}
	return paging.Config{}
}

// CheckPaging tells whether the image holds the registers that SpaceConfig goes by: cores have fewer than streams.
func (c *CPU) CheckPaging() error {
	if a := archOf(c.Arch); a != nil {
		for _, name := range a.paging {
			if _, ok := c.Register(name); !ok {
				return fmt.Errorf("the image does not hold CPU %d's register %s, so its address space is not known; "+
					"give the root of its page tables", c.Index, name)
			}
		}
	}
	return nil
}

// Space returns the address space in which the CPU ran: its page tables, or physical memory where paging is off.
func (c *CPU) Space() (*Space, error) {
	if c.img == nil {
		return nil, fmt.Errorf("CPU %d belongs to no image", c.Index)
	}
	if err := c.CheckPaging(); err != nil {
		return nil, err
	}
	return c.img.Space(c.SpaceConfig())
}

// An architecture is how a CPU's registers are found and read.
type architecture struct {
	names     []string
	match     func(s *stream.Struct) bool // of a cpu section's fields
	decode    func(d *decoder) (arch string)
	alias     func(c *CPU, name string) (full string, bits int)
	mode      func(c *CPU) string
	privilege func(c *CPU) int
	space     func(c *CPU) paging.Config
	paging    []string            // the registers without which there is no saying what space gives
	caveat    func(c *CPU) string // why what space gives may mislead, or ""; nil: never
}

// architectures is every one whose CPUs are understood. It is filled at start, as its functions refer to it.
var architectures []*architecture

func init() { architectures = []*architecture{&x86, &arm64, &riscv64} }

func archOf(name string) *architecture {
	for _, a := range architectures {
		if slices.Contains(a.names, name) {
			return a
		}
	}
	return nil
}

// decodeCPUs reads the CPUs from the device sections.
func (img *Image) decodeCPUs() []*CPU {
	var cpus []*CPU
	dec := &decoder{img: img}
	for _, d := range img.devices {
		if baseName(d.Name) != "cpu" {
			continue
		}
		section := fmt.Sprintf("%s/%d", d.Name, d.Instance)
		s, err := d.Decode()
		if err != nil {
			img.warn(section, "%v", err)
		}
		i := slices.IndexFunc(architectures, func(a *architecture) bool { return a.match(s) })
		if i < 0 {
			img.warn(section, "the CPU's registers are not known: its section (version %d, %d bytes) is of no layout that svscript has",
				d.Version, d.Size)
			continue
		}
		dec.Struct, dec.instance, dec.registers, dec.used = s, d.Instance, dec.registers[:0], dec.used[:0]
		arch := architectures[i].decode(dec)
		dec.rest()
		c := NewCPU(int(d.Instance), arch, dec.registers)
		if common := img.decodedDevice("cpu_common", d.Instance); common != nil {
			halted, _ := common.Uint("halted")
			c.Halted = halted != 0
		}
		if caveat := architectures[i].caveat; caveat != nil {
			if text := caveat(c); text != "" {
				img.warn(section, "%s", text)
			}
		}
		cpus = append(cpus, c)
	}
	slices.SortFunc(cpus, func(a, b *CPU) int { return cmp.Compare(a.Index, b.Index) })
	return cpus
}

// decodedDevice returns the fields of a device, or nil.
func (img *Image) decodedDevice(name string, instance uint32) *stream.Struct {
	d := img.Device(name, instance)
	if d == nil {
		return nil
	}
	s, err := d.Decode()
	if err != nil {
		return nil
	}
	return s
}

// A decoder turns a cpu section's fields into registers.
type decoder struct {
	*stream.Struct
	img       *Image
	instance  uint32
	registers []Register
	used      []string // the fields that became registers
}

// A registerRow says which field holds a register.
type registerRow struct {
	name  string
	field string
	index int // in an array; scalar: -1
	bits  int // 0: the field's own width
}

const scalar = -1

func (d *decoder) rows(rows []registerRow) {
	for _, r := range rows {
		v, width, ok := element(d.lookup(r.field), r.index)
		if !ok {
			continue
		}
		if r.bits != 0 {
			width = r.bits
		}
		d.add(r.name, width, v)
	}
}

func (d *decoder) add(name string, bits int, value uint64, high ...uint64) {
	d.registers = append(d.registers, Register{Name: name, Bits: bits, Value: value, High: high})
}

// lookup returns a field, and notes that it was used.
func (d *decoder) lookup(name string) *stream.Field {
	d.used = append(d.used, name)
	f := findField(d.Struct, name)
	if f == nil {
		f = findNumbered(d.Struct, name)
	}
	if f != nil {
		d.used = append(d.used, f.Name)
	}
	return f
}

// findNumbered finds the one field that the description calls by name and a number, as it does where QEMU's code has a field of that
// name for each of several versions (vmfield_name_num): env.sysenter_esp[1] and env.fpregs[0] of QEMU 2.4 to 2.8.
func findNumbered(s *stream.Struct, name string) *stream.Field {
	var found *stream.Field
	for i := range s.Fields {
		number, ok := strings.CutPrefix(s.Fields[i].Name, name+"[")
		if !ok || len(number) != 2 || number[1] != ']' {
			continue
		}
		if found != nil {
			return nil
		}
		found = &s.Fields[i]
	}
	return found
}

func findField(s *stream.Struct, name string) *stream.Field {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i]
		}
	}
	for i := range s.Subsections {
		if f := findField(&s.Subsections[i].Struct, name); f != nil {
			return f
		}
	}
	return nil
}

// element returns an integer field's value, or that of an array's element, and its width in bits.
func element(f *stream.Field, index int) (v uint64, bits int, ok bool) {
	if f == nil {
		return 0, 0, false
	}
	bits = int(f.Size) * 8
	switch x := f.Value.(type) {
	case uint64:
		return x, bits, index <= 0
	case int64:
		return uint64(x) & mask(bits), bits, index <= 0
	case bool:
		if x {
			v = 1
		}
		return v, 8, index <= 0
	case []uint64:
		if index >= 0 && index < len(x) {
			return x[index], bits, true
		}
	case []int64:
		if index >= 0 && index < len(x) {
			return uint64(x[index]) & mask(bits), bits, true
		}
	}
	return 0, 0, false
}

func mask(bits int) uint64 { return 1<<bits - 1 } // 1<<64 is 0, so that 64 gives all ones

// structs returns the elements of a field that is a struct or an array of structs.
func structs(f *stream.Field) []stream.Struct {
	if f == nil {
		return nil
	}
	switch x := f.Value.(type) {
	case stream.Struct:
		return []stream.Struct{x}
	case []any:
		var out []stream.Struct
		for _, e := range x {
			if s, ok := e.(stream.Struct); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// rest adds every integer field that no table named, under QEMU's name for it.
func (d *decoder) rest() {
	d.restOf(d.Struct)
}

func (d *decoder) restOf(s *stream.Struct) {
	for i := range s.Fields {
		f := &s.Fields[i]
		name := strings.TrimPrefix(f.Name, "env.")
		if name == "" || slices.Contains(d.used, f.Name) || strings.HasPrefix(name, "unused") {
			continue
		}
		switch x := f.Value.(type) {
		case uint64, int64, bool:
			v, bits, _ := element(f, 0)
			d.add(name, bits, v)
		case []uint64:
			if len(x) <= 64 {
				for j, v := range x {
					d.add(name+strconv.Itoa(j), int(f.Size)*8, v)
				}
			}
		}
	}
	for i := range s.Subsections {
		d.restOf(&s.Subsections[i].Struct)
	}
}
