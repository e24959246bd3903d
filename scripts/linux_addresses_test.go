package scripts

import (
	"bytes"
	"strings"
	"testing"

	"github.com/svscript/svscript/bindings"
	"github.com/svscript/svscript/runtime"
	"github.com/svscript/svscript/savevm"
)

// Helpers that take a struct take its address as well: what they give is the same, and nothing is noted as left out.
func TestLinuxAddresses(t *testing.T) {
	linuxImages(t, func(t *testing.T, image string, _ map[string]string) {
		if withoutTypes(image) {
			t.Skip("its types are inferred: not all that is asked for here are known")
		}
		checkAddresses(t, openImage(t, image))
	})
}

func checkAddresses(t *testing.T, img *savevm.Image) {
	var out bytes.Buffer
	host, err := runtime.New(runtime.Config{Stdout: &out, Stderr: &out, Builtins: FS})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bindings.New(host, img, bindings.Options{}); err != nil {
		t.Fatal(err)
	}
	v, err := host.RunString(t.Context(), "addresses.js", addressesScript)
	if err != nil {
		t.Fatal(describe(err))
	}
	if v.String() != "" {
		t.Error(v.String())
	}
	if !strings.Contains(out.String(), "addresses: a thing is left out: it is nowhere\n") {
		t.Errorf("the report has nothing of what has no address: %s", out.String())
	}
}

const addressesScript = `
const k = require("svscript/linux")(vm), part = (name) => require("svscript/linux-" + name)(vm);
const fs = part("fs"), net = part("net"), stack = part("stack"), irq = part("irq"), timer = part("timer");
const first = (items, fits = () => true) => { for (const item of items) if (fits(item)) return item; return null; };

const task = k.task(1), file = k.task_exe(task), mount = first(fs.for_each_mount());
const dentry = file.f_path.$deref("dentry"), inode = fs.real_inode(dentry.$deref("d_inode")), sb = inode.$deref("i_sb");
const vmas = [...k.for_each_vma(k.task_mm(task))], net_ns = first(net.for_each_net()), sk = first(net.for_each_sock(net_ns), (s) => s.sk_socket !== 0n);
const socket = sk.$deref("sk_socket"), unix = first(net.for_each_unix_sock(net_ns)), fib = first(net.for_each_fib_table(net_ns)), fib6 = first(net.for_each_fib6_table(net_ns));

/** The helpers by the struct that they take. */
const helpers = [
	[fs, task, "mount_namespace task_root for_each_file"], [fs, task.$deref("nsproxy").$deref("mnt_ns"), "for_each_mount"],
	[fs, mount, "mount_root mount_info"], [fs, sb, "fs_type for_each_inode"], [fs, dentry, "dentry_path d_name d_unlinked"], [fs, dentry.$deref("d_parent"), "for_each_child"],
	[fs, inode, "inode_number inode_type for_each_alias inode_path real_inode cached_pages for_each_cached_page for_each_file_run read_file"], [fs, file.f_path, "d_path"],
	[k, vmas[0], "vma_flags vma_file"], [k, vmas[vmas.length - 1], "vma_name"], [k, file, "file_id"], [k, k.task_mm(task), "gate_vma for_each_vma"], [k, k.timekeeper(), "monotonic"],
	[net, net_ns, "for_each_tcp_sock for_each_udp_sock for_each_raw_sock for_each_unix_sock for_each_packet_sock for_each_netlink_sock for_each_sock for_each_netdev for_each_fib_table for_each_fib6_table"],
	[net, sk, "sock_net sock_info"], [net, socket, "socket_inode socket_type describe"], [net, unix && k.at("struct unix_sock", unix.$address), "unix_name"], [net, socket.$deref("file"), "file_socket"],
	[net, first(net.for_each_netdev(net_ns)), "netdev_info"], [net, fib, "for_each_route"], [net, fib6, "for_each_route6"],
	[stack, k.task(2), "task_stack running_on stack_trace"],
	[irq, first(irq.for_each_irq(), ([, desc]) => desc.action !== 0n)[1], "for_each_irq_action irq_counts irq_affinity irq_hidden"],
	[timer, first(timer.for_each_timer(0)), "timer_info"], [timer, first(timer.for_each_hrtimer(0)), "hrtimer_info"],
].flatMap(([library, view, names]) => (view === null ? [] : names.split(" ").map((name) => [name, view, library[name]])));

const desc = first(irq.for_each_irq())[1];
helpers.push(["fs_options", sb, (s) => fs.fs_options(fs.fs_type(sb), s)], ["irq_info", desc, (d) => irq.irq_info(1, d)]);
for (const { key, alias } of fib ? net.for_each_route(fib) : []) helpers.push(["route_info", fib, (f) => net.route_info(f, key, typeof f === "bigint" ? alias.$address : alias)]);
for (const route of fib6 ? net.for_each_route6(fib6) : []) helpers.push(["route6_info", fib6, (f) => net.route6_info(f, typeof f === "bigint" ? route.$address : route)]);

const print = (value) => {
	if (value && typeof value === "object" && typeof value.next === "function") value = [...value];
	return JSON.stringify(value, (_, v) => (typeof v === "bigint" ? v + "n" : ArrayBuffer.isView(v) ? v.length : v && v.$address !== undefined ? v.$type.name + "@" + v.$address : v));
};
const wrong = [];
for (const [name, view, helper] of helpers) {
	const before = k.skipped.length, want = print(helper(view));
	let got;
	try {
		got = print(helper(view.$address));
	} catch (error) {
		got = String(error);
	}
	if (got !== want) wrong.push(name + " gives " + String(got).slice(0, 200) + ", not " + String(want).slice(0, 200));
	if (k.skipped.length > before) wrong.push(name + " skips " + k.skipped.at(-1).what);
}
if (helpers.length < 50) wrong.push("only " + helpers.length + " helpers");
k.skip("a thing", undefined, "it is nowhere");
k.report("addresses");
wrong.join("\n");
`
