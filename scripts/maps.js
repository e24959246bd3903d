// Prints the memory areas of a process of the guest, as /proc/PID/maps does.
"use strict";
const { shown } = require("svscript/format");
const linux = require("svscript/linux");
const { areas } = require("./vmmap");

exports.command = {
	name: "maps",
	help: "Print the memory areas of a process in the format of /proc/PID/maps.",
	arguments: [{ name: "PID", type: "number", help: "the process" }],
};

/** @param {VM} vm @param {{PID: number}} args */
exports.main = function* (vm, args) {
	const k = linux(vm);
	const width = 25 + 6 * k.kernel.pointerSize - 1; // of what comes before the name: show_vma_header_prefix in fs/proc/task_mmu.c
	const hex = (/** @type {bigint | number} */ n, digits = 8) => n.toString(16).padStart(digits, "0");
	for (const { start, end, flags, offset, dev, inode, file } of areas(vm, args.PID)) {
		const text = `${hex(start)}-${hex(end)} ${flags} ${hex(offset)} ${hex(dev[0], 2)}:${hex(dev[1], 2)} ${inode} `;
		yield shown({ start, end, flags, offset, dev: `${hex(dev[0], 2)}:${hex(dev[1], 2)}`, inode, file },
			file ? `${text.padEnd(width)} ${file.replaceAll("\n", "\\012")}` : text);
	}
	yield* k.reported("maps");
};
