package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing/fstest"
	"time"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/runtime"
)

func Example() {
	var out bytes.Buffer
	host, err := runtime.New(runtime.Config{Stdout: &out})
	if err != nil {
		panic(err)
	}
	v, err := host.RunString(context.Background(), "hello.ts", `
		const answer: bigint = 0x2an;
		console.log("working…");
		answer`)
	fmt.Println(v, err)
	fmt.Print(out.String())
	// Output:
	// 42 <nil>
	// working…
}

// A script that does not end is stopped by its context, and the host can be used again.
func ExampleHost_RunString_deadline() {
	host, _ := runtime.New(runtime.Config{})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err := host.RunString(ctx, "loop.js", "for (;;) {}")
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	v, _ := host.RunString(context.Background(), "again.js", "'still here'")
	fmt.Println(v)
	// Output:
	// true
	// still here
}

// A Go function and a native module. The error that the function throws is found again behind the script's.
func ExampleHost_Module() {
	host, _ := runtime.New(runtime.Config{})
	errOdd := errors.New("not even")
	_ = host.Define("half", host.Function("half", 1, func(call goja.FunctionCall) goja.Value {
		n := call.Argument(0).ToInteger()
		if n%2 != 0 {
			runtime.Throw(host.Runtime(), errOdd)
		}
		return host.Runtime().ToValue(n / 2)
	}))
	host.Module("company/units", func(rt *goja.Runtime, module *goja.Object) {
		_ = module.Get("exports").(*goja.Object).Set("KiB", 1024)
	})
	v, err := host.RunString(context.Background(), "a.mjs", `import { KiB } from "company/units"; half(KiB)`)
	fmt.Println(v, err)
	_, err = host.RunString(context.Background(), "b.js", "\n  half(3)")
	fmt.Println(err, errors.Is(err, errOdd))
	// Output:
	// 512 <nil>
	// b.js:2:7: Error: not even true
}

// A file's exported main is called with the values that the embedder chose; its promise is awaited.
func ExampleHost_RunFile() {
	host, _ := runtime.New(runtime.Config{Files: runtime.FSFiles(fstest.MapFS{
		"sum.ts":     {Data: []byte(`import { add } from "./lib/add"; export const main = async (list: number[]) => list.reduce(add, 0);`)},
		"lib/add.ts": {Data: []byte(`export const add = (a: number, b: number): number => a + b;`)},
	})})
	host.SetMainArguments([]any{1, 2, 3})
	fmt.Println(host.RunFile(context.Background(), "sum.ts"))
	// Output: 6 <nil>
}

// One program, compiled once, in many hosts at the same time.
func ExampleCompile() {
	program, err := runtime.Compile("square.js", "input * input")
	if err != nil {
		panic(err)
	}
	results := make([]int64, 4)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			host, _ := runtime.New(runtime.Config{})
			_ = host.Define("input", i)
			v, err := host.RunProgram(context.Background(), program)
			if err == nil {
				results[i] = v.ToInteger()
			}
		})
	}
	wg.Wait()
	fmt.Println(results)
	// Output: [0 1 4 9]
}

// What a script failed on, for a person.
func ExampleScriptError() {
	host, _ := runtime.New(runtime.Config{})
	_, err := host.RunString(context.Background(), "bug.ts", "interface A { x: number }\nfunction f(a: A) {\n  return a.x.y.z;\n}\nf({ x: 1 });")
	var failed *runtime.ScriptError
	if errors.As(err, &failed) {
		fmt.Println(failed.Detail())
	}
	// Output:
	// bug.ts:3:16: TypeError: Cannot read property 'z' of undefined or null
	//       return a.x.y.z;
	//                    ^
	//     at f (bug.ts:3:16)
	//     at bug.ts:5:1
}
