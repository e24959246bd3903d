// Part of svscript/linux: processes and threads.
"use strict";

/** @typedef {import("./linux").Core & ReturnType<typeof import("./linux-lists")>} Lists */

const PF_WQ_WORKER = 0x20, PF_KTHREAD = 0x200000; // include/linux/sched.h

// task->__state and exit_state, include/linux/sched.h. The letters are those of task_state_array in fs/proc/array.c.
const TASK_REPORT = 0x7f, TASK_IDLE = 0x402, TASK_REPORT_IDLE = 0x80, TASK_UNINTERRUPTIBLE = 2, TASK_RTLOCK_WAIT = 0x1000, TASK_FROZEN = 0x8000;
const LETTERS = "RSDTtXZPI";

// Indexes of mm->rss_stat (enum in include/linux/mm_types_task.h).
const MM_FILEPAGES = 0, MM_ANONPAGES = 1, MM_SHMEMPAGES = 3;

/** @param {Lists} k */
module.exports = (k) => {
	const { kernel, space, attempt, field, fieldIfAny, has, skip } = k;
	/** @typedef {bigint | Struct} Task  a struct task_struct or its address */
	/** @typedef {StructFields} Struct */

	/** The idle task of the first CPU, with which the list of tasks begins. @returns {Struct} */
	function init_task() {
		const at = k.symbolIfAny("init_task");
		return at !== null ? k.at("task_struct", at) : findInitTask();
	}

	/** init_task where damage has taken its symbol: the struct in the kernel's image with its name. */
	function findInitTask() {
		const type = kernel.type("task_struct"), IMAGE = 1n << 26n;
		for (const { address } of k.vm.scan("swapper", { start: kernel.physicalBase, end: kernel.physicalBase + IMAGE, align: 4 })) {
			const task = type.at(k.wrap(address - kernel.physicalBase + kernel.base - BigInt(type.offsetOf("comm"))));
			const { pid, tasks } = attempt("a task", task.$address, () => ({ pid: task.pid, tasks: task.tasks.next }), { pid: -1, tasks: 0n });
			if (pid === 0 && space.tryReadPointer(tasks + k.word) === task.$address + BigInt(type.offsetOf("tasks"))) return task;
		}
		throw new RangeError("the kernel's first task is nowhere to be found");
	}

	/** task->comm. @param {Task} task @returns {string} */
	function task_comm(task) {
		const { comm } = view(task);
		if (typeof comm === "string") return comm;
		return space.readCString(k.address(task) + BigInt(kernel.type("task_struct").offsetOf("comm")), 16); // the type char is damaged
	}

	/** @param {Task} task */
	const view = (task) => k.at("task_struct", task);

	/** Whether an address can be that of a task: what a program calls itself is any text, but no control characters, and little that is no UTF-8. @param {Struct} task */
	function isTask(task) {
		const { pid } = task, comm = task_comm(task);
		return pid > 0 && pid <= 4194304 && task.signal !== 0n && /^[^\0-\x08\x7f]+$/.test(comm) && comm.split("\ufffd").length <= 4; // PID_MAX_LIMIT, include/linux/threads.h
	}

	/** What a pointer to a task leads to; null, and noted, where that is none. The idle tasks are tasks, too. @param {string} what @param {bigint | null} at @returns {Struct | null} */
	function taskAt(what, at) {
		if (at === null || at === 0n) {
			if (at === null) skip(what, 0n, "it cannot be read");
			return null;
		}
		const task = k.at("task_struct", at);
		if (attempt(what, at, () => isTask(task) || (task.pid === 0 && task_comm(task).startsWith("swapper")), false)) return task;
		skip(what, at, "its memory is damaged");
		return null;
	}

	/** @param {string} what @param {number} cpu @param {"idle" | "curr"} member of the CPU's struct rq */
	const taskOfQueue = (what, cpu, member) =>
		taskAt(what, space.tryReadPointer(k.per_cpu("runqueues", cpu, "struct rq").$address + BigInt(kernel.type("struct rq").offsetOf(member))));

	/**
	 * Where the scheduling classes are: by name, or what known tasks have, of a kernel whose symbols are those of text alone
	 * (CONFIG_KALLSYMS_ALL is not set).
	 * @returns {bigint[]}
	 */
	function schedulingClasses() {
		const named = ["fair", "rt", "dl", "stop", "ext"].flatMap((name) => kernel.symbol(`${name}_sched_class`) ?? []);
		if (named.length > 0) return named;
		const IMAGE = 1n << 26n, before = k.skipped.length;
		/** @type {Set<bigint>} */
		const found = new Set();
		const first = init_task().$address + BigInt(kernel.type("task_struct").offsetOf("tasks"));
		for (const task of k.list_for_each_entry(first, "task_struct", "tasks")) {
			const at = attempt("a task", task.$address, () => (isTask(task) ? task.sched_class : 0n), 0n);
			if (at >= kernel.base && at < kernel.base + IMAGE) found.add(at);
		}
		k.skipped.length = before; // who asks for the list itself is told of its damage
		return [...found];
	}

	/**
	 * The tasks that lie in memory, whether anything leads to them or not: what has a scheduling class where a task has it, and looks
	 * like one that lives. This reads all memory.
	 * @returns {Generator<Struct, void>}
	 */
	function* scan_for_tasks() {
		if (!has("task_struct", "sched_class")) return skip("tasks", 0n, "where a task has its scheduling class, by which they are found, is not known");
		const type = kernel.type("task_struct"), offset = BigInt(type.offsetOf("sched_class")), TASK_DEAD = 0x80;
		const classes = schedulingClasses();
		const sample = init_task().tasks.prev; // in the kernel's map of all memory, which is linear
		const physical = sample === 0n ? null : space.translate(sample);
		if (physical === null || classes.length === 0) {
			skip("tasks", 0n, physical === null ? "where the kernel maps all memory is not known" : "no scheduling class is known, by which they are found");
			return;
		}
		for (const { address } of k.vm.scan(classes.map((value) => (kernel.pointerSize === 8 ? { u64: value } : { u32: value })), { align: kernel.pointerSize })) {
			const task = type.at(k.wrap(address - offset + sample - physical));
			const lives = () => isTask(task) && task.usage.refs.counter > 0 && !(Number(field(task, "__state", "state")) & TASK_DEAD) && space.isReadable(task.signal);
			try {
				if (lives()) yield task;
			} catch (error) {
				if (!(error instanceof MemoryError)) throw error; // most hits are none
			}
		}
	}

	/**
	 * The processes: the leader of each thread group, without the idle tasks. Where memory is damaged, those that the list of tasks
	 * has lost come from the table of process IDs, and from a search of all memory.
	 * @returns {Generator<Struct, void>}
	 */
	function* for_each_process() {
		let whole = true, before = k.skipped.length; // what the list itself skips, not who goes through it
		const seen = new Set();
		const first = init_task().$address + BigInt(kernel.type("task_struct").offsetOf("tasks"));
		for (const task of k.list_for_each_entry(first, "task_struct", "tasks")) {
			if (attempt("a task", task.$address, () => isTask(task), false)) {
				seen.add(task.$address);
				whole &&= k.skipped.length === before;
				yield task;
				before = k.skipped.length;
			} else {
				skip("a task", task.$address, "its memory is damaged");
			}
		}
		whole &&= k.skipped.length === before;
		const empty = seen.size === 0; // there may be none as yet, or a lost list leads back to its head
		if (whole && !empty) return;
		for (const [, pid] of for_each_pid()) {
			const task = attempt("a process ID", pid, () => pid_task(pid, 1), null);
			if (!task || seen.has(task.$address) || !attempt("a task", task.$address, () => isTask(task), false)) continue;
			if (whole) skip("the list of tasks", first, "it is empty: the tasks are those that have a process ID");
			whole = false;
			seen.add(task.$address);
			yield task;
		}
		if (whole) return;
		for (const task of k.guard("tasks", first, scan_for_tasks)) {
			if (task.pid !== task.tgid || seen.has(task.$address)) continue;
			seen.add(task.$address);
			yield task;
		}
	}

	/** The table of process IDs of the first namespace, as [number, address of its struct pid]. @returns {Generator<[number, bigint], void>} */
	function* for_each_pid() {
		if (!has("struct pid_namespace", "idr")) return;
		const first = () => init_task().$deref("nsproxy").pid_ns_for_children; // init_nsproxy leads there as well
		const namespace = k.symbolIfAny("init_pid_ns") ?? attempt("the table of process IDs", 0n, first, null);
		if (namespace === null) return;
		yield* k.idr_for_each(namespace + BigInt(kernel.type("struct pid_namespace").offsetOf("idr")));
	}

	/**
	 * The first task that a struct pid is about; null when there is none.
	 * @param {bigint | Struct} pid @param {number} [type] PIDTYPE_PID 0, PIDTYPE_TGID 1, PIDTYPE_PGID 2, PIDTYPE_SID 3
	 */
	function pid_task(pid, type = 0) {
		const head = k.address(pid) + BigInt(kernel.type("struct pid").offsetOf("tasks")) + BigInt(type) * k.word;
		const node = space.tryReadPointer(head);
		if (node === null || node === 0n) return null;
		return k.container_of(node, "task_struct", has("task_struct", "pid_links") ? `pid_links[${type}]` : `pids[${type}].node`);
	}

	/** The task of a process ID, or a thread's; null when there is none. @param {number} pid */
	function find_task(pid) {
		for (const [number, at] of for_each_pid()) if (number === pid) return attempt("a process ID", at, () => pid_task(at), null);
		for (const task of for_each_process()) if (task.pid === pid) return task;
		for (const task of for_each_process_thread()) if (task.pid === pid) return task;
		return null;
	}

	/** The threads of a process, its leader first. @param {Task} task @returns {Generator<Struct, void>} */
	function* for_each_thread(task) {
		const leader = view(task);
		let listed = false;
		for (const thread of k.guard("a process's threads", leader.$address, () =>
			k.list_for_each_entry(leader.signal + BigInt(kernel.type("struct signal_struct").offsetOf("thread_head")), "task_struct", "thread_node"))) {
			listed ||= thread.$address === leader.$address;
			yield thread;
		}
		if (!listed) yield leader; // it is one of them, also where their list is lost
	}

	/** Every thread of every process. @returns {Generator<Struct, void>} */
	function* for_each_process_thread() {
		for (const task of for_each_process()) yield* for_each_thread(task);
	}

	/** The children of a process. @param {Task} task @returns {Generator<Struct, void>} */
	function* for_each_child(task) {
		const parent = view(task);
		for (const thread of for_each_thread(parent)) {
			yield* k.list_for_each_entry(thread.$address + BigInt(parent.$type.offsetOf("children")), "task_struct", "sibling");
		}
	}

	/** What a kernel thread's struct kthread is; null for other tasks. @param {Task} task @returns {Struct | null} */
	function to_kthread(task) {
		const t = view(task);
		if (!(t.flags & PF_KTHREAD) || !kernel.hasType("struct kthread")) return null;
		const at = field(t, "worker_private", "set_child_tid"); // before Linux 5.17 it was kept in set_child_tid
		return at === 0n ? null : k.at("struct kthread", at);
	}

	/**
	 * The name that /proc/PID/comm gives: that of a worker thread tells what it works on ("kworker/0:1-events"), and a kernel thread's
	 * is not cut (wq_worker_comm in kernel/workqueue.c, proc_task_name in fs/proc/array.c).
	 * @param {Task} task
	 * @returns {string}
	 */
	function task_name(task) {
		const t = view(task);
		const comm = task_comm(t);
		if (!(t.flags & PF_KTHREAD)) return comm;
		const kthread = attempt("a kernel thread's data", t.$address, () => to_kthread(t), null);
		if (kthread === null) return comm;
		if (!(t.flags & PF_WQ_WORKER)) {
			const full = fieldIfAny(kthread, "full_name") ?? 0n;
			return full === 0n ? comm : space.tryReadCString(full, 64) ?? comm;
		}
		return attempt("a worker thread's data", kthread.$address, () => {
			const worker = k.at("struct worker", kthread.data);
			const desc = worker.pool === 0n ? "" : worker.desc;
			return typeof desc !== "string" || desc === "" ? comm : `${comm}${worker.current_work === 0n ? "-" : "+"}${desc}`;
		}, comm);
	}

	/** The state as ps prints it: R, S, D, T, t, X, Z, P, I. @param {Task} task */
	function task_state(task) {
		const t = view(task);
		const state = Number(BigInt.asUintN(32, BigInt(field(t, "__state", "state"))));
		let report = (state | t.exit_state) & TASK_REPORT;
		if ((state & TASK_IDLE) === TASK_IDLE) report = TASK_REPORT_IDLE;
		if (state & (TASK_RTLOCK_WAIT | TASK_FROZEN)) report = TASK_UNINTERRUPTIBLE;
		return LETTERS[32 - Math.clz32(report)];
	}

	/** The struct mm_struct of a task; null for a kernel thread, and one that has ended. @param {Task} task @returns {Struct | null} */
	const task_mm = (task) => k.follow(view(task), "mm", "pgd");

	/** How many threads a process has. @param {Task} task @returns {number} */
	function task_threads(task) {
		const count = k.follow(view(task), "signal")?.nr_threads ?? 0;
		if (count < 1 || count > 4194304) throw new RangeError(`${count} threads are more than there can be, or none: struct signal_struct is damaged`);
		return count;
	}

	/** Bytes of memory that is in RAM, and bytes of address space; both 0 for a kernel thread. @param {Task} task */
	function task_memory(task) {
		const mm = task_mm(task);
		if (mm === null) return { rss: 0, vsize: 0 };
		if (mm.total_vm === undefined) throw new RangeError("how much memory it has is not known: the type struct mm_struct is damaged");
		const counter = (/** @type {number} */ i) => {
			if (has("struct mm_struct", `rss_stat.count[${i}]`)) return Number(mm.$field(`rss_stat.count[${i}].counter`));
			return percpu_counter_sum(mm.$field(`rss_stat[${i}]`));
		};
		const pages = Math.max(counter(MM_FILEPAGES) + counter(MM_ANONPAGES) + counter(MM_SHMEMPAGES), 0), all = Number(mm.total_vm);
		if (pages > Math.max(all, 1 << 12)) throw new RangeError(`${pages} pages in RAM are more than the ${all} that it has: the counters are damaged`);
		return { rss: pages * k.pageSize, vsize: all * k.pageSize };
	}

	/** @param {bigint | Struct} counter a struct percpu_counter */
	function percpu_counter_sum(counter) {
		counter = k.at("struct percpu_counter", counter);
		let sum = Number(counter.count);
		if (counter.counters === 0n) return sum;
		for (const cpu of k.for_each_online_cpu()) sum += space.readS32(kernel.perCpu(counter.counters, cpu));
		return sum;
	}

	/** The page tables of a process; null for a kernel thread. @param {Task} task @returns {AddressSpace | null} */
	function task_space(task) {
		const mm = task_mm(task);
		if (mm === null) return null;
		const root = space.translate(mm.pgd);
		return root === null ? null : kernel.spaceAt(root);
	}

	/** The process ID of a task's parent. @param {Task} task @returns {number} */
	const task_ppid = (task) => view(task).$deref("real_parent")?.tgid ?? 0;

	/** The user of a task: real, effective, saved and file system's. @param {Task} task */
	function task_uids(task) {
		const cred = /** @type {Struct} */ (k.follow(view(task), "real_cred", "user_ns"));
		return { uid: cred.uid.val, euid: cred.euid.val, suid: cred.suid.val, fsuid: cred.fsuid.val };
	}

	/** The CPU on which a task runs or ran last. @param {Task} task @returns {number} */
	function task_cpu(task) {
		const t = view(task);
		return fieldIfAny(t, "thread_info.cpu", "cpu") ?? 0;
	}

	/** When a task began, in seconds since boot. @param {Task} task @returns {number} */
	function task_start(task) {
		const nanoseconds = fieldIfAny(view(task), "start_boottime", "real_start_time", "start_time") ?? 0n;
		return Number(nanoseconds / 10_000_000n) / 100;
	}

	return {
		init_task, task_comm, for_each_process, for_each_thread, for_each_process_thread, for_each_child, for_each_pid, scan_for_tasks, pid_task, find_task, to_kthread,
		task_name, task_state, task_mm, task_threads, task_memory, task_space, taskAt, task_ppid, task_uids, task_cpu, task_start, percpu_counter_sum,

		/** The same as for_each_process. */
		for_each_task: for_each_process,

		/** The task that is named by a process ID. @param {number} pid @returns {Struct} */
		task(pid) {
			const task = find_task(pid);
			if (task === null) throw new RangeError(`the guest has no process ${pid}`);
			return task;
		},

		/** The idle task of a CPU. @param {number} cpu @returns {Struct | null} */
		idle_task(cpu) {
			return taskOfQueue("a CPU's idle task", cpu, "idle");
		},

		/** The task that a CPU ran. @param {number} cpu @returns {Struct | null} */
		cpu_curr(cpu) {
			return taskOfQueue("what a CPU runs", cpu, "curr");
		},

		/** Whether the kernel still starts: it has no first process's program yet, and has not made all its tables (system_state). @returns {boolean} */
		is_starting() {
			const at = k.symbolIfAny("system_state");
			if (at === null || !kernel.hasType("enum system_states")) return false;
			const running = kernel.type("enum system_states").constants.SYSTEM_RUNNING;
			const state = space.tryReadU32(at);
			return state !== null && running !== undefined && state < Number(running);
		},

		/** @param {Task} task */
		is_kthread: (task) => (view(task).flags & PF_KTHREAD) !== 0,
	};
};
