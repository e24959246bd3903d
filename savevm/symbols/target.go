package symbols

import (
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
)

// A Target is a machine in which a kernel is looked for. Only Memory must be there.
type Target struct {
	Memory     memory.Memory // guest-physical
	CPUs       []CPU
	Arch       string                                     // as in savevm.Info; "" when not known
	Space      func(paging.Config) (*paging.Space, error) // nil: paging.New over Memory
	VMCoreInfo []byte                                     // the kernel's note about itself, when the image has it
}

// CPU is what of a processor is needed. A *savevm.CPU is one.
type CPU interface {
	Value(register string) uint64 // 0 where it has none of that name
	SpaceConfig() paging.Config
}

// Of makes the Target of an image.
func Of(img *savevm.Image) Target {
	t := Target{Memory: img, Arch: img.Info().Arch, Space: img.Space, VMCoreInfo: img.VMCoreInfo()}
	for _, c := range img.CPUs() {
		t.CPUs = append(t.CPUs, c)
	}
	return t
}

func (t *Target) space(cfg paging.Config) (*paging.Space, error) {
	if t.Space != nil {
		return t.Space(cfg)
	}
	return paging.New(t.Memory, cfg)
}
