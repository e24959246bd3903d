"use strict";
const { array, hashTable, hlist, hlistOf, list, listOf, pointers, rbtree, rbtreeOf, CollectionError } = require("svscript/collections");
const { test, assert, report } = require("svscript/test");

/** A memory of pointers. @param {Record<number, bigint | number>} words @returns {any} */
function memoryOf(words) {
	const readPointer = (/** @type {bigint} */ at) => {
		const value = words[Number(at)];
		if (value === undefined) throw new MemoryError("nothing there", { address: at });
		return BigInt(value);
	};
	return {
		pointerSize: 8, readPointer,
		readArray: (/** @type {bigint} */ at, /** @type {string} */ _, /** @type {number} */ n) => Array.from({ length: n }, (_, i) => readPointer(at + BigInt(8 * i))),
	};
}

const ring = memoryOf({ 0x10: 0x100, 0x18: 0x200, 0x100: 0x200, 0x108: 0x10, 0x200: 0x10, 0x208: 0x100, 0x40: 0x40 });

test("list", () => {
	assert.equal([...list(ring, 0x10n)], [0x100n, 0x200n]);
	assert.equal([...list(ring, 0x10n, { backwards: true })], [0x200n, 0x100n]);
	assert.equal([...list(ring, 0x10n, { offset: 8n })], [0xf8n, 0x1f8n]);
	assert.equal([...list(ring, 0x40n)], []);
	assert.equal([...list(ring, "0x10", { offset: 8 })], [0xf8n, 0x1f8n]);
});

test("a list of structs", () => {
	const vm = synthetic({ ram: [{ size: 0x10000 }], write: [
		{ address: 0x1000, u64: [0x2008, 0x3008] }, { address: 0x2000, u64: [7, 0x3008, 0x1000] }, { address: 0x3000, u64: [8, 0x1000, 0x2008] }] });
	const Job = struct("struct job { u64 id; struct list_head { struct list_head *next, *prev; } link; };");
	assert.equal([...list(vm, 0x1000, { type: Job, member: "link" })].map((job) => [job.$address, job.id]), [[0x2000n, 7n], [0x3000n, 8n]]);
	assert.throws(() => [...list(vm, 0x1000, { member: "link" })], /of no type/);
});

test("list: a loop that misses the head, an end that cannot be read, too many elements", () => {
	const loop = memoryOf({ 0x10: 0x100, 0x100: 0x200, 0x200: 0x100 });
	assert.throws(() => [...list(loop, 0x10n)], /leads back to 0x100 after 2 elements/);
	/** @type {bigint[]} */
	const seen = [];
	const error = assert.throws(() => {
		for (const e of list(memoryOf({ 0x10: 0x100, 0x100: 0x200 }), 0x10n)) seen.push(e);
	}, /CollectionError: the list breaks off at 0x200, after 1 element/);
	assert.equal([seen, error.address, error.elements, error instanceof CollectionError, error.cause instanceof MemoryError], [[0x100n], 0x200n, 1, true, true]);
	assert.throws(() => [...list(ring, 0x10n, { max: 1 })], /more than 1 elements/);
});

test("hlist", () => {
	const memory = memoryOf({ 0x10: 0x100, 0x100: 0x200, 0x200: 0, 0x18: 0, 0x20: 0x301, 0x28: 0x400, 0x408: 0 });
	assert.equal([...hlist(memory, 0x10n)], [0x100n, 0x200n]);
	assert.equal([...hlist(memory, 0x20n, { nulls: true })], []);
	assert.equal([...hlist(memory, 0x28n, { next: 8n, offset: 0x10n })], [0x3f0n]);
	assert.equal([...hashTable(memory, 0x10n, 2)], [0x100n, 0x200n]);
});

test("rbtree: in order, and not for ever", () => {
	//      0x200
	//   0x100  0x300
	const memory = memoryOf({ 0x10: 0x200, 0x208: 0x300, 0x210: 0x100, 0x108: 0, 0x110: 0, 0x308: 0, 0x310: 0, 0x18: 0, 0x20: 0x500, 0x508: 0x500, 0x510: 0 });
	assert.equal([...rbtree(memory, 0x10n)], [0x100n, 0x200n, 0x300n]);
	assert.equal([...rbtree(memory, 0x10n, { offset: 0x10n, max: 3 })], [0xf0n, 0x1f0n, 0x2f0n]);
	assert.equal([...rbtree(memory, 0x18n)], []);
	assert.throws(() => [...rbtree(memory, 0x20n)], /leads back to 0x500/);
	assert.throws(() => [...rbtree(memoryOf({ 0x10: 0x200 }), 0x10n)], /breaks off at 0x210/);
});

test("arrays", () => {
	assert.equal([...array(0x10n, 3, 8)], [0x10n, 0x18n, 0x20n]);
	assert.equal([...pointers(memoryOf({ 0x10: 1, 0x18: 0, 0x20: 3 }), 0x10n, 3)], [1n, 3n]);
});

test("structures: of a list, a chain and a tree", () => {
	const Item = struct("struct item { u64 id; struct { void *next, *prev; } node; struct { u64 parent; void *right, *left; } rb; };");
	const at = Item.offsetOf("node"), rb = Item.offsetOf("rb");
	const one = 0x1000n, two = 0x2000n, node = (/** @type {bigint} */ item) => item + BigInt(at), tree = (/** @type {bigint} */ item) => item + BigInt(rb);
	const vm = synthetic({
		ram: [{ size: 0x4000 }],
		write: [
			{ address: 0x100, u64: [node(one), node(two)] }, // a list's head
			{ address: 0x200, u64: [tree(two), node(one)] }, // a tree's root, a chain's first
			{ address: one, u64: [1n, node(two), 0x100n, 0n, 0n, 0n] },
			{ address: two, u64: [2n, 0x100n, node(one), 0n, 0n, tree(one)] },
		],
	});
	const ids = (/** @type {Iterable<any>} */ items) => [...items].map((i) => i.id);
	assert.equal(ids(listOf(vm, 0x100n, Item, "node")), [1n, 2n]);
	assert.equal(ids(listOf(vm, 0x100n, Item, "node", { backwards: true })), [2n, 1n]);
	assert.equal(ids(rbtreeOf(vm, 0x200n, Item, "rb")), [1n, 2n]);
	assert.throws(() => ids(hlistOf(vm, 0x208n, Item, "node", { max: 2 })), /more than 2 elements/);
	assert.throws(() => [...listOf(vm, 0x100n, Item, "nothing")], /nothing/);
});

module.exports = report();
