package runtime

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// InspectOptions says how a value is printed. The zero value prints as the console does.
type InspectOptions struct {
	Depth     int  // levels of nesting shown below the value; 0 is 2, DepthTop and DepthAll are special
	HexBigInt bool // BigInts as 0x…, as the REPL shows them; else in decimal with an n
	Hexdump   bool // a Uint8Array or ArrayBuffer that is the value itself is dumped, not listed
	Color     bool
	Width     int // columns; 0 is Config.Width
	MaxItems  int // items shown of each array, map or object; 0 is 100
	MaxString int // characters shown of a nested string; 0 is 10000
}

const (
	DepthTop = -1        // the value's own properties are not shown
	DepthAll = 1_000_000 // as deep as it goes

	defaultDepth    = 2
	defaultMaxItems = 100
	defaultMaxText  = 10000
	// maxInspectValues bounds the output of one inspection, whatever the depth, and maxInspectDepth the recursion.
	maxInspectValues = 20000
	maxInspectDepth  = 200
	// maxHexdump bounds a dump that nobody asked for by address and length.
	maxHexdump = 4096
)

// Inspect is the text of a value as people expect it: strings quoted, nested objects to a depth, class names, cycles marked. It calls no
// code of the script but a method under Symbol.for("nodejs.util.inspect.custom"), which gets the remaining depth and the options, and
// whose result, a string or another value, is printed instead of the object. Getters are named, not called.
func (h *Host) Inspect(v goja.Value, o InspectOptions) string {
	if o.Depth == 0 {
		o.Depth = defaultDepth
	}
	if o.Depth < 0 {
		o.Depth = 0
	}
	o.Depth = min(o.Depth, maxInspectDepth)
	if o.Width <= 0 {
		o.Width = h.cfg.Width
	}
	if o.MaxItems <= 0 {
		o.MaxItems = defaultMaxItems
	}
	if o.MaxString <= 0 {
		o.MaxString = defaultMaxText
	}
	p := &printer{h: h, o: o, left: maxInspectValues}
	var text string
	if err := h.protect(func() error { text = p.top(v); return nil }); err != nil {
		return "[cannot be shown: " + err.Error() + "]"
	}
	return text
}

// InspectSymbol is Symbol.for("nodejs.util.inspect.custom"): a method under it prints its object.
func (h *Host) InspectSymbol() *goja.Symbol { return h.help.inspectSymbol }

// PureSymbol is Symbol.for("svscript.pure"): a native function with a true property under it is free of effects and fast, so that
// completion may call it with literal arguments: vm.cpu(0).r…
func (h *Host) PureSymbol() *goja.Symbol { return h.help.pureSymbol }

// printer prints one value.
type printer struct {
	h      *Host
	o      InspectOptions
	left   int            // values that may still be printed
	path   []*goja.Object // being printed, outermost first
	cycles []*goja.Object // found to hold themselves
}

func (p *printer) top(v goja.Value) string {
	if p.o.Hexdump {
		if o, ok := v.(*goja.Object); ok && !p.hasCustom(o) && p.h.isBytes(o) {
			if b, ok := p.h.bytesOf(o); ok && len(b) > 0 {
				return Hexdump(b, HexdumpOptions{ANSI: p.o.Color, Max: maxHexdump})
			}
		}
	}
	return p.value(v, 0)
}

// isBytes tells byte data from arrays of numbers.
func (h *Host) isBytes(o *goja.Object) bool {
	switch h.typedArray(o) {
	case "Uint8Array":
		return true
	case "":
		return o.ExportType() == arrayBufferType
	}
	return false
}

func (p *printer) paint(colour, s string) string { return paint(p.o.Color, colour, s) }

// value prints v at a level of nesting.
func (p *printer) value(v goja.Value, level int) string {
	if p.left--; p.left < 0 {
		return "…"
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return p.primitive(v)
	}
	for i := range p.path {
		if p.path[i] == o {
			p.cycles = append(p.cycles, o)
			return p.paint(ansiCyan, "[Circular]")
		}
	}
	if level > maxInspectDepth {
		return p.paint(ansiCyan, "[…]")
	}
	p.path = append(p.path, o)
	defer func() { p.path = p.path[:len(p.path)-1] }()
	if text, ok := p.custom(o, level); ok {
		return text
	}
	return p.object(o, level)
}

func (p *printer) primitive(v goja.Value) string {
	switch {
	case v == nil || goja.IsUndefined(v):
		return p.paint(ansiDim, "undefined")
	case goja.IsNull(v):
		return p.paint(ansiBold, "null")
	}
	switch x := v.(type) {
	case goja.String:
		return p.paint(ansiGreen, quoteCut(x.String(), p.o.MaxString))
	case *goja.Symbol:
		return p.paint(ansiGreen, symbolText(x))
	}
	switch x := v.Export().(type) {
	case *big.Int:
		return p.paint(ansiYellow, p.bigInt(x))
	case float64:
		if x == 0 && math.Signbit(x) {
			return p.paint(ansiYellow, "-0")
		}
	}
	return p.paint(ansiYellow, v.String())
}

func (p *printer) bigInt(x *big.Int) string {
	if !p.o.HexBigInt {
		return x.String() + "n"
	}
	return fmt.Sprintf("%#x", x)
}

func symbolText(s *goja.Symbol) string {
	return "Symbol(" + strings.TrimSuffix(strings.TrimPrefix(s.String(), "Symbol("), ")") + ")"
}

func quoteCut(s string, most int) string {
	s, rest := cut(s, most)
	return quote(s) + rest
}

const maxPattern = 1000 // characters of a regular expression

// cut gives as many characters of a text, and how many more there are.
func cut(s string, most int) (text, rest string) {
	if utf8.RuneCountInString(s) <= most {
		return s, ""
	}
	runes := []rune(s)
	return string(runes[:most]), more(len(runes)-most, "character")
}

// quote is a string literal with the quotes that need no escaping.
func quote(s string) string {
	q := byte('\'')
	if strings.Contains(s, "'") {
		q = '"'
		if strings.Contains(s, `"`) {
			q = '`'
			if strings.ContainsAny(s, "`") || strings.Contains(s, "${") {
				q = '\''
			}
		}
	}
	var b strings.Builder
	b.WriteByte(q)
	for _, r := range s {
		switch {
		case r == rune(q) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x20 || r >= 0x7f && r < 0xa0: // control characters never reach a terminal
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte(q)
	return b.String()
}

// hasCustom tells whether an object prints itself.
func (p *printer) hasCustom(o *goja.Object) bool {
	_, ok := goja.AssertFunction(p.h.dataKey(o, p.h.help.inspectSymbol))
	return ok
}

// custom calls an object's own inspect method.
func (p *printer) custom(o *goja.Object, level int) (string, bool) {
	fn, ok := goja.AssertFunction(p.h.dataKey(o, p.h.help.inspectSymbol))
	if !ok {
		return "", false
	}
	rt := p.h.rt
	options := rt.NewObject()
	_ = options.Set("depth", p.o.Depth-level)
	_ = options.Set("colors", p.o.Color)
	_ = options.Set("breakLength", p.o.Width)
	_ = options.Set("hexBigInt", p.o.HexBigInt)
	v, err := fn(o, rt.ToValue(p.o.Depth-level), options, p.h.inspectFunction())
	if err != nil {
		if interrupted, ok := err.(*goja.InterruptedError); ok {
			panic(interrupted)
		}
		return "[" + p.h.className(o) + ": its inspect failed: " + err.Error() + "]", true
	}
	if s, ok := v.(goja.String); ok {
		return indent(s.String(), level), true
	}
	if v == goja.Value(o) {
		return "", false
	}
	return p.value(v, level), true
}

// indent moves the lines after the first one in, to where the value stands.
func indent(s string, level int) string {
	return strings.ReplaceAll(s, "\n", "\n"+strings.Repeat("  ", level))
}

// object prints by kind.
func (p *printer) object(o *goja.Object, level int) string {
	h := p.h
	if proxy, ok := proxyOf(o); ok {
		if proxy.Target() == nil {
			return p.paint(ansiCyan, "<Revoked Proxy>")
		}
		return p.paint(ansiCyan, "Proxy ") + p.value(proxy.Target(), level)
	}
	class := h.className(o)
	if kind := h.typedArray(o); kind != "" {
		return p.typedArray(o, class, level)
	}
	if b, ok := arrayBuffer(o); ok {
		return fmt.Sprintf("%s { %s }", class, byteList(b, p.o.Width))
	}
	if promise, ok := promiseOf(o); ok {
		return p.promise(promise, level)
	}
	switch t := o.ExportType(); {
	case t == mapType:
		return p.mapOrSet(o, h.help.mapEntries, true, class, level)
	case t == setType && o.ClassName() != "Array" && h.isSet(o):
		return p.mapOrSet(o, h.help.setEntries, false, class, level)
	case t == bigIntType:
		return p.boxed(o, class, level)
	}
	switch o.ClassName() {
	case "Array":
		return p.array(o, class, level)
	case "Function", "AsyncFunction", "GeneratorFunction":
		return p.function(o, level)
	case "Error":
		return p.error(o, level)
	case "Date":
		return p.withProps(p.paint(ansiPurple, h.help.text(h.help.date, o)), o, level)
	case "RegExp":
		text, rest := cut(h.help.text(h.help.regexp, o), maxPattern) // classes of Unicode characters are long
		return p.withProps(p.paint(ansiRed, text+rest), o, level)
	case "Number", "String", "Boolean", "Symbol":
		return p.boxed(o, class, level)
	case "Object", "WeakMap", "WeakSet":
		if class == "WeakMap" || class == "WeakSet" {
			return class + " { <items unknown> }"
		}
	case "global":
		class = "Object [global]"
	}
	if _, ok := goja.AssertFunction(o); ok { // goja's async arrow functions have the class Object
		return p.function(o, level)
	}
	prefix := class + " "
	switch class {
	case "Object":
		prefix = ""
	case "":
		prefix = "[Object: null prototype] "
	}
	if o.ClassName() == "Generator" || class == "Iterator" {
		prefix, class = "Object ", "Object"
	}
	if tag := h.dataKey(o, goja.SymToStringTag); tag != nil {
		if s, ok := tag.(goja.String); ok && s.String() != class && s.String() != "" {
			prefix = strings.TrimSpace(class) + " [" + s.String() + "] "
		}
	}
	if level > p.o.Depth {
		return p.beyond(class)
	}
	return p.braces(prefix, "{", "}", p.properties(o, nil, level), level, false)
}

// beyond stands for an object deeper than the depth.
func (p *printer) beyond(class string) string {
	if class == "" {
		class = "Object: null prototype"
	}
	return p.paint(ansiCyan, "["+class+"]")
}

var (
	proxyType       = reflect.TypeFor[goja.Proxy]()
	mapType         = reflect.TypeFor[[][2]any]()
	setType         = reflect.TypeFor[[]any]() // and that of arrays
	bigIntType      = reflect.TypeFor[*big.Int]()
	arrayBufferType = reflect.TypeFor[goja.ArrayBuffer]()
)

func (h *Host) isSet(o *goja.Object) bool {
	return len(h.help.list(h.help.setEntries, o, h.rt.ToValue(0))) > 0
}

func proxyOf(o *goja.Object) (goja.Proxy, bool) {
	if o.ExportType() != proxyType {
		return goja.Proxy{}, false
	}
	proxy, ok := o.Export().(goja.Proxy)
	return proxy, ok
}

// isError tells Errors, of any class, without running code.
func isError(o *goja.Object) bool {
	if _, ok := proxyOf(o); ok {
		return false
	}
	return o.ClassName() == "Error"
}

func (p *printer) array(o *goja.Object, class string, level int) string {
	n := int(o.Get("length").ToInteger())
	prefix := ""
	if class != "Array" {
		prefix = fmt.Sprintf("%s(%d) ", class, n)
	}
	if level > p.o.Depth {
		return p.beyond(class)
	}
	shown := min(n, p.o.MaxItems)
	var items []string
	holes := 0
	flush := func() {
		if holes > 0 {
			items = append(items, p.paint(ansiDim, fmt.Sprintf("<%s>", plural(holes, "empty item"))))
			holes = 0
		}
	}
	for i := range shown {
		d := p.h.help.ownProperty(o, p.h.rt.ToValue(strconv.Itoa(i)))
		if d == nil {
			holes++
			continue
		}
		flush()
		items = append(items, p.property(d, level))
	}
	flush()
	if n > shown {
		items = append(items, more(n-shown, "item"))
	}
	if n <= p.o.MaxItems { // the other properties of a long array are not worth listing its indexes
		items = append(items, p.properties(o, isIndex, level)...)
	}
	return p.braces(prefix, "[", "]", items, level, true)
}

func isIndex(key string) bool {
	n, err := strconv.ParseUint(key, 10, 32)
	return err == nil && n < math.MaxUint32 && strconv.FormatUint(n, 10) == key
}

const moreMark = "…" // begins an item that stands for those left out: texts are quoted

func more(n int, what string) string { return moreMark + " " + plural(n, "more "+what) }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// typedArray prints elements by index: for…of over a typed array is slow, and byte arrays may be large.
func (p *printer) typedArray(o *goja.Object, class string, level int) string {
	n := int(o.Get("length").ToInteger())
	prefix := fmt.Sprintf("%s(%d) ", class, n)
	if level > p.o.Depth {
		return p.beyond(class)
	}
	if p.h.isBytes(o) && class == "Uint8Array" && p.o.HexBigInt {
		if b, ok := p.h.bytesOf(o); ok {
			return prefix + "<" + byteList(b, p.o.Width) + ">"
		}
	}
	shown := min(n, p.o.MaxItems)
	items := make([]string, 0, shown+1)
	for i := range shown {
		if p.left--; p.left < 0 {
			break
		}
		items = append(items, p.primitive(o.Get(strconv.Itoa(i))))
	}
	if n > shown {
		items = append(items, more(n-shown, "item"))
	}
	return p.braces(prefix, "[", "]", items, level, true)
}

// byteList is "7f 45 4c … 100 more bytes".
func byteList(b []byte, width int) string {
	shown := min(len(b), max(8, (width-30)/3))
	s := fmt.Sprintf("% x", b[:shown])
	if len(b) > shown {
		s += " " + more(len(b)-shown, "byte")
	}
	return s
}

func (p *printer) function(o *goja.Object, level int) string {
	kind := "Function"
	text := p.h.help.text(p.h.help.functionText, o)
	switch {
	case strings.HasPrefix(text, "class"):
		kind = "class"
	case strings.HasPrefix(text, "async"):
		kind = "AsyncFunction"
	case strings.HasPrefix(text, "function*"):
		kind = "GeneratorFunction"
	}
	name := ""
	if v := p.h.ownData(o, "name"); v != nil {
		if _, isString := v.(goja.String); isString {
			name = v.String()
		}
	}
	label := "[" + kind + ": " + name + "]"
	if name == "" {
		label = "[" + kind + " (anonymous)]"
	}
	if kind == "class" {
		label = "[class " + name
		if name == "" {
			label = "[class (anonymous)"
		}
		if parent := o.Prototype(); parent != nil {
			if v := p.h.ownData(parent, "name"); v != nil && v.String() != "" {
				label += " extends " + v.String()
			}
		}
		label += "]"
	}
	return p.withProps(p.paint(ansiCyan, label), o, level)
}

func (p *printer) promise(promise *goja.Promise, level int) string {
	state := p.paint(ansiCyan, "<pending>")
	switch promise.State() {
	case goja.PromiseStateFulfilled:
		state = p.value(promise.Result(), level+1)
	case goja.PromiseStateRejected:
		state = p.paint(ansiRed, "<rejected> ") + p.value(promise.Result(), level+1)
	}
	return p.braces("Promise ", "{", "}", []string{state}, level, false)
}

func (p *printer) boxed(o *goja.Object, class string, level int) string {
	inner := p.h.help.call(p.h.help.primitive, o)
	if list, ok := inner.(*goja.Object); ok {
		text := fmt.Sprintf("[%s: %s]", class, p.primitive(list.Get("0")))
		if o.ClassName() == "String" {
			return text
		}
		return p.withProps(text, o, level)
	}
	return "[" + class + "]"
}

func (p *printer) mapOrSet(o *goja.Object, entries goja.Callable, pairs bool, class string, level int) string {
	list := p.h.help.list(entries, o, p.h.rt.ToValue(p.o.MaxItems))
	n := int(list[0].ToInteger())
	prefix := fmt.Sprintf("%s(%d) ", class, n)
	if level > p.o.Depth {
		return p.beyond(class)
	}
	var items []string
	list = list[1:]
	shown := len(list)
	if pairs {
		shown /= 2
		for i := 0; i+1 < len(list); i += 2 {
			items = append(items, p.value(list[i], level+1)+" => "+p.value(list[i+1], level+1))
		}
	} else {
		for _, v := range list {
			items = append(items, p.value(v, level+1))
		}
	}
	if n > shown {
		items = append(items, more(n-shown, "item"))
	}
	items = append(items, p.properties(o, nil, level)...)
	return p.braces(prefix, "{", "}", items, level, false)
}

// error prints an Error as a stack would show it, with its own properties and its cause.
func (p *printer) error(o *goja.Object, level int) string {
	h := p.h
	name, message := h.errorTitle(o)
	title := name
	if message != "" {
		title += ": " + message
	}
	if level > p.o.Depth {
		return "[" + title + "]"
	}
	e := &ScriptError{}
	if ex := h.asException(o); ex != nil {
		h.locate(e, ex.Stack())
	}
	text := p.paint(ansiRed, title) + indent(e.Backtrace(), level)
	if len(e.Stack) == 0 {
		text = "[" + p.paint(ansiRed, title) + "]"
	}
	hidden := func(key string) bool {
		return key == "stack" || key == "message" || key == "name" || key == "value" && name == "Error" // GoError's
	}
	items := p.properties(o, hidden, level)
	if cause := h.ownData(o, "cause"); cause != nil {
		items = append(items, "[cause]: "+p.value(cause, level+1))
	}
	if len(items) > 0 {
		text += " " + p.braces("", "{", "}", items, level, false)
	}
	return text
}

// withProps adds own properties, where there are any, to the text of a function, a date, …
func (p *printer) withProps(text string, o *goja.Object, level int) string {
	if level > p.o.Depth {
		return text
	}
	items := p.properties(o, nil, level)
	if len(items) == 0 {
		return text
	}
	return p.braces(text+" ", "{", "}", items, level, false)
}

// properties prints the enumerable own properties.
func (p *printer) properties(o *goja.Object, skip func(string) bool, level int) []string {
	keys := p.h.help.list(p.h.help.keys, o)
	items := make([]string, 0, min(len(keys), p.o.MaxItems+1))
	for i, key := range keys {
		symbol, isSymbol := key.(*goja.Symbol)
		if !isSymbol && skip != nil && skip(key.String()) {
			continue
		}
		if len(items) == p.o.MaxItems {
			n := len(keys) - i
			items = append(items, fmt.Sprintf("… %d more propert%s", n, map[bool]string{true: "y", false: "ies"}[n == 1]))
			break
		}
		d := p.h.help.ownProperty(o, key)
		if d == nil {
			continue
		}
		name := ""
		if isSymbol {
			name = "[" + symbolText(symbol) + "]"
		} else if name = key.String(); !identifier.MatchString(name) {
			name = p.paint(ansiGreen, quote(name))
		}
		items = append(items, name+": "+p.property(d, level))
	}
	return items
}

var identifier = regexp.MustCompile(`^[\p{L}_$][\p{L}\p{N}_$]*$`)

// property prints a property's value, or that it has a getter, which is not called.
func (p *printer) property(d *property, level int) string {
	switch {
	case d.getter && d.setter:
		return p.paint(ansiCyan, "[Getter/Setter]")
	case d.getter:
		return p.paint(ansiCyan, "[Getter]")
	case d.setter:
		return p.paint(ansiCyan, "[Setter]")
	}
	return p.value(d.value, level+1)
}

// braces puts items on one line where they fit, else one a line; items of an array that are all short share lines.
func (p *printer) braces(prefix, open, end string, items []string, level int, list bool) string {
	if n := len(p.path); n > 0 {
		for _, c := range p.cycles {
			if c == p.path[n-1] {
				prefix = p.paint(ansiCyan, "<ref> ") + prefix
				break
			}
		}
	}
	if len(items) == 0 {
		return prefix + open + end
	}
	total, widest, lines := visible(prefix)+2*level, 0, false
	for i, s := range items {
		n := visible(s)
		total += n + 2
		if i < len(items)-1 || !strings.HasPrefix(s, moreMark) {
			widest = max(widest, n)
		}
		lines = lines || strings.Contains(s, "\n")
	}
	if !lines && total+4 <= p.o.Width && (len(items) <= 24 || !list) {
		return prefix + open + " " + strings.Join(items, ", ") + " " + end
	}
	pad := strings.Repeat("  ", level+1)
	sep := ",\n" + pad
	if list && !lines && len(items) > 6 && widest <= 20 {
		return prefix + open + "\n" + pad + strings.Join(columns(items, widest+2, p.o.Width-2*level-2), "\n"+pad) + "\n" + strings.Repeat("  ", level) + end
	}
	return prefix + open + "\n" + pad + strings.Join(items, sep) + "\n" + strings.Repeat("  ", level) + end
}

// columns lays short items out in as many equal columns as fit, 16 at most; numbers to the right. That there are more has its own line.
func columns(items []string, cell, width int) []string {
	n := min(16, max(1, width/cell))
	numbers := !slices.ContainsFunc(items, func(s string) bool {
		return !strings.HasPrefix(s, moreMark) && !numberText.MatchString(ansiSequence.ReplaceAllString(s, ""))
	})
	var lines []string
	for len(items) > 0 {
		row := items[:min(n, len(items))]
		if last := len(row) - 1; last > 0 && strings.HasPrefix(row[last], moreMark) {
			row = row[:last]
		}
		items = items[len(row):]
		var b strings.Builder
		for i, s := range row {
			gap := strings.Repeat(" ", max(0, cell-2-visible(s)))
			if numbers {
				s = gap + s
			}
			if i < len(row)-1 || len(items) > 0 {
				s += ","
			}
			if i < len(row)-1 {
				s += " "
				if !numbers {
					s += gap
				}
			}
			b.WriteString(s)
		}
		lines = append(lines, b.String())
	}
	return lines
}

var numberText = regexp.MustCompile(`^-?([0-9][0-9.e+-]*n?|0x[0-9a-f]+|NaN|Infinity)$`)

var ansiSequence = regexp.MustCompile("\x1b\\[[0-9;]*m")

// visible is the number of characters that a terminal shows.
func visible(s string) int {
	if strings.Contains(s, "\x1b") {
		s = ansiSequence.ReplaceAllString(s, "")
	}
	return utf8.RuneCountInString(s)
}

// inspectFunction is util.inspect(value, {depth, colors, …}).
func (h *Host) inspectFunction() *goja.Object {
	return h.Function("inspect", 2, func(c goja.FunctionCall) goja.Value {
		return h.rt.ToValue(h.Inspect(c.Argument(0), h.inspectOptions(c.Argument(1))))
	})
}

// inspectOptions reads Node's names for the options.
func (h *Host) inspectOptions(v goja.Value) InspectOptions {
	o := InspectOptions{Color: false}
	arg, ok := v.(*goja.Object)
	if !ok {
		return o
	}
	get := func(name string) goja.Value {
		if v := arg.Get(name); v != nil && !goja.IsUndefined(v) {
			return v
		}
		return nil
	}
	if v := get("depth"); v != nil {
		switch d := v.ToFloat(); {
		case goja.IsNull(v) || d > DepthAll:
			o.Depth = DepthAll
		case d < 1:
			o.Depth = DepthTop
		default:
			o.Depth = int(d)
		}
	}
	if v := get("colors"); v != nil {
		o.Color = v.ToBoolean()
	}
	if v := get("breakLength"); v != nil {
		o.Width = int(min(v.ToFloat(), 1<<20))
	}
	if v := get("maxArrayLength"); v != nil {
		o.MaxItems = int(min(v.ToFloat(), 1<<20))
	}
	if v := get("hexBigInt"); v != nil {
		o.HexBigInt = v.ToBoolean()
	}
	if v := get("hexdump"); v != nil {
		o.Hexdump = v.ToBoolean()
	}
	return o
}
