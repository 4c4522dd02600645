package book

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mim/chat"
	"mim/chat/client"
)

// everybody is the name under which the client writes to all.
const everybody = "ALL"

// keyOf is the conversation of a text from or to name, or in room.
func (b *Book) keyOf(room, name string) Key {
	switch {
	case room != "":
		return Key{Room, room}
	case name == everybody && b.relayed() && b.cfg.Traits.All:
		return Key{Kind: Everyone}
	}
	return Key{Person, name}
}

func (b *Book) home() *Conversation { return b.byKey[Key{Kind: Home}] }

// said takes a text of somebody else, or of ours that came back from a room.
func (b *Book) said(v client.View) News {
	k := b.keyOf(v.Room, v.From)
	c := b.conversation(k)
	b.use(c)
	b.people.spoke(v.From, k, b)
	if v.Dialect != "" && k.Kind == Person {
		c.dialect = harmless(v.Dialect)
	}
	l := Line{At: v.At, Written: v.Written, Kind: Said, Who: chat.Quote(v.From), Text: harmlessLines(v.Text)}
	l.Mention = mentions(l.Text, b.self)
	if k.Kind == Person && c.standing == Closed && b.relayed() {
		c.standing, c.why = Ready, ""
	}
	kept := b.append(c, l)
	read := b.reading(c)
	if !read {
		b.unread(c, kept)
	}
	b.server.missed(b, v, kept, read)
	return News{In: k, Said: true, Direct: k.Kind == Person, Mention: l.Mention, Read: read}
}

// unread notes that a line of c was not seen as it came.
func (b *Book) unread(c *Conversation, l *Line) {
	c.unread++
	if l.Mention {
		c.mentions++
	}
	if c.mark == 0 {
		c.mark = l.ID
	}
}

// waiting takes a text of ours that was accepted.
func (b *Book) waiting(v client.View) {
	c := b.conversation(b.keyOf(v.Room, v.To))
	b.use(c)
	l := b.append(c, Line{At: v.At, Kind: Own, Who: chat.Quote(b.cfg.Name), Text: harmlessLines(v.Text), State: Waiting, Ticket: v.Ticket})
	if len(b.tickets) >= maxTickets {
		b.forgetTickets()
	}
	b.tickets[v.Ticket] = place{c, l.ID}
	b.unmark(c)
}

// maxTickets is how many texts of ours are remembered whose fate may change.
const maxTickets = 20_000

// forgetTickets forgets those that do not wait any more, or are out of memory.
func (b *Book) forgetTickets() {
	for t, at := range b.tickets {
		if l, ok := at.in.Line(at.id); !ok || l.State != Waiting {
			delete(b.tickets, t)
		}
	}
}

// unmark takes the unread line away once we have said something ourselves.
func (b *Book) unmark(c *Conversation) {
	if c == b.open {
		c.mark = 0
	}
}

// sent takes what became of a text of ours. What was typed comes back into an
// empty draft if it is sure that nobody has it.
func (b *Book) sent(v client.View) {
	k := b.keyOf(v.Room, v.To)
	state := stateOf(v.State)
	at, ok := b.tickets[v.Ticket]
	if state != Sent { // of that one may hear more
		delete(b.tickets, v.Ticket)
	}
	i := -1
	if ok && b.byKey[at.in.key] == at.in {
		i = at.in.at(at.id)
	}
	if i < 0 {
		if ok && state != Failed {
			return // its line is out of memory
		}
		c := b.conversation(k)
		b.append(c, Line{At: v.At, Kind: Own, Who: chat.Quote(b.cfg.Name), Text: harmlessLines(v.Text), Ticket: v.Ticket})
		at.in, i = c, len(c.lines)-1
	}
	l := &at.in.lines[i]
	before := l.size()
	l.State, l.Why, l.Unsure = state, harmless(v.Why), v.Unsure
	b.resize(at.in, l, before)
	if state == Failed {
		at.in.activity = at.in.activity || !b.reading(at.in)
		if !v.Unsure && at.in.draft == "" {
			b.SetDraft(at.in.key, at.in.retyped(v.Text))
		}
	}
}

// retyped is how a text is typed in its conversation.
func (c *Conversation) retyped(text string) string {
	switch {
	case strings.HasPrefix(text, "/"):
		return "/" + text
	case strings.HasPrefix(text, "@"):
		return c.to() + text
	}
	return text
}

// system puts a sentence into a conversation.
func (b *Book) system(c *Conversation, at time.Time, kind LineKind, text string) {
	b.append(c, Line{At: at, Kind: kind, Text: harmlessLines(text)})
}

// fold adds somebody who came or went to the end of c.
func (b *Book) fold(c *Conversation, at time.Time, name string, came bool) {
	n := len(c.lines)
	if n == 0 || c.lines[n-1].Kind != Presence || c.lines[n-1].Old || !sameDay(b.local(c.lines[n-1].At), b.local(at)) {
		b.append(c, Line{At: at, Kind: Presence})
		n = len(c.lines)
	}
	l := &c.lines[n-1]
	before := l.size()
	to, from := &l.came, &l.went
	if !came {
		to, from = from, to
	}
	switch {
	case from.drop(name): // they came and went, or are back: nothing to be said
		if l.came.len()+l.went.len() == 0 {
			b.drop(c)
			return
		}
	case !slices.Contains(to.names, name):
		to.add(name)
	}
	l.At = at
	l.fold()
	b.resize(c, l, before)
}

func sameDay(a, o time.Time) bool { return a.YearDay() == o.YearDay() && a.Year() == o.Year() }

// presence takes somebody who is here now, or not any more.
func (b *Book) presence(v client.View) {
	came := v.Event == client.Came
	b.people.here(v, came)
	b.fold(b.home(), v.At, chat.Quote(v.Name), came)
	c := b.byKey[Key{Person, v.Name}]
	if c == nil {
		return
	}
	b.fold(c, v.At, chat.Quote(v.Name), came)
	switch {
	case came && c.standing != Open:
		c.standing, c.why = Ready, ""
	case !came && (b.relayed() || c.standing == Ready):
		c.standing, c.why = Closed, c.key.String()+" is gone"
	}
}

// joined takes a room that we are in now, and who is there.
func (b *Book) joined(v client.View) {
	c := b.conversation(Key{Room, v.Room})
	b.use(c)
	c.standing, c.why = Open, ""
	c.members = make(map[string]bool, len(v.People))
	for _, p := range v.People {
		c.members[p.Name] = true
	}
	b.people.changed()
	text := "you are in " + c.key.String()
	if n := len(c.members); n > 1 {
		text += ", with " + strconv.Itoa(n-1) + " " + others(n-1)
	}
	b.system(c, v.At, System, text)
}

func others(n int) string {
	if n == 1 {
		return "other"
	}
	return "others"
}

// moved takes who came into a room or left it.
func (b *Book) moved(v client.View) {
	c := b.byKey[Key{Room, v.Room}]
	if c == nil {
		return // closed, and the server does not know yet
	}
	if fold(v.Name) == b.self {
		if v.Event == client.UserLeave {
			c.standing, c.why = Closed, "you have left "+c.key.String()
			c.members = nil
			b.people.changed()
			b.system(c, v.At, System, c.why)
		}
		return
	}
	came := v.Event == client.UserJoin
	if came {
		if c.members == nil {
			c.members = map[string]bool{}
		}
		c.members[v.Name] = true
	} else {
		delete(c.members, v.Name)
	}
	b.people.changed()
	b.fold(c, v.At, chat.Quote(v.Name), came)
}

// line takes a direct line that is up or down.
func (b *Book) line(v client.View) {
	k := Key{Person, v.Name}
	name := k.String()
	if v.Event == client.Opened {
		c := b.conversation(k)
		b.use(c)
		c.standing, c.why = Open, ""
		c.address, c.dialect = harmless(v.Address), harmless(v.Dialect)
		b.system(c, v.At, System, "the line with "+name+" is open ("+v.Address+")")
		return
	}
	c := b.byKey[k]
	if c == nil {
		return // the person has closed it
	}
	c.standing, c.why = Closed, harmless(v.Why)
	b.system(c, v.At, System, "the line with "+name+" is closed: "+v.Why)
}

// askedIn is the conversation where the line was typed that a view answers, or
// the one to use instead.
func (b *Book) askedIn(v client.View, instead *Conversation) (*Conversation, *asked) {
	if v.Line == "" {
		return instead, nil
	}
	for i := len(b.asked) - 1; i >= 0; i-- {
		if a := &b.asked[i]; a.line == v.Line {
			if c := b.byKey[a.in]; c != nil {
				return c, a
			}
			return b.open, nil
		}
	}
	return b.open, nil
}

// maxListed is how many people the answer to /who names.
const maxListed = 50

// table takes the answer to a question who is here.
func (b *Book) table(v client.View) {
	c, _ := b.askedIn(v, b.open)
	var s strings.Builder
	switch n := len(v.People); {
	case v.Text != "":
		s.WriteString(v.Text)
	case n == 0:
		s.WriteString("nobody else is here")
	case n == 1:
		s.WriteString("one other is here:")
	default:
		s.WriteString(strconv.Itoa(n) + " others are here:")
	}
	for i, p := range v.People {
		switch {
		case i == maxListed:
			s.WriteString(" and " + strconv.Itoa(len(v.People)-i) + " more")
		case i > 0:
			s.WriteString(", " + chat.Quote(p.Name))
		default:
			s.WriteString(" " + chat.Quote(p.Name))
		}
		if i == maxListed {
			break
		}
	}
	b.system(c, v.At, System, s.String())
}

// notice takes a sentence of the server, about a person or a line.
func (b *Book) notice(v client.View) {
	c := b.home()
	text := v.Text
	if v.Name != "" {
		if o := b.byKey[Key{Person, v.Name}]; o != nil {
			c = o
		}
		text = chat.Quote(v.Name) + ": " + text
	}
	c, _ = b.askedIn(v, c)
	b.system(c, v.At, System, text)
}

// failed takes an error. If a line was not carried out for it, what was typed
// is put back where it was typed, unless something else was typed there since.
func (b *Book) failed(v client.View) {
	c, a := b.askedIn(v, b.open)
	b.system(c, v.At, Trouble, v.Text)
	if v.Final {
		b.server.over = harmless(v.Text)
	}
	if a != nil && c.draft == "" {
		b.SetDraft(c.key, a.draft)
	}
}

func wordBefore(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return s != "" && wordly(r)
}

func wordAfter(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && wordly(r)
}

// wordly reports whether r makes a word longer.
func wordly(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || r == '_'
}
