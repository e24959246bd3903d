package runtime

import (
	"crypto/sha256"
	"errors"
	"net/url"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/token"
	"github.com/go-sourcemap/sourcemap"
)

// Program is a compiled script. It is immutable; any number of hosts may run it at the same time.
type Program struct {
	name     string
	prog     *goja.Program       // a script, or an expression that is a module's wrapper function
	module   bool                // prog is a module wrapper
	async    bool                // the wrapper is an async function: the source awaits at its top level
	usesMeta bool                // the source uses import.meta
	esModule bool                // the source has exports of an ES module, all there before it runs
	imports  map[string][]string // names by the module that they are imported from
	idleMain bool                // a function main stands at the top level of an entry module, and nothing names it
	source   source
	position string // the file name that goja reports for mapped positions
}

// Name is the name that the program was compiled under.
func (p *Program) Name() string { return p.name }

// Compile compiles a script for Host.RunProgram. The name stands in messages; its extension tells the language (.ts, .mts, .cts for
// TypeScript). A syntax error is a *ScriptError.
func Compile(name, code string) (*Program, error) {
	return compile(unit{name: name, text: code, entry: true})
}

// unit is what there is to compile.
type unit struct {
	name     string
	text     string
	module   bool // wrap as a CommonJS module
	entry    bool // it is run, not required: it may use top-level await
	cacheDir string

	lowerClasses bool // fields and #private members of classes are rewritten
}

// programs are shared by all hosts of the process. The key covers everything that the result depends on, so that sharing shows nowhere.
var programs = struct {
	sync.Mutex
	byKey map[programKey]*Program
	bytes int
}{byKey: make(map[programKey]*Program)}

// programCacheSize bounds the sources whose programs are kept.
const programCacheSize = 16 << 20

type programKey struct {
	name          string
	module, entry bool
	hash          [sha256.Size]byte
}

func compile(u unit) (*Program, error) {
	key := programKey{u.name, u.module, u.entry, sha256.Sum256([]byte(u.text))}
	programs.Lock()
	p := programs.byKey[key]
	programs.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := compileNew(u)
	if err != nil {
		return nil, err
	}
	programs.Lock()
	defer programs.Unlock()
	if programs.bytes += len(u.text); programs.bytes > programCacheSize {
		clear(programs.byKey)
		programs.bytes = len(u.text)
	}
	programs.byKey[key] = p
	return p, nil
}

// moduleSyntax finds what only an ES module has, at the start of a line as people write it. It need not be right: the parser has the
// last word, this only saves it a vain attempt.
var moduleSyntax = regexp.MustCompile(`(?m)^\s*(import\s*["'{*\w$]|export\s*[{*\w])`)

func compileNew(u unit) (*Program, error) {
	u.text = strings.TrimPrefix(u.text, "\ufeff")
	if strings.HasPrefix(u.text, "#!") {
		u.text = "//" + u.text[2:] // keeps the columns
	}
	ext := path.Ext(filepath.ToSlash(u.name))
	if ext == ".json" {
		return compileJSON(u)
	}
	loader := loaderOf(ext)
	var plainErr error
	if loader == plainJS && ext != ".mjs" && !moduleSyntax.MatchString(u.text) {
		p, err := compilePlain(u)
		if err == nil {
			return p, nil
		}
		plainErr = err
	}
	t, err := translateCached(u, loader)
	if err != nil {
		return nil, err
	}
	p, err := compileTranslated(u, t)
	if err != nil { // goja knows most of classes, not all
		u.lowerClasses = true
		if t, failed := translateCached(u, loader); failed == nil {
			if lowered, failed := compileTranslated(u, t); failed == nil {
				return lowered, nil
			}
		}
	}
	if err != nil && plainErr != nil {
		return nil, plainErr // about the author's text
	}
	return p, err
}

const (
	// The parameters of a module's wrapper. The text starts on the same line, so that lines are the author's.
	wrapperParams = "(exports,require,module,__filename,__dirname," + metaName + "){"
	wrapperStart  = "(function" + wrapperParams
	asyncStart    = "(async function" + wrapperParams
	wrapperEnd    = "\n})"
	metaName      = "__import_meta"
)

// adapt changes a program where goja does something else than scripts expect.
func adapt(prg *ast.Program, text string) error {
	correctStacks(prg, text)
	expandEvals(prg, text)
	return expandRegExps(prg, text)
}

// compileText is goja.Compile of an adapted program.
func compileText(name, text string) (*goja.Program, error) {
	prg, err := parser.ParseFile(nil, name, text, 0, parser.WithDisableSourceMaps)
	if err == nil {
		err = adapt(prg, text)
	}
	if err != nil {
		return nil, err
	}
	return goja.CompileAST(prg, false)
}

// compilePlain compiles what goja understands as it is: a script, or CommonJS.
func compilePlain(u unit) (*Program, error) {
	text, prefix := u.text, 0
	if u.module {
		prefix = len(wrapperStart)
		text = wrapperStart + u.text + wrapperEnd
	}
	prg, err := parser.ParseFile(nil, u.name, text, 0, parser.WithDisableSourceMaps)
	if err == nil {
		err = adapt(prg, text)
	}
	if err != nil {
		return nil, parseError(u.name, u.text, err, prefix)
	}
	if u.module && !returnLast(prg) {
		return nil, &ScriptError{Name: "SyntaxError", Message: "Unexpected token }", File: u.name}
	}
	prog, err := goja.CompileAST(prg, false)
	if err != nil {
		return nil, parseError(u.name, u.text, err, prefix)
	}
	return &Program{
		name: u.name, prog: prog, module: u.module, idleMain: u.module && u.entry && hasIdleMain(prg, u.text),
		position: u.name, source: source{u.name, u.text, prefix},
	}, nil
}

// compileTranslated compiles esbuild's output; positions go through its source map. It is always a module.
func compileTranslated(u unit, t translated) (*Program, error) {
	start := wrapperStart
	if t.Async {
		start = asyncStart
	}
	var m *sourcemap.Consumer
	if t.Mappings != "" { // a text that is translated to nothing has none, and the parser refuses that
		var err error
		if m, err = sourcemap.Parse("", mapJSON(u.name, shiftMappings(t.Mappings, len(start)))); err != nil {
			return nil, err
		}
	}
	prg, err := parser.ParseFile(nil, u.name, start+t.Code+wrapperEnd, 0, parser.WithDisableSourceMaps)
	if err == nil {
		err = adapt(prg, t.Code)
	}
	if err != nil {
		return nil, mapError(parseError(u.name, start+t.Code, err, 0), u, m)
	}
	if m != nil {
		prg.File.SetSourceMap(m)
	}
	returnLast(prg)
	if t.Async {
		keepLast(prg)
	}
	prog, err := goja.CompileAST(prg, false)
	if err != nil {
		return nil, mapError(parseError(u.name, start+t.Code, err, 0), u, m)
	}
	return &Program{
		name: u.name, prog: prog, module: true, async: t.Async, usesMeta: strings.Contains(t.Code, metaName),
		esModule: !t.Async && strings.Contains(t.Code, exportsOfES), imports: importsOf(u, t.Code),
		idleMain: u.entry && hasIdleMain(prg, u.text),
		position: positionName(u.name), source: source{u.name, u.text, 0},
	}, nil
}

// mapError moves a syntax error in translated code to the author's text.
func mapError(err error, u unit, m *sourcemap.Consumer) error {
	var e *ScriptError
	if !errors.As(err, &e) || m == nil {
		return err
	}
	_, _, line, column, ok := m.Source(e.Line, e.Column)
	e.Line, e.Column, e.SourceLine = 0, 0, ""
	if ok {
		e.Line, e.Column, e.SourceLine = line, column, lineOf(u.text, line)
	}
	return err
}

// positionName is what goja makes of a source's name when it goes through a source map: it takes it for a URL.
func positionName(name string) string {
	if u := file.ResolveSourcemapURL(name, mapSource(name)); u != nil {
		return u.String()
	}
	return mapSource(name)
}

// mapSource is how the source map names its source; goja resolves it against the file that the map belongs to.
func mapSource(name string) string {
	return (&url.URL{Path: "./" + name[strings.LastIndexAny(name, `/\`)+1:]}).String()
}

// compileJSON makes a module of a JSON file. Its text is parsed as JSON, not as JavaScript.
func compileJSON(u unit) (*Program, error) {
	if err := checkJSON(u.name, u.text); err != nil {
		return nil, err
	}
	code := "module.exports = JSON.parse(" + quoteJS(u.text) + ");"
	prog, err := goja.Compile(u.name, wrapperStart+code+wrapperEnd, false)
	if err != nil {
		return nil, err
	}
	return &Program{name: u.name, prog: prog, module: true, position: u.name, source: source{u.name, u.text, 0}}, nil
}

// wrapperBody is the body of the one function that a module's wrapped text is; nil when the text closes the wrapper's brace itself.
func wrapperBody(prg *ast.Program) *ast.BlockStatement {
	if len(prg.Body) != 1 {
		return nil
	}
	statement, ok := prg.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return nil
	}
	fn, ok := statement.Expression.(*ast.FunctionLiteral)
	if !ok {
		return nil
	}
	return fn.Body
}

// lastExpression is the statement whose value is a script's value: the last one, if it is an expression other than an assignment, and
// the list that it ends. A text with a using declaration is translated to a try statement that holds all of it.
func lastExpression(list []ast.Statement) ([]ast.Statement, *ast.ExpressionStatement) {
	if len(list) == 0 {
		return nil, nil
	}
	switch last := list[len(list)-1].(type) {
	case *ast.TryStatement:
		if disposes(last) {
			return lastExpression(last.Body.List)
		}
	case *ast.ExpressionStatement:
		if _, assigns := last.Expression.(*ast.AssignExpression); !assigns {
			return list, last
		}
	}
	return nil, nil
}

// disposeName is esbuild's function that ends the scope of a using declaration.
const disposeName = "__callDispose"

func disposes(s *ast.TryStatement) (found bool) {
	if s.Finally == nil {
		return false
	}
	walk(reflect.ValueOf(s.Finally), func(n ast.Node) {
		id, ok := n.(*ast.Identifier)
		found = found || ok && id.Name == disposeName
	})
	return found
}

// returnLast makes the wrapper function return the value of its last expression.
func returnLast(prg *ast.Program) bool {
	body := wrapperBody(prg)
	if body == nil {
		return false
	}
	if list, last := lastExpression(body.List); last != nil {
		list[len(list)-1] = &ast.ReturnStatement{Return: last.Idx0(), Argument: last.Expression}
	}
	return true
}

// keepLast stores the value of the last expression of translateAsync's function, which itself returns the exports.
func keepLast(prg *ast.Program) {
	body := wrapperBody(prg)
	if body == nil {
		return
	}
	for _, s := range body.List {
		fn, ok := s.(*ast.FunctionDeclaration)
		if !ok || fn.Function.Name == nil || fn.Function.Name.Name != bodyName {
			continue
		}
		list := fn.Function.Body.List
		if _, last := lastExpression(list[:len(list)-1]); last != nil {
			last.Expression = &ast.AssignExpression{
				Operator: token.ASSIGN,
				Left:     &ast.Identifier{Name: valueName, Idx: last.Idx0()},
				Right:    last.Expression,
			}
		}
	}
}
