package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/symbols"
	"github.com/svscript/svscript/scripts"
)

// flags are the command line, read.
type flags struct {
	code                       *string // -e
	list, help, version, types bool

	json, csv, quiet, noColor bool
	timeout                   time.Duration
	maxMemory                 int64 // bytes; 0 is no limit
	modulePath                []string
	image                     savevm.Options
	linux                     symbols.Options

	workers int    // of batch
	resume  string // of batch

	operands   []string
	forWorkers []string // the flags that the workers of a batch get too, as --NAME=VALUE
}

// A flagRow is a row of the table of flags. value is how the help names the flag's value; empty: it has none.
type flagRow struct {
	name, short, value, help string
	set                      func(f *flags, value string) error
}

// flagSection is a row that only heads the ones after it in the help.
func flagSection(title string) flagRow { return flagRow{help: title} }

var flagTable = []flagRow{
	flagSection("Instead of a script"),
	{"eval", "e", "CODE", "run CODE and print its value; `vm` is the image that follows, if one does",
		func(f *flags, v string) error { f.code = &v; return nil }},
	{"list", "", "", "list the bundled scripts", set(func(f *flags) { f.list = true })},
	{"types", "", "", "print the type declarations of the JavaScript API; with a folder, write them and a tsconfig.json there",
		set(func(f *flags) { f.types = true })},
	{"help", "h", "", "print this; after the name of a script, what that script takes", set(func(f *flags) { f.help = true })},
	{"version", "", "", "print the version", set(func(f *flags) { f.version = true })},

	flagSection("Output"),
	{"json", "", "", "print rows and values as JSON, one a line; a BigInt as \"0x…\"", set(func(f *flags) { f.json = true })},
	{"csv", "", "", "print rows as CSV, with a header", set(func(f *flags) { f.csv = true })},
	{"quiet", "q", "", "no warnings about the image, no progress", set(func(f *flags) { f.quiet = true })},
	{"no-color", "", "", "no colours; NO_COLOR in the environment does the same", set(func(f *flags) { f.noColor = true })},

	flagSection("The script"),
	{"timeout", "", "DURATION", "stop the script after 30s, 5m, 1h30m", setTimeout},
	{"max-memory", "", "SIZE", "stop the script when the program's own memory grows beyond 500M, 2G (the image itself does not count)",
		func(f *flags, v string) (err error) { f.maxMemory, err = positiveSize(v); return err }},
	{"module-path", "", "DIR", "look for modules in DIR too; may be repeated; SVSCRIPT_PATH lists more", setModulePath},

	flagSection("The image"),
	{"snapshot", "", "NAME", "the internal snapshot of a qcow2 image, by name or ID", func(f *flags, v string) error {
		f.image.Container.Snapshot = v
		return nil
	}},
	{"below-4g", "", "SIZE", "how much RAM lies below the PCI hole, where the image does not tell", setBelow4G},
	{"place", "", "BLOCK=ADDRESS", "where the RAM block of a DIMM lies, where the image does not tell; may be repeated", setPlace},
	{"ram-file", "", "BLOCK=PATH", "the file behind a RAM block that the image does not hold (x-ignore-shared); may be repeated", setRAMFile},
	{"raw", "", "", "the file is plain memory from guest-physical address 0 on", set(func(f *flags) { f.image.Raw = true })},
	{"arch", "", "NAME", "the architecture where the file does not say: x86_64, i386, aarch64, riscv64", setArch},
	{"temp-dir", "", "DIR", "where a compressed image is unpacked; else TMPDIR", setTempDir},

	flagSection("A Linux guest's kernel"),
	{"symbols", "", "FILE", "a vmlinux or debug file, a System.map or a volatility3 ISF of the guest's kernel, for what it does not carry itself",
		setSymbols},
	{"kernel-root", "", "ADDRESS", "the physical address of the kernel's page table, instead of the one that is found", setKernelRoot},
	{"kaslr", "", "OFFSET", "how far the kernel lies from where it was linked, instead of what is found", setKASLR},

	flagSection("svscript batch"),
	{"workers", "j", "N", "how many images at a time; else one a processor", setWorkers},
	{"resume", "", "FILE", "note in FILE what is done, and leave out what it notes already",
		func(f *flags, v string) error { f.resume = v; return nil }},
}

func set(fn func(*flags)) func(*flags, string) error {
	return func(f *flags, _ string) error { fn(f); return nil }
}

func setSymbols(f *flags, v string) error {
	if info, err := os.Stat(v); err != nil || info.IsDir() {
		return fmt.Errorf("there is no file %s", v)
	}
	f.linux.SymbolFile = v
	return nil
}

func setKernelRoot(f *flags, v string) (err error) {
	f.linux.KernelRoot, err = parseAddress(v)
	return err
}

func setKASLR(f *flags, v string) error {
	offset, err := parseAddress(v)
	f.linux.KASLR = &offset
	return err
}

func parseAddress(v string) (uint64, error) {
	n, err := strconv.ParseUint(v, 0, 64)
	if err != nil {
		return 0, fmt.Errorf("an address is a number as 0x1000000, not %q", v)
	}
	return n, nil
}

func setTimeout(f *flags, v string) (err error) {
	if f.timeout, err = time.ParseDuration(v); err != nil || f.timeout <= 0 {
		return fmt.Errorf("a duration is 30s, 5m or 1h30m, not %q", v)
	}
	return nil
}

func positiveSize(v string) (int64, error) {
	n, err := scripts.ParseSize(v)
	if err == nil && n == 0 {
		err = fmt.Errorf("it must be more than 0")
	}
	return n, err
}

// pageSize is that of the guests' RAM, in bytes: no part of it is smaller.
const pageSize = 4096

func setBelow4G(f *flags, v string) error {
	n, err := positiveSize(v)
	if err == nil && n%pageSize != 0 {
		err = fmt.Errorf("it is whole pages of %d bytes, as 3G, not %q", pageSize, v)
	}
	f.image.Below4G = uint64(n)
	return err
}

func setModulePath(f *flags, v string) error {
	if info, err := os.Stat(v); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s", v)
	}
	f.modulePath = append(f.modulePath, v)
	return nil
}

func setPlace(f *flags, v string) error {
	block, text, _ := strings.Cut(v, "=")
	address, err := strconv.ParseUint(text, 0, 64)
	if err != nil || block == "" || address%pageSize != 0 {
		return fmt.Errorf("it is BLOCK=ADDRESS, as mem1=0x110000000, with the address of a page, not %q", v)
	}
	if f.image.Place == nil {
		f.image.Place = map[string]uint64{}
	}
	f.image.Place[block] = address
	return nil
}

func setRAMFile(f *flags, v string) error {
	block, path, ok := strings.Cut(v, "=")
	if !ok || block == "" || path == "" {
		return fmt.Errorf("it is BLOCK=PATH, as pc.ram=/var/lib/guest.ram, not %q", v)
	}
	if f.image.RAMFiles == nil {
		f.image.RAMFiles = map[string]string{}
	}
	f.image.RAMFiles[block] = path
	return nil
}

var architectures = []string{"x86_64", "i386", "aarch64", "riscv64"}

func setArch(f *flags, v string) error {
	for _, a := range architectures {
		if v == a {
			f.image.Arch = v
			return nil
		}
	}
	return fmt.Errorf("it is one of %s, not %q", strings.Join(architectures, ", "), v)
}

func setTempDir(f *flags, v string) error {
	if info, err := os.Stat(v); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s", v)
	}
	f.image.Container.TempDir = v
	return nil
}

func setWorkers(f *flags, v string) error {
	if _, err := fmt.Sscan(v, &f.workers); err != nil || f.workers < 1 {
		return fmt.Errorf("it is a number from 1 on, not %q", v)
	}
	return nil
}

// parseFlags reads the flags, which come before the first operand. -- ends them. What follows the operand is the script's.
func parseFlags(args []string, getenv func(string) string) (*flags, error) {
	f := &flags{}
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			break
		}
		name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		row := flagNamed(name, strings.HasPrefix(arg, "--"))
		switch {
		case row == nil:
			return f, usageError("there is no flag %s%s; --help lists them", arg, didYouMean(name, flagNames(), "--"))
		case row.value == "" && hasValue:
			return f, usageError("--%s takes no value", row.name)
		case row.value != "" && !hasValue:
			if len(args) == 0 {
				return f, usageError("%s wants a value: --%s %s", arg, row.name, row.value)
			}
			value, args = args[0], args[1:]
		}
		if err := row.set(f, value); err != nil {
			return f, usageError("--%s: %v", row.name, err)
		}
		if !slices.Contains(notForWorkers, row.name) {
			f.forWorkers = append(f.forWorkers, asGiven(row, value))
		}
	}
	f.operands = args
	if f.json && f.csv {
		return f, usageError("--json and --csv exclude each other")
	}
	for _, dir := range filepath.SplitList(getenv("SVSCRIPT_PATH")) {
		if dir != "" {
			f.modulePath = append(f.modulePath, dir)
		}
	}
	return f, nil
}

// insteadOfScript are the flags that do not go with a script.
var insteadOfScript = []string{"eval", "list", "types", "help", "version"}

// misplacedFlag is for a flag of svscript among the words behind a script (or another first word): it says where the flag belongs. It is
// nil for a word that is no flag.
func misplacedFlag(words []string, word, behind string) error {
	name, _, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
	at, row := slices.Index(words, word), flagNamed(name, strings.HasPrefix(word, "--"))
	if at < 0 || row == nil || !strings.HasPrefix(word, "-") || slices.Contains(insteadOfScript, row.name) {
		return nil
	}
	end := at + 1
	if row.value != "" && !hasValue && end < len(words) {
		end++
	}
	return usageError("%s comes before %s: svscript %s", word, behind, strings.Join(slices.Concat(words[at:end], words[:at], words[end:]), " "))
}

// asGiven is a flag as the command line has it.
func asGiven(row *flagRow, value string) string {
	if row.value == "" {
		return "--" + row.name
	}
	return "--" + row.name + "=" + value
}

// notForWorkers are the flags that a batch itself heeds.
var notForWorkers = []string{"workers", "resume", "json", "csv"}

// forResults are the flags that change what a script finds in an image.
var forResults = []string{"snapshot", "below-4g", "place", "ram-file", "raw", "arch", "symbols", "kernel-root", "kaslr"}

// settings are the flags that were given of those that change results. Their order on the command line does not count, but of a flag
// that was given again the last one holds.
func (f *flags) settings() []string {
	name := func(given string) string {
		name, _, _ := strings.Cut(strings.TrimPrefix(given, "--"), "=")
		return name
	}
	list := slices.DeleteFunc(slices.Clone(f.forWorkers), func(given string) bool { return !slices.Contains(forResults, name(given)) })
	slices.SortStableFunc(list, func(a, b string) int { return strings.Compare(name(a), name(b)) })
	return list
}

func flagNamed(name string, long bool) *flagRow {
	for i := range flagTable {
		row := &flagTable[i]
		if row.name != "" && (row.name == name && (long || len(name) > 1) || row.short == name && !long && name != "") {
			return row
		}
	}
	return nil
}

func flagNames() []string {
	var names []string
	for _, row := range flagTable {
		if row.name != "" {
			names = append(names, row.name)
		}
	}
	return names
}

const usageHead = `svscript opens a saved virtual machine and runs JavaScript on it.

  svscript IMAGE                      a prompt, with vm = IMAGE
  svscript SCRIPT IMAGE [ARG...]      run a script: a file, or the name of a bundled one (--list)
  svscript SCRIPT                     run it without an image
  svscript -e CODE [IMAGE]            print the value of CODE
  svscript batch SCRIPT IMAGE...      run a script on many images, and print JSON lines
  svscript SCRIPT --help              what a script takes

IMAGE is a file that QEMU's migrate or savevm, virsh save, or a memory dumper wrote; - stands for none.
Flags come before the first of these words.
`

const usageTail = `
Exit: 0 done, 1 the script failed, 2 wrong usage, 3 the image cannot be opened, 130 interrupted.
`

// usageText is what --help prints.
func usageText() string {
	var b strings.Builder
	b.WriteString(usageHead)
	for _, row := range flagTable {
		if row.name == "" {
			fmt.Fprintf(&b, "\n%s\n", row.help)
			continue
		}
		left := "--" + row.name
		if row.short != "" {
			left = "-" + row.short + ", " + left
		}
		if row.value != "" {
			left += " " + row.value
		}
		fmt.Fprintf(&b, "  %-24s %s\n", left, strings.ReplaceAll(row.help, "`", ""))
	}
	b.WriteString(usageTail)
	return b.String()
}
