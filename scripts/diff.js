// Compares the memory of two images.
"use strict";
const { incomplete, plural, size } = require("svscript/format");
const { UsageError, interval, memoryOptions, rangeOptions, selectMemory } = require("svscript/select");

exports.command = {
	name: "diff",
	help: "Compare the memory of two images, and print the ranges that differ.\n\n"
		+ "a and b say what each image has in a range: readable, absent (it lacks the bytes), not-ram, or unmapped.",
	arguments: [{ name: "OTHER", type: "string", help: "the other image" }],
	options: {
		granule: { type: "size", default: 4096, help: "compare in pieces of so many bytes; 1 gives exact ranges" },
		snapshot: { type: "string", value: "NAME", help: "this snapshot of the other image, a qcow2 file" },
		...rangeOptions,
		...memoryOptions,
	},
};

/** @param {VM} vm @param {any} args */
exports.main = (vm, args) => {
	const other = openOther(args);
	const changes = diff(selectMemory(vm, args), selectMemory(other, args), { granule: args.granule, ...interval(args) });
	let count = 0, bytes = 0;
	for (const change of changes) {
		emit({ base: change.base, size: change.size, a: change.a, b: change.b });
		count++;
		bytes += change.size;
	}
	console.error(count === 0 ? "no difference" : `${plural(count, "range")} with ${size(bytes)} differ`);
	return incomplete(changes.skipped, "comparing");
};

/**
 * The user named the file: why it cannot be opened is all there is to say.
 * @param {any} args
 */
function openOther({ OTHER, snapshot }) {
	try {
		return open(OTHER, snapshot === undefined ? {} : { snapshot });
	} catch (error) {
		throw new UsageError(/** @type {Error} */ (error).message);
	}
}
