package ctype

import (
	"fmt"
	"strings"
)

// A SyntaxError is what is wrong with C declarations, and where.
type SyntaxError struct {
	Line, Col int    // from 1; Col counts bytes
	Token     string // what was found there; "" at the end
	Msg       string
	Source    string // the line itself
}

// Error gives "line:col: what was wrong".
func (e *SyntaxError) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Col, e.Msg) }

// Caret gives the line of the source and, beneath it, a caret at the place.
func (e *SyntaxError) Caret() string {
	pad := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, e.Source[:min(max(e.Col-1, 0), len(e.Source))])
	return e.Source + "\n" + pad + "^"
}

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokIdent
	tokNumber
	tokChar   // 'a'
	tokString // "text"
	tokPunct
	tokDirective // a whole line that starts with #
	tokBad
)

// A token is a piece of the source: src[pos:pos+len(text)].
type token struct {
	kind tokenKind
	text string
	pos  int
}

// quote names the token in an error message.
func (t token) quote() string {
	switch t.kind {
	case tokEOF:
		return "the end"
	case tokDirective:
		return "a # directive"
	}
	if len(t.text) > 40 {
		return fmt.Sprintf("%q…", t.text[:40])
	}
	return "'" + t.text + "'"
}

// A lexer cuts C into tokens. It lexes src[pos:end]; positions are those in src.
type lexer struct {
	src       string
	pos, end  int
	lineStart bool // nothing but blanks since the last newline
}

// puncts are the operators of more than one character that declarations and constant expressions use.
var puncts = []string{"...", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "##", "->"}

func (l *lexer) next() token {
	l.skipBlanks()
	start := l.pos
	if start >= l.end {
		return token{kind: tokEOF, pos: l.end}
	}
	kind, n := l.measure()
	l.pos = min(start+n, l.end)
	l.lineStart = false
	return token{kind: kind, text: l.src[start:l.pos], pos: start}
}

// measure tells what starts at pos and how long it is.
func (l *lexer) measure() (tokenKind, int) {
	s := l.src[l.pos:l.end]
	c := s[0]
	switch {
	case isIdentStart(c):
		return tokIdent, span(s, isIdent)
	case isDigit(c):
		return tokNumber, span(s, func(c byte) bool { return isIdent(c) || c == '.' })
	case c == '\'':
		return quoted(s, tokChar)
	case c == '"':
		return quoted(s, tokString)
	case c == '#' && l.lineStart:
		return tokDirective, logicalLine(s)
	case c >= 0x80 || c < ' ':
		return tokBad, span(s, func(c byte) bool { return c >= 0x80 || c < ' ' })
	}
	for _, p := range puncts {
		if strings.HasPrefix(s, p) {
			return tokPunct, len(p)
		}
	}
	return tokPunct, 1
}

// skipBlanks moves past white space, comments and joined lines.
func (l *lexer) skipBlanks() {
	for l.pos < l.end {
		s := l.src[l.pos:l.end]
		switch {
		case s[0] == '\n':
			l.lineStart = true
			l.pos++
		case s[0] == ' ' || s[0] == '\t' || s[0] == '\r' || s[0] == '\f' || s[0] == '\v':
			l.pos++
		case strings.HasPrefix(s, "\\\n"):
			l.pos += 2
		case strings.HasPrefix(s, "\\\r\n"):
			l.pos += 3
		case strings.HasPrefix(s, "//"):
			l.pos += indexOr(s, "\n", len(s))
		case strings.HasPrefix(s, "/*"):
			l.pos += 2 + indexOr(s[2:], "*/", len(s)) + 2
		default:
			return
		}
	}
	l.pos = min(l.pos, l.end)
}

// logicalLine is the length of the line, continued where a backslash ends it, up to its newline.
func logicalLine(s string) int {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\n':
			return i
		case strings.HasPrefix(s[i:], "\\\n"):
			i++
		case strings.HasPrefix(s[i:], "\\\r\n"):
			i += 2
		case strings.HasPrefix(s[i:], "//"):
			return i + indexOr(s[i:], "\n", len(s)-i)
		case strings.HasPrefix(s[i:], "/*"): // a comment may span lines
			i += 2 + indexOr(s[i+2:], "*/", len(s)) + 1
		}
	}
	return len(s)
}

func quoted(s string, kind tokenKind) (tokenKind, int) {
	for i := 1; i < len(s) && s[i] != '\n'; i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return kind, i + 1
		}
	}
	return tokBad, 1
}

func span(s string, in func(byte) bool) int {
	n := 1
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func indexOr(s, substr string, none int) int {
	if i := strings.Index(s, substr); i >= 0 {
		return i
	}
	return none
}

func isDigit(c byte) bool      { return c >= '0' && c <= '9' }
func isIdentStart(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$' }
func isIdent(c byte) bool      { return isIdentStart(c) || isDigit(c) }

// syntaxError locates an error in the source.
func syntaxError(src string, tok token, msg string) *SyntaxError {
	pos := min(tok.pos, len(src))
	start := strings.LastIndexByte(src[:pos], '\n') + 1
	line := src[start:]
	line = line[:indexOr(line, "\n", len(line))]
	return &SyntaxError{
		Line: strings.Count(src[:pos], "\n") + 1, Col: pos - start + 1, Token: tok.text, Msg: msg,
		Source: strings.TrimRight(line, "\r"),
	}
}
