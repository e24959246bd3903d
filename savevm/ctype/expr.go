package ctype

import (
	"math"
	"strconv"
	"strings"
)

// A number is the value of a constant expression: the integer types of C that arithmetic knows, int, unsigned, long long, unsigned long
// long (long is one of these).
type number struct {
	bits     uint64 // sign-extended when !unsigned
	unsigned bool
	wide     bool // 64 bits
}

func intNumber(v int64) number {
	return number{bits: uint64(v), wide: v != int64(int32(v))}
}

// wrap reduces the value to its type, as arithmetic does.
func (n number) wrap() number {
	switch {
	case n.wide:
	case n.unsigned:
		n.bits = uint64(uint32(n.bits))
	default:
		n.bits = uint64(int32(n.bits))
	}
	return n
}

// usual are the usual arithmetic conversions (C17 6.3.1.8).
func usual(a, b number) (number, number) {
	wide := a.wide || b.wide
	unsigned := a.unsigned && a.wide == wide || b.unsigned && b.wide == wide
	a.wide, a.unsigned, b.wide, b.unsigned = wide, unsigned, wide, unsigned
	return a.wrap(), b.wrap()
}

func (n number) negative() bool { return !n.unsigned && int64(n.bits) < 0 }

func truth(b bool) number {
	if b {
		return number{bits: 1}
	}
	return number{}
}

// precedence of binary operators (C17 6.5.5 to 6.5.14); the conditional operator is above them all.
var precedence = map[string]int{
	"||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7, ">=": 7, "<<": 8, ">>": 8,
	"+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}

// constant parses an integer constant expression.
func (p *parser) constant() number {
	defer p.nest()()
	cond := p.binary(1)
	if !p.accept("?") {
		return cond
	}
	then := p.constant()
	p.expect(":", "in a conditional expression")
	other := p.constant()
	value := other
	if cond.bits != 0 {
		value = then
	}
	_, value = usual(then, value)
	_, value = usual(other, value)
	return value
}

func (p *parser) binary(level int) number {
	a := p.unary()
	for {
		op := p.tok
		prec := precedence[op.text]
		if op.kind != tokPunct || prec == 0 || prec < level {
			return a
		}
		p.advance()
		b := p.binary(prec + 1)
		var msg string
		if a, msg = operate(op.text, a, b); msg != "" {
			p.failAt(op, msg)
		}
	}
}

func operate(op string, a, b number) (result number, msg string) {
	switch op {
	case "<<", ">>":
		return shift(op, a, b)
	case "&&":
		return truth(a.bits != 0 && b.bits != 0), ""
	case "||":
		return truth(a.bits != 0 || b.bits != 0), ""
	}
	a, b = usual(a, b)
	less := int64(a.bits) < int64(b.bits)
	if a.unsigned {
		less = a.bits < b.bits
	}
	switch op {
	case "==":
		return truth(a.bits == b.bits), ""
	case "!=":
		return truth(a.bits != b.bits), ""
	case "<":
		return truth(less), ""
	case ">=":
		return truth(!less), ""
	case ">":
		return truth(!less && a.bits != b.bits), ""
	case "<=":
		return truth(less || a.bits == b.bits), ""
	case "+":
		a.bits += b.bits
	case "-":
		a.bits -= b.bits
	case "*":
		a.bits *= b.bits
	case "&":
		a.bits &= b.bits
	case "|":
		a.bits |= b.bits
	case "^":
		a.bits ^= b.bits
	case "/", "%":
		return divide(op, a, b)
	}
	return a.wrap(), ""
}

func divide(op string, a, b number) (number, string) {
	switch {
	case b.bits == 0:
		return a, "division by zero"
	case a.unsigned && op == "/":
		a.bits /= b.bits
	case a.unsigned:
		a.bits %= b.bits
	case int64(b.bits) == -1: // the smallest number has no negative
		if a.bits = -a.bits; op == "%" {
			a.bits = 0
		}
	case op == "/":
		a.bits = uint64(int64(a.bits) / int64(b.bits))
	default:
		a.bits = uint64(int64(a.bits) % int64(b.bits))
	}
	return a.wrap(), ""
}

func shift(op string, a, b number) (number, string) {
	width := uint64(32)
	if a.wide {
		width = 64
	}
	switch {
	case b.negative() || b.bits >= width:
		return a, "a shift by " + b.String() + " bits of a value of " + strconv.FormatUint(width, 10)
	case op == "<<":
		a.bits <<= b.bits
	case a.unsigned:
		a.bits >>= b.bits
	default:
		a.bits = uint64(int64(a.bits) >> b.bits)
	}
	return a.wrap(), ""
}

func (n number) String() string {
	if n.unsigned {
		return strconv.FormatUint(n.bits, 10)
	}
	return strconv.FormatInt(int64(n.bits), 10)
}

func (p *parser) unary() number {
	defer p.nest()()
	switch {
	case p.accept("-"):
		n := p.unary()
		n.bits = -n.bits
		return n.wrap()
	case p.accept("+"):
		return p.unary()
	case p.accept("~"):
		n := p.unary()
		n.bits = ^n.bits
		return n.wrap()
	case p.accept("!"):
		return truth(p.unary().bits == 0)
	}
	return p.primary()
}

func (p *parser) primary() number {
	tok := p.tok
	switch tok.kind {
	case tokNumber:
		p.advance()
		n, ok := parseNumber(tok.text, p.abi.LongSize == 8)
		if !ok {
			p.failAt(tok, tok.quote()+" is no integer that fits in 64 bits")
		}
		return n
	case tokChar:
		p.advance()
		return p.charConstant(tok)
	case tokIdent:
		return p.nameInExpr()
	}
	p.expect("(", "or a constant")
	if p.startsType() {
		t := p.typeName()
		p.expect(")", "after the type of a cast")
		return p.cast(tok, p.unary(), t)
	}
	n := p.constant()
	p.expect(")", "to close the parenthesis")
	return n
}

func (p *parser) nameInExpr() number {
	tok := p.tok
	p.advance()
	switch tok.text {
	case "sizeof", "_Alignof", "__alignof__", "alignof", "__alignof":
		p.expect("(", "after "+tok.text+", and a type")
		if !p.startsType() {
			p.fail(tok.text + " takes a type here, found " + p.tok.quote())
		}
		t := p.typeName()
		p.expect(")", "after the type")
		p.check(tok, checkComplete(t))
		if tok.text == "sizeof" {
			return p.sizeNumber(t.Size())
		}
		return p.sizeNumber(t.Align())
	case "offsetof", "__builtin_offsetof":
		return p.offsetof(tok)
	}
	if n, ok := p.consts[tok.text]; ok {
		return n
	}
	if why, ok := p.macros[tok.text]; ok {
		p.failAt(tok, "the macro '"+tok.text+"' "+why)
	}
	p.failAt(tok, "'"+tok.text+"' is no constant known here; a #define or an enumerator before this line would make it one")
	return number{}
}

func (p *parser) offsetof(tok token) number {
	p.expect("(", "after "+tok.text)
	t := p.typeName()
	p.expect(",", "after the type")
	var path strings.Builder
	for p.tok.kind == tokIdent || p.is(".") || p.is("[") || p.is("]") || p.tok.kind == tokNumber {
		path.WriteString(p.tok.text)
		p.advance()
	}
	p.expect(")", "after the member")
	offset, err := Offsetof(t, path.String())
	p.check(tok, err)
	return p.sizeNumber(offset)
}

// sizeNumber is a value of type size_t.
func (p *parser) sizeNumber(n uint64) number {
	return number{bits: n, unsigned: true, wide: p.abi.PointerSize == 8}.wrap()
}

func (p *parser) cast(tok token, n number, t *Type) number {
	t = t.Strip()
	size := t.Size()
	switch {
	case t.kind == Bool:
		return truth(n.bits != 0)
	case !t.scalar() || t.kind == Float || size > 8:
		p.failAt(tok, "a constant cannot be cast to "+t.String())
	}
	drop := 64 - size*8
	if t.Signed() {
		n.bits = uint64(int64(n.bits<<drop) >> drop)
	} else {
		n.bits = n.bits << drop >> drop
	}
	n.wide = size == 8
	n.unsigned = size >= 4 && !t.Signed() // smaller ones are promoted to int
	return n
}

// parseNumber reads an integer literal with its suffixes and gives it the type that C does (C17 6.4.4.1).
func parseNumber(text string, longIsWide bool) (number, bool) {
	digits := strings.TrimRight(text, "uUlL")
	suffix := strings.ToLower(text[len(digits):])
	if len(digits) > 1 && digits[0] == '0' && isDigit(digits[1]) {
		digits = "0o" + digits[1:]
	}
	if strings.Contains(digits, "_") || strings.HasPrefix(digits, "0O") {
		return number{}, false
	}
	v, err := strconv.ParseUint(digits, 0, 64)
	if err != nil {
		return number{}, false
	}
	n := number{bits: v}
	switch suffix {
	case "", "u":
	case "l", "ul", "lu":
		n.wide = longIsWide
	case "ll", "ull", "llu":
		n.wide = true
	default:
		return number{}, false
	}
	decimal := digits[0] != '0' || len(digits) == 1
	n.unsigned = strings.Contains(suffix, "u")
	limit := uint64(math.MaxInt32)
	if n.unsigned || !decimal {
		limit = math.MaxUint32
	}
	n.wide = n.wide || v > limit
	n.unsigned = n.unsigned || !n.wide && v > math.MaxInt32 || v > math.MaxInt64
	return n, true
}

// charConstant is the value of 'a' or an escape.
func (p *parser) charConstant(tok token) number {
	body := tok.text[1 : len(tok.text)-1]
	v, _, tail, err := strconv.UnquoteChar(body, '\'')
	if body == `\0` {
		v, tail, err = 0, "", nil
	}
	if err != nil || tail != "" {
		p.failAt(tok, tok.quote()+" is no character constant")
	}
	if v < 0x100 && !p.abi.UnsignedChar {
		v = int32(int8(v))
	}
	return intNumber(int64(v))
}
