package ctype

import "fmt"

// directive obeys a line that starts with '#'.
func (p *parser) directive(line token) {
	outer, tok := p.lex, p.tok
	p.lex = lexer{src: p.lex.src, pos: line.pos + 1, end: line.pos + len(line.text)}
	p.advance()
	word := p.tok
	switch word.text {
	case "define":
		p.advance()
		p.define()
	case "undef":
		p.advance()
		delete(p.consts, p.tok.text)
		delete(p.macros, p.tok.text)
	case "pragma":
		p.advance()
		p.pragma()
	case "include", "ident", "warning", "line", "": // what <stdint.h> and its like would bring is known
	default:
		if word.kind == tokNumber { // a preprocessor's line marker
			break
		}
		p.failAt(line, fmt.Sprintf("#%s is not evaluated here: run the source through a preprocessor first (cc -E -P)", word.text))
	}
	p.lex, p.tok = outer, tok
}

// define makes an integer constant of a macro whose body is one, and remembers why another is none.
func (p *parser) define() {
	name := p.tok
	if name.kind != tokIdent {
		p.fail("expected a name after #define, found " + p.tok.quote())
	}
	after := name.pos + len(name.text)
	functionLike := after < p.lex.end && p.lex.src[after] == '('
	if functionLike {
		p.macros[name.text] = "takes arguments, which is not supported"
		return
	}
	ahead := p.lex
	if ahead.next().kind == tokEOF {
		p.macros[name.text] = "is empty"
		return
	}
	depth := p.depth
	failure := p.try(func() {
		p.advance()
		n := p.constant()
		if p.tok.kind != tokEOF {
			p.fail("more than a constant")
		}
		delete(p.macros, name.text)
		p.defineConst(name, n)
	})
	if failure != nil {
		p.depth = depth
		delete(p.consts, name.text)
		p.macros[name.text] = "is no integer constant"
	}
}

// pragma obeys #pragma pack as GCC does ("Structure-Layout Pragmas"): pack(n), pack(), pack(push[, n]), pack(pop). Others pass.
func (p *parser) pragma() {
	if p.tok.text != "pack" {
		return
	}
	p.advance()
	p.expect("(", "after #pragma pack")
	if p.is(")") {
		p.pack = 0 // back to the default
	}
	for !p.is(")") {
		tok := p.tok
		switch {
		case p.accept("push"):
			if len(p.packs) >= maxNesting {
				p.failAt(tok, "too many #pragma pack(push)")
			}
			p.packs = append(p.packs, p.pack)
		case p.accept("pop"):
			if len(p.packs) == 0 {
				p.failAt(tok, "#pragma pack(pop) without a push before it")
			}
			p.pack = p.packs[len(p.packs)-1]
			p.packs = p.packs[:len(p.packs)-1]
		default:
			n := p.constant()
			if n.bits > 16 || n.bits&(n.bits-1) != 0 {
				p.failAt(tok, "#pragma pack takes 1, 2, 4, 8 or 16, not "+n.String())
			}
			p.pack = n.bits
		}
		if !p.accept(",") && !p.is(")") {
			p.fail("expected ',' or ')' in #pragma pack, found " + p.tok.quote())
		}
	}
}
