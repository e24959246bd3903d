// Tests of the library, on guests made up for them: svscript zero-runs.test.js
"use strict";
const { test, assert, report } = require("svscript/test");
const { zeroRuns } = require("./index.js");

const KiB = 1024;

test("a run between two pages with data", () => {
	const vm = synthetic({ ram: [{ size: 64 * KiB }], write: [{ address: 0x2fff, u8: 1 }, { address: 0x8000, text: "end" }] });
	assert.equal([...zeroRuns(vm)], [{ base: 0n, size: 8 * KiB }, { base: 0x3000n, size: 20 * KiB }, { base: 0x9000n, size: 28 * KiB }]);
	assert.equal([...zeroRuns(vm, { min: 21 * KiB })], [{ base: 0x9000n, size: 28 * KiB }]);
});

test("what the image does not hold is no zero", () => {
	const vm = synthetic({ ram: [{ size: 16 * KiB }], absent: [{ base: 0x1000, size: 4 * KiB }], devices: [{ base: 0x3000, size: 4 * KiB }] });
	assert.equal([...zeroRuns(vm)], [{ base: 0n, size: 4 * KiB }, { base: 0x2000n, size: 4 * KiB }]);
});

test("a hole in the physical addresses ends a run", () => {
	const vm = synthetic({ ram: [{ size: 8 * KiB }, { base: 0x100000000n, size: 4 * KiB }] });
	assert.equal([...zeroRuns(vm)], [{ base: 0n, size: 8 * KiB }, { base: 0x100000000n, size: 4 * KiB }]);
});

test("an address space works as physical memory does", () => {
	const vm = synthetic({
		ram: [{ size: 64 * KiB }],
		write: [{ address: 0x5000, text: "data" }],
		cpus: [{}],
		map: [{ virtual: 0xffffffff80000000n, physical: 0x4000, size: 0x3000, flags: "r-x" }],
	});
	assert.equal([...zeroRuns(vm.cpu(0).space)], [{ base: 0xffffffff80000000n, size: 4 * KiB }, { base: 0xffffffff80002000n, size: 4 * KiB }]);
});

module.exports = report();
