// image: pg64
const text = struct(`
  #define LEN 7
  enum kind { A = 0x50, B };
  struct inner { unsigned short lo, hi; };
  struct head { char name[LEN]; u8 space; struct inner pair[2]; struct head *next; enum kind k : 8; unsigned rest : 24;
    union { u64 whole; struct { u32 low, high; }; }; s64 s; _Bool yes; float f; u8 raw[3]; void *v; };`);
assert(text instanceof StructType);
equal(text.name, "struct head");
equal(text.kind, "struct");
equal([text.sizeof, text.align], [72, 8]);
equal(text.offsetOf("pair[1].hi"), 14);
equal(text.constants, { LEN: 7, A: 0x50, B: 0x51 });
equal(text.fields.map(f => f.name), ["name", "space", "pair", "next", "k", "rest", "whole", "low", "high", "s", "yes", "f", "raw", "v"]);
const bits = text.fields.find(f => f.name === "rest");
equal([bits.type, bits.offset, bits.size, bits.bitOffset, bits.bitSize], ["unsigned int", 25, 4, 200, 24]);
equal(text.type("inner").sizeof, 4);
throws(() => text.type("none"), RangeError);
assert(text.definition.includes("struct head {") && String(text) === text.definition);

const x = text.at(vm, 0x400000);
assert(x instanceof StructValue);
equal(x.name, "PGGUEST");
equal(x.space, 0x20);
equal(x.pair.length, 2);
equal(x.pair[1].hi, vm.readU16(0x40000e));
equal(x.next, vm.readU64(0x400010));
equal(x.k, vm.readU8(0x400018));
equal(x.rest, vm.readU32(0x400018) >>> 8);
equal(x.whole, vm.readU64(0x400020));
equal([x.low, x.high], [vm.readU32(0x400020), vm.readU32(0x400024)]);
equal(x.s, vm.readS64(0x400028));
equal(typeof x.yes, "boolean");
equal(x.f, vm.readF32(0x400034));
equal(x.raw, vm.read(0x400038, 3));
equal(x.$address, 0x400000n);
assert(x.$memory === vm && x.$type === text);
equal(x.$field("pair[1].hi"), x.pair[1].hi);
const d = x.decode();
equal(d.pair[1].hi, x.pair[1].hi);
equal([d.name, d.next, d.whole, d.rest], [x.name, x.next, x.whole, x.rest]);
assert(!(d instanceof StructValue) && Object.keys(d).length === text.fields.length);
equal(text.decode(vm.read(0x400000, 72)), d);
equal(JSON.parse(JSON.stringify(x, (_, v) => typeof v === "bigint" ? v + "" : v)).name, "PGGUEST");
assert(String(x).includes('"PGGUEST"'), String(x));
throws(() => text.decode(new Uint8Array(3)), RangeError, /72/);
throws(() => x.$deref("v"), TypeError, /no type to read/);
throws(() => x.$deref("k"), TypeError, /no pointer/);
throws(() => x.$deref("nope"), RangeError);
throws(() => { "use strict"; x.space = 1; }, TypeError);
throws(() => text.at(vm, 0x2000000000).space, MemoryError);
// Fields are own properties: what lists those of an object lists them.
const listed = Object.keys(x);
if (listed.length === 0 || listed.some((name) => !(name in x) || !Object.hasOwn(x, name))) throw new Error(`its keys are ${listed}`);
equal(JSON.stringify(Object.keys({ ...x })), JSON.stringify(listed));
equal("nothing" in x, false);
equal(x.nothing, undefined);
throws(() => { "use strict"; x[listed[0]] = 1; }, TypeError);

// Pointers: pc 0x7000 holds the GDT's address and so on; here the page tables, an entry of which points on.
const table = struct("struct table { u64 entry[512]; };").at(vm, vm.cpu(0).cr3);
equal(table.entry.length, 512);
equal(table.entry[511], vm.readU64(vm.cpu(0).cr3 + 8n * 511n));
const node = struct({ next: "struct head *", n: "u32" }, { name: "node" });
equal(node.sizeof, 16);
equal(struct({ a: "u8", b: "u32" }, { packed: true }).sizeof, 5);
equal(struct({ a: node, b: "u8" }).sizeof, 24);
const ints = struct("u32");
equal(ints.at(vm, 0x800004), 0xb6000001);
equal(ints.arrayAt(vm, 0x800000, 3), [0xb6000000, 0xb6000001, 0xb6000002]);
equal(text.arrayAt(vm, 0x400000, 2)[1].$address, 0x400048n);
equal(text.containerOf(vm, 0x400010, "next").$address, 0x400000n);
equal(struct("struct p { void *x; };", { abi: "i386" }).sizeof, 4);
equal(struct("struct q { u16 x; };", { byteOrder: "big" }).at(vm, 0x400000).x, 0x5047);
equal(struct("struct uses { struct inner i; };").sizeof, 4, "declared before");
throws(() => struct("struct x { int"), SyntaxError, /struct:/);
throws(() => struct("struct never_heard_of"), Error);
throws(() => struct(""), Error);
// A type needs no name; where there is one that has, it is meant.
equal(struct("struct { u8 a; int b; };").offsetOf("b"), 4);
equal(struct("union { u8 a; u16 b; }").kind, "union");
equal(struct("enum { FIRST, SECOND };").constants, { FIRST: 0, SECOND: 1 });
equal(struct("const struct { u32 a; };").at(vm, 0x800004).a, 0xb6000001);
equal(struct("struct named { u8 a; }; enum { THIRD };").name, "struct named");
throws(() => struct("int a;"), TypeError, /declares no type: write struct NAME/);
throws(() => struct("typedef int;"), TypeError, /declares no type/);
throws(() => struct({ a: 1 }), TypeError, /type of a/);
throws(() => struct("u32", { abi: "vax" }), RangeError);
throws(() => text.at(1, 2), TypeError, /memory must be a Memory/);

// A pointer's target by name: a list in the guest's own memory is what the page tables are.
const pt = struct("struct a { struct b *to; }; ", {});
throws(() => pt.at(vm, 0x400000).$deref("to"), TypeError, /nowhere defined/);
