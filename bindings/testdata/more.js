// image: pg64
const p = ptr(vm, 0x400000);
assert(p instanceof Pointer && p.memory === vm);
equal(p.address, 0x400000n);
equal(p.readU8(), 0x50);
equal(p.readCString(7), "PGGUEST");
equal(p.add(1).readU8(), 0x47);
equal(p.add(4).sub(3n).readU8(), 0x47);
equal(p.add(-0x200000).readU32(), 0xa5000000);
equal(p.read(3), vm.read(0x400000, 3));
equal(p.readArray("u16", 2), vm.readArray(0x400000, "u16", 2));
equal(p.and(0xfffff).address, 0n);
equal([p.and(0).isNull(), p.isNull()], [true, false]);
equal([p.equals(0x400000n), p.equals(p.add(1)), p.equals(ptr(vm, p))], [true, false, true]);
equal([String(p), JSON.stringify(p)], ["0x400000", '"0x400000"']);
equal(p + 1n, 0x400001n);
assert(p < 0x400001n);
equal(ptr(vm, vm.cpu(0).cr3).add(8 * 511).readPointer().and(0xffffffffff000n).address, 0x104000n);
equal(p.hexdump(16), vm.hexdump(0x400000, 16));
equal(p.tryReadU8(), 0x50);
equal(ptr(vm, 0x2000000000).tryReadU8(), null);
throws(() => ptr(vm, 0x2000000000).readU8(), MemoryError);
throws(() => ptr(1, 2), TypeError, /Memory/);
throws(() => p.add("x"), RangeError);

// The guest halts with hlt, and jumps back to it.
const code = vm.cpu(0).space.disassemble(vm.cpu(0).rip - 1n, 2);
equal(code.length, 2);
equal(code[0].text, "hlt");
equal(code[0].bytes, new Uint8Array([0xf4]));
equal([code[0].address, code[0].size, code[0].symbol], [vm.cpu(0).rip - 1n, 1, null]);
assert(/^jmp /.test(code[1].text), code[1].text);
equal(vm.disassemble(0x7f6c, 1, { syntax: "gnu", bits: 64 })[0].text, "hlt");
equal(vm.disassemble(0x400000).length, 16);
equal(vm.disassemble(0x400000, 1, { arch: "arm64" })[0].size, 4);
assert([2, 4].includes(vm.disassemble(0x400000, 1, { arch: "riscv64" })[0].size));
throws(() => vm.disassemble(0, 1, { arch: "vax" }), RangeError, /arm64/);
throws(() => vm.disassemble(0, 1, { bits: 48 }), RangeError);
throws(() => vm.disassemble(0x2000000000), MemoryError);
equal(vm.disassemble(0, 0), []);
for (let a = 0x7000; a < 0x8000; a += 64) vm.disassemble(a, 64, { bits: a % 128 ? 32 : 64 });

// Pages.
const all = vm.pages().count(), some = vm.pages({ nonzero: true });
assert(all >= 4000 && some.count() < all && some.complete);
for (const page of vm.pages({ nonzero: true }).take(50)) {
  assert(vm.read(page.address, page.size).some(x => x), show(page));
}
equal(vm.pages({ start: 0x400000, end: 0x402000 }).map(x => [x.address, x.size]).toArray(), [[0x400000n, 4096], [0x401000n, 4096]]);
let nonzero = 0;
for (const page of vm.pages()) if (vm.readArray(page.address, "u64", page.size / 8).some(x => x)) nonzero++;
equal(some.count(), nonzero);

// Which virtual addresses lead to a physical one.
const s = vm.cpu(0).space, pa = s.translate(0xffffffff80000123n);
const refs = vm.refs(pa);
equal(refs.map(r => r.address), [pa, 0xffff800000000000n + pa, 0xffffffff80000123n]);
for (const r of refs) {
  equal(r.space.translate(r.address), pa);
  assert(r.space === s && r.pageSize > 0 && r.flags.length === 4);
}
equal(vm.refs(pa, { spaces: [] }), []);
equal(vm.refs(pa, { spaces: [vm.space(vm.cpu(0).cr3)] }).length, 3);
throws(() => vm.refs(pa, { spaces: [1] }), TypeError, /spaces\[0\]/);
