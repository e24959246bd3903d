// The command: svscript zeros.js IMAGE [--min SIZE]
"use strict";
const { zeroRuns } = require("./index.js");

exports.command = {
	name: "zeros",
	help: "List the runs of zero pages in the guest's memory.",
	options: {
		min: { type: "size", default: 65536, help: "the smallest run listed" },
	},
};

/** @param {VM} vm @param {{min: number}} args */
exports.main = (vm, args) => {
	let total = 0;
	for (const run of zeroRuns(vm, args)) {
		emit(run);
		total += run.size;
	}
	console.error(`${total} bytes of ${vm.size} are zero`);
};
