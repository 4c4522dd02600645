package messenger

import (
	"bytes"
	"unicode/utf8"

	"mim/chat"
)

// maxAsked bounds the requests of a link that wait for their answers. One more
// is not asked, and its answer is that.
const maxAsked = 100

// asked are the requests of a link that have no answer yet, in their order.
type asked struct {
	all    []question // from head on
	head   int
	says   int // Says beyond maxAsked; logins likewise
	logins int
}

// A question is a request without its text. Its memory is used again.
type question struct {
	login   bool
	all     bool        // a text for all
	part    chat.Part   // of a login
	name    []byte      // whose login, or for whom a text is
	refused *chat.Error // not nil: it was not written
}

// push takes down a request that is to be answered; false: it is not to be
// written, because it is refused or one too many.
func (a *asked) push(r chat.Request, refused *chat.Error) bool {
	login, isLogin := r.(*chat.Login)
	if len(a.all)-a.head >= maxAsked {
		if isLogin {
			a.logins++
		} else {
			a.says++
		}
		return false
	}
	q := a.room()
	q.login, q.refused = isLogin, refused
	if isLogin {
		q.all, q.part, q.name = false, login.Part, append(q.name[:0], login.Name[:min(len(login.Name), maxHeader)]...)
	} else {
		say := r.(*chat.Say)
		q.all, q.part, q.name = say.All, 0, append(q.name[:0], say.To[:min(len(say.To), maxHeader)]...)
	}
	return refused == nil
}

// room is the place behind the last question.
func (a *asked) room() *question {
	if len(a.all) == cap(a.all) && a.head > 0 {
		n := len(a.all) - a.head
		for i := range n { // each place keeps memory for a name of its own
			a.all[i], a.all[a.head+i] = a.all[a.head+i], a.all[i]
		}
		a.all, a.head = a.all[:n], 0
	}
	if n := len(a.all); n < cap(a.all) {
		a.all = a.all[:n+1]
	} else {
		a.all = append(a.all, question{})
	}
	return &a.all[len(a.all)-1]
}

// first is the question that the next answer is for; nil: there is none.
func (a *asked) first() *question {
	if a.head == len(a.all) {
		return nil
	}
	return &a.all[a.head]
}

// pop forgets the first question, which stays valid until the next push.
func (a *asked) pop() {
	if a.head++; a.head == len(a.all) {
		a.all, a.head = a.all[:0], 0
	}
}

// checkLogin says why a login is not worth asking. What the other rules of a
// server are its answer tells.
func checkLogin(l *chat.Login) *chat.Error {
	switch {
	case l.Part != chat.Sends && l.Part != chat.Receives:
		return chat.Errorf(chat.Unsupported, "a messenger link sends or receives: its login names which")
	case checkName(l.Name) != nil:
		return chat.Errorf(chat.BadName, "try a name of 1 to %d letters (a to z) and digits only, other than %s", maxName, everyone)
	}
	return nil
}

// checkSay says why a text is not worth asking. Servers may have people whose
// names are not those of the seed: they are written as they came.
func checkSay(s *chat.Say) *chat.Error {
	switch {
	case len(s.Text) > maxBody:
		return chat.Errorf(chat.TooLong, "a text has at most %d bytes, this one has %d", maxBody, len(s.Text))
	case !s.All && string(s.To) == everyone:
		return chat.Errorf(chat.BadName, "%s is nobody's name", everyone)
	case !s.All && !callable(s.To):
		return chat.Errorf(chat.BadName, "nobody can have that name here: names are letters and digits")
	}
	return nil
}

// callable reports whether a name can be written into a header and shown: UTF-8
// of at most 64 characters, without blanks at its ends, nothing hidden.
func callable(name []byte) bool {
	if len(name) == 0 || len(name) > utf8.UTFMax*maxName || !utf8.Valid(name) ||
		utf8.RuneCount(name) > maxName || len(bytes.TrimSpace(name)) != len(name) {
		return false
	}
	for rest := name; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if chat.Hidden(r) {
			return false
		}
		rest = rest[n:]
	}
	return true
}

// mine gives the answers that no server has to give.
func (c *caller) mine() *chat.Answer {
	if q := c.asked.first(); q != nil && q.refused != nil {
		return c.outcome(q.refused)
	}
	switch a := &c.asked; {
	case a.logins > 0:
		a.logins--
		c.login = chat.Login{}
		c.answer.To = &c.login
	case a.says > 0:
		a.says--
		c.say = chat.Say{}
		c.answer.To = &c.say
	default:
		return nil
	}
	c.answer.Err = chat.Errorf(chat.TooFast, "%d requests wait for their answers", maxAsked)
	return &c.answer
}

// outcome answers the first question.
func (c *caller) outcome(err *chat.Error) *chat.Answer {
	q := c.asked.first()
	if c.answer.Err = nil; err != nil {
		c.answer.Err = err
	}
	if q.login {
		c.login = chat.Login{Name: string(q.name), Part: q.part}
		c.answer.To = &c.login
	} else {
		c.say = chat.Say{To: q.name, All: q.all}
		c.answer.To = &c.say
	}
	c.asked.pop()
	return &c.answer
}

// reply takes a message of one line: the answer to the first question, or if
// it can be none, a notice.
func (c *caller) reply(word string, line []byte) chat.Event {
	q := c.asked.first()
	_, rest := cutWord(line)
	switch {
	case q == nil:
	case word == wordError:
		return c.outcome(failure(q, rest))
	case word == wordRegistered && q.login:
		role, name := cutWord(rest)
		if string(role) == roleOf(q.part) {
			return c.outcome(listed(q, name))
		}
	case word != wordRegistered && !q.login:
		// Whatever name stands there: one server cuts the last letter off.
		return c.outcome(nil)
	}
	return notice("the server says: ", line)
}

func roleOf(p chat.Part) string {
	if p == chat.Receives {
		return roleReceives
	}
	return roleSends
}

// listed checks that it was our name that the server took, in any case.
func listed(q *question, name []byte) *chat.Error {
	if bytes.EqualFold(name, q.name) {
		return nil
	}
	return chat.Errorf(chat.BadName, "the server lists %q instead of %q; try another name", shown(name), q.name)
}

// failure is what an ERROR with these words means for a question.
func failure(q *question, words []byte) *chat.Error {
	code, _ := cutWord(words)
	switch number := string(code); {
	case number == "100" && q.login:
		return chat.Errorf(chat.BadName, "the name %s is taken, or the server does not like it: try another one of 1 to %d letters and digits only", q.name, maxName)
	case number == "101":
		return chat.Errorf(chat.Unregistered, "the server says that nobody has registered here: log in to send and to receive first")
	case number == "102" && !q.login:
		return chat.Errorf(chat.NotDelivered, "it was not delivered: nobody of that name is there, or their program did not confirm it")
	case number == "103" && !q.login:
		return chat.Errorf(chat.Refused, "it was refused, by the program that it was for or by the server")
	}
	return chat.Errorf(chat.Refused, "the server says: %s %s", wordError, shown(words))
}

// shown is what a server wrote, without what could act on a screen.
func shown(p []byte) string {
	return string(chat.AppendLine(nil, chat.AppendUTF8(nil, p)))
}
