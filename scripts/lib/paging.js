// svscript/paging: how page tables look, as data. A mode is a list of levels; a level says how many entries its tables have, how
// much one entry maps and which bits are what. layout() turns a CPU's registers into such a list, decode() reads one entry by it.
// What walks the tables is yours to write (the script walk_pagetables is one), or native: AddressSpace.mappings.
//
// Sources: Intel SDM volume 3A chapter 4 (formats of the entries: tables 4-4 to 4-20); Arm ARM DDI 0487 chapter D8; RISC-V
// privileged architecture, "Supervisor-Level ISA".
"use strict";

/**
 * A level of tables.
 * @typedef {object} Level
 * @property {string} table  the manuals' name: "PML4", "PDPT", "PD", "PT"; "L0" …
 * @property {number} number  the manuals' number: x86 PT is 1; arm64 0 to 3; riscv64 4 down to 0
 * @property {bigint} shift  log2 of size
 * @property {bigint} size  bytes that one entry maps
 * @property {number} entries  of one table
 * @property {boolean} last  its entries map pages only
 * @property {bigint} address  bits of an entry: the physical address of the next table, or of a page at the last level
 * @property {bigint} large  bit of an entry: it maps a page although the level is not the last; 0n where there is no such thing
 * @property {bigint} largeAddress  bits of an entry: the physical address of such a page
 * @property {bigint} reserved  bits that must be zero
 * @property {bigint} largeReserved  bits that must be zero in an entry that maps a large page
 * @property {boolean} [pse36]  a large page's address has bits 32 to 39 in bits 13 to 20 of its entry
 * @property {boolean} [noAccess]  the entries have no permissions: they permit all
 * @property {Arm} [arm]
 */

/**
 * What arm64's registers say about the entries of one half.
 * @typedef {object} Arm
 * @property {bigint} output  bits of a physical address
 * @property {boolean} lpa  64 KiB pages with 52-bit addresses: bits 48 to 51 are in bits 12 to 15 of an entry
 * @property {boolean} ds  FEAT_LPA2: bits 50 and 51 are in bits 8 and 9 of an entry
 * @property {boolean} hpd  the permissions in table entries are ignored
 * @property {boolean} hd  the hardware keeps the dirty state
 * @property {boolean} wxn  what is writable is not executable
 */

/**
 * A range of virtual addresses that is translated from one root; most modes have two.
 * @typedef {object} Half
 * @property {bigint} first
 * @property {bigint} last  inclusive
 * @property {bigint} root  physical address of the first table
 * @property {Level[]} levels  the root's first; empty where walks are switched off
 */

/**
 * @typedef {object} Layout
 * @property {string} mode
 * @property {"u32" | "u64"} entry  the type of an entry, for readArray
 * @property {Half[]} halves
 * @property {(level: Level, entry: bigint, index: number) => Entry} decode
 * @property {bigint} physicalMask  and-mask of every physical address: x86's A20 gate
 */

/**
 * What one entry says. Addresses are physical, flags are the entry's own (bits of FLAG). What a table denies and adds changes the
 * flags of all pages beneath, see effective. "bad": the CPU would raise a fault for it.
 * @typedef {{kind: "none"} | {kind: "bad", problem: string} | {kind: "page", address: bigint, flags: number}
 *   | {kind: "table", address: bigint, flags: number, deny: number, add: number}} Entry
 */

/**
 * What decides how addresses are translated.
 * @typedef {object} Config
 * @property {string} mode  one of modes
 * @property {bigint} root  CR3, TTBR0_EL1, or satp's page number times 4096; bits that are not address may be left in
 * @property {boolean} [nxe]  x86: EFER.NXE, without which bit 63 is reserved; true when left out
 * @property {boolean} [pse]  x86-32: CR4.PSE, without which there are no 4 MiB pages; true when left out
 * @property {bigint} [physicalMask]  x86: env.a20_mask
 * @property {bigint} [ttbr1]  arm64
 * @property {bigint} [tcr]  arm64; when left out, both halves have 48 bits
 * @property {bigint} [sctlr]  arm64
 */

/** Flags of a mapping, in the order in which attributes() names them. */
const FLAG = {
	PRESENT: 1 << 0,
	READ: 1 << 1,
	WRITE: 1 << 2,
	EXEC: 1 << 3,
	USER: 1 << 4,
	GLOBAL: 1 << 5,
	ACCESSED: 1 << 6,
	DIRTY: 1 << 7,
	LARGE: 1 << 8,
	WRITE_THROUGH: 1 << 9,
	NO_CACHE: 1 << 10,
	UXN: 1 << 11, // arm64: user code cannot execute
	PXN: 1 << 12, // arm64: the kernel cannot execute
};

const { PRESENT, READ, WRITE, EXEC, USER, GLOBAL, ACCESSED, DIRTY, LARGE, WRITE_THROUGH, NO_CACHE, UXN, PXN } = FLAG;
const FLAG_NAMES = Object.keys(FLAG).map((name) => name.toLowerCase().replace("_", "-"));

/**
 * The permissions as four letters: "rwxu", "r--u", "rw--".
 * @param {number} flags
 */
function permissions(flags) {
	return (flags & READ ? "r" : "-") + (flags & WRITE ? "w" : "-") + (flags & EXEC ? "x" : "-") + (flags & USER ? "u" : "-");
}

/**
 * The names of all flags that are set, as Mapping.attributes has them.
 * @param {number} flags
 */
function attributes(flags) {
	return FLAG_NAMES.filter((_, bit) => flags & (1 << bit));
}

/** The bits from high down to low, inclusive, as the manuals count them. @param {number} high @param {number} low */
const bits = (high, low) => (2n << BigInt(high)) - (1n << BigInt(low));

/**
 * A level; what is left out is 0n.
 * @param {string} table @param {number} number @param {number} shift @param {number} indexBits @param {Partial<Level>} [more]
 * @returns {Level}
 */
function level(table, number, shift, indexBits, more = {}) {
	return {
		table, number, shift: BigInt(shift), size: 1n << BigInt(shift), entries: 2 ** indexBits, last: false,
		address: 0n, large: 0n, largeAddress: 0n, reserved: 0n, largeReserved: 0n, ...more,
	};
}

// x86.

const X86_P = 1, X86_RW = 2, X86_US = 4, X86_PWT = 8, X86_PCD = 16, X86_A = 32, X86_D = 64, X86_PS = 128n, X86_G = 256, X86_XD = 1n << 63n;

const x86Page = bits(51, 12);
const x86Levels = [
	level("PML5", 5, 48, 9, { address: x86Page, reserved: X86_PS }),
	level("PML4", 4, 39, 9, { address: x86Page, reserved: X86_PS }),
	level("PDPT", 3, 30, 9, { address: x86Page, large: X86_PS, largeAddress: bits(51, 30), largeReserved: bits(29, 13) }),
	level("PD", 2, 21, 9, { address: x86Page, large: X86_PS, largeAddress: bits(51, 21), largeReserved: bits(20, 13) }),
	level("PT", 1, 12, 9, { address: x86Page, last: true }),
];

const paeHigh = bits(62, 52); // beyond the physical address; ignored in the long modes
const paeLevels = [
	// Its bits 1, 2 and 5 to 8 are reserved too, but a CPU checks them only when CR3 is loaded (SDM 4.4.1).
	level("PDPT", 3, 30, 2, { address: x86Page, noAccess: true, reserved: X86_XD | paeHigh }),
	level("PD", 2, 21, 9, { address: x86Page, large: X86_PS, largeAddress: bits(51, 21), reserved: paeHigh, largeReserved: bits(20, 13) }),
	level("PT", 1, 12, 9, { address: x86Page, reserved: paeHigh, last: true }),
];

const x86ShortLevels = [
	level("PD", 2, 22, 10, { address: bits(31, 12), large: X86_PS, largeAddress: bits(31, 22), largeReserved: bits(21, 21), pse36: true }),
	level("PT", 1, 12, 10, { address: bits(31, 12), last: true }),
];

/**
 * Completes x86's levels with what control registers decide.
 * @param {Level[]} levels @param {Config} config
 * @returns {Level[]}
 */
function x86Completed(levels, { nxe = true, pse = true }) {
	return levels.map((l) => {
		const reserved = l.reserved | (nxe ? 0n : X86_XD);
		return { ...l, reserved, largeReserved: l.largeReserved | reserved, large: l.pse36 && !pse ? 0n : l.large };
	});
}

/** @type {Entry} */
const NONE = Object.freeze({ kind: "none" });

/** @param {string} problem @returns {Entry} */
const bad = (problem) => ({ kind: "bad", problem });

/** @param {bigint} mask */
const reservedBits = (mask) => bad(`reserved bits 0x${mask.toString(16)} set`);

/** @param {Level} level @param {bigint} entry @returns {Entry} */
function decodeX86(level, entry) {
	const low = Number(entry & 0xfffn);
	if (!(low & X86_P)) return NONE;
	const large = (entry & level.large) !== 0n;
	const wrong = entry & (large ? level.largeReserved : level.reserved);
	if (wrong !== 0n) return reservedBits(wrong);

	let flags = PRESENT;
	if (low & X86_PWT) flags |= WRITE_THROUGH;
	if (low & X86_PCD) flags |= NO_CACHE;
	if (level.noAccess) return { kind: "table", address: entry & level.address, flags, deny: 0, add: 0 };
	flags |= READ;
	if (low & X86_RW) flags |= WRITE;
	if (low & X86_US) flags |= USER;
	if ((entry & X86_XD) === 0n) flags |= EXEC;
	if (low & X86_A) flags |= ACCESSED;
	if (!large && !level.last) {
		const deny = ~flags & (WRITE | USER | EXEC); // a permission holds when all levels give it
		return { kind: "table", address: entry & level.address, flags, deny, add: 0 };
	}
	if (low & X86_D) flags |= DIRTY;
	if (low & X86_G) flags |= GLOBAL;
	let address = entry & level.address;
	if (large) {
		flags |= LARGE;
		address = entry & level.largeAddress;
		if (level.pse36) address |= ((entry >> 13n) & 0xffn) << 32n;
	}
	return { kind: "page", address, flags };
}

// arm64 (VMSAv8-64).

const ARM_VALID = 1, ARM_TABLE = 2, ARM_AP_USER = 1 << 6, ARM_AP_READ_ONLY = 1 << 7, ARM_AF = 1 << 10, ARM_NG = 1 << 11;
// Of the bits from 51 on:
const ARM_DBM = 1, ARM_PXN = 1 << 2, ARM_UXN = 1 << 3;
const ARM_PXN_TABLE = 1 << 8, ARM_UXN_TABLE = 1 << 9, ARM_AP_TABLE_USER = 1 << 10, ARM_AP_TABLE_WRITE = 1 << 11;

/** The granules that TG0 and TG1 of TCR_EL1 name, as log2; 0 is reserved. */
const ARM_GRANULES = [[12, 16, 14, 0], [0, 14, 12, 16]];
/** The sizes of physical addresses that TCR_EL1.IPS names, in bits. */
const ARM_OUTPUT = [32, 36, 40, 42, 44, 48, 52, 56];

/** The field of a register. @param {bigint} value @param {number} high @param {number} low */
const field = (value, high, low) => Number((value >> BigInt(low)) & ((2n << BigInt(high - low)) - 1n));

/**
 * The half that TTBR0_EL1 (n = 0) or TTBR1_EL1 (n = 1) maps. The input size and the granule give the level of the first table, which
 * may be smaller than a page (Arm ARM, D8.2.4 and tables of D8.2.8 to D8.2.10).
 * @param {number} n @param {bigint} ttbr @param {bigint} tcr @param {bigint} sctlr
 * @returns {Half}
 */
function armHalf(n, ttbr, tcr, sctlr) {
	const tsz = n === 0 ? field(tcr, 5, 0) : field(tcr, 21, 16);
	const granule = ARM_GRANULES[n][n === 0 ? field(tcr, 15, 14) : field(tcr, 31, 30)];
	const off = field(tcr, n === 0 ? 7 : 23, n === 0 ? 7 : 23) !== 0; // EPD0, EPD1
	const ds = field(tcr, 59, 59) !== 0 && granule !== 16;
	const lpa = granule === 16 && ARM_OUTPUT[field(tcr, 34, 32)] >= 52;
	const output = Math.min(ARM_OUTPUT[field(tcr, 34, 32)], ds || lpa ? 52 : 48);
	/** @type {Arm} */
	const arm = {
		output: BigInt(output), ds, lpa: lpa && output === 52,
		hpd: field(tcr, 41 + n, 41 + n) !== 0, hd: field(tcr, 40, 40) !== 0, wxn: field(sctlr, 19, 19) !== 0,
	};
	const input = 64 - tsz;
	const minimum = ds || granule === 16 ? 12 : 16, maximum = granule === 16 ? 47 : 48;
	const span = 1n << BigInt(input);
	const half = n === 0 ? { first: 0n, last: span - 1n } : { first: (1n << 64n) - span, last: (1n << 64n) - 1n };
	if (off || granule === 0 || tsz < minimum || tsz > maximum) return { ...half, root: 0n, levels: [] };

	const stride = granule - 3;
	const blocks = (granule === 12 ? 1 : 2) - (ds || lpa ? 1 : 0); // the first level at which an entry may map a block
	const count = Math.ceil((input - granule) / stride);
	/** @type {Level[]} */
	const levels = [];
	for (let number = 4 - count; number <= 3; number++) {
		const shift = granule + stride * (3 - number);
		levels.push(level("L" + number, number, shift, Math.min(stride, input - shift), {
			address: bits(ds ? 49 : 47, granule), last: number === 3, large: number >= blocks && number < 3 ? BigInt(ARM_TABLE) : 0n, arm,
		}));
	}
	// A table is aligned to its size. Of a 52-bit address bits 48 to 51 are in bits 2 to 5.
	const size = BigInt(8 * levels[0].entries);
	const root = output > 48 ? (ttbr & bits(47, 6) & -size) | (((ttbr >> 2n) & 15n) << 48n) : ttbr & bits(47, 1) & -size;
	return { ...half, root, levels };
}

/** TCR_EL1 of a guest of which only a root is known: 48 bits in both halves, 48-bit physical addresses. @param {string} mode */
function armDefaultTCR(mode) {
	const tg = { "arm64-4k": (0n << 14n) | (2n << 30n), "arm64-16k": (2n << 14n) | (1n << 30n), "arm64-64k": (1n << 14n) | (3n << 30n) }[mode];
	return (tg ?? 0n) | 16n | (16n << 16n) | (5n << 32n);
}

/** @param {Level} level @param {bigint} entry @returns {Entry} */
function decodeARM64(level, entry) {
	const low = Number(entry & 0xfffn), high = Number(entry >> 51n); // Numbers are tested faster than BigInts
	if (!(low & ARM_VALID)) return NONE;
	const arm = /** @type {Arm} */ (level.arm);
	if (!(low & ARM_TABLE) && level.large === 0n) return bad("reserved encoding");
	let address = entry & level.address;
	if (arm.ds) address |= ((entry >> 8n) & 3n) << 50n;
	else if (arm.lpa) address |= ((entry >> 12n) & 15n) << 48n;
	if (address >> arm.output !== 0n) return bad("physical address too large");

	if (low & ARM_TABLE && !level.last) {
		let deny = 0, add = 0;
		if (!arm.hpd) {
			if (high & ARM_AP_TABLE_WRITE) deny |= WRITE;
			if (high & ARM_AP_TABLE_USER) deny |= USER;
			if (high & ARM_UXN_TABLE) add |= UXN;
			if (high & ARM_PXN_TABLE) add |= PXN;
		}
		return { kind: "table", address, flags: PRESENT | add, deny, add };
	}
	let flags = PRESENT | READ | EXEC;
	const dirty = arm.hd && (high & ARM_DBM) !== 0; // with DBM a page is writable, and AP[2] tells whether it is clean
	if (!(low & ARM_AP_READ_ONLY) || dirty) flags |= WRITE;
	if (!(low & ARM_AP_READ_ONLY) && dirty) flags |= DIRTY;
	if (low & ARM_AP_USER) flags |= USER;
	if (!(low & ARM_NG)) flags |= GLOBAL;
	if (low & ARM_AF) flags |= ACCESSED;
	if (high & ARM_UXN) flags |= UXN;
	if (high & ARM_PXN) flags |= PXN;
	if (!level.last) {
		flags |= LARGE;
		address &= -level.size;
	}
	return { kind: "page", address, flags };
}

/**
 * Who can execute on arm64: what user code can write the kernel cannot execute, and with SCTLR.WXN nobody can who can write it
 * (Arm ARM, D8.4.1).
 * @param {Arm} arm @param {number} flags
 */
function armExecution(arm, flags) {
	if (flags & WRITE && (flags & USER || arm.wxn)) flags |= PXN;
	if (flags & WRITE && flags & USER && arm.wxn) flags |= UXN;
	return flags & UXN && flags & PXN ? flags & ~EXEC : flags;
}

// RISC-V.

const RISCV_V = 1, RISCV_R = 2, RISCV_W = 4, RISCV_X = 8, RISCV_U = 16, RISCV_G = 32, RISCV_A = 64, RISCV_D = 128;
const RISCV_PBMT = 3n << 61n, RISCV_N = 1n << 63n; // of Svpbmt and Svnapot
/** @type {[number, number][]} */
const RISCV_FLAGS = [
	[RISCV_R, READ], [RISCV_W, WRITE], [RISCV_X, EXEC], [RISCV_U, USER],
	[RISCV_G, GLOBAL], [RISCV_A, ACCESSED], [RISCV_D, DIRTY],
];

const riscvLevels = [4, 3, 2, 1, 0].map((n) =>
	level("L" + n, n, 12 + 9 * n, 9, { address: bits(53, 10), reserved: bits(60, 54), last: n === 0 }));
const sv32Levels = [1, 0].map((n) => level("L" + n, n, 12 + 10 * n, 10, { address: bits(31, 10), last: n === 0 }));

/** @param {Level} level @param {bigint} entry @param {number} index @returns {Entry} */
function decodeRISCV(level, entry, index) {
	const low = Number(entry & 0xffn);
	if (!(low & RISCV_V)) return NONE;
	let wrong = entry & level.reserved;
	if ((entry & RISCV_PBMT) === RISCV_PBMT) wrong |= RISCV_PBMT;
	let address = (entry & level.address) << 2n;
	if (!(low & (RISCV_R | RISCV_W | RISCV_X))) {
		wrong |= entry & (BigInt(RISCV_U | RISCV_A | RISCV_D) | RISCV_PBMT | RISCV_N);
		if (wrong !== 0n) return reservedBits(wrong);
		if (level.last) return bad("reserved encoding");
		const global = low & RISCV_G ? GLOBAL : 0;
		return { kind: "table", address, flags: PRESENT | global, deny: 0, add: global };
	}
	if ((low & (RISCV_R | RISCV_W)) === RISCV_W) wrong |= BigInt(RISCV_W);
	let flags = PRESENT;
	if (!level.last) {
		wrong |= (entry & RISCV_N) | ((address & (level.size - 1n)) >> 2n); // a superpage is aligned to its size
		flags |= LARGE;
	} else if ((entry & RISCV_N) !== 0n) { // Svnapot: 16 like entries map 64 KiB
		if (((address >> 12n) & 15n) !== 8n) wrong |= RISCV_N;
		address = (address & ~0xf000n) | (BigInt(index & 15) << 12n);
	}
	if (wrong !== 0n) return reservedBits(wrong);
	for (const [bit, flag] of RISCV_FLAGS) if (low & bit) flags |= flag;
	return { kind: "page", address, flags };
}

// All modes.

/** @type {Record<string, {bits: number, halves: number, entry: "u32" | "u64", root: bigint, levels: Level[], decode: Layout["decode"]}>} */
const MODES = {
	"x86-32": { bits: 32, halves: 1, entry: "u32", root: bits(31, 12), levels: x86ShortLevels, decode: decodeX86 },
	"x86-pae": { bits: 32, halves: 1, entry: "u64", root: bits(31, 5), levels: paeLevels, decode: decodeX86 },
	"x86-4level": { bits: 48, halves: 2, entry: "u64", root: x86Page, levels: x86Levels.slice(1), decode: decodeX86 },
	"x86-5level": { bits: 57, halves: 2, entry: "u64", root: x86Page, levels: x86Levels, decode: decodeX86 },
	"arm64-4k": { bits: 48, halves: 2, entry: "u64", root: 0n, levels: [], decode: decodeARM64 },
	"arm64-16k": { bits: 48, halves: 2, entry: "u64", root: 0n, levels: [], decode: decodeARM64 },
	"arm64-64k": { bits: 48, halves: 2, entry: "u64", root: 0n, levels: [], decode: decodeARM64 },
	sv32: { bits: 32, halves: 1, entry: "u32", root: bits(33, 12), levels: sv32Levels, decode: decodeRISCV },
	sv39: { bits: 39, halves: 2, entry: "u64", root: bits(55, 12), levels: riscvLevels.slice(2), decode: decodeRISCV },
	sv48: { bits: 48, halves: 2, entry: "u64", root: bits(55, 12), levels: riscvLevels.slice(1), decode: decodeRISCV },
	sv57: { bits: 57, halves: 2, entry: "u64", root: bits(55, 12), levels: riscvLevels, decode: decodeRISCV },
};

/** The names of all modes that layout() knows. */
const modes = Object.keys(MODES);

/**
 * How the tables of an address space are laid out.
 * @param {Config} config
 * @returns {Layout}
 * @throws {RangeError} for a mode that is not known, or one that the registers contradict
 */
function layout(config) {
	const row = MODES[config.mode];
	if (!row) throw new RangeError(`there is no paging mode "${config.mode}"; there are ${modes.join(", ")}`);
	const { mode, physicalMask = (1n << 64n) - 1n } = config;
	const { entry, decode } = row;
	if (decode === decodeARM64) return { mode, entry, decode, physicalMask, halves: armHalves(config) };
	const root = config.root & row.root;
	const levels = decode === decodeX86 ? x86Completed(row.levels, config) : row.levels;
	if (row.halves === 1) return { mode, entry, decode, physicalMask, halves: [{ first: 0n, last: bits(row.bits - 1, 0), root, levels }] };
	const last = bits(row.bits - 2, 0); // addresses are sign-extended
	return { mode, entry, decode, physicalMask, halves: [{ first: 0n, last, root, levels }, { first: bits(63, 0) - last, last: bits(63, 0), root, levels }] };
}

/** @param {Config} config @returns {Half[]} */
function armHalves({ mode, root, ttbr1, tcr, sctlr = 0n }) {
	if (field(sctlr, 25, 25)) throw new RangeError("SCTLR_EL1.EE: page tables in big-endian order are not read here; AddressSpace.mappings does");
	if (!tcr) {
		tcr = armDefaultTCR(mode);
		ttbr1 = ttbr1 || root;
	}
	const granule = /** @type {Record<string, number>} */ ({ "arm64-4k": 12, "arm64-16k": 14, "arm64-64k": 16 })[mode];
	if (ARM_GRANULES[0][field(tcr, 15, 14)] !== granule && ARM_GRANULES[1][field(tcr, 31, 30)] !== granule) {
		throw new RangeError(`mode ${mode} does not agree with TCR_EL1 0x${tcr.toString(16)}, whose granules are others`);
	}
	return [armHalf(0, root, tcr, sctlr), armHalf(1, ttbr1 ?? 0n, tcr, sctlr)];
}

/**
 * The flags of a page, with what the tables above it took and added.
 * @param {Level} level @param {number} own @param {number} deny @param {number} add
 */
function effective(level, own, deny, add) {
	const flags = (own & ~deny) | add;
	return level.arm ? armExecution(level.arm, flags) : flags;
}

/**
 * How a CPU translates addresses, from its registers; the mode is "physical" when it has paging off. null where the image lacks the
 * registers: core files of arm64 and riscv64 have the general ones only.
 * @param {CPU} cpu
 * @returns {Config | null}
 */
function configOf(cpu) {
	/** @type {any} */
	const r = cpu;
	if (r.satp === undefined && r.tcr_el1 === undefined && r.cr0 === undefined) return null;
	if (r.satp !== undefined) {
		const mode = /** @type {Record<number, string>} */ ({ 0: "physical", 8: "sv39", 9: "sv48", 10: "sv57" })[field(r.satp, 63, 60)];
		return { mode: mode ?? "unknown", root: (r.satp & bits(43, 0)) << 12n };
	}
	if (r.tcr_el1 !== undefined) {
		const tcr = r.tcr_el1, sctlr = r.sctlr_el1;
		const granule = field(tcr, 23, 23) ? ARM_GRANULES[0][field(tcr, 15, 14)] : ARM_GRANULES[1][field(tcr, 31, 30)];
		return { mode: sctlr & 1n ? `arm64-${2 ** granule / 1024}k` : "physical", root: r.ttbr0_el1, ttbr1: r.ttbr1_el1, tcr, sctlr };
	}
	// CR0.PG, CR4.PAE, EFER.LMA and CR4.LA57 choose (SDM volume 3A, 4.1.1). A 32-bit emulator saves no EFER: then bit 63 means XD.
	const efer = r.efer ?? 1n << 11n;
	let mode = "x86-4level";
	if (!field(r.cr0, 31, 31)) mode = "physical";
	else if (!field(r.cr4, 5, 5)) mode = "x86-32";
	else if (!field(efer, 10, 10)) mode = "x86-pae";
	else if (field(r.cr4, 12, 12)) mode = "x86-5level";
	const physicalMask = r.a20_mask !== undefined && !(r.a20_mask & (1n << 20n)) ? bits(63, 0) ^ (1n << 20n) : bits(63, 0);
	return { mode, root: r.cr3, nxe: field(efer, 11, 11) !== 0, pse: field(r.cr4, 4, 4) !== 0, physicalMask };
}

module.exports = { FLAG, permissions, attributes, modes, layout, configOf, effective };
