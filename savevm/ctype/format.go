package ctype

import (
	"bytes"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Formatting is how a value is printed. The zero value prints as crash's `struct` and gdb do: numbers in decimal, pointers in hex,
// enumerators by name, characters as text, equal elements once.
type Formatting struct {
	Hex         bool                        // integers in hex
	MaxDepth    int                         // structs nested deeper print as {…}; 0: 32
	MaxElements int                         // of one array; the rest prints as …; 0: 200
	Offsets     bool                        // each line begins with the member's offset, [16]
	Address     uint64                      // with Offsets: of the value, so that lines begin with their address instead, [0xffff888003a40010]
	Symbol      func(address uint64) string // what a pointer points to, printed after it in <>; nil or "": nothing
}

// repeatThreshold is how many equal elements are printed one by one, as in gdb ("set print repeats").
const repeatThreshold = 10

// Format prints a value with what is in it.
func (f Formatting) Format(v Value) string {
	if f.MaxDepth == 0 {
		f.MaxDepth = 32
	}
	if f.MaxElements == 0 {
		f.MaxElements = 200
	}
	p := formatter{Formatting: f}
	if k := v.Kind(); k == Struct || k == Union {
		p.lead(0)
		if v.typ.name != "" {
			p.out.WriteString(v.typ.String() + " ")
		}
	}
	p.value(v, 0, 0)
	return p.out.String()
}

// String prints the value as [Formatting.Format] of the zero Formatting does.
func (v Value) String() string { return Formatting{}.Format(v) }

type formatter struct {
	Formatting
	out   strings.Builder
	lines int
}

// lead starts a line with its offset or address, if these are asked for.
func (p *formatter) lead(offset uint64) { p.out.WriteString(p.leadText(offset)) }

func (p *formatter) leadText(offset uint64) string {
	switch {
	case !p.Offsets:
		return ""
	case p.Address != 0:
		return fmt.Sprintf("[%#x] ", p.Address+offset)
	}
	return fmt.Sprintf("%6s ", "["+strconv.FormatUint(offset, 10)+"]")
}

// maxText bounds the text of one value, in bytes.
const maxText = 4 << 20

func (p *formatter) full() bool { return p.lines >= maxLines || p.out.Len() > maxText }

func (p *formatter) newline(depth int, offset uint64) {
	p.lines++
	p.out.WriteByte('\n')
	p.lead(offset)
	p.indent(depth)
}

func (p *formatter) indent(depth int) {
	for range depth {
		p.out.WriteString("  ")
	}
}

// value prints v, which lies offset bytes into the whole.
func (p *formatter) value(v Value, depth int, offset uint64) {
	switch v.Kind() {
	case Struct, Union:
		p.record(v, depth, offset)
	case Array:
		p.array(v, depth, offset)
	default:
		p.out.WriteString(p.scalar(v))
	}
}

func (p *formatter) record(v Value, depth int, offset uint64) {
	members := v.typ.Members()
	switch {
	case len(members) == 0:
		p.out.WriteString("{}")
		return
	case depth >= p.MaxDepth || p.full():
		p.out.WriteString("{…}")
		return
	}
	p.out.WriteByte('{')
	printed := 0
	for _, m := range members {
		if m.Name == "" && !m.Anonymous() {
			continue // padding
		}
		if p.full() {
			p.newline(depth+1, offset+m.Offset())
			p.out.WriteString("…")
			break
		}
		if printed++; printed > 1 {
			p.out.WriteByte(',')
		}
		p.newline(depth+1, offset+m.Offset())
		if m.Name != "" {
			p.out.WriteString(m.Name + " = ")
			p.value(v.Field(m.Name), depth+1, offset+m.Offset())
		} else {
			p.value(one(m, v.data), depth+1, offset+m.Offset())
		}
	}
	p.out.WriteByte('\n')
	p.out.WriteString(strings.Repeat(" ", len(p.leadText(offset))))
	p.indent(depth)
	p.out.WriteByte('}')
}

func (p *formatter) array(v Value, depth int, offset uint64) {
	n, size := v.Len(), v.typ.Elem().Size()
	missing := int64(0) // of an array that could be read in part
	if size != 0 {
		missing = v.typ.Len() - int64(n)
	}
	switch {
	case n == 0 && missing > 0:
		p.out.WriteString(unreadable)
		return
	case v.IsText():
		p.out.WriteString(quoteText(v.data, p.MaxElements))
		p.missing(missing)
		return
	}
	p.out.WriteByte('{')
	for i, printed := 0, 0; i < n; printed++ {
		if i > 0 {
			p.out.WriteString(", ")
		}
		if printed >= p.MaxElements || p.full() {
			fmt.Fprintf(&p.out, "… %d more", n-i)
			break
		}
		p.value(v.Index(i), depth, offset+uint64(i)*size)
		same := repeats(v.data[uint64(i)*size:], int(size))
		if same > repeatThreshold {
			fmt.Fprintf(&p.out, " <repeats %d times>", same)
			i += same
		} else {
			i++
		}
	}
	p.missing(missing)
	p.out.WriteByte('}')
}

// unreadable stands for what memory does not give.
const unreadable = "<unreadable>"

// missing tells how many elements at an array's end could not be read.
func (p *formatter) missing(n int64) {
	if n > 0 {
		fmt.Fprintf(&p.out, ", %s %d more", unreadable, n)
	}
}

// repeats counts how often the first size bytes of data come in a row.
func repeats(data []byte, size int) int {
	n := 1
	for (n+1)*size <= len(data) && bytes.Equal(data[:size], data[n*size:(n+1)*size]) {
		n++
	}
	return n
}

// quoteText prints bytes as a C string, without the NULs that fill up its end.
func quoteText(data []byte, limit int) string {
	data = bytes.TrimRight(data, "\x00")
	more := ""
	if len(data) > limit {
		data, more = data[:limit], "…"
	}
	var out strings.Builder
	out.WriteByte('"')
	for _, c := range data {
		switch {
		case c == '"' || c == '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
		case c == '\n':
			out.WriteString(`\n`)
		case c == '\t':
			out.WriteString(`\t`)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&out, `\%03o`, c)
		default:
			out.WriteByte(c)
		}
	}
	out.WriteByte('"')
	return out.String() + more
}

func (p *formatter) scalar(v Value) string {
	switch v.Kind() {
	case Void:
		return unreadable
	case Func:
		return "{" + v.typ.String() + "}"
	case Bool:
		if v.Uint() > 1 {
			return strconv.FormatUint(v.Uint(), 10)
		}
		return strconv.FormatBool(v.Bool())
	case Float:
		size := 64
		if v.width == 32 {
			size = 32
		}
		return strconv.FormatFloat(v.Float(), 'g', -1, size)
	case Pointer:
		return p.pointer(v.Uint())
	case Enum:
		return p.enum(v)
	case Char:
		if c := byte(v.Uint()); c >= ' ' && c < 0x7f {
			return fmt.Sprintf("%s '%c'", p.integer(v), c)
		}
	}
	return p.integer(v)
}

func (p *formatter) pointer(address uint64) string {
	s := "0x" + strconv.FormatUint(address, 16)
	if p.Symbol != nil {
		if name := p.Symbol(address); name != "" {
			s += " <" + name + ">"
		}
	}
	return s
}

func (p *formatter) integer(v Value) string {
	switch {
	case v.Bits() > 64:
		if p.Hex {
			return fmt.Sprintf("%#x", v.Big())
		}
		return v.Big().String()
	case p.Hex:
		u := v.Uint()
		if w := v.Bits(); w < 64 && w > 0 {
			u &= 1<<w - 1
		}
		return "0x" + strconv.FormatUint(u, 16)
	case v.Signed():
		return strconv.FormatInt(v.Int(), 10)
	}
	return strconv.FormatUint(v.Uint(), 10)
}

// enum prints an enumerator's name, or those of the flags that make up the value, or the number.
func (p *formatter) enum(v Value) string {
	if name, ok := v.Enumerator(); ok {
		return name
	}
	list := v.typ.Enumerators()
	var names []string
	rest := v.Uint()
	for _, e := range list {
		if e.Value != 0 && bits.OnesCount64(uint64(e.Value)) != 1 {
			return p.integer(v) // no set of flags
		}
		if e.Value != 0 && rest&uint64(e.Value) != 0 {
			names = append(names, e.Name)
			rest &^= uint64(e.Value)
		}
	}
	switch {
	case len(names) == 0:
		return p.integer(v)
	case rest != 0:
		names = append(names, "0x"+strconv.FormatUint(rest, 16))
	}
	return "(" + strings.Join(names, " | ") + ")"
}
