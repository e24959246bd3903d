package main

import (
	"fmt"
	"strings"

	"github.com/svscript/svscript/e2e/qemu"
)

// guest is one of the programs in testdata/guest and how it is assembled.
type guest struct {
	source  string // file in testdata/guest
	defines []string
	done    string            // text of `info registers` that tells it has finished
	running bool              // it ends in a loop, not halted
	probes  []uint64          // virtual addresses for translate.txt
	expect  map[string]string // registers that `info registers` does not show, as the guest sets them
}

// image is one row of what is made.
type image struct {
	name   string
	what   string // what it exercises: goes to the README's table
	guest  guest
	binary string // qemu-system-…
	qemu   string // the version that it needs, as the flag -qemu names it; "": any
	args   string
	caps   []string
	params map[string]any
	save   func(*builder) error // default: a plain migration stream
	ext    string               // of the image file; default "sav"
	memory []qemu.Range         // what is where, for a monitor that does not say (before QEMU 2.9)
	plain  string               // uncompressed, at this path below testdata, and linked to from the image's folder
}

func x86(mode int, defines ...string) guest {
	g := guest{source: "pgguest.asm", defines: append([]string{fmt.Sprintf("MODE=%d", mode)}, defines...), done: "BP=7777"}
	g.expect = map[string]string{"dr0": "0xc0000010", "sysenter_cs": "0x60", "sysenter_esp": "0x80765430", "sysenter_eip": "0x80abcde0"}
	k := uint64(0xc0000000)
	switch mode {
	case 0:
		g.expect = nil
		return g
	case 32:
		g.probes = append(window(k, 0x1000, 17), 0x123456, 0x400123, 0x800000, k+0x400000, k+0x800123, k+0xc00000, k+0x1000000, 0xfff00000)
	case 36:
		g.probes = append(window(k, 0x1000, 17), 0x123456, 0x200123, 0x2000000, k+0x200000, k+0x400123, k+0x600000)
	default:
		k = 0xffffffff80000000
		g.probes = append(window(k, 0x1000, 17), 0x123456, 0x200123, 0x2000000, k+0x200000, k+0x400123, k+0x600000,
			0xffff800000000123, 0xffff800000ffffff, 0xffff800001000000, 0xffff800100000000)
		g.expect = map[string]string{
			"star": "0x0023001811223344", "lstar": "0xffffffff81234567", "cstar": "0xffffffff89abcdef", "fmask": "0x47700",
			"kernelgsbase": "0x00007fffcafef00d", "dr0": "0xc0000010", "dr1": "0xffffffff80001000",
			"sysenter_cs": "0x60", "sysenter_esp": "0xffffffff80765430", "sysenter_eip": "0xffffffff80abcde0",
		}
	}
	if mode == 57 {
		g.probes = append(g.probes, 0xff00000000000123, 0xff00000040000123, 0x0000800000000123, 0xffff000000200123, 0xff00000080000000)
	}
	return g
}

func arm64(defines ...string) guest {
	g := guest{source: "pgarm64.S", defines: defines, done: "X15=0123456789abcdef", probes: []uint64{0x40000123, 0x40fff123, 0x41000000, 0x40201000}}
	g.expect = map[string]string{"sp_el0": "0x1111222233334440", "tpidr_el0": "0x1234567812345678", "tpidr_el1": "0x8765432187654321"}
	tcr, ttbr0, ttbr1 := uint64(0), uint64(0x40100000), uint64(0)
	switch strings.Join(defines, " ") {
	case "GRANULE=4":
		k := uint64(0xffffff8000000000)
		g.probes = append(g.probes, window(k, 0x1000, 17)...)
		g.probes = append(g.probes, k+0x200123, k+0x400123, k+0x600123, k+0x803123, k+0x810000, k+0x40123456, k+0x80000000, 0xffff000000000000)
		tcr, ttbr1 = 16|25<<16|2<<30|2<<32, 0x40104000
	case "GRANULE=16":
		k := uint64(0xffff000000000000)
		g.probes = append(g.probes, window(k, 0x4000, 17)...)
		g.probes = append(g.probes, k+0x2123456, k+0x4000000, 0xfffe000000000000)
		tcr, ttbr1 = 17|16<<16|2<<14|1<<30|2<<32, 0x4010c000
	default:
		k, t1sz := uint64(0xffff000000000000), uint64(16)
		if len(defines) > 1 {
			k, t1sz = 0xfff0000000000000, 12
		}
		g.probes = append(g.probes, window(k, 0x10000, 17)...)
		g.probes = append(g.probes, k+0x20123456, k+0x40000000)
		tcr, ttbr1 = 22|t1sz<<16|1<<14|3<<30|2<<32, 0x40120000
	}
	g.expect["tcr_el1"] = fmt.Sprintf("%#x", tcr)
	g.expect["ttbr0_el1"] = fmt.Sprintf("%#x", ttbr0|0x42<<48)
	g.expect["ttbr1_el1"] = fmt.Sprintf("%#x", ttbr1|0x43<<48)
	return g
}

func riscv64(sv int) guest {
	k := uint64(0xffffffffc0000000)
	g := guest{source: "pgriscv64.S", defines: []string{fmt.Sprintf("SV=%d", sv)}, done: "x31/t6   0123456789abcdef"}
	g.expect = map[string]string{"sscratch": "0x1234567812345678", "stvec": "0x80005554"}
	g.probes = append(window(k, 0x1000, 17), 0x80000123, 0x80fff123, 0x81000000, k+0x200123, k+0x400123, k+0x600123, 0xffffffff80123456, 0x7fc0000000)
	return g
}

// window is n addresses from base, one a step.
func window(base, step uint64, n int) []uint64 {
	var out []uint64
	for i := range n {
		out = append(out, base+uint64(i)*step+uint64(i)*8)
	}
	return out
}

const (
	x64   = "qemu-system-x86_64"
	armVM = "-M virt -m 16 -device loader,file=GUEST,addr=0x40600000,cpu-num=0 -cpu "
	rvVM  = "-M virt -m 16 -bios none -device loader,file=GUEST,addr=0x80000000"
)

// images is every image, in the order of the README's table.
var images = []image{
	{name: "pg64", what: "plain stream, 4-level paging; the README's example", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST", plain: "pg64.sav"},
	{name: "pc-m0", what: "real mode", guest: x86(0), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST"},
	{name: "pc-m32", what: "32-bit non-PAE paging, 4M pages, self-mapped directory", guest: x86(32), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST"},
	{name: "pc-m32-pse36", what: "a 4M page above 4 GiB (PSE-36); `info tlb` cuts its address, translate.txt is right", guest: pse36(), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST"},
	{name: "pc-m36", what: "PAE paging, page-directory-pointer table not page aligned", guest: x86(36), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST"},
	{name: "i386-m36", what: "32-bit target: 4-byte target_ulong in the cpu section", guest: x86(36), binary: "qemu-system-i386", args: "-M pc-i440fx-7.2 -m 16 -bios GUEST"},
	{name: "i386-m32-smp2-novmdesc", what: "32-bit target, two CPUs, no description: the width must be found by trying", guest: x86(32, "SMP=2"), binary: "qemu-system-i386", args: "-M pc-i440fx-7.2,suppress-vmdesc=on -m 16 -smp 2 -bios GUEST"},
	{name: "pc-m64-smp4-pam", what: "four CPUs, three of them in protected mode without paging; PAM: shadow RAM of both kinds", guest: x86(64, "SMP=4", "PAM=0x59"), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -smp 4 -bios GUEST"},
	{name: "q35-m64-max-pam", what: "q35, -cpu max (XSAVE and AVX state), PAM", guest: x86(64, "PAM=0x90"), binary: x64, args: "-M pc-q35-7.2 -cpu max,la57=off -m 16 -bios GUEST"},
	{name: "q35-m36-smp2", what: "q35, PAE, two CPUs", guest: x86(36, "SMP=2"), binary: x64, args: "-M pc-q35-7.2 -m 16 -smp 2 -bios GUEST"},
	{name: "q35-m57", what: "5-level paging (LA57), 1 GiB page", guest: x86(57), binary: x64, args: "-M pc-q35-7.2 -cpu max,la57=on -m 16 -bios GUEST"},
	{name: "microvm-m64", what: "microvm: no PCI, block \"microvm.ram\"", guest: x86(64), binary: x64, args: "-M microvm -m 16 -bios GUEST"},
	{name: "pc-m64-split", what: "max-ram-below-4g: RAM above 4 GiB at an unusual split that only the CMOS knows", guest: x86(64, "HIGH"), binary: x64, args: "-M pc-i440fx-7.2,max-ram-below-4g=32M -m 64 -bios GUEST"},
	{name: "q35-m64-2816m", what: "q35 at the size where the split moves from 2.75 to 2 GiB; stored as a stream compressed with xz, as `virsh dump` can write", guest: x86(64, "HIGH"), binary: x64, args: "-M pc-q35-7.2 -m 2816 -bios GUEST", save: compressed("xz", "-9e"), ext: "sav.xz"},
	{name: "pc17-m64-3712m", what: "pc 1.7: RAM split at 3.5 GiB", guest: x86(64, "HIGH"), binary: x64, args: "-M pc-i440fx-1.7 -m 3712 -bios GUEST"},
	{name: "pc-m64-numa", what: "two NUMA nodes: blocks m0 and m1, no pc.ram", guest: x86(64, "EXTRA=0x1000000"), binary: x64, args: "-M pc-i440fx-7.2 -m 32 -bios GUEST -object memory-backend-ram,id=m0,size=16M -object memory-backend-ram,id=m1,size=16M -numa node,memdev=m0 -numa node,memdev=m1"},
	{name: "pc31-m64-numa", what: "the same on pc 3.1: blocks m0 and m1", guest: x86(64, "EXTRA=0x1000000"), binary: x64, args: "-M pc-i440fx-3.1 -m 32 -bios GUEST -object memory-backend-ram,id=m0,size=16M -object memory-backend-ram,id=m1,size=16M -numa node,memdev=m0 -numa node,memdev=m1"},
	{name: "q35-m64-dimm", what: "a DIMM: at 4 GiB, not counted in the CMOS", guest: x86(64, "HIGH"), binary: x64, args: "-M pc-q35-7.2 -m 16,slots=2,maxmem=2G -bios GUEST -object memory-backend-ram,id=mem1,size=32M -device pc-dimm,id=d1,memdev=mem1"},
	{name: "pc14-m64-novmdesc", what: "pc 1.4: no configuration section, no footers, and no description", guest: x86(64), binary: x64, args: "-M pc-i440fx-1.4,suppress-vmdesc=on -m 16 -bios GUEST"},
	{name: "pc20-m36-smp2", what: "pc 2.0: no configuration section, no footers; two CPUs", guest: x86(36, "SMP=2"), binary: x64, args: "-M pc-i440fx-2.0 -m 16 -smp 2 -bios GUEST"},
	{name: "pc23-m64", what: "pc 2.3: description but neither configuration section nor footers", guest: x86(64), binary: x64, args: "-M pc-i440fx-2.3 -m 16 -bios GUEST"},
	{name: "q35-24-m64-novmdesc-smp2", what: "q35 2.4, no description, two CPUs", guest: x86(64, "SMP=2"), binary: x64, args: "-M pc-q35-2.4,suppress-vmdesc=on -m 16 -smp 2 -bios GUEST"},
	{name: "pc-m64-bare", what: "modern machine without configuration section, footers and description; every device must be found by its header", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2,suppress-vmdesc=on -global migration.send-configuration=off -global migration.send-section-footer=off -m 16 -bios GUEST"},
	{name: "pc-m64-compress", what: "capability compress: zlib pages", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST", caps: []string{"compress"}},
	{name: "pc-m64-xbzrle", what: "capability xbzrle; memory changed between the rounds, so pages repeat, the last one wins", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST", caps: []string{"xbzrle"}, save: saveChanging},
	{name: "pc-m64-rounds", what: "no encoding, memory changed between the rounds: pages repeat, some turn to zero", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST", save: saveChanging},
	{name: "pc-m64-ignore-shared", what: "capability x-ignore-shared: RAM is not in the stream, only the table with its addresses; memory is in ram.bin", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2,memory-backend=m0 -m 16 -bios GUEST -object memory-backend-file,id=m0,size=16M,share=on,mem-path=RAMFILE", caps: []string{"x-ignore-shared"}, save: saveIgnoreShared},
	{name: "pc-m64-background", what: "capability background-snapshot: devices after RAM's parts, RAM never ended", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST", caps: []string{"background-snapshot"}},
	{name: "qcow2-m64", what: "two internal snapshots, qcow2 version 3: \"reset\" (first instruction) and \"running\"", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST -S -drive if=none,id=d0,file=DISK,format=qcow2", save: saveSnapshots, ext: "qcow2"},
	{name: "qcow2v2-m36", what: "the same, qcow2 version 2", guest: x86(36), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST -S -drive if=none,id=d0,file=DISK,format=qcow2", save: saveSnapshots, ext: "qcow2"},
	{name: "elf-m64", what: "dump-guest-memory, ELF, physical addresses; RAM above 4 GiB", guest: x86(64, "HIGH"), binary: x64, args: "-M pc-i440fx-7.2,max-ram-below-4g=32M -m 64 -bios GUEST", save: saveDump("elf", false), ext: "core"},
	{name: "elf-paging-m64", what: "dump-guest-memory -p: segments with virtual addresses", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST", save: saveDump("elf", true), ext: "core"},
	{name: "elf-i386-m32-smp2", what: "dump-guest-memory of a 32-bit guest, two CPUs", guest: x86(32, "SMP=2"), binary: "qemu-system-i386", args: "-M pc-i440fx-7.2 -m 16 -smp 2 -bios GUEST", save: saveDump("elf", false), ext: "core"},
	{name: "kdump-zlib-m64", what: "dump-guest-memory -z", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST", save: saveDump("kdump-zlib", false), ext: "kdump"},
	{name: "kdump-zlib-arm64-4k", what: "dump-guest-memory -z of an aarch64 guest", guest: arm64("GRANULE=4"), binary: "qemu-system-aarch64", args: armVM + "cortex-a57", save: saveDump("kdump-zlib", false), ext: "kdump"},
	{name: "kdump-zlib-i386-m32-smp2", what: "dump-guest-memory -z of a 32-bit guest, two CPUs", guest: x86(32, "SMP=2"), binary: "qemu-system-i386", args: "-M pc-i440fx-7.2 -m 16 -smp 2 -bios GUEST", save: saveDump("kdump-zlib", false), ext: "kdump"},
	{name: "pc-m64-gzip", what: "a stream compressed with gzip, as `virsh dump` can write", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST", save: compressed("gzip", "-9n"), ext: "sav.gz"},
	{name: "pc-m64-bzip2", what: "a stream compressed with bzip2, as `virsh dump` can write", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST", save: compressed("bzip2", "-9"), ext: "sav.bz2"},
	{name: "pc-m64-lzop", what: "a stream compressed with lzop, as `virsh dump` can write", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST", save: compressed("lzop", "-9"), ext: "sav.lzo"},
	{name: "pc-m64-xz", what: "a stream compressed with xz, as `virsh dump` can write", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST", save: compressed("xz", "-6"), ext: "sav.xz"},
	{name: "pc-m64-zstd", what: "a stream compressed with zstd, as `virsh dump` can write", guest: x86(64), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST", save: compressed("zstd", "-3"), ext: "sav.zstd"},
	{name: "q10-pc-m64", what: "QEMU 10: command sections, apic before cpu", guest: x86(64), binary: x64, qemu: "10", args: "-M pc-i440fx-10.0 -m 16 -bios GUEST"},
	{name: "q10-mapped-m64", what: "mapped-ram", guest: x86(64), binary: x64, qemu: "10", args: "-M pc-q35-10.0 -m 16 -bios GUEST", caps: []string{"mapped-ram"}, save: saveFile("")},
	{name: "q10-mapped-offset-m57", what: "mapped-ram behind 4660 other bytes, written by multifd", guest: x86(57), binary: x64, qemu: "10", args: "-M pc-q35-10.0 -cpu max,la57=on -m 16 -bios GUEST", caps: []string{"mapped-ram", "multifd"}, save: saveFile(",offset=4660")},
	{name: "q10-mapped-numa-m64", what: "mapped-ram with two RAM blocks", guest: x86(64, "EXTRA=0x1000000"), binary: x64, qemu: "10", args: "-M pc-i440fx-10.0 -m 32 -bios GUEST -object memory-backend-ram,id=m0,size=16M -object memory-backend-ram,id=m1,size=16M -numa node,memdev=m0 -numa node,memdev=m1", caps: []string{"mapped-ram"}, save: saveFile("")},
	{name: "q10-kdump-raw-m64", what: "dump-guest-memory, format kdump-raw-zlib: not flattened", guest: x86(64), binary: x64, qemu: "10", args: "-M pc-i440fx-10.0 -m 16 -bios GUEST", save: saveDump("kdump-raw-zlib", false), ext: "kdump"},
	{name: "q10-nodetect-m64", what: "zero-page-detection none: every page is there", guest: x86(64), binary: x64, qemu: "10", args: "-M pc-i440fx-10.0 -m 16 -bios GUEST", params: map[string]any{"zero-page-detection": "none"}},
	{name: "pc-m32-vm86", what: "virtual-8086 mode", guest: ends(x86(32, "VM86"), "CS =0000 0", true), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST"},
	{name: "pc-m32-smm", what: "system management mode, and SMRAM open where the VGA window would be", guest: ends(x86(32, "SMM=2"), "SMM=1", false), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -device VGA,romfile= -bios GUEST"},
	{name: "pc-m64-compat", what: "compatibility mode", guest: x86(64, "COMPAT"), binary: x64, args: "-M pc-i440fx-7.2 -m 16 -bios GUEST"},
	{name: "q35-m64-svm", what: "a nested guest (SVM, nested paging): the registers are its own", guest: x86(64, "SVM=2"), binary: x64, args: "-M pc-q35-7.2 -cpu max,la57=off -m 16 -bios GUEST"},
	{name: "pc-m64-avx", what: "upper halves of ymm registers", guest: x86(64, "AVX"), binary: x64, args: "-M pc-i440fx-7.2 -cpu max,la57=off -m 16 -bios GUEST"},
	{name: "q35-m64-cpu-hotplug", what: "CPUs 0 and 2: a hot-plugged one that has not been started", guest: ends(x86(64), "BP=7777", true), binary: x64, args: "-M pc-q35-7.2 -m 16 -smp 1,maxcpus=4,sockets=4 -bios GUEST -device qemu64-x86_64-cpu,socket-id=2,core-id=0,thread-id=0"},
	{name: "isapc-m32", what: "isapc: no PCI, no PAM", guest: x86(32), binary: x64, args: "-M isapc -cpu qemu32 -m 16 -bios GUEST"},
	{name: "pc-m64-numa-odd", what: "three NUMA nodes of unequal size in the blocks z, b and a: ordered by the SRAT", guest: x86(64, "EXTRA=0x1000000"), binary: x64, args: "-M pc-i440fx-7.2 -m 64 -bios GUEST" + backend("z", 16) + backend("b", 32) + backend("a", 16) + " -numa node,memdev=z -numa node,memdev=b -numa node,memdev=a"},
	{name: "q35-m64-dimms", what: "two DIMMs, the smaller first, and an NVDIMM with a label area, which the NFIT places", guest: x86(64, "HIGH"), binary: x64, args: "-M pc-q35-7.2,nvdimm=on -m 16,slots=3,maxmem=2G -bios GUEST" + backend("d1", 16) + backend("d2", 32) + backend("n1", 16) + " -device pc-dimm,memdev=d1 -device pc-dimm,memdev=d2 -device nvdimm,memdev=n1,label-size=128K"},
	{name: "q25-pc-m64", what: "QEMU 2.5: its description does not divide the x87 registers; the monitor has no gva2gpa", guest: x86(64), binary: x64, qemu: "2.5", args: "-M pc-i440fx-2.5 -m 16 -bios GUEST", memory: []qemu.Range{
		{Size: 0xc0000, Block: "pc.ram", Kind: "ram"}, {GPA: 0xf0000, Size: 0x10000, Block: "pc.bios", Kind: "rom"},
		{GPA: 0x100000, Size: 15 << 20, Block: "pc.ram", Offset: 0x100000, Kind: "ram"}, {GPA: 0xffff0000, Size: 0x10000, Block: "pc.bios", Kind: "rom"},
	}},
	{name: "q211-q35-i386-m36-compress", what: "QEMU 2.11, q35, 32-bit target, zlib pages", guest: x86(36, "SMP=2"), binary: "qemu-system-i386", qemu: "2.11", args: "-M pc-q35-2.11 -m 16 -smp 2 -bios GUEST", caps: []string{"compress"}},
	{name: "q211-arm64-64k", what: "QEMU 2.11, aarch64", guest: arm64("GRANULE=64"), binary: "qemu-system-aarch64", qemu: "2.11", args: armVM + "cortex-a57 -machine gic-version=3"},
	{name: "q42-microvm-m64", what: "QEMU 4.2, the first with microvm", guest: x86(64), binary: x64, qemu: "4.2", args: "-M microvm -m 16 -bios GUEST"},
	{name: "kdump-lzo-m64", what: "a core of dump-guest-memory, compressed by makedumpfile -l", guest: x86(64), binary: x64, qemu: "4.2", args: "-M pc-i440fx-4.2 -m 16 -bios GUEST", save: saveMakedumpfile("-l"), ext: "kdump"},
	{name: "kdump-snappy-m64", what: "the same with makedumpfile -p", guest: x86(64), binary: x64, qemu: "4.2", args: "-M pc-i440fx-4.2 -m 16 -bios GUEST", save: saveMakedumpfile("-p"), ext: "kdump"},
	{name: "kdump-zstd-m64-smp2", what: "the same with makedumpfile -z, two CPUs", guest: x86(64, "SMP=2"), binary: x64, qemu: "4.2", args: "-M pc-i440fx-4.2 -m 16 -smp 2 -bios GUEST", save: saveMakedumpfile("-z"), ext: "kdump"},
	{name: "q52-pc-m64-smp2", what: "QEMU 5.2", guest: x86(64, "SMP=2"), binary: x64, qemu: "5.2", args: "-M pc-i440fx-5.2 -m 16 -smp 2 -bios GUEST"},
	{name: "q52-pc10-m36", what: "QEMU 5.2, pc 1.0", guest: x86(36), binary: x64, qemu: "5.2", args: "-M pc-1.0 -m 16 -bios GUEST"},
	{name: "q52-q35-m57-compress", what: "QEMU 5.2, LA57, zlib pages", guest: x86(57), binary: x64, qemu: "5.2", args: "-M pc-q35-5.2 -cpu max,la57=on -m 16 -bios GUEST", caps: []string{"compress"}},
	{name: "q52-qcow2-m32", what: "QEMU 5.2, 32-bit target, internal snapshots", guest: x86(32), binary: "qemu-system-i386", qemu: "5.2", args: "-M pc-i440fx-5.2 -m 16 -bios GUEST -S -drive if=none,id=d0,file=DISK,format=qcow2", save: saveSnapshots, ext: "qcow2"},
	{name: "q11-pc-m64-smp2", what: "QEMU 11", guest: x86(64, "SMP=2"), binary: x64, qemu: "11", args: "-M pc-i440fx-11.1 -m 16 -smp 2 -bios GUEST"},
	{name: "q11-q35-m57-mapped", what: "QEMU 11, LA57, mapped-ram written by multifd", guest: x86(57), binary: x64, qemu: "11", args: "-M pc-q35-11.1 -cpu max,la57=on -m 16 -bios GUEST", caps: []string{"mapped-ram", "multifd"}, save: saveFile("")},
	{name: "q11-i386-m32", what: "QEMU 11, 32-bit target", guest: x86(32), binary: "qemu-system-i386", qemu: "11", args: "-M pc-i440fx-11.1 -m 16 -bios GUEST"},
	{name: "q11-q35-m64-xbzrle", what: "QEMU 11, xbzrle", guest: x86(64), binary: x64, qemu: "11", args: "-M pc-q35-11.1 -m 16 -bios GUEST", caps: []string{"xbzrle"}, save: saveChanging},
	{name: "arm64-4k", what: "aarch64, 4 KiB granule, 48- and 39-bit addresses, contiguous hint; a second CPU that is off", guest: arm64("GRANULE=4"), binary: "qemu-system-aarch64", args: armVM + "cortex-a57 -smp 2"},
	{name: "arm64-16k", what: "aarch64, 16 KiB granule, 47- and 48-bit addresses", guest: arm64("GRANULE=16"), binary: "qemu-system-aarch64", args: armVM + "max"},
	{name: "arm64-64k", what: "aarch64, 64 KiB granule, 42- and 48-bit addresses", guest: arm64("GRANULE=64"), binary: "qemu-system-aarch64", args: armVM + "cortex-a57"},
	{name: "arm64-64k-va52", what: "aarch64, 64 KiB granule, 52-bit addresses (FEAT_LVA)", guest: arm64("GRANULE=64", "VA52=1"), binary: "qemu-system-aarch64", args: armVM + "max"},
	{name: "elf-arm64-4k", what: "dump-guest-memory of an aarch64 guest", guest: arm64("GRANULE=4"), binary: "qemu-system-aarch64", args: armVM + "cortex-a57", save: saveDump("elf", false), ext: "core"},
	{name: "riscv64-sv39", what: "riscv64, Sv39; mem.txt is `info mem`", guest: riscv64(39), binary: "qemu-system-riscv64", args: rvVM},
	{name: "riscv64-sv48", what: "riscv64, Sv48", guest: riscv64(48), binary: "qemu-system-riscv64", args: rvVM},
	{name: "riscv64-sv57", what: "riscv64, Sv57", guest: riscv64(57), binary: "qemu-system-riscv64", args: rvVM},
}

// ends is a guest that tells otherwise when it has finished, and may run on.
func ends(g guest, done string, running bool) guest {
	g.done, g.running = done, running
	return g
}

// backend is the options of a RAM block of size MiB.
func backend(id string, size int) string {
	return fmt.Sprintf(" -object memory-backend-ram,id=%s,size=%dM", id, size)
}

func pse36() guest {
	g := x86(32, "PSE36")
	g.probes = append(g.probes, 0xc1000123, 0xc13ff123)
	return g
}
