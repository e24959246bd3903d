// On the image pg64: its page tables are at 0x100000, and it is its own kernel.
"use strict";
const { branchTarget, entropyClass, entryPoints, findRoots, isPointer, kernelText, pointerShare } = require("svscript/heuristics");
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

// As GNU as encodes them.
test("what a function begins with", () => {
	const at = 0x80001000n;
	for (const [arch, bytes, want] of /** @type {[string, number[], bigint | null][]} */ ([
		["x86_64", [0xe9, 0xfb, 0x0f, 0, 0], 0x80002000n],
		["x86_64", [0xf3, 0x0f, 0x1e, 0xfa, 0xe8, 0xf7, 0xff, 0xff, 0xff], 0x80001000n], // endbr64; call
		["x86_64", [0x55, 0x48, 0x89, 0xe5], null],
		["aarch64", [0xff, 0xff, 0xff, 0x17], 0x80000ffcn],
		["riscv64", [0xef, 0xd2, 0xbe, 0xcb], 0x7ffeecban], // jal t0, .-0x12346
		["riscv64", [0x6f, 0xf0, 0xb7, 0x0a], 0x800808aan], // j .+0x7f8aa
		["riscv64", [0x97, 0xf2, 0xff, 0xff, 0xe7, 0x82, 0x42, 0x23], 0x80000234n], // auipc t0, 0xfffff; jalr t0, 0x234(t0)
		["riscv64", [0x17, 0x23, 0x01, 0x00, 0x67, 0x00, 0xc3, 0xdc], 0x80012dccn], // auipc t1, 0x12; jr -0x234(t1)
		["riscv64", [0x97, 0x12, 0, 0, 0x13, 0, 0, 0], null], // auipc t0, 1; nop: a call of ftrace that is off
		["riscv64", [0xa9, 0xbb], 0x80000d5an], // c.j .-0x2a6
		["riscv64", [0x6d, 0xaf], 0x800017ban], // c.j .+0x7ba
		["m68k", [0x60, 0xfe], null],
	])) {
		const b = new Uint8Array(16);
		b.set(bytes);
		assert.equal(branchTarget(arch, b, at), want, arch);
	}
});

test("page-table roots", () => {
	const found = [...findRoots(vm)];
	assert.ok(found.some((r) => r.root === 0x100000n && r.kernel), "CR3 among the roots");
	assert.throws(() => [...findRoots(/** @type {any} */ ({ cpus: [] }))], /RangeError: no CPU of the image has paging on/);
});

module.exports = report();
