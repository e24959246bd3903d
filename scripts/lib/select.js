// svscript/select: the options by which scripts choose a memory and a part of it, and what they stand for.
"use strict";
const paging = require("./paging");

/** Wrong arguments that only main can tell. Its message is for the user. */
class UsageError extends Error {
	get name() {
		return "UsageError";
	}
}

/** Options of a script that works on any memory, for selectMemory. Guest-physical memory is what it works on without them. */
const memoryOptions = {
	virtual: { type: "boolean", short: "v", help: "addresses are virtual, in the space in which the CPU ran" },
	cpu: { type: "number", value: "N", default: 0, help: "which CPU, for --virtual" },
	space: { type: "address", value: "ROOT", help: "addresses are virtual, in the space of the page tables at this physical address" },
	mode: { type: "string", choices: paging.modes, help: "how those page tables are laid out, where it is not as the CPU's" },
	block: { type: "string", value: "NAME", help: "addresses are offsets in this RAM block" },
};

/** Options of a script that works on a range of addresses, for interval. */
const rangeOptions = {
	from: { type: "address", help: "the first address; 0 when left out" },
	to: { type: "address", help: "where to end: behind the last address; the end of the space when left out" },
};

/**
 * @typedef {{virtual: boolean, cpu: number, space?: bigint, mode?: string, block?: string}} MemoryArgs
 * @typedef {{from?: bigint, to?: bigint}} RangeArgs
 */

/**
 * The memory that the options choose.
 * @param {VM} vm @param {MemoryArgs} args
 * @returns {Memory}
 * @throws {UsageError} for options that exclude each other
 */
function selectMemory(vm, args) {
	const chosen = [args.virtual && "--virtual", args.space !== undefined && "--space", args.block !== undefined && "--block"].filter(Boolean);
	if (chosen.length > 1) throw new UsageError(`${chosen.join(" and ")} exclude each other`);
	if (args.mode && args.space === undefined) throw new UsageError("--mode goes with --space");
	if (args.block !== undefined) return vm.block(args.block);
	if (args.space !== undefined) return vm.space(args.space, /** @type {any} */ (args.mode));
	return args.virtual ? spaceOf(vm.cpu(args.cpu)) : vm;
}

/**
 * The space in which a CPU ran.
 * @param {CPU} cpu
 * @throws {UsageError} where the image does not hold the registers that tell, as core files of arm64 and riscv64 do not
 */
function spaceOf(cpu) {
	if (paging.configOf(cpu)) return cpu.space;
	throw new UsageError(`the image does not hold the registers that tell where CPU ${cpu.index} has its page tables; --space ROOT names them`);
}

/**
 * The interval that --from and --to choose, as the methods of Memory take it.
 * @param {RangeArgs} args
 * @returns {{start: bigint, end: bigint}} end is behind the last address
 * @throws {UsageError} when it is empty
 */
function interval({ from = 0n, to = 2n ** 64n }) {
	if (to <= from) throw new UsageError(`--to 0x${to.toString(16)} does not lie behind --from 0x${from.toString(16)}`);
	return { start: from, end: to };
}

/**
 * A regular expression that the user wrote.
 * @param {string} what the argument or option, for the message
 * @param {string} source
 * @throws {UsageError}
 */
function regularExpression(what, source) {
	try {
		return new RegExp(source);
	} catch (error) {
		throw new UsageError(`${what} is no regular expression: ${/** @type {Error} */ (error).message}`);
	}
}

module.exports = { UsageError, memoryOptions, rangeOptions, selectMemory, spaceOf, interval, regularExpression };
