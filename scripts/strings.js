// Prints the texts in memory.
"use strict";
const { incomplete, plural } = require("svscript/format");
const { UsageError, interval, memoryOptions, rangeOptions, regularExpression, selectMemory } = require("svscript/select");

exports.command = {
	name: "strings",
	help: "Print the printable texts in memory, in the order of addresses.",
	options: {
		pid: { type: "number", value: "PID", help: "in the memory of this process of a Linux guest; addresses are its own" },
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
	const memory = args.pid === undefined ? selectMemory(vm, args) : processMemory(vm, args);
	const found = memory.strings({ min: args.min, encoding: args.encoding, ...interval(args) });
	let count = 0;
	for (const { address, encoding, text } of found) {
		if (wanted && !wanted.test(text)) continue;
		emit({ address, encoding, text });
		count++;
	}
	console.error(plural(count, "string"));
	return incomplete(found.skipped, "reading");
};

/** The memory of a process: the lower half of what its page tables map, which the kernel's own half is no part of. @param {VM} vm @param {any} args */
function processMemory(vm, args) {
	if (args.virtual || args.space !== undefined || args.block !== undefined) throw new UsageError("--pid excludes --virtual, --space and --block");
	const k = require("svscript/linux")(vm), task = k.find_task(args.pid);
	if (!task) throw new UsageError(`there is no process ${args.pid}`);
	const space = k.task_space(task);
	if (!space) throw new UsageError(`process ${args.pid} is a kernel thread: it has no memory of its own`);
	args.to ??= k.kernel.pointerSize === 8 ? 1n << 56n : 0xc0000000n;
	return space;
}
