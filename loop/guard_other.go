//go:build !linux

package loop

import (
	"net"
	"net/netip"
)

// A guard elsewhere than on Linux is a probe only: the port is bound once in
// the plain way, which fails if a server has it, and set free for gnet.
type guard struct{}

// newGuard probes d and gives the address with its real port.
func newGuard(d Door) (guard, netip.AddrPort, error) {
	addr := netip.AddrPortFrom(d.Addr.Addr().Unmap(), d.Addr.Port())
	if d.Network == "udp" {
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
		if err != nil {
			return guard{}, netip.AddrPort{}, err
		}
		defer c.Close()
		return guard{}, netip.AddrPortFrom(addr.Addr(), c.LocalAddr().(*net.UDPAddr).AddrPort().Port()), nil
	}
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(addr))
	if err != nil {
		return guard{}, netip.AddrPort{}, err
	}
	defer l.Close()
	return guard{}, netip.AddrPortFrom(addr.Addr(), l.Addr().(*net.TCPAddr).AddrPort().Port()), nil
}

func (guard) close() {}
