package paging_test

import (
	"fmt"

	"github.com/svscript/svscript/savevm/paging"
)

// A page directory of one 4 MiB page, and what the CPU's registers make of it.
func Example() {
	guest := newSparse()
	guest.put32(0x1000+0x300*4, 0x00800083)

	space, err := paging.New(guest, paging.X86(0x80000011, 0x1000, 0x10, 0)) // CR0.PG and PE, CR3, CR4.PSE, EFER
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(space)
	for m := range space.Mappings(0, ^uint64(0), 0).All() {
		fmt.Printf("%#x–%#x → %#x %s\n", m.Base, m.Last(), m.Physical, m.Flags)
	}
	physical, err := space.Translate(0xc0012345)
	fmt.Printf("%#x %v\n", physical, err)
	_, err = space.Translate(0x1000)
	fmt.Println(err)
	// Output:
	// x86-32 space 0x1000
	// 0xc0000000–0xc03fffff → 0x800000 rwx-
	// 0x812345 <nil>
	// cannot read x86-32 space 0x1000 at 0x1000: nothing is mapped there (not present: PD entry at 0x1000 is 0x0)
}
