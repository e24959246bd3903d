package runtime

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja_nodejs/require"
)

// module is a CommonJS module: loaded, or being loaded (a cycle sees what is exported so far).
type module struct {
	object  *goja.Object
	program *Program
	loaded  bool       // it has run to its end
	value   goja.Value // of its last expression statement
}

func (m *module) exports() goja.Value { return m.object.Get("exports") }

// enableModules sets up require. goja_nodejs's registry serves native modules, its own and the embedder's. Files are loaded here: its
// loader knows neither TypeScript nor package.json's exports, does not say where it looked, and compiles for each host anew.
func (h *Host) enableModules() {
	h.registry = require.NewRegistry(require.WithLoader(func(string) ([]byte, error) { return nil, require.ModuleFileDoesNotExistError }))
	h.natives = h.registry.Enable(h.rt)
	dir := "."
	if canonical, err := h.cfg.Files.Canonical("."); err == nil {
		dir = canonical
	}
	// For code that is in no module: the REPL, RunString, and goja_nodejs's own modules, which look require up here.
	h.global("require", h.requireFunction(dir, nil))
	h.Module("console", func(rt *goja.Runtime, m *goja.Object) { _ = m.Set("exports", rt.Get("console")) })
	h.Module("process", func(rt *goja.Runtime, m *goja.Object) { _ = m.Set("exports", rt.Get("process")) })
	h.Module("timers", func(rt *goja.Runtime, m *goja.Object) {
		exports := m.Get("exports").(*goja.Object)
		for _, name := range []string{"setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"} {
			_ = exports.Set(name, rt.Get(name))
		}
	})
	h.enableNode()
}

// ForgetModules drops the modules that were loaded from files, so that the next require reads them again.
func (h *Host) ForgetModules() {
	clear(h.modules)
}

// requireFunction is the require of a module in a directory, which imports those names.
func (h *Host) requireFunction(dir string, imports map[string][]string) *goja.Object {
	req := h.Function("require", 1, func(c goja.FunctionCall) goja.Value {
		spec := specifier(h.rt, c)
		return h.require(spec, dir, imports[spec])
	})
	resolve := h.Function("resolve", 1, func(c goja.FunctionCall) goja.Value {
		t, err := h.resolve(specifier(h.rt, c), dir)
		if err != nil {
			h.throwModuleError(err)
		}
		return h.rt.ToValue(t.id)
	})
	_ = req.Set("resolve", resolve)
	return req
}

func specifier(rt *goja.Runtime, c goja.FunctionCall) string {
	s, ok := c.Argument(0).Export().(string)
	if !ok || s == "" {
		panic(rt.NewTypeError("require: the module's name must be a string that is not empty"))
	}
	return s
}

// require returns the exports of a module, loading it if need be; names are to be among them. It throws.
func (h *Host) require(spec, dir string, names []string) goja.Value {
	t, err := h.resolve(spec, dir)
	if err != nil {
		h.throwModuleError(err)
	}
	if t.kind == nativeModule {
		v, err := h.natives.Require(t.id)
		if err != nil {
			Throw(h.rt, err)
		}
		h.checkImports(spec, names, v, nil)
		return v
	}
	m := h.modules[t.id]
	if m == nil {
		m = h.load(t)
	}
	exports := m.exports()
	if m.loaded { // else it is part of a cycle, and its exports are still to come
		h.checkImports(spec, names, exports, m.program)
	}
	return exports
}

// load runs a module of a file or of the library. It throws.
func (h *Host) load(t target) *module {
	var p *Program
	var err error
	if t.kind == builtinModule {
		p, err = h.compileBuiltin(strings.TrimPrefix(t.id, builtinPrefix), false)
	} else {
		p, _, err = h.compileFile(t.id, false)
	}
	if err != nil {
		h.throwModuleError(err)
	}
	m, _, err := h.execute(p, t.id, t.dir(), false)
	if err != nil {
		Throw(h.rt, err)
	}
	return m
}

// throwModuleError throws an error of resolving or compiling: a SyntaxError keeps its class, and the Go error is found by errors.As.
func (h *Host) throwModuleError(err error) {
	var se *ScriptError
	if errors.As(err, &se) && se.Name == "SyntaxError" {
		message := se.Message
		if at := se.position(); at != "" {
			message += " (" + at + ")"
		}
		if o, err := h.rt.New(h.rt.Get("SyntaxError"), h.rt.ToValue(message)); err == nil {
			_ = o.DefineDataProperty("cause", h.rt.ToValue(newError(h.rt, se)), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
			panic(o)
		}
	}
	o := newError(h.rt, err)
	var missing *ModuleError
	if errors.As(err, &missing) {
		_ = o.Set("code", "MODULE_NOT_FOUND")
	}
	panic(o)
}

// wrapperName is the function that a module's text becomes; it stands for top-level code in stacks.
const wrapperName = ""

// execute runs the text of a module. Entry modules are not found by require while they run: they are run again each time.
func (h *Host) execute(p *Program, id, dir string, entry bool) (*module, goja.Value, error) {
	h.remember(p)
	wrapper, err := h.rt.RunProgram(p.prog)
	if err != nil {
		return nil, nil, err
	}
	call, ok := goja.AssertFunction(wrapper)
	if !ok {
		return nil, nil, fmt.Errorf("module %s was not compiled as a module", id)
	}
	m := &module{object: h.rt.NewObject(), program: p}
	exports := h.rt.NewObject()
	_ = m.object.Set("exports", exports)
	_ = m.object.Set("id", id)
	_ = m.object.Set("filename", id)
	_ = m.object.Set("loaded", false)
	h.modules[id] = m
	req := h.requireFunction(dir, p.imports)
	if entry {
		h.entry = p
		_ = req.Set("main", m.object)
	}
	value, err := call(exports, exports, req, m.object, h.rt.ToValue(id), h.rt.ToValue(dir), h.importMeta(p, id, dir, req, entry))
	if err != nil {
		delete(h.modules, id)
		return nil, nil, err
	}
	m.loaded = true
	_ = m.object.Set("loaded", true)
	return m, value, nil
}

// importMeta is the value of import.meta, for the modules that use it.
func (h *Host) importMeta(p *Program, id, dir string, req *goja.Object, entry bool) goja.Value {
	if !p.usesMeta {
		return goja.Undefined()
	}
	meta := h.rt.NewObject()
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(id)}
	if strings.HasPrefix(id, builtinPrefix) {
		u = url.URL{Scheme: "svscript", Opaque: strings.TrimPrefix(id, builtinPrefix)}
	}
	_ = meta.Set("url", u.String())
	_ = meta.Set("filename", id)
	_ = meta.Set("dirname", dir)
	_ = meta.Set("main", entry)
	_ = meta.Set("resolve", req.Get("resolve"))
	return meta
}

// compileFile reads and compiles a file. The path may be relative to the working directory.
func (h *Host) compileFile(file string, entry bool) (*Program, string, error) {
	canonical, err := h.cfg.Files.Canonical(file)
	if err != nil {
		if _, none := h.cfg.Files.(noFiles); none {
			return nil, "", fmt.Errorf("%s: this host has no access to files", file)
		}
		return nil, "", fileError(file, err)
	}
	text, err := h.cfg.Files.ReadFile(canonical)
	if err != nil {
		return nil, "", fileError(file, err)
	}
	p, err := compile(unit{name: h.cfg.Files.Display(canonical), text: string(text), module: true, entry: entry, cacheDir: h.cfg.CacheDir})
	return p, canonical, err
}

// builtinPrefix starts the specifiers of the bundled library.
const builtinPrefix = "svscript/"

const noBuiltins = "this host has no bundled library (the Go program sets Config.Builtins, to scripts.FS for svscript's own)"

func (h *Host) compileBuiltin(name string, entry bool) (*Program, error) {
	if h.cfg.Builtins == nil {
		return nil, fmt.Errorf("%s%s: %s", builtinPrefix, name, noBuiltins)
	}
	text, err := fs.ReadFile(h.cfg.Builtins, name)
	if err != nil {
		return nil, fileError(builtinPrefix+name, err)
	}
	return compile(unit{name: builtinPrefix + name, text: string(text), module: true, entry: entry, cacheDir: h.cfg.CacheDir})
}

func builtinDir(name string) string { return path.Dir(builtinPrefix + name) }

func dirOf(file string) string { return filepath.Dir(file) }

// remember keeps the author's text for messages.
func (h *Host) remember(p *Program) {
	h.sources[p.position] = p.source
	if p.position != p.name { // goja reports both: the escaped form where a source map applies
		h.sources[p.name] = p.source
	}
}
