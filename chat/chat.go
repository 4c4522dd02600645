// Package chat is the vocabulary that every part of mim shares: who is here,
// what was asked, what happened and what went wrong.
//
// Its values carry no behaviour beyond their own rules (what a name may hold,
// how a text is cut). A codec turns bytes into Requests and Events into bytes;
// a roster (of a server) or a client (of a person) turns Requests into Events.
// Nothing here does I/O, reads a clock or holds a lock.
package chat

import (
	"net/netip"
	"time"
)

// A Link names one connection (or one datagram address) for ever: slot in the
// low 32 bits, generation in the high ones. The loop makes it; state that
// belongs to a link may lie in a slice indexed by Slot.
type Link uint64

// Slot is the index of the link's place; places are used again, links never.
func (l Link) Slot() uint32 { return uint32(l) }

// Proof says how a name was proven to belong to its user.
type Proof uint8

const (
	// Claim: nobody checked anything (mim0 has no passwords: seed 000, page 1).
	Claim Proof = iota
	// Pass: a password was right.
	Pass
	// Key: a signature was right.
	Key
)

// Reach says how text gets to a user of a dialect.
type Reach uint8

const (
	// ByLink: on the link by which the user logged in.
	ByLink Reach = iota
	// ByPeerTCP: by dialling the user's own listener (seed 000, "Client Simple Server").
	ByPeerTCP
	// ByPeerUDP: by a datagram to the user's own socket.
	ByPeerUDP
)

// Part says which part of a user's traffic a link carries.
type Part uint8

const (
	// Both: it sends and receives.
	Both Part = iota
	// Sends: texts of the user come by it, and their answers go back.
	Sends
	// Receives: texts for the user go by it.
	Receives
)

// Count says how a user's program counts the length of a text (messenger.md,
// "Length": Java and C++ programs count bytes, Python programs characters).
type Count uint8

const (
	// CountUnknown: it has not shown.
	CountUnknown Count = iota
	// CountBytes: bytes of UTF-8.
	CountBytes
	// CountRunes: characters, that is Unicode code points.
	CountRunes
)

// Traits are what a roster or a client may know of a dialect without knowing
// its name. They are given with each new link and never change.
type Traits struct {
	Dialect     string        // the word for people and logs: "mim0"
	Reach       Reach         // how a user of it is reached
	Presence    bool          // its links hear Came and Went
	Receipts    bool          // who gets a text says Received or refuses it; one at a time
	All         bool          // a Say may be for everyone
	Accounts    bool          // a login is a name and a password of an account
	Rooms       bool          // its users join rooms, and hear who comes and goes there
	Calls       bool          // its users call each other: Talk; what they say goes by datagrams
	Lobby       string        // the room that every login joins; empty: none
	PingAfter   time.Duration // a link is pinged after so much silence; 0: never
	PongWithin  time.Duration // and closed if no right pong comes within this
	Lease       time.Duration // a login holds for this long, without its link; 0: as long as its link
	Renew       time.Duration // a client says so again this often, each time by a new link; 0: never
	Silent      bool          // it has no words for a text that has arrived: who sent it need not wait
	NotSelf     bool          // a text to oneself is an error
	WhoElse     bool          // its server can be asked who else is here, or was: WhoElse
	Blocks      bool          // one may block others: Block
	Logout      bool          // one may say that one leaves: Logout
	TimesOut    bool          // a user from whom nothing comes is logged out after the server's time-out
	Parts       bool          // a user may log in by two links, one for each Part
	MaxText     int           // longest text of a Say in bytes of UTF-8
	Piece       int           // longest text of one Said, in bytes; longer ones come in several. 0: MaxText
	LoginWithin time.Duration // a link that has not logged in after this is closed; 0: never
	RenameGap   time.Duration // least time between two later logins on one link
}

// A Person is someone who is here, as others see them. Persons are immutable:
// a change makes a new one, so that pages and screens may share them freely.
type Person struct {
	Name string
	// Alias stands for the name in dialects that cannot write it: 1 to 64 ASCII
	// letters and digits. Empty: there is none, or the name is one.
	Alias   string
	Dialect string
	Proof   Proof
	// Near is the user's address for viewers on the server's loopback, Far for
	// all others (mim0.md, rule 7). Far is not valid until an address for it is known.
	Near, Far netip.AddrPort
}

// Plain is the alias, or the name if there is none.
func (p *Person) Plain() string {
	if p.Alias != "" {
		return p.Alias
	}
	return p.Name
}

// Word is for dialects whose lines are words and texts behind a colon: the name
// of who has shown its password, if it is one word, else the alias. Names that
// others only claim are shown there in ASCII letters and digits (spec README,
// rule 3).
func (p *Person) Word() string {
	if p.Proof != Claim && IsWord(p.Name) {
		return p.Name
	}
	return p.Plain()
}

// PageSize is the most people that one Page holds.
const PageSize = 64

// A Page is an immutable part of the table of people, at most PageSize of
// them. It is an Event: the bytes of a page are the same for all newcomers of
// one dialect and variant, so whoever encodes it may keep them in Memo.
type Page struct {
	People []*Person
	// Memo belongs to the driver that encodes the page, on its one goroutine;
	// roster and codecs neither read nor write it.
	Memo any
}
