package bindings

import (
	"fmt"
	"strings"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
)

// printOptions are what matters of how a value is to be printed.
type printOptions struct {
	depth  int64
	colors bool
	width  int64
}

func (b *Bindings) inspectOptions(c goja.FunctionCall) printOptions {
	o := printOptions{depth: 2, width: 80}
	if n := c.Argument(0); isNumber(n) {
		o.depth = n.ToInteger()
	}
	if given, ok := c.Argument(1).(*goja.Object); ok {
		if v := given.Get("colors"); v != nil {
			o.colors = v.ToBoolean()
		}
		if v := given.Get("breakLength"); v != nil && isNumber(v) {
			o.width = v.ToInteger()
		}
	}
	return o
}

// printers say how the objects of a class print themselves, in the console and the REPL.
var printers = map[string]func(*Bindings, *goja.Object, printOptions) goja.Value{
	"VM": printHeld(func(v *vm, o printOptions) string { return v.print(o) }),
	"Block": printHeld(func(x *blockObject, _ printOptions) string {
		return fmt.Sprintf("Block %s: %s in pages of %s", x.block.Name, bytesText(x.block.Size), bytesText(x.block.PageSize))
	}),
	"AddressSpace": printHeld(func(x *spaceObject, _ printOptions) string {
		return fmt.Sprintf("AddressSpace %s, root %#x", x.space.Mode(), x.space.Root())
	}),
	"CPU":     printHeld(func(x *cpuObject, o printOptions) string { return x.print(o) }),
	"Device":  printHeld(func(x *deviceObject, _ printOptions) string { return x.print() }),
	"Mapping": printRecord(mappingText),
	"Page":    printRecord(mappingText),
	"Range": printRecord(func(r rec) string {
		return fmt.Sprintf("%s %-6s %s", r.span("base"), r.text("kind"), strings.TrimSpace(r.text("name")+" "+r.place()))
	}),
	"WalkStep":           printRecord(stepText),
	"Walk":               printRecord(walkText),
	"Fault":              printRecord(faultLine),
	"Explanation":        printRecord(func(r rec) string { return r.text("text") }),
	"VirtualExplanation": printRecord(func(r rec) string { return strings.TrimSuffix(r.text("walk")+"\n  "+r.text("physical"), "\n  ") }),
	"Warning":            printRecord(warningText),
	"Extent":             printRecord(func(r rec) string { return r.span("base") + " " + strings.TrimSpace(r.text("kind")+" "+r.text("fill")) }),
	"Change":             printRecord(func(r rec) string { return r.span("base") + " " + r.text("a") + " / " + r.text("b") }),
	"Skip":               printRecord(skipText),
	"PhysicalPage":       printRecord(func(r rec) string { return r.span("address") + orNone(" fill ", r.text("fill")) }),
	"EntropyWindow":      printRecord(func(r rec) string { return r.span("base") + orNone(" entropy ", r.text("entropy")) }),
	"StructType":         printHeld(func(s *structType, _ printOptions) string { return s.t.Definition() }),
	"StructValue":        printHeld(func(v *structValue, _ printOptions) string { return v.print() }),
	"Pointer":            printHeld(func(p *pointer, _ printOptions) string { return fmt.Sprintf("ptr %#x in %s", p.at, p.memory.name) }),
	"Instruction":        printRecord(instructionText),
	"Reference":          printRecord(func(r rec) string { return r.hex("address") + " " + r.text("flags") + " in " + r.text("space") }),
	"Sequence":           printHeld(func(*sequence, printOptions) string { return "Sequence { use for…of, toArray(), take(n), … }" }),
	"Hit":                printRecord(hitText),
	"Linux":              printHeld(func(l *linux, _ printOptions) string { return l.print() }),
	"LinuxSymbol":        printRecord(func(r rec) string { return r.hex("address") + " " + r.text("type") + " " + r.text("name") }),
	"Segment":            printRecord(segmentText),
	"DescriptorTable":    printRecord(segmentText),
	"FoundString":        printRecord(func(r rec) string { return fmt.Sprintf("%s %q", r.hex("address"), r.text("text")) }),
}

func printHeld[T any](fn func(T, printOptions) string) func(*Bindings, *goja.Object, printOptions) goja.Value {
	return func(b *Bindings, o *goja.Object, p printOptions) goja.Value {
		x, ok := b.unwrap(o).(T)
		if !ok { // the prototype itself
			return o
		}
		return b.str(fn(x, p))
	}
}

// rec reads the properties of a record for printing. Scripts may have changed them: whatever they are, they print.
type rec struct {
	b *Bindings
	o *goja.Object
}

func printRecord(fn func(rec) string) func(*Bindings, *goja.Object, printOptions) goja.Value {
	return func(b *Bindings, o *goja.Object, _ printOptions) goja.Value {
		if o.Get("constructor") != nil && len(o.Keys()) == 0 { // the prototype itself
			return o
		}
		return b.str(fn(rec{b, o}))
	}
}

func (r rec) text(name string) string {
	v := r.o.Get(name)
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return ""
	}
	if o, ok := v.(*goja.Object); ok {
		return r.b.host.Inspect(o, runtime.InspectOptions{Depth: runtime.DepthTop})
	}
	return v.String()
}

func (r rec) hex(name string) string {
	if x := bigOf(r.o.Get(name)); x != nil && x.Sign() >= 0 {
		return "0x" + x.Text(16)
	}
	return r.text(name)
}

func (r rec) size(name string) string {
	v := r.o.Get(name)
	if v == nil || !isNumber(v) || v.ToFloat() < 0 {
		return r.text(name)
	}
	return bytesText(uint64(v.ToFloat()))
}

// span is "0x1000-0x1fff 4 KiB" for a base and the size beside it.
func (r rec) span(base string) string {
	from, size := bigOf(r.o.Get(base)), r.o.Get("size")
	if from == nil || !from.IsUint64() || size == nil || !isNumber(size) || size.ToFloat() < 1 {
		return r.hex(base) + " " + r.size("size")
	}
	first := from.Uint64()
	return fmt.Sprintf("%#x-%#x %9s", first, first+uint64(size.ToFloat())-1, r.size("size"))
}

func (r rec) names() string {
	list, ok := r.o.Get("attributes").(*goja.Object)
	if !ok {
		return ""
	}
	var names []string
	for i := range 16 {
		v := list.Get(fmt.Sprint(i))
		if v == nil || goja.IsUndefined(v) {
			break
		}
		names = append(names, v.String())
	}
	return strings.Join(names, " ")
}

func (r rec) place() string {
	if block := r.text("block"); block != "" {
		return "(" + block + " + " + r.hex("offset") + ")"
	}
	return ""
}

func mappingText(r rec) string {
	return fmt.Sprintf("%s -> %s %s in pages of %s", r.span("base"), r.hex("physical"), r.text("flags"), r.size("pageSize"))
}

func stepText(r rec) string {
	return fmt.Sprintf("%-4s[%3s] at %s = %s %s", r.text("table"), r.text("index"), r.hex("entryAddress"), r.hex("entry"), r.names())
}

func faultLine(r rec) string { return "Fault: " + r.text("message") }

func instructionText(r rec) string {
	var code string
	if p, ok := r.b.bytesIn(r.o.Get("bytes")); ok {
		code = fmt.Sprintf("%x", p)
	}
	s := fmt.Sprintf("%s  %-20s %s", r.hex("address"), code, r.text("text"))
	// A label stands where a function begins, as objdump has it; a distance in each line would make every listing twice as long.
	if symbol := r.text("symbol"); symbol != "" && !strings.Contains(symbol, "+0x") {
		s = "<" + symbol + ">\n" + s
	}
	return s
}

func walkText(r rec) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Walk of %s\n", r.hex("address"))
	if steps, ok := r.o.Get("steps").(*goja.Object); ok {
		for i := range 8 {
			if step, ok := steps.Get(fmt.Sprint(i)).(*goja.Object); ok {
				b.WriteString("  " + stepText(rec{r.b, step}) + "\n")
			}
		}
	}
	if fault, ok := r.o.Get("fault").(*goja.Object); ok {
		return b.String() + "  " + faultLine(rec{r.b, fault})
	}
	fmt.Fprintf(&b, "  physical %s, page of %s, %s", r.hex("physical"), r.size("pageSize"), r.text("flags"))
	return b.String()
}

func warningText(r rec) string {
	s := r.text("text")
	if section := r.text("section"); section != "" {
		s = section + ": " + s
	}
	if at := r.text("offset"); at != "" && at != "-1" {
		s += " (at offset " + at + ")"
	}
	return s
}

// orNone puts a label in front of a text that is there.
func orNone(label, text string) string {
	if text == "" {
		return ""
	}
	return label + text
}

// segmentText is of segment registers and descriptor tables; images keep more or less of them.
func segmentText(r rec) string {
	var parts []string
	for _, name := range []string{"selector", "base", "limit", "flags"} {
		if text := r.hex(name); text != "" {
			parts = append(parts, name+" "+text)
		}
	}
	return strings.Join(parts, " ")
}

func skipText(r rec) string {
	s := r.span("address") + " " + r.text("reason")
	if message := r.text("message"); message != "" {
		s += ": " + message
	}
	return s
}

func hitText(r rec) string {
	s := r.hex("address")
	if p, ok := r.b.bytesIn(r.o.Get("bytes")); ok {
		const most = 16
		cut := ""
		if len(p) > most {
			p, cut = p[:most], " …"
		}
		s += fmt.Sprintf("  % x%s", p, cut)
	}
	return s
}

func (v *vm) print(printOptions) string {
	if v.closed {
		return v.printClosed()
	}
	i := v.target.Info()
	var b strings.Builder
	fmt.Fprintf(&b, "VM %s\n", orElse(i.Path, "(no file)"))
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "  %-9s %s\n", label, fmt.Sprintf(format, args...))
	}
	var layers []string
	for _, l := range i.Layers {
		layers = append(layers, l.Name)
	}
	line("format", "%s", strings.Join(append(layers, i.Format+" "+i.Version), " > "))
	line("machine", "%s, %s", orElse(i.Machine, "unknown"), orElse(i.Arch, "unknown architecture"))
	line("memory", "%s in %d ranges and %d blocks; map from %s", bytesText(i.Size), len(v.target.Ranges()), len(v.target.Blocks()), i.MapSource)
	var cpus []string
	for _, c := range v.target.CPUs() {
		s := fmt.Sprintf("%d: %s", c.Index, c.Mode())
		if c.Halted {
			s += ", halted"
		}
		cpus = append(cpus, s)
		if len(cpus) == 8 {
			cpus = append(cpus, "…")
			break
		}
	}
	line("cpus", "%d (%s)", len(v.target.CPUs()), strings.Join(cpus, "; "))
	line("devices", "%d sections", len(v.target.Devices()))
	if n := len(v.target.Warnings()); n > 0 {
		line("warnings", "%d: see vm.warnings", n)
	}
	if !i.Complete {
		line("damaged", "the file is cut off or damaged: not all of the guest is here")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (o *deviceObject) print() string {
	d := o.device
	s := fmt.Sprintf("Device %s/%d version %d, %d bytes at %#x", d.Name, d.Instance, d.Version, d.Size, d.Offset)
	switch d.Found {
	case "known":
		s += ", by a built-in layout"
	case "search":
		s += ", of unknown layout"
	}
	if !d.Complete {
		s += ", incomplete"
	}
	return s
}

// print is a table as the monitor's info registers: general registers, then segments and control registers.
func (o *cpuObject) print(p printOptions) string {
	c := o.cpu
	var b strings.Builder
	fmt.Fprintf(&b, "CPU %d, %s, %s mode", c.Index, c.Arch, c.Mode())
	if c.Halted {
		b.WriteString(", halted")
	}
	column, width := 0, max(int(p.width), 40)
	group := map[string]map[string]savevm.Register{}
	var order []string
	newline := true
	for _, r := range c.Registers {
		if outer, inner, dotted := strings.Cut(r.Name, "."); dotted {
			if group[outer] == nil {
				group[outer] = map[string]savevm.Register{}
				order = append(order, outer)
			}
			group[outer][inner] = r
			continue
		}
		if r.Bits > 64 || !mainRegister(r.Name) {
			continue
		}
		cell := fmt.Sprintf("%-4s %0*x", r.Name, max(r.Bits/4, 2), r.Value)
		if newline || column+len(cell)+2 > width {
			b.WriteString("\n  ")
			column = 2
		} else {
			b.WriteString("  ")
			column += 2
		}
		newline = false
		b.WriteString(cell)
		column += len(cell)
	}
	for _, name := range order {
		g := group[name]
		base, hasBase := g["base"]
		limit, hasLimit := g["limit"]
		if !hasBase || !hasLimit {
			continue
		}
		fmt.Fprintf(&b, "\n  %-4s", name)
		if s, ok := g["selector"]; ok {
			fmt.Fprintf(&b, " %04x", s.Value)
		} else {
			b.WriteString("     ")
		}
		fmt.Fprintf(&b, " %0*x %08x", base.Bits/4, base.Value, limit.Value)
		if f, ok := g["flags"]; ok {
			fmt.Fprintf(&b, " %08x", f.Value)
		}
	}
	return b.String()
}

// mainRegister tells the registers that a person looks at first.
func mainRegister(name string) bool {
	if _, ok := mainRegisters[name]; ok {
		return true
	}
	digits := strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyz")
	letters := strings.TrimSuffix(name, digits)
	return (letters == "r" || letters == "x") && len(digits) > 0 && len(digits) < 3
}

var mainRegisters = func() map[string]struct{} {
	m := map[string]struct{}{}
	for _, name := range strings.Fields(`rax rbx rcx rdx rsi rdi rbp rsp rip rflags eax ebx ecx edx esi edi ebp esp eip eflags
		cr0 cr2 cr3 cr4 cr8 efer dr0 dr1 dr2 dr3 dr6 dr7
		sp pc pstate sp_el0 sp_el1 elr_el1 spsr_el1 ttbr0_el1 ttbr1_el1 tcr_el1 sctlr_el1 mair_el1 vbar_el1 esr_el1 far_el1
		satp mstatus stvec sepc scause stval sscratch mtvec mepc mcause priv`) {
		m[name] = struct{}{}
	}
	return m
}()

func orElse(s, t string) string {
	if s == "" {
		return t
	}
	return s
}

// bytesText is a size for people: exact, in the largest unit that divides it.
func bytesText(n uint64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"}
	u := 0
	for n != 0 && n%1024 == 0 && u+1 < len(units) {
		n /= 1024
		u++
	}
	return fmt.Sprintf("%d %s", n, units[u])
}
