package ctype

import (
	"strconv"
	"strings"
)

// String is the type as C names it: "struct list_head *", "char [16]", "void (*)(int)".
func (t *Type) String() string { return t.Declare("") }

// Declare is a C declaration of a name with this type: "void (*fn)(int)" for "fn".
func (t *Type) Declare(name string) string {
	budget := maxSteps
	base, declarator := t.declare(name, &budget)
	if declarator == "" {
		return base
	}
	return base + " " + declarator
}

// maxSteps bounds the pointers, arrays and functions in one declaration: a damaged description may contain itself.
const maxSteps = 500

// declare splits a declaration as C does: the type that the line begins with, and the declarator.
func (t *Type) declare(name string, budget *int) (base, declarator string) {
	d := name
	for ; *budget > 0; *budget-- {
		switch {
		case t.kind == Qualified && t.Elem().kind == Pointer:
			d = strings.TrimRight("*"+t.name+" "+d, " ")
			t = t.Elem().Elem()
			continue
		case t.kind == Qualified:
			base += t.name + " "
			t = t.Elem()
			continue
		case t.kind == Pointer:
			d = "*" + d
		case t.kind == Array:
			d = group(d) + "[" + t.length() + "]"
		case t.kind == Func:
			d = group(d) + "(" + t.parameters(budget) + ")"
		default:
			return base + t.baseName(), d
		}
		t = t.Elem()
	}
	return base + "…", d
}

// group puts a pointer in parentheses: `[]` and `()` bind closer than `*`.
func group(d string) string {
	if strings.HasPrefix(d, "*") {
		return "(" + d + ")"
	}
	return d
}

func (t *Type) length() string {
	if n := t.Len(); n >= 0 {
		return strconv.FormatInt(n, 10)
	}
	return ""
}

func (t *Type) parameters(budget *int) string {
	members := t.Members()
	if len(members) == 0 && !t.Variadic() {
		return "void"
	}
	list := make([]string, 0, len(members)+1)
	for _, m := range members {
		if *budget--; *budget <= 0 {
			list = append(list, "…")
			break
		}
		base, d := m.Type.declare(m.Name, budget)
		list = append(list, strings.TrimRight(base+" "+d, " "))
	}
	if t.Variadic() {
		list = append(list, "...")
	}
	return strings.Join(list, ", ")
}

// baseName names a type that is no pointer, array or function.
func (t *Type) baseName() string {
	switch t.kind {
	case Struct, Union, Enum:
		if t.name == "" {
			return t.kind.String() + " {…}"
		}
		return t.kind.String() + " " + t.name
	case Void:
		return "void"
	}
	if t.name == "" {
		return t.kind.String()
	}
	return t.name
}
