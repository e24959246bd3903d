// Package symtab holds a kernel's symbols: sorted by address, found by name, in a few megabytes for two hundred thousand of them.
package symtab

import (
	"hash/maphash"
	"iter"
	"math"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// A Symbol is a name for an address.
type Symbol struct {
	Name    string
	Address uint64
	Type    byte   // as nm prints it: 'T' text, 'D' data, 'A' absolute or per-CPU, …; lower case for local symbols; 0 when not known
	Module  string // the kernel module that has it; "" for the kernel itself
}

// A Location is an address by the symbol before it.
type Location struct {
	Symbol
	Offset uint64 // bytes from the symbol
	Size   uint64 // bytes from the symbol to the next one; 0 when there is none
}

// Table is a set of symbols. It does not change once it is built, and is safe for parallel use.
type Table struct {
	module    string
	addresses []uint64 // ascending
	names     []uint32 // where the symbol's entry in text begins: its type, then its name; the next one's begin is its end
	text      string

	index     sync.Once
	seed      maphash.Seed
	slots     []uint32 // by the hash of a name: 1 + the index of the last symbol of that name, or 0; linear probing
	sameName  []uint32 // 1 + the index of the symbol before that has the same name, or 0
	slotsMask uint64
}

// A Builder collects symbols for a Table.
type Builder struct {
	addresses []uint64
	names     []uint32
	text      []byte
}

// maxText bounds the names of one table; those beyond are left out.
const maxText = math.MaxUint32 / 4

// Grow makes room for n more symbols, whose names have so many bytes in all.
func (b *Builder) Grow(n, bytes int) {
	b.addresses = slices.Grow(b.addresses, n)
	b.names = slices.Grow(b.names, n+1)
	b.text = slices.Grow(b.text, bytes+n)
}

// Add adds a symbol. It reports false, and does nothing, when the table is full.
func (b *Builder) Add(address uint64, kind byte, name string) bool {
	if len(b.text)+len(name) > maxText {
		return false
	}
	b.addresses = append(b.addresses, address)
	b.names = append(b.names, uint32(len(b.text)))
	b.text = append(append(b.text, kind), name...)
	return true
}

// AddTyped is Add for a name whose first byte is the symbol's type, as kallsyms has them. An empty one is left out.
func (b *Builder) AddTyped(address uint64, typedName []byte) bool {
	if len(typedName) < 2 || len(b.text)+len(typedName) > maxText {
		return false
	}
	b.addresses = append(b.addresses, address)
	b.names = append(b.names, uint32(len(b.text)))
	b.text = append(b.text, typedName...)
	return true
}

// Table makes the table of a module ("" for the kernel itself) and leaves the Builder empty. Symbols of one address stay in the
// order in which they were added.
func (b *Builder) Table(module string) *Table {
	t := &Table{module: module, addresses: b.addresses, names: append(b.names, uint32(len(b.text))), text: string(b.text)}
	*b = Builder{}
	if !slices.IsSorted(t.addresses) {
		t.sort()
	}
	return t
}

func (t *Table) sort() {
	order := make([]uint32, len(t.addresses))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortStableFunc(order, func(i, j uint32) int {
		switch a, b := t.addresses[i], t.addresses[j]; {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	})
	sorted := Builder{}
	sorted.Grow(len(order), len(t.text))
	for _, i := range order {
		sorted.addresses = append(sorted.addresses, t.addresses[i])
		sorted.names = append(sorted.names, uint32(len(sorted.text)))
		sorted.text = append(sorted.text, t.text[t.names[i]:t.names[i+1]]...)
	}
	t.addresses, t.names, t.text = sorted.addresses, append(sorted.names, uint32(len(sorted.text))), string(sorted.text)
}

// Len is the number of symbols.
func (t *Table) Len() int {
	if t == nil {
		return 0
	}
	return len(t.addresses)
}

// At is the i-th symbol by address.
func (t *Table) At(i int) Symbol {
	return Symbol{Name: t.name(i), Address: t.addresses[i], Type: t.text[t.names[i]], Module: t.module}
}

func (t *Table) name(i int) string { return t.text[t.names[i]+1 : t.names[i+1]] }

// All yields the symbols by address.
func (t *Table) All() iter.Seq[Symbol] {
	return func(yield func(Symbol) bool) {
		for i := range t.Len() {
			if !yield(t.At(i)) {
				return
			}
		}
	}
}

// Match yields the symbols whose name the expression matches, by address.
func (t *Table) Match(re *regexp.Regexp) iter.Seq[Symbol] {
	return func(yield func(Symbol) bool) {
		for i := range t.Len() {
			if re.MatchString(t.name(i)) && !yield(t.At(i)) {
				return
			}
		}
	}
}

// Lookup returns the symbols of a name by address: many static functions share one.
func (t *Table) Lookup(name string) []Symbol {
	var found []Symbol
	for i := t.last(name); i > 0; i = int(t.sameName[i-1]) {
		found = append(found, t.At(i-1))
	}
	slices.Reverse(found)
	return found
}

// Address is the address of the first symbol of a name.
func (t *Table) Address(name string) (uint64, bool) {
	i := t.last(name)
	if i == 0 {
		return 0, false
	}
	for t.sameName[i-1] != 0 {
		i = int(t.sameName[i-1])
	}
	return t.addresses[i-1], true
}

// last is 1 + the index of the last symbol of a name, 0 when there is none.
func (t *Table) last(name string) int {
	if t.Len() == 0 {
		return 0
	}
	t.index.Do(t.makeIndex)
	slot := t.slot(name)
	return int(t.slots[slot])
}

// slot is where the hash table has a name, or has room for it.
func (t *Table) slot(name string) uint64 {
	h := maphash.String(t.seed, name) & t.slotsMask
	for t.slots[h] != 0 && t.name(int(t.slots[h]-1)) != name {
		h = (h + 1) & t.slotsMask
	}
	return h
}

func (t *Table) makeIndex() {
	size := uint64(16)
	for size < 2*uint64(t.Len()) {
		size *= 2
	}
	t.seed, t.slots, t.slotsMask = maphash.MakeSeed(), make([]uint32, size), size-1
	t.sameName = make([]uint32, t.Len())
	for i := range t.Len() {
		slot := t.slot(t.name(i))
		t.sameName[i] = t.slots[slot]
		t.slots[slot] = uint32(i + 1)
	}
}

// isLabel tells whether a module's symbol is none that a person has named: is_mapping_symbol in include/linux/module_symbol.h.
func (t *Table) isLabel(i int) bool {
	name := t.name(i)
	return t.module != "" && (strings.HasPrefix(name, ".L") || strings.HasPrefix(name, "L0") || strings.HasPrefix(name, "$"))
}

// Symbolize finds the symbol at or before an address. Of several at one address it takes the first, as the kernel does, and like it
// passes over the labels that assemblers leave in modules.
func (t *Table) Symbolize(address uint64) (Location, bool) {
	after := sort.Search(t.Len(), func(i int) bool { return t.addresses[i] > address })
	at := after - 1
	for at >= 0 && t.isLabel(at) {
		at--
	}
	if at < 0 {
		at = after - 1
	}
	if at < 0 {
		return Location{}, false
	}
	start := t.addresses[at]
	first := sort.Search(at, func(i int) bool { return t.addresses[i] >= start })
	for first < at && t.isLabel(first) {
		first++
	}
	for after < t.Len() && t.isLabel(after) {
		after++
	}
	l := Location{Symbol: t.At(first), Offset: address - start}
	if after < t.Len() {
		l.Size = t.addresses[after] - start
	}
	return l, true
}

// Shift returns the table with delta added to the addresses from first on: the same kernel, loaded elsewhere.
func (t *Table) Shift(delta, first uint64) *Table {
	moved := &Table{module: t.module, names: t.names, text: t.text, addresses: slices.Clone(t.addresses)}
	for i := range moved.addresses {
		if moved.addresses[i] >= first {
			moved.addresses[i] += delta
		}
	}
	if !slices.IsSorted(moved.addresses) {
		moved.sort()
	}
	return moved
}

// String is a location as the kernel prints it: "schedule+0x1a", with " [module]" behind it where there is one.
func (l Location) String() string {
	s := l.Name
	if l.Offset != 0 {
		s += "+0x" + strconv.FormatUint(l.Offset, 16)
	}
	if l.Module != "" {
		s += " [" + l.Module + "]"
	}
	return s
}
