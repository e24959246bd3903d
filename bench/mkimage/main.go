// Command mkimage writes big synthetic saved machines for the benchmarks: a QEMU stream (magic QEVM, version 3, RAM section
// version 4) of a pc machine as QEMU 7.2 lays it out, with a vmdescription that names an RTC whose CMOS knows the RAM, and one
// x86-64 CPU. The content is a function of -seed alone.
//
//	mkimage -ram 5G -data 800M -o big.sav
//
// Pages with data lie in runs (-run pages on average) between runs of zero pages, as in a guest that has worked for a while.
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"github.com/svscript/svscript/savevm/synth"
)

const (
	pageSize       = 4096
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
	bytes := size(*ram)
	c := &contents{rnd: rand.New(rand.NewPCG(*seed, 0)), total: bytes / pageSize, data: size(*data) / pageSize, run: *run}
	err = guest(bytes).WriteStreamOf(f, func(uint64) []byte { return c.next() })
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		log.Fatal(err)
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

// guest is a PC with a CPU in 64-bit mode whose registers are known; CR3 is 0x1000.
func guest(ram uint64) *synth.Guest {
	g := synth.New(synth.Config{})
	if ram >= pcSplitApplies {
		g.RAM(0, pcSplit)
		g.RAM(4<<30, ram-pcSplit)
	} else {
		g.RAM(0, ram)
	}
	registers := map[string]uint64{"rip": 0xffffffff81000000, "hflags": 1<<15 | 1<<14 | 1<<7, "cr3": 0x1000}
	for i, name := range strings.Fields("rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15") {
		registers[name] = uint64(i + 1)
	}
	g.CPU(registers)
	return g
}

// contents makes the pages one after the other.
type contents struct {
	rnd         *rand.Rand
	total, data uint64 // pages, and those of them that are not zero
	run         int    // the average length of a run of these

	page          [pageSize]byte
	made, written uint64
	left          int
	zero          bool
}

// next is the next page, or nil where it is all zero.
func (c *contents) next() []byte {
	if c.left == 0 {
		c.zero = !c.zero
		c.left = 1 + c.rnd.IntN(2*c.run)
		if c.zero {
			share := float64(c.data) / float64(c.total)
			c.left = 1 + int(float64(c.left)*(1-share)/share)
		}
	}
	c.left--
	i := c.made
	c.made++
	last := c.total-i <= c.data-c.written // the rest is all data, so that the amount is exact
	if (c.zero || c.written == c.data) && !last {
		return nil
	}
	c.written++
	c.fill(i)
	return c.page[:]
}

// fill makes page i: pointer-like words, text and small numbers.
func (c *contents) fill(i uint64) {
	for at := 0; at < pageSize; at += 8 {
		v := c.rnd.Uint64()
		switch v & 3 {
		case 0:
			v = 0xffff888000000000 | v>>30
		case 1:
			v &= 0xffff
		case 2:
			v = 0
		}
		binary.LittleEndian.PutUint64(c.page[at:], v)
	}
	copy(c.page[:], fmt.Sprintf("page %d", i))
}
