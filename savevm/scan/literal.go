package scan

import "bytes"

// A literal finds one pattern by its rarest byte, or, where that byte turns out to be common, by its longest run without wildcards.
// Both are found by the vector instructions behind package bytes.
type literal struct {
	fixedPattern
	align  uint64
	rare   int // the offset of the rarest byte
	run    []byte
	runsAt int // the offset of run
}

func newLiteral(p fixedPattern, align uint64) *literal {
	from, to := p.longestRun()
	l := &literal{fixedPattern: p, align: align, run: p.value[from:to], runsAt: from, rare: from}
	for i, b := range p.value {
		if p.bits(i) == 0xff && frequent[b] < frequent[p.value[l.rare]] {
			l.rare = i
		}
	}
	return l
}

func (l *literal) find(text []byte, from, to int, address uint64, hits []hit) []hit {
	to = min(to, len(text)-len(l.value)+1)
	b, common := l.value[l.rare], 0
	for at := from; at < to; at++ {
		if common > 16+(at-from)/32 {
			return l.findRun(text, at, to, address, hits)
		}
		i := bytes.IndexByte(text[at+l.rare:to+l.rare], b)
		if i < 0 {
			break
		}
		at += i
		common++
		if l.at(text, at) && aligned(address+uint64(at), l.align) {
			hits = append(hits, l.hit(at))
		}
	}
	return hits
}

func (l *literal) findRun(text []byte, from, to int, address uint64, hits []hit) []hit {
	for at := from; at < to; at++ {
		i := bytes.Index(text[at+l.runsAt:to+l.runsAt+len(l.run)-1], l.run)
		if i < 0 {
			break
		}
		at += i
		if l.at(text, at) && aligned(address+uint64(at), l.align) {
			hits = append(hits, l.hit(at))
		}
	}
	return hits
}
