// Prints the environment of a process of the guest, or its arguments.
"use strict";
const { shown } = require("svscript/format");
const linux = require("svscript/linux");
const { UsageError } = require("svscript/select");

exports.command = {
	name: "env",
	help: "Print the environment that a process was started with.",
	arguments: [{ name: "PID", type: "number", help: "the process" }],
	options: {
		args: { type: "boolean", help: "the arguments that it was started with, instead" },
	},
};

/** @param {VM} vm @param {{PID: number, args: boolean}} args */
exports.main = function* (vm, args) {
	const k = linux(vm);
	const task = k.find_task(args.PID);
	if (task === null) throw new UsageError(`the guest has no process ${args.PID}`);
	if (k.is_kthread(task)) throw new UsageError(`process ${args.PID} is a kernel thread and has no memory of its own`);
	if (args.args) {
		for (const argument of k.task_argv(task)) yield shown({ argument }, argument);
	} else {
		for (const text of k.task_environ(task)) {
			const [name, ...value] = text.split("=");
			yield shown({ name, value: value.join("=") }, text);
		}
	}
	yield* k.reported("env");
};
