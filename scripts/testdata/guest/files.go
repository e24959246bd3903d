// The program files runs in a Linux guest: it opens one of everything that a process can have open, and sleeps.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

func must(err error) {
	if err != nil {
		fmt.Println("files:", err)
	}
}

var keep []any

// numbers are those of system calls that package syscall has no function for.
type numbers struct{ eventfd2, timerfd_create, timerfd_settime, memfd_create, signalfd4, inotify_init1, pidfd_open, bpf uintptr }

var (
	generic = numbers{19, 85, 86, 279, 74, 26, 434, 280} // include/uapi/asm-generic/unistd.h
	nr      = map[string]numbers{
		"amd64": {290, 283, 286, 319, 289, 294, 434, 321}, "386": {328, 322, 325, 356, 327, 332, 434, 357}, "arm64": generic, "riscv64": generic,
	}[runtime.GOARCH]
)

func main() {
	// TCP: listen, established both ends, v6
	l, err := net.Listen("tcp4", "127.0.0.1:7001")
	must(err)
	keep = append(keep, l)
	c, err := net.Dial("tcp4", "127.0.0.1:7001")
	must(err)
	s, err := l.Accept()
	must(err)
	keep = append(keep, c, s)
	l6, err := net.Listen("tcp6", "[::1]:7002")
	must(err)
	keep = append(keep, l6)
	c6, err := net.Dial("tcp6", "[::1]:7002")
	must(err)
	keep = append(keep, c6) // never accepted
	// closed: TIME_WAIT
	cw, err := net.Dial("tcp4", "127.0.0.1:7001")
	must(err)
	sw, _ := l.Accept()
	cw.Close()
	time.Sleep(50 * time.Millisecond)
	sw.Close()
	// CLOSE_WAIT/FIN_WAIT2
	cf, err := net.Dial("tcp4", "127.0.0.1:7001")
	must(err)
	sf, _ := l.Accept()
	cf.(*net.TCPConn).CloseWrite()
	keep = append(keep, cf, sf)
	// SYN_SENT to nowhere
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK, 0)
	must(err)
	syscall.Connect(fd, &syscall.SockaddrInet4{Port: 9, Addr: [4]byte{10, 9, 8, 7}})
	u, err := net.ListenPacket("udp4", "0.0.0.0:7003")
	must(err)
	u6, err := net.ListenPacket("udp6", "[::]:7004")
	must(err)
	uc, err := net.Dial("udp4", "127.0.0.1:7003")
	must(err)
	keep = append(keep, u, u6, uc)
	ul, err := net.Listen("unix", "/tmp/svsock.stream")
	must(err)
	ud, err := net.ListenPacket("unixgram", "@svscript-abstract")
	must(err)
	uq, err := net.Listen("unixpacket", "/tmp/svsock.seq")
	must(err)
	uu, err := net.Dial("unix", "/tmp/svsock.stream")
	must(err)
	ua, err := ul.Accept()
	must(err)
	keep = append(keep, ul, ud, uq, uu, ua)
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	must(err)
	keep = append(keep, pair)
	// Bytes that nobody reads: in a TCP socket's queue, and in a UNIX socket's
	s.Write([]byte("seventeen bytes.\n"))
	ua.Write([]byte("five\n"))
	raw, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_RAW, 1)
	must(err)
	pk, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW, 0x0300)
	must(err)
	nl, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW, 0)
	must(err)
	must(syscall.Bind(nl, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK, Groups: 1}))
	keep = append(keep, raw, pk, nl)
	// files
	f, err := os.OpenFile("/tmp/data/open-rw", os.O_RDWR|os.O_CREATE, 0o644)
	must(err)
	f.Write(make([]byte, 12345))
	f.Seek(777, 0)
	d, err := os.Create("/tmp/data/deleted")
	must(err)
	d.WriteString("deleted but open\n")
	os.Remove("/tmp/data/deleted")
	a, err := os.OpenFile("/tmp/data/append", os.O_APPEND|os.O_WRONLY|os.O_CREATE|os.O_SYNC, 0o600)
	must(err)
	a.WriteString("line\n")
	dir, err := os.Open("/tmp/data")
	must(err)
	dd, err := os.Open("/tmp/goner")
	must(err)
	os.Remove("/tmp/goner")
	r, w, err := os.Pipe()
	must(err)
	keep = append(keep, f, d, a, dir, dd, r, w)
	mk := func(number uintptr, a1, a2, a3, a4 uintptr) {
		_, _, e := syscall.Syscall6(number, a1, a2, a3, a4, 0, 0)
		if e != 0 {
			fmt.Println("files: syscall", number, e)
		}
	}
	mk(nr.eventfd2, 5, 0x80000, 0, 0) // eventfd2
	mk(nr.timerfd_create, 1, 0, 0, 0) // timerfd_create
	name := []byte("svscript memfd\x00")
	mk(nr.memfd_create, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0) // memfd_create
	mask := uint64(0x4000)
	mk(nr.signalfd4, ^uintptr(0), uintptr(unsafe.Pointer(&mask)), 8, 0) // signalfd4
	mk(nr.inotify_init1, 0, 0, 0, 0)                                    // inotify_init1
	mk(nr.pidfd_open, 1, 0, 0, 0)                                       // pidfd_open
	later := [4]uint64{0, 0, 4711, 0}                                   // struct itimerspec
	timer, _, e := syscall.Syscall(nr.timerfd_create, 1, 0, 0)
	if e == 0 {
		mk(nr.timerfd_settime, timer, 0, uintptr(unsafe.Pointer(&later)), 0) // timerfd_settime
	}
	bpf()
	zf, err := os.Open("/dev/zero")
	must(err)
	ns, err := os.Open("/proc/self/ns/net")
	must(err)
	pt, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	must(err)
	x, err := os.OpenFile("/mnt/ext/bigfile", os.O_RDONLY, 0)
	must(err)
	ov, err := os.Open("/mnt/ovl/lower-file")
	must(err)
	ff, err := os.OpenFile("/tmp/fifo", os.O_RDWR, 0)
	must(err)
	keep = append(keep, zf, ns, pt, x, ov, ff)
	must(os.Chdir("/mnt/bind dir"))
	fmt.Println("files ready")
	// A thread that sleeps in the kernel with interesting stacks
	go func() { var b [1]byte; ul.Accept(); r.Read(b[:]) }()
	go func() { syscall.Flock(int(f.Fd()), syscall.LOCK_EX); time.Sleep(time.Hour) }()
	time.Sleep(100 * time.Hour)
}

// bpf makes a BPF map and loads a program, and keeps both open.
func bpf() {
	const BPF_MAP_CREATE, BPF_PROG_LOAD, BPF_MAP_TYPE_ARRAY, BPF_PROG_TYPE_SOCKET_FILTER = 0, 5, 2, 1
	name := func(s string) (b [16]byte) { copy(b[:], s); return b }
	m := struct {
		kind, key, value, entries, flags, inner, node uint32
		name                                          [16]byte
	}{kind: BPF_MAP_TYPE_ARRAY, key: 4, value: 24, entries: 7, name: name("sv_map")}
	if _, _, e := syscall.Syscall(nr.bpf, BPF_MAP_CREATE, uintptr(unsafe.Pointer(&m)), unsafe.Sizeof(m)); e != 0 {
		fmt.Println("files: BPF_MAP_CREATE", e)
	}
	code, license := []uint64{0xb7, 0x95}, []byte("GPL\x00") // r0 = 0; exit
	p := struct {
		kind, count    uint32
		code, license  uint64
		level, size    uint32
		log            uint64
		version, flags uint32
		name           [16]byte
	}{kind: BPF_PROG_TYPE_SOCKET_FILTER, count: 2, code: uint64(uintptr(unsafe.Pointer(&code[0]))), license: uint64(uintptr(unsafe.Pointer(&license[0]))), name: name("sv_prog")}
	if _, _, e := syscall.Syscall(nr.bpf, BPF_PROG_LOAD, uintptr(unsafe.Pointer(&p)), unsafe.Sizeof(p)); e != 0 {
		fmt.Println("files: BPF_PROG_LOAD", e)
	}
	keep = append(keep, code, license)
}
