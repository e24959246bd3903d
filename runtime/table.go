package runtime

import (
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/mattn/go-runewidth"
)

// maxTableRows bounds console.table; a longer one says how many rows it leaves out.
const maxTableRows = 10000

// table is console.table: a row for each element or property, a column for each property of the rows. It is not ok for a value that
// has no rows, which is printed as console.log does.
func (h *Host) table(v, only goja.Value) (text string, ok bool) {
	o, isObject := v.(*goja.Object)
	if !isObject {
		return "", false
	}
	t := &tableText{h: h, columns: []string{"(index)"}}
	if list, ok := only.(*goja.Object); ok {
		for _, c := range h.listOf(list) {
			t.columns = append(t.columns, c.String())
		}
		t.fixed = true
	}
	switch {
	case o.ExportType() == mapType:
		t.columns[0] = "(iteration index)"
		entries := h.help.list(h.help.mapEntries, o, h.rt.ToValue(maxTableRows))[1:]
		for i := 0; i+1 < len(entries); i += 2 {
			t.cell("Key", entries[i])
			t.add(itoa(i/2), entries[i+1])
		}
	case o.ExportType() == setType && o.ClassName() != "Array" && h.isSet(o):
		t.columns[0] = "(iteration index)"
		for i, v := range h.help.list(h.help.setEntries, o, h.rt.ToValue(maxTableRows))[1:] {
			t.add(itoa(i), v)
		}
	default:
		if h.typedArray(o) != "" || o.ClassName() == "Array" {
			n := int(o.Get("length").ToInteger())
			for i := range min(n, maxTableRows) {
				t.add(itoa(i), o.Get(itoa(i)))
			}
			t.left = max(0, n-maxTableRows)
			break
		}
		for _, key := range h.help.list(h.help.keys, o) {
			if d := h.help.ownProperty(o, key); d != nil && !d.getter && !d.setter {
				t.add(key.String(), d.value)
			}
		}
	}
	return t.String(), true
}

// listOf is an array's elements.
func (h *Host) listOf(o *goja.Object) []goja.Value {
	n := int(o.Get("length").ToInteger())
	list := make([]goja.Value, 0, min(n, maxTableRows))
	for i := range min(n, maxTableRows) {
		list = append(list, o.Get(itoa(i)))
	}
	return list
}

type tableText struct {
	h       *Host
	columns []string // the index column first
	fixed   bool     // the caller named the columns
	rows    []map[string]string
	values  bool // a row had a value that is no object
	pending map[string]string
	left    int
}

const valuesColumn = "Values"

// cell puts a value into the row that add will add.
func (t *tableText) cell(column string, v goja.Value) {
	if t.pending == nil {
		t.pending = map[string]string{}
	}
	if !slices.Contains(t.columns, column) {
		if t.fixed {
			return
		}
		t.columns = append(t.columns, column)
	}
	t.pending[column] = t.text(v)
}

// text is a value in a cell: on one line.
func (t *tableText) text(v goja.Value) string {
	s := t.h.Inspect(v, InspectOptions{Depth: DepthTop, Width: 200})
	if !strings.Contains(s, "\n") {
		return s
	}
	const most = 80 // columns
	return runewidth.Truncate(strings.Join(strings.Fields(s), " "), most, "…")
}

func (t *tableText) add(index string, v goja.Value) {
	if t.pending == nil {
		t.pending = map[string]string{}
	}
	t.pending[t.columns[0]] = index
	o, ok := v.(*goja.Object)
	if _, isFunction := goja.AssertFunction(v); ok && !isFunction {
		for _, key := range t.h.help.list(t.h.help.keys, o) {
			if d := t.h.help.ownProperty(o, key); d != nil && !d.getter && !d.setter {
				t.cell(key.String(), d.value)
			}
		}
	} else {
		t.values = true
		t.pending[valuesColumn] = t.text(v)
	}
	t.rows = append(t.rows, t.pending)
	t.pending = nil
}

func (t *tableText) String() string {
	if t.values && !t.fixed && !slices.Contains(t.columns, valuesColumn) {
		t.columns = append(t.columns, valuesColumn)
	}
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = runewidth.StringWidth(c)
		for _, row := range t.rows {
			widths[i] = max(widths[i], runewidth.StringWidth(row[c]))
		}
	}
	var b strings.Builder
	rule := func(left, mid, right string) {
		b.WriteString(left)
		for i, w := range widths {
			if i > 0 {
				b.WriteString(mid)
			}
			b.WriteString(strings.Repeat("─", w+2))
		}
		b.WriteString(right)
	}
	line := func(cell func(int) string) {
		for i, w := range widths {
			s := cell(i)
			b.WriteString("│ " + s + strings.Repeat(" ", w-runewidth.StringWidth(s)+1))
		}
		b.WriteString("│\n")
	}
	rule("┌", "┬", "┐\n")
	line(func(i int) string { return t.columns[i] })
	rule("├", "┼", "┤\n")
	for _, row := range t.rows {
		line(func(i int) string { return row[t.columns[i]] })
	}
	rule("└", "┴", "┘")
	if t.left > 0 {
		b.WriteString("\n" + more(t.left, "row"))
	}
	return b.String()
}
