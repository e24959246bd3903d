package runtime

import (
	"context"
	"fmt"
	"testing"

	"github.com/dop251/goja"
)

func TestScripts(t *testing.T) {
	for _, name := range []string{"builtins.js", "features.js", "language.ts", "node.js"} {
		h, _ := testHost(t, nil, func(c *Config) { c.Files = OSFiles() })
		v, err := h.RunFile(context.Background(), "testdata/"+name)
		if err != nil {
			t.Errorf("%s: %s", name, detail(err))
		} else if v.String() != "ok" {
			t.Errorf("%s: %s", name, v)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(Config{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRunProgram(b *testing.B) {
	p, err := Compile("hello.js", "console.log('hello')")
	if err != nil {
		b.Fatal(err)
	}
	h, _ := New(Config{})
	for b.Loop() {
		if _, err := h.RunProgram(context.Background(), p); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTypeScript is a new host that runs a cached TypeScript program: what a job in a batch costs.
func BenchmarkTypeScript(b *testing.B) {
	for b.Loop() {
		h, _ := New(Config{})
		if _, err := h.RunString(context.Background(), "a.ts", "export const main = (n: string[]): number => n.length"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTranslate(b *testing.B) {
	for i := 0; b.Loop(); i++ {
		if _, err := compileNew(unit{name: "a.ts", text: fmt.Sprintf("export const main = (n: string[]): number => n.length + %d", i), module: true}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNativeCall(b *testing.B) {
	for _, guarded := range []bool{false, true} {
		b.Run(fmt.Sprintf("guarded=%v", guarded), func(b *testing.B) {
			h, _ := New(Config{})
			fn := func(c goja.FunctionCall) goja.Value { return c.Argument(0) }
			if guarded {
				fn = h.Native(fn)
			}
			_ = h.Define("f", fn)
			_ = h.Define("n", b.N)
			b.ResetTimer()
			if _, err := h.RunString(context.Background(), "a.js", "for (let i = 0; i < n; i++) f(i)"); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkIteratorHelpers(b *testing.B) {
	h, _ := New(Config{})
	_ = h.Define("n", b.N)
	b.ResetTimer()
	if _, err := h.RunString(context.Background(), "a.js",
		"function* g() { for (let i = 0; i < n; i++) yield i }; g().map(x => x + 1).filter(x => x & 1).forEach(() => {})"); err != nil {
		b.Fatal(err)
	}
}
