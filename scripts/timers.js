// Lists the timers of a Linux guest.
"use strict";
const linux = require("svscript/linux");
const timers = require("svscript/linux-timer");

exports.command = {
	name: "timers",
	help: "List the timers of a Linux guest: those of each CPU's timer wheel, then its high-resolution ones.\n\n"
		+ "expires: in ticks (clock is jiffies), or nanoseconds of its clock. left: seconds from the kernel's last tick. for: the task it wakes, or the work that it starts.",
	options: {
		cpu: { type: "number", value: "N", help: "only those of this CPU" },
		grep: { type: "string", value: "REGEX", help: "only those whose function, task or work matches" },
	},
};

/** @param {VM} vm @param {{cpu?: number, grep?: string}} args */
exports.main = function* (vm, args) {
	const k = linux(vm);
	k.need_types("timers");
	const t = timers(vm);
	const wanted = args.grep === undefined ? null : new RegExp(args.grep);
	for (const cpu of args.cpu === undefined ? k.for_each_online_cpu() : [args.cpu]) {
		for (const kind of ["wheel", "hrtimer"]) {
			const all = kind === "wheel" ? t.for_each_timer(cpu) : t.for_each_hrtimer(cpu);
			for (const timer of k.guard("timers", k.kernel.base, () => all)) {
				const row = k.attempt("a timer", timer.$address, () => (kind === "wheel" ? { clock: "jiffies", ...t.timer_info(timer) } : t.hrtimer_info(timer)), null);
				if (row && (!wanted || wanted.test(`${row.symbol} ${row.for}`))) yield { cpu, ...row };
			}
		}
	}
	yield* k.reported("timers");
};
