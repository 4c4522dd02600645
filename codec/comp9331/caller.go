package comp9331

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"

	"mim/chat"
	"mim/codec/asked"
	"mim/codec/wire"
)

// A caller is a client's link to a server. It answers the prompts when they
// come and reports
//
//   - an Answer to each Login, Say, WhoElse, Block and Logout, in the order in
//     which they were asked; a Say in it has no text;
//   - Came and Went, and Said for what people say;
//   - a Notice for each other line.
//
// Which answer is whose codec/asked and asked.go say. Before the login is
// answered nothing else is asked: to the server it would be a name.
type caller struct {
	asked    questions
	stage    stage
	prompted bool   // the server waits for a name, and nobody has asked to log in
	name     []byte // of the login that was asked, until the server wants it
	pass     []byte // likewise
	out      []byte // what the next Due writes
	lines    wire.Lines
	listing  []string // of a list of names that is longer than a line may be; nil: there is none
	passing  bool     // within a word of it that is no name, being too long

	// What the last Next gave.
	said   chat.Said
	from   *chat.Person // of the last text: people write more than one
	answer chat.Answer
}

// stage is how far the login is.
type stage uint8

const (
	outside stage = iota // the server asks for a name
	named                // it has the name and asks for the password
	tried                // it has both
	inside               // it said welcome: no prompt comes any more
)

// maxListed bounds the names of one answer to WhoElse; the rest is dropped.
const maxListed = 100_000

func newCaller() *caller { return &caller{asked: questions{asked.New(isSay)}} }

// Ask encodes a request. What cannot be asked is answered in its turn, without
// a byte; what this protocol has no words for is not answered.
func (c *caller) Ask(dst []byte, r chat.Request) []byte {
	switch r := r.(type) {
	case *chat.Login:
		return c.login(dst, r)
	case *chat.Say:
		out, err := appendSay(dst, r)
		return c.note(dst, out, &chat.Say{To: bytes.Clone(r.To), All: r.All}, err)
	case *chat.WhoElse:
		to := *r
		out, err := appendWhoElse(dst, r)
		return c.note(dst, out, &to, err)
	case *chat.Block:
		out, err := appendBlock(dst, r)
		return c.note(dst, out, &chat.Block{Name: bytes.Clone(r.Name), Undo: r.Undo}, err)
	case *chat.Logout:
		return c.note(dst, appendSentence(dst, commandLogout), &chat.Logout{}, nil)
	}
	return dst
}

// note takes down what was asked; out goes to the server if it can be.
func (c *caller) note(dst, out []byte, r chat.Request, err error) []byte {
	switch {
	case err != nil:
	case c.stage != inside:
		err = chat.Errorf(chat.Unregistered, "log in first")
	default:
		err = c.asked.Full()
	}
	c.asked.Push(r, err)
	if err != nil {
		return dst
	}
	return out
}

// login keeps name and password until the server asks for them.
func (c *caller) login(dst []byte, l *chat.Login) []byte {
	err := checkLogin(l)
	switch {
	case err != nil:
	case c.stage == inside:
		err = chat.Errorf(chat.Already, "you are logged in")
	case c.name != nil || c.stage != outside:
		err = chat.Errorf(chat.TooFast, "a login waits for its answer")
	}
	c.asked.Push(&chat.Login{Name: l.Name, Port: l.Port, Part: l.Part}, err)
	if err != nil {
		return dst
	}
	c.name, c.pass = []byte(l.Name), bytes.Clone(l.Pass)
	if c.prompted {
		dst = c.enter(dst)
	}
	return dst
}

// enter answers the prompt of this stage.
func (c *caller) enter(dst []byte) []byte {
	if c.stage == outside {
		dst = append(append(dst, c.name...), '\n')
		c.name, c.prompted, c.stage = nil, false, named
		return dst
	}
	dst = append(append(dst, c.pass...), '\n')
	c.pass, c.stage = nil, tried
	return dst
}

// checkLogin says whether name and password can be lines.
func checkLogin(l *chat.Login) error {
	if err := chat.CheckName(l.Name); err != nil {
		return err
	}
	if len(l.Pass) == 0 || len(l.Pass) > maxLine || bytes.IndexByte(l.Pass, '\n') >= 0 || bytes.HasSuffix(l.Pass, []byte("\r")) {
		return chat.Errorf(chat.BadPass, "a password has 1 to %d bytes and no line end", maxLine)
	}
	return nil
}

// Due answers the prompts, and knows what nobody answers any more.
func (c *caller) Due(dst []byte, now time.Time) ([]byte, time.Time) {
	dst = append(dst, c.out...)
	c.out = nil
	return dst, c.asked.Due(now)
}

// appendSay appends the command for a text.
func appendSay(dst []byte, r *chat.Say) ([]byte, error) {
	at := len(dst)
	if r.All {
		dst = append(dst, commandBroadcast...)
	} else {
		if err := checkName(r.To); err != nil {
			return dst, err
		}
		dst = append(dst, commandMessage...)
		dst = append(dst, ' ')
		dst = append(dst, r.To...)
	}
	dst = append(dst, ' ')
	head := len(dst)
	if len(r.Text) <= maxLine {
		dst = chat.AppendLine(dst, r.Text)
	}
	switch {
	case len(r.Text) <= maxLine && isBlank(dst[head:]):
		return dst, chat.Errorf(chat.Usage, "there is nothing to say")
	case len(r.Text) > maxLine || len(dst)-at > maxLine:
		return dst, chat.Errorf(chat.TooLong, "a text for this server has at most %d bytes", maxLine-(head-at))
	}
	return append(dst, '\n'), nil
}

// checkName says whether name can be a word of a command.
func checkName(name []byte) error {
	if len(name) > maxName || !isName(string(name)) {
		return chat.Errorf(chat.BadName, "a name here has no blanks and no colon")
	}
	return nil
}

func appendWhoElse(dst []byte, r *chat.WhoElse) ([]byte, error) {
	if r.Now {
		return appendSentence(dst, commandWhoElse), nil
	}
	if r.Since < 0 {
		return dst, chat.Errorf(chat.Usage, "the time is less than nothing")
	}
	dst = append(dst, commandSince...)
	dst = append(dst, ' ')
	return append(strconv.AppendFloat(dst, r.Since.Seconds(), 'f', -1, 64), '\n'), nil
}

func appendBlock(dst []byte, r *chat.Block) ([]byte, error) {
	if err := checkName(r.Name); err != nil {
		return dst, err
	}
	word := commandBlock
	if r.Undo {
		word = commandUnblock
	}
	dst = append(dst, word...)
	dst = append(dst, ' ')
	return append(append(dst, r.Name...), '\n'), nil
}

// Next decodes what a server says. It never fails: what is no line of this
// protocol is a Notice.
func (c *caller) Next(p []byte) (chat.Event, int, error) {
	if c.asked.Pop(&c.answer) {
		return &c.answer, 0, nil
	}
	switch {
	case len(p) == 0:
		c.said.Text = nil // an idle link holds on to nobody's buffer
		return nil, 0, nil
	case c.listing != nil:
		return nil, c.list(p), nil
	case !c.lines.Skipping():
		if n, waits := c.prompt(p); n > 0 || waits {
			return nil, n, nil
		}
	}
	line, n, cut := c.lines.Next(p, maxLine)
	switch {
	case line == nil:
		return nil, n, nil
	case cut && c.lists(line):
		c.lines, c.listing = wire.Lines{}, []string{}
		return nil, c.list(line), nil
	case cut:
		line = chat.Clip(line, maxLine-1)
	}
	if e := c.line(line); e != nil {
		return e, n, nil
	}
	return nil, n, nil
}

// prompt takes the prompt that may come now; waits: what has come is its
// beginning.
func (c *caller) prompt(p []byte) (n int, waits bool) {
	want := askName
	switch {
	case c.stage >= tried:
		return 0, false
	case c.stage == named:
		want = askPass
	}
	if len(p) < len(want) {
		return 0, string(p) == want[:len(p)]
	}
	if string(p[:len(want)]) != want {
		return 0, false
	}
	if c.stage == outside && c.name == nil {
		c.prompted = true
	} else {
		c.out = c.enter(c.out)
	}
	return len(want), false
}

// line is what a whole line says; nil: it answers something.
func (c *caller) line(line []byte) chat.Event {
	if c.stage == inside {
		if e := c.people(line); e != nil {
			return e
		}
		if c.asked.answers(line) {
			return nil
		}
	} else if c.outcome(line) {
		return nil
	}
	text := chat.AppendUTF8(nil, bytes.TrimRight(line, blanks))
	return &chat.Notice{Text: string(chat.AppendLine(nil, text))}
}

// outcome takes a line that is the outcome of a try to log in.
func (c *caller) outcome(line []byte) bool {
	if c.stage != named && c.stage != tried {
		return false
	}
	var err error
	switch text := string(bytes.TrimRight(line, blanks)); {
	case text == trimmed(saysBadPass), text == saysNoName:
		err = chat.Errorf(chat.BadPass, "the name and the password do not belong together")
	case text == trimmed(saysLocked):
		err = chat.Errorf(chat.Locked, "too many wrong passwords; even the right one does not help for now")
	case text == saysOnline:
		err = chat.Errorf(chat.Online, "this user is online already")
	case bytes.HasPrefix(line, []byte(errorMark)):
		err = refusal(line)
	case !bytes.HasPrefix(line, []byte(welcomeAnywhere)):
		return false
	}
	if c.stage, c.pass = outside, nil; err == nil {
		c.stage = inside
	}
	c.asked.loggedIn(err)
	return true
}

// people takes a line about or from a person.
func (c *caller) people(line []byte) chat.Event {
	if name, text, ok := bytes.Cut(line, []byte(colon)); ok && c.knows(name) {
		if !utf8.Valid(text) {
			text = chat.AppendUTF8(make([]byte, 0, 2*len(text)), text)
		}
		text, at := cutStamp(text)
		c.said = chat.Said{From: c.from, Text: text, At: at}
		return &c.said
	}
	if name, ok := bytes.CutSuffix(line, []byte(tailLoggedIn)); ok && c.knows(name) {
		return &chat.Came{Who: c.from}
	}
	if name, ok := bytes.CutSuffix(line, []byte(tailLoggedOut)); ok && c.knows(name) {
		return &chat.Went{Who: c.from}
	}
	return nil
}

// knows finds who has a name as the server writes it: one word, no colon.
func (c *caller) knows(name []byte) bool {
	if c.from != nil && c.from.Name == string(name) {
		return true
	}
	if len(name) == 0 || bytes.IndexByte(name, ' ') >= 0 {
		return false
	}
	known := string(chat.AppendUTF8(nil, name[:min(len(name), maxName+1)]))
	if !isName(known) {
		return false
	}
	c.from = &chat.Person{Name: known, Dialect: dialectName}
	return true
}

// cutStamp splits a text that was stored from the time when it was written.
func cutStamp(text []byte) ([]byte, time.Time) {
	i := len(text) - len(stamp)
	if i < 0 || text[i] != stamp[0] || text[i+1] != stamp[1] || text[len(text)-1] != stamp[len(stamp)-1] {
		return text, time.Time{}
	}
	at, err := time.Parse(stamp, string(text[i:]))
	if err != nil {
		return text, time.Time{}
	}
	return text[:i], at
}

// lists reports whether line begins a list of names, longer than any other
// line may be.
func (c *caller) lists(line []byte) bool {
	return c.stage == inside && c.asked.Last(isWhoElse) >= 0 && namesOnly(line)
}

// list takes names of a long list, and its end.
func (c *caller) list(p []byte) (n int) {
	skipped := 0
	if c.passing {
		if skipped = bytes.IndexAny(p, " \n"); skipped < 0 {
			return len(p)
		}
		c.passing, p = false, p[skipped:]
	}
	end := bytes.IndexByte(p, '\n')
	whole := p[:max(end, 0)]
	if n = end + 1; end < 0 {
		n = bytes.LastIndexByte(p, ' ') + 1
		whole = p[:n]
	}
	if n == 0 && len(p) >= maxLine { // no name is so long
		n, c.passing = len(p), true
	}
	c.listing = appendNames(c.listing, whole)
	if end >= 0 {
		c.asked.Settle(c.asked.Last(isWhoElse), chat.Answer{Names: c.listing})
		c.listing = nil
	}
	return skipped + n
}
