package runtime

import (
	"reflect"
	"regexp"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/unistring"
)

var fileType = reflect.TypeFor[*file.File]()

// walk visits the nodes of a syntax tree, which goja gives no other way to walk.
func walk(v reflect.Value, visit func(ast.Node)) {
	switch v.Kind() {
	case reflect.Interface:
		walk(v.Elem(), visit)
	case reflect.Pointer:
		if !v.IsNil() && v.Type() != fileType {
			walk(v.Elem(), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	case reflect.Struct:
		if v.CanAddr() && v.Addr().CanInterface() {
			if n, ok := v.Addr().Interface().(ast.Node); ok {
				visit(n)
			}
		}
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "DeclarationList" { // its nodes stand in the body too
				walk(v.Field(i), visit)
			}
		}
	}
}

// mainDeclaration finds the sources that may declare a function main at the start of a line. The syntax tree has the last word.
var mainDeclaration = regexp.MustCompile(`(?m)^(async\s+)?(function\s*\*?|const|let|var)\s*main\b`)

// hasIdleMain tells whether a module declares a function main at its top level that nothing names, neither a call nor an export.
func hasIdleMain(prg *ast.Program, text string) bool {
	body := wrapperBody(prg)
	if body == nil || !mainDeclaration.MatchString(text) {
		return false
	}
	names, declared := 0, 0
	walk(reflect.ValueOf(body), func(n ast.Node) {
		if id, ok := n.(*ast.Identifier); ok && id.Name == "main" {
			names++
		}
	})
	for _, s := range topLevel(body.List) {
		switch s := s.(type) {
		case *ast.FunctionDeclaration:
			if s.Function.Name != nil && s.Function.Name.Name == "main" {
				declared++
			}
		case *ast.LexicalDeclaration:
			declared += mainBindings(s.List)
		case *ast.VariableStatement:
			declared += mainBindings(s.List)
		}
	}
	return declared == 1 && names == 1
}

// topLevel are the statements of a module: those of its wrapper, or of the function that translateAsync makes of them.
func topLevel(list []ast.Statement) []ast.Statement {
	for _, s := range list {
		if f, ok := s.(*ast.FunctionDeclaration); ok && f.Function.Name != nil && f.Function.Name.Name == bodyName {
			return f.Function.Body.List
		}
	}
	return list
}

func mainBindings(list []*ast.Binding) (n int) {
	for _, b := range list {
		if id, ok := b.Target.(*ast.Identifier); !ok || id.Name != "main" {
			continue
		}
		switch b.Initializer.(type) {
		case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
			n++
		}
	}
	return n
}

// callHost is a call of one of the host's own functions.
func callHost(name unistring.String, arg ast.Expression) *ast.CallExpression {
	return &ast.CallExpression{Callee: &ast.Identifier{Name: name, Idx: arg.Idx0()}, LeftParenthesis: arg.Idx0(),
		ArgumentList: []ast.Expression{arg}, RightParenthesis: arg.Idx1()}
}
