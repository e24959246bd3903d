package dump

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/svscript/svscript/savevm/internal/wire"
	"github.com/svscript/svscript/savevm/ram"
)

// The kdump-compressed format (makedumpfile's IMPLEMENTATION and diskdump_mod.h; QEMU's include/sysemu/dump.h):
//
//	block 0                       disk_dump_header
//	block 1                       kdump_sub_header, notes (sub_hdr_size blocks)
//	then bitmap_blocks blocks     two bitmaps, a bit a page frame: there is memory; its page is in the file
//	then                          a page_desc for each set bit of the second bitmap, in order of the frames
//	then                          the pages' data
var kdumpMagic = []byte("KDUMP   ")

// diskdumpMagic is that of the format's forerunner of 2004, which no kernel since 2.6.12 writes.
var diskdumpMagic = []byte("DISKDUMP")

// IsKdump tells whether a file starts as a kdump-compressed one.
func IsKdump(head []byte) bool {
	return bytes.HasPrefix(head, kdumpMagic) || bytes.HasPrefix(head, diskdumpMagic)
}

// kdumpLayout is where the fields are: they follow the C structures of a 64-bit or a 32-bit machine.
type kdumpLayout struct {
	name string
	long int // bytes of an unsigned long
	// In the header: status, block_size, sub_hdr_size, bitmap_blocks, max_mapnr follow one another, 4 bytes each.
	status int
	// In the sub header. Of an offset (8 bytes) and a size (long) the offset is named.
	dumpLevel, split, startPFN, vmcoreinfo, note, eraseinfo, startPFN64 int
}

var kdumpLayouts = []kdumpLayout{
	{"64-bit", 8, 424, 8, 12, 16, 32, 48, 64, 80},
	{"32-bit", 4, 412, 4, 8, 12, 20, 32, 44, 56},
}

const (
	utsMachine     = 12 + 4*65 // utsname.machine in the header: fields of 65 bytes
	descSize       = 24        // struct page_desc: u64 offset, u32 size, u32 flags, u64 page_flags
	dumpIncomplete = 0x8       // DUMP_DH_COMPRESSED_INCOMPLETE in status: the disk was full
)

type kdump struct {
	*kdumpLayout
	src   *wire.Source
	base  int64
	order binary.ByteOrder

	version, status, blockSize, subBlocks, bitmapBlocks uint32
	frames                                              uint64 // page frames: max_mapnr
	machine                                             string
	level                                               uint32 // which pages were left out
	split                                               bool   // a part of a dump, with the frames from first to last-1
	first, last                                         uint64

	bitmaps, half int64 // where the bitmaps are, and the bytes of one
	descs         int64 // where the page descriptors are
}

// ReadKdump reads a kdump-compressed file. Its pages are found by their bitmap and decompressed when they are read.
func ReadKdump(src *wire.Source, base int64) (*Dump, error) {
	k, sub, err := openKdump(src, base)
	if err != nil {
		return nil, err
	}
	d := &Dump{
		Format: "kdump", Version: fmt.Sprintf("header version %d, %s", k.version, k.name),
		PageSize: uint64(k.blockSize), Complete: true,
	}
	k.readNotes(d, sub)
	if k.status&dumpIncomplete != 0 {
		d.warn(-1, "makedumpfile marked the dump as incomplete: there was no room for all pages")
		d.Complete = false
	}
	if k.split {
		d.warn(-1, "this is one part of a split dump: it has the pages from %#x to %#x only",
			k.first*uint64(k.blockSize), k.last*uint64(k.blockSize))
		d.Complete = false
	}
	if err := k.memory(d); err != nil {
		return nil, err
	}
	return d, nil
}

func openKdump(src *wire.Source, base int64) (*kdump, []byte, error) {
	head := make([]byte, 4096)
	n, _ := src.ReadAt(head, base)
	switch {
	case n < 512:
		return nil, nil, fmt.Errorf("the file ends in the header of a kdump-compressed dump")
	case bytes.HasPrefix(head, diskdumpMagic):
		return nil, nil, fmt.Errorf("this is a dump of diskdump, the format before kdump; it is not supported")
	}
	k := &kdump{src: src, base: base, order: binary.LittleEndian}
	if binary.LittleEndian.Uint32(head[8:]) > 0xffff { // the version is a small number in the right order
		k.order = binary.BigEndian
	}
	k.version = k.order.Uint32(head[8:])
	name, _, _ := bytes.Cut(head[utsMachine:utsMachine+65], []byte{0})
	k.machine = string(name)
	for i := range kdumpLayouts {
		k.kdumpLayout = &kdumpLayouts[i]
		if k.header(head) {
			sub := make([]byte, 104)
			if err := readFull(src, sub, base+int64(k.blockSize), "the sub header"); err != nil {
				return nil, nil, err
			}
			k.subHeader(sub)
			return k, sub, k.places()
		}
	}
	return nil, nil, fmt.Errorf("the header of the kdump-compressed dump is damaged: neither as a 64-bit nor as a 32-bit machine's its sizes fit")
}

// header reads the header's counts, and tells whether they can be right in this layout.
func (k *kdump) header(head []byte) bool {
	u32 := func(i int) uint32 { return k.order.Uint32(head[k.kdumpLayout.status+4*i:]) }
	k.status, k.blockSize, k.subBlocks, k.bitmapBlocks, k.frames = u32(0), u32(1), u32(2), u32(3), uint64(u32(4))
	return k.blockSize >= 4096 && k.blockSize <= 1<<20 && k.blockSize&(k.blockSize-1) == 0 &&
		k.subBlocks > 0 && k.subBlocks < 1<<20 && k.bitmapBlocks > 0
}

// subHeader reads the fields that the header's version has.
func (k *kdump) subHeader(sub []byte) {
	if k.version >= 1 {
		k.level = k.order.Uint32(sub[k.dumpLevel:])
	}
	if k.version >= 2 {
		k.split = k.order.Uint32(sub[k.kdumpLayout.split:]) != 0
		k.first, k.last = k.word(sub, k.startPFN), k.word(sub, k.startPFN+k.long)
	}
	if k.version >= 6 {
		k.first, k.last = k.order.Uint64(sub[k.startPFN64:]), k.order.Uint64(sub[k.startPFN64+8:])
		k.frames = k.order.Uint64(sub[k.startPFN64+16:])
	}
}

func (k *kdump) word(b []byte, at int) uint64 {
	if k.long == 4 {
		return uint64(k.order.Uint32(b[at:]))
	}
	return k.order.Uint64(b[at:])
}

// places computes where things are in the file.
func (k *kdump) places() error {
	size := int64(k.blockSize)
	k.bitmaps = k.base + (1+int64(k.subBlocks))*size
	length := int64(k.bitmapBlocks) * size
	k.descs = k.bitmaps + length
	if k.descs > k.src.Size() {
		return fmt.Errorf("the file is cut off: its page bitmaps end at offset %#x, the file at %#x", k.descs, k.src.Size())
	}
	k.half = length / 2
	if k.frames > uint64(k.half)*8 { // one bitmap: a full dump of an old version
		k.half = length
	}
	if k.frames > uint64(k.half)*8 {
		return fmt.Errorf("the header is damaged: %d page frames, and bitmaps for %d", k.frames, k.half*8)
	}
	return nil
}

// readNotes reads the notes and VMCOREINFO, where the sub header says.
func (k *kdump) readNotes(d *Dump, sub []byte) {
	n := &notes{d: d, order: k.order, arch: archOfUname(k.machine)}
	// QEMU names x86 machines alone.
	n.anyArch = (k.machine == "" || k.machine == "Unknown") && k.order == binary.ByteOrder(binary.LittleEndian)
	place := func(at int) (int64, int64) {
		off, size := k.order.Uint64(sub[at:]), k.word(sub, at+8)
		left := uint64(k.src.Size() - k.base)
		if off == 0 || size == 0 {
			return 0, 0
		}
		if off > left || size > left-off {
			d.warn(k.base+int64(k.blockSize)+int64(at), "the sub header is damaged: %d bytes of notes at offset %#x", size, off)
			return 0, 0
		}
		return k.base + int64(off), int64(size)
	}
	if k.version >= 4 {
		at, size := place(k.note)
		n.read(k.src, at, size)
	}
	n.finish()
	if k.version >= 3 && d.VMCoreInfo == nil {
		if at, size := place(k.vmcoreinfo); size > 0 && size <= maxNote {
			text := make([]byte, size)
			if readFull(k.src, text, at, "VMCOREINFO") == nil {
				d.VMCoreInfo = bytes.TrimRight(text, "\x00")
			}
		}
	}
	if k.version >= 5 {
		if _, size := place(k.eraseinfo); size > 0 {
			d.warn(-1, "parts of the memory were erased by a filter of makedumpfile's when the dump was made")
		}
	}
}

// archOfUname is the architecture as package savevm names it.
func archOfUname(machine string) string {
	switch machine {
	case "i486", "i586", "i686":
		return "i386"
	case "x86_64", "i386", "aarch64", "riscv64":
		return machine
	}
	return ""
}

// A frameState is what a dump has of a page frame.
type frameState uint8

const (
	frameHole frameState = iota // no memory
	frameLeft                   // memory that was left out
	frameData
)

// memory builds one block over all frames, and a region for each interval of frames where there is memory.
func (k *kdump) memory(d *Dump) error {
	size := uint64(k.blockSize)
	b, err := ram.NewBlock("ram", k.frames*size, size, k.src)
	if err != nil {
		return err
	}
	b.SetCustom(&pageReader{src: k.src, base: k.base, descs: k.descs, order: k.order})
	m := &kdumpMap{kdump: k, d: d, block: b, missing: k.findMissing()}
	if err := k.eachRun(m.add); err != nil {
		return err
	}
	m.endRegion()
	b.Seal()
	if m.left > 0 && !k.split {
		d.warn(-1, "%d pages were left out when the dump was made (dump level %d): they are absent, not zero", m.left, k.level)
	}
	if m.lost > 0 {
		what := "cut off or damaged"
		if k.descs+m.index*descSize > k.src.Size() { // a place in a descriptor may be damaged, that of the descriptors is plain
			what = "cut off"
		}
		d.warn(k.src.Size(), "the file is %s: %d of its %d pages are not there", what, m.lost, m.index)
		d.Complete = false
	}
	if len(d.Regions) == 0 {
		return fmt.Errorf("the dump holds no memory: its page bitmap is empty")
	}
	return nil
}

// kdumpMap turns runs of frames into the block's index and into regions.
type kdumpMap struct {
	*kdump
	d       *Dump
	block   *ram.Block
	missing func(index int64) bool // nil where every page is there

	from, to   uint64 // frames of the region being built
	index      int64  // of the next page descriptor
	left, lost uint64 // pages
}

func (m *kdumpMap) add(frame, count uint64, s frameState) bool {
	if s == frameHole {
		if !m.d.scattered() {
			m.endRegion()
		}
		return true
	}
	if m.from == m.to {
		m.from, m.to = frame, frame
	}
	m.to = frame + count
	size := uint64(m.blockSize)
	switch {
	case s == frameLeft:
		m.left += count
	case m.missing == nil:
		m.block.AddCustom(frame*size, count, m.index)
		m.index += int64(count)
	default:
		for ; count > 0; frame, count = frame+1, count-1 {
			if m.missing(m.index) {
				m.lost++
			} else {
				m.block.AddCustom(frame*size, 1, m.index)
			}
			m.index++
		}
	}
	return true
}

func (m *kdumpMap) endRegion() {
	from, to := m.from, m.to
	m.from, m.to = 0, 0
	if from < to {
		size := uint64(m.blockSize)
		m.d.addRegion(Region{Base: from * size, Size: (to - from) * size, Block: m.block, Offset: from * size})
	}
}

// eachRun gives the intervals of frames of one state, in order.
func (k *kdump) eachRun(yield func(frame, count uint64, s frameState) bool) error {
	const chunk = 64 << 10
	var exists, dumped [chunk]byte
	var run struct {
		frame, count uint64
		s            frameState
	}
	for off := int64(0); uint64(off)*8 < k.frames; off += chunk {
		n := min(chunk, k.half-off)
		if err := readFull(k.src, exists[:n], k.bitmaps+off, "the first page bitmap"); err != nil {
			return err
		}
		if err := readFull(k.src, dumped[:n], k.bitmaps+off+k.second(), "the second page bitmap"); err != nil {
			return err
		}
		for at := int64(0); at < n; at += 8 {
			frame := uint64(off+at) * 8
			if frame >= k.frames {
				break
			}
			data := binary.LittleEndian.Uint64(dumped[at:]) // bit i of byte j is frame 8j+i, whatever the byte order
			memory := binary.LittleEndian.Uint64(exists[at:]) | data
			if k.split {
				data &= below(k.last, frame) &^ below(k.first, frame)
			}
			valid := int(min(64, k.frames-frame))
			for bit := 0; bit < valid; {
				s, same := frameHole, memory>>bit
				switch {
				case data>>bit&1 != 0:
					s, same = frameData, ^data>>bit
				case memory>>bit&1 != 0:
					s, same = frameLeft, ^(memory&^data)>>bit
				}
				count := min(bits.TrailingZeros64(same), valid-bit)
				if s != run.s {
					if run.count > 0 && !yield(run.frame, run.count, run.s) {
						return nil
					}
					run.frame, run.count, run.s = frame+uint64(bit), 0, s
				}
				run.count += uint64(count)
				bit += count
			}
		}
	}
	if run.count > 0 {
		yield(run.frame, run.count, run.s)
	}
	return nil
}

// second is how far the second bitmap is behind the first.
func (k *kdump) second() int64 { return k.descs - k.bitmaps - k.half }

// below has a bit set for each of the 64 frames from frame on that is below limit.
func below(limit, frame uint64) uint64 {
	switch {
	case limit <= frame:
		return 0
	case limit-frame >= 64:
		return ^uint64(0)
	}
	return 1<<(limit-frame) - 1
}

// findMissing returns nil where the file holds all its pages: then nothing but the bitmaps need be read. Pages lie in the order
// of their descriptors, but for the page of zeros that many share; so the last one that is not shared tells.
func (k *kdump) findMissing() func(index int64) bool {
	total := int64(0)
	err := k.eachRun(func(_, count uint64, s frameState) bool {
		if s == frameData {
			total += int64(count)
		}
		return true
	})
	if err != nil || total == 0 {
		return nil
	}
	r := &descReader{kdump: k}
	if k.status&dumpIncomplete != 0 || k.descs+total*descSize > k.src.Size() {
		return r.missing
	}
	first, _ := r.get(0)
	for i := total - 1; i >= 0; i-- {
		desc, _ := r.get(i)
		if desc.offset != first.offset || i == 0 {
			if r.missing(i) {
				return r.missing
			}
			return nil
		}
	}
	return nil
}

// descReader reads page descriptors in the order of their numbers, or against it, a chunk at a time.
type descReader struct {
	*kdump
	buf   []byte
	start int64 // number of the first in buf
}

type pageDesc struct {
	offset      uint64
	size, flags uint32
}

func (r *descReader) get(i int64) (pageDesc, bool) {
	const chunk = 1024
	if i < r.start || i >= r.start+int64(len(r.buf)/descSize) {
		if r.buf == nil {
			r.buf = make([]byte, chunk*descSize)
		}
		r.start = i / chunk * chunk
		n, _ := r.src.ReadAt(r.buf[:chunk*descSize], r.descs+r.start*descSize)
		r.buf = r.buf[:n]
	}
	at := (i - r.start) * descSize
	if at+descSize > int64(len(r.buf)) {
		return pageDesc{}, false
	}
	return parseDesc(r.buf[at:], r.order), true
}

func parseDesc(b []byte, order binary.ByteOrder) pageDesc {
	return pageDesc{order.Uint64(b), order.Uint32(b[8:]), order.Uint32(b[12:])}
}

// missing tells whether a page's descriptor or data are not in the file.
func (r *descReader) missing(i int64) bool {
	desc, ok := r.get(i)
	return !ok || desc.offset == 0 || desc.size == 0 || desc.offset > uint64(r.src.Size()-r.base) || uint64(desc.size) > uint64(r.src.Size()-r.base)-desc.offset
}
