package ctype

import (
	"fmt"
	"slices"
	"sort"
)

// DeclKind tells what a declaration declares.
type DeclKind uint8

const (
	DeclType     DeclKind = iota // a struct, union or enum with its tag
	DeclTypedef                  //
	DeclConst                    // an enumerator or an integer macro
	DeclVariable                 // a variable or a function
)

// A Decl is one thing that C source declares.
type Decl struct {
	Kind   DeclKind
	Name   string // "struct foo" for a tag; else the plain name
	Type   *Type  // nil for a constant
	Value  int64  // of a constant; the bits of one above the int64 range
	Line   int    // from 1
	Nested bool   // stands in the body of a struct or union
}

// A Set is what C source declares.
type Set struct {
	Decls   []Decl // in order
	unnamed *Type  // the last struct, union or enum at the outer level that has no name at all
	types   map[string]*Type
	consts  map[string]int64
}

// Type finds a type by typedef name or by tag, "list_head" or "struct list_head"; nil when the source does not define it.
func (s *Set) Type(name string) *Type {
	for _, prefix := range []string{"", "struct ", "union ", "enum "} {
		if t := s.types[prefix+name]; t != nil {
			return t
		}
	}
	return nil
}

// Const finds an enumerator or an integer macro.
func (s *Set) Const(name string) (int64, bool) {
	v, ok := s.consts[name]
	return v, ok
}

// Main is the type that the source is about: the last that it declares at the outer level, one with a name if it can be; nil when it
// declares none.
func (s *Set) Main() *Type {
	for _, d := range slices.Backward(s.Decls) {
		if (d.Kind == DeclType || d.Kind == DeclTypedef) && !d.Nested {
			return d.Type
		}
	}
	return s.unnamed
}

// Bounds on what source may ask for.
const (
	maxSource  = 4 << 20 // bytes
	maxNesting = 100     // of structs, parentheses, pointers and dimensions
)

// ParseC reads C declarations: structs, unions, enums, typedefs, prototypes and variables, with GCC's attributes packed and aligned,
// _Alignas, #pragma pack and #define of integer constants. Integers of all widths are known under C's names, stdint's and the kernel's
// (u32, __le16, …); __be32 and u32be read big-endian on any machine. Known, which may be nil, is asked for the types that the source
// uses and does not define: by typedef name ("pid_t") or with its tag ("struct list_head"); a tag only when its definition is needed.
// #include is passed over; conditional compilation is an error. The error is a [*SyntaxError].
func ParseC(src string, abi *ABI, known func(name string) *Type) (*Set, error) {
	p := newParser(src, abi, known)
	err := p.run(func() {
		for p.tok.kind != tokEOF {
			p.externalDeclaration()
		}
	})
	return p.set, err
}

// ParseType reads one type as a cast would name it: "u32", "struct list_head *", "char [16]", "void (*)(int)".
func ParseType(src string, abi *ABI, known func(name string) *Type) (*Type, error) {
	p := newParser(src, abi, known)
	var t *Type
	err := p.run(func() {
		t = p.typeName()
		if p.tok.kind != tokEOF {
			p.fail("expected one type, found " + p.tok.quote() + " after it")
		}
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// A parser reads declarations by recursive descent. An error unwinds it to run.
type parser struct {
	abi   *ABI
	known func(string) *Type
	base  map[string]*Type

	lex   lexer
	tok   token // the current one
	depth int
	inner int // bodies of structs around it

	newlines []int // where the lines end, for line

	set     *Set
	types   map[string]*Type // "foo" for typedefs, "struct foo" for tags
	consts  map[string]number
	foreign map[string]*Type  // what known has answered, nil included
	macros  map[string]string // macros that are no constants, and why
	pack    uint64            // #pragma pack in force; 0: none
	packs   []uint64          // what #pragma pack(push) has put aside
}

// A bailout unwinds the parser.
type bailout struct {
	tok token
	msg string
}

func newParser(src string, abi *ABI, known func(string) *Type) *parser {
	if known == nil {
		known = func(string) *Type { return nil }
	}
	types := map[string]*Type{}
	return &parser{
		abi: abi, known: known, base: abi.baseTypes(), lex: lexer{src: src, end: len(src), lineStart: true},
		set: &Set{types: types, consts: map[string]int64{}}, types: types, consts: map[string]number{}, foreign: map[string]*Type{}, macros: map[string]string{},
	}
}

// run parses with body and turns its bailout into an error.
func (p *parser) run(body func()) (err error) {
	failure := p.try(func() {
		if len(p.lex.src) > maxSource {
			p.fail(fmt.Sprintf("the source is longer than %d bytes", maxSource))
		}
		p.advance()
		body()
	})
	if failure != nil {
		p.set = nil
		return syntaxError(p.lex.src, failure.tok, failure.msg)
	}
	return nil
}

// try runs body and catches its bailout.
func (p *parser) try(body func()) (failure *bailout) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case bailout:
			failure = &r
		default:
			panic(r)
		}
	}()
	body()
	return nil
}

func (p *parser) fail(msg string) { p.failAt(p.tok, msg) }

func (p *parser) failAt(tok token, msg string) { panic(bailout{tok, msg}) }

// check fails at tok when there is an error.
func (p *parser) check(tok token, err error) {
	if err != nil {
		p.failAt(tok, err.Error())
	}
}

// nest counts one level of nesting; what it returns leaves the level.
func (p *parser) nest() func() {
	if p.depth++; p.depth > maxNesting {
		p.fail(fmt.Sprintf("nested deeper than %d levels", maxNesting))
	}
	return p.unnest
}

func (p *parser) unnest() { p.depth-- }

// advance moves to the next token; directives between tokens are obeyed on the way.
func (p *parser) advance() {
	for {
		p.tok = p.lex.next()
		switch p.tok.kind {
		case tokDirective:
			p.directive(p.tok)
		case tokBad:
			p.fail(fmt.Sprintf("unexpected %q", p.tok.text))
		default:
			return
		}
	}
}

func (p *parser) is(punct string) bool {
	return p.tok.text == punct && (p.tok.kind == tokPunct || p.tok.kind == tokIdent)
}

func (p *parser) accept(text string) bool {
	if !p.is(text) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(text, where string) {
	if !p.accept(text) {
		p.fail(fmt.Sprintf("expected '%s' %s, found %s", text, where, p.tok.quote()))
	}
}

// peek is the token after the current one.
func (p *parser) peek() token {
	ahead := p.lex
	return ahead.next()
}

// line is the number of a token's line, from 1.
func (p *parser) line(tok token) int {
	if p.newlines == nil {
		for i := range len(p.lex.src) {
			if p.lex.src[i] == '\n' {
				p.newlines = append(p.newlines, i)
			}
		}
		p.newlines = append(p.newlines, len(p.lex.src))
	}
	return sort.SearchInts(p.newlines, tok.pos) + 1
}

// declare records a declaration. C knows no scope within a struct: what is declared there is known outside too.
func (p *parser) declare(d Decl, tok token) {
	d.Line, d.Nested = p.line(tok), p.inner > 0
	p.set.Decls = append(p.set.Decls, d)
}

func (p *parser) defineConst(tok token, n number) {
	p.consts[tok.text] = n
	p.set.consts[tok.text] = int64(n.bits)
	p.declare(Decl{Kind: DeclConst, Name: tok.text, Value: int64(n.bits)}, tok)
}

// externalDeclaration parses up to and with the semicolon.
func (p *parser) externalDeclaration() {
	if p.accept(";") {
		return
	}
	if p.staticAssert() {
		return
	}
	spec := p.specifiers()
	if p.is(";") || p.tok.kind == tokEOF && spec.defines { // the last semicolon may be left out
		if spec.defines && spec.typ.Strip().name == "" {
			p.set.unnamed = spec.typ
		}
		p.accept(";")
		return
	}
	for {
		d := p.declarator(spec, false)
		if p.is("{") {
			p.fail("a function's body has no place among declarations")
		}
		if p.is("=") {
			p.fail("an initializer has no place here: declarations describe memory, they do not fill it")
		}
		p.declareName(spec, d)
		if !p.accept(",") {
			break
		}
	}
	if p.tok.kind == tokEOF && spec.typedef {
		return
	}
	p.expect(";", "after the declaration")
}

func (p *parser) declareName(spec specifiers, d declarator) {
	if !spec.typedef {
		p.declare(Decl{Kind: DeclVariable, Name: d.name.text, Type: d.typ}, d.name)
		return
	}
	name := d.name.text
	align := max(spec.align, d.align)
	t := New(Typedef, name, p.abi, Def{Elem: d.typ, Align: align}) // unlike elsewhere, here aligned may also lower the alignment
	if old := p.types[name]; old != nil && old.Strip() != t.Strip() && !sameShape(old, t) {
		p.failAt(d.name, "'"+name+"' is already a typedef of something else")
	}
	p.types[name] = t
	p.declare(Decl{Kind: DeclTypedef, Name: name, Type: t}, d.name)
}

// sameShape tells whether a repeated typedef may stand, as C11 allows when both name the same type.
func sameShape(a, b *Type) bool {
	return a.Elem().String() == b.Elem().String() && a.Size() == b.Size() && a.Align() == b.Align()
}

// staticAssert parses _Static_assert(condition, "text"); and checks it.
func (p *parser) staticAssert() bool {
	tok := p.tok
	if tok.text != "_Static_assert" && tok.text != "static_assert" {
		return false
	}
	p.advance()
	p.expect("(", "after "+tok.text)
	n := p.constant()
	msg := ""
	if p.accept(",") && p.tok.kind == tokString {
		msg = ": " + p.tok.text
		p.advance()
	}
	p.expect(")", "after the assertion")
	p.expect(";", "after the assertion")
	if n.bits == 0 {
		p.failAt(tok, "the static assertion does not hold"+msg)
	}
	return true
}
