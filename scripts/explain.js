// Says where a byte of memory comes from.
"use strict";
const { hex, sheet, shown } = require("svscript/format");
const { UsageError } = require("svscript/select");

exports.command = {
	name: "explain",
	help: "Say where the byte at a physical address comes from: RAM block, place in the file, how its page is stored.\n\n"
		+ "For a virtual address, see translate.",
	arguments: [{ name: "ADDR", type: "address", help: "physical address, or the offset in a block" }],
	options: { block: { type: "string", value: "NAME", help: "ADDR is an offset in this RAM block" } },
};

/** @param {VM} vm @param {{ADDR: bigint, block?: string}} args */
exports.main = (vm, args) => {
	const block = args.block === undefined ? null : vm.block(args.block);
	if (block && args.ADDR >= BigInt(block.size)) throw new UsageError(`ADDR lies beyond the end of ${block.name}, which is ${hex(block.size)}`);
	const e = block ? block.explain(args.ADDR) : vm.explain(args.ADDR);
	return shown({ ...e }, sheet([
		["Address", e.address],
		["Part of", e.range && `${e.range.name} (${e.range.kind}), ${hex(e.range.base)}–${hex(e.range.base + BigInt(e.range.size) - 1n)}`],
		["RAM block", e.block && `${e.block} + ${hex(e.offset ?? 0n)}`],
		["Stored as", e.stored ? (e.fill === null ? e.encoding : `${e.encoding}: every byte is ${hex(e.fill, 2)}`) : "nothing: " + e.text],
		["In the file", e.layers.map((l) => `at ${hex(l.offset)}${l.layer === "file" ? "" : ` of the ${l.layer}`}${l.detail && ` (${l.detail})`}`).join(", ")],
		["Value", e.stored ? hex((block ?? vm).readU8(args.ADDR), 2) : null],
	]));
};
