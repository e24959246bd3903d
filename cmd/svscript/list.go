package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/svscript/svscript/scripts"
)

// listScripts prints the bundled scripts with what they say of themselves.
func listScripts(f *flags, out *output) error {
	width := 0
	for _, name := range scripts.Names() {
		width = max(width, len(name))
	}
	var b strings.Builder
	for _, name := range scripts.Names() {
		file, _ := scripts.Find(name)
		summary := ""
		if r, err := load(context.Background(), f, out, &script{name: name, builtin: file}, nil, nil); err == nil && r.command != nil {
			summary = r.command.Summary()
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-*s  %s", width, name, summary), " ") + "\n")
	}
	return out.text(b.String())
}
