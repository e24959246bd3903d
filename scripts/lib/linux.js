// svscript/linux: the guest's Linux kernel, with the helpers that its own source and drgn have, by the same names:
//
//	const linux = require("svscript/linux")(vm);
//	for (const task of linux.for_each_task()) console.log(task.pid, linux.task_name(task));
//
// A struct is a view as vm.linux.type(name).at(address) gives it: task.comm reads that field. Helpers that take a struct take its
// address as well. Loops are generators: nothing is read before it is asked for. Memory may be damaged or hostile: every loop is
// bounded and survives what it meets; what it had to leave out is in linux.skipped, and report() says it on stderr.
"use strict";
const { hex, plural, shown } = require("./format");

/** @typedef {StructFields} Struct  a struct in the kernel's memory */
/** @typedef {{what: string, address: bigint, reason: string}} Skipped */
/** @typedef {ReturnType<typeof core>} Core  what the parts of the library stand on */

/**
 * What all helpers stand on: types, symbols, and the record of what was left out.
 * @param {VM} vm @param {Linux} kernel
 */
function core(vm, kernel) {
	const { space, pointerSize } = kernel;
	/** @type {Map<string, boolean>} */
	const members = new Map();
	/** @type {Skipped[]} */
	const skipped = [];

	/** Whether a type has a member: has("task_struct", "mm.pgd"). False, too, for a type that there is not. @param {string} type @param {string} path */
	function has(type, path) {
		const key = `${type}.${path}`;
		let known = members.get(key);
		if (known === undefined) {
			try {
				known = kernel.type(type).offsetOf(path) >= 0;
			} catch {
				known = false;
			}
			members.set(key, known);
		}
		return known;
	}

	/**
	 * The value of the first of these members that the struct has: kernels differ in how they name them.
	 * @param {Struct} view @param {...string} paths
	 * @returns {any}
	 */
	function field(view, ...paths) {
		const type = view.$type.name;
		for (const path of paths) if (has(type, path)) return view.$field(path);
		throw new RangeError(`${type} has no member ${paths.join(" or ")}: Linux ${kernel.release} is not known here`);
	}

	/** As field, but undefined when the struct has none of them. @param {Struct} view @param {...string} paths @returns {any} */
	function fieldIfAny(view, ...paths) {
		const type = view.$type.name;
		const path = paths.find((p) => has(type, p));
		return path === undefined ? undefined : view.$field(path);
	}

	/** The address of a symbol. Throws when the kernel has none of these names. @param {...string} names */
	function symbol(...names) {
		const at = symbolIfAny(...names);
		if (at === null) throw new RangeError(`the kernel has no symbol ${names.join(" or ")}`);
		return at;
	}

	/** The address of the first of these symbols that there is, or null. @param {...string} names */
	function symbolIfAny(...names) {
		for (const name of names) {
			const at = kernel.symbol(name);
			if (at !== null) return at;
		}
		return null;
	}

	/** Notes what had to be left out. @param {string} what @param {bigint} address @param {unknown} reason an Error, or text */
	function skip(what, address, reason) {
		const text = reason instanceof Error ? reason.message : String(reason);
		if (skipped.length < MAX_SKIPPED) skipped.push({ what, address, reason: text });
	}

	/** Notes what an error cost. Damaged types lack members, and what is made of those fails in any way. @param {string} what @param {bigint} address @param {unknown} error */
	function failed(what, address, error) {
		if (error instanceof TypeError) skip(what, address, "what it leads to is lost, or its type is damaged");
		else if (error instanceof MemoryError || error instanceof RangeError) skip(what, address, error);
		else throw error;
	}

	/**
	 * What fn returns. Where memory fails it, that is noted, and fallback is returned.
	 * @template T, F
	 * @param {string} what @param {bigint} address @param {() => T} fn @param {F} fallback
	 * @returns {T | F}
	 */
	function attempt(what, address, fn, fallback) {
		try {
			return fn();
		} catch (error) {
			failed(what, address, error);
			return fallback;
		}
	}

	/**
	 * A loop that ends where memory fails it, which is noted.
	 * @template T
	 * @param {string} what @param {bigint} address @param {() => Iterable<T>} items
	 * @returns {Generator<T, void>}
	 */
	function* guard(what, address, items) {
		try {
			yield* items();
		} catch (error) {
			failed(what, address, error);
		}
	}

	// --- What is lost: the one place for each such decision. Lost memory reads as zeros, or as anything.

	/** The printable ASCII text at an address, as all names are that the kernel gives. Throws a RangeError where there is none. @param {bigint} address @param {number} [most] bytes */
	function readName(address, most = 64) {
		const text = space.readCString(address, most);
		if (!/^[ -~]+$/.test(text)) throw new RangeError(`no name is at ${hex(address)}: its memory is lost`);
		return text;
	}

	/**
	 * Whether the page that a member of a struct lies in is lost: as much of the struct as is in it is zeros. A null pointer in it says
	 * nothing then.
	 * @param {Struct} view @param {string} member
	 */
	function isLost(view, member) {
		const type = view.$type, at = view.$address, page = ~4095n & at + BigInt(type.offsetOf(member));
		const start = page > at ? page : at, end = page + 4096n < at + BigInt(type.sizeof) ? page + 4096n : at + BigInt(type.sizeof);
		return space.tryRead(start, Number(end - start))?.every((byte) => byte === 0) ?? true;
	}

	/**
	 * The struct that a pointer leads to; null for a null pointer that is meant. Throws where the pointer or what it leads to is lost.
	 * @param {Struct} view @param {string} member @param {...string} vital members of that struct which are pointers, and never null
	 * @returns {Struct | null}
	 */
	function follow(view, member, ...vital) {
		const to = view.$deref(member);
		if (to === null) {
			if (isLost(view, member)) throw new RangeError(`${view.$type.name} at ${hex(view.$address)} is lost: where its ${member} is, it holds zeros`);
			return null;
		}
		for (const path of vital) {
			if (has(to.$type.name, path) && !space.isReadable(to.$field(path))) throw new RangeError(`${to.$type.name} at ${hex(to.$address)} is lost: its ${path} leads nowhere`);
		}
		return to;
	}

	/** @type {LinuxModule[] | undefined} */
	let loaded;

	/** The loaded modules. What is wrong with their list is noted. @returns {LinuxModule[]} */
	function modules() {
		if (loaded === undefined) {
			const list = symbolIfAny("modules") ?? 0n;
			const found = attempt("the list of modules", list, () => kernel.modules, null);
			if (found !== null && kernel.modulesError !== null) skip("a module", list, kernel.modulesError);
			loaded = found ?? [];
		}
		return loaded;
	}

	/** An address of the width of the kernel's. @param {bigint} address */
	const wrap = (address) => BigInt.asUintN(8 * pointerSize, address);

	return {
		vm, kernel, space, skipped, has, field, fieldIfAny, symbol, symbolIfAny, skip, attempt, guard, wrap, readName, isLost, follow, modules,

		/** Bytes of a pointer and an unsigned long, as a BigInt for arithmetic with addresses. */
		word: BigInt(pointerSize),

		/** Bytes of a page. */
		pageSize: { "arm64-16k": 16384, "arm64-64k": 65536 }[/** @type {string} */ (space.mode)] ?? 4096,

		/** A struct at an address; of a struct, itself. @param {string} type @param {bigint | Struct} where @returns {Struct} */
		at: (type, where) => (typeof where === "bigint" ? kernel.type(type).at(where) : where),

		/** The address of a struct; of an address, itself. @param {bigint | Struct} where @returns {bigint} */
		address: (where) => (typeof where === "bigint" ? where : where.$address),

		/** The struct whose member is at an address. @param {bigint} address @param {string} type @param {string} member @returns {Struct} */
		container_of: (address, type, member) => {
			const t = kernel.type(type);
			return t.at(wrap(address - BigInt(t.offsetOf(member))));
		},

		/** The struct at a symbol: global("init_task", "task_struct"). @param {string} name @param {string} type @returns {Struct} */
		global: (name, type) => kernel.type(type).at(symbol(name)),

		/** Throws where what is asked for needs types that are not inferred. @param {string} what "slab caches" */
		need_types(what) {
			if (kernel.typesFrom === "memory") throw new NoLinuxError(`the layout of ${what} is none of those that could be inferred of Linux ${kernel.release}: a symbol file tells (--symbols)`);
		},

		/**
		 * Says on stderr what was left out so far. A script returns what this returns, so that its output tells too.
		 * @param {string} [script] its name, to begin the lines with
		 */
		report: (script = "linux") => report(kernel, skipped, script),

		/** As report, for a script that yields its rows: the last one, if there is one. @param {string} script */
		*reported(script) {
			const row = report(kernel, skipped, script);
			if (row !== undefined) yield row;
		},
	};
}

const MAX_SKIPPED = 1000;

/** What Linux.missing has of kernels that are whole: they were built so. */
const BUILT_SO = /\(no CONFIG_KALLSYMS_ALL\)$|^the KASLR offset: /;

/** @param {Linux} kernel @param {Skipped[]} skipped @param {string} script */
function report(kernel, skipped, script) {
	for (const text of kernel.missing) if (!BUILT_SO.test(text)) console.error(`${script}: of the kernel is missing: ${text}`);
	if (skipped.length === 0) return undefined;
	const most = 8;
	let told = 0;
	for (const alike of Object.values(Object.groupBy(skipped, ({ what, reason }) => `${what}: ${reason}`)).slice(0, most)) {
		const [{ what, address, reason }, ...more] = /** @type {Skipped[]} */ (alike);
		const at = typeof address === "bigint" ? ` at ${hex(address)}` : ""; // a script that notes things of its own may have none
		console.error(`${script}: ${what}${at}${more.length > 0 ? `, and ${more.length} more like it, are` : " is"} left out: ${reason}`);
		told += 1 + more.length;
	}
	if (skipped.length > told) console.error(`${script}: and ${plural(skipped.length - told, "more part")}`);
	return shown({ complete: /** @type {false} */ (false), skipped: [...skipped] }, `not seen: ${plural(skipped.length, "part")}`);
}

/** There is no Linux in the guest, or nothing says what its types are: the command prints the message alone. */
class NoLinuxError extends Error {
	get name() {
		return "NoLinuxError";
	}
}

/** @param {VM} vm */
function make(vm) {
	if (vm.linux === null) throw new NoLinuxError(vm.linuxError ?? "no Linux kernel");
	const k = core(vm, vm.linux);
	const lists = require("./linux-lists")(k);
	const tasks = require("./linux-tasks")({ ...k, ...lists });
	const memory = require("./linux-mm")({ ...k, ...lists, ...tasks });
	const log = require("./linux-log")(k);
	const system = require("./linux-system")({ ...k, ...lists, ...tasks });
	return { ...k, ...lists, ...tasks, ...memory, ...log, ...system };
}

/** @typedef {ReturnType<typeof make>} LinuxLibrary */

/** @type {WeakMap<VM, LinuxLibrary>} */
const libraries = new WeakMap();

/**
 * The helpers for a guest. Throws a NoLinuxError where it runs no Linux, or one whose types are not known.
 * @param {VM} vm
 * @param {{types?: boolean}} [options] types: false for who can do without
 * @returns {LinuxLibrary}
 */
function linux(vm, { types = true } = {}) {
	let library = libraries.get(vm);
	if (!library) libraries.set(vm, library = make(vm));
	const { kernel } = library;
	if (types && kernel.typesError !== null) throw new NoLinuxError(`the types of Linux ${kernel.release} are not known: ${kernel.typesError}: give one with --symbols`);
	if (types && !TASK.every((member) => library.has("struct task_struct", member))) {
		throw new NoLinuxError(`the types of Linux ${kernel.release} are damaged: little is left of struct task_struct`);
	}
	return library;
}

const TASK = ["tasks", "pid", "comm", "signal", "mm"];

module.exports = Object.assign(linux, { NoLinuxError });
