package scan

import (
	"bytes"
	"encoding/binary"
	"regexp/syntax"
)

// A program is a compiled regular expression over bytes: Go's instructions (regexp/syntax.Prog), whose characters 0 to ff are
// the bytes, and the classes of bytes that it cannot tell apart. It does not change.
type program struct {
	*syntax.Prog
	class   [256]uint8 // the class of a byte
	example [257]rune  // a byte of each class; -1 for the last, the end of the run
	classes int        // with that of the end
	first   [256]bool  // bytes that a match can start with
	lead    int        // the only byte that a match can start with; -1 where there are several
	looks   bool       // it has assertions (\b, ^, $), which look at the byte before
}

func newProgram(p *syntax.Prog) *program {
	re := &program{Prog: p}
	alike := map[string]uint8{}
	sets := byteSets(p)
	for _, in := range p.Inst {
		re.looks = re.looks || in.Op == syntax.InstEmptyWidth
	}
	var key []byte
	for b := range 256 {
		key = key[:0]
		for _, set := range sets {
			key = append(key, boolByte(takes(set, rune(b))))
		}
		if re.looks {
			key = append(key, boolByte(syntax.IsWordChar(rune(b))), boolByte(b == '\n'))
		}
		c, ok := alike[string(key)]
		if !ok {
			c = uint8(len(alike))
			alike[string(key)] = c
			re.example[c] = rune(b)
		}
		re.class[b] = c
	}
	re.classes = len(alike) + 1
	re.example[len(alike)] = -1
	d := dfa{program: re, seen: make([]uint32, len(p.Inst))}
	for _, pc := range d.closure([]uint32{uint32(p.Start)}, ^syntax.EmptyOp(0)) {
		for b := range re.first {
			re.first[b] = re.first[b] || takes(&p.Inst[pc], rune(b))
		}
	}
	re.lead = -1
	for b, ok := range re.first {
		if ok && re.lead >= 0 {
			re.lead = -1
			break
		} else if ok {
			re.lead = b
		}
	}
	return re
}

// skip is the first place in text[from:to] where a match can start, or to.
func (p *program) skip(text []byte, from, to int) int {
	if p.lead >= 0 && from < to {
		if i := bytes.IndexByte(text[from:to], byte(p.lead)); i >= 0 {
			return from + i
		}
		return to
	}
	for from < to && !p.first[text[from]] {
		from++
	}
	return from
}

// byteSets returns the distinct sets of bytes that the instructions consume.
func byteSets(p *syntax.Prog) []*syntax.Inst {
	var sets []*syntax.Inst
	known := map[string]bool{}
	var key []byte
	for i := range p.Inst {
		in := &p.Inst[i]
		if !consumes(in.Op) {
			continue
		}
		key = binary.LittleEndian.AppendUint32(append(key[:0], byte(in.Op)), in.Arg)
		for _, r := range in.Rune {
			key = binary.LittleEndian.AppendUint32(key, uint32(r))
		}
		if !known[string(key)] {
			known[string(key)] = true
			sets = append(sets, in)
		}
	}
	return sets
}

func consumes(op syntax.InstOp) bool {
	return op == syntax.InstRune || op == syntax.InstRune1 || op == syntax.InstRuneAny || op == syntax.InstRuneAnyNotNL
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// takes reports whether the instruction consumes character r; -1, the end, is consumed by none.
func takes(in *syntax.Inst, r rune) bool {
	switch in.Op {
	case syntax.InstRune, syntax.InstRune1:
		return r >= 0 && in.MatchRunePos(r) >= 0
	case syntax.InstRuneAny:
		return r >= 0
	case syntax.InstRuneAnyNotNL:
		return r >= 0 && r != '\n'
	}
	return false
}

// A dfa is a program's deterministic automaton, built as the bytes ask for it and kept for one goroutine.
//
// A state is the list of instructions to go on with, in the order of preference, and what kind of byte came before. Assertions are
// resolved when the next byte is known, so a match shows one byte late: in the transition out of its last state.
type dfa struct {
	*program
	floating bool // a match may start at any byte: tells only that some match has ended; else the preferred match from the start
	states   []dstate
	known    map[string]int32
	next     []int32 // by state*classes + class: the state after it *2, +1 if a match ends before that byte; -1: not built yet
	total    int     // instructions in all states

	seen       []uint32 // by instruction: the round it was last met in
	round      uint32
	list, succ []uint32
	stack      []uint32
	key        []byte
}

type dstate struct {
	pcs    []uint32
	before before
}

// before is what assertions can tell of the byte before; afterStart stands for the beginning of a run, too.
type before uint8

const (
	afterStart before = iota
	afterOther
	afterWord
	afterNewline
)

var beforeRune = [...]rune{afterStart: -1, afterOther: ' ', afterWord: 'a', afterNewline: '\n'}

// The first four states are those with nothing to go on with, by what came before. A floating automaton idles there; another
// one is dead.
const idleStates = 4

// Bounds of what an automaton remembers, about 4 MB; beyond them it starts afresh.
const (
	maxStates = 4096
	maxTotal  = 1 << 18
	maxTable  = 1 << 19
)

func newDFA(p *program, floating bool) *dfa {
	d := &dfa{program: p, floating: floating, seen: make([]uint32, len(p.Inst))}
	d.reset()
	return d
}

func (d *dfa) reset() {
	d.states, d.next, d.known, d.total = d.states[:0], d.next[:0], map[string]int32{}, 0
	for b := afterStart; b <= afterNewline; b++ {
		d.state(nil, b)
	}
}

// state returns the number of a state, which it makes if need be.
func (d *dfa) state(pcs []uint32, b before) int32 {
	d.key = append(d.key[:0], byte(b))
	for _, pc := range pcs {
		d.key = binary.LittleEndian.AppendUint32(d.key, pc)
	}
	if s, ok := d.known[string(d.key)]; ok {
		return s
	}
	s := int32(len(d.states))
	d.known[string(d.key)] = s
	d.states = append(d.states, dstate{append([]uint32(nil), pcs...), b})
	for range d.classes {
		d.next = append(d.next, -1)
	}
	d.total += len(pcs)
	return s
}

// kind is what assertions will tell of byte b; programs without them need not tell.
func (d *dfa) kind(b rune) before {
	switch {
	case !d.looks || b < 0:
		return afterStart
	case b == '\n':
		return afterNewline
	case syntax.IsWordChar(b):
		return afterWord
	}
	return afterOther
}

// at is the kind of the byte before text[i].
func (d *dfa) at(text []byte, i int) before {
	if i == 0 {
		return afterStart
	}
	return d.kind(rune(text[i-1]))
}

// build finds the transition of state s on a byte of class c.
func (d *dfa) build(s int32, c int) int32 {
	from, r := d.states[s], d.example[c]
	pcs := from.pcs
	if d.floating {
		pcs = append(append(d.list[:0], pcs...), uint32(d.Start))
		d.list = pcs
	}
	matched := int32(0)
	d.succ = d.succ[:0]
	open := d.closure(pcs, syntax.EmptyOpContext(beforeRune[from.before], r))
	d.round++
	for _, pc := range open {
		in := &d.Inst[pc]
		if in.Op == syntax.InstMatch {
			matched = 1
			if d.floating {
				continue
			}
			break // what comes after is less preferred
		}
		if takes(in, r) && d.seen[in.Out] != d.round {
			d.seen[in.Out] = d.round
			d.succ = append(d.succ, in.Out)
		}
	}
	afresh := len(d.states) >= maxStates || d.total > maxTotal || len(d.next) > maxTable
	if afresh {
		d.reset()
	}
	t := d.state(d.succ, d.kind(r))<<1 | matched
	if !afresh {
		d.next[int(s)*d.classes+c] = t
	}
	return t
}

// closure follows pcs to the instructions that consume a byte or match, in the order of preference.
func (d *dfa) closure(pcs []uint32, flags syntax.EmptyOp) []uint32 {
	var open []uint32
	d.round++
	for _, pc := range pcs {
		d.stack = append(d.stack[:0], pc)
		for len(d.stack) > 0 {
			pc := d.stack[len(d.stack)-1]
			d.stack = d.stack[:len(d.stack)-1]
			if d.seen[pc] == d.round {
				continue
			}
			d.seen[pc] = d.round
			switch in := &d.Inst[pc]; in.Op {
			case syntax.InstAlt, syntax.InstAltMatch:
				d.stack = append(d.stack, in.Arg, in.Out)
			case syntax.InstCapture, syntax.InstNop:
				d.stack = append(d.stack, in.Out)
			case syntax.InstEmptyWidth:
				if syntax.EmptyOp(in.Arg)&^flags == 0 {
					d.stack = append(d.stack, in.Out)
				}
			case syntax.InstFail:
			default:
				open = append(open, pc)
			}
		}
	}
	return open
}

// step is the transition of s on the byte text[i], or on the end of the run.
func (d *dfa) step(s int32, text []byte, i int) int32 {
	c := d.classes - 1
	if i < len(text) {
		c = int(d.class[text[i]])
	}
	if t := d.next[int(s)*d.classes+c]; t >= 0 {
		return t
	}
	return d.build(s, c)
}

// A matcher of regular expressions runs two automata: a floating one that finds the earliest end of any match, which is
// rare, and one that then finds the match itself. They keep what they learn, for one goroutine.
type regexpMatcher struct {
	index          int32
	align          uint64
	float, settled *dfa
}

func newRegexpMatcher(p *Pattern, index int, align uint64) *regexpMatcher {
	return &regexpMatcher{int32(index), align, newDFA(p.regexp, true), newDFA(p.regexp, false)}
}

// next finds the leftmost match that starts in text[from:to]; its start is -1 when there is none. address is that of text[0].
func (m *regexpMatcher) next(text []byte, from, to int, address uint64) (int, int) {
	to = min(to, len(text))
	for from < to {
		low, end := m.earliest(text, from, to)
		if end < 0 {
			return -1, -1
		}
		for s := max(low, end-MaxMatch); s < min(end, to); s++ {
			if !m.float.first[text[s]] || m.align > 1 && (address+uint64(s))%m.align != 0 {
				continue
			}
			if e := m.longest(text, s); e > s {
				return s, e
			}
		}
		from = end // what starts before it has been tried
	}
	return -1, -1
}

// earliest finds where the first match that starts at from or later ends. Its start is at low or later. Without one that starts
// before to, end is -1.
func (m *regexpMatcher) earliest(text []byte, from, to int) (low, end int) {
	d := m.float
	s, low := int32(d.at(text, from)), from
	limit := min(to-1+MaxMatch, len(text))
	for i := from; ; i++ {
		if s < idleStates {
			if i = d.skip(text, i, to); i >= to {
				return 0, -1
			}
			low, s = i, int32(d.at(text, i))
		}
		t := d.step(s, text, i)
		if t&1 != 0 {
			return low, i
		}
		if i >= limit {
			return 0, -1
		}
		s = t >> 1
	}
}

// longest finds the end of the preferred match that starts at from; -1 when there is none.
func (m *regexpMatcher) longest(text []byte, from int) int {
	d, end := m.settled, -1
	s := d.state([]uint32{uint32(d.Start)}, d.at(text, from))
	for i := from; ; i++ {
		t := d.step(s, text, i)
		if t&1 != 0 {
			end = i
		}
		if s = t >> 1; s < idleStates || i-from >= MaxMatch || i >= len(text) {
			return end
		}
	}
}

// ofByte reports whether the expression matches within a long run of byte b.
func (p *program) ofByte(b byte) bool {
	if !p.first[b] {
		return false
	}
	text := make([]byte, MaxMatch+2)
	for i := range text {
		text[i] = b
	}
	m := regexpMatcher{settled: newDFA(p, false)}
	return m.longest(text, 1) > 1
}
