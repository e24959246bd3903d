package ctype

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/svscript/svscript/savevm/memory"
)

func TestLookup(t *testing.T) {
	set := mustParse(t, `
		struct in { char pad[4]; struct { int deep; } arr[3]; };
		struct out { int a; union { struct in b; struct { short lo, hi; }; }; struct in list[2][2]; struct in *p; unsigned x : 3, y : 5, z : 8; u8 tail[]; };`, AMD64)
	out := set.Type("out")
	for _, c := range []struct {
		path string
		want string
	}{
		{"a", "0"},
		{"b", "4"},
		{"hi", "6"},
		{"b.arr[2].deep", "16"},
		{"list[1][0].arr[1]", "60"},
		{"list[1]", "52"},
		{"z", "97"},
		{"tail[100]", "198"},
		{"", "0"},
		{"y", `struct out, path "y": a bit-field that starts inside a byte has no offset in bytes`},
		{"list[2]", `struct out, path "list[2]": index 2 is beyond the 2 elements of "list"`},
		{"p.arr", `struct out, path "p.arr": "p" is a pointer (struct in *); the path stays inside one type`},
		{"a.b", `struct out, path "a.b": "a" is no struct or union (int), so it has no member "b"`},
		{"nope", `struct out, path "nope": struct out has no member "nope"`},
		{"LIST", `struct out, path "LIST": struct out has no member "LIST" (did you mean "list"?)`},
		{"a[0]", `struct out, path "a[0]": "a" is no array (int)`},
		{"list[x]", `struct out, path "list[x]": [x] is no index`},
		{"list[1", `struct out, path "list[1": "[1" has no closing ]`},
		{"b..arr", `struct out, path "b..arr": expected .name or [index] at "..arr"`},
		{"b.", `struct out, path "b.": expected .name or [index] at "."`},
		{"p->arr", `struct out, path "p->arr": expected .name or [index] at "->arr"`},
		{"tail[0xffffffffffff]", `struct out, path "tail[0xffffffffffff]": [0xffffffffffff] is no index`},
	} {
		offset, err := Offsetof(out, c.path)
		got := fmt.Sprint(offset)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.path, got, c.want)
		}
	}
}

func TestSizeofNeedsADefinition(t *testing.T) {
	set := mustParse(t, "struct a; struct b { struct a *p; };", AMD64)
	if _, err := Sizeof(set.Type("a")); err == nil {
		t.Error("struct a has a size")
	}
	if n, err := Sizeof(set.Type("b")); n != 8 || err != nil {
		t.Error(n, err)
	}
	if _, err := Decode(set.Type("a"), make([]byte, 8)); err == nil {
		t.Error("struct a can be decoded")
	}
}

func TestBuilder(t *testing.T) {
	u8, u32, u64 := AMD64.Base("u8"), AMD64.Base("u32"), AMD64.Base("u64")
	anon := NewUnion("", AMD64).Field("b", u64).Field("c", u32).MustType()
	typ := NewStruct("s", AMD64).Field("a", u8).Field("", anon).Bits("x", u32, 3).Bits("", u32, 0).Bits("y", u8, 2).FieldAt(40, "far", u8).MustType()
	want := "s size 48 align 8\n\ta 0 8\n\tb 64 64\n\tc 64 32\n\tx 128 3\n\ty 160 2\n\tfar 320 8\n"
	if got := describe("s", typ); got != want {
		t.Errorf("got %s want %s", got, want)
	}
	if n := NewStruct("p", AMD64).Packed().Field("a", u8).Field("b", u64).Align(4).MustType().Size(); n != 12 {
		t.Errorf("packed, aligned: %d", n)
	}
	for _, c := range []struct {
		b    *StructBuilder
		want string
	}{
		{NewStruct("s", AMD64).Field("a", u8).Field("a", u8), `struct s: member "a": there is already a member named "a"`},
		{NewStruct("s", AMD64).Field("a", nil), `struct s: member "a" has no type`},
		{NewStruct("", AMD64).Field("a", AMD64.Base("void")), `struct: member "a": a member cannot be void`},
		{NewStruct("s", AMD64).Field("a", u64).FieldAt(4, "b", u8), `struct s: member "b" cannot be at offset 4: the one before it ends at 8`},
		{NewStruct("s", AMD64).Bits("a", u8, 9), `struct s: member "a": a bit-field of 9 bits is wider than its type u8`},
		{NewUnion("u", AMD64).Align(3), `an alignment is a power of two up to 2^28, not 3`},
		{NewStruct("s", AMD64).Field("a", ArrayOf(u64, math.MaxInt64)), `struct s: member "a": the type is larger than any memory (2^48 bytes)`},
	} {
		if _, err := c.b.Type(); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// TestWideDependsOnTheType: JavaScript gets a BigInt or a Number by the type alone.
func TestWideDependsOnTheType(t *testing.T) {
	set := mustParse(t, "enum big { B = 1ULL << 40 }; struct s { u32 a; u64 b; long c; void *d; u64 e : 32; u64 f : 33; char g; enum big h; bool i; float j; __s64 k; };", I386)
	v, err := Decode(set.Main(), make([]byte, set.Main().Size()))
	if err != nil {
		t.Fatal(err)
	}
	var wide []string
	for i, m := range set.Main().Fields() {
		if v.Index(i).Wide() {
			wide = append(wide, m.Name)
		}
	}
	if got := strings.Join(wide, ""); got != "bdfhk" {
		t.Error(got)
	}
}

func TestInt128(t *testing.T) {
	typ := mustParse(t, "struct s { __int128 a; unsigned __int128 b; };", S390X).Main()
	data := make([]byte, 32)
	for i := range 16 {
		data[i], data[16+i] = 0xff, 0xff
	}
	data[15] = 0xfe
	v, _ := Decode(typ, data)
	if got := v.String(); got != "struct s {\n  a = -2,\n  b = 340282366920938463463374607431768211455\n}" {
		t.Error(got)
	}
	if a := v.Field("a"); !a.Wide() || a.Int() != -2 || a.Bits() != 128 {
		t.Error(a.Wide(), a.Int(), a.Bits())
	}
}

func TestFlexibleArrays(t *testing.T) {
	for _, dim := range []string{"[]", "[0]"} {
		typ := mustParse(t, "struct s { u64 n; u16 count; u8 mark[0]; u16 pad; u16 data"+dim+"; };", AMD64).Main()
		data := make([]byte, 22)
		for i := range data {
			data[i] = byte(i)
		}
		v, _ := Decode(typ, data)
		if n := v.Field("data").Len(); n != 5 || v.Field("data").Index(1).Uint() != 0x0f0e {
			t.Errorf("%s: %d elements: %v", dim, n, v)
		}
		if n := v.Field("mark").Len(); n != 0 {
			t.Errorf("%s: a mark in the middle has %d elements", dim, n)
		}
		if v, _ = Decode(typ, data[:16]); v.Field("data").Len() != 0 {
			t.Errorf("%s: padding counts as elements", dim)
		}
		m, _ := typ.Field("data")
		if v, err := DecodeArrayAt(memory.Bytes(data), m.Offset(), m.Type.Elem(), 3); err != nil || v.Len() != 3 || v.Index(2).Uint() != 0x1110 {
			t.Error(v, err)
		}
	}
}

// TestPartialRead: what lies before the gap is decoded, what lies in it is invalid, and the error says where it begins.
func TestPartialRead(t *testing.T) {
	typ := mustParse(t, "struct s { u32 a; char name[8]; struct { u32 x, y; } in; u64 z; };", AMD64).Main()
	mem := memory.Bytes("\x01\x00\x00\x00abcdefgh\x02\x00\x00\x00\x03")
	v, err := DecodeAt(mem, 0, typ)
	var e *memory.Error
	if !errors.As(err, &e) || e.Address != 17 {
		t.Fatal(err)
	}
	const want = "struct s {\n  a = 1,\n  name = \"abcdefgh\",\n  in = {\n    x = 2,\n    y = <unreadable>\n  },\n  z = <unreadable>\n}"
	if v.String() != want {
		t.Errorf("got %s", v)
	}
	v, _ = DecodeAt(mem[:7], 0, typ)
	if got := v.Field("name").Text(); got != "abc" {
		t.Errorf("the name is %q", got)
	}
	for source, want := range map[string]string{
		"struct s { u8 x[14]; u32 a[4]; };":       "a = <unreadable>",
		"struct s { char name[32]; };":            "name = \"\\001\\000\\000\\000abcdefgh\\002\\000\\000\\000\\003\", <unreadable> 15 more",
		"struct s { u32 x[3], a[4]; };":           "a = {2, <unreadable> 3 more}",
		"struct s { u8 a[200]; };":                ", 2, 0, 0, 0, 3, <unreadable> 183 more}",
		"struct s { struct { u32 x; } a[5]; };":   "    x = 2\n  }, <unreadable> 1 more}",
		"struct s { struct {} a[5]; };":           "a = {}",
		"struct s { u32 x[4]; u8 one, rest[]; };": "rest = {}",
	} {
		if v, _ := DecodeAt(mem, 0, mustParse(t, source, AMD64).Main()); !strings.Contains(v.String(), want) {
			t.Errorf("%s: got %s, want %s", source, v, want)
		}
	}
	if _, err := DecodeAt(mem, 0, ArrayOf(typ, 1<<40)); !errors.As(err, new(*TooLargeError)) {
		t.Error(err)
	}
	if _, err := Decode(typ, mem); !errors.As(err, new(*SizeError)) || err.Error() != "struct s needs 32 bytes, there are 17" {
		t.Error(err)
	}
}

// TestReadMemberReadsNoMore: each member of the GCC-made structs reads alone as it does in the whole.
func TestReadMemberReadsNoMore(t *testing.T) {
	for _, abi := range abis {
		set := mustParse(t, source(t, "random.h"), abi)
		for _, d := range set.Decls {
			if d.Kind != DeclType || d.Type.Kind() == Enum {
				continue
			}
			data := make([]byte, d.Type.Size())
			for i := range data {
				data[i] = byte(i*37 + 11)
			}
			whole, err := Decode(d.Type, data)
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range d.Type.Fields() {
				end := m.Offset() + m.Size()
				if m.BitSize != 0 {
					end = (m.BitOffset + m.BitSize + 7) / 8
				}
				v, err := ReadMember(memory.Bytes(data[:end]), 0, m)
				if err != nil {
					t.Fatal(err)
				}
				if want := whole.Index(i); v.String() != want.String() {
					t.Errorf("%s, %s.%s: got %s, want %s", abi.Name, d.Name, m.Name, v, want)
				}
			}
		}
	}
}

// TestNestedBeyondThePlan: fields decoded on demand are those that are decoded at once.
func TestNestedBeyondThePlan(t *testing.T) {
	var src strings.Builder
	src.WriteString("struct s0 { u8 a; u16 b : 9; char c[3]; };")
	for i := range 11 {
		fmt.Fprintf(&src, "struct s%d { struct s%d l, r; };", i+1, i)
	}
	typ := mustParse(t, src.String(), AMD64).Main()
	data := make([]byte, typ.Size())
	for i := range data {
		data[i] = byte(i * 7)
	}
	v, err := Decode(typ, data)
	if err != nil {
		t.Fatal(err)
	}
	path := strings.Repeat("r.", 11)
	for _, leaf := range []string{"a", "b", "c"} {
		m, err := typ.Lookup(path + leaf)
		if err != nil {
			t.Fatal(err)
		}
		got := v
		for name := range strings.SplitSeq(path+leaf, ".") {
			got = got.Field(name)
		}
		want, _ := ReadMember(memory.Bytes(data), 0, m)
		if got.String() != want.String() {
			t.Errorf("%s: got %s, want %s", leaf, got, want)
		}
	}
}

// TestLazyTypes: a type is fetched once, only when it is needed, whoever asks first.
func TestLazyTypes(t *testing.T) {
	var fetched atomic.Int32
	const count = 100_000
	types := make([]*Type, count)
	for i := range types {
		types[i] = Lazy(Struct, fmt.Sprintf("s%d", i), AMD64, func() Def {
			fetched.Add(1)
			next := PointerTo(AMD64, types[(i+1)%count])
			return Def{Size: 8, Members: []Member{{Name: "next", Type: next}}}
		})
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			v, err := Decode(types[5], make([]byte, 8))
			if err != nil || v.Field("next").Kind() != Pointer {
				t.Error(v, err)
			}
			_ = types[5].Definition()
		})
	}
	wg.Wait()
	if n := fetched.Load(); n != 1 {
		t.Errorf("%d types were fetched for one", n)
	}
}

// TestGuessedAlignment: without a stated alignment (BTF has none) members suggest the one that GCC gave, or a smaller one that
// their offsets allow.
func TestGuessedAlignment(t *testing.T) {
	set := mustParse(t, source(t, "kernel.h"), AMD64)
	for _, name := range []string{"node", "spin", "mutexish", "cred_like", "page_like", "on_disk", "packet_like"} {
		typ := set.Type(name)
		def := *typ.definition()
		def.Align = 0
		if got := New(Struct, name, AMD64, def).Align(); got != typ.Align() {
			t.Errorf("%s: got %d, want %d", name, got, typ.Align())
		}
	}
}

func TestDefinitionGolden(t *testing.T) {
	set := mustParse(t, `
		typedef struct { u8 x; int (*fn)(struct list *, ...); } ops_t;
		struct big {
			char comm[16]; unsigned a : 3, b : 7; long long c;
			union { int u; struct { short v, w; }; } ;
			enum { ONE = 1, TWO } kind;
			ops_t ops[4][2]; const char *const *name; void (*sig[2])(int); char data[];
		} __attribute__((packed, aligned(8)));`, AMD64)
	const want = `struct big {
	char                       comm[16];             /*     0    16 */
	unsigned int               a:3;                  /*    16: 0  4 */
	unsigned int               b:7;                  /*    16: 3  4 */

	/* XXX 6 bits hole, try to pack */

	long long                  c;                    /*    18     8 */
	union {
		int                u;                    /*    26     4 */
		struct {
			short      v;                    /*    26     2 */
			short      w;                    /*    28     2 */
		};                                       /*    26     4 */
	};                                               /*    26     4 */
	enum {
		ONE = 1,
		TWO = 2,
	} kind;                                          /*    30     4 */
	ops_t                      ops[4][2];            /*    34   128 */
	const char                 *const *name;         /*   162     8 */
	void                       (*sig[2])(int);       /*   170    16 */
	char                       data[];               /*   186     0 */

	/* size: 192, align: 8, members: 10 */
	/* padding: 6 */
};
typedef struct {
	u8                         x;                    /*     0     1 */

	/* XXX 7 bytes hole, try to pack */

	int                        (*fn)(struct list *, ...); /*     8     8 */

	/* size: 16, align: 8, members: 2 */
} ops_t;
`
	if got := set.Type("big").Definition() + set.Type("ops_t").Definition(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestHostileDescriptionsStaySmall: types that contain themselves print, decode and format within bounds.
func TestHostileDescriptionsStaySmall(t *testing.T) {
	var self, pair *Type
	self = Lazy(Struct, "self", AMD64, func() Def { return Def{Size: 8, Members: []Member{{Name: "in", Type: self}, {Type: self}}} })
	pair = Lazy(Union, "", AMD64, func() Def {
		return Def{Size: 8, Members: []Member{{Type: pair}, {Type: pair}, {Name: "x", Type: AMD64.Base("int")}}}
	})
	loop := Lazy(Typedef, "loop", AMD64, func() Def { return Def{} })
	loop.fill = func() Def { return Def{Elem: loop} }
	for _, typ := range []*Type{self, pair, loop} {
		exercise(t, typ)
		if n := len(typ.Definition()); n > 8<<20 {
			t.Errorf("%s prints in %d bytes", typ, n)
		}
	}
}

// TestDefinitionOfTypesInThemselves: what a type has of itself is not written out again, nor what is nested too deeply.
func TestDefinitionOfTypesInThemselves(t *testing.T) {
	var self *Type
	self = Lazy(Struct, "", AMD64, func() Def {
		return Def{Size: 8, Members: []Member{{Type: self}, {Name: "in", Type: self}, {Name: "x", Type: AMD64.Base("int")}}}
	})
	outer := Lazy(Struct, "outer", AMD64, func() Def { return Def{Size: 8, Members: []Member{{Type: self}}} })
	const want = `struct outer {
	struct {
		struct {…};                              /*     0     8 */
		struct {…}         in;                   /*     0     8 */
		int                x;                    /*     0     4 */
	};                                               /*     0     8 */

	/* size: 8, align: 1, members: 1 */
};
`
	if got := outer.Definition(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	deep := AMD64.Base("int")
	for range 40 {
		inner := deep
		deep = Lazy(Union, "", AMD64, func() Def { return Def{Size: 8, Members: []Member{{Name: "in", Type: inner}}} })
	}
	def := Lazy(Struct, "deep", AMD64, func() Def { return Def{Size: 8, Members: []Member{{Type: deep}}} }).Definition()
	if n := strings.Count(def, "\n"); n > 40 || strings.Count(def, "union {…}") != 1 {
		t.Errorf("%d lines:\n%s", n, def)
	}
}

// Bit-fields stand as pahole has them: the unit of their type, and the first bit in it.
func TestDefinitionOfBitFields(t *testing.T) {
	def := mustParse(t, "struct slab { u64 counters; unsigned inuse : 16, objects : 15, frozen : 1; u16 a : 4; u16 b : 9; u8 c; u8 d : 3; };", AMD64).Main().Definition()
	for _, want := range []string{"inuse:16;             /*     8: 0  4 */", "objects:15;           /*     8:16  4 */", "frozen:1;             /*     8:31  4 */",
		"a:4;                  /*    12: 0  2 */", "b:9;                  /*    12: 4  2 */", "d:3;                  /*    15: 0  1 */"} {
		if !strings.Contains(def, want) {
			t.Errorf("%q is not in\n%s", want, def)
		}
	}
}

// TestMainIsOuter: the type that source is about is not one that its last declaration holds.
func TestMainIsOuter(t *testing.T) {
	for src, want := range map[string]string{
		"struct a { int x; }; struct b { struct in { int y; } in; };":                             "struct b",
		"struct job { enum state { NEW, DONE } state; union u { int i; struct { int j; }; } u; }": "struct job",
		"typedef struct { struct in { int y; } in; } outer;":                                      "outer",
	} {
		if got := mustParse(t, src, AMD64).Main().String(); got != want {
			t.Errorf("%s: %s", src, got)
		}
	}
}
