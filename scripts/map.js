// Shows what is where in guest-physical memory.
"use strict";

exports.command = {
	name: "map",
	help: "Show the guest-physical map: which RAM block answers at which addresses.",
};

/** @param {VM} vm */
exports.main = (vm) => {
	for (const { base, size, kind, block, offset, name } of vm.ranges) {
		emit({ base, last: base + BigInt(size) - 1n, size, kind, block, offset: block === null ? null : offset, name });
	}
	console.error(`The map rests on: ${vm.mapSource}`);
};
