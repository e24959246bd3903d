// Package qemu runs a QEMU under TCG, saves it, and asks its monitor for the truth about the stopped guest: registers,
// the guest-physical map with the bytes in it, translations. What the loader makes of the saved file is checked against that.
package qemu

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Machine is a running QEMU with its QMP connection. It is not safe for concurrent use.
type Machine struct {
	cmd    *exec.Cmd
	conn   net.Conn
	in     *bufio.Reader
	dir    string
	stderr bytes.Buffer

	// Map is where there is RAM and ROM, for QEMU before 2.9, whose monitor has no flat view of it.
	Map []Range
}

// Start runs binary (a qemu-system-*) with TCG, no display and no default devices, plus args. The context's end kills it.
func Start(ctx context.Context, binary string, args ...string) (*Machine, error) {
	dir, err := os.MkdirTemp("", "qemu-")
	if err != nil {
		return nil, err
	}
	m := &Machine{dir: dir}
	if err := m.start(ctx, binary, args); err != nil {
		m.Close()
		return nil, fmt.Errorf("%s: %w%s", binary, err, m.complaint())
	}
	return m, nil
}

func (m *Machine) start(ctx context.Context, binary string, args []string) error {
	socket := filepath.Join(m.dir, "qmp")
	l, err := net.Listen("unix", socket) // QEMU connects to us, so there is no moment at which the socket is not there yet
	if err != nil {
		return err
	}
	defer l.Close()
	base := []string{"-accel", "tcg", "-display", "none", "-nodefaults", "-qmp", "unix:" + socket}
	m.cmd = exec.CommandContext(ctx, binary, append(base, args...)...)
	m.cmd.Stderr = &m.stderr
	if err := m.cmd.Start(); err != nil {
		m.cmd = nil
		return err
	}
	exited := make(chan error, 1)
	go func() { exited <- m.cmd.Wait(); l.Close() }()
	if m.conn, err = l.Accept(); err != nil {
		return <-exited
	}
	m.in = bufio.NewReader(m.conn)
	if _, err := m.in.ReadBytes('\n'); err != nil { // greeting
		return err
	}
	return m.QMP("qmp_capabilities", nil, nil)
}

func (m *Machine) complaint() string {
	if m.stderr.Len() == 0 {
		return ""
	}
	return "\n" + m.stderr.String()
}

// Close ends the QEMU and removes its temporary files.
func (m *Machine) Close() {
	if m.conn != nil {
		m.conn.Close()
	}
	if m.cmd != nil {
		m.cmd.Process.Kill()
	}
	os.RemoveAll(m.dir)
}

// QMP executes one command; out, where not nil, receives its return value. Events are dropped.
func (m *Machine) QMP(command string, arguments, out any) error {
	req := map[string]any{"execute": command}
	if arguments != nil {
		req["arguments"] = arguments
	}
	b, err := json.Marshal(req)
	if err != nil {
		return err
	}
	if _, err := m.conn.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("%s: %w%s", command, err, m.complaint())
	}
	for {
		line, err := m.in.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("%s: %w%s", command, err, m.complaint())
		}
		var reply struct {
			Return json.RawMessage
			Error  *struct{ Desc string }
			Event  string
		}
		if err := json.Unmarshal(line, &reply); err != nil {
			return err
		}
		switch {
		case reply.Event != "":
		case reply.Error != nil:
			return fmt.Errorf("%s: %s", command, reply.Error.Desc)
		case out != nil:
			return json.Unmarshal(reply.Return, out)
		default:
			return nil
		}
	}
}

// HMP executes a human monitor command and returns what it printed, with plain newlines.
func (m *Machine) HMP(command string) (string, error) {
	var s string
	err := m.QMP("human-monitor-command", map[string]string{"command-line": command}, &s)
	return string(bytes.ReplaceAll([]byte(s), []byte("\r\n"), []byte("\n"))), err
}

// Registers is what the monitor prints of all CPUs; QEMU before 2.9 knows CPU 0 only.
func (m *Machine) Registers() (string, error) {
	s, err := m.HMP("info registers -a")
	if err == nil && strings.Contains(s, "extraneous") {
		s, err = m.HMP("info registers")
	}
	return s, err
}

// WaitFor polls the registers until done says so, then stops the guest.
func (m *Machine) WaitFor(ctx context.Context, done func(registers string) bool) error {
	for {
		s, err := m.Registers()
		if err != nil {
			return err
		}
		if done(s) {
			return m.QMP("stop", nil, nil)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the guest did not get there: %w\n%s", ctx.Err(), s)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Migration is how a guest is saved.
type Migration struct {
	URI          string // "exec:cat > FILE" or "file:FILE"
	Capabilities []string
	Parameters   map[string]any
	During       func() error // runs once the migration has begun
}

// Migrate saves the guest and waits until that is done.
func (m *Machine) Migrate(ctx context.Context, mig Migration) error {
	type capability struct {
		Capability string `json:"capability"`
		State      bool   `json:"state"`
	}
	var caps []capability
	for _, c := range mig.Capabilities {
		caps = append(caps, capability{c, true})
	}
	if caps != nil {
		if err := m.QMP("migrate-set-capabilities", map[string]any{"capabilities": caps}, nil); err != nil {
			return err
		}
	}
	if mig.Parameters != nil {
		if err := m.QMP("migrate-set-parameters", mig.Parameters, nil); err != nil {
			return err
		}
	}
	if err := m.QMP("migrate", map[string]string{"uri": mig.URI}, nil); err != nil {
		return err
	}
	if mig.During != nil {
		if err := mig.During(); err != nil {
			return err
		}
	}
	for {
		var info struct {
			Status    string
			ErrorDesc string `json:"error-desc"`
		}
		if err := m.QMP("query-migrate", nil, &info); err != nil {
			return err
		}
		switch info.Status {
		case "completed":
			return nil
		case "failed", "cancelled":
			return fmt.Errorf("migrate %s: %s %s%s", mig.URI, info.Status, info.ErrorDesc, m.complaint())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
