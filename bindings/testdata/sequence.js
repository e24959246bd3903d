// image: pg64
const s = () => vm.scan({ u32: 0xb6000000, mask: 0xff000000 }, { align: 4, start: 0x800000, end: 0x900000, limit: 6 });
const want = [0, 1, 2, 3, 4, 5].map(i => 0x800000n + 4n * BigInt(i));
const a = h => h.address;
assert(s() instanceof Sequence);
equal([...s()].map(a), want);
equal(s().map(a).toArray(), want);
equal(s().map((h, i) => i).toArray(), [0, 1, 2, 3, 4, 5]);
equal(s().filter((h, i) => i % 2).map(a).toArray(), [want[1], want[3], want[5]]);
equal(s().take(2).map(a).toArray(), want.slice(0, 2));
equal(s().take(0).toArray(), []);
equal(s().drop(4).map(a).toArray(), want.slice(4));
equal(s().drop(99).toArray(), []);
equal(s().drop(1).take(2).map(a).toArray(), want.slice(1, 3));
equal(a(s().first()), want[0]);
equal(s().filter(() => false).first(), undefined);
equal(a(s().find(h => h.address > want[2])), want[3]);
equal(s().find(() => false), undefined);
equal(s().some(h => h.address === want[3]), true);
equal(s().every(h => h.address === want[3]), false);
equal(s().count(), 6);
equal(s().reduce((sum, h) => sum + h.address, 0n), want.reduce((x, y) => x + y));
equal(s().map(a).reduce((x, y) => x + y), want.reduce((x, y) => x + y));
throws(() => s().take(0).reduce((x, y) => x), TypeError);
let seen = [];
s().forEach((h, i) => seen.push([i, h.address]));
equal(seen.length, 6);
equal(Array.from(s().map(a)), want);
equal(new Set(s().map(a)).size, 6);

// An error in a callback comes out, and ends the work.
throws(() => s().forEach(() => { throw new RangeError("mine"); }), RangeError, /mine/);
throws(() => s().map(() => { throw new RangeError("mine"); }).toArray(), RangeError, /mine/);
throws(() => { for (const h of s()) throw new SyntaxError("mine"); }, SyntaxError, /mine/);

// The iterator's protocol.
const it = s()[Symbol.iterator]();
assert(it[Symbol.iterator]() === it);
equal(it.next().done, false);
equal(it.return(7), { value: 7, done: true });
equal(it.next(), { value: undefined, done: true });
equal(s().map(a)[Symbol.iterator]().next().value, want[0]);
throws(() => s().map(), TypeError, /callback must be a function/);
throws(() => s().take("x"), TypeError);
throws(() => Sequence.prototype.map.call([], x => x), TypeError, /incompatible/);

// What a filtered sequence could not see is what its source could not.
const f = vm.cpu(0).space.mappings().filter(m => m.size > 4096);
f.count();
equal([f.complete, f.skipped], [true, []]);

// A thousand iterators left halfway are no thousand coroutines.
for (let i = 0; i < 1000; i++) vm.cpu(0).space.mappings()[Symbol.iterator]().next();
