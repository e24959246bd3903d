package ctype_test

import (
	"fmt"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/memory"
)

func ExampleParseC() {
	set, err := ctype.ParseC(`
		#define COMM_LEN 16
		enum state { RUNNING, SLEEPING = 1, STOPPED = 4 };
		struct list_head { struct list_head *next, *prev; };
		struct task {
			enum state state;
			unsigned exiting : 1, tracing : 2;
			char comm[COMM_LEN];
			int pid;
			struct list_head tasks;
		};`, ctype.AMD64, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(set.Main().Definition())
	// Output:
	// struct task {
	// 	enum state                 state;                /*     0     4 */
	// 	unsigned int               exiting:1;            /*     4: 0  4 */
	// 	unsigned int               tracing:2;            /*     4: 1  4 */
	//
	// 	/* XXX 5 bits hole, try to pack */
	//
	// 	char                       comm[16];             /*     5    16 */
	//
	// 	/* XXX 3 bytes hole, try to pack */
	//
	// 	int                        pid;                  /*    24     4 */
	//
	// 	/* XXX 4 bytes hole, try to pack */
	//
	// 	struct list_head           tasks;                /*    32    16 */
	//
	// 	/* size: 48, align: 8, members: 6 */
	// };
}

func ExampleSyntaxError() {
	_, err := ctype.ParseC("struct point {\n    int x\n    int y;\n};", ctype.AMD64, nil)
	e := err.(*ctype.SyntaxError)
	fmt.Printf("%v\n%s\n", e, e.Caret())
	// Output:
	// 3:5: expected ';' after the member, found 'int'
	//     int y;
	//     ^
}

func ExampleNewStruct() {
	u32, u64 := ctype.I386.Base("u32"), ctype.I386.Base("u64")
	t, err := ctype.NewStruct("header", ctype.I386).Field("magic", u32).Field("size", u64).Bits("kind", u32, 4).Type()
	if err != nil {
		fmt.Println(err)
		return
	}
	offset, _ := ctype.Offsetof(t, "size")
	fmt.Println(t, t.Size(), offset)
	// Output: struct header 16 4
}

// A type from elsewhere is made when it is first asked for, and may refer to itself.
func ExampleLazy() {
	var node *ctype.Type
	node = ctype.Lazy(ctype.Struct, "node", ctype.AMD64, func() ctype.Def {
		next := ctype.Lazy(ctype.Pointer, "", ctype.AMD64, func() ctype.Def { return ctype.Def{Elem: node} })
		return ctype.Def{Size: 16, Members: []ctype.Member{
			{Name: "next", Type: next},
			{Name: "value", Type: ctype.AMD64.Base("int"), BitOffset: 64},
		}}
	})
	m, _ := node.Lookup("next")
	fmt.Println(m.Type, m.Type.Elem() == node, node.Align())
	// Output: struct node * true 8
}

func ExampleDecodeAt() {
	set, _ := ctype.ParseC("struct pair { u16 a; u16 b; u64 c; char name[8]; };", ctype.AMD64, nil)
	mem := memory.Bytes("\x01\x00\x02\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xffpair\x00\x00\x00\x00")
	v, err := ctype.DecodeAt(mem, 0, set.Main())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Field("b").Uint(), v.Field("b").Wide())
	fmt.Println(v.Field("c").Uint(), v.Field("c").Wide())
	fmt.Println(v)
	// Output:
	// 2 false
	// 18446744073709551615 true
	// struct pair {
	//   a = 1,
	//   b = 2,
	//   c = 18446744073709551615,
	//   name = "pair"
	// }
}

func ExampleContainerOf() {
	set, _ := ctype.ParseC(`
		struct list_head { struct list_head *next, *prev; };
		struct task { int pid; struct { struct list_head link; } lists[2]; };`, ctype.AMD64, nil)
	task, _ := ctype.ContainerOf(set.Main(), "lists[1].link", 0xffff888003a40018)
	fmt.Printf("%#x\n", task)
	// Output: 0xffff888003a40000
}

func ExampleFormatting() {
	set, _ := ctype.ParseC(`
		enum flags { F_READ = 1, F_WRITE = 2, F_EXEC = 4 };
		struct file { enum flags flags; int fds[12]; void (*release)(struct file *); union { u32 word; u16 half; }; };`, ctype.AMD64, nil)
	data := make([]byte, set.Main().Size())
	data[0], data[57], data[64] = 5, 0x10, 42
	v, _ := ctype.Decode(set.Main(), data)
	fmt.Println(ctype.Formatting{
		Offsets: true,
		Symbol: func(address uint64) string {
			if address == 0x1000 {
				return "release_file"
			}
			return ""
		},
	}.Format(v))
	// Output:
	//    [0] struct file {
	//    [0]   flags = (F_READ | F_EXEC),
	//    [4]   fds = {0 <repeats 12 times>},
	//   [56]   release = 0x1000 <release_file>,
	//   [64]   {
	//   [64]     word = 42,
	//   [64]     half = 42
	//          }
	//        }
}
