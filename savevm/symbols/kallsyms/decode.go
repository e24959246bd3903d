package kallsyms

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// Form names how the addresses are stored.
type Form string

// The forms; see the package's comment.
const (
	Absolute       Form = "absolute"
	Relative       Form = "base-relative"
	AbsolutePerCPU Form = "base-relative, absolute per-CPU"
	SelfRelative   Form = "self-relative"
)

// Result is a decoded table.
type Result struct {
	Table *symtab.Table
	Form  Form
	Base  uint64 // relative_base, 0 where the form has none
	Late  bool   // the addresses come after token_index, as from 6.4 on
	Bits  int    // of an address: 32 or 64

	// InPlace says that addresses are those of the memory that was read, not the kernel's own: the form says only how far symbols
	// are from the table.
	InPlace bool

	Count   int // symbols that the kernel has
	Missing int // of these, how many could not be read, as their bytes are gone
}

// addressForm is a reading of the addresses.
type addressForm struct {
	form Form
	at   int // offset in the data
	base uint64
	late bool
}

// Decode reads the symbols.
func (c *Candidate) Decode() (*Result, error) {
	best, score := addressForm{}, 0
	for _, f := range c.forms() {
		if s := c.score(f); s > score {
			best, score = f, s
		}
	}
	// Zeroed pages make some steps go down: two for each page of 1024.
	if score < c.count*9/10 {
		return nil, fmt.Errorf("kallsyms at %#x: %d names, but no table of their addresses beside them (%d of them ascend)",
			c.TokenTable, c.count, score)
	}
	r := &Result{Form: best.form, Base: best.base, Late: best.late, Bits: 8 * c.word, InPlace: best.form == SelfRelative, Count: c.count}
	if best.form == SelfRelative { // its tables are aligned to 4 bytes everywhere, and kernels of 32 bits have no such form
		r.Bits = 64
	}
	c.symbols(r, best)
	return r, nil
}

// forms lists the readings that are possible here.
func (c *Candidate) forms() []addressForm {
	n := c.count
	align := func(at int) int { return (at + c.word - 1) &^ (c.word - 1) }
	late := align(c.after)
	lateBase := align(late + 4*n)
	var all []addressForm
	if c.word == 8 {
		early := c.numSyms - 8 - align(4*n)
		all = append(all, c.relative(early, c.numSyms-8, false)...)
		all = append(all, c.relative(late, lateBase, true)...)
		all = append(all, addressForm{Absolute, c.numSyms - 8*n, 0, false}, addressForm{Absolute, late, 0, true})
	} else {
		all = append(all, c.relative(c.numSyms-4-4*n, c.numSyms-4, false)...)
		all = append(all, c.relative(late, lateBase, true)...)
		all = append(all, addressForm{Absolute, c.numSyms - 4*n, 0, false}, addressForm{Absolute, late, 0, true})
	}
	all = append(all, addressForm{SelfRelative, late, 0, true})
	// A reading must lie within what was read.
	fits := all[:0]
	for _, f := range all {
		if f.at >= 0 && f.at+c.size(f)*n <= len(c.data) {
			fits = append(fits, f)
		}
	}
	return fits
}

const minKernel32 = 1 << 28 // below it is no kernel of 32 bits

// size is what an address takes, in bytes.
func (c *Candidate) size(f addressForm) int {
	if f.form == Absolute {
		return c.word
	}
	return 4
}

// relative lists the readings of offsets at an offset with their base at another. The base is a kernel's address.
func (c *Candidate) relative(at, baseAt int, late bool) []addressForm {
	if baseAt < 0 || baseAt+c.word > len(c.data) {
		return nil
	}
	base := uint64(c.u32(baseAt))
	if c.word == 8 {
		base = binary.LittleEndian.Uint64(c.data[baseAt:])
		if base>>48 != 0xffff && base>>55 != 0x1ff {
			return nil
		}
	} else if base < minKernel32 {
		return nil
	}
	return []addressForm{{Relative, at, base, late}, {AbsolutePerCPU, at, base, late}}
}

// score counts the steps from symbol to symbol that do not go down and are in range.
func (c *Candidate) score(f addressForm) int {
	ascending, last := 0, uint64(0)
	for i := range c.count {
		a, ok := c.address(f, i)
		if f.form == Absolute && a < minKernel32 {
			ok = false // or offsets would be taken for addresses: they ascend as well
		}
		if ok && (a >= last || i == 0) {
			ascending++
		}
		last = a
	}
	return ascending
}

// address reads the i-th address; false when it cannot be one.
func (c *Candidate) address(f addressForm, i int) (uint64, bool) {
	if f.form == Absolute {
		if c.word == 4 {
			a := uint64(c.u32(f.at + 4*i))
			return a, a != 0
		}
		a := binary.LittleEndian.Uint64(c.data[f.at+8*i:])
		return a, a>>47 == 0x1ffff || a < 1<<32 && a != 0 || a>>55 == 0x1ff
	}
	offset := int32(c.u32(f.at + 4*i))
	switch {
	case f.form == SelfRelative:
		a := c.base + uint64(f.at+4*i) + uint64(int64(offset))
		return a, offset != 0 && a>>63 == c.base>>63
	case f.form == Relative:
		return c.wrap(f.base + uint64(uint32(offset))), offset >= 0
	case offset >= 0:
		return uint64(offset), i < c.count/2 // per-CPU symbols come first
	}
	return c.wrap(f.base + uint64(-1-int64(offset))), true
}

func (c *Candidate) wrap(a uint64) uint64 {
	if c.word == 4 {
		return uint64(uint32(a))
	}
	return a
}

// lostAddresses tells of which symbols the addresses are gone: their page of the table holds zeros, or what does not ascend. The kernel
// sorts them (scripts/kallsyms.c).
func (c *Candidate) lostAddresses(f addressForm) []bool {
	const pageSize = 4096
	lost := make([]bool, c.count)
	size, last := c.size(f), uint64(0)
	for i := 0; i < c.count; {
		at := c.base + uint64(f.at+size*i)
		n := min(c.count-i, int((pageSize-at%pageSize+uint64(size)-1)/uint64(size)))
		before, down := last, 0
		for j := i; j < i+n; j++ {
			a, ok := c.address(f, j)
			if !ok || a < last {
				down++
			}
			last = a
		}
		zeros := len(bytes.Trim(c.data[f.at+size*i:f.at+size*(i+n)], "\x00")) == 0
		const few = 16 // symbols may be at zero, or at the base
		if down > n/4 || zeros && (n >= few || before > last) {
			last = before
			for j := i; j < i+n; j++ {
				lost[j] = true
			}
		}
		i += n
	}
	return lost
}

// symbols decodes every name, block of 256 by block: each begins where its marker says, so that damage stays in its block.
func (c *Candidate) symbols(r *Result, f addressForm) {
	var b symtab.Builder
	b.Grow(c.count, 24*c.count)
	name := make([]byte, 0, 512)
	at, first := c.names, true
	lost := c.lostAddresses(f)
	for i := range c.count {
		if i%perMarker == 0 {
			if m := c.marker(c.markers, i/perMarker); m > 0 && m < c.markers-c.names {
				at = c.names + m
			}
		}
		tokens, next := []byte(nil), -1
		if at >= 0 {
			tokens, next = c.entry(at)
		}
		at = next
		address, ok := c.address(f, i)
		if next < 0 || lost[i] || !ok && !first {
			r.Missing++
			continue
		}
		first = false
		name = name[:0]
		for _, t := range tokens {
			name = append(name, c.tokens[t]...)
			if len(name) > maxName {
				break
			}
		}
		if len(name) > maxName || !b.AddTyped(address, name) {
			r.Missing++
		}
	}
	r.Table = b.Table("")
}

// maxName is the longest name that is taken: KSYM_NAME_LEN is 512 with its NUL, and the type comes before.
const maxName = 1024
