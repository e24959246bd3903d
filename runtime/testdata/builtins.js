// What the host adds to goja. Run by TestScripts; a failed check throws.
const eq = (got, want) => {
	const a = JSON.stringify(got, (k, v) => (typeof v === "bigint" ? v + "n" : v)), b = JSON.stringify(want, (k, v) => (typeof v === "bigint" ? v + "n" : v));
	if (a !== b) throw new Error(`got ${a}, want ${b}`);
};
const throws = (fn, type) => {
	try { fn(); } catch (e) { if (e instanceof type) return; throw e; }
	throw new Error("no " + type.name + ": " + fn);
};
const count = function* (from = 0) { try { for (let i = from; ; i++) yield i; } finally { closed++; } };
let closed = 0;

// Iterator helpers
eq(count().map((x) => x * 2).filter((x) => x % 4 === 0).take(3).toArray(), [0, 4, 8]);
eq(closed, 1);
eq(count().drop(2).take(2).flatMap((x) => [x, -x]).toArray(), [2, -2, 3, -3]);
eq([1, 2, 3].values().reduce((a, b) => a + b), 6);
eq([1, 2, 3].values().reduce((a, b) => a + b, "s"), "s123");
throws(() => [].values().reduce((a) => a), TypeError);
eq([count().some((x) => x > 3), [1].values().every((x) => x > 1), count().find((x) => x > 5)], [true, false, 6]);
let seen = []; [7, 8].values().forEach((x, i) => seen.push([x, i])); eq(seen, [[7, 0], [8, 1]]);
eq(Iterator.from({ next: (() => { let n = 0; return () => ({ done: n > 1, value: n++ }); })() }).toArray(), [0, 1]);
eq(Iterator.from("ab").map((c) => c + c).toArray(), ["aa", "bb"]);
eq([new Map([[1, 2]]).entries().toArray(), new Set([3]).values().map((x) => x + 1).toArray()], [[[1, 2]], [4]]);
throws(() => count().map(5), TypeError);
throws(() => count().take(-1), RangeError);
throws(() => count().take(NaN), RangeError);
closed = 0;
throws(() => { const it = count(); it.next(); it.map(() => { throw new RangeError("x"); }).next(); }, RangeError);
eq(closed, 1);
{ const it = count(); it.next(); const m = it.map((x) => x); m.next(); eq(m.return(), { done: true }); eq(closed, 2); eq(m.next(), { done: true }); }
eq(String([].values().map((x) => x)), "[object Iterator Helper]");
class Own extends Iterator { next() { return { done: true }; } }
eq([new Own() instanceof Iterator, new Own().toArray()], [true, []]);
throws(() => new Iterator(), TypeError);

// Grouping, sets, arrays, promises
eq(Object.groupBy([1, 2, 3], (x) => (x % 2 ? "odd" : "even")), { odd: [1, 3], even: [2] });
eq([...Map.groupBy([1, 2, 3], (x) => x % 2)], [[1, [1, 3]], [0, [2]]]);
const A = new Set([1, 2, 3]), B = new Set([3, 4]);
eq([...A.union(B)], [1, 2, 3, 4]); eq([...A.intersection(B)], [3]); eq([...A.difference(B)], [1, 2]); eq([...A.symmetricDifference(B)], [1, 2, 4]);
eq([new Set([1]).isSubsetOf(A), A.isSupersetOf(new Set([1])), A.isDisjointFrom(B)], [true, true, false]);
eq([[3, 1].toSorted(), [1, 2].toReversed(), [1, 2].with(0, 9), [1, 2].findLast((x) => x < 2), [1, 2].at(-1)], [[1, 3], [2, 1], [9, 2], 1, 2]);
eq(new Map([[1, 2]]).getOrInsert(1, 5), 2);

// Text, bytes, URLs
eq([...new TextEncoder().encode("é€")], [195, 169, 226, 130, 172]);
eq([..."a\ud800b"].length, 3); eq("\ud800".isWellFormed(), false); eq("\ud800".toWellFormed(), "\ufffd");
eq(new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x68, 0xff, 0xe2, 0x82, 0x69])), "h\ufffd\ufffdi");
eq(new TextDecoder("utf-16le").decode(new Uint16Array([0x68, 0xd83d, 0xde00])), "h😀");
eq(new TextDecoder("latin1").decode(new Uint8Array([0xe9]).buffer), "é");
throws(() => new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([0xff])), TypeError);
throws(() => new TextDecoder("ebcdic"), RangeError);
{ const d = new TextDecoder(); eq(d.decode(new Uint8Array([0xe2, 0x82]), { stream: true }) + d.decode(new Uint8Array([0xac])), "€"); }
eq(new TextDecoder().decode(new DataView(new Uint8Array([65, 66, 67]).buffer, 1)), "BC");
eq([btoa("hi\xff"), atob("aGn/")], ["aGn/", "hi\xff"]);
eq(new URL("https://a.b/c?d=1").searchParams.get("d"), "1");
eq(Buffer.from("hi").toString("base64"), "aGk=");
eq([new Uint8Array([1, 255]).toHex(), [...Uint8Array.fromHex("01ff")]], ["01ff", [1, 255]]);
eq(RegExp.escape("a.b"), "\\x61\\.b");

// structuredClone
{
	const from = { d: new Date(5), m: new Map([[{ k: 1 }, new Set([1])]]), b: new Uint8Array([1, 2]), big: 5n, e: new RangeError("r"), n: [, 1] };
	from.self = from;
	const to = structuredClone(from);
	eq([to.self === to, to !== from, to.d.getTime(), to.b[1], to.big, to.e instanceof RangeError, 0 in to.n, [...to.m.keys()][0].k], [true, true, 5, 2, 5n, true, false, 1]);
	throws(() => structuredClone({ f() {} }), Error);
}

// util and process
eq(require("util").format("%s!", "a"), "a!");
eq(require("util").inspect({ a: 1n }), "{ a: 1n }");
eq([typeof process.nextTick, process.env.HOME === undefined], ["function", true]);
{ const c = new AbortController(); let n = 0; c.signal.addEventListener("abort", () => n++); c.abort(); c.abort(); eq([c.signal.aborted, n], [true, 1]); }

// for…in shows none of it
for (const k in globalThis) throw new Error("enumerable global " + k);
for (const k in []) throw new Error("enumerable on arrays " + k);

exports.main = async () => {
	eq(await Array.fromAsync([Promise.resolve(1), 2], (x) => x + 1), [2, 3]);
	eq(await Array.fromAsync((async function* () { yield 1; yield 2; })()), [1, 2]);
	const { promise, resolve } = Promise.withResolvers(); resolve(4); eq(await promise, 4);
	eq(await Promise.try((x) => x, 6), 6);
	const order = [];
	setTimeout(() => order.push("t2"), 2); setTimeout(() => order.push("t1"), 1); setImmediate(() => order.push("i"));
	const cancelled = setTimeout(() => order.push("never"), 1); clearTimeout(cancelled); clearTimeout(undefined);
	queueMicrotask(() => order.push("m")); process.nextTick((x) => order.push(x), "n");
	await new Promise((r) => setTimeout(r, 20));
	eq(order.slice(0, 3), ["m", "n", "i"]); eq(order.slice(3), ["t1", "t2"]);
	return "ok";
};
