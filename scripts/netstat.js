// Lists the sockets and network devices of a Linux guest.
"use strict";
const linux = require("svscript/linux");
const network = require("svscript/linux-net");

exports.command = {
	name: "netstat",
	help: "List the sockets of a Linux guest: those of its tables, then those that only open files lead to. Every network namespace is looked at.\n\n"
		+ "rx_queue, tx_queue: bytes that came and were not read, and that are on their way; of a socket that listens, connections to accept.\n"
		+ "pid, comm: of the first process that has it open. inode: as /proc/net and /proc/PID/fd have it.",
	options: {
		proto: { type: "string", value: "NAME", help: "only this protocol, as tcp, udp6, unix, netlink" },
		listen: { type: "boolean", short: "l", help: "only sockets that listen" },
		pid: { type: "number", value: "PID", help: "only sockets that this process has open" },
		routes: { type: "boolean", short: "r", help: "list the routes instead, of IPv4 and IPv6" },
		interfaces: { type: "boolean", short: "i", help: "list the network devices with their addresses instead" },
	},
};

/** @param {VM} vm @param {{proto?: string, listen: boolean, pid?: number, interfaces: boolean, routes: boolean}} args */
exports.main = (vm, args) => {
	const k = linux(vm);
	k.need_types("sockets");
	const net = network(vm);
	if (args.interfaces) {
		for (const ns of net.for_each_net()) {
			for (const dev of net.for_each_netdev(ns)) {
				const info = k.attempt("a network device", dev.$address, () => net.netdev_info(dev), null);
				if (info) emit({ ...info, netns: namespace(k, ns) });
			}
		}
		return k.report("netstat");
	}

	if (args.routes) {
		for (const ns of net.for_each_net()) {
			for (const table of net.for_each_fib_table(ns)) {
				for (const { key, alias } of net.for_each_route(table)) {
					const info = k.attempt("a route", alias.$address, () => net.route_info(table, key, alias), null);
					if (info) emit({ ...info, netns: namespace(k, ns) });
				}
			}
			for (const table of net.for_each_fib6_table(ns)) {
				for (const route of net.for_each_route6(table)) {
					const info = k.attempt("a route", route.$address, () => net.route6_info(table, route), null);
					if (info) emit({ ...info, netns: namespace(k, ns) });
				}
			}
		}
		return k.report("netstat");
	}

	const owners = net.socket_owners();
	const seen = new Set();
	/** @param {StructFields} sk @param {number | null} netns */
	const show = (sk, netns) => {
		if (seen.has(sk.$address)) return;
		seen.add(sk.$address);
		const info = k.attempt("a socket", sk.$address, () => net.sock_info(sk), null);
		if (!info || (args.proto && info.proto !== args.proto) || (args.listen && info.state !== "LISTEN")) return;
		const { socket, sock, ...rest } = info;
		const owner = owners.get(socket) ?? [];
		if (args.pid !== undefined && !owner.some((o) => o.pid === args.pid)) return;
		emit({ ...rest, pid: owner[0]?.pid ?? null, comm: owner[0]?.comm ?? null, netns, sock });
	};
	for (const ns of net.for_each_net()) for (const sk of net.for_each_sock(ns)) show(sk, namespace(k, ns));
	for (const socket of owners.keys()) {
		const sk = k.attempt("a socket", socket, () => k.at("struct socket", socket).$deref("sk"), null);
		if (sk) show(sk, k.attempt("a socket", sk.$address, () => namespace(k, k.at("struct net", net.sock_net(sk))), null));
	}
	return k.report("netstat");
};

/** The number of a network namespace, as /proc/PID/ns/net shows it. @param {ReturnType<typeof linux>} k @param {StructFields} ns @returns {number | null} */
const namespace = (k, ns) => k.attempt("a network namespace", ns.$address, () => ns.$field("ns.inum"), null);
