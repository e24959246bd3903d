// Prints the symbols of the guest's kernel, as /proc/kallsyms does.
"use strict";
const { shown, shownTogether } = require("svscript/format");
const linux = require("svscript/linux");
const { regularExpression } = require("svscript/select");

exports.command = {
	name: "kallsyms",
	help: "Print the symbols of the guest's Linux kernel and its modules, in the format of /proc/kallsyms.",
	arguments: [{ name: "PATTERN", type: "string", optional: true, help: "only names that match this regular expression; ^name$ for one" }],
	options: {
		address: { type: "address", value: "ADDR", help: "the symbol that this address belongs to" },
	},
};

/** @param {VM} vm @param {{PATTERN?: string, address?: bigint}} args */
exports.main = (vm, args) => {
	const k = linux(vm, { types: false }), { kernel } = k;
	k.report("kallsyms"); // of what was lost of them
	if (args.address !== undefined) {
		const symbol = kernel.symbolize(args.address);
		if (symbol !== null) return shown({ address: args.address, symbol }, symbol);
		console.error(`kallsyms: 0x${args.address.toString(16)} lies in no function or variable of the kernel`);
		return undefined;
	}
	const pattern = args.PATTERN === undefined ? undefined : regularExpression("PATTERN", args.PATTERN);
	if (kernel.symbols(pattern).take(1).toArray().length === 0) console.error("kallsyms: there is no such symbol");
	return shownTogether(kernel.symbols(pattern), () => kernel.kallsyms(pattern));
};
