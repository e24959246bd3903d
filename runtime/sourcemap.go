package runtime

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// The mappings of a source map (revision 3, tc39.es/ecma426) are lines separated by ';', each of segments separated by ','. A segment
// is up to five base64 VLQ numbers: the generated column, relative to the segment before on the line; the source, its line and its
// column, and a name, relative to the segment before in the file.

func mappingsOf(sourceMap []byte) (string, error) {
	var m struct{ Mappings string }
	if err := json.Unmarshal(sourceMap, &m); err != nil {
		return "", fmt.Errorf("the translator's source map: %w", err)
	}
	return m.Mappings, nil
}

// mapJSON is a source map of one source.
func mapJSON(name, mappings string) []byte {
	b, err := json.Marshal(map[string]any{
		"version": 3, "sources": []string{mapSource(name)}, "names": []string{}, "mappings": mappings})
	if err != nil {
		panic(err) // strings always marshal
	}
	return b
}

func base64JSON(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// shiftMappings fits mappings to what goja does with them: it looks columns up counting from 1 and returns them as they are, where the
// format counts from 0. prefix columns were put before the first line.
func shiftMappings(mappings string, prefix int) string {
	var b strings.Builder
	first := true // segment with a source column in the file
	for i, line := range strings.Split(mappings, ";") {
		if i > 0 {
			b.WriteByte(';')
		}
		for j, segment := range strings.Split(line, ",") {
			if j > 0 {
				b.WriteByte(',')
			}
			if segment == "" || j > 0 && !first {
				b.WriteString(segment)
				continue
			}
			fields, ok := decodeVLQ(segment)
			if !ok {
				return mappings
			}
			if j == 0 {
				fields[0]++
				if i == 0 {
					fields[0] += prefix
				}
			}
			if first && len(fields) >= 4 {
				fields[3]++
				first = false
			}
			b.WriteString(encodeVLQ(fields))
		}
	}
	return b.String()
}

// decodeMappings are the segments of each line, with numbers that are relative to nothing, and without names.
func decodeMappings(mappings string) (lines [][][]int, ok bool) {
	var at [4]int // generated column, source, line, column
	for line := range strings.SplitSeq(mappings, ";") {
		var segments [][]int
		at[0] = 0
		for segment := range strings.SplitSeq(line, ",") {
			if segment == "" {
				continue
			}
			fields, ok := decodeVLQ(segment)
			if !ok {
				return nil, false
			}
			fields = fields[:min(len(fields), len(at))]
			for i := range fields {
				at[i] += fields[i]
				fields[i] = at[i]
			}
			segments = append(segments, fields)
		}
		lines = append(lines, segments)
	}
	return lines, true
}

// encodeMappings is the other way.
func encodeMappings(lines [][][]int) string {
	var b strings.Builder
	var at [4]int
	for n, segments := range lines {
		if n > 0 {
			b.WriteByte(';')
		}
		at[0] = 0
		for j, fields := range segments {
			if j > 0 {
				b.WriteByte(',')
			}
			var relative [4]int
			for i, f := range fields {
				relative[i], at[i] = f-at[i], f
			}
			b.WriteString(encodeVLQ(relative[:len(fields)]))
		}
	}
	return b.String()
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func decodeVLQ(s string) (fields []int, ok bool) {
	for i := 0; i < len(s); {
		value, shift := 0, 0
		for {
			if i == len(s) || shift > 30 {
				return nil, false
			}
			digit := strings.IndexByte(base64Digits, s[i])
			if digit < 0 {
				return nil, false
			}
			i++
			value |= digit & 31 << shift
			if digit&32 == 0 {
				break
			}
			shift += 5
		}
		if value&1 != 0 {
			value = -(value >> 1)
		} else {
			value >>= 1
		}
		fields = append(fields, value)
	}
	return fields, len(fields) > 0
}

func encodeVLQ(fields []int) string {
	var b []byte
	for _, f := range fields {
		v := f << 1
		if f < 0 {
			v = -f<<1 | 1
		}
		for {
			digit := v & 31
			if v >>= 5; v > 0 {
				digit |= 32
			}
			b = append(b, base64Digits[digit])
			if v == 0 {
				break
			}
		}
	}
	return string(b)
}
