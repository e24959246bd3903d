package runtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// ModuleError is a module that cannot be found.
type ModuleError struct {
	Name   string   // as it was asked for
	From   string   // the directory of the module that asked
	Looked []string // the files that were tried, in order
	Reason string   // why it cannot be, where that is known better
}

func (e *ModuleError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cannot find module %q", e.Name)
	if e.Reason != "" {
		b.WriteString(": " + e.Reason)
	}
	if len(e.Looked) > 0 {
		b.WriteString("; looked for ")
		const most = 12
		b.WriteString(strings.Join(e.Looked[:min(len(e.Looked), most)], ", "))
		if n := len(e.Looked) - most; n > 0 {
			fmt.Fprintf(&b, " and %d more", n)
		}
	}
	return b.String()
}

type moduleKind uint8

const (
	nativeModule  moduleKind = iota // in goja_nodejs's registry
	builtinModule                   // in Config.Builtins
	fileModule
)

// target is a module that was found: its kind, and its name in the registry, "svscript/PATH", or canonical path.
type target struct {
	kind moduleKind
	id   string
}

func (t target) dir() string {
	if t.kind == builtinModule {
		return path.Dir(t.id)
	}
	return filepath.Dir(t.id)
}

// extensions are tried in this order after a name without one.
var extensions = []string{".js", ".ts", ".mjs", ".mts", ".cjs", ".cts", ".json"}

// tree is a set of files to resolve in: the operating system's, or the bundled library.
type tree struct {
	isFile    func(string) bool
	readFile  func(string) ([]byte, error)
	join      func(...string) string
	dir       func(string) string
	display   func(string) string
	canonical func(string) string
}

func (h *Host) fileTree() tree {
	return tree{
		isFile: func(p string) bool {
			info, err := h.cfg.Files.Stat(p)
			return err == nil && info.Mode().IsRegular()
		},
		readFile: h.cfg.Files.ReadFile,
		join:     filepath.Join,
		dir:      filepath.Dir,
		display:  h.cfg.Files.Display,
		canonical: func(p string) string {
			if c, err := h.cfg.Files.Canonical(p); err == nil {
				return c
			}
			return p
		},
	}
}

func (h *Host) builtinTree() tree {
	inner := func(p string) string { return strings.TrimPrefix(p, builtinPrefix) }
	return tree{
		isFile: func(p string) bool {
			if h.cfg.Builtins == nil || !strings.HasPrefix(p, builtinPrefix) {
				return false
			}
			info, err := fs.Stat(h.cfg.Builtins, inner(p))
			return err == nil && info.Mode().IsRegular()
		},
		readFile: func(p string) ([]byte, error) {
			if h.cfg.Builtins == nil {
				return nil, noFile("open", p)
			}
			return fs.ReadFile(h.cfg.Builtins, inner(p))
		},
		join:      path.Join,
		dir:       path.Dir,
		display:   func(p string) string { return p },
		canonical: func(p string) string { return p },
	}
}

// resolver finds one module and notes where it looked.
type resolver struct {
	tree
	looked []string
}

// resolve finds the module that spec names in a module of the directory dir: a native module, "svscript/NAME", a path, "#NAME" of the
// package's own imports, or a package in a node_modules directory or on the module path. See nodejs.org/api/modules.html, "All together".
func (h *Host) resolve(spec, dir string) (target, error) {
	name := strings.TrimPrefix(spec, "node:")
	if h.native[spec] || h.native[name] {
		return target{nativeModule, name}, nil
	}
	if spec == "svscript" || strings.HasPrefix(spec, builtinPrefix) || isRelative(spec) && isBuiltinDir(dir) {
		return h.resolveBuiltin(spec, dir)
	}
	r := &resolver{tree: h.fileTree()}
	if isURL := strings.HasPrefix(spec, "file://"); isURL {
		spec = strings.TrimPrefix(spec, "file://")
	}
	if isBuiltinDir(dir) { // the bundled library has no node_modules; the working directory's would be a surprise
		dir = ""
	}
	var found string
	switch {
	case isRelative(spec):
		found = r.fileOrDirectory(r.join(dir, filepath.FromSlash(spec)), strings.HasSuffix(spec, "/"))
	case filepath.IsAbs(spec) || strings.HasPrefix(spec, "/"):
		found = r.fileOrDirectory(filepath.FromSlash(spec), strings.HasSuffix(spec, "/"))
	case strings.HasPrefix(spec, "#"):
		found = r.packageImport(spec, dir)
	default:
		found = r.packages(spec, dir, h.cfg.ModulePath)
	}
	if found != "" {
		return target{fileModule, r.canonical(found)}, nil
	}
	err := &ModuleError{Name: spec, From: dir, Looked: r.looked}
	switch {
	case nodeModules[name]:
		err.Looked, err.Reason = nil, "it is part of Node's API, which scripts do not have here"
	case h.cfg.Files == Files(noFiles{}):
		err.Looked, err.Reason = nil, "this host has no access to files"
	}
	return target{}, err
}

func isRelative(spec string) bool {
	return spec == "." || spec == ".." || strings.HasPrefix(spec, "./") || strings.HasPrefix(spec, "../")
}

func isBuiltinDir(dir string) bool { return dir == "svscript" || strings.HasPrefix(dir, builtinPrefix) }

func (h *Host) resolveBuiltin(spec, dir string) (target, error) {
	r := &resolver{tree: h.builtinTree()}
	at := spec
	if isRelative(spec) {
		at = r.join(dir, spec)
	}
	if found := r.fileOrDirectory(at, false); found != "" {
		return target{builtinModule, found}, nil
	}
	err := &ModuleError{Name: spec, From: dir, Looked: r.looked}
	if h.cfg.Builtins == nil {
		err.Looked, err.Reason = nil, noBuiltins
	}
	return target{}, err
}

// file returns the path when it is a file.
func (r *resolver) file(p string) string {
	if r.isFile(p) {
		return p
	}
	r.looked = append(r.looked, r.display(p))
	return ""
}

func (r *resolver) fileOrDirectory(p string, directoryOnly bool) string {
	if !directoryOnly {
		if found := r.withExtension(p); found != "" {
			return found
		}
	}
	return r.directory(p)
}

func (r *resolver) withExtension(p string) string {
	if found := r.file(p); found != "" {
		return found
	}
	for _, ext := range extensions {
		if r.isFile(p + ext) {
			return p + ext
		}
	}
	// TypeScript sources import "./x.js" and mean x.ts.
	for js, ts := range map[string]string{".js": ".ts", ".mjs": ".mts", ".cjs": ".cts"} {
		if base, ok := strings.CutSuffix(p, js); ok && r.isFile(base+ts) {
			return base + ts
		}
	}
	r.looked = append(r.looked, r.display(p)+"{"+strings.Join(extensions, ",")+"}")
	return ""
}

func (r *resolver) directory(p string) string {
	if pkg := r.packageJSON(p); pkg != nil {
		for _, main := range []string{pkg.Main, pkg.Module} {
			if main == "" {
				continue
			}
			at := r.join(p, main)
			if found := r.withExtension(at); found != "" {
				return found
			}
			if found := r.index(at); found != "" {
				return found
			}
		}
	}
	return r.index(p)
}

func (r *resolver) index(p string) string {
	for _, ext := range extensions {
		if at := r.join(p, "index"+ext); r.isFile(at) {
			return at
		}
	}
	r.looked = append(r.looked, r.display(r.join(p, "index.js")))
	return ""
}

// packages finds "NAME", "NAME/SUBPATH", "@SCOPE/NAME" and "@SCOPE/NAME/SUBPATH".
func (r *resolver) packages(spec, dir string, modulePath []string) string {
	name, sub := splitPackage(spec)
	var roots []string
	for d := dir; d != ""; {
		if filepath.Base(d) != "node_modules" {
			roots = append(roots, r.join(d, "node_modules"))
		}
		up := r.dir(d)
		if up == d {
			break
		}
		d = up
	}
	for _, root := range append(roots, modulePath...) {
		at := r.join(root, filepath.FromSlash(name))
		if pkg := r.packageJSON(at); pkg != nil && len(pkg.Exports) > 0 {
			return r.exported(at, pkg.Exports, "."+sub)
		}
		if sub != "" {
			at += filepath.FromSlash(sub)
		}
		if found := r.fileOrDirectory(at, false); found != "" {
			return found
		}
	}
	return ""
}

// splitPackage cuts "@scope/name/a/b" into "@scope/name" and "/a/b".
func splitPackage(spec string) (name, sub string) {
	n := 1
	if strings.HasPrefix(spec, "@") {
		n = 2
	}
	end := 0
	for ; n > 0; n-- {
		i := strings.IndexByte(spec[end:], '/')
		if i < 0 {
			return spec, ""
		}
		end += i + 1
	}
	return spec[:end-1], spec[end-1:]
}

type packageJSON struct {
	Main    string
	Module  string
	Exports json.RawMessage
	Imports json.RawMessage
}

// packageJSON reads a directory's package.json; nil when there is none that is sound.
func (r *resolver) packageJSON(dir string) *packageJSON {
	at := r.join(dir, "package.json")
	if !r.isFile(at) {
		return nil
	}
	text, err := r.readFile(at)
	if err != nil {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) != nil {
		r.looked = append(r.looked, r.display(at)+" (not valid JSON)")
		return nil
	}
	pkg := &packageJSON{Exports: fields["exports"], Imports: fields["imports"]}
	_ = json.Unmarshal(fields["main"], &pkg.Main) // a main that is no string is no main
	_ = json.Unmarshal(fields["module"], &pkg.Module)
	if bytes.Equal(pkg.Exports, []byte("null")) {
		pkg.Exports = nil
	}
	return pkg
}

// packageImport resolves "#NAME" by the imports of the nearest package.json.
func (r *resolver) packageImport(spec, dir string) string {
	for d := dir; d != ""; {
		if pkg := r.packageJSON(d); pkg != nil {
			return r.exported(d, pkg.Imports, spec)
		}
		up := r.dir(d)
		if up == d {
			break
		}
		d = up
	}
	return ""
}

// exported resolves a subpath through package.json's exports or imports. CommonJS is preferred, since it needs no translation.
func (r *resolver) exported(dir string, table json.RawMessage, sub string) string {
	for _, conditions := range [][]string{
		{"svscript", "require", "default"},
		{"svscript", "import", "module", "node", "require", "default"},
	} {
		if to := selectExport(table, sub, conditions); to != "" {
			at := r.join(dir, filepath.FromSlash(to))
			if found := r.file(at); found != "" {
				return found
			}
		}
	}
	r.looked = append(r.looked, fmt.Sprintf("%q in the exports of %s", sub, r.display(r.join(dir, "package.json"))))
	return ""
}

// selectExport is PACKAGE_EXPORTS_RESOLVE of nodejs.org/api/esm.html.
func selectExport(table json.RawMessage, sub string, conditions []string) string {
	entries, isObject := orderedObject(table)
	if !isObject || len(entries) > 0 && !strings.HasPrefix(entries[0].key, ".") && !strings.HasPrefix(entries[0].key, "#") {
		if sub != "." {
			return ""
		}
		return exportTarget(table, "", conditions, 0)
	}
	for _, e := range entries {
		if e.key == sub && !strings.Contains(sub, "*") {
			return exportTarget(e.value, "", conditions, 0)
		}
	}
	best, star, value := "", "", json.RawMessage(nil)
	for _, e := range entries {
		before, after, ok := strings.Cut(e.key, "*")
		if ok && len(before) >= len(best) && len(sub) >= len(before)+len(after) &&
			strings.HasPrefix(sub, before) && strings.HasSuffix(sub, after) {
			best, star, value = before, sub[len(before):len(sub)-len(after)], e.value
		}
	}
	if value == nil {
		return ""
	}
	return exportTarget(value, star, conditions, 0)
}

// exportTarget is PACKAGE_TARGET_RESOLVE: a path, the first condition that holds, or the first of a list that resolves.
func exportTarget(value json.RawMessage, star string, conditions []string, depth int) string {
	if depth > 16 {
		return ""
	}
	var text string
	if json.Unmarshal(value, &text) == nil && text != "" {
		return strings.ReplaceAll(text, "*", star)
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil {
		for _, v := range list {
			if to := exportTarget(v, star, conditions, depth+1); to != "" {
				return to
			}
		}
		return ""
	}
	entries, _ := orderedObject(value)
	for _, e := range entries {
		if slices.Contains(conditions, e.key) {
			if to := exportTarget(e.value, star, conditions, depth+1); to != "" {
				return to
			}
		}
	}
	return ""
}

type objectEntry struct {
	key   string
	value json.RawMessage
}

// orderedObject decodes a JSON object in the order of its keys, which is what decides between conditions.
func orderedObject(text json.RawMessage) ([]objectEntry, bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	var entries []objectEntry
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, false
		}
		var e objectEntry
		e.key, _ = key.(string)
		if err := d.Decode(&e.value); err != nil {
			return nil, false
		}
		entries = append(entries, e)
	}
	return entries, true
}

// nodeModules are Node's own; asking for one deserves a plain answer.
var nodeModules = func() map[string]bool {
	m := make(map[string]bool)
	for _, name := range strings.Fields(`async_hooks child_process cluster dgram diagnostics_channel dns domain fs fs/promises http http2 https inspector module net
		path/win32 punycode readline repl stream stream/promises sys tls trace_events v8 vm wasi worker_threads zlib`) {
		m[name] = true
	}
	return m
}()
