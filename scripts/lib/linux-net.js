// svscript/linux-net: sockets and network devices of a Linux guest.
//
//	const net = require("svscript/linux-net")(vm);
//	for (const net_ns of net.for_each_net()) for (const sk of net.for_each_tcp_sock(net_ns)) console.log(net.sock_info(sk).local);
//
// A sock is the kernel's struct sock; of sockets that are little more than their addresses (TIME_WAIT, SYN_RECV) only its first part,
// struct sock_common, is there. What cannot be read is left out and noted in .skipped of svscript/linux.
"use strict";
const linux = require("svscript/linux");
const filesystems = require("svscript/linux-fs");

// include/linux/socket.h
const AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, AF_NETLINK = 16, AF_PACKET = 17;
/** @type {Record<number, string>} */
const FAMILIES = {
	[AF_UNIX]: "unix", [AF_INET]: "inet", [AF_INET6]: "inet6", [AF_NETLINK]: "netlink", [AF_PACKET]: "packet",
	15: "key", 29: "can", 31: "bluetooth", 38: "alg", 40: "vsock", 44: "xdp", 45: "mctp",
};
/** enum in include/linux/net.h. */
const SOCK_TYPES = ["", "stream", "dgram", "raw", "rdm", "seqpacket", "dccp", "", "", "", "packet"];
/** enum in include/net/tcp_states.h; NEW_SYN_RECV is shown as the kernel shows it. */
const TCP_STATES = ["UNCONNECTED", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "SYN_RECV"];
const TCP_TIME_WAIT = 6, TCP_CLOSE = 7, TCP_LISTEN = 10, TCP_NEW_SYN_RECV = 12;
/** socket_state in include/uapi/linux/net.h. */
const SOCKET_STATES = ["FREE", "UNCONNECTED", "CONNECTING", "CONNECTED", "DISCONNECTING"];
/** include/uapi/linux/in.h. @type {Record<number, string>} */
const PROTOCOLS = { 1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 33: "dccp", 58: "icmp6", 132: "sctp", 136: "udplite", 255: "raw", 262: "mptcp" };
/** include/uapi/linux/netlink.h. */
const NETLINK = [
	"route", "unused", "usersock", "firewall", "sock_diag", "nflog", "xfrm", "selinux", "iscsi", "audit", "fib_lookup", "connector", "netfilter", "ip6_fw",
	"dnrtmsg", "kobject_uevent", "generic", "", "scsitransport", "ecryptfs", "rdma", "crypto", "smc",
];
/** include/uapi/linux/if.h. @type {[number, string][]} */
const IFF = [
	[0x1, "UP"], [0x2, "BROADCAST"], [0x8, "LOOPBACK"], [0x10, "POINTOPOINT"], [0x40, "RUNNING"], [0x80, "NOARP"], [0x100, "PROMISC"], [0x200, "ALLMULTI"],
	[0x400, "MASTER"], [0x800, "SLAVE"], [0x1000, "MULTICAST"],
];
/** IF_OPER_ in include/uapi/linux/if.h. */
const OPERSTATES = ["unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"];

const SOCK_STREAM = 1, IPPROTO_TCP = 6;

const MAX_BUCKETS = 1 << 22, UNIX_HASH_SIZE = 512, RAW_HTABLE_SIZE = 256, SUN_PATH = 108;

/**
 * @typedef {StructFields} Struct
 * @typedef {object} SocketInfo
 * @property {string} proto  "tcp", "udp6", "unix", "netlink", …
 * @property {string} type  "stream", "dgram", …; "" where it is not known
 * @property {string} state  "LISTEN", "ESTABLISHED", …
 * @property {string} local  an address and port, a path, or "@name"
 * @property {string} remote
 * @property {number} rx_queue  bytes that came and were not read; of a TCP or UNIX socket that listens, connections that were not accepted
 * @property {number} tx_queue  bytes that were sent and not acknowledged, or wait to be
 * @property {number | null} uid  the user it belongs to; null where no process has it
 * @property {number | bigint | null} inode  of the socket; null where no process has it
 * @property {bigint} socket  address of its struct socket; 0n for one that no process has
 * @property {bigint} sock  address of its struct sock
 */

/** @param {VM} vm */
function make(vm) {
	const k = linux(vm);
	const fs = filesystems(vm);
	const { kernel, space, has, attempt } = k;

	// --- Tables

	/** The network namespaces, the first one first. @returns {Generator<Struct>} struct net */
	function* for_each_net() {
		const first = k.symbolIfAny("init_net") ?? k.init_task().$deref("nsproxy").net_ns;
		yield k.at("struct net", first);
		const offset = BigInt(kernel.type("struct net").offsetOf("list"));
		const head = k.symbolIfAny("net_namespace_list");
		if (head !== null) {
			for (const net of k.list_for_each_entry(head, "struct net", "list")) if (net.$address !== first) yield net;
			return;
		}
		for (const node of k.list_for_each(first + offset)) {
			const net = k.at("struct net", node - offset);
			// Without its symbol the head cannot be told from a namespace, but by what these have.
			if (k.attempt("a network namespace", net.$address, () => net.ns.ops !== 0n && net.ns.ops === k.at("struct net", first).ns.ops, false)) yield net;
		}
	}

	/** The nodes that a table of chains holds, bucket by bucket. @param {string} what @param {bigint} table @param {number} buckets @param {number} stride bytes from one head to the next @returns {Generator<bigint>} */
	function* hash_for_each(what, table, buckets, stride) {
		if (buckets > MAX_BUCKETS) {
			k.skip(what, table, `a table of ${buckets} chains is none`);
			return;
		}
		const words = stride / kernel.pointerSize, batch = Math.ceil(4096 / words);
		for (let i = 0; i < buckets; i += batch) {
			const at = table + BigInt(i * stride), n = Math.min(batch, buckets - i);
			const heads = space.tryReadArray(at, "pointer", n * words);
			if (!heads) {
				k.skip(what, at, "it cannot be read");
				continue;
			}
			for (let j = 0; j < n; j++) {
				const head = BigInt(heads[j * words]);
				if (head !== 0n && (head & 1n) === 0n) yield* k.hlist_for_each(at + BigInt(j * stride));
			}
		}
	}

	/** The socks of nodes. @param {Generator<bigint>} nodes @param {string} member @param {Struct | null} net only of this namespace @returns {Generator<Struct>} */
	function* socksOf(nodes, member, net) {
		const offset = BigInt(kernel.type("struct sock").offsetOf(member));
		for (const node of nodes) {
			const sk = k.at("struct sock", k.wrap(node - offset));
			if (net === null || attempt("a socket", sk.$address, () => sock_net(sk), 0n) === net.$address) yield sk;
		}
	}

	/** The address of the struct net of a sock. @param {bigint | Struct} sk @returns {bigint} */
	const sock_net = (sk) => k.fieldIfAny(k.at("struct sock", sk), "__sk_common.skc_net.net") ?? 0n;

	/** @type {Set<string>} */
	const told = new Set();

	/** Whether a kernel that still starts has not made a table, and so has none of what it holds; said once. @param {string} what @param {bigint} table */
	function notYet(what, table) {
		if (table !== 0n || !k.is_starting()) return false;
		if (!told.has(what)) console.error(`linux: there are no ${what}: the kernel still starts, and has not made their table yet`);
		told.add(what);
		return true;
	}

	/** The table of TCP sockets of a namespace: its own since Linux 6.1. @param {Struct} net */
	function tcpTable(net) {
		const own = has("struct net", "ipv4.tcp_death_row.hashinfo") ? net.$field("ipv4.tcp_death_row.hashinfo") : 0n;
		return k.at("struct inet_hashinfo", own || k.symbol("tcp_hashinfo"));
	}

	/** The TCP sockets of a namespace: those that listen, then the others. @param {bigint | Struct} net @returns {Generator<Struct>} */
	function* for_each_tcp_sock(net) {
		net = k.at("struct net", net);
		const table = attempt("the table of TCP sockets", net.$address, () => tcpTable(net), null);
		if (!table || attempt("the table of TCP sockets", table.$address, () => notYet("TCP sockets", table.ehash), true)) return;
		yield* socksOf(listening(table), "__sk_common.skc_nulls_node", net);
		const stride = kernel.type("struct inet_ehash_bucket").sizeof;
		yield* socksOf(hash_for_each("the table of TCP sockets", table.ehash, table.ehash_mask + 1, stride), "__sk_common.skc_nulls_node", net);
	}

	/** The nodes of sockets that listen. @param {Struct} table struct inet_hashinfo @returns {Generator<bigint>} */
	function* listening(table) {
		const bucket = kernel.type("struct inet_listen_hashbucket");
		const head = BigInt(bucket.offsetOf(has("struct inet_listen_hashbucket", "nulls_head") ? "nulls_head" : "head"));
		const field = table.$type.fields.find((f) => f.name === "listening_hash"); // until Linux 5.18
		if (field) yield* hash_for_each("the table of listening sockets", table.$address + BigInt(field.offset) + head, field.size / bucket.sizeof, bucket.sizeof);
		else yield* hash_for_each("the table of listening sockets", table.lhash2 + head, table.lhash2_mask + 1, bucket.sizeof);
	}

	/** Notes that a table of sockets is not known. @param {string} what @param {Struct} net @param {string} name of its symbol */
	const unknown = (what, net, name) => k.skip(what, net.$address, `the kernel has no symbol ${name}`);

	/** The UDP sockets of a namespace, UDP-Lite's included. @param {bigint | Struct} net @returns {Generator<Struct>} */
	function* for_each_udp_sock(net) {
		net = k.at("struct net", net);
		const own = has("struct net", "ipv4.udp_table") ? net.$field("ipv4.udp_table") : 0n; // since Linux 6.2
		const first = own || k.symbolIfAny("udp_table");
		if (!first) unknown("the UDP sockets", net, "udp_table");
		for (const at of [first, k.symbolIfAny("udplite_table")]) {
			if (!at) continue;
			const table = k.at("struct udp_table", at);
			if (attempt("the table of UDP sockets", at, () => notYet("UDP sockets", table.hash), true)) continue;
			const slot = kernel.type("struct udp_hslot").sizeof;
			const heads = attempt("the table of UDP sockets", at, () => hash_for_each("the table of UDP sockets", table.hash, table.mask + 1, slot), null);
			if (heads) yield* socksOf(heads, "__sk_common.skc_node", net);
		}
	}

	/** The raw sockets of a namespace. @param {bigint | Struct} net @returns {Generator<Struct>} */
	function* for_each_raw_sock(net) {
		net = k.at("struct net", net);
		for (const at of [k.symbolIfAny("raw_v4_hashinfo"), k.symbolIfAny("raw_v6_hashinfo")]) {
			if (at === null || !has("struct raw_hashinfo", "ht")) continue;
			const heads = at + BigInt(kernel.type("struct raw_hashinfo").offsetOf("ht"));
			yield* socksOf(hash_for_each("the table of raw sockets", heads, RAW_HTABLE_SIZE, kernel.pointerSize), "__sk_common.skc_node", net);
		}
	}

	/** The UNIX sockets of a namespace. @param {bigint | Struct} net @returns {Generator<Struct>} */
	function* for_each_unix_sock(net) {
		net = k.at("struct net", net);
		const own = has("struct net", "unx.table.buckets"); // since Linux 6.0
		const table = own ? attempt("the table of UNIX sockets", net.$address, () => net.$field("unx.table.buckets"), null) : k.symbolIfAny("unix_socket_table");
		if (table === null && !own) unknown("the UNIX sockets", net, "unix_socket_table");
		if (table) yield* socksOf(hash_for_each("the table of UNIX sockets", table, UNIX_HASH_SIZE, kernel.pointerSize), "__sk_common.skc_node", net);
	}

	/** The packet sockets of a namespace. @param {bigint | Struct} net @returns {Generator<Struct>} */
	function* for_each_packet_sock(net) {
		net = k.at("struct net", net);
		if (!has("struct net", "packet.sklist")) return;
		yield* socksOf(k.hlist_for_each(net.$address + BigInt(net.$type.offsetOf("packet.sklist"))), "__sk_common.skc_node", net);
	}

	/** The netlink sockets of a namespace that have an address. @param {bigint | Struct} net @returns {Generator<Struct>} */
	function* for_each_netlink_sock(net) {
		net = k.at("struct net", net);
		const tables = k.symbolIfAny("nl_table");
		if (tables === null || !kernel.hasType("struct netlink_table")) return unknown("the netlink sockets", net, "nl_table");
		const first = space.tryReadPointer(tables), type = kernel.type("struct netlink_table");
		if (!first) return;
		const node = BigInt(kernel.type("struct netlink_sock").offsetOf("node"));
		for (let i = 0; i < 32; i++) {
			for (const at of rhashtable_for_each(first + BigInt(i * type.sizeof + type.offsetOf("hash")))) {
				const sk = k.at("struct sock", k.wrap(at - node));
				if (attempt("a netlink socket", sk.$address, () => sock_net(sk), 0n) === net.$address) yield sk;
			}
		}
	}

	/** The nodes of a struct rhashtable. @param {bigint} at @returns {Generator<bigint>} */
	function* rhashtable_for_each(at) {
		const tbl = attempt("a hash table", at, () => k.at("struct rhashtable", at).$deref("tbl"), null);
		if (!tbl) return;
		const size = attempt("a hash table", tbl.$address, () => (tbl.nest ? 0 : tbl.size), 0);
		if (size === 0 || size > MAX_BUCKETS) {
			k.skip("a hash table", tbl.$address, size === 0 ? "it is nested or cannot be read" : "its size is none");
			return;
		}
		const buckets = tbl.$address + BigInt(tbl.$type.offsetOf("buckets"));
		for (const head of space.tryReadArray(buckets, "pointer", size) ?? []) {
			const seen = new Set();
			for (let node = BigInt(head) & ~1n, marked = false; node !== 0n && !marked && !seen.has(node) && seen.size < 1e5;) { // bit 0 of a head is a lock
				seen.add(node);
				const next = space.tryReadPointer(node);
				if (next === null) {
					k.skip("a chain's node", node, "it cannot be read");
					break;
				}
				yield node;
				marked = (next & 1n) !== 0n;
				node = next;
			}
		}
	}

	/** All sockets of a namespace that are in its tables. @param {bigint | Struct} net @returns {Generator<Struct>} */
	function* for_each_sock(net) {
		net = k.at("struct net", net);
		yield* for_each_tcp_sock(net);
		yield* for_each_udp_sock(net);
		yield* for_each_raw_sock(net);
		yield* for_each_unix_sock(net);
		yield* for_each_packet_sock(net);
		yield* for_each_netlink_sock(net);
	}

	// --- What a socket is

	/** The struct socket of an open file; null for a file that is none. @param {bigint | Struct} file @returns {Struct | null} */
	function file_socket(file) {
		file = k.at("struct file", file);
		const ops = k.symbolIfAny("socket_file_ops");
		if (ops !== null ? file.f_op !== ops : (file.$deref("f_inode").i_mode & 0xf000) !== 0xc000) return null;
		return file.private_data === 0n ? null : k.at("struct socket", file.private_data);
	}

	/** The inode of a socket. @param {bigint | Struct} socket @returns {Struct} */
	function socket_inode(socket) {
		const alloc = kernel.type("struct socket_alloc");
		return k.at("struct inode", k.wrap(k.address(socket) - BigInt(alloc.offsetOf("socket")) + BigInt(alloc.offsetOf("vfs_inode"))));
	}

	/** "stream", "dgram", … @param {bigint | Struct} socket */
	function socket_type(socket) {
		const { type } = k.at("struct socket", socket);
		return SOCK_TYPES[type] ?? String(type);
	}

	/**
	 * What a socket is, its addresses and its state.
	 * @param {bigint | Struct} sk struct sock
	 * @returns {SocketInfo}
	 */
	function sock_info(sk) {
		sk = k.at("struct sock", sk);
		const { skc_family: family, skc_state: state } = sk.__sk_common;
		const mini = (family === AF_INET || family === AF_INET6) && (state === TCP_TIME_WAIT || state === TCP_NEW_SYN_RECV);
		const socket = mini ? 0n : sk.sk_socket;
		const type = mini ? 1 : sk.sk_type;
		return {
			proto: mini ? protocol(family, 6) : protocol(family, Number(sk.sk_protocol)),
			type: SOCK_TYPES[type] ?? "",
			...addresses(sk, family, type === 1 || state !== TCP_CLOSE ? state : 0),
			...(mini ? { rx_queue: 0, tx_queue: 0 } : queues(sk, family, state)),
			uid: socket === 0n ? null : socket_inode(socket).i_uid.val,
			inode: socket === 0n ? null : fs.inode_number(socket_inode(socket)),
			socket,
			sock: sk.$address,
		};
	}

	/**
	 * The bytes in a socket's queues, as /proc/net/tcp, /proc/net/udp and ss count them.
	 * @param {Struct} sk @param {number} family @param {number} state
	 * @returns {{rx_queue: number, tx_queue: number}}
	 */
	function queues(sk, family, state) {
		const listens = state === TCP_LISTEN, sent = (/** @type {Struct} */ s) => Math.max(0, Number(s.$field(has("struct sock", "sk_wmem_alloc.refs") ? "sk_wmem_alloc.refs.counter" : "sk_wmem_alloc.counter")) - 1);
		const received = () => Math.max(0, Number(sk.sk_backlog.rmem_alloc.counter));
		if (family === AF_UNIX) {
			const queue = sk.$address + BigInt(sk.$type.offsetOf("sk_receive_queue"));
			return { rx_queue: listens ? Number(sk.sk_receive_queue.qlen) : queued(queue), tx_queue: sent(sk) };
		}
		if ((family !== AF_INET && family !== AF_INET6) || sk.sk_type !== SOCK_STREAM || sk.sk_protocol !== IPPROTO_TCP) return { rx_queue: received(), tx_queue: sent(sk) };
		const tcp = k.at("struct tcp_sock", sk.$address);
		const rx = listens ? Number(sk.sk_ack_backlog) : Math.max(0, (tcp.rcv_nxt - tcp.copied_seq) | 0);
		return { rx_queue: rx, tx_queue: listens ? 0 : Math.max(0, (tcp.write_seq - tcp.snd_una) | 0) };
	}

	/** The bytes of the packets in a queue that nobody has read. @param {bigint} queue address of the struct sk_buff_head */
	function queued(queue) {
		let bytes = 0;
		const consumed = kernel.hasType("struct unix_skb_parms") && has("struct unix_skb_parms", "consumed");
		for (const at of k.list_for_each(queue)) {
			const skb = k.at("struct sk_buff", at);
			bytes += Number(skb.len);
			if (consumed) bytes -= Number(k.at("struct unix_skb_parms", at + BigInt(skb.$type.offsetOf("cb"))).consumed);
		}
		return bytes;
	}

	/** @param {number} family @param {number} number */
	function protocol(family, number) {
		if (family === AF_INET || family === AF_INET6) return (PROTOCOLS[number] ?? `ip-${number}`) + (family === AF_INET6 && number !== 58 ? "6" : "");
		return FAMILIES[family] ?? `family-${family}`;
	}

	/** @param {Struct} sk @param {number} family @param {number} state @returns {{state: string, local: string, remote: string}} */
	function addresses(sk, family, state) {
		switch (family) {
			case AF_INET:
			case AF_INET6:
				return inetAddresses(sk, family, state);
			case AF_UNIX: return unixAddresses(sk);
			case AF_NETLINK: return netlinkAddresses(sk);
			case AF_PACKET: return packetAddresses(sk);
		}
		return { state: "", local: "", remote: "" };
	}

	/** @param {Struct} sk @param {number} family @param {number} state */
	function inetAddresses(sk, family, state) {
		const c = sk.__sk_common;
		const remotePort = swap16(c.skc_dport);
		const [local, remote] = family === AF_INET
			? [ipv4(c.skc_rcv_saddr), ipv4(c.skc_daddr)]
			: [in6(c.skc_v6_rcv_saddr), in6(c.skc_v6_daddr)];
		const any = family === AF_INET ? "0.0.0.0" : "::";
		const join = (/** @type {string} */ host, /** @type {number} */ port) => `${host.includes(":") ? `[${host}]` : host}:${port || "*"}`;
		return {
			state: TCP_STATES[state] ?? String(state),
			local: join(local, c.skc_num),
			remote: remote === any && remotePort === 0 ? "*:*" : join(remote, remotePort),
		};
	}

	/** @param {Struct} sk */
	function unixAddresses(sk) {
		const u = k.at("struct unix_sock", sk.$address);
		const peer = u.peer === 0n ? null : k.at("struct unix_sock", u.peer);
		const socket = sk.sk_socket === 0n ? null : sk.$deref("sk_socket");
		const listens = sk.__sk_common.skc_state === TCP_LISTEN;
		return {
			state: listens ? "LISTEN" : SOCKET_STATES[socket?.state ?? -1] ?? "CONNECTING",
			local: unix_name(u),
			remote: peer ? unix_name(peer) || peerInode(peer) : "",
		};
	}

	/** The other end by its inode, where it has no name. @param {Struct} peer */
	function peerInode(peer) {
		const socket = peer.sk.sk_socket;
		return socket === 0n ? "" : `socket:[${socket_inode(socket).i_ino}]`;
	}

	/** The name of a UNIX socket: a path, "@" and an abstract name, or "". @param {bigint | Struct} u struct unix_sock */
	function unix_name(u) {
		u = k.at("struct unix_sock", u);
		if (u.addr === 0n) return "";
		const addr = u.$deref("addr");
		const length = Math.min(addr.len - 2, SUN_PATH); // behind sun_family
		if (length <= 0) return "";
		const bytes = space.read(addr.$address + BigInt(addr.$type.offsetOf("name")) + 2n, length);
		const abstract = bytes[0] === 0;
		const text = new TextDecoder().decode(abstract ? bytes.subarray(1) : bytes);
		return abstract ? "@" + text.replaceAll("\0", "@") : text.replace(/\0.*$/s, "");
	}

	/** @param {Struct} sk */
	function netlinkAddresses(sk) {
		const n = k.at("struct netlink_sock", sk.$address);
		const name = NETLINK[Number(sk.sk_protocol)] || String(sk.sk_protocol);
		const remote = n.dst_portid ? `${name}:${n.dst_portid}` : n.dst_group ? `${name}:group ${n.dst_group}` : "";
		return { state: "", local: `${name}:${n.portid || "kernel"}`, remote };
	}

	/** @param {Struct} sk */
	function packetAddresses(sk) {
		const p = k.at("struct packet_sock", sk.$address);
		const number = swap16(p.num);
		return { state: "", local: `0x${number.toString(16).padStart(4, "0")} ${p.ifindex ? `interface ${p.ifindex}` : "every interface"}`, remote: "" };
	}

	/** A socket in a line, as lsof shows it: "tcp 127.0.0.1:22 → 127.0.0.1:40000 (ESTABLISHED)"; null where it cannot be read. @param {bigint | Struct} socket struct socket @returns {string | null} */
	function describe(socket) {
		socket = k.at("struct socket", socket);
		return attempt("a socket", socket.$address, () => {
			if (socket.sk === 0n) return null;
			const { proto, state, local, remote } = sock_info(socket.$deref("sk"));
			const ends = remote && remote !== "*:*" ? `${local} → ${remote}` : local;
			return [proto, ends.trim(), state && `(${state})`].filter(Boolean).join(" ");
		}, null);
	}

	/**
	 * The processes that have each socket open.
	 * @returns {Map<bigint, {pid: number, comm: string, fd: number}[]>} by the address of the struct socket
	 */
	function socket_owners() {
		const owners = new Map();
		for (const task of k.for_each_process()) {
			attempt("the open files of a task", task.$address, () => {
				for (const { fd, file } of fs.for_each_file(task)) {
					const socket = attempt("an open file", file.$address, () => file_socket(file), null);
					if (socket) owners.set(socket.$address, [...owners.get(socket.$address) ?? [], { pid: task.pid, comm: task.comm, fd }]);
				}
			}, undefined);
		}
		return owners;
	}

	// --- Devices

	/** The network devices of a namespace. @param {bigint | Struct} net @returns {Generator<Struct>} struct net_device */
	function* for_each_netdev(net) {
		net = k.at("struct net", net);
		yield* k.list_for_each_entry(net.$address + BigInt(net.$type.offsetOf("dev_base_head")), "struct net_device", "dev_list");
	}

	/**
	 * A network device, with its addresses as "10.0.0.1/24".
	 * @param {bigint | Struct} dev
	 */
	function netdev_info(dev) {
		dev = k.at("struct net_device", dev);
		const length = Math.min(dev.addr_len, 32);
		const mac = length > 0 && dev.dev_addr !== 0n ? space.tryRead(dev.dev_addr, length) : null;
		return {
			index: dev.ifindex,
			name: dev.name,
			flags: IFF.filter(([bit]) => dev.flags & bit).map(([, name]) => name).join(","),
			mtu: dev.mtu,
			state: OPERSTATES[dev.operstate] ?? String(dev.operstate),
			mac: mac ? [...mac].map((b) => b.toString(16).padStart(2, "0")).join(":") : "",
			addresses: [...inet4Addresses(dev), ...inet6Addresses(dev)],
			device: dev.$address,
		};
	}

	/** @param {Struct} dev @returns {Generator<string>} */
	function* inet4Addresses(dev) {
		if (dev.ip_ptr === 0n) return;
		const seen = new Set();
		for (let ifa = k.at("struct in_device", dev.ip_ptr).$deref("ifa_list"); ifa && !seen.has(ifa.$address); ifa = ifa.$deref("ifa_next")) {
			seen.add(ifa.$address);
			yield `${ipv4(ifa.ifa_local)}/${ifa.ifa_prefixlen}`;
		}
	}

	/** @param {Struct} dev @returns {Generator<string>} */
	function* inet6Addresses(dev) {
		if (!has("struct net_device", "ip6_ptr") || dev.ip6_ptr === 0n || !kernel.hasType("struct inet6_dev")) return;
		const list = dev.ip6_ptr + BigInt(kernel.type("struct inet6_dev").offsetOf("addr_list"));
		for (const ifa of k.list_for_each_entry(list, "struct inet6_ifaddr", "if_list")) yield `${in6(ifa.addr)}/${ifa.prefix_len}`;
	}

	// --- Routes

	/** The tables of IPv4 routes of a namespace. @param {bigint | Struct} net @returns {Generator<Struct>} struct fib_table */
	function* for_each_fib_table(net) {
		net = k.at("struct net", net);
		if (!has("struct net", "ipv4.fib_table_hash")) return;
		const heads = net.$field("ipv4.fib_table_hash"), FIB_TABLE_HASHSZ = has("struct net", "ipv4.fib_main") ? 256 : 2; // CONFIG_IP_MULTIPLE_TABLES
		if (heads === 0n) return;
		const node = BigInt(kernel.type("struct fib_table").offsetOf("tb_hlist"));
		for (const at of hash_for_each("the tables of routes", heads, FIB_TABLE_HASHSZ, kernel.pointerSize)) yield k.at("struct fib_table", k.wrap(at - node));
	}

	/**
	 * The IPv4 routes of a table, in the order of their destinations (net/ipv4/fib_trie.c).
	 * @param {bigint | Struct} table struct fib_table
	 * @returns {Generator<{key: number, alias: Struct}>} key: the destination; alias: struct fib_alias
	 */
	function* for_each_route(table) {
		table = k.at("struct fib_table", table);
		const id = table.tb_id;
		const vector = kernel.type("struct key_vector"), children = BigInt(vector.offsetOf("tnode")), list = BigInt(vector.offsetOf("leaf"));
		const seen = new Set();
		/** @param {bigint} at address of a struct key_vector @returns {Generator<{key: number, alias: Struct}>} */
		function* walk(at) {
			if (at === 0n) return;
			const node = vector.at(at), { key, bits } = attempt("a node of a routing table", at, () => ({ key: node.key, bits: node.bits }), { key: 0, bits: -1 });
			if (bits < 0 || bits > 20 || seen.has(at) || seen.size > 1e6) return bits < 0 ? undefined : k.skip("a node of a routing table", at, "it is none");
			seen.add(at);
			if (bits === 0) {
				for (const alias of k.hlist_for_each_entry(at + list, "struct fib_alias", "fa_list")) if ((k.fieldIfAny(alias, "tb_id") ?? id) === id) yield { key, alias };
				return;
			}
			for (const child of space.tryReadArray(at + children, "pointer", 2 ** bits) ?? []) yield* walk(BigInt(child));
		}
		yield* k.guard("a routing table", table.$address, () => walk(space.readPointer(table.tb_data + BigInt(kernel.type("struct trie").offsetOf("kv")) + children)));
	}

	/** A route as `ip route` tells of it; gateway and dev are "" where it has none, or a nexthop object has them. @param {bigint | Struct} table @param {number} key @param {bigint | Struct} alias */
	function route_info(table, key, alias) {
		table = k.at("struct fib_table", table);
		alias = k.at("struct fib_alias", alias);
		const info = alias.$deref("fa_info");
		const nh = info.fib_nhs > 0 ? k.at("struct fib_nh", info.$address + BigInt(info.$type.offsetOf("fib_nh"))) : null;
		const dev = nh && k.field(nh, "nh_common.nhc_dev", "nh_dev"), gateway = nh ? k.field(nh, "nh_common.nhc_gw.ipv4", "nh_gw") : 0; // before Linux 5.2
		const host = (/** @type {number} */ n) => [n >>> 24, n >>> 16, n >>> 8, n].map((b) => b & 0xff).join(".");
		return {
			table: table_name(table.tb_id), destination: `${host(key)}/${32 - alias.fa_slen}`,
			type: ROUTE_TYPES[alias.fa_type] ?? String(alias.fa_type), gateway: gateway === 0 ? "" : ipv4(gateway), dev: dev ? k.at("struct net_device", dev).name : "",
			metric: info.fib_priority, source: info.fib_prefsrc === 0 ? "" : ipv4(info.fib_prefsrc),
		};
	}

	/** The tables of IPv6 routes of a namespace. @param {bigint | Struct} net @returns {Generator<Struct>} struct fib6_table */
	function* for_each_fib6_table(net) {
		net = k.at("struct net", net);
		if (!has("struct net", "ipv6.fib_table_hash") || !kernel.hasType("struct fib6_table")) return;
		if (!kernel.hasType("struct fib6_info")) return k.skip("the IPv6 routes", net.$address, "they are kept otherwise before Linux 4.18");
		const heads = net.$field("ipv6.fib_table_hash"), FIB6_TABLE_HASHSZ = has("struct net", "ipv6.fib6_local_tbl") ? 256 : 1; // CONFIG_IPV6_MULTIPLE_TABLES
		if (heads === 0n) return;
		const node = BigInt(kernel.type("struct fib6_table").offsetOf("tb6_hlist"));
		for (const at of hash_for_each("the tables of IPv6 routes", heads, FIB6_TABLE_HASHSZ, kernel.pointerSize)) yield k.at("struct fib6_table", k.wrap(at - node));
	}

	/** The IPv6 routes of a table, in the order of /proc/net/ipv6_route (net/ipv6/ip6_fib.c). @param {bigint | Struct} table struct fib6_table @returns {Generator<Struct>} struct fib6_info */
	function* for_each_route6(table) {
		table = k.at("struct fib6_table", table);
		const RTN_RTINFO = 4, type = kernel.type("struct fib6_node"), seen = new Set();
		/** @param {bigint} at address of a struct fib6_node @param {number} depth @returns {Generator<Struct>} */
		function* walk(at, depth) {
			if (at === 0n) return;
			const node = type.at(at), here = attempt("a node of a routing table", at, () => ({ below: [k.fieldIfAny(node, "subtree") ?? 0n, node.left, node.right], flags: node.fn_flags }), null);
			if (!here) return;
			if (depth > 512 || seen.has(at)) return k.skip("a node of a routing table", at, "it is none"); // 128 bits of a destination, and as many of a source
			seen.add(at);
			for (const next of here.below) yield* walk(next, depth + 1);
			if (!(here.flags & RTN_RTINFO)) return;
			for (let route = attempt("a route", at, () => node.$deref("leaf"), null); route; route = attempt("a route", route.$address, () => route.$deref("fib6_next"), null)) {
				if (seen.has(route.$address) || seen.size > 1e6) return k.skip("a route", route.$address, "the list leads back into itself");
				seen.add(route.$address);
				yield route;
			}
		}
		yield* walk(table.$address + BigInt(table.$type.offsetOf("tb6_root")), 0);
	}

	/** A route as `ip -6 route` tells of it; gateway and dev are "" where it has none, or a nexthop object has them. @param {bigint | Struct} table @param {bigint | Struct} route struct fib6_info */
	function route6_info(table, route) {
		table = k.at("struct fib6_table", table);
		route = k.at("struct fib6_info", route);
		const at = route.$address + BigInt(route.$type.offsetOf("fib6_nh")), nh = k.fieldIfAny(route, "nh") ? null : k.at("struct fib6_nh", at); // what a route with an object has there is not its own
		const common = nh && has("struct fib6_nh", "nh_common") ? nh.nh_common : null, RTF_GATEWAY = 2; // since Linux 5.2
		const dev = nh && (common ? common.nhc_dev : nh.nh_dev);
		const gateway = common ? common.nhc_gw_family !== 0 && in6(common.nhc_gw.ipv6) : nh && route.fib6_flags & RTF_GATEWAY && in6(nh.nh_gw);
		const prefix = (/** @type {Struct} */ key) => `${in6(key.addr)}/${key.plen}`;
		return {
			table: table_name(table.tb6_id), destination: prefix(route.fib6_dst), type: ROUTE_TYPES[route.fib6_type] ?? String(route.fib6_type), gateway: gateway || "",
			dev: dev ? k.at("struct net_device", dev).name : "", metric: route.fib6_metric, source: route.fib6_prefsrc.plen === 0 ? "" : in6(route.fib6_prefsrc.addr),
		};
	}

	/** @param {Struct} addr struct in6_addr */
	const in6 = (addr) => ipv6(space.read(addr.$address, 16));

	return {
		for_each_net, for_each_tcp_sock, for_each_udp_sock, for_each_raw_sock, for_each_unix_sock, for_each_packet_sock, for_each_netlink_sock, for_each_sock,
		rhashtable_for_each, sock_net, file_socket, socket_inode, socket_type, sock_info, unix_name, describe, socket_owners, for_each_netdev, netdev_info, for_each_fib_table, for_each_route, route_info, for_each_fib6_table, for_each_route6, route6_info,
	};
}

/** RTN_ of enum in include/uapi/linux/rtnetlink.h. */
const ROUTE_TYPES = ["unspec", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit", "throw", "nat"];

/** RT_TABLE_ of the same. @param {number} id */
const table_name = (id) => /** @type {Record<number, string>} */ ({ 253: "default", 254: "main", 255: "local" })[id] ?? String(id);

/** @param {number} n */
const swap16 = (n) => ((n & 0xff) << 8) | (n >> 8);

/** An address that is in memory as the network has it, read as a little-endian number. @param {number} n */
const ipv4 = (n) => [n, n >>> 8, n >>> 16, n >>> 24].map((b) => b & 0xff).join(".");

/** The text of an IPv6 address (RFC 5952). @param {Uint8Array} bytes */
function ipv6(bytes) {
	const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] << 8) | bytes[2 * i + 1]);
	if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) return "::ffff:" + bytes.subarray(12).join(".");
	let best = { start: 0, length: 1 };
	for (let i = 0; i < 8; i++) {
		let n = 0;
		while (i + n < 8 && groups[i + n] === 0) n++;
		if (n > best.length) best = { start: i, length: n };
	}
	const hex = groups.map((g) => g.toString(16));
	if (best.length < 2) return hex.join(":");
	return `${hex.slice(0, best.start).join(":")}::${hex.slice(best.start + best.length).join(":")}`;
}

/** @typedef {ReturnType<typeof make>} Network */

/** @type {WeakMap<VM, Network>} */
const libraries = new WeakMap();

/** The network of a guest. Throws where it runs no Linux. @param {VM} vm @returns {Network} */
module.exports = (vm) => {
	let library = libraries.get(vm);
	if (!library) libraries.set(vm, library = make(vm));
	return library;
};
