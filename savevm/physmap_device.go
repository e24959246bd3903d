package savevm

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
)

// What devices and firmware tables in the image say of the guest-physical map.

// videoBARs is which base address register of a display device shows a block (QEMU's hw/display: vga-pci.c, cirrus_vga.c,
// qxl.c, vmware_vga.c, bochs-display.c).
var videoBARs = []struct {
	block, device string // the ends of their names; "" for any
	bar           int
}{
	{"vga.vram", "vmware_vga", 1},
	{"vga.vram", "", 0},
	{"qxl.vgavram", "", 0},
	{"qxl.vram", "", 1},
	{"qxl.vrom", "", 2},
	{"vmsvga.fifo", "vmware_vga", 2},
	{"bochs-display-vram", "", 0},
}

// videoMemory maps the memory of display devices where their PCI configuration puts it.
func (l *physicalLayout) videoMemory(img *Image) {
	if b := img.Block("vga.vram"); b != nil && img.isaVGA() {
		l.add(0xe0000000, b.Size, KindDevice, b, 0, "video memory") // VBE_DISPI_LFB_PHYSICAL_ADDRESS
		return
	}
	for _, b := range img.blocks {
		for _, v := range videoBARs {
			if baseName(b.Name) != v.block {
				continue
			}
			if base, ok := img.displayBAR(b, v.device, v.bar); ok {
				l.add(base, b.Size, KindDevice, b, 0, "video memory")
				break
			}
		}
	}
}

// isaVGA tells whether the display device is isa-vga: its section has no bus path before its name.
func (img *Image) isaVGA() bool {
	return slices.ContainsFunc(img.devices, func(d *Device) bool { return d.Name == "vga" || d.Name == "vga-isa" })
}

// displayBAR reads a base address register of the display device that a block belongs to.
func (img *Image) displayBAR(b *Block, device string, bar int) (base uint64, ok bool) {
	const enabled = 1 << 1 // memory decoding in the command register
	config := img.displayConfig(b, device)
	if config == nil || config[4]&enabled == 0 {
		return 0, false
	}
	low := binary.LittleEndian.Uint32(config[0x10+4*bar:])
	if low&1 != 0 || low == 0xffffffff {
		return 0, false
	}
	base = uint64(low &^ 0xf)
	if low&6 == 4 && bar < 5 {
		base |= uint64(binary.LittleEndian.Uint32(config[0x14+4*bar:])) << 32
	}
	return base, base >= mib && base%0x1000 == 0
}

// displayConfig is the PCI configuration space of the display device that a block belongs to, or nil: the one on the block's path,
// or, where the block has none (old streams), any whose name ends in device.
func (img *Image) displayConfig(b *Block, device string) []byte {
	path := strings.TrimSuffix(b.Name, baseName(b.Name))
	const display = 0x03 // the class code
	for _, d := range img.devices {
		if !strings.HasPrefix(d.Name, path) || !strings.HasSuffix(d.Name, device) || !strings.Contains(d.Name, "/") {
			continue
		}
		raw, err := d.Raw()
		if err == nil && len(raw) >= 4+256 && raw[4+0x0b] == display {
			return raw[4:] // behind the PCI device's version
		}
	}
	return nil
}

// byNode finds the blocks of NUMA nodes by the nodes' sizes, which must be size together, in the nodes' order; rest is the other
// blocks. It gives false where the sizes do not tell.
func byNode(blocks []*Block, sizes []uint64, size uint64) (nodes, rest []*Block, ok bool) {
	rest = slices.Clone(blocks)
	for _, n := range sizes { // of equal ones, the first made
		i := slices.IndexFunc(rest, func(b *Block) bool { return b.Size == n })
		if i < 0 {
			return nil, nil, false
		}
		nodes = append(nodes, rest[i])
		rest = slices.Delete(rest, i, i+1)
		size -= n
	}
	return nodes, rest, size == 0 && len(nodes) > 0
}

// acpiTable is a table of the guest's ACPI tables, which QEMU made, or nil.
func (img *Image) acpiTable(signature string) []byte {
	tables := img.Block("/rom@etc/acpi/tables")
	if tables == nil || tables.Size > 16*mib {
		return nil
	}
	data := make([]byte, tables.Size)
	n, _ := tables.ReadMemory(data, 0)
	at := bytes.Index(data[:n], []byte(signature))
	if at < 0 || at+48 > n {
		return nil
	}
	return data[at:][:max(48, min(binary.LittleEndian.Uint32(data[at+4:]), uint32(n-at)))]
}

// nvdimms is where the table NFIT has the memory of NVDIMMs (ACPI 5.2.26.2, system physical address range structures).
func (img *Image) nvdimms() []Range {
	const (
		header            = 40
		addressRange      = 0
		addressRangeBytes = 56
	)
	var out []Range
	table := img.acpiTable("NFIT")
	if len(table) < header {
		return nil
	}
	for entry := table[header:]; len(entry) >= 4 && len(out) < 256; { // QEMU's ACPI_MAX_RAM_SLOTS
		length := int(binary.LittleEndian.Uint16(entry[2:]))
		if length < 4 || length > len(entry) {
			break
		}
		if binary.LittleEndian.Uint16(entry) == addressRange && length >= addressRangeBytes {
			r := Range{Base: binary.LittleEndian.Uint64(entry[32:]), Size: binary.LittleEndian.Uint64(entry[40:])}
			if r.Base >= 4*gib && r.Base%0x1000 == 0 && r.Size != 0 && r.Last() > r.Base {
				out = append(out, r)
			}
		}
		entry = entry[length:]
	}
	return out
}

// nodeSizes is the size of each NUMA node's memory as the table SRAT has it (ACPI 5.2.16.2, memory affinity structures).
func (img *Image) nodeSizes() []uint64 {
	table := img.acpiTable("SRAT")
	if table == nil {
		return nil
	}
	var sizes []uint64
	for entry := table[48:]; len(entry) >= 2 && int(entry[1]) >= 2 && int(entry[1]) <= len(entry); entry = entry[entry[1]:] {
		const memoryAffinity, enabled, hotPluggable = 1, 1, 2
		if entry[0] != memoryAffinity || entry[1] < 40 {
			continue
		}
		if flags := binary.LittleEndian.Uint32(entry[28:]); flags&enabled == 0 || flags&hotPluggable != 0 {
			continue
		}
		node := binary.LittleEndian.Uint32(entry[2:])
		if node >= 128 { // QEMU's MAX_NODES
			return nil
		}
		for len(sizes) <= int(node) {
			sizes = append(sizes, 0)
		}
		base, size := binary.LittleEndian.Uint64(entry[8:]), binary.LittleEndian.Uint64(entry[16:])
		if base == 0 && size == 640*kib { // the entry of RAM below the VGA window; the next one starts at 1 MiB
			size = mib
		}
		sizes[node] += size
	}
	return slices.DeleteFunc(sizes, func(n uint64) bool { return n == 0 })
}
