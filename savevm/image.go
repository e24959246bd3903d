// Package savevm opens a saved virtual machine: what QEMU's migrate and savevm, libvirt's save and dump, and the usual
// memory dumpers write. An [Image] gives the guest's physical memory, its CPUs with their registers and address spaces, and
// its devices; it says where everything came from, and what the file does not hold.
//
//	img, err := savevm.Open("guest.sav")
//	if err != nil {
//		return err
//	}
//	defer img.Close()
//	space, err := img.CPU(0).Space()
//	pa, err := space.Translate(0xffffffff81000000)
//
// Data flows one way: the file's bytes, the layers around the stream (package container), its sections (package stream) or
// the dump's segments (package dump), RAM blocks (package ram), guest-physical memory, address spaces (package paging).
package savevm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/svscript/svscript/savevm/container"
	"github.com/svscript/svscript/savevm/dump"
	"github.com/svscript/svscript/savevm/internal/wire"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
	"github.com/svscript/svscript/savevm/ram"
	"github.com/svscript/svscript/savevm/stream"
)

// Names of package memory and stream that every user of an Image needs.
type (
	Memory      = memory.Memory
	MemoryError = memory.Error
	Extent      = memory.Extent
	Device      = stream.Device
	Block       = ram.Block
	Space       = paging.Space
)

// An Image is an opened saved virtual machine: the [Memory] of its guest-physical addresses, and what else the file holds.
// It is safe for parallel use until Close.
type Image struct {
	info     Info
	cpus     []*CPU
	devices  []*Device
	blocks   []*Block
	physical *physicalMemory
	warnings []Warning
	schema   []byte

	vmcoreInfo []byte
	contents   *container.Contents
	closers    []io.Closer
	spaces     sync.Map // Config → *paging.Space
}

// Info is what is known of the image as a whole.
type Info struct {
	Path      string // "" when the image is no file
	FileSize  int64  // bytes of the file
	Format    string // of the innermost bytes: "qemu-stream", "elf-core", "kdump", "lime", "raw"
	Version   string // of that format: "3, RAM section 4"
	Machine   string // QEMU's machine type, "pc-q35-7.2"; "" where the file does not say
	Arch      string // "x86_64", "i386", "aarch64", "riscv64"; "" where the file does not say
	PageSize  uint64 // bytes of a page of the guest's RAM in the file
	Size      uint64 // bytes of the guest's RAM
	Complete  bool   // the file is whole: nothing was cut off
	MapSource string // what the guest-physical map rests on: "CMOS of mc146818rtc", "machine type pc-q35-7.2", …
	Layers    []container.Layer
	Libvirt   *container.Libvirt   // nil without libvirt's header
	Snapshots []container.Snapshot // of a qcow2 image
}

// A Warning says what could not be read, or was inferred.
type Warning = stream.Warning

// Options say how to open an image. The zero value is useful.
type Options struct {
	Container container.Options

	// Below4G, when not 0, is how many bytes of RAM a PC has below the PCI hole, instead of what the CMOS or the machine
	// type say.
	Below4G uint64
	// Place gives the guest-physical addresses of memory devices (DIMMs), by block name, where the image does not have them.
	Place map[string]uint64
	// Map, when not nil, is the whole guest-physical map, instead of the inferred one.
	Map []Range
	// RAMFiles gives the contents of RAM blocks that the stream does not hold (x-ignore-shared), by block name: the path of
	// the file that backed the block.
	RAMFiles map[string]string
	// Raw says that the file is plain memory from guest-physical address 0 on, for which nothing in the file speaks.
	Raw bool
	// Arch names the architecture of a file that does not: "x86_64", "i386", "aarch64", "riscv64".
	Arch string
}

// An OpenError says why a file is no image that can be opened.
type OpenError struct {
	Path string
	Err  error
}

func (e *OpenError) Error() string {
	if e.Path == "" {
		return e.Err.Error()
	}
	return e.Path + ": " + e.Err.Error()
}

func (e *OpenError) Unwrap() error { return e.Err }

// ErrUnknownFormat is wrapped by the error for a file that starts like no format that can be read.
var ErrUnknownFormat = errors.New("this is no saved virtual machine that svscript knows: not a QEMU stream, libvirt save, qcow2 image with " +
	"a snapshot, ELF or kdump core, or LiME dump (plain memory needs --raw)")

// Open opens the image in a file. A damaged or truncated image is opened as far as it can be read; see [Image.Warnings].
func Open(path string) (*Image, error) {
	return OpenContext(context.Background(), path, Options{})
}

// New opens the image in the size bytes of r, which must stay readable until Close, by parallel calls too.
func New(r io.ReaderAt, size int64) (*Image, error) {
	return NewContext(context.Background(), r, size, Options{})
}

// OpenContext is [Open] with options; ctx ends a long decompression.
func OpenContext(ctx context.Context, path string, o Options) (*Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &OpenError{path, fmt.Errorf("this is no regular file; copy it to one first")}
		if info.IsDir() {
			err = &OpenError{path, fmt.Errorf("this is a directory")}
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	img, err := NewContext(ctx, f, info.Size(), o)
	if err != nil {
		f.Close()
		return nil, &OpenError{path, err}
	}
	img.info.Path = path
	img.closers = append([]io.Closer{f}, img.closers...)
	return img, nil
}

// NewContext is [New] with options.
func NewContext(ctx context.Context, r io.ReaderAt, size int64, o Options) (*Image, error) {
	img := &Image{info: Info{FileSize: size}}
	if err := img.open(ctx, r, size, o); err != nil {
		img.Close()
		return nil, err
	}
	return img, nil
}

// open goes through the layers to the innermost bytes, and reads these by the format that they start with.
func (img *Image) open(ctx context.Context, r io.ReaderAt, size int64, o Options) error {
	if size == 0 {
		return fmt.Errorf("the file is empty")
	}
	outer := wire.NewSource(r, size)
	img.closers = append(img.closers, outer)
	c, err := container.Open(ctx, outer, size, o.Container)
	if err != nil {
		return err
	}
	img.contents = c
	img.closers = append(img.closers, c)
	img.info.Layers, img.info.Libvirt, img.info.Snapshots = c.Layers, c.Libvirt, c.Snapshots
	for _, w := range c.Warnings {
		img.warnings = append(img.warnings, Warning{Offset: w.Offset, Text: w.Text})
	}
	inner := outer
	if c.Reader != io.ReaderAt(outer) {
		inner = wire.NewSource(c.Reader, c.Size)
		img.closers = append(img.closers, inner)
	}
	f, err := readContents(inner, c.Base, o)
	if err != nil {
		return err
	}
	f.complete = f.complete && !c.Cut // what is inside may look whole: only a checksum is lost
	return img.assemble(f, inner, o)
}

// found is what a format's reader made of the innermost bytes.
type found struct {
	format, version, machine, arch string
	pageSize                       uint64
	complete                       bool
	blocks                         []*Block
	devices                        []*Device
	ranges                         []Range // where the format itself states the guest-physical map
	mapSource                      string
	cpus                           []*CPU // where the format has them other than as devices
	warnings                       []Warning
	description                    []byte
	vmcoreInfo                     []byte
}

// contentFormats is every format of the innermost bytes. A new one is a row.
var contentFormats = []struct {
	match func(head []byte) bool
	read  func(src *wire.Source, base int64, o Options) (*found, error)
}{
	{stream.IsStream, readStream},
	{dump.IsELF, readDump(dump.ReadELF)},
	{dump.IsKdump, readDump(dump.ReadKdump)},
	{dump.IsFlattened, readDump(dump.ReadFlattened)},
	{dump.IsLiME, readDump(dump.ReadLiME)},
}

func readContents(src *wire.Source, base int64, o Options) (*found, error) {
	head := make([]byte, 64)
	n, _ := src.ReadAt(head, base)
	if o.Raw {
		return readDump(dump.ReadRaw)(src, base, o)
	}
	for _, f := range contentFormats {
		if f.match(head[:n]) {
			return f.read(src, base, o)
		}
	}
	if at := findStream(src, base); at >= 0 {
		f, err := readStream(src, at, o)
		if err == nil {
			f.warnings = append(f.warnings, Warning{Offset: at, Text: fmt.Sprintf("the migration stream begins behind %d other bytes", at-base)})
		}
		return f, err
	}
	return nil, unknownFormat(head[:n])
}

// findStream looks for a migration stream that begins behind other bytes (QEMU's file:PATH,offset=N): for its magic and
// version, with a configuration or RAM section behind them. It gives -1 where there is none in the first MiBs.
func findStream(src *wire.Source, base int64) int64 {
	const near, step = 16 * mib, 256 * kib
	magic := []byte(stream.Magic + "\x00\x00\x00\x03")
	c := wire.NewCursor(src, base, base+near)
	for off := base; off < c.End(); off += step {
		c.Goto(off)
		b := c.Peek(step + len(magic)) // and the type of the first section
		for i := 0; ; i++ {
			j := bytes.Index(b[i:], magic)
			if j < 0 || i+j+len(magic) >= len(b) {
				break
			}
			i += j
			if next := b[i+len(magic)]; next == 0x07 || next == 0x01 {
				return off + int64(i)
			}
		}
	}
	return -1
}

// readStream reads a QEMU migration stream.
func readStream(src *wire.Source, base int64, _ Options) (*found, error) {
	s, err := stream.Read(src, base)
	if err != nil {
		return nil, err
	}
	f := &found{
		format: "qemu-stream", version: "3", machine: s.Machine, pageSize: s.PageSize, complete: s.Complete,
		blocks: s.Blocks, devices: s.Devices, warnings: s.Warnings, description: s.Description,
	}
	if s.RAMVersion != 0 {
		f.version = fmt.Sprintf("3, RAM section %d", s.RAMVersion)
	} else {
		f.warnings = append(f.warnings, Warning{Offset: -1, Text: "the stream has no RAM section"})
	}
	return f, nil
}

// assemble makes the image of what was found: CPUs, then the map of guest-physical addresses.
func (img *Image) assemble(f *found, src *wire.Source, o Options) error {
	img.info.Format, img.info.Version, img.info.Machine, img.info.Arch = f.format, f.version, f.machine, f.arch
	img.info.PageSize, img.info.Complete = f.pageSize, f.complete
	img.blocks, img.devices, img.schema = f.blocks, f.devices, f.description
	img.vmcoreInfo = f.vmcoreInfo
	img.warnings = append(img.warnings, f.warnings...)
	if err := img.addRAMFiles(o.RAMFiles); err != nil {
		return err
	}
	if f.format == "qemu-stream" {
		img.warnAbsent()
	}
	img.cpus = f.cpus
	if img.cpus == nil {
		img.cpus = img.decodeCPUs()
	}
	for _, c := range img.cpus {
		c.img = img
	}
	if img.info.Arch == "" && len(img.cpus) > 0 {
		img.info.Arch = img.cpus[0].Arch
	}
	if o.Arch != "" {
		img.info.Arch = o.Arch
	}
	m := layoutMap(img, f, o)
	img.physical = newPhysicalMemory(m.ranges)
	img.info.MapSource = m.source
	img.warnings = append(img.warnings, m.warnings...)
	if f.format != "qemu-stream" {
		img.warnTables()
	}
	img.info.Size = m.size
	if m.size == 0 {
		for _, r := range img.physical.ranges {
			if r.Kind == KindRAM {
				img.info.Size += r.Size
			}
		}
	}
	return nil
}

func (img *Image) warn(section string, format string, args ...any) {
	w := Warning{Section: section, Offset: -1, Text: fmt.Sprintf(format, args...)}
	if !slices.Contains(img.warnings, w) { // a damaged stream can have a section twice
		img.warnings = append(img.warnings, w)
	}
}

// warnAbsent says what of the RAM the stream does not hold.
func (img *Image) warnAbsent() {
	var parts []string
	hint := ""
	for _, b := range img.blocks {
		if b.HasAddress && b.Stored() == 0 {
			hint = "; the file that backed a shared block can be given with --ram-file"
		}
		if stored := b.Stored(); stored < b.Size {
			parts = append(parts, fmt.Sprintf("%d of %d pages of %s", (b.Size-stored)/b.PageSize, b.Size/b.PageSize, b.Name))
		}
	}
	if n := len(parts); n > 0 {
		const most = 8
		if n > most {
			parts = append(parts[:most], fmt.Sprintf("and of %d more blocks", n-most))
		}
		img.warn("", "RAM that is not in the image, so that reading it is an error: %s%s", strings.Join(parts, ", "), hint)
	}
}

// addRAMFiles puts the files that the user named in the place of blocks without pages.
func (img *Image) addRAMFiles(files map[string]string) error {
	for name, path := range files {
		i := slices.IndexFunc(img.blocks, func(b *Block) bool { return b.Name == name })
		if i < 0 {
			return fmt.Errorf("a file was given for RAM block %q, but the image has none of that name", name)
		}
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("the file for RAM block %q: %w", name, err)
		}
		img.closers = append(img.closers, f)
		info, err := f.Stat()
		if err != nil {
			return err
		}
		old := img.blocks[i]
		if uint64(info.Size()) < old.Size {
			return fmt.Errorf("%s has %d bytes; RAM block %q has %d", path, info.Size(), name, old.Size)
		}
		src := wire.NewSource(f, info.Size())
		img.closers = append(img.closers, src)
		b, err := ram.NewBlock(name, old.Size, old.PageSize, src)
		if err != nil {
			return err
		}
		b.Address, b.HasAddress = old.Address, old.HasAddress
		b.AddFlat(0, old.Size/old.PageSize, 0)
		b.Seal()
		img.blocks[i] = b
	}
	return nil
}

// Close frees the image. Nothing that came from it may be used afterwards.
func (img *Image) Close() error {
	var errs []error
	for _, c := range slices.Backward(img.closers) {
		errs = append(errs, c.Close())
	}
	img.closers = nil
	return errors.Join(errs...)
}

// Info returns what is known of the image as a whole.
func (img *Image) Info() Info { return img.info }

// Warnings returns what could not be read, was inferred, or differs from what the format promises.
func (img *Image) Warnings() []Warning { return img.warnings }

// CPUs returns the CPUs in order of their index.
func (img *Image) CPUs() []*CPU { return img.cpus }

// CPU returns the CPU with an index, or nil.
func (img *Image) CPU(index int) *CPU {
	for _, c := range img.cpus {
		if c.Index == index {
			return c
		}
	}
	return nil
}

// Devices returns the device sections in file order, CPUs included.
func (img *Image) Devices() []*Device { return img.devices }

// Device returns the device section of a name and instance; the name may lack the bus path before it ("vga" for
// "0000:00:02.0/vga"). It returns nil where there is none.
func (img *Image) Device(name string, instance uint32) *Device {
	for _, exact := range []bool{true, false} {
		for _, d := range img.devices {
			if d.Instance == instance && (d.Name == name || !exact && baseName(d.Name) == name) {
				return d
			}
		}
	}
	return nil
}

// Description returns the stream's vmdescription, a JSON text, or nil.
func (img *Image) Description() []byte { return img.schema }

// Blocks returns the RAM blocks in file order.
func (img *Image) Blocks() []*Block { return img.blocks }

// Block returns the RAM block of a name, which may lack the bus path before it, or nil.
func (img *Image) Block(name string) *Block {
	for _, exact := range []bool{true, false} {
		for _, b := range img.blocks {
			if b.Name == name || !exact && baseName(b.Name) == name {
				return b
			}
		}
	}
	return nil
}

// Ranges returns the guest-physical map in address order.
func (img *Image) Ranges() []Range { return img.physical.ranges }

// ReadMemory implements [Memory] over guest-physical addresses.
func (img *Image) ReadMemory(p []byte, address uint64) (int, error) {
	return img.physical.ReadMemory(p, address)
}

// Extents implements [Memory] over guest-physical addresses.
func (img *Image) Extents(first, last uint64) iter.Seq[Extent] {
	return img.physical.Extents(first, last)
}

// Space returns the address space that cfg describes over the image's guest-physical memory. One Space serves all who ask
// for the same cfg.
func (img *Image) Space(cfg paging.Config) (*Space, error) {
	if s, ok := img.spaces.Load(cfg); ok {
		return s.(*Space), nil
	}
	s, err := paging.New(img, cfg)
	if err != nil {
		return nil, err
	}
	actual, _ := img.spaces.LoadOrStore(cfg, s)
	return actual.(*Space), nil
}
