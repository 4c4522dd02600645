package matrix

import (
	"errors"
	"strings"
	"testing"
)

// TestWhatAuthorsAreTold: of a text for somebody who is here, who was never, who
// blocks its author, and who has left, by each dialect to each.
func TestWhatAuthorsAreTold(t *testing.T) {
	for i := range wires {
		for j := range wires {
			from, to := &wires[i], &wires[j]
			t.Run(from.name+" to "+to.name, func(t *testing.T) {
				t.Parallel()
				s := serve(t)
				witness := s.joinMim0(t, "walter")
				a, b := s.join(t, from.name, authors[from.name]), s.join(t, to.name, readers[to.name])
				tell := func(row, text, want string) {
					t.Helper()
					if got := attempt(t, a, b.seen().name, text, want); got != toldOf(want, b) {
						t.Errorf("%s: the author is told %q, want %q", row, got, toldOf(want, b))
					}
				}
				meet(t, a, b)
				tell("is here", "one", from.sent)
				b.seen().want(t, said, a.seen().name, "one")

				if got := attempt(t, a, "nobody", "hi", from.unknown); got != strings.ReplaceAll(from.unknown, "NAME", "nobody") {
					t.Errorf("is nobody: the author is told %q, want %q", got, from.unknown)
				}
				if to.name == "comp9331" {
					b.(*lineUser).command(t, "block "+a.seen().name, a.seen().name+" is blocked")
					tell("has blocked the author", "two", from.blocked)
					b.(*lineUser).command(t, "unblock "+a.seen().name, a.seen().name+" is unblocked")
					tell("has blocked no more", "three", from.sent)
					b.seen().want(t, said, a.seen().name, "three")
				}
				b.leave()
				if _, err := witness.take(went, b.seen().name); err != nil {
					t.Fatal(err)
				}
				want := from.left
				if to.name == "comp9331" {
					want = from.stored
				}
				text := "four"
				if want == lineClosed {
					text = "" // it closes by itself
				}
				tell("has left", text, want)
				switch u := a.(type) {
				case *elc004User:
					if err := u.poll(); err != nil {
						t.Fatal(err)
					}
					tell("has left, by the new table", "five", notListed)
				case *mim0User:
					if _, err := u.take(went, b.seen().name); err != nil {
						t.Fatal(err)
					}
					tell("has left, by the new table", "five", notListed)
				}
				b.seen().never(t, said, "")
			})
		}
	}
}

// meet waits until a can find b.
func meet(t *testing.T, a, b user) {
	t.Helper()
	if a.wire().name != "mim0" {
		return
	}
	if _, err := a.seen().take(came, b.seen().name); err != nil {
		t.Fatal(err)
	}
}

// attempt says a text, if it is not empty, and gives what is told of it, in the words of wires. Only
// who looks for the end of a line waits for it: of a text that has arrived by one
// nothing is told.
func attempt(t *testing.T, a user, to, text, want string) string {
	t.Helper()
	got, err := "", error(nil)
	if text != "" {
		got, err = a.say(to, text)
	}
	switch {
	case want == lineClosed:
		e, err := a.seen().take(closed, to)
		if err != nil {
			t.Fatal(err)
		}
		return lineClosed + e.text
	case errors.Is(err, errNotListed):
		return notListed
	case err != nil:
		t.Fatal(err)
	}
	return got
}

// command has a line carried out that is answered by another one.
func (u *lineUser) command(t *testing.T, line, want string) {
	t.Helper()
	if got, err := u.ask(line + "\n"); got != want || err != nil {
		t.Errorf("%s: %q: %q, %v, want %q", u.name, line, got, err, want)
	}
}
