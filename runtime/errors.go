package runtime

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
	"github.com/evanw/esbuild/pkg/api"
)

// ErrBusy is returned by a host that is running already: called from another goroutine, or from within one of its own functions.
var ErrBusy = errors.New("the script host is busy: a host runs one thing at a time")

// ScriptError is a failure of a script: an exception nobody caught, a rejected promise nobody handled, a syntax error, or the end
// of its time.
type ScriptError struct {
	Name    string // the error's class, "TypeError"; empty when what was thrown is no Error
	Message string

	File         string // where, in the author's own source; empty when unknown
	Line, Column int    // from 1; 0 when unknown
	SourceLine   string // the text of that line, where the host has it

	Stack []Frame    // the calls that led there, innermost first, native ones left out
	Value goja.Value // what was thrown; nil for a syntax error or an interrupt
	Cause error      // the Error's cause, a *ScriptError, if it has one
	Err   error      // the Go error beneath: thrown by a native function, or the context's; nil for an error of the script
}

// A Frame is one call of a stack.
type Frame struct {
	Function     string // empty for top-level and anonymous code
	File         string
	Line, Column int // from 1
}

func (f Frame) String() string {
	at := fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	if f.Function == "" {
		return at
	}
	return f.Function + " (" + at + ")"
}

// Error is one line: where, the class, the message.
func (e *ScriptError) Error() string {
	if at := e.position(); at != "" {
		return at + ": " + e.title()
	}
	return e.title()
}

func (e *ScriptError) title() string {
	switch {
	case e.Name == "":
		return e.Message
	case e.Message == "":
		return e.Name
	}
	return e.Name + ": " + e.Message
}

func (e *ScriptError) position() string {
	switch {
	case e.File == "":
		return ""
	case e.Line == 0:
		return e.File
	}
	return fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
}

// Unwrap gives the Go error beneath and the cause to errors.Is and errors.As.
func (e *ScriptError) Unwrap() []error {
	var errs []error
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	if e.Cause != nil {
		errs = append(errs, e.Cause)
	}
	return errs
}

// Detail is Error followed by the source line with a caret, the script's stack, and the chain of causes. It ends without a newline.
func (e *ScriptError) Detail() string {
	var b strings.Builder
	b.WriteString(e.Error())
	if e.SourceLine != "" && e.Column > 0 {
		b.WriteString("\n" + caret(e.SourceLine, e.Column))
	}
	b.WriteString(e.Backtrace())
	for depth, cause := 0, e.Cause; cause != nil && depth < 16; depth++ {
		b.WriteString("\ncaused by: ")
		var next *ScriptError
		if !errors.As(cause, &next) {
			b.WriteString(cause.Error())
			break
		}
		b.WriteString(next.Error() + next.Backtrace())
		cause = next.Cause
	}
	return b.String()
}

// Backtrace is the stack, one "\n    at …" for each call.
func (e *ScriptError) Backtrace() string {
	var b strings.Builder
	const most = 20
	for i, f := range e.Stack {
		if i == most {
			fmt.Fprintf(&b, "\n    … %d more calls", len(e.Stack)-most)
			break
		}
		b.WriteString("\n    at " + f.String())
	}
	return b.String()
}

// caret shows a line with a mark under a column; a long line (minified code) is cut around it.
func caret(line string, column int) string {
	const before, after = 60, 60
	text := []rune(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", " "))
	at := min(column-1, len(text))
	from, to := max(0, at-before), min(len(text), at+after)
	return "    " + string(text[from:to]) + "\n    " + strings.Repeat(" ", at-from) + "^"
}

// scriptError makes the error of a run out of what goja or the translator returned.
func (h *Host) scriptError(ctx context.Context, err error) error {
	var already *ScriptError
	var ex *goja.Exception
	var interrupted *goja.InterruptedError
	var overflow *goja.StackOverflowError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &interrupted):
		return h.interruptError(ctx, interrupted)
	case errors.As(err, &overflow):
		e := &ScriptError{Name: "RangeError", Message: fmt.Sprintf("Maximum call stack size exceeded (%d calls)", h.cfg.MaxCallStack)}
		h.locate(e, overflow.Stack())
		return e
	case errors.As(err, &already):
		return orInterrupt(ctx, already)
	case errors.As(err, &ex):
		return orInterrupt(ctx, h.exceptionError(ex, 0))
	}
	return err
}

// orInterrupt is the error of a script that failed, perhaps because its time was over.
func orInterrupt(ctx context.Context, e *ScriptError) *ScriptError {
	switch {
	case ctx.Err() == nil:
	case errors.Is(e.Err, ctx.Err()): // a native function saw the context end before goja did: that is an interrupt
		e.interrupted(ctx, ctx.Err())
	case e.Err == nil: // whatever the script made of it
		e.Err = ctx.Err()
	}
	return e
}

// interruptError tells why a script was stopped, and where it was.
func (h *Host) interruptError(ctx context.Context, interrupted *goja.InterruptedError) error {
	cause := ctx.Err()
	if cause == nil { // interrupted through goja's own Interrupt
		cause = interrupted.Unwrap()
		if cause == nil {
			cause = fmt.Errorf("%v", interrupted.Value())
		}
	}
	e := &ScriptError{}
	e.interrupted(ctx, cause)
	h.locate(e, interrupted.Stack())
	return e
}

// interrupted makes an error tell that the script was stopped, and why.
func (e *ScriptError) interrupted(ctx context.Context, cause error) {
	e.Name, e.Message, e.Err, e.Value, e.Cause = "Interrupted", cause.Error(), cause, nil, nil
	switch {
	case errors.Is(cause, context.DeadlineExceeded):
		e.Message = "the script ran out of time"
	case errors.Is(cause, context.Canceled):
		e.Message = "the script was stopped"
	}
	if own := context.Cause(ctx); own != nil && !errors.Is(own, cause) {
		e.Message += ": " + own.Error()
		e.Err = errors.Join(cause, own)
	}
}

const maxCauses = 16

func (h *Host) exceptionError(ex *goja.Exception, depth int) *ScriptError {
	v := ex.Value()
	e := &ScriptError{Value: v, Err: ex.Unwrap()}
	h.locate(e, ex.Stack())
	o, ok := v.(*goja.Object)
	if !ok || !isError(o) {
		e.Message = "uncaught " + h.Inspect(v, InspectOptions{Width: 200})
		return e
	}
	e.Name, e.Message = h.errorTitle(o)
	if cause := h.ownData(o, "cause"); cause != nil && !goja.IsUndefined(cause) && depth < maxCauses {
		e.Cause = h.exceptionError(h.asException(cause), depth+1)
		if c, ok := cause.(*goja.Object); !ok || !isError(c) {
			e.Cause = &ScriptError{Message: h.Inspect(cause, InspectOptions{Width: 200}), Value: cause}
		}
	}
	return e
}

// asException wraps a value that was not thrown, such as the reason of a rejection, so that its stack can be read.
func (h *Host) asException(v goja.Value) *goja.Exception {
	return h.rt.Try(func() { panic(v) })
}

// errorTitle reads an error's class and message without running code of the script.
func (h *Host) errorTitle(o *goja.Object) (name, message string) {
	name, message = "Error", ""
	if v := h.data(o, "message"); v != nil && !goja.IsUndefined(v) {
		message = textOf(v)
	}
	// class MemoryError extends Error {} has the inherited name "Error"; the class says more.
	if v := h.data(o, "name"); v != nil {
		name = textOf(v)
	}
	if name == "Error" || name == "GoError" {
		if class := h.className(o); class != "" && class != "GoError" && class != "Object" {
			name = class
		} else {
			name = "Error"
		}
	}
	if name == "TypeError" && readOfNothing.MatchString(message) {
		message += " or null"
	}
	return name, message
}

// readOfNothing is goja's message about a property of undefined, which it uses for null too.
var readOfNothing = regexp.MustCompile(`^Cannot read property '.*' of undefined$`)

// textOf is a primitive's text; objects are not asked, since that would run their toString.
func textOf(v goja.Value) string {
	if _, ok := v.(*goja.Object); ok {
		return "[object]"
	}
	if s, ok := v.(*goja.Symbol); ok {
		return s.String()
	}
	return v.String()
}

// locate fills in the stack and the position of the innermost call that is the script's own.
func (h *Host) locate(e *ScriptError, stack []goja.StackFrame) {
	e.Stack = h.frames(stack)
	if len(e.Stack) > 0 {
		top := e.Stack[0]
		e.File, e.Line, e.Column = top.File, top.Line, top.Column
		e.SourceLine = h.sourceLine(top.File, top.Line)
	}
}

func (h *Host) frames(stack []goja.StackFrame) []Frame {
	var frames []Frame
	for i := range stack {
		name := stack[i].SrcName()
		if name == "<native>" || strings.HasPrefix(name, internalPrefix) {
			continue
		}
		pos := stack[i].Position()
		f := Frame{File: pos.Filename, Line: pos.Line, Column: pos.Column}
		if fn := stack[i].FuncName(); fn != "<anonymous>" {
			f.Function = fn
		}
		if src, ok := h.sources[f.File]; ok {
			f.File = src.name
			if f.Line == 1 && f.Column > src.prefix {
				f.Column -= src.prefix
			}
			if f.Function == wrapperName {
				f.Function = ""
			}
		} else if f.File == "" {
			f.File = "<eval>"
		}
		frames = append(frames, f)
	}
	return frames
}

// source is what the host remembers of a text it compiled, to show lines of it and to name it.
type source struct {
	name   string
	text   string
	prefix int // columns that the module wrapper takes on the first line
}

func (h *Host) sourceLine(file string, line int) string {
	src, ok := h.sources[file]
	if !ok {
		return ""
	}
	return lineOf(src.text, line)
}

func lineOf(text string, line int) string {
	for n := 1; n < line; n++ {
		i := strings.IndexByte(text, '\n')
		if i < 0 {
			return ""
		}
		text = text[i+1:]
	}
	text, _, _ = strings.Cut(text, "\n")
	return strings.TrimRight(text, "\r")
}

// parseError is the syntax error that goja's parser found.
func parseError(name, text string, err error, prefix int) error {
	var list parser.ErrorList
	var compile *goja.CompilerSyntaxError
	e := &ScriptError{Name: "SyntaxError", File: name, Message: err.Error()}
	switch {
	case errors.As(err, &list) && len(list) > 0:
		e.Message = list[0].Message
		e.Line, e.Column = list[0].Position.Line, list[0].Position.Column
	case errors.As(err, &compile):
		e.Message = compile.Message
		if compile.File != nil {
			pos := compile.File.Position(compile.Offset)
			e.Line, e.Column = pos.Line, pos.Column
		} else if m := gojaPosition.FindStringSubmatch(compile.Message); m != nil {
			e.Message = m[3]
			fmt.Sscan(m[1], &e.Line)
			fmt.Sscan(m[2], &e.Column)
		}
	}
	if e.Line == 1 && e.Column > prefix {
		e.Column -= prefix
	}
	e.SourceLine = lineOf(text, e.Line)
	return e
}

var gojaPosition = regexp.MustCompile(`: Line (\d+):(\d+) (.*)`)

// translateError is the first of esbuild's messages. Its columns are bytes from 0.
func translateError(name, text string, m api.Message) error {
	e := &ScriptError{Name: "SyntaxError", Message: m.Text, File: name}
	if l := m.Location; l != nil {
		e.Line, e.SourceLine = l.Line, lineOf(text, l.Line)
		e.Column = utf8.RuneCountInString(e.SourceLine[:min(l.Column, len(e.SourceLine))]) + 1
	}
	return e
}

// fileError says plainly why a file cannot be read.
func fileError(what string, err error) error {
	reason := err.Error()
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		reason = "no such file"
	case errors.As(err, &pe):
		reason = pe.Err.Error()
	}
	return &wrapped{what + ": " + reason, err}
}

// wrapped is an error with a text of its own.
type wrapped struct {
	text string
	err  error
}

func (w *wrapped) Error() string { return w.text }
func (w *wrapped) Unwrap() error { return w.err }
