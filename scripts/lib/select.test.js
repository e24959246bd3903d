// On the image pg64.
"use strict";
const { interval, selectMemory, spaceOf } = require("svscript/select");
const { test, assert, report } = require("svscript/test");

const none = { virtual: false, cpu: 0 };

test("memories", () => {
	assert.ok(selectMemory(vm, none) === vm, "without options, guest-physical memory");
	assert.equal(selectMemory(vm, { ...none, virtual: true }).readU32(0xffffffff80000000n), vm.readU32(0x20b000n));
	assert.equal(selectMemory(vm, { ...none, space: 0x100000n }).readU32(0xffffffff80000000n), vm.readU32(0x20b000n));
	assert.equal(selectMemory(vm, { ...none, block: "pc.ram" }).readU32(0x20b000n), vm.readU32(0x20b000n));
	assert.throws(() => selectMemory(vm, { ...none, virtual: true, block: "pc.ram" }), /UsageError: --virtual and --block exclude each other/);
	assert.throws(() => selectMemory(vm, { ...none, mode: "sv39" }), /--mode goes with --space/);
	assert.throws(() => selectMemory(vm, { ...none, block: "nothing" }), /RangeError/);
	assert.throws(() => spaceOf(/** @type {any} */ ({ index: 3 })), /where CPU 3 has its page tables/);
});

test("intervals", () => {
	assert.equal(interval({}), { start: 0n, end: 2n ** 64n });
	assert.equal(interval({ from: 1n, to: 3n }), { start: 1n, end: 3n });
	assert.throws(() => interval({ from: 3n, to: 3n }), /--to 0x3 does not lie behind --from 0x3/);
});

module.exports = report();
