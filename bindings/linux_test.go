package bindings_test

import (
	"context"
	"errors"
	"path"
	"strings"
	"testing"

	"github.com/svscript/svscript/bindings"
	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/runtime"
)

// What vm.linux gives of a kernel; a check that throws fails.
const linuxChecks = `
const check = (ok, what) => { if (!ok) throw new Error("failed: " + what); };
const throws = (fn, message) => { try { fn(); } catch (e) { check(message.test(String(e)), e); return; } check(false, message + " was not thrown"); };
const l = vm.linux;
check(l !== null && vm.linuxError === null && vm.linux === l && l instanceof Linux, "there is one");
check(l.release.startsWith(l.version.major + "." + l.version.minor), l.release);
check(l.banner.startsWith("Linux version " + l.release), l.banner);
check(l.evidence.length > 2 && Array.isArray(l.missing), "evidence");
check(l.space.translate(l.base + 0x10000n) === l.physicalBase + 0x10000n, "base");
check(l.pointerSize === l.space.pointerSize && l.perCpuOffsets.length > 0, "pointerSize");
check(l.symbol("schedule") > l.base && l.symbol("no such thing") === null, "symbol");
check(l.symbolize(l.symbol("schedule") + 4n) === "schedule+0x4" && l.symbolize(0) === null, "symbolize");
const [one] = l.symbols("schedule");
check(one.address === l.symbol("schedule") && one.type === "T" && one.module === null && /^0x.* T schedule$/.test(String(describe(one))), "symbols(name)");
check(l.symbols(/^schedule$/).count() === 1 && l.symbols().count() > 10000, "symbols(RegExp)");
check(l.perCpu(0x1000n, 0) === BigInt.asUintN(8 * l.pointerSize, 0x1000n + l.perCpuOffsets[0]), "perCpu");
throws(() => l.perCpu("no such thing", 0), /no symbol "no such thing"/);
throws(() => l.perCpu(0x1000n, 99999), /CPU 99999/);
throws(() => l.symbols(7), /must be a string or a RegExp/);
throws(() => l.type("no such thing"), /no such thing|no type information/);
check(!l.hasType("no such thing"), "hasType");
function describe(v) { return v[Symbol.for("nodejs.util.inspect.custom")](2, {}); }
check(describe(l).includes(l.release), "print");
if (l.hasType("task_struct")) {
	const task = l.type("task_struct"), init = task.at(l.symbol("init_task"));
	check(task === l.type("task_struct") && task === l.type("struct task_struct"), "types are cached");
	check(init.comm === "swapper/0" && init.pid === 0 && init.$memory === l.space, "at(address)");
	check(task.at(l.space, l.symbol("init_task")).comm === "swapper/0", "at(memory, address)");
	check(task.containerOf(l.symbol("init_task") + BigInt(task.offsetOf("tasks")), "tasks").comm === "swapper/0", "containerOf(address, path)");
	check(l.type("list_head").arrayAt(init.tasks.$address, 2).length === 2, "arrayAt(address, count)");
	check(init.$deref("real_parent").comm === "swapper/0", "$deref");
	check(l.types(/^struct task_struct$/).length === 1 && l.type("struct list_head *").kind === "pointer", "types");
	check(Array.isArray(l.modules) && (l.typesFrom === "memory" || l.symbol("modules") === null || l.modulesError === null), "modules");
	const pgd = l.space.translate(l.type("mm_struct").at(init.active_mm).pgd);
	check(l.spaceAt(pgd) instanceof AddressSpace, "spaceAt");
	if (l.typesFrom !== "memory") check(String(l.type("sched_class").at(init.sched_class)).includes("<"), "pointers to functions are named");
	check(struct("struct mine { struct list_head list; };").sizeof === 2 * l.pointerSize, "struct() knows the kernel's types");
} else {
	throws(() => l.modules, /no type information/);
}
`

// linuxImages calls a test for each image of a Linux guest.
func linuxImages(t *testing.T, test func(t *testing.T, image string)) {
	t.Helper()
	found := false
	for _, image := range testimage.All(t) {
		if path.Dir(image) == "linux" {
			found = true
			t.Run(path.Base(image), func(t *testing.T) { test(t, image) })
		}
	}
	if !found {
		t.Skip("NOT TESTED: there are no images of Linux guests")
	}
}

func runChecks(t *testing.T, image, code string) {
	t.Helper()
	host := newHost(t, image, bindings.Options{})
	if _, err := host.RunString(context.Background(), "linux.js", code); err != nil {
		var script *runtime.ScriptError
		if errors.As(err, &script) {
			t.Fatal(script.Detail())
		}
		t.Fatal(err)
	}
}

func TestLinux(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string) { runChecks(t, image, linuxChecks) })
}

// TestStructFindsKernel: what struct() knows does not depend on whether vm.linux was asked for.
func TestStructFindsKernel(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string) {
		runChecks(t, image, `
const size = (source) => { try { return struct(source).sizeof; } catch (e) { return e.constructor.name; } };
const before = [size("struct list_head"), size("struct mine { struct list_head list; };"), size("kuid_t")];
const known = vm.linux.hasType("list_head"), after = [size("struct list_head"), size("struct mine { struct list_head list; };"), size("kuid_t")];
if (String(before) !== String(after) || known && before[0] !== 2 * vm.linux.pointerSize) throw new Error(before + " before vm.linux, " + after + " after");`)
	})
}

func TestNoLinux(t *testing.T) {
	host := newHost(t, "pg64", bindings.Options{})
	v, err := host.RunString(context.Background(), "t.js", "[vm.linux, vm.linuxError].map(String).join()")
	if err != nil || !strings.HasPrefix(v.String(), "null,no Linux kernel: ") {
		t.Fatal(v, err)
	}
}
