package client

import "time"

// An Event is the word by which scripts know what a View tells.
type Event string

const (
	Ready     Event = "ready"     // logged in: Name, Address of the server, Listening
	Came      Event = "came"      // Name is here: Dialect, Address
	Went      Event = "went"      // Name is gone
	Table     Event = "table"     // the answer to /who and its like: People; Text, if they are not simply those who are here
	Opened    Event = "opened"    // a direct line with Name is up
	Closed    Event = "closed"    // it is down: Why
	Said      Event = "said"      // From said Text, if it is older at Written
	Sent      Event = "sent"      // what became of the Text for To: State, Why
	Joined    Event = "joined"    // we are in Room now: People, who are there, we among them
	UserJoin  Event = "userjoin"  // Name is in Room now
	UserLeave Event = "userleave" // Name, who may be us, is not any more
	Notice    Event = "notice"    // a sentence from the server or about a link: Text
	Error     Event = "error"     // Kind, Text
	Offline   Event = "offline"   // the server was lost: Why, and in Text what comes next
	Online    Event = "online"    // it is back and the table is right
	Bye       Event = "bye"       // the last of all
)

// States of a text that was sent.
const (
	StateSent      = "sent"      // the other machine has it or, on its way through a server, the server
	StateDelivered = "delivered" // the other person's program has it, by a receipt
	StateStored    = "stored"    // the server keeps it until the other person is there
	StateFailed    = "failed"    // it has not, or we shall never know: Why
)

// Paths of a text.
const (
	PathDirect = "direct" // straight between two people
	PathRelay  = "relay"  // through the server
)

// A View is one thing to show. Lines for people, JSON and the screen all draw
// from it, so they can never disagree. Fields that do not apply are empty.
// Names and texts are as they came from others: whoever shows them must make
// them harmless.
type View struct {
	Event     Event
	At        time.Time
	Name      string // whom it is about, by handle
	From, To  string // who said it to whom, by handle
	Room      string // in which it was said or happened; begins with "#"
	Text      string
	Written   time.Time // of a Said that was kept for us: when it was written; else zero
	Dialect   string
	Address   string // "host:port"
	Path      string
	State     string
	Why       string
	Kind      string // a chat.Kind
	Listening string // "host:port" of our own listener; empty if we have none
	People    []Person
	// Final marks the error that ends the program, which whoever started it
	// is told with the exit code.
	Final bool
}

// A Person is an entry of the table as it is shown. Name is the handle by
// which the person is addressed: the name itself for the first of that name
// who came, then name~2, name~3 and so on, the same for as long as they are here.
type Person struct {
	Name    string
	Dialect string
	Address string
}
