package scan

import "encoding/binary"

// A word compares 8 bytes under a mask at each aligned address: for integers at their natural alignment, and for patterns with
// so many wildcards that nothing else would rule out much.
type word struct {
	fixedPattern
	align       uint64
	offset      int // of the 8 bytes in the pattern
	value, mask uint64
}

func newWord(p fixedPattern, align uint64) *word {
	w := &word{fixedPattern: p, align: max(align, 1)}
	best := 2.0
	for offset := range max(len(p.value)-7, 1) {
		var value, mask [8]byte
		expected := 1.0
		for i := range min(8, len(p.value)-offset) {
			value[i], mask[i] = p.value[offset+i], p.bits(offset+i)
			expected *= share(value[i], mask[i])
		}
		if expected < best {
			best, w.offset = expected, offset
			w.value, w.mask = binary.LittleEndian.Uint64(value[:]), binary.LittleEndian.Uint64(mask[:])
		}
		if offset > 256 {
			break // enough to choose from
		}
	}
	return w
}

func (w *word) find(text []byte, from, to int, address uint64, hits []hit) []hit {
	to = min(to, len(text)-len(w.fixedPattern.value)+1)
	if r := (address + uint64(from)) % w.align; r != 0 {
		if w.align-r >= uint64(len(text)) {
			return hits
		}
		from += int(w.align - r)
	}
	if from >= to {
		return hits
	}
	step := int(min(w.align, uint64(len(text))))
	// Where all 8 bytes can be loaded; the last few places are compared one by one.
	fast := min(to, len(text)-w.offset-7)
	value, mask := w.value, w.mask
	at := from
	if step == 8 {
		// The loop that addresses are searched with: four at a time.
		for ; at+32 <= fast; at += 32 {
			p := (*[32]byte)(text[at+w.offset:])
			a := binary.LittleEndian.Uint64(p[0:])&mask ^ value
			b := binary.LittleEndian.Uint64(p[8:])&mask ^ value
			c := binary.LittleEndian.Uint64(p[16:])&mask ^ value
			d := binary.LittleEndian.Uint64(p[24:])&mask ^ value
			if a != 0 && b != 0 && c != 0 && d != 0 {
				continue
			}
			for i := at; i < at+32; i += 8 {
				if w.at(text, i) {
					hits = append(hits, w.hit(i))
				}
			}
		}
	}
	for ; at < fast; at += step {
		if binary.LittleEndian.Uint64(text[at+w.offset:])&mask == value && w.at(text, at) {
			hits = append(hits, w.hit(at))
		}
	}
	for ; at < to; at += step {
		if w.at(text, at) {
			hits = append(hits, w.hit(at))
		}
	}
	return hits
}
