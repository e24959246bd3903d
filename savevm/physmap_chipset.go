package savevm

import (
	"encoding/binary"
	"strings"
)

// What the chipset shows over RAM: firmware below 1 MiB and below 4 GiB, the VGA window, system management RAM.

// firmware maps what lies over RAM: the VGA window, ROMs below 1 MiB where the chipset shows them, and the firmware's
// flash below 4 GiB.
func (l *physicalLayout) firmware(img *Image, below uint64) {
	bios := img.Block("pc.bios")
	top := uint64(4 * gib)
	for _, name := range []string{"pc.bios", "system.flash0", "system.flash1"} {
		if b := img.Block(name); b != nil && b.Size < gib {
			top -= b.Size
			l.add(top, b.Size, KindROM, b, 0, "firmware")
		}
	}
	if b := img.Block("isa-bios"); b != nil {
		bios = b // with flash, a copy of its end shows below 1 MiB
	} else if bios == nil {
		bios = img.Block("system.flash0")
	}
	switch machine := img.info.Machine; { // without PAM registers the firmware always shows
	case machine == "isapc":
		if rom := img.Block("pc.rom"); rom != nil {
			l.add(0xc0000, min(rom.Size, 0x20000), KindROM, rom, 0, "option ROMs")
		}
		l.isaBIOS(bios)
	case strings.HasPrefix(machine, "microvm") || img.Block("microvm.ram") != nil:
		l.isaBIOS(bios)
	}
	l.videoMemory(img)
	l.shadow(img, bios, img.Block("pc.rom"))
	l.smram(img, below)
}

// A hostBridge is where a chipset keeps the registers that decide what shows below 1 MiB, and what is system management RAM.
type hostBridge struct {
	device string
	pam0   int // PAM0
	smram  int // SMRAM control
	tseg   int // ESMRAMC; 0: none
}

// hostBridges: the i440FX (its datasheet, 3.2.19 and 3.2.20) and the Q35 MCH (3 series datasheet, 5.1.16, 5.1.25, 5.1.26).
var hostBridges = []hostBridge{
	{"I440FX", 0x59, 0x72, 0},
	{"mch", 0x90, 0x9d, 0x9e},
}

// hostBridge finds the chipset's registers: PCI configuration space.
func (img *Image) hostBridge() (h hostBridge, config []byte) {
	for _, h := range hostBridges {
		if d := img.Device(h.device, 0); d != nil {
			if raw, err := d.Head(4 + 256); err == nil && len(raw) == 4+256 {
				return h, raw[4:] // behind the PCI device's version
			}
		}
	}
	return hostBridge{}, nil
}

// shadow maps 0xc0000 to 0xfffff: RAM where the PAM registers let reads go there, ROM elsewhere.
func (l *physicalLayout) shadow(img *Image, bios, rom *Block) {
	h, config := img.hostBridge()
	if config == nil {
		return
	}
	// PAM0's upper half is 0xf0000-0xfffff; PAM1 to PAM6 have two 16-KiB segments each from 0xc0000 on.
	l.segment(config[h.pam0]>>4, 0xf0000, 0x10000, bios, rom)
	for i := range uint64(12) {
		l.segment(config[h.pam0+1+int(i/2)]>>(i%2*4), 0xc0000+i*0x4000, 0x4000, bios, rom)
	}
}

// smram maps what the chipset hides of RAM for system management mode, below the RAM's end at below (QEMU's mch_update_smram),
// and the VGA window, over which SMRAM can be opened.
func (l *physicalLayout) smram(img *Image, below uint64) {
	const dOpen, gSMRAME, tEN = 1 << 6, 1 << 3, 1 << 0
	const extTSEG = 0x50 // QEMU's own: TSEG's size in MiB where ESMRAMC's is 3
	h, config := img.hostBridge()
	if img.hasVGA() && (config == nil || config[h.smram]&dOpen == 0) {
		l.add(0xa0000, 0x20000, KindDevice, nil, 0, "VGA window")
	}
	if config == nil || h.tseg == 0 {
		return
	}
	if config[h.smram]&gSMRAME != 0 && config[h.tseg]&tEN != 0 {
		size := []uint64{1, 2, 8, uint64(binary.LittleEndian.Uint16(config[extTSEG:]))}[config[h.tseg]>>1&3] * mib
		if size < below {
			l.add(below-size, size, KindDevice, nil, 0, "TSEG: SMRAM, hidden outside system management mode")
		}
	}
	const smbase, locked = 0x9c, 1 << 1 // QEMU's own: SMRAM at the default SMBASE
	if config[smbase]&locked != 0 && config[smbase] != 0xff {
		l.add(0x30000, 0x20000, KindDevice, nil, 0, "SMRAM at 0x30000, hidden outside system management mode")
	}
}

// isaBIOS maps the end of the firmware below 1 MiB: its last 128 KiB, or all of a smaller one.
func (l *physicalLayout) isaBIOS(bios *Block) {
	if bios != nil {
		size := min(bios.Size, 0x20000)
		l.add(mib-size, size, KindROM, bios, bios.Size-size, "firmware below 1 MiB")
	}
}

// segment shows ROM in a segment whose PAM attribute (bit 0: read enable) sends reads to the bus.
func (l *physicalLayout) segment(attribute byte, base, size uint64, bios, rom *Block) {
	if attribute&1 != 0 {
		return
	}
	if bios != nil && base >= 0xe0000 { // the last 128 KiB of the firmware show below 1 MiB
		window := min(bios.Size, 0x20000)
		if start := mib - window; base >= start {
			l.add(base, size, KindROM, bios, bios.Size-window+base-start, "firmware below 1 MiB")
			return
		}
	}
	if rom != nil && base-0xc0000 < rom.Size {
		l.add(base, min(size, rom.Size-(base-0xc0000)), KindROM, rom, base-0xc0000, "option ROMs")
	}
}
