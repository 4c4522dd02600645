package loop

import (
	"net"
	"net/netip"

	"github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"
)

// udpQueue is how much the kernel is asked to keep of what came by a UDP door
// and was not read yet; it gives less if its own bound is lower. Bytes.
const udpQueue = 1 << 20

// A udpDoor is our side of a UDP door: gnet reads one datagram for each event
// and can only answer, so the rest is read and all is sent here.
type udpDoor struct {
	fd int // a duplicate of gnet's socket; -1 for doors of TCP
	v6 bool
}

// openUDP takes the socket that gnet has bound for a door.
func (r *Reactor) openUDP(door int) error {
	d := r.doors[door]
	fd, err := r.gnet.DupListener("udp", d.Addr.String())
	if err != nil {
		return err
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, udpQueue)
	r.udp[door] = udpDoor{fd: fd, v6: d.Addr.Addr().Is6()}
	return nil
}

// closeUDP gives the sockets back.
func (r *Reactor) closeUDP() {
	for i, u := range r.udp {
		if u.fd >= 0 {
			unix.Close(u.fd)
			r.udp[i].fd = -1
		}
	}
}

// datagram hands the mode the one that gnet has read, then what waits behind
// it. An empty one is a datagram like others.
func (r *Reactor) datagram(c gnet.Conn) {
	door := r.doorOf(c.LocalAddr())
	if door < 0 {
		return
	}
	p, _ := c.Next(-1)
	r.modeDatagram(door, netAddr(c.RemoteAddr()), p)
	r.drain(door)
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
	if !addr.IsValid() || addr.Is6() != u.v6 {
		return
	}
	var sa unix.Sockaddr
	if u.v6 {
		r.to6 = unix.SockaddrInet6{Port: int(to.Port()), Addr: addr.As16(), ZoneId: scope(addr.Zone())}
		sa = &r.to6
	} else {
		r.to4 = unix.SockaddrInet4{Port: int(to.Port()), Addr: addr.As4()}
		sa = &r.to4
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
