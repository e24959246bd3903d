//go:build !linux && !darwin

package container

// freeSpace is not known here: a write fails when the disk is full.
func freeSpace(string) (int64, bool) { return 0, false }
