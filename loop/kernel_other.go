//go:build !linux

package loop

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// setUserTimeout: elsewhere than on Linux keep-alive alone finds the dead.
func setUserTimeout(int) error { return nil }

// setKernelQueue: elsewhere than on Linux the kernel keeps what it likes.
func setKernelQueue(int) error { return nil }

// unacked: what the kernel has counts as arrived.
func unacked(int) (int, error) { return 0, nil }

// findPoller: links are not left unread, see Mode.Data.
func findPoller(int) int { return -1 }

// askRead is not called without a poller.
func askRead(int, int, bool) error { return unix.ENOSYS }

// reusePort: SO_REUSEPORT means other things on BSD; see guard_other.go.
const reusePort = false

// portLater: elsewhere than on Linux a bound socket has its port at once.
func portLater(string, string, syscall.RawConn) error { return nil }
