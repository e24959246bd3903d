package scripts

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/svscript/svscript/savevm/symbols"
)

// inferredCommands list the same where types are inferred, but for what the columns named tell: that is null, or told in another way.
var inferredCommands = map[string]string{
	"ps":               "",
	"ps --threads":     "",
	"lsof":             "name type", // of sockets
	"mounts --all":     "options",
	"modules":          "taints",
	"vmmap 1":          "",
	"maps 1":           "",
	"files":            "",
	"env 1":            "",
	"strings --pid 1":  "",
	"ps --args --tree": "",
}

// TestLinuxWithoutBTF: with the kernel's BTF lost, processes, threads, open files, mounts, modules, memory areas and files are what they
// are with it.
func TestLinuxWithoutBTF(t *testing.T) {
	if testing.Short() {
		t.Skip("many runs of scripts, none of them parallel")
	}
	typedImages(t, func(t *testing.T, image string, _ map[string]string) {
		img := openImage(t, image)
		k, err := symbols.Find(context.Background(), symbols.Of(img), symbols.Options{})
		if err != nil {
			t.Fatal(err)
		}
		wounded := &woundedImage{img, map[uint64]bool{}}
		start, ok1 := k.Symbols.Address("__start_BTF")
		stop, ok2 := k.Symbols.Address("__stop_BTF")
		if !ok1 || !ok2 {
			t.Fatal("where the BTF is has no symbol")
		}
		for at := start &^ 4095; at < stop; at += 4096 {
			physical, err := k.Space.Translate(at)
			if err != nil {
				t.Fatal(err)
			}
			wounded.pages[physical>>12] = true
		}
		for command, differ := range inferredCommands {
			words := strings.Fields(command)
			want, err := execute(t, image, words[0], words[1:]...)
			if err != nil {
				t.Fatal(describe(err))
			}
			have, err := executeOn(t, wounded, words[0], words[1:]...)
			if err != nil {
				t.Errorf("%s: %s", command, describe(err))
				continue
			}
			if len(want.rows) == 0 && command != "modules" { // the guests have none
				t.Errorf("%s lists nothing", command)
			}
			if d := cmp.Diff(without(want.rows, differ), without(have.rows, differ)); d != "" {
				t.Errorf("%s (-stated +inferred):\n%.2000s", command, d)
			}
		}
	})
}

// without leaves columns out of rows, by their text.
func without(rows []map[string]any, columns string) (texts []string) {
	for _, row := range rows {
		row = maps.Clone(row)
		for _, c := range strings.Fields(columns) {
			delete(row, c)
		}
		texts = append(texts, fmt.Sprint(row))
	}
	return texts
}
