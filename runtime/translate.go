package runtime

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// translated is esbuild's output for one file: CommonJS that goja runs.
type translated struct {
	Code     string
	Mappings string // of the source map
	Async    bool   // the code awaits at its top level and belongs into an async function
}

// exportsOfES is in the translation of a module that has export statements.
const exportsOfES = "module.exports = __toCommonJS("

const plainJS = api.LoaderJS

func loaderOf(ext string) api.Loader {
	switch ext {
	case ".ts", ".mts", ".cts":
		return api.LoaderTS
	case ".tsx":
		return api.LoaderTSX
	case ".jsx":
		return api.LoaderJSX
	}
	return plainJS
}

// translateVersion is part of the cache's key: raise it whenever the translation changes.
const translateVersion = "3 esbuild 0.28.2"

// unsupported is what goja lacks of ES2022.
var unsupported = map[string]bool{"async-generator": false, "for-await": false, "dynamic-import": false}

// classFeatures are lowered where goja fails on them, as on `#x in o && …` and a field named get; all together, since esbuild's output
// is wrong for a class of which it lowers some.
var classFeatures = []string{"class-field", "class-static-field", "class-static-blocks", "class-private-accessor", "class-private-brand-check", "class-private-field", "class-private-method",
	"class-private-static-accessor", "class-private-static-field", "class-private-static-method"}

// optionsOf are the options for one unit.
func optionsOf(u unit, loader api.Loader) api.TransformOptions {
	o := transformOptions(loader)
	if u.lowerClasses {
		o.Supported = maps.Clone(unsupported)
		for _, f := range classFeatures {
			o.Supported[f] = false
		}
	}
	return o
}

func transformOptions(loader api.Loader) api.TransformOptions {
	return api.TransformOptions{
		Loader:    loader,
		Format:    api.FormatCommonJS,
		Platform:  api.PlatformNeutral,
		Target:    api.ES2022,
		Supported: unsupported,
		Charset:   api.CharsetUTF8,
		Sourcemap: api.SourceMapExternal,
		// The name decides how default imports of CommonJS work; a .mjs name would hide the exports of translated modules.
		Sourcefile:     "source",
		SourcesContent: api.SourcesContentExclude,
		LegalComments:  api.LegalCommentsNone,
		Define:         map[string]string{"import.meta": metaName},
		LogLevel:       api.LogLevelSilent,
		TsconfigRaw:    `{"compilerOptions":{"verbatimModuleSyntax":false}}`,
	}
}

// translate makes CommonJS of TypeScript and ES modules.
func translate(u unit, loader api.Loader) (translated, error) {
	r := api.Transform(u.text, optionsOf(u, loader))
	if len(r.Errors) == 0 {
		mappings, err := mappingsOf(r.Map)
		return translated{Code: string(r.Code), Mappings: mappings}, err
	}
	first := r.Errors[0]
	if strings.HasPrefix(first.Text, "Top-level await is currently not supported") {
		if !u.entry {
			first.Text = "top-level await works in the script that is run, not in a module that it loads: export an async function instead"
			return translated{}, translateError(u.name, u.text, first)
		}
		return translateAsync(u, loader)
	}
	return translated{}, translateError(u.name, u.text, first)
}

// translateAsync translates an ES module that awaits at its top level, which CommonJS cannot: its imports stay in front, the rest becomes
// the body of an async function. esbuild does not offer that, so it is done on its output, where each statement of the top level starts a
// line and no other line starts with "import" or "export": in bundling mode with every import left alone, exports are gathered in one
// statement at the end, and template literals, which could hold any line, are written with \n.
func translateAsync(u unit, loader api.Loader) (translated, error) {
	o := optionsOf(u, loader)
	supported := map[string]bool{"top-level-await": true, "template-literal": false}
	maps.Copy(supported, o.Supported)
	supported["dynamic-import"] = true // lowered by the second pass, to this module's require
	r := api.Build(api.BuildOptions{
		Stdin:  &api.StdinOptions{Contents: u.text, Sourcefile: "source", Loader: loader, ResolveDir: "/"},
		Bundle: true, Format: api.FormatESModule, Platform: o.Platform, Target: o.Target, Supported: supported, Charset: o.Charset,
		Sourcemap: api.SourceMapExternal, SourcesContent: o.SourcesContent, LegalComments: o.LegalComments, Define: o.Define,
		LogLevel: o.LogLevel, TsconfigRaw: o.TsconfigRaw, Outfile: "out.js", TreeShaking: api.TreeShakingFalse,
		Plugins: []api.Plugin{{Name: "external", Setup: func(b api.PluginBuild) {
			b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
				return api.OnResolveResult{Path: a.Path, External: true}, nil
			})
		}}},
	})
	if len(r.Errors) > 0 {
		return translated{}, translateError(u.name, u.text, r.Errors[0])
	}
	var code, sourceMap []byte
	for _, f := range r.OutputFiles {
		if strings.HasSuffix(f.Path, ".map") {
			sourceMap = f.Contents
		} else {
			code = f.Contents
		}
	}
	mappings, err := mappingsOf(sourceMap)
	if err != nil {
		return translated{}, err
	}
	imports, body, exports := splitModule(string(code))
	positions, ok := decodeMappings(mappings)
	if !ok {
		return translated{}, errors.New("the translator's source map cannot be read")
	}
	// Imports and exports become CommonJS by esbuild; the body is CommonJS already, but for import() and the names it imports, so both
	// go through together, the body as a function.
	var statements []string
	var moved [][][]int // positions of the lines before the body
	for _, m := range imports {
		statements = append(statements, m.statement)
		moved = append(moved, nil)
		if m.line < len(positions) && len(positions[m.line]) > 0 {
			from := slices.Clone(positions[m.line][0])
			from[0] = 0
			moved[len(moved)-1] = [][]int{from}
		}
	}
	head := strings.Join(statements, "\n")
	second := head + "\nexport default async function " + bodyName + "() {\n" + body + "\nreturn {" + exports + "};\n}\n"
	lines := strings.Count(head, "\n") + 2
	o.Loader = api.LoaderJS
	o.Define = nil
	moved = append(moved, make([][][]int, lines-len(moved))...)
	inner := mapJSON("source", encodeMappings(append(moved, positions...)))
	r2 := api.Transform(second+"//# sourceMappingURL=data:application/json;base64,"+base64JSON(inner), o)
	if len(r2.Errors) > 0 {
		return translated{}, translateError(u.name, u.text, r2.Errors[0])
	}
	mappings, err = mappingsOf(r2.Map)
	if err != nil {
		return translated{}, err
	}
	// The wrapper is async and runs the body; what the body returns are getters of its exports.
	tail := "var " + valueName + "; module.exports = exports;\n" +
		"Object.defineProperties(exports, Object.getOwnPropertyDescriptors(await " + bodyName + ".call(void 0)));\n" +
		"Object.defineProperty(exports, \"__esModule\", { value: true });\n" + valueName + ";"
	return translated{Code: string(r2.Code) + tail, Mappings: mappings, Async: true}, nil
}

// The names that translateAsync adds to a module.
const (
	bodyName  = "__module_body"
	valueName = "__module_value"
)

// importLine is an import statement, on one line, and the line from 0 where it stood.
type importLine struct {
	statement string
	line      int
}

// splitModule takes esbuild's bundle of one module apart. Lines that leave the body are blanked there, so that the source map holds.
func splitModule(code string) (imports []importLine, body, exports string) {
	lines := strings.Split(code, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		isImport := strings.HasPrefix(line, "import ") || strings.HasPrefix(line, "import{") || strings.HasPrefix(line, `import"`)
		isExport := strings.HasPrefix(line, "export {")
		if !isImport && !isExport {
			continue
		}
		statement, from := line, i
		lines[i] = ""
		for !strings.HasSuffix(strings.TrimRight(statement, " "), ";") && i+1 < len(lines) {
			i++
			statement += " " + strings.TrimSpace(lines[i])
			lines[i] = ""
		}
		if isImport {
			imports = append(imports, importLine{statement, from})
		} else {
			exports = exportGetters(statement)
		}
	}
	return imports, strings.Join(lines, "\n"), exports
}

// exportGetters turns "export { a, b as c };" into "get a() { return a; }, get c() { return b; }".
func exportGetters(statement string) string {
	list := strings.TrimSuffix(strings.TrimSpace(strings.TrimPrefix(statement, "export {")), ";")
	list = strings.TrimSuffix(strings.TrimSpace(list), "}")
	var getters []string
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		local, public, renamed := strings.Cut(item, " as ")
		if !renamed {
			public = local
		}
		getters = append(getters, fmt.Sprintf("get %s() { return %s; }", public, local))
	}
	return strings.Join(getters, ", ")
}

// translateCached is translate behind the cache on disk. The cache is a convenience: whatever is wrong with it is not the script's problem.
func translateCached(u unit, loader api.Loader) (translated, error) {
	if u.cacheDir == "" {
		return translate(u, loader)
	}
	key := sha256.New()
	fmt.Fprintf(key, "%s\x00%d\x00%v\x00%v\x00", translateVersion, loader, u.entry, u.lowerClasses)
	key.Write([]byte(u.text))
	file := filepath.Join(u.cacheDir, hex.EncodeToString(key.Sum(nil))+".json")
	if t, ok := readCache(file); ok {
		return t, nil
	}
	t, err := translate(u, loader)
	if err == nil {
		_ = writeCache(file, t)
	}
	return t, err
}

func readCache(file string) (translated, bool) {
	content, err := os.ReadFile(file)
	if err != nil {
		return translated{}, false
	}
	// The first line is the hash of the rest, so that a file cut short by a full disk is not run.
	sum, rest, _ := bytes.Cut(content, []byte("\n"))
	if want := sha256.Sum256(rest); string(sum) != hex.EncodeToString(want[:]) {
		return translated{}, false
	}
	var t translated
	if json.Unmarshal(rest, &t) != nil {
		return translated{}, false
	}
	return t, true
}

// writeCache writes a file whole or not at all.
func writeCache(file string, t translated) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	content, err := json.Marshal(t)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	tmp, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(append([]byte(hex.EncodeToString(sum[:])+"\n"), content...))
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}
