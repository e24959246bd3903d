// Command gen records what GCC makes of the declarations in ../layout, for every ABI: it compiles them with debug information and reads
// sizes, offsets and bit positions from the DWARF, alignments from _Alignof. It also writes random.h, from a fixed seed.
// Run it in this directory: go run . It needs gcc with -m32 (gcc-multilib) and the cross compilers named below.
package main

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"log"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

var compilers = []struct{ abi, command string }{
	{"amd64", "gcc -m64"},
	{"i386", "gcc -m32"},
	{"arm64", "aarch64-linux-gnu-gcc"},
	{"riscv64", "riscv64-linux-gnu-gcc"},
	{"s390x", "s390x-linux-gnu-gcc"},
}

const dir = "../layout"

func main() {
	log.SetFlags(0)
	check(os.WriteFile(filepath.Join(dir, "random.h"), []byte(randomHeader()), 0o644))
	for _, c := range compilers {
		for _, name := range []string{"basics", "kernel", "random", "values"} {
			check(os.WriteFile(filepath.Join(dir, name+"."+c.abi+".golden"), []byte(layouts(c.command, name)), 0o644))
		}
		check(os.WriteFile(filepath.Join(dir, "values."+c.abi+".hex"), []byte(values(c.command)), 0o644))
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// compile gives the object file of a source.
func compile(command, source string) *elf.File {
	tmp, err := os.MkdirTemp("", "gen")
	check(err)
	defer os.RemoveAll(tmp)
	args := strings.Fields(command)
	args = append(args, "-std=gnu17", "-g", "-gdwarf-5", "-fno-eliminate-unused-debug-types", "-ffreestanding", "-fno-common", "-w", "-Wno-packed-bitfield-compat",
		"-fno-pie", "-I", dir, "-c", "-x", "c", "-", "-o", filepath.Join(tmp, "out.o"))
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin = strings.NewReader(source)
	cmd.Stderr = os.Stderr
	check(cmd.Run())
	object, err := os.ReadFile(filepath.Join(tmp, "out.o"))
	check(err)
	f, err := elf.NewFile(bytes.NewReader(object))
	check(err)
	return f
}

func values(command string) string {
	f := compile(command, "#include \"prelude.h\"\n#include \"values.h\"\n#include \"values.c\"\n")
	symbols, err := f.Symbols()
	check(err)
	var out strings.Builder
	for _, name := range []string{"values", "odd", "odd9", "odd3"} {
		for _, s := range symbols {
			if s.Name == name {
				data, err := f.Sections[s.Section].Data()
				check(err)
				fmt.Fprintf(&out, "%s %x\n", name, data[s.Value:s.Value+s.Size])
			}
		}
	}
	return out.String()
}

type named struct {
	name string
	typ  dwarf.Type
	data *dwarf.Data
	at   dwarf.Offset
}

func layouts(command, name string) string {
	source := "#include \"prelude.h\"\n#include \"" + name + ".h\"\n"
	types := readTypes(compile(command, source))
	source += "enum {\n"
	for i, t := range types {
		source += fmt.Sprintf("align__%d = _Alignof(%s),\n", i, t.name)
	}
	source += "};\n"
	aligns := map[string]int64{}
	for _, e := range enumerators(compile(command, source)) {
		aligns[e.Name] = e.Val
	}
	var out strings.Builder
	for i, t := range types {
		fmt.Fprintf(&out, "%s size %d align %d\n", t.name, t.typ.Size(), aligns[fmt.Sprintf("align__%d", i)])
		describe(&out, t)
	}
	return out.String()
}

func describe(out *strings.Builder, t named) {
	at := behind(t.data, t.at)
	typ, err := t.data.Type(at)
	check(err)
	switch typ := typ.(type) {
	case *dwarf.StructType:
		fields(out, t.data, at, 0)
	case *dwarf.EnumType:
		for _, v := range typ.Val {
			fmt.Fprintf(out, "\t%s %d\n", v.Name, v.Val)
		}
	}
}

// fields reads the members by hand: dwarf.StructType takes an array before a bit-field for one of length 0.
func fields(out *strings.Builder, d *dwarf.Data, at dwarf.Offset, base int64) {
	r := d.Reader()
	r.Seek(at)
	_, err := r.Next()
	check(err)
	for {
		e, err := r.Next()
		check(err)
		if e.Tag == 0 {
			return
		}
		r.SkipChildren()
		if e.Tag != dwarf.TagMember {
			continue
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		offset, _ := e.Val(dwarf.AttrDataMemberLoc).(int64)
		dataBit, _ := e.Val(dwarf.AttrDataBitOffset).(int64)
		bit := base + offset*8 + dataBit
		typeAt := behind(d, e.Val(dwarf.AttrType).(dwarf.Offset))
		t, err := d.Type(typeAt)
		check(err)
		if _, ok := t.(*dwarf.StructType); ok && name == "" {
			fields(out, d, typeAt, bit)
			continue
		}
		size, ok := e.Val(dwarf.AttrBitSize).(int64)
		if !ok {
			size = max(t.Size(), 0) * 8
		}
		fmt.Fprintf(out, "\t%s %d %d\n", name, bit, size)
	}
}

// behind looks through typedefs and qualifiers.
func behind(d *dwarf.Data, at dwarf.Offset) dwarf.Offset {
	for {
		r := d.Reader()
		r.Seek(at)
		e, err := r.Next()
		check(err)
		next, ok := e.Val(dwarf.AttrType).(dwarf.Offset)
		if !ok || e.Tag != dwarf.TagTypedef && e.Tag != dwarf.TagConstType && e.Tag != dwarf.TagVolatileType {
			return at
		}
		at = next
	}
}

// readTypes lists the named, complete types of a file, but for those of prelude.h.
func readTypes(f *elf.File) []named {
	d, err := f.DWARF()
	check(err)
	var list []named
	seen := map[string]bool{}
	prelude, err := os.ReadFile(filepath.Join(dir, "prelude.h"))
	check(err)
	for _, word := range strings.FieldsFunc(string(prelude), func(r rune) bool { return r == ';' || r == ' ' || r == '\n' }) {
		seen[word] = true
	}
	each(d, func(e *dwarf.Entry) {
		name, _ := e.Val(dwarf.AttrName).(string)
		switch e.Tag {
		case dwarf.TagStructType:
			name = prefix("struct ", name)
		case dwarf.TagUnionType:
			name = prefix("union ", name)
		case dwarf.TagEnumerationType:
			name = prefix("enum ", name)
		case dwarf.TagTypedef:
		default:
			return
		}
		if name == "" || seen[name] || e.Val(dwarf.AttrDeclaration) != nil {
			return
		}
		seen[name] = true
		t, err := d.Type(e.Offset)
		check(err)
		list = append(list, named{name, t, d, e.Offset})
	})
	return list
}

func prefix(word, name string) string {
	if name == "" {
		return ""
	}
	return word + name
}

func enumerators(f *elf.File) []*dwarf.EnumValue {
	d, err := f.DWARF()
	check(err)
	var list []*dwarf.EnumValue
	each(d, func(e *dwarf.Entry) {
		if e.Tag == dwarf.TagEnumerationType {
			t, err := d.Type(e.Offset)
			check(err)
			list = append(list, t.(*dwarf.EnumType).Val...)
		}
	})
	return list
}

func each(d *dwarf.Data, visit func(*dwarf.Entry)) {
	for r := d.Reader(); ; {
		e, err := r.Next()
		check(err)
		if e == nil {
			return
		}
		visit(e)
	}
}

// randomHeader makes up structs.
func randomHeader() string {
	r := rand.New(rand.NewSource(5))
	var out strings.Builder
	out.WriteString("/* Made by ../gen. */\nenum re { RE_A, RE_B = 9 };\n")
	for i := range 500 {
		pack := ""
		if r.Intn(12) == 0 {
			pack = fmt.Sprintf("#pragma pack(push, %d)\n", 1<<r.Intn(4))
		}
		out.WriteString(pack)
		fmt.Fprintf(&out, "%s r%d {", pick(r, "struct", "struct", "struct", "union"), i)
		n := 0
		randomMembers(r, &out, &n, 0, i)
		out.WriteString(" }" + pick(r, "", "", "", "", " __packed", " __aligned(4)", " __packed __aligned(2)", " __aligned(32)") + ";\n")
		if pack != "" {
			out.WriteString("#pragma pack(pop)\n")
		}
	}
	return out.String()
}

func pick(r *rand.Rand, list ...string) string { return list[r.Intn(len(list))] }

var bitTypes = []struct {
	name string
	bits int
}{
	{"char", 8}, {"u8", 8}, {"short", 16}, {"u16", 16}, {"int", 32}, {"unsigned", 32}, {"long", 32}, {"u64", 64}, {"s64", 64}, {"bool", 1}, {"enum re", 32},
}

func randomMembers(r *rand.Rand, out *strings.Builder, n *int, depth, number int) {
	for range 1 + r.Intn(7) {
		name := fmt.Sprintf("m%d", *n)
		*n++
		switch k := r.Intn(20); {
		case k < 9:
			b := bitTypes[r.Intn(len(bitTypes))]
			width := 1 + r.Intn(b.bits)
			switch r.Intn(12) {
			case 0:
				fmt.Fprintf(out, " %s : 0;", b.name)
			case 1:
				fmt.Fprintf(out, " %s : %d;", b.name, width)
			case 2:
				fmt.Fprintf(out, " %s %s : %d __packed;", b.name, name, width)
			default:
				fmt.Fprintf(out, " %s %s : %d;", b.name, name, width)
			}
		case k < 15:
			t := pick(r, "char", "short", "int", "long", "u64", "double", "float", "void *", "bool", "long double", "enum re", "u16", "size_t")
			fmt.Fprintf(out, " %s %s%s%s;", t, name, pick(r, "", "", "", "[3]", "[2][2]"), pick(r, "", "", "", "", " __packed", " __aligned(8)", " __packed __aligned(2)"))
		case k < 18 && depth < 3:
			fmt.Fprintf(out, " %s {", pick(r, "struct", "union"))
			randomMembers(r, out, n, depth+1, number)
			fmt.Fprintf(out, " }%s %s;", pick(r, "", "", " __packed"), pick(r, "", "", name, name+"[2]"))
		case number > 0:
			fmt.Fprintf(out, " %s %s;", pick(r, "char", "short"), name)
		}
	}
}
