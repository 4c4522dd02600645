package loop

import (
	"bytes"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"
)

// TestClosedOnce: each way to end is told once, in no other callback, with its
// reason; after it the ID does nothing.
func TestClosedOnce(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		data func(m *puppet, id ID)
		act  func(*client)
		ok   func(error) bool
	}{
		{"the other end closes", nil, func(c *client) { c.Close() }, func(err error) bool { return err == nil }},
		{"the other end resets", nil, func(c *client) { _ = c.SetLinger(0); c.Close() },
			func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }},
		{"Kill inside Data", func(m *puppet, id ID) { m.Kill(id, errRude); m.Kill(id, nil) }, nil,
			func(err error) bool { return errors.Is(err, errRude) }},
		{"Kill after much was sent", func(m *puppet, id ID) {
			m.Send(id, make([]byte, 1<<20), 0, false)
			m.Kill(id, errRude)
			m.CloseSoon(id, nil)
		}, nil, func(err error) bool { return errors.Is(err, errRude) }},
		{"all at once", func(m *puppet, id ID) {
			m.Owe(id, true)
			m.Again(id)
			m.Watch(id, 1)
			m.IdleAfter(id, time.Millisecond)
			m.CloseSoon(id, errRude)
			m.Finish(id)
			m.Kill(id, errRude)
		}, func(c *client) { c.Close() }, func(err error) bool { return errors.Is(err, errRude) }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := &puppet{}
			m.data = func(id ID, p []byte, _ bool) int {
				if row.data != nil {
					row.data(m, id)
				}
				return len(p)
			}
			r := start(t, Config{}, m)
			c := connect(t, r, 0)
			c.say("x")
			id := m.link(t, 0)
			if row.act != nil {
				row.act(c)
			}
			if e := m.end(t); e.id != id || !row.ok(e.why) {
				t.Errorf("link %v ended because of %v", e.id, e.why)
			}
			on(t, r, func() {
				m.Kill(id, nil)
				m.CloseSoon(id, nil)
				m.Finish(id)
				m.Again(id)
				m.Owe(id, false)
				m.Watch(id, 0)
				m.IdleAfter(id, time.Second)
				if m.Send(id, []byte("x"), 0, false) != NeverSent || m.Here(id).IsValid() {
					t.Error("the ID of an ended link does something")
				}
			})
			on(t, r, func() {})
			if n := len(m.told()); n != 1 {
				t.Errorf("the end was told %d times", n)
			}
		})
	}
}

// TestClosedAtTheEndOfTheTurn: what came in the same round is given before the
// end of another link is told.
func TestClosedAtTheEndOfTheTurn(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	told := make(chan string, 10)
	m.data = func(_ ID, p []byte, _ bool) int {
		if len(p) > 0 {
			told <- string(p)
		}
		return len(p)
	}
	m.closed = func(ID, error) { told <- "closed" }
	r := start(t, Config{}, m)
	a, b := connect(t, r, 0), connect(t, r, 0)
	m.link(t, 1)
	held, holds := make(chan struct{}), make(chan struct{})
	r.Post(func() { close(holds); <-held })
	await(t, "the loop is held", holds)
	a.Close()
	b.say("data")
	close(held)
	if first, second := await(t, "the first", told), await(t, "the second", told); first != "data" || second != "closed" {
		t.Errorf("told %s, then %s", first, second)
	}
}

// TestResetWhileSending: a link whose other end resets while we send gives
// what had come before, ends once, and not inside Send.
func TestResetWhileSending(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	got := 0
	m.data = func(id ID, p []byte, _ bool) int {
		got += len(p)
		m.Send(id, []byte("answer"), 0, false)
		m.Watch(id, m.Send(id, []byte("watched"), 0, false))
		return len(p)
	}
	m.left = func(id ID, pos uint64) { t.Errorf("Left at %d of a connection that was reset", pos) }
	r := start(t, Config{}, m)
	held, holds := make(chan struct{}), make(chan struct{})
	c := connect(t, r, 0)
	id := m.link(t, 0)
	r.Post(func() {
		close(holds)
		<-held
		m.Watch(id, m.Send(id, []byte("a write that fails, before the first read"), 0, false))
	})
	await(t, "the loop is held", holds)
	sent := bytes.Repeat([]byte("x"), 100_000) // more than one read
	c.say(string(sent))
	eventually(t, "all has arrived", c.acked)
	_ = c.SetLinger(0)
	c.Close()
	close(held)
	if e := m.end(t); e.why == nil {
		t.Error("a reset looks like an orderly end")
	}
	on(t, r, func() {
		if got != len(sent) {
			t.Errorf("%d of %d bytes that had arrived were given", got, len(sent))
		}
	})
}

// TestStrangers: nothing that is sent to an ended link reaches the connection
// that has its slot or its descriptor now.
func TestStrangers(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	r := start(t, Config{}, m)
	var victims []*client
	for round := range 50 {
		a := connect(t, r, 0)
		old := m.link(t, 2*round)
		var fd int32
		on(t, r, func() {
			fd = r.get(old).fd
			m.Send(old, []byte("early secret"), 0, true)
			m.Send(old, []byte("paced secret"), time.Hour, false)
			m.Watch(old, 1)
		})
		a.Close()
		eventually(t, "the first one has ended", func() bool { return len(m.told()) > round })
		b := connect(t, r, 0)
		id := m.link(t, 2*round+1)
		on(t, r, func() {
			if l := r.get(id); l.fd != fd && id.Slot() != old.Slot() {
				t.Logf("round %d: neither descriptor nor slot were used again", round)
			}
			m.Send(old, []byte("secret"), 0, false)
			m.CloseSoon(old, errRude)
			m.Kill(old, errRude)
		})
		victims = append(victims, b)
	}
	on(t, r, func() {
		for i := range victims {
			m.Send(m.links[2*i+1], []byte("for you"), 0, false)
			m.CloseSoon(m.links[2*i+1], nil)
		}
	})
	for i, b := range victims {
		if got, err := b.rest(); got != "for you" || err != nil {
			t.Fatalf("stranger %d read %q, %v", i, got, err)
		}
	}
}

// TestSlotIsFreeAfterClosed: modes index by slot, so a slot gets a new user
// only after the mode heard of the end of the old one.
func TestSlotIsFreeAfterClosed(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	users := make(map[uint32]ID)
	m.opened = func(id ID, _ Info) {
		if old, ok := users[id.Slot()]; ok {
			t.Errorf("%v opened while %v was not closed", id, old)
		}
		users[id.Slot()] = id
		m.Kill(id, nil)
	}
	m.closed = func(id ID, _ error) { delete(users, id.Slot()) }
	r := start(t, Config{}, m)
	held, holds := make(chan struct{}), make(chan struct{})
	r.Post(func() { close(holds); <-held })
	await(t, "the loop is held", holds)
	const n = 30
	for range n {
		c, err := net.DialTimeout("tcp", r.Local(0).String(), patience)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	close(held)
	eventually(t, "all have ended", func() bool { return len(m.told()) == n })
}
