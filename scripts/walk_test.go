package scripts

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/paging"
)

// The walk in JavaScript finds what the native one does, on every CPU of every image.
func TestWalkPagetables(t *testing.T) {
	for _, name := range testimage.All(t) {
		t.Run(name, func(t *testing.T) {
			img, err := savevm.Open(testimage.Path(t, name))
			if err != nil {
				t.Skip(err)
			}
			defer img.Close()
			for _, cpu := range img.CPUs() {
				space, err := cpu.Space()
				if err != nil { // a core file without the system's registers
					t.Log(err)
					continue
				}
				r, err := executeOn(t, img, "walk_pagetables", "--cpu", fmt.Sprint(cpu.Index))
				if space.Mode() == paging.Physical {
					if err == nil || !strings.Contains(describe(err), "has paging off") {
						t.Errorf("CPU %d has paging off, and the script says %v", cpu.Index, err)
					}
					continue
				}
				if err != nil {
					t.Fatal(describe(err))
				}
				compareWalk(t, r, space.Mappings(0, math.MaxUint64, 0))
			}
		})
	}
}

func compareWalk(t *testing.T, r *run, native *paging.Mappings) {
	t.Helper()
	var want, got, wantSkips, gotSkips []string
	for m := range native.All() {
		var names []string
		for _, n := range m.Flags.Names() {
			if !strings.Contains(" present read write exec user ", " "+n+" ") {
				names = append(names, n)
			}
		}
		want = append(want, fmt.Sprintf("%#x %v %#x %v %v %v", m.Base, m.Size, m.Physical, m.PageSize, m.Flags, strings.Join(names, " ")))
	}
	for _, s := range native.Skipped() {
		wantSkips = append(wantSkips, fmt.Sprintf("%#x %v", s.Base, s.Size))
	}
	for _, row := range r.rows {
		if parts, ok := row["skipped"].([]any); ok {
			for _, part := range parts {
				part := part.(map[string]any)
				gotSkips = append(gotSkips, fmt.Sprintf("%v %v", part["base"], part["size"]))
			}
			continue
		}
		got = append(got, fmt.Sprintf("%v %v %v %v %v %v", row["base"], row["size"], row["physical"], row["pageSize"], row["flags"], row["attributes"]))
	}
	if len(want) == 0 && len(wantSkips) == 0 {
		t.Error("the native walk finds nothing")
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("mappings (-native +script):\n%s", d)
	}
	if d := cmp.Diff(wantSkips, gotSkips); d != "" {
		t.Errorf("skipped (-native +script):\n%s", d)
	}
}

func BenchmarkWalkPagetables(b *testing.B) {
	img := openImage(b, "pg64")
	for b.Loop() {
		if _, err := executeOn(b, img, "walk_pagetables"); err != nil {
			b.Fatal(err)
		}
	}
}
