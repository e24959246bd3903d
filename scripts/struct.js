// Shows a type of the guest's kernel as pahole does, or one in memory as crash's struct does.
"use strict";
const { shown } = require("svscript/format");
const linux = require("svscript/linux");
const { regularExpression, UsageError } = require("svscript/select");

exports.command = {
	name: "struct",
	help: "Show a type of the guest's Linux kernel, with offsets and sizes; with an address, what is there.\n\n"
		+ "svscript struct IMAGE task_struct                      its definition\n"
		+ "svscript struct IMAGE task_struct init_task            the one at a symbol\n"
		+ "svscript struct IMAGE task_struct.comm 0xffff888…      a member of the one at an address",
	arguments: [
		{ name: "TYPE", type: "string", help: 'a struct, union, enum or typedef: task_struct, "union thread_union", pid_t, task_struct.cred' },
		{ name: "ADDR", type: "string", optional: true, help: "where one is: an address, a symbol, or symbol+0x10" },
	],
	options: {
		count: { type: "number", value: "N", default: 1, help: "so many of them, one behind the other" },
		member: { type: "string", value: "NAME", help: "ADDR is that of this member" },
		cpu: { type: "number", value: "N", help: "ADDR is a per-CPU variable: that of this CPU" },
		grep: { type: "boolean", help: "TYPE is a regular expression: list the types whose names match" },
	},
};

/** @param {VM} vm @param {{TYPE: string, ADDR?: string, count: number, member?: string, cpu?: number, grep: boolean}} args */
exports.main = function* (vm, args) {
	const k = linux(vm);
	if (args.grep) {
		for (const name of k.kernel.types(regularExpression("TYPE", args.TYPE))) yield { name, size: k.kernel.type(name).sizeof };
		return;
	}
	const { type, path } = typeOf(k, args.TYPE);
	if (args.ADDR === undefined) {
		const { name, kind, sizeof: size, fields } = type;
		const member = path === "" ? null : { offset: type.offsetOf(path) };
		yield shown({ name, kind, size, fields, ...member }, member ? `${name}.${path} is at byte ${member.offset} of ${size}` : type.definition);
		return;
	}
	let at = addressOf(k, args.ADDR, args.cpu);
	if (args.member !== undefined) at = k.wrap(at - BigInt(type.offsetOf(args.member)));
	for (let i = 0; i < args.count; i++, at += BigInt(type.sizeof)) yield* show(k, type, at, path);
	yield* k.reported("struct");
};

/** @param {ReturnType<typeof linux>} k @param {StructType} type @param {bigint} address @param {string} path */
function* show(k, type, address, path) {
	const whole = type.at(address);
	const value = path === "" ? whole : whole.$field(path);
	const isStruct = typeof value === "object" && value !== null && "$decode" in value;
	if (isStruct) checkSeen(k.space, value);
	// A struct prints itself, and says where its memory ends; data is all of it or nothing.
	const data = isStruct ? k.attempt(type.name, address, () => value.$decode(), null) : value;
	yield shown({ address, type: type.name, ...(path && { path }), value: data }, isStruct ? String(value) : `${path || type.name} = ${print(value)}`);
}

/** Throws where a struct is not to be seen at all: neither its first byte nor its last. @param {Memory} memory @param {StructFields} view */
function checkSeen(memory, view) {
	const first = view.$address, last = BigInt.asUintN(64, first + BigInt(Math.max(view.$type.sizeof, 1) - 1));
	if (!memory.isReadable(last)) memory.read(first, 1);
}

/** @param {any} value */
const print = (value) => {
	if (typeof value === "bigint") return `0x${value.toString(16)}`;
	return typeof value === "string" ? JSON.stringify(value) : Array.isArray(value) ? `{${value.map(String).join(", ")}}` : String(value);
};

/** "task_struct.comm" as a type and a path in it. @param {ReturnType<typeof linux>} k @param {string} text */
function typeOf(k, text) {
	const dot = text.indexOf(".");
	const name = dot < 0 ? text : text.slice(0, dot), path = dot < 0 ? "" : text.slice(dot + 1);
	if (!k.kernel.hasType(name)) {
		if (k.kernel.typesFrom === "memory") throw new UsageError(`type ${JSON.stringify(name)} is none of those that could be inferred: a symbol file tells (--symbols)`);
		const near = k.kernel.types().filter((n) => n.replace(/^\w+ /, "").startsWith(name.replace(/^\w+ /, ""))).slice(0, 8);
		throw new UsageError(`the kernel has no type ${JSON.stringify(name)}${near.length > 0 ? `; there are ${near.join(", ")}` : ""}`);
	}
	const type = k.kernel.type(name);
	if (path !== "") {
		try {
			type.offsetOf(path);
		} catch (error) {
			throw new UsageError(error instanceof Error ? error.message : String(error));
		}
	}
	return { type, path };
}

/** @param {ReturnType<typeof linux>} k @param {string} text @param {number | undefined} cpu @returns {bigint} */
function addressOf(k, text, cpu) {
	const [, base, sign, more] = /^(.*?)(?:([+-])(0x[0-9a-f]+|\d+))?$/i.exec(text) ?? [text, text];
	let at = k.symbolIfAny(base);
	if (at === null && /^(0x)?[0-9a-f]+$/i.test(base)) at = BigInt(base.startsWith("0x") ? base : "0x" + base);
	if (at === null) throw new UsageError(`ADDR is ${JSON.stringify(text)}, which is no address and no symbol of the kernel`);
	if (more !== undefined) at += sign === "-" ? -BigInt(more) : BigInt(more);
	at = k.wrap(at);
	return cpu === undefined ? at : k.kernel.perCpu(at, cpu);
}
