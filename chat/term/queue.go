package term

import (
	"fmt"
	"sync"

	"mim/chat/book"
	"mim/chat/client"
)

// How much may wait for the screen before it is made less.
const (
	mostQueued = 8192
	mostBytes  = 4 << 20
)

// A queue lies between the loop, which must never wait, and the screen, which
// may stand still for any time, as a stopped terminal does. put takes any number
// of views; take hands them out in order.
//
// When more than mostQueued views or mostBytes of text wait, the queue is made
// less. Of views that tell how something is (who is here, who is in a room, is a
// talk open, is the server there, how far is a call) the last one for each stays: the state that the
// screen comes to is the same. Of texts and sentences the newer half stays, as a
// conversation would keep them; for each conversation a sentence says how many
// are missing. What became of texts of ours always stays, and so does the end.
// So what waits is bounded by the people there are, and nothing is lost but text
// that has scrolled out of sight.
type queue struct {
	wake chan struct{} // holds one: there is something to take

	mu sync.Mutex
	waiting
	bytes int
	left  int // when more than this many wait, they are made less
}

// What waits: views in order, then what is to be done with the book.
type waiting struct {
	views []client.View
	posts []func(*book.Book)
}

func newQueue() *queue {
	return &queue{wake: make(chan struct{}, 1), left: mostQueued}
}

// put queues a view. Any goroutine; it never waits for the screen.
func (q *queue) put(v client.View) {
	q.mu.Lock()
	q.views = append(q.views, v)
	q.bytes += len(v.Text)
	if len(q.views) > q.left || q.bytes > mostBytes {
		q.views = lessen(q.views)
		q.bytes = textBytes(q.views)
		q.left = max(mostQueued, 2*len(q.views))
	}
	q.mu.Unlock()
	q.poke()
}

// post queues something to be done with the book. Any goroutine; whoever posts
// sees to it that there are few.
func (q *queue) post(f func(*book.Book)) {
	q.mu.Lock()
	q.posts = append(q.posts, f)
	q.mu.Unlock()
	q.poke()
}

// poke wakes the pump; one call is remembered.
func (q *queue) poke() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take gives what waits, and forgets it.
func (q *queue) take() waiting {
	q.mu.Lock()
	defer q.mu.Unlock()
	w := q.waiting
	q.waiting, q.bytes, q.left = waiting{}, 0, mostQueued
	return w
}

func textBytes(views []client.View) (n int) {
	for i := range views {
		n += len(views[i].Text)
	}
	return n
}

// A state names what a view tells the last word about.
type state struct {
	what       client.Event
	room, name string
}

// stateOf gives what v is the last word about; not ok: a text, or something that
// happened once.
func stateOf(v *client.View) (s state, ok bool) {
	switch v.Event {
	case client.Came, client.Went:
		return state{what: client.Came, name: v.Name}, true
	case client.Opened, client.Closed:
		return state{what: client.Opened, name: v.Name}, true
	case client.UserJoin, client.UserLeave:
		return state{client.UserJoin, v.Room, v.Name}, true
	case client.Joined:
		return state{what: client.Joined, room: v.Room}, true
	case client.Offline, client.Online:
		return state{what: client.Offline}, true
	case client.Called:
		return state{client.Called, v.Room, v.Name}, true
	case client.Trying, client.Voices:
		return state{what: v.Event}, true
	}
	return state{}, false
}

// scrolls reports whether v is only for reading: what is said, and sentences.
func scrolls(v *client.View) bool {
	switch v.Event {
	case client.Said, client.Notice, client.Table:
		return true
	case client.Error:
		return !v.Final
	}
	return false
}

// A place is a conversation: of a room, or with a person; neither is @home.
type place struct{ room, name string }

func placeOf(v *client.View) place {
	switch {
	case v.Room != "":
		return place{room: v.Room}
	case v.Event == client.Said:
		return place{name: v.From}
	}
	return place{name: v.Name}
}

// lessen gives what of views has to stay, with the sentences about the rest in
// front. It makes a new slice.
func lessen(views []client.View) []client.View {
	known := make(map[state]bool)
	missing := make(map[place]int)
	keep := make([]bool, len(views))
	texts, bytes, kept := 0, 0, 0
	for i := len(views) - 1; i >= 0; i-- {
		v := &views[i]
		if s, ok := stateOf(v); ok {
			keep[i] = !known[s]
			known[s] = true
		} else if scrolls(v) {
			texts++
			bytes += len(v.Text)
			keep[i] = texts <= mostQueued/2 && bytes <= mostBytes/2
			if !keep[i] {
				missing[placeOf(v)] += leftOut(v)
			}
		} else {
			keep[i] = true
		}
		if keep[i] {
			kept++
		}
	}
	out := make([]client.View, 0, kept+len(missing))
	for i := range views {
		v := &views[i]
		p := placeOf(v)
		if n := missing[p]; n > 0 && (!keep[i] && scrolls(v)) {
			out = append(out, omitted(v, p, n))
			delete(missing, p)
		}
		if keep[i] {
			out = append(out, *v)
		}
	}
	return out
}

// omitted is the sentence about n texts of a place that are missing from v on.
func omitted(v *client.View, p place, n int) client.View {
	return client.View{Event: client.Notice, At: v.At, Room: p.room, Name: p.name, Kind: kindOmitted, Address: fmt.Sprint(n),
		Text: fmt.Sprintf("%d lines that came while the screen stood still are not shown", n)}
}

// kindOmitted marks our own sentence, so that what it counts is counted on when
// it has to make room itself.
const kindOmitted = "omitted"

// leftOut is how many lines are missing if v is.
func leftOut(v *client.View) int {
	n := 1
	if v.Kind == kindOmitted {
		_, _ = fmt.Sscan(v.Address, &n)
	}
	return n
}
