package symbols

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/symbols/debugfile"
	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// A SymbolFileError says that [Options.SymbolFile] cannot be used: it is not the image that is at fault.
type SymbolFileError struct{ Err error }

func (e *SymbolFileError) Error() string { return e.Err.Error() }

func (e *SymbolFileError) Unwrap() error { return e.Err }

// A MismatchError says that a symbol file is of another kernel than the image's.
type MismatchError struct {
	Path   string
	What   string // what was compared: "build ID", "banner", "the distance from _text to schedule"
	File   string // what the file has
	Kernel string // what the image has
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("symbol file %s is of another kernel: its %s is %s, the image's is %s", e.Path, e.What, e.File, e.Kernel)
}

// BuildID is the kernel's, of its linker notes; nil when they cannot be read.
func (k *Kernel) BuildID() []byte {
	start, ok1 := k.Symbols.kernel.Address("__start_notes")
	stop, ok2 := k.Symbols.kernel.Address("__stop_notes")
	if ok1 && ok2 && stop > start && stop-start < 1<<16 {
		if id := debugfile.BuildID(memory.ReadSparse(k.Memory(), start, stop-start)); id != nil {
			return id
		}
	}
	id, _ := hex.DecodeString(k.VMCoreInfo()["BUILD-ID"])
	return id
}

// useFile opens the symbol file, checks that it is of this kernel, and takes from it what the kernel lacks.
func (k *Kernel) useFile(path string) error {
	file, err := debugfile.Open(path, k.ABI)
	if err != nil {
		return err
	}
	delta, how, err := k.match(file)
	if err != nil {
		file.Close()
		return err
	}
	k.file = file
	k.evidence("symbol file %s (%s): of this kernel by its %s; moved by %#x", path, file.Format, how, delta)
	if !k.Symbols.hasData() || k.Symbols.kernel.Len() == 0 {
		k.takeSymbols(file.Symbols.Shift(delta, k.arch.lowest))
	}
	return nil
}

// takeSymbols replaces the kernel's symbols by those of a file, which has all of them.
func (k *Kernel) takeSymbols(table *symtab.Table) {
	k.Symbols = newSymbols(table)
	if text := k.Symbols.first("_text", "_stext"); text != 0 {
		k.VirtualBase, k.PhysicalBase = text, text-k.delta
	}
	k.End, _ = table.Address("_end")
	k.Symbols.start, k.Symbols.end = k.VirtualBase, k.End
	if at, ok := table.Address("linux_banner"); ok {
		k.bannerAt = at
	}
}

// match checks that a file is of this kernel, by the best evidence that both have, and tells how far its addresses are moved.
func (k *Kernel) match(file *debugfile.File) (delta uint64, how string, err error) {
	delta, known := k.moved(file.Symbols)
	if id := k.BuildID(); id != nil && file.BuildID != nil {
		if !bytes.Equal(id, file.BuildID) {
			return 0, "", &MismatchError{file.Path, "build ID", hex.EncodeToString(file.BuildID), hex.EncodeToString(id)}
		}
		how = "build ID"
	} else if k.Banner != "" && file.Banner != "" {
		if k.Banner != file.Banner {
			return 0, "", &MismatchError{file.Path, "banner", fmt.Sprintf("%q", file.Banner), fmt.Sprintf("%q", k.Banner)}
		}
		how = "banner"
	}
	if file.Symbols.Len() == 0 {
		if how == "" {
			return 0, "", fmt.Errorf("symbol file %s says of no kernel that it is about: it has no build ID, banner or symbols", file.Path)
		}
		return 0, how, nil
	}
	if !known {
		return 0, "", fmt.Errorf("symbol file %s and the image have no symbol in common that tells how far the kernel was moved", file.Path)
	}
	compared, err := k.compare(file, delta)
	if err != nil {
		return 0, "", err
	}
	switch {
	case how != "":
	case compared >= 16:
		how = fmt.Sprintf("symbols (%d were compared)", compared)
	case k.Symbols.kernel.Len() == 0 && k.beginsAt(file.Symbols, delta):
		how = "distance from _text to linux_banner"
	default:
		return 0, "", fmt.Errorf("symbol file %s says of no kernel that it is about, and has only %d symbols in common with the image",
			file.Path, compared)
	}
	return delta, how, nil
}

// moved tells how far the kernel runs from where a file says its symbols are.
func (k *Kernel) moved(table *symtab.Table) (delta uint64, ok bool) {
	for _, name := range []string{"_text", "_stext", "linux_banner"} {
		here, ok1 := k.Symbols.kernel.Address(name)
		if name == "linux_banner" && k.bannerAt != 0 {
			here, ok1 = k.bannerAt, true
		}
		if there, ok2 := table.Address(name); ok1 && ok2 {
			return here - there, true
		}
	}
	return 0, false
}

// beginsAt checks that the kernel's image begins where a file has _text.
func (k *Kernel) beginsAt(table *symtab.Table, delta uint64) bool {
	for _, name := range []string{"_text", "_stext"} {
		if at, ok := table.Address(name); ok && at+delta == k.VirtualBase {
			return true
		}
	}
	return false
}

// compare checks that symbols which both have, each once, are equally far apart. It returns how many were compared.
func (k *Kernel) compare(file *debugfile.File, delta uint64) (compared int, err error) {
	n := k.Symbols.kernel.Len()
	step := max(1, n/512)
	for i := 0; i < n; i += step {
		s := k.Symbols.kernel.At(i)
		theirs := file.Symbols.Lookup(s.Name)
		if len(theirs) != 1 || len(k.Symbols.kernel.Lookup(s.Name)) != 1 || s.Address < k.arch.lowest {
			continue
		}
		if have := k.mask(theirs[0].Address + delta); have != s.Address {
			return 0, &MismatchError{file.Path, "symbol " + s.Name, fmt.Sprintf("%#x", have), fmt.Sprintf("%#x", s.Address)}
		}
		compared++
	}
	return compared, nil
}
