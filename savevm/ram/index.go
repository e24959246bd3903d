package ram

import (
	"cmp"
	"container/heap"
	"slices"
)

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

// add appends count pages in the order in which the file has them.
func (b *Block) add(page, count uint32, r ref) {
	if n := len(b.runs); n > 0 {
		last := &b.runs[n-1]
		if last.end() == page && b.at(*last, page) == r && r.encoding() != EncodingXBZRLE && r.encoding() != EncodingZlib {
			last.count += count
			return
		}
		if page < last.end() {
			b.unordered = true
		}
	}
	b.runs = append(b.runs, run{page, count, r})
}

// seal makes the runs sorted and disjoint, so that of several records of a page the last one counts, and builds the directory.
func (b *Block) seal() {
	if b.unordered || b.deltas != nil {
		b.runs = b.resolve(b.runs)
	}
	b.runs = slices.Clip(b.runs)
	b.deltas = slices.Clip(b.deltas)
	b.buildDirectory()
}

// resolve sweeps over the pages with the runs that cover the current page in a heap, the latest on top.
func (b *Block) resolve(runs []run) []run {
	order := make([]uint32, len(runs)) // of runs, by first page; equal ones in file order
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(i, j uint32) int {
		if c := cmp.Compare(runs[i].page, runs[j].page); c != 0 {
			return c
		}
		return cmp.Compare(i, j)
	})
	out := &Block{PageSize: b.PageSize}
	var active latest
	for next := 0; next < len(order) || len(active) > 0; {
		if len(active) == 0 {
			heap.Push(&active, order[next])
			next++
		}
		// cur: the first page not yet emitted that a run covers.
		cur := runs[active[0]].page
		if n := len(out.runs); n > 0 {
			cur = max(cur, out.runs[n-1].end())
		}
		for next < len(order) && runs[order[next]].page <= cur {
			heap.Push(&active, order[next])
			next++
		}
		top := runs[active[0]]
		if top.end() <= cur {
			heap.Pop(&active)
			continue
		}
		end := top.end()
		if next < len(order) {
			end = min(end, runs[order[next]].page)
		}
		if top.ref.encoding() == EncodingXBZRLE {
			b.link(runs, &active, cur)
		}
		out.add(cur, end-cur, b.at(top, cur))
	}
	return out.runs
}

// link chains the differences on top of the heap to the full page that they change, which lies below them.
func (b *Block) link(runs []run, active *latest, page uint32) {
	var popped []uint32
	var above *delta
	for len(*active) > 0 {
		i := heap.Pop(active).(uint32)
		r := runs[i]
		if r.end() <= page {
			continue
		}
		popped = append(popped, i)
		at := b.at(r, page)
		if above != nil {
			above.base = at
		}
		if at.encoding() != EncodingXBZRLE {
			break
		}
		above = &b.deltas[at.offset()]
	}
	for _, i := range popped {
		if runs[i].end() > page+1 || i == popped[0] {
			heap.Push(active, i)
		}
	}
}

// latest is a heap of run numbers; file order is their order, so the greatest is the latest record.
type latest []uint32

func (h latest) Len() int           { return len(h) }
func (h latest) Less(i, j int) bool { return h[i] > h[j] }
func (h latest) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *latest) Push(x any)        { *h = append(*h, x.(uint32)) }
func (h *latest) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
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
