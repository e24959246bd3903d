// image: pg64
// Bytes that the guest wrote: testdata/guest/pgguest.asm.
equal(vm.readU32(0x200000), 0xa5000000, "first pattern");
equal(vm.readU64(0x200000n), 0xa5000000a5000000n, "two of them");
equal(vm.readU64("0x200000"), 0xa5000000a5000000n, "address as a string");
equal(vm.readU16(0x400000), 0x4750);
equal(vm.readU8(0x400000), 0x50);
equal(vm.readS8(0x200003), -91);
equal(vm.readS16(0x200002), -23296);
equal(vm.readS32(0x200000), 0xa5000000 | 0);
equal(vm.readS64(0x200000), BigInt.asIntN(64, 0xa5000000a5000000n));
equal(vm.readF32(0x400000), new Float32Array(vm.read(0x400000, 4).buffer)[0]);
equal(vm.readF64(0x400000), new Float64Array(vm.read(0x400000, 8).buffer)[0]);
equal(vm.pointerSize, 8);
equal(vm.readPointer(0x200000), 0xa5000000a5000000n);
assert(vm.readCString(0x400000).startsWith("PGGUEST MODE=64"));
equal(vm.readCString(0x400000, 7), "PGGUEST");
equal(vm.readUtf16String(0x400000, 2), "\u4750\u5547");
equal(vm.readCString(0x400000, 0), "");

// Every tryRead gives what the read gives, and null where it throws.
const hole = 0x2000000000n;
for (const name of ["U8", "U16", "U32", "U64", "S8", "S16", "S32", "S64", "F32", "F64", "Pointer"]) {
  equal(vm["tryRead" + name](0x400000), vm["read" + name](0x400000), name);
  equal(vm["tryRead" + name](hole), null);
  throws(() => vm["read" + name](hole), MemoryError, /nothing is mapped/);
}
equal(vm.tryRead(0x400000, 4), vm.read(0x400000, 4));
equal(vm.tryRead(hole, 4), null);
equal(vm.tryReadCString(0x400000, 7), "PGGUEST");
equal(vm.tryReadCString(hole), null);
equal(vm.tryReadUtf16String(0x400000, 1), "\u4750");
equal(vm.tryReadUtf16String(hole), null);
equal(vm.tryReadArray(hole, "u8", 1), null);

// Arrays.
const bytes = vm.read(0x400000, 16);
assert(bytes instanceof Uint8Array && bytes.length === 16);
bytes[0] = 0;
equal(vm.readU8(0x400000), 0x50, "a read is a copy");
for (const [type, cls] of Object.entries({ u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, u64: BigUint64Array, s8: Int8Array,
  s16: Int16Array, s32: Int32Array, s64: BigInt64Array, f32: Float32Array, f64: Float64Array, pointer: BigUint64Array })) {
  const a = vm.readArray(0x400000, type, 2);
  assert(a instanceof cls && a.length === 2, type);
  equal(vm.tryReadArray(0x400000, type, 2).length, 2);
}
equal(vm.readArray(0x800000, "u32", 3)[2], vm.readU32(0x800008));
equal(vm.readArray(0x800000, "u64", 0).length, 0);

// Errors say where.
const last = vm.ranges.filter(r => r.kind === "ram").at(-1);
const end = last.base + BigInt(last.size);
const e = throws(() => vm.read(end - 4n, 8), MemoryError);
equal(e.address, end);
equal(e.length, 8);
equal(e.reason, "unmapped");
equal(e.fault, null);
assert(e instanceof Error && e.name === "MemoryError" && /memory\.js/.test(e.stack), e.stack);
throws(() => vm.readU64(-1n), RangeError, /address must not be negative/);
throws(() => vm.readU64(2n ** 64n), RangeError, /less than 2\^64/);
throws(() => vm.readU64(2 ** 60), RangeError, /as a BigInt/);
throws(() => vm.readU64(0.5), RangeError, /integer/);
throws(() => vm.readU64(NaN), RangeError);
throws(() => vm.readU64("12"), RangeError, /0x…/);
throws(() => vm.readU64(), TypeError, /not undefined/);
throws(() => vm.readU64({}), TypeError, /an object/);
throws(() => vm.read(0), TypeError, /length/);
throws(() => vm.read(0, -1), RangeError, /length/);
throws(() => vm.read(0, 2 ** 40), RangeError, /1073741824/);
throws(() => vm.readArray(0, "u128", 1), RangeError, /"u64"/);
throws(() => vm.readU64(2n ** 64n - 4n), MemoryError);
throws(() => Memory.prototype.readU64.call({}, 0), TypeError, /Memory\.prototype\.readU64 called on an incompatible receiver/);

equal(vm.isReadable(0x400000), true);
equal(vm.isReadable(0x400000, 0), true);
equal(vm.isReadable(end - 1n, 2), false);
equal(vm.isReadable(end - 1n, 1), true);
equal(vm.isReadable(2n ** 64n - 1n, 2), false);
assert(vm.hexdump(0x400000, 32).includes("PGGUEST MODE=64"));
assert(vm.hexdump(end - 16n, 32).includes("nothing is mapped"), "a dump says where it ends");
throws(() => vm.hexdump(hole), MemoryError);

// Extents cover what is readable, in order.
let previous = 0n;
for (const x of vm.extents()) {
  assert(x.base >= previous && x.size > 0 && ["data", "fill", "absent", "not-ram"].includes(x.kind), show(x));
  previous = x.base + BigInt(x.size);
}
equal(vm.extents({ start: 0x400000, end: 0x400010 }).toArray().map(x => [x.base, x.size]), [[0x400000n, 16]]);
equal(vm.extents({ start: 1, end: 1 }).count(), 0);

// Blocks are memories of their own.
const ram = vm.block("pc.ram");
assert(ram instanceof Block && ram instanceof Memory && vm instanceof VM && vm instanceof Memory);
equal(ram.readU32(0x200000), 0xa5000000);
equal(ram.name, "pc.ram");
equal(ram.size, 16777216);
equal(ram.pageSize, 4096);
equal(ram.pointerSize, 8);
assert(vm.blocks.includes(ram), "the same object each time");
throws(() => vm.block("nope"), RangeError, /there are pc\.ram/);
throws(() => ram.readU8(ram.size), MemoryError);
