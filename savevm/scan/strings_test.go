package scan

import (
	"context"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/svscript/svscript/savevm/memory"
)

// bruteStrings extracts from runs of readable bytes as a whole.
func bruteStrings(f *fake, o StringsOptions) (found []String) {
	base, flat := f.flat()
	first, last := bounds(o.First, o.Last)
	var run []byte
	for i := range len(flat) + 1 {
		if i < len(flat) && flat[i] >= 0 && base+uint64(i) >= first && base+uint64(i) <= last {
			run = append(run, byte(flat[i]))
			continue
		}
		at := base + uint64(i-len(run))
		if o.Encoding == "both" {
			found = append(append(found, bruteRun(run, at, o.Min, "ascii")...), bruteRun(run, at, o.Min, "utf16le")...)
		} else {
			found = append(found, bruteRun(run, at, o.Min, o.Encoding)...)
		}
		run = nil
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].Address < found[j].Address })
	return found
}

func bruteRun(run []byte, base uint64, least int, encoding string) (found []String) {
	print := func(b byte) bool { return b == '\t' || b >= 0x20 && b <= 0x7e }
	for i := 0; i < len(run); {
		var s strings.Builder
		n, j := 0, i
		for j < len(run) {
			if encoding == "utf16le" {
				if !print(run[j]) || j+1 >= len(run) || run[j+1] != 0 {
					break
				}
				s.WriteByte(run[j])
				j, n = j+2, n+1
				continue
			}
			if print(run[j]) {
				s.WriteByte(run[j])
				j, n = j+1, n+1
				continue
			}
			r, size := utf8.DecodeRune(run[j:])
			if encoding != "utf8" || size < 2 || !unicode.IsPrint(r) {
				break
			}
			s.WriteRune(r)
			j, n = j+size, n+1
		}
		if n >= least {
			found = append(found, String{base + uint64(i), j - i, s.String(), encoding, false})
		}
		i = max(j, i+1)
	}
	return found
}

func TestStringsFindsWhatBruteForceFinds(t *testing.T) {
	total := 0
	for seed := range uint64(3000) {
		t.Run("", func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			shrink(t, r)
			alphabets := []string{"ab\x00", "abcdefgh\x00\x00\x00\x00\x00", "aé€😀\x01\xe2\x82", "a\x00\xff\t\n"}
			f := randomFake(r, []byte(alphabets[r.IntN(len(alphabets))]))
			o := StringsOptions{Min: 2 + r.IntN(4), Encoding: []string{"ascii", "utf8", "utf16le", "both"}[r.IntN(4)], Workers: 1 + r.IntN(3)}
			if r.IntN(2) == 0 { // longer texts
				for i := 0; i+1 < len(f.data); i += 1 + r.IntN(4) {
					if f.data[i] = 'x'; o.Encoding == "utf16le" || o.Encoding == "both" {
						f.data[i+1] = 0
						i++
					}
				}
			}
			res := Strings(context.Background(), f, o)
			got, want := slices.Collect(res.All()), bruteStrings(f, o)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d %+v chunk %d extents %+v\n got %+v\nwant %+v", seed, o, chunkSize, f.extents, got, want)
			}
			if n, want := skippedBytes(&res.Coverage), f.holes(0, ^uint64(0)); n != want || res.Complete() != (want == 0) {
				t.Errorf("seed %d: %d bytes skipped, want %d", seed, n, want)
			}
			total += len(want)
		})
	}
	if total < 3000 {
		t.Errorf("only %d strings", total)
	}
}

func TestLongStringsComeInPieces(t *testing.T) {
	for _, tc := range []struct{ name, unit, encoding string }{{"ascii", "x", "ascii"}, {"utf8", "€", "utf8"}, {"utf16le", "x\x00", "utf16le"}} {
		t.Run(tc.name, func(t *testing.T) {
			shrink(t, rand.New(rand.NewPCG(1, 1)))
			idleFill = 1 << 20
			text := strings.Repeat(tc.unit, 10001)
			mem := memory.Bytes("\x00\x00" + text + "\x01")
			at, bytes := uint64(2), 0
			pieces := slices.Collect(Strings(context.Background(), mem, StringsOptions{Encoding: tc.encoding}).All())
			for i, s := range pieces {
				if s.Address != at || s.Length > MaxString || s.Cut != (i < len(pieces)-1) || !utf8.ValidString(s.Text) {
					t.Fatalf("piece %d at %d (want %d), %d bytes, cut %v", i, s.Address, at, s.Length, s.Cut)
				}
				at += uint64(s.Length)
				bytes += s.Length
			}
			if bytes != len(text) {
				t.Errorf("%d bytes of text, want %d", bytes, len(text))
			}
		})
	}
}

func TestStringsOptionsAreChecked(t *testing.T) {
	for _, o := range []StringsOptions{{Encoding: "ebcdic"}, {Min: 1}, {Min: -3}} {
		res := Strings(context.Background(), memory.Bytes("texttext"), o)
		for range res.All() {
			t.Error("a string")
		}
		if res.Err() == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}
