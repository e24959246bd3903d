package main

import (
	"math/big"
	"reflect"
	"strings"
	"unicode"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/runtime"
)

// printer turns a script's values into output. It is used from within a run of its host.
type printer struct {
	out     *output
	host    *runtime.Host
	encoder jsonEncoder

	bytesSymbol *goja.Symbol
	emitted     bool // the script has emitted something
}

func newPrinter(out *output, host *runtime.Host) *printer {
	symbol, _ := host.Runtime().RunString(`Symbol.for("svscript.bytes")`)
	bytesSymbol, _ := symbol.(*goja.Symbol)
	return &printer{out: out, host: host, encoder: jsonEncoder{rt: host.Runtime()}, bytesSymbol: bytesSymbol}
}

// emit prints what a script emits: one row. Bytes are written as they are.
func (p *printer) emit(v goja.Value) error {
	p.emitted = true
	return p.print(v)
}

func (p *printer) print(v goja.Value) error {
	if raw, ok := p.raw(v); ok {
		_, err := p.out.Write(raw)
		return err
	}
	var r row
	if p.out.rows.wantsJSON() {
		if r.json = p.encoder.encode(v); r.json == nil {
			r.json = []byte("null")
		}
	} else {
		r = p.row(v)
	}
	p.out.mu.Lock()
	defer p.out.mu.Unlock()
	p.out.rows.add(r)
	return p.out.err
}

// raw are the bytes that a value stands for: a Uint8Array, or an object with one, or a string, under Symbol.for("svscript.bytes"). JSON
// and CSV have values instead.
func (p *printer) raw(v goja.Value) ([]byte, bool) {
	o, ok := v.(*goja.Object)
	if !ok || p.out.json || p.out.csv {
		return nil, false
	}
	switch inner := o.GetSymbol(p.bytesSymbol).(type) {
	case *goja.Object:
		o = inner
	case goja.String:
		return []byte(inner.String()), true
	}
	if o.ExportType() != bytesType {
		return nil, false
	}
	raw, ok := o.Export().([]byte)
	return raw, ok
}

var bytesType = reflect.TypeFor[[]byte]()

// row makes the cells of a value: one a property, or one without a name where it has no properties.
func (p *printer) row(v goja.Value) row {
	v = plain(v)
	keys := rowKeys(v)
	if keys == nil {
		return row{keys: []string{""}, cells: []cell{p.cell(v)}}
	}
	o := v.(*goja.Object)
	r := row{keys: keys, cells: make([]cell, len(keys))}
	for i, k := range keys {
		r.cells[i] = p.cell(o.Get(k))
	}
	return r
}

// plain is what toJSON makes of an object that has one, such as a struct in memory; else the value.
func plain(v goja.Value) goja.Value {
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Object" {
		return v
	}
	if toJSON, ok := goja.AssertFunction(o.Get("toJSON")); ok {
		if data, err := toJSON(o); err == nil {
			return data
		}
	}
	return v
}

// rowKeys are the names of an object's own properties; nil for lists, byte data, functions, and objects of the API.
func rowKeys(v goja.Value) []string {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	switch o.ClassName() {
	case "Object", "Error":
	default:
		return nil
	}
	if t := o.ExportType(); t.Kind() == reflect.Slice || t == arrayBufferType {
		return nil
	}
	if keys := o.Keys(); len(keys) > 0 {
		return keys
	}
	return nil
}

// cell is a value on one line, without quotes around a string.
func (p *printer) cell(v goja.Value) cell {
	switch v := v.(type) {
	case nil:
		return cell{}
	case goja.String:
		return cell{text: oneLine(v.String())}
	case *goja.Symbol:
		return cell{text: v.String()}
	case *goja.Object:
		return cell{text: p.objectCell(v)}
	}
	if goja.IsUndefined(v) || goja.IsNull(v) {
		return cell{}
	}
	switch t := v.ExportType(); {
	case t == bigIntType:
		return cell{string(appendHex(nil, v.Export().(*big.Int))), true}
	case t.Kind() == reflect.Bool:
		return cell{text: v.String()}
	}
	return cell{v.String(), true}
}

// objectCell shows byte data as digits, a list of plain values with commas, and other objects as JSON or, for a table, as the console
// prints them.
func (p *printer) objectCell(o *goja.Object) string {
	if o.ClassName() == "Array" {
		var parts []string
		n := int(o.Get("length").ToInteger())
		for i := range n {
			item := o.Get(p.host.Runtime().ToValue(i).String())
			if _, nested := item.(*goja.Object); nested {
				return p.compact(o)
			}
			parts = append(parts, p.cell(item).text)
		}
		return strings.Join(parts, " ")
	}
	return p.compact(o)
}

func (p *printer) compact(o *goja.Object) string {
	if _, ok := goja.AssertFunction(o); ok {
		return "[function]"
	}
	return strings.Trim(string(p.encoder.encode(o)), `"`)
}

// oneLine escapes what would break a line or the terminal: the text may be the guest's.
func oneLine(s string) string {
	if strings.IndexFunc(s, isControl) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case isControl(r):
			b.WriteString(`\x`)
			const digits = "0123456789abcdef"
			if r > 0xff {
				r = 0xff
			}
			b.WriteByte(digits[r>>4])
			b.WriteByte(digits[r&15])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isControl(r rune) bool { return unicode.IsControl(r) }

// result prints what a script returned: nothing for undefined, rows for a list of objects, a line for each value of a sequence, else
// the value as the console shows it.
func (p *printer) result(v goja.Value) error {
	if v == nil || goja.IsUndefined(v) {
		return nil
	}
	o, _ := v.(*goja.Object)
	if o != nil && o.GetSymbol(p.bytesSymbol) != nil {
		if raw, ok := p.raw(v); ok {
			_, err := p.out.Write(raw)
			return err
		}
	}
	switch {
	case o != nil && o.ClassName() == "Array" && (p.asRows(o) || p.out.csv && !p.emitted):
		return p.each(o)
	case o != nil && isLazy(o):
		if err := p.each(o); err != nil {
			return err
		}
		return p.reportSkipped(o)
	case p.out.csv && p.emitted && rowKeys(plain(v)) == nil:
		p.out.warning("the script returned %s, which is no row of the CSV and is left out", oneLine(p.host.Inspect(v, inspectLine)))
		return nil
	case p.out.json || p.out.csv:
		return p.print(v)
	}
	text := p.show(v)
	if s, ok := v.(goja.String); ok {
		text = s.String()
	}
	return p.out.text(text + "\n")
}

// asRows tells whether a list is one of rows.
func (p *printer) asRows(list *goja.Object) bool {
	if p.out.json {
		return false
	}
	first, ok := list.Get("0").(*goja.Object)
	return ok && rowKeys(first) != nil && !p.hasOwnPrint(first)
}

// hasOwnPrint tells objects of the API that print in a way of their own, which says more than their properties in columns.
func (p *printer) hasOwnPrint(o *goja.Object) bool {
	_, ok := goja.AssertFunction(o.GetSymbol(p.host.InspectSymbol()))
	return ok && !p.out.csv
}

// isLazy tells what can be looped over but is no list, map or byte data: a Sequence, a generator, an iterator.
func isLazy(o *goja.Object) bool {
	switch t := o.ExportType(); {
	case o.ClassName() == "Array", o.ClassName() == "String", t.Kind() == reflect.Slice, t == arrayBufferType, t == mapType:
		return false
	}
	return len(o.Keys()) == 0 && isIterable(o)
}

// each prints the values of a list or a sequence as they come.
func (p *printer) each(o *goja.Object) (err error) {
	p.host.Runtime().ForOf(o, func(v goja.Value) bool {
		p.host.CheckInterrupt()
		if raw, ok := p.raw(v); ok {
			_, err = p.out.Write(raw)
		} else if item, ok := v.(*goja.Object); ok && !p.out.json && p.hasOwnPrint(item) {
			err = p.out.text(p.show(v) + "\n")
		} else {
			err = p.print(v)
		}
		return err == nil
	})
	return err
}

// inspectLine prints a value for a message of one line.
var inspectLine = runtime.InspectOptions{HexBigInt: true, Width: 1 << 20}

// show is a value as the prompt shows it.
func (p *printer) show(v goja.Value) string {
	return p.host.Inspect(v, runtime.InspectOptions{HexBigInt: true, Hexdump: true, Color: p.out.color})
}

// reportSkipped says what a sequence could not see: partial results are never silent.
func (p *printer) reportSkipped(o *goja.Object) error {
	skipped, ok := o.Get("skipped").(*goja.Object)
	if !ok || skipped.ClassName() != "Array" {
		return nil
	}
	n := skipped.Get("length").ToInteger()
	if n == 0 {
		return nil
	}
	first := p.host.Inspect(skipped.Get("0"), runtime.InspectOptions{HexBigInt: true})
	if n == 1 {
		p.out.warning("one place could not be read and was skipped: %s", first)
	} else {
		p.out.warning("%d places could not be read and were skipped, the first: %s", n, first)
	}
	return nil
}
