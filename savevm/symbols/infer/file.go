package infer

import "slices"

// files infers what leads from a task to its files: struct fs_struct and files_struct, dentries, inodes and super blocks.
func (in *inference) files() {
	t := in.layout("struct task_struct")
	signal, ok := t.off("signal")
	if !ok || len(in.users) == 0 {
		return
	}
	comm, _ := t.off("comm")
	between := span{comm + taskCommLen, signal - in.word, in.word}
	fs, ok := between.find(func(off uint64) bool { return in.rootAndWorkingDirectory(in.users[0].ptr(off)) })
	if !ok {
		return
	}
	if most(in.users, func(v window) bool { return v.ptr(fs+in.word) == v.ptr(fs) }) { // since Linux 7.3
		t.place(fs, "struct fs_struct *", "real_fs")
		fs += in.word
	}
	t.place(fs, "struct fs_struct *", "fs")
	between.first = fs + in.word
	files, ok := between.find(in.descriptors)
	if !ok {
		return
	}
	t.place(files, "struct files_struct *", "files")
	in.openFiles(files)
	in.superBlocks()
	in.inodes()
}

// rootAndWorkingDirectory finds them in a struct fs_struct, and with it how dentries are made: that of a root is its own parent, and
// its name, "/", is in itself.
func (in *inference) rootAndWorkingDirectory(at uint64) bool {
	const reach = 128
	w := in.word
	if !in.kernelPointer(at) {
		return false
	}
	fs := in.window(at, reach)
	root, ok := span{w, reach - 4*w, w}.find(func(off uint64) bool {
		return in.rootDentry(fs.ptr(off+w)) && in.isPath(fs, off) && in.isPath(fs, off+2*w)
	})
	if !ok {
		return false
	}
	l := in.layout("struct fs_struct")
	l.place(root, "struct path", "root")
	l.place(root+2*w, "struct path", "pwd")
	return true
}

const dentryReach = 256

// rootDentry tells whether a dentry is the root of a file system. The first one that is tells how all are made.
func (in *inference) rootDentry(at uint64) bool {
	w := in.word
	if !in.kernelPointer(at) {
		return false
	}
	d, l := in.window(at, dentryReach), in.layout("struct dentry")
	parent, known := l.off("d_parent")
	if known {
		return d.ptr(parent) == at && in.isDentry(at)
	}
	// d_parent, d_name (hash, length, pointer), d_inode, d_iname: include/linux/dcache.h has them in this order since 2.6.38.
	parent, ok := span{8, 64, w}.find(func(off uint64) bool {
		inline := off + 3*w + 8
		return d.ptr(off) == at && d.ptr(off+w+8) == at+inline && d.text(inline, 8) == "/" && d.u32(off+w+4) == 1
	})
	if !ok {
		return false
	}
	l.place(0, "unsigned int", "d_flags")
	l.place(parent-2*w, "struct hlist_bl_node", "d_hash")
	l.place(parent, "struct dentry *", "d_parent")
	l.place(parent+w, "struct qstr", "d_name")
	l.place(parent+2*w+8, "struct inode *", "d_inode")
	if in.AtLeast(6, 14) {
		l.place(parent+3*w+8, "union { unsigned char string[32]; }", "d_shortname")
	} else {
		l.place(parent+3*w+8, "unsigned char [32]", "d_iname")
	}
	return true
}

// isDentry tells whether a dentry is at an address: its name is as long as it says, and it has a parent.
func (in *inference) isDentry(at uint64) bool {
	const nameMax = 255
	parent, ok := in.layout("struct dentry").off("d_parent")
	if !ok || !in.kernelPointer(at) {
		return false
	}
	d := in.window(at, dentryReach)
	size, name := uint64(d.u32(parent+in.word+4)), d.ptr(parent+in.word+8)
	if size > nameMax || name < in.Lowest || !in.kernelPointer(d.ptr(parent)) {
		return false
	}
	text := in.window(name, size+1).b
	for i, c := range text {
		if (c == 0) != (i == int(size)) {
			return false
		}
	}
	return true
}

// isPath tells whether a struct path is at an offset: a mount, whose root is a dentry, and a dentry.
func (in *inference) isPath(v window, off uint64) bool {
	mnt, dentry := v.ptr(off), v.ptr(off+in.word)
	return in.kernelPointer(mnt) && in.isDentry(dentry) && in.isDentry(in.window(mnt, in.word).ptr(0))
}

// descriptors tells whether a member of tasks leads to a struct files_struct: it leads to a table, and has one for few files itself.
func (in *inference) descriptors(member uint64) bool {
	const reach, array = 512, 1024
	w := in.word
	structs := make([]window, 0, len(in.users))
	for _, v := range in.users {
		structs = append(structs, in.window(v.ptr(member), reach))
	}
	table, ok := span{0, reach - 4*w, w}.find(func(off uint64) bool {
		return most(structs, func(v window) bool {
			own := v.ptr(off+2*w) - v.at
			return in.kernelPointer(v.at) && in.kernelPointer(v.ptr(off)) && uint64(v.u32(off+w)) == 8*w && own > off && own < array
		})
	})
	if ok {
		in.layout("struct files_struct").place(table, "struct fdtable *", "fdt")
	}
	return ok
}

// openFiles infers struct file from the files that processes have open.
func (in *inference) openFiles(member uint64) {
	const reach, maxEach = 256, 64
	w := in.word
	table, _ := in.layout("struct files_struct").off("fdt")
	for _, v := range in.users {
		fdt := in.window(in.window(v.ptr(member)+table, w).ptr(0), 2*w)
		fds := in.window(fdt.ptr(w), min(uint64(fdt.u32(0)), maxEach)*w)
		for off := uint64(0); off < uint64(len(fds.b)); off += w {
			in.addFile(fds.ptr(off))
		}
	}
	f := in.layout("struct file")
	path, ok := span{0, reach - 2*w, w}.find(func(off uint64) bool {
		return most(in.open, func(v window) bool { return in.isPath(v, off) })
	})
	if !ok {
		return
	}
	inode, ok := span{0, reach, w}.find(func(off uint64) bool {
		return most(in.open, func(v window) bool { return v.ptr(off) != 0 && v.ptr(off) == in.inodeOf(v.ptr(path+w)) })
	})
	if !ok {
		return
	}
	f.place(path, "struct path", "f_path")
	f.place(inode, "struct inode *", "f_inode")
	in.fileFlags(f)
}

// addFile takes a struct file for an example of all.
func (in *inference) addFile(at uint64) {
	const reach, maxFiles = 512, 512
	if in.kernelPointer(at) && len(in.open) < maxFiles && !slices.ContainsFunc(in.open, func(v window) bool { return v.at == at }) {
		in.open = append(in.open, in.window(at, reach))
	}
}

// inodeOf is a dentry's inode.
func (in *inference) inodeOf(dentry uint64) uint64 {
	off, _ := in.layout("struct dentry").off("d_inode")
	return in.window(dentry+off, in.word).ptr(0)
}

// fileFlags finds f_flags and f_mode by how the way of access stands in both: O_RDONLY 0, O_WRONLY 1 and O_RDWR 2 are FMODE_READ 1,
// FMODE_WRITE 2 and both. Nearly all can be read or written. Not all are open for the same; upper halves of pointers, which may look like
// modes, have all of their upper bits.
func (in *inference) fileFlags(f *layout) {
	const reach, fmodeCan = 256, 0x60000 // FMODE_CAN_READ, FMODE_CAN_WRITE
	for flags := uint64(0); flags < reach; flags += 4 {
		if distinct(in.open, func(v window) uint64 { return uint64(v.u32(flags) & 3) }) < 2 {
			continue
		}
		mode, ok := span{0, reach, 4}.find(func(off uint64) bool {
			return off != flags && most(in.open, func(v window) bool {
				return (v.u32(flags)+1)&3 == v.u32(off)&3 && v.u32(off)&fmodeCan != 0 && v.u32(off)>>16 != 0xffff && v.u32(flags) < 1<<26
			})
		})
		if ok {
			f.place(flags, "unsigned int", "f_flags")
			f.place(mode, "u32", "f_mode")
			return
		}
	}
}

// superBlocks infers what leads from dentries to their file system, and struct super_block.
func (in *inference) superBlocks() {
	const reach = 2048
	w := in.word
	d, f := in.layout("struct dentry"), in.layout("struct file")
	inode, _ := d.off("d_inode") // d_iname or d_shortname follows
	path, ok := f.off("f_path")
	if !ok {
		return
	}
	// A vfsmount has its root and its super block, which is that of the root.
	var blocks []window
	of := map[uint64]uint64{}
	for _, v := range in.open {
		mnt := in.window(v.ptr(path), 2*w)
		if of[mnt.ptr(0)] == 0 {
			of[mnt.ptr(0)] = mnt.ptr(w)
			in.roots = append(in.roots, in.window(mnt.ptr(0), dentryReach))
			blocks = append(blocks, in.window(mnt.ptr(w), reach))
		}
	}
	block, ok := span{inode + w, dentryReach, w}.find(func(off uint64) bool {
		return most(in.roots, func(v window) bool { return v.ptr(off) == of[v.at] })
	})
	if !ok {
		return
	}
	d.place(block-w, "struct dentry_operations *", "d_op")
	d.place(block, "struct super_block *", "d_sb")

	// s_dev, since Linux 7.3 a pointer to more of it, s_blocksize_bits, s_blocksize, s_maxbytes, s_type and s_op.
	dev := 2 * w
	for _, bits := range []uint64{dev + 4, alignUp(dev+4, w) + w} {
		size := alignUp(bits+1, w)
		typ := size + w + 8
		if !most(blocks, func(v window) bool {
			name := in.window(v.ptr(typ), w).ptr(0)
			return v.ptr(size) == 1<<(v.b[bits]&63) && in.kernelPointer(v.ptr(typ)) && name > in.Lowest && in.window(name, 64).text(0, 64) != ""
		}) {
			continue
		}
		s := in.layout("struct super_block")
		s.place(0, "struct list_head", "s_list")
		s.place(dev, "dev_t", "s_dev")
		s.place(bits, "unsigned char", "s_blocksize_bits")
		s.place(size, "unsigned long", "s_blocksize")
		s.place(size+w, "loff_t", "s_maxbytes")
		s.place(typ, "struct file_system_type *", "s_type")
		s.place(typ+w, "struct super_operations *", "s_op")
		root, ok := span{typ + 2*w, reach, w}.find(func(off uint64) bool {
			return most(blocks, func(v window) bool {
				at := v.ptr(off)
				return in.kernelPointer(at) && in.window(at+block, w).ptr(0) == v.at && in.rootDentry(at)
			})
		})
		if ok {
			s.place(root-3*w, "unsigned long", "s_flags")
			s.place(root-2*w, "unsigned long", "s_iflags")
			s.place(root-w, "unsigned long", "s_magic")
			s.place(root, "struct dentry *", "s_root")
		}
		return
	}
}

// S_IFMT and the kinds of files in it, include/uapi/linux/stat.h.
const sIFMT, sIFCHR, sIFBLK, sIFREG = 0xf000, 0x2000, 0x6000, 0x8000

// inodes infers struct inode: it has the file system of its dentry, and a device number when it is a device.
func (in *inference) inodes() {
	const reach = 512
	w := in.word
	path, ok1 := in.layout("struct file").off("f_path")
	block, ok2 := in.layout("struct dentry").off("d_sb")
	if !ok1 || !ok2 {
		return
	}
	var inodes []window
	of := map[uint64]uint64{}
	for _, v := range in.open {
		dentry := v.ptr(path + w)
		if at := in.inodeOf(dentry); at != 0 && of[at] == 0 {
			of[at] = in.window(dentry+block, w).ptr(0)
			inodes = append(inodes, in.window(at, reach))
		}
	}
	sb, ok := span{0, reach, w}.find(func(off uint64) bool { return most(inodes, func(v window) bool { return v.ptr(off) == of[v.at] }) })
	if !ok {
		return
	}
	device := func(v window) bool { t := v.u32(0) & sIFMT; return t == sIFCHR || t == sIFBLK }
	// i_mapping follows, i_security where there is one, then i_ino, i_nlink, i_rdev and i_size.
	number, numberType := w, "unsigned long"
	if in.AtLeast(7, 1) {
		number, numberType = 8, "u64"
	}
	ino, ok := span{sb + 2*w, sb + 4*w, w}.find(func(off uint64) bool {
		return some(inodes, device) && most(inodes, func(v window) bool {
			return v.u32(off+number) < 1<<16 && device(v) == (v.u32(off+number+4) != 0) && v.u64(off+number+8) < 1<<62
		})
	})
	if !ok {
		return
	}
	l := in.layout("struct inode")
	l.place(0, "umode_t", "i_mode")
	l.place(sb-w, "struct inode_operations *", "i_op")
	l.place(sb, "struct super_block *", "i_sb")
	l.place(sb+w, "struct address_space *", "i_mapping")
	l.place(ino, numberType, "i_ino")
	l.place(ino+number, "unsigned int", "i_nlink")
	l.place(ino+number+4, "dev_t", "i_rdev")
	l.place(ino+number+8, "loff_t", "i_size")
	in.positions(inodes)
}

// positions finds f_pos: how far files were read, at most to their end. That of no file is beyond, and some are not 0.
func (in *inference) positions(inodes []window) {
	f := in.layout("struct file")
	inode, _ := f.off("f_inode")
	size, _ := in.layout("struct inode").off("i_size")
	sizes := map[uint64]uint64{}
	for _, v := range inodes {
		if v.u32(0)&sIFMT == sIFREG && v.u64(size) != 0 { // those of procfs have no size
			sizes[v.at] = v.u64(size)
		}
	}
	var files []window
	for _, v := range in.open {
		if _, ok := sizes[v.ptr(inode)]; ok {
			files = append(files, v)
		}
	}
	if off, ok := (span{0, 256, in.word}).only(func(off uint64) bool {
		return most(files, func(v window) bool { return v.u64(off) <= sizes[v.ptr(inode)] }) && some(files, func(v window) bool { return v.u64(off) > 64 })
	}); ok {
		f.place(off, "loff_t", "f_pos")
	}
}
