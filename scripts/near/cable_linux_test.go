package near

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A machine is a network namespace with an address on a cable.
type machine struct{ ns *os.File }

// on runs f with the sockets and processes of m. f must not start goroutines that
// make sockets.
func (m machine) on(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err := unix.Setns(int(m.ns.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

// newMachine makes a namespace, or skips the test with the reason.
func newMachine(t *testing.T) machine {
	t.Helper()
	type made struct {
		ns  *os.File
		err error
	}
	done := make(chan made)
	go func() {
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- made{err: err}
			return
		}
		ns, err := os.Open("/proc/thread-self/ns/net")
		done <- made{ns, err}
	}()
	m := <-done
	if errors.Is(m.err, unix.EPERM) || errors.Is(m.err, unix.ENOSYS) {
		t.Skipf("this user cannot make a network namespace (%v): run it as root, say in a container with CAP_SYS_ADMIN", m.err)
	}
	if m.err != nil {
		t.Fatal(m.err)
	}
	t.Cleanup(func() { m.ns.Close() })
	return machine{m.ns}
}

// ip runs Debian's iproute2 on a machine.
func (m machine) ip(t *testing.T, words string) {
	t.Helper()
	err := m.on(func() error {
		out, err := exec.Command("ip", strings.Fields(words)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("ip %s: %w: %s", words, err, out)
		}
		return nil
	})
	switch {
	case err == nil:
	case strings.Contains(err.Error(), "not permitted"), strings.Contains(err.Error(), "Unknown device type"):
		t.Skipf("this machine makes no cable between namespaces: %v", err)
	default:
		t.Fatal(err)
	}
}

// twoMachines are two with a cable between them.
func twoMachines(t *testing.T, here, there string) (a, b machine) {
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("there is no program ip (Debian's iproute2) to make a cable with")
	}
	a, b = newMachine(t), newMachine(t)
	a.ip(t, fmt.Sprintf("link add cable type veth peer name cable netns /proc/%d/fd/%d", os.Getpid(), b.ns.Fd()))
	for _, end := range []struct {
		machine
		at string
	}{{a, here}, {b, there}} {
		end.ip(t, "link set lo up")
		end.ip(t, "addr add "+end.at+"/24 dev cable")
		end.ip(t, "link set cable up")
	}
	return a, b
}
