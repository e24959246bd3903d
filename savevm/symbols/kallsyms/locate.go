package kallsyms

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/scan"
)

const (
	maxBefore = 48 << 20 // bytes before the token table in which the other tables are looked for
	maxAfter  = 8 << 20  // bytes after it: token index, offsets
	firstRead = 6 << 20  // bytes before it that are enough for most kernels

	maxSymbols = 1 << 22
	numTokens  = 256
	perMarker  = 256
	minSymbols = 4 * perMarker // fewer has no kernel
)

// Signature is what a token table contains: every digit occurs in some symbol, so each is a token of its own.
var Signature = []byte("0\x001\x002\x003\x004\x005\x006\x007\x008\x009\x00")

// A Candidate is a place in memory that looks like a kernel's tables.
type Candidate struct {
	TokenTable uint64 // its address

	tokens  [numTokens]string
	data    []byte // memory from base on; what cannot be read is zero
	base    uint64
	table   int // offsets in data: of token_table,
	after   int // of what follows token_index,
	numSyms int // and of num_syms
	names   int
	markers int
	count   int // of symbols
	wide    int // bytes of a marker
	word    int // bytes of a long
}

// Locate yields the places from first to last where the tables are, by address. Last 0 stands for the end.
func Locate(ctx context.Context, mem memory.Memory, first, last uint64) iter.Seq[*Candidate] {
	return func(yield func(*Candidate) bool) {
		hits := scan.Scan(ctx, mem, []scan.Pattern{scan.Must(scan.Bytes(Signature))}, scan.Options{First: first, Last: last, Limit: 4096})
		for hit := range hits.Hits() {
			if c, err := Examine(mem, hit.Address); c != nil && err == nil && !yield(c) {
				return
			}
		}
	}
}

// Examine looks for the tables around the Signature at an address. It returns nil where there is no token table; the error tells what
// is missing beside one. Costs are bounded: some microseconds without a token table, a second at most with one.
func Examine(mem memory.Memory, signature uint64) (*Candidate, error) {
	// A token table has 256 tokens of a few bytes.
	if !read(mem, signature, 16<<10, 32<<10).tokenTable(signature) {
		return nil, nil
	}
	var c *Candidate
	for _, before := range []uint64{firstRead, maxBefore} {
		c = read(mem, signature, before, maxAfter)
		if c.tokenTable(signature) && c.findNames() {
			return c, nil
		}
	}
	return nil, fmt.Errorf("kallsyms at physical %#x: the token table is there, the names before it are not", c.TokenTable)
}

// read reads the memory around an address.
func read(mem memory.Memory, at, before, after uint64) *Candidate {
	base := (at - min(before, at)) &^ 7
	return &Candidate{base: base, data: memory.ReadSparse(mem, base, at-base+after)}
}

// tokenTable checks that the digits at an address belong to a token table that its index confirms, and reads it.
func (c *Candidate) tokenTable(signature uint64) bool {
	digitsAt := int(signature - c.base)
	// The tokens from '0' on lead to the table's end, and to the index.
	end := digitsAt
	for range numTokens - '0' {
		n := bytes.IndexByte(c.data[end:min(end+1024, len(c.data))], 0)
		if n < 0 {
			return false
		}
		end += n + 1
	}
	for _, align := range []int{8, 4} {
		at := (end + align - 1) &^ (align - 1)
		if at+2*numTokens > len(c.data) {
			return false
		}
		index := c.data[at:][:2*numTokens]
		zero := int(binary.LittleEndian.Uint16(index[2*'0':]))
		if zero < '0' || zero > digitsAt || !c.readTokens(digitsAt-zero, index) {
			continue
		}
		c.table, c.after = digitsAt-zero, at+2*numTokens
		c.TokenTable = c.base + uint64(c.table)
		return true
	}
	return false
}

func (c *Candidate) readTokens(table int, index []byte) bool {
	at := table
	for i := range c.tokens {
		if int(binary.LittleEndian.Uint16(index[2*i:])) != at-table {
			return false
		}
		n := bytes.IndexByte(c.data[at:min(at+1024, len(c.data))], 0)
		if n < 0 {
			return false
		}
		c.tokens[i] = string(c.data[at : at+n])
		at += n + 1
	}
	return true
}

// findNames goes back from the token table to the markers, and from there to the names.
func (c *Candidate) findNames() bool {
	const maxTries = 64 // a kernel's own are the first or second; each costs some milliseconds
	for _, c.wide = range []int{4, 8} {
		tries := 0
		for at := c.table&^3 - 16; at >= 16 && tries < maxTries; at -= 4 {
			if c.looksLikeMarkers(at) {
				if tries++; c.namesBefore(at) {
					return true
				}
			}
		}
	}
	return false
}

func (c *Candidate) u32(at int) int { return int(binary.LittleEndian.Uint32(c.data[at:])) }

// marker reads the i-th marker of those at an offset. Long ones have their upper half clear.
func (c *Candidate) marker(at, i int) int {
	at += i * c.wide
	if at+c.wide > len(c.data) || c.wide == 8 && c.u32(at+4) != 0 {
		return -1
	}
	return c.u32(at)
}

// looksLikeMarkers checks the first four: 256 symbols take 512 bytes at least.
func (c *Candidate) looksLikeMarkers(at int) bool {
	if c.u32(at) != 0 || c.wide == 8 && at&7 != 0 {
		return false
	}
	last := c.marker(at, 0)
	for i := 1; i < 4; i++ {
		next := c.marker(at, i)
		if next-last < 2*perMarker || next-last > 200*perMarker {
			return false
		}
		last = next
	}
	return last >= 0
}

// namesBefore looks for num_syms and names before the markers at an offset. Between the markers and the token table there is
// nothing, or seqs_of_names with 3 bytes a symbol: that gives the number of symbols roughly.
func (c *Candidate) namesBefore(markers int) bool {
	between := c.table - markers
	for _, n := range []int{
		between / c.wide * perMarker,
		between * perMarker / (3*perMarker + c.wide),
	} {
		low, high := max(minSymbols, n-2*perMarker-8), min(n+perMarker, maxSymbols)
		blocks := low / perMarker
		if low >= high || blocks < 2 {
			continue
		}
		start := c.marker(markers, blocks-1)
		for _, c.word = range []int{8, 4} {
			for at := (markers - start) &^ 3; at >= 16 && at > markers-start-5*perMarker*200; at -= 4 {
				if count := c.u32(at - c.word); count >= low && count <= high && c.chain(at, markers) {
					c.names, c.numSyms, c.markers, c.count = at, at-c.word, markers, count
					return true
				}
			}
		}
	}
	return false
}

// chain checks that the names at an offset lead to the second and third marker.
func (c *Candidate) chain(names, markers int) bool {
	at := names
	for i := 1; i < 3; i++ {
		for range perMarker {
			_, next := c.entry(at)
			if next < 0 {
				return false
			}
			at = next
		}
		if at-names != c.marker(markers, i) {
			return false
		}
	}
	return true
}

// entry gives the tokens of the name at an offset, and where the next one begins; next is -1 where there is none.
func (c *Candidate) entry(at int) (tokens []byte, next int) {
	if at >= c.table {
		return nil, -1
	}
	n := int(c.data[at])
	at++
	if n&0x80 != 0 {
		n = n&0x7f | int(c.data[at])<<7
		at++
	}
	if n == 0 || at+n > c.table {
		return nil, -1
	}
	return c.data[at : at+n], at + n
}
