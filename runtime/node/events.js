// Node's EventEmitter (nodejs.org/api/events.html).
"use strict";
const LISTENERS = Symbol("listeners");
const callable = (fn) => {
	if (typeof fn !== "function") throw new TypeError(`the listener must be a function, not ${typeof fn}`);
	return fn;
};
// A function and not a class: old packages call it on objects of their own.
function EventEmitter() {
	mapOf(this);
}
const mapOf = (emitter) => {
	if (!Object.prototype.hasOwnProperty.call(emitter, LISTENERS)) {
		Object.defineProperty(emitter, LISTENERS, { value: new Map(), configurable: true, writable: true });
	}
	return emitter[LISTENERS];
};
const add = (emitter, type, fn, first) => {
	callable(fn);
	const map = mapOf(emitter);
	if (map.has("newListener")) emitter.emit("newListener", type, fn.listener ?? fn);
	const list = map.get(type) ?? [];
	map.set(type, first ? [fn, ...list] : [...list, fn]);
	return emitter;
};
const onceOnly = (emitter, type, fn) => {
	callable(fn);
	const wrapper = function (...args) {
		emitter.removeListener(type, wrapper);
		return fn.apply(this, args);
	};
	wrapper.listener = fn;
	return wrapper;
};
const methods = {
	on(type, fn) { return add(this, type, fn, false); },
	addListener(type, fn) { return add(this, type, fn, false); },
	prependListener(type, fn) { return add(this, type, fn, true); },
	once(type, fn) { return add(this, type, onceOnly(this, type, fn), false); },
	prependOnceListener(type, fn) { return add(this, type, onceOnly(this, type, fn), true); },
	removeListener(type, fn) {
		const map = mapOf(this), list = map.get(type) ?? [];
		const i = list.findLastIndex((l) => l === fn || l.listener === fn);
		if (i < 0) return this;
		if (list.length === 1) map.delete(type);
		else map.set(type, list.toSpliced(i, 1));
		if (map.has("removeListener")) this.emit("removeListener", type, fn);
		return this;
	},
	off(type, fn) { return this.removeListener(type, fn); },
	removeAllListeners(type) {
		if (type === undefined) mapOf(this).clear();
		else mapOf(this).delete(type);
		return this;
	},
	emit(type, ...args) {
		const list = mapOf(this).get(type);
		if (list === undefined) {
			if (type !== "error") return false;
			throw args[0] instanceof Error ? args[0] : new Error(`Unhandled error. (${String(args[0])})`, { cause: args[0] });
		}
		for (const fn of list) fn.apply(this, args);
		return true;
	},
	listeners(type) { return (mapOf(this).get(type) ?? []).map((l) => l.listener ?? l); },
	rawListeners(type) { return [...(mapOf(this).get(type) ?? [])]; },
	listenerCount(type) { return (mapOf(this).get(type) ?? []).length; },
	eventNames() { return [...mapOf(this).keys()]; },
	setMaxListeners() { return this; },
	getMaxListeners() { return EventEmitter.defaultMaxListeners; },
};
for (const name of Object.keys(methods)) Object.defineProperty(EventEmitter.prototype, name, { value: methods[name], writable: true, configurable: true });
EventEmitter.defaultMaxListeners = 10;
EventEmitter.EventEmitter = EventEmitter;
EventEmitter.once = (emitter, type) => new Promise((resolve, reject) => {
	const fail = (e) => { emitter.removeListener(type, done); reject(e); };
	const done = (...args) => { emitter.removeListener("error", fail); resolve(args); };
	emitter.once(type, done);
	if (type !== "error") emitter.once("error", fail);
});
EventEmitter.listenerCount = (emitter, type) => emitter.listenerCount(type);
EventEmitter.setMaxListeners = () => {};
module.exports = EventEmitter;
