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
//	sent 1                         it has left, and may be confirmed or not
//	arrived 0 10.0.0.6:6000 9 text a datagram at the lent UDP port 0
//	ask 2 bob text / room 2 #x text / join 2 #x / block 3 bob / who 2
//	accounts bob *ann              the list, with passwords behind a *
//	empty                          nothing is left
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
	case "sent":
		return show(w.Sent(w.now, uint64(number(1))))
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
	case "empty":
		if err := w.isEmpty(); err != nil {
			return err.Error()
		}
		return ""
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
func square(t *testing.T) *world { return squareOf(t, 4) }

// squareOf is a square with so many ports of each kind, three at the least.
func squareOf(t *testing.T, ports int) *world {
	w := newWorld(t, Config{})
	lendPorts(w, ports)
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
		"dials": len(r.dials), "hosts": len(r.hosts), "who wait for dials": r.asking.Len(), "posts": len(r.posts), "leases": len(r.leases), "addresses of leases": len(r.leasesAt),
		"people in the table of leases": len(r.leased.all()), "blocks of the table": len(r.table.blocks), "rooms": len(r.rooms),
		"listeners": len(r.listening), "callers": len(r.callers), "callers without a name": len(r.unnamed), "links that wait": len(r.waiting),
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

// Texts from and to users who have a socket (post.go).
func TestPosts(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"a text and its outcome", []step{{"1 say EVE hi", "post 0 to 10.0.0.6:6000 1 hi"}, {"posted 1", ">1 ok EVE"}}},
		{"it fails", []step{{"1 say eve hi", "post 0 to 10.0.0.6:6000 1 hi"}, {"posted 1 lost", ">1 undelivered eve"}, {"posted 1", ""}}},
		{"one is under way at a time", []step{
			{"1 say eve one", "post 0 to 10.0.0.6:6000 1 one"}, {"1 say eve two", ""}, {"1 say eve three", ""},
			{"posted 1", ">1 ok eve; post 0 to 10.0.0.6:6000 2 two"}, {"posted 2 lost", ">1 undelivered eve; post 0 to 10.0.0.6:6000 3 three"}, {"posted 3", ">1 ok eve"},
		}},
		{"from each by a port of their own, side by side", []step{
			{"1 say eve one", "post 0 to 10.0.0.6:6000 1 one"}, {"ask 2 eve two", "post 1 to 10.0.0.6:6000 2 two"},
			{"posted 2", ">2 ok eve"}, {"posted 1", ">1 ok eve"},
		}},
		{"in pieces, one after the other", []step{
			{"1 say eve 0123456789abcdefghijXY", "post 0 to 10.0.0.6:6000 1 0123456789"}, {"posted 1", "post 0 to 10.0.0.6:6000 2 abcdefghij"},
			{"posted 2", "post 0 to 10.0.0.6:6000 3 XY"}, {"posted 3", ">1 ok eve"},
		}},
		{"none more after a piece that has failed", []step{
			{"1 say eve 0123456789abcdefghijXY", "post 0 to 10.0.0.6:6000 1 0123456789"}, {"1 say eve next", ""},
			{"posted 1 lost", ">1 undelivered eve; post 0 to 10.0.0.6:6000 2 next"}, {"posted 2", ">1 ok eve"},
		}},
		{"no outcome within 6 s", []step{
			{"1 say eve one", "post 0 to 10.0.0.6:6000 1 one"}, {"1 say eve two", ""}, {"wait 5999ms", ""},
			{"wait 1ms", ">1 undelivered eve; post 0 to 10.0.0.6:6000 2 two"}, {"posted 1", ""}, {"posted 2", ">1 ok eve"},
		}},
		{"her program may not know how to confirm", []step{
			{"1 say eve one", "post 0 to 10.0.0.6:6000 1 one"}, {"1 say eve two", ""}, {"sent 1", ""}, {"wait 499ms", ""},
			{"wait 1ms", ">1 ok eve; post 0 to 10.0.0.6:6000 2 two"}, {"posted 1", ""}, {"sent 2", ""}, {"posted 2", ">1 ok eve"}, {"wait 1s", ""},
		}},
		{"a text that has left, and she with it", []step{
			{"1 say eve one", "post 0 to 10.0.0.6:6000 1 one"}, {"sent 1", ""},
			{"withdraw 6 10.0.0.6 6000", "*-1 went eve; >1 undelivered eve; bye 0 10.0.0.6:6000; *-1 went eve; >6 ok; >6 close"}, {"sent 1", ""}, {"wait 1s", ""},
		}},
		{"she leaves", []step{
			{"1 say eve one", "post 0 to 10.0.0.6:6000 1 one"}, {"1 say eve two", ""},
			{"withdraw 6 10.0.0.6 6000", "*-1 went eve; >1 undelivered eve; >1 undelivered eve; bye 0 10.0.0.6:6000; *-1 went eve; >6 ok; >6 close"},
			{"posted 1", ""}, {"1 say eve hi", ">1 unknown eve"},
		}},
		{"the author leaves", []step{
			{"1 say eve one", "post 0 to 10.0.0.6:6000 1 one"}, {"1 say eve two", ""},
			{"1 close", "*-1 went ann; bye 0 10.0.0.6:6000; *-1 went ann; stand 0 nobody"}, {"posted 1", ""},
		}},
		{"the author leaves with the answer", []step{
			{"1 say eve one", "post 0 to 10.0.0.6:6000 1 one"}, {"1 bad", ""},
			{"posted 1", ">1 ok eve; >1 close malformed; *-1 went ann; bye 0 10.0.0.6:6000; *-1 went ann; stand 0 nobody"},
			{"2 close", "group 1 #lobby false; *-2 went cat; *-1 went cat; stand 1 nobody"}, {"5 close", "*-5 went bob; stand 2 nobody"},
			{"withdraw 6 10.0.0.6 6000", "*-1 went eve; >6 ok; >6 close"}, {"1 close", ""}, {"empty", ""},
		}},
		{"she says she is here, under another name", []step{
			{"1 say eve one", "post 0 to 10.0.0.6:6000 1 one"},
			{"lease 6 10.0.0.6 eva 6000", ">6 ok; *-1 went eve; >1 undelivered eve; bye 0 10.0.0.6:6000; *-1 went eve; *-1 came eva; *-1 came eva; >6 close"},
		}},
		{"what she writes is confirmed when its receiver has it", []step{
			{"arrived 0 10.0.0.6:6000 9 hi", ">1 said eve hi"}, {"1 got eve", "confirm 0 10.0.0.6:6000 9"},
		}},
		{"all of it", []step{
			{"arrived 0 10.0.0.6:6000 9 0123456789ab", ">1 said eve 0123456789"}, {"1 got eve", ">1 said eve ab"}, {"1 got eve", "confirm 0 10.0.0.6:6000 9"},
		}},
		{"where there are no receipts, when it has left", []step{
			{"arrived 1 10.0.0.6:6000 9 hi", ">2 said eve hi mark 1"}, {"left 2 1", "confirm 1 10.0.0.6:6000 9"},
		}},
		{"at a listener, when it has left", []step{
			{"arrived 2 10.0.0.6:6000 9 hi", "dial 1 10.0.0.5:5000 as eve"}, {"dialled 1 8", ">8 said eve hi mark 1"}, {"left 8 1", "confirm 2 10.0.0.6:6000 9"},
		}},
		{"not if it is refused, or lost", []step{
			{"arrived 0 10.0.0.6:6000 9 hi", ">1 said eve hi"}, {"1 no eve", ""}, {"arrived 0 10.0.0.6:6000 10 hi", ">1 said eve hi"}, {"wait 2s", ""},
			{"arrived 2 10.0.0.6:6000 11 hi", "dial 1 10.0.0.5:5000 as eve"}, {"5 close", "*-5 went bob; stand 2 nobody"},
		}},
		{"one that wants no word", []step{{"arrived 0 10.0.0.6:6000 0 hi", ">1 said eve hi"}, {"1 got eve", ""}}},
		{"an empty one asks whether anybody is there", []step{{"arrived 0 10.0.0.6:6000 9 ", "confirm 0 10.0.0.6:6000 9"}}},
		{"from an address that is nobody's", []step{{"arrived 0 10.0.0.6:6001 9 hi", ""}, {"arrived 0 10.0.0.5:6000 9 ", ""}}},
		{"to a port by which nobody speaks", []step{{"arrived 3 10.0.0.6:6000 9 hi", ""}}},
		{"a late entry is one for as long as it is renewed", []step{
			{"wait 94s", ""}, {"lease 6 10.0.0.6 eve 6000", ">6 ok; >6 close"}, {"wait 94s", ""}, {"wait 1s", "*-1 went eve; *-1 went eve"},
			{"arrived 0 10.0.0.6:6000 9 hi", ""},
		}},
		{"a room: she is in it when her program says so", []step{
			{"grouped 1 10.0.0.6:6000 #lobby in", "*-1 entered #lobby eve"}, {"grouped 1 10.0.0.6:6000 #lobby in", ""},
			{"room 2 #lobby hello there", "post 1 in #lobby hello ther; post 1 in #lobby e; *-2 said cat in #lobby hello ther; *-2 said cat in #lobby e; >2 ok #lobby"},
			{"grouptext 1 10.0.0.6:6000 9 #lobby hi", "confirm 1 10.0.0.6:6000 9; >2 said eve in #lobby hi"},
			{"grouped 1 10.0.0.6:6000 #lobby out", "*-1 exited #lobby eve"}, {"grouptext 1 10.0.0.6:6000 10 #lobby hi", "confirm 1 10.0.0.6:6000 10"},
		}},
		{"a room in which the one she writes to is not", []step{
			{"grouped 0 10.0.0.6:6000 #lobby in", ""}, {"grouped 1 10.0.0.6:6000 #other in", ""}, {"grouptext 1 10.0.0.6:6000 9 #other hi", "confirm 1 10.0.0.6:6000 9"},
		}},
		{"she leaves all rooms when she goes", []step{
			{"grouped 1 10.0.0.6:6000 #lobby in", "*-1 entered #lobby eve"},
			{"withdraw 6 10.0.0.6 6000", "*-1 went eve; *-1 exited #lobby eve; *-1 went eve; >6 ok; >6 close"},
		}},
		{"a room that only she is left in is gone", []step{
			{"join 2 #x", ">2 ok; >2 in #x(cat); group 1 #x true; *-2 entered #x cat"}, {"grouped 1 10.0.0.6:6000 #x in", "*-1 entered #x eve"},
			{"leave 2 #x", ">2 ok; group 1 #x false"}, {"join 2 #x", ">2 ok; >2 in #x(cat); group 1 #x true; *-2 entered #x cat"},
		}},
		{"who joins hears that she is in it", []step{
			{"grouped 1 10.0.0.6:6000 #lobby in", "*-1 entered #lobby eve"},
			{"channel 7 10.0.0.7 dan", ">7 ok; *-7 came dan; *-1 came dan; stand 3 dan; >7 ok; >7 in #lobby(cat eve dan); group 3 #lobby true; *-7 entered #lobby dan"},
		}},
	} {
		t.Run(c.what, func(t *testing.T) { square(t).play(c.steps) })
	}
}

// A text to all goes to users of all kinds, and succeeds if each has it.
func TestToAllKinds(t *testing.T) {
	said := "dial 1 10.0.0.5:5000 as ann; post 0 to 10.0.0.6:6000 2 hi"
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"all have it", []step{
			{"1 all hi", ">2 said ann hi mark 1; " + said}, {"left 2 1", ""}, {"posted 2", ""}, {"dialled 1 8", ">8 said ann hi mark 2"}, {"left 8 2", ">1 ok ALL"},
		}},
		{"one cannot be reached", []step{
			{"1 all hi", ">2 said ann hi mark 1; " + said}, {"left 2 1", ""}, {"posted 2", ""},
			{"5 close", "*-5 went bob; >1 undelivered ALL; stand 2 nobody"},
		}},
		{"one does not confirm", []step{
			{"1 all hi", ">2 said ann hi mark 1; " + said}, {"left 2 1", ""}, {"dialled 1 8", ">8 said ann hi mark 2"}, {"left 8 2", ""}, {"wait 6s", ">1 undelivered ALL"},
		}},
		{"who has no port to be heard by in vain", []step{
			{"channel 7 10.0.0.7 dan", ">7 ok; *-7 came dan; *-1 came dan; stand 3 dan; >7 ok; >7 in #lobby(cat dan); group 3 #lobby true; *-7 entered #lobby dan"},
			{"8 open 10.0.0.8:1", ""},
			{"8 both fay", ">8 ok; >8 count 2; *-8 came fay; note all 4 lent TCP ports are taken: who comes now is not in the tables of TCP programs; note all 4 lent UDP ports are taken: who comes now is not in the tables of UDP programs"},
			{"8 say eve hi", ">8 undelivered eve"}, {"8 say bob hi", "dial 1 10.0.0.5:5000 as fay"}, {"dialled 1 9", ">9 said fay hi mark 1"}, {"left 9 1", ">8 ok bob"},
		}},
		{"who else is here", []step{{"who 1", ">1 ok cat,bob,eve"}, {"who 2", ">2 ok ann,bob,eve"}}},
	} {
		t.Run(c.what, func(t *testing.T) { square(t).play(c.steps) })
	}
}

// Who is blocked cannot write, whatever program they use, and is not seen.
func TestBlockedGuests(t *testing.T) {
	w := newWorld(t, Config{})
	lendPorts(w, 9)
	w.act("accounts *hans")
	w.open(1, "10.0.0.1:1", &lines)
	w.ask(1, &chat.Login{Name: "hans"})
	w.play([]step{})
	w.Checked(w.now, linkOf(1), true, nil)
	w.play([]step{
		{"toy 5 10.0.0.5 bob 5000", ">5 ok; >5 page(hans); *-5 came bob; *-1 came bob; stand 1 bob"},
		{"lease 6 10.0.0.6 eve 6000", ">6 ok; *-1 came eve; *-1 came eve; *-1 came eve; >6 close"},
	})
	block := func(name string) {
		t.Helper()
		for _, e := range w.Do(w.now, linkOf(1), &chat.Block{Name: []byte(name)}) {
			if e.Kind == Keep {
				expect(t, "block "+name, show(w.Kept(w.now, e.Keeping, nil)), ">1 ok")
			}
		}
	}
	block("bob")
	block("Eve")
	w.play([]step{
		{"call 7 0 10.0.0.5", ""}, {"hello 7 bob", ">7 ok"}, {"line 7 hi", ">7 close"}, {"7 close", ""},
		{"arrived 0 10.0.0.6:6000 9 hi", ""},
		{"ask 1 bob you hear me", "dial 1 10.0.0.5:5000 as hans"},
	})
}

// Names that mim0 lets people share, and those of accounts (README, rule 3).
func TestGuestsNames(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []step
		names string // name/alias of all
	}{
		{"of one name", []step{
			{"toy 7 10.0.0.7 bob 5000", ">7 ok; >7 page(ann cat bob eve); *-7 came bob; stand 3 bob~2"},
			{"1 say bob~2 hi", "dial 1 10.0.0.7:5000 as ann"}, {"1 say bob2 hi", ""}, {"1 say bob hi", "dial 2 10.0.0.5:5000 as ann"},
		}, "ann cat bob eve bob~2/bob2"},
		{"in any case, and who looks alike", []step{
			{"toy 7 10.0.0.7 BOB 5000", ">7 ok; >7 page(ann cat bob eve); *-7 came BOB; stand 3 BOB~2"},
			{"toy 8 10.0.0.8 bоb 5000", ">8 ok; >8 page(ann cat bob eve BOB); *-8 came bоb; note all 4 lent UDP ports are taken: who comes now is not in the tables of UDP programs"},
		}, "ann cat bob eve BOB~2/BOB2 bоb~3/bb3"},
		{"of a member", []step{{"toy 7 10.0.0.7 ann 5000", ">7 ok; >7 page(ann cat bob eve); *-7 came ann; stand 3 ann~2"}}, "ann cat bob eve ann~2/ann2"},
		{"a member cannot have a guest's", []step{{"7 open 10.0.0.7:1", ""}, {"7 both Bob", ">7 taken"}, {"7 both eve", ">7 taken"}}, "ann cat bob eve"},
		{"nor a guest's alias", []step{
			{"toy 7 10.0.0.7 jürgen.k 5000", ">7 ok; >7 page(ann cat bob eve); *-7 came jürgen.k; stand 3 jürgen.k"},
			{"8 open 10.0.0.8:1", ""}, {"8 both jurgenk", ">8 taken"}, {"1 say JurgenK hi", "dial 1 10.0.0.7:5000 as ann"},
		}, "ann cat bob eve jürgen.k/jurgenk"},
		{"the second of an alias", []step{
			{"toy 7 10.0.0.7 jürgen.k 5000", ">7 ok; >7 page(ann cat bob eve); *-7 came jürgen.k; stand 3 jürgen.k"},
			{"toy 8 10.0.0.8 jurgen-k 5000", ">8 ok; >8 page(ann cat bob eve jürgen.k); *-8 came jurgen-k; note all 4 lent UDP ports are taken: who comes now is not in the tables of UDP programs"},
		}, "ann cat bob eve jürgen.k/jurgenk jurgen-k/jurgenk2"},
		{"a guest whose name is another's alias", []step{
			{"toy 7 10.0.0.7 bob 5000", ">7 ok; >7 page(ann cat bob eve); *-7 came bob; stand 3 bob~2"},
			{"toy 8 10.0.0.8 bob2 5000", ">8 ok; >8 page(ann cat bob eve bob); *-8 came bob2; note all 4 lent UDP ports are taken: who comes now is not in the tables of UDP programs"},
		}, "ann cat bob eve bob~2/bob2 bob2~2/bob22"},
		{"who claims a twin's name", []step{
			{"toy 7 10.0.0.7 bob~2 5000", ">7 ok; >7 page(ann cat bob eve); *-7 came bob~2; stand 3 bob~2"},
			{"toy 8 10.0.0.8 bob 5000", ">8 ok; >8 page(ann cat bob eve bob~2); *-8 came bob; note all 4 lent UDP ports are taken: who comes now is not in the tables of UDP programs"},
		}, "ann cat bob eve bob~2/bob2 bob~3/bob3"},
		{"the numbers begin anew when all twins are gone", []step{
			{"toy 7 10.0.0.7 bob 5000", ">7 ok; >7 page(ann cat bob eve); *-7 came bob; stand 3 bob~2"}, {"7 close", "*-7 went bob; stand 3 nobody"},
			{"toy 7 10.0.0.7 bob 5000", ">7 ok; >7 page(ann cat bob eve); *-7 came bob; note all 4 lent UDP ports are taken: who comes now is not in the tables of UDP programs"},
		}, "ann cat bob eve bob~2/bob2"},
		{"not as long as one is here", []step{
			{"toy 7 10.0.0.7 bob 5000", ">7 ok; >7 page(ann cat bob eve); *-7 came bob; stand 3 bob~2"},
			{"toy 8 10.0.0.8 bob 5000", ">8 ok; >8 page(ann cat bob eve bob); *-8 came bob; note all 4 lent UDP ports are taken: who comes now is not in the tables of UDP programs"},
			{"7 close", "*-7 went bob; stand 3 nobody"}, {"toy 7 10.0.0.7 bob 5000", ">7 ok; >7 page(ann cat bob eve bob); *-7 came bob"},
		}, "ann cat bob eve bob~3/bob3 bob~4/bob4"},
		{"of an account with a password", []step{
			{"accounts *hans", ""}, {"toy 7 10.0.0.7 Hans 5000", ">7 close taken"}, {"lease 8 10.0.0.8 hans 6000", ">8 taken; >8 close"},
		}, "ann cat bob eve"},
		{"of an account without one: it stays its own", []step{
			{"accounts hans", ""}, {"toy 7 10.0.0.7 hans 5000", ">7 ok; >7 page(ann cat bob eve); *-7 came hans; stand 3 hans~2"},
		}, "ann cat bob eve hans~2/hans2"},
		{"an account gets a password while a guest has its name", []step{
			{"1 say bob hi", "dial 1 10.0.0.5:5000 as ann"},
			{"accounts *bob", ">1 undelivered bob; stand 2 nobody; stand 3 bob~2"},
			{"1 say bob~2 hi", "dial 2 10.0.0.5:5000 as ann"}, {"call 7 0 10.0.0.5", ""}, {"hello 7 bob", ">7 ok; >7 said ann hi mark 1"},
		}, "ann cat eve bob~2/bob2"},
		{"the same of one with a socket", []step{
			{"1 say eve hi", "post 0 to 10.0.0.6:6000 1 hi"},
			{"accounts *eve", "*-1 went eve; >1 undelivered eve; bye 0 10.0.0.6:6000; *-1 went eve; *-1 came eve~2; *-1 came eve~2"},
			{"1 say eve2 hi", "post 0 to 10.0.0.6:6000 2 hi"}, {"arrived 0 10.0.0.6:6000 9 hi", ">1 said eve~2 hi"},
		}, "ann cat bob eve~2/eve2"},
		{"while a guest has it as an alias", []step{
			{"toy 7 10.0.0.7 jürgen.k 5000", ">7 ok; >7 page(ann cat bob eve); *-7 came jürgen.k; stand 3 jürgen.k"},
			{"accounts *jurgenk", "stand 3 nobody; note all 4 lent UDP ports are taken: who comes now is not in the tables of UDP programs"},
			{"1 say jurgenk for the account", ">1 put 1 ann>jurgenk for the account"}, {"1 say jürgen.k hi", "dial 1 10.0.0.7:5000 as ann"},
		}, "ann cat bob eve jürgen.k/jurgenk2"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := square(t)
			w.play(c.steps)
			var names []string
			for _, m := range w.members {
				name := m.came.Who.Name
				if m.came.Who.Alias != "" {
					name += "/" + m.came.Who.Alias
				}
				names = append(names, name)
			}
			expect(t, "who is here", strings.Join(names, " "), c.names)
			w.oneEach()
		})
	}
}

// A new list of accounts leaves each name and alias with one user (README, rule 3).
func TestAccountsAndAliases(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"an alias goes with its account", []step{
			{"accounts jürgen/juergen", ""}, {"7 both juergen", ">7 ok; >7 count 2; *-7 came jürgen; *-1 came jürgen; stand 3 jürgen"},
			{"accounts", ""}, {"8 both juergen", ">8 taken"}, {"1 say juergen hi", ">7 said ann hi"},
		}},
		{"and comes back with it", []step{
			{"accounts jürgen/juergen", ""}, {"7 both juergen", ">7 ok; >7 count 2; *-7 came jürgen; *-1 came jürgen; stand 3 jürgen"},
			{"accounts", ""}, {"accounts jürgen/juergen", ""}, {"1 say juergen hi", ">7 said ann hi"},
		}},
		{"another one", []step{
			{"accounts jürgen/juergen", ""}, {"7 both juergen", ">7 ok; >7 count 2; *-7 came jürgen; *-1 came jürgen; stand 3 jürgen"},
			{"accounts jürgen/jay", ""}, {"1 say juergen hi", ">7 said ann hi"}, {"1 say jay hi", ""}, {"8 both jay", ">8 taken"},
		}},
		{"one that a member has as a name", []step{
			{"7 both juergen", ">7 ok; >7 count 2; *-7 came juergen; *-1 came juergen; stand 3 juergen"},
			{"accounts jürgen/juergen", ">7 close taken; *-7 went juergen; *-1 went juergen; stand 3 nobody"},
			{"8 both juergen", ">8 ok; >8 count 2; *-8 came jürgen; note all 4 lent TCP ports are taken: who comes now is not in the tables of TCP programs; " +
				"note all 4 lent UDP ports are taken: who comes now is not in the tables of UDP programs"},
		}},
		{"one that a member has as an alias", []step{
			{"7 both jürgen", ">7 ok; >7 count 2; *-7 came jürgen; *-1 came jürgen; stand 3 jürgen"},
			{"accounts jurgen", ">7 close taken; *-7 went jürgen; *-1 went jürgen; stand 3 nobody"},
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := square(t)
			w.open(7, "10.0.0.7:1", &relay)
			w.open(8, "10.0.0.8:1", &relay)
			w.play(c.steps)
			w.oneEach()
		})
	}
}

// oneEach fails if two users are reached by one folded name, or one by none.
func (w *world) oneEach() {
	w.t.Helper()
	of := map[string]*member{}
	for _, m := range w.named {
		who := m.came.Who
		for _, name := range []string{who.Name, who.Alias, who.Plain(), who.Word()} {
			if name == "" {
				continue
			}
			if other := of[fold(name)]; other != nil && other != m {
				w.t.Errorf("%q and %q are reached by %q", who.Name, other.came.Who.Name, name)
			}
			of[fold(name)] = m
			if found := w.memberCalled([]byte(name)); found != m {
				w.t.Errorf("%q is not reached by %q", who.Name, name)
			}
		}
	}
}
