// svscript/linux-bpf: the BPF programs, maps and links of a Linux guest, by the names that drgn has for the loops.
//
//	const bpf = require("svscript/linux-bpf")(vm);
//	for (const prog of bpf.bpf_prog_for_each()) console.log(bpf.bpf_prog_info(prog).name);
"use strict";
const linux = require("svscript/linux");
const filesystems = require("svscript/linux-fs");

const MAX_USED_MAPS = 64; // MAX_USED_MAPS, include/linux/bpf_verifier.h

/** @typedef {StructFields} Struct */

/** @param {VM} vm */
function make(vm) {
	const k = linux(vm);
	const { kernel, space, attempt, fieldIfAny } = k;

	/** What an IDR of the BPF system calls holds. @param {string} symbol @param {string} type @returns {Generator<Struct, void>} */
	function* held(symbol, type) {
		const idr = k.symbolIfAny(symbol);
		if (!kernel.hasType(type)) return; // a kernel without BPF
		if (idr === null) return k.skip("BPF", kernel.base, `the kernel has no symbol ${symbol}: it was built without CONFIG_KALLSYMS_ALL, or without BPF system calls`);
		for (const [, at] of k.idr_for_each(idr)) yield k.at(type, at);
	}

	/** An enumerator without its prefix, in lower case: "socket_filter". @param {string} type @param {unknown} value @param {string} prefix */
	function enumerator(type, value, prefix) {
		const name = typeof value === "string" ? value : kernel.hasType(type) ? Object.entries(kernel.type(type).constants).find(([, v]) => BigInt(v) === BigInt(Number(value)))?.[0] : undefined;
		return (name ?? String(value)).replace(prefix, "").toLowerCase();
	}

	/** A program, as `bpftool prog` tells of it. @param {bigint | Struct} prog */
	function bpf_prog_info(prog) {
		prog = k.at("struct bpf_prog", prog);
		const aux = prog.$deref("aux");
		const tag = space.tryRead(prog.$address + BigInt(prog.$type.offsetOf("tag")), 8) ?? [];
		const count = Math.min(Number(aux.used_map_cnt), MAX_USED_MAPS);
		const maps = count === 0 || aux.used_maps === 0n ? [] : [...space.readArray(aux.used_maps, "pointer", count)];
		return {
			id: Number(aux.id), type: enumerator("enum bpf_prog_type", prog.type, "BPF_PROG_TYPE_"), name: aux.name,
			tag: [...tag].map((b) => b.toString(16).padStart(2, "0")).join(""), jited: Number(prog.jited) === 1, instructions: Number(prog.len),
			code: prog.bpf_func, size: Number(prog.jited_len), maps: maps.map((at) => Number(k.at("struct bpf_map", BigInt(at)).id)),
			uid: fieldIfAny(aux, "user.uid.val") ?? aux.$deref("user")?.uid.val ?? null, loaded: Number(aux.load_time / 1_000_000n) / 1000, prog: prog.$address,
		};
	}

	/** A map, as `bpftool map` tells of it. @param {bigint | Struct} map */
	function bpf_map_info(map) {
		map = k.at("struct bpf_map", map);
		return {
			id: Number(map.id), type: enumerator("enum bpf_map_type", map.map_type, "BPF_MAP_TYPE_"), name: map.name, key_size: Number(map.key_size),
			value_size: Number(map.value_size), max_entries: Number(map.max_entries), flags: Number(map.map_flags), map: map.$address,
		};
	}

	/** What attaches a program to where it runs. @param {bigint | Struct} link */
	function bpf_link_info(link) {
		link = k.at("struct bpf_link", link);
		const prog = link.$deref("prog");
		return { id: Number(link.id), type: enumerator("enum bpf_link_type", link.type, "BPF_LINK_TYPE_"), prog: prog === null ? null : Number(prog.$deref("aux").id), link: link.$address };
	}

	/** The processes that hold programs, maps and links open, by the address of the struct. @returns {Map<bigint, {pid: number, comm: string, fd: number}[]>} */
	function bpf_owners() {
		const fs = filesystems(vm), owners = new Map();
		const ops = ["bpf_prog_fops", "bpf_map_fops", "bpf_link_fops", "bpf_link_fops_poll"].flatMap((name) => kernel.symbol(name) ?? []);
		for (const task of k.for_each_process()) {
			for (const { fd, file } of fs.for_each_file(task)) {
				attempt("an open file", file.$address, () => {
					if (ops.includes(file.f_op)) owners.set(file.private_data, [...owners.get(file.private_data) ?? [], { pid: task.pid, comm: task.comm, fd }]);
				}, undefined);
			}
		}
		return owners;
	}

	return {
		bpf_prog_info, bpf_map_info, bpf_link_info, bpf_owners,

		/** The programs. @returns {Generator<Struct, void>} struct bpf_prog */
		bpf_prog_for_each: () => held("prog_idr", "struct bpf_prog"),

		/** The maps. @returns {Generator<Struct, void>} struct bpf_map */
		bpf_map_for_each: () => held("map_idr", "struct bpf_map"),

		/** What attaches programs. @returns {Generator<Struct, void>} struct bpf_link */
		bpf_link_for_each: () => held("link_idr", "struct bpf_link"),
	};
}

/** @typedef {ReturnType<typeof make>} BPF */

/** @type {WeakMap<VM, BPF>} */
const libraries = new WeakMap();

/** The BPF programs of a guest. Throws where it runs no Linux. @param {VM} vm @returns {BPF} */
module.exports = (vm) => {
	let library = libraries.get(vm);
	if (!library) libraries.set(vm, library = make(vm));
	return library;
};
