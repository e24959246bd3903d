package ctype

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var abis = []*ABI{AMD64, I386, ARM64, RISCV64, S390X}

func source(t testing.TB, name string) string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", "layout", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

func mustParse(t testing.TB, src string, abi *ABI) *Set {
	t.Helper()
	set, err := ParseC(src, abi, nil)
	if err != nil {
		if e, ok := err.(*SyntaxError); ok {
			t.Fatalf("%v\n%s", e, e.Caret())
		}
		t.Fatal(err)
	}
	return set
}

// TestLayoutIsGCCs compares with what GCC's DWARF and _Alignof say of the same source; testdata/gen records it.
func TestLayoutIsGCCs(t *testing.T) {
	for _, name := range []string{"basics", "kernel", "random", "values"} {
		for _, abi := range abis {
			t.Run(name+"/"+abi.Name, func(t *testing.T) {
				set := mustParse(t, source(t, name+".h"), abi)
				golden := source(t, name+"."+abi.Name+".golden")
				types := 0
				for part := range strings.SplitSeq(strings.TrimSpace(golden), "\n") {
					if !strings.HasPrefix(part, "\t") {
						types++
					}
				}
				if types == 0 {
					t.Fatal("the golden holds no types")
				}
				for _, want := range splitTypes(golden) {
					typ := set.Type(want.name)
					if typ == nil {
						t.Errorf("%s: not found", want.name)
						continue
					}
					if got := describe(want.name, typ); got != want.text {
						t.Errorf("got  %s\nwant %s", got, want.text)
					}
				}
			})
		}
	}
}

type goldenType struct{ name, text string }

func splitTypes(golden string) []goldenType {
	var list []goldenType
	for line := range strings.Lines(golden) {
		if strings.HasPrefix(line, "\t") {
			list[len(list)-1].text += line
			continue
		}
		name, _, _ := strings.Cut(line, " size ")
		list = append(list, goldenType{name, line})
	}
	return list
}

// describe writes a type as the goldens do.
func describe(name string, typ *Type) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s size %d align %d\n", name, typ.Size(), typ.Align())
	for _, e := range typ.Strip().Enumerators() {
		fmt.Fprintf(&out, "\t%s %d\n", e.Name, e.Value)
	}
	for _, m := range typ.Fields() {
		size := m.BitSize
		if size == 0 {
			size = m.Size() * 8
		}
		fmt.Fprintf(&out, "\t%s %d %d\n", m.Name, m.BitOffset, size)
	}
	return out.String()
}

// TestValuesAreGCCs decodes the bytes that GCC makes of the initializers in values.c.
func TestValuesAreGCCs(t *testing.T) {
	const want = `struct values {
  name = "abc",
  s8 = -100,
  u8 = 200,
  s16 = -30000,
  u16 = 60000,
  s32 = -2000000000,
  u32 = 4000000000,
  s64 = -9000000000000000000,
  u64 = 18000000000000000000,
  f = 1.5,
  d = -2.25,
  ld = 3.125,
  yes = true,
  color = BLUE,
  ptr = 0x12345678,
  l = -123456,
  ul = 2309737967,
  b3 = -3,
  b7 = 100,
  b30 = -500000000,
  b40 = 1000000000000,
  b24 = -8000000,
  flag = true,
  bcolor = GREEN,
  p = {{
    x = 1,
    y = -2
  }, {
    x = 3,
    y = -4
  }},
  {
    any = 16909060,
    {
      lo = LO,
      hi = HI
    }
  },
  matrix = {{1, 2}, {3, 4}}
}
struct odd {
  pad = 120 'x',
  a = 703710,
  b = -4000,
  c = 1311768467294899695,
  d = 121 'y'
}
struct odd9 {
  a = 5,
  b = 18364758544493064720,
  c = 21
}
struct odd3 {
  a = 85,
  b = 109517
}
`
	for _, abi := range abis {
		t.Run(abi.Name, func(t *testing.T) {
			set := mustParse(t, source(t, "values.h"), abi)
			var got strings.Builder
			for line := range strings.Lines(source(t, "values."+abi.Name+".hex")) {
				name, digits, _ := strings.Cut(strings.TrimSpace(line), " ")
				data, err := hex.DecodeString(digits)
				if err != nil {
					t.Fatal(err)
				}
				v, err := Decode(set.Type(name), data)
				if err != nil {
					t.Fatal(err)
				}
				got.WriteString(v.String() + "\n")
			}
			lo, hi := "4", "3"
			if abi.bigEndian() {
				lo, hi = "1", "2"
			}
			if want := strings.NewReplacer("LO", lo, "HI", hi).Replace(want); got.String() != want {
				t.Errorf("got\n%s\nwant\n%s", got.String(), want)
			}
		})
	}
}
