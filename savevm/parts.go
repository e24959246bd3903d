package savevm

import "fmt"

// Parts are what an image is made of, for a guest that is in no file of a known format: one that runs, or one that a test makes
// up (package synth).
type Parts struct {
	Info    Info    // Size is computed; PageSize, when 0, is that of the first block
	Ranges  []Range // the guest-physical map; later ones lie over earlier ones
	CPUs    []*CPU  // each belongs to one image only
	Devices []*Device
}

// Assemble makes an image of its parts. Its blocks are those that the ranges name, in their order.
func Assemble(p Parts) (*Image, error) {
	f := &found{
		format: p.Info.Format, version: p.Info.Version, machine: p.Info.Machine, arch: p.Info.Arch, pageSize: p.Info.PageSize,
		complete: p.Info.Complete, devices: p.Devices, ranges: append([]Range{}, p.Ranges...), mapSource: p.Info.MapSource,
		cpus: append([]*CPU{}, p.CPUs...),
	}
	seen := map[*Block]bool{}
	for _, r := range p.Ranges {
		if r.Size == 0 || r.Last() < r.Base {
			return nil, fmt.Errorf("the range of %d bytes at %#x is empty, or goes beyond 2^64", r.Size, r.Base)
		}
		if r.Block == nil || seen[r.Block] {
			continue
		}
		seen[r.Block] = true
		f.blocks = append(f.blocks, r.Block)
		if f.pageSize == 0 {
			f.pageSize = r.Block.PageSize
		}
	}
	img := &Image{info: p.Info}
	if err := img.assemble(f, nil, Options{}); err != nil {
		return nil, err
	}
	return img, nil
}
