package symbols

import (
	"iter"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/symbols/infer"
)

// inferTypes finds out the types of a kernel that does not state them.
func (k *Kernel) inferTypes() (*infer.Types, error) {
	return infer.Infer(infer.Kernel{
		Memory:  k.Memory(),
		ABI:     k.ABI,
		Lowest:  k.arch.lowest,
		AtLeast: k.Version.AtLeast,
		Symbol:  k.Symbols.kernel.Address,
		Maps:    k.isPageTable,
		Info:    k.VMCoreInfo(),
		Heads: func() iter.Seq2[uint64, uint64] {
			heads := k.recovery(nil).heads()
			return func(yield func(head, first uint64) bool) {
				for head, first := range heads {
					if !yield(head, first) {
						return
					}
				}
			}
		},
		List: func(head uint64, most int) []uint64 {
			nodes, _ := k.walkList(head, most)
			return nodes
		},
	})
}

// isPageTable tells whether the page table of a process is at an address: it maps the kernel as the kernel's own does. On arm64, where
// the kernel has a page table of its own, all its entries lead to tables, and something is mapped by them.
func (k *Kernel) isPageTable(at uint64) bool {
	if k.Space == nil {
		return false
	}
	root, err := k.Space.Translate(at)
	if err != nil {
		return false
	}
	if k.arch.name == "aarch64" {
		const table = 3
		size, used := k.rootSize(), false
		if at%size != 0 {
			return false
		}
		entries := memory.ReadSparse(k.Memory(), at, size)
		for i := uint64(0); i < size; i += 8 {
			if entries[i]&table != table && entries[i] != 0 {
				return false
			}
			used = used || entries[i] != 0
		}
		return used && k.mapsAnything(root)
	}
	space, err := k.SpaceAt(root)
	if err != nil {
		return false
	}
	init, ok := k.Symbols.kernel.Address("init_task")
	if !ok {
		return false
	}
	own, err1 := k.Space.Translate(init)
	theirs, err2 := space.Translate(init)
	return err1 == nil && err2 == nil && own == theirs
}

// rootSize is how many bytes the topmost table of an arm64 kernel has: what of an address the other levels leave, which can be less than
// fills a page.
func (k *Kernel) rootSize() uint64 {
	shift, ok := map[string]uint64{"arm64-4k": 12, "arm64-16k": 14, "arm64-64k": 16}[k.Root.Mode]
	if !ok || k.Root.TCR == 0 {
		return 4096
	}
	bits, level := 64-k.Root.TCR>>16&63, shift-3 // T1SZ
	return 8 << ((bits-shift-1)%level + 1)
}

// mapsAnything tells whether a page is mapped for a process.
func (k *Kernel) mapsAnything(root uint64) bool {
	space, err := k.SpaceAt(root)
	if err != nil {
		return false
	}
	for range space.Mappings(0, 1<<space.AddressBits()-1, 0).All() {
		return true
	}
	return false
}
