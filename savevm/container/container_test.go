package container

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/svscript/svscript/internal/testimage"
)

// openFile opens a file with the options, and fails the test when that fails.
func openFile(t testing.TB, path string, o Options) *Contents {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(context.Background(), f, info.Size(), o)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		f.Close()
	})
	return c
}

// openBytes opens bytes in memory.
func openBytes(b []byte, o Options) (*Contents, error) {
	return Open(context.Background(), bytes.NewReader(b), int64(len(b)), o)
}

// content reads all there is.
func content(t testing.TB, c *Contents) []byte {
	t.Helper()
	b, err := io.ReadAll(io.NewSectionReader(c.Reader, c.Base, c.Size-c.Base))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func hashOf(t testing.TB, c *Contents) string {
	t.Helper()
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(c.Reader, c.Base, c.Size-c.Base)); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func layerNames(c *Contents) string {
	var names []string
	for _, l := range c.Layers {
		names = append(names, l.Name)
	}
	return strings.Join(names, " ")
}

func warningTexts(c *Contents) string {
	var texts []string
	for _, w := range c.Warnings {
		texts = append(texts, w.Text)
	}
	return strings.Join(texts, "\n")
}

// realImages are images that QEMU and libvirt wrote. The hashes were made by other tools: of the file behind libvirt's header
// as tail -c cuts it off, after gzip, bzip2, xz, lzop or zstd -dc; for qcow2, of what qemu-img dd copies when the image's
// header is made to point at the snapshot's L1 table.
var realImages = []struct {
	name, snapshot string
	layers         string
	base           int64
	sha256         string
}{
	{"tiny/lv90-raw-m64", "", "libvirt", 67244, "c0c0f43cd54d5f3258f9b2a71af9eff931d538d6fab0d5c1364010608fc7e4cb"},
	{"tiny/lv90-gzip-m64", "", "libvirt gzip", 0, "f65f4d29da38da2b067954462d0842ab1f89cd87c79c5fc6cc3af020ef9d65b3"},
	{"tiny/lv90-bzip2-m64", "", "libvirt bzip2", 0, "33ae815c946484298695d6d19dac55e5b54ab010db5847cd0a86d98643627712"},
	{"tiny/lv90-xz-m64", "", "libvirt xz", 0, "f4c7c261db060419b144feed638e27368bb73d88c5138da272f865c802dbf9c0"},
	{"tiny/lv90-lzop-m64", "", "libvirt lzop", 0, "6582aa73d88c41a41610391a07dbe372aee4fd72fa214341f286e87a60ee20b8"},
	{"tiny/lv113-zstd-m64", "", "libvirt zstd", 0, "2bb4353173e10720b5319d9bc08ff6ba017f2e4f1a528fbebd504092c959dbdd"},
	{"tiny/lv113-sparse-m64", "", "libvirt", 67216, "82aab2500524c0e7e3a337e234216bc2175bc24647565d6cad3b45dd697c5c6c"},
	{"tiny/lv90-dump-m64", "", "", 0, "f945284cd3f73a4f1a423316c17d5d47773055701a31c83ab1074876bd73adfb"},
	{"tiny/lv90-memory-only-m64", "", "", 0, "3b3b708ef3a7191a5b8888eacc8b560f28dd4d870eb82feb4b61908c63082e36"},
	{"tiny/q10-qcow2-m64", "", "qcow2", 0, "6539a258926144604cb743b2c7bb5893256afb5d9113d38ad4e657151c129757"},
	{"tiny/q10-qcow2-m64", "running", "qcow2", 0, "6539a258926144604cb743b2c7bb5893256afb5d9113d38ad4e657151c129757"},
	{"tiny/q10-qcow2-m64", "reset", "qcow2", 0, "2bfb6b4204cb5f5dfafe44e426b37d7e0051e4e4df637dcad5df9e603a983235"},
	{"tiny/q10-qcow2-m64", "1", "qcow2", 0, "2bfb6b4204cb5f5dfafe44e426b37d7e0051e4e4df637dcad5df9e603a983235"},
}

func TestRealImages(t *testing.T) {
	for _, test := range realImages {
		t.Run(strings.TrimPrefix(test.name, "tiny/")+test.snapshot, func(t *testing.T) {
			for _, limit := range []int64{0, -1} { // in memory, and in a file
				c := openFile(t, testimage.Path(t, test.name), Options{Snapshot: test.snapshot, MemoryLimit: limit, TempDir: t.TempDir()})
				if got := layerNames(c); got != test.layers {
					t.Errorf("layers %q, want %q", got, test.layers)
				}
				if c.Base != test.base {
					t.Errorf("the stream starts at %d, want %d", c.Base, test.base)
				}
				if got := hashOf(t, c); got != test.sha256 {
					t.Errorf("the content's SHA-256 is %s, want %s", got, test.sha256)
				}
				if n := len(c.Warnings); n > 0 && test.name != "tiny/q10-qcow2-m64" {
					t.Errorf("%d warnings: %s", n, warningTexts(c))
				}
				checkLibvirt(t, c)
			}
		})
	}
}

func checkLibvirt(t *testing.T, c *Contents) {
	if len(c.Layers) == 0 || c.Layers[0].Name != "libvirt" {
		if c.Libvirt != nil {
			t.Error("a libvirt header where there is none")
		}
		return
	}
	l := c.Libvirt
	if l.Version != 2 || l.Partial || !strings.HasPrefix(l.XML, "<domain type='qemu'") || !strings.HasSuffix(l.XML, "</domain>\n") ||
		!strings.HasPrefix(l.Cookie, "<cookie>") || !strings.HasSuffix(l.Cookie, "</cookie>\n") {
		t.Errorf("libvirt's header is %+v", l)
	}
}

// samples are the files that testdata/make.go has the usual tools write. All hold the same bytes.
func samples(t testing.TB) (payload []byte, paths []string) {
	t.Helper()
	payload, err := os.ReadFile(filepath.Join("testdata", "payload"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"*.gz", "*.bz2", "*.xz", "*.lzo", "*.zst"} {
		found, _ := filepath.Glob(filepath.Join("testdata", pattern))
		paths = append(paths, found...)
	}
	return payload, paths
}

func TestSamples(t *testing.T) {
	payload, paths := samples(t)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			for _, limit := range []int64{0, -1, 10000} {
				c := openFile(t, path, Options{MemoryLimit: limit, TempDir: t.TempDir()})
				if got := content(t, c); !bytes.Equal(got, payload) {
					t.Errorf("MemoryLimit %d: %d other bytes (%s)", limit, len(got), warningTexts(c))
				}
				if len(c.Warnings) > 0 {
					t.Errorf("warnings: %s", warningTexts(c))
				}
			}
		})
	}
}

// Every prefix of a file gives a prefix of what is inside, with a warning, or an error of this package.
func TestPrefixes(t *testing.T) {
	payload, paths := samples(t)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(path, "qcow2") { // cut off the image, not what is around it
				c := openFile(t, path, Options{})
				whole = content(t, &Contents{Reader: c.Reader.(HostMapper).Host(), Size: 1 << 40})
			}
			for n := 0; n < len(whole); n++ {
				checkPrefix(t, whole[:n], payload)
				if n > 100 && n < len(whole)-100 {
					n += len(whole) / 300
				}
			}
		})
	}
}

func checkPrefix(t *testing.T, cut, payload []byte) {
	t.Helper()
	c, err := openBytes(cut, Options{})
	if err != nil {
		var format *FormatError
		var snapshot *SnapshotError
		if !errors.As(err, &format) && !errors.As(err, &snapshot) {
			t.Fatalf("%d bytes: %v", len(cut), err)
		}
		return
	}
	defer c.Close()
	if len(c.Layers) == 0 { // too short to be told from raw bytes
		if len(cut) >= 10 && !(len(cut) < 14 && bytes.HasPrefix(cut, []byte("BZh"))) {
			t.Fatalf("%d bytes: not recognized", len(cut))
		}
		return
	}
	got := content(t, c)
	if !bytes.HasPrefix(payload, got) {
		t.Fatalf("%d bytes: the content is not a prefix of the whole", len(cut))
	}
	if len(got) < len(payload) && len(got) != len(payload)/2 && len(c.Warnings) == 0 { // half: the members end as whole ones
		t.Fatalf("%d bytes: %d of %d bytes without a warning", len(cut), len(got), len(payload))
	}
}

func TestPrefixesOfRealImages(t *testing.T) {
	for _, test := range realImages {
		if test.layers == "" || test.snapshot != "" {
			continue
		}
		t.Run(strings.TrimPrefix(test.name, "tiny/"), func(t *testing.T) {
			whole, err := os.ReadFile(testimage.Path(t, test.name))
			if err != nil {
				t.Fatal(err)
			}
			c, err := openBytes(whole, Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := content(t, c)
			for i := range 25 {
				cut := whole[:len(whole)*i/25]
				c, err := openBytes(cut, Options{})
				if err != nil {
					var format *FormatError
					if !errors.As(err, &format) {
						t.Errorf("%d bytes: %v", len(cut), err)
					}
					continue
				}
				got := content(t, c)
				if !bytes.HasPrefix(want, got) {
					t.Errorf("%d bytes: the content is not a prefix of the whole", len(cut))
				}
				if len(c.Layers) > 0 && c.Layers[len(c.Layers)-1].Name != "libvirt" && len(c.Warnings) == 0 {
					t.Errorf("%d bytes: no warning", len(cut))
				}
				c.Close()
			}
		})
	}
}

func TestUnknownBytesHaveNoLayers(t *testing.T) {
	for _, s := range []string{"", "Q", "QEVM\x00\x00\x00\x03", "\x1f\x8b\x09", "BZh9 no magic here", strings.Repeat("\x00", 5000)} {
		r := strings.NewReader(s)
		c, err := Open(context.Background(), r, r.Size(), Options{})
		if err != nil || len(c.Layers) != 0 || c.Reader != io.ReaderAt(r) || c.Base != 0 || c.Size != r.Size() {
			t.Errorf("%q: %+v, %v", s, c, err)
		}
	}
}

func TestBytesBehindTheEnd(t *testing.T) {
	payload, paths := samples(t)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.TrimRight(b, "\x00") // of the formats only gzip and lzop may end in zeros
		if strings.HasSuffix(path, ".gz") || strings.HasSuffix(path, ".lzo") || strings.Contains(path, "qcow2") {
			b = append(b, make([]byte, 700)...)
		}
		c, err := openBytes(append(b, "a map that another tool left here"...), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := content(t, c); !bytes.Equal(got, payload) || len(c.Warnings) != 1 {
			t.Errorf("%s: %d bytes, %q", path, len(got), warningTexts(c))
		}
		c.Close()
	}
}

func TestLayersWithinLayers(t *testing.T) {
	payload, _ := samples(t)
	b := payload
	for i := range maxLayers + 1 {
		c, err := openBytes(b, Options{})
		if i > maxLayers {
			var format *FormatError
			if !errors.As(err, &format) {
				t.Errorf("%d layers: %v", i, err)
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(content(t, c), payload) || len(c.Layers) != i || len(c.Locate(0)) != i+1 {
			t.Errorf("%d layers: found %s", i, layerNames(c))
		}
		c.Close()
		b = compressGzip(t, b)
	}
}

func ExampleOpen() {
	f, err := os.Open("testdata/qcow2-v3.gz")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		panic(err)
	}
	c, err := Open(context.Background(), f, info.Size(), Options{Snapshot: "state"})
	if err != nil {
		panic(err)
	}
	defer c.Close()
	for _, l := range c.Layers {
		fmt.Printf("%s %q %q\n", l.Name, l.Version, l.Detail)
	}
	for _, s := range c.Snapshots {
		fmt.Println(s.ID, s.Name, s.VMStateSize)
	}
	fmt.Println(c.Size-c.Base, "bytes inside; byte 600 is at", c.Locate(600))
	// Output:
	// gzip "" ""
	// qcow2 "3" "snapshot \"state\" (ID 2) of 2023-11-14 22:14:20, clusters of 4096 bytes"
	// 1 disk 0
	// 2 state 25500
	// 25500 bytes inside; byte 600 is at [{file 0 the gzip data of 8242 bytes begins there} {gzip 21080 at 0x200258 of the image's address space} {qcow2 600 }]
}
