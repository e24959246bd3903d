package bindings

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/ram"
)

var vmClass = Class{
	Name: "VM", Extends: "Memory",
	Help: "An opened image: the guest-physical memory of the virtual machine, and what else was saved with it.",
	Members: []*Member{
		{Name: "path", Kind: Property, Type: "string", Help: "The image's file; empty when it is none.",
			native: info(func(b *Bindings, i savevm.Info) goja.Value { return b.str(i.Path) })},
		{Name: "format", Kind: Property, Type: "string", Help: `Of the innermost bytes: "qemu-stream", "elf-core", "kdump", "lime", "raw".`,
			native: info(func(b *Bindings, i savevm.Info) goja.Value { return b.str(i.Format) })},
		{Name: "version", Kind: Property, Type: "string", Help: `Of that format: "3, RAM section 4".`,
			native: info(func(b *Bindings, i savevm.Info) goja.Value { return b.str(i.Version) })},
		{Name: "container", Kind: Property, Type: "string | null", Help: `What is around it, outermost first: "libvirt+gzip", "qcow2"; null when nothing is.`,
			native: info((*Bindings).container)},
		{Name: "layers", Kind: Property, Type: "Layer[]", Help: "The wrappings around the innermost bytes, outermost first.", native: info((*Bindings).layers)},
		{Name: "machine", Kind: Property, Type: "string", Help: `QEMU's machine type, "pc-q35-7.2"; empty where the file does not say.`,
			native: info(func(b *Bindings, i savevm.Info) goja.Value { return b.str(i.Machine) })},
		{Name: "arch", Kind: Property, Type: "string", Help: `"x86_64", "i386", "aarch64" or "riscv64"; empty where the file does not say.`,
			native: info(func(b *Bindings, i savevm.Info) goja.Value { return b.str(i.Arch) })},
		{Name: "pageSize", Kind: Property, Type: "number", Help: "Bytes of a page of RAM in the image.",
			native: info(func(b *Bindings, i savevm.Info) goja.Value { return b.number(i.PageSize) })},
		{Name: "size", Kind: Property, Type: "number", Help: "Bytes of the guest's RAM.",
			native: info(func(b *Bindings, i savevm.Info) goja.Value { return b.number(i.Size) })},
		{Name: "fileSize", Kind: Property, Type: "number", Help: "Bytes of the file.",
			native: info(func(b *Bindings, i savevm.Info) goja.Value { return b.rt.ToValue(i.FileSize) })},
		{Name: "complete", Kind: Property, Type: "boolean", Help: "Whether the file is whole: nothing was cut off.",
			native: info(func(b *Bindings, i savevm.Info) goja.Value { return b.boolean(i.Complete) })},
		{Name: "mapSource", Kind: Property, Type: "string", Help: `What the guest-physical map rests on: "CMOS of mc146818rtc", "machine type …".`,
			native: info(func(b *Bindings, i savevm.Info) goja.Value { return b.str(i.MapSource) })},
		{Name: "libvirt", Kind: Property, Type: "Libvirt | null", Help: "libvirt's header; null when there is none.", native: info((*Bindings).libvirt)},
		{Name: "snapshots", Kind: Property, Type: "Snapshot[]", Help: "The internal snapshots of a qcow2 image.", native: info((*Bindings).snapshots)},
		{Name: "warnings", Kind: Property, Type: "Warning[]", Help: "What could not be read, or was inferred. Each prints as a line.", native: on((*vm).warnings)},
		{Name: "cpus", Kind: Property, Type: "readonly CPU[]", Help: "The CPUs, by index.", native: on((*vm).cpus)},
		{Name: "cpu", Args: []Arg{{Name: "index", Type: "number", Default: "0"}}, Type: "CPU", Help: "A CPU. Throws a RangeError when there is none.",
			Pure: true, native: on((*vm).cpu)},
		{Name: "ranges", Kind: Property, Type: "Range[]", Help: "What is where in guest-physical memory, in address order.", native: on((*vm).ranges)},
		{Name: "blocks", Kind: Property, Type: "readonly Block[]", Help: "The RAM blocks.", native: on((*vm).blocks)},
		{Name: "block", Args: []Arg{{Name: "name", Type: "string", Help: "with or without the bus path before it"}}, Type: "Block",
			Help: "A RAM block. Throws a RangeError when there is none.", Pure: true, native: on((*vm).block)},
		{Name: "devices", Kind: Property, Type: "readonly Device[]", Help: "The device sections in file order, those of CPUs included.", native: on((*vm).devices)},
		{Name: "device", Args: []Arg{{Name: "name", Type: "string", Help: "with or without the bus path before it"},
			{Name: "instance", Type: "number", Default: "0"}}, Type: "Device", Help: "A device section. Throws a RangeError when there is none.",
			Pure: true, native: on((*vm).device)},
		{Name: "space", Args: []Arg{{Name: "root", Type: "Address", Help: "physical address of the first page table; CR3 as it is, TTBR or satp's"},
			{Name: "mode", Type: "PagingMode", Optional: true, Help: "as the CPU's when left out"}}, Type: "AddressSpace",
			Help: "The address space of a page-table root. Throws a RangeError where no mode was given and no CPU had paging on.",
			Pure: true, native: on((*vm).space)},
		{Name: "explain", Args: []Arg{addressArg}, Type: "Explanation",
			Help: "Where the byte at a physical address comes from: RAM block, offset, place in the file, encoding of its page.", native: on((*vm).explain)},
	},
}

// A vm is the Go side of a VM.
type vm struct {
	memoryObject
	target                       Target
	cpuList, blockList, devList  *goja.Object
	cpuItems, blockItems, devObj []*goja.Object
	reverse                      *reverseMap // of refs, over the spaces of reverseKey
	reverseKey                   string
	linux                        *linux // once it was looked for
	linuxError                   string
	opened, closed               bool // by the script
}

func (b *Bindings) vmOf(target Target) *vm {
	shared := reflect.TypeOf(target).Comparable() // a struct with slices can be a target too
	if shared && b.vms[target] != nil {
		return b.vms[target]
	}
	v := &vm{memoryObject: memoryObject{b: b, mem: target, name: "guest-physical memory", pointer: pointerSize(target)}, target: target}
	v.vm = v
	v.object = b.hold("VM", v)
	if shared {
		b.vms[target] = v
	}
	return v
}

// pointerSize tells how wide the guest's pointers are: of a 64-bit emulator with all its CPUs in 32-bit modes, 4 bytes.
func pointerSize(t Target) int {
	switch t.Info().Arch {
	case "i386", "riscv32":
		return 4
	case "x86_64":
		cpus := t.CPUs()
		for _, c := range cpus {
			if m := c.Mode(); m == "long" || m == "compatibility" {
				return 8
			}
		}
		if len(cpus) > 0 {
			return 4
		}
	}
	return 8
}

// info makes the native of a property that comes from the target's Info.
func info(fn func(*Bindings, savevm.Info) goja.Value) native {
	return on(func(v *vm, c call) goja.Value { return fn(c.b, v.target.Info()) })
}

func (b *Bindings) container(i savevm.Info) goja.Value {
	names := make([]string, len(i.Layers))
	for n, l := range i.Layers {
		names[n] = l.Name
	}
	return b.strOrNull(strings.Join(names, "+"))
}

func (b *Bindings) layers(i savevm.Info) goja.Value {
	items := make([]goja.Value, len(i.Layers))
	for n, l := range i.Layers {
		o := b.record("Layer")
		b.set(o, "name", b.str(l.Name))
		b.set(o, "version", b.str(l.Version))
		b.set(o, "detail", b.str(l.Detail))
		b.set(o, "offset", b.rt.ToValue(l.Offset))
		items[n] = o
	}
	return b.array(items)
}

func (b *Bindings) libvirt(i savevm.Info) goja.Value {
	l := i.Libvirt
	if l == nil {
		return goja.Null()
	}
	o := b.record("Libvirt")
	b.set(o, "version", b.rt.ToValue(int64(l.Version)))
	b.set(o, "xml", b.str(l.XML))
	b.set(o, "cookie", b.str(l.Cookie))
	b.set(o, "wasRunning", b.boolean(l.WasRunning))
	b.set(o, "compression", b.str(l.Compression))
	b.set(o, "partial", b.boolean(l.Partial))
	return o
}

func (b *Bindings) snapshots(i savevm.Info) goja.Value {
	items := make([]goja.Value, len(i.Snapshots))
	for n, s := range i.Snapshots {
		o := b.record("Snapshot")
		b.set(o, "id", b.str(s.ID))
		b.set(o, "name", b.str(s.Name))
		b.set(o, "vmStateSize", b.rt.ToValue(s.VMStateSize))
		b.set(o, "date", b.str(s.Date.UTC().Format("2006-01-02T15:04:05Z")))
		b.set(o, "vmClock", b.rt.ToValue(s.VMClock.Seconds()))
		b.set(o, "diskSize", b.rt.ToValue(s.DiskSize))
		items[n] = o
	}
	return b.array(items)
}

func (v *vm) warnings(c call) goja.Value {
	list := v.target.Warnings()
	items := make([]goja.Value, len(list))
	for i, w := range list {
		o := c.b.record("Warning")
		c.b.set(o, "section", c.b.str(w.Section))
		c.b.set(o, "offset", c.b.rt.ToValue(w.Offset))
		c.b.set(o, "text", c.b.str(w.Text))
		items[i] = o
	}
	return c.b.array(items)
}

// listOf makes the frozen array of a list of objects, each made once.
func listOf[T any](b *Bindings, array **goja.Object, items *[]*goja.Object, list []T, make func(T) *goja.Object) *goja.Object {
	if *array == nil {
		values := []goja.Value{}
		for _, x := range list {
			o := make(x)
			*items = append(*items, o)
			values = append(values, o)
		}
		*array = b.frozen(b.array(values))
	}
	return *array
}

func (v *vm) cpus(call) goja.Value {
	return listOf(v.b, &v.cpuList, &v.cpuItems, v.target.CPUs(), v.cpuOf)
}

func (v *vm) blocks(call) goja.Value {
	return listOf(v.b, &v.blockList, &v.blockItems, v.target.Blocks(), v.blockOf)
}

func (v *vm) devices(call) goja.Value {
	return listOf(v.b, &v.devList, &v.devObj, v.target.Devices(), v.deviceOf)
}

func (v *vm) cpu(c call) goja.Value {
	index := int(c.integerOr(0, 0, maxIndex, 0))
	v.cpus(c)
	for i, cpu := range v.target.CPUs() {
		if cpu.Index == index {
			return v.cpuItems[i]
		}
	}
	c.throwRange("VM.cpu: %v", NoCPU(v.target, fmt.Sprint(index)))
	return nil
}

// NoCPU says that a machine has no CPU of an index, and which ones it has.
func NoCPU(t Target, index string) error {
	cpus := t.CPUs()
	have := "the image has no CPUs"
	switch n := len(cpus); {
	case n == 1:
		have = fmt.Sprintf("there is CPU %d", cpus[0].Index)
	case n > 1 && cpus[n-1].Index-cpus[0].Index == n-1:
		have = fmt.Sprintf("there are CPUs %d to %d", cpus[0].Index, cpus[n-1].Index)
	case n > 1:
		names := make([]string, n)
		for i, cpu := range cpus {
			names[i] = fmt.Sprint(cpu.Index)
		}
		have = thereAre("CPU", names)
	}
	return fmt.Errorf("there is no CPU %s; %s", index, have)
}

const maxIndex = 1<<32 - 1

// thereAre lists what there is, for a person who asked for something else.
func thereAre(what string, have []string) string {
	const most = 20
	switch n := len(have); {
	case n == 0:
		return "the image has no " + what + "s"
	case n > most:
		return "there are " + strings.Join(have[:most], ", ") + " and " + fmt.Sprint(n-most) + " more"
	}
	return "there are " + strings.Join(have, ", ")
}

func (v *vm) block(c call) goja.Value {
	name := c.text(0)
	v.blocks(c)
	list := v.target.Blocks()
	for _, exact := range []bool{true, false} {
		for i, b := range list {
			if b.Name == name || !exact && baseName(b.Name) == name {
				return v.blockItems[i]
			}
		}
	}
	have := make([]string, len(list))
	for i, b := range list {
		have[i] = b.Name
	}
	c.throwRange("VM.block: there is no RAM block %s; %s", given(c.Argument(0)), thereAre("RAM block", have))
	return nil
}

// baseName is a section's or block's name without the bus path before it.
func baseName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func (v *vm) device(c call) goja.Value {
	name, instance := c.text(0), uint32(c.integerOr(1, 0, maxIndex, 0))
	v.devices(c)
	list := v.target.Devices()
	for _, exact := range []bool{true, false} {
		for i, d := range list {
			if d.Instance == instance && (d.Name == name || !exact && baseName(d.Name) == name) {
				return v.devObj[i]
			}
		}
	}
	have := make([]string, len(list))
	for i, d := range list {
		have[i] = d.Name
		if d.Instance != 0 {
			have[i] += "/" + fmt.Sprint(d.Instance)
		}
	}
	c.throwRange("VM.device: there is no device %s with instance %d; %s", given(c.Argument(0)), instance, thereAre("device", have))
	return nil
}

func (v *vm) ranges(c call) goja.Value {
	list := v.target.Ranges()
	items := make([]goja.Value, len(list))
	for i := range list {
		items[i] = c.b.rangeRecord(&list[i])
	}
	return c.b.array(items)
}

func (b *Bindings) rangeRecord(r *savevm.Range) *goja.Object {
	o := b.record("Range")
	b.set(o, "base", b.u64(r.Base))
	b.set(o, "size", b.number(r.Size))
	b.set(o, "kind", b.str(string(r.Kind)))
	b.set(o, "block", b.strOrNull(r.BlockName()))
	b.set(o, "offset", b.u64(r.Offset))
	b.set(o, "name", b.str(r.Name))
	return o
}

func (v *vm) space(c call) goja.Value {
	root := c.address(0)
	var cfg paging.Config
	for _, cpu := range v.target.CPUs() {
		if s := cpu.SpaceConfig(); s.Mode != "" && s.Mode != paging.Physical && s.Mode != "none" {
			cfg = s
			break
		}
	}
	if c.has(1) {
		mode := c.text(1)
		if cfg.Mode == "" { // no CPU tells how; take what a kernel would have set
			cfg.NXE, cfg.PSE = true, true
		}
		cfg.Mode = mode
	} else if cfg.Mode == "" {
		c.throwRange(`VM.space: no CPU had paging on, so the mode is not known: give it, as in vm.space(root, "x86-4level")`)
	}
	cfg.Root = root
	s, err := v.target.Space(cfg)
	if err != nil {
		if c.has(1) && !slices.Contains(paging.Modes(), cfg.Mode) {
			c.badArgument(1, "must be one of "+strings.Join(paging.Modes(), ", "), false)
		}
		c.throwRange("VM.space: %v", err)
	}
	return v.spaceOf(s)
}

func (v *vm) explain(c call) goja.Value { return v.explanation(v.target.Explain(c.address(0))) }

func (v *vm) explanation(p savevm.Provenance) *goja.Object {
	b := v.b
	o := b.record("Explanation")
	b.set(o, "address", b.u64(p.Address))
	b.set(o, "range", goja.Null())
	b.set(o, "block", goja.Null())
	b.set(o, "offset", goja.Null())
	b.set(o, "stored", b.boolean(p.Stored))
	b.set(o, "encoding", goja.Null())
	b.set(o, "fill", goja.Null())
	b.set(o, "fileOffset", goja.Null())
	layers := []goja.Value{}
	if p.Range != nil {
		b.set(o, "range", b.rangeRecord(p.Range))
		if p.Range.Block != nil {
			b.set(o, "block", b.str(p.Range.BlockName()))
			b.set(o, "offset", b.u64(p.Offset))
		}
	}
	if p.Stored {
		b.set(o, "encoding", b.str(p.Encoding.String()))
		if p.Encoding == ram.EncodingFill {
			b.set(o, "fill", b.rt.ToValue(int64(p.Fill)))
		} else if p.FileOffset >= 0 {
			b.set(o, "fileOffset", b.rt.ToValue(p.FileOffset))
		}
		for _, l := range p.Layers {
			e := b.record("LayerLocation")
			b.set(e, "layer", b.str(l.Layer))
			b.set(e, "offset", b.rt.ToValue(l.Offset))
			b.set(e, "detail", b.str(l.Detail))
			layers = append(layers, e)
		}
	}
	b.set(o, "layers", b.array(layers))
	b.set(o, "text", b.str(p.String()))
	return o
}
