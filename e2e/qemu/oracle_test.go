package qemu

import (
	"slices"
	"testing"
)

func TestParseMtreeTakesTheSystemsRAMAndROM(t *testing.T) {
	const s = `FlatView #0
 AS "I/O", root: io
 Root memory region: io
  0000000000000000-0000000000000007 (prio 0, i/o): dma-chan

FlatView #1
 AS "memory", root: system
 AS "cpu-memory-0", root: system
 Root memory region: system
  0000000000000000-000000000009ffff (prio 0, ram): pc.ram
  00000000000a0000-00000000000bffff (prio 1, i/o): vga-lowmem
  00000000000f0000-00000000000fffff (prio 0, rom): pc.bios
  0000000000100000-0000000000ffffff (prio 0, ram): pc.ram @0000000000100000
  00000000fec00000-00000000fec00fff (prio 0, i/o): ioapic

FlatView #2
 AS "cpu-smm-0", root: memory
  00000000000a0000-00000000000bffff (prio 0, ram): pc.ram @00000000000a0000
`
	want := []Range{
		{GPA: 0, Size: 0xa0000, Block: "pc.ram", Kind: "ram"},
		{GPA: 0xf0000, Size: 0x10000, Block: "pc.bios", Kind: "rom"},
		{GPA: 0x100000, Size: 0xf00000, Block: "pc.ram", Offset: 0x100000, Kind: "ram"},
	}
	if got := ParseMtree(s); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
