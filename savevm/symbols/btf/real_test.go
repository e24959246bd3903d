package btf_test

import (
	"bytes"
	"testing"

	cilium "github.com/cilium/ebpf/btf"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/symbols"
	"github.com/svscript/svscript/savevm/symbols/btf"
)

// realImages have a kernel with BTF.
var realImages = []string{"linux/x64-q35-256M-smp2", "linux/q10-q35-mapped", "linux/q10-arm64"}

// realBTF is the BTF in an image's memory.
func realBTF(tb testing.TB, name string) ([]byte, *ctype.ABI) {
	tb.Helper()
	img, err := savevm.Open(testimage.Path(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	defer img.Close()
	k, err := symbols.Find(tb.Context(), symbols.Of(img), symbols.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	start, _ := k.Symbols.Address("__start_BTF")
	stop, _ := k.Symbols.Address("__stop_BTF")
	data := make([]byte, stop-start)
	if _, err := k.Memory().ReadMemory(data, start); err != nil {
		tb.Fatal(err)
	}
	return data, k.ABI
}

// TestCilium compares every type of real kernels with what another reader of BTF says.
func TestCilium(t *testing.T) {
	for _, name := range realImages {
		t.Run(name, func(t *testing.T) {
			data, abi := realBTF(t, name)
			have, err := btf.Load(data, abi, nil)
			if err != nil {
				t.Fatal(err)
			}
			want, err := cilium.LoadSpecFromReader(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			compared := 0
			for w, err := range want.All() {
				if err != nil {
					t.Fatal(err)
				}
				id, _ := want.TypeID(w)
				compared += sameType(t, have.ByID(uint32(id)), w)
			}
			if compared < 30000 {
				t.Errorf("%d members and enumerators were compared", compared)
			}
		})
	}
}

// sameType compares a type, and returns how many members or enumerators it has.
func sameType(t *testing.T, have *ctype.Type, want cilium.Type) int {
	switch want := want.(type) {
	case *cilium.Struct:
		return sameMembers(t, have, want.Name, want.Size, want.Members)
	case *cilium.Union:
		return sameMembers(t, have, want.Name, want.Size, want.Members)
	case *cilium.Enum:
		all := have.Enumerators()
		if len(all) != len(want.Values) {
			t.Fatalf("enum %s has %d values, want %d", want.Name, len(all), len(want.Values))
		}
		for i, v := range want.Values {
			// Before 6.0 BTF does not tell whether an enum is signed, and cilium takes it as not.
			if all[i].Name != v.Name || uint32(all[i].Value) != uint32(v.Value) || want.Signed && uint64(all[i].Value) != v.Value {
				t.Fatalf("enum %s: %v, want %v", want.Name, all[i], v)
			}
		}
		return len(all)
	}
	return 0
}

func sameMembers(t *testing.T, have *ctype.Type, name string, size uint32, want []cilium.Member) int {
	all := have.Members()
	if have.Name() != name || have.Size() != uint64(size) || len(all) != len(want) {
		t.Fatalf("%v: %d bytes, %d members; want %s, %d bytes, %d members", have, have.Size(), len(all), name, size, len(want))
	}
	for i, w := range want {
		h := all[i]
		if h.Name != w.Name || h.BitOffset != uint64(w.Offset) || h.BitSize != uint64(w.BitfieldSize) {
			t.Fatalf("%v: member %v, want %v", have, h, w)
		}
		if size, err := cilium.Sizeof(w.Type); err == nil && uint64(size) != h.Type.Size() {
			t.Fatalf("%v: member %s has %d bytes, want %d", have, h.Name, h.Type.Size(), size)
		}
	}
	return len(all)
}

// TestGaps zeroes a page of the types: what comes after must be found under the same ID.
func TestGaps(t *testing.T) {
	for _, name := range realImages {
		data, abi := realBTF(t, name)
		whole, err := btf.Load(data, abi, nil)
		if err != nil {
			t.Fatal(err)
		}
		if gone, size := whole.Damage(); gone != 0 || size != 0 {
			t.Errorf("%s is whole: %d types gone, %d bytes", name, gone, size)
		}
		const header, page = 24, 4096
		pages := len(data) * 5 / 9 / page
		for i := 2; i < pages; i += pages / 8 {
			cut := bytes.Clone(data)
			clear(cut[header+i*page:][:page])
			s, err := btf.Load(cut, abi, nil)
			if err != nil {
				t.Errorf("%s, page %d: %v", name, i, err)
				continue
			}
			gone, size := s.Damage()
			if s.Len() != whole.Len() || gone == 0 || gone > page/12+2 || size > 2*page {
				t.Errorf("%s, page %d: %d types of %d, %d gone in %d bytes", name, i, s.Len(), whole.Len(), gone, size)
			}
			for _, last := range []int{s.Len(), s.Len() / 2, s.Len() * 9 / 10} {
				have, want := s.ByID(uint32(last)), whole.ByID(uint32(last))
				if _, gone := have.Incomplete(); !gone && (have.Kind() != want.Kind() || have.Name() != want.Name() || len(have.Members()) != len(want.Members())) {
					t.Errorf("%s, page %d: type %d is %v, want %v", name, i, last, have, want)
				}
			}
		}
		cut := bytes.Clone(data)
		clear(cut[len(cut)-64*page:][:page]) // names
		if s, err := btf.Load(cut, abi, nil); err != nil {
			t.Errorf("%s without a page of names: %v", name, err)
		} else if gone, size := s.Damage(); gone != 0 || size < page-8 || size > page {
			t.Errorf("%s without a page of names: %d types gone, %d bytes", name, gone, size)
		}
	}
}

// BenchmarkLoad loads a kernel's BTF and finds a type, as the first thing that a script does.
func BenchmarkLoad(b *testing.B) {
	data, abi := realBTF(b, "linux/q10-q35-mapped")
	b.Run("btf", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s, _ := btf.Load(data, abi, nil)
			s.Type("struct task_struct").Fields()
		}
	})
	b.Run("cilium", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s, _ := cilium.LoadSpecFromReader(bytes.NewReader(data))
			s.AnyTypeByName("task_struct")
		}
	})
}
