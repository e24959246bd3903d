package savevm

import "testing"

// TestX87Undivided reads a register as QEMU 2.4 to 2.8 describe it, as ten bytes: st0 of a guest that ran FLDPI, out of a stream of
// QEMU 2.5, and π as the processor has it (Intel SDM volume 1, section 8.3.8).
func TestX87Undivided(t *testing.T) {
	mantissa, exponent := x87Parts([]byte{0xc9, 0x0f, 0xda, 0xa2, 0x21, 0x68, 0xc2, 0x35, 0x40, 0x00})
	if mantissa != 0xc90fdaa22168c235 || exponent != 0x4000 {
		t.Errorf("%#x, %#x", mantissa, exponent)
	}
}
