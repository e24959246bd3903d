// What scripts of today use of the language and of the globals of browsers and Node: each line must be true.
"use strict";
const features = {
 iter_map: () => [1,2,3].values().map(x=>x*2).filter(x=>x>2).take(1).toArray()[0] === 4,
	Iterator_from: () => [...Iterator.from([1,2]).drop(1)][0] === 2,
	groupBy: () => Object.groupBy([1,2,3],x=>x%2?"o":"e").o.length===2,
	mapGroupBy: () => Map.groupBy([1,2],x=>x%2).get(1)[0]===1,
	fromAsync: async () => (await Array.fromAsync((async function*(){yield 1})())).length===1,
	structuredClone: () => { const a={x:1n,d:new Date(5),m:new Map([[1,{y:2}]])}; a.self=a; const b=structuredClone(a); return b.self===b && b.m.get(1).y===2 && b.d.getTime()===5; },
	withResolvers: async () => { const {promise,resolve}=Promise.withResolvers(); resolve(3); return await promise===3; },
	promiseTry: async () => await Promise.try(()=>4)===4,
	TextEncoder: () => new TextEncoder().encode("é").length===2,
	encodeInto: () => { const u=new Uint8Array(4); const r=new TextEncoder().encodeInto("é€",u); return r.read===1&&r.written===2; },
	TDutf16: () => new TextDecoder("utf-16le").decode(new Uint8Array([65,0]))==="A",
	TDlatin1: () => new TextDecoder("latin1").decode(new Uint8Array([0xe9]))==="é",
	TD1252: () => new TextDecoder("windows-1252").decode(new Uint8Array([0x80]))==="€",
	URL: () => new URL("http://a.b/c?d=1#e").searchParams.get("d")==="1",
	URLcanParse: () => URL.canParse("http://x"),
	USP: () => new URLSearchParams({a:"1"}).toString()==="a=1",
	Buffer: () => Buffer.from("ff00","hex").readUInt16BE(0)===0xff00 && Buffer.alloc(3).length===3 && Buffer.concat([Buffer.from("a"),Buffer.from("b")]).toString()==="ab",
	BufferBig: () => Buffer.from([1,0,0,0,0,0,0,0]).readBigUInt64LE(0)===1n,
	BufferIsU8: () => Buffer.from("a") instanceof Uint8Array && Buffer.isBuffer(Buffer.from("a")),
	BufferSlice: () => Buffer.from("abc").subarray(1).toString()==="bc" && Buffer.from("abc").slice(1).toString("hex")==="6263",
	BufferIndexOf: () => Buffer.from("abc").indexOf("c")===2,
	BufferWrite: () => { const b=Buffer.alloc(8); b.writeUInt32LE(5,0); b.writeBigUInt64LE(7n,0); return b[0]===7; },
	BufferCompare: () => Buffer.compare(Buffer.from("a"),Buffer.from("b"))===-1 && Buffer.from("a").equals(Buffer.from("a")),
	BufferFill: () => Buffer.alloc(2).fill(1)[1]===1,
	BufferBase64: () => Buffer.from("aGk=","base64").toString()==="hi" && Buffer.from("hi").toString("base64")==="aGk=",
	BufferLatin1: () => Buffer.from("é","latin1").length===1 && Buffer.from([0xe9]).toString("latin1")==="é",
	BufferU16: () => Buffer.from("A","utf16le").length===2 && Buffer.from([65,0]).toString("utf16le")==="A",
	BufferAscii: () => Buffer.from([65]).toString("ascii")==="A",
	BufferJSON: () => JSON.stringify(Buffer.from("a"))==='{"type":"Buffer","data":[97]}',
	BufferByteLength: () => Buffer.byteLength("é")===2,
	BufferCopy: () => { const a=Buffer.from("ab"),b=Buffer.alloc(2); a.copy(b,0,0,2); return b.toString()==="ab"; },
	BufferToStringSpecies: () => Buffer.from("abc").map(x=>x+1).toString()==="bcd",
	perf: () => performance.now()>=0,
	atob: () => atob(btoa("xyz"))==="xyz",
	timeout: async () => await new Promise(r=>setTimeout(r,1,true)),
	qm: async () => { let x=0; queueMicrotask(()=>x=1); await 0; await 0; return x===1; },
	arrWith: () => [1,2].with(0,5)[0]===5,
	toSorted: () => [2,1].toSorted()[0]===1 && [1,2].toReversed()[0]===2 && [1,2].toSpliced(0,1)[0]===2,
	findLast: () => [1,2].findLast(x=>x<2)===1 && [1,2].at(-1)===2,
	flat: () => [[1],[2]].flat().length===2 && [1].flatMap(x=>[x,x]).length===2,
	TAtoSorted: () => new Uint8Array([2,1]).toSorted()[0]===1 && new Uint8Array([1]).with(0,3)[0]===3 && new Uint8Array([1,2]).findLast(x=>x)===2 && new Uint8Array([1]).at(-1)===1,
	setm: () => new Set([1]).union(new Set([2])).size===2 && new Set([1]).isSubsetOf(new Set([1,2])),
	wellformed: () => !"\ud800".isWellFormed() && "\ud800".toWellFormed()==="\ufffd",
	named: () => /(?<a>\d)/.exec("x5").groups.a==="5",
	namedReplace: () => "x5".replace(/(?<a>\d)/,"$<a>!")==="x5!",
	lookbehind: () => /(?<=a)b/.test("ab") && /(?<!a)b/.test("cb"),
	
	
	dotAll: () => /a.b/s.test("a\nb"), sticky: () => { const r=/a/y; r.lastIndex=1; return r.test("ba"); },
	
	
	matchAll: () => [..."a1b2".matchAll(/\d/g)].length===2, replaceAll: () => "aa".replaceAll("a","b")==="bb",
	cause: () => new Error("x",{cause:1}).cause===1,
	agg: () => new AggregateError([1],"m").errors.length===1, any: async () => await Promise.any([Promise.reject(1),2])===2,
	allSettled: async () => (await Promise.allSettled([1]))[0].status==="fulfilled",
	weakref: () => typeof WeakRef==="function" && new WeakRef({a:1}).deref().a===1,
	finreg: () => typeof FinalizationRegistry==="function",
	priv: () => { class A{ #x=1; static #y=2; static { this.z=3; } get x(){return this.#x} static y(){return A.#y} #m(){return 1} has(o){ return #x in o; } } return new A().x===1&&A.y()===2&&A.z===3&&new A().has(new A()); },
	optional: () => ({a:null}).a?.b===undefined && (null ?? 1)===1, nullassign: () => { let a=null; a??=2; a&&=3; a||=4; return a===3; },
	numsep: () => 1_000===1000, bigint: () => 2n**64n===18446744073709551616n && BigInt.asIntN(8,255n)===-1n,
	expo: () => 2**3===8, spread: () => ({...{a:1}}).a===1, gen: () => [...(function*(){yield* [1,2]})()].length===2,
	label: () => { a: for(;;){ break a; } return true; },
	locale: () => (1234567.891).toLocaleString()==="1,234,567.891", localeEn: () => (1234567).toLocaleString("en-US")==="1,234,567", bigLocale: () => (123456789n).toLocaleString()==="123,456,789",
	dateLocale: () => new Date(0).toLocaleDateString().length>3,
	Intl: () => new Intl.NumberFormat("en-US").format(12345)==="12,345",
	
	collator: () => ["b","a"].sort(new Intl.Collator().compare)[0]==="a",
	localeCompare: () => "a".localeCompare("b")<0, localeNum: () => "a10".localeCompare("a9",undefined,{numeric:true})>0,
	normalize: () => "é".normalize("NFD").length===2, padStart: () => "1".padStart(3,"0")==="001", at: () => "abc".at(-1)==="c",
	hasOwn: () => Object.hasOwn({a:1},"a"), fromEntries: () => Object.fromEntries([["a",1]]).a===1,
	symdesc: () => Symbol("x").description==="x", globalThis: () => globalThis.Array===Array,
	proxy: () => new Proxy({}, {get:()=>5}).x===5, reflect: () => Reflect.ownKeys({a:1}).length===1,
	date: () => new Date("2020-01-02T03:04:05Z").toISOString()==="2020-01-02T03:04:05.000Z",
	json: () => JSON.stringify({a:[1,{b:2}]})==='{"a":[1,{"b":2}]}', jsonBig: () => { try { JSON.stringify(1n); return false } catch(e) { return e instanceof TypeError } },
	escape: () => RegExp.escape("a.b").length>3,   
	
	 
	toHex: () => new Uint8Array([255]).toHex()==="ff", b64: () => new Uint8Array([104,105]).toBase64()==="aGk=", fromB64: () => Uint8Array.fromBase64("aGk=").length===2,
	isError: () => Error.isError(new Error()), rawJSON: () => JSON.rawJSON("1")!==undefined,
	
	crypto: () => crypto.getRandomValues(new Uint8Array(4)).length===4 && crypto.randomUUID().length===36,
	abort: () => new AbortController().signal.aborted===false, AbortSignal: () => AbortSignal.timeout(5).aborted===false, EventTarget: () => new EventTarget()!==null, Event: () => new Event("x").type==="x",
	sd: () => typeof Symbol.dispose==="symbol", 
	 
	 escape2: () => escape("a b")==="a%20b" && encodeURIComponent("é")==="%C3%A9",
	Iconcat: () => [...Iterator.concat([1],[2])].length===2, MathClz: () => Math.clz32(1)===31 && Math.hypot(3,4)===5 && Math.trunc(1.5)===1,
	copyWithin: () => [1,2,3].copyWithin(0,1)[0]===2, lastIndexOf:()=>[1,2,1].lastIndexOf(1)===2,
	tagged: () => String.raw`a\n${1}`==="a\\n1", getset: () => ({get a(){return 1}}).a===1, asyncArrow: async () => await (async x=>x)(1)===1,
	fnToString: () => (function foo(){}).toString().includes("foo"), newFunction: () => new Function("a","return a+1")(1)===2, evalv: () => eval("1+1")===2,
	agen: async () => { let s=0; for await (const x of (async function*(){ yield 1; yield 2; })()) s+=x; return s===3; },
	forawait: async () => { let s=0; for await (const x of [Promise.resolve(1),2]) s+=x; return s===3; },
	agenReturn: async () => { const g=(async function*(){ try { yield 1 } finally { } })(); await g.next(); return (await g.return(5)).value===5; },
};
exports.main = async () => {
	for (const [name, holds] of Object.entries(features)) {
		let result;
		try { result = await holds(); } catch (e) { result = e; }
		if (result !== true) throw new Error(`${name}: ${result}`);
	}
	return "ok";
};
