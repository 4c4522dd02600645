package command

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
)

// remote is a connection that knows its other end and can be closed.
type remote struct {
	net.Conn
	at     net.Addr
	closed *int
}

func (r remote) RemoteAddr() net.Addr { return r.at }
func (r remote) Close() error         { *r.closed++; return nil }

func TestReach(t *testing.T) {
	for _, c := range []struct {
		name, server string
		found        []string // what a look-up gives; nil: nothing
		answers      string   // where a dial ends; "" for nowhere
		want         string   // the address; "" for unknown
		dials        int
	}{
		{name: "IPv4 by number", server: "192.0.2.7:1", want: "192.0.2.7"},
		{name: "IPv6 by number", server: "[2001:db8::1]:1", want: "2001:db8::1"},
		{name: "IPv4 in IPv6", server: "[::ffff:192.0.2.7]:1", want: "192.0.2.7"},
		{name: "a name, IPv4 only", server: "host:1", found: []string{"192.0.2.7", "192.0.2.8"}, want: "192.0.2.7"},
		{name: "a name, IPv6 only", server: "host:1", found: []string{"2001:db8::1", "2001:db8::2"}, want: "2001:db8::1"},
		{name: "both, IPv6 answers", server: "host:1", found: []string{"::1", "127.0.0.1"}, answers: "[::1]:1", want: "::1", dials: 1},
		{name: "both, only IPv4 answers", server: "host:1", found: []string{"::1", "127.0.0.1"}, answers: "127.0.0.1:1", want: "127.0.0.1", dials: 1},
		{name: "both, nobody answers", server: "host:1", found: []string{"::1", "127.0.0.1"}, dials: 1},
		{name: "no such name", server: "host:1"},
		{name: "no address at all", server: "host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dials, closed := 0, 0
			f := finder{
				lookup: func(ctx context.Context, _, host string) (found []netip.Addr, err error) {
					if _, bounded := ctx.Deadline(); !bounded || host != "host" {
						t.Errorf("looked up %q, bounded: %v", host, bounded)
					}
					for _, a := range c.found {
						found = append(found, netip.MustParseAddr(a))
					}
					if found == nil {
						err = errors.New("no such host")
					}
					return found, err
				},
				dial: func(_ context.Context, _, address string) (net.Conn, error) {
					if dials++; c.answers == "" {
						return nil, errors.New("connection refused")
					}
					return remote{at: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.answers)), closed: &closed}, nil
				},
			}
			got := f.reach(context.Background(), c.server)
			if got.IsValid() != (c.want != "") || got.IsValid() && got.Addr().String() != c.want {
				t.Errorf("%s is reached at %v, want %q", c.server, got, c.want)
			}
			if dials != c.dials || c.answers != "" && closed != dials {
				t.Errorf("%d dials, %d closed; want %d", dials, closed, c.dials)
			}
		})
	}
}

// TestListenFamily: without an address the listener is of the family by which
// the server is reached; with one of the other family there is nothing to do.
func TestListenFamily(t *testing.T) {
	const v4, v6 = "192.0.2.7", "2001:db8::1"
	for _, c := range []struct{ name, listen, server, want, try string }{
		{"nothing, IPv4", "", v4, "0.0.0.0:0", ""},
		{"nothing, IPv6", "", v6, "[::]:0", ""},
		{"nothing, unknown", "", "", "0.0.0.0:0", ""},
		{"a port, IPv6", ":5000", v6, "[::]:5000", ""},
		{"an address of the same family", "127.0.0.1", v4, "127.0.0.1:0", ""},
		{"unknown: the dial will tell", "127.0.0.1", "", "127.0.0.1:0", ""},
		{"IPv4 for an IPv6 server", "127.0.0.1", v6, "", "mim join --listen '[::]:0' bob@host:1"},
		{"IPv6 for an IPv4 server", "[::1]:5000", v4, "", "mim join --listen 0.0.0.0:5000 bob@host:1"},
	} {
		f := finder{lookup: func(context.Context, string, string) ([]netip.Addr, error) {
			if c.server == "" {
				return nil, errors.New("no such host")
			}
			return []netip.Addr{netip.MustParseAddr(c.server)}, nil
		}}
		got, fail := f.listenFor(context.Background(), "mim join", "--listen "+c.listen, c.listen, target{"bob", "host:1"})
		switch {
		case fail != nil && (fail.code != exitBadUse || fail.try != c.try):
			t.Errorf("%s: %d %q, try %q; want to try %q", c.name, fail.code, fail.what, fail.try, c.try)
		case fail == nil && got.String() != c.want:
			t.Errorf("%s: %v, want %q", c.name, got, c.want)
		}
	}
}
