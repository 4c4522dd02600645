package messenger

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"mim/chat"
	"mim/codec"
)

// A link is a session at work, as a server drives it: what it reads is told in
// words, what it writes is kept message by message.
type link struct {
	tb     testing.TB
	s      *session
	kept   []byte
	read   []string
	wrote  []string
	answer func(chat.Request) error // how requests go; nil: none is answered
	closed bool
}

// open gives a link that has registered to send; stranger one that has not.
func open(tb testing.TB) *link {
	l := stranger(tb)
	l.s.sends = true
	return l
}

func stranger(tb testing.TB) *link {
	return &link{tb: tb, s: New().Open(codec.Link{}).(*session), answer: well}
}

// well: all goes well, but what the codec refuses.
func well(r chat.Request) error {
	if r, ok := r.(*chat.Refuse); ok {
		return r.Err
	}
	return nil
}

// early: nobody has registered.
func early(r chat.Request) error {
	if _, ok := r.(*chat.Login); ok {
		return nil
	}
	return chat.Errorf(chat.Unregistered, "nobody has registered here")
}

// feed gives a segment.
func (l *link) feed(p string) *link {
	if !l.closed {
		l.kept = append(bytes.Clone(l.kept), p...)
		l.step(l.s.Next)
	}
	return l
}

// silence lets nothing come for as long as the session wants.
func (l *link) silence() *link {
	if !l.closed && len(l.kept) > 0 {
		l.step(func(p []byte) (chat.Request, int, error) { return l.s.Idle(p, false) })
	}
	return l
}

// step takes what next gives, then all that Next gives.
func (l *link) step(next func([]byte) (chat.Request, int, error)) {
	for !l.closed {
		r, n, err := next(l.kept)
		if n < 0 || n > len(l.kept) {
			l.tb.Fatalf("%d of %d bytes taken", n, len(l.kept))
		}
		if err != nil {
			l.read = append(l.read, "error: "+err.Error())
			l.wrote = append(l.wrote, string(l.s.Answer(nil, chat.Answer{Err: err})))
			l.closed = true
			return
		}
		if r != nil {
			l.asked(r)
		}
		l.kept = l.kept[n:]
		if r == nil && n == 0 {
			return
		}
		next = l.s.Next
	}
}

func (l *link) asked(r chat.Request) {
	l.read = append(l.read, tell(r))
	if !chat.Answered(r) || l.answer == nil {
		return
	}
	err := l.answer(r)
	l.wrote = append(l.wrote, string(l.s.Answer(nil, chat.Answer{To: r, Err: err})))
	if refuse, ok := r.(*chat.Refuse); ok && refuse.Last && kindOf(err) != chat.Unregistered {
		l.closed = true
	}
}

// tell says what matters of a request in a line.
func tell(r chat.Request) string {
	switch r := r.(type) {
	case *chat.Login:
		return fmt.Sprintf("login %q %s", r.Name, [...]string{"both", "sends", "receives"}[r.Part])
	case *chat.Say:
		cut := ""
		if r.Cut {
			cut = ", cut"
		}
		if r.All {
			return fmt.Sprintf("say to all (%s) %q%s", r.To, r.Text, cut)
		}
		return fmt.Sprintf("say to %q %q%s", r.To, r.Text, cut)
	case *chat.Received:
		if r.Err != nil {
			return fmt.Sprintf("refused: %v", kindOf(r.Err))
		}
		return fmt.Sprintf("received %q", r.From)
	case *chat.Counts:
		return [...]string{"", "counts bytes", "counts characters"}[r.As]
	case *chat.Refuse:
		if r.Last {
			return fmt.Sprintf("last: %v", kindOf(r.Err))
		}
		return fmt.Sprintf("refuse: %v", kindOf(r.Err))
	}
	return fmt.Sprintf("%#v", r)
}

// want compares what a link read and wrote, and that nothing is left.
func (l *link) want(what string, read, wrote []string) {
	l.tb.Helper()
	if !slices.Equal(l.read, read) {
		l.tb.Errorf("%s: read\n%q, want\n%q", what, l.read, read)
	}
	if !slices.Equal(l.wrote, wrote) {
		l.tb.Errorf("%s: wrote\n%q, want\n%q", what, l.wrote, wrote)
	}
	if len(l.kept) > 0 && !l.closed {
		l.tb.Errorf("%s: %q waits for more", what, l.kept)
	}
}
