package dtu

import (
	"bytes"
	"strconv"
	"time"

	"mim/chat"
	"mim/codec/asked"
	"mim/codec/wire"
)

// A caller is a client's link to a server. It answers pings by itself and
// reports
//
//   - an Answer to each Login, Join, Leave, Say, Talk, TalkReply, TalkEnd and
//     Logout, in the order in which they were asked; a Say in it has no text;
//   - Said, Members, Entered, Exited, Ping and Call, as the server tells them:
//     the Call of somebody we asked for one comes right behind its Answer;
//   - a Notice for each other line.
//
// Which answer is whose codec/asked and asked.go say.
type caller struct {
	asked questions
	nick  string // ours, from the login on; asked for before
	in    bool   // logged in
	out   []byte // what the next Due writes
	lines wire.Lines
	list  *chat.Members // a list that is longer than a line may be; nil: there is none
	long  bool          // p goes on inside a name of it that is too long for one
	calls []known       // the last ones asked for, the oldest first

	// A line that known servers leave without its end counts as whole after some
	// silence (dtu, "How our client knows").
	taken  uint64    // bytes, in all
	seen   uint64    // bytes that had come when loose was set
	armed  uint64    // the same when until was
	until  time.Time // silence is long enough then
	loose  bool      // what has come of a line may be all of it
	silent bool      // and nothing came behind it

	// What the last Next gave, and what the next one has to.
	pending chat.Event
	said    chat.Said
	from    *chat.Person // of the last text: people write more than one
	to      *chat.Person // likewise
	room    string       // likewise
	answer  chat.Answer
}

// known is a call whose other end has a name.
type known struct {
	key  uint64
	name string // of a person, or of a room
}

// maxCalls bounds the calls whose names are remembered.
const maxCalls = 64

func newCaller() *caller { return &caller{asked: questions{asked.New(isQuiet)}} }

// Ask encodes a request. What cannot be asked is answered in its turn, without
// a byte; what this protocol has no words for is not answered. A Pong has been
// sent already.
func (c *caller) Ask(dst []byte, r chat.Request) []byte {
	switch r := r.(type) {
	case *chat.Login:
		return c.login(dst, r)
	case *chat.Join:
		to := *r
		out, err := appendRoomCommand(dst, wordJoin, r.Room)
		return c.note(dst, out, &to, err)
	case *chat.Leave:
		to := *r
		out, err := appendRoomCommand(dst, wordLeave, r.Room)
		return c.note(dst, out, &to, err)
	case *chat.Say:
		out, err := appendSay(dst, r)
		return c.note(dst, out, &chat.Say{To: bytes.Clone(r.To), All: r.All, Room: r.Room}, err)
	case *chat.Talk:
		out, err := appendTalk(dst, r)
		return c.note(dst, out, &chat.Talk{To: bytes.Clone(r.To), Room: r.Room}, err)
	case *chat.TalkReply:
		to, says := *r, callDeny
		if r.Yes {
			says = wordAccept
		}
		out, err := appendKey(dst, c.nameOf(r.Key), r.Key, says)
		return c.note(dst, out, &to, err)
	case *chat.TalkEnd:
		to := *r
		out, err := appendKey(dst, "", r.Key, callEnd)
		return c.note(dst, out, &to, err)
	case *chat.Logout:
		return c.note(dst, append(dst, wordDisconnect+lineEnd...), &chat.Logout{}, nil)
	}
	return dst
}

// note takes down what was asked; out goes to the server if it can be.
func (c *caller) note(dst, out []byte, r chat.Request, err error) []byte {
	switch {
	case err != nil:
	case !c.in:
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

// login asks for a nick. The real name that the protocol wants is the nick:
// we know no other.
func (c *caller) login(dst []byte, l *chat.Login) []byte {
	var err error
	switch {
	case !isNick(l.Name):
		err = errBadNick
	case c.in:
		err = chat.Errorf(chat.Already, "you are logged in")
	case c.asked.First(asked.IsLogin) >= 0:
		err = chat.Errorf(chat.TooFast, "a login waits for its answer")
	}
	c.asked.Push(&chat.Login{Name: l.Name, Port: l.Port, Part: l.Part}, err)
	if err != nil {
		return dst
	}
	c.nick = l.Name
	dst = append(dst, wordConnect+colon+`"`...)
	dst = append(dst, l.Name...)
	dst = append(dst, `" "`...)
	dst = append(dst, l.Name...)
	return append(dst, `" `+version+lineEnd...)
}

func appendRoomCommand(dst []byte, word, room string) ([]byte, error) {
	name, ok := readRoom([]byte(room))
	if !ok {
		return dst, errBadRoom
	}
	return appendRest(append(dst, word...), name), nil
}

// appendTo appends a blank and who or what a command is for.
func appendTo(dst, to []byte, room bool) ([]byte, error) {
	dst = append(dst, ' ')
	switch {
	case room && plainRoom(to):
	case room:
		name, ok := readRoom(to)
		if !ok {
			return dst, errBadRoom
		}
		return append(dst, name...), nil
	case len(to) > maxName || !isName(string(to)):
		return dst, chat.Errorf(chat.BadName, "a nick here has no blanks, quotes, colons, commas and #")
	}
	return append(dst, to...), nil
}

// appendSay appends the command for a text.
func appendSay(dst []byte, r *chat.Say) ([]byte, error) {
	at := len(dst)
	if r.All {
		return dst, chat.Errorf(chat.Unsupported, "nothing can be said to all here; join a channel")
	}
	dst, err := appendTo(append(dst, wordMsg...), r.To, r.Room)
	if err != nil {
		return dst, err
	}
	dst = append(dst, colon...)
	head := len(dst)
	if most := maxLine - len(lineEnd) - (head - at); len(r.Text) <= maxLine {
		dst = chat.AppendLine(dst, r.Text)
		if len(bytes.Trim(dst[head:], blanks)) == 0 {
			return dst, chat.Errorf(chat.Usage, "there is nothing to say")
		}
		if len(dst)-head <= most {
			return append(dst, lineEnd...), nil
		}
	}
	return dst, chat.Errorf(chat.TooLong, "a text for this server has at most %d bytes", maxLine-len(lineEnd)-(head-at))
}

func appendTalk(dst []byte, r *chat.Talk) ([]byte, error) {
	dst, err := appendTo(append(dst, wordTalk...), r.To, r.Room)
	return appendRest(dst, callRequest), err
}

// appendKey appends a word about a call; with a name if one is known.
func appendKey(dst []byte, name string, key uint64, says string) ([]byte, error) {
	if !isKey(key) {
		return dst, chat.Errorf(chat.Unknown, "there is no such call")
	}
	dst = append(dst, wordTalk...)
	if name != "" {
		dst = append(append(dst, ' '), name...)
	}
	dst = strconv.AppendUint(append(dst, ' '), key, 10)
	return appendRest(dst, says), nil
}

// nameOf is the other end of a call; empty: nobody said.
func (c *caller) nameOf(key uint64) string {
	for i := range c.calls {
		if c.calls[i].key == key {
			return c.calls[i].name
		}
	}
	return ""
}

// remember notes who the other end of a call is.
func (c *caller) remember(key uint64, name string) {
	c.forget(key)
	if len(c.calls) >= maxCalls {
		c.calls = append(c.calls[:0], c.calls[1:]...)
	}
	c.calls = append(c.calls, known{key, name})
}

// forget is the end of a call.
func (c *caller) forget(key uint64) {
	for i := range c.calls {
		if c.calls[i].key == key {
			c.calls = append(c.calls[:i], c.calls[i+1:]...)
			return
		}
	}
}

// Due answers pings, and knows what nobody answers or goes on with any more.
func (c *caller) Due(dst []byte, now time.Time) ([]byte, time.Time) {
	dst = append(dst, c.out...)
	c.out = nil
	next := c.asked.Due(now)
	if !c.loose {
		return dst, next
	}
	if c.armed != c.seen || c.until.IsZero() {
		c.armed, c.until = c.seen, now.Add(quiet)
	}
	if !now.Before(c.until) {
		c.loose, c.silent = false, true
		return dst, next
	}
	if next.IsZero() || c.until.Before(next) {
		next = c.until
	}
	return dst, next
}
