package client

import (
	"errors"
	"time"
	"unicode/utf8"

	"mim/chat"
)

// A relay is what goes through the server, where a dialect's users are reached
// by their own link to it (Traits.Reach): texts, and what else the person asks
// of it, in the order typed. Answers come in that order.
//
// One thing is asked at a time, so that an answer can only be that one's, even
// where servers say nothing about a text that arrived and a sentence about any
// other, which names no text. But that takes such a text as long as we wait for
// the sentence. So texts may be open together, maxOpen at most, if the last ones
// for all those people went without a word (contact.smooth): then nothing is to
// be expected that could be taken for another's. With receipts it is always one.
//
// When the server is lost, what was asked has failed, although it may have
// arrived; it is never asked again, so that nobody gets it twice. What waits
// behind it was seen by nobody and waits for the server, for postWithin from
// the loss; then all of it fails, and so does what is typed until the server is
// back. What was confirmed stays confirmed. What has waited rests for restFor
// more once the server is back, and what is typed meanwhile behind it: those it
// is for lost the server, too, and come back about when we do.
type relay struct {
	posts  []post     // in order
	begun  int        // so many of them, from the first, were asked whole
	open   int        // what was asked and has no answer, pieces counted one by one
	bytes  int        // of posts
	until  time.Time  // open: an answer is here by then. Away: the server is. Zero: neither
	rest   time.Time  // nothing is asked before; zero: nothing waits for that
	people []*contact // whom we wrote with who is not known to be here, the last one last
	all    *contact   // stands for everybody

	// What the Asks of a call point to: a call asks for so many at most.
	says     [maxOpen]chat.Say
	turn     uint8 // which of says is next
	received chat.Received
}

// A post is one text for a person, a room or all, or something else that is asked.
type post struct {
	to     *contact
	words  string
	line   string       // in which it was typed, and
	number uint64       // of a text, its number: for the person's screen
	rest   string       // of words, not asked yet
	asks   chat.Request // not nil: this, as it was typed in words, and no text for anybody
	again  bool         // nobody typed it: a room that we were in is asked for again
	call   *call        // of a Talk: what it asks for
	pieces int          // asked so far
	open   int          // of them, without an answer
	stored bool         // the server keeps it, or a piece of it
	why    string       // it, or a piece of it, failed for that
}

// smooth reports whether the server will have nothing to say about the post if
// all is as it was. Where there are rooms we hear of those who leave only as
// long as they are in one with us.
func (c *Client) smooth(p *post) bool {
	return p.asks == nil && p.to.smooth && (!c.cfg.Traits.Rooms || p.to.room || c.sharesRoom(p.to.handle))
}

const (
	// sayWithin bounds the wait for the outcome of a text or a piece of it.
	// Servers wait for receipts for seconds; more is a server that is stuck.
	sayWithin = time.Minute
	// postWithin is how long texts wait for a server that was lost: enough for
	// five tries at it, and short enough that nobody has forgotten them.
	postWithin = time.Minute
	// restFor is how long what waited for a lost server still waits when it is
	// back: whoever lost it with us looks for it at about the same times, up to
	// the second try within 1.5 s of us (see sleep).
	restFor = 1500 * time.Millisecond
)

// Why a text that goes through the server failed.
const (
	whyCut    = "the server was lost before it was confirmed: it may or may not have arrived"
	whyGoing  = "you left before it was confirmed: it may or may not have arrived"
	whySilent = "the server did not answer: it may or may not have arrived"
	whyLost   = "the server is lost"
	whyMany   = "too much is waiting for the server"
)

// relayed reports whether texts go through the server.
func (c *Client) relayed() bool { return c.cfg.Traits.Reach == chat.ByLink }

// sends is the part whose link carries our texts.
func (c *Client) sends() chat.Part {
	if c.cfg.Traits.Parts {
		return chat.Sends
	}
	return chat.Both
}

// post queues a text for k.
func (c *Client) post(k *contact, words string, number uint64) {
	if k != c.relay.all && !k.room {
		k = c.correspond(k.handle)
	}
	c.last = k
	c.queue(post{to: k, words: words, rest: words, number: number})
}

// queue puts p behind what waits for the server.
func (c *Client) queue(p post) {
	p.line = c.typing
	r := &c.relay
	switch {
	case len(r.posts) >= maxWaiting || r.bytes+len(p.words) > maxWaitBytes:
		c.fate(&p, StateFailed, whyMany)
		return
	case c.server.phase != online && !r.until.After(c.now):
		c.fate(&p, StateFailed, whyLost)
		return
	}
	r.posts = append(r.posts, p)
	r.bytes += len(p.words)
	c.unsettled++
	c.deliver()
}

// deliver asks the server for what may be asked next.
func (c *Client) deliver() {
	for c.server.phase == online && c.mayAsk() {
		r := &c.relay
		p := &r.posts[r.begun]
		q := p.asks
		if q == nil {
			q = c.piece(p)
		}
		if p.rest == "" {
			r.begun++
		}
		p.open++
		p.pieces++
		r.open++
		r.until = c.now.Add(sayWithin)
		c.do(Effect{Kind: Ask, Part: c.sends(), Request: q})
	}
}

// mayAsk reports whether there is something to ask that need not wait for an
// answer to what is open.
func (c *Client) mayAsk() bool {
	r := &c.relay
	switch {
	case r.begun == len(r.posts), r.rest.After(c.now) && !r.posts[r.begun].again:
		return false
	case r.open == 0:
		return true
	}
	return r.open < maxOpen && !c.cfg.Traits.Receipts && c.smooth(&r.posts[0]) && c.smooth(&r.posts[r.begun])
}

// piece takes the next piece off what is left of a text.
func (c *Client) piece(p *post) *chat.Say {
	r := &c.relay
	limit := c.cfg.Traits.Piece
	if limit <= 0 {
		limit = len(p.rest)
	}
	limit = max(limit, utf8.UTFMax) // a character at least
	say := &r.says[r.turn%maxOpen]
	r.turn++
	say.To, say.All, say.Room = append(say.To[:0], p.to.handle...), p.to == r.all, p.to.room
	say.Text = chat.Clip(append(say.Text[:0], p.rest[:min(len(p.rest), limit+1)]...), limit)
	p.rest = p.rest[len(say.Text):]
	return say
}

// outcome takes the answer to what was asked first of what is open.
func (c *Client) outcome(part chat.Part, a *chat.Answer) {
	r := &c.relay
	if r.open == 0 || part != c.sends() {
		return
	}
	p := &r.posts[0]
	if !p.isAnsweredBy(a.To) {
		return
	}
	p.open--
	if r.open--; r.open == 0 {
		r.until = time.Time{}
	} else {
		r.until = c.now.Add(sayWithin)
	}
	if p.asks != nil {
		done := c.takePost()
		c.about(done.line, func() { c.asked(&done, a) })
		c.deliver()
		return
	}
	p.to.smooth = a.Err == nil && !a.Stored
	p.stored = p.stored || a.Stored
	if a.Err != nil && p.why == "" {
		p.why = c.refusal(p.to, a.Err)
	}
	if p.why != "" && p.rest != "" { // and no piece more
		p.rest = ""
		r.begun++
	}
	if p.open == 0 && p.rest == "" {
		c.settlePost(p.state())
	}
	c.deliver()
}

// isAnsweredBy reports whether an answer to what to is may be that to p.
func (p *post) isAnsweredBy(to chat.Request) (ok bool) {
	switch to.(type) {
	case *chat.Say:
		ok = p.asks == nil
	case *chat.WhoElse:
		_, ok = p.asks.(*chat.WhoElse)
	case *chat.Block:
		_, ok = p.asks.(*chat.Block)
	case *chat.Join:
		_, ok = p.asks.(*chat.Join)
	case *chat.Leave:
		_, ok = p.asks.(*chat.Leave)
	case *chat.Talk:
		_, ok = p.asks.(*chat.Talk)
	}
	return ok
}

// state is what became of a text that has all its answers.
func (p *post) state() (state, why string) {
	switch {
	case p.why != "":
		return StateFailed, p.why
	case p.stored:
		return StateStored, ""
	}
	return StateSent, ""
}

// refusal words why the server did not deliver a text, for the person who
// typed it.
func (c *Client) refusal(k *contact, err error) string {
	e, all := (*chat.Error)(nil), k == c.relay.all
	if !errors.As(err, &e) {
		return "the server says: " + visible(err.Error())
	}
	switch kind := e.Kind; {
	case k.room && (kind == chat.Unknown || kind == chat.NotSo):
		return "you are not in that room"
	case kind == chat.Refused && c.cfg.Traits.Rooms: // no program said so, but the server
		return "the server says: " + visible(e.Text)
	case kind == chat.Blocked && all:
		return "it went to all but those who have blocked you"
	case kind == chat.Blocked:
		return "they have blocked you"
	case kind == chat.Unknown && c.cfg.Traits.Accounts:
		return "there is no user of that name"
	case kind == chat.NotDelivered && all && c.cfg.Traits.Receipts:
		return "nobody else is there, or not everyone's program confirmed it"
	case kind == chat.NotDelivered && all:
		return "nobody else is there, or it did not get to everyone"
	case kind == chat.NotDelivered && c.cfg.Traits.Receipts:
		return "nobody of that name is there, or their program did not confirm it"
	case kind == chat.NotDelivered, kind == chat.Unknown:
		return "nobody of that name is there"
	case kind == chat.Refused && all:
		return "somebody's program refused it"
	case kind == chat.Refused:
		return "their program refused it"
	case kind == chat.Unregistered:
		return "the server says that the login is not complete"
	}
	return visible(e.Text) // of the server, or of our own side of the dialect
}

// takePost takes the first post out of those that wait.
func (c *Client) takePost() post {
	r := &c.relay
	p := r.posts[0]
	r.posts[0] = post{}
	if r.posts = r.posts[1:]; len(r.posts) == 0 {
		r.posts = nil
	}
	r.begun = max(r.begun-1, 0)
	r.open -= p.open
	r.bytes -= len(p.words)
	c.unsettled--
	return p
}

// settlePost ends the first post.
func (c *Client) settlePost(state, why string) {
	p := c.takePost()
	if state == StateSent {
		if c.exit.active = c.now; c.cfg.Traits.Receipts {
			state = StateDelivered
		}
	}
	c.fate(&p, state, why)
}

// fate shows what became of a post.
func (c *Client) fate(p *post, state, why string) {
	if p.call != nil {
		c.callUnasked(p.call)
	}
	v := View{Event: Sent, From: c.cfg.Name, Text: p.words, Path: PathRelay, State: state, Why: why, Ticket: p.number}
	// Of a text to all some may have got it, of one in pieces a part may have gone.
	v.Unsure = state == StateFailed && (mayHaveArrived(why) || p.stored || p.pieces > 1 || p.to == c.relay.all && p.pieces > 0)
	switch {
	case p.again: // nobody asked for it, and it may be asked again
	case p.asks != nil:
		c.about(p.line, func() { c.fail(chat.Errorf(chat.Lost, "%s: %s", p.words, why)) })
	case p.to.room:
		v.Room = p.to.handle
		c.show(v)
	default:
		v.To = p.to.handle
		c.show(v)
	}
}

// unsure fails the posts of which we shall not know any more, if any.
func (c *Client) unsure(why string) {
	r := &c.relay
	if r.open > 0 {
		r.until = time.Time{}
	}
	for r.open > 0 {
		c.settlePost(StateFailed, why)
	}
}

// failPosted fails all posts, of which none is open.
func (c *Client) failPosted(why string) {
	for len(c.relay.posts) > 0 {
		c.settlePost(StateFailed, why)
	}
	c.relay.until = time.Time{}
}

// resume goes on with the posts, once the login is answered; after a loss,
// those that have waited rest.
func (c *Client) resume(lost bool) {
	r := &c.relay
	r.until, r.rest = time.Time{}, time.Time{}
	if lost && c.relayed() && (len(r.posts) > 0 || len(c.held) > 0) {
		r.rest = c.now.Add(restFor)
	}
	c.rejoin()
	c.deliver()
}

// tickRelay ends a rest, and gives up waiting for an answer, and with it the
// server, or for the server.
func (c *Client) tickRelay() {
	r := &c.relay
	if !r.rest.IsZero() && !r.rest.After(c.now) {
		r.rest = time.Time{}
		c.deliver()
	}
	if r.until.IsZero() || r.until.After(c.now) {
		return
	}
	if r.open == 0 {
		c.failPosted(whyLost)
		return
	}
	c.unsure(whySilent)
	c.do(Effect{Kind: HangUp})
	c.noServer(chat.Errorf(chat.TooLate, "no answer to a text within %v", sayWithin))
}

// relayedSaid shows a text that came through the server and, where that is the
// custom, says that it was received: on the link by which it came.
func (c *Client) relayedSaid(part chat.Part, e *chat.Said) {
	if !c.relayed() || e.From == nil {
		c.show(View{Event: Notice, Text: string(e.Text)})
		return
	}
	k := c.speaker(e.From)
	v := View{Event: Said, From: k.handle, To: c.cfg.Name, Text: string(e.Text), Written: e.At, Dialect: k.dialect, Path: PathRelay}
	if e.Room != "" {
		v.To, v.Room = "", e.Room
		k = c.roomTo(e.Room)
	}
	if c.last == nil {
		c.last = k
	}
	c.exit.active = c.now
	c.show(v)
	if c.cfg.Traits.Receipts {
		r := &c.relay
		r.received.From = append(r.received.From[:0], e.From.Name...)
		c.do(Effect{Kind: Ask, Part: part, Request: &r.received})
	}
}
