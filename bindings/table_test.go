package bindings

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
)

func install(t *testing.T) (*Bindings, *runtime.Host) {
	t.Helper()
	img, err := savevm.Open(testimage.Path(t, "pg64"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	host, err := runtime.New(runtime.Config{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(host, img, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return b, host
}

// TestEveryRowHasItsNative walks the table one way: each row of a class is on its prototype.
func TestEveryRowHasItsNative(t *testing.T) {
	b, _ := install(t)
	names := map[string]bool{}
	for _, c := range api {
		if names[c.Name] {
			t.Errorf("two classes %q", c.Name)
		}
		names[c.Name] = true
		if c.Help == "" {
			t.Errorf("%s has no help", c.Name)
		}
		seen := map[string]bool{}
		for _, m := range c.Members {
			row := c.Name + "." + m.Name
			if seen[m.Name] {
				t.Errorf("%s is there twice", row)
			}
			seen[m.Name] = true
			if m.Type == "" && m.Kind != Constructor {
				t.Errorf("%s has no type", row)
			}
			if m.Help == "" && !strings.HasSuffix(c.Name, "Registers") {
				t.Errorf("%s has no help", row)
			}
			if m.Kind != Constructor && m.Help != "" && !strings.HasSuffix(m.Help, ".") && !strings.HasSuffix(m.Help, `"`) && !strings.HasSuffix(m.Help, "…") {
				t.Errorf("%s: help is no sentence: %s", row, m.Help)
			}
			optional := false
			for _, a := range m.Args {
				if optional && !a.optional() {
					t.Errorf("%s: %s comes after an optional argument", row, a.Name)
				}
				optional = a.optional()
			}
			switch {
			case c.Kind == KindOptions || m.Kind == Constructor:
			case c.Kind == KindGlobals:
				if v := b.rt.GlobalObject().Get(m.Name); v == nil || goja.IsUndefined(v) {
					t.Errorf("global %s is not there", m.Name)
				}
			case c.Kind == KindRecord && m.Kind == Property && m.native == nil: // of the object itself
			case isError(c) && m.Kind == Property:
			case m.native == nil:
				t.Errorf("%s has no native", row)
			case m.Name == iteratorMember:
				if b.protos[c.Name].GetSymbol(goja.SymIterator) == nil {
					t.Errorf("%s is not on the prototype", row)
				}
			case m.Name == disposeMember:
				if b.protos[c.Name].GetSymbol(b.builtins.dispose) == nil {
					t.Errorf("%s is not on the prototype", row)
				}
			case !slices.Contains(b.protos[c.Name].GetOwnPropertyNames(), m.Name):
				t.Errorf("%s is not on the prototype", row)
			}
		}
	}
}

func isError(c *Class) bool { return c.Extends == "Error" }

// TestEveryNativeHasItsRow walks it the other way: what is on the prototypes is in the table.
func TestEveryNativeHasItsRow(t *testing.T) {
	b, _ := install(t)
	for name, proto := range b.protos {
		c := classNamed(name)
		if c == nil {
			t.Errorf("no class %q in the table", name)
			continue
		}
		for _, p := range proto.GetOwnPropertyNames() {
			if p == "constructor" || isError(c) && (p == "name" || p == "message") || p == "toString" && printers[name] != nil {
				continue
			}
			if !slices.ContainsFunc(c.Members, func(m *Member) bool { return m.Name == p }) {
				t.Errorf("%s.%s is not in the table", name, p)
			}
		}
		if c.Kind == KindClass && b.rt.GlobalObject().Get(name) == nil {
			t.Errorf("class %s is not global", name)
		}
	}
}

// TestTypesAreKnown finds names in the table's types that nothing declares.
func TestTypesAreKnown(t *testing.T) {
	known := map[string]bool{}
	for _, c := range api {
		known[c.Name] = true
	}
	for _, a := range typeAliases() {
		known[a.name] = true
	}
	for _, w := range strings.Fields(`bigint number string boolean void unknown any null undefined true false readonly extends keyof K T U
		Record Uint8Array RegExp ArrayBuffer ArrayBufferView ElementTypes IterableIterator IteratorResult Error value index result`) {
		known[w] = true
	}
	check := func(row, typ string) {
		inString := false
		for _, w := range strings.FieldsFunc(typ, func(r rune) bool {
			if r == '"' {
				inString = !inString
			}
			return inString || r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
		}) {
			if !known[w] && strings.Trim(w, "0123456789") != "" {
				t.Errorf("%s: type %s names the unknown %s", row, typ, w)
			}
		}
	}
	for _, c := range api {
		for _, m := range c.Members {
			check(c.Name+"."+m.Name, m.Type)
			for _, a := range m.Args {
				check(c.Name+"."+m.Name, a.Type)
			}
		}
	}
}

// TestRecordsAreAsTheTableSays makes one of each record and compares its properties.
func TestRecordsAreAsTheTableSays(t *testing.T) {
	_, host := install(t)
	codes := map[string]string{
		"Range": `vm.ranges[0]`, "Extent": `vm.extents().first()`, "Mapping": `vm.cpu().space.mappings().first()`,
		"Page": `vm.cpu().space.pages().first()`, "Walk": `vm.cpu().space.walk(0)`, "WalkStep": `vm.cpu().space.walk(0).steps[0]`,
		"Fault": `vm.cpu().space.walk(0xffffffff8000f000n).fault`, "Explanation": `vm.explain(0)`,
		"LayerLocation": `vm.explain(0x400000).layers[0]`, "VirtualExplanation": `vm.cpu().space.explain(0)`, "Hit": `vm.scan("PG").first()`,
		"FoundString": `vm.strings().first()`, "Histogram": `vm.histogram({end: 4096})`, "EntropyWindow": `vm.entropy().first()`,
		"Change": `diff(vm.block("pc.bios"), vm.block("pc.ram")).first()`, "Instruction": `vm.disassemble(0, 1)[0]`,
		"PhysicalPage": `vm.pages().first()`, "Reference": `vm.refs(0x200000)[0]`, "Subsection": `vm.device("cpu").subsections[0]`,
		"StructField": `struct("struct a { int x : 3; };").fields[0]`, "Segment": `vm.cpu().cs`, "DescriptorTable": `vm.cpu().gdt`,
		"MemoryError": `(() => { try { vm.read(2n ** 63n, 1) } catch (e) { return e } })()`,
	}
	for name, code := range codes {
		v, err := host.RunString(context.Background(), "t.js", code)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		o, ok := v.(*goja.Object)
		if !ok {
			t.Errorf("%s: %s is %v", name, code, v)
			continue
		}
		var want []string
		for c := classNamed(name); c != nil; c = classNamed(c.Extends) {
			for _, m := range c.Members {
				if m.Kind == Property {
					want = append(want, m.Name)
					checkType(t, name+"."+m.Name, m.Type, o.Get(m.Name))
				}
			}
			if c.Extends == "" {
				break
			}
		}
		have := o.Keys()
		slices.Sort(want)
		slices.Sort(have)
		if !slices.Equal(want, have) {
			t.Errorf("%s has %v, the table says %v", name, have, want)
		}
	}
}

// checkType compares a value with the simple types of the table.
func checkType(t *testing.T, row, typ string, v goja.Value) {
	t.Helper()
	kind := ""
	switch {
	case v == nil || goja.IsUndefined(v):
		kind = "undefined"
	case goja.IsNull(v):
		kind = "null"
	case bigOf(v) != nil:
		kind = "bigint"
	case isNumber(v):
		kind = "number"
	default:
		if _, ok := v.(goja.String); ok {
			kind = "string"
		} else if _, ok := v.(*goja.Object); !ok {
			kind = "boolean"
		}
	}
	alternatives := strings.Split(typ, " | ")
	if kind == "string" && strings.HasPrefix(alternatives[0], `"`) {
		if !slices.Contains(alternatives, fmt.Sprintf("%q", v.String())) {
			t.Errorf("%s is %q, the table says %s", row, v, typ)
		}
		return
	}
	if kind != "" && !slices.Contains(alternatives, kind) {
		t.Errorf("%s is a %s (%v), the table says %s", row, kind, v, typ)
	}
}

// TestRegistersAreInTheTable compares the table with the CPUs of real images; what QEMU keeps besides may be missing.
func TestRegistersAreInTheTable(t *testing.T) {
	for image, class := range map[string]string{"pg64": "X86Registers", "i386-m36": "X86Registers", "arm64-4k": "ARM64Registers", "riscv64-sv39": "RISCV64Registers"} {
		img, err := savevm.Open(testimage.Path(t, image))
		if err != nil {
			t.Fatal(err)
		}
		defer img.Close()
		cpu := img.CPU(0)
		for _, m := range classNamed(class).Members {
			name := m.Name
			switch m.Type {
			case "Segment", "DescriptorTable":
				name += ".base"
			case "readonly bigint[]":
				name += "0"
			}
			if _, ok := cpu.Register(name); !ok && image != "i386-m36" {
				t.Errorf("%s: the table's %s is not there", image, name)
			}
		}
		for _, r := range cpu.Registers[:min(len(cpu.Registers), 33)] {
			outer, _, _ := strings.Cut(r.Name, ".")
			if _, ok := Lookup(class, outer); !ok && !strings.HasPrefix(outer, "s2_") && !strings.HasPrefix(outer, "s3_") {
				t.Errorf("%s: register %s is not in the table", image, r.Name)
			}
		}
	}
}

func TestDeclarationsBalance(t *testing.T) {
	text := TypeScript()
	for _, want := range []string{"declare const vm: VM;", "declare class AddressSpace extends Memory {", "readU64(address: Address): bigint;",
		"readonly cpus: readonly CPU[];", "interface CPU extends X86Registers", "declare function open(path: string, options?: OpenOptions): VM;",
		"reduce<U>(", "[Symbol.iterator](): IterableIterator<T>;"} {
		if !strings.Contains(text, want) {
			t.Errorf("the declarations lack %s", want)
		}
	}
	if strings.Count(text, "{") != strings.Count(text, "}") || strings.Count(text, "(") != strings.Count(text, ")") {
		t.Error("brackets do not balance")
	}
}

// oddValues are arguments that nobody means, and some that are nearly right.
const oddValues = `[undefined, null, true, false, 0, -0, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, 1e308, 0n, -1n, 1n << 64n, (1n << 64n) - 1n,
	1n << 4096n, "", "0x", "0x10", "x", "\ud800", Symbol("s"), {}, [], [1], () => 1, /x/, /(a*)*b/, new Date(0), new Uint8Array(3), new ArrayBuffer(2),
	Object.create(null), new Proxy({}, {}), new Proxy({}, { get() { throw new RangeError("trap") } }), new Proxy([], { ownKeys() { throw 1 } }),
	{ start: 1, end: 0 }, { start: -1 }, { start: "zz" }, { end: 2n ** 64n }, { get start() { throw new TypeError("getter") } }, { length: 2 ** 32 }, { limit: 1 },
	{ u8: 1 }, { text: "PG" }, { hex: "??" }, { __proto__: vm }, vm, vm.cpu(0), vm.cpu(0).space, vm.block("pc.ram"), vm.blocks, vm.device("hpet"), Memory,
	Memory.prototype, vm.ranges[0], new Error("e"), 0x400000, 0xffffffff80000000n, "u64", "pointer", 16, 4096n, ptr(vm, 8), "struct s { int x; };"]`

// TestOddArguments calls everything with everything. A script must get a value or an Error of its own kind, never a Go panic.
func TestOddArguments(t *testing.T) {
	for _, file := range []string{"receivers.js"} {
		code, err := os.ReadFile(filepath.Join("testdata", "lib", file))
		if err != nil {
			t.Fatal(err)
		}
		_, host := install(t)
		host.Runtime().GlobalObject().Set("internal", func(c goja.FunctionCall) goja.Value {
			var e *runtime.InternalError
			o, _ := c.Argument(0).(*goja.Object)
			if o == nil {
				return goja.Null()
			}
			if v := o.Get("value"); v != nil {
				if err, ok := v.Export().(*runtime.InternalError); ok {
					e = err
				}
			}
			if e == nil {
				return goja.Null()
			}
			return host.Runtime().ToValue(e.Error() + "\n" + string(e.Stack))
		})
		host.Runtime().GlobalObject().Set("odd", func(goja.FunctionCall) goja.Value {
			v, err := host.Runtime().RunString(oddValues)
			if err != nil {
				panic(err)
			}
			return v
		})
		if _, err := host.RunString(context.Background(), file, string(code)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSignature(t *testing.T) {
	b, host := install(t)
	for code, want := range map[string]string{
		"vm.cpu(0).space.translate": "AddressSpace.translate(", "vm.readU64": "Memory.readU64(address): bigint", "open": "open(path[, options]): VM",
		"vm": "", "1": "", "Math.max": "",
	} {
		v, err := host.Eval(context.Background(), code)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Signature(v); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q", code, got)
		}
	}
}
