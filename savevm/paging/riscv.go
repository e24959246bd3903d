package paging

import "fmt"

// Bits of a RISC-V page-table entry (privileged architecture, sections "Sv32" and "Sv39"; Svpbmt and Svnapot for 61 and up).
const (
	riscvV    = 1 << 0
	riscvR    = 1 << 1
	riscvW    = 1 << 2
	riscvX    = 1 << 3
	riscvU    = 1 << 4
	riscvG    = 1 << 5
	riscvA    = 1 << 6
	riscvD    = 1 << 7
	riscvPBMT = 3 << 61
	riscvN    = 1 << 63
)

// RISCV64 chooses the mode from the satp register of a 64-bit hart: "physical" when its MODE is Bare.
// A mode that the architecture reserves becomes a Config.Mode that [New] refuses.
func RISCV64(satp uint64) Config {
	cfg := Config{Root: satp & (1<<44 - 1) << 12}
	switch satp >> 60 {
	case 0:
		return Config{Mode: Physical}
	case 8:
		cfg.Mode = "sv39"
	case 9:
		cfg.Mode = "sv48"
	case 10:
		cfg.Mode = "sv57"
	default:
		cfg.Mode = fmt.Sprintf("satp-mode-%d", satp>>60)
	}
	return cfg
}

// RISCV32 is RISCV64 for the satp of a 32-bit hart: "physical" or "sv32".
func RISCV32(satp uint32) Config {
	if satp>>31 == 0 {
		return Config{Mode: Physical}
	}
	return Config{Mode: "sv32", Root: uint64(satp&(1<<22-1)) << 12}
}

func decodeRISCV(l *level, e uint64, index uint64) result {
	if e&riscvV == 0 {
		return result{}
	}
	r := result{kind: table, flags: FlagPresent, address: e & l.address << 2}
	bad := e & l.reserved
	if e&riscvPBMT == riscvPBMT {
		bad |= riscvPBMT
	}
	if e&(riscvR|riscvW|riscvX) == 0 { // a pointer to the next table
		bad |= e & (riscvU | riscvA | riscvD | riscvPBMT | riscvN)
		if l.last || bad != 0 {
			return result{kind: reserved, address: bad}
		}
		if e&riscvG != 0 {
			r.flags |= FlagGlobal
			r.add = FlagGlobal
		}
		return r
	}
	if e&(riscvR|riscvW) == riscvW {
		bad |= riscvW
	}
	if !l.last { // a superpage is aligned to its size
		bad |= e&riscvN | r.address&(l.size()-1)>>2
		r.flags |= FlagLarge
	} else if e&riscvN != 0 { // 64 KiB of 16 like entries: the address's low 4 bits are the index's, here 0b1000 says so
		if r.address>>12&15 != 8 {
			bad |= riscvN
		}
		r.address = r.address&^0xf000 | index&15<<12
	}
	if bad != 0 {
		return result{kind: reserved, address: bad}
	}
	r.kind = page
	for _, b := range riscvFlags {
		if e&b.bit != 0 {
			r.flags |= b.flag
		}
	}
	return r
}

var riscvFlags = [...]struct {
	bit  uint64
	flag Flags
}{
	{riscvR, FlagRead}, {riscvW, FlagWrite}, {riscvX, FlagExec}, {riscvU, FlagUser},
	{riscvG, FlagGlobal}, {riscvA, FlagAccessed}, {riscvD, FlagDirty},
}
