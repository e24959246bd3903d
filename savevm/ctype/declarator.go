package ctype

import (
	"fmt"
	"slices"
)

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
