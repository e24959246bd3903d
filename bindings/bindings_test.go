package bindings_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/bindings"
	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
)

func openImage(tb testing.TB, name string) *savevm.Image {
	tb.Helper()
	img, err := savevm.Open(testimage.Path(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { img.Close() })
	return img
}

// newHost gives a host with the API over an image; "" is none.
func newHost(tb testing.TB, image string, o bindings.Options) *runtime.Host {
	tb.Helper()
	host, err := runtime.New(runtime.Config{Files: runtime.OSFiles()})
	if err != nil {
		tb.Fatal(err)
	}
	var target bindings.Target
	if image != "" {
		target = openImage(tb, image)
	}
	if _, err := bindings.New(host, target, o); err != nil {
		tb.Fatal(err)
	}
	return host
}

// TestScripts runs testdata/*.js. A script's first line names the image: // image: pg64. It fails by throwing.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.js"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".js"), func(t *testing.T) {
			code, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(code), "\n")
			images, ok := strings.CutPrefix(first, "// image:")
			if !ok {
				t.Fatalf("%s does not begin with // image:", file)
			}
			for _, image := range strings.Fields(images) {
				host := newHost(t, image, bindings.Options{Open: bindings.OpenFile, Args: []string{testimage.Path(t, "pg64"), testimage.Path(t, "pc-m32")}})
				for _, f := range []string{filepath.Join("testdata", "lib", "assert.js"), file} {
					code, err := os.ReadFile(f)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := host.RunString(context.Background(), f, string(code)); err != nil {
						var script *runtime.ScriptError
						if errors.As(err, &script) {
							t.Fatalf("image %s\n%s", image, script.Detail())
						}
						t.Fatal(err)
					}
				}
			}
		})
	}
}

func TestWithoutImageVMIsUndefined(t *testing.T) {
	host := newHost(t, "", bindings.Options{})
	v, err := host.RunString(context.Background(), "t.js", `typeof vm + " " + typeof hexdump + " " + typeof MemoryError`)
	if err != nil || v.String() != "undefined function function" {
		t.Fatal(v, err)
	}
}

func TestMemoryErrorIsFoundInGo(t *testing.T) {
	host := newHost(t, "pg64", bindings.Options{})
	_, err := host.RunString(context.Background(), "t.js", "\n  vm.readU64(0xffffff000n)")
	var memory *savevm.MemoryError
	if !errors.As(err, &memory) || memory.Address != 0xffffff000 {
		t.Fatalf("%#v", err)
	}
	var script *runtime.ScriptError
	if !errors.As(err, &script) || script.Name != "MemoryError" || script.Line != 2 {
		t.Fatalf("%+v", script)
	}
}

func TestOpenIsRefusedWithoutOpener(t *testing.T) {
	host := newHost(t, "", bindings.Options{})
	_, err := host.RunString(context.Background(), "t.js", `open("x.sav")`)
	if err == nil || !strings.Contains(err.Error(), "not granted") {
		t.Fatal(err)
	}
}

func TestEmitStreams(t *testing.T) {
	var rows []string
	stop := errors.New("the pipe is closed")
	host := newHost(t, "", bindings.Options{Emit: func(row goja.Value) error {
		if rows = append(rows, row.String()); len(rows) == 3 {
			return stop
		}
		return nil
	}})
	_, err := host.RunString(context.Background(), "t.js", `for (let i = 0; i < 10; i++) emit(i)`)
	if !errors.Is(err, stop) || strings.Join(rows, " ") != "0 1 2" {
		t.Fatal(rows, err)
	}
}

func TestProgressReportsScansAndScripts(t *testing.T) {
	var mu sync.Mutex
	last := map[string]bindings.Progress{}
	host := newHost(t, "pg64", bindings.Options{Progress: func(p bindings.Progress) {
		mu.Lock()
		defer mu.Unlock()
		last[p.Label] = p
	}})
	_, err := host.RunString(context.Background(), "t.js", `
		const p = progress("mine", 10); p.update(3); p.add(); p.done(); p.done();
		vm.scan("nowhere to be found").count();
		for (const h of vm.scan({u8: 1})) break;`)
	if err != nil {
		t.Fatal(err)
	}
	if p := last["mine"]; p.Done != 4 || p.Total != 10 || !p.Finished {
		t.Fatalf("%+v", p)
	}
	if p := last["scanning"]; !p.Finished {
		t.Fatalf("%+v", p)
	}
}

func TestDeadlineEndsNativeWork(t *testing.T) {
	host := newHost(t, "pg64", bindings.Options{})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	// The physical mode maps 2^64 addresses: a scan that goes on for long, of which the script sees nothing.
	_, err := host.RunString(ctx, "t.js", `for (;;) vm.space(0, "physical").scan("nowhere to be found").count()`)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 30*time.Second {
		t.Fatal(time.Since(begin), err)
	}
	if v, err := host.RunString(context.Background(), "t.js", `vm.scan("PGGUEST").count() > 0`); err != nil || !v.ToBoolean() {
		t.Fatal("the host is not usable afterwards:", v, err)
	}
}

func TestIteratorOutlivesItsRun(t *testing.T) {
	host := newHost(t, "pg64", bindings.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := host.RunString(ctx, "t.js", `var it = vm.cpu(0).space.mappings()[Symbol.iterator](); it.next()`); err != nil {
		t.Fatal(err)
	}
	cancel()
	if v, err := host.RunString(context.Background(), "t.js", `const r = it.next(); it.return(); !r.done`); err != nil || !v.ToBoolean() {
		t.Fatal(v, err)
	}
}

// TestHostsInParallel runs one script on many hosts over one image; go test -race looks on.
func TestHostsInParallel(t *testing.T) {
	img := openImage(t, "pg64")
	program, err := runtime.Compile("t.js", `
		let n = 0;
		for (let a = 0x200000n; a < 0x201000n; a += 8n) n += Number(vm.readU64(a) & 1n);
		for (const m of vm.cpu(0).space.mappings()) n++;
		n += vm.scan("PGGUEST").count() + vm.devices.length + Object.keys(vm.device("cpu").fields).length;
		n + vm.block("pc.ram").histogram({end: 0x10000}).total`)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	results := make([]string, 8)
	for i := range results {
		wg.Go(func() {
			host, err := runtime.New(runtime.Config{})
			if err == nil {
				err = bindings.Install(host, img)
			}
			for range 3 {
				var v goja.Value
				if err == nil {
					v, err = host.RunProgram(context.Background(), program)
				}
				if err != nil {
					results[i] = err.Error()
					return
				}
				results[i] = v.String()
			}
		})
	}
	wg.Wait()
	for _, r := range results {
		if r != results[0] {
			t.Fatal(results)
		}
	}
}

func TestSyntheticTarget(t *testing.T) {
	host, err := runtime.New(runtime.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := bindings.Install(host, bareTarget{}); err != nil {
		t.Fatal(err)
	}
	v, err := host.RunString(context.Background(), "t.js",
		`[vm.readU32(0), vm.cpus.length, vm.ranges.length, vm.path, vm.size, vm.space(0, "physical").readU8(1), vm.pointerSize].join()`)
	if err != nil || v.String() != "67305985,0,0,,4,2,8" {
		t.Fatal(v, err)
	}
}

func TestHelp(t *testing.T) {
	var out bytes.Buffer
	host, err := runtime.New(runtime.Config{Stdout: &out})
	if err != nil {
		t.Fatal(err)
	}
	if err := bindings.Install(host, openImage(t, "pg64")); err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{
		`help()`:                    "Globals",
		`help(vm)`:                  "VM extends Memory",
		`help(Memory)`:              "Memory\n",
		`help(vm.scan)`:             "Memory.scan(pattern[, options]): Sequence<Hit>",
		`help("vm.read")`:           "Memory.read(address, length): Uint8Array",
		`help("translate")`:         "AddressSpace.translate(va)",
		`help(open)`:                "open(path[, options]): VM",
		`help("nothing")`:           `There is no help on "nothing"`,
		`help(1)`:                   "There is no help on 1",
		`help(vm.cpu(0))`:           "CPU\n",
		`help(vm.ranges[0])`:        "Range\n",
		`help("mappings")`:          "filter",
		`help(Symbol())`:            "There is no help",
		`help(Object.create(null))`: "There is no help",
	} {
		out.Reset()
		if _, err := host.RunString(context.Background(), "t.js", code); err != nil {
			t.Errorf("%s: %v", code, err)
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s printed\n%s\nwithout %q", code, &out, want)
		}
	}
}
