package client

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"mim/chat"
)

// The people of these tests. Alice is us.
var (
	bob    = person("bob", "192.0.2.2:2002")
	bob2   = person("bob", "192.0.2.3:2003")
	bobToo = person("bob", "192.0.2.2:2022") // a second bob on the first one's machine
	carol  = person("carol", "192.0.2.4:2004")
	anna   = person("Anna", "192.0.2.5:2005")
	annaM  = person("Anna Maria", "192.0.2.6:2006")
	big    = person("BOB", "192.0.2.7:2007")
)

var (
	here      = netip.MustParseAddr("192.0.2.1")
	listening = netip.MustParseAddrPort("0.0.0.0:2001")
)

func person(name, addr string) *chat.Person {
	a := netip.MustParseAddrPort(addr)
	return &chat.Person{Name: name, Dialect: "mim0", Near: a, Far: a}
}

// A user is a client under test, with its time.
type user struct {
	*testing.T
	c    *Client
	now  time.Time
	link chat.Link // the last one
}

type option func(*Config)

func strict(c *Config)  { c.Strict = true }
func noRetry(c *Config) { c.Retry = false }

// alice gives a client that has been started; dialled is what that gave.
func alice(t *testing.T, opts ...option) *user {
	cfg := Config{
		Name:      "alice",
		Server:    "server:4242",
		Traits:    chat.Traits{Dialect: "mim0", Reach: chat.ByPeerTCP, Presence: true, MaxText: 20},
		Listening: listening,
		Retry:     true,
		Rand:      rand.New(rand.NewPCG(1, 1)),
	}
	for _, o := range opts {
		o(&cfg)
	}
	u := &user{T: t, c: New(cfg), now: time.Date(2005, 2, 27, 12, 0, 0, 0, time.UTC)}
	u.expect(u.c.Start(u.now), Effect{Kind: Dial})
	return u
}

// joined gives a client that is online with these people in its table.
func joined(t *testing.T, people []*chat.Person, opts ...option) *user {
	u := alice(t, opts...)
	u.login()
	u.event(&chat.Answer{})
	u.event(&chat.Page{People: people})
	u.wait(quiet)
	if u.c.server.phase != online {
		t.Fatalf("phase %d after the table settled", u.c.server.phase)
	}
	return u
}

func (u *user) login() []Effect { return u.c.ServerOpened(u.now, here) }

func (u *user) event(e chat.Event) []Effect { return u.c.ServerEvent(u.now, chat.Both, e) }

func (u *user) line(s string) []Effect { return u.c.Line(u.now, s) }

// wait lets time pass, with a Tick whenever the client wants one.
func (u *user) wait(d time.Duration) (out []Effect) {
	end := u.now.Add(d)
	for {
		next := u.c.Next()
		if next.IsZero() || next.After(end) {
			u.now = end
			return out
		}
		if next.After(u.now) {
			u.now = next
		}
		before := len(out)
		out = append(out, slices.Clone(u.c.Tick(u.now))...)
		if again := u.c.Next(); !again.IsZero() && !again.After(u.now) && len(out) == before {
			u.Fatalf("Next gives %v again after a Tick at %v that did nothing", again, u.now)
		}
	}
}

// opened opens a line: of a call, or (0) from someone who calls.
func (u *user) opened(from string, call uint64) (chat.Link, []Effect) {
	u.link++
	return u.link, u.c.PeerOpened(u.now, u.link, netip.MustParseAddrPort(from), call)
}

// talk opens a talk that we begin with "hi", which is confirmed.
func (u *user) talk(who *chat.Person) chat.Link {
	u.Helper()
	call := only(u.T, u.line("@"+who.Name+" hi"), Call)
	link, e := u.opened(who.Far.String(), call.Call)
	u.c.Left(u.now, link, only(u.T, e, Send).Ticket)
	return link
}

// called opens a talk that who begins.
func (u *user) called(who *chat.Person) chat.Link {
	link, _ := u.opened(netip.AddrPortFrom(who.Far.Addr(), 40000).String(), 0)
	u.c.PeerRequest(u.now, link, &chat.Hello{Name: who.Name})
	return link
}

func (u *user) says(link chat.Link, s string) []Effect {
	return u.c.PeerRequest(u.now, link, &chat.Say{Text: []byte(s)})
}

// expect compares effects; a view that is wanted gets the time by itself.
func (u *user) expect(got []Effect, want ...Effect) {
	u.Helper()
	got = slices.Clone(got)
	for i := range want {
		if want[i].Kind == Show {
			want[i].View.At = u.now
		}
	}
	for i := 0; i < max(len(got), len(want)); i++ {
		switch {
		case i >= len(got):
			u.Errorf("missing: %+v", want[i])
		case i >= len(want):
			u.Errorf("too much: %+v", got[i])
		case !reflect.DeepEqual(got[i], want[i]):
			u.Errorf("effect %d\n got %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

func show(v View) Effect { return Effect{Kind: Show, View: v} }

func came(handle string, p *chat.Person) Effect {
	return show(View{Event: Came, Name: handle, Dialect: "mim0", Address: p.Far.String()})
}

func went(handle string, p *chat.Person) Effect {
	return show(View{Event: Went, Name: handle, Dialect: "mim0", Address: p.Far.String()})
}

func opened(handle, address string) Effect {
	return show(View{Event: Opened, Name: handle, Dialect: "mim0", Address: address, Path: PathDirect})
}

func closed(handle, why string) Effect {
	return show(View{Event: Closed, Name: handle, Path: PathDirect, Why: why})
}

func said(handle, text string) Effect {
	return show(View{Event: Said, From: handle, To: "alice", Text: text, Dialect: "mim0", Path: PathDirect})
}

func sent(handle, text string) Effect {
	return show(View{Event: Sent, From: "alice", To: handle, Text: text, Path: PathDirect, State: StateSent})
}

func unsent(handle, text, why string) Effect {
	return show(View{Event: Sent, From: "alice", To: handle, Text: text, Path: PathDirect, State: StateFailed, Why: why})
}

func failure(k chat.Kind, text string) Effect {
	return show(View{Event: Error, Kind: k.String(), Text: text})
}

// final is a failure that ends the program.
func final(k chat.Kind, text string) Effect {
	e := failure(k, text)
	e.View.Final = true
	return e
}

// only gives the one effect of a kind.
func only(t *testing.T, in []Effect, k Kind) (found Effect) {
	t.Helper()
	n := 0
	for _, e := range in {
		if e.Kind == k {
			found = e
			n++
		}
	}
	if n != 1 {
		t.Fatalf("%d effects of kind %d, want 1, in %+v", n, k, in)
	}
	return found
}

// events is the list of events that were shown, with whom they are about.
func events(in []Effect) string {
	var out []string
	for _, e := range in {
		if e.Kind == Show {
			out = append(out, strings.TrimSpace(string(e.View.Event)+" "+e.View.Name+e.View.To))
		}
	}
	return strings.Join(out, ", ")
}
