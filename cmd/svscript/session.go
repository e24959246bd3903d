package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/bindings"
	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/scripts"
)

// A session is a script host with the API over an image, or over none.
type session struct {
	out     *output
	host    *runtime.Host
	api     *bindings.Bindings
	image   *savevm.Image // nil without one
	printer *printer
}

// newSession makes a host. img may be nil; args are the script's own.
func newSession(f *flags, out *output, img *savevm.Image, args []string) (*session, error) {
	if args == nil {
		args = []string{}
	}
	host, err := runtime.New(runtime.Config{
		Stdout: out, Stderr: errorWriter{out}, Warn: func(message string) { out.warning("%s", message) },
		Files: runtime.OSFiles(), ModulePath: f.modulePath, Builtins: scripts.FS, CacheDir: cacheDir(),
		Args: args, Color: out.color, Width: out.width(),
	})
	if err != nil {
		return nil, err
	}
	s := &session{out: out, host: host, image: img, printer: newPrinter(out, host)}
	var target bindings.Target
	if img != nil {
		target = img
	}
	s.api, err = bindings.New(host, target, bindings.Options{
		Emit: s.printer.emit, Progress: out.report, Open: bindings.OpenFile, Args: args, Linux: f.linux,
	})
	if err != nil {
		return nil, err
	}
	if img == nil { // so that a script can ask for it
		return s, host.Define("vm", goja.Undefined())
	}
	return s, nil
}

// cacheDir is where translated scripts are kept; empty where the system has no place for it.
func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "svscript")
}

// noImage is how the command line says that there is none.
const noImage = "-"

// openImage opens an image and prints its warnings. The path "-" gives nil.
func openImage(ctx context.Context, f *flags, out *output, path string) (*savevm.Image, error) {
	if path == "" {
		return nil, usageError("the name of the image is empty (- stands for none)")
	}
	if path == noImage {
		return nil, nil
	}
	o := f.image
	o.Container.Progress = func(label string, done, total int64) {
		out.report(bindings.Progress{Label: label, Done: float64(done), Total: float64(total), Finished: done >= total})
	}
	img, err := savevm.OpenContext(ctx, path, o)
	out.forgetProgress()
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, &exitError{exitImage, cause}
		}
		return nil, &exitError{exitImage, imageError(path, err)}
	}
	printWarnings(out, img)
	return img, nil
}

// imageError says what can be done about an image that does not open.
func imageError(path string, err error) error {
	if _, missing := os.Stat(path); errors.Is(missing, fs.ErrNotExist) {
		return errors.New(path + ": there is no such file" + nearFiles(path))
	}
	return err
}

// maxWarnings is how many of an image's warnings are printed.
const maxWarnings = 10

func printWarnings(out *output, img *savevm.Image) {
	list := img.Warnings()
	for i, w := range list {
		if i == maxWarnings {
			out.warning("%d more: see vm.warnings", len(list)-i)
			break
		}
		out.warning("%s", oneLine(w.String()))
	}
}
