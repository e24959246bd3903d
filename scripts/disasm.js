// Disassembles memory.
"use strict";
const { hexBytes, shown } = require("svscript/format");
const { memoryOptions, selectMemory, spaceOf, UsageError } = require("svscript/select");

exports.command = {
	name: "disasm",
	help: "Disassemble: x86, arm64, riscv64.\n\n"
		+ "Addresses are virtual, in the space in which the CPU ran, unless options say otherwise.",
	arguments: [
		{ name: "ADDR", type: "address", optional: true, help: "where to begin; where the CPU was, when left out" },
		{ name: "N", type: "number", default: 16, help: "how many instructions" },
	],
	options: {
		cpu: memoryOptions.cpu,
		physical: { type: "boolean", short: "p", help: "addresses are physical" },
		space: memoryOptions.space,
		mode: memoryOptions.mode,
		block: memoryOptions.block,
		bits: { type: "string", choices: ["16", "32", "64"], help: "x86: the mode of the code, where it is not that of CPU 0" },
		gnu: { type: "boolean", help: "x86: as the GNU assembler writes it, not Intel" },
	},
};

/** @param {VM} vm @param {any} args */
exports.main = function* (vm, args) {
	const virtual = !args.physical && args.space === undefined && args.block === undefined;
	const cpu = virtual ? vm.cpu(args.cpu) : null;
	const memory = cpu ? spaceOf(cpu) : selectMemory(vm, { ...args, virtual: false });
	if (virtual || args.space !== undefined) void vm.linux; // once it was asked for, the listing has its symbols
	const instructions = memory.disassemble(args.ADDR ?? programCounter(cpu), args.N, {
		...(args.bits && { bits: Number(args.bits) }), ...(args.gnu && { syntax: "gnu" }),
	});
	for (const { address, bytes, text, symbol } of instructions) {
		const digits = address.toString(16).padStart(address < 2n ** 32n ? 8 : 16, "0");
		yield shown({ address, bytes, text, symbol }, `${digits}  ${hexBytes(bytes).padEnd(bytes.length > 8 ? 44 : 23)}  ${text}${symbol ? `  ; ${symbol}` : ""}`);
	}
	if (instructions.length < args.N) console.error(`disasm: what follows ${instructions.length} of ${args.N} instructions cannot be read`);
};

/** @param {CPU | null} cpu @returns {bigint} */
function programCounter(cpu) {
	if (!cpu) throw new UsageError("ADDR is missing");
	/** @type {any} */
	const r = cpu;
	const pc = r.rip ?? r.eip ?? r.pc;
	return r.cs && cpu.mode !== "long" ? r.cs.base + pc : pc; // in real mode the segment counts
}
