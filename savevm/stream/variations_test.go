package stream_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/stream"
)

// A modern stream has a configuration section, footers and a description.
type modern struct {
	builder
	devices []string // of the description
}

func newModern(subsections ...func(w *modern)) *modern {
	w := &modern{}
	w.b = append(w.b, "QEVM"...)
	w.u32(3)
	w.u8(7)
	w.u32(4)
	w.b = append(w.b, "test"...)
	for _, s := range subsections {
		s(w)
	}
	return w
}

func (w *modern) footer(id uint32) {
	w.u8(0x7e)
	w.u32(id)
}

// ram writes a RAM of two pages, 0x41 and a zero page; extra comes behind the block's size.
func (w *modern) ram(extra ...uint64) {
	w.section(1, 2, "ram", 0, 4)
	w.u64(0x2000 | 4)
	w.name("pc.ram")
	w.u64(0x2000)
	for _, v := range extra {
		w.u64(v)
	}
	w.u64(0x10)
	w.footer(2)
	w.u8(2)
	w.u32(2)
	w.u64(0x200) // MULTIFD_FLUSH
	w.u64(0x08)
	w.name("pc.ram")
	w.b = append(w.b, bytes.Repeat([]byte{0x41}, 4096)...)
	w.u64(0x1000 | 0x22)
	w.u8(0)
	w.u64(0x10)
	w.footer(2)
}

func (w *modern) ramEnd() {
	w.u8(3)
	w.u32(2)
	w.u64(0x10)
	w.footer(2)
}

// device writes a section and its description.
func (w *modern) device(id uint32, name string, description string, body ...byte) {
	w.section(4, id, name, 0, 1)
	w.b = append(w.b, body...)
	w.footer(id)
	if description != "" {
		w.devices = append(w.devices, fmt.Sprintf(`{"name": %q, "instance_id": 0, "vmsd_name": %q, "version": 1, %s}`, name, name, description))
	}
}

func (w *modern) command(command uint16, payload ...byte) {
	w.u8(8)
	w.u16(command)
	w.u16(uint16(len(payload)))
	w.b = append(w.b, payload...)
}

func (w *modern) end() []byte {
	w.u8(0)
	if w.devices != nil {
		json := `{"page_size": 4096, "devices": [` + strings.Join(w.devices, ", ") + `]}`
		w.u8(6)
		w.u32(uint32(len(json)))
		w.b = append(w.b, json...)
	}
	return w.b
}

const oneByte = `"fields": [{"name": "a", "type": "uint8", "size": 1}]`

// TestVariations reads streams as QEMU writes them in circumstances that the real images do not cover.
func TestVariations(t *testing.T) {
	subsection := func(name string, body ...byte) func(w *modern) {
		return func(w *modern) {
			w.u8(5)
			w.name(name)
			w.u32(1)
			w.b = append(w.b, body...)
		}
	}
	capability := subsection("configuration/capabilities", append([]byte{0, 0, 0, 1, 15}, "x-ignore-shared"...)...)
	for _, c := range []struct {
		name     string
		build    func() []byte
		devices  string
		warnings int
		check    func(t *testing.T, s *stream.Stream)
	}{
		{"unknown part of the configuration", func() []byte {
			w := newModern(subsection("configuration/new", make([]byte, 33)...), subsection("configuration/uuid", make([]byte, 16)...), capability)
			w.ram(0x40000000)
			w.ramEnd()
			w.device(3, "aa", oneByte, 7)
			return w.end()
		}, "aa", 0, func(t *testing.T, s *stream.Stream) {
			if len(s.Capabilities) != 1 || !s.Blocks[0].HasAddress || s.Blocks[0].Address != 0x40000000 {
				t.Errorf("capabilities %q, block at %#x", s.Capabilities, s.Blocks[0].Address)
			}
		}},
		{"postcopy: page size, commands, devices in a package, RAM behind them", func() []byte {
			w := newModern()
			w.command(3, make([]byte, 16)...) // POSTCOPY_ADVISE
			w.ram(0x200000)
			var in modern
			in.command(4) // POSTCOPY_LISTEN
			in.device(3, "aa", oneByte, 7)
			in.command(5) // POSTCOPY_RUN
			w.command(7, 0, 0, byte(len(in.b)>>8), byte(len(in.b)))
			w.b = append(w.b, in.b...)
			w.devices = in.devices
			w.u8(2)
			w.u32(2)
			w.u64(0x1000 | 0x28)
			w.b = append(w.b, bytes.Repeat([]byte{0x42}, 4096)...)
			w.u64(0x10)
			w.footer(2)
			w.ramEnd()
			return w.end()
		}, "aa", 0, func(t *testing.T, s *stream.Stream) {
			b := []byte{0}
			if _, err := s.Blocks[0].ReadMemory(b, 0x1fff); err != nil || b[0] != 0x42 {
				t.Errorf("the page sent by postcopy has %#x, %v", b, err)
			}
		}},
		{"live sections of other devices", func() []byte {
			w := newModern()
			w.section(1, 9, "dirty-bitmap", 0, 1)
			w.zeros(300)
			w.footer(9)
			w.section(1, 10, "0000:00:05.0/vfio", 0, 1)
			w.u64(0xffffffffef100001)
			w.footer(10)
			w.ram()
			for range 5 {
				w.u8(2)
				w.u32(10)
				w.u64(0xffffffffef100003)
				w.zeros(100000)
				w.footer(10)
			}
			w.ramEnd()
			w.u8(3)
			w.u32(10)
			w.zeros(10)
			w.footer(10)
			w.device(3, "aa", oneByte, 7)
			return w.end()
		}, "aa", 2, nil},
		{"a device of a high priority first, nothing described", func() []byte {
			w := newModern()
			w.ram()
			w.ramEnd()
			w.device(40, "0000:00:03.0/pcie-root-port", "", bytes.Repeat([]byte{1, 4, 0}, 100)...)
			w.device(3, "vga", "", bytes.Repeat([]byte{1, 4, 0}, 100)...)
			w.device(5, "serial", "", bytes.Repeat([]byte{1, 4, 0}, 100)...)
			return w.end()
		}, "0000:00:03.0/pcie-root-port vga serial", 1, nil},
		{"arrays of pointers of which some are null (QEMU 9.2 and later)", func() []byte {
			w := newModern()
			w.ram()
			w.ramEnd()
			w.device(3, "aa", `"fields": [
				{"name": "p", "array_len": 4, "type": "struct", "struct": {"vmsd_name": "s", "version": 1, "fields": [{"name": "x", "type": "uint16", "size": 2}]}, "size": 2},
				{"name": "p", "array_len": 2, "type": "nullptr", "size": 1},
				{"name": "p", "type": "struct", "struct": {"vmsd_name": "s", "version": 1, "fields": [{"name": "x", "type": "uint16", "size": 2}]}, "size": 2},
				{"name": "last", "type": "uint8", "size": 1}]`, 0, 1, '0', '0', 0, 4, 9)
			return w.end()
		}, "aa", 0, func(t *testing.T, s *stream.Stream) {
			d, err := s.Devices[0].Decode()
			if err != nil {
				t.Fatal(err)
			}
			p, _ := d.Field("p").([]any)
			if len(p) != 4 || p[1] != nil || p[2] != nil || fmt.Sprint(d.Field("last")) != "9" {
				t.Fatalf("%v", d)
			}
			last := p[3].(stream.Struct)
			if x, _ := last.Uint("x"); x != 4 {
				t.Errorf("%v", p)
			}
		}},
		{"struct by version, list, subsection in a struct, no name of its own", func() []byte {
			w := newModern()
			w.ram()
			w.ramEnd()
			body := append([]byte{0, 1, 5, 3, 'v', '/', 's', 0, 0, 0, 1, 8}, 1, 0, 0, 0, 2, 1, 0, 0, 0, 3, 0)
			w.devices = append(w.devices, `{"name": "aa", "instance_id": 0, "version": 1, "fields": [
				{"name": "v", "type": "vstruct", "vmsd_name": "v", "version": 2, "fields": [{"name": "x", "type": "uint16", "size": 2}],
				 "subsections": [{"vmsd_name": "v/s", "version": 1, "fields": [{"name": "y", "type": "uint8", "size": 1}]}], "size": 12},
				{"name": "q", "type": "qtailq", "vmsd_name": "e", "version": 1, "fields": [{"name": "z", "type": "uint32", "size": 4}],
				 "vmsd_name": "e", "version": 1, "fields": [{"name": "z", "type": "uint32", "size": 4}], "size": 11}]}`)
			w.device(3, "aa", "", body...)
			return w.end()
		}, "aa", 0, func(t *testing.T, s *stream.Stream) {
			d, err := s.Devices[0].Decode()
			if err != nil {
				t.Fatal(err)
			}
			v, _ := d.Field("v").(stream.Struct)
			if x, _ := v.Uint("x"); x != 1 {
				t.Errorf("x = %d", x)
			}
			if y, _ := v.Uint("y"); y != 8 {
				t.Errorf("y = %d", y)
			}
			if q, _ := d.Field("q").([]byte); len(q) != 11 {
				t.Errorf("q = %v", d.Field("q"))
			}
		}},
		{"the description is wrong for one device, and damaged for another", func() []byte {
			w := newModern()
			w.ram()
			w.ramEnd()
			w.device(3, "aa", `"fields": [{"name": "a", "type": "uint8", "size": 9}]`, 7)
			w.device(4, "bb", `"fields": [{"name": "a", "type": 3, "size": "x"}]`, 7)
			w.device(5, "cc", oneByte, 7)
			return w.end()
		}, "aa bb cc", 2, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			image := c.build()
			s := read(t, image)
			var names []string
			for _, d := range s.Devices {
				names = append(names, d.Name)
				if _, err := d.Decode(); err != nil {
					t.Error(err)
				}
			}
			if got := strings.Join(names, " "); got != c.devices || !s.Complete || s.End != int64(len(image)) {
				t.Errorf("devices %q, complete %v, end %#x of %#x", got, s.Complete, s.End, len(image))
			}
			if len(s.Warnings) != c.warnings {
				t.Errorf("%d warnings: %v", len(s.Warnings), s.Warnings)
			}
			for e := range s.Blocks[0].Extents(0, 0x1fff) {
				if e.Kind == memory.Absent {
					t.Errorf("%#x +%#x is absent", e.Base, e.Size)
				}
			}
			if c.check != nil {
				c.check(t, s)
			}
		})
	}
}
