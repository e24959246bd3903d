package bindings_test

import (
	"iter"

	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
)

// bareTarget is four bytes of memory and nothing else.
type bareTarget struct{}

var bareMemory = memory.Bytes{1, 2, 3, 4}

func (bareTarget) ReadMemory(p []byte, address uint64) (int, error) {
	return bareMemory.ReadMemory(p, address)
}
func (bareTarget) Extents(first, last uint64) iter.Seq[memory.Extent] {
	return bareMemory.Extents(first, last)
}
func (bareTarget) Info() savevm.Info          { return savevm.Info{Size: 4} }
func (bareTarget) Warnings() []savevm.Warning { return nil }
func (bareTarget) CPUs() []*savevm.CPU        { return nil }
func (bareTarget) Ranges() []savevm.Range     { return nil }
func (bareTarget) Blocks() []*savevm.Block    { return nil }
func (bareTarget) Devices() []*savevm.Device  { return nil }
func (bareTarget) Explain(address uint64) savevm.Provenance {
	return savevm.Provenance{Address: address}
}
func (t bareTarget) Space(c paging.Config) (*paging.Space, error) { return paging.New(t, c) }
