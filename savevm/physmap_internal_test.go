package savevm

import "testing"

// TestISAVGA: QEMU 2.5 and 4.2 were seen to write a section "vga" for vmware-vga too.
func TestISAVGA(t *testing.T) {
	for _, c := range []struct {
		devices []string
		want    bool
	}{
		{[]string{"vga"}, true},
		{[]string{"vga-isa"}, true},
		{[]string{"vga", "0000:00:02.0/vmware_vga"}, false},
		{[]string{"0000:00:02.0/vga"}, false},
		{nil, false},
	} {
		img := &Image{}
		for _, name := range c.devices {
			img.devices = append(img.devices, &Device{Name: name})
		}
		if got := img.isaVGA(); got != c.want {
			t.Errorf("%q: %v", c.devices, got)
		}
	}
}
