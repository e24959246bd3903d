// Events and signals (dom.spec.whatwg.org, 2 and 3), for libraries that use them.
"use strict";
class Event {
	#stopped = false; #prevented = false;
	constructor(type, { bubbles = false, cancelable = false } = {}) {
		Object.assign(this, { type: String(type), bubbles, cancelable, target: null, currentTarget: null, timeStamp: performance.now() });
	}
	get defaultPrevented() { return this.#prevented; }
	preventDefault() { if (this.cancelable) this.#prevented = true; }
	stopPropagation() {}
	stopImmediatePropagation() { this.#stopped = true; }
	static stopped(event) { return event.#stopped; }
}
class CustomEvent extends Event {
	constructor(type, options = {}) {
		super(type, options);
		this.detail = options.detail ?? null;
	}
}
const stopped = Event.stopped;
delete Event.stopped;

const capturing = (options) => Boolean(typeof options === "object" && options !== null ? options.capture : options);
class EventTarget {
	#listeners = new Map();
	addEventListener(type, fn, options) {
		if (fn === null || fn === undefined) return;
		const list = this.#listeners.get(type) ?? [], capture = capturing(options);
		if (list.some((l) => l.fn === fn && l.capture === capture)) return;
		const { once = false, signal } = typeof options === "object" && options !== null ? options : {};
		if (signal?.aborted) return;
		this.#listeners.set(type, [...list, { fn, once, capture }]);
		signal?.addEventListener("abort", () => this.removeEventListener(type, fn, capture));
	}
	removeEventListener(type, fn, options) {
		const list = this.#listeners.get(type), capture = capturing(options);
		if (list) this.#listeners.set(type, list.filter((l) => l.fn !== fn || l.capture !== capture));
	}
	// An error of a listener does not keep the event from the others; it fails the run, as an unhandled rejection does.
	dispatchEvent(event) {
		event.target = event.currentTarget = this;
		for (const listener of this.#listeners.get(event.type) ?? []) {
			if (stopped(event)) break;
			const { fn, once, capture } = listener;
			if (!this.#listeners.get(event.type).includes(listener)) continue; // another has removed it
			if (once) this.removeEventListener(event.type, fn, capture);
			try {
				if (typeof fn === "function") fn.call(this, event);
				else fn.handleEvent(event);
			} catch (error) { Promise.reject(error); }
		}
		return !event.defaultPrevented;
	}
}

const named = (name, message) => Object.defineProperty(new Error(message), "name", { value: name, configurable: true, writable: true });
let abort;
class AbortSignal extends EventTarget {
	#aborted = false; #reason = undefined;
	onabort = null;
	static { abort = (signal, reason = named("AbortError", "This operation was aborted")) => {
		if (signal.#aborted) return;
		signal.#aborted = true;
		signal.#reason = reason;
		const event = new Event("abort");
		signal.onabort?.(event);
		signal.dispatchEvent(event);
	}; }
	get aborted() { return this.#aborted; }
	get reason() { return this.#reason; }
	throwIfAborted() { if (this.#aborted) throw this.#reason; }
	static abort(reason) {
		const signal = new AbortSignal();
		abort(signal, reason);
		return signal;
	}
	static timeout(delay) {
		const signal = new AbortSignal();
		// A script may have put another setTimeout in its place.
		setTimeout(() => abort(signal, named("TimeoutError", "The operation was aborted due to timeout")), delay).unref?.();
		return signal;
	}
	static any(signals) {
		const signal = new AbortSignal();
		for (const s of signals) {
			if (s.aborted) abort(signal, s.reason);
			else s.addEventListener("abort", () => abort(signal, s.reason), { once: true });
		}
		return signal;
	}
}
class AbortController {
	signal = new AbortSignal();
	abort(reason) { abort(this.signal, reason); }
}
module.exports = { Event, CustomEvent, EventTarget, AbortSignal, AbortController };
