// Package debugfile reads what a kernel's symbols and types can come from besides its own memory: a vmlinux or debug file (ELF with a
// symbol table and DWARF), a System.map, or a volatility3 ISF (JSON, also .xz).
package debugfile

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"

	"github.com/ulikunitz/xz"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// A File is an opened symbol file.
type File struct {
	Path    string
	Format  string // "ELF", "System.map", "ISF"
	Symbols *symtab.Table
	Types   Types  // nil when the file has none
	BuildID []byte // of the kernel that it is about; nil when it does not say
	Banner  string // that kernel's; "" when it does not say

	closer io.Closer
}

// Types is where types come from; see symbols.TypeSource.
type Types interface {
	Type(name string) *ctype.Type
	Names() iter.Seq[string]
}

// maxUnpacked bounds a file that is compressed: ISF files of kernels take some 50 MiB.
const maxUnpacked = 1 << 30

// Open reads a symbol file for a kernel of an ABI. What the file is shows in its first bytes.
func Open(path string, abi *ctype.ABI) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	file, err := read(f, abi)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("symbol file %s: %w", path, err)
	}
	file.Path = path
	if file.closer == nil {
		f.Close()
	}
	return file, nil
}

// Close closes the file; its types can then no longer be asked for what was not asked for before.
func (f *File) Close() error {
	if f == nil || f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

func read(f *os.File, abi *ctype.ABI) (*File, error) {
	var start [6]byte
	n, err := f.ReadAt(start[:], 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch b := start[:n]; {
	case bytes.HasPrefix(b, []byte("\x7fELF")):
		return readELF(f, abi)
	case bytes.HasPrefix(b, []byte("\xfd7zXZ\x00")):
		r, err := xz.NewReader(bufio.NewReaderSize(f, 1<<20))
		if err != nil {
			return nil, err
		}
		return readISF(io.LimitReader(r, maxUnpacked), abi)
	case bytes.HasPrefix(bytes.TrimLeft(b, " \t\r\n"), []byte("{")):
		return readISF(bufio.NewReaderSize(f, 1<<20), abi)
	case len(b) > 0 && isHex(b[0]):
		return readSystemMap(f)
	}
	return nil, fmt.Errorf("it is neither ELF (vmlinux, debug file), nor a System.map, nor a volatility3 ISF (JSON)")
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// readSystemMap reads lines of address, type and name, as nm prints them.
func readSystemMap(r io.Reader) (*File, error) {
	var b symtab.Builder
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || len(fields) > 3 && !strings.HasPrefix(fields[3], "[") {
			continue
		}
		if len(fields) < 3 || len(fields[1]) != 1 {
			return nil, fmt.Errorf("line %d is no line of a System.map: %.60q", n, lines.Text())
		}
		address, err := strconv.ParseUint(fields[0], 16, 64)
		if err != nil {
			return nil, fmt.Errorf("line %d does not begin with an address: %.60q", n, lines.Text())
		}
		if len(fields) == 3 {
			b.Add(address, fields[1][0], fields[2])
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return &File{Format: "System.map", Symbols: b.Table("")}, nil
}
