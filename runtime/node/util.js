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

// same is deep equality; loose compares as == does and looks at no prototypes.
const same = (a, b, loose, seen) => {
	if (Object.is(a, b) || (loose && (a == b || (a !== a && b !== b)))) return true;
	if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
	if (tag(a) !== tag(b) || (!loose && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b))) return false;
	if (seen.get(a) === b) return true; // a cycle: what leads here decides
	seen.set(a, b);
	if (a instanceof Date || a instanceof Number || a instanceof String || a instanceof Boolean) { if (!Object.is(a.valueOf(), b.valueOf())) return false; }
	else if (a instanceof RegExp) { if (String(a) !== String(b) || a.lastIndex !== b.lastIndex) return false; }
	else if (a instanceof Error) { if (a.message !== b.message || a.name !== b.name) return false; }
	else if (a instanceof ArrayBuffer) return same(new Uint8Array(a), new Uint8Array(b), loose, seen);
	else if (a instanceof Set) return a.size === b.size && [...a].every((v) => b.has(v) || (typeof v === "object" && [...b].some((w) => same(v, w, loose, seen))));
	else if (a instanceof Map) {
		return a.size === b.size && [...a].every(([k, v]) => (b.has(k) ? same(v, b.get(k), loose, seen)
			: typeof k === "object" && [...b].some(([l, w]) => same(k, l, loose, seen) && same(v, w, loose, seen))));
	}
	if (ArrayBuffer.isView(a) && a.length !== b.length) return false;
	if (Array.isArray(a) && a.length !== b.length) return false;
	const enumerable = (o) => Reflect.ownKeys(o).filter((k) => Object.prototype.propertyIsEnumerable.call(o, k));
	const keys = enumerable(a);
	return keys.length === enumerable(b).length && keys.every((k) => Object.prototype.hasOwnProperty.call(b, k) && same(a[k], b[k], loose, seen));
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
	isDeepStrictEqual: (a, b) => same(a, b, false, new Map()),
	isDeepEqual: (a, b) => same(a, b, true, new Map()),
	stripVTControlCharacters: (s) => s.replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, ""),
	toUSVString: (s) => String(s).toWellFormed(),
	TextEncoder, TextDecoder,
	isArray: Array.isArray, isBoolean: (v) => typeof v === "boolean", isNull: (v) => v === null, isNullOrUndefined: (v) => v == null,
	isNumber: (v) => typeof v === "number", isString: (v) => typeof v === "string", isSymbol: (v) => typeof v === "symbol", isUndefined: (v) => v === undefined,
	isObject: (v) => typeof v === "object" && v !== null, isFunction: (v) => typeof v === "function", isPrimitive: (v) => Object(v) !== v,
	isRegExp: types.isRegExp, isDate: types.isDate, isError: types.isNativeError, isBuffer: (v) => v instanceof Buffer,
};
