package runtime

import (
	"fmt"
	"math/bits"
	"strings"
)

// HexdumpOptions says how bytes are dumped. The zero value is what Frida prints: a header, 16 bytes a line, text at the right.
type HexdumpOptions struct {
	Address  uint64 // of the first byte
	Width    int    // bytes a line; 0 is 16
	NoHeader bool
	NoASCII  bool
	ANSI     bool // colour: addresses dim, zero bytes dim, text bytes green
	Max      int  // bytes dumped at most, with a line that says how many are left out; 0 is all
}

const (
	ansiReset  = "\x1b[0m"
	ansiDim    = "\x1b[2m"
	ansiGreen  = "\x1b[32m"
	ansiYellow = "\x1b[33m"
	ansiCyan   = "\x1b[36m"
	ansiRed    = "\x1b[31m"
	ansiPurple = "\x1b[35m"
	ansiBold   = "\x1b[1m"
)

const hexDigits = "0123456789abcdef"

// Hexdump formats bytes as Frida does. The result ends without a newline; no bytes give an empty string.
func Hexdump(b []byte, o HexdumpOptions) string {
	if len(b) == 0 {
		return ""
	}
	if o.Width <= 0 {
		o.Width = 16
	}
	left := 0
	if o.Max > 0 && len(b) > o.Max {
		left = len(b) - o.Max
		b = b[:o.Max]
	}
	last := o.Address + uint64(len(b)-1)
	if last < o.Address { // past 2^64
		last = ^uint64(0)
	}
	digits := max(8, (bits.Len64(last)+3)/4)
	var out strings.Builder
	out.Grow((len(b)/o.Width + 2) * (digits + 4*o.Width + 4))
	if !o.NoHeader {
		hexHeader(&out, digits, o)
	}
	for at := 0; at < len(b); at += o.Width {
		if out.Len() > 0 {
			out.WriteByte('\n')
		}
		hexLine(&out, o.Address+uint64(at), digits, b[at:min(at+o.Width, len(b))], o)
	}
	if left > 0 {
		fmt.Fprintf(&out, "\n… %d more bytes", left)
	}
	return out.String()
}

func hexHeader(out *strings.Builder, digits int, o HexdumpOptions) {
	var line strings.Builder
	line.WriteString(strings.Repeat(" ", digits+2))
	for i := range o.Width {
		if i > 0 {
			line.WriteByte(' ')
		}
		fmt.Fprintf(&line, "%2X", i)
	}
	if !o.NoASCII {
		line.WriteString("  ")
		for i := range o.Width {
			line.WriteByte("0123456789ABCDEF"[i%16])
		}
	}
	out.WriteString(paint(o.ANSI, ansiDim, line.String()))
}

func hexLine(out *strings.Builder, address uint64, digits int, b []byte, o HexdumpOptions) {
	out.WriteString(paint(o.ANSI, ansiDim, fmt.Sprintf("%0*x", digits, address)))
	out.WriteString("  ")
	for i := range o.Width {
		if i > 0 && (i < len(b) || !o.NoASCII) {
			out.WriteByte(' ')
		}
		switch {
		case i >= len(b):
			if !o.NoASCII {
				out.WriteString("  ")
			}
		case o.ANSI:
			out.WriteString(paint(true, byteColour(b[i]), string([]byte{hexDigits[b[i]>>4], hexDigits[b[i]&15]})))
		default:
			out.WriteByte(hexDigits[b[i]>>4])
			out.WriteByte(hexDigits[b[i]&15])
		}
	}
	if o.NoASCII {
		return
	}
	out.WriteString("  ")
	text := make([]byte, len(b))
	for i, c := range b {
		if text[i] = c; c < 0x20 || c > 0x7e {
			text[i] = '.'
		}
	}
	out.Write(text)
}

func byteColour(c byte) string {
	switch {
	case c == 0:
		return ansiDim
	case c >= 0x20 && c <= 0x7e:
		return ansiGreen
	case c == 0xff:
		return ansiRed
	}
	return ""
}

func paint(on bool, colour, s string) string {
	if !on || colour == "" {
		return s
	}
	return colour + s + ansiReset
}
