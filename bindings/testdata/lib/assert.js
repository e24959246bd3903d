// What the scripts beside this folder check with.
"use strict";

function show(v) {
  if (typeof v === "bigint") return "0x" + v.toString(16) + "n";
  return JSON.stringify(v, (_, x) => typeof x === "bigint" ? x + "n" : ArrayBuffer.isView(x) ? [...x] : x);
}

function assert(ok, message) {
  if (!ok) throw new Error("assertion failed: " + (message ?? ""));
}

function equal(have, want, message) {
  if (typeof have !== typeof want || show(have) !== show(want)) {
    throw new Error(`${message ?? "value"}: have ${typeof have} ${show(have)}, want ${typeof want} ${show(want)}`);
  }
}

function throws(fn, cls, pattern) {
  try {
    fn();
  } catch (e) {
    assert(e instanceof cls, `${fn}: threw ${e?.name}: ${e?.message}, want ${cls.name}`);
    assert(!pattern || pattern.test(e.message), `${fn}: message ${e.message} does not match ${pattern}`);
    return e;
  }
  throw new Error(`${fn}: did not throw`);
}
