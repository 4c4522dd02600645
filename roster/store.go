package roster

import "time"

// Known is what the store knew when the server started. Names are written as
// their users wrote them; they are found without regard to case.
type Known struct {
	Accounts []Account
	Blocks   []Blocking
	Seen     []Seen
	Waiting  map[string]int // texts in the inbox of each account that has some, by name
	LastText uint64         // the highest Text.ID ever given
}

// An Account is a name that its user comes back to: it has an inbox. Bound: it
// has a password, and whoever has none cannot take the name.
type Account struct {
	Name  string
	Alias string // ASCII letters and digits; empty: the name is one
	Bound bool
}

// A Blocking says that By does not want to hear of Who.
type Blocking struct{ By, Who string }

// A Seen says when a user was here last: until At.
type Seen struct {
	Name string
	At   time.Time
}

// A Text waits in the inbox of To. IDs grow: by them an inbox is in order.
type Text struct {
	ID       uint64
	To, From string
	At       time.Time // when it was written
	Text     []byte
}

// A Change is one thing that a Store is to keep. Which fields count depends on
// Kind. Once given to a Store nothing in it is changed.
type Change struct {
	Kind  ChangeKind
	Text  Text // Put: all of it; Drop: To and ID
	Block Blocking
	Seen  Seen
}

// ChangeKind says what a Change does. Each is the same if it is done twice.
type ChangeKind uint8

const (
	// Put a text into an inbox.
	Put ChangeKind = iota + 1
	// Drop a text from an inbox.
	Drop
	// Block is a new Blocking, Unblock the end of one.
	Block
	Unblock
	// See that a user was here until Seen.At.
	See
)

// A Store keeps what must outlive the server. Its methods may be called on
// any goroutine and do not wait for the disk; done is called once, on any
// goroutine, and must not block.
type Store interface {
	// Keep makes a change lasting. done(nil) means that it would survive the
	// loss of power now; with an error it is not kept and never will be. Changes
	// are kept in the order of the calls: one that is kept has all before it
	// that were kept. done may be nil.
	Keep(c Change, done func(error))
	// Inbox gives the texts for an account with an ID above after, at most max,
	// in order. It sees every change for which done was called before.
	Inbox(name string, after uint64, max int, done func([]Text, error))
}
