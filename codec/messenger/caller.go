package messenger

import (
	"bytes"
	"time"
	"unicode/utf8"

	"mim/chat"
	"mim/codec"
	"mim/codec/wire"
)

// The words of a server; SEND is what some say for SENT (messenger rule 6).
const (
	wordRegistered = "REGISTERED"
	wordSent       = "SENT"
	wordForward    = "FORWARD"
)

// tells are the words by which a message of a server begins.
var tells = []string{wordForward, wordSent, wordSend, wordRegistered, wordError}

// maxSorry bounds how many FORWARDs of one turn are said to be unreadable.
const maxSorry = 100

// A caller is a client's link to a server: a user of ours has two, one for
// each Part (messenger rule 11). It reports, as they come,
//
//   - an Answer to each Login and Say, in the order in which they were asked
//     and never with its text: To and All tell a Say;
//   - Said for each FORWARD. Its reader asks Received when it was shown;
//   - a Notice for each line that is no message of this protocol, for each
//     message that answers nothing, and for a FORWARD that cannot be read,
//     which is also told to the server.
//
// One line end instead of two is accepted behind all but FORWARD, whose body
// begins behind the second. No answer needs silence for its end: header lines
// that a server may write behind one are skipped when they come.
type caller struct {
	asked asked
	ruler ruler // of what the server sends
	lines wire.Lines
	tail  int16 // bytes of header lines that may still belong to the message before
	sorry uint8 // FORWARDs that could not be read, for the next Due to say
	soon  bool  // the next Due asks for a Next

	// Silence decides what waits bytes are: when there are no more at until
	// (Unix nanoseconds; 0: the next Due sets it) they are all there is.
	waits  int
	until  int64
	silent bool

	// What the last Next gave.
	said   chat.Said
	from   *chat.Person // of the last FORWARD: people write more than one
	answer chat.Answer
	login  chat.Login
	say    chat.Say
}

// Call opens a link to a server. Which Part it carries its Login says.
func (*dialect) Call(codec.Link) codec.Caller { return &caller{} }

// Ask encodes a Login with one Part, a Say, or a Received. What this protocol
// cannot write is answered by an error, in its turn; other requests append
// nothing and are not answered.
func (c *caller) Ask(dst []byte, r chat.Request) []byte {
	switch r := r.(type) {
	case *chat.Login:
		if !c.note(r, checkLogin(r)) {
			return dst
		}
		return appendLine(dst, wordRegister, roleOf(r.Part), r.Name)
	case *chat.Say:
		if !c.note(r, checkSay(r)) {
			return dst
		}
		dst = append(dst, wordSend...)
		dst = append(dst, ' ')
		if r.All {
			dst = append(dst, everyone...)
		} else {
			dst = append(dst, r.To...)
		}
		return appendBody(dst, r.Text, inBytes)
	case *chat.Received:
		if r.Err != nil {
			return append(dst, saysRefused...)
		}
		if !callable(r.From) {
			return dst // no FORWARD named it
		}
		dst = append(dst, wordReceived...)
		dst = append(dst, ' ')
		dst = append(dst, r.From...)
		return append(dst, "\n\n"...)
	}
	return dst
}

// appendLine appends a message of one line.
func appendLine(dst []byte, words ...string) []byte {
	for i, w := range words {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, w...)
	}
	return append(dst, "\n\n"...)
}

// note takes down what is to be answered; false: it is not asked at all.
func (c *caller) note(r chat.Request, refused *chat.Error) bool {
	written := c.asked.push(r, refused)
	c.soon = c.soon || !written
	return written
}

// Due says which FORWARDs could not be read, and ends the wait for what may
// follow bytes that can be read in two ways.
func (c *caller) Due(dst []byte, now time.Time) ([]byte, time.Time) {
	for ; c.sorry > 0; c.sorry-- {
		dst = append(dst, saysRefused...)
	}
	switch {
	case c.soon:
		c.soon = false
		return dst, now
	case c.waits == 0 || c.silent:
		return dst, time.Time{}
	case c.until == 0:
		c.until = now.Add(quiet).UnixNano()
	case now.UnixNano() >= c.until:
		c.silent = true
		return dst, time.Time{}
	}
	return dst, time.Unix(0, c.until)
}

// Next decodes what a server says. The error, of kind Malformed, is for a text
// that is longer than any may be: nobody knows where it ends. Of all else the
// caller finds its way back.
func (c *caller) Next(p []byte) (chat.Event, int, error) {
	if a := c.mine(); a != nil {
		return a, 0, nil
	}
	if len(p) == 0 {
		c.said.Text = nil // an idle link holds on to nobody's buffer
		return nil, 0, nil
	}
	silent := c.silent && len(p) == c.waits
	e, n, err := c.next(p, silent)
	if e != nil || n > 0 || err != nil {
		c.waits = 0
	} else if len(p) != c.waits {
		c.waits, c.until, c.silent = len(p), 0, false
	}
	return e, n, err
}

func (c *caller) next(p []byte, silent bool) (chat.Event, int, error) {
	if c.lines.Skipping() {
		_, n, _ := c.lines.Next(p, maxHeader)
		return nil, n, nil
	}
	if n := skipBlank(p); n > 0 {
		c.tail = 0
		return nil, n, nil
	}
	word, begins := firstWord(p)
	switch {
	case begins == undecided && len(p) < maxHeader:
		return nil, 0, nil
	case begins != plausible:
		return c.foreign(p, silent)
	case word == wordForward:
		return c.forward(p, silent)
	}
	line, n := readLine(p[:min(len(p), maxHeader)])
	if n == 0 {
		if len(p) >= maxHeader {
			return c.foreign(p, silent)
		}
		return nil, 0, nil
	}
	c.tail = int16(maxHeader - n)
	return c.reply(word, line), n, nil
}

// firstWord finds by which word of a server p begins: it is plausible if a
// blank or the line's end stands behind it.
func firstWord(p []byte) (string, verdict) {
	at := wrong
	for _, word := range tells {
		switch {
		case len(p) <= len(word):
			if string(p) == word[:len(p)] {
				at = undecided
			}
		case string(p[:len(word)]) == word && bytes.IndexByte([]byte(" \t\r\n"), p[len(word)]) >= 0:
			return word, plausible
		}
	}
	return "", at
}

// foreign takes a line that no server of this protocol says, or one that is
// too long for it. What no line end follows is a prompt: it waits for us.
func (c *caller) foreign(p []byte, silent bool) (chat.Event, int, error) {
	line, n, _ := c.lines.Next(p, maxHeader)
	if line == nil && n == 0 && silent {
		line, n = p, len(p)
	}
	if line == nil {
		return nil, n, nil
	}
	if n <= int(c.tail) && isHeader(line) {
		c.tail -= int16(n)
		return nil, n, nil
	}
	c.tail = 0
	return notice("", line), n, nil
}

// isHeader reports whether a line is a name without blanks, a colon, a value.
func isHeader(line []byte) bool {
	name, _, ok := bytes.Cut(line, []byte(":"))
	return ok && len(name) > 0 && !bytes.ContainsAny(name, blanks)
}

// notice is a line of the server as a sentence, without what could act on a
// screen.
func notice(about string, line []byte) *chat.Notice {
	return &chat.Notice{Text: about + shown(bytes.TrimRight(line, blanks))}
}

// forward decodes a FORWARD. One without a name or a length that can be used
// is not taken.
func (c *caller) forward(p []byte, silent bool) (chat.Event, int, error) {
	c.tail = 0
	if n := interrupted(p); n > 0 {
		return c.unreadable(p), n, nil
	}
	b, at := readBlock(p)
	switch {
	case at == partial:
		return nil, 0, nil
	case at == overlong: // its first line is taken, the others as they come
		e, n, err := c.foreign(p, silent)
		if n > 0 {
			c.apologise()
		}
		return e, n, err
	case b.length < 0:
		return c.unreadable(p), b.size, nil
	}
	size, ok := c.ruler.body(p[b.size:], b.length, tells, silent)
	switch {
	case !ok:
		return nil, 0, nil
	case size > maxBody:
		return nil, 0, chat.Errorf(chat.Malformed, "the server sent a text of %d, longer than the %d bytes that any may have", b.length, maxBody)
	case !c.heard(b.rest):
		return c.unreadable(p), b.size + size, nil
	}
	c.said.From = c.from
	c.said.Text, _ = readText(p[b.size : b.size+size])
	return &c.said, b.size + size, nil
}

// interrupted is where in a block of p the next message begins, because the
// empty line between them is missing; 0: nowhere, as far as it has come.
func interrupted(p []byte) int {
	window := p[:min(len(p), maxHeader)]
	_, size := readLine(window)
	for size > 0 {
		line, n := readLine(window[size:])
		if n == 0 || len(line) == 0 {
			return 0
		}
		if _, begins := firstWord(window[size:]); begins == plausible {
			return size
		}
		size += n
	}
	return 0
}

// unreadable reports a FORWARD that cannot be taken, and has the server told.
func (c *caller) unreadable(p []byte) chat.Event {
	c.apologise()
	line, _ := readLine(p)
	return notice("the server sent a text that cannot be read: ", line)
}

func (c *caller) apologise() { c.sorry = min(c.sorry+1, maxSorry) }

// heard finds who a text is of, by a name as the server writes it.
func (c *caller) heard(name []byte) bool {
	if c.from != nil && c.from.Name == string(name) {
		return true
	}
	if !utf8.Valid(name) {
		name = chat.AppendUTF8(nil, name)
	}
	if !callable(name) {
		return false
	}
	c.from = &chat.Person{Name: string(name), Dialect: dialectName}
	return true
}
