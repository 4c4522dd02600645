package join

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/chat/client"
	"mim/codec"
	"mim/codec/all"
	"mim/loop"
	"mim/loop/serve"
	"mim/loop/sim"
)

// byDatagram is the first dialect whose people write to each other by datagrams.
func byDatagram() codec.Datagrams {
	for _, d := range all.Dialects() {
		if s, ok := d.(codec.Datagrams); ok && d.Traits().Reach == chat.ByPeerUDP {
			return s
		}
	}
	panic("no dialect has datagrams")
}

// A square is a town whose server has a table and nothing else.
type square struct{ *town }

func newSquare(t testing.TB, seed uint64, f sim.Faults) *square {
	s := &square{newTown(t, seed, f)}
	s.serve()
	return s
}

// serve starts a server, or the next one.
func (s *square) serve() {
	m := serve.New(serve.Config{Doors: []serve.Door{{
		Dialect: byDatagram(), Role: codec.Registry, Network: "tcp", Addr: netip.AddrPortFrom(netip.IPv4Unspecified(), registryPort),
	}}})
	s.server = s.Host(serverAddr, m, m.Doors()...)
}

func (s *square) enter(name string, change ...func(*Config)) *user {
	return s.join(name, append([]func(*Config){func(c *Config) { c.Dialect = byDatagram() }}, change...)...)
}

// people are messengers of these names who know each other.
func (s *square) people(names ...string) (all []*user) {
	s.Helper()
	for _, name := range names {
		all = append(all, s.enter(name))
		s.Run(time.Second)
	}
	s.Run(31 * time.Second)
	for _, u := range all {
		if n := len(u.around()); n != len(names)-1 {
			s.Fatalf("%s sees %d people: %v", u.name, n, u.views)
		}
	}
	s.forget()
	return all
}

// around are those who came and did not go, as far as u was told.
func (u *user) around() (names []string) {
	for _, v := range u.views {
		switch v.Event {
		case client.Came:
			names = append(names, v.Name)
		case client.Went:
			names = slices.DeleteFunc(names, func(n string) bool { return n == v.Name })
		}
	}
	return names
}

func TestDatagrams(t *testing.T) {
	s := newSquare(t, 1, lan)
	alice := s.enter("alice")
	s.Run(time.Second)
	bob := s.enter("Bob B.")
	s.Run(time.Second)
	alice.hears("ready alice")
	bob.hears("ready Bob B.", "came alice")
	// Whom the table lacks is waited for, until a newer one says who it is.
	bob.types("@alice hello")
	s.Run(3 * time.Second)
	alice.hears("came BobB", "opened BobB", "said BobB hello")
	bob.hears("opened alice", "sent delivered to alice hello")
	alice.types("@bobb to you, too", "and more")
	s.Run(time.Second)
	alice.hearsAll("sent delivered to BobB and more", "sent delivered to BobB to you, too")
	bob.hearsAll("said alice and more", "said alice to you, too")
	// So is whom the person names.
	s.Run(10 * time.Second)
	carol := s.enter("carol")
	s.Run(time.Second)
	alice.types("@carol who are you?", "/who", "@dave nobody")
	s.Run(5 * time.Second)
	alice.hears("came carol", "table BobB carol", "error unknown", "opened carol", "sent delivered to carol who are you?")
	s.forget()
	carol.types("/quit")
	s.Run(time.Second)
	alice.hears("closed carol")
	s.Run(30 * time.Second)
	alice.hears("went carol")
	if carol.code != client.ExitFine {
		t.Errorf("exit code %d", carol.code)
	}
}

// TestRoomWithoutWords: a room of three forms although nobody has spoken.
func TestRoomWithoutWords(t *testing.T) {
	s := newSquare(t, 1, lan)
	p := s.people("alice", "bob", "carol")
	for _, u := range p {
		u.types("/join #Class")
		s.Run(time.Second)
	}
	p[0].hears("joined #class alice", "userjoin #class bob", "userjoin #class carol")
	p[1].hears("joined #class bob alice", "userjoin #class carol")
	p[2].hears("joined #class carol alice bob")
	p[0].types("/say #class to all", "@#class and more")
	s.Run(time.Second)
	p[0].hearsAll("sent #class delivered to all", "sent #class delivered and more")
	for _, u := range p[1:] {
		u.hearsAll("said #class alice to all", "said #class alice and more")
	}
	p[1].types("/part #class")
	p[2].host.Crash()
	s.Run(time.Second)
	p[1].hears("userleave #class bob")
	p[0].types("/say #class still there?")
	s.Run(12 * time.Second)
	p[0].hears("userleave #class bob", "sent #class failed still there?")
	// Who does not renew is gone, and so from the room.
	s.Run(95 * time.Second)
	s.Run(31 * time.Second)
	p[0].hears("went carol", "userleave #class carol")
}

// TestLease: who stops asking is in the table until the lease is over.
func TestLease(t *testing.T) {
	s := newSquare(t, 1, sim.Faults{})
	p := s.people("alice", "bob")
	s.Run(time.Duration(29_999-int64(s.Now().Sub(time.Unix(1_000_000_000, 0))/time.Millisecond)%30_000) * time.Millisecond)
	crashed := s.Now()
	p[1].host.Crash()
	ok := s.RunUntil(func() bool { return len(p[0].around()) == 0 }, 3*time.Minute)
	// His last request is up to 30 s old, and so is our table.
	if after := s.Now().Sub(crashed); !ok || after < 65*time.Second || after > 125*time.Second {
		t.Errorf("gone after %v (%v)", after, ok)
	}
}

// TestServerOfDatagramsLost: talks go on, and nobody comes or goes because the
// server has begun anew.
func TestServerOfDatagramsLost(t *testing.T) {
	s := newSquare(t, 1, lan)
	p := s.people("alice", "bob", "carol")
	s.server.Crash()
	s.Run(time.Minute)
	for _, u := range p {
		u.hears("offline")
	}
	p[0].types("@bob still there?")
	s.Run(time.Second)
	p[0].hearsAll("opened bob", "sent delivered to bob still there?")
	p[1].hears("opened alice", "said alice still there?")
	p[2].host.Crash()
	s.serve()
	s.Run(70 * time.Second)
	p[0].hears("online", "went carol")
	p[1].hears("online", "went carol")
	if got := p[0].around(); len(got) != 1 {
		t.Errorf("here are %v", got)
	}
	p[0].types("/quit")
	s.Run(5 * time.Second)
	p[1].types("/who")
	s.Run(5 * time.Second)
	p[1].hears("closed alice", "went alice", "table")
}

// TestRough: on a network that loses, repeats and overtakes, each text has one
// outcome, what was delivered was shown, and nothing is shown twice.
func TestRough(t *testing.T) {
	const texts = 40
	delivered, all := 0, 0
	for seed := range uint64(8) {
		s := newSquare(t, seed, lan)
		p := s.people("alice", "bob", "carol")
		s.Faults = sim.Faults{Delay: 20 * time.Millisecond, Jitter: 80 * time.Millisecond, Loss: 0.2, Repeat: 0.2, Reorder: 0.3}
		for _, u := range p {
			u.types("/join #class")
		}
		s.Run(40 * time.Second) // who was not heard of is asked again with the next table
		for i := range texts {
			from, to := p[i%3], p[(i+1+i/3%2)%3]
			if i%4 == 3 {
				from.types(fmt.Sprintf("/say #class text %d", i))
			} else {
				from.types(fmt.Sprintf("@%s text %d", to.name, i))
			}
			s.Run(time.Duration(i*37%200) * time.Millisecond)
		}
		s.Run(15 * time.Second)
		d, n := s.count(p, texts, seed)
		delivered, all = delivered+d, all+n
	}
	if delivered*100 < all*97 {
		t.Errorf("of %d texts %d were delivered", all, delivered)
	}
	t.Logf("of %d texts %d were delivered", all, delivered)
}

// count checks the outcomes of text 0, 1 and so on, and says how many there are.
func (s *square) count(p []*user, texts int, seed uint64) (delivered, all int) {
	for i := range texts {
		text := fmt.Sprintf("text %d", i)
		outcome, shown := []client.View{}, map[string]int{}
		for _, u := range p {
			for _, v := range u.views {
				switch {
				case v.Text != text:
				case v.Event == client.Sent:
					outcome = append(outcome, v)
				case v.Event == client.Said:
					shown[u.name]++
				}
			}
		}
		if len(outcome) != 1 {
			s.Errorf("seed %d: %s has the outcomes %+v", seed, text, outcome)
			continue
		}
		all++
		o := outcome[0]
		for name, times := range shown {
			if times > 1 {
				s.Errorf("seed %d: %s shows %s %d times", seed, name, text, times)
			}
		}
		if o.State != client.StateDelivered {
			continue
		}
		delivered++
		if o.Room == "" && shown[o.To] != 1 || o.Room != "" && len(shown) != 2 {
			s.Errorf("seed %d: %s was delivered and is shown by %v", seed, text, shown)
		}
	}
	return delivered, all
}

// A registrar is a server by hand: it answers each request with a table and
// closes, or does not.
type registrar struct {
	stranger
	asked  []string
	at     []time.Time
	table  string
	keeps  bool // the link stays open
	silent bool
}

func (r *registrar) Data(id loop.ID, p []byte, _ bool) int {
	if len(p) == 0 {
		return 0
	}
	r.asked, r.at = append(r.asked, string(p)), append(r.at, r.net.Now())
	if r.silent {
		return len(p)
	}
	if p[0] == 'R' {
		r.say(id, r.table)
	}
	if !r.keeps {
		r.net.CloseSoon(id, nil)
	}
	return len(p)
}

// TestPolling: each request is a connection of its own, every 30 s; the table
// is whole when the server closes; at the end we withdraw.
func TestPolling(t *testing.T) {
	for _, c := range []struct {
		name  string
		keeps bool
		after time.Duration // between the table and what we show
	}{
		{"it closes", false, 0},
		{"it does not close", true, 300 * time.Millisecond},
	} {
		w := newTown(t, 1, sim.Faults{})
		r := &registrar{table: "1-R:10.0.9.9:3001:bob", keeps: c.keeps}
		w.Host(serverAddr, r, loop.Door{Network: "tcp", Addr: netip.AddrPortFrom(serverAddr, registryPort)})
		u := (&square{w}).enter("alice", func(c *Config) { c.Listen = netip.MustParseAddrPort("0.0.0.0:3002") })
		w.Run(100 * time.Second)
		u.hears("ready alice", "came bob")
		if len(r.asked) != 4 || len(r.ids) != 4 || slices.ContainsFunc(r.asked, func(s string) bool { return s != "R:0.0.0.0:3002:alice" }) {
			t.Errorf("%s: asked %q on %d links", c.name, r.asked, len(r.ids))
		}
		for i := 1; i < len(r.at); i++ {
			if d := r.at[i].Sub(r.at[i-1]); d.Round(time.Second) != 30*time.Second {
				t.Errorf("%s: asked again after %v", c.name, d)
			}
		}
		if d := u.views[0].At.Sub(r.at[0]); d != c.after {
			t.Errorf("%s: the table is whole %v after it came", c.name, d)
		}
		u.types("/quit")
		w.Run(5 * time.Second)
		if u.hears("bye"); u.code != client.ExitFine || r.asked[len(r.asked)-1] != "K:0.0.0.0:3002:alice" {
			t.Errorf("%s: exit code %d, asked %q", c.name, u.code, r.asked[4:])
		}
	}
}

// TestNoTable: a server that is none of this dialect.
func TestNoTable(t *testing.T) {
	for _, c := range []struct {
		name, table   string
		keeps, silent bool
		says          string
	}{
		{"a web server", "HTTP/1.1 400 Bad Request\r\n\r\n", false, false, "no table of addresses"},
		{"half a table", "2-R:10.0.9.9:3001:bob", false, false, "before its table was whole"},
		{"nothing", "", false, false, "before its table was whole"},
		{"silence", "", true, true, "no whole table within 5s"},
		{"half a table and silence", "2-R:10.0.9.9:3001:bob", true, false, "no whole table within 5s"},
	} {
		w := newTown(t, 1, sim.Faults{})
		r := &registrar{table: c.table, keeps: c.keeps, silent: c.silent}
		w.Host(serverAddr, r, loop.Door{Network: "tcp", Addr: netip.AddrPortFrom(serverAddr, registryPort)})
		u := (&square{w}).enter("alice")
		w.Run(20 * time.Second)
		if u.code != client.ExitNoServer || !strings.Contains(u.views[0].Text, c.says) {
			t.Errorf("%s: exit code %d, %+v", c.name, u.code, u.views)
		}
	}
}

// TestMissingOnce: one missing from a table is gone, and comes back.
func TestMissingOnce(t *testing.T) {
	w := newTown(t, 1, sim.Faults{})
	r := &registrar{table: "3-R:10.0.9.9:3001:bob-R:10.0.9.9:3002:bob-R:10.0.1.1:3003:alice"}
	w.Host(serverAddr, r, loop.Door{Network: "tcp", Addr: netip.AddrPortFrom(serverAddr, registryPort)})
	u := (&square{w}).enter("alice", func(c *Config) { c.Listen = netip.MustParseAddrPort("0.0.0.0:3003") })
	w.Run(time.Second)
	u.hears("ready alice", "came bob", "came bob~2")
	r.table = "1-R:10.0.9.9:3002:bob"
	w.Run(30 * time.Second)
	u.hears("went bob")
	r.table = "2-R:10.0.9.9:3002:eve-R:10.0.9.9:3004:bob"
	w.Run(30 * time.Second)
	u.hears("went bob~2", "came eve", "came bob")
	r.table = "Null-"
	w.Run(30 * time.Second)
	u.hears("went eve", "went bob")
}
