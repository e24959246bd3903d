package suggest

import "testing"

func TestNearest(t *testing.T) {
	names := []string{"hex", "hexdump", "table", "padStart"}
	for given, want := range map[string]string{"hexx": "hex", "tabel": "table", "padstrat": "padStart", "zebra": "", "": ""} {
		if got := Nearest(given, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", given, got, want)
		}
	}
}
