package runtime

import (
	"strings"
	"testing"
	"unicode"
)

func TestPropertyEscapes(t *testing.T) {
	host, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{
		`/^\p{L}+$/u.test("añж漢")`, `/^\P{L}+$/u.test("12_")`, `/^[\p{Lu}\d]+$/u.test("AЖ9")`, `!/^[^\p{L}]$/u.test("a")`, `/^\p{L}$/u.test("𝒜")`,
		`/^\P{L}$/u.test("😀")`, `/^[\p{L}-]+$/u.test("a-b")`, `/\p{Lu}/iu.test("a")`, `/^(?=\p{L})\p{L}\p{N}$/u.test("𝒜1")`, `/^(\p{L})\1$/u.test("ññ")`,
		`/\p{gc=Nd}/u.test("٣")`, `/^\p{Letter}$/u.test("a")`, `/\p{Alpha}/u.test("x")`, `/\p{Cn}/u.test("\u0378")`, `!/\p{Assigned}/u.test("\u0378")`,
		`/p{L}/.test("p{L}")`, `/\\p{L}/u.source === "\\\\p{L}" || true`,
		`new RegExp("^\\p{L}+$", "u").test("añ")`, `RegExp("^\\p{Script=Greek}+$", "u").test("αβγ")`, `new RegExp(/\p{L}/, "u").test("ж")`,
		`/a/.constructor === RegExp && /a/ instanceof RegExp && RegExp("a") instanceof RegExp && !({} instanceof RegExp)`,
		`RegExp(/a/g, "i").flags === "i" && ((r) => RegExp(r) === r && new RegExp(r) !== r)(/a/)`,
		`RegExp[Symbol.species] === RegExp && RegExp.name === "RegExp" && RegExp.length === 2 && !Object.keys(RegExp).length && RegExp.escape(".").length === 2`,
		`new (class X extends RegExp { foo() { return this instanceof X; } })("\\p{Nd}", "u").foo()`,
		`"aжb".split(/\p{Script=Cyrillic}/u).length === 2 && "a1b".split(/\d/).length === 2`,
		`eval("/^\\p{L}$/u").test("é") && eval("'ñ'; /\\p{L}/u.test('é')")`, `(() => { let é = "é"; return eval("/\\p{L}/u.test(é)"); })()`,
		`new Function("a", "b", "if (b) return /\\p{L}/u.test(a)")("é", 1) && Function("return /[\\P{L}]/u ; // a")().test("1")`,
		`eval(5) === 5 && eval() === undefined && eval("'\\\\p{L}'") === "\\p{L}" && Function(...["a", "return a"])(1) === 1`,
		`(() => { const f = function () { return () => /\p{L}/u.test("é"); }; return f()(); })()`,
	} {
		v, err := host.RunString(t.Context(), "test", code)
		if err != nil || !v.ToBoolean() {
			t.Errorf("%s: %v, %v", code, v, err)
		}
	}
	for code, want := range map[string]string{
		`"x";/\p{Emoji}/u`:              `test:1:5: SyntaxError: the property escape \p{Emoji}`,
		`/\P{sc=Nowhere}/u`:             `\P{sc=Nowhere}`,
		`/\p/u`:                         `braces`,
		`new RegExp("\\p{Emoji}", "u")`: `SyntaxError: the property escape \p{Emoji}`,
		`eval("/\\p{Emoji}/u")`:         `SyntaxError: the property escape \p{Emoji}`,
		`eval("/\\p{L}/u; let a = (;")`: `SyntaxError: SyntaxError: <eval>`,
		`/a/v`:                          `flag v is not supported`,
		`new RegExp("a", "v")`:          `flag v is not supported`,
	} {
		if _, err := host.RunString(t.Context(), "test", code); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestRunesOf(t *testing.T) {
	for _, name := range []string{"L", "Nd", "Script=Latin", "Uppercase", "White_Space"} {
		set, ok := runesOf(name)
		if !ok {
			t.Fatalf("%s is unknown", name)
		}
		oracle := map[string]func(rune) bool{"L": unicode.IsLetter, "Nd": unicode.IsDigit, "White_Space": unicode.IsSpace,
			"Script=Latin": func(r rune) bool { return unicode.Is(unicode.Latin, r) },
			"Uppercase":    func(r rune) bool { return unicode.In(r, unicode.Lu, unicode.Other_Uppercase) }}[name]
		in := map[rune]bool{}
		for _, r := range set {
			for c := r.lo; c <= r.hi; c++ {
				in[c] = true
			}
		}
		for r := rune(0); r <= unicode.MaxRune; r++ {
			if in[r] != oracle(r) {
				t.Fatalf("%s: %U is %v", name, r, in[r])
			}
		}
	}
}
