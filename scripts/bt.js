// Shows the call stacks of a Linux guest's CPUs and tasks.
"use strict";
const { address, shown } = require("svscript/format");
const linux = require("svscript/linux");
const stacks = require("svscript/linux-stack");

exports.command = {
	name: "bt",
	help: "Show the call stacks of the CPUs and of every task of a Linux guest, the innermost call first.\n\n"
		+ "The last column says what a frame rests on: pc, the CPU's registers; sleep, where the task will go on; orc, the kernel's unwind tables; fp, frame "
		+ "pointers; regs, saved by an interrupt; scan, a return address found on the stack, which may be of a call that is over.",
	arguments: [{ name: "PID", type: "number", optional: true, rest: true, help: "only these tasks; threads have numbers of their own" }],
	options: {
		cpus: { type: "boolean", help: "only the CPUs" },
	},
};

/** @param {VM} vm @param {{PID: number[], cpus: boolean}} args */
exports.main = function* (vm, args) {
	const k = linux(vm);
	const { cpu_stack_trace, stack_trace, running_on, current_task } = stacks(vm);
	const width = k.kernel.pointerSize;
	/** @param {any} about @param {string} title @param {Iterable<import("svscript/linux-stack").Frame>} trace */
	const show = (about, title, trace) => {
		const frames = [...trace].filter((f) => {
			if (f.found !== "sleep" || k.space.isReadable(f.address)) return true;
			k.skip("a stack", f.sp, `it is lost, or not begun: 0x${address(f.address, width)}, where it goes on, is nowhere`);
			return false;
		});
		const lines = frames.map((f, n) => `  #${String(n).padEnd(3)} ${address(f.sp, width)}  ${(f.symbol ?? "0x" + address(f.address, width)).padEnd(48)} ${f.found}`);
		return shown({ ...about, frames }, [title, ...lines].join("\n"));
	};

	if (args.PID.length === 0) {
		const possible = k.attempt("the CPUs", k.kernel.base, () => new Set(k.for_each_possible_cpu()), null);
		for (const cpu of vm.cpus) {
			const used = !possible || possible.has(cpu.index); // nr_cpus= leaves some to the firmware
			const task = used ? current_task(cpu) : null;
			const pid = task?.pid ?? null, comm = task ? k.task_name(task) : used ? "" : "not used by the kernel";
			yield show({ cpu: cpu.index, pid, comm }, `CPU ${cpu.index}: ${pid === null ? "" : `process ${pid} `}${comm || "what it runs is not known"}`, cpu_stack_trace(cpu, task));
		}
	}
	for (const task of args.cpus ? [] : args.PID.length > 0 ? args.PID.map((pid) => k.task(pid)) : k.for_each_process_thread()) {
		const row = k.attempt("a task", task.$address, () => {
			const { pid } = task, comm = k.task_name(task), state = k.task_state(task);
			const cpu = running_on(task);
			const title = `process ${pid} ${comm}, state ${state}${cpu ? `, on CPU ${cpu.index}` : ""}`;
			return show({ pid, comm, state, cpu: cpu?.index ?? null, task: task.$address }, title, stack_trace(task));
		}, null);
		if (row) yield row;
	}
	const left = k.report("bt");
	if (left) yield left;
};
