package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"

	"github.com/peterh/liner"
)

// history keeps what was typed, in a file of one line an entry. Several sessions append to one file.
type history struct {
	path string // empty: nowhere
	last string
}

// openHistory puts the file into the XDG state directory.
func openHistory(getenv func(string) string) *history {
	dir := getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		home := getenv("HOME")
		if home == "" {
			return &history{}
		}
		dir = filepath.Join(home, ".local", "state")
	}
	dir = filepath.Join(dir, "svscript")
	if os.MkdirAll(dir, 0o700) != nil {
		return &history{}
	}
	return &history{path: filepath.Join(dir, "history")}
}

// load gives the newest entries to the line editor, and shortens a file that has grown to twice as many.
func (h *history) load(line *liner.State) {
	file, err := os.Open(h.path)
	if err != nil {
		return
	}
	defer file.Close()
	var entries []string
	for s := bufio.NewScanner(file); s.Scan(); {
		entries = append(entries, s.Text())
	}
	long := len(entries) > 2*liner.HistoryLimit
	entries = entries[max(0, len(entries)-liner.HistoryLimit):]
	for _, e := range entries {
		line.AppendHistory(e)
		h.last = e
	}
	if long {
		_ = os.WriteFile(h.path, []byte(strings.Join(entries, "\n")+"\n"), 0o600)
	}
}

// add appends an entry, unless it is empty or the last one again.
func (h *history) add(line *liner.State, entry string) {
	if strings.TrimSpace(entry) == "" || entry == h.last {
		return
	}
	h.last = entry
	line.AppendHistory(entry)
	if h.path == "" {
		return
	}
	file, err := os.OpenFile(h.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return
	}
	defer file.Close()
	_, _ = file.WriteString(entry + "\n")
}
