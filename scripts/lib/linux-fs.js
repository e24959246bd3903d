// svscript/linux-fs: mounts, paths, open files and the page cache of a Linux guest. Functions have the names that the kernel or drgn
// gives them; what is passed and yielded are the kernel's own structs.
//
//	const fs = require("svscript/linux-fs")(vm);
//	for (const mount of fs.for_each_mount()) console.log(fs.d_path(fs.mount_root(mount)));
//
// What cannot be read is left out and noted in .skipped of svscript/linux.
"use strict";
const linux = require("svscript/linux");

/** Bits of vfsmount.mnt_flags that /proc/mounts shows, in its order (fs/proc_namespace.c, show_mnt_opts). @type {[number, string][]} */
const MNT_OPTIONS = [[0x01, "nosuid"], [0x02, "nodev"], [0x04, "noexec"], [0x08, "noatime"], [0x10, "nodiratime"], [0x20, "relatime"], [0x80, "nosymfollow"]];
const MNT_READONLY = 0x40, MNT_CURSOR = 0x10000000;
/** Bits of super_block.s_flags (show_sb_opts). @type {[number, string][]} */
const SB_OPTIONS = [[0x10, "sync"], [0x80, "dirsync"], [0x40, "mand"], [0x2000000, "lazytime"]];
const SB_RDONLY = 1;

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const MAX_COMPONENTS = 4096, MAX_FDS = 1 << 20, MAX_SYMLINKS = 40, MAX_READ = 1 << 30;
/** File systems whose files are nowhere but in the page cache and in swap. */
const IN_MEMORY = new Set(["tmpfs", "devtmpfs", "ramfs", "rootfs"]);
/** S_IFMT of inode.i_mode (include/uapi/linux/stat.h). @type {Record<number, string>} */
const TYPES = { 0x1000: "fifo", 0x2000: "chr", 0x4000: "dir", 0x6000: "blk", 0x8000: "reg", 0xa000: "link", 0xc000: "sock" };

/** O_ bits of file.f_flags (include/uapi/asm-generic/fcntl.h). @type {[number, string][]} */
const O_FLAGS = [
	[0o100, "O_CREAT"], [0o200, "O_EXCL"], [0o400, "O_NOCTTY"], [0o1000, "O_TRUNC"], [0o2000, "O_APPEND"], [0o4000, "O_NONBLOCK"], [0o20000, "O_ASYNC"],
	[0o40000, "O_DIRECT"], [0o100000, "O_LARGEFILE"], [0o200000, "O_DIRECTORY"], [0o400000, "O_NOFOLLOW"], [0o1000000, "O_NOATIME"],
	[0o2000000, "O_CLOEXEC"], [0o10000000, "O_PATH"], [0o20000000, "O_TMPFILE"],
];
/** Those that arm and arm64 number on their own (arch/arm64/include/uapi/asm/fcntl.h). @type {Record<string, number>} */
const O_FLAGS_ARM = { O_DIRECTORY: 0o40000, O_NOFOLLOW: 0o100000, O_DIRECT: 0o200000, O_LARGEFILE: 0o400000 };
const O_CLOEXEC = 0o2000000, O_DSYNC = 0o10000, O_SYNC = 0o4010000;

/** @typedef {StructFields} Struct */

/**
 * @typedef {{mnt: bigint, dentry: bigint}} Path  a struct path: pointers to a struct vfsmount and a struct dentry
 */

/**
 * @typedef {{index: number, pages: number, physical: bigint | null}} CacheEntry  index, pages: in pages; physical: null for a page that was
 *   evicted or is in swap
 * @typedef {{offset: number, length: number, bytes: Uint8Array | null, reason: string | null}} FileRun  reason: why there are no bytes
 */

/** @param {VM} vm */
function make(vm) {
	const lx = linux(vm);
	const { kernel, space, has, attempt, pageSize } = lx;
	const { fs_options } = require("./linux-fsoptions")(lx);
	/** Where a struct mount has the struct vfsmount that others see of it. */
	const mountOffset = () => BigInt(kernel.type("mount").offsetOf("mnt"));
	/** @type {StructField | undefined} */
	let slotsField;
	/** @type {Map<bigint, any[]> | undefined} */
	let mountsBySuperBlock;

	/** The struct that a pointer leads to; null for a null pointer. @param {string} type @param {bigint} pointer @returns {any} */
	function at(type, pointer) {
		return pointer === 0n ? null : kernel.type(type).at(pointer);
	}

	/** The struct mount around a vfsmount (real_mount). @param {bigint} vfsmount @returns {any} */
	function real_mount(vfsmount) {
		return kernel.type("mount").at(vfsmount - mountOffset());
	}

	// --- Paths

	/** @param {bigint | Struct | Path} where @returns {any} */
	const pathAt = (where) => (typeof where === "bigint" ? lx.at("struct path", where) : where);

	/**
	 * The absolute path of a struct path or struct file, as /proc/PID/fd shows it (fs/d_path.c): mounts are crossed, and an unlinked file
	 * ends with " (deleted)".
	 * @param {bigint | Struct | Path} path a struct path or its address, a struct file, or {mnt, dentry}
	 * @returns {string | null} null where it cannot be read
	 */
	function d_path(path) {
		const of = pathAt(path), { mnt, dentry } = of.f_path ?? of;
		if (dentry === 0n || mnt === 0n) return null;
		return attempt("path of dentry", dentry, () => {
			const d = at("dentry", dentry);
			const own = dynamicName(d, mnt);
			return own ?? (walkUp(d, mnt, null).path + (d_unlinked(d) ? " (deleted)" : ""));
		}, null);
	}

	/**
	 * The path of a struct path as seen from a root; null where it does not lie beneath it.
	 * @param {bigint | Struct | Path} path @param {bigint | Struct | Path} root
	 */
	function path_from_root(path, root) {
		const { mnt, dentry } = pathAt(path), top = pathAt(root);
		return attempt("path of dentry", dentry, () => {
			const { path, reached } = walkUp(at("dentry", dentry), mnt, top);
			return reached ? path : null;
		}, null);
	}

	/** The path of a dentry in its own file system. @param {bigint | Struct} dentry @returns {string | null} */
	function dentry_path(dentry) {
		/** @type {any} */
		let at = lx.at("struct dentry", dentry);
		return attempt("path of dentry", at.$address, () => {
			const names = [];
			while (at.d_parent !== at.$address) {
				if (names.push(d_name(at)) > MAX_COMPONENTS) return null;
				at = at.$deref("d_parent");
				if (!at) return null;
			}
			return "/" + names.reverse().join("/");
		}, null);
	}

	/** @param {bigint | Struct} dentry */
	function d_name(dentry) {
		dentry = lx.at("struct dentry", dentry);
		const { len, name } = dentry.d_name;
		return space.readCString(name, Math.min(len, 255));
	}

	/** Whether a dentry's file has been removed. @param {bigint | Struct} dentry */
	function d_unlinked(dentry) {
		dentry = lx.at("struct dentry", dentry);
		return dentry.d_hash.pprev === 0n && dentry.d_parent !== dentry.$address;
	}

	/** From a dentry up to a root, or to the root of all mounts (prepend_path). @param {any} dentry @param {bigint} vfsmount @param {Path | null} root */
	function walkUp(dentry, vfsmount, root) {
		const names = [];
		let mount = real_mount(vfsmount);
		let reached = root === null;
		for (let steps = 0; dentry && steps < MAX_COMPONENTS; steps++) {
			if (root && dentry.$address === root.dentry && vfsmount === root.mnt) {
				reached = true;
				break;
			}
			if (dentry.$address === mount.mnt.mnt_root) {
				if (mount.mnt_parent === mount.$address) break; // the root of all
				dentry = mount.$deref("mnt_mountpoint");
				mount = mount.$deref("mnt_parent");
				vfsmount = mount.$address + mountOffset();
				continue;
			}
			if (dentry.d_parent === dentry.$address) break; // outside of its mount
			names.push(d_name(dentry));
			dentry = dentry.$deref("d_parent");
		}
		return { path: "/" + names.reverse().join("/"), reached };
	}

	/** What dentry_operations.d_dname makes of files without a place in a tree; null for others. @param {any} dentry @param {bigint} mnt */
	function dynamicName(dentry, mnt) {
		if (dentry.d_op === 0n) return null;
		if (dentry.d_parent === dentry.$address && at("vfsmount", mnt).mnt_root === dentry.$address) return null;
		if (dentry.$deref("d_op").d_dname === 0n) return null;
		const inode = dentry.$deref("d_inode");
		switch (fs_type(dentry.$deref("d_sb"))) { // each of these has one of its own; the function itself may have no symbol
			case "sockfs": return `socket:[${inode.i_ino}]`;
			case "pipefs": return `pipe:[${inode.i_ino}]`;
			case "anon_inodefs": return `anon_inode:${d_name(dentry)}`;
			case "pidfs": return "anon_inode:[pidfd]";
			case "nsfs": return `${namespaceKind(inode)}:[${inode.i_ino}]`;
			case "dmabuf": return `/dmabuf:${d_name(dentry)}`;
			default: return `/${d_name(dentry)} (deleted)`; // simple_dname: shared memory and memfd
		}
	}

	/** "net", "mnt", … : proc_ns_operations.name. @param {any} inode */
	function namespaceKind(inode) {
		const ops = inode.i_private === 0n ? 0n : at("ns_common", inode.i_private).ops;
		return (ops && space.tryReadCString(at("proc_ns_operations", ops).name, 16)) || "ns";
	}

	// --- Mounts

	/** The mount namespace of a task, init's when left out; null for a task that has none, such as a zombie. @param {bigint | Struct} [task] @returns {any} */
	function mount_namespace(task = first_task()) {
		task = lx.at("struct task_struct", task);
		return attempt("a mount namespace", task.$address, () => lx.follow(task, "nsproxy", "uts_ns")?.$deref("mnt_ns") ?? null, null);
	}

	/** Process 1, or the idle task where there is none. @returns {any} */
	const first_task = () => lx.find_task(1) ?? lx.init_task();

	/** The struct mounts of a namespace, in the order of /proc/mounts. @param {bigint | Struct} [namespace] init's when left out @returns {Generator<any>} */
	function* for_each_mount(namespace = mount_namespace()) {
		namespace = lx.at("struct mnt_namespace", namespace);
		if (!namespace) return;
		const seen = new Set();
		for (const mount of lx.guard("mounts", namespace.$address, () => listedMounts(namespace))) {
			seen.add(mount.$address);
			yield mount;
		}
		const count = attempt("mounts", namespace.$address, () => Number(lx.field(namespace, "nr_mounts", "mounts")), seen.size);
		if (seen.size >= count) return;
		lx.skip("mounts", namespace.$address, `${seen.size} of the namespace's ${count} are listed in it: the others are looked for at the super blocks`);
		for (const mount of for_each_mount_of_all()) if (!seen.has(mount.$address) && mount.mnt_ns === namespace.$address) yield mount;
	}

	/** The struct mounts that a namespace lists. @param {any} namespace @returns {Generator<any>} */
	function* listedMounts(namespace) {
		const at = (/** @type {string} */ member) => namespace.$address + BigInt(namespace.$type.offsetOf(member));
		if (has("mount", "mnt_node")) { // an rbtree since Linux 6.8
			yield* lx.rbtree_inorder_for_each_entry(at("mounts"), "mount", "mnt_node");
			return;
		}
		for (const mount of lx.list_for_each_entry(at("list"), "mount", "mnt_list")) {
			if ((mount.mnt.mnt_flags & MNT_CURSOR) === 0) yield mount; // a cursor is the place of a reader of /proc/mounts
		}
	}

	/** The struct mounts of all namespaces, by their super blocks. @returns {Generator<any>} */
	function* for_each_mount_of_all() {
		yield* lx.guard("mounts", kernel.base, mountsOfSuperBlocks);
	}

	/** @returns {Generator<any>} */
	function* mountsOfSuperBlocks() {
		if (kernel.type("struct super_block").fields.find((f) => f.name === "s_mounts")?.type !== "struct list_head") {
			return lx.skip("the mounts", kernel.base, "the super blocks of this kernel have no list of them");
		}
		for (const sb of for_each_super_block()) {
			yield* lx.list_for_each_entry(sb.$address + BigInt(sb.$type.offsetOf("s_mounts")), "mount", "mnt_instance");
		}
	}

	/** Where a mount is mounted. @param {bigint | Struct} mount @returns {Path} */
	function mount_root(mount) {
		mount = lx.at("struct mount", mount);
		return { mnt: mount.$address + mountOffset(), dentry: mount.mnt.mnt_root };
	}

	/** The root or working directory of a task. @param {bigint | Struct} task @param {"root" | "pwd"} [which] @returns {any} null for a task without */
	function task_root(task, which = "root") {
		task = lx.at("struct task_struct", task);
		const fs = attempt("a process's root", task.$address, () => lx.follow(task, "fs"), null), path = fs && fs[which];
		if (path && path.dentry === 0n) {
			lx.skip("a process's root", fs.$address, "it has no directory");
			return null;
		}
		return path;
	}

	/**
	 * A mount as /proc/PID/mountinfo has it, without the options that only its file system knows.
	 * @param {bigint | Struct} mount @param {bigint | Struct | Path | null} [root] of the process that looks; all mounts can be seen when left out
	 * @returns {{id: number, parent: number, device: string, path: string, type: string, flags: string, options: string | null} | null} null where it is not beneath the root
	 */
	function mount_info(mount, root = null) {
		mount = lx.at("struct mount", mount);
		const at = mount_root(mount);
		const path = root ? path_from_root(at, root) : d_path(at);
		if (path === null) return null;
		return attempt("mount", mount.$address, () => {
			const sb = mount.mnt.$deref("mnt_sb");
			return {
				id: mount.mnt_id,
				parent: mount.$deref("mnt_parent").mnt_id,
				device: space.tryReadCString(mount.mnt_devname, 4096) ?? "none",
				path,
				type: fs_type(sb),
				flags: mountFlags(mount, sb),
				options: fs_options(fs_type(sb), sb),
			};
		}, null);
	}

	/** The type of a file system, "ext4" or "fuse.sshfs". @param {bigint | Struct} sb struct super_block */
	function fs_type(sb) {
		sb = lx.at("struct super_block", sb);
		const name = lx.readName(sb.$deref("s_type").name);
		const sub = sb.s_subtype ? space.tryReadCString(sb.s_subtype, 64) : null;
		return sub ? `${name}.${sub}` : name;
	}

	/** @param {any} mount @param {any} sb */
	function mountFlags(mount, sb) {
		const flags = mount.mnt.mnt_flags, sbFlags = Number(sb.s_flags);
		const options = [flags & MNT_READONLY || sbFlags & SB_RDONLY ? "ro" : "rw"];
		for (const [bit, name] of SB_OPTIONS) if (sbFlags & bit) options.push(name);
		for (const [bit, name] of MNT_OPTIONS) if (flags & bit) options.push(name);
		return options.join(",");
	}

	// --- Open files

	/** The open files of a task. @param {bigint | Struct} task @returns {Generator<{fd: number, file: any, cloexec: boolean}>} */
	function* for_each_file(task) {
		task = lx.at("struct task_struct", task);
		const fdt = attempt("file descriptors", task.$address, () => {
			const files = lx.follow(task, "files", "fdt");
			return files && lx.follow(files, "fdt", "fd");
		}, null);
		if (!fdt) return;
		const table = attempt("file descriptors", fdt.$address, () => {
			const count = Math.min(fdt.max_fds, MAX_FDS);
			const words = Math.ceil(count / 8 / space.pointerSize);
			return { pointers: space.readArray(fdt.fd, "pointer", count), cloexec: space.tryRead(fdt.close_on_exec, words * space.pointerSize) };
		}, null);
		if (!table) return;
		if (fdt.max_fds > MAX_FDS) lx.skip("file descriptors", fdt.$address, `a table of ${fdt.max_fds} is looked at up to ${MAX_FDS}`);
		const File = kernel.type("file");
		for (let fd = 0; fd < table.pointers.length; fd++) {
			const pointer = BigInt(table.pointers[fd]);
			if (pointer !== 0n) yield { fd, file: File.at(pointer), cloexec: !!table.cloexec && (table.cloexec[fd >> 3] & (1 << (fd & 7))) !== 0 };
		}
	}

	/** An inode's number, as stat(2) gives it: a BigInt only where a Number cannot be it. @param {bigint | Struct} inode @returns {number | bigint} */
	function inode_number(inode) {
		const { i_ino } = lx.at("struct inode", inode);
		return i_ino > MAX_SAFE ? i_ino : Number(i_ino);
	}

	/** What a file is: "reg", "dir", "chr", "blk", "fifo", "link", "sock"; "anon" without a type. @param {bigint | Struct} inode */
	function inode_type(inode) {
		inode = lx.at("struct inode", inode);
		return TYPES[inode.i_mode & 0xf000] ?? "anon";
	}

	/** file.f_flags as open(2) names them: "O_RDWR|O_CLOEXEC". @param {number} flags @param {boolean} [cloexec] */
	function file_flags(flags, cloexec = (flags & O_CLOEXEC) !== 0) {
		const names = [["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"][flags & 3]];
		const value = cloexec ? flags | O_CLOEXEC : flags & ~O_CLOEXEC;
		const arm = kernel.arch === "aarch64";
		for (const [bit, name] of O_FLAGS) if (value & ((arm && O_FLAGS_ARM[name]) || bit)) names.push(name);
		if ((value & O_SYNC) === O_SYNC) names.push("O_SYNC");
		else if (value & O_DSYNC) names.push("O_DSYNC");
		return names.join("|");
	}

	// --- Looking up names

	/** The children of a directory that the kernel remembers. @param {bigint | Struct} dentry @returns {Generator<any>} */
	function* for_each_child(dentry) {
		dentry = lx.at("struct dentry", dentry);
		const at = (/** @type {string} */ member) => dentry.$address + BigInt(dentry.$type.offsetOf(member));
		if (has("dentry", "d_children")) yield* lx.hlist_for_each_entry(at("d_children"), "dentry", "d_sib"); // since Linux 6.8
		else yield* lx.list_for_each_entry(at("d_subdirs"), "dentry", "d_child");
	}

	/**
	 * Finds a file by its path, among the names that the kernel remembers. Symbolic links are followed where their text is in memory.
	 * @param {string} path absolute
	 * @param {{task?: any}} [options] task: whose root and mounts; init's when left out
	 * @returns {any} a struct dentry that has an inode; null when there is none of that name in memory
	 */
	function path_lookup(path, { task = first_task() } = {}) {
		const root = task_root(task);
		if (!root) return null;
		const mounts = new Map();
		for (const m of for_each_mount(mount_namespace(task))) mounts.set(`${m.mnt_parent}/${m.mnt_mountpoint}`, m);
		const cross = (/** @type {any} */ at) => {
			for (let m; (m = mounts.get(`${at.mount.$address}/${at.dentry.$address}`)) && m.$address !== at.mount.$address;) at = { mount: m, dentry: m.mnt.$deref("mnt_root") };
			return at;
		};
		const start = { mount: real_mount(root.mnt), dentry: root.$deref("dentry") };
		let names = path.split("/"), stack = [cross(start)], links = 0;
		while (names.length > 0) {
			const name = names.shift();
			if (name === "" || name === ".") continue;
			if (name === "..") {
				if (stack.length > 1) stack.pop();
				continue;
			}
			const here = stack[stack.length - 1];
			const child = childNamed(here.dentry, /** @type {string} */ (name));
			if (!child) return null;
			const inode = child.$deref("d_inode");
			const target = inode_type(inode) === "link" && inode.i_link !== 0n ? space.tryReadCString(inode.i_link) : null;
			if (target !== null) {
				if (++links > MAX_SYMLINKS) return null;
				if (target.startsWith("/")) stack = [stack[0]];
				names = target.split("/").concat(names);
				continue;
			}
			stack.push(cross({ mount: here.mount, dentry: child }));
		}
		return stack[stack.length - 1].dentry;
	}

	/** @param {any} dentry @param {string} name */
	function childNamed(dentry, name) {
		for (const child of for_each_child(dentry)) {
			const found = attempt("dentry", child.$address, () => child.d_inode !== 0n && child.d_hash.pprev !== 0n && d_name(child) === name, false);
			if (found) return child;
		}
		return null;
	}

	// --- File systems and inodes

	/** @returns {Generator<any>} struct super_block */
	function* for_each_super_block() {
		const head = lx.symbolIfAny("super_blocks");
		if (head !== null) return yield* lx.list_for_each_entry(head, "super_block", "s_list");
		// Round the list from the file system of the root. Its head is none.
		const first = task_root(first_task())?.$deref("dentry").$deref("d_sb");
		if (!first) return lx.skip("the file systems", kernel.base, "the kernel has no symbol super_blocks, and no process has a root");
		yield first;
		for (const sb of lx.list_for_each_entry(first.$address + BigInt(first.$type.offsetOf("s_list")), "super_block", "s_list")) {
			if (space.tryReadPointer(sb.$address + BigInt(sb.$type.offsetOf("s_root"))) && sb.$deref("s_root")?.d_sb === sb.$address) yield sb;
		}
	}

	/** The inodes of a file system that are in memory. @param {bigint | Struct} sb @returns {Generator<any>} */
	function* for_each_inode(sb) {
		sb = lx.at("struct super_block", sb);
		yield* lx.list_for_each_entry(sb.$address + BigInt(sb.$type.offsetOf("s_inodes")), "inode", "i_sb_list");
	}

	/** The names of an inode that the kernel remembers. @param {bigint | Struct} inode @returns {Generator<any>} struct dentry */
	function* for_each_alias(inode) {
		inode = lx.at("struct inode", inode);
		const alias = has("dentry", "d_u.d_alias") ? "d_u.d_alias" : "d_alias";
		yield* lx.hlist_for_each_entry(inode.$address + BigInt(inode.$type.offsetOf("i_dentry")), "dentry", alias);
	}

	/**
	 * A path of an inode: through a mount of its file system where there is one; else its path in the file system, with where that is mounted unknown.
	 * @param {bigint | Struct} inode @returns {string | null} null for an inode without a name
	 */
	function inode_path(inode) {
		inode = lx.at("struct inode", inode);
		for (const dentry of for_each_alias(inode)) {
			const deleted = attempt("dentry", dentry.$address, () => d_unlinked(dentry), false);
			for (const mount of mountsOf(inode.i_sb)) {
				const path = pathThrough(mount, dentry);
				if (path !== null) return path + (deleted ? " (deleted)" : "");
			}
			const path = dentry_path(dentry);
			if (path !== null) return path + (deleted ? " (deleted)" : "");
		}
		return null;
	}

	/** @param {any} mount @param {any} dentry @returns {string | null} */
	function pathThrough(mount, dentry) {
		const root = mount_root(mount);
		const inside = path_from_root({ mnt: root.mnt, dentry: dentry.$address }, root);
		if (inside === null) return null;
		const outside = d_path(root);
		return outside === null ? null : inside === "/" ? outside : outside === "/" ? inside : outside + inside;
	}

	/** The mounts of a file system, those of init's namespace first, of a whole file system before those of a part. @param {bigint} sb @returns {any[]} */
	function mountsOf(sb) {
		if (!mountsBySuperBlock) {
			/** @type {Map<bigint, any[]>} */
			const map = mountsBySuperBlock = new Map();
			for (const namespace of mount_namespaces()) {
				for (const mount of for_each_mount(namespace)) {
					attempt("mount", mount.$address, () => {
						const list = map.get(mount.mnt.mnt_sb) ?? [];
						const whole = mount.mnt.$deref("mnt_sb").s_root === mount.mnt.mnt_root && namespace.$address === mount_namespace()?.$address;
						if (whole) list.unshift(mount);
						else list.push(mount);
						map.set(mount.mnt.mnt_sb, list);
					}, undefined);
				}
			}
		}
		return mountsBySuperBlock.get(sb) ?? [];
	}

	/** The mount namespaces that tasks are in, init's first. @returns {any[]} */
	function mount_namespaces() {
		const found = new Map();
		for (const task of [first_task(), ...lx.for_each_task()]) {
			const ns = attempt("mount namespace", task.$address, () => mount_namespace(task), null);
			if (ns) found.set(ns.$address, ns);
		}
		return [...found.values()];
	}

	// --- The page cache

	/**
	 * The inode that has a file's pages: of a file on overlayfs that of the file beneath, else the inode itself.
	 * @param {bigint | Struct} where a struct inode or its address @returns {any}
	 */
	function real_inode(where) {
		/** @type {any} */
		let inode = lx.at("struct inode", where);
		for (let depth = 0; depth < 3 && fs_type(inode.$deref("i_sb")) === "overlay"; depth++) {
			if (!kernel.hasType("struct ovl_inode")) {
				lx.skip("a file on overlayfs", inode.$address, "which file is beneath cannot be told: the kernel carries no types of module overlay"); // BTF of modules: since Linux 5.11
				break;
			}
			const ovl = lx.container_of(inode.$address, "struct ovl_inode", "vfs_inode");
			const dentry = ovl.__upperdentry || lowerDentry(ovl);
			const beneath = dentry ? at("dentry", dentry).$deref("d_inode") : at("inode", lx.fieldIfAny(ovl, "lower") ?? 0n);
			if (!beneath) break;
			inode = beneath;
		}
		return inode;
	}

	/** @param {any} ovl a struct ovl_inode @returns {bigint} */
	function lowerDentry(ovl) {
		const entry = lx.fieldIfAny(ovl, "oe"); // since Linux 6.5
		if (!entry) return lx.fieldIfAny(ovl, "lowerpath.dentry") ?? 0n;
		const e = at("ovl_entry", entry);
		return e.__numlower === 0 ? 0n : at("ovl_path", e.$address + BigInt(e.$type.offsetOf("__lowerstack"))).dentry;
	}

	/** How many pages of a file are in memory; 0 for what is no file. @param {bigint | Struct} inode @returns {number} */
	function cached_pages(inode) {
		inode = lx.at("struct inode", inode);
		if ((inode.i_mode & 0xf000) !== 0x8000) return 0;
		const mapping = inode.$deref("i_mapping");
		return mapping ? Number(mapping.nrpages) : 0;
	}

	/**
	 * The entries of a file's page cache, by index: pages that lie behind each other in the file and in memory, and marks.
	 * @param {bigint | Struct} inode
	 * @returns {Generator<CacheEntry>}
	 */
	function* for_each_cached_page(inode) {
		inode = lx.at("struct inode", inode);
		const mapping = inode.$deref("i_mapping");
		if (!mapping) return;
		const pages = lx.field(mapping, "i_pages", "page_tree"); // before Linux 4.17
		const modern = has("address_space", "i_pages.xa_head"); // an XArray since Linux 4.20, a radix tree before
		yield* cacheEntries(modern ? pages.xa_head : pages.rnode, modern, 0, 64);
	}

	/**
	 * An entry and what lies beneath it (include/linux/xarray.h; before Linux 4.20 include/linux/radix-tree.h).
	 * @param {bigint} entry @param {boolean} modern @param {number} index @param {number} above the shift of the node above
	 * @returns {Generator<CacheEntry>}
	 */
	function* cacheEntries(entry, modern, index, above) {
		const node = modern ? 2n : 1n; // the lowest bits of a pointer to a node; 3 - node are those of a value
		if (entry === 0n) return;
		if ((entry & 3n) === 0n) return yield* cachedPages(entry, index, 1);
		if ((entry & 3n) !== node) return yield { index, pages: 1, physical: null };
		if (entry <= 4096n) return; // an entry in the making
		const read = attempt("a node of a page cache", entry - node, () => {
			const n = kernel.type(modern ? "xa_node" : "radix_tree_node").at(entry - node);
			slotsField ??= /** @type {StructField} */ (n.$type.fields.find((f) => f.name === "slots"));
			if (n.shift >= above) throw new RangeError("it is none");
			return { shift: n.shift, slots: space.readArray(n.$address + BigInt(slotsField.offset), "pointer", slotsField.size / space.pointerSize) };
		}, null);
		if (!read) return;
		const span = 2 ** read.shift; // pages of a slot
		for (let i = 0; i < read.slots.length; i++) {
			const slot = BigInt(read.slots[i]);
			if (slot === 0n) continue;
			if ((slot & 3n) !== 0n) {
				yield* cacheEntries(slot, modern, index + i * span, read.shift);
				continue;
			}
			const sibling = (BigInt(i) << 2n) | 2n; // the slots behind the first one of a folio hold this
			let slots = 1;
			while (modern && i + slots < read.slots.length && BigInt(read.slots[i + slots]) === sibling) slots++;
			yield* cachedPages(slot, index + i * span, span * slots);
		}
	}

	/** The pages of an entry. @param {bigint} page a struct page or folio @param {number} index @param {number} pages @returns {Generator<CacheEntry>} */
	function* cachedPages(page, index, pages) {
		const physical = attempt("a page of a page cache", page, () => lx.page_to_phys(page) + BigInt(withinHead(page, index, pages) * pageSize), null);
		if (physical !== null) yield { index, pages, physical };
	}

	/** Before Linux 5.17 each page of a compound page has an entry of its own, which may lead to its head: how far behind that it is. @param {bigint} page @param {number} index @param {number} pages */
	function withinHead(page, index, pages) {
		if (pages > 1 || kernel.version.major > 5) return 0;
		const p = kernel.type("page").at(page);
		const inside = index - Number(p.index);
		return (BigInt(p.compound_head) & 1n) === 0n && inside > 0 && inside < 512 ? inside : 0;
	}

	/**
	 * What of a file is in the page cache, in order of offsets, and what is not. Nothing is in between.
	 * @param {bigint | Struct} inode @param {number} [start] @param {number} [end] the file's size when left out
	 * @returns {Generator<FileRun>}
	 */
	function* for_each_file_run(inode, start = 0, end = Infinity) {
		inode = lx.at("struct inode", inode);
		end = Math.min(end, Number(inode.i_size));
		const gap = IN_MEMORY.has(fs_type(inode.$deref("i_sb"))) ? "a hole" : "not in the page cache";
		let next = start;
		for (const entry of for_each_cached_page(inode)) {
			const from = Math.max(entry.index * pageSize, next), to = Math.min((entry.index + entry.pages) * pageSize, end);
			if (from >= end) break;
			if (to <= from) continue;
			if (from > next) yield { offset: next, length: from - next, bytes: null, reason: gap };
			const bytes = entry.physical === null ? null : vm.tryRead(entry.physical + BigInt(from - entry.index * pageSize), to - from);
			const reason = bytes ? null : entry.physical !== null ? "not in the image" : gap === "a hole" ? "in swap" : gap;
			yield { offset: from, length: to - from, bytes, reason };
			next = to;
		}
		if (end > next) yield { offset: next, length: end - next, bytes: null, reason: gap };
	}

	/**
	 * A part of a file out of the page cache.
	 * @param {bigint | Struct} inode @param {number} [start] @param {number} [end] the file's size when left out
	 * @returns {{bytes: Uint8Array, missing: FileRun[]}} missing: what is not in memory; those bytes are 0, as those of holes are
	 */
	function read_file(inode, start = 0, end = Infinity) {
		inode = lx.at("struct inode", inode);
		end = Math.min(end, Number(inode.i_size));
		if (end - start > MAX_READ) throw new RangeError(`read_file: ${end - start} bytes are too many at once; for_each_file_run gives them piece by piece`);
		const bytes = new Uint8Array(Math.max(0, end - start));
		const missing = [];
		for (const run of for_each_file_run(inode, start, end)) {
			if (run.bytes) bytes.set(run.bytes, run.offset - start);
			else if (run.reason !== "a hole") missing.push(run);
		}
		return { bytes, missing };
	}

	return {
		inode_number, real_mount, d_path, path_from_root, dentry_path, d_name, d_unlinked, mount_namespace, for_each_mount, for_each_mount_of_all, mount_root, task_root, mount_info, fs_type, fs_options, for_each_file, inode_type, file_flags, for_each_child, path_lookup, for_each_super_block, for_each_inode, for_each_alias, inode_path, mount_namespaces, real_inode, cached_pages, for_each_cached_page, for_each_file_run, read_file,
		first_task,
	};
}

/** @typedef {ReturnType<typeof make>} FileSystems */

/** @type {WeakMap<VM, FileSystems>} */
const libraries = new WeakMap();

/** The file systems of a guest. Throws where it runs no Linux. @param {VM} vm @returns {FileSystems} */
module.exports = (vm) => {
	let library = libraries.get(vm);
	if (!library) libraries.set(vm, library = make(vm));
	return library;
};
