package bindings

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"iter"
	"math"
	"math/big"
	"regexp"
	"strings"
	"sync"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/scan"
)

const maxLimit = math.MaxInt32

// scanMembers are Memory's methods for bulk work.
var scanMembers = []*Member{
	{Name: "scan", Args: []Arg{
		{Name: "pattern", Type: "Pattern | readonly Pattern[]",
			Help: `"13 37 ?? ff" (bytes in hex, two digits each; ? is any digit), other text (its UTF-8), /regexp/, bytes, {u64: n}, {text, encoding} or {hex}`},
		{Name: "options", Type: "ScanOptions", Optional: true}}, Type: "Sequence<Hit>",
		Help: "Where the pattern, or one of several, occurs, in address order. Matches may cross pages. Runs on all cores. " +
			"Regular expressions are RE2's, over bytes: no lookahead or lookbehind, no backreferences, repeats up to 1000.",
		native: onMemory((*memoryObject).scan)},
	{Name: "strings", Args: []Arg{{Name: "options", Type: "StringsOptions", Optional: true}}, Type: "Sequence<FoundString>",
		Help: "The printable texts, in address order.", native: onMemory((*memoryObject).strings)},
	{Name: "histogram", Args: []Arg{{Name: "options", Type: "RangeOptions", Optional: true}}, Type: "Histogram",
		Help: "How often each byte value occurs.", native: onMemory((*memoryObject).histogram)},
	{Name: "entropy", Args: []Arg{{Name: "options", Type: "EntropyOptions", Optional: true}}, Type: "Sequence<EntropyWindow>",
		Help: "Shannon's entropy by windows, in bits a byte: 0 for equal bytes, 8 for random ones.", native: onMemory((*memoryObject).entropy)},
	{Name: "crc32", Args: []Arg{addressArg, lengthArg}, Type: "number", Help: "The IEEE CRC-32 of these bytes; throws when one cannot be read.",
		native: onMemory((*memoryObject).crc32)},
	{Name: "sha256", Args: []Arg{addressArg, lengthArg}, Type: "string",
		Help: "The SHA-256 of these bytes, in hex; throws when one cannot be read.", native: onMemory((*memoryObject).sha256)},
}

var lengthArg = Arg{Name: "length", Type: "Size", Help: "bytes"}

// scanRecords and scanOptions belong to them.
var scanRecords = []*Class{
	{Name: "Hit", Kind: KindRecord, Help: "A match.", Members: []*Member{
		prop("address", "bigint", "Where it starts."),
		prop("pattern", "number", "Which of several patterns, from 0."),
		prop("length", "number", "Bytes."),
		prop("bytes", "Uint8Array", "What matched."),
	}},
	{Name: "FoundString", Kind: KindRecord, Help: "A text in memory, or a piece of one that is longer than 4096 bytes.", Members: []*Member{
		prop("address", "bigint", "Where it starts."),
		prop("length", "number", "Bytes of memory."),
		prop("text", "string", "The text."),
		prop("encoding", `"ascii" | "utf8" | "utf16le"`, "How it lies in memory."),
		prop("cut", "boolean", "Whether it goes on in the next one of this encoding."),
	}},
	{Name: "Histogram", Kind: KindRecord, Help: "The byte values of a range, as far as it could be read.", Members: []*Member{
		prop("counts", "number[]", "256 numbers: how often each value occurs."),
		prop("total", "number", "Bytes counted."),
		prop("entropy", "number", "Of them all, in bits a byte."),
		prop("skipped", "Skip[]", "What could not be read."),
		prop("complete", "boolean", "Whether all was read."),
	}},
	{Name: "EntropyWindow", Kind: KindRecord, Help: "The entropy of the readable bytes in one window.", Members: []*Member{
		prop("base", "bigint", "Where it starts."),
		prop("size", "number", "Bytes."),
		prop("read", "number", "How many of them were counted."),
		prop("entropy", "number", "Bits a byte, 0 to 8."),
	}},
	{Name: "Change", Kind: KindRecord, Help: "An interval in which two memories differ.", Members: []*Member{
		prop("base", "bigint", "Where it starts."),
		prop("size", "number", "Bytes."),
		prop("a", `"readable" | "absent" | "not-ram" | "unmapped"`, "What the first memory has there."),
		prop("b", `"readable" | "absent" | "not-ram" | "unmapped"`, "What the second one has."),
	}},
}

var alignOption = opt("align", "Size", "Only matches at multiples of it; 1 when left out.")

var scanOptions = []*Class{
	{Name: "ScanOptions", Kind: KindOptions, Help: "Where and how to search.", Members: []*Member{startOption, endOption, alignOption,
		opt("limit", "number", "Stop after so many hits.")}},
	{Name: "StringsOptions", Kind: KindOptions, Help: "Which texts.", Members: []*Member{startOption, endOption,
		opt("min", "number", "The least number of characters, 2 or more; 4 when left out."),
		opt("encoding", `"ascii" | "utf8" | "utf16le" | "both"`, `"ascii" when left out; "both" is "ascii" and "utf16le".`)}},
	{Name: "EntropyOptions", Kind: KindOptions, Help: "Which windows.", Members: []*Member{startOption, endOption,
		opt("window", "Size", "Bytes of each; 4096 when left out.")}},
	{Name: "DiffOptions", Kind: KindOptions, Help: "What to compare, and how finely.", Members: []*Member{startOption, endOption,
		opt("granule", "number", "Bytes that count as changed when one of them is: a power of two up to 2^20; 4096 when left out, 1 for the exact bytes.")}},
	{Name: "PatternObject", Kind: KindOptions, Help: "A pattern in so many words. Give one of hex, text, an integer or bytes.", Members: []*Member{
		opt("hex", "string", `Bytes in hex, with ? for any digit: "deadbeef", "4? ?f".`),
		opt("text", "string", "Text."),
		opt("encoding", `"utf8" | "utf16le"`, "Of the text; UTF-8 when left out."),
		opt("bytes", "Uint8Array", "Bytes."),
		opt("u8", "number | bigint", "An integer of 8 bits, also a negative one."),
		opt("u16", "number | bigint", "An integer of 16 bits."),
		opt("u32", "number | bigint", "An integer of 32 bits."),
		opt("u64", "number | bigint", "An integer of 64 bits."),
		opt("pointer", "number | bigint", "An integer as wide as the guest's pointers."),
		opt("mask", "number | bigint | Uint8Array", "Which bits of the integer, or the bytes, count."),
	}},
}

// A work is a piece of bulk work that can be left, interrupted and watched.
type work struct {
	ctx    context.Context
	cancel context.CancelFunc       // from any goroutine
	report func(done, total uint64) // nil when nobody watches
	finish func()                   // the last report; once
}

// begin starts a piece of work with a label for the progress line.
func (b *Bindings) begin(label string) *work {
	ctx, cancel := context.WithCancel(context.Background())
	w := &work{ctx: ctx, cancel: cancel, finish: func() {}}
	if b.options.Progress != nil {
		report := b.progress(label)
		var at, all float64
		w.report = func(done, total uint64) {
			at, all = float64(done), float64(total)
			report(at, all, false)
		}
		w.finish = sync.OnceFunc(func() {
			if all > 0 { // else nobody has seen it
				report(at, all, true)
			}
		})
	}
	return w
}

// covered makes the coverage of a scan whose results are made anew for each loop.
func covered[R interface {
	Complete() bool
	Skipped() []scan.Skip
}](b *Bindings, last *R, started *bool) *coverage {
	return &coverage{
		skipped: func() []goja.Value {
			if !*started {
				return nil
			}
			return b.skips((*last).Skipped())
		},
		complete: func() bool { return *started && (*last).Complete() },
	}
}

func (b *Bindings) skips(list []scan.Skip) []goja.Value {
	items := make([]goja.Value, len(list))
	for i, s := range list {
		message := ""
		if s.Err != nil {
			message = s.Err.Error()
		}
		items[i] = b.skip(s.Base, s.Size, string(s.Reason), message)
	}
	return items
}

// checked gives the error of bulk work when its values have come to an end.
type checked struct {
	source
	b   *Bindings
	err func() error
}

func (s *checked) next() (goja.Value, bool) {
	v, ok := s.source.next()
	if !ok {
		if err := s.err(); err != nil {
			s.b.throw(err)
		}
	}
	return v, ok
}

// within is the memory to work on from first to last. Package scan takes a last of 0 for the end of the space, so that the byte
// at 0 alone needs a memory that has no more.
func within(m memory.Memory, last uint64) memory.Memory {
	if last == 0 {
		return firstByte{m}
	}
	return m
}

type firstByte struct{ memory.Memory }

func (f firstByte) ReadMemory(p []byte, address uint64) (int, error) {
	if address != 0 || len(p) > 1 {
		return 0, &memory.Error{Address: address, Length: uint64(len(p)), Reason: memory.ReasonUnmapped}
	}
	return f.Memory.ReadMemory(p, address)
}

func (f firstByte) Extents(first, _ uint64) iter.Seq[memory.Extent] {
	if first > 0 {
		return func(func(memory.Extent) bool) {}
	}
	return f.Memory.Extents(0, 0)
}

func (m *memoryObject) scan(c call) goja.Value {
	b := m.b
	patterns := c.patterns(0, m.pointer)
	o := c.options(1)
	first, last, empty := o.interval()
	options := scan.Options{First: first, Last: last, Align: o.integer("align", 1, 1<<40, 1), Limit: int(o.integer("limit", 1, maxLimit, 0))}
	if empty {
		return b.emptySequence()
	}
	var result *scan.Result
	var started bool
	return b.sequence(func() source {
		m.vm.mustBeOpen()
		w := b.begin("scanning")
		options := options
		options.Progress = w.report
		result, started = scan.Scan(w.ctx, within(m.mem, last), patterns, options), true
		return &checked{pull(b, result.Hits(), w, b.hit), b, result.Err}
	}, covered(b, &result, &started))
}

func (b *Bindings) emptySequence() *goja.Object {
	return b.sequence(func() source { return noSource{} }, nil)
}

func (b *Bindings) hit(h scan.Hit) goja.Value {
	o := b.record("Hit")
	b.set(o, "address", b.u64(h.Address))
	b.set(o, "pattern", b.rt.ToValue(h.Pattern))
	b.set(o, "length", b.rt.ToValue(h.Length))
	b.set(o, "bytes", b.bytes(append([]byte(nil), h.Bytes...)))
	return o
}

// patterns returns argument i as one pattern or several.
func (c call) patterns(i, pointer int) []scan.Pattern {
	if o, ok := c.Argument(i).(*goja.Object); ok && o.ClassName() == "Array" {
		n := int(o.Get("length").ToInteger())
		const most = 1 << 16
		if n == 0 || n > most {
			c.throwRange("%s: pattern is an array of %d; give 1 to %d patterns", c.shortPath(), n, most)
		}
		list := make([]scan.Pattern, n)
		for k := range list {
			list[k] = c.pattern(o.Get(decimal(uint64(k))), pointer)
		}
		return list
	}
	return []scan.Pattern{c.pattern(c.Argument(i), pointer)}
}

// hexPattern is what a string must look like to be taken for bytes in hex; all other strings are text.
var hexPattern = regexp.MustCompile(`^[0-9A-Fa-f?]{2}(\s+[0-9A-Fa-f?]{2})+$`)

func (c call) pattern(v goja.Value, pointer int) scan.Pattern {
	p, err := c.makePattern(v, pointer)
	if err != nil {
		c.b.throw(err)
	}
	return p
}

func (c call) makePattern(v goja.Value, pointer int) (scan.Pattern, error) {
	if s, ok := v.(goja.String); ok {
		if text := s.String(); hexPattern.MatchString(text) {
			return scan.Hex(text)
		}
		return scan.Text(s.String())
	}
	o, ok := v.(*goja.Object)
	if !ok {
		c.bad("pattern", v, "must be a string, a RegExp, bytes, or an object with hex, text, bytes or an integer", true)
	}
	if o.ClassName() == "RegExp" {
		return c.regexpPattern(o)
	}
	if p, ok := c.b.bytesIn(o); ok {
		return scan.Bytes(p)
	}
	return c.objectPattern(o, pointer)
}

func (c call) regexpPattern(o *goja.Object) (scan.Pattern, error) {
	return scan.Regexp(c.regexpText(o))
}

// regexpText is a RegExp's source in Go's syntax, which is JavaScript's but for \u.
func (c call) regexpText(o *goja.Object) string {
	source, err := c.b.builtins.regexpSource(goja.Undefined(), o)
	c.b.must(err)
	flags, err := c.b.builtins.regexpFlags(goja.Undefined(), o)
	c.b.must(err)
	var prefix string
	for _, f := range flags.String() {
		switch f {
		case 'i', 's', 'm':
			prefix += string(f)
		}
	}
	text := unicodeEscape.ReplaceAllString(source.String(), `\x{$1$2}`)
	if prefix != "" {
		text = "(?" + prefix + ")" + text
	}
	return text
}

var unicodeEscape = regexp.MustCompile(`\\u(?:([0-9A-Fa-f]{4})|\{([0-9A-Fa-f]+)\})`)

var integerSizes = map[string]int{"u8": 1, "u16": 2, "u32": 4, "u64": 8, "pointer": 0}

func (c call) objectPattern(obj *goja.Object, pointer int) (scan.Pattern, error) {
	var kinds []string
	class := classNamed("PatternObject")
	for _, name := range obj.Keys() {
		if name != "mask" && name != "encoding" {
			kinds = append(kinds, name)
		}
	}
	switch {
	case len(kinds) == 0:
		c.throwType("%s: pattern must have one of %s", c.shortPath(), optionNames(class))
	case len(kinds) > 1:
		c.throwType("%s: pattern must have only one of %s", c.shortPath(), strings.Join(kinds, ", "))
	}
	o := opts{c, obj}
	switch kind := kinds[0]; kind {
	case "hex":
		return scan.Hex(o.text("hex", ""))
	case "text":
		switch e := o.text("encoding", "utf8"); e {
		case "utf8", "ascii":
			return scan.Text(o.text("text", ""))
		case "utf16le", "utf16":
			return scan.UTF16(o.text("text", ""), binary.LittleEndian)
		default:
			c.bad("encoding", obj.Get("encoding"), `must be "utf8" or "utf16le"`, false)
		}
	case "bytes":
		value, ok := c.b.bytesIn(obj.Get("bytes"))
		if !ok {
			c.bad("bytes", obj.Get("bytes"), "must be a Uint8Array", true)
		}
		if o.get("mask") == nil {
			return scan.Bytes(value)
		}
		mask, ok := c.b.bytesIn(o.get("mask"))
		if !ok {
			c.bad("mask", o.get("mask"), "must be a Uint8Array as long as bytes", true)
		}
		if len(mask) != len(value) {
			c.throwRange("%s: mask has a length of %d and bytes one of %d: they must be equal", c.shortPath(), len(mask), len(value))
		}
		return scan.Masked(value, mask)
	default:
		size, ok := integerSizes[kind]
		if !ok {
			c.throwType("%s: there is no pattern %q; there are %s", c.shortPath(), kind, optionNames(class))
		}
		if size == 0 {
			size = pointer
		}
		mask := uint64(0)
		if o.get("mask") != nil {
			mask = c.bits("mask", o.get("mask"), size)
			if mask == 0 {
				c.bad("mask", o.get("mask"), "must have a bit set", false)
			}
		}
		return scan.Int(c.bits(kind, obj.Get(kind), size), size, binary.LittleEndian, mask)
	}
	return scan.Pattern{}, nil
}

// bits returns an integer of size bytes, unsigned or signed, as its bits.
func (c call) bits(name string, v goja.Value, size int) uint64 {
	x := bigOf(v)
	if x == nil && v != nil && isNumber(v) && v.ToFloat() == math.Trunc(v.ToFloat()) && math.Abs(v.ToFloat()) <= maxSafeInteger {
		x = big.NewInt(v.ToInteger())
	}
	if x == nil {
		c.bad(name, v, "must be an integer", true)
	}
	low, high := new(big.Int).Lsh(big.NewInt(-1), uint(8*size-1)), new(big.Int).Lsh(big.NewInt(1), uint(8*size))
	if x.Cmp(low) < 0 || x.Cmp(high) >= 0 {
		c.bad(name, v, "must fit in "+decimal(uint64(8*size))+" bits", false)
	}
	if x.Sign() < 0 {
		x = new(big.Int).Add(x, high)
	}
	return x.Uint64()
}

func (m *memoryObject) strings(c call) goja.Value {
	b, o := m.b, c.options(0)
	first, last, empty := o.interval()
	encoding := o.text("encoding", "ascii")
	if !strings.Contains(" ascii utf8 utf16le both ", " "+encoding+" ") {
		c.bad("encoding", o.get("encoding"), `must be "ascii", "utf8", "utf16le" or "both"`, false)
	}
	options := scan.StringsOptions{Min: int(o.integer("min", 2, scan.MaxString, 4)), Encoding: encoding, First: first, Last: last}
	if empty {
		return b.emptySequence()
	}
	var result *scan.StringsResult
	var started bool
	return b.sequence(func() source {
		m.vm.mustBeOpen()
		w := b.begin("strings")
		options := options
		options.Progress = w.report
		result, started = scan.Strings(w.ctx, within(m.mem, last), options), true
		return &checked{pull(b, result.All(), w, func(s scan.String) goja.Value {
			o := b.record("FoundString")
			b.set(o, "address", b.u64(s.Address))
			b.set(o, "length", b.rt.ToValue(s.Length))
			b.set(o, "text", b.str(s.Text))
			b.set(o, "encoding", b.str(s.Encoding))
			b.set(o, "cut", b.boolean(s.Cut))
			return o
		}), b, result.Err}
	}, covered(b, &result, &started))
}

func (m *memoryObject) histogram(c call) goja.Value {
	b := m.b
	first, last, empty := c.options(0).interval()
	result := &scan.HistogramResult{}
	if !empty {
		result = scan.Histogram(b.host.Context(), within(m.mem, last), first, last)
		b.host.CheckInterrupt()
	}
	counts := make([]goja.Value, len(result.Counts))
	for i, n := range result.Counts {
		counts[i] = b.number(n)
	}
	o := b.record("Histogram")
	b.set(o, "counts", b.array(counts))
	b.set(o, "total", b.number(result.Counts.Total()))
	b.set(o, "entropy", b.rt.ToValue(result.Counts.Entropy()))
	b.set(o, "skipped", b.array(b.skips(result.Skipped())))
	b.set(o, "complete", b.boolean(empty || result.Complete()))
	return o
}

func (m *memoryObject) entropy(c call) goja.Value {
	b, o := m.b, c.options(0)
	first, last, empty := o.interval()
	window := o.integer("window", 16, 1<<40, 4096)
	if empty {
		return b.emptySequence()
	}
	var result *scan.EntropyResult
	var started bool
	return b.sequence(func() source {
		m.vm.mustBeOpen()
		w := b.begin("entropy")
		result, started = scan.Entropy(w.ctx, within(m.mem, last), first, last, window), true
		return &checked{pull(b, result.Windows(), w, func(e scan.EntropyWindow) goja.Value {
			o := b.record("EntropyWindow")
			b.set(o, "base", b.u64(e.Base))
			b.set(o, "size", b.number(e.Size))
			b.set(o, "read", b.number(e.Read))
			b.set(o, "entropy", b.rt.ToValue(e.Entropy))
			return o
		}), b, result.Err}
	}, covered(b, &result, &started))
}

// extent returns arguments i and i+1, an address and a length, as first and last.
func (c call) extent(i int) (first, last uint64, empty bool) {
	first = c.address(i)
	length := c.integer(i+1, 0, math.MaxUint64)
	if length == 0 {
		return first, first, true
	}
	last = first + length - 1
	if last < first {
		c.badArgument(i+1, "goes beyond 2^64 from there", false)
	}
	return first, last, false
}

func (m *memoryObject) crc32(c call) goja.Value {
	h := crc32.NewIEEE()
	m.digest(c, h)
	return m.b.rt.ToValue(int64(h.Sum32()))
}

func (m *memoryObject) sha256(c call) goja.Value {
	h := sha256.New()
	m.digest(c, h)
	return m.b.str(hex.EncodeToString(h.Sum(nil)))
}

// digest writes the bytes that arguments 0 and 1 say to h. Short ones need no machinery.
func (m *memoryObject) digest(c call, h hash.Hash) {
	const short = 1 << 16
	first, last, empty := c.extent(0)
	if empty {
		return
	}
	if length := last - first; length < short {
		p, err := m.fetch(first, int(length)+1)
		if err != nil {
			m.b.throw(err)
		}
		h.Write(p)
		return
	}
	if err := scan.Digest(m.b.host.Context(), m.mem, first, last, h); err != nil {
		m.b.throw(err)
	}
}

// memoryArg returns argument i, which must be a Memory.
func (c call) memoryArg(i int) *memoryObject {
	if o, ok := c.Argument(i).(*goja.Object); ok {
		if h, ok := c.b.unwrap(o).(memoryHolder); ok {
			h.memoryOf().vm.mustBeOpen()
			return h.memoryOf()
		}
	}
	c.badArgument(i, "must be a Memory: a VM, a Block or an AddressSpace", true)
	return nil
}

func diffMemories(c call) goja.Value {
	b := c.b
	x, y, o := c.memoryArg(0), c.memoryArg(1), c.options(2)
	first, last, empty := o.interval()
	granule := o.integer("granule", 1, 1<<20, 4096)
	if granule&(granule-1) != 0 {
		c.bad("granule", o.get("granule"), "must be a power of two", false)
	}
	if empty {
		return b.emptySequence()
	}
	var result *scan.DiffResult
	var started bool
	return b.sequence(func() source {
		x.vm.mustBeOpen()
		y.vm.mustBeOpen()
		w := b.begin("comparing")
		result, started = scan.Diff(w.ctx, within(x.mem, last), within(y.mem, last), scan.DiffOptions{First: first, Last: last, Granule: granule, Progress: w.report}), true
		return &checked{pull(b, result.Changes(), w, func(ch scan.Change) goja.Value {
			o := b.record("Change")
			b.set(o, "base", b.u64(ch.Base))
			b.set(o, "size", b.number(ch.Size))
			b.set(o, "a", b.str(ch.A.String()))
			b.set(o, "b", b.str(ch.B.String()))
			return o
		}), b, result.Err}
	}, covered(b, &result, &started))
}
