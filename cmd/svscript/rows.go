package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

// A row is an emitted value, ready to print: everything of it that needs the script's runtime is done.
type row struct {
	keys  []string
	cells []cell
	json  []byte
}

// A cell is a value in a column.
type cell struct {
	text   string
	number bool // is aligned to the right
}

// A rowWriter prints rows. Its methods are called with output.mu held.
type rowWriter interface {
	add(r row)
	flush() // prints what waits
	wantsJSON() bool
}

// jsonRows prints a row a line.
type jsonRows struct{ out *output }

func (w *jsonRows) add(r row)       { w.out.write(append(r.json, '\n')) }
func (w *jsonRows) flush()          {}
func (w *jsonRows) wantsJSON() bool { return true }

// columnRows prints rows in columns. The first rows wait for one another, so that the columns and their widths fit them; after that
// each is printed as it comes. On a terminal they do not wait for long.
type columnRows struct {
	out     *output
	format  columnFormat
	waiting []row
	columns []string // nil before the first rows are printed
}

// maxWaiting is how many rows wait.
const maxWaiting = 200

// A columnFormat lays out rows whose columns are known.
type columnFormat interface {
	// begin lays out the columns for the first rows and returns the header.
	begin(columns []string, rows [][]cell) string
	line(cells []cell) string
	// again tells whether rows with further columns begin a new table; else those columns are left out.
	again() bool
}

func (w *columnRows) wantsJSON() bool { return false }

func (w *columnRows) add(r row) {
	if w.columns != nil && w.hasNew(r) {
		if w.format.again() {
			w.out.write([]byte("\n"))
			w.columns = nil
		} else {
			w.warnLeftOut(r)
		}
	}
	if w.columns != nil {
		w.out.write([]byte(w.format.line(w.arrange(r))))
		return
	}
	w.waiting = append(w.waiting, r)
	if len(w.waiting) >= maxWaiting {
		w.flush()
	} else {
		w.out.flushSoon()
	}
}

func (w *columnRows) hasNew(r row) bool {
	for _, k := range r.keys {
		if !slices.Contains(w.columns, k) {
			return true
		}
	}
	return false
}

func (w *columnRows) warnLeftOut(r row) {
	out := w.out
	for _, k := range r.keys {
		if !slices.Contains(w.columns, k) && !out.warned[k] {
			out.warned[k] = true
			if !out.quiet {
				fmt.Fprintf(out.stderr, "svscript: warning: column %q first comes after the header was printed and is left out; --json has it\n", k)
			}
		}
	}
}

// arrange puts a row's cells in the order of the columns.
func (w *columnRows) arrange(r row) []cell {
	if slices.Equal(r.keys, w.columns) {
		return r.cells
	}
	cells := make([]cell, len(w.columns))
	for i, c := range w.columns {
		if at := slices.Index(r.keys, c); at >= 0 {
			cells[i] = r.cells[at]
		}
	}
	return cells
}

func (w *columnRows) flush() {
	if len(w.waiting) == 0 {
		return
	}
	rows := w.waiting
	w.waiting = nil
	w.columns = []string{}
	for _, r := range rows {
		for _, k := range r.keys {
			if !slices.Contains(w.columns, k) {
				w.columns = append(w.columns, k)
			}
		}
	}
	arranged := make([][]cell, len(rows))
	for i, r := range rows {
		arranged[i] = w.arrange(r)
	}
	var b strings.Builder
	b.WriteString(w.format.begin(w.columns, arranged))
	for _, cells := range arranged {
		b.WriteString(w.format.line(cells))
	}
	w.out.write([]byte(b.String()))
}

// tableFormat aligns columns with spaces.
type tableFormat struct {
	color  bool
	widths []int
	right  []bool // columns of numbers
}

// maxColumn is the width beyond which a cell no longer widens its column.
const maxColumn = 60

func (t *tableFormat) again() bool { return true }

func (t *tableFormat) begin(columns []string, rows [][]cell) string {
	t.widths, t.right = make([]int, len(columns)), make([]bool, len(columns))
	header := make([]cell, len(columns))
	for i, c := range columns {
		t.widths[i] = runewidth.StringWidth(c)
		numbers, texts := 0, 0
		for _, cells := range rows {
			t.widths[i] = max(t.widths[i], min(runewidth.StringWidth(cells[i].text), maxColumn))
			switch {
			case cells[i].number:
				numbers++
			case cells[i].text != "":
				texts++
			}
		}
		t.right[i] = numbers > 0 && texts == 0
		header[i] = cell{text: c}
	}
	if len(columns) == 1 && columns[0] == "" { // values that are no rows
		return ""
	}
	line := t.line(header)
	if t.color {
		line = "\x1b[1m" + strings.TrimSuffix(line, "\n") + "\x1b[m\n"
	}
	return line
}

func (t *tableFormat) line(cells []cell) string {
	var b strings.Builder
	for i, c := range cells {
		pad := max(0, t.widths[i]-runewidth.StringWidth(c.text))
		if i > 0 {
			b.WriteString("  ")
		}
		switch {
		case t.right[i]:
			b.WriteString(strings.Repeat(" ", pad) + c.text)
		case i == len(cells)-1:
			b.WriteString(c.text)
		default:
			b.WriteString(c.text + strings.Repeat(" ", pad))
		}
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

// csvFormat quotes as RFC 4180 does; lines end with a newline alone, as other programs of the shell expect.
type csvFormat struct{}

func (csvFormat) again() bool { return false }

func (f csvFormat) begin(columns []string, _ [][]cell) string {
	header := make([]cell, len(columns))
	for i, c := range columns {
		header[i] = cell{text: c}
		if c == "" {
			header[i].text = "value"
		}
	}
	return f.line(header)
}

func (csvFormat) line(cells []cell) string {
	var b strings.Builder
	for i, c := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		if c.text == "" && len(cells) == 1 || strings.ContainsAny(c.text, "\",\r\n") || strings.HasPrefix(c.text, " ") || strings.HasSuffix(c.text, " ") {
			b.WriteString(`"` + strings.ReplaceAll(c.text, `"`, `""`) + `"`)
		} else {
			b.WriteString(c.text)
		}
	}
	return b.String() + "\n"
}
