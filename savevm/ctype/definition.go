package ctype

import (
	"fmt"
	"slices"
	"strings"
)

// maxLines bounds what is printed of one type or value: unions of unions grow without growing in memory.
const maxLines = 20000

// Definition is the C source of a struct, union, enum or typedef, as pahole prints it: offset and size of each member in bytes, holes
// and padding noted. Structs without a tag are written out where they are used. Other types give their name.
func (t *Type) Definition() string {
	p := &printer{}
	p.define(t, "", "", "", 0)
	return p.out.String()
}

// A printer writes indented lines until there are too many.
type printer struct {
	out   strings.Builder
	lines int
	open  []*Type // the structs and unions that are being written, outermost first
}

// maxNested is how deep structs without a tag are written out in each other: Linux has some six levels.
const maxNested = 16

func (p *printer) line(format string, args ...any) {
	if p.lines++; p.lines > maxLines {
		if p.lines == maxLines+1 {
			p.out.WriteString("/* … more than 20000 lines */\n")
		}
		return
	}
	fmt.Fprintf(&p.out, format, args...)
	p.out.WriteByte('\n')
}

func (p *printer) full() bool { return p.lines > maxLines }

// define writes the definition of a type; tail stands between the brace and the semicolon, note after it.
func (p *printer) define(t *Type, indent, tail, note string, base uint64) {
	switch {
	case t.kind == Typedef:
		if inner := t.Elem(); inner.name == "" && p.inlined(inner) {
			p.define(inner, indent+"typedef ", " "+t.name, note, base)
			return
		}
		p.line("%stypedef %s;%s", indent, t.Elem().Declare(t.name), note)
	case t.kind == Enum:
		p.enum(t, indent, tail, note)
	case t.composite():
		if _, incomplete := t.Incomplete(); incomplete {
			p.line("%s%s%s;%s", indent, t, tail, note)
			return
		}
		p.record(t, indent, tail, note, base)
	default:
		p.line("%s%s%s;%s", indent, t, tail, note)
	}
}

func (p *printer) inlined(t *Type) bool {
	_, incomplete := t.Incomplete()
	return (t.composite() || t.kind == Enum) && !incomplete
}

func (p *printer) enum(t *Type, indent, tail, note string) {
	p.line("%s%s {", indent, tagName(t))
	inner := strings.TrimSuffix(indent, "typedef ")
	for _, e := range t.Enumerators() {
		if p.full() {
			break
		}
		if t.Signed() {
			p.line("%s\t%s = %d,", inner, e.Name, e.Value)
		} else {
			p.line("%s\t%s = %d,", inner, e.Name, uint64(e.Value))
		}
	}
	p.line("%s}%s;%s", inner, tail, note)
}

func tagName(t *Type) string { return strings.TrimRight(t.kind.String()+" "+t.name, " ") }

func (p *printer) record(t *Type, indent, tail, note string, base uint64) {
	p.open = append(p.open, t)
	defer func() { p.open = p.open[:len(p.open)-1] }()
	p.line("%s%s {", indent, tagName(t))
	inner := strings.TrimSuffix(indent, "typedef ")
	end := uint64(0) // bits; where the member before ended
	for _, m := range t.Members() {
		if p.full() {
			break
		}
		if t.kind == Struct {
			p.hole(inner, end, m, t.Partial())
		}
		p.member(m, inner+"\t", base)
		bits := m.BitSize
		if bits == 0 {
			bits = m.Size() * 8
		}
		end = max(end, m.BitOffset+bits)
	}
	if base == 0 && !strings.HasPrefix(inner, "\t") {
		p.line("")
		if t.Partial() {
			p.line("%s\t/* size: %d or more, members that are known: %d */", inner, t.Size(), len(t.Members()))
			p.line("%s}%s;%s", inner, tail, note)
			return
		}
		p.line("%s\t/* size: %d, align: %d, members: %d */", inner, t.Size(), t.Align(), len(t.Members()))
		if size := t.Size() * 8; t.kind == Struct && end < size {
			if bits := (8 - end%8) % 8; bits != 0 {
				p.line("%s\t/* bit_padding: %d bits */", inner, bits)
			}
			if bytes := (size - end) / 8; bytes != 0 {
				p.line("%s\t/* padding: %d */", inner, bytes)
			}
		}
	}
	p.line("%s}%s;%s", inner, tail, note)
}

// hole notes what lies between two members: nothing, or in a partial type what is not known.
func (p *printer) hole(indent string, end uint64, m Member, partial bool) {
	if m.BitOffset <= end {
		return
	}
	gap := m.BitOffset - end
	if partial {
		p.line("\n%s\t/* %d bytes that are not known */\n", indent, gap/8)
		return
	}
	bits := gap
	if m.BitSize == 0 || gap >= 8 {
		bits = (8 - end%8) % 8
	}
	if bits != 0 {
		p.line("\n%s\t/* XXX %d bits hole, try to pack */", indent, bits)
	}
	if bytes := (gap - bits) / 8; bytes != 0 {
		p.line("\n%s\t/* XXX %d bytes hole, try to pack */", indent, bytes)
	}
	p.line("")
}

// pahole's columns.
const (
	typeColumn = 26
	noteColumn = 48
)

func (p *printer) member(m Member, indent string, base uint64) {
	start := base + m.BitOffset
	note := fmt.Sprintf("/* %5d %5d */", start/8, m.Size())
	if m.BitSize != 0 { // pahole tells where the unit of its type lies, and the first bit in it
		unit := start
		if bits := m.Size() * 8; bits != 0 {
			unit -= m.BitOffset % bits
		}
		note = fmt.Sprintf("/* %5d:%2d %2d */", unit/8, start-unit, m.Size())
	}
	inner := m.Type
	for range maxChain {
		if inner.kind != Qualified && inner.kind != Array && inner.kind != Pointer {
			break
		}
		inner = inner.Elem()
	}
	budget := maxSteps
	spec, declarator := m.Type.declare(m.Name, &budget)
	// A damaged type contains itself: written out, it would have no end. Its specifier is struct {…}.
	elided := len(p.open) >= maxNested || slices.Contains(p.open, inner)
	if m.BitSize != 0 {
		declarator += fmt.Sprintf(":%d", m.BitSize)
	}
	narrower := 8 * (len(indent) - 1) // notes stay in one column however deep
	if inner.name == "" && p.inlined(inner) && !(elided && inner.composite()) {
		tail := ""
		if declarator != "" {
			tail = " " + declarator
		}
		pad := max(noteColumn-len(tail)-1-narrower, 1)
		p.define(inner, indent, tail, strings.Repeat(" ", pad)+note, start)
		return
	}
	text := spec
	if declarator != "" {
		text = fmt.Sprintf("%-*s %s", max(typeColumn-narrower, 0), spec, declarator)
	}
	p.line("%s%-*s %s", indent, max(noteColumn-narrower, 0), text+";", note)
}
