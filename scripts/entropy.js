// Shows how random memory is, piece by piece.
"use strict";
const { bar, incomplete, shown, size } = require("svscript/format");
const { entropyClass } = require("svscript/heuristics");
const { interval, memoryOptions, rangeOptions, selectMemory } = require("svscript/select");

exports.command = {
	name: "entropy",
	help: "Show the entropy of memory by pieces: 0 bits a byte is a fill, 8 is random (encrypted or compressed).",
	options: {
		window: { type: "size", help: "bytes of a piece; when left out, so many that there are about 64 pieces" },
		...rangeOptions,
		...memoryOptions,
	},
};

/** @param {VM} vm @param {any} args */
exports.main = function* (vm, args) {
	const memory = selectMemory(vm, args);
	const { start, end } = interval(args);
	const windows = memory.entropy({ start, end, window: args.window ?? windowFor(memory, start, end) });
	for (const { base, size: bytes, read, entropy } of windows) {
		const kind = entropyClass(entropy);
		const unread = read < bytes ? `; only ${size(read)} of it can be read` : "";
		yield shown({ base, size: bytes, read, entropy, class: kind },
			`${base.toString(16).padStart(base < 2n ** 32n ? 8 : 16, "0")}  ${size(bytes).padStart(8)}  ${entropy.toFixed(2)}  ${bar(entropy / 8, 32)}  ${kind}${unread}`);
	}
	const unseen = incomplete(windows.skipped, "reading");
	if (unseen) yield unseen;
};

/** A power of two of which about 64 make the memory. @param {Memory} memory @param {bigint} start @param {bigint} end */
function windowFor(memory, start, end) {
	const bytes = memory.extents({ start, end }).reduce((sum, e) => sum + (e.kind === "data" || e.kind === "fill" ? e.size : 0), 0);
	return 2 ** Math.max(12, Math.ceil(Math.log2(Math.max(bytes, 1) / 64)));
}
