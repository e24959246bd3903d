package scan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxPattern is the greatest length of a pattern in bytes.
const MaxPattern = 64 << 10

// A Pattern is what is searched for. The zero Pattern is not valid; make one with [Hex], [Text], [UTF16], [Bytes], [Masked], [Int]
// or [Regexp].
// Patterns do not change and may be used in many scans at once.
type Pattern struct {
	value  []byte // fixed patterns: the bytes wanted, 0 where mask is
	mask   []byte // the bits that count; nil: all
	regexp *program
	source string // as the user wrote it
}

// String returns the pattern as it was written, for messages.
func (p Pattern) String() string { return p.source }

// Must returns p and panics if err is not nil. It is for patterns that the program itself writes.
func Must(p Pattern, err error) Pattern {
	if err != nil {
		panic(err)
	}
	return p
}

// A PatternError tells what is wrong with a pattern.
type PatternError struct {
	Pattern string // as written
	Offset  int    // of the fault in Pattern, in bytes; -1 where it lies in no one place
	Problem string
}

func (e *PatternError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("pattern %q: %s", e.Pattern, e.Problem)
	}
	return fmt.Sprintf("pattern %q, offset %d: %s", e.Pattern, e.Offset, e.Problem)
}

// Hex makes a pattern of hexadecimal digits, where ? stands for any digit: "13 37 ?? ff", "4? ?f", "deadbeef". White space may
// stand between bytes, not within them. At least one digit must be given.
func Hex(s string) (Pattern, error) {
	var value, mask []byte
	fault := func(at int, format string, args ...any) (Pattern, error) {
		return Pattern{}, &PatternError{s, at, fmt.Sprintf(format, args...)}
	}
	for i := 0; i < len(s); {
		if strings.IndexByte(" \t\r\n", s[i]) >= 0 {
			i++
			continue
		}
		var v, m byte
		for j := range 2 {
			at := i + j
			if at >= len(s) || strings.IndexByte(" \t\r\n", s[at]) >= 0 {
				return fault(i, "half a byte: a byte is two digits, each of which may be ?")
			}
			digit := strings.IndexByte("0123456789abcdef", s[at]|0x20)
			switch {
			case s[at] == '?':
				v, m = v<<4, m<<4
			case digit >= 0 && s[at] > 0x20:
				v, m = v<<4|byte(digit), m<<4|0xf
			default:
				r, _ := utf8.DecodeRuneInString(s[at:])
				return fault(at, "%q is no hexadecimal digit and not ?", r)
			}
		}
		value, mask = append(value, v), append(mask, m)
		i += 2
	}
	return fixed(s, value, mask)
}

// Text makes a pattern of the UTF-8 bytes of s.
func Text(s string) (Pattern, error) { return fixed(s, []byte(s), nil) }

// UTF16 makes a pattern of the UTF-16 code units of s (which is UTF-8) in the given byte order, without a byte order mark.
func UTF16(s string, order binary.ByteOrder) (Pattern, error) {
	if !utf8.ValidString(s) {
		return Pattern{}, &PatternError{s, -1, "not valid UTF-8, so it has no UTF-16 form"}
	}
	units := utf16.Encode([]rune(s))
	b := make([]byte, 2*len(units))
	for i, u := range units {
		order.PutUint16(b[2*i:], u)
	}
	return fixed(s, b, nil)
}

// Bytes makes a pattern of b, which is copied.
func Bytes(b []byte) (Pattern, error) { return fixed(fmt.Sprintf("% x", clip(b)), b, nil) }

// Masked makes a pattern that matches where every bit that is set in mask is as in value. Both are of one length, and copied.
func Masked(value, mask []byte) (Pattern, error) {
	source := fmt.Sprintf("% x & % x", clip(value), clip(mask))
	if len(value) != len(mask) {
		return Pattern{}, &PatternError{source, -1, fmt.Sprintf("the value has %d bytes and the mask %d", len(value), len(mask))}
	}
	return fixed(source, value, mask)
}

// clip shortens what is only shown.
func clip(b []byte) []byte { return b[:min(len(b), 64)] }

// Int makes a pattern of an integer of size bytes (1, 2, 4 or 8) in the given byte order. Only bits set in mask count; a mask
// of 0 stands for all of them. To find it at its natural alignment only, set [Options.Align].
func Int(value uint64, size int, order binary.ByteOrder, mask uint64) (Pattern, error) {
	source := fmt.Sprintf("%#x", value)
	if mask != 0 {
		source += fmt.Sprintf(" & %#x", mask)
	}
	if size != 1 && size != 2 && size != 4 && size != 8 {
		return Pattern{}, &PatternError{source, -1, fmt.Sprintf("an integer of %d bytes: it is 1, 2, 4 or 8", size)}
	}
	all := ^uint64(0) >> (64 - 8*size)
	if mask == 0 {
		mask = all
	}
	if value > all || mask > all {
		return Pattern{}, &PatternError{source, -1, fmt.Sprintf("does not fit into %d bits", 8*size)}
	}
	return fixed(source, put(value, size, order), put(mask, size, order))
}

// put is the size low bytes of v.
func put(v uint64, size int, order binary.ByteOrder) []byte {
	b := make([]byte, 8)
	order.PutUint64(b, v)
	if order.Uint16([]byte{0, 1}) == 1 {
		return b[8-size:] // big-endian
	}
	return b[:size]
}

// fixed makes a pattern of fixed length; mask is nil where all bits count.
func fixed(source string, value, mask []byte) (Pattern, error) {
	fault := func(problem string) (Pattern, error) {
		return Pattern{}, &PatternError{clipText(source), -1, problem}
	}
	if len(value) == 0 {
		return fault("empty: it would match everywhere")
	}
	if len(value) > MaxPattern {
		return fault(fmt.Sprintf("%d bytes long: the limit is %d", len(value), MaxPattern))
	}
	p := Pattern{value: append([]byte(nil), value...), source: source}
	exact, wild := true, true
	for _, m := range mask {
		exact = exact && m == 0xff
		wild = wild && m == 0
	}
	if mask == nil || exact {
		return p, nil
	}
	if wild {
		return fault("all wildcards: it would match everywhere")
	}
	p.mask = append([]byte(nil), mask...)
	for i, m := range mask {
		p.value[i] &= m
	}
	return p, nil
}

func clipText(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

var errNoPatterns = errors.New("scan: no patterns to search for")

// check finds what makes a set of patterns unusable.
func check(patterns []Pattern) error {
	if len(patterns) == 0 {
		return errNoPatterns
	}
	for i, p := range patterns {
		if p.value == nil && p.regexp == nil {
			return fmt.Errorf("scan: pattern %d of %d is empty", i, len(patterns))
		}
	}
	return nil
}

// bits is the mask of byte i.
func (p *Pattern) bits(i int) byte {
	if p.mask == nil {
		return 0xff
	}
	return p.mask[i]
}

// at reports whether the fixed pattern stands at text[i:].
func (p *Pattern) at(text []byte, i int) bool {
	if i < 0 || len(text)-i < len(p.value) {
		return false
	}
	text = text[i : i+len(p.value)]
	if p.mask == nil {
		return string(text) == string(p.value)
	}
	for j, m := range p.mask {
		if text[j]&m != p.value[j] {
			return false
		}
	}
	return true
}

// ofByte reports whether the pattern can match where every byte around is b.
func (p *Pattern) ofByte(b byte) bool {
	if p.regexp != nil {
		return p.regexp.ofByte(b)
	}
	for i, v := range p.value {
		if b&p.bits(i) != v {
			return false
		}
	}
	return true
}

// context is how many bytes before and after a start the pattern looks at, the byte at the start not counted.
func (p *Pattern) context() (before, after int) {
	if p.regexp != nil {
		return 1, MaxMatch
	}
	return 0, len(p.value) - 1
}
