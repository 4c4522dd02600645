package matrix

import (
	"slices"
	"strings"
	"testing"
)

// TestToEveryone: what the two dialects say that can speak to everyone reaches
// everyone, two of each dialect, and not its author.
func TestToEveryone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	people := map[string]user{}
	for _, w := range wires {
		people[authors[w.name]], people[readers[w.name]] = s.join(t, w.name, authors[w.name]), s.join(t, w.name, readers[w.name])
	}
	for _, c := range []struct{ author, want string }{
		{authors["messenger"], "SENT ALL"}, {readers["messenger"], "SENT ALL"},
		{authors["comp9331"], ""}, {readers["comp9331"], ""},
	} {
		t.Run(c.author, func(t *testing.T) {
			for _, text := range []string{"first, to all", "second: to all"} {
				var got string
				var err error
				if u, is := people[c.author].(*lineUser); is {
					got, err = u.ask("broadcast " + text + "\n")
				} else {
					got, err = people[c.author].say("ALL", text)
				}
				if got != c.want || err != nil {
					t.Errorf("the author is told %q, %v, want %q", got, err, c.want)
				}
				for name, u := range people {
					if name != c.author {
						u.seen().want(t, said, c.author, text)
					}
				}
				people[c.author].seen().never(t, said, c.author)
			}
		})
	}
}

// TestRooms: those of dtu, with groups of elc004 in which others are members.
func TestRooms(t *testing.T) {
	t.Parallel()
	s := serve(t)
	dora, dirk := s.join(t, "dtu", "dora").(*lineUser), s.join(t, "dtu", "dirk").(*lineUser)
	dora.want(t, listed, "#lobby", "dora")
	dirk.want(t, listed, "#lobby", "dora, dirk")
	dora.want(t, enters, "dirk", "#lobby")
	elsa, emil := s.join(t, "elc004", "elsa").(*elc004User), s.join(t, "elc004", "emil").(*elc004User)
	if err := elsa.poll(); err != nil { // emil came behind her
		t.Fatal(err)
	}
	mona := s.join(t, "messenger", "mona")

	join := func(u *elc004User, group string) {
		t.Helper()
		for _, name := range []string{"dora", "dirk"} {
			at, ok := u.at(name)
			if !ok {
				t.Fatalf("%s is not in the table of %s", name, u.name)
			}
			if err := u.send(at, "J:7:"+group); err != nil {
				t.Fatal(err)
			}
			u.want(t, enters, name, "#"+group)
		}
	}
	t.Run("who joins a group is in the room", func(t *testing.T) {
		join(elsa, "lobby")
		for _, u := range []*lineUser{dora, dirk} {
			u.want(t, enters, "elsa", "#lobby")
		}
		join(emil, "lobby")
		for _, u := range []*lineUser{dora, dirk} {
			u.want(t, enters, "emil", "#lobby")
		}
	})
	for _, text := range []string{"to the room", strings.Repeat("long ", 300)} {
		t.Run("a text of a room reaches its group", func(t *testing.T) {
			if got, err := dora.say("#lobby", text); got != "" || err != nil {
				t.Errorf("the author is told %q, %v", got, err)
			}
			text := strings.Trim(text, " ")
			dirk.want(t, roomed, "dora", "#lobby "+text)
			for _, u := range []*elc004User{elsa, emil} {
				var parts []string
				for _, part := range pieces(text, wireOf("elc004").piece) {
					e, err := u.take(roomed, "dora")
					if err != nil {
						t.Fatal(err)
					}
					parts = append(parts, "#lobby "+part)
					if !slices.Contains(parts, e.text) { // datagrams may overtake
						t.Errorf("%s: %q", u.name, e.text)
					}
				}
			}
		})
	}
	t.Run("a text of a group reaches its room", func(t *testing.T) {
		for _, name := range []string{"dora", "dirk"} {
			at, _ := elsa.at(name)
			if got, err := elsa.sayAt(at, "G", "lobby:to the: group"); got != "A" || err != nil {
				t.Errorf("the author is told %q, %v", got, err)
			}
		}
		dora.want(t, roomed, "elsa", "#lobby to the: group")
		dirk.want(t, roomed, "elsa", "#lobby to the: group")
	})
	t.Run("members are in the list", func(t *testing.T) {
		dirk.command(t, "JOIN: #lobby", "")
		e, err := dirk.take(listed, "#lobby")
		names := strings.Split(e.text, ", ")
		slices.Sort(names)
		if got := strings.Join(names, " "); err != nil || got != "dirk dora elsa emil" {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("a room of one's own", func(t *testing.T) {
		dora.command(t, "JOIN: #quiet", "")
		dora.want(t, listed, "#quiet", "dora")
		if got, err := elsa.say("dora", "are you there?"); got != "A" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		dora.want(t, said, "elsa", "are you there?")
		// dirk's port is in no such group, and does not answer.
		at, _ := elsa.at("dirk")
		if err := elsa.send(at, "J:8:quiet"); err != nil {
			t.Fatal(err)
		}
		at, _ = elsa.at("dora")
		if err := elsa.send(at, "J:8:quiet"); err != nil {
			t.Fatal(err)
		}
		dora.want(t, enters, "elsa", "#quiet")
		dirk.never(t, enters, "elsa")
	})
	t.Run("who leaves the group leaves the room", func(t *testing.T) {
		for _, name := range []string{"dora", "dirk"} {
			at, _ := emil.at(name)
			if err := emil.send(at, "L:9:lobby"); err != nil {
				t.Fatal(err)
			}
		}
		dora.want(t, leaves, "emil", "#lobby")
		dirk.want(t, leaves, "emil", "#lobby")
	})
	t.Run("who leaves the server leaves the room", func(t *testing.T) {
		elsa.leave()
		dora.want(t, leaves, "elsa", "#quiet") // the last one first
		dora.want(t, leaves, "elsa", "#lobby")
		dirk.want(t, leaves, "elsa", "#lobby")
	})
	mona.seen().never(t, said, "")
}
