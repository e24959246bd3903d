package savevm_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/memory"
)

// open opens an image with what its meta.json says is needed.
func open(t testing.TB, name string) *savevm.Image {
	t.Helper()
	o := savevm.Options{}
	ramFile := filepath.Join(testimage.Dir(t, name), "ram.bin.zst")
	if _, err := os.Stat(ramFile); err == nil {
		ram, _ := testimage.Oracle(t, name, "ram.bin")
		path := filepath.Join(t.TempDir(), "ram.bin")
		if err := os.WriteFile(path, []byte(ram), 0o600); err != nil {
			t.Fatal(err)
		}
		o.RAMFiles = map[string]string{"m0": path}
	}
	img, err := savevm.OpenContext(t.Context(), testimage.Path(t, name), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	return img
}

func eachImage(t *testing.T, f func(t *testing.T, name string)) {
	for _, name := range testimage.All(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, name)
		})
	}
}

// physicalRange is an entry of physical.json.
type physicalRange struct {
	GPA, Size uint64
	Block     string
	Offset    *uint64
	Kind      string
	SHA256    string
}

// TestPhysicalMemory compares every range with what the monitor's pmemsave gave.
func TestPhysicalMemory(t *testing.T) {
	eachImage(t, func(t *testing.T, name string) {
		oracle, ok := testimage.Oracle(t, name, "physical.json")
		if !ok {
			t.Fatal("no physical.json")
		}
		var ranges []physicalRange
		if err := json.Unmarshal([]byte(oracle), &ranges); err != nil {
			t.Fatal(err)
		}
		img := open(t, name)
		for _, r := range ranges {
			if r.SHA256 == "" {
				continue
			}
			sum, err := hashRange(img, r.GPA, r.Size)
			if err != nil {
				t.Errorf("%#x +%#x %s: %v", r.GPA, r.Size, r.Block, err)
			} else if sum != r.SHA256 {
				t.Errorf("%#x +%#x %s+%#x %s: the bytes differ from the monitor's", r.GPA, r.Size, r.Block, *r.Offset, r.Kind)
			}
		}
		if t.Failed() {
			t.Logf("map from %s", img.Info().MapSource)
			for _, r := range img.Ranges() {
				t.Logf("  %#x +%#x %s+%#x %s", r.Base, r.Size, r.BlockName(), r.Offset, r.Name)
			}
			for _, w := range img.Warnings() {
				t.Log(w)
			}
		}
	})
}

func hashRange(m memory.Memory, base, size uint64) (string, error) {
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for done := uint64(0); done < size; {
		p := buf[:min(uint64(len(buf)), size-done)]
		if _, err := m.ReadMemory(p, base+done); err != nil {
			return "", err
		}
		h.Write(p)
		done += uint64(len(p))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// monitorNames are names of registers in `info registers` that are not svscript's.
var monitorNames = map[string]string{
	"rfl": "rflags", "efl": "eflags", "fcw": "fcw", "fsw": "fsw", "ftw": "ftw", "a20": "", "ii": "", "hlt": "", "smm": "", "cpl": "", "ccs": "", "ccd": "", "cco": "", "st": "",
	"svcr": "", // of SME, which the CPU has not
}

var (
	pair    = regexp.MustCompile(`\b([A-Za-z][A-Za-z0-9_]*) ?= ?([0-9a-fA-F]{2,})\b(?: ([0-9a-f]{16}\b|[0-9a-f]{4}\b))?`)
	segment = regexp.MustCompile(`^(ES|CS|SS|DS|FS|GS|LDT|TR) ?=([0-9a-f]{4}) ([0-9a-f]+) ([0-9a-f]{8}) ([0-9a-f]{8})`)
	// riscvPair is a register of riscv64: "x1/ra 0101010101010101", "satp 8004200000080100".
	riscvPair = regexp.MustCompile(`\b([a-z][a-z0-9]*)(?:/[a-z0-9]+)? +([0-9a-f]{16})\b`)
	table     = regexp.MustCompile(`^(GDT|IDT)= +([0-9a-f]+) ([0-9a-f]{8})`)
)

// TestRegisters compares every register with the monitor's `info registers -a`.
func TestRegisters(t *testing.T) {
	eachImage(t, func(t *testing.T, name string) {
		oracle, ok := testimage.Oracle(t, name, "registers.txt")
		if !ok {
			t.Fatal("no registers.txt")
		}
		img := open(t, name)
		if len(img.CPUs()) == 0 {
			t.Fatalf("no CPUs; warnings: %v", img.Warnings())
		}
		sections := splitCPUs(oracle)
		if len(sections) != len(img.CPUs()) {
			t.Errorf("%d CPUs, the monitor has %d", len(img.CPUs()), len(sections))
		}
		compared := 0
		for i, text := range sections {
			if c := img.CPU(i); c != nil {
				compared += compareRegisters(t, img, c, text)
			}
		}
		if compared < 20*len(sections) {
			t.Errorf("only %d registers were compared", compared)
		}
	})
}

func splitCPUs(text string) []string {
	for _, mark := range []string{"CPU#", "## cpu "} {
		if strings.Contains(text, mark) {
			text, _, _ := strings.Cut(text, "info cpus")
			return strings.Split(text, mark)[1:]
		}
	}
	return []string{text}
}

func compareRegisters(t *testing.T, img *savevm.Image, c *savevm.CPU, text string) int {
	n := 0
	core := img.Info().Format != "qemu-stream"
	check := func(reg string, want uint64, mask uint64) {
		r, ok := c.Register(reg)
		if !ok {
			if !core && !(reg == "efer" && c.Arch == "i386") { // a core has fewer registers; 32-bit targets save no EFER
				t.Errorf("CPU %d has no %s", c.Index, reg)
			}
			return
		}
		n++
		if r.Value&mask != want&mask {
			t.Errorf("CPU %d: %s = %#x, the monitor says %#x", c.Index, reg, r.Value, want)
		}
	}
	const all = ^uint64(0)
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		if c.Arch == "riscv64" {
			for _, m := range riscvPair.FindAllStringSubmatch(line, -1) {
				check(m[1], hexOf(m[2]), all)
			}
			continue
		}
		if m := segment.FindStringSubmatch(line); m != nil {
			s := strings.ToLower(m[1])
			check(s+".selector", hexOf(m[2]), all)
			check(s+".base", hexOf(m[3]), 1<<(4*len(m[3]))-1) // of a 64-bit CPU that runs 32-bit code, it shows half of it
			check(s+".limit", hexOf(m[4]), all)
			check(s+".flags", hexOf(m[5]), 0x00ffff00)
			continue
		}
		if m := table.FindStringSubmatch(line); m != nil {
			check(strings.ToLower(m[1])+".base", hexOf(m[2]), all)
			check(strings.ToLower(m[1])+".limit", hexOf(m[3]), all)
			continue
		}
		if strings.Contains(line, "HLT=") && !core {
			if want := strings.Contains(line, "HLT=1"); c.Halted != want {
				t.Errorf("CPU %d: halted %v, the monitor says %v", c.Index, c.Halted, want)
			}
			if want := "CPL=" + strconv.Itoa(c.Privilege()); !strings.Contains(line, want) {
				t.Errorf("CPU %d: %s is not in %q", c.Index, want, line)
			}
		}
		for _, m := range pair.FindAllStringSubmatch(line, -1) {
			reg := strings.ToLower(m[1])
			if mapped, ok := monitorNames[reg]; ok {
				reg = mapped
			}
			if reg == "" || strings.HasPrefix(reg, "q") || strings.HasPrefix(reg, "opmask") {
				continue
			}
			if strings.HasPrefix(reg, "xmm") || strings.HasPrefix(reg, "ymm") {
				n += compareXMM(t, c, reg, line, core)
				continue
			}
			check(trimZero(reg), hexOf(m[2]), all)
		}
	}
	return n
}

func hexOf(s string) uint64 {
	v, err := strconv.ParseUint(s, 16, 64)
	if err != nil {
		panic(err)
	}
	return v
}

// trimZero makes x00 x0.
func trimZero(reg string) string {
	if m := regexp.MustCompile(`^([a-z]+)0(\d)$`).FindStringSubmatch(reg); m != nil {
		return m[1] + m[2]
	}
	return reg
}

// compareXMM compares a vector register: `XMM00=high low` with two words of 64 bits each, or four or eight for YMM; 0.x
// versions print one number.
func compareXMM(t *testing.T, c *savevm.CPU, reg, line string, core bool) int {
	m := regexp.MustCompile(`(?i)` + reg + `=([0-9a-f]+(?: [0-9a-f]{16})*)`).FindStringSubmatch(line)
	words := strings.Fields(m[1])
	if len(words) == 1 && len(words[0]) == 32 {
		words = []string{words[0][:16], words[0][16:]}
	}
	r, ok := c.Register(trimZero(reg))
	if !ok {
		if !core {
			t.Errorf("CPU %d has no %s", c.Index, reg)
		}
		return 0
	}
	got := append([]uint64{r.Value}, r.High...)
	for i := range words {
		want := hexOf(words[len(words)-1-i])
		if i >= len(got) || got[i] != want {
			t.Errorf("CPU %d: %s = %#x, the monitor says %v", c.Index, reg, got, words)
			break
		}
	}
	return 1
}

var tlbLine = regexp.MustCompile(`^([0-9a-f]+): ([0-9a-f]+) ([-A-Z]+)$`)

// TestMappings compares each page of CPU 0's address space with the monitor's `info tlb`: address, frame and flags.
func TestMappings(t *testing.T) {
	eachImage(t, func(t *testing.T, name string) {
		for cpu := range 8 {
			file := "tlb.txt"
			if cpu > 0 {
				file = fmt.Sprintf("tlb-cpu%d.txt", cpu)
			}
			oracle, ok := testimage.Oracle(t, name, file)
			if !ok {
				continue
			}
			compareTLB(t, open(t, name), cpu, oracle)
		}
	})
}

func compareTLB(t *testing.T, img *savevm.Image, cpu int, oracle string) {
	space, err := img.CPU(cpu).Space()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, line := range strings.Split(oracle, "\n") {
		if m := tlbLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			flags := m[3]
			if len(flags) == 8 {
				flags = "-" + flags // without the column of NX, before QEMU 0.13
			}
			want = append(want, fmt.Sprintf("%x %x %s", hexOf(m[1])&(1<<57-1), hexOf(m[2]), flags))
		}
	}
	if space.Mode() == "physical" {
		if len(want) > 0 {
			t.Errorf("CPU %d: paging is off, the monitor has %d pages", cpu, len(want))
		}
		return
	}
	var got []string
	for p := range space.Pages(0, ^uint64(0)) {
		if space.Mode() == "x86-32" {
			p.Physical &= 1<<32 - 1 // the monitor cuts the address of a PSE-36 page
		}
		got = append(got, fmt.Sprintf("%x %x %s", p.Base&(1<<57-1), p.Physical, tlbFlags(p.Entry, space.Mode(), p.PageSize)))
	}
	if len(got) != len(want) {
		t.Errorf("CPU %d: %d pages, the monitor has %d", cpu, len(got), len(want))
	}
	bad := 0
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			if bad++; bad < 5 {
				t.Errorf("CPU %d: page %d: %s, the monitor says %s", cpu, i, got[i], want[i])
			}
		}
	}
}

// tlbFlags prints an entry's flags as print_pte does.
func tlbFlags(entry uint64, mode string, pageSize uint64) string {
	column := func(bit int, c byte) byte {
		if entry>>bit&1 != 0 {
			return c
		}
		return '-'
	}
	nx := column(63, 'X')
	if mode == "x86-32" {
		nx = '-'
	}
	pse := byte('-')
	if pageSize > 4096 {
		pse = column(7, 'P')
	}
	return string([]byte{nx, column(8, 'G'), pse, column(6, 'D'), column(5, 'A'), column(4, 'C'), column(3, 'T'), column(2, 'U'), column(1, 'W')})
}

// TestExpectedRegisters checks what the monitor does not show: the values that the guest's source loads (meta.json).
func TestExpectedRegisters(t *testing.T) {
	names := map[string]string{"fmask": "sfmask", "kernelgsbase": "kernel_gs_base"}
	eachImage(t, func(t *testing.T, name string) {
		text, _ := testimage.Oracle(t, name, "meta.json")
		var meta struct{ Expect map[string]string }
		if err := json.Unmarshal([]byte(text), &meta); err != nil {
			t.Fatal(err)
		}
		if len(meta.Expect) == 0 {
			return
		}
		img := open(t, name)
		if img.Info().Format != "qemu-stream" { // the notes of a core have none of them
			return
		}
		mask := ^uint64(0)
		if m := img.CPU(0).Mode(); m != "long" && m != "compatibility" {
			mask = 1<<32 - 1 // what the guest's source loads through 32-bit registers
		}
		for reg, value := range meta.Expect {
			want, err := strconv.ParseUint(value, 0, 64)
			if err != nil {
				t.Fatal(err)
			}
			if mapped, ok := names[reg]; ok {
				reg = mapped
			}
			if r, ok := img.CPU(0).Register(reg); !ok || r.Value&mask != want&mask {
				t.Errorf("%s = %#x (%v), the guest loaded %#x", reg, r.Value, ok, want)
			}
		}
	})
}

// TestTranslate compares with the monitor's gva2gpa.
func TestTranslate(t *testing.T) {
	eachImage(t, func(t *testing.T, name string) {
		text, ok := testimage.Oracle(t, name, "translate.txt")
		if !ok {
			return
		}
		space, err := open(t, name).CPU(0).Space()
		if err != nil {
			if name == "elf-arm64-4k" || name == "kdump-zlib-arm64-4k" { // their notes have no system registers
				return
			}
			t.Fatal(err)
		}
		for line := range strings.Lines(text) {
			var va uint64
			var want string
			if n, _ := fmt.Sscanf(line, "%v %s", &va, &want); n != 2 {
				continue
			}
			got := "unmapped"
			if pa, err := space.Translate(va); err == nil {
				got = fmt.Sprintf("%#x", pa)
			}
			if got != want {
				t.Errorf("%#x is at %s, the monitor says %s", va, got, want)
			}
		}
	})
}
