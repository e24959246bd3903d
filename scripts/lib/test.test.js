// Tests of svscript/test.
"use strict";
const { test, assert, report } = require("svscript/test");

/** Whether assert.equal passes, either way round. @param {unknown} a @param {unknown} b */
const equal = (a, b) => [[a, b], [b, a]].map(([got, want]) => {
	try {
		assert.equal(got, want);
		return true;
	} catch {
		return false;
	}
});

test("what prints alike, or not at all, is not equal", () => {
	for (const [a, b] of [
		[new Map([[1, 2]]), new Map([[1, 3]])], [new Set([1]), new Set([2])], [1n, 1], [1n, "1n"], [NaN, null], [undefined, "undefined"], [undefined, null],
		[new Error("a"), new Error("b")], [new Error("a"), new TypeError("a")], [/a/, /b/], [Infinity, -Infinity], [{ f() {} }, { f: {} }],
		[new Date(0), new Date(0).toJSON()], [new Uint8Array([1]), [1]], [new Uint8Array([1]), ["Uint8Array", 1]], [[1], { 0: 1 }], [[1, 2], [2, 1]],
	]) assert.ok(equal(a, b).join() === "false,false", `equal(${a}, ${b})`);
});

test("the order of properties does not count, nor does the class of a record", () => {
	const vm = synthetic({ ram: [{ size: 65536 }] }), [{ base, size, kind, block, offset, name }] = vm.ranges;
	for (const [a, b] of [
		[{ a: 1, b: 2 }, { b: 2, a: 1 }], [NaN, NaN], [new Set([{ a: 1 }]), new Set([{ a: 1 }])], [new Error("a"), new Error("a")],
		[vm.ranges, [{ name, offset, block, kind, size, base }]],
	]) assert.ok(equal(a, b).join() === "true,true", `equal(${a}, ${b})`);
});

test("an async test is counted when it has ended", async () => {
	await new Promise((resolve) => setTimeout(resolve, 1));
	assert.equal(1, 1);
});

module.exports = report();
