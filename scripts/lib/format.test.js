"use strict";
const format = require("svscript/format");
const { test, assert, report } = require("svscript/test");

test("sizes", () => {
	assert.equal([0, 1023, 4096, 1536, 2 ** 30, 3.25 * 2 ** 40].map(format.size), ["0 B", "1023 B", "4 KiB", "1.5 KiB", "1 GiB", "3.3 TiB"]);
	assert.equal(format.size(1n << 33n), "8 GiB");
	assert.equal(format.size(555 * 2 ** 20 + 1), "555 MiB");
});

test("hexadecimal", () => {
	assert.equal([format.hex(255), format.hex(255n, 4), format.hex(-1n), format.address(0x1000n), format.address(0x1000, 4)],
		["0xff", "0x00ff", "-0x1", "0000000000001000", "00001000"]);
	assert.equal(format.hexBytes(Uint8Array.of(0, 0xde, 0xad)), "00 de ad");
	assert.equal(format.ascii(Uint8Array.of(0x41, 0, 0x7e, 0x7f)), "A.~.");
});

test("counts", () => {
	assert.equal([format.count(1234567), format.plural(1, "page"), format.plural(2000, "entry", "entries")], ["1 234 567", "1 page", "2 000 entries"]);
});

test("columns: numbers at the right", () => {
	assert.equal(format.columns([["a", 1, 0x10n], ["bbb", 100, 0x1n]], { header: ["name", "n", "at"] }), "name    n    at\na       1  0x10\nbbb   100   0x1");
});

test("sheet: leaves out what is not there, indents what has lines", () => {
	assert.equal(format.sheet([["a", 1n], ["long", "x\ny"], ["gone", null]]), "a     0x1\nlong  x\n      y");
});

test("tree", () => {
	assert.equal(format.tree({ a: 1, bb: { c: 2n }, d: [{ e: 1 }], bytes: Uint8Array.of(1, 2) }),
		"\n  a      1\n  bb\n    c  0x2\n  d\n    [0]\n      e  1\n  bytes  01 02");
	assert.equal(format.tree([1, 2, 3], { max: 2 }), "[0x1 0x2] … (3 elements)");
});

test("bar", () => assert.equal([format.bar(0, 2), format.bar(1, 2), format.bar(0.5, 1), format.bar(7, 1)], ["  ", "██", "▌", "█"]));

test("incomplete: says nothing when nothing was skipped", () => assert.equal(format.incomplete([], "reading"), undefined));

module.exports = report();
