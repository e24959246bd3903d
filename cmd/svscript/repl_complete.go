package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/peterh/liner"

	"github.com/svscript/svscript/bindings"
)

// currentMode is the terminal's mode, to come back to.
func currentMode() liner.ModeApplier {
	mode, err := liner.TerminalMode()
	if err != nil {
		return noMode{}
	}
	return mode
}

type noMode struct{}

func (noMode) ApplyMode() error { return nil }

// complete is what Tab does: commands and files after a dot, else what the host offers. Where a call has just been opened, or a name
// is complete already, it prints the signature instead.
func (r *repl) complete(line string, pos int) (head string, candidates []string, tail string) {
	before := string([]rune(line)[:pos])
	after := string([]rune(line)[pos:])
	if isCommand(before) || before == "." {
		head, candidates = r.completeCommand(before)
		return head, candidates, after
	}
	if m := openCall.FindStringSubmatch(before); m != nil && r.printSignatures(strings.TrimRight(before, "( "), m[1]) {
		return before, []string{""}, after
	}
	head, candidates, tail = r.host.Complete(line, pos)
	if len(candidates) == 1 && r.printSignatures(head+candidates[0], candidates[0]) && head+candidates[0] == before {
		return before, []string{""}, after
	}
	return head, candidates, tail
}

// openCall is a name with a parenthesis right behind it, at the end.
var openCall = regexp.MustCompile(`([\w$]+)\(\s*$`)

func (r *repl) completeCommand(before string) (head string, candidates []string) {
	name, path, hasPath := strings.Cut(before, " ")
	if !hasPath {
		for _, c := range dotCommands {
			if strings.HasPrefix("."+c.name, name) {
				candidates = append(candidates, "."+c.name)
			}
		}
		slices.Sort(candidates)
		return "", candidates
	}
	if !slices.Contains([]string{".load", ".watch", ".save"}, name) {
		return before, nil
	}
	path = strings.TrimLeft(path, " ")
	dir, word := filepath.Split(path)
	entries, _ := os.ReadDir(filepath.Clean(dir + "."))
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), word) || strings.HasPrefix(e.Name(), ".") && word == "" {
			continue
		}
		if e.IsDir() {
			candidates = append(candidates, e.Name()+"/")
		} else {
			candidates = append(candidates, e.Name())
		}
	}
	return strings.TrimSuffix(before, word), candidates
}

// printSignatures prints how the function is called that an expression ends with, below the line that is being edited; where it cannot
// be told which that is, all of the API's of that name.
func (r *repl) printSignatures(expression, name string) bool {
	texts := signatures(name)
	if v := r.host.Peek(expression); v != nil {
		if text := r.api.Signature(v); text != "" {
			texts = []string{text}
		} else if !goja.IsUndefined(v) { // a value of the script's own
			return false
		}
	}
	if len(texts) == 0 {
		return false
	}
	fmt.Printf("\r\n  %s\r\n", strings.Join(texts, "\r\n  "))
	return true
}

// signatures are those of all functions of a name.
func signatures(name string) []string {
	var texts []string
	for _, c := range bindings.API() {
		if c.Kind != bindings.KindClass && c.Kind != bindings.KindGlobals {
			continue
		}
		for _, m := range c.Members {
			if m.Name != name || m.Kind == bindings.Property {
				continue
			}
			text := m.Signature()
			if c.Name != "" && m.Kind != bindings.Constructor {
				text = c.Name + "." + text
			}
			texts = append(texts, text+"  "+m.Help)
		}
	}
	return texts
}
