package symbols

import (
	"bytes"
	"context"
	"strings"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/scan"
)

// VMCoreInfo is the kernel's note about itself for crash dumps (VMCOREINFO; Documentation/admin-guide/kdump/vmcoreinfo.rst):
// "OSRELEASE", "SYMBOL(init_uts_ns)", "SIZE(page)", "BUILD-ID" … by key. It is nil where the kernel has none.
func (k *Kernel) VMCoreInfo() map[string]string {
	info, _ := k.vmcoreinfo.get(func() (map[string]string, error) { return parseVMCoreInfo(k.readVMCoreInfo()), nil })
	return info
}

// maxVMCoreInfo is VMCOREINFO_BYTES with 64 KiB pages (include/linux/crash_core.h).
const maxVMCoreInfo = 64 << 10

func (k *Kernel) readVMCoreInfo() []byte {
	if len(k.target.VMCoreInfo) > 0 {
		return k.target.VMCoreInfo
	}
	if data, ok := k.Symbols.kernel.Address("vmcoreinfo_data"); ok {
		if at, err := k.ReadPointer(data); err == nil && at != 0 {
			if b := readText(k.Memory(), at, maxVMCoreInfo); bytes.HasPrefix(b, vmcoreinfoStart) {
				return b
			}
		}
	}
	if k.Symbols.hasData() && k.lost == 0 || k.Version.Release == "" {
		return nil
	}
	// Where no symbol tells: it fills a page from its start.
	want := scan.Must(scan.Text(string(vmcoreinfoStart) + k.Version.Release + "\n"))
	for hit := range scan.Scan(context.Background(), k.target.Memory, []scan.Pattern{want}, scan.Options{Align: 4096, Limit: 1}).Hits() {
		return readText(k.target.Memory, hit.Address, maxVMCoreInfo)
	}
	return nil
}

var vmcoreinfoStart = []byte("OSRELEASE=")

// readText reads text up to its NUL.
func readText(mem memory.Memory, at uint64, limit int) []byte {
	b := make([]byte, limit)
	n, _ := mem.ReadMemory(b, at)
	text, _, _ := bytes.Cut(b[:n], []byte{0})
	return text
}

func parseVMCoreInfo(text []byte) map[string]string {
	if len(text) == 0 {
		return nil
	}
	info := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			info[key] = value
		}
	}
	return info
}
