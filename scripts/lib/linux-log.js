// Part of svscript/linux: the kernel's log.
"use strict";

/** @typedef {{seq: bigint | null, time: number, level: number, facility: number, caller: number, text: string}} LogRecord  time in seconds since boot; seq: null where the kernel has no name for it */

// Of struct prb_desc's state_var, kernel/printk/printk_ringbuffer.h.
const desc_committed = 1n, desc_finalized = 2n;
const MAX_RECORDS = 1 << 22;

// For kernels that carry no types: the ring as it has been since Linux 5.10 (kernel/printk/printk_ringbuffer.h, include/linux/dev_printk.h).
const RING = `
	struct prb_data_blk_lpos { unsigned long begin, next; };
	struct prb_desc { struct { long counter; } state_var; struct prb_data_blk_lpos text_blk_lpos; };
	struct printk_info { u64 seq, ts_nsec; u16 text_len; u8 facility, flags : 5, level : 3; u32 caller_id; char subsystem[16], device[48]; };
	struct prb_desc_ring { unsigned int count_bits; struct prb_desc *descs; struct printk_info *infos;
		struct { long counter; } head_id, tail_id, last_finalized; };
	struct prb_data_ring { unsigned int size_bits; char *data; struct { long counter; } head_lpos, tail_lpos; };
	struct printk_ringbuffer { struct prb_desc_ring desc_ring; struct prb_data_ring text_data_ring; struct { long counter; } fail; };`;

// As before Linux 5.10 (kernel/printk/printk.c). Some kernels have caller_id behind it: VMCOREINFO tells the size.
const LOG = "struct printk_log { u64 ts_nsec; u16 len, text_len, dict_len; u8 facility, flags : 5, level : 3; };";

/** @param {import("./linux").Core} k */
module.exports = (k) => {
	const { kernel, space, skip, word } = k;
	const bits = 8n * word;

	/**
	 * The records of the log, the oldest first.
	 * @returns {Generator<LogRecord, void>}
	 */
	function for_each_printk_record() {
		const ring = k.symbolIfAny("prb");
		return k.guard("the log", ring ?? k.symbolIfAny("log_buf") ?? 0n, () => (ring !== null ? ringRecords(space.readPointer(ring)) : oldRecords()));
	}

	/** A type of the ring: the kernel's own, or as declared above where that fits what VMCOREINFO tells. @returns {(name: string) => StructType} */
	function ringTypes() {
		if (kernel.hasType("struct printk_ringbuffer")) return (name) => kernel.type(name);
		const told = kernel.vmcoreinfo;
		for (const text of [RING, RING.replace(", last_finalized", "")]) { // which came with Linux 5.11
			const ring = struct(text);
			if (fits(ring, told)) return (name) => ring.type(name);
		}
		throw new RangeError(`the kernel carries no type information (BTF), and its struct printk_ringbuffer has ${told["SIZE(printk_ringbuffer)"] ?? "a number of"} bytes in an order that is not known here`);
	}

	/** Whether types have the sizes and members that VMCOREINFO tells. @param {StructType} ring @param {Record<string, string>} told */
	function fits(ring, told) {
		if (!("SIZE(printk_ringbuffer)" in told)) return false;
		return Object.entries(told).every(([key, value]) => {
			const [, kind, name, member] = /^(SIZE|OFFSET)\((printk_\w+|prb_\w+)(?:\.(\w+))?\)$/.exec(key) ?? [];
			if (kind === undefined) return true;
			const type = ring.type(name);
			if (kind === "SIZE") return type.sizeof === Number(value);
			return member === "dev_info" || type.offsetOf(member) === Number(value); // a struct of two arrays, declared as those here
		});
	}

	/** The ring buffer of Linux 5.10 and later (kernel/printk/printk_ringbuffer.c). @param {bigint} at @returns {Generator<LogRecord, void>} */
	function* ringRecords(at) {
		const type = ringTypes();
		const ring = type("printk_ringbuffer").at(space, at);
		const { desc_ring: descs, text_data_ring: texts } = ring;
		const count = 1n << BigInt(descs.count_bits), size = 1n << BigInt(texts.size_bits);
		if (count > MAX_RECORDS || size > 1n << 31n) {
			skip("the log", at, "its size is damaged");
			return;
		}
		const desc = type("prb_desc"), info = type("printk_info");
		const descSize = BigInt(desc.sizeof), infoSize = BigInt(info.sizeof);
		const descTable = descs.descs, infoTable = descs.infos, data = texts.data;
		const head = BigInt(descs.head_id.counter), tail = BigInt(descs.tail_id.counter);
		const idMask = (1n << (bits - 2n)) - 1n;
		for (let id = tail & idMask, n = 0n; n < count; id = (id + 1n) & idMask, n++) {
			const index = id & (count - 1n);
			const record = k.attempt("a log record", descTable + index * descSize, () => {
				const d = desc.at(space, descTable + index * descSize);
				const state = BigInt.asUintN(Number(bits), BigInt(d.state_var.counter));
				const phase = state >> (bits - 2n);
				if ((state & idMask) !== id && id !== (head & idMask)) throw new RangeError("its descriptor is lost");
				if ((state & idMask) !== id || (phase !== desc_committed && phase !== desc_finalized)) return null;
				const { begin, next } = d.text_blk_lpos;
				const i = info.at(space, infoTable + index * infoSize);
				return { seq: i.seq, ts: i.ts_nsec, level: i.level, facility: i.facility, caller: i.caller_id, text: textAt(data, size, BigInt(begin), BigInt(next), i.text_len, id) };
			}, null);
			if (record !== null && record.text !== null) yield logRecord(record);
			if (id === (head & idMask)) return;
		}
	}

	/** The text of a data block: between two positions, behind the ID of its record. @param {bigint} data @param {bigint} size @param {bigint} begin @param {bigint} next @param {number} length @param {bigint} id */
	function textAt(data, size, begin, next, length, id) {
		if (begin & 1n && next & 1n) return begin === next && begin === 1n ? null : ""; // FAILED_LPOS, EMPTY_LINE_LPOS
		let start = begin & (size - 1n), end = start + (next - begin);
		if (begin / size !== (next - 1n) / size) { // the block did not fit before the end, and begins at 0
			start = 0n;
			end = next & (size - 1n);
		}
		const room = Number(end - start - word);
		if (room < 0 || end > size) throw new RangeError("its place in the log is damaged");
		if (space.readPointer(data + start) !== id) throw new RangeError("its text is lost: the block has another record's");
		const text = new TextDecoder().decode(space.read(data + start + word, Math.min(length, room)));
		if (text.includes("\0")) throw new RangeError("a part of its text is lost");
		return text;
	}

	/** The type of those records, and their size: the kernel's own, or as declared above where that fits what VMCOREINFO tells. @returns {{type: StructType, size: number}} */
	function logType() {
		for (const name of ["struct printk_log", "struct log"]) {
			if (!kernel.hasType(name)) continue;
			const type = kernel.type(name);
			return { type, size: type.sizeof };
		}
		const told = kernel.vmcoreinfo, type = struct(LOG).type("printk_log");
		const fits = ["ts_nsec", "len", "text_len", "dict_len"].every((m) => told[`OFFSET(printk_log.${m})`] === String(type.offsetOf(m)));
		const size = Number(told["SIZE(printk_log)"] ?? 0);
		if (fits && size >= type.sizeof) return { type, size };
		throw new RangeError("the kernel carries no type information (BTF), and its log is in an order that is not known here");
	}

	/** The buffer of records before Linux 5.10: struct printk_log, then the text. @returns {Generator<LogRecord, void>} */
	function* oldRecords() {
		const data = space.readPointer(k.symbol("log_buf")), size = space.readU32(k.symbol("log_buf_len"));
		const last = space.readU32(k.symbol("log_next_idx"));
		const { type, size: header } = logType();
		const first = k.symbolIfAny("log_first_seq"); // VMCOREINFO, which may be all that there is, does not tell it
		let at = space.readU32(k.symbol("log_first_idx")), seq = first === null ? null : space.readU64(first);
		for (let bytes = 0; at !== last && bytes <= size; seq = seq === null ? null : seq + 1n) {
			const record = k.attempt("a log record", data + BigInt(at), () => type.at(space, data + BigInt(at)).decode(), null);
			if (record === null || at >= size) return;
			if (record.len === 0) { // the next one is at the start
				bytes += size - at;
				at = 0;
				continue;
			}
			const text = space.tryRead(data + BigInt(at + header), record.text_len);
			if (text === null) skip("a log record", data + BigInt(at), "it cannot be read");
			else yield logRecord({ seq, ts: record.ts_nsec, level: record.level, facility: record.facility, caller: 0, text: new TextDecoder().decode(text) });
			at += record.len;
			bytes += record.len;
		}
	}

	return { for_each_printk_record };
};

/** @param {{seq: bigint | null, ts: bigint, level: number, facility: number, caller: number, text: string | null}} r @returns {LogRecord} */
function logRecord({ seq, ts, level, facility, caller, text }) {
	return { seq, time: Number(ts / 1000n) / 1e6, level, facility, caller, text: text ?? "" };
}
