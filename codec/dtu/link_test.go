package dtu

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/codec"
)

// A link is a session at work, as a server drives it: what it reads is told in
// words, what it writes is kept write by write, without line ends.
type link struct {
	tb     testing.TB
	s      *session
	kept   []byte
	read   []string
	wrote  []string
	answer func(chat.Request) *chat.Answer // how requests go; nil: not answered yet
	owed   []chat.Request
}

func open(tb testing.TB) *link { return openBy(tb, New()) }

func openBy(tb testing.TB, d codec.Dialect) *link {
	return &link{tb: tb, s: d.Open(codec.Link{}).(*session), answer: well}
}

const connectWill = `CONNECT: "Will" "W W" 1.0.0` + "\r\n"

// in is a link that has logged in; what was read and written is forgotten.
func in(tb testing.TB) *link {
	l := open(tb).feed(connectWill)
	l.read, l.wrote = nil, nil
	return l
}

// well: all goes well, but what the codec refuses.
func well(r chat.Request) *chat.Answer {
	if refuse, ok := r.(*chat.Refuse); ok {
		return &chat.Answer{Err: refuse.Err}
	}
	return &chat.Answer{}
}

func badly(k chat.Kind) func(chat.Request) *chat.Answer {
	return func(chat.Request) *chat.Answer { return &chat.Answer{Err: chat.Errorf(k, "it went wrong")} }
}

func never(chat.Request) *chat.Answer { return nil }

func (l *link) write(f func([]byte) []byte) {
	out := string(f(nil))
	if out == "" {
		return
	}
	if line, ok := strings.CutSuffix(out, lineEnd); !ok || strings.ContainsAny(line, "\r\n") {
		l.tb.Errorf("%q is no line", out)
	}
	l.wrote = append(l.wrote, strings.TrimSuffix(out, lineEnd))
	if got := l.s.Gap(); got != 5*time.Millisecond {
		l.tb.Errorf("the gap behind %q is %v", out, got)
	}
}

// feed gives a segment.
func (l *link) feed(p string) *link {
	l.kept = append(bytes.Clone(l.kept), p...)
	l.step(l.s.Next)
	return l
}

// silence lets nothing come for as long as the session wants.
func (l *link) silence() *link {
	if len(l.kept) > 0 && l.s.Quiet() == 150*time.Millisecond {
		l.step(func(p []byte) (chat.Request, int, error) { return l.s.Idle(p, false) })
	}
	return l
}

// end ends the input.
func (l *link) end() *link {
	for before := -1; len(l.kept) != before && len(l.kept) > 0; {
		before = len(l.kept)
		l.step(func(p []byte) (chat.Request, int, error) { return l.s.Idle(p, true) })
	}
	return l
}

// step takes what next gives, then all that Next gives.
func (l *link) step(next func([]byte) (chat.Request, int, error)) {
	for {
		r, n, err := next(l.kept)
		if err != nil || n < 0 || n > len(l.kept) {
			l.tb.Fatalf("%d of %d bytes taken, %v", n, len(l.kept), err)
		}
		if r != nil {
			l.asked(r)
		}
		l.kept = l.kept[n:]
		if r == nil && n == 0 {
			return
		}
		next = l.s.Next
	}
}

func (l *link) asked(r chat.Request) {
	l.read = append(l.read, tell(r))
	if !chat.Answered(r) {
		return
	}
	a := l.answer(r)
	if a == nil {
		l.owed = append(l.owed, r)
		return
	}
	l.reply(r, *a)
}

func (l *link) reply(r chat.Request, a chat.Answer) {
	a.To = r
	l.write(func(dst []byte) []byte { return l.s.Answer(dst, a) })
}

// settle answers what is owed and has the kept bytes looked at again.
func (l *link) settle(a chat.Answer) *link {
	owed := l.owed
	l.owed = nil
	for _, r := range owed {
		l.reply(r, a)
	}
	return l.feed("")
}

// want compares what a link read and wrote, and what waits for more.
func (l *link) want(what string, read, wrote []string, kept string) {
	l.tb.Helper()
	if !slices.Equal(l.read, read) {
		l.tb.Errorf("%s: read\n%q, want\n%q", what, l.read, read)
	}
	if !slices.Equal(l.wrote, wrote) {
		l.tb.Errorf("%s: wrote\n%q, want\n%q", what, l.wrote, wrote)
	}
	if string(l.kept) != kept {
		l.tb.Errorf("%s: %q waits for more, want %q", what, l.kept, kept)
	}
}

// tell says what matters of a request in a line.
func tell(r chat.Request) string {
	switch r := r.(type) {
	case *chat.Login:
		return fmt.Sprintf("login %q", r.Name)
	case *chat.Say:
		text := fmt.Sprintf("say to %s %q", r.To, r.Text)
		if r.Room != (len(r.To) > 0 && r.To[0] == '#') {
			text += ", room " + fmt.Sprint(r.Room)
		}
		if r.Cut {
			text += ", cut"
		}
		return text
	case *chat.Join:
		return "join " + r.Room
	case *chat.Leave:
		return "leave " + r.Room
	case *chat.Pong:
		return fmt.Sprintf("pong %d", r.Number)
	case *chat.Talk:
		return fmt.Sprintf("talk to %s, room %v", r.To, r.Room)
	case *chat.TalkReply:
		return fmt.Sprintf("talk %d %v", r.Key, r.Yes)
	case *chat.TalkEnd:
		return fmt.Sprintf("talk %d ends", r.Key)
	case *chat.Logout:
		return "logout"
	case *chat.Refuse:
		return "refuse " + kindOf(r.Err).String()
	}
	return fmt.Sprintf("%#v", r)
}

// A client is a caller at work.
type client struct {
	tb    testing.TB
	c     *caller
	now   time.Time
	next  time.Time
	kept  []byte
	wrote []string
	read  []string
}

func call(tb testing.TB) *client {
	c := &client{tb: tb, c: New().(codec.Calling).Call(codec.Link{}).(*caller), now: time.Unix(1e9, 0)}
	c.due()
	return c
}

var loginWill = &chat.Login{Name: "Will"}

// insider is a client that has logged in.
func insider(tb testing.TB) *client {
	c := call(tb).ask(loginWill).hear("ACCEPTED: mim\r\n")
	c.want("login", []string{`answer to login "Will": done`}, []string{`CONNECT: "Will" "Will" 1.0.0` + lineEnd})
	c.read, c.wrote = nil, nil
	return c
}

func (c *client) write(f func([]byte) []byte) {
	if out := f(nil); len(out) > 0 {
		c.wrote = append(c.wrote, string(out))
	}
}

func (c *client) due() {
	c.write(func(dst []byte) []byte {
		dst, c.next = c.c.Due(dst, c.now)
		return dst
	})
}

func (c *client) ask(all ...chat.Request) *client {
	for _, r := range all {
		c.write(func(dst []byte) []byte { return c.c.Ask(dst, r) })
		c.due()
	}
	return c.wake()
}

// wake gives the timers that are due their turn.
func (c *client) wake() *client {
	for range 10 {
		if c.next.IsZero() || c.next.After(c.now) {
			return c
		}
		c.due()
		c.take()
	}
	c.tb.Fatal("it is always due")
	return c
}

func (c *client) hear(segments ...string) *client {
	for _, s := range segments {
		c.kept = append(bytes.Clone(c.kept), s...)
		c.take()
		c.due()
		c.take()
	}
	return c
}

func (c *client) take() {
	for {
		e, n, err := c.c.Next(c.kept)
		if err != nil || n < 0 || n > len(c.kept) {
			c.tb.Fatalf("%d of %d bytes taken, %v", n, len(c.kept), err)
		}
		if e != nil {
			c.read = append(c.read, tellEvent(e))
		}
		if c.kept = c.kept[n:]; e == nil && n == 0 {
			return
		}
	}
}

// after lets time pass.
func (c *client) after(d time.Duration) *client {
	for end := c.now.Add(d); ; {
		if c.next.IsZero() || c.next.After(end) {
			c.now = end
			return c
		}
		c.now = c.next
		c.due()
		c.take()
		c.wake()
	}
}

func (c *client) want(what string, read, wrote []string) *client {
	c.tb.Helper()
	if !slices.Equal(c.read, read) {
		c.tb.Errorf("%s: read\n%q, want\n%q", what, c.read, read)
	}
	if wrote != nil && !slices.Equal(c.wrote, wrote) {
		c.tb.Errorf("%s: wrote\n%q, want\n%q", what, c.wrote, wrote)
	}
	if len(c.kept) > 0 {
		c.tb.Errorf("%s: %q waits for more", what, c.kept)
	}
	return c
}

func nameOf(p *chat.Person) string {
	if p == nil {
		return "nobody"
	}
	return p.Name
}

var states = map[chat.CallState]string{
	chat.CallAsked: "asked", chat.CallAccepted: "accepted", chat.CallDenied: "denied", chat.CallEnded: "ended",
}

// tellEvent says what matters of an event in a line.
func tellEvent(e chat.Event) string {
	switch e := e.(type) {
	case *chat.Said:
		if e.To != nil {
			return fmt.Sprintf("%s to %s: %q", e.From.Name, e.To.Name, e.Text)
		}
		return fmt.Sprintf("%s in %s: %q", e.From.Name, e.Room, e.Text)
	case *chat.Members:
		var names []string
		for _, p := range e.People {
			names = append(names, p.Name)
		}
		return fmt.Sprintf("in %s: %q", e.Room, names)
	case *chat.Entered:
		return fmt.Sprintf("%s enters %s", e.Who.Name, e.Room)
	case *chat.Exited:
		return fmt.Sprintf("%s leaves %s", e.Who.Name, e.Room)
	case *chat.Ping:
		return fmt.Sprintf("ping %d", e.Number)
	case *chat.Call:
		return fmt.Sprintf("call %d with %s%s %s", e.Key, nameOf(e.Who), e.Room, states[e.State])
	case *chat.Notice:
		return fmt.Sprintf("notice %q", e.Text)
	case *chat.Answer:
		how := "done"
		if e.Err != nil {
			how = kindOf(e.Err).String()
		}
		return fmt.Sprintf("answer to %s: %s", tell(e.To), how)
	}
	return fmt.Sprintf("%#v", e)
}
