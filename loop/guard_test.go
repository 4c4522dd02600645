//go:build linux

package loop

import (
	"errors"
	"net/netip"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSecondServer: a second mim on a port fails, in each moment of the life
// of the first.
func TestSecondServer(t *testing.T) {
	t.Parallel()
	doors := []struct {
		name string
		door Door
	}{{"tcp4", tcp4}, {"tcp6", tcp6}, {"udp4", udp4}, {"udp6", udp6}}
	moments := []struct {
		name  string
		first func(*testing.T, Door) netip.AddrPort
	}{
		{"beside its guard", func(t *testing.T, d Door) netip.AddrPort {
			g, at, err := newGuard(d)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(g.close)
			return at
		}},
		{"beside its guard and its engine", func(t *testing.T, d Door) netip.AddrPort {
			g, at, err := newGuard(d)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(g.close)
			listenShared(t, Door{d.Network, at})
			return at
		}},
		{"beside its engine", func(t *testing.T, d Door) netip.AddrPort {
			r := start(t, Config{Doors: []Door{d}}, &puppet{})
			return r.Local(0)
		}},
	}
	for _, d := range doors {
		for _, m := range moments {
			t.Run(d.name+" "+m.name, func(t *testing.T) {
				at := m.first(t, d.door)
				second := New(Config{Doors: []Door{{d.door.Network, at}}}, &puppet{})
				err := second.Start()
				if err == nil {
					second.Stop()
				}
				var listen *ListenError
				if !errors.As(err, &listen) || !errors.Is(err, syscall.EADDRINUSE) || listen.Door.Addr != at {
					t.Fatalf("second server: %v; want a ListenError, address in use", err)
				}
			})
		}
	}
}

// listenShared opens a socket as gnet does in reuse-port mode.
func listenShared(t *testing.T, d Door) {
	t.Helper()
	family, sa := sockaddr(d.Addr)
	kind := unix.SOCK_STREAM
	if d.Network == "udp" {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	for _, option := range []int{unix.SO_REUSEADDR, unix.SO_REUSEPORT} {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, 1); err != nil {
			t.Fatal(err)
		}
	}
	if family == unix.AF_INET6 {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Bind(fd, sa); err != nil {
		t.Fatal("the engine's socket beside the guard: ", err)
	}
	if kind == unix.SOCK_STREAM {
		if err := unix.Listen(fd, 16); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTakenDoorFreesTheOthers: if one door is taken, Start leaves nothing open.
func TestTakenDoorFreesTheOthers(t *testing.T) {
	t.Parallel()
	first := start(t, Config{Doors: []Door{tcp4}}, &puppet{})
	g, free, err := newGuard(tcp4)
	if err != nil {
		t.Fatal(err)
	}
	g.close()
	taken := Door{"tcp", first.Local(0)}
	err = New(Config{Doors: []Door{{"tcp", free}, taken}}, &puppet{}).Start()
	var listen *ListenError
	if !errors.As(err, &listen) || listen.Door != taken {
		t.Fatalf("Start: %v; want it to name %v", err, taken)
	}
	g, _, err = newGuard(Door{"tcp", free})
	if err != nil {
		t.Fatalf("the free door after the failure: %v", err)
	}
	g.close()
}

// TestRealPorts: the ports that the system picks are known before the mode
// boots, for any number of doors, and are the ones that listen.
func TestRealPorts(t *testing.T) {
	t.Parallel()
	doors := []Door{tcp4, tcp4, udp4, tcp6, tcp4, udp6, tcp6, tcp4}
	m := &puppet{}
	var local []netip.AddrPort
	m.booted = func() {
		for i := range doors {
			local = append(local, m.Local(i))
		}
	}
	opened := make(chan Info, len(doors))
	m.opened = func(_ ID, in Info) { opened <- in }
	r := start(t, Config{Doors: doors}, m)
	seen := make(map[Door]bool)
	for i, d := range doors {
		d.Addr = local[i]
		if d.Addr.Port() == 0 || seen[d] {
			t.Fatalf("door %d is at %v, again or nowhere", i, d.Addr)
		}
		seen[d] = true
		if d.Network != "tcp" {
			continue
		}
		c := connect(t, r, i)
		in := await(t, "Opened", opened)
		if in.Door != i || in.Remote.String() != c.LocalAddr().String() {
			t.Errorf("connection to door %d from %v opened as %+v", i, c.LocalAddr(), in)
		}
	}
	var here netip.AddrPort
	on(t, r, func() { here = r.Here(m.links[0]) })
	if here != local[0] {
		t.Errorf("Here is %v, want %v", here, local[0])
	}
}

// TestBothFamilies: a port of all addresses of IPv4 and the same of IPv6 are
// two doors.
func TestBothFamilies(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp", "udp"} {
		var err error
		for range 20 { // somebody else may have the other port by chance
			if err = bothFamilies(network); err == nil {
				break
			}
		}
		if err != nil {
			t.Errorf("%s: %v", network, err)
		}
	}
}

func bothFamilies(network string) error {
	g6, at, err := newGuard(Door{network, netip.AddrPortFrom(netip.IPv6Unspecified(), 0)})
	if err != nil {
		return err
	}
	defer g6.close()
	g4, _, err := newGuard(Door{network, netip.AddrPortFrom(netip.IPv4Unspecified(), at.Port())})
	if err != nil {
		return err
	}
	g4.close()
	return nil
}

func TestNoDoors(t *testing.T) {
	if err := New(Config{}, &puppet{}).Start(); !errors.Is(err, ErrNoDoors) {
		t.Fatalf("Start without doors: %v", err)
	}
}

// TestLimitTooLow: no room for connections beside the reserve is an error.
func TestLimitTooLow(t *testing.T) {
	if err := New(Config{Doors: []Door{tcp4}, Reserve: 1 << 30}, &puppet{}).Start(); err == nil {
		t.Fatal("started")
	}
}
