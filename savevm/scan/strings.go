package scan

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/svscript/svscript/savevm/memory"
)

// MaxString is the greatest length of a piece of text in bytes of memory. Longer texts come in several pieces.
const MaxString = 4096

// StringsOptions say which texts to extract. The zero value extracts ASCII texts of 4 characters and more.
type StringsOptions struct {
	Min int // the least number of characters; 0: 4, and at least 2
	// Encoding is one of
	//	"ascii"    bytes 20 to 7e and tab; also what "" stands for
	//	"utf8"     printable characters (unicode.IsPrint) in UTF-8, and tab
	//	"utf16le"  bytes 20 to 7e and tab, each followed by 00, at even and odd addresses
	//	"both"     "ascii" and "utf16le"
	Encoding    string
	First, Last uint64                   // the range, inclusive; a Last of 0 stands for the end of the space
	Workers     int                      // goroutines; 0: GOMAXPROCS
	Progress    func(done, total uint64) // as in [Options]
}

// A String is a text, or a piece of one that is longer than [MaxString].
type String struct {
	Address  uint64
	Length   int    // in bytes of memory
	Text     string // as UTF-8
	Encoding string // "ascii", "utf8" or "utf16le"
	Cut      bool   // the text goes on at Address+Length, in the next String of this encoding, however short that is
}

// A StringsResult is an extraction of texts. It is for one goroutine at a time.
type StringsResult struct {
	Coverage
	ctx      context.Context
	mem      memory.Memory
	opts     StringsOptions
	encoding []encoding
	fault    error
}

// Strings extracts the texts from mem. The work is done while [StringsResult.All] is ranged over. Faults of the options show in
// [Coverage.Err].
func Strings(ctx context.Context, mem memory.Memory, opts StringsOptions) *StringsResult {
	r := &StringsResult{ctx: ctx, mem: mem, opts: opts}
	r.opts.First, r.opts.Last = bounds(opts.First, opts.Last)
	if opts.Min == 0 {
		r.opts.Min = 4
	}
	switch opts.Encoding {
	case "", "ascii":
		r.encoding = []encoding{ascii}
	case "utf8":
		r.encoding = []encoding{utf8Text}
	case "utf16le":
		r.encoding = []encoding{utf16le}
	case "both":
		r.encoding = []encoding{ascii, utf16le}
	default:
		r.fault = fmt.Errorf(`strings: encoding %q is none of "ascii", "utf8", "utf16le", "both"`, opts.Encoding)
	}
	if r.opts.Min < 2 {
		r.fault = fmt.Errorf("strings: a minimum of %d characters: it is 2 at least", opts.Min)
	}
	r.err = r.fault
	return r
}

type encoding uint8

const (
	ascii encoding = iota
	utf8Text
	utf16le
)

func (e encoding) String() string { return [...]string{"ascii", "utf8", "utf16le"}[e] }

// printable tells the bytes that are a character of ASCII text; inUTF8 those that may be in text in UTF-8.
var printable, inUTF8 = func() (p, u [256]bool) {
	for b := 0x20; b <= 0x7e; b++ {
		p[b] = true
	}
	p['\t'] = true
	u = p
	for b := 0x80; b <= 0xf4; b++ {
		u[b] = true
	}
	return p, u
}()

// A stretch is a sequence of characters in a window's buffer, which nothing can be added to within the chunk. Which characters
// there are depends on the 3 bytes after each only, so that every chunk finds its own, and stretches that adjoin are one text.
type stretch struct {
	from, to int32
	chars    int32
	encoding encoding
}

type stretches struct {
	window
	found []stretch
}

// All yields the texts in the order of address. Each loop extracts anew.
func (r *StringsResult) All() iter.Seq[String] {
	return func(yield func(String) bool) {
		r.begin()
		if r.err = r.fault; r.err != nil {
			return
		}
		r.end(r.ctx, r.extract(yield))
	}
}

func (r *StringsResult) extract(yield func(String) bool) (finished bool) {
	var done, total uint64
	if r.opts.Progress != nil {
		total = size(r.mem, r.opts.First, r.opts.Last)
	}
	idle := func(b byte) bool { return !printable[b] }
	chunks := planner{first: r.opts.First, last: r.opts.Last, after: utf8.UTFMax - 1, idle: idle}.chunks(r.mem)
	worker := func(context.Context) func(chunk, *stretches) { return r.stretches }
	texts := newTexts(r.encoding, r.opts.Min)
	for s := range ordered(r.ctx, r.opts.Workers, chunks, worker) {
		r.cover(&s.window)
		for _, t := range s.found {
			texts.add(t, s.start+uint64(t.from), s.buf)
			if !texts.release(yield) {
				return false
			}
		}
		if r.opts.Progress != nil && s.kind != lost {
			done += s.size
			r.opts.Progress(done, total)
		}
	}
	return r.ctx.Err() == nil && texts.finish(yield)
}

// stretches finds the sequences of characters that start in the chunk. Those too short are dropped, unless they may be part of
// a longer one across the chunk's border.
func (r *StringsResult) stretches(c chunk, out *stretches) {
	out.load(r.mem, c)
	out.found = out.found[:0]
	if c.kind != work {
		return
	}
	from, to := out.owned()
	for _, g := range out.segments {
		lo, hi := max(from, g.from), min(to, g.to)
		for _, e := range r.encoding {
			out.found = e.stretches(out.buf[:g.to], lo, hi, r.opts.Min, out.found)
		}
	}
	if len(r.encoding) > 1 {
		slices.SortStableFunc(out.found, func(a, b stretch) int { return int(a.from - b.from) })
	}
}

// stretches appends those of one encoding with characters that start in text[from:to].
func (e encoding) stretches(text []byte, from, to, least int, found []stretch) []stretch {
	for at := from; at < to; {
		if at = e.skip(text, at, from, to, least); at >= to {
			break
		}
		begin, chars := at, 0
		for at < to {
			n := e.char(text[at:])
			if n == 0 {
				break
			}
			at += n
			chars++
		}
		if chars == 0 {
			at++
			continue
		}
		if chars >= least || begin < from+utf8.UTFMax || at >= to {
			found = append(found, stretch{int32(begin), int32(at), int32(chars), e})
		}
	}
	return found
}

// skip goes on to where a stretch may begin that is long enough, or that meets a border of the chunk. No stretch that began before
// at goes on there.
func (e encoding) skip(text []byte, at, from, to, least int) int {
	if e == utf16le {
		for end := min(to, len(text)-1); at < end && (text[at+1] != 0 || !printable[text[at]]); {
			at++
		}
		return at
	}
	table := &printable
	if e == utf8Text {
		table = &inUTF8
	}
	// Of every text of so many bytes, the last one of them tells whether it can be one at all (as Boyer and Moore search).
	for at >= from+utf8.UTFMax && at+least <= to {
		last := at + least - 1
		for last >= at && table[text[last]] {
			last--
		}
		if last < at {
			return at
		}
		at = last + 1
	}
	return at
}

// char is the length of the character that text begins with, or 0.
func (e encoding) char(text []byte) int {
	b := text[0]
	switch {
	case e == utf16le:
		if printable[b] && len(text) > 1 && text[1] == 0 {
			return 2
		}
	case printable[b]:
		return 1
	case e == utf8Text && b >= 0xc2:
		if r, n := utf8.DecodeRune(text); n > 1 && unicode.IsPrint(r) {
			return n
		}
	}
	return 0
}

// texts puts stretches, which come by address, together.
type texts struct {
	min   int
	open  []text   // the text under way in each encoding
	ready []String // ended, while one that began earlier may be under way
	seen  uint64   // where the last stretch began
}

// A text is one under way.
type text struct {
	encoding encoding
	address  uint64 // of its last piece
	next     uint64 // after it
	chars    int
	bytes    []byte // the last piece
	cut      bool   // there are pieces before
}

func newTexts(encodings []encoding, least int) *texts {
	t := &texts{min: least}
	for _, e := range encodings {
		t.open = append(t.open, text{encoding: e})
	}
	return t
}

// add takes in a stretch at an address, whose bytes are in buf.
func (ts *texts) add(s stretch, address uint64, buf []byte) {
	ts.seen = address
	for i := range ts.open {
		t := &ts.open[i]
		if t.next < address {
			ts.flush(t)
		}
		if t.encoding != s.encoding {
			continue
		}
		if len(t.bytes) == 0 {
			t.address, t.next = address, address
		}
		t.chars += int(s.chars)
		ts.append(t, buf[s.from:s.to])
	}
}

// append adds bytes, which are whole characters, to a text and puts the pieces that are full aside.
func (ts *texts) append(t *text, b []byte) {
	for len(b) > 0 {
		n := min(len(b), MaxString-len(t.bytes))
		for t.encoding == utf8Text && n > 0 && n < len(b) && !utf8.RuneStart(b[n]) {
			n--
		}
		if n == 0 {
			ts.piece(t, true)
		}
		t.bytes = append(t.bytes, b[:n]...)
		t.next += uint64(n)
		b = b[n:]
	}
}

// flush ends a text.
func (ts *texts) flush(t *text) {
	if len(t.bytes) > 0 && (t.cut || t.chars >= ts.min) {
		ts.piece(t, false)
	}
	t.bytes, t.chars, t.cut = t.bytes[:0], 0, false
}

// piece puts the bytes there are aside as a String.
func (ts *texts) piece(t *text, cut bool) {
	s := String{Address: t.address, Length: len(t.bytes), Encoding: t.encoding.String(), Cut: cut}
	if t.encoding == utf16le {
		for i := range len(t.bytes) / 2 {
			t.bytes[i] = t.bytes[2*i]
		}
		t.bytes = t.bytes[:len(t.bytes)/2]
	}
	s.Text = string(t.bytes)
	t.address, t.bytes, t.cut = t.next, t.bytes[:0], cut
	ts.ready = append(ts.ready, s)
}

// release yields what nothing that starts earlier can follow.
func (ts *texts) release(yield func(String) bool) bool {
	if len(ts.ready) == 0 {
		return true
	}
	horizon := ts.seen
	for _, t := range ts.open {
		if len(t.bytes) > 0 {
			horizon = min(horizon, t.address)
		}
	}
	ts.sort()
	n := 0
	for ; n < len(ts.ready) && ts.ready[n].Address < horizon; n++ {
		if !yield(ts.ready[n]) {
			return false
		}
	}
	ts.ready = slices.Delete(ts.ready, 0, n)
	return true
}

func (ts *texts) sort() {
	slices.SortStableFunc(ts.ready, func(a, b String) int { return cmp.Compare(a.Address, b.Address) })
}

// finish yields the rest.
func (ts *texts) finish(yield func(String) bool) bool {
	for i := range ts.open {
		ts.flush(&ts.open[i])
	}
	ts.sort()
	for _, s := range ts.ready {
		if !yield(s) {
			return false
		}
	}
	return true
}
