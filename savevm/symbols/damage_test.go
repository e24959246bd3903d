package symbols

import (
	"errors"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
)

// damaged is a memory of which random pages are zero.
type damaged struct {
	memory.Memory
	gone map[uint64]bool // by page number
}

// damage zeroes that part of the pages below end.
func damage(mem memory.Memory, end uint64, part float64, seed uint64) *damaged {
	d := &damaged{mem, map[uint64]bool{}}
	random := rand.New(rand.NewPCG(seed, 0))
	for page := range end / 4096 {
		if random.Float64() < part {
			d.gone[page] = true
		}
	}
	return d
}

func (d *damaged) ReadMemory(p []byte, address uint64) (int, error) {
	n, err := d.Memory.ReadMemory(p, address)
	for i := 0; i < n; {
		at := address + uint64(i)
		size := min(n-i, int(4096-at%4096))
		if d.gone[at/4096] {
			clear(p[i : i+size])
		}
		i += size
	}
	return n, err
}

func (d *damaged) Extents(first, last uint64) iter.Seq[memory.Extent] {
	return d.Memory.Extents(first, last)
}

// TestDamaged looks at what remains of an image when pages are gone.
func TestDamaged(t *testing.T) {
	for _, name := range linuxImages[:3] {
		img := open(t, name)
		whole := find(t, name)
		for _, c := range []struct {
			part    float64
			seeds   uint64
			symbols float64 // of those of the whole image, at least, where there are any
		}{{0.001, 2, 0.97}, {0.01, 3, 0.9}, {0.1, 1, 0}} {
			found, withTypes := 0, 0
			for seed := range c.seeds {
				target := Of(img)
				target.Space = nil
				target.Memory = damage(img, 2<<30, c.part, seed)
				start := time.Now()
				k, err := Find(t.Context(), target, Options{})
				if none := (*NoKernelError)(nil); err != nil && !errors.As(err, &none) {
					t.Errorf("%s, %v of the pages, seed %d: %v", name, c.part, seed, err)
				}
				if err != nil {
					t.Logf("%s, %v, seed %d: %v", name, c.part, seed, err)
					continue
				}
				found++
				n := k.Symbols.kernel.Len()
				symbols, kallsyms := whole.Symbols.kernel, k.tokenTable != 0 // without it, there are those that are found otherwise
				if kallsyms && float64(n) < c.symbols*float64(symbols.Len()) {
					t.Errorf("%s, %v of the pages, seed %d: %d symbols of %d", name, c.part, seed, n, symbols.Len())
				}
				if n < symbols.Len() && len(k.Missing) == 0 {
					t.Errorf("%s, seed %d: %d symbols of %d, and nothing said to be missing", name, seed, n, symbols.Len())
				}
				wrong := 0
				for s := range k.Symbols.kernel.All() {
					if l := symbols.Lookup(s.Name); kallsyms && len(l) == 0 {
						wrong++
					}
				}
				if wrong > n/100 {
					t.Errorf("%s, %v, seed %d: %d names that the kernel does not have", name, c.part, seed, wrong)
				}
				types := 0
				if task, err := k.Type("struct task_struct"); err == nil {
					full, _ := whole.Type("struct task_struct")
					if task.Size() == full.Size() {
						withTypes++
					}
					for _, m := range task.Members() {
						f, ok := full.Field(m.Name)
						_, incomplete := m.Type.Strip().Incomplete()
						if m.Name != "" && (!ok || f.BitOffset != m.BitOffset || !incomplete && m.Type.Strip().Kind() != f.Type.Strip().Kind()) {
							t.Errorf("%s, %v, seed %d: task_struct.%s is %v, want %v", name, c.part, seed, m.Name, m, f)
						}
					}
					spec, _ := k.BTF()
					types, _ = spec.Damage()
				}
				modules, merr := k.Modules()
				t.Logf("%s, %v, seed %d: %d symbols, %d types gone, %d modules (%v), %v; missing %q",
					name, c.part, seed, n, types, len(modules), merr, time.Since(start).Round(time.Millisecond), k.Missing)
			}
			t.Logf("%s, %v of the pages gone: %d of %d kernels found, %d with task_struct", name, c.part, found, c.seeds, withTypes)
			if c.part < 0.05 && found < int(c.seeds) {
				t.Errorf("%s, %v of the pages gone: %d of %d kernels found", name, c.part, found, c.seeds)
			}
		}
	}
}

// TestWithoutCPUs finds the same kernel by searching memory alone.
func TestWithoutCPUs(t *testing.T) {
	for _, name := range linuxImages {
		img := open(t, name)
		want := find(t, name)
		target := Of(img)
		target.CPUs, target.Arch = nil, ""
		start := time.Now()
		k, err := Find(t.Context(), target, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Logf("%s: %v\n%q\n%q", name, time.Since(start), k.Evidence, k.Missing)
		if k.VirtualBase != want.VirtualBase || k.PhysicalBase != want.PhysicalBase || k.Banner != want.Banner || k.Arch != want.Arch {
			t.Errorf("%s: _text %#x at %#x, want %#x at %#x", name, k.VirtualBase, k.PhysicalBase, want.VirtualBase, want.PhysicalBase)
		}
	}
}

// TestLostTables: without the tables that map it, the kernel's image and its map of all RAM are still read.
func TestLostTables(t *testing.T) {
	for _, name := range linuxImages {
		img := open(t, name)
		whole := find(t, name)
		head, ok := whole.Symbols.kernel.Address("slab_caches")
		if _, known := codingOf(whole.Root); !ok || !known {
			continue
		}
		next, err := whole.ReadPointer(head)
		if err != nil {
			t.Fatal(err)
		}
		// The tables on the way to the kernel's text, and to a struct on a list, from the root on.
		ways := [][]paging.Step{whole.Space.Walk(whole.Symbols.first("_stext")).Steps, whole.Space.Walk(next).Steps}
		for depth := range 3 {
			lost := &damaged{img, map[uint64]bool{}}
			for _, steps := range ways {
				if depth < len(steps) {
					lost.gone[steps[depth].TableAddress/4096] = true
				}
			}
			target := Of(img)
			target.Memory, target.Space = lost, nil
			k, err := Find(t.Context(), target, Options{})
			if err != nil {
				t.Errorf("%s without tables of depth %d: %v", name, depth, err)
				continue
			}
			if k.VirtualBase != whole.VirtualBase || k.PhysicalBase != whole.PhysicalBase {
				t.Errorf("%s without tables of depth %d: _text %#x at %#x", name, depth, k.VirtualBase, k.PhysicalBase)
			}
			caches, err := k.walkList(head, maxModules)
			if all, _ := whole.walkList(head, maxModules); err != nil || len(caches) != len(all) {
				t.Errorf("%s without tables of depth %d: %d slab caches of %d: %v\n%q\n%q", name, depth, len(caches), len(all), err, k.Evidence, k.Missing)
			}
		}
		for _, line := range whole.Missing {
			if strings.Contains(line, "page tables") {
				t.Errorf("%s is whole: %s", name, line)
			}
		}
	}
}
