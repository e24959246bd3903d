// Calls every method of every class, and every global function, with odd values; see TestOddArguments.
"use strict";
const values = odd();
const space = vm.cpu(0).space, page = { start: 0x400000, end: 0x401000 };
const T = struct("struct t { int x; struct t *next; char name[4]; };");
const receivers = [vm, vm.block("pc.bios"), space, vm.cpu(0), vm.device("hpet"), vm.scan("PG", page), vm.scan("PG", page)[Symbol.iterator](),
  progress("p"), ptr(vm, 0x400000), T, T.at(vm, 0x400000), vm.ranges[0], space.walk(0), new MemoryError("m")];
let calls = 0, thrown = 0;

function attempt(name, fn) {
  calls++;
  try {
    const v = fn();
    // Lazy results do their work here; a few steps are enough.
    if (v instanceof Sequence) v.take(2).toArray();
  } catch (e) {
    thrown++;
    if (typeof e === "object" && e !== null && internal(e) !== null) throw new Error(`${name}: ${internal(e)}`);
  }
}

function methods(o) {
  const found = new Map();
  for (let p = o; p && p !== Object.prototype && p !== Error.prototype; p = Object.getPrototypeOf(p)) {
    for (const key of Reflect.ownKeys(p)) {
      const d = Object.getOwnPropertyDescriptor(p, key);
      const fn = d.value ?? d.get;
      if (typeof fn === "function" && key !== "constructor" && !found.has(key)) found.set(key, fn);
    }
  }
  return found;
}

for (const receiver of receivers) {
  for (const [key, fn] of methods(receiver)) {
    const name = String(key);
    for (const a of values) {
      attempt(name, () => fn.call(receiver, a));
      attempt(name, () => fn.call(a, 0x400000, 8));
      attempt(name, () => fn.call(receiver, 0x400000, a));
      attempt(name, () => fn.call(receiver, a, a));
    }
    for (const a of values) for (const b of ["u8", 1, page, undefined]) attempt(name, () => fn.call(receiver, 0x400000, b, a));
    for (const other of receivers) attempt(name, () => fn.call(other));
  }
}
for (const fn of [open, hexdump, emit, progress, diff, help, struct, ptr, Memory, VM, MemoryError, FormatError, Sequence]) {
  for (const a of values) {
    attempt(fn.name, () => fn(a));
    attempt(fn.name, () => new fn(a, a));
    for (const b of values) attempt(fn.name, () => fn(a, b));
    attempt(fn.name, () => fn(vm, vm, a));
  }
}
if (calls < 10000 || thrown < 5000) throw new Error(`only ${calls} calls, ${thrown} thrown`);
