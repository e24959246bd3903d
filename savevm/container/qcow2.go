package container

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Snapshot is an entry in a qcow2 image's table of internal snapshots.
type Snapshot struct {
	ID, Name    string
	VMStateSize int64         // bytes; 0 for a snapshot of the disk alone
	Date        time.Time     // when it was taken
	VMClock     time.Duration // that the guest had run
	DiskSize    int64         // bytes; what the guest sees of the disk
}

// The qcow2 format. Source: QEMU, docs/interop/qcow2.rst; the limits are those of QEMU's block/qcow2.h.
const (
	qcow2Magic           = "QFI\xfb"
	qcow2HeaderSizeV2    = 72
	qcow2HeaderSizeV3    = 104
	qcow2MinClusterBits  = 9        // MIN_CLUSTER_BITS
	qcow2MaxClusterBits  = 21       // MAX_CLUSTER_BITS
	qcow2MaxL1           = 32 << 20 // QCOW_MAX_L1_SIZE, bytes
	qcow2MaxSnapshots    = 65536    // QCOW_MAX_SNAPSHOTS
	qcow2MaxExtra        = 1024     // QCOW_MAX_SNAPSHOT_EXTRA_DATA, bytes
	qcow2SnapshotSize    = 40       // bytes of a table entry in front of the extra data
	qcow2SnapshotMaxSize = qcow2SnapshotSize + qcow2MaxExtra + 2*65535
)

// Bits of incompatible_features.
const (
	qcow2Dirty       = 1 << 0 // only refcounts may be wrong, and reading needs none
	qcow2Corrupt     = 1 << 1
	qcow2DataFile    = 1 << 2
	qcow2Compression = 1 << 3
	qcow2ExtendedL2  = 1 << 4
	qcow2Known       = qcow2Dirty | qcow2Corrupt | qcow2DataFile | qcow2Compression | qcow2ExtendedL2
)

// qcow2Header holds the fields that reading a snapshot needs.
type qcow2Header struct {
	version      uint32
	clusterBits  uint32
	size         int64 // of the disk
	crypt        uint32
	snapshots    uint32
	snapshotsAt  int64
	incompatible uint64
	zstd         bool // compressed clusters are zstd, not deflate
	extendedL2   bool
}

// qcow2Snapshot is a table entry with what locates its data.
type qcow2Snapshot struct {
	Snapshot
	l1At   int64
	l1Size uint32 // entries
}

func isQcow2(head []byte) bool { return bytes.HasPrefix(head, []byte(qcow2Magic)) }

func (op *opener) openQcow2(p part) (part, error) {
	h, err := readQcow2Header(p)
	if err != nil {
		return part{}, err
	}
	if h.incompatible&qcow2Corrupt != 0 {
		op.warn(p.base+72, "qcow2: QEMU marked the image as corrupt")
	}
	snapshots, damage := readQcow2Snapshots(op, p, h)
	if damage != nil {
		if len(snapshots) == 0 {
			return part{}, &FormatError{Layer: "qcow2", Offset: damage.Offset, Text: damage.Text}
		}
		op.warn(damage.Offset, "qcow2: "+damage.Text)
	}
	for _, s := range snapshots {
		op.c.Snapshots = append(op.c.Snapshots, s.Snapshot)
	}
	s, err := op.chooseSnapshot(snapshots, p.base+60)
	if err != nil {
		return part{}, err
	}
	v, err := newVMState(op, p, h, s)
	if err != nil {
		return part{}, err
	}
	op.c.Layers = append(op.c.Layers, Layer{
		Name:    "qcow2",
		Version: fmt.Sprint(h.version),
		Detail:  fmt.Sprintf("snapshot %s of %s, clusters of %d bytes", nameSnapshot(s.Snapshot), s.Date.UTC().Format(time.DateTime), v.cluster),
		Offset:  v.start,
	})
	op.c.steps = append(op.c.steps, step{"qcow2", v.around})
	return part{r: v, end: v.size}, nil
}

func readQcow2Header(p part) (*qcow2Header, error) {
	fail := func(offset int64, text string, value any) (*qcow2Header, error) {
		return nil, &FormatError{Layer: "qcow2", Offset: p.base + offset, Text: text, Value: value}
	}
	b := p.readAt(make([]byte, qcow2HeaderSizeV3+8), p.base)
	if len(b) < qcow2HeaderSizeV2 {
		return fail(int64(len(b)), "the file ends inside the header", nil)
	}
	in := byteReader{b: b, off: 4}
	h := &qcow2Header{version: in.u32()}
	in.skip(8 + 4) // backing_file_offset, backing_file_size
	h.clusterBits = in.u32()
	h.size = int64(in.u64())
	h.crypt = in.u32()
	in.skip(4 + 8 + 8 + 4) // l1_size, l1_table_offset, refcount_table_offset, refcount_table_clusters
	h.snapshots = in.u32()
	h.snapshotsAt = int64(in.u64())
	switch {
	case h.version != 2 && h.version != 3:
		return fail(4, "a version that is not known", h.version)
	case h.clusterBits < qcow2MinClusterBits || h.clusterBits > qcow2MaxClusterBits:
		return fail(20, "cluster_bits is not between 9 and 21", h.clusterBits)
	case h.size < 0 || h.size > 1<<62:
		return fail(24, "the size of the disk makes no sense", uint64(h.size))
	case h.crypt != 0:
		return fail(32, "the image is encrypted: have QEMU load the snapshot (-loadvm, with the key), and migrate it to a file", fmt.Sprintf("crypt_method %d", h.crypt))
	}
	if h.version == 2 {
		return h, nil
	}
	h.incompatible = in.u64()
	in.skip(8 + 8 + 4) // compatible_features, autoclear_features, refcount_order
	headerLength := in.u32()
	compression := uint8(0)
	if headerLength > qcow2HeaderSizeV3 {
		compression = in.u8()
	}
	if in.short {
		return fail(int64(len(b)), "the file ends inside the header", nil)
	}
	h.zstd = compression == 1
	h.extendedL2 = h.incompatible&qcow2ExtendedL2 != 0
	switch {
	case h.incompatible&^qcow2Known != 0:
		return fail(72, "the image uses features that are not known", fmt.Sprintf("incompatible_features %#x", h.incompatible))
	case h.incompatible&qcow2DataFile != 0:
		return fail(72, "the data is in an external file, and such an image has no VM states", fmt.Sprintf("incompatible_features %#x", h.incompatible))
	case compression > 1:
		return fail(104, "a kind of compression that is not known", compression)
	case h.extendedL2 && h.clusterBits < 14:
		return fail(20, "clusters too small for extended L2 entries", h.clusterBits)
	}
	return h, nil
}

// readQcow2Snapshots reads the table up to the first entry that makes no sense.
func readQcow2Snapshots(op *opener, p part, h *qcow2Header) ([]qcow2Snapshot, *Warning) {
	var snapshots []qcow2Snapshot
	off := p.base + h.snapshotsAt
	damaged := func(text string) ([]qcow2Snapshot, *Warning) {
		return snapshots, &Warning{off, fmt.Sprintf("the snapshot table is damaged: %s; %d of %d snapshots are left out",
			text, int(h.snapshots)-len(snapshots), h.snapshots)}
	}
	if h.snapshots > qcow2MaxSnapshots {
		return damaged("it has more snapshots than there can be")
	}
	if h.snapshots > 0 && off >= p.end { // an offset that is damaged looks the same, but files that are cut off are many more
		return nil, &Warning{p.base + 64, fmt.Sprintf("the file is cut off: its table of %d snapshots would be at offset %#x, and it ends at %#x",
			h.snapshots, off, p.end)}
	}
	buf := make([]byte, qcow2SnapshotMaxSize)
	for range h.snapshots {
		if op.ctx.Err() != nil {
			break
		}
		s, n, ok := readQcow2Snapshot(p.readAt(buf, off), h)
		switch {
		case !ok:
			return damaged("an entry is longer than the file, or than any is")
		case s.VMStateSize < 0 || s.DiskSize < 0 || s.l1At < 0:
			return damaged("an entry's sizes make no sense")
		}
		s.l1At += p.base
		snapshots = append(snapshots, s)
		off += n
	}
	return snapshots, nil
}

// readQcow2Snapshot reads the entry at the start of b, and tells its length.
func readQcow2Snapshot(b []byte, h *qcow2Header) (s qcow2Snapshot, n int64, ok bool) {
	in := byteReader{b: b}
	s.l1At = int64(in.u64())
	s.l1Size = in.u32()
	idSize, nameSize := in.u16(), in.u16()
	seconds, nanoseconds := in.u32(), in.u32()
	s.Date = time.Unix(int64(seconds), int64(nanoseconds))
	s.VMClock = time.Duration(in.u64())
	s.VMStateSize = int64(in.u32())
	s.DiskSize = h.size
	extraSize := in.u32()
	if extraSize > qcow2MaxExtra {
		return s, 0, false
	}
	extra := byteReader{b: in.skip(int(extraSize))}
	if extraSize >= 8 {
		s.VMStateSize = int64(extra.u64()) // vm_state_size_large
	}
	if extraSize >= 16 {
		s.DiskSize = int64(extra.u64())
	}
	s.ID = string(in.skip(int(idSize)))
	s.Name = string(in.skip(int(nameSize)))
	return s, (int64(in.off) + 7) &^ 7, !in.short
}

// chooseSnapshot takes the snapshot that the user named, or the most recent with a VM state.
func (op *opener) chooseSnapshot(all []qcow2Snapshot, offset int64) (qcow2Snapshot, error) {
	fail := func(text string) (qcow2Snapshot, error) {
		return qcow2Snapshot{}, &SnapshotError{Name: op.o.Snapshot, Snapshots: op.c.Snapshots, Text: text}
	}
	name := op.o.Snapshot
	candidates := slices.DeleteFunc(slices.Clone(all), func(s qcow2Snapshot) bool { return name != "" && s.Name != name })
	if len(candidates) == 0 {
		candidates = slices.DeleteFunc(slices.Clone(all), func(s qcow2Snapshot) bool { return s.ID != name })
	}
	if name != "" && len(candidates) == 0 {
		return fail("the image has none of that name or ID")
	}
	candidates = slices.DeleteFunc(candidates, func(s qcow2Snapshot) bool { return s.VMStateSize == 0 })
	switch {
	case len(candidates) > 0:
	case name != "":
		return fail("it holds the disk alone, no VM state")
	case len(all) > 0:
		return fail("no snapshot in this qcow2 image holds a VM state: they are of the disk alone")
	default:
		return fail("this qcow2 image has no internal snapshots: it is a disk, not a saved VM")
	}
	slices.SortStableFunc(candidates, func(a, b qcow2Snapshot) int {
		return cmp.Or(a.Date.Compare(b.Date), strings.Compare(a.ID, b.ID))
	})
	last := candidates[len(candidates)-1]
	if len(candidates) > 1 {
		var others []Snapshot
		for _, s := range candidates[:len(candidates)-1] {
			others = append(others, s.Snapshot)
		}
		op.warn(offset, fmt.Sprintf("qcow2: the most recent snapshot is taken, %s; the others are %s", nameSnapshot(last.Snapshot), nameSnapshots(others)))
	}
	return last, nil
}

// nameSnapshot names one for a person.
func nameSnapshot(s Snapshot) string {
	if s.Name == "" {
		return fmt.Sprintf("with ID %s", s.ID)
	}
	return fmt.Sprintf("%q (ID %s)", s.Name, s.ID)
}

// maxNamed is how many snapshots a message names.
const maxNamed = 20

func nameSnapshots(snapshots []Snapshot) string {
	var names []string
	for _, s := range snapshots[:min(len(snapshots), maxNamed)] {
		names = append(names, nameSnapshot(s))
	}
	if n := len(snapshots) - len(names); n > 0 {
		names = append(names, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(names, ", ")
}
