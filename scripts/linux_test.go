package scripts

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/paging"
)

// linuxImages calls a test for each image of a Linux guest with what the guest printed about itself.
func linuxImages(t *testing.T, test func(t *testing.T, image string, guest map[string]string)) {
	t.Helper()
	found := false
	for _, image := range testimage.All(t) {
		text, ok := "", false
		if path.Dir(image) == "linux" {
			text, ok = testimage.Oracle(t, image, "guest.txt")
		}
		if ok {
			found = true
			t.Run(path.Base(image), func(t *testing.T) { test(t, image, sections(text)) })
		}
	}
	if !found {
		t.Skip("NOT TESTED: there are no images of Linux guests")
	}
}

// typedImages is linuxImages without those whose kernel states no types: what is inferred of them does not do for all.
func typedImages(t *testing.T, test func(t *testing.T, image string, guest map[string]string)) {
	t.Helper()
	linuxImages(t, func(t *testing.T, image string, guest map[string]string) {
		if withoutTypes(image) {
			t.Skip("the kernel states no types")
		}
		test(t, image, guest)
	})
}

var (
	beginMark   = regexp.MustCompile(`^===BEGIN (.*)===$`)
	sectionMark = regexp.MustCompile(`^--- (.*)$`)
)

// sections are the parts of guest.txt by the titles before them.
func sections(text string) map[string]string {
	parts := map[string]string{}
	name := ""
	for line := range strings.Lines(text) {
		bare := strings.TrimRight(line, "\r\n")
		if m := beginMark.FindStringSubmatch(bare); m != nil {
			name = m[1]
		} else if m := sectionMark.FindStringSubmatch(bare); m != nil {
			name = m[1]
		} else if strings.HasPrefix(bare, "===") {
			name = ""
		} else {
			parts[name] += bare + "\n"
		}
	}
	return parts
}

func linesOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
}

// runTyped runs a script that needs the kernel's types. Kernels without BTF must say so.
func runTyped(t *testing.T, image, script string, args ...string) *run {
	t.Helper()
	r, err := execute(t, image, script, args...)
	if err != nil && withoutTypes(image) && strings.Contains(err.Error(), "--symbols") {
		checkExpected(t, script, err)
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(describe(err))
	}
	for _, row := range r.rows {
		if row["skipped"] != nil && !withoutTypes(image) {
			t.Errorf("%s skips parts of a whole image: %v", script, row["skipped"])
		}
	}
	return r
}

// withoutTypes tells whether the kernel of an image has no BTF: its types are inferred, and not all that there are.
func withoutTypes(image string) bool { return strings.Contains(image, "i386") }

// checkPlainError checks that an error is one line, of the class whose message alone is printed.
func checkPlainError(t *testing.T, err error) {
	t.Helper()
	var script *runtime.ScriptError
	if !errors.As(err, &script) || script.Name != "NoLinuxError" || strings.Contains(script.Message, "\n") {
		t.Errorf("not a line for the user: %v", err)
	}
}

func TestLinuxPS(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, guest map[string]string) {
		rows := byPID(runTyped(t, image, "ps").rows)
		compared := 0
		var columns []string
		for _, line := range linesOf(guest["ps"]) {
			f := strings.Fields(line)
			if f[0] == "PID" {
				columns = f
				continue
			}
			said := map[string]string{}
			for i, name := range columns {
				if i < len(f) && said[name] == "" { // two are named COMMAND
					said[name] = f[i]
				}
			}
			if said["COMMAND"] == "ps" { // it ended
				continue
			}
			row, ok := rows[f[0]]
			if !ok {
				t.Errorf("not listed: %s", line)
				continue
			}
			// The guest's ps cuts names after 15 bytes, and what a worker works on changes.
			name := stable(row["comm"].(string))
			want := fmt.Sprintf("%s %s %.1s", said["PPID"], stable(said["COMMAND"]), said["STAT"])
			if got := fmt.Sprintf("%v %.15s %v", row["ppid"], name, row["state"]); got != want && said["STAT"] != "RW" { // running is what it did then
				t.Errorf("PID %s: ppid, comm, state are %q, the guest says %q", f[0], got, want)
			}
			for column, field := range map[string]string{"VSZ": "vsize", "RSS": "rss"} {
				if kib, err := strconv.Atoi(said[column]); err == nil && fmt.Sprint(row[field]) != fmt.Sprint(kib*1024) {
					t.Errorf("PID %s: %s is %v, the guest says %d KiB", f[0], field, row[field], kib)
				}
			}
			if row["kthread"] != strings.Contains(line, "[") {
				t.Errorf("PID %s: kthread is %v: %s", f[0], row["kthread"], line)
			}
			compared++
		}
		for pid := range rows { // processes that began later are listed besides
			if compared > 0 && !strings.Contains(guest["ps"], pid+" ") && rows[pid]["comm"] != "sleep" {
				t.Errorf("PID %s, %v, is none of the guest's", pid, rows[pid]["comm"])
			}
		}
		t.Logf("%d processes compared", compared)
	})
}

func byPID(rows []map[string]any) map[string]map[string]any {
	m := map[string]map[string]any{}
	for _, row := range rows {
		if row["pid"] != nil {
			m[fmt.Sprint(row["pid"])] = row
		}
	}
	return m
}

// stable is a task's name without what changes: what a worker thread works on.
func stable(comm string) string {
	if rest, ok := strings.CutPrefix(comm, "kworker/"); ok && !strings.HasPrefix(rest, "R-") {
		before, _, _ := strings.Cut(rest, "-")
		before, _, _ = strings.Cut(before, "+")
		return "kworker/" + before
	}
	return comm[:min(len(comm), 15)]
}

// The tree has each process once, behind its parent; threads are of their process.
func TestLinuxPSForms(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, _ map[string]string) {
		plain := byPID(runTyped(t, image, "ps").rows)
		tree := runTyped(t, image, "ps", "--tree", "--args").rows
		if len(tree) != len(plain) {
			t.Errorf("the tree has %d rows, the list %d", len(tree), len(plain))
		}
		depths := map[any]int64{}
		for _, row := range tree {
			depth := row["depth"].(int64)
			if above, ok := depths[row["ppid"]]; depth > 0 && (!ok || depth != above+1) {
				t.Errorf("PID %v at depth %d, its parent %v at %d", row["pid"], depth, row["ppid"], above)
			}
			depths[row["pid"]] = depth
		}
		threads := map[string]int{}
		for _, row := range runTyped(t, image, "ps", "--threads").rows {
			threads[fmt.Sprint(row["tgid"])]++
		}
		for pid, row := range plain {
			if fmt.Sprint(row["threads"]) != fmt.Sprint(threads[pid]) {
				t.Errorf("PID %s has %v threads, of which %d are listed", pid, row["threads"], threads[pid])
			}
		}
		sorted := runTyped(t, image, "ps", "--sort", "rss").rows
		if !slices.IsSortedFunc(sorted, func(a, b map[string]any) int { return int(b["rss"].(int64) - a["rss"].(int64)) }) {
			t.Error("--sort rss does not sort")
		}
	})
}

func TestLinuxArgumentsAndEnvironment(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, guest map[string]string) {
		rows := byPID(runTyped(t, image, "ps", "--args").rows)
		compared := 0
		for _, line := range linesOf(guest["environ_sleep"]) {
			pid, rest, _ := strings.Cut(line, " ")
			command, environment, _ := strings.Cut(rest, " | ")
			row := rows[pid]
			if row == nil || command == "" || row["kthread"] == true {
				continue
			}
			if got := join(row["args"].([]any)); strings.TrimSpace(got) != strings.TrimSpace(command) {
				t.Errorf("PID %s: arguments are %q, the guest says %q", pid, got, command)
			}
			got := strings.ReplaceAll(runTyped(t, image, "env", pid).text, "\n", " ")
			if got != strings.TrimLeft(environment, " ") {
				t.Errorf("PID %s: environment is %q, the guest says %q", pid, got, environment)
			}
			compared++
		}
		if guest["environ_sleep"] != "" && compared == 0 {
			t.Error("nothing was compared")
		}
	})
}

func join(items []any) string {
	var words []string
	for _, x := range items {
		words = append(words, fmt.Sprint(x))
	}
	return strings.Join(words, " ")
}

var markedPID = regexp.MustCompile(`SVMARK pid=(\d+)`)

func TestLinuxMaps(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, guest map[string]string) {
		compared := 0
		for title, want := range guest {
			pid := ""
			if f := strings.Fields(title); len(f) > 1 && f[0] == "maps" {
				pid = f[1]
			} else if m := markedPID.FindStringSubmatch(guest["svmark"]); m != nil && title == "maps_svmark" {
				pid = m[1]
			} else {
				continue
			}
			got := linesOf(runTyped(t, image, "maps", pid).text)
			wanted := slices.DeleteFunc(linesOf(want), func(s string) bool { return !strings.Contains(s, "-") || !mapsLine.MatchString(s) })
			// One guest printed the first twelve lines only.
			if len(wanted) == 12 && len(got) > 12 {
				got = got[:12]
			}
			if d := cmp.Diff(wanted, got); d != "" {
				t.Errorf("%s (-guest +script):\n%s", title, d)
			}
			if rows := runTyped(t, image, "vmmap", pid).rows; len(rows) < len(wanted) {
				t.Errorf("vmmap %s has %d rows, want %d", pid, len(rows), len(wanted))
			}
			compared++
		}
		if compared == 0 {
			t.Error("nothing was compared")
		}
	})
}

var mapsLine = regexp.MustCompile(`^[0-9a-f]+-[0-9a-f]+ [r-][w-][x-][ps] `)

func TestLinuxModules(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, guest map[string]string) {
		r := runTyped(t, image, "modules")
		if withoutTypes(image) && len(linesOf(guest["modules"])) == 0 { // that there is none is more than can be known
			if len(r.rows) != 1 || r.rows[0]["skipped"] == nil {
				t.Errorf("no module is loaded, and the rows are %v", r.rows)
			}
			return
		}
		if d := cmp.Diff(linesOf(guest["modules"]), linesOf(r.text)); d != "" {
			t.Errorf("-guest +script:\n%s", d)
		}
	})
}

func TestLinuxDmesg(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, guest map[string]string) {
		got := linesOf(runScript(t, image, "dmesg").text)
		if len(got) < 100 || !strings.HasPrefix(got[0], "[    0.000000] ") {
			t.Fatalf("%d lines, the first %q", len(got), got[:min(1, len(got))])
		}
		want := guest["dmesg"]
		if log, ok := testimage.Oracle(t, image, "crash-log.txt"); ok {
			want += log
		}
		at, missing := 0, 0
		for _, line := range linesOf(want) {
			if !strings.HasPrefix(line, "[") {
				continue
			}
			if strings.HasPrefix(line, "[    0.000000] Linux version") { // of the second oracle
				at = 0
			}
			i := slices.IndexFunc(got[at:], func(s string) bool { return strings.TrimRight(s, " ") == strings.TrimRight(line, " ") })
			if i < 0 {
				if missing++; missing < 5 {
					t.Errorf("missing: %s", line)
				}
				continue
			}
			at += i + 1
		}
		for _, row := range runScript(t, image, "dmesg", "--level", "warn").rows {
			if row["level"].(int64) > 4 {
				t.Errorf("not a warning: %v", row)
			}
		}
	})
}

func TestLinuxKallsyms(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, guest map[string]string) {
		got := map[string]bool{}
		text := runScript(t, image, "kallsyms").text
		for _, line := range linesOf(text) {
			got[line] = true
		}
		for _, line := range linesOf(guest["kallsyms"] + guest["kallsyms_head"]) {
			if !got[line] {
				t.Errorf("missing: %s", line)
			}
		}
		if head := guest["kallsyms_head"]; !strings.HasPrefix(text, head) {
			t.Errorf("begins with\n%.200s\nthe guest with\n%s", text, head)
		}
		if one := runScript(t, image, "kallsyms", "^schedule$").rows; len(one) != 1 {
			t.Errorf("^schedule$ gives %v", one)
		}
	})
}

func TestLinuxSysinfo(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, guest map[string]string) {
		r := runScript(t, image, "sysinfo")
		info := r.rows[0]
		if version := strings.TrimSpace(guest["version"]); version != "" && info["banner"] != version {
			t.Errorf("banner %q, the guest says %q", info["banner"], version)
		}
		crash, ok := testimage.Oracle(t, image, "crash-sys.txt")
		if !ok {
			return
		}
		said := map[string]string{}
		for _, line := range linesOf(crash) {
			name, value, _ := strings.Cut(line, ": ")
			said[strings.TrimSpace(name)] = value
		}
		for name, want := range map[string]string{
			"NODENAME": "Host        " + said["NODENAME"], "RELEASE": "Release     " + said["RELEASE"], "VERSION": "Version     " + said["VERSION"],
			"UPTIME": "Uptime      " + said["UPTIME"], "CPUS": "CPUs        " + said["CPUS"], "MACHINE": "2445 MHz", "DATE": "2026-11-23T15:10:40",
		} {
			if said[name] == "" || !strings.Contains(r.text, want) {
				t.Errorf("%s: %q is not in\n%s", name, want, r.text)
			}
		}
	})
}

func TestLinuxStruct(t *testing.T) {
	typedImages(t, func(t *testing.T, image string, _ map[string]string) {
		if text := runTyped(t, image, "struct", "list_head").text; !strings.Contains(text, "/*     8     8 */") {
			t.Error(text)
		}
		for command, want := range map[string]string{
			"task_struct.comm init_task":        `comm = "swapper/0"`,
			"list_head init_task --count 2":     "next = 0x",
			"pid_type":                          "PIDTYPE_TGID = 1",
			"task_struct.tasks":                 "is at byte",
			"rq runqueues --cpu 0":              "nr_running",
			"^struct.list_head$ --grep":         "",
			"task_struct init_task+0x0":         "swapper/0",
			"uts_namespace init_uts_ns":         "sysname",
			"new_utsname.release init_uts_ns+4": "release",
		} {
			r := runTyped(t, image, "struct", strings.Fields(command)...)
			if !strings.Contains(r.text, want) || len(r.rows) == 0 {
				t.Errorf("struct %s: want %q in\n%.500s", command, want, r.text)
			}
		}
		for command, want := range map[string]string{
			"task_stru": "there are struct task_struct", "task_struct.nothing": "nothing", "task_struct nowhere_at_all": "no symbol",
			"task_struct 0x0": "cannot read", "[ --grep": "TYPE is no regular expression",
		} {
			if _, err := execute(t, image, "struct", strings.Fields(command)...); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("struct %s: %v, want %q", command, err, want)
			}
		}
	})
}

// TestLinuxDisasm: the listing names the kernel's functions.
func TestLinuxDisasm(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, _ map[string]string) {
		address := runScript(t, image, "kallsyms", "^schedule$").rows[0]["address"].(string)
		if r := runScript(t, image, "disasm", address, "1"); r.rows[0]["symbol"] != "schedule" || !strings.HasSuffix(r.text, "  ; schedule\n") {
			t.Errorf("disasm %s gives %v\n%s", address, r.rows, r.text)
		}
	})
}

// Images without Linux are refused in one line by every script that needs it.
func TestNoLinux(t *testing.T) {
	args := map[string][]string{"struct": {"list_head"}, "vmmap": {"1"}, "maps": {"1"}, "env": {"1"}}
	for _, script := range []string{"ps", "modules", "dmesg", "sysinfo", "kallsyms", "struct", "vmmap", "maps", "env"} {
		_, err := execute(t, "pg64", script, args[script]...)
		if err == nil || !strings.Contains(err.Error(), "no Linux kernel: ") {
			t.Errorf("%s: %v", script, err)
			continue
		}
		checkPlainError(t, err)
	}
}

// A damagedImage is an image of which pages have become zeros.
type damagedImage struct {
	*savevm.Image
	seed uint64
	lost float64 // part of all pages
}

func (d *damagedImage) ReadMemory(p []byte, address uint64) (int, error) {
	n, err := d.Image.ReadMemory(p, address)
	for at := address; at < address+uint64(n); at = at&^4095 + 4096 {
		page := at >> 12
		if hash := rand.NewPCG(d.seed, page).Uint64(); float64(hash>>11)/(1<<53) < d.lost {
			clear(p[at-address : min(uint64(n), (page+1)<<12-address)])
		}
	}
	return n, err
}

func (d *damagedImage) Space(c paging.Config) (*paging.Space, error) { return paging.New(d, c) }

// Damage costs what it hits: scripts list what survives, say that there is more, and never fail in a way of their own.
func TestLinuxDamaged(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, _ map[string]string) {
		whole := byPID(runTyped(t, image, "ps").rows)
		img := openImage(t, image)
		levels := []float64{0.001, 0.01, 0.05, 0.3}
		if testing.Short() {
			levels = levels[:1]
		}
		for _, lost := range levels {
			listed, runs := 0, 0
			for seed := range uint64(2) {
				damaged := &damagedImage{img, seed, lost}
				for _, command := range []string{"ps", "ps --tree --threads --args", "modules", "dmesg", "sysinfo", "maps 1", "env 1", "kallsyms ^sched"} {
					words := strings.Fields(command)
					r, err := executeOn(t, damaged, words[0], words[1:]...)
					if err != nil {
						checkExpected(t, fmt.Sprintf("%s with %g of the pages lost, seed %d", command, lost, seed), err)
						continue
					}
					if command != "ps" {
						continue
					}
					rows := byPID(r.rows)
					for pid, row := range rows {
						if whole[pid] == nil || stable(whole[pid]["comm"].(string)) != stable(row["comm"].(string)) {
							t.Errorf("%g lost, seed %d: PID %s, %v, is none of the guest's", lost, seed, pid, row["comm"])
						}
					}
					complete := !slices.ContainsFunc(r.rows, func(row map[string]any) bool { return row["skipped"] != nil })
					if complete && len(rows) < len(whole) {
						t.Errorf("%g lost, seed %d: %d of %d processes, and nothing says that there are more", lost, seed, len(rows), len(whole))
					}
					listed += len(rows)
					runs++
				}
			}
			t.Logf("%g of the pages lost: %d of 2 runs found the kernel, with %.0f%% of the processes", lost, runs, 100*float64(listed)/math.Max(1, float64(runs*len(whole))))
			if lost <= 0.001 && (runs < 2 || listed*10 < runs*len(whole)*8) {
				t.Errorf("%g lost: %d processes in %d runs", lost, listed, runs)
			}
		}
	})
}

// checkExpected checks that an error is one that damaged memory may give.
func checkExpected(t *testing.T, what string, err error) {
	t.Helper()
	var script *runtime.ScriptError
	if !errors.As(err, &script) || !slices.Contains([]string{"NoLinuxError", "UsageError", ImageError}, script.Name) {
		t.Errorf("%s: %v", what, describe(err))
	}
}
