// Of Node's util (nodejs.org/api/util.html) what needs no process.
"use strict";
const { inspect, format } = native;
const tag = (v) => Object.prototype.toString.call(v).slice(8, -1);
const is = (name) => (v) => tag(v) === name;
const typedArrayTag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get;

const types = {
	isDate: is("Date"), isRegExp: is("RegExp"), isMap: (v) => v instanceof Map, isSet: (v) => v instanceof Set, isWeakMap: (v) => v instanceof WeakMap,
	isWeakSet: (v) => v instanceof WeakSet, isPromise: (v) => v instanceof Promise, isNativeError: (v) => v instanceof Error,
	isArrayBuffer: (v) => v instanceof ArrayBuffer, isAnyArrayBuffer: (v) => v instanceof ArrayBuffer, isSharedArrayBuffer: () => false,
	isArrayBufferView: ArrayBuffer.isView, isDataView: (v) => v instanceof DataView, isTypedArray: (v) => ArrayBuffer.isView(v) && !(v instanceof DataView),
	isBoxedPrimitive: (v) => typeof v === "object" && v !== null && typeof v.valueOf() !== "object" && !(v instanceof Date),
	isAsyncFunction: is("AsyncFunction"), isGeneratorFunction: is("GeneratorFunction"), isGeneratorObject: is("Generator"), isProxy: () => false, isExternal: () => false,
	isSymbolObject: (v) => typeof v === "object" && is("Symbol")(v), isNumberObject: (v) => v instanceof Number, isStringObject: (v) => v instanceof String,
	isBooleanObject: (v) => v instanceof Boolean, isBigIntObject: (v) => typeof v === "object" && is("BigInt")(v),
	isMapIterator: is("Map Iterator"), isSetIterator: is("Set Iterator"), isArgumentsObject: is("Arguments"), isModuleNamespaceObject: is("Module"),
};
for (const name of ["Uint8Array", "Uint8ClampedArray", "Uint16Array", "Uint32Array", "Int8Array", "Int16Array", "Int32Array", "Float32Array",
	"Float64Array", "BigInt64Array", "BigUint64Array"]) {
	types["is" + name] = (v) => ArrayBuffer.isView(v) && typedArrayTag.call(v) === name;
}

// Objects of these classes hold one primitive; those of the others can be compared by nothing but themselves.
const BOXES = [Date, Number, String, Boolean, BigInt, Symbol], OPAQUE = [WeakMap, WeakSet, WeakRef, Promise];
const isAny = (classes, v) => classes.some((c) => v instanceof c);
const bytesOf = (v) => (ArrayBuffer.isView(v) ? new Uint8Array(v.buffer, v.byteOffset, v.byteLength) : new Uint8Array(v));

// same is deep equality; loose compares as == does, skipPrototype looks at no prototypes. open has the pairs whose
// comparison has begun, as a map of sets.
const same = (a, b, how, open) => {
	const { loose, skipPrototype } = how;
	if (Object.is(a, b) || (loose && (a == b || (a !== a && b !== b)))) return true;
	if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
	if (tag(a) !== tag(b) || (!skipPrototype && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b))) return false;
	const partners = open.get(a) ?? new Set();
	if (partners.has(b)) return true; // a cycle: what leads here decides
	open.set(a, partners.add(b));
	const equal = sameContents(a, b, how, open);
	partners.delete(b); // a pair that differed must not pass for a cycle later
	return equal;
};

const sameContents = (a, b, how, open) => {
	const { loose } = how, eq = (v, w) => same(v, w, how, open);
	if (isAny(OPAQUE, a)) return false;
	if (isAny(BOXES, a)) { if (!Object.is(a.valueOf(), b.valueOf())) return false; }
	else if (a instanceof RegExp) { if (String(a) !== String(b) || a.lastIndex !== b.lastIndex) return false; }
	else if (a instanceof Error) { if (a.message !== b.message || a.name !== b.name || !eq(a.cause, b.cause) || !eq(a.errors, b.errors)) return false; }
	else if (a instanceof ArrayBuffer || a instanceof DataView) return eq(bytesOf(a), bytesOf(b));
	else if (ArrayBuffer.isView(a)) return a.length === b.length && a.every((v, i) => Object.is(v, b[i]) || (loose && v === b[i]));
	else if (a instanceof Set) { if (!sameEntries(new Map([...a].map((v) => [v])), new Map([...b].map((w) => [w])), eq)) return false; }
	else if (a instanceof Map) { if (!sameEntries(a, new Map(b), eq)) return false; }
	if (Array.isArray(a) && a.length !== b.length) return false;
	const enumerable = (o) => Reflect.ownKeys(o).filter((k) => Object.prototype.propertyIsEnumerable.call(o, k));
	const keys = enumerable(a);
	return keys.length === enumerable(b).length && keys.every((k) => Object.prototype.hasOwnProperty.call(b, k) && eq(a[k], b[k]));
};

// sameEntries tells whether a Map has the entries that are left of another, in any order: each is the partner of one alone. Keys that are
// no objects are looked up; the others have to be tried.
const sameEntries = (a, left, eq) => {
	if (a.size !== left.size) return false;
	return [...a].every(([k, v]) => {
		if (left.has(k) && eq(v, left.get(k))) return left.delete(k);
		for (const [l, w] of left) if (eq(k, l) && eq(v, w)) return left.delete(l);
		return false;
	});
};

const custom = Symbol.for("nodejs.util.promisify.custom");
const promisify = (fn) => {
	if (typeof fn !== "function") throw new TypeError("promisify wants a function");
	if (fn[custom]) return fn[custom];
	return function (...args) {
		return new Promise((resolve, reject) => fn.call(this, ...args, (error, value) => (error ? reject(error) : resolve(value))));
	};
};
promisify.custom = custom;

module.exports = {
	inspect, format, types, promisify,
	formatWithOptions: (_, ...args) => format(...args),
	callbackify: (fn) => function (...args) {
		const done = args.pop();
		fn.apply(this, args).then((v) => queueMicrotask(() => done(null, v)), (e) => queueMicrotask(() => done(e ?? new Error("rejected without a reason"))));
	},
	inherits(ctor, above) {
		Object.defineProperty(ctor, "super_", { value: above, writable: true, configurable: true });
		Object.setPrototypeOf(ctor.prototype, above.prototype);
	},
	deprecate: (fn) => fn,
	debuglog: () => Object.assign(() => {}, { enabled: false }),
	isDeepStrictEqual: (a, b, { skipPrototype = false } = {}) => same(a, b, { skipPrototype }, new Map()),
	isDeepEqual: (a, b) => same(a, b, { loose: true, skipPrototype: true }, new Map()),
	stripVTControlCharacters: (s) => s.replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, ""),
	toUSVString: (s) => String(s).toWellFormed(),
	TextEncoder, TextDecoder,
	isArray: Array.isArray, isBoolean: (v) => typeof v === "boolean", isNull: (v) => v === null, isNullOrUndefined: (v) => v == null,
	isNumber: (v) => typeof v === "number", isString: (v) => typeof v === "string", isSymbol: (v) => typeof v === "symbol", isUndefined: (v) => v === undefined,
	isObject: (v) => typeof v === "object" && v !== null, isFunction: (v) => typeof v === "function", isPrimitive: (v) => Object(v) !== v,
	isRegExp: types.isRegExp, isDate: types.isDate, isError: types.isNativeError, isBuffer: (v) => v instanceof Buffer,
};
