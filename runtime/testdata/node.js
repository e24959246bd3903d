// The modules of Node that packages require.
const assert=require("node:assert"), path=require("path"), EventEmitter=require("events"), util=require("util"), qs=require("querystring"), crypto=require("crypto"), url=require("url");
assert.deepStrictEqual(path.parse("/a/b.c.txt"),{root:"/",dir:"/a",base:"b.c.txt",ext:".txt",name:"b.c"});
for (const [a,b] of [[path.join("a","..","..","b/"),"../b/"],[path.normalize("/a/./b//../c"),"/a/c"],[path.dirname("/a/b/"),"/a"],[path.dirname("a"),"."],[path.dirname("/a"),"/"],[path.basename("/x/y.js",".js"),"y"],[path.extname(".bashrc"),""],[path.extname("a.b."),"."],[path.relative("/a/b/c","/a/d"),"../../d"],[path.resolve("/a","../b","./c"),"/b/c"],[path.format({dir:"/x",name:"y",ext:"z"}),"/x/y.z"]]) assert.equal(a,b);
class E extends EventEmitter{}; const e=new E(); let n=0; e.once("x",v=>n+=v); e.on("x",v=>n+=v); e.emit("x",2); e.emit("x",3); assert.equal(n,7); assert.throws(()=>e.emit("error",new TypeError("q")),TypeError);
function Old(){ EventEmitter.call(this) } util.inherits(Old,EventEmitter); const o=new Old(); o.on("a",()=>n=100); o.emit("a"); assert.equal(n,100);
assert.deepEqual({...qs.parse("a=1&b=2&a=3+4&c")},{a:["1","3 4"],b:"2",c:""}); assert.equal(qs.stringify({a:[1,2],b:"x y"}),"a=1&a=2&b=x%20y");
assert.equal(crypto.createHash("md5").update("abc").digest("hex"),"900150983cd24fb0d6963f7d28e17f72");
assert.equal(crypto.createHmac("sha256","key").update("The quick brown fox jumps over the lazy dog").digest("hex"),"f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
assert.equal(url.fileURLToPath("file:///a/b%20c"),"/a/b c"); assert.equal(url.parse("http://u:p@h:8/p?q#f").pathname,"/p"); assert.equal(url.parse("/p/q?x=1",true).query.x,"1");
assert.throws(()=>assert.strictEqual(1,2),{code:"ERR_ASSERTION"}); assert.throws(()=>assert.deepStrictEqual({a:1n},{a:1})); assert.deepStrictEqual(new Map([[{a:1},2]]),new Map([[{a:1},2]]));
assert.ok(util.types.isDate(new Date()) && util.isDeepStrictEqual([1,[2]],[1,[2]]));
class Pair { a = 1; } assert.notDeepStrictEqual(new Pair(), { a: 1 }); assert.ok(util.isDeepStrictEqual([new Pair()], [{ a: 1 }], { skipPrototype: true }));
const {StringDecoder}=require("string_decoder"); const d=new StringDecoder("utf8"); assert.equal(d.write(Buffer.from([0xe2,0x82]))+d.write(Buffer.from([0xac])),"€");
for (const name of ["fs", "child_process", "stream"]) assert.throws(() => require(name), /part of Node's API/);
assert.equal((0.256).toLocaleString("en", { style: "percent" }) + (12).toLocaleString("de", { minimumFractionDigits: 2 }) + (1234.5678).toLocaleString(), "26%12.001,234.568");
assert.throws(() => (1).toLocaleString("en", { style: "currency", currency: "EUR" }), RangeError);
assert.deepStrictEqual([Buffer.from("\ud800")[0], new TextEncoder().encode("a\ud800b").length], [239, 5]);
assert.equal(Buffer.from("a-_b=", "base64").toString("base64url"), "a-_b");
assert.throws(() => Buffer.from("x").toString("ebcdic"), /unknown encoding: ebcdic/);
assert.throws(() => Buffer.alloc(1).readUInt32LE(0), { code: "ERR_OUT_OF_RANGE" });

// What is not equal, though it may print alike or have no properties.
for (const [a, b] of [
	[new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }])], [new Map([[{}, 1], [{}, 1]]), new Map([[{}, 1], [{}, 2]])], [new Map([[1, 2]]), new Map([[1, 3]])],
	[new DataView(new ArrayBuffer(1)), new DataView(new Uint8Array([1]).buffer)], [new Uint8Array([1]), new Uint16Array([1])], [new Uint8Array([1]), [1]],
	[Object(1n), Object(2n)], [Object(Symbol("a")), Object(Symbol("b"))], [new WeakMap(), new WeakMap()], [Promise.resolve(1), Promise.resolve(2)],
	[new Error("a", { cause: 1 }), new Error("a", { cause: 2 })], [new AggregateError([1]), new AggregateError([2])], [new Error("a"), new Error("b")],
	[1n, "1n"], [NaN, null], [undefined, "undefined"], [/a/, /b/], [Infinity, -Infinity], [{ f() {} }, { f: {} }], [new Date(0), new Date(0).toISOString()], [0, -0], [[,], [undefined]],
]) for (const [got, want] of [[a, b], [b, a]]) assert.notDeepStrictEqual(got, want);
const ring = (length) => { const first = {}; let last = first; while (--length > 0) last = { next: last }; first.next = last; return first; };
for (const [a, b] of [[{ a: 1, b: 2 }, { b: 2, a: 1 }], [ring(1), ring(2)], [NaN, NaN], [new Map([[1, 2], [{}, 4]]), new Map([[{}, 4], [1, 2]])], [Object(1n), Object(1n)],
	[new DataView(new ArrayBuffer(1)), new DataView(new ArrayBuffer(1))], [new Float64Array([NaN]), new Float64Array([NaN])]]) assert.deepStrictEqual(a, b);
exports.main = async () => {
	await assert.rejects(Promise.reject(new RangeError("x")), /x/);
	assert.equal(await util.promisify((a, done) => done(null, a + 1))(1), 2);
	assert.equal(await require("timers/promises").setTimeout(1, "late"), "late");
	return "ok";
};
