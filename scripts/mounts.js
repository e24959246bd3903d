// Lists what is mounted in a Linux guest.
"use strict";
const linux = require("svscript/linux");
const filesystems = require("svscript/linux-fs");
const { UsageError } = require("svscript/select");

exports.command = {
	name: "mounts",
	help: "List the mounts of a Linux guest, as process 1 sees them.\n\n"
		+ "flags: the options that every file system knows, with which /proc/mounts begins. options: those behind them, of tmpfs, devtmpfs, devpts, ramfs, "
		+ "overlay, ext4, cgroup and cgroup2; empty where the file system has none of its own, and null where it is not known here (xfs, fuse, …).",
	options: {
		pid: { type: "number", value: "PID", help: "as this process sees them: its mount namespace and root" },
		all: { type: "boolean", help: "every mount of the namespace, also those that are not beneath the root" },
	},
};

/** @param {VM} vm @param {{pid?: number, all: boolean}} args */
exports.main = (vm, args) => {
	const k = linux(vm);
	const fs = filesystems(vm);
	const task = args.pid === undefined ? fs.first_task() : k.find_task(args.pid);
	if (!task) throw new UsageError(`there is no process ${args.pid}`);
	const namespace = fs.mount_namespace(task);
	if (!namespace && task.nsproxy === 0n && args.pid !== undefined) throw new UsageError(`process ${task.pid} has no mount namespace: it has ended`);
	if (!namespace) k.skip("the mount namespace of a process", task.$address, "it is lost: the mounts of all namespaces are listed");

	const root = args.all || !namespace ? null : fs.task_root(task);
	for (const mount of namespace ? fs.for_each_mount(namespace) : fs.for_each_mount_of_all()) {
		const info = fs.mount_info(mount, root);
		if (info) emit({ device: info.device, path: info.path, type: info.type, flags: info.flags, options: info.options, id: info.id, parent: info.parent });
	}
	return k.report("mounts");
};
