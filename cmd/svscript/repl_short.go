package main

import (
	"context"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/bindings"
)

// A shortCommand is a debugger's command that stands for a line of JavaScript, which it shows.
type shortCommand struct {
	name, args, help string
	// code is the JavaScript; space is the memory it is about. It returns "" for arguments that do not fit.
	code func(r *repl, space string, args []string) string
	// size is the bytes of each value, for commands whose values are printed with their addresses.
	size int
}

// A shortInput is a short command as it was typed.
type shortInput struct {
	code    string // the JavaScript that it stands for; empty when the arguments do not fit
	address string // the JavaScript of the first value's address, where size is not 0
	size    int
}

var shortCommands = []shortCommand{
	{"db", "ADDRESS [N]", "dump bytes", func(r *repl, space string, args []string) string {
		return r.at(args, 128, func(address, n string) string {
			return fmt.Sprintf("console.log(%s.hexdump(%s, %s))", space, address, n)
		})
	}, 0},
	{"dw", "ADDRESS [N]", "dump 16-bit values", dumpArray("u16", 32), 2},
	{"dd", "ADDRESS [N]", "dump 32-bit values", dumpArray("u32", 16), 4},
	{"dq", "ADDRESS [N]", "dump 64-bit values", dumpArray("u64", 8), 8},
	{"dis", "ADDRESS [N]", "disassemble instructions", disassemble, 0},
	{"vtop", "ADDRESS", "walk the page tables for a virtual address", func(r *repl, space string, args []string) string {
		if len(args) == 0 || space == "vm" {
			return ""
		}
		return space + ".walk(" + r.address(strings.Join(args, " ")) + ")"
	}, 0},
	{"pt", "[START END]", "list what the page tables map", func(r *repl, space string, args []string) string {
		switch {
		case space == "vm":
		case len(args) == 0:
			return space + ".mappings()"
		case len(args) == 2:
			return fmt.Sprintf("%s.mappings({start: %s, end: %s})", space, r.address(args[0]), r.address(args[1]))
		}
		return ""
	}, 0},
	{"find", "PATTERN", `search for a text, for bytes as 13 37 ?? ff, for a /regexp/`, func(_ *repl, space string, args []string) string {
		pattern := strings.Join(args, " ")
		switch {
		case pattern == "":
			return ""
		case regexpLiteral.MatchString(pattern), strings.ContainsAny(pattern[:1], "\"'`{["):
			return space + ".scan(" + pattern + ")"
		}
		return space + ".scan(" + strconv.Quote(pattern) + ")"
	}, 0},
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
	}, 0},
}

var (
	shortLine     = regexp.MustCompile(`^\s*(!?)(db|dw|dd|dq|dis|vtop|pt|find|regs)(?:\s+(.*?))?\s*$`)
	operatorFirst = regexp.MustCompile(`^(?:[=.(,;*%&|^<>?:]|\[|[-+/]\s|\+\+|--|=>|instanceof\b|in\b)`)
	regexpLiteral = regexp.MustCompile(`^/.+/[a-z]*$`)
	hexDigits     = regexp.MustCompile(`^(?:0[xX])?[0-9a-fA-F_` + "`" + `]*[0-9a-fA-F][0-9a-fA-F_` + "`" + `]*$`)
	count         = regexp.MustCompile(`^(?:0[xX][0-9a-fA-F]+|[0-9]+)$`)
	addressTerm   = regexp.MustCompile(`[^-+*\s]+`)
	addressSum    = regexp.MustCompile(`^[^-+*\s]+(?:\s*[-+*]\s*[^-+*\s]+)*$`)
)

func dumpArray(element string, n int) func(*repl, string, []string) string {
	return func(r *repl, space string, args []string) string {
		return r.at(args, n, func(address, n string) string {
			return fmt.Sprintf("%s.readArray(%s, %q, %s)", space, address, element, n)
		})
	}
}

// hasDisassembler tells whether the API has one.
func hasDisassembler() bool {
	_, method := bindings.Lookup("Memory", "disassemble")
	_, global := bindings.Lookup("", "disassemble")
	return method || global
}

func disassemble(r *repl, space string, args []string) string {
	return r.at(args, 10, func(address, n string) string {
		if _, ok := bindings.Lookup("Memory", "disassemble"); ok {
			code := fmt.Sprintf("%s.disassemble(%s, %s)", space, address, n)
			if space != "vm" { // once the kernel was asked for, the listing has its symbols
				code = "vm.linux; " + code
			}
			return code
		}
		return fmt.Sprintf("disassemble(%s, %s)", address, n)
	})
}

// isShort tells a short command from JavaScript: its name stands first, no operator follows, and no variable has that name.
func (r *repl) isShort(text string) bool {
	m := shortLine.FindStringSubmatch(text)
	if m == nil || r.image == nil || m[2] == "dis" && !hasDisassembler() || operatorFirst.MatchString(m[3]) && m[2] != "find" || m[2] == "find" && strings.HasPrefix(m[3], "=") {
		return false
	}
	return m[1] == "!" || r.host.Runtime().GlobalObject().Get(m[2]) == nil
}

// short reads a short command. ok is false where the text is none.
func (r *repl) short(text string) (in shortInput, ok bool) {
	if !r.isShort(text) {
		return in, false
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
		args := strings.Fields(m[3])
		if in.code = c.code(r, space, args); in.code == "" {
			r.complain("usage: %s %s", c.name, c.args)
		} else if c.size > 0 {
			in.size, in.address = c.size, in.code[strings.Index(in.code, "readArray(")+len("readArray("):strings.LastIndex(in.code, `, "u`)]
		}
	}
	return in, true
}

// runShort shows the JavaScript of a short command and runs it.
func (r *repl) runShort(in shortInput) {
	r.say(in.code)
	if in.size == 0 {
		r.evaluateAs(in.code, r.lines)
		return
	}
	r.run(func(ctx context.Context) error {
		address, err := r.host.Eval(ctx, in.address)
		if err != nil {
			return err
		}
		v, err := r.host.Eval(ctx, in.code)
		if err != nil {
			return err
		}
		return r.out.text(valueLines(address, v, in.size))
	})
}

// valueLines prints the values of a typed array, 16 bytes a line, with the address of the first of each line.
func valueLines(address, array goja.Value, size int) string {
	first, _ := address.Export().(*big.Int)
	if first == nil {
		first = big.NewInt(address.ToInteger())
	}
	values := reflect.ValueOf(array.Export())
	if values.Kind() != reflect.Slice {
		return ""
	}
	var b strings.Builder
	at := first.Uint64()
	for i := range values.Len() {
		if i*size%16 == 0 {
			if i > 0 {
				b.WriteByte('\n')
			}
			fmt.Fprintf(&b, "%016x ", at+uint64(i*size))
		}
		fmt.Fprintf(&b, " %0*x", 2*size, values.Index(i).Uint())
	}
	return b.String() + "\n"
}

func (r *repl) cpu() string { return fmt.Sprintf("vm.cpu(%d)", r.current) }

// at reads the arguments ADDRESS [N].
func (r *repl) at(args []string, n int, code func(address, n string) string) string {
	many := strconv.Itoa(n)
	if last := len(args) - 1; last > 0 && count.MatchString(args[last]) && !strings.ContainsAny(args[last-1][len(args[last-1])-1:], "+-*") {
		many, args = args[last], args[:last]
	}
	if len(args) == 0 {
		return ""
	}
	return code(r.address(strings.Join(args, " ")), many)
}

// address is the JavaScript of an address: of hexadecimal digits and names of registers, and of sums of these, or any other expression as
// it stands.
func (r *repl) address(s string) string {
	if !addressSum.MatchString(s) {
		return s
	}
	known := true
	sum := addressTerm.ReplaceAllStringFunc(s, func(term string) string {
		code := r.term(term)
		known = known && code != ""
		return code
	})
	if !known {
		return s
	}
	return sum
}

// term is the JavaScript of digits or of a register; empty for another word. Digits are hexadecimal, with 0x or without, unless they are
// the name of a register or of a variable.
func (r *repl) term(s string) string {
	digits := strings.NewReplacer("_", "", "`", "").Replace(s)
	prefixed := strings.HasPrefix(digits, "0x") || strings.HasPrefix(digits, "0X")
	switch {
	case r.isRegister(s):
		return r.cpu() + "." + s
	case !hexDigits.MatchString(s), r.host.Runtime().GlobalObject().Get(s) != nil:
		return ""
	case prefixed:
		return digits + "n"
	}
	return "0x" + digits + "n"
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
			r.complain("%v", bindings.NoCPU(r.image, arg))
			return false
		}
		r.current = n
	}
	r.say("// short commands are about " + r.cpu())
	return false
}
