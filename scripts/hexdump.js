// Dumps memory.
"use strict";
const { ascii, hexBytes, plural, shown } = require("svscript/format");
const { memoryOptions, selectMemory } = require("svscript/select");

exports.command = {
	name: "hexdump",
	help: "Dump memory: 16 bytes a line, in hexadecimal and as text. What the image does not hold is left out, with a note.",
	arguments: [
		{ name: "ADDR", type: "address", help: "where to begin" },
		{ name: "LEN", type: "size", default: 256, help: "how many bytes: 64, 0x1000, 4K" },
	],
	options: memoryOptions,
};

const LINE = 16;

/** @param {VM} vm @param {import("svscript/select").MemoryArgs & {ADDR: bigint, LEN: number}} args */
exports.main = function* (vm, args) {
	const memory = selectMemory(vm, args);
	const end = args.ADDR + BigInt(args.LEN) > 2n ** 64n ? 2n ** 64n : args.ADDR + BigInt(args.LEN);
	let missing = 0;
	for (let line = args.ADDR; line < end; ) {
		// The first line may be shorter, so that the others begin at multiples of 16; and a line lies in one page.
		const next = min(line - (line % BigInt(LINE)) + BigInt(LINE), end);
		const bytes = memory.tryRead(line, Number(next - line));
		if (bytes) {
			yield shown({ address: line, bytes, text: ascii(bytes) }, lineText(line, bytes));
			line = next;
			continue;
		}
		const readable = nextReadable(memory, line, end);
		missing += Number(readable - line);
		yield shown({ address: line, missing: Number(readable - line) }, `${digits(line)}  … ${plural(Number(readable - line), "byte")} that cannot be read`);
		line = readable;
	}
	if (missing > 0) console.error(`hexdump: ${plural(missing, "byte")} cannot be read: nothing is there, or the image does not hold it`);
};

/** @param {bigint} a @param {bigint} b */
const min = (a, b) => (a < b ? a : b);

/** @param {bigint} address */
const digits = (address) => address.toString(16).padStart(address < 2n ** 32n ? 8 : 16, "0");

/** A line with the bytes in their columns: two groups of eight. @param {bigint} address @param {Uint8Array} bytes */
function lineText(address, bytes) {
	const skip = Number(address % BigInt(LINE));
	const cells = [...Array(skip).fill("  "), ...hexBytes(bytes).split(" ")];
	const half = (/** @type {string[]} */ list) => list.join(" ").padEnd(23);
	return `${digits(address - BigInt(skip))}  ${half(cells.slice(0, 8))}  ${half(cells.slice(8))}  ${" ".repeat(skip)}${ascii(bytes)}`;
}

/** The next address that can be read, or end. @param {Memory} memory @param {bigint} from @param {bigint} end */
function nextReadable(memory, from, end) {
	for (const extent of memory.extents({ start: from, end })) {
		const readable = extent.kind === "data" || extent.kind === "fill";
		if (readable && extent.base > from) return extent.base;
		if (readable && extent.base + BigInt(extent.size) > from) { // a line that ends beyond it
			from = extent.base + BigInt(extent.size);
		}
	}
	return end;
}
