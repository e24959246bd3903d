// Prints a file out of a Linux guest's page cache.
"use strict";
const linux = require("svscript/linux");
const filesystems = require("svscript/linux-fs");
const { plural, shown, size } = require("svscript/format");
const { UsageError } = require("svscript/select");

exports.command = {
	name: "cat",
	help: "Print a file of a Linux guest out of its page cache, as text in UTF-8.\n\n"
		+ "What is not in memory is left out, and stderr says what that is. With --json each run of bytes is a line, with its offset and the bytes in "
		+ "hexadecimal digits: the way to get what is no text.",
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

const PIECE = 1 << 16, NEWLINE = 10;

/** @param {VM} vm @param {any} args */
exports.main = function* (vm, args) {
	const k = linux(vm);
	const fs = filesystems(vm);
	const inode = fs.real_inode(find(k, fs, args));
	const type = fs.inode_type(inode);
	if (type !== "reg") throw new UsageError(`that is no regular file but ${type}`);

	const missing = [];
	const lines = new Lines(args.hexdump);
	for (const run of fs.for_each_file_run(inode, args.start, args.length === undefined ? Infinity : args.start + args.length)) {
		if (run.bytes) yield* lines.add(run.offset, run.bytes);
		else missing.push(run);
	}
	yield* lines.end();

	for (const { offset, length, reason } of missing.slice(0, 8)) console.error(`cat: ${offset}–${offset + length - 1} (${size(length)}) left out: ${reason}`);
	if (missing.length > 8) console.error(`cat: and ${plural(missing.length - 8, "more part")}`);
	const left = k.report("cat");
	if (left) yield left;
};

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

/** Gives out the bytes of a file in pieces that end with a line, where lines are not too long. */
class Lines {
	/** @param {boolean} hexdump */
	constructor(hexdump) {
		this.hexdump = hexdump;
		this.offset = 0; // of what is pending
		this.pending = new Uint8Array(0);
	}

	/** @param {number} offset @param {Uint8Array} bytes */
	* add(offset, bytes) {
		if (offset !== this.offset + this.pending.length) yield* this.end();
		if (this.pending.length === 0) this.offset = offset;
		const all = new Uint8Array(this.pending.length + bytes.length);
		all.set(this.pending);
		all.set(bytes, this.pending.length);
		const cut = all.length < PIECE ? 0 : all.lastIndexOf(NEWLINE) + 1 || all.length;
		yield* this.give(all.subarray(0, cut));
		this.offset += cut;
		this.pending = all.slice(cut);
	}

	* end() {
		yield* this.give(this.pending);
		this.pending = new Uint8Array(0);
	}

	/** @param {Uint8Array} bytes */
	* give(bytes) {
		if (bytes.length === 0) return;
		const text = this.hexdump ? hexdump(bytes, { address: BigInt(this.offset) }) : new TextDecoder().decode(bytes);
		yield shown({ offset: this.offset, bytes }, text.replace(/\n$/, ""));
	}
}
