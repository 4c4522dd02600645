package command

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// reachWithin is how long the start may take to find out by which family of
// addresses a server is reached.
const reachWithin = 3 * time.Second

// A finder finds out at which address a server is reached. Others call us at
// the address from which we reach it, so our own listener must be of the same
// family.
type finder struct {
	lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

func newFinder() finder {
	return finder{net.DefaultResolver.LookupNetIP, new(net.Dialer).DialContext}
}

// reach gives the address by which server, "host:port", is reached. Only a
// name with addresses of both families is dialled: the first one may be of a
// family in which nobody listens, and then a dial takes the other. The answer
// is not valid if there is none in time; the real dial will say why.
func (f finder) reach(ctx context.Context, server string) netip.AddrPort {
	if at, err := netip.ParseAddrPort(server); err == nil {
		return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	}
	host, _, err := net.SplitHostPort(server)
	if err != nil {
		return netip.AddrPort{}
	}
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	found, err := f.lookup(ctx, "ip", host)
	if err != nil || len(found) == 0 {
		return netip.AddrPort{}
	}
	first := found[0].Unmap()
	for _, a := range found {
		if a.Unmap().Is4() != first.Is4() {
			return f.tryOut(ctx, server)
		}
	}
	return netip.AddrPortFrom(first, 0)
}

// tryOut connects for a moment.
func (f finder) tryOut(ctx context.Context, server string) netip.AddrPort {
	c, err := f.dial(ctx, "tcp", server)
	if err != nil {
		return netip.AddrPort{}
	}
	defer c.Close()
	at, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// familyOf is what people call the family of an address.
func familyOf(a netip.Addr) string {
	if a.Is4() {
		return "IPv4"
	}
	return "IPv6"
}

// listenFor is where the messenger of to listens: as the flag --listen says,
// which was given as said, else anywhere in the family of the server. begin is
// how the command began that a failure suggests.
func (f finder) listenFor(ctx context.Context, begin, said, listen string, to target) (netip.AddrPort, *failure) {
	reached, server := f.reach(ctx, to.server), to.server
	if reached.IsValid() {
		server = reached.String()
	}
	at, err := parseListen(listen, server)
	if err != nil {
		return at, badUse(begin+" --listen :0", "cannot use %s: %s", said, err)
	}
	if !reached.IsValid() || at.Addr().Is4() == reached.Addr().Is4() {
		return at, nil
	}
	anywhere := netip.IPv4Unspecified()
	if reached.Addr().Is6() {
		anywhere = netip.IPv6Unspecified()
	}
	return at, badUse(begin+" --listen "+shellWord(netip.AddrPortFrom(anywhere, at.Port()).String())+" "+shellWord(to.name+"@"+to.server),
		"cannot use %s: the server %s is reached by %s, and so must you be", said, to.server, familyOf(reached.Addr()))
}
