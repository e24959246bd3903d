// Command mkimage writes big synthetic saved machines for the benchmarks: a QEMU stream (magic QEVM, version 3, RAM section
// version 4) of a pc machine as QEMU 7.2 lays it out, with a vmdescription that names an RTC whose CMOS knows the RAM, and one
// x86-64 CPU. The content is a function of -seed alone.
//
//	mkimage -ram 5G -data 800M -o big.sav
//
// Pages with data lie in runs (-run pages on average) between runs of zero pages, as in a guest that has worked for a while.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
)

// Flags of a RAM record (QEMU, migration/ram.c).
const (
	ramSaveFlagZero     = 0x02
	ramSaveFlagMemSize  = 0x04
	ramSaveFlagPage     = 0x08
	ramSaveFlagEOS      = 0x10
	ramSaveFlagContinue = 0x20
)

// Section types (QEMU, migration/savevm.h).
const (
	sectionStart   = 0x01
	sectionPart    = 0x02
	sectionEnd     = 0x03
	sectionFull    = 0x04
	vmDescription  = 0x06
	configuration  = 0x07
	sectionFooter  = 0x7e
	endOfFile      = 0x00
	pageSize       = 4096
	pagesPerPart   = 4096       // QEMU ends a PART after some 50 ms of work
	pcSplit        = 0xc0000000 // RAM below the PCI hole where it does not fit (pc 2.0 and later)
	pcSplitApplies = 0xe0000000 // from this much RAM on
)

func main() {
	log.SetFlags(0)
	ram := flag.String("ram", "5G", "RAM of the guest")
	data := flag.String("data", "800M", "of it pages that are not zero")
	run := flag.Int("run", 64, "average length of a run of pages with data")
	seed := flag.Uint64("seed", 1, "seed of the content")
	output := flag.String("o", "", "file to write")
	flag.Parse()
	if *output == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	f, err := os.Create(*output)
	if err != nil {
		log.Fatal(err)
	}
	s := &stream{w: bufio.NewWriterSize(f, 1<<20), rnd: rand.New(rand.NewPCG(*seed, 0))}
	s.write(size(*ram), size(*data), *run)
	if s.err == nil {
		s.err = s.w.Flush()
	}
	if err := f.Close(); s.err == nil {
		s.err = err
	}
	if s.err != nil {
		log.Fatal(s.err)
	}
}

// size parses "800M", "5G", or bytes; whole pages.
func size(s string) uint64 {
	shift := strings.IndexByte("KMGT", s[len(s)-1]) + 1
	n, err := strconv.ParseUint(strings.TrimRight(s, "KMGT"), 10, 32)
	if err != nil || n == 0 {
		log.Fatalf("%q is no size", s)
	}
	return n << (10 * shift) &^ (pageSize - 1)
}

// stream writes big-endian values and keeps the first error.
type stream struct {
	w       *bufio.Writer
	rnd     *rand.Rand
	err     error
	devices []device
	page    [pageSize]byte
}

func (s *stream) bytes(b []byte) {
	if s.err == nil {
		_, s.err = s.w.Write(b)
	}
}
func (s *stream) u8(v uint8)   { s.bytes([]byte{v}) }
func (s *stream) u32(v uint32) { s.bytes(binary.BigEndian.AppendUint32(nil, v)) }
func (s *stream) u64(v uint64) {
	if s.err == nil {
		_, s.err = s.w.Write(binary.BigEndian.AppendUint64(s.w.AvailableBuffer(), v))
	}
}
func (s *stream) name(n string) { s.u8(uint8(len(n))); s.text(n) }
func (s *stream) text(n string) {
	if s.err == nil {
		_, s.err = io.WriteString(s.w, n)
	}
}

func (s *stream) header(kind uint8, id uint32, name string, instance, version uint32) {
	s.u8(kind)
	s.u32(id)
	s.name(name)
	s.u32(instance)
	s.u32(version)
}

func (s *stream) footer(id uint32) { s.u8(sectionFooter); s.u32(id) }

func (s *stream) write(ram, data uint64, run int) {
	s.text("QEVM")
	s.u32(3)
	const machine = "pc-i440fx-7.2"
	s.u8(configuration)
	s.u32(uint32(len(machine)))
	s.text(machine)

	const ramID = 2
	s.header(sectionStart, ramID, "ram", 0, 4)
	s.u64(ram | ramSaveFlagMemSize)
	s.name("pc.ram")
	s.u64(ram)
	s.u64(ramSaveFlagEOS)
	s.footer(ramID)
	s.pages(ramID, ram/pageSize, data/pageSize, run)
	s.u8(sectionEnd)
	s.u32(ramID)
	s.u64(ramSaveFlagEOS)
	s.footer(ramID)

	s.rtc(ram)
	s.cpu()
	s.u8(endOfFile)
	b, err := json.Marshal(map[string]any{"page_size": pageSize, "devices": s.devices})
	if err != nil {
		log.Fatal(err)
	}
	s.u8(vmDescription)
	s.u32(uint32(len(b)))
	s.bytes(b)
}

// pages writes every page once, in PARTs.
func (s *stream) pages(id uint32, total, data uint64, run int) {
	share := float64(data) / float64(total)
	written, left, zero := uint64(0), 0, false
	for i := range total {
		if i%pagesPerPart == 0 {
			if i > 0 {
				s.u64(ramSaveFlagEOS)
				s.footer(id)
			}
			s.u8(sectionPart)
			s.u32(id)
		}
		if left == 0 {
			zero = !zero
			left = 1 + s.rnd.IntN(2*run)
			if zero {
				left = 1 + int(float64(left)*(1-share)/share)
			}
		}
		left--
		last := total-i <= data-written // the rest is all data, so that the amount is exact
		flags := uint64(ramSaveFlagPage)
		if (zero || written == data) && !last {
			flags = ramSaveFlagZero
		}
		if i > 0 {
			flags |= ramSaveFlagContinue
		}
		s.u64(i*pageSize | flags)
		if i == 0 {
			s.name("pc.ram")
		}
		if flags&ramSaveFlagZero != 0 {
			s.u8(0)
			continue
		}
		written++
		s.fill(i)
		s.bytes(s.page[:])
	}
	s.u64(ramSaveFlagEOS)
	s.footer(id)
}

// fill makes page i: pointer-like words, text and small numbers.
func (s *stream) fill(i uint64) {
	for at := 0; at < pageSize; at += 8 {
		v := s.rnd.Uint64()
		switch v & 3 {
		case 0:
			v = 0xffff888000000000 | v>>30
		case 1:
			v &= 0xffff
		case 2:
			v = 0
		}
		binary.LittleEndian.PutUint64(s.page[at:], v)
	}
	copy(s.page[:], fmt.Sprintf("page %d", i))
}

// device is an entry of the vmdescription.
type device struct {
	Name     string  `json:"name"`
	Instance uint32  `json:"instance_id"`
	VMSD     string  `json:"vmsd_name"`
	Version  uint32  `json:"version"`
	Fields   []field `json:"fields"`
}

type field struct {
	Name     string  `json:"name"`
	Type     string  `json:"type"`
	Size     int     `json:"size"`
	ArrayLen int     `json:"array_len,omitempty"`
	Struct   *layout `json:"struct,omitempty"`
}

// layout describes a struct.
type layout struct {
	VMSD    string  `json:"vmsd_name"`
	Version uint32  `json:"version"`
	Fields  []field `json:"fields"`
}

// segment is vmstate_segment (QEMU, target/i386/machine.c).
var segment = &layout{"segment", 1, []field{
	{Name: "selector", Type: "uint32", Size: 4}, {Name: "base", Type: "uint64", Size: 8}, {Name: "limit", Type: "uint32", Size: 4}, {Name: "flags", Type: "uint32", Size: 4},
}}

// full writes a device section of the described fields and enters it into the description.
func (s *stream) full(id uint32, d device, body []byte) {
	want := 0
	for _, f := range d.Fields {
		want += f.Size * max(1, f.ArrayLen)
	}
	if want != len(body) {
		log.Fatalf("%s: %d bytes, described are %d", d.Name, len(body), want)
	}
	s.header(sectionFull, id, d.Name, d.Instance, d.Version)
	s.bytes(body)
	s.footer(id)
	s.devices = append(s.devices, d)
}

func (s *stream) rtc(ram uint64) {
	below, above := ram, uint64(0)
	if ram >= pcSplitApplies {
		below, above = pcSplit, ram-pcSplit
	}
	cmos := make([]byte, 128)
	binary.LittleEndian.PutUint16(cmos[0x34:], uint16((below-16<<20)>>16))
	cmos[0x5b], cmos[0x5c], cmos[0x5d] = byte(above>>16), byte(above>>24), byte(above>>32)
	s.full(10, device{"mc146818rtc", 0, "mc146818rtc", 3, []field{
		{Name: "cmos_data", Type: "buffer", Size: 128}, {Name: "cmos_index", Type: "uint8", Size: 1},
	}}, append(cmos, 0))
}

// cpu is a CPU in 64-bit mode whose registers are known; CR3 is 0x1000.
func (s *stream) cpu() {
	var fields []field
	var body []byte
	add := func(name, typ string, size int, values ...uint64) {
		n := 0
		if len(values) > 1 {
			n = len(values)
		}
		fields = append(fields, field{Name: name, Type: typ, Size: size, ArrayLen: n})
		for _, v := range values {
			body = append(body, binary.BigEndian.AppendUint64(nil, v)[8-size:]...)
		}
	}
	add("env.regs", "uint64", 8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
	add("env.eip", "uint64", 8, 0xffffffff81000000)
	add("env.eflags", "uint64", 8, 2)
	add("env.hflags", "uint32", 4, 1<<15|1<<14|1<<7)
	for _, name := range []string{"env.segs", "env.ldt", "env.tr", "env.gdt", "env.idt"} {
		f := field{Name: name, Type: "struct", Size: 20, Struct: segment}
		if name == "env.segs" { // es, cs, ss, ds, fs, gs: flat, CS is 64-bit code
			f.ArrayLen = 6
		}
		fields = append(fields, f)
		for i := range max(1, f.ArrayLen) {
			flags := uint32(0x00c09300)
			if i == 1 {
				flags = 0x00a09b00
			}
			body = binary.BigEndian.AppendUint32(body, uint32(8*i))
			body = binary.BigEndian.AppendUint64(body, 0)
			body = binary.BigEndian.AppendUint32(body, 0xffffffff)
			body = binary.BigEndian.AppendUint32(body, flags)
		}
	}
	add("env.cr[0]", "uint64", 8, 0x80050033)
	add("env.cr[2]", "uint64", 8, 0)
	add("env.cr[3]", "uint64", 8, 0x1000)
	add("env.cr[4]", "uint64", 8, 0x6b0)
	add("env.efer", "uint64", 8, 0xd01)
	s.full(11, device{"cpu", 0, "cpu", 12, fields}, body)
}
