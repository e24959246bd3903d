package scripts

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/svscript/svscript/runtime"
)

// linuxScripts are the commands that look at a Linux guest, each with arguments that every guest takes.
var linuxScripts = []string{
	"ps --threads --args", "dmesg", "modules", "lsof", "mounts --all", "netstat", "netstat --interfaces", "vmmap 1", "maps 1", "bt", "kallsyms ^sys_",
	"struct task_struct init_task", "files", "cat /init", "env 1", "strings --pid 1 --min 30", "check", "sysinfo", "slabs", "slabs task_struct --type task_struct", "irqs --all", "irqs --idt",
	"timers", "bpf", "bpf --maps",
}

// TestLinuxDamagedEverything: with pages of zeros all over, each command lists what survives or says in a line why it cannot. Nothing
// hangs, and no error is one of the script's own. Each image gets its share of the commands; SVSCRIPT_DAMAGE=N tries all of them, at
// several rates with N seeds.
func TestLinuxDamagedEverything(t *testing.T) {
	seeds, images := 1, 0
	if s, err := strconv.Atoi(os.Getenv("SVSCRIPT_DAMAGE")); err == nil {
		seeds = s
	}
	linuxImages(t, func(t *testing.T, image string, _ map[string]string) {
		img := openImage(t, image)
		rates, every := []float64{0.01}, 5
		if os.Getenv("SVSCRIPT_DAMAGE") != "" {
			rates, every = []float64{0.0005, 0.01, 0.05, 0.3}, 1
		}
		images++
		for seed := range seeds {
			for _, lost := range rates {
				damaged := &damagedImage{img, uint64(seed + 100), lost}
				for i, command := range linuxScripts {
					if (i+images)%every != 0 {
						continue
					}
					words := strings.Fields(command)
					begin := time.Now()
					r, err := executeOn(t, damaged, words[0], words[1:]...)
					if took := time.Since(begin); took > time.Minute {
						t.Errorf("%g lost, seed %d: %s takes %v", lost, seed, command, took)
					}
					if err != nil {
						var script *runtime.ScriptError
						if !errors.As(err, &script) || !slices.Contains([]string{"NoLinuxError", "UsageError", ImageError}, script.Name) || strings.Contains(script.Message, "\n") {
							t.Errorf("%g lost, seed %d: %s: %v", lost, seed, command, describe(err))
						}
						continue
					}
					for _, row := range r.rows {
						if detail, _ := row["detail"].(string); words[0] == "check" && row["status"] == "ok" && examinedNone.MatchString(detail) {
							t.Errorf("%g lost, seed %d: %s: ok, and nothing was looked at: %s", lost, seed, command, detail)
						}
					}
				}
			}
		}
	})
}

var examinedNone = regexp.MustCompile(`(^|: )0 (entr|page|function|task)`)
