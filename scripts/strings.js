// Prints the texts in memory.
"use strict";
const { incomplete, plural } = require("svscript/format");
const { interval, memoryOptions, rangeOptions, regularExpression, selectMemory } = require("svscript/select");

exports.command = {
	name: "strings",
	help: "Print the printable texts in memory, in the order of addresses.",
	options: {
		min: { type: "number", value: "N", default: 8, help: "the least number of characters, 2 or more" },
		encoding: { type: "string", choices: ["ascii", "utf8", "utf16le", "both"], default: "ascii", help: "both is ascii and utf16le" },
		grep: { type: "string", value: "REGEX", help: "only texts that match this regular expression" },
		...rangeOptions,
		...memoryOptions,
	},
};

/** @param {VM} vm @param {any} args */
exports.main = (vm, args) => {
	const wanted = args.grep === undefined ? null : regularExpression("option --grep", args.grep);
	const found = selectMemory(vm, args).strings({ min: args.min, encoding: args.encoding, ...interval(args) });
	let count = 0;
	for (const { address, encoding, text } of found) {
		if (wanted && !wanted.test(text)) continue;
		emit({ address, encoding, text });
		count++;
	}
	console.error(plural(count, "string"));
	return incomplete(found.skipped, "reading");
};
