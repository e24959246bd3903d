// svscript/test: tests of scripts, in a file NAME.test.js that runs like any script. Guests for them come from synthetic().
//
//	const { test, assert, report } = require("svscript/test");
//	test("it adds", () => assert.equal(1 + 1, 2));
//	module.exports = report();
"use strict";

const results = { passed: 0, failed: 0 };

/** Runs a test. What it throws is printed on stderr, and counted. @param {string} name @param {() => void} fn */
function test(name, fn) {
	try {
		fn();
		results.passed++;
	} catch (error) {
		results.failed++;
		console.error(`FAIL ${name}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
	}
}

/** Ends the file: says how many tests passed, and throws when one did not, so that svscript fails. */
function report() {
	const { passed, failed } = results;
	if (failed > 0) throw new AssertionError(`${failed} of ${passed + failed} tests failed`);
	console.error(`${passed} tests passed`);
	return { passed, failed };
}

class AssertionError extends Error {
	get name() {
		return "AssertionError";
	}
}

/** A value as text, in which a BigInt is no Number. @param {unknown} value */
const text = (value) => JSON.stringify(value, (_, v) => {
	if (typeof v === "bigint") return `${v}n`;
	if (v === undefined) return "undefined";
	return ArrayBuffer.isView(v) ? [v.constructor.name, ...Array.from(/** @type {any} */ (v))] : v;
}) ?? String(value);

const assert = {
	/** @param {unknown} value @param {string} [what] */
	ok(value, what = "the value") {
		if (!value) throw new AssertionError(`${what} is ${text(value)}`);
	},

	/** Values that print alike are equal: deep, and BigInts are not Numbers. @param {unknown} got @param {unknown} want */
	equal(got, want) {
		if (text(got) !== text(want)) throw new AssertionError(`got\n  ${text(got)}\nwant\n  ${text(want)}`);
	},

	/** @param {() => unknown} fn @param {RegExp} message @returns {any} what was thrown */
	throws(fn, message) {
		try {
			fn();
		} catch (error) {
			const got = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
			if (!message.test(got)) throw new AssertionError(`threw ${text(got)}, which does not match ${message}`);
			return error;
		}
		throw new AssertionError(`threw nothing; ${message} was expected`);
	},
};

module.exports = { test, assert, report, AssertionError };
