package ctype

import (
	"fmt"
	"slices"
	"strings"
)

// specifiers are what stands before the declarators: the type, and what else is said about all of them.
type specifiers struct {
	typ     *Type
	typedef bool
	defines bool   // the type is a struct, union or enum that is declared right here
	align   uint64 // 0: none
	packed  bool
}

// words are the identifiers that mean something before or among declarators.
var words = map[string]wordClass{}

type wordClass uint8

const (
	wordIgnored   wordClass = iota + 1 // storage classes and annotations that do not change the layout
	wordQualifier                      //
	wordBase                           // part of a name like "unsigned long"
	wordTag                            // struct, union, enum
	wordAttribute                      // __attribute__, _Alignas and the kernel's short forms
	wordTypedef                        //
)

func init() {
	for class, list := range map[wordClass]string{
		wordIgnored: "extern static inline __inline __inline__ register auto _Noreturn _Thread_local __thread __extension__ _Atomic restrict" +
			" __restrict __restrict__ __user __iomem __rcu __percpu __force __kernel __bitwise __private __must_check __randomize_layout __cacheline_group_begin",
		wordQualifier: "const __const __const__ volatile __volatile __volatile__",
		wordBase:      "void char short int long signed __signed__ __signed unsigned float double _Bool __int128",
		wordTag:       "struct union enum",
		wordAttribute: "__attribute__ __attribute _Alignas alignas __packed __aligned",
		wordTypedef:   "typedef",
	} {
		for word := range strings.FieldsSeq(list) {
			words[word] = class
		}
	}
}

// startsType tells whether the current token begins a type's name.
func (p *parser) startsType() bool {
	if p.tok.kind != tokIdent {
		return false
	}
	switch words[p.tok.text] {
	case wordQualifier, wordBase, wordTag, wordAttribute, wordIgnored:
		return true
	}
	return p.named(p.tok.text) != nil
}

// named finds a type by its plain name: the source's own, then those that need no declaration, then the known ones.
func (p *parser) named(name string) *Type {
	if t := p.types[name]; t != nil {
		return t
	}
	if t := p.base[name]; t != nil {
		return t
	}
	return p.ask(name)
}

func (p *parser) ask(name string) *Type {
	t, asked := p.foreign[name]
	if !asked {
		t = p.known(name)
		p.foreign[name] = t
	}
	return t
}

// specifiers parses declaration specifiers in any order: `static const unsigned long`, `long const unsigned`, `struct foo {…}`.
func (p *parser) specifiers() specifiers {
	defer p.nest()()
	var s specifiers
	var base []string
	var quals uint8
	first := p.tok
	for p.tok.kind == tokIdent {
		tok := p.tok
		class := words[tok.text]
		named := s.typ != nil || len(base) > 0
		switch {
		case class == wordIgnored:
			p.advance()
		case class == wordTypedef:
			s.typedef = true
			p.advance()
		case class == wordQualifier:
			quals |= qualifier(tok.text)
			p.advance()
		case class == wordAttribute:
			p.attribute(&s.align, &s.packed)
		case class == wordBase && s.typ == nil:
			if base = append(base, baseWord(tok.text)); len(base) > 5 {
				p.fail("too many words for a type")
			}
			p.advance()
		case class == wordTag && !named:
			s.typ, s.defines = p.tagged()
		case class == 0 && !named && p.named(tok.text) != nil:
			s.typ = p.named(tok.text)
			p.advance()
		case class == 0 && named:
			goto done // the declarator's name
		case class == 0:
			p.failUnknown(tok)
		default:
			p.fail("unexpected " + tok.quote() + " after a type")
		}
	}
done:
	if len(base) > 0 {
		s.typ = p.baseType(first, base)
	}
	if s.typ == nil {
		p.fail("expected a type, found " + p.tok.quote())
	}
	s.typ = p.qualify(s.typ, quals)
	return s
}

func baseWord(word string) string {
	if strings.HasPrefix(word, "__signed") {
		return "signed"
	}
	return word
}

func (p *parser) failUnknown(tok token) {
	if why, ok := p.macros[tok.text]; ok {
		p.failAt(tok, "the macro '"+tok.text+"' "+why+", so it cannot stand here")
	}
	for _, tag := range []string{"struct ", "union ", "enum "} {
		if p.types[tag+tok.text] != nil || p.ask(tag+tok.text) != nil {
			p.failAt(tok, "unknown type name '"+tok.text+"'; did you mean '"+tag+tok.text+"'?")
		}
	}
	p.failAt(tok, "unknown type name '"+tok.text+"'")
}

const (
	qualConst    = 1
	qualVolatile = 2
)

var qualNames = [...]string{qualConst: "const", qualVolatile: "volatile", qualConst | qualVolatile: "const volatile"}

func qualifier(word string) uint8 {
	if strings.Contains(word, "const") {
		return qualConst
	}
	return qualVolatile
}

func (p *parser) qualify(t *Type, quals uint8) *Type {
	if quals == 0 {
		return t
	}
	return New(Qualified, qualNames[quals], p.abi, Def{Elem: t})
}

// baseSpellings are all the ways to say C's types of several words, each with its words sorted (C17 6.7.2).
var baseSpellings = map[string]string{}

func init() {
	for name, spellings := range map[string]string{
		"void": "void", "char": "char", "signed char": "signed char", "unsigned char": "unsigned char", "_Bool": "_Bool",
		"short":              "short, short int, signed short, signed short int",
		"unsigned short":     "unsigned short, unsigned short int",
		"int":                "int, signed, signed int",
		"unsigned int":       "unsigned, unsigned int",
		"long":               "long, long int, signed long, signed long int",
		"unsigned long":      "unsigned long, unsigned long int",
		"long long":          "long long, long long int, signed long long, signed long long int",
		"unsigned long long": "unsigned long long, unsigned long long int",
		"__int128":           "__int128, signed __int128", "unsigned __int128": "unsigned __int128",
		"float": "float", "double": "double", "long double": "long double",
	} {
		for spelling := range strings.SplitSeq(spellings, ", ") {
			baseSpellings[sortedWords(strings.Fields(spelling))] = name
		}
	}
}

func sortedWords(list []string) string { return strings.Join(slices.Sorted(slices.Values(list)), " ") }

// baseType finds the type that words like {"long", "unsigned", "int"} name.
func (p *parser) baseType(at token, list []string) *Type {
	t := p.base[baseSpellings[sortedWords(list)]]
	if t == nil {
		p.failAt(at, "'"+strings.Join(list, " ")+"' is no type")
	}
	return t
}

// attribute parses one attribute and keeps what changes a layout.
func (p *parser) attribute(align *uint64, packed *bool) {
	word := p.tok
	p.advance()
	switch word.text {
	case "__packed":
		*packed = true
	case "__aligned":
		p.alignAttribute(word, align)
	case "_Alignas", "alignas":
		p.expect("(", "after "+word.text)
		if p.startsType() {
			*align = max(*align, p.typeName().Align())
		} else if n := p.constant(); n.bits != 0 {
			p.setAlign(word, align, n)
		}
		p.expect(")", "after the alignment")
	default:
		p.expect("(", "after "+word.text)
		p.expect("(", "after "+word.text)
		for !p.is(")") {
			p.oneAttribute(align, packed)
			if !p.accept(",") && !p.is(")") {
				p.fail("expected ',' or ')' among attributes, found " + p.tok.quote())
			}
		}
		p.advance()
		p.expect(")", "after the attributes")
	}
}

// layoutAttributes would change the layout in ways that are not supported; all others may be passed over.
var layoutAttributes = []string{"mode", "vector_size", "ms_struct", "gcc_struct", "scalar_storage_order", "transparent_union_size"}

func (p *parser) oneAttribute(align *uint64, packed *bool) {
	name := p.tok
	if name.kind != tokIdent {
		if p.is(",") {
			return // an empty one
		}
		p.fail("expected an attribute's name, found " + name.quote())
	}
	p.advance()
	switch plain := strings.TrimSuffix(strings.TrimPrefix(name.text, "__"), "__"); {
	case plain == "packed":
		*packed = true
	case plain == "aligned":
		p.alignAttribute(name, align)
	case slices.Contains(layoutAttributes, plain):
		p.failAt(name, "the attribute '"+plain+"' is not supported")
	case p.is("("):
		p.skipParens()
	}
}

func (p *parser) alignAttribute(at token, align *uint64) {
	if !p.accept("(") {
		*align = max(*align, orDefault(p.abi.MaxAlign, 16))
		return
	}
	if p.startsType() {
		p.fail("expected a number of bytes, found " + p.tok.quote())
	}
	p.setAlign(at, align, p.constant())
	p.expect(")", "after the alignment")
}

func (p *parser) setAlign(at token, align *uint64, n number) {
	p.check(at, checkAlign(n.bits))
	*align = max(*align, n.bits)
}

// skipParens passes over a balanced (…).
func (p *parser) skipParens() {
	for depth := 0; ; p.advance() {
		switch {
		case p.tok.kind == tokEOF:
			p.fail("a parenthesis is not closed")
		case p.is("("):
			depth++
		case p.is(")"):
			if depth--; depth == 0 {
				p.advance()
				return
			}
		}
	}
}

// attributes parses any attributes that stand here; qualifiers and annotations pass.
func (p *parser) attributes(align *uint64, packed *bool) {
	for p.tok.kind == tokIdent {
		switch words[p.tok.text] {
		case wordAttribute:
			p.attribute(align, packed)
		case wordIgnored:
			p.advance()
		default:
			if p.tok.text == "__asm__" || p.tok.text == "asm" {
				p.advance()
				p.skipParens()
				continue
			}
			return
		}
	}
}

// A declarator is a name and the type that pointers, dimensions and parameters make of the specifiers' type.
type declarator struct {
	name   token // kind tokEOF for an abstract one
	typ    *Type
	bits   int // width of a bit-field; -1: none
	align  uint64
	packed bool
}

// A modifier is one step of a declarator, in the order in which C reads: from the name outwards.
type modifier struct {
	kind   Kind // Pointer, Array or Func
	quals  uint8
	len    int64
	params []Member
	dots   bool
	at     token
}

// declarator parses a declarator and applies it. An abstract one has no name.
func (p *parser) declarator(s specifiers, abstract bool) declarator {
	d := declarator{bits: -1, align: s.align, packed: s.packed}
	var mods []modifier
	p.directDeclarator(&d, &mods, abstract)
	p.attributes(&d.align, &d.packed)
	d.typ = s.typ
	for _, m := range slices.Backward(mods) {
		d.typ = p.modify(d.typ, m)
	}
	if !abstract && d.name.kind != tokIdent {
		p.fail("expected a name, found " + p.tok.quote())
	}
	return d
}

func (p *parser) directDeclarator(d *declarator, mods *[]modifier, abstract bool) {
	defer p.nest()()
	p.attributes(&d.align, &d.packed)
	var pointers []modifier
	for p.is("*") {
		m := modifier{kind: Pointer, at: p.tok}
		p.advance()
		for {
			p.attributes(&d.align, &d.packed)
			if words[p.tok.text] != wordQualifier || p.tok.kind != tokIdent {
				break
			}
			m.quals |= qualifier(p.tok.text)
			p.advance()
		}
		pointers = append(pointers, m)
		if len(pointers) > maxNesting {
			p.fail("too many levels of pointers")
		}
	}
	switch {
	case p.tok.kind == tokIdent && (words[p.tok.text] == 0 || words[p.tok.text] == wordIgnored):
		d.name = p.tok
		p.advance()
	case p.is("(") && !p.opensParams(abstract):
		p.advance()
		p.directDeclarator(d, mods, abstract)
		p.expect(")", "to close the declarator")
	case !abstract && !p.is(":"):
		p.fail("expected a name, found " + p.tok.quote())
	}
	p.suffixes(mods)
	slices.Reverse(pointers)
	*mods = append(*mods, pointers...)
}

// opensParams tells the parenthesis of an abstract function `(int)` from that of a nested declarator `(*)(int)`.
func (p *parser) opensParams(abstract bool) bool {
	if !abstract {
		return false
	}
	next := p.peek()
	if next.kind != tokIdent {
		return next.text == ")"
	}
	return words[next.text] != wordAttribute && (words[next.text] != 0 || p.named(next.text) != nil)
}

func (p *parser) suffixes(mods *[]modifier) {
	for {
		m := modifier{at: p.tok}
		switch {
		case p.accept("["):
			m.kind, m.len = Array, FlexibleLen
			for words[p.tok.text] == wordQualifier || words[p.tok.text] == wordIgnored {
				p.advance()
			}
			if !p.is("]") {
				m.len = p.arrayLen()
			}
			p.expect("]", "after the array's length")
		case p.accept("("):
			m.kind = Func
			m.params, m.dots = p.params()
		default:
			return
		}
		if *mods = append(*mods, m); len(*mods) > maxNesting {
			p.failAt(m.at, "too many dimensions")
		}
	}
}

func (p *parser) arrayLen() int64 {
	tok := p.tok
	n := p.constant()
	switch {
	case n.negative():
		p.failAt(tok, "an array's length cannot be negative ("+n.String()+")")
	case n.bits > maxSize:
		p.failAt(tok, "an array of "+n.String()+" elements is larger than any memory")
	}
	return int64(n.bits)
}

// params parses a function's parameters after the opening parenthesis.
func (p *parser) params() (list []Member, dots bool) {
	if p.accept(")") {
		return nil, false
	}
	for {
		if p.accept("...") {
			dots = true
			break
		}
		d := p.declarator(p.specifiers(), true)
		list = append(list, Member{Name: d.name.text, Type: d.typ})
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", "after the parameters")
	if len(list) == 1 && !dots && list[0].Name == "" && list[0].Type.kind == Void {
		list = nil
	}
	return list, dots
}

// modify applies one step of a declarator to the type behind it.
func (p *parser) modify(t *Type, m modifier) *Type {
	switch m.kind {
	case Pointer:
		return p.qualify(PointerTo(p.abi, t), m.quals)
	case Func:
		if k := t.Strip().kind; k == Array || k == Func {
			p.failAt(m.at, "a function cannot return "+t.String())
		}
		return New(Func, "", p.abi, Def{Elem: t, Members: m.params, Variadic: m.dots})
	}
	if k := t.Strip().kind; k == Void || k == Func {
		p.failAt(m.at, "an array cannot be made of "+t.String())
	}
	if t.Strip().kind == Array && t.Strip().Len() == FlexibleLen {
		p.failAt(m.at, "only the first dimension of an array may be left open")
	}
	p.check(m.at, checkComplete(t))
	array := New(Array, "", p.abi, Def{Elem: t, Len: m.len})
	if array.Size() > maxSize {
		p.failAt(m.at, fmt.Sprintf("the array %s is larger than any memory", array))
	}
	return array
}

// typeName parses a type without a name, as in a cast or sizeof.
func (p *parser) typeName() *Type {
	s := p.specifiers()
	at := p.tok
	d := p.declarator(s, true)
	if d.name.kind == tokIdent {
		p.failAt(at, "expected a type without a name, found "+d.name.quote())
	}
	return d.typ
}
