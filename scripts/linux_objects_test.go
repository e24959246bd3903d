package scripts

import (
	"encoding/hex"
	"fmt"
	"math/bits"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/svscript/svscript/savevm"
)

// The objects of the cache of tasks are the tasks: nothing that a list leads to is free, and what is allocated besides has ended or is
// about to begin.
func TestLinuxSlabs(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, _ map[string]string) {
		allocated := map[any]bool{}
		for _, row := range runTyped(t, image, "slabs", "task_struct").rows {
			allocated[row["address"]] = true
		}
		threads := runTyped(t, image, "ps", "--threads").rows
		for _, row := range threads {
			if !allocated[row["task"]] {
				t.Errorf("PID %v, %v, at %v is no allocated object of task_struct", row["pid"], row["comm"], row["task"])
			}
		}
		img := openImage(t, image)
		if extra := len(allocated) - len(threads); extra < 0 || extra > len(img.CPUs())+4 { // the other CPUs' idle tasks
			t.Errorf("%d tasks are allocated, %d are listed", len(allocated), len(threads))
		}
		caches := runTyped(t, image, "slabs").rows
		for _, row := range caches {
			if row["allocated"].(int64) < 0 || row["allocated"].(int64) > row["total"].(int64) {
				t.Errorf("%v: %v of %v objects", row["name"], row["allocated"], row["total"])
			}
			if row["name"] == "task_struct" && row["allocated"] != int64(len(allocated)) {
				t.Errorf("task_struct: %v counted, %d listed", row["allocated"], len(allocated))
			}
		}
		if len(caches) < 50 {
			t.Errorf("%d caches", len(caches))
		}
		where := fmt.Sprint(threads[0]["task"])
		if text := runTyped(t, image, "slabs", "--address", where).text; !strings.Contains(text, "the allocated object at "+where+" of task_struct") {
			t.Error(text)
		}
	})
}

// Every guest's console and clock have interrupts, and its CPUs timers for the next tick.
func TestLinuxInterruptsAndTimers(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, _ map[string]string) {
		names := ""
		for _, row := range runTyped(t, image, "irqs").rows {
			for _, action := range list(row["actions"]) {
				names += fmt.Sprint(action.(map[string]any)["name"], " ", action.(map[string]any)["symbol"], "\n")
			}
		}
		if !regexp.MustCompile(`(?m)^(ttyS0 serial8250_interrupt|uart-pl011 pl011_int)$`).MatchString(names) {
			t.Errorf("the console has no interrupt:\n%s", names)
		}
		if strings.HasPrefix(image, "linux/x64") {
			gates := runTyped(t, image, "irqs", "--idt").rows
			if len(gates) != 256 || gates[14]["symbol"] != "asm_exc_page_fault" || gates[8]["ist"] != int64(1) || gates[128]["dpl"] != int64(3) {
				t.Errorf("%d vectors", len(gates))
			}
		}
		wheel, ticks := 0, 0
		for _, row := range runTyped(t, image, "timers").rows {
			if row["symbol"] == nil {
				t.Errorf("no function: %v", row)
			}
			if row["clock"] == "jiffies" {
				wheel++
			}
			if s := fmt.Sprint(row["symbol"]); s == "tick_sched_timer" || s == "tick_nohz_handler" || s == "watchdog_timer_fn" || s == "dl_task_timer" {
				ticks++
			}
		}
		if wheel == 0 || ticks == 0 {
			t.Errorf("%d timers in the wheel, %d of ticks", wheel, ticks)
		}
		runTyped(t, image, "bpf")
		runTyped(t, image, "bpf", "--maps")
		runTyped(t, image, "bpf", "--links")
	})
}

func list(v any) []any { l, _ := v.([]any); return l }

// A process's memory has the texts that it prints; the kernel's half is no part of it.
func TestLinuxStringsOfProcess(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, _ map[string]string) {
		if _, err := execute(t, image, "ps"); err != nil {
			t.Skip(err)
		}
		rows := runScript(t, image, "strings", "--pid", "1", "--grep", "^PATH=").rows
		if len(rows) == 0 {
			t.Error("process 1 has no PATH")
		}
		for _, row := range rows {
			if len(fmt.Sprint(row["address"])) > 14 {
				t.Errorf("an address of the kernel's: %v", row)
			}
		}
		for _, pid := range []string{"2", "4000000"} {
			if _, err := execute(t, image, "strings", "--pid", pid); err == nil || !strings.Contains(err.Error(), "process "+pid) {
				t.Errorf("process %s: %v", pid, err)
			}
		}
	})
}

// TestLinuxGuestObjects compares with what the guest of SVSCRIPT_GUEST printed: mount options, queues, interrupts, timers, slab caches, BPF.
func TestLinuxGuestObjects(t *testing.T) {
	img, guest := guestImage(t)
	script := func(t *testing.T, name string, args ...string) []map[string]any {
		r, err := executeOn(t, img, name, args...)
		if err != nil {
			t.Fatal(describe(err))
		}
		return r.rows
	}

	t.Run("addresses", func(t *testing.T) { checkAddresses(t, img) })

	t.Run("mount options", func(t *testing.T) {
		got := map[string]any{}
		for _, row := range script(t, "mounts") {
			if row["options"] != nil {
				got[fmt.Sprint(row["device"], " ", row["path"])] = fmt.Sprint(row["flags"], ",", row["options"])
			}
		}
		compared := 0
		for _, line := range linesOf(guest["mounts"]) {
			f := strings.Fields(strings.ReplaceAll(line, `\040`, " "))
			if have, ok := got[f[0]+" "+f[1]]; ok {
				compared++
				if strings.TrimSuffix(fmt.Sprint(have), ",") != f[3] {
					t.Errorf("%s: %v", line, have)
				}
			}
		}
		if compared < 6 {
			t.Errorf("%d file systems compared", compared)
		}
	})

	t.Run("queues", func(t *testing.T) {
		got := map[string]string{}
		for _, row := range script(t, "netstat") {
			got[fmt.Sprint(row["proto"], " ", row["inode"])] = fmt.Sprintf("%08X:%08X %v", row["tx_queue"], row["rx_queue"], row["uid"])
		}
		filled := 0
		for _, proto := range []string{"tcp", "tcp6", "udp", "udp6"} {
			for _, line := range linesOf(guest["net/"+proto])[1:] {
				f := strings.Fields(line)
				if f[9] == "0" { // no process has it
					continue
				}
				if want := f[4] + " " + f[7]; got[proto+" "+f[9]] != want {
					t.Errorf("%s: %s", line, got[proto+" "+f[9]])
				} else if f[4] != "00000000:00000000" {
					filled++
				}
			}
		}
		if filled < 2 {
			t.Errorf("%d queues with something in them", filled)
		}
	})

	t.Run("routes", func(t *testing.T) {
		inits := regexp.MustCompile(`(?m)^1 .* net:\[(\d+)\]`).FindStringSubmatch(guest["ns"])
		if inits == nil {
			t.Fatal("the guest does not say in which network namespace its first process is")
		}
		listed := map[string][]string{} // by namespace and table
		for _, row := range script(t, "netstat", "--routes") {
			table := fmt.Sprint(row["netns"], " ", row["table"])
			if strings.Contains(row["destination"].(string), ":") {
				table = fmt.Sprint(row["netns"], " 6")
			}
			listed[table] = append(listed[table], fmt.Sprintf("%v via %v dev %v metric %v", row["destination"], row["gateway"], row["dev"], row["metric"]))
		}
		var want []string
		for _, line := range linesOf(guest["route"])[1:] {
			f := strings.Fields(line)
			mask, _ := strconv.ParseUint(f[7], 16, 32)
			want = append(want, fmt.Sprintf("%s/%d via %s dev %s metric %s", host(f[1]), bits.OnesCount64(mask), strings.TrimPrefix(host(f[2]), "0.0.0.0"), f[0], f[6]))
		}
		if d := cmp.Diff(want, listed[inits[1]+" main"]); d != "" || len(want) < 3 {
			t.Errorf("IPv4 (-guest +script):\n%s", d)
		}
		ipv6 := func(text string) (want []string) {
			for _, line := range linesOf(text) {
				f := strings.Fields(line)
				if len(f) != 10 || len(f[0]) != 32 {
					continue // of the sockets before
				}
				b, _ := hex.DecodeString(f[0] + f[4])
				plen, _ := strconv.ParseUint(f[1], 16, 8)
				metric, _ := strconv.ParseUint(f[5], 16, 32)
				gateway := strings.TrimPrefix(netip.AddrFrom16([16]byte(b[16:])).String(), "::")
				want = append(want, fmt.Sprintf("%s/%d via %s dev %s metric %d", netip.AddrFrom16([16]byte(b)), plen, gateway, f[9], metric))
			}
			return want
		}
		if d := cmp.Diff(ipv6(guest["ipv6_route"]), listed[inits[1]+" 6"]); d != "" {
			t.Errorf("IPv6 (-guest +script):\n%s", d)
		}
		for title, text := range guest {
			if netns, ok := strings.CutPrefix(title, "netns "); ok {
				if d := cmp.Diff(ipv6(text), listed[netns+" 6"]); d != "" {
					t.Errorf("IPv6 of %s (-guest +script):\n%s", netns, d)
				}
			}
		}
	})

	t.Run("sockets of namespaces", func(t *testing.T) {
		got := map[string]bool{}
		for _, row := range script(t, "netstat") {
			got[fmt.Sprint(row["netns"], " ", row["proto"], " ", row["local"], " ", row["inode"])] = true
		}
		for title, text := range guest {
			netns, ok := strings.CutPrefix(title, "netns ")
			for _, line := range linesOf(text) {
				if f := strings.Fields(line); ok && len(f) > 11 && strings.HasSuffix(f[0], ":") && !got[fmt.Sprint(netns, " tcp ", address(f[1]), " ", f[9])] {
					t.Errorf("not listed in %s: %s", netns, line)
				}
			}
		}
	})

	t.Run("irqs", func(t *testing.T) {
		got := map[string]map[string]any{}
		for _, row := range script(t, "irqs") {
			got[fmt.Sprint(row["irq"])] = row
		}
		compared := 0
		for _, line := range linesOf(guest["interrupts"])[1:] {
			f := strings.Fields(line)
			row := got[strings.TrimSuffix(f[0], ":")]
			if row == nil {
				if f[0] != "Err:" { // a variable that kernels without CONFIG_KALLSYMS_ALL do not name
					t.Errorf("not listed: %s", line)
				}
				continue
			}
			for cpu, count := range list(row["counts"]) {
				if want, err := strconv.ParseInt(f[1+cpu], 10, 64); err != nil || count.(int64) < want {
					t.Errorf("%s: CPU %d %v", line, cpu, count)
				}
			}
			if actions := list(row["actions"]); len(actions) == 1 {
				if name := actions[0].(map[string]any)["name"]; name != f[len(f)-1] {
					t.Errorf("%s: %v", line, name)
				}
			}
			compared++
		}
		if compared < 10 {
			t.Errorf("%d interrupts compared", compared)
		}
	})

	t.Run("timers", func(t *testing.T) {
		got := map[string]bool{}
		for _, row := range script(t, "timers") {
			n, _ := strconv.ParseUint(strings.TrimPrefix(fmt.Sprint(row["expires"]), "0x"), 16, 64)
			got[fmt.Sprint(row["symbol"], " ", n)] = true
		}
		compared, function := 0, ""
		for _, line := range linesOf(guest["timers"]) {
			if m := regexp.MustCompile(`^ #\d+: <.*>, (\w+), S:01`).FindStringSubmatch(line); m != nil {
				function = m[1]
			} else if m := regexp.MustCompile(`^ # expires at \d+-(\d+) nsecs \[in (\d+)`).FindStringSubmatch(line); m != nil && len(m[2]) > 12 { // far away: they are there still
				if compared++; !got[function+" "+m[1]] {
					t.Errorf("not listed: %s %s", function, m[1])
				}
			}
		}
		if compared < 4 {
			t.Errorf("%d timers compared", compared)
		}
	})

	t.Run("slabs", func(t *testing.T) {
		got := map[string]map[string]any{}
		for _, row := range script(t, "slabs") {
			got[fmt.Sprint(row["name"])] = row
		}
		pageSize := int64(0) // of 4, 16 or 64 KiB: one for all
		for _, line := range linesOf(guest["slabinfo"])[2:] {
			f := strings.Fields(line)
			row := got[f[0]]
			if row == nil || fmt.Sprint(row["size"], " ", row["objects_per_slab"]) != strings.Join(f[3:5], " ") {
				t.Errorf("%s: %v", line, row)
				continue
			}
			pages, _ := strconv.ParseInt(f[5], 10, 64)
			if size := row["slab_bytes"].(int64) / max(pages, 1); pageSize == 0 {
				pageSize = size
			} else if size != pageSize {
				t.Errorf("%s: slabs of %v bytes, pages of %d", line, row["slab_bytes"], pageSize)
			}
		}
		if pageSize != 4<<10 && pageSize != 16<<10 && pageSize != 64<<10 {
			t.Errorf("pages of %d bytes", pageSize)
		}
	})

	t.Run("bpf", func(t *testing.T) {
		for _, args := range [][]string{{}, {"--maps"}} {
			said := map[string]string{}
			for _, row := range script(t, "bpf", args...) {
				if row["name"] == "sv_prog" || row["name"] == "sv_map" {
					said = map[string]string{"prog_tag": fmt.Sprint(row["tag"]), "prog_id": fmt.Sprint(row["id"]), "map_id": fmt.Sprint(row["id"]),
						"value_size": fmt.Sprint(row["value_size"]), "max_entries": fmt.Sprint(row["max_entries"]), "type": fmt.Sprint(row["type"])}
				}
			}
			if said["type"] != "socket_filter" && said["type"] != "array" {
				t.Errorf("bpf %v: %v", args, said)
			}
			for _, key := range map[bool][]string{true: {"prog_tag", "prog_id"}, false: {"map_id", "value_size", "max_entries"}}[len(args) == 0] {
				if !regexp.MustCompile(key + `:\t` + said[key] + `\n`).MatchString(guest["fdinfo"]) {
					t.Errorf("bpf %v: %s is %s, the guest says\n%s", args, key, said[key], guest["fdinfo"])
				}
			}
		}
	})
}

// host is an IPv4 address as /proc/net/route has it.
func host(s string) string {
	a, _, _ := strings.Cut(address(s+":0"), ":")
	return a
}

// guestImage is the guest of SVSCRIPT_GUEST with what it printed, by the titles before it.
func guestImage(t *testing.T) (*savevm.Image, map[string]string) {
	t.Helper()
	out := os.Getenv("SVSCRIPT_GUEST")
	if out == "" {
		t.Skip("NOT TESTED: a guest with one of everything; testdata/guest/boot.sh makes one")
	}
	console, err := os.ReadFile(out + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	img, err := savevm.Open(out + ".sav")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	guest, name := map[string]string{}, ""
	for line := range strings.Lines(strings.ReplaceAll(string(console), "\r", "")) {
		if title, ok := strings.CutPrefix(line, "=== "); ok {
			name = strings.TrimSpace(title)
		} else {
			guest[name] += line
		}
	}
	return img, guest
}

// Every command that needs a Linux guest is in docs/linux.md.
func TestLinuxCommandsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/linux.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Names() {
		source, _ := embedded.ReadFile(name + ".js")
		if strings.Contains(string(source), `"svscript/linux"`) && !strings.Contains(string(text), "`"+name) {
			t.Errorf("docs/linux.md does not name the command %s", name)
		}
	}
}
