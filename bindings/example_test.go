package bindings_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/bindings"
	"github.com/svscript/svscript/internal/testimage"
	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
)

var imageFile = filepath.Join(testimage.Root(), "testdata", "pg64.sav")

// A script over an image, in ten lines.
func Example() {
	img, err := savevm.Open(imageFile)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()
	host, _ := runtime.New(runtime.Config{Stdout: os.Stdout})
	if err := bindings.Install(host, img); err != nil {
		fmt.Println(err)
		return
	}
	_, err = host.RunString(context.Background(), "demo.js", `
		const space = vm.cpu(0).space;
		console.log(vm.machine, space.mode, vm.readCString(0x400000, 7));
		for (const m of space.mappings({filter: "u"}).take(1)) console.log(m);`)
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// pc-i440fx-7.2 x86-4level PGGUEST
	// 0xffffffff80002000-0xffffffff80002fff     4 KiB -> 0x255000 rwxu in pages of 4 KiB
}

// Rows that a script emits come one by one, as JavaScript values.
func ExampleNew() {
	img, _ := savevm.Open(imageFile)
	defer img.Close()
	host, _ := runtime.New(runtime.Config{})
	_, err := bindings.New(host, img, bindings.Options{
		Args: []string{"pc.ram"},
		Open: bindings.OpenFile, // the script may open further images
		Emit: func(row goja.Value) error {
			o := row.ToObject(host.Runtime())
			fmt.Println(o.Get("name"), o.Get("size"))
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = host.RunString(context.Background(), "blocks.js", `
		for (const b of vm.blocks) if (args.includes(b.name)) emit({name: b.name, size: b.size});`)
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// pc.ram 16777216
}

// A read that fails in the script is the Go error of the read.
func ExampleInstall_errors() {
	img, _ := savevm.Open(imageFile)
	defer img.Close()
	host, _ := runtime.New(runtime.Config{})
	if err := bindings.Install(host, img); err != nil {
		fmt.Println(err)
		return
	}
	_, err := host.RunString(context.Background(), "bad.js", `vm.cpu(0).space.readU64(0xffffffff8000f000n)`)
	var memory *savevm.MemoryError
	if errors.As(err, &memory) {
		fmt.Printf("%#x %s\n", memory.Address, memory.Reason)
	}
	// Output:
	// 0xffffffff8000f000 unmapped
}

// The table describes every call: for an editor, a completion, a manual.
func ExampleLookup() {
	m, _ := bindings.Lookup("VM", "readU64") // of Memory, which VM extends
	fmt.Println(m.Signature())
	m, _ = bindings.Lookup("", "open")
	fmt.Println(m.Signature())
	// Output:
	// readU64(address): bigint
	// open(path[, options]): VM
}
