/* Structures in the manner of an operating system kernel, made up for this test. */
#define COMM_LEN 16
#define NR_CPUS 64
#define BITS_PER_LONG (8 * sizeof(long))
#define BITS_TO_LONGS(n) n
#define PID_LEVELS 4

typedef unsigned int gfp_mask_t;
typedef u64 ktime_ns;
typedef struct { int counter; } atomic;
typedef struct { s64 counter; } atomic64;
typedef struct { uintptr_t val; } pte_bits;
struct node { struct node *next, *prev; };
struct hnode { struct hnode *next, **pprev; };
struct rbnode { unsigned long parent_color; struct rbnode *right, *left; } __attribute__((aligned(sizeof(long))));
struct spin { union { struct { u16 owner, ticket; }; u32 slock; }; };
struct mutexish { atomic64 owner; struct spin wait_lock; struct node wait_list; };
struct cpu_mask { unsigned long bits[(NR_CPUS + sizeof(long) * 8 - 1) / (sizeof(long) * 8)]; };

enum task_states { RUNNING = 0x0000, INTERRUPTIBLE = 0x0001, UNINTERRUPTIBLE = 0x0002, STOPPED = 0x0004, TRACED = 0x0008, DEAD = 0x0080 };

struct cred_like {
	atomic usage;
	u32 uid, gid, suid, sgid;
	unsigned securebits;
	u64 cap_inheritable, cap_permitted;
	unsigned char jit_keyring;
	struct node *keyring;
	union { int non_rcu; struct { struct hnode *next; void (*func)(struct hnode *head); } rcu; };
};

struct sched_ent {
	struct { unsigned long weight; u32 inv_weight; } load;
	struct rbnode run_node;
	struct node group_node;
	unsigned int on_rq;
	u64 exec_start, sum_exec_runtime, vruntime, prev_sum;
	u64 nr_migrations;
	short depth;
	struct sched_ent *parent;
	struct cfs_like *cfs_rq, *my_q;
	unsigned long runnable_weight;
	struct { u64 last_update; u64 load_sum; u32 util_sum; u32 period; unsigned long load_avg, util_avg; } avg __aligned(64);
};

struct task_like {
	struct { unsigned long flags; u32 status; u32 cpu; } thread_info;
	unsigned int __state;
	void *stack;
	atomic usage;
	unsigned int flags, ptrace;
	int on_cpu;
	int prio, static_prio, normal_prio;
	unsigned int rt_priority;
	struct sched_ent se;
	const struct sched_class_like *sched_class;
	unsigned int policy;
	int nr_cpus_allowed;
	const struct cpu_mask *cpus_ptr;
	struct cpu_mask cpus_mask;
	struct node tasks;
	struct mm_like *mm, *active_mm;
	int exit_state, exit_code, exit_signal;
	unsigned long jobctl;
	unsigned int personality;
	unsigned reset_on_fork:1;
	unsigned contributes_to_load:1;
	unsigned migrated:1;
	unsigned :0;
	unsigned remote_wakeup:1;
	unsigned in_execve:1, in_iowait:1;
	unsigned no_cgroup:1;
	unsigned long atomic_flags;
	int pid, tgid;
	unsigned long stack_canary;
	struct task_like __rcu *real_parent, *parent;
	struct node children, sibling;
	struct task_like *group_leader;
	struct hnode pid_links[PID_LEVELS];
	int __user *set_child_tid;
	ktime_ns utime, stime;
	const struct cred_like __rcu *cred;
	char comm[COMM_LEN];
	struct { int seq; u64 value; } vtime, *vtimes;
	struct mutexish lock;
	enum task_states saved;
	bool in_ubsan;
	void (*notify)(struct task_like *, int why);
	union { atomic rcu_users; struct { void *p; } rcu; };
	struct { u8 x87[512]; u8 ymm[256]; } fpu __attribute__((aligned(64)));
} __attribute__((aligned(64)));

struct mm_like {
	struct {
		struct { atomic count; } __aligned(64);
		struct node mt;
		unsigned long mmap_base, task_size;
		pte_bits *pgd;
		atomic64 pgtables_bytes;
		int map_count;
		struct spin page_table_lock;
		struct mutexish mmap_lock;
		unsigned long total_vm, locked_vm;
		unsigned long start_code, end_code, start_data, end_data;
		unsigned long saved_auxv[2 * (20 + 2 + 1)];
		union { u64 a[2]; struct { u32 lo; u32 hi; } halves[2]; };
	};
	unsigned long cpu_bitmap[];
};

struct page_like {
	unsigned long flags;
	union {
		struct { union { struct node lru; struct { void *filler; unsigned int mlock_count; }; }; void *mapping; unsigned long index; unsigned long priv; };
		struct { unsigned long pp_magic; void *pp; unsigned long pad; u64 dma_addr; };
		struct { unsigned long compound_head; unsigned char dtor, order; atomic compound_mapcount; };
		struct { struct hnode rcu_head; };
	};
	union { atomic mapcount; unsigned int page_type; struct { unsigned inuse:16, objects:15, frozen:1; }; };
	atomic refcount;
};

struct packet_like {
	struct node list;
	u16 mac_header, network_header;
	u8 cloned:1, nohdr:1, fclone:2, peeked:1, head_frag:1, pfmemalloc:1, pp_recycle:1;
	u8 active_extensions;
	struct {
		u8 pkt_type_offset[0];
		u8 pkt_type:3, ignore_df:1, dst_pending:1, ip_summed:2, ooo_okay:1;
		u8 l4_hash:1, sw_hash:1, wifi_valid:1, wifi:1, no_fcs:1, encap:1, csum_valid:1;
		u16 tc_index;
		union { u32 csum; struct { u16 csum_start, csum_offset; }; };
		u64 timestamp;
		u32 secmark:20, mark:12;
	} headers;
	unsigned char *head, *data;
	unsigned int truesize;
};

struct on_disk {
	u8 magic[4];
	u16 version;
	u32 flags;
	u64 size;
	struct { u32 lo; u16 hi; } __packed blocks[3];
	u8 kind:4, level:4;
	u32 crc;
} __packed;
_Static_assert(sizeof(struct on_disk) == 41, "packed");
_Static_assert(offsetof(struct on_disk, blocks[1].hi) == 28, "path");
