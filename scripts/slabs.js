// Lists the slab caches of a Linux guest, or the objects of one.
"use strict";
const { shown, hex } = require("svscript/format");
const linux = require("svscript/linux");
const slabCaches = require("svscript/linux-slab");
const { UsageError } = require("svscript/select");

exports.command = {
	name: "slabs",
	help: "List the slab caches of a Linux guest with how much of each is used, as crash's kmem -s does; or what is in one.\n\n"
		+ "allocated, total: objects. What the CPUs hold ready counts as free, other than in /proc/slabinfo. size: bytes from one object to the next.\n\n"
		+ "svscript slabs IMAGE dentry --type dentry        each allocated dentry\n"
		+ "svscript slabs IMAGE --address 0xffff8880…       the object that this address lies in",
	arguments: [{ name: "CACHE", type: "string", optional: true, help: "list the allocated objects of this cache, by its name or the address of its struct kmem_cache" }],
	options: {
		type: { type: "string", value: "TYPE", help: "show each object of CACHE as this struct" },
		limit: { type: "number", value: "N", help: "at most so many objects" },
		address: { type: "address", value: "ADDR", help: "in place of CACHE: tell which object this address lies in" },
	},
};

/** @param {VM} vm @param {{CACHE?: string, type?: string, limit?: number, address?: bigint}} args */
exports.main = function* (vm, args) {
	const k = linux(vm);
	const slab = slabCaches(vm);
	if (args.address !== undefined) yield whatIs(slab, args.address);
	else if (args.CACHE !== undefined) yield* objects(k, slab, find(k, slab, args.CACHE), args);
	else yield* caches(k, slab);
	yield* k.reported("slabs");
};

/** @param {ReturnType<typeof linux>} k @param {import("svscript/linux-slab").Slabs} library @returns {Generator<any, void>} */
function* caches(k, library) {
	const all = [...library.for_each_slab_cache()];
	library.search_slabs(all.map((cache) => cache.$address));
	for (const cache of all) {
		const row = k.attempt("a slab cache", cache.$address, () => {
			const usage = library.slab_cache_usage(cache), layout = library.slab_cache_layout(cache);
			return {
				name: k.attempt("a slab cache's name", cache.$address, () => library.slab_cache_name(cache), null), object_size: Number(cache.object_size), size: Number(cache.size), allocated: usage.allocated, total: usage.objects,
				slabs: usage.slabs, objects_per_slab: layout.objects, slab_bytes: layout.bytes, cache: cache.$address,
			};
		}, null);
		if (row) yield row;
	}
}

/** @param {ReturnType<typeof linux>} k @param {ReturnType<typeof slabCaches>} slab @param {string} text @returns {StructFields} */
function find(k, slab, text) {
	const cache = /^0x[0-9a-f]+$/i.test(text) ? k.at("struct kmem_cache", BigInt(text)) : slab.find_slab_cache(text);
	if (cache === null) throw new UsageError(`there is no slab cache ${JSON.stringify(text)}: it may be merged with another one whose objects are alike`);
	return cache;
}

/** @param {ReturnType<typeof linux>} k @param {ReturnType<typeof slabCaches>} slab @param {StructFields} cache @param {{type?: string, limit?: number}} args */
function* objects(k, slab, cache, { type, limit = Infinity }) {
	if (type !== undefined && !k.kernel.hasType(type)) throw new UsageError(`the kernel has no type ${JSON.stringify(type)}`);
	let count = 0;
	for (const address of slab.slab_cache_for_each_allocated_address(cache)) {
		if (count++ >= limit) return;
		const value = type === undefined ? null : k.at(type, address);
		const decoded = value && k.attempt("an object", address, () => value.$decode(), null);
		yield shown(value ? { address, value: decoded } : { address }, value ? `${hex(address)} ${value}` : hex(address));
	}
}

/** @param {ReturnType<typeof slabCaches>} slab @param {bigint} address */
function whatIs(slab, address) {
	const info = slab.slab_object_info(address);
	if (!info) throw new UsageError(`${hex(address)} lies in no slab`);
	const name = slab.slab_cache_name(info.cache), offset = Number(address - info.object);
	const row = { address, cache: name, object: info.object, offset, allocated: info.allocated, slab: info.slab.$address };
	return shown(row, `${hex(address)} is byte ${offset} of the ${info.allocated ? "allocated" : "free"} object at ${hex(info.object)} of ${name}`);
}
