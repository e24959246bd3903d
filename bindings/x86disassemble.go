package bindings

import (
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

func (m *memoryObject) x86Decoder(o opts) decoder {
	bits := int(o.integer("bits", 16, 64, uint64(m.x86Bits())))
	if bits != 16 && bits != 32 && bits != 64 {
		o.c.bad("bits", o.get("bits"), "must be 16, 32 or 64", false)
	}
	format := x86Syntax(x86asm.IntelSyntax)
	switch o.text("syntax", "intel") {
	case "intel":
	case "gnu":
		format = x86asm.GNUSyntax
	default:
		o.c.bad("syntax", o.get("syntax"), `must be "intel" or "gnu"`, false)
	}
	return decodeX86(bits, format)
}

// x86Bits is the mode of the first CPU's code.
func (m *memoryObject) x86Bits() int {
	if m.vm != nil {
		if cpus := m.vm.target.CPUs(); len(cpus) > 0 {
			switch cpus[0].Mode() {
			case "long":
				return 64
			case "real", "vm86":
				return 16
			}
			return 32
		}
	}
	return 8 * m.pointer
}

// An x86Syntax makes text of an instruction.
type x86Syntax func(inst x86asm.Inst, pc uint64, symbol x86asm.SymLookup) string

func decodeX86(bits int, format x86Syntax) decoder {
	return func(code []byte, pc uint64, symbol func(uint64) (string, uint64)) (string, int) {
		// x86asm prints the distance from a symbol in decimal; a name that has it already stays as it is.
		named := func(address uint64) (string, uint64) { return symbolText(symbol, address), address }
		if text, size := decodeX86System(code, bits, format, pc, named); size > 0 {
			return text, size
		}
		inst, err := x86asm.Decode(code, bits)
		if err != nil {
			return "(bad)", x86VectorSize(code, bits)
		}
		if inst.Op == 0 { // a prefix alone
			return "", 0
		}
		return format(inst, pc, named), inst.Len
	}
}

// x86Plain are the instructions without operands that x86asm does not know, by their mandatory prefix and opcode. Intel SDM
// volume 2, AMD APM volume 3; the rows of TDX are of Intel's CPU Architectural Extensions for TDX, chapter 2.
var x86Plain = map[string]string{
	"\xf3\x0f\x1e\xfa": "endbr64", "\xf3\x0f\x1e\xfb": "endbr32",
	"\x0f\x37":         "getsec",
	"\xf3\x0f\x09":     "wbnoinvd",
	"\x0f\x01\xc0":     "enclv",
	"\x0f\x01\xc1":     "vmcall",
	"\x0f\x01\xc2":     "vmlaunch",
	"\x0f\x01\xc3":     "vmresume",
	"\x0f\x01\xc4":     "vmxoff",
	"\x0f\x01\xc5":     "pconfig",
	"\x0f\x01\xc6":     "wrmsrns",
	"\xf2\x0f\x01\xc6": "rdmsrlist",
	"\xf3\x0f\x01\xc6": "wrmsrlist",
	"\xf2\x0f\x01\xca": "erets",
	"\xf3\x0f\x01\xca": "eretu",
	"\x0f\x01\xca":     "clac",
	"\x0f\x01\xcb":     "stac",
	"\x66\x0f\x01\xcc": "tdcall",
	"\x66\x0f\x01\xcd": "seamret",
	"\x66\x0f\x01\xce": "seamops",
	"\x0f\x01\xcf":     "encls",
	"\x66\x0f\x01\xcf": "seamcall",
	"\x0f\x01\xd4":     "vmfunc",
	"\x0f\x01\xd7":     "enclu",
	"\x0f\x01\xd8":     "vmrun",
	"\x0f\x01\xd9":     "vmmcall",
	"\xf3\x0f\x01\xd9": "vmgexit",
	"\xf2\x0f\x01\xd9": "vmgexit",
	"\x0f\x01\xda":     "vmload",
	"\x0f\x01\xdb":     "vmsave",
	"\x0f\x01\xdc":     "stgi",
	"\x0f\x01\xdd":     "clgi",
	"\x0f\x01\xde":     "skinit",
	"\x0f\x01\xdf":     "invlpga",
	"\x0f\x01\xe8":     "serialize",
	"\xf3\x0f\x01\xe8": "setssbsy",
	"\xf2\x0f\x01\xe8": "xsusldtrk",
	"\xf2\x0f\x01\xe9": "xresldtrk",
	"\xf3\x0f\x01\xea": "saveprevssp",
	"\xf3\x0f\x01\xec": "uiret",
	"\xf3\x0f\x01\xed": "testui",
	"\x0f\x01\xee":     "rdpkru",
	"\xf3\x0f\x01\xee": "clui",
	"\x0f\x01\xef":     "wrpkru",
	"\xf3\x0f\x01\xef": "stui",
	"\x0f\x01\xfa":     "monitorx",
	"\xf3\x0f\x01\xfa": "mcommit",
	"\x0f\x01\xfb":     "mwaitx",
	"\x0f\x01\xfc":     "clzero",
	"\x0f\x01\xfd":     "rdpru",
	"\x0f\x01\xfe":     "invlpgb",
	"\xf2\x0f\x01\xfe": "rmpupdate",
	"\xf3\x0f\x01\xfe": "rmpadjust",
	"\x0f\x01\xff":     "tlbsync",
	"\xf2\x0f\x01\xff": "pvalidate",
	"\xf3\x0f\x01\xff": "psmash",
	// The only one of AMX that a kernel has: it empties the tiles of an idle CPU.
	"\xc4\xe2\x78\x49\xc0": "tilerelease",
}

// An x86Form is which operands an instruction takes from its ModR/M byte.
type x86Form int

const (
	x86Reg    x86Form = iota // a register in r/m, with the opcode's digit in reg
	x86Mem                   // memory in r/m, with the opcode's digit in reg
	x86MemReg                // memory, register
	x86RegMem                // register, memory
	x86RMReg                 // register or memory, register
	x86RegRM                 // register, register or memory
)

// x86System are the instructions with operands that x86asm does not know, or takes for others. Intel SDM volume 2.
var x86System = []struct {
	opcode string // the mandatory prefix and the opcode
	form   x86Form
	digit  byte   // of the forms x86Reg and x86Mem
	names  string // two where REX.W chooses
	native bool   // registers are as wide as the mode, whatever REX.W says
	bytes  int    // of memory; 0 when as wide as a register
}{
	{opcode: "\xf3\x0f\x1e", form: x86Reg, digit: 1, names: "rdsspd rdsspq"},
	{opcode: "\xf3\x0f\xae", form: x86Reg, digit: 5, names: "incsspd incsspq"},
	{opcode: "\xf3\x0f\xae", form: x86Reg, digit: 6, names: "umonitor", native: true},
	{opcode: "\xf3\x0f\xae", form: x86Mem, digit: 6, names: "clrssbsy", bytes: 8},
	{opcode: "\x66\x0f\xae", form: x86Reg, digit: 6, names: "tpause"},
	{opcode: "\xf2\x0f\xae", form: x86Reg, digit: 6, names: "umwait"},
	{opcode: "\x66\x0f\xae", form: x86Mem, digit: 6, names: "clwb", bytes: 1},
	{opcode: "\x66\x0f\xae", form: x86Mem, digit: 7, names: "clflushopt", bytes: 1},
	{opcode: "\x0f\x1c", form: x86Mem, digit: 0, names: "cldemote", bytes: 1},
	{opcode: "\xf3\x0f\x01", form: x86Mem, digit: 5, names: "rstorssp", bytes: 8},
	{opcode: "\x0f\x38\xf6", form: x86MemReg, names: "wrssd wrssq"},
	{opcode: "\x66\x0f\x38\xf5", form: x86MemReg, names: "wrussd wrussq"},
	{opcode: "\x0f\x38\xf9", form: x86MemReg, names: "movdiri"},
	{opcode: "\x66\x0f\x38\xf8", form: x86RegMem, names: "movdir64b", native: true, bytes: 64},
	{opcode: "\xf2\x0f\x38\xf8", form: x86RegMem, names: "enqcmd", native: true, bytes: 64},
	{opcode: "\xf3\x0f\x38\xf8", form: x86RegMem, names: "enqcmds", native: true, bytes: 64},
	{opcode: "\x66\x0f\x38\x80", form: x86RegMem, names: "invept", native: true, bytes: 16},
	{opcode: "\x66\x0f\x38\x81", form: x86RegMem, names: "invvpid", native: true, bytes: 16},
	{opcode: "\x0f\x78", form: x86RMReg, names: "vmread", native: true},
	{opcode: "\x0f\x79", form: x86RegRM, names: "vmwrite", native: true},
	{opcode: "\x0f\xc7", form: x86Mem, digit: 6, names: "vmptrld", bytes: 8},
	{opcode: "\x66\x0f\xc7", form: x86Mem, digit: 6, names: "vmclear", bytes: 8},
	{opcode: "\xf3\x0f\xc7", form: x86Mem, digit: 6, names: "vmxon", bytes: 8},
	{opcode: "\x0f\xc7", form: x86Mem, digit: 7, names: "vmptrst", bytes: 8},
	{opcode: "\x0f\xc7", form: x86Reg, digit: 7, names: "rdseed"},
	{opcode: "\xf3\x0f\xc7", form: x86Reg, digit: 6, names: "senduipi", native: true},
	{opcode: "\xf3\x0f\xc7", form: x86Reg, digit: 7, names: "rdpid", native: true},
}

const rexW = 0x48 // Intel SDM volume 2, 2.2.1.2

// decodeX86System decodes what the two tables have; size 0 when that is not it.
func decodeX86System(code []byte, bits int, format x86Syntax, pc uint64, symbol x86asm.SymLookup) (string, int) {
	var mandatory, rex byte
	var others []byte // prefixes of the memory operand
	rest := code
prefixes:
	for ; len(rest) > 0; rest = rest[1:] {
		switch p := rest[0]; p {
		case 0xf2, 0xf3:
			mandatory = p
		case 0x66:
			if mandatory == 0 {
				mandatory = p
			}
		case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x67:
			others = append(others, p)
		default:
			break prefixes
		}
	}
	if bits == 64 && len(rest) > 0 && rest[0]&0xf0 == 0x40 {
		rex, rest = rest[0], rest[1:]
	}
	key := string(rest)
	if mandatory != 0 {
		key = string([]byte{mandatory}) + key
	}
	for n := range min(len(key), 5) {
		if name := x86Plain[key[:n+1]]; name != "" {
			return name, len(code) - len(key) + n + 1
		}
	}
	for _, row := range x86System {
		if !strings.HasPrefix(key, row.opcode) || len(key) == len(row.opcode) {
			continue
		}
		modrm := key[len(row.opcode):]
		memory := modrm[0] < 0xc0
		switch row.form {
		case x86Reg:
			if memory || modrm[0]>>3&7 != row.digit {
				continue
			}
		case x86Mem:
			if !memory || modrm[0]>>3&7 != row.digit {
				continue
			}
		case x86MemReg, x86RegMem:
			if !memory {
				continue
			}
		}
		names := strings.Fields(row.names)
		name := names[0]
		if rex&rexW == rexW {
			name = names[len(names)-1]
		}
		if row.native && bits == 64 {
			rex |= rexW
		}
		inst, n := x86Operands(others, rex, modrm, bits)
		if n == 0 {
			return "", 0
		}
		size := len(code) - len(modrm) + n
		if row.bytes != 0 && memory {
			inst.MemBytes = row.bytes
		}
		switch reg, rm := inst.Args[0], inst.Args[1]; row.form {
		case x86Reg, x86Mem:
			inst.Args = x86asm.Args{rm}
		case x86MemReg, x86RMReg:
			inst.Args = x86asm.Args{rm, reg}
		}
		// What is relative to the end of the instruction is so to this one's.
		pc += uint64(size - inst.Len)
		_, operands, _ := strings.Cut(format(inst, pc, symbol), " ")
		return name + " " + operands, size
	}
	return "", 0
}

// x86Operands reads a ModR/M byte and what belongs to it: the register, the register or memory, and the bytes they take. x86asm
// does so for an instruction that it knows and that has just these, IMUL r, r/m.
func x86Operands(prefixes []byte, rex byte, modrm string, bits int) (x86asm.Inst, int) {
	code := append([]byte(nil), prefixes...)
	if rex != 0 {
		code = append(code, rex)
	}
	code = append(code, 0x0f, 0xaf)
	head := len(code)
	inst, err := x86asm.Decode(append(code, modrm...), bits)
	if err != nil || inst.Op != x86asm.IMUL {
		return inst, 0
	}
	return inst, inst.Len - head
}

// x86VectorSize is the size of a VEX or EVEX instruction that x86asm does not know, so that the next is found; 0 for others.
// Intel SDM volume 2, 2.3.5 and 2.7.
func x86VectorSize(code []byte, bits int) int {
	var opcode, opmap int
	switch {
	case len(code) < 6 || bits != 64 && code[1] < 0xc0: // in 32-bit mode that is LES, LDS, BOUND
		return 0
	case code[0] == 0xc5:
		opcode, opmap = 2, 1
	case code[0] == 0xc4:
		opcode, opmap = 3, int(code[1]&0x1f)
	case code[0] == 0x62:
		opcode, opmap = 4, int(code[1]&7)
	}
	if opmap < 1 || opmap > 3 {
		return 0
	}
	_, n := x86Operands(nil, 0, string(code[opcode+1:]), bits)
	if n == 0 {
		return 0
	}
	size := opcode + 1 + n
	op := code[opcode]
	if opmap == 3 || opmap == 1 && (op >= 0x70 && op <= 0x73 || op == 0xc2 || op >= 0xc4 && op <= 0xc6) {
		size++ // an immediate byte
	}
	if size > len(code) {
		return 0
	}
	return size
}
