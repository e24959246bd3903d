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

func (r *pageReader) read(p []byte, index int64) error {
	var b [descSize]byte
	at := r.descs + index*descSize
	if err := readFull(r.src, b[:], at, "a page descriptor"); err != nil {
		return err
	}
	desc := parseDesc(b[:], r.order)
	damaged := func(err error) error {
		return fmt.Errorf("page %d of the dump (descriptor at offset %#x) is damaged: %w", index, at, err)
	}
	left := uint64(r.src.Size() - r.base)
	if desc.size == 0 || uint64(desc.size) > 2*uint64(len(p)) || desc.offset > left || uint64(desc.size) > left-desc.offset {
		return damaged(fmt.Errorf("it has %d bytes at offset %#x", desc.size, desc.offset))
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
			return damaged(err)
		}
		if err := f.decode(p, packed); err != nil {
			return damaged(fmt.Errorf("%s: %w", f.name, err))
		}
		return nil
	}
	if int(desc.size) != len(p) {
		return damaged(errPageSize)
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
