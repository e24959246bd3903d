// Says what system the guest runs: its kernel, host name, clocks and load, as crash's sys does.
"use strict";
const { hex, plural, sheet, shown, size } = require("svscript/format");
const linux = require("svscript/linux");

exports.command = {
	name: "sysinfo",
	help: "Say what Linux the guest runs, since when, and how what is known of it was found.",
};

/** @param {VM} vm */
exports.main = (vm) => {
	const k = linux(vm, { types: false });
	const { kernel } = k;
	const typed = kernel.hasType("struct task_struct");
	/** @template T @param {string} what @param {() => T} fn @returns {T | null} */
	const attempt = (what, fn) => (typed ? k.attempt(what, kernel.base, fn, null) : null);
	const names = attempt("the kernel's names", k.utsname);
	const clocks = attempt("the clocks", k.clocks);
	const info = {
		release: kernel.release,
		nodename: names && names.nodename,
		version: names && names.version,
		machine: names ? names.machine : kernel.arch,
		mhz: k.cpu_mhz(),
		cpus: [...k.for_each_online_cpu()].length,
		date: clocks && new Date(clocks.date * 1000).toISOString(),
		uptime: clocks && clocks.uptime,
		loadavg: attempt("the load", k.loadavg),
		processes: attempt("the processes", () => [...k.for_each_process()].length),
		tasks: attempt("the tasks", () => [...k.for_each_process_thread()].length),
		memory: vm.size,
		panic: panicOf(k),
		taints: k.taints(),
		banner: kernel.banner,
		base: kernel.base,
		physicalBase: kernel.physicalBase,
		kaslr: kernel.kaslr,
		root: kernel.root,
		mode: kernel.space.mode ?? null,
		evidence: kernel.evidence,
		missing: kernel.missing,
		...(k.skipped.length > 0 ? { complete: false, skipped: k.skipped } : {}),
	};
	k.report("sysinfo");
	return shown(info, text(info));
};

/** The kernel's last words, or null. @param {ReturnType<typeof linux>} k */
function panicOf(k) {
	let last = null;
	k.attempt("the log", k.kernel.base, () => {
		for (const { text } of k.for_each_printk_record()) if (text.startsWith("Kernel panic - not syncing")) last = text;
	}, undefined);
	return last;
}

/** @param {any} info */
function text(info) {
	return sheet([
		["Release", info.release],
		["Version", info.version],
		["Host", info.nodename],
		["Machine", info.machine + (info.mhz ? `, ${info.mhz} MHz` : "")],
		["CPUs", info.cpus],
		["Memory", size(info.memory)],
		["Date", info.date],
		["Uptime", info.uptime === null ? null : duration(info.uptime)],
		["Load", info.loadavg && info.loadavg.map((/** @type {number} */ n) => n.toFixed(2)).join(", ")],
		["Tasks", info.tasks === null ? null : `${plural(info.tasks, "task")} in ${plural(info.processes, "process", "processes")}`],
		["Panic", info.panic],
		["Tainted", info.taints],
		["Kernel at", `${hex(info.base)}, physical ${hex(info.physicalBase)}${info.kaslr === null ? "" : `, moved by ${hex(BigInt.asIntN(64, info.kaslr))}`}`],
		["Page table", info.root === null ? "none" : `${hex(info.root)}, ${info.mode}`],
		["Evidence", info.evidence.join("\n")],
		["Missing", info.missing.join("\n")],
	]);
}

/** 3 days, 02:03:04. @param {number} seconds */
function duration(seconds) {
	const s = Math.floor(seconds), days = Math.floor(s / 86400);
	const clock = [Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60, s % 60].map((n) => String(n).padStart(2, "0")).join(":");
	return days > 0 ? `${plural(days, "day")}, ${clock}` : clock;
}
