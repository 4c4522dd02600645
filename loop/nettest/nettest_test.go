package nettest_test

import (
	"net/netip"
	"runtime"
	"testing"
	"time"

	"mim/loop"
	"mim/loop/nettest"
	"mim/loop/sim"
)

// TestSim runs the scenarios on simulated networks that lose nothing.
func TestSim(t *testing.T) {
	for _, row := range []struct {
		name   string
		faults sim.Faults
	}{
		{"perfect", sim.Faults{}},
		{"slow", sim.Faults{Delay: 20 * time.Millisecond, Jitter: 20 * time.Millisecond}},
		{"cut into few bytes", sim.Faults{Delay: time.Millisecond, Jitter: time.Millisecond, MaxCut: 8}},
		{"cut anywhere, slow readers, narrow wire", sim.Faults{Delay: time.Millisecond, Jitter: 3 * time.Millisecond, MaxCut: 5000,
			Window: 3000, Stall: 0.1, StallFor: 5 * time.Millisecond}},
	} {
		t.Run(row.name, func(t *testing.T) {
			nettest.Run(t, func(*testing.T) *nettest.World { return onSim(row.faults) })
		})
	}
}

func onSim(f sim.Faults) *nettest.World {
	w := sim.New(1, f)
	w.Contain = true
	hosts := map[loop.Net]*sim.Host{}
	addr := netip.MustParseAddr("10.0.0.1")
	next := addr
	return &nettest.World{
		Start: func(m loop.Mode, doors ...loop.Door) {
			h := w.Host(next, m, doors...)
			hosts[h] = h
			next = next.Next()
		},
		Stop: func(n loop.Net) {
			hosts[n].Stop()
			w.RunUntil(func() bool { return !hosts[n].Alive() }, time.Minute)
		},
		Until: func(cond func() bool, changed <-chan struct{}, d time.Duration) bool {
			return cond() || w.RunUntil(func() bool {
				select {
				case <-changed:
					return cond()
				default:
					return false
				}
			}, d) || cond()
		},
		UnreadFor: time.Minute,
		Addr:      netip.IPv4Unspecified(),
		At: func(n loop.Net, door int) netip.AddrPort {
			return netip.AddrPortFrom(hosts[n].Addr(), n.Local(door).Port())
		},
	}
}

// TestReactor runs the scenarios on real sockets of this machine's loopback.
func TestReactor(t *testing.T) {
	nettest.Run(t, func(t *testing.T) *nettest.World {
		t.Parallel() // some scenarios wait
		w := onReactor(t, loop.Config{UnreadFor: unreadFor})
		if runtime.GOOS == "linux" {
			w.UnreadFor = unreadFor
		}
		return w
	})
}

// unreadFor is longer than any scenario holds a link that must not be dropped.
const unreadFor = 8 * time.Second

func onReactor(t *testing.T, cfg loop.Config) *nettest.World {
	addr := netip.MustParseAddr("127.0.0.1")
	return &nettest.World{
		Start: func(m loop.Mode, doors ...loop.Door) {
			cfg := cfg
			cfg.Doors = doors
			r := loop.New(cfg, m)
			if err := r.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { stop(t, r) })
		},
		Stop: func(n loop.Net) { stop(t, n.(*loop.Reactor)) },
		Until: func(cond func() bool, changed <-chan struct{}, d time.Duration) bool {
			timeout := time.After(d)
			for !cond() {
				select {
				case <-changed:
				case <-timeout:
					return cond()
				}
			}
			return true
		},
		Addr: addr,
		At:   func(n loop.Net, door int) netip.AddrPort { return n.Local(door) },
	}
}

func stop(t *testing.T, r *loop.Reactor) {
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
}
