// What the host asks about values. Built-ins are taken here, before any script can replace them; nothing here calls code of a script.
(function () {
"use strict";
const { getOwnPropertyDescriptor, getOwnPropertyNames, getOwnPropertySymbols, keys } = Object;
const { apply } = Reflect;
const mapForEach = Map.prototype.forEach, setForEach = Set.prototype.forEach;
const mapSize = getOwnPropertyDescriptor(Map.prototype, "size").get, setSize = getOwnPropertyDescriptor(Set.prototype, "size").get;
const TypedArray = Object.getPrototypeOf(Uint8Array.prototype);
const tag = getOwnPropertyDescriptor(TypedArray, Symbol.toStringTag).get;
const byteLength = getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get;
const functionText = Function.prototype.toString;
const symbolFor = Symbol.for, isArray = Array.isArray;
const dateISO = Date.prototype.toISOString, dateTime = Date.prototype.getTime, regexpText = RegExp.prototype.toString;
const valueOfs = [Number.prototype.valueOf, String.prototype.valueOf, Boolean.prototype.valueOf, BigInt.prototype.valueOf, Symbol.prototype.valueOf];

// own describes one own property: undefined, [value], or [undefined, getter, setter].
const own = (o, k) => {
	const d = getOwnPropertyDescriptor(o, k);
	if (d === undefined) return undefined;
	return "value" in d || (!d.get && !d.set) ? [d.value] : [undefined, d.get, d.set];
};
return {
	own,
	has: (o, k) => k in o,
	names: (o, limit) => {
		// for…in takes keys one by one, so that an object of a million keys costs no more than the limit.
		const list = [];
		for (const k in o) {
			list[list.length] = k;
			if (list.length >= limit) return list;
		}
		return getOwnPropertyNames(o);
	},
	keys: (o) => {
		const list = keys(o);
		const symbols = getOwnPropertySymbols(o);
		for (let i = 0; i < symbols.length; i++) {
			const d = getOwnPropertyDescriptor(o, symbols[i]);
			if (d !== undefined && d.enumerable) list[list.length] = symbols[i];
		}
		return list;
	},
	mapEntries: (m, limit) => {
		const list = [apply(mapSize, m, [])];
		let n = 0;
		apply(mapForEach, m, [(v, k) => { if (n++ < limit) { list[list.length] = k; list[list.length] = v; } }]);
		return list;
	},
	setEntries: (s, limit) => {
		const list = [apply(setSize, s, [])];
		let n = 0;
		apply(setForEach, s, [(v) => { if (n++ < limit) list[list.length] = v; }]);
		return list;
	},
	typedArray: (o) => apply(tag, o, []),
	byteLength: (o) => apply(byteLength, o, []),
	isArray,
	functionText: (f) => apply(functionText, f, []),
	date: (d) => (apply(dateTime, d, []) === apply(dateTime, d, []) ? apply(dateISO, d, []) : "Invalid Date"),
	regexp: (r) => apply(regexpText, r, []),
	primitive: (o) => {
		for (let i = 0; i < valueOfs.length; i++) {
			try { return [apply(valueOfs[i], o, [])]; } catch {}
		}
		return undefined;
	},
	inspectSymbol: symbolFor("nodejs.util.inspect.custom"),
	pureSymbol: symbolFor("svscript.pure"),
};
})()
