package chat

import "time"

// An Event is something that happened; it is the same for all who hear it.
// An event is valid until the call it is passed to returns, unless its type
// says more.
type Event interface{ event() }

// Came says that Who is here now. Who may be kept.
type Came struct{ Who *Person }

// Went says that Who is gone. Who holds the same values as in its Came.
type Went struct{ Who *Person }

// Said is a line of text from someone. From is nil where the line itself
// tells (a direct line between two people).
type Said struct {
	From *Person
	Text []byte    // UTF-8; may hold anything, line ends too
	To   *Person   // the receiver, where it is for one person; may be nil
	Room string    // in which it was said; empty: in none
	At   time.Time // when it was written, if that was before now; else zero
}

// Members are the people in a room, for one who has just joined it: People
// includes them. Room begins with "#" and is in lower case.
type Members struct {
	Room   string
	People []*Person
}

// Entered says that Who is in a room now, Exited that they are not any more.
type Entered struct {
	Room string
	Who  *Person
}
type Exited struct {
	Room string
	Who  *Person
}

// Ping wants a Pong with the same number, of nine digits at most.
type Ping struct{ Number uint32 }

// CallState says how far a call is.
type CallState uint8

const (
	// CallAsked: to the one who asked, that Who is being asked; to the one who
	// is asked, that Who asks.
	CallAsked CallState = iota + 1
	// CallAccepted: Who takes part.
	CallAccepted
	// CallDenied: Who does not.
	CallDenied
	// CallEnded: it is over for the one who hears this.
	CallEnded
)

// Call is news of a call. Key is its session key, of 15 decimal digits; 0: there
// is none (yet). Who is the other end; of a room's call, to the one who asks,
// Room is the other end and Who is nil. In CallEnded Who may be nil: the key says
// which call it was.
type Call struct {
	State CallState
	Who   *Person
	Room  string
	Key   uint64
}

// Notice is a sentence for the person at the other end, from the server itself.
type Notice struct{ Text string }

func (*Came) event()    {}
func (*Went) event()    {}
func (*Page) event()    {}
func (*Said) event()    {}
func (*Notice) event()  {}
func (*Members) event() {}
func (*Entered) event() {}
func (*Exited) event()  {}
func (*Ping) event()    {}
func (*Call) event()    {}

// event: to a client's calling side an answer is something that happened.
func (*Answer) event() {}

// EventKinds gives one empty event of each kind, for tests that want all of
// them. Answers are not among them: they belong to one link.
func EventKinds() []Event {
	return []Event{
		&Came{}, &Went{}, &Page{}, &Said{}, &Notice{},
		&Members{}, &Entered{}, &Exited{}, &Ping{}, &Call{},
	}
}
