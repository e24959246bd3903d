package bindings

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/arch/riscv64/riscv64asm"
)

const (
	maxInstructions     = 1 << 16
	defaultInstructions = 16
	maxInstruction      = 15 // bytes of the longest, x86's
)

var disassembleMembers = []*Member{
	{Name: "disassemble", Args: []Arg{addressArg, {Name: "count", Type: "Size", Default: "16", Help: "instructions, at most 65536"},
		{Name: "options", Type: "DisassembleOptions", Optional: true}}, Type: "Instruction[]",
		Help:   "The instructions from an address on, of x86, arm64 or riscv64. Bytes that are none are (bad); it ends early where memory does.",
		native: onMemory((*memoryObject).disassemble)},
}

var disassembleRecords = []*Class{
	{Name: "Instruction", Kind: KindRecord, Help: "A machine instruction.", Members: []*Member{
		prop("address", "bigint", "Where it is."),
		prop("size", "number", "Bytes."),
		prop("bytes", "Uint8Array", "The bytes."),
		prop("text", "string", "In assembly language."),
		prop("symbol", "string | null", "Where that is, name+offset, when symbols are known."),
	}},
	{Name: "DisassembleOptions", Kind: KindOptions, Help: "How instructions are read.", Members: []*Member{
		opt("arch", `"x86" | "arm64" | "riscv64"`, "The guest's when left out."),
		opt("bits", "16 | 32 | 64", "x86: the mode of the code; as CPU 0's when left out."),
		opt("syntax", `"intel" | "gnu"`, `x86: "intel" when left out.`),
	}},
}

// A decoder makes text of the instruction at the start of code; size 0 when there is none.
type decoder func(code []byte, pc uint64, symbol func(uint64) (string, uint64)) (text string, size int)

func (m *memoryObject) disassemble(c call) goja.Value {
	pc, count, o := c.address(0), int(c.integerOr(1, 0, maxInstructions, defaultInstructions)), c.options(2)
	decode, step := m.decoderFor(o)
	symbol := m.symbols()
	items := []goja.Value{}
	for range count {
		var buffer [maxInstruction]byte
		n, err := m.mem.ReadMemory(buffer[:], pc)
		code := buffer[:n]
		if n < step {
			if len(items) == 0 {
				m.b.throw(err)
			}
			break
		}
		text, size := decodeSafely(decode, code, pc, symbol)
		if size == 0 {
			text, size = "(bad)", step
		}
		size = min(size, n)
		items = append(items, m.instruction(pc, code[:size], text, symbol))
		if pc+uint64(size) < pc {
			break
		}
		pc += uint64(size)
	}
	return m.b.array(items)
}

func (m *memoryObject) instruction(pc uint64, code []byte, text string, symbol func(uint64) (string, uint64)) *goja.Object {
	b := m.b
	o := b.record("Instruction")
	b.set(o, "address", b.u64(pc))
	b.set(o, "size", b.rt.ToValue(len(code)))
	b.set(o, "bytes", b.bytes(append([]byte(nil), code...)))
	b.set(o, "text", b.str(text))
	b.set(o, "symbol", b.strOrNull(symbolText(symbol, pc)))
	return o
}

// decodeSafely keeps panics of a decoder, which is fed with anything, from ending the listing.
func decodeSafely(decode decoder, code []byte, pc uint64, symbol func(uint64) (string, uint64)) (text string, size int) {
	defer func() {
		if recover() != nil {
			text, size = "", 0
		}
	}()
	return decode(code, pc, symbol)
}

// symbols gives names to addresses: those that the host has, or those of the guest's kernel once vm.linux was asked for. It is
// never nil.
func (m *memoryObject) symbols() func(uint64) (string, uint64) {
	switch {
	case m.vm != nil && m.b.options.Symbol != nil:
		return func(address uint64) (string, uint64) { return m.b.options.Symbol(m.vm.target, address) }
	case m.vm != nil && m.vm.linux != nil && m != &m.vm.memoryObject: // not of physical addresses
		return m.vm.linux.symbolAt
	}
	return func(uint64) (string, uint64) { return "", 0 }
}

// symbolText is "name+0x10", or empty.
func symbolText(symbol func(uint64) (string, uint64), address uint64) string {
	name, base := symbol(address)
	if name == "" || base == address {
		return name
	}
	return fmt.Sprintf("%s+%#x", name, address-base)
}

// decoderFor chooses the decoder, and the bytes to step over where there is no instruction.
func (m *memoryObject) decoderFor(o opts) (decoder, int) {
	arch := o.text("arch", "")
	if arch == "" && m.vm != nil {
		arch = m.vm.target.Info().Arch
	}
	switch arch {
	case "x86", "x86_64", "i386":
		return m.x86Decoder(o), 1
	case "arm64", "aarch64":
		return decodeARM64, 4
	case "riscv64":
		return decodeRISCV64, 2
	}
	if v := o.get("arch"); v != nil {
		o.c.bad("arch", v, `must be "x86", "arm64" or "riscv64"`, false)
	}
	o.c.throwRange(`%s: the guest's architecture is not known: give {arch: "x86"}, "arm64" or "riscv64"`, o.c.shortPath())
	return nil, 0
}

// place is an address with its symbol.
func place(address uint64, symbol func(uint64) (string, uint64)) string {
	s := fmt.Sprintf("%#x", address)
	if name := symbolText(symbol, address); name != "" {
		s += " <" + name + ">"
	}
	return s
}

// riscvBranches are the instructions whose last argument is a distance.
var riscvBranches = map[riscv64asm.Op]bool{
	riscv64asm.JAL: true, riscv64asm.BEQ: true, riscv64asm.BNE: true, riscv64asm.BLT: true,
	riscv64asm.BGE: true, riscv64asm.BLTU: true, riscv64asm.BGEU: true,
}

func decodeRISCV64(code []byte, pc uint64, symbol func(uint64) (string, uint64)) (string, int) {
	size := 4
	if len(code) >= 2 && binary.LittleEndian.Uint16(code)&3 != 3 {
		size = 2 // a compressed instruction
	}
	if len(code) < size {
		return "", 0
	}
	inst, err := riscv64asm.Decode(code[:size])
	if err != nil {
		return "", 0
	}
	text := riscv64asm.GNUSyntax(inst)
	if riscvBranches[inst.Op] {
		for _, a := range inst.Args {
			if imm, ok := a.(riscv64asm.Simm); ok {
				text += strings.TrimRight(" # "+place(pc+uint64(int64(imm.Imm)), symbol), " ")
			}
		}
	}
	return text, size
}
