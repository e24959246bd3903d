package savevm

import (
	"bytes"
	"cmp"
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
	{"bochs-display-vram", "", 0},
}

// videoMemory maps the memory of display devices where their PCI configuration puts it.
func (l *physicalLayout) videoMemory(img *Image) {
	if b := img.Block("vga.vram"); b != nil && img.info.Machine == "isapc" {
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

// displayBAR reads a base address register of the display device that a block belongs to: the one on the block's path, or,
// where the block has none (old streams), any.
func (img *Image) displayBAR(b *Block, device string, bar int) (base uint64, ok bool) {
	path := strings.TrimSuffix(b.Name, baseName(b.Name))
	const display, enabled = 0x03, 1 << 1 // the class code, and memory decoding in the command register
	for _, d := range img.devices {
		if !strings.HasPrefix(d.Name, path) || !strings.HasSuffix(d.Name, device) || !strings.Contains(d.Name, "/") {
			continue
		}
		raw, err := d.Raw()
		if err != nil || len(raw) < 4+256 {
			continue
		}
		config := raw[4:] // behind the PCI device's version
		low := binary.LittleEndian.Uint32(config[0x10+4*bar:])
		if config[0x0b] != display || config[4]&enabled == 0 || low&1 != 0 || low == 0xffffffff {
			continue
		}
		base = uint64(low &^ 0xf)
		if low&6 == 4 && bar < 5 {
			base |= uint64(binary.LittleEndian.Uint32(config[0x14+4*bar:])) << 32
		}
		return base, base >= mib && base%0x1000 == 0
	}
	return 0, false
}

// orderByNode sorts the blocks of NUMA nodes as the guest's ACPI tables, which QEMU made, have the nodes' sizes. It changes
// nothing and gives false where they do not tell.
func (img *Image) orderByNode(blocks []*Block) bool {
	sizes := img.nodeSizes()
	if len(sizes) != len(blocks) {
		return false
	}
	rest := slices.Clone(blocks)
	var ordered []*Block
	for _, size := range sizes { // of equal ones, by name
		i := slices.IndexFunc(rest, func(b *Block) bool { return b.Size == size })
		if i < 0 {
			return false
		}
		ordered = append(ordered, rest[i])
		rest = slices.Delete(rest, i, i+1)
	}
	slices.SortFunc(sizes, cmp.Compare)
	copy(blocks, ordered)
	return len(slices.Compact(sizes)) == len(blocks)
}

// nodeSizes is the size of each NUMA node's memory as the table SRAT has it (ACPI 5.2.16.2, memory affinity structures).
func (img *Image) nodeSizes() []uint64 {
	tables := img.Block("/rom@etc/acpi/tables")
	if tables == nil || tables.Size > 16*mib {
		return nil
	}
	data := make([]byte, tables.Size)
	n, _ := tables.ReadMemory(data, 0)
	at := bytes.Index(data[:n], []byte("SRAT"))
	if at < 0 || at+48 > n {
		return nil
	}
	length := int(min(binary.LittleEndian.Uint32(data[at+4:]), uint32(n-at)))
	var sizes []uint64
	for entry := data[at:][min(48, length):length]; len(entry) >= 2 && int(entry[1]) >= 2 && int(entry[1]) <= len(entry); entry = entry[entry[1]:] {
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
