// Package container takes the layers off a saved virtual machine: libvirt's header, a compression, a qcow2 image around an
// internal snapshot. It goes from a file to the bytes of the stream, the core or the raw memory inside it, and knows nothing
// of what those bytes mean.
package container

import (
	"context"
	"errors"
	"io"
	"slices"
)

// Options say how to open a file. The zero value is useful.
type Options struct {
	// Snapshot is the name or the ID of an internal snapshot of a qcow2 image. Empty takes the only one that holds a VM
	// state, or the most recent of several, with a warning.
	Snapshot string
	// TempDir is where decompressed data goes, as a file without a name. Empty means $TMPDIR, or else /var/tmp where there
	// is one (/tmp is often memory), or else the system's directory for temporary files.
	TempDir string
	// MemoryLimit is the size in bytes up to which decompressed data stays in memory. 0 means 4 MiB, negative means never.
	MemoryLimit int64
	// Progress, when not nil, is told how many of the compressed bytes are done. Calls do not overlap.
	Progress func(label string, done, total int64)
}

// defaultMemoryLimit is small: a temporary file is mapped, so it reads as fast, and its pages are the system's to write out.
const defaultMemoryLimit = 4 << 20

func (o Options) memoryLimit() int64 {
	if o.MemoryLimit == 0 {
		return defaultMemoryLimit
	}
	return o.MemoryLimit
}

// Contents are the innermost bytes of a file, and what lay around them.
type Contents struct {
	// Reader holds the innermost bytes from Base up to Size. It is the reader given to Open itself wherever the bytes lie in
	// the file as they are: offsets are never moved, as those inside a mapped-ram stream count from the start of the file
	// that libvirt's header begins. It is an *os.File where data was decompressed into a temporary file, and a [HostMapper]
	// where it is the VM state of a qcow2 image. It is safe for parallel use.
	Reader io.ReaderAt
	Base   int64 // offset in Reader of the first byte of the stream
	Size   int64 // the end of the bytes in Reader, so that there are Size-Base of them

	Layers    []Layer    // outermost first; none when the file is bare
	Libvirt   *Libvirt   // nil without libvirt's header
	Snapshots []Snapshot // all internal snapshots of a qcow2 image, in the order of its table
	Warnings  []Warning
	Cut       bool // the data of a layer ends early: it is cut off, or damaged

	steps   []step // one for each layer that moves bytes, outermost first
	closers []io.Closer
}

// A Layer is one wrapping around the stream.
type Layer struct {
	Name    string // "libvirt", "qcow2", "gzip", "bzip2", "xz", "lzop", "zstd"
	Version string // of the format, where it has one
	Detail  string // more for a person to read
	Offset  int64  // where the payload starts: in the bytes around the layer; in the image's address space for qcow2
}

// A Warning is something that the user should know, though the file could be opened.
type Warning struct {
	Offset int64 // in the bytes around the layer that it is about
	Text   string
}

// A Location is where a byte lies in one layer.
type Location struct {
	Layer  string // "file", or the name of the layer whose content Offset counts in
	Offset int64
	Detail string // how it lies there, where that is not plain
}

// HostMapper is implemented by a [Contents.Reader] whose bytes lie piecewise in another reader.
type HostMapper interface {
	// Host is the reader that HostRange's offsets count in: the one given to Open when nothing lies around the image.
	Host() io.ReaderAt
	// HostRange tells where the bytes from off on lie: n of them, as they are, from hostOff on. ok is false where a byte is
	// not there as it is (it is zero without being stored, or compressed).
	HostRange(off int64) (hostOff, n int64, ok bool)
}

// step leads from an offset in a layer's content to the offset around it.
type step struct {
	layer  string
	around func(off int64) (outer int64, detail string)
}

// maxLayers bounds what a file that contains itself can cost.
const maxLayers = 8

// headSize is how much of the start of a part the formats are told apart by.
const headSize = 64

// A format is one kind of layer.
type format struct {
	name  string
	match func(head []byte) bool
	open  func(*opener, part) (part, error)
}

// formats is every layer that there is. Their magics exclude each other.
var formats = []format{
	{"libvirt", isLibvirt, (*opener).openLibvirt},
	{"qcow2", isQcow2, (*opener).openQcow2},
	{"gzip", isGzip, gzipCodec.open},
	{"bzip2", isBzip2, bzip2Codec.open},
	{"xz", isXZ, xzCodec.open},
	{"lzop", isLzop, lzopCodec.open},
	{"zstd", isZstd, zstdCodec.open},
}

// Open follows the layers of r, which holds size bytes, until they are of no format that it knows. Data that is cut off or
// damaged is opened as far as it goes, with a warning. Errors are [*FormatError], [*SnapshotError], [*SpaceError], or the
// context's. r must stay open until Contents are closed.
func Open(ctx context.Context, r io.ReaderAt, size int64, o Options) (*Contents, error) {
	op := &opener{ctx: ctx, o: o, c: &Contents{}}
	p, err := op.follow(part{r: r, end: size})
	if err != nil {
		op.c.Close()
		return nil, err
	}
	op.c.Reader, op.c.Base, op.c.Size = p.r, p.base, p.end
	return op.c, nil
}

// Locate tells where a byte of Reader lies in every layer, outermost first; the first Location is in the file.
func (c *Contents) Locate(off int64) []Location {
	var locations []Location
	detail := ""
	for _, s := range slices.Backward(c.steps) {
		locations = append(locations, Location{Layer: s.layer, Offset: off, Detail: detail})
		off, detail = s.around(off)
	}
	locations = append(locations, Location{Layer: "file", Offset: off, Detail: detail})
	slices.Reverse(locations)
	return locations
}

// Close frees what decompression made. Reader cannot be used afterwards; the reader given to Open stays open.
func (c *Contents) Close() error {
	var errs []error
	for _, closer := range slices.Backward(c.closers) {
		errs = append(errs, closer.Close())
	}
	c.closers = nil
	return errors.Join(errs...)
}

// opener is one call of Open.
type opener struct {
	ctx context.Context
	o   Options
	c   *Contents
}

// part is the bytes of r from base up to end, which may be a layer.
type part struct {
	r         io.ReaderAt
	base, end int64
}

func (p part) size() int64 { return p.end - p.base }

func (p part) section() *io.SectionReader { return io.NewSectionReader(p.r, p.base, p.size()) }

// readAt fills b from offset off of p.r, not beyond the part, and returns how much of it there is.
func (p part) readAt(b []byte, off int64) []byte {
	if off < p.base || off >= p.end {
		return nil
	}
	n, _ := p.r.ReadAt(b[:min(int64(len(b)), p.end-off)], off)
	return b[:n]
}

func (op *opener) follow(p part) (part, error) {
	var err error
	for {
		if err := op.ctx.Err(); err != nil {
			return part{}, err
		}
		head := p.readAt(make([]byte, headSize), p.base)
		i := slices.IndexFunc(formats, func(f format) bool { return f.match(head) })
		if i < 0 {
			break
		}
		if len(op.c.Layers) == maxLayers {
			return part{}, &FormatError{Layer: formats[i].name, Offset: p.base, Text: "more layers than any real file has", Value: maxLayers}
		}
		if p, err = formats[i].open(op, p); err != nil {
			return part{}, err
		}
	}
	op.checkCompression()
	if op.o.Snapshot != "" && !slices.ContainsFunc(op.c.Layers, func(l Layer) bool { return l.Name == "qcow2" }) {
		return part{}, &SnapshotError{Name: op.o.Snapshot, Text: "only qcow2 images have snapshots, and this file is none"}
	}
	return p, nil
}

func (op *opener) warn(offset int64, text string) {
	op.c.Warnings = append(op.c.Warnings, Warning{Offset: offset, Text: text})
}
