package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"mim/chat"
	"mim/codec"
	"mim/codec/wire"
)

// A toy is a dialect of lines: a letter for what it is, then a name or a text.
//
//	client -> server   L port name
//	server -> client   W (welcome)  + came  - went  = said  ! notice
//
// It keeps every rule, but for the one that breaks names.
type toy struct {
	breaks string
	memory *memory // of those that remember what they must not
}

type memory struct {
	calls int
	wrote []byte
}

const toyLine = 1000 // the longest line

func (d toy) Name() string                  { return "toy" }
func (d toy) Ports() []codec.Port           { return nil }
func (d toy) Traits() chat.Traits           { return chat.Traits{Dialect: "toy"} }
func (d toy) Open(codec.Link) codec.Session { return &toySession{toy: d} }
func (d toy) Call(codec.Link) codec.Caller  { return &toyCaller{toy: d} }

func (d toy) line(dst []byte, letter byte, text string) []byte {
	if d.breaks == "injects" {
		return append(append(append(dst, letter), text...), '\n')
	}
	line := chat.Clip(chat.AppendLine(nil, chat.Clip([]byte(text), toyLine)), toyLine-10)
	dst = append(append(dst, letter), line...)
	if d.breaks == "leaves the end out" {
		return dst
	}
	return append(dst, '\n')
}

func (d toy) Append(dst []byte, e chat.Event, _ codec.Variant) []byte {
	switch d.breaks {
	case "overwrites":
		if len(dst) > 0 {
			dst[0] = 'x'
		}
	case "overwrites what it leaves":
		if len(dst) > 0 {
			old := dst
			dst = bytes.Clone(dst)
			old[0] = 'x'
		}
	case "starts anew":
		dst = nil
	case "counts":
		d.memory.calls++
		dst = strconv.AppendInt(dst, int64(d.memory.calls), 10)
	case "keeps what it wrote":
		if d.memory.wrote == nil {
			at := len(dst)
			dst = d.line(dst, '=', "kept")
			d.memory.wrote = dst[at:]
			return dst
		}
		return append(dst, d.memory.wrote...)
	}
	switch e := e.(type) {
	case *chat.Came:
		return d.line(dst, '+', e.Who.Name)
	case *chat.Went:
		return d.line(dst, '-', e.Who.Name)
	case *chat.Said:
		if d.breaks == "edits the event" && len(e.Text) > 0 {
			e.Text[0] ^= 1
		}
		return d.line(dst, '=', string(e.Text))
	case *chat.Notice:
		return d.line(dst, '!', e.Text)
	case *chat.Page:
		for i, who := range e.People {
			if d.breaks == "forgets people" && i == 1 {
				continue
			}
			dst = d.line(dst, '+', who.Name)
		}
	}
	return dst
}

type toySession struct {
	toy
	lines wire.Lines
	login chat.Login
	held  [][]byte
}

func (s *toySession) Variant() codec.Variant { return 0 }
func (s *toySession) Answer(dst []byte, a chat.Answer) []byte {
	if s.breaks == "answers over it" {
		return append(dst[:0], "W\n"...)
	}
	return append(dst, "W\n"...)
}

func (s *toySession) Next(p []byte) (chat.Request, int, error) {
	switch s.breaks {
	case "takes too much":
		return nil, len(p) + 1, nil
	case "takes less than nothing":
		return nil, -1, nil
	case "panics":
		if bytes.IndexByte(p, 0xff) >= 0 {
			panic("no such byte")
		}
	case "never ends":
		if len(p) > 0 {
			return &s.login, 0, nil
		}
	case "keeps all":
		if bytes.IndexByte(p, '\n') < 0 {
			return nil, 0, nil
		}
	case "trusts segments":
		if len(p) > 0 && bytes.IndexByte(p, '\n') < 0 {
			s.login = chat.Login{Name: string(p)}
			return &s.login, len(p), nil
		}
	case "changes its bytes":
		copy(p, bytes.ToUpper(p))
	case "holds on to them":
		return s.hold(p)
	}
	line, n, cut := s.lines.Next(p, toyLine)
	if line == nil {
		return nil, n, nil
	}
	r, err := s.request(line, cut)
	if err != nil {
		return nil, 0, err
	}
	return r, n, nil
}

func (s *toySession) request(line []byte, cut bool) (chat.Request, error) {
	port, name, ok := strings.Cut(strings.TrimPrefix(string(line), "L"), " ")
	number, err := strconv.ParseUint(port, 10, 16)
	if !ok || cut || err != nil {
		return nil, errors.New("no login")
	}
	s.login = chat.Login{Name: name, Port: uint16(number)}
	return &s.login, nil
}

// hold takes parts of a line and keeps where they lay, which is not allowed.
func (s *toySession) hold(p []byte) (chat.Request, int, error) {
	end := bytes.IndexByte(p, '\n')
	if end < 0 {
		s.held = append(s.held, p)
		return nil, len(p), nil
	}
	s.login = chat.Login{Name: string(bytes.Join(append(s.held, p[:end]), nil))}
	s.held = nil
	return &s.login, end + 1, nil
}

type toyCaller struct {
	toy
	lines wire.Lines
	deaf  bool
}

func (c *toyCaller) Start(dst []byte) []byte {
	if c.breaks == "starts over it" {
		return append(dst[:0], 'x')
	}
	return dst
}

func (c *toyCaller) Ask(dst []byte, r chat.Request) []byte {
	if l, ok := r.(*chat.Login); ok {
		return c.line(dst, 'L', fmt.Sprintf("%d %s", l.Port, l.Name))
	}
	return dst
}

func (c *toyCaller) Next(p []byte) (chat.Event, int, error) {
	line, n, _ := c.lines.Next(p, toyLine)
	if len(line) == 0 {
		return nil, n, nil
	}
	if c.deaf {
		c.deaf = false
		return nil, n, nil
	}
	c.deaf = c.breaks == "is deaf after a notice" && line[0] == '!'
	text := string(line[1:])
	if c.breaks == "garbles" {
		text = strings.ToUpper(text)
	}
	if c.breaks == "does not read what it writes" && line[0] == '-' {
		return nil, n, nil
	}
	switch who := (&chat.Person{Name: text}); line[0] {
	case '+':
		return &chat.Came{Who: who}, n, nil
	case '-':
		return &chat.Went{Who: who}, n, nil
	case '=':
		return &chat.Said{Text: []byte(text)}, n, nil
	case '!':
		return &chat.Notice{Text: text}, n, nil
	}
	return nil, n, nil
}

// toySuite is how a dialect describes itself to the suite.
func toySuite(breaks string) Suite {
	page := "testdata/toy.md"
	if breaks == "documents not all" {
		page = "testdata/short.md"
	}
	return Suite{
		Dialect: toy{breaks, new(memory)},
		Page:    page,
		Pairs: []Pair{{Name: "lines", Ends: [2]End{
			{
				Name:  "server",
				Link:  codec.Link{Role: codec.Registry, Remote: netip.MustParseAddrPort("127.0.0.1:1")},
				Hears: [][]byte{[]byte("L1 alice\nL2 alicia\r\n"), []byte("L1 a\nL2 \xff\nnonsense\nL1 b\n")},
				Keeps: toyLine + 1,
			}, {
				Name:  "client",
				Calls: true,
				Asks:  []chat.Request{&chat.Login{Name: "alice", Port: 1}},
				Hears: [][]byte{[]byte("W\n+bob\n-bob\n=hello\n!notice\n")},
				Keeps: toyLine + 1,
			},
		}}},
	}
}
