package savevm

import (
	"github.com/svscript/svscript/savevm/dump"
	"github.com/svscript/svscript/savevm/internal/wire"
)

// readDump makes a row of contentFormats of a dump's reader.
func readDump(read func(src *wire.Source, base int64) (*dump.Dump, error)) func(*wire.Source, int64, Options) (*found, error) {
	return func(src *wire.Source, base int64, _ Options) (*found, error) {
		d, err := read(src, base)
		if err != nil {
			return nil, err
		}
		return foundInDump(d), nil
	}
}

func foundInDump(d *dump.Dump) *found {
	f := &found{
		format: d.Format, version: d.Version, arch: d.Arch, pageSize: d.PageSize, complete: d.Complete,
		mapSource: "the dump's own addresses", cpus: []*CPU{}, vmcoreInfo: d.VMCoreInfo,
	}
	for _, r := range d.Regions {
		if n := len(f.blocks); n == 0 || f.blocks[n-1] != r.Block {
			f.blocks = append(f.blocks, r.Block)
		}
		f.ranges = append(f.ranges, Range{Base: r.Base, Size: r.Size, Kind: KindRAM, Block: r.Block, Offset: r.Offset, Name: "RAM"})
	}
	for _, c := range d.CPUs {
		registers := make([]Register, len(c.Registers))
		for i, r := range c.Registers {
			registers[i] = Register(r)
		}
		f.cpus = append(f.cpus, NewCPU(c.Index, d.Arch, registers))
	}
	for _, w := range d.Warnings {
		f.warnings = append(f.warnings, Warning{Offset: w.Offset, Text: w.Text})
	}
	return f
}

// VMCoreInfo returns what the dump holds of the Linux kernel's note about itself (VMCOREINFO): KEY=VALUE lines, or nil.
func (img *Image) VMCoreInfo() []byte { return img.vmcoreInfo }
