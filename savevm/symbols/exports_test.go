package symbols

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Pieces of tables of real kernels, in both layouts that are relative, are found and read: testdata/exports-*.txt say how they were made.
func TestExports(t *testing.T) {
	files, err := filepath.Glob("testdata/exports-*.txt")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var e exports
			var base uint64
			var stride int
			want := map[string]uint64{}
			for line := range strings.Lines(string(text)) {
				f := strings.Fields(line)
				var at int
				var address uint64
				switch f[0] {
				case "base":
					fmt.Sscan(f[1], &base)
				case "stride":
					fmt.Sscan(f[1], &stride)
				case "symbol":
					fmt.Sscan(f[2], &address)
					want[f[1]] = address
				case "bytes":
					fmt.Sscan(f[1], &at)
					b, err := hex.DecodeString(f[2])
					if err != nil {
						t.Fatal(err)
					}
					if more := at + len(b) - len(e.data); more > 0 {
						e.data = append(e.data, make([]byte, more)...)
					}
					copy(e.data[at:], b)
				}
			}
			entry, have := e.find()
			if have != stride {
				t.Fatalf("entries of %d bytes, the kernel has %d", have, stride)
			}
			found := 0
			for name, value := range e.around(entry, stride) {
				if address, ok := want[name]; ok {
					found++
					if got := base + uint64(int64(value)); got != address {
						t.Errorf("%s = %#x, the kernel has it at %#x", name, got, address)
					}
				}
			}
			if found != len(want) || found < 20 {
				t.Errorf("%d symbols of %d", found, len(want))
			}
		})
	}
}

// A struct kernel_symbol in its three layouts: Linux 6.1's and 4.18's that a module has, and that of 32 bits before 4.19.
func TestKernelSymbol(t *testing.T) {
	for _, c := range []struct {
		bytes       string
		at          uint64
		relative    bool
		bits        int
		value, name uint64
	}{
		{"00f0ffff 10000000 00000000", 0xffffffffc0003000, true, 64, 0xffffffffc0002000, 0xffffffffc0003014},
		{"0010001ec0ffffff 0020001ec0ffffff", 0, false, 64, 0xffffffc01e001000, 0xffffffc01e002000},
		{"001080f8 002080f8", 0, false, 32, 0xf8801000, 0xf8802000},
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(c.bytes, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if value, name := kernelSymbol(b, c.at, c.relative, c.bits); value != c.value || name != c.name {
			t.Errorf("%s: %#x named at %#x, want %#x, %#x", c.bytes, value, name, c.value, c.name)
		}
	}
}
