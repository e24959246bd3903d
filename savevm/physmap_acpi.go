package savevm

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// What the guest's ACPI tables, which QEMU makes, say of the guest-physical map.

// acpiTable is a table of the guest's ACPI tables, which QEMU made, or nil. It has 48 bytes at least. It is searched for in pieces, as
// the block's size is the file's word.
func (img *Image) acpiTable(signature string) []byte {
	const header, most = 48, 256 * kib
	tables := img.Block("/rom@etc/acpi/tables")
	if tables == nil || tables.Size > 16*mib {
		return nil
	}
	piece := make([]byte, 16*kib)
	for at := uint64(0); at < tables.Size; at += uint64(len(piece)) - header {
		n, _ := tables.ReadMemory(piece[:min(uint64(len(piece)), tables.Size-at)], at)
		i := bytes.Index(piece[:n], []byte(signature))
		if i < 0 || i+header > n {
			continue
		}
		length := uint64(binary.LittleEndian.Uint32(piece[i+4:]))
		table := make([]byte, min(max(header, length), most, tables.Size-at-uint64(i)))
		n, _ = tables.ReadMemory(table, at+uint64(i))
		return table[:n]
	}
	return nil
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
