package infer

import (
	"fmt"
	"strings"
)

// fixedSource declares what does not depend on how a kernel was configured, but on its version and the width of words.
func (in *inference) fixedSource() string {
	src := fixed + savedBy[in.ABI.Name].declared
	for _, v := range versioned {
		if in.AtLeast(v.since[0], v.since[1]) && !(v.before != [2]int{} && in.AtLeast(v.before[0], v.before[1])) {
			src += v.declared
		}
	}
	lock := "u32"
	if in.lock != 4 {
		lock = "struct { u32 wait_lock; void *waiters[2], *owner; }" // struct rt_mutex_base
	}
	return strings.NewReplacer("SPINLOCK", lock, "ARANGE_SLOTS", fmt.Sprint(in.mapleSlots(true)), "RANGE_SLOTS", fmt.Sprint(in.mapleSlots(false))).Replace(src)
}

// versioned is what kernels declare from a version on, up to another.
var versioned = []struct {
	since, before [2]int
	declared      string
}{
	{[2]int{}, [2]int{4, 17}, "struct radix_tree_root { u32 gfp_mask; struct radix_tree_node *rnode; };"},
	{[2]int{4, 17}, [2]int{4, 20}, "struct radix_tree_root { SPINLOCK xa_lock; u32 gfp_mask; struct radix_tree_node *rnode; };"},
	{[2]int{}, [2]int{4, 20}, radixTree},
	{[2]int{4, 20}, [2]int{}, xarray},
	{[2]int{}, [2]int{5, 2}, "struct mod_kallsyms { void *symtab; unsigned int num_symtab; char *strtab; };"},
	{[2]int{5, 2}, [2]int{}, "struct mod_kallsyms { void *symtab; unsigned int num_symtab; char *strtab, *typetab; };"},
	{[2]int{}, [2]int{6, 2}, "struct mm_rss_stat { atomic_long_t count[4]; };"},
	{[2]int{6, 2}, [2]int{}, "struct percpu_counter { u32 lock; s64 count; struct list_head list; s32 *counters; };"},
	{[2]int{6, 1}, [2]int{}, mapleTree},
	{[2]int{}, [2]int{6, 18}, "struct ns_common { void *stashed; struct proc_ns_operations *ops; unsigned int inum; };"},
}

// include/linux/types.h, path.h, dcache.h, uidgid.h, pid.h, mount.h, percpu_counter.h, sched/…; members as the kernel names them.
const fixed = `
typedef int pid_t;
typedef unsigned short umode_t;
typedef u32 dev_t;
typedef s64 loff_t;
typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic_long_t;
typedef struct refcount_struct { atomic_t refs; } refcount_t;
typedef struct { u32 val; } kuid_t;
typedef struct { u32 val; } kgid_t;
struct list_head { struct list_head *next, *prev; };
struct hlist_node { struct hlist_node *next, **pprev; };
struct hlist_head { struct hlist_node *first; };
struct hlist_bl_node { struct hlist_bl_node *next, **pprev; };
struct rb_node { unsigned long __rb_parent_color; struct rb_node *rb_right, *rb_left; };
struct rb_root { struct rb_node *rb_node; };
struct path { struct vfsmount *mnt; struct dentry *dentry; };
struct qstr { union { struct { u32 hash, len; }; u64 hash_len; }; const unsigned char *name; };
struct upid { int nr; struct pid_namespace *ns; };
struct vm_special_mapping { const char *name; };
struct dentry_operations { void *d_revalidate, *d_weak_revalidate, *d_hash, *d_compare, *d_delete, *d_init, *d_release, *d_prune, *d_iput; char *(*d_dname)(void); };
struct nsproxy { int count; struct uts_namespace *uts_ns; struct ipc_namespace *ipc_ns; struct mnt_namespace *mnt_ns; struct pid_namespace *pid_ns_for_children; struct net *net_ns; };
struct fdtable { unsigned int max_fds; struct file **fd; unsigned long *close_on_exec, *open_fds, *full_fds_bits; };
struct module_use { struct list_head source_list, target_list; struct module *source, *target; };
struct proc_ns_operations { const char *name; };
struct file_system_type { const char *name; };
struct new_utsname { char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65]; };
`

const radixTree = `
struct radix_tree_node { u8 shift, offset, count, exceptional; void *parent; void *root; struct list_head private_list; void *slots[64]; };
struct idr { struct radix_tree_root idr_rt; };
`

const xarray = `
struct xarray { SPINLOCK xa_lock; u32 xa_flags; void *xa_head; };
struct xa_node { u8 shift, offset, count, nr_values; struct xa_node *parent; struct xarray *array; struct list_head private_list; void *slots[64]; };
struct idr { struct xarray idr_rt; unsigned int idr_base, idr_next; };
`

const mapleTree = `
struct maple_range_64 { void *parent; unsigned long pivot[RANGE_SLOTS - 1]; void *slot[RANGE_SLOTS]; };
struct maple_arange_64 { void *parent; unsigned long pivot[ARANGE_SLOTS - 1]; void *slot[ARANGE_SLOTS]; unsigned long gap[ARANGE_SLOTS]; };
`
