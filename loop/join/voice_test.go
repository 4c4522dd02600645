package join

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"mim/chat/client"
	"mim/chat/voice"
	"mim/codec"
	"mim/codec/all"
	"mim/loop/serve"
	"mim/loop/sim"
	"mim/roster"
)

// withCalls is the first dialect whose users call each other.
func withCalls() codec.Calling {
	for _, d := range all.Dialects() {
		if c, ok := d.(codec.Calling); ok && Speaks(d) {
			return c
		}
	}
	panic("no dialect has calls")
}

// An exchange is a town whose server carries calls.
type exchange struct {
	*town
	key uint64
}

func newExchange(t testing.TB, seed uint64, f sim.Faults) *exchange {
	x := &exchange{town: newTown(t, seed, f), key: 100_000_000_000_000}
	x.serve()
	return x
}

// serve starts a server, or the next one.
func (x *exchange) serve() {
	any := netip.IPv4Unspecified()
	m := serve.New(serve.Config{
		Doors: []serve.Door{
			{Dialect: withCalls(), Role: codec.Registry, Network: "tcp", Addr: netip.AddrPortFrom(any, registryPort)},
			{Dialect: withCalls(), Role: codec.Voice, Network: "udp", Addr: netip.AddrPortFrom(any, registryPort+1)},
		},
		Roster: roster.Config{Keys: func() uint64 { x.key++; return x.key }},
	})
	x.server = x.Host(serverAddr, m, m.Doors()...)
}

// null is a device that hears silence.
func null(done func(voice.Device, error)) { done(&voice.Null{}, nil) }

// enter starts the messenger of somebody and waits until they are in the lobby.
func (x *exchange) enter(name string, change ...func(*Config)) *user {
	x.Helper()
	calls := func(cfg *Config) { cfg.Dialect, cfg.Listen, cfg.Device = withCalls(), netip.AddrPort{}, null }
	u := x.join(name, append([]func(*Config){calls}, change...)...)
	x.Run(time.Second)
	return u
}

// enterAll starts several, and forgets what they were shown so far.
func (x *exchange) enterAll(names ...string) (all []*user) {
	for _, name := range names {
		all = append(all, x.enter(name))
	}
	x.forget()
	return all
}

// silent reports whether nothing of a call is left in a messenger.
func (u *user) silent() {
	u.Helper()
	if t := &u.mode.talk; t.key != 0 || t.sound != nil || t.opening {
		u.Errorf("%s: the voice goes on: %+v", u.name, *t)
	}
}

// calls is what was shown of calls since hears was asked last.
func (u *user) calls() (got []string) {
	for _, v := range u.views[u.seen:] {
		if v.Event == client.Called {
			got = append(got, brief(v))
		}
	}
	return got
}

func TestCalls(t *testing.T) {
	x := newExchange(t, 1, lan)
	p := x.enterAll("alice", "bob", "carol")
	alice, bob, carol := p[0], p[1], p[2]

	alice.types("/call BOB")
	x.Run(time.Second)
	alice.hears("call bob asked")
	bob.hears("call alice ringing")
	bob.types("/answer alice")
	x.Run(time.Minute)
	bob.hears("call alice accepted")
	alice.hears("call bob accepted")
	alice.types("@bob hi")
	x.Run(time.Second)
	alice.hears("sent sent to bob hi")
	bob.hears("said alice hi")

	carol.types("/call alice")
	x.Run(time.Second)
	carol.hears("call alice asked")
	alice.hears("call carol ringing")
	alice.types("/answer carol", "/deny carol")
	x.Run(time.Second)
	alice.hears("error already", "call carol denied")
	carol.hears("call alice denied")

	bob.types("/hangup")
	x.Run(time.Second)
	bob.hears("call alice ended")
	alice.hears("call bob ended")
	for _, u := range p {
		u.silent()
	}

	alice.types("/call nobody")
	x.Run(time.Second)
	alice.hears("call nobody asked", "call nobody denied")
	alice.types("/call alice", "/call #none")
	x.Run(time.Second)
	alice.hears("error self", "error unknown")
}

// What nobody answers ends after half a minute, on both sides.
func TestUnanswered(t *testing.T) {
	x := newExchange(t, 1, lan)
	p := x.enterAll("alice", "bob")
	p[0].types("/call bob")
	x.Run(29 * time.Second)
	p[0].hears("call bob asked")
	p[1].hears("call alice ringing")
	x.Run(2 * time.Second)
	p[0].hears("call bob ended")
	p[1].hears("call alice ended")
	if why := p[0].views[len(p[0].views)-1].Why; why != "nobody has answered" {
		t.Errorf("why: %s", why)
	}
	p[0].silent()
	p[1].silent()
}

// A messenger that is gone, or has lost the server, is in no call; the other
// end hears of it.
func TestCallLost(t *testing.T) {
	for _, state := range []string{"ringing", "talking"} {
		for _, c := range []struct {
			what  string
			end   func(x *exchange, alice *user)
			alice []string
		}{
			{"leaves", func(_ *exchange, alice *user) { alice.types("/quit") }, []string{"call bob ended", "bye"}},
			{"crashes", func(_ *exchange, alice *user) { alice.host.Crash() }, nil},
			{"loses the server", func(_ *exchange, alice *user) { alice.host.Lose(alice.mode.servers[0]) }, []string{"call bob ended", "offline", "online", "joined #lobby bob alice"}},
		} {
			t.Run(state+", "+c.what, func(t *testing.T) {
				x := newExchange(t, 1, lan)
				p := x.enterAll("alice", "bob")
				alice, bob := p[0], p[1]
				alice.types("/call bob")
				x.Run(time.Second)
				if state == "talking" {
					bob.types("/answer alice")
					x.Run(time.Second)
				}
				x.forget()
				c.end(x, alice)
				x.Run(10 * time.Second)
				if c.alice != nil {
					alice.hears(c.alice...)
				}
				if got := brief(bob.views[bob.seen]); got != "call alice ended" && got != "userleave #lobby alice" {
					t.Errorf("bob hears %q", got)
				}
				if alice.host.Alive() {
					alice.silent()
				}
				bob.silent()
			})
		}
	}
	x := newExchange(t, 1, lan)
	p := x.enterAll("alice", "bob")
	p[0].types("/call bob")
	x.Run(time.Second)
	p[1].types("/answer alice")
	x.Run(time.Second)
	x.forget()
	x.server.Crash()
	x.Run(500 * time.Millisecond)
	p[0].hears("call bob ended", "offline")
	p[1].hears("call alice ended", "offline")
	p[0].silent()
	p[1].silent()
}

// Without a device a call ends, on both sides; text goes on.
func TestNoDevice(t *testing.T) {
	for _, c := range []struct {
		what string
		open DeviceOpener
	}{
		{"none", nil},
		{"a broken one", func(done func(voice.Device, error)) { done(nil, errors.New("it is broken")) }},
	} {
		t.Run(c.what, func(t *testing.T) {
			x := newExchange(t, 1, lan)
			alice := x.enter("alice")
			bob := x.enter("bob", func(cfg *Config) { cfg.Device = c.open })
			x.forget()
			alice.types("/call bob")
			x.Run(time.Second)
			bob.types("/answer alice")
			x.Run(time.Second)
			bob.types("@alice sorry")
			x.Run(time.Second)
			alice.hears("call bob asked", "call bob accepted", "call bob ended", "said bob sorry")
			bob.hears("call alice ringing", "call alice accepted", "error broken", "call alice ended", "sent sent to alice sorry")
			alice.silent()
			bob.silent()
		})
	}
}

// A device that comes when the call is over is closed, and not used.
func TestLateDevice(t *testing.T) {
	x := newExchange(t, 1, lan)
	var late func(voice.Device, error)
	alice := x.enter("alice", func(cfg *Config) { cfg.Device = func(done func(voice.Device, error)) { late = done } })
	bob := x.enter("bob")
	x.forget()
	alice.types("/call bob")
	x.Run(time.Second)
	bob.types("/answer alice")
	x.Run(time.Second)
	alice.types("/stats", "/hangup")
	x.Run(time.Second)
	d := &closing{}
	late(d, nil)
	x.Run(time.Second)
	if d.closed != 1 {
		t.Errorf("closed %d times", d.closed)
	}
	alice.silent()
	alice.hears("call bob asked", "call bob accepted", "call bob ended")
}

// closing counts how often a device is closed; broken makes it fail.
type closing struct {
	voice.Null
	closed int
	broken error
}

func (d *closing) Close() error { d.closed++; return d.broken }
func (d *closing) Err() error   { return d.broken }

// A device that fails in a call ends it.
func TestDeviceFails(t *testing.T) {
	x := newExchange(t, 1, lan)
	d := &closing{}
	alice := x.enter("alice", func(cfg *Config) { cfg.Device = func(done func(voice.Device, error)) { done(d, nil) } })
	bob := x.enter("bob")
	x.forget()
	alice.types("/call bob")
	x.Run(time.Second)
	bob.types("/answer alice")
	x.Run(time.Second)
	d.broken = errors.New("pulled out")
	x.Run(time.Second)
	alice.hears("call bob asked", "call bob accepted", "error broken", "call bob ended")
	bob.hears("call alice ringing", "call alice accepted", "call alice ended")
	if d.closed != 1 {
		t.Errorf("closed %d times", d.closed)
	}
}

// Two who call each other at once are in one call, on any network.
func TestCallsCross(t *testing.T) {
	for seed := range uint64(50) {
		x := newExchange(t, seed, sim.Faults{Delay: time.Millisecond, Jitter: 20 * time.Millisecond, MaxCut: 20})
		p := x.enterAll("alice", "bob")
		p[0].types("/call bob")
		x.Run(time.Duration(seed) * time.Millisecond)
		p[1].types("/call alice")
		x.Run(5 * time.Second)
		for i, u := range p {
			other := p[1-i].name
			last := u.calls()
			if len(last) == 0 || last[len(last)-1] != "call "+other+" accepted" {
				t.Errorf("seed %d: %s hears %q", seed, u.name, last)
			}
			if u.mode.talk.key != p[0].mode.talk.key || u.mode.talk.sound == nil {
				t.Errorf("seed %d: %s is in call %d", seed, u.name, u.mode.talk.key)
			}
		}
		p[0].types("/hangup")
		x.Run(time.Second)
		p[0].silent()
		p[1].silent()
	}
}

func TestRoomCalls(t *testing.T) {
	x := newExchange(t, 1, lan)
	p := x.enterAll("alice", "bob", "carol", "dave")
	alice, bob, carol, dave := p[0], p[1], p[2], p[3]
	alice.types("/call #lobby")
	x.Run(time.Second)
	alice.hears("call #lobby asked")
	for _, u := range p[1:] {
		u.hears("call alice ringing")
	}
	bob.types("/answer alice")
	x.Run(time.Second)
	carol.types("/answer alice")
	dave.types("/deny alice")
	x.Run(time.Second)
	alice.hears("call #lobby bob accepted bob", "call #lobby carol accepted bob carol")
	bob.hears("call alice accepted", "call carol accepted alice carol")
	carol.hears("call alice accepted")
	dave.hears("call alice denied")
	alice.types("/hangup")
	x.Run(time.Second)
	alice.hears("call #lobby ended")
	bob.hears()
	bob.types("/hangup")
	x.Run(time.Second)
	bob.hears("call alice ended")
	carol.hears("call alice ended")
	for _, u := range p {
		u.silent()
	}
}
