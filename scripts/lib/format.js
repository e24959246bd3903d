// svscript/format: values as people read them.
"use strict";

/** A value as hexadecimal: 0x1f. @param {bigint | number} value @param {number} [digits] at least so many, with zeros in front */
const hex = (value, digits = 1) => (value < 0 ? "-0x" + (-value).toString(16) : "0x" + value.toString(16).padStart(digits, "0"));

/** An address in a column: 16 digits, or 8 where width is 4 bytes. @param {bigint | number} value @param {number} [width] bytes */
const address = (value, width = 8) => value.toString(16).padStart(2 * width, "0");

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/**
 * A number of bytes in the largest unit that leaves it at 1 or more: 4096 is "4 KiB", 1536 "1.5 KiB".
 * @param {number | bigint} bytes
 */
function size(bytes) {
	let n = Number(bytes), unit = 0;
	while (n >= 1024 && unit < UNITS.length - 1) {
		n /= 1024;
		unit++;
	}
	return `${Number.isInteger(n) ? n : n.toFixed(n < 100 ? 1 : 0)} ${UNITS[unit]}`;
}

/** A number with its thousands apart: 1 234 567. @param {number | bigint} n */
const count = (n) => n.toString().replace(/\B(?=(\d{3})+$)/g, " ");

/** "1 page", "2 pages". @param {number} n @param {string} one @param {string} [many] */
const plural = (n, one, many = one + "s") => `${count(n)} ${n === 1 ? one : many}`;

/** Bytes as pairs of digits: "de ad be ef". @param {Uint8Array} bytes @param {string} [separator] */
function hexBytes(bytes, separator = " ") {
	const pairs = new Array(bytes.length);
	for (let i = 0; i < bytes.length; i++) pairs[i] = bytes[i].toString(16).padStart(2, "0");
	return pairs.join(separator);
}

/** Bytes as text: printable ASCII, and a dot for all else. @param {Uint8Array} bytes */
function ascii(bytes) {
	let s = "";
	for (let i = 0; i < bytes.length; i++) s += bytes[i] >= 0x20 && bytes[i] <= 0x7e ? String.fromCharCode(bytes[i]) : ".";
	return s;
}

/** A bar of width characters, filled to a fraction of 0 to 1. @param {number} fraction @param {number} width */
function bar(fraction, width) {
	const eighths = Math.round(Math.min(Math.max(fraction, 0), 1) * width * 8);
	return ("█".repeat(eighths >> 3) + ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths & 7]).padEnd(width);
}

/**
 * Lines of aligned columns. Numbers and BigInts stand at the right of their column, all else at the left.
 * @param {unknown[][]} rows
 * @param {{indent?: string, gap?: string, header?: string[]}} [options]
 */
function columns(rows, { indent = "", gap = "  ", header } = {}) {
	const cells = rows.map((row) => row.map((v) => (v === null || v === undefined ? "" : typeof v === "bigint" ? hex(v) : String(v))));
	const all = header ? [header, ...cells] : cells;
	/** @type {number[]} */
	const widths = [];
	for (const row of all) row.forEach((s, i) => { widths[i] = Math.max(widths[i] ?? 0, s.length); });
	const right = widths.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === "number" || typeof row[i] === "bigint"));
	return all
		.map((row) => indent + row.map((s, i) => (right[i] ? s.padStart(widths[i]) : s.padEnd(widths[i]))).join(gap).trimEnd())
		.join("\n");
}

/**
 * A sheet of names and values: a line each, the values aligned. A value of several lines is indented; null and undefined are left out.
 * @param {[string, unknown][]} entries
 */
function sheet(entries) {
	const shown = entries.filter(([, value]) => value !== null && value !== undefined && value !== "");
	const width = Math.max(0, ...shown.map(([name]) => name.length));
	return shown.map(([name, value]) => {
		const text = typeof value === "bigint" ? hex(value) : String(value);
		return `${name.padEnd(width)}  ${text.replaceAll("\n", "\n" + " ".repeat(width + 2))}`;
	}).join("\n");
}

/**
 * A nested value as an indented tree. Bytes and long arrays are cut, with a note of how many there are.
 * @param {unknown} value
 * @param {{indent?: string, max?: number, depth?: number}} [options] max: elements of an array, 16 when left out
 * @returns {string}
 */
function tree(value, { indent = "", max = 16, depth = 12 } = {}) {
	if (value instanceof Uint8Array) {
		const cut = value.length > 32 ? ` … (${plural(value.length, "byte")})` : "";
		return hexBytes(value.subarray(0, 32)) + cut;
	}
	if (typeof value === "bigint") return hex(value);
	if (typeof value === "number") return value > 9 && Number.isInteger(value) ? `${value} (${hex(value)})` : String(value);
	if (typeof value !== "object" || value === null) return String(value);
	if (depth === 0) return "…";
	/** @param {unknown} v */
	const inside = (v) => tree(v, { indent: indent + "  ", max, depth: depth - 1 });
	if (Array.isArray(value)) {
		if (value.length === 0) return "[]";
		const cut = value.length > max ? `\n${indent}  … ${plural(value.length - max, "more", "more")}` : "";
		if (value.every((v) => typeof v !== "object")) {
			const line = value.slice(0, max).map((v) => (typeof v === "bigint" || typeof v === "number" ? hex(v) : String(v))).join(" ");
			return `[${line}]` + (cut && ` … (${plural(value.length, "element")})`);
		}
		return value.slice(0, max).map((v, i) => `\n${indent}  [${i}]${separated(inside(v))}`).join("") + cut;
	}
	const fields = Object.entries(value);
	const width = Math.max(0, ...fields.filter(([, v]) => !isNested(v)).map(([name]) => name.length));
	return fields.map(([name, v]) => `\n${indent}  ${isNested(v) ? name : name.padEnd(width)}${separated(inside(v))}`).join("");
}

/** @param {unknown} v */
const isNested = (v) => typeof v === "object" && v !== null && !(v instanceof Uint8Array)
	&& (Array.isArray(v) ? v.some((e) => typeof e === "object") : true);

/** @param {string} text */
const separated = (text) => (text.startsWith("\n") ? text : "  " + text);

/**
 * Gives a value a text of its own. A script that returns or yields such a value prints it as it is with --json, and as the text to people.
 * In place of a text there can be bytes, which are written as they are.
 * @template {object} T
 * @param {T} value @param {string | Uint8Array} text
 * @returns {T}
 */
function shown(value, text) {
	if (typeof text !== "string") Object.defineProperty(value, Symbol.for("svscript.bytes"), { value: text });
	return Object.defineProperty(value, Symbol.for("nodejs.util.inspect.custom"), { value: () => text });
}

/**
 * Rows with a text for all of them, which is made in place of the rows where people look: with --json there are the rows.
 * @template {object} T
 * @param {T} rows to loop over @param {() => string | Uint8Array} text
 * @returns {T}
 */
function shownTogether(rows, text) {
	return Object.defineProperty(rows, Symbol.for("svscript.bytes"), { get: text });
}

/**
 * Says on stderr what a scan or a walk could not see. What it returns a script returns in turn, or yields last, so that its output
 * tells too: {complete: false, skipped} with --json, and a line to people.
 * @param {readonly {address: bigint, size: number, reason: string}[]} skipped
 * @param {string} doing as in "searching", "walking"
 * @returns {{complete: false, skipped: {base: bigint, size: number, reason: string}[]} | undefined} undefined when nothing was skipped
 */
function incomplete(skipped, doing) {
	if (skipped.length === 0) return undefined;
	const most = 8;
	for (const s of skipped.slice(0, most)) {
		console.error(`${doing}: ${hex(s.address)}–${hex(s.address + BigInt(s.size) - 1n)} (${size(s.size)}) could not be seen: ${s.reason}`);
	}
	if (skipped.length > most) console.error(`${doing}: nor could ${plural(skipped.length - most, "more part")}`);
	const bytes = skipped.reduce((sum, s) => sum + s.size, 0);
	const parts = skipped.map((s) => ({ base: s.address, size: s.size, reason: s.reason }));
	return shown({ complete: /** @type {false} */ (false), skipped: parts }, `not seen: ${size(bytes)} in ${plural(parts.length, "part")}`);
}

module.exports = { hex, address, size, count, plural, hexBytes, ascii, bar, columns, sheet, tree, shown, shownTogether, incomplete };
