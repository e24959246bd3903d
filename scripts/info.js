// Says what an image is and what it holds.
"use strict";
const { columns, hex, plural, sheet, shown, size } = require("svscript/format");
const { configOf } = require("svscript/paging");

exports.command = {
	name: "info",
	help: "Say what the image is: its format, the machine, memory, CPUs, devices, and what could not be read.",
};

/** @param {VM} vm */
exports.main = (vm) => {
	const info = {
		path: vm.path,
		fileSize: vm.fileSize,
		container: vm.container,
		format: vm.format,
		version: vm.version,
		complete: vm.complete,
		machine: vm.machine,
		arch: vm.arch,
		size: vm.size,
		pageSize: vm.pageSize,
		cpus: vm.cpus.map(describeCPU),
		mapSource: vm.mapSource,
		ranges: vm.ranges,
		blocks: vm.blocks.map((b) => ({ name: b.name, size: b.size })),
		devices: vm.devices.length,
		snapshots: vm.snapshots,
		libvirt: vm.libvirt && { version: vm.libvirt.version, name: domainName(vm.libvirt.xml), wasRunning: vm.libvirt.wasRunning, partial: vm.libvirt.partial },
		warnings: vm.warnings,
	};
	return shown(info, text(info));
};

/** @param {CPU} cpu */
function describeCPU(cpu) {
	/** @type {any} */
	const registers = cpu;
	const base = { index: cpu.index, mode: cpu.mode, cpl: cpu.cpl, halted: cpu.halted, pc: registers.rip ?? registers.eip ?? registers.pc };
	if (!configOf(cpu)) return { ...base, paging: null, root: null }; // a core file may lack the registers that tell
	return { ...base, paging: cpu.space.mode, root: cpu.space.root };
}

/** @param {string} xml */
const domainName = (xml) => /<name>([^<]*)<\/name>/.exec(xml)?.[1] ?? "";

/** @param {ReturnType<typeof describeCPU>} cpu */
function cpuLine(cpu) {
	let tables = "page tables not known";
	if (cpu.paging) tables = cpu.paging === "physical" ? "paging off" : `${cpu.paging} page tables at ${hex(cpu.root ?? 0n)}`;
	return [`CPU ${cpu.index}`, cpu.mode, cpu.pc === undefined ? "" : "at " + hex(cpu.pc), tables, cpu.halted ? "halted" : ""];
}

/** @param {any} info */
function text(info) {
	const { libvirt } = info;
	return sheet([
		["Image", `${info.path || "(no file)"}, ${size(info.fileSize)}${info.complete ? "" : "; INCOMPLETE: its end is missing"}`],
		["Format", info.format + (info.version && ` ${info.version}`) + (info.container ? `, in ${info.container}` : "")],
		["libvirt", libvirt && `domain ${libvirt.name}, ${libvirt.wasRunning ? "running" : "paused"} when saved${libvirt.partial ? "; PARTIAL: saving was interrupted" : ""}`],
		["Machine", [info.machine, info.arch].filter(Boolean).join(", ") || "not known"],
		["Memory", `${size(info.size)} of RAM, in pages of ${size(info.pageSize)}`],
		["CPUs", info.cpus.length > 0 ? columns(info.cpus.map(cpuLine)) : "none in the image"],
		["Map", columns(info.ranges.map((/** @type {any} */ r) => [
			`${hex(r.base, 8)}–${hex(r.base + BigInt(r.size) - 1n, 8)}`, size(r.size), r.kind, r.block ? `${r.block}+${hex(r.offset)}` : "", r.name]))],
		["Map from", info.mapSource],
		["Blocks", columns(info.blocks.map((/** @type {any} */ b) => [b.name, size(b.size)]))],
		["Devices", info.devices > 0 ? plural(info.devices, "section") + " (svscript devices IMAGE lists them)" : "none in the image"],
		["Snapshots", columns(info.snapshots.map((/** @type {any} */ s) => [s.id, s.name, s.date, s.vmStateSize ? size(s.vmStateSize) : "disk only"]))],
		["Warnings", info.warnings.map((/** @type {any} */ w) => (w.section ? w.section + ": " : "") + w.text).join("\n") || "none"],
	]);
}
