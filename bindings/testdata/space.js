// image: pg64
const cpu = vm.cpu(0), s = cpu.space;
assert(s instanceof AddressSpace && s instanceof Memory && cpu.space === s);
equal(s.root, 0x100000n);
equal(s.mode, "x86-4level");
const K = 0xffffffff80000000n;
const pte = i => vm.readU64(0x106000n + 8n * BigInt(i));
equal(s.translate(K), pte(0) & 0xffffffffff000n);
equal(s.translate(K + 0x123n), (pte(0) & 0xffffffffff000n) + 0x123n);
equal(s.translate(K + 0xf000n), null, "not present");
equal(s.translate(0x0000800000000000n), null, "not canonical");
equal(s.readU64(K), vm.readU64(s.translate(K)));
equal(s.tryReadU64(K + 0xf000n), null);

const e = throws(() => s.readU64(K + 0xf000n), MemoryError, /0xffffffff8000f000/);
equal(e.fault.kind, "not-present");
equal(e.fault.entry, 0xdead0000n);

const w = s.walk(K);
equal(w.steps.map(x => x.table), ["PML4", "PDPT", "PD", "PT"]);
equal(w.steps.map(x => x.level), [4, 3, 2, 1]);
equal(w.steps.map(x => x.index), [511, 510, 0, 0]);
for (const x of w.steps) {
  equal(x.entry, vm.readU64(x.entryAddress));
  equal(x.entryAddress, x.tableAddress + 8n * BigInt(x.index));
}
equal(w.physical, s.translate(K));
equal(w.pageSize, 4096);
equal(w.fault, null);
assert(w.attributes.includes("present") && Object.isFrozen(w.attributes));
const f = s.walk(K + 0xf000n);
equal(f.physical, null);
equal(f.fault.level, 1);
assert(/not present/.test(f.fault.message));

// Mappings agree with translate, and with the pages that make them.
const list = s.mappings();
let n = 0, end = 0n;
for (const m of list) {
  assert(m.base >= end);
  end = m.base + BigInt(m.size);
  equal(s.translate(m.base), m.physical);
  equal(s.translate(m.base + BigInt(m.size - 1)), m.physical + BigInt(m.size - 1));
  assert(/^[r-][w-][x-][u-]$/.test(m.flags), m.flags);
  n += m.size / m.pageSize;
}
equal(list.complete, true);
equal(list.skipped, []);
equal(s.pages().count(), n);
const users = s.mappings({ filter: "u" }).toArray();
assert(users.length > 0 && users.every(m => m.flags[3] === "u" && m.attributes.includes("user")));
equal(s.mappings({ start: K, end: K + 0x1000n }).toArray().map(m => [m.base, m.size]), [[K, 4096]]);
equal(s.mappings({ start: K, end: 2n ** 64n }).first().base, K);
equal(s.mappings({ start: 5, end: 3 }).count(), 0);
throws(() => s.mappings({ filter: "q" }), RangeError, /filter/);
throws(() => s.mappings({ form: 1 }), TypeError, /no option "form"; there are start, end, filter/);
const p = s.pages({ start: K }).first();
equal(p.entry, vm.readU64(p.entryAddress));
equal(p.size, 4096);

// The same space by its root.
const again = vm.space(cpu.cr3);
equal(again.mappings().count(), s.mappings().count());
equal(vm.space(0x100000, "x86-4level").translate(K), s.translate(K));
throws(() => vm.space(0, "x86-99"), RangeError, /x86-4level/);
equal(vm.space(0, "physical").readU32(0x200000), 0xa5000000);

const x = s.explain(K);
equal(x.walk.physical, x.physical.address);
equal(x.physical.block, "pc.ram");
equal(s.explain(K + 0xf000n).physical, null);
const y = vm.explain(0x200000);
equal([y.address, y.block, y.offset, y.stored], [0x200000n, "pc.ram", 0x200000n, true]);
equal(y.range.kind, "ram");
assert(y.fileOffset > 0 && y.layers[0].layer === "file" && y.text.includes("pc.ram"));
equal(vm.block("pc.ram").explain(0x200000).fileOffset, y.fileOffset);
equal(vm.explain(0x2000000000n).range, null);
