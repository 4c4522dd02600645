package loop

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// userTimeout bounds how long sent bytes may stay unacknowledged, or a reader
// may keep its window shut, before the kernel ends the connection.
// Milliseconds.
const userTimeout = 100_000

// setUserTimeout sets RFC 5482's user timeout on a TCP socket. Beside
// keep-alive it also says when probes are given up: the dead are found
// between 100 and 105 s.
func setUserTimeout(fd int) error {
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, userTimeout)
}

// maxKernel is how much the kernel keeps of what it has not even sent to a
// reader yet. Its own bound is 4 MiB a connection, of which a thousand readers
// who stand still fill 4 GiB in which nobody sees them; what waits in our lists
// all links share, and it is bounded. Bytes.
const maxKernel = 128 << 10

// setKernelQueue sets that bound; see tcp(7), TCP_NOTSENT_LOWAT. poll(2) goes by
// it, too.
func setKernelQueue(fd int) error {
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, maxKernel)
}

// unacked counts the bytes written to a TCP socket that the machine at the
// other end has not acknowledged; see tcp(7), SIOCOUTQ.
func unacked(fd int) (int, error) {
	return unix.IoctlGetInt(fd, unix.TIOCOUTQ)
}

const reusePort = true

// portLater lets the kernel pick the port of a bound socket when it connects,
// when it knows the other end: then an address has as many ports for each of
// those, and picking one does not get slow with tens of thousands of them. See
// ip(7), IP_BIND_ADDRESS_NO_PORT; a kernel without it picks at once.
func portLater(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	})
}
