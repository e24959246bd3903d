// On the image pg64: 4-level paging, CR3 0x100000.
"use strict";
const paging = require("svscript/paging");
const { test, assert, report } = require("svscript/test");
const { FLAG } = paging;

/** @param {string} mode @param {Partial<import("svscript/paging").Config>} [more] */
const layout = (mode, more = {}) => paging.layout({ mode, root: 0x1000n, ...more });

test("the configuration of a CPU", () => {
	const config = /** @type {import("svscript/paging").Config} */ (paging.configOf(vm.cpu(0)));
	assert.equal([config.mode, config.root, config.nxe], ["x86-4level", 0x100000n, true]);
	assert.equal(paging.layout(config).halves.map((h) => [h.first, h.last, h.root]), [
		[0n, 0x7fffffffffffn, 0x100000n], [0xffff800000000000n, 0xffffffffffffffffn, 0x100000n]]);
	assert.equal(paging.configOf(/** @type {any} */ ({ index: 0, arch: "aarch64" })), null);
});

test("every mode has levels", () => {
	for (const mode of paging.modes) {
		const { levels } = layout(mode).halves[0];
		assert.ok(levels.length >= 2 && levels[levels.length - 1].last, mode);
	}
	assert.throws(() => layout("x87"), /RangeError: there is no paging mode "x87"/);
	assert.throws(() => layout("arm64-4k", { sctlr: 1n << 25n }), /big-endian/);
	assert.throws(() => layout("arm64-4k", { tcr: (1n << 14n) | (3n << 30n) | 16n | (16n << 16n) }), /granules are others/);
});

test("x86 entries", () => {
	const { halves, decode } = layout("x86-4level");
	const [pml4, pdpt, pd, pt] = halves[0].levels;
	assert.equal(decode(pt, 0xdead0000n, 0), { kind: "none" });
	assert.equal(decode(pt, 0x8000000000200067n, 0), {
		kind: "page", address: 0x200000n, flags: FLAG.PRESENT | FLAG.READ | FLAG.WRITE | FLAG.USER | FLAG.ACCESSED | FLAG.DIRTY });
	assert.equal(decode(pml4, 0x101021n, 0), {
		kind: "table", address: 0x101000n, flags: FLAG.PRESENT | FLAG.READ | FLAG.EXEC | FLAG.ACCESSED, deny: FLAG.WRITE | FLAG.USER, add: 0 });
	assert.equal(decode(pml4, 0x80n | 1n, 0), { kind: "bad", problem: "reserved bits 0x80 set" });
	assert.equal(decode(pd, 0x2000n | 0x81n, 0), { kind: "bad", problem: "reserved bits 0x2000 set" });
	assert.equal(decode(pdpt, 0x40000083n, 0).kind, "page");
	const withoutNX = layout("x86-4level", { nxe: false });
	assert.equal(withoutNX.decode(withoutNX.halves[0].levels[3], 0x8000000000200001n, 0).kind, "bad");
});

test("PSE-36: a large page of 32-bit paging may lie above 4 GiB", () => {
	const { halves, decode } = layout("x86-32");
	const e = decode(halves[0].levels[0], 0xc00083n | (1n << 13n), 0);
	assert.equal(e.kind === "page" && e.address, 0x100c00000n);
	const without = layout("x86-32", { pse: false });
	assert.equal(without.decode(without.halves[0].levels[0], 0xc00083n, 0).kind, "table");
});

test("arm64: who can write cannot execute", () => {
	const { halves, decode } = layout("arm64-4k", { tcr: 0x5_0000_0000n | 16n | (16n << 16n) | (2n << 30n), sctlr: 1n << 19n });
	const level = halves[0].levels[3];
	const e = decode(level, 0x40000000n | 0x443n, 0); // page, AF, user, writable
	assert.ok(e.kind === "page", "a page");
	if (e.kind === "page") assert.equal(paging.permissions(paging.effective(level, e.flags, 0, 0)), "rw-u");
});

test("riscv64: Svnapot and misaligned superpages", () => {
	const { halves, decode } = layout("sv39");
	const [, l1, l0] = halves[0].levels;
	const napot = (0x40008n << 10n) | 0xcfn | (1n << 63n);
	const e = decode(l0, napot, 5);
	assert.equal(e.kind === "page" && e.address, 0x40005000n);
	assert.equal(decode(l1, (0x40001n << 10n) | 0xcfn, 0).kind, "bad");
	assert.equal(decode(l0, 0x1n, 0).kind, "bad");
});

test("flags have the names of Mapping.attributes", () => {
	assert.equal(paging.attributes(FLAG.PRESENT | FLAG.NO_CACHE | FLAG.WRITE_THROUGH), ["present", "write-through", "no-cache"]);
	assert.equal(paging.permissions(FLAG.READ | FLAG.EXEC), "r-x-");
});

module.exports = report();
