package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/scripts"
)

// A script is what the command line names: a file or a bundled script.
type script struct {
	name    string // as messages show it
	path    string // of a file
	builtin string // of a bundled one, its path in scripts.FS
	source  string
}

var scriptExtensions = []string{".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"}

// findScript looks at the first operand: a file with a script's extension, a bundled script, one on the module path, or a file that
// begins with #!. It returns nil where that is an image, and an error where it can be neither.
func findScript(f *flags) (*script, error) {
	name := f.operands[0]
	info, statErr := os.Stat(name)
	isFile := statErr == nil && !info.IsDir()
	named := slices.Contains(scriptExtensions, strings.ToLower(filepath.Ext(name)))
	if isFile && named {
		return fileScript(name)
	}
	if builtin, ok := scripts.Find(name); ok {
		source, err := fs.ReadFile(scripts.FS, builtin)
		return &script{name: strings.TrimSuffix(name, filepath.Ext(name)), builtin: builtin, source: string(source)}, err
	}
	if path := onModulePath(f.modulePath, name); path != "" && statErr != nil {
		return fileScript(path)
	}
	switch {
	case isFile && beginsWithShebang(name):
		return fileScript(name)
	case statErr == nil && len(f.operands) > 1:
		return nil, swappedError(f.operands)
	case statErr == nil: // an image, a folder, a device: opening it tells
		return nil, nil
	case !errors.Is(statErr, fs.ErrNotExist):
		return nil, usageError("%s: %v", name, plainCause(statErr))
	case named:
		return nil, usageError("there is no script %s%s", name, nearScript(name))
	case len(f.operands) > 1:
		return nil, usageError("there is no script %s%s (--list shows the bundled ones)", name, nearScript(name))
	case looksLikeName(name):
		if near := didYouMean(name, scripts.Names(), "svscript "); near != "" {
			return nil, usageError("there is no script or image %s%s (--list shows the bundled scripts)", name, near)
		}
	}
	return nil, nil // opening the image says that there is none
}

// onModulePath is the file of a script in a folder of the module path, named with or without its extension: "zero-runs/zeros".
func onModulePath(dirs []string, name string) string {
	if !filepath.IsLocal(name) || strings.HasPrefix(name, ".") {
		return ""
	}
	for _, dir := range dirs {
		for _, ext := range append([]string{""}, scriptExtensions...) {
			path := filepath.Join(dir, name) + ext
			if !slices.Contains(scriptExtensions, filepath.Ext(path)) {
				continue
			}
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				return path
			}
		}
	}
	return ""
}

func fileScript(path string) (*script, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, usageError("cannot read the script %s: %v", path, plainCause(err))
	}
	return &script{name: path, path: path, source: string(source)}, nil
}

func beginsWithShebang(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	var start [2]byte
	n, _ := file.Read(start[:])
	return string(start[:n]) == "#!"
}

// swappedError is for a first operand that is no script although more follow.
func swappedError(operands []string) error {
	if _, ok := scripts.Find(operands[1]); ok || slices.Contains(scriptExtensions, filepath.Ext(operands[1])) {
		return usageError("the script comes before the image: svscript %s %s", operands[1], operands[0])
	}
	return usageError("%s is no script: its name must end in %s, or its first line begin with #!", operands[0],
		strings.Join(scriptExtensions[:5], ", "))
}

func looksLikeName(s string) bool { return !strings.ContainsAny(s, `/\.`) }

func nearScript(name string) string {
	if looksLikeName(strings.TrimSuffix(name, filepath.Ext(name))) {
		if near := didYouMean(strings.TrimSuffix(name, filepath.Ext(name)), scripts.Names(), ""); near != "" {
			return near
		}
	}
	return nearFiles(name)
}

var (
	// mayDeclare finds the scripts that can have an export `command`.
	mayDeclare      = regexp.MustCompile(`\bexports\b[^\n]*\bcommand\b|\bmodule\.exports\b|\bexport\b[^;]*\bcommand\b`)
	mayNeedNoImage  = regexp.MustCompile(`\bimage["']?\s*:\s*false\b`)
	errNoDefinition = errors.New("declares no command")
)

// runScript runs a script: on the image that the next operand names, unless it declares that it takes none.
func runScript(f *flags, out *output, s *script) error {
	ctx, stop := limited(f, out)
	defer stop()
	args := f.operands[1:]
	if wantsHelp(args) && mayDeclare.MatchString(s.source) {
		if err := printHelp(ctx, f, out, s); !errors.Is(err, errNoDefinition) {
			return err
		}
	}
	if mayNeedNoImage.MatchString(s.source) {
		// To know whether its first argument is an image, its declaration must be read first.
		r, err := load(ctx, f, out, s, nil, args)
		if err != nil {
			return err
		}
		if r.command != nil && r.command.NoImage {
			return r.run(ctx, args)
		}
	}
	var img *savevm.Image
	if len(args) > 0 {
		if err := misplacedFlag(f.operands, args[0], "the script"); err != nil {
			return err
		}
		if len(args[0]) > 1 && args[0][0] == '-' {
			return usageError("the image comes right after the script, before %s: svscript %s IMAGE %s", args[0], s.name, strings.Join(args, " "))
		}
		var err error
		if img, err = openImage(ctx, f, out, args[0]); err != nil {
			return err
		}
		if img != nil {
			defer img.Close()
		}
		args = args[1:]
	}
	if !mayDeclare.MatchString(s.source) {
		return noImageHint(runPlain(ctx, f, out, s, img, args), img)
	}
	r, err := load(ctx, f, out, s, img, args)
	if err != nil {
		return noImageHint(err, img)
	}
	if r.command != nil && img == nil && !r.command.NoImage {
		switch { // a script of the user's may know what to do without one
		case s.builtin != "":
			return usageError("%s needs an image: svscript %s IMAGE", r.command.Name, r.command.Name)
		case len(f.operands) < 2:
			return usageError("%s needs an image: svscript %s IMAGE (- stands for none)", r.command.Name, r.command.Name)
		}
	}
	return noImageHint(r.run(ctx, args), img)
}

func wantsHelp(args []string) bool {
	for _, a := range args {
		switch a {
		case "--":
			return false
		case "--help", "-h":
			return true
		}
	}
	return false
}

// noImageHint says why vm is undefined, where that is what a script fell over.
func noImageHint(err error, img *savevm.Image) error {
	var e *runtime.ScriptError
	if img == nil && errors.As(err, &e) && e.Name == "TypeError" && strings.Contains(e.Message, "undefined") && strings.Contains(e.SourceLine, "vm") {
		e.Message += " (no image was given, so vm is undefined)"
	}
	return err
}

// printHelp prints what a script declares of itself.
func printHelp(ctx context.Context, f *flags, out *output, s *script) error {
	r, err := load(ctx, f, out, s, nil, nil)
	if err != nil || r.command == nil {
		return errNoDefinition // it cannot do without an image, perhaps
	}
	return out.text(r.command.Usage())
}

// runPlain runs a script that declares no command, and prints what its main returns, or else the value of its last expression.
func runPlain(ctx context.Context, f *flags, out *output, s *script, img *savevm.Image, args []string) error {
	session, err := newSession(f, out, img, args)
	if err != nil {
		return err
	}
	session.mainTakes(stringList(session.host.Runtime(), args))
	var v goja.Value
	if s.builtin != "" {
		v, err = session.host.RunBuiltin(ctx, s.builtin)
	} else {
		v, err = session.host.RunFile(ctx, s.path)
	}
	if err != nil {
		return runError(ctx, err)
	}
	return session.print(ctx, v)
}

// mainTakes says what main is called with besides vm.
func (s *session) mainTakes(args *goja.Object) {
	s.host.SetMainArguments(s.host.Runtime().Get("vm"), args)
}

func stringList(rt *goja.Runtime, args []string) *goja.Object {
	list := make([]any, len(args))
	for i, a := range args {
		list[i] = a
	}
	return rt.NewArray(list...)
}

// A loaded script has run its top-level code.
type loaded struct {
	*session
	f       *flags
	script  *script
	exports *goja.Object
	command *scripts.Command // nil where it declares none
}

func load(ctx context.Context, f *flags, out *output, s *script, img *savevm.Image, args []string) (*loaded, error) {
	session, err := newSession(f, out, img, args)
	if err != nil {
		return nil, err
	}
	r := &loaded{session: session, f: f, script: s}
	if s.builtin != "" {
		r.exports, err = session.host.LoadBuiltin(ctx, s.builtin)
	} else {
		r.exports, err = session.host.Load(ctx, s.path)
	}
	if err != nil {
		return nil, runError(ctx, err)
	}
	err = session.host.Call(ctx, func(rt *goja.Runtime) (err error) {
		r.command, _, err = scripts.ParseCommand(rt, r.exports)
		return err
	})
	if err != nil {
		return nil, runError(ctx, fmt.Errorf("%s: %w", s.name, err))
	}
	if r.command != nil && r.command.Name == "" {
		r.command.Name = s.name
	}
	return r, nil
}

// run calls main and prints what it returns.
func (r *loaded) run(ctx context.Context, args []string) error {
	rt := r.host.Runtime()
	if r.command != nil {
		values, help, err := r.command.Parse(rt, args)
		var usage *scripts.UsageError
		switch {
		case errors.As(err, &usage):
			if err := misplacedFlag(r.f.operands, usage.Option, "the script"); err != nil {
				return err
			}
			return &exitError{exitUsage, err}
		case err != nil:
			return err
		case help:
			return r.out.text(r.command.Usage())
		}
		r.mainTakes(values)
	} else {
		r.mainTakes(stringList(rt, args))
	}
	v, err := r.host.CallMain(ctx, r.exports)
	if err == nil {
		err = r.host.Call(ctx, func(*goja.Runtime) error { return r.printer.result(v) })
		r.out.forgetProgress()
	}
	if r.script.builtin != "" && ctx.Err() == nil {
		err = scripts.Failure(r.host, r.script.name, err)
	}
	return runError(ctx, err)
}

// print prints a value, in a run of its own, since that may call the script's getters and iterators.
func (s *session) print(ctx context.Context, v goja.Value) error {
	err := s.host.Call(ctx, func(*goja.Runtime) error { return s.printer.result(v) })
	s.out.forgetProgress()
	return runError(ctx, err)
}

// runError is the error of a run; what ended the run from outside comes first.
func runError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	cause := context.Cause(ctx)
	if errors.Is(cause, errInterrupted) || errors.Is(cause, errPipe) {
		return &exitError{exitInterrupted, cause}
	}
	return &exitError{exitScript, asInterrupted(err, ctx)}
}

// asInterrupted makes the error of a native function that was told to stop the one of a script that was.
func asInterrupted(err error, ctx context.Context) error {
	var e *runtime.ScriptError
	if ctx.Err() == nil || !errors.As(err, &e) || e.Name == "Interrupted" || !errors.Is(e, ctx.Err()) {
		return err
	}
	e.Name, e.Message = "Interrupted", "the script was stopped: "+context.Cause(ctx).Error()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		e.Message = "the script ran out of time: " + context.Cause(ctx).Error()
	}
	return err
}

// evaluate runs -e CODE, on the image that the first operand names.
func evaluate(_ environment, f *flags, out *output) error {
	ctx, stop := limited(f, out)
	defer stop()
	path, args := noImage, f.operands
	if len(args) > 0 {
		path, args = args[0], args[1:]
	}
	return runText(ctx, f, out, "[eval]", *f.code, path, args)
}

// runText runs a text on an image and prints its value.
func runText(ctx context.Context, f *flags, out *output, name, code, path string, args []string) error {
	img, err := openImage(ctx, f, out, path)
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
	v, err := s.host.RunString(ctx, name, code)
	if err != nil {
		return noImageHint(runError(ctx, err), img)
	}
	return s.print(ctx, v)
}
