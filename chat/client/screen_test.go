package client

import (
	"testing"
	"time"

	"mim/chat"
)

func screen(c *Config) { c.Screen = true }

// forScreen keeps what effects show.
func forScreen(e []Effect) (views []View) {
	for _, e := range e {
		if e.Kind == Show {
			views = append(views, e.View)
		}
	}
	return views
}

// one gives the one view of that event and fails if there is not just one.
func one(t *testing.T, e []Effect, ev Event) (v View) {
	t.Helper()
	n := 0
	for _, o := range forScreen(e) {
		if o.Event == ev {
			v = o
			n++
		}
	}
	if n != 1 {
		t.Fatalf("%d views %q, want one: %v", n, ev, e)
	}
	return v
}

// A screen is told of each text when it is accepted, under a number by which it
// hears what became of it.
func TestTickets(t *testing.T) {
	u := joined(t, []*chat.Person{bob}, screen)
	e := u.line("@bob one")
	if v := one(t, e, Waiting); v.Ticket != 1 || v.To != "bob" || v.Text != "one" || v.From != "alice" || v.Path != PathDirect {
		t.Errorf("the first text: %+v", v)
	}
	call := only(t, e, Call)
	if v := one(t, u.line("two"), Waiting); v.Ticket != 2 || v.To != "bob" {
		t.Errorf("the second text: %+v", v)
	}
	link, e := u.opened(bob.Far.String(), call.Call)
	var last uint64
	for _, o := range e {
		if o.Kind == Send {
			last = o.Ticket
		}
	}
	sent := forScreen(u.c.Left(u.now, link, last))
	if len(sent) != 2 || sent[0].Ticket != 1 || sent[1].Ticket != 2 {
		t.Errorf("what became of them: %+v", sent)
	}
	u.line("three")
	if v := one(t, u.c.PeerClosed(u.now, link, nil), Sent); v.Ticket != 3 || v.State != StateFailed || !v.Unsure {
		t.Errorf("the line broke: %+v", v)
	}
}

// Through a server: each text has one Waiting and one Sent of the same number.
func TestTicketsByRelay(t *testing.T) {
	u := hosted(t, screen)
	if v := one(t, u.line("@bob hi"), Waiting); v.Ticket != 1 || v.To != "bob" || v.Path != PathRelay {
		t.Errorf("accepted: %+v", v)
	}
	v := one(t, u.done(chat.Errorf(chat.NotDelivered, "no")), Sent)
	if v.Ticket != 1 || v.State != StateFailed || v.Unsure {
		t.Errorf("nobody there: %+v", v)
	}
}

// A line that is not carried out comes back with the error; nothing of it waits.
func TestLineOfError(t *testing.T) {
	u := joined(t, []*chat.Person{bob}, screen)
	for _, c := range []struct{ name, line, want string }{
		{"too long", "@bob 123456789012345678901", "@bob 123456789012345678901"},
		{"nobody", "@eve hi", "@eve hi"},
		{"no command", "/nonsense", "/nonsense"},
		{"what is no command here", "/join #x", "/join #x"},
		{"its end is no part of it", "@eve hi\r\n", "@eve hi"},
	} {
		e := u.line(c.line)
		if v := one(t, e, Error); v.Line != c.want || len(forScreen(e)) != 1 {
			t.Errorf("%s: %+v", c.name, forScreen(e))
		}
	}
}

// What a command shows names it, also if the server has to be asked.
func TestLineOfAnswer(t *testing.T) {
	u := joined(t, []*chat.Person{bob}, screen)
	for _, line := range []string{"/help", "/who"} {
		for _, v := range forScreen(u.line(line)) {
			if v.Line != line {
				t.Errorf("%s: %+v", line, v)
			}
		}
	}
	u = inhabitant(t, screen)
	u.login()
	u.answer(chat.Both, nil)
	u.listed()
	u.line("/block  eve")
	u.line("/whoelse")
	if v := one(t, u.on(chat.Both, &chat.Answer{To: &chat.Block{}, Err: chat.Errorf(chat.Unknown, "no")}), Error); v.Line != "/block  eve" {
		t.Errorf("the answer to /block: %+v", v)
	}
	if v := one(t, u.on(chat.Both, &chat.Answer{To: &chat.WhoElse{}}), Table); v.Line != "/whoelse" {
		t.Errorf("the answer to /whoelse: %+v", v)
	}
	if v := one(t, u.on(chat.Both, &chat.Notice{Text: "tea at five"}), Notice); v.Line != "" {
		t.Errorf("what the server says by itself: %+v", v)
	}
}

// A screen hears when the server is looked for again, and when that begins.
func TestTrying(t *testing.T) {
	u := joined(t, nil, screen)
	e := u.c.ServerClosed(u.now, nil)
	if v := one(t, e, Trying); v.Until.Before(u.now.Add(500*time.Millisecond)) || v.Until.After(u.now.Add(2*time.Second)) {
		t.Errorf("after the loss: %+v", v)
	}
	if v := one(t, u.wait(2*time.Second), Trying); !v.Until.IsZero() {
		t.Errorf("as it is dialled: %+v", v)
	}
	if v := one(t, u.c.ServerFailed(u.now, nil), Trying); !v.Until.After(u.now) {
		t.Errorf("after the first try: %+v", v)
	}
}
