// Checks a Linux guest's kernel against itself: entry points, system calls, text, modules, and processes by several views.
"use strict";
const { hex, plural } = require("svscript/format");
const { UsageError } = require("svscript/select");
const { branchTarget, entryPoints } = require("svscript/heuristics");
const linux = require("svscript/linux");
const slabCaches = require("svscript/linux-slab");
const stacks = require("svscript/linux-stack");

exports.command = {
	name: "check",
	help: "Check a Linux guest's kernel against itself, for what somebody changed or hid.\n\n"
		+ "status: ok; suspect, what a kernel that nobody tampered with does not show (tracing, probes and live patches may); unknown, where memory, symbols or "
		+ "types do not tell. What passes was not seen to be changed: it is no proof.\n\n"
		+ "entries    vectors and registers lead to the kernel's own handlers\n"
		+ "syscalls   every entry of the tables is the start of a function of the kernel\n"
		+ "text       no page of text can be written, and none that can is executed\n"
		+ "prologues  no function begins with a jump out of the kernel and its modules. The bytes of text are not compared with those that were\n"
		+ "           loaded: alternatives, static keys, static calls and ftrace patch it all the time\n"
		+ "modules    the list of modules against sysfs, and where their memory lies\n"
		+ "tasks      the list of tasks against the process IDs, the run queues, the lists of children and the allocated objects of their slab cache",
	arguments: [{ name: "CHECK", type: "string", optional: true, rest: true, help: "only these: entries, syscalls, text, prologues, modules, tasks" }],
};

/** @typedef {ReturnType<typeof linux>} Library */
/** @typedef {{status: "ok" | "suspect" | "unknown", detail: string}} Result */
/** @typedef {{vm: VM, k: Library, in_text: (address: bigint) => boolean, hasText: boolean, inKernel: (address: bigint) => boolean,
 *   doubt: (detail: string) => Result}} Context  doubt: for what is suspect where the symbols are whole */

/** @type {Record<string, (c: Context) => Iterable<Result>>} */
const CHECKS = { entries, syscalls, text, prologues, modules, tasks };

/** @param {VM} vm @param {{CHECK: string[]}} args */
exports.main = (vm, args) => {
	const k = linux(vm);
	const { in_text } = stacks(vm);
	const first = k.symbolIfAny("_stext") ?? k.kernel.base, end = k.symbolIfAny("_etext") ?? first;
	const context = { vm, k, in_text, hasText: end > first, inKernel: (/** @type {bigint} */ a) => a >= first && a < end, doubt: k.kernel.missing.length > 0 ? unknown : suspect };
	const wrong = args.CHECK.find((name) => !Object.hasOwn(CHECKS, name));
	if (wrong) throw new UsageError(`there is no check ${wrong}; there are ${Object.keys(CHECKS).join(", ")}`);

	for (const [name, check] of Object.entries(CHECKS)) {
		if (args.CHECK.length > 0 && !args.CHECK.includes(name)) continue;
		try {
			for (const { status, detail } of check(context)) emit({ check: name, status, detail });
		} catch (e) {
			if (!(e instanceof MemoryError) && !(e instanceof RangeError)) throw e;
			emit({ check: name, status: "unknown", detail: e.message });
		}
	}
	return k.report("check");
};

/** @param {string} detail @returns {Result} */
const ok = (detail) => ({ status: "ok", detail });
/** @param {string} detail @returns {Result} */
const suspect = (detail) => ({ status: "suspect", detail });
/** @param {string} detail @returns {Result} */
const unknown = (detail) => ({ status: "unknown", detail });

/** An address with what is there. @param {Context} c @param {bigint} address */
const named = ({ k }, address) => `${hex(address)} (${k.kernel.symbolize(address) ?? "outside of the kernel and its modules"})`;

// --- Where the hardware enters the kernel

/** Interrupt and system call handlers lie in the kernel's text. @param {Context} c @returns {Iterable<Result>} */
function* entries(c) {
	const online = c.k.attempt("the CPUs", c.k.kernel.base, () => new Set(c.k.for_each_online_cpu()), null);
	for (const cpu of c.vm.cpus) {
		const points = entryPoints(cpu).filter(({ address }) => address !== 0n);
		// The vectors that the CPU reserves keep the handler that reports them while the kernel starts.
		const early = (/** @type {bigint} */ address) => /^early_idt_handler_array\b/.test(c.k.kernel.symbolize(address) ?? "");
		if (points.length > 0 && !c.hasText) {
			yield unknown(`CPU ${cpu.index}: ${plural(points.length, "entry point")}, and the kernel has no symbols _stext and _etext to tell whether they lead to its text`);
			continue;
		}
		const strange = points.filter(({ address }) => !c.inKernel(address) && !early(address));
		const noTable = "idt" in cpu && !points.some(({ name }) => name.startsWith("interrupt"));
		if (points.length > 0 && noTable) yield unknown(`CPU ${cpu.index}: the interrupt descriptor table cannot be read, or is empty`);
		for (const { name, address } of strange) yield c.doubt(`CPU ${cpu.index}: ${name} leads to ${named(c, address)}`);
		if (points.length === 0 && online && !online.has(cpu.index)) yield ok(`CPU ${cpu.index}: the kernel has not started it, and it has no entry points`);
		else if (points.length === 0) yield unknown(`CPU ${cpu.index}: the image has no registers that tell where the kernel is entered`);
		else if (strange.length === 0) yield ok(`CPU ${cpu.index}: ${plural(points.length, "entry point")} in the kernel's text`);
		yield* expectedEntries(c, cpu);
	}
}

/** What the registers of system calls must lead to. @type {Record<string, RegExp>} */
const EXPECTED = {
	lstar: /^(entry_SYSCALL_64|entry_SYSCALL_64_trampoline)$/, cstar: /^(entry_SYSCALL_compat|ignore_sysret|entry_SYSCALL32_ignore)$/,
	vbar_el1: /^(vectors|(__bp_harden_el1_vectors|tramp_vectors)(\+.*)?)$/, stvec: /^handle_exception$/,
};

/** @param {Context} c @param {any} cpu @returns {Iterable<Result>} */
function* expectedEntries(c, cpu) {
	for (const [register, pattern] of Object.entries(EXPECTED)) {
		const value = cpu[register];
		if (!value) continue;
		const symbol = c.k.kernel.symbolize(value);
		if (symbol !== null && !pattern.test(symbol)) yield c.doubt(`CPU ${cpu.index}: ${register} leads to ${symbol}`);
	}
}

// --- System calls

/** Every entry of a system call table is the start of a function of the kernel. @param {Context} c @returns {Iterable<Result>} */
function* syscalls(c) {
	const { k } = c;
	let tables = 0;
	for (const name of ["sys_call_table", "ia32_sys_call_table", "x32_sys_call_table", "compat_sys_call_table"]) {
		const at = k.symbolIfAny(name);
		if (at === null) continue;
		tables++;
		let count = 0, strange = 0;
		/** @type {string[]} */
		const inside = [];
		const length = tableLength(c, name, at);
		for (; count < length; count++) {
			const place = at + BigInt(count) * k.word;
			const handler = k.space.tryReadPointer(place);
			if (handler === null) {
				k.skip("a system call table", place, "it cannot be read");
				break;
			}
			const isText = c.inKernel(handler);
			if (isText && !/\+/.test(k.kernel.symbolize(handler) ?? "+")) continue; // without an offset
			strange++;
			if (isText) inside.push(`[${count}] ${named(c, handler)}`);
			else yield c.doubt(`${name}[${count}] leads to ${named(c, handler)}`);
		}
		if (inside.length > 0) {
			yield c.doubt(`${name}: ${plural(inside.length, "entry leads", "entries lead")} to no start of a function: ${inside.slice(0, 4).join(", ")}${inside.length > 4 ? ", …" : ""}`);
		}
		if (count === 0) yield unknown(`${name} cannot be read`);
		else if (count < length) yield unknown(`${name}: ${plural(count, "entry", "entries")} can be read, and not what follows`);
		else if (strange === 0) yield ok(`${name}: ${plural(count, "entry", "entries")}, each the start of a function of the kernel`);
	}
	if (tables === 0) yield unknown("the kernel has no symbol sys_call_table");
}

/**
 * How many entries a system call table has. The kernel does not say, and other data may follow before the next symbol: it goes as far
 * as one of the next entries is a system call by its name. What cannot be read counts, to be told.
 * @param {Context} c @param {string} name @param {bigint} at
 */
function tableLength({ k }, name, at) {
	const most = 1024, gap = 16;
	let length = 0;
	for (let i = 0; i < most && i < length + gap; i++) {
		const place = at + BigInt(i) * k.word;
		if (k.kernel.symbolize(place)?.replace(/\+.*/, "") !== name) break;
		const handler = k.space.tryReadPointer(place);
		if (handler === null) return i + 1;
		if (handler !== 0n && /^(\w*_)?sys_\w+$/i.test(k.kernel.symbolize(handler) ?? "")) length = i + 1;
	}
	return length;
}

// --- Text

/** Text cannot be written, and nothing that can be written is text. @param {Context} c @returns {Iterable<Result>} */
function* text({ k }) {
	const start = k.symbol("_stext"), end = k.symbol("_etext");
	const mended = k.kernel.missing.some((text) => text.startsWith("page tables of the kernel's"));
	const excuse = mended ? ", as far as is known: the page tables that would tell are lost"
		: k.is_starting() ? ", which is not unusual yet: the kernel still starts, and protects it at the end of that" : "";
	const wrong = excuse ? unknown : suspect;
	let pages = 0, writable = 0, unmapped = Number(end - start);
	const pagesOf = (/** @type {Mapping} */ m) => Math.ceil(m.size / k.pageSize);
	for (const m of k.space.mappings({ start, end })) {
		pages += pagesOf(m);
		unmapped -= m.size;
		if (m.flags.includes("w")) {
			writable += m.size;
			yield wrong(`the kernel's text can be written at ${hex(m.base)}, ${plural(pagesOf(m), "page")}${excuse}`);
		}
	}
	if (pages === 0) yield unknown("the kernel's text is not mapped");
	else if (unmapped > 0) yield unknown(`${unmapped.toLocaleString()} bytes of the kernel's text are not mapped, or their page tables cannot be read`);
	else if (writable === 0) yield ok(`the kernel's text cannot be written: ${plural(pages, "page")}`);

	if (k.space.mode === "x86-32") return yield unknown("memory that can be written and executed: all of it is, as this paging mode (x86-32) has no bit against execution");
	const half = k.kernel.pointerSize === 8 ? 1n << 63n : 0xc0000000n;
	let both = 0, mapped = false, forbidden = false;
	for (const m of k.space.mappings({ start: half })) {
		mapped = true;
		forbidden = !m.flags.includes("x");
		if (forbidden) break;
	}
	if (!mapped) return yield unknown("memory that can be written and executed: nothing of the kernel's half is mapped");
	if (!forbidden) return yield unknown("memory that can be written and executed: all of it is, as no page forbids execution: the CPU lacks that, or the kernel does not use it");
	for (const m of k.space.mappings({ start: half, filter: "wx" })) {
		if (m.base >= start && m.base < end) continue;
		both++;
		yield wrong(`memory that can be written and executed: ${hex(m.base)}, ${plural(pagesOf(m), "page")} (${k.kernel.symbolize(m.base) ?? "no symbol"})${excuse}`);
	}
	if (both === 0) yield ok("no memory of the kernel can be written and executed");
}

/** No function of the kernel begins with a jump to somewhere else. @param {Context} c @returns {Iterable<Result>} */
function* prologues(c) {
	const { k } = c;
	let functions = 0, lost = 0, strange = 0;
	const [init, initEnd] = [k.symbolIfAny("_sinittext") ?? 0n, k.symbolIfAny("_einittext") ?? 0n];
	const seen = new Set();
	/** @type {string[]} */
	const attached = [];
	/** @type {{start: bigint, end: bigint, name: string}[] | undefined} */
	let generated;
	for (const s of k.kernel.symbols()) {
		if (!/^[tTwW]$/.test(s.type) || s.module !== null || !c.inKernel(s.address) || seen.has(s.address)) continue;
		seen.add(s.address);
		const bytes = k.space.tryRead(s.address, 16);
		if (!bytes) {
			lost++;
			continue;
		}
		functions++;
		const to = branchTarget(k.kernel.arch, bytes, s.address);
		if (to === null || c.in_text(k.wrap(to))) continue;
		if (s.name.startsWith("__SCT__") && to >= init && to < initEnd) continue; // a static call's trampoline that only code for starting up uses
		generated ??= generatedCode(k);
		const own = generated.find(({ start, end }) => to >= start && to < end);
		if (own) {
			attached.push(`${s.name} to ${own.name}`);
			continue;
		}
		strange++;
		yield c.doubt(`${s.name} begins with a jump to ${named(c, k.wrap(to))}`);
	}
	if (lost > 0) yield unknown(`${plural(lost, "function")} cannot be read`);
	if (functions === 0) yield unknown("there are no symbols of functions");
	else if (strange === 0) {
		const but = attached.length === 0 ? "" : `, but for those with a BPF program attached: ${attached.slice(0, 4).join(", ")}${attached.length > 4 ? ", …" : ""}`;
		yield ok(`${plural(functions, "function")}: none begins with a jump out of the kernel's text and its modules${but}`);
	}
}

/** The code that BPF has made, programs and the trampolines that lead to them (struct bpf_ksym). @param {Library} k */
function generatedCode(k) {
	const head = k.symbolIfAny("bpf_kallsyms");
	if (head === null || !k.has("struct bpf_ksym", "lnode")) return [];
	return [...k.list_for_each_entry(head, "struct bpf_ksym", "lnode")].map(({ start, end, name }) => ({ start, end, name: String(name) }));
}

// --- Modules

/** The list of modules, and what sysfs has of them. @param {Context} c @returns {Iterable<Result>} */
function* modules({ k }) {
	const listed = new Map(k.kernel.modules.map((m) => [m.address, m]));
	if (k.kernel.modulesError) yield unknown(k.kernel.modulesError);
	const variable = k.symbolIfAny("module_kset"), first = k.kernel.modules[0]; // each module knows the set as well
	if (variable === null && !first) return yield unknown("what sysfs has of modules is not known: there is no symbol module_kset");
	if (!k.kernel.hasType("struct module_kobject")) return yield unknown("what sysfs has of modules is not known: the layout of struct module_kobject is not");
	let found = 0, builtIn = 0, hidden = 0;
	const kset = variable !== null ? k.space.readPointer(variable) : k.at("struct module", first.address).$field("mkobj.kobj.kset");
	if (kset === 0n) return yield unknown(`sysfs has no set of modules (module_kset is null)${k.is_starting() ? ": the kernel still starts" : ""}`);
	const head = kset + BigInt(k.kernel.type("struct kset").offsetOf("list"));
	for (const kobject of k.list_for_each_entry(head, "struct kobject", "entry")) {
		const { mod } = k.container_of(kobject.$address, "struct module_kobject", "kobj");
		if (mod === 0n) {
			builtIn++;
			continue;
		}
		found++;
		if (listed.has(mod)) continue;
		hidden++;
		yield suspect(`module ${k.space.tryReadCString(kobject.name, 64) ?? "?"} at ${hex(mod)} is in sysfs and not in the list of modules`);
	}
	const live = [...listed.values()].filter((m) => m.state === "live").length;
	if (found < live) yield suspect(`${plural(live, "module")} in the list, ${found} in sysfs`);
	else if (found + builtIn === 0) yield unknown("the list of modules is empty, and sysfs has no module at all, not even of those that are built in");
	else if (hidden === 0 && !k.kernel.modulesError) yield ok(`${plural(live, "module")} in the list and in sysfs alike`);
	for (const m of listed.values()) {
		for (const r of m.regions) {
			const inside = k.kernel.base < r.base + BigInt(r.size) && r.base < (k.symbolIfAny("_end") ?? 0n);
			if (r.size > 0 && inside) yield suspect(`module ${m.name} has its ${r.kind} in the kernel's image, at ${hex(r.base)}`);
		}
	}
}

// --- Tasks

/** The tasks by every way that leads to them. @param {Context} c @returns {Iterable<Result>} */
function* tasks(c) {
	const { k } = c;
	const listed = new Set(), before = k.skipped.length;
	for (const task of k.for_each_process()) {
		listed.add(task.$address);
		for (const thread of k.for_each_thread(task)) listed.add(thread.$address);
	}
	const damaged = k.skipped.length > before;
	/** @type {Record<string, () => Iterable<StructFields>>} */
	const views = { "the table of process IDs": () => byPID(k), "the run queues": () => queued(k), "the lists of children": () => children(k), "the slabs of task_struct": () => slabs(c) };
	for (const [view, all] of Object.entries(views)) {
		let count = 0, hidden = 0;
		const skipped = k.skipped.length, seen = new Set();
		try {
			for (const task of all()) {
				count++;
				seen.add(task.$address);
				if (listed.has(task.$address) || k.attempt("a task", task.$address, () => task.pid === 0 || task.exit_state !== 0, true)) continue;
				hidden++;
				yield (damaged ? unknown : suspect)(`task ${task.pid} ${task.comm} at ${hex(task.$address)} is in ${view} and not in the list of tasks${damaged ? ", which cannot be read to its end" : ""}`);
			}
		} catch (e) {
			if (!(e instanceof MemoryError) && !(e instanceof RangeError) && !(e instanceof linux.NoLinuxError)) throw e;
			yield unknown(`${view}: ${e.message}`);
			continue;
		}
		if (count > 0 && HAVE_ALL.includes(view)) hidden += yield* absent(c, view, listed.difference(seen));
		const lost = k.skipped.length - skipped;
		if (count === 0) yield unknown(`${view}: there is no task to be found`);
		else if (lost > 0) yield unknown(`${view}: ${plural(count, "task")}${hidden === 0 ? ", none that is not in the list" : ""}, and ${plural(lost, "part")} that cannot be read`);
		else if (hidden === 0) yield ok(`${plural(count, "task")} in ${view}, none that is not in the list of ${listed.size}`);
	}
}

/** The views that every task is in that has not ended. */
const HAVE_ALL = ["the table of process IDs", "the slabs of task_struct"];

/**
 * Of the tasks of the list, those that a view should have and has not. Where a task's struct pid is lost, or this is about the slabs,
 * whose tasks are known by it, that tells nothing of the task.
 * @param {Context} c @param {string} view @param {Set<bigint>} tasks @returns {Generator<Result, number>} how many there are
 */
function* absent({ k }, view, tasks) {
	let unseen = 0, unhashed = 0;
	for (const at of tasks) {
		const task = k.at("task_struct", at);
		if (k.attempt("a task", at, () => task.exit_state !== 0, true)) continue;
		if (view !== HAVE_ALL[0] || k.attempt("a process ID", at, () => task.thread_pid === 0n || k.isLost(k.at("struct pid", task.thread_pid), "tasks"), true)) {
			unseen++;
			continue;
		}
		unhashed++;
		yield suspect(`task ${task.pid} ${task.comm} at ${hex(at)} is in the list of tasks and not in ${view}`);
	}
	if (unseen > 0) yield unknown(`${plural(unseen, "task")} of the list ${unseen === 1 ? "is" : "are"} not in ${view}, or what ties ${unseen === 1 ? "it" : "them"} to it is lost`);
	return unseen + unhashed;
}

/** @param {Library} k @returns {Iterable<StructFields>} */
function* byPID(k) {
	if (!k.has("struct pid_namespace", "idr")) throw new RangeError("where struct pid_namespace has its IDR is not known: its type is damaged or was not inferred, or the kernel is older than Linux 4.15");
	for (const [, pid] of k.for_each_pid()) {
		const task = k.pid_task(pid);
		if (task) yield task;
	}
}

/** What CPUs run, and what of the fair scheduler waits for them. @param {Library} k @returns {Iterable<StructFields>} */
function* queued(k) {
	for (const cpu of k.for_each_online_cpu()) {
		const current = k.cpu_curr(cpu);
		if (current) yield current;
		if (!k.has("struct rq", "cfs_tasks")) continue;
		const rq = k.per_cpu("runqueues", cpu, "struct rq");
		yield* k.list_for_each_entry(rq.$address + BigInt(rq.$type.offsetOf("cfs_tasks")), "task_struct", "se.group_node");
	}
}

/** Everybody's children, from the idle task on. @param {Library} k @returns {Iterable<StructFields>} */
function* children(k) {
	const seen = new Set();
	const queue = [k.init_task()];
	for (let parent; (parent = queue.pop());) {
		for (const child of k.list_for_each_entry(parent.$address + BigInt(parent.$type.offsetOf("children")), "task_struct", "sibling")) {
			if (seen.has(child.$address)) continue;
			seen.add(child.$address);
			yield child;
			queue.push(child);
			if (k.attempt("a task", child.$address, () => child.$deref("signal").nr_threads, 1) > 1) queue.push(...[...k.for_each_thread(child)].slice(1));
		}
	}
}

/**
 * The allocated objects of the cache of tasks: those that a struct pid leads back to. Others are idle tasks, or their making failed.
 * @param {Context} c @returns {Iterable<StructFields>}
 */
function* slabs({ vm, k }) {
	const library = slabCaches(vm), symbol = k.symbolIfAny("task_struct_cachep");
	const cache = symbol !== null ? k.at("struct kmem_cache", k.space.readPointer(symbol)) : library.find_slab_cache("task_struct");
	if (cache === null) throw new RangeError("the kernel has neither task_struct_cachep nor a cache of that name");
	const link = BigInt(k.kernel.type("task_struct").offsetOf("pid_links"));
	for (const task of library.slab_cache_for_each_allocated_object(cache, "task_struct")) {
		const linked = k.attempt("a slab", task.$address, () => task.thread_pid !== 0n && k.at("struct pid", task.thread_pid).$field("tasks[0].first") === task.$address + link, false);
		if (linked) yield task;
	}
}
