package client

import (
	"maps"
	"slices"
	"time"

	"mim/chat"
)

// exitPhase says how far the program is on its way out.
type exitPhase uint8

const (
	staying   exitPhase = iota
	draining            // until all that was typed is sent or failed
	finishing           // lines are being closed and the server is left; nothing new begins
	gone                // Quit was given
)

type exit struct {
	phase  exitPhase
	by     time.Time // the phase ends at the latest then
	active time.Time // when someone last said something or a text was confirmed
	linger bool      // wait for answers
	code   int
}

const (
	// drainEOF is how long the end of input waits for what was typed (cli.md).
	drainEOF = 10 * time.Second
	// drainQuit is the same for /quit: someone waits before a screen.
	drainQuit = 2 * time.Second
	// answers is the silence after which the end of input takes a talk to be
	// over, so that `echo question | mim join` shows what is answered.
	answers = 500 * time.Millisecond
	// finishWithin bounds the polite end of all lines.
	finishWithin = 3 * time.Second
)

// EOF says that there will be no more input: the program ends after what was
// typed is confirmed or has failed, 10 s from now at the latest.
func (c *Client) EOF(now time.Time) []Effect {
	c.begin(now)
	c.quit(drainEOF, true)
	return c.end()
}

// Interrupt ends the program politely but soon; the second time at once.
func (c *Client) Interrupt(now time.Time) []Effect {
	c.begin(now)
	switch c.exit.phase {
	case gone:
	case finishing:
		c.bye()
	default:
		c.finishAll()
	}
	return c.end()
}

// quit begins to leave. A second call can only make it sooner.
func (c *Client) quit(within time.Duration, linger bool) {
	by := c.now.Add(within)
	switch x := &c.exit; {
	case x.phase > draining:
	case x.phase == staying:
		x.phase, x.by, x.linger = draining, by, linger
	default:
		x.linger = x.linger && linger
		if by.Before(x.by) {
			x.by = by
		}
	}
}

// checkExit goes on leaving as far as things stand.
func (c *Client) checkExit() {
	x := &c.exit
	if x.phase == staying && c.server.lost && len(c.lines) == 0 && c.unsettled == 0 && !c.talking() {
		x.code = ExitNoServer
		c.finishAll()
	}
	if x.phase == draining && !x.by.After(c.now) && !c.server.been {
		c.neverOnline(c.server.phase, chat.Errorf(chat.TooLate, "no answer in time"))
	}
	if x.phase == draining && (c.drained() || !x.by.After(c.now)) {
		c.finishAll()
	}
	if x.phase == finishing && (len(c.lines) == 0 && !c.server.leaving || !x.by.After(c.now)) {
		c.bye()
	}
}

// drained reports whether all that was typed has come to something, and
// nobody has answered for a while. Even who typed nothing hears whether the
// server could be reached.
func (c *Client) drained() bool {
	return c.settled() && !c.lingerUntil().After(c.now)
}

// settled reports whether nothing that was typed waits: not for a line, nor,
// as held input, for the table.
func (c *Client) settled() bool {
	return c.unsettled == 0 && !c.coming()
}

func (c *Client) lingerUntil() time.Time {
	if !c.exit.linger || c.exit.active.IsZero() || len(c.lines) == 0 && !(c.relayed() && c.server.phase == online) && !c.byDatagram() {
		return time.Time{}
	}
	return c.exit.active.Add(answers)
}

// exitDue is when checkExit is to be called again.
func (c *Client) exitDue() time.Time {
	x := &c.exit
	if x.phase == draining && c.settled() {
		if t := c.lingerUntil(); t.Before(x.by) {
			return t
		}
	}
	return x.by
}

// finishAll ends all lines politely and leaves the server.
func (c *Client) finishAll() {
	if c.exit.phase >= finishing {
		return
	}
	c.exit.phase, c.exit.by = finishing, c.now.Add(finishWithin)
	c.held = nil
	for _, k := range c.calls {
		k.call = 0
	}
	clear(c.calls)
	c.redials = nil
	c.unsure(whyGoing)
	c.dropCalls(whyLeaving)
	c.failPosted(whyLeft)
	c.finishDatagrams()
	for _, k := range c.talks() {
		c.failWaiting(k, whyLeft)
	}
	for _, link := range slices.Sorted(maps.Keys(c.lines)) {
		if l := c.lines[link]; l.who == nil {
			c.drop(l, nil)
		} else {
			c.finish(l.who)
		}
	}
	if s := &c.server; s.phase >= settling && c.cfg.Traits.Logout {
		s.phase, s.until, s.leaving = online, time.Time{}, true
		c.do(Effect{Kind: Ask, Part: c.sends(), Request: &chat.Logout{}})
		return
	}
	if !c.withdraw() {
		c.leaveServer()
	}
}

// leaveServer is the end with the server. Where one can say that one leaves, it
// comes when the server has agreed: what it told us before that is shown, and
// for who writes to us later we are not here.
func (c *Client) leaveServer() {
	if c.server.phase > away {
		c.do(Effect{Kind: HangUp})
	}
	c.server.phase, c.server.until, c.server.leaving = away, time.Time{}, false
}

// talks gives the contacts with whom there is a talk, by handle.
func (c *Client) talks() []*contact {
	var t []*contact
	for _, h := range slices.Sorted(maps.Keys(c.known)) {
		if k := c.known[h]; k.talked {
			t = append(t, k)
		}
	}
	return t
}

// bye shows what did not get there any more and ends the program.
func (c *Client) bye() {
	if c.server.leaving {
		c.leaveServer()
	}
	for len(c.delayed) > 0 {
		c.turn(c.delayed[0])
	}
	for _, link := range slices.Sorted(maps.Keys(c.lines)) {
		l := c.lines[link]
		for _, t := range l.flight {
			c.unsettled--
			c.failed(l.who, t, whyUnsure)
		}
		if l.who != nil {
			c.do(Effect{Kind: Close, Link: link, Why: chat.Errorf(chat.Lost, "the other side did not end its direction in time")})
		}
	}
	clear(c.lines)
	c.exit.phase = gone
	c.show(View{Event: Bye})
	c.do(Effect{Kind: Quit, Code: c.exit.code})
}
