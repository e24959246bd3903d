package runtime

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
)

// Completion must feel immediate, whatever the object.
const (
	completeTime  = 40 * time.Millisecond
	maxCandidates = 2000
	maxChainLinks = 32
)

var (
	moduleString = regexp.MustCompile(`(?:\brequire\s*\(\s*|\bimport\s*\(?\s*|\bfrom\s*)(["'])([^"']*)$`)
	wordAtEnd    = regexp.MustCompile(`[\p{L}\p{N}_$]*$`)
	errStop      = errors.New("completion took too long")
)

// Complete gives what may stand at a place of a line: members after a dot, module names and paths inside require("…") and import, else
// globals and keywords. pos counts characters. The completed line is head + a candidate + tail. It calls no function of a script; native
// getters run, and native functions marked with PureSymbol when called with literals.
func (h *Host) Complete(line string, pos int) (head string, candidates []string, tail string) {
	runes := []rune(line)
	pos = min(max(pos, 0), len(runes))
	head, tail = string(runes[:pos]), string(runes[pos:])
	if !h.running.TryLock() {
		return head, nil, tail
	}
	defer h.running.Unlock()
	stop := time.AfterFunc(completeTime, func() { h.rt.Interrupt(errStop) })
	_ = h.protect(func() error { head, candidates = h.complete(head); return nil })
	stop.Stop()
	h.rt.ClearInterrupt()
	return head, candidates, tail
}

// Peek is the value of the member expression that a text ends with, "space.read" in "x = space.read"; nil where that cannot be told
// without running code of a script, or in the time that Complete has.
func (h *Host) Peek(text string) (v goja.Value) {
	if !h.running.TryLock() {
		return nil
	}
	defer h.running.Unlock()
	stop := time.AfterFunc(completeTime, func() { h.rt.Interrupt(errStop) })
	_ = h.protect(func() error { v = h.peek(trailingExpression(text)); return nil })
	stop.Stop()
	h.rt.ClearInterrupt()
	return v
}

func (h *Host) complete(before string) (head string, candidates []string) {
	if m := moduleString.FindStringSubmatch(before); m != nil {
		typed := m[2]
		return strings.TrimSuffix(before, typed), h.completeModule(typed)
	}
	word := wordAtEnd.FindString(before)
	head = strings.TrimSuffix(before, word)
	object, isMember := strings.CutSuffix(strings.TrimRight(head, " "), ".")
	var names []string
	if isMember {
		object = strings.TrimSuffix(object, "?")
		v := h.peek(trailingExpression(object))
		if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
			return head, nil
		}
		names = h.members(v, word)
	} else {
		names = append(h.members(h.rt.GlobalObject(), word), keywords...)
	}
	return head, matching(names, word)
}

// matching keeps the names that start with word, or, when none does, those that do so but for case.
func matching(names []string, word string) []string {
	var exact, folded []string
	for _, n := range names {
		if !identifier.MatchString(n) || strings.HasPrefix(n, "__") && !strings.HasPrefix(word, "_") {
			continue
		}
		if strings.HasPrefix(n, word) {
			exact = append(exact, n)
		} else if len(n) >= len(word) && strings.EqualFold(n[:len(word)], word) {
			folded = append(folded, n)
		}
	}
	if len(exact) == 0 {
		exact = folded
	}
	sort.Strings(exact)
	return slices.Compact(exact)
}

var keywords = strings.Fields(`async await break case catch class const continue debugger default delete do else export false finally
	for function if import in instanceof let new null of return super switch this throw true try typeof undefined var void while yield`)

// members are the names of an object's properties and its prototypes'. Object.prototype's come only when they are asked for.
func (h *Host) members(v goja.Value, word string) []string {
	var names []string
	seen := map[string]bool{}
	o := v.ToObject(h.rt)
	objectProto := h.rt.Get("Object").ToObject(h.rt).Get("prototype")
	for n := 0; o != nil && n < maxChain; n++ {
		if proxy, ok := proxyOf(o); ok {
			o = proxy.Target()
			continue
		}
		if o.SameAs(objectProto) && word == "" && n > 0 {
			break
		}
		for _, name := range h.ownNames(o) {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
		o = o.Prototype()
	}
	return names
}

// ownNames are the names of one object's properties, the first few thousand of a large one; an array's indexes are not names.
func (h *Host) ownNames(o *goja.Object) []string {
	if h.typedArray(o) != "" {
		return nil
	}
	if o.ClassName() == "Array" {
		return []string{"length"}
	}
	list := h.help.list(h.help.names, o, h.rt.ToValue(maxCandidates))
	names := make([]string, 0, len(list))
	for _, v := range list {
		names = append(names, v.String())
	}
	return names
}

// trailingExpression is the member expression that text ends with: f(vm.cpu(0 gives nothing, x = vm.cpu(0) gives vm.cpu(0).
func trailingExpression(text string) string {
	i := len(text)
	for i > 0 {
		c := text[i-1]
		switch {
		case c == ')' || c == ']':
			open := matchingBracket(text, i-1)
			if open < 0 {
				return ""
			}
			i = open
		case c == '"' || c == '\'' || c == '`':
			open := strings.LastIndexByte(text[:i-1], c)
			if open < 0 {
				return ""
			}
			i = open
		case c == '.' || c == '?' && i < len(text) && text[i] == '.' || c == '_' || c == '$' || c >= 0x80 ||
			c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			i--
		default:
			return text[i:]
		}
	}
	return text
}

// matchingBracket finds the bracket that the one at end closes, outside of strings; -1 when there is none.
func matchingBracket(text string, end int) int {
	depth := 0
	for i := end; i >= 0; i-- {
		switch text[i] {
		case ')', ']', '}':
			depth++
		case '(', '[', '{':
			if depth--; depth == 0 {
				return i
			}
		case '"', '\'', '`':
			open := strings.LastIndexByte(text[:i], text[i])
			if open < 0 {
				return -1
			}
			i = open
		}
	}
	return -1
}

// peek evaluates a member expression without effects; nil when that cannot be.
func (h *Host) peek(expression string) goja.Value {
	if expression == "" {
		return nil
	}
	prg, err := parseEval("(" + expression + "\n)")
	if err != nil || len(prg.Body) != 1 {
		return nil
	}
	s, ok := prg.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return nil
	}
	return h.peekExpression(s.Expression, 0)
}

func (h *Host) peekExpression(e ast.Expression, depth int) goja.Value {
	if depth > maxChainLinks {
		return nil
	}
	switch e := e.(type) {
	case *ast.OptionalChain:
		return h.peekExpression(e.Expression, depth+1)
	case *ast.Optional:
		return h.peekExpression(e.Expression, depth+1)
	case *ast.Identifier:
		return h.peekGlobal(e.Name.String())
	case *ast.ThisExpression:
		return h.rt.GlobalObject()
	case *ast.DotExpression:
		return h.peekMember(h.peekExpression(e.Left, depth+1), h.rt.ToValue(e.Identifier.Name.String()))
	case *ast.BracketExpression:
		return h.peekMember(h.peekExpression(e.Left, depth+1), h.peekExpression(e.Member, depth+1))
	case *ast.CallExpression:
		return h.peekCall(e, depth)
	case *ast.StringLiteral:
		return h.rt.ToValue(e.Value.String())
	case *ast.NumberLiteral:
		return h.rt.ToValue(e.Value)
	case *ast.BooleanLiteral:
		return h.rt.ToValue(e.Value)
	case *ast.ArrayLiteral:
		return h.rt.NewArray()
	case *ast.TemplateLiteral:
		return h.rt.ToValue("")
	}
	return nil
}

// peekGlobal reads a variable: a property of the global object, or one that a script declared by let, const or class.
func (h *Host) peekGlobal(name string) goja.Value {
	if v := h.peekMember(h.rt.GlobalObject(), h.rt.ToValue(name)); v != nil && !goja.IsUndefined(v) {
		return v
	}
	if prog, err := goja.Compile(evalName, name, false); err == nil {
		if v, err := h.rt.RunProgram(prog); err == nil {
			return v
		}
	}
	return nil
}

func (h *Host) peekMember(v, key goja.Value) goja.Value {
	if v == nil || key == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return nil
	}
	holder := v.ToObject(h.rt)
	for o, n := holder, 0; o != nil && n < maxChain; o, n = o.Prototype(), n+1 {
		if _, ok := proxyOf(o); ok {
			return nil
		}
		d := h.help.ownProperty(o, key)
		switch {
		case d == nil:
			continue
		case d.getter:
			get, ok := goja.AssertFunction(d.get)
			if !ok || !h.isNative(d.get) {
				return nil
			}
			if v, err := get(v); err == nil {
				return v
			}
			return nil
		}
		return d.value
	}
	return nil
}

// isNative tells Go functions from a script's.
func (h *Host) isNative(v goja.Value) bool {
	o, ok := v.(*goja.Object)
	return ok && strings.HasSuffix(strings.TrimSpace(h.help.text(h.help.functionText, o)), "[native code] }")
}

// peekCall calls a native function marked as pure, with literals.
func (h *Host) peekCall(e *ast.CallExpression, depth int) goja.Value {
	var this goja.Value = goja.Undefined()
	var callee goja.Value
	if dot, ok := e.Callee.(*ast.DotExpression); ok {
		this = h.peekExpression(dot.Left, depth+1)
		callee = h.peekMember(this, h.rt.ToValue(dot.Identifier.Name.String()))
	} else {
		callee = h.peekExpression(e.Callee, depth+1)
	}
	o, ok := callee.(*goja.Object)
	if !ok {
		return nil
	}
	pure := h.dataKey(o, h.help.pureSymbol)
	fn, ok := goja.AssertFunction(callee)
	if !ok || pure == nil || !pure.ToBoolean() || !h.isNative(callee) {
		return nil
	}
	var args []goja.Value
	for _, a := range e.ArgumentList {
		v := h.peekExpression(a, depth+1)
		if v == nil {
			return nil
		}
		args = append(args, v)
	}
	v, err := fn(this, args...)
	if err != nil {
		return nil
	}
	return v
}

// completeModule completes what stands in require("…"): paths, the bundled library, native modules, packages.
func (h *Host) completeModule(typed string) []string {
	var names []string
	add := func(name string) {
		if strings.HasPrefix(name, typed) {
			names = append(names, name)
		}
	}
	switch {
	case isRelative(typed) || strings.HasPrefix(typed, "./") || strings.HasPrefix(typed, "../") || filepath.IsAbs(typed):
		dir, _ := path.Split(typed)
		h.addFiles(dir, dir, add)
	case strings.HasPrefix(typed, builtinPrefix):
		dir, _ := path.Split(strings.TrimPrefix(typed, builtinPrefix))
		if h.cfg.Builtins != nil {
			entries, _ := fs.ReadDir(h.cfg.Builtins, path.Clean("./"+dir))
			addEntries(entries, builtinPrefix+dir, add)
		}
	default:
		for name := range h.native {
			add(name)
		}
		if h.cfg.Builtins != nil {
			add(builtinPrefix)
		}
		if typed == "" {
			add("./")
		}
		dir, _ := path.Split(typed)
		for _, root := range append([]string{"node_modules"}, h.cfg.ModulePath...) {
			h.addFiles(filepath.Join(root, dir), dir, add)
		}
	}
	sort.Strings(names)
	return slices.Compact(names)
}

func (h *Host) addFiles(dir, prefix string, add func(string)) {
	if dir == "" {
		dir = "."
	}
	canonical, err := h.cfg.Files.Canonical(filepath.FromSlash(dir))
	if err != nil {
		return
	}
	entries, _ := h.cfg.Files.ReadDir(canonical)
	addEntries(entries, prefix, add)
}

func addEntries(entries []fs.DirEntry, prefix string, add func(string)) {
	for _, e := range entries[:min(len(entries), maxCandidates)] {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, "."):
		case e.IsDir():
			add(prefix + name + "/")
		case slices.Contains(extensions, path.Ext(name)) && !strings.HasSuffix(name, ".d.ts"):
			add(prefix + strings.TrimSuffix(name, path.Ext(name)))
		}
	}
}
