package runtime

import "testing"

func TestTranscript(t *testing.T) {
	for _, c := range []struct {
		inputs []string
		want   string
	}{
		{[]string{"let x = 1", "x + 1", "let x = 2;"}, "let x = 1\nx + 1\nx = 2;\n"},
		{[]string{"const x = 1, y = 2", "const z = 3", "const x = 2"}, "let x = 1, y = 2\nconst z = 3\nx = 2\n"},
		{[]string{"let x = 1", "let x, y = 3; let y"}, "let x = 1\nlet y; x = undefined, y = 3; y = undefined\n"},
		{[]string{"let x = 1", "var x"}, "let x = 1\nx\n"},
		{[]string{"const {x} = {x: 1}", "const {x, y: [z]} = {x: 2, y: [3]}"}, "let {x} = {x: 1}\nlet z; ;({x, y: [z]} = {x: 2, y: [3]})\n"},
		{[]string{"let x = 1", "let [x] = [2]"}, "let x = 1\n;([x] = [2])\n"},
		{[]string{"class A {}", "class A { b() {} }", "new A().b()"}, "class A {}\nA = class A { b() {} };\nnew A().b()\n"},
		{[]string{"const f = 1", "function f() {}", "async function f() {}"}, "let f = 1\nf = function f() {};\nf = async function f() {};\n"},
		{[]string{"let x = 1", "{ let x = 2 }", "for (let x of []) {}"}, "let x = 1\n{ let x = 2 }\nfor (let x of []) {}\n"},
		{[]string{"f()", "(1)", "[2].pop()"}, "f()\n;(1)\n;[2].pop()\n"},
		{[]string{"const x = 1", "const x: number = 2"}, "const x = 1\nconst x: number = 2\n"},
	} {
		if got := Transcript(c.inputs); got != c.want {
			t.Errorf("%q: %q, want %q", c.inputs, got, c.want)
		}
	}
	awaits := Transcript([]string{"const x = await 1", "const x = await 2"})
	if want := "let x = await 1\nx = await 2\n"; awaits != want {
		t.Errorf("await: %q, want %q", awaits, want)
	}
}
