// Node's assert (nodejs.org/api/assert.html).
"use strict";
const { inspect, isDeepStrictEqual, isDeepEqual } = require("util");

class AssertionError extends Error {
	constructor({ message, actual, expected, operator }) {
		super(message ?? `${inspect(actual)} ${operator} ${inspect(expected)}`);
		Object.assign(this, { actual, expected, operator, code: "ERR_ASSERTION", generatedMessage: message === undefined });
	}
	get name() { return "AssertionError"; }
}
const fail = (message, actual, expected, operator) => {
	if (message instanceof Error) throw message;
	throw new AssertionError({ message, actual, expected, operator });
};
const assert = (value, message) => { if (!value) fail(message ?? `${inspect(value)} is not true`, value, true, "=="); };
const binary = (holds, operator) => (actual, expected, message) => { if (!holds(actual, expected)) fail(message, actual, expected, operator); };
const not = (holds) => (a, b) => !holds(a, b);
const loose = (a, b) => a == b || (a !== a && b !== b);
const matches = (text, regexp) => typeof text === "string" && regexp.test(text);

// expected tells whether an error is as wanted: a class, a pattern, a predicate, or an object with some of its members.
const expected = (error, want) => {
	if (want === undefined) return true;
	if (want instanceof RegExp) return want.test(String(error));
	if (typeof want !== "function") return Object.keys(want).every((k) => (want[k] instanceof RegExp ? want[k].test(error[k]) : isDeepStrictEqual(error[k], want[k])));
	if (want.prototype !== undefined && error instanceof want) return true;
	return want !== Error && !(want.prototype instanceof Error) && want.call({}, error) === true;
};
const caught = (error, want, message) => {
	if (typeof want === "string") return;
	if (!expected(error, want)) fail(message ?? `the error is not as expected: ${error}`, error, want, "throws");
};
const none = (want, message, what) => fail((typeof want === "string" ? want : message) ?? `there was no ${what}`, undefined, want, "throws");

Object.assign(assert, {
	AssertionError, ok: assert,
	fail: (message) => fail(message ?? "Failed", undefined, undefined, "fail"),
	equal: binary(loose, "=="), notEqual: binary(not(loose), "!="),
	strictEqual: binary(Object.is, "==="), notStrictEqual: binary(not(Object.is), "!=="),
	deepEqual: binary(isDeepEqual, "deepEqual"), notDeepEqual: binary(not(isDeepEqual), "notDeepEqual"),
	deepStrictEqual: binary(isDeepStrictEqual, "deepStrictEqual"), notDeepStrictEqual: binary(not(isDeepStrictEqual), "notDeepStrictEqual"),
	match: binary(matches, "matches"), doesNotMatch: binary(not(matches), "does not match"),
	ifError(value) { if (value !== null && value !== undefined) throw value instanceof Error ? value : new AssertionError({ actual: value, expected: null, operator: "ifError" }); },
	throws(fn, want, message) {
		try { fn(); } catch (e) { return caught(e, want, message); }
		none(want, message, "exception");
	},
	doesNotThrow(fn, _, message) {
		try { fn(); } catch (e) { fail(message ?? `there was an exception: ${e}`, e, undefined, "doesNotThrow"); }
	},
	async rejects(promise, want, message) {
		try { await (typeof promise === "function" ? promise() : promise); } catch (e) { return caught(e, want, message); }
		none(want, message, "rejection");
	},
	async doesNotReject(promise, _, message) {
		try { await (typeof promise === "function" ? promise() : promise); } catch (e) { fail(message ?? `there was a rejection: ${e}`, e, undefined, "doesNotReject"); }
	},
});
assert.strict = Object.assign((...args) => assert(...args), assert, {
	equal: assert.strictEqual, notEqual: assert.notStrictEqual, deepEqual: assert.deepStrictEqual, notDeepEqual: assert.notDeepStrictEqual,
});
assert.strict.strict = assert.strict;
module.exports = assert;
