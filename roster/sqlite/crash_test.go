package sqlite

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"mim/chat"
)

// crashUsers have an inbox each.
const crashUsers = 50

// TestCrash: a process that is killed with SIGKILL at any moment has kept all
// that it confirmed, and the directory is free at once.
func TestCrash(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		crashing(t, dir)
		return
	}
	rounds := 10
	if testing.Short() {
		rounds = 3
	}
	dir := t.TempDir()
	var w witness
	for range rounds {
		cmd := child(t, dir, nil)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill := 1 + rand.IntN(3000)
		lines := 0
		for r := bufio.NewScanner(out); r.Scan(); lines++ {
			w.hear(r.Text())
			if lines == kill {
				cmd.Process.Kill()
			}
		}
		cmd.Wait()
		if lines < kill {
			t.Fatalf("the child wrote %d lines: %s", lines, said(cmd))
		}
		w.compare(t, dir)
	}
	t.Logf("%d texts confirmed in %d rounds", w.confirmed, rounds)
}

// crashing asks for changes without end and writes what it asks and what is
// confirmed: "p" or "d" and the number, "P" or "D" when it is kept.
func crashing(t *testing.T, dir string) {
	s := mustOpen(t, dir)
	known, err := s.Known()
	if err != nil {
		t.Fatal(err)
	}
	window := make(chan struct{}, 200) // in flight
	tell := func(what string, id uint64) {
		if _, err := os.Stdout.WriteString(fmt.Sprintf("%s %d\n", what, id)); err != nil {
			os.Exit(1)
		}
	}
	// Callbacks come on the writer's goroutine, which stands still as the pipe is full.
	for id := known.LastText + 1; ; id++ {
		c := put(id, fmt.Sprint("user", id%crashUsers), "alice", strings.Repeat("x", int(id%500)))
		window <- struct{}{}
		tell("p", id)
		s.Keep(c, func(err error) {
			if err != nil {
				tell(err.Error(), id)
			}
			tell("P", id)
			<-window
		})
		if id%3 == 0 {
			tell("d", id)
			s.Keep(drop(id, c.Text.To), func(err error) { tell("D", id) })
		}
	}
}

// A witness keeps what a child said over all its lives.
type witness struct {
	asked     map[uint64]string // the last word for each number
	confirmed int
	last      uint64
}

func (w *witness) hear(line string) {
	if w.asked == nil {
		w.asked = map[uint64]string{}
	}
	var what string
	var id uint64
	if _, err := fmt.Sscanf(line, "%s %d", &what, &id); err != nil {
		return // a line that the kill has cut
	}
	switch {
	case what == "P":
		w.confirmed++
		w.last = max(w.last, id)
		if w.asked[id] == "p" {
			w.asked[id] = what
		}
	case what == "p" || what == "d" || what == "D":
		w.asked[id] = what
	}
}

// compare opens what the child left and says what is wrong with it.
func (w *witness) compare(t *testing.T, dir string) {
	t.Helper()
	s := mustOpen(t, dir)
	defer mustClose(t, s)
	known, err := s.Known()
	if err != nil {
		t.Fatal(err)
	}
	if known.LastText < w.last {
		t.Errorf("the last text is number %d, and %d was confirmed", known.LastText, w.last)
	}
	there := map[uint64]bool{}
	for u := range crashUsers {
		all, err := inbox(s, fmt.Sprint("user", u), 0, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range all {
			there[x.ID] = true
			if len(x.Text) != int(x.ID%500) || w.asked[x.ID] == "" {
				t.Errorf("text %d of %d bytes was never given", x.ID, len(x.Text))
			}
		}
	}
	for id := uint64(1); id <= known.LastText; id++ {
		switch what := w.asked[id]; {
		case what == "P" && !there[id]:
			t.Errorf("text %d was confirmed and is lost", id)
		case what == "p" && !there[id]:
			t.Errorf("text %d is lost, and one behind it was kept", id)
		case what == "D" && there[id]:
			t.Errorf("text %d was dropped and is there", id)
		}
	}
	// What was under way may be there or not; from now on it is as it is.
	for id, what := range w.asked {
		switch {
		case what == "d" && there[id], what == "p" && there[id]:
			w.asked[id] = "P"
		case what != "P":
			delete(w.asked, id)
		}
	}
}

// wantBroken wants an error that a person can be told.
func wantBroken(t *testing.T, err error, word string) {
	t.Helper()
	var told *chat.Error
	if !errors.As(err, &told) || told.Kind != chat.Broken || !strings.Contains(told.Text, word) {
		t.Errorf("%v (for people: %v) is not of kind Broken with %q", err, told, word)
	}
}

// kept is what of a list of texts was confirmed.
type kept struct {
	s    *Store
	want []string
	next uint64
}

// try keeps n texts of so many bytes, all given at once, and says how many of
// them were kept, and why others were not.
func (k *kept) try(n, bytes int) (good int, why error) {
	type outcome struct {
		id  uint64
		err error
	}
	out := make(chan outcome, n)
	for range n {
		k.next++
		id := k.next
		k.s.Keep(put(id, "bob", "alice", strings.Repeat("x", bytes)), func(err error) { out <- outcome{id, err} })
	}
	for range n {
		if o := <-out; o.err != nil {
			why = o.err
		} else {
			good++
			k.want = append(k.want, fmt.Sprint(o.id))
		}
	}
	return good, why
}

// check wants in bob's inbox what was confirmed and nothing else.
func (k *kept) check(t *testing.T, when string) {
	t.Helper()
	if got, want := ids(t, k.s, "bob", 0, 1<<30), strings.Join(k.want, " "); got != want {
		t.Errorf("%s: there are %s\nconfirmed was %s", when, got, want)
	}
}
