// Package debugfile reads what a kernel's symbols and types can come from besides its own memory: a vmlinux or debug file (ELF with a
// symbol table and DWARF), a System.map, or a volatility3 ISF (JSON, also .xz).
package debugfile

import (
	"iter"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// A File is an opened symbol file.
type File struct {
	Path    string
	Format  string // "ELF", "System.map", "ISF"
	Symbols *symtab.Table
	Types   Types  // nil when the file has none
	BuildID []byte // of the kernel that it is about; nil when it does not say
	Banner  string // that kernel's; "" when it does not say
}

// Types is where types come from.
type Types interface {
	Type(name string) *ctype.Type
	Names() iter.Seq[string]
}
