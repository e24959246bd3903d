// Prints the symbols of the guest's kernel, as /proc/kallsyms does.
"use strict";
const { shown } = require("svscript/format");
const linux = require("svscript/linux");

exports.command = {
	name: "kallsyms",
	help: "Print the symbols of the guest's Linux kernel and its modules, in the format of /proc/kallsyms.",
	arguments: [{ name: "PATTERN", type: "string", optional: true, help: "only names that match this regular expression; ^name$ for one" }],
	options: {
		address: { type: "address", value: "ADDR", help: "the symbol that this address belongs to" },
	},
};

/** @param {VM} vm @param {{PATTERN?: string, address?: bigint}} args */
exports.main = function* (vm, args) {
	const { kernel } = linux(vm, { types: false });
	if (args.address !== undefined) {
		const symbol = kernel.symbolize(args.address);
		if (symbol === null) console.error(`kallsyms: 0x${args.address.toString(16)} lies in no function or variable of the kernel`);
		else yield shown({ address: args.address, symbol }, symbol);
		return;
	}
	const digits = 2 * kernel.pointerSize;
	let found = 0;
	for (const { name, address, type, module } of kernel.symbols(args.PATTERN === undefined ? undefined : new RegExp(args.PATTERN))) {
		yield shown({ address, type, name, module }, `${address.toString(16).padStart(digits, "0")} ${type || "?"} ${name}${module === null ? "" : `\t[${module}]`}`);
		found++;
	}
	if (found === 0) console.error("kallsyms: there is no such symbol");
};
