package elc004

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/codec"
	"mim/codec/codectest"
)

// seed is the part of codec/testdata/vectors.json that is about this dialect.
const seed = "004"

// streams gives the vectors of one direction for the conformance suite.
func streams(tb testing.TB, direction string) [][]byte {
	return codectest.Streams(codectest.Vectors(tb, seed), direction)
}

var (
	loopback = netip.MustParseAddrPort("127.0.0.1:50000")
	aliceAt  = netip.MustParseAddrPort("127.0.0.1:3001")
	bobAt    = netip.MustParseAddrPort("127.0.0.1:3002")
	alice    = &chat.Person{Name: "alice", Near: aliceAt}
	bob      = &chat.Person{Name: "bob", Near: bobAt}
)

// requests says what the server reads of each vector that a client sends, and
// what our client asks for the same bytes.
var requests = map[string]struct {
	read string
	asks chat.Request
}{
	"request":                      {`login "alice" 3001`, &chat.Login{Name: "alice", Port: 3001}},
	"offline":                      {`withdraw "alice" 3001`, &chat.Withdraw{Name: "alice", Port: 3001}},
	"request without id":           {`login "u3001" 3001`, nil},
	"offline without id":           {`withdraw "u3001" 3001`, nil},
	"request with newline":         {`login "alice" 3001`, nil},
	"request cut in two at once":   {`login "alice" 3001`, nil},
	"malformed: port is no number": {"refuse: malformed", nil},
	"malformed: port 70000":        {"refuse: malformed", nil},
	"malformed: unknown type":      {"refuse: malformed", nil},
	"malformed: two fields":        {"refuse: malformed", nil},
	"malformed: 1025 bytes":        {"refuse: toolong", nil},
	"id with separators":           {`login "alice" 3001`, nil},
}

const both = `table: alice 127.0.0.1:3001, bob 127.0.0.1:3002`

// tables says what our client reads of each vector that a server sends, who is
// in the server's table to say it, and with which setting.
var tables = map[string]struct {
	people []*chat.Person
	bare   bool
	read   string
}{
	"empty table":                             {nil, false, "table: "},
	"whole reply, two entries":                {[]*chat.Person{alice, bob}, false, both},
	"reply in the segments of a known server": {[]*chat.Person{alice, bob}, false, both},
	"three-field reply (teacher's form)":      {[]*chat.Person{alice}, true, "table:  127.0.0.1:3001"},
}

// TestVectors runs every vector of seed 004; one that no table names fails.
func TestVectors(t *testing.T) {
	const total = 31 // of seed 004, so that none is lost on the way
	codectest.RunVectors(t, seed, total, func(t *testing.T, v *codectest.Vector) {
		switch {
		case v.Use == "part":
			readPart(t, v)
		case v.Direction == "client->server":
			readRequest(t, v)
		case v.Direction == "server->client":
			readTable(t, v)
		default:
			readPeer(t, v)
		}
	}, maps.Keys(requests), maps.Keys(tables), maps.Keys(datagrams))
}

func readRequest(t *testing.T, v *codectest.Vector) {
	want, ok := requests[v.What]
	if !ok {
		t.Fatal("no test for this vector")
	}
	l := open(t, loopback)
	for _, s := range v.Segments(t) {
		l.feed(s)
	}
	l.silence().want(want.read)
	if (want.asks != nil) != (v.Use == "both") {
		t.Fatalf("of use %q", v.Use)
	}
	if want.asks != nil {
		if got := call(t).ask(want.asks); !bytes.Equal(got, v.Bytes) {
			t.Errorf("our client writes %q, want %q", got, v.Bytes)
		}
	}
}

// readPart: the number and an entry alone, as one known server sends them.
func readPart(t *testing.T, v *codectest.Vector) {
	c := call(t)
	c.ask(&chat.Login{Name: "carol", Port: 3003})
	switch v.What {
	case "count":
		c.hear(v.Bytes).want("")
		c.hear([]byte("-R:127.0.0.1:3001:alice")).after(rest).want("table: alice 127.0.0.1:3001")
	case "entry with name (Devonkerai server)":
		c.hear(v.Bytes).after(rest).want("table: alice 127.0.0.1:3001")
	default:
		t.Fatal("no test for this vector")
	}
}

func readTable(t *testing.T, v *codectest.Vector) {
	want, ok := tables[v.What]
	if !ok {
		t.Fatal("no test for this vector")
	}
	for _, how := range []string{"silence", "end"} {
		c := call(t)
		c.ask(&chat.Login{Name: "carol", Port: 3003})
		for _, s := range v.Segments(t) {
			c.hear(s)
		}
		if how == "end" {
			c.end()
		}
		c.after(rest).want(want.read)
	}
	s := dialect{bare: want.bare}.Open(codec.Link{Remote: loopback})
	if got := s.Answer(nil, chat.Answer{To: &chat.Login{}, People: want.people}); !bytes.Equal(got, v.Bytes) {
		t.Errorf("our server writes %q, want %q", got, v.Bytes)
	}
}

// datagrams says what a socket makes of each vector that a client sends, from
// bob who is in the table, and by what ours sends the same.
var datagrams = map[string]struct {
	makes []string
	by    func(*node) // nil: ours never sends it
}{
	"peer message (Devonkerai)": {[]string{`bob: "hi: there - you+me"`}, nil},
	"peer: who are you":         {[]string{`-> "A:17:bob"`}, func(n *node) { n.speaks(ours, 17).table(Entry{Addr: bobAt}) }},
	"peer: acknowledge":         {nil, func(n *node) { n.hear("Q:17:alice") }},
	"peer: text":                {[]string{`bob: "so: yes"`, `-> "A:18:bob"`}, func(n *node) { n.speaks(ours, 18).say("so: yes") }},
	"peer: group text": {[]string{`bob in #class: "hi"`, `-> "A:19:bob"`}, func(n *node) {
		n.speaks(ours, 18).join("class").hear("J:1:class").sayTo("class", "hi")
	}},
	"peer: join":  {nil, func(n *node) { n.speaks(ours, 20).join("#Class") }},
	"peer: leave": {nil, func(n *node) { n.speaks(ours, 20).join("class").leave("class") }},
	"peer: bye":   {[]string{"bob says bye"}, func(n *node) { n.speaks(ours, 22).bye() }},
	"peer: to an unknown shape": {[]string{`bob: "hello"`, `-> "A:17:bob"`}, func(n *node) {
		n.speaks(unknown, 17).say("hello")
	}},
	"peer: shape (b) text":         {[]string{`bob: "hello"`}, nil},
	"peer: shape (b) name request": {[]string{`-> "ID\\: bob\\: 4"`}, nil},
	"peer: shape (c) text":         {[]string{`bob: "hello"`}, nil},
	"peer: shape (c) name request": {[]string{`-> "3002!X_NAME|bob|3002"`}, nil},
}

func readPeer(t *testing.T, v *codectest.Vector) {
	want, ok := datagrams[v.What]
	if !ok || (want.by != nil) != (v.Use == "both") {
		t.Fatalf("no test for this vector, of use %q", v.Use)
	}
	n := newNode(t, "bob", bobAt)
	n.other = aliceAt
	n.table(Entry{Addr: aliceAt, ID: "bob"})
	n.hear(string(v.Bytes)).want(v.What, want.makes...)
	if want.by == nil {
		return
	}
	sender := "alice"
	if v.What == "peer: acknowledge" {
		sender = "bob"
	}
	n = newNode(t, sender, aliceAt)
	want.by(n)
	if all := n.sent; !slices.Contains(all, string(v.Bytes)) {
		t.Errorf("ours sent %q, want %q", all, v.Bytes)
	}
}

// A node is a socket at work; bob is its only friend, at other.
type node struct {
	tb    testing.TB
	s     *Socket
	now   time.Time
	other netip.AddrPort
	told  []string // what came of it since the last want
	sent  []string // datagrams, all of them
}

func newNode(tb testing.TB, name string, at netip.AddrPort) *node {
	n := &node{tb: tb, s: NewSocket(codec.SocketConfig{Name: name, Self: at}), now: time.Unix(1e9, 0), other: bobAt}
	return n.table(Entry{Addr: bobAt, ID: "bob"}).forget()
}

// An Entry is one of a server's table, for tests.
type Entry struct {
	Addr netip.AddrPort
	ID   string
}

func known(entries []Entry) (people []*chat.Person) {
	for _, e := range entries {
		people = append(people, &chat.Person{Name: e.ID, Near: e.Addr, Far: e.Addr})
	}
	return people
}

func (n *node) forget() *node {
	n.told, n.sent = nil, nil
	return n
}

// speaks says which program bob has, and which number the next datagram to it has.
func (n *node) speaks(as shape, next uint64) *node {
	p := n.s.peers[keyAt(n.other)]
	p.shape, p.next = as, next
	return n
}

func keyAt(a netip.AddrPort) key {
	k, _ := keyOf(a)
	return k
}

func (n *node) take(out []codec.Output) *node {
	for _, o := range out {
		if o.Kind == codec.Send {
			n.sent = append(n.sent, string(o.Data))
		}
		n.told = append(n.told, strings.TrimSpace(n.tell(o)))
	}
	return n
}

// tell says what matters of an output in a line.
func (n *node) tell(o codec.Output) string {
	who := o.Name
	if o.Who != n.other {
		who = fmt.Sprintf("%s at %v", who, o.Who)
	}
	switch in := map[bool]string{true: " in " + o.Room}[o.Room != ""]; o.Kind {
	case codec.Send:
		if o.Who == n.other {
			who = ""
		}
		return fmt.Sprintf("%s -> %q", who, o.Data)
	case codec.Said:
		return fmt.Sprintf("%s%s: %q", who, in, o.Data)
	case codec.Sent, codec.Delivered:
		return fmt.Sprintf("%s %d%s", map[codec.OutputKind]string{codec.Sent: "sent", codec.Delivered: "delivered"}[o.Kind], o.Ticket, in)
	case codec.Failed:
		return fmt.Sprintf("failed %d%s: %v", o.Ticket, in, o.Err.(*chat.Error).Kind)
	case codec.Named:
		return "named " + who
	case codec.Entered:
		return who + " enters " + o.Room
	case codec.Exited:
		return who + " leaves " + o.Room
	case codec.Ended:
		return who + " says bye"
	case codec.Unlisted:
		return "unlisted " + who
	}
	n.tb.Fatalf("%+v", o)
	return ""
}

func (n *node) table(entries ...Entry) *node {
	return n.take(n.s.Known(n.now, n.s.self, known(entries)))
}
func (n *node) hear(p string) *node   { return n.from(n.other, p) }
func (n *node) say(text string) *node { return n.take(n.s.Say(n.now, n.other, []byte(text), 7)) }
func (n *node) bye() *node            { return n.take(n.s.Bye(n.now, n.other)) }

func (n *node) from(a netip.AddrPort, p string) *node {
	return n.take(n.s.Datagram(n.now, a, []byte(p)))
}

func (n *node) sayTo(group, text string) *node {
	return n.take(n.s.SayTo(n.now, group, []byte(text), 7))
}

func (n *node) join(group string) *node {
	out, err := n.s.Join(n.now, group)
	if err != nil {
		n.tb.Fatal(err)
	}
	return n.take(out)
}

func (n *node) leave(group string) *node {
	out, err := n.s.Leave(n.now, group)
	if err != nil {
		n.tb.Fatal(err)
	}
	return n.take(out)
}

// after lets time pass; what is due is told with the time that has passed.
func (n *node) after(d time.Duration) *node {
	begin, end := n.now, n.now.Add(d)
	for range 1000 {
		next := n.s.Wake()
		if next.IsZero() || next.After(end) {
			n.now = end
			return n
		}
		if next.Before(n.now) {
			n.tb.Fatalf("due %v ago", n.now.Sub(next))
		}
		n.now = next
		before := len(n.told)
		n.take(n.s.Due(next))
		for i := range n.told[before:] {
			n.told[before+i] = fmt.Sprintf("%v: %s", next.Sub(begin), n.told[before+i])
		}
	}
	n.tb.Fatal("it is always due")
	return n
}

// want compares what came of it since the last want.
func (n *node) want(what string, told ...string) *node {
	n.tb.Helper()
	if !slices.Equal(n.told, told) {
		n.tb.Errorf("%s: %q\nwant %q", what, n.told, told)
	}
	n.told = nil
	return n
}
