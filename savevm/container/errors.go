package container

import (
	"fmt"
	"strings"
)

// A FormatError is a layer that is damaged, or of a kind that cannot be read.
type FormatError struct {
	Layer  string // as in [Layer]
	Offset int64  // in the bytes around the layer
	Text   string
	Value  any   // what was found there, if that helps
	Err    error // the cause, if there is one
}

func (e *FormatError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s at offset %#x", e.Layer, e.Text, e.Offset)
	if e.Value != nil {
		fmt.Fprintf(&b, " (found %v)", e.Value)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

func (e *FormatError) Unwrap() error { return e.Err }

// A SnapshotError is an internal snapshot that was asked for, or needed, and is not there.
type SnapshotError struct {
	Name      string     // as asked for; empty when any would have done
	Snapshots []Snapshot // those that there are
	Text      string
}

func (e *SnapshotError) Error() string {
	s := e.Text
	if e.Name != "" {
		s = fmt.Sprintf("snapshot %q: %s", e.Name, e.Text)
	}
	if len(e.Snapshots) > 0 {
		s += "; there are " + nameSnapshots(e.Snapshots)
	}
	return s
}

// A SpaceError is a directory without room for the decompressed data.
type SpaceError struct {
	Dir  string
	Need int64 // bytes that were still to be written; at least that many when the end is unknown
	Free int64 // bytes that may be used; -1 if unknown
	Err  error // what the system said, if it was asked to write
}

func (e *SpaceError) Error() string {
	s := fmt.Sprintf("no room in %s for the decompressed data: %s more needed", e.Dir, formatSize(e.Need))
	if e.Free >= 0 {
		s += ", " + formatSize(e.Free) + " free"
	}
	if e.Err != nil {
		s += fmt.Sprintf(" (%v)", e.Err)
	}
	return s + "; choose another directory for temporary files (TMPDIR)"
}

func (e *SpaceError) Unwrap() error { return e.Err }

// formatSize writes a number of bytes for a person.
func formatSize(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
