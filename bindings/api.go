package bindings

import (
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// A Class is a class of the API, an interface that plain objects have, or, with an empty name, the global functions and variables.
type Class struct {
	Name       string
	TypeParams string // "<T>"
	Extends    string
	Kind       ClassKind
	Help       string // what it is, in one or two sentences
	Members    []*Member
}

// ClassKind tells how a script meets a class.
type ClassKind uint8

const (
	KindClass   ClassKind = iota // a global class, for instanceof; scripts cannot construct it unless it has a constructor
	KindRecord                   // plain objects with a class name of their own, which methods return
	KindOptions                  // an object that a script passes in
	KindGlobals                  // the globals
)

// A Member is a row of the table: a method, a property or a constructor.
type Member struct {
	Name       string
	Kind       MemberKind
	TypeParams string // of a method: "<T>"
	Args       []Arg
	Type       string // of the property, or what the method returns, as TypeScript writes it
	Help       string // one line: units, ranges, errors
	Optional   bool   // a property that may be absent
	Pure       bool   // free of effects and fast: completion may call it with literal arguments
	Overloads  []Overload

	native native
}

// An Overload is one way to call a method that has several. Help and completion show the row's own Args; TypeScript has them all.
type Overload struct {
	TypeParams string
	Args       []Arg
	Type       string
}

// MemberKind tells what a row describes.
type MemberKind uint8

const (
	Method MemberKind = iota
	Property
	Constructor
	Static
)

// An Arg is an argument of a method.
type Arg struct {
	Name     string
	Type     string
	Help     string
	Default  string // what an absent one stands for; implies Optional
	Optional bool
	Rest     bool // takes all the arguments that follow
}

func (a Arg) optional() bool { return a.Optional || a.Default != "" }

// native is the Go function behind a row.
type native func(c call) goja.Value

// api is the table. It is filled at start, as help() refers to it.
var api []*Class

func init() {
	api = []*Class{
		&globals, &memoryClass, &vmClass, &blockClass, &addressSpaceClass, &cpuClass, &deviceClass, &linuxClass,
		&sequenceClass, &pointerClass, &structTypeClass, &structValueClass, &memoryErrorClass, &formatErrorClass, &progressClass,
	}
	memoryClass.Members = append(append(memoryClass.Members, scanMembers...), disassembleMembers...)
	vmClass.Members = slices.Concat(vmClass.Members, physicalMembers, linuxMembers, closeMembers)
	pointerClass.Members = append(pointerClass.Members, forwarded()...)
	for _, list := range [][]*Class{
		records, registerRecords, scanRecords, disassembleRecords, physicalRecords, structRecords, linuxRecords, optionRecords, scanOptions, physicalOptions, syntheticRecords,
	} {
		api = append(api, list...)
	}
}

// API returns the table. It must not be changed.
func API() []*Class { return slices.Clone(api) }

func classNamed(name string) *Class {
	for _, c := range api {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Lookup finds a row by the name of its class, "" for the globals, and its own; it looks in the classes above too.
func Lookup(class, member string) (*Member, bool) {
	for c := classNamed(class); c != nil; c = classNamed(c.Extends) {
		for _, m := range c.Members {
			if m.Name == member {
				return m, true
			}
		}
		if c.Extends == "" {
			break
		}
	}
	return nil, false
}

// Signature is the row as a script's author reads it: "read(address, length): Uint8Array", "path: string".
func (m *Member) Signature() string {
	switch m.Kind {
	case Property:
		return m.Name + ": " + m.Type
	case Constructor:
		return "new " + m.Name + "(" + argNames(m.Args) + ")"
	}
	return m.Name + "(" + argNames(m.Args) + "): " + m.Type
}

func argNames(args []Arg) string {
	var b strings.Builder
	closing := ""
	for i, a := range args {
		sep := ""
		if i > 0 {
			sep = ", "
		}
		if a.optional() {
			sep = "[" + sep
			closing += "]"
		}
		b.WriteString(sep)
		if a.Rest {
			b.WriteString("...")
		}
		b.WriteString(a.Name)
	}
	return b.String() + closing
}
