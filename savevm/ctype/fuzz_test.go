package ctype

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/svscript/svscript/savevm/memory"
)

// exercise asks a type everything there is to ask, within bounds.
func exercise(t *testing.T, typ *Type) {
	_, _ = typ.Size(), typ.Align()
	_, _ = typ.String(), typ.Definition()
	for i, m := range typ.Fields() {
		if i == 64 {
			break
		}
		if got, ok := typ.Field(m.Name); ok {
			_, _ = ReadMember(make(memory.Bytes, 256), 0, got)
		}
		_, _ = typ.Lookup(m.Name + "[0]")
		_, _ = Offsetof(typ, m.Name)
	}
	size := typ.Size()
	if size > 1<<16 {
		size = 100 // too little
	}
	for _, n := range []uint64{size, size + 5, size / 2} {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(i * 7)
		}
		v, err := DecodeAt(memory.Bytes(data), 0, typ)
		if err == nil && n < typ.Size() {
			t.Fatalf("%s: %d bytes are enough for %d", typ, n, typ.Size())
		}
		touch(v, 4)
		if v, err = Decode(typ, data); err == nil {
			touch(v, 4)
			_ = Formatting{Offsets: n > size}.Format(v)
		}
	}
}

func touch(v Value, depth int) {
	_, _, _, _, _ = v.Uint(), v.Float(), v.Big(), v.Text(), v.Wide()
	_, _ = v.Enumerator()
	for i := range min(v.Len(), 4) {
		if depth > 0 {
			touch(v.Index(i), depth-1)
		}
	}
}

func FuzzParseC(f *testing.F) {
	headers, _ := filepath.Glob("testdata/layout/*.h")
	for _, name := range headers {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src[:min(len(src), 6000)]))
	}
	for _, c := range syntaxErrors {
		f.Add(c.src)
	}
	f.Add("#define A (1<<3)\n#pragma pack(push,1)\nstruct s { u8 a[A*2]; struct k *k; struct k v; }; typedef struct s t[3]; enum { X = sizeof(t) } __packed;")
	foreign := NewStruct("k", I386).Field("x", I386.Base("u64")).MustType()
	known := func(name string) *Type {
		if name == "struct k" || name == "k_t" {
			return foreign
		}
		return nil
	}
	f.Fuzz(func(t *testing.T, src string) {
		for _, abi := range []*ABI{AMD64, I386, S390X} {
			set, err := ParseC(src, abi, known)
			if err != nil {
				if e, ok := err.(*SyntaxError); !ok || e.Line < 1 || e.Col < 1 || e.Msg == "" {
					t.Fatalf("%#v", err)
				} else {
					_ = e.Caret()
				}
				continue
			}
			for i, d := range set.Decls {
				if d.Type != nil && i < 20 {
					exercise(t, d.Type)
				}
			}
		}
	})
}

// FuzzDecode makes types of any description, also ones that contain themselves or lie about their size, as a damaged image may hold.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{9, 16, 2, 1, 0, 0, 2, 8, 0, 8, 4, 1, 2, 3, 5, 0, 1, 32, 7, 1, 2, 1})
	f.Add([]byte{10, 8, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 8, 1, 1, 0, 0})
	f.Add([]byte{12, 0, 0, 0, 8, 255, 1, 1, 9, 3, 7, 1, 5, 63, 1, 60, 40})
	f.Fuzz(func(t *testing.T, script []byte) {
		types := hostileTypes(script)
		for _, typ := range types {
			exercise(t, typ)
		}
	})
}

// hostileTypes reads eight descriptions that refer to each other by number.
func hostileTypes(script []byte) []*Type {
	next := func() int {
		if len(script) == 0 {
			return 0
		}
		b := script[0]
		script = script[1:]
		return int(b)
	}
	const count = 8
	var types [count]*Type
	for i := range types {
		kind := Kind(next() % int(Qualified+1))
		def := Def{Size: uint64(next()), Align: 1 << (next() % 5) >> 1}
		elem := next() % (count + 1)
		def.Len = int64(next()) - 2
		var refs []int
		for range next() % 8 {
			m := Member{Name: "abcdefgh"[next()%8:][:1], BitOffset: uint64(next()), BitSize: uint64(next() % 70)}
			if m.BitSize > 65 {
				m.BitOffset <<= 56
			}
			if m.Name == "h" {
				m.Name = ""
			}
			if m.BitSize%3 == 0 {
				m.BitSize = 0
			}
			def.Members = append(def.Members, m)
			def.Enumerators = append(def.Enumerators, Enumerator{m.Name, int64(m.BitOffset)})
			refs = append(refs, next()%count)
		}
		abi := AMD64
		if elem%2 == 1 {
			abi = S390X
		}
		types[i] = Lazy(kind, "t", abi, func() Def {
			if elem < count {
				def.Elem = types[elem]
			}
			for j, r := range refs {
				def.Members[j].Type = types[r]
			}
			return def
		})
	}
	return types[:]
}
