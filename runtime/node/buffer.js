// Node's Buffer (nodejs.org/api/buffer.html): a Uint8Array with text encodings and numbers.
"use strict";
const { encode, decode } = native;

function Buffer(value, encodingOrOffset, length) {
	if (typeof value === "number") return make(value);
	if (value instanceof ArrayBuffer) return make(value, encodingOrOffset, length);
	return Buffer.from(value, encodingOrOffset, length);
}
const make = (...args) => Reflect.construct(Uint8Array, args, Buffer);
const view = (bytes) => (bytes instanceof ArrayBuffer ? make(bytes) : make(bytes.buffer, bytes.byteOffset, bytes.byteLength));
Object.setPrototypeOf(Buffer, Uint8Array);
Buffer.prototype = Object.create(Uint8Array.prototype);

const hide = (object, members) => {
	for (const name of Object.keys(members)) Object.defineProperty(object, name, { value: members[name], writable: true, configurable: true });
};
hide(Buffer.prototype, { constructor: Buffer });

const sizeOf = (n) => {
	if (typeof n !== "number") throw new TypeError(`the size must be a number, not ${typeof n}`);
	if (!(n >= 0 && n <= exports.kMaxLength)) throw new RangeError(`the size ${n} is out of range`);
	return n;
};
const textEncodings = ["utf8", "utf-8", "hex", "base64", "base64url", "latin1", "binary", "ascii", "ucs2", "ucs-2", "utf16le", "utf-16le"];

hide(Buffer, {
	poolSize: 8192,
	from(value, encodingOrOffset, length) {
		if (typeof value === "string") return view(encode(value, encodingOrOffset));
		if (value instanceof ArrayBuffer) return make(value, encodingOrOffset, length);
		if (ArrayBuffer.isView(value)) return make(value);
		if (value === null || typeof value !== "object") throw new TypeError(`Buffer.from wants a string, bytes or an array, not ${value === null ? "null" : typeof value}`);
		if (value.type === "Buffer" && Array.isArray(value.data)) return make(value.data);
		const primitive = value.valueOf();
		if (primitive !== value && primitive !== null && primitive !== undefined) return Buffer.from(primitive, encodingOrOffset, length);
		return make(Array.from(value));
	},
	alloc(size, fill, encoding) {
		const buffer = make(sizeOf(size));
		return fill === undefined || fill === 0 ? buffer : buffer.fill(fill, encoding);
	},
	allocUnsafe: (size) => make(sizeOf(size)),
	allocUnsafeSlow: (size) => make(sizeOf(size)),
	of: (...bytes) => make(bytes),
	isBuffer: (v) => v instanceof Buffer,
	isEncoding: (name) => typeof name === "string" && textEncodings.includes(name.toLowerCase()),
	byteLength: (value, encoding) => (typeof value === "string" ? encode(value, encoding).length : value.byteLength),
	compare(a, b) {
		const n = Math.min(a.length, b.length);
		for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
		return Math.sign(a.length - b.length);
	},
	concat(list, total) {
		total ??= list.reduce((sum, b) => sum + b.length, 0);
		const out = make(total);
		let at = 0;
		for (const b of list) {
			if (at >= total) break;
			const part = b.length > total - at ? b.subarray(0, total - at) : b;
			out.set(part, at);
			at += part.length;
		}
		return out;
	},
});

// needle is what indexOf and its like look for, as bytes.
const needle = (v, encoding) => {
	if (typeof v === "number") return [v & 0xff];
	return typeof v === "string" ? encode(v, encoding) : v;
};
const matches = (hay, at, bytes) => {
	for (let j = 0; j < bytes.length; j++) if (hay[at + j] !== bytes[j]) return false;
	return true;
};

hide(Buffer.prototype, {
	toString(encoding, start = 0, end = this.length) {
		return decode(this, encoding, Math.max(0, start | 0), Math.min(this.length, end));
	},
	toLocaleString(encoding, start, end) { return this.toString(encoding, start, end); },
	toJSON() { return { type: "Buffer", data: Array.from(this) }; },
	equals(other) { return Buffer.compare(this, other) === 0; },
	compare(other, start = 0, end = other.length, from = 0, to = this.length) {
		return Buffer.compare(this.subarray(from, to), other.subarray(start, end));
	},
	slice(start, end) { return this.subarray(start, end); },
	copy(target, at = 0, start = 0, end = this.length) {
		const part = Uint8Array.prototype.subarray.call(this, start, Math.min(end, start + Math.max(0, target.length - at)));
		target.set(part, at);
		return part.length;
	},
	write(text, offset = 0, length = this.length - offset, encoding) {
		if (typeof offset === "string") [encoding, offset, length] = [offset, 0, this.length];
		else if (typeof length === "string") [encoding, length] = [length, this.length - offset];
		const bytes = encode(text, encoding), n = Math.min(bytes.length, length, this.length - offset);
		this.set(bytes.subarray(0, n), offset);
		return n;
	},
	fill(value, start = 0, end = this.length, encoding) {
		if (typeof start === "string") [encoding, start] = [start, 0];
		if (typeof value === "number" || typeof value === "boolean") return Uint8Array.prototype.fill.call(this, Number(value) & 0xff, start, end);
		const bytes = needle(value, encoding);
		if (bytes.length === 0) return Uint8Array.prototype.fill.call(this, 0, start, end);
		for (let i = start; i < end; i++) this[i] = bytes[(i - start) % bytes.length];
		return this;
	},
	indexOf(value, from = 0, encoding) {
		if (typeof from === "string") [encoding, from] = [from, 0];
		const bytes = needle(value, encoding);
		for (let i = from < 0 ? Math.max(0, this.length + from) : from; i + bytes.length <= this.length; i++) if (matches(this, i, bytes)) return i;
		return -1;
	},
	lastIndexOf(value, from = this.length, encoding) {
		if (typeof from === "string") [encoding, from] = [from, this.length];
		const bytes = needle(value, encoding);
		for (let i = Math.min(from < 0 ? this.length + from : from, this.length - bytes.length); i >= 0; i--) if (matches(this, i, bytes)) return i;
		return -1;
	},
	includes(value, from, encoding) { return this.indexOf(value, from, encoding) >= 0; },
});
for (const [name, size] of [["swap16", 2], ["swap32", 4], ["swap64", 8]]) {
	hide(Buffer.prototype, {
		[name]() {
			if (this.length % size !== 0) throw new RangeError(`${name}: the length is no multiple of ${size}`);
			for (let i = 0; i < this.length; i += size) Uint8Array.prototype.subarray.call(this, i, i + size).reverse();
			return this;
		},
	});
}

// readUInt16LE, writeBigInt64BE and their like.
const dataView = (b) => new DataView(b.buffer, b.byteOffset, b.byteLength);
for (const [name, type, size] of [
	["UInt8", "Uint8", 1], ["Int8", "Int8", 1], ["UInt16", "Uint16", 2], ["Int16", "Int16", 2], ["UInt32", "Uint32", 4], ["Int32", "Int32", 4],
	["BigUInt64", "BigUint64", 8], ["BigInt64", "BigInt64", 8], ["Float", "Float32", 4], ["Double", "Float64", 8],
]) {
	const get = DataView.prototype["get" + type], set = DataView.prototype["set" + type];
	for (const order of size === 1 ? [""] : ["LE", "BE"]) {
		const little = order === "LE";
		const check = (buffer, offset) => {
			if (!(Number.isInteger(offset) && offset >= 0 && offset + size <= buffer.length)) {
				throw Object.assign(new RangeError(`the offset ${offset} is out of range: the buffer has ${buffer.length} bytes`), { code: "ERR_OUT_OF_RANGE" });
			}
		};
		const read = function (offset = 0) { check(this, offset); return get.call(dataView(this), offset, little); };
		const write = function (value, offset = 0) { check(this, offset); set.call(dataView(this), offset, value, little); return offset + size; };
		for (const alias of [name, name.replace("UInt", "Uint")]) hide(Buffer.prototype, { ["read" + alias + order]: read, ["write" + alias + order]: write });
	}
}
// readUIntLE and its like, of 1 to 6 bytes.
for (const order of ["LE", "BE"]) {
	const place = (i, n) => (order === "LE" ? i : n - 1 - i);
	const read = function (offset, n) {
		if (!(offset >= 0 && offset + n <= this.length)) throw new RangeError(`the offset ${offset} is out of range`);
		let value = 0;
		for (let i = n - 1; i >= 0; i--) value = value * 256 + this[offset + place(i, n)];
		return value;
	};
	const write = function (value, offset, n) {
		if (!(offset >= 0 && offset + n <= this.length)) throw new RangeError(`the offset ${offset} is out of range`);
		if (value < 0) value += 2 ** (8 * n);
		for (let i = 0; i < n; i++) {
			this[offset + place(i, n)] = value % 256;
			value = Math.floor(value / 256);
		}
		return offset + n;
	};
	const signed = function (offset, n) {
		const value = read.call(this, offset, n);
		return value >= 2 ** (8 * n - 1) ? value - 2 ** (8 * n) : value;
	};
	for (const name of ["UInt", "Uint"]) hide(Buffer.prototype, { [`read${name}${order}`]: read, [`write${name}${order}`]: write });
	hide(Buffer.prototype, { [`readInt${order}`]: signed, [`writeInt${order}`]: write });
}

exports.Buffer = Buffer;
exports.SlowBuffer = Buffer;
exports.kMaxLength = 2 ** 31 - 1;
exports.constants = { MAX_LENGTH: exports.kMaxLength, MAX_STRING_LENGTH: 2 ** 29 };
exports.INSPECT_MAX_BYTES = 50;
exports.atob = atob;
exports.btoa = btoa;
exports.isUtf8 = (bytes) => { try { new TextDecoder("utf-8", { fatal: true }).decode(bytes); return true; } catch { return false; } };
exports.isAscii = (bytes) => view(bytes).every((c) => c < 0x80);
