package synth_test

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/svscript/svscript/bindings"
	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/synth"
)

// A guest with one page of text, which its CPU sees at a kernel's address.
func Example() {
	g := synth.New(synth.Config{})
	g.RAM(0, 16<<20)
	g.Write(0x5000, []byte("hello"))
	g.CPU(map[string]uint64{"rip": 0xffffffff80000000})
	g.Map(0, 0xffffffff80000000, 0x5000, 4096, paging.FlagRead|paging.FlagExec)
	g.Absent(0x8000, 0x1000)
	img, err := g.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	cpu := img.CPU(0)
	space, _ := cpu.Space()
	var text [5]byte
	_, err = space.ReadMemory(text[:], cpu.Value("rip"))
	fmt.Printf("%s %s %v\n", cpu.Mode(), text, err)
	_, err = img.ReadMemory(text[:], 0x8000)
	fmt.Println(err)
	// Output:
	// long hello <nil>
	// cannot read guest-physical memory at 0x8000: the image does not hold these bytes
}

// A made-up guest is a target for scripts.
func ExampleGuest_Build() {
	g := synth.New(synth.Config{Arch: "riscv64"})
	g.RAM(0x80000000, 1<<20)
	g.CPU(map[string]uint64{"a0": 42})
	g.Map(0, 0x10000, 0x80000000, 0x2000, paging.FlagRead|paging.FlagExec|paging.FlagUser)
	img, err := g.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	host, _ := runtime.New(runtime.Config{Stdout: os.Stdout})
	if err := bindings.Install(host, img); err != nil {
		fmt.Println(err)
		return
	}
	_, err = host.RunString(context.Background(), "demo.js", `
		const cpu = vm.cpu();
		console.log(cpu.a0, cpu.mode, cpu.space.mode);
		for (const m of cpu.space.mappings()) console.log(m);`)
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 42n supervisor sv39
	// 0x10000-0x11fff     8 KiB -> 0x80000000 r-xu in pages of 4 KiB
}

// The same guest as a file that every tool for QEMU's streams can read.
func ExampleGuest_WriteStream() {
	g := synth.New(synth.Config{Machine: "pc-i440fx-7.2"})
	g.RAM(0, 4<<20)
	g.Write(0x1000, []byte("hello"))
	g.CPU(nil)
	var file bytes.Buffer
	if err := g.WriteStream(&file); err != nil {
		fmt.Println(err)
		return
	}
	img, err := savevm.New(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()
	fmt.Println(img.Info().Machine, img.Info().Format, img.Info().Size, img.CPU(0).Mode())
	// Output:
	// pc-i440fx-7.2 qemu-stream 4194304 long
}
