package infer

// credentials finds real_cred and cred, right before the name, and what a struct cred has: init_task's has all capabilities.
func (in *inference) credentials(t *layout) {
	w := in.word
	comm, _ := t.off("comm")
	off, ok := span{comm - 4*w, comm - w, w}.find(func(off uint64) bool {
		return most(in.task, func(v window) bool { return v.ptr(off) == v.ptr(off+w) && in.kernelPointer(v.ptr(off)) })
	})
	if !ok {
		return
	}
	const reach, ids = 128, 8 // uid, gid, suid, sgid, euid, egid, fsuid, fsgid
	cred := in.window(in.task[0].ptr(off), reach)
	// cap_inheritable is empty, cap_permitted, cap_effective and cap_bset are full.
	full := func(caps uint64) bool { return caps&0xffff_ffff == 0xffff_ffff && caps&(caps+1) == 0 }
	caps, ok := span{4 * (ids + 2), reach - 32, 4}.find(func(off uint64) bool {
		return cred.u64(off) == 0 && full(cred.u64(off+8)) && full(cred.u64(off+16)) && full(cred.u64(off+24))
	})
	if !ok {
		return
	}
	t.place(off, "struct cred *", "real_cred")
	t.place(off+w, "struct cred *", "cred")
	c := in.layout("struct cred")
	uid := min(caps-4*(ids+1), 8) // securebits is between them, and padding where the count before is a long
	for i, name := range []string{"uid", "gid", "suid", "sgid", "euid", "egid", "fsuid", "fsgid"} {
		typ := "kuid_t"
		if i%2 == 1 {
			typ = "kgid_t"
		}
		c.place(uid+4*uint64(i), typ, name)
	}
	for i, name := range []string{"cap_inheritable", "cap_permitted", "cap_effective", "cap_bset", "cap_ambient"} {
		c.place(caps+8*uint64(i), "u64", name)
	}
}
