package savevm

import (
	"encoding/binary"
	"slices"
	"strings"
)

// The memory of display devices, where their PCI configuration has it.

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

// isaVGA tells whether the display device is isa-vga: its section has no bus path before its name. So does the VGA part of
// vmware-vga, up to QEMU 4.2, but that device has a section of its own beside it.
func (img *Image) isaVGA() bool {
	pci := slices.ContainsFunc(img.devices, func(d *Device) bool { return strings.HasSuffix(d.Name, "/vmware_vga") })
	return !pci && slices.ContainsFunc(img.devices, func(d *Device) bool { return d.Name == "vga" || d.Name == "vga-isa" })
}

// hasVGA tells whether a display device answers at the addresses of VGA: one with the memory of such, other than a PCI device
// whose class says that it is none (secondary-vga).
func (img *Image) hasVGA() bool {
	if !slices.ContainsFunc(img.blocks, func(b *Block) bool { return strings.Contains(b.Name, "vram") }) {
		return slices.ContainsFunc(img.devices, func(d *Device) bool { return strings.Contains(d.Name, "vga") })
	}
	return slices.ContainsFunc(img.blocks, func(b *Block) bool {
		const displayOther = 0x80
		config := img.displayConfig(b, "")
		return baseName(b.Name) == "vga.vram" && (config == nil || config[0x0a] != displayOther)
	})
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
		raw, err := d.Head(4 + 256)
		if err == nil && len(raw) == 4+256 && raw[4+0x0b] == display {
			return raw[4:] // behind the PCI device's version
		}
	}
	return nil
}
