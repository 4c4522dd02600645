package mim0

import (
	"mim/chat"
	"mim/codec"
	"mim/codec/wire"
)

// maxNameLine bounds the line by which a caller names itself: three bytes of
// UTF-8 for each unit of the longest name.
const maxNameLine = 3 * chat.MaxNameUnits

// A peerSession is the state of a line between two people, in a messenger as
// in a registry that speaks for someone: 48 bytes and, from the first text on,
// a chat.Say.
type peerSession struct {
	as     string // who speaks from our side, on a line that we dialled
	dialed bool
	named  bool // the other end is known: it named itself, or it is whom we dialled
	lines  wire.Lines
	open   uint8 // texts that have no answer yet
	say    *chat.Say
}

// maxOpen is how many texts of a link may wait for their answers, which come when
// a text has arrived where it is passed on to. Then the link is not read: a
// program learns in no other way that it writes faster than another one reads.
const maxOpen = 64

// Start says who calls: "wait till it sends its name".
func (s *peerSession) Start(dst []byte) []byte {
	if !s.dialed {
		return dst
	}
	return appendLine(dst, []byte(s.as))
}

// Next decodes a line: the first on a link that we accepted is the caller's
// name, any other is a text (mim0.md, Peers). The text of a Say lies in p.
func (s *peerSession) Next(p []byte) (chat.Request, int, error) {
	if !s.named {
		return s.name(p)
	}
	var line []byte
	var n int
	var cut bool
	if s.open < maxOpen {
		line, n, cut = s.lines.Next(p, maxLine)
	}
	if line == nil {
		if s.say != nil {
			*s.say = chat.Say{} // an idle link holds on to nobody's buffer
		}
		return nil, n, nil
	}
	if s.say == nil {
		s.say = new(chat.Say)
	}
	s.open++
	*s.say = chat.Say{Text: readText(line, cut), Cut: cut}
	return s.say, n, nil
}

func (s *peerSession) name(p []byte) (chat.Request, int, error) {
	line, n, cut := s.lines.Next(p, maxNameLine)
	if line == nil {
		return nil, n, nil
	}
	name := string(readText(line, cut))
	if err := chat.CheckName(name); cut || err != nil {
		if cut {
			err = chat.Errorf(chat.BadName, "the first line is longer than any name")
		}
		return nil, 0, err
	}
	s.named = true
	return &chat.Hello{Name: name}, n, nil
}

// Answer is silent: between peers every line is what a person said, last words
// would look like the other person's.
func (s *peerSession) Answer(dst []byte, a chat.Answer) []byte {
	if _, ok := a.To.(*chat.Say); ok && s.open > 0 {
		s.open--
	}
	return dst
}

func (s *peerSession) Variant() codec.Variant { return peer }
