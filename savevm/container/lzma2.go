package container

import (
	"encoding/binary"
	"errors"
	"io"
)

// lzma2 decompresses LZMA2: chunks, most of them LZMA. Of data that is cut off or damaged it gives everything in front, to
// the last byte that can be told, since that can be MiBs of RAM.
//
// Source: LZMA specification, draft of 2015-06-14 (Igor Pavlov), for LZMA; the .xz file format, 5.3.1, and the Linux
// kernel's Documentation/staging/xz.rst for LZMA2's chunks, which are:
//
//	0x00                                        the end
//	0x01, 0x02    u16 size-1, bytes             stored bytes; 1 resets the dictionary
//	0x80 … 0xff   u16 size-1, u16 packed-1      LZMA: bits 0-4 are bits 16-20 of size-1; bits 5-6: 0 goes on, 1 resets the
//	              [properties], packed bytes    state, 2 gives new properties too, 3 resets the dictionary too
type lzma2 struct {
	window     []byte // the dictionary, and from start on the chunk that is being decompressed
	start      int
	dictionary int // bytes
	head       int // bytes since the dictionary was reset, all of which count for positions

	lc, lp, pb uint32 // properties: bits of the byte before, of the position for literals, of the position for matches
	ready      bool   // properties were given
	state      uint32
	rep        [4]uint32 // distances of the last matches, less one
	lzmaProbs
	r rangeDecoder
}

type prob = uint16

// lzmaProbs is the probabilities of each bit to be 0.
type lzmaProbs struct {
	match, rep0Long    [lzmaStates][16]prob
	isRep, g0, g1, g2  [lzmaStates]prob
	slot               [4][64]prob
	special            [115]prob
	align              [16]prob
	length, lengthReps lengthProbs
	literal            [0x300 << 4]prob
}

type lengthProbs struct {
	choice, choice2 prob
	low, mid        [16][8]prob
	high            [256]prob
}

const (
	lzmaStates   = 12
	lzmaLiterals = 7 // states below are those after a literal
	lzmaMinMatch = 2
	lzmaChunk    = 2 << 20 // bytes that a chunk decompresses to at most
)

var errLZMA = errors.New("the LZMA data is damaged")

// decompress reads chunks up to the end mark.
func (z *lzma2) decompress(in *input, w io.Writer, dictionary int64) error {
	z.window, z.dictionary, z.head, z.ready = z.window[:0], int(dictionary), -1, false
	for {
		control, err := in.ReadByte()
		switch {
		case err != nil:
			return err
		case control == 0:
			return nil
		case control == 1 || control >= 0xe0:
			z.head = 0
		case control > 2 && control < 0x80 || z.head < 0:
			return errLZMA
		}
		z.start = len(z.window)
		if control < 0x80 {
			err = z.stored(in)
		} else {
			err = z.packed(in, uint32(control))
		}
		if _, werr := w.Write(z.window[z.start:]); werr != nil {
			return werr
		}
		if err != nil {
			return err
		}
	}
}

// makeRoom begins a chunk of size bytes. The window keeps the dictionary, and no more than a quarter as much again, so that not
// much is moved; it is as large as what was decompressed, not as the dictionary is said to be.
func (z *lzma2) makeRoom(size int) {
	limit := z.dictionary + z.dictionary/4 + lzmaChunk
	if len(z.window)+size > limit {
		z.window = z.window[:copy(z.window, z.window[len(z.window)-z.dictionary:])]
	}
	z.start = len(z.window)
	if need := z.start + size; need > cap(z.window) {
		z.window = append(make([]byte, 0, min(max(need, 2*cap(z.window)), limit)), z.window...)
	}
}

func (z *lzma2) stored(in *input) error {
	var size [2]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return err
	}
	n := int(binary.BigEndian.Uint16(size[:])) + 1
	z.makeRoom(n)
	b, err := in.Peek(n) // the input's buffer is larger
	z.window = append(z.window, b...)
	z.head += len(b)
	in.Discard(len(b))
	return err
}

// packed decompresses a chunk of LZMA.
func (z *lzma2) packed(in *input, control uint32) error {
	var sizes [4]byte
	if _, err := io.ReadFull(in, sizes[:]); err != nil {
		return err
	}
	size := int(control&0x1f)<<16 + int(binary.BigEndian.Uint16(sizes[:])) + 1
	packed := int(binary.BigEndian.Uint16(sizes[2:])) + 1
	if control >= 0xc0 {
		b, err := in.ReadByte()
		if err != nil {
			return err
		}
		p := uint32(b)
		z.lc, z.lp, z.pb, z.ready = p%9, p/9%5, p/45, true
		if z.pb > 4 || z.lc+z.lp > 4 {
			return errLZMA
		}
	}
	if !z.ready {
		return errLZMA
	}
	if control >= 0xa0 {
		z.reset()
	}
	z.makeRoom(size)
	b, err := in.Peek(packed)
	z.r.start(b)
	z.chunk(len(z.window) + size)
	in.Discard(len(b))
	z.r.normalize()
	if err == nil && (z.r.failed || len(z.r.in) > 0 || z.r.code != 0) {
		err = errLZMA
	}
	return err
}

func (z *lzma2) reset() {
	z.state, z.rep = 0, [4]uint32{}
	p := &z.lzmaProbs
	for _, list := range [][]prob{
		p.isRep[:], p.g0[:], p.g1[:], p.g2[:], p.special[:], p.align[:], p.literal[:0x300<<(z.lc+z.lp)],
	} {
		even(list)
	}
	for i := range lzmaStates {
		even(p.match[i][:])
		even(p.rep0Long[i][:])
	}
	for i := range p.slot {
		even(p.slot[i][:])
	}
	p.length.reset()
	p.lengthReps.reset()
}

func (l *lengthProbs) reset() {
	l.choice, l.choice2 = evenProb, evenProb
	for i := range l.low {
		even(l.low[i][:])
		even(l.mid[i][:])
	}
	even(l.high[:])
}

const evenProb = 1 << 10 // one half

func even(list []prob) {
	for i := range list {
		list[i] = evenProb
	}
}

// chunk appends to the window up to end, or until the input fails: then the last step was not done.
func (z *lzma2) chunk(end int) {
	r := &z.r
	for len(z.window) < end && !r.failed {
		posState := uint32(z.head) & (1<<z.pb - 1)
		if r.bit(&z.match[z.state][posState]) == 0 {
			z.literalByte()
			continue
		}
		length := z.matchLength(posState)
		distance := int(z.rep[0]) + 1
		if r.failed || distance > min(z.head, z.dictionary, len(z.window)) || length > end-len(z.window) {
			r.failed = true
			return
		}
		from := len(z.window) - distance
		z.head += length
		for length > 0 { // a match may go on into what it appends
			n := min(length, len(z.window)-from)
			z.window = append(z.window, z.window[from:from+n]...)
			length -= n
		}
	}
}

// literalByte decodes a byte and appends it.
func (z *lzma2) literalByte() {
	r := &z.r
	before := uint32(0)
	if z.head > 0 {
		before = uint32(z.window[len(z.window)-1])
	}
	i := (uint32(z.head)&(1<<z.lp-1))<<z.lc | before>>(8-z.lc)
	probs := z.literal[0x300*i:][:0x300]
	symbol := uint32(1)
	if z.state >= lzmaLiterals { // the byte that a match would have had is known to be another
		distance := int(z.rep[0]) + 1
		if distance > min(z.head, len(z.window)) {
			r.failed = true
			return
		}
		other, differ := uint32(z.window[len(z.window)-distance]), uint32(0x100)
		for symbol < 0x100 {
			other <<= 1
			theirs := other & differ
			bit := r.bit(&probs[differ+theirs+symbol])
			symbol = symbol<<1 | bit
			if bit == 0 {
				differ &^= theirs
			} else {
				differ = theirs
			}
		}
	} else {
		for symbol < 0x100 {
			symbol = symbol<<1 | r.bit(&probs[symbol])
		}
	}
	if r.failed {
		return
	}
	z.window = append(z.window, byte(symbol))
	z.head++
	switch {
	case z.state < 4:
		z.state = 0
	case z.state < 10:
		z.state -= 3
	default:
		z.state -= 6
	}
}

// matchLength decodes a match: its distance goes to rep[0].
func (z *lzma2) matchLength(posState uint32) int {
	r, s := &z.r, z.state
	after := func(literal, match uint32) {
		z.state = match
		if s < lzmaLiterals {
			z.state = literal
		}
	}
	if r.bit(&z.isRep[s]) == 0 {
		z.rep[1], z.rep[2], z.rep[3] = z.rep[0], z.rep[1], z.rep[2]
		after(7, 10)
		n := r.length(&z.length, posState)
		z.rep[0] = z.distance(n)
		return int(n) + lzmaMinMatch
	}
	if r.bit(&z.g0[s]) == 0 {
		if r.bit(&z.rep0Long[s][posState]) == 0 {
			after(9, 11)
			return 1
		}
	} else {
		i := 1
		if r.bit(&z.g1[s]) == 1 {
			i = 2 + int(r.bit(&z.g2[s]))
		}
		d := z.rep[i]
		copy(z.rep[1:i+1], z.rep[:i])
		z.rep[0] = d
	}
	after(8, 11)
	return int(r.length(&z.lengthReps, posState)) + lzmaMinMatch
}

// distance decodes the distance, less one, of a match of length n, less the least.
func (z *lzma2) distance(n uint32) uint32 {
	r := &z.r
	slot := r.tree(z.slot[min(n, 3)][:], 6)
	if slot < 4 {
		return slot
	}
	direct := slot>>1 - 1
	d := (2 | slot&1) << direct
	if slot < 14 {
		return d + r.reverse(z.special[d-slot:], direct)
	}
	return d + r.direct(direct-4)<<4 + r.reverse(z.align[:], 4)
}

// rangeDecoder decodes bits; failed is latched when its input ends, or does not begin as it must.
type rangeDecoder struct {
	in          []byte
	width, code uint32
	failed      bool
}

func (r *rangeDecoder) start(in []byte) {
	*r = rangeDecoder{width: ^uint32(0), failed: len(in) < 5 || in[0] != 0}
	if !r.failed {
		r.code, r.in = binary.BigEndian.Uint32(in[1:]), in[5:]
	}
}

// normalize takes another byte where the width has become small.
func (r *rangeDecoder) normalize() {
	if r.width >= 1<<24 {
		return
	}
	if len(r.in) == 0 {
		r.failed = true
		return
	}
	r.width <<= 8
	r.code = r.code<<8 | uint32(r.in[0])
	r.in = r.in[1:]
}

func (r *rangeDecoder) bit(p *prob) uint32 {
	r.normalize()
	bound := r.width >> 11 * uint32(*p)
	if r.code < bound {
		r.width = bound
		*p += (1<<11 - *p) >> 5
		return 0
	}
	r.width -= bound
	r.code -= bound
	*p -= *p >> 5
	return 1
}

// direct decodes n bits that are as often 0 as 1.
func (r *rangeDecoder) direct(n uint32) (v uint32) {
	for ; n > 0; n-- {
		r.normalize()
		r.width >>= 1
		v <<= 1
		if r.code >= r.width {
			r.code -= r.width
			v |= 1
		}
	}
	return v
}

// tree decodes n bits, the highest first; reverse the lowest first.
func (r *rangeDecoder) tree(probs []prob, n uint32) uint32 {
	m := uint32(1)
	for range n {
		m = m<<1 | r.bit(&probs[m])
	}
	return m - 1<<n
}

func (r *rangeDecoder) reverse(probs []prob, n uint32) (v uint32) {
	m := uint32(1)
	for i := range n {
		bit := r.bit(&probs[m])
		m = m<<1 | bit
		v |= bit << i
	}
	return v
}

// length decodes the length of a match, less the least.
func (r *rangeDecoder) length(l *lengthProbs, posState uint32) uint32 {
	switch {
	case r.bit(&l.choice) == 0:
		return r.tree(l.low[posState][:], 3)
	case r.bit(&l.choice2) == 0:
		return 8 + r.tree(l.mid[posState][:], 3)
	}
	return 16 + r.tree(l.high[:], 8)
}
