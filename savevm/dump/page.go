package dump

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/anchore/go-lzo"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/svscript/svscript/savevm/internal/wire"
)

// pageFlags are the compressions of a page_desc's flags (makedumpfile's diskdump_mod.h, DUMP_DH_COMPRESSED_…).
var pageFlags = []struct {
	flag   uint32
	name   string
	decode func(dst, src []byte) error
}{
	{0x1, "zlib", inflate},
	{0x2, "lzo", unlzo},
	{0x4, "snappy", unsnappy},
	{0x20, "zstd", unzstd},
}

// pageReader reads the pages of a kdump-compressed file by the number of their descriptors.
type pageReader struct {
	src   *wire.Source
	base  int64
	descs int64
	order binary.ByteOrder
}

var pageBuffers = sync.Pool{New: func() any { return new([]byte) }}

var errPageSize = errors.New("it does not decompress to the size of a page")

// desc reads the descriptor of a page and checks it for pages of pageSize bytes.
func (r *pageReader) desc(index int64, pageSize int) (d pageDesc, err error) {
	var b [descSize]byte
	if err := readFull(r.src, b[:], r.descs+index*descSize, "a page descriptor"); err != nil {
		return d, err
	}
	d = parseDesc(b[:], r.order)
	left := uint64(r.src.Size() - r.base)
	if d.size == 0 || uint64(d.size) > 2*uint64(pageSize) || d.offset > left || uint64(d.size) > left-d.offset {
		return d, r.damaged(index, fmt.Errorf("it has %d bytes at offset %#x", d.size, d.offset))
	}
	return d, nil
}

func (r *pageReader) damaged(index int64, err error) error {
	return fmt.Errorf("page %d of the dump (descriptor at offset %#x) is damaged: %w", index, r.descs+index*descSize, err)
}

// PageOffset implements [ram.PageSource].
func (r *pageReader) PageOffset(index int64) int64 {
	d, err := r.desc(index, 1<<24)
	if err != nil {
		return -1
	}
	return r.base + int64(d.offset)
}

// ReadPage implements [ram.PageSource].
func (r *pageReader) ReadPage(p []byte, index int64) error {
	desc, err := r.desc(index, len(p))
	if err != nil {
		return err
	}
	off := r.base + int64(desc.offset)
	for _, f := range pageFlags {
		if desc.flags&f.flag == 0 {
			continue
		}
		buf := pageBuffers.Get().(*[]byte)
		defer pageBuffers.Put(buf)
		if cap(*buf) < int(desc.size) {
			*buf = make([]byte, 2*len(p))
		}
		packed := (*buf)[:desc.size]
		if err := readFull(r.src, packed, off, "the page"); err != nil {
			return r.damaged(index, err)
		}
		if err := f.decode(p, packed); err != nil {
			return r.damaged(index, fmt.Errorf("%s: %w", f.name, err))
		}
		return nil
	}
	if int(desc.size) != len(p) {
		return r.damaged(index, errPageSize)
	}
	return readFull(r.src, p, off, "the page")
}

var inflaters sync.Pool

func inflate(dst, src []byte) error {
	in := bytes.NewReader(src)
	z, _ := inflaters.Get().(io.ReadCloser)
	var err error
	if z == nil {
		z, err = zlib.NewReader(in)
	} else {
		err = z.(zlib.Resetter).Reset(in, nil)
	}
	if err != nil {
		return err
	}
	defer inflaters.Put(z)
	if _, err = io.ReadFull(z, dst); err != nil {
		return errPageSize
	}
	return nil
}

func unlzo(dst, src []byte) error {
	n, err := lzo.Decompress(src, dst)
	if err == nil && n != len(dst) {
		err = errPageSize
	}
	return err
}

func unsnappy(dst, src []byte) error {
	if n, err := snappy.DecodedLen(src); err != nil || n != len(dst) {
		return errPageSize
	}
	_, err := snappy.Decode(dst, src)
	return err
}

// zstdDecoder is for whole frames, by parallel callers; it never writes more than the page that it is given.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true))
})

func unzstd(dst, src []byte) error {
	z, err := zstdDecoder()
	if err != nil {
		return err
	}
	out, err := z.DecodeAll(src, dst[:0:len(dst)])
	if err == nil && len(out) != len(dst) {
		err = errPageSize
	}
	return err
}
