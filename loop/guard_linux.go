package loop

import (
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// A guard holds a port for this process alone while gnet binds it.
//
// gnet opens its sockets with SO_REUSEPORT (it must, to accept on the one loop
// and to have UDP beside TCP), and with that option a second server of the
// same user starts on the same port without an error and takes half of the
// clients. So each port is bound without the option first: that fails beside
// any socket that has the port, another guard or another engine. Only then the
// option is set, which lets our engine in beside the guard. As every mim goes
// through a guard there is no moment at which two can hold a port. The guard
// also learns what port 0 became before gnet starts.
type guard struct{ fd int }

// newGuard binds d and gives the address with its real port.
func newGuard(d Door) (guard, netip.AddrPort, error) {
	addr := d.Addr.Addr().Unmap()
	family, sa := sockaddr(netip.AddrPortFrom(addr, d.Addr.Port()))
	kind := unix.SOCK_STREAM
	if d.Network == "udp" {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return guard{-1}, netip.AddrPort{}, os.NewSyscallError("socket", err)
	}
	port, err := bindAlone(fd, family, kind, sa)
	if err != nil {
		unix.Close(fd)
		return guard{-1}, netip.AddrPort{}, err
	}
	return guard{fd}, netip.AddrPortFrom(addr, port), nil
}

func bindAlone(fd, family, kind int, sa unix.Sockaddr) (port uint16, err error) {
	if family == unix.AF_INET6 { // as gnet does: a door is of one family
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
			return 0, os.NewSyscallError("setsockopt", err)
		}
	}
	if kind == unix.SOCK_STREAM { // connections in TIME_WAIT do not count
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			return 0, os.NewSyscallError("setsockopt", err)
		}
	}
	if err := unix.Bind(fd, sa); err != nil {
		return 0, os.NewSyscallError("bind", err)
	}
	if kind == unix.SOCK_STREAM { // only listening sockets exclude each other
		if err := unix.Listen(fd, 1); err != nil {
			return 0, os.NewSyscallError("listen", err)
		}
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		return 0, os.NewSyscallError("setsockopt", err)
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	return addrPort(at).Port(), nil
}

func (g guard) close() {
	if g.fd >= 0 {
		unix.Close(g.fd)
	}
}
