package bindings

import (
	"io"
	"math"
	"reflect"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
)

var globals = Class{
	Kind: KindGlobals,
	Help: "Global functions and variables.",
	Members: []*Member{
		{Name: "vm", Kind: Property, Type: "VM", Help: "The opened image; undefined when the script runs without one."},
		{Name: "args", Kind: Property, Type: "string[]", Help: "The script's own arguments."},
		{Name: "open", Args: []Arg{{Name: "path", Type: "string"}, {Name: "options", Type: "OpenOptions", Optional: true}}, Type: "VM",
			Help: "Opens another image. Throws a FormatError where the file is none, and an Error where it cannot be read or the host does not let scripts open files.", native: openImage},
		{Name: "synthetic", Args: []Arg{{Name: "guest", Type: "SyntheticGuest"}}, Type: "VM",
			Help: "A guest made up for a test: RAM with what is written there, page tables, CPUs. No file is read.", native: makeSynthetic},
		{Name: "hexdump", Args: []Arg{{Name: "bytes", Type: "ArrayBufferView | ArrayBuffer"}, {Name: "options", Type: "HexdumpOptions", Optional: true}},
			Type: "string", Help: "Bytes as people read them: 16 a line, with addresses and text.", native: hexdump},
		{Name: "emit", Args: []Arg{{Name: "row", Type: "unknown"}}, Type: "void",
			Help: "Gives one result row: a line of a table, a line of JSON with --json. A Uint8Array is written to stdout as it is, with --json as hex digits.", native: emit},
		{Name: "progress", Args: []Arg{{Name: "label", Type: "string"}, {Name: "total", Type: "number", Optional: true}}, Type: "ProgressLine",
			Help: "Shows how far long work has come, on stderr of a terminal. Call update as it goes, and done at the end.", native: startProgress},
		{Name: "diff", Args: []Arg{{Name: "a", Type: "Memory"}, {Name: "b", Type: "Memory"}, {Name: "options", Type: "DiffOptions", Optional: true}},
			Type: "Sequence<Change>", Help: "Where two memories differ, in address order: two images, or two parts of one.", native: diffMemories},
		{Name: "ptr", Args: []Arg{{Name: "memory", Type: "Memory"}, {Name: "address", Type: "Address | Pointer"}}, Type: "Pointer",
			Help: "A pointer object, for those who like them; everything else takes and gives plain BigInts.", native: makePointer},
		{Name: "struct", Args: []Arg{
			{Name: "definition", Type: "string | Record<string, string | StructType>", Help: `C declarations, the name of a type, or {field: "type"}`},
			{Name: "options", Type: "StructOptions", Optional: true}}, Type: "StructType",
			Help: "A data type, to be laid over memory: of C source, its last declaration. A name that the script has not declared is a type of vm.linux.", native: makeStruct},
		{Name: "help", Args: []Arg{{Name: "topic", Type: "unknown", Optional: true, Help: `an object, a class, a function, or a name: "Memory.read"`}},
			Type: "void", Help: "Prints what the API says about a thing; without one, an overview.", native: printHelp},
	},
}

func openImage(c call) goja.Value {
	path, b := c.text(0), c.b
	o := c.options(1)
	options := savevm.Options{
		Below4G: o.integer("below4G", 0, math.MaxUint64, 0),
		Raw:     o.boolean("raw", false),
		Arch:    o.text("arch", ""),
	}
	options.Container.Snapshot = o.text("snapshot", "")
	if v := o.get("ramFiles"); v != nil {
		files, ok := v.(*goja.Object)
		if !ok {
			c.bad("ramFiles", v, "must be an object", true)
		}
		options.RAMFiles = map[string]string{}
		for _, name := range files.Keys() {
			file, ok := files.Get(name).(goja.String)
			if !ok {
				c.bad("ramFiles."+name, files.Get(name), "must be a string", true)
			}
			options.RAMFiles[name] = file.String()
		}
	}
	if v := o.get("place"); v != nil {
		blocks, ok := v.(*goja.Object)
		if !ok {
			c.bad("place", v, "must be an object", true)
		}
		options.Place = map[string]uint64{}
		for _, name := range blocks.Keys() {
			address, problem, wrongType := parseAddress(blocks.Get(name))
			if problem != "" {
				c.bad("place."+name, blocks.Get(name), problem, wrongType)
			}
			options.Place[name] = address
		}
	}
	if b.options.Open == nil {
		runtime.Throw(b.rt, errNotGranted)
	}
	target, err := b.options.Open(b.host.Context(), path, options)
	if err != nil {
		b.throw(err)
	}
	v := b.vmOf(target)
	v.opened = v.opened || v != b.main
	return v.object
}

var errNotGranted = errorString("open: this script is not granted access to files")

type errorString string

func (e errorString) Error() string { return string(e) }

// bytesOf copies the bytes of a typed array, a DataView or an ArrayBuffer.
func (c call) bytesOf(i int) []byte {
	p, ok := c.b.bytesIn(c.Argument(i))
	if !ok {
		c.badArgument(i, "must be a Uint8Array, another typed array, a DataView or an ArrayBuffer", true)
	}
	return p
}

func (b *Bindings) bytesIn(v goja.Value) ([]byte, bool) {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil, false
	}
	if o.ExportType() == arrayBufferType {
		buffer, _ := o.Export().(goja.ArrayBuffer)
		return append([]byte(nil), buffer.Bytes()...), !buffer.Detached()
	}
	copied, err := b.builtins.viewBytes(goja.Undefined(), v)
	b.must(err)
	if o, ok = copied.(*goja.Object); !ok {
		return nil, false
	}
	buffer, ok := o.Export().(goja.ArrayBuffer)
	return buffer.Bytes(), ok
}

var arrayBufferType = reflect.TypeFor[goja.ArrayBuffer]()

func hexdump(c call) goja.Value {
	p, o := c.bytesOf(0), c.options(1)
	n := uint64(len(p))
	offset := o.integer("offset", 0, n, 0)
	length := o.integer("length", 0, n-offset, n-offset)
	if length > maxHexdump {
		c.throwRange("hexdump: %d bytes are too many to print; give a length of %d at most", length, maxHexdump)
	}
	address := o.address("address", 0)
	if o.get("address") == nil {
		address = offset
	}
	return c.b.str(runtime.Hexdump(p[offset:offset+length], runtime.HexdumpOptions{
		Address: address, Width: int(o.integer("width", 1, 256, 16)),
		NoHeader: !o.boolean("header", true), NoASCII: !o.boolean("ascii", true), ANSI: o.boolean("ansi", false),
	}))
}

func emit(c call) goja.Value {
	if len(c.Arguments) == 0 {
		c.throwType("emit: row is missing")
	}
	row := c.Argument(0)
	if c.b.options.Emit == nil {
		text := c.b.host.Inspect(row, runtime.InspectOptions{HexBigInt: true})
		_, err := io.WriteString(c.b.host.Config().Stdout, text+"\n")
		c.b.must(err)
		return goja.Undefined()
	}
	c.b.must(c.b.options.Emit(row))
	return goja.Undefined()
}

var progressClass = Class{
	Name: "ProgressLine",
	Help: "A line that shows how far work has come.",
	Members: []*Member{
		{Name: "update", Args: []Arg{{Name: "done", Type: "number", Help: "of the total, in its unit"}}, Type: "void",
			Help: "Sets how much is done.", native: on((*progressLine).update)},
		{Name: "add", Args: []Arg{{Name: "more", Type: "number", Default: "1"}}, Type: "void", Help: "Adds to what is done.", native: on((*progressLine).add)},
		{Name: "done", Type: "void", Help: "Takes the line away.", native: on((*progressLine).finish)},
	},
}

type progressLine struct {
	report    func(done, total float64, finished bool)
	at, total float64
	over      bool
}

func startProgress(c call) goja.Value {
	p := &progressLine{report: c.b.progress(c.text(0))}
	if c.has(1) {
		p.total = c.positive(1)
	}
	p.report(0, p.total, false)
	return c.b.hold("ProgressLine", p)
}

// positive returns argument i as a Number that is not negative.
func (c call) positive(i int) float64 {
	v := c.Argument(i)
	if x := bigOf(v); x != nil && x.Sign() >= 0 {
		f, _ := x.Float64()
		return f
	}
	if !isNumber(v) {
		c.badArgument(i, "must be a number", true)
	}
	f := v.ToFloat()
	if !(f >= 0) {
		c.badArgument(i, "must not be negative", false)
	}
	return f
}

func (p *progressLine) update(c call) goja.Value {
	p.at = c.positive(0)
	if !p.over {
		p.report(p.at, p.total, false)
	}
	return goja.Undefined()
}

func (p *progressLine) add(c call) goja.Value {
	more := 1.0
	if c.has(0) {
		more = c.positive(0)
	}
	p.at += more
	if !p.over {
		p.report(p.at, p.total, false)
	}
	return goja.Undefined()
}

func (p *progressLine) finish(call) goja.Value {
	if !p.over {
		p.over = true
		p.report(p.at, p.total, true)
	}
	return goja.Undefined()
}

// progress starts the reports on a piece of work.
func (b *Bindings) progress(label string) func(done, total float64, finished bool) {
	if b.options.Progress == nil {
		return func(float64, float64, bool) {}
	}
	b.progressN++
	id := b.progressN
	return func(done, total float64, finished bool) {
		b.options.Progress(Progress{ID: id, Label: label, Done: done, Total: total, Finished: finished})
	}
}
