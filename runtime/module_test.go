package runtime

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dop251/goja"
)

func TestModules(t *testing.T) {
	files := map[string]string{
		"app/main.js": `const {one} = require("./lib/one"); exports.main = (args) => one + args.length;`,
		"app/lib/one.ts": `import two from "./two.mjs"; import data from "../data.json"; import * as cjs from "./old.cjs";
export const one: number = two + data.n + cjs.three;`,
		"app/lib/two.mjs": `export default 2; export { default as self } from "./two.mjs"`,
		"app/lib/old.cjs": `exports.three = 3; exports.file = __filename; exports.dir = __dirname`,
		"app/data.json":   `{"n": 10}`,
		"app/esm.js":      "import { join } from 'pkg/sub/x';\nexport function main() { return join }",
		"app/meta.mjs":    "export const main = () => [import.meta.url, import.meta.filename, import.meta.main]",
		"app/last.js":     "const x = 5;\nx * 2;\n",
		"app/tla.mts":     "import one from './lib/two.mjs';\nconst v: number = await Promise.resolve(one);\nexport const twice = v * 2;\nexport async function main() { return [v, twice] }",
		"app/tlaval.mjs":  "await null;\n({a: 1})",
		"app/dyn.js":      "exports.main = async () => (await import('./lib/two.mjs')).default",
		"app/defmain.mts": "export default async (list: string[]) => list.length",
		"app/whole.cjs":   "module.exports = (list) => list.length",
		"app/class.cjs":   "module.exports = class A {}; 7",
		"app/classes.cjs": "module.exports = classes => classes.length",
		"app/both.mjs":    "export default () => 'default'; export const main = () => 'main'",
		"app/cycle.js":    "exports.a = 1; const b = require('./cycle2'); exports.main = () => b.seen",
		"app/cycle2.js":   "exports.seen = require('./cycle').a",
		"app/throw.ts":    "type T = string;\n\nexport function main(): void {\n  fail();\n}\nfunction fail(): never { throw new Error('x') }",
		"app/syntax.js":   "const a = 1;\nlet b = (;\n",
		"app/needs.js":    "require('./syntax')",
		"app/scope.js":    "require('@s/p/feature'); require('@s/p')",
		"app/import.mjs":  "import {nothing} from './gone';",
		"app/tladep.mjs":  "import './tlaval.mjs'",
		"app/mp.js":       "exports.main = () => require('shared').x",
		"app/lib2.js":     "exports.main = () => require('svscript/greet').greet('x')",
		"app/ext.ts":      "import { one } from './lib/one.js'; export const main = () => one",
		"app/json.js":     "require('./bad.json')", "app/bad.json": "{\n  \"a\": }",
		"app/empty.ts":                       "",
		"app/note.mjs":                       "// nothing yet\n",
		"app/types.ts":                       "declare const x: number",
		"app/nothing.mjs":                    "import './empty'; import './note.mjs'; import './types'; export const main = () => 'nothing'",
		"app/node_modules/pkg/package.json":  `{"name":"pkg","exports":{"./sub/*":{"import":"./esm/*.mjs","require":"./cjs/*.js"}}}`,
		"app/node_modules/pkg/cjs/x.js":      `exports.join = "cjs"`,
		"app/node_modules/@s/p/package.json": `{"exports":{".":"./i.js","./feature":[{"node":"./none.js"},"./f.js"]},"imports":{"#dep":"./f.js"}}`,
		"app/node_modules/@s/p/i.js":         `module.exports = require("#dep")`,
		"app/node_modules/@s/p/f.js":         `module.exports = "feature"`,
		"mp/shared/package.json":             `{"main":"dist"}`, "mp/shared/dist/index.js": "exports.x = 'from module path'",
	}
	builtins := fstest.MapFS{
		"greet.ts":      {Data: []byte("import {hello} from './words'; export const greet = (n: string) => hello + n")},
		"words.js":      {Data: []byte("exports.hello = 'hello '")},
		"bad/script.js": {Data: []byte("null.x")},
	}
	for _, c := range []struct{ path, want, err string }{
		{"app/main.js", "15", ""}, {"app/esm.js", "'cjs'", ""}, {"app/last.js", "10", ""}, {"app/tla.mts", "[ 2, 4 ]", ""},
		{"app/meta.mjs", "[ 'file:///app/meta.mjs', '/app/meta.mjs', true ]", ""}, {"app/tlaval.mjs", "{ a: 1 }", ""}, {"app/dyn.js", "2", ""},
		{"app/cycle.js", "1", ""}, {"app/scope.js", "'feature'", ""}, {"app/mp.js", "'from module path'", ""}, {"app/lib2.js", "'hello x'", ""},
		{"app/ext.ts", "15", ""},
		{"app/empty.ts", "undefined", ""}, {"app/note.mjs", "undefined", ""}, {"app/types.ts", "undefined", ""}, {"app/nothing.mjs", "'nothing'", ""},
		{"app/defmain.mts", "0", ""}, {"app/whole.cjs", "0", ""}, {"app/class.cjs", "7", ""}, {"app/classes.cjs", "0", ""}, {"app/both.mjs", "'main'", ""},
		{"app/throw.ts", "", "app/throw.ts:6:32: Error: x\n    function fail(): never { throw new Error('x') }\n                                   ^\n    at fail (app/throw.ts:6:32)\n    at main (app/throw.ts:4:3)"},
		{"app/syntax.js", "", "app/syntax.js:2:10: SyntaxError: Unexpected \";\"\n    let b = (;\n             ^"},
		{"app/needs.js", "", "app/needs.js:1:8: SyntaxError: Unexpected \";\" (app/syntax.js:2:10)"},
		{"app/import.mjs", "", "cannot find module \"./gone\"; looked for app/gone, app/gone{"},
		{"app/tladep.mjs", "", "top-level await works in the script that is run, not in a module that it loads"},
		{"app/json.js", "", "not valid JSON"},
		{"app/nofile.js", "", "app/nofile.js: no such file"},
	} {
		h, _ := testHost(t, files, func(cfg *Config) { cfg.Builtins, cfg.ModulePath = builtins, []string{"/mp"} })
		v, err := h.RunFile(context.Background(), c.path)
		switch {
		case err != nil && c.err == "":
			t.Errorf("%s: %v", c.path, detail(err))
		case err == nil && c.err != "":
			t.Errorf("%s: no error but %s", c.path, text(h, v))
		case err != nil && !strings.Contains(detail(err), c.err):
			t.Errorf("%s\n got %s\nwant %s", c.path, detail(err), c.err)
		case err == nil && text(h, v) != c.want:
			t.Errorf("%s\n got %s\nwant %s", c.path, text(h, v), c.want)
		}
	}
}

func TestImportedNames(t *testing.T) {
	files := map[string]string{
		"es.mjs":     "export const hex = 1; const inner = 2; export const late = () => inner",
		"cjs.cjs":    "exports.one = 1; setTimeout(() => { exports.later = 2 }, 1)",
		"plain.js":   "function forgotten() {}",
		"class.cjs":  "class A { get far() { return 1 } }; module.exports = new A()",
		"proxy.cjs":  "module.exports = new Proxy({}, {get: () => 5})",
		"data.json":  `{"a": 1}`,
		"types.ts":   "export interface T { a: number }; export const v: T = {a: 1}",
		"again.ts":   "import {T, v} from './types'; export {T, v}; export {T as U} from './types'",
		"all.mjs":    "export * from './es.mjs'; export {gone} from './es.mjs'",
		"ring1.mjs":  "import {b} from './ring2.cjs'; export const a = 1; export const main = () => b.f()",
		"ring2.cjs":  "require('./ring3.mjs'); exports.b = {f: () => require('./ring3.mjs').f()}",
		"ring3.mjs":  "import {b} from './ring2.cjs'; import {a} from './ring1.mjs'; export const f = () => typeof b.f + a",
		"through.js": "import './bad.mjs'", "bad.mjs": "import {hexx} from './es.mjs';\nhexx",
	}
	for _, c := range []struct{ name, code, want string }{
		{"a.mjs", "import {hex, late} from './es.mjs'; hex + late()", "3"},
		{"a.mjs", "\nimport {hexx} from './es.mjs'; console.log(hexx)", `a.mjs:2:20: SyntaxError: "./es.mjs" has no export "hexx"; did you mean "hex"?`},
		{"a.ts", "let a = 1\nimport {inner as x} from './es.mjs'\nx()", `a.ts:2:26: SyntaxError: "./es.mjs" has no export "inner"`},
		{"a.mjs", "let a;\nimport {\n  inner\n} from './es.mjs';\nawait inner", `a.mjs:2:1: SyntaxError: "./es.mjs" has no export "inner"`},
		{"a.mjs", "import none from './es.mjs'; none", `"./es.mjs" has no export "default"`},
		{"a.mjs", "import * as all from './es.mjs'; all.hexx", "undefined"},
		{"a.mjs", "import * as import_es from './es.mjs'; import_es.hexx", "undefined"},
		{"a.mjs", "import {hexx} from './es.mjs'", "undefined"}, // not used: in TypeScript that is how types are imported
		{"a.mjs", "import {Bufer} from 'buffer'; Bufer", `"buffer" has no export "Bufer"; did you mean "Buffer"?`},
		{"a.mjs", "import buffer, {Buffer} from 'buffer'; buffer.Buffer === Buffer", "true"},
		{"a.mjs", "import {hexx} from 'svscript/lib'; hexx", `"svscript/lib" has no export "hexx"; did you mean "hex"?`},
		{"a.mjs", "import all, {one, later} from './cjs.cjs'; all.one + one + typeof later", "'2undefined'"},
		{"a.mjs", "import {two} from './cjs.cjs'; two", `"./cjs.cjs" has no export "two"`},
		{"a.mjs", "import {forgotten} from './plain.js'; forgotten", `"./plain.js" has no export "forgotten"`},
		{"a.mjs", "import {far} from './class.cjs'; far", "1"},
		{"a.mjs", "import {far} from './proxy.cjs'; far", "5"},
		{"a.mjs", "import data, {a, b} from './data.json'; [data.a, a, b]", "[ 1, 1, undefined ]"},
		{"a.ts", "import {T, U, v} from './again'; const t: T & U = v; t", "{ a: 1 }"},
		{"a.ts", "import {T, v} from './types'; export {T, v}; await v", "{ a: 1 }"},
		{"a.ts", "import type {Nothing} from './es.mjs'; import {type None, hex} from './es.mjs'; hex as None", "1"},
		{"a.mjs", "import {hex} from './all.mjs'; hex", `all.mjs:1:15: SyntaxError: "./es.mjs" has no export "gone"`},
		{"a.mjs", "import {main} from './ring1.mjs'; main()", "'function1'"},
		{"a.mjs", "import './through.js'", `bad.mjs:1:20: SyntaxError: "./es.mjs" has no export "hexx"; did you mean "hex"?`},
	} {
		h, _ := testHost(t, files, func(cfg *Config) {
			cfg.Builtins = fstest.MapFS{"lib.js": {Data: []byte("module.exports = { hex: 1 }")}}
		})
		v, err := h.RunString(context.Background(), c.name, c.code)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = text(h, v)
		}
		if got != c.want && (err == nil || !strings.HasSuffix(got, c.want)) {
			t.Errorf("%s\n got %s\nwant %s", c.code, got, c.want)
		}
	}
}

func detail(err error) string {
	var se *ScriptError
	if errors.As(err, &se) {
		return se.Detail()
	}
	return err.Error()
}

func TestForgetModules(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("main.js", "require('./dep')")
	write("dep.js", "module.exports = 1")
	h, _ := testHost(t, nil, func(c *Config) { c.Files = OSFiles() })
	run := func() int64 {
		v, err := h.RunFile(context.Background(), filepath.Join(dir, "main.js"))
		if err != nil {
			t.Fatal(err)
		}
		return v.ToInteger()
	}
	run()
	write("dep.js", "module.exports = 2")
	if got := run(); got != 1 {
		t.Errorf("a loaded module was read again: %d", got)
	}
	h.ForgetModules()
	if got := run(); got != 2 {
		t.Errorf("a forgotten module was not read again: %d", got)
	}
}

func TestCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	u := unit{name: "a.ts", text: "export const a: number = 1", module: true, cacheDir: dir}
	if _, err := compileNew(u); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	file := filepath.Join(dir, entries[0].Name())
	if _, ok := readCache(file); !ok {
		t.Error("the cache cannot be read")
	}
	content, _ := os.ReadFile(file)
	if err := os.WriteFile(file, content[:len(content)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := readCache(file); ok {
		t.Error("a damaged cache file is taken")
	}
	if _, err := compileNew(u); err != nil {
		t.Error(err)
	}
	if _, ok := readCache(file); !ok {
		t.Error("a damaged cache file is not replaced")
	}
	// A cache that cannot be written is no error.
	u.cacheDir = filepath.Join(file, "below-a-file")
	if _, err := compileNew(u); err != nil {
		t.Error(err)
	}
}

func TestNativePanics(t *testing.T) {
	h, _ := testHost(t, nil, nil)
	rt := h.Runtime()
	define := func(name string, fn func(goja.FunctionCall) goja.Value) {
		if err := h.Define(name, h.Function(name, 0, fn)); err != nil {
			t.Fatal(err)
		}
	}
	define("crash", func(c goja.FunctionCall) goja.Value { return rt.ToValue([]int{}[len(c.Arguments)]) })
	define("throws", func(goja.FunctionCall) goja.Value { panic(rt.NewTypeError("mine")) })
	define("fails", func(goja.FunctionCall) goja.Value {
		Throw(rt, &fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission})
		return nil
	})
	if err := h.Define("raw", func(goja.FunctionCall) goja.Value { panic("unguarded") }); err != nil {
		t.Fatal(err)
	}
	v, err := h.RunString(context.Background(), "a.js", "try { crash() } catch (e) { e instanceof Error && e.message }")
	if err != nil || !strings.Contains(v.String(), "internal error in crash: runtime error: index out of range") {
		t.Errorf("%v, %v", v, err)
	}
	var internal *InternalError
	if _, err := h.RunString(context.Background(), "a.js", "crash()"); !errors.As(err, &internal) || internal.Function != "crash" {
		t.Errorf("%v", err)
	}
	if _, err := h.RunString(context.Background(), "a.js", "throws()"); err == nil || err.Error() != "a.js:1:7: TypeError: mine" {
		t.Errorf("%v", err)
	}
	_, err = h.RunString(context.Background(), "a.js", "\nfails()")
	var pe *fs.PathError
	if !errors.As(err, &pe) || !errors.Is(err, fs.ErrPermission) || !strings.HasPrefix(err.Error(), "a.js:2:6: Error: open x") {
		t.Errorf("%v", err)
	}
	if _, err := h.RunString(context.Background(), "a.js", "Promise.resolve().then(() => console.log('left over')); raw()"); !errors.As(err, &internal) {
		t.Errorf("%v", err)
	}
	if v, err := h.RunString(context.Background(), "a.js", "2"); err != nil || v.ToInteger() != 2 {
		t.Errorf("after a panic: %v, %v", v, err)
	}
	define("reenter", func(goja.FunctionCall) goja.Value {
		if _, err := h.RunString(context.Background(), "b.js", "1"); !errors.Is(err, ErrBusy) {
			t.Errorf("reentered: %v", err)
		}
		return nil
	})
	if _, err := h.RunString(context.Background(), "a.js", "reenter()"); err != nil {
		t.Error(err)
	}
}

func TestCauseChain(t *testing.T) {
	h, _ := testHost(t, nil, nil)
	_, err := h.RunString(context.Background(), "a.js", "try { null.x } catch (e) { throw new Error('outer', {cause: e}) }")
	want := "a.js:1:34: Error: outer\n    try { null.x } catch (e) { throw new Error('outer', {cause: e}) }\n" +
		"                                     ^\n    at a.js:1:34\ncaused by: a.js:1:12: TypeError: Cannot read property 'x' of undefined or null\n    at a.js:1:12"
	if got := detail(err); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestGo(t *testing.T) {
	h, _ := testHost(t, nil, nil)
	_ = h.Define("work", h.Function("work", 1, func(c goja.FunctionCall) goja.Value {
		n := c.Argument(0).ToInteger()
		return h.Go(func(ctx context.Context) (any, error) {
			switch n {
			case 0:
				return nil, fmt.Errorf("zero")
			case 1:
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return n * 2, nil
		})
	}))
	v, err := h.RunString(context.Background(), "a.js", "const r = await Promise.all([work(2), work(3)]); r")
	if err != nil || text(h, v) != "[ 4, 6 ]" {
		t.Errorf("%v, %v", v, err)
	}
	if _, err := h.RunString(context.Background(), "a.js", "await work(0)"); err == nil || !strings.Contains(err.Error(), "zero") {
		t.Errorf("%v", err)
	}
	before := goruntime.NumGoroutine() // esbuild keeps some of its own
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := h.RunString(ctx, "a.js", "work(1); work(1)"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	time.Sleep(10 * time.Millisecond)
	if after := goruntime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines became %d", before, after)
	}
}
