package paging_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
)

type put struct{ address, entry uint64 }

// want is "physical/pagesize rwxu names…" or the text of the fault.
type lookup struct {
	va   uint64
	want string
}

func describe(w paging.Walk) string {
	if w.Fault != nil {
		return w.Fault.Error()
	}
	s := fmt.Sprintf("%#x/%#x %s", w.Physical, w.PageSize, w.Flags)
	for _, n := range w.Flags.Names() {
		switch n {
		case "present", "read", "write", "exec", "user":
		default:
			s += " " + n
		}
	}
	return s
}

const xd = 1 << 63

var lamEntries = []put{{0x1000, 0x2007}, {0x1800, 0x2007}, {0x2000, 0x4000_0087}}

var modeTests = []struct {
	name    string
	cfg     paging.Config
	entry4  bool
	entries []put
	lookups []lookup
}{
	{
		name: "x86-32", cfg: paging.Config{Mode: "x86-32", Root: 0x1018, PSE: true}, entry4: true,
		entries: []put{
			{0x1000, 0x2067}, {0x2004, 0x12345063}, // own page: no user
			{0x1004, 0x004000e7},          // 4M
			{0x1008, 0x008fe0e7},          // PSE-36: bits 39–32 are 0x7f
			{0x100c, 0x00a000e7},          // bit 21
			{0x1010, 0x2025}, {0x1ffc, 0}, // read-only directory entry
		},
		lookups: []lookup{
			{0x1abc, "0x12345abc/0x1000 rwx- accessed dirty"},
			{0x400123, "0x400123/0x400000 rwxu accessed dirty large"},
			{0x800123, "0x7f00800123/0x400000 rwxu accessed dirty large"},
			{0xc00123, "reserved bits 0x200000 set: PD entry at 0x100c is 0xa000e7"},
			{0x1001000, "0x12345000/0x1000 r-x- accessed dirty"},
			{0x2000, "not present: PT entry at 0x2008 is 0x0"},
			{0x1_0000_0000, "an address has 32 bits"},
		},
	},
	{
		name: "x86-32 without PSE", cfg: paging.Config{Mode: "x86-32", Root: 0x1000}, entry4: true,
		entries: []put{{0x1004, 0x20e7}, {0x2000, 0x5007}},
		lookups: []lookup{{0x400123, "0x5123/0x1000 rwxu"}},
	},
	{
		name: "x86-32, 34-bit physical addresses", cfg: paging.Config{Mode: "x86-32", Root: 0x1000, PSE: true, PhysBits: 34}, entry4: true,
		entries: []put{{0x1004, 0x00406087}, {0x1008, 0x00408087}},
		lookups: []lookup{
			{0x400000, "0x300400000/0x400000 rwxu large"},
			{0x800000, "reserved bits 0x8000 set: PD entry at 0x1008 is 0x408087"},
		},
	},
	{
		name: "x86-pae", cfg: paging.Config{Mode: "x86-pae", Root: 0x1fe7, NXE: true},
		entries: []put{
			{0x1fe0, 0x3001}, {0x1ff8, 0x4027}, // PDPTEs have no permissions; TCG takes other bits, and sets A
			{0x3000, 0x5007}, {0x5008, 0x8_0000_0107 | xd}, {0x5010, 0x10_0000_0000_0007},
			{0x4008, 0x600087}, {0x4010, 0x601087}, {0x4018, 0x60_2087},
			{0x1fe8, 0x3001 | xd},
		},
		lookups: []lookup{
			{0x1abc, "0x800000abc/0x1000 rw-u global"},
			{0x2000, "reserved bits 0x10000000000000 set: PT entry at 0x5010 is 0x10000000000007"},
			{0xc0212345, "0x612345/0x200000 rwxu large"},
			{0xc0412345, "0x612345/0x200000 rwxu large"}, // bit 12 is PAT
			{0xc0612345, "reserved bits 0x2000 set: PD entry at 0x4018 is 0x602087"},
			{0x40000000, "reserved bits 0x8000000000000000 set: PDPT entry at 0x1fe8 is 0x8000000000003001"},
			{0x80000000, "not present: PDPT entry at 0x1ff0 is 0x0"},
		},
	},
	{
		name: "x86-4level", cfg: paging.Config{Mode: "x86-4level", Root: 0x1000 | 0xfff | xd, NXE: true, PhysBits: 40},
		entries: []put{
			{0x1000, 0x2007}, {0x1ff8, 0x2003 | xd}, {0x1008, 0x2087}, // PML4: all, NX and supervisor, PS
			{0x2000, 0x3007}, {0x2008, 0x40000187}, {0x2010, 0x40002087}, // 1G, 1G misaligned
			{0x2ff0, 0x3005},                                                // read-only
			{0x3000, 0x4007}, {0x3008, 0x200087}, {0x3010, 0x100_0020_0087}, // PT, 2M, beyond PhysBits
			{0x4008, 0x9067}, {0x4010, 0x9061 | 0x18}, {0x4018, 0x7ff0_0000_0000_9007},
		},
		lookups: []lookup{
			{0x1123, "0x9123/0x1000 rwxu accessed dirty"},
			{0x2123, "0x9123/0x1000 r-x- accessed dirty write-through no-cache"},
			{0x3123, "0x9123/0x1000 rwxu"}, // bits 52–62 are ignored, or protection keys
			{0x212345, "0x212345/0x200000 rwxu large"},
			{0x412345, "reserved bits 0x10000000000 set: PD entry at 0x3010 is 0x10000200087"},
			{0x40012345, "0x40012345/0x40000000 rwxu global large"},
			{0x80012345, "reserved bits 0x2000 set: PDPT entry at 0x2010 is 0x40002087"},
			{0x80_0000_0000, "reserved bits 0x80 set: PML4 entry at 0x1008 is 0x2087"},
			{0xffff_ff80_0000_1123, "0x9123/0x1000 rw-- accessed dirty"},
			{0xffff_ffff_8000_1123, "0x9123/0x1000 r--- accessed dirty"},
			{0x8000_0000_0000, "not a canonical address of 48 bits"},
			{0xffff_7fff_ffff_ffff, "not a canonical address of 48 bits"},
		},
	},
	{
		name: "x86-4level without NXE", cfg: paging.Config{Mode: "x86-4level", Root: 0x1000},
		entries: []put{{0x1000, 0x2007 | xd}},
		lookups: []lookup{{0, "reserved bits 0x8000000000000000 set: PML4 entry at 0x1000 is 0x8000000000002007"}},
	},
	{
		name: "x86-5level", cfg: paging.Config{Mode: "x86-5level", Root: 0x1000, NXE: true},
		entries: []put{{0x1000, 0x2007}, {0x1ff8, 0x2007}, {0x2008, 0x3007}, {0x3000, 0x80000087}, {0x1008, 0x2087}},
		lookups: []lookup{
			{0x80_0000_0042, "0x80000042/0x40000000 rwxu large"},
			{0xffff_0080_0000_0042, "0x80000042/0x40000000 rwxu large"},
			{0x1_0000_0000_0000, "reserved bits 0x80 set: PML5 entry at 0x1008 is 0x2087"},
			{0x100_0000_0000_0000, "not a canonical address of 57 bits"},
		},
	},
	{
		name: "x86-4level with LAM_U57 and LAM_SUP", cfg: paging.X86(0x8000_0011, 1<<61|1<<62|0x1000, 1<<28|0x20, 0xd00),
		entries: lamEntries,
		lookups: []lookup{
			{0x42, "0x40000042/0x40000000 rwxu large"}, {0x7e00_0000_0000_0042, "0x40000042/0x40000000 rwxu large"},
			{0x100_0000_0000_0042, "not a canonical address of 48 bits"},
			{0xffff_8000_0000_0042, "0x40000042/0x40000000 rwxu large"}, {0x8123_8000_0000_0042, "0x40000042/0x40000000 rwxu large"},
			{0x8123_0000_0000_0042, "not a canonical address of 48 bits"},
		},
	},
	{
		name: "x86-4level with LAM_U48", cfg: paging.X86(0x8000_0011, 1<<62|0x1000, 0x20, 0xd00), entries: lamEntries,
		lookups: []lookup{
			{0x7fff_0000_0000_0042, "0x40000042/0x40000000 rwxu large"}, {0x7fff_8000_0000_0042, "not a canonical address of 48 bits"},
			{0x8123_8000_0000_0042, "not a canonical address of 48 bits"},
		},
	},
	{
		name: "x86-5level with LAM_U57 and LAM_SUP", cfg: paging.X86(0x8000_0011, 1<<61|0x1000, 1<<28|0x1020, 0xd00),
		entries: []put{{0x1000, 0x2007}, {0x1800, 0x2007}, {0x2000, 0x3007}, {0x3000, 0x4000_0087}},
		lookups: []lookup{
			{0x7e00_0000_0000_0042, "0x40000042/0x40000000 rwxu large"}, {0x8100_0000_0000_0042, "0x40000042/0x40000000 rwxu large"},
			{0x100_0000_0000_0042, "not a canonical address of 57 bits"},
		},
	},
	{
		// TCR: T0SZ 16, T1SZ 25 (39 bits: the walk starts at L1), 4K, 48-bit physical addresses, TBI0.
		name: "arm64-4k", cfg: paging.ARM64(0x0042_0000_0000_1001, 0x5000, 16|25<<16|2<<30|5<<32|1<<37, 1),
		entries: []put{
			{0x1000, 0x2003}, {0x2000, 0x3003}, {0x2008, 0x4000_0000 | 0x401}, {0x3000, 0x4003}, {0x3008, 0x20_0001 | 0x6c0},
			{0x4008, 0x9_0403 | 0x40 | 1<<11},           // EL0 read and write, nG
			{0x4010, 0x9_0403 | 0xc0 | 1<<53},           // EL0 code: read-only, PXN
			{0x4018, 0x9_0403 | 0x80 | 1<<54},           // EL1 code
			{0x4020, 0x9_0403 | 3<<53},                  // EL1 data
			{0x4028, 0x9_0401},                          // 0b01 at L3
			{0x1008, 0x2001},                            // a block at L0
			{0x5000, 0x6003 | 1<<62 | 1<<60},            // APTable: read-only beneath, UXNTable
			{0x6000, 0x4003 | 1<<61},                    // no EL0 beneath
			{0x4030, 0x9_0403 | 0x40 | 1<<53 | 1<<11},   // PXN of its own, UXN from above
			{0x4038, 0x1_0000_0000_0000 | 0x9_0403},     // bit 48: RES0, not address
			{0x2010, 0x80_0000_0000_3003 & (1<<48 - 1)}, // address within 48 bits
		},
		lookups: []lookup{
			{0x1123, "0x90123/0x1000 rwxu accessed pxn"},
			{0xab00_0000_0000_1123, "0x90123/0x1000 rwxu accessed pxn"}, // tagged
			{0x2123, "0x90123/0x1000 r-xu global accessed pxn"},
			{0x3123, "0x90123/0x1000 r-x- global accessed uxn"},
			{0x4123, "0x90123/0x1000 rw-- global accessed uxn pxn"},
			{0x5123, "reserved encoding: L3 entry at 0x4028 is 0x90401"},
			{0x21_2345, "0x212345/0x200000 r-xu global accessed large"},
			{0x4000_0042, "0x40000042/0x40000000 rwx- global accessed large"},
			{0x80_0000_0000, "reserved encoding: L0 entry at 0x1008 is 0x2001"},
			{0xffff_ff80_0000_1123, "0x90123/0x1000 r-x- accessed uxn"},
			{0xffff_ff80_0000_6123, "0x90123/0x1000 r--- accessed uxn pxn"},
			{0xffff_0000_0000_0000, "in the range of neither TTBR0 nor TTBR1"},
			{0xabff_ff80_0000_1123, "in the range of neither TTBR0 nor TTBR1"}, // TBI1 is off
		},
	},
	{
		name: "arm64-4k, hierarchical permissions off, WXN, dirty state, 36 physical bits, no TTBR0",
		cfg:  paging.ARM64(0, 0x5000, 16|1<<7|25<<16|2<<30|1<<32|1<<42|1<<40, 1|1<<19),
		entries: []put{
			{0x5000, 0x6003 | 1<<62 | 1<<60 | 1<<59}, {0x6000, 0x4003 | 1<<61},
			{0x4000, 0x9_0403 | 0x80 | 1<<51}, // writable, clean
			{0x4008, 0x9_0403 | 1<<51},        // writable, dirty
			{0x4010, 0x9_0403 | 0x80},
			{0x4018, 0x10_0009_0403},
		},
		lookups: []lookup{
			{0xffff_ff80_0000_0000, "0x90000/0x1000 rwx- global accessed pxn"},
			{0xffff_ff80_0000_1000, "0x90000/0x1000 rwx- global accessed dirty pxn"},
			{0xffff_ff80_0000_2000, "0x90000/0x1000 r-x- global accessed"},
			{0xffff_ff80_0000_3000, "physical address too large: L3 entry at 0x4018 is 0x1000090403"},
			{0x1000, "walks through TTBR0 are switched off (TCR.EPD0)"},
		},
	},
	{
		// 52 bits through FEAT_LPA2: five levels from L-1, bits 50–51 of addresses in bits 8–9, of the TTBR's 48–51 in 2–5.
		name: "arm64-4k LPA2", cfg: paging.ARM64(0x1000|1<<2, 0, 12|1<<23|2<<30|6<<32|1<<59, 1),
		entries: []put{
			{0x1_0000_0000_1000 + 15*8, 0x2003}, {0x2000, 0x0080_0000_0001 | 0x300 | 0x400},
		},
		lookups: []lookup{{0xf_0000_0012_3456, "0xc008000123456/0x8000000000 rwx- global accessed large"}},
	},
	{
		name: "arm64-16k", cfg: paging.ARM64(0x8000, 0x1_0000, 17|16<<16|2<<14|1<<30|5<<32, 1),
		entries: []put{
			{0x8000, 0xc003}, {0xc008, 0x200_0401}, {0xc000, 0x1_4003}, {0x1_4008, 0x4_4403}, // L1, L2, L3 of 47 bits
			{0x1_0008, 0x8003}, {0x8008, 0x4001},
		},
		lookups: []lookup{
			{0x4123, "0x44123/0x4000 rwx- global accessed"},
			{0x200_1234, "0x2001234/0x2000000 rwx- global accessed large"},
			{0xffff_8000_0000_4123, "0x44123/0x4000 rwx- global accessed"}, // 48 bits: two entries of L0
			{0x10_0000_0000, "reserved encoding: L1 entry at 0x8008 is 0x4001"},
		},
	},
	{
		// TTBR0 42 bits from L2; TTBR1 52 bits from L1; 52-bit physical addresses: bits 48–51 in bits 12–15.
		name: "arm64-64k", cfg: paging.ARM64(0x1_0000, 0x2_0000, 22|12<<16|1<<14|3<<30|6<<32, 1),
		entries: []put{
			{0x1_0008, 0x2000_0401}, {0x1_0000, 0x3_0003}, {0x3_0008, 0x5_a403},
			{0x2_0008, 0x1_0003}, {0x2_0010, 0x400_0000_f401},
		},
		lookups: []lookup{
			{0x1_0123, "0xa000000050123/0x10000 rwx- global accessed"},
			{0x2000_1234, "0x20001234/0x20000000 rwx- global accessed large"},
			{0xfff0_0400_0001_0123, "0xa000000050123/0x10000 rwx- global accessed"},
			{0xfff0_0800_0001_0123, "0xf040000010123/0x40000000000 rwx- global accessed large"},
		},
	},
	{
		name: "arm64-64k with nothing but a root", cfg: paging.Config{Mode: "arm64-64k", Root: 0x1_0000},
		entries: []put{{0x1_0000, 0x2_0003}, {0x2_0008, 0x2000_0401}},
		lookups: []lookup{
			{0x2000_1234, "0x20001234/0x20000000 rwx- global accessed large"},
			{0xffff_0000_2000_1234, "0x20001234/0x20000000 rwx- global accessed large"},
		},
	},
	{
		name: "sv32", cfg: paging.RISCV32(1<<31 | 1), entry4: true,
		entries: []put{{0x1000, 0x801}, {0x2004, 0xffff_fcdf}, {0x1004, 0x0010_0007}},
		lookups: []lookup{
			{0x1123, "0x3fffff123/0x1000 rwxu accessed dirty"},
			{0x40_0123, "0x400123/0x400000 rw-- large"},
		},
	},
	{
		name: "sv39", cfg: paging.RISCV64(8<<60 | 0x42<<44 | 1),
		entries: []put{
			{0x1000, 0x801}, {0x1ff8, 0x821}, // pointers, the second global
			{0x2000, 0xc01}, {0x2008, 0x8_00cf}, {0x2010, 0x8_040f}, {0x2018, 0xc11}, {0x1008, 0x2000_000f},
			{0x3008, 0x24df}, {0x3010, 0x2409}, {0x3018, 0x2405}, {0x3020, 0x241f | 1<<60}, {0x3028, 0x2401},
			{0x3080, 0x1_2009 | xd}, {0x3088, 0x1_200b | xd}, {0x30f8, 0x1_200b | xd}, {0x3100, 0x1_240b | xd}, {0x3108, 0x240f | 3<<61},
		},
		lookups: []lookup{
			{0x1123, "0x9123/0x1000 rwxu accessed dirty"},
			{0x2123, "0x9123/0x1000 --x-"},
			{0x3123, "reserved bits 0x4 set: L0 entry at 0x3018 is 0x2405"},
			{0x4123, "reserved bits 0x1000000000000000 set: L0 entry at 0x3020 is 0x100000000000241f"},
			{0x5123, "reserved encoding: L0 entry at 0x3028 is 0x2401"},
			{0x1_1123, "0x41123/0x1000 r-x-"}, // Svnapot: 64 KiB from entry 16 on
			{0x1_f123, "0x4f123/0x1000 r-x-"},
			{0x2_0123, "reserved bits 0x8000000000000000 set: L0 entry at 0x3100 is 0x800000000001240b"},
			{0x2_1123, "reserved bits 0x6000000000000000 set: L0 entry at 0x3108 is 0x600000000000240f"},
			{0x20_0123, "0x200123/0x200000 rwx- accessed dirty large"},
			{0x40_0123, "reserved bits 0x400 set: L1 entry at 0x2010 is 0x8040f"},
			{0x60_0123, "reserved bits 0x10 set: L1 entry at 0x2018 is 0xc11"},
			{0x4000_0123, "0x80000123/0x40000000 rwx- large"},
			{0xffff_ffff_c000_1123, "0x9123/0x1000 rwxu global accessed dirty"},
			{0x40_0000_0000, "not a canonical address of 39 bits"},
		},
	},
	{
		name: "sv48", cfg: paging.RISCV64(9<<60 | 1),
		entries: []put{{0x1000, 0x801}, {0x2008, 0x2000_000f}, {0x1008, 0x0020_0000_000f}},
		lookups: []lookup{
			{0x4000_0123, "0x80000123/0x40000000 rwx- large"},
			{0x80_0000_0123, "0x8000000123/0x8000000000 rwx- large"},
		},
	},
	{
		name: "sv57", cfg: paging.RISCV64(10<<60 | 1),
		entries: []put{{0x1ff8, 0x801}, {0x2ff8, 0x0020_0000_000f}},
		lookups: []lookup{{0xffff_ff80_0000_0123, "0x8000000123/0x8000000000 rwx- large"}, {0x100_0000_0000_0000, "not a canonical address of 57 bits"}},
	},
	{
		name: "physical, A20 off", cfg: paging.Config{A20Mask: ^uint64(1 << 20)},
		lookups: []lookup{{0x12_3456, "0x23456/0x1000 rwxu"}, {0x22_3456, "0x223456/0x1000 rwxu"}},
	},
	{
		name: "x86-32, A20 off", cfg: paging.Config{Mode: "x86-32", Root: 0x101000, PSE: true, A20Mask: 0xffef_ffff}, entry4: true,
		entries: []put{{0x1004, 0x0040_0087}},
		lookups: []lookup{{0x51_2345, "0x412345/0x400000 rwxu large"}, {0x61_2345, "0x612345/0x400000 rwxu large"}},
	},
}

func TestModes(t *testing.T) {
	for _, test := range modeTests {
		t.Run(test.name, func(t *testing.T) {
			m := newSparse()
			for _, p := range test.entries {
				if test.entry4 {
					m.put32(p.address, uint32(p.entry))
				} else {
					m.put64(p.address, p.entry)
				}
			}
			for _, p := range test.entries { // whole tables, for the larger granules
				for i := range uint64(16) {
					m.page(p.address&^0xffff + i*4096)
				}
			}
			s, err := paging.New(m, test.cfg)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range test.lookups {
				w := s.Walk(l.va)
				if got := describe(w); got != l.want {
					t.Errorf("%#x: got %s\nwant %s", l.va, got, l.want)
				}
				pa, err := s.Translate(l.va)
				if (err == nil) != (w.Fault == nil) || pa != w.Physical {
					t.Errorf("%#x: Translate %#x, %v; Walk %#x, %v", l.va, pa, err, w.Physical, w.Fault)
				}
				var f *paging.Fault
				if err != nil && (!errors.As(err, &f) || reasonOf(err) != memory.ReasonUnmapped) {
					t.Errorf("%#x: %v is of reason %q", l.va, err, reasonOf(err))
				}
			}
			compareListing(t, s)
		})
	}
}

// compareListing checks that Pages, Mappings and Walk say the same of every page.
func compareListing(t *testing.T, s *paging.Space) {
	t.Helper()
	if s.Mode() == paging.Physical {
		return
	}
	pages, bytes := 0, uint64(0)
	for p := range s.Pages(0, ^uint64(0)) {
		for _, va := range []uint64{p.Base, p.Last()} {
			w := s.Walk(va)
			if w.Fault != nil || w.Physical != p.Physical+va-p.Base || w.Flags != p.Flags || w.PageSize != p.PageSize {
				t.Fatalf("page %+v, walk %s", p, describe(w))
			}
			if last := w.Steps[len(w.Steps)-1]; last.Entry != p.Entry || last.EntryAddress != p.EntryAddress || last.Flags != p.EntryFlags {
				t.Fatalf("page %+v, last step %+v", p, last)
			}
		}
		bytes += p.Size
		if pages++; pages > 100_000 {
			return
		}
	}
	for r := range s.Mappings(0, ^uint64(0), 0).All() {
		bytes -= r.Size
	}
	if bytes != 0 {
		t.Errorf("Mappings and Pages differ by %#x bytes", bytes)
	}
}

func TestSteps(t *testing.T) {
	m := newSparse()
	for _, p := range []put{{0x1800, 0x2003 | xd}, {0x2000, 0x3023}, {0x3008, 0x8000e3}} {
		m.put64(p.address, p.entry)
	}
	s, err := paging.New(m, paging.Config{Mode: "x86-4level", Root: 0x1000, NXE: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, step := range s.Walk(0xffff_8000_0020_0000).Steps {
		got = append(got, fmt.Sprintf("%d %s[%d] %#x %s %s", step.Level, step.Table, step.Index, step.EntryAddress, step.Flags,
			strings.Join(step.Flags.Names(), ",")))
	}
	want := []string{
		"4 PML4[256] 0x1800 rw-- present,read,write",
		"3 PDPT[0] 0x2000 rwx- present,read,write,exec,accessed",
		"2 PD[1] 0x3008 rwx- present,read,write,exec,accessed,dirty,large",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestNew(t *testing.T) {
	for _, test := range []struct {
		cfg  paging.Config
		mode string
		root uint64
		bits uint
		err  string
	}{
		{paging.X86(0x10, 0x1000, 0x20, 0), "physical", 0, 64, ""},
		{paging.X86(0x8000_0011, 0x10_0018, 0x10, 0), "x86-32", 0x10_0000, 32, ""},
		{paging.X86(0x8000_0011, 0x10_0fe7, 0x30, 0x800), "x86-pae", 0x10_0fe0, 32, ""},
		{paging.X86(0x8000_0011, 0x8000_0000_0210_c123, 0x6b0, 0xd01), "x86-4level", 0x210_c000, 48, ""},
		{paging.X86(0x8000_0011, 0x210_c000, 0x16b0, 0xd01), "x86-5level", 0x210_c000, 57, ""},
		{paging.ARM64(0x43a6_3000, 0x2_0000_41f2_8000, 0x50_0074_b550_3510, 0x34f4_d91d), "arm64-4k", 0x43a6_3000, 48, ""},
		{paging.ARM64(0x43a6_3000, 0x41f2_8000, 0x50_0074_b550_3510, 0), "physical", 0, 64, ""},
		{paging.ARM64(0x1_0000, 0x4_2000, 1<<7|16|12<<16|3<<30, 1), "arm64-64k", 0x4_2000, 52, ""},
		{paging.ARM64(0, 0, 16|16<<16, 1), "", 0, 0, "unknown paging mode"},
		{paging.RISCV64(0), "physical", 0, 64, ""},
		{paging.RISCV64(8<<60 | 0x42<<44 | 0x80100), "sv39", 0x8010_0000, 39, ""},
		{paging.RISCV64(11 << 60), "", 0, 0, `unknown paging mode "satp-mode-11"`},
		{paging.RISCV32(0), "physical", 0, 64, ""},
		{paging.Config{Mode: "none"}, "physical", 0, 64, ""},
		{paging.Config{Mode: "x86-3level"}, "", 0, 0, `unknown paging mode "x86-3level": known are physical, x86-32, x86-pae`},
		{paging.Config{Mode: "arm64-4k", TCR: 1<<14 | 3<<30 | 22 | 22<<16}, "", 0, 0, "does not agree with TCR"},
	} {
		s, err := paging.New(memory.Bytes(nil), test.cfg)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%+v: error %v, want %s", test.cfg, err, test.err)
			}
			continue
		}
		if err != nil || s.Mode() != test.mode || s.Root() != test.root || s.AddressBits() != test.bits {
			t.Errorf("%+v: %v, %d bits, %v; want %s %#x, %d", test.cfg, s, s.AddressBits(), err, test.mode, test.root, test.bits)
		}
	}
}

// Registers of a CPU that was saved before they were set up: nothing may be translated through them, and nothing may panic.
func TestARM64Nonsense(t *testing.T) {
	for tsz := range uint64(64) {
		for tg := range uint64(16) {
			s, err := paging.New(newSparse(), paging.ARM64(0x1000, 0x1000, tsz|tsz<<16|tg&3<<14|tg>>2<<30|tsz&7<<32|tsz>>5<<59, 1))
			if err != nil {
				continue
			}
			for _, va := range []uint64{0, 1 << 47, 1 << 51, 1 << 63, ^uint64(0)} {
				if _, err := s.Translate(va); err == nil {
					t.Errorf("T0SZ %d, TG %d: %#x is mapped", tsz, tg, va)
				}
			}
			for m := range s.Mappings(0, ^uint64(0), 0).All() {
				t.Errorf("T0SZ %d, TG %d: %+v", tsz, tg, m)
			}
		}
	}
}

func TestFlags(t *testing.T) {
	for text, want := range map[string]string{"rwxu": "rwxu", "r--u": "r--u", "": "----", "x": "--x-"} {
		f, err := paging.ParseFlags(text)
		if err != nil || f.String() != want {
			t.Errorf("%q: %s, %v", text, f, err)
		}
	}
	if f, err := paging.ParseFlags("pgadl"); err != nil ||
		f != paging.FlagPresent|paging.FlagGlobal|paging.FlagAccessed|paging.FlagDirty|paging.FlagLarge {
		t.Errorf("pgadl: %v, %v", f.Names(), err)
	}
	if _, err := paging.ParseFlags("rq"); err == nil || !strings.Contains(err.Error(), `"q" is none of p, r`) {
		t.Error(err)
	}
}
