// Prints a file out of a Linux guest's page cache.
"use strict";
const linux = require("svscript/linux");
const filesystems = require("svscript/linux-fs");
const { plural, shown, size } = require("svscript/format");
const { UsageError } = require("svscript/select");

exports.command = {
	name: "cat",
	help: "Print a file of a Linux guest out of its page cache: its bytes as they are.\n\n"
		+ "svscript cat IMAGE /bin/sh >sh\n\n"
		+ "Where it is not in memory there are zeros, and stderr says where that is. With --json each run is a line, with its offset and the bytes in "
		+ "hexadecimal digits, or why they are not there.",
	arguments: [{ name: "PATH", type: "string", optional: true, help: "absolute, as process 1 sees it" }],
	options: {
		inode: { type: "address", value: "ADDRESS", help: "in place of PATH: that of a struct inode, as `files` lists them" },
		pid: { type: "number", value: "PID", help: "PATH is as this process sees it" },
		fd: { type: "number", value: "FD", help: "in place of PATH: what process --pid has open as this descriptor" },
		start: { type: "size", default: 0, help: "from this offset on" },
		length: { type: "size", help: "at most so many bytes" },
		hexdump: { type: "boolean", help: "with offsets, and digits beside the text" },
	},
};

/** @param {VM} vm @param {any} args */
exports.main = function* (vm, args) {
	const k = linux(vm);
	const fs = filesystems(vm);
	const inode = fs.real_inode(find(k, fs, args));
	const type = fs.inode_type(inode);
	if (type !== "reg") throw new UsageError(`that is no regular file but ${type}`);

	const missing = [];
	for (const run of fs.for_each_file_run(inode, args.start, args.length === undefined ? Infinity : args.start + args.length)) {
		const { offset, length, bytes, reason } = run;
		if (bytes) yield shown({ offset, bytes }, args.hexdump ? hexdump(bytes, { address: BigInt(offset) }) : bytes);
		else if (!args.hexdump) yield* zeros(offset, length, reason);
		if (!bytes && reason !== "a hole") missing.push(run);
	}

	for (const { offset, length, reason } of missing.slice(0, 8)) console.error(`cat: ${offset}–${offset + length - 1} (${size(length)}) is missing: ${reason}`);
	if (missing.length > 8) console.error(`cat: and ${plural(missing.length - 8, "more part")}`);
	const left = k.report("cat");
	if (left) yield shown({ ...left }, new Uint8Array(0)); // of no text: stdout is the file
};

const MAX_ZEROS = 1 << 30;

/** Zeros in place of what is not there; with --json why. A file that damage has made endless has not so many. @param {number} offset @param {number} length @param {string | null} reason */
function* zeros(offset, length, reason) {
	if (length > MAX_ZEROS) console.error(`cat: ${size(length)} of zeros at ${offset} are left out: what is behind them comes too early`);
	else for (const end = offset + length; offset < end; offset += PIECE) {
		const piece = Math.min(end - offset, PIECE);
		yield shown({ offset, length: piece, reason }, new Uint8Array(piece));
	}
}

const PIECE = 1 << 20;

/** The inode that the arguments name. @param {any} k @param {any} fs @param {any} args */
function find(k, fs, { PATH: path, inode, pid, fd }) {
	if ([path, inode, fd].filter((x) => x !== undefined).length !== 1) throw new UsageError("give one of PATH, --inode and --fd");
	if (inode !== undefined) return k.at("inode", inode);
	if (fd !== undefined && pid === undefined) throw new UsageError("--fd wants the process: --pid PID");
	const task = pid === undefined ? fs.first_task() : k.find_task(pid);
	if (!task) throw new UsageError(`there is no process ${pid}`);
	if (fd !== undefined) {
		for (const open of fs.for_each_file(task)) if (open.fd === fd) return open.file.$deref("f_inode");
		throw new UsageError(`process ${pid} has no file descriptor ${fd}`);
	}
	const dentry = fs.path_lookup(path, { task });
	if (!dentry) throw new UsageError(`the kernel remembers no file ${path}: it was not used of late, or is not there`);
	return dentry.$deref("d_inode");
}
