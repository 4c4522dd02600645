package loop

import "golang.org/x/sys/unix"

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

// unacked counts the bytes written to a TCP socket that the machine at the
// other end has not acknowledged; see tcp(7), SIOCOUTQ.
func unacked(fd int) (int, error) {
	return unix.IoctlGetInt(fd, unix.TIOCOUTQ)
}

const reusePort = true
