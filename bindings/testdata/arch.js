// image: pc-m0 pc-m32 pc-m36 i386-m36 q35-m57 pc-m64-smp4-pam pc14-m64-novmdesc arm64-4k arm64-64k riscv64-sv39 riscv64-sv57 qcow2-m64 pc-m64-gzip
// What holds of every guest.
for (const cpu of vm.cpus) {
  assert(typeof cpu.mode === "string" && typeof cpu.cpl === "number");
  const s = cpu.space;
  let n = 0;
  if (s.mode !== "physical") {
    for (const m of s.mappings().take(100)) {
      equal(s.translate(m.base), m.physical);
      const w = s.walk(m.base);
      equal([w.physical, w.pageSize, w.flags], [m.physical, m.pageSize, m.flags]);
      assert(vm.refs(m.physical).length > 0);
      n++;
    }
    assert(n > 0);
  }
  for (const [name, value] of Object.entries(cpu.registers)) {
    assert(typeof value === "bigint" || typeof value === "object", name);
  }
  for (const regs of [cpu, cpu.registers]) {
    if (vm.arch === "x86_64") equal(regs.eax, cpu.rax & 0xffffffffn);
    if (vm.arch === "i386") equal(regs.rax, cpu.eax);
    if (vm.arch === "aarch64") equal(regs.lr, cpu.x30);
    if (vm.arch === "riscv64") equal(regs.sp, cpu.x2);
  }
  for (const alias of ["eax", "lr", "sp"]) assert(vm.arch === "i386" || vm.arch === "aarch64" || !Object.keys(cpu.registers).includes(alias));
}
equal(vm.pointerSize, vm.arch === "i386" || ["real", "protected"].includes(vm.cpu(0).mode) ? 4 : 8);
for (const d of vm.devices) {
  if (d.found !== "search") assert(d.fields && d.subsections && d.schema);
  equal(d.raw().length, d.size);
}
for (const r of vm.ranges) {
  const x = vm.explain(r.base);
  equal(x.block, r.block);
}
for (const b of vm.blocks) b.explain(0);
assert(vm.container === (vm.layers.length ? vm.layers.map(l => l.name).join("+") : null));
for (const l of vm.layers) assert(l.offset >= 0 && typeof l.detail === "string" && typeof l.version === "string");
for (const s of vm.snapshots) assert(s.id && s.name && s.vmStateSize >= 0 && s.date.endsWith("Z") && s.vmClock >= 0 && s.diskSize >= 0);
for (const w of vm.warnings) assert(w.text && typeof w.offset === "number" && typeof w.section === "string");
