package infer

import (
	"fmt"
	"strconv"
)

// toldMembers are what of the kernel's note for crash dump tools (VMCOREINFO) is taken over: SIZE(struct), and OFFSET(struct.member).
var toldMembers = map[string][]struct{ typ, name string }{
	"page": {
		{"unsigned long", "flags"}, {"unsigned int", "_refcount"}, {"unsigned int", "_mapcount"}, {"void *", "mapping"},
		{"unsigned long", "private"}, {"unsigned long", "compound_head"}, {"unsigned long", "compound_info"},
	},
	"mem_section": {{"unsigned long", "section_mem_map"}},
}

// names finds those of the kernel and its host in the first struct uts_namespace.
func (in *inference) names() {
	const reach = 64
	at, ok := in.Symbol("init_uts_ns")
	if !ok {
		return
	}
	uts := in.window(at, reach)
	if off, ok := (span{0, reach - 8, 4}).find(func(off uint64) bool { return uts.text(off, 8) == "Linux" }); ok {
		in.layout("struct uts_namespace").place(off, "struct new_utsname", "name")
	}
}

// told places what VMCOREINFO tells.
func (in *inference) told() {
	number := func(key string) (uint64, bool) {
		n, err := strconv.ParseUint(in.Info[key], 10, 16)
		return n, err == nil
	}
	for name, members := range toldMembers {
		l := in.layout("struct " + name)
		l.size, _ = number(fmt.Sprintf("SIZE(%s)", name))
		for _, m := range members {
			if off, ok := number(fmt.Sprintf("OFFSET(%s.%s)", name, m.name)); ok {
				l.place(off, m.typ, m.name)
			}
		}
	}
}
