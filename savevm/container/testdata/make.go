//go:build ignore

// make writes the samples beside it: the bytes of payload() in every container that the usual tools make. It needs qemu-img,
// qemu-io, gzip, bzip2, xz, lzop, zstd and pzstd. Run it in this folder: go run make.go
//
// qemu-img cannot write a VM state, so the qcow2 samples have the payload at the end of their disk, as qemu-img wrote it, and
// then a snapshot table is added which says that the disk is smaller: what was its end becomes a VM state.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	dir, err := os.MkdirTemp("", "")
	check(err)
	defer os.RemoveAll(dir)
	p := payload()
	check(os.WriteFile("payload", p, 0o644))
	half := len(p) / 2
	for name, parts := range map[string][][]byte{
		"plain.gz":      {filter(p, "gzip", "-9n")},
		"members.gz":    {filter(p[:half], "gzip", "-9n"), filter(p[half:], "gzip", "-1n"), make([]byte, 600)},
		"plain.bz2":     {filter(p, "bzip2")},
		"streams.bz2":   {filter(p[:half], "bzip2"), filter(p[half:], "bzip2", "-1"), make([]byte, 700)},
		"plain.xz":      {filter(p, "xz", "-T1", "-3")},
		"blocks.xz":     {filter(p, "xz", "-T2", "--block-size=4096", "--check=sha256")},
		"streams.xz":    {filter(p[:half], "xz", "-T1"), make([]byte, 8), filter(p[half:], "xz", "-T1"), make([]byte, 513)},
		"checks.xz":     {filter(p[:half], "xz", "-T1", "--check=crc32"), filter(p[half:], "xz", "-T1", "--check=none")},
		"plain.lzo":     {filter(p, "lzop")},
		"members.lzo":   {filter(p[:half], "lzop", "-9"), filter(p[half:], "lzop", "-1"), make([]byte, 64)},
		"checks.lzo":    {filter(p, "lzop", "--crc32", "-CC")},
		"unsummed.lzo":  {filter(p, "lzop", "-F")},
		"plain.zst":     {filter(p, "zstd", "-3")},
		"frames.zst":    {sized(dir, p[:half], "zstd"), {0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3}, sized(dir, p[half:], "zstd", "--no-check"), make([]byte, 99)},
		"mixed.zst":     {sized(dir, p[:half], "zstd"), filter(p[half:], "zstd", "-19")},
		"skippable.zst": {{0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4}, filter(p, "zstd")},
		"pzstd.zst":     {sized(dir, p, "pzstd", "-p", "2")},
	} {
		check(os.WriteFile(name, bytes.Join(parts, nil), 0o644))
	}
	for name, q := range map[string]qcow2{
		"v2":        {cluster: 512, disk: 31 << 10, create: "compat=0.10"},
		"v3":        {cluster: 4096, disk: 1<<20 + 512, create: "compat=1.1"},
		"deflate":   {cluster: 4096, disk: 1 << 20, create: "compat=1.1", compress: true},
		"deflate64": {cluster: 65536, disk: 1 << 20, create: "compat=0.10", compress: true},
		"zstd":      {cluster: 4096, disk: 2 << 20, create: "compat=1.1,compression_type=zstd", compress: true},
		"extended":  {cluster: 16384, disk: 1 << 20, create: "compat=1.1,extended_l2=on"},
	} {
		check(os.WriteFile("qcow2-"+name+".gz", filter(q.make(dir, p), "gzip", "-9n"), 0o644))
	}
}

// payload is the bytes in every sample; a copy lies beside them.
func payload() []byte {
	var b []byte
	x := uint32(2463534242)
	for i := range 50 {
		block := make([]byte, 512)
		switch {
		case i >= 16 && i < 24, i%4 == 0: // zeros, 4 KiB of them at once too
		case i%4 == 1:
			copy(block, bytes.Repeat(fmt.Appendf(nil, "block %d ", i), 512))
		case i%4 == 2:
			for j := range block {
				x ^= x << 13
				x ^= x >> 17
				x ^= x << 5
				block[j] = byte(x >> 8)
			}
		default:
			for j := range block {
				block[j] = byte(i * j)
			}
		}
		b = append(b, block...)
	}
	return b[:len(b)-100]
}

// filter runs a command from standard input to standard output.
func filter(in []byte, name string, args ...string) []byte {
	cmd := exec.Command(name, append(args, "-c")...)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	check(err)
	return out
}

// sized compresses a file, whose size the command can write down, unlike that of its standard input.
func sized(dir string, in []byte, name string, args ...string) []byte {
	path := filepath.Join(dir, "in")
	check(os.WriteFile(path, in, 0o644))
	cmd := exec.Command(name, append(args, "-q", "-c", path)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	check(err)
	return out
}

type qcow2 struct {
	cluster, disk int64
	create        string
	compress      bool
}

func (q qcow2) make(dir string, payload []byte) []byte {
	entry := int64(8)
	if bytes.Contains([]byte(q.create), []byte("extended_l2")) {
		entry = 16
	}
	span := q.cluster / entry * q.cluster
	start := (q.disk + span - 1) / span * span
	raw, image := filepath.Join(dir, "raw"), filepath.Join(dir, "image")
	f, err := os.Create(raw)
	check(err)
	_, err = f.WriteAt(payload, start)
	check(err)
	size := (start + int64(len(payload)) + q.cluster - 1) / q.cluster * q.cluster
	check(f.Truncate(size))
	check(f.Close())

	options := fmt.Sprintf("cluster_size=%d,%s", q.cluster, q.create)
	if entry == 16 { // subclusters are allocated one by one only by small writes
		run("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, image, fmt.Sprint(size))
		for off := 0; off < len(payload); off += 512 {
			block := payload[off:min(off+512, len(payload))]
			if len(bytes.Trim(block, "\x00")) == 0 && off%2048 != 0 {
				continue
			}
			check(os.WriteFile(raw, append(block, make([]byte, 512-len(block))...), 0o644))
			run("qemu-io", "-f", "qcow2", "-c", fmt.Sprintf("write -q -s %s %d 512", raw, start+int64(off)), image)
		}
		run("qemu-io", "-f", "qcow2", "-c", fmt.Sprintf("write -q -z %d 4096", start+16*512), image)
	} else {
		args := []string{"convert", "-q", "-f", "raw", "-O", "qcow2", "-o", options, raw, image}
		if q.compress {
			args = append(args, "-c")
		}
		run("qemu-img", args...)
	}
	b, err := os.ReadFile(image)
	check(err)
	return q.addSnapshots(b, int64(len(payload)))
}

// addSnapshots appends a table with two snapshots, of which the first has no VM state.
func (q qcow2) addSnapshots(b []byte, vmSize int64) []byte {
	be := binary.BigEndian
	table := (int64(len(b)) + q.cluster - 1) / q.cluster * q.cluster
	b = append(b, make([]byte, table-int64(len(b)))...)
	for i, name := range []string{"disk", "state"} {
		b = append(b, b[40:48]...)                      // l1_table_offset
		b = append(b, b[36:40]...)                      // l1_size
		b = be.AppendUint16(b, 1)                       // of the ID
		b = be.AppendUint16(b, uint16(len(name)))       // of the name
		b = be.AppendUint32(b, 1700000000+uint32(i)*60) // date
		b = be.AppendUint32(b, 5)                       // nanoseconds
		b = be.AppendUint64(b, uint64(i)*1e9)           // VM clock
		extra := be.Uint32(b[4:]) >= 3
		if extra {
			b = be.AppendUint32(b, 0xffffffff) // ignored
			b = be.AppendUint32(b, 16)
			b = be.AppendUint64(b, uint64(i)*uint64(vmSize))
			b = be.AppendUint64(b, uint64(q.disk))
		} else {
			b = be.AppendUint32(b, uint32(i)*uint32(vmSize))
			b = be.AppendUint32(b, 0)
		}
		b = append(b, '1'+byte(i))
		b = append(b, name...)
		for len(b)%8 != 0 {
			b = append(b, 0)
		}
	}
	be.PutUint64(b[24:], uint64(q.disk))
	be.PutUint32(b[60:], 2)
	be.PutUint64(b[64:], uint64(table))
	return b
}

func run(name string, args ...string) {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		log.Fatalf("%s %v: %s", name, args, out)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
