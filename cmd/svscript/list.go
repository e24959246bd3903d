package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/svscript/svscript/scripts"
)

// listScripts prints the scripts that can be named, with what they say of themselves: the bundled ones, and those on the module path
// that declare a command.
func listScripts(f *flags, out *output) error {
	var rows [][2]string
	for _, name := range scripts.Names() {
		file, _ := scripts.Find(name)
		summary, _ := summaryOf(f, out, &script{name: name, builtin: file})
		rows = append(rows, [2]string{name, summary})
	}
	for _, s := range scriptsOnPath(f.modulePath) {
		if summary, ok := summaryOf(f, out, s); ok {
			rows = append(rows, [2]string{s.name, summary})
		}
	}
	width := 0
	for _, r := range rows {
		width = max(width, len(r[0]))
	}
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-*s  %s", width, r[0], oneLine(r[1])), " ") + "\n")
	}
	return out.text(b.String())
}

// summaryOf is what a script's command says in one line; ok is false where it declares none.
func summaryOf(f *flags, out *output, s *script) (summary string, ok bool) {
	r, err := load(context.Background(), f, out, s, nil, nil)
	if err != nil || r.command == nil {
		return "", false
	}
	return r.command.Summary(), true
}

// scriptsOnPath are the scripts in the folders of the module path, and in the packages there, whose text can declare a command.
func scriptsOnPath(dirs []string) []*script {
	var list []*script
	for _, dir := range dirs {
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, pkg := range files {
			if _, err := os.Stat(filepath.Join(pkg, "package.json")); err == nil {
				inside, _ := filepath.Glob(filepath.Join(pkg, "*"))
				files = append(files, inside...)
			}
		}
		for _, path := range files {
			ext := filepath.Ext(path)
			if !slices.Contains(scriptExtensions, ext) || strings.HasSuffix(path, ".d.ts") {
				continue
			}
			s, err := fileScript(path)
			if err != nil || !mayDeclare.MatchString(s.source) {
				continue
			}
			if name, err := filepath.Rel(dir, path); err == nil {
				s.name = filepath.ToSlash(strings.TrimSuffix(name, ext))
				list = append(list, s)
			}
		}
	}
	return list
}
