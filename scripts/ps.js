// Lists the guest's processes, as ps does.
"use strict";
const { shown, size } = require("svscript/format");
const linux = require("svscript/linux");

exports.command = {
	name: "ps",
	help: "List the processes of a Linux guest, or its threads.\n\n"
		+ "state: R running, S sleeping, D in uninterruptible sleep, T stopped, t traced, Z zombie, X dead, I idle kernel thread.\n"
		+ "rss, vsize: bytes of memory in RAM, and of address space. task: the address of the struct task_struct.",
	options: {
		tree: { type: "boolean", help: "children below their parents" },
		threads: { type: "boolean", help: "a line for each thread" },
		args: { type: "boolean", help: "with the arguments that each was started with" },
		sort: { type: "string", choices: ["pid", "ppid", "comm", "state", "uid", "threads", "cpu", "rss", "vsize", "start"], help: "by this column; memory and start from the greatest" },
	},
};

/** @param {VM} vm @param {{tree: boolean, threads: boolean, args: boolean, sort?: string}} args */
exports.main = function* (vm, args) {
	const k = linux(vm);
	const tasks = args.threads ? k.for_each_process_thread() : k.for_each_process();
	/** @type {any[]} */
	const rows = [];
	for (const task of tasks) {
		const row = k.attempt("a task", task.$address, () => describe(k, task, args), null);
		if (row !== null) rows.push(row);
	}
	if (rows.length === 0 && k.skipped.length === 0) console.error("ps: there is no process: the kernel still starts");
	if (args.sort) rows.sort(by(args.sort));
	if (args.tree) for (const { row, depth } of tree(rows)) yield shown({ ...row, depth }, line(row, depth));
	else yield* rows;
	yield* k.reported("ps");
};

/** @param {ReturnType<typeof linux>} k @param {StructFields} task @param {{threads: boolean, args: boolean}} args */
function describe(k, task, args) {
	const { pid, tgid } = task;
	const kthread = k.is_kthread(task);
	const row = {
		...(args.threads ? { tgid } : {}),
		pid,
		ppid: k.task_ppid(task),
		comm: k.task_name(task),
		state: k.task_state(task),
		uid: k.attempt("a task's user", task.$address, () => k.task_uids(task).uid, null),
		threads: k.attempt("a task's threads", task.$address, () => k.task_threads(task), null),
		cpu: k.task_cpu(task),
		...k.attempt("a task's memory", task.$address, () => k.task_memory(task), { rss: null, vsize: null }),
		start: k.task_start(task),
		kthread,
		task: task.$address,
	};
	return args.args ? { ...row, args: kthread ? [] : k.task_argv(task) } : row;
}

/** @param {string} column */
const by = (column) => {
	const order = ["rss", "vsize", "start", "threads"].includes(column) ? -1 : 1;
	return (/** @type {any} */ a, /** @type {any} */ b) => (a[column] < b[column] ? -order : a[column] > b[column] ? order : 0);
};

/** The rows, each behind its parent. @param {any[]} rows @returns {Generator<{row: any, depth: number}, void>} */
function* tree(rows) {
	const known = new Set(rows.map((row) => row.pid));
	/** @type {Map<number, any[]>} */
	const children = new Map();
	for (const row of rows) {
		const parent = row.tgid !== undefined && row.tgid !== row.pid ? row.tgid : row.ppid;
		const of = known.has(parent) && parent !== row.pid ? parent : 0; // one whose parent was lost stands at the left
		children.set(of, [...children.get(of) ?? [], row]);
	}
	/** @param {number} pid @param {number} depth @returns {Generator<{row: any, depth: number}, void>} */
	function* below(pid, depth) {
		const rows = children.get(pid) ?? [];
		children.delete(pid); // parents that damaged memory has made each other's
		for (const row of rows) {
			yield { row, depth };
			yield* below(row.pid, depth + 1);
		}
	}
	yield* below(0, 0);
	for (const pid of [...children.keys()]) yield* below(pid, 0);
}

/** @param {any} row @param {number} depth */
function line(row, depth) {
	const memory = row.kthread ? "" : row.rss === null ? "?" : size(row.rss);
	return `${String(row.pid).padStart(7)} ${row.state}  ${String(row.uid ?? "?").padStart(5)}  ${memory.padStart(9)}  ${"  ".repeat(depth)}${row.args?.length ? row.args.join(" ") : row.kthread ? `[${row.comm}]` : row.comm}`;
}
