package stream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm/internal/wire"
)

// TestParseDescription holds the description's devices against what encoding/json makes of it as a whole, and cuts it off.
func TestParseDescription(t *testing.T) {
	for _, name := range []string{"pg64", "q10-pc-m64", "arm64-4k", "pc-m64-smp4-pam"} {
		raw := description(t, name)
		var want struct {
			Devices []Description
		}
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(name, err)
		}
		s, err := parseDescription(raw)
		if err != nil || len(s.devices) != len(want.Devices) || len(s.devices) == 0 || s.size != 4096 {
			t.Fatalf("%s: %d devices, pages of %d bytes, %v; want %d", name, len(s.devices), s.size, err, len(want.Devices))
		}
		for _, d := range want.Devices {
			repairPointerArrays(d.Fields)
			if key := fmt.Sprintf("%s/%d", d.Name, d.Instance); !reflect.DeepEqual(s.devices[key], &d) {
				t.Errorf("%s: %s is %+v, want %+v", name, key, s.devices[key], d)
			}
		}
		before := 0
		for cut := 0; cut < len(raw); cut += len(raw)/53 + 1 {
			some, err := parseDescription(raw[:cut])
			if err == nil || len(some.devices) < before {
				t.Errorf("%s, cut at %d: %d devices after %d, %v", name, cut, len(some.devices), before, err)
			}
			before = len(some.devices)
			for key, d := range some.devices {
				if !reflect.DeepEqual(d, s.devices[key]) {
					t.Errorf("%s, cut at %d: %s is %+v", name, cut, key, d)
				}
			}
		}
		if before < len(s.devices)-8 {
			t.Errorf("%s: cut near its end, %d devices of %d are left", name, before, len(s.devices))
		}
	}
}

func TestJSONText(t *testing.T) {
	for _, c := range []struct{ text, value, rest string }{
		{`1`, "", ""},
		{` "a\"]\\" , 2`, `"a\"]\\"`, " , 2"},
		{`{"a": [1, "}", {"b\\": "\"{"}]}x`, `{"a": [1, "}", {"b\\": "\"{"}]}`, "x"},
		{`true]`, "true", "]"},
		{`-1.5e3,`, "-1.5e3", ","},
		{`[[]`, "", ""}, {`"a`, "", ""}, {`"a\"`, "", ""}, {``, "", ""}, {`]`, "", ""}, {`,`, "", ""},
	} {
		j := jsonText{[]byte(c.text)}
		value, err := j.value()
		if (err != nil) != (c.value == "") || err == nil && (string(value) != c.value || string(j.rest) != c.rest) {
			t.Errorf("%s: %q, %v; %q is left", c.text, value, err, j.rest)
		}
	}
}

// description is the vmdescription of a test image.
func description(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(testimage.Path(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	s, err := Read(wire.NewSource(bytes.NewReader(b), int64(len(b))), 0)
	if err != nil {
		tb.Fatal(err)
	}
	return s.Description
}

// BenchmarkParseDescription is of a machine with 64 CPUs, which are described by the same text over and over.
func BenchmarkParseDescription(b *testing.B) {
	const cpus = 64
	var one struct{ Devices []json.RawMessage }
	if err := json.Unmarshal(description(b, "pc-m64-smp4-pam"), &one); err != nil {
		b.Fatal(err)
	}
	var many [][]byte
	for _, d := range one.Devices {
		many = append(many, d)
		for _, name := range []string{"cpu", "cpu_common", "apic"} {
			head := fmt.Sprintf(`{"name": %q, "instance_id": `, name)
			if rest, ok := bytes.CutPrefix(d, []byte(head+"0")); ok {
				for i := 4; i < cpus; i++ {
					many = append(many, fmt.Appendf(nil, "%s%d%s", head, i, rest))
				}
			}
		}
	}
	raw := slices.Concat([]byte(`{"devices": [`), bytes.Join(many, []byte(", ")), []byte("]}"))
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if s, err := parseDescription(raw); err != nil || len(s.devices) < 3*cpus {
			b.Fatal(len(s.devices), err)
		}
	}
}

// FuzzDescription decodes a section of any bytes by a description of any bytes.
func FuzzDescription(f *testing.F) {
	for _, name := range []string{"pg64", "arm64-4k", "riscv64-sv39", "q10-pc-m64"} {
		b, err := os.ReadFile(testimage.Path(f, name))
		if err != nil {
			f.Fatal(err)
		}
		src := wire.NewSource(bytes.NewReader(b), int64(len(b)))
		s, err := Read(src, 0)
		if err != nil {
			f.Fatal(err)
		}
		for _, d := range s.Devices[:min(len(s.Devices), 12)] {
			raw, err := d.Raw()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(s.Description[:min(len(s.Description), 16<<10)], raw)
		}
	}
	f.Fuzz(func(_ *testing.T, description, body []byte) {
		s, _ := parseDescription(description)
		for _, d := range s.devices {
			size := d.size(int64(len(body)))
			if size < 0 {
				continue
			}
			src := wire.NewSource(bytes.NewReader(body), int64(len(body)))
			device := &Device{Size: size, Schema: d, src: src}
			device.Decode()
		}
	})
}
