// Searches memory.
"use strict";
const { ascii, hexBytes, incomplete, plural } = require("svscript/format");
const { interval, memoryOptions, rangeOptions, regularExpression, selectMemory, UsageError } = require("svscript/select");

exports.command = {
	name: "find",
	help: "Search memory, and print each hit with the bytes around it.\n\n"
		+ 'Without an option, PATTERN is bytes when it looks like them ("13 37 ?? ff"; ? is any digit), and else text.',
	arguments: [{ name: "PATTERN", type: "string", help: "what to search for" }],
	options: {
		text: { type: "boolean", help: "PATTERN is text, in UTF-8" },
		utf16: { type: "boolean", help: "PATTERN is text, in UTF-16 (as Windows has it)" },
		hex: { type: "boolean", help: "PATTERN is bytes, as deadbeef or 4? ?f" },
		regex: { type: "boolean", help: "PATTERN is a regular expression" },
		u32: { type: "boolean", help: "PATTERN is an integer of 32 bits" },
		u64: { type: "boolean", help: "PATTERN is an integer of 64 bits" },
		pointer: { type: "boolean", help: "PATTERN is an integer as wide as the guest's pointers" },
		align: { type: "size", default: 1, help: "only at multiples of it" },
		limit: { type: "number", short: "n", value: "N", default: 1000, help: "stop after so many hits; 0 is never" },
		...rangeOptions,
		...memoryOptions,
	},
};

const KINDS = ["text", "utf16", "hex", "regex", "u32", "u64", "pointer"];

/** @param {VM} vm @param {any} args */
exports.main = (vm, args) => {
	const memory = selectMemory(vm, args);
	const hits = search(memory, args);
	let count = 0;
	for (const { address, length, bytes } of hits) {
		const around = context(memory, address, length) ?? bytes;
		const physical = memory instanceof AddressSpace ? { physical: memory.translate(address) } : {};
		emit({ address, ...physical, length, bytes: hexBytes(bytes.subarray(0, 16), ""), context: ascii(around) });
		count++;
	}
	console.error(`${plural(count, "hit")}${count === args.limit ? "; there may be more: --limit 0 finds all" : ""}`);
	return incomplete(hits.skipped, "searching");
};

/** @param {Memory} memory @param {any} args */
function search(memory, args) {
	try {
		return memory.scan(pattern(args), { ...interval(args), align: args.align, ...(args.limit > 0 && { limit: args.limit }) });
	} catch (error) {
		if (error instanceof SyntaxError) throw new UsageError(error.message); // the pattern's: it is empty, or would match everywhere
		throw error;
	}
}

/** The pattern as scan takes it. @param {any} args @returns {Pattern} */
function pattern(args) {
	const kinds = KINDS.filter((kind) => args[kind]);
	if (kinds.length > 1) throw new UsageError(`--${kinds.join(" and --")} exclude each other`);
	const text = args.PATTERN;
	switch (kinds[0]) {
		case "text": return { text };
		case "utf16": return { text, encoding: "utf16le" };
		case "hex": return { hex: text };
		case "regex": return regularExpression("PATTERN", text);
		case "u32": return { u32: integer(text) };
		case "u64": return { u64: integer(text) };
		case "pointer": return { pointer: integer(text) };
	}
	return text;
}

/** @param {string} text */
function integer(text) {
	try {
		return BigInt(text);
	} catch {
		throw new UsageError(`PATTERN must be an integer, as 1234 or 0xdeadbeef, not "${text}"`);
	}
}

/** 16 bytes before and 48 behind the start of a hit, as far as its page goes. @param {Memory} memory @param {bigint} address @param {number} length */
function context(memory, address, length) {
	const page = address - (address % 4096n);
	const first = address - 16n > page ? address - 16n : page;
	const end = address + 48n < page + 4096n ? address + 48n : page + 4096n;
	return memory.tryRead(first, Math.max(Number(end - first), Math.min(length, 48)));
}
