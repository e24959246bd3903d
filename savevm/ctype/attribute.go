package ctype

import (
	"slices"
	"strings"
)

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
