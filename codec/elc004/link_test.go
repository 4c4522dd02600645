package elc004

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mim/chat"
	"mim/codec"
)

// A link is a session at work, as a server drives it.
type link struct {
	tb    testing.TB
	s     *session
	kept  []byte
	read  []string
	wrote []byte
	table []*chat.Person
}

func open(tb testing.TB, from netip.AddrPort) *link {
	return &link{tb: tb, s: New().Open(codec.Link{Remote: from}).(*session)}
}

func (l *link) feed(p []byte) *link {
	l.kept = append(bytes.Clone(l.kept), p...)
	l.step(l.s.Next)
	return l
}

func (l *link) silence() *link {
	if len(l.kept) > 0 {
		l.step(func(p []byte) (chat.Request, int, error) { return l.s.Idle(p, false) })
	}
	return l
}

func (l *link) end() *link {
	if len(l.kept) > 0 {
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
		l.kept = l.kept[n:]
		if r != nil {
			l.read = append(l.read, tellRequest(r))
			l.wrote = append(l.wrote, l.s.Answer(nil, l.answer(r))...)
		}
		if r == nil && n == 0 {
			return
		}
		next = l.s.Next
	}
}

// answer lets all go well, but what the codec refuses.
func (l *link) answer(r chat.Request) chat.Answer {
	if refuse, ok := r.(*chat.Refuse); ok {
		return chat.Answer{Err: refuse.Err}
	}
	return chat.Answer{To: r, People: l.table}
}

func (l *link) want(read ...string) *link {
	l.tb.Helper()
	if got := strings.Join(l.read, "; "); got != strings.Join(read, "; ") || len(l.kept) > 0 {
		l.tb.Errorf("read %s, %q is left; want %q", got, l.kept, read)
	}
	return l
}

func tellRequest(r chat.Request) string {
	switch r := r.(type) {
	case *chat.Login:
		return fmt.Sprintf("login %q %d", r.Name, r.Port)
	case *chat.Withdraw:
		return fmt.Sprintf("withdraw %q %d", r.Name, r.Port)
	case *chat.Refuse:
		if r.Last {
			return "refuse: " + kindOf(r.Err)
		}
	}
	return fmt.Sprintf("%#v", r)
}

func kindOf(err error) string {
	if e := (*chat.Error)(nil); errors.As(err, &e) {
		return e.Kind.String()
	}
	return fmt.Sprint(err)
}

// A client is a caller at work.
type client struct {
	tb   testing.TB
	c    *caller
	now  time.Time
	next time.Time
	kept []byte
	read []string
}

func call(tb testing.TB) *client {
	c := &client{tb: tb, c: New().(codec.Calling).Call(codec.Link{Remote: loopback}).(*caller), now: time.Unix(1e9, 0)}
	c.due()
	return c
}

func (c *client) due() {
	out, next := c.c.Due(nil, c.now)
	if len(out) > 0 {
		c.tb.Errorf("Due writes %q", out)
	}
	c.next = next
}

func (c *client) ask(r chat.Request) []byte {
	out := c.c.Ask(nil, r)
	c.due()
	c.take(c.c.Next)
	return out
}

func (c *client) hear(p []byte) *client {
	c.kept = append(bytes.Clone(c.kept), p...)
	c.take(c.c.Next)
	c.due()
	c.take(c.c.Next)
	return c
}

func (c *client) end() *client {
	c.take(c.c.End)
	return c
}

func (c *client) take(next func([]byte) (chat.Event, int, error)) {
	for {
		e, n, err := next(c.kept)
		if err != nil || n < 0 || n > len(c.kept) {
			c.tb.Fatalf("%d of %d bytes taken, %v", n, len(c.kept), err)
		}
		if c.kept = c.kept[n:]; e != nil {
			c.read = append(c.read, tellAnswer(e.(*chat.Answer)))
		}
		if e == nil && n == 0 {
			return
		}
	}
}

func (c *client) after(d time.Duration) *client {
	for end := c.now.Add(d); ; {
		if c.next.IsZero() || c.next.After(end) {
			c.now = end
			return c
		}
		c.now = c.next
		c.due()
		c.take(c.c.Next)
	}
}

func (c *client) want(read ...string) *client {
	c.tb.Helper()
	got, want := strings.Join(c.read, "; "), strings.Join(read, "; ")
	if got != want || want != "" && len(c.kept) > 0 {
		c.tb.Errorf("read %s, %q is left; want %s", got, c.kept, want)
	}
	return c
}

func tellAnswer(a *chat.Answer) string {
	if a.Err != nil {
		return tellRequest(a.To) + ": " + kindOf(a.Err)
	}
	if _, ok := a.To.(*chat.Login); !ok {
		return tellRequest(a.To) + ": done"
	}
	var all []string
	for _, p := range a.People {
		if p.Near != p.Far || p.Dialect != "elc004" {
			return fmt.Sprintf("%+v", p)
		}
		all = append(all, fmt.Sprintf("%s %v", p.Name, p.Near))
	}
	return "table: " + strings.Join(all, ", ")
}
