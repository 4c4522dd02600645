package crowd

import (
	"time"

	"mim/chat"
	"mim/chat/script"
	"mim/codec"
	"mim/loop"
)

// state is how far a person is with the server.
type state uint8

const (
	out      state = iota // not logged in, and nothing is under way
	entering              // dialling, or the login has no answer
	in
	leaving // by the script
	gone    // refused, or lost: its script is over
)

// A person is one of the crowd.
type person struct {
	script.Person
	links [2]loop.ID    // to the server, by what they are for: part
	at    time.Duration // when it is woken; never
	since time.Duration // when its login was due
	sum   uint64        // over those whom the server has told of
	self  uint64        // what it is to others in such a sum
	known int32         // how many they are
	place int32         // in Mode.online
	open  int16         // asked, and no outcome yet
	state state
	busy  bool // the script waits for something that has no time: to be in, out, in a room, for everyone
	been  bool // its script has begun
	ended bool // and is over
	more  *more
}

// more is what only some people have, or only for a time.
type more struct {
	asked []uint64 // texts that will be answered one after the other, by number
	rooms []int32  // that it is in
	words string   // the last that the server said before it let it in
	line  *line    // the direct line that is open or dialled
	texts []queued // for direct lines, not said yet
	wants bool     // is in Mode.wantsLine
	mail  *mailbox // where people write to each other by datagrams
}

// extra is the part of p that not everyone has.
func (p *person) extra() *more {
	if p.more == nil {
		p.more = &more{}
	}
	return p.more
}

// An end is whose link of the loop is; in Mode.ends.
type end struct {
	id   loop.ID // 0: nobody's
	n    int32   // the person, or 0: a direct line that was accepted
	kind kind
	skim codec.Skimming // not nil: on a link to the server, news of people are skimmed
}

type kind uint8

const (
	toServer kind = iota
	dialled       // a direct line
	accepted
)

// Tags of dials.
type (
	serverTag struct {
		n    int32
		part chat.Part
	}
	lineTag struct {
		n    int32
		line *line
	}
)

// end is whose link this is; nil: it is over.
func (m *Mode) end(id loop.ID) *end {
	if int(id.Slot()) < len(m.ends) {
		if e := &m.ends[id.Slot()]; e.id == id && id != 0 {
			return e
		}
	}
	return nil
}

// own notes whose link this is.
func (m *Mode) own(e end) {
	for int(e.id.Slot()) >= len(m.ends) {
		m.ends = append(m.ends, end{})
	}
	m.ends[e.id.Slot()] = e
}

// Opened implements loop.Mode.
func (m *Mode) Opened(id loop.ID, i loop.Info) {
	switch tag := i.Tag.(type) {
	case serverTag:
		m.openedServer(id, tag, i.Remote)
	case lineTag:
		m.openedLine(id, tag, i.Remote)
	default:
		m.own(end{id: id, kind: accepted})
		m.driver.Open(id, 0, codec.Link{Role: codec.Peer, Remote: i.Remote})
	}
}

// NotReached begins the words of an error: nobody is where the server should be.
const NotReached = "cannot reach the server"

// Failed implements loop.Mode.
func (m *Mode) Failed(tag any, why error) {
	switch tag := tag.(type) {
	case serverTag:
		if !m.pollClosed(int(tag.n), why) {
			m.refused(int(tag.n), NotReached+": "+plain(why))
		}
	case lineTag:
		m.lineOver(int(tag.n), tag.line, "cannot reach somebody: "+plain(why))
	}
}

// Data implements loop.Mode. News of people, of which each link brings those
// of all others, are taken without making values of them.
func (m *Mode) Data(id loop.ID, p []byte, ended bool) (used int) {
	if e := m.end(id); e != nil && e.skim != nil && e.n != m.cards.reader {
		for {
			who, came, n := e.skim.Skim(p[used:])
			if n == 0 {
				break
			}
			used += n
			m.news(&m.people[e.n], who, came)
		}
	}
	used += m.driver.Data(id, p[used:], ended)
	m.count.in += uint64(used)
	return used
}

// Idle implements loop.Mode.
func (m *Mode) Idle(id loop.ID, p []byte) int { return m.driver.Idle(id, p) }

// Closed implements loop.Mode.
func (m *Mode) Closed(id loop.ID, why error) {
	m.driver.Closed(id)
	e := m.end(id)
	if e == nil {
		return
	}
	was := *e
	*e = end{}
	switch was.kind {
	case toServer:
		m.closedServer(int(was.n), id, why)
	case dialled:
		if p := &m.people[was.n]; p.more != nil && p.more.line != nil && p.more.line.id == id {
			m.lineOver(int(was.n), p.more.line, "")
		}
	}
}

// oops counts something that went wrong.
func (m *Mode) oops(what string) {
	if len(m.errors) < maxErrors || m.errors[what] > 0 {
		m.errors[what]++
	}
}

// maxErrors bounds the different ones: servers may put names into them.
const maxErrors = 1000

// plain words an error of a socket.
func plain(why error) string {
	if why == nil {
		return "the other side closed the connection"
	}
	return why.Error()
}
