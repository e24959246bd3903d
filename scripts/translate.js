// Translates a virtual address, and shows every step of the way.
"use strict";
const { columns, hex, shown, size } = require("svscript/format");
const { memoryOptions, spaceOf } = require("svscript/select");

exports.command = {
	name: "translate",
	help: "Translate a virtual address: every page-table entry on the way, then where the physical byte comes from.",
	arguments: [{ name: "VA", type: "address", help: "virtual address" }],
	options: { cpu: { ...memoryOptions.cpu, help: "in which CPU's space" }, space: memoryOptions.space, mode: memoryOptions.mode },
};

/** @param {VM} vm @param {{VA: bigint, cpu: number, space?: bigint, mode?: string}} args */
exports.main = (vm, args) => {
	const space = args.space === undefined ? spaceOf(vm.cpu(args.cpu)) : vm.space(args.space, /** @type {any} */ (args.mode));
	const { walk, physical } = space.explain(args.VA);
	const result = {
		address: args.VA, mode: space.mode, root: space.root,
		steps: walk.steps.map(({ table, index, entryAddress, entry, flags, attributes }) => ({ table, index, entryAddress, entry, flags, attributes })),
		physical: walk.physical, pageSize: walk.pageSize, flags: walk.flags, attributes: walk.attributes,
		fault: walk.fault && walk.fault.message,
		block: physical && physical.block, offset: physical && physical.offset,
		fileOffset: physical && physical.fileOffset, encoding: physical && physical.encoding,
	};

	const steps = walk.steps.map((s) => [`${s.table}[${s.index}]`, `at ${hex(s.entryAddress)}`, `is ${hex(s.entry)}`, describe(s.flags, s.attributes)]);
	const lines = [`${hex(args.VA)} in ${space.mode === "physical" ? "physical memory: paging is off" : `${space.mode}, root ${hex(space.root)}`}`];
	if (steps.length > 0) lines.push(columns(steps, { indent: "  " }));
	if (walk.fault) lines.push(`  not mapped: ${walk.fault.message}`);
	else lines.push(`  physical ${hex(walk.physical ?? 0n)}, in a page of ${size(walk.pageSize ?? 0)}, ${describe(walk.flags, walk.attributes)}`);
	if (physical) lines.push("  " + physical.text);
	return shown(result, lines.join("\n"));
};

/** What the letters say, and the attributes that they do not. @param {string} flags @param {readonly string[]} attributes */
const describe = (flags, attributes) =>
	[flags, ...attributes.filter((name) => !["present", "read", "write", "exec", "user"].includes(name))].join(" ");
