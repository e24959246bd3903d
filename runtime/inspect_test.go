package runtime

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestInspect(t *testing.T) {
	hex := InspectOptions{HexBigInt: true}
	for _, c := range []struct {
		code string
		o    InspectOptions
		want string
	}{
		{"255n", hex, "0xff"}, {"-255n", hex, "-0xff"}, {"255n", InspectOptions{}, "255n"}, {"-0", InspectOptions{}, "-0"},
		{"undefined", hex, "undefined"}, {"null", hex, "null"}, {`"it's"`, hex, `"it's"`}, {`"a\n\x1b"`, hex, `'a\n\x1b'`},
		{"Symbol('s')", hex, "Symbol(s)"}, {"Symbol.iterator", hex, "Symbol(Symbol.iterator)"},
		{"({a: 1n, 'b-c': [1, , 3], [Symbol('k')]: null})", hex, "{ a: 0x1, 'b-c': [ 1, <1 empty item>, 3 ], [Symbol(k)]: null }"},
		{"({a: {b: {c: {d: 1}}}})", hex, "{ a: { b: { c: [Object] } } }"},
		{"({a: {b: 1}})", InspectOptions{Depth: DepthTop}, "{ a: [Object] }"},
		{"({get a() { throw 1 }, set a(v) {}, get b() { throw 1 }, set c(v) {}})", hex, "{ a: [Getter/Setter], b: [Getter], c: [Setter] }"},
		{"class P { x = 1 }; new P", hex, "P { x: 1 }"}, {"Object.create(null)", hex, "[Object: null prototype] {}"},
		{"class P { x = 1 }; P", hex, "[class P]"}, {"class A {}; class B extends A {}; B", hex, "[class B extends A]"},
		{"(function f() {})", hex, "[Function: f]"}, {"(() => {})", hex, "[Function (anonymous)]"}, {"(async () => {})", hex, "[AsyncFunction (anonymous)]"},
		{"new Map([[1, {a: 2}], ['k', 'v']])", hex, "Map(2) { 1 => { a: 2 }, 'k' => 'v' }"}, {"new Set([1, 'a'])", hex, "Set(2) { 1, 'a' }"},
		{"let a = {n: 1}; a.self = a; a", hex, "<ref> { n: 1, self: [Circular] }"},
		{"new Proxy({a: 1}, {get() { throw 1 }, ownKeys() { throw 1 }})", hex, "Proxy { a: 1 }"},
		{"new Date(0)", hex, "1970-01-01T00:00:00.000Z"}, {"new Date(NaN)", hex, "Invalid Date"}, {"/a+/gi", hex, "/a+/gi"},
		{"[Promise.resolve(1n)]", hex, "[ Promise { 0x1 } ]"}, {"Object(1n)", hex, "[BigInt: 0x1]"}, {"new Number(3)", hex, "[Number: 3]"},
		{"new Uint8Array([1, 255])", hex, "Uint8Array(2) <01 ff>"}, {"new Uint8Array([1, 255])", InspectOptions{}, "Uint8Array(2) [ 1, 255 ]"},
		{"new BigUint64Array([1n, 2n])", hex, "BigUint64Array(2) [ 0x1, 0x2 ]"}, {"new ArrayBuffer(2)", hex, "ArrayBuffer { 00 00 }"},
		{"new RegExp('a'.repeat(2000))", hex, "/" + strings.Repeat("a", 999) + "… 1002 more characters"},
		{"Array.from({length: 102}, (_, i) => 99 + i % 2)", InspectOptions{Width: 52}, "[\n" + strings.Repeat("   99, 100,  99, 100,  99, 100,  99, 100,  99, 100,\n", 10) + "  … 2 more items\n]"},
		{"Array.from({length: 200}, (_, i) => ({i}))[150]", hex, "{ i: 150 }"},
		{"new WeakMap", hex, "WeakMap { <items unknown> }"}, {"(function*() {})()", hex, "Object [Generator] {}"},
		{"class L extends Array {}; L.from([1])", hex, "L(1) [ 1 ]"}, {"Math", hex, "Object [Math] {}"},
		{"({[Symbol.for('nodejs.util.inspect.custom')](d, o) { return 'me ' + d + o.hexBigInt }})", hex, "me 2true"},
		{"({x: {[Symbol.for('nodejs.util.inspect.custom')]() { return {a: 1n} }}})", hex, "{ x: { a: 0x1 } }"},
		{"({[Symbol.for('nodejs.util.inspect.custom')]() { throw new Error('no') }})", hex, "[Object: its inspect failed: Error: no at <repl>:1:56(3)]"},
		{"Object.prototype.toString = () => { throw 1 }; ({a: 1})", hex, "{ a: 1 }"},
		{"new Uint8Array(17)", InspectOptions{Hexdump: true}, "           0  1  2  3  4  5  6  7  8  9  A  B  C  D  E  F  0123456789ABCDEF\n" +
			"00000000  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................\n00000010  00                                               ."},
		{"({a: 1, s: 'x'})", InspectOptions{Color: true}, "{ a: \x1b[33m1\x1b[0m, s: \x1b[32m'x'\x1b[0m }"},
	} {
		h, _ := testHost(t, nil, nil)
		v, err := h.Eval(context.Background(), c.code)
		if err != nil {
			t.Errorf("%s: %v", c.code, err)
		} else if got := h.Inspect(v, c.o); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.code, got, c.want)
		}
	}
}

func TestInspectLayout(t *testing.T) {
	h, _ := testHost(t, nil, nil)
	for _, c := range []struct{ code, want string }{
		{"({name: 'a'.repeat(40), other: 'b'.repeat(40)})", "{\n  name: '" + strings.Repeat("a", 40) + "',\n  other: '" + strings.Repeat("b", 40) + "'\n}"},
		{"Array.from({length: 120}, (_, i) => i)", "… 20 more items\n]"},
		{"new Error('outer', {cause: new TypeError('inner')})", "Error: outer\n    at <repl>:1:1 {\n  [cause]: TypeError: inner\n      at <repl>:1:28\n}"},
	} {
		v, err := h.Eval(context.Background(), c.code)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Inspect(v, InspectOptions{}); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s\n got %s\nwant %s", c.code, got, c.want)
		}
	}
}

// What is large or deep prints at once and within bounds.
func TestInspectBounds(t *testing.T) {
	h, _ := testHost(t, nil, nil)
	for _, code := range []string{
		"new Uint8Array(1e8)", "new Array(1e6).fill({a: [1, 2, 3]})", "let deep = {}; for (let i = 0, o = deep; i < 1e5; i++) o = o.x = {}; deep",
		"let w = []; for (let i = 0; i < 100; i++) { w[i] = []; for (let j = 0; j < 100; j++) w[i][j] = new Array(100).fill(i) }; w", "'x'.repeat(1e6)", "globalThis",
	} {
		v, err := h.Eval(context.Background(), code)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		got := h.Inspect(v, InspectOptions{Depth: DepthAll})
		if d := time.Since(start); d > 30*time.Second || len(got) > 4<<20 {
			t.Errorf("%s: %d bytes in %v", code, len(got), d)
		}
	}
}

func TestConsole(t *testing.T) {
	now := time.Unix(0, 0)
	for _, c := range []struct{ code, want string }{
		{"console.log('a', 1, {b: 'c'}, [1n])", "a 1 { b: 'c' } [ 1n ]\n"},
		{"console.log('%s|%d|%i|%f|%j|%o|%O|%c|%%|%x', 'str', '42.5', 42.9, '1.5', {a: 1}, [1], {b: 2}, 'css', 'rest')", "str|42.5|42|1.5|{\"a\":1}|[ 1 ]|{ b: 2 }||%|%x rest\n"},
		{"console.log('100%', 5); console.log('%s'); console.log('%d', 5n); console.log()", "100% 5\n%s\n5n\n\n"},
		{"console.group('g'); console.log('a\\nb'); console.groupEnd(); console.log('c')", "g\n  a\n  b\nc\n"},
		{"console.count(); console.count('x'); console.count()", "default: 1\nx: 1\ndefault: 2\n"},
		{"console.time('t'); tick(); console.timeLog('t', 'at'); console.timeEnd('t')", "t: 1.500ms at\nt: 1.500ms\n"},
		{"console.assert(true, 'no'); console.assert(false, 'bad %s', 'x')", "Assertion failed: bad x\n"},
		{"console.table([{a: 1, b: 'x'}, {a: 22}])", "┌─────────┬────┬─────┐\n│ (index) │ a  │ b   │\n├─────────┼────┼─────┤\n│ 0       │ 1  │ 'x' │\n│ 1       │ 22 │     │\n└─────────┴────┴─────┘\n"},
		{"console.table([1, 2]); console.table(5)", "┌─────────┬────────┐\n│ (index) │ Values │\n├─────────┼────────┤\n│ 0       │ 1      │\n│ 1       │ 2      │\n└─────────┴────────┘\n5\n"},
		{"console.table([{a: 1, b: 2}], ['b'])", "┌─────────┬───┐\n│ (index) │ b │\n├─────────┼───┤\n│ 0       │ 2 │\n└─────────┴───┘\n"},
		{"function f() { console.trace('here') }\nf()", "Trace: here\n    at f (a.js:1:29)\n    at a.js:2:2\n"},
		{"console.dir({a: {b: {}}}, {depth: 0})", "{ a: [Object] }\n"},
		{"console.table(new Map([['k', 1]])); console.table(new Set(['v']))", "┌───────────────────┬─────┬────────┐\n│ (iteration index) │ Key │ Values │\n├───────────────────┼─────┼────────┤\n│ 0                 │ 'k' │ 1      │\n└───────────────────┴─────┴────────┘\n┌───────────────────┬────────┐\n│ (iteration index) │ Values │\n├───────────────────┼────────┤\n│ 0                 │ 'v'    │\n└───────────────────┴────────┘\n"},
		{"console.log(performance.now() >= 0, typeof process.env, args)", "true object []\n"},
	} {
		h, out := testHost(t, nil, func(c *Config) { c.Clock = func() time.Time { return now } })
		if err := h.Define("tick", func() { now = now.Add(1500 * time.Microsecond) }); err != nil {
			t.Fatal(err)
		}
		if _, err := h.RunString(context.Background(), "a.js", c.code); err != nil {
			t.Errorf("%s: %v", c.code, err)
		}
		if out.String() != c.want {
			t.Errorf("%s\n got %q\nwant %q", c.code, out.String(), c.want)
		}
	}
}

func TestHexdump(t *testing.T) {
	got := Hexdump([]byte("\x7fELF"), HexdumpOptions{Address: 0xffffffff81000000, Width: 8, NoHeader: true})
	if want := "ffffffff81000000  7f 45 4c 46              .ELF"; got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got := Hexdump(make([]byte, 40), HexdumpOptions{NoHeader: true, NoASCII: true, Max: 17}); got !=
		"00000000  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n00000010  00\n… 23 more bytes" {
		t.Errorf("%q", got)
	}
}
