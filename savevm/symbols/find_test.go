package symbols

import (
	"bytes"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
)

// TestNoKernel opens every image without Linux: the reason fits a line.
func TestNoKernel(t *testing.T) {
	for _, name := range testimage.All(t) {
		if strings.HasPrefix(name, "linux/") {
			continue
		}
		img, err := savevm.Open(testimage.Path(t, name))
		if err != nil {
			t.Logf("%s: %v", name, err)
			continue
		}
		k, err := Find(t.Context(), Of(img), Options{})
		var none *NoKernelError
		if !errors.As(err, &none) || k != nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, %v", name, k, err)
		}
		img.Close()
	}
}

// TestGuestTold compares with what the guest said of itself.
func TestGuestTold(t *testing.T) {
	for _, c := range []struct{ name, release, arch, root string }{
		{"linux/x64-q35-256M-smp2", "6.1.0-56-cloud-amd64", "x86_64", "init_top_pgt"},
		{"linux/q10-q35-mapped", "6.12.117+deb13-cloud-amd64", "x86_64", "init_top_pgt"},
		{"linux/q10-arm64", "6.12.117+deb13-arm64", "aarch64", "swapper_pg_dir"},
		{"linux/i386-pae-256M", "6.1.0-50-686-pae", "i386", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := find(t, c.name)
			if k.Version.Release != c.release || k.Arch != c.arch || k.Version.Major != 6 {
				t.Errorf("%+v, %s", k.Version, k.Arch)
			}
			if c.root != "" {
				root, _ := k.Symbols.Address(c.root)
				if physical, err := k.Space.Translate(root); err != nil || physical != max(k.Root.Root, k.Root.TTBR1) {
					t.Errorf("%s is at %#x (%v), the root is %#x", c.root, physical, err, k.Root.Root)
				}
			}
			// /proc/iomem says where the kernel's code is.
			guest, _ := testimage.Oracle(t, c.name, "guest.txt")
			for line := range strings.Lines(guest) {
				if code, ok := strings.CutSuffix(strings.TrimSpace(line), " : Kernel code"); ok {
					first, _, _ := strings.Cut(code, "-")
					if want := strings.TrimLeft(first, "0"); want != strings.TrimLeft(hexOf(k.PhysicalBase), "0") {
						t.Errorf("_text is at physical %#x, the guest says %s", k.PhysicalBase, want)
					}
				}
			}
			if info := k.VMCoreInfo(); info["OSRELEASE"] != c.release {
				t.Errorf("VMCOREINFO: %q", info)
			}
		})
	}
}

func hexOf(n uint64) string { return strconv.FormatUint(n, 16) }

// TestInitTask reads the first task through the kernel's own types.
func TestInitTask(t *testing.T) {
	for _, name := range linuxImages[:3] {
		k := find(t, name)
		task, err := k.Type("task_struct")
		if err != nil {
			t.Fatal(err)
		}
		at, _ := k.Symbols.Address("init_task")
		v, err := ctype.DecodeAt(k.Memory(), at, task)
		if err != nil || v.Field("comm").Text() != "swapper/0" && v.Field("comm").Text() != "swapper" {
			t.Errorf("%s: init_task is %q, %v", name, v.Field("comm").Text(), err)
		}
		rq, err := k.Type("struct rq")
		if err != nil {
			t.Fatal(err)
		}
		runqueues, _ := k.Symbols.Address("runqueues")
		for cpu := range k.PerCPUOffsets {
			at, _ := k.PerCPU(runqueues, cpu)
			if m, ok := rq.Field("cpu"); !ok {
				t.Error("struct rq has no cpu")
			} else if v, err := ctype.ReadMember(k.Memory(), at, m); err != nil || v.Int() != int64(cpu) {
				t.Errorf("%s: runqueues of CPU %d is CPU %d's, %v", name, cpu, v.Int(), err)
			}
		}
		if p, err := k.Type("struct task_struct *"); err != nil || p.Kind() != ctype.Pointer || p.Elem().Size() != task.Size() {
			t.Errorf("struct task_struct *: %v, %v", p, err)
		}
		var unknown *UnknownTypeError
		if _, err := k.Type("struct nothing"); !errors.As(err, &unknown) {
			t.Errorf("struct nothing: %v", err)
		}
	}
}

func TestSymbolize(t *testing.T) {
	k := find(t, linuxImages[0])
	for _, name := range []string{"entry_SYSCALL_64", "idle_task", "kallsyms_lookup_name"} {
		at, _ := k.Symbols.Address(name)
		if l, ok := k.Symbols.Symbolize(at + 1); !ok || l.String() != name+"+0x1" {
			t.Errorf("%#x is %v, want %s+0x1", at+1, l, name)
		}
	}
	for _, at := range []uint64{0, 0x1000, k.VirtualBase - 1, k.End, ^uint64(0)} {
		if l, ok := k.Symbols.Symbolize(at); ok {
			t.Errorf("%#x is %v", at, l)
		}
	}
}

// TestUserHalf finds the kernel from a CPU that runs on the page table of user mode, as with PTI.
func TestUserHalf(t *testing.T) {
	img := open(t, linuxImages[0])
	want := find(t, linuxImages[0])
	target := Of(img)
	cpu := userCPU{img.CPUs()[0]}
	target.CPUs = []CPU{cpu}
	k, err := Find(t.Context(), target, Options{})
	if err != nil || k.VirtualBase != want.VirtualBase || k.Root.Root != want.Root.Root {
		t.Errorf("%v, %v", k, err)
	}
}

// userCPU is a CPU whose CR3 has the bit that tells user page tables from the kernel's.
type userCPU struct{ *savevm.CPU }

func (c userCPU) SpaceConfig() (cfg paging.Config) {
	cfg = c.CPU.SpaceConfig()
	if cfg.Root&0x1000 == 0 {
		cfg.Root |= 0x1000
	}
	return cfg
}

func TestOptions(t *testing.T) {
	want := find(t, linuxImages[0])
	offset := uint64(0x1234000)
	k, err := Find(t.Context(), Of(open(t, linuxImages[0])), Options{KernelRoot: want.Root.Root, KASLR: &offset})
	if err != nil || k.KASLR != offset || k.Root.Root != want.Root.Root {
		t.Errorf("%v, %v", k, err)
	}
	k, err = Find(t.Context(), Of(open(t, linuxImages[0])), Options{KernelRoot: 0x5000})
	if err != nil || k.Space == nil || !strings.Contains(strings.Join(k.Missing, "\n"), "0x5000") {
		t.Errorf("a wrong root: %v, missing %q", err, k.Missing)
	}
}

// TestHostile looks for kernels in memory that holds nothing but what kernels are found by.
func TestHostile(t *testing.T) {
	for _, pattern := range []string{"Linux version 6.1 #1\n", "0\x001\x002\x003\x004\x005\x006\x007\x008\x009\x00", "OSRELEASE=6", "\x9f\xeb\x01\x00"} {
		mem := memory.Bytes(bytes.Repeat([]byte(pattern), 4<<20/len(pattern)))
		if _, err := Find(t.Context(), Target{Memory: mem}, Options{}); err == nil {
			t.Errorf("%q: there is a kernel", pattern)
		}
	}
}

// BenchmarkFind is what every script about the guest's kernel begins with: the kernel, its symbols and its types.
func BenchmarkFind(b *testing.B) {
	for _, name := range linuxImages {
		img := open(b, name)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var k *Kernel
			for b.Loop() {
				var err error
				if k, err = Find(b.Context(), Of(img), Options{}); err != nil {
					b.Fatal(err)
				}
				k.Symbols.Address("init_task")
				k.Type("struct task_struct")
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB-kept")
			runtime.KeepAlive(k)
		})
	}
}
