package runtime

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
)

// goja reads \p{…} of regular expressions as the text p{…}. Here such an escape becomes the ranges of characters that it stands for
// (tc39.es/ecma262, 22.2.1 and 22.2.2.9), in literals before they are compiled, in patterns when RegExp is called.

// expandRegExps does that to the literals of a program. reads is the source: nearly none has such an escape.
func expandRegExps(prg *ast.Program, reads string) error {
	if !hasPropertyEscape(reads) {
		return nil
	}
	wrong, err := eachRegExp(prg, func(r *ast.RegExpLiteral, pattern string) {
		if pattern != r.Pattern {
			r.Pattern, r.Literal = pattern, "/"+pattern+"/"+r.Flags
		}
	})
	if err != nil {
		return parser.ErrorList{{Position: prg.File.Position(int(wrong.Idx) - prg.File.Base()), Message: err.Error()}}
	}
	return nil
}

// eachRegExp visits the literals of a program with their patterns expanded. The error is about the first that cannot be.
func eachRegExp(prg *ast.Program, visit func(r *ast.RegExpLiteral, pattern string)) (wrong *ast.RegExpLiteral, failed error) {
	walk(reflect.ValueOf(prg.Body), func(n ast.Node) {
		r, ok := n.(*ast.RegExpLiteral)
		if !ok {
			return
		}
		pattern, err := expandRegExp(r.Pattern, r.Flags)
		if err != nil && failed == nil {
			wrong, failed = r, err
		}
		visit(r, pattern)
	})
	return wrong, failed
}

func hasPropertyEscape(s string) bool { return strings.Contains(s, `\p`) || strings.Contains(s, `\P`) }

// sourceName is the function that does it to text that the script itself has compiled. The text is the argument of eval(…) or Function(…),
// which becomes eval(__source(…)): eval must be called by its own name to see the variables around it.
const sourceName = "__source"

var callsEval = regexp.MustCompile(`\b(eval|Function)\s*\(`)

func expandEvals(prg *ast.Program, text string) {
	if !callsEval.MatchString(text) {
		return
	}
	expand := func(callee ast.Expression, list []ast.Expression) {
		if id, ok := callee.(*ast.Identifier); !ok || id.Name != "eval" && id.Name != "Function" {
			return
		}
		for i, e := range list {
			if _, spread := e.(*ast.SpreadElement); !spread {
				list[i] = callHost(sourceName, e)
			}
		}
	}
	walk(reflect.ValueOf(prg.Body), func(n ast.Node) {
		switch n := n.(type) {
		case *ast.CallExpression:
			expand(n.Callee, n.ArgumentList)
		case *ast.NewExpression:
			expand(n.Callee, n.ArgumentList)
		}
	})
}

// expandSource is a script, or the body of a function, with the escapes of its literals expanded. What is neither stays: its error is goja's.
func expandSource(text string) (string, error) {
	for _, start := range []string{"", "(async function*(){"} {
		wrapped := text
		if start != "" {
			wrapped = start + text + "\n})"
		}
		prg, err := parser.ParseFile(nil, "", wrapped, 0, parser.WithDisableSourceMaps)
		if err != nil {
			continue
		}
		var edits []edit
		_, err = eachRegExp(prg, func(r *ast.RegExpLiteral, pattern string) {
			from := int(r.Idx) - prg.File.Base() - len(start)
			edits = append(edits, edit{from + 1, from + 1 + len(r.Pattern), pattern})
		})
		return applyEdits(text, edits), err
	}
	return text, nil
}

// expandRegExp writes the property escapes of a pattern as ranges. They have a meaning with the flag u only.
func expandRegExp(pattern, flags string) (string, error) {
	if strings.Contains(flags, "v") {
		return pattern, errors.New("the regular-expression flag v is not supported; u is")
	}
	if !strings.Contains(flags, "u") || !hasPropertyEscape(pattern) {
		return pattern, nil
	}
	var b strings.Builder
	inClass := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		if c != '\\' || i+1 == len(pattern) {
			inClass = c == '[' || inClass && c != ']'
			b.WriteByte(c)
			continue
		}
		i++
		if pattern[i] != 'p' && pattern[i] != 'P' {
			b.WriteString(pattern[i-1 : i+1])
			continue
		}
		name, _, closed := strings.Cut(pattern[i+1:], "}")
		if !closed || !strings.HasPrefix(name, "{") {
			return pattern, fmt.Errorf(`invalid regular expression: \%c is followed by a property in braces, as in \p{L}`, pattern[i])
		}
		set, ok := runesOf(name[1:])
		if !ok {
			return pattern, fmt.Errorf(`the property escape \%c%s} of regular expressions is unknown or not supported; known are general categories `+
				`(\p{Lu}), scripts by their long name (\p{Script=Greek}) and most binary properties (\p{Alphabetic})`, pattern[i], name)
		}
		if pattern[i] == 'P' {
			set = complement(set)
		}
		i += len(name) + 1
		if !inClass {
			b.WriteByte('[')
		}
		for _, r := range set {
			fmt.Fprintf(&b, `\u{%x}-\u{%x}`, r.lo, r.hi)
		}
		if !inClass {
			b.WriteByte(']')
		}
	}
	return b.String(), nil
}

// runeRange is from lo to hi, both in it.
type runeRange struct{ lo, hi rune }

// derived are the binary properties that DerivedCoreProperties.txt (unicode.org/reports/tr44) makes up of others.
var derived = map[string][]*unicode.RangeTable{
	"Alphabetic": {unicode.L, unicode.Nl, unicode.Other_Alphabetic},
	"Lowercase":  {unicode.Ll, unicode.Other_Lowercase},
	"Uppercase":  {unicode.Lu, unicode.Other_Uppercase},
	"Math":       {unicode.Sm, unicode.Other_Math},
}

var propertyAliases = map[string]string{"Alpha": "Alphabetic", "Lower": "Lowercase", "Upper": "Uppercase", "space": "White_Space",
	"AHex": "ASCII_Hex_Digit", "Hex": "Hex_Digit", "Ideo": "Ideographic", "Dia": "Diacritic"}

// runesOf is the set of a property, as in \p{Lu}, \p{gc=Lu}, \p{Script=Greek} and \p{Alphabetic}.
func runesOf(property string) ([]runeRange, bool) {
	kind, value, hasKind := strings.Cut(property, "=")
	switch {
	case hasKind && (kind == "Script" || kind == "sc"):
		t, ok := unicode.Scripts[value]
		return ranges(t), ok
	case hasKind && kind != "General_Category" && kind != "gc":
		return nil, false
	case !hasKind:
		value = property
	}
	if long, ok := unicode.CategoryAliases[value]; ok {
		value = long
	}
	if t, ok := unicode.Categories[value]; ok {
		return ranges(t), true
	}
	if hasKind {
		return nil, false
	}
	if long, ok := propertyAliases[value]; ok {
		value = long
	}
	switch value {
	case "Any":
		return []runeRange{{0, unicode.MaxRune}}, true
	case "ASCII":
		return []runeRange{{0, unicode.MaxASCII}}, true
	case "Assigned":
		return complement(ranges(unicode.Categories["Cn"])), true
	}
	if tables, ok := derived[value]; ok {
		return ranges(tables...), true
	}
	t, ok := unicode.Properties[value]
	return ranges(t), ok && !strings.HasPrefix(value, "Other_")
}

// ranges is the union of tables, in order, without neighbours that touch.
func ranges(tables ...*unicode.RangeTable) []runeRange {
	var all []runeRange
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			all = append(all, runeRange{lo, hi})
			return
		}
		for r := lo; r <= hi; r += stride {
			all = append(all, runeRange{r, r})
		}
	}
	for _, t := range tables {
		if t == nil {
			continue
		}
		for _, r := range t.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	slices.SortFunc(all, func(a, b runeRange) int { return int(a.lo - b.lo) })
	merged := all[:0]
	for _, r := range all {
		if n := len(merged); n > 0 && r.lo <= merged[n-1].hi+1 {
			merged[n-1].hi = max(merged[n-1].hi, r.hi)
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

func complement(set []runeRange) []runeRange {
	var out []runeRange
	next := rune(0)
	for _, r := range set {
		if r.lo > next {
			out = append(out, runeRange{next, r.lo - 1})
		}
		next = r.hi + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, runeRange{next, unicode.MaxRune})
	}
	return out
}

// nativeExpandRegExp is expandRegExp for the polyfill's RegExp.
func (h *Host) nativeExpandRegExp() goja.Value {
	return h.Function("", 2, func(c goja.FunctionCall) goja.Value {
		pattern, err := expandRegExp(c.Argument(0).String(), c.Argument(1).String())
		if err != nil {
			h.throwSyntaxError(err.Error())
		}
		return h.rt.ToValue(pattern)
	})
}

// nativeSource is __source.
func (h *Host) nativeSource() *goja.Object {
	return h.Function(sourceName, 1, func(c goja.FunctionCall) goja.Value {
		v := c.Argument(0)
		s, ok := v.(goja.String)
		if !ok || !hasPropertyEscape(s.String()) {
			return v
		}
		text, err := expandSource(s.String())
		if err != nil {
			h.throwSyntaxError(err.Error())
		}
		return h.rt.ToValue(text)
	})
}

func (h *Host) throwSyntaxError(message string) {
	e, err := h.rt.New(h.rt.Get("SyntaxError"), h.rt.ToValue(message))
	if err != nil {
		Throw(h.rt, err)
	}
	panic(e)
}
