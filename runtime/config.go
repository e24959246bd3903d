package runtime

import (
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Config says what a host gives to its scripts. The zero value is a host without output and without files.
type Config struct {
	Stdout io.Writer // console.log, info, debug, table, dir; nil discards
	Stderr io.Writer // console.error, warn, trace, assert; nil discards

	// Warn is told, in one line each, what is no error and yet not what a script's author can have meant. Nil discards.
	Warn func(message string)

	// Files is where scripts and modules are read from. Nil: no file at all, only native and built-in modules.
	Files Files
	// ModulePath lists directories to look for modules in, after the node_modules directories.
	ModulePath []string
	// Builtins is the bundled library: the module "svscript/NAME" is NAME, NAME.js, NAME.ts or NAME/index.js in it.
	Builtins fs.FS
	// CacheDir holds translated TypeScript and ES modules by the hash of their content; it may be deleted at any time.
	// Empty: no cache on disk.
	CacheDir string

	Args  []string         // the script's own arguments: the global args
	Clock func() time.Time // Date, performance.now and console.time; nil is time.Now. Timers wait in real time.

	Color bool // the console colours values
	Width int  // columns of the output, for printing values; 0 is 80

	// MaxCallStack bounds the depth of JavaScript calls; 0 is 10000.
	MaxCallStack int
}

const (
	defaultWidth        = 80
	defaultMaxCallStack = 10000
)

func (c Config) withDefaults() Config {
	if c.Stdout == nil {
		c.Stdout = io.Discard
	}
	if c.Stderr == nil {
		c.Stderr = io.Discard
	}
	if c.Warn == nil {
		c.Warn = func(string) {}
	}
	if c.Files == nil {
		c.Files = noFiles{}
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Width <= 0 {
		c.Width = defaultWidth
	}
	if c.MaxCallStack <= 0 {
		c.MaxCallStack = defaultMaxCallStack
	}
	return c
}

// Files is read access to the files that scripts and modules come from. Paths are absolute, in the form that Canonical returns.
type Files interface {
	ReadFile(path string) ([]byte, error)
	ReadDir(path string) ([]fs.DirEntry, error)
	Stat(path string) (fs.FileInfo, error)
	// Canonical makes a path absolute and resolves symbolic links, so that a file is one module however it is reached.
	Canonical(path string) (string, error)
	// Display is the path as messages show it.
	Display(path string) string
}

// OSFiles gives access to the operating system's files, with the rights of the process.
func OSFiles() Files { return osFiles{} }

type osFiles struct{}

func (osFiles) ReadFile(p string) ([]byte, error)       { return os.ReadFile(p) }
func (osFiles) ReadDir(p string) ([]fs.DirEntry, error) { return os.ReadDir(p) }
func (osFiles) Stat(p string) (fs.FileInfo, error)      { return os.Stat(p) }
func (osFiles) Canonical(p string) (string, error) {
	p, err := filepath.Abs(p)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(p)
}

// Display shortens a path below the working directory, as a person there would write it.
func (osFiles) Display(p string) string {
	wd, err := os.Getwd()
	if err != nil {
		return p
	}
	rel, err := filepath.Rel(wd, p)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return p
	}
	return rel
}

// FSFiles gives access to the files of an fs.FS; "/" is its root.
func FSFiles(fsys fs.FS) Files { return fsFiles{fsys} }

type fsFiles struct{ fsys fs.FS }

func fsName(p string) string {
	if p = strings.TrimPrefix(path.Clean("/"+p), "/"); p == "" {
		return "."
	}
	return p
}

func (f fsFiles) ReadFile(p string) ([]byte, error)       { return fs.ReadFile(f.fsys, fsName(p)) }
func (f fsFiles) ReadDir(p string) ([]fs.DirEntry, error) { return fs.ReadDir(f.fsys, fsName(p)) }
func (f fsFiles) Stat(p string) (fs.FileInfo, error)      { return fs.Stat(f.fsys, fsName(p)) }
func (f fsFiles) Display(p string) string                 { return strings.TrimPrefix(p, "/") }
func (f fsFiles) Canonical(p string) (string, error) {
	p = path.Clean("/" + filepath.ToSlash(p))
	_, err := f.Stat(p)
	return p, err
}

type noFiles struct{}

func noFile(op, p string) error { return &fs.PathError{Op: op, Path: p, Err: fs.ErrNotExist} }

func (noFiles) ReadFile(p string) ([]byte, error)       { return nil, noFile("open", p) }
func (noFiles) ReadDir(p string) ([]fs.DirEntry, error) { return nil, noFile("open", p) }
func (noFiles) Stat(p string) (fs.FileInfo, error)      { return nil, noFile("stat", p) }
func (noFiles) Canonical(p string) (string, error)      { return p, noFile("stat", p) }
func (noFiles) Display(p string) string                 { return p }
