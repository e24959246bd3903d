// svscript/test: tests of scripts, in a file NAME.test.js that runs like any script. Guests for them come from synthetic().
//
//	const { test, assert, report } = require("svscript/test");
//	test("it adds", () => assert.equal(1 + 1, 2));
//	module.exports = report();
"use strict";
// @ts-ignore: the types of Node's modules are not there
const { inspect, isDeepStrictEqual } = require("util");
const { plural } = require("./format");

/** @typedef {{passed: number, failed: number}} Report */

/** @type {Report} */
const results = { passed: 0, failed: 0 };
/** Async tests that may not have ended yet. @type {Promise<void>[]} */
const running = [];

/**
 * Runs a test. What it throws is printed on stderr, and counted. An async one goes on by itself, beside those behind it; report() waits for it.
 * @param {string} name @param {() => void | Promise<unknown>} fn
 */
function test(name, fn) {
	const passed = () => void results.passed++;
	const failed = (/** @type {unknown} */ error) => {
		results.failed++;
		console.error(`FAIL ${name}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
	};
	try {
		const result = fn();
		if (result instanceof Promise) running.push(result.then(passed, failed));
		else passed();
	} catch (error) {
		failed(error);
	}
}

/**
 * Ends the file: says how many tests passed, and throws when one did not, so that svscript fails. Where there are async tests, it does so
 * when they have ended, and returns a promise.
 * @returns {Report | Promise<Report>}
 */
function report() {
	return running.length > 0 ? ended().then(summary) : summary();
}

async function ended() {
	while (running.length > 0) await running.shift(); // a test may begin others
}

function summary() {
	const { passed, failed } = results;
	if (failed > 0) throw new AssertionError(`${failed} of ${plural(passed + failed, "test")} failed`);
	console.error(`${plural(passed, "test")} passed`);
	return { passed, failed };
}

class AssertionError extends Error {
	get name() {
		return "AssertionError";
	}
}

/** A value as the console shows it, in full. @param {unknown} value @returns {string} */
const text = (value) => inspect(value, { depth: Infinity });

const assert = {
	/** @param {unknown} value @param {string} [what] */
	ok(value, what = "the value") {
		if (!value) throw new AssertionError(`${what} is ${text(value)}`);
	},

	/** Deep: 1n is not 1, and no order counts but that of arrays. What the API returns equals an object with the same properties. @param {unknown} got @param {unknown} want */
	equal(got, want) {
		if (!isDeepStrictEqual(got, want, { skipPrototype: true })) throw new AssertionError(`got\n  ${text(got)}\nwant\n  ${text(want)}`);
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
