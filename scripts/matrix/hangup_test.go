package matrix

import (
	"testing"
)

// TestSaidWhileTheyHangUp: a text for somebody of mim0 who closes the line at that
// moment arrives by another one, or its author is told that it has not.
//
// Not beside others, which start programs: for a moment each of those has all
// our sockets, and a connection that we have closed is still open.
func TestSaidWhileTheyHangUp(t *testing.T) {
	s := serve(t)
	vera, dirk := s.joinMim0(t, "vera"), s.join(t, "dtu", "dirk")
	meet(t, vera, dirk)
	for range 50 {
		if _, err := vera.say("dirk", "hello"); err != nil {
			t.Fatal(err)
		}
		dirk.seen().want(t, said, "vera", "hello")
		vera.hangUp()
		vera.want(t, closed, "dirk", "")
		got, err := dirk.say("vera", "again")
		if err != nil {
			t.Fatal(err)
		}
		if got == "" {
			vera.want(t, said, "dirk", "again")
			vera.hangUp()
			vera.want(t, closed, "dirk", "")
		} else if got != "NOTACCEPTED: the receiver has left" {
			t.Fatalf("the author is told %q", got)
		}
	}
}
