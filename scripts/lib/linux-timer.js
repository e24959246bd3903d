// svscript/linux-timer: what a Linux guest has set to happen later: the timers of the timer wheel (timer_list) and the high-resolution
// ones (hrtimer) of each CPU.
//
//	const timer = require("svscript/linux-timer")(vm);
//	for (const t of timer.for_each_timer(0)) console.log(vm.linux.symbolize(t.function));
"use strict";
const linux = require("svscript/linux");

const MAX_BASES = 3; // NR_BASES: BASE_LOCAL, BASE_GLOBAL and BASE_DEF; until Linux 6.8 BASE_STD and BASE_DEF (kernel/time/timer.c)

/** enum hrtimer_base_type (include/linux/hrtimer_defs.h). */
const CLOCKS = ["monotonic", "realtime", "boottime", "tai", "monotonic soft", "realtime soft", "boottime soft", "tai soft"];

/** @typedef {StructFields} Struct */

/** @param {VM} vm */
function make(vm) {
	const k = linux(vm);
	const { kernel, space, attempt } = k;

	/** The kernel's count of ticks. @returns {bigint} */
	const jiffies = () => space.readPointer(k.symbol("jiffies", "jiffies_64"));

	/** Ticks a second (CONFIG_HZ), by what the kernel keeps as the length of one; null where that is not known. @returns {number | null} */
	function hz() {
		const at = k.symbolIfAny("tick_nsec", "tick_period"); // gone in Linux 6.17
		const nanoseconds = Number(at === null ? 0n : space.tryReadPointer(at) ?? 0n) || clockInterval();
		return nanoseconds > 0 && nanoseconds <= 10_100_000 ? Math.round(1e9 / nanoseconds) : null;
	}

	/** How many nanoseconds the kernel's clock goes on in a tick, as NTP adjusts them; 0 where that is not known. */
	function clockInterval() {
		const tk = k.timekeeper();
		return tk === null ? 0 : attempt("the kernel's clock", tk.$address, () => Number(tk.xtime_interval) / 2 ** tk.tkr_mono.shift, 0);
	}

	/** Nanoseconds since boot at the kernel's last tick, as CLOCK_MONOTONIC has it; null where they are not known. @returns {bigint | null} */
	function ktime_get() {
		const tk = k.timekeeper();
		return tk && attempt("the kernel's clock", tk.$address, () => k.monotonic(tk), null);
	}

	/** The bases of a CPU's timer wheel. How many there are its own numbers tell: each knows its CPU, and is not far from now. @param {number} cpu @returns {Generator<Struct, void>} struct timer_base */
	function* for_each_timer_base(cpu) {
		const type = kernel.type("struct timer_base"), first = kernel.perCpu(k.symbol("timer_bases"), cpu), now = jiffies(), DAY = 1n << 27n;
		for (let i = 0; i < MAX_BASES; i++) {
			const base = type.at(first + BigInt(i * type.sizeof));
			const alike = attempt("a timer base", base.$address, () => {
				const behind = now - BigInt(base.clk);
				return base.cpu === cpu && behind < DAY && behind > -DAY;
			}, false);
			if (!alike && i > 0) return;
			if (!alike) k.skip("timer bases", base.$address, "the first has another CPU or time than the kernel: those behind it are not looked at");
			yield base;
		}
	}

	/** The timers of a CPU's wheel, in the order of its slots. @param {number} cpu @returns {Generator<Struct, void>} struct timer_list */
	function* for_each_timer(cpu) {
		for (const base of k.guard("timers", kernel.base, () => for_each_timer_base(cpu))) {
			const vectors = /** @type {StructField} */ (base.$type.fields.find((f) => f.name === "vectors"));
			const at = base.$address + BigInt(vectors.offset);
			const heads = space.tryReadArray(at, "pointer", Math.floor(vectors.size / kernel.pointerSize));
			if (heads === null) {
				k.skip("a timer base", base.$address, "it cannot be read");
				continue;
			}
			for (let i = 0; i < heads.length; i++) {
				if (BigInt(heads[i]) !== 0n) yield* k.hlist_for_each_entry(at + BigInt(i * kernel.pointerSize), "struct timer_list", "entry");
			}
		}
	}

	/** The clocks of a CPU's high-resolution timers. @param {number} cpu @returns {Generator<Struct, void>} struct hrtimer_clock_base */
	function* for_each_hrtimer_base(cpu) {
		const base = k.per_cpu(k.symbol("hrtimer_bases"), cpu, "struct hrtimer_cpu_base"), type = kernel.type("struct hrtimer_clock_base");
		const field = /** @type {StructField} */ (base.$type.fields.find((f) => f.name === "clock_base"));
		for (let at = 0; at < field.size; at += type.sizeof) yield type.at(base.$address + BigInt(field.offset + at));
	}

	/** The high-resolution timers of a CPU, each clock's in the order of time. @param {number} cpu @returns {Generator<Struct, void>} struct hrtimer */
	function* for_each_hrtimer(cpu) {
		for (const base of k.guard("timers", kernel.base, () => for_each_hrtimer_base(cpu))) {
			const root = base.$address + BigInt(base.$type.offsetOf("active")); // an rb_root, bare or with more behind it
			yield* k.rbtree_inorder_for_each_entry(root, "struct hrtimer", "node");
		}
	}

	/** The function of a timer. Throws where it is none, as lost memory has it. @param {Struct} timer @returns {bigint} */
	function functionOf(timer) {
		const at = k.field(timer, "function");
		if (!space.isReadable(at) || at < kernel.base >> 1n) throw new RangeError(`its memory is lost: no function is at 0x${at.toString(16)}`);
		return at;
	}

	/** A timer of the wheel, with the seconds until it fires at the soonest; null where the length of a tick is not known. @param {bigint | Struct} timer */
	function timer_info(timer) {
		timer = k.at("struct timer_list", timer);
		const ticks = Number(BigInt.asIntN(8 * kernel.pointerSize, BigInt(timer.expires) - jiffies())), rate = hz();
		return { expires: BigInt(timer.expires), left: rate === null ? null : ticks / rate, function: functionOf(timer), symbol: kernel.symbolize(timer.function), for: purpose(timer), timer: timer.$address };
	}

	/** A high-resolution timer: expires is in nanoseconds of its clock, left in seconds. @param {bigint | Struct} timer */
	function hrtimer_info(timer) {
		timer = k.at("struct hrtimer", timer);
		const base = timer.$deref("base"), now = ktime_get();
		const expires = BigInt.asIntN(64, BigInt(k.field(timer, "node.expires"))), function_ = functionOf(timer);
		const left = now === null || !base ? null : Number(expires - BigInt(base.offset) - now) / 1e9;
		return { clock: CLOCKS[base?.index ?? -1] ?? "?", expires, left, function: function_, symbol: kernel.symbolize(function_), for: purpose(timer), timer: timer.$address };
	}

	/** The struct in which a timer lies, by its function: [type, member that is the timer]. @type {Record<string, [string, string]>} */
	const OWNERS = {
		process_timeout: ["struct process_timer", "timer"], delayed_work_timer_fn: ["struct delayed_work", "timer"], hrtimer_wakeup: ["struct hrtimer_sleeper", "timer"],
		it_real_fn: ["struct signal_struct", "real_timer"],
	};

	/** What a timer is for: the task it wakes, or the function that a delayed work runs; "" where its function alone tells. @param {Struct} timer */
	function purpose(timer) {
		const owner = OWNERS[kernel.symbolize(k.field(timer, "function"))?.replace(/\+0x.*/, "") ?? ""];
		if (!owner || !kernel.hasType(owner[0])) return "";
		return attempt("a timer", timer.$address, () => {
			const s = k.container_of(timer.$address, ...owner);
			if (owner[0] === "struct delayed_work") return kernel.symbolize(s.work.func) ?? "";
			const task = owner[0] === "struct signal_struct" ? k.pid_task(s.leader_pid ?? s.$field("pids[1]"), 1) : k.taskAt("the task of a timer", s.task);
			return task ? `${task.pid} ${k.task_name(task)}` : "";
		}, "");
	}

	return { jiffies, hz, ktime_get, for_each_timer_base, for_each_timer, for_each_hrtimer_base, for_each_hrtimer, timer_info, hrtimer_info };
}

/** @typedef {ReturnType<typeof make>} Timers */

/** @type {WeakMap<VM, Timers>} */
const libraries = new WeakMap();

/** The timers of a guest. Throws where it runs no Linux. @param {VM} vm @returns {Timers} */
module.exports = (vm) => {
	let library = libraries.get(vm);
	if (!library) libraries.set(vm, library = make(vm));
	return library;
};
