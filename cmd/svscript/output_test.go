package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/svscript/svscript/bindings"
	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm/symbols"
)

// benchmarkEmit measures one emitted row.
func benchmarkEmit(b *testing.B, args ...string) {
	f, err := parseFlags(args, func(string) string { return "" })
	if err != nil {
		b.Fatal(err)
	}
	out := newOutput(environment{stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }}, f)
	s, err := newSession(f, out, nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	code := fmt.Sprintf("for (let i = 0; i < %d; i++) emit({ address: 0xffffffff81000000n, size: i, name: 'a name', flags: 'rwx' })", b.N)
	b.ResetTimer()
	if _, err := s.host.RunString(context.Background(), "bench.js", code); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkEmitJSON(b *testing.B)  { benchmarkEmit(b, "--json") }
func BenchmarkEmitTable(b *testing.B) { benchmarkEmit(b) }
func BenchmarkEmitCSV(b *testing.B)   { benchmarkEmit(b, "--csv") }

func TestProgressLine(t *testing.T) {
	var w bytes.Buffer
	p := progress{enabled: true, width: func() int { return 80 }}
	start := time.Unix(0, 0)
	at := func(d time.Duration, r bindings.Progress) string {
		w.Reset()
		p.update(&w, r, start.Add(d))
		return w.String()
	}
	work := bindings.Progress{ID: 1, Label: "scanning", Total: 400e6}
	if got := at(0, work); got != "" {
		t.Errorf("at once: %q", got)
	}
	work.Done = 50e6
	if got := at(400*time.Millisecond, work); got != "" {
		t.Errorf("before half a second: %q", got)
	}
	work.Done = 100e6
	if got, want := at(time.Second, work), "\r\x1b[Kscanning   25%  100 M/s  3 s left"; got != want {
		t.Errorf("after a second: %q, want %q", got, want)
	}
	if got := at(time.Second+time.Millisecond, work); got != "" {
		t.Errorf("again, too soon: %q", got)
	}
	work.Finished = true
	if got := at(2*time.Second, work); got != "\r\x1b[K" {
		t.Errorf("finished: %q", got)
	}
}

// TestSymbolFileError: a symbol file of no use is a wrong argument, whatever script asked for the kernel.
func TestSymbolFileError(t *testing.T) {
	var stderr bytes.Buffer
	out := newOutput(environment{stdout: io.Discard, stderr: &stderr, getenv: func(string) string { return "" }}, &flags{})
	err := &runtime.ScriptError{Name: "Error", Message: "no symbol file", File: "linux.js", Line: 7, Err: &symbols.SymbolFileError{Err: errors.New("no symbol file")}}
	if code := out.finish(runError(context.Background(), err)); code != exitUsage || stderr.String() != "svscript: no symbol file\n" {
		t.Errorf("exit %d, %q", code, &stderr)
	}
}

func TestShortCommands(t *testing.T) {
	f := &flags{}
	out := newOutput(environment{stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }}, f)
	img, err := openImage(context.Background(), f, out, "../../testdata/pg64.sav")
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	s, err := newSession(f, out, img, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &repl{session: s, f: f}
	tests := []struct{ typed, want string }{
		{"db 0x1000", "console.log(vm.cpu(0).space.hexdump(0x1000n, 128))"},
		{"db rip 16", "console.log(vm.cpu(0).space.hexdump(vm.cpu(0).rip, 16))"},
		{"!dq 100000 4", `vm.readArray(0x100000n, "u64", 4)`},
		{"dd ffffffff80000000", `vm.cpu(0).space.readArray(0xffffffff80000000n, "u32", 16)`},
		{"dw _ + 8n", `vm.cpu(0).space.readArray(_ + 8n, "u16", 32)`},
		{"vtop 0xffffffff80000000", "vm.cpu(0).space.walk(0xffffffff80000000n)"},
		{"pt", "vm.cpu(0).space.mappings()"},
		{"pt 0 0x1000", "vm.cpu(0).space.mappings({start: 0x0n, end: 0x1000n})"},
		{"pt 1000 200a", "vm.cpu(0).space.mappings({start: 0x1000n, end: 0x200an})"},
		{"db 1000 16", "console.log(vm.cpu(0).space.hexdump(0x1000n, 16))"},
		{"db 100a", "console.log(vm.cpu(0).space.hexdump(0x100an, 128))"},
		{"db ffffffff`80000000 0x20", "console.log(vm.cpu(0).space.hexdump(0xffffffff80000000n, 0x20))"},
		{"db rip+0x10", "console.log(vm.cpu(0).space.hexdump(vm.cpu(0).rip+0x10n, 128))"},
		{"db rip + 10", "console.log(vm.cpu(0).space.hexdump(vm.cpu(0).rip + 0x10n, 128))"},
		{"dq cs.base+rip-8 2", `vm.cpu(0).space.readArray(vm.cpu(0).cs.base+vm.cpu(0).rip-0x8n, "u64", 2)`},
		{"vtop rsp + 1000", "vm.cpu(0).space.walk(vm.cpu(0).rsp + 0x1000n)"},
		{"dis rip 3", "vm.linux; vm.cpu(0).space.disassemble(vm.cpu(0).rip, 3)"},
		{"!dis 7f6d", "vm.disassemble(0x7f6dn, 10)"},
		{"db vm.size - 16 16", "console.log(vm.cpu(0).space.hexdump(vm.size - 16, 16))"},
		{`db vm.linux.symbol("init_task")`, `console.log(vm.cpu(0).space.hexdump(vm.linux.symbol("init_task"), 128))`},
		{"find 13 37 ??", `vm.cpu(0).space.scan("13 37 ??")`},
		{"!find /abc+/i", "vm.scan(/abc+/i)"},
		{`find {u32: 5}`, "vm.cpu(0).space.scan({u32: 5})"},
		{"regs", "vm.cpu(0)"},
		{"regs 1", "vm.cpu(1)"},
		// JavaScript
		{"db = 5", ""}, {"regs.length", ""}, {"find(x)", ""}, {"pt + 1", ""}, {"dq => 1", ""}, {"dd, 1", ""}, {"database", ""},
	}
	for _, tt := range tests {
		in, ok := r.short(tt.typed)
		if ok != (tt.want != "") || in.code != tt.want {
			t.Errorf("%s: %q, want %q", tt.typed, in.code, tt.want)
		}
	}
	if got := signatures("readCString"); len(got) == 0 || !strings.HasPrefix(got[0], "Memory.readCString(address") {
		t.Errorf("signatures of readCString: %q", got)
	}
}

// TestSlowRows: rows that come slowly are laid out as fast ones are, but for a terminal, which shows them.
func TestSlowRows(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		var stdout bytes.Buffer
		out := newOutput(environment{stdout: &stdout, stderr: io.Discard, getenv: func(string) string { return "" }}, &flags{})
		out.terminal = terminal
		add := func(text string) {
			out.mu.Lock()
			defer out.mu.Unlock()
			out.rows.add(row{keys: []string{"name", "x"}, cells: []cell{{text: text}, {text: "1"}}})
		}
		add("a")
		out.flushLate()
		add("longer")
		if err := out.flush(); err != nil {
			t.Fatal(err)
		}
		want := "name    x\na       1\nlonger  1\n"
		if terminal {
			want = "name  x\na     1\nlonger  1\n"
		}
		if got := stdout.String(); got != want {
			t.Errorf("terminal %v: %q, want %q", terminal, got, want)
		}
	}
}
