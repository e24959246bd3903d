// What goja lacks of ECMAScript 2025 and scripts of today use. Each piece is added only where it is missing, as a property that
// for…in does not show. Semantics: tc39.es/ecma262; the section is named where it is not obvious.
(function (global, expandRegExp) {
"use strict";
const define = (object, name, value) => {
	if (!Object.prototype.hasOwnProperty.call(object, name)) {
		Object.defineProperty(object, name, { value, writable: true, enumerable: false, configurable: true });
	}
};
const methods = (object, source) => {
	for (const name of Object.getOwnPropertyNames(source)) define(object, name, source[name]);
};
const isObject = (v) => (typeof v === "object" && v !== null) || typeof v === "function";
const callable = (fn, who) => {
	if (typeof fn !== "function") throw new TypeError(who + ": the callback is not a function");
	return fn;
};

if (!Symbol.asyncIterator) Object.defineProperty(Symbol, "asyncIterator", { value: Symbol("Symbol.asyncIterator") });
if (!Symbol.dispose) Object.defineProperty(Symbol, "dispose", { value: Symbol("Symbol.dispose") });
if (!Symbol.asyncDispose) Object.defineProperty(Symbol, "asyncDispose", { value: Symbol("Symbol.asyncDispose") });

// Iterator and its helpers (27.1.2 to 27.1.4). A helper is an object with next and return over another iterator's next.
if (typeof global.Iterator === "undefined") {
	const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
	const Iterator = function Iterator() {
		if (new.target === undefined || new.target === Iterator) throw new TypeError("Iterator is an abstract class");
	};
	Object.defineProperty(Iterator, "prototype", { value: IteratorPrototype, writable: false });
	define(global, "Iterator", Iterator);
	define(IteratorPrototype, "constructor", Iterator);
	define(IteratorPrototype, Symbol.toStringTag, "Iterator");

	const direct = (iterator) => {
		if (!isObject(iterator)) throw new TypeError("an iterator must be an object");
		return { iterator, next: iterator.next };
	};
	const step = (record) => {
		// The specification reads next once; calling it as a method spares a native call for each item.
		const result = record.iterator.next();
		if (!isObject(result)) throw new TypeError("an iterator's result must be an object");
		return result;
	};
	const close = (iterator) => {
		const end = iterator.return;
		if (end !== undefined && end !== null) end.call(iterator);
	};
	// abandon closes an iterator because of an error, which wins over any that closing throws.
	const abandon = (iterator, e) => {
		try { close(iterator); } catch {}
		throw e;
	};
	// closing runs fn and closes the iterator when fn throws; the error of fn wins.
	const closing = (iterator, fn) => {
		try {
			return fn();
		} catch (e) {
			abandon(iterator, e);
		}
	};
	const HelperPrototype = Object.create(IteratorPrototype);
	const STATE = Symbol("state"); // a WeakMap would hide it better and cost more for each item
	const stateOf = (helper) => {
		const state = helper[STATE];
		if (state === undefined) throw new TypeError("not an Iterator Helper");
		return state;
	};
	methods(HelperPrototype, {
		next() {
			const state = stateOf(this);
			if (state.running) throw new TypeError("the iterator is already running");
			if (state.done) return { value: undefined, done: true };
			state.running = true;
			let result;
			try {
				result = state.advance();
			} catch (e) {
				state.running = false;
				state.done = true;
				throw e;
			}
			state.running = false;
			if (result.done) {
				state.done = true;
				return { value: undefined, done: true };
			}
			return result;
		},
		return() {
			const state = stateOf(this);
			if (state.running) throw new TypeError("the iterator is already running");
			if (!state.done) {
				state.done = true;
				if (state.cleanup) state.cleanup();
				close(state.record.iterator);
			}
			return { value: undefined, done: true };
		},
	});
	Object.defineProperty(HelperPrototype, Symbol.toStringTag, { value: "Iterator Helper", configurable: true });
	const helper = (record, advance) => {
		const object = Object.create(HelperPrototype);
		Object.defineProperty(object, STATE, { value: { record, advance, done: false, running: false, cleanup: null } });
		return object;
	};
	const limitOf = (iterator, n, who) => closing(iterator, () => {
		const number = Number(n);
		if (Number.isNaN(number)) throw new RangeError(who + ": " + String(n) + " is not a count");
		const limit = Math.trunc(number);
		if (limit < 0) throw new RangeError(who + ": a count cannot be negative");
		return limit;
	});
	// flattenable is GetIteratorFlattenable (7.4.x): an iterable, or an iterator itself.
	const flattenable = (v, strings) => {
		if (!isObject(v) && !(strings && typeof v === "string")) throw new TypeError(String(v) + " is not an object");
		const method = v[Symbol.iterator];
		return direct(method === undefined || method === null ? v : method.call(v));
	};
	const consume = (iterator, fn) => {
		const record = direct(iterator);
		for (let i = 0; ; i++) {
			const result = step(record);
			if (result.done) return undefined;
			let found;
			try {
				found = fn(result.value, i);
			} catch (e) {
				abandon(record.iterator, e);
			}
			if (found !== undefined) {
				close(record.iterator);
				return found;
			}
		}
	};
	const check = (iterator, fn, who) => {
		if (!isObject(iterator)) throw new TypeError(who + ": not an iterator");
		return closing(iterator, () => callable(fn, who));
	};
	methods(IteratorPrototype, {
		map(fn) {
			check(this, fn, "map");
			const record = direct(this);
			let i = 0;
			return helper(record, () => {
				const result = step(record);
				if (result.done) return result;
				try {
					return { value: fn(result.value, i++), done: false };
				} catch (e) {
					abandon(record.iterator, e);
				}
			});
		},
		filter(fn) {
			check(this, fn, "filter");
			const record = direct(this);
			let i = 0;
			return helper(record, () => {
				for (;;) {
					const result = step(record);
					if (result.done) return result;
					try {
						if (fn(result.value, i++)) return result;
					} catch (e) {
						abandon(record.iterator, e);
					}
				}
			});
		},
		take(n) {
			let left = limitOf(this, n, "take");
			const record = direct(this);
			return helper(record, () => {
				if (left === 0) {
					close(record.iterator);
					return { done: true };
				}
				left--;
				return step(record);
			});
		},
		drop(n) {
			let left = limitOf(this, n, "drop");
			const record = direct(this);
			return helper(record, () => {
				for (; left > 0; left--) {
					const result = step(record);
					if (result.done) return result;
				}
				return step(record);
			});
		},
		flatMap(fn) {
			check(this, fn, "flatMap");
			const record = direct(this);
			let i = 0, inner = null;
			const object = helper(record, () => {
				for (;;) {
					if (inner !== null) {
						const result = closing(record.iterator, () => step(inner));
						if (!result.done) return result;
						inner = null;
					}
					const result = step(record);
					if (result.done) return result;
					const value = result.value;
					inner = closing(record.iterator, () => flattenable(fn(value, i++), false));
				}
			});
			stateOf(object).cleanup = () => { if (inner !== null) close(inner.iterator); };
			return object;
		},
		reduce(fn, ...initial) {
			check(this, fn, "reduce");
			const record = direct(this);
			let i = 0, sum;
			if (initial.length > 0) {
				sum = initial[0];
			} else {
				const result = step(record);
				if (result.done) throw new TypeError("reduce of an empty iterator without an initial value");
				sum = result.value;
				i = 1;
			}
			for (;; i++) {
				const result = step(record);
				if (result.done) return sum;
				const value = result.value;
				sum = closing(record.iterator, () => fn(sum, value, i));
			}
		},
		toArray() {
			const record = direct(this), list = [];
			for (;;) {
				const result = step(record);
				if (result.done) return list;
				list.push(result.value);
			}
		},
		forEach(fn) { check(this, fn, "forEach"); consume(this, (v, i) => { fn(v, i); }); },
		some(fn) { check(this, fn, "some"); return consume(this, (v, i) => fn(v, i) ? true : undefined) === true; },
		every(fn) { check(this, fn, "every"); return consume(this, (v, i) => fn(v, i) ? undefined : false) !== false; },
		find(fn) {
			check(this, fn, "find");
			const found = consume(this, (v, i) => fn(v, i) ? { v } : undefined);
			return found === undefined ? undefined : found.v;
		},
	});
	const WrapPrototype = Object.create(IteratorPrototype);
	methods(WrapPrototype, {
		next() { return stateOf(this).record.iterator.next(); },
		return() {
			const { iterator } = stateOf(this).record;
			const end = iterator.return;
			return end === undefined ? { value: undefined, done: true } : end.call(iterator);
		},
	});
	define(Iterator, "from", function from(v) {
		const record = flattenable(v, true);
		if (record.iterator instanceof Iterator) return record.iterator;
		const object = Object.create(WrapPrototype);
		Object.defineProperty(object, STATE, { value: { record } });
		return object;
	});
	define(Iterator, "concat", function concat(...items) {
		return (function* () { for (const item of items) yield* item; })();
	});
}

const group = (items, fn, add) => {
	callable(fn, "groupBy");
	let i = 0;
	for (const item of items) add(fn(item, i++), item);
};
define(Object, "groupBy", function groupBy(items, fn) {
	const groups = Object.create(null);
	group(items, fn, (key, item) => {
		if (typeof key !== "symbol") key = String(key);
		(groups[key] ??= []).push(item);
	});
	return groups;
});
define(Map, "groupBy", function groupBy(items, fn) {
	const groups = new Map();
	group(items, fn, (key, item) => {
		const list = groups.get(key);
		if (list === undefined) groups.set(key, [item]); else list.push(item);
	});
	return groups;
});

define(Array, "fromAsync", async function fromAsync(items, fn, thisArg) {
	if (fn !== undefined) callable(fn, "Array.fromAsync");
	const list = typeof this === "function" && this !== Array ? new this() : [];
	let i = 0;
	const add = async (v) => { list[i] = fn ? await fn.call(thisArg, v, i) : v; i++; };
	const asyncMethod = items[Symbol.asyncIterator];
	if (asyncMethod !== undefined && asyncMethod !== null) {
		const iterator = asyncMethod.call(items);
		for (;;) {
			const result = await iterator.next();
			if (result.done) break;
			await add(result.value);
		}
	} else if (items[Symbol.iterator] !== undefined) {
		for (const v of items) await add(await v);
	} else {
		for (let j = 0; j < items.length; j++) await add(await items[j]);
	}
	list.length = i;
	return list;
});

methods(Promise, {
	withResolvers() {
		let resolve, reject;
		const promise = new this((a, b) => { resolve = a; reject = b; });
		return { promise, resolve, reject };
	},
	try(fn, ...args) { return new this((resolve) => resolve(fn(...args))); },
});

// The Set methods (24.2.4) over anything with size, has and keys.
if (!Set.prototype.union) {
	const record = (v) => {
		if (!isObject(v)) throw new TypeError(String(v) + " is not a set");
		const size = Number(v.size);
		if (Number.isNaN(size)) throw new TypeError("a set must have a size");
		callable(v.has, "has");
		callable(v.keys, "keys");
		return { size, has: (x) => Boolean(v.has(x)), keys: () => v.keys() };
	};
	// each stops when fn returns false, and closes the iterator then.
	const each = (iterator, fn) => {
		for (;;) {
			const result = iterator.next();
			if (result.done) return true;
			if (fn(result.value) === false) {
				if (iterator.return) iterator.return();
				return false;
			}
		}
	};
	methods(Set.prototype, {
		union(other) {
			const o = record(other), set = new Set(this);
			each(o.keys(), (v) => { set.add(v); });
			return set;
		},
		intersection(other) {
			const o = record(other), set = new Set();
			if (this.size <= o.size) { for (const v of this) if (o.has(v)) set.add(v); }
			else each(o.keys(), (v) => { if (this.has(v)) set.add(v); });
			return set;
		},
		difference(other) {
			const o = record(other), set = new Set(this);
			if (this.size <= o.size) { for (const v of this) if (o.has(v)) set.delete(v); }
			else each(o.keys(), (v) => { set.delete(v); });
			return set;
		},
		symmetricDifference(other) {
			const o = record(other), set = new Set(this);
			each(o.keys(), (v) => { if (this.has(v)) set.delete(v); else set.add(v); });
			return set;
		},
		isSubsetOf(other) {
			const o = record(other);
			if (this.size > o.size) return false;
			for (const v of this) if (!o.has(v)) return false;
			return true;
		},
		isSupersetOf(other) {
			const o = record(other);
			return this.size >= o.size && each(o.keys(), (v) => this.has(v));
		},
		isDisjointFrom(other) {
			const o = record(other);
			if (this.size <= o.size) { for (const v of this) if (o.has(v)) return false; return true; }
			return each(o.keys(), (v) => !this.has(v));
		},
	});
}

methods(Map.prototype, {
	getOrInsert(key, value) {
		if (this.has(key)) return this.get(key);
		this.set(key, value);
		return value;
	},
	getOrInsertComputed(key, fn) {
		callable(fn, "getOrInsertComputed");
		if (this.has(key)) return this.get(key);
		const value = fn(key);
		this.set(key, value);
		return value;
	},
});

methods(String.prototype, {
	isWellFormed() { const s = String(this); return s.toWellFormed() === s; },
	toWellFormed() {
		const s = String(this);
		let out = "";
		for (let i = 0; i < s.length; i++) {
			const c = s.charCodeAt(i), d = s.charCodeAt(i + 1);
			if (c >= 0xd800 && c <= 0xdbff && d >= 0xdc00 && d <= 0xdfff) { out += s[i] + s[++i]; }
			else out += c >= 0xd800 && c <= 0xdfff ? "\ufffd" : s[i];
		}
		return out;
	},
});
methods(RegExp, {
	escape(s) {
		if (typeof s !== "string") throw new TypeError("RegExp.escape: the argument must be a string");
		return s.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replace(/^[0-9A-Za-z]/, (c) => "\\x" + c.charCodeAt(0).toString(16))
			.replace(/[,\-=<>#&!%:;@~'`"\s]/g, (c) => {
				const n = c.charCodeAt(0);
				return n < 256 ? "\\x" + n.toString(16).padStart(2, "0") : "\\u" + n.toString(16).padStart(4, "0");
			});
	},
});
// RegExp writes property escapes as ranges before goja sees the pattern.
const NativeRegExp = RegExp;
const expanding = function (pattern, flags) {
	const isRegExp = pattern instanceof NativeRegExp;
	if (!new.target && isRegExp && flags === undefined && pattern.constructor === expanding) return pattern;
	const made = !new.target || new.target === expanding ? NativeRegExp : new.target;
	if (flags === undefined) return Reflect.construct(NativeRegExp, [pattern], made);
	flags = String(flags);
	if (/[uv]/.test(flags)) pattern = expandRegExp(isRegExp ? pattern.source : pattern === undefined ? "" : String(pattern), flags);
	return Reflect.construct(NativeRegExp, [pattern, flags], made);
};
Object.defineProperties(expanding, {
	name: { value: "RegExp" },
	prototype: { value: NativeRegExp.prototype, writable: false },
	escape: Object.getOwnPropertyDescriptor(NativeRegExp, "escape"),
	[Symbol.species]: { get() { return this; }, configurable: true },
});
Object.defineProperty(NativeRegExp.prototype, "constructor", { value: expanding });
global.RegExp = expanding;
methods(Error, { captureStackTrace(object) { if (!("stack" in object)) object.stack = global.__stack(new Error()).stack; } });

methods(Uint8Array.prototype, {
	toHex() {
		let s = "";
		for (let i = 0; i < this.length; i++) s += (this[i] < 16 ? "0" : "") + this[i].toString(16);
		return s;
	},
});
methods(Uint8Array, {
	fromHex(s) {
		if (typeof s !== "string" || s.length % 2 !== 0 || /[^0-9a-fA-F]/.test(s)) throw new SyntaxError("fromHex: pairs of hexadecimal digits are expected");
		const bytes = new Uint8Array(s.length / 2);
		for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(s.substr(2 * i, 2), 16);
		return bytes;
	},
});

define(global, "queueMicrotask", function queueMicrotask(fn) {
	callable(fn, "queueMicrotask");
	Promise.resolve().then(() => { fn(); });
});

// structuredClone (html.spec.whatwg.org, 2.7): cycles kept, functions and symbols refused, prototypes of classes dropped.
define(global, "structuredClone", function structuredClone(value) {
	const seen = new Map();
	const refuse = (v, what) => {
		const e = new Error(what + " cannot be cloned");
		e.name = "DataCloneError";
		throw e;
	};
	const note = (from, to) => { seen.set(from, to); return to; };
	const clone = (v) => {
		if (typeof v === "symbol") refuse(v, "a symbol");
		if (typeof v === "function") refuse(v, "a function");
		if (!isObject(v)) return v;
		if (seen.has(v)) return seen.get(v);
		if (Array.isArray(v)) {
			const list = note(v, new Array(v.length));
			for (const k of Object.keys(v)) list[k] = clone(v[k]);
			return list;
		}
		if (v instanceof Date) return note(v, new Date(v.getTime()));
		if (v instanceof RegExp) return note(v, new RegExp(v.source, v.flags));
		if (v instanceof Map) {
			const map = note(v, new Map());
			for (const [k, x] of [...v]) map.set(clone(k), clone(x));
			return map;
		}
		if (v instanceof Set) {
			const set = note(v, new Set());
			for (const x of [...v]) set.add(clone(x));
			return set;
		}
		if (v instanceof ArrayBuffer) return note(v, v.slice(0));
		if (v instanceof DataView) return note(v, new DataView(clone(v.buffer), v.byteOffset, v.byteLength));
		if (ArrayBuffer.isView(v)) {
			const Type = global[Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get.call(v)];
			return note(v, new Type(clone(v.buffer), v.byteOffset, v.length));
		}
		if (v instanceof Error) {
			const Type = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }[v.name] || Error;
			const e = note(v, new Type(v.message));
			if (Object.prototype.hasOwnProperty.call(v, "cause")) Object.defineProperty(e, "cause", { value: clone(v.cause), writable: true, configurable: true });
			return e;
		}
		if (v instanceof Promise || v instanceof WeakMap || v instanceof WeakSet) refuse(v, "a " + v.constructor.name);
		if (v instanceof Number || v instanceof String || v instanceof Boolean) return note(v, Object(v.valueOf()));
		const object = note(v, {});
		for (const k of Object.keys(v)) object[k] = clone(v[k]);
		return object;
	};
	return clone(value);
});

// What the REPL turns import() and default imports into.
const namespace = (m) => (m && m.__esModule ? m : Object.assign(Object.create(null), m, { default: m }));
define(global, "__import", (name) => Promise.resolve().then(() => namespace(global.require(name))));
define(global, "__default", (m) => (m && m.__esModule ? m.default : m));

// goja's collector is Go's, and tells nobody what it frees: a WeakRef keeps its target, and a registry never calls back, as the
// specification lets them (9.9.4, "liveness"; 26.2).
if (typeof global.WeakRef === "undefined") {
	const TARGET = Symbol("target");
	define(global, "WeakRef", class WeakRef {
		constructor(target) {
			if (!isObject(target) && typeof target !== "symbol") throw new TypeError("WeakRef: the target must be an object");
			Object.defineProperty(this, TARGET, { value: target });
		}
		deref() { return this[TARGET]; }
	});
	Object.defineProperty(global.WeakRef.prototype, Symbol.toStringTag, { value: "WeakRef", configurable: true });
	define(global, "FinalizationRegistry", class FinalizationRegistry {
		constructor(fn) { callable(fn, "FinalizationRegistry"); }
		register() {}
		unregister() { return false; }
	});
	Object.defineProperty(global.FinalizationRegistry.prototype, Symbol.toStringTag, { value: "FinalizationRegistry", configurable: true });
}

// goja takes no string here.
const TypedArray = Object.getPrototypeOf(Uint8Array);
const { from } = TypedArray;
Object.defineProperty(TypedArray, "from", {
	value: { from(source, ...rest) { return from.call(this, typeof source === "string" ? Object(source) : source, ...rest); } }.from,
	writable: true, configurable: true,
});

const replace = (object, source) => {
	for (const name of Object.keys(source)) Object.defineProperty(object, name, { value: source[name], writable: true, configurable: true });
};
replace(Number.prototype, { toLocaleString(locale, options) { return new global.Intl.NumberFormat(locale, options).format(Number(this)); } });
replace(BigInt.prototype, { toLocaleString(locale, options) { return new global.Intl.NumberFormat(locale, options).format(BigInt(this)); } });
const localeCompare = String.prototype.localeCompare;
replace(String.prototype, {
	localeCompare(that, locale, options) {
		return options === undefined ? localeCompare.call(this, that) : new global.Intl.Collator(locale, options).compare(this, that);
	},
});
return { localeCompare: (a, b) => localeCompare.call(a, b) };
})
