// image: pg64
const at = [...vm.scan("PGGUEST MODE")].map(h => h.address);
assert(at.includes(0x400000n));
const first = vm.scan("PGGUEST").first();
equal(first.length, 7);
equal(first.pattern, 0);
equal(first.bytes, new TextEncoder().encode("PGGUEST"));
equal(vm.scan("50 47 47 55 ?? 53 54").map(h => h.address).toArray(), vm.scan("PGGUEST").map(h => h.address).toArray());
equal(vm.scan(/MODE=\d+/).map(h => h.address).toArray(), vm.scan("MODE=64").map(h => h.address).toArray());
equal(vm.scan(/mode=/i).count(), vm.scan("MODE=").count());
equal(vm.scan(new Uint8Array([0x50, 0x47, 0x47])).first().address, first.address);
equal(vm.scan({ text: "PGGUEST" }).count(), at.length);
equal(vm.scan({ text: "PG", encoding: "utf16le" }).count(), 0);
equal(vm.scan({ hex: "50474755" }).first().address, first.address);
equal(vm.scan({ bytes: new Uint8Array([0x50, 0]), mask: new Uint8Array([0xff, 0]) }, { start: 0x400000 }).first().address, 0x400000n);
equal(vm.scan({ u32: 0xb6000005 }, { align: 4 }).first().address, 0x800014n);
equal(vm.scan({ u32: -1241513979 }, { align: 4 }).first().address, 0x800014n, "negative");
equal(vm.scan({ u64: 0xb6000006b6000005n }).first().address, 0x800014n);
equal(vm.scan({ pointer: 0xb6000006b6000005n }).first().address, 0x800014n);
equal(vm.scan({ u32: 0xb6000000, mask: 0xff000000 }, { start: 0x800000, align: 4, limit: 5 }).count(), 5);
equal(vm.scan(["nothing like this", { u32: 0xb6000005 }]).first().pattern, 1);
equal(vm.scan("PGGUEST", { start: 0x400000, end: 0x400006 }).count(), 0);
const all = vm.scan("PGGUEST");
equal(all.complete, false, "before a loop");
all.count();
equal([all.complete, all.skipped], [true, []]);
for (const h of all) break;
equal(all.complete, false, "left early");
for (const [re, what] of [[/(?=x)/, "invalid or unsupported Perl syntax"], [/(?<=a)b/, "invalid named capture"], [/(abc)\1/, "invalid escape sequence"],
  [/a.{0,2000}b/, "invalid repeat count"]]) {
  throws(() => vm.scan(re), SyntaxError, new RegExp(what + ".*RE2: no lookahead or lookbehind, no backreferences, repeats up to 1000"));
}
throws(() => vm.scan({ hex: "zz" }), SyntaxError, /hexadecimal/);
throws(() => vm.scan({ u8: 256 }), RangeError, /8 bits/);
throws(() => vm.scan({}), TypeError);
throws(() => vm.scan({ u8: 1, u16: 2 }), TypeError, /must have only one of u8, u16$/);
throws(() => vm.scan({ bytes: new Uint8Array(2), mask: new Uint8Array(3) }), RangeError, /mask has a length of 3 and bytes one of 2/);
throws(() => vm.scan({ bytes: new Uint8Array(2), mask: {} }), TypeError, /mask must be a Uint8Array/);
throws(() => vm.scan([]), RangeError);
throws(() => vm.scan(""), Error);
throws(() => vm.scan(7), TypeError);
throws(() => vm.scan("a", { limit: 0 }), RangeError, /limit/);
throws(() => vm.scan("a", { align: -4 }), RangeError);
throws(() => vm.scan("a", 7), TypeError, /options/);

// A virtual space gives virtual addresses.
equal(vm.cpu(0).space.scan("PGGUEST", { start: 0x400000 }).first().address, 0x400000n);

const texts = vm.strings({ min: 30, start: 0x400000, end: 0x401000 }).toArray();
equal(texts.length, 1);
assert(texts[0].text.startsWith("PGGUEST") && texts[0].encoding === "ascii" && texts[0].cut === false && texts[0].address === 0x400000n);
equal(texts[0].length, texts[0].text.length);
throws(() => vm.strings({ encoding: "ebcdic" }), RangeError);

const h = vm.histogram({ start: 0x400000, end: 0x401000 });
equal(h.counts.length, 256);
equal([h.total, h.complete, h.skipped], [4096, true, []]);
assert(h.entropy > 0 && h.entropy < 8);
equal(vm.histogram({ end: 1 }).total, 1);
equal(vm.histogram({ end: 0 }).total, 0);
const win = vm.entropy({ start: 0x400000, end: 0x402000, window: 0x1000 }).toArray();
equal(win.map(w => [w.base, w.size, w.read]), [[0x400000n, 4096, 4096], [0x401000n, 4096, 4096]]);
assert(Math.abs(win[0].entropy - h.entropy) < 1e-9);
equal(vm.crc32(0x300000, 0), 0);
equal(vm.sha256(0, 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
equal(vm.sha256(0x2000000, 0).length, 64);
equal(vm.sha256(0x400000, 100000), vm.block("pc.ram").sha256(0x400000, 100000n));
equal(vm.crc32(0x400000, 10), vm.cpu(0).space.crc32(0x400000, 10));
throws(() => vm.sha256(0x2000000000n, 16), MemoryError);

const same = diff(vm.block("pc.ram"), vm, { start: 0x100000, end: 0x800000 });
equal([same.count(), same.complete], [0, true]);
const changes = diff(vm.block("pc.ram"), vm.cpu(0).space, { start: 0x2000000, end: 0x2001000, granule: 1 }).toArray();
equal(changes, []);
throws(() => diff(vm, 1), TypeError, /b must be a Memory/);
throws(() => diff(vm, vm, { granule: 3 }), RangeError);
