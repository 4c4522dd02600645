package matrix

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long anything may take. It costs time only where a test
// fails, so it is generous.
const patience = 15 * time.Second

// An entry is one thing that a user's program has seen: what, of whom, which
// text.
type entry struct{ what, who, text string }

// What an entry may be.
const (
	said   = "said"   // who said text
	came   = "came"   // who is here
	went   = "went"   // who is gone
	told   = "told"   // an answer or sentence of the server, text
	closed = "closed" // the line with who has ended; text: how, if not cleanly
	gone   = "gone"   // the server has ended the link; likewise
	roomed = "room"   // who said text in a room; text has the room in front
	listed = "listed" // who are in a room: who is the room, text the names
	enters = "enters" // who is in the room text now
	leaves = "leaves" // who is not any more
)

// A diary is what a user's program has seen so far. Any goroutine.
type diary struct {
	mu      sync.Mutex
	name    string
	entries []entry
	taken   []bool
	changed chan struct{} // closed and replaced at each change
}

func newDiary(name string) *diary { return &diary{name: name, changed: make(chan struct{})} }

func (d *diary) add(what, who, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries, d.taken = append(d.entries, entry{what, who, text}), append(d.taken, false)
	close(d.changed)
	d.changed = make(chan struct{})
}

// take waits for the first entry of a kind, about somebody, that was not taken
// yet, and takes it. who "" is anybody.
func (d *diary) take(what, who string) (entry, error) {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		d.mu.Lock()
		e, ok := d.find(what, who)
		changed := d.changed
		d.mu.Unlock()
		if ok {
			return e, nil
		}
		select {
		case <-changed:
		case <-late.C:
			return e, fmt.Errorf("%s has no entry %q of %q within %v; it has:\n%s", d.name, what, who, patience, d)
		}
	}
}

// now is take without waiting.
func (d *diary) now(what, who string) (entry, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.find(what, who)
}

func (d *diary) find(what, who string) (entry, bool) {
	for i, e := range d.entries {
		if !d.taken[i] && e.what == what && (who == "" || e.who == who) {
			d.taken[i] = true
			return e, true
		}
	}
	return entry{}, false
}

// want takes an entry and wants it to have a text.
func (d *diary) want(t *testing.T, what, who, text string) {
	t.Helper()
	e, err := d.take(what, who)
	switch {
	case err != nil:
		t.Fatal(err)
	case e.text != text:
		t.Errorf("%s: %s %s %q, want %q", d.name, what, e.who, e.text, text)
	}
}

// never wants that there is no such entry so far.
func (d *diary) never(t *testing.T, what, who string) {
	t.Helper()
	if e, ok := d.now(what, who); ok {
		t.Errorf("%s: %s %q %q, want none", d.name, what, e.who, e.text)
	}
}

// String is what was not taken, for a test that failed.
func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var b strings.Builder
	for i, e := range d.entries {
		if !d.taken[i] {
			fmt.Fprintf(&b, "  %s %q %q\n", e.what, e.who, e.text)
		}
	}
	return b.String()
}
