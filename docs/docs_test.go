// Package docs holds the documentation; its tests run what the documentation shows.
package docs

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/bindings"
	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/scripts"
)

// TestZeroRuns runs the worked example of scripts.md as the command does.
func TestZeroRuns(t *testing.T) {
	img, err := savevm.Open("../testdata/pg64.sav")
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	host, err := runtime.New(runtime.Config{Files: runtime.OSFiles(), ModulePath: []string{"examples"}, Builtins: scripts.FS})
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	_, err = bindings.New(host, img, bindings.Options{Emit: func(row goja.Value) error {
		o := row.(*goja.Object)
		b, err := json.Marshal([]string{o.Get("base").String(), o.Get("size").String()})
		rows = append(rows, string(b))
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	exports, err := host.Load(t.Context(), "examples/zero-runs/zeros.js")
	if err != nil {
		t.Fatal(err)
	}
	command, ok, err := scripts.ParseCommand(host.Runtime(), exports)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	values, _, err := command.Parse(host.Runtime(), []string{"--min", "1M"})
	if err != nil {
		t.Fatal(err)
	}
	host.SetMainArguments(host.Runtime().Get("vm"), values)
	if _, err := host.CallMain(t.Context(), exports); err != nil {
		t.Fatal(err)
	}
	// The guest writes at 4, 8 and 12 MiB, and nothing in between (testdata/guest/pgguest.asm).
	if got, want := strings.Join(rows, " "), `["4198400","4190208"] ["8404992","4177920"] ["12599296","4177920"]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	v, err := host.RunString(t.Context(), "demo.js", `require("zero-runs").zeroRuns(vm).next().value.size`)
	if err != nil || v.String() != "28672" {
		t.Errorf("%v, %v", v, err)
	}
}

// TestZeroRunsTests runs the example's own tests, which need no image.
func TestZeroRunsTests(t *testing.T) {
	var out strings.Builder
	host, err := runtime.New(runtime.Config{Files: runtime.OSFiles(), Builtins: scripts.FS, Stderr: &out})
	if err != nil {
		t.Fatal(err)
	}
	if err := bindings.Install(host, nil); err != nil {
		t.Fatal(err)
	}
	exports, err := host.Load(t.Context(), "examples/zero-runs/zero-runs.test.js")
	if err != nil {
		t.Fatal(err, out.String())
	}
	if n := exports.Get("passed").ToInteger(); n != 4 || out.String() != "4 tests passed\n" {
		t.Errorf("%d tests passed: %s", n, out.String())
	}
}

// TestMadeUpGuest runs the guest that scripts.md makes up.
func TestMadeUpGuest(t *testing.T) {
	text, err := os.ReadFile("scripts.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(text), "```js\nconst vm = synthetic(")
	code, _, ok := strings.Cut(code, "```")
	if !ok {
		t.Fatal("scripts.md makes up no guest")
	}
	host, err := runtime.New(runtime.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := bindings.Install(host, nil); err != nil {
		t.Fatal(err)
	}
	v, err := host.RunString(t.Context(), "scripts.md", "const vm = synthetic("+code)
	if err != nil || v.String() != "hello" {
		t.Errorf("%v, %v", v, err)
	}
}
