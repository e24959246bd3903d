// Lists the guest's kernel modules, as /proc/modules does.
"use strict";
const { shown } = require("svscript/format");
const linux = require("svscript/linux");

exports.command = {
	name: "modules",
	help: "List the loaded kernel modules of a Linux guest, in the order and the format of /proc/modules.",
};

/** @param {VM} vm */
exports.main = function* (vm) {
	const k = linux(vm);
	const width = 2 * k.kernel.pointerSize;
	let count = 0;
	for (const { name, base, size, refcount, used_by, state, taints } of k.for_each_module()) {
		const users = used_by.map((user) => user + ",").join("") || "-";
		const text = `${name} ${size} ${refcount ?? "-"} ${users} ${state} 0x${base.toString(16).padStart(width, "0")}${taints ? ` (${taints})` : ""}`;
		yield shown({ name, base, size, refcount, used_by, state, taints }, text);
		count++;
	}
	if (count === 0 && k.skipped.length === 0) console.error("modules: no module is loaded");
	yield* k.reported("modules");
};
