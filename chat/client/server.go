package client

import (
	"cmp"
	"errors"
	"net/netip"
	"time"

	"mim/chat"
)

// phase says how far we are with the server; the table is in client.go.
type phase uint8

const (
	away     phase = iota // no link; the next try is at until
	dialling              // Dial is under way
	asked                 // the login was sent
	settling              // the login was confirmed, the table comes
	online                // the table is whole
)

type server struct {
	phase     phase
	part      chat.Part  // whose link is dialled or asked: with Traits.Parts first Sends, then Receives
	until     time.Time  // when the phase ends by itself, or online has lasted; zero: never
	latest    time.Time  // settling: until is never later
	here      netip.Addr // our end of the link
	tries     int        // since it was lost
	been      bool       // a login was confirmed once
	told      bool       // the person was told that we are online, and not yet of a loss
	lost      bool       // for good
	lostAt    time.Time  // the last time
	words     string     // the first line that the server said before it confirmed, or why it refused
	saidLines int        // how many it said
	refused   chat.Kind  // of the answer that refused the login; 0: none did
	leaving   bool       // we have said that we leave, and have no answer
	listing   bool       // we have asked who is here, for the table, and have no answer
	newcomers []*chat.Person
}

const (
	// answerWithin bounds the wait for the outcome of a login.
	answerWithin = 10 * time.Second
	// The table has settled when nothing more of it came for quiet, and in any
	// case after settleWithin: no dialect says where its table ends.
	quiet        = 250 * time.Millisecond
	settleWithin = time.Second
)

// dialServer begins to look for the server.
func (c *Client) dialServer() {
	part := chat.Both
	if c.cfg.Traits.Parts {
		part = chat.Sends
	}
	c.dialPart(part)
}

func (c *Client) dialPart(p chat.Part) {
	c.server.phase, c.server.part, c.server.until = dialling, p, time.Time{}
	c.do(Effect{Kind: Dial, Part: p})
}

// linked reports whether a link to the server is up.
func (s *server) linked() bool {
	return s.phase >= asked || s.phase == dialling && s.part == chat.Receives
}

// ServerOpened says that the link that was dialled is up; here is our end of it.
func (c *Client) ServerOpened(now time.Time, here netip.Addr) []Effect {
	c.begin(now)
	switch {
	case c.polled():
		c.pollOpened(here)
		return c.end()
	case c.exit.phase >= finishing:
		c.do(Effect{Kind: HangUp})
		return c.out
	}
	s := &c.server
	s.phase, s.until = asked, now.Add(answerWithin)
	s.here, s.words, s.saidLines, s.refused, s.listing = here, "", 0, 0, false
	if s.part != chat.Receives {
		c.alias = ""
		c.outdate()
	}
	c.do(Effect{Kind: Login, Login: chat.Login{Name: c.cfg.Name, Port: c.cfg.Listening.Port(), Part: s.part, Pass: c.cfg.Pass}})
	return c.end()
}

// ServerEvent takes what the server said on the link of part.
func (c *Client) ServerEvent(now time.Time, part chat.Part, e chat.Event) []Effect {
	c.begin(now)
	if !c.server.linked() || c.exit.phase == gone {
		return c.out
	}
	mine := c.calling.mine
	c.calling.mine = nil
	switch e := e.(type) {
	case *chat.Answer:
		c.answered(part, e)
	case *chat.Notice:
		c.noticed(part, e.Text)
	case *chat.Said:
		c.relayedSaid(part, e)
	case *chat.Came:
		c.came(e.Who)
		c.unsettle()
	case *chat.Page:
		for _, p := range e.People {
			c.came(p)
		}
		c.unsettle()
	case *chat.Went:
		c.went(e.Who)
		c.unsettle()
	case *chat.Members:
		c.members(e)
	case *chat.Entered:
		c.entered(e)
	case *chat.Exited:
		c.exited(e)
	case *chat.Call:
		c.callNews(e, mine)
	}
	return c.end()
}

// noticed takes a line of text. Before the answer to our login it may be a
// refusal, or the greeting of a server that speaks something else and would
// wait for ever.
func (c *Client) noticed(part chat.Part, text string) {
	if s := &c.server; s.asks(part) {
		if s.saidLines++; s.saidLines == 1 {
			s.words = text
		}
		if foreign(s.words) {
			c.do(Effect{Kind: HangUp})
			c.noServer(nil)
			return
		}
	}
	c.show(View{Event: Notice, Text: text})
}

// asks reports whether a login waits for its answer on the link of part.
func (s *server) asks(part chat.Part) bool { return s.phase == asked && s.part == part }

func (c *Client) answered(part chat.Part, a *chat.Answer) {
	if c.polled() {
		c.pollAnswered(a)
		return
	}
	s := &c.server
	switch a.To.(type) {
	case *chat.WhoElse:
		if s.listing && part == c.sends() {
			c.tableHere(a)
			return
		}
		c.outcome(part, a)
		return
	case *chat.Say, *chat.Block, *chat.Join, *chat.Leave, *chat.Talk:
		c.outcome(part, a)
		return
	case *chat.TalkReply, *chat.TalkEnd:
		c.toldCall(a)
		return
	case *chat.Logout:
		if s.leaving {
			c.leaveServer()
		}
		return
	}
	switch {
	case a.Err != nil && s.asks(part):
		s.words, s.refused = a.Err.Error(), refusedFor(a.Err)
		c.do(Effect{Kind: HangUp})
		c.noServer(nil)
	case a.Err != nil:
		c.show(View{Event: Notice, Text: a.Err.Error()})
	case s.asks(part) && part == chat.Sends:
		c.dialPart(chat.Receives)
	case s.asks(part):
		c.loggedIn()
	}
}

// loggedIn takes the answer to the login, or to the second of two.
func (c *Client) loggedIn() {
	s := &c.server
	s.phase = settling
	s.latest = c.now.Add(settleWithin)
	if !s.been {
		s.been, s.told = true, true
		c.show(View{Event: Ready, Name: c.cfg.Name, Dialect: c.cfg.Traits.Dialect, Address: c.cfg.Server, Listening: c.listening()})
		c.renew()
	}
	if c.cfg.Traits.Accounts || c.cfg.Traits.Rooms {
		c.exit.active = c.now // what waited for us comes now, or who is in the lobby
	}
	switch {
	case c.cfg.Traits.WhoElse:
		s.listing, s.until = true, s.latest
		c.do(Effect{Kind: Ask, Part: c.sends(), Request: &chat.WhoElse{Now: true}})
	case c.cfg.Traits.Presence:
		c.unsettle()
	default:
		c.settleEarly()
	}
}

// settleEarly settles before the latest time for it. A server that loses us
// before that is tried ever more seldom.
func (c *Client) settleEarly() {
	c.settle()
	c.server.until = c.server.latest
}

// tableHere takes the answer to our question who is here. Who comes and goes
// behind it the server tells by itself. A server that does not say who is here
// leaves us with those of whom it tells.
func (c *Client) tableHere(a *chat.Answer) {
	s := &c.server
	if s.listing = false; a.Err == nil {
		c.present(a.Names)
	}
	if s.phase == settling {
		c.settleEarly()
	}
}

// refusedFor is the kind of an answer that refuses a login: of what it says
// about name and password, else that it does.
func refusedFor(err error) chat.Kind {
	e := (*chat.Error)(nil)
	if errors.As(err, &e) {
		switch e.Kind {
		case chat.BadPass, chat.Locked, chat.Online:
			return e.Kind
		}
	}
	return chat.Refused
}

// barred reports whether the login was refused in a way that no later try would
// change: each wrong password even brings nearer that the name is locked. Online
// is none: the server may not have noticed yet that our last link is dead.
func (s *server) barred() bool { return s.refused == chat.BadPass || s.refused == chat.Locked }

// settle begins to be online.
func (c *Client) settle() {
	s := &c.server
	s.phase = online
	lost := !s.told
	if lost {
		c.renew()
		s.told = true
		c.show(View{Event: Online, Address: c.cfg.Server})
	}
	c.resume(lost)
	c.obeyHeld()
}

// listening is where others reach us, if not through the server: our
// listener's address or, if that is any of the machine's, the one by which we
// reach the server.
func (c *Client) listening() string {
	if l := c.listensAt(); l.IsValid() {
		return l.String()
	}
	return ""
}

// listensAt is the same as an address; not valid: nowhere.
func (c *Client) listensAt() netip.AddrPort {
	l := c.cfg.Listening
	if l.IsValid() && l.Addr().IsUnspecified() && c.server.here.IsValid() {
		l = netip.AddrPortFrom(c.server.here, l.Port())
	}
	return l
}

// unsettle notes that a part of the table has just come.
func (c *Client) unsettle() {
	if s := &c.server; s.phase == settling && !s.listing {
		s.until = c.now.Add(quiet)
		if s.until.After(s.latest) {
			s.until = s.latest
		}
	}
}

func (c *Client) tickServer() {
	s := &c.server
	if s.until.IsZero() || s.until.After(c.now) {
		return
	}
	s.until = time.Time{}
	if c.polled() && c.tickPoll() {
		return
	}
	switch s.phase {
	case away:
		c.show(View{Event: Trying, Address: c.cfg.Server})
		c.dialServer()
	case asked:
		c.do(Effect{Kind: HangUp})
		c.noServer(chat.Errorf(chat.TooLate, "no answer to the login within %v", answerWithin))
	case settling:
		s.tries = 0
		c.settle()
	case online:
		s.tries = 0
	}
}

// ServerFailed says that the server could not be dialled.
func (c *Client) ServerFailed(now time.Time, why error) []Effect {
	c.begin(now)
	if c.server.phase == dialling && c.exit.phase < finishing {
		c.hangUpRest()
		c.noServer(why)
	}
	if c.server.leaving {
		c.leaveServer()
	}
	return c.end()
}

// ServerClosed says that a link to the server is gone. Where there are two,
// one without the other is of no use.
func (c *Client) ServerClosed(now time.Time, why error) []Effect {
	c.begin(now)
	switch {
	case c.polled() && c.server.phase != asked: // what it was for is done
	case c.server.leaving:
		c.leaveServer()
	case c.server.linked() && c.exit.phase < finishing:
		c.hangUpRest()
		c.server.phase = max(c.server.phase, asked) // what was lost is a link, not a dial
		c.noServer(why)
	}
	return c.end()
}

// hangUpRest ends what is left of two links when one is lost or cannot be had.
func (c *Client) hangUpRest() {
	if c.cfg.Traits.Parts && c.server.linked() {
		c.do(Effect{Kind: HangUp})
	}
}

// noServer takes the end of the link to the server, or of an attempt at one.
func (c *Client) noServer(why error) {
	s := &c.server
	was := s.phase
	s.phase, s.until = away, time.Time{}
	c.tables.wanted = false
	c.relay.rest = time.Time{}
	c.unsure(whyCut)
	c.dropCalls(whyCallsLost)
	c.dropRejoins()
	switch {
	case !s.been, s.barred():
		c.neverOnline(was, why)
		return
	case !c.cfg.Retry:
		s.lost = true
		c.offline(why, "no retry: the program ends with the last talk")
		c.failPosted(whyLost)
	default:
		d := c.sleep(s.tries)
		s.tries++
		s.until = c.now.Add(d)
		c.offline(why, "next try in "+d.Round(100*time.Millisecond).String())
		c.show(View{Event: Trying, Address: c.cfg.Server, Until: s.until})
	}
	c.tellEarly()
	c.obeyHeld()
}

// offline tells of the loss of the server, once until it is back.
func (c *Client) offline(why error, next string) {
	if !c.server.told {
		return
	}
	c.server.told, c.server.lostAt = false, c.now
	if c.relayed() {
		c.relay.until = c.now.Add(postWithin)
	}
	c.show(View{Event: Offline, Address: c.cfg.Server, Why: reason(why, "the server closed the connection"), Text: next})
}

// neverOnline ends the program because the very first login came to nothing, or
// a later one for good. Trying again is for a server that is known to be right.
// Where a login is not answered but by the table, a line and the end is a
// refusal; a server through which texts go answers, and one that does not is
// none of this dialect.
func (c *Client) neverOnline(was phase, why error) {
	var err *chat.Error
	malformed := errors.As(why, &err) && err.Kind == chat.Malformed
	switch s := &c.server; {
	case was == dialling:
		c.endBy(ExitNoServer, chat.Errorf(chat.Lost, "cannot reach the server at %s: %s", c.cfg.Server, reason(why, "no answer")))
	case s.refused != 0, s.saidLines == 1 && !malformed && !foreign(s.words) && !c.relayed():
		c.endBy(ExitRefused, chat.Errorf(cmp.Or(s.refused, chat.Refused), "the server refused the login: %s", visible(s.words)))
	case s.saidLines > 0 && !malformed:
		c.endBy(ExitNoServer, chat.Errorf(chat.Lost, "no %s server at %s: it says %q", c.cfg.Traits.Dialect, c.cfg.Server, excerpt(s.words)))
	default:
		c.endBy(ExitNoServer, chat.Errorf(chat.Lost, "no %s server at %s: %s", c.cfg.Traits.Dialect, c.cfg.Server,
			reason(why, "it closed the connection without a word; it may not let in this machine's address (mim serve --public)")))
	}
	c.failPosted(whyLost)
	c.finishAll()
}

// endBy shows why the program ends, and with what code.
func (c *Client) endBy(code int, err *chat.Error) {
	c.show(View{Event: Error, Kind: err.Kind.String(), Text: err.Text, Final: true})
	c.exit.code = code
}

// coming reports whether the table will be whole in a moment. Input waits for
// it: who is here decides what a line means.
func (c *Client) coming() bool {
	return !c.server.been && !c.server.lost || c.server.phase == settling || c.tables.wanted
}
