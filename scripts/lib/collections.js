// svscript/collections: lists and trees in a guest's memory. Each function yields the addresses of the elements, reading as it goes:
//
//	for (const task of list(space, head, { offset: 0x468n })) console.log(space.readCString(task + 0x740n));
//
// offset is that of the node within the structure that holds it, so that what is yielded is the structure (C's container_of).
// Memory may be damaged or hostile: a collection that cannot be read to its end, or leads back into itself, throws a
// CollectionError after the elements before; none goes on for ever.
"use strict";

/** A collection that is damaged. elements tells how many were yielded before. */
class CollectionError extends Error {
	/** @param {string} message @param {{address: bigint, elements: number, cause?: unknown}} details */
	constructor(message, { address, elements, cause }) {
		super(message, { cause });
		this.address = address;
		this.elements = elements;
	}

	get name() {
		return "CollectionError";
	}
}

/**
 * @typedef {object} Options
 * @property {bigint} [offset]  bytes from the start of an element to its node; 0n when left out
 * @property {number} [max]  elements; 1 000 000 when left out. More throw a CollectionError.
 */

const MAX = 1e6;

/** @param {bigint} address */
const hex = (address) => "0x" + address.toString(16);

/**
 * Follows pointers: the nodes from first on, until next gives null. Throws for a node that was met before.
 * @param {Memory} memory @param {bigint} first @param {(node: bigint) => bigint | null} next @param {Options} options
 * @returns {Generator<bigint, void>}
 */
function* follow(memory, first, next, { offset = 0n, max = MAX }) {
	const seen = new Set();
	/** @type {bigint | null} */
	let node = first;
	while (node !== null) {
		if (seen.has(node)) throw new CollectionError(`the list leads back to ${hex(node)} after ${seen.size} elements`, { address: node, elements: seen.size });
		if (seen.size >= max) throw new CollectionError(`the list has more than ${max} elements`, { address: node, elements: seen.size });
		let following;
		try {
			following = next(node);
		} catch (cause) {
			throw new CollectionError(`the list breaks off at ${hex(node)}, after ${seen.size} elements`, { address: node, elements: seen.size, cause });
		}
		seen.add(node);
		yield BigInt.asUintN(64, node - offset);
		node = following;
	}
}

/**
 * A circular list with a head that is no element: Linux's struct list_head, Windows' LIST_ENTRY (next comes first).
 * @param {Memory} memory @param {bigint} head address of the head
 * @param {Options & {backwards?: boolean}} [options] backwards: along prev, which comes second
 * @returns {Generator<bigint, void>}
 */
function* list(memory, head, options = {}) {
	const link = options.backwards ? BigInt(memory.pointerSize) : 0n;
	const next = (/** @type {bigint} */ node) => {
		const at = memory.readPointer(node + link);
		return at === head ? null : at;
	};
	const first = next(head);
	if (first !== null) yield* follow(memory, first, next, options);
}

/**
 * A list that ends with a null pointer, whose head holds a pointer to the first node: Linux's hlist_head, or any chain of structures.
 * @param {Memory} memory @param {bigint} head address of the pointer to the first node
 * @param {Options & {next?: bigint, nulls?: boolean}} [options] next: bytes from a node to its pointer to the next one, 0n when left
 *   out; nulls: a pointer whose lowest bit is set ends the list (hlist_nulls)
 * @returns {Generator<bigint, void>}
 */
function* hlist(memory, head, options = {}) {
	const { next: link = 0n, nulls = false } = options;
	const pointer = (/** @type {bigint} */ at) => {
		const node = memory.readPointer(at);
		return node === 0n || (nulls && node & 1n) ? null : node;
	};
	const first = pointer(head);
	if (first !== null) yield* follow(memory, first, (node) => pointer(node + link), options);
}

/**
 * The elements of a table of hlists, bucket by bucket.
 * @param {Memory} memory @param {bigint} table address of the first head @param {number} buckets
 * @param {Options & {next?: bigint, nulls?: boolean}} [options]
 * @returns {Generator<bigint, void>}
 */
function* hashTable(memory, table, buckets, options = {}) {
	for (let i = 0; i < buckets; i++) yield* hlist(memory, table + BigInt(i * memory.pointerSize), options);
}

/**
 * A red-black tree in order: Linux's struct rb_root. A node is {parent and colour, right, left}.
 * @param {Memory} memory @param {bigint} root address of the pointer to the topmost node
 * @param {Options & {left?: bigint, right?: bigint}} [options] left, right: bytes from a node to its pointers, where they are not Linux's
 * @returns {Generator<bigint, void>}
 */
function* rbtree(memory, root, options = {}) {
	const { offset = 0n, max = MAX, right = BigInt(memory.pointerSize), left = 2n * BigInt(memory.pointerSize) } = options;
	const seen = new Set();
	/** @type {bigint[]} */
	const path = []; // nodes whose left side is being visited
	let elements = 0;

	const child = (/** @type {bigint} */ at) => {
		try {
			return memory.readPointer(at);
		} catch (cause) {
			throw new CollectionError(`the tree breaks off at ${hex(at)}, after ${elements} elements`, { address: at, elements, cause });
		}
	};
	let node = child(root);
	while (node !== 0n || path.length > 0) {
		while (node !== 0n) {
			if (seen.has(node)) throw new CollectionError(`the tree leads back to ${hex(node)}`, { address: node, elements });
			if (seen.size >= max) throw new CollectionError(`the tree has more than ${max} elements`, { address: node, elements });
			seen.add(node);
			path.push(node);
			node = child(node + left);
		}
		node = /** @type {bigint} */ (path.pop());
		yield BigInt.asUintN(64, node - offset);
		elements++;
		node = child(node + right);
	}
}

/**
 * The elements of an array: address, address + size, …
 * @param {bigint} address @param {number} count @param {bigint | number} size bytes of an element
 * @returns {Generator<bigint, void>}
 */
function* array(address, count, size) {
	for (let i = 0; i < count; i++) yield address + BigInt(i) * BigInt(size);
}

/**
 * The pointers in an array, without the null ones.
 * @param {Memory} memory @param {bigint} address @param {number} count
 * @returns {Generator<bigint, void>}
 */
function* pointers(memory, address, count) {
	const values = memory.readArray(address, "pointer", count);
	for (let i = 0; i < values.length; i++) if (values[i] !== 0n) yield values[i];
}

module.exports = { CollectionError, list, hlist, hashTable, rbtree, array, pointers };
