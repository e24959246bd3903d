package scripts

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/symbols"
)

// fileScripts are the commands about files, sockets, stacks and the kernel's integrity, with arguments that every image takes.
var fileScripts = []string{"mounts", "mounts --all", "lsof", "files", "cat /init", "netstat", "netstat --interfaces", "bt", "check"}

// Only options that every file system knows are compared: what one file system alone prints is not told.
var knownOption = regexp.MustCompile(`^(rw|ro|sync|dirsync|lazytime|nosuid|nodev|noexec|noatime|nodiratime|relatime|nosymfollow)$`)

func mountLines(text string) []string {
	var lines []string
	for _, line := range linesOf(text) {
		f := strings.Fields(line)
		options := slices.DeleteFunc(strings.Split(f[3], ","), func(o string) bool { return !knownOption.MatchString(o) })
		lines = append(lines, strings.ReplaceAll(fmt.Sprint(f[0], " ", f[1], " ", f[2], " ", strings.Join(options, ",")), `\040`, " "))
	}
	return lines
}

func mountRows(rows []map[string]any) []string {
	var lines []string
	for _, row := range rows {
		lines = append(lines, fmt.Sprint(row["device"], " ", row["path"], " ", row["type"], " ", row["flags"]))
	}
	return lines
}

func TestLinuxMounts(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, guest map[string]string) {
		got := mountRows(runTyped(t, image, "mounts").rows)
		if want := guest["mounts"]; want != "" {
			if d := cmp.Diff(mountLines(want), got); d != "" {
				t.Errorf("-guest +script:\n%s", d)
			}
		}
		if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "proc /proc proc rw") }) {
			t.Errorf("/proc is not mounted: %q", got)
		}
		if _, err := execute(t, image, "mounts", "--pid", "4000000"); err == nil || !strings.Contains(err.Error(), "no process 4000000") {
			t.Errorf("--pid of no process: %v", err)
		}
	})
}

// The bytes in the page cache are those that /proc/meminfo counts as Cached: the guests have no disk, whose own cache counts as well.
func TestLinuxFiles(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, guest map[string]string) {
		cached := int64(0)
		paths := map[any]bool{}
		for _, row := range runTyped(t, image, "files").rows {
			cached += row["cached"].(int64)
			paths[row["path"]] = true
		}
		want := regexp.MustCompile(`(?m)^Cached: *(\d+) kB`).FindStringSubmatch(guest["meminfo"])
		if want == nil || fmt.Sprint(cached/1024) != want[1] {
			t.Errorf("%d KiB are cached, the guest says %q", cached/1024, want)
		}
		if !paths["/init"] {
			t.Errorf("/init is not listed: %v", paths)
		}
	})
}

func TestLinuxCat(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, guest map[string]string) {
		if text := catText(t, image, "/init"); !strings.HasPrefix(text, "#!") {
			t.Errorf("/init begins with %.40q", text)
		}
		if said := guest["svmark"]; said != "" { // the guest's program wrote it to a file, and the guest printed that
			for path, want := range map[string]string{"/tmp/svmark.txt": said, "/tmp/../tmp/./svmark.txt": said} {
				if d := cmp.Diff(want, catText(t, image, path)); d != "" {
					t.Errorf("cat %s (-guest +script):\n%s", path, d)
				}
			}
			m := markedPID.FindStringSubmatch(said)
			if d := cmp.Diff(said, catText(t, image, "--pid", m[1], "--fd", "1")); d != "" {
				t.Errorf("its file descriptor (-guest +script):\n%s", d)
			}
		}
		for _, args := range [][]string{{"/no such file"}, {"/dev/null"}, {}, {"/init", "--inode", "0x1000"}, {"--fd", "1"}} {
			_, err := execute(t, image, "cat", args...)
			var script *runtime.ScriptError
			if !errors.As(err, &script) || script.Name != "UsageError" {
				t.Errorf("cat %v: %v", args, err)
			}
		}
	})
}

// catText is what cat prints: the bytes of its rows, which say where each is.
func catText(t *testing.T, image string, args ...string) string {
	t.Helper()
	var b strings.Builder
	for _, row := range runTyped(t, image, "cat", args...).rows {
		var piece []byte
		if _, err := fmt.Sscanf(row["bytes"].(string), "%x", &piece); err != nil || row["offset"] != int64(b.Len()) {
			t.Fatalf("a piece at %v of %d bytes: %v", row["offset"], b.Len(), err)
		}
		b.Write(piece)
	}
	return b.String()
}

// Every process has a working directory, a root and, but for kernel threads, the program that its memory areas name.
func TestLinuxLsof(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, guest map[string]string) {
		names := map[string]string{}
		for _, row := range runTyped(t, image, "lsof").rows {
			names[fmt.Sprint(row["pid"], " ", row["fd"])] = row["name"].(string)
		}
		for pid, row := range byPID(runTyped(t, image, "ps").rows) {
			if names[pid+" cwd"] != "/" || names[pid+" root"] != "/" {
				t.Errorf("PID %s: working directory %q, root %q", pid, names[pid+" cwd"], names[pid+" root"])
			}
			if exe := names[pid+" exe"]; (exe == "") != (row["kthread"] == true) {
				t.Errorf("PID %s, kernel thread %v: program %q", pid, row["kthread"], exe)
			}
		}
		compared := 0
		for title, maps := range guest {
			pid := strings.TrimPrefix(strings.Fields(title + " ?")[min(1, strings.Count(title, " "))], "?")
			if m := markedPID.FindStringSubmatch(guest["svmark"]); m != nil && title == "maps_svmark" {
				pid = m[1]
			} else if !strings.HasPrefix(title, "maps ") {
				continue
			}
			f := strings.Fields(maps)
			if program := names[pid+" exe"]; program != f[5] {
				t.Errorf("PID %s runs %q, its maps begin with %s", pid, program, f[5])
			}
			compared++
		}
		t.Logf("%d programs compared", compared)
	})
}

// The kernel has netlink sockets in every guest, and the loopback device. What the guests' programs did is in their oracles elsewhere.
func TestLinuxNetstat(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, _ map[string]string) {
		locals := map[any]bool{}
		for _, row := range runTyped(t, image, "netstat").rows {
			locals[row["local"]] = true
		}
		if !locals["route:kernel"] || !locals["kobject_uevent:kernel"] {
			t.Errorf("the kernel's own sockets are not listed: %v", locals)
		}
		rows := runTyped(t, image, "netstat", "--interfaces").rows
		if len(rows) == 0 || rows[0]["name"] != "lo" || rows[0]["mac"] != "00:00:00:00:00:00" || fmt.Sprint(rows[0]["mtu"]) != "65536" {
			t.Errorf("no loopback device: %v", rows)
		}
	})
}

// Stacks end where the kernel is entered, and no frame has to be guessed.
func TestLinuxStacks(t *testing.T) {
	bottom := regexp.MustCompile(`^(entry_|ret_from_fork|el0|secondary_startup|startup_32_smp|common_startup|__secondary_switched|__primary_switched|x86_64_start|start_kernel)`)
	linuxImages(t, func(t *testing.T, image string, _ map[string]string) {
		tasks, frames := 0, 0
		for _, row := range runTyped(t, image, "bt").rows {
			list := row["frames"].([]any)
			tasks++
			for i, item := range list {
				f := item.(map[string]any)
				frames++
				first := f["found"] == "pc" || f["found"] == "sleep"
				if first != (i == 0) || f["found"] == "scan" || f["symbol"] == nil {
					t.Errorf("%v %v: frame %d is %v", row["pid"], row["comm"], i, f)
				}
			}
			if len(list) == 0 {
				t.Errorf("%v %v has no stack", row["pid"], row["comm"])
			} else if last := fmt.Sprint(list[len(list)-1].(map[string]any)["symbol"]); !bottom.MatchString(last) {
				t.Errorf("%v %v: the stack ends in %s", row["pid"], row["comm"], last)
			}
		}
		img := openImage(t, image)
		if want := len(runTyped(t, image, "ps", "--threads").rows) + len(img.CPUs()); tasks != want {
			t.Errorf("%d stacks, want %d", tasks, want)
		}
		t.Logf("%d stacks, %d frames", tasks, frames)
	})
}

func TestLinuxCheckOK(t *testing.T) {
	typedImages(t, func(t *testing.T, image string, _ map[string]string) {
		checks := map[any]bool{}
		for _, row := range runTyped(t, image, "check").rows {
			checks[row["check"]] = true
			if row["status"] != "ok" {
				t.Errorf("%v: %v", row["check"], row["detail"])
			}
		}
		if len(checks) != 6 {
			t.Errorf("checks: %v", checks)
		}
	})
}

// A patchedImage is an image somebody tampered with.
type patchedImage struct {
	*savevm.Image
	bytes map[uint64]byte // by guest-physical address
}

func (p *patchedImage) ReadMemory(b []byte, address uint64) (int, error) {
	n, err := p.Image.ReadMemory(b, address)
	for at, v := range p.bytes {
		if at >= address && at-address < uint64(n) {
			b[at-address] = v
		}
	}
	return n, err
}

func (p *patchedImage) Space(c paging.Config) (*paging.Space, error) { return paging.New(p, c) }

// What a rootkit does is found: a process taken out of the list, a replaced system call, a function that begins with a jump away.
func TestLinuxCheckTampered(t *testing.T) {
	typedImages(t, func(t *testing.T, image string, _ map[string]string) {
		img := openImage(t, image)
		k, err := symbols.Find(context.Background(), symbols.Of(img), symbols.Options{})
		if err != nil {
			t.Fatal(err)
		}
		task, err := k.Type("task_struct")
		if err != nil {
			t.Skip(err)
		}
		patched := &patchedImage{img, map[uint64]byte{}}
		write := func(at uint64, b ...byte) {
			physical, fault := k.Space.Translate(at)
			if fault != nil {
				t.Fatal(fault)
			}
			for i, v := range b {
				patched.bytes[physical+uint64(i)] = v
			}
		}
		pointer := func(v uint64) []byte { return binary.LittleEndian.AppendUint64(nil, v) }
		symbol := func(name string) uint64 {
			at, ok := k.Symbols.Address(name)
			if !ok {
				t.Fatalf("no symbol %s", name)
			}
			return at
		}

		// The last process of the list.
		tasks, err := ctype.Offsetof(task, "tasks")
		if err != nil {
			t.Fatal(err)
		}
		head := symbol("init_task") + tasks
		last, _ := k.ReadPointer(head + 8)
		before, _ := k.ReadPointer(last + 8)
		write(before, pointer(head)...)
		write(head+8, pointer(before)...)
		write(symbol("sys_call_table")+39*8, pointer(symbol("init_task"))...)
		jump := map[string][]byte{"x86_64": {0xe9, 0, 0, 0, 0x10}, "aarch64": {0, 0, 0, 0x15}}[k.Arch] // 256 MiB, 64 MiB ahead
		write(symbol("vfs_read"), jump...)

		r, err := executeOn(t, patched, "check")
		if err != nil {
			t.Fatal(describe(err))
		}
		found := map[string]int{}
		for _, row := range r.rows {
			if row["status"] == "suspect" {
				found[row["check"].(string)]++
				t.Log(row["check"], row["detail"])
			}
		}
		if found["tasks"] < 2 || found["syscalls"] != 1 || found["prologues"] != 1 {
			t.Errorf("suspect: %v", found)
		}
	})
}

func TestNoLinuxFiles(t *testing.T) {
	for _, command := range fileScripts {
		words := strings.Fields(command)
		_, err := execute(t, "pg64", words[0], words[1:]...)
		if err == nil || !strings.Contains(err.Error(), "no Linux kernel: ") {
			t.Errorf("%s: %v", command, err)
			continue
		}
		checkPlainError(t, err)
	}
}

// Damage costs what it hits, whatever of the kernel's structures that is.
func TestLinuxFilesDamaged(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, _ map[string]string) {
		runTyped(t, image, "mounts") // has the kernel's types
		img := openImage(t, image)
		parts := []float64{0.01, 0.001, 0.05}
		if testing.Short() {
			parts = parts[:1]
		}
		for seed, lost := range parts {
			damaged := &damagedImage{img, uint64(seed), lost}
			rows := ""
			for _, command := range fileScripts {
				words := strings.Fields(command)
				r, err := executeOn(t, damaged, words[0], words[1:]...)
				if err != nil {
					checkExpected(t, fmt.Sprintf("%s with %g of the pages lost", command, lost), err)
					continue
				}
				rows += " " + words[0] + ":" + strconv.Itoa(len(r.rows))
			}
			t.Logf("%g lost:%s", lost, rows)
		}
	})
}
