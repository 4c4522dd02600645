package serve

import (
	"fmt"
	"testing"
	"time"
)

// What all hear of is encoded once for each variant of each dialect, however many
// hear it: here one variant of mim0 (all are far) and one of every other dialect.
func TestEncodesOfAllKinds(t *testing.T) {
	for _, people := range []int{50, 500} {
		t.Run(fmt.Sprint(people), func(t *testing.T) {
			s := newSoak(t, 1, people)
			for _, p := range s.all {
				p.comes()
				s.Run(5 * time.Millisecond)
			}
			s.Run(2 * time.Second)
			near := newRegistrant(s, people) // on the server's own machine: one more variant
			for _, row := range []struct {
				what string
				do   func()
				want uint64
			}{
				{"somebody by dtu leaves", func() { s.all[3].bye(s.all[3]) }, 1 + 1 + 1},               // mim0, comp9331, the lobby
				{"and comes back", func() { s.all[3].comes() }, 1 + 1 + 1 + 1},                         // and who is in the lobby
				{"a text in a room", func() { s.all[8].send(s.all[8].main, "MSG #lobby: hi\r\n") }, 1}, //
				// One for comp9331, two for messenger, which has two variants here; dtu says
				// to whom it is, mim0 is told when each dial has gone well.
				{"a text to all", func() { s.all[2].send(s.all[2].main, "broadcast hi\n") }, 1 + 2 + 2*uint64(people/len(soakKinds))},
				{"somebody by comp9331 leaves", func() { s.all[2].bye(s.all[2]) }, 1 + 1},                     // mim0, comp9331
				{"somebody by messenger leaves", func() { s.all[1].bye(s.all[1]) }, 1 + 1},                    //
				{"somebody by elc004 leaves", func() { s.all[4].speech.(*poster).withdraw(s.all[4]) }, 1 + 1}, //
				{"somebody by mim0 leaves", func() { s.all[5].bye(s.all[5]) }, 1 + 1},                         //
				{"somebody comes from this machine", func() { near.comes() }, 1 + 1 + pages(s)},               // and a table near
				{"and leaves: there is nobody near", func() { near.bye(near) }, 1 + 1},
			} {
				before := s.mode.Encodes()
				row.do()
				s.Run(2 * time.Second)
				if n := s.mode.Encodes() - before; n != row.want {
					t.Errorf("%s: %d encodings, want %d", row.what, n, row.want)
				}
			}
		})
	}
}

// newRegistrant is somebody by mim0 on the server's own machine.
func newRegistrant(s *soaker, n int) *program {
	for n%len(soakKinds) != 0 {
		n++
	}
	p := s.program(n)
	p.at = server
	p.host = s.Host(server, p)
	return p
}

// pages are those of the table.
func pages(s *soaker) (n uint64) {
	in := 0
	for range s.mode.roster.People() {
		in++
	}
	return uint64((in + 63) / 64)
}
