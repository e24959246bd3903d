// svscript/heuristics: guesses about memory, each with what it rests on. They are right on guests as they usually are, and say
// nothing about hostile ones.
"use strict";
const paging = require("./paging");

/**
 * What bytes of an entropy usually are: "fill", "sparse", "data", "code", "dense" (compressed or encrypted).
 * @param {number} bits a byte, 0 to 8; of 4 KiB or more: a short piece of random bytes has less
 */
function entropyClass(bits) {
	if (bits < 0.1) return "fill";
	if (bits < 3) return "sparse";
	if (bits < 5.2) return "data";
	return bits < 7.2 ? "code" : "dense";
}

/**
 * Whether a value looks like a pointer into an address space: it is not small, and something is mapped there.
 * @param {AddressSpace} space @param {bigint} value
 */
function isPointer(space, value) {
	if (value < 0x1000n) return false;
	try {
		return space.translate(value) !== null;
	} catch { // a page table is not in the image
		return false;
	}
}

/**
 * Which share of the values in a piece of memory look like pointers, 0 to 1; of those that are not 0. 0 where it cannot be read.
 * @param {AddressSpace} space @param {bigint} address @param {number} count values
 */
function pointerShare(space, address, count) {
	const values = space.tryReadArray(address, "pointer", count);
	if (!values) return 0;
	let pointers = 0, others = 0;
	for (let i = 0; i < values.length; i++) {
		if (values[i] === 0n) continue;
		if (isPointer(space, values[i])) pointers++;
		else others++;
	}
	return pointers === 0 ? 0 : pointers / (pointers + others);
}

/**
 * Where the hardware enters the kernel: system call and interrupt handlers, out of the CPU's registers and x86's interrupt table.
 * @param {CPU} cpu
 * @returns {{name: string, address: bigint}[]} in no order; none where paging is off or the registers are not there
 */
function entryPoints(cpu) {
	/** @type {any} */
	const r = cpu;
	const points = [
		["LSTAR", r.lstar], ["CSTAR", r.cstar], ["SYSENTER_EIP", r.sysenter_eip], ["VBAR_EL1", r.vbar_el1], ["stvec", r.stvec && r.stvec & ~3n],
	].filter(([, address]) => address).map(([name, address]) => ({ name, address }));
	return r.idt ? points.concat(interruptHandlers(cpu)) : points;
}

/**
 * The handlers in x86's interrupt descriptor table (SDM volume 3A, 6.11 and 6.14.1).
 * @param {CPU} cpu
 */
function interruptHandlers(cpu) {
	/** @type {any} */
	const r = cpu;
	const handlers = [];
	const long = cpu.mode === "long" || cpu.mode === "compatibility";
	const size = long ? 16 : 8;
	const count = Math.min(256, Math.floor((Number(r.idt.limit) + 1) / size));
	for (let vector = 0; vector < count; vector++) {
		const gate = cpu.space.tryReadArray(r.idt.base + BigInt(vector * size), "u32", size / 4);
		if (!gate || (gate[1] & 0x8000) === 0 || (gate[1] & 0x600) !== 0x600) continue; // not present, or a task gate
		let address = BigInt(((gate[1] & 0xffff0000) | (gate[0] & 0xffff)) >>> 0);
		if (long) address |= BigInt(gate[2]) << 32n;
		handlers.push({ name: `interrupt ${vector}`, address });
	}
	return handlers;
}

/** @type {Record<string, (b: Uint8Array, at: bigint) => bigint | null>} */
const BRANCHES_OF = { x86_64: x86Target, i386: x86Target, aarch64: arm64Target, riscv64: riscvTarget };

/**
 * Where a function goes at once: the target of the jump or call that it begins with. null where it begins with anything else.
 * @param {string} arch as vm.linux.arch has it @param {Uint8Array} bytes the first 16 @param {bigint} at their address
 * @returns {bigint | null} not cut to the width of a pointer
 */
const branchTarget = (arch, bytes, at) => BRANCHES_OF[arch]?.(bytes, at) ?? null;

/** @param {Uint8Array} b @param {bigint} at @returns {bigint | null} */
function x86Target(b, at) {
	const view = new DataView(b.buffer, b.byteOffset);
	const i = b[0] === 0xf3 && b[1] === 0x0f && b[2] === 0x1e && (b[3] === 0xfa || b[3] === 0xfb) ? 4 : 0; // endbr64, endbr32
	if (b[i] === 0xe8 || b[i] === 0xe9) return at + BigInt(i + 5) + BigInt(view.getInt32(i + 1, true)); // call, jmp rel32
	if (b[i] === 0x48 && b[i + 1] === 0xb8 && b[i + 10] === 0xff && b[i + 11] === 0xe0) return view.getBigUint64(i + 2, true); // mov rax, imm64; jmp rax
	if (b[i] === 0x68 && b[i + 5] === 0xc3) return BigInt(view.getInt32(i + 1, true)); // push imm32; ret
	return null;
}

/** @param {Uint8Array} b @param {bigint} at @returns {bigint | null} */
function arm64Target(b, at) {
	const view = new DataView(b.buffer, b.byteOffset);
	const first = view.getUint32(0, true);
	const bti = first === 0xd503245f || first === 0xd503233f ? 4 : 0; // bti c, paciasp
	const insn = view.getUint32(bti, true);
	if ((insn & 0xfc000000) >>> 0 !== 0x14000000) return null; // b
	return at + BigInt(bti) + BigInt((insn << 6) >> 6) * 4n;
}

/** @param {Uint8Array} b @param {bigint} at @returns {bigint | null} */
function riscvTarget(b, at) {
	const view = new DataView(b.buffer, b.byteOffset);
	const first = view.getUint32(0, true), second = view.getUint32(4, true);
	const half = first & 0xffff;
	if ((half & 0xe003) === 0xa001) { // c.j: imm[11|4|9:8|10|6|7|3:1|5] in bits 12 to 2
		const bit = (/** @type {number} */ from, /** @type {number} */ to) => (half >> from & 1) << to;
		return at + BigInt(-bit(12, 11) | bit(11, 4) | (half >> 9 & 3) << 8 | bit(8, 10) | bit(7, 6) | bit(6, 7) | (half >> 3 & 7) << 1 | bit(2, 5));
	}
	const opcode = first & 0x7f, rd = first >> 7 & 0x1f;
	if (opcode === 0x6f) { // jal: imm[20|10:1|11|19:12] in bits 31 to 12
		return at + BigInt((first >> 31) << 20 | first & 0xff000 | (first >> 20 & 1) << 11 | (first >> 21 & 0x3ff) << 1);
	}
	if (opcode !== 0x17 || (second & 0x707f) !== 0x67 || (second >> 15 & 0x1f) !== rd) return null; // auipc rd; jalr offset(rd)
	return (at + BigInt((first | 0) >> 12 << 12) + BigInt((second | 0) >> 20)) & ~1n;
}

/**
 * The kernel's text: the executable range, without regard to page sizes, that most of the entry points lie in.
 * @param {CPU} cpu
 * @returns {{base: bigint, size: number, entries: number, of: number} | null} entries of so many entry points lie there; null where
 *   there are none, or nothing executable is around them
 */
function kernelText(cpu) {
	const points = entryPoints(cpu);
	/** @type {{base: bigint, size: number, entries: number, of: number}[]} */
	const ranges = [];
	if (points.length === 0) return null;
	for (const { base, size } of cpu.space.mappings({ filter: "x" })) {
		const last = ranges[ranges.length - 1];
		if (last && last.base + BigInt(last.size) === base) last.size += size;
		else ranges.push({ base, size, entries: 0, of: points.length });
	}
	for (const { address } of points) {
		const range = ranges.find((r) => address >= r.base && address < r.base + BigInt(r.size));
		if (range) range.entries++;
	}
	const best = ranges.reduce((a, b) => (b.entries > a.entries ? b : a), { base: 0n, size: 0, entries: 0, of: 0 });
	return best.entries > 0 ? best : null;
}

/**
 * A page-table root that was found.
 * @typedef {object} Root
 * @property {bigint} root  physical address
 * @property {number} tables  tables that were looked at beneath it
 * @property {number} pages  pages that they map
 * @property {boolean | null} kernel  whether it maps the kernel where the first CPU's page tables do; null where that says nothing: no
 *   CPU has paging on, or the kernel has a root of its own (arm64's TTBR1)
 */

/**
 * Page-table roots in guest-physical memory, by self-consistency: every entry of the root that is not 0 leads to a table in RAM whose
 * entries do the same, down to pages. A few branches of each root are followed, not all.
 * @param {VM} vm
 * @param {{config?: import("./paging").Config, onProgress?: (bytes: number) => void}} [options] config: how tables look; when left
 *   out, as those of the first CPU that has paging on. Of arm64's halves, the lower.
 * @returns {Iterable<Root>} in the order of addresses
 * @throws {RangeError} where neither the options nor a CPU tell the mode
 */
function* findRoots(vm, { config, onProgress } = {}) {
	const cpu = vm.cpus.find((c) => (paging.configOf(c)?.mode ?? "physical") !== "physical");
	const chosen = config ?? (cpu && paging.configOf(cpu));
	if (!chosen) throw new RangeError("no CPU of the image has paging on: say what mode to look for");
	const layout = paging.layout(chosen);
	const { levels } = layout.halves[0];
	if (levels.length === 0) throw new RangeError(`walks through the lower half of ${chosen.mode} are switched off`);
	const check = new Checker(vm, layout);
	const landmark = cpu && !chosen.mode.startsWith("arm64") ? kernelLandmark(cpu) : null;

	const perTable = levels[0].entries, perPage = 4096 / check.entrySize;
	for (const { base, size, kind } of vm.extents()) {
		if (kind !== "data") continue; // what is a fill is no table
		for (let page = base + (-base & 0xfffn); page + 0x1000n <= base + BigInt(size); page += 0x1000n) {
			if (onProgress && (page & 0xfffffn) === 0n) onProgress(Number(page));
			const entries = check.read(page, Math.max(perPage, perTable));
			if (!entries) continue;
			const words = new Uint32Array(entries.buffer);
			for (let i = 0; i < perPage; i += perTable) {
				// PAE's roots are small, 128 in a page. The last entry is the kernel's: present, bits 1, 2 and 6 to 8 clear.
				if (perTable === 4 && (words[2 * i + 6] & 0x1c7) !== 1) continue;
				const found = check.root(levels, entries.subarray(i, i + perTable), page);
				const root = page + BigInt(i * check.entrySize);
				if (found) yield { root, ...found, kernel: landmark && mapsLandmark(vm, chosen.mode, root, landmark) };
			}
		}
	}
}

/** An entry point and where the CPU has it in physical memory. @param {CPU} cpu */
function kernelLandmark(cpu) {
	/** @type {any} */
	const r = cpu;
	for (const { address } of [{ address: r.lstar }, ...entryPoints(cpu), { address: r.rip ?? r.eip ?? r.pc }]) {
		const physical = address && cpu.space.translate(address);
		if (physical !== null && physical !== undefined && physical !== 0n) return { address, physical };
	}
	return null;
}

/** @param {VM} vm @param {string} mode @param {bigint} root @param {{address: bigint, physical: bigint}} landmark */
function mapsLandmark(vm, mode, root, landmark) {
	try {
		return vm.space(root, /** @type {any} */ (mode)).translate(landmark.address) === landmark.physical;
	} catch {
		return false;
	}
}

const BRANCHES = 4; // of a table that are followed

/** Checks whether a table looks like one, and those beneath it. */
class Checker {
	/** @param {VM} vm @param {import("./paging").Layout} layout */
	constructor(vm, layout) {
		this.vm = vm;
		this.layout = layout;
		this.entrySize = layout.entry === "u32" ? 4 : 8;
		/** @type {[bigint, bigint][]} */
		this.ram = vm.ranges.filter((r) => r.kind === "ram").map((r) => [r.base, r.base + BigInt(r.size)]);
	}

	/** @param {bigint} address */
	inRAM(address) {
		for (const [base, end] of this.ram) if (address >= base && address < end) return true;
		return false;
	}

	/** Entries of a table; null where the image does not hold all of them. @param {bigint} address @param {number} count */
	read(address, count) {
		return this.entrySize === 4 ? this.vm.tryReadArray(address, "u32", count) : this.vm.tryReadArray(address, "u64", count);
	}

	/**
	 * A root has entries, and those lead to pages.
	 * @param {import("./paging").Level[]} levels @param {Uint32Array | BigUint64Array} entries @param {bigint} address
	 * @returns {{tables: number, pages: number} | null}
	 */
	root(levels, entries, address) {
		const seen = { tables: 0, pages: 0 };
		return this.table(levels, 0, entries, address, seen) && seen.pages > 0 ? seen : null;
	}

	/**
	 * @param {import("./paging").Level[]} levels @param {number} depth
	 * @param {Uint32Array | BigUint64Array | null} entries @param {bigint} address @param {{tables: number, pages: number}} seen
	 * @returns {boolean}
	 */
	table(levels, depth, entries, address, seen) {
		if (!entries) return false;
		const level = levels[depth];
		/** @type {bigint[]} */
		const tables = [];
		let pages = 0;
		for (let i = 0; i < level.entries; i++) {
			if (!entries[i]) continue;
			const e = this.layout.decode(level, BigInt(entries[i]), i);
			if (e.kind === "bad") return false;
			if (e.kind === "none") {
				if (depth === 0 && levels.length > 2) return false; // kernels leave 0 in a root; lower down there are swap entries
			} else if (e.kind === "page") {
				pages++;
			} else if (!this.inRAM(e.address)) {
				return false;
			} else if (tables.length < BRANCHES && e.address !== address) { // not a table that maps itself
				tables.push(e.address);
			}
		}
		if (tables.length === 0 && pages === 0) return depth > 0; // an empty table beneath a root is not unusual
		for (const next of tables) {
			if (!this.table(levels, depth + 1, this.read(next, levels[depth + 1].entries), next, seen)) return false;
		}
		seen.tables++;
		seen.pages += pages;
		return true;
	}
}

module.exports = { branchTarget, entropyClass, isPointer, pointerShare, entryPoints, kernelText, findRoots };
