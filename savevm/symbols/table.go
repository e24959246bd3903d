package symbols

import (
	"cmp"
	"iter"
	"regexp"
	"slices"
	"sort"
	"sync"

	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// Names of package symtab that every user of a Kernel needs.
type (
	Symbol   = symtab.Symbol
	Location = symtab.Location
)

// Symbols are those of the kernel and of its modules. The modules' are read when they are first needed.
type Symbols struct {
	kernel     *symtab.Table
	start, end uint64 // of the image: only addresses in it belong to its symbols

	load    sync.Once
	modules func() []*Module // nil until the kernel is complete
	tables  []*symtab.Table  // in the modules' order
	regions []moduleRegion   // by address
}

// moduleRegion is memory of a module, and the symbols that it may have.
type moduleRegion struct {
	base, size uint64
	table      *symtab.Table
}

func newSymbols(kernel *symtab.Table) *Symbols {
	if kernel == nil {
		kernel = new(symtab.Builder).Table("")
	}
	return &Symbols{kernel: kernel}
}

// ofModules are the tables of the modules.
func (s *Symbols) ofModules() []*symtab.Table {
	s.load.Do(func() {
		if s.modules == nil {
			return
		}
		for _, m := range s.modules() {
			s.tables = append(s.tables, m.Symbols())
			for _, r := range m.Regions {
				s.regions = append(s.regions, moduleRegion{r.Base, r.Size, m.Symbols()})
			}
		}
		slices.SortFunc(s.regions, func(a, b moduleRegion) int { return cmp.Compare(a.base, b.base) })
	})
	return s.tables
}

// Kernel is the table of the kernel alone.
func (s *Symbols) Kernel() *symtab.Table { return s.kernel }

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
	for _, t := range s.ofModules() {
		n += t.Len()
	}
	return n
}

// Lookup returns the symbols of a name: the kernel's by address, then those of modules.
func (s *Symbols) Lookup(name string) []Symbol {
	found := s.kernel.Lookup(name)
	for _, t := range s.ofModules() {
		found = append(found, t.Lookup(name)...)
	}
	return found
}

// Address is the address of the first symbol of a name, modules last.
func (s *Symbols) Address(name string) (uint64, bool) {
	if a, ok := s.kernel.Address(name); ok {
		return a, true
	}
	for _, t := range s.ofModules() {
		if a, ok := t.Address(name); ok {
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
	s.ofModules()
	after := sort.Search(len(s.regions), func(i int) bool { return s.regions[i].base > address })
	if after == 0 {
		return Location{}, false
	}
	r := s.regions[after-1]
	if address-r.base >= r.size {
		return Location{}, false
	}
	l, ok := r.table.Symbolize(address)
	return l, ok && l.Address >= r.base
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
		for _, t := range s.ofModules() {
			for sym := range of(t) {
				if !yield(sym) {
					return
				}
			}
		}
	}
}
