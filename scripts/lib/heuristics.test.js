// On the image pg64: its page tables are at 0x100000, and it is its own kernel.
"use strict";
const { entropyClass, entryPoints, findRoots, isPointer, kernelText, pointerShare } = require("svscript/heuristics");
const { test, assert, report } = require("svscript/test");

const cpu = vm.cpu(0);

test("classes of entropy", () => assert.equal([0, 2, 4, 6.5, 7.99].map(entropyClass), ["fill", "sparse", "data", "code", "dense"]));

test("pointers", () => {
	assert.equal([isPointer(cpu.space, 0xffffffff80000000n), isPointer(cpu.space, 0x40n), isPointer(cpu.space, 0x800000000000n)], [true, false, false]);
	assert.equal(pointerShare(cpu.space, 0xffffffffffff0000n, 4), 0);
	assert.ok(pointerShare(cpu.space, 0x200000n, 64) < 0.1, "the share of patterns");
});

test("entry points and text: a guest without handlers has none", () => {
	assert.equal(entryPoints(/** @type {any} */ ({ lstar: 0x10n })), [{ name: "LSTAR", address: 0x10n }]);
	const text = kernelText(cpu);
	if (text) assert.ok(text.entries > 0 && text.entries <= text.of, "entries");
});

test("page-table roots", () => {
	const found = [...findRoots(vm)];
	assert.ok(found.some((r) => r.root === 0x100000n && r.kernel), "CR3 among the roots");
	assert.throws(() => [...findRoots(/** @type {any} */ ({ cpus: [] }))], /RangeError: no CPU of the image has paging on/);
});

module.exports = report();
