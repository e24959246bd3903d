// Lists the files that a Linux guest has in its page cache.
"use strict";
const linux = require("svscript/linux");
const filesystems = require("svscript/linux-fs");

exports.command = {
	name: "files",
	help: "List the files of which a Linux guest has pages in memory. `cat` reads them.\n\n"
		+ "cached is how many bytes are in the page cache. A file without a path has none that the kernel still remembers: cat --inode reads it.",
	arguments: [{ name: "REGEX", type: "string", optional: true, help: "only files whose path matches this regular expression" }],
	options: {
		type: { type: "string", value: "FS", help: "only file systems of this type, as ext4" },
		all: { type: "boolean", help: "also files of which no page is in memory" },
	},
};

/** @param {VM} vm @param {{REGEX?: string, type?: string, all: boolean}} args */
exports.main = (vm, args) => {
	const k = linux(vm);
	const fs = filesystems(vm);
	const wanted = args.REGEX === undefined ? null : new RegExp(args.REGEX);

	for (const sb of fs.for_each_super_block()) {
		const type = k.attempt("super block", sb.$address, () => fs.fs_type(sb), "?");
		if (args.type !== undefined && args.type !== type) continue;
		for (const inode of fs.for_each_inode(sb)) {
			const file = k.attempt("inode", inode.$address, () => about(k, fs, inode), null);
			if (!file || (file.cached === 0 && !args.all)) continue;
			const path = fs.inode_path(inode);
			if (wanted && !(path !== null && wanted.test(path))) continue;
			emit({ path, size: file.size, cached: file.cached, fs: type, ino: file.ino, inode: inode.$address });
		}
	}
	return k.report("files");
};

/** @param {any} k @param {any} fs @param {any} inode */
function about(k, fs, inode) {
	const cached = fs.cached_pages(inode) * k.pageSize;
	return { size: Number(inode.i_size), cached, ino: fs.inode_number(inode) };
}
