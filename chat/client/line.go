package client

import (
	"net/netip"
	"slices"
	"time"

	"mim/chat"
)

// A line is one direct connection with another person's program.
type line struct {
	link   chat.Link
	remote netip.AddrPort
	since  time.Time // it is open
	taken  time.Time // they called, and by name and address are who; else zero
	who    *contact  // nil: a caller that we cannot name yet
	flight []text    // on the line, not confirmed, in order
	bytes  int       // of flight
	ending bool      // our direction or theirs has ended: nothing new goes out
	ours   bool      // we ended it
	mute   bool      // they ended it: nothing more will be said on it

	name  string // of a caller, as it introduced itself
	early []early
	until time.Time // a caller must be known then, or early be shown
}

// early is a text that came too early to be shown: we do not know yet who the
// caller is, or another line of the same talk has not been read to its end.
type early struct {
	words string
	cut   bool
}

const (
	// nameWithin is how long a caller may take to say its name (mim0.md, Peers).
	nameWithin = 30 * time.Second
	// crowdWithin is the same for one beyond the eighth from its address: it
	// may be one of many whose names have come, too, but were not read yet.
	crowdWithin = 250 * time.Millisecond
	// knownWithin is how long we wait for a caller to turn up in the table.
	// The server tells of newcomers with a little delay, so a newcomer's first
	// words may be here before its entry.
	knownWithin = 500 * time.Millisecond
	// turnWithin is how long a text waits for what was said before it on
	// another line of the talk.
	turnWithin = 250 * time.Millisecond
)

var (
	errCrowd = chat.Errorf(chat.Full, "too many callers from your address have not said their name")
	errLate  = chat.Errorf(chat.TooLate, "no name within %v", nameWithin)
)

// room reports whether another text may go onto the line now.
func (l *line) room() bool { return len(l.flight) < maxFlight && l.bytes < maxFlightSize }

// PeerOpened says that a line is up: the dial call has succeeded or, if call
// is 0, someone has called us.
func (c *Client) PeerOpened(now time.Time, link chat.Link, remote netip.AddrPort, call uint64) []Effect {
	c.begin(now)
	l := &line{link: link, remote: remote, since: now}
	k := c.calls[call]
	delete(c.calls, call)
	if k != nil {
		k.call = 0
	}
	switch {
	case c.exit.phase >= finishing:
		c.do(Effect{Kind: Close, Link: link})
	case call == 0:
		switch n := c.unnamedAt(remote.Addr()); {
		case n >= maxCrowd:
			c.do(Effect{Kind: Close, Link: link, Why: errCrowd})
			return c.end()
		case n >= maxUnnamed:
			l.until = now.Add(crowdWithin)
		default:
			l.until = now.Add(nameWithin)
		}
		c.lines[link] = l
		c.callers = append(c.callers, l)
	case k == nil || len(k.waiting) == 0 && len(k.lines) == 0:
		// What was to be said has been said on another line, which is gone.
		c.do(Effect{Kind: Close, Link: link})
		if k != nil {
			k.tries = 0
			c.release(k)
		}
	default:
		c.lines[link] = l
		c.attach(l, k)
	}
	return c.end()
}

// attach makes l a line of the talk with k and says what came early.
func (c *Client) attach(l *line, k *contact) {
	l.who = k
	l.until = time.Time{}
	k.lines = append(k.lines, l)
	k.talked = true
	c.stopRedial(k)
	if !k.open {
		k.open = true
		c.show(View{Event: Opened, Name: k.handle, Dialect: k.dialect, Address: l.remote.String(), Path: PathDirect})
	}
	first := l.early
	l.early = nil
	for _, e := range first {
		c.hear(l, e)
	}
	c.pump(k)
}

// PeerRequest takes what the other end of a line asked for.
func (c *Client) PeerRequest(now time.Time, link chat.Link, r chat.Request) []Effect {
	c.begin(now)
	l := c.lines[link]
	if l == nil || c.exit.phase == gone {
		return c.out
	}
	switch r := r.(type) {
	case *chat.Hello:
		c.hello(l, r.Name)
	case *chat.Say:
		c.said(l, r)
	}
	return c.end()
}

func (c *Client) said(l *line, r *chat.Say) {
	e := early{string(r.Text), r.Cut}
	switch {
	case l.who != nil:
		c.hear(l, e)
	case l.name == "":
		c.drop(l, chat.Errorf(chat.Malformed, "a text before the name"))
	default:
		l.early = append(l.early, e)
		if len(l.early) == maxEarly {
			c.identify(l, true)
		}
	}
}

// hear takes a text of a talk. The other side speaks on one line at a time and
// changes to another when the first has broken for it. For us that line may be
// there still, with texts to be read: what comes on the new one waits until
// the old one has ended, a moment at most.
func (c *Client) hear(l *line, e early) {
	if len(l.early) == 0 && c.mayHear(l) {
		l.who.speaker = l
		c.heard(l.who, e)
		return
	}
	l.early = append(l.early, e)
	switch len(l.early) {
	case 1:
		l.until = c.now.Add(turnWithin)
		c.delayed = append(c.delayed, l)
	case maxEarly:
		c.turn(l)
	}
}

// mayHear reports whether nothing that was said before can still come on
// another line: the one on which the other side spoke last or, before it has
// spoken at all, any other of the talk, or one that opened about when l did
// from the same address and has not said whose it is.
func (c *Client) mayHear(l *line) bool {
	k := l.who
	if k.speaker != nil {
		return k.speaker == l
	}
	return !slices.ContainsFunc(k.lines, func(o *line) bool { return o != l && !o.mute }) &&
		!slices.ContainsFunc(c.callers, func(o *line) bool {
			return o.name == "" && o.remote.Addr() == l.remote.Addr() && o.since.Sub(l.since).Abs() < turnWithin
		})
}

// turn makes l the line on which the other side speaks and shows what waited.
func (c *Client) turn(l *line) {
	c.delayed = slices.DeleteFunc(c.delayed, func(o *line) bool { return o == l })
	if !l.mute {
		l.who.speaker = l
	}
	for _, e := range l.early {
		c.heard(l.who, e)
	}
	l.early = nil
}

// turns shows what need not wait any more.
func (c *Client) turns() {
	for i := 0; i < len(c.delayed); {
		if l := c.delayed[i]; c.mayHear(l) {
			c.turn(l)
		} else {
			i++
		}
	}
}

// silence notes that nothing more will be said on l.
func (c *Client) silence(l *line) {
	l.ending, l.mute = true, true
	if k := l.who; k != nil && k.speaker == l {
		k.speaker = nil
	}
}

func (c *Client) tickDelayed() {
	for len(c.delayed) > 0 && !c.delayed[0].until.After(c.now) {
		c.turn(c.delayed[0])
	}
}

// heard shows a text of k.
func (c *Client) heard(k *contact, e early) {
	if c.last == nil && (!k.stranger() || k.twin) {
		c.last = k
	}
	c.exit.active = c.now
	c.show(View{Event: Said, From: k.handle, To: c.cfg.Name, Text: e.words, Dialect: k.dialect, Path: PathDirect})
	if e.cut {
		c.show(View{Event: Notice, Name: k.handle, Text: "the line was too long; the rest of it was dropped"})
	}
}

// PeerEnded says that the other side will say no more on the line. What we
// said still leaves; new texts wait for another line.
func (c *Client) PeerEnded(now time.Time, link chat.Link) []Effect {
	c.begin(now)
	if l := c.lines[link]; l != nil {
		c.silence(l)
	}
	return c.end()
}

// PeerClosed says that a line is gone; why is nil if it ended in an orderly way.
func (c *Client) PeerClosed(now time.Time, link chat.Link, why error) []Effect {
	c.begin(now)
	l := c.lines[link]
	if l == nil || c.exit.phase == gone {
		return c.out
	}
	if l.who == nil && l.name != "" && len(l.early) > 0 {
		c.identify(l, true) // it spoke and went: that is still to be shown
	}
	delete(c.lines, link)
	if l.who == nil {
		c.uncaller(l)
		return c.end()
	}
	k := l.who
	c.silence(l)
	k.lines = slices.DeleteFunc(k.lines, func(o *line) bool { return o == l })
	if len(l.early) > 0 {
		c.turn(l)
	}
	for _, t := range l.flight {
		c.unsettled--
		c.failed(k, t, whyUnsure)
	}
	if len(k.lines) == 0 {
		k.open = false
		c.show(View{Event: Closed, Name: k.handle, Path: PathDirect, Why: l.end(why)})
	}
	c.pump(k)
	c.release(k)
	return c.end()
}

// end words why the line is gone.
func (l *line) end(why error) string {
	switch {
	case l.ours:
		return "you ended the talk"
	case why == nil:
		return "the other side ended the talk"
	default:
		return "the line was lost: " + why.Error()
	}
}
