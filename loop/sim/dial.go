package sim

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
	"time"

	"mim/loop"
)

// maxDials is how many dials of a host run at once.
const maxDials = 32

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// A place is where a door can be found: a port of a machine.
type place struct {
	addr netip.Addr
	port uint16
	udp  bool
}

// A door is an open one.
type door struct {
	h     *Host
	index int
	addr  netip.AddrPort // as Local gives it
	place place
}

// open binds a door of h.
func (w *World) open(h *Host, index int, d loop.Door) *door {
	a, port := d.Addr.Addr().Unmap(), d.Addr.Port()
	if !a.IsValid() {
		a = netip.IPv4Unspecified()
	}
	if !a.IsUnspecified() && !a.IsLoopback() && a != h.addr {
		panic(fmt.Sprintf("sim: door %v is not an address of the machine %v", d.Addr, h.addr))
	}
	at := place{h.addr, port, d.Network == "udp"}
	if port == 0 {
		at.port = w.pick(h.addr)
	}
	if w.doors[at] != nil {
		panic(fmt.Sprintf("sim: address already in use: %v:%d", h.addr, port))
	}
	x := &door{h, index, netip.AddrPortFrom(a, at.port), at}
	w.doors[at] = x
	return x
}

// pick chooses a port of a machine that has no door.
func (w *World) pick(addr netip.Addr) uint16 {
	for {
		p := max(20000, w.ports[addr]+1) // after 65535 from 20000 again
		w.ports[addr] = p
		if w.doors[place{addr, p, false}] == nil && w.doors[place{addr, p, true}] == nil {
			return p
		}
	}
}

// find is the door that h reaches under an address, and the address under
// which it sees h. Loopback leads to h's own machine.
func (w *World) find(h *Host, to netip.AddrPort, udp bool) (d *door, seen netip.Addr) {
	addr, seen := to.Addr().Unmap(), h.addr
	local := addr.IsLoopback() && !h.addr.IsLoopback()
	if local {
		addr, seen = h.addr, addr
	}
	d = w.doors[place{addr, to.Port(), udp}]
	if d == nil {
		return nil, seen
	}
	if bound := d.addr.Addr(); bound.IsUnspecified() || h.addr.IsLoopback() || bound.IsLoopback() == local {
		return d, seen
	}
	return nil, seen
}

// resolve finds the address of "host:port".
func (w *World) resolve(address string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddrPort(address); err == nil {
		return a, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	a, ok := w.names[host]
	if !ok {
		return netip.AddrPort{}, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return netip.AddrPortFrom(a, uint16(n)), nil
}

// dials are those of one host that are not over, in their order.
type dials struct {
	running []*dial
	waiting fifo[*dial]
}

// A dial ends in Opened or Failed.
type dial struct {
	h       *Host
	from    netip.Addr // not valid: as find says
	address string
	within  time.Duration
	tag     any

	to   netip.AddrPort
	link *link // our end, once the other machine has accepted
	why  error // of a refusal that is on its way to us
	over bool
}

// Dial connects to "host:port".
func (h *Host) Dial(network, address string, within time.Duration, tag any) {
	h.DialFrom(netip.Addr{}, network, address, within, tag)
}

// DialFrom connects to "host:port" from an address of this machine: its own or
// one of loopback, as which the other end then sees it, if it is on this
// machine too. Any other is EADDRNOTAVAIL.
func (h *Host) DialFrom(from netip.Addr, network, address string, within time.Duration, tag any) {
	from = from.Unmap()
	d := &dial{h: h, from: from, address: address, within: within, tag: tag}
	switch {
	case h.stopping:
		d.why = loop.ErrStopped
	case network != "tcp" && network != "tcp4" && network != "tcp6":
		d.why = net.UnknownNetworkError(network)
	case from.IsValid() && !from.IsLoopback() && from != h.addr:
		d.why = syscall.EADDRNOTAVAIL
	}
	h.dials.waiting.push(d)
	h.startDials()
}

func (h *Host) startDials() {
	for len(h.dials.running) < maxDials && h.dials.waiting.len() > 0 && !h.dead {
		d := *h.dials.waiting.first()
		h.dials.waiting.pop()
		h.dials.running = append(h.dials.running, d)
		d.start()
	}
}

func (d *dial) start() {
	w := d.h.w
	w.push(w.now+int64(d.within), late, d)
	if d.why == nil {
		d.to, d.why = w.resolve(d.address)
	}
	switch {
	case d.why != nil:
		w.push(w.now+w.transit(), answered, d)
	case !w.chance(w.Faults.DialLost):
		w.push(w.now+w.transit(), knock, d)
	}
}

func (d *dial) fire(what kind) {
	switch {
	case d.over:
	case what == knock:
		d.knock()
	case what == answered:
		d.fail(d.why)
	case what == late:
		d.fail(context.DeadlineExceeded)
	}
}

// knock: the dial is at the other machine.
func (d *dial) knock() {
	w := d.h.w
	door, seen := w.find(d.h, d.to, false)
	if door == nil || w.chance(w.Faults.DialRefused) {
		d.why = syscall.ECONNREFUSED
		w.push(w.now+w.transit(), answered, d)
		return
	}
	to := netip.AddrPortFrom(d.to.Addr().Unmap(), d.to.Port())
	if d.from.IsLoopback() && seen.IsLoopback() || d.from == d.h.addr {
		seen = d.from
	}
	a := &link{h: d.h, dial: d, remote: to, local: netip.AddrPortFrom(seen, w.pick(d.h.addr))}
	b := &link{h: door.h, peer: a, remote: a.local, local: to}
	a.peer, d.link = b, a
	b.h.enter(b)
	b.put(chunk{what: opened, at: w.now + w.transit()})
	w.at = spot{b.h, b}
	b.h.mode.Opened(b.id, loop.Info{Door: door.index, Remote: b.remote})
}

// opened: the other machine's word is here.
func (d *dial) opened(l *link) {
	d.end()
	l.dial = nil
	l.h.enter(l)
	l.h.mode.Opened(l.id, loop.Info{Door: -1, Remote: l.remote, Tag: d.tag})
}

// fail ends a dial that came to nothing. The other machine may think that
// there is a link: what it says on it is answered with a reset.
func (d *dial) fail(why error) {
	d.drop()
	d.end()
	d.h.mode.Failed(d.tag, fmt.Errorf("dial %s: %w", d.address, why))
}

// drop gives up our end, if the other machine has made one already.
func (d *dial) drop() {
	if d.link != nil {
		d.link.dead = true
	}
}

// end lets the next dial in line run.
func (d *dial) end() {
	d.over = true
	if i := slices.Index(d.h.dials.running, d); i >= 0 {
		d.h.dials.running = slices.Delete(d.h.dials.running, i, i+1)
	}
	d.h.startDials()
}

// abandon forgets all dials; nobody is told.
func (s *dials) abandon() {
	for _, d := range s.running {
		d.over = true
		d.drop()
	}
	*s = dials{}
}

// A datagram is one underway.
type datagram struct {
	from netip.AddrPort
	to   *door
	b    []byte
}

// maxDatagram is how long a datagram may be that IPv4 carries. Bytes.
const maxDatagram = 65507

// SendTo sends a datagram from a UDP door.
func (h *Host) SendTo(door int, to netip.AddrPort, b []byte) {
	if h.dead || len(b) > maxDatagram || door < 0 || door >= len(h.doors) || !h.doors[door].place.udp {
		return
	}
	w := h.w
	target, seen := w.find(h, to, true)
	if target == nil || w.chance(w.Faults.Loss) {
		return
	}
	copies := 1
	if w.chance(w.Faults.Repeat) {
		copies = 2
	}
	from := netip.AddrPortFrom(seen, h.doors[door].addr.Port())
	for ; copies > 0; copies-- {
		at := w.now + w.transit()
		if w.chance(w.Faults.Reorder) {
			at += w.upTo(10 * (w.Faults.Delay + w.Faults.Jitter))
		}
		w.push(at, delivered, &datagram{from, target, bytes.Clone(b)})
	}
}

func (g *datagram) deliver() {
	if !g.to.h.dead {
		g.to.h.mode.Datagram(g.to.index, g.from, g.b)
	}
}
