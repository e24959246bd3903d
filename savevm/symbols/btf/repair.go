package btf

// split notes where each type's record begins. Records have no marks, and a type's ID is its place in the row: where a page of them
// is gone, it must be found where records go on, and how many there were.
func (s *Spec) split() {
	s.offsets = make([]uint32, 0, len(s.types)/28)
	var gaps []gap
	for at := 0; at < len(s.types) && len(s.offsets) < maxTypes; {
		if _, size := s.recordAt(at); size != 0 {
			s.offsets = append(s.offsets, uint32(at))
			at += size
			continue
		}
		next := s.resume(at)
		// What came just before may be damage read as records: a struct whose members reach into the gap does not show it.
		gaps = append(gaps, gap{index: len(s.offsets), bytes: next - at})
		s.lostBytes += next - at
		at = next
	}
	if len(gaps) > 0 {
		s.fill(gaps)
	}
}

// A gap is a part of the types that is no record: bytes of it, before the record with an index.
type gap struct{ index, bytes int }

// run is how many records must follow on each other for them to be taken for records.
const run = 24

// maxSearch bounds how far one search goes on a type section that is nothing but damage.
const maxSearch = 8 << 20

// resume finds where records go on after an offset, or the end.
func (s *Spec) resume(at int) int {
	for p := at + 4; p < len(s.types) && p < at+maxSearch; p += 4 {
		end, n := p, 0
		for n < run && end < len(s.types) {
			r, size := s.recordAt(end)
			if size == 0 || !s.plausible(r) {
				break
			}
			end += size
			n++
		}
		if n == run || n > 0 && end == len(s.types) {
			return p
		}
	}
	return len(s.types)
}

// plausible looks closer at a record than its size needs.
func (s *Spec) plausible(r record) bool {
	limit := s.first + maxTypes
	switch r.kind() {
	case kindPtr, kindVolatile, kindConst, kindRestrict:
		return r.name == 0 && r.vlen() == 0 && r.size < limit
	case kindTypedef, kindFunc, kindVar:
		return s.isString(r.name) && r.size < limit
	case kindStruct, kindUnion, kindEnum, kindEnum64:
		return (r.name == 0 || s.isString(r.name)) && r.size < 1<<28
	case kindArray, kindFuncProto:
		return r.name == 0
	}
	return s.isString(r.name)
}

// isString reports whether a string begins at an offset.
func (s *Spec) isString(offset uint32) bool {
	if offset < s.firstString {
		return s.base.isString(offset)
	}
	offset -= s.firstString
	return offset > 0 && uint64(offset) < uint64(len(s.strings)) && s.strings[offset-1] == 0
}

// fill finds how many types each gap held. A function's type is a prototype: the number is right with which the functions' types
// are prototypes, as far as these lie between this gap and the next.
func (s *Spec) fill(gaps []gap) {
	const maxTargets = 1 << 16
	var targets []uint32 // the IDs of prototypes, as functions tell
	prototype := make([]uint64, (len(s.offsets)+63)/64)
	for i, at := range s.offsets {
		switch r, _ := s.recordAt(int(at)); r.kind() {
		case kindFunc:
			if len(targets) < maxTargets {
				targets = append(targets, r.size)
			}
		case kindFuncProto:
			prototype[i/64] |= 1 << (i % 64)
		}
	}
	filled := make([]uint32, 0, len(s.offsets)+len(gaps)*8)
	done := 0
	for i, g := range gaps {
		filled = append(filled, s.offsets[done:g.index]...)
		done = g.index
		end := len(s.offsets)
		if i+1 < len(gaps) {
			end = gaps[i+1].index
		}
		missing, sure := 0, false
		if i < 64 { // each costs a pass over the targets for each number
			missing, sure = bestCount(g, end, s.first+uint32(len(filled)), targets, prototype)
		}
		if !sure {
			// With IDs that are off by some, every type would be another one.
			s.lostTypes += len(s.offsets) - g.index
			s.offsets = filled
			return
		}
		for range min(missing, maxTypes-len(filled)) {
			filled = append(filled, lost)
			s.lostTypes++
		}
	}
	s.offsets = append(filled, s.offsets[done:]...)
}

// bestCount is the number of types in a gap that fits best. The record at g.index gets the ID id plus that number.
func bestCount(g gap, end int, id uint32, targets []uint32, prototype []uint64) (count int, sure bool) {
	most := g.bytes / 12
	if most > 4096 {
		return 0, false
	}
	best, second := -1, -1
	for n := 1; n <= most; n++ {
		hits, misses := 0, 0
		for _, t := range targets {
			i := int64(t) - int64(id) - int64(n) + int64(g.index)
			if i < int64(g.index) || i >= int64(end) {
				continue
			}
			if prototype[i/64]>>(i%64)&1 != 0 {
				hits++
			} else {
				misses++
			}
		}
		score := hits - 8*misses
		if score > best {
			best, second, count = score, best, n
		} else if score > second {
			second = score
		}
	}
	return count, best > 0 && best > second
}
