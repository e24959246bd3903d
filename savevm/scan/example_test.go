package scan_test

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/scan"
)

func Example() {
	guest := memory.Bytes("\x7fELF\x02\x01....Linux version 6.1\x00...\x7fELF\x01\x01")
	patterns := []scan.Pattern{
		scan.Must(scan.Hex("7f 45 4c 46 0? 01")),
		scan.Must(scan.Regexp(`Linux version [\d.]+`)),
	}
	result := scan.Scan(context.Background(), guest, patterns, scan.Options{})
	for hit := range result.Hits() {
		fmt.Printf("%#x: pattern %d, %q\n", hit.Address, hit.Pattern, hit.Bytes)
	}
	fmt.Println("complete:", result.Complete())
	// Output:
	// 0x0: pattern 0, "\x7fELF\x02\x01"
	// 0xa: pattern 1, "Linux version 6.1"
	// 0x1f: pattern 0, "\x7fELF\x01\x01"
	// complete: true
}

func ExampleInt() {
	guest := make(memory.Bytes, 64)
	binary.LittleEndian.PutUint64(guest[40:], 0xffff888012345678)
	binary.LittleEndian.PutUint64(guest[51:], 0xffff888000000000) // not aligned
	// Pointers into the first terabyte of Linux's direct map on x86-64.
	pointer := scan.Must(scan.Int(0xffff888000000000, 8, binary.LittleEndian, 0xffffff8000000000))
	for hit := range scan.Scan(context.Background(), guest, []scan.Pattern{pointer}, scan.Options{Align: 8}).Hits() {
		fmt.Printf("%#x: %#x\n", hit.Address, binary.LittleEndian.Uint64(hit.Bytes))
	}
	// Output:
	// 0x28: 0xffff888012345678
}

func ExampleStrings() {
	guest := memory.Bytes("\x00\x01init=/sbin/init\x00\xffC\x00:\x00\\\x00T\x00E\x00M\x00P\x00\x00\x00")
	for s := range scan.Strings(context.Background(), guest, scan.StringsOptions{Encoding: "both"}).All() {
		fmt.Printf("%#x %s %s\n", s.Address, s.Encoding, s.Text)
	}
	// Output:
	// 0x2 ascii init=/sbin/init
	// 0x13 utf16le C:\TEMP
}

func ExampleDiff() {
	before := make(memory.Bytes, 3*4096)
	after := append(memory.Bytes(nil), before...)
	after[5000] = 1
	for c := range scan.Diff(context.Background(), before, after, scan.DiffOptions{}).Changes() {
		fmt.Printf("%#x, %d bytes\n", c.Base, c.Size)
	}
	// Output:
	// 0x1000, 4096 bytes
}

func ExampleHistogram() {
	h := scan.Histogram(context.Background(), memory.Bytes("aabb"), 0, 0)
	fmt.Println(h.Counts['a'], h.Counts['b'], h.Counts.Entropy())
	// Output:
	// 2 2 1
}
