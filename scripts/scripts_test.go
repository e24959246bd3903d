package scripts

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/svscript/svscript/internal/testimage"
)

// some is a few images of every architecture, paging mode and kind of container.
var some = []string{"pg64", "pc-m0", "pc-m32", "q35-m36-smp2", "i386-m36", "q35-m57", "arm64-16k", "riscv64-sv48", "kdump-zlib-m64", "elf-arm64-4k", "qcow2-m64"}

// Every script says what it is, and works on every kind of image.
func TestEveryScript(t *testing.T) {
	other := testimage.Path(t, "pc-m64-xbzrle")
	args := map[string][]string{
		"explain": {"0x40001000"}, "translate": {"0x1000"}, "hexdump": {"0x40001000", "64"}, "find": {"PGGUEST"}, "diff": {other},
		"search_roots": {"--mode", "sv39"}, "vmmap": {"1"}, "maps": {"1"}, "env": {"1"}, "struct": {"list_head"}, "cat": {"/init"}, "walk_pagetables": {"--root", "0x100000", "--mode", "x86-4level"},
	}
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			help := runScript(t, "pg64", name, "--help").stdout
			if !strings.HasPrefix(help, "Usage: svscript "+name+" IMAGE") {
				t.Errorf("--help prints\n%s", help)
			}
			for _, image := range some {
				r, err := execute(t, image, name, args[name]...)
				if err != nil && !strings.Contains(err.Error(), "UsageError") && !strings.Contains(err.Error(), "there is no RAM block") &&
					!strings.Contains(err.Error(), "NoLinuxError: no Linux kernel: ") {
					t.Errorf("%s: %s", image, describe(err))
				} else if err == nil && len(r.rows) == 0 && r.stderr == "" {
					t.Errorf("%s: prints nothing", image)
				}
			}
		})
	}
}

// What scripts print of the guest that testdata/guest/pgguest.asm describes.
func TestScripts(t *testing.T) {
	other := testimage.Path(t, "pc-m64-xbzrle")
	for _, c := range []struct {
		image, command string
		rows           int      // -1: any
		want           []string // parts of what people see, the messages, or the rows
	}{
		{"pg64", "info", 1, []string{"pc-i440fx-7.2, x86_64", "16 MiB of RAM", "x86-4level page tables at 0x100000", "machine:pc-i440fx-7.2"}},
		{"elf-arm64-4k", "info", 1, []string{"page tables not known"}},
		{"pc-m0", "info", 1, []string{"paging off"}},
		{"qcow2-m64", "info", 1, []string{"in qcow2", "reset"}},
		{"pc-m64-gzip", "info", 1, []string{"in gzip"}},
		{"pg64", "map", -1, []string{"block:pc.ram", "base:0x0", "The map rests on: CMOS"}},
		{"pg64", "regs", 1, []string{"rax 1111111111111111", "r15 0123456789abcdef", "cr3 0000000000100000", "rflags 0000000000000002 [-------]", "rbx:0x2222222222222222"}},
		{"pg64", "regs --all", 1, []string{"dr1 0xffffffff80001000", "xmm0"}},
		{"pc-m64-smp4-pam", "regs", 4, nil},
		{"pc-m64-smp4-pam", "regs --cpu 3", 1, []string{"CPU 3: protected"}},
		{"i386-m36", "regs", 1, []string{"eax 11111111"}},
		{"riscv64-sv39", "regs", -1, []string{"satp 8"}},
		{"pg64", "devices", -1, []string{"name:apic", "found:description"}},
		{"pg64", "devices apic", 1, []string{"apic, instance 0, version 3", "apicbase", "0xfee00900"}},
		{"pg64", "hexdump 0x300ff8 16", 2, []string{"00300ff0                           00 00 00 00 00 00 00 00          ........", "00301000  11 11 11 11 11 11 11 11 "}},
		{"pg64", "hexdump 0xffffffff80200010 4 -v", 1, []string{"ffffffff80200010  04 00 00 b6"}},
		{"pg64", "hexdump 0xfff000 8K", 257, []string{"01000000  … 4 096 bytes that cannot be read", "hexdump: 4 096 bytes cannot be read"}},
		{"pg64", "hexdump 0xfffffffffffffff8 64", 1, []string{"fffffffffffffff8  … 8 bytes that cannot be read"}},
		{"pg64", "hexdump 0 16 --block pc.bios", 1, nil},
		{"pg64", "find PGGUEST", -1, []string{"address:0x400000", "context:PGGUEST MODE="}},
		{"pg64", "find PGGUEST --from 0x400000 --to 0x400007", 1, []string{"1 hit"}},
		{"pg64", "find PGGUEST --from 0x400000 --to 0x400006", 0, []string{"0 hits"}},
		{"pg64", "find --u32 0xB6000005", -1, []string{"address:0x800014"}},
		{"pg64", "find --hex a5?00001 -n 1 --from 0x200000", 1, []string{"1 hit; there may be more"}},
		{"pg64", "find --regex MODE=\\d+ -v --limit 1", 1, []string{"physical:0x8074"}},
		{"pg64", "strings --grep PGGUEST", -1, []string{"text:PGGUEST MODE="}},
		{"pg64", "translate 0xffffffff80002123", 1, []string{"PML4[511]", "physical 0x255123, in a page of 4 KiB, rwxu", "block pc.ram at 0x255123", "physical:0x255123"}},
		{"pg64", "translate 0xffffffff8000f000", 1, []string{"not mapped: not present", "0xdead0000"}},
		{"pc-m0", "translate 0x1234", 1, []string{"paging is off", "physical 0x1234"}},
		{"pg64", "explain 0x800010", 1, []string{"pc.ram + 0x800010", "Value        0x04"}},
		{"pg64", "explain 0x2000000", 1, []string{"nothing:"}},
		{"pg64", "explain 0x10 --block pc.bios", 1, []string{"pc.bios + 0x10"}},
		{"pg64", "diff " + other, -1, []string{"differ", "a:readable"}},
		{"pg64", "entropy --from 0x200000 --to 0x400000 --window 1M", 2, []string{"00200000     1 MiB", "class:"}},
		{"pg64", "disasm", 16, []string{"00007f6d  eb fd"}},
		{"pg64", "disasm 0x7f6d 1 --physical", 1, []string{"00007f6d  eb fd"}},
		{"arm64-16k", "disasm", 16, nil},
		{"pg64", "search_roots", 1, []string{"root:0x100000", "kernel:true", "cpus:0"}},
		{"pg64", "walk_pagetables --user", -1, []string{"base:0xffffffff80002000", "flags:rwxu"}},
		{"pg64", "walk_pagetables --from 0xffffffff80200000 --to 0xffffffff80201000", 1, []string{"size:4096", "physical:0x800000", "pageSize:2097152"}},
		{"pg64", "walk_pagetables --physical 0x800010", -1, []string{"base:0xffffffff80200000"}},
		{"pc-m64-smp4-pam", "walk_pagetables --cpu 1 --root 0x100000 --mode x86-4level", -1, []string{"base:0xffffffff80000000"}},
		{"elf-arm64-4k", "walk_pagetables --root 0x40000000 --mode arm64-4k", -1, nil},
	} {
		t.Run(c.image+" "+c.command, func(t *testing.T) {
			words := strings.Fields(c.command)
			r := runScript(t, c.image, words[0], words[1:]...)
			all := r.text + r.stderr + fmt.Sprint(r.rows)
			if n := len(r.rows) - unseen(r); c.rows >= 0 && n != c.rows || c.rows < 0 && n == 0 && c.want != nil {
				t.Errorf("%d rows, want %d\n%s", n, c.rows, all)
			}
			for _, want := range c.want {
				if !strings.Contains(all, want) {
					t.Errorf("does not say %q:\n%s", want, all)
				}
			}
			if r.stdout != "" {
				t.Errorf("prints past emit: %q", r.stdout)
			}
		})
	}
}

// unseen counts the last row that says what could not be seen.
func unseen(r *run) int {
	for _, row := range r.rows {
		if row["skipped"] != nil {
			return 1
		}
	}
	return 0
}

// The names of fields are promised: other programs read them.
func TestRowsKeepTheirNames(t *testing.T) {
	for command, want := range map[string]string{
		"map":                          "base block kind last name offset size",
		"devices":                      "complete found instance name offset size version",
		"devices apic":                 "complete fields found instance name offset size subsections version",
		"find PGGUEST":                 "address bytes context length",
		"find PGGUEST -v":              "address bytes context length physical",
		"strings":                      "address encoding text",
		"translate 0xffffffff80002123": "address attributes block encoding fault fileOffset flags mode offset pageSize physical root steps",
		"explain 0x200010":             "address block encoding fileOffset fill layers offset range stored text",
		"hexdump 0x200000":             "address bytes text",
		"disasm":                       "address bytes symbol text",
		"entropy":                      "base class entropy read size",
		"search_roots":                 "cpus kernel mode root supervisor user",
		"walk_pagetables":              "attributes base flags pageSize physical size",
		"diff":                         "a b base size",
		"info":                         "arch blocks complete container cpus devices fileSize format libvirt machine mapSource pageSize path ranges size snapshots version warnings",
	} {
		words := strings.Fields(command)
		if words[0] == "diff" {
			words = append(words, testimage.Path(t, "pc-m64-xbzrle"))
		}
		r := runScript(t, "pg64", words[0], words[1:]...)
		got := ""
		if len(r.rows) > 0 {
			got = strings.Join(sortedKeys(r.rows[0]), " ")
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", command, d)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	for command, want := range map[string]string{
		"walk_pagetables --cpu x":             `option --cpu wants a number, not "x"`,
		"walk_pagetables --mode x87":          `option --mode is "x87"; it can be x86-32`,
		"walk_pagetables --from 4 --to 4":     "--to 0x4 does not lie behind --from 0x4",
		"walk_pagetables --cpu 7":             "there is no CPU 7",
		"walk_pagetables --root -5":           "option --root wants an address",
		"hexdump":                             "ADDR is missing",
		"hexdump 0x10 4Q":                     "LEN: a size is a number of bytes",
		"hexdump 0x10 4 5":                    `"5" is one argument too many`,
		"hexdump 0x10 -v --block pc.ram":      "--virtual and --block exclude each other",
		"find --u64 abc":                      `PATTERN must be an integer`,
		"find --u64 --hex 12":                 "--hex and --u64 exclude each other",
		"find --hex zz":                       "zz",
		"find --regex (":                      "PATTERN is no regular expression",
		"devices nothing":                     "there is no device",
		"regs --cpu 9":                        "there is no CPU 9",
		"strings --grep (":                    "option --grep is no regular expression",
		"strings --encoding ebcdic":           `option --encoding is "ebcdic"`,
		"translate":                           "VA is missing",
		"translate zz":                        "VA wants an address",
		"explain 0x100000000 --block pc.bios": "ADDR lies beyond the end of pc.bios",
		"diff":                                "OTHER is missing",
		"diff nowhere.sav":                    "nowhere.sav",
		"entropy --window 3":                  "window",
		"disasm --physical":                   "ADDR is missing",
		"map --nothing":                       "there is no option --nothing",
	} {
		words := strings.Fields(command)
		_, err := execute(t, "pg64", words[0], words[1:]...)
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want)) {
			t.Errorf("%s: %v, want %q", command, err, want)
		}
	}
}

// Tables that lead back to themselves at every level are listed once per need, not without end.
func TestWalkHostileTables(t *testing.T) {
	raw := make([]byte, 1<<20)
	for i := range 512 { // every entry of the table at 0x1000 leads to the table
		copy(raw[0x1000+8*i:], []byte{0x67, 0x10})
	}
	path := filepath.Join(t.TempDir(), "hostile.raw")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := executeOn(t, rawImage(t, path), "walk_pagetables", "--root", "0x1000", "--mode", "x86-4level")
	if err != nil {
		t.Fatal(describe(err))
	}
	if !strings.Contains(r.stderr, "times at other addresses") {
		t.Errorf("does not say that it stopped:\n%.2000s", r.stderr)
	}
}
