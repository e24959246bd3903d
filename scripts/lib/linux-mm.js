// Part of svscript/linux: the memory of processes.
"use strict";
const { hex } = require("./format");

/** @typedef {import("./linux-tasks").Lists & ReturnType<typeof import("./linux-tasks")>} Tasks */
/** @typedef {StructFields} Struct */

const VM_READ = 1n, VM_WRITE = 2n, VM_EXEC = 4n, VM_MAYSHARE = 0x80n; // include/linux/mm.h
const VSYSCALL_ADDR = -10n << 20n & (1n << 64n) - 1n; // arch/x86/include/uapi/asm/vsyscall.h
const MAX_ROOTS = 1 << 14;
const MAX_ARGUMENTS = 6 << 20; // bytes; _STK_LIM / 4 * 3 in fs/exec.c is 6 MiB

/** @param {Tasks} k */
module.exports = (k) => {
	const { kernel, space, attempt, field, fieldIfAny, has, skip, task_mm } = k;

	/**
	 * The memory areas of a process, in the order of their addresses.
	 * @param {bigint | Struct} where a struct mm_struct or its address
	 * @returns {Generator<Struct, void>} struct vm_area_struct
	 */
	function* for_each_vma(where) {
		yield* k.guard("a process's memory", k.address(where), () => areas(where));
	}

	/** @param {bigint | Struct} where @returns {Generator<Struct, void>} */
	function* areas(where) {
		const mm = k.at("struct mm_struct", where);
		const area = kernel.type("struct vm_area_struct");
		if (has("struct mm_struct", "mm_mt")) { // from Linux 6.1 on
			for (const [vma] of k.mt_for_each(mm.$address + BigInt(mm.$type.offsetOf("mm_mt")))) yield area.at(vma);
			return;
		}
		const seen = new Set();
		for (let at = mm.mmap; at !== 0n && !seen.has(at);) {
			seen.add(at);
			const next = space.tryReadPointer(at + BigInt(area.offsetOf("vm_next")));
			if (next === null) {
				skip("a memory area", at, "it cannot be read");
				return;
			}
			yield area.at(at);
			at = next;
		}
	}

	/** The memory area of a process at an address; null when there is none. @param {bigint | Struct} mm @param {bigint} address */
	function find_vma(mm, address) {
		for (const vma of for_each_vma(mm)) if (address < vma.vm_end) return address >= vma.vm_start ? vma : null;
		return null;
	}

	/** "r-xp" as /proc/PID/maps prints it. @param {bigint | Struct} vma */
	function vma_flags(vma) {
		vma = k.at("struct vm_area_struct", vma);
		const flags = BigInt(vma.vm_flags);
		const letter = (/** @type {bigint} */ bit, /** @type {string} */ yes, no = "-") => (flags & bit ? yes : no);
		return letter(VM_READ, "r") + letter(VM_WRITE, "w") + letter(VM_EXEC, "x") + letter(VM_MAYSHARE, "s", "p");
	}

	/** Whether an area's operations are those of the kernel's own pages, such as the vdso: by their function where the table has no symbol. @param {bigint} ops */
	function isSpecial(ops) {
		if (ops === 0n) return false;
		const table = k.symbolIfAny("special_mapping_vmops");
		if (table !== null) return ops === table;
		const name = k.at("struct vm_operations_struct", ops).$field("name");
		return name !== 0n && kernel.symbolize(name) === "special_mapping_name";
	}

	/**
	 * What /proc/PID/maps calls an area that maps no file: "[heap]", "[stack]", "[vdso]", "[anon:name]"; "" for others (show_map_vma in
	 * fs/proc/task_mmu.c).
	 * @param {bigint | Struct} vma
	 */
	function vma_name(vma) {
		vma = k.at("struct vm_area_struct", vma);
		if (vma.vm_private_data !== 0n && isSpecial(vma.vm_ops)) {
			return space.tryReadCString(k.at("struct vm_special_mapping", vma.vm_private_data).name, 64) ?? "";
		}
		const mm = vma.$deref("vm_mm");
		if (mm === null) return "[vdso]";
		const { vm_start, vm_end } = vma;
		if (vm_start < mm.brk && vm_end > mm.start_brk) return "[heap]";
		if (vm_start <= mm.start_stack && vm_end >= mm.start_stack) return "[stack]";
		const vdso = fieldIfAny(mm, "context.vdso");
		if (vdso !== undefined && vdso !== 0n && vm_start === vdso) return "[vdso]";
		const anon = fieldIfAny(vma, "anon_name") ?? 0n;
		if (anon === 0n || !kernel.hasType("struct anon_vma_name")) return "";
		const name = space.tryReadCString(anon + BigInt(kernel.type("struct anon_vma_name").offsetOf("name")), 80);
		return name ? `[anon:${name}]` : "";
	}

	/** The texts between two addresses of a process, each ended by a NUL. @param {bigint | Struct} task @param {string} what @param {string} start @param {string} end */
	function textsOf(task, what, start, end) {
		return attempt(what, k.address(task), () => {
			const mm = task_mm(task), user = k.task_space(task);
			if (mm === null || user === null) return [];
			const from = mm.$field(start), size = Number(mm.$field(end) - from);
			if (size <= 0) return [];
			if (size > MAX_ARGUMENTS) throw new RangeError(`${size} bytes are more than a process can have`);
			return texts(user.read(from, size));
		}, []);
	}

	/** @typedef {{section: bigint, map: bigint}} Section  a section of memory; map: where the struct page of physical address 0 would be, by it */

	/** @type {Section[] | undefined} */
	let memmaps;

	/**
	 * Where struct pages are. With CONFIG_SPARSEMEM_VMEMMAP, and without sparse memory, they lie in a row, and there is one section; else
	 * each section has them somewhere.
	 * @returns {Section[]}
	 */
	function findMemmaps() {
		const at = k.symbolIfAny("vmemmap_base", "mem_map"); // x86_64; kernels without sparse memory, others have it and leave it empty
		const map = at === null ? 0n : space.readPointer(at);
		if (map !== 0n) {
			const [ram] = k.vm.ranges.filter((r) => r.kind === "ram");
			const first = map + ram.base / BigInt(k.pageSize) * BigInt(kernel.type("struct page").sizeof);
			if (!space.isReadable(k.wrap(first))) throw new RangeError(`where the kernel has its struct pages is lost: they are not at ${hex(map)}`);
			return [{ section: 0n, map }];
		}
		/** @type {Section[]} */
		const found = [];
		// Every section's encoded map is that of the first page (sparse_encode_mem_map in mm/sparse.c).
		const section = kernel.type("struct mem_section"), SECTION_HAS_MEM_MAP = 2n, SECTIONS_PER_ROOT = Math.floor(k.pageSize / section.sizeof);
		const variable = k.symbolIfAny("mem_section");
		const roots = variable !== null ? space.readPointer(variable) : BigInt("0x" + (kernel.vmcoreinfo["SYMBOL(mem_section)"] ?? "0"));
		if (roots === 0n) throw new RangeError("where the kernel has its struct pages is not known: there is no symbol mem_section");
		const mapOf = (/** @type {bigint} */ first, /** @type {number} */ index, /** @type {number} */ number) => {
			const map = space.tryReadPointer(first + BigInt(index * section.sizeof + section.offsetOf("section_mem_map"))) ?? 0n;
			if (map & SECTION_HAS_MEM_MAP) found.push({ section: BigInt(number), map: map & ~0x3fn }); // flags are in the lowest bits
		};
		if (roots & 3n) { // no pointer, but the first section: an array of all (CONFIG_SPARSEMEM_STATIC)
			const count = Math.min(Number(kernel.vmcoreinfo["LENGTH(mem_section)"] ?? 0), MAX_ROOTS);
			for (let i = 0; variable !== null && i < count; i++) mapOf(variable, i, i);
		} else {
			for (let i = 0; i < MAX_ROOTS; i++) {
				const root = space.tryReadPointer(roots + BigInt(i) * k.word);
				if (root === null) break;
				for (let j = 0; root !== 0n && j < SECTIONS_PER_ROOT; j++) mapOf(root, j, i * SECTIONS_PER_ROOT + j);
				if (i > 0 && root === 0n && found.length > 0) break;
			}
		}
		if (found.length === 0) throw new RangeError("where the kernel has its struct pages is not known: no memory section has any");
		return found.every(({ map }) => map === found[0].map) ? found.slice(0, 1) : found;
	}

	/** Pages of a section: 1 << (SECTION_SIZE_BITS - PAGE_SHIFT), arch/<arch>/include/asm/sparsemem.h. */
	function sectionPages() {
		const bits = kernel.arch === "i386" ? (space.mode === "x86-pae" ? 29 : 26) : 27;
		return BigInt(2 ** bits / k.pageSize);
	}

	/** The map that a struct page is of. @param {bigint} page address */
	function mapOfPage(page) {
		memmaps ??= findMemmaps();
		if (memmaps.length === 1) return memmaps[0].map;
		const pages = sectionPages(), size = BigInt(kernel.type("struct page").sizeof);
		const own = memmaps.find(({ section, map }) => page >= map + section * pages * size && page < map + (section + 1n) * pages * size);
		if (!own) throw new RangeError(`0x${page.toString(16)} is no struct page of a section of memory`);
		return own.map;
	}

	/** The map that has a physical address. @param {bigint} physical */
	function mapOfPhysical(physical) {
		memmaps ??= findMemmaps();
		if (memmaps.length === 1) return memmaps[0].map;
		const section = physical / BigInt(k.pageSize) / sectionPages();
		const own = memmaps.find((m) => m.section === section);
		if (!own) throw new RangeError(`no section of memory has 0x${physical.toString(16)}`);
		return own.map;
	}

	/** @type {bigint | undefined} */
	let direct;

	/**
	 * Where the kernel has the byte of a physical address in its linear map of memory (__va). How far that is from physical memory is
	 * seen at init's neighbour in the list of tasks, which lies there.
	 * @param {bigint} physical
	 */
	function phys_to_virt(physical) {
		if (direct === undefined) {
			for (const task of k.for_each_process()) {
				const at = space.translate(task.$address);
				if (at === null) continue;
				direct = task.$address - at;
				break;
			}
			if (direct === undefined) throw new RangeError("where the kernel's linear map of memory lies is not known: no task is mapped");
		}
		return k.wrap(physical + direct);
	}

	return {
		phys_to_virt,

		/** The physical address of the page that a struct page stands for. @param {bigint | Struct} page */
		page_to_phys(page) {
			const at = k.address(page);
			return (at - mapOfPage(at)) / BigInt(kernel.type("struct page").sizeof) * BigInt(k.pageSize);
		},

		/** Physical intervals whose struct pages lie in a row: where to split a search of them. @param {bigint} base @param {bigint} end @returns {Generator<{base: bigint, end: bigint}, void>} */
		*rows_of_pages(base, end) {
			memmaps ??= findMemmaps();
			if (memmaps.length === 1) return yield { base, end };
			const bytes = sectionPages() * BigInt(k.pageSize);
			for (const { section } of memmaps) {
				const from = section * bytes > base ? section * bytes : base, to = (section + 1n) * bytes < end ? (section + 1n) * bytes : end;
				if (from < to) yield { base: from, end: to };
			}
		},

		/** The struct page of the page at a physical address. @param {bigint} physical @returns {Struct} */
		phys_to_page(physical) {
			const type = kernel.type("struct page");
			return type.at(mapOfPhysical(physical) + physical / BigInt(k.pageSize) * BigInt(type.sizeof));
		},

		for_each_vma, find_vma, vma_flags, vma_name,

		/** The arguments that a process was started with, as it has changed them since. @param {bigint | Struct} task @returns {string[]} */
		task_argv: (task) => textsOf(task, "a process's arguments", "arg_start", "arg_end"),

		/** The environment that a process was started with, "NAME=value". @param {bigint | Struct} task @returns {string[]} */
		task_environ: (task) => textsOf(task, "a process's environment", "env_start", "env_end"),

		/** The struct file that a process runs, or null. @param {bigint | Struct} task @returns {Struct | null} */
		task_exe(task) {
			return attempt("a process's program", k.address(task), () => task_mm(task)?.$deref("exe_file") ?? null, null);
		},

		/** The struct file that an area maps; null for none. @param {bigint | Struct} vma @returns {Struct | null} */
		vma_file: (vma) => k.at("struct vm_area_struct", vma).$deref("vm_file"),

		/** A file's device as [major, minor] and its inode number. @param {bigint | Struct} file @returns {{dev: [number, number], inode: bigint}} */
		file_id(file) {
			file = k.at("struct file", file);
			const inode = file.$deref("f_inode");
			const dev = inode.$deref("i_sb").s_dev;
			return { dev: [dev >>> 20, dev & 0xfffff], inode: BigInt(inode.i_ino) }; // MINORBITS, include/linux/kdev_t.h
		},

		/** The area of [vsyscall], which x86_64 shows behind all others of a process; null where there is none (arch/x86/entry/vsyscall). @param {bigint | Struct} mm */
		gate_vma(mm) {
			mm = k.at("struct mm_struct", mm);
			const mode = k.symbolIfAny("vsyscall_mode"), NONE = 2, MM_CONTEXT_HAS_VSYSCALL = 2n; // bit 1 of mm->context.flags
			if (kernel.symbol("gate_vma") === null || mode === null || (space.tryReadU32(mode) ?? NONE) === NONE) return null;
			if (has("struct mm_struct", "context.flags") && !(BigInt(field(mm, "context.flags")) & MM_CONTEXT_HAS_VSYSCALL)) return null;
			const gate = k.global("gate_vma", "struct vm_area_struct");
			if (gate.vm_start !== VSYSCALL_ADDR) throw new RangeError("its area is lost");
			return gate;
		},
	};
};

/** @param {Uint8Array} bytes */
function texts(bytes) {
	let end = bytes.length;
	while (end > 0 && bytes[end - 1] === 0) end--;
	return end === 0 ? [] : new TextDecoder().decode(bytes.subarray(0, end)).split("\0");
}
