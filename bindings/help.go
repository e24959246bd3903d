package bindings

import (
	"fmt"
	"io"
	"strings"

	"github.com/dop251/goja"
)

func printHelp(c call) goja.Value {
	text := overview()
	if c.has(0) {
		text = c.b.Help(c.Argument(0))
	}
	_, err := io.WriteString(c.b.host.Config().Stdout, text+"\n")
	c.b.must(err)
	return goja.Undefined()
}

// Help is what the table says about a value: an object or class of the API, one of its functions, or a name in a string.
func (b *Bindings) Help(v goja.Value) string {
	if s, ok := v.(goja.String); ok {
		return helpByName(s.String())
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return "There is no help on " + given(v) + ". " + hint
	}
	if m, ok := b.members[o]; ok {
		if m.member == nil {
			return helpClass(m.class)
		}
		return helpMember(m.class, m.member)
	}
	if ctor, ok := o.Get("constructor").(*goja.Object); ok { // inherited
		if m, ok := b.members[ctor]; ok {
			return helpClass(m.class)
		}
	}
	return "There is no help on " + given(v) + ". " + hint
}

const hint = `help() gives an overview, help("Memory") a class, help("Memory.read") a method.`

func overview() string {
	var b strings.Builder
	b.WriteString("Globals\n")
	writeMembers(&b, classNamed(""))
	b.WriteString("Classes\n")
	for _, c := range api {
		if c.Kind == KindClass {
			fmt.Fprintf(&b, "  %-12s %s\n", c.Name, firstSentence(c.Help))
		}
	}
	b.WriteString(hint)
	return b.String()
}

func firstSentence(s string) string {
	if i := strings.Index(s, ". "); i >= 0 {
		return s[:i+1]
	}
	return s
}

// helpByName finds "Memory", "Memory.read", "vm.read", "read" and "open".
func helpByName(name string) string {
	class, member, dotted := strings.Cut(name, ".")
	if class == "vm" {
		class = "VM"
	}
	if !dotted {
		if c := classNamed(class); c != nil && class != "" {
			return helpClass(c)
		}
		if m, ok := Lookup("", class); ok {
			return helpMember(classNamed(""), m)
		}
		var found []string
		for _, c := range api {
			for _, m := range c.Members {
				if m.Name == class && c.Kind == KindClass {
					found = append(found, helpMember(c, m))
				}
			}
		}
		if len(found) > 0 {
			return strings.Join(found, "\n")
		}
		return fmt.Sprintf("There is no help on %q. %s", name, hint)
	}
	for c := classNamed(class); c != nil && class != ""; c = classNamed(c.Extends) {
		for _, m := range c.Members {
			if m.Name == member {
				return helpMember(c, m)
			}
		}
		if c.Extends == "" {
			break
		}
	}
	return fmt.Sprintf("There is no help on %q. %s", name, hint)
}

func helpClass(c *Class) string {
	var b strings.Builder
	b.WriteString(c.Name + c.TypeParams)
	if c.Extends != "" {
		b.WriteString(" extends " + c.Extends)
	}
	b.WriteString("\n  " + c.Help + "\n")
	writeMembers(&b, c)
	if c.Extends != "" {
		b.WriteString("and all of " + c.Extends + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

func writeMembers(b *strings.Builder, c *Class) {
	for _, m := range c.Members {
		name := m.Name
		if m.Kind != Property {
			name += "(" + argNames(m.Args) + ")"
		}
		fmt.Fprintf(b, "  %-38s %s\n", name, firstSentence(m.Help))
	}
}

func helpMember(c *Class, m *Member) string {
	var b strings.Builder
	if c.Name != "" && m.Kind != Constructor {
		b.WriteString(c.Name + ".")
	}
	b.WriteString(m.Signature() + "\n  " + m.Help)
	for _, a := range m.Args {
		fmt.Fprintf(&b, "\n  %s: %s", a.Name, a.Type)
		if a.Help != "" {
			b.WriteString(", " + a.Help)
		}
		if a.Default != "" {
			b.WriteString("; " + a.Default + " when left out")
		}
		if o := classNamed(a.Type); o != nil && o.Kind == KindOptions {
			for _, m := range o.Members {
				fmt.Fprintf(&b, "\n    %-12s %s", m.Name, m.Help)
			}
		}
	}
	return b.String()
}

// Signature tells how a function of the API is called, "Memory.read(address, length): Uint8Array  The bytes, as a copy."; it is empty
// for other values.
func (b *Bindings) Signature(v goja.Value) string {
	o, _ := v.(*goja.Object)
	row := b.members[o]
	if o == nil || row.member == nil || row.member.Kind == Property {
		return ""
	}
	text := row.member.Signature()
	if row.class.Name != "" {
		text = row.class.Name + "." + text
	}
	return text + "  " + row.member.Help
}
