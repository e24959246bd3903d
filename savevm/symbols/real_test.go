package symbols

import (
	"strconv"
	"strings"
	"testing"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm"
)

// linuxImages are the real images of Linux guests.
var linuxImages = []string{"linux/x64-q35-256M-smp2", "linux/q10-q35-mapped", "linux/q10-arm64", "linux/i386-pae-256M"}

func open(tb testing.TB, name string) *savevm.Image {
	tb.Helper()
	img, err := savevm.Open(testimage.Path(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { img.Close() })
	return img
}

func find(tb testing.TB, name string) *Kernel {
	tb.Helper()
	k, err := Find(tb.Context(), Of(open(tb, name)), Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// guestSymbols are the lines of the guest's own /proc/kallsyms that were recorded.
func guestSymbols(t *testing.T, name string) []Symbol {
	text, ok := testimage.Oracle(t, name, "guest.txt")
	if !ok {
		t.Skip("NOT TESTED: no guest.txt")
	}
	var symbols []Symbol
	in := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "===BEGIN") || strings.HasPrefix(line, "---") {
			in = strings.Contains(line, "kallsyms")
			continue
		}
		f := strings.Fields(line)
		if !in || len(f) < 3 || len(f[1]) != 1 {
			continue
		}
		address, err := strconv.ParseUint(f[0], 16, 64)
		if err != nil {
			continue
		}
		symbols = append(symbols, Symbol{Address: address, Type: f[1][0], Name: f[2]})
	}
	return symbols
}

func TestGuestKallsyms(t *testing.T) {
	for _, name := range linuxImages {
		t.Run(name, func(t *testing.T) {
			k := find(t, name)
			want := guestSymbols(t, name)
			if len(want) < 10 {
				t.Fatalf("%d symbols in the guest's own list", len(want))
			}
			for _, w := range want {
				found := false
				for _, s := range k.Symbols.kernel.Lookup(w.Name) {
					found = found || s == w
				}
				if !found {
					t.Errorf("%s: have %v, the guest has %v", w.Name, k.Symbols.kernel.Lookup(w.Name), w)
				}
			}
		})
	}
}
