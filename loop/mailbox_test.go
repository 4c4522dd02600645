package loop

import (
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPostOrder: posts run in the order in which they were made, also with
// several goroutines and thousands waiting, and also those made on the loop.
func TestPostOrder(t *testing.T) {
	t.Parallel()
	const posters, each = 4, 5_000
	r := start(t, Config{}, &puppet{})
	var seen [posters + 1][]int
	var wg sync.WaitGroup
	for who := range posters {
		wg.Go(func() {
			for n := range each {
				r.Post(func() { seen[who] = append(seen[who], n) })
			}
		})
	}
	on(t, r, func() {
		for n := range each {
			r.Post(func() { seen[posters] = append(seen[posters], n) })
		}
	})
	wg.Wait()
	on(t, r, func() {
		for who, got := range seen {
			if len(got) != each {
				t.Errorf("poster %d: %d of %d posts ran before one made after them", who, len(got), each)
			}
			for i, n := range got {
				if i != n {
					t.Fatalf("poster %d: post %d ran in place %d", who, n, i)
				}
			}
		}
	})
}

// TestPostBeforeStart: what was posted early runs when the loop does, after
// Booted.
func TestPostBeforeStart(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	r := New(Config{Doors: []Door{tcp4}}, m)
	ran := make(chan bool, 1)
	r.Post(func() { ran <- m.Net != nil })
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	if !await(t, "the early post", ran) {
		t.Error("it ran before Booted")
	}
}

// TestPostsShareWithSockets: a post that posts itself for ever leaves the
// sockets their turns.
func TestPostsShareWithSockets(t *testing.T) {
	t.Parallel()
	m := &puppet{}
	m.data = func(id ID, p []byte, _ bool) int {
		m.Send(id, append([]byte(nil), p...), 0, false)
		return len(p)
	}
	r := start(t, Config{}, m)
	stop := false
	var self func()
	self = func() {
		if !stop {
			r.Post(self)
		}
	}
	for range 2 * maxPosts {
		r.Post(self)
	}
	c := connect(t, r, 0)
	for range 10 {
		c.say("ping")
		c.hear("ping")
	}
	on(t, r, func() { stop = true })
}

func TestMailboxTake(t *testing.T) {
	t.Parallel()
	m := mailbox{fd: -1}
	ran := 0
	for i := range 3*keepPosts + 7 {
		m.post(func() {
			if ran != i {
				t.Fatalf("post %d ran as number %d", i, ran)
			}
			ran++
		})
	}
	m.ring()
	for turn := 0; ran < 3*keepPosts+7; turn++ {
		batch, rung := m.take(nil)
		if len(batch) == 0 || len(batch) > maxPosts {
			t.Fatalf("a turn takes %d posts", len(batch))
		}
		if rung != (turn == 0) {
			t.Fatalf("turn %d: rung %v", turn, rung)
		}
		for _, f := range batch {
			f()
		}
	}
	m.close()
	m.post(func() { t.Error("ran after close") })
	if batch, _ := m.take(nil); len(batch) != 0 {
		t.Error("a closed mailbox took a post")
	}
}

// TestMailboxBell: one byte at most is under way, and no call for a turn that
// comes while one runs is lost.
func TestMailboxBell(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name         string
		before, turn func(*mailbox)
		busy         bool
		more         int // bells after the turn
	}{
		{"post", func(m *mailbox) { m.post(func() {}); m.post(func() {}) }, nil, false, 0},
		{"wake", func(m *mailbox) { m.wake(); m.wake() }, nil, false, 0},
		{"ring", func(m *mailbox) { m.ring() }, nil, false, 0},
		{"a turn that leaves work", (*mailbox).wake, nil, true, 1},
		{"post while it runs", (*mailbox).wake, func(m *mailbox) { m.post(func() {}) }, false, 1},
		{"ring while it runs", (*mailbox).wake, (*mailbox).ring, false, 1},
		{"wake while it runs", (*mailbox).wake, (*mailbox).wake, false, 0}, // the loop itself: it says busy
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var fds [2]int
			if err := unix.Pipe(fds[:]); err != nil {
				t.Fatal(err)
			}
			defer unix.Close(fds[0])
			_ = unix.SetNonblock(fds[0], true)
			bells := func() int {
				n, _ := unix.Read(fds[0], make([]byte, 100))
				return max(n, 0)
			}
			m := &mailbox{}
			m.open(fds[1])
			defer m.close()
			row.before(m)
			if n := bells(); n != 1 {
				t.Errorf("%d bells before the turn, want 1", n)
			}
			m.take(nil)
			if row.turn != nil {
				row.turn(m)
			}
			if n := bells(); n != 0 {
				t.Errorf("%d bells in the turn", n)
			}
			m.rest(row.busy)
			if n := bells(); n != row.more {
				t.Errorf("%d bells after the turn, want %d", n, row.more)
			}
		})
	}
}
