package bindings_test

import (
	"context"
	"testing"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/bindings"
	"github.com/svscript/svscript/runtime"
)

// benchScript calls a function of a script with b.N.
func benchScript(b *testing.B, code string) {
	b.Helper()
	host := newHost(b, "pg64", bindings.Options{})
	f, err := host.RunString(context.Background(), "bench.js", code)
	if err != nil {
		b.Fatal(err)
	}
	fn, _ := goja.AssertFunction(f)
	b.ReportAllocs()
	b.ResetTimer()
	err = host.Call(context.Background(), func(rt *goja.Runtime) error {
		_, err := fn(goja.Undefined(), rt.ToValue(b.N))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkLoop is the cost of the loop alone: BigInt arithmetic and an empty call.
func BenchmarkLoop(b *testing.B) {
	benchScript(b, `(n => { const f = a => a; for (let i = 0, a = 0x200000n; i < n; i++, a += 8n) { f(a); if (a > 0x2ff000n) a = 0x200000n; } })`)
}

func BenchmarkReadU64(b *testing.B) {
	benchScript(b, `(n => { for (let i = 0, a = 0x200000n; i < n; i++, a += 8n) { vm.readU64(a); if (a > 0x2ff000n) a = 0x200000n; } })`)
}

func BenchmarkReadU64Fixed(b *testing.B) {
	benchScript(b, `(n => { const a = 0x200000n; for (let i = 0; i < n; i++) vm.readU64(a); })`)
}

func BenchmarkReadU32Number(b *testing.B) {
	benchScript(b, `(n => { for (let i = 0, a = 0x200000; i < n; i++, a += 4) { vm.readU32(a); if (a > 0x2ff000) a = 0x200000; } })`)
}

func BenchmarkReadU64Virtual(b *testing.B) {
	benchScript(b, `(n => { const s = vm.cpu(0).space; for (let i = 0, a = 0x200000n; i < n; i++, a += 8n) { s.readU64(a); if (a > 0x2ff000n) a = 0x200000n; } })`)
}

func BenchmarkTranslate(b *testing.B) {
	benchScript(b, `(n => { const s = vm.cpu(0).space; for (let i = 0, a = 0x200000n; i < n; i++, a += 8n) { s.translate(a); if (a > 0x2ff000n) a = 0x200000n; } })`)
}

func BenchmarkReadPage(b *testing.B) {
	benchScript(b, `(n => { for (let i = 0; i < n; i++) vm.readArray(0x200000n, "u64", 512); })`)
}

func BenchmarkForOfMappings(b *testing.B) {
	benchScript(b, `(n => { const s = vm.cpu(0).space; for (let i = 0; i < n;) for (const m of s.mappings()) if (++i >= n) break; })`)
}

func BenchmarkMappingsToArray(b *testing.B) {
	benchScript(b, `(n => { const s = vm.cpu(0).space; for (let i = 0; i < n;) i += s.mappings().toArray().length; })`)
}

func BenchmarkScanHits(b *testing.B) {
	benchScript(b, `(n => { for (let i = 0; i < n;) for (const h of vm.scan({u32: 0xb6000000, mask: 0xff000000})) if (++i >= n) break; })`)
}

func BenchmarkInstall(b *testing.B) {
	img := openImage(b, "pg64")
	for b.Loop() {
		host, err := runtime.New(runtime.Config{})
		if err == nil {
			err = bindings.Install(host, img)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHost(b *testing.B) {
	for b.Loop() {
		if _, err := runtime.New(runtime.Config{}); err != nil {
			b.Fatal(err)
		}
	}
}

const benchStruct = `const T = struct("struct t { u32 a, b, c, d; u64 e, f, g, h; struct t *next; char name[16]; s32 i, j; u16 k, l, m, n; };");`

// BenchmarkStructDecode decodes 17 fields in each round.
func BenchmarkStructDecode(b *testing.B) {
	benchScript(b, benchStruct+`(n => { const x = T.at(vm, 0x200000n); for (let i = 0; i < n; i++) x.decode(); })`)
}

func BenchmarkStructField(b *testing.B) {
	benchScript(b, benchStruct+`(n => { const x = T.at(vm, 0x200000n); for (let i = 0; i < n; i++) x.g; })`)
}

func BenchmarkStructAt(b *testing.B) {
	benchScript(b, benchStruct+`(n => { for (let i = 0; i < n; i++) T.at(vm, 0x200000n); })`)
}
