package roster

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// channels are the traits of a dialect like dtu, leased those of one like elc004.
var (
	channels = chat.Traits{Dialect: "channels", Reach: chat.ByLink, Silent: true, Rooms: true, Lobby: "#lobby", Piece: 10, PingAfter: 150 * time.Second, PongWithin: 50 * time.Second}
	leased   = chat.Traits{Dialect: "leased", Reach: chat.ByPeerUDP, Lease: 95 * time.Second, LoginWithin: 10 * time.Second}
)

func (w *world) ask(n int, q chat.Request) string { return show(w.Do(w.now, linkOf(n), q)) }

// hall has ann, bob and carl in the lobby.
func hall(t *testing.T) *world {
	w := newWorld(t, Config{})
	for n, name := range []string{"ann", "bob", "carl"} {
		w.open(n+1, fmt.Sprintf("10.0.0.%d:1", n+1), &channels)
		w.ask(n+1, &chat.Login{Name: name})
	}
	return w
}

func TestLobby(t *testing.T) {
	w := newWorld(t, Config{})
	w.open(1, "10.0.0.1:1", &channels)
	w.open(2, "10.0.0.2:1", &channels)
	expect(t, "the first", w.ask(1, &chat.Login{Name: "ann"}), ">1 ok; *-1 came ann; >1 ok; >1 in #lobby(ann); *-1 entered #lobby ann")
	expect(t, "a name that is taken", w.ask(2, &chat.Login{Name: "ANN"}), ">2 taken")
	expect(t, "another, on the same link", w.ask(2, &chat.Login{Name: "bob"}), ">2 ok; *-2 came bob; >2 ok; >2 in #lobby(ann bob); *-2 entered #lobby bob")
	expect(t, "one vanishes", w.close(1), "*-1 exited #lobby ann; *-1 went ann")
}

func TestRooms(t *testing.T) {
	w := hall(t)
	expect(t, "a room is made", w.ask(1, &chat.Join{Room: "#x"}), ">1 ok; >1 in #x(ann); *-1 entered #x ann")
	expect(t, "another joins", w.ask(2, &chat.Join{Room: "#x"}), ">2 ok; >2 in #x(ann bob); *-2 entered #x bob")
	expect(t, "once more: nobody else hears", w.ask(2, &chat.Join{Room: "#x"}), ">2 ok; >2 in #x(ann bob)")
	expect(t, "a text", w.ask(1, &chat.Say{To: []byte("#x"), Room: true, Text: []byte("hi")}), "*-1 said ann in #x hi; >1 ok #x")
	expect(t, "a long one", w.ask(1, &chat.Say{To: []byte("#x"), Room: true, Text: []byte("0123456789ab")}), "*-1 said ann in #x 0123456789; *-1 said ann in #x ab; >1 ok #x")
	expect(t, "from outside", w.ask(3, &chat.Say{To: []byte("#x"), Room: true, Text: []byte("hi")}), ">3 unknown #x")
	expect(t, "no such room", w.ask(3, &chat.Say{To: []byte("#y"), Room: true}), ">3 unknown #y")
	expect(t, "to one person", w.ask(1, &chat.Say{To: []byte("BOB"), Text: []byte("hi")}), ">2 said ann hi mark 1; >1 ok BOB")
	expect(t, "one leaves", w.ask(1, &chat.Leave{Room: "#x"}), ">1 ok; *-1 exited #x ann")
	expect(t, "and is not there", w.ask(1, &chat.Leave{Room: "#x"}), ">1 unknown")
	expect(t, "the last leaves, nobody hears", w.ask(2, &chat.Leave{Room: "#x"}), ">2 ok")
	if len(w.rooms) != 1 {
		t.Errorf("%d rooms are left", len(w.rooms))
	}
	expect(t, "before the login", func() string { w.open(4, "10.0.0.4:1", &channels); return w.ask(4, &chat.Join{Room: "#x"}) }(), ">4 unregistered")
	w.open(5, "10.0.0.5:1", &relay)
	w.ask(5, &chat.Login{Name: "zoe"})
	expect(t, "a dialect without rooms", w.ask(5, &chat.Join{Room: "#x"}), ">5 unsupported")
}

// What comes of a Join is told behind its answer, even if that has to wait.
func TestRoomsInOrder(t *testing.T) {
	w := hall(t)
	w.open(5, "10.0.0.5:1", &relay)
	w.ask(5, &chat.Login{Name: "zoe"})
	expect(t, "a text that waits for its receipt", w.ask(1, &chat.Say{To: []byte("zoe"), Text: []byte("x")}), ">5 said ann x")
	expect(t, "a room", w.ask(1, &chat.Join{Room: "#x"}), "")
	expect(t, "out of it", w.ask(1, &chat.Leave{Room: "#x"}), "")
	expect(t, "out of another", w.ask(1, &chat.Leave{Room: "#y"}), "")
	expect(t, "the receipt", w.ask(5, &chat.Received{From: []byte("ann")}), ">1 ok zoe; >1 ok; >1 in #x(ann); *-1 entered #x ann; >1 ok; >1 unknown")
}

func TestRoomsAreBounded(t *testing.T) {
	w := hall(t)
	for n := range maxRooms - 1 {
		w.ask(1, &chat.Join{Room: fmt.Sprintf("#%d", n)})
	}
	expect(t, "one too many", w.ask(1, &chat.Join{Room: "#x"}), ">1 full")
	expect(t, "one it is in", w.ask(1, &chat.Join{Room: "#1"}), ">1 ok; >1 in #1(ann)")
	w.close(1)
	if len(w.rooms) != 1 {
		t.Errorf("%d rooms are left", len(w.rooms))
	}
}

// A list in an effect does not change when the group does later in the call.
func TestTellsListStays(t *testing.T) {
	w := hall(t)
	w.begin(w.now)
	g := &w.rooms["#lobby"].group
	w.tellGroup(g, 0, &chat.Ping{}, false)
	w.cutFrom(g, 0)
	w.addTo(g, linkOf(9))
	w.tellGroup(g, 0, &chat.Ping{}, false)
	w.removeFrom(g, 0)
	if got, want := w.out[0].Many.Links(), []chat.Link{linkOf(1), linkOf(2), linkOf(3)}; !slices.Equal(got, want) {
		t.Errorf("the first tells %x, not %x", got, want)
	}
	if got, want := w.out[1].Many.Links(), []chat.Link{linkOf(2), linkOf(3), linkOf(9)}; !slices.Equal(got, want) {
		t.Errorf("the second tells %x, not %x", got, want)
	}
	if got, want := g.Links(), []chat.Link{linkOf(9), linkOf(3)}; !slices.Equal(got, want) {
		t.Errorf("in the end %x, not %x", got, want)
	}
}

func TestPing(t *testing.T) {
	w := hall(t)
	w.close(2)
	w.close(3)
	w.wait("100s")
	w.Heard(w.now, linkOf(1))
	expect(t, "not silent for so long", w.wait("149s"), "")
	e, _ := w.Tick(w.now.Add(time.Second))
	w.now = w.now.Add(time.Second)
	ping, ok := e[0].Event.(*chat.Ping)
	if !ok || ping.Number < 1e8 || ping.Number >= 1e9 {
		t.Fatalf("told %v", e)
	}
	w.wait("49s")
	expect(t, "a wrong number", w.ask(1, &chat.Pong{Number: ping.Number + 1}), "")
	expect(t, "the right one", w.ask(1, &chat.Pong{Number: ping.Number}), "")
	expect(t, "then it begins anew", w.wait("149s"), "")
	expect(t, "and is asked again", w.wait("1s"), ">1 ping")
	expect(t, "no answer", w.wait("50s"), ">1 close toolate; *-1 went ann")
}

func TestLeases(t *testing.T) {
	w := newWorld(t, Config{})
	n := 0
	ask := func(from string, q chat.Request) string {
		n++
		w.open(n, from, &leased)
		e := w.Do(w.now, linkOf(n), q)
		out := make([]string, 0, len(e))
		for _, x := range e {
			what := showWhat(x)
			if x.Kind == Reply {
				what += "(" + namesOf(x.Answer.People) + ")"
			}
			out = append(out, what)
		}
		w.Closed(w.now, linkOf(n))
		return strings.Join(out, "; ")
	}
	expect(t, "the first sees nobody", ask("10.0.0.1:1", &chat.Login{Name: "ann", Port: 7}), "ok(); came ann; close")
	expect(t, "the second sees the first", ask("10.0.0.2:1", &chat.Login{Name: "bob", Port: 7}), "ok(ann); came bob; close")
	expect(t, "once more: it sees itself", ask("10.0.0.2:2", &chat.Login{Name: "bob", Port: 7}), "ok(ann bob); close")
	expect(t, "another name", ask("10.0.0.2:3", &chat.Login{Name: "bert", Port: 7}), "ok(ann bob); went bob; came bert; close")
	w.wait("94s")
	expect(t, "in time", ask("10.0.0.1:2", &chat.Login{Name: "ann", Port: 7}), "ok(ann bert); close")
	expect(t, "not in time", w.wait("1s"), "*-1 went bert")
	expect(t, "somebody else's", ask("10.0.0.3:1", &chat.Withdraw{Name: "ann", Port: 7}), "ok(); close")
	expect(t, "one's own", ask("10.0.0.1:3", &chat.Withdraw{Name: "whoever", Port: 7}), "went ann; ok(); close")
	expect(t, "no port", ask("10.0.0.1:4", &chat.Login{Name: "ann"}), "unsupported(); close")
	expect(t, "no IPv4", ask("[fe80::1]:4", &chat.Login{Name: "ann", Port: 7}), "unsupported(); close")
	if len(w.leases)+len(w.leasesAt)+len(w.leased.all())+len(w.timers)+len(w.waiting) != 0 {
		t.Errorf("left: %v %v %v, %d timers, %d links waiting", w.leases, w.leasesAt, w.leased, len(w.timers), len(w.waiting))
	}
	for port := range uint16(maxLeases) {
		ask("10.0.0.1:1", &chat.Login{Name: "x", Port: port + 1})
	}
	expect(t, "too many of one address", ask("10.0.0.1:1", &chat.Login{Name: "x", Port: 5000})[:6], "full()"[:6])
	if got := ask("10.0.0.2:1", &chat.Login{Name: "y", Port: 1}); !strings.HasSuffix(got, "came y; close") {
		t.Error(got)
	}
	w.open(n+1, "10.0.0.9:1", &leased)
	expect(t, "no request in time", w.wait("10s"), fmt.Sprintf(">%d close toolate", n+1))
}

// A text to a room of a thousand costs no allocation, however many hear it.
func TestRoomAllocs(t *testing.T) {
	r := New(Config{})
	for n := range 1000 {
		r.Open(start, linkOf(n+1), &channels, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), 1), netip.AddrPort{})
		r.Do(start, linkOf(n+1), &chat.Login{Name: fmt.Sprintf("user%d", n)})
	}
	say := &chat.Say{To: []byte("#lobby"), Room: true, Text: []byte("hello")}
	if n := testing.AllocsPerRun(100, func() { r.Do(start, linkOf(7), say) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestManyLeases: there is a bound over all addresses, and when all end at once
// whoever has the list of before is not disturbed.
func TestManyLeases(t *testing.T) {
	w := newWorld(t, Config{})
	for i := range maxAllLeases + 1 {
		l := linkOf(i + 1)
		w.Open(w.now, l, &leased, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i / maxLeases)}), 7), netip.AddrPort{})
		e := w.Do(w.now, l, &chat.Login{Name: fmt.Sprint("u", i), Port: uint16(i%maxLeases + 1)})
		if full := e[0].Answer.Err == errAllLeases; full != (i == maxAllLeases) {
			t.Fatalf("login %d is answered by %v", i, e[0].Answer.Err)
		}
		w.Closed(w.now, l)
	}
	old, _ := w.Leases()
	w.Tick(w.now.Add(leased.Lease + time.Second))
	if now, _ := w.Leases(); len(w.leases)+len(now) != 0 || len(old) != maxAllLeases || old[0] == nil {
		t.Errorf("%d are here and %d listed, and what was given before has %d", len(w.leases), len(now), len(old))
	}
}
