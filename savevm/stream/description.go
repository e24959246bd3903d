package stream

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/svscript/svscript/savevm/internal/wire"
)

// A Description is the layout of a device's section as the stream's vmdescription gives it: a vmstate description.
type Description struct {
	Name        string             `json:"name,omitempty"`
	Instance    uint32             `json:"instance_id,omitempty"`
	VMSD        string             `json:"vmsd_name,omitempty"`
	Version     uint32             `json:"version"`
	Fields      []FieldDescription `json:"fields"`
	Subsections []Description      `json:"subsections,omitempty"`
}

// A FieldDescription is one field: Size bytes, ArrayLen times over where it is set.
type FieldDescription struct {
	Name     string       `json:"name"`
	Type     string       `json:"type"`
	Size     int64        `json:"size"` // bytes of one element
	ArrayLen *int64       `json:"array_len,omitempty"`
	Index    *int         `json:"index,omitempty"`  // in an array whose elements differ in size
	Struct   *Description `json:"struct,omitempty"` // of a struct, whose Size counts its subsections

	// Types "tmp" and "vstruct" have their fields in the field itself. Lists (qtailq, gtree) have too, those of each element
	// under the same keys: of them nothing but the size is certain.
	Fields      []FieldDescription `json:"fields,omitempty"`
	Subsections []Description      `json:"subsections,omitempty"`

	valid []uint64 // of a built-in layout: the values that the field can have; nil: all
}

// schema is the vmdescription, by section.
type schema struct {
	devices map[string]*Description // by name/instance
	size    uint64                  // of a page
	end     int64                   // offset behind the JSON
	partial bool                    // the JSON was cut off, or is damaged
	cut     bool                    // the file ends inside the JSON
}

// findSchema looks for the vmdescription behind offset from. It is at the very end of the stream, behind the devices that it
// describes; so it is looked for when the first device is met. Its mark is the end marker, the type byte, and a length that
// leads to the closing brace.
func (p *parser) findSchema(from int64) {
	if p.searched {
		return
	}
	p.searched = true
	mark := []byte{vmEOF, vmDescription}
	const step, head = 256 << 10, 8
	c := *p.c // the parser's place stays; a window of an unmapped source is shared
	c.DropWindow()
	for off := from; off < c.End(); off += step {
		c.Goto(off)
		b := c.Peek(step + head)
		for i := 0; ; i++ {
			j := bytes.Index(b[i:], mark)
			if j < 0 || i+j >= step {
				break
			}
			i += j
			if len(b) < i+7 || b[i+6] != '{' {
				continue
			}
			size := int64(binary.BigEndian.Uint32(b[i+2:]))
			start := off + int64(i) + 6
			if p.readSchema(&c, start, size) {
				return
			}
			c.Goto(off) // the window may have moved
			b = c.Peek(step + head)
		}
	}
}

// maxDescription bounds the JSON: the largest real ones have a few hundred bytes for each device of a machine.
const maxDescription = 64 << 20

// readSchema parses the JSON at start; false where it is none.
func (p *parser) readSchema(c *wire.Cursor, start, size int64) bool {
	cut := start+size > c.End()
	if size > maxDescription || size < 2 {
		return false
	}
	c.Goto(start)
	raw := c.Bytes(min(size, c.End()-start))
	if raw == nil || !cut && raw[len(raw)-1] != '}' {
		return false
	}
	s, err := parseDescription(raw)
	if err != nil && !cut && len(s.devices) == 0 {
		return false
	}
	s.end, s.partial = min(start+size, c.End()), err != nil
	s.cut = cut && s.partial // JSON that is whole has a damaged length
	if s.partial {
		p.warn(nil, start, "the stream's own description of its devices is cut off or damaged; %d of them are described", len(s.devices))
	}
	p.schema, p.Description = s, raw
	return true
}

// parseDescription reads the JSON device by device, so that one which is cut off still describes the first of them.
func parseDescription(raw []byte) (*schema, error) {
	s := &schema{devices: map[string]*Description{}}
	t := jsonText{raw}
	if !t.take('{') {
		return s, errNoJSON
	}
	for !t.take('}') {
		key, err := t.value()
		if err != nil || !t.take(':') {
			return s, errNoJSON
		}
		if string(key) == `"devices"` {
			err = s.parseDevices(&t)
		} else if value, e := t.value(); e != nil {
			err = e
		} else if string(key) == `"page_size"` {
			err = json.Unmarshal(value, &s.size)
		}
		if err != nil {
			return s, err
		}
		t.take(',')
	}
	return s, nil
}

func (s *schema) parseDevices(t *jsonText) error {
	if !t.take('[') {
		return errNoJSON
	}
	seen := map[string]*Description{}
	for !t.take(']') {
		device, err := t.value()
		if err != nil {
			return err
		}
		t.take(',')
		dev, err := parseDevice(device, seen)
		if odd := (*json.UnmarshalTypeError)(nil); errors.As(err, &odd) {
			continue // this device's only
		} else if err != nil {
			return err
		}
		if dev != nil {
			s.devices[fmt.Sprintf("%s/%d", dev.Name, dev.Instance)] = dev
		}
	}
	return nil
}

var errNoJSON = errors.New("this is no JSON, or it is cut off")

// A jsonText is JSON that is taken apart. Only brackets and strings are looked at: encoding/json reads what is then used, which is little,
// as a machine's many CPUs are all described by the same text.
type jsonText struct{ rest []byte }

// take steps over a character, and white space before it.
func (t *jsonText) take(c byte) bool {
	t.rest = bytes.TrimLeft(t.rest, " \t\r\n")
	if len(t.rest) == 0 || t.rest[0] != c {
		return false
	}
	t.rest = t.rest[1:]
	return true
}

// value steps over a value and returns its text: all that is left where the value has no end, with an error.
func (t *jsonText) value() ([]byte, error) {
	b := bytes.TrimLeft(t.rest, " \t\r\n")
	depth := 0
	for i := 0; i < len(b); i++ {
		end := i + 1
		switch b[i] {
		case '"':
			if end = stringEnd(b, i); end < 0 {
				i = len(b)
				continue
			}
			i = end - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth--; depth < 0 {
				return nil, errNoJSON
			}
		default:
			if depth > 0 {
				continue
			}
			if n := bytes.IndexAny(b[i:], ",:]} \t\r\n"); n > 0 { // a number, true, …
				end = i + n
			} else {
				return nil, errNoJSON
			}
		}
		if depth == 0 {
			t.rest = b[end:]
			return b[:end], nil
		}
	}
	t.rest = nil
	return b, errNoJSON
}

// stringEnd is the offset behind the string that begins at an offset, or -1.
func stringEnd(b []byte, at int) int {
	for i := at + 1; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}

// parseDevice reads one device's description. Devices of one kind (the CPUs of a machine with many) are described by the same
// text but for the instance: seen has the descriptions by that text. It returns nil for one that nests too deep.
func parseDevice(raw []byte, seen map[string]*Description) (*Description, error) {
	head, layout, ok := bytes.Cut(raw, []byte(`"vmsd_name":`))
	if ok {
		if like := seen[string(layout)]; like != nil {
			dev := *like
			dev.Instance = 0
			err := json.Unmarshal(append(slices.Clip(bytes.TrimRight(head, ", \t\r\n")), '}'), &dev)
			if err == nil {
				return &dev, nil
			}
		}
	}
	dev := new(Description)
	if err := json.Unmarshal(raw, dev); err != nil {
		return nil, err
	}
	repairPointerArrays(dev.Fields)
	if !dev.depth(0) {
		return nil, nil
	}
	if ok {
		seen[string(layout)] = dev
	}
	return dev, nil
}

// repairPointerArrays corrects what QEMU since 9.2 says of an array of pointers of which some are null (vmstate.c,
// vmstate_save_state_v): it comes as one entry for each run of null or other elements, all of one name, and the first, where
// it is not null, claims the length of the whole array.
func repairPointerArrays(fields []FieldDescription) {
	for i := range fields {
		f := &fields[i]
		if f.Struct != nil {
			repairPointerArrays(f.Struct.Fields)
		}
		if f.ArrayLen == nil || f.Type == typeNull || i > 0 && fields[i-1].Name == f.Name {
			continue
		}
		rest := int64(0)
		for j := i + 1; j < len(fields) && fields[j].Name == f.Name; j++ {
			rest += fields[j].count()
		}
		if n := *f.ArrayLen - rest; rest > 0 && n > 0 {
			f.ArrayLen = &n
		}
	}
}

// typeNull is the type of a null pointer in an array of pointers: one byte, '0'.
const typeNull = "nullptr"

// maxDepth bounds how deep structs lie in each other; QEMU's deepest has fewer than ten levels.
const maxDepth = 32

// depth tells whether the description nests no deeper than maxDepth.
func (d *Description) depth(n int) bool {
	if n > maxDepth {
		return false
	}
	for i := range d.Subsections {
		if !d.Subsections[i].depth(n + 1) {
			return false
		}
	}
	return fieldsDepth(d.Fields, n)
}

func fieldsDepth(fields []FieldDescription, n int) bool {
	for i := range fields {
		f := &fields[i]
		if f.Struct != nil && !f.Struct.depth(n+1) || n > maxDepth || !fieldsDepth(f.Fields, n+1) {
			return false
		}
		for j := range f.Subsections {
			if !f.Subsections[j].depth(n + 1) {
				return false
			}
		}
	}
	return true
}

// count is how many elements a field has.
func (f *FieldDescription) count() int64 {
	if f.ArrayLen != nil {
		return *f.ArrayLen
	}
	return 1
}

// fieldsSize is how many bytes the fields take, or -1 where the numbers make no sense for limit bytes.
func fieldsSize(fields []FieldDescription, limit int64) int64 {
	sum := int64(0)
	for i := range fields {
		n, size := fields[i].count(), fields[i].Size
		if n < 0 || size < 0 || size > 0 && n > limit/size || n*size > limit-sum {
			return -1
		}
		sum += n * size
	}
	return sum
}

// size is how many bytes the description's section takes with its subsections, or -1.
func (d *Description) size(limit int64) int64 {
	sum := fieldsSize(d.Fields, limit)
	for i := range d.Subsections {
		if sum < 0 {
			return -1
		}
		s := &d.Subsections[i]
		n := s.size(limit - sum)
		if n < 0 {
			return -1
		}
		sum += n + int64(1+1+len(s.VMSD)+4) // 05, the counted name, the version
	}
	if sum > limit {
		return -1
	}
	return sum
}
