package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dop251/goja"
)

// testHost is a host over files in memory, with its output.
func testHost(t testing.TB, files map[string]string, change func(*Config)) (*Host, *bytes.Buffer) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	out := &bytes.Buffer{}
	cfg := Config{Stdout: out, Stderr: out, Files: FSFiles(fsys)}
	if change != nil {
		change(&cfg)
	}
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h, out
}

// text is how the tests compare values.
func text(h *Host, v goja.Value) string { return h.Inspect(v, InspectOptions{Width: 1000}) }

func TestRunString(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"a.js", "1 + 1", "2"},
		{"a.js", "let x = 2n ** 64n; x", "18446744073709551616n"},
		{"a.js", "Promise.resolve(7)", "7"},
		{"a.js", "new Promise(() => {})", "Promise { <pending> }"},
		{"a.js", "new Promise(r => setTimeout(r, 1, 'late'))", "'late'"},
		{"a.ts", "const n: number = 3; n satisfies number", "3"},
		{"a.js", "const x = await Promise.resolve(4); x + 1", "5"},
		{"a.js", "import {Buffer} from 'buffer'; await null; Buffer.from('hi').toString('hex')", "'6869'"},
		{"a.js", "async function* g() { yield 1; yield 2 }\nlet s = 0; for await (const x of g()) s += x; s", "3"},
		{"a.js", "var out = []; queueMicrotask(() => out.push('micro')); setImmediate(() => out.push('immediate')); setTimeout(() => out.push('timer'), 5); out",
			"[ 'micro', 'immediate', 'timer' ]"},
		{"a.js", "AbortSignal.timeout(1e8).aborted", "false"}, // is not waited for
		{"a.js", "const s = AbortSignal.timeout(1); new Promise(r => s.onabort = () => r(s.reason.name))", "'TimeoutError'"},
		{"a.js", "const t = new EventTarget, out = [], b = () => out.push('b'); t.addEventListener('x', () => { out.push('a'); t.removeEventListener('x', b); });" +
			"t.addEventListener('x', b); t.dispatchEvent(new Event('x')); out.join()", "'a'"},
		{"a.js", "const t = new EventTarget; let n = 0; const f = () => n++; t.addEventListener('x', f); t.addEventListener('x', f, true); t.addEventListener('x', f, {capture: true});" +
			"t.dispatchEvent(new Event('x')); t.removeEventListener('x', f); t.dispatchEvent(new Event('x')); n", "3"},
		{"a.js", "let n = 0; const id = setInterval(() => { if (++n === 3) clearInterval(id) }, 1); new Promise(r => setTimeout(() => r(n), 30))", "3"},
		{"a.js", "const open = () => ({size: 7, [Symbol.dispose]() { this.size = 0 }})\nusing v = open(); v.size", "7"},
		{"a.ts", "export {}; using v = {size: 7 as number, [Symbol.dispose]() { this.size = 0 }}; v.size", "7"},
		{"a.js", "await using v = {size: 7, async [Symbol.asyncDispose]() { this.size = 0 }}; v.size", "7"},
		{"a.js", "const t = setTimeout(() => { throw 1 }, 1e6).unref(); [typeof +t, t.hasRef(), t.ref().hasRef(), (clearTimeout(+t), t)]",
			"[ 'number', false, true, Timeout {} ]"},
		{"a.js", "setInterval(() => {}, 1).unref(); new Promise(() => {})", "Promise { <pending> }"},
		{"a.js", "let n = 0; setInterval(() => n++, 1).unref(); new Promise(r => setTimeout(() => r(n > 2), 50))", "true"}, // weak after it has run, too
		{"a.js", "const out = [], t = setTimeout(() => out.push('t'), 1); setTimeout(() => t.refresh().unref().ref(), 15); out", "[ 't', 't' ]"},
		{"a.js", "const out = [], t = setTimeout(() => out.push('t'), 1e6); clearTimeout(t); t.refresh(); clearTimeout({}); clearTimeout(null); out", "[]"},
		{"a.js", "const t = setInterval(() => t.refresh() && clearInterval(t), 1); const i = setImmediate(() => { throw 1 }); clearImmediate(i); i", "Immediate {}"},
		{"a.js", "#!/usr/bin/env svscript\n5", "5"},
		{"a.js", "process.stdout.write('out\\n') && process.stderr.fd", "2"},
		{"a.js", "class A { #x = 1; static #y = 2; static ok(o) { return #x in o && o.#x + A.#y } }\nA.ok(new A())", "3"},
		{"a.js", "class A { get = 1; static set = 2; async = 3 }\nnew A().get + A.set", "3"},
	} {
		h, _ := testHost(t, nil, nil)
		v, err := h.RunString(context.Background(), c.name, c.code)
		if err != nil {
			t.Errorf("%s: %v", c.code, err)
			continue
		}
		if got := text(h, v); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.code, got, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"a.js", "\n  null.x", "a.js:2:8: TypeError: Cannot read property 'x' of undefined or null"},
		{"a.js", "const o = {a: null};\no.a['b c']", "a.js:2:4: TypeError: Cannot read property 'b c' of undefined or null"},
		{"a.js", "throw new TypeError(\"Cannot read property 'x' of undefined, or so\")", "a.js:1:7: TypeError: Cannot read property 'x' of undefined, or so"},
		{"a.js", "require('svscript/format')", "a.js:1:8: Error: cannot find module \"svscript/format\": " +
			"this host has no bundled library (the Go program sets Config.Builtins, to scripts.FS for svscript's own)"},
		{"a.js", "throw 5", "a.js:1:1: uncaught 5"},
		{"a.js", "Promise.reject(new RangeError('no'))", "a.js:1:16: RangeError: no"},
		{"a.js", "setTimeout(() => { throw new Error('later') }, 1)", "a.js:1:26: Error: later"},
		{"a.js", "const t = new EventTarget; t.addEventListener('x', () => { throw new Error('1st') }); t.addEventListener('x', () => { console.log('2nd') });\n" +
			"t.dispatchEvent(new Event('x'))", "a.js:1:66: Error: 1st"},
		{"a.js", "class MyError extends Error {}\nthrow new MyError('x')", "a.js:2:7: MyError: x"},
		{"a.js", "let a = ;", "a.js:1:9: SyntaxError: Unexpected \";\""},
		{"a.ts", "const a: number = 1;\n\ninterface X { a: string }\nthrow new Error(`v${a}`);", "a.ts:4:7: Error: v1"},
		{"a.ts", "import {Buffer} from 'buffer';\nnull.x", "a.ts:2:6: TypeError: Cannot read property 'x' of undefined or null"},
		{"a.ts", "await null;\nlet a = `\nexport {`;\nthrow new Error(a)", "a.ts:4:7: Error: \nexport {"},
		{"a.js", "function f() { f() } f()", "a.js:1:17: RangeError: Maximum call stack size exceeded (10000 calls)"},
		{"a.js", "await new Promise(() => {})", "the script awaits a promise that nothing will ever settle"},
		{"a.js", "require('nowhere')", "a.js:1:8: Error: cannot find module \"nowhere\"; looked for node_modules/nowhere, node_modules/nowhere{.js,.ts,.mjs,.mts,.cjs,.cts,.json}, node_modules/nowhere/index.js"},
		{"a.js", "require('fs')", "a.js:1:8: Error: cannot find module \"fs\": it is part of Node's API, which scripts do not have here"},
	} {
		h, _ := testHost(t, nil, nil)
		v, err := h.RunString(context.Background(), c.name, c.code)
		if err == nil {
			t.Errorf("%s: no error but %s", c.code, text(h, v))
		} else if err.Error() != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.code, err, c.want)
		}
		if v, err := h.RunString(context.Background(), "b.js", "1"); err != nil || v.ToInteger() != 1 {
			t.Errorf("after %s the host is of no use: %v", c.code, err)
		}
	}
}

func TestDeadline(t *testing.T) {
	for _, code := range []string{
		"for (;;) {}",
		"setInterval(() => {}, 1)",
		"(async () => { for (;;) await null })()",
		"Promise.resolve().then(() => { for (;;); })",
		"await new Promise(r => setTimeout(r, 1e6))",
		"try { for (;;); } catch { for (;;); } finally { for (;;); }",
		"[1].map(() => { for (;;); })",
	} {
		h, _ := testHost(t, nil, nil)
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
		start := time.Now()
		_, err := h.RunString(ctx, "a.js", code)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", code, err)
		}
		if d := time.Since(start); d > 30*time.Second {
			t.Errorf("%s: stopped only after %v", code, d)
		}
		if v, err := h.RunString(context.Background(), "b.js", "new Promise(r => setTimeout(r, 1, 1))"); err != nil || v.ToInteger() != 1 {
			t.Errorf("after %s the host is of no use: %v", code, err)
		}
	}
}

func TestErrorStack(t *testing.T) {
	files := map[string]string{
		"first.js": `function f() { throw new Error("x") } try { f() } catch (e) { module.exports = e.stack }`,
		"typed.ts": "interface A { a: number }\nfunction f(): A { return null!.a }\nlet s = ''; try { f() } catch (e) { s = (e as Error).stack! } export = s",
	}
	for _, c := range []struct{ code, want string }{
		{"require('./first')", "Error: x\n    at f (first.js:1:22)\n    at first.js:1:46\n    at a.js:1:8"},
		{"require('./typed')", "TypeError: Cannot read property 'a' of undefined\n    at f (typed.ts:2:32)\n    at typed.ts:3:19\n    at a.js:1:8"},
		{"[3].map(() => new RangeError('a\\n\\tat b'))[0].stack", "RangeError: a\n\tat b\n    at a.js:1:15\n    at a.js:1:8"},
		{"class A extends Error { get up() { return super.stack } }; const e = new A('m'); e.stack + e.stack.length + e?.stack.length + typeof e.up",
			"Error: m\n    at a.js:1:702525undefined"},
		{"const e = new Error('m'); e.stack = 'mine\\n'; e.stack", "mine\n"},
		{"const e = new Error('m'); delete e.stack; String(e.stack)", "undefined"},
		{"const e = Object.freeze(new Error('m')); typeof e.stack", "string"},
		{"let a, b = {}; [a?.stack, a?.b.stack, b.c?.stack, b?.stack, {stack: 4}.stack, 'x'.stack, {stack() { return this.n }, n: 6}.stack()].join()", ",,,,4,,6"},
		{"const o = {}; Error.captureStackTrace(o); o.stack", "Error\n    at a.js:1:38"},
		{"(function f(n) { return n ? f(n - 1) : new Error('deep').stack.split('\\n').pop() })(30)", "    … 12 more calls"},
		{"new Error(null.stack)", "a.js:1:16: TypeError: Cannot read property 'stack' of undefined or null"},
	} {
		h, _ := testHost(t, files, nil)
		v, err := h.RunString(context.Background(), "a.js", c.code)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = v.String()
		}
		if got != c.want {
			t.Errorf("%s\n got %q\nwant %q", c.code, got, c.want)
		}
	}
}

// A native function that sees the context end is stopped as a script is, however it says so.
func TestDeadlineInNative(t *testing.T) {
	for _, code := range []string{
		"\ncheck()",
		"\nthrows()",
		"\nasync function f() { await null; throws() }; f()",
		"\nasync function f() { await null; check() }; await f()",
		"\ntry { check() } catch (e) { console.log('caught', e) } finally { console.log('finally') }",
	} {
		h, out := testHost(t, nil, nil)
		_ = h.Define("check", h.Function("check", 0, func(goja.FunctionCall) goja.Value {
			<-h.Context().Done()
			h.CheckInterrupt()
			return nil
		}))
		_ = h.Define("throws", h.Function("throws", 0, func(goja.FunctionCall) goja.Value {
			<-h.Context().Done()
			Throw(h.Runtime(), fmt.Errorf("scan: %w", h.Context().Err()))
			return nil
		}))
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		_, err := h.RunString(ctx, "a.js", code)
		cancel()
		if err == nil || !strings.HasSuffix(err.Error(), "Interrupted: the script ran out of time") ||
			!errors.Is(err, context.DeadlineExceeded) || out.Len() > 0 {
			t.Errorf("%s: %v\n%s", code, err, out)
		}
	}
}

func TestEval(t *testing.T) {
	h, _ := testHost(t, map[string]string{"m.ts": "export default 5; export const y: number = 6;"}, nil)
	for _, c := range []struct{ code, want string }{
		{"let x = 1", "undefined"}, {"let x = 2; x", "2"}, {"const x = 3", "undefined"}, {"x", "3"},
		{"class A { m() { return 1 } }", "undefined"}, {"class A { m() { return 2 } }; new A().m()", "2"},
		{"{a: 1}", "{ a: 1 }"}, {"{a: 1, b: 2}.a", "1"},
		{"const {p, q: [r]} = await Promise.resolve({p: 1, q: [2]}); p + r", "3"}, {"r", "2"},
		{"await 5", "5"}, {"(await 5) + 1", "6"}, {"Promise.resolve(1)", "Promise { 1 }"},
		{"let z = await 1, w", "undefined"}, {"[z, w]", "[ 1, undefined ]"},
		{"async function f() { return 9 }; await f()", "9"}, {"typeof f", "'function'"},
		{"import five, {y as six} from './m'; [five, six]", "[ 5, 6 ]"},
		{"(await import('./m')).y", "6"},
		{"for (const i of [1,2]) i", "2"},
		{"function g() {\n  return 1\n}\ng()", "1"},
		{"await 1; // done", "1"},
		{"let u; u", "undefined"},
		{"import ten, {\n  y as eleven\n} from './m'\n[ten, eleven]", "[ 5, 6 ]"},
		{"interface P { a: number }\nconst typed: P = {a: 1}; typed.a as number", "1"}, {"typed", "{ a: 1 }"},
	} {
		v, err := h.Eval(context.Background(), c.code)
		if err != nil {
			t.Errorf("%s: %v", c.code, err)
			continue
		}
		if got := text(h, v); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.code, got, c.want)
		}
	}
}

func TestIncomplete(t *testing.T) {
	for code, want := range map[string]bool{
		"1": false, "f(": true, "{": true, "`a": true, "/* x": true, "let a =": true, "a.": true, "x = [1,\n2": true, "if (x) {\n": true,
		"let a = ;": false, ")": false, "'abc": false, "await x": false, "function f() {": true, "x => ": true, "": false, "`${": true,
		"class A {": true, "import {a": true, "1 +": true, "for (;;)": true, "interface P {": true, "const p: P =": true, "const p: P = 1": false,
	} {
		if got := Incomplete(code); got != want {
			t.Errorf("Incomplete(%q) = %v", code, got)
		}
	}
}

func TestComplete(t *testing.T) {
	h, _ := testHost(t, map[string]string{"lib/a.ts": "", "lib/b.js": "", "top.js": ""}, func(c *Config) {
		c.Builtins = fstest.MapFS{"format.ts": {Data: []byte("")}, "paging/x.js": {Data: []byte("")}}
	})
	pure := h.Function("cpu", 1, func(c goja.FunctionCall) goja.Value {
		o := h.Runtime().NewObject()
		_ = o.Set("rax", 1)
		return o
	})
	_ = pure.SetSymbol(h.PureSymbol(), true)
	vm := h.Runtime().NewObject()
	_ = vm.Set("cpu", pure)
	_ = h.Define("vm", vm)
	if _, err := h.RunString(context.Background(), "s.js",
		`var called = 0, foo = {barbaz: 1, bar2: {inner: 1}, get trap() { called++; return {never: 1} }}; let lexical = {lex: 1};
`); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ line, head, want string }{
		{"foo.ba", "foo.", "bar2 barbaz"}, {"x = foo.bar2.", "x = foo.bar2.", "inner"}, {"foo.trap.", "foo.trap.", ""},
		{"vm.cpu(0).r", "vm.cpu(0).", "rax"}, {"print(vm.cpu(0).r", "print(vm.cpu(0).", "rax"},
		{"lexical.", "lexical.", "lex"}, {"setTi", "", "setTimeout"}, {"'abc'.toU", "'abc'.", "toUpperCase"},
		{"require('./", "require('", "./lib/ ./top"}, {`import x from "./lib/`, `import x from "`, "./lib/a ./lib/b"},
		{"require('svscript/", "require('", "svscript/format svscript/paging/"}, {"foo?.bar", "foo?.", "bar2 barbaz"},
		{"foo['bar2'].", "foo['bar2'].", "inner"}, {"(1).toF", "(1).", "toFixed"}, {"nope.x", "nope.", ""},
	} {
		head, list, tail := h.Complete(c.line+"…", len([]rune(c.line)))
		if got := strings.Join(list, " "); head != c.head && c.want != "" || got != c.want || tail != "…" {
			t.Errorf("%q: %q %q %q", c.line, head, got, tail)
		}
	}
	if v := h.Runtime().Get("called"); v.ToInteger() != 0 {
		t.Error("completion called a getter")
	}
}

// BenchmarkComplete completes members of objects with very many; what a person types should be answered within 50 ms.
func BenchmarkComplete(b *testing.B) {
	h, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := h.RunString(context.Background(), "s.js", `var big = {}; for (let i = 0; i < 200000; i++) big["k" + i] = i;
		var bytes = new Uint8Array(1e6); var arr = new Array(1e6).fill(0)`); err != nil {
		b.Fatal(err)
	}
	for _, line := range []string{"big.", "bytes.", "arr.", "globalThis."} {
		b.Run(line, func(b *testing.B) {
			for b.Loop() {
				h.Complete(line, len(line))
			}
		})
	}
}
