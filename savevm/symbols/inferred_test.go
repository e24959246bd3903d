package symbols

import (
	"fmt"
	"strings"
	"testing"

	"github.com/svscript/svscript/savevm/ctype"
)

// mustInfer are members without which the commands that list tasks, memory, files, mounts and modules are of little use.
var mustInfer = map[string]string{
	"struct task_struct":    "tasks pid tgid comm mm active_mm real_parent children sibling thread_pid pid_links thread_node signal fs files nsproxy stack flags exit_state start_time start_boottime cred thread thread_info",
	"struct signal_struct":  "nr_threads thread_head",
	"struct cred":           "uid euid cap_effective",
	"struct mm_struct":      "pgd total_vm start_code brk start_stack arg_start env_end rss_stat exe_file mm_mt",
	"struct vm_area_struct": "vm_start vm_end vm_mm vm_flags vm_ops vm_pgoff vm_file vm_private_data",
	"struct file":           "f_path f_inode f_flags f_mode f_pos",
	"struct dentry":         "d_parent d_name d_inode d_sb d_op d_u",
	"struct inode":          "i_mode i_ino i_sb i_rdev i_size i_mapping i_dentry i_sb_list",
	"struct super_block":    "s_dev s_type s_flags s_magic s_root s_inodes",
	"struct address_space":  "host i_pages nrpages",
	"struct mount":          "mnt_parent mnt_mountpoint mnt mnt_devname mnt_ns mnt_id",
	"struct pid_namespace":  "idr",
	"struct worker":         "desc current_work pool",
	"struct kthread":        "data full_name",
}

// TestInferredTypes holds what is inferred of kernels that have BTF against it: each member is where it says.
func TestInferredTypes(t *testing.T) {
	for _, name := range linuxImages {
		if strings.Contains(name, "i386") {
			continue // it has no BTF; TestLinuxWithoutTypes of the scripts has its own lists to compare
		}
		t.Run(name, func(t *testing.T) {
			k := find(t, name)
			stated, err := k.statedTypes()
			if err != nil {
				t.Fatal(err)
			}
			inferred, err := k.inferTypes()
			if err != nil {
				t.Fatal(err)
			}
			if compared := compareTypes(t, inferred, stated); compared < 200 {
				t.Errorf("%d members were compared", compared)
			}
			for name, members := range mustInfer {
				for _, m := range strings.Fields(members) {
					if of := inferred.Type(name); of == nil {
						t.Errorf("%s was not inferred", name)
					} else if _, ok := of.Field(m); !ok {
						t.Errorf("%s has no %s", name, m)
					}
				}
			}
		})
	}
}

// compareTypes compares the places of all members of what was inferred with those that are stated.
func compareTypes(t *testing.T, inferred, stated TypeSource) (compared int) {
	t.Helper()
	for name := range inferred.Names() {
		theirs := stated.Type(name)
		if theirs == nil {
			t.Errorf("the kernel has no %s", name)
			continue
		}
		for _, m := range inferred.Type(name).Fields() {
			s, err := theirs.Lookup(m.Name)
			if err != nil {
				t.Errorf("%s has no member %s", name, m.Name)
			} else if s.Offset() != m.Offset() {
				t.Errorf("%s.%s: inferred at %d, it is at %d", name, m.Name, m.Offset(), s.Offset())
			} else if scalar(m.Type) && s.Size() != m.Size() {
				t.Errorf("%s.%s: inferred with %d bytes, it has %d", name, m.Name, m.Size(), s.Size())
			}
			compared++
		}
	}
	return compared
}

func scalar(t *ctype.Type) bool {
	k := t.Strip().Kind()
	return k == ctype.Int || k == ctype.UInt || k == ctype.Pointer
}

// TestInferredFromDamage: where pages are lost, members are missing, and next to none is at a wrong place.
func TestInferredFromDamage(t *testing.T) {
	if testing.Short() {
		t.Skip("it finds the kernel many times")
	}
	for _, name := range linuxImages[:3] {
		img := open(t, name)
		stated, err := find(t, name).statedTypes()
		if err != nil {
			t.Fatal(err)
		}
		inferred := 0
		for seed := range uint64(10) {
			target := Of(img)
			target.Space = nil
			target.Memory = damage(img, 2<<30, []float64{0.01, 0.03}[seed%2], seed)
			k, err := Find(t.Context(), target, Options{})
			if err != nil {
				continue
			}
			types, err := k.inferTypes()
			if err != nil {
				continue
			}
			inferred++
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) { compareTypes(t, types, stated) })
		}
		if inferred == 0 {
			t.Errorf("%s: no damaged image gave types", name)
		}
		t.Logf("%s: types of %d damaged images of 10", name, inferred)
	}
}
