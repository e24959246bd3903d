package bindings

import (
	"errors"
	"fmt"
	"io"

	"github.com/dop251/goja"
)

var closeMembers = []*Member{
	{Name: "close", Type: "void", native: on((*vm).close),
		Help: "Closes an image that the script opened: its file and its memory are given back, and what was taken from it can be used no more. " +
			"Closing it again does nothing."},
	{Name: disposeMember, Type: "void", Help: "close, for `using other = open(path)`.", native: on((*vm).close)},
	{Name: "closed", Kind: Property, Type: "boolean", Help: "Whether it was closed.",
		native: on(func(v *vm, c call) goja.Value { return c.b.boolean(v.closed) })},
}

const disposeMember = "[Symbol.dispose]"

// ofVM is what belongs to a VM and is of no use once that is closed.
type ofVM interface{ owner() *vm }

func (m *memoryObject) owner() *vm { return m.vm }
func (o *cpuObject) owner() *vm    { return o.vm }
func (d *deviceObject) owner() *vm { return d.vm }
func (p *pointer) owner() *vm      { return p.memory.vm }
func (v *structValue) owner() *vm  { return v.m.vm }
func (l *linux) owner() *vm        { return l.vm }

// close closes an image. Loops over sequences may be under way, and their work runs on other goroutines: the file stays open until the
// last of them has ended.
func (v *vm) close(c call) goja.Value {
	b := v.b
	switch {
	case v.closed:
		return goja.Undefined()
	case !v.opened:
		c.throwType("VM.close: the script did not open this image, so it cannot close it")
	}
	v.closed = true
	b.closed++
	delete(b.vms, v.target)
	v.reverse, v.linux = nil, nil
	if closer, ok := v.target.(io.Closer); ok {
		b.toClose = append(b.toClose, closer)
	}
	b.closeIdle()
	return goja.Undefined()
}

// closeIdle closes what waits for it, once no loop is under way.
func (b *Bindings) closeIdle() {
	if b.loops > 0 {
		return
	}
	list := b.toClose
	b.toClose = nil
	var errs []error
	for _, closer := range list {
		errs = append(errs, closer.Close())
	}
	b.must(errors.Join(errs...))
}

// mustBeOpen throws where an object's VM was closed.
func (c call) mustBeOpen(self any) {
	if c.member.Name == "close" || c.member.Name == "closed" || c.member.Name == "path" || c.member.Name == disposeMember {
		return
	}
	if o, ok := self.(ofVM); ok {
		o.owner().mustBeOpen()
	}
}

func (v *vm) mustBeOpen() {
	if v != nil && v.closed {
		panic(v.b.typeError("the image %s was closed", v.title()))
	}
}

func (v *vm) title() string {
	if path := v.target.Info().Path; path != "" {
		return path
	}
	return "without a file"
}

func (v *vm) printClosed() string { return fmt.Sprintf("VM %s (closed)", v.title()) }
