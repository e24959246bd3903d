package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/svscript/svscript/bindings"
)

// batch runs a script on many images: a process each, so that a bad image cannot take the others with it. What a script prints for an
// image comes when it is done with it, each line tagged with the image; the failures are listed at the end.
type batch struct {
	f      *flags
	out    *output
	self   string // the program
	script string
	args   []string // the script's own
	notes  *notes

	mu     sync.Mutex
	total  int
	failed []string // "IMAGE: why"
	done   int
}

// batchName is the operand that asks for a batch.
const batchName = "batch"

func runBatch(f *flags, out *output) error {
	operands := f.operands[1:]
	if len(operands) > 0 && wantsHelp(operands[:1]) {
		return out.text(usageText())
	}
	for _, word := range operands {
		if word == "--" {
			break
		}
		if err := misplacedFlag(f.operands, word, batchName); err != nil {
			return err
		}
	}
	if len(operands) < 2 {
		return usageError("batch wants a script and images: svscript batch SCRIPT IMAGE... [-- ARG...]")
	}
	b := &batch{f: f, out: out, script: operands[0]}
	images := operands[1:]
	if i := slices.Index(images, "--"); i >= 0 {
		images, b.args = images[:i], images[i+1:]
	}
	images = b.distinct(images)
	script, err := findScript(&flags{operands: append([]string{b.script}, images...), modulePath: f.modulePath})
	if err != nil {
		return err
	}
	if script == nil {
		return usageError("%s is no script", b.script)
	}
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.notes, err = openNotes(f.resume, note{Script: b.script, Args: b.args, Flags: f.settings()}); err != nil {
		return err
	}
	defer b.notes.close()
	return b.run(images)
}

// distinct leaves out images that are named again, by another path too.
func (b *batch) distinct(images []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(images), func(image string) bool {
		path := image
		if real, err := filepath.EvalSymlinks(image); err == nil {
			if path, err = filepath.Abs(real); err != nil {
				path = real
			}
		}
		again := seen[path]
		seen[path] = true
		if again {
			b.out.message("%s is named twice, and read once", image)
		}
		return again
	})
}

// run gives the images to the workers.
func (b *batch) run(images []string) error {
	ctx, stop := limited(&flags{}, b.out) // --timeout is for each image
	defer stop()
	work := make(chan string)
	var workers sync.WaitGroup
	count := b.f.workers
	if count == 0 {
		count = runtime.GOMAXPROCS(0)
	}
	for range min(count, len(images)) {
		workers.Go(func() {
			for image := range work {
				b.image(ctx, image)
			}
		})
	}
	b.total = len(images)
	left := 0
	for i, image := range images {
		if b.notes.has(image) {
			left++
			continue
		}
		select {
		case work <- image:
			continue
		case <-ctx.Done():
		}
		b.out.message("%d of %d images were not begun", len(images)-i, len(images))
		break
	}
	close(work)
	workers.Wait()
	return b.summary(ctx, left)
}

func (b *batch) summary(ctx context.Context, left int) error {
	if left > 0 {
		b.out.message("%d images were left out: %s notes them as done", left, b.f.resume)
	}
	if len(b.failed) > 0 {
		b.out.message("%d of %d images failed:\n  %s", len(b.failed), b.done, strings.Join(b.failed, "\n  "))
	}
	switch {
	case ctx.Err() != nil:
		return &exitError{exitInterrupted, context.Cause(ctx)}
	case len(b.failed) > 0:
		return &exitError{code: exitScript}
	}
	return nil
}

// grace is how long after its time limit a worker is waited for.
const grace = 5 * time.Second

// image runs the script on one image, in a process of its own. A worker ends itself at its time limit; one that cannot, as a regular
// expression that backtracks hears of none, is killed.
func (b *batch) image(ctx context.Context, image string) {
	args := slices.Concat(b.f.forWorkers, []string{"--json", "--", b.script, image}, b.args)
	limited, stop := ctx, context.CancelFunc(func() {})
	if b.f.timeout > 0 {
		limited, stop = context.WithTimeout(ctx, b.f.timeout+grace)
	}
	defer stop()
	cmd := exec.CommandContext(limited, b.self, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 2 * time.Second
	stdout, err := os.CreateTemp(b.f.image.Container.TempDir, "svscript-batch-")
	if err != nil {
		b.finish(image, nil, nil, err)
		return
	}
	defer os.Remove(stdout.Name())
	defer stdout.Close()
	var stderr head
	cmd.Stdout, cmd.Stderr = stdout, &stderr
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return // neither done nor failed
	case limited.Err() != nil:
		err = fmt.Errorf("killed, as it did not end at its time limit of %v", b.f.timeout)
		stderr = head{}
	}
	if _, failed := stdout.Seek(0, io.SeekStart); err == nil {
		err = failed
	}
	b.finish(image, stdout, stderr.text(), err)
}

// finish prints what a worker printed, and notes how it ended.
func (b *batch) finish(image string, stdout io.Reader, stderr []string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done++
	b.out.report(bindings.Progress{Label: "images", Done: float64(b.done), Total: float64(b.total), Finished: b.done == b.total})
	if err != nil {
		why := strings.TrimPrefix(reason(stderr, err), image+": ")
		b.failed = append(b.failed, oneLine(image+": "+why))
		line, _ := json.Marshal(map[string]any{"image": image, "error": why, "exit": exitCode(err)})
		_ = b.out.text(string(line) + "\n")
	} else {
		for _, line := range stderr {
			if !b.out.quiet {
				_ = b.out.errorText(oneLine(image) + ": " + line + "\n")
			}
		}
		err = b.copy(image, stdout)
	}
	if flushed := b.out.flush(); err == nil && flushed == nil {
		if failed := b.notes.add(image); failed != nil {
			b.out.warning("cannot write %s: %v", b.f.resume, plainCause(failed))
		}
	}
}

// copy prints a worker's lines, tagged.
func (b *batch) copy(image string, lines io.Reader) error {
	tag, err := json.Marshal(image)
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(lines, 64<<10)
	for {
		line, err := r.ReadBytes('\n')
		if line = bytes.TrimSuffix(line, []byte("\n")); len(line) > 0 {
			if _, err := b.out.Write(tagged(tag, line)); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// tagged puts an image's name into a line: into a row itself, beside another value, or beside a text that is no JSON, as the console
// prints it.
func tagged(image, line []byte) []byte {
	var b bytes.Buffer
	b.WriteString(`{"image":`)
	b.Write(image)
	switch {
	case !json.Valid(line):
		text, _ := json.Marshal(string(line))
		b.WriteString(`,"text":`)
		b.Write(text)
	case line[0] != '{':
		b.WriteString(`,"value":`)
		b.Write(line)
	case string(line) == "{}":
	default:
		b.WriteByte(',')
		b.Write(line[1 : len(line)-1])
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// reason is why a worker failed, on one line: what it said, unless a signal ended it.
func reason(stderr []string, err error) string {
	if exitCode(err) < 0 {
		return err.Error()
	}
	for _, line := range stderr {
		if !strings.HasPrefix(line, "svscript: warning: ") {
			return strings.TrimPrefix(line, "svscript: ")
		}
	}
	return err.Error()
}

// exitCode is a worker's exit code, -1 when a signal ended it.
func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// A head keeps the beginning of what a worker writes to stderr.
type head struct{ buf bytes.Buffer }

// maxStderr bounds it.
const maxStderr = 64 << 10

func (t *head) Write(p []byte) (int, error) {
	if room := maxStderr - t.buf.Len(); room > 0 {
		t.buf.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

func (t *head) text() []string {
	text := strings.TrimRight(t.buf.String(), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// notes are the file of --resume: a line of JSON for each image that a script is done with.
type notes struct {
	run  note     // this run's, without an image
	file *os.File // nil without --resume
	done map[string]bool
}

// A note holds all that an image's results depend on: other arguments or flags make an image one that is still to be done.
type note struct {
	Script string   `json:"script"`
	Args   []string `json:"args,omitempty"`
	Flags  []string `json:"flags,omitempty"`
	Image  string   `json:"image"`
}

// sameRun tells whether both are of the same script, with the same arguments and flags.
func (n note) sameRun(of note) bool {
	return n.Script == of.Script && slices.Equal(n.Args, of.Args) && slices.Equal(n.Flags, of.Flags)
}

func openNotes(path string, run note) (*notes, error) {
	n := &notes{run: run, done: map[string]bool{}}
	if path == "" {
		return n, nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return nil, usageError("--resume: cannot open %s: %v", path, plainCause(err))
	}
	if err := n.read(file); err != nil {
		_ = file.Close()
		return nil, err
	}
	n.file = file
	return n, nil
}

// read reads the notes. A last line that is not whole, as of a run that was killed, is taken away.
func (n *notes) read(file *os.File) error {
	data, err := io.ReadAll(file)
	if err != nil {
		return fmt.Errorf("--resume: %w", err)
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	cut := data[whole:]
	number := 0
	for line := range bytes.Lines(data[:whole]) {
		number++
		var x note
		if err := json.Unmarshal(line, &x); err != nil || x.Script == "" || x.Image == "" {
			return usageError("--resume: line %d of %s is not what svscript batch writes", number, file.Name())
		}
		if x.sameRun(n.run) {
			n.done[x.Image] = true
		}
	}
	if len(cut) == 0 {
		return nil
	}
	if start := []byte(`{"script":`); !bytes.HasPrefix(cut, start[:min(len(start), len(cut))]) {
		return usageError("--resume: line %d of %s is not what svscript batch writes", number+1, file.Name())
	}
	return file.Truncate(int64(whole))
}

func (n *notes) has(image string) bool { return n.done[image] }

func (n *notes) add(image string) error {
	if n.file == nil {
		return nil
	}
	done := n.run
	done.Image = image
	line, err := json.Marshal(done)
	if err != nil {
		return err
	}
	_, err = n.file.Write(append(line, '\n'))
	return err
}

func (n *notes) close() {
	if n.file != nil {
		_ = n.file.Close()
	}
}
