package symbols

import (
	"strings"
	"testing"

	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// TestRecoverData takes the names of its variables from a real kernel and looks where they are found again. The kernel's own list of
// symbols is the oracle.
func TestRecoverData(t *testing.T) {
	for _, name := range linuxImages[:3] {
		t.Run(name, func(t *testing.T) {
			k := find(t, name)
			all := k.Symbols.kernel
			var b symtab.Builder
			for s := range all.All() {
				if strings.ContainsRune("tTwW", rune(s.Type)) || s.Name == "init_task" {
					b.Add(s.Address, s.Type, s.Name)
				}
			}
			start, end := k.Symbols.start, k.Symbols.end
			k.Symbols = newSymbols(b.Table(""))
			k.Symbols.start, k.Symbols.end = start, end
			k.recoverData()
			found := 0
			for _, variable := range []string{"modules", "slab_caches", "super_blocks", "btf_modules", "runqueues", "tk_core", "sys_call_table"} {
				have, ok := k.Symbols.kernel.Address(variable)
				if !ok {
					t.Logf("%s is not found", variable)
					continue
				}
				found++
				if want, _ := all.Address(variable); have != want {
					t.Errorf("%s = %#x, the kernel has it at %#x", variable, have, want)
				}
			}
			if found < 5 { // no module is loaded in these guests
				t.Errorf("%d variables", found)
			}
			if told := k.Evidence[len(k.Evidence)-1]; !strings.Contains(told, "inferred from what they hold") || !strings.Contains(told, "runqueues") {
				t.Errorf("the evidence says %q", told)
			}
		})
	}
}
