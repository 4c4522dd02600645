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
	At   time.Time // when it was written, if that was before now; else zero
}

// Notice is a sentence for the person at the other end, from the server itself.
type Notice struct{ Text string }

func (*Came) event()   {}
func (*Went) event()   {}
func (*Page) event()   {}
func (*Said) event()   {}
func (*Notice) event() {}

// event: to a client's calling side an answer is something that happened.
func (*Answer) event() {}

// EventKinds gives one empty event of each kind, for tests that want all of
// them. Answers are not among them: they belong to one link.
func EventKinds() []Event {
	return []Event{&Came{}, &Went{}, &Page{}, &Said{}, &Notice{}}
}
