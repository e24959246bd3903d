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
		n, err := openNotes(path, "s.js")
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
		if n, err = openNotes(path, "s.js"); err != nil || !n.has("c.sav") {
			t.Fatalf("%d bytes of the second note, and one behind it: %v", cut, err)
		}
		n.close()
	}
	const other = "what somebody wrote"
	if err := os.WriteFile(path, []byte(other), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := openNotes(path, "s.js"); err == nil {
		t.Error("a file of another kind is taken for notes")
	}
	if b, _ := os.ReadFile(path); string(b) != other {
		t.Errorf("a file of another kind was changed to %q", b)
	}
}
