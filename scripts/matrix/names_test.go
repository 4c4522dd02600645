package matrix

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"time"
)

// TestNames: how people whose names not every dialect can write, or whose names
// are the same, are called elsewhere, and that they are reached by it.
func TestNames(t *testing.T) {
	for _, c := range []struct {
		row, claimed string
		before       string // somebody of messenger who has the name
		elsewhere    string // "" if nobody can know
		also         []string
	}{
		{row: "plain", claimed: "bob", elsewhere: "bob", also: []string{"BOB"}},
		{row: "with marks and a point", claimed: "jürgen.k", elsewhere: "jurgenk", also: []string{"JurgenK"}},
		{row: "with a blank", claimed: "Anna Maria", elsewhere: "AnnaMaria", also: []string{"annamaria"}},
		{row: "with a colon", claimed: "eve: hi", elsewhere: "evehi"},
		{row: "like a sentence", claimed: "eve logged out", elsewhere: "eveloggedout"},
		{row: "like fields of a table", claimed: "a-R:1+b", elsewhere: "aR1b"},
		{row: "of other letters", claimed: "日本", elsewhere: "user1"},
		{row: "everyone", claimed: "ALL", elsewhere: "ALL2"},
		{row: "of a member", claimed: "bob", before: "bob", elsewhere: "bob2"},
		{row: "of a member, but for the case", claimed: "Bob", before: "bob", elsewhere: "Bob2"},
		{row: "of the alias of a member", claimed: "böb", before: "bob", elsewhere: "bob2"},
		{row: "that looks like that of a member", claimed: "bоb", before: "bob", elsewhere: "bb2"},
	} {
		t.Run(c.row, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			if c.before != "" {
				s.join(t, "messenger", c.before)
			}
			u := s.joinMim0(t, c.claimed)
			for _, dialect := range []string{"messenger", "comp9331", "dtu", "elc004"} {
				v := s.join(t, dialect, authors[dialect])
				meet(t, u, v)
				for _, name := range append([]string{c.elsewhere}, c.also...) {
					if dialect == "elc004" && name != c.elsewhere {
						continue // its user picks a name from the table
					}
					got, err := v.say(name, "to "+name)
					if want := strings.ReplaceAll(v.wire().sent, "NAME", name); got != want || err != nil {
						t.Fatalf("%s, to %s: %q, %v, want %q", dialect, name, got, err, want)
					}
					u.want(t, said, v.seen().name, "to "+name)
				}
				if _, err := u.say(v.seen().name, "back"); err != nil {
					t.Fatal(err)
				}
				v.seen().want(t, said, c.elsewhere, "back")
			}
		})
	}
}

// TestTwins: mim0 and elc004 let people share a name; elsewhere they have numbers,
// and each is reached by its own.
func TestTwins(t *testing.T) {
	t.Parallel()
	s := serve(t)
	watch := s.join(t, "comp9331", "carla")
	first := s.joinMim0At(t, "bob", "127.0.0.1")
	watch.seen().want(t, came, "bob", "")
	second := s.joinMim0At(t, "bob", "127.0.0.2")
	watch.seen().want(t, came, "bob2", "")
	third := s.join(t, "elc004", "bob")
	watch.seen().want(t, came, "bob3", "")
	for dialect, name := range map[string]string{"messenger": "mona", "dtu": "dora"} {
		v := s.join(t, dialect, name)
		for to, u := range map[string]user{"bob": first, "bob~2": second, "bob2": second, "bob3": third} {
			if dialect == "messenger" && to == "bob~2" {
				continue // not one of its names
			}
			if got, err := v.say(to, "to "+to); err != nil || got != strings.ReplaceAll(v.wire().sent, "NAME", to) {
				t.Fatalf("%s, to %s: %q, %v", dialect, to, got, err)
			}
			u.seen().want(t, said, name, "to "+to)
		}
		for from, u := range map[string]user{"bob": first, "bob2": second, "bob3": third} {
			meet(t, u, v)
			if _, err := u.say(name, "from "+from); err != nil {
				t.Fatal(err)
			}
			v.seen().want(t, said, from, "from "+from)
		}
	}
	// In the table of mim0 both are bob, each at its own address.
	viewer := s.joinMim0(t, "vera")
	for range 2 {
		if _, err := viewer.take(came, "bob"); err != nil {
			t.Fatal(err)
		}
	}
	second.leave()
	watch.seen().want(t, went, "bob2", "")
	if e, err := viewer.take(went, "bob"); err != nil || !strings.HasPrefix(e.text, "127.0.0.2:") {
		t.Errorf("%v, %v is not the second one", e, err)
	}
}

// TestNamesThatAreRefused: a name that belongs to an account, or that looks like
// it, and one that somebody has, in each dialect's own words.
func TestNamesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.join(t, "messenger", "mona")
	for _, c := range []struct{ row, dialect, says, want string }{
		{"of an account", "mim0", string(mim0Login("leia", 4000)), "^Welcome .*\n?the name belongs to an account with a password\n$"},
		{"of an account", "messenger", "REGISTER TOSEND leia\n\n", "ERROR 100 Malformed username\n\n"},
		{"of an account", "comp9331", "leia\nwrong\n", "username: password: Invalid Password. Please try again \nusername: "},
		{"of an account", "dtu", `CONNECT: "leia" "Leia" 1.0.0` + "\r\n", "NICKNAMEINUSE: The nickname 'leia' is already taken\r\n"},
		{"of an account", "elc004", "R:127.0.0.1:4000:leia", ""},
		{"of an account, but for the case", "messenger", "REGISTER TORECV LEIA\n\n", "ERROR 100 Malformed username\n\n"},
		{"of an account, but for the case", "dtu", `CONNECT: "LEIA" "Leia" 1.0.0` + "\r\n", "NICKNAMEINUSE: The nickname 'LEIA' is already taken\r\n"},
		{"of an account, but for the case", "elc004", "R:127.0.0.1:4000:LeiA", ""},
		{"that looks like an account's", "dtu", `CONNECT: "lеia" "Leia" 1.0.0` + "\r\n", "NICKNAMEINUSE: The nickname 'lеia' is already taken\r\n"},
		{"that somebody has", "messenger", "REGISTER TOSEND mona\n\n", "ERROR 100 Malformed username\n\n"},
		{"that somebody has", "dtu", `CONNECT: "Mona" "M" 1.0.0` + "\r\n", "NICKNAMEINUSE: The nickname 'Mona' is already taken\r\n"},
		{"that looks like somebody's", "dtu", `CONNECT: "mоna" "M" 1.0.0` + "\r\n", "NICKNAMEINUSE: The nickname 'mоna' is already taken\r\n"},
	} {
		t.Run(c.dialect+", "+c.row, func(t *testing.T) {
			conn := s.dial(t, c.dialect)
			if err := send(conn, c.says); err != nil {
				t.Fatal(err)
			}
			if c.dialect == "mim0" || c.dialect == "elc004" { // a word at most, and the end
				conn.SetReadDeadline(time.Now().Add(patience))
				got, err := io.ReadAll(conn)
				line, whole := strings.CutSuffix(string(got), "\n")
				switch {
				case err != nil:
					t.Error(err)
				case c.want == "" && len(got) > 0:
					t.Errorf("%q, want nothing", got)
				case c.want != "" && (!whole || strings.Contains(line, "\n") || !strings.Contains(line, "password")):
					t.Errorf("%q is no line that says why", got)
				}
				return
			}
			if got := readUntil(t, bufio.NewReader(conn), conn, c.want); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
