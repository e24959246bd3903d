package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm/symbols"
	"github.com/svscript/svscript/scripts"
)

// output is where all that the command prints goes: rows, values and the console's lines to stdout in the order in which they came,
// everything else to stderr. Its methods may be called from several goroutines.
type output struct {
	mu       sync.Mutex
	stdout   *bufio.Writer
	stderr   io.Writer
	rows     rowWriter
	progress progress
	flushing *time.Timer // a flush that is to come, or nil
	err      error       // of the first write to stdout that failed
	broken   func(error) // told of that error

	tty         io.Writer // stdout itself, to ask for its width
	terminal    bool      // stdout is a terminal
	errTerminal bool      // stderr is one
	color       bool
	json, csv   bool
	quiet       bool
	warned      map[string]bool // columns that came too late for the CSV
}

// flushAfter is how long output may wait in a buffer, and on a terminal rows for others to be aligned with.
const flushAfter = 100 * time.Millisecond

func newOutput(env environment, f *flags) *output {
	out := &output{
		stdout: bufio.NewWriterSize(env.stdout, 64<<10), stderr: env.stderr, tty: env.stdout,
		terminal: isTerminal(env.stdout), errTerminal: isTerminal(env.stderr),
		json: f.json, csv: f.csv, quiet: f.quiet, warned: map[string]bool{},
	}
	out.color = out.terminal && !f.noColor && env.getenv("NO_COLOR") == "" && env.getenv("TERM") != "dumb"
	out.progress.enabled = out.errTerminal && !f.quiet
	out.progress.width = func() int { return terminalWidth(env.stderr) }
	switch {
	case f.json:
		out.rows = &jsonRows{out: out}
	case f.csv:
		out.rows = &columnRows{out: out, format: &csvFormat{}}
	default:
		out.rows = &columnRows{out: out, format: &tableFormat{color: out.color}}
	}
	return out
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth is the number of columns of a terminal, 80 where that is not known.
func terminalWidth(stream any) int {
	if f, ok := stream.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

// Write is the console's output: it comes after the rows that were emitted before it.
func (out *output) Write(p []byte) (int, error) {
	out.mu.Lock()
	defer out.mu.Unlock()
	out.rows.flush()
	out.write(p)
	return len(p), out.err
}

// write appends to stdout. The caller holds mu.
func (out *output) write(p []byte) {
	if out.err != nil {
		return
	}
	out.progress.clear(out.stderr)
	_, err := out.stdout.Write(p)
	out.note(err)
	if out.terminal {
		out.note(out.stdout.Flush())
		return
	}
	out.flushSoon()
}

func (out *output) flushSoon() {
	if out.flushing == nil {
		out.flushing = time.AfterFunc(flushAfter, out.flushLate)
	}
}

// flushLate writes what has waited long enough. Rows that wait for others are written on a terminal only, where somebody looks on:
// elsewhere the columns would depend on how fast the machine is.
func (out *output) flushLate() {
	out.mu.Lock()
	defer out.mu.Unlock()
	if out.terminal {
		out.rows.flush()
	}
	_ = out.flushLocked()
}

// flush writes what is buffered.
func (out *output) flush() error {
	out.mu.Lock()
	defer out.mu.Unlock()
	out.rows.flush()
	return out.flushLocked()
}

func (out *output) flushLocked() error {
	if out.flushing != nil {
		out.flushing.Stop()
		out.flushing = nil
	}
	out.note(out.stdout.Flush())
	return out.err
}

func (out *output) note(err error) {
	if err == nil || out.err != nil {
		return
	}
	out.err = err
	if out.broken != nil {
		out.broken(err)
	}
}

// isBrokenPipe tells that whoever read stdout has gone.
func (out *output) isBrokenPipe() bool {
	out.mu.Lock()
	defer out.mu.Unlock()
	return errors.Is(out.err, syscall.EPIPE) || errors.Is(out.err, io.ErrClosedPipe)
}

// text prints a text.
func (out *output) text(s string) error {
	_, err := io.WriteString(out, s)
	return err
}

// errorText prints a text to stderr, after what went to stdout before.
func (out *output) errorText(s string) error {
	_, err := io.WriteString(errorWriter{out}, s)
	return err
}

// errorWriter is stderr.
type errorWriter struct{ out *output }

func (w errorWriter) Write(p []byte) (int, error) {
	out := w.out
	out.mu.Lock()
	defer out.mu.Unlock()
	out.rows.flush()
	_ = out.flushLocked()
	out.progress.clear(out.stderr)
	return out.stderr.Write(p)
}

// message prints a line of the command's own to stderr.
func (out *output) message(format string, args ...any) {
	_ = out.errorText("svscript: " + fmt.Sprintf(format, args...) + "\n")
}

func (out *output) warning(format string, args ...any) {
	if !out.quiet {
		out.message("warning: "+format, args...)
	}
}

// finish writes what is left, prints the error, and returns the exit code.
func (out *output) finish(err error) int {
	if failed := out.flush(); failed != nil {
		if out.isBrokenPipe() { // whoever read it has had enough
			return exitDone
		}
		err = fmt.Errorf("cannot write the output: %w", plainCause(failed))
	}
	out.mu.Lock()
	out.progress.clear(out.stderr)
	out.mu.Unlock()
	if err == nil {
		return exitDone
	}
	var script *runtime.ScriptError
	var symbolFile *symbols.SymbolFileError
	switch e := asExit(err); {
	case e.err == nil:
		return e.code
	case errors.Is(err, errInterrupted):
		out.message("interrupted")
		return exitInterrupted
	case errors.As(e.err, &symbolFile): // the user's argument, whatever script asked for it
		out.message("%v", symbolFile)
		return exitUsage
	case errors.As(e.err, &script):
		if code, ok := plainErrors[script.Name]; ok {
			out.message("%s", script.Message)
			return code
		}
		_ = out.errorText(script.Detail() + "\n")
		return e.code
	default:
		out.message("%v", e.err)
		return e.code
	}
}

// plainErrors are the classes of errors that tell a user something about the arguments or the image, and nothing about the script: the
// message alone is printed, without a stack. The numbers are the exit codes.
var plainErrors = map[string]int{"UsageError": exitUsage, "NoLinuxError": exitScript, scripts.ImageError: exitScript}

// plainCause leaves out the name that the operating system's error gives to stdout.
func plainCause(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// width is the number of columns for printing values.
func (out *output) width() int {
	if out.terminal {
		return terminalWidth(out.tty)
	}
	return 80
}
