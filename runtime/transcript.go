package runtime

import (
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
)

// Transcript makes a script of a REPL's inputs. [Host.Eval] lets a variable be declared again, which a script may not: the later
// declarations become assignments, and a const that they assign to a let. An input that goja's parser does not know, as TypeScript, stays
// as it is.
func Transcript(inputs []string) string {
	parsed := make([]*ast.Program, len(inputs))
	times := map[string]int{}
	for i, input := range inputs {
		// In an async function, so that await is known.
		prg, err := parseEval(evalAsyncStart + input + evalAsyncEnd)
		if err != nil || asyncBody(prg) == nil {
			continue
		}
		parsed[i] = prg
		for _, s := range asyncBody(prg).List {
			for _, name := range declaredNames(s) {
				times[name]++
			}
		}
	}
	var b strings.Builder
	declared := map[string]bool{}
	for i, input := range inputs {
		if parsed[i] != nil {
			input = redeclared(evalAsyncStart+input, parsed[i], times, declared)[len(evalAsyncStart):]
		}
		if input != "" && strings.ContainsRune("([`+-/", rune(input[0])) { // would go on with the input before
			b.WriteByte(';')
		}
		b.WriteString(input + "\n")
	}
	return b.String()
}

// redeclared is an input without declarations of what is declared already. It adds what the input declares.
func redeclared(text string, prg *ast.Program, times map[string]int, declared map[string]bool) string {
	at := func(i file.Idx) int { return int(i) - prg.File.Base() }
	var edits []edit
	for _, s := range asyncBody(prg).List {
		names := declaredNames(s)
		again := slices.ContainsFunc(names, func(name string) bool { return declared[name] })
		var added []string
		for _, name := range names {
			if !declared[name] {
				added = append(added, name)
			}
			declared[name] = true
		}
		var list []*ast.Binding
		keyword := "var"
		switch s := s.(type) {
		case *ast.LexicalDeclaration:
			list, keyword = s.List, s.Token.String()
		case *ast.VariableStatement:
			list = s.List
		case *ast.FunctionDeclaration, *ast.ClassDeclaration:
			if again {
				edits = append(edits, edit{at(s.Idx0()), at(s.Idx0()), names[0] + " = "}, edit{at(s.Idx1()), at(s.Idx1()), ";"})
			}
			continue
		default:
			continue
		}
		from := at(s.Idx0())
		switch {
		case again:
			edits = append(edits, assignments(text, from, keyword, list, added, at)...)
		case keyword == "const" && slices.ContainsFunc(names, func(name string) bool { return times[name] > 1 }):
			edits = append(edits, edit{from, from + len(keyword), "let"})
		}
	}
	return applyEdits(text, edits)
}

// assignments makes a declaration's bindings assignments; the names that it adds are declared before.
func assignments(text string, from int, keyword string, list []*ast.Binding, added []string, at func(file.Idx) int) []edit {
	start := from + len(keyword)
	start += len(text[start:]) - len(strings.TrimLeft(text[start:], " \t"))
	head, tail := "", ""
	if len(added) > 0 {
		head = "let " + strings.Join(added, ", ") + "; "
	}
	if _, ok := list[0].Target.(*ast.Identifier); !ok { // a pattern would begin a block, or go on with the line before
		head += ";("
		tail = ")"
	}
	edits := []edit{{from, start, head}}
	for _, b := range list {
		if b.Initializer == nil && keyword != "var" { // let x; is undefined anew, var x; is what it was
			edits = append(edits, edit{at(b.Target.Idx1()), at(b.Target.Idx1()), " = undefined"})
		}
	}
	end := at(list[len(list)-1].Idx1())
	return append(edits, edit{end, end, tail})
}

// declaredNames are what a statement declares.
func declaredNames(s ast.Statement) []string {
	var list []*ast.Binding
	switch s := s.(type) {
	case *ast.LexicalDeclaration:
		list = s.List
	case *ast.VariableStatement:
		list = s.List
	case *ast.FunctionDeclaration:
		return []string{s.Function.Name.Name.String()}
	case *ast.ClassDeclaration:
		return []string{s.Class.Name.Name.String()}
	}
	var names []string
	for _, b := range list {
		names = append(names, boundNames(b.Target)...)
	}
	return names
}
