package container

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"testing"

	"github.com/svscript/svscript/internal/testimage"
)

// openImage opens one of the real images.
func openImage(t testing.TB, name string, o Options) *Contents {
	t.Helper()
	f, err := os.Open(testimage.Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(context.Background(), f, info.Size(), o)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	t.Cleanup(func() { c.Close(); f.Close() })
	return c
}

func hashOf(t testing.TB, c *Contents) string {
	t.Helper()
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(c.Reader, c.Base, c.Size-c.Base)); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestX(t *testing.T) {
	for _, n := range []string{"lv90-raw-m64", "lv90-gzip-m64", "lv90-bzip2-m64", "lv90-xz-m64", "lv90-lzop-m64", "lv113-zstd-m64", "lv113-sparse-m64", "lv90-dump-m64", "q10-qcow2-m64"} {
		c := openImage(t, "tiny/"+n, Options{})
		t.Log(n, c.Base, c.Size-c.Base, hashOf(t, c), c.Layers, c.Warnings, c.Locate(c.Base+5000))
	}
}
