package symbols_test

import (
	"context"
	"fmt"

	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/symbols"
)

// The first process of a saved guest, with no file but the guest's own.
func Example() {
	img, err := savevm.Open("guest.sav")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()
	kernel, err := symbols.Find(context.Background(), symbols.Of(img), symbols.Options{})
	if err != nil {
		fmt.Println(err) // no Linux kernel: …
		return
	}
	task, err := kernel.Type("task_struct")
	if err != nil {
		fmt.Println(err)
		return
	}
	address, _ := kernel.Symbols.Address("init_task")
	value, err := ctype.DecodeAt(kernel.Memory(), address, task)
	fmt.Println(kernel.Version.Release, value.Field("comm"), err)
}
