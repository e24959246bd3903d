package stream_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/svscript/svscript/savevm/ram"
)

// TestDamagedBlockTable damages each entry of the table of RAM blocks: the other blocks, and their pages, are there.
func TestDamagedBlockTable(t *testing.T) {
	whole := load(t, "pg64")
	full := read(t, whole)
	for i, b := range full.Blocks {
		entry := bytes.Index(whole, binary.BigEndian.AppendUint64(append([]byte{byte(len(b.Name))}, b.Name...), b.Size))
		if entry < 0 {
			t.Fatalf("block %s is not in the table", b.Name)
		}
		size := entry + 1 + len(b.Name)
		for _, c := range []struct {
			name   string
			at     int
			to     string
			itself bool // the block is found too
		}{
			{"a size of 2^63", size, "\x80", true},
			{"a size that is odd, and too large", size + 1, "\xff\xff\xff\xff\xff\xff\xff", true},
			{"a name that is none", entry + 1, "\x00", false},
			{"a long name", entry, "\xf0", false},
		} {
			damaged := bytes.Clone(whole)
			copy(damaged[c.at:], c.to)
			s := read(t, damaged)
			found := map[string]*ram.Block{}
			for _, b := range s.Blocks {
				found[b.Name] = b
			}
			for j, want := range full.Blocks {
				got := found[want.Name]
				if got == nil && i == j && !c.itself {
					continue
				}
				if got == nil || got.Size != want.Size || got.Stored() != want.Stored() {
					t.Errorf("block %s with %s: block %s is %+v\n%v", b.Name, c.name, want.Name, got, s.Warnings)
				}
			}
			if len(s.Warnings) == 0 || !strings.Contains(s.Warnings[0].Text, "RAM block") {
				t.Errorf("block %s with %s: %v", b.Name, c.name, s.Warnings)
			}
		}
	}
	// The sum of all sizes is wrong.
	at := bytes.Index(whole, []byte("\x06pc.ram")) - 8
	for _, to := range []string{"\x10", "\x00\x00\x00\x00\x00\x10"} {
		damaged := bytes.Clone(whole)
		copy(damaged[at:], to)
		if s := read(t, damaged); len(s.Blocks) != len(full.Blocks) || len(s.Devices) != len(full.Devices) || len(s.Warnings) == 0 {
			t.Errorf("a sum that begins with % x: %d blocks, %v", to, len(s.Blocks), s.Warnings)
		}
	}
}
