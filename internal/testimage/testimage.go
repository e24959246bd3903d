// Package testimage gives tests the real images: the small ones of testdata/images and, where the folder is beside the
// repository, the larger ones of ../shared/images, unpacked once and kept between runs in a temporary folder.
package testimage

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Root is the module's folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// All returns the names of every image there is, for Path and Dir: "pg64" (testdata/images) and "tiny/q72-pc-m64",
// "legacy/…", "linux/…" (../shared/images). It logs when the shared folder is absent.
func All(tb testing.TB) []string {
	tb.Helper()
	var names []string
	for _, pattern := range []string{
		filepath.Join(Root(), "testdata", "images", "*", "image.*"),
		filepath.Join(shared(), "*", "*", "image.*"),
	} {
		files, _ := filepath.Glob(pattern)
		for _, f := range files {
			names = append(names, nameOf(filepath.Dir(f)))
		}
	}
	if _, err := os.Stat(shared()); err != nil {
		tb.Logf("NOT TESTED: the large images, as %s is absent", shared())
	}
	sort.Strings(names)
	return names
}

// Dir is the folder of an image's oracles. A test of an image in an absent folder is skipped.
func Dir(tb testing.TB, name string) string {
	tb.Helper()
	dir := filepath.Join(Root(), "testdata", "images", filepath.FromSlash(name))
	if strings.Contains(name, "/") {
		dir = filepath.Join(shared(), filepath.FromSlash(name))
	}
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("NOT TESTED: %s is absent", dir)
	}
	return dir
}

// Path is the image's file, unpacked.
func Path(tb testing.TB, name string) string {
	tb.Helper()
	files, _ := filepath.Glob(filepath.Join(Dir(tb, name), "image.*"))
	if len(files) != 1 {
		tb.Fatalf("%s: want one image.*, found %d", name, len(files))
	}
	if !strings.HasSuffix(files[0], ".zst") {
		return files[0]
	}
	path, err := unpack(files[0])
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// Oracle is the content of one of the image's oracle files; a ".zst" beside it serves as well. The bool is false where
// the image has no such oracle.
func Oracle(tb testing.TB, name, file string) (string, bool) {
	tb.Helper()
	path := filepath.Join(Dir(tb, name), file)
	if _, err := os.Stat(path); err != nil {
		if _, err := os.Stat(path + ".zst"); err != nil {
			return "", false
		}
		if path, err = unpack(path + ".zst"); err != nil {
			tb.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b), true
}

func shared() string { return filepath.Join(Root(), "..", "shared", "images") }

func nameOf(dir string) string {
	base := filepath.Base(dir)
	if filepath.Dir(filepath.Dir(dir)) == filepath.Clean(shared()) {
		return filepath.Base(filepath.Dir(dir)) + "/" + base
	}
	return base
}

// unpack decompresses once for all test processes; the name holds the source's identity, so a new image gets a new file.
func unpack(src string) (string, error) {
	info, err := os.Stat(src)
	if err != nil {
		return "", err
	}
	id := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", src, info.Size(), info.ModTime().UnixNano()))
	dir := filepath.Join(os.TempDir(), "svscript-testimages")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	dst := filepath.Join(dir, hex.EncodeToString(id[:8])+"-"+strings.TrimSuffix(filepath.Base(src), ".zst"))
	if _, err := os.Stat(dst); err == nil {
		return dst, nil
	}
	in, err := os.Open(src)
	if err != nil {
		return "", err
	}
	defer in.Close()
	z, err := zstd.NewReader(in, zstd.WithDecoderMaxWindow(1<<30))
	if err != nil {
		return "", err
	}
	defer z.Close()
	out, err := os.CreateTemp(dir, "part-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(out.Name())
	if _, err := io.Copy(out, z); err != nil {
		return "", fmt.Errorf("%s: %w", src, err)
	}
	if err := out.Close(); err != nil {
		return "", err
	}
	return dst, os.Rename(out.Name(), dst)
}
