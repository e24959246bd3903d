package bindings

import (
	"strconv"
	"strings"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/savevm"
)

var cpuClass = Class{
	Name: "CPU",
	Help: "A processor as it was when the guest was saved. Every register is a property under its own name, all of them BigInt: " +
		"x86 rax … r15, rip, rflags, cr3, fs.base, gdt.limit, xmm[0]; arm64 x0 … x30, ttbr0_el1; riscv64 x0 … x31, satp. " +
		"Narrower and ABI names work too (eax, w0, ra). A register that this CPU or the image does not have is undefined.",
	Members: []*Member{
		{Name: "index", Kind: Property, Type: "number", Help: "Its number, from 0.",
			native: on(func(o *cpuObject, c call) goja.Value { return c.b.rt.ToValue(o.cpu.Index) })},
		{Name: "arch", Kind: Property, Type: "string", Help: `"x86_64", "i386", "aarch64" or "riscv64": of the emulator, whatever mode the CPU was in.`,
			native: on(func(o *cpuObject, c call) goja.Value { return c.b.str(o.cpu.Arch) })},
		{Name: "mode", Kind: Property, Type: "string", Help: `x86 "real", "vm86", "protected", "long", "compatibility"; arm64 "el0" … "el3"; riscv64 "user", "supervisor", "machine".`,
			native: on(func(o *cpuObject, c call) goja.Value { return c.b.str(o.cpu.Mode()) })},
		{Name: "cpl", Kind: Property, Type: "number", Help: "Privilege: x86's current privilege level (0 is the kernel's), arm64's exception level, riscv64's mode.",
			native: on(func(o *cpuObject, c call) goja.Value { return c.b.rt.ToValue(o.cpu.Privilege()) })},
		{Name: "halted", Kind: Property, Type: "boolean", Help: "Whether it waited for an interrupt.",
			native: on(func(o *cpuObject, c call) goja.Value { return c.b.boolean(o.cpu.Halted) })},
		{Name: "space", Kind: Property, Type: "AddressSpace", Help: "The virtual memory in which it ran.", native: on((*cpuObject).space)},
		{Name: "registers", Kind: Property, Type: "Registers & Record<string, any>",
			Help: "All registers as a plain object, shaped like the properties of the CPU. Narrower and ABI names are there, but not listed.", native: on((*cpuObject).registers)},
	},
}

// A cpuObject is the Go side of a CPU. Its registers are properties of the object itself, made with it.
type cpuObject struct {
	vm        *vm
	cpu       *savevm.CPU
	object    *goja.Object
	spaceView *goja.Object
}

func (v *vm) cpuOf(cpu *savevm.CPU) *goja.Object {
	o := &cpuObject{vm: v, cpu: cpu}
	o.object = v.b.hold("CPU", o)
	o.fill(o.object, v.b.guarded)
	return o.object
}

// fill gives an object the registers, each by way of define. cs.base becomes an object cs with a base; xmm0, xmm1, … also an array xmm.
// Their other names are not enumerable: who lists the registers sees each once.
func (o *cpuObject) fill(to *goja.Object, define defineRegister) {
	b := o.vm.b
	arrays := map[string][]goja.Value{}
	for _, r := range o.cpu.Registers {
		v := b.register(r)
		holder, class, name, define := to, "CPU", r.Name, define
		if outer, inner, dotted := strings.Cut(r.Name, "."); dotted {
			row, known := Lookup("X86Registers", outer)
			nested, ok := to.Get(outer).(*goja.Object)
			if !ok {
				if nested = b.rt.NewObject(); known {
					nested = b.record(row.Type)
				}
				define(to, class, outer, nested, goja.FLAG_TRUE)
			}
			if holder, class, name = nested, outer, inner; !known {
				define = b.copied // of a plain object, the console would show getters, not what they give
			}
		} else if family, i := familyOf(r.Name); family != "" && i == len(arrays[family]) {
			arrays[family] = append(arrays[family], v)
		}
		define(holder, class, name, v, goja.FLAG_TRUE)
	}
	for _, family := range families {
		if values := arrays[family]; values != nil {
			define(to, "CPU", family, b.frozen(b.array(values)), goja.FLAG_TRUE)
		}
	}
	for _, name := range aliases[o.cpu.Arch] {
		if r, ok := o.cpu.Register(name); ok {
			define(to, "CPU", name, b.register(r), goja.FLAG_FALSE)
		}
	}
}

// A defineRegister defines a register, which a script can see but not change. A member of the class keeps its name.
type defineRegister func(o *goja.Object, class, name string, v goja.Value, listed goja.Flag)

// guarded defines a register of a CPU, which throws when it is set.
func (b *Bindings) guarded(o *goja.Object, class, name string, v goja.Value, listed goja.Flag) {
	if o.Get(name) == nil {
		get := b.rt.ToValue(func(goja.FunctionCall) goja.Value { return v })
		b.must(o.DefineAccessorProperty(name, get, b.readOnly(class, name), goja.FLAG_TRUE, listed))
	}
}

// copied defines a register of a plain object.
func (b *Bindings) copied(o *goja.Object, _, name string, v goja.Value, listed goja.Flag) {
	if o.Get(name) == nil {
		b.must(o.DefineDataProperty(name, v, goja.FLAG_FALSE, goja.FLAG_TRUE, listed))
	}
}

func (b *Bindings) register(r savevm.Register) goja.Value { return b.wide(r.Value, r.High) }

// families are registers that come by the dozen and are wider than general ones: they are arrays too.
var families = []string{"xmm", "ymm", "zmm", "st", "v", "f"}

func familyOf(name string) (family string, index int) {
	for _, f := range families {
		if digits, ok := strings.CutPrefix(name, f); ok {
			if i, err := strconv.Atoi(digits); err == nil {
				return f, i
			}
		}
	}
	return "", 0
}

// aliases are the other names of registers, by architecture.
var aliases = map[string][]string{
	"x86_64": strings.Fields(`eax ebx ecx edx esi edi ebp esp eip eflags r8d r9d r10d r11d r12d r13d r14d r15d`),
	"i386":   strings.Fields(`rax rbx rcx rdx rsi rdi rbp rsp rip rflags`),
	"aarch64": append(strings.Fields(`lr fp cpsr`),
		strings.Fields(`w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12 w13 w14 w15 w16 w17 w18 w19 w20 w21 w22 w23 w24 w25 w26 w27 w28 w29 w30`)...),
	"riscv64": strings.Fields(`zero ra sp gp tp t0 t1 t2 s0 fp s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6`),
}

func (o *cpuObject) space(c call) goja.Value {
	if o.spaceView == nil {
		if err := o.cpu.CheckPaging(); err != nil {
			c.b.throw(err)
		}
		s, err := o.vm.target.Space(o.cpu.SpaceConfig())
		if err != nil {
			c.b.throw(err)
		}
		o.spaceView = o.vm.spaceOf(s)
	}
	return o.spaceView
}

func (o *cpuObject) registers(c call) goja.Value {
	all := c.b.record("Registers")
	o.fill(all, c.b.copied)
	return all
}
