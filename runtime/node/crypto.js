// Of Node's crypto (nodejs.org/api/crypto.html) random bytes and digests.
"use strict";
const { random, digest } = native;
const bytesOf = (data, encoding) => (typeof data === "string" ? Buffer.from(data, encoding) : data);
const getRandomValues = (array) => {
	if (!ArrayBuffer.isView(array)) throw new TypeError("getRandomValues: the argument must be a typed array");
	new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(random(array.byteLength));
	return array;
};
const randomUUID = () => {
	const b = random(16);
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	return b.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
};
class Hash {
	constructor(algorithm, key) {
		Object.defineProperty(this, "state", { value: digest(algorithm, key) });
	}
	update(data, encoding) {
		this.state.update(bytesOf(data, encoding));
		return this;
	}
	digest(encoding) {
		const sum = Buffer.from(this.state.digest());
		return encoding === undefined || encoding === "buffer" ? sum : sum.toString(encoding);
	}
}
module.exports = {
	getRandomValues, randomUUID,
	randomBytes: (n) => Buffer.from(random(n)),
	randomFillSync: getRandomValues,
	randomInt(low, high) {
		if (high === undefined) [low, high] = [0, low];
		return low + Number(Buffer.from(random(8)).readBigUInt64LE() % BigInt(high - low));
	},
	createHash: (algorithm) => new Hash(algorithm),
	createHmac: (algorithm, key) => new Hash(algorithm, bytesOf(key)),
	hash: (algorithm, data, encoding = "hex") => new Hash(algorithm).update(data).digest(encoding),
	getHashes: () => native.algorithms(),
	timingSafeEqual(a, b) {
		if (a.byteLength !== b.byteLength) throw new RangeError("timingSafeEqual: the lengths differ");
		return Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;
	},
	webcrypto: { getRandomValues, randomUUID },
};
