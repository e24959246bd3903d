package stream

import (
	"bytes"
	"os"
	"testing"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm/internal/wire"
)

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
