// Finds page-table roots: the address spaces of all processes, without knowing the operating system.
"use strict";
const paging = require("svscript/paging");
const { count, plural } = require("svscript/format");
const { findRoots } = require("svscript/heuristics");
const { UsageError } = require("svscript/select");

exports.command = {
	name: "search_roots",
	help: "Search memory for page-table roots: what looks like a root and leads, through tables in RAM, to pages.\n\n"
		+ "kernel: whether it maps the kernel where the CPU's page tables do; user, supervisor: bytes that it maps for each.",
	options: {
		mode: { type: "string", choices: paging.modes, help: "how the tables are laid out, when not as the CPU's" },
		all: { type: "boolean", help: "also what does not map the CPU's kernel" },
	},
};

/** @param {VM} vm @param {{mode?: string, all: boolean}} args */
exports.main = (vm, args) => {
	if (!args.mode && vm.cpus.every((cpu) => (paging.configOf(cpu)?.mode ?? "physical") === "physical")) {
		throw new UsageError("no CPU of the image tells how page tables are laid out: give --mode");
	}
	const line = progress("searching page tables", vm.size);
	const config = args.mode ? { mode: args.mode, root: 0n } : undefined;
	let found = 0, others = 0;
	for (const { root, kernel } of findRoots(vm, { config, onProgress: (bytes) => line.update(bytes) })) {
		if (kernel === false && !args.all) {
			others++;
			continue;
		}
		const space = args.mode ? vm.space(root, /** @type {any} */ (args.mode)) : vm.space(root);
		emit({ root, mode: space.mode, kernel, cpus: cpusOf(vm, space.root).join(" "), ...mapped(space) });
		found++;
	}
	line.done();
	console.error(plural(found, "root") + (others > 0 ? `; ${count(others)} without the CPU's kernel (--all shows them)` : ""));
};

/** The CPUs that run on a root. @param {VM} vm @param {bigint} root */
const cpusOf = (vm, root) => vm.cpus.filter((cpu) => cpu.space.mode !== "physical" && cpu.space.root === root).map((cpu) => cpu.index);

/** The bytes that a space maps; of arm64, in the lower half, which is what a root of its own maps. @param {AddressSpace} space */
function mapped(space) {
	let user = 0, supervisor = 0;
	for (const { flags, size } of space.mappings(space.mode.startsWith("arm64") ? { end: 2n ** 63n } : {})) {
		if (flags.includes("u")) user += size;
		else supervisor += size;
	}
	return { user, supervisor };
}
