package client

import (
	"slices"
	"time"

	"mim/chat"
)

// A talk is the direct conversation with one contact.
//
// It may have more than one line: both sides may dial at once, and either line
// may be open first for either of them. The rule: each side writes on the line
// that opened first for it and is not ending, and reads on all, one line to
// its end before the next (see hear); the talk is open from the first line to
// the last. So each direction keeps its order, and either side may be any
// program that speaks the dialect.
type talk struct {
	lines   []*line // open ones, in the order they opened
	speaker *line   // on which the other side spoke last
	waiting []text  // not yet on any line, in order
	bytes   int     // of waiting
	call    uint64  // the dial under way; 0: none
	tries   int     // dials that failed in a row
	redial  time.Time
	open    bool // Opened was shown, Closed not yet
	letters int  // texts by datagram without an outcome
	closing bool // it is to end behind them
	talked  bool // there was a talk: its text may be on the screen
}

// A text is one line that the person typed to someone.
type text struct {
	words  string
	number uint64 // for the person's screen
	ticket uint64 // for the link, once it is on a line
	last   bool   // the talk is to end behind it
}

// A dial gives up after three tries of (by the driver) 2 s each.
const (
	maxTries = 3
	shortGap = 200 * time.Millisecond // before the second try, twice that before the third
)

// Why a text failed.
const (
	whyUnsure = "the line broke before it was confirmed: it may or may not have arrived"
	whyLeft   = "you left before it could be sent"
	whyGone   = "the caller has hung up and cannot be called back"
	whyFull   = "too much is waiting in this conversation"
)

// say queues a text for k, to go out as soon as a line allows.
func (c *Client) say(k *contact, words string, number uint64) {
	t := text{words: words, number: number}
	c.last, k.talked = k, true
	switch {
	case len(k.waiting) >= maxWaiting || k.bytes+len(words) > maxWaitBytes:
		c.failed(k, t, whyFull)
		return
	case k.stranger() && k.writable() == nil:
		c.failed(k, t, whyGone)
		return
	}
	k.waiting = append(k.waiting, t)
	k.bytes += len(words)
	c.unsettled++
	c.pump(k)
}

// writable is the line to write on: the first that is not ending, once those
// before it owe no confirmation and none that we ended is left, so that nothing
// is overtaken.
func (k *contact) writable() *line {
	for _, l := range k.lines {
		switch {
		case !l.ending:
			return l
		case l.ours, len(l.flight) > 0:
			return nil
		}
	}
	return nil
}

// pump moves what waits onto a line, or sees to it that there will be one.
func (c *Client) pump(k *contact) {
	l := k.writable()
	switch {
	case len(k.waiting) == 0:
		return
	case l == nil && len(k.lines) > 0:
		return // they are ending; PeerClosed and Left go on
	case l == nil:
		c.dial(k)
		return
	}
	n := 0
	for n < len(k.waiting) && l.room() {
		t := k.waiting[n]
		n++
		k.bytes -= len(t.words)
		t.ticket = c.id()
		l.flight = append(l.flight, t)
		l.bytes += len(t.words)
		c.do(Effect{Kind: Send, Link: l.link, Text: t.words, Ticket: t.ticket})
		if t.last {
			c.finish(k)
			break
		}
	}
	k.waiting = slices.Delete(k.waiting, 0, n)
}

// dial calls the contact unless that is under way already.
func (c *Client) dial(k *contact) {
	if k.call != 0 || !k.redial.IsZero() {
		return
	}
	if k.stranger() {
		c.failWaiting(k, whyGone)
		return
	}
	k.call = c.id()
	c.calls[k.call] = k
	c.do(Effect{Kind: Call, Call: k.call, Addr: k.addr})
}

// PeerFailed says that the dial call did not succeed.
func (c *Client) PeerFailed(now time.Time, call uint64, why error) []Effect {
	c.begin(now)
	k := c.calls[call]
	delete(c.calls, call)
	if k == nil || c.exit.phase == gone {
		return c.out
	}
	k.call = 0
	switch k.tries++; {
	case len(k.lines) > 0 || len(k.waiting) == 0:
		// They called us in the meantime, or nothing is left to say.
		k.tries = 0
		c.release(k)
	case k.tries < maxTries:
		k.redial = now.Add(shortGap << (k.tries - 1))
		c.redials = append(c.redials, k)
	default:
		k.tries = 0
		c.failWaiting(k, "cannot reach "+k.handle+" at "+k.address()+": "+reason(why, "no answer"))
	}
	return c.end()
}

func (c *Client) tickRedials() {
	for i := 0; i < len(c.redials); {
		k := c.redials[i]
		if k.redial.After(c.now) {
			i++
			continue
		}
		c.redials = slices.Delete(c.redials, i, i+1)
		k.redial = time.Time{}
		c.pump(k)
	}
}

// stopRedial forgets that k is to be dialled again: a line is there.
func (c *Client) stopRedial(k *contact) {
	k.tries = 0
	if !k.redial.IsZero() {
		k.redial = time.Time{}
		c.redials = slices.DeleteFunc(c.redials, func(o *contact) bool { return o == k })
	}
}

// failWaiting gives up everything that waits in a talk.
func (c *Client) failWaiting(k *contact, why string) {
	lost := k.waiting
	k.waiting, k.bytes = nil, 0
	for _, t := range lost {
		c.unsettled--
		c.failed(k, t, why)
	}
	c.release(k)
}

func (c *Client) failed(k *contact, t text, why string) {
	c.show(View{Event: Sent, From: c.cfg.Name, To: k.handle, Text: t.words, Path: PathDirect, State: StateFailed, Why: why,
		Ticket: t.number, Unsure: mayHaveArrived(why)})
}

// mayHaveArrived reports whether a text that failed for that may be there.
func mayHaveArrived(why string) bool {
	switch why {
	case whyUnsure, whyCut, whyGoing, whySilent:
		return true
	}
	return false
}

// Left says that the machine at the other end of the link has all texts up to
// ticket.
func (c *Client) Left(now time.Time, link chat.Link, ticket uint64) []Effect {
	c.begin(now)
	l := c.lines[link]
	if l == nil || l.who == nil || c.exit.phase == gone {
		return c.out
	}
	k, n := l.who, 0
	for n < len(l.flight) && l.flight[n].ticket <= ticket {
		t := l.flight[n]
		n++
		l.bytes -= len(t.words)
		c.unsettled--
		c.exit.active = now
		c.show(View{Event: Sent, From: c.cfg.Name, To: k.handle, Text: t.words, Path: PathDirect, State: StateSent, Ticket: t.number})
	}
	l.flight = slices.Delete(l.flight, 0, n)
	c.pump(k)
	return c.end()
}

// hangUp is /close: the talk ends politely, behind what was typed before.
func (c *Client) hangUp(k *contact) {
	switch {
	case c.byDatagram():
		c.endTalk(k)
	case len(k.lines) == 0 && len(k.waiting) == 0:
		c.fail(chat.Errorf(chat.Unknown, "no talk with %s is open; a text begins one", k.handle))
	case len(k.waiting) > 0:
		k.waiting[len(k.waiting)-1].last = true
	default:
		c.finish(k)
	}
}

// finish ends our direction of all lines of a talk.
func (c *Client) finish(k *contact) {
	for _, l := range k.lines {
		if !l.ending {
			l.ending, l.ours = true, true
			c.do(Effect{Kind: Finish, Link: l.link})
		}
	}
}
