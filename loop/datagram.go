package loop

import (
	"net"
	"net/netip"

	"github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"
)

// A udpDoor sends from the port of a UDP door: gnet itself can only answer.
type udpDoor struct {
	fd int // a duplicate of gnet's socket; -1 for doors of TCP
	v6 bool
}

// datagram hands one to the mode. An empty one is a datagram like others.
func (r *Reactor) datagram(c gnet.Conn) {
	p, _ := c.Next(-1)
	if door := r.doorOf(c.LocalAddr()); door >= 0 {
		r.modeDatagram(door, netAddr(c.RemoteAddr()), p)
	}
}

// doorOf finds the door of an accepted connection or a datagram: gnet gives
// the address of the listener, the same object each time. -1 if it is none.
func (r *Reactor) doorOf(a net.Addr) int {
	if door, ok := r.doorAt[a]; ok {
		return door
	}
	at := netAddr(a)
	for i, d := range r.doors {
		if d.Network == a.Network() && d.Addr == at {
			r.doorAt[a] = i
			return i
		}
	}
	return -1
}

// SendTo sends one datagram. A full socket buffer loses it, as any router may.
func (r *Reactor) SendTo(door int, to netip.AddrPort, b []byte) {
	if door < 0 || door >= len(r.udp) || r.udp[door].fd < 0 {
		return
	}
	u := r.udp[door]
	addr := to.Addr().Unmap()
	var sa unix.Sockaddr
	switch {
	case addr.Is4() && !u.v6:
		r.to4 = unix.SockaddrInet4{Port: int(to.Port()), Addr: addr.As4()}
		sa = &r.to4
	case addr.Is6() && u.v6:
		r.to6 = unix.SockaddrInet6{Port: int(to.Port()), Addr: addr.As16(), ZoneId: scope(addr.Zone())}
		sa = &r.to6
	default:
		return
	}
	_ = unix.Sendto(u.fd, b, unix.MSG_DONTWAIT, sa)
}

// Local is the address a door is bound to.
func (r *Reactor) Local(door int) netip.AddrPort {
	if door < 0 || door >= len(r.doors) {
		return netip.AddrPort{}
	}
	return r.doors[door].Addr
}
