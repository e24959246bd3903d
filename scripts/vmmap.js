// Lists the memory areas of a process of the guest.
"use strict";
const linux = require("svscript/linux");
const files = require("svscript/linux-fs");
const { UsageError } = require("svscript/select");

exports.command = {
	name: "vmmap",
	help: "List the memory areas of a process.\n\noffset: of the area in its file, in bytes. file: its path, or what it is for: [heap], [stack], [vdso].",
	arguments: [{ name: "PID", type: "number", help: "the process" }],
};

/** @param {VM} vm @param {{PID: number}} args */
exports.main = (vm, args) => {
	const k = linux(vm);
	for (const { start, end, flags, offset, file } of areas(vm, args.PID)) emit({ start, end, size: Number(end - start), flags, offset, file });
	return k.report("vmmap");
};

/**
 * The areas of a process, as /proc/PID/maps has them.
 * @param {VM} vm @param {number} pid
 * @returns {Generator<{start: bigint, end: bigint, flags: string, offset: bigint, dev: [number, number], inode: bigint, file: string}, void>}
 */
function* areas(vm, pid) {
	const k = linux(vm);
	const paths = k.attempt("file names", k.kernel.base, () => files(vm), null);
	const task = k.find_task(pid);
	if (task === null) throw new UsageError(`the guest has no process ${pid}`);
	const mm = k.attempt("a process's memory", task.$address, () => k.task_mm(task), undefined);
	if (mm === undefined) return;
	if (mm === null) throw new UsageError(`process ${pid} is a kernel thread and has no memory of its own`);
	/** @param {StructFields} vma */
	const describe = (vma) => {
		const of = k.vma_file(vma);
		return {
			start: vma.vm_start, end: vma.vm_end, flags: k.vma_flags(vma), offset: of === null ? 0n : BigInt(vma.vm_pgoff) * BigInt(k.pageSize),
			...(of === null ? { dev: /** @type {[number, number]} */ ([0, 0]), inode: 0n } : k.file_id(of)),
			file: of === null ? k.vma_name(vma) : paths?.d_path(of) ?? "(a file)",
		};
	};
	for (const vma of k.for_each_vma(mm)) {
		const area = k.attempt("a memory area", vma.$address, () => describe(vma), null);
		if (area !== null) yield area;
	}
	const gate = k.attempt("[vsyscall]", mm.$address, () => k.gate_vma(mm), null);
	if (gate !== null) yield { ...describe(gate), file: "[vsyscall]" };
}

exports.areas = areas;
