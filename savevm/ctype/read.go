package ctype

import (
	"fmt"
	"sync"

	"github.com/svscript/svscript/savevm/memory"
)

// maxRead bounds what is read at once, in bytes: a description from a damaged image decides the size of its types.
const maxRead = 64 << 20

// A TooLargeError says that a type is larger than what is read at once.
type TooLargeError struct {
	Type *Type
	Size uint64 // bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s has %d bytes, more than the %d that are read at once: read its members or elements instead", e.Type, e.Size, uint64(maxRead))
}

// DecodeAt reads and decodes the t at address. When not all of it can be read, the error is that of the read, a [*memory.Error], and the
// value holds what comes before: later fields are invalid, and an array may be cut short. Members after the gap are had with [ReadMember].
func DecodeAt(mem memory.Memory, address uint64, t *Type) (Value, error) {
	data, err := read(mem, address, t, t.Size())
	if err != nil && len(data) > 0 {
		return decodePrefix(t, data), err
	}
	if err != nil {
		return Value{}, err
	}
	return Decode(t, data)
}

// DecodeArrayAt reads and decodes n elements of type t from address on: an array of them. It is what a flexible array member needs, whose
// length another member tells.
func DecodeArrayAt(mem memory.Memory, address uint64, t *Type, n int) (Value, error) {
	if n < 0 || n > maxSize {
		return Value{}, fmt.Errorf("an array cannot have %d elements", n)
	}
	return DecodeAt(mem, address, ArrayOf(t, int64(n)))
}

func read(mem memory.Memory, address uint64, t *Type, size uint64) ([]byte, error) {
	if size > maxRead {
		return nil, &TooLargeError{Type: t, Size: size}
	}
	if size == 0 {
		return nil, checkComplete(t)
	}
	data := make([]byte, size)
	n, err := mem.ReadMemory(data, address)
	return data[:n], err
}

// ReadMember reads and decodes one member of the struct at address, and no byte besides. M comes from [Type.Field] or [Type.Lookup]; for
// a path that is walked often, keep it.
func ReadMember(mem memory.Memory, address uint64, m Member) (Value, error) {
	t := m.Type.Strip()
	first := m.BitOffset % 8 // 0 but for bit-fields
	size := t.Size()
	if m.BitSize != 0 {
		size = (first + min(m.BitSize, 64) + 7) / 8
	}
	if !t.scalar() || size > uint64(len(scratch{})) {
		return DecodeAt(mem, address+m.Offset(), m.Type)
	}
	buf := scratches.Get().(*scratch)
	defer scratches.Put(buf)
	if _, err := mem.ReadMemory(buf[:size], address+m.Offset()); err != nil {
		return Value{}, err
	}
	v := one(Member{Type: t, BitOffset: first, BitSize: m.BitSize}, buf[:size])
	if v.data != nil {
		v.data = append([]byte(nil), v.data...)
	}
	return v, nil
}

// A scratch holds any number while it is decoded.
type scratch [16]byte

var scratches = sync.Pool{New: func() any { return new(scratch) }}
