package symbols

import (
	"encoding/binary"
	"iter"
	"math"
	"strconv"
	"strings"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// Kernels without CONFIG_KALLSYMS_ALL know only their functions by name, and damage takes names from any kernel. Some are found all the
// same: those exported to modules are in __ksymtab, and those that crash dumps need in VMCOREINFO.

// addData adds symbols to a kernel's table that has only functions, or of which memory has lost some.
func (k *Kernel) addData() {
	functionsOnly := !k.Symbols.hasData()
	why := "memory has lost some of kallsyms"
	switch {
	case k.Symbols.kernel.Len() == 0:
		why = "there is no kallsyms"
	case functionsOnly:
		why = "kallsyms has functions only"
	}
	var b symtab.Builder
	for s := range k.Symbols.kernel.All() {
		b.Add(s.Address, s.Type, s.Name)
	}
	n := k.addExports(&b)
	if n > 0 {
		k.evidence("%d more symbols: %s, these are exported to modules (__ksymtab)", n, why)
	}
	if m := k.addVMCoreInfo(&b); m > 0 {
		k.evidence("%d more symbols: from VMCOREINFO", m)
		n += m
	}
	if k.Symbols.kernel.Len() == 0 && n == 0 {
		return // that there is no kallsyms is said
	}
	if n == 0 {
		if functionsOnly {
			k.missing("the kernel's variables: kallsyms has functions only (no CONFIG_KALLSYMS_ALL)")
		}
		return
	}
	if k.Symbols.kernel.Len() > 0 && functionsOnly {
		k.missing("variables that are not exported to modules: kallsyms has functions only (no CONFIG_KALLSYMS_ALL)")
	}
	start, end := k.Symbols.start, k.Symbols.end
	if k.Symbols.kernel.Len() == 0 { // nothing is to be called by the name of one of a few variables before it
		start, end = math.MaxUint64, math.MaxUint64
	}
	k.Symbols = newSymbols(b.Table(""))
	k.Symbols.start, k.Symbols.end = start, end
}

// addVMCoreInfo adds the SYMBOL() lines that the table lacks. That of mem_section says what the variable holds, not where it is
// (VMCOREINFO_SYMBOL_ARRAY in kernel/vmcore_info.c).
func (k *Kernel) addVMCoreInfo(b *symtab.Builder) (added int) {
	for key, value := range k.VMCoreInfo() {
		name, ok := strings.CutPrefix(key, "SYMBOL(")
		address, err := strconv.ParseUint(value, 16, 64)
		if name = strings.TrimSuffix(name, ")"); !ok || err != nil || name == "mem_section" || hasSymbol(k.Symbols.kernel, name) {
			continue
		}
		if b.Add(address, 'D', name) {
			added++
		}
	}
	return added
}

// exportsReach is how far after kallsyms the tables are looked for: they come next after .rodata, and their strings after them
// (RO_DATA in include/asm-generic/vmlinux.lds.h).
const exportsReach = 12 << 20

// addExports finds the tables __ksymtab and __ksymtab_gpl, whose entries (struct kernel_symbol, kernel/module/internal.h) are
// offsets from themselves: to the value, to the name and from 5.4 on to the namespace. Without kallsyms the whole image is searched.
func (k *Kernel) addExports(b *symtab.Builder) int {
	base, reach := k.tokenTable&^7, uint64(exportsReach)
	if base == 0 {
		base, reach = k.PhysicalBase, imageReach/2
	}
	e := exports{data: memory.ReadSparse(k.target.Memory, base, reach)}
	text, end := k.Symbols.first("_stext"), k.Symbols.first("_etext")
	added := 0
	entry, stride := e.find()
	for name, value := range e.around(entry, stride) {
		address, kind := k.mask(base+k.delta+uint64(int64(value))), byte('D')
		if address >= text && address < end {
			kind = 'T'
		}
		if !hasSymbol(k.Symbols.kernel, name) && b.Add(address, kind, name) {
			added++
		}
	}
	return added
}

// exports is memory in which export tables are looked for.
type exports struct {
	data []byte
}

// exported is a name in every kernel's list (init/init_task.c). The linker merges strings, so that it may be the end of another one.
const exported = "init_task\x00"

// find finds the entry of that name, and how far entries are from each other; 0 when there is none.
func (e *exports) find() (entry, stride int) {
	for at := 4; at+4 <= len(e.data); at += 4 {
		text := at + int(int32(binary.LittleEndian.Uint32(e.data[at:])))
		if text < 0 || text+len(exported) > len(e.data) || e.data[text] != exported[0] || string(e.data[text:text+len(exported)]) != exported {
			continue
		}
		for _, stride := range []int{12, 8} {
			if e.neighbours(at-4, stride) {
				return at - 4, stride
			}
		}
	}
	return 0, 0
}

// neighbours checks that an entry is one of many.
func (e *exports) neighbours(at, stride int) bool {
	for i := 1; i < 16; i++ {
		if _, _, ok := e.entry(at + i*stride); !ok {
			return false
		}
	}
	return true
}

// entry reads the entry at an offset: a name, and the offset of what it names.
func (e *exports) entry(at int) (name string, value int, ok bool) {
	if at < 0 || at+8 > len(e.data) {
		return "", 0, false
	}
	value = at + int(int32(binary.LittleEndian.Uint32(e.data[at:])))
	text := at + 4 + int(int32(binary.LittleEndian.Uint32(e.data[at+4:])))
	if text <= 0 || text >= len(e.data) {
		return "", 0, false
	}
	name = cString(e.data, uint32(text))
	return name, value, isIdentifier(name)
}

// around yields the entries beside one, itself included.
func (e *exports) around(entry, stride int) iter.Seq2[string, int] {
	const maxExports = 1 << 17
	return func(yield func(string, int) bool) {
		if stride == 0 {
			return
		}
		for _, step := range []int{stride, -stride} {
			at := entry
			if step < 0 {
				at += step
			}
			for range maxExports {
				name, value, ok := e.entry(at)
				if !ok {
					break
				}
				if !yield(name, value) {
					return
				}
				at += step
			}
		}
	}
}

func isIdentifier(s string) bool {
	if len(s) < 2 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '_' && c != '.' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}
