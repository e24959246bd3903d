// svscript/linux-stack: call stacks of a Linux guest's CPUs and tasks. Each frame says what it rests on:
//
//	"pc"    the CPU's own program counter
//	"sleep" where a task that does not run will go on
//	"orc"   the kernel's ORC tables (x86_64): exact
//	"fp"    the chain of frame pointers
//	"regs"  registers that an interrupt or exception saved on the stack
//	"scan"  a value on the stack that is an address in text behind a call; it may be left from a call that is over
//
// A walk that cannot go on by ORC or frame pointers goes on by a scan of the rest of the stack.
"use strict";
const linux = require("svscript/linux");

const MAX_FRAMES = 256;

/**
 * Registers of a struct orc_entry (arch/x86/include/asm/orc_types.h), as they were numbered until Linux 7.1, and since.
 * @type {Record<string, number>[]}
 */
const ORC_REGISTERS = [
	{ PREV_SP: 1, DX: 2, DI: 3, BP: 4, SP: 5, R10: 6, R13: 7, BP_INDIRECT: 8, SP_INDIRECT: 9 },
	{ DX: 2, SP: 3, BP: 4, R10: 6, R13: 7, PREV_SP: 8, SP_INDIRECT: 9, BP_INDIRECT: 10 },
];
/** Types, as they are since Linux 6.4. */
const ORC_TYPES = ["undefined", "end", "call", "regs", "partial"];
/** Types until then: call, regs, regs_partial; the field end marks the last frame. */
const OLD_ORC_TYPES = ["call", "regs", "partial"];

/**
 * @typedef {StructFields} Struct
 * @typedef {{address: bigint, symbol: string | null, sp: bigint, found: "pc" | "sleep" | "orc" | "fp" | "regs" | "scan"}} Frame
 * @typedef {{pc: bigint, sp: bigint, fp: bigint, signal: boolean, regs: bigint | null}} State  signal: pc is no return address but the
 *   instruction itself; regs: a whole struct pt_regs that was passed
 */

/** @param {VM} vm */
function make(vm) {
	const k = linux(vm);
	const { kernel, space, has, word } = k;
	const x86 = kernel.arch === "x86_64" || kernel.arch === "i386";

	/** The kernel's text and that of its modules, as intervals. @returns {{start: bigint, end: bigint}[]} */
	const texts = () => {
		const all = [];
		for (const [first, last] of [["_stext", "_etext"], ["__irqentry_text_start", "__irqentry_text_end"]]) {
			const start = kernel.symbol(first), end = kernel.symbol(last);
			if (start !== null && end !== null && end > start) all.push({ start, end });
		}
		for (const m of has("struct module", "list") ? k.modules() : []) { // neither without types nor without CONFIG_MODULES
			for (const r of m.regions) if (r.kind === "text" || r.kind === "core") all.push({ start: r.base, end: r.base + BigInt(r.size) });
		}
		return all;
	};
	/** @type {{start: bigint, end: bigint}[] | undefined} */
	let ranges;
	let told = false; // that the kernel's is not known

	const textKnown = () => kernel.symbol("_stext") !== null && kernel.symbol("_etext") !== null;

	/** Whether an address is in the kernel's text or a module's. @param {bigint} address */
	function in_text(address) {
		for (const { start, end } of (ranges ??= texts())) if (address >= start && address < end) return true;
		return false;
	}

	/** Whether an address is in text that the kernel has thrown away after it started: what idles began there. @param {bigint} address */
	function inInit(address) {
		const start = kernel.symbol("_sinittext"), end = kernel.symbol("_einittext");
		return start !== null && end !== null && address >= start && address < end;
	}

	// --- Where to begin

	/** The stack of a task: its lowest address and its size. @param {bigint | Struct} task @returns {{base: bigint, size: number}} */
	function task_stack(task) {
		task = k.at("struct task_struct", task);
		return { base: task.stack, size: threadSize() };
	}

	/** THREAD_SIZE: the distance that init's stack has in the kernel's image. */
	function threadSize() {
		if (kernel.arch === "i386") return 2 * k.pageSize;
		const start = kernel.symbol("init_stack") ?? kernel.symbol("init_thread_union"), end = kernel.symbol("__end_init_task") ?? kernel.symbol("__end_init_stack");
		const size = start !== null && end !== null ? Number(end - start) : 0;
		return size >= 8192 && size <= 65536 && (size & (size - 1)) === 0 ? size : 4 * 4096;
	}

	/** The CPU that runs a task; null for one that does not run. @param {bigint | Struct} task @returns {CPU | null} */
	function running_on(task) {
		task = k.at("struct task_struct", task);
		if (!has("task_struct", "on_cpu")) return vm.cpus.find((cpu) => stands(cpu, task)) ?? null;
		if (task.on_cpu === 0) return null;
		const cpu = k.task_cpu(task);
		const curr = k.attempt("what a CPU runs", task.$address, () => k.cpu_curr(cpu), null);
		return curr && curr.$address === task.$address ? vm.cpus[cpu] ?? null : null;
	}

	/**
	 * Whether a CPU runs a task, by where it stands: with its stack pointer in the task's stack, or in user mode with its page table.
	 * @param {CPU} cpu @param {Struct} task
	 */
	function stands(cpu, task) {
		const { pc, sp } = cpuState(cpu), { base, size } = task_stack(task);
		if (isKernel(pc)) return sp >= base && sp < base + BigInt(size);
		const own = k.task_space(task)?.root ?? null;
		return own !== null && cpu.space !== null && (cpu.space.root ?? 0n) >> 13n === own >> 13n; // the two halves of KPTI are neighbours
	}

	/** What a CPU runs; null where that is not known. @param {CPU} cpu */
	function current_task(cpu) {
		if (kernel.typesFrom !== "memory") return k.attempt("what a CPU runs", 0n, () => k.cpu_curr(cpu.index), null);
		for (const task of [k.init_task(), ...k.for_each_process_thread()]) if (stands(cpu, task)) return task; // other idle tasks are on no list
		return null;
	}

	/** A CPU's registers as a state to unwind from. @param {CPU} cpu @returns {State} */
	function cpuState(cpu) {
		/** @type {any} */
		const r = cpu;
		const names = { x86_64: ["rip", "rsp", "rbp"], i386: ["eip", "esp", "ebp"], aarch64: ["pc", "sp", "x29"], riscv64: ["pc", "x2", "x8"] }[kernel.arch];
		const [pc, sp, fp] = names.map((name) => r[name] ?? 0n);
		return { pc, sp, fp, signal: true, regs: null };
	}

	/** Where a task that does not run went to sleep. @param {Struct} task @returns {State | null} null where the kernel does not tell */
	function sleepState(task) {
		const { thread } = task;
		if (kernel.arch === "aarch64") return { pc: code(thread.cpu_context.pc), sp: thread.cpu_context.sp, fp: thread.cpu_context.fp, signal: false, regs: null };
		if (kernel.arch === "riscv64") return { pc: thread.ra, sp: thread.sp, fp: thread.s[0], signal: false, regs: null };
		if (!x86 || !kernel.hasType("struct inactive_task_frame")) return null;
		const frame = k.at("struct inactive_task_frame", BigInt(thread.sp)); // what __switch_to_asm pushes
		return { pc: BigInt(frame.ret_addr), sp: frame.$address + BigInt(frame.$type.sizeof), fp: BigInt(frame.bp), signal: false, regs: null };
	}

	/** A code address without the signature that arm64's pointer authentication puts into its upper bits. @param {bigint} address */
	const code = (address) => (kernel.arch === "aarch64" && address >> 55n & 1n ? address | 0xff80000000000000n | (kernel.base & 0xffff000000000000n) : address);

	// --- Unwinding

	/**
	 * The call stack of a task, the innermost frame first.
	 * @param {bigint | Struct} task
	 * @returns {Generator<Frame>}
	 */
	function* stack_trace(task) {
		task = k.at("struct task_struct", task);
		const cpu = running_on(task);
		if (cpu) return yield* cpu_stack_trace(cpu, task);
		const state = k.attempt("where a task sleeps", task.$address, () => sleepState(task), null);
		if (state) yield* unwind(state, "sleep", task_stack(task));
	}

	/**
	 * The call stack of a CPU, the innermost frame first: in the kernel, or just where it is in user mode.
	 * @param {CPU} cpu @param {Struct | null} [task] what it runs
	 * @returns {Generator<Frame>}
	 */
	function* cpu_stack_trace(cpu, task = current_task(cpu)) {
		const state = cpuState(cpu);
		if (!isKernel(state.pc)) return yield { address: state.pc, symbol: null, sp: state.sp, found: "pc" };
		yield* unwind(state, "pc", task && task_stack(task));
	}

	/** Whether an address is of the kernel's half. @param {bigint} address */
	const isKernel = (address) => (kernel.pointerSize === 8 ? address >> 63n === 1n : address >= 0xc0000000n || address >= kernel.base);

	/** @param {State} start @param {Frame["found"]} how @param {{base: bigint, size: number} | null} stack @returns {Generator<Frame>} */
	function* unwind(start, how, stack) {
		const step = unwinder();
		const seen = new Set(), noted = k.skipped.length;
		let state = start;
		let found = how;
		for (let n = 0; n < MAX_FRAMES; n++) {
			yield frame(state, found);
			const key = `${state.pc}/${state.sp}`;
			if (seen.has(key)) break;
			seen.add(key);
			const at = state;
			/** @type {ReturnType<Step>} */
			const next = k.attempt("a stack frame", at.sp, () => step(at), undefined);
			if (next === null) return; // the end of the stack
			if (next === undefined || !(in_text(next.state.pc) || inInit(next.state.pc))) break;
			state = next.state;
			found = next.found;
		}
		let more = state !== start;
		if (stack) {
			for (const f of scan(state.sp, stack)) {
				more = true;
				yield f;
			}
		}
		if (more || k.skipped.length > noted) return;
		if (textKnown()) k.skip("a stack", state.sp, "it is lost, or is none: no call is on it");
		else if (!told) {
			told = true;
			k.skip("every stack", kernel.base, "none can be followed: no symbol tells where the kernel's text is");
		}
	}

	/** @param {State} state @param {Frame["found"]} found @returns {Frame} */
	const frame = ({ pc, sp, signal }, found) => ({ address: pc, symbol: signal || found === "sleep" ? kernel.symbolize(pc) : returnSymbol(pc), sp, found });

	/**
	 * A return address by its symbol. A call that does not return may be the last instruction of its function: then the address is that
	 * of the next one (%pB in lib/vsprintf.c).
	 * @param {bigint} address
	 */
	function returnSymbol(address) {
		const symbol = kernel.symbolize(address);
		if (symbol === null || /\+0x/.test(symbol)) return symbol;
		const before = kernel.symbolize(address - 1n);
		return before === null ? symbol : before.replace(/\+0x([0-9a-f]+)/, (_, offset) => `+0x${(parseInt(offset, 16) + 1).toString(16)}`);
	}

	/** @typedef {(state: State) => {state: State, found: Frame["found"]} | null | undefined} Step  null at the end of the stack; undefined where it is lost */

	/** How this kernel's stacks are walked. @returns {Step} */
	function unwinder() {
		if (kernel.arch === "x86_64" && kernel.symbol("__start_orc_unwind_ip") !== null && kernel.hasType("struct orc_entry")) return orcStep;
		if (kernel.arch === "aarch64") return arm64Step;
		if (kernel.arch === "riscv64") return riscvStep;
		return x86FramePointerStep;
	}

	/** Throws where the page of a stack is lost: it holds zeros alone, though a frame is in it. @param {bigint} at */
	function mustHold(at) {
		if (space.tryRead(at & ~4095n, 4096)?.every((byte) => byte === 0)) throw new RangeError(`it is lost: the page of 0x${at.toString(16)} holds zeros`);
	}

	/** Frame records of the AAPCS64: the caller's x29 and the return address. @type {Step} */
	function arm64Step({ fp }) {
		if (fp === 0n) return null;
		if (fp & 7n) return undefined;
		const next = space.readU64(fp), lr = code(space.readU64(fp + 8n));
		if (next === 0n && lr === 0n) {
			mustHold(fp);
			return finalFrame(fp); // the record in a struct pt_regs
		}
		return lr === 0n ? null : { state: { pc: lr, sp: fp + 16n, fp: next, signal: false, regs: null }, found: "fp" };
	}

	/** The frame record of an entry to the kernel: since Linux 6.13 it says of what kind it is (struct frame_record_meta). @param {bigint} fp */
	function finalFrame(fp) {
		if (!has("struct pt_regs", "stackframe.record")) return null;
		const FRAME_META_TYPE_PT_REGS = 2n;
		if (k.at("struct frame_record_meta", fp).type !== FRAME_META_TYPE_PT_REGS) return null;
		const regs = k.container_of(fp, "struct pt_regs", "stackframe");
		if (!in_text(regs.pc)) return null;
		return { state: { pc: regs.pc, sp: regs.sp, fp: regs.regs[29], signal: true, regs: regs.$address }, found: /** @type {"regs"} */ ("regs") };
	}

	/** The caller's s0 and ra are below where s0 points. @type {Step} */
	function riscvStep({ pc, sp, fp, signal }) {
		if (!signal && isExit(pc)) return savedRegisters(sp);
		if (fp === 0n || !isKernel(fp)) return null; // user code's: the kernel was entered from there
		if (fp & 7n) return undefined;
		const ra = space.readU64(fp - 8n);
		if (ra === 0n) mustHold(fp - 8n);
		return ra === 0n ? null : { state: { pc: ra, sp: fp, fp: space.readU64(fp - 16n), signal: false, regs: null }, found: "fp" };
	}

	/** Whether an address is where riscv64's entry code goes on after its handler (walk_stackframe in arch/riscv/kernel/stacktrace.c). @param {bigint} address */
	const isExit = (address) => /^(ret_from_exception|handle_exception)\b/.test(returnSymbol(address) ?? "");

	/** The registers that the entry code has put above the handler's frame: null, the end, where they are of user code. @param {bigint} at @returns {ReturnType<Step>} */
	function savedRegisters(at) {
		const regs = k.at("struct pt_regs", at);
		const SR_SPP = 0x100n; // the mode before, arch/riscv/include/asm/csr.h
		if (!(regs.status & SR_SPP) || !in_text(regs.epc)) return null;
		return { state: { pc: regs.epc, sp: regs.sp, fp: regs.s0, signal: true, regs: regs.$address }, found: /** @type {"regs"} */ ("regs") };
	}

	/** @type {Step} */
	function x86FramePointerStep({ fp }) {
		if (fp === 0n) return null;
		const regs = encodedRegisters(fp);
		if (regs !== null) return x86Registers(kernel.type("struct pt_regs").at(regs));
		if (!isKernel(fp) || fp & (word - 1n)) return undefined;
		return { state: { pc: space.readPointer(fp + word), sp: fp + 2n * word, fp: space.readPointer(fp), signal: false, regs: null }, found: "fp" };
	}

	/** Where kernels with frame pointers have saved registers, as a frame pointer says it (ENCODE_FRAME_POINTER in arch/x86/include/asm/frame.h); null for a plain one. @param {bigint} fp */
	function encodedRegisters(fp) {
		const at = kernel.pointerSize === 8 ? fp & ~1n : fp | 0x80000000n;
		return at !== fp && isKernel(at) && (at & (word - 1n)) === 0n && kernel.hasType("struct pt_regs") ? at : null;
	}

	/** From what was interrupted on; null, the end, where that is user code, or a new task's empty registers. @param {any} regs struct pt_regs @returns {ReturnType<Step>} */
	function x86Registers(regs) {
		const pc = BigInt(regs.ip); // unsigned long: of 32 bits a Number
		if (BigInt(regs.cs) & 3n || !in_text(pc)) return null;
		return { state: { pc, sp: BigInt(regs.sp), fp: BigInt(regs.bp), signal: true, regs: regs.$address }, found: /** @type {"regs"} */ ("regs") };
	}

	// --- ORC (arch/x86/kernel/unwind_orc.c)

	/** @type {{start: bigint, end: bigint, ips: bigint, entries: bigint, count: number}[] | undefined} */
	let tables;

	/** The ORC tables of the kernel and of its modules. */
	function orcTables() {
		const all = [];
		const [ips, stop, entries] = ["__start_orc_unwind_ip", "__stop_orc_unwind_ip", "__start_orc_unwind"].map((name) => k.symbol(name));
		all.push({ start: kernel.base, end: kernel.symbol("_end") ?? kernel.base + (1n << 30n), ips, entries, count: Number(stop - ips) / 4 });
		if (!has("struct module", "arch.orc_unwind_ip")) return all;
		for (const m of k.modules()) {
			const arch = k.attempt("a module's ORC table", m.address, () => k.at("struct module", m.address).arch.decode(), null);
			if (!arch || arch.num_orcs === 0) continue;
			for (const r of m.regions) {
				all.push({ start: r.base, end: r.base + BigInt(r.size), ips: arch.orc_unwind_ip, entries: arch.orc_unwind, count: arch.num_orcs });
			}
		}
		return all;
	}

	/** The struct orc_entry of an instruction; null when there is none. @param {bigint} pc @returns {any} */
	function orc_find(pc) {
		tables ??= orcTables();
		const table = tables.find((t) => pc >= t.start && pc < t.end);
		if (!table) return null;
		let low = 0, high = table.count; // the last one whose address is not behind pc
		while (high - low > 1) {
			const mid = (low + high) >>> 1, at = table.ips + BigInt(4 * mid);
			if (at + BigInt(space.readS32(at)) <= pc) low = mid;
			else high = mid;
		}
		const type = kernel.type("struct orc_entry");
		return table.count > 0 ? type.decode(space.read(table.entries + BigInt(low * type.sizeof), type.sizeof)) : null;
	}

	/** @type {Record<string, number> | undefined} */
	let registers;

	/** How the tables number registers: where a function begins, the one that everything is relative to is the stack pointer. */
	function orcRegisterNumbers() {
		const entry = ["schedule", "__schedule", "do_exit"].map((name) => kernel.symbol(name)).filter((at) => at !== null).map((at) => orc_find(at)).find((orc) => orc?.sp_offset === 8);
		return ORC_REGISTERS.find((r) => r.SP === entry?.sp_reg) ?? ORC_REGISTERS[0];
	}

	/** @type {Step} */
	function orcStep(state) {
		const orc = orc_find(state.signal ? state.pc : state.pc - 1n);
		if (!orc) return x86FramePointerStep(state);
		const old = "end" in orc;
		const type = (old ? OLD_ORC_TYPES : ORC_TYPES)[orc.type];
		if ((old && orc.end) || type === "end") return null;
		const cfa = orcStackPointer(state, orc);
		if (cfa === undefined) return undefined;
		switch (type) {
			case "call": {
				const pc = space.readPointer(cfa - word);
				return { state: { pc, sp: cfa, fp: orcFramePointer(state, orc, cfa), signal: false, regs: null }, found: "orc" };
			}
			case "regs":
			case "partial":
				return orcRegisters(state, orc, cfa, type === "regs");
		}
		return undefined;
	}

	/** The stack pointer before the call. @param {State} state @param {any} orc @returns {bigint | undefined} */
	function orcStackPointer(state, orc) {
		const offset = BigInt(orc.sp_offset);
		registers ??= orcRegisterNumbers();
		switch (orc.sp_reg) {
			case registers.SP: return k.wrap(state.sp + offset);
			case registers.BP: return k.wrap(state.fp + offset);
			case registers.SP_INDIRECT: // the offset is behind the indirection since Linux 5.11
				return kernel.version.major > 5 || (kernel.version.major === 5 && kernel.version.minor >= 11)
					? space.readPointer(state.sp) + offset : space.readPointer(k.wrap(state.sp + offset));
			case registers.BP_INDIRECT: return space.readPointer(k.wrap(state.fp + offset));
		}
		// Another register has it, which is known behind an interrupt alone.
		const name = ["R10", "R13", "DI", "DX"].find((r) => registers?.[r] === orc.sp_reg);
		return name && state.regs !== null ? k.at("struct pt_regs", state.regs)[name.toLowerCase()] : undefined;
	}

	/** The caller's rbp. @param {State} state @param {any} orc @param {bigint} cfa */
	function orcFramePointer(state, orc, cfa) {
		registers ??= orcRegisterNumbers();
		if (orc.bp_reg === registers.PREV_SP) return space.readPointer(k.wrap(cfa + BigInt(orc.bp_offset)));
		if (orc.bp_reg === registers.BP) return space.readPointer(k.wrap(state.fp + BigInt(orc.bp_offset)));
		return state.fp;
	}

	/** Registers on the stack: a struct pt_regs, or of it just what the CPU pushes. @param {State} state @param {any} orc @param {bigint} at @param {boolean} whole @returns {ReturnType<Step>} */
	function orcRegisters(state, orc, at, whole) {
		const type = kernel.type("struct pt_regs");
		const regs = type.at(whole ? at : at - BigInt(type.offsetOf("ip")));
		if (BigInt(regs.cs) & 3n) return null; // from user mode
		const fp = whole ? regs.bp : orcFramePointer(state, orc, at);
		return { state: { pc: regs.ip, sp: regs.sp, fp, signal: true, regs: whole ? regs.$address : null }, found: "regs" };
	}

	// --- Without a table

	/** What on a stack looks like return addresses. @param {bigint} sp @param {{base: bigint, size: number}} stack @returns {Generator<Frame>} */
	function* scan(sp, { base, size }) {
		const end = base + BigInt(size);
		let at = sp >= base && sp < end ? sp - (sp % word) : base;
		const values = space.tryReadArray(at, "pointer", Number((end - at) / word));
		if (!values) {
			k.skip("a stack", at, "it cannot be read");
			return;
		}
		for (let i = 0, n = 0; i < values.length && n < MAX_FRAMES; i++, at += word) {
			const address = code(BigInt(values[i]));
			if (!in_text(address) || !behindCall(address)) continue;
			n++;
			yield { address, symbol: returnSymbol(address), sp: at, found: "scan" };
		}
	}

	/** Whether the instruction before an address is a call. @param {bigint} address */
	function behindCall(address) {
		const before = space.tryRead(address - 7n, 7);
		if (!before) return false;
		if (kernel.arch === "aarch64") {
			const insn = space.tryReadU32(address - 4n) ?? 0;
			return (insn & 0xfc000000) >>> 0 === 0x94000000 || (insn & 0xfffffc1f) >>> 0 === 0xd63f0000; // bl, blr
		}
		if (kernel.arch === "riscv64") {
			const insn = space.tryReadU32(address - 4n) ?? 0, short = space.tryReadU16(address - 2n) ?? 0;
			return (insn & 0xfff) === 0xef || (insn & 0x7fff) === 0xe7 || ((short & 0xf07f) === 0x9002 && (short & 0xf80) !== 0); // jal ra, jalr ra, c.jalr
		}
		if (before[2] === 0xe8) return true; // call rel32
		return [2, 3, 4, 6, 7].some((n) => before[7 - n] === 0xff && (before[8 - n] & 0x38) === 0x10); // call r/m
	}

	return { in_text, task_stack, running_on, current_task, stack_trace, cpu_stack_trace, orc_find };
}

/** @typedef {ReturnType<typeof make>} Stacks */

/** @type {WeakMap<VM, Stacks>} */
const libraries = new WeakMap();

/** The call stacks of a guest. Throws where it runs no Linux. @param {VM} vm @returns {Stacks} */
module.exports = (vm) => {
	let library = libraries.get(vm);
	if (!library) libraries.set(vm, library = make(vm));
	return library;
};
