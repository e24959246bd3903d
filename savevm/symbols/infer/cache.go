package infer

// pageCache infers what leads from a directory to the names in it, from a file system to its inodes, and from an inode to the pages of
// its file.
func (in *inference) pageCache() {
	mapping, ok := in.layout("struct inode").off("i_mapping")
	if !ok {
		return
	}
	in.children()
	in.aliases()
	in.inodeLists()
	in.cached(mapping)
	in.namespaces()
}

// children finds the list of a directory's dentries, and the link that each has in its own: right before that.
func (in *inference) children() {
	w := in.word
	d := in.layout("struct dentry")
	parent, _ := d.off("d_parent")
	block, ok := d.off("d_sb")
	if !ok {
		return
	}
	modern := in.AtLeast(6, 8) // an hlist, before a list
	off, ok := span{block + w, dentryReach - 2*w, w}.find(func(off uint64) bool {
		found := false
		return most(in.roots, func(v window) bool {
			first := v.ptr(off)
			if modern && first == 0 || !modern && first == v.at+off && v.ptr(off+w) == first {
				return true // it has none
			}
			child := first - (off - 2*w)
			if !in.isDentry(child) || in.window(child+parent, w).ptr(0) != v.at {
				return false
			}
			found = true
			return true
		}) && found
	})
	switch {
	case !ok:
	case modern:
		d.place(off-2*w, "struct hlist_node", "d_sib")
		d.place(off, "struct hlist_head", "d_children")
	default:
		d.place(off-2*w, "struct list_head", "d_child")
		d.place(off, "struct list_head", "d_subdirs")
	}
}

// aliases finds the links between an inode and its dentries.
func (in *inference) aliases() {
	const reach = 512
	w := in.word
	d, i := in.layout("struct dentry"), in.layout("struct inode")
	size, _ := i.off("i_size")
	inode, _ := d.off("d_inode")
	var own []window
	of := map[uint64]uint64{} // by dentry
	for _, v := range in.roots {
		if at := v.ptr(inode); at != 0 {
			own = append(own, v)
			of[v.at] = at
		}
	}
	if len(own) == 0 {
		return
	}
	var link uint64
	off, ok := span{size + 8, reach, w}.find(func(off uint64) bool {
		link = in.window(of[own[0].at]+off, w).ptr(0) - own[0].at
		return link > inode && link < dentryReach && most(own, func(v window) bool {
			return in.window(of[v.at]+off, w).ptr(0) == v.at+link && v.ptr(link+w) == of[v.at]+off
		})
	})
	if ok {
		if in.AtLeast(7, 1) {
			d.place(link, "struct hlist_node", "d_alias")
		} else {
			d.place(link, "union { struct hlist_node d_alias; }", "d_u")
		}
		i.place(off, "struct hlist_head", "i_dentry")
	}
}

// inodeLists finds the list of a file system's inodes.
func (in *inference) inodeLists() {
	const blockReach, inodeReach, maxInodes = 4096, 1024, 1 << 10
	w := in.word
	s, i := in.layout("struct super_block"), in.layout("struct inode")
	root, ok := s.off("s_root")
	block, _ := i.off("i_sb")
	mapping, _ := i.off("i_mapping")
	size, _ := i.off("i_size")
	own, _ := in.layout("struct dentry").off("d_sb")
	if !ok || len(in.roots) == 0 {
		return
	}
	sb := in.window(in.roots[0].ptr(own), blockReach)
	isInode := func(at uint64) bool { // its mapping is its own
		v := in.window(at, inodeReach)
		return v.ptr(block) == sb.at && in.kernelPointer(v.ptr(mapping)) && in.window(v.ptr(mapping), w).ptr(0) == at
	}
	var link uint64
	list, ok := span{root + w, blockReach, w}.find(func(off uint64) bool {
		first := sb.ptr(off)
		if !in.kernelPointer(first) || first == sb.at+off {
			return false
		}
		var ok bool
		link, ok = span{size + 8, inodeReach, w}.find(func(link uint64) bool {
			if !isInode(first - link) {
				return false
			}
			nodes := in.List(sb.at+off, maxInodes)
			good := 0
			for _, node := range nodes {
				if isInode(node - link) {
					good++
				}
			}
			return good > 1 && good*10 >= len(nodes)*9
		})
		return ok
	})
	if ok {
		s.place(list, "struct list_head", "s_inodes")
		i.place(link, "struct list_head", "i_sb_list")
	}
}

// cached finds the pages of files: struct address_space begins with its inode and their tree, and counts them. Entries that lead to
// nodes are marked, and the root's node leads back to the tree.
func (in *inference) cached(mapping uint64) {
	const reach = 256
	w := in.word
	inode, ok := in.layout("struct file").off("f_inode")
	if !ok {
		return
	}
	var all []window
	seen := map[uint64]bool{}
	for _, v := range in.open {
		m := in.window(in.window(v.ptr(inode)+mapping, w).ptr(0), reach)
		if m.ptr(0) == v.ptr(inode) && !seen[m.at] { // a block device's is another inode's
			seen[m.at] = true
			all = append(all, m)
		}
	}
	head, internal, typ, name := w+alignUp(in.lock+4, w), uint64(2), "struct xarray", "i_pages"
	if !in.AtLeast(4, 20) {
		internal, typ = 1, "struct radix_tree_root"
	}
	if !in.AtLeast(4, 17) {
		head, name = 2*w, "page_tree"
	}
	isNode := func(v window) bool { return v.ptr(head)&3 == internal }
	const root = 2 // words into a node: xa_node.array, radix_tree_node.root
	if !some(all, isNode) || !most(all, func(v window) bool {
		if isNode(v) {
			return in.window(v.ptr(head)-internal+root*w, w).ptr(0) == v.at+w
		}
		return v.ptr(head) == 0 || in.kernelPointer(v.ptr(head))
	}) {
		return
	}
	count, ok := span{head + w, reach, w}.find(func(off uint64) bool {
		return most(all, func(v window) bool {
			return (v.ptr(off) == 0) == (v.ptr(head) == 0) && v.ptr(off) < 1<<28
		}) && some(all, func(v window) bool { return v.ptr(off) > 1 })
	})
	if !ok {
		return
	}
	a := in.layout("struct address_space")
	a.place(0, "struct inode *", "host")
	a.place(w, typ, name)
	a.place(count, "unsigned long", "nrpages")
}

// namespaces finds i_private, by which a file of nsfs leads to its namespace, and in that a struct ns_common: its operations begin with
// the name of what it is, and its number, which is the inode's, follows them.
func (in *inference) namespaces() {
	const reach, nsReach = 1024, 192
	w := in.word
	i := in.layout("struct inode")
	inode, ok1 := in.layout("struct file").off("f_inode")
	block, ok2 := i.off("i_sb")
	number, ok3 := i.off("i_ino")
	typ, ok4 := in.layout("struct super_block").off("s_type")
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return
	}
	text := func(at uint64) string { return in.window(at, 16).text(0, 16) }
	follow := func(at uint64) uint64 { return in.window(at, w).ptr(0) }
	var all []window
	for _, v := range in.open {
		n := in.window(v.ptr(inode), reach)
		if text(follow(follow(n.ptr(block)+typ))) == "nsfs" {
			all = append(all, n)
		}
	}
	given := !in.AtLeast(6, 18)
	where := span{w, nsReach, w}
	if given {
		where.end = 2 * w
	}
	var ops uint64
	off, ok := span{block + w, reach, w}.find(func(off uint64) bool {
		var ok bool
		ops, ok = where.find(func(ops uint64) bool {
			return most(all, func(v window) bool {
				if !in.kernelPointer(v.ptr(off)) {
					return false
				}
				ns := in.window(v.ptr(off)+ops, 2*w)
				return in.kernelPointer(ns.ptr(0)) && ns.u32(w) == v.u32(number) && len(text(follow(ns.ptr(0)))) > 1
			})
		})
		return ok
	})
	if !ok {
		return
	}
	i.place(off, "void *", "i_private")
	if !given {
		l := in.layout("struct ns_common")
		l.place(ops-w, "void *", "stashed")
		l.place(ops, "struct proc_ns_operations *", "ops")
		l.place(ops+w, "unsigned int", "inum")
	}
}
