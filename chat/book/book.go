// Package book is what a messenger's screen shows, as values: the
// conversations, what was said in them and what became of it, who is here,
// what is typed and not sent, whether the server is there. It draws nothing.
//
// A Book is fed with two things, in the order in which they happen, each with
// its time: the views of a chat/client (Apply), from which plain lines and JSON
// are made, too, so that they can never disagree; and what the person does
// (Open, SetDraft, Enter, Scroll, Close ...). It does no I/O, reads no clock and
// starts no goroutine; one goroutine at a time may use it.
//
//	chat/client --Show--> Apply --> Conversations, Lines, People, Banner --> a screen
//	the person  --keys--> Enter --> lines for chat/client.Line
//
// The client is to be made with Config.Screen, else the book learns of a text
// of ours only when something has become of it.
//
// All strings that a book gives to be shown are harmless (chat.AppendHarmless):
// no control or format character is in them, but line ends in the text of a line.
// Strings by which something is named (Key.Name, Person.Name, what Enter gives)
// are as the client knows them.
//
// What others can make a book keep is bounded, see Config.
package book

import (
	"strings"
	"time"

	"mim/chat"
	"mim/chat/client"
)

// The bounds of a Config that says nothing else.
const (
	DefaultLines         = 2000     // of a conversation
	DefaultConversations = 500      // with rooms
	DefaultBytes         = 32 << 20 // of all lines together
)

// Config says whose book it is and how much is kept.
type Config struct {
	Name   string         // our own name
	Traits chat.Traits    // of the dialect that we speak
	Zone   *time.Location // of times that are shown; nil: time.Local
	// Lines is how many lines a conversation keeps in memory; the oldest go, to be
	// fetched again from a history, where there is one. Conversations is how many
	// there may be: for one more, the one that was quiet longest goes; first those
	// in which nothing is unread, last those with a draft, never the open one.
	// Bytes bounds the texts of all lines together: beyond it the conversation
	// with most loses its older half. 0: the default.
	Lines, Conversations, Bytes int
	// Local are the commands ("/search") that Enter gives back instead of
	// making a line for the client of them.
	Local []string
}

// A Book is the state of a screen. New makes it.
type Book struct {
	cfg     Config
	self    string // our name, folded
	version uint64
	lastID  uint64 // of lines
	bytes   int    // of the texts of all lines

	list    []*Conversation // in the order of Conversations
	byKey   map[Key]*Conversation
	open    *Conversation
	focused bool
	tickets map[uint64]place // texts of ours that wait
	drafts  map[Key]bool     // that have changed, see TakeDrafts
	asked   []asked          // lines that Enter gave, the latest last
	spoken  uint64           // counts what was said, for who spoke last
	used    uint64           // counts what happened in conversations, for which was quiet longest

	people people
	server server
	calls  calls
}

// A place is a line in a conversation.
type place struct {
	in *Conversation
	id uint64
}

// An asked is a line that was given to the client, and where it was typed.
type asked struct {
	line  string
	in    Key
	draft string // what puts it back
}

// maxAsked is how many lines are remembered for errors about them.
const maxAsked = 64

// New makes a book with the one conversation that is always there, @home, open.
func New(cfg Config) *Book {
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	if cfg.Lines <= 0 {
		cfg.Lines = DefaultLines
	}
	if cfg.Conversations <= 0 {
		cfg.Conversations = DefaultConversations
	}
	if cfg.Bytes <= 0 {
		cfg.Bytes = DefaultBytes
	}
	b := &Book{
		cfg:     cfg,
		self:    fold(cfg.Name),
		lastID:  1 << 40, // below are those of lines fetched from a history
		byKey:   map[Key]*Conversation{},
		focused: true,
		tickets: map[uint64]place{},
		drafts:  map[Key]bool{},
	}
	b.people.init()
	b.open = b.conversation(Key{Kind: Home})
	return b
}

// Version changes whenever something does that could be shown.
func (b *Book) Version() uint64 { return b.version }

// Name is our own name, harmless.
func (b *Book) Name() string { return harmless(b.cfg.Name) }

// Traits are those of the dialect.
func (b *Book) Traits() chat.Traits { return b.cfg.Traits }

// relayed reports whether texts go through the server.
func (b *Book) relayed() bool { return b.cfg.Traits.Reach == chat.ByLink }

// News is what Apply tells of a view, for whoever rings a bell or marks a
// window: the conversation it went to, and what it is.
type News struct {
	In      Key
	Said    bool // somebody else said something
	Direct  bool // to us alone
	Mention bool // with our name in it
	Read    bool // in a conversation that is being read
	Ringing bool // somebody calls
}

// harmless is s for one line of a screen.
func harmless(s string) string {
	if plainASCII(s) {
		return s
	}
	return string(chat.AppendHarmless(nil, s))
}

// harmlessLines is s where it may have several.
func harmlessLines(s string) string {
	if plainASCII(s) {
		return s
	}
	return strings.TrimRight(string(chat.AppendHarmlessLines(nil, s)), "\n")
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// fold makes equal what differs in the case of letters only.
func fold(s string) string { return chat.Fold(s) }

// Apply takes one view, at its time.
func (b *Book) Apply(v client.View) News {
	b.version++
	now := v.At
	switch v.Event {
	case client.Said:
		return b.said(v)
	case client.Waiting:
		b.waiting(v)
	case client.Sent:
		b.sent(v)
	case client.Came, client.Went:
		b.presence(v)
	case client.Joined:
		b.joined(v)
	case client.UserJoin, client.UserLeave:
		b.moved(v)
	case client.Opened, client.Closed:
		b.line(v)
	case client.Table:
		b.table(v)
	case client.Ready, client.Offline, client.Online, client.Trying:
		b.serverView(v)
	case client.Notice:
		b.notice(v)
	case client.Error:
		b.failed(v)
	case client.Bye:
		b.append(b.byKey[Key{Kind: Home}], Line{At: now, Kind: System, Text: "bye"})
	case client.Called:
		return b.call(v)
	case client.Voices:
		b.voices(v)
	}
	return News{}
}
