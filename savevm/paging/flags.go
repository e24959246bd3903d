package paging

import (
	"fmt"
	"strings"
)

// Flags say what a mapping permits and what its page-table entry notes. In a [Mapping] and a [Walk] the permissions are the
// effective ones, combined over all levels as the architecture does; in a [Step] they are what the entry itself holds.
type Flags uint32

const (
	FlagPresent      Flags = 1 << iota // the entry is valid
	FlagRead                           // can be read; always with FlagPresent, but for RISC-V's execute-only pages
	FlagWrite                          // can be written (x86: by user code, and by the kernel when CR0.WP is set)
	FlagExec                           // instructions can be fetched, at some privilege at least
	FlagUser                           // user code (CPL 3, EL0, U-mode) has access
	FlagGlobal                         // stays in the TLB when the address space changes; arm64: nG is clear
	FlagAccessed                       // x86 and RISC-V: A; arm64: AF
	FlagDirty                          // x86 and RISC-V: D; arm64: DBM, when the hardware keeps it and the page is writable
	FlagLarge                          // the page is mapped above the last level (2M, 4M, 1G, arm64 block, RISC-V superpage)
	FlagWriteThrough                   // x86 PWT
	FlagNoCache                        // x86 PCD
	FlagUXN                            // arm64: user code cannot fetch instructions here
	FlagPXN                            // arm64: the kernel cannot fetch instructions here
)

// flagNames is in the order of the bits. A letter is what ParseFlags takes.
var flagNames = []struct {
	flag   Flags
	letter byte
	name   string
}{
	{FlagPresent, 'p', "present"},
	{FlagRead, 'r', "read"},
	{FlagWrite, 'w', "write"},
	{FlagExec, 'x', "exec"},
	{FlagUser, 'u', "user"},
	{FlagGlobal, 'g', "global"},
	{FlagAccessed, 'a', "accessed"},
	{FlagDirty, 'd', "dirty"},
	{FlagLarge, 'l', "large"},
	{FlagWriteThrough, 0, "write-through"},
	{FlagNoCache, 0, "no-cache"},
	{FlagUXN, 0, "uxn"},
	{FlagPXN, 0, "pxn"},
}

// String gives the permissions as four letters: "rwxu", "r--u", "rw--".
func (f Flags) String() string {
	b := []byte("----")
	for i, p := range [...]Flags{FlagRead, FlagWrite, FlagExec, FlagUser} {
		if f&p != 0 {
			b[i] = "rwxu"[i]
		}
	}
	return string(b)
}

// Names gives every flag that is set by its name: "present", "read", "write", "exec", "user", "global", "accessed", "dirty",
// "large", "write-through", "no-cache", "uxn", "pxn".
func (f Flags) Names() []string {
	var names []string
	for _, n := range flagNames {
		if f&n.flag != 0 {
			names = append(names, n.name)
		}
	}
	return names
}

// ParseFlags reads flags as letters, as String prints them and as filters are written: p(resent), r, w, x, u(ser), g(lobal),
// a(ccessed), d(irty), l(arge); a hyphen stands for a letter left out.
func ParseFlags(letters string) (Flags, error) {
	var f Flags
next:
	for i := range len(letters) {
		if letters[i] == '-' {
			continue
		}
		for _, n := range flagNames {
			if n.letter == letters[i] {
				f |= n.flag
				continue next
			}
		}
		return 0, fmt.Errorf("flags %s: %s is none of p, r, w, x, u, g, a, d, l", quoted(letters), quoted(letters[i:i+1]))
	}
	return f, nil
}

func quoted(s string) string { return fmt.Sprintf("%q", strings.ToValidUTF8(s, "?")) }
