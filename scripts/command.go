package scripts

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// A Command is what a script declares of itself in its export `command`: its name, its arguments and options. From it come
// --help, the checking of arguments, and the line in the list of scripts.
//
//	exports.command = {
//	  name: "translate",
//	  help: "Translate a virtual address.",
//	  arguments: [{ name: "VA", type: "address", help: "the address" }],
//	  options: { cpu: { type: "number", value: "N", default: 0, help: "whose page tables" } },
//	};
//	exports.main = (vm, args) => …   // args.VA, args.cpu
type Command struct {
	Name      string
	Help      string // the first line says what it does; more may follow
	Arguments []Parameter
	Options   []Parameter
	NoImage   bool // it works without an image: `image: false`
}

// A Parameter is an argument or an option of a Command.
type Parameter struct {
	Name     string
	Short    string // an option's one letter, or ""
	Type     string // "string", "number", "address" (a BigInt), "size" (a Number; K, M and G are known), "boolean"
	Value    string // how the help names an option's value
	Help     string
	Default  goja.Value // nil where there is none
	Choices  []string
	Optional bool // of an argument
	Rest     bool // an argument that takes all that is left, as an array
	Multiple bool // an option that may be repeated: an array

	defaultText string // the default as the script wrote it
}

// A UsageError says what is wrong with the arguments of a script.
type UsageError struct {
	Command string
	Text    string
	Option  string // an option as it was given that the script does not have; else empty
}

func (e *UsageError) Error() string {
	return fmt.Sprintf("%s: %s (--help tells more)", e.Command, e.Text)
}

// ParseCommand reads the export `command` of a module. ok is false where there is none.
func ParseCommand(rt *goja.Runtime, exports *goja.Object) (c *Command, ok bool, err error) {
	o, _ := exports.Get("command").(*goja.Object)
	if o == nil {
		return nil, false, nil
	}
	c = &Command{Name: text(o, "name"), Help: strings.TrimSpace(text(o, "help"))}
	if v := o.Get("image"); v != nil && !goja.IsUndefined(v) {
		c.NoImage = !v.ToBoolean()
	}
	if list, ok := o.Get("arguments").(*goja.Object); ok {
		for i := range int(list.Get("length").ToInteger()) {
			item, ok := list.Get(strconv.Itoa(i)).(*goja.Object)
			if !ok {
				return nil, true, fmt.Errorf("command.arguments[%d] is no object", i)
			}
			c.Arguments = append(c.Arguments, parameter(text(item, "name"), item))
		}
	}
	if options, ok := o.Get("options").(*goja.Object); ok {
		for _, name := range options.Keys() {
			item, ok := options.Get(name).(*goja.Object)
			if !ok {
				return nil, true, fmt.Errorf("command.options.%s is no object", name)
			}
			c.Options = append(c.Options, parameter(name, item))
		}
	}
	for _, list := range [][]Parameter{c.Arguments, c.Options} {
		for i := range list {
			if err := c.complete(rt, &list[i]); err != nil {
				return nil, true, err
			}
		}
	}
	return c, true, nil
}

// complete checks a parameter, and makes its default a value of its type: "1M" is as good as 1048576, and 4096 as 4096n.
func (c *Command) complete(rt *goja.Runtime, p *Parameter) error {
	if !slices.Contains(parameterTypes, p.Type) {
		return fmt.Errorf("command: %s has type %q; there are %s", p.Name, p.Type, strings.Join(parameterTypes, ", "))
	}
	if p.Default == nil || goja.IsNull(p.Default) || p.Type == "string" || p.Type == "boolean" {
		return nil
	}
	if _, ok := p.Default.(*goja.Object); ok { // a list, of what may be repeated
		return nil
	}
	p.defaultText = p.Default.String()
	v, err := c.value(rt, &Parameter{Type: p.Type}, "command: the default of "+p.Name, p.defaultText)
	if wrong, ok := errors.AsType[*UsageError](err); ok {
		return errors.New(wrong.Text)
	}
	p.Default = v
	return nil
}

var parameterTypes = []string{"string", "number", "address", "size", "boolean"}

func parameter(name string, o *goja.Object) Parameter {
	p := Parameter{
		Name: name, Short: text(o, "short"), Type: cmp.Or(text(o, "type"), "string"), Value: text(o, "value"), Help: text(o, "help"),
		Optional: truth(o, "optional"), Rest: truth(o, "rest"), Multiple: truth(o, "multiple"),
	}
	if v := o.Get("default"); v != nil && !goja.IsUndefined(v) {
		p.Default, p.Optional = v, true
	}
	if list, ok := o.Get("choices").(*goja.Object); ok {
		for i := range int(list.Get("length").ToInteger()) {
			p.Choices = append(p.Choices, list.Get(strconv.Itoa(i)).String())
		}
	}
	return p
}

func text(o *goja.Object, name string) string {
	if v := o.Get(name); v != nil && !goja.IsUndefined(v) && !goja.IsNull(v) {
		return v.String()
	}
	return ""
}

func truth(o *goja.Object, name string) bool {
	v := o.Get(name)
	return v != nil && v.ToBoolean()
}

// Parse reads arguments into the object that main gets: a property for each argument and option. help is true where --help
// was among them. Wrong ones give a *UsageError.
func (c *Command) Parse(rt *goja.Runtime, args []string) (values *goja.Object, help bool, err error) {
	values = rt.NewObject()
	set := map[string]bool{}
	var operands []string
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--help" || arg == "-h" && c.option("h") == nil:
			return nil, true, nil
		case arg == "--":
			operands = append(operands, args...)
			args = nil
		case len(arg) < 2 || arg[0] != '-' || isNumber(arg):
			operands = append(operands, arg)
		default:
			if args, err = c.parseOption(rt, values, set, arg, args); err != nil {
				return nil, false, err
			}
		}
	}
	for i := range c.Options {
		p := &c.Options[i]
		if !set[p.Name] && p.Default != nil {
			values.Set(p.Name, p.Default)
		} else if !set[p.Name] && p.Type == "boolean" {
			values.Set(p.Name, false)
		} else if !set[p.Name] && p.Multiple {
			values.Set(p.Name, rt.NewArray())
		}
	}
	return values, false, c.parseOperands(rt, values, operands)
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// option finds an option by its name or its letter.
func (c *Command) option(name string) *Parameter {
	for i := range c.Options {
		if c.Options[i].Name == name || c.Options[i].Short == name {
			return &c.Options[i]
		}
	}
	return nil
}

func (c *Command) parseOption(rt *goja.Runtime, values *goja.Object, set map[string]bool, arg string, rest []string) ([]string, error) {
	name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	p := c.option(name)
	if p == nil {
		return nil, &UsageError{Command: c.Name, Text: "there is no option " + arg, Option: arg}
	}
	if p.Type == "boolean" {
		if hasValue {
			return nil, c.usage("option --%s takes no value", p.Name)
		}
		values.Set(p.Name, true)
		set[p.Name] = true
		return rest, nil
	}
	if !hasValue {
		if len(rest) == 0 {
			return nil, c.usage("option --%s wants a value", p.Name)
		}
		value, rest = rest[0], rest[1:]
	}
	v, err := c.value(rt, p, "option --"+p.Name, value)
	if err != nil {
		return nil, err
	}
	switch {
	case p.Multiple:
		array, ok := values.Get(p.Name).(*goja.Object)
		if !ok {
			array = rt.NewArray()
			values.Set(p.Name, array)
		}
		array.Set(strconv.Itoa(int(array.Get("length").ToInteger())), v)
	case set[p.Name]:
		return nil, c.usage("option --%s was given twice", p.Name)
	default:
		values.Set(p.Name, v)
	}
	set[p.Name] = true
	return rest, nil
}

func (c *Command) parseOperands(rt *goja.Runtime, values *goja.Object, operands []string) error {
	for i := range c.Arguments {
		p := &c.Arguments[i]
		if p.Rest {
			items := make([]any, 0, len(operands))
			for _, s := range operands {
				v, err := c.value(rt, p, p.Name, s)
				if err != nil {
					return err
				}
				items = append(items, v)
			}
			if len(items) == 0 && !p.Optional {
				return c.usage("%s is missing", p.Name)
			}
			values.Set(p.Name, rt.NewArray(items...))
			operands = nil
			continue
		}
		if len(operands) == 0 {
			if p.Default != nil {
				values.Set(p.Name, p.Default)
			} else if !p.Optional {
				return c.usage("%s is missing", p.Name)
			}
			continue
		}
		v, err := c.value(rt, p, p.Name, operands[0])
		if err != nil {
			return err
		}
		values.Set(p.Name, v)
		operands = operands[1:]
	}
	if len(operands) > 0 {
		return c.usage("%q is one argument too many", operands[0])
	}
	return nil
}

// value converts what the user wrote to the parameter's type.
func (c *Command) value(rt *goja.Runtime, p *Parameter, what, s string) (goja.Value, error) {
	if p.Choices != nil && !slices.Contains(p.Choices, s) {
		return nil, c.usage("%s is %q; it can be %s", what, s, strings.Join(p.Choices, ", "))
	}
	switch p.Type {
	case "number":
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			i, err := strconv.ParseInt(s, 0, 64)
			if err != nil {
				return nil, c.usage("%s wants a number, not %q", what, s)
			}
			n = float64(i)
		}
		return rt.ToValue(n), nil
	case "address":
		v, ok := new(big.Int).SetString(strings.TrimSuffix(strings.ReplaceAll(s, "_", ""), "n"), 0)
		if !ok { // addresses are often written without 0x
			v, ok = new(big.Int).SetString(s, 16)
		}
		if !ok || v.Sign() < 0 || v.BitLen() > 64 {
			return nil, c.usage("%s wants an address of up to 64 bits, as 0xffffffff81000000, not %q", what, s)
		}
		return rt.ToValue(v), nil
	case "size":
		n, err := ParseSize(s)
		if err != nil {
			return nil, c.usage("%s: %v", what, err)
		}
		return rt.ToValue(n), nil
	}
	return rt.ToValue(s), nil
}

func (c *Command) usage(format string, args ...any) error {
	return &UsageError{Command: c.Name, Text: fmt.Sprintf(format, args...)}
}

// ParseSize reads a number of bytes: 4096, 0x1000, 4K, 16M, 2G, 1T (powers of 1024).
func ParseSize(s string) (int64, error) {
	digits, shift := s, 0
	if n := len(s); n > 1 && !strings.HasPrefix(s, "0x") {
		if i := strings.IndexByte("KMGT", s[n-1]&^0x20); i >= 0 {
			digits, shift = s[:n-1], 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(digits, 0, 64)
	if err != nil || n < 0 || n > 1<<62>>shift {
		return 0, fmt.Errorf("a size is a number of bytes, as 4096, 0x1000, 64K, 16M or 2G, not %q", s)
	}
	return n << shift, nil
}

// Usage is the help text of the command, as `svscript NAME --help` prints it.
func (c *Command) Usage() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: svscript %s", c.Name)
	if !c.NoImage {
		b.WriteString(" IMAGE")
	}
	for _, p := range c.Arguments {
		name := p.Name
		if p.Rest {
			name += "..."
		}
		if p.Optional {
			name = "[" + name + "]"
		}
		b.WriteString(" " + name)
	}
	if len(c.Options) > 0 {
		b.WriteString(" [OPTION...]")
	}
	fmt.Fprintf(&b, "\n\n%s\n", c.Help)
	rows := make([][2]string, 0, 8)
	for _, p := range c.Arguments {
		if p.Help != "" {
			rows = append(rows, [2]string{p.Name, p.describe()})
		}
	}
	for _, p := range c.Options {
		name := "--" + p.Name
		if p.Short != "" {
			name = "-" + p.Short + ", " + name
		}
		if p.Type != "boolean" {
			name += " " + cmp.Or(p.Value, strings.ToUpper(p.Type))
		}
		rows = append(rows, [2]string{name, p.describe()})
	}
	width := 0
	for _, r := range rows {
		width = max(width, len(r[0]))
	}
	if len(rows) > 0 {
		b.WriteByte('\n')
	}
	for _, r := range rows {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, r[0], strings.ReplaceAll(r[1], "\n", "\n"+strings.Repeat(" ", width+4)))
	}
	return b.String()
}

// describe is a parameter's help with its choices and default.
func (p *Parameter) describe() string {
	s := p.Help
	if p.Choices != nil {
		s += " (" + strings.Join(p.Choices, ", ") + ")"
	}
	if p.Default != nil && p.Type != "boolean" {
		d := cmp.Or(p.defaultText, p.Default.String())
		if p.Type == "address" {
			if v, ok := p.Default.Export().(*big.Int); ok {
				d = "0x" + v.Text(16)
			}
		}
		s += " (default " + d + ")"
	}
	return s
}

// Summary is the first line of the help.
func (c *Command) Summary() string {
	line, _, _ := strings.Cut(c.Help, "\n")
	return line
}
