package infer

import (
	"encoding/binary"

	"github.com/svscript/svscript/savevm/memory"
)

// A window is the memory at an address, as far as a struct of unknown size may reach. What cannot be read is zero.
type window struct {
	at   uint64
	b    []byte
	wide bool // words are 8 bytes
}

const page = 4096

// window reads so many bytes.
func (in *inference) window(at, size uint64) window {
	return window{at, memory.ReadSparse(in.Memory, at, size), in.word == 8}
}

// windows reads a window at each address.
func (in *inference) windows(at []uint64, size uint64) []window {
	all := make([]window, len(at))
	for i, a := range at {
		all[i] = in.window(a, size)
	}
	return all
}

func (w window) u32(off uint64) uint32 {
	if off+4 > uint64(len(w.b)) {
		return 0
	}
	return binary.LittleEndian.Uint32(w.b[off:])
}

func (w window) u64(off uint64) uint64 {
	if off+8 > uint64(len(w.b)) {
		return 0
	}
	return binary.LittleEndian.Uint64(w.b[off:])
}

// ptr is the pointer or unsigned long at an offset.
func (w window) ptr(off uint64) uint64 {
	if w.wide {
		return w.u64(off)
	}
	return uint64(w.u32(off))
}

// text is the printable ASCII text at an offset that ends with a NUL within so many bytes; "" when there is none.
func (w window) text(off, most uint64) string {
	for n := uint64(0); n < most && off+n < uint64(len(w.b)); n++ {
		switch c := w.b[off+n]; {
		case c == 0:
			return string(w.b[off : off+n])
		case c < ' ' || c > '~':
			return ""
		}
	}
	return ""
}

// most tells whether nine of ten windows at least pass a test. Memory may be damaged.
func most(all []window, test func(w window) bool) bool {
	failed := 0
	for _, w := range all {
		if !test(w) {
			if failed++; failed*10 > len(all) {
				return false
			}
		}
	}
	return len(all) > 0
}

// some tells whether one window at least passes a test.
func some(all []window, test func(w window) bool) bool {
	for _, w := range all {
		if test(w) {
			return true
		}
	}
	return false
}

// distinct counts the values that the windows have.
func distinct(all []window, value func(w window) uint64) int {
	seen := map[uint64]bool{}
	for _, w := range all {
		seen[value(w)] = true
	}
	return len(seen)
}

// A span is where an offset is looked for: from first up to end, in steps.
type span struct{ first, end, step uint64 }

// find is the first offset in a span that passes a test.
func (s span) find(test func(off uint64) bool) (off uint64, ok bool) {
	for off = s.first; off < s.end; off += s.step {
		if test(off) {
			return off, true
		}
	}
	return 0, false
}

// only is the offset in a span that alone passes a test.
func (s span) only(test func(off uint64) bool) (off uint64, ok bool) {
	off, ok = s.find(test)
	if ok {
		if _, again := (span{off + s.step, s.end, s.step}).find(test); again {
			return 0, false
		}
	}
	return off, ok
}
