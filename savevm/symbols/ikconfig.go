package symbols

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/scan"
)

// ikconfigStart is what the compressed configuration comes after (kernel/configs.c).
var ikconfigStart = []byte("IKCFG_ST")

// Config is the kernel's configuration, the text of its .config, where it was built with CONFIG_IKCONFIG.
func (k *Kernel) Config() (string, error) {
	return k.config.get(func() (string, error) {
		const maxPacked, maxText = 1 << 20, 4 << 20
		if at, ok := k.Symbols.kernel.Address("kernel_config_data"); ok {
			// The symbol is behind the start mark from 5.1 on, before it until then.
			b := memory.ReadSparse(k.Memory(), at, maxPacked)
			return gunzip(bytes.TrimPrefix(b, ikconfigStart), maxText)
		}
		mark := scan.Must(scan.Bytes(append(bytes.Clone(ikconfigStart), 0x1f, 0x8b)))
		options := scan.Options{First: k.PhysicalBase, Last: k.PhysicalBase + 64<<20, Limit: 1}
		for hit := range scan.Scan(k.context(), k.target.Memory, []scan.Pattern{mark}, options).Hits() {
			return gunzip(memory.ReadSparse(k.target.Memory, hit.Address+uint64(len(ikconfigStart)), maxPacked), maxText)
		}
		return "", errors.New("the kernel does not carry its configuration (no CONFIG_IKCONFIG)")
	})
}

func gunzip(b []byte, limit int64) (string, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return "", fmt.Errorf("the kernel's configuration: %w", err)
	}
	r.Multistream(false)
	text, err := io.ReadAll(io.LimitReader(r, limit))
	if err != nil {
		return "", fmt.Errorf("the kernel's configuration: %w", err)
	}
	return string(text), nil
}
