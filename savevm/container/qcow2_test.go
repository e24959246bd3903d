package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/svscript/svscript/internal/testimage"
)

// qcow2Sample is a sample image without the gzip around it.
func qcow2Sample(t testing.TB, name string) []byte {
	t.Helper()
	c := openFile(t, filepath.Join("testdata", "qcow2-"+name+".gz"), Options{})
	return bytes.Clone(content(t, &Contents{Reader: c.Reader.(HostMapper).Host(), Size: 1 << 40}))
}

func TestSnapshotsAreListed(t *testing.T) {
	c := openFile(t, testimage.Path(t, "tiny/q10-qcow2-m64"), Options{})
	want := []Snapshot{ // as qemu-img snapshot -l and qemu-img info --output=json tell
		{"1", "reset", 396542, time.Unix(1795452084, 0), 0, 8 << 20},
		{"2", "running", 3915121, time.Unix(1795452085, 0), 209 * time.Millisecond, 8 << 20},
	}
	if len(c.Snapshots) != len(want) {
		t.Fatalf("%+v", c.Snapshots)
	}
	for i, s := range c.Snapshots {
		w := want[i]
		if s.ID != w.ID || s.Name != w.Name || s.VMStateSize != w.VMStateSize || s.DiskSize != w.DiskSize ||
			s.Date.Unix() != w.Date.Unix() || s.VMClock.Truncate(time.Millisecond) != w.VMClock {
			t.Errorf("%+v, want %+v", s, w)
		}
	}
	if got := warningTexts(c); !strings.Contains(got, `"running" (ID 2)`) || !strings.Contains(got, `"reset" (ID 1)`) {
		t.Errorf("warnings %q", got)
	}
}

func TestSnapshotIsChosen(t *testing.T) {
	sample := qcow2Sample(t, "v3")
	for name, test := range map[string]struct {
		change   func(b []byte)
		snapshot string
		err      string // part of it; "" for none
	}{
		"the only one":   {nil, "", ""},
		"by name":        {nil, "state", ""},
		"by ID":          {nil, "2", ""},
		"unknown":        {nil, "nope", `"nope": the image has none of that name or ID; there are "disk" (ID 1), "state" (ID 2)`},
		"of the disk":    {nil, "disk", "it holds the disk alone"},
		"no table":       {func(b []byte) { binary.BigEndian.PutUint32(b[60:], 0) }, "", "no internal snapshots"},
		"none has state": {func(b []byte) { binary.BigEndian.PutUint32(b[60:], 1) }, "", "no snapshot in this qcow2 image holds a VM state"},
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(sample)
			if test.change != nil {
				test.change(b)
			}
			c, err := openBytes(b, Options{Snapshot: test.snapshot})
			if test.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				if len(c.Warnings) > 0 || len(c.Snapshots) != 2 {
					t.Errorf("snapshots %v, warnings %q", c.Snapshots, warningTexts(c))
				}
				return
			}
			var missing *SnapshotError
			if !errors.As(err, &missing) || !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
	var missing *SnapshotError
	if _, err := openBytes([]byte("QEVM"), Options{Snapshot: "state"}); !errors.As(err, &missing) {
		t.Errorf("a file without snapshots: %v", err)
	}
}

func TestQcow2Refusals(t *testing.T) {
	sample := qcow2Sample(t, "v3")
	for name, test := range map[string]struct {
		offset int
		value  byte
		err    string
	}{
		"encrypted":          {35, 1, "encrypted"},
		"LUKS":               {35, 2, "encrypted"},
		"external data":      {79, 4, "external file"},
		"unknown feature":    {79, 32, "features that are not known"},
		"unknown version":    {7, 4, "version"},
		"tiny clusters":      {23, 8, "cluster_bits"},
		"huge clusters":      {23, 22, "cluster_bits"},
		"other compression":  {104, 7, "compression"},
		"L1 not aligned":     {int(binary.BigEndian.Uint64(sample[64:])) + 48 + 7 + 7 + 8, 1, "L1 table"},
		"size is not a size": {24, 0x80, "size of the disk"},
		"huge table":         {60, 0x80, "more snapshots than there can be"},
		"huge extra data":    {int(binary.BigEndian.Uint64(sample[64:])) + 36, 0x80, "the snapshot table is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(sample)
			b[test.offset] = test.value
			_, err := openBytes(b, Options{})
			var format *FormatError
			if !errors.As(err, &format) || format.Layer != "qcow2" || !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}

// TestQcow2CutBeforeItsTable: an image that ends before its snapshot table is cut off, not damaged.
func TestQcow2CutBeforeItsTable(t *testing.T) {
	sample := qcow2Sample(t, "v3")
	table := int(binary.BigEndian.Uint64(sample[64:]))
	for _, n := range []int{200, table} {
		_, err := openBytes(sample[:n], Options{})
		want := fmt.Sprintf("the file is cut off: its table of 2 snapshots would be at offset %#x, and it ends at %#x", table, n)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d bytes: %v, want %q", n, err, want)
		}
	}
}

// HostRange and ReadAt agree, and what has no host range is zero or compressed.
func TestHostRanges(t *testing.T) {
	payload, _ := samples(t)
	for _, name := range []string{"v2", "v3", "deflate", "zstd", "extended"} {
		c, err := openBytes(qcow2Sample(t, name), Options{})
		if err != nil {
			t.Fatal(err)
		}
		m := c.Reader.(HostMapper)
		mapped := 0
		for off := int64(0); off < c.Size; off++ {
			host, n, ok := m.HostRange(off)
			where := c.Locate(off)
			if !ok {
				if where[1].Detail == "" && where[0].Detail == "" {
					t.Fatalf("%s: byte %d: %v", name, off, where)
				}
				continue
			}
			mapped++
			if where[0].Offset != host {
				t.Fatalf("%s: byte %d is at %d, Locate says %v", name, off, host, where)
			}
			b := make([]byte, n)
			if _, err := m.Host().ReadAt(b, host); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b, payload[off:off+n]) {
				t.Fatalf("%s: the %d bytes at %d are others than those at %d of the file", name, n, off, host)
			}
		}
		compressed := name == "deflate" || name == "zstd"
		if compressed != (mapped == 0) || mapped == len(payload) {
			t.Errorf("%s: %d bytes of %d are in the file as they are", name, mapped, len(payload))
		}
	}
	c := openFile(t, testimage.Path(t, "tiny/q10-qcow2-m64"), Options{})
	if f, ok := c.Reader.(HostMapper).Host().(*os.File); !ok {
		t.Errorf("the host is not the file, but %T", f)
	}
}

func TestVMStateReads(t *testing.T) {
	payload, _ := samples(t)
	for _, name := range []string{"v2", "v3", "deflate", "deflate64", "zstd", "extended"} {
		c, err := openBytes(qcow2Sample(t, name), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{1, 7, 511, 512, 4096, 5000, len(payload), len(payload) + 1} {
			for off := 0; off <= len(payload); off += 1 + len(payload)/97 {
				p := make([]byte, size)
				n, err := c.Reader.ReadAt(p, int64(off))
				if want := payload[off:min(off+size, len(payload))]; !bytes.Equal(p[:n], want) {
					t.Fatalf("%s: %d bytes at %d: %d other bytes, %v", name, size, off, n, err)
				}
				if err != nil && err != io.EOF || (err == io.EOF) != (n < size) {
					t.Fatalf("%s: %d bytes at %d: %d, %v", name, size, off, n, err)
				}
			}
		}
		c.Close()
	}
}

// An L1 table that refers to one L2 table again and again costs no more than the file's size allows.
func TestHostileTables(t *testing.T) {
	b := qcow2Sample(t, "v3")
	table := int(binary.BigEndian.Uint64(b[64:]))
	l1 := int64(len(b)+4095) &^ 4095
	l2 := binary.BigEndian.Uint64(b[binary.BigEndian.Uint64(b[40:])+8:])
	b = append(b, make([]byte, l1-int64(len(b)))...)
	for range 1 << 20 {
		b = binary.BigEndian.AppendUint64(b, l2)
	}
	entry := b[table+40+16+1+4:] // the second entry
	entry = entry[(8-(40+16+1+4)%8)%8:]
	binary.BigEndian.PutUint64(entry, uint64(l1))
	binary.BigEndian.PutUint32(entry[8:], 1<<20)
	binary.BigEndian.PutUint64(entry[40:], 1<<40) // of VM state
	_, err := openBytes(b, Options{})
	var format *FormatError
	if !errors.As(err, &format) || !strings.Contains(err.Error(), "more L2 tables") {
		t.Errorf("%v", err)
	}
}

// Opening reads tables, not data: 4 MiB of VM state for a few reads.
func TestOpeningReadsNoData(t *testing.T) {
	f, err := os.Open(testimage.Path(t, "tiny/q10-qcow2-m64"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, _ := f.Stat()
	r := &countingReader{r: f}
	c, err := Open(t.Context(), r, info.Size(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if r.n > 200<<10 { // one L2 table of 64 KiB, and the snapshot table read with room for the longest names
		t.Errorf("%d bytes were read", r.n)
	}
}

type countingReader struct {
	r io.ReaderAt
	n int64
}

func (r *countingReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.r.ReadAt(p, off)
	r.n += int64(n)
	return n, err
}

func BenchmarkReadPage(b *testing.B) {
	c := openFile(b, testimage.Path(b, "tiny/q10-qcow2-m64"), Options{})
	p := make([]byte, 4096)
	b.SetBytes(int64(len(p)))
	off := int64(0)
	for b.Loop() {
		if _, err := c.Reader.ReadAt(p, off); err != nil {
			b.Fatal(err)
		}
		if off += int64(len(p)); off+int64(len(p)) > c.Size {
			off = 0
		}
	}
}
