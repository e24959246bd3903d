package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestNotes opens the notes of a batch that was broken off at any byte, and goes on in them.
func TestNotes(t *testing.T) {
	const first, second = `{"script":"s.js","image":"a.sav"}` + "\n", `{"script":"s.js","image":"b.sav"}` + "\n"
	path := filepath.Join(t.TempDir(), "done.jsonl")
	for cut := range len(second) + 1 {
		if err := os.WriteFile(path, []byte(first+second[:cut]), 0o666); err != nil {
			t.Fatal(err)
		}
		n, err := openNotes(path, note{Script: "s.js"})
		if err != nil {
			t.Fatalf("%d bytes of the second note: %v", cut, err)
		}
		if !n.has("a.sav") || n.has("b.sav") != (cut == len(second)) {
			t.Errorf("%d bytes of the second note: %v", cut, n.done)
		}
		if err := n.add("c.sav"); err != nil {
			t.Fatal(err)
		}
		n.close()
		if n, err = openNotes(path, note{Script: "s.js"}); err != nil || !n.has("c.sav") {
			t.Fatalf("%d bytes of the second note, and one behind it: %v", cut, err)
		}
		n.close()
	}
	for _, other := range []string{"what somebody wrote", "{}\n", `{"script":"s.js"}` + "\n", `{"image":"a.sav"}` + "\n"} {
		if err := os.WriteFile(path, []byte(other), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := openNotes(path, note{Script: "s.js"}); err == nil {
			t.Errorf("%q is taken for notes", other)
		}
		if b, _ := os.ReadFile(path); string(b) != other {
			t.Errorf("%q was changed to %q", other, b)
		}
	}
}

// TestNotesOfOtherRuns: an image is done only for the arguments and the flags that it was done with.
func TestNotesOfOtherRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "done.jsonl")
	run := func(flags []string, args ...string) note {
		t.Helper()
		f, err := parseFlags(flags, func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		return note{Script: "s.js", Args: args, Flags: f.settings()}
	}
	n, err := openNotes(path, run([]string{"--raw", "--arch", "i386"}, "0x200000"))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.add("a.sav"); err != nil {
		t.Fatal(err)
	}
	n.close()
	for _, c := range []struct {
		run  note
		done bool
	}{
		{run([]string{"--raw", "--arch", "i386"}, "0x200000"), true},
		{run([]string{"--arch=i386", "--quiet", "--raw"}, "0x200000"), true},
		{run([]string{"--raw", "--arch", "i386"}, "0x400000"), false},
		{run([]string{"--raw", "--arch", "i386"}), false},
		{run([]string{"--raw", "--arch", "x86_64"}, "0x200000"), false},
		{run([]string{"--raw", "--arch", "i386", "--kaslr", "0"}, "0x200000"), false},
		{run(nil, "0x200000"), false},
	} {
		n, err := openNotes(path, c.run)
		if err != nil {
			t.Fatal(err)
		}
		if n.has("a.sav") != c.done {
			t.Errorf("%+v: done %v, want %v", c.run, !c.done, c.done)
		}
		n.close()
	}
}
