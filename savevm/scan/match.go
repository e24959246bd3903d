package scan

import (
	"cmp"
	"math"
	"slices"
)

// A hit is a match in a window's buffer.
type hit struct {
	at, length, pattern int32
}

func (h hit) compare(g hit) int {
	return cmp.Or(cmp.Compare(h.at, g.at), cmp.Compare(h.pattern, g.pattern))
}

// A matcher finds some of the patterns of fixed length. Matchers do not change, and serve all goroutines.
type matcher interface {
	// find appends the matches that start in text[from:to], in any order. They end within text, whose first byte has that address.
	find(text []byte, from, to int, address uint64, hits []hit) []hit
}

// A fixedPattern is a Pattern with its place in the caller's list.
type fixedPattern struct {
	*Pattern
	index int32
}

func (p fixedPattern) hit(at int) hit { return hit{int32(at), int32(len(p.value)), p.index} }

// Few patterns are searched for one by one, each at the speed of its rarest byte; more of them together, in one pass.
const (
	fewLiterals = 3
	fewWords    = 4
)

// matchers chooses how to search for the patterns of fixed length.
func matchers(patterns []Pattern, align uint64) []matcher {
	var all []fixedPattern
	for i := range patterns {
		if patterns[i].regexp == nil {
			all = append(all, fixedPattern{&patterns[i], int32(i)})
		}
	}
	var found []matcher
	if align >= 4 && len(all) <= fewWords {
		for _, p := range all {
			found = append(found, newWord(p, align))
		}
		return found
	}
	var grams, pairs []fixedPattern
	for _, p := range all {
		from, to := p.longestRun()
		switch {
		case len(all) <= fewLiterals && to > from:
			found = append(found, newLiteral(p, align))
		case to-from >= gramSize:
			grams = append(grams, p)
		case bestPair(p).width <= maxPairs:
			pairs = append(pairs, p)
		default:
			found = append(found, newWord(p, align))
		}
	}
	if len(grams) > 0 {
		found = append(found, newGrams(grams, align))
	}
	if len(pairs) > 0 {
		found = append(found, newPairs(pairs, align))
	}
	return found
}

// longestRun is the longest part of the pattern without wildcards.
func (p *Pattern) longestRun() (from, to int) {
	begin := 0
	for i := range p.value {
		if p.bits(i) != 0xff {
			begin = i + 1
		} else if i+1-begin > to-from {
			from, to = begin, i+1
		}
	}
	return from, to
}

// frequent tells how common a byte is in guests' memory, in 1/16 of a power of two: measured over the RAM of Linux guests
// (x86-64, i386, arm64) with their empty pages.
const frequent = "" +
	"\xe5\x9c\x90\x93\x89\x80\x76\x7b\x88\x72\x73\x71\x7e\x6e\x71\x8b" +
	"\x85\x70\x71\x77\x76\x73\x68\x73\x76\x64\x66\x67\x76\x63\x68\x7b" +
	"\x9a\x73\x7d\x71\x80\x6e\x6e\x5f\x76\x69\x69\x62\x69\x62\x65\x65" +
	"\x7b\x76\x68\x65\x6b\x68\x66\x62\x71\x6f\x65\x61\x67\x64\x63\x81" +
	"\x8a\x80\x74\x76\x7b\x79\x73\x67\x8f\x73\x5f\x62\x77\x6b\x63\x66" +
	"\x77\x62\x74\x74\x7a\x6d\x64\x67\x6b\x62\x5d\x84\x66\x69\x63\x8b" +
	"\x77\x7e\x70\x7d\x7c\x87\x7a\x6e\x74\x7c\x60\x72\x78\x73\x78\x7a" +
	"\x85\x68\x80\x89\x8e\x7c\x6d\x66\x70\x68\x5e\x69\x67\x60\x5f\x65" +
	"\x85\x7a\x74\x84\x74\x7a\x5f\x5f\x72\x8d\x5a\x8a\x5f\x89\x5a\x5c" +
	"\x72\x73\x5e\x60\x6d\x60\x59\x6a\x65\x5a\x68\x5b\x5f\x5a\x58\x61" +
	"\x72\x61\x5c\x5b\x81\x5a\x58\x59\x6b\x72\x76\x5a\x5e\x5b\x57\x5b" +
	"\x6f\x76\x65\x5b\x6d\x60\x65\x61\x6e\x6e\x64\x5e\x62\x5e\x61\x6b" +
	"\x87\x81\x6c\x70\x7c\x61\x68\x73\x70\x62\x61\x5d\xc8\x59\x5d\x6b" +
	"\x73\x63\x6e\x63\x7e\x75\x67\x5d\x6a\x71\x5f\x60\x62\x59\x5f\x63" +
	"\x7d\x6a\x68\x62\x64\x61\x5e\x5f\x88\x75\x5f\x70\x68\x5e\x5e\x63" +
	"\x78\x64\x62\x6d\x65\x6e\x69\x69\x72\x7e\x66\x68\x6b\x76\x93\xbc"

// share is the expected share of bytes that are b under mask.
func share(b, mask byte) float64 {
	sum := 0.0
	for c := range 256 {
		if byte(c)&mask == b {
			sum += math.Exp2(float64(frequent[c])/16 - 16)
		}
	}
	return sum
}

// aligned reports whether an address is to be looked at.
func aligned(address, align uint64) bool { return align <= 1 || address%align == 0 }

// arrange puts hits that several matchers appended in order.
func arrange(hits []hit) {
	if !slices.IsSortedFunc(hits, hit.compare) {
		slices.SortFunc(hits, hit.compare)
	}
}
