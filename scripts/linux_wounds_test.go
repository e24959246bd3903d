package scripts

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/bindings"
	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
	"github.com/svscript/svscript/savevm/paging"
)

// A woundedImage is an image of which chosen pages hold zeros.
type woundedImage struct {
	*savevm.Image
	pages map[uint64]bool // by page number
}

func (w *woundedImage) ReadMemory(p []byte, address uint64) (int, error) {
	n, err := w.Image.ReadMemory(p, address)
	for at := address; at < address+uint64(n); at = at&^4095 + 4096 {
		if w.pages[at>>12] {
			clear(p[at-address : min(uint64(n), at&^4095+4096-address)])
		}
	}
	return n, err
}

func (w *woundedImage) Space(c paging.Config) (*paging.Space, error) { return paging.New(w, c) }

// A wound is what damage takes of a kernel: the physical pages of something.
type wound struct {
	name  string
	pages map[uint64]bool
}

// woundsOf finds, by the library on the whole image, the pages that something of the kernel lies in.
func woundsOf(t testing.TB, img *savevm.Image) []wound {
	t.Helper()
	host, err := runtime.New(runtime.Config{Builtins: FS})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bindings.New(host, img, bindings.Options{}); err != nil {
		t.Fatal(err)
	}
	v, err := host.RunString(context.Background(), "wounds.js", woundsScript)
	if err != nil {
		t.Fatal(describe(err))
	}
	var wounds []wound
	host.Runtime().ForOf(v, func(item goja.Value) bool {
		o := item.(*goja.Object)
		w := wound{o.Get("name").String(), map[uint64]bool{}}
		host.Runtime().ForOf(o.Get("pages"), func(page goja.Value) bool {
			w.pages[page.Export().(*big.Int).Uint64()] = true
			return true
		})
		wounds = append(wounds, w)
		return true
	})
	return wounds
}

const woundsScript = `
const { kernel, space, ...k } = require("svscript/linux")(vm);
const all = [];
const wound = (name, pages) => {
	try {
		const list = [...pages()].filter((p) => p !== null);
		if (list.length > 0) all.push({ name, pages: list });
	} catch {
		// this kernel has no such thing
	}
};
/** The pages of memory at a virtual address. */
const at = function* (address, size = 1) {
	for (let a = address & ~4095n; a < address + BigInt(size); a += 4096n) {
		const p = space.translate(a);
		yield p === null ? null : p >> 12n;
	}
};
const symbol = (name) => (size = 1) => () => at(kernel.symbol(name), size);
const struct = (view) => at(view.$address, view.$type.sizeof);
const middle = (items) => { const list = [...items]; return list[list.length >> 1]; };
const token = BigInt(/physical (0x[0-9a-f]+)/.exec(kernel.evidence.find((e) => /kallsyms at/.test(e)))[1]) >> 12n;
const around = (first, last) => () => Array.from({ length: last - first + 1 }, (_, i) => token + BigInt(first + i));

wound("kallsyms, the token table", around(0, 0));
wound("kallsyms, a page of names", around(-100, -100));
wound("kallsyms, 64 pages of names", around(-200, -137));
wound("kallsyms, all", around(-1024, 256));
const btf = kernel.symbol("__start_BTF"), btfSize = Number(kernel.symbol("__stop_BTF") - btf);
wound("BTF, its header", () => at(btf));
wound("BTF, a page of types", () => at(btf + BigInt(btfSize >> 2)));
wound("BTF, the first 16 pages", () => at(btf + 4096n, 16 * 4096));
wound("BTF, its strings", () => at(btf + BigInt(btfSize * 0.9 | 0), 8192));
wound("BTF, all", () => at(btf, btfSize));
wound("kallsyms and BTF", function* () { yield* around(-1024, 256)(); yield* at(btf, btfSize); });
for (const name of ["linux_banner", "init_task", "init_pid_ns", "modules", "slab_caches", "init_net", "init_nsproxy", "super_blocks", "prb", "vmcoreinfo_data",
	"__per_cpu_offset", "nr_cpu_ids", "__cpu_online_mask", "sys_call_table", "idt_table", "tcp_hashinfo", "unix_socket_table", "init_fs", "init_files", "init_cred", "module_kset",
	"prog_idr", "map_idr", "tk_core", "jiffies", "bpf_kallsyms", "init_uts_ns", "saved_command_line", "irq_desc_tree", "sparse_irqs", "mount_hashtable", "inet_hashinfo", "mem_section",
	"vmemmap_base", "page_offset_base", "memstart_addr", "phys_base"]) wound(name, symbol(name)());
wound("page table, its root", () => [kernel.root >> 12n]);
wound("page table of the text", () => space.walk(kernel.symbol("_stext")).steps.slice(1).map((s) => s.entryAddress >> 12n));
const first = k.task(1);
wound("page table of the direct map", () => space.walk(first.$address).steps.slice(1, 2).map((s) => s.entryAddress >> 12n));
wound("page table of a task", () => space.walk(first.$address).steps.slice(-1).map((s) => s.entryAddress >> 12n));
wound("PID 1's task", () => struct(first));
wound("PID 1's signal_struct", () => at(first.signal));
wound("PID 1's mm", () => at(first.mm));
wound("PID 1's files", () => at(first.files));
wound("PID 1's fdtable", () => at(first.$deref("files").fdt));
wound("PID 1's fs", () => at(first.fs));
wound("PID 1's cred", () => at(first.real_cred));
wound("PID 1's nsproxy", () => at(first.nsproxy));
wound("PID 1's page table", () => at(first.$deref("mm").pgd));
wound("PID 1's stack", () => at(first.stack, 16384));
wound("PID 1's area in the middle", () => struct(middle(k.for_each_vma(first))));
wound("a task in the middle", () => struct(middle(k.for_each_process())));
wound("the last task", () => struct([...k.for_each_process()].at(-1)));
wound("two tasks", () => [...k.for_each_process()].slice(10, 12).flatMap((t) => [...struct(t)]));
wound("five tasks far apart", () => [...k.for_each_process()].filter((t, i) => i % 7 === 3).slice(0, 5).flatMap((t) => [...struct(t)]));
wound("the nodes of the PID table", function* () {
	const idr = kernel.type("pid_namespace").at(kernel.symbol("init_pid_ns")).idr, head = idr.$field ? idr.$field("idr_rt.xa_head") : idr.idr_rt.xa_head;
	yield* at(head & ~3n);
});
wound("a struct pid", () => at(middle(k.for_each_pid())[1]));
wound("a module in the middle", () => struct(kernel.type("struct module").at(kernel.modules[kernel.modules.length >> 1].address)));
wound("the first module", () => struct(kernel.type("struct module").at(kernel.modules[0].address)));
const slab = require("svscript/linux-slab")(vm), fs = require("svscript/linux-fs")(vm);
wound("a slab cache in the middle", () => struct(middle(slab.for_each_slab_cache())));
wound("the slab cache of tasks", () => struct(slab.find_slab_cache("task_struct")));
wound("the slab cache of slab caches", () => struct(slab.find_slab_cache("kmem_cache")));
wound("a mount in the middle", () => struct(middle(fs.for_each_mount())));
wound("the mounts' namespace", () => at(k.task(1).$deref("nsproxy").mnt_ns));
wound("a super block", () => struct(middle(k.list_for_each_entry(kernel.symbol("super_blocks"), "struct super_block", "s_list"))));
wound("the log's text", () => { const prb = kernel.type("struct printk_ringbuffer").at(space.readPointer(kernel.symbol("prb"))); return at(prb.text_data_ring.data, 16384); });
wound("the log's descriptors", () => { const prb = kernel.type("struct printk_ringbuffer").at(space.readPointer(kernel.symbol("prb"))); return at(prb.desc_ring.descs, 4096); });
wound("the log's infos", () => { const prb = kernel.type("struct printk_ringbuffer").at(space.readPointer(kernel.symbol("prb"))); return at(prb.desc_ring.infos, 8192); });
wound("the log's ring", () => at(space.readPointer(kernel.symbol("prb"))));
wound("run queue of CPU 0", () => struct(k.per_cpu("runqueues", 0, "struct rq")));
wound("per-CPU data of CPU 1", () => at(kernel.perCpu("runqueues", 1) - 0x20000n, 0x40000));
wound("memory's page structs", () => { const p = first.$address; return at(slab.virt_to_page ? slab.virt_to_page(p).$address : 0n); });
all;
`

// The tasks that lie in memory are those of the list, with the names of data in the kernel's table and without: a kernel may be built
// without them (CONFIG_KALLSYMS_ALL).
func TestLinuxScanForTasks(t *testing.T) {
	typedImages(t, func(t *testing.T, image string, _ map[string]string) {
		for _, kept := range []string{"true", "!name.endsWith('_sched_class')"} {
			host, err := runtime.New(runtime.Config{Builtins: FS})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := bindings.New(host, openImage(t, image), bindings.Options{}); err != nil {
				t.Fatal(err)
			}
			v, err := host.RunString(context.Background(), "scan.js", `
				const own = vm.linux.symbol;
				Object.defineProperty(vm.linux, "symbol", { value: (name) => (`+kept+` ? own.call(vm.linux, name) : null) });
				const k = require("svscript/linux")(vm), addresses = (tasks) => new Set([...tasks].map((t) => t.$address));
				const listed = addresses(k.for_each_process_thread()), found = addresses(k.scan_for_tasks());
				[...listed.symmetricDifference(found)].join() + k.skipped.map((s) => s.reason).join()`)
			if err != nil {
				t.Fatal(describe(err))
			}
			if v.String() != "" {
				t.Errorf("with %s: only listed, or only found: %s", kept, v)
			}
		}
	})
}

// damagedImages calls test for an image whose kernel has types, to damage it: for all of them with SVSCRIPT_AUDIT. Images that have
// except in their names, if it is not empty, are left out.
func damagedImages(t *testing.T, except string, test func(t *testing.T, image string, img *savevm.Image, audit bool)) {
	if testing.Short() {
		t.Skip("many runs of scripts, none of them parallel")
	}
	audit := os.Getenv("SVSCRIPT_AUDIT") != ""
	tried := false
	typedImages(t, func(t *testing.T, image string, _ map[string]string) {
		if except != "" && strings.Contains(image, except) || tried && !audit {
			t.Skip("one image is enough")
		}
		tried = true
		test(t, image, openImage(t, image), audit)
	})
}

// TestLinuxWounds: with one thing of the kernel lost, each command lists the rest, or says in one line what is missing; a list that
// became shorter says so. By default one image, and a command for each wound; SVSCRIPT_AUDIT=PREFIX runs all commands on every image, for
// the wounds whose names begin so ("." for all), and prints what each gives.
func TestLinuxWounds(t *testing.T) {
	damagedImages(t, "", func(t *testing.T, image string, img *savevm.Image, audit bool) {
		wounds := woundsOf(t, img)
		if len(wounds) < 40 {
			t.Errorf("only %d things were found to wound", len(wounds))
		}
		rows := map[string]int{} // that the whole image gives
		for i, w := range wounds {
			if prefix := os.Getenv("SVSCRIPT_AUDIT"); audit && prefix != "." && !strings.HasPrefix(w.name, prefix) {
				continue
			}
			for j, command := range woundCommands {
				if !audit && (i+j)%len(woundCommands) != 0 {
					continue
				}
				words := strings.Fields(command)
				whole, ok := rows[command]
				if !ok {
					whole = len(runScript(t, image, words[0], words[1:]...).rows)
					rows[command] = whole
				}
				r, err := executeOn(t, &woundedImage{Image: img, pages: w.pages}, words[0], words[1:]...)
				if err != nil {
					checkExpected(t, w.name+": "+command, err)
					if audit {
						t.Logf("%s: %s: %s", w.name, command, strings.SplitN(describe(err), "\n", 2)[0])
					}
					continue
				}
				said := slices.ContainsFunc(r.rows, func(row map[string]any) bool { return row["skipped"] != nil }) || r.stderr != ""
				switch {
				case len(r.rows) >= whole:
				case !said && !(words[0] == "irqs" && strings.Contains(w.name, "kallsyms")): // without a symbol there, what looks like its tree is taken
					t.Errorf("%s: %s: %d rows of %d, and nothing says that there were more: %.200s", w.name, command, len(r.rows), whole, r.text)
				case audit:
					t.Logf("%s: %s: %d rows of %d: %.200s", w.name, command, len(r.rows), whole, r.stderr)
				}
			}
		}
	})
}

var woundCommands = []string{"ps", "modules", "lsof", "mounts", "netstat", "slabs", "dmesg", "maps 1", "sysinfo", "irqs --all", "timers", "bpf",
	"irqs --idt", "bpf --maps", "vmmap 1", "bt --cpus"}

// What a command lists of a thing is not silently empty, other, or noise where the thing is lost: whether it holds zeros or anything.
var lostThings = []struct{ wound, commands string }{
	{"PID 1's task", "env 1; vmmap 1; lsof; ps"},
	{"PID 1's mm", "env 1; vmmap 1; maps 1; lsof; ps"},
	{"PID 1's files", "lsof; netstat"},
	{"PID 1's fdtable", "lsof"},
	{"PID 1's cred", "ps"},
	{"PID 1's signal_struct", "ps"},
	{"idt_table", "irqs --idt"},
	{"prog_idr", "bpf"},
	{"map_idr", "bpf --maps"},
	{"init_task", "bt --cpus"},
	{"vmemmap_base", "slabs"},
	{"a mount in the middle", "mounts --all"},
	{"the log's text", "dmesg"},
	{"the log's descriptors", "dmesg"},
	{"__per_cpu_offset", "ps"},
	{"per-CPU data of CPU 1", "ps; slabs"},
	{"kallsyms, all", "bt --cpus; timers"},
	{"PID 1's stack", "bt 1"},
	{"modules", "bt 1; bt --cpus; mounts"},
	{"a struct pid", "check tasks"},
	{"page table of the text", "check text"},
}

// A noisyImage is an image of which chosen pages hold noise.
type noisyImage struct{ *woundedImage }

func (n *noisyImage) ReadMemory(p []byte, address uint64) (int, error) {
	count, err := n.Image.ReadMemory(p, address)
	for at := address; at < address+uint64(count); at++ {
		if n.pages[at>>12] {
			p[at-address] = byte((at*0x9e3779b97f4a7c15 ^ at>>3*0xd6e8feb86659fd93) >> 56)
		}
	}
	return count, err
}

func (n *noisyImage) Space(c paging.Config) (*paging.Space, error) { return paging.New(n, c) }

func TestLinuxLostIsSaid(t *testing.T) {
	damagedImages(t, "", func(t *testing.T, image string, img *savevm.Image, audit bool) {
		wounds := map[string]*woundedImage{}
		for _, w := range woundsOf(t, img) {
			wounds[w.name] = &woundedImage{Image: img, pages: w.pages}
		}
		wholes := map[string]string{}
		for n, lost := range lostThings {
			wounded := wounds[lost.wound]
			if wounded == nil {
				continue // this kernel has no such thing
			}
			for i, command := range strings.Split(lost.commands, "; ") {
				words := strings.Fields(command)
				if wholes[command] == "" {
					r := runScript(t, image, words[0], words[1:]...)
					wholes[command] = r.text + fmt.Sprint(r.rows)
				}
				for j, target := range []bindings.Target{wounded, &noisyImage{wounded}} {
					if !audit && (n+i+j)%2 > 0 {
						continue
					}
					what := fmt.Sprintf("%s lost, noise %v: %s", lost.wound, j > 0, command)
					r, err := executeOn(t, target, words[0], words[1:]...)
					if err != nil {
						checkExpected(t, what, err)
						continue
					}
					said := r.stderr != "" || words[0] == "check" && strings.Contains(fmt.Sprint(r.rows), "status:unknown")
					if !said && r.text+fmt.Sprint(r.rows) != wholes[command] {
						t.Errorf("%s: nothing says that it is lost: %.300s", what, r.text+fmt.Sprint(r.rows))
					}
					for _, row := range r.rows {
						for _, key := range []string{"name", "comm", "text"} {
							if text, ok := row[key].(string); ok && (strings.ContainsAny(text, "\x00\x01\x02\x03\x04\x05\x06\x07\x7f") || strings.Count(text, "\ufffd") > 3) {
								t.Errorf("%s: %s is noise: %q", what, key, text)
							}
						}
					}
				}
			}
		}
	})
}

// A bentImage is an image of which chosen words hold something else.
type bentImage struct {
	*savevm.Image
	words map[uint64]uint64 // by physical address: 8 bytes
}

func (b *bentImage) ReadMemory(p []byte, address uint64) (int, error) {
	n, err := b.Image.ReadMemory(p, address)
	for at, value := range b.words {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], value)
		for i := range word {
			if at+uint64(i) >= address && at+uint64(i) < address+uint64(n) {
				p[at+uint64(i)-address] = word[i]
			}
		}
	}
	return n, err
}

func (b *bentImage) Space(c paging.Config) (*paging.Space, error) { return paging.New(b, c) }

// Each list's command, the member of a row that tells what it is, and the struct list_head of its head and of two nodes within:
// where it lies, and that place's physical address.
const listsScript = `
const { kernel, space, ...k } = require("svscript/linux")(vm);
const slab = require("svscript/linux-slab")(vm), fs = require("svscript/linux-fs")(vm);
const field = (view, path) => view.$address + BigInt(view.$type.offsetOf(path));
const list = (command, key, head, nodes) => {
	const all = [...nodes];
	if (all.length === 0) return [];
	const at = [head, all[all.length >> 1], all[(all.length >> 1) + 1] ?? head];
	return [{ command, key, at, physical: at.map((a) => space.translate(a)) }];
};
const mnt = fs.mount_namespace(), has_list = mnt.$type.fields.some((f) => f.name === "list");
[
	list("ps", "task", field(k.init_task(), "tasks"), [...k.for_each_process()].map((t) => field(t, "tasks"))),
	list("modules", "name", kernel.symbol("modules"), kernel.modules.map((m) => field(kernel.type("struct module").at(m.address), "list"))),
	list("slabs", "cache", kernel.symbol("slab_caches"), [...slab.for_each_slab_cache()].map((c) => field(c, "list"))),
	has_list ? list("mounts --all", "id", field(mnt, "list"), [...fs.for_each_mount()].map((m) => field(m, "mnt_list"))) : [],
].flat();`

// A list whose links lead elsewhere is walked to an end: what it has is listed, nothing else, and nothing lacks without a word.
func TestLinuxBentLists(t *testing.T) {
	damagedImages(t, "i386", func(t *testing.T, image string, img *savevm.Image, audit bool) {
		host, err := runtime.New(runtime.Config{Builtins: FS})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bindings.New(host, img, bindings.Options{}); err != nil {
			t.Fatal(err)
		}
		v, err := host.RunString(context.Background(), "lists.js", listsScript)
		if err != nil {
			t.Fatal(describe(err))
		}
		var lists []*goja.Object
		host.Runtime().ForOf(v, func(item goja.Value) bool { lists = append(lists, item.(*goja.Object)); return true })
		word := func(v goja.Value) uint64 { return v.Export().(*big.Int).Uint64() }
		for i, list := range lists {
			words := strings.Fields(list.Get("command").String())
			key := list.Get("key").String()
			whole := map[any]bool{}
			for _, row := range runScript(t, image, words[0], words[1:]...).rows {
				whole[row[key]] = true
			}
			at := list.Get("at").(*goja.Object)
			physical := list.Get("physical").(*goja.Object)
			foreign := word(lists[(i+1)%len(lists)].Get("at").(*goja.Object).Get("1"))
			for j, place := range []string{"0", "1"} { // the head, and a node in the middle
				for l, links := range []string{"next", "prev", "next and prev"} {
					values := map[string]uint64{"noise": 0x5bd1e995a1b2c3d4, "a node of another list": foreign, "itself": word(at.Get(place)), "two nodes on": word(at.Get("2"))}
					for m, name := range slices.Sorted(maps.Keys(values)) {
						if !audit && (i+j+l+m)%4 != 0 {
							continue
						}
						bent := map[uint64]uint64{}
						if links != "prev" {
							bent[word(physical.Get(place))] = values[name]
						}
						if links != "next" {
							bent[word(physical.Get(place))+8] = values[name]
						}
						what := fmt.Sprintf("%s, node %s, %s leads to %s", words[0], place, links, name)
						r, err := executeOn(t, &bentImage{img, bent}, words[0], words[1:]...)
						if err != nil {
							checkExpected(t, what, err)
							continue
						}
						said, rows := r.stderr != "", 0
						for _, row := range r.rows {
							if row["skipped"] != nil {
								continue
							}
							rows++
							if !whole[row[key]] {
								t.Errorf("%s: a row of something else: %v", what, row)
							}
						}
						if rows < len(whole) && !said || rows > len(whole) {
							t.Errorf("%s: %d rows of %d: %s", what, rows, len(whole), r.stderr)
						}
						if audit || testing.Verbose() {
							t.Logf("%s: %d rows of %d: %.200s", what, rows, len(whole), r.stderr)
						}
					}
				}
			}
		}
	})
}
