package scripts

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLinuxGuest compares with what a guest printed that testdata/guest/boot.sh booted and saved: SVSCRIPT_GUEST names its files.
func TestLinuxGuest(t *testing.T) {
	img, guest := guestImage(t)
	script := func(t *testing.T, name string, args ...string) []map[string]any {
		r, err := executeOn(t, img, name, args...)
		if err != nil {
			t.Fatal(describe(err))
		}
		for _, row := range r.rows {
			if row["skipped"] != nil {
				t.Errorf("%s skips %v", name, row["skipped"])
			}
		}
		return r.rows
	}

	t.Run("mounts", func(t *testing.T) {
		if d := cmp.Diff(mountLines(guest["mounts"]), mountRows(script(t, "mounts"))); d != "" {
			t.Errorf("-guest +script:\n%s", d)
		}
		for title, want := range guest {
			if pid, ok := strings.CutPrefix(title, "mounts "); ok {
				if d := cmp.Diff(mountLines(want), mountRows(script(t, "mounts", "--pid", pid))); d != "" {
					t.Errorf("process %s (-guest +script):\n%s", pid, d)
				}
			}
		}
	})

	t.Run("lsof", func(t *testing.T) {
		got := map[string]map[string]any{}
		for _, row := range script(t, "lsof") {
			got[fmt.Sprint(row["pid"], " ", row["fd"])] = row
		}
		link, open := regexp.MustCompile(`^(cwd|exe|root) (.*)$`), regexp.MustCompile(`^(\d+) (\d+) (.*) \| pos:\s*(\d+) flags:\s*(\d+)`)
		compared := 0
		for title, text := range guest {
			if !strings.HasPrefix(title, "fds ") {
				continue
			}
			pid := strings.Fields(title)[1]
			for _, line := range linesOf(text) {
				compared++
				if m := link.FindStringSubmatch(line); m != nil {
					if row := got[pid+" "+m[1]]; row["name"] != m[2] {
						t.Errorf("PID %s: %s is %v", pid, line, row)
					}
					continue
				}
				m := open.FindStringSubmatch(line)
				row := got[pid+" "+m[1]]
				if row == nil || fmt.Sprint(row["inode"]) != m[2] || row["name"] != m[3] && !strings.HasPrefix(m[3], "socket:") {
					t.Errorf("PID %s: %s is %v", pid, line, row)
				}
				if pid != "1" && m[3] != "/dev/console" && fmt.Sprint(row["offset"]) != m[4] { // these have gone on
					t.Errorf("PID %s: %s: offset %v", pid, line, row["offset"])
				}
				flags, _ := strconv.ParseInt(m[5], 8, 64)
				cloexec := strings.Contains(row["flags"].(string), "O_CLOEXEC")
				access := strings.SplitN(row["flags"].(string), "|", 2)[0]
				if cloexec != (flags&0o2000000 != 0) || access != []string{"O_RDONLY", "O_WRONLY", "O_RDWR"}[flags&3] {
					t.Errorf("PID %s: %s: flags %v", pid, line, row["flags"])
				}
			}
		}
		t.Logf("%d open files compared", compared)
		if compared < 100 {
			t.Error("too few")
		}
	})

	t.Run("netstat", func(t *testing.T) {
		got := map[string]int{}
		for _, row := range script(t, "netstat") {
			got[fmt.Sprint(row["proto"], " ", row["local"], " ", row["remote"], " ", row["state"])]++
		}
		compared := 0
		for _, proto := range []string{"tcp", "tcp6", "udp", "udp6"} {
			for _, line := range linesOf(guest["net/"+proto])[1:] {
				f := strings.Fields(line)
				local, remote := address(f[1]), address(f[2])
				if remote == "0.0.0.0:*" || remote == "[::]:*" {
					remote = "*:*"
				}
				want := fmt.Sprint(proto, " ", local, " ", remote, " ", socketStates[proto[:3]][f[3]])
				if compared++; got[want] == 0 && !strings.HasSuffix(want, "TIME_WAIT") { // which ends by itself
					t.Errorf("not listed: %s, %s", want, line)
				}
			}
		}
		unix := map[string]string{}
		for _, row := range script(t, "netstat", "--proto", "unix") {
			unix[fmt.Sprint(row["inode"])], _ = row["local"].(string)
		}
		for _, line := range linesOf(guest["net/unix"])[1:] {
			f := append(strings.Fields(line), "")
			compared++
			if local, ok := unix[f[6]]; !ok || local != f[7] {
				t.Errorf("%s is %q", line, local)
			}
		}
		t.Logf("%d sockets compared", compared)
	})

	t.Run("bt", func(t *testing.T) {
		stacks := map[string][]string{}
		for _, row := range script(t, "bt") {
			var symbols []string
			frames, _ := row["frames"].([]any)
			for _, f := range frames {
				symbol, _, _ := strings.Cut(fmt.Sprint(f.(map[string]any)["symbol"]), " ")
				symbols = append(symbols, symbol)
			}
			stacks[fmt.Sprint(row["pid"])] = symbols
		}
		pid, compared, same := "", 0, 0
		want := map[string][]string{}
		for _, line := range linesOf(guest["stacks"]) {
			if f := strings.Fields(line); f[0] == "-" {
				pid = f[1]
			} else if _, frame, ok := strings.Cut(line, "[<0>] "); ok {
				frame, _, _ = strings.Cut(frame, "/")
				want[pid] = append(want[pid], frame)
			}
		}
		for pid, want := range want { // without the scheduler's frames, which the kernel leaves out
			if pid == "1" {
				continue
			}
			got := stacks[pid]
			if len(got) > 0 && got[0] == want[0] { // which arm64 did not leave out before 5.12
				want = want[1:]
			}
			if compared++; len(got) > len(want) && slices.Equal(got[len(got)-len(want):], want) {
				same++
			} else {
				t.Logf("PID %s: %q, the guest says %q", pid, got, want)
			}
		}
		t.Logf("%d stacks of %d are those that the guest printed", same, compared)
		if same*10 < compared*9 || compared < 50 { // a worker may have slept elsewhere since
			t.Error("too few")
		}
	})

	// cat is a file of the guest out of its memory. unknown: the image does not say which one, it is on overlayfs.
	cat := func(t *testing.T, path string) (data []byte, unknown bool) {
		r, err := executeOn(t, img, "cat", path)
		if err != nil {
			t.Fatal(describe(err))
		}
		for _, row := range r.rows {
			if piece, ok := row["bytes"].(string); ok {
				b, err := hex.DecodeString(piece)
				if err != nil {
					t.Fatal(err)
				}
				data = append(data, b...)
			} else if row["reason"] == "a hole" {
				data = append(data, make([]byte, row["length"].(int64))...)
			} else if strings.Contains(fmt.Sprint(row["skipped"]), "the kernel carries no types of module overlay") {
				unknown = true
			} else if !unknown {
				t.Logf("%s: %v", path, row)
			}
		}
		return data, unknown
	}

	t.Run("cat", func(t *testing.T) {
		for _, line := range linesOf(guest["md5"]) {
			f := strings.Fields(line)
			b, unknown := cat(t, f[1])
			if got := fmt.Sprintf("%x", md5.Sum(b)); got != f[0] && !unknown {
				t.Errorf("%s: %s, the guest says %s", f[1], got, f[0])
			}
		}
	})

	text := func(t *testing.T, name string, args ...string) string {
		r, err := executeOn(t, img, name, args...)
		if err != nil {
			t.Fatal(describe(err))
		}
		return r.text
	}
	// same compares, line by line, what is long.
	same := func(t *testing.T, want, got []string, but func(line string) bool) {
		t.Helper()
		for _, d := range []struct {
			what        string
			lines, have []string
		}{{"missing", want, got}, {"not the guest's", got, want}} {
			have := map[string]bool{}
			for _, line := range d.have {
				have[strings.TrimRight(line, " \t")] = true
			}
			n := 0
			for _, line := range d.lines {
				if have[strings.TrimRight(line, " \t")] || but != nil && but(line) {
					continue
				}
				if n++; n <= 8 {
					t.Errorf("%s: %s", d.what, line)
				}
			}
			if n > 8 {
				t.Errorf("%s: %d of %d lines", d.what, n, len(d.lines))
			}
		}
	}
	// oracle is a file that the guest wrote, out of its memory.
	oracle := func(t *testing.T, name string) []byte {
		b, _ := cat(t, "/tmp/oracle/"+name)
		if want := fmt.Sprintf("%x  /tmp/oracle/%s", md5.Sum(b), name); !slices.Contains(linesOf(guest["oracle"]), want) {
			t.Fatalf("/tmp/oracle/%s out of memory is not what the guest wrote: %s", name, guest["oracle"])
		}
		return b
	}

	t.Run("kallsyms", func(t *testing.T) {
		z, err := gzip.NewReader(bytes.NewReader(oracle(t, "kallsyms.gz")))
		if err != nil {
			t.Fatal(err)
		}
		want, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		got := text(t, "kallsyms")
		t.Logf("%d symbols", strings.Count(got, "\n"))
		functionsOnly := !strings.Contains(string(want), " D init_task\n") // no CONFIG_KALLSYMS_ALL: what is known besides was inferred
		same(t, linesOf(string(want)), linesOf(got), func(line string) bool {
			if functionsOnly && variable.MatchString(line) {
				return true
			}
			// What the kernel generates, and what ftrace remembers of modules' functions that are gone.
			return strings.HasSuffix(line, "[bpf]") || strings.Contains(line, "[__builtin__") || goneInit.MatchString(line)
		})
	})

	t.Run("dmesg", func(t *testing.T) {
		want, got := string(oracle(t, "dmesg")), text(t, "dmesg")
		if !strings.HasPrefix(got, want) {
			same(t, linesOf(want), linesOf(got), nil)
		}
	})

	t.Run("modules", func(t *testing.T) { same(t, linesOf(guest["modules"]), linesOf(text(t, "modules")), nil) })

	t.Run("ps", func(t *testing.T) {
		var want, got []string
		for _, line := range linesOf(guest["threads"]) {
			if f := strings.SplitN(line, " ", 6); f[5] != "cat" {
				want = append(want, fmt.Sprint(f[0], " ", f[1], " ", f[2], " ", stable(f[5])))
			}
		}
		for _, row := range script(t, "ps", "--threads") {
			got = append(got, fmt.Sprint(row["tgid"], " ", row["pid"], " ", row["ppid"], " ", stable(row["comm"].(string))))
		}
		same(t, want, got, func(line string) bool { return strings.Contains(line, "kworker/") }) // they come and go
		if len(got) < 40 {
			t.Errorf("%d threads", len(got))
		}
	})

	// byProcess are the parts of a section behind lines "- PID".
	byProcess := func(section string) map[string]string {
		parts, pid := map[string]string{}, ""
		for line := range strings.Lines(section) {
			if p, ok := strings.CutPrefix(line, "- "); ok {
				pid = strings.TrimSpace(p)
			} else {
				parts[pid] += line
			}
		}
		return parts
	}

	t.Run("maps", func(t *testing.T) {
		for pid, want := range byProcess(guest["maps"]) {
			if d := cmp.Diff(linesOf(want), linesOf(text(t, "maps", pid))); d != "" {
				t.Errorf("process %s (-guest +script):\n%s", pid, d)
			}
		}
	})

	t.Run("env", func(t *testing.T) {
		for pid, want := range byProcess(guest["environ"]) {
			if d := cmp.Diff(linesOf(want), linesOf(text(t, "env", pid))); d != "" {
				t.Errorf("process %s (-guest +script):\n%s", pid, d)
			}
		}
		for _, line := range linesOf(guest["args"]) {
			pid, want, _ := strings.Cut(line, " ")
			if got := strings.Join(linesOf(text(t, "env", "--args", pid)), " "); strings.TrimSpace(got) != strings.TrimSpace(want) {
				t.Errorf("process %s has arguments %q, the guest says %q", pid, got, want)
			}
		}
	})

	t.Run("check", func(t *testing.T) {
		for _, row := range script(t, "check") {
			if row["status"] != "ok" {
				t.Errorf("%v: %v", row["check"], row["detail"])
			}
		}
	})
}

var variable = regexp.MustCompile(`(?m)^[0-9a-f]+ [dDbBrR] \S+$`)

var goneInit = regexp.MustCompile(` T \w+_init(_module)?\t\[\w+\]$`)

// States as /proc/net has them.
var socketStates = map[string]map[string]string{
	"tcp": {
		"01": "ESTABLISHED", "02": "SYN_SENT", "03": "SYN_RECV", "04": "FIN_WAIT1", "05": "FIN_WAIT2", "06": "TIME_WAIT", "07": "CLOSE", "08": "CLOSE_WAIT",
		"09": "LAST_ACK", "0A": "LISTEN", "0B": "CLOSING",
	},
	"udp": {"01": "ESTABLISHED", "07": "UNCONNECTED"},
}

// address is an address of /proc/net as the script shows it: words in the guest's byte order, in hexadecimal digits.
func address(s string) string {
	host, port, _ := strings.Cut(s, ":")
	b, _ := hex.DecodeString(host)
	for i := 0; i+4 <= len(b); i += 4 {
		slices.Reverse(b[i : i+4])
	}
	number, _ := strconv.ParseUint(port, 16, 16)
	text := strconv.FormatUint(number, 10)
	if number == 0 {
		text = "*"
	}
	a, _ := netip.AddrFromSlice(b)
	if a.Is6() {
		return "[" + a.String() + "]:" + text
	}
	return a.String() + ":" + text
}
