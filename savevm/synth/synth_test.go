package synth_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/synth"
)

const (
	rx  = paging.FlagRead | paging.FlagExec
	rw  = paging.FlagRead | paging.FlagWrite
	rwx = rx | paging.FlagWrite
)

func build(t *testing.T, g *synth.Guest) *savevm.Image {
	t.Helper()
	img, err := g.Build()
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func eachMode(t *testing.T, test func(t *testing.T, arch, mode string)) {
	for _, arch := range []string{"x86_64", "i386", "aarch64", "riscv64"} {
		for _, mode := range synth.Modes(arch) {
			t.Run(arch+"/"+mode, func(t *testing.T) { test(t, arch, mode) })
		}
	}
}

// ramBase is where the architecture's machines have RAM.
func ramBase(arch string) uint64 {
	return map[string]uint64{"aarch64": 0x40000000, "riscv64": 0x80000000}[arch]
}

// TestModes reads what Map wrote with package paging, through the CPU's registers.
func TestModes(t *testing.T) {
	eachMode(t, func(t *testing.T, arch, mode string) {
		g := synth.New(synth.Config{Arch: arch, Mode: mode})
		ram := ramBase(arch)
		g.RAM(ram, 64<<20)
		g.CPU(nil)
		if mode == paging.Physical {
			img := build(t, g)
			space, err := img.CPU(0).Space()
			if err != nil || space.Mode() != paging.Physical {
				t.Fatal(space, err)
			}
			return
		}
		type want struct {
			va, pa, size uint64
			flags        paging.Flags
		}
		wants := []want{{0x10000, ram, 0x10000, rx}, {0x40000, ram + 0x20000, 0x20000, rwx | paging.FlagUser}}
		if mode != "x86-32" { // in which all can be executed
			wants = append(wants, want{0x80000, ram + 0x30000, 0x10000, rw | paging.FlagGlobal | paging.FlagAccessed})
		}
		bits := map[bool]uint64{true: 32, false: 39}[arch == "i386" || mode == "x86-32" || mode == "x86-pae"]
		if bits == 32 {
			wants = append(wants, want{0xffff0000, ram + 0x40000, 0x10000, rwx})
		} else {
			wants = append(wants, want{^uint64(0) - 0xffff, ram + 0x40000, 0x10000, rwx}, want{1<<(bits-1) - 0x10000, ram + 0x50000, 0x10000, rx})
		}
		for _, w := range wants {
			g.Map(0, w.va, w.pa, w.size, w.flags)
		}
		img := build(t, g)
		cpu := img.CPU(0)
		space, err := cpu.Space()
		if err != nil {
			t.Fatal(err)
		}
		if space.Mode() != mode {
			t.Fatalf("the CPU's mode is %s", space.Mode())
		}
		if space.Root() != g.Root(0) {
			t.Errorf("root %#x, want %#x", space.Root(), g.Root(0))
		}
		mapped := uint64(0)
		for m := range space.Mappings(0, ^uint64(0), 0).All() {
			mapped += m.Size
		}
		expected := uint64(0)
		for _, w := range wants {
			expected += w.size
			for _, at := range []uint64{0, w.size / 2, w.size - 1} {
				walk := space.Walk(w.va + at)
				hardware := paging.FlagUXN | paging.FlagPXN
				if walk.Fault != nil || walk.Physical != w.pa+at || walk.Flags&^hardware != w.flags|paging.FlagPresent {
					t.Errorf("%#x: %#x %s %v %v, want %#x %s %v", w.va+at, walk.Physical, walk.Flags, walk.Flags.Names(), walk.Fault, w.pa+at, w.flags, w.flags.Names())
				}
			}
			if _, err := space.Translate(w.va - 1); err == nil {
				t.Errorf("%#x is mapped", w.va-1)
			}
		}
		if mapped != expected {
			t.Errorf("%#x bytes are mapped, want %#x", mapped, expected)
		}
	})
}

// TestRandomMappings compares many mappings, with pages of all sizes, to a list of them.
func TestRandomMappings(t *testing.T) {
	eachMode(t, func(t *testing.T, arch, mode string) {
		if mode == paging.Physical {
			return
		}
		rnd := rand.New(rand.NewPCG(1, 2))
		g := synth.New(synth.Config{Arch: arch, Mode: mode})
		g.RAM(ramBase(arch), 512<<20)
		g.CPU(nil)
		pages := map[uint64]uint64{} // by virtual page of 64 KiB
		for i := range 200 {
			va, pa := uint64(i)<<24|rnd.Uint64N(64)<<16, rnd.Uint64N(1<<15)<<16
			size := (1 + rnd.Uint64N(64)) << 16
			flags := rwx
			if rnd.IntN(3) == 0 { // 8 MiB of pages as large as there are
				flags |= paging.FlagLarge
				va, pa, size = uint64(i)<<24, pa&^(1<<24-1), 8<<20
			}
			g.Map(0, va, pa, size, flags)
			for n := uint64(0); n < size; n += 1 << 16 {
				pages[(va+n)>>16] = pa + n
			}
		}
		space, err := build(t, g).CPU(0).Space()
		if err != nil {
			t.Fatal(err)
		}
		large := false
		for p := range uint64(200 << 8) {
			got, err := space.Translate(p<<16 + 0x1234)
			want, ok := pages[p]
			if (err == nil) != ok || ok && got != want+0x1234 {
				t.Fatalf("%#x: %#x, %v; want %#x, %v", p<<16, got, err, want, ok)
			}
			large = large || ok && space.Walk(p<<16).Flags&paging.FlagLarge != 0
		}
		if has := !strings.HasSuffix(mode, "6k") && mode != "arm64-64k"; large != has { // their large pages have 32 and 512 MiB
			t.Errorf("large pages: %v", large)
		}
	})
}

func TestMemory(t *testing.T) {
	g := synth.New(synth.Config{})
	g.RAM(1<<32, 1<<40) // sparse
	g.RAM(0, 1<<20)
	g.Write(0xffe, []byte("over a page border"))
	g.Write(1<<32+5<<30, []byte{1, 2, 3})
	g.Write(0x3000, make([]byte, 4096))
	g.Absent(0x5000, 0x2000)
	g.Absent(0x6000, 0x3000)
	g.Device(0xa0000, 0x20000, "VGA window")
	g.Device(0xfee00000, 0x1000, "")
	img := build(t, g)
	if got, want := extents(img), "0x0 8192 data, 0x2000 12288 fill, 0x5000 16384 absent, 0x9000 618496 fill, 0xa0000 131072 not-ram, 0xc0000 262144 fill, "+
		"0xfee00000 4096 not-ram, 0x100000000 5368709120 fill, 0x240000000 4096 data, 0x240001000 1094142914560 fill"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	var b [18]byte
	if _, err := img.ReadMemory(b[:], 0xffe); err != nil || string(b[:]) != "over a page border" {
		t.Errorf("%q %v", b, err)
	}
	for address, reason := range map[uint64]memory.Reason{
		0x5000: memory.ReasonAbsent, 0x8fff: memory.ReasonAbsent, 0xa0000: memory.ReasonNotRAM, 0xfee00010: memory.ReasonNotRAM,
		0x100000: memory.ReasonUnmapped, 1<<32 + 1<<40: memory.ReasonUnmapped,
	} {
		_, err := img.ReadMemory(b[:1], address)
		var e *memory.Error
		if !errors.As(err, &e) || e.Reason != reason {
			t.Errorf("%#x: %v, want %s", address, err, reason)
		}
	}
	if p := img.Explain(1<<32 + 5<<30 + 1); !p.Stored || p.Range.BlockName() != "pc.ram" || p.Offset != 1<<20+5<<30+1 {
		t.Error(p)
	}
	if i := img.Info(); i.Size != 1<<40+1<<20-0x20000 || i.Arch != "x86_64" || i.Format != "synthetic" || i.PageSize != 4096 {
		t.Errorf("%+v", i)
	}
	// What is built does not change with the guest.
	g.Write(0xffe, []byte("OVER"))
	again := build(t, g)
	_, _ = img.ReadMemory(b[:4], 0xffe)
	if _, err := again.ReadMemory(b[4:8], 0xffe); err != nil || string(b[:8]) != "overOVER" {
		t.Errorf("%q %v", b[:8], err)
	}
}

// extents joins neighbours of one kind.
func extents(m memory.Memory) string {
	var list []memory.Extent
	for e := range m.Extents(0, ^uint64(0)) {
		if n := len(list); n > 0 && list[n-1].Kind == e.Kind && list[n-1].Last()+1 == e.Base {
			list[n-1].Size += e.Size
			continue
		}
		list = append(list, e)
	}
	text := make([]string, len(list))
	for i, e := range list {
		text[i] = fmt.Sprintf("%#x %d %s", e.Base, e.Size, e.Kind)
	}
	return strings.Join(text, ", ")
}

func TestCPUs(t *testing.T) {
	for _, c := range []struct {
		cfg       synth.Config
		registers map[string]uint64
		want      string // mode, privilege, paging mode
		root      uint64 // 0: the guest's
	}{
		{synth.Config{}, nil, "long 0 x86-4level", 0},
		{synth.Config{}, map[string]uint64{"CR3": 0x7005, "eax": 7, "cs.selector": 0x33}, "long 3 x86-4level", 0x7000},
		{synth.Config{Mode: "x86-5level"}, map[string]uint64{"cs.flags": 0x00cffb00}, "compatibility 0 x86-5level", 0},
		{synth.Config{Mode: "x86-pae"}, map[string]uint64{"cr3": 0x7020}, "protected 0 x86-pae", 0x7020},
		{synth.Config{Mode: "physical"}, map[string]uint64{"cr0": 0x10}, "real 0 physical", 0},
		{synth.Config{Arch: "i386"}, map[string]uint64{"rip": 0x1000}, "protected 0 x86-32", 0},
		{synth.Config{Arch: "i386", Mode: "x86-pae"}, nil, "protected 0 x86-pae", 0},
		{synth.Config{Arch: "aarch64"}, map[string]uint64{"lr": 1, "w2": 3, "pstate": 0}, "el0 0 arm64-4k", 0},
		{synth.Config{Arch: "aarch64", Mode: "arm64-16k"}, map[string]uint64{"ttbr0_el1": 0x10000}, "el1 1 arm64-16k", 0x10000},
		{synth.Config{Arch: "riscv64"}, map[string]uint64{"a0": 1, "priv": 0, "satp": 8<<60 | 7}, "user 0 sv39", 0x7000},
		{synth.Config{Arch: "riscv64", Mode: "sv57"}, nil, "supervisor 1 sv57", 0},
	} {
		g := synth.New(c.cfg)
		g.RAM(0, 16<<20)
		g.CPU(c.registers)
		if c.cfg.Mode != "physical" {
			g.Map(0, 0x10000, 0x20000, 0x10000, rx)
		}
		img := build(t, g)
		cpu := img.CPUs()[0]
		space, err := cpu.Space()
		if err != nil {
			t.Errorf("%+v: %v", c.cfg, err)
			continue
		}
		if got := fmt.Sprintf("%s %d %s", cpu.Mode(), cpu.Privilege(), space.Mode()); got != c.want {
			t.Errorf("%+v: %s, want %s", c.cfg, got, c.want)
		}
		if c.root != 0 && space.Root() != c.root {
			t.Errorf("%+v: root %#x, want %#x", c.cfg, space.Root(), c.root)
		}
		for name, value := range c.registers {
			if got := cpu.Value(name); got != value {
				t.Errorf("%+v: %s is %#x, want %#x", c.cfg, name, got, value)
			}
		}
		if c.cfg.Mode != "physical" {
			if pa, err := space.Translate(0x10123); err != nil || pa != 0x20123 {
				t.Errorf("%+v: %#x, %v", c.cfg, pa, err)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	guest := func() *synth.Guest {
		g := synth.New(synth.Config{})
		g.RAM(0, 1<<20)
		return g
	}
	with := func(cfg synth.Config) func() *synth.Guest {
		return func() *synth.Guest {
			g := synth.New(cfg)
			g.RAM(0, 1<<20)
			return g
		}
	}
	for _, c := range []struct {
		g    func() *synth.Guest
		do   func(g *synth.Guest)
		want string
	}{
		{with(synth.Config{Arch: "sparc"}), func(*synth.Guest) {}, `unknown architecture "sparc": known are x86_64, i386, aarch64, riscv64`},
		{with(synth.Config{Mode: "sv39"}), func(*synth.Guest) {}, `paging mode "sv39" is none of x86_64: known are x86-4level,`},
		{func() *synth.Guest { return synth.New(synth.Config{}) }, func(*synth.Guest) {}, "the guest has no RAM"},
		{func() *synth.Guest { return synth.New(synth.Config{}) }, func(g *synth.Guest) { g.CPU(nil) }, "no free page for a page table; the guest has no RAM yet"},
		{guest, func(g *synth.Guest) { g.RAM(0x1800, 0x1000) }, "RAM at 0x1800 of 0x1000 bytes: both must be multiples of the page size, 0x1000"},
		{guest, func(g *synth.Guest) { g.RAM(0x2000, 0) }, "RAM at 0x2000: its size is 0"},
		{guest, func(g *synth.Guest) { g.RAM(0xff000, 0x2000) }, "RAM at 0xff000-0x100fff: there is RAM at 0x0-0xfffff already"},
		{guest, func(g *synth.Guest) { g.RAM(^uint64(0xfff), 0x2000) }, "go beyond 2^64"},
		{guest, func(g *synth.Guest) { g.RAM(1<<32, 1<<60) }, "a guest has 0xffffffff000 bytes at most"},
		{guest, func(g *synth.Guest) { g.Write(0xffffe, []byte("abcd")) }, "write of 4 bytes at 0xffffe: there is no RAM at 0x100000; RAM is at 0x0-0xfffff"},
		{guest, func(g *synth.Guest) { g.Absent(0x1000, 0x1000); g.Write(0xfff, []byte("ab")) }, "write of 2 bytes at 0xfff: 0x1000-0x1fff is declared absent"},
		{guest, func(g *synth.Guest) { g.Absent(0xff000, 0x2000) }, "that is not in RAM"},
		{guest, func(g *synth.Guest) { g.Write(g.Root(0), []byte("ab")) }, "write of 2 bytes at 0xff000: a page table is at 0xff000"},
		{guest, func(g *synth.Guest) { g.Map(0, 1<<47, 0, 4096, rx) }, "0x800000000000-0x800000000fff are no virtual addresses of x86-4level"},
		{guest, func(g *synth.Guest) { g.Map(0, 0x1000, 0x800, 4096, rx) }, "must be multiples of the page size, 0x1000"},
		{guest, func(g *synth.Guest) { g.Map(0, 0x1000, 1<<52, 4096, rx) }, "a physical address of x86-4level has 52 bits"},
		{guest, func(g *synth.Guest) { g.Map(0, 0x1000, 0, 0, rx) }, "the size is 0"},
		{guest, func(g *synth.Guest) { g.Map(0, 0x1000, 0, 4096, paging.FlagWrite) }, `flags "-w--": every page of x86-4level has "read"`},
		{guest, func(g *synth.Guest) { g.Map(0, 0x1000, 0, 4096, rx|paging.FlagPXN) }, `a page of x86-4level cannot have "pxn"`},
		{guest, func(g *synth.Guest) { g.Map(0x200000, 0x1000, 0, 4096, rx) }, "the page table at 0x200000: there is no RAM at 0x200000"},
		{guest, func(g *synth.Guest) { g.Map(0x1234, 0x1000, 0, 4096, rx) }, "the page table at 0x1234: the address must be a multiple of 0x1000"},
		{guest, func(g *synth.Guest) {
			g.Map(0, 0x200000, 0x200000, 0x200000, rx|paging.FlagLarge)
			g.Map(0, 0x201000, 0, 4096, rx)
		}, "mapping 0x201000: it is in a page of 0x200000 bytes that is mapped already"},
		{guest, func(g *synth.Guest) {
			g.Map(0, 0x201000, 0, 4096, rx)
			g.Map(0, 0x200000, 0x200000, 0x200000, rx|paging.FlagLarge)
		}, "mapping 0x200000 as a page of 0x200000 bytes: smaller pages are mapped there already"},
		{guest, func(g *synth.Guest) { g.Map(0, 0, 0, 1<<40, rx) }, "no free page for a page table"},
		{guest, func(g *synth.Guest) { g.RAM(1<<32, 1<<33); g.Write(1<<32, make([]byte, 1<<28+1)) }, "more than 256 MiB were written"},
		{guest, func(g *synth.Guest) { g.CPU(map[string]uint64{"cr9": 1}) }, `CPU 0: x86_64 has no register "cr9"`},
		{guest, func(g *synth.Guest) { g.CPU(map[string]uint64{"eax": 1 << 32}) }, "register eax has 32 bits; 0x100000000 is too large"},
		{guest, func(g *synth.Guest) { g.CPU(map[string]uint64{"eax": 1, "rax": 2}) }, "register rax is given twice, as 0x1 and as 0x2"},
		{with(synth.Config{Mode: "x86-32"}), func(g *synth.Guest) { g.Map(0, 0x1000, 0, 4096, rw) }, `flags "rw--": every page of x86-32 has "exec"`},
		{with(synth.Config{Mode: "physical"}), func(g *synth.Guest) { g.Map(0, 0x1000, 0, 4096, rw) }, `the guest has no page tables, as its mode is "physical"`},
		{with(synth.Config{Arch: "riscv64"}), func(g *synth.Guest) { g.Map(0, 0x1000, 0, 4096, paging.FlagWrite) }, "a page of sv39 is readable or executable"},
	} {
		g := c.g()
		c.do(g)
		img, err := g.Build()
		if err == nil || !strings.Contains(err.Error(), c.want) || img != nil {
			t.Errorf("%v\nwant %s", err, c.want)
		}
		if err := g.WriteStream(&bytes.Buffer{}); err == nil {
			t.Error("WriteStream forgets the error")
		}
	}
}

// TestFaults damages page tables.
func TestFaults(t *testing.T) {
	g := synth.New(synth.Config{})
	g.RAM(0, 1<<20)
	g.CPU(nil)
	g.Map(0, 0x1000, 0x5000, 0x3000, rx)
	space, _ := build(t, g).CPU(0).Space()
	steps := space.Walk(0x1000).Steps
	g.Overwrite(steps[3].EntryAddress+7, []byte{0x08}) // bit 59 is software's
	g.Overwrite(steps[3].EntryAddress+8, []byte{0})    // not present
	damaged, _ := build(t, g).CPU(0).Space()
	if w := damaged.Walk(0x1000); w.Fault != nil || w.Steps[3].Entry == steps[3].Entry {
		t.Error(w.Fault)
	}
	if w := damaged.Walk(0x2000); w.Fault == nil || w.Fault.Kind != paging.FaultNotPresent {
		t.Error(w.Fault)
	}
	g.Absent(steps[3].EntryAddress&^0xfff, 4096)
	lost, _ := build(t, g).CPU(0).Space()
	if w := lost.Walk(0x1000); w.Fault == nil || w.Fault.Kind != paging.FaultUnreadable {
		t.Error(w.Fault)
	}
}

// TestWriteStream opens what was written, and compares it to what is built.
func TestWriteStream(t *testing.T) {
	for _, c := range []struct {
		name   string
		make   func(g *synth.Guest)
		source string // what the image says that its map rests on
	}{
		{"small", func(g *synth.Guest) { g.RAM(0, 64<<10) }, "machine type pc-i440fx-7.2"},
		{"8 MiB", func(g *synth.Guest) { g.RAM(0, 8<<20) }, "CMOS of mc146818rtc"},
		{"in parts", func(g *synth.Guest) { g.RAM(16<<20, 48<<20); g.RAM(0, 16<<20) }, "CMOS of mc146818rtc"},
		{"above 4 GiB", func(g *synth.Guest) { g.RAM(0, 32<<20); g.RAM(4<<30, 64<<20); g.Write(4<<30+123, []byte("high")) }, "CMOS of mc146818rtc"},
		{"absent", func(g *synth.Guest) { g.RAM(0, 4<<20); g.Absent(0, 0x3000); g.Absent(1<<20, 1<<20) }, "CMOS of mc146818rtc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := synth.New(synth.Config{})
			c.make(g)
			g.Write(0x7ffe, []byte("hello"))
			g.CPU(map[string]uint64{"rip": 0xffffffff81000000, "fs.base": 0x7f0000000000, "dr7": 0x401, "lstar": 5, "tsc": 6, "hflags": 0x3,
				"fcw": 0x37f, "xcr0": 7, "sfmask": 8, "kernel_gs_base": 9, "a20_mask": 0xffffffff, "gdt.limit": 0x7f})
			g.CPU(nil)
			g.Map(0, 0xffffffff80000000, 0x7000, 0x2000, rx)
			want := build(t, g)
			var b bytes.Buffer
			if err := g.WriteStream(&b); err != nil {
				t.Fatal(err)
			}
			img, err := savevm.New(bytes.NewReader(b.Bytes()), int64(b.Len()))
			if err != nil {
				t.Fatal(err)
			}
			defer img.Close()
			if c.name != "absent" && len(img.Warnings()) > 0 {
				t.Error(img.Warnings())
			}
			info := img.Info()
			if info.Arch != "x86_64" || info.Version != "3, RAM section 4" || !info.Complete || info.Size != want.Info().Size || info.MapSource != c.source {
				t.Errorf("%+v", info)
			}
			if got, want := extents(img), extents(want); got != want {
				t.Errorf("%s\nwant\n%s", got, want)
			}
			compareMemory(t, img, want)
			for i, cpu := range want.CPUs() {
				got := img.CPU(i)
				for _, r := range cpu.Registers {
					if g, ok := got.Register(r.Name); !ok || g.Value != r.Value {
						t.Errorf("CPU %d: %s is %#x, want %#x", i, r.Name, g.Value, r.Value)
					}
				}
				for _, r := range got.Registers {
					if w, ok := cpu.Register(r.Name); !ok || r.Bits != w.Bits {
						t.Errorf("CPU %d: %s has %d bits, want %d", i, r.Name, r.Bits, w.Bits)
					}
				}
				if got.Mode() != cpu.Mode() || got.Privilege() != cpu.Privilege() {
					t.Errorf("CPU %d: %s %d", i, got.Mode(), got.Privilege())
				}
				space, err := got.Space()
				if err != nil {
					t.Fatal(err)
				}
				var text [5]byte
				if _, err := space.ReadMemory(text[:], 0xffffffff80000ffe); err != nil || string(text[:]) != "hello" {
					t.Errorf("%q %v", text, err)
				}
			}
		})
	}
}

func compareMemory(t *testing.T, a, b memory.Memory) {
	t.Helper()
	x, y := make([]byte, 1<<20), make([]byte, 1<<20)
	for e := range b.Extents(0, ^uint64(0)) {
		for at, left := e.Base, e.Size; left > 0 && e.Kind == memory.Data; {
			n := min(left, 1<<20)
			_, err := a.ReadMemory(x[:n], at)
			_, err2 := b.ReadMemory(y[:n], at)
			if err != nil || err2 != nil || !bytes.Equal(x[:n], y[:n]) {
				t.Fatalf("memory at %#x differs: %v %v", at, err, err2)
			}
			at, left = at+n, left-n
		}
	}
}

func TestWriteStreamErrors(t *testing.T) {
	for want, make := range map[string]func() *synth.Guest{
		"streams are written of x86_64 guests only": func() *synth.Guest {
			g := synth.New(synth.Config{Arch: "riscv64"})
			g.RAM(0x80000000, 1<<20)
			return g
		},
		"a PC has its RAM from 0 on": func() *synth.Guest {
			g := synth.New(synth.Config{})
			g.RAM(0, 1<<20)
			g.RAM(0x80000000, 1<<20)
			return g
		},
		"leave out local APIC at 0xfee00000": func() *synth.Guest {
			g := synth.New(synth.Config{})
			g.RAM(0, 1<<20)
			g.Device(0xfee00000, 0x1000, "local APIC")
			return g
		},
		"whole multiples of 64 KiB": func() *synth.Guest {
			g := synth.New(synth.Config{})
			g.RAM(0, 32<<20)
			g.RAM(4<<30, 4096)
			return g
		},
		"the guest has no RAM": func() *synth.Guest { return synth.New(synth.Config{}) },
	} {
		if err := make().WriteStream(&bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	g := synth.New(synth.Config{})
	g.RAM(0, 1<<20)
	if err := g.WriteStreamOf(&bytes.Buffer{}, func(uint64) []byte { return []byte("short") }); err == nil || !strings.Contains(err.Error(), "page at 0x0 have 5 bytes") {
		t.Error(err)
	}
	if err := g.WriteStream(failingWriter{}); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWriteStreamToFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made.sav")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	g := synth.New(synth.Config{Machine: "pc-q35-8.2"})
	g.RAM(0, 32<<20)
	err = g.WriteStreamOf(f, func(pa uint64) []byte {
		if pa != 0x5000 {
			return nil
		}
		return bytes.Repeat([]byte{0x5a}, 4096)
	})
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	img, err := savevm.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if v, err := memory.ReadU32(img, 0x5ffc); err != nil || v != 0x5a5a5a5a || img.Info().Machine != "pc-q35-8.2" || len(img.CPUs()) != 0 {
		t.Errorf("%#x %v %+v", v, err, img.Info())
	}
}

func BenchmarkMap(b *testing.B) {
	for b.Loop() {
		g := synth.New(synth.Config{})
		g.RAM(0, 64<<20)
		g.Map(0, 0, 0, 1<<30, rx)
		if g.Err() != nil {
			b.Fatal(g.Err())
		}
	}
}
