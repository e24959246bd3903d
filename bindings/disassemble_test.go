package bindings

import (
	"encoding/binary"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"golang.org/x/arch/x86/x86asm"
)

// One function, so that every address has a name and a distance.
func oneFunction(address uint64) (string, uint64) {
	if address < 0x1000 {
		return "", 0
	}
	return "f", 0x1000
}

// The texts are those of objdump 2.40, in x86asm's spelling of operands.
func TestDecodeX86(t *testing.T) {
	for _, test := range []struct {
		bits       int
		code, text string
		size       int
	}{
		{64, "f30f1efa", "endbr64", 4},
		{32, "f30f1efb", "endbr32", 4},
		{64, "0f01ca", "clac", 3},
		{64, "0f01cb", "stac", 3},
		{32, "0f01c1", "vmcall", 3},
		{64, "0f01d9", "vmmcall", 3},
		{64, "f30f01d9", "vmgexit", 4},
		{64, "0f01c2", "vmlaunch", 3},
		{64, "0f01c3", "vmresume", 3},
		{64, "0f01cf", "encls", 3},
		{64, "0f01d7", "enclu", 3},
		{64, "0f01ee", "rdpkru", 3},
		{64, "0f01ef", "wrpkru", 3},
		{64, "0f01e8", "serialize", 3},
		{64, "0f01f8", "swapgs", 3},
		{64, "0f01d0", "xgetbv", 3},
		{64, "f20f01ff", "pvalidate", 4},
		{64, "660f01cc", "tdcall", 4},
		{64, "f30f09", "wbnoinvd", 3},
		{64, "0f09", "wbinvd", 2},
		{64, "c4e27849c0", "tilerelease", 5},
		{64, "f30f1ec9", "rdsspd ecx", 4},
		{64, "f3490f1ec9", "rdsspq r9", 5},
		{64, "f30fc7fb", "rdpid rbx", 4},
		{32, "f30fc7fb", "rdpid ebx", 4},
		{64, "480fc7f8", "rdseed rax", 4},
		{64, "660faef1", "tpause ecx", 4},
		{64, "660fae38", "clflushopt byte ptr [rax]", 4},
		{64, "660fae30", "clwb byte ptr [rax]", 4},
		{64, "0fae30", "xsaveopt ptr [rax]", 3},
		{64, "66480f38f545f8", "wrussq qword ptr [rbp-0x8], rax", 7},
		{64, "660f38805c2410", "invept rbx, xmmword ptr [rsp+0x10]", 7},
		{64, "66470f38811488", "invvpid r10, xmmword ptr [r8+4*r9]", 7},
		{64, "660f38820f", "invpcid rcx, xmmword ptr [rdi]", 5},
		{64, "0f78c3", "vmread rbx, rax", 3},
		{64, "0f791d78563412", "vmwrite rbx, qword ptr [f+0x1234567f]", 7},
		{64, "660fc730", "vmclear qword ptr [rax]", 4},
		{32, "0fc73500200000", "vmptrld qword ptr [f+0x1000]", 7},
		{64, "f3", "(bad)", 0},
		{64, "0f002de41d0000", "verw word ptr [f+0x1deb]", 7},
		// VEX and EVEX without a meaning, with SIB, displacement and immediate byte: their size is known all the same.
		{64, "c4e27849848800010000", "(bad)", 10},
		{64, "c4e379ff44880105", "(bad)", 8},
		{64, "62f3fd08ff44880105", "(bad)", 9},
		{32, "c405", "(bad)", 0}, // les without its address
	} {
		code, err := hex.DecodeString(test.code)
		if err != nil {
			t.Fatal(err)
		}
		if test.size != 0 {
			code = append(code, make([]byte, max(0, maxInstruction-len(code)))...)
		}
		text, size := decodeSafely(decodeX86(test.bits, x86asm.IntelSyntax), code, 0x1000, oneFunction)
		if size != test.size || size != 0 && text != test.text {
			t.Errorf("%s: %q of %d bytes, want %q of %d", test.code, text, size, test.text, test.size)
		}
	}
	text, _ := decodeX86(64, x86asm.GNUSyntax)([]byte{0x66, 0x0f, 0x38, 0x80, 0x5c, 0x24, 0x10}, 0x1000, oneFunction)
	if want := "invept 0x10(%rsp),%rbx"; text != want {
		t.Errorf("%q, want %q", text, want)
	}
}

// The texts are those of aarch64-linux-gnu-objdump 2.40.
func TestDecodeARM64(t *testing.T) {
	for _, test := range []struct {
		word uint32
		text string
	}{
		{0x88e17c40, "casa w1, w0, [x2]"},
		{0x88a1fc1f, "casl w1, wzr, [x0]"},
		{0x08a17c82, "casb w1, w2, [x4]"},
		{0x48e0fc3f, "casalh w0, wzr, [x1]"},
		{0x4860fc82, "caspal x0, x1, x2, x3, [x4]"},
		{0x48207c82, "casp x0, x1, x2, x3, [x4]"},
		{0xb8240025, "ldadd w4, w5, [x1]"},
		{0xb820005f, "stadd w0, [x2]"},
		{0x7860027f, "staddlh w0, [x19]"},
		{0xb8e00020, "ldaddal w0, w0, [x1]"},
		{0xf83632ff, "stset x22, [x23]"},
		{0xf8e11001, "ldclral x1, x1, [x0]"},
		{0xf8612001, "ldeorl x1, x1, [x0]"},
		{0xf8a03260, "ldseta x0, x0, [x19]"},
		{0xf8fa8003, "swpal x26, x3, [x0]"},
		{0x38388023, "swpb w24, w3, [x1]"},
		{0x782480c0, "swph w4, w0, [x6]"},
		{0xd4000002, "hvc #0x0"},
		{0xd4000003, "smc #0x0"},
		{0x00000000, "udf #0x0"},
		{0xd503233f, "paciasp"},
		{0xd50323bf, "autiasp"},
		{0xd503245f, "bti c"},
		{0xd503229f, "csdb"},
		{0xd503201f, "nop"},
		{0xd50330ff, "sb"},
		{0xd503415f, "msr dit, #0x1"},
		{0xd5031015, "wfet x21"},
		{0xd50b7523, "ic ivau, x3"},
		{0xd508711f, "ic ialluis"},
		{0xd5087815, "at s1e1r, x21"},
		{0x9ac03320, "pacga x0, x25, x0"},
		{0xd9a0001f, "stgm xzr, [x0]"},
		{0xd9e02400, "stz2g x0, [x0], #32"},
		{0xd9600024, "ldg x4, [x1]"},
		{0x85be0000, "ldr p0, [x0, #-16, mul vl]"},
		{0xe5bb5800, "str z0, [x0, #-34, mul vl]"},
		{0x04bf5020, "rdvl x0, #1"},
		{0x25289000, "wrffr p0.b"},
	} {
		code := binary.LittleEndian.AppendUint32(nil, test.word)
		if text, _ := decodeSafely(decodeARM64, code, 0x1000, oneFunction); text != test.text {
			t.Errorf("%08x: %q, want %q", test.word, text, test.text)
		}
	}
}

// A row whose value has bits outside of its mask never matches; an operand that is not in the table would panic.
func TestARM64RowsAreSound(t *testing.T) {
	for _, row := range arm64System {
		if row.value&^row.mask != 0 {
			t.Errorf("%q: value %08x is not within mask %08x", row.text, row.value, row.mask)
		}
		os.Expand(row.text, func(operand string) string {
			if arm64Operands[operand] == nil {
				t.Errorf("%q: no operand %q", row.text, operand)
			}
			return ""
		})
	}
}

func TestInstructionsAreALineEach(t *testing.T) {
	b, _ := install(t)
	for symbol, want := range map[string]string{
		"f":               "<f>\n0x1000  f4                   hlt",
		"f+0x8":           "0x1000  f4                   hlt",
		"":                "0x1000  f4                   hlt",
		"f [module]":      "<f [module]>\n0x1000  f4                   hlt",
		"f [module]+0x10": "0x1000  f4                   hlt",
	} {
		m := &memoryObject{b: b}
		named := func(uint64) (string, uint64) {
			name, distance, _ := strings.Cut(symbol, "+")
			if distance != "" {
				return name, 0xff8
			}
			return name, 0x1000
		}
		o := m.instruction(0x1000, []byte{0xf4}, "hlt", named)
		if got := instructionText(rec{b, o}); got != want {
			t.Errorf("%q: %q, want %q", symbol, got, want)
		}
	}
}
