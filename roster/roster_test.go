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

// traits are those of a dialect like mim0; deaf ones hear no presence.
var (
	traits = chat.Traits{Dialect: "toy", Reach: chat.ByPeerTCP, Presence: true, LoginWithin: 30 * time.Second, RenameGap: time.Second}
	deaf   = chat.Traits{Dialect: "deaf", Reach: chat.ByPeerTCP}
	start  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

// A world is a roster with links named by letters in the order of opening,
// and a clock.
type world struct {
	*Roster
	t   *testing.T
	now time.Time
}

func newWorld(t *testing.T, c Config) *world { return &world{New(c), t, start} }

// open opens link n from an address; the server's own address is on the LAN
// unless the link is on loopback.
func (w *world) open(n int, from string, t *chat.Traits) {
	remote, local := netip.MustParseAddrPort(from), netip.MustParseAddrPort("192.168.1.1:4242")
	if remote.Addr().Unmap().IsLoopback() {
		local = netip.AddrPortFrom(remote.Addr(), 4242)
	}
	if e := w.Open(w.now, linkOf(n), t, remote, local); len(e) > 0 {
		w.t.Fatalf("Open has effects: %v", e)
	}
}

// linkOf is a link in slot n-1, so that slot 0 is used too.
func linkOf(n int) chat.Link { return chat.Link(7)<<32 | chat.Link(n-1) }

func (w *world) login(n int, name string, port uint16) string {
	return show(w.Do(w.now, linkOf(n), &chat.Login{Name: name, Port: port}))
}

func (w *world) close(n int) string { return show(w.Closed(w.now, linkOf(n))) }

// show writes effects in short: ">2 ok" an answer, ">2 page(ann bob)" a tell
// to one, "*-2 came ann" one to the group but 2, ">2 close toofast".
func show(effects []Effect) string {
	var out []string
	for _, e := range effects {
		if e.Kind == Keep && e.Change.Kind == See {
			continue
		}
		to := fmt.Sprintf(">%d", e.To.Slot()+1)
		if e.Many != nil {
			to = fmt.Sprintf("*-%d", e.But.Slot()+1)
		}
		if e.Kind >= Dial {
			out = append(out, showOwn(e))
			continue
		}
		out = append(out, to+" "+showWhat(e))
	}
	return strings.Join(out, "; ")
}

// showOwn is an effect about users with an address of their own, which is for no
// link: "dial 1 10.0.0.5:5000 as ann".
func showOwn(e Effect) string {
	switch e.Kind {
	case Dial:
		return fmt.Sprintf("dial %d %v as %s", e.Call, e.Addr, e.Name)
	case Stand:
		if e.Who == nil {
			return fmt.Sprintf("stand %d nobody", e.Port)
		}
		return fmt.Sprintf("stand %d %s", e.Port, e.Who.Name)
	case Post:
		said := e.Event.(*chat.Said)
		if said.Room != "" {
			return fmt.Sprintf("post %d in %s %s", e.Port, said.Room, said.Text)
		}
		return fmt.Sprintf("post %d to %v %d %s", e.Port, e.Addr, e.Call, said.Text)
	case Confirm:
		return fmt.Sprintf("confirm %d %v %d", e.Port, e.Addr, e.Call)
	case Farewell:
		return fmt.Sprintf("bye %d %v", e.Port, e.Addr)
	case Grouping:
		return fmt.Sprintf("group %d %s %v", e.Port, e.Name, e.In)
	}
	return "note " + e.Name
}

func showWhat(e Effect) string {
	switch e.Kind {
	case Close:
		if e.Why == nil {
			return "close"
		}
		return "close " + e.Why.(*chat.Error).Kind.String()
	case Reply:
		to := ""
		if say, ok := e.Answer.To.(*chat.Say); ok && len(say.To) > 0 {
			to = " " + string(say.To)
		}
		if e.Answer.Stored {
			to += " stored"
		}
		if e.Answer.Names != nil {
			to += " " + strings.Join(e.Answer.Names, ",")
		}
		if e.Answer.Err != nil {
			return e.Answer.Err.(*chat.Error).Kind.String() + to
		}
		return "ok" + to
	case Count:
		if e.Guess {
			return fmt.Sprintf("guess %d", e.Count)
		}
		return fmt.Sprintf("count %d", e.Count)
	case Check:
		return fmt.Sprintf("check %s %s", e.Name, e.Pass)
	case Fetch:
		return fmt.Sprintf("fetch %s above %d", e.Name, e.After)
	case Keep:
		switch c := e.Change; c.Kind {
		case Put:
			return fmt.Sprintf("put %d %s>%s %s", c.Text.ID, c.Text.From, c.Text.To, c.Text.Text)
		case Drop:
			return fmt.Sprintf("drop %d", c.Text.ID)
		case Block, Unblock:
			return fmt.Sprintf("block %d %s %s", c.Kind-Block, c.Block.By, c.Block.Who)
		}
	}
	switch v := e.Event.(type) {
	case *chat.Members:
		return "in " + v.Room + "(" + namesOf(v.People) + ")"
	case *chat.Entered:
		return "entered " + v.Room + " " + v.Who.Name
	case *chat.Exited:
		return "exited " + v.Room + " " + v.Who.Name
	case *chat.Ping:
		return "ping"
	case *chat.Said:
		if v.Room != "" {
			return "said " + v.From.Name + " in " + v.Room + " " + string(v.Text)
		}
		said := "said " + v.From.Name + " " + string(v.Text)
		if e.Mark != 0 {
			said += fmt.Sprintf(" mark %d", e.Mark)
		}
		return said
	case *chat.Came:
		return "came " + v.Who.Name
	case *chat.Went:
		return "went " + v.Who.Name
	case *chat.Page:
		return "page(" + namesOf(v.People) + ")"
	}
	return "?"
}

func namesOf(people []*chat.Person) string {
	var names []string
	for _, p := range people {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s\n got %q\nwant %q", what, got, want)
	}
}

func TestLogin(t *testing.T) {
	w := newWorld(t, Config{})
	for n, from := range []string{"192.168.1.2:5000", "192.168.1.3:5000", "192.168.1.3:5001", "192.168.1.3:5002"} {
		w.open(n+1, from, &traits)
	}
	w.open(5, "192.168.1.4:5000", &deaf)
	expect(t, "the first sees nobody", w.login(1, "ann", 10), ">1 ok; *-1 came ann")
	expect(t, "the second sees the first", w.login(2, "bob", 10), ">2 ok; >2 page(ann); *-2 came bob")
	expect(t, "the same user once more is in no table and news to nobody", w.login(3, "bob", 10), ">3 ok; >3 page(ann)")
	expect(t, "the same name at another port is someone else", w.login(4, "bob", 11), ">4 ok; >4 page(ann bob); *-4 came bob")
	expect(t, "a dialect without presence hears no table but is heard of", w.login(5, "eve", 10), ">5 ok; *-5 came eve")
	if got := w.Len(); got != 4 {
		t.Errorf("Len is %d, want 4", got)
	}
	var names []string
	for p := range w.People() {
		names = append(names, p.Name)
		if len(names) == 3 {
			break
		}
	}
	expect(t, "people in order of arrival", strings.Join(names, " "), "ann bob bob")
	expect(t, "one of two links of a user", w.close(2), "")
	expect(t, "the last of them", w.close(3), "*-3 went bob")
	expect(t, "closed twice", w.close(3), "")
	expect(t, "nobody is left to hear it, the driver does", w.close(1)+"; "+w.close(4), "*-1 went ann; *-4 went bob")
}

func TestLazyAndOrderOfEffects(t *testing.T) {
	w := newWorld(t, Config{})
	w.open(1, "192.168.1.2:5000", &traits)
	w.open(2, "192.168.1.3:5000", &traits)
	w.login(1, "ann", 10)
	q := &chat.Login{Name: "bob", Port: 10}
	e := w.Do(w.now, linkOf(2), q)
	if e[0].Kind != Reply || e[0].Answer.To != chat.Request(q) {
		t.Error("the answer comes first and names its request")
	}
	if e[1].Lazy || !e[2].Lazy {
		t.Error("the table must not wait for company, presence may")
	}
	if !slices.Contains(e[2].Many.Links(), linkOf(1)) {
		t.Error("the first link is not among those who hear presence")
	}
}

func TestRename(t *testing.T) {
	w := newWorld(t, Config{})
	for n := 1; n <= 3; n++ {
		w.open(n, "192.168.1.2:5000", &traits)
	}
	w.login(1, "ann", 10)
	w.login(2, "bob", 10)
	later := func() { w.now = w.now.Add(time.Second) }
	expect(t, "a rename right after the login", w.login(2, "rob", 10), ">2 ok; *-2 went bob; *-2 came rob")
	later()
	expect(t, "unchanged", w.login(2, "rob", 10), ">2 ok")
	later()
	expect(t, "a new port", w.login(2, "rob", 11), ">2 ok; *-2 went rob; *-2 came rob")
	later()
	expect(t, "into a user who is here", w.login(2, "ann", 10), ">2 ok; *-2 went rob; >2 went ann")
	later()
	expect(t, "out of a user who stays", w.login(2, "bob", 10), ">2 ok; >2 came ann; *-2 came bob")
	expect(t, "the table afterwards", w.login(3, "cat", 10), ">3 ok; >3 page(ann bob); *-3 came cat")
}

func TestTooFast(t *testing.T) {
	w := newWorld(t, Config{})
	w.open(1, "192.168.1.2:5000", &traits)
	w.login(1, "ann", 10)
	w.login(1, "bob", 10)
	w.now = w.now.Add(time.Second - 1)
	expect(t, "a second later login within the gap", w.login(1, "cat", 10), ">1 close toofast")
	expect(t, "what it asks afterwards", w.login(1, "dog", 10), "")
	expect(t, "its end", w.close(1), "*-1 went bob")
	w.open(1, "192.168.1.2:5000", &traits)
	w.login(1, "ann", 10)
	for range 3 {
		w.now = w.now.Add(time.Second)
		expect(t, "one later login a second", w.login(1, "ann", 10), ">1 ok")
	}
	w.now = w.now.Add(time.Second / 2)
	expect(t, "unchanged ones count too", w.login(1, "ann", 10), ">1 close toofast")
}

func TestRequestsBesideLogin(t *testing.T) {
	refuse := &chat.Refuse{Err: chat.Errorf(chat.Unknown, "what?")}
	for _, row := range []struct {
		name          string
		q             chat.Request
		before, after string
	}{
		{"say", &chat.Say{}, ">1 unregistered", ">1 unsupported"},
		{"hello", &chat.Hello{}, ">1 unregistered", ">1 unsupported"},
		{"refused by the codec", refuse, ">1 unknown", ">1 unknown"},
		{"a name with a control character", &chat.Login{Name: "a\nb"}, ">1 name", ">1 name"},
		{"an empty name", &chat.Login{}, ">1 name", ">1 name"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, Config{})
			w.open(1, "192.168.1.2:5000", &traits)
			expect(t, "before the login", show(w.Do(w.now, linkOf(1), row.q)), row.before)
			w.login(1, "ann", 10)
			expect(t, "after the login", show(w.Do(w.now, linkOf(1), row.q)), row.after)
			stranger := linkOf(1) + 1<<32
			expect(t, "another link of the slot", show(w.Do(w.now, stranger, row.q))+show(w.Closed(w.now, stranger)), "")
			if w.Len() != 1 {
				t.Errorf("Len is %d, want 1", w.Len())
			}
		})
	}
}

func TestTooLate(t *testing.T) {
	w := newWorld(t, Config{})
	if !w.Next().IsZero() {
		t.Error("an empty roster waits for something")
	}
	for n := 1; n <= 5; n++ {
		w.open(n, "192.168.1.2:5000", &traits)
		w.now = w.now.Add(time.Second)
	}
	w.open(6, "192.168.1.2:5000", &deaf) // has all the time it wants
	w.login(2, "bob", 10)
	w.close(3)
	tick := func(after time.Duration, want string, next time.Duration) {
		t.Helper()
		e, at := w.Tick(start.Add(after))
		expect(t, fmt.Sprintf("after %v", after), show(e), want)
		if next == 0 && !at.IsZero() || next > 0 && !at.Equal(start.Add(next)) {
			t.Errorf("after %v: next is %v", after, at)
		}
	}
	if !w.Next().Equal(start.Add(30 * time.Second)) {
		t.Errorf("Next is %v", w.Next())
	}
	tick(29*time.Second, "", 30*time.Second)
	tick(30*time.Second, ">1 close toolate", 33*time.Second)
	expect(t, "a login after the close", w.login(1, "ann", 10), "")
	tick(40*time.Second, ">4 close toolate; >5 close toolate", 0)
	tick(time.Hour, "", 0)
	e, _ := w.Tick(start.Add(time.Hour))
	if len(e) != 0 || w.Len() != 1 {
		t.Error("who has logged in stays")
	}
}

func TestTooLateSaysWhatToDo(t *testing.T) {
	w := newWorld(t, Config{})
	w.open(1, "192.168.1.2:5000", &traits)
	e, _ := w.Tick(start.Add(time.Minute))
	expect(t, "the reason", e[0].Why.Error(), "no login within 30s; connect again and log in at once")
}

func TestAddresses(t *testing.T) {
	lan := netip.MustParseAddr("192.168.1.1")
	for _, row := range []struct {
		name      string
		advertise string
		from      []string // the last one logs in as the first one's viewer
		near, far string   // of the first
	}{
		{"real network", "", []string{"192.168.1.2:5000"}, "192.168.1.2:10", "192.168.1.2:10"},
		{"advertise is for loopback only", "10.0.0.9", []string{"192.168.1.2:5000"}, "192.168.1.2:10", "192.168.1.2:10"},
		{"loopback, nothing known", "", []string{"127.0.0.1:5000"}, "127.0.0.1:10", "invalid AddrPort"},
		{"loopback, advertised", "10.0.0.9", []string{"127.0.0.1:5000", "192.168.1.2:5000"}, "127.0.0.1:10", "10.0.0.9:10"},
		{"loopback, learned later", "", []string{"127.0.0.1:5000", "127.0.0.1:5001", "192.168.1.2:5000"}, "127.0.0.1:10", lan.String() + ":10"},
		{"IPv6 loopback", "", []string{"[::1]:5000", "192.168.1.2:5000"}, "[::1]:10", lan.String() + ":10"},
		{"mapped", "::ffff:10.0.0.9", []string{"[::ffff:127.0.0.1]:5000", "192.168.1.2:5000"}, "127.0.0.1:10", "10.0.0.9:10"},
		{"zone", "", []string{"[fe80::1%eth0]:5000"}, "[fe80::1]:10", "[fe80::1]:10"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var c Config
			if row.advertise != "" {
				c.Advertise = netip.MustParseAddr(row.advertise)
			}
			w := newWorld(t, c)
			for n, from := range row.from {
				w.open(n+1, from, &traits)
				w.login(n+1, "ann", 10+uint16(n))
			}
			for p := range w.People() {
				expect(t, "near", p.Near.String(), row.near)
				expect(t, "far", p.Far.String(), row.far)
				break
			}
		})
	}
}

// A program on our own machine may reach us by any of our addresses; only
// links from elsewhere show which of them others use.
func TestLoopbackTeachesNothing(t *testing.T) {
	w := newWorld(t, Config{})
	for _, row := range []struct{ remote, local, want string }{
		{"127.0.0.1:5000", "172.17.0.1:4242", "invalid AddrPort"},
		{"192.168.1.2:5000", "127.0.0.1:4242", "invalid AddrPort"},
		{"192.168.1.2:5000", "0.0.0.0:4242", "invalid AddrPort"},
		{"192.168.1.2:5000", "[::ffff:192.168.1.1]:4242", "192.168.1.1:10"},
		{"10.0.0.2:5000", "10.0.0.1:4242", "192.168.1.1:10"},
	} {
		w.Open(w.now, linkOf(1), &traits, netip.MustParseAddrPort(row.remote), netip.MustParseAddrPort(row.local))
		w.open(2, "127.0.0.1:5000", &traits)
		w.login(2, "ann", 10)
		for p := range w.People() {
			expect(t, row.remote+" to "+row.local, p.Far.String(), row.want)
		}
		w.close(1)
		w.close(2)
	}
}

// Who came by loopback before the server knew its own address goes with the
// same values as others may know by then.
func TestLearnedAddressIsInWent(t *testing.T) {
	w := newWorld(t, Config{})
	w.open(1, "127.0.0.1:5000", &traits)
	w.login(1, "ann", 10)
	w.open(2, "192.168.1.2:5000", &traits)
	e := w.Do(w.now, linkOf(2), &chat.Login{Name: "bob", Port: 11})
	seen := e[1].Event.(*chat.Page).People[0]
	went := w.Closed(w.now, linkOf(1))[0].Event.(*chat.Went).Who
	if seen != went || !went.Far.IsValid() {
		t.Errorf("seen as %v, went as %v", seen, went)
	}
}

func remoteOf(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
