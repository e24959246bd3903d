// Lists the interrupts of a Linux guest, or x86's table of vectors.
"use strict";
const { hex, shown } = require("svscript/format");
const linux = require("svscript/linux");
const interrupts = require("svscript/linux-irq");

exports.command = {
	name: "irqs",
	help: "List the interrupts of a Linux guest, as /proc/interrupts does, with their handlers.\n\n"
		+ "counts: how often each CPU got it. affinity: the CPUs it may go to. flow: how the chip is served, as edge and fasteoi.",
	options: {
		all: { type: "boolean", help: "those too that nothing handles, and by number those that are listed as IPI0, …" },
		idt: { type: "boolean", help: "list x86's interrupt descriptor table instead: which vector enters the kernel where" },
		cpu: { type: "number", value: "N", default: 0, help: "whose table --idt lists" },
	},
};

/** @param {VM} vm @param {{all: boolean, idt: boolean, cpu: number}} args */
exports.main = function* (vm, args) {
	const k = linux(vm);
	k.need_types("interrupts");
	const irq = interrupts(vm);
	if (args.idt) {
		yield* irq.idt_entries(vm.cpu(args.cpu));
	} else {
		let any = false;
		for (const [number, desc] of irq.for_each_irq()) {
			any = true;
			const info = k.attempt("an interrupt", desc.$address, () => irq.irq_info(number, desc), null);
			if (!info || (!args.all && (info.actions.length === 0 || irq.irq_hidden(desc)))) continue;
			const names = info.actions.map((a) => `${a.name} (${a.symbol ?? hex(a.handler)})`).join(", ");
			yield shown(info, line(number, info.counts, `${info.chip} ${info.hwirq}-${info.flow} ${names}`));
		}
		if (!any) k.skip("the interrupts", vm.linux?.base ?? 0n, "their table is empty: it is lost, or the kernel still starts");
		for (const row of irq.arch_irq_counts()) yield shown(row, line(row.irq, row.counts, row.name));
	}
	yield* k.reported("irqs");
};

/** @param {number | string} irq @param {(number | null)[]} counts @param {string} text */
const line = (irq, counts, text) => `${String(irq).padStart(4)}: ${counts.map((n) => String(n ?? "?").padStart(10)).join(" ")}  ${text}`;
