package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"mim/chat"
	"mim/codec"
)

// A toy is a dialect of lines: a letter for what it is, then a name or a text.
//
//	client -> server   L port name, S name text, R name (received), E name (refused), Q (nothing of use follows)
//	server -> client   W (welcome)  + came  - went  = said  ! notice
//
// A text may have lines: each but the first begins with a tab. So a text ends
// where no tab follows, or when nothing follows for a while.
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

const (
	toyLine  = 1000 // the longest line
	toyQuiet = 50 * time.Millisecond
)

func (d toy) Name() string                  { return "toy" }
func (d toy) Ports() []codec.Port           { return nil }
func (d toy) Traits() chat.Traits           { return chat.Traits{Dialect: "toy", All: true, Receipts: true} }
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

// lines writes a text that may have several.
func (d toy) lines(dst []byte, letter byte, text []byte) []byte {
	const room = toyLine / 4 // a line end takes a byte more, a byte that is no UTF-8 two
	clean := chat.AppendText(nil, chat.Clip(text, room))
	switch d.breaks {
	case "says each line":
		for line := range strings.SplitSeq(string(clean), "\n") {
			dst = d.line(dst, letter, line)
		}
		return dst
	case "says the first line":
		clean, _, _ = bytes.Cut(clean, []byte("\n"))
	}
	dst = append(append(dst, letter), bytes.ReplaceAll(clean, []byte("\n"), []byte("\n\t"))...)
	return append(dst, '\n')
}

func (d toy) Append(dst []byte, e chat.Event, v codec.Variant) []byte {
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
	case "writes badly once it was told":
		if v > 0 {
			return append(dst, "=half of it"...)
		}
	}
	switch e := e.(type) {
	case *chat.Came:
		return d.line(dst, '+', e.Who.Name)
	case *chat.Went:
		return d.line(dst, '-', e.Who.Name)
	case *chat.Said:
		if d.breaks == "edits the event" && len(e.Text) > 0 {
			e.Text[0] = 'x'
		}
		return d.lines(dst, '=', e.Text)
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

// find finds the first message in p and says how many bytes it took: none
// if more are wanted. Of one without an end it is the beginning.
func find(p []byte, quiet bool) (m []byte, n int, cut bool) {
	window := p[:min(len(p), toyLine)]
	for at := 0; ; {
		i := bytes.IndexByte(window[at:], '\n')
		if i < 0 && len(p) < toyLine {
			return nil, 0, false
		}
		if i < 0 {
			return window, len(window), true
		}
		at += i + 1
		lines := strings.IndexByte("S=", p[0]) >= 0
		if lines && at == len(p) && !quiet {
			return nil, 0, false
		}
		if !lines || at == len(p) || p[at] != '\t' {
			return bytes.TrimSuffix(window[:at-1], []byte("\r")), at, false
		}
	}
}

type toySession struct {
	toy
	login    chat.Login
	say      chat.Say
	received chat.Received
	refuse   chat.Refuse
	counts   chat.Counts
	held     [][]byte
	turns    int
	told     chat.Count
	counted  bool           // it was said how the other end counts
	waits    bool           // for the answer to a login or a Refuse
	owed     []chat.Request // answers, in order
}

func (s *toySession) Variant() codec.Variant { return codec.Variant(s.told) }

func (s *toySession) Count(as chat.Count, _ bool) {
	if s.breaks == "panics when told" {
		panic("what is a count?")
	}
	s.told = as
}

func (s *toySession) Gap() time.Duration {
	if s.breaks == "hurries" {
		return -1
	}
	return 0
}

func (s *toySession) Answer(dst []byte, a chat.Answer) []byte {
	if s.breaks == "answers over it" {
		return append(dst[:0], "W\n"...)
	}
	if s.breaks == "knows no failure" && a.Err != nil {
		panic("it went wrong")
	}
	if a.To != nil {
		// The suite answers each request once, in order, and none that has no answer.
		if len(s.owed) == 0 || fmt.Sprintf("%T", s.owed[0]) != fmt.Sprintf("%T", a.To) {
			panic(fmt.Sprintf("an answer to %T that is not due", a.To))
		}
		s.owed = s.owed[1:]
	}
	if s.breaks != "never wakes" {
		s.waits = false
	}
	return append(dst, "W\n"...)
}

func (s *toySession) Next(p []byte) (chat.Request, int, error) { return s.next(p, false) }

func (s *toySession) Quiet() time.Duration { return toyQuiet }

func (s *toySession) Idle(p []byte, end bool) (chat.Request, int, error) {
	switch s.breaks {
	case "panics at rest":
		panic("nothing follows")
	case "panics at the end":
		if end {
			panic("nothing will ever follow")
		}
	case "takes too much at rest":
		return nil, len(p) + 1, nil
	case "never rests":
		return s.asks(&s.login), 0, nil
	case "changes its bytes at rest":
		copy(p, bytes.ToLower(p))
	case "tells what it saw":
		if len(p) == 0 {
			return nil, 0, nil
		}
		s.login = chat.Login{Name: strconv.Itoa(s.turns)}
		return s.asks(&s.login), len(p), nil
	case "is deaf at rest":
		return nil, 0, nil
	}
	return s.next(p, true)
}

func (s *toySession) next(p []byte, quiet bool) (chat.Request, int, error) {
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
			return s.asks(&s.login), 0, nil
		}
	case "keeps all":
		if bytes.IndexByte(p, '\n') < 0 {
			return nil, 0, nil
		}
	case "trusts segments":
		if len(p) > 0 && bytes.IndexByte(p, '\n') < 0 {
			s.login = chat.Login{Name: string(p)}
			return s.asks(&s.login), len(p), nil
		}
	case "changes its bytes":
		copy(p, bytes.ToUpper(p))
	case "holds on to them":
		return s.hold(p)
	case "counts letters otherwise":
		if s.told == chat.CountRunes && len(p) > 1 && p[0] == 'S' {
			return nil, 1, nil
		}
	}
	s.turns++
	if s.waits && s.breaks != "does not wait" {
		return nil, 0, nil
	}
	m, n, cut := find(p, quiet)
	if n == 0 {
		return nil, 0, nil
	}
	if s.breaks == "trusts what follows" && n == len(p) {
		return nil, n, nil
	}
	r, err := s.request(m, cut)
	if err != nil {
		return nil, 0, err
	}
	if _, ok := r.(*chat.Counts); ok {
		return r, 0, nil
	}
	return s.asks(r), n, nil
}

// asks notes that r is to be answered.
func (s *toySession) asks(r chat.Request) chat.Request {
	if chat.Answered(r) {
		s.owed = append(s.owed, r)
	}
	return r
}

func (s *toySession) request(m []byte, cut bool) (chat.Request, error) {
	if cut || len(m) == 0 {
		return nil, errors.New("no request")
	}
	letter, rest := m[0], m[1:]
	switch letter {
	case 'S':
		if bytes.ContainsFunc(rest, func(r rune) bool { return r > 0x7f }) && !s.counted {
			s.counted, s.counts = true, chat.Counts{As: chat.CountBytes}
			return &s.counts, nil
		}
		to, text, _ := bytes.Cut(rest, []byte(" "))
		s.say = chat.Say{To: to, All: string(to) == "*", Text: bytes.ReplaceAll(text, []byte("\n\t"), []byte("\n"))}
		return &s.say, nil
	case 'R':
		s.received = chat.Received{From: rest}
		return &s.received, nil
	case 'E':
		s.received = chat.Received{From: rest, Err: chat.Errorf(chat.Refused, "not taken")}
		return &s.received, nil
	case 'Q':
		s.refuse, s.waits = chat.Refuse{Err: chat.Errorf(chat.Malformed, "no such request"), Last: true}, true
		return &s.refuse, nil
	}
	port, name, ok := strings.Cut(strings.TrimPrefix(string(m), "L"), " ")
	number, err := strconv.ParseUint(port, 10, 16)
	if !ok || err != nil {
		return nil, errors.New("no login")
	}
	s.login, s.waits = chat.Login{Name: name, Port: uint16(number)}, true
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
	return s.asks(&s.login), end + 1, nil
}

type toyCaller struct {
	toy
	deaf  bool
	turns int
	seen  int       // bytes of a text that may go on
	until time.Time // then it does not
	quiet bool
}

func (c *toyCaller) Start(dst []byte) []byte {
	if c.breaks == "starts over it" {
		return append(dst[:0], 'x')
	}
	return dst
}

func (c *toyCaller) Ask(dst []byte, r chat.Request) []byte {
	switch r := r.(type) {
	case *chat.Login:
		return c.line(dst, 'L', fmt.Sprintf("%d %s", r.Port, r.Name))
	case *chat.Say:
		to := string(r.To)
		if r.All {
			to = "*"
		}
		return c.lines(dst, 'S', []byte(strings.ReplaceAll(to, "\n", "")+" "+string(r.Text)))
	case *chat.Received:
		if r.Err != nil {
			return c.line(dst, 'E', string(r.From))
		}
		return c.line(dst, 'R', string(r.From))
	}
	return dst
}

// Due ends the wait for what follows a text.
func (c *toyCaller) Due(dst []byte, now time.Time) ([]byte, time.Time) {
	switch c.breaks {
	case "panics in time":
		if !now.Before(c.until) && !c.until.IsZero() {
			panic("too late")
		}
	case "is always due":
		return dst, now
	case "writes over it in time":
		if len(dst) > 0 && c.seen > 0 {
			dst[0] = 'x'
		}
	}
	switch {
	case c.seen == 0:
		return dst, time.Time{}
	case c.until.IsZero():
		c.until = now.Add(toyQuiet)
	case !now.Before(c.until):
		c.quiet, c.until = true, time.Time{}
		return dst, time.Time{}
	}
	return dst, c.until
}

func (c *toyCaller) Next(p []byte) (chat.Event, int, error) {
	c.turns++
	if len(p) != c.seen {
		c.quiet, c.until = false, time.Time{}
	}
	m, n, _ := find(p, c.quiet && c.breaks != "is deaf in time")
	c.seen = 0
	if n == 0 {
		if bytes.HasSuffix(p, []byte("\n")) {
			c.seen = len(p)
		}
		return nil, 0, nil
	}
	if c.breaks == "tells time apart" && c.quiet {
		return &chat.Notice{Text: strconv.Itoa(c.turns)}, n, nil
	}
	c.quiet = false
	return c.event(m), n, nil
}

func (c *toyCaller) event(m []byte) chat.Event {
	if len(m) == 0 || c.deaf {
		c.deaf = false
		return nil
	}
	c.deaf = c.breaks == "is deaf after a notice" && m[0] == '!'
	text := string(m[1:])
	if c.breaks == "garbles" {
		text = strings.ToUpper(text)
	}
	if c.breaks == "does not read what it writes" && m[0] == '-' {
		return nil
	}
	switch who := (&chat.Person{Name: text}); m[0] {
	case '+':
		return &chat.Came{Who: who}
	case '-':
		return &chat.Went{Who: who}
	case '=':
		return &chat.Said{Text: []byte(strings.ReplaceAll(text, "\n\t", "\n"))}
	case '!':
		return &chat.Notice{Text: text}
	}
	return nil
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
				Name: "server",
				Link: codec.Link{Role: codec.Registry, Remote: netip.MustParseAddrPort("127.0.0.1:1")},
				Hears: [][]byte{
					[]byte("L1 alice\nL2 alicia\r\n"), []byte("L1 a\nL2 \xff\nnonsense\nL1 b\n"),
					[]byte("Sbob hello\n\tyou\nSbob héllo\nRbob\nEbob\nSbob the last\n"),
					[]byte("L1 alice\nSbob hello\nS* all of you\nSbob "),
					[]byte("L1 a\nQ\nL1 b\nQ\nSbob hello"),
				},
				Keeps: toyLine + 1,
			}, {
				Name:  "client",
				Calls: true,
				Asks:  []chat.Request{&chat.Login{Name: "alice", Port: 1}},
				Hears: [][]byte{[]byte("W\n+bob\n-bob\n=hello\n!notice\n=a\n\tb\n")},
				Keeps: toyLine + 1,
			},
		}}},
	}
}

// End ends the wait for what follows a text, as no more can.
func (c *toyCaller) End(p []byte) (chat.Event, int, error) {
	switch c.breaks {
	case "panics when all is over":
		panic("over")
	case "is never over":
		return &chat.Notice{}, 0, nil
	case "takes too much when all is over":
		return nil, len(p) + 1, nil
	case "changes its bytes when all is over":
		if len(p) > 0 {
			p[0]++
		}
		return nil, 0, nil
	}
	c.seen, c.quiet = len(p), true
	return c.Next(p)
}
