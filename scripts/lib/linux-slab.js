// svscript/linux-slab: the caches of the kernel's allocator SLUB, and the objects in them, by the names that drgn has for them.
//
//	const slab = require("svscript/linux-slab")(vm);
//	for (const task of slab.slab_cache_for_each_allocated_object(slab.find_slab_cache("task_struct"), "task_struct")) console.log(task.pid);
//
// A slab is one or more pages that hold objects of one cache, told by the struct slab (before Linux 5.17: struct page) of its first page.
// Full slabs are on no list: all slabs are found by a search of the struct pages. An object is free where it is in its slab's list of
// free objects, in the one that a CPU has taken, or (from Linux 6.18 on) in a sheaf.
"use strict";
const linux = require("svscript/linux");

// include/linux/slab.h
const OLD_SLAB_RED_ZONE = 0x400; // before Linux 6.9, which has enum _slab_flag_bits
const MAX_SHEAF = 4096, MAX_OBJECTS = 1 << 15; // slab.objects has 15 bits

/**
 * @typedef {StructFields} Struct
 * @typedef {{slab: Struct, start: bigint, objects: number}} Slab  start: of its first object
 */

/** @param {VM} vm */
function make(vm) {
	const k = linux(vm);
	const { kernel, space, has, attempt } = k;
	k.need_types("slab caches");
	if (!kernel.hasType("struct kmem_cache") || !(has("struct kmem_cache", "cpu_slab") || has("struct kmem_cache", "cpu_sheaves"))) {
		throw new linux.NoLinuxError(`the slab caches of Linux ${kernel.release} are not SLUB's, or its types are damaged`);
	}
	const slabType = kernel.type(kernel.hasType("struct slab") ? "struct slab" : "struct page");
	const cacheField = BigInt(slabType.offsetOf("slab_cache"));
	const unsigned = kernel.pointerSize === 8 ? "u64" : "u32";
	const SLAB_RED_ZONE = kernel.hasType("enum _slab_flag_bits") ? 1 << Number(kernel.type("enum _slab_flag_bits").constants._SLAB_RED_ZONE) : OLD_SLAB_RED_ZONE;

	// --- Caches

	/** All caches. @returns {Generator<Struct>} struct kmem_cache */
	function* for_each_slab_cache() {
		const head = k.symbolIfAny("slab_caches");
		if (head !== null) {
			let any = false;
			for (const cache of k.list_for_each_entry(head, "struct kmem_cache", "list")) {
				any = true;
				yield cache;
			}
			if (any) return;
			k.skip("the slab caches", head, "the list is lost: it is followed from the cache that tasks lie in");
		}
		// Without the list's head: round the list from the cache of tasks. Its head is no cache.
		const first = sampleCache();
		if (first === null) return k.skip("the slab caches", kernel.base, "the kernel has no symbol slab_caches, and no task leads to one");
		yield first;
		for (const cache of k.list_for_each_entry(first.$address + BigInt(first.$type.offsetOf("list")), "struct kmem_cache", "list")) {
			const size = Number(cache.size), isHead = head !== null && cache.$address + BigInt(cache.$type.offsetOf("list")) === head;
			if (!isHead && size > 0 && size <= 1 << 25 && Number(cache.object_size) <= size && hasName(cache)) yield cache;
		}
	}

	/** @param {Struct} cache */
	function hasName(cache) {
		try {
			return slab_cache_name(cache) !== "";
		} catch (error) {
			if (error instanceof MemoryError || error instanceof RangeError) return false;
			throw error;
		}
	}

	/** The cache that a task lies in. @returns {Struct | null} */
	function sampleCache() {
		for (const task of k.for_each_process()) {
			const info = slab_object_info(task.$address);
			if (info) return info.cache;
		}
		return null;
	}

	/** The cache of a name; null when there is none: those that hold alike objects are merged, as aliases tells. @param {string} name @returns {Struct | null} */
	function find_slab_cache(name) {
		for (const cache of for_each_slab_cache()) if (attempt("a slab cache", cache.$address, () => slab_cache_name(cache), null) === name) return cache;
		return null;
	}

	/** The name of a cache. @param {bigint | Struct} cache @returns {string} */
	const slab_cache_name = (cache) => k.readName(k.at("struct kmem_cache", cache).name, 256);

	// --- Slabs

	/** Whether a struct slab is that of a slab still; it may be a page that was freed. @param {Struct} slab */
	const isSlab = (() => {
		const flags = kernel.hasType("enum pageflags") ? kernel.type("enum pageflags").constants : {};
		const types = kernel.hasType("enum pagetype") ? kernel.type("enum pagetype").constants : {};
		const member = ["__page_flags", "flags.f", "flags"].find((m) => has(slabType.name, m));
		if (flags.PG_slab !== undefined && member) return (/** @type {Struct} */ slab) => (BigInt(slab.$field(member)) >> BigInt(flags.PG_slab) & 1n) === 1n; // before Linux 6.10
		const typed = ["__page_type", "page_type"].find((m) => has(slabType.name, m));
		if (typed && types.PGTY_slab !== undefined) return (/** @type {Struct} */ slab) => slab.$field(typed) >>> 24 === Number(types.PGTY_slab);
		return () => true;
	})();

	/** The struct slabs that name one of these caches, by the cache. @param {bigint[]} caches addresses @returns {Map<bigint, bigint[]>} */
	function search(caches) {
		/** @type {Map<bigint, bigint[]>} */
		const found = new Map(caches.map((at) => [at, []]));
		if (caches.length === 0) return found;
		const stride = BigInt(kernel.type("struct page").sizeof);
		const patterns = caches.map((at) => /** @type {any} */ ({ [unsigned]: at }));
		const ram = attempt("the slabs", kernel.base, () => vm.ranges.filter((r) => r.kind === "ram").flatMap(({ base, size }) => [...k.rows_of_pages(base, base + BigInt(size))]), []);
		for (const row of ram) {
			const start = k.phys_to_page(row.base).$address, end = start + (row.end - row.base) / BigInt(k.pageSize) * stride;
			for (const { address } of space.scan(patterns, { start, end, align: kernel.pointerSize })) {
				const slab = address - cacheField;
				if ((slab - start) % stride !== 0n) continue;
				const cache = space.readPointer(address);
				if (attempt("a slab", slab, () => isSlab(slabType.at(slab)), false)) found.get(cache)?.push(slab);
			}
		}
		return found;
	}

	/** @type {Map<bigint, bigint[]> | undefined} */
	let slabsByCache;

	/** The slabs of all caches at once: one search in place of one for each. @param {bigint[]} caches */
	const search_slabs = (caches) => { slabsByCache = search(caches); };

	/** The slabs of a cache. @param {bigint | Struct} where @returns {Generator<Slab>} */
	function* slab_cache_for_each_slab(where) {
		const cache = k.at("struct kmem_cache", where), at = cache.$address;
		for (const address of slabsByCache?.get(at) ?? search([at]).get(at) ?? []) {
			const slab = attempt("a slab", address, () => slabOf(cache, address), null);
			if (slab) yield slab;
		}
	}

	/** @param {Struct} cache @param {bigint} address @returns {Slab} */
	function slabOf(cache, address) {
		const slab = slabType.at(address), objects = Number(slab.objects);
		if (objects > MAX_OBJECTS) throw new RangeError(`a slab of ${objects} objects is none`);
		const redzone = Number(cache.flags) & SLAB_RED_ZONE ? BigInt(cache.red_left_pad) : 0n;
		return { slab, start: k.phys_to_virt(k.page_to_phys(address)) + redzone, objects };
	}

	// --- What is free

	const hardened = has("struct kmem_cache", "random"); // CONFIG_SLAB_FREELIST_HARDENED

	/**
	 * The objects of a list of free ones. With CONFIG_SLAB_FREELIST_HARDENED each link is XORed with cache.random and where it lies, which
	 * since Linux 5.7, and in some before it, is with its bytes turned round (freelist_ptr in mm/slub.c): the one that stays in the slab is it.
	 * @param {Struct} cache @param {Slab} slab @param {bigint} first
	 * @returns {Set<bigint>}
	 */
	function freelist(cache, { start, objects }, first) {
		const free = new Set(), size = BigInt(cache.size), offset = BigInt(cache.offset), random = hardened ? BigInt(cache.random) : 0n;
		const end = start + size * BigInt(objects);
		const inside = (/** @type {bigint} */ object) => object >= start && object < end && (object - start) % size === 0n;
		for (let object = first; object !== 0n;) {
			if (!inside(object) || free.has(object)) {
				k.skip("a list of free objects", object, "it leads out of its slab or back");
				break;
			}
			free.add(object);
			const place = object + offset, link = space.tryReadPointer(place);
			if (link === null) {
				k.skip("a list of free objects", place, "it cannot be read");
				break;
			}
			if (!hardened) {
				object = link;
				continue;
			}
			const turned = link ^ random ^ swapBytes(place, kernel.pointerSize), straight = link ^ random ^ place;
			object = turned === 0n || inside(turned) || !(straight === 0n || inside(straight)) ? turned : straight;
		}
		return free;
	}

	/** What the CPUs have taken: for each slab a CPU's list of its free objects, and the objects in sheaves. @param {Struct} cache */
	function taken(cache) {
		/** @type {Map<bigint, bigint[]>} */
		const lists = new Map();
		/** @type {Set<bigint>} */
		const sheaves = new Set();
		for (const cpu of k.for_each_possible_cpu()) {
			attempt("a CPU's slab", cache.$address, () => {
				if (!has("struct kmem_cache", "cpu_slab")) return;
				const c = k.per_cpu(cache.cpu_slab, cpu, "struct kmem_cache_cpu"), slab = k.field(c, "slab", "page");
				if (slab !== 0n) lists.set(slab, [...lists.get(slab) ?? [], c.freelist]);
			}, undefined);
			attempt("a CPU's sheaves", cache.$address, () => {
				if (!has("struct kmem_cache", "cpu_sheaves") || cache.cpu_sheaves === 0n) return;
				const pcs = k.per_cpu(cache.cpu_sheaves, cpu, "struct slub_percpu_sheaves");
				for (const name of ["main", "spare", "rcu_free"]) if (pcs[name] !== 0n) addSheaf(sheaves, pcs[name]);
			}, undefined);
		}
		attempt("a node's sheaves", cache.$address, () => {
			if (!has("struct kmem_cache", "cpu_sheaves") || !kernel.hasType("struct node_barn")) return;
			for (const barn of barnsOf(cache)) {
				const head = barn + BigInt(kernel.type("struct node_barn").offsetOf("sheaves_full"));
				for (const sheaf of k.list_for_each_entry(head, "struct slab_sheaf", "barn_list")) addSheaf(sheaves, sheaf.$address);
			}
		}, undefined);
		return { lists, sheaves };
	}

	/** @param {Set<bigint>} sheaves @param {bigint} at */
	function addSheaf(sheaves, at) {
		const sheaf = k.at("struct slab_sheaf", at), count = Number(sheaf.size);
		if (count > MAX_SHEAF) return k.skip("a sheaf", at, `one of ${count} objects is none`);
		for (const object of space.readArray(at + BigInt(sheaf.$type.offsetOf("objects")), "pointer", count)) sheaves.add(BigInt(object));
	}

	/** What a cache has for each node of memory. @param {bigint | Struct} where @returns {Generator<Struct>} struct kmem_cache_node */
	function* slab_cache_for_each_node(where) {
		yield* nodesOf(k.at("struct kmem_cache", where));
	}

	/** @param {Struct} cache @returns {Generator<Struct>} */
	function* nodesOf(cache) {
		for (const at of perNode(cache, "node", "node")) yield k.at("struct kmem_cache_node", at);
	}

	/** The pointers that a cache has for each node: in an array of its own, or since Linux 7.0 in one of pairs. @param {Struct} cache @param {string} array @param {string} member @returns {Generator<bigint>} */
	function* perNode(cache, array, member) {
		const pairs = cache.$type.fields.find((f) => f.name === "per_node"), field = pairs ?? cache.$type.fields.find((f) => f.name === array);
		if (!field) return;
		const stride = pairs ? kernel.type("struct kmem_cache_per_node_ptrs").sizeof : kernel.pointerSize;
		const offset = pairs ? kernel.type("struct kmem_cache_per_node_ptrs").offsetOf(member) : 0;
		for (let i = 0; i < Math.min(Math.floor(field.size / stride), nodeIds()); i++) {
			const at = space.readPointer(cache.$address + BigInt(field.offset + i * stride + offset));
			if (at !== 0n) yield at;
		}
	}

	/** What a cache keeps of sheaves for each node: struct node_barn. @param {Struct} cache @returns {Generator<bigint>} */
	function* barnsOf(cache) {
		if (has("struct kmem_cache", "per_node")) return yield* perNode(cache, "", "barn");
		for (const node of nodesOf(cache)) if (has("struct kmem_cache_node", "barn") && node.barn !== 0n) yield node.barn;
	}

	/** How many nodes of memory there can be: behind them a cache's array is not even allocated. */
	function nodeIds() {
		const at = k.symbolIfAny("nr_node_ids");
		return Math.max(1, at === null ? 1 : space.tryReadU32(at) ?? 1);
	}

	/** The objects of a slab that are free. @param {Struct} cache @param {Slab} slab @param {ReturnType<typeof taken>} cpus @returns {Set<bigint>} */
	function freeObjects(cache, slab, cpus) {
		const free = freelist(cache, slab, slab.slab.freelist);
		for (const first of cpus.lists.get(slab.slab.$address) ?? []) for (const object of freelist(cache, slab, first)) free.add(object);
		return free;
	}

	// --- Objects

	/**
	 * The objects of a cache that are allocated.
	 * @param {bigint | Struct} where the struct kmem_cache, or its address
	 * @param {string} type of the objects
	 * @returns {Generator<Struct>}
	 */
	function* slab_cache_for_each_allocated_object(where, type) {
		const t = kernel.type(type);
		for (const address of slab_cache_for_each_allocated_address(where)) yield t.at(address);
	}

	/** The addresses of those objects. @param {bigint | Struct} where @returns {Generator<bigint>} */
	function* slab_cache_for_each_allocated_address(where) {
		const cache = k.at("struct kmem_cache", where);
		yield* k.guard("a slab cache", cache.$address, function* () {
			const cpus = taken(cache), size = BigInt(cache.size);
			for (const slab of slab_cache_for_each_slab(cache)) {
				const free = attempt("a slab", slab.slab.$address, () => freeObjects(cache, slab, cpus), null);
				if (free === null) continue;
				for (let i = 0, at = slab.start; i < slab.objects; i++, at += size) if (!free.has(at) && !cpus.sheaves.has(at)) yield at;
			}
		});
	}

	/**
	 * How much of a cache is used: what crash's kmem -s and /proc/slabinfo tell. allocated does not count what CPUs hold ready, as slabinfo does.
	 * @param {bigint | Struct} where
	 */
	function slab_cache_usage(where) {
		const cache = k.at("struct kmem_cache", where), cpus = taken(cache);
		let slabs = 0, objects = 0, allocated = 0 - cpus.sheaves.size;
		for (const slab of slab_cache_for_each_slab(cache)) {
			slabs++;
			objects += slab.objects;
			allocated += attempt("a slab", slab.slab.$address, () => Number(slab.slab.inuse), 0);
			for (const first of cpus.lists.get(slab.slab.$address) ?? []) {
				allocated -= attempt("a CPU's slab", slab.slab.$address, () => freelist(cache, slab, first).size, 0);
			}
		}
		return { slabs, objects, allocated };
	}

	/** How a cache cuts its slabs: objects a slab, and the bytes of a slab (oo_objects and oo_order in mm/slub.c). @param {bigint | Struct} where */
	function slab_cache_layout(where) {
		const { x } = k.at("struct kmem_cache", where).oo, OO_SHIFT = 16;
		const value = Number(x);
		return { objects: value & 0xffff, bytes: k.pageSize << Math.min(value >>> OO_SHIFT, 20) };
	}

	/**
	 * The first page of the compound page that a page belongs to. Bit 0 tells the other pages: the rest is the first's address or, in
	 * kernels with compound_info, it may be the mask that makes it out of theirs (_compound_head in include/linux/page-flags.h).
	 * @param {Struct} page @returns {bigint}
	 */
	function compoundHead(page) {
		const info = BigInt(k.fieldIfAny(page, "compound_head", "compound_info") ?? 0), rest = info - 1n;
		if ((info & 1n) === 0n) return page.$address;
		const span = k.wrap(-rest);
		return (span & (span - 1n)) === 0n ? page.$address & rest : rest;
	}

	/**
	 * What an address in a slab belongs to; null where no slab is.
	 * @param {bigint} address
	 * @returns {{cache: Struct, slab: Struct, object: bigint, allocated: boolean} | null} object: where it begins
	 */
	function slab_object_info(address) {
		const physical = space.translate(address);
		if (physical === null) return null;
		return attempt("a slab", address, () => {
			const page = k.phys_to_page(physical & ~BigInt(k.pageSize - 1));
			const slab = slabType.at(compoundHead(page));
			if (!isSlab(slab) || slab.slab_cache === 0n) return null;
			const cache = k.at("struct kmem_cache", slab.slab_cache), of = slabOf(cache, slab.$address), size = BigInt(cache.size);
			const index = (address - of.start) / size;
			if (address < of.start || index >= BigInt(of.objects)) return null;
			const object = of.start + index * size, cpus = taken(cache);
			return { cache, slab, object, allocated: !freeObjects(cache, of, cpus).has(object) && !cpus.sheaves.has(object) };
		}, null);
	}

	/** The cache whose object an address lies in; null where none does. @param {bigint} address @returns {Struct | null} */
	const find_containing_slab_cache = (address) => slab_object_info(address)?.cache ?? null;

	return {
		for_each_slab_cache, find_slab_cache, slab_cache_name, slab_cache_for_each_slab, slab_cache_for_each_node, slab_cache_for_each_allocated_object,
		slab_cache_for_each_allocated_address, slab_cache_usage, slab_cache_layout, slab_object_info, find_containing_slab_cache, search_slabs,
	};
}

/** The bytes of a pointer in the other order (swab). @param {bigint} value @param {number} bytes */
function swapBytes(value, bytes) {
	let turned = 0n;
	for (let i = 0; i < bytes; i++) turned = turned << 8n | value >> BigInt(8 * i) & 0xffn;
	return turned;
}

/** @typedef {ReturnType<typeof make>} Slabs */

/** @type {WeakMap<VM, Slabs>} */
const libraries = new WeakMap();

/** The slab caches of a guest. Throws where it runs no Linux. @param {VM} vm @returns {Slabs} */
module.exports = (vm) => {
	let library = libraries.get(vm);
	if (!library) libraries.set(vm, library = make(vm));
	return library;
};
