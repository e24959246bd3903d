// image: pg64
// Guests made up by scripts.
const g = synthetic({
  ram: [{ size: 16 << 20 }, { base: 0x100000000n, size: 1n << 30n }],
  devices: [{ base: 0xfee00000, size: 4096, name: "local APIC" }],
  absent: [{ base: 0x8000, size: 0x1000 }],
  write: [
    { address: 0x5000, text: "hällo" },
    { address: 0x5ff8n, u64: [0xffffffff80000000n, "0x1234"] },
    { address: 0x6100, bytes: new Uint8Array([1, 2, 3]) }, { address: 0x6200, bytes: [4, 5, 6] }, { address: 0x6300, bytes: new Uint16Array([0x0807]).buffer },
    { address: 0x7000, u8: 255 }, { address: 0x7010, u16: [1, 0xffff] }, { address: 0x7020, u32: 0xdeadbeef },
    { address: "0x100000000", u32: 7n },
  ],
  cpus: [{ rip: 0xffffffff80000123n, eax: 5, cs: { selector: 0x33n }, "fs.base": 0x7000n }, {}],
  map: [
    { virtual: 0xffffffff80000000n, physical: 0x5000, size: 0x2000, flags: "r-x" },
    { virtual: 0x400000, physical: 0x7000, flags: "rwu" },
    { virtual: 0x40000000, physical: 0x100000000n, size: 1 << 21, flags: "rwl" },
    { root: 0x20000, virtual: 0, physical: 0x7000 },
  ],
});
assert(g instanceof VM);
equal([g.format, g.arch, g.machine, g.path, g.size, g.pageSize], ["synthetic", "x86_64", "", "", (16 << 20) + 2 ** 30, 4096]);
equal(g.readCString(0x5000), "hällo");
equal([g.readU64(0x5ff8), g.readU64(0x6000), g.readU32(0x100000000n)], [0xffffffff80000000n, 0x1234n, 7]);
equal([...g.read(0x6100, 3), ...g.read(0x6200, 3), ...g.read(0x6300, 2)], [1, 2, 3, 4, 5, 6, 7, 8]);
equal([g.readU8(0x7000), g.readU16(0x7012), g.readU32(0x7020)], [255, 0xffff, 0xdeadbeef]);
equal([g.tryReadU8(0x8000), g.tryReadU8(0xfee00000), g.tryReadU8(0x1000000)], [null, null, null]);
for (const [address, reason] of [[0x8000, "absent"], [0xfee00000, "not-ram"], [0x1000000, "unmapped"]]) {
  try { g.readU8(address); assert(false); } catch (e) { assert(e instanceof MemoryError); equal(e.reason, reason); }
}
equal(g.ranges.map(r => [r.base, r.kind, r.name]), [[0n, "ram", "RAM"], [0xfee00000n, "device", "local APIC"], [0x100000000n, "ram", "RAM"]]);
equal(g.blocks.map(b => [b.name, b.size]), [["pc.ram", (16 << 20) + 2 ** 30]]);
equal([...g.scan("hällo")].map(h => h.address), [0x5000n]);
assert(g.scan("hällo").skipped !== undefined);

const cpu = g.cpu(0);
equal([g.cpus.length, cpu.mode, cpu.cpl, cpu.rax, cpu.fs.base, cpu.cr3], [2, "long", 3, 5n, 0x7000n, g.cpu(1).cr3]);
equal(cpu.space.readCString(0xffffffff80000000n, 3), "hä");
equal([...cpu.space.mappings()].map(m => [m.base, m.size, m.physical, m.pageSize, m.flags]), [
  [0x400000n, 4096, 0x7000n, 4096, "rw-u"], [0x40000000n, 1 << 21, 0x100000000n, 1 << 21, "rw--"], [0xffffffff80000000n, 0x2000, 0x5000n, 4096, "r-x-"]]);
equal(g.space(0x20000).translate(0x123), 0x7123n);
assert(g.refs(0x5000).some(r => r.address === 0xffffffff80000000n));
equal([...diff(g, synthetic({ ram: [{ size: 16 << 20 }] }))].length > 0, true);

for (const [arch, mode, machine] of [["i386", "x86-32", "protected"], ["aarch64", "arm64-4k", "el1"], ["riscv64", "sv39", "supervisor"], ["x86_64", "x86-5level", "long"]]) {
  const x = synthetic({ arch, mode, machine: "made-up", ram: [{ base: 0x40000000, size: 1 << 20 }], cpus: [{}], map: [{ virtual: 0x10000, physical: 0x40000000 }] });
  equal([x.cpu().space.mode, x.cpu().mode, x.cpu().space.translate(0x10001), x.machine], [mode, machine, 0x40000001n, "made-up"]);
}
equal(synthetic({ mode: "physical", ram: [{ size: 4096 }], cpus: [{ cr0: 0x10 }] }).cpu().mode, "real");
equal(synthetic({ arch: "aarch64", mode: "arm64-64k", ram: [{ size: 1 << 20 }], cpus: [{}], map: [{ virtual: 0, physical: 0x10000 }] }).cpu().space.mappings().first().size, 65536);

// What is wrong is named, with its place.
const ram = [{ size: 1 << 20 }];
throws(() => synthetic(), RangeError, /the guest has no RAM/);
throws(() => synthetic(7), TypeError, /guest must be an object, not 7/);
throws(() => synthetic({ rom: [] }), TypeError, /there is no option "rom"; there are arch, mode,/);
throws(() => synthetic({ arch: "vax" }), RangeError, /synthetic: guest: unknown architecture "vax": known are x86_64/);
throws(() => synthetic({ arch: 5 }), TypeError, /arch must be a string, not 5/);
throws(() => synthetic({ ram: {} }), TypeError, /synthetic: ram must be an array, not an object/);
throws(() => synthetic({ ram: [5] }), TypeError, /synthetic: ram\[0\] must be an object, not 5/);
throws(() => synthetic({ ram: [null] }), TypeError, /synthetic: ram\[0\] must be an object, not null/);
throws(() => synthetic({ ram: new Array(1e9) }), TypeError, /synthetic: ram\[0\] is missing/);
throws(() => synthetic({ ram: [{ base: 0 }] }), TypeError, /synthetic: ram\[0\].size is missing/);
throws(() => synthetic({ ram: [{ sise: 0 }] }), TypeError, /synthetic: ram\[0\] has no member "sise"; there are base, size, name/);
throws(() => synthetic({ ram: [{ size: 100 }] }), RangeError, /synthetic: ram\[0\]: RAM at 0x0 of 0x64 bytes: both must be multiples of the page size/);
throws(() => synthetic({ ram: [{ size: -1 }] }), RangeError, /synthetic: ram\[0\].size must be an integer from 1/);
throws(() => synthetic({ ram, write: [{ address: 1 }] }), TypeError, /synthetic: write\[0\] says not what to write/);
throws(() => synthetic({ ram, write: [{ text: "a" }] }), TypeError, /synthetic: write\[0\].address is missing/);
throws(() => synthetic({ ram, write: [{ address: 0, text: "a", u8: 1 }] }), TypeError, /write\[0\] has both text and u8; write them in two rows/);
throws(() => synthetic({ ram, write: [{ address: 0, u8: 256 }] }), RangeError, /write\[0\].u8 must be an integer from 0 to 255, not 256/);
throws(() => synthetic({ ram, write: [{ address: 0, u16: [1, -1] }] }), RangeError, /write\[0\].u16\[1\] must be an integer/);
throws(() => synthetic({ ram, write: [{ address: 0, u64: 1.5 }] }), RangeError, /write\[0\].u64 must be an integer/);
throws(() => synthetic({ ram, write: [{ address: 0, bytes: "00" }] }), TypeError, /write\[0\].bytes must be a Uint8Array, .*, not "00"/);
throws(() => synthetic({ ram, write: [{ address: 0xfffff, u16: 1 }] }), RangeError, /write\[0\]: write of 2 bytes at 0xfffff: there is no RAM at 0x100000; RAM is at 0x0-0xfffff/);
throws(() => synthetic({ ram, cpus: [{ cr77: 1 }] }), RangeError, /cpus\[0\]: CPU 0: x86_64 has no register "cr77"/);
throws(() => synthetic({ ram, cpus: [{ rax: "x" }] }), RangeError, /cpus\[0\].rax must be a BigInt/);
throws(() => synthetic({ ram, map: [{ virtual: 0 }] }), TypeError, /map\[0\].physical is missing/);
throws(() => synthetic({ ram, map: [{ virtual: 0, physical: 0, flags: "rq" }] }), RangeError, /map\[0\]: flags "rq": "q" is none of/);
throws(() => synthetic({ ram, map: [{ virtual: 1, physical: 0 }] }), RangeError, /map\[0\]: mapping 0x1 to 0x0: the addresses and the size of 0x1000 must be multiples/);
