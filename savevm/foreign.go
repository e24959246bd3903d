package savevm

import "bytes"

// foreignFormats are files that people take for saved machines of QEMU, by how they start.
var foreignFormats = []struct{ magic, what string }{
	{"PAGEDU64", windowsDump},
	{"PAGEDUMP", windowsDump},
	{"MDMP", "a Windows minidump"},
	{"\xd0\xbe\xd2\xbe", vmware},
	{"\xd1\xba\xd1\xba", vmware},
	{"\xd2\xbe\xd2\xbe", vmware},
	{"\xd3\xbe\xd3\xbe", vmware},
	{"\x7fVirtualBox SavedState", "a saved state of VirtualBox, which svscript cannot read (VBoxManage debugvm NAME dumpvmcore writes an ELF core)"},
	{"LinuxGuestRecord", xen},
	{"Xen saved domain", xen},
	{"KDMV", disk},
	{"# Disk DescriptorFile", disk},
	{"vhdxfile", disk},
	{"conectix", disk},
	{"<<< ", disk}, // VDI: <<< Oracle VM VirtualBox Disk Image >>>
	{"hibr", hiberfile},
	{"HIBR", hiberfile},
	{"RSTR", hiberfile},
	{"wake", hiberfile},
	{"WAKE", hiberfile},
}

const (
	windowsDump = "a crash dump in the format of Windows, which svscript cannot read (dump-guest-memory writes it with -w; without it, or with -z, it can be opened)"
	vmware      = "a snapshot or suspended state of VMware, which svscript cannot read (its memory alone, the file .vmem, opens with --raw)"
	xen         = "a saved domain of Xen, which svscript cannot read (xl dump-core writes an ELF core)"
	disk        = "a disk image without a saved machine"
	hiberfile   = "a hibernation file of Windows, which svscript cannot read"
)

// foreignFormat is the error for a file of a format that is known, though it cannot be read.
type foreignFormat string

func (f foreignFormat) Error() string { return "this is " + string(f) }
func (foreignFormat) Unwrap() error   { return ErrUnknownFormat }

// unknownFormat is the error for a file that starts with head.
func unknownFormat(head []byte) error {
	for _, f := range foreignFormats {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return foreignFormat(f.what)
		}
	}
	return ErrUnknownFormat
}
