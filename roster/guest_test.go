package roster

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// sockets are traits like leased's, with texts of ten bytes at most.
var sockets = func() chat.Traits { t := leased; t.Piece = 10; return t }()

// lobby are traits like those of channels, without pings.
var lobby = func() chat.Traits { t := channels; t.PingAfter = 0; return t }()

// act carries out a line of a script about users of all kinds, and gives the
// effects in short; whatever is not listed here is a line for world.do.
//
//	toy 5 10.0.0.5 bob 5000        link 5 opens and logs in with a listener
//	rename 5 rob 5001              and once more
//	lease 6 10.0.0.6 eve 6000      link 6 opens, logs in by lease and closes
//	withdraw 6 10.0.0.6 6000       the same, to go
//	channel 2 10.0.0.2 cat         link 2 opens and logs in, in the lobby
//	call 7 0 10.0.0.5              link 7 comes to the lent TCP port 0
//	hello 7 bob / line 7 text      what it says there
//	dialled 1 8 / undialled 1      what becomes of dial 1
//	left 8 2                       mark 2 of link 8 has left
//	posted 1 / posted 1 lost       what becomes of post 1
//	arrived 0 10.0.0.6:6000 9 text a datagram at the lent UDP port 0
//	ask 2 bob text / room 2 #x text / join 2 #x / block 3 bob / who 2
//	accounts bob *ann              the list, with passwords behind a *
func (w *world) act(line string) string {
	f := strings.Fields(line)
	number := func(i int) int {
		n, err := strconv.Atoi(f[i])
		if err != nil {
			w.t.Fatalf("%s: %v", line, err)
		}
		return n
	}
	rest := func(i int) []byte { return []byte(strings.SplitN(line, " ", i+1)[i]) }
	switch f[0] {
	case "toy":
		w.open(number(1), f[2]+":40000", &traits)
		return w.login(number(1), f[3], uint16(number(4)))
	case "rename":
		w.now = w.now.Add(time.Second)
		return w.login(number(1), f[2], uint16(number(3)))
	case "lease", "withdraw":
		w.open(number(1), f[2]+":40000", &sockets)
		var q chat.Request = &chat.Withdraw{Port: uint16(number(len(f) - 1))}
		if f[0] == "lease" {
			q = &chat.Login{Name: f[3], Port: uint16(number(4))}
		}
		out := w.ask(number(1), q)
		if s := w.close(number(1)); s != "" {
			out += " THEN " + s
		}
		return out
	case "channel":
		w.open(number(1), f[2]+":40000", &lobby)
		return w.ask(number(1), &chat.Login{Name: f[3]})
	case "call":
		return show(w.Called(w.now, linkOf(number(1)), &traits, number(2), netip.MustParseAddrPort(f[3]+":40000")))
	case "hello":
		return w.ask(number(1), &chat.Hello{Name: f[2]})
	case "line":
		return w.ask(number(1), &chat.Say{Text: rest(2)})
	case "dialled":
		return show(w.Dialled(w.now, uint64(number(1)), linkOf(number(2)), &traits))
	case "undialled":
		return show(w.Undialled(w.now, uint64(number(1))))
	case "left":
		return show(w.Left(w.now, linkOf(number(1)), uint64(number(2))))
	case "posted":
		var err error
		if len(f) > 2 {
			err = chat.Errorf(chat.NotDelivered, "lost")
		}
		return show(w.Posted(w.now, uint64(number(1)), err))
	case "arrived":
		return show(w.Arrived(w.now, number(1), netip.MustParseAddrPort(f[2]), &chat.Say{Text: rest(4)}, "", uint64(number(3))))
	case "grouptext":
		return show(w.Arrived(w.now, number(1), netip.MustParseAddrPort(f[2]), &chat.Say{Text: rest(5)}, f[4], uint64(number(3))))
	case "grouped":
		return show(w.Grouped(w.now, number(1), netip.MustParseAddrPort(f[2]), f[3], f[4] == "in"))
	case "ask":
		return w.ask(number(1), &chat.Say{To: []byte(f[2]), Text: rest(3)})
	case "everyone":
		return w.ask(number(1), &chat.Say{To: []byte("ALL"), All: true, Text: rest(2)})
	case "room":
		return w.ask(number(1), &chat.Say{To: []byte(f[2]), Room: true, Text: rest(3)})
	case "join":
		return w.ask(number(1), &chat.Join{Room: f[2]})
	case "leave":
		return w.ask(number(1), &chat.Leave{Room: f[2]})
	case "block":
		return w.ask(number(1), &chat.Block{Name: rest(2)})
	case "who":
		return w.ask(number(1), &chat.WhoElse{Now: true})
	case "accounts":
		var list []Account
		for _, name := range f[1:] {
			name, bound := strings.CutPrefix(name, "*")
			name, alias, _ := strings.Cut(name, "/")
			list = append(list, Account{Name: name, Alias: alias, Bound: bound})
		}
		return show(w.SetAccounts(w.now, list))
	}
	return w.do(line)
}

func (w *world) play(steps []step) {
	w.t.Helper()
	for i, s := range steps {
		if got := w.act(s.line); got != s.want {
			w.t.Errorf("step %d, %s:\n got %s\nwant %s", i+1, s.line, got, s.want)
		}
	}
}

// square lends ports and brings ann, who is reached by link 1, cat, by link 2 and
// in the lobby, bob, who has a listener, and eve, who has a socket. Lent are the
// ports 7001 to 7004 of TCP (0: ann, 1: cat, 2: eve) and 8001 to 8004 of UDP (0:
// ann, 1: cat, 2: bob).
func square(t *testing.T) *world {
	w := newWorld(t, Config{})
	lendPorts(w, 4)
	w.play([]step{
		{"1 open 10.0.0.1:1", ""},
		{"1 both ann", ">1 ok; >1 count 2; *-1 came ann; stand 0 ann"},
		{"channel 2 10.0.0.2 cat", ">2 ok; *-2 came cat; stand 1 cat; >2 ok; >2 in #lobby(cat); group 1 #lobby true; *-2 entered #lobby cat"},
		{"toy 5 10.0.0.5 bob 5000", ">5 ok; >5 page(ann cat); *-5 came bob; stand 2 bob"},
		{"lease 6 10.0.0.6 eve 6000", ">6 ok; *-1 came eve; *-1 came eve; >6 close"},
	})
	return w
}

// lendPorts gives a roster n ports of each kind.
func lendPorts(w *world, n int) {
	var at [2][]netip.AddrPort
	for i := range n {
		at[tcp] = append(at[tcp], netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(7001+i)))
		at[udp] = append(at[udp], netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(8001+i)))
	}
	w.Lend(w.now, at[tcp], at[udp])
}

// isEmpty says what a roster still holds that nobody is in any more.
func (r *Roster) isEmpty() error {
	for what, n := range map[string]int{
		"names": len(r.named), "aliases": len(r.aliased), "members": len(r.members), "lines": len(r.lines),
		"dials": len(r.dials), "posts": len(r.posts), "leases": len(r.leases), "addresses of leases": len(r.leasesAt),
		"people in the table of leases": len(r.leased), "blocks of the table": len(r.table.blocks), "rooms": len(r.rooms),
		"listeners": len(r.listening), "callers without a name": len(r.unnamed), "links that wait": len(r.waiting),
		"numbers of twins": len(r.twinNumbers), "numbers of aliases": len(r.aliasNumbers),
		"who hear presence": len(r.presence.links), "who hear of members": len(r.listeners.links),
	} {
		if n != 0 {
			return fmt.Errorf("%d %s are left", n, what)
		}
	}
	for _, t := range r.timers {
		if t.fire != fireRested {
			return fmt.Errorf("a timer of kind %d runs", t.fire)
		}
	}
	return nil
}
