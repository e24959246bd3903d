package bindings

// prop is a row of a record: a plain property.
func prop(name, typ, help string) *Member {
	return &Member{Name: name, Kind: Property, Type: typ, Help: help}
}

// opt is a row of an options object.
func opt(name, typ, help string) *Member {
	return &Member{Name: name, Kind: Property, Type: typ, Help: help, Optional: true}
}

const flagsHelp = `The permissions as four letters: "rwxu", "r--u", "rw--".`
const attributesHelp = `Every flag by name: "present", "read", "write", "exec", "user", "global", "accessed", "dirty", "large", "write-through", "no-cache", "uxn", "pxn".`

// records are the plain objects that the API returns. Their members are properties of the objects themselves.
var records = []*Class{
	{Name: "Range", Kind: KindRecord, Help: "A part of guest-physical memory, and the RAM block that answers there.", Members: []*Member{
		prop("base", "bigint", "Physical address."),
		prop("size", "number", "Bytes."),
		prop("kind", `"ram" | "rom" | "device"`, "What it is to the guest."),
		prop("block", "string | null", "The RAM block's name, also of a device whose memory the image holds, as VGA's; null for other device memory."),
		prop("offset", "bigint", "Of base in the block."),
		prop("name", "string", `"RAM below 4 GiB", "VGA window", …`),
	}},
	{Name: "Extent", Kind: KindRecord, Help: "An interval of a Memory whose bytes are of one kind.", Members: []*Member{
		prop("base", "bigint", "Address."),
		prop("size", "number", "Bytes."),
		prop("kind", `"data" | "fill" | "absent" | "not-ram"`,
			`"data": the image holds the bytes; "fill": all bytes are equal; "absent": the image lacks them; "not-ram": device memory.`),
		prop("fill", "number | null", "The value of every byte of a fill."),
		prop("beneath", "bigint", "Where it starts in the memory beneath: the offset in the RAM block, or the physical address."),
	}},
	{Name: "Mapping", Kind: KindRecord, Help: "A run of virtual addresses that lead to as many physical ones in a row.", Members: []*Member{
		prop("base", "bigint", "Virtual address."),
		prop("size", "number", "Bytes."),
		prop("physical", "bigint", "Physical address of base."),
		prop("pageSize", "number", "Bytes of each of its pages."),
		prop("flags", "string", flagsHelp+" They are the effective ones, combined over all levels."),
		prop("attributes", "readonly string[]", attributesHelp),
	}},
	{Name: "Page", Kind: KindRecord, Extends: "Mapping", Help: "One mapped page, with the entry that maps it.", Members: []*Member{
		prop("entryAddress", "bigint", "Physical address of the page-table entry."),
		prop("entry", "bigint", "The entry."),
	}},
	{Name: "Walk", Kind: KindRecord, Help: "How one virtual address is translated.", Members: []*Member{
		prop("address", "bigint", "Virtual address."),
		prop("steps", "WalkStep[]", "Every entry that was read, the root's first."),
		prop("physical", "bigint | null", "Physical address; null when there is a fault."),
		prop("pageSize", "number | null", "Bytes of the page; null when there is a fault."),
		prop("flags", "string", flagsHelp+" They are the effective ones, combined over all levels; empty when there is a fault."),
		prop("attributes", "readonly string[]", attributesHelp),
		prop("fault", "Fault | null", "Why the walk found no page; null when it did."),
	}},
	{Name: "WalkStep", Kind: KindRecord, Help: "One page-table entry on the way.", Members: []*Member{
		prop("level", "number", "The manuals' number: x86 PML5 is 5 and PT is 1; arm64 0 to 3; riscv64 4 down to 0."),
		prop("table", "string", `"PML4", "PDPT", "PD", "PT"; "L0" …`),
		prop("tableAddress", "bigint", "Physical address of the table."),
		prop("index", "number", "Of the entry in the table."),
		prop("entryAddress", "bigint", "Physical address of the entry."),
		prop("entry", "bigint", "The entry; 0n where it could not be read."),
		prop("flags", "string", flagsHelp+" They are the entry's own."),
		prop("attributes", "readonly string[]", attributesHelp),
	}},
	{Name: "Fault", Kind: KindRecord, Help: "Where a page walk ended without a page.", Members: []*Member{
		prop("kind", "string", `"not-present", "reserved", "non-canonical", "address-size", "disabled" or "unreadable".`),
		prop("level", "number", "As in WalkStep; 0 with an empty table when no table was looked at."),
		prop("table", "string", `"PML4" …`),
		prop("entryAddress", "bigint", "Physical address of the entry."),
		prop("entry", "bigint", "The entry; 0n where it could not be read."),
		prop("bits", "bigint", "The reserved bits that are set; else 0n."),
		prop("message", "string", "The fault in words."),
	}},
	{Name: "Skip", Kind: KindRecord, Help: "A part that was wanted and could not be seen.", Members: []*Member{
		prop("address", "bigint", "Where it starts."),
		prop("size", "number", "Bytes."),
		prop("reason", "string", `"absent", "not-ram", "unmapped", or the reason in words.`),
		prop("message", "string | null", "What went wrong, where a read failed."),
	}},
	{Name: "Explanation", Kind: KindRecord, Help: "Where a byte of memory comes from.", Members: []*Member{
		prop("address", "bigint", "Physical address; for a block outside of the guest-physical map, the offset."),
		prop("range", "Range | null", "The part of guest-physical memory; null where nothing is mapped."),
		prop("block", "string | null", "The RAM block's name."),
		prop("offset", "bigint | null", "In the block."),
		prop("stored", "boolean", "Whether the image holds the byte."),
		prop("encoding", "string | null", "How its page is stored."),
		prop("fill", "number | null", "The value of every byte of the page, where it is stored as such."),
		prop("fileOffset", "number | null", "Of the byte, or of the encoded page, in the innermost file; null where it has no bytes there."),
		prop("layers", "LayerLocation[]", "Where that is in each layer around it, the file first."),
		prop("text", "string", "All of it in one line."),
	}},
	{Name: "LayerLocation", Kind: KindRecord, Help: "A place in a layer of the container.", Members: []*Member{
		prop("layer", "string", `"file", or the layer's name.`),
		prop("offset", "number", "In bytes."),
		prop("detail", "string", "How it lies there, where that is not plain."),
	}},
	{Name: "VirtualExplanation", Kind: KindRecord, Help: "Where a byte of virtual memory comes from.", Members: []*Member{
		prop("address", "bigint", "Virtual address."),
		prop("walk", "Walk", "The page walk."),
		prop("physical", "Explanation | null", "Where the physical byte comes from; null when there is a fault."),
	}},
	{Name: "Subsection", Kind: KindRecord, Help: "An optional part of a device's section.", Members: []*Member{
		prop("name", "string", `"cpu/msr_tscdeadline"`),
		prop("version", "number", "Of its layout."),
		prop("fields", "Record<string, any>", "As those of Device."),
	}},
	{Name: "Layer", Kind: KindRecord, Help: "A wrapping around the image.", Members: []*Member{
		prop("name", "string", `"libvirt", "qcow2", "gzip", "bzip2", "xz", "lzop", "zstd".`),
		prop("version", "string", "Of the format, where it has one."),
		prop("detail", "string", "More for a person to read."),
		prop("offset", "number", "Where the payload starts, in bytes."),
	}},
	{Name: "Libvirt", Kind: KindRecord, Help: "libvirt's header of a virsh save image.", Members: []*Member{
		prop("version", "number", "1 or 2."),
		prop("xml", "string", "The domain's XML."),
		prop("cookie", "string", "XML that libvirt needs to restore the domain; empty before libvirt 3."),
		prop("wasRunning", "boolean", "Whether the domain ran when it was saved."),
		prop("compression", "string", `"raw", "gzip", "bzip2", "xz", "lzop", "zstd", "sparse".`),
		prop("partial", "boolean", "Whether saving was interrupted."),
	}},
	{Name: "Snapshot", Kind: KindRecord, Help: "An internal snapshot of a qcow2 image.", Members: []*Member{
		prop("id", "string", "Its number."),
		prop("name", "string", "Its name."),
		prop("vmStateSize", "number", "Bytes of the saved state; 0 for a snapshot of the disk alone."),
		prop("date", "string", "When it was taken, as ISO 8601."),
		prop("vmClock", "number", "Seconds that the guest had run."),
		prop("diskSize", "number", "Bytes of the guest's disk."),
	}},
	{Name: "Warning", Kind: KindRecord, Help: "What could not be read, or was read in another way than the format promises.", Members: []*Member{
		prop("section", "string", "The section's name and instance; may be empty."),
		prop("offset", "number", "In the file, in bytes; -1 where there is none."),
		prop("text", "string", "What it is."),
	}},
	{Name: "Registers", Kind: KindRecord, Extends: "X86Registers, ARM64Registers, RISCV64Registers",
		Help: "All registers of a CPU: those of its architecture; the others are undefined."},
	&sequenceIteratorClass,
}

// optionRecords are the objects that a script passes in.
var optionRecords = []*Class{
	{Name: "RangeOptions", Kind: KindOptions, Help: "A part of a memory.", Members: []*Member{startOption, endOption}},
	{Name: "MappingsOptions", Kind: KindOptions, Help: "Which mappings.", Members: []*Member{startOption, endOption,
		opt("filter", "string", `Only mappings that have all these flags, as letters: r, w, x, u(ser), g(lobal), a(ccessed), d(irty), l(arge).`)}},
	{Name: "MemoryErrorDetails", Kind: KindOptions, Help: "What a MemoryError carries.", Members: []*Member{
		opt("address", "bigint", "The first byte that cannot be read."), opt("length", "number", "Bytes of the read."),
		opt("reason", "string", "Why."), opt("fault", "Fault | null", "Where the page walk ended."), opt("cause", "unknown", "The error behind it.")}},
	{Name: "FormatErrorDetails", Kind: KindOptions, Help: "What a FormatError carries.", Members: []*Member{
		opt("offset", "number", "In the file."), opt("section", "string", "The section."), opt("cause", "unknown", "The error behind it.")}},
	{Name: "HexdumpOptions", Kind: KindOptions, Help: "How bytes are printed.", Members: []*Member{
		opt("address", "Address", "Of the first byte, for the column at the left; 0 when left out."),
		opt("offset", "number", "Where to begin in the bytes; 0 when left out."),
		opt("length", "number", "How many bytes; the rest when left out."),
		opt("width", "number", "Bytes a line, 1 to 256; 16 when left out."),
		opt("header", "boolean", "A line with the column numbers; true when left out."),
		opt("ascii", "boolean", "The text at the right; true when left out."),
		opt("ansi", "boolean", "Colours; false when left out."),
	}},
	{Name: "OpenOptions", Kind: KindOptions, Help: "How an image is opened.", Members: []*Member{
		opt("snapshot", "string", "Name or ID of an internal snapshot of a qcow2 image."),
		opt("raw", "boolean", "The file is plain memory from physical address 0 on."),
		opt("arch", "string", `Of a file that does not say: "x86_64", "i386", "aarch64", "riscv64".`),
		opt("below4G", "Size", "Bytes of RAM that a PC has below the PCI hole, instead of what the image says."),
		opt("place", "Record<string, Address>", "Addresses of memory devices (DIMMs) by block name, where the image does not have them."),
		opt("ramFiles", "Record<string, string>", "Files with the contents of RAM blocks that the image does not hold, by block name."),
	}},
}

var (
	startOption = opt("start", "Address", "The first address; 0 when left out.")
	endOption   = opt("end", "Address", "Behind the last address, up to 2n ** 64n; the end of the space when left out.")
)
