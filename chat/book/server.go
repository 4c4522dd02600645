package book

import (
	"strconv"
	"strings"
	"time"

	"mim/chat"
	"mim/chat/client"
)

// server is what is known of the server.
type server struct {
	address   string
	listening string
	ready     bool
	gone      bool
	since     time.Time // it is gone
	why       string
	next      time.Time // it is looked for again; zero: now
	back      time.Time // when it came back, or we logged in
	texts     int       // missed while it was gone, and not read since
	mentions  int
	over      string // the error that ends the program
}

// catchUp is how long after a login what comes was said before it.
const catchUp = 3 * time.Second

// A Banner is what is to be said above a conversation, until it is not so any
// more.
type Banner struct {
	Gone     bool      // the server is gone:
	Since    time.Time // since then,
	Why      string    // for that,
	Talks    int       // so many direct talks are still open,
	Next     time.Time // it is looked for again then, or now if this is zero
	Missed   int       // it is back: so many texts came meanwhile that are not read
	Mentions int       // with our name
	Over     string    // the program is about to end for that
	Text     string    // all of it as a sentence
}

// Banner gives what is to be said at now; false: nothing. While it counts
// seconds down, it is another every second.
func (b *Book) Banner(now time.Time) (Banner, bool) {
	s := &b.server
	v := Banner{Gone: s.gone, Since: b.local(s.since), Why: s.why, Next: s.next, Over: s.over}
	switch {
	case s.over != "":
		v.Text = s.over
	case s.gone:
		for _, c := range b.list {
			if c.key.Kind == Person && c.standing == Open {
				v.Talks++
			}
		}
		v.Text = v.goneText(now, b.relayed())
	case s.texts > 0:
		v.Missed, v.Mentions = s.texts, s.mentions
		v.Text = "you missed " + count(v.Missed, "message")
		if v.Mentions > 0 {
			v.Text += ", " + count(v.Mentions, "mention")
		}
	default:
		return Banner{}, false
	}
	return v, true
}

func (v *Banner) goneText(now time.Time, relayed bool) string {
	var s strings.Builder
	s.WriteString("server gone since " + v.Since.Format("15:04"))
	if !relayed && v.Talks > 0 {
		s.WriteString(", " + count(v.Talks, "direct talk") + " still open")
	}
	if d := v.Next.Sub(now); v.Next.IsZero() || d <= 0 {
		s.WriteString(", trying now")
	} else {
		s.WriteString(", trying again in " + strconv.Itoa(int((d+time.Second-1)/time.Second)) + " s")
	}
	return s.String()
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// Dismiss takes the banner of what was missed away.
func (b *Book) Dismiss() {
	b.version++
	b.server.texts, b.server.mentions = 0, 0
}

// caughtUp takes it away once nothing is unread.
func (b *Book) caughtUp() {
	if s := &b.server; s.texts > 0 {
		if unread, _ := b.Totals(); unread == 0 {
			s.texts, s.mentions = 0, 0
		}
	}
}

// missed counts a text that came while the server was gone, or that waited for
// us there. What is read as it comes was not missed.
func (s *server) missed(b *Book, v client.View, l *Line, read bool) {
	late := !v.Written.IsZero() || v.At.Sub(s.back) < catchUp && v.Path == client.PathRelay && !s.since.IsZero()
	if read || !s.gone && !late {
		return
	}
	s.texts++
	if l.Mention {
		s.mentions++
	}
}

// Server is the server's address and where others reach us, harmless; empty:
// it is not known yet, or they reach us through the server.
func (b *Book) Server() (address, listening string) { return b.server.address, b.server.listening }

// LoggedIn reports whether the server has let us in once.
func (b *Book) LoggedIn() bool { return b.server.ready }

// serverView takes how we are with the server.
func (b *Book) serverView(v client.View) {
	s := &b.server
	switch v.Event {
	case client.Ready:
		s.ready, s.back = true, v.At
		s.address, s.listening = harmless(v.Address), harmless(v.Listening)
		if v.Name != "" {
			b.cfg.Name, b.self = v.Name, fold(v.Name)
		}
		reached := "through the server"
		if v.Listening != "" {
			reached = "at " + v.Listening
		}
		b.system(b.home(), v.At, System, "you are "+chat.Quote(b.cfg.Name)+" at "+v.Address+"; others reach you "+reached)
	case client.Offline:
		s.gone, s.since, s.why, s.next = true, v.At, harmless(v.Why), time.Time{}
		b.system(b.home(), v.At, Trouble, "the server is lost: "+v.Why+"; "+v.Text)
	case client.Trying:
		s.next = v.Until
	case client.Online:
		s.gone, s.back = false, v.At
		b.system(b.home(), v.At, System, "the server is back")
	}
}
