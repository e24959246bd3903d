package runtime

import (
	"context"
	"errors"
	"regexp"
	"sort"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/evanw/esbuild/pkg/api"
)

// evalName names the REPL's input in messages.
const evalName = "<repl>"

// Eval evaluates a REPL's input and returns its value; a promise is returned, not awaited. Variables declared at the top level by let,
// const and class become globals and may be declared again; await works at the top level, and so do import
// statements. TypeScript's annotations are taken away.
func (h *Host) Eval(ctx context.Context, code string) (v goja.Value, err error) {
	in, err := prepareEval(code)
	if err != nil {
		return nil, err
	}
	err = h.run(ctx, func(ctx context.Context) error {
		h.sources[evalName] = source{evalName, code, in.prefix}
		for _, name := range in.globals {
			if h.rt.GlobalObject().Get(name) == nil {
				_ = h.rt.GlobalObject().Set(name, goja.Undefined())
			}
		}
		if v, err = h.rt.RunProgram(in.prog); err != nil {
			return err
		}
		if !in.async {
			return h.drain(ctx)
		}
		v, err = h.await(ctx, v)
		if o, ok := v.(*goja.Object); err == nil && ok { // [value]: a list, so that a promise that is the value stays one
			v = o.Get("0")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// evalInput is a REPL's input ready to run.
type evalInput struct {
	prog    *goja.Program
	async   bool     // its value is a promise of a list of one
	globals []string // to be declared before
	prefix  int
}

const (
	evalAsyncStart = "(async()=>{"
	evalAsyncEnd   = "\n})()"
)

// prepareEval rewrites top-level declarations: as a script where the input is one; as the body of an async function where it awaits.
// Both keep the lines and, but for the first line of an async body, the columns of what was typed.
func prepareEval(code string) (evalInput, error) {
	// An object literal at the start of a statement would be a block.
	if text := strings.TrimSpace(code); strings.HasPrefix(text, "{") && !strings.HasSuffix(text, ";") {
		if in, err := prepareScript("(" + code + "\n)"); err == nil {
			in.prefix = 1
			return in, nil
		}
	}
	in, scriptErr := prepareScript(code)
	if scriptErr == nil {
		return in, nil
	}
	if strings.Contains(code, "await") || moduleSyntax.MatchString(code) || strings.Contains(code, "import(") {
		lowered, err := lowerImports(code)
		if err == nil {
			if in, err := prepareScript(lowered); err == nil {
				return in, nil
			}
			if in, err := prepareAsync(lowered); err == nil {
				return in, nil
			}
		}
	}
	// Perhaps it is only newer than goja's parser, or TypeScript.
	r := stripTypes(code, api.LoaderJS)
	if len(r.Errors) > 0 {
		typed := stripTypes(code, api.LoaderTS)
		if len(typed.Errors) > 0 {
			return evalInput{}, translateError(evalName, code, r.Errors[0])
		}
		r = typed
	}
	if in, err := prepareScript(string(r.Code)); err == nil {
		return in, nil
	}
	if in, err := prepareAsync(string(r.Code)); err == nil {
		return in, nil
	}
	return evalInput{}, scriptErr
}

// stripTypes is esbuild's view of an input, on as many lines where it can.
func stripTypes(code string, loader api.Loader) api.TransformResult {
	o := transformOptions(loader)
	o.Format = api.FormatDefault
	return api.Transform(code, o)
}

// importClause is an import statement that names what it imports, perhaps over several lines.
var importClause = regexp.MustCompile(`(?m)^[ \t]*import\b[^;"'()]*\bfrom\s*["'][^"'\n]*["']`)

// lowerImports turns import statements and import() into require, and leaves the rest alone.
func lowerImports(code string) (string, error) {
	if !moduleSyntax.MatchString(code) && !strings.Contains(code, "import(") {
		return code, nil
	}
	code = importClause.ReplaceAllStringFunc(code, func(s string) string { // on one line, and as many lines as before
		return strings.ReplaceAll(s, "\n", " ") + ";" + strings.Repeat("\n", strings.Count(s, "\n"))
	})
	lines := strings.Split(code, "\n")
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		if !strings.HasPrefix(trimmed, "import ") && !strings.HasPrefix(trimmed, "import{") && !strings.HasPrefix(trimmed, `import"`) {
			continue
		}
		statement, rest, _ := strings.Cut(trimmed, ";")
		lowered, err := lowerImport(statement)
		if err != nil {
			return "", err
		}
		lines[i] = lowered + ";" + rest
	}
	return strings.ReplaceAll(strings.Join(lines, "\n"), "import(", "__import("), nil
}

// lowerImport is one import statement as declarations.
func lowerImport(statement string) (string, error) {
	clause, from, ok := strings.Cut(strings.TrimPrefix(statement, "import"), " from ")
	if !ok {
		clause, from, ok = strings.Cut(strings.TrimPrefix(statement, "import"), "}from")
		clause += "}"
		if !ok {
			return "require(" + strings.TrimSpace(strings.TrimPrefix(statement, "import")) + ")", nil
		}
	}
	req := "require(" + strings.TrimSpace(from) + ")"
	var out []string
	clause = strings.TrimSpace(clause)
	if !strings.HasPrefix(clause, "{") && !strings.HasPrefix(clause, "*") {
		name, rest, _ := strings.Cut(clause, ",")
		out = append(out, "var "+strings.TrimSpace(name)+" = __default("+req+")")
		clause = strings.TrimSpace(rest)
	}
	if name, ok := strings.CutPrefix(clause, "*"); ok {
		name = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(name), "as "))
		out = append(out, "var "+name+" = "+req)
	} else if clause != "" {
		out = append(out, "var "+strings.ReplaceAll(clause, " as ", ": ")+" = "+req)
	}
	return strings.Join(out, "; "), nil
}

// edit replaces a piece of text.
type edit struct {
	from, to int
	text     string
}

func applyEdits(text string, edits []edit) string {
	sort.SliceStable(edits, func(i, j int) bool { return edits[i].from < edits[j].from })
	var b strings.Builder
	at := 0
	for _, e := range edits {
		if e.from < at {
			continue
		}
		b.WriteString(text[at:e.from])
		b.WriteString(e.text)
		at = e.to
	}
	b.WriteString(text[at:])
	return b.String()
}

func parseEval(code string) (*ast.Program, error) {
	return parser.ParseFile(nil, evalName, code, 0, parser.WithDisableSourceMaps)
}

// prepareScript makes let and const into var, and class declarations into assignments to a var.
func prepareScript(code string) (evalInput, error) {
	prg, err := parseEval(code)
	if err != nil {
		return evalInput{}, parseError(evalName, code, err, 0)
	}
	at := func(i file.Idx) int { return int(i) - prg.File.Base() }
	var edits []edit
	for _, s := range prg.Body {
		switch s := s.(type) {
		case *ast.LexicalDeclaration:
			from := at(s.Idx)
			edits = append(edits, edit{from, from + len(s.Token.String()), "var" + strings.Repeat(" ", len(s.Token.String())-3)})
			if strings.HasPrefix(s.Token.String(), "let") { // let x; is undefined anew, var x; is what it was
				for _, b := range s.List {
					if id, ok := b.Target.(*ast.Identifier); ok && b.Initializer == nil {
						edits = append(edits, edit{at(id.Idx1()), at(id.Idx1()), "=undefined"})
					}
				}
			}
		case *ast.ClassDeclaration:
			if s.Class.Name != nil {
				edits = append(edits, edit{at(s.Idx0()), at(s.Idx0()), "var " + s.Class.Name.Name.String() + "="},
					edit{at(s.Idx1()), at(s.Idx1()), ";"})
			}
		}
	}
	text := applyEdits(code, edits)
	prog, err := compileText(evalName, text)
	if err != nil {
		return evalInput{}, parseError(evalName, code, err, 0)
	}
	return evalInput{prog: prog}, nil
}

// prepareAsync makes the input the body of an async function: declarations become assignments to globals, and the last expression is
// returned, in a list.
func prepareAsync(code string) (evalInput, error) {
	wrapped := evalAsyncStart + code + evalAsyncEnd
	prg, err := parseEval(wrapped)
	if err != nil {
		return evalInput{}, parseError(evalName, code, err, len(evalAsyncStart))
	}
	body := asyncBody(prg)
	if body == nil {
		return evalInput{}, errors.New("not one function")
	}
	at := func(i file.Idx) int { return int(i) - prg.File.Base() }
	in := evalInput{async: true, prefix: len(evalAsyncStart)}
	var edits []edit
	declare := func(idx file.Idx, keyword int, list []*ast.Binding) {
		from := at(idx)
		edits = append(edits, edit{from, from + keyword, ";("})
		for _, b := range list {
			in.globals = append(in.globals, boundNames(b.Target)...)
			if id, ok := b.Target.(*ast.Identifier); ok && b.Initializer == nil {
				edits = append(edits, edit{at(id.Idx1()), at(id.Idx1()), "=undefined"})
			}
		}
		end := at(list[len(list)-1].Idx1())
		edits = append(edits, edit{end, end, ")"})
	}
	for i, s := range body.List {
		switch s := s.(type) {
		case *ast.LexicalDeclaration:
			declare(s.Idx, len(s.Token.String()), s.List)
		case *ast.VariableStatement:
			declare(s.Var, len("var"), s.List)
		case *ast.ClassDeclaration:
			in.globals = append(in.globals, s.Class.Name.Name.String())
			edits = append(edits, edit{at(s.Idx0()), at(s.Idx0()), s.Class.Name.Name.String() + "="}, edit{at(s.Idx1()), at(s.Idx1()), ";"})
		case *ast.FunctionDeclaration:
			name := s.Function.Name.Name.String()
			in.globals = append(in.globals, name)
			edits = append(edits, edit{len(evalAsyncStart), len(evalAsyncStart), "globalThis." + name + "=" + name + ";"})
		case *ast.ExpressionStatement:
			if i == len(body.List)-1 {
				from, to := at(s.Idx0()), at(s.Idx1())
				// An expression's own position leaves out parentheses around it, so the text between the statements is what counts.
				if i > 0 {
					from = max(from-leadingParens(wrapped, from, at(body.List[i-1].Idx1())), len(evalAsyncStart))
				} else {
					from = len(evalAsyncStart)
				}
				_ = to
				edits = append(edits, edit{from, from, "return["}, edit{lastEnd(wrapped), lastEnd(wrapped), "]"})
			}
		}
	}
	prog, err := compileText(evalName, applyEdits(wrapped, edits))
	if err != nil {
		return evalInput{}, parseError(evalName, code, err, len(evalAsyncStart))
	}
	in.prog = prog
	return in, nil
}

// leadingParens counts the bytes of parentheses and blanks directly before from, not before limit.
func leadingParens(text string, from, limit int) int {
	n := 0
	for i := from - 1; i >= limit && strings.IndexByte("( \t", text[i]) >= 0; i-- {
		n++
	}
	return n
}

// lastEnd is where the last statement of the wrapped text ends, before its semicolon.
func lastEnd(wrapped string) int {
	text := strings.TrimSuffix(wrapped, evalAsyncEnd)
	for {
		cut := strings.TrimRight(text, " \t\r\n;")
		if i := strings.LastIndexByte(cut, '\n') + 1; strings.HasPrefix(strings.TrimSpace(cut[i:]), "//") {
			text = cut[:i]
			continue
		}
		return len(cut)
	}
}

func asyncBody(prg *ast.Program) *ast.BlockStatement {
	if len(prg.Body) != 1 {
		return nil
	}
	s, ok := prg.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return nil
	}
	call, ok := s.Expression.(*ast.CallExpression)
	if !ok {
		return nil
	}
	fn, ok := call.Callee.(*ast.ArrowFunctionLiteral)
	if !ok {
		return nil
	}
	body, _ := fn.Body.(*ast.BlockStatement)
	return body
}

// boundNames are the variables that a declaration's pattern binds.
func boundNames(target ast.Expression) []string {
	switch t := target.(type) {
	case *ast.Identifier:
		return []string{t.Name.String()}
	case *ast.AssignExpression:
		return boundNames(t.Left)
	case *ast.SpreadElement:
		return boundNames(t.Expression)
	case *ast.ArrayPattern:
		var names []string
		for _, e := range t.Elements {
			names = append(names, boundNames(e)...)
		}
		return append(names, boundNames(t.Rest)...)
	case *ast.ObjectPattern:
		var names []string
		for _, p := range t.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				names = append(names, p.Name.Name.String())
			case *ast.PropertyKeyed:
				names = append(names, boundNames(p.Value)...)
			}
		}
		return append(names, boundNames(t.Rest)...)
	}
	return nil
}

// Incomplete tells whether input is a beginning that more lines can complete: an open bracket, template literal or comment, or an
// operator without its right side.
func Incomplete(code string) bool {
	return incomplete(code, api.LoaderJS) || incomplete(code, api.LoaderTS)
}

func incomplete(code string, loader api.Loader) bool {
	o := transformOptions(loader)
	o.Format, o.Sourcemap = api.FormatESModule, api.SourceMapNone
	text := code + "\n"
	r := api.Transform(text, o)
	if len(r.Errors) == 0 {
		return false
	}
	first := r.Errors[0]
	switch {
	case strings.HasPrefix(first.Text, "Unterminated string literal"): // a template's when it is the end of the text that ends it
		return first.Location != nil && first.Location.Line > strings.Count(text, "\n")
	case strings.Contains(first.Text, "to terminate multi-line comment"):
		return true
	}
	return strings.Contains(first.Text, "end of file")
}
