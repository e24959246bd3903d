package savevm_test

import (
	"strings"
	"testing"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm"
)

// TestPlace puts a DIMM where the user says that it lies, instead of where it is taken to be, with the page that its guest wrote.
func TestPlace(t *testing.T) {
	const guess, said, page = 4 << 30, 0x110000000, 0
	img := open(t, "q35-m64-dimm")
	var want [8]byte
	if _, err := img.ReadMemory(want[:], guess+page); err != nil || want == [8]byte{} {
		t.Fatalf("%x, %v", want, err)
	}
	moved, err := savevm.OpenContext(t.Context(), testimage.Path(t, "q35-m64-dimm"), savevm.Options{Place: map[string]uint64{"mem1": said}})
	if err != nil {
		t.Fatal(err)
	}
	defer moved.Close()
	var got [8]byte
	if _, err := moved.ReadMemory(got[:], said+page); err != nil || got != want {
		t.Errorf("%x, %v; want %x", got, err, want)
	}
	if _, err := moved.ReadMemory(got[:], guess); err == nil {
		t.Error("the DIMM is still where it was taken to be")
	}
	for _, w := range moved.Warnings() {
		if strings.Contains(w.Text, "memory device") {
			t.Errorf("%v", w)
		}
	}
}
