package ctype

import (
	"fmt"
	"strconv"
	"strings"
)

// A shape is what is worked out of a type once and kept: its members by name, its enumerators by value.
type shape struct {
	fields      []Member
	byName      map[string]int
	enumerators map[int64]string
}

// Bounds on the flattening of anonymous members. Declarations cannot reach them; a damaged description, where a struct may contain
// itself, does, and then has no further fields.
const (
	maxAnonymous = 64
	maxVisits    = 1 << 17
)

func (t *Type) shapeOf() *shape {
	t = t.Strip()
	if s := t.shape.Load(); s != nil {
		return s
	}
	s := &shape{}
	switch t.kind {
	case Struct, Union:
		visits := maxVisits
		s.flatten(t, 0, 0, &visits)
		s.byName = make(map[string]int, len(s.fields))
		for i, m := range s.fields {
			if _, dup := s.byName[m.Name]; !dup {
				s.byName[m.Name] = i
			}
		}
	case Enum:
		list := t.Enumerators()
		s.enumerators = make(map[int64]string, len(list))
		for _, e := range list {
			if _, dup := s.enumerators[e.Value]; !dup {
				s.enumerators[e.Value] = e.Name
			}
		}
	}
	t.shape.CompareAndSwap(nil, s)
	return t.shape.Load()
}

func (s *shape) flatten(t *Type, base uint64, depth int, visits *int) {
	for _, m := range t.Members() {
		if *visits--; *visits < 0 {
			return
		}
		m.BitOffset += base
		switch {
		case m.Name != "":
			s.fields = append(s.fields, m)
		case m.BitSize == 0 && depth < maxAnonymous:
			if inner := m.Type.Strip(); inner.composite() {
				s.flatten(inner, m.BitOffset, depth+1, visits)
			}
		}
	}
}

// Fields are the named members of a struct or union, those of its anonymous structs and unions included, in the order of their
// declaration. BitOffset counts from the start of t. The slice is shared: do not change it.
func (t *Type) Fields() []Member { return t.shapeOf().fields }

// Field finds a member by name, also inside anonymous members.
func (t *Type) Field(name string) (Member, bool) {
	s := t.shapeOf()
	i, ok := s.byName[name]
	if !ok {
		return Member{}, false
	}
	return s.fields[i], true
}

// FieldIndex is the index in [Type.Fields] of a member, -1 when there is none of that name.
func (t *Type) FieldIndex(name string) int {
	if i, ok := t.shapeOf().byName[name]; ok {
		return i
	}
	return -1
}

// EnumName is the first enumerator of an enum with that value.
func (t *Type) EnumName(value int64) (string, bool) {
	name, ok := t.shapeOf().enumerators[value]
	return name, ok
}

// Lookup finds what a path leads to: "a.b[3].c", with every part inside t (pointers are not followed). Its Name is the last
// name of the path. An index beyond an array's end is an error, unless the array is flexible.
func (t *Type) Lookup(path string) (Member, error) {
	at := Member{Type: t}
	rest := path
	for rest != "" {
		var err error
		if rest[0] == '[' {
			rest, err = at.index(rest)
		} else {
			rest, err = at.member(rest)
		}
		if err != nil {
			return Member{}, fmt.Errorf("%s, path %q: %w", t, path, err)
		}
		if strings.HasPrefix(rest, ".") && len(rest) > 1 && rest[1] != '[' && rest[1] != '.' {
			rest = rest[1:]
		} else if rest != "" && rest[0] != '[' {
			return Member{}, fmt.Errorf("%s, path %q: expected .name or [index] at %q", t, path, rest)
		}
	}
	return at, nil
}

// member moves at to the member that path starts with.
func (at *Member) member(path string) (rest string, err error) {
	name, end := path, strings.IndexAny(path, ".[-")
	if end >= 0 {
		name, rest = path[:end], path[end:]
	}
	owner := at.Type.Strip()
	if !owner.composite() {
		if owner.kind == Pointer {
			return "", fmt.Errorf("%s is a pointer (%s); the path stays inside one type", orThe(at.Name), at.Type)
		}
		return "", fmt.Errorf("%s is no struct or union (%s), so it has no member %q", orThe(at.Name), at.Type, name)
	}
	m, ok := owner.Field(name)
	if !ok {
		return "", noMember(owner, name)
	}
	m.BitOffset += at.BitOffset
	*at = m
	return rest, nil
}

// index moves at to the element that path, which starts with '[', names.
func (at *Member) index(path string) (rest string, err error) {
	number, rest, ok := strings.Cut(path[1:], "]")
	if !ok {
		return "", fmt.Errorf("%q has no closing ]", path)
	}
	i, err := strconv.ParseUint(strings.TrimSpace(number), 0, 47)
	if err != nil {
		return "", fmt.Errorf("[%s] is no index", number)
	}
	array := at.Type.Strip()
	if array.kind != Array {
		return "", fmt.Errorf("%s is no array (%s)", orThe(at.Name), at.Type)
	}
	if n := array.Len(); n > 0 && i >= uint64(n) {
		return "", fmt.Errorf("index %d is beyond the %d elements of %s", i, n, orThe(at.Name))
	}
	elem := array.Elem()
	bits := mulSat(mulSat(i, elem.Size()), 8)
	if bits > maxSize*8 {
		return "", fmt.Errorf("index %d is beyond any memory", i)
	}
	*at = Member{Name: at.Name, Type: elem, BitOffset: at.BitOffset + bits}
	return rest, nil
}

func orThe(name string) string {
	if name == "" {
		return "the type"
	}
	return strconv.Quote(name)
}

// noMember says that a struct has no such member, and which one may have been meant.
func noMember(t *Type, name string) error {
	if reason, incomplete := t.Incomplete(); incomplete {
		if reason != "" {
			reason = " (" + reason + ")"
		}
		return fmt.Errorf("%s is declared but not defined%s: member %q is not known", t, reason, name)
	}
	for _, m := range t.Fields() {
		if strings.EqualFold(m.Name, name) || strings.Trim(m.Name, "_") == strings.Trim(name, "_") {
			return fmt.Errorf("%s has no member %q (did you mean %q?)", t, name, m.Name)
		}
	}
	return fmt.Errorf("%s has no member %q", t, name)
}

// Sizeof is C's sizeof, in bytes; an error when the type is only declared.
func Sizeof(t *Type) (uint64, error) {
	if err := checkComplete(t); err != nil {
		return 0, err
	}
	return t.Size(), nil
}

// Offsetof is C's offsetof, in bytes; path is that of [Type.Lookup].
func Offsetof(t *Type, path string) (uint64, error) {
	m, err := t.Lookup(path)
	if err != nil {
		return 0, err
	}
	if m.BitSize != 0 && m.BitOffset%8 != 0 {
		return 0, fmt.Errorf("%s, path %q: a bit-field that starts inside a byte has no offset in bytes", t, path)
	}
	return m.Offset(), nil
}

// ContainerOf is the kernel's container_of: the address of the t whose member at path lies at address. It wraps at 2^64, as
// pointers do.
func ContainerOf(t *Type, path string, address uint64) (uint64, error) {
	offset, err := Offsetof(t, path)
	return address - offset, err
}
