package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/svscript/svscript/bindings"
)

// A shortCommand is a debugger's command that stands for a line of JavaScript, which it shows.
type shortCommand struct {
	name, args, help string
	// code is the JavaScript; space is the memory it is about. It returns "" for arguments that do not fit.
	code func(r *repl, space string, args []string) string
}

var shortCommands = []shortCommand{
	{"db", "ADDRESS [N]", "dump bytes", func(r *repl, space string, args []string) string {
		return r.at(args, 128, func(address, n string) string {
			return fmt.Sprintf("console.log(%s.hexdump(%s, %s))", space, address, n)
		})
	}},
	{"dw", "ADDRESS [N]", "dump 16-bit values", dumpArray("u16", 32)},
	{"dd", "ADDRESS [N]", "dump 32-bit values", dumpArray("u32", 16)},
	{"dq", "ADDRESS [N]", "dump 64-bit values", dumpArray("u64", 8)},
	{"dis", "ADDRESS [N]", "disassemble instructions", disassemble},
	{"vtop", "ADDRESS", "walk the page tables for a virtual address", func(r *repl, space string, args []string) string {
		if len(args) != 1 || space == "vm" {
			return ""
		}
		return space + ".walk(" + r.address(args[0]) + ")"
	}},
	{"pt", "[START END]", "list what the page tables map", func(r *repl, space string, args []string) string {
		switch {
		case space == "vm":
		case len(args) == 0:
			return space + ".mappings()"
		case len(args) == 2:
			return fmt.Sprintf("%s.mappings({start: %s, end: %s})", space, r.address(args[0]), r.address(args[1]))
		}
		return ""
	}},
	{"find", "PATTERN", `search for a text, for bytes as 13 37 ?? ff, for a /regexp/`, func(_ *repl, space string, args []string) string {
		pattern := strings.Join(args, " ")
		switch {
		case pattern == "":
			return ""
		case regexpLiteral.MatchString(pattern), strings.ContainsAny(pattern[:1], "\"'`{["):
			return space + ".scan(" + pattern + ")"
		}
		return space + ".scan(" + strconv.Quote(pattern) + ")"
	}},
	{"regs", "[CPU]", "show registers", func(r *repl, _ string, args []string) string {
		switch len(args) {
		case 0:
			return r.cpu()
		case 1:
			if _, err := strconv.Atoi(args[0]); err == nil {
				return "vm.cpu(" + args[0] + ")"
			}
		}
		return ""
	}},
}

var (
	shortLine     = regexp.MustCompile(`^\s*(!?)(db|dw|dd|dq|dis|vtop|pt|find|regs)(?:\s+(.*?))?\s*$`)
	operatorFirst = regexp.MustCompile(`^(?:[=.(,;*%&|^<>?:]|\[|[-+/]\s|\+\+|--|=>|instanceof\b|in\b)`)
	regexpLiteral = regexp.MustCompile(`^/.+/[a-z]*$`)
	hexDigits     = regexp.MustCompile(`^(?:0[xX])?[0-9a-fA-F_` + "`" + `]+$`)
	decimal       = regexp.MustCompile(`^[0-9]{1,15}$`)
)

func dumpArray(element string, n int) func(*repl, string, []string) string {
	return func(r *repl, space string, args []string) string {
		return r.at(args, n, func(address, n string) string {
			return fmt.Sprintf("%s.readArray(%s, %q, %s)", space, address, element, n)
		})
	}
}

func disassemble(r *repl, space string, args []string) string {
	if _, ok := bindings.Lookup("Memory", "disassemble"); ok {
		return r.at(args, 10, func(address, n string) string { return fmt.Sprintf("%s.disassemble(%s, %s)", space, address, n) })
	}
	if _, ok := bindings.Lookup("", "disassemble"); ok {
		return r.at(args, 10, func(address, n string) string { return fmt.Sprintf("disassemble(%s, %s)", address, n) })
	}
	r.complain("this svscript has no disassembler")
	return ""
}

// isShort tells a short command from JavaScript: its name stands first, no operator follows, and no variable has that name.
func (r *repl) isShort(text string) bool {
	m := shortLine.FindStringSubmatch(text)
	if m == nil || r.image == nil || operatorFirst.MatchString(m[3]) && m[2] != "find" || m[2] == "find" && strings.HasPrefix(m[3], "=") {
		return false
	}
	return m[1] == "!" || r.host.Runtime().GlobalObject().Get(m[2]) == nil
}

// short is the JavaScript of a short command. ok is false where the text is none; the code is empty when it was wrong.
func (r *repl) short(text string) (code string, ok bool) {
	if !r.isShort(text) {
		return "", false
	}
	m := shortLine.FindStringSubmatch(text)
	space := r.cpu() + ".space"
	if m[1] == "!" || len(r.image.CPUs()) == 0 {
		space = "vm"
	}
	for _, c := range shortCommands {
		if c.name != m[2] {
			continue
		}
		if code = c.code(r, space, strings.Fields(m[3])); code == "" {
			r.complain("usage: %s %s", c.name, c.args)
		}
	}
	return code, true
}

func (r *repl) cpu() string { return fmt.Sprintf("vm.cpu(%d)", r.current) }

// at reads the arguments ADDRESS [N].
func (r *repl) at(args []string, n int, code func(address, n string) string) string {
	count := strconv.Itoa(n)
	if last := len(args) - 1; last > 0 && hexDigits.MatchString(args[last]) {
		count, args = args[last], args[:last]
	}
	if len(args) == 0 {
		return ""
	}
	return code(r.address(strings.Join(args, " ")), count)
}

// address is the JavaScript of an address: hexadecimal digits (decimal ones, when there are no others and no 0x), a register's name,
// or an expression as it stands.
func (r *repl) address(s string) string {
	digits := strings.NewReplacer("_", "", "`", "").Replace(s)
	switch {
	case decimal.MatchString(digits):
		return digits + "n"
	case hexDigits.MatchString(s) && (strings.HasPrefix(digits, "0x") || strings.HasPrefix(digits, "0X")):
		return digits + "n"
	case r.isRegister(s):
		return r.cpu() + "." + s
	case hexDigits.MatchString(s) && r.host.Runtime().GlobalObject().Get(s) == nil:
		return "0x" + digits + "n"
	}
	return s
}

func (r *repl) isRegister(name string) bool {
	cpu := r.image.CPU(r.current)
	if cpu == nil {
		return false
	}
	_, ok := cpu.Register(name)
	return ok
}

// selectCPU is .cpu N.
func (r *repl) selectCPU(arg string) bool {
	if r.image == nil || len(r.image.CPUs()) == 0 {
		r.complain("there are no CPUs here")
		return false
	}
	if arg != "" {
		n, err := strconv.Atoi(arg)
		if err != nil || r.image.CPU(n) == nil {
			r.complain("there is no CPU %s; there are %d", arg, len(r.image.CPUs()))
			return false
		}
		r.current = n
	}
	r.say("// short commands are about " + r.cpu())
	return false
}
