package ctype

import (
	"errors"
	"strings"
	"testing"
)

var syntaxErrors = []struct{ src, want string }{
	{"struct a { int x }", ""},
	{"struct a { int x\n  int y; };", "2:3: expected ';' after the member, found 'int'"},
	{"struct a { foo_t x; };", "1:12: unknown type name 'foo_t'"},
	{"struct a { int x; }; struct b { a y; };", "1:33: unknown type name 'a'; did you mean 'struct a'?"},
	{"struct a { struct b x; };", "1:21: struct b is declared but not defined, so its size is not known"},
	{"struct a { struct a x; };", "1:21: struct a is declared but not defined, so its size is not known (its body is not complete yet)"},
	{"struct a { int x; int x; };", `1:23: there is already a member named "x"`},
	{"struct a { int x; union { int y; char x; }; };", `1:19: there is already a member named "x"`},
	{"struct a { int x; }; struct a { int y; };", "1:29: struct a is already defined, or was used above as the guest's"},
	{"struct a { int x[-1]; };", "1:18: an array's length cannot be negative (-1)"},
	{"struct a { int x[1 / 0]; };", "1:20: division by zero"},
	{"struct a { int x[N]; };", "1:18: 'N' is no constant known here; a #define or an enumerator before this line would make it one"},
	{"#define N foo(\nstruct a { int x[N]; };", "2:18: the macro 'N' is no integer constant"},
	{"#define N(x) x\nstruct a { int x[N(2)]; };", "2:18: the macro 'N' takes arguments, which is not supported"},
	{"struct a { char x[1ULL << 48][1ULL << 40]; };", "1:18: the array char [281474976710656][1099511627776] is larger than any memory"},
	{"struct a { char x[1ULL << 60]; };", "1:19: an array of 1152921504606846976 elements is larger than any memory"},
	{"struct a { char x[1ULL << 48]; char y[1ULL << 48]; };", "1:37: the type is larger than any memory (2^48 bytes)"},
	{"struct a { int x : 33; };", "1:16: a bit-field of 33 bits is wider than its type int"},
	{"struct a { float x : 3; };", "1:18: a bit-field cannot be of type float"},
	{"struct a { int x : 0; };", "1:16: a bit-field of no width cannot have a name"},
	{"struct a { void x; };", "1:17: a member cannot be void"},
	{"struct a { int f(int); };", "1:16: a member cannot be a function; a pointer to one is written (*name)(…)"},
	{"struct a { int x[]; int y; };", "1:16: an array without a length must be the last member"},
	{"struct a { int x[][]; };", "1:17: only the first dimension of an array may be left open"},
	{"struct a { int x;", "1:18: the body of a struct or union is not closed: expected '}', found the end"},
	{"struct { int x; } y = { 1 };", "1:21: an initializer has no place here: declarations describe memory, they do not fill it"},
	{"int f(void) { return 1; }", "1:13: a function's body has no place among declarations"},
	{"#ifdef X\nint a;\n#endif", "1:1: #ifdef is not evaluated here: run the source through a preprocessor first (cc -E -P)"},
	{"struct a { int x __attribute__((mode(DI))); };", "1:33: the attribute 'mode' is not supported"},
	{"struct a { int x __aligned(3); };", "1:18: an alignment is a power of two up to 2^28, not 3"},
	{"unsigned float x;", "1:1: 'unsigned float' is no type"},
	{"enum e { A, B = 3, A };", "1:20: the constant 'A' is already defined"},
	{"enum e { 3 };", "1:10: expected an enumerator's name or '}', found '3'"},
	{"enum e { A = 0x1ffffffffffffffff };", "1:14: '0x1ffffffffffffffff' is no integer that fits in 64 bits"},
	{"enum e { A = 1 << 40 };", "1:16: a shift by 40 bits of a value of 32"},
	{"_Static_assert(sizeof(int) == 8, \"no\");", "1:1: the static assertion does not hold: \"no\""},
	{"struct a { int \x01; };", `1:16: unexpected "\x01"`},
	{"struct a { int é; };", `1:16: unexpected "é"`},
	{"\xff\xfe", `1:1: unexpected "\xff\xfe"`},
	{"typedef int a; typedef long a;", "1:29: 'a' is already a typedef of something else"},
	{"struct a { int x; } foo bar;", "1:25: expected ';' after the declaration, found 'bar'"},
	{"struct", "1:7: expected a tag or '{' after 'struct', found the end"},
	{"struct a { typedef int x; };", "1:12: a typedef cannot stand among members"},
	{strings.Repeat("struct {", 200), "1:401: nested deeper than 100 levels"},
	{"int x[" + strings.Repeat("(", 500) + "1];", "1:56: nested deeper than 100 levels"},
	{"int " + strings.Repeat("*", 500) + "x;", "1:106: too many levels of pointers"},
	{"int x" + strings.Repeat("[1]", 500) + ";", "1:306: too many dimensions"},
}

func TestSyntaxErrors(t *testing.T) {
	for _, c := range syntaxErrors {
		got := ""
		if _, err := ParseC(c.src, AMD64, nil); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%.60s\ngot  %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestSyntaxErrorShowsTheLine(t *testing.T) {
	_, err := ParseC("struct a {\n\tint x\n\tchar y;\r\n};", AMD64, nil)
	var e *SyntaxError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if e.Line != 3 || e.Col != 2 || e.Token != "char" || e.Caret() != "\tchar y;\n\t^" {
		t.Errorf("%d:%d %q\n%s", e.Line, e.Col, e.Token, e.Caret())
	}
}

// TestTypesAsCNamesThem parses a type and prints it again.
func TestTypesAsCNamesThem(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"u32", "u32"},
		{"long unsigned int", "unsigned long"},
		{"signed", "int"},
		{"struct foo *", "struct foo *"},
		{"char[16]", "char [16]"},
		{"char *[16][2]", "char *[16][2]"},
		{"char (*)[16]", "char (*)[16]"},
		{"int (*)(void)", "int (*)(void)"},
		{"int (*(*)(int, char *))(struct x *, ...)", "int (*(*)(int, char *))(struct x *, ...)"},
		{"const char *const *", "const char *const *"},
		{"char const volatile", "const volatile char"},
		{"u16be", "u16be"},
		{"void", "void"},
		{"void (*[3])(int (*)(int))", "void (*[3])(int (*)(int))"},
		{"int (int)", "int (int)"},
	} {
		typ, err := ParseType(c.src, AMD64, nil)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
		} else if typ.String() != c.want {
			t.Errorf("%s: got %s, want %s", c.src, typ, c.want)
		}
	}
	for _, bad := range []string{"", "u32 x", "u32;", "foo", "u32 u32", "*", "struct foo {"} {
		if typ, err := ParseType(bad, AMD64, nil); err == nil {
			t.Errorf("%q is %s", bad, typ)
		}
	}
}

// TestDeclarations covers what a list of declarations may hold besides structs.
func TestDeclarations(t *testing.T) {
	set := mustParse(t, `
		#include <stdint.h>
		# 1 "file.c"
		#define LEN 0x10 /* a comment
		   on two lines */
		#define TWICE (LEN * \
			2) // and this /*
		#define EMPTY
		#define __packed __attribute__((__packed__))
		#undef EMPTY
		typedef _Bool bool;
		typedef unsigned char uint8_t;
		typedef uint8_t uint8_t;
		extern int variable, *pointer __attribute__((unused, section(".data")));
		static inline int prototype(struct foo *, int);
		struct forward;
		enum fixed : u8 { F_A, F_B };
		struct s { enum fixed f; uint8_t u8; bool b[TWICE]; struct forward *next; } __packed;
		typedef struct s s_t, *s_p;
	`, AMD64)
	if v, ok := set.Const("TWICE"); !ok || v != 32 {
		t.Errorf("TWICE is %d", v)
	}
	if s := set.Type("s"); s.Size() != 42 {
		t.Errorf("struct s has %d bytes", s.Size())
	}
	if got := set.Main().String(); got != "s_p" {
		t.Errorf("the main type is %s", got)
	}
	var names []string
	for _, d := range set.Decls {
		names = append(names, d.Name)
	}
	const want = "LEN TWICE bool uint8_t uint8_t variable pointer prototype enum fixed F_A F_B struct s s_t s_p"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if line := set.Decls[len(set.Decls)-1].Line; line != 19 {
		t.Errorf("s_p is on line %d", line)
	}
}

func TestKnownTypes(t *testing.T) {
	asked := map[string]int{}
	node := NewStruct("node", AMD64).Field("next", PointerTo(AMD64, nil)).MustType()
	known := func(name string) *Type {
		asked[name]++
		switch name {
		case "struct node":
			return node
		case "pid_t":
			return New(Typedef, "pid_t", AMD64, Def{Elem: AMD64.Base("int")})
		}
		return nil
	}
	set, err := ParseC(`
		struct a { pid_t pid; struct node n; struct lazy *l; struct node *p; };
		struct b { struct late *l; }; struct late { int x; };`, AMD64, known)
	if err != nil {
		t.Fatal(err)
	}
	if asked["struct lazy"] != 0 || asked["struct late"] != 0 {
		t.Error("a type was fetched that only a pointer leads to")
	}
	if size := set.Type("a").Size(); size != 32 {
		t.Errorf("struct a has %d bytes", size)
	}
	l, _ := set.Type("a").Field("l")
	if _, incomplete := l.Type.Elem().Incomplete(); !incomplete || asked["struct lazy"] != 1 {
		t.Error("struct lazy is not known to anyone")
	}
	p, _ := set.Type("a").Field("p")
	if p.Type.Elem().FieldIndex("next") != 0 {
		t.Error("struct node is the known one")
	}
	late, _ := set.Type("b").Field("l")
	if late.Type.Elem() != set.Type("late") {
		t.Error("struct late is the source's own")
	}
}
