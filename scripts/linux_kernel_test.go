package scripts

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/symbols"
)

// TestLinuxGuestKernel compares what depends on the architecture with what the guest of SVSCRIPT_GUEST printed and what QEMU's monitor
// said of it: registers, translations, every symbol, modules, memory areas and the log.
func TestLinuxGuestKernel(t *testing.T) {
	out := os.Getenv("SVSCRIPT_GUEST")
	if out == "" {
		t.Skip("NOT TESTED: a guest of each architecture; testdata/guest/boot.sh makes one")
	}
	img, err := savevm.Open(out + ".sav")
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	guest := map[string]string{}
	name := ""
	for line := range strings.Lines(strings.ReplaceAll(readText(t, out+".txt"), "\r", "")) {
		if title, ok := strings.CutPrefix(line, "=== "); ok {
			name = strings.TrimSpace(title)
		} else {
			guest[name] += line
		}
	}
	kernel, err := symbols.Find(t.Context(), symbols.Of(img), symbols.Options{SymbolFile: os.Getenv("SVSCRIPT_GUEST_SYMBOLS")})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range slices.Concat(kernel.Evidence, kernel.Missing) {
		t.Log(line)
	}
	t.Run("registers", func(t *testing.T) { checkRegisters(t, img, readText(t, out+".registers")) })
	t.Run("translate", func(t *testing.T) { checkTranslations(t, img, readText(t, out+".translate")) })
	t.Run("kallsyms", func(t *testing.T) { checkKallsyms(t, kernel, guest["kallsyms"]) })

	_, typesErr := kernel.Types()
	for title, want := range guest {
		script, pid, _ := strings.Cut(title, " ")
		show := map[string]func(row map[string]any) string{
			"modules": func(r map[string]any) string {
				return fmt.Sprintf("%v %v %v", r["name"], r["size"], r["base"])
			},
			"maps": func(r map[string]any) string {
				return fmt.Sprintf("%v-%v %v %v", r["start"], r["end"], r["flags"], r["file"])
			},
			"env":   func(r map[string]any) string { return fmt.Sprintf("%v=%v", r["name"], r["value"]) },
			"dmesg": func(r map[string]any) string { return fmt.Sprint(r["text"]) },
		}[script]
		if show == nil || typesErr != nil && script != "dmesg" {
			continue
		}
		t.Run(title, func(t *testing.T) {
			var args []string
			if pid != "" {
				args = []string{pid}
			}
			r, err := executeOn(t, img, script, args...)
			if err != nil {
				t.Fatal(describe(err))
			}
			var have, said []string
			for _, row := range r.rows {
				for line := range strings.Lines(show(row)) {
					have = append(have, strings.TrimSpace(line))
				}
			}
			for _, line := range linesOf(want) {
				said = append(said, oracleLine(script, line))
			}
			if script == "dmesg" { // it goes on, and the oldest records may be overwritten
				have = have[:min(len(said), len(have))]
			}
			if d := cmp.Diff(said, have); d != "" {
				t.Errorf("-guest +script:\n%s", d)
			}
			t.Logf("%d lines compared", len(said))
		})
	}
}

// oracleLine is a line of the guest's own as the test shows rows.
func oracleLine(script, line string) string {
	f := strings.Fields(line)
	switch {
	case script == "modules":
		return fmt.Sprintf("%s %s %s", f[0], f[1], f[5])
	case script == "maps":
		first, last, _ := strings.Cut(f[0], "-")
		a, _ := strconv.ParseUint(first, 16, 64)
		b, _ := strconv.ParseUint(last, 16, 64)
		return strings.TrimSpace(fmt.Sprintf("%#x-%#x %s %s", a, b, f[1], strings.Join(f[5:], " ")))
	case script == "dmesg":
		if _, text, ok := strings.Cut(line, "] "); ok && line[0] == '[' {
			line = text
		}
	}
	return strings.TrimSpace(line)
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
	if mapped < 100 {
		t.Error("too few")
	}
}

// checkKallsyms wants exactly the symbols of /proc/kallsyms, those of modules included where there are types. BPF programs, and
// what ftrace and kprobes have made, are not the kernel's own.
func checkKallsyms(t *testing.T, kernel *symbols.Kernel, packed string) {
	compressed, err := base64.StdEncoding.DecodeString(packed)
	if err != nil || len(compressed) == 0 {
		t.Skipf("NOT TESTED: the guest said nothing (%v)", err)
	}
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]int{}
	for s := range kernel.Symbols.All() {
		have[symbolLine(s.Address, s.Name, s.Module)]++
	}
	_, typesErr := kernel.Types()
	compared, missing := 0, 0
	for _, line := range linesOf(string(text)) {
		symbol, module, _ := strings.Cut(line, "\t")
		module = strings.Trim(module, "[]")
		f := strings.SplitN(symbol, " ", 3) // a name may end with a space: riscv64's .L0
		if strings.HasPrefix(module, "__builtin") || module == "bpf" || module != "" && typesErr != nil {
			continue
		}
		address, _ := strconv.ParseUint(f[0], 16, 64)
		want := symbolLine(address, f[2], module)
		if compared++; have[want] == 0 {
			if missing++; missing < 10 {
				t.Errorf("missing: %s", line)
			}
			continue
		}
		have[want]--
	}
	more := 0
	for line, n := range have {
		if n > 0 {
			if more++; more < 10 {
				t.Logf("the guest does not list %s", line)
			}
		}
	}
	t.Logf("%d symbols compared, %d are missing, %d more", compared, missing, more)
}

func symbolLine(address uint64, name, module string) string {
	return fmt.Sprintf("%#x %s %s", address, name, module)
}
