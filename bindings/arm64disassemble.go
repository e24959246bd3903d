package bindings

import (
	"encoding/binary"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/arch/arm64/arm64asm"
)

// arm64Target is how arm64asm prints a place in the code: relative to the instruction.
var arm64Target = regexp.MustCompile(`\.([+-]0x[0-9a-f]+)`)

func decodeARM64(code []byte, pc uint64, symbol func(uint64) (string, uint64)) (string, int) {
	if len(code) < 4 {
		return "", 0
	}
	word := binary.LittleEndian.Uint32(code)
	for _, row := range arm64System {
		if word&row.mask == row.value {
			return os.Expand(row.text, func(operand string) string { return arm64Operands[operand](word) }), 4
		}
	}
	inst, err := arm64asm.Decode(code)
	if err != nil {
		return "", 0
	}
	text := arm64Target.ReplaceAllStringFunc(arm64asm.GNUSyntax(inst), func(s string) string {
		distance, err := strconv.ParseInt(s[1:], 0, 64)
		if err != nil {
			return s
		}
		return place(pc+uint64(distance), symbol)
	})
	return strings.TrimSpace(text), 4
}

// arm64System are the instructions that arm64asm does not know, or prints as hints without a name; the first that matches is it.
// Arm Architecture Reference Manual (DDI 0487), C4.1, by the group that C4.1 names; the text is of arm64Operands.
var arm64System = []struct {
	mask, value uint32
	text        string
}{
	// Reserved
	{0xffff0000, 0x00000000, "udf ${imm16low}"},

	// Atomic memory operations (FEAT_LSE): those that drop the old value have names of their own
	{0x3fa0fc1f, 0x3820001f, "stadd${rl}${bh} ${s}, [${n}]"},
	{0x3fa0fc1f, 0x3820101f, "stclr${rl}${bh} ${s}, [${n}]"},
	{0x3fa0fc1f, 0x3820201f, "steor${rl}${bh} ${s}, [${n}]"},
	{0x3fa0fc1f, 0x3820301f, "stset${rl}${bh} ${s}, [${n}]"},
	{0x3fa0fc1f, 0x3820401f, "stsmax${rl}${bh} ${s}, [${n}]"},
	{0x3fa0fc1f, 0x3820501f, "stsmin${rl}${bh} ${s}, [${n}]"},
	{0x3fa0fc1f, 0x3820601f, "stumax${rl}${bh} ${s}, [${n}]"},
	{0x3fa0fc1f, 0x3820701f, "stumin${rl}${bh} ${s}, [${n}]"},
	{0x3f20fc00, 0x38200000, "ldadd${rl}${bh} ${s}, ${t}, [${n}]"},
	{0x3f20fc00, 0x38201000, "ldclr${rl}${bh} ${s}, ${t}, [${n}]"},
	{0x3f20fc00, 0x38202000, "ldeor${rl}${bh} ${s}, ${t}, [${n}]"},
	{0x3f20fc00, 0x38203000, "ldset${rl}${bh} ${s}, ${t}, [${n}]"},
	{0x3f20fc00, 0x38204000, "ldsmax${rl}${bh} ${s}, ${t}, [${n}]"},
	{0x3f20fc00, 0x38205000, "ldsmin${rl}${bh} ${s}, ${t}, [${n}]"},
	{0x3f20fc00, 0x38206000, "ldumax${rl}${bh} ${s}, ${t}, [${n}]"},
	{0x3f20fc00, 0x38207000, "ldumin${rl}${bh} ${s}, ${t}, [${n}]"},
	{0x3f20fc00, 0x38208000, "swp${rl}${bh} ${s}, ${t}, [${n}]"},
	{0x3ffffc00, 0x38bfc000, "ldapr${bh} ${t}, [${n}]"},

	// Compare and swap, compare and swap pair (FEAT_LSE)
	{0x3fa07c00, 0x08a07c00, "cas${casrl}${bh} ${s}, ${t}, [${n}]"},
	{0xbfa17c01, 0x08207c00, "casp${casrl} ${pairs}, ${pairt}, [${n}]"},

	// Exception generation
	{0xffe0001f, 0xd4000002, "hvc ${imm16}"},
	{0xffe0001f, 0xd4000003, "smc ${imm16}"},

	// Hints
	{0xffffffff, 0xd50320ff, "xpaclri"},
	{0xffffffff, 0xd503211f, "pacia1716"},
	{0xffffffff, 0xd503215f, "pacib1716"},
	{0xffffffff, 0xd503219f, "autia1716"},
	{0xffffffff, 0xd50321df, "autib1716"},
	{0xffffffff, 0xd503221f, "esb"},
	{0xffffffff, 0xd503223f, "psb csync"},
	{0xffffffff, 0xd503225f, "tsb csync"},
	{0xffffffff, 0xd503229f, "csdb"},
	{0xffffffff, 0xd50322df, "clearbhb"},
	{0xffffffff, 0xd503231f, "paciaz"},
	{0xffffffff, 0xd503233f, "paciasp"},
	{0xffffffff, 0xd503235f, "pacibz"},
	{0xffffffff, 0xd503237f, "pacibsp"},
	{0xffffffff, 0xd503239f, "autiaz"},
	{0xffffffff, 0xd50323bf, "autiasp"},
	{0xffffffff, 0xd50323df, "autibz"},
	{0xffffffff, 0xd50323ff, "autibsp"},
	{0xffffffff, 0xd503241f, "bti"},
	{0xffffffff, 0xd503245f, "bti c"},
	{0xffffffff, 0xd503249f, "bti j"},
	{0xffffffff, 0xd50324df, "bti jc"},

	// System instructions with register argument (FEAT_WFxT), barriers (FEAT_SB)
	{0xffffffe0, 0xd5031000, "wfet ${xt}"},
	{0xffffffe0, 0xd5031020, "wfit ${xt}"},
	{0xffffffff, 0xd50330ff, "sb"},

	// PSTATE: what MSR (immediate) sets
	{0xfffff0ff, 0xd500407f, "msr uao, ${imm4}"},
	{0xfffff0ff, 0xd500409f, "msr pan, ${imm4}"},
	{0xfffff0ff, 0xd503403f, "msr ssbs, ${imm4}"},
	{0xfffff0ff, 0xd503405f, "msr dit, ${imm4}"},
	{0xfffff0ff, 0xd503409f, "msr tco, ${imm4}"},

	// System instructions: the names of SYS for caches and address translation
	{0xffffffff, 0xd508711f, "ic ialluis"},
	{0xffffffff, 0xd508751f, "ic iallu"},
	{0xffffffe0, 0xd50b7520, "ic ivau, ${xt}"},
	{0xffffffe0, 0xd5087800, "at s1e1r, ${xt}"},
	{0xffffffe0, 0xd5087820, "at s1e1w, ${xt}"},
	{0xffffffe0, 0xd5087840, "at s1e0r, ${xt}"},
	{0xffffffe0, 0xd5087860, "at s1e0w, ${xt}"},
	{0xffffffe0, 0xd5087900, "at s1e1rp, ${xt}"},
	{0xffffffe0, 0xd5087920, "at s1e1wp, ${xt}"},
	{0xffffffe0, 0xd5087940, "at s1e1a, ${xt}"},
	{0xffffffe0, 0xd50c7800, "at s1e2r, ${xt}"},
	{0xffffffe0, 0xd50c7820, "at s1e2w, ${xt}"},
	{0xffffffe0, 0xd50c7880, "at s12e1r, ${xt}"},
	{0xffffffe0, 0xd50c78a0, "at s12e1w, ${xt}"},
	{0xffffffe0, 0xd50c78c0, "at s12e0r, ${xt}"},
	{0xffffffe0, 0xd50c78e0, "at s12e0w, ${xt}"},

	// Unconditional branch (register), data processing: pointer authentication (FEAT_PAuth)
	{0xffffffff, 0xd65f0bff, "retaa"},
	{0xffffffff, 0xd65f0fff, "retab"},
	{0xffffffff, 0xd69f0bff, "eretaa"},
	{0xffffffff, 0xd69f0fff, "eretab"},
	{0xffe0fc00, 0x9ac03000, "pacga ${xt}, ${xn}, ${xm}"},
	{0xfffffc00, 0xdac10000, "pacia ${xt}, ${n}"},
	{0xfffffc00, 0xdac10400, "pacib ${xt}, ${n}"},
	{0xfffffc00, 0xdac10800, "pacda ${xt}, ${n}"},
	{0xfffffc00, 0xdac10c00, "pacdb ${xt}, ${n}"},
	{0xfffffc00, 0xdac11000, "autia ${xt}, ${n}"},
	{0xfffffc00, 0xdac11400, "autib ${xt}, ${n}"},
	{0xfffffc00, 0xdac11800, "autda ${xt}, ${n}"},
	{0xfffffc00, 0xdac11c00, "autdb ${xt}, ${n}"},
	{0xffffffe0, 0xdac143e0, "xpaci ${xt}"},
	{0xffffffe0, 0xdac147e0, "xpacd ${xt}"},

	// Load/store memory tags (FEAT_MTE)
	{0xfffffc00, 0xd9200000, "stzgm ${xt}, [${n}]"},
	{0xfffffc00, 0xd9a00000, "stgm ${xt}, [${n}]"},
	{0xfffffc00, 0xd9e00000, "ldgm ${xt}, [${n}]"},
	{0xffe00c00, 0xd9600000, "ldg ${xt}, ${tagged}"},
	{0xffe00400, 0xd9200400, "stg ${tsp}, ${tagged}"},
	{0xffe00c00, 0xd9200800, "stg ${tsp}, ${tagged}"},
	{0xffe00400, 0xd9600400, "stzg ${tsp}, ${tagged}"},
	{0xffe00c00, 0xd9600800, "stzg ${tsp}, ${tagged}"},
	{0xffe00400, 0xd9a00400, "st2g ${tsp}, ${tagged}"},
	{0xffe00c00, 0xd9a00800, "st2g ${tsp}, ${tagged}"},
	{0xffe00400, 0xd9e00400, "stz2g ${tsp}, ${tagged}"},
	{0xffe00c00, 0xd9e00800, "stz2g ${tsp}, ${tagged}"},

	// SVE: what the kernel saves and restores tasks' registers with
	{0xffc0e010, 0x85800000, "ldr ${p}, ${vl}"},
	{0xffc0e000, 0x85804000, "ldr ${z}, ${vl}"},
	{0xffc0e010, 0xe5800000, "str ${p}, ${vl}"},
	{0xffc0e000, 0xe5804000, "str ${z}, ${vl}"},
	{0xfffff800, 0x04bf5000, "rdvl ${xt}, ${imm6}"},
	{0xfffffff0, 0x2518e400, "pfalse ${p}.b"},
	{0xfffffff0, 0x2519f000, "rdffr ${p}.b"},
	{0xfffffe1f, 0x25289000, "wrffr ${pn}.b"},
}

// arm64Operands are the operands and suffixes of names that arm64System has, of the instruction's word.
var arm64Operands = map[string]func(uint32) string{
	"s":     func(w uint32) string { return arm64Register(w>>16, w>>30 == 3) },
	"t":     func(w uint32) string { return arm64Register(w, w>>30 == 3) },
	"n":     func(w uint32) string { return arm64Base(w >> 5) },
	"tsp":   func(w uint32) string { return arm64Base(w) },
	"xt":    func(w uint32) string { return arm64Register(w, true) },
	"xn":    func(w uint32) string { return arm64Register(w>>5, true) },
	"xm":    func(w uint32) string { return arm64Register(w>>16, true) },
	"pairs": func(w uint32) string { return arm64Pair(w>>16, w>>30&1 != 0) },
	"pairt": func(w uint32) string { return arm64Pair(w, w>>30&1 != 0) },
	"z":     func(w uint32) string { return fmt.Sprintf("z%d", w&31) },
	"p":     func(w uint32) string { return fmt.Sprintf("p%d", w&15) },
	"pn":    func(w uint32) string { return fmt.Sprintf("p%d", w>>5&15) },

	// Acquire, release; byte, halfword.
	"rl":    func(w uint32) string { return arm64Letter(w>>23, "a") + arm64Letter(w>>22, "l") },
	"casrl": func(w uint32) string { return arm64Letter(w>>22, "a") + arm64Letter(w>>15, "l") },
	"bh":    func(w uint32) string { return [4]string{"b", "h"}[w>>30] },

	"imm4":     func(w uint32) string { return fmt.Sprintf("#%#x", w>>8&15) },
	"imm6":     func(w uint32) string { return fmt.Sprintf("#%d", int32(w<<21)>>26) },
	"imm16":    func(w uint32) string { return fmt.Sprintf("#%#x", w>>5&0xffff) },
	"imm16low": func(w uint32) string { return fmt.Sprintf("#%#x", w&0xffff) },

	// Distances in granules of 16 bytes, and in lengths of a vector.
	"tagged": func(w uint32) string {
		base, offset := arm64Base(w>>5), int32(w<<11)>>23*16
		switch w >> 10 & 3 {
		case 1:
			return fmt.Sprintf("[%s], #%d", base, offset)
		case 3:
			return fmt.Sprintf("[%s, #%d]!", base, offset)
		}
		return arm64Address(base, offset, "")
	},
	"vl": func(w uint32) string {
		return arm64Address(arm64Base(w>>5), int32(w<<10)>>26<<3|int32(w>>10&7), ", mul vl")
	},
}

func arm64Register(n uint32, wide bool) string {
	letter := "w"
	if wide {
		letter = "x"
	}
	if n &= 31; n == 31 {
		return letter + "zr"
	}
	return fmt.Sprintf("%s%d", letter, n)
}

// arm64Base is a register where 31 is the stack pointer.
func arm64Base(n uint32) string {
	if n&31 == 31 {
		return "sp"
	}
	return arm64Register(n, true)
}

func arm64Pair(n uint32, wide bool) string {
	return arm64Register(n, wide) + ", " + arm64Register(n+1, wide)
}

func arm64Address(base string, offset int32, unit string) string {
	if offset == 0 {
		return "[" + base + "]"
	}
	return fmt.Sprintf("[%s, #%d%s]", base, offset, unit)
}

// arm64Letter is the letter that a bit adds to a name.
func arm64Letter(bit uint32, s string) string {
	if bit&1 == 0 {
		return ""
	}
	return s
}
