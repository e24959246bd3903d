// svscript/collections: lists and trees in a guest's memory. Each function yields the addresses of the elements, reading as it goes:
//
//	for (const task of list(space, head, { offset: 0x468 })) console.log(space.readCString(task + 0x740n));
//	for (const task of list(space, head, { type: Task, member: "tasks" })) console.log(task.comm);
//
// offset is that of the node within the structure that holds it, so that what is yielded is the structure (C's container_of); with
// a type of struct() or vm.linux, the structure itself is yielded, not its address.
// With a structure's type and the name of the node in it, listOf, hlistOf and rbtreeOf give the structures themselves:
//
//	for (const task of listOf(space, head, Task, "tasks")) console.log(task.comm);
//
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
 * @property {bigint | number} [offset]  bytes from the start of an element to its node; 0 when left out
 * @property {StructType} [type]  what an element is; it is yielded as that
 * @property {string} [member]  the node within type, instead of offset
 * @property {number} [max]  elements; 1 000 000 when left out. More throw a CollectionError.
 */

/**
 * What a loop yields: a struct when options have a type, else its address.
 * @template O @typedef {O extends {type: StructType} ? StructFields : bigint} Element
 */

const MAX = 1e6;

/** @param {bigint} address */
const hex = (address) => "0x" + address.toString(16);

/**
 * What makes an element of its node's address.
 * @param {Memory} memory @param {Options} options
 * @returns {(node: bigint) => any}
 */
function elementOf(memory, { offset = 0n, type, member }) {
	if (member !== undefined && type === undefined) throw new TypeError(`member "${member}" is of no type: give options a type`);
	const before = BigInt(type !== undefined && member !== undefined ? type.offsetOf(member) : offset);
	return (node) => {
		const at = BigInt.asUintN(64, node - before);
		return type === undefined ? at : type.at(memory, at);
	};
}

/**
 * Follows pointers: the nodes from first on, until next gives null. Throws for a node that was met before.
 * @param {Memory} memory @param {bigint} first @param {(node: bigint) => bigint | null} next @param {Options} options
 * @returns {Generator<any, void>}
 */
function* follow(memory, first, next, options) {
	const { max = MAX } = options;
	const element = elementOf(memory, options);
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
		yield element(node);
		node = following;
	}
}

/**
 * A circular list with a head that is no element: Linux's struct list_head, Windows' LIST_ENTRY (next comes first).
 * @template {Options & {backwards?: boolean}} O
 * @param {Memory} memory @param {Address} head address of the head
 * @param {O} [options] backwards: along prev, which comes second
 * @returns {Generator<Element<O>, void>}
 */
function* list(memory, head, options) {
	const link = options?.backwards ? BigInt(memory.pointerSize) : 0n;
	const start = BigInt(head);
	const next = (/** @type {bigint} */ node) => {
		const at = memory.readPointer(node + link);
		return at === start ? null : at;
	};
	const first = next(start);
	if (first !== null) yield* follow(memory, first, next, options ?? {});
}

/**
 * A list that ends with a null pointer, whose head holds a pointer to the first node: Linux's hlist_head, or any chain of structures.
 * @template {Options & {next?: bigint | number, nulls?: boolean}} O
 * @param {Memory} memory @param {Address} head address of the pointer to the first node
 * @param {O} [options] next: bytes from a node to its pointer to the next one, 0 when left out; nulls: a pointer whose lowest bit is
 *   set ends the list (hlist_nulls)
 * @returns {Generator<Element<O>, void>}
 */
function* hlist(memory, head, options) {
	const link = BigInt(options?.next ?? 0), nulls = options?.nulls ?? false;
	const pointer = (/** @type {bigint} */ at) => {
		const node = memory.readPointer(at);
		return node === 0n || (nulls && node & 1n) ? null : node;
	};
	const first = pointer(BigInt(head));
	if (first !== null) yield* follow(memory, first, (node) => pointer(node + link), options ?? {});
}

/**
 * The elements of a table of hlists, bucket by bucket.
 * @template {Options & {next?: bigint | number, nulls?: boolean}} O
 * @param {Memory} memory @param {Address} table address of the first head @param {number} buckets
 * @param {O} [options] as for hlist
 * @returns {Generator<Element<O>, void>}
 */
function* hashTable(memory, table, buckets, options) {
	const first = BigInt(table);
	for (let i = 0; i < buckets; i++) yield* hlist(memory, first + BigInt(i * memory.pointerSize), options);
}

/**
 * A red-black tree in order: Linux's struct rb_root. A node is {parent and colour, right, left}.
 * @template {Options & {left?: bigint | number, right?: bigint | number}} O
 * @param {Memory} memory @param {Address} root address of the pointer to the topmost node
 * @param {O} [options] left, right: bytes from a node to its pointers, where they are not Linux's
 * @returns {Generator<Element<O>, void>}
 */
function* rbtree(memory, root, options) {
	const max = options?.max ?? MAX;
	const right = BigInt(options?.right ?? memory.pointerSize), left = BigInt(options?.left ?? 2 * memory.pointerSize);
	const element = elementOf(memory, options ?? {});
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
	let node = child(BigInt(root));
	while (node !== 0n || path.length > 0) {
		while (node !== 0n) {
			if (seen.has(node)) throw new CollectionError(`the tree leads back to ${hex(node)}`, { address: node, elements });
			if (seen.size >= max) throw new CollectionError(`the tree has more than ${max} elements`, { address: node, elements });
			seen.add(node);
			path.push(node);
			node = child(node + left);
		}
		node = /** @type {bigint} */ (path.pop());
		yield element(node);
		elements++;
		node = child(node + right);
	}
}

/**
 * The elements of an array: address, address + size, …
 * @param {Address} address @param {number} count @param {bigint | number} size bytes of an element
 * @returns {Generator<bigint, void>}
 */
function* array(address, count, size) {
	const first = BigInt(address);
	for (let i = 0; i < count; i++) yield first + BigInt(i) * BigInt(size);
}

/**
 * The pointers in an array, without the null ones.
 * @param {Memory} memory @param {Address} address @param {number} count
 * @returns {Generator<bigint, void>}
 */
function* pointers(memory, address, count) {
	const values = memory.readArray(address, "pointer", count);
	for (let i = 0; i < values.length; i++) if (values[i] !== 0n) yield values[i];
}

/**
 * As list, but yields the structures: what container_of(node, type, member) is.
 * @param {Memory} memory @param {bigint} head @param {StructType} type @param {string} member the node's path in the type: "tasks", "se.group_node"
 * @param {{max?: number, backwards?: boolean}} [options]
 * @returns {Generator<StructFields, void>}
 */
function* listOf(memory, head, type, member, options = {}) {
	yield* structs(memory, type, list(memory, head, { ...options, offset: BigInt(type.offsetOf(member)) }));
}

/**
 * As hlist, but yields the structures. The pointer to the next node is the first of the member.
 * @param {Memory} memory @param {bigint} head @param {StructType} type @param {string} member
 * @param {{max?: number, nulls?: boolean}} [options]
 * @returns {Generator<StructFields, void>}
 */
function* hlistOf(memory, head, type, member, options = {}) {
	yield* structs(memory, type, hlist(memory, head, { ...options, offset: BigInt(type.offsetOf(member)) }));
}

/**
 * As rbtree, but yields the structures.
 * @param {Memory} memory @param {bigint} root @param {StructType} type @param {string} member
 * @param {{max?: number, left?: bigint, right?: bigint}} [options]
 * @returns {Generator<StructFields, void>}
 */
function* rbtreeOf(memory, root, type, member, options = {}) {
	yield* structs(memory, type, rbtree(memory, root, { ...options, offset: BigInt(type.offsetOf(member)) }));
}

/**
 * @param {Memory} memory @param {StructType} type @param {Iterable<bigint>} addresses
 * @returns {Generator<StructFields, void>}
 */
function* structs(memory, type, addresses) {
	for (const address of addresses) yield type.at(memory, address);
}

module.exports = { CollectionError, list, hlist, hashTable, rbtree, array, pointers, listOf, hlistOf, rbtreeOf };
