package book

import (
	"cmp"
	"slices"
	"time"

	"mim/chat"
)

// Kind is what a conversation is with.
type Kind uint8

const (
	Home     Kind = iota // the server and mim itself: "@home"
	Room                 // all in a room
	Everyone             // everyone who is here (chat.Traits.All)
	Person               // one person
)

// A Key names a conversation. Name is as the client writes it: a handle, or a
// room with its "#"; empty for Home and Everyone.
type Key struct {
	Kind Kind
	Name string
}

// String is the key as it is shown: "@home", "#tea", "bob", `"Anna Maria"`.
func (k Key) String() string {
	switch k.Kind {
	case Home:
		return "@home"
	case Everyone:
		return "@ALL"
	case Room:
		return chat.QuoteRoom(k.Name)
	}
	return chat.Quote(k.Name)
}

// Standing is whether one can still talk in a conversation.
type Standing uint8

const (
	Ready  Standing = iota // one can; a direct line is opened by the first text
	Open                   // a direct line is up, or we are in the room
	Closed                 // the line is down, or the person or we have gone: grey, to be read until it is closed
)

// A Conversation is what was said with one person or in one room, and how far
// it was read. Its methods give what is there now; what they return is valid
// until the next call that changes the book, and is not to be changed.
type Conversation struct {
	key      Key
	lines    []Line
	bytes    int
	standing Standing
	why      string // of Closed
	address  string
	dialect  string

	seen     uint64 // the last line that was read
	mark     uint64 // the first that was not, when it was opened: the unread line; 0: none
	unread   int
	mentions int
	activity bool
	scroll   Anchor
	used     uint64
	changed  uint64 // the book's version when lines changed

	draft   string
	typed   []string // input history, the latest last
	back    int      // how far the history is gone back; 0: not
	current string   // what was typed when it was gone back
	members map[string]bool
	noMore  bool // the history has no older lines
}

// An Anchor is where a conversation is scrolled to: the line at the bottom of
// the window, of which so many rows are below it. The zero Anchor follows the
// end.
type Anchor struct {
	Line uint64
	Rows int
}

// Key is the conversation's name.
func (c *Conversation) Key() Key { return c.key }

// Lines are those in memory, the oldest first.
func (c *Conversation) Lines() []Line { return c.lines }

// Version is that of the book when a line of it changed last.
func (c *Conversation) Version() uint64 { return c.changed }

// Unread is how many texts of others were not read.
func (c *Conversation) Unread() int { return c.unread }

// Mentions is how many of them have our name in them.
func (c *Conversation) Mentions() int { return c.mentions }

// Activity reports whether anything happened since it was last open, be it only
// that somebody came.
func (c *Conversation) Activity() bool { return c.activity }

// UnreadFrom is the first line that was not read when the conversation was
// opened: above it the screen says "here you were". 0: none.
func (c *Conversation) UnreadFrom() uint64 { return c.mark }

// Standing says whether one can talk here, and why not.
func (c *Conversation) Standing() (s Standing, why string) { return c.standing, c.why }

// Address is where a direct line leads ("host:port"), harmless; empty: nowhere.
func (c *Conversation) Address() string { return c.address }

// Dialect is the other side's, harmless; empty: it is not known.
func (c *Conversation) Dialect() string { return c.dialect }

// Draft is what was typed here and not sent.
func (c *Conversation) Draft() string { return c.draft }

// Scrolled is where it is scrolled to.
func (c *Conversation) Scrolled() Anchor { return c.scroll }

// Line gives a line by its ID.
func (c *Conversation) Line(id uint64) (l Line, ok bool) {
	if i := c.at(id); i >= 0 {
		return c.lines[i], true
	}
	return Line{}, false
}

// at is where a line stands; -1: it is not in memory.
func (c *Conversation) at(id uint64) int {
	i, ok := slices.BinarySearchFunc(c.lines, id, func(l Line, id uint64) int { return cmp.Compare(l.ID, id) })
	if !ok {
		return -1
	}
	return i
}

// Path says how texts go: chat/client's PathDirect or PathRelay; empty in @home.
func (b *Book) Path(k Key) string {
	switch {
	case k.Kind == Home:
		return ""
	case b.relayed():
		return "relay"
	}
	return "direct"
}

// Proof says how the other side's name was proven.
func (b *Book) Proof(k Key) chat.Proof {
	if k.Kind == Person && b.cfg.Traits.Accounts {
		return chat.Pass
	}
	return chat.Claim
}

// Conversations are all there are, in their order: @home, rooms, everyone,
// people, and among each other as they began.
func (b *Book) Conversations() []*Conversation { return b.list }

// Conversation gives one by its key, or nil.
func (b *Book) Conversation(k Key) *Conversation { return b.byKey[k] }

// Current is the one that is open; there always is one.
func (b *Book) Current() *Conversation { return b.open }

// conversation gives that of k, which is made if there is none.
func (b *Book) conversation(k Key) *Conversation {
	if c := b.byKey[k]; c != nil {
		return c
	}
	for len(b.list) >= b.cfg.Conversations && b.evict() {
	}
	c := &Conversation{key: k, changed: b.version}
	b.byKey[k] = c
	i, _ := slices.BinarySearchFunc(b.list, k.Kind, func(o *Conversation, kind Kind) int {
		if o.key.Kind <= kind { // behind all of its kind
			return -1
		}
		return 1
	})
	b.list = slices.Insert(b.list, i, c)
	b.use(c)
	return c
}

// use notes that something happened in c.
func (b *Book) use(c *Conversation) {
	b.used++
	c.used = b.used
}

// evict makes room for one more conversation; false: nothing can go.
func (b *Book) evict() bool {
	var quiet *Conversation
	better := func(c *Conversation) bool {
		if quiet == nil {
			return true
		}
		if a, o := c.worth(), quiet.worth(); a != o {
			return a < o
		}
		return c.used < quiet.used
	}
	for _, c := range b.list {
		if c != b.open && c.key.Kind != Home && better(c) {
			quiet = c
		}
	}
	if quiet == nil {
		return false
	}
	b.remove(quiet)
	return true
}

// worth is how much the person would miss the conversation. What strangers can
// do counts less than what the person has done.
func (c *Conversation) worth() int {
	switch {
	case c.draft != "":
		return 3
	case len(c.typed) > 0, c.key.Kind == Room && c.standing == Open:
		return 2
	case c.unread > 0, c.standing == Open:
		return 1
	}
	return 0
}

// remove takes a conversation out of the book.
func (b *Book) remove(c *Conversation) {
	delete(b.byKey, c.key)
	b.list = slices.DeleteFunc(b.list, func(o *Conversation) bool { return o == c })
	b.bytes -= c.bytes
	b.version++
}

// Show gives the conversation of k, which is made if there is none, without
// opening it.
func (b *Book) Show(k Key) *Conversation { return b.conversation(k) }

// Open makes k the conversation that is read, from its end on; one that is not
// there is begun. What is unread in it is read now.
func (b *Book) Open(k Key) *Conversation {
	b.version++
	c := b.conversation(k)
	if c != b.open {
		b.leave()
		b.open = c
	}
	b.use(c)
	b.read()
	return c
}

// leave notes that the open conversation is not looked at any more.
func (b *Book) leave() {
	if c := b.open; c != nil && c.scroll == (Anchor{}) {
		c.mark = 0
	}
}

// read notes that the open conversation is looked at.
func (b *Book) read() {
	c := b.open
	if !b.reading(c) {
		return
	}
	c.unread, c.mentions, c.activity = 0, 0, false
	if n := len(c.lines); n > 0 {
		c.seen = c.lines[n-1].ID
	}
	b.caughtUp()
}

// reading reports whether what is said in c is seen as it comes.
func (b *Book) reading(c *Conversation) bool {
	return c == b.open && b.focused && c.scroll == (Anchor{})
}

// Focus says whether the person looks at the screen at all, as far as a
// terminal tells. What comes meanwhile is unread, also in the open conversation.
func (b *Book) Focus(on bool) {
	if on == b.focused {
		return
	}
	b.version++
	if !on {
		b.leave()
	}
	b.focused = on
	b.read()
}

// Scroll moves what is seen of the open conversation; the zero Anchor follows
// its end again, and what came meanwhile is read.
func (b *Book) Scroll(to Anchor) {
	b.version++
	b.open.scroll = to
	b.read()
}

// Close takes a conversation out of the book and gives the lines for the client
// by which it ends for the other side, too: /close or /part, if there is
// something to end. @home cannot be closed. What was kept of it in a history
// stays there.
func (b *Book) Close(k Key) (lines []string) {
	c := b.byKey[k]
	if c == nil || k.Kind == Home {
		return nil
	}
	if c.standing == Open {
		switch {
		case k.Kind == Room:
			lines = append(lines, "/part "+k.Name)
		case !b.relayed():
			lines = append(lines, "/close "+typedName(k.Name))
		}
	}
	if c == b.open {
		b.open = nil
		b.remove(c)
		b.Open(b.next(c).key)
		return lines
	}
	b.remove(c)
	return lines
}

// Tell puts a sentence into a conversation, the answer to a command that no
// client carries out; into @home, if the conversation is not there any more.
func (b *Book) Tell(k Key, at time.Time, text string) {
	b.version++
	c := b.byKey[k]
	if c == nil {
		c = b.home()
	}
	b.system(c, at, System, text)
}

// Forget empties a conversation: its lines, what was typed in it and its draft.
// That a history forgets it, too, is up to whoever has one.
func (b *Book) Forget(k Key) {
	c := b.byKey[k]
	if c == nil {
		return
	}
	b.version++
	b.bytes -= c.bytes
	c.lines, c.bytes, c.changed, c.noMore = nil, 0, b.version, true
	c.unread, c.mentions, c.mark, c.scroll = 0, 0, 0, Anchor{}
	c.typed, c.back, c.current = nil, 0, ""
	b.SetDraft(k, "")
	b.caughtUp()
}

// next is the conversation to go to from one that is closed: the one used last.
func (b *Book) next(gone *Conversation) *Conversation {
	best := b.byKey[Key{Kind: Home}]
	for _, c := range b.list {
		if c != gone && c.key.Kind != Home && c.standing != Closed && (best.key.Kind == Home || c.used > best.used) {
			best = c
		}
	}
	return best
}

// NextActive is where to go next: where our name was said, else where texts
// are unread, else where anything happened; in the order of the list from the
// open one on. false: nowhere.
func (b *Book) NextActive() (k Key, ok bool) {
	here := slices.Index(b.list, b.open)
	for _, wanted := range []func(c *Conversation) bool{
		func(c *Conversation) bool { return c.mentions > 0 },
		func(c *Conversation) bool { return c.unread > 0 && c.key.Kind != Room },
		func(c *Conversation) bool { return c.unread > 0 },
		func(c *Conversation) bool { return c.activity },
	} {
		for i := range b.list {
			if c := b.list[(here+1+i)%len(b.list)]; c != b.open && wanted(c) {
				return c.key, true
			}
		}
	}
	return Key{}, false
}

// Totals are the unread texts and mentions of all conversations.
func (b *Book) Totals() (unread, mentions int) {
	for _, c := range b.list {
		unread += c.unread
		mentions += c.mentions
	}
	return unread, mentions
}

// local gives a time as it is shown.
func (b *Book) local(t time.Time) time.Time { return t.In(b.cfg.Zone) }
