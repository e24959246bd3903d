package runtime

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// console is the state behind the global console (console.spec.whatwg.org; formats as in Node).
type console struct {
	indent string
	timers map[string]time.Time
	counts map[string]int
}

func itoa(n int) string { return strconv.Itoa(n) }

func (h *Host) installConsole() {
	h.console.timers, h.console.counts = map[string]time.Time{}, map[string]int{}
	c := h.rt.NewObject()
	add := func(name string, fn func(goja.FunctionCall)) {
		_ = c.Set(name, h.Function(name, 0, func(call goja.FunctionCall) goja.Value {
			fn(call)
			return goja.Undefined()
		}))
	}
	out := func(call goja.FunctionCall) { h.print(h.cfg.Stdout, h.format(call.Arguments, h.cfg.Color)) }
	errs := func(call goja.FunctionCall) { h.print(h.cfg.Stderr, h.format(call.Arguments, h.cfg.Color)) }
	for _, name := range []string{"log", "info", "debug"} {
		add(name, out)
	}
	for _, name := range []string{"error", "warn"} {
		add(name, errs)
	}
	add("dir", func(call goja.FunctionCall) {
		o := h.inspectOptions(call.Argument(1))
		o.Color = o.Color || h.cfg.Color
		h.print(h.cfg.Stdout, h.Inspect(call.Argument(0), o))
	})
	add("table", func(call goja.FunctionCall) {
		if text, ok := h.table(call.Argument(0), call.Argument(1)); ok {
			h.print(h.cfg.Stdout, text)
		} else {
			out(call)
		}
	})
	add("trace", func(call goja.FunctionCall) {
		title := "Trace"
		if len(call.Arguments) > 0 {
			title += ": " + h.format(call.Arguments, h.cfg.Color)
		}
		e := ScriptError{Stack: h.frames(h.rt.CaptureCallStack(0, nil))}
		h.print(h.cfg.Stderr, title+e.Backtrace())
	})
	add("assert", func(call goja.FunctionCall) {
		if call.Argument(0).ToBoolean() {
			return
		}
		text := "Assertion failed"
		if len(call.Arguments) > 1 {
			text += ": " + h.format(call.Arguments[1:], h.cfg.Color)
		}
		h.print(h.cfg.Stderr, text)
	})
	h.consoleTimers(add)
	add("count", func(call goja.FunctionCall) {
		label := labelOf(call)
		h.console.counts[label]++
		h.print(h.cfg.Stdout, fmt.Sprintf("%s: %d", label, h.console.counts[label]))
	})
	add("countReset", func(call goja.FunctionCall) { delete(h.console.counts, labelOf(call)) })
	group := func(call goja.FunctionCall) {
		if len(call.Arguments) > 0 {
			out(call)
		}
		if len(h.console.indent) < 100 {
			h.console.indent += "  "
		}
	}
	add("group", group)
	add("groupCollapsed", group)
	add("groupEnd", func(goja.FunctionCall) {
		h.console.indent = h.console.indent[:max(0, len(h.console.indent)-2)]
	})
	h.global("console", c)
}

func (h *Host) consoleTimers(add func(string, func(goja.FunctionCall))) {
	elapsed := func(call goja.FunctionCall, rest bool) {
		label := labelOf(call)
		start, ok := h.console.timers[label]
		if !ok {
			h.print(h.cfg.Stderr, fmt.Sprintf("Warning: no console.time(%q) before", label))
			return
		}
		text := label + ": " + duration(h.cfg.Clock().Sub(start))
		if rest && len(call.Arguments) > 1 {
			text += " " + h.format(call.Arguments[1:], h.cfg.Color)
		}
		h.print(h.cfg.Stdout, text)
	}
	add("time", func(call goja.FunctionCall) { h.console.timers[labelOf(call)] = h.cfg.Clock() })
	add("timeLog", func(call goja.FunctionCall) { elapsed(call, true) })
	add("timeEnd", func(call goja.FunctionCall) {
		elapsed(call, false)
		delete(h.console.timers, labelOf(call))
	})
}

func labelOf(call goja.FunctionCall) string {
	if v := call.Argument(0); !goja.IsUndefined(v) {
		return v.String()
	}
	return "default"
}

func duration(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Millisecond).String()
	case d >= time.Second:
		return fmt.Sprintf("%.3fs", d.Seconds())
	}
	return fmt.Sprintf("%.3fms", float64(d)/float64(time.Millisecond))
}

// print writes a line, indented by console.group. A writer that fails ends the script: a closed pipe should stop a scan.
func (h *Host) print(w io.Writer, text string) {
	if in := h.console.indent; in != "" {
		text = in + strings.ReplaceAll(text, "\n", "\n"+in)
	}
	if _, err := io.WriteString(w, text+"\n"); err != nil {
		Throw(h.rt, fmt.Errorf("cannot write the output: %w", err))
	}
}

// format joins arguments as console.log does: strings as they are, other values inspected; a first string's %s %d %i %f %j %o %O %c
// take the arguments after it.
func (h *Host) format(args []goja.Value, color bool) string {
	var b strings.Builder
	o := InspectOptions{Color: color}
	if len(args) > 0 {
		if first, ok := args[0].(goja.String); ok {
			text, used := h.formatString(first.String(), args[1:], o)
			b.WriteString(text)
			args = args[1+used:]
			if len(args) > 0 {
				b.WriteByte(' ')
			}
		}
	}
	for i, v := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(h.display(v, o))
	}
	return b.String()
}

// display is a value outside of quotes.
func (h *Host) display(v goja.Value, o InspectOptions) string {
	if s, ok := v.(goja.String); ok {
		return s.String()
	}
	return h.Inspect(v, o)
}

func (h *Host) formatString(f string, args []goja.Value, o InspectOptions) (text string, used int) {
	if !strings.Contains(f, "%") || len(args) == 0 {
		return f, 0
	}
	var b strings.Builder
	for i := 0; i < len(f); i++ {
		if f[i] != '%' || i+1 == len(f) {
			b.WriteByte(f[i])
			continue
		}
		verb := f[i+1]
		if verb == '%' {
			b.WriteByte('%')
			i++
			continue
		}
		if !strings.ContainsRune("sdifjoOc", rune(verb)) || used == len(args) {
			b.WriteByte('%')
			continue
		}
		i++
		b.WriteString(h.formatVerb(verb, args[used], o))
		used++
	}
	return b.String(), used
}

func (h *Host) formatVerb(verb byte, v goja.Value, o InspectOptions) string {
	_, isObject := v.(*goja.Object)
	_, isSymbol := v.(*goja.Symbol)
	_, isBig := goja.Value(v).(interface{ Export() any }).Export().(interface{ IsInt64() bool })
	switch verb {
	case 'c':
		return "" // CSS
	case 's':
		if isObject {
			o.Depth = DepthTop
		}
		return h.display(v, o)
	case 'j':
		return h.json(v)
	case 'o':
		o.Depth = 4
		return h.Inspect(v, o)
	case 'O':
		return h.Inspect(v, o)
	}
	if isObject || isSymbol {
		return "NaN"
	}
	if isBig {
		return v.String() + "n"
	}
	n := v.ToFloat()
	if verb == 'i' {
		n = math.Trunc(n)
	}
	return h.rt.ToValue(n).String()
}

func (h *Host) json(v goja.Value) string {
	stringify, ok := goja.AssertFunction(h.rt.Get("JSON").ToObject(h.rt).Get("stringify"))
	if !ok {
		return "undefined"
	}
	s, err := stringify(goja.Undefined(), v)
	if err != nil {
		Throw(h.rt, err)
	}
	return s.String()
}
