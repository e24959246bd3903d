// Lists the open files of a Linux guest's processes.
"use strict";
const linux = require("svscript/linux");
const filesystems = require("svscript/linux-fs");
const network = require("svscript/linux-net");
const { UsageError } = require("svscript/select");

exports.command = {
	name: "lsof",
	help: "List the open files of a Linux guest's processes: working directory, program, root, and file descriptors.\n\n"
		+ "name is the path as /proc/PID/fd shows it; of a socket, what it is and its addresses.",
	arguments: [{ name: "PID", type: "number", optional: true, rest: true, help: "only these processes" }],
	options: {
		name: { type: "string", value: "REGEX", help: "only files whose name matches this regular expression" },
		deleted: { type: "boolean", help: "only files that have been removed" },
	},
};

/** @param {VM} vm @param {{PID: number[], name?: string, deleted: boolean}} args */
exports.main = (vm, args) => {
	const k = linux(vm);
	const fs = filesystems(vm);
	const net = network(vm);
	const wanted = args.name === undefined ? null : new RegExp(args.name);

	for (const task of chosen(k, args.PID)) {
		for (const file of k.attempt("open files of a task", task.$address, () => [...files(k, fs, net, task)], [])) {
			if (args.deleted && !file.name.endsWith(" (deleted)")) continue;
			if (wanted && !wanted.test(file.name)) continue;
			emit({ pid: task.pid, comm: task.comm, ...file });
		}
	}
	return k.report("lsof");
};

/** The processes asked for; all where none was. @param {any} k @param {number[]} pids */
function chosen(k, pids) {
	if (pids.length === 0) return k.for_each_task();
	return pids.map((pid) => {
		const task = k.find_task(pid);
		if (!task) throw new UsageError(`there is no process ${pid}`);
		return task;
	});
}

/** @param {any} k @param {any} fs @param {any} net @param {any} task */
function* files(k, fs, net, task) {
	const nothing = { fd: "", type: "", name: "", flags: null, offset: null, inode: null };
	const dir = (/** @type {string} */ fd, /** @type {any} */ path) => ({
		...nothing, fd, type: "dir", name: fs.d_path(path) ?? "?", inode: fs.inode_number(path.$deref("dentry").$deref("d_inode")),
	});
	const pwd = fs.task_root(task, "pwd"), exe = k.task_exe(task);
	if (pwd) yield dir("cwd", pwd);
	if (exe) yield { ...nothing, fd: "exe", type: "reg", name: fs.d_path(exe) ?? "?", inode: fs.inode_number(exe.$deref("f_inode")) };
	if (pwd) yield dir("root", fs.task_root(task));

	for (const { fd, file, cloexec } of fs.for_each_file(task)) {
		const inode = file.$deref("f_inode");
		const socket = net.file_socket(file);
		yield {
			fd: String(fd),
			type: socket ? net.socket_type(socket) : fs.inode_type(inode),
			name: (socket && net.describe(socket)) ?? fs.d_path(file) ?? "?",
			flags: fs.file_flags(file.f_flags, cloexec),
			offset: Number(file.f_pos),
			inode: fs.inode_number(inode),
		};
	}
}
