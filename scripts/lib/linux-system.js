// Part of svscript/linux: modules, and the system as a whole.
"use strict";

/** @typedef {import("./linux-tasks").Lists & ReturnType<typeof import("./linux-tasks")>} Tasks */
/** @typedef {{name: string, base: bigint, size: number, refcount: number | null, used_by: string[], state: string, address: bigint, taints: string | null}} Module  null: not known */

const STATES = { live: "Live", coming: "Loading", going: "Unloading" };

// Letters of taints by bit (taint_flags in kernel/panic.c), and those of them that a module can have.
const KERNEL_TAINTS = "PFSRMBUDAWCIOELKXTN", MODULE_TAINTS = "PFCOEKXTN";

const MAX_DATE = 2 ** 33, DAY = 86400; // seconds; in the year 2242

/** @param {Tasks} k */
module.exports = (k) => {
	const { kernel, space, attempt, has } = k;

	/** The loaded modules, the newest first, as /proc/modules tells of them. @returns {Generator<Module, void>} */
	function* for_each_module() {
		for (const m of k.modules()) {
			for (const text of m.missing) k.skip("a module", m.address, text);
			if (m.state === "unformed") continue;
			const { refcount, used_by } = attempt("a module's users", m.address, () => usersOf(m.address), { refcount: null, used_by: [] });
			const taints = attempt("a module's taints", m.address, () => k.fieldIfAny(k.at("struct module", m.address), "taints") ?? null, null);
			yield {
				name: m.name, base: m.base, size: m.size, refcount, used_by,
				state: /** @type {Record<string, string>} */ (STATES)[m.state] ?? "", address: m.address,
				taints: taints === null ? null : [...KERNEL_TAINTS].filter((letter, bit) => MODULE_TAINTS.includes(letter) && BigInt(taints) >> BigInt(bit) & 1n).join(""),
			};
		}
	}

	/** The count is null without CONFIG_MODULE_UNLOAD, and where it is not known. @param {bigint} address of a struct module @returns {{refcount: number | null, used_by: string[]}} */
	function usersOf(address) {
		const module = k.at("struct module", address);
		if (!has("struct module", "refcnt")) return { refcount: null, used_by: [] };
		const MODULE_REF_BASE = 1; // kernel/module/main.c
		const used_by = [];
		for (const use of k.list_for_each_entry(address + BigInt(module.$type.offsetOf("source_list")), "struct module_use", "source_list")) {
			used_by.push(use.$deref("source").name);
		}
		if (has("struct module", "init") && module.init !== 0n && module.exit === 0n) used_by.push("[permanent]");
		return { refcount: module.refcnt.counter - MODULE_REF_BASE, used_by };
	}

	/** The kernel's names for itself and its host: struct new_utsname. @returns {{sysname: string, nodename: string, release: string, version: string, machine: string, domainname: string}} */
	function utsname() {
		const names = kernel.type("struct uts_namespace").at(k.symbol("init_uts_ns")).name.decode();
		if (!/^[ -~]+$/.test(names.release) || !/^[ -~]+$/.test(names.machine)) throw new RangeError("they are lost: struct new_utsname holds no text");
		return names;
	}

	/** The load of the last 1, 5 and 15 minutes. @returns {number[]} */
	function loadavg() {
		const FIXED_1 = 2048; // FSHIFT is 11, include/linux/sched/loadavg.h
		return [...space.readArray(k.symbol("avenrun"), kernel.pointerSize === 8 ? "u64" : "u32", 3)].map((n) => (Number(n) + FIXED_1 / 200) / FIXED_1);
	}

	/** The kernel's clock at its last tick: struct timekeeper; null where it is not known. */
	function timekeeper() {
		const at = k.symbolIfAny("timekeeper_data", "tk_core");
		if (at === null || !kernel.hasType("struct timekeeper")) return null;
		const offset = has("struct tk_data", "timekeeper") ? BigInt(kernel.type("struct tk_data").offsetOf("timekeeper")) : k.word; // behind a sequence counter, aligned
		return kernel.type("struct timekeeper").at(at + offset);
	}

	/** What CLOCK_MONOTONIC said at that tick, in nanoseconds. @param {bigint | StructFields} tk struct timekeeper @returns {bigint} */
	function monotonic(tk) {
		const { tkr_mono: mono } = k.at("struct timekeeper", tk);
		return mono.base + (mono.xtime_nsec >> BigInt(mono.shift));
	}

	/** The kernel's clocks at its last tick: the date in seconds since 1970, and the seconds since boot. @returns {{date: number, uptime: number} | null} */
	function clocks() {
		const tk = timekeeper();
		if (tk === null) return null;
		const date = Number(tk.xtime_sec), uptime = Number((monotonic(tk) + tk.offs_boot) / 1000n) / 1e6;
		if (date < 0 || date > MAX_DATE || uptime < 0 || uptime > date + DAY) throw new RangeError("they are lost, or the kernel still starts and has not set them");
		return { date, uptime };
	}

	/** The clock rate of the first CPU, where the kernel keeps it; else null. */
	function cpu_mhz() {
		const at = k.symbolIfAny("cpu_khz");
		const khz = at === null ? null : space.tryReadU32(at);
		return khz ? Math.round(khz / 1000) : null;
	}

	/** Why the kernel says that it is tainted: letters as in /proc/sys/kernel/tainted's documentation; "" when it is not. */
	function taints() {
		const at = k.symbolIfAny("tainted_mask");
		const mask = at === null ? 0n : space.tryReadPointer(at) ?? 0n;
		return [...KERNEL_TAINTS].filter((_, bit) => mask >> BigInt(bit) & 1n).join("");
	}

	return { cpu_mhz, taints, for_each_module, utsname, loadavg, timekeeper, monotonic, clocks };
};
