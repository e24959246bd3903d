package bindings

import (
	"github.com/dop251/goja"

	"github.com/svscript/svscript/savevm"
)

var blockClass = Class{
	Name: "Block", Extends: "Memory",
	Help: "A RAM block (QEMU's RAMBlock): memory over its own offsets, from 0 to size.",
	Members: []*Member{
		{Name: "name", Kind: Property, Type: "string", Help: `"pc.ram", "vga.vram", …, with a device's bus path before it.`,
			native: on(func(o *blockObject, c call) goja.Value { return c.b.str(o.block.Name) })},
		{Name: "size", Kind: Property, Type: "number", Help: "Bytes.",
			native: on(func(o *blockObject, c call) goja.Value { return c.b.number(o.block.Size) })},
		{Name: "pageSize", Kind: Property, Type: "number", Help: "Bytes of a page as the image stores it.",
			native: on(func(o *blockObject, c call) goja.Value { return c.b.number(o.block.PageSize) })},
		{Name: "explain", Args: []Arg{{Name: "offset", Type: "Address", Help: "in the block"}}, Type: "Explanation",
			Help: "Where the byte at an offset comes from: the place in the file, and how its page is stored there.", native: on((*blockObject).explain)},
	},
}

type blockObject struct {
	memoryObject
	block *savevm.Block
}

func (v *vm) blockOf(block *savevm.Block) *goja.Object {
	o := &blockObject{memoryObject{b: v.b, mem: block, name: "block " + block.Name, pointer: v.pointer, vm: v}, block}
	o.object = v.b.hold("Block", o)
	return o.object
}

// explain goes through the guest-physical map where the block is in it: that path knows the layers around the stream.
func (o *blockObject) explain(c call) goja.Value {
	offset := c.address(0)
	for _, r := range o.vm.target.Ranges() {
		if r.Block == o.block && offset >= r.Offset && offset-r.Offset < r.Size {
			return o.vm.explanation(o.vm.target.Explain(r.Base + offset - r.Offset))
		}
	}
	p := savevm.Provenance{Address: offset, Offset: offset}
	if offset < o.block.Size {
		p.Range = &savevm.Range{Size: o.block.Size, Kind: savevm.KindRAM, Block: o.block, Name: "not in the guest-physical map"}
		p.Location, p.Stored = o.block.Locate(offset)
	}
	return o.vm.explanation(p)
}
