package join

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/chat/client"
	"mim/codec"
	"mim/loop"
	"mim/loop/sim"
)

// post is a toy dialect whose users are reached through the server, a line for
// each thing: the calling side is all there is of it.
//
//	we -> server   T name (logs in to send)   R name (to receive)
//	               S name text                K name (has got what name said)
//	server -> we   + (yes)   - why (no)   F name text
type post struct{}

func (post) Name() string        { return "post" }
func (post) Ports() []codec.Port { return []codec.Port{{Role: codec.Registry, Network: "tcp"}} }
func (post) Traits() chat.Traits {
	return chat.Traits{Dialect: "post", Reach: chat.ByLink, Receipts: true, All: true, Parts: true, MaxText: 100, Piece: 20}
}
func (post) Open(codec.Link) codec.Session                           { return nil }
func (post) Append(dst []byte, _ chat.Event, _ codec.Variant) []byte { return dst }
func (post) Call(codec.Link) codec.Caller                            { return &postCaller{} }

type postCaller struct{ asked []chat.Request }

func (c *postCaller) Ask(dst []byte, r chat.Request) []byte {
	switch r := r.(type) {
	case *chat.Login:
		c.asked = append(c.asked, &chat.Login{})
		return fmt.Appendf(dst, "%c %s\n", " TR"[r.Part], r.Name)
	case *chat.Say:
		c.asked = append(c.asked, &chat.Say{})
		return fmt.Appendf(dst, "S %s %s\n", r.To, r.Text)
	case *chat.Received:
		return fmt.Appendf(dst, "K %s\n", r.From)
	}
	return dst
}

func (c *postCaller) Next(p []byte) (chat.Event, int, error) {
	line, _, ok := bytes.Cut(p, []byte("\n"))
	if !ok {
		return nil, 0, nil
	}
	word, rest, _ := strings.Cut(string(line), " ")
	switch {
	case (word == "+" || word == "-") && len(c.asked) > 0:
		a := &chat.Answer{To: c.asked[0]}
		if c.asked = c.asked[1:]; word == "-" {
			a.Err = chat.Errorf(chat.NotDelivered, "%s", rest)
		}
		return a, len(line) + 1, nil
	case word == "F":
		from, text, _ := strings.Cut(rest, " ")
		return &chat.Said{From: &chat.Person{Name: from}, Text: []byte(text)}, len(line) + 1, nil
	}
	return nil, 0, chat.Errorf(chat.Malformed, "it speaks of %q", word)
}

// An office is a server of that dialect.
type office struct {
	stranger
	refuses string // this name
	mute    bool   // answers nothing
	users   map[string]*boxes
	names   map[loop.ID]string
}

// boxes are the links of one user, and who waits for its receipts, in order.
type boxes struct {
	in, out loop.ID
	waiting []loop.ID
}

func (o *office) Opened(id loop.ID, in loop.Info) { o.ids = append(o.ids, id) }

func (o *office) Data(id loop.ID, p []byte, _ bool) int {
	used := 0
	for {
		line, _, ok := bytes.Cut(p[used:], []byte("\n"))
		if !ok {
			return used
		}
		used += len(line) + 1
		o.got = append(append(o.got, line...), '\n')
		word, rest, _ := strings.Cut(string(line), " ")
		if !o.mute {
			o.does(id, word, rest)
		}
	}
}

func (o *office) does(id loop.ID, word, rest string) {
	switch word {
	case "T", "R":
		u := o.users[rest]
		if u == nil {
			u = &boxes{}
			o.users[rest] = u
		}
		box := &u.in
		if word == "R" {
			box = &u.out
		}
		if rest == o.refuses || *box != 0 {
			o.say(id, "- taken\n")
			return
		}
		*box, o.names[id] = id, rest
		o.say(id, "+\n")
	case "S":
		to, text, _ := strings.Cut(rest, " ")
		u := o.users[to]
		if u == nil || u.out == 0 {
			o.say(id, "- nobody\n")
			return
		}
		u.waiting = append(u.waiting, id)
		o.say(u.out, "F "+o.names[id]+" "+text+"\n")
	case "K":
		if u := o.users[o.names[id]]; len(u.waiting) > 0 {
			o.say(u.waiting[0], "+\n")
			u.waiting = u.waiting[1:]
		}
	}
}

func (o *office) Closed(id loop.ID, _ error) {
	o.closed++
	u := o.users[o.names[id]]
	switch {
	case u == nil:
	case u.in == id:
		u.in = 0
	case u.out == id:
		u.out = 0
		for _, w := range u.waiting {
			o.say(w, "- gone\n")
		}
		u.waiting = nil
	}
}

// office opens one at the server's place.
func (w *town) office() *office {
	o := &office{users: map[string]*boxes{}, names: map[loop.ID]string{}}
	w.server = w.Host(serverAddr, o, loop.Door{Network: "tcp", Addr: netip.AddrPortFrom(serverAddr, registryPort)})
	w.Run(0)
	return o
}

func posting(c *Config) { c.Dialect, c.Listen = post{}, netip.AddrPort{} }

// writers are messengers that are logged in.
func (w *town) writers(names ...string) (users []*user) {
	w.Helper()
	for _, name := range names {
		users = append(users, w.join(name, posting))
	}
	w.Run(time.Second)
	for _, u := range users {
		u.hears("ready " + u.name)
	}
	return users
}

func TestThroughTheServer(t *testing.T) {
	w := newTown(t, 1, lan)
	o := w.office()
	p := w.writers("alice", "bob")
	alice, bob := p[0], p[1]
	first, second := bytes.Index(o.got, []byte("T alice\n")), bytes.Index(o.got, []byte("R alice\n"))
	if first < 0 || second < first || len(alice.mode.Doors()) != 0 || alice.views[0].Listening != "" {
		t.Errorf("asked %q, has doors %v and says %+v", o.got, alice.mode.Doors(), alice.views[0])
	}
	alice.types("@bob Grüße 👋", "and more than twenty bytes of it", "@carol hi")
	w.Run(time.Second)
	alice.hears("sent delivered to bob Grüße 👋", "sent delivered to bob and more than twenty bytes of it", "sent failed to carol hi")
	bob.hears("said alice Grüße 👋", "said alice and more than twenty", "said alice  bytes of it")
	if i := slices.IndexFunc(bob.views, func(v client.View) bool { return v.Event == client.Said }); bob.views[i].Path != client.PathRelay {
		t.Errorf("got %+v, want it by %s", bob.views[i], client.PathRelay)
	}
	bob.types("yes", "/who", "/quit")
	w.Run(time.Second)
	alice.hears("said bob yes")
	bob.hears("table alice", "sent delivered to alice yes", "bye")
	if bob.code != client.ExitFine || o.closed != 2 {
		t.Errorf("exit code %d, %d links closed, want 0 and 2", bob.code, o.closed)
	}
}

// Whichever of the two links is lost, both are had again, and the texts that
// waited go out.
func TestLinkToServerLost(t *testing.T) {
	for _, part := range []chat.Part{chat.Sends, chat.Receives} {
		w := newTown(t, 1, sim.Faults{Delay: time.Millisecond})
		o := w.office()
		p := w.writers("alice", "bob")
		alice, bob := p[0], p[1]
		o.mute = true
		alice.types("@bob one", "@bob two")
		w.Run(100 * time.Millisecond)
		alice.host.Lose(alice.mode.servers[part])
		w.Run(1500 * time.Millisecond) // both ends have noticed
		alice.hears("sent failed to bob one", "offline")
		o.mute = false
		w.Run(10 * time.Second)
		alice.hears("online", "sent delivered to bob two")
		bob.hears("said alice two")
	}
}

// What was typed while the server was lost gets to who lost it, too, and finds
// it again a little later.
func TestBothLoseTheServer(t *testing.T) {
	for seed := range uint64(20) {
		w := newTown(t, seed, lan)
		w.office()
		alice := w.join("alice", posting, func(c *Config) { c.Seed = 2 * seed })
		bob := w.join("bob", posting, func(c *Config) { c.Seed = 2*seed + 1 })
		w.Run(time.Second)
		w.forget()
		w.server.Crash()
		w.Run(100 * time.Millisecond)
		alice.types("@bob are you there?")
		bob.types("@alice and you?")
		w.office()
		w.Run(10 * time.Second)
		alice.hearsAll("offline", "online", "sent delivered to bob are you there?", "said bob and you?")
		bob.hearsAll("offline", "online", "sent delivered to alice and you?", "said alice are you there?")
	}
}

func TestFirstPostFails(t *testing.T) {
	tests := []struct {
		name   string
		greets string // of a server that is none of ours
		opens  bool
		code   int
		says   string
	}{
		{"refused", "", true, client.ExitRefused, "the server refused the login: taken"},
		{"nobody there", "", false, client.ExitNoServer, "cannot reach the server at 10.0.0.1:4242: connection refused"},
		{"another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n", false, client.ExitNoServer, `no post server at 10.0.0.1:4242: it speaks of "HTTP/1.1"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newTown(t, 1, lan)
			switch {
			case test.opens:
				w.office().refuses = "alice"
			case test.greets != "":
				w.Host(serverAddr, &stranger{greets: test.greets}, loop.Door{Network: "tcp", Addr: netip.AddrPortFrom(serverAddr, registryPort)})
				w.Run(0)
			}
			u := w.join("alice", posting)
			w.Run(20 * time.Second)
			if u.code != test.code || len(u.views) == 0 || u.views[0].Text != test.says {
				t.Errorf("exit code %d, views %+v, want %d and %q", u.code, u.views, test.code, test.says)
			}
		})
	}
}

// The links that we hung up may take long to close: the next ones are taken
// nevertheless, and what still comes on the old ones is nobody's.
func TestOldLinksLinger(t *testing.T) {
	w := newTown(t, 1, sim.Faults{Delay: time.Millisecond})
	o := w.office()
	alice := w.writers("alice")[0]
	o.mute = true
	alice.types("@bob one")
	w.Run(59 * time.Second)
	w.server.Pause(5 * time.Second) // it does not see that we hang up
	old := alice.mode.servers[chat.Receives]
	w.Run(time.Second + 100*time.Millisecond)
	alice.hears("sent failed to bob one", "offline")
	if id := alice.mode.servers[chat.Receives]; id != 0 || old == 0 {
		t.Errorf("link %d is wanted still", id)
	}
	o.mute = false
	w.Run(10 * time.Second)
	alice.hears("online")
}

// A pipe's worth of input, typed before anything is known.
func TestPostPipe(t *testing.T) {
	w := newTown(t, 1, lan)
	w.office()
	bob := w.writers("bob")[0]
	alice := w.join("alice", posting)
	alice.types("@bob one", "@nobody two")
	alice.mode.EOF()
	w.Run(5 * time.Second)
	alice.hears("ready alice", "sent delivered to bob one", "sent failed to nobody two", "bye")
	bob.hears("said alice one")
	if alice.code != client.ExitFine {
		t.Errorf("exit code %d", alice.code)
	}
}

// On a network on which everything goes wrong each text has one fate; one that
// was delivered was heard once, one that failed once at most, in order.
func TestPostSoak(t *testing.T) {
	total := 0
	for seed := range uint64(200) {
		w := newTown(t, seed, lan)
		w.office()
		p := w.writers("alice", "bob")
		r := rand.New(rand.NewPCG(seed, 3))
		w.Faults = rough
		typed := 0
		for range 40 {
			u := p[r.IntN(2)]
			u.types(fmt.Sprintf("@%s %d", p[1-slices.Index(p, u)].name, typed))
			typed++
			w.Run(time.Duration(r.Int64N(int64(300 * time.Millisecond))))
			if r.IntN(20) == 0 {
				w.server.Crash()
				w.office()
			}
		}
		w.Faults = lan
		w.Run(3 * time.Minute)
		for i, u := range p {
			total += u.checkFates(p[1-i], seed)
		}
	}
	if total < 1000 {
		t.Errorf("only %d texts were delivered", total)
	}
}

// checkFates compares what u said with what other heard, and counts what was
// delivered.
func (u *user) checkFates(other *user, seed uint64) (delivered int) {
	u.Helper()
	heard := map[string]int{}
	last := -1
	for _, v := range other.views {
		if v.Event == client.Said {
			heard[v.Text]++
			var n int
			if _, err := fmt.Sscan(v.Text, &n); err != nil || n <= last {
				u.Errorf("seed %d: %s hears %s behind %d", seed, other.name, v.Text, last)
			}
			last = n
		}
	}
	fate := map[string]string{}
	for _, v := range u.views {
		if v.Event != client.Sent {
			continue
		}
		if fate[v.Text] != "" {
			u.Errorf("seed %d: %s is told twice", seed, v.Text)
		}
		fate[v.Text] = v.State
		switch n := heard[v.Text]; {
		case v.State == client.StateDelivered && n != 1, n > 1:
			u.Errorf("seed %d: %s is %s and was heard %d times", seed, v.Text, v.State, n)
		case v.State == client.StateDelivered:
			delivered++
		}
	}
	for text := range heard {
		if fate[text] == "" {
			u.Errorf("seed %d: nothing was said of %s", seed, text)
		}
	}
	return delivered
}
