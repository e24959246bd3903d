package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// vmState is the VM state of a snapshot in a qcow2 image: it lies in the address space that the snapshot's own L1 table
// maps, behind the disk, from the first byte on that the first L1 entry without any disk maps
// (QEMU, block/qcow2.c: qcow2_vm_state_offset).
//
// Opening reads tables alone, and never a cluster of data.
type vmState struct {
	file    io.ReaderAt
	end     int64 // of the file
	h       *qcow2Header
	cluster int64 // bytes of a cluster
	unit    int64 // bytes that one state describes: a cluster, or a subcluster (extended L2 entries)
	span    int64 // bytes that one L1 entry maps
	start   int64 // of the VM state in the address space; a multiple of span
	size    int64
	l1      []byte // the entries from start on
	tables  *cache // L2 tables, by their offset
	data    *cache // decompressed clusters, by their descriptor

	zstdOnce sync.Once
	zstd     *zstd.Decoder
	flate    sync.Pool // of io.ReadCloser
}

const (
	qcow2OffsetMask  = 0x00fffffffffffe00 // L1E_OFFSET_MASK, L2E_OFFSET_MASK
	qcow2Compressed  = 1 << 62            // QCOW_OFLAG_COMPRESSED
	qcow2Zero        = 1 << 0             // QCOW_OFLAG_ZERO
	qcow2Subclusters = 32

	tableCacheSize = 4 << 20
	dataCacheSize  = 8 << 20
)

// clusterKind is the state of a run of units.
type clusterKind uint8

const (
	clusterZero       clusterKind = iota // nothing is stored
	clusterData                          // host is where it is
	clusterCompressed                    // descriptor tells where it is
)

// run is n bytes of one kind.
type run struct {
	kind       clusterKind
	n          int64
	host       int64
	descriptor uint64
	within     int64 // the offset of the run's first byte in its cluster
}

// newVMState reads the L1 table, and then every L2 table once, to find how far the VM state can be read.
func newVMState(op *opener, p part, h *qcow2Header, s qcow2Snapshot) (*vmState, error) {
	v := &vmState{
		file: p.r, end: p.end, h: h,
		cluster: 1 << h.clusterBits, unit: 1 << h.clusterBits,
		tables: newCache(tableCacheSize), data: newCache(dataCacheSize),
	}
	if p.base != 0 {
		v.file, v.end = p.section(), p.size()
	}
	entrySize := int64(8)
	if h.extendedL2 {
		entrySize, v.unit = 16, v.cluster/qcow2Subclusters
	}
	v.span = v.cluster / entrySize * v.cluster
	first := s.DiskSize / v.span // the L1 entry that the VM state begins with
	if s.DiskSize%v.span != 0 {
		first++
	}
	v.start = first * v.span

	fail := func(text string, value any) error {
		return &FormatError{Layer: "qcow2", Offset: s.l1At, Text: "snapshot " + nameSnapshot(s.Snapshot) + ": " + text, Value: value}
	}
	l1At := s.l1At - p.base
	if l1At%v.cluster != 0 || int64(s.l1Size)*8 > qcow2MaxL1 {
		return nil, fail("its L1 table makes no sense", fmt.Sprintf("%d entries at %#x", s.l1Size, l1At))
	}
	want := min((s.VMStateSize-1)/v.span+1, int64(s.l1Size)-first)
	if want <= 0 {
		return nil, fail("its L1 table ends before the VM state", fmt.Sprintf("%d entries", s.l1Size))
	}
	v.l1 = part{v.file, 0, v.end}.readAt(make([]byte, min(want*8, v.end)), l1At+first*8)
	v.l1 = v.l1[:len(v.l1)&^7]
	v.size = min(s.VMStateSize, int64(len(v.l1))/8*v.span)

	if v.tableCount() > v.end/v.cluster {
		return nil, fail("its L1 table refers to more L2 tables than the file has clusters", v.tableCount())
	}
	readable, err := v.check(op)
	if ctxErr := op.ctx.Err(); ctxErr != nil {
		return nil, ctxErr
	}
	if err == nil && v.size < s.VMStateSize {
		err = fail("its L1 table ends inside the VM state", fmt.Sprintf("%d entries", s.l1Size))
	}
	if readable == 0 {
		return nil, err
	}
	if err != nil {
		op.warn(s.l1At, fmt.Sprintf("%v: the first %d of %d bytes of the VM state can be read", err, readable, s.VMStateSize))
		v.size = readable
	}
	op.c.closers = append(op.c.closers, v)
	return v, nil
}

// tableCount is the number of L2 tables in use.
func (v *vmState) tableCount() int64 {
	n := int64(0)
	for b := v.l1; len(b) > 0; b = b[8:] {
		if binary.BigEndian.Uint64(b)&qcow2OffsetMask != 0 {
			n++
		}
	}
	return n
}

// check walks the tables and tells how many bytes can be read, and why not more.
func (v *vmState) check(op *opener) (int64, error) {
	off := int64(0)
	for off < v.size {
		if off%v.span == 0 && op.ctx.Err() != nil {
			return off, op.ctx.Err()
		}
		r, err := v.run(off, v.size-off)
		if err != nil {
			return off, err
		}
		if r.kind == clusterData && r.host+r.n > v.end {
			off += max(v.end-r.host, 0)
			return off, v.fail(r.host, "a cluster lies behind the end of the file", nil)
		}
		if host, _ := v.compressedAt(r.descriptor); r.kind == clusterCompressed && host >= v.end {
			return off, v.fail(host, "a compressed cluster lies behind the end of the file", nil)
		}
		off += r.n
	}
	return off, nil
}

func (v *vmState) fail(offset int64, text string, err error) error {
	return &FormatError{Layer: "qcow2", Offset: offset, Text: text, Err: err}
}

// run describes the bytes from off on, at most limit of them, and none that another L2 table maps.
func (v *vmState) run(off, limit int64) (run, error) {
	entry := binary.BigEndian.Uint64(v.l1[off/v.span*8:])
	within := off % v.span
	tableAt := int64(entry & qcow2OffsetMask)
	if tableAt == 0 {
		return run{kind: clusterZero, n: min(limit, v.span-within)}, nil
	}
	table, err := v.table(tableAt)
	if err != nil {
		return run{}, err
	}
	u := within / v.unit
	r, err := v.unitAt(table, u)
	if err != nil {
		return run{}, err
	}
	r.within = off % v.cluster
	if r.kind == clusterCompressed {
		r.n = min(limit, v.cluster-r.within)
		return r, nil
	}
	if r.kind == clusterData {
		r.host += within % v.unit
	}
	r.n = v.unit - within%v.unit
	for u++; r.n < limit && u < v.span/v.unit; u++ {
		next, err := v.unitAt(table, u)
		if err != nil || next.kind != r.kind || r.kind == clusterData && next.host != r.host+r.n {
			break // an error is for the run that begins there
		}
		r.n += v.unit
	}
	r.n = min(r.n, limit)
	return r, nil
}

// table reads an L2 table.
func (v *vmState) table(at int64) ([]byte, error) {
	return v.tables.get(at, func() ([]byte, error) {
		if at%v.cluster != 0 {
			return nil, v.fail(at, "an L2 table is not at the start of a cluster", nil)
		}
		b := part{v.file, 0, v.end}.readAt(make([]byte, v.cluster), at)
		if int64(len(b)) < v.cluster {
			return nil, v.fail(at, "an L2 table lies behind the end of the file", nil)
		}
		return b, nil
	})
}

// unitAt describes a cluster, or a subcluster, by its entry in an L2 table.
func (v *vmState) unitAt(table []byte, u int64) (run, error) {
	if !v.h.extendedL2 {
		entry := binary.BigEndian.Uint64(table[u*8:])
		switch {
		case entry&qcow2Compressed != 0:
			return run{kind: clusterCompressed, descriptor: entry}, nil
		case entry&qcow2Zero != 0 && v.h.version >= 3, entry&qcow2OffsetMask == 0:
			return run{kind: clusterZero}, nil // a backing file ends before the VM state
		}
		return v.dataUnit(entry, 0)
	}
	entry := binary.BigEndian.Uint64(table[u/qcow2Subclusters*16:])
	bitmap := binary.BigEndian.Uint64(table[u/qcow2Subclusters*16+8:])
	sub := u % qcow2Subclusters
	switch {
	case entry&qcow2Compressed != 0:
		return run{kind: clusterCompressed, descriptor: entry}, nil
	case bitmap>>(sub+32)&1 == 1, bitmap>>sub&1 == 0:
		return run{kind: clusterZero}, nil
	}
	return v.dataUnit(entry, sub*v.unit)
}

func (v *vmState) dataUnit(entry uint64, within int64) (run, error) {
	host := int64(entry & qcow2OffsetMask)
	if host == 0 || host%v.cluster != 0 {
		return run{}, v.fail(host, "a cluster is not where one can be", nil)
	}
	return run{kind: clusterData, host: host + within}, nil
}

// compressedAt tells where a compressed cluster is, and how many bytes it takes at most.
func (v *vmState) compressedAt(descriptor uint64) (host, size int64) {
	x := 62 - (v.h.clusterBits - 8)
	host = int64(descriptor & (1<<x - 1) & (1<<56 - 1))
	sectors := int64(descriptor >> x & (1<<(v.h.clusterBits-8) - 1))
	return host, (sectors+1)*512 - host%512
}

// decompressed returns a compressed cluster's content.
func (v *vmState) decompressed(descriptor uint64) ([]byte, error) {
	return v.data.get(int64(descriptor), func() (data []byte, err error) {
		host, size := v.compressedAt(descriptor)
		in := part{v.file, 0, v.end}.readAt(make([]byte, size), host)
		err = guard(func() error {
			if v.h.zstd {
				data, err = v.unzstd(in)
			} else {
				data, err = v.inflate(in)
			}
			return err
		})
		if err != nil {
			return nil, v.fail(host, "a compressed cluster cannot be decompressed", plain(err))
		}
		return data, nil
	})
}

func (v *vmState) inflate(in []byte) ([]byte, error) {
	z, ok := v.flate.Get().(io.ReadCloser)
	if !ok {
		z = flate.NewReader(nil)
	}
	defer v.flate.Put(z)
	if err := z.(flate.Resetter).Reset(bytes.NewReader(in), nil); err != nil {
		return nil, err
	}
	data := make([]byte, v.cluster)
	_, err := io.ReadFull(z, data)
	return data, err
}

func (v *vmState) unzstd(in []byte) ([]byte, error) {
	v.zstdOnce.Do(func() {
		v.zstd, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderLowmem(true))
	})
	if v.zstd == nil {
		return nil, errors.New("the zstd decoder cannot start")
	}
	return unzstdExact(v.zstd, in, v.cluster)
}

// ReadAt implements io.ReaderAt.
func (v *vmState) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && off >= 0 && off < v.size {
		r, err := v.run(off, min(int64(len(p)-n), v.size-off))
		if err != nil {
			return n, err
		}
		m, err := v.readRun(p[n:n+int(r.n)], r)
		n += m
		off += int64(m)
		if err != nil {
			return n, err
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (v *vmState) readRun(p []byte, r run) (int, error) {
	switch r.kind {
	case clusterData:
		n, err := v.file.ReadAt(p, r.host)
		if n == len(p) {
			return n, nil
		}
		return n, v.fail(r.host+int64(n), "a cluster cannot be read", plain(err))
	case clusterCompressed:
		data, err := v.decompressed(r.descriptor)
		if err != nil {
			return 0, err
		}
		return copy(p, data[r.within:]), nil
	default:
		clear(p)
		return len(p), nil
	}
}

// Host implements HostMapper.
func (v *vmState) Host() io.ReaderAt { return v.file }

// HostRange implements HostMapper.
func (v *vmState) HostRange(off int64) (hostOff, n int64, ok bool) {
	for off >= 0 && off+n < v.size {
		r, err := v.run(off+n, v.size-off-n)
		if err != nil || r.kind != clusterData || n > 0 && r.host != hostOff+n {
			break
		}
		if n == 0 {
			hostOff = r.host
		}
		n += r.n
	}
	return hostOff, n, n > 0
}

// around implements step.
func (v *vmState) around(off int64) (int64, string) {
	if off < 0 || off >= v.size {
		return 0, "not in the VM state"
	}
	r, err := v.run(off, 1)
	at := fmt.Sprintf("at %#x of the image's address space", v.start+off)
	switch {
	case err != nil:
		return 0, fmt.Sprintf("%s: %v", at, err)
	case r.kind == clusterData:
		return r.host, at
	case r.kind == clusterCompressed:
		host, size := v.compressedAt(r.descriptor)
		return host, fmt.Sprintf("%s, in a compressed cluster of at most %d bytes that begins there", at, size)
	}
	return 0, at + ", in a cluster of zeros that is not stored"
}

// Close frees the decoder.
func (v *vmState) Close() error {
	if v.zstd != nil {
		v.zstd.Close()
	}
	return nil
}
