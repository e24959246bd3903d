// svscript/linux-irq: the interrupts of a Linux guest: their descriptors and handlers, how often each came, and x86's table of vectors.
//
//	const irq = require("svscript/linux-irq")(vm);
//	for (const [number, desc] of irq.for_each_irq()) console.log(number, irq.irq_info(number, desc).actions);
"use strict";
const linux = require("svscript/linux");

const MAX_IRQS = 1 << 16, MAX_ACTIONS = 256;

/**
 * What /proc/interrupts shows of x86's own interrupts: its label; the member of irq_cpustat_t, or the variable, that counts it; since
 * Linux 7.2, where the counts are an array, its index, enum irq_stat_counts; and its text (arch/x86/kernel/irq.c).
 * @type {[string, string, string, string][]}
 */
const X86_COUNTS = [
	["NMI", "__nmi_count", "NMI", "Non-maskable interrupts"],
	["LOC", "apic_timer_irqs", "APIC_TIMER", "Local timer interrupts"],
	["SPU", "irq_spurious_count", "SPURIOUS", "Spurious interrupts"],
	["PMI", "apic_perf_irqs", "APIC_PERF", "Performance monitoring interrupts"],
	["IWI", "apic_irq_work_irqs", "IRQ_WORK", "IRQ work interrupts"],
	["RTR", "icr_read_retry_count", "ICR_READ_RETRY", "APIC ICR read retries"],
	["PLT", "x86_platform_ipis", "X86_PLATFORM_IPI", "Platform interrupts"],
	["RES", "irq_resched_count", "RESCHEDULE", "Rescheduling interrupts"],
	["CAL", "irq_call_count", "CALL_FUNCTION", "Function call interrupts"],
	["TLB", "irq_tlb_count", "TLB", "TLB shootdowns"],
	["TRM", "irq_thermal_count", "THERMAL_APIC", "Thermal event interrupts"],
	["THR", "irq_threshold_count", "THRESHOLD_APIC", "Threshold APIC interrupts"],
	["DFR", "irq_deferred_error_count", "DEFERRED_ERROR", "Deferred Error APIC interrupts"],
	["MCE", "mce_exception_count", "MCE_EXCEPTION", "Machine check exceptions"],
	["MCP", "mce_poll_count", "MCE_POLL", "Machine check polls"],
	["HYP", "irq_hv_callback_count", "HYPERVISOR_CALLBACK", "Hypervisor callback interrupts"],
	["HRE", "irq_hv_reenlightenment_count", "HYPERV_REENLIGHTENMENT", "Hyper-V reenlightenment interrupts"],
	["HVS", "hyperv_stimer0_count", "HYPERV_STIMER0", "Hyper-V stimer0 interrupts"],
	["PIN", "kvm_posted_intr_ipis", "POSTED_INTR", "Posted-interrupt notification event"],
	["NPI", "kvm_posted_intr_nested_ipis", "POSTED_INTR_NESTED", "Nested posted-interrupt event"],
	["PIW", "kvm_posted_intr_wakeup_ipis", "POSTED_INTR_WAKEUP", "Posted-interrupt wakeup event"],
	["VPMI", "perf_guest_mediated_pmis", "PERF_GUEST_MEDIATED_PMI", "Perf Guest Mediated PMI"],
];

/** Counts of the whole machine: label, variable. @type {[string, string][]} */
const TOTALS = [["ERR", "irq_err_count"], ["MIS", "irq_mis_count"]];

/** A bit of irq_desc.status_use_accessors (include/linux/irq.h): /proc/interrupts leaves it out. */
const IRQ_HIDDEN = 1 << 20;

/** Types of gates: Intel SDM, volume 3, table 3-2. @type {Record<number, string>} */
const GATES = { 5: "task", 6: "interrupt16", 7: "trap16", 14: "interrupt", 15: "trap" };

/**
 * @typedef {StructFields} Struct
 * @typedef {{name: string, handler: bigint, symbol: string | null, thread: string | null, device: bigint}} Action  thread: what runs in a thread of its own
 * @typedef {{vector: number, handler: bigint, symbol: string | null, type: string, dpl: number, ist: number, selector: number}} Gate
 */

/** @param {VM} vm */
function make(vm) {
	const k = linux(vm);
	const { kernel, space, has, attempt } = k;

	/** All interrupts, as [number, struct irq_desc]. @returns {Generator<[number, Struct], void>} */
	function* for_each_irq() {
		const type = kernel.type("struct irq_desc");
		const maple = k.symbolIfAny("sparse_irqs"); // since Linux 6.5
		if (maple !== null) {
			for (const [entry, first] of k.mt_for_each(maple)) yield [Number(first), type.at(entry)];
			return;
		}
		const tree = k.symbolIfAny("irq_desc_tree");
		if (tree !== null) {
			for (const [index, entry] of k.radix_tree_for_each(tree)) yield [Number(index), type.at(entry)];
			return;
		}
		if (has("struct irq_desc", "rcu")) throw new RangeError("the kernel has no symbol sparse_irqs or irq_desc_tree"); // CONFIG_SPARSE_IRQ
		const table = k.symbol("irq_desc", "irq_desc_tree"), count = space.readU32(k.symbol("nr_irqs")); // without CONFIG_SPARSE_IRQ
		if (count > MAX_IRQS) k.skip("interrupts", table, `${count} are too many: only the first ${MAX_IRQS} are looked at`);
		for (let i = 0; i < Math.min(count, MAX_IRQS); i++) yield [i, type.at(table + BigInt(i * type.sizeof))];
	}

	/** The descriptor of an interrupt; null when there is none. @param {number} irq @returns {Struct | null} */
	function irq_to_desc(irq) {
		for (const [number, desc] of for_each_irq()) if (number === irq) return desc;
		return null;
	}

	/** What handles an interrupt. @param {bigint | Struct} desc @returns {Generator<Struct, void>} struct irqaction */
	function* for_each_irq_action(desc) {
		desc = k.at("struct irq_desc", desc);
		const seen = new Set();
		for (let action = attempt("an interrupt", desc.$address, () => desc.$deref("action"), null); action; ) {
			const at = action;
			if (seen.has(at.$address) || seen.size >= MAX_ACTIONS) return k.skip("an interrupt's handler", at.$address, "the list leads back into itself");
			seen.add(at.$address);
			yield at;
			action = attempt("an interrupt's handler", at.$address, () => at.$deref("next"), null);
		}
	}

	/** How often an interrupt came, by CPU number. @param {bigint | Struct} desc null where memory lost it. @returns {(number | null)[]} */
	function irq_counts(desc) {
		desc = k.at("struct irq_desc", desc);
		const { kstat_irqs: at } = desc, counts = [];
		for (const cpu of k.for_each_online_cpu()) counts.push(at === 0n ? 0 : space.tryReadU32(kernel.perCpu(at, cpu))); // first member of struct irqstat, too
		return counts;
	}

	/** The numbers of the CPUs that an interrupt may go to. @param {bigint | Struct} desc @returns {number[]} */
	function irq_affinity(desc) {
		desc = k.at("struct irq_desc", desc);
		const mask = ["irq_common_data.affinity", "irq_data.affinity"].find((m) => has("struct irq_desc", m));
		if (!mask) return [];
		const value = desc.$field(mask); // cpumask_var_t: a pointer, or an array of one
		const at = typeof value === "bigint" ? value : value[0]?.$address ?? 0n;
		return at === 0n ? [] : [...k.for_each_cpu(at)];
	}

	/** An interrupt as /proc/interrupts shows it. @param {number} irq @param {bigint | Struct} desc */
	function irq_info(irq, desc) {
		desc = k.at("struct irq_desc", desc);
		const chip = desc.irq_data.chip === 0n ? null : desc.irq_data.$deref("chip");
		/** @type {Action[]} */
		const actions = [];
		for (const action of for_each_irq_action(desc)) {
			attempt("an interrupt's handler", action.$address, () => {
				actions.push({
					name: action.name === 0n ? "" : k.readName(action.name, 128), handler: action.handler, symbol: kernel.symbolize(action.handler),
					thread: action.thread_fn === 0n ? null : kernel.symbolize(action.thread_fn), device: action.dev_id,
				});
			}, undefined);
		}
		return {
			irq, chip: chip && chip.name !== 0n ? k.readName(chip.name) : "", hwirq: Number(desc.irq_data.hwirq),
			flow: (desc.name === 0n ? null : k.readName(desc.name)) ?? kernel.symbolize(desc.handle_irq)?.replace(/\+0x.*/, "") ?? "",
			actions, counts: irq_counts(desc), affinity: irq_affinity(desc), depth: Number(desc.depth), desc: desc.$address,
		};
	}

	/** Whether /proc/interrupts leaves an interrupt out, or shows it as an IPI. @param {bigint | Struct} desc */
	const irq_hidden = (desc) => (Number(k.at("struct irq_desc", desc).status_use_accessors) & IRQ_HIDDEN) !== 0;

	/** What /proc/interrupts shows behind the interrupts with numbers: x86's own, "LOC", "RES", …; the "IPI0", … of others. @returns {{irq: string, name: string, counts: (number | null)[]}[]} counts: by CPU; a single one of what is not counted by CPU */
	function arch_irq_counts() {
		const cpus = [...k.for_each_online_cpu()], x86 = /^(x86_64|i386)$/.test(kernel.arch);
		const rows = x86 ? x86Counts(cpus) : ipiCounts();
		for (const [irq, variable] of TOTALS) {
			const at = k.symbolIfAny(variable);
			const count = at === null ? null : space.tryReadU32(at);
			if (count !== null) rows.push({ irq: x86 ? irq : "Err", name: "", counts: [count] });
		}
		return rows;
	}

	/** @param {number[]} cpus */
	function x86Counts(cpus) {
		const at = k.symbolIfAny("irq_stat");
		if (at === null || !kernel.hasType("irq_cpustat_t")) return [];
		const indexes = has("irq_cpustat_t", "counts") && kernel.hasType("enum irq_stat_counts") ? kernel.type("enum irq_stat_counts").constants : null;
		const rows = [];
		for (const [irq, counter, index, name] of X86_COUNTS) {
			const member = indexes ? (`IRQ_COUNT_${index}` in indexes ? `counts[${indexes[`IRQ_COUNT_${index}`]}]` : null) : has("irq_cpustat_t", counter) ? counter : null;
			const variable = member === null && !indexes ? k.symbolIfAny(counter) : null;
			if (member === null && variable === null) continue;
			const count = (/** @type {number} */ cpu) => (member === null ? space.readU32(kernel.perCpu(/** @type {bigint} */ (variable), cpu)) : Number(k.per_cpu(at, cpu, "irq_cpustat_t").$field(member)));
			rows.push({ irq, name, counts: cpus.map((cpu) => attempt("a CPU's counts", at, () => count(cpu), null)) });
		}
		return rows;
	}

	/** The interrupts by which CPUs call each other: they have descriptors that are hidden, in the order of their numbers (arch/arm64/kernel/smp.c, arch/riscv/kernel/smp.c). */
	function ipiCounts() {
		/** @type {{irq: string, name: string, counts: (number | null)[]}[]} */
		const rows = [];
		const texts = k.symbolIfAny("ipi_types"); // arm64's; others have the text as the action's name
		for (const [number, desc] of for_each_irq()) {
			const info = attempt("an interrupt", desc.$address, () => (irq_hidden(desc) ? irq_info(number, desc) : null), null);
			if (!info || info.actions.length === 0) continue;
			const text = texts === null ? null : space.tryReadPointer(texts + BigInt(rows.length * kernel.pointerSize));
			rows.push({ irq: `IPI${rows.length}`, name: (text ? space.tryReadCString(text, 64) : null) ?? info.actions[0].name, counts: info.counts });
		}
		return rows;
	}

	/** The table of vectors of an x86 CPU. @param {CPU} cpu @returns {Generator<Gate, void>} */
	function* idt_entries(cpu) {
		/** @type {any} */
		const { idt } = cpu;
		if (!idt) return;
		const wide = kernel.arch === "x86_64", bytes = wide ? 16 : 8;
		const count = Math.min(Math.floor((Number(idt.limit) + 1) / bytes), 256);
		let lost = 0;
		for (let vector = 0; vector < count; vector++) {
			const at = idt.base + BigInt(vector * bytes), gate = space.tryRead(at, bytes);
			if (gate === null) {
				k.skip("the interrupt descriptor table", at, "it cannot be read");
				return;
			}
			const view = new DataView(gate.buffer, gate.byteOffset);
			const low = BigInt(view.getUint16(0, true)) | BigInt(view.getUint16(6, true)) << 16n;
			const handler = wide ? low | BigInt(view.getUint32(8, true)) << 32n : low;
			const attributes = view.getUint16(4, true);
			if (gate.every((byte) => byte === 0) || ((attributes & 0x8000) && !isGate(handler, attributes, wide))) {
				lost++;
				continue;
			}
			if (!(attributes & 0x8000)) continue; // not present
			yield {
				vector, handler, symbol: kernel.symbolize(handler), type: GATES[attributes >> 8 & 15] ?? String(attributes >> 8 & 15),
				dpl: attributes >> 13 & 3, ist: wide ? attributes & 7 : 0, selector: view.getUint16(2, true),
			};
		}
		if (lost > 0) k.skip("the interrupt descriptor table", idt.base, `${lost} of its ${count} gates are none: they are zeros, or lead nowhere`);
	}

	/** Whether that can be a gate: of a type that there is, to something that there is, unless it is a task's. @param {bigint} handler @param {number} attributes @param {boolean} wide */
	function isGate(handler, attributes, wide) {
		const type = attributes >> 8 & 15, TASK_GATE = 5;
		return type in GATES && (attributes & (wide ? 0x10f8 : 0x10e0)) === 0 && (type === TASK_GATE || space.isReadable(handler));
	}

	return { for_each_irq, irq_to_desc, for_each_irq_action, irq_counts, irq_affinity, irq_info, irq_hidden, arch_irq_counts, idt_entries };
}

/** @typedef {ReturnType<typeof make>} Interrupts */

/** @type {WeakMap<VM, Interrupts>} */
const libraries = new WeakMap();

/** The interrupts of a guest. Throws where it runs no Linux. @param {VM} vm @returns {Interrupts} */
module.exports = (vm) => {
	let library = libraries.get(vm);
	if (!library) libraries.set(vm, library = make(vm));
	return library;
};
