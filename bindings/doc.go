// Package bindings is the JavaScript API over a saved virtual machine: vm, its memory, CPUs, address spaces and devices, and the
// globals open, hexdump, emit, progress and help. It is the only place where goja meets savevm.
//
//	img, err := savevm.Open("guest.sav")
//	host, err := runtime.New(runtime.Config{Stdout: os.Stdout})
//	err = bindings.Install(host, img)
//	v, err := host.RunString(ctx, "demo", `vm.cpu(0).space.readU64(0xffffffff80000000n)`)
//
// # What a script may do
//
// [Install] gives a script the image and nothing else. [New] takes [Options]: where emitted rows go, who shows progress, and how
// open(path) opens further images; without an Opener it refuses. The target is an interface, so that a live machine or a
// synthetic one fits as well as a *savevm.Image.
//
// # One table
//
// Every class, property, method and argument is a row of the table that [API] returns, together with the Go function behind it.
// The objects in the script, help(), the signatures for completion ([Lookup]), the type declarations ([TypeScript]) and
// docs/api.md ([Markdown]) are made from it.
//
// # Conventions
//
// Addresses, registers, pointers and 64-bit values are BigInt, whatever their value; lengths, counts, indexes, offsets in files and
// values of 32 bits or fewer are Number. Byte data is a copy. What cannot be read throws a MemoryError, or is null from a method
// whose name begins with try; sequences are lazy and tell by skipped and complete what they could not see.
package bindings
