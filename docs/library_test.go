package docs

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write library.md anew")

// libraryModules are the modules of svscript/…, each with the files that its functions are in.
var libraryModules = []struct {
	name  string
	files []string
}{
	{"format", nil}, {"collections", nil}, {"heuristics", nil}, {"paging", nil}, {"test", nil},
	{"linux", []string{"linux", "linux-lists", "linux-tasks", "linux-mm", "linux-log", "linux-system"}},
	{"linux-fs", nil}, {"linux-net", nil}, {"linux-stack", nil}, {"linux-slab", nil}, {"linux-irq", nil}, {"linux-timer", nil}, {"linux-bpf", nil},
}

const libraryIntro = `# The bundled library

This file is made from the comments of the modules in scripts/lib (` + "`go test ./docs -run Library -update`" + `). ` + "`require(\"svscript/NAME\")`" + ` or
` + "`import`" + ` loads a module; ` + "`svscript --types DIR`" + ` writes them with their types for an editor.
`

// TestLibraryIsUpToDate: library.md is what the comments say, and says something of each export.
func TestLibraryIsUpToDate(t *testing.T) {
	var b strings.Builder
	b.WriteString(libraryIntro)
	for _, m := range libraryModules {
		if m.files == nil {
			m.files = []string{m.name}
		}
		for i, file := range m.files {
			source, err := os.ReadFile(filepath.Join("../scripts/lib", file+".js"))
			if err != nil {
				t.Fatal(err)
			}
			text := string(source)
			if i == 0 {
				fmt.Fprintf(&b, "\n## svscript/%s\n\n%s\n| | |\n|---|---|\n", m.name, moduleComment(text))
			}
			rows := documented(text)
			if len(rows) == 0 {
				t.Errorf("%s: no export has a comment", file)
			}
			b.WriteString(strings.Join(rows, ""))
		}
	}
	if *update {
		if err := os.WriteFile("library.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, err := os.ReadFile("library.md"); err != nil || string(have) != b.String() {
		t.Errorf("library.md is not up to date: go test ./docs -run Library -update (%v)", err)
	}
}

// moduleComment is the comment at the head of a file, its examples as code.
func moduleComment(source string) string {
	var b strings.Builder
	inCode := false
	for line := range strings.Lines(source) {
		text, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "//")
		if !ok {
			break
		}
		code, isCode := strings.CutPrefix(text, "\t")
		switch {
		case isCode && !inCode:
			b.WriteString("```js\n")
		case !isCode && inCode:
			b.WriteString("```\n")
		}
		if inCode = isCode; !isCode {
			code = strings.TrimPrefix(text, " ")
		}
		b.WriteString(code + "\n")
	}
	if inCode {
		b.WriteString("```\n")
	}
	return b.String()
}

var (
	commented  = regexp.MustCompile(`(?s)/\*\*(.*?)\*/\s*`)
	defined    = regexp.MustCompile(`^(?:async )?(?:function\*? ?|const |class |\*)?(\w+)`)
	function   = regexp.MustCompile(`^(?:async )?(?:function\b|\*?\w+\(|(?:const )?\w+(?: =|:) (?:async )?(?:\(.*\)|\w+) =>)`)
	alias      = regexp.MustCompile(`^\w+: (\w+),`)
	exportOpen = regexp.MustCompile(`^(\t?)(?:return|module\.exports =) \{(.*)$`)
	exported   = regexp.MustCompile(`^\*?(\w+)[:(]`)
	tag        = regexp.MustCompile(`(?:^| )@(param|returns|throws|template|type|typedef|property|overload)\b`)
	names      = regexp.MustCompile(`^[\w, ]+$`)
)

// exports are the names in the objects that a file's module.exports or its functions at the outer level return.
func exports(source string) []string {
	var list []string
	add := func(line string) {
		if m := exported.FindStringSubmatch(line); m != nil {
			list = append(list, m[1])
		} else if names.MatchString(line) {
			list = append(list, strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' })...)
		}
	}
	indent, inside := "", false
	for line := range strings.Lines(source) {
		line = strings.TrimRight(line, "\n")
		if m := exportOpen.FindStringSubmatch(line); m != nil {
			if one, whole := strings.CutSuffix(m[2], "};"); whole {
				add(strings.TrimSpace(one))
			} else {
				indent, inside = m[1], true
			}
		} else if rest, ok := strings.CutPrefix(line, indent+"\t"); inside && ok && !strings.HasPrefix(rest, "\t") {
			add(rest)
		} else if inside && strings.HasPrefix(line, indent+"}") {
			inside = false
		}
	}
	return list
}

// documented are the rows of a file's exports that have a comment, in the file's order.
func documented(source string) (rows []string) {
	public := exports(source)
	for _, at := range commented.FindAllStringSubmatchIndex(source, -1) {
		d := readComment(source[at[2]:at[3]])
		if d.typedef == "-" {
			continue
		}
		if d.typedef == "" {
			m := defined.FindStringSubmatch(source[at[1]:])
			d.callable = function.MatchString(source[at[1]:])
			if m := alias.FindStringSubmatch(source[at[1]:]); m != nil { // of a function?
				d.callable = strings.Contains(source, "function "+m[1]+"(") || strings.Contains(source, "function* "+m[1]+"(")
			}
			if m == nil {
				continue
			}
			i := slices.Index(public, m[1])
			if i < 0 || d.text == "" {
				continue
			}
			public = slices.Delete(public, i, i+1)
			d.signature = m[1] + d.call()
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s |\n", d.signature, strings.ReplaceAll(d.text, "|", `\|`)))
	}
	return rows
}

// A comment is what JSDoc says of a function.
type comment struct {
	signature string
	typedef   string // the object type that is described
	text      string
	params    []string
	callable  bool // as the declaration behind it says
	returns   string
}

// call is "(memory, head[, options]): Generator<bigint>"; empty for what is no function.
func (d comment) call() string {
	s := ""
	if d.callable {
		s = "("
		for i, p := range d.params {
			inner, optional := strings.CutPrefix(p, "[")
			name, _, _ := strings.Cut(strings.TrimSuffix(inner, "]"), "=")
			sep := ""
			if i > 0 {
				sep = ", "
			}
			if optional {
				s += "[" + sep + name + "]"
			} else {
				s += sep + name
			}
		}
		s += ")"
	}
	if d.returns != "" {
		s += ": " + strings.ReplaceAll(d.returns, "|", `\|`)
	}
	return s
}

// readComment splits a comment into its text and its tags.
func readComment(raw string) (d comment) {
	var lines []string
	for _, line := range strings.Split(raw, "\n") {
		lines = append(lines, strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "*")))
	}
	all := strings.TrimSpace(strings.Join(lines, " "))
	parts, tags := tag.Split(all, -1), tag.FindAllStringSubmatch(all, -1)
	d.text = strings.TrimSpace(parts[0])
	for i, m := range tags {
		typ, rest := braced(strings.TrimSpace(parts[i+1]))
		name, help, _ := strings.Cut(rest, " ")
		switch m[1] {
		case "param":
			if strings.HasPrefix(typ, "...") {
				name = "..." + name
			}
			d.params = append(d.params, name)
			if help = strings.TrimSpace(help); help != "" {
				d.text += fmt.Sprintf("<br>`%s`: %s", strings.Trim(name, "[]"), help)
			}
		case "typedef":
			if typ == "object" {
				d.typedef, d.signature = rest, rest
			} else {
				d.typedef = "-"
			}
		case "property":
			d.text += fmt.Sprintf("<br>`%s: %s` %s", strings.Trim(name, "[]"), typ, strings.TrimSpace(help))
		case "throws":
			d.text += "<br>Throws " + typ + " " + rest
		case "returns":
			d.returns = strings.ReplaceAll(typ, ", void>", ">")
			if rest != "" {
				d.text += "<br>Returns: " + rest
			}
		}
	}
	d.text = strings.TrimPrefix(d.text, "<br>")
	return d
}

// braced splits "{type} rest", where the type may have braces of its own.
func braced(s string) (inside, rest string) {
	depth := 0
	for i, r := range s {
		switch r {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return s[1:i], strings.TrimSpace(s[i+1:])
			}
		}
		if depth == 0 {
			break
		}
	}
	return "", s
}
