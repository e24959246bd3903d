package symbols

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// writeMap writes a System.map of a kernel as it was linked; change alters symbols.
func writeMap(t *testing.T, k *Kernel, change func(*symtab.Symbol)) string {
	t.Helper()
	var b strings.Builder
	for s := range k.Symbols.Kernel().All() {
		if s.Address >= k.arch.lowest {
			s.Address -= k.KASLR
		}
		change(&s)
		fmt.Fprintf(&b, "%016x %c %s\n", s.Address, s.Type, s.Name)
	}
	path := filepath.Join(t.TempDir(), "System.map")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSystemMap(t *testing.T) {
	want := find(t, linuxImages[0])
	path := writeMap(t, want, func(*symtab.Symbol) {})
	k, err := Find(t.Context(), Of(open(t, linuxImages[0])), Options{SymbolFile: path})
	if err != nil || !strings.Contains(strings.Join(k.Evidence, "\n"), "symbols (") {
		t.Errorf("%v", err)
	}
	// Without kallsyms, the file has all the symbols.
	target := Of(open(t, linuxImages[0]))
	target.Memory = hidden{target.Memory, want.tokenTable}
	target.Space = nil
	if k, err = Find(t.Context(), target, Options{}); err != nil || k.tokenTable != 0 || k.Symbols.Count() > 50000 {
		t.Fatalf("kallsyms is not hidden: %v", err)
	}
	// What is exported to modules or VMCOREINFO names is known all the same, and nothing else is called by those names.
	for _, name := range []string{"prb", "init_uts_ns"} {
		if at, _ := k.Symbols.kernel.Address(name); at == 0 || at != want.Symbols.first(name) {
			t.Errorf("without kallsyms %s is at %#x, want %#x", name, at, want.Symbols.first(name))
		}
	}
	if l, ok := k.Symbols.Symbolize(want.Symbols.first("schedule")); ok {
		t.Errorf("without kallsyms schedule is called %s", l)
	}
	k, err = Find(t.Context(), target, Options{SymbolFile: path})
	if err != nil {
		t.Fatal(err)
	}
	if k.Symbols.Count() < 80000 || k.VirtualBase != want.VirtualBase || k.End != want.End || len(k.PerCPUOffsets) != 2 {
		t.Errorf("%d symbols, %#x to %#x, %#x\n%q", k.Symbols.Count(), k.VirtualBase, k.End, k.PerCPUOffsets, k.Evidence)
	}
	if _, err := k.Type("task_struct"); err != nil {
		t.Error(err)
	}
	// The same file with the banner elsewhere is of another kernel.
	path = writeMap(t, want, func(s *symtab.Symbol) {
		if s.Name == "linux_banner" {
			s.Address += 32
		}
	})
	if _, err = Find(t.Context(), target, Options{SymbolFile: path}); !errors.As(err, new(*SymbolFileError)) {
		t.Error("a System.map was taken that nothing says to be of this kernel")
	}
}

// hidden is memory without a page.
type hidden struct {
	memory.Memory
	page uint64
}

func (h hidden) ReadMemory(p []byte, address uint64) (int, error) {
	n, err := h.Memory.ReadMemory(p, address)
	for at := h.page &^ 4095; at < h.page&^4095+4096; at++ {
		if at-address < uint64(n) {
			p[at-address] = 0
		}
	}
	return n, err
}

func TestMismatch(t *testing.T) {
	k := find(t, linuxImages[0])
	path := writeMap(t, k, func(s *symtab.Symbol) {
		if s.Type == 'T' && s.Name != "_text" && s.Name != "_stext" {
			s.Address += 64
		}
	})
	var mismatch *MismatchError
	if _, err := Find(t.Context(), Of(open(t, linuxImages[0])), Options{SymbolFile: path}); !errors.As(err, &mismatch) {
		t.Errorf("another kernel's System.map: %v", err)
	}
	other := filepath.Join(t.TempDir(), "notes.txt")
	os.WriteFile(other, []byte("zzz\n"), 0o644)
	for _, path := range []string{other, filepath.Join(t.TempDir(), "none")} {
		if _, err := Find(t.Context(), Of(open(t, linuxImages[0])), Options{SymbolFile: path}); err == nil {
			t.Errorf("%s was taken", path)
		}
	}
}

// TestISF gives a kernel without BTF its types.
func TestISF(t *testing.T) {
	k := find(t, "linux/i386-pae-256M")
	symbols := map[string]any{"linux_banner": map[string]any{
		"address": 0xc1a2c180, "constant_data": base64.StdEncoding.EncodeToString([]byte(k.Banner + "\n\x00"))}}
	for s := range k.Symbols.Kernel().All() {
		if s.Name != "linux_banner" {
			symbols[s.Name] = map[string]any{"address": uint64(uint32(s.Address - k.KASLR))}
		}
	}
	doc := map[string]any{
		"base_types": map[string]any{"int": map[string]any{"size": 4, "signed": true, "kind": "int"}, "char": map[string]any{"size": 1, "signed": true, "kind": "char"}},
		"enums":      map[string]any{"color": map[string]any{"size": 4, "base": "int", "constants": map[string]int{"RED": 1, "BLUE": -2}}},
		"user_types": map[string]any{"node": map[string]any{"size": 24, "kind": "struct", "fields": map[string]any{
			"next": field(0, map[string]any{"kind": "pointer", "subtype": map[string]any{"kind": "struct", "name": "node"}}),
			"comm": field(4, map[string]any{"kind": "array", "count": 8, "subtype": map[string]any{"kind": "base", "name": "char"}}),
			"flag": field(12, map[string]any{"kind": "bitfield", "bit_position": 3, "bit_length": 2, "type": map[string]any{"kind": "base", "name": "int"}}),
			"hue":  field(16, map[string]any{"kind": "enum", "name": "color"}),
		}}},
		"symbols": symbols,
	}
	path := filepath.Join(t.TempDir(), "kernel.json.xz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, _ := xz.NewWriter(f)
	json.NewEncoder(w).Encode(doc)
	w.Close()
	f.Close()
	k, err = Find(t.Context(), Of(open(t, "linux/i386-pae-256M")), Options{SymbolFile: path})
	if err != nil {
		t.Fatal(err)
	}
	node, err := k.Type("struct node")
	if err != nil {
		t.Fatal(err)
	}
	flag, _ := node.Field("flag")
	next, _ := node.Field("next")
	if node.Size() != 24 || flag.BitOffset != 12*8+3 || flag.BitSize != 2 || next.Type.Elem() != node || next.Type.Kind() != ctype.Pointer {
		t.Errorf("%s", node.Definition())
	}
}

func field(offset int, t map[string]any) map[string]any {
	return map[string]any{"offset": offset, "type": t}
}
