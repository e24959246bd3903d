package ram

// Encoding says how a page is stored in the file.
type Encoding uint8

const (
	notStored      Encoding = iota
	EncodingFill            // one byte stands for all: RAM_SAVE_FLAG_ZERO (once COMPRESS), or a clear bit of a mapped-ram bitmap
	EncodingPage            // the page's bytes behind a record header: RAM_SAVE_FLAG_PAGE
	EncodingFlat            // the page's bytes, with neighbours following directly: mapped-ram, ELF, raw
	EncodingZlib            // RAM_SAVE_FLAG_COMPRESS_PAGE: an independent zlib stream
	EncodingXBZRLE          // RAM_SAVE_FLAG_XBZRLE: a difference to what the page held before
	EncodingCustom          // a page that a container's own decoder reads (kdump)
)

// String returns the encoding as [Image.Explain] names it.
func (e Encoding) String() string {
	return [...]string{"not stored", "fill", "page", "flat", "zlib", "xbzrle", "compressed"}[e]
}

// A ref says where one page is, in 8 bytes: the Encoding in bits 60-63, the fill byte in bits 52-59, and in bits 0-51 the
// file offset (for XBZRLE and Custom: an index into the block's table).
type ref uint64

const (
	refOffsetBits = 52
	maxOffset     = 1<<refOffsetBits - 1
)

func makeRef(e Encoding, fill byte, off int64) ref {
	return ref(e)<<60 | ref(fill)<<refOffsetBits | ref(off)&maxOffset
}

func (r ref) encoding() Encoding { return Encoding(r >> 60) }
func (r ref) fill() byte         { return byte(r >> refOffsetBits) }
func (r ref) offset() int64      { return int64(r & maxOffset) }

// A run is a number of neighbouring pages that lie evenly in the file: page+i is at the ref's offset + i*stride.
type run struct {
	page, count uint32
	ref         ref
}

func (r run) end() uint32 { return r.page + r.count }

// A delta is an XBZRLE page: the offset of its encoded bytes, their number, and the page that they change.
type delta struct {
	off  int64
	size uint32
	base ref
}

// at is the ref of the run's page number page.
func (b *Block) at(r run, page uint32) ref {
	return r.ref + ref(int64(page-r.page)*b.stride(r.ref))
}

// stride is how far apart in the file neighbouring pages of one run are.
func (b *Block) stride(r ref) int64 {
	switch r.encoding() {
	case EncodingPage:
		return int64(b.PageSize) + recordHeader
	case EncodingFlat:
		return int64(b.PageSize)
	case EncodingFill:
		if r.offset() != 0 { // 0: a page without a record of its own
			return recordHeader + 1
		}
	case EncodingCustom:
		return 1
	}
	return 0
}

// recordHeader is the u64 (offset | flags) before each page record's payload.
const recordHeader = 8

// Records come in rounds, each in rising order of pages, but for damage and odd writers. The runs of one round are a segment:
// sorted and disjoint. A round that ends is merged with those before it, so that of several records of a page the last counts
// and the index does not grow with the rounds. Segments that are still apart are at least twice as long as their successors,
// which bounds the merging by n log n.

// add appends count pages in the order in which the file has them.
func (b *Block) add(page, count uint32, r ref) {
	if n := len(b.runs); n > b.start && page < b.runs[n-1].end() {
		b.endSegment()
	}
	if len(b.runs) == b.start { // a segment's first run is no part of the segment before it
		b.runs = append(b.runs, run{page, count, r})
		return
	}
	b.runs = b.join(b.runs, run{page, count, r})
}

// join appends a run, or makes the last one longer.
func (b *Block) join(runs []run, r run) []run {
	if n := len(runs); n > 0 {
		last := &runs[n-1]
		e := r.ref.encoding()
		if last.end() == r.page && b.at(*last, r.page) == r.ref && e != EncodingXBZRLE && e != EncodingZlib {
			last.count += r.count
			return runs
		}
	}
	return append(runs, r)
}

// endSegment ends the round that is being added.
func (b *Block) endSegment() {
	b.segments = append(b.segments, b.start)
	b.start = len(b.runs)
	for n := len(b.segments); n > 1; n = len(b.segments) {
		older, newer := b.segments[n-2], b.segments[n-1]
		if newer-older >= 2*(b.start-newer) {
			return
		}
		b.mergeSegments()
	}
}

// mergeSegments makes one of the last two segments.
func (b *Block) mergeSegments() {
	n := len(b.segments)
	older, newer := b.segments[n-2], b.segments[n-1]
	merged := b.overlay(b.runs[older:newer], b.runs[newer:])
	b.runs = append(b.runs[:older], merged...)
	b.segments = b.segments[:n-1]
	b.start = len(b.runs)
}

// seal makes all runs sorted and disjoint, and builds the directory.
func (b *Block) seal() {
	if len(b.runs) > b.start {
		b.endSegment()
	}
	for len(b.segments) > 1 {
		b.mergeSegments()
	}
	b.segments, b.start = nil, 0
	b.runs = compact(b.runs)
	b.deltas = compact(b.deltas)
	b.buildDirectory()
}

// compact gives back what a slice's growth left over.
func compact[T any](list []T) []T {
	if cap(list)-len(list) > len(list)/8 {
		return append(make([]T, 0, len(list)), list...)
	}
	return list
}

// overlay lays newer runs over older ones. A newer difference to a page is linked to the older record that it changes.
func (b *Block) overlay(older, newer []run) []run {
	out := make([]run, 0, len(older)+len(newer))
	i, from := 0, uint32(0) // older[i] counts from page from on
	rest := func(r run) run {
		from = max(from, r.page)
		return run{from, r.end() - from, b.at(r, from)}
	}
	for _, top := range newer {
		for ; i < len(older) && older[i].page < top.page; i++ {
			r := rest(older[i])
			if r.end() > top.page {
				r.count = top.page - r.page
			}
			if r.page < top.page && r.count > 0 {
				out = b.join(out, r)
			}
			if older[i].end() > top.page {
				break
			}
		}
		if top.ref.encoding() == EncodingXBZRLE && i < len(older) && older[i].page <= top.page && older[i].end() > top.page {
			b.link(top.ref, b.at(older[i], top.page))
		}
		out = b.join(out, top)
		from = top.end()
		for i < len(older) && older[i].end() <= from {
			i++
		}
	}
	for ; i < len(older); i++ {
		if r := rest(older[i]); r.count > 0 {
			out = b.join(out, r)
		}
	}
	return out
}

// link gives a chain of differences the older record that its last one changes.
func (b *Block) link(chain, older ref) {
	d := &b.deltas[chain.offset()]
	for d.base.encoding() == EncodingXBZRLE {
		d = &b.deltas[d.base.offset()]
	}
	if d.base.encoding() == notStored {
		d.base = older
	}
}

// buildDirectory makes lookups quick: directory[i] is the first run that ends behind page i<<shift. Its size is bounded by
// the number of runs, not by the block's size, which is only a number in the file.
func (b *Block) buildDirectory() {
	if len(b.runs) == 0 {
		return
	}
	lastPage := b.runs[len(b.runs)-1].end() - 1
	b.shift = 6
	for int(lastPage>>b.shift) > 2*len(b.runs)+64 {
		b.shift++
	}
	b.directory = make([]uint32, lastPage>>b.shift+2)
	i := 0
	for c := range b.directory {
		for i < len(b.runs) && uint64(b.runs[i].end()) <= uint64(c)<<b.shift {
			i++
		}
		b.directory[c] = uint32(i)
	}
}

// find returns the number of the first run that ends behind the page; it holds the page unless it starts behind it.
func (b *Block) find(page uint32) int {
	c := int(page >> b.shift)
	if c+1 >= len(b.directory) {
		return len(b.runs)
	}
	lo, hi := int(b.directory[c]), int(b.directory[c+1])
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if b.runs[mid].end() <= page {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// lookup returns where a page is stored.
func (b *Block) lookup(page uint32) (ref, bool) {
	if i := b.find(page); i < len(b.runs) && b.runs[i].page <= page {
		return b.at(b.runs[i], page), true
	}
	return 0, false
}
