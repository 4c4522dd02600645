package roster

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// atPorts are the people whom a viewer on the server's own machine, or on another,
// finds at lent ports, in the order of the table: "ann:7001".
func (w *world) atPorts(kind int) string {
	var out []string
	people := w.leased.all()
	if kind == tcp {
		people = nil
		for p := range w.People() {
			people = append(people, p)
		}
	}
	for _, p := range people {
		if p.Dialect != "toy" && kind == tcp || p.Dialect != "leased" && kind == udp {
			out = append(out, p.Name+strings.TrimPrefix(p.Near.String(), "127.0.0.1"))
		}
	}
	return strings.Join(out, " ")
}

// Who gets which port, and who none (mim0.md, rule 8).
func TestLending(t *testing.T) {
	for _, c := range []struct {
		what  string
		ports int
		steps []step
		tcp   string
		udp   string
	}{
		{"in the order of arrival, of each kind the others", 9, nil, "ann:7001 cat:7002 eve:7003", "ann:8001 cat:8002 bob:8003"},
		{"too few: the newest have none, and the log says so once", 4, []step{
			{"channel 7 10.0.0.7 dan", ">7 ok; *-7 came dan; *-1 came dan; stand 3 dan; >7 ok; >7 in #lobby(cat dan); group 3 #lobby true; *-7 entered #lobby dan"},
			{"channel 8 10.0.0.8 fay", ">8 ok; *-8 came fay; " +
				"note all 4 lent TCP ports are taken: who comes now is not in the tables of TCP programs; " +
				"note all 4 lent UDP ports are taken: who comes now is not in the tables of UDP programs; " +
				">8 ok; >8 in #lobby(cat dan fay); *-8 entered #lobby fay"},
			{"channel 9 10.0.0.9 gil", ">9 ok; *-9 came gil; >9 ok; >9 in #lobby(cat dan fay gil); *-9 entered #lobby gil"},
		}, "ann:7001 cat:7002 eve:7003 dan:7004", "ann:8001 cat:8002 bob:8003 dan:8004"},
		{"a port rests 60 s", 3, []step{
			{"1 close", "*-1 went ann; *-1 went ann; stand 0 nobody"},
			{"channel 7 10.0.0.7 dan", ">7 ok; *-7 came dan; " +
				"note all 3 lent TCP ports are taken: who comes now is not in the tables of TCP programs; " +
				"note all 3 lent UDP ports are taken: who comes now is not in the tables of UDP programs; " +
				">7 ok; >7 in #lobby(cat dan); *-7 entered #lobby dan"},
			{"wait 59s", ""},
		}, "cat:7002 eve:7003", "cat:8002 bob:8003"},
		{"then who waits gets it", 3, []step{
			{"1 close", "*-1 went ann; *-1 went ann; stand 0 nobody"},
			{"channel 7 10.0.0.7 dan", ">7 ok; *-7 came dan; " +
				"note all 3 lent TCP ports are taken: who comes now is not in the tables of TCP programs; " +
				"note all 3 lent UDP ports are taken: who comes now is not in the tables of UDP programs; " +
				">7 ok; >7 in #lobby(cat dan); *-7 entered #lobby dan"},
			{"wait 60s", "stand 0 dan; group 0 #lobby true; *-1 came dan"},
		}, "cat:7002 eve:7003 dan:7001", "cat:8002 bob:8003 dan:8001"},
		{"who has waited longest gets the first", 3, []step{
			{"channel 7 10.0.0.7 dan", ">7 ok; *-7 came dan; " +
				"note all 3 lent TCP ports are taken: who comes now is not in the tables of TCP programs; " +
				"note all 3 lent UDP ports are taken: who comes now is not in the tables of UDP programs; " +
				">7 ok; >7 in #lobby(cat dan); *-7 entered #lobby dan"},
			{"channel 8 10.0.0.8 fay", ">8 ok; *-8 came fay; >8 ok; >8 in #lobby(cat dan fay); *-8 entered #lobby fay"},
			{"1 close", "*-1 went ann; *-1 went ann; stand 0 nobody"},
			{"wait 1s", ""},
			{"2 close", "group 1 #lobby false; *-1 exited #lobby cat; *-2 went cat; *-1 went cat; stand 1 nobody"},
			{"wait 59s", "stand 0 dan; group 0 #lobby true; *-1 came dan"},
			{"wait 1s", "*-1 came fay; stand 1 fay; group 1 #lobby true"},
		}, "eve:7003 dan:7001 fay:7002", "bob:8003 dan:8001 fay:8002"},
		{"who waits and leaves is forgotten", 3, []step{
			{"lease 7 10.0.0.7 dan 6000", ">7 ok; *-1 came dan; note all 3 lent TCP ports are taken: who comes now is not in the tables of TCP programs; >7 close"},
			{"withdraw 7 10.0.0.7 6000", "*-1 went dan; >7 ok; >7 close"},
			{"channel 8 10.0.0.8 fay", ">8 ok; *-8 came fay; note all 3 lent UDP ports are taken: who comes now is not in the tables of UDP programs; " +
				">8 ok; >8 in #lobby(cat fay); *-8 entered #lobby fay"},
			{"1 close", "*-1 went ann; *-1 went ann; stand 0 nobody"},
			{"wait 60s", "stand 0 fay; group 0 #lobby true; *-1 came fay"},
		}, "cat:7002 eve:7003 fay:7001", "cat:8002 bob:8003 fay:8001"},
		{"when none waited the log says it anew", 3, []step{
			{"lease 7 10.0.0.7 dan 6000", ">7 ok; *-1 came dan; note all 3 lent TCP ports are taken: who comes now is not in the tables of TCP programs; >7 close"},
			{"withdraw 7 10.0.0.7 6000", "*-1 went dan; >7 ok; >7 close"},
			{"withdraw 6 10.0.0.6 6000", "*-1 went eve; *-1 went eve; >6 ok; >6 close"},
			{"wait 60s", ""},
			{"lease 7 10.0.0.7 dan 6000", ">7 ok; *-1 came dan; *-1 came dan; >7 close"},
			{"lease 8 10.0.0.8 fay 6000", ">8 ok; *-1 came fay; note all 3 lent TCP ports are taken: who comes now is not in the tables of TCP programs; >8 close"},
		}, "ann:7001 cat:7002 dan:7003", "ann:8001 cat:8002 bob:8003"},
		{"the port that has been free for longest", 9, []step{
			{"1 close", "*-1 went ann; *-1 went ann; stand 0 nobody"},
			{"wait 61s", ""},
			{"channel 7 10.0.0.7 dan", ">7 ok; *-7 came dan; *-1 came dan; stand 3 dan; >7 ok; >7 in #lobby(cat dan); group 3 #lobby true; *-7 entered #lobby dan"},
		}, "cat:7002 eve:7003 dan:7004", "cat:8002 bob:8003 dan:8004"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := squareOf(t, c.ports)
			w.play(c.steps)
			expect(t, "by TCP", w.atPorts(tcp), c.tcp)
			expect(t, "by UDP", w.atPorts(udp), c.udp)
		})
	}
}

// Who is here before there are ports gets one, too.
func TestLentLater(t *testing.T) {
	w := newWorld(t, Config{})
	w.act("channel 2 10.0.0.2 cat")
	w.act("toy 5 10.0.0.5 bob 5000")
	lendPorts(w, 2)
	expect(t, "by TCP", w.atPorts(tcp), "cat:7001")
	expect(t, "by UDP", w.atPorts(udp), "cat:8001 bob:8002")
}

// Near and far viewers are shown an address that they can reach, also if the
// server learns only later which that is (mim0.md, rule 7).
func TestLentAddresses(t *testing.T) {
	for _, row := range []struct {
		name, advertise, bound, near, far string
	}{
		{"all addresses", "", "0.0.0.0", "127.0.0.1", "192.168.1.1"},
		{"all addresses, advertised", "192.168.9.9", "0.0.0.0", "127.0.0.1", "192.168.9.9"},
		{"all addresses of IPv6", "", "::", "::1", "192.168.1.1"},
		{"one address", "", "10.1.1.1", "10.1.1.1", "10.1.1.1"},
		{"loopback", "", "127.0.0.1", "127.0.0.1", "192.168.1.1"},
	} {
		for _, learnedLater := range []bool{false, true} {
			t.Run(row.name, func(t *testing.T) {
				var c Config
				if row.advertise != "" {
					c.Advertise = netip.MustParseAddr(row.advertise)
				}
				w := newWorld(t, c)
				at := []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr(row.bound), 7000)}
				if !learnedLater {
					w.open(3, "192.168.1.2:1", &channels)
				}
				w.Lend(w.now, at, at)
				w.open(1, "127.0.0.1:1", &channels)
				w.ask(1, &chat.Login{Name: "ann"})
				w.open(2, "192.168.1.2:1", &channels)
				for _, people := range [][]*chat.Person{w.table.blocks[0].page.People, w.leased.all()} {
					p := people[0]
					expect(t, "near", p.Near.String(), netip.AddrPortFrom(netip.MustParseAddr(row.near), 7000).String())
					expect(t, "far", p.Far.String(), netip.AddrPortFrom(netip.MustParseAddr(row.far), 7000).String())
				}
			})
		}
	}
}

// Who calls a lent port has to come from the address of a user with a listener
// and to say that user's name; all others learn nothing.
func TestCallsToLentPorts(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"a user with a listener", []step{{"call 7 0 10.0.0.5", ""}, {"hello 7 bob", ">7 ok"}, {"line 7 hi", ">1 said bob hi"}, {"1 got bob", ">7 ok ann"}}},
		{"the name is as the user wrote it", []step{{"call 7 0 10.0.0.5", ""}, {"hello 7 Bob", ">7 ok; >7 close"}}},
		{"from another address", []step{{"call 7 0 10.0.0.9", ">7 close"}, {"hello 7 bob", ""}}},
		{"from the address of a user who has no listener", []step{{"call 7 0 10.0.0.1", ">7 close"}}},
		{"from the address of a user with a socket", []step{{"call 7 0 10.0.0.6", ">7 close"}}},
		{"from the address of another user with a listener", []step{
			{"toy 7 10.0.0.7 dan 5000", ">7 ok; >7 page(ann cat bob eve); *-7 came dan; stand 3 dan"}, {"call 8 0 10.0.0.7", ""}, {"hello 8 bob", ">8 ok; >8 close"},
		}},
		{"a name that nobody has", []step{{"call 7 0 10.0.0.5", ""}, {"hello 7 rob", ">7 ok; >7 close"}, {"line 7 hi", ""}}},
		{"the name of the one who is called", []step{{"call 7 0 10.0.0.5", ""}, {"hello 7 ann", ">7 ok; >7 close"}}},
		{"nobody behind the port", []step{{"call 7 3 10.0.0.5", ">7 close"}}},
		{"a person who has gone", []step{{"1 close", "*-1 went ann; *-1 went ann; stand 0 nobody"}, {"call 7 0 10.0.0.5", ">7 close"}}},
		{"a person who goes before the name is said", []step{
			{"call 7 0 10.0.0.5", ""}, {"1 close", "*-1 went ann; *-1 went ann; stand 0 nobody"}, {"hello 7 bob", ">7 ok; >7 close"},
		}},
		{"a caller who goes before it is said", []step{{"call 7 0 10.0.0.5", ""}, {"5 close", "*-5 went bob; stand 2 nobody"}, {"hello 7 bob", ">7 ok; >7 close"}}},
		{"no name in 30 s", []step{{"call 7 0 10.0.0.5", ""}, {"wait 29s", ""}, {"wait 1s", ">7 close toolate"}, {"hello 7 bob", ""}, {"7 close", ""}}},
		{"a text in front of the name", []step{{"call 7 0 10.0.0.5", ""}, {"line 7 hi", ""}, {"hello 7 bob", ">7 ok"}}},
		{"a second name changes nothing", []step{{"call 7 0 10.0.0.5", ""}, {"hello 7 bob", ">7 ok"}, {"hello 7 dan", ">7 ok"}, {"line 7 hi", ">1 said bob hi"}}},
		{"the person leaves", []step{{"call 7 0 10.0.0.5", ""}, {"hello 7 bob", ">7 ok"}, {"1 close", "*-1 went ann; >7 close; *-1 went ann; stand 0 nobody"}, {"line 7 hi", ""}}},
		{"the caller logs out", []step{{"call 7 0 10.0.0.5", ""}, {"hello 7 bob", ">7 ok"}, {"5 close", "*-5 went bob; >7 close; stand 2 nobody"}, {"line 7 hi", ""}}},
		{"the person, who has a socket, leaves while a text is under way", []step{
			{"call 7 2 10.0.0.5", ""}, {"hello 7 bob", ">7 ok"}, {"line 7 hi", "post 2 to 10.0.0.6:6000 1 hi"},
			{"withdraw 6 10.0.0.6 6000", "*-1 went eve; >7 ok eve; bye 2 10.0.0.6:6000; >7 close; *-1 went eve; >6 ok; >6 close"}, {"line 7 hi", ""},
		}},
		{"two of one name at one address: the older one", []step{
			{"toy 7 10.0.0.5 bob 5001", ">7 ok; >7 page(ann cat bob eve); *-7 came bob; stand 3 bob~2"},
			{"call 8 0 10.0.0.5", ""}, {"hello 8 bob", ">8 ok"}, {"line 8 hi", ">1 said bob hi"},
		}},
		{"a twin at another address calls by the name it has claimed", []step{
			{"toy 7 10.0.0.7 bob 5001", ">7 ok; >7 page(ann cat bob eve); *-7 came bob; stand 3 bob~2"},
			{"call 8 0 10.0.0.7", ""}, {"hello 8 bob", ">8 ok"}, {"line 8 hi", ">1 said bob~2 hi"},
			{"5 close", "*-5 went bob; stand 2 nobody"}, {"call 9 1 10.0.0.7", ""}, {"hello 9 bob", ">9 ok"}, {"line 9 hi", ">2 said bob~2 hi mark 2"},
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := square(t)
			w.play(c.steps)
			for n := 1; n <= 9; n++ {
				w.close(n)
			}
			if len(w.unnamed) > 0 || len(w.waiting) > 0 || len(w.lines) > 0 {
				t.Errorf("in the end %d callers without a name, %d links wait, %d lines", len(w.unnamed), len(w.waiting), len(w.lines))
			}
		})
	}
}

// From one address eight callers at once may have no name yet.
func TestUnnamedCallers(t *testing.T) {
	w := square(t)
	for n := range maxUnnamed {
		if got := show(w.Called(w.now, linkOf(20+n), &traits, n%2, netip.MustParseAddrPort("10.0.0.5:4000"))); got != "" {
			t.Fatalf("caller %d: %s", n+1, got)
		}
	}
	w.play([]step{
		{"call 40 0 10.0.0.5", ">40 close"}, {"40 close", ""},
		{"hello 20 bob", ">20 ok"}, {"call 40 0 10.0.0.5", ""}, {"call 41 0 10.0.0.5", ">41 close"},
		{"hello 21 nobody", ">21 ok; >21 close"}, {"call 42 0 10.0.0.5", ""}, {"call 43 0 10.0.0.5", ">43 close"},
	})
	w.close(22)
	w.play([]step{{"call 44 0 10.0.0.5", ""}, {"call 45 0 10.0.0.5", ">45 close"}, {"call 46 0 10.0.0.1", ">46 close"}})
	w.now = w.now.Add(namedWithin)
	if e, _ := w.Tick(w.now); strings.Count(show(e), "close toolate") != maxUnnamed {
		t.Errorf("after %v: %s", namedWithin, show(e))
	}
}

// The server's own lent ports are nobody's address.
func TestLentPortsAreNobodys(t *testing.T) {
	w := newWorld(t, Config{Advertise: netip.MustParseAddr("192.168.1.1")})
	lendPorts(w, 2)
	for _, row := range []struct{ from, want string }{
		{"127.0.0.1:9", ">1 close refused"},
		{"192.168.1.1:9", ">1 close refused"},
		{"10.0.0.5:9", ">1 ok; *-1 came bob; stand 0 bob"},
	} {
		w.open(1, row.from, &traits)
		expect(t, "with a listener, from "+row.from, w.login(1, "bob", 7002), row.want)
		w.close(1)
	}
	w.open(2, "127.0.0.1:9", &sockets)
	expect(t, "with a socket", w.ask(2, &chat.Login{Name: "eve", Port: 8001}), ">2 refused; >2 close")
	w.open(3, "127.0.0.1:9", &sockets)
	expect(t, "the same number of the other kind", w.ask(3, &chat.Login{Name: "eve", Port: 7001}), ">3 ok; *-1 came eve; >3 close")
	w.now = w.now.Add(time.Hour)
}
