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
// the kernel has a page table of its own, all its entries lead to tables.
func (k *Kernel) isPageTable(at uint64) bool {
	if k.Space == nil {
		return false
	}
	root, err := k.Space.Translate(at)
	if err != nil {
		return false
	}
	if k.arch.name == "aarch64" {
		const table, page = 3, 4096
		entries, used := memory.ReadSparse(k.Memory(), at, page), false
		for i := 0; i < page; i += 8 {
			if entries[i]&table != table && entries[i] != 0 {
				return false
			}
			used = used || entries[i] != 0
		}
		return used && at%page == 0
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
