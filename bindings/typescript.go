package bindings

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/svscript/svscript/savevm/paging"
)

// hostTypes declares what package runtime gives to every script: the console, timers, modules.
//
//go:embed host.d.ts
var hostTypes string

// TypeScript returns the declarations of the whole API, for a file svscript.d.ts. They are valid under tsc --strict with the
// library ES2023 and no other types.
func TypeScript() string {
	var b strings.Builder
	b.WriteString("// Declarations of svscript's API. Written by svscript --types.\n\n")
	for _, t := range typeAliases() {
		fmt.Fprintf(&b, "%stype %s = %s;\n\n", jsdoc("", t.help), t.name, t.definition)
	}
	b.WriteString(elementTypesDeclaration())
	for _, c := range api {
		switch c.Kind {
		case KindGlobals:
			writeGlobals(&b, c)
		case KindClass:
			writeClass(&b, c)
		default:
			writeInterface(&b, c)
		}
	}
	b.WriteString("interface CPU extends X86Registers, ARM64Registers, RISCV64Registers {}\n\n")
	b.WriteString(hostTypes)
	return b.String()
}

type typeAlias struct{ name, definition, help string }

func typeAliases() []typeAlias {
	modes := make([]string, 0, 16)
	for _, m := range paging.Modes() {
		modes = append(modes, fmt.Sprintf("%q", m))
	}
	return []typeAlias{
		{"Address", "bigint | number | string", `An address as an argument: a BigInt, a safe integer, or a string "0x…".`},
		{"Size", "number | bigint", "A length or a count."},
		{"PagingMode", strings.Join(modes, " | "), "How virtual addresses are translated."},
		{"Pattern", "string | RegExp | ArrayBufferView | ArrayBuffer | PatternObject",
			`What scan searches for: "13 37 ?? ff" is bytes in hex, any other string its UTF-8.`},
		{"StructFields", "StructValue & { readonly [field: string]: any }", "A struct in memory with its fields as properties."},
	}
}

func elementTypesDeclaration() string {
	var b strings.Builder
	b.WriteString(jsdoc("", "The typed arrays of readArray, by the name of their elements.") + "interface ElementTypes {\n")
	for _, e := range elementTypes {
		fmt.Fprintf(&b, "  %s: %s;\n", e.name, e.array)
	}
	b.WriteString("}\n\n")
	return b.String()
}

func jsdoc(indent, help string) string {
	if help == "" {
		return ""
	}
	return indent + "/** " + strings.ReplaceAll(help, "*/", "* /") + " */\n"
}

func jsdocMember(indent string, m *Member) string {
	var args []string
	for _, a := range m.Args {
		if text := a.describe(); text != "" {
			args = append(args, indent+" * @param "+a.Name+" "+text+"\n")
		}
	}
	if len(args) == 0 {
		return jsdoc(indent, m.Help)
	}
	return indent + "/**\n" + indent + " * " + m.Help + "\n" + strings.Join(args, "") + indent + " */\n"
}

// describe is an argument's help with its default.
func (a Arg) describe() string {
	if a.Default == "" {
		return a.Help
	}
	if a.Help == "" {
		return a.Default + " when left out"
	}
	return a.Help + "; " + a.Default + " when left out"
}

func tsArgs(args []Arg) string {
	list := make([]string, len(args))
	for i, a := range args {
		name := a.Name
		switch {
		case a.Rest:
			name = "..." + name
		case a.optional():
			name += "?"
		}
		list[i] = name + ": " + a.Type
	}
	return strings.Join(list, ", ")
}

// tsSignatures are the ways to call a row, without its name.
func tsSignatures(m *Member) []string {
	if len(m.Overloads) == 0 {
		return []string{m.TypeParams + "(" + tsArgs(m.Args) + "): " + m.Type}
	}
	var list []string
	for _, o := range m.Overloads {
		list = append(list, o.TypeParams+"("+tsArgs(o.Args)+"): "+o.Type)
	}
	return list
}

func writeGlobals(b *strings.Builder, c *Class) {
	for _, m := range c.Members {
		b.WriteString(jsdocMember("", m))
		if m.Kind == Property {
			fmt.Fprintf(b, "declare const %s: %s;\n\n", m.Name, m.Type)
			continue
		}
		for _, s := range tsSignatures(m) {
			fmt.Fprintf(b, "declare function %s%s;\n", m.Name, s)
		}
		b.WriteString("\n")
	}
}

func writeClass(b *strings.Builder, c *Class) {
	b.WriteString(jsdoc("", c.Help))
	fmt.Fprintf(b, "declare class %s%s", c.Name, c.TypeParams)
	if c.Extends != "" {
		b.WriteString(" extends " + c.Extends)
	}
	b.WriteString(" {\n")
	constructed := false
	for _, m := range c.Members {
		if m.Kind == Constructor {
			constructed = true
		}
	}
	if !constructed && c.Extends == "" {
		b.WriteString("  protected constructor();\n")
	}
	for _, m := range c.Members {
		b.WriteString(jsdocMember("  ", m))
		switch m.Kind {
		case Constructor:
			fmt.Fprintf(b, "  constructor(%s);\n", tsArgs(m.Args))
		case Property:
			fmt.Fprintf(b, "  readonly %s: %s;\n", m.Name, m.Type)
		default:
			for _, s := range tsSignatures(m) {
				fmt.Fprintf(b, "  %s%s;\n", m.Name, s)
			}
		}
	}
	b.WriteString("}\n\n")
}

func writeInterface(b *strings.Builder, c *Class) {
	b.WriteString(jsdoc("", c.Help))
	fmt.Fprintf(b, "interface %s%s", c.Name, c.TypeParams)
	if c.Extends != "" {
		b.WriteString(" extends " + c.Extends)
	}
	b.WriteString(" {\n")
	for _, m := range c.Members {
		b.WriteString(jsdocMember("  ", m))
		switch {
		case m.Kind == Property && m.Optional:
			fmt.Fprintf(b, "  %s?: %s | undefined;\n", m.Name, m.Type)
		case m.Kind == Property:
			fmt.Fprintf(b, "  %s: %s;\n", m.Name, m.Type)
		default:
			for _, s := range tsSignatures(m) {
				fmt.Fprintf(b, "  %s%s;\n", m.Name, s)
			}
		}
	}
	b.WriteString("}\n\n")
}
