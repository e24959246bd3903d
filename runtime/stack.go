package runtime

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
)

// goja writes an error's stack when it is first read: with program counters, and on the first line of a module with the columns of the
// wrapper. It offers no place to write another, so that x.stack is compiled as __stack(x).stack, which corrects the property before.
// Reads of another form, as `const {stack} = x`, give goja's.

const stackName = "__stack"

var readsStack = regexp.MustCompile(`\.\s*stack\b`)

func correctStacks(prg *ast.Program, text string) {
	if !readsStack.MatchString(text) { // nearly all
		return
	}
	walk(reflect.ValueOf(prg.Body), func(n ast.Node) {
		dot, ok := n.(*ast.DotExpression)
		if !ok || dot.Identifier.Name != "stack" {
			return
		}
		switch left := dot.Left.(type) {
		case *ast.SuperExpression: // is no value
		case *ast.Optional:
			if !inChain(left.Expression) {
				left.Expression = callHost(stackName, left.Expression)
			}
		default:
			if !inChain(left) {
				dot.Left = callHost(stackName, left)
			}
		}
	})
}

// inChain tells whether an expression continues an optional chain, as in a?.b, and so cannot be taken out of it.
func inChain(e ast.Expression) bool {
	for {
		switch x := e.(type) {
		case *ast.Optional:
			return true
		case *ast.DotExpression:
			e = x.Left
		case *ast.PrivateDotExpression:
			e = x.Left
		case *ast.BracketExpression:
			e = x.Left
		case *ast.CallExpression:
			e = x.Callee
		default:
			return false
		}
	}
}

// cutStack is a stack without its calls; ok is false when it does not end in so many, as goja writes them.
func cutStack(text string, calls int) (title string, ok bool) {
	title, ok = strings.CutSuffix(text, "\n")
	for ; ok && calls > 0; calls-- {
		i := strings.LastIndexByte(title, '\n')
		ok = strings.HasPrefix(title[i+1:], "\tat ") && i >= 0
		title = title[:max(i, 0)]
	}
	return title, ok
}

// nativeStack is __stack. What is no Error, and a stack that the script has set, it leaves alone.
func (h *Host) nativeStack() *goja.Object {
	return h.Function(stackName, 1, func(c goja.FunctionCall) goja.Value {
		v := c.Argument(0)
		o, ok := v.(*goja.Object)
		if !ok || !isError(o) {
			return v
		}
		text, ok := h.ownData(o, "stack").(goja.String)
		ex := h.asException(o)
		if !ok || ex == nil {
			return v
		}
		title, ok := cutStack(text.String(), len(ex.Stack()))
		if !ok {
			return v
		}
		stack := title + (&ScriptError{Stack: h.frames(ex.Stack())}).Backtrace()
		_ = o.DefineDataProperty("stack", h.rt.ToValue(stack), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE) // a frozen one stays
		return v
	})
}
