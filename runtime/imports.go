package runtime

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/evanw/esbuild/pkg/api"
	"github.com/svscript/svscript/internal/suggest"
)

// In the language, an import of a name that the other module does not export is a SyntaxError. In the CommonJS that a module is
// translated to it would be undefined, so the names are read from the translation and looked for when the other module has run.

var (
	// esbuild calls the exports of a module import_…, but for those that the author has named with import * as.
	importStatement = regexp.MustCompile(`(?m)^var (import_[\w$]+) = (?:__toESM\()?require\("([^"\\]+)"\)`)
	importUse       = regexp.MustCompile(`(import_[\w$]+)\.([\p{L}\p{N}_$]+)`)
	// The getter of an export that is an import, by esbuild and by exportGetters.
	reExport = regexp.MustCompile(`(\(\) => |get \S+\(\) \{\s*return )import_[\w$]+\.`)
)

// importsOf are the names that a translated module uses of each module that it imports.
func importsOf(u unit, code string) map[string][]string {
	if loader := loaderOf(path.Ext(u.name)); loader == api.LoaderTS || loader == api.LoaderTSX {
		code = reExport.ReplaceAllString(code, "") // may be a type: only its own file tells
	}
	specs := map[string]string{}
	for _, m := range importStatement.FindAllStringSubmatch(code, -1) {
		if !strings.Contains(u.text, m[1]) { // else the name is the author's
			specs[m[1]] = m[2]
		}
	}
	if len(specs) == 0 {
		return nil
	}
	imports := map[string][]string{}
	for _, m := range importUse.FindAllStringSubmatch(code, -1) {
		if spec, ok := specs[m[1]]; ok && !slices.Contains(imports[spec], m[2]) {
			imports[spec] = append(imports[spec], m[2])
		}
	}
	return imports
}

// lacks tells whether a module that has run and does not have an export never will: an ES module has all of them from the start; what a
// CommonJS module may add later, its text names.
func (p *Program) lacks(name string) bool {
	switch {
	case p.esModule:
		return true
	case name == "default", p.async, path.Ext(p.name) == ".json":
		return false
	}
	return !strings.Contains(p.source.text, name) || !strings.Contains(p.source.text, "exports")
}

// checkImports throws when a module imports names that the other one lacks, as far as that can be told. A native module has no program.
func (h *Host) checkImports(spec string, names []string, exports goja.Value, p *Program) {
	o, ok := exports.(*goja.Object)
	if !ok {
		return
	}
	if _, isProxy := proxyOf(o); isProxy {
		return
	}
	for _, name := range names {
		if p == nil && name == "default" || p != nil && !p.lacks(name) {
			continue
		}
		if h.help.call(h.help.has, o, h.rt.ToValue(name)).ToBoolean() {
			continue
		}
		message := fmt.Sprintf("%q has no export %q", spec, name)
		if near := suggest.Nearest(name, o.Keys()); near != "" {
			message += fmt.Sprintf("; did you mean %q?", near)
		}
		h.throwSyntaxError(message)
	}
}
