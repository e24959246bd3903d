package scripts

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/bindings"
	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
)

// A run is what a script did: the values that it emitted, yielded or returned as --json has them, what people see of those that have
// a text of their own, and its messages.
type run struct {
	host   *runtime.Host
	rows   []map[string]any // BigInts as "0x…"
	text   string
	stdout string
	stderr string
}

// runScript runs a bundled script as the command does.
func runScript(t testing.TB, image, script string, args ...string) *run {
	t.Helper()
	r, err := execute(t, image, script, args...)
	if err != nil {
		t.Fatalf("%s %s: %v", script, strings.Join(args, " "), describe(err))
	}
	return r
}

func describe(err error) string {
	var failed *runtime.ScriptError
	if errors.As(err, &failed) {
		return failed.Detail()
	}
	return err.Error()
}

func openImage(t testing.TB, image string) *savevm.Image {
	t.Helper()
	img, err := savevm.Open(testimage.Path(t, image))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	return img
}

// rawImage opens a file as plain memory.
func rawImage(t testing.TB, path string) *savevm.Image {
	t.Helper()
	img, err := savevm.OpenContext(t.Context(), path, savevm.Options{Raw: true, Arch: "x86_64"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { img.Close() })
	return img
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

func execute(t testing.TB, image, script string, args ...string) (*run, error) {
	t.Helper()
	var target bindings.Target
	if image != "" {
		target = openImage(t, image)
	}
	return executeOn(t, target, script, args...)
}

func executeOn(t testing.TB, target bindings.Target, script string, args ...string) (*run, error) {
	t.Helper()
	var stdout, stderr, text bytes.Buffer
	host, err := runtime.New(runtime.Config{Stdout: &stdout, Stderr: &stderr, Builtins: FS})
	if err != nil {
		t.Fatal(err)
	}
	r := &run{host: host}
	together := false // the text of all rows is there
	emit := func(row goja.Value) error {
		o, ok := row.(*goja.Object)
		if !ok {
			return fmt.Errorf("a row that is no object: %v", row)
		}
		r.rows = append(r.rows, plain(row).(map[string]any))
		if !together && o.GetSymbol(host.InspectSymbol()) != nil {
			text.WriteString(host.Inspect(row, runtime.InspectOptions{}) + "\n")
		}
		return nil
	}
	if _, err := bindings.New(host, target, bindings.Options{Emit: emit, Open: bindings.OpenFile}); err != nil {
		t.Fatal(err)
	}
	file, ok := Find(script)
	if !ok {
		t.Fatalf("there is no script %s", script)
	}
	exports, err := host.LoadBuiltin(context.Background(), file)
	if err != nil {
		return nil, err
	}
	command, ok, err := ParseCommand(host.Runtime(), exports)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s exports no command: %w", script, err)
	}
	values, help, err := command.Parse(host.Runtime(), args)
	if err != nil {
		return nil, err
	}
	if help {
		r.stdout = command.Usage()
		return r, nil
	}
	host.SetMainArguments(host.Runtime().Get("vm"), values)
	result, err := host.CallMain(context.Background(), exports)
	if o, ok := result.(*goja.Object); ok && err == nil {
		err = host.Call(context.Background(), func(rt *goja.Runtime) (err error) {
			if o.GetSymbol(goja.SymIterator) == nil {
				return emit(o)
			}
			symbol, err := rt.RunString(`Symbol.for("svscript.bytes")`)
			if err != nil {
				return err
			}
			if own := o.GetSymbol(symbol.(*goja.Symbol)); own != nil {
				text.WriteString(own.String())
				together = true
			}
			rt.ForOf(o, func(v goja.Value) bool { err = emit(v); return err == nil })
			return err
		})
	}
	r.stdout, r.stderr, r.text = stdout.String(), stderr.String(), text.String()
	return r, Failure(host, command.Name, err)
}

// plain is a value as JSON has it.
func plain(v goja.Value) any {
	switch x := v.(type) {
	case goja.String:
		return x.String()
	case *goja.Object:
		if b, ok := x.Export().([]byte); ok {
			return hex.EncodeToString(b)
		}
		if x.ClassName() == "Array" {
			list := make([]any, x.Get("length").ToInteger())
			for i := range list {
				list[i] = plain(x.Get(fmt.Sprint(i)))
			}
			return list
		}
		if b, ok := x.Export().([]byte); ok {
			return fmt.Sprintf("%x", b)
		}
		m := map[string]any{}
		for _, k := range x.Keys() {
			m[k] = plain(x.Get(k))
		}
		return m
	}
	if b, ok := v.Export().(*big.Int); ok {
		return fmt.Sprintf("%#x", b)
	}
	return v.Export()
}

// TestLibrary runs the library's own tests, lib/NAME.test.js.
func TestLibrary(t *testing.T) {
	entries, err := embedded.ReadDir("lib")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".test.js") {
			continue
		}
		t.Run(strings.TrimSuffix(e.Name(), ".test.js"), func(t *testing.T) {
			var out bytes.Buffer
			host, err := runtime.New(runtime.Config{Stdout: &out, Stderr: &out, Builtins: FS})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := bindings.New(host, openImage(t, "pg64"), bindings.Options{Emit: func(goja.Value) error { return nil }}); err != nil {
				t.Fatal(err)
			}
			result, err := host.LoadBuiltin(context.Background(), e.Name())
			if err != nil {
				t.Fatal(describe(err), out.String())
			}
			if out.Len() > 0 {
				t.Log(out.String())
			}
			if n := result.Get("failed").ToInteger(); n > 0 {
				t.Errorf("%d tests failed", n)
			}
			if n := result.Get("passed").ToInteger(); n == 0 {
				t.Error("no test ran")
			}
		})
	}
}
