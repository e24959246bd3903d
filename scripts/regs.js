// Shows the registers of the CPUs.
"use strict";
const { address, hex, hexBytes, shown } = require("svscript/format");

exports.command = {
	name: "regs",
	help: "Show the registers of the CPUs, as a monitor does.",
	options: {
		cpu: { type: "number", value: "N", help: "only this CPU" },
		all: { type: "boolean", help: "with floating point, vector, debug and model-specific registers" },
	},
};

/** @param {VM} vm @param {{cpu?: number, all: boolean}} args */
exports.main = function* (vm, args) {
	const cpus = args.cpu === undefined ? vm.cpus : [vm.cpu(args.cpu)];
	if (cpus.length === 0) console.error("regs: the image holds no CPU");
	for (const cpu of cpus) {
		const { index, mode, cpl, halted, registers } = cpu;
		yield shown({ cpu: index, mode, cpl, halted, ...registers }, text(cpu, args.all));
	}
};

/** Registers that people look for first, by architecture: the general ones and those of the system, in lines. */
const SHEETS = {
	x86_64: [["rax rbx rcx rdx", "rsi rdi rbp rsp", "r8 r9 r10 r11", "r12 r13 r14 r15", "cr0 cr2 cr3 cr4", "rip efer cr8"], ["rflags"]],
	i386: [["eax ebx ecx edx", "esi edi ebp esp", "cr0 cr2 cr3 cr4", "eip"], ["eflags"]],
	aarch64: [
		["x0 x1 x2 x3", "x4 x5 x6 x7", "x8 x9 x10 x11", "x12 x13 x14 x15", "x16 x17 x18 x19", "x20 x21 x22 x23", "x24 x25 x26 x27", "x28 x29 x30 sp", "pc"],
		["pstate", "ttbr0_el1 ttbr1_el1 tcr_el1", "sctlr_el1 vbar_el1 elr_el1", "esr_el1 far_el1 spsr_el1"],
	],
	riscv64: [
		["x1 x2 x3 x4", "x5 x6 x7 x8", "x9 x10 x11 x12", "x13 x14 x15 x16", "x17 x18 x19 x20", "x21 x22 x23 x24", "x25 x26 x27 x28", "x29 x30 x31 pc"],
		["satp stvec sepc", "scause stval sstatus", "mstatus mepc mtvec"],
	],
};

const SEGMENTS = ["cs", "ss", "ds", "es", "fs", "gs", "ldt", "tr"];

/** @param {CPU} cpu @param {boolean} all */
function text(cpu, all) {
	/** @type {Record<string, any>} */
	const registers = cpu.registers;
	const width = cpu.arch === "i386" ? 4 : 8;
	const lines = [`CPU ${cpu.index}: ${cpu.mode}, privilege ${cpu.cpl}${cpu.halted ? ", halted" : ""}`];
	const seen = new Set(SEGMENTS);
	const label = 4;

	for (const group of /** @type {Record<string, string[][]>} */ (SHEETS)[cpu.arch] ?? []) {
		const names = group.map((line) => line.split(" ").filter((name) => registers[name] !== undefined));
		const widest = Math.max(...names.flat().map((name) => name.length));
		for (const line of names) {
			const cells = line.map((name) => `${name.padStart(Math.max(widest, 4))} ${address(registers[name], width)}`);
			if (cells.length > 0) lines.push("  " + cells.join("  ") + flagLetters(line, registers));
			line.forEach((name) => seen.add(name));
		}
	}
	for (const name of SEGMENTS) {
		const s = registers[name];
		if (s) lines.push(`  ${name.padStart(label)} ${address(s.selector, 2)}  base ${address(s.base, width)}  limit ${address(s.limit, 4)}  flags ${address(s.flags, 4)}`);
	}
	for (const name of ["gdt", "idt"]) {
		const s = registers[name];
		seen.add(name);
		if (s) lines.push(`  ${name.padStart(label)}       base ${address(s.base, width)}  limit ${address(s.limit, 4)}`);
	}
	if (all) {
		for (const [name, value] of Object.entries(registers)) {
			if (seen.has(name) || Array.isArray(value)) continue; // an array has the registers that are there one by one, too
			lines.push(`  ${name.padStart(label)} ${typeof value === "bigint" ? hex(value) : show(value)}`);
		}
	}
	return lines.join("\n");
}

/** @param {any} value */
const show = (value) => (value instanceof Uint8Array ? hexBytes(value) : Object.entries(value).map(([k, v]) => `${k} ${hex(/** @type {bigint} */ (v))}`).join("  "));

/** RFLAGS as QEMU's monitor shows it: [--Z-P--]. @param {string[]} line @param {Record<string, any>} registers */
function flagLetters(line, registers) {
	const flags = registers.rflags ?? registers.eflags;
	if (flags === undefined || !line.some((name) => name.endsWith("flags"))) return "";
	/** @type {[string, bigint][]} */
	const letters = [["D", 10n], ["O", 11n], ["S", 7n], ["Z", 6n], ["A", 4n], ["P", 2n], ["C", 0n]];
	return ` [${letters.map(([letter, bit]) => (flags & (1n << bit) ? letter : "-")).join("")}]`;
}
