package ctype

import "math"

// tagged parses `struct`, `union` or `enum`, a tag, and a body if there is one.
func (p *parser) tagged() (t *Type, defines bool) {
	word := p.tok.text
	kind := map[string]Kind{"struct": Struct, "union": Union, "enum": Enum}[word]
	p.advance()
	var attr specifiers
	p.attributes(&attr.align, &attr.packed)
	tag := p.tok
	if tag.kind == tokIdent {
		p.advance()
	}
	p.attributes(&attr.align, &attr.packed)
	var underlying *Type
	if kind == Enum && p.is(":") && p.peek().kind == tokIdent {
		p.advance()
		underlying = p.specifiers().typ.Strip()
	}
	hasBody := p.is("{")
	switch {
	case tag.kind != tokIdent && !hasBody:
		p.fail("expected a tag or '{' after '" + word + "', found " + p.tok.quote())
	case !hasBody:
		t := p.reference(kind, word, tag.text)
		return t, p.is(";")
	}
	t = New(kind, "", p.abi, Def{})
	if tag.kind == tokIdent {
		t = p.openTag(kind, word, tag)
	}
	p.advance()
	var def Def
	if kind == Enum {
		def = p.enumBody(attr.packed, underlying)
	} else {
		def = p.structBody(tag, kind == Union, attr)
	}
	def.Incomplete = false
	t.fill, t.def = nil, def
	return t, true
}

// reference is a type by its tag: defined, or to be defined further on or by the known types.
func (p *parser) reference(kind Kind, word, tag string) *Type {
	key := word + " " + tag
	if t := p.types[key]; t != nil {
		return t
	}
	known := p.known
	t := Lazy(kind, tag, p.abi, func() Def { return knownDef(known, key, kind) })
	p.types[key] = t
	return t
}

// knownDef fetches a definition from the known types.
func knownDef(known func(string) *Type, key string, kind Kind) Def {
	t := known(key)
	switch {
	case t == nil:
		return Def{Incomplete: true}
	case t.Strip().kind != kind:
		return Def{Incomplete: true, Reason: "what is known by that name is " + t.String()}
	}
	def := *t.Strip().definition()
	def.Align = t.Align()
	return def
}

// openTag is the type that a body after the tag is about to define.
func (p *parser) openTag(kind Kind, word string, tag token) *Type {
	t := p.reference(kind, word, tag.text)
	if t.fill == nil && !t.def.Incomplete {
		p.failAt(tag, t.String()+" is already defined, or was used above as the guest's")
	}
	// Until the body ends, the type may be pointed to and not be held.
	t.fill, t.def = nil, Def{Incomplete: true, Reason: "its body is not complete yet"}
	p.declare(Decl{Kind: DeclType, Name: word + " " + tag.text, Type: t}, tag)
	return t
}

// structBody parses members up to the closing brace and the attributes after it, and lays them out.
func (p *parser) structBody(tag token, union bool, attr specifiers) Def {
	defer p.nest()()
	p.inner++
	defer func() { p.inner-- }()
	var fields []field
	var places []token
	seen := names{}
	for !p.is("}") {
		if p.tok.kind == tokEOF {
			p.fail("the body of a struct or union is not closed: expected '}', found the end")
		}
		p.memberDeclaration(func(at token, f field) {
			p.check(at, checkField(f))
			p.check(at, seen.add(f))
			fields, places = append(fields, f), append(places, at)
		})
	}
	p.advance()
	p.attributes(&attr.align, &attr.packed)
	rec := record{abi: p.abi, union: union, packed: attr.packed, pack: p.pack}
	for i, f := range fields {
		p.check(places[i], checkFlexible(f, i == len(fields)-1 || union))
		p.check(places[i], rec.add(f))
	}
	def, err := rec.def(attr.align)
	p.check(tag, err)
	return def
}

// checkFlexible refuses `x[]` before the last member. (`x[0]` may stand anywhere.)
func checkFlexible(f field, last bool) error {
	if t := f.typ.Strip(); last || t.kind != Array || t.Len() != FlexibleLen {
		return nil
	}
	return errFlexible
}

// memberDeclaration parses one line of a body and hands on each member in it.
func (p *parser) memberDeclaration(add func(token, field)) {
	if p.accept(";") || p.staticAssert() {
		return
	}
	at := p.tok
	s := p.specifiers()
	if s.typedef {
		p.failAt(at, "a typedef cannot stand among members")
	}
	if p.is(";") || p.is("}") {
		if t := s.typ.Strip(); s.defines && t.composite() && t.name == "" {
			add(at, field{typ: s.typ, bits: -1, align: s.align, packed: s.packed})
		} else if !s.defines {
			p.fail("expected a name for the member, found " + p.tok.quote())
		}
		p.endMember()
		return
	}
	for {
		at := p.tok
		var d declarator
		if p.is(":") {
			d = declarator{typ: s.typ, align: s.align, packed: s.packed}
		} else {
			d = p.declarator(s, false)
			at = d.name
		}
		d.bits = p.bitWidth()
		p.attributes(&d.align, &d.packed)
		add(at, field{name: d.name.text, typ: d.typ, bits: d.bits, align: d.align, packed: d.packed})
		if !p.accept(",") {
			break
		}
	}
	p.endMember()
}

// endMember takes the semicolon, which may be missing only before the brace.
func (p *parser) endMember() {
	if !p.is("}") {
		p.expect(";", "after the member")
	}
}

// bitWidth parses `: width`, -1 when there is none.
func (p *parser) bitWidth() int {
	if !p.accept(":") {
		return -1
	}
	tok := p.tok
	n := p.constant()
	if n.negative() || n.bits > 128 {
		p.failAt(tok, "a bit-field cannot be "+n.String()+" bits wide")
	}
	return int(n.bits)
}

// enumBody parses enumerators and finds the enum's type: GCC's, which is int or unsigned int if all values fit, else long or unsigned
// long; the smallest that fits when packed; the one that C23 lets the source give.
func (p *parser) enumBody(packed bool, underlying *Type) Def {
	defer p.nest()()
	var def Def
	value := number{}
	lowest, highest := int64(0), uint64(0)
	for !p.is("}") {
		name := p.tok
		if name.kind != tokIdent || words[name.text] != 0 {
			p.fail("expected an enumerator's name or '}', found " + name.quote())
		}
		p.advance()
		var none specifiers
		p.attributes(&none.align, &none.packed)
		if p.accept("=") {
			value = p.constant()
		}
		if _, dup := p.consts[name.text]; dup {
			p.failAt(name, "the constant '"+name.text+"' is already defined")
		}
		p.defineConst(name, value)
		def.Enumerators = append(def.Enumerators, Enumerator{Name: name.text, Value: int64(value.bits)})
		if value.negative() {
			lowest = min(lowest, int64(value.bits))
		} else {
			highest = max(highest, value.bits)
		}
		value = value.increment()
		if !p.accept(",") && !p.is("}") {
			p.fail("expected ',' or '}' after an enumerator, found " + p.tok.quote())
		}
	}
	p.advance()
	var align uint64
	p.attributes(&align, &packed)
	def.Size, def.Signed = enumSize(lowest, highest, packed), lowest < 0
	if underlying != nil {
		if k := underlying.kind; k < Bool || k > UInt {
			p.fail("an enum's type is an integer, not " + underlying.String())
		}
		def.Size, def.Signed = underlying.Size(), underlying.Signed()
	}
	if align > p.abi.intAlign(def.Size) {
		def.Align = align
	}
	return def
}

// increment is the value of the next enumerator; it grows where C's would not fit.
func (n number) increment() number {
	n.bits++
	if !n.wide && (n.unsigned && n.bits > math.MaxUint32 || !n.unsigned && int64(n.bits) > math.MaxInt32) {
		n.wide = true
	}
	if n.bits == 1<<63 {
		n.unsigned = true
	}
	return n
}

func enumSize(lowest int64, highest uint64, packed bool) uint64 {
	for _, size := range []uint64{1, 2, 4} {
		if size < 4 && !packed {
			continue
		}
		bits := size * 8
		if lowest < 0 && lowest >= -1<<(bits-1) && highest < 1<<(bits-1) || lowest == 0 && highest < 1<<bits {
			return size
		}
	}
	return 8
}
