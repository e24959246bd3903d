package dump

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/golang/snappy"
)

// limeRange writes a range as LiME does, or as AVML does.
func limeRange(out []byte, base uint64, data []byte, packed bool) []byte {
	le := binary.LittleEndian
	magic, version := uint32(limeMagic), uint32(1)
	if packed {
		magic, version = avmlMagic, 2
	}
	out = le.AppendUint32(le.AppendUint32(out, magic), version)
	out = le.AppendUint64(le.AppendUint64(out, base), base+uint64(len(data))-1)
	out = le.AppendUint64(out, 0)
	if !packed {
		return append(out, data...)
	}
	var buf bytes.Buffer
	w := snappy.NewBufferedWriter(&buf)
	w.Write(data)
	w.Close()
	return le.AppendUint64(append(out, buf.Bytes()...), uint64(buf.Len()))
}

// limeMemory is ranges as machines have them: inside pages, next to each other, and far above.
func limeMemory() map[uint64][]byte {
	random := rand.NewChaCha8([32]byte{2})
	m := map[uint64][]byte{0x1000: make([]byte, 0x9ec00), 0x100000: make([]byte, 0x20000), 0x120000: make([]byte, 0x1800), 1 << 32: make([]byte, 0x3000)}
	for _, base := range []uint64{0x1000, 0x100000, 1 << 32} {
		random.Read(m[base][:len(m[base])/2])
	}
	return m
}

func limeFile(packed bool) []byte {
	var b []byte
	memory := limeMemory()
	for _, base := range []uint64{0x1000, 0x100000, 0x120000, 1 << 32} {
		b = limeRange(b, base, memory[base], packed)
	}
	return b
}

func TestLiME(t *testing.T) {
	for _, packed := range []bool{false, true} {
		d := mustRead(t, limeFile(packed))
		for base, want := range limeMemory() {
			got := make([]byte, len(want))
			if err := d.readAt(got, base); err != nil || !bytes.Equal(got, want) {
				t.Errorf("packed %v: %#x: %v", packed, base, err)
			}
		}
		if err := d.readAt(make([]byte, 1), 0x1000+0x9ec00); err == nil {
			t.Error("behind the end of a range there is memory")
		}
		if len(d.Regions) != 3 || !d.Complete || d.Format != map[bool]string{false: "lime", true: "avml"}[packed] {
			t.Errorf("packed %v: %+v", packed, d)
		}
	}
}

func TestLiMEPrefixes(t *testing.T) {
	for _, packed := range []bool{false, true} {
		b := limeFile(packed)
		checkPrefixes(t, b, cuts(len(b), 100, 4096))
	}
}

func TestAVMLDamaged(t *testing.T) {
	clean := limeFile(true)
	b := slices.Clone(clean)
	b[limeHeader+10+4+4+100] ^= 1 // in the first chunk's data
	d := mustRead(t, b)
	if err := d.readAt(make([]byte, 16), 0x1000); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("%v", err)
	}
	if err := d.readAt(make([]byte, 16), 0x100000); err != nil {
		t.Error(err)
	}
	b = slices.Clone(clean)
	b[limeHeader+10] = 2 // a chunk type that must not be skipped
	if _, err := read(b); err == nil {
		t.Error("a chunk of an unknown type was read")
	}
}
