package paging_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/savevm/paging"
)

// Plain streams whose first section is the RAM, read without the loader: what the translator says of them is compared with
// what QEMU's monitor said.
var realImages = []string{
	"pg64", "pc-m32", "pc-m32-pse36", "pc-m36", "i386-m36", "q35-m36-smp2", "q35-m57", "pc-m64-smp4-pam", "pc-m64-split",
	"tiny/q72-pc-m32", "tiny/q72-pc-m36", "tiny/q72-pc-m64", "tiny/q72-i386-m36", "tiny/q72-q35-m32", "tiny/q72-q35-m64", "tiny/q10-q35-m64",
	"linux/i386-pae-256M", "linux/x64-q35-256M-smp2",
}

func TestInfoTLB(t *testing.T) {
	for _, name := range realImages {
		t.Run(name, func(t *testing.T) {
			tlb, ok := testimage.Oracle(t, name, "tlb.txt")
			if !ok {
				t.Skip("NOT TESTED: no tlb.txt")
			}
			compareTLB(t, openReal(t, name), tlb)
		})
	}
}

func compareTLB(t *testing.T, s *paging.Space, tlb string) {
	mask := uint64(1)<<s.AddressBits() - 1
	next := 0
	var want []string
	for line := range strings.Lines(tlb) {
		if f := strings.Fields(line); len(f) == 3 {
			want = append(want, line)
		}
	}
	for p := range s.Pages(0, ^uint64(0)) {
		if next == len(want) {
			t.Fatalf("page %#x: info tlb has no more than %d", p.Base, next)
		}
		f := strings.Fields(want[next])
		va, _ := strconv.ParseUint(strings.TrimSuffix(f[0], ":"), 16, 64)
		pa, _ := strconv.ParseUint(f[1], 16, 64)
		got := fmt.Sprintf("%#x %#x %s", p.Base&mask, tlbAddress(p), tlbFlags(p))
		if text := fmt.Sprintf("%#x %#x %09s", va&mask, pa&(1<<52-1), f[2]); got != text {
			t.Fatalf("line %d: got %s, info tlb says %s", next+1, got, text)
		}
		next++
	}
	if next != len(want) {
		t.Fatalf("%d pages, info tlb has %d", next, len(want))
	}
	m := s.Mappings(0, ^uint64(0), 0)
	pages := 0
	for r := range m.All() {
		pages += int(r.Size / r.PageSize)
	}
	if pages != next || !m.Complete() {
		t.Errorf("Mappings hold %d pages of %d, complete %v, skipped %v", pages, next, m.Complete(), m.Skipped())
	}
}

// tlbAddress is a page's address as info tlb prints it: it does not know PSE-36.
func tlbAddress(p paging.Page) uint64 {
	if p.PageSize == 4<<20 {
		return p.Physical&(1<<32-1) | p.Entry&(1<<21)
	}
	return p.Physical
}

// tlbFlags prints an entry's flags as QEMU's target/i386/monitor.c does.
func tlbFlags(p paging.Page) string {
	b := []byte("---------")
	for i, f := range []paging.Flags{0, paging.FlagGlobal, paging.FlagLarge, paging.FlagDirty, paging.FlagAccessed,
		paging.FlagNoCache, paging.FlagWriteThrough, paging.FlagUser, paging.FlagWrite} {
		if p.EntryFlags&f != 0 {
			b[i] = "XGPDACTUW"[i]
		}
	}
	if p.EntryFlags&paging.FlagExec == 0 {
		b[0] = 'X'
	}
	return string(b)
}

// TestTranslateAsMonitor compares with gva2gpa, on every architecture.
func TestTranslateAsMonitor(t *testing.T) {
	for _, name := range testimage.All(t) {
		if strings.Contains(name, "/") || strings.HasSuffix(name, "m") { // …-3712m: nothing new, and large
			continue
		}
		lines, ok := testimage.Oracle(t, name, "translate.txt")
		if !ok || !isPlain(t, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s := openReal(t, name)
			for line := range strings.Lines(lines) {
				f := strings.Fields(line)
				va, err := strconv.ParseUint(f[0], 0, 64)
				if err != nil {
					t.Fatal(err)
				}
				got := "unmapped"
				if pa, err := s.Translate(va); err == nil {
					got = fmt.Sprintf("%#x", pa)
				}
				if got != f[1] {
					t.Errorf("%#x: got %s, the monitor says %s", va, got, f[1])
				}
			}
		})
	}
}

// TestInfoMem compares with what QEMU's target/riscv/monitor.c lists.
func TestInfoMem(t *testing.T) {
	for _, name := range []string{"riscv64-sv39", "riscv64-sv48", "riscv64-sv57"} {
		t.Run(name, func(t *testing.T) {
			text, ok := testimage.Oracle(t, name, "mem.txt")
			if !ok {
				t.Fatal("no mem.txt")
			}
			s := openReal(t, name)
			want := strings.Split(strings.TrimSpace(strings.ReplaceAll(text, "\r", "")), "\n")[2:]
			got := slices.Collect(s.Mappings(0, ^uint64(0), 0).All())
			for i := range max(len(got), len(want)) {
				if i >= len(got) || i >= len(want) {
					t.Fatalf("%d runs, info mem has %d", len(got), len(want))
				}
				attr := []byte("-------")
				for j, f := range []paging.Flags{paging.FlagRead, paging.FlagWrite, paging.FlagExec, paging.FlagUser,
					paging.FlagGlobal, paging.FlagAccessed, paging.FlagDirty} {
					if got[i].Flags&f != 0 {
						attr[j] = "rwxugad"[j]
					}
				}
				if line := fmt.Sprintf("%016x %016x %016x %s", got[i].Base, got[i].Physical, got[i].Size, attr); line != want[i] {
					t.Fatalf("run %d: got\n%s, info mem says\n%s", i, line, want[i])
				}
			}
		})
	}
}

// isPlain: the mini reader below can get at the image's pages.
func isPlain(t *testing.T, name string) bool {
	_, err := readRAM(testimage.Path(t, name))
	return err == nil
}

// TestLinuxARM64 compares with what the guest's kernel says of its own pages.
func TestLinuxARM64(t *testing.T) {
	const name = "linux/q10-arm64"
	guest, _ := testimage.Oracle(t, name, "guest.txt")
	registers, _ := testimage.Oracle(t, name, "gdb-registers.json")
	var cpus map[string]map[string]any
	if err := json.Unmarshal([]byte(registers), &cpus); err != nil {
		t.Fatal(err)
	}
	register := func(name string) uint64 {
		v, err := strconv.ParseUint(fmt.Sprint(cpus["cpu0"][name]), 0, 64)
		if err != nil {
			t.Fatal(name, err)
		}
		return v
	}
	s, err := paging.New(realMemory(t, name),
		paging.ARM64(register("TTBR0_EL1"), register("TTBR1_EL1"), register("TCR_EL1"), register("SCTLR")))
	if err != nil {
		t.Fatal(err)
	}
	symbol := regexp.MustCompile(`(?m)^([0-9a-f]+) [A-Za-z] linux_banner$`).FindStringSubmatch(guest)
	va, _ := strconv.ParseUint(symbol[1], 16, 64)
	b := make([]byte, 13)
	if _, err := s.ReadMemory(b, va); err != nil || string(b) != "Linux version" {
		t.Errorf("linux_banner: %q, %v", b, err)
	}
	m := s.Mappings(0, ^uint64(0), 0)
	var kernelCode, writableCode, user int
	for r := range m.All() {
		switch {
		case r.Flags&paging.FlagUser != 0:
			user++
		case r.Flags&(paging.FlagExec|paging.FlagWrite) == paging.FlagExec:
			kernelCode++
		}
		if r.Flags&(paging.FlagExec|paging.FlagWrite) == paging.FlagExec|paging.FlagWrite {
			writableCode++
		}
	}
	t.Logf("%d kernel code, %d user, %d writable and executable", kernelCode, user, writableCode)
	if kernelCode == 0 || writableCode != 0 || !m.Complete() {
		t.Errorf("skipped %v", m.Skipped())
	}
}

func openReal(t testing.TB, name string) *paging.Space {
	t.Helper()
	text, _ := testimage.Oracle(t, name, "registers.txt")
	register := func(name string) uint64 {
		m := regexp.MustCompile(`(?m)\b` + name + `\s*=?\s*([0-9a-fx]+)`).FindStringSubmatch(text)
		if m == nil {
			return 0
		}
		v, err := strconv.ParseUint(m[1], 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	cfg := paging.X86(register("CR0"), register("CR3"), register("CR4"), register("EFER"))
	if satp := register("satp"); satp != 0 {
		cfg = paging.RISCV64(satp)
	}
	var meta struct{ Expect map[string]string } // registers that the monitor does not show
	if text, ok := testimage.Oracle(t, name, "meta.json"); ok {
		if err := json.Unmarshal([]byte(text), &meta); err != nil {
			t.Fatal(err)
		}
	}
	if tcr, err := strconv.ParseUint(meta.Expect["tcr_el1"], 0, 64); err == nil {
		ttbr0, _ := strconv.ParseUint(meta.Expect["ttbr0_el1"], 0, 64)
		ttbr1, _ := strconv.ParseUint(meta.Expect["ttbr1_el1"], 0, 64)
		cfg = paging.ARM64(ttbr0, ttbr1, tcr, 1)
	}
	s, err := paging.New(realMemory(t, name), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func realMemory(t testing.TB, name string) *sparse {
	t.Helper()
	blocks, err := readRAM(testimage.Path(t, name))
	if err != nil {
		t.Skip("NOT TESTED: ", err)
	}
	layout, _ := testimage.Oracle(t, name, "physical.json")
	var ranges []struct {
		GPA, Size, Offset uint64
		Block             string
	}
	if err := json.Unmarshal([]byte(layout), &ranges); err != nil {
		t.Fatal(err)
	}
	m := newSparse()
	for _, r := range ranges {
		for page, b := range blocks[r.Block] {
			if page >= r.Offset && page-r.Offset < r.Size {
				m.pages[(r.GPA+page-r.Offset)/4096] = b
			}
		}
	}
	return m
}

var errNotPlain = errors.New("not a plain stream")

// readRAM reads the pages of each block from the RAM sections at the start of a QEMU stream (migration/savevm.c, migration/ram.c).
func readRAM(path string) (blocks map[string]map[uint64][]byte, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if recover() != nil { // cut short
			blocks, err = nil, errNotPlain
		}
	}()
	take := func(n int) []byte { p := b[:n]; b = b[n:]; return p }
	u8 := func() int { return int(take(1)[0]) }
	u32 := func() int { return int(binary.BigEndian.Uint32(take(4))) }
	u64 := func() uint64 { return binary.BigEndian.Uint64(take(8)) }
	if string(take(4)) != "QEVM" || u32() != 3 {
		return nil, errNotPlain
	}
	blocks = map[string]map[uint64][]byte{}
	ram := -1
	for block := ""; ; {
		switch kind := u8(); kind {
		case 7: // configuration, with subsections that are stepped over by looking for the RAM section
			take(u32())
			take(strings.Index(string(b[:1<<12]), "\x03ram\x00") - 5)
			continue
		case 1, 4:
			id := u32()
			if name := string(take(u8())); kind == 4 || name != "ram" {
				return blocks, nil
			}
			ram = id
			take(8)
		case 2, 3:
			if u32() != ram {
				return blocks, nil
			}
		case 0x7e:
			take(4)
			continue
		default:
			if len(blocks) == 0 {
				return nil, errNotPlain
			}
			return blocks, nil
		}
		for {
			header := u64()
			offset, flags := header&^4095, header&4095
			if flags&0x04 != 0 { // MEM_SIZE
				for total := offset; total > 0; {
					name := string(take(u8()))
					blocks[name] = map[uint64][]byte{}
					size := u64()
					if size > total || len(blocks) > 1000 { // mapped-ram and ignore-shared have more here
						return nil, errNotPlain
					}
					for p := uint64(0); p < size; p += 4096 {
						blocks[name][p] = zeros
					}
					total -= size
				}
				continue
			}
			if flags&0x10 != 0 { // EOS
				break
			}
			if flags&^uint64(0x2a) != 0 {
				return nil, errNotPlain
			}
			if flags&0x20 == 0 {
				block = string(take(u8()))
			}
			if flags&0x02 != 0 {
				blocks[block][offset] = fill(take(1)[0])
			} else {
				blocks[block][offset] = take(4096)
			}
		}
	}
}

var zeros = make([]byte, 4096)

func fill(value byte) []byte {
	if value == 0 {
		return zeros
	}
	p := make([]byte, 4096)
	for i := range p {
		p[i] = value
	}
	return p
}
