package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/dop251/goja"
	"github.com/peterh/liner"

	"github.com/svscript/svscript/runtime"
)

const (
	prompt     = "svscript> "
	morePrompt = "     ...> "
)

// interact is the prompt; or, where stdin is no terminal, the script that comes from there.
func interact(env environment, f *flags, out *output) error {
	path, args := f.operands[0], f.operands[1:]
	if !isTerminal(env.stdin) {
		ctx, stop := limited(f, out)
		defer stop()
		code, err := io.ReadAll(env.stdin)
		if err != nil {
			return err
		}
		return runText(ctx, f, out, "[stdin]", string(code), path, args)
	}
	if !out.terminal {
		return usageError("the prompt needs a terminal to write to; give a script or -e CODE to write elsewhere")
	}
	ctx, stop := limited(f, out)
	img, err := openImage(ctx, f, out, path)
	stop()
	if err != nil {
		return err
	}
	if img != nil {
		defer img.Close()
	}
	s, err := newSession(f, out, img, args)
	if err != nil {
		return err
	}
	return newREPL(s, f, env).loop()
}

// A repl is a conversation with a script host on a terminal.
type repl struct {
	*session
	f     *flags
	line  *liner.State
	plain liner.ModeApplier // the terminal as other programs expect it

	runs    runGuard
	history *history
	inputs  []string // what was evaluated without an error, for .save
	loaded  string   // the file of the last .load
	timing  bool     // .time without an expression
	current int      // the CPU that short commands are about
	editor  string
	pager   string
}

func newREPL(s *session, f *flags, env environment) *repl {
	plain, _ := liner.TerminalMode()
	r := &repl{session: s, f: f, plain: plain, line: liner.NewLiner(), history: openHistory(env.getenv)}
	r.editor = cmp.Or(env.getenv("VISUAL"), env.getenv("EDITOR"), "vi")
	r.pager = cmp.Or(env.getenv("PAGER"), "less -FRX")
	if s.image != nil && len(s.image.CPUs()) > 0 {
		r.current = s.image.CPUs()[0].Index
	}
	r.line.SetCtrlCAborts(true)
	r.line.SetBeep(false)
	r.line.SetTabCompletionStyle(liner.TabPrints)
	r.line.SetWordCompleter(r.complete)
	r.history.load(r.line)
	return r
}

// loop reads and evaluates until the end of the input.
func (r *repl) loop() error {
	defer r.line.Close()
	stop := r.runs.watch(r)
	defer stop()
	if r.f.maxMemory > 0 {
		defer watchMemory(r.f.maxMemory, r.runs.cancel)()
	}
	if !r.out.quiet {
		_ = r.out.text(r.banner() + "\n")
	}
	for {
		input, err := r.read()
		switch {
		case errors.Is(err, liner.ErrPromptAborted):
			continue
		case errors.Is(err, io.EOF):
			fmt.Fprintln(r.out.stderr)
			return nil
		case err != nil:
			return err
		}
		if done := r.handle(input); done {
			return nil
		}
		if r.out.flush() != nil {
			return nil
		}
	}
}

// banner is the first line.
func (r *repl) banner() string {
	const keys = ".help tells more, Ctrl-D leaves"
	if r.image == nil {
		return "svscript without an image. " + keys + "."
	}
	info := r.image.Info()
	machine := info.Machine
	if machine == "" {
		machine = info.Format
	}
	cpus := fmt.Sprintf("%d CPUs", len(r.image.CPUs()))
	if len(r.image.CPUs()) == 1 {
		cpus = "1 CPU"
	}
	parts := []string{machine, info.Arch, cpus, ramText(info.Size) + " RAM"}
	if info.Arch == "" {
		parts[1] = "unknown architecture"
	}
	return oneLine(filepath.Base(info.Path)+": "+strings.Join(parts, ", ")) + ". " + keys + "."
}

// ramText is a size for people, in the largest unit that divides it.
func ramText(n uint64) string {
	s := sizeText(int64(n))
	if i := strings.IndexAny(s, "KMGT"); i >= 0 {
		return s[:i] + " " + s[i:] + "iB"
	}
	return s + " bytes"
}

// read reads lines until they are a whole input. Ctrl-C gives up an input that has begun.
func (r *repl) read() (string, error) {
	first, err := r.line.Prompt(prompt)
	if err != nil {
		return "", err
	}
	r.history.add(r.line, first)
	if isCommand(first) || helpQuestion.MatchString(first) || r.isShort(first) {
		return first, nil
	}
	input := first
	for runtime.Incomplete(input) {
		next, err := r.line.Prompt(morePrompt)
		if errors.Is(err, io.EOF) { // Ctrl-D: as it is
			return input, nil
		}
		if err != nil {
			return "", err
		}
		r.history.add(r.line, next)
		input += "\n" + next
	}
	return input, nil
}

// helpQuestion is "vm.read?" or "?vm.read".
var helpQuestion = regexp.MustCompile(`^\s*(?:\?\s*([\w$.()\[\]'" ]*)|([\w$.()\[\]'" ]*[\w$)\]])\s*\?)\s*$`)

// handle does what an input asks for; done ends the conversation.
func (r *repl) handle(input string) (done bool) {
	text := strings.TrimSpace(input)
	switch {
	case text == "":
		return false
	case text == "exit" || text == "quit":
		return true
	case isCommand(text):
		return r.command(text)
	}
	if m := helpQuestion.FindStringSubmatch(text); m != nil {
		r.help(strings.TrimSpace(m[1] + m[2]))
		return false
	}
	if in, ok := r.short(text); ok {
		if in.code != "" {
			r.runShort(in)
		}
		return false
	}
	if r.evaluate(input) {
		r.inputs = append(r.inputs, input)
	}
	return false
}

// say shows the JavaScript that a short command stands for.
func (r *repl) say(code string) {
	if r.out.color {
		code = "\x1b[2m" + code + "\x1b[m"
	}
	_ = r.out.text(code + "\n")
}

// evaluate runs an input and prints its value or its error.
func (r *repl) evaluate(code string) bool { return r.evaluateAs(code, r.result) }

// evaluateAs is evaluate with another way to print the value.
func (r *repl) evaluateAs(code string, print func(goja.Value) error) bool {
	return r.run(func(ctx context.Context) error {
		v, err := r.host.Eval(ctx, code)
		if err != nil || goja.IsUndefined(v) {
			return err
		}
		if err := r.host.Define("_", v); err != nil {
			return err
		}
		return r.host.Call(ctx, func(*goja.Runtime) error { return print(v) })
	})
}

// run does work that Ctrl-C can stop, and prints its error.
func (r *repl) run(work func(context.Context) error) bool {
	ctx, release := r.runs.begin(r.f.timeout)
	defer release()
	started := time.Now()
	err := work(ctx)
	r.out.endRows()
	r.out.forgetProgress()
	switch {
	case err == nil:
	case errors.Is(context.Cause(ctx), errInterrupted):
		r.printError(errors.New("stopped"))
	default:
		r.printError(asInterrupted(err, ctx))
	}
	if r.timing {
		r.say(time.Since(started).Round(time.Microsecond).String())
	}
	return err == nil
}

// endRows prints the rows that wait; further ones begin a new table.
func (out *output) endRows() {
	out.mu.Lock()
	defer out.mu.Unlock()
	out.rows.flush()
	if rows, ok := out.rows.(*columnRows); ok {
		rows.columns = nil
	}
}

// replName is how the host names what was typed, in stacks.
const replName = "<repl>"

// printError prints why an input failed. What was typed is on the screen: where in it is said only when it has several lines.
func (r *repl) printError(err error) {
	text := err.Error()
	var e *runtime.ScriptError
	if errors.As(err, &e) {
		text = r.errorText(e)
	}
	if r.out.color {
		first, rest, more := strings.Cut(text, "\n")
		text = "\x1b[31m" + first + "\x1b[m"
		if more {
			text += "\n" + rest
		}
	}
	_ = r.out.errorText(text + "\n")
}

func (r *repl) errorText(e *runtime.ScriptError) string {
	if e.File != replName {
		return e.Detail()
	}
	short := *e
	for len(short.Stack) > 0 && short.Stack[len(short.Stack)-1].Function == "" && short.Stack[len(short.Stack)-1].File == replName {
		short.Stack = short.Stack[:len(short.Stack)-1]
	}
	if e.Name != "SyntaxError" || short.Line <= 1 {
		short.File = ""
	}
	if e.Name != "SyntaxError" { // the host remembers the text of the last input alone
		short.SourceLine = ""
	}
	return short.Detail()
}

// A runGuard ends what runs at the prompt: when Ctrl-C is pressed, when its time is over, when it needs too much memory.
type runGuard struct {
	stop    chan context.CancelCauseFunc // holds the function that ends the current run, or nil
	presses int
}

// begin starts a run.
func (g *runGuard) begin(timeout time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	<-g.stop
	g.presses = 0
	g.stop <- cancel
	release := func() {
		<-g.stop
		g.stop <- nil
		cancel(nil)
	}
	if timeout <= 0 {
		return ctx, release
	}
	timed, done := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("--timeout %v", timeout))
	return timed, func() { done(); release() }
}

// cancel ends the current run, if there is one.
func (g *runGuard) cancel(cause error) { g.end(cause) }

// end is cancel; it tells whether there was a run.
func (g *runGuard) end(cause error) bool {
	if end := <-g.stop; end != nil {
		end(cause)
		if errors.Is(cause, errInterrupted) {
			g.presses++
		}
		g.stop <- end
		return true
	}
	g.stop <- nil
	return false
}

// pressed is how often Ctrl-C was pressed during the current run.
func (g *runGuard) pressed() int {
	end := <-g.stop
	defer func() { g.stop <- end }()
	return g.presses
}

// watch takes signals: Ctrl-C ends the run, not the program, unless the run cannot be ended; the others restore the terminal first.
func (g *runGuard) watch(r *repl) (stop func()) {
	g.stop = make(chan context.CancelCauseFunc, 1)
	g.stop <- nil
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		for s := range signals {
			if s != os.Interrupt {
				r.leave(128 + int(s.(syscall.Signal)))
			}
			if !g.end(errInterrupted) { // at the prompt, on a terminal without line editing
				_ = r.out.text("\n" + prompt)
				continue
			}
			switch g.pressed() {
			case 2:
				r.out.message("this does not stop at once; Ctrl-C once more ends svscript")
			case 3:
				r.leave(exitInterrupted)
			}
		}
	}()
	return func() { signal.Stop(signals); close(signals) }
}

// leave ends the program from another goroutine.
func (r *repl) leave(code int) {
	if r.plain != nil {
		_ = r.plain.ApplyMode()
	}
	os.Exit(code)
}

// shownOfSequence is how many values of a sequence the prompt prints.
const shownOfSequence = 50

// result prints a value: the beginning of a sequence, and anything else as the console does, through a pager where it is longer
// than the screen.
func (r *repl) result(v goja.Value) error {
	o, ok := v.(*goja.Object)
	if !ok || !isLazy(o) || className(o) != "Sequence" {
		r.page(r.printer.replText(v) + "\n")
		return nil
	}
	n := 0
	r.host.Runtime().ForOf(o, func(v goja.Value) bool {
		r.host.CheckInterrupt()
		if n++; n > shownOfSequence {
			return false
		}
		_ = r.out.text(r.printer.replText(v) + "\n")
		return true
	})
	switch {
	case n == 0:
		_ = r.out.text("(nothing)\n")
	case n > shownOfSequence:
		_ = r.out.text("… and more: loop over _ with for…of, or take _.toArray()\n")
		return nil
	}
	return r.printer.reportSkipped(o)
}

// lines prints a list an item a line, as a debugger does.
func (r *repl) lines(v goja.Value) error {
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Array" {
		return r.result(v)
	}
	r.host.Runtime().ForOf(o, func(v goja.Value) bool { return r.out.text(r.printer.replText(v)+"\n") == nil })
	return nil
}

// replText is a value at the prompt; a text of several lines is printed as it is.
func (p *printer) replText(v goja.Value) string {
	if s, ok := v.(goja.String); ok && strings.Contains(s.String(), "\n") {
		return s.String()
	}
	return p.host.Inspect(v, runtime.InspectOptions{HexBigInt: true, Hexdump: true, Color: p.out.color, Width: p.out.width()})
}

// className is the name of an object's constructor.
func className(o *goja.Object) string {
	if ctor, ok := o.Get("constructor").(*goja.Object); ok {
		return ctor.Get("name").String()
	}
	return ""
}
