package scan

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxMatch is the greatest length of a regular expression's match in bytes.
const MaxMatch = 4096

// maxProgram bounds the instructions of one expression: [a-z]{1000} has some 1000.
const maxProgram = 20000

// Regexp makes a pattern of a regular expression in Go's (RE2's) syntax, matched against bytes: one byte is one character,
// U+0000 to U+00FF, as in JavaScript's binary strings. \xff is the byte ff, "." is any byte but 0a (any at all under (?s)), and
// \w, \d, \s and \b are of ASCII.
//
// Matches are the leftmost ones, do not overlap, and among those with one start the one that Perl and JavaScript would choose. No
// match is longer than [MaxMatch] bytes: longer ones count as not being there, so that .* finds pieces of that length. With
// [Options.Align], a match starts at an aligned address only.
//
// Flags stand in the expression: (?i) ignores case, (?s) lets "." match 0a too, (?m) is for ^ and $, which match at the beginning
// and end of a line and of a run of readable bytes; without (?m) they are refused, as memory has no beginning. Refused too is what
// can match no bytes at all (a*).
//
// Unlike in JavaScript, there are no backreferences and no lookahead or lookbehind; \uXXXX is written \x{XXXX}, and a character above
// U+00FF, which is no byte, is refused: write the bytes of its encoding (\xe2\x82\xac). There is no backtracking:
// the time is linear in the bytes searched, though an expression such as [a-z].{500}x may take some microseconds for each of them.
func Regexp(expr string) (Pattern, error) {
	fault := func(at int, problem string) (Pattern, error) {
		return Pattern{}, &PatternError{clipText(expr), at, problem}
	}
	if len(expr) > MaxPattern {
		return fault(-1, fmt.Sprintf("%d bytes long: the limit is %d", len(expr), MaxPattern))
	}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		if e, ok := errors.AsType[*syntax.Error](err); ok {
			return fault(strings.Index(expr, e.Expr), e.Code.String()+" in "+strconv.Quote(e.Expr)+dialect(e.Code))
		}
		return fault(-1, err.Error())
	}
	if c, problem := unfit(tree); problem != "" {
		at := -1
		if c != 0 {
			at = strings.IndexRune(expr, c)
		}
		return fault(at, problem)
	}
	if matchesEmpty(tree) {
		return fault(-1, "it matches no bytes at all, and so everywhere; use + for *, or {1,} for {0,}")
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return fault(-1, err.Error())
	}
	if len(prog.Inst) > maxProgram {
		return fault(-1, "too large: it unfolds to more than "+strconv.Itoa(maxProgram)+" steps")
	}
	return Pattern{regexp: newProgram(prog), source: expr}, nil
}

// dialect says what the language of scans lacks, where that is likely to be the error.
func dialect(code syntax.ErrorCode) string {
	switch code {
	case syntax.ErrInvalidNamedCapture, syntax.ErrInvalidPerlOp, syntax.ErrInvalidEscape, syntax.ErrInvalidRepeatSize:
		return "; scan's regular expressions are RE2: no lookahead or lookbehind, no backreferences, repeats up to 1000"
	}
	return ""
}

// unfit finds what has a meaning in text and none in memory; c is the character at fault, where it is one.
func unfit(re *syntax.Regexp) (c rune, problem string) {
	switch re.Op {
	case syntax.OpBeginText:
		return 0, "^ and \\A: memory has no beginning; for the beginning of a line, put (?m) in front"
	case syntax.OpEndText:
		return 0, "$ and \\z: memory has no end; for the end of a line, put (?m) in front"
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if r > 0xff {
				return r, fmt.Sprintf("%q is no byte (one byte is one character): write the bytes of its encoding, in UTF-8 %s", r, escaped(r))
			}
		}
	case syntax.OpCharClass:
		if len(re.Rune) == 0 || re.Rune[0] > 0xff {
			return 0, "a class that no byte (00 to ff) is in"
		}
	}
	for _, sub := range re.Sub {
		if c, problem := unfit(sub); problem != "" {
			return c, problem
		}
	}
	return 0, ""
}

func escaped(r rune) string {
	var s strings.Builder
	for _, b := range utf8.AppendRune(nil, r) {
		fmt.Fprintf(&s, `\x%02x`, b)
	}
	return s.String()
}

// matchesEmpty reports whether some match of re has no bytes.
func matchesEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune) == 0
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpNoMatch:
		return false
	case syntax.OpCapture, syntax.OpPlus:
		return matchesEmpty(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min == 0 || matchesEmpty(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if !matchesEmpty(sub) {
				return false
			}
		}
		return true
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if matchesEmpty(sub) {
				return true
			}
		}
		return false
	}
	return true // stars, ?, and assertions
}
