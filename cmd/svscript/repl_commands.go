package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/dop251/goja"
	"golang.org/x/term"

	"github.com/svscript/svscript/bindings"
	"github.com/svscript/svscript/runtime"
)

// A dotCommand is a command of the prompt itself.
type dotCommand struct {
	name, args, help string
	run              func(r *repl, args string) (done bool)
}

var dotCommands []dotCommand

func init() {
	dotCommands = []dotCommand{
		{"help", "", "this", func(r *repl, _ string) bool { r.page(r.helpText()); return false }},
		{"load", "FILE", "run a script here: its exports become globals, or where it has none its variables", (*repl).load},
		{"reload", "", "load the last file again, and the modules that it requires", (*repl).reload},
		{"watch", "FILE", "load a file again whenever it changes, until Ctrl-C", (*repl).watchFile},
		{"edit", "", "write an input in $EDITOR", (*repl).edit},
		{"save", "FILE", "write what was typed, without what failed, to a script", (*repl).save},
		{"time", "[CODE]", "say how long CODE takes; without it, do so for every input, or no longer", (*repl).time},
		{"cpu", "[N]", "the CPU that the short commands are about", (*repl).selectCPU},
		{"types", "", "print the type declarations of the API", func(r *repl, _ string) bool { r.page(bindings.TypeScript()); return false }},
		{"exit", "", "leave, as Ctrl-D does", func(*repl, string) bool { return true }},
	}
}

// isCommand tells ".load x" from ".5" and from a line that goes on with a method.
func isCommand(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) > 1 && text[0] == '.' && text[1] >= 'a' && text[1] <= 'z'
}

func (r *repl) command(text string) (done bool) {
	name, args, _ := strings.Cut(text[1:], " ")
	args = strings.TrimSpace(args)
	var names []string
	for _, c := range dotCommands {
		names = append(names, c.name)
		if c.name != name && (name != "quit" || c.name != "exit") {
			continue
		}
		if args == "" && c.args != "" && c.args[0] != '[' {
			r.complain(".%s wants a %s", c.name, strings.ToLower(c.args))
			return false
		}
		return c.run(r, args)
	}
	r.complain("there is no .%s%s; .help lists them", name, didYouMean(name, names, "."))
	return false
}

// complain prints that a command cannot be done.
func (r *repl) complain(format string, args ...any) {
	r.printError(fmt.Errorf(format, args...))
}

const helpHead = `Type JavaScript. vm is the image, _ the last value. help() is an overview of the
API, vm.read? tells about one thing. Tab completes, and behind an open
parenthesis tells the arguments. Ctrl-C stops what runs, Ctrl-R searches the
history.

`

const helpShort = `
Short commands show the JavaScript that they stand for. Addresses are virtual,
of the CPU that .cpu says; with ! before the command they are physical. They are
hexadecimal digits, with 0x or without, names of registers, sums of these, or
JavaScript. N is decimal.

`

func (r *repl) helpText() string {
	var b strings.Builder
	b.WriteString(helpHead)
	for _, c := range dotCommands {
		fmt.Fprintf(&b, "  %-16s %s\n", "."+c.name+" "+c.args, c.help)
	}
	b.WriteString(helpShort)
	for _, c := range shortCommands {
		if c.name == "dis" && !hasDisassembler() {
			continue
		}
		fmt.Fprintf(&b, "  %-16s %s\n", c.name+" "+c.args, c.help)
	}
	return b.String()
}

// page prints a text, through a pager where it is longer than the screen.
func (r *repl) page(text string) {
	_, height, err := term.GetSize(int(os.Stdout.Fd()))
	pager := strings.Fields(r.pager)
	if err != nil || strings.Count(text, "\n") < height || len(pager) == 0 || r.plain == nil {
		_ = r.out.text(text)
		return
	}
	cmd := exec.Command(pager[0], pager[1:]...)
	cmd.Stdin = strings.NewReader(text)
	if r.foreground(cmd) != nil {
		_ = r.out.text(text)
	}
}

// foreground runs a program on the terminal, in the mode that programs expect.
func (r *repl) foreground(cmd *exec.Cmd) error {
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if cmd.Stdin == nil {
		cmd.Stdin = os.Stdin
	}
	if r.plain != nil {
		ours := currentMode()
		_ = r.plain.ApplyMode()
		defer func() { _ = ours.ApplyMode() }()
	}
	return cmd.Run()
}

// looksLikeModule tells a script that exports from one that is only statements.
var looksLikeModule = regexp.MustCompile(`(?m)^\s*export\b|\bexports\b`)

func (r *repl) load(path string) bool {
	if abs, err := filepath.Abs(path); err == nil {
		r.loaded = abs
	}
	r.run(func(ctx context.Context) error { return r.loadFile(ctx, path) })
	return false
}

// loadFile runs a file: a module's exports become globals; other code runs as if it were typed here.
func (r *repl) loadFile(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read %s: %v", path, plainCause(err))
	}
	if !looksLikeModule.Match(text) && filepath.Ext(path) != ".ts" {
		_, err := r.host.Eval(ctx, string(text))
		return renamed(err, path)
	}
	exports, err := r.host.Load(ctx, path)
	if err != nil {
		return err
	}
	names := exports.Keys()
	for _, name := range names {
		if err := r.host.Define(name, exports.Get(name)); err != nil {
			return err
		}
	}
	r.say("// " + strings.Join(names, ", "))
	return nil
}

// renamed names the file where the host speaks of what was typed.
func renamed(err error, path string) error {
	var e *runtime.ScriptError
	if !errors.As(err, &e) {
		return err
	}
	if e.File == replName {
		e.File = path
	}
	for i := range e.Stack {
		if e.Stack[i].File == replName {
			e.Stack[i].File = path
		}
	}
	return err
}

func (r *repl) reload(string) bool {
	if r.loaded == "" {
		r.complain("nothing was loaded yet: .load FILE")
		return false
	}
	r.host.ForgetModules()
	return r.load(r.loaded)
}

// watchInterval is how often .watch looks at its file.
const watchInterval = 200 * time.Millisecond

func (r *repl) watchFile(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		r.complain("cannot watch %s: %v", path, plainCause(err))
		return false
	}
	r.load(path)
	r.say("// watching " + path + "; Ctrl-C ends it")
	ctx, release := r.runs.begin(0)
	defer func() { release() }()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(watchInterval):
		}
		now, err := os.Stat(path)
		if err != nil || now.ModTime().Equal(info.ModTime()) && now.Size() == info.Size() {
			continue
		}
		info = now
		release()
		r.say("// " + path + " changed")
		r.reload("")
		ctx, release = r.runs.begin(0)
	}
}

// edit runs $EDITOR on an empty file, or on the last input of several lines, and evaluates what comes of it.
func (r *repl) edit(string) bool {
	file, err := os.CreateTemp("", "svscript-*.js")
	if err != nil {
		r.complain("%v", err)
		return false
	}
	defer os.Remove(file.Name())
	if n := len(r.inputs); n > 0 {
		_, _ = file.WriteString(r.inputs[n-1] + "\n")
	}
	_ = file.Close()
	fields := append(strings.Fields(r.editor), file.Name())
	if err := r.foreground(exec.Command(fields[0], fields[1:]...)); err != nil {
		r.complain("%s: %v (EDITOR names another)", fields[0], err)
		return false
	}
	text, err := os.ReadFile(file.Name())
	if err != nil || strings.TrimSpace(string(text)) == "" {
		return false
	}
	input := strings.TrimRight(string(text), "\n")
	_ = r.out.text(input + "\n")
	if r.evaluate(input) {
		r.inputs = append(r.inputs, input)
	}
	return false
}

func (r *repl) save(path string) bool {
	if _, err := os.Stat(path); err == nil {
		r.complain("%s is there already; .save writes new files only", path)
		return false
	}
	if err := os.WriteFile(path, []byte(runtime.Transcript(r.inputs)), 0o666); err != nil {
		r.complain("cannot write %s: %v", path, plainCause(err))
		return false
	}
	r.say(fmt.Sprintf("// wrote %d inputs to %s", len(r.inputs), path))
	return false
}

func (r *repl) time(code string) bool {
	before := r.timing
	if code == "" {
		r.timing = !before
		r.say(map[bool]string{true: "// every input is timed from now on", false: "// inputs are no longer timed"}[r.timing])
		return false
	}
	r.timing = true
	r.evaluate(code)
	r.timing = before
	return false
}

// help tells about an expression: an object, a class, a function, or what the table says of a property.
func (r *repl) help(expression string) {
	r.run(func(ctx context.Context) error {
		text := r.helpOn(ctx, expression)
		return r.out.text(text + "\n")
	})
}

func (r *repl) helpOn(ctx context.Context, expression string) string {
	if expression == "" {
		expression = "undefined"
	}
	v, err := r.host.Eval(ctx, expression)
	if o, ok := v.(*goja.Object); ok && err == nil {
		if text := r.api.Help(o); !strings.HasPrefix(text, noHelp) {
			return text
		}
	}
	// A property: what the table says of it in its object's class.
	if i := strings.LastIndexByte(expression, '.'); i > 0 {
		if owner, err := r.host.Eval(ctx, expression[:i]); err == nil {
			if o, ok := owner.(*goja.Object); ok {
				name := className(o) + expression[i:]
				if text := r.api.Help(r.host.Runtime().ToValue(name)); !strings.HasPrefix(text, noHelp) {
					return text
				}
			}
		}
	}
	if err != nil || !goja.IsUndefined(v) {
		if text := r.api.Help(r.host.Runtime().ToValue(expression)); !strings.HasPrefix(text, noHelp) {
			return text
		}
	}
	if err != nil {
		return err.Error()
	}
	return r.api.Help(v)
}

// noHelp begins what the API says of things that it does not know.
const noHelp = "There is no help on"
