package kallsyms_test

import (
	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/symbols/kallsyms"
	"testing"
	"time"
)

func TestReal(t *testing.T) {
	for _, n := range []string{"linux/x64-q35-256M-smp2", "linux/q10-q35-mapped", "linux/q10-arm64", "linux/i386-pae-256M"} {
		img, err := savevm.Open(testimage.Path(t, n))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for c := range kallsyms.Locate(t.Context(), img, 0, 0) {
			t.Logf("%s %#x %v", n, c.TokenTable, time.Since(start))
			r, err := c.Decode()
			t.Logf("%v %v", err, time.Since(start))
			if err == nil {
				t.Logf("%s late %v base %#x bits %d count %d missing %d", r.Form, r.Late, r.Base, r.Bits, r.Count, r.Missing)
				for _, s := range []string{"_text", "linux_banner", "init_task", "__per_cpu_offset", "_end", "__start_BTF", "swapper_pg_dir", "init_top_pgt"} {
					t.Log(r.Table.Lookup(s))
				}
				t.Log(time.Since(start))
			}
		}
		t.Log(time.Since(start))
		img.Close()
	}
}
