// Package scripts holds the bundled scripts, one a command, and the library in lib that they are written on. A host whose
// runtime.Config.Builtins is [FS] finds the library as "svscript/NAME" and the scripts as "svscript/commands/NAME".
package scripts

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed *.js lib
var embedded embed.FS

// FS is the bundled library, with the scripts in the folder commands.
var FS fs.FS = library{}

// commands is the folder of FS that shows the scripts.
const commands = "commands"

type library struct{}

func (library) Open(name string) (fs.File, error) {
	if rest, ok := strings.CutPrefix(name, commands+"/"); ok {
		return embedded.Open(rest)
	}
	if name == commands {
		return embedded.Open(".")
	}
	return embedded.Open(path.Join("lib", name))
}

// Names returns the names of the bundled scripts, sorted.
func Names() []string {
	entries, _ := embedded.ReadDir(".")
	var names []string
	for _, e := range entries {
		if ext := path.Ext(e.Name()); !e.IsDir() && !strings.HasSuffix(e.Name(), ".d.ts") {
			names = append(names, strings.TrimSuffix(e.Name(), ext))
		}
	}
	slices.Sort(names)
	return names
}

// Find returns the path in FS of the bundled script of a name, which may have its extension: "ps", "ps.js".
func Find(name string) (file string, ok bool) {
	if strings.ContainsAny(name, `/\`) {
		return "", false
	}
	for _, file := range []string{name, name + ".js", name + ".ts"} {
		if info, err := fs.Stat(embedded, file); err == nil && !info.IsDir() && file != "lib" {
			return commands + "/" + file, true
		}
	}
	return "", false
}
