package paging

import "fmt"

// Bits of SCTLR_EL1, TCR_EL1 (Arm ARM DDI 0487, section D19.2) and of the VMSAv8-64 descriptors (section D8.3).
const (
	sctlrM   = 1 << 0
	sctlrWXN = 1 << 19
	sctlrEE  = 1 << 25

	tcrHD = 1 << 40
	tcrDS = 1 << 59

	armValid    = 1 << 0
	armTable    = 1 << 1 // at the last level: page
	armAPUser   = 1 << 6 // AP[1]
	armAPRead   = 1 << 7 // AP[2]: read-only
	armAF       = 1 << 10
	armNG       = 1 << 11
	armDBM      = 1 << 51
	armPXN      = 1 << 53
	armUXN      = 1 << 54
	armPXNTable = 1 << 59
	armUXNTable = 1 << 60
	armAPTable0 = 1 << 61 // no access for user code beneath
	armAPTable1 = 1 << 62 // no writes beneath
)

// arm64 is what the system registers say about the entries of one half.
type arm64 struct {
	address uint64 // the bits of an entry that are the address's own bits
	output  uint   // bits of a physical address
	lpa     bool   // 64 KiB pages with 52-bit addresses: bits 48–51 are in bits 12–15 of the entry
	ds      bool   // FEAT_LPA2: bits 50–51 are in bits 8–9 of the entry
	hpd     bool   // table entries' permissions are ignored
	hd      bool   // the hardware keeps the dirty state
	wxn     bool   // what is writable is not executable
}

// ARM64 chooses the mode from the registers of EL1: "physical" when SCTLR_EL1.M is clear, else the granule of TCR_EL1.TG1, or
// TG0 when walks through TTBR1 are off. The halves keep their own granules where the two differ.
func ARM64(ttbr0, ttbr1, tcr, sctlr uint64) Config {
	if sctlr&sctlrM == 0 {
		return Config{Mode: Physical}
	}
	cfg := Config{TTBR0: ttbr0, TTBR1: ttbr1, TCR: tcr, SCTLR: sctlr}
	h := armHalf(tcr, 1)
	if h.epd {
		h = armHalf(tcr, 0)
	}
	switch h.granule {
	case 12:
		cfg.Mode = "arm64-4k"
	case 14:
		cfg.Mode = "arm64-16k"
	case 16:
		cfg.Mode = "arm64-64k"
	default:
		cfg.Mode = fmt.Sprintf("arm64 granule of TCR %#x", tcr) // reserved: New refuses it
	}
	return cfg
}

// tcrHalf is the part of TCR_EL1 that is about one half.
type tcrHalf struct {
	tsz     uint
	granule uint // 0: reserved
	epd     bool // walks are switched off
	tbi     bool // the top byte of an address is ignored
	hpd     bool
}

func armHalf(tcr uint64, n int) tcrHalf {
	if n == 0 {
		return tcrHalf{tsz: uint(tcr & 63), granule: [4]uint{12, 16, 14, 0}[tcr>>14&3], epd: tcr>>7&1 != 0, tbi: tcr>>37&1 != 0, hpd: tcr>>41&1 != 0}
	}
	return tcrHalf{tsz: uint(tcr >> 16 & 63), granule: [4]uint{0, 14, 12, 16}[tcr>>30&3], epd: tcr>>23&1 != 0, tbi: tcr>>38&1 != 0, hpd: tcr>>42&1 != 0}
}

// armOutput is the physical address size of TCR_EL1.IPS.
func armOutput(tcr uint64) uint {
	return [8]uint{32, 36, 40, 42, 44, 48, 52, 56}[tcr>>32&7]
}

// armDefaultTCR stands in when only a root is known: both halves 48 bits of the mode's granule, 48-bit physical addresses.
func armDefaultTCR(granule uint) uint64 {
	tg := map[uint]uint64{12: 0<<14 | 2<<30, 14: 2<<14 | 1<<30, 16: 1<<14 | 3<<30}[granule]
	return tg | 16 | 16<<16 | 5<<32
}

func arm64Halves(m *mode, cfg *Config) ([]half, error) {
	if cfg.Root != 0 {
		cfg.TTBR0 = cfg.Root
	}
	if cfg.TCR == 0 {
		cfg.TCR = armDefaultTCR(m.granule)
		if cfg.TTBR1 == 0 {
			cfg.TTBR1 = cfg.TTBR0
		}
	}
	low, high := armHalf(cfg.TCR, 0), armHalf(cfg.TCR, 1)
	if m.granule != low.granule && m.granule != high.granule {
		return nil, fmt.Errorf("mode %s does not agree with TCR %#x, whose granules are others", m.name, cfg.TCR)
	}
	return []half{newArmHalf(cfg, low, cfg.TTBR0, 0), newArmHalf(cfg, high, cfg.TTBR1, 1)}, nil
}

// newArmHalf computes the levels of one half (Arm ARM, section D8.2.4 and the tables of D8.2.8 to D8.2.10): the input size and
// the granule give the initial lookup level, whose table may be smaller than a page.
func newArmHalf(cfg *Config, t tcrHalf, ttbr uint64, n int) half {
	ds := cfg.TCR&tcrDS != 0 && t.granule != 16
	lpa := armOutput(cfg.TCR) >= 52 && t.granule == 16
	output := min(armOutput(cfg.TCR), 48)
	if ds || lpa {
		output = min(armOutput(cfg.TCR), 52)
	}
	if cfg.PhysBits != 0 {
		output = min(output, cfg.PhysBits)
	}
	a := &arm64{output: output, lpa: lpa && output == 52, ds: ds, hpd: t.hpd, hd: cfg.TCR&tcrHD != 0, wxn: cfg.SCTLR&sctlrWXN != 0}
	a.address = bits(47, t.granule)
	if ds {
		a.address = bits(49, t.granule)
	}

	minimum, maximum := uint(16), uint(48)
	if ds || t.granule == 16 {
		minimum = 12 // FEAT_LVA, FEAT_LPA2
	}
	if t.granule == 16 {
		maximum = 47
	}
	input := 64 - t.tsz
	h := half{first: 0, last: bits(input-1, 0)}
	if t.tbi {
		h.tag = bits(63, 56)
	}
	if n == 1 {
		h.first, h.last = ^h.last, ^uint64(0)
	}
	switch {
	case t.epd:
		h.off = fmt.Sprintf("walks through TTBR%d are switched off (TCR.EPD%d)", n, n)
	case t.granule == 0:
		h.off = fmt.Sprintf("TCR.TG%d has a reserved value", n)
	case t.tsz < minimum || t.tsz > maximum:
		h.off = fmt.Sprintf("TCR.T%dSZ is %d, which no such granule allows", n, t.tsz)
	}
	if h.off != "" {
		if t.tsz == 0 { // the half would be the whole space: the other one keeps its own
			h.first, h.last = uint64(n)<<63, uint64(n)<<63|(1<<63-1)
		}
		return h
	}

	stride := t.granule - 3
	blocks := map[uint]int{12: 1, 14: 2, 16: 2}[t.granule] // the first level where a block is allowed
	if ds || lpa {
		blocks--
	}
	count := (input - t.granule + stride - 1) / stride
	for i := range int(count) {
		number := 4 - int(count) + i
		shift := t.granule + stride*uint(3-number)
		h.levels = append(h.levels, level{
			table: fmt.Sprintf("L%d", number), number: number, shift: shift, bits: min(stride, input-shift),
			last: number == 3, arm: a,
		})
		if number >= blocks && number < 3 {
			h.levels[i].large = armTable // the bit that is clear in a block
		}
	}
	h.root = armRoot(ttbr, &h.levels[0], output)
	return h
}

// armRoot is the table's address in a TTBR, without ASID and CnP. A table is aligned to its size, of 64 bytes at least where
// bits 48–51 of the address are in bits 2–5.
func armRoot(ttbr uint64, l *level, output uint) uint64 {
	if output > 48 {
		return ttbr&bits(47, 6)&^(8<<l.bits-1) | ttbr>>2&15<<48
	}
	return ttbr & bits(47, 1) &^ (8<<l.bits - 1)
}

func decodeARM64(l *level, e uint64, _ uint64) result {
	if e&armValid == 0 {
		return result{}
	}
	a := l.arm
	pointer := e&armTable != 0 && !l.last
	if e&armTable == 0 && l.large == 0 { // neither page nor block is encoded so here
		return result{kind: reserved}
	}
	r := result{kind: table, address: e & a.address, flags: FlagPresent}
	if a.ds {
		r.address |= e >> 8 & 3 << 50
	} else if a.lpa {
		r.address |= e >> 12 & 15 << 48
	}
	if r.address>>a.output != 0 {
		return result{kind: addressSize}
	}
	if pointer {
		a.tableAttributes(&r, e)
		return r
	}
	r.kind = page
	r.address &^= l.size() - 1
	r.flags |= FlagRead
	if !l.last {
		r.flags |= FlagLarge
	}
	r.flags |= a.pageFlags(e)
	return r
}

// tableAttributes are the hierarchical permissions (Arm ARM, section D8.4.1).
func (a *arm64) tableAttributes(r *result, e uint64) {
	if a.hpd {
		return
	}
	if e&armAPTable1 != 0 {
		r.deny |= FlagWrite
	}
	if e&armAPTable0 != 0 {
		r.deny |= FlagUser
	}
	if e&armUXNTable != 0 {
		r.add |= FlagUXN
	}
	if e&armPXNTable != 0 {
		r.add |= FlagPXN
	}
	r.flags |= r.add
}

func (a *arm64) pageFlags(e uint64) (f Flags) {
	f = FlagExec
	dirty := a.hd && e&armDBM != 0 // DBM: writable, and AP[2] tells whether it is clean
	if e&armAPRead == 0 || dirty {
		f |= FlagWrite
	}
	if e&armAPRead == 0 && dirty {
		f |= FlagDirty
	}
	if e&armAPUser != 0 {
		f |= FlagUser
	}
	if e&armNG == 0 {
		f |= FlagGlobal
	}
	if e&armAF != 0 {
		f |= FlagAccessed
	}
	if e&armUXN != 0 {
		f |= FlagUXN
	}
	if e&armPXN != 0 {
		f |= FlagPXN
	}
	return neverExec(f)
}

// effective settles who can fetch instructions. What user code can write, the kernel cannot execute; with SCTLR.WXN nothing
// executes what can be written from there (Arm ARM, section D8.4.1, "Instruction execution permissions").
func (a *arm64) effective(f Flags) Flags {
	if f&FlagWrite != 0 {
		if f&FlagUser != 0 || a.wxn {
			f |= FlagPXN
		}
		if f&FlagUser != 0 && a.wxn {
			f |= FlagUXN
		}
	}
	return neverExec(f)
}

func neverExec(f Flags) Flags {
	if f&FlagUXN != 0 && f&FlagPXN != 0 {
		f &^= FlagExec
	}
	return f
}
