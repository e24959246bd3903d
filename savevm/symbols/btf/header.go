package btf

import (
	"bytes"
	"encoding/binary"
)

// Rebuild gives BTF whose header is gone, zeros, a new one: data is all that lies between the linker's marks. The types then begin
// after the header, and the strings where the names that records tell are names. It reports whether they were found; data is
// changed only then.
func Rebuild(data []byte) bool {
	if len(data) > maxSize || len(data) < headerSize || len(bytes.Trim(data[:headerSize], "\x00")) != 0 {
		return false
	}
	start := findStrings(data, sampleNames(data))
	if start == 0 {
		return false
	}
	copy(data, Magic)
	size := uint32(start - headerSize)
	for i, v := range []uint32{headerSize, 0, size, size, uint32(len(data) - start)} {
		binary.LittleEndian.PutUint32(data[4+4*i:], v)
	}
	return true
}

// sampleNames collects offsets of names: those of the longest rows of records in the first part of data, which is types.
func sampleNames(data []byte) (names []uint32) {
	const (
		most  = 1024 // names
		least = 512  // records on each other that are no chance
	)
	s := &Spec{first: 1, types: data[:len(data)/4&^3]}
	for at := headerSize; at < len(s.types) && len(names) < most; {
		end, found := at, []uint32(nil)
		n := 0
		for ; n < least; n++ {
			r, size := s.recordAt(end)
			if size == 0 {
				break
			}
			if k := r.kind(); r.name != 0 && (k == kindStruct || k == kindTypedef || k == kindFunc) {
				found = append(found, r.name)
			}
			end += size
		}
		if n < least {
			at += 4
			continue
		}
		names, at = append(names, found...), end
	}
	return names
}

// findStrings finds where the strings begin: with an empty one, after the last record, whose last byte is zero too. It returns 0 when
// no place fits nearly all of the names.
func findStrings(data []byte, names []uint32) int {
	const least = 64 // names
	if len(names) < least {
		return 0
	}
	for start := (len(data) - 2) &^ 3; start > headerSize; start -= 4 {
		if data[start] == 0 && data[start-1] == 0 && data[start+1] > ' ' && namesFit(data[start:], names) {
			return start
		}
	}
	return 0
}

// namesFit reports whether names begin at nearly all of the offsets. Pages of zeros speak neither for it nor against.
func namesFit(text []byte, names []uint32) bool {
	const tolerated = 8 // of each hundred, and at first
	good, bad := 0, 0
	for _, n := range names {
		switch {
		case uint64(n) >= uint64(len(text)):
			bad++
		case text[n-1] == 0 && text[n] == 0:
		case text[n-1] == 0 && isIdentifier(text[n]):
			good++
		default:
			bad++
		}
		if bad > tolerated+good/12 {
			return false
		}
	}
	return good > len(names)/2 && bad <= good/12
}

func isIdentifier(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.'
}
