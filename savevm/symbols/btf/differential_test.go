package btf_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	cbtf "github.com/cilium/ebpf/btf"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/symbols/btf"
)

func TestQuick(t *testing.T) {
	files, _ := filepath.Glob("/tmp/symw/*.btf")
	for _, f := range files {
		d, _ := os.ReadFile(f)
		s, err := btf.Load(d, ctype.AMD64, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(s.Len())
		t.Log(s.Damage())
		task := s.Type("task_struct")
		t.Log(task.Size(), len(task.Fields()))
		_ = os.WriteFile(f+".task", []byte(task.Definition()), 0o644)
		spec, _ := cbtf.LoadSpecFromReader(bytes.NewReader(d))
		compare(t, s, spec)
	}
}

func compare(t *testing.T, s *btf.Spec, spec *cbtf.Spec) {
	n := 0
	for typ, err := range spec.All() {
		if err != nil {
			t.Fatal(err)
		}
		id, _ := spec.TypeID(typ)
		have := s.ByID(uint32(id))
		var members []cbtf.Member
		switch typ := typ.(type) {
		case *cbtf.Struct:
			members = typ.Members
			if have.Size() != uint64(typ.Size) || have.Name() != typ.Name {
				t.Fatalf("%d: %v, want %v", id, have, typ)
			}
		case *cbtf.Union:
			members = typ.Members
		case *cbtf.Enum:
			all := have.Enumerators()
			for i, v := range typ.Values {
				if all[i].Name != v.Name || uint64(all[i].Value) != v.Value && typ.Signed == have.Signed() {
					t.Errorf("%s %v want %v signed %v", typ.Name, all[i], v, typ.Signed)
				}
			}
			continue
		default:
			continue
		}
		for i, m := range members {
			h := have.Members()[i]
			if h.Name != m.Name || h.BitOffset != uint64(m.Offset) || h.BitSize != uint64(m.BitfieldSize) {
				t.Fatalf("%v.%s: %v, want %v", have, m.Name, h, m)
			}
			if size, err := cbtf.Sizeof(m.Type); err == nil && uint64(size) != h.Type.Size() {
				t.Fatalf("%v.%s: size %d, want %d", have, m.Name, h.Type.Size(), size)
			}
			n++
		}
	}
	t.Logf("%d members compared", n)
}

func BenchmarkLoad(b *testing.B) {
	files, _ := filepath.Glob("/tmp/symw/*.btf")
	d, _ := os.ReadFile(files[0])
	b.ReportAllocs()
	for b.Loop() {
		s, _ := btf.Load(d, ctype.AMD64, nil)
		s.Type("task_struct").Fields()
	}
}
