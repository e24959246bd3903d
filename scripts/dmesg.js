// Prints the guest's kernel log, as dmesg does.
"use strict";
const { shown } = require("svscript/format");
const linux = require("svscript/linux");

const LEVELS = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"];

exports.command = {
	name: "dmesg",
	help: "Print the kernel log of a Linux guest.\n\ntime: seconds since boot. level: 0 (emerg) to 7 (debug).",
	options: {
		level: { type: "string", choices: LEVELS, help: "only records of this level and those more urgent" },
		grep: { type: "string", value: "REGEX", help: "only texts that match this regular expression" },
	},
};

/** @param {VM} vm @param {{level?: string, grep?: string}} args */
exports.main = function* (vm, args) {
	const k = linux(vm, { types: false });
	const most = args.level === undefined ? LEVELS.length : LEVELS.indexOf(args.level);
	const wanted = args.grep === undefined ? null : new RegExp(args.grep);
	let any = false;
	for (const { time, level, facility, seq, text } of k.for_each_printk_record()) {
		any = true;
		if (level > most || (wanted && !wanted.test(text))) continue;
		const stamp = `[${time.toFixed(6).padStart(12)}] `;
		yield shown({ time, level, facility, seq, text }, text.split("\n").map((line) => stamp + line).join("\n"));
	}
	if (!any && k.skipped.length === 0) console.error("dmesg: the log is empty: the kernel still starts, or has cleared it");
	yield* k.reported("dmesg");
};
