package btf

import "slices"

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
// are prototypes, as far as these lie between this gap and the next. Where that does not tell, because there are few types between
// two gaps, these types are lost too, and the two gaps are one.
func (s *Spec) fill(gaps []gap) {
	const maxGaps = 256 // each costs about a million steps
	v := s.evidence()
	whole := s.offsets
	s.offsets = append(make([]uint32, 0, len(whole)+64*len(gaps)), whole[:gaps[0].index]...)
	low, high := 0, 0
	for i, g := range gaps {
		low, high = low+1, high+max(1, g.bytes/12)
		end := len(whole)
		if i+1 < len(gaps) {
			end = gaps[i+1].index
		}
		missing, sure := 0, false
		if i < maxGaps && high-low < maxMissing {
			missing, sure = v.count(g.index, end, s.first+uint32(len(s.offsets)), low, high)
		}
		if !sure {
			// With IDs that are off by some, every type would be another one.
			low, high = low+end-g.index, high+end-g.index
			continue
		}
		for range min(missing, maxTypes-len(s.offsets)) {
			s.offsets = append(s.offsets, lost)
		}
		s.lostTypes += missing
		s.offsets = append(s.offsets, whole[g.index:end]...)
		low, high = 0, 0
	}
	s.lostTypes += low
	s.offsets = s.offsets[:min(len(s.offsets), maxTypes)]
}

// maxMissing bounds how many numbers of types are tried: as many as sixteen pages can have held.
const maxMissing = 16*4096/12 + 1

// evidence is what tells how many types a gap held.
type evidence struct {
	targets   []uint32 // the IDs of prototypes, as functions tell, ascending
	prototype []uint64 // which of the records that are left are prototypes, a bit each
}

func (s *Spec) evidence() *evidence {
	v := &evidence{prototype: make([]uint64, (len(s.offsets)+63)/64)}
	for i, at := range s.offsets {
		switch r, _ := s.recordAt(int(at)); r.kind() {
		case kindFunc:
			v.targets = append(v.targets, r.size)
		case kindFuncProto:
			v.prototype[i/64] |= 1 << (i % 64)
		}
	}
	slices.Sort(v.targets)
	return v
}

// count is the number of types, from low to high, that fits best before the records from first to end: the first of them then has the
// ID id plus that number.
func (v *evidence) count(first, end int, id uint32, low, high int) (count int, sure bool) {
	const sample = 4096
	from, _ := slices.BinarySearch(v.targets, id+uint32(low))
	to, _ := slices.BinarySearch(v.targets, id+uint32(high+end-first))
	targets := v.targets[from:to]
	step := 1 + len(targets)/sample
	best, second := 0, 0
	for n := low; n <= high; n++ {
		score := 0
		for k := 0; k < len(targets); k += step {
			i := int(int64(targets[k])-int64(id)) - n + first
			switch {
			case i < first || i >= end:
			case v.prototype[i/64]>>(i%64)&1 != 0:
				score++
			default:
				score -= 8
			}
		}
		if score > best {
			best, second, count = score, best, n
		} else if score > second {
			second = score
		}
	}
	return count, best >= 3 && best > second
}
