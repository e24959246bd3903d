// Part of svscript/linux-fs: the options that one file system alone prints behind the others in /proc/mounts, from what it keeps of
// itself (super_block.s_fs_info). Those of tmpfs, devtmpfs, devpts, ramfs, overlay and of file systems that have none are known here.
"use strict";

const S_ISVTX = 0o1000, OVERLAYFS_PATHS = 4096;

/** File systems that print nothing as they are mounted by default, or never. */
const PLAIN = new Set(["proc", "sysfs", "nsfs", "pipefs", "sockfs", "bdev", "securityfs", "debugfs", "tracefs", "mqueue", "binfmt_misc", "configfs", "anon_inodefs"]);

/** @param {import("./linux").Core} k */
module.exports = (k) => {
	const { kernel, space, has } = k;

	/** @type {Record<string, (info: bigint, device: any) => string[] | null>} */
	const known = { tmpfs: shmem, devtmpfs: shmem, rootfs: rootOptions, devpts, ramfs, overlay };

	/** The options of a file system as /proc/mounts has them, "size=65536k,mode=700"; null where this kind is not known. @param {string} type @param {any} sb @returns {string | null} */
	function fs_options(type, sb) {
		if (PLAIN.has(type)) return "";
		if (!Object.hasOwn(known, type) || sb.s_fs_info === 0n) return null;
		return k.attempt("a file system's options", sb.$address, () => known[type](sb.s_fs_info, sb)?.join(",") ?? null, null);
	}

	/** shmem_show_options (mm/shmem.c). @param {bigint} at */
	function shmem(at) {
		if (!kernel.hasType("struct shmem_sb_info")) return null;
		const info = k.at("struct shmem_sb_info", at), options = [], ram = totalram();
		const half = ram === null ? -1n : ram / 2n;
		if (BigInt(info.max_blocks) !== half) options.push(`size=${BigInt(info.max_blocks) * BigInt(k.pageSize) / 1024n}k`);
		if (BigInt(info.max_inodes) !== half) options.push(`nr_inodes=${info.max_inodes}`);
		if (Number(info.mode) !== (S_ISVTX | 0o777)) options.push(`mode=${octal(info.mode)}`);
		if (info.uid.val !== 0) options.push(`uid=${info.uid.val}`);
		if (info.gid.val !== 0) options.push(`gid=${info.gid.val}`);
		const inums = k.fieldIfAny(info, "full_inums"); // CONFIG_TMPFS_INODE64 shows inode32 as well: whether it was set is not known
		if (inums) options.push("inode64");
		const huge = Number(k.fieldIfAny(info, "huge") ?? 0);
		if (huge !== 0) options.push(`huge=${({ 1: "always", 2: "within_size", 3: "advise" })[huge] ?? huge}`);
		return options;
	}

	/** rootfs is ramfs or tmpfs: the operations tell. @param {bigint} at @param {any} sb */
	function rootOptions(at, sb) {
		const name = kernel.symbolize(sb.s_op)?.replace(/\+.*/, "");
		return name === "shmem_ops" ? shmem(at) : name === "ramfs_ops" ? ramfs(at) : null;
	}

	/** Half of the pages of memory is what tmpfs takes by default. @returns {bigint | null} */
	function totalram() {
		const at = k.symbolIfAny("_totalram_pages", "totalram_pages");
		return at === null ? null : space.tryReadPointer(at);
	}

	/** devpts_show_options (fs/devpts/inode.c). @param {bigint} at */
	function devpts(at) {
		if (!has("struct pts_fs_info", "mount_opts")) return null;
		const o = k.at("struct pts_fs_info", at).mount_opts, options = [];
		if (o.setuid) options.push(`uid=${o.uid.val}`);
		if (o.setgid) options.push(`gid=${o.gid.val}`);
		options.push(`mode=${octal(o.mode)}`, `ptmxmode=${octal(o.ptmxmode)}`);
		if (o.max < 1 << 20) options.push(`max=${o.max}`); // NR_UNIX98_PTY_MAX
		return options;
	}

	/** ramfs_show_options (fs/ramfs/inode.c). @param {bigint} at */
	function ramfs(at) {
		if (!has("struct ramfs_fs_info", "mount_opts")) return null;
		const { mode } = k.at("struct ramfs_fs_info", at).mount_opts;
		return mode === 0o755 ? [] : [`mode=${mode.toString(8)}`];
	}

	/** The folders of an overlay; its further options are left as they are. @param {bigint} at */
	function overlay(at) {
		if (!has("struct ovl_fs", "config.upperdir")) return null;
		const { config } = k.at("struct ovl_fs", at);
		const text = (/** @type {string} */ name) => (has("struct ovl_config", name) && config[name] !== 0n ? space.tryReadCString(config[name], OVERLAYFS_PATHS) : null);
		const lower = text("lowerdir") ?? lowerdirs(config);
		if (lower === null) return null;
		const options = [`lowerdir=${lower}`];
		const upper = text("upperdir"), work = text("workdir");
		if (upper !== null) options.push(`upperdir=${upper}`);
		if (work !== null) options.push(`workdir=${work}`);
		return options;
	}

	/** Since Linux 6.6 the lower folders lie in an array that ends with a null pointer, the first of which is all of them. @param {any} config */
	function lowerdirs(config) {
		if (!has("struct ovl_config", "lowerdirs") || config.lowerdirs === 0n) return null;
		const first = space.tryReadPointer(config.lowerdirs);
		return first ? space.tryReadCString(first, OVERLAYFS_PATHS) : null;
	}

	return { fs_options };
};

/** A mode as the kernel prints it, %03o of its lower bits. @param {number} mode */
const octal = (mode) => (mode & 0o7777).toString(8).padStart(3, "0");
