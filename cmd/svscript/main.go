// Svscript opens a saved virtual machine and runs JavaScript on it: a script, a line of code, or a conversation.
//
//	svscript IMAGE                     a prompt with vm = IMAGE
//	svscript SCRIPT IMAGE [ARG...]     run a script: a file, or the name of a bundled one
//	svscript -e CODE [IMAGE]           print the value of an expression
//
// svscript --help tells the rest.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
)

func main() {
	os.Exit(run(environment{
		args:   os.Args[1:],
		stdin:  os.Stdin,
		stdout: os.Stdout,
		stderr: os.Stderr,
		getenv: os.Getenv,
	}))
}

// An environment is what the command has from outside.
type environment struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
}

// The exit codes.
const (
	exitDone        = 0
	exitScript      = 1   // the script failed
	exitUsage       = 2   // the command line is wrong
	exitImage       = 3   // the image cannot be opened
	exitInterrupted = 130 // 128 + SIGINT, as shells count
)

// An exitError ends the command with a code and, unless err is nil, a message.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// heapFloor is memory that is never touched, so that it costs none. The collector runs whenever the heap has doubled; a script's heap is a
// few megabytes, of which it would spend a quarter of its time collecting the short-lived values that every read makes.
const heapFloor = 16 << 20

// run is the command: it returns the exit code.
func run(env environment) int {
	f, err := parseFlags(env.args, env.getenv)
	if err == nil && f.maxMemory == 0 {
		floor := make([]byte, heapFloor)
		defer runtime.KeepAlive(floor)
	}
	out := newOutput(env, f)
	if err == nil {
		err = dispatch(env, f, out)
	}
	return out.finish(err)
}

// dispatch picks what the command line asks for.
func dispatch(env environment, f *flags, out *output) error {
	switch {
	case f.help:
		return out.text(usageText())
	case f.version:
		return out.text("svscript " + version() + "\n")
	case f.list:
		return listScripts(f, out)
	case f.types:
		return writeTypes(f, out)
	case f.code != nil:
		return evaluate(env, f, out)
	case len(f.operands) == 0:
		_ = out.errorText(usageText())
		return &exitError{code: exitUsage}
	}
	if f.operands[0] == batchName {
		return runBatch(f, out)
	}
	script, err := findScript(f)
	switch {
	case err != nil:
		return err
	case script != nil:
		return runScript(f, out, script)
	}
	return interact(env, f, out)
}

// version is the module's version as the Go tool recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown version)"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "(devel)"
	}
	return v + " " + info.GoVersion
}

// asExit finds the exit code of an error.
func asExit(err error) *exitError {
	var e *exitError
	if errors.As(err, &e) {
		return e
	}
	return &exitError{exitScript, err}
}
