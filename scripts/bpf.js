// Lists the BPF programs, maps and links of a Linux guest.
"use strict";
const linux = require("svscript/linux");
const programs = require("svscript/linux-bpf");

exports.command = {
	name: "bpf",
	help: "List the BPF programs of a Linux guest, or its maps or links, as bpftool does.\n\n"
		+ "pids: who holds it open; the kernel may hold it itself, where it is attached. loaded: seconds since boot.",
	options: {
		maps: { type: "boolean", help: "list the maps" },
		links: { type: "boolean", help: "list the links: what attaches a program to where it runs" },
	},
};

/** @param {VM} vm @param {{maps: boolean, links: boolean}} args */
exports.main = function* (vm, args) {
	const k = linux(vm);
	k.need_types("BPF programs");
	const bpf = programs(vm);
	const owners = bpf.bpf_owners();
	const all = args.maps ? bpf.bpf_map_for_each() : args.links ? bpf.bpf_link_for_each() : bpf.bpf_prog_for_each();
	const describe = args.maps ? bpf.bpf_map_info : args.links ? bpf.bpf_link_info : bpf.bpf_prog_info;
	for (const item of all) {
		const info = k.attempt("a BPF object", item.$address, () => describe(item), null);
		if (info) yield { ...info, pids: (owners.get(item.$address) ?? []).map((o) => o.pid) };
	}
	yield* k.reported("bpf");
};
