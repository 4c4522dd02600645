package book

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/chat/client"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// The dialects of these tests: direct lines and a table; accounts through a
// server; rooms through a server.
var (
	direct  = chat.Traits{Dialect: "mim0", Reach: chat.ByPeerTCP, Presence: true, MaxText: 4096}
	relayed = chat.Traits{Dialect: "comp9331", Reach: chat.ByLink, Presence: true, All: true, Accounts: true, WhoElse: true, Blocks: true}
	rooms   = chat.Traits{Dialect: "dtu", Reach: chat.ByLink, Rooms: true, Lobby: "#lobby"}
)

// A screen is a book under test, with its time.
type screen struct {
	*testing.T
	*Book
	now    time.Time
	ticket uint64
}

// alice gives the book of alice by a dialect, logged in.
func alice(t *testing.T, tr chat.Traits) *screen {
	s := &screen{T: t, Book: New(Config{Name: "alice", Traits: tr, Zone: time.UTC, Local: []string{"/search"}}), now: noon}
	s.show(client.View{Event: client.Ready, Name: "alice", Dialect: tr.Dialect, Address: "server:1"})
	s.after(time.Minute)
	return s
}

func (s *screen) show(v client.View) News {
	v.At = s.now
	return s.Apply(v)
}

func (s *screen) after(d time.Duration) { s.now = s.now.Add(d) }

func (s *screen) says(from, text string) News {
	return s.show(client.View{Event: client.Said, From: from, To: "alice", Text: text})
}

func (s *screen) saysIn(room, from, text string) News {
	return s.show(client.View{Event: client.Said, From: from, Room: room, Text: text})
}

// waits says that a text of ours to name was accepted, and gives its ticket.
func (s *screen) waits(name, text string) uint64 {
	s.ticket++
	s.show(client.View{Event: client.Waiting, From: "alice", To: name, Text: text, Ticket: s.ticket})
	return s.ticket
}

func (s *screen) fate(ticket uint64, name, text, state, why string) {
	s.show(client.View{Event: client.Sent, From: "alice", To: name, Text: text, Ticket: ticket, State: state, Why: why})
}

func (s *screen) events(e client.Event, names ...string) {
	for _, n := range names {
		s.show(client.View{Event: e, Name: n})
	}
}

// picture writes a conversation as lines, for comparing.
func picture(c *Conversation) string {
	var s strings.Builder
	for _, l := range c.Lines() {
		if l.ID == c.UnreadFrom() {
			s.WriteString("---\n")
		}
		switch l.Kind {
		case Said, Own:
			fmt.Fprintf(&s, "<%s> %s", l.Who, l.Text)
		case Trouble:
			s.WriteString("! " + l.Text)
		default:
			s.WriteString("* " + l.Text)
		}
		if l.Kind == Own {
			fmt.Fprintf(&s, " [%s]", l.State)
		}
		if l.Why != "" {
			fmt.Fprintf(&s, " (%s)", l.Why)
		}
		if l.Mention {
			s.WriteString(" @")
		}
		s.WriteString("\n")
	}
	return s.String()
}

func (s *screen) looks(k Key, want ...string) {
	s.Helper()
	c := s.Conversation(k)
	if c == nil {
		s.Fatalf("there is no conversation %s", k)
	}
	if got := strings.TrimSuffix(picture(c), "\n"); got != strings.Join(want, "\n") {
		s.Errorf("%s is\n%s\nwant\n%s", k, got, strings.Join(want, "\n"))
	}
}

// list writes the conversations with what is to be marked at them.
func (s *screen) list() string {
	var all []string
	for _, c := range s.Conversations() {
		w := c.Key().String()
		if c == s.Current() {
			w = "[" + w + "]"
		}
		if st, _ := c.Standing(); st == Closed {
			w += " closed"
		}
		if c.Unread() > 0 {
			w += fmt.Sprint(" ", c.Unread())
		}
		if c.Mentions() > 0 {
			w += fmt.Sprint(" @", c.Mentions())
		}
		all = append(all, w)
	}
	return strings.Join(all, ", ")
}

func (s *screen) lists(want string) {
	s.Helper()
	if got := s.list(); got != want {
		s.Errorf("the list is %s, want %s", got, want)
	}
}

var bob = Key{Person, "bob"}

// A talk: who begins it is not shown first, it is unread until it is open, our
// texts change what they say of themselves, and the end is grey.
func TestTalk(t *testing.T) {
	s := alice(t, direct)
	s.events(client.Came, "bob", "eve")
	s.looks(Key{}, "* you are alice at server:1; others reach you through the server", "* bob and eve came")
	s.show(client.View{Event: client.Opened, Name: "bob", Address: "192.0.2.2:2002", Dialect: "mim0"})
	if n := s.says("bob", "hi Alice!"); n != (News{In: bob, Said: true, Direct: true, Mention: true}) {
		t.Errorf("news %+v", n)
	}
	s.says("bob", "there?")
	s.lists("[@home], bob 2 @1")
	s.Open(bob)
	s.lists("@home, [bob]")
	s.looks(bob, "* the line with bob is open (192.0.2.2:2002)", "---", "<bob> hi Alice! @", "<bob> there?")
	one, two := s.waits("bob", "yes"), s.waits("bob", "here")
	s.fate(one, "bob", "yes", client.StateSent, "")
	s.looks(bob, "* the line with bob is open (192.0.2.2:2002)", "<bob> hi Alice! @", "<bob> there?", "<alice> yes [sent]", "<alice> here [waiting]")
	s.fate(two, "bob", "here", client.StateFailed, "it broke")
	s.show(client.View{Event: client.Closed, Name: "bob", Why: "the other side ended the talk"})
	s.lists("@home, [bob] closed")
	if c := s.Current(); c.Draft() != "here" || c.Lines()[4].State != Failed || c.Lines()[4].Why != "it broke" {
		t.Errorf("draft %q, line %+v", c.Draft(), c.Lines()[4])
	}
	if lines := s.Close(bob); len(lines) != 0 {
		t.Errorf("the end of a talk that is over asks for %q", lines)
	}
	s.lists("[@home]")
}
