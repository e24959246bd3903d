package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// saved is a file as virsh save writes it.
type saved struct {
	magic                                     string
	order                                     binary.ByteOrder
	version, dataLen, running, format, cookie uint32
	data, payload                             string
}

func (s saved) bytes() []byte {
	b := make([]byte, libvirtHeaderSize)
	copy(b, s.magic)
	for i, v := range []uint32{s.version, s.dataLen, s.running, s.format, s.cookie} {
		s.order.PutUint32(b[16+4*i:], v)
	}
	return append(append(b, s.data...), s.payload...)
}

var plainSave = saved{libvirtMagic, binary.LittleEndian, 2, 20, 1, 0, 8, "<domain>\x00<c/>\x00" + "\x00\x00\x00\x00\x00\x00", "QEVM..."}

func TestLibvirtHeaders(t *testing.T) {
	plain := plainSave
	plain.cookie = 9
	for name, test := range map[string]struct {
		change  func(s *saved)
		want    Libvirt
		warning string // part of one; "" for none
		err     string // part of it
	}{
		"version 2":       {func(s *saved) {}, Libvirt{2, "<domain>", "<c/>", true, "raw", false, binary.LittleEndian}, "", ""},
		"big-endian":      {func(s *saved) { s.order = binary.BigEndian }, Libvirt{2, "<domain>", "<c/>", true, "raw", false, binary.BigEndian}, "", ""},
		"version 1":       {func(s *saved) { s.version, s.cookie, s.format = 1, 0, 77 }, Libvirt{1, "<domain>", "", true, "raw", false, binary.LittleEndian}, "", ""},
		"stopped":         {func(s *saved) { s.running = 0 }, Libvirt{2, "<domain>", "<c/>", false, "raw", false, binary.LittleEndian}, "", ""},
		"sparse":          {func(s *saved) { s.format = 6 }, Libvirt{2, "<domain>", "<c/>", true, "sparse", false, binary.LittleEndian}, "", ""},
		"partial":         {func(s *saved) { s.magic = libvirtPartial }, Libvirt{2, "<domain>", "<c/>", true, "raw", true, binary.LittleEndian}, "incomplete", ""},
		"no cookie":       {func(s *saved) { s.cookie = 0 }, Libvirt{2, "<domain>", "", true, "raw", false, binary.LittleEndian}, "", ""},
		"cookie too far":  {func(s *saved) { s.cookie = 20 }, Libvirt{2, "<domain>", "", true, "raw", false, binary.LittleEndian}, "cookie", ""},
		"says gzip":       {func(s *saved) { s.format = 1 }, Libvirt{2, "<domain>", "<c/>", true, "gzip", false, binary.LittleEndian}, "says gzip", ""},
		"unknown format":  {func(s *saved) { s.format = 9 }, Libvirt{2, "<domain>", "<c/>", true, "format 9", false, binary.LittleEndian}, "says format 9", ""},
		"version 3":       {func(s *saved) { s.version = 3 }, Libvirt{}, "", "version"},
		"version 0":       {func(s *saved) { s.version = 0 }, Libvirt{}, "", "version"},
		"no XML":          {func(s *saved) { s.dataLen = 0 }, Libvirt{}, "", "no domain XML"},
		"XML is cut off":  {func(s *saved) { s.dataLen = 28 }, Libvirt{}, "", "ends inside the domain XML"},
		"XML of 4 GiB":    {func(s *saved) { s.dataLen = 1<<32 - 1 }, Libvirt{}, "", "ends inside the domain XML"},
		"nothing follows": {func(s *saved) { s.payload = "" }, Libvirt{2, "<domain>", "<c/>", true, "raw", false, binary.LittleEndian}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := plain
			test.change(&s)
			c, err := openBytes(s.bytes(), Options{})
			if test.err != "" {
				var format *FormatError
				if !errors.As(err, &format) || format.Layer != "libvirt" || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if *c.Libvirt != test.want {
				t.Errorf("%+v, want %+v", *c.Libvirt, test.want)
			}
			if got := warningTexts(c); (got == "") != (test.warning == "") || !strings.Contains(got, test.warning) {
				t.Errorf("warnings %q, want %q", got, test.warning)
			}
			if c.Base != libvirtHeaderSize+20 || !bytes.Equal(content(t, c), []byte(s.payload)) {
				t.Errorf("the stream starts at %d", c.Base)
			}
			if got := c.Locate(c.Base + 3); len(got) != 1 || got[0] != (Location{"file", c.Base + 3, ""}) {
				t.Errorf("Locate: %v", got)
			}
		})
	}
}

// What libvirt's header does not say is found all the same.
func TestLibvirtCompressionIsFound(t *testing.T) {
	payload, _ := samples(t)
	s := plainSave
	s.payload = string(compressZstd(t, payload))
	c, err := openBytes(s.bytes(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if !bytes.Equal(content(t, c), payload) || !strings.Contains(warningTexts(c), "says raw, but there is zstd") {
		t.Errorf("warnings %q", warningTexts(c))
	}
}
