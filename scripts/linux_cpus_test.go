package scripts

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/paging"
)

// TestLinuxGuestCPUs compares the CPUs of the guest of SVSCRIPT_GUEST with what QEMU's monitor said of them.
func TestLinuxGuestCPUs(t *testing.T) {
	out := os.Getenv("SVSCRIPT_GUEST")
	if out == "" {
		t.Skip("NOT TESTED: a guest of each architecture; testdata/guest/boot.sh makes one")
	}
	img, err := savevm.Open(out + ".sav")
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	t.Run("registers", func(t *testing.T) { checkRegisters(t, img, readText(t, out+".registers")) })
	t.Run("translate", func(t *testing.T) { checkTranslations(t, img, readText(t, out+".translate")) })
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("NOT TESTED: %v", err)
	}
	return string(b)
}

var monitorRegister = regexp.MustCompile(`\b([A-Za-z][A-Za-z0-9_/]*)\s*=?\s*([0-9a-f]{16}|[0-9a-f]{8})\b`)

// checkRegisters compares with "info registers -a".
func checkRegisters(t *testing.T, img *savevm.Image, monitor string) {
	compared := 0
	for i, text := range strings.Split(monitor, "CPU#")[1:] {
		cpu := img.CPU(i)
		for _, m := range monitorRegister.FindAllStringSubmatch(text, -1) {
			name, _, _ := strings.Cut(strings.ToLower(m[1]), "/")
			if rest, ok := strings.CutPrefix(name, "x0"); ok && len(rest) == 1 { // X07
				name = "x" + rest
			}
			want, err := strconv.ParseUint(m[2], 16, 64)
			have, ok := cpu.Register(name)
			if err != nil || !ok || have.Bits > 64 {
				continue
			}
			compared++
			if have.Value != want {
				t.Errorf("CPU %d %s = %#x, the monitor says %#x", i, name, have.Value, want)
			}
		}
	}
	t.Logf("%d registers compared", compared)
	if compared < 16 {
		t.Error("too few")
	}
}

// checkTranslations compares with what gva2gpa said on each CPU.
func checkTranslations(t *testing.T, img *savevm.Image, monitor string) {
	mapped, wrong := 0, 0
	for _, line := range linesOf(monitor) {
		f := strings.Fields(line)
		cpu, _ := strconv.Atoi(f[0])
		va, _ := strconv.ParseUint(f[1], 0, 64)
		if cpu >= len(img.CPUs()) || strings.HasPrefix(img.Info().Arch, "x86") && img.CPU(cpu).Value("cr0")>>31 == 0 {
			continue // a guest of one CPU, or one that the kernel has not started
		}
		space, err := img.CPU(cpu).Space()
		if err != nil {
			t.Fatal(err)
		}
		have := "Unmapped"
		if pa, err := space.Translate(va); err == nil {
			have = fmt.Sprintf("gpa: %#x", pa)
			mapped++
		}
		want := strings.Join(f[2:], " ")
		if user := space.Walk(va).Flags&paging.FlagUser != 0; want == "Unmapped" && (user && img.CPU(cpu).Value("pstate")>>22&1 != 0 ||
			!user && img.CPU(cpu).Privilege() == 0 && img.Info().Arch == "riscv64") {
			continue // the monitor reads as the CPU would: user code no pages of the kernel's, the kernel none of user code while PSTATE.PAN is set
		}
		if have != want {
			if wrong++; wrong < 10 {
				t.Errorf("CPU %d %#x: %s, the monitor says %s", cpu, va, have, want)
			}
		}
	}
	t.Logf("%d mapped addresses compared", mapped)
	if mapped < 10 { // a CPU in user mode may have nothing of the kernel
		t.Error("too few")
	}
}
