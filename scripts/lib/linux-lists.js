// Part of svscript/linux: the kernel's collections. Every loop ends, however damaged the collection is: no node is visited twice, and
// none beyond the first million. What a damaged node hides is noted with skip().
"use strict";

/** @typedef {StructFields} Struct */

const MAX = 1_000_000;

/** @param {import("./linux").Core} k */
module.exports = (k) => {
	const { kernel, space, word, wrap, skip } = k;

	/** The pointer at an address, or null. @param {bigint} at */
	const pointer = (at) => space.tryReadPointer(at);

	/** From a node to the struct around it. @param {string} type @param {string} member @returns {(node: bigint) => Struct} */
	function entry(type, member) {
		const t = kernel.type(type);
		const offset = BigInt(t.offsetOf(member));
		return (node) => t.at(wrap(node - offset));
	}

	/** @template T @param {Generator<bigint, void>} nodes @param {(node: bigint) => T} convert @returns {Generator<T, void>} */
	function* each(nodes, convert) {
		for (const node of nodes) yield convert(node);
	}

	/**
	 * The nodes of a struct list_head, without its head. Where the list is broken it is followed from its end as well, backwards. A link
	 * is good where the node that it leads to has the link back: a damaged one may lead into any other list.
	 * @param {bigint} head address of the head
	 * @returns {Generator<bigint, void>}
	 */
	function* list_for_each(head) {
		const seen = new Set([head]);
		let node = pointer(head), last = head;
		while (node !== head) {
			if (node === null || node === 0n || seen.has(node) || seen.size > MAX || pointer(node + word) !== last) break;
			seen.add(node);
			last = node;
			yield last;
			node = pointer(last);
		}
		if (node === head && pointer(head + word) === last) return;
		skip("a list's node", last, node === null ? "its link cannot be read" : `its link leads to 0x${node.toString(16)}, where the list does not go on`);
		const rest = [];
		for (let at = pointer(head + word), after = head; at !== null && at !== 0n && !seen.has(at) && seen.size <= MAX;) {
			if (pointer(at) !== after) break;
			seen.add(at);
			rest.push(at);
			after = at;
			at = pointer(at + word);
		}
		yield* rest.reverse();
	}

	/**
	 * The nodes of a chain that ends with a null pointer, or one whose lowest bit is set (hlist_nulls).
	 * @param {bigint} head address of the pointer to the first node
	 * @returns {Generator<bigint, void>}
	 */
	function* hlist_for_each(head) {
		const seen = new Set();
		for (let at = head; ;) {
			const node = pointer(at);
			if (node === 0n || (node !== null && node & 1n)) return;
			if (node === null || seen.has(node) || seen.size > MAX) {
				skip("a chain's node", at, node === null ? "its link cannot be read" : "its link leads back into the chain");
				return;
			}
			if (pointer(node) === null) {
				skip("a chain's node", node, "it cannot be read");
				return;
			}
			seen.add(node);
			yield node;
			at = node;
		}
	}

	/**
	 * The nodes of a struct rb_root in order. What is below a damaged node is left out, the rest is not.
	 * @param {bigint} root address of the rb_root (or rb_root_cached)
	 * @returns {Generator<bigint, void>}
	 */
	function* rbtree_inorder_for_each(root) {
		const right = word, left = 2n * word; // after rb_node's __rb_parent_color
		const seen = new Set();
		/** @type {bigint[]} */
		const path = [];
		const child = (/** @type {bigint} */ at, parent = 0n) => {
			const node = pointer(at);
			if (node === 0n) return 0n;
			const link = node === null ? null : pointer(node); // __rb_parent_color: to its parent, and the color in the lowest bits
			if (node === null || link === null || (link & ~3n) !== parent || seen.has(node) || seen.size > MAX) {
				skip("a tree's node", at, node === null ? "it cannot be read" : `its child at 0x${node.toString(16)} is none`);
				return 0n;
			}
			seen.add(node);
			return node;
		};
		let node = child(root);
		while (node !== 0n || path.length > 0) {
			while (node !== 0n) {
				path.push(node);
				node = child(node + left, node);
			}
			node = /** @type {bigint} */ (path.pop());
			yield node;
			node = child(node + right, node);
		}
	}

	// Entries of the XArray whose two lowest bits are 10 are its own: nodes, and below 4096 marks (include/linux/xarray.h).
	const isInternal = (/** @type {bigint} */ e) => (e & 3n) === 2n;
	const isNode = (/** @type {bigint} */ e) => isInternal(e) && e > 4096n;

	/**
	 * The entries of an XArray, or before Linux 4.20 a radix tree, as [index, entry]. An entry is a pointer or a value (xa_is_value).
	 * @param {bigint | Struct} where the struct xarray or radix_tree_root, or its address
	 * @returns {Generator<[bigint, bigint], void>}
	 */
	function* xa_for_each(where) {
		yield* k.guard("an XArray", k.address(where), () => xaEntries(where));
	}

	/** @param {bigint | Struct} where @returns {Generator<[bigint, bigint], void>} */
	function* xaEntries(where) {
		const old = !kernel.hasType("struct xarray");
		const rootType = kernel.type(old ? "struct radix_tree_root" : "struct xarray");
		const nodeType = kernel.type(old ? "struct radix_tree_node" : "struct xa_node");
		const slotsField = /** @type {StructField} */ (nodeType.fields.find((f) => f.name === "slots"));
		const slots = slotsField.size / Number(word);
		const offset = BigInt(slotsField.offset);
		const tag = old ? 1n : 2n;
		const nodeOf = (/** @type {bigint} */ e) => ((e & 3n) === tag && e > 4096n ? e - tag : null);
		const seen = new Set();

		/** @param {bigint} entry @param {bigint} index @param {bigint} above the shift of the node above @returns {Generator<[bigint, bigint], void>} */
		function* walk(entry, index, above) {
			const node = nodeOf(entry);
			if (node === null) {
				if (entry !== 0n && (old || !isInternal(entry))) yield [index, entry];
				return;
			}
			const shift = BigInt(space.tryReadU8(node) ?? 255), entries = space.tryReadArray(node + offset, "pointer", slots);
			if (entries === null || shift >= above || seen.has(node)) {
				skip("an XArray's node", node, entries === null ? "it cannot be read" : "it is none");
				return;
			}
			seen.add(node);
			for (let i = 0; i < slots; i++) if (entries[i] !== 0n) yield* walk(entries[i], index + (BigInt(i) << shift), shift);
		}
		const head = k.address(where) + BigInt(rootType.offsetOf(old ? "rnode" : "xa_head"));
		const first = pointer(head);
		if (first === null) skip("an XArray", head, "it cannot be read");
		else yield* walk(first, 0n, 64n);
	}

	/**
	 * What an IDR holds, as [id, pointer].
	 * @param {bigint | Struct} where the struct idr, or its address
	 * @returns {Generator<[number, bigint], void>}
	 */
	function* idr_for_each(where) {
		yield* k.guard("an IDR", k.address(where), function* () {
			const idr = k.at("struct idr", where);
			if (k.isLost(idr, "idr_rt")) throw new RangeError("it is lost: it holds zeros, and an empty one does not"); // IDR_RT_MARKER
			const base = BigInt(k.fieldIfAny(idr, "idr_base") ?? 0), root = idr.$address + BigInt(idr.$type.offsetOf("idr_rt"));
			for (const [id, pointer] of xa_for_each(root)) yield /** @type {[number, bigint]} */ ([Number(base + id), pointer]);
		});
	}

	/**
	 * The entries of a maple tree, as [entry, first index, last index] (include/linux/maple_tree.h).
	 * @param {bigint | Struct} where the struct maple_tree, or its address
	 * @returns {Generator<[bigint, bigint, bigint], void>}
	 */
	function* mt_for_each(where) {
		yield* k.guard("a maple tree", k.address(where), () => mapleEntries(where));
	}

	/** @param {bigint | Struct} where @returns {Generator<[bigint, bigint, bigint], void>} */
	function* mapleEntries(where) {
		const layouts = mapleLayouts();
		const seen = new Set();

		/** @param {bigint} enode @param {bigint} min @param {bigint} max @returns {Generator<[bigint, bigint, bigint], void>} */
		function* walk(enode, min, max) {
			const node = enode & ~0xffn, type = Number(enode >> 3n & 15n);
			const layout = layouts[type];
			const pivots = layout && space.tryReadArray(node + layout.pivot, "pointer", layout.pivots);
			const slots = layout && space.tryReadArray(node + layout.slot, "pointer", layout.slots);
			if (!layout || !pivots || !slots || seen.has(node) || seen.size > MAX) {
				skip("a maple tree's node", node, layout && !(pivots && slots) ? "it cannot be read" : "it is none");
				return;
			}
			seen.add(node);
			for (let i = 0, first = min; i < layout.slots && first <= max; i++) {
				let last = i < layout.pivots ? pivots[i] : max;
				if ((last === 0n && i > 0) || last > max) last = max;
				const slot = slots[i];
				if (layout.leaf) {
					if (slot !== 0n && !isInternal(slot)) yield [slot, first, last];
				} else if (slot !== 0n) {
					yield* walk(slot, first, last);
				} else {
					skip("a maple tree's node", node, `its slot ${i} is empty`);
				}
				if (last >= max) return;
				first = last + 1n;
			}
		}
		const tree = k.at("struct maple_tree", where);
		const root = k.attempt("a maple tree", tree.$address, () => tree.ma_root, 0n);
		if (isNode(root)) yield* walk(root, 0n, wrap(-1n));
		else if (root !== 0n && !isInternal(root)) yield [root, 0n, 0n];
	}

	/** Where nodes of each enum maple_type have their pivots and slots. @returns {Record<number, {leaf: boolean, pivot: bigint, pivots: number, slot: bigint, slots: number}>} */
	function mapleLayouts() {
		/** @param {string} name @param {boolean} leaf */
		const layout = (name, leaf) => {
			const { fields } = kernel.type(name);
			const [pivot, slot] = ["pivot", "slot"].map((n) => /** @type {StructField} */ (fields.find((f) => f.name === n)));
			return { leaf, pivot: BigInt(pivot.offset), pivots: pivot.size / Number(word), slot: BigInt(slot.offset), slots: slot.size / Number(word) };
		};
		return { 1: layout("struct maple_range_64", true), 2: layout("struct maple_range_64", false), 3: layout("struct maple_arange_64", false) };
	}

	/** The numbers of the CPUs in a struct cpumask. @param {bigint} mask address @returns {Generator<number, void>} */
	function* for_each_cpu(mask) {
		const cpus = Math.max(kernel.perCpuOffsets.length, 1);
		const words = k.attempt("a CPU mask", mask, () => space.readArray(mask, "u8", Math.ceil(cpus / 8)), new Uint8Array(0));
		for (let cpu = 0; cpu < cpus; cpu++) if (words[cpu >> 3] >> (cpu & 7) & 1) yield cpu;
	}

	/** @type {Set<string | number>} */
	const told = new Set(); // of which masks, and CPUs, it was said that they are lost

	/** Notes once that a CPU's data is lost: its run queue has no idle task, or is another CPU's. @param {number} cpu */
	function checkCPU(cpu) {
		const at = kernel.symbol("runqueues");
		if (at === null || told.has(cpu) || !k.has("struct rq", "idle")) return;
		told.add(cpu);
		k.attempt(`the data of CPU ${cpu}`, at, () => {
			const rq = kernel.type("struct rq").at(kernel.perCpu(at, cpu));
			if (!space.isReadable(rq.idle) || (k.fieldIfAny(rq, "cpu") ?? cpu) !== cpu) throw new RangeError("it is lost, or the kernel still starts: its run queue has no idle task");
		}, undefined);
	}

	/** @param {string} name of the mask: "possible", "online", "present" @returns {Generator<number, void>} */
	function* cpusOf(name) {
		const mask = kernel.symbol(`__cpu_${name}_mask`);
		const all = Array.from({ length: Math.max(kernel.perCpuOffsets.length, 1) }, (_, cpu) => cpu);
		const set = mask === null ? [] : [...for_each_cpu(mask)];
		const beyond = mask !== null && (pointer(mask) ?? 0n) >> BigInt(all.length) !== 0n; // its first word has CPUs that there are not
		if (mask !== null && (set.length === 0 || beyond) && !told.has(name)) {
			told.add(name);
			k.skip("the CPUs", mask, `__cpu_${name}_mask ${beyond ? "names CPUs that there are not" : "is empty"}: all that have a per-CPU offset are taken`);
		}
		for (const cpu of set.length === 0 || beyond ? all : set) {
			checkCPU(cpu);
			yield cpu;
		}
	}

	return {
		list_for_each, hlist_for_each, rbtree_inorder_for_each, xa_for_each, idr_for_each, mt_for_each, for_each_cpu,

		/** @param {bigint} head address of the list_head @param {string} type @param {string} member its list_head in type */
		list_for_each_entry: (head, type, member) => each(list_for_each(head), entry(type, member)),

		/** @param {bigint} head address of the hlist_head @param {string} type @param {string} member its hlist_node in type */
		hlist_for_each_entry: (head, type, member) => each(hlist_for_each(head), entry(type, member)),

		/** @param {bigint} head address of the hlist_nulls_head @param {string} type @param {string} member its hlist_nulls_node in type */
		hlist_nulls_for_each_entry: (head, type, member) => each(hlist_for_each(head), entry(type, member)),

		/** @param {bigint} head address of the llist_head @param {string} type @param {string} member its llist_node in type */
		llist_for_each_entry: (head, type, member) => each(hlist_for_each(head), entry(type, member)),

		/** @param {bigint} root address of the rb_root @param {string} type @param {string} member its rb_node in type */
		rbtree_inorder_for_each_entry: (root, type, member) => each(rbtree_inorder_for_each(root), entry(type, member)),

		/** The same as xa_for_each: before Linux 4.20 there was only this one. @param {bigint | Struct} where */
		radix_tree_for_each: xa_for_each,

		/** Whether an XArray's entry is a number and no pointer. @param {bigint} entry */
		xa_is_value: (entry) => (entry & 1n) === 1n,

		/** The number that such an entry is. @param {bigint} entry */
		xa_to_value: (entry) => entry >> 1n,

		for_each_possible_cpu: () => cpusOf("possible"),
		for_each_present_cpu: () => cpusOf("present"),
		for_each_online_cpu: () => cpusOf("online"),

		/** A CPU's instance of a per-CPU variable. @param {string | bigint} variable symbol, or __percpu pointer @param {number} cpu @param {string} type @returns {Struct} */
		per_cpu: (variable, cpu, type) => kernel.type(type).at(kernel.perCpu(variable, cpu)),
	};
};
