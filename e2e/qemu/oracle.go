package qemu

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Range is a part of guest-physical memory that RAM or ROM answers for, as the CPU sees it.
type Range struct {
	GPA    uint64 `json:"gpa"`
	Size   uint64 `json:"size"`
	Block  string `json:"block"`  // the memory region; its RAMBlock may have the device's path before the name
	Offset uint64 `json:"offset"` // in that region
	Kind   string `json:"kind"`   // "ram", "rom", "romd" (flash)
	SHA256 string `json:"sha256,omitempty"`
}

var mtreeLine = regexp.MustCompile(`^\s+([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, (ram|rom|romd)\): (.+?)(?: @([0-9a-f]{16}))?(?: KVM)?$`)

// ParseMtree reads the flat view of the system's memory out of `info mtree -f`.
func ParseMtree(s string) []Range {
	var out []Range
	ours := false
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "FlatView "):
			ours = false
		case strings.HasPrefix(line, ` AS "memory"`):
			ours = true
		}
		f := mtreeLine.FindStringSubmatch(line)
		if !ours || f == nil {
			continue
		}
		first, _ := strconv.ParseUint(f[1], 16, 64)
		last, _ := strconv.ParseUint(f[2], 16, 64)
		offset, _ := strconv.ParseUint(f[5], 16, 64)
		out = append(out, Range{GPA: first, Size: last - first + 1, Block: f[4], Offset: offset, Kind: f[3]})
	}
	return out
}

// Physical is the guest-physical map with the hash of every range's bytes.
func (m *Machine) Physical() ([]Range, error) {
	s, err := m.HMP("info mtree -f")
	if err != nil {
		return nil, err
	}
	ranges := ParseMtree(s)
	if m.Map != nil {
		ranges = slices.Clone(m.Map)
	}
	if len(ranges) == 0 {
		return nil, fmt.Errorf("no RAM in info mtree -f:\n%s", s)
	}
	for i := range ranges {
		h := sha256.New()
		if err := m.PMemSave(h, ranges[i].GPA, ranges[i].Size); err != nil {
			return nil, err
		}
		ranges[i].SHA256 = hex.EncodeToString(h.Sum(nil))
	}
	return ranges, nil
}

// PMemSave copies guest-physical memory to w.
func (m *Machine) PMemSave(w io.Writer, gpa, size uint64) error {
	fifo := filepath.Join(m.dir, "pmemsave") // a pipe: gigabytes need not pass through a disk
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		return err
	}
	defer os.Remove(fifo)
	copied := make(chan error, 1)
	var n int64
	go func() {
		f, err := os.Open(fifo)
		if err == nil {
			n, err = io.Copy(w, f)
			f.Close()
		}
		copied <- err
	}()
	if err := m.QMP("pmemsave", map[string]any{"val": gpa, "size": size, "filename": fifo}, nil); err != nil {
		return err
	}
	if err := <-copied; err != nil {
		return err
	}
	if uint64(n) != size {
		return fmt.Errorf("pmemsave %#x: %d bytes instead of %d", gpa, n, size)
	}
	return nil
}

// Translate is the monitor's gva2gpa with CPU 0's tables: the physical address, or false.
func (m *Machine) Translate(va uint64) (uint64, bool, error) {
	s, err := m.HMP(fmt.Sprintf("gva2gpa %#x", va))
	if err != nil {
		return 0, false, err
	}
	s = strings.TrimSpace(s)
	if s == "Unmapped" {
		return 0, false, nil
	}
	pa, err := strconv.ParseUint(strings.TrimPrefix(s, "gpa: "), 0, 64)
	if err != nil {
		return 0, false, fmt.Errorf("gva2gpa %#x: %q", va, s)
	}
	return pa, true, nil
}

// Record writes what the monitor knows of the stopped guest into dir: registers.txt, physical.json and, where the
// architecture has it, tlb.txt (`info tlb`, x86) or mem.txt (`info mem`, riscv); with probes also translate.txt, a line
// "VA PA" or "VA unmapped" for each. suffix goes before the extension ("-reset").
func (m *Machine) Record(dir, suffix string, probes []uint64) error {
	write := func(name, content string) error {
		base, ext, _ := strings.Cut(name, ".")
		return os.WriteFile(filepath.Join(dir, base+suffix+"."+ext), []byte(content), 0o644)
	}
	registers, err := m.Registers()
	if err != nil {
		return err
	}
	if err := write("registers.txt", registers); err != nil {
		return err
	}
	physical, err := m.Physical()
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(physical, "", " ")
	if err != nil {
		return err
	}
	if err := write("physical.json", string(b)+"\n"); err != nil {
		return err
	}
	for command, file := range map[string]string{"info tlb": "tlb.txt", "info mem": "mem.txt"} {
		if file == "mem.txt" && strings.Contains(registers, "CR3=") {
			continue // x86: says less than info tlb, nothing under LA57, and QEMU 5.2 ends at it there
		}
		s, err := m.HMP(command)
		if err != nil || strings.Contains(s, "unknown command") || strings.Contains(s, "PG disabled") || strings.TrimSpace(s) == "" {
			continue // an architecture without it, or no paging
		}
		if err := write(file, s); err != nil {
			return err
		}
	}
	return m.recordTranslations(write, probes)
}

func (m *Machine) recordTranslations(write func(name, content string) error, probes []uint64) error {
	if len(probes) == 0 {
		return nil
	}
	if s, err := m.HMP("gva2gpa 0"); err != nil || strings.Contains(s, "unknown command") { // before QEMU 5.0
		return err
	}
	var out strings.Builder
	for _, va := range probes {
		pa, ok, err := m.Translate(va)
		if err != nil {
			return err
		}
		if ok {
			fmt.Fprintf(&out, "0x%016x %#x\n", va, pa)
		} else {
			fmt.Fprintf(&out, "0x%016x unmapped\n", va)
		}
	}
	return write("translate.txt", out.String())
}
