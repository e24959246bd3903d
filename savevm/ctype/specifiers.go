package ctype

import (
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
			" __restrict __restrict__ __user __iomem __rcu __percpu __force __kernel __bitwise __private __must_check __randomize_layout",
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
