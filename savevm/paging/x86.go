package paging

// Bits of the control registers (Intel SDM volume 3A, section 2.5) and of EFER (section 2.2.1).
const (
	cr0PG   = 1 << 31
	cr4PSE  = 1 << 4
	cr4PAE  = 1 << 5
	cr4LA57 = 1 << 12
	cr4LAM  = 1 << 28
	cr3U57  = 1 << 61 // LAM_U57
	cr3U48  = 1 << 62 // LAM_U48
	eferLMA = 1 << 10
	eferNXE = 1 << 11
)

// Bits of an x86 paging-structure entry (Intel SDM volume 3A, section 4.5.5).
const (
	x86P   = 1 << 0
	x86RW  = 1 << 1
	x86US  = 1 << 2
	x86PWT = 1 << 3
	x86PCD = 1 << 4
	x86A   = 1 << 5
	x86D   = 1 << 6
	x86PS  = 1 << 7
	x86G   = 1 << 8
	x86XD  = 1 << 63
)

// X86 chooses the mode as the CPU does from its control registers: "physical" when CR0.PG is clear.
func X86(cr0, cr3, cr4, efer uint64) Config {
	cfg := Config{Mode: Physical, Root: cr3, PSE: cr4&cr4PSE != 0, NXE: efer&eferNXE != 0, LAM: cr4&cr4LAM != 0}
	switch {
	case cr0&cr0PG == 0:
		cfg.Root = 0
	case cr4&cr4PAE == 0:
		cfg.Mode = "x86-32"
	case efer&eferLMA == 0:
		cfg.Mode = "x86-pae"
	case cr4&cr4LA57 == 0:
		cfg.Mode = "x86-4level"
	default:
		cfg.Mode = "x86-5level"
	}
	return cfg
}

// x86Halves completes the row with what depends on the CPU: large pages in 32-bit mode, the XD bit, the size of physical addresses.
func x86Halves(m *mode, cfg *Config) ([]half, error) {
	phys := cfg.PhysBits
	if phys == 0 || phys > 52 {
		phys = 52
	}
	row := *m
	row.levels = append([]level(nil), m.levels...)
	for i := range row.levels {
		l := &row.levels[i]
		l.reserved |= l.upper &^ (1<<phys - 1)
		if !cfg.NXE {
			l.reserved |= x86XD // entries of 4 bytes have no such bit
		}
		if l.pse36 {
			if !cfg.PSE {
				l.large = 0 // bit 7 of a page directory's entry is ignored then
			}
			// M-32 bits of the address are in bits 13 and up; PSE-36 reaches 40 bits at most.
			l.largeReserved |= bits(20, 13) &^ (1<<(13+min(max(phys, 32), 40)-32) - 1)
		}
	}
	halves, err := rowHalves(&row, cfg)
	if err == nil && row.signed {
		maskLinearAddresses(halves, &row, cfg)
	}
	return halves, err
}

// maskLinearAddresses says which bits of pointers are tags (Intel SDM volume 3A, section 4.4, "Linear-Address Masking").
func maskLinearAddresses(halves []half, m *mode, cfg *Config) {
	switch {
	case cfg.Root&cr3U57 != 0:
		halves[0].tag = bits(62, 57)
	case cfg.Root&cr3U48 != 0:
		halves[0].tag = bits(62, 48)
	}
	if cfg.LAM {
		halves[1].tag = bits(62, m.bits)
	}
}

func decodeX86(l *level, e uint64, _ uint64) result {
	if e&x86P == 0 {
		return result{}
	}
	large := e&l.large != 0
	bad := e & l.reserved
	if large {
		bad |= e & l.largeReserved
	}
	if bad != 0 {
		return result{kind: reserved, address: bad}
	}
	r := result{kind: table, address: e & l.address, flags: FlagPresent}
	if l.noAccess {
		r.flags |= x86CacheFlags(e)
		return r
	}
	r.flags |= FlagRead | x86CacheFlags(e)
	if e&x86RW != 0 {
		r.flags |= FlagWrite
	}
	if e&x86US != 0 {
		r.flags |= FlagUser
	}
	if e&x86XD == 0 {
		r.flags |= FlagExec
	}
	if e&x86A != 0 {
		r.flags |= FlagAccessed
	}
	if !large && !l.last {
		r.deny = ^r.flags & (FlagWrite | FlagUser | FlagExec)
		return r
	}
	r.kind = page
	if e&x86D != 0 {
		r.flags |= FlagDirty
	}
	if e&x86G != 0 {
		r.flags |= FlagGlobal
	}
	if large {
		r.flags |= FlagLarge
		r.address = e & l.largeAddress
		if l.pse36 {
			r.address |= e >> 13 & 0xff << 32
		}
	}
	return r
}

func x86CacheFlags(e uint64) (f Flags) {
	if e&x86PWT != 0 {
		f |= FlagWriteThrough
	}
	if e&x86PCD != 0 {
		f |= FlagNoCache
	}
	return f
}
