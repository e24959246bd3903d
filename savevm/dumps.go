package savevm

import (
	"fmt"
	"strings"

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

// warnTables says which CPUs' page tables are not in a dump. One of a part of memory (dump-guest-memory with begin and length) does
// not say itself that it is such.
func (img *Image) warnTables() {
	var missing []string
	var entry [8]byte
	for _, c := range img.cpus {
		space, err := c.Space()
		if err != nil || space.Mode() == "physical" {
			continue
		}
		if _, err := img.ReadMemory(entry[:], space.Root()); err == nil {
			continue
		}
		missing = append(missing, fmt.Sprintf("CPU %d's at %#x", c.Index, space.Root()))
	}
	if n := len(missing); n > 0 {
		const most = 4
		if n > most {
			missing = append(missing[:most], fmt.Sprintf("%d more", n-most))
		}
		img.warn("", "the dump holds a part of memory only: page tables are not in it, %s", strings.Join(missing, ", "))
	}
}
