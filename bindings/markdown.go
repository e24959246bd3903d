package bindings

import (
	"fmt"
	"strings"
)

// Markdown returns the API's reference, the content of docs/api.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# The JavaScript API

This file is made from the table in package bindings (` + "`go test ./bindings -run Markdown -update`" + `). In the REPL, ` + "`help(x)`" + ` prints the same.

- Addresses, registers, pointers and 64-bit values are BigInt, whatever their value. Lengths, sizes, counts, indexes, offsets in
  files and values of 32 bits or fewer are Number.
- An **Address** argument is a BigInt, a safe integer or a "0x…" string; a **Size** is a Number or a BigInt.
- An interval is given as start and end; end is not part of it, and may be ` + "`2n ** 64n`" + `.
- Byte data is a Uint8Array that the script owns.
- Objects print themselves: String(x) and ` + "`${x}`" + ` give what the console shows.
- What cannot be read throws a MemoryError; a method whose name begins with try gives null instead.

`)
	for _, c := range api {
		switch c.Kind {
		case KindGlobals:
			b.WriteString("## Globals\n\n")
		default:
			fmt.Fprintf(&b, "## %s\n\n", c.Name+c.TypeParams)
		}
		writeMarkdown(&b, c)
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func writeMarkdown(b *strings.Builder, c *Class) {
	b.WriteString(c.Help)
	if c.Extends != "" {
		fmt.Fprintf(b, " Extends %s.", c.Extends)
	}
	if c.Kind == KindOptions {
		b.WriteString(neededMembers(c))
	}
	b.WriteString("\n\n")
	if len(c.Members) == 0 {
		return
	}
	b.WriteString("| | |\n|---|---|\n")
	for i := 0; i < len(c.Members); i++ {
		m := c.Members[i]
		signature := code(m.Signature())
		// Rows without help of their own belong to the one before.
		for i+1 < len(c.Members) && c.Members[i+1].Help == "" && c.Members[i+1].Kind == Property {
			i++
			signature += " " + code(c.Members[i].Name)
		}
		help := m.Help
		for _, a := range m.Args {
			if text := a.describe(); text != "" {
				help += fmt.Sprintf("<br>%s: %s", code(a.Name), text)
			}
		}
		fmt.Fprintf(b, "| %s | %s |\n", signature, strings.ReplaceAll(help, "|", `\|`))
	}
	b.WriteString("\n")
}

// neededMembers tells which members of an object that a script passes in must be there.
func neededMembers(c *Class) string {
	var names []string
	for _, m := range c.Members {
		if !m.Optional {
			names = append(names, code(m.Name))
		}
	}
	if names == nil {
		return " All members are optional."
	}
	return " All members but " + strings.Join(names, " and ") + " are optional."
}

func code(s string) string { return "`" + strings.ReplaceAll(s, "|", `\|`) + "`" }
