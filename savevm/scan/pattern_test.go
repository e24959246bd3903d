package scan

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

func TestHex(t *testing.T) {
	for _, tc := range []struct {
		in          string
		value, mask string
	}{
		{"13 37 ?? ff", "\x13\x37\x00\xff", "\xff\xff\x00\xff"},
		{"4? ?f", "\x40\x0f", "\xf0\x0f"},
		{"DEADbeef", "\xde\xad\xbe\xef", ""},
		{" 00\t01\n", "\x00\x01", ""},
		{"??aa", "\x00\xaa", "\x00\xff"},
	} {
		p, err := Hex(tc.in)
		if err != nil || string(p.value) != tc.value || string(p.mask) != tc.mask {
			t.Errorf("%q: %x & %x, %v", tc.in, p.value, p.mask, err)
		}
	}
}

func TestPatternErrorsNameThePlace(t *testing.T) {
	hex := func(s string) error { _, err := Hex(s); return err }
	re := func(s string) error { _, err := Regexp(s); return err }
	integer := func(v uint64, size int, mask uint64) error {
		_, err := Int(v, size, binary.LittleEndian, mask)
		return err
	}
	_, masked := Masked([]byte{1, 2}, []byte{1})
	_, utf16 := UTF16("\xff", binary.LittleEndian)
	_, empty := Text("")
	_, long := Bytes(make([]byte, MaxPattern+1))
	for _, tc := range []struct {
		err  error
		want string
	}{
		{hex("13 g7"), `pattern "13 g7", offset 3: 'g' is no hexadecimal digit`},
		{hex("13 3"), "offset 3: half a byte"},
		{hex("1 3"), "offset 0: half a byte"},
		{hex("13 é"), "offset 3: 'é' is no"},
		{hex(""), "empty"},
		{hex("?? ??"), "all wildcards"},
		{re("a(b"), "missing closing )"},
		{re("x[z-a]"), "offset 2: invalid character class range"},
		{re("^a"), "(?m)"},
		{re("a$"), "(?m)"},
		{re("a*"), "no bytes at all"},
		{re("(a|b?)"), "no bytes at all"},
		{re(`\b`), "no bytes at all"},
		{re("price €"), `offset 6: '€' is no byte (one byte is one character): write the bytes of its encoding, in UTF-8 \xe2\x82\xac`},
		{re("[а-я]"), "no byte"},
		{re("(?=a)"), "invalid or unsupported"},
		{re(`((a{100}){100}){100}`), "invalid repeat"},
		{integer(256, 1, 0), "does not fit into 8 bits"},
		{integer(1, 3, 0), "1, 2, 4 or 8"},
		{integer(1, 2, 0x10000), "does not fit"},
		{masked, "the value has 2 bytes and the mask 1"},
		{utf16, "UTF-8"},
		{empty, "empty"},
		{long, "the limit is"},
	} {
		if tc.err == nil || !strings.Contains(tc.err.Error(), tc.want) {
			t.Errorf("%v\n\twant %s", tc.err, tc.want)
		}
	}
}

func TestPatternBytes(t *testing.T) {
	for _, tc := range []struct {
		p    Pattern
		want string
	}{
		{Must(Text("é")), "\xc3\xa9"},
		{Must(UTF16("a€😀", binary.LittleEndian)), "a\x00\xac\x20\x3d\xd8\x00\xde"},
		{Must(UTF16("a", binary.BigEndian)), "\x00a"},
		{Must(Int(0x1234, 2, binary.BigEndian, 0)), "\x12\x34"},
		{Must(Int(0x1234, 4, binary.LittleEndian, 0)), "\x34\x12\x00\x00"},
		{Must(Int(0x12345678, 4, binary.BigEndian, 0xffff0000)), "\x12\x34\x00\x00"},
	} {
		if string(tc.p.value) != tc.want {
			t.Errorf("%v: %q, want %q", tc.p, tc.p.value, tc.want)
		}
	}
}

func FuzzPatterns(f *testing.F) {
	for _, s := range []string{"13 37 ?? ff", "4? ?f", "deadbeef", "?", "13 g", "a+b", "(?i)x\\b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := Hex(s); err == nil {
			again, err := Hex(strings.Join(strings.Fields(s), ""))
			if err != nil || !bytes.Equal(p.value, again.value) || !bytes.Equal(p.mask, again.mask) {
				t.Errorf("%q without its spaces is another pattern: %v", s, err)
			}
		}
		Regexp(s)
	})
}
