package infer

// mounts infers struct mount, and the namespace that lists them.
func (in *inference) mounts() {
	const reach, nsReach, mntNS = 512, 512, 3 // the namespaces in struct nsproxy: a count, then uts, ipc, mnt, …
	w := in.word
	t := in.layout("struct task_struct")
	nsproxy, ok1 := t.off("nsproxy")
	path, ok2 := in.layout("struct file").off("f_path")
	block, ok3 := in.layout("struct dentry").off("d_sb")
	if !ok1 || !ok2 || !ok3 {
		return
	}
	// A vfsmount is in a struct mount behind mnt_hash, mnt_parent and mnt_mountpoint (fs/mount.h).
	inner := 4 * w
	seen := map[uint64]bool{}
	var all []window
	for _, v := range in.open {
		for at := v.ptr(path) - inner; in.kernelPointer(at) && !seen[at]; {
			seen[at] = true
			m := in.window(at, reach)
			root := m.ptr(inner)
			if !in.isDentry(root) || in.window(root+block, w).ptr(0) != m.ptr(inner+w) {
				break
			}
			all = append(all, m)
			at = m.ptr(2 * w)
		}
	}
	ns := in.window(in.window(in.task[1].ptr(nsproxy), 8*w).ptr(mntNS*w), nsReach)
	if !in.kernelPointer(ns.at) || len(all) == 0 {
		return
	}
	namespace, ok := span{inner + 3*w, reach, w}.find(func(off uint64) bool {
		return some(all, func(v window) bool { return v.ptr(off) == ns.at })
	})
	if !ok {
		return
	}
	var own []window // those of the namespace
	for _, v := range all {
		if v.ptr(namespace) == ns.at {
			own = append(own, v)
		}
	}
	name, ok := span{inner + 3*w, namespace, w}.find(func(off uint64) bool {
		return most(own, func(v window) bool { return in.window(v.ptr(off), 128).text(0, 128) != "" && v.ptr(off) >= in.Lowest })
	})
	if !ok {
		return
	}
	vfs := in.layout("struct vfsmount")
	vfs.place(0, "struct dentry *", "mnt_root")
	vfs.place(w, "struct super_block *", "mnt_sb")
	vfs.place(2*w, "int", "mnt_flags")
	m := in.layout("struct mount")
	m.place(2*w, "struct mount *", "mnt_parent")
	m.place(3*w, "struct dentry *", "mnt_mountpoint")
	m.place(inner, "struct vfsmount", "mnt")
	m.place(name, "const char *", "mnt_devname")
	m.place(namespace, "struct mnt_namespace *", "mnt_ns")
	if in.AtLeast(6, 8) {
		own = in.mountTree(m, ns, span{inner + 3*w, namespace, w}, namespace)
	} else {
		own = in.mountList(m, ns, name+w, namespace)
	}
	if id, ok := (span{namespace + w, reach, 4}).find(func(off uint64) bool {
		return len(own) > 1 && distinct(own, func(v window) uint64 { return uint64(v.u32(off)) }) == len(own) &&
			most(own, func(v window) bool { return v.u32(off) < 1<<20 })
	}); ok {
		m.place(id, "int", "mnt_id")
	}
}

// mountList finds the list of a namespace's mounts, which they are on behind their name.
func (in *inference) mountList(m *layout, ns window, link, namespace uint64) (all []window) {
	const maxMounts = 1 << 16
	list, ok := span{0, uint64(len(ns.b)) - 2*in.word, in.word}.find(func(off uint64) bool {
		all = nil
		for _, node := range in.List(ns.at+off, maxMounts) {
			if v := in.window(node-link, 512); v.ptr(namespace) == ns.at {
				all = append(all, v)
			}
		}
		return len(all) > 0
	})
	if !ok {
		return nil
	}
	m.place(link, "struct list_head", "mnt_list")
	l := in.layout("struct mnt_namespace")
	l.place(list, "struct list_head", "list")
	in.mountCount(l, ns, list, len(all), "mounts")
	return all
}

// mountTree is mountList since Linux 6.8: the mounts are in a tree, by nodes somewhere in a span of the struct.
func (in *inference) mountTree(m *layout, ns window, links span, namespace uint64) (all []window) {
	const maxDepth = 64
	w := in.word
	var link uint64
	var below func(node uint64, depth int)
	below = func(node uint64, depth int) {
		if v := in.window(node-link, 512); in.kernelPointer(node) && depth < maxDepth && v.ptr(namespace) == ns.at {
			below(v.ptr(link+2*w), depth+1)
			all = append(all, v)
			below(v.ptr(link+w), depth+1)
		}
	}
	root, ok := span{0, uint64(len(ns.b)), w}.find(func(off uint64) bool {
		node := ns.ptr(off)
		if !in.kernelPointer(node) || in.window(node, w).ptr(0)&^3 != 0 { // the root has no parent
			return false
		}
		_, ok := links.find(func(at uint64) bool {
			all, link = nil, at
			below(node, 0)
			return len(all) > 1
		})
		return ok
	})
	if !ok {
		return nil
	}
	m.place(link, "struct rb_node", "mnt_node")
	l := in.layout("struct mnt_namespace")
	l.place(root, "struct rb_root", "mounts")
	in.mountCount(l, ns, root, len(all), "nr_mounts")
	return all
}

// mountCount finds how many mounts a namespace says that it has, behind the list of them. A count of events, which can be the same, is
// before it.
func (in *inference) mountCount(l *layout, ns window, from uint64, count int, name string) {
	const reach = 192
	at := uint64(0)
	for off := from + in.word; off < from+reach; off += 4 {
		if ns.u32(off) == uint32(count) && count > 2 {
			at = off
		}
	}
	if at != 0 {
		l.place(at, "unsigned int", name)
	}
}
