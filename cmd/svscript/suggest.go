package main

import (
	"os"
	"path/filepath"

	"github.com/svscript/svscript/internal/suggest"
)

// didYouMean is "; did you mean X?" with the nearest name, or nothing when none is near.
func didYouMean(given string, names []string, prefix string) string {
	if best := suggest.Nearest(given, names); best != "" {
		return "; did you mean " + prefix + best + "?"
	}
	return ""
}

// nearFiles is didYouMean over the files beside a path that does not exist.
func nearFiles(path string) string {
	dir, name := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir + "."))
	if err != nil || len(entries) > 10000 {
		return ""
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return didYouMean(name, names, dir)
}
