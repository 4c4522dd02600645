package dtu

import (
	"bytes"
	"math"
	"slices"
	"unicode/utf8"

	"mim/chat"
	"mim/codec/wire"
)

// maxListed bounds the people of one list; the rest is dropped.
const maxListed = 100_000

// maxPing bounds the digits of a ping, which are sent back as they came.
const maxPing = 32

// serverWords are the words by which a server begins a line.
var serverWords = []string{
	wordAccepted, wordAccept, wordInUse, wordNotAccepted, wordPing, wordJoined,
	wordUserList, wordUserJoin, wordUserLeave, wordMsg, wordTalk,
}

// Next decodes what a server says. It never fails: what is no line of this
// protocol is a Notice.
func (c *caller) Next(p []byte) (chat.Event, int, error) {
	e, n := c.next(p)
	c.taken += uint64(n)
	return e, n, nil
}

func (c *caller) next(p []byte) (chat.Event, int) {
	if c.asked.Pop(&c.answer) {
		return &c.answer, 0
	}
	if e := c.pending; e != nil {
		c.pending = nil
		return e, 0
	}
	if len(p) == 0 {
		c.said.Text, c.loose = nil, false // an idle link holds on to nobody's buffer
		return nil, 0
	}
	if c.list != nil {
		return c.listed(p)
	}
	was := c.lines
	line, n, cut := c.lines.Next(p, maxLine)
	if line == nil {
		if n > 0 {
			return nil, n
		}
		return c.partial(p)
	}
	c.loose = false
	if at := glued(line); at > 0 {
		c.lines = was
		return c.line(line[:at]), at
	}
	if cut {
		if at := c.lists(line); at > 0 {
			c.lines = wire.Lines{}
			return nil, at
		}
		line = chat.Clip(line, maxLine-1)
	}
	return c.line(line), n
}

// partial takes a line that has no end, if nothing comes behind it and known
// servers write such lines.
func (c *caller) partial(p []byte) (chat.Event, int) {
	come := c.taken + uint64(len(p))
	at := glued(p)
	if at == 0 && isLoose(p) {
		at = len(p)
	}
	switch {
	case at == 0:
		c.loose, c.silent = false, false
	case c.silent && c.seen == come: // so it is for what is left behind this line
		return c.line(p[:at]), at
	default:
		c.loose, c.silent, c.seen = true, false, come
	}
	return nil, 0
}

// glued is where the next line begins in one that has lost its end; 0: it has
// not (dtu, "How our client knows").
func glued(p []byte) int {
	l := cutLine(p)
	switch string(l.word) {
	case wordUserJoin, wordUserLeave, wordAccepted, wordAccept:
		end := bytes.IndexAny(l.rest, blanks+":")
		if end < 0 {
			return 0
		}
		long := 0
		for _, w := range serverWords {
			if len(w) > long && len(w) < end && bytes.HasSuffix(l.rest[:end], []byte(w)) {
				long = len(w)
			}
		}
		if long > 0 {
			return l.at + end - long
		}
	case wordTalk:
		for _, says := range []string{wordAccepted, callDenied, callEnd} {
			rest, ok := bytes.CutPrefix(l.rest, []byte(says))
			if end := bytes.IndexAny(rest, blanks+":"); ok && end > 0 && slices.Contains(serverWords, string(rest[:end])) {
				return l.at + len(says)
			}
		}
	}
	return 0
}

// isLoose reports whether p is a whole line of those that known servers leave
// without an end.
func isLoose(p []byte) bool {
	l := cutLine(p)
	switch string(l.word) {
	case wordUserJoin, wordUserLeave:
		return l.one() && len(l.rest) > 0 && !bytes.ContainsAny(l.rest, blanks+":")
	case wordTalk:
		_, ok := readKey(l.last())
		switch string(l.rest) {
		case wordAccepted, callDenied, callEnd:
			return ok
		}
	}
	return false
}

// line is what a whole line says; nil: it answers something, or is blank. Of a
// refusal that answers nothing the sentence is for people, its word is not.
func (c *caller) line(p []byte) chat.Event {
	l := cutLine(p)
	if len(l.word) == 0 && !l.colon {
		return nil
	}
	if e, ok := c.known(l); ok {
		return e
	}
	if len(p) > maxSentence {
		p = chat.Clip(p, maxSentence)
	}
	return &chat.Notice{Text: sentence(bytes.Trim(p, blanks))}
}

// known decodes a line that the protocol has; ok is false if it is none.
func (c *caller) known(l line) (e chat.Event, ok bool) {
	switch string(l.word) {
	case wordMsg:
		return c.message(l)
	case wordPing:
		return c.ping(l)
	case wordUserJoin, wordUserLeave:
		return c.presence(l)
	case wordUserList:
		return c.members(l)
	case wordJoined:
		room, ok := readRoom(l.rest)
		if ok {
			c.asked.joined(room)
		}
		return nil, ok
	case wordTalk:
		return c.talk(l)
	case wordAccepted, wordAccept:
		if ok = c.asked.loggedIn(nil); ok {
			c.in = true
		}
		return nil, ok
	case wordInUse:
		return nil, c.asked.loggedIn(&chat.Error{Kind: chat.Taken, Text: sentence(l.rest)})
	case wordNotAccepted:
		if !c.asked.refused(l.rest) && len(l.rest) > 0 {
			return &chat.Notice{Text: sentence(l.rest)}, true
		}
		return nil, true
	}
	return nil, false
}

// message is a text. No nil Event may hide in a nil pointer: each is returned
// by itself.
func (c *caller) message(l line) (chat.Event, bool) {
	from, to := l.first(), l.last()
	if !c.find(&c.from, from) {
		return nil, false
	}
	said := chat.Said{From: c.from, Text: l.rest}
	switch {
	case len(to) > 0 && to[0] == '#':
		if c.room != string(to) {
			room, ok := readRoom(to)
			if !ok {
				return nil, false
			}
			c.room = room
		}
		said.Room = c.room
	case c.find(&c.to, to):
		said.To = c.to
	default:
		return nil, false
	}
	if !utf8.Valid(said.Text) {
		said.Text = chat.AppendUTF8(make([]byte, 0, 2*len(l.rest)), l.rest)
	}
	c.said = said
	return &c.said, true
}

// find has at be who has this name; false: it is none.
func (c *caller) find(at **chat.Person, name []byte) bool {
	if *at != nil && (*at).Name == string(name) {
		return true
	}
	who := person(name)
	if who != nil {
		*at = who
	}
	return who != nil
}

// person is who has this name, or nil.
func person(name []byte) *chat.Person {
	if len(name) > maxName {
		return nil
	}
	known := string(chat.AppendUTF8(nil, name))
	if !isName(known) {
		return nil
	}
	return &chat.Person{Name: known, Dialect: dialectName}
}

// ping is answered by the next Due. A number that is none of ours is 0 in the
// event.
func (c *caller) ping(l line) (chat.Event, bool) {
	if !isDigits(l.rest) || len(l.rest) > maxPing || len(l.args) > 0 {
		return nil, false
	}
	if len(c.out) < maxLine {
		c.out = append(c.out, wordPong+colon...)
		c.out = append(append(c.out, l.rest...), lineEnd...)
	}
	number, _ := readNumber(l.rest)
	if number > math.MaxUint32 {
		number = 0
	}
	return &chat.Ping{Number: uint32(number)}, true
}

// presence is somebody who is in a channel now, or is not any more; our own
// leaving may be the answer to a Leave.
func (c *caller) presence(l line) (chat.Event, bool) {
	room, ok := readRoom(l.args)
	who := person(l.rest)
	if !ok || who == nil {
		return nil, false
	}
	if string(l.word) == wordUserJoin {
		return &chat.Entered{Room: room, Who: who}, true
	}
	if who.Name == c.nick && c.asked.left(room) {
		return nil, true
	}
	return &chat.Exited{Room: room, Who: who}, true
}

// members is the list of who is in a channel.
func (c *caller) members(l line) (chat.Event, bool) {
	room, ok := readRoom(l.args)
	if !ok || !l.colon {
		return nil, false
	}
	m := &chat.Members{Room: room}
	addNames(m, l.rest)
	return m, true
}

// addNames adds the people of a list with commas. A name that is longer than a
// line is none, blanks around it or not.
func addNames(m *chat.Members, list []byte) {
	for len(list) > 0 && len(m.People) < maxListed {
		var name []byte
		name, list, _ = bytes.Cut(list, []byte(","))
		if len(name) >= maxLine {
			continue
		}
		if who := person(bytes.Trim(name, blanks)); who != nil {
			m.People = append(m.People, who)
		}
	}
}

// lists begins a list of people that is longer than any other line may be, and
// says where its names begin; 0: line is no list.
func (c *caller) lists(line []byte) int {
	l := cutLine(line)
	room, ok := readRoom(l.args)
	if !ok || !l.colon || string(l.word) != wordUserList {
		return 0
	}
	c.list, c.long = &chat.Members{Room: room}, false
	return l.at
}

// listed takes names of a long list, and its end. A name that does not end
// within a line is none.
func (c *caller) listed(p []byte) (chat.Event, int) {
	end := bytes.IndexByte(p, '\n')
	n, names := end+1, p[:max(end, 0)]
	if end < 0 {
		if n = bytes.LastIndexByte(p, ',') + 1; n == 0 && len(p) >= maxLine {
			c.long = true
			return nil, len(p)
		}
		names = p[:n]
	}
	if n == 0 {
		return nil, 0
	}
	if c.long { // the rest of what is none
		i := bytes.IndexByte(names, ',')
		if i < 0 {
			i = len(names) - 1
		}
		names, c.long = names[i+1:], false
	}
	addNames(c.list, names)
	if end < 0 {
		return nil, n
	}
	e := c.list
	c.list = nil
	return e, n
}

// talk is about a call (dtu rules 13 to 16).
func (c *caller) talk(l line) (chat.Event, bool) {
	if string(l.rest) == callBadKey && len(l.args) == 0 {
		c.asked.badKey()
		return nil, true // else both have ended it, and we heard of theirs first
	}
	key, ok := readKey(l.last())
	if !ok {
		return nil, false
	}
	call := &chat.Call{Key: key}
	if ok = c.otherEnd(call, l.first()); !ok {
		return nil, false
	}
	answered := false
	switch string(l.rest) {
	case callRequest:
		name := string(l.first())
		if call.Room != "" {
			name = call.Room
		} else if call.Who == nil {
			return nil, false
		}
		call.State = chat.CallAsked
		c.remember(key, name)
		answered = c.asked.called(name)
	case wordAccepted:
		call.State = chat.CallAccepted
	case callDenied:
		call.State = chat.CallDenied
		c.forget(key)
	case callEnd:
		call.State = chat.CallEnded
		c.forget(key)
		answered = c.asked.ended(key)
	default:
		return nil, false
	}
	if answered { // first the answer, then what came of it
		c.pending = call
		return nil, true
	}
	return call, true
}

// otherEnd says who or which channel a call is with: as the line says or, if
// it has no name, as an earlier one did.
func (c *caller) otherEnd(call *chat.Call, name []byte) bool {
	if len(name) == 0 {
		name = []byte(c.nameOf(call.Key))
	}
	if len(name) > 0 && name[0] == '#' {
		room, ok := readRoom(name)
		call.Room = room
		return ok
	}
	call.Who = person(name)
	return len(name) == 0 || call.Who != nil
}
