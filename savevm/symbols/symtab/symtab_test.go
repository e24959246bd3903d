package symtab

import (
	"fmt"
	"regexp"
	"testing"
)

func sample() *Table {
	var b Builder
	b.Add(0x3000, 'd', "data")
	b.Add(0x1000, 'T', "start")
	b.Add(0x1000, 'W', "start_alias")
	b.AddTyped(0x2000, []byte("tlocal"))
	b.Add(0x2800, 't', "local")
	b.AddTyped(0x9999, []byte("T")) // no name
	return b.Table("mod")
}

func TestTable(t *testing.T) {
	table := sample()
	if table.Len() != 5 {
		t.Fatalf("%d symbols", table.Len())
	}
	if l := table.Lookup("local"); len(l) != 2 || l[0].Address != 0x2000 || l[1].Address != 0x2800 || l[0].Module != "mod" {
		t.Errorf("local: %v", l)
	}
	if a, ok := table.Address("local"); !ok || a != 0x2000 {
		t.Errorf("local is at %#x", a)
	}
	if _, ok := table.Address("none"); ok || table.Lookup("") != nil {
		t.Error("there is none")
	}
	for _, c := range []struct {
		address uint64
		want    string
	}{{0x1000, "start [mod]"}, {0x1fff, "start+0xfff [mod]"}, {0x2000, "local [mod]"}, {0x99999, "data+0x96999 [mod]"}} {
		if l, ok := table.Symbolize(c.address); !ok || l.String() != c.want {
			t.Errorf("%#x is %v, want %s", c.address, l, c.want)
		}
	}
	if l, ok := table.Symbolize(0xfff); ok {
		t.Errorf("0xfff is %v", l)
	}
	n := 0
	for s := range table.Match(regexp.MustCompile("^start")) {
		n++
		if s.Address != 0x1000 {
			t.Errorf("%v", s)
		}
	}
	if n != 2 {
		t.Errorf("%d matches", n)
	}
	if moved := table.Shift(0x10, 0x2000); moved.At(0).Address != 0x1000 || moved.At(4).Address != 0x3010 {
		t.Errorf("moved: %v", moved.At(4))
	}
	var none *Table
	if none.Len() != 0 || none.Lookup("x") != nil {
		t.Error("a nil table has symbols")
	}
}

// Modules of riscv64 keep their assembler's labels, and those of arm64 marks of code and data.
func TestLabels(t *testing.T) {
	var b Builder
	for address, name := range map[uint64]string{0x1000: "$x", 0x1004: ".LVL7", 0x2000: "first", 0x2010: ".LBE1", 0x2020: "L0\x01", 0x3000: ".LFB2", 0x3004: "second"} {
		b.Add(address, 't', name)
	}
	b.Add(0x2000, 't', ".Ltext0")
	table := b.Table("mod")
	for address, want := range map[uint64]string{0x1008: ".LVL7+0x4 [mod]", 0x2000: "first [mod]", 0x2fff: "first+0xfff [mod]", 0x3003: "first+0x1003 [mod]", 0x3004: "second [mod]"} {
		if l, ok := table.Symbolize(address); !ok || l.String() != want {
			t.Errorf("%#x is %v, want %s", address, l, want)
		}
	}
	if l, _ := table.Symbolize(0x2011); l.Size != 0x1004 {
		t.Errorf("%v has %#x bytes", l, l.Size)
	}
}

// BenchmarkIndex looks a symbol up; that includes the index that the first look-up makes.
func BenchmarkIndex(b *testing.B) {
	var build Builder
	for i := range 150000 {
		build.Add(uint64(i)*16, 'T', fmt.Sprintf("function_of_the_kernel_%d", i))
	}
	whole := build.Table("")
	b.ReportAllocs()
	for b.Loop() {
		t := &Table{addresses: whole.addresses, names: whole.names, text: whole.text}
		if _, ok := t.Address("function_of_the_kernel_149999"); !ok {
			b.Fatal("not found")
		}
	}
}
