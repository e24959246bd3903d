package main

import (
	"bufio"
	"fmt"
	"net"
	"path/filepath"
	"strings"
)

// gdb speaks just enough of the GDB remote protocol to write guest-physical memory, dirty tracking included.
type gdb struct {
	conn net.Conn
	in   *bufio.Reader
}

func attach(b *builder) (*gdb, error) {
	socket := filepath.Join(b.tmp, "gdb")
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	if _, err := b.machine.HMP("chardev-add socket,id=gdb,path=" + socket); err != nil {
		return nil, err
	}
	conn, err := l.Accept()
	if err != nil {
		return nil, err
	}
	if _, err := b.machine.HMP("gdbserver chardev:gdb"); err != nil {
		return nil, err
	}
	g := &gdb{conn, bufio.NewReader(conn)}
	return g, g.command("Qqemu.PhyMemMode:1")
}

func (g *gdb) close() { g.conn.Close() }

func (g *gdb) write(pa uint64, data []byte) error {
	for len(data) > 0 {
		n := min(len(data), 512)
		if err := g.command(fmt.Sprintf("M%x,%x:%x", pa, n, data[:n])); err != nil {
			return err
		}
		pa, data = pa+uint64(n), data[n:]
	}
	return nil
}

// command sends one packet whose answer must be OK.
func (g *gdb) command(packet string) error {
	sum := byte(0)
	for i := range len(packet) {
		sum += packet[i]
	}
	if _, err := fmt.Fprintf(g.conn, "$%s#%02x", packet, sum); err != nil {
		return err
	}
	reply, err := g.in.ReadString('#')
	if err != nil {
		return err
	}
	if _, err := g.in.Discard(2); err != nil {
		return err
	}
	if _, err := g.conn.Write([]byte("+")); err != nil {
		return err
	}
	if !strings.HasSuffix(reply, "$OK#") {
		return fmt.Errorf("gdb stub: %q answered %q", packet[:min(len(packet), 32)], reply)
	}
	return nil
}
