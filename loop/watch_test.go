//go:build linux

package loop

import (
	"io"
	"net"
	"testing"
	"time"
)

// TestLeft: a position has been reached when the machine at the other end has
// the bytes, read or not; not when only our kernel has them.
func TestLeft(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	left := make(chan uint64, 10)
	m.left = func(_ ID, pos uint64) { left <- pos }
	r := start(t, Config{}, m)
	c := connect(t, r, 0)
	id := m.link(t, 0)
	on(t, r, func() { m.Watch(id, m.Send(id, []byte("hello"), 0, false)) })
	if pos := await(t, "Left", left); pos != 5 {
		t.Errorf("Left at %d, want 5", pos)
	}
	c.hear("hello")
	on(t, r, func() { m.Watch(id, 5); m.Watch(id, 0) })
	if await(t, "Left again", left)+await(t, "Left at 0", left) != 5 {
		t.Error("Left at other positions")
	}
	on(t, r, func() { // asked for in another order
		first := m.Send(id, []byte("ab"), 0, false)
		m.Watch(id, m.Send(id, []byte("cd"), 0, false))
		m.Watch(id, first)
	})
	if a, b := await(t, "the first", left), await(t, "the second", left); a != 7 || b != 9 {
		t.Errorf("Left at %d, then at %d, want 7 and 9", a, b)
	}
	on(t, r, func() { m.Watch(id, 10) }) // never sent
	on(t, r, func() { m.Send(id, nil, 0, false) })
	select {
	case pos := <-left:
		t.Errorf("Left at %d, which was never sent", pos)
	default:
	}
}

// TestLeftBeforeTheAnswer: what answers a line carries its acknowledgement, so
// Left comes before that Data, at whatever moment the kernel was asked.
func TestLeftBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	const rounds = 200
	m := &puppet{}
	var order []byte // 'L' for Left, 'D' for Data; touched by the loop only
	done := make(chan struct{})
	m.left = func(ID, uint64) { order = append(order, 'L') }
	m.data = func(id ID, p []byte, _ bool) int {
		order = append(order, 'D')
		if len(order) >= 2*rounds {
			close(done)
			m.data = nil
		} else {
			m.Watch(id, m.Send(id, []byte("line\n"), 0, false))
		}
		return len(p)
	}
	r := start(t, Config{}, m)
	c := connect(t, r, 0)
	go func() { _, _ = io.Copy(c.TCPConn, c.r) }() // answers with the same
	id := m.link(t, 0)
	on(t, r, func() { m.Watch(id, m.Send(id, []byte("line\n"), 0, false)) })
	await(t, "all answers", done)
	for i, what := range order {
		if what != "LD"[i%2] {
			t.Fatalf("Left (L) and Data (D) came as %s", order[:i+1])
		}
	}
}

// TestLeftNeedsTheOtherEnd: bytes in our own socket buffer are not there yet.
func TestLeftNeedsTheOtherEnd(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	left := make(chan uint64, 10)
	m.left = func(_ ID, pos uint64) { left <- pos }
	r := start(t, Config{MaxUnsent: 64 << 20}, m)
	d := net.Dialer{Control: smallWindow}
	nc, err := d.Dial("tcp", r.Local(0).String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	id := m.link(t, 0)
	const size = 100 << 10 // more than the window, less than maxKernel
	on(t, r, func() { m.Watch(id, m.Send(id, make([]byte, size), 0, false)) })
	var began, now time.Duration
	on(t, r, func() { began = r.at })
	eventually(t, "our kernel has all and time passes", func() (ok bool) {
		on(t, r, func() {
			now = r.at
			ok = r.get(id).unsent() == 0 && now > began+100*time.Millisecond
		})
		return ok
	})
	select {
	case <-left:
		t.Fatal("Left before the other machine had the bytes")
	default:
	}
	if _, err := io.CopyN(io.Discard, nc, size); err != nil {
		t.Fatal(err)
	}
	if pos := await(t, "Left", left); pos != size {
		t.Errorf("Left at %d, want %d", pos, size)
	}
}

// TestLeftBeforeClosed: what was acknowledged before the end is told before it.
func TestLeftBeforeClosed(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	told := make(chan string, 10)
	m.left = func(ID, uint64) { told <- "left" }
	m.closed = func(ID, error) { told <- "closed" }
	m.data = func(id ID, p []byte, end bool) int {
		if !end {
			m.Watch(id, m.Send(id, []byte("answer"), 0, false))
		}
		return len(p)
	}
	r := start(t, Config{}, m)
	for range 20 {
		c := connect(t, r, 0)
		c.say("x")
		c.hear("answer")
		c.Close()
		if first, second := await(t, "the first", told), await(t, "the second", told); first != "left" || second != "closed" {
			t.Fatalf("told %s, then %s", first, second)
		}
	}
}

// TestLeftAtTheEnd: an acknowledgement that nobody had looked for yet when the
// end came is told before it.
func TestLeftAtTheEnd(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	told := make(chan string, 10)
	m.left = func(ID, uint64) { told <- "left" }
	m.closed = func(ID, error) { told <- "closed" }
	r := start(t, Config{}, m)
	d := net.Dialer{Control: smallWindow}
	nc, err := d.Dial("tcp", r.Local(0).String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	id := m.link(t, 0)
	const size = 100 << 10
	on(t, r, func() { m.Watch(id, m.Send(id, make([]byte, size), 0, false)) })
	eventually(t, "our kernel has all", func() (ok bool) {
		on(t, r, func() {
			if ok = r.get(id).unsent() == 0; ok {
				r.arm(r.get(id), acks, r.at+time.Hour)
			}
		})
		return ok
	})
	if _, err := io.CopyN(io.Discard, nc, size); err != nil {
		t.Fatal(err)
	}
	nc.Close()
	if first, second := await(t, "the first", told), await(t, "the second", told); first != "left" || second != "closed" {
		t.Fatalf("told %s, then %s", first, second)
	}
}

// TestLeftOfHalf: also a link that lives on after the end of its input is
// watched.
func TestLeftOfHalf(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	left := make(chan uint64, 1)
	m.left = func(id ID, pos uint64) { left <- pos; m.Owe(id, false) }
	m.data = func(id ID, p []byte, end bool) int {
		if end {
			m.Owe(id, true)
			m.Post(func() { m.Watch(id, m.Send(id, []byte("late"), 0, false)) })
		}
		return len(p)
	}
	r := start(t, Config{}, m)
	c := connect(t, r, 0)
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	c.hear("late")
	if pos := await(t, "Left", left); pos != 4 {
		t.Errorf("Left at %d", pos)
	}
	if e := m.end(t); e.why != nil {
		t.Errorf("ended because of %v", e.why)
	}
}
