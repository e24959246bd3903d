package symbols

import (
	"iter"
	"regexp"
	"sort"
	"sync"

	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// Names of package symtab that every user of a Kernel needs.
type (
	Symbol   = symtab.Symbol
	Location = symtab.Location
)

// Symbols are those of the kernel, and of its modules once Kernel.Modules has been asked for them.
type Symbols struct {
	kernel     *symtab.Table
	start, end uint64 // of the image: only addresses in it belong to its symbols

	load    sync.Once
	modules func() []moduleTable // nil until the kernel is complete
	tables  []moduleTable
}

// moduleTable is a module's symbols and the memory that they are about.
type moduleTable struct {
	base, end uint64
	table     *symtab.Table
}

func newSymbols(kernel *symtab.Table) *Symbols {
	if kernel == nil {
		kernel = new(symtab.Builder).Table("")
	}
	return &Symbols{kernel: kernel}
}

func (s *Symbols) mods() []moduleTable {
	s.load.Do(func() {
		if s.modules != nil {
			s.tables = s.modules()
			sort.Slice(s.tables, func(i, j int) bool { return s.tables[i].base < s.tables[j].base })
		}
	})
	return s.tables
}

// first is the address of the first of these symbols that exists, or 0.
func (s *Symbols) first(names ...string) uint64 {
	for _, name := range names {
		if a, ok := s.kernel.Address(name); ok {
			return a
		}
	}
	return 0
}

// hasData tells whether the kernel's table has data symbols (CONFIG_KALLSYMS_ALL).
func (s *Symbols) hasData() bool { return s.first("linux_banner", "init_task", "init_uts_ns") != 0 }

// Count is the number of symbols, those of modules included.
func (s *Symbols) Count() int {
	n := s.kernel.Len()
	for _, m := range s.mods() {
		n += m.table.Len()
	}
	return n
}

// Lookup returns the symbols of a name: the kernel's by address, then those of modules.
func (s *Symbols) Lookup(name string) []Symbol {
	found := s.kernel.Lookup(name)
	for _, m := range s.mods() {
		found = append(found, m.table.Lookup(name)...)
	}
	return found
}

// Address is the address of the first symbol of a name, modules last.
func (s *Symbols) Address(name string) (uint64, bool) {
	if a, ok := s.kernel.Address(name); ok {
		return a, true
	}
	for _, m := range s.mods() {
		if a, ok := m.table.Address(name); ok {
			return a, true
		}
	}
	return 0, false
}

// Symbolize finds the symbol that an address of the kernel's image or of a module belongs to.
func (s *Symbols) Symbolize(address uint64) (Location, bool) {
	if address >= s.start && (address < s.end || s.end == 0) {
		return s.kernel.Symbolize(address)
	}
	mods := s.mods()
	// Modules have several regions, of which each has an entry.
	i := sort.Search(len(mods), func(i int) bool { return mods[i].base > address })
	if i == 0 || address >= mods[i-1].end {
		return Location{}, false
	}
	return mods[i-1].table.Symbolize(address)
}

// All yields all symbols: the kernel's by address, then those of each module.
func (s *Symbols) All() iter.Seq[Symbol] { return s.each((*symtab.Table).All) }

// Match yields the symbols whose name the expression matches, in the order of All.
func (s *Symbols) Match(re *regexp.Regexp) iter.Seq[Symbol] {
	return s.each(func(t *symtab.Table) iter.Seq[Symbol] { return t.Match(re) })
}

func (s *Symbols) each(of func(*symtab.Table) iter.Seq[Symbol]) iter.Seq[Symbol] {
	return func(yield func(Symbol) bool) {
		for sym := range of(s.kernel) {
			if !yield(sym) {
				return
			}
		}
		var last *symtab.Table
		for _, m := range s.mods() {
			if m.table == last {
				continue
			}
			last = m.table
			for sym := range of(m.table) {
				if !yield(sym) {
					return
				}
			}
		}
	}
}
