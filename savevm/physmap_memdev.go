package savevm

import (
	"slices"
	"strings"
)

// Memory devices: DIMMs, NVDIMMs and virtio-mem, behind the RAM of the board.

// isVirtioMem tells whether a block is the memory of a virtio-mem or virtio-pmem device: a memory device, though its name has
// the device's path before it.
func (img *Image) isVirtioMem(b *Block) bool {
	path, ok := strings.CutSuffix(b.Name, "/"+baseName(b.Name))
	return ok && slices.ContainsFunc(img.devices, func(d *Device) bool {
		return strings.HasPrefix(d.Name, path+"/virtio-mem") || strings.HasPrefix(d.Name, path+"/virtio-pmem")
	})
}

// moveExtra keeps as main memory the blocks that together have size bytes; the rest are memory devices.
func (l *physicalLayout) moveExtra(main, extra []*Block, size uint64) (kept, rest []*Block) {
	sum := uint64(0)
	for _, b := range main {
		if sum+b.Size <= size {
			sum += b.Size
			kept = append(kept, b)
		} else {
			rest = append(rest, b)
		}
	}
	if sum != size {
		l.warn("no RAM blocks add up to the %d MiB that %s says; they are mapped in the order of their names", size/mib, l.source)
		return main, extra
	}
	return kept, append(rest, extra...)
}

// placeStated maps the memory devices whose address is known: the user says it, or a virtio-mem device's section does (fields of
// vmstate_virtio_mem_device_early in hw/virtio/virtio-mem.c, QEMU 8.2 on). It returns the others. What the guest has not plugged
// of a virtio-mem device's memory is not in an image.
func (l *physicalLayout) placeStated(img *Image, blocks []*Block, place map[string]uint64) (rest []*Block) {
	named := 0
	for _, b := range blocks {
		at, ok := place[b.Name]
		if !ok {
			at, ok = place[baseName(b.Name)]
		}
		if ok {
			named++
			l.add(at, b.Size, KindRAM, b, 0, "memory device, placed by option")
		} else if at, ok = img.virtioMemAddress(b); ok {
			l.add(at, b.Size, KindRAM, b, 0, "virtio-mem, as its section has it")
		} else {
			rest = append(rest, b)
		}
	}
	if named < len(place) {
		l.warn("of %d blocks to place, %d are memory devices of this guest", len(place), named)
	}
	return rest
}

// virtioMemAddress is where a virtio-mem device's section has its memory.
func (img *Image) virtioMemAddress(b *Block) (uint64, bool) {
	path, ok := strings.CutSuffix(b.Name, "/"+baseName(b.Name))
	if !ok {
		return 0, false
	}
	s := img.decodedDevice(path+"/virtio-mem-device-early", 0)
	if s == nil {
		return 0, false
	}
	for _, tmp := range structs(findField(s, "tmp")) {
		size, _ := tmp.Uint("region_size")
		if at, ok := tmp.Uint("addr"); ok && size == b.Size && at >= 4*gib && at+size > at {
			return at, true
		}
	}
	return 0, false
}

// placeDIMMs maps memory devices: one behind the other behind the last RAM, from a 1-GiB border on (QEMU's pc_memory_init and
// memory_device_get_free_addr), and NVDIMMs at the places that the table NFIT gives them in that row.
func (l *physicalLayout) placeDIMMs(blocks []*Block, below, above uint64, nvdimms []Range) {
	base := (4*gib + above + gib - 1) &^ (gib - 1)
	var stated []Range // in the way of the others
	for _, r := range l.ranges {
		if r.Base >= base {
			stated = append(stated, r)
		}
	}
	for len(blocks) > 0 {
		block, n := 0, slices.IndexFunc(nvdimms, func(r Range) bool { return r.Base == base || len(blocks) <= len(nvdimms) })
		if n >= 0 {
			block = max(0, slices.IndexFunc(blocks, func(b *Block) bool { return isNVDIMM(b, nvdimms[n]) }))
		}
		b := blocks[block]
		blocks = slices.Concat(blocks[:block], blocks[block+1:])
		if n >= 0 && isNVDIMM(b, nvdimms[n]) {
			r := nvdimms[n]
			nvdimms = slices.Concat(nvdimms[:n], nvdimms[n+1:])
			l.add(r.Base, r.Size, KindRAM, b, 0, "NVDIMM, as the ACPI table NFIT has it")
			base = max(base, (r.Last()+2*mib)&^(2*mib-1))
			continue
		}
		for i := 0; i < len(stated); i++ {
			if r := stated[i]; base <= r.Last() && r.Base < base+b.Size {
				base, i = (r.Last()+2*mib)&^(2*mib-1), -1
			}
		}
		l.add(base, b.Size, KindRAM, b, 0, "memory device")
		l.warn("RAM block %s is taken to be a memory device at %#x, behind the last RAM; no part of the image says so, and an address that it "+
			"was given is not known (option --place %[1]s=ADDRESS)", b.Name, base)
		base += (b.Size + 2*mib - 1) &^ (2*mib - 1)
	}
}

// isNVDIMM tells whether a block can be an NVDIMM's: a label area and what is needed to align it lie behind the guest's part.
func isNVDIMM(b *Block, r Range) bool { return r.Size <= b.Size && b.Size-r.Size < 4*mib }
