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
	Called    Event = "call"      // how far a call with Name, or of Room, is: State, Why; Name with Room: who takes part, too
	Notice    Event = "notice"    // a sentence from the server or about a link: Text
	Error     Event = "error"     // Kind, Text
	Offline   Event = "offline"   // the server was lost: Why, and in Text what comes next
	Online    Event = "online"    // it is back and the table is right
	Bye       Event = "bye"       // the last of all
)

// Events for a screen, which stays and changes what it shows. Lines and JSON,
// which do not, say nothing of them; they come only with Config.Screen.
const (
	Waiting Event = "waiting" // a text of ours was accepted, as typed: To or Room, Text, its Ticket. Its Sent comes later, just once
	Voices  Event = "voices"  // several times a second: who is how loud in our call with Name, or of Room, in Voices
	Trying  Event = "trying"  // the server is lost: it is looked for again at Until or, if that is zero, now
)

// ForScreen reports whether e is an event for a screen alone.
func (e Event) ForScreen() bool { return e == Waiting || e == Trying || e == Voices }

// States of a text that was sent.
const (
	StateSent      = "sent"      // the other machine has it or, on its way through a server, the server
	StateDelivered = "delivered" // the other person's program has it, by a receipt
	StateStored    = "stored"    // the server keeps it until the other person is there
	StateFailed    = "failed"    // it has not, or we shall never know: Why
)

// States of a call.
const (
	StateAsked    = "asked"    // we ask for it, and the server has passed that on
	StateRinging  = "ringing"  // Name asks us
	StateAccepted = "accepted" // we take part, or Name does now: there is sound
	StateDenied   = "denied"   // it is declined
	StateEnded    = "ended"    // it is over for us: Why
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
	Voices    []Voice // ourselves first
	// Final marks the error that ends the program, which whoever started it
	// is told with the exit code.
	Final bool

	// The rest is for a screen, which stays: empty without Config.Screen, and
	// neither lines nor JSON write it.

	// Ticket is the number of a text of ours, from 1, in Waiting and in the Sent
	// that says what became of it.
	Ticket uint64
	// Line, in a Notice, a Table or an Error, is the typed line that it answers,
	// as it was given to Client.Line but for its end. With an Error nothing of
	// the line was carried out. Empty: nobody asked.
	Line string
	// Unsure, in a Sent that failed: the text may have arrived.
	Unsure bool
	Until  time.Time // of Trying
}

// A Voice is somebody in our call.
type Voice struct {
	Name     string  // "": nobody knows who it is
	Level    float64 // dB of full scale, from -96
	Speaking bool
	Muted    bool
}

// A Person is an entry of the table as it is shown. Name is the handle by
// which the person is addressed: the name itself for the first of that name
// who came, then name~2, name~3 and so on, the same for as long as they are here.
type Person struct {
	Name    string
	Dialect string
	Address string
}
