package debugfile

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/svscript/svscript/savevm/ctype"
)

// TestDWARF reads types out of a file that comes with Go: debug/dwarf/testdata/typedef.c, compiled.
func TestDWARF(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("NOT TESTED: %v", err)
	}
	path := filepath.Join(strings.TrimSpace(string(root)), "src", "debug", "dwarf", "testdata", "typedef.elf")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("NOT TESTED: %v", err)
	}
	f, err := Open(path, ctype.AMD64)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Format != "ELF" || f.Types == nil || f.Symbols.Len() == 0 {
		t.Fatalf("%+v", f)
	}
	s := f.Types.Type("my_struct")
	if s == nil {
		t.Fatal("there is no struct my_struct")
	}
	for _, c := range []struct {
		name         string
		offset, bits uint64
	}{{"vi", 0, 0}, {"x", 32, 1}, {"y", 33, 4}, {"array", 64, 0}} {
		if m, ok := s.Field(c.name); !ok || m.BitOffset != c.offset || m.BitSize != c.bits {
			t.Errorf("%s: %+v, want offset %d, %d bits", c.name, m, c.offset, c.bits)
		}
	}
	if p := f.Types.Type("t_my_struct"); p == nil || p.Strip().Size() != s.Size() {
		t.Errorf("t_my_struct is %v", p)
	}
	if n := f.Types.Type("struct nothing"); n != nil {
		t.Errorf("struct nothing is %v", n)
	}
	names := 0
	for range f.Types.Names() {
		names++
	}
	if names < 10 {
		t.Errorf("%d names", names)
	}
	if _, err := Open(path, ctype.I386); err == nil {
		t.Error("a file for another machine was taken")
	}
}

func FuzzFiles(f *testing.F) {
	f.Add([]byte("ffffffff81000000 T _text\n"))
	f.Add([]byte(`{"symbols":{"a":{"address":1}},"user_types":{"s":{"size":4,"kind":"struct","fields":{"x":{"offset":0,"type":{"kind":"base","name":"int"}}}}}}`))
	f.Add([]byte("\x7fELF\x02\x01\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		file, err := Open(path, ctype.AMD64)
		if err != nil {
			return
		}
		defer file.Close()
		if file.Types != nil {
			for name := range file.Types.Names() {
				if s := file.Types.Type(name); s != nil {
					_ = s.Definition()
				}
			}
		}
	})
}
