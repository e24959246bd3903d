package btf_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	cilium "github.com/cilium/ebpf/btf"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/symbols/btf"
)

// small is a struct with one of everything, as another library writes it.
func small(tb testing.TB) []byte {
	tb.Helper()
	u8 := &cilium.Int{Name: "unsigned char", Size: 1}
	char := &cilium.Int{Name: "char", Size: 1, Encoding: cilium.Signed}
	u32 := &cilium.Int{Name: "unsigned int", Size: 4}
	u64 := &cilium.Int{Name: "long unsigned int", Size: 8}
	s32 := &cilium.Int{Name: "int", Size: 4, Encoding: cilium.Signed}
	node := &cilium.Struct{Name: "node", Size: 8}
	node.Members = []cilium.Member{{Name: "next", Type: &cilium.Pointer{Target: node}}}
	either := &cilium.Union{Size: 8, Members: []cilium.Member{{Name: "number", Type: u64}, {Name: "where", Type: &cilium.Pointer{Target: (*cilium.Void)(nil)}}}}
	state := &cilium.Enum{Name: "state", Size: 4, Signed: true, Values: []cilium.EnumValue{{Name: "BAD", Value: ^uint64(0)}, {Name: "GOOD", Value: 1}}}
	big := &cilium.Enum{Name: "big", Size: 8, Values: []cilium.EnumValue{{Name: "HIGH", Value: 1 << 63}}}
	callback := &cilium.Pointer{Target: &cilium.FuncProto{Return: s32, Params: []cilium.FuncParam{{Name: "n", Type: &cilium.Pointer{Target: node}}}}}
	everything := &cilium.Struct{Name: "everything", Size: 72, Members: []cilium.Member{
		{Name: "flag", Type: u32, BitfieldSize: 1},
		{Name: "level", Type: u32, Offset: 1, BitfieldSize: 5},
		{Name: "state", Type: state, Offset: 32},
		{Type: either, Offset: 64},
		{Name: "comm", Type: &cilium.Array{Index: u32, Type: char, Nelems: 16}, Offset: 128},
		{Name: "head", Type: &cilium.Typedef{Name: "node_t", Type: &cilium.Volatile{Type: node}}, Offset: 256},
		{Name: "call", Type: callback, Offset: 320},
		{Name: "kind", Type: big, Offset: 384},
		{Name: "lock", Type: &cilium.Pointer{Target: &cilium.Fwd{Name: "hidden"}}, Offset: 448},
		{Name: "count", Type: &cilium.Const{Type: &cilium.TypeTag{Value: "rcu", Type: u64}}, Offset: 512},
		{Name: "data", Type: &cilium.Array{Index: u32, Type: u8}, Offset: 576},
	}}
	b, err := cilium.NewBuilder([]cilium.Type{everything}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	data, err := b.Marshal(nil, &cilium.MarshalOptions{Order: binary.LittleEndian})
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestDefinition(t *testing.T) {
	s, err := btf.Load(small(t), ctype.AMD64, nil)
	if err != nil {
		t.Fatal(err)
	}
	const want = `struct everything {
	unsigned int               flag:1;               /*     0: 0  4 */
	unsigned int               level:5;              /*     0: 1  4 */

	/* XXX 2 bits hole, try to pack */

	/* XXX 3 bytes hole, try to pack */

	enum state                 state;                /*     4     4 */
	union {
		long unsigned int  number;               /*     8     8 */
		void               *where;               /*     8     8 */
	};                                               /*     8     8 */
	char                       comm[16];             /*    16    16 */
	node_t                     head;                 /*    32     8 */
	int                        (*call)(struct node *n); /*    40     8 */
	enum big                   kind;                 /*    48     8 */
	struct hidden              *lock;                /*    56     8 */
	const long unsigned int    count;                /*    64     8 */
	unsigned char              data[];               /*    72     0 */

	/* size: 72, align: 8, members: 11 */
};
`
	if have := s.Type("everything").Definition(); have != want {
		t.Errorf("have\n%s", have)
	}
	if v := s.Type("enum state").Enumerators(); v[0].Value != -1 || !s.Type("enum state").Signed() {
		t.Errorf("enum state: %v", v)
	}
	if v := s.Type("enum big").Enumerators(); uint64(v[0].Value) != 1<<63 {
		t.Errorf("enum big: %v", v)
	}
	for _, name := range []string{"nothing", "union everything", "struct hidden"} {
		if found := s.Type(name); found != nil {
			t.Errorf("%s is %v", name, found)
		}
	}
	var names []string
	for name := range s.Names() {
		names = append(names, name)
	}
	if len(names) != 10 {
		t.Errorf("names: %q", names)
	}
}

func TestNoBTF(t *testing.T) {
	whole := small(t)
	for _, data := range [][]byte{nil, whole[:10], whole[:30], bytes.Repeat([]byte{0x9f, 0xeb, 1, 0}, 20), make([]byte, 100)} {
		if _, err := btf.Load(data, ctype.AMD64, nil); err == nil {
			t.Errorf("%x is BTF", data)
		}
	}
}

// FuzzLoad looks at every type of damaged BTF.
func FuzzLoad(f *testing.F) {
	f.Add(small(f), true)
	f.Fuzz(func(t *testing.T, data []byte, split bool) {
		if len(data) > 1<<16 {
			return
		}
		s, err := btf.Load(data, ctype.AMD64, nil)
		if err != nil {
			return
		}
		if split {
			if s, err = btf.Load(data, ctype.AMD64, s); err != nil {
				t.Fatal(err)
			}
		}
		for id := range min(s.Len()*2+2, 200) {
			typ := s.ByID(uint32(id))
			_ = typ.String()
			_ = typ.Size() + typ.Align()
			if size := typ.Size(); size < 1<<12 && len(typ.Members()) < 100 {
				ctype.Decode(typ, make([]byte, size))
			}
		}
		for name := range s.Names() {
			if s.Type(name) == nil {
				t.Fatalf("%q is a name of nothing", name)
			}
		}
	})
}
