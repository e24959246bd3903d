// Walks the guest's page tables and prints what they map. The walk is written out here, as an example; AddressSpace.mappings is
// the same walk done natively, and much faster. How the entries of each architecture look is in svscript/paging.
"use strict";
const paging = require("svscript/paging");
const { hex, incomplete, plural, size } = require("svscript/format");
const { interval, rangeOptions, UsageError } = require("svscript/select");

exports.command = {
	name: "walk_pagetables",
	help: "Walk the page tables and print the mapped ranges.\n\n"
		+ "A range is a run of virtual addresses that lead to as many physical ones in a row, with the same flags and page size.\n"
		+ "flags: r(ead) w(rite) x (execute) u(ser), as all levels of tables together permit.",
	options: {
		root: { type: "address", help: "physical address of the first table, instead of the CPU's" },
		cr3: { type: "address", help: "the same" },
		mode: { type: "string", choices: paging.modes, help: "how the tables are laid out, instead of the CPU's way" },
		cpu: { type: "number", value: "N", default: 0, help: "whose page tables" },
		...rangeOptions,
		user: { type: "boolean", help: "only what user code can access" },
		physical: { type: "address", help: "only ranges that map this physical address" },
	},
};

/**
 * @param {VM} vm
 * @param {{root?: bigint, cr3?: bigint, mode?: string, cpu: number, from?: bigint, to?: bigint, user: boolean, physical?: bigint}} args
 */
exports.main = (vm, args) => {
	const layout = paging.layout(configure(vm, args));
	const wanted = args.user ? paging.FLAG.USER : 0;
	let ranges = 0, bytes = 0;

	const print = coalesce((base, size, physical, pageSize, flags) => {
		if (args.physical !== undefined && (args.physical < physical || args.physical >= physical + BigInt(size))) return;
		ranges++;
		bytes += size;
		emit({ base, size, physical, pageSize, flags: paging.permissions(flags), attributes: paging.attributes(flags & ~PERMISSIONS).join(" ") });
	});
	const { start, end } = interval(args);
	const skipped = walk(vm, layout, start, end - 1n, (base, last, physical, pageSize, flags) => {
		if ((flags & wanted) === wanted) print.page(base, last, physical, pageSize, flags);
	});
	print.end();
	const roots = [...new Set(layout.halves.filter((half) => half.levels.length > 0).map((half) => hex(half.root)))];
	console.error(`${layout.mode}, root ${roots.join(" and ")}: ${plural(ranges, "range")}, ${size(bytes)}`);
	return incomplete(skipped, "walking the page tables");
};

// What the four letters of flags say already.
const PERMISSIONS = paging.FLAG.PRESENT | paging.FLAG.READ | paging.FLAG.WRITE | paging.FLAG.EXEC | paging.FLAG.USER;

/**
 * The configuration of the CPU, with what the options say instead.
 * @param {VM} vm @param {{root?: bigint, cr3?: bigint, mode?: string, cpu: number}} args
 */
function configure(vm, args) {
	const root = args.root ?? args.cr3;
	const cpu = vm.cpus.length > 0 ? paging.configOf(vm.cpu(args.cpu)) : null;
	if (cpu && cpu.mode !== "physical") return { ...cpu, root: root ?? cpu.root, mode: args.mode ?? cpu.mode };
	if (root !== undefined && args.mode) return { root, mode: args.mode };
	const why = cpu ? "has paging off: its addresses are physical" : "does not tell where its page tables are: the image lacks the registers";
	throw new UsageError(`CPU ${args.cpu} ${why}; --root ADDR with --mode MODE walks tables all the same`);
}

/**
 * Takes a page: its first and last virtual address, the physical one of the first, and the flags that hold for it.
 * @typedef {(base: bigint, last: bigint, physical: bigint, pageSize: bigint, flags: number) => void} OnPage
 */

/** A table that maps itself would be walked without end, and hostile ones for years. No honest guest comes near these bounds. */
const MAX_VISITS = 64; // of one table at one level
const MAX_REPEATS = 1 << 22; // entries of second and later visits, of all tables together

/**
 * Calls page with every page that is mapped from first to last, in the order of addresses.
 * @param {Memory} memory guest-physical
 * @param {import("svscript/paging").Layout} layout
 * @param {bigint} first @param {bigint} last inclusive
 * @param {OnPage} page
 * @returns {{address: bigint, size: number, reason: string}[]} what could not be examined
 */
function walk(memory, layout, first, last, page) {
	/** @type {{address: bigint, size: number, reason: string}[]} */
	const skipped = [];
	/** @type {Map<string, number>} */
	const visits = new Map();
	let repeats = 0;

	/** @param {bigint} low @param {bigint} high @param {string} reason */
	const skip = (low, high, reason) => {
		const previous = skipped[skipped.length - 1];
		const length = Number(high - low + 1n);
		if (previous && previous.reason === reason && previous.address + BigInt(previous.size) === low) previous.size += length;
		else skipped.push({ address: low, size: length, reason });
	};

	/**
	 * The table of levels[depth] at a physical address, as far as it maps low to high. deny and add are what the tables above say.
	 * @param {import("svscript/paging").Level[]} levels @param {number} depth @param {bigint} address
	 * @param {bigint} low @param {bigint} high @param {number} deny @param {number} add
	 */
	const walkTable = (levels, depth, address, low, high, deny, add) => {
		const level = levels[depth];
		const entries = readTable(memory, layout, level, address & layout.physicalMask);
		const indexMask = BigInt(level.entries - 1);
		const from = Number((low >> level.shift) & indexMask), to = Number((high >> level.shift) & indexMask);

		const key = `${level.number} ${address}`;
		const visited = visits.get(key) ?? 0;
		if (visited > 0) repeats += to - from + 1;
		if (visited >= MAX_VISITS || repeats > MAX_REPEATS) {
			skip(low, high, `the ${level.table} at ${hex(address)} has been walked ${visited} times at other addresses`);
			return;
		}
		visits.set(key, visited + 1);

		let base = low - (low % level.size);
		for (let i = from; i <= to; i++, base += level.size) {
			const entry = entries[i];
			if (entry === 0n) continue;
			const start = i === from ? low : base, end = i === to ? high : base + level.size - 1n;
			if (entry === null) {
				skip(start, end, `the ${level.table} at ${hex(address)} is not in the image`);
				continue;
			}
			const e = layout.decode(level, entry, i);
			if (e.kind === "table") {
				walkTable(levels, depth + 1, e.address, start, end, deny | e.deny, add | e.add);
			} else if (e.kind === "page") {
				const physical = (e.address + (start - base)) & layout.physicalMask;
				page(start, end, physical, level.size, paging.effective(level, e.flags, deny, add));
			} else if (e.kind === "bad") {
				skip(start, end, `${e.problem}: ${level.table} entry ${hex(entry)} at ${hex(address + BigInt(i * entrySize(layout)))}`);
			}
		}
	};

	for (const half of layout.halves) {
		const low = first > half.first ? first : half.first, high = last < half.last ? last : half.last;
		if (low <= high && half.levels.length > 0) walkTable(half.levels, 0, half.root, low, high, 0, 0);
	}
	return skipped;
}

/** @param {import("svscript/paging").Layout} layout */
const entrySize = (layout) => (layout.entry === "u32" ? 4 : 8);

/**
 * The entries of a table, in one read. Where the image does not hold all of it, entry by entry: null for those that it lacks.
 * @param {Memory} memory @param {import("svscript/paging").Layout} layout @param {import("svscript/paging").Level} level @param {bigint} address
 * @returns {ArrayLike<bigint | null>}
 */
function readTable(memory, layout, level, address) {
	if (layout.entry === "u32") {
		const table = memory.tryReadArray(address, "u32", level.entries);
		if (table) return BigUint64Array.from(table, BigInt);
	} else {
		const table = memory.tryReadArray(address, "u64", level.entries);
		if (table) return table;
	}
	return Array.from({ length: level.entries }, (_, i) => {
		const at = address + BigInt(i * entrySize(layout));
		if (layout.entry === "u64") return memory.tryReadU64(at);
		const entry = memory.tryReadU32(at);
		return entry === null ? null : BigInt(entry);
	});
}

/**
 * Joins pages that continue each other, in both spaces and with the same flags, into ranges.
 * @param {(base: bigint, size: number, physical: bigint, pageSize: number, flags: number) => void} range
 */
function coalesce(range) {
	let base = 0n, nextBase = 0n, physical = 0n, nextPhysical = 0n, pageSize = 0n, flags = 0;
	const end = () => {
		if (nextBase > base) range(base, Number(nextBase - base), physical, Number(pageSize), flags);
	};
	/** @type {OnPage} */
	const page = (pageBase, pageLast, pagePhysical, size, pageFlags) => {
		if (pageBase !== nextBase || pagePhysical !== nextPhysical || pageFlags !== flags || size !== pageSize) {
			end();
			base = pageBase;
			physical = pagePhysical;
			pageSize = size;
			flags = pageFlags;
		}
		nextBase = pageLast + 1n;
		nextPhysical = physical + (nextBase - base);
	};
	return { page, end };
}
