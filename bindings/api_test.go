package bindings

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/svscript/svscript/internal/testimage"
)

var update = flag.Bool("update", false, "write docs/api.md anew")

func TestMarkdownIsUpToDate(t *testing.T) {
	path := filepath.Join(testimage.Root(), "docs", "api.md")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != Markdown() {
		t.Fatal("docs/api.md differs from the table: run go test ./bindings -run Markdown -update and read the change")
	}
}
