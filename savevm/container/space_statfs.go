//go:build linux || darwin

package container

import "golang.org/x/sys/unix"

// freeSpace is how many bytes a user may still write below dir.
func freeSpace(dir string) (int64, bool) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, false
	}
	return int64(fs.Bavail) * int64(fs.Bsize), true
}
