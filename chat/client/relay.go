package client

import (
	"errors"
	"time"
	"unicode/utf8"

	"mim/chat"
)

// A relay is what goes through the server, where a dialect's users are reached
// by their own link to it (Traits.Reach). One text is asked at a time, in the
// order typed: so an answer can only be that text's, and nothing is overtaken.
//
// When the server is lost, the text that was asked has failed, although it may
// have arrived; it is never asked again, so that nobody gets it twice. What
// waits behind it was seen by nobody and waits for the server, for postWithin
// from the loss; then all of it fails, and so does what is typed until the
// server is back. What was confirmed stays confirmed.
type relay struct {
	posts  []post     // in order; the first may be asked
	bytes  int        // of posts
	asked  bool       // the first, or a piece of it, has no answer yet
	until  time.Time  // asked: the answer is here by then. Away: the server is. Zero: neither
	people []*contact // whom we wrote with where the server does not tell who is here, the last one last
	all    *contact   // stands for everybody

	// What the Ask of a call points to: a call asks for one of each at most.
	say      chat.Say
	received chat.Received
}

// A post is one text for a person, or for all.
type post struct {
	to    *contact
	words string
	rest  string // of words, not asked yet
}

const (
	// sayWithin bounds the wait for the outcome of a text or a piece of it.
	// Servers wait for receipts for seconds; more is a server that is stuck.
	sayWithin = time.Minute
	// postWithin is how long texts wait for a server that was lost: enough for
	// five tries at it, and short enough that nobody has forgotten them.
	postWithin = time.Minute
)

// Why a text that goes through the server failed.
const (
	whyCut    = "the server was lost before it was confirmed: it may or may not have arrived"
	whySilent = "the server did not answer: it may or may not have arrived"
	whyLost   = "the server is lost"
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
func (c *Client) post(k *contact, words string) {
	if c.anyone() && k != c.relay.all {
		k = c.correspond(k.handle)
	}
	c.last = k
	r := &c.relay
	switch {
	case len(r.posts) >= maxWaiting || r.bytes+len(words) > maxWaitBytes:
		c.posted(k, words, StateFailed, "too much is waiting for the server")
		return
	case c.server.phase != online && !r.until.After(c.now):
		c.posted(k, words, StateFailed, whyLost)
		return
	}
	r.posts = append(r.posts, post{to: k, words: words, rest: words})
	r.bytes += len(words)
	c.unsettled++
	c.deliver()
}

// deliver asks the server for the next piece, if nothing else is asked.
func (c *Client) deliver() {
	r := &c.relay
	if r.asked || len(r.posts) == 0 || c.server.phase != online {
		return
	}
	p := &r.posts[0]
	limit := c.cfg.Traits.Piece
	if limit <= 0 {
		limit = len(p.rest)
	}
	limit = max(limit, utf8.UTFMax) // a character at least
	r.say.To, r.say.All = append(r.say.To[:0], p.to.handle...), p.to == r.all
	r.say.Text = chat.Clip(append(r.say.Text[:0], p.rest[:min(len(p.rest), limit+1)]...), limit)
	p.rest = p.rest[len(r.say.Text):]
	r.asked, r.until = true, c.now.Add(sayWithin)
	c.do(Effect{Kind: Ask, Part: c.sends(), Request: &r.say})
}

// outcome takes the answer to what was asked last.
func (c *Client) outcome(part chat.Part, err error) {
	r := &c.relay
	if !r.asked || part != c.sends() {
		return
	}
	r.asked, r.until = false, time.Time{}
	p := &r.posts[0]
	state, why := StateSent, ""
	switch {
	case err != nil: // and no piece more
		state, why = StateFailed, c.refusal(p.to, err)
	case p.rest != "":
		c.deliver()
		return
	case c.cfg.Traits.Receipts:
		state = StateDelivered
	}
	if err == nil {
		c.exit.active = c.now
	}
	c.settlePost(state, why)
	c.deliver()
}

// refusal words why the server did not deliver a text, for the person who
// typed it.
func (c *Client) refusal(k *contact, err error) string {
	e, all := (*chat.Error)(nil), k == c.relay.all
	if !errors.As(err, &e) {
		return "the server says: " + visible(err.Error())
	}
	switch kind := e.Kind; {
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

// settlePost ends the first post.
func (c *Client) settlePost(state, why string) {
	r := &c.relay
	p := r.posts[0]
	r.posts[0] = post{}
	if r.posts = r.posts[1:]; len(r.posts) == 0 {
		r.posts = nil
	}
	r.bytes -= len(p.words)
	c.unsettled--
	c.posted(p.to, p.words, state, why)
}

// posted shows what became of a text.
func (c *Client) posted(k *contact, words, state, why string) {
	c.show(View{Event: Sent, From: c.cfg.Name, To: k.handle, Text: words, Path: PathRelay, State: state, Why: why})
}

// unsure fails the post of which we shall not know any more, if any.
func (c *Client) unsure(why string) {
	if r := &c.relay; r.asked {
		r.asked, r.until = false, time.Time{}
		c.settlePost(StateFailed, why)
	}
}

// failPosted fails all posts.
func (c *Client) failPosted(why string) {
	c.unsure(whyCut)
	for len(c.relay.posts) > 0 {
		c.settlePost(StateFailed, why)
	}
	c.relay.until = time.Time{}
}

// tickRelay gives up waiting for an answer, and with it the server, or for the
// server.
func (c *Client) tickRelay() {
	r := &c.relay
	if r.until.IsZero() || r.until.After(c.now) {
		return
	}
	if !r.asked {
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
	if c.last == nil {
		c.last = k
	}
	c.exit.active = c.now
	c.show(View{Event: Said, From: k.handle, To: c.cfg.Name, Text: string(e.Text), Dialect: k.dialect, Path: PathRelay})
	if c.cfg.Traits.Receipts {
		r := &c.relay
		r.received.From = append(r.received.From[:0], e.From.Name...)
		c.do(Effect{Kind: Ask, Part: part, Request: &r.received})
	}
}
