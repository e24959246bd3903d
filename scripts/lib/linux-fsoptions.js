// Part of svscript/linux-fs: the options that one file system alone prints behind the others in /proc/mounts, from what it keeps of
// itself (super_block.s_fs_info). Those of tmpfs, devtmpfs, devpts, ramfs, overlay, ext4, cgroup, cgroup2 and of file systems that have
// none are known here.
"use strict";

const S_ISVTX = 0o1000, SB_INLINECRYPT = 0x20000, OVERLAYFS_PATHS = 4096;

/** File systems that print nothing as they are mounted by default, or never. */
const PLAIN = new Set(["proc", "sysfs", "nsfs", "pipefs", "sockfs", "bdev", "securityfs", "debugfs", "tracefs", "mqueue", "binfmt_misc", "configfs", "anon_inodefs"]);

/**
 * Bits of ext4_sb_info.s_mount_opt (fs/ext4/ext4.h), in the order of ext4_mount_opts (fs/ext4/super.c): what is printed where the file
 * system does not have the default, as it is set or not.
 * @type {[number, string, string][]}
 */
const EXT4_OPTIONS = [
	[0x80, "minixdf", "bsddf"], [0x4, "grpid", "nogrpid"], [0x20000000, "block_validity", "noblock_validity"], [0x400000, "dioread_nolock", "dioread_lock"],
	[0x40000000, "discard", "nodiscard"], [0x8000000, "delalloc", "nodelalloc"], [0x800000, "journal_checksum", "nojournal_checksum"],
	[0x1000000, "journal_async_commit", ""], [0x100, "norecovery", ""], [0x20000, "barrier", "nobarrier"], [0x10000, "noauto_da_alloc", "auto_da_alloc"],
	[0x80000000, "", "noinit_itable"], [0x4000, "user_xattr", "nouser_xattr"], [0x8000, "acl", "noacl"], [0x2000, "nouid32", ""], [0x8, "debug", ""],
	[0x80000, "usrquota", ""], [0x100000, "grpquota", ""], [0x200000, "prjquota", ""], [0x1, "nombcache", ""], [0x4000000, "no_prefetch_block_bitmaps", ""],
];
/** ext4_sb_info.s_mount_opt, and by s_errors of the superblock what happens on errors. */
const EXT4_DATA = { flags: 0xc00, names: ["", "journal", "ordered", "writeback"] }, EXT4_ERRORS = ["", "continue", "remount-ro", "panic"];
/** What ext4 takes by default (fs/ext4/ext4.h, include/linux/jbd2.h). */
const EXT4_COMMIT_SECONDS = 5, EXT4_MAX_BATCH_TIME = 15000, EXT4_READAHEAD_BLOCKS = 32, EXT4_LI_WAIT_MULT = 10, EXT4_LINEAR_SCAN_THRESHOLD = 16;

/** Bits of cgroup_root.flags (include/linux/cgroup-defs.h), as cgroup2 prints them; the second since Linux 6.0. @type {[number, number, string][]} */
const CGROUP2_OPTIONS = [
	[1 << 3, 1 << 3, "nsdelegate"], [0, 1 << 4, "favordynmods"], [1 << 5, 1 << 17, "memory_localevents"], [1 << 6, 1 << 18, "memory_recursiveprot"],
	[0, 1 << 19, "memory_hugetlb_accounting"], [0, 1 << 20, "pids_localevents"],
];
/** The same as cgroup of version 1 prints them. @type {[number, number, string][]} */
const CGROUP_OPTIONS = [[1 << 1, 1 << 1, "noprefix"], [1 << 2, 1 << 2, "xattr"], [1 << 4, 1 << 16, "cpuset_v2_mode"], [0, 1 << 4, "favordynmods"]];

/** Modes of overlayfs (fs/overlayfs/ovl_entry.h). */
const OVL_REDIRECT = ["off", "follow", "nofollow", "on"], OVL_UUID = ["off", "null", "auto", "on"], OVL_XINO = ["off", "auto", "on"], OVL_VERITY = ["off", "on", "require"];

/** @param {import("./linux").Core} k */
module.exports = (k) => {
	const { kernel, space, has } = k;

	/** @type {Record<string, (info: bigint, device: any) => string[] | null>} */
	const known = { tmpfs: shmem, devtmpfs: shmem, rootfs: rootOptions, devpts, ramfs, overlay, ext4, cgroup, cgroup2: cgroup };

	/** The options of a file system as /proc/mounts has them, "size=65536k,mode=700"; null where this kind is not known. @param {string} type @param {bigint | StructFields} sb @returns {string | null} */
	function fs_options(type, sb) {
		sb = k.at("struct super_block", sb);
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

	/** ovl_show_options (fs/overlayfs/params.c, before Linux 6.5 super.c); null where what the module takes by default is not known. @param {bigint} at */
	function overlay(at) {
		if (!has("struct ovl_fs", "config.upperdir")) return null;
		const fs = k.at("struct ovl_fs", at), { config } = fs;
		const text = (/** @type {string} */ name) => (has("struct ovl_config", name) && config[name] !== 0n ? space.tryReadCString(config[name], OVERLAYFS_PATHS) : null);
		/** @type {string[] | null} */
		const options = text("lowerdir") !== null ? [`lowerdir=${text("lowerdir")}`] : lowerdirs(fs);
		const modes = overlayModes(fs, config, text("redirect_mode"));
		if (options === null || modes === null) return null;
		const upper = text("upperdir"), work = text("workdir");
		if (upper !== null) options.push(`upperdir=${upper}`);
		if (work !== null) options.push(`workdir=${work}`);
		return [...options, ...modes];
	}

	/** Since Linux 6.5 the lower folders lie in an array: the first is all of them, or there is none and they were given one by one. @param {any} fs @returns {string[] | null} */
	function lowerdirs(fs) {
		const at = has("struct ovl_config", "lowerdirs") ? fs.config.lowerdirs : 0n;
		if (at === 0n) return null;
		const all = space.tryReadPointer(at);
		if (all) return [`lowerdir=${space.tryReadCString(all, OVERLAYFS_PATHS) ?? ""}`];
		const layers = Math.min(Number(fs.numlayer), 512), data = layers - Number(k.fieldIfAny(fs, "numdatalayer") ?? 0);
		return Array.from(space.tryReadArray(at, "pointer", layers) ?? [], BigInt).flatMap((p, i) => (i === 0 || !p ? [] : [`${i < data ? "lowerdir" : "datadir"}+=${space.tryReadCString(p, OVERLAYFS_PATHS) ?? ""}`]));
	}

	/** @param {any} fs @param {any} config @param {string | null} redirect before Linux 6.5 its mode is a text @returns {string[] | null} */
	function overlayModes(fs, config, redirect) {
		/** What is taken by default: a parameter of the module, by its name; where overlayfs is no module, the variable. @param {string} name @param {string} [variable] */
		const preset = (name, variable = `ovl_${name}_def`) => {
			const at = moduleParameter("overlay", name) ?? k.symbolIfAny(variable), byte = at === null ? null : space.tryRead(at, 1);
			return byte === null ? null : byte[0] !== 0;
		};
		const onOff = (/** @type {boolean} */ on) => (on ? "on" : "off");
		/** @type {string[]} */
		const options = [];
		let complete = true;
		/** @param {string} name @param {string | undefined} value @param {string | null} usual */
		const show = (name, value, usual) => {
			if (usual === null || value === undefined) complete = false;
			else if (value !== usual) options.push(`${name}=${value}`);
		};
		/** @param {string} name */
		const flag = (name) => {
			if (!has("struct ovl_config", name)) return;
			const usual = preset(name);
			show(name, onOff(config[name]), usual === null ? null : onOff(usual));
		};
		if (config.default_permissions) options.push("default_permissions");
		const redirects = preset("redirect_dir"), follows = preset("redirect_always_follow", "ovl_redirect_always_follow");
		if (has("struct ovl_config", "redirect_mode")) {
			const usual = redirects ? "on" : redirect !== null ? "off" : follows ? "follow" : "nofollow";
			show("redirect_dir", redirect ?? OVL_REDIRECT[config.redirect_mode], redirects === null ? null : usual);
		}
		flag("index");
		const uuid = k.fieldIfAny(config, "uuid");
		if (typeof uuid === "number") show("uuid", OVL_UUID[uuid], "auto"); // since Linux 6.6
		else if (uuid === false) options.push("uuid=off");
		flag("nfs_export");
		if (has("struct ovl_fs", "xino_mode") && fs.xino_mode !== 0) { // 0: all layers are on one file system
			const auto = preset("xino_auto");
			show("xino", OVL_XINO[config.xino], auto === null ? null : auto ? "auto" : "off");
		}
		flag("metacopy");
		if (k.fieldIfAny(config, "ovl_volatile")) options.push("volatile");
		const fsync = k.fieldIfAny(config, "fsync_mode");
		if (typeof fsync === "number") show("fsync", fsync === 1 ? "auto" : undefined, "auto");
		if (k.fieldIfAny(config, "userxattr")) options.push("userxattr");
		else if (says("overlay", ",nouserxattr")) options.push("nouserxattr");
		const verity = k.fieldIfAny(config, "verity_mode");
		if (typeof verity === "number") show("verity", OVL_VERITY[verity], "off");
		return complete ? options : null;
	}

	/** Where a module keeps a parameter; null for none of that name. @param {string} name @param {string} parameter @returns {bigint | null} */
	function moduleParameter(name, parameter) {
		const found = k.modules().find((m) => m.name === name);
		if (!found || !has("struct kernel_param", "arg")) return null;
		const { kp, num_kp: count } = k.at("struct module", found.address), type = kernel.type("struct kernel_param");
		for (let i = 0; i < Math.min(Number(count), 64); i++) {
			const p = type.at(kp + BigInt(i * type.sizeof));
			if (space.tryReadCString(p.name, 64) === parameter) return p.arg;
		}
		return null;
	}

	/** Whether a module has a text: what distributions have added to it shows in what it prints alone. @param {string} name @param {string} text */
	function says(name, text) {
		const module = k.modules().find((m) => m.name === name);
		if (!module) return false;
		return module.regions.some(({ base, size }) => size < 1 << 22 && [...space.scan({ text }, { start: base, end: base + BigInt(size), limit: 1 })].length > 0);
	}

	/** _ext4_show_options (fs/ext4/super.c). @param {bigint} at @param {any} sb */
	function ext4(at, sb) {
		if (!has("struct ext4_sb_info", "s_def_mount_opt")) return null;
		const info = k.at("struct ext4_sb_info", at), own = info.$deref("s_es"), hz = require("svscript/linux-timer")(k.vm).hz();
		if (hz === null || !own) return null;
		const set = Number(info.s_mount_opt), changed = (set ^ Number(info.s_def_mount_opt)) >>> 0, options = [];
		const optimizes = (Number(info.s_mount_opt2) & 0x80) !== 0;
		if (has("struct ext4_sb_info", "s_mb_avg_fragment_size") && optimizes !== Number(info.s_groups_count) >= EXT4_LINEAR_SCAN_THRESHOLD) return null; // mb_optimize_scan: not all versions show it
		if (changed & 0x4000000 && !has("struct ext4_sb_info", "s_mb_max_linear_groups")) return null; // until Linux 5.13 it said the contrary
		if (info.s_qf_names.some((/** @type {bigint} */ name) => name !== 0n)) return null; // files of quotas
		if (Number(info.s_sb_block) !== 1) options.push(`sb=${info.s_sb_block}`);
		for (const [bit, on, off] of EXT4_OPTIONS) {
			const name = set & bit ? on : off;
			if (changed & bit && name !== "") options.push(name);
		}
		if (Number(info.s_commit_interval) === 30 * hz && kernel.release.endsWith("-aws")) return null; // Ubuntu's default on some of these kernels
		const usual = (/** @type {string} */ text, /** @type {number | bigint} */ value, /** @type {number} */ by) => {
			if (Number(value) !== by) options.push(`${text}=${value}`);
		};
		if (info.s_resuid.val !== 0 || own.s_def_resuid !== 0) options.push(`resuid=${info.s_resuid.val}`);
		if (info.s_resgid.val !== 0 || own.s_def_resgid !== 0) options.push(`resgid=${info.s_resgid.val}`);
		for (const [i, name] of EXT4_ERRORS.entries()) if (i > 0 && set & (8 << i) && own.s_errors !== i) options.push(`errors=${name}`);
		usual("commit", Number(info.s_commit_interval) / hz, EXT4_COMMIT_SECONDS);
		usual("min_batch_time", info.s_min_batch_time, 0);
		usual("max_batch_time", info.s_max_batch_time, EXT4_MAX_BATCH_TIME);
		usual("stripe", info.s_stripe, 0);
		if (changed & EXT4_DATA.flags) options.push(`data=${EXT4_DATA.names[(set & EXT4_DATA.flags) >> 10]}`);
		usual("inode_readahead_blks", info.s_inode_readahead_blks, EXT4_READAHEAD_BLOCKS);
		if (set & 0x80000000) usual("init_itable", info.s_li_wait_mult, EXT4_LI_WAIT_MULT);
		usual("max_dir_size_kb", info.s_max_dir_size_kb, 0);
		if (set & 0x10000000) options.push("data_err=abort");
		if (Number(sb.s_flags) & SB_INLINECRYPT) options.push("inlinecrypt");
		if (set & 0x200) options.push(kernel.version.major > 5 || kernel.version.minor >= 8 ? "dax=always" : "dax");
		else if (Number(info.s_mount_opt2) & 0x20) options.push("dax=never");
		else if (Number(info.s_mount_opt2) & 0x40) options.push("dax=inode");
		return options;
	}

	/** cgroup_show_options (kernel/cgroup/cgroup.c), or of version 1 cgroup1_show_options (cgroup-v1.c). @param {bigint} at @param {any} sb */
	function cgroup(at, sb) {
		if (!kernel.hasType("struct kernfs_super_info") || !has("struct cgroup_root", "flags") || !k.symbolIfAny("cgroup_show_options", "cgroup_init")) return null;
		const node = k.at("struct kernfs_super_info", at).$deref("root").$deref("kn"); // whose private data is the cgroup at the root
		const root = k.at("struct cgroup", node.priv).$deref("root");
		const renumbered = k.symbolIfAny("cgroup_favor_dynmods") !== null;
		const flags = (/** @type {[number, number, string][]} */ table) => table.flatMap(([before, since, name]) => (root.flags & (renumbered ? since : before) ? [name] : []));
		if (sb.$deref("s_type").name !== 0n && space.tryReadCString(sb.$deref("s_type").name, 16) === "cgroup2") return flags(CGROUP2_OPTIONS);
		const controllers = k.symbolIfAny("cgroup_subsys");
		if (controllers === null) return null;
		const options = [];
		for (let i = 0; i < 32; i++) {
			if (Number(root.subsys_mask) >>> i & 1) options.push(space.readCString(k.at("struct cgroup_subsys", space.readPointer(controllers + BigInt(i * space.pointerSize))).legacy_name, 64));
		}
		options.push(...flags(CGROUP_OPTIONS));
		if (root.release_agent_path !== "") options.push(`release_agent=${root.release_agent_path}`);
		if (Number(root.cgrp.flags) & 2) options.push("clone_children"); // CGRP_CPUSET_CLONE_CHILDREN
		if (root.name !== "") options.push(`name=${root.name}`);
		return options;
	}

	return { fs_options };
};

/** A mode as the kernel prints it, %03o of its lower bits. @param {number} mode */
const octal = (mode) => (mode & 0o7777).toString(8).padStart(3, "0");
