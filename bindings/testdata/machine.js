// image: pg64
assert(vm.path.endsWith(".sav"));
equal(vm.format, "qemu-stream");
equal(vm.version, "3, RAM section 4");
equal(vm.container, null);
equal(vm.layers, []);
equal(vm.machine, "pc-i440fx-7.2");
equal(vm.arch, "x86_64");
equal(vm.pageSize, 4096);
assert(vm.size > 16e6 && vm.fileSize === 444520 && vm.complete === true && vm.mapSource.includes("CMOS"));
equal(vm.libvirt, null);
equal(vm.snapshots, []);
equal(vm.warnings, []);
assert(Object.isFrozen(vm.cpus) && vm.cpus[0] === vm.cpu(0) && vm.cpu() === vm.cpu(0));

const cpu = vm.cpu(0);
assert(cpu instanceof CPU);
equal([cpu.index, cpu.arch, cpu.mode, cpu.cpl, cpu.halted], [0, "x86_64", "long", 0, true]);
equal(cpu.rax, 0x1111111111111111n);
equal(cpu.r15, 0x0123456789abcdefn);
equal(cpu.eax, 0x11111111n);
equal(cpu.cr3, 0x100000n);
equal(cpu.fs.base, 0xffff800000123000n);
equal(cpu.gdt.base, 0x8000n);
equal(cpu.idt.limit, 0x7ffn);
equal(cpu.xmm.length, 16);
equal(cpu.xmm[1], cpu.xmm1);
assert(typeof cpu.xmm[0] === "bigint" && cpu.ymm.length === 16 && cpu.st.length === 8);
equal(cpu.nothing, undefined);
equal(cpu.registers.rax, cpu.rax);
equal(cpu.registers.fs.base, cpu.fs.base);
assert(Object.keys(cpu).includes("rip") && !Object.keys(cpu).includes("eip"));
throws(() => { "use strict"; cpu.rax = 1n; }, TypeError);
// What cannot be set says so, also where the language would be silent.
for (const [set, what] of [[() => { cpu.rip = 1n; }, "CPU.rip"], [() => { cpu.eip = 1n; }, "CPU.eip"], [() => { cpu.cs.base = 1n; }, "cs.base"],
  [() => { cpu.gdt = 1n; }, "CPU.gdt"], [() => { vm.size = 1; }, "VM.size"], [() => { vm.linux = 1; }, "VM.linux"],
  [() => { cpu.space.pointerSize = 4; }, "Memory.pointerSize"], [() => { vm.block("pc.ram").name = ""; }, "Block.name"]]) {
  throws(set, TypeError, new RegExp(`^${what} cannot be set: the state of a saved machine is read only$`));
}
equal([cpu.rip, Object.assign({}, cpu).rip], [0x7f6dn, 0x7f6dn]);
equal(`${cpu.cs}, ${cpu.registers.gdt}`, "selector 0x18 base 0x0 limit 0xffffffff flags 0xaf9b00, base 0x8000 limit 0x57");
throws(() => vm.cpu(1), RangeError, /no CPU 1; there is CPU 0$/);
throws(() => vm.cpu("0"), TypeError, /index must be an integer, not "0"/);
throws(() => vm.cpu(-1), RangeError);

equal(vm.ranges[0], { base: 0n, size: 786432, kind: "ram", block: "pc.ram", offset: 0n, name: "RAM below 4 GiB" });

equal(`${vm.ranges[0]}`, "0x0-0xbffff   768 KiB ram    RAM below 4 GiB (pc.ram + 0x0)");
assert(String(vm).startsWith("VM ") && String(cpu).startsWith("CPU 0, x86_64, long mode, halted\n"));
equal(String(VM.prototype), "[object VM]");
assert(String(cpu.space.explain(0n)).endsWith("rwx-\n  0x0: RAM below 4 GiB, block pc.ram at 0x0, a page of bytes 0x00 at file offset 0xc9"));
try {
  open("/no/such/file");
} catch (e) {
  equal([e.name, Object.keys(e)], ["Error", []]);
}
throws(() => open("testdata/machine.js"), FormatError, /no saved virtual machine/);

const d = vm.device("hpet");
assert(d instanceof Device && vm.devices.includes(d));
equal([d.name, d.instance, d.version, d.found, d.complete], ["hpet", 0, 2, "description", true]);
equal(d.raw().length, d.size);
assert(d.offset > 0);
equal(d.fields.num_timers, 3);
equal(d.fields.timer[0].cmp, 0xffffffffffffffffn);
assert(d.fields === d.fields, "decoded once");
equal(vm.device("I440FX").name, "0000:00:00.0/I440FX");
equal(vm.device("dma", 1).instance, 1);
assert(d.schema.fields.length > 0);
assert(Array.isArray(vm.device("cpu").subsections) && vm.device("cpu").subsections.every(s => s.name && s.fields));
throws(() => vm.device("none"), RangeError, /there are timer/);
for (const d of vm.devices) assert(Object.keys(d.fields).length > 0, d.name);

// Errors are classes that a script can make and extend.
const m = new MemoryError("mine", { address: 1n, length: 2, reason: "absent", cause: new Error("why") });
assert(m instanceof MemoryError && m instanceof Error && m.message === "mine" && m.cause.message === "why" && m.reason === "absent");
class Mine extends FormatError {}
const mine = new Mine("x", { offset: 3, section: "s" });
assert(mine instanceof Mine && mine instanceof FormatError && mine instanceof Error && mine.offset === 3 && mine.section === "s");
equal(Object.prototype.toString.call(m), "[object Error]");
for (const cls of [Memory, VM, Block, AddressSpace, CPU, Device, Sequence, ProgressLine]) throws(() => new cls(), TypeError, /not made with new/);

// Other images.
const other = open(args[1]);
assert(other !== vm && other.cpu(0).mode === "protected");
throws(() => open("/nonexistent.sav"), Error, /no such file/);
throws(() => open(1), TypeError, /path/);
throws(() => open(args[0], { snapshots: "x" }), TypeError, /snapshot/);
assert(diff(vm, other).count() > 0);
equal(diff(vm, open(args[0])).toArray(), []);

const p = progress("label", 3);
p.update(1); p.add(); p.done();
equal(emit({ a: 1n }), undefined);
assert(hexdump(new Uint8Array([0x41, 0x42])).includes("AB"));
assert(hexdump(new Uint8Array(64), { address: 0x1000n, length: 16, header: false }).startsWith("00001000"));
throws(() => hexdump("AB"), TypeError);
