package stream_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/svscript/svscript/savevm/stream"
)

// A builder writes a stream field by field, independently of the reader's tables.
type builder struct{ b []byte }

func (w *builder) u8(v ...uint8) {
	w.b = append(w.b, v...)
}
func (w *builder) u16(v uint16) { w.b = binary.BigEndian.AppendUint16(w.b, v) }
func (w *builder) u32(v uint32) { w.b = binary.BigEndian.AppendUint32(w.b, v) }
func (w *builder) u64(v uint64) { w.b = binary.BigEndian.AppendUint64(w.b, v) }
func (w *builder) name(s string) {
	w.u8(uint8(len(s)))
	w.b = append(w.b, s...)
}
func (w *builder) zeros(n int) { w.b = append(w.b, make([]byte, n)...) }

func (w *builder) section(kind uint8, id uint32, name string, instance, version uint32) {
	w.u8(kind)
	w.u32(id)
	w.name(name)
	w.u32(instance)
	w.u32(version)
}

// header starts a stream with an empty RAM of one page and the timer's section, as 0.10 did.
func (w *builder) header(ramVersion uint32) {
	w.b = append(w.b, "QEVM"...)
	w.u32(3)
	w.section(1, 1, "ram", 0, ramVersion)
	w.u64(0x1000 | 4)
	if ramVersion == 4 {
		w.name("pc.ram")
		w.u64(0x1000)
	}
	w.u64(0x10)
	w.u8(3)
	w.u32(1)
	w.u64(0x10)
	w.section(4, 0, "timer", 0, 2)
	w.zeros(24)
}

// A variant is a form of the cpu section that some version of QEMU or kvm wrote.
type variant struct {
	version   uint32
	wide      bool // x86_64
	doubles   bool // x87 registers of hosts without long double
	kvm       bool // KVM's tail of versions up to 8
	rhel5     bool
	banks     int  // of machine-check registers; -1: not even their control registers (version 10)
	noXSAVE   bool // qemu-kvm 0.12
	subs      bool // subsections behind the fields
	wantBytes int  // of the body, from the documentation; 0: not given
}

func (v variant) String() string {
	s := fmt.Sprintf("v%d", v.version)
	for _, f := range []struct {
		set  bool
		name string
	}{{v.wide, "64"}, {v.doubles, "doubles"}, {v.kvm, "kvm"}, {v.rhel5, "rhel5"}, {v.banks > 0, fmt.Sprint("banks", v.banks)}, {v.noXSAVE, "noxsave"}, {v.subs, "subs"}} {
		if f.set {
			s += "-" + f.name
		}
	}
	return s
}

// Values that the test looks for; the CPU's index is in the low byte.
const (
	testEIP    = 0x11110000
	testCR3    = 0x22220000
	testGSBase = 0x33330000
	testEFER   = 0x0d00
	testSMBase = 0x44440000
	testPAT    = 0x0007040600070400
	testMTRR   = 0x55550000
	testTSC    = 0x66660000
	testMP     = 0x77
	testMCG    = 0x0a
	testWall   = 0x88880000
	testXCR0   = 7
)

// cpu writes the body of a cpu section: the formats' documentation, line by line.
func (w *builder) cpu(v variant, index uint64) {
	tl := func(x uint64) {
		if v.wide {
			w.u64(x)
		} else {
			w.u32(uint32(x))
		}
	}
	registers := 8
	if v.wide {
		registers = 16
	}
	for i := range registers {
		tl(uint64(i)<<8 | index)
	}
	tl(testEIP | index)
	tl(0x202) // eflags
	w.u32(0xb4)
	w.u16(0x37f)
	w.u16(0x3800)
	w.u16(0xff)
	if v.doubles {
		w.u16(1)
	} else {
		w.u16(0)
	}
	for i := range 8 {
		w.u64(0x8000000000000000 | uint64(i))
		if !v.doubles {
			w.u16(0x3fff)
		}
	}
	for i := range 10 { // es cs ss ds fs gs ldt tr gdt idt
		w.u32(uint32(i) * 8)
		if i == 5 {
			tl(testGSBase | index)
		} else {
			tl(0)
		}
		w.u32(0xffff)
		w.u32(0x93 << 8)
	}
	w.u32(0x60)
	if v.version >= 7 {
		tl(0x1000)
		tl(0x2000)
	} else {
		w.u32(0x1000)
		w.u32(0x2000)
	}
	tl(0x80000011)
	tl(0xdead0000)
	tl(testCR3 | index)
	tl(0x20)
	for range 8 {
		tl(0)
	}
	w.u32(0xffffffff) // A20
	w.u32(0x1f80)
	for i := range registers {
		w.u64(uint64(i))
		w.u64(^uint64(i))
	}
	if v.wide {
		w.u64(testEFER | index)
		for range 5 {
			w.u64(0x1234)
		}
	}
	if v.version >= 4 {
		w.u32(testSMBase | uint32(index))
	}
	if v.version >= 5 {
		w.u64(testPAT | index)
		w.u32(1)
		if v.version == 5 {
			w.u32(0) // halted
		}
		for range 4 {
			w.u64(0)
		}
		for range 4 {
			w.u16(0)
		}
		w.u32(0)
		w.u8(0)
	}
	if v.version >= 8 && !v.rhel5 {
		for range 11 {
			w.u64(0x0606060606060606)
		}
		w.u64(testMTRR | index)
		for range 8 {
			w.u64(0)
			w.u64(0)
		}
	}
	if v.kvm {
		w.zeros(32)
		w.u64(testTSC | index)
		if v.version >= 5 {
			w.u32(testMP)
		}
	}
	if v.rhel5 {
		if v.version >= 8 {
			w.u64(0x1)
			w.u64(testWall | index)
		}
		if v.version >= 9 {
			w.u8(0, 0, 0, 0)
			w.u32(0)
		}
	} else if v.version >= 9 {
		w.u32(0xffffffff)
		w.u32(testMP)
		w.u64(testTSC | index)
	}
	if v.version >= 11 {
		w.u32(0xffffffff)
		w.u8(0, 0, 0, 0)
		w.u32(0)
	}
	if v.version >= 10 {
		n := v.banks
		if v.version >= 11 {
			n = 10
		}
		w.u64(testMCG | index<<32)
		if n >= 0 {
			w.u64(0)
			w.u64(^uint64(0))
			for i := range 4 * n {
				w.u64(uint64(i))
			}
		}
	}
	if v.version >= 11 {
		w.u64(0)
		w.u64(0)
		w.u64(testWall | index)
	}
	if v.version >= 12 && !v.noXSAVE {
		w.u64(testXCR0)
		w.u64(testXCR0)
		for i := range registers {
			w.u64(uint64(i) << 32)
			w.u64(uint64(i) << 40)
		}
	}
}

func variants() []variant {
	var all []variant
	sizes := map[uint32][2]int{3: {488, 856}, 4: {492, 860}, 5: {553, 921}, 6: {549, 917}, 7: {549, 925}, 8: {773, 1149}, 9: {789, 1165},
		10: {797, 1173}, 11: {1169, 1545}, 12: {1313, 1817}}
	for version := uint32(3); version <= 12; version++ {
		for i, wide := range []bool{false, true} {
			size := sizes[version][i]
			v := variant{version: version, wide: wide, banks: -1, wantBytes: size}
			all = append(all, v)
			add := func(change func(*variant)) {
				w := v
				change(&w)
				all = append(all, w)
			}
			add(func(w *variant) { w.doubles, w.wantBytes = true, size-16 })
			add(func(w *variant) { w.subs, w.wantBytes = true, 0 })
			switch {
			case version <= 4:
				add(func(w *variant) { w.kvm, w.wantBytes = true, size+40 })
			case version <= 8:
				add(func(w *variant) { w.kvm, w.wantBytes = true, size+44 })
			case version == 10:
				add(func(w *variant) { w.banks, w.wantBytes = 10, size+16+320 })
				for _, n := range []int{1, 6, 9, 11, 32} {
					add(func(w *variant) { w.banks, w.wantBytes = n, 0 })
				}
			case version == 12:
				add(func(w *variant) { w.noXSAVE, w.wantBytes = true, map[bool]int{false: 1169, true: 1545}[wide] })
				add(func(w *variant) { w.noXSAVE, w.subs, w.wantBytes = true, true, 0 })
			}
			if version == 8 || version == 9 {
				add(func(w *variant) { w.rhel5, w.wantBytes = true, 0 })
				add(func(w *variant) { w.rhel5, w.kvm, w.wantBytes = true, true, 0 })
			}
		}
	}
	return all
}

// TestCPULayouts reads the cpu sections of every version and variant that QEMU's and kvm's loaders accept, most of which no
// real image is at hand of, in a machine of two CPUs as those versions wrote it.
func TestCPULayouts(t *testing.T) {
	for _, v := range variants() {
		for _, end := range []string{"end", "cut"} {
			t.Run(v.String()+"-"+end, func(t *testing.T) { testCPULayout(t, v, end == "cut") })
		}
	}
}

func testCPULayout(t *testing.T, v variant, cut bool) {
	var w builder
	version := uint32(3)
	if v.version >= 12 {
		version = 4
	}
	w.header(version)
	id := uint32(2)
	if v.rhel5 {
		w.section(4, id, "__rhel5", 0, 1)
		id++
	}
	size := 0
	for cpu := range uint32(2) {
		w.section(4, id, "cpu_common", cpu, 1)
		w.u32(1)
		w.u32(0)
		w.section(4, id+1, "cpu", cpu, v.version)
		start := len(w.b)
		w.cpu(v, uint64(cpu))
		size = len(w.b) - start
		if v.subs {
			w.u8(5)
			w.name("cpu/async_pf_msr")
			w.u32(1)
			w.u64(0xabc)
			w.u8(5)
			w.name("cpu/not_known_yet")
			w.u32(1)
			w.zeros(77)
			w.u8(5)
			w.name("cpu/fpop_ip_dp")
			w.u32(1)
			w.u16(1)
			w.u64(2)
			w.u64(3)
		}
		w.section(4, id+2, "apic", cpu, 2)
		w.zeros(181)
		id += 3
	}
	w.section(4, id, "fw_cfg", 0, 1)
	w.zeros(6)
	if !cut {
		w.u8(0)
	}
	if v.wantBytes != 0 && size != v.wantBytes {
		t.Fatalf("the test's own body has %d bytes, the documentation says %d", size, v.wantBytes)
	}
	s := read(t, w.b)
	cpus := 0
	for _, d := range s.Devices {
		if d.Name != "cpu" {
			continue
		}
		if d.Found != stream.FoundKnown || !v.subs && d.Size != int64(size) {
			t.Fatalf("cpu/%d: %d bytes by %s, want %d; %v", d.Instance, d.Size, d.Found, size, s.Warnings)
		}
		checkCPU(t, v, d)
		cpus++
	}
	if cpus != 2 {
		t.Errorf("%d CPUs; %v", cpus, s.Warnings)
	}
}

func checkCPU(t *testing.T, v variant, d *stream.Device) {
	t.Helper()
	s, err := d.Decode()
	if err != nil {
		t.Fatal(err)
	}
	i := uint64(d.Instance)
	check := func(want uint64, name string) {
		t.Helper()
		if got, ok := s.Uint(name); !ok || got != want {
			t.Errorf("cpu/%d: %s = %#x, %v, want %#x", i, name, got, ok, want)
		}
	}
	regs, _ := s.Field("env.regs").([]uint64)
	if len(regs) != map[bool]int{false: 8, true: 16}[v.wide] || regs[7] != 7<<8|i {
		t.Errorf("cpu/%d: registers %#x", i, regs)
	}
	check(testEIP|i, "env.eip")
	check(testCR3|i, "env.cr[3]")
	segs, _ := s.Field("env.segs").([]any)
	if gs, ok := segs[5].(stream.Struct); !ok {
		t.Errorf("cpu/%d: segments %v", i, segs)
	} else if base, _ := gs.Uint("base"); base != testGSBase|i {
		t.Errorf("cpu/%d: gs.base %#x", i, base)
	}
	if v.wide {
		check(testEFER|i, "env.efer")
	}
	if v.version >= 4 {
		check(testSMBase|i, "env.smbase")
	}
	if v.version >= 5 {
		check(testPAT|i, "env.pat")
	}
	if v.version >= 8 && !v.rhel5 {
		check(testMTRR|i, "env.mtrr_deftype")
	}
	if v.kvm || v.version >= 9 && !v.rhel5 {
		check(testTSC|i, "env.tsc")
		if v.version >= 5 {
			check(testMP, "env.mp_state")
		}
	}
	if v.rhel5 || v.version >= 11 {
		check(testWall|i, "env.wall_clock_msr")
	}
	if v.version >= 10 {
		check(testMCG|i<<32, "env.mcg_cap")
	}
	if v.version >= 12 && !v.noXSAVE {
		check(testXCR0, "env.xcr0")
	}
	if v.subs {
		check(0xabc, "env.async_pf_en_msr")
		check(3, "env.fpdp")
	}
}
