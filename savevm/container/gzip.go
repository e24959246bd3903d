package container

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

// gzip (RFC 1952) has one deflate stream a member, whose length nothing tells beforehand.
var gzipCodec = &codec{name: "gzip", stream: gunzip}

func isGzip(head []byte) bool { return bytes.HasPrefix(head, []byte{0x1f, 0x8b, 8}) }

func gunzip(in *input, w io.Writer) error {
	z, err := gzip.NewReader(in.Reader)
	for err == nil {
		z.Multistream(false)
		if _, err := io.CopyBuffer(onlyWriter{w}, z, make([]byte, copySize)); err != nil {
			return err
		}
		if more, err := in.more(isGzip); !more {
			return err
		}
		err = z.Reset(in.Reader)
	}
	return err
}

// copySize is how much is written at once.
const copySize = 256 << 10

// onlyWriter and onlyReader hide the shortcuts of io.Copy.
type (
	onlyWriter struct{ io.Writer }
	onlyReader struct{ io.Reader }
)

// bzip2: a stream is "BZh", the block size, then blocks that begin with this 48-bit magic, or an end magic.
var bzip2Codec = &codec{name: "bzip2", stream: bunzip2}

var (
	bzip2Block = []byte{0x31, 0x41, 0x59, 0x26, 0x53, 0x59}
	bzip2End   = []byte{0x17, 0x72, 0x45, 0x38, 0x50, 0x90}
)

func isBzip2(head []byte) bool {
	return len(head) >= 10 && bytes.HasPrefix(head, []byte("BZh")) && head[3] >= '1' && head[3] <= '9' &&
		(bytes.Equal(head[4:10], bzip2Block) || bytes.Equal(head[4:10], bzip2End))
}

func bunzip2(in *input, w io.Writer) error {
	_, err := io.CopyBuffer(onlyWriter{w}, bzip2.NewReader(in.Reader), make([]byte, copySize))
	if err == bzip2.StructuralError("bad magic value in continuation file") { // it took two bytes of what follows
		var trailing *trailingError
		if _, err = in.more(func([]byte) bool { return false }); errors.As(err, &trailing) {
			trailing.offset -= 2
		}
	}
	return err
}
