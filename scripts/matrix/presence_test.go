package matrix

import (
	"strings"
	"testing"
)

// TestPresence: who hears that somebody of another dialect comes and goes, how,
// and who does not.
func TestPresence(t *testing.T) {
	t.Parallel()
	s := serve(t)
	viewers := map[string]user{}
	for _, w := range wires {
		viewers[w.name] = s.join(t, w.name, authors[w.name])
	}
	settle(t, viewers)
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			name := readers[w.name]
			u := s.join(t, w.name, name)
			for _, v := range viewers {
				t.Run(v.wire().name+" hears it come", func(t *testing.T) { hears(t, v, u, came) })
			}
			u.leave()
			// In this order: the others are told at once.
			for _, v := range []string{"mim0", "comp9331", "dtu", "messenger", "elc004"} {
				t.Run(v+" hears it go", func(t *testing.T) { hears(t, viewers[v], u, went) })
			}
		})
	}
	for _, v := range viewers {
		for _, what := range [...]string{said, told, gone, closed, roomed} {
			v.seen().never(t, what, "")
		}
	}
}

// settle takes what viewers have heard of each other.
func settle(t *testing.T, viewers map[string]user) {
	t.Helper()
	for _, v := range viewers {
		for _, other := range viewers {
			if v == other || v.wire().hearsWho == no || v.wire().name == "dtu" {
				continue
			}
			// Those who are told hear only of who comes behind them; those who have
			// a table, of all.
			switch u := v.(type) {
			case *elc004User:
				if err := u.poll(); err != nil {
					t.Fatal(err)
				}
			case *lineUser:
				if i, j := indexOf(v), indexOf(other); j < i {
					continue
				}
			}
			if _, err := v.seen().take(came, other.seen().name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func indexOf(u user) int {
	for i, w := range wires {
		if w.name == u.wire().name {
			return i
		}
	}
	return -1
}

// hears wants a viewer to have heard that u came or went, as its wire says.
func hears(t *testing.T, v, u user, what string) {
	t.Helper()
	name := u.seen().name
	switch v.wire().name {
	case "messenger", "dtu":
		if u.wire() == v.wire() && v.wire().name == "dtu" {
			if what == came {
				v.seen().want(t, enters, name, "#lobby")
			} else {
				v.seen().want(t, leaves, name, "#lobby")
			}
		}
		// All that was sent before an answer has come before it.
		if got, err := v.say("nobody", "hi"); err != nil || got == "" {
			t.Errorf("%s: %q, %v", v.seen().name, got, err)
		}
		for _, what := range [...]string{came, went, enters, leaves} {
			v.seen().never(t, what, "")
		}
		return
	case "elc004":
		if err := v.(*elc004User).poll(); err != nil {
			t.Fatal(err)
		}
	}
	e, err := v.seen().take(what, name)
	if err != nil {
		t.Fatal(err)
	}
	if at, is := v.(*mim0User); is {
		if _, here := at.at(name); here != (what == came) {
			t.Errorf("%s: %s is in the table: %v", v.seen().name, name, here)
		}
	}
	if _, more := v.seen().now(what, name); more {
		t.Errorf("%s hears twice that %s %s", v.seen().name, name, e.what)
	}
}

// TestBlockedHearNothing: who is blocked is not told that the one who blocks
// comes and goes; a table has everybody all the same, as whoelse does.
func TestBlockedHearNothing(t *testing.T) {
	t.Parallel()
	s := serve(t)
	cora := s.join(t, "comp9331", "cora").(*lineUser)
	claus := s.join(t, "comp9331", "claus").(*lineUser)
	max := s.joinMim0(t, "max")
	cora.command(t, "block claus", "claus is blocked")
	cora.command(t, "block max", "max is blocked")
	if _, err := max.seen().take(came, "cora"); err != nil {
		t.Fatal(err)
	}
	cora.leave()
	if _, err := max.seen().take(went, "cora"); err != nil {
		t.Fatal(err)
	}
	cora = s.join(t, "comp9331", "cora").(*lineUser)
	if got, err := claus.ask("whoelse\n"); err != nil || !strings.Contains(got, "cora ") || !strings.Contains(got, "max ") {
		t.Errorf("%q, %v", got, err)
	}
	claus.seen().never(t, came, "cora")
	claus.seen().never(t, went, "cora")
	cora.command(t, "unblock claus", "claus is unblocked")
	cora.leave()
	if _, err := claus.seen().take(went, "cora"); err != nil {
		t.Fatal(err)
	}
}
