package bindings

import (
	"context"
	"os"
	"testing"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
)

func TestSmoke(t *testing.T) {
	img, err := savevm.Open(testimage.Path(t, "pg64"))
	if err != nil {
		t.Fatal(err)
	}
	host, err := runtime.New(runtime.Config{Stdout: os.Stdout, Stderr: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	if err := Install(host, img); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{`vm`, `vm.cpu(0)`, `vm.cpu(0).cr3`, `vm.cpu(0).fs`, `vm.cpu(0).space`, `vm.cpu(0).space.mappings().toArray()`,
		`vm.cpu(0).space.walk(0xffffffff80000000n)`, `vm.cpu(0).space.walk(0xffffffff8000f000n)`, `vm.ranges`, `vm.blocks`, `vm.devices`, `vm.device("hpet").fields`,
		`vm.readU64(0x200000)`, `vm.read(0x400000, 16)`, `vm.hexdump(0x400000,32)`, `vm.readU64(-1)`, `vm.readU64(0xa0000n)`, `vm.readU64("zz")`,
		`try { vm.readU64(0xa0000n) } catch (e) { e instanceof MemoryError && e instanceof Error && e.stack }`, `vm.cpu(9)`, `vm.block("x")`,
		`vm.explain(0x200000n)`, `vm.cpu(0).space.explain(0xffffffff80000000n).physical`, `vm.readArray(0x200000,"u32",4)`, `vm.warnings`,
		`vm.extents().take(3).toArray()`, `[...vm.cpu(0).space.pages().take(2)]`, `help(vm.read)`, `help()`, `Memory.prototype.read.call({}, 1)`, `new VM`,
		`emit({a: 1n})`, `open("x")`, `vm.cpu(0).space.readCString(0x400000)`, `vm.cpu(0).xmm[1]`, `vm.cpu(0).eax`, `class X extends MemoryError {}; new X("m", {address: 1n})`} {
		v, err := host.Eval(context.Background(), code)
		if err != nil {
			t.Logf("%s\n%v", code, err)
			continue
		}
		t.Logf("%s\n%s", code, host.Inspect(v, runtime.InspectOptions{HexBigInt: true, Hexdump: true}))
	}
}
